//! The Kaplan-Meier estimator of survival and the Nelson-Aalen estimator of the cumulative hazard.
//!
//! S(t) = Π over event times u ≤ t of (1 - d/n); Var(ln S(t)) = Σ d / (n (n - d)) (Greenwood 1926);
//! H(t) = Σ d/n with variance Σ d/n². E. L. Kaplan, P. Meier, JASA 53 (1958) 457-481; J. P. Klein, M. L. Moeschberger,
//! *Survival Analysis* (2003), chapter 4. Assumes that censoring and entry do not depend on the event given what defines
//! the group.
//!
//! Case weights count as numbers of subjects where they are whole numbers. Otherwise the variances are the infinitesimal
//! jackknife's, Σ (w ∂S/∂w)² (as R's default), which equals Greenwood's for weights of 1; with delayed entry it would need the
//! rows, and the weights then count as numbers of subjects after all: [`KaplanMeier::variance_name`] tells which was used.
//!
//! Undefined figures are `None`: where S = 0, Greenwood's variance is 0 times infinity.
//!
//! ```
//! use survival::event_table::{EventTable, Subjects};
//! use survival::kaplan_meier::{KmOptions, kaplan_meier};
//!
//! // Days to death of four subjects, one of them still alive at day 8.
//! let table = &EventTable::from_days(&Subjects::new(&[5, 8, 9, 12], &[1, 0, 1, 1]), 1, 1).unwrap()[0];
//! let km = kaplan_meier(table, &KmOptions::default()).unwrap();
//! assert_eq!(km.surv(), [0.75, 0.75, 0.375, 0.0]);
//! assert_eq!(km.quantiles(&[0.5]).unwrap()[0].value, Some(9.0));
//! ```

mod follow_up;
mod quantile;
mod robust;

use crate::error::Error;
use crate::event_table::{Column, EventTable};
use crate::interval::{ConfType, z_of};
use std::sync::Arc;

pub use follow_up::{Landmark, landmark, median_follow_up};
pub use quantile::Quantile;

/// Choices of a Kaplan-Meier estimate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct KmOptions {
    /// Two-sided confidence level.
    pub conf_level: f64,
    /// Scale of the limits.
    pub conf_type: ConfType,
}

impl Default for KmOptions {
    /// 95 % on the log-log scale.
    fn default() -> Self {
        Self { conf_level: 0.95, conf_type: ConfType::LogLog }
    }
}

/// An estimated survival curve. One row per distinct time with an event or a censoring; the step is at the row's time.
///
/// The kernel stores S and Greenwood's sum; limits and hazards are computed when [`KaplanMeier::curve`] or
/// [`KaplanMeier::at`] ask for them.
#[derive(Debug, Clone, PartialEq)]
pub struct KaplanMeier {
    pub(crate) n: u64,
    pub(crate) person_time: f64,
    pub(crate) options: KmOptions,
    pub(crate) z: f64,
    /// Where the curve starts: 0, or the time survived to.
    pub(crate) from: f64,
    pub(crate) time: Column,
    pub(crate) n_risk: Column,
    pub(crate) n_event: Column,
    pub(crate) n_censor: Column,
    pub(crate) surv: Vec<f64>,
    pub(crate) var_log: Vec<f64>,
    /// Var H, where it is not Σ d/n².
    robust_cumhaz: Option<Vec<f64>>,
    /// The table, for the numbers at risk between rows.
    pub(crate) table: EventTable,
    emptied_at: Option<f64>,
}

/// All columns of a curve; `None` marks undefined figures.
#[derive(Debug, Clone, PartialEq)]
pub struct KmCurve {
    /// Distinct times, ascending.
    pub time: Vec<f64>,
    /// At risk just before each time.
    pub n_risk: Vec<f64>,
    /// Events at each time.
    pub n_event: Vec<f64>,
    /// Censored at each time.
    pub n_censor: Vec<f64>,
    /// S(t).
    pub surv: Vec<f64>,
    /// Standard error of S(t) (Greenwood).
    pub std_err: Vec<Option<f64>>,
    /// Lower confidence limit of S(t).
    pub lower: Vec<Option<f64>>,
    /// Upper confidence limit of S(t).
    pub upper: Vec<Option<f64>>,
    /// Nelson-Aalen cumulative hazard.
    pub cumhaz: Vec<f64>,
    /// Standard error of the cumulative hazard.
    pub cumhaz_std_err: Vec<f64>,
}

