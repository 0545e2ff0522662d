//! Restricted mean survival time: the area under the Kaplan-Meier curve up to a horizon τ.
//!
//! RMST(τ) = ∫₀^τ S(t) dt with variance Σ over event times u ≤ τ of \[∫_u^τ S\]² d / (n (n - d)); no n/(n-1) factor
//! (as survRM2; H. Uno et al., J Clin Oncol 32 (2014) 2380-2385). The term of a time where everybody at risk has the event
//! is 0, because the area after it is. Needs no proportional hazards; the horizon must be chosen before seeing the data.
//!
//! ```
//! use survival::event_table::{EventTable, Subjects};
//! use survival::kaplan_meier::{KmOptions, kaplan_meier};
//! use survival::rmst::rmst;
//!
//! let table = &EventTable::from_days(&Subjects::new(&[1, 2, 3, 4], &[1, 1, 0, 0]), 1, 1).unwrap()[0];
//! let km = kaplan_meier(table, &KmOptions::default()).unwrap();
//! assert_eq!(rmst(&km, 4.0).unwrap().value, 1.0 + 0.75 + 0.5 + 0.5);
//! ```

use crate::error::Error;
use crate::interval::z_of;
use crate::kaplan_meier::KaplanMeier;
use crate::special::normal_two_sided;

/// A restricted mean with its limits, in the unit of the times.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rmst {
    /// The horizon.
    pub tau: f64,
    /// Restricted mean survival time.
    pub value: f64,
    /// Its standard error.
    pub std_err: f64,
    /// Lower confidence limit.
    pub lower: f64,
    /// Upper confidence limit.
    pub upper: f64,
    /// Time lost: the horizon minus the restricted mean; same standard error.
    pub time_lost: f64,
    /// Two-sided level of the limits.
    pub conf_level: f64,
}

/// A comparison of two restricted means. The limits and p of a ratio are computed on its logarithm, and `std_err` is that
/// of the logarithm.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Contrast {
    /// First minus second, or first over second.
    pub value: f64,
    /// Standard error (of the logarithm, for a ratio).
    pub std_err: f64,
    /// Lower confidence limit.
    pub lower: f64,
    /// Upper confidence limit.
    pub upper: f64,
    /// Two-sided p; `None` where the standard error is 0.
    pub p: Option<f64>,
}

/// Restricted mean up to `tau`.
///
/// # Errors
/// `tau` is not positive, or lies beyond the last observed time while the curve is still above 0: the area is not
/// estimable there.
pub fn rmst(km: &KaplanMeier, tau: f64) -> Result<Rmst, Error> {
    let expected =
        "a positive horizon, no later than the last observed time unless that is an event after which S is 0";
    let fault = Error::InvalidParameter { name: "tau", value: tau, expected };
    if !(tau > 0.0 && tau.is_finite()) {
        return Err(fault);
    }
    let last = km.time.last().copied().unwrap_or(0.0);
    if tau > last && km.surv.last().copied().unwrap_or(1.0) > 0.0 {
        return Err(fault);
    }
    let rows = km.time.partition_point(|&t| t <= tau);
    let (mut area, mut variance) = (0.0, 0.0);
    let mut end = tau;
    // From the horizon backwards, `area` is the integral from each time to the horizon.
    for row in (0..rows).rev() {
        let of = |column: &[f64]| column.get(row).copied().unwrap_or(0.0);
        let (time, n, d) = (of(&km.time), of(&km.n_risk), of(&km.n_event));
        area += of(&km.surv) * (end - time);
        end = time;
        if d > 0.0 && of(&km.surv) > 0.0 {
            variance += area * area * d / (n * (n - d));
        }
    }
    let value = area + (end - km.from).max(0.0);
    let std_err = libm::sqrt(variance);
    Ok(Rmst {
        tau,
        value,
        std_err,
        lower: value - km.z * std_err,
        upper: value + km.z * std_err,
        time_lost: tau - km.from - value,
        conf_level: km.options.conf_level,
    })
}

/// The horizon used when none is given: the smallest of the groups' last observed times. `None` without groups or data.
pub fn default_tau(groups: &[KaplanMeier]) -> Option<f64> {
    let last = groups.iter().map(|km| km.time.last().copied());
    last.reduce(|a, b| a.zip(b).map(|(a, b)| a.min(b))).flatten()
}

fn same_horizon(a: &Rmst, b: &Rmst) -> Result<f64, Error> {
    if (a.tau - b.tau).abs() > 0.0 {
        let expected = "the same horizon in both groups";
        return Err(Error::InvalidParameter { name: "tau", value: b.tau, expected });
    }
    z_of(a.conf_level)
}

/// RMST of `a` minus RMST of `b`, normal limits.
///
/// # Errors
/// Different horizons.
pub fn rmst_difference(a: &Rmst, b: &Rmst) -> Result<Contrast, Error> {
    let z = same_horizon(a, b)?;
    let value = a.value - b.value;
    let std_err = libm::hypot(a.std_err, b.std_err);
    let p = (std_err > 0.0).then(|| normal_two_sided(value / std_err));
    Ok(Contrast { value, std_err, lower: value - z * std_err, upper: value + z * std_err, p })
}

/// RMST of `a` over RMST of `b`, limits and p on the log scale (delta method).
///
/// # Errors
/// Different horizons, or a restricted mean of 0.
pub fn rmst_ratio(a: &Rmst, b: &Rmst) -> Result<Contrast, Error> {
    ratio(same_horizon(a, b)?, (a.value, a.std_err), (b.value, b.std_err))
}

/// Time lost of `a` over time lost of `b`, limits and p on the log scale (delta method).
///
/// # Errors
/// Different horizons, or a group that loses no time.
pub fn time_lost_ratio(a: &Rmst, b: &Rmst) -> Result<Contrast, Error> {
    ratio(same_horizon(a, b)?, (a.time_lost, a.std_err), (b.time_lost, b.std_err))
}

fn ratio(z: f64, a: (f64, f64), b: (f64, f64)) -> Result<Contrast, Error> {
    if !(a.0 > 0.0 && b.0 > 0.0) {
        return Err(Error::Undefined { reason: "a ratio of means needs both means above 0" });
    }
    let log = libm::log(a.0 / b.0);
    let std_err = libm::hypot(a.1 / a.0, b.1 / b.0);
    let p = (std_err > 0.0).then(|| normal_two_sided(log / std_err));
    Ok(Contrast {
        value: a.0 / b.0,
        std_err,
        lower: libm::exp(log - z * std_err),
        upper: libm::exp(log + z * std_err),
        p,
    })
}
