//! Residuals, and the sandwich variances that are made of them.
//!
//! For Efron ties each is the average over the orders in which the tied events may have happened (Therneau & Grambsch
//! 2000, sections 4.2 to 4.6 and 5.3). All are per row, in input order and without the case weight.

use super::fit::TestStatistic;
use super::kernel::{Exposure, Kernel, Workspace};
use super::parallel;
use super::risk::compress;
use super::{CoxFit, CoxModel};
use crate::linear::{Ldl, Matrix};

/// Schoenfeld residuals: one row per event, in order of stratum and time.
#[derive(Debug, Clone, PartialEq)]
pub struct Schoenfeld {
    /// Zero-based row of the event in the data.
    pub row: Vec<usize>,
    /// Label of its stratum.
    pub stratum: Vec<u32>,
    /// Time of the event.
    pub time: Vec<f64>,
    /// Covariate less its mean over the risk set, `values[covariate][event]`.
    pub values: Vec<Vec<f64>>,
}

/// Per event time: what residuals need beyond the hazard.
struct Means {
    // Each `[column][edge]`.
    average: Vec<Vec<f64>>,
    drift: Vec<Vec<f64>>,
    drift_escaped: Vec<Vec<f64>>,
}

fn means(kernel: &Kernel<'_>, work: &mut Workspace) -> Means {
    let zero = || vec![vec![0.0; kernel.edges()]; kernel.width];
    let mut out = Means { average: zero(), drift: zero(), drift_escaped: zero() };
    kernel.sweep(work, |risk| {
        let t = &risk.ties;
        for j in 0..kernel.width {
            let (s, e) = (risk.all[j + 1], risk.dead[j + 1]);
            out.average[j][risk.edge] = (t.hazard * s - t.escaped * e) / kernel.death_weight[risk.edge];
            out.drift[j][risk.edge] = t.square * s - t.square1 * e;
            out.drift_escaped[j][risk.edge] = t.square1 * s - t.square2 * e;
        }
    });
    out
}

/// Score residuals in kernel row order, `[column][row]`, without case weights.
pub(crate) fn score_rows(kernel: &Kernel<'_>, work: &mut Workspace, beta: &[f64]) -> Vec<Vec<f64>> {
    if !kernel.accumulate(beta, work) {
        return vec![vec![f64::NAN; kernel.rows]; kernel.width];
    }
    let means = means(kernel, work);
    let lived = kernel.exposed_rows(&kernel.exposure(&work.hazard, &work.escaped));
    let event = kernel.event_cells(|_| 1.0);
    let rates = &work.rates;
    parallel::map((0..kernel.width).collect(), |_, j| {
        let mut out = kernel.exposed_rows(&kernel.exposure(&means.drift[j], &means.drift_escaped[j]));
        let average = kernel.event_cells(|edge| means.average[j][edge]);
        let (column, center) = kernel.column(j);
        let rows = column.iter().zip(rates).zip(&lived).zip(kernel.cells());
        for (k, (drift, (((x, rate), lived), cell))) in out.iter_mut().zip(rows).enumerate() {
            let x = x - center;
            let weight = kernel.weight(k);
            let rate = if weight > 0.0 { rate / weight } else { 0.0 };
            let cell = *cell as usize;
            *drift = event[cell] * x - average[cell] - rate * (x * lived - *drift);
        }
        out
    })
}

/// Sum over clusters of the outer product of the weighted score residuals, and their total.
fn meat(kernel: &Kernel<'_>, scores: &[Vec<f64>], cluster: Option<&[u32]>) -> (Matrix, Vec<f64>) {
    let p = kernel.width;
    let (labels, code) = compress(cluster);
    let groups = if cluster.is_some() { labels.len() } else { kernel.rows };
    let sums: Vec<Vec<f64>> = parallel::map((0..p).collect(), |_, j| {
        let mut sums = vec![0.0; groups];
        match &code {
            // Each row its own unit: the order does not matter.
            None => {
                for (k, (sum, score)) in sums.iter_mut().zip(&scores[j]).enumerate() {
                    *sum = kernel.weight(k) * score;
                }
            }
            Some(code) => {
                for (k, score) in scores[j].iter().enumerate() {
                    sums[code[kernel.input_row(k)] as usize] += kernel.weight(k) * score;
                }
            }
        }
        sums
    });
    (cross_product(&sums), sums.iter().map(|s| s.iter().sum()).collect())
}

/// `X'X` of columns.
pub(crate) fn cross_product(columns: &[Vec<f64>]) -> Matrix {
    let p = columns.len();
    let pairs: Vec<(usize, usize)> = (0..p).flat_map(|i| (i..p).map(move |j| (i, j))).collect();
    let values = parallel::map(pairs.clone(), |_, (i, j)| {
        let parts = columns[i].chunks(1024).zip(columns[j].chunks(1024));
        parts.map(|(a, b)| a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>()).sum::<f64>()
    });
    let mut out = Matrix::zeros(p);
    for ((i, j), v) in pairs.into_iter().zip(values) {
        out.set(i, j, v);
    }
    out.mirror();
    out
}

