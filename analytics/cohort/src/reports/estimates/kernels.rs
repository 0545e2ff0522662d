//! Calls of the `survival` kernels.

use super::{
    AtRisk, CumulativeIncidenceAt, IncidenceEstimate, IncidenceStep, Interval, SurvivalAt, SurvivalEstimate,
    SurvivalQuantile, SurvivalStep,
};
use crate::endpoints::Cause;
use crate::reports::parameters::ProportionInterval;
use survival::aalen_johansen::{CifOptions, CifVariance};
use survival::error::Error;
use survival::event_table::{EventTable, Subjects};
use survival::interval::{CifConfType, ConfType};
use survival::kaplan_meier::{KmOptions, Quantile, median_follow_up};
use survival::rates::{ProportionMethod, RateMethod};
use survival::rmst::rmst;

/// What is wanted of a Kaplan-Meier curve besides the curve.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// Confidence level of every interval.
    pub conf_level: f64,
    /// Days at which survival is given.
    pub at: &'a [i32],
    /// Days of the table of numbers at risk.
    pub at_risk: &'a [i32],
    /// Shares of subjects with the event whose days are given.
    pub quantiles: &'a [f64],
    /// Horizon of the restricted mean, days.
    pub rmst: Option<i32>,
}

/// Kaplan-Meier with log-log limits, at the days asked for, with numbers at risk, quantiles, restricted mean and median
/// follow-up; observations are days and whether the event came.
///
/// # Errors
///
/// Those of the kernels: a negative day, a confidence level outside (0, 1).
pub fn kaplan_meier(observations: &[(i32, bool)], wanted: &Wanted<'_>) -> Result<SurvivalEstimate, Error> {
    let Wanted { conf_level, at, at_risk, .. } = *wanted;
    let days: Vec<i32> = observations.iter().map(|(day, _)| *day).collect();
    let causes: Vec<u8> = observations.iter().map(|(_, event)| u8::from(*event)).collect();
    let table = table(&days, &causes, 1)?;
    let options = KmOptions { conf_level, conf_type: ConfType::LogLog };
    let km = survival::kaplan_meier::kaplan_meier(&table, &options)?;
    let mut estimate = SurvivalEstimate::default();
    let curve = km.curve();
    for (i, &day) in curve.time.iter().enumerate() {
        estimate.curve.push(SurvivalStep {
            day: whole(day),
            n_risk: count(curve.n_risk.get(i)),
            n_event: count(curve.n_event.get(i)),
            n_censor: count(curve.n_censor.get(i)),
            survival: curve.surv.get(i).copied().unwrap_or(f64::NAN),
            std_err: curve.std_err.get(i).copied().flatten(),
            lower: curve.lower.get(i).copied().flatten(),
            upper: curve.upper.get(i).copied().flatten(),
        });
    }
    let times: Vec<f64> = at.iter().map(|day| f64::from(*day)).collect();
    for (point, &day) in km.at(&times).iter().zip(at) {
        let known = !table.is_empty() && (!point.beyond_follow_up || point.surv <= 0.0);
        let shown = |value: Option<f64>| value.filter(|_| known);
        estimate.at.push(SurvivalAt {
            day,
            n_risk: count(Some(&point.n_risk)),
            survival: shown(Some(point.surv)),
            std_err: shown(point.std_err),
            lower: shown(point.lower),
            upper: shown(point.upper),
        });
    }
    let n_risk = |day: i32| count(Some(&table.at_risk_at(f64::from(day))));
    estimate.at_risk = at_risk.iter().map(|&day| AtRisk { day, n_risk: n_risk(day) }).collect();
    if !table.is_empty() {
        if let Some(median) = km.quantiles(&[0.5])?.first() {
            estimate.median = Interval { value: median.value, lower: median.lower, upper: median.upper };
        }
        for quantile in km.quantiles(wanted.quantiles)? {
            let Quantile { p, value, lower, upper } = quantile;
            estimate.quantiles.push(SurvivalQuantile { p, days: Interval { value, lower, upper } });
        }
        // Beyond the group's last day the mean is not defined.
        estimate.rmst = wanted.rmst.and_then(|tau| rmst(&km, f64::from(tau)).ok());
        let follow_up = median_follow_up(&table, &options)?;
        estimate.median_follow_up =
            Interval { value: follow_up.value, lower: follow_up.lower, upper: follow_up.upper };
    }
    Ok(estimate)
}