/// The curve at one time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct KmAt {
    /// The time asked for.
    pub time: f64,
    /// At risk just before it.
    pub n_risk: f64,
    /// S(t); beyond the last time the last value, as R's `extend = TRUE`.
    pub surv: f64,
    /// Standard error of S(t).
    pub std_err: Option<f64>,
    /// Lower confidence limit.
    pub lower: Option<f64>,
    /// Upper confidence limit.
    pub upper: Option<f64>,
    /// True after the last observed time, where S(t) is carried forward and nobody is observed.
    pub beyond_follow_up: bool,
}

/// Kaplan-Meier curve of one group; an event is an event of any cause in the table.
///
/// # Errors
/// A confidence level outside (0, 1).
pub fn kaplan_meier(table: &EventTable, options: &KmOptions) -> Result<KaplanMeier, Error> {
    estimate(table, options, None)
}

/// Kaplan-Meier curves of all groups, on all cores where that pays.
///
/// # Errors
/// As [`kaplan_meier`].
pub fn kaplan_meier_groups(tables: &[EventTable], options: &KmOptions) -> Result<Vec<KaplanMeier>, Error> {
    let rows: usize = tables.iter().map(|table| table.time.len()).sum();
    // A row costs some ten times a counted subject.
    let threads = crate::threads(rows * 8);
    let km = |group: usize| tables.get(group).map(|table| kaplan_meier(table, options));
    crate::parallel(tables.len(), threads, km).into_iter().flatten().collect()
}

fn estimate(table: &EventTable, options: &KmOptions, from: Option<f64>) -> Result<KaplanMeier, Error> {
    let z = z_of(options.conf_level)?;
    let (time, n_risk, n_event, n_censor) = rows(table, from);
    let mut surv = Vec::with_capacity(time.len());
    let mut var_log = Vec::with_capacity(time.len());
    let (mut s, mut greenwood) = (1.0_f64, 0.0_f64);
    for (&n, &d) in n_risk.iter().zip(n_event.iter()) {
        if d > 0.0 && n > 0.0 {
            let left = n - d;
            // A weighted sum may leave a rounding residue where everybody at risk has the event.
            if left > n * 1e-14 {
                s *= left / n;
                greenwood += d / (n * left);
            } else {
                s = 0.0;
                greenwood = f64::INFINITY;
            }
        }
        surv.push(s);
        var_log.push(greenwood);
    }
    let robust = robust::variances(table, from, (&time, &n_risk, &n_event), &surv);
    let (var_log, robust_cumhaz) = match robust {
        Some((var_log, cumhaz)) => (var_log, Some(cumhaz)),
        None => (var_log, None),
    };
    // S sticks at 0 although somebody is observed later.
    let zero_at = surv.iter().position(|&s| s == 0.0);
    let emptied_at = zero_at.filter(|&row| row + 1 < surv.len()).and_then(|row| time.get(row).copied());
    Ok(KaplanMeier {
        n: table.n,
        person_time: table.person_time,
        options: *options,
        z,
        from: from.unwrap_or(0.0),
        time,
        n_risk,
        n_event,
        n_censor,
        surv,
        var_log,
        robust_cumhaz,
        table: table.clone(),
        emptied_at,
    })
}

/// Times with an exit (after `from`), with the numbers at risk, with events of any cause and censored.
fn rows(table: &EventTable, from: Option<f64>) -> (Column, Column, Column, Column) {
    let any = table.any_cause();
    let Some(events) = any.events.first() else {
        let none = || Arc::new(Vec::new());
        return (none(), none(), none(), none());
    };
    if table.entered.is_empty() && from.is_none() {
        return (any.time.clone(), any.at_risk.clone(), events.clone(), any.censored.clone());
    }
    let keep = |row: &usize| {
        let leaving = events.get(*row).zip(any.censored.get(*row)).is_some_and(|(d, c)| d + c > 0.0);
        leaving && from.is_none_or(|from| any.time.get(*row).is_some_and(|&t| t > from))
    };
    let kept: Vec<usize> = (0..any.time.len()).filter(keep).collect();
    let pick = |column: &Column| {
        Arc::new(kept.iter().filter_map(|&row| column.get(row).copied()).collect::<Vec<f64>>())
    };
    (pick(&any.time), pick(&any.at_risk), pick(events), pick(&any.censored))
}

impl KaplanMeier {
    /// Subjects (rows).
    pub fn n(&self) -> u64 {
        self.n
    }

    /// Events on the curve (weighted, if weights are given).
    pub fn events(&self) -> f64 {
        self.n_event.iter().sum()
    }

    /// Observed person-time of the group.
    pub fn person_time(&self) -> f64 {
        self.person_time
    }

    /// The choices the curve was made with.
    pub fn options(&self) -> KmOptions {
        self.options
    }

    /// Times of the steps and censorings.
    pub fn time(&self) -> &[f64] {
        &self.time
    }