/// Sandwich variance `V (sum U U') V` (Lin & Wei 1989; clustered: Lee, Wei & Amato 1992).
pub(crate) fn sandwich(
    kernel: &Kernel<'_>,
    work: &mut Workspace,
    beta: &[f64],
    variance: &Matrix,
    cluster: Option<&[u32]>,
) -> Matrix {
    let scores = score_rows(kernel, work, beta);
    variance.sandwich(&meat(kernel, &scores, cluster).0)
}

/// Score test at zero with the sandwich variance of the score.
pub(crate) fn robust_score(kernel: &Kernel<'_>, cluster: Option<&[u32]>) -> TestStatistic {
    let mut work = Workspace::default();
    let scores = score_rows(kernel, &mut work, &vec![0.0; kernel.width]);
    let (meat, total) = meat(kernel, &scores, cluster);
    let factor = Ldl::factor(&meat, &meat.diagonal(), &[]);
    TestStatistic::new(factor.inverse_quadratic(&total), factor.rank())
}

impl CoxModel<'_> {
    /// Brings kernel rows into input order.
    fn in_order(&self, value: impl Fn(usize) -> f64) -> Vec<f64> {
        let mut out = vec![0.0; self.kernel.rows];
        for k in 0..self.kernel.rows {
            out[self.kernel.input_row(k)] = value(k);
        }
        out
    }

    fn prepare(&self, fit: &CoxFit) -> (Workspace, Exposure) {
        let mut work = Workspace::default();
        if self.kernel.accumulate(&fit.beta, &mut work) {
            self.kernel.sweep(&mut work, |_| {});
        }
        let exposure = self.kernel.exposure(&work.hazard, &work.escaped);
        (work, exposure)
    }

    /// Martingale residuals: event indicator less the cumulative hazard that the row lived through.
    ///
    /// Their weighted sum is zero. Values are at most 1.
    pub fn martingale_residuals(&self, fit: &CoxFit) -> Vec<f64> {
        let (work, exposure) = self.prepare(fit);
        self.in_order(|k| {
            let weight = self.kernel.weight(k);
            let rate = if weight > 0.0 { work.rates[k] / weight } else { 0.0 };
            f64::from(u8::from(self.kernel.is_event(k))) - rate * self.kernel.exposed(&exposure, k)
        })
    }

    /// Deviance residuals: martingale residuals transformed towards symmetry,
    /// `sign(m) sqrt(-2 (m + d log(d - m)))` (Therneau, Grambsch & Fleming 1990, Biometrika 77:147).
    pub fn deviance_residuals(&self, fit: &CoxFit) -> Vec<f64> {
        let mut residuals = self.martingale_residuals(fit);
        for (m, event) in residuals.iter_mut().zip(self.data.event) {
            let inside = if *event { *m + f64::ln(1.0 - *m) } else { *m };
            *m = m.signum() * (-2.0 * inside).max(0.0).sqrt();
        }
        residuals
    }

    /// Score residuals, `[covariate][row]`: what each row adds to the score at the estimate.
    pub fn score_residuals(&self, fit: &CoxFit) -> Vec<Vec<f64>> {
        let mut work = Workspace::default();
        let scores = score_rows(&self.kernel, &mut work, &fit.beta);
        scores.iter().map(|column| self.in_order(|k| column[k])).collect()
    }

    /// Approximate change of each coefficient when a row is left out, `[covariate][row]`: `U V`, times the case weight.
    pub fn dfbeta_residuals(&self, fit: &CoxFit) -> Vec<Vec<f64>> {
        let mut work = Workspace::default();
        let scores = score_rows(&self.kernel, &mut work, &fit.beta);
        (0..self.kernel.width)
            .map(|j| {
                let row = fit.variance.row(j);
                self.in_order(|k| {
                    self.kernel.weight(k) * scores.iter().zip(row).map(|(s, v)| s[k] * v).sum::<f64>()
                })
            })
            .collect()
    }

    /// Schoenfeld residuals: the covariates of each event less their mean over its risk set.
    ///
    /// With Efron ties the mean is averaged over the tied events. No case weight is applied.
    pub fn schoenfeld_residuals(&self, fit: &CoxFit) -> Schoenfeld {
        let kernel = &self.kernel;
        let mut work = Workspace::default();
        kernel.accumulate(&fit.beta, &mut work);
        let means = means(kernel, &mut work);
        let mut events: Vec<(usize, usize, usize)> = (0..kernel.rows)
            .filter(|k| kernel.is_event(*k))
            .map(|k| (kernel.edge(k), kernel.input_row(k), k))
            .collect();
        events.sort_unstable();
        let mut stratum_of = vec![0_u32; kernel.edges()];
        for (edges, label) in kernel.strata.iter().zip(&kernel.labels) {
            stratum_of[edges.clone()].fill(*label);
        }
        Schoenfeld {
            row: events.iter().map(|e| e.1).collect(),
            stratum: events.iter().map(|e| stratum_of[e.0]).collect(),
            time: events.iter().map(|e| self.edge_times[e.0]).collect(),
            values: (0..kernel.width)
                .map(|j| events.iter().map(|e| kernel.centered(e.2, j) - means.average[j][e.0]).collect())
                .collect(),
        }
    }
}
