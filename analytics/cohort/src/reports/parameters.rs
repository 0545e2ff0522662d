//! Parameters of the reports: defaults, and the bounds they must keep.

use super::grouping::By;
use crate::error::ReportError;
use crate::fault::{Fault, Faults, pointer, read_document};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Longest time a day parameter may name: 100 years.
const LAST_DAY: i32 = 36_525;

/// Endpoints of the survival report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SurvivalEndpoint {
    /// Overall survival.
    Os,
    /// Progression-free survival.
    Pfs,
}

/// Parameters of the survival report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SurvivalParameters {
    /// Groups to compare.
    pub by: By,
    /// Which endpoints.
    pub endpoints: Vec<SurvivalEndpoint>,
    /// Days at which survival is given.
    pub at: Vec<i32>,
    /// Days of the table of numbers at risk.
    pub at_risk: Vec<i32>,
    /// Confidence level of every interval.
    pub conf_level: f64,
}

impl Default for SurvivalParameters {
    fn default() -> Self {
        Self {
            by: By::Product,
            endpoints: vec![SurvivalEndpoint::Os, SurvivalEndpoint::Pfs],
            at: vec![30, 100, 180, 365],
            at_risk: vec![0, 90, 180, 365, 545, 730, 1095, 1460, 1825],
            conf_level: 0.95,
        }
    }
}

/// Intervals of proportions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProportionInterval {
    /// Exact (Clopper and Pearson 1934).
    ClopperPearson,
    /// Score (Wilson 1927).
    Wilson,
}

/// Parameters of the toxicity report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ToxicityParameters {
    /// Groups to compare.
    pub by: By,
    /// Last day counted; day 0 is the day of infusion.
    pub window_days: i32,
    /// Grade from which CRS is the event.
    pub crs_threshold: i32,
    /// Grade from which ICANS is the event.
    pub icans_threshold: i32,
    /// Death competes when it falls no more than so many days after the last assessed day.
    pub death_within_days: i32,
    /// Days at which the cumulative incidence is given.
    pub at: Vec<i32>,
    /// Interval of proportions.
    pub proportion_interval: ProportionInterval,
    /// Confidence level of every interval.
    pub conf_level: f64,
}

impl Default for ToxicityParameters {
    fn default() -> Self {
        Self {
            by: By::None,
            window_days: 30,
            crs_threshold: 2,
            icans_threshold: 2,
            death_within_days: 1,
            at: vec![0, 3, 7, 14, 21, 28, 30],
            proportion_interval: ProportionInterval::ClopperPearson,
            conf_level: 0.95,
        }
    }
}

/// Outcomes of the incidence report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Death from any cause, per 100 person-years.
    Death,
    /// First progression or relapse, per 100 person-years.
    Progression,
    /// First day with CRS at or above the threshold, per 100 patient-days.
    Crs,
    /// First day with ICANS at or above the threshold, per 100 patient-days.
    Icans,
}

/// Parameters of the incidence report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct IncidenceParameters {
    /// What is counted.
    pub outcome: Outcome,
    /// Groups to compare.
    pub by: By,
    /// Grade from which CRS or ICANS is the event; used by those outcomes only.
    pub threshold: i32,
    /// Last day counted for CRS and ICANS; used by those outcomes only.
    pub window_days: i32,
    /// Confidence level of the interval.
    pub conf_level: f64,
}

impl Default for IncidenceParameters {
    fn default() -> Self {
        Self { outcome: Outcome::Death, by: By::Product, threshold: 2, window_days: 30, conf_level: 0.95 }
    }
}

/// Parameters that know their own bounds.
pub trait Checked {
    /// Adds a fault for each parameter out of bounds and brings lists into order.
    fn check(&mut self, faults: &mut Faults);
}

/// Reads and checks the parameters of a report; `null` and absent members take their defaults.
///
/// # Errors
///
/// [`ReportError::Parameters`] with every fault and its JSON Pointer.
pub fn read<T: DeserializeOwned + Checked>(value: &Value) -> Result<T, ReportError> {
    let mut parameters: T = read_document(value).map_err(ReportError::Parameters)?;
    let mut faults = Faults::default();
    parameters.check(&mut faults);
    faults.into_result(parameters).map_err(ReportError::Parameters)
}

impl Checked for SurvivalParameters {
    fn check(&mut self, faults: &mut Faults) {
        days("at", &mut self.at, LAST_DAY, faults);
        days("at_risk", &mut self.at_risk, LAST_DAY, faults);
        conf_level(self.conf_level, faults);
        if self.endpoints.is_empty() {
            faults.0.push(
                Fault::new("/endpoints", "no endpoint is asked for")
                    .received("[]")
                    .expected("os, pfs or both"),
            );
        }
        self.endpoints.sort_unstable();
        self.endpoints.dedup();
    }
}

impl Checked for ToxicityParameters {
    fn check(&mut self, faults: &mut Faults) {
        number("window_days", self.window_days, 0, LAST_DAY, faults);
        number("crs_threshold", self.crs_threshold, 1, 5, faults);
        number("icans_threshold", self.icans_threshold, 1, 5, faults);
        number("death_within_days", self.death_within_days, 0, LAST_DAY, faults);
        days("at", &mut self.at, LAST_DAY, faults);
        conf_level(self.conf_level, faults);
    }
}

impl Checked for IncidenceParameters {
    fn check(&mut self, faults: &mut Faults) {
        number("threshold", self.threshold, 1, 5, faults);
        number("window_days", self.window_days, 0, LAST_DAY, faults);
        conf_level(self.conf_level, faults);
    }
}

/// A fault when `value` lies outside `min..=max`.
pub fn number(field: &str, value: i32, min: i32, max: i32, faults: &mut Faults) {
    if !(min..=max).contains(&value) {
        let fault = Fault::new(pointer(&[field]), "the number is out of range").received(value);
        faults.0.push(fault.expected(format!("a whole number from {min} to {max}")));
    }
}

/// A fault when `value` is no confidence level.
pub fn conf_level(value: f64, faults: &mut Faults) {
    if !(0.5..=0.999).contains(&value) {
        let fault = Fault::new("/conf_level", "this is not a confidence level").received(value);
        faults.0.push(fault.expected("a number from 0.5 to 0.999"));
    }
}

fn days(field: &str, values: &mut Vec<i32>, last: i32, faults: &mut Faults) {
    const MOST: usize = 100;
    if values.len() > MOST {
        let fault = Fault::new(pointer(&[field]), "too many days").received(format!("{} days", values.len()));
        faults.0.push(fault.expected(format!("at most {MOST}")));
    }
    for (i, day) in values.iter().enumerate() {
        if !(0..=last).contains(day) {
            let fault =
                Fault::new(pointer(&[field, &i.to_string()]), "the day is out of range").received(day);
            faults.0.push(fault.expected(format!("a day from 0 to {last}")));
        }
    }
    values.sort_unstable();
    values.dedup();
}
