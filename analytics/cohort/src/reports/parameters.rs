//! Parameters of the reports: defaults, and the bounds they must keep.

use super::covariates::Covariate;
use super::grouping::By;
use crate::endpoints::library;
use crate::error::ReportError;
use crate::fault::{Fault, Faults, pointer, read_document};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Longest time a day parameter may name: 100 years.
const LAST_DAY: i32 = 36_525;

/// A test that compares groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GroupTest {
    /// Log-rank; Gray's test of an incidence.
    Logrank,
    /// Gehan's generalized Wilcoxon; Gray's test of an incidence.
    Gehan,
    /// Tarone and Ware.
    TaroneWare,
    /// Peto and Peto.
    PetoPeto,
    /// Modified Peto and Peto.
    ModifiedPetoPeto,
}

/// Parameters of the survival report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SurvivalParameters {
    /// Groups to compare.
    pub by: By,
    /// Which endpoints: ids, or objects of `endpoint`, `basis` and the endpoint's parameters.
    pub endpoints: Vec<Value>,
    /// Days at which survival is given.
    pub at: Vec<i32>,
    /// Days of the table of numbers at risk.
    pub at_risk: Vec<i32>,
    /// Confidence level of every interval.
    pub conf_level: f64,
    /// Shares of subjects with the event whose days are given.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub quantiles: Vec<f64>,
    /// Horizon of restricted means, days.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rmst: Option<i32>,
    /// Test of the groups; none unless asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test: Option<GroupTest>,
    /// Covariates of a Cox model, and of a Fine-Gray model of an incidence.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub covariates: Vec<Value>,
}

impl Default for SurvivalParameters {
    fn default() -> Self {
        Self {
            by: By::Product,
            endpoints: vec!["os".into(), "pfs".into()],
            at: vec![30, 100, 180, 365],
            at_risk: vec![0, 90, 180, 365, 545, 730, 1095, 1460, 1825],
            conf_level: 0.95,
            quantiles: Vec::new(),
            rmst: None,
            test: None,
            covariates: Vec::new(),
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

/// Unit of person-time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// 365.25 days.
    PersonYears,
    /// A twelfth of that.
    PersonMonths,
    /// One day.
    PatientDays,
}

impl Unit {
    /// Its name in results.
    pub fn name(self) -> &'static str {
        match self {
            Self::PersonYears => "person-years",
            Self::PersonMonths => "person-months",
            Self::PatientDays => "patient-days",
        }
    }

    /// Its length in days.
    pub fn days(self) -> f64 {
        match self {
            Self::PersonYears => 365.25,
            Self::PersonMonths => 365.25 / 12.0,
            Self::PatientDays => 1.0,
        }
    }
}

/// A period after the origin: first day, and last day or null.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period(i32, Option<i32>);

impl Period {
    /// First day.
    pub fn from(self) -> i32 {
        self.0
    }

    /// Last day, inclusive.
    pub fn to(self) -> Option<i32> {
        self.1
    }
}

/// Parameters of the incidence report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct IncidenceParameters {
    /// What is counted; an endpoint takes its place.
    pub outcome: Outcome,
    /// An endpoint: its id, or an object of `endpoint`, `basis` and its parameters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<Value>,
    /// Count every event, not the first only.
    pub all_events: bool,
    /// Groups to compare.
    pub by: By,
    /// Grade from which CRS or ICANS is the event; used by those outcomes only.
    pub threshold: i32,
    /// Last day counted for CRS and ICANS; used by those outcomes only.
    pub window_days: i32,
    /// Periods after the origin.
    pub periods: Vec<Period>,
    /// Also by calendar year.
    pub by_year: bool,
    /// Unit of person-time.
    pub unit: Unit,
    /// The rate is per so much person-time.
    pub per: f64,
    /// Confidence level of the interval.
    pub conf_level: f64,
}

impl Default for IncidenceParameters {
    fn default() -> Self {
        Self {
            outcome: Outcome::Death,
            endpoint: None,
            all_events: false,
            by: By::Product,
            threshold: 2,
            window_days: 30,
            periods: vec![
                Period(0, Some(28)),
                Period(29, Some(100)),
                Period(101, Some(365)),
                Period(366, None),
            ],
            by_year: false,
            unit: Unit::PersonYears,
            per: 100.0,
            conf_level: 0.95,
        }
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
                    .expected("one id or more, for example os"),
            );
        }
        endpoints("endpoints", &self.endpoints, faults);
        for (i, p) in self.quantiles.iter().enumerate().filter(|(_, p)| !(**p > 0.0 && **p < 1.0)) {
            let fault = Fault::new(format!("/quantiles/{i}"), "this is not a share of subjects").received(p);
            faults.0.push(fault.expected("a number between 0 and 1"));
        }
        if let Some(tau) = self.rmst {
            number("rmst", tau, 1, LAST_DAY, faults);
        }
        for (i, covariate) in self.covariates.iter().enumerate() {
            let _ = Covariate::read(covariate, &format!("/covariates/{i}"), faults);
        }
        let mut seen = Vec::new();
        self.endpoints.retain(|asked| {
            let first = !seen.contains(asked);
            seen.push(asked.clone());
            first
        });
    }
}

/// Faults of endpoints as a request names them.
pub fn endpoints(member: &str, asked: &[Value], faults: &mut Faults) {
    let Ok(library) = library() else { return };
    for (i, asked) in asked.iter().enumerate() {
        if let Err(own) = library.resolve(asked, &pointer(&[member, &i.to_string()])) {
            faults.0.extend(own.0);
        }
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
        if let Some(asked) = &self.endpoint
            && let Ok(library) = library()
            && let Err(own) = library.resolve(asked, "/endpoint")
        {
            faults.0.extend(own.0);
        }
        if self.all_events && self.endpoint.is_none() {
            let fault = Fault::new("/all_events", "this outcome happens once").received(true);
            faults.0.push(fault.expected("an endpoint, for example infection"));
        }
        if !(self.per > 0.0 && self.per <= 1e9) {
            let fault = Fault::new("/per", "the number is out of range").received(self.per);
            faults.0.push(fault.expected("a number above 0, for example 100 or 1000"));
        }
        for (i, period) in self.periods.iter().enumerate() {
            let place = format!("/periods/{i}");
            if !(0..=LAST_DAY).contains(&period.0) {
                let fault = Fault::new(place, "the period starts out of range").received(period.0);
                faults.0.push(fault.expected(format!("a day from 0 to {LAST_DAY}")));
            } else if let Some(to) = period.1.filter(|to| *to < period.0 || *to > LAST_DAY) {
                let fault =
                    Fault::new(place, "the period ends before it starts, or out of range").received(to);
                faults.0.push(fault.expected(format!("a day from {} to {LAST_DAY}, or null", period.0)));
            }
        }
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
