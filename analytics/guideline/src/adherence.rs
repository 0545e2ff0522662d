//! The adherence report: how often the guideline was followed, by measure and center.

use crate::evaluate::{cutoff, judge};
use crate::library::Library;
use chrono::NaiveDate;
use clinical::Language;
use cohort::endpoints::Excluded;
use cohort::render::{Block, EstimateRow, Figure};
use cohort::reports::estimates::{Distribution, Interval, proportion};
use cohort::reports::grouping::{By, Group, Grouping};
use cohort::reports::parameters::ProportionInterval;
use cohort::reports::{Body, Head, Report, ReportKind};
use cohort::{Cohort, CohortDefinition, ReportError, Snapshot};
use measures::Guideline;
use measures::columnar::Judgements;
use measures::evaluate::{Settings, State, Verdict};
use measures::file::{Class, Evidence, Level, ParameterValue, Provenance, Texts};
use measures::library::{Measure, Parameter};
use serde::Serialize;
use std::collections::BTreeMap;

mod parameters;
mod results;
mod tables;

use parameters::choose;
pub use parameters::{AdherenceParameters, SHARED};
use results::{measure_result, not_computable, notes};

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

/// Makes the adherence report. Each infusion is judged by the guideline asked for, else by the version in force on its day.
///
/// # Errors
///
/// [`ReportError`] when a parameter is not accepted or the snapshot cannot be read.
pub fn run(
    library: &Library,
    snapshot: &Snapshot,
    definition: &CohortDefinition,
    parameters: &AdherenceParameters,
) -> Result<Report, ReportError> {
    let guidelines: Vec<&Guideline> = match &parameters.guideline {
        Some(id) => vec![library.get(id).map_err(|error| crate::reports::unknown(id, &error))?],
        None => library.guidelines().iter().collect(),
    };
    let cohort = Cohort::select(snapshot, definition)?;
    let version = versions(library, &guidelines, snapshot, &cohort)?;
    let cutoff = parameters.cutoff.unwrap_or_else(|| cutoff(snapshot));
    let mut results = Vec::new();
    let mut used = Vec::new();
    for (number, guideline) in guidelines.iter().enumerate() {
        let (chosen, settings) =
            choose(guideline, &guidelines, parameters).map_err(ReportError::Parameters)?;
        let subjects: Vec<usize> = (0..cohort.len()).filter(|s| version.get(*s) == Some(&number)).collect();
        // A version that judges nobody is left out, unless it is the newest: an empty cohort still has its measures.
        if subjects.is_empty() && number + 1 < guidelines.len() {
            continue;
        }
        let of = Of {
            guideline,
            chosen: &chosen,
            settings: &settings,
            subjects: &subjects,
            cutoff,
            level: parameters.conf_level,
        };
        results.push(of.result(snapshot, &cohort)?);
        used.push(of.printed());
    }
    let Some(mut result) = results.pop() else {
        return Err(crate::reports::unknown("", &measures::LoadError::Faults(Vec::new())));
    };
    result.earlier_versions = results;
    let mut printed = used.pop().unwrap_or_default();
    if let Some(map) = printed.as_object_mut() {
        map.insert("cutoff".to_owned(), serde_json::json!(cutoff));
        map.insert("conf_level".to_owned(), serde_json::json!(parameters.conf_level));
        if !used.is_empty() {
            map.insert("earlier_versions".to_owned(), serde_json::Value::Array(used));
        }
    }
    let without_disease = result.disease_not_recorded
        + result.earlier_versions.iter().map(|r| r.disease_not_recorded).sum::<usize>();
    let mut left_out = Vec::new();
    if without_disease > 0 {
        left_out.push(Excluded {
            reason: "no disease baseline is recorded, so no measure of one disease applies".to_owned(),
            n: without_disease,
        });
    }
    let head = Head::new(ReportKind::Adherence, snapshot, definition, &cohort, printed)
        .with_excluded(left_out)
        .with_notes(notes(&result, cutoff));
    Ok(Report { head, body: Box::new(result) })
}

/// For each infusion the place of the guideline that judges it.
fn versions(
    library: &Library,
    guidelines: &[&Guideline],
    snapshot: &Snapshot,
    cohort: &Cohort,
) -> Result<Vec<usize>, ReportError> {
    if guidelines.len() < 2 {
        return Ok(vec![0; cohort.len()]);
    }
    let days = cohort::columns::integers(&cohort.subjects, "day_0")?;
    let calendar = crate::dossier::calendar_dates(snapshot, cohort)?;
    let place = |(day, calendar): (Option<i32>, bool)| {
        let day = day.filter(|_| calendar).and_then(measures::known::date_of);
        library.in_force(day).unwrap_or(0)
    };
    Ok(days.into_iter().zip(calendar).map(place).collect())
}

/// One guideline and the infusions it judges.
struct Of<'a> {
    guideline: &'a Guideline,
    chosen: &'a [usize],
    settings: &'a Settings,
    subjects: &'a [usize],
    cutoff: NaiveDate,
    level: f64,
}

/// A measure under another reading: the run, the parameter, its value.
struct Alternative {
    measure: usize,
    parameter: usize,
    value: ParameterValue,
    settings: Settings,
}

