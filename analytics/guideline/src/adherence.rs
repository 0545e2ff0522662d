//! The adherence report: how often the guideline was followed, by measure and center.

use crate::evaluate::{Reason, State, Verdict, evaluate};
use crate::library::Guideline;
use crate::measure::{Class, Evidence, Level, Measure, Provenance, Settings, Texts, Value, Window};
use clinical::Language;
use cohort::endpoints::Excluded;
use cohort::render::{Block, EstimateRow, Figure};
use cohort::reports::estimates::{Distribution, Interval, proportion};
use cohort::reports::grouping::{By, Group, Grouping};
use cohort::reports::parameters::ProportionInterval;
use cohort::reports::{Body, Head, Report, ReportKind};
use cohort::{Cohort, CohortDefinition, ReportError, Snapshot};
use serde::Serialize;
use std::collections::BTreeMap;

mod parameters;
mod tables;

pub use parameters::AdherenceParameters;
use parameters::choose;

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
    /// Why.
    pub reason: Reason,
    /// In words.
    pub text: &'static str,
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
    pub value: Value,
    /// The default.
    pub default: Value,
    /// What it is.
    pub note: Texts,
}

/// The result under another reading of the guideline.
#[derive(Debug, Clone, Serialize)]
pub struct Reading {
    /// The parameter.
    pub parameter: String,
    /// Its other value.
    pub value: Value,
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
    /// Class.
    pub class: Class,
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
    /// Days from the end of lymphodepletion to the infusion, where known.
    pub interval: Distribution,
    /// Subjects by interval.
    pub intervals: Vec<IntervalCount>,
    /// Other readings.
    pub readings: Vec<Reading>,
}

/// Makes the adherence report on a guideline.
///
/// # Errors
///
/// [`ReportError`] when a parameter is not accepted or the snapshot cannot be read.
pub fn run(
    guideline: &Guideline,
    snapshot: &Snapshot,
    definition: &CohortDefinition,
    parameters: &AdherenceParameters,
) -> Result<Report, ReportError> {
    let chosen = choose(guideline, parameters).map_err(ReportError::Parameters)?;
    let cohort = Cohort::select(snapshot, definition)?;
    let centers = Grouping::of(snapshot, &cohort, By::Center)?;
    let mut windows: Vec<(&Measure, Window)> = Vec::new();
    let mut alternatives: Vec<(usize, String, Value)> = Vec::new();
    for (place, (measure, settings)) in chosen.iter().enumerate() {
        windows.push((measure, measure.window(settings)));
        for (name, parameter) in &measure.parameters {
            let others = std::iter::once(&parameter.default).chain(&parameter.alternatives);
            let current = settings.get(name).unwrap_or(&parameter.default);
            for value in others.filter(|value| *value != current && !parameter.alternatives.is_empty()) {
                alternatives.push((place, name.clone(), value.clone()));
            }
        }
    }
    for (place, name, value) in &alternatives {
        if let Some((measure, settings)) = chosen.get(*place) {
            let mut other = settings.clone();
            other.insert(name.clone(), value.clone());
            windows.push((measure, measure.window(&other)));
        }
    }
    let mut verdicts = evaluate(snapshot, &cohort, &windows)?;
    let of_readings = verdicts.split_off(chosen.len());

    let level = parameters.conf_level;
    let mut measures = Vec::new();
    for (place, ((measure, settings), verdicts)) in chosen.iter().zip(&verdicts).enumerate() {
        let mut result = measure_result(measure, settings, verdicts, &centers, level);
        result.readings = alternatives
            .iter()
            .zip(&of_readings)
            .filter(|((of, _, _), _)| *of == place)
            .map(|((_, name, value), verdicts)| Reading {
                parameter: name.clone(),
                value: value.clone(),
                tally: Tally::of(verdicts.iter().map(|v| v.reason.state()), level),
            })
            .collect();
        measures.push(result);
    }
    let score = |class: Class| {
        let of_class = || chosen.iter().zip(&verdicts).filter(move |((m, _), _)| m.class == class);
        Score {
            class,
            measures: of_class().map(|((m, _), _)| m.id.clone()).collect(),
            tally: Tally::of(of_class().flat_map(|(_, v)| v).map(|v| v.reason.state()), level),
        }
    };
    let disease_not_recorded =
        cohort.subjects.column("disease").map_or(0, polars::prelude::Column::null_count);
    let result = AdherenceResult {
        guideline: GuidelineReference {
            id: guideline.id.clone(),
            rule_version: guideline.rule_version.clone(),
            title: guideline.title.clone(),
            sha256: guideline.sha256.clone(),
        },
        disease_not_recorded,
        headline: score(Class::N),
        secondary: score(Class::U),
        measures,
    };
    let used: BTreeMap<&str, &Settings> = chosen.iter().map(|(m, s)| (m.id.as_str(), s)).collect();
    let printed = serde_json::json!({
        "guideline": guideline.id,
        "rule_version": guideline.rule_version,
        "guideline_sha256": guideline.sha256,
        "measures": used,
        "conf_level": level,
    });
    let mut left_out = Vec::new();
    if disease_not_recorded > 0 {
        left_out.push(Excluded {
            reason: "no disease baseline is recorded, so no measure applies".to_owned(),
            n: disease_not_recorded,
        });
    }
    let head = Head::new(ReportKind::Adherence, snapshot, definition, &cohort, printed)
        .with_excluded(left_out)
        .with_notes(notes(&result));
    Ok(Report { head, body: Box::new(result) })
}

