//! What the adherence report says.

use cohort::reports::estimates::{Distribution, Interval, proportion};
use cohort::reports::grouping::Group;
use cohort::reports::parameters::ProportionInterval;
use measures::evaluate::State;
use measures::file::{Class, Evidence, Level, ParameterValue, Provenance, Texts};
use serde::Serialize;

/// The adherence report's result.
#[derive(Debug, Clone, Serialize)]
pub struct AdherenceResult {
    /// The guideline.
    pub guideline: GuidelineReference,
    /// Subjects without a disease baseline: no measure applies to them.
    pub disease_not_recorded: usize,
    /// Measures of class N together.
    pub headline: Score,
    /// Measures of class U together.
    pub secondary: Score,
    /// One entry per measure.
    pub measures: Vec<MeasureResult>,
    /// Measures that cannot be computed from the forms, with the reason.
    pub not_computable: Vec<NotComputable>,
    /// Infusions judged by earlier versions of the guideline, which were in force on their day.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub earlier_versions: Vec<AdherenceResult>,
}

/// A measure that cannot be computed.
#[derive(Debug, Clone, Serialize)]
pub struct NotComputable {
    /// Id.
    pub id: String,
    /// Title.
    pub title: Texts,
    /// Section of the guideline.
    pub section: String,
    /// Why.
    pub reason: Texts,
}

/// The guideline a result was judged by.
#[derive(Debug, Clone, Serialize)]
pub struct GuidelineReference {
    /// Id.
    pub id: String,
    /// Version of the rules.
    pub rule_version: String,
    /// Title.
    pub title: Texts,
    /// Hash of its files.
    pub sha256: String,
}

/// Several measures together: each subject counts once per measure.
#[derive(Debug, Clone, Serialize)]
pub struct Score {
    /// Which class.
    pub class: Class,
    /// Ids of its measures.
    pub measures: Vec<String>,
    /// Their states.
    pub tally: Tally,
}

/// Subjects by state, and the rate.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Tally {
    /// Subjects of the population.
    pub n: usize,
    /// The numerator holds.
    pub met: usize,
    /// It does not.
    pub not_met: usize,
    /// The window has not closed.
    pub not_due: usize,
    /// Does not apply.
    pub excluded: usize,
    /// The records do not say.
    pub missing: usize,
    /// met / (met + not met), Wilson limits.
    pub rate: Interval,
    /// Sensitivity: met / (met + not met + missing), as if every missing one were not met.
    pub rate_if_missing_not_met: Interval,
}

/// Subjects of one reason.
#[derive(Debug, Clone, Serialize)]
pub struct ReasonCount {
    /// The state it leads to.
    pub state: State,
    /// Why: the state, the id of an exclusion, or of what ended the follow-up.
    pub reason: String,
    /// In words.
    pub text: Texts,
    /// Subjects.
    pub n: usize,
}

/// The states of one center.
#[derive(Debug, Clone, Serialize)]
pub struct CenterTally {
    /// The center.
    pub center: Group,
    /// Its states.
    #[serde(flatten)]
    pub tally: Tally,
}

/// The value of a parameter in this run.
#[derive(Debug, Clone, Serialize)]
pub struct Setting {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: ParameterValue,
    /// The default.
    pub default: ParameterValue,
    /// Unit; `choice` for a reading.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// What it is.
    pub note: Texts,
}

/// The result under another reading of the guideline.
#[derive(Debug, Clone, Serialize)]
pub struct Reading {
    /// The parameter.
    pub parameter: String,
    /// Its other value.
    pub value: ParameterValue,
    /// The states under it.
    pub tally: Tally,
}

/// Subjects with one interval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IntervalCount {
    /// Days.
    pub days: i32,
    /// Subjects.
    pub n: usize,
}

/// A value shown beside the verdicts, over the subjects for whom it is known.
#[derive(Debug, Clone, Serialize)]
pub struct ShownResult {
    /// Its name.
    pub name: String,
    /// What it is.
    pub label: Texts,
    /// Its unit; empty for a bare number.
    pub unit: String,
    /// Subjects for whom it is known.
    pub n: usize,
    /// Least.
    pub min: Option<f64>,
    /// Median.
    pub median: Option<f64>,
    /// Greatest.
    pub max: Option<f64>,
}

/// One measure.
#[derive(Debug, Clone, Serialize)]
pub struct MeasureResult {
    /// Id.
    pub id: String,
    /// Title.
    pub title: Texts,
    /// What is asked for.
    pub text: Texts,
    /// Section of the guideline.
    pub section: String,
    /// Level.
    pub level: Option<Level>,
    /// Evidence class.
    pub evidence: Option<Evidence>,
    /// Level as printed, when one word does not say it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level_as_printed: Option<String>,
    /// Strength of the wording, when there is no level.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wording: Option<String>,
    /// Class.
    pub class: Class,
    /// Whether it belongs to the core set.
    pub core: bool,
    /// Where it comes from.
    pub provenance: Provenance,
    /// Remarks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remarks: Option<Texts>,
    /// The parameters used.
    pub settings: Vec<Setting>,
    /// Everybody.
    pub overall: Tally,
    /// By center.
    pub by_center: Vec<CenterTally>,
    /// Subjects by reason.
    pub reasons: Vec<ReasonCount>,
    /// Values shown beside the verdicts.
    pub shown: Vec<ShownResult>,
    /// Of the value named `interval`, days, where known.
    pub interval: Distribution,
    /// Subjects by interval.
    pub intervals: Vec<IntervalCount>,
    /// Other readings.
    pub readings: Vec<Reading>,
}

impl Tally {
    /// Counts states.
    pub fn of(states: impl Iterator<Item = State>, level: f64) -> Self {
        let [mut met, mut not_met, mut not_due, mut excluded, mut missing] = [0; 5];
        for state in states {
            match state {
                State::Met => met += 1,
                State::NotMet => not_met += 1,
                State::NotDue => not_due += 1,
                State::Excluded => excluded += 1,
                State::Missing => missing += 1,
            }
        }
        Self::of_counts([met, not_met, not_due, excluded, missing], level)
    }

    pub(super) fn of_counts([met, not_met, not_due, excluded, missing]: [usize; 5], level: f64) -> Self {
        let share = |of: usize| proportion(met, of, ProportionInterval::Wilson, level);
        Self {
            n: met + not_met + not_due + excluded + missing,
            met,
            not_met,
            not_due,
            excluded,
            missing,
            rate: share(met + not_met),
            rate_if_missing_not_met: share(met + not_met + missing),
        }
    }
}
