//! Cox proportional hazards regression.
//!
//! The hazard of a subject with covariates `x` in stratum `s` is `h_s(t) exp(x'b)`. [`CoxModel`] holds the data, ready for
//! evaluation; [`CoxModel::fit`] maximizes the partial likelihood; residuals, baseline hazards, predicted curves, the
//! proportional-hazards test and the concordance are asked of the model with the fit.
//!
//! * Each row is at risk on `(entry, time]`: delayed entry and time-dependent covariates (several rows per subject) are
//!   the same thing. A covariate is on strictly after the start of its row.
//! * Assumptions: proportional hazards, log-linear effects, censoring and entry independent of the event given the
//!   covariates. Model-based variances assume independent rows; use [`Robust::Clustered`] for several rows per subject.
//! * References: Cox (1972) JRSS B 34:187; Breslow (1974) Biometrics 30:89; Efron (1977) JASA 72:557; Andersen & Gill
//!   (1982) Ann. Statist. 10:1100; Lin & Wei (1989) JASA 84:1074; Therneau & Grambsch (2000), *Modeling Survival Data*.
//!
//! One evaluation takes `O(n p^2 + m p^2)` operations for `n` rows and `m` distinct event times. Whole days need no sort.
//!
//! # Worked example
//! Therneau & Grambsch (2000), appendix E, first data set: with Breslow ties `exp(b) = (3 + sqrt(33)) / 2`.
//! ```
//! use survival::cox::{CoxData, CoxModel, FitOptions, Ties, Times};
//! let x = [0.0, 1.0, 1.0, 1.0, 0.0, 0.0];
//! let data = CoxData {
//!     time: Times::Days(&[9, 1, 1, 6, 6, 8]),
//!     event: &[true, true, false, true, true, false],
//!     covariates: &[&x],
//!     ..CoxData::default()
//! };
//! let fit = CoxModel::new(&data, Ties::Breslow)?.fit(&FitOptions::default())?;
//! let b = fit.coefficients[0].estimate.expect("a finite maximum");
//! assert!((b.exp() - (3.0 + 33.0_f64.sqrt()) / 2.0).abs() < 1e-12);
//! # Ok::<(), survival::error::Error>(())
//! ```

pub(crate) mod baseline;
pub(crate) mod fit;
pub(crate) mod kernel;
pub(crate) mod newton;
pub(crate) mod parallel;
mod proportional;
pub(crate) mod radix;
pub(crate) mod residuals;
pub(crate) mod risk;
mod separation;
pub(crate) mod ties;
pub(crate) mod timeline;

pub use baseline::{BaselineHazard, PredictedCurve};
pub use fit::{Coefficient, CoxFit, FitOptions, Robust, TestStatistic};
pub use newton::{CoefficientState, Convergence};
pub use proportional::{ProportionalHazards, TermTest, TimeTransform};
pub use residuals::Schoenfeld;
pub use ties::Ties;
pub use timeline::Times;

use crate::error::Error;
use kernel::Kernel;
use risk::{CENSORED, EVENT, RiskSets};
use timeline::Timeline;

/// Rows of a Cox model. All columns have one value per row.
#[derive(Debug, Clone, Copy)]
pub struct CoxData<'a> {
    /// Time before which a row is not at risk, exclusive; without it everyone is at risk from the beginning.
    pub entry: Option<Times<'a>>,
    /// Time at which a row ends, inclusive.
    pub time: Times<'a>,
    /// Whether the row ends with the event.
    pub event: &'a [bool],
    /// Columns of the design matrix, finite values in any unit. Factors come as indicator columns.
    pub covariates: &'a [&'a [f64]],
    /// Labels of the strata, each with a baseline hazard of its own.
    pub strata: Option<&'a [u32]>,
    /// Case weights, finite and not negative. A row of weight 0 takes no part.
    pub weight: Option<&'a [f64]>,
}

impl Default for CoxData<'_> {
    fn default() -> Self {
        Self { entry: None, time: Times::Days(&[]), event: &[], covariates: &[], strata: None, weight: None }
    }
}

/// Data of a Cox model, checked and arranged in risk sets.
#[derive(Debug)]
pub struct CoxModel<'a> {
    kernel: Kernel<'a>,
    data: CoxData<'a>,
    // Event time of each edge.
    edge_times: Vec<f64>,
    events: usize,
}

impl<'a> CoxModel<'a> {
    /// Checks the data and arranges the risk sets.
    ///
    /// # Errors
    /// Columns of unequal length; a time, weight or covariate that is not finite; a negative weight; an entry that is not
    /// before its exit; no event.
    pub fn new(data: &CoxData<'a>, ties: Ties) -> Result<Self, Error> {
        let rows = data.time.len();
        check_length("event", rows, data.event.len())?;
        check_columns(rows, data.covariates, data.weight)?;
        let line = Timeline::new(data.entry, data.time)?;
        let kind = |row: usize| match data.weight {
            Some(w) if w[row] == 0.0 => CENSORED,
            _ if data.event[row] => EVENT,
            _ => CENSORED,
        };
        let sets = RiskSets::new(&line, kind, data.strata)?;
        let edge_times = line.times(&sets.rank);
        drop(line);
        let kernel = Kernel::new(data.covariates, data.weight, sets, kind, Vec::new(), ties);
        let events: usize = kernel.deaths.iter().map(|d| *d as usize).sum();
        if events == 0 {
            return Err(Error::Undefined { reason: "no event: a regression needs at least one" });
        }
        Ok(Self { kernel, data: *data, edge_times, events })
    }

    /// The data of the model.
    pub fn data(&self) -> &CoxData<'a> {
        &self.data
    }

    /// Linear predictors of the rows less that of the mean covariates, in input order.
    ///
    /// An infinite coefficient counts with the value at which the iteration ended.
    pub fn linear_predictors(&self, fit: &CoxFit) -> Vec<f64> {
        let mut eta = vec![0.0; self.data.time.len()];
        for ((column, center), b) in self.data.covariates.iter().zip(&self.kernel.center).zip(&fit.beta) {
            for (e, x) in eta.iter_mut().zip(*column) {
                *e += b * (x - center);
            }
        }
        eta
    }
}

pub(crate) fn check_length(column: &'static str, expected: usize, received: usize) -> Result<(), Error> {
    if expected == received { Ok(()) } else { Err(Error::LengthMismatch { column, expected, received }) }
}

pub(crate) fn check_columns(rows: usize, covariates: &[&[f64]], weight: Option<&[f64]>) -> Result<(), Error> {
    for column in covariates {
        check_length("covariates", rows, column.len())?;
    }
    let faults = parallel::map(covariates.to_vec(), |_, column| {
        // A sum is finite only if every term is; a huge but finite column is then looked at value by value.
        if column.iter().sum::<f64>().is_finite() { None } else { column.iter().position(|v| !v.is_finite()) }
    });
    for (column, fault) in covariates.iter().zip(faults) {
        if let Some(row) = fault {
            return Err(Error::InvalidValue {
                column: "covariates",
                row,
                value: column[row],
                expected: "a finite covariate",
            });
        }
    }
    if let Some(weight) = weight {
        check_length("weight", rows, weight.len())?;
        if let Some(row) = weight.iter().position(|w| !w.is_finite() || *w < 0.0) {
            return Err(Error::InvalidValue {
                column: "weight",
                row,
                value: weight[row],
                expected: "a finite weight of at least 0",
            });
        }
    }
    Ok(())
}
