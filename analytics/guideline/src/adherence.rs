//! The adherence report: how often the guideline was followed, by measure and center.

use crate::evaluate::{cutoff, judge};
use crate::library::Library;
use chrono::NaiveDate;
use clinical::Language;
use cohort::endpoints::Excluded;
use cohort::render::{Block, EstimateRow, Figure};
use cohort::reports::grouping::{By, Grouping};
use cohort::reports::{Body, Head, Report, ReportKind};
use cohort::{Cohort, CohortDefinition, ReportError, Snapshot};
use measures::Guideline;
use measures::columnar::Judgements;
use measures::evaluate::{Settings, Verdict};
use measures::file::{Class, ParameterValue};
use measures::library::{Measure, Parameter};
use std::collections::BTreeMap;

mod model;
mod parameters;
mod results;
mod tables;

pub use model::{
    AdherenceResult, CenterTally, GuidelineReference, IntervalCount, MeasureResult, NotComputable, Reading,
    ReasonCount, Score, Setting, ShownResult, Tally,
};
use parameters::choose;
pub use parameters::{AdherenceParameters, SHARED};
use results::{measure_result, not_computable, notes};

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
