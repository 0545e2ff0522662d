//! The test of proportional hazards.

use super::fit::TestStatistic;
use super::kernel::{Kernel, Workspace, add_squares};
use super::newton::CoefficientState;
use super::timeline::Timeline;
use super::{CoxFit, CoxModel};
use crate::error::Error;
use crate::linear::{Ldl, Matrix};

/// Function of time that a coefficient is tested for varying with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TimeTransform {
    /// One less the Kaplan-Meier estimate just before the time, over all rows. The default of R.
    #[default]
    KaplanMeier,
    /// The time itself.
    Identity,
    /// Rank of the time among the end times of all rows, ties averaged.
    Rank,
    /// Logarithm of the time.
    Log,
}

/// Test of one term.
#[derive(Debug, Clone, PartialEq)]
pub struct TermTest {
    /// Columns of the term that could be tested.
    pub columns: Vec<usize>,
    /// Statistic; no degrees of freedom when nothing could be tested.
    pub test: TestStatistic,
}

/// Score tests of coefficients that vary with time.
#[derive(Debug, Clone, PartialEq)]
pub struct ProportionalHazards {
    /// One test per term.
    pub terms: Vec<TermTest>,
    /// All terms together.
    pub global: TestStatistic,
}

impl CoxModel<'_> {
    /// Score test of `b(t) = b + c g(t)` against `c = 0`, for each term and for all together.
    ///
    /// `terms` lists the columns of each term (the indicator columns of a factor are one term); an empty list makes every
    /// column a term. The tests are those of R `survival` 3 (`cox.zph`): the score and information of `(b, c)` at the fit,
    /// not the correlation approximation of Grambsch & Therneau (1994, Biometrika 81:515).
    ///
    /// # Errors
    /// A column number beyond the model; [`TimeTransform::Log`] with an event at or before time 0.
    pub fn proportional_hazards(
        &self,
        fit: &CoxFit,
        terms: &[&[usize]],
        transform: TimeTransform,
    ) -> Result<ProportionalHazards, Error> {
        let kernel = &self.kernel;
        let p = kernel.width;
        if let Some(&column) = terms.iter().flat_map(|t| t.iter()).find(|c| **c >= p) {
            return Err(Error::InvalidParameter {
                name: "terms",
                value: column as f64,
                expected: "column numbers of the model, from 0",
            });
        }
        let time = self.transformed(transform)?;
        let mut work = Workspace::default();
        kernel.accumulate(&fit.beta, &mut work);
        let (score, information) = extended(kernel, &mut work, &time);
        let finite: Vec<usize> =
            (0..p).filter(|j| fit.coefficients[*j].state == CoefficientState::Finite).collect();
        let test = |columns: &[usize]| {
            let tested: Vec<usize> = columns.iter().copied().filter(|c| finite.contains(c)).collect();
            let keep: Vec<usize> = finite.iter().copied().chain(tested.iter().map(|c| c + p)).collect();
            let part = information.select(&keep);
            let factor = Ldl::factor(&part, &part.diagonal(), &[]);
            let mut u = vec![0.0; finite.len()];
            u.extend(tested.iter().map(|c| score[*c]));
            let df = factor.aliased().iter().skip(finite.len()).filter(|a| !**a).count();
            TermTest { columns: tested, test: TestStatistic::new(factor.inverse_quadratic(&u), df) }
        };
        let single: Vec<[usize; 1]> = (0..p).map(|j| [j]).collect();
        let tests = if terms.is_empty() {
            single.iter().map(|c| test(c)).collect()
        } else {
            terms.iter().map(|c| test(c)).collect()
        };
        Ok(ProportionalHazards { terms: tests, global: test(&(0..p).collect::<Vec<_>>()).test })
    }

    /// `g` at the time of every edge, centred over the events.
    fn transformed(&self, transform: TimeTransform) -> Result<Vec<f64>, Error> {
        let kernel = &self.kernel;
        let mut g = match transform {
            TimeTransform::Identity => self.edge_times.clone(),
            TimeTransform::Log => {
                let early = self.edge_times.iter().position(|t| *t <= 0.0);
                if let Some(edge) = early {
                    return Err(Error::InvalidParameter {
                        name: "transform",
                        value: self.edge_times[edge],
                        expected: "events after time 0 for the logarithm of time",
                    });
                }
                self.edge_times.iter().map(|t| t.ln()).collect()
            }
            TimeTransform::Rank => self.row_ranks()?,
            TimeTransform::KaplanMeier => self.survival_before()?,
        };
        let (mut sum, mut events) = (0.0, 0.0);
        for (value, &deaths) in g.iter_mut().zip(&kernel.deaths) {
            if deaths == 0 {
                *value = 0.0;
            }
            sum += *value * f64::from(deaths);
            events += f64::from(deaths);
        }
        for value in &mut g {
            *value -= sum / events;
        }
        Ok(g)
    }

    /// Average rank of each edge's time among the end times of all rows.
    fn row_ranks(&self) -> Result<Vec<f64>, Error> {
        let line = Timeline::new(None, self.data.time)?;
        let mut ending = vec![0.0; line.span];
        for &exit in &line.exit {
            ending[exit as usize] += 1.0;
        }
        let mut before = 0.0;
        for here in &mut ending {
            let rank = before + f64::midpoint(*here, 1.0);
            before += *here;
            *here = rank;
        }
        Ok(self.edge_times.iter().map(|t| line.rank_at(*t).map_or(0.0, |r| ending[r as usize])).collect())
    }

    /// One less the pooled Kaplan-Meier estimate just before each edge. Rows of weight zero do not count.
    fn survival_before(&self) -> Result<Vec<f64>, Error> {
        let data = &self.data;
        let line = Timeline::new(data.entry, data.time)?;
        let mut leaving = vec![0.0; line.span + 1];
        let mut dying = vec![0.0; line.span + 1];
        let mut entering = vec![0.0; line.span + 1];
        for (row, &exit) in line.exit.iter().enumerate() {
            if data.weight.is_some_and(|w| w[row] == 0.0) {
                continue;
            }
            leaving[exit as usize] += 1.0;
            dying[exit as usize] += f64::from(u8::from(data.event[row]));
            if let Some(entry) = &line.entry {
                entering[entry[row] as usize] += 1.0;
            }
        }
        let total: f64 = leaving.iter().sum();
        let mut at_risk = if line.entry.is_some() { 0.0 } else { total };
        let mut surv = 1.0;
        let before: Vec<f64> = (0..line.span)
            .map(|r| {
                let value = 1.0 - surv;
                if dying[r] > 0.0 && at_risk > 0.0 {
                    surv *= 1.0 - dying[r] / at_risk;
                }
                at_risk += entering[r] - leaving[r];
                value
            })
            .collect();
        Ok(self.kernel.rank.iter().map(|r| before.get(*r as usize).copied().unwrap_or(0.0)).collect())
    }
}

