//! Variance that counts the estimation of the censoring distribution.

use super::weights::Counts;
use super::{CensoringTies, FineGrayModel};
use crate::cox::CoxFit;
use crate::cox::kernel::Workspace;
use crate::cox::residuals::{cross_product, score_rows};
use crate::cox::risk::EVENT;
use crate::error::Error;
use crate::linear::Matrix;

/// `I^-1 (sum (eta + psi)(eta + psi)') I^-1`: `eta` the score residuals with known weights, `psi` the integral of
/// `q / Y` over the censoring martingale of each subject.
///
/// `q(u)` is the derivative of the score with respect to the censoring hazard at `u`: a sum over the subjects that failed
/// of another cause before `u`, of their score contributions at and after `u`. Both ends are running sums.
pub(super) fn crr(model: &FineGrayModel<'_>, fit: &CoxFit) -> Result<Matrix, Error> {
    if model.line.entry.is_some() {
        return Err(Error::Undefined { reason: "with delayed entry use the sandwich variance of the fit" });
    }
    if model.data.weight.is_some() {
        return Err(Error::Undefined { reason: "with case weights use the sandwich variance of the fit" });
    }
    let kernel = &model.kernel;
    let p = kernel.width;
    let mut work = Workspace::default();
    let mut scores = score_rows(kernel, &mut work, &fit.beta);
    let later = Later::new(model, &mut work);
    // Kernel rows in time order, so that running sums over the failures can be taken.
    let span = model.line.span;
    for group in 0..model.groups {
        let member = |row: usize| model.group.as_ref().is_none_or(|g| g[row] as usize == group);
        let counts = Counts::new(&model.data, &model.line, member);
        let at_risk = counts.at_risk();
        let q = model.derivative(&work, &later, group);
        // Censoring hazard times q / Y, cumulated.
        let mut spent = vec![0.0; span * p];
        let mut ratio = vec![0.0; span * p];
        let mut running = vec![0.0; p];
        for r in 0..span {
            let exposed = match model.censoring_ties {
                CensoringTies::FailuresAtRisk => at_risk[r],
                CensoringTies::FailuresFirst => at_risk[r] - counts.failed[r],
            };
            for j in 0..p {
                if counts.censored[r] > 0.0 && exposed > 0.0 {
                    ratio[r * p + j] = q[r * p + j] / exposed;
                    running[j] += ratio[r * p + j] * counts.censored[r] / exposed;
                }
                spent[r * p + j] = running[j];
            }
        }
        for k in 0..kernel.rows {
            let row = kernel.input_row(k);
            if !member(row) {
                continue;
            }
            let rank = model.line.exit[row] as usize;
            let censored = model.data.cause[row] == 0;
            for (j, column) in scores.iter_mut().enumerate() {
                // Those that fail at a rank before the censorings of that rank are not exposed to them.
                let until = if censored || model.censoring_ties == CensoringTies::FailuresAtRisk {
                    spent[rank * p + j]
                } else {
                    rank.checked_sub(1).map_or(0.0, |r| spent[r * p + j])
                };
                column[k] += if censored { ratio[rank * p + j] } else { 0.0 } - until;
            }
        }
    }
    Ok(fit.variance.sandwich(&cross_product(&scores)))
}

/// Sums over the event times from each edge on, per group: `sum g a` and `sum g a mean`.
struct Later {
    hazard: Vec<Vec<f64>>,
    // `[group][edge * width + column]`.
    drift: Vec<Vec<f64>>,
}

impl Later {
    fn new(model: &FineGrayModel<'_>, work: &mut Workspace) -> Self {
        let kernel = &model.kernel;
        let p = kernel.width;
        let mut drift = vec![0.0; kernel.edges() * p];
        kernel.sweep(work, |risk| {
            let t = &risk.ties;
            for j in 0..p {
                drift[risk.edge * p + j] = t.square * risk.all[j + 1] - t.square1 * risk.dead[j + 1];
            }
        });
        let mut out = Self { hazard: Vec::new(), drift: Vec::new() };
        for group in 0..model.groups {
            let tail = kernel.tail(usize::from(EVENT) + 1 + group).unwrap_or(&[]);
            let mut hazard = vec![0.0; kernel.edges()];
            let mut mean = vec![0.0; kernel.edges() * p];
            for edges in &kernel.strata {
                let mut sum = 0.0;
                let mut sums = vec![0.0; p];
                for edge in edges.clone().rev() {
                    sum += tail[edge] * work.hazard[edge];
                    hazard[edge] = sum;
                    for j in 0..p {
                        sums[j] += tail[edge] * drift[edge * p + j];
                        mean[edge * p + j] = sums[j];
                    }
                }
            }
            out.hazard.push(hazard);
            out.drift.push(mean);
        }
        out
    }
}

impl FineGrayModel<'_> {
    /// `q` at every rank, for the censoring distribution of `group`.
    fn derivative(&self, work: &Workspace, later: &Later, group: usize) -> Vec<f64> {
        let kernel = &self.kernel;
        let p = kernel.width;
        let kind = usize::from(EVENT) + 1 + group;
        let tail = kernel.tail(kind).unwrap_or(&[]);
        let mut q = vec![0.0; self.line.span * p];
        // Sums over the failures of each edge.
        let mut failed = vec![0.0; kernel.edges() * (p + 1)];
        for k in (0..kernel.rows).filter(|k| kernel.kind(*k) == kind) {
            let edge = kernel.edge(k);
            if tail[edge] > 0.0 {
                let rate = work.rates[k] / tail[edge];
                failed[edge * (p + 1)] += rate;
                for j in 0..p {
                    failed[edge * (p + 1) + 1 + j] += rate * kernel.centered(k, j);
                }
            }
        }
        for edges in &kernel.strata {
            let mut gone = vec![0.0; p + 1];
            let mut edge = edges.start;
            for rank in 0..self.line.span {
                // Failures before the rank, events at it and after.
                while edge + 1 < edges.end && (kernel.rank[edge + 1] as usize) < rank {
                    edge += 1;
                    for (g, f) in gone.iter_mut().zip(&failed[edge * (p + 1)..]) {
                        *g += f;
                    }
                }
                if gone[0] == 0.0 || edge + 1 >= edges.end {
                    continue;
                }
                let (hazard, drift) = (later.hazard[group][edge + 1], &later.drift[group][(edge + 1) * p..]);
                for j in 0..p {
                    q[rank * p + j] += gone[j + 1] * hazard - gone[0] * drift[j];
                }
            }
        }
        q
    }
}