fn measure_result(
    measure: &Measure,
    settings: &Settings,
    verdicts: &[Verdict],
    centers: &Grouping,
    level: f64,
) -> MeasureResult {
    let mut of_center: Vec<Vec<State>> = vec![Vec::new(); centers.groups.len()];
    for verdict in verdicts {
        let place = centers.of_subject.get(verdict.subject).and_then(|place| of_center.get_mut(*place));
        if let Some(states) = place {
            states.push(verdict.reason.state());
        }
    }
    let by_center = centers.groups.iter().zip(of_center).filter(|(_, states)| !states.is_empty()).map(
        |(center, states)| CenterTally {
            center: center.clone(),
            tally: Tally::of(states.into_iter(), level),
        },
    );
    let mut reasons: BTreeMap<Reason, usize> = BTreeMap::new();
    for verdict in verdicts {
        *reasons.entry(verdict.reason).or_default() += 1;
    }
    let mut days: Vec<i32> = verdicts.iter().filter_map(|v| v.interval).collect();
    days.sort_unstable();
    let same = days
        .chunk_by(|a, b| a == b)
        .filter_map(|same| Some(IntervalCount { days: *same.first()?, n: same.len() }));
    let setting = |(name, value): (&String, &Value)| {
        let parameter = measure.parameters.get(name)?;
        Some(Setting {
            name: name.clone(),
            value: value.clone(),
            default: parameter.default.clone(),
            note: parameter.note.clone(),
        })
    };
    MeasureResult {
        id: measure.id.clone(),
        title: measure.title.clone(),
        text: measure.text.clone(),
        section: measure.section.clone(),
        level: measure.level,
        evidence: measure.evidence,
        class: measure.class,
        provenance: measure.provenance,
        remarks: measure.remarks.clone(),
        settings: settings.iter().filter_map(setting).collect(),
        overall: Tally::of(verdicts.iter().map(|v| v.reason.state()), level),
        by_center: by_center.collect(),
        reasons: reasons
            .into_iter()
            .map(|(reason, n)| ReasonCount { state: reason.state(), reason, text: reason.text(), n })
            .collect(),
        intervals: same.collect(),
        interval: Distribution::of_sorted(&days),
        readings: Vec::new(),
    }
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

fn notes(result: &AdherenceResult) -> Vec<String> {
    let mut notes = vec![
        format!("Measures of {}, rule version {}. One infusion is one unit.", result.guideline.title.en, result.guideline.rule_version),
        "The interval is the difference of calendar days between the last dose of the last course of lymphodepletion that ended on or before the day of infusion \
         and the infusion; infusion on the day after the last dose is an interval of 1."
            .to_owned(),
        "Rate = met / (met + not met), Wilson limits. A missing end of lymphodepletion is missing, never not met; the sensitivity shows the \
         rate as if every missing one were not met. An infusion without lymphodepletion (regimen NONE) is excluded. A regimen that is not recorded counts as \
         given. The window closes on the day of infusion, so no infusion is not due."
            .to_owned(),
        "Only class N (a printed level, or a normative word) enters the headline score; class U (no printed level) is secondary.".to_owned(),
    ];
    for measure in &result.measures {
        for setting in &measure.settings {
            let changed = if setting.value == setting.default { "" } else { " (not the default)" };
            notes.push(format!(
                "{}, {} = {}{changed}: {}",
                measure.id,
                setting.name,
                setting.value.text(),
                setting.note.en
            ));
        }
        if let Some(remarks) = &measure.remarks {
            notes.push(format!("{}: {}", measure.id, remarks.en));
        }
    }
    notes
}

impl Body for AdherenceResult {
    fn json(&self) -> Result<serde_json::Value, serde_json::Error> {
        serde_json::to_value(self)
    }

    fn estimates(&self) -> Vec<EstimateRow> {
        tables::rows(self)
    }

    fn blocks(&self, language: Language) -> Vec<Block> {
        tables::blocks(self, language)
    }

    fn figure(&self, _: Language) -> Option<Figure> {
        None
    }
}
