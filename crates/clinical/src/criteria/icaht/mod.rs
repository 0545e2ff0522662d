//! ICAHT, hematotoxicity after immune effector cells (CSCO 2024 §4.5; catalogue D5.1).
//!
//! The printed table is illegible; the grades are those of Rejeski et al., Blood 2023;142:865, which the guideline cites. How an
//! irregular series becomes days of neutropenia follows the published implementation of Liang et al. Platelets are graded
//! alike (T-ICAHT).

mod case;
pub mod early;
pub mod late;
pub mod platelets;
mod series;

pub use case::{Icaht, IcahtCase, Observation};
pub use early::{Early, early};
pub use late::{Late, late};
pub use platelets::{Platelets, platelets};
pub use series::{Daily, Fill, Runs, runs};

use super::case::Fault;
use super::measured::Place;
use super::trace::{At, Criterion};

/// Last day of early ICAHT.
pub const EARLY_LAST: i32 = 30;

/// Trace time of early ICAHT: what is known by day 30.
pub const AT_EARLY: At = At::Day(EARLY_LAST);

/// Trace time of late ICAHT: what is known by day 100.
pub const AT_LATE: At = At::Day(100);

/// Trace time of T-ICAHT.
pub const AT_PLATELETS: At = At::Case;

/// Every criterion of ICAHT.
pub fn criteria() -> impl Iterator<Item = &'static Criterion> {
    early::CRITERIA.iter().chain(late::CRITERIA).chain(platelets::CRITERIA).copied()
}

/// Which days of neutropenia are counted together (open question Q15).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CountMode {
    /// Those of the longest run, as the published implementation.
    #[default]
    LongestRun,
    /// Those of all runs, as T-ICAHT.
    Cumulative,
}

/// What the publications leave open.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Parameters {
    /// Which days of neutropenia are counted together.
    pub count_mode: CountMode,
    /// Longest run of days without a value that is interpolated; 7 serves weekly samples. 0 to 30.
    pub interpolate_days: u8,
    /// Longest recovery, in days, that does not end a run; 2 since three days above 500/µl are a recovery. 0 to 30.
    pub join_gap_days: u8,
    /// Grade 4 for a run that starts by day 3 and lasts to the last value, even when death or the end of follow-up makes it
    /// short (Q16: the published implementation's choice; by duration alone the grade is lower).
    pub no_recovery_is_grade_4: bool,
    /// Share of the days that must be known, in percent, before unknown days are disregarded (rule R32).
    pub minimum_coverage_percent: f64,
    /// Rounds each ANC to the nearest 10/µl first, as the published implementation.
    pub round_to_10: bool,
    /// Carries the first and the last value outwards over up to `interpolate_days`, as the published implementation.
    pub carry_outward: bool,
    /// Last day of late ICAHT. 31 to 365.
    pub late_until_day: i32,
}

impl Default for Parameters {
    fn default() -> Self {
        Self {
            count_mode: CountMode::LongestRun,
            interpolate_days: 7,
            join_gap_days: 2,
            no_recovery_is_grade_4: true,
            minimum_coverage_percent: 80.0,
            round_to_10: false,
            carry_outward: false,
            late_until_day: 100,
        }
    }
}

impl Parameters {
    /// Refuses values outside the ranges of the members.
    pub(crate) fn check(&self) -> Result<(), Fault> {
        let refuse = |member: &str, received: String, expected: &str| {
            Err(Fault::new(
                Place::Under("parameters").pointer(member),
                format!("{received} is not possible"),
                expected,
            ))
        };
        for (member, days) in
            [("interpolate_days", self.interpolate_days), ("join_gap_days", self.join_gap_days)]
        {
            if days > 30 {
                return refuse(member, days.to_string(), "0 to 30 days");
            }
        }
        if !(0.0..=100.0).contains(&self.minimum_coverage_percent) {
            return refuse(
                "minimum_coverage_percent",
                self.minimum_coverage_percent.to_string(),
                "0 to 100 %",
            );
        }
        if !(31..=365).contains(&self.late_until_day) {
            return refuse("late_until_day", self.late_until_day.to_string(), "31 to 365");
        }
        Ok(())
    }
}

/// What ended the observation of a patient, in days from the infusion. Absent: the patient was followed beyond.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ended {
    /// Day of death.
    pub death: Option<i32>,
    /// Last day of follow-up of a living patient.
    pub last: Option<i32>,
    /// Day of progression or relapse; ends late ICAHT.
    pub progression: Option<i32>,
    /// First day of the next therapy; ends late ICAHT.
    pub new_therapy: Option<i32>,
}

/// Taken for the count of an unknown day where that is to be normal. Finite, since infinity is within any relative tolerance.
const NORMAL: f64 = 1e12;

/// A grade as shown in traces.
pub(crate) fn grade_code(grade: u8) -> &'static str {
    match grade {
        0 => "0",
        1 => "1",
        2 => "2",
        3 => "3",
        _ => "4",
    }
}

/// Conclusion of a trace when no grade can be given.
pub(crate) const NOT_EVALUABLE: &str = "not_evaluable";
