//! Fine-Gray regression of the subdistribution hazard.
//!
//! The subdistribution hazard of the cause of interest is `h(t) exp(x'b)`; a subject that fails of another cause stays in
//! the risk set with a weight that decreases as it might have been censored: `G(t-) / G(T-)`, `G` the Kaplan-Meier
//! estimate of the censoring distribution. With delayed entry the weight is also multiplied by `H(t) / H(T)`, `H(t)` the
//! product-limit probability of having entered before `t` (Geskus 2011). `1 - exp(-L(t))` is then the cumulative
//! incidence.
//!
//! * Assumptions: proportional subdistribution hazards; censoring (and entry) independent of the covariates, or within the
//!   groups given as `censoring_group`.
//! * References: Fine & Gray (1999) JASA 94:496; Geskus (2011) Biometrics 67:39; Zhang, Zhang & Fine (2011) Stat. Med.
//!   30:1933.
//!
//! The weighted risk sets are one suffix sum plus one prefix sum, so an evaluation takes `O(n p^2)` operations however
//! many competing events there are, and no row is ever split.
//!
//! # Worked example
//! Without competing events this is Cox regression with Breslow ties.
//! ```
//! use survival::cox::{FitOptions, Times};
//! use survival::fine_gray::{FineGrayData, FineGrayModel, FineGrayOptions};
//! let x = [0.0, 1.0, 1.0, 1.0, 0.0, 0.0];
//! let data = FineGrayData {
//!     time: Times::Days(&[9, 1, 1, 6, 6, 8]),
//!     cause: &[1, 1, 0, 1, 1, 0],
//!     covariates: &[&x],
//!     ..FineGrayData::default()
//! };
//! let model = FineGrayModel::new(&data, &FineGrayOptions::default())?;
//! let b = model.fit(&FitOptions::default())?.coefficients[0].estimate.expect("a finite maximum");
//! assert!((b.exp() - (3.0 + 33.0_f64.sqrt()) / 2.0).abs() < 1e-12);
//! # Ok::<(), survival::error::Error>(())
//! ```

mod variance;
mod weights;

use crate::cox::baseline::{check_predictable, curves, jumps};
use crate::cox::fit::assemble;
use crate::cox::kernel::{Kernel, Workspace};
use crate::cox::risk::{EVENT, RiskSets, compress};
use crate::cox::timeline::Timeline;
use crate::cox::{CoxFit, FitOptions, Ties, Times, check_columns, check_length};
use crate::error::Error;
use crate::linear::Matrix;

/// Rows of a Fine-Gray model, one per subject. All columns have one value per row.
#[derive(Debug, Clone, Copy)]
pub struct FineGrayData<'a> {
    /// Time before which a subject is not at risk, exclusive; without it everyone is at risk from the beginning.
    pub entry: Option<Times<'a>>,
    /// Time of failure or censoring.
    pub time: Times<'a>,
    /// 0 censored, otherwise the cause of failure.
    pub cause: &'a [u8],
    /// The cause whose cumulative incidence is modelled; all other causes compete with it.
    pub of: u8,
    /// Columns of the design matrix, finite values in any unit.
    pub covariates: &'a [&'a [f64]],
    /// Labels of the strata, each with a baseline of its own.
    pub strata: Option<&'a [u32]>,
    /// Case weights, finite and not negative. As in R they do not enter the censoring distribution.
    pub weight: Option<&'a [f64]>,
    /// Groups within which the censoring (and entry) distribution is estimated; all subjects together without it. After
    /// the last time of a group its competing failures keep no weight.
    pub censoring_group: Option<&'a [u32]>,
}

impl Default for FineGrayData<'_> {
    fn default() -> Self {
        Self {
            entry: None,
            time: Times::Days(&[]),
            cause: &[],
            of: 1,
            covariates: &[],
            strata: None,
            weight: None,
            censoring_group: None,
        }
    }
}

/// Who is at risk of being censored at a time at which others fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CensoringTies {
    /// Those that fail at that time still are (`cmprsk::crr`, and the usual Kaplan-Meier convention).
    #[default]
    FailuresAtRisk,
    /// Those that fail at that time no longer are (R `survival::finegray`).
    FailuresFirst,
}

/// Choices that published implementations make differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FineGrayOptions {
    /// Tied events of the cause of interest; `crr` uses Breslow.
    pub ties: Ties,
    /// Ties between failures and censorings.
    pub censoring_ties: CensoringTies,
}

impl Default for FineGrayOptions {
    fn default() -> Self {
        Self { ties: Ties::Breslow, censoring_ties: CensoringTies::default() }
    }
}

/// Cumulative incidence predicted for one set of covariates in one stratum, constant between the listed event times.
#[derive(Debug, Clone, PartialEq)]
pub struct PredictedIncidence {
    /// Label of the stratum.
    pub stratum: u32,
    /// Distinct times of the cause of interest, ascending.
    pub time: Vec<f64>,
    /// Cumulative incidence just after each time.
    pub cif: Vec<f64>,
    /// Cumulative subdistribution hazard just after each time.
    pub cumhaz: Vec<f64>,
}

impl PredictedIncidence {
    /// Cumulative incidence at `time`.
    pub fn at(&self, time: f64) -> f64 {
        let after = self.time.partition_point(|t| *t <= time);
        after.checked_sub(1).and_then(|k| self.cif.get(k)).copied().unwrap_or(0.0)
    }
}

