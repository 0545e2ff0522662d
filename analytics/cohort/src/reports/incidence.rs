//! One incidence rate with its exact interval.

use super::estimates::{Interval, poisson_rate};
use super::grouping::{By, Group, Grouping};
use super::head::Head;
use super::parameters::{IncidenceParameters, Outcome};
use super::survival::percent_text;
use super::{Body, Report, ReportKind};
use crate::definition::CohortDefinition;
use crate::endpoints::Excluded;
use crate::endpoints::survival::{Dates, RULES_OS, RULES_PROGRESSION, dates, excluded};
use crate::endpoints::toxicity::{Course, Day, days};
use crate::error::ReportError;
use crate::render::{Block, EstimateRow, Figure, Table, say};
use crate::selection::Cohort;
use crate::snapshot::Snapshot;
use clinical::Language;
use serde::Serialize;
use serde_json::Value;

/// Days in a person-year.
pub const DAYS_PER_YEAR: f64 = 365.25;

/// The incidence report's result.
#[derive(Debug, Clone, Serialize)]
pub struct IncidenceResult {
    /// What is counted.
    pub outcome: Outcome,
    /// What the groups are.
    pub by: By,
    /// Person-time of the rate: `person-years` or `patient-days`.
    pub unit: &'static str,
    /// The rate is per so much person-time.
    pub per: f64,
    /// One entry per group, then one of everybody when there are groups.
    pub groups: Vec<IncidenceGroup>,
}

/// The rate of one group.
#[derive(Debug, Clone, Serialize)]
pub struct IncidenceGroup {
    /// The group.
    pub group: Group,
    /// Subjects under observation.
    pub n: usize,
    /// Events.
    pub events: usize,
    /// Days under observation.
    pub person_days: i64,
    /// Person-time in the unit of the rate.
    pub person_time: f64,
    /// Events per person-time; null without person-time.
    pub rate: Interval,
}

/// Days under observation, and whether the event ended them; `None` for a subject that was not observed.
type Exposure = Option<(i64, bool)>;

/// Makes the incidence report.
///
/// # Errors
///
/// [`ReportError`] when the snapshot cannot be read.
pub fn run(
    snapshot: &Snapshot,
    definition: &CohortDefinition,
    parameters: &IncidenceParameters,
) -> Result<Report, ReportError> {
    let cohort = Cohort::select(snapshot, definition)?;
    let grouping = Grouping::of(snapshot, &cohort, parameters.by)?;
    let subjects = dates(snapshot, &cohort)?;
    let mut left_out = excluded(&subjects);
    let exposures = match parameters.outcome {
        Outcome::Death => from_dates(&subjects, Dates::overall),
        Outcome::Progression => from_dates(&subjects, Dates::progression),
        Outcome::Crs | Outcome::Icans => {
            let records = days(snapshot, &cohort, parameters.window_days)?;
            let exposures = from_days(&subjects, &records.days, parameters);
            let contradicted: usize = left_out.iter().map(|e| e.n).sum();
            let not_evaluable = exposures.iter().filter(|e| e.is_none()).count() - contradicted;
            if not_evaluable > 0 {
                let reason = format!("never assessed on days 0 to {}", parameters.window_days);
                left_out.push(Excluded { reason, n: not_evaluable });
            }
            exposures
        }
    };
    let (unit, days_per_unit) = match parameters.outcome {
        Outcome::Death | Outcome::Progression => ("person-years", DAYS_PER_YEAR),
        Outcome::Crs | Outcome::Icans => ("patient-days", 1.0),
    };
    let rate = |group: &Group, members: Vec<&Exposure>| {
        let observed: Vec<(i64, bool)> = members.into_iter().copied().flatten().collect();
        let events = observed.iter().filter(|(_, event)| *event).count();
        let person_days: i64 = observed.iter().map(|(days, _)| days).sum();
        let person_time = person_days as f64 / days_per_unit;
        let rate = poisson_rate(events, person_time, PER, parameters.conf_level)
            .map_err(|source| ReportError::Statistics { what: format!("rate of {}", group.label), source })?;
        Ok::<_, ReportError>(IncidenceGroup {
            group: group.clone(),
            n: observed.len(),
            events,
            person_days,
            person_time,
            rate,
        })
    };
    let mut groups =
        grouping.split(&exposures).map(|(g, members)| rate(g, members)).collect::<Result<Vec<_>, _>>()?;
    if parameters.by != By::None {
        groups.push(rate(&Group::everybody(), exposures.iter().collect())?);
    }
    let result = IncidenceResult { outcome: parameters.outcome, by: parameters.by, unit, per: PER, groups };
    let head =
        Head::new(ReportKind::Incidence, snapshot, definition, &cohort, serde_json::to_value(parameters)?)
            .with_excluded(left_out)
            .with_notes(notes(&result, parameters));
    Ok(Report { head, body: Box::new(result) })
}