    /// S at each time.
    pub fn surv(&self) -> &[f64] {
        &self.surv
    }

    /// The variance estimate used: `greenwood`, or `robust` with weights that are not whole numbers.
    pub fn variance_name(&self) -> &'static str {
        if self.robust_cumhaz.is_some() { "robust" } else { "greenwood" }
    }

    /// Var(ln S) at each time (Greenwood's sum); infinite where S = 0.
    pub fn var_log(&self) -> &[f64] {
        &self.var_log
    }

    /// The time at which S reached 0 although subjects are observed later. With delayed entry a risk set that empties
    /// early does this; the curve after a later time is then worth more: see [`Self::conditional`].
    pub fn risk_set_emptied_at(&self) -> Option<f64> {
        self.emptied_at
    }

    /// Survival conditional on surviving to `from`: S(t) / S(from), the curve restarted at 1 with the subjects at risk
    /// after `from`. Its Greenwood sum is that of the times after `from`.
    ///
    /// # Errors
    /// `from` is negative, not finite, or nobody is at risk after it.
    pub fn conditional(&self, from: f64) -> Result<Self, Error> {
        if !(from >= 0.0 && from.is_finite()) {
            let expected = "a finite time, 0 or later";
            return Err(Error::InvalidParameter { name: "from", value: from, expected });
        }
        let curve = estimate(&self.table, &self.options, Some(from))?;
        if curve.time.is_empty() {
            return Err(Error::Undefined { reason: "nobody is observed after the time to condition on" });
        }
        Ok(curve)
    }

    /// All columns, with limits.
    pub fn curve(&self) -> KmCurve {
        let rows = self.time.len();
        let mut curve = KmCurve {
            time: self.time.to_vec(),
            n_risk: self.n_risk.to_vec(),
            n_event: self.n_event.to_vec(),
            n_censor: self.n_censor.to_vec(),
            surv: self.surv.clone(),
            std_err: Vec::with_capacity(rows),
            lower: Vec::with_capacity(rows),
            upper: Vec::with_capacity(rows),
            cumhaz: Vec::with_capacity(rows),
            cumhaz_std_err: Vec::with_capacity(rows),
        };
        let (mut hazard, mut variance, mut hazard_se) = (0.0, 0.0, 0.0);
        let mut limits = Some((1.0, 1.0));
        let mut std_err = Some(0.0);
        for row in 0..rows {
            let of = |column: &[f64]| column.get(row).copied().unwrap_or(0.0);
            let (n, d) = (of(&self.n_risk), of(&self.n_event));
            if d > 0.0 && n > 0.0 {
                hazard += d / n;
                variance += d / (n * n);
                let robust = self.robust_cumhaz.as_ref().and_then(|column| column.get(row));
                hazard_se = libm::sqrt(robust.copied().unwrap_or(variance));
                limits = self.limits(row);
                std_err = self.std_err(row);
            }
            curve.std_err.push(std_err);
            curve.lower.push(limits.map(|l| l.0));
            curve.upper.push(limits.map(|l| l.1));
            curve.cumhaz.push(hazard);
            curve.cumhaz_std_err.push(hazard_se);
        }
        curve
    }

    fn std_err(&self, row: usize) -> Option<f64> {
        let (s, v) = (self.surv.get(row)?, self.var_log.get(row)?);
        v.is_finite().then(|| s * libm::sqrt(*v))
    }

    fn limits(&self, row: usize) -> Option<(f64, f64)> {
        self.options.conf_type.limits(*self.surv.get(row)?, *self.var_log.get(row)?, self.z)
    }

    /// The curve at given times (1 before the first event).
    pub fn at(&self, times: &[f64]) -> Vec<KmAt> {
        times.iter().map(|&t| self.at_time(t)).collect()
    }

    fn at_time(&self, time: f64) -> KmAt {
        let n_risk = self.table.at_risk_at(time);
        let beyond_follow_up = self.time.last().is_none_or(|&last| time > last);
        let row = self.time.partition_point(|&u| u <= time);
        match row.checked_sub(1) {
            None => KmAt {
                time,
                n_risk,
                surv: 1.0,
                std_err: Some(0.0),
                lower: Some(1.0),
                upper: Some(1.0),
                beyond_follow_up,
            },
            Some(row) => {
                let limits = self.limits(row);
                KmAt {
                    time,
                    n_risk,
                    surv: self.surv.get(row).copied().unwrap_or(1.0),
                    std_err: self.std_err(row),
                    lower: limits.map(|l| l.0),
                    upper: limits.map(|l| l.1),
                    beyond_follow_up,
                }
            }
        }
    }
}