/// Aalen-Johansen with Aalen's variance and complementary log-log limits at `conf_level`, and at the days asked for.
///
/// # Errors
///
/// As [`kaplan_meier`].
pub fn aalen_johansen(
    observations: &[(i32, Cause)],
    conf_level: f64,
    at: &[i32],
    at_risk: &[i32],
) -> Result<IncidenceEstimate, Error> {
    const EVENT: usize = 1;
    const COMPETING: usize = 2;
    let days: Vec<i32> = observations.iter().map(|(day, _)| *day).collect();
    let causes: Vec<u8> = observations.iter().map(|(_, cause)| cause.number()).collect();
    let table = table(&days, &causes, COMPETING)?;
    let options = CifOptions { conf_level, conf_type: CifConfType::Cloglog, variance: CifVariance::Aalen };
    let aj = survival::aalen_johansen::aalen_johansen(&table, &options)?;
    let mut estimate = IncidenceEstimate::default();
    if let Some(curve) = aj.curve(EVENT) {
        for (i, &day) in curve.time.iter().enumerate() {
            estimate.curve.push(IncidenceStep {
                day: whole(day),
                n_risk: count(curve.n_risk.get(i)),
                n_event: count(table.events(EVENT).get(i)),
                n_competing: count(table.events(COMPETING).get(i)),
                n_censor: count(table.censored().get(i)),
                cif: curve.cif.get(i).copied().unwrap_or(f64::NAN),
                competing_cif: aj.cif(COMPETING).get(i).copied().unwrap_or(f64::NAN),
                std_err: curve.std_err.get(i).copied(),
                lower: curve.lower.get(i).copied().flatten(),
                upper: curve.upper.get(i).copied().flatten(),
            });
        }
    }
    let n_risk = |day: i32| count(Some(&table.at_risk_at(f64::from(day))));
    estimate.at_risk = at_risk.iter().map(|&day| AtRisk { day, n_risk: n_risk(day) }).collect();
    let everybody_ended = aj.event_free().last().is_some_and(|free| *free <= 0.0);
    let times: Vec<f64> = at.iter().map(|day| f64::from(*day)).collect();
    for (point, &day) in aj.at(EVENT, &times).iter().zip(at) {
        let known = !table.is_empty() && (!point.beyond_follow_up || everybody_ended);
        let shown = |value: Option<f64>| value.filter(|_| known);
        estimate.at.push(CumulativeIncidenceAt {
            day,
            n_risk: count(Some(&point.n_risk)),
            cif: shown(Some(point.cif)),
            std_err: shown(Some(point.std_err)),
            lower: shown(point.lower),
            upper: shown(point.upper),
        });
    }
    Ok(estimate)
}

/// The event table of one group.
///
/// # Errors
///
/// A negative day, a cause above `n_causes`.
pub fn table(days: &[i32], causes: &[u8], n_causes: usize) -> Result<EventTable, Error> {
    let tables = EventTable::from_days(&Subjects::new(days, causes), n_causes, 1)?;
    Ok(tables.into_iter().next().unwrap_or_else(|| EventTable::empty(n_causes)))
}

/// Share of `n` in `of` with limits at `conf_level`; null of nobody.
pub fn proportion(n: usize, of: usize, interval: ProportionInterval, conf_level: f64) -> Interval {
    let method = match interval {
        ProportionInterval::ClopperPearson => ProportionMethod::ClopperPearson,
        ProportionInterval::Wilson => ProportionMethod::Wilson,
    };
    match survival::rates::proportion(n as u64, of as u64, method, conf_level) {
        Ok(share) => {
            Interval { value: Some(share.value), lower: Some(share.lower), upper: Some(share.upper) }
        }
        // Nobody, the one refusal left once the confidence level was checked: there is no share.
        Err(_) => Interval::default(),
    }
}

/// Rate of `events` in `person_time`, per `per`, with exact Poisson limits at `conf_level`; null without person-time.
///
/// # Errors
///
/// Those of the kernel.
pub fn poisson_rate(events: usize, person_time: f64, per: f64, conf_level: f64) -> Result<Interval, Error> {
    if person_time <= 0.0 {
        return Ok(Interval::default());
    }
    let rate = survival::rates::rate(events as u64, person_time, RateMethod::Exact, conf_level)?;
    Ok(Interval {
        value: Some(rate.value * per),
        lower: Some(rate.lower * per),
        upper: Some(rate.upper * per),
    })
}

/// Days of the registry are whole and far below 2^31; the table holds them as floats.
#[expect(clippy::cast_possible_truncation, reason = "the days went in as i32")]
fn whole(day: f64) -> i32 {
    day as i32
}

/// Counts of subjects without weights are whole.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a count of rows of a table in memory"
)]
fn count(value: Option<&f64>) -> usize {
    value.map_or(0, |n| *n as usize)
}
