//! The fitted model: coefficients, variances and global tests.

use super::kernel::{Kernel, Workspace};
use super::newton::{self, CoefficientState, Convergence, Solution};
use super::residuals;
use super::{CoxModel, check_length};
use crate::error::Error;
use crate::linear::{Ldl, Matrix};
use crate::special::{chi_square_sf, normal_quantile, normal_two_sided};

/// Which rows count as independent in the sandwich variance.
#[derive(Debug, Clone, Copy, Default)]
pub enum Robust<'a> {
    /// Model-based variance only.
    #[default]
    No,
    /// Every row by itself (Lin & Wei 1989).
    Rows,
    /// Rows with one label belong together: a subject, a center.
    Clustered(&'a [u32]),
}

/// Settings of a fit.
#[derive(Debug, Clone, Copy)]
pub struct FitOptions<'a> {
    /// Largest number of Newton-Raphson steps.
    pub max_iterations: u32,
    /// Sandwich variance.
    pub robust: Robust<'a>,
}

impl Default for FitOptions<'_> {
    fn default() -> Self {
        Self { max_iterations: 60, robust: Robust::No }
    }
}

/// One coefficient. Everything is `None` unless it is finite.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Coefficient {
    /// Log hazard ratio per unit of the covariate.
    pub estimate: Option<f64>,
    /// Model-based standard error.
    pub std_err: Option<f64>,
    /// Sandwich standard error, when it was asked for.
    pub robust_std_err: Option<f64>,
    /// Finite, or why not.
    pub state: CoefficientState,
}

impl Coefficient {
    /// The standard error that tests and intervals use: the robust one when there is one.
    pub fn reported_std_err(&self) -> Option<f64> {
        self.robust_std_err.or(self.std_err)
    }

    /// Wald statistic `estimate / std_err`.
    pub fn z(&self) -> Option<f64> {
        let (estimate, std_err) = (self.estimate?, self.reported_std_err()?);
        (std_err > 0.0).then(|| estimate / std_err)
    }

    /// Two-sided p value of [`Coefficient::z`].
    pub fn p(&self) -> Option<f64> {
        self.z().map(normal_two_sided)
    }

    /// Wald interval of the hazard ratio, `exp(estimate -+ z std_err)`.
    pub fn hazard_ratio_interval(&self, conf_level: f64) -> Option<(f64, f64)> {
        if !(conf_level > 0.0 && conf_level < 1.0) {
            return None;
        }
        let half = normal_quantile(f64::midpoint(1.0, conf_level)) * self.reported_std_err()?;
        let estimate = self.estimate?;
        Some(((estimate - half).exp(), (estimate + half).exp()))
    }
}

/// A chi-square statistic.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TestStatistic {
    /// Value.
    pub chisq: f64,
    /// Degrees of freedom.
    pub df: usize,
    /// Upper tail probability; `None` without degrees of freedom.
    pub p: Option<f64>,
}

impl TestStatistic {
    pub(crate) fn new(chisq: f64, df: usize) -> Self {
        let p = (df > 0 && chisq.is_finite()).then(|| chi_square_sf(chisq.max(0.0), df as f64));
        Self { chisq, df, p }
    }
}

/// A fitted Cox model.
#[derive(Debug, Clone)]
pub struct CoxFit {
    /// Rows.
    pub n: usize,
    /// Rows that end with an event (and have weight).
    pub n_events: usize,
    /// One per covariate.
    pub coefficients: Vec<Coefficient>,
    /// Model-based covariance, the inverse information; zero rows and columns where a coefficient is not finite.
    pub variance: Matrix,
    /// Sandwich covariance, when it was asked for.
    pub robust_variance: Option<Matrix>,
    /// Observed information at the estimate.
    pub information: Matrix,
    /// Score at zero.
    pub score_at_zero: Vec<f64>,
    /// Information at zero.
    pub information_at_zero: Matrix,
    /// Log partial likelihood at zero.
    pub loglik_null: f64,
    /// Log partial likelihood at the estimate (its limit when a coefficient is infinite).
    pub loglik: f64,
    /// Likelihood ratio test of all coefficients.
    pub likelihood_ratio: TestStatistic,
    /// Score test of all coefficients; with one binary covariate and no ties, the log-rank test.
    pub score: TestStatistic,
    /// Wald test of the finite coefficients, with the robust variance when there is one.
    pub wald: TestStatistic,
    /// Score test with the sandwich variance, when it was asked for.
    pub robust_score: Option<TestStatistic>,
    /// Newton-Raphson steps taken.
    pub iterations: u32,
    /// How they ended.
    pub convergence: Convergence,
    /// Coefficients as they were when the iteration ended: zero where aliased, large where infinite.
    pub(crate) beta: Vec<f64>,
}

impl CoxFit {
    /// The covariance that tests and intervals use: the robust one when there is one.
    pub fn reported_variance(&self) -> &Matrix {
        self.robust_variance.as_ref().unwrap_or(&self.variance)
    }