/// Data of a Fine-Gray model, checked, weighted and arranged in risk sets.
#[derive(Debug)]
pub struct FineGrayModel<'a> {
    kernel: Kernel<'a>,
    data: FineGrayData<'a>,
    line: Timeline,
    // Event time of each edge.
    edge_times: Vec<f64>,
    // Position of each row's censoring group among the groups.
    group: Option<Vec<u32>>,
    groups: usize,
    events: usize,
    censoring_ties: CensoringTies,
}

// Kinds of rows are one byte.
const MOST_GROUPS: usize = 200;

impl<'a> FineGrayModel<'a> {
    /// Checks the data, estimates the weights and arranges the risk sets.
    ///
    /// # Errors
    /// Columns of unequal length; a time, weight or covariate that is not finite; a negative weight; an entry that is not
    /// before its exit; cause 0 as the one of interest; no event of that cause; more than 200 censoring groups.
    pub fn new(data: &FineGrayData<'a>, options: &FineGrayOptions) -> Result<Self, Error> {
        let rows = data.time.len();
        check_length("cause", rows, data.cause.len())?;
        check_columns(rows, data.covariates, data.weight)?;
        if data.of == 0 {
            return Err(Error::InvalidParameter { name: "of", value: 0.0, expected: "a cause from 1" });
        }
        if let Some(group) = data.censoring_group {
            check_length("censoring_group", rows, group.len())?;
        }
        let line = Timeline::new(data.entry, data.time)?;
        let (labels, group) = compress(data.censoring_group);
        if labels.len() > MOST_GROUPS {
            return Err(Error::InvalidParameter {
                name: "censoring_group",
                value: labels.len() as f64,
                expected: "at most 200 groups",
            });
        }
        let kind = |row: usize| match data.cause[row] {
            0 => 0,
            _ if data.weight.is_some_and(|w| w[row] == 0.0) => 0,
            c if c == data.of => EVENT,
            _ => {
                let g = group.as_ref().map_or(0, |g| g[row]);
                EVENT + 1 + u8::try_from(g).unwrap_or(u8::MAX)
            }
        };
        let sets = RiskSets::new(&line, kind, data.strata)?;
        let kept = weights::kept(data, &line, group.as_deref(), labels.len(), options.censoring_ties);
        let tails = kept
            .iter()
            .map(|k| sets.rank.iter().map(|r| k.get(*r as usize).copied().unwrap_or(0.0)).collect())
            .collect();
        let edge_times = line.times(&sets.rank);
        let kernel = Kernel::new(data.covariates, data.weight, sets, kind, tails, options.ties);
        let events: usize = kernel.deaths.iter().map(|d| *d as usize).sum();
        if events == 0 {
            return Err(Error::Undefined {
                reason: "no event of the cause of interest: a regression needs at least one",
            });
        }
        Ok(Self {
            kernel,
            data: *data,
            line,
            edge_times,
            group,
            groups: labels.len(),
            events,
            censoring_ties: options.censoring_ties,
        })
    }

    /// Maximizes the weighted partial likelihood.
    ///
    /// The sandwich variance that `options.robust` asks for takes the weights as known, like a weighted Cox regression
    /// (R `finegray` and `coxph`). [`FineGrayModel::crr_variance`] adds their estimation.
    ///
    /// # Errors
    /// Cluster labels of another length than the data.
    pub fn fit(&self, options: &FitOptions<'_>) -> Result<CoxFit, Error> {
        assemble(&self.kernel, &mut Workspace::default(), options, self.events)
    }

    /// Sandwich variance that counts the estimation of the censoring distribution, as `cmprsk::crr` reports it
    /// (Fine & Gray 1999, section 4). With several censoring groups it is the same formula within each group; `cmprsk`
    /// 2.2.11 departs from it there by some 0.05 %.
    ///
    /// # Errors
    /// With delayed entry, for which no such variance is published; case weights, which `crr` does not have.
    pub fn crr_variance(&self, fit: &CoxFit) -> Result<Matrix, Error> {
        variance::crr(self, fit)
    }

    /// Replaces the variance of `fit` by [`FineGrayModel::crr_variance`] as the one that tests and intervals use.
    ///
    /// # Errors
    /// As [`FineGrayModel::crr_variance`].
    pub fn with_crr_variance(&self, mut fit: CoxFit) -> Result<CoxFit, Error> {
        let variance = self.crr_variance(&fit)?;
        fit.report(variance);
        Ok(fit)
    }

    /// Cumulative incidence `1 - exp(-exp(x'b) L(t))` of every stratum for a subject with `covariates` (input scale).
    ///
    /// # Errors
    /// Another number of covariates than the model has; a coefficient is infinite.
    pub fn predict(&self, fit: &CoxFit, covariates: &[f64]) -> Result<Vec<PredictedIncidence>, Error> {
        check_length("covariates", self.kernel.width, covariates.len())?;
        check_predictable(fit)?;
        let jumps = jumps(&self.kernel, &mut Workspace::default(), &fit.beta)
            .ok_or(Error::Undefined { reason: "the linear predictors are too far apart to predict from" })?;
        let all = curves(&self.kernel, &self.edge_times, &jumps, &fit.beta, &fit.variance, covariates);
        Ok(all
            .into_iter()
            .map(|c| PredictedIncidence {
                stratum: c.stratum,
                time: c.time,
                cif: c.cumhaz.iter().map(|h| -(-h).exp_m1()).collect(),
                cumhaz: c.cumhaz,
            })
            .collect())
    }
}