const PER: f64 = 100.0;

fn from_dates(
    subjects: &[Dates],
    read: fn(&Dates) -> crate::endpoints::survival::Observation,
) -> Vec<Exposure> {
    subjects
        .iter()
        .map(|s| {
            let observation = s.contradiction().is_none().then(|| read(s))?;
            Some((i64::from(observation.day), observation.event))
        })
        .collect()
}

fn from_days(subjects: &[Dates], days: &[Day], parameters: &IncidenceParameters) -> Vec<Exposure> {
    let place = usize::from(parameters.outcome == Outcome::Icans);
    let mut courses = vec![Course::default(); subjects.len()];
    for own in days.chunk_by(|a, b| a.subject == b.subject) {
        let row = own.first().map_or(0, |day| day.subject as usize);
        if let Some(course) = courses.get_mut(row) {
            *course = Course::of(own, place, parameters.threshold);
        }
    }
    subjects
        .iter()
        .zip(courses)
        .map(|(s, course)| {
            let observed = s.contradiction().is_none() && course.span.is_some();
            observed.then(|| (i64::from(course.days_at_risk()), course.onset.is_some()))
        })
        .collect()
}

fn notes(result: &IncidenceResult, parameters: &IncidenceParameters) -> Vec<String> {
    let rule = match parameters.outcome {
        Outcome::Death => format!("{RULES_OS} Person-time: those days, {DAYS_PER_YEAR} to a person-year."),
        Outcome::Progression => {
            format!("{RULES_PROGRESSION} Person-time: those days, {DAYS_PER_YEAR} to a person-year.")
        }
        Outcome::Crs | Outcome::Icans => format!(
            "First assessed day with grade {} or more, days 0 to {}. Patient-days: assessed days from day 0 up to and including that day, or all \
             of them without it. A day without a grade or without a record is not assessed and is no patient-day: it is not a day \
             without toxicity.",
            parameters.threshold, parameters.window_days
        ),
    };
    let mut notes = vec![
        rule,
        format!(
            "Rate: events per {} {}, with exact {} % Poisson limits (Garwood 1936), two-sided: without events the lower limit is 0 and \
             the upper one -ln(alpha/2) over the person-time.",
            result.per,
            result.unit,
            percent_text(parameters.conf_level)
        ),
    ];
    for group in result.groups.iter().filter(|g| g.person_days == 0) {
        notes.push(format!("{}: no person-time, so there is no rate.", group.group.label));
    }
    notes
}

impl Outcome {
    /// The outcome in words.
    pub fn title(self, language: Language) -> &'static str {
        match self {
            Self::Death => say(language, "death from any cause", "全因死亡"),
            Self::Progression => say(language, "progression or relapse", "进展或复发"),
            Self::Crs => say(language, "first CRS at or above the threshold", "首次达阈值CRS"),
            Self::Icans => say(language, "first ICANS at or above the threshold", "首次达阈值ICANS"),
        }
    }
}

impl Body for IncidenceResult {
    fn json(&self) -> Result<Value, serde_json::Error> {
        serde_json::to_value(self)
    }

    fn estimates(&self) -> Vec<EstimateRow> {
        let mut rows = Vec::new();
        for group in &self.groups {
            let row = |statistic: &'static str, unit: &'static str| {
                EstimateRow::new(self.outcome.title(Language::En), &group.group.label, statistic, unit)
                    .counts(group.n, group.events)
            };
            let unit =
                if self.unit == "person-years" { "per 100 person-years" } else { "per 100 patient-days" };
            rows.push(row("rate", unit).interval(group.rate));
            rows.push(row("person_time", self.unit).value(group.person_time));
        }
        rows
    }

    fn blocks(&self, language: Language) -> Vec<Block> {
        let unit = match self.outcome {
            Outcome::Death | Outcome::Progression => say(language, "person-years", "人年"),
            Outcome::Crs | Outcome::Icans => say(language, "patient-days", "人日"),
        };
        let columns = vec![
            say(language, "group", "组").to_owned(),
            "n".to_owned(),
            say(language, "events", "事件").to_owned(),
            unit.to_owned(),
            match language {
                Language::En => format!("per {} {unit} (CI)", self.per),
                Language::Zh => format!("每{}{unit} (CI)", self.per),
            },
        ];
        let mut table = Table::new(self.outcome.title(language), columns);
        for group in &self.groups {
            table.push(vec![
                group.group.label.clone(),
                group.n.to_string(),
                group.events.to_string(),
                format!("{:.1}", group.person_time),
                group.rate.text(|v| format!("{v:.2}")),
            ]);
        }
        vec![Block::Table(table)]
    }

    fn figure(&self, _: Language) -> Option<Figure> {
        None
    }
}