    /// Makes `variance` the one that tests and intervals use.
    pub(crate) fn report(&mut self, variance: Matrix) {
        for (j, c) in self.coefficients.iter_mut().enumerate() {
            let v = variance.get(j, j);
            c.robust_std_err = (c.state == CoefficientState::Finite && v > 0.0).then(|| v.sqrt());
        }
        self.wald = wald(&self.beta, &self.coefficients, &variance);
        self.robust_variance = Some(variance);
    }

    /// Linear predictor `x'b` of one subject; `None` when a coefficient is infinite or `x` has another length.
    /// Aliased coefficients count as zero.
    pub fn linear_predictor(&self, covariates: &[f64]) -> Option<f64> {
        if covariates.len() != self.coefficients.len() {
            return None;
        }
        let mut sum = 0.0;
        for (c, x) in self.coefficients.iter().zip(covariates) {
            match c.state {
                CoefficientState::Finite => sum += c.estimate? * x,
                CoefficientState::Aliased => {}
                CoefficientState::PlusInfinity
                | CoefficientState::MinusInfinity
                | CoefficientState::Undetermined => return None,
            }
        }
        Some(sum)
    }
}

impl CoxModel<'_> {
    /// Maximizes the partial likelihood.
    ///
    /// Coefficients are accurate to better than 1e-8: after the gain of a step has become negligible one more is taken.
    ///
    /// # Errors
    /// Cluster labels of another length than the data.
    pub fn fit(&self, options: &FitOptions<'_>) -> Result<CoxFit, Error> {
        let mut work = Workspace::default();
        assemble(&self.kernel, &mut work, options, self.events)
    }
}

/// Maximizes over `kernel` and derives variances and tests.
pub(crate) fn assemble(
    kernel: &Kernel<'_>,
    work: &mut Workspace,
    options: &FitOptions<'_>,
    events: usize,
) -> Result<CoxFit, Error> {
    if let Robust::Clustered(labels) = options.robust {
        check_length("cluster", kernel.rows, labels.len())?;
    }
    let Some(Solution { beta, state, initial, last, iterations, convergence }) =
        newton::maximize(kernel, work, options.max_iterations)
    else {
        return Err(Error::Undefined { reason: "the linear predictor at zero is not finite" });
    };
    let skip: Vec<bool> = state.iter().map(|s| *s != CoefficientState::Finite).collect();
    let factor = Ldl::factor(&last.information, &last.scale, &skip);
    let variance = factor.inverse();
    let robust_variance = match options.robust {
        Robust::No => None,
        Robust::Rows => Some(residuals::sandwich(kernel, work, &beta, &variance, None)),
        Robust::Clustered(labels) => Some(residuals::sandwich(kernel, work, &beta, &variance, Some(labels))),
    };
    let robust_score = match options.robust {
        Robust::No => None,
        Robust::Rows => Some(residuals::robust_score(kernel, None)),
        Robust::Clustered(labels) => Some(residuals::robust_score(kernel, Some(labels))),
    };
    let root = |m: &Matrix, j: usize| Some(m.get(j, j)).filter(|v| *v > 0.0).map(f64::sqrt);
    let coefficients: Vec<Coefficient> = state
        .iter()
        .enumerate()
        .map(|(j, &state)| {
            let finite = state == CoefficientState::Finite;
            Coefficient {
                estimate: finite.then_some(beta[j]),
                std_err: root(&variance, j).filter(|_| finite),
                robust_std_err: robust_variance.as_ref().and_then(|v| root(v, j)).filter(|_| finite),
                state,
            }
        })
        .collect();
    let start = Ldl::factor(&initial.information, &initial.scale, &[]);
    Ok(CoxFit {
        n: kernel.rows,
        n_events: events,
        wald: wald(&beta, &coefficients, robust_variance.as_ref().unwrap_or(&variance)),
        coefficients,
        loglik_null: initial.loglik,
        loglik: last.loglik,
        likelihood_ratio: TestStatistic::new(2.0 * (last.loglik - initial.loglik), start.rank()),
        score: TestStatistic::new(start.inverse_quadratic(&initial.score), start.rank()),
        robust_score,
        variance,
        robust_variance,
        information: last.information,
        score_at_zero: initial.score,
        information_at_zero: initial.information,
        iterations,
        convergence,
        beta,
    })
}

/// Wald test of the finite coefficients.
fn wald(beta: &[f64], coefficients: &[Coefficient], variance: &Matrix) -> TestStatistic {
    let finite: Vec<usize> =
        (0..beta.len()).filter(|j| coefficients[*j].state == CoefficientState::Finite).collect();
    let part = variance.select(&finite);
    let factor = Ldl::factor(&part, &part.diagonal(), &[]);
    let estimates: Vec<f64> = finite.iter().map(|j| beta[*j]).collect();
    TestStatistic::new(factor.inverse_quadratic(&estimates), factor.rank())
}