impl Of<'_> {
    fn alternatives(&self) -> Vec<Alternative> {
        let mut list = Vec::new();
        for number in self.chosen {
            let Some(measure) = self.guideline.measures.get(*number).filter(|m| m.rule.is_some()) else {
                continue;
            };
            for parameter in &measure.parameters {
                let Some(of) =
                    self.guideline.parameters.get(*parameter).filter(|p| !p.alternatives.is_empty())
                else {
                    continue;
                };
                let current = self.settings.value(*parameter);
                for value in
                    std::iter::once(&of.default).chain(&of.alternatives).filter(|v| Some(*v) != current)
                {
                    let mut settings = self.settings.clone();
                    if settings.set(self.guideline, *parameter, value.clone()).is_ok() {
                        list.push(Alternative {
                            measure: *number,
                            parameter: *parameter,
                            value: value.clone(),
                            settings,
                        });
                    }
                }
            }
        }
        list
    }

    fn result(&self, snapshot: &Snapshot, cohort: &Cohort) -> Result<AdherenceResult, ReportError> {
        let centers = Grouping::of(snapshot, cohort, By::Center)?;
        let alternatives = self.alternatives();
        let computed =
            |number: &&usize| self.guideline.measures.get(**number).is_some_and(|m| m.rule.is_some());
        let own: Vec<usize> = self.chosen.iter().filter(computed).copied().collect();
        let mut runs: Vec<(usize, &Settings)> = own.iter().map(|number| (*number, self.settings)).collect();
        runs.extend(alternatives.iter().map(|a| (a.measure, &a.settings)));
        let judged = judge(snapshot, cohort, self.guideline, &runs, self.cutoff)?;
        let mut measures = Vec::new();
        let (mut headline, mut secondary) = (Counts::default(), Counts::default());
        let (mut of_n, mut of_u) = (Vec::new(), Vec::new());
        for (place, number) in own.iter().enumerate() {
            let Some(measure) = self.guideline.measures.get(*number) else { continue };
            let mut result = measure_result(self, measure, &judged, place, &centers);
            for (at, alternative) in alternatives.iter().enumerate().filter(|(_, a)| a.measure == *number) {
                let verdicts = self.verdicts(&judged, own.len() + at);
                let parameter = self.guideline.parameters.get(alternative.parameter);
                result.readings.push(Reading {
                    parameter: parameter.map_or_else(String::new, |p| p.name.clone()),
                    value: alternative.value.clone(),
                    tally: Tally::of(verdicts.map(|(_, v)| v.state()), self.level),
                });
            }
            let score = match measure.class {
                Class::N => Some((&mut headline, &mut of_n)),
                Class::U => Some((&mut secondary, &mut of_u)),
                Class::D | Class::R | Class::X => None,
            };
            if let Some((counts, ids)) = score {
                counts.add(&result.overall);
                ids.push(measure.id.clone());
            }
            measures.push(result);
        }
        let diseases = cohort::columns::texts(&cohort.subjects, "disease")?;
        let none = |s: &&usize| diseases.get(**s).is_none_or(Option::is_none);
        Ok(AdherenceResult {
            guideline: GuidelineReference {
                id: self.guideline.id.clone(),
                rule_version: self.guideline.rule_version.clone(),
                title: self.guideline.title.clone(),
                sha256: self.guideline.sha256.clone(),
            },
            disease_not_recorded: self.subjects.iter().filter(none).count(),
            headline: Score { class: Class::N, measures: of_n, tally: headline.tally(self.level) },
            secondary: Score { class: Class::U, measures: of_u, tally: secondary.tally(self.level) },
            measures,
            not_computable: not_computable(self),
            earlier_versions: Vec::new(),
        })
    }

    /// The verdicts of a run on the infusions of this guideline.
    fn verdicts<'j>(
        &'j self,
        judged: &'j Judgements,
        place: usize,
    ) -> impl Iterator<Item = (usize, Verdict)> + 'j {
        self.subjects.iter().filter_map(move |s| Some((*s, judged.verdict(place, *s)?)))
    }

    /// The parameters a measure uses.
    fn parameters_of<'m>(&'m self, measure: &'m Measure) -> impl Iterator<Item = (usize, &'m Parameter)> {
        measure.parameters.iter().filter_map(|i| Some((*i, self.guideline.parameters.get(*i)?)))
    }

    /// The guideline and every parameter of the run, for the head of the report.
    fn printed(&self) -> serde_json::Value {
        let mut used: BTreeMap<&str, BTreeMap<&str, &ParameterValue>> = BTreeMap::new();
        for measure in self.chosen.iter().filter_map(|i| self.guideline.measures.get(*i)) {
            let of_measure = used.entry(measure.id.as_str()).or_default();
            for (index, parameter) in self.parameters_of(measure) {
                of_measure.extend(self.settings.value(index).map(|value| (parameter.name.as_str(), value)));
            }
        }
        serde_json::json!({
            "guideline": self.guideline.id,
            "rule_version": self.guideline.rule_version,
            "guideline_sha256": self.guideline.sha256,
            "measures": used,
        })
    }
}

/// Tallies of several measures added up.
#[derive(Default)]
struct Counts([usize; 5]);

impl Counts {
    fn add(&mut self, tally: &Tally) {
        let more = [tally.met, tally.not_met, tally.not_due, tally.excluded, tally.missing];
        for (sum, more) in self.0.iter_mut().zip(more) {
            *sum += more;
        }
    }

    fn tally(&self, level: f64) -> Tally {
        Tally::of_counts(self.0, level)
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
        Self::of_counts([met, not_met, not_due, excluded, missing], level)
    }

    fn of_counts([met, not_met, not_due, excluded, missing]: [usize; 5], level: f64) -> Self {
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