/// Score of `c` and information of `(b, c)` for `b(t) = b + c g(t)`, after [`Kernel::accumulate`] at the fit.
fn extended(kernel: &Kernel<'_>, work: &mut Workspace, g: &[f64]) -> (Vec<f64>, Matrix) {
    let p = kernel.width;
    let mut blocks: Vec<Matrix> = vec![Matrix::zeros(p); 3];
    kernel.sweep(work, |risk| {
        let at = g[risk.edge];
        for (block, factor) in blocks.iter_mut().zip([1.0, at, at * at]) {
            add_squares(block, risk, -factor);
        }
    });
    let mut score = vec![0.0; p];
    for k in (0..kernel.rows).filter(|k| kernel.is_event(*k)) {
        for (j, s) in score.iter_mut().enumerate() {
            *s += kernel.weight(k) * g[kernel.edge(k)] * kernel.centered(k, j);
        }
    }
    for (power, block) in blocks.iter_mut().enumerate() {
        let weigh = |jumps: &[f64]| -> Vec<f64> {
            jumps
                .iter()
                .zip(g)
                .map(|(j, g)| {
                    if power == 0 {
                        *j
                    } else if power == 1 {
                        j * g
                    } else {
                        j * g * g
                    }
                })
                .collect()
        };
        let exposure = kernel.exposure(&weigh(&work.hazard), &weigh(&work.escaped));
        let (sum, first) = kernel.gram(&work.rates, &exposure);
        if power == 1 {
            for (s, v) in score.iter_mut().zip(sum) {
                *s -= v;
            }
        }
        for i in 0..p {
            for j in i..p {
                block.add(i, j, first.get(i, j));
            }
        }
        block.mirror();
    }
    let mut information = Matrix::zeros(2 * p);
    for i in 0..p {
        for j in 0..p {
            information.set(i, j, blocks[0].get(i, j));
            information.set(i, j + p, blocks[1].get(i, j));
            information.set(i + p, j, blocks[1].get(i, j));
            information.set(i + p, j + p, blocks[2].get(i, j));
        }
    }
    (score, information)
}
