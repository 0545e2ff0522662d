//! Incidence: shares, rates of first events and of all events, by period after the origin and by calendar year.

use super::estimates::{Interval, poisson_rate, proportion};
use super::grouping::{By, Group, Grouping};
use super::head::Head;
use super::parameters::{IncidenceParameters, Outcome, ProportionInterval, Unit};
use super::survival::percent_text;
use super::{Body, Report, ReportKind};
use crate::definition::CohortDefinition;
use crate::endpoints::toxicity::{Course, Day, days};
use crate::endpoints::{Cause, Endpoint, Evaluation, Excluded, FollowUps, Verdict, library};
use crate::error::ReportError;
use crate::render::{Block, EstimateRow, Figure};
use crate::selection::Cohort;
use crate::snapshot::Snapshot;
use clinical::Language;
use serde::Serialize;
use serde_json::{Value, json};

mod observed;
mod tables;

pub use observed::Observed;

/// Days in a person-year.
pub const DAYS_PER_YEAR: f64 = 365.25;

/// The incidence report's result.
#[derive(Debug, Clone, Serialize)]
pub struct IncidenceResult {
    /// What is counted; null when an endpoint was asked for.
    pub outcome: Option<Outcome>,
    /// The endpoint, with its parameters; null for patient-days of toxicity.
    pub endpoint: Option<Value>,
    /// For people.
    pub title: crate::endpoints::source::Texts,
    /// Every event counts, not the first only.
    pub all_events: bool,
    /// What the groups are.
    pub by: By,
    /// Person-time of the rate: `person-years`, `person-months` or `patient-days`.
    pub unit: &'static str,
    /// The rate is per so much person-time.
    pub per: f64,
    /// One entry per group, then one of everybody when there are groups.
    pub groups: Vec<IncidenceGroup>,
    /// The same by period after the origin.
    pub periods: Vec<Stretch>,
    /// The same by calendar year.
    pub years: Vec<Stretch>,
}

/// One period after the origin, or one calendar year.
#[derive(Debug, Clone, Serialize)]
pub struct Stretch {
    /// First day of the period, or the year.
    pub from: i32,
    /// Last day of the period, inclusive; null without end; the year.
    pub to: Option<i32>,
    /// For people.
    pub label: String,
    /// One entry per group, then one of everybody when there are groups.
    pub groups: Vec<IncidenceGroup>,
}

/// The incidence of one group.
#[derive(Debug, Clone, Serialize)]
pub struct IncidenceGroup {
    /// The group.
    pub group: Group,
    /// Subjects under observation.
    pub n: usize,
    /// Events.
    pub events: usize,
    /// Subjects with an event.
    pub subjects_with_event: usize,
    /// Share of the subjects with an event, whatever their time under observation (Clopper-Pearson).
    pub crude: Interval,
    /// Days under observation.
    pub person_days: i64,
    /// Person-time in the unit of the rate.
    pub person_time: f64,
    /// Events per person-time; null without person-time.
    pub rate: Interval,
}

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
    let follow_ups = FollowUps::of_cohort(snapshot, &cohort)?;
    let mut left_out = follow_ups.excluded(&cohort);
    let endpoint = match (&parameters.endpoint, parameters.outcome) {
        (Some(asked), _) => Some(super::survival::endpoint(asked)?),
        (None, Outcome::Death) => Some(library()?.endpoint("os")?),
        (None, Outcome::Progression) => Some(library()?.endpoint("progression")?),
        (None, Outcome::Crs | Outcome::Icans) => None,
    };
    let (observed, rule) = match &endpoint {
        Some(endpoint) => {
            let evaluation = Evaluation::of(snapshot, &cohort, &follow_ups, endpoint.clone())?;
            left_out.extend(super::survival::of_endpoint(&evaluation, &follow_ups, &cohort));
            (of_endpoint(&cohort, &follow_ups, &evaluation, parameters.all_events), endpoint.rule.clone())
        }
        None => {
            let records = days(snapshot, &cohort, parameters.window_days)?;
            let observed = of_days(&cohort, &follow_ups, &records.days, parameters);
            let contradicted: usize = left_out.iter().map(|e| e.n).sum();
            let n = observed.iter().filter(|e| e.is_none()).count() - contradicted;
            if n > 0 {
                left_out.push(Excluded {
                    reason: format!("never assessed on days 0 to {}", parameters.window_days),
                    n,
                });
            }
            (observed, patient_days(parameters))
        }
    };
    let unit = if endpoint.is_some() { parameters.unit } else { Unit::PatientDays };
    let counting = Counting { grouping: &grouping, parameters, unit };
    let everybody = |o: &Observed| Some((o.person_days(0, None), o.events.clone()));
    let groups = counting.groups(&observed, everybody)?;
    let stretched = endpoint.is_some();
    let periods = parameters.periods.iter().filter(|_| stretched).map(|period| {
        let (from, to) = (period.from(), period.to());
        let label = to.map_or_else(|| format!("days {from}+"), |to| format!("days {from}-{to}"));
        let groups = counting.groups(&observed, |o| o.within(from, to))?;
        Ok(Stretch { from, to, label, groups })
    });
    let periods = periods.collect::<Result<_, ReportError>>()?;
    let years = if parameters.by_year && stretched {
        by_year(&cohort, &counting, &observed, snapshot)?
    } else {
        Vec::new()
    };
    let result = IncidenceResult {
        outcome: parameters.endpoint.is_none().then_some(parameters.outcome),
        title: endpoint.as_ref().map_or_else(
            || parameters.outcome.title(),
            |e| match parameters.endpoint {
                Some(_) => e.title.clone(),
                None => parameters.outcome.title(),
            },
        ),
        endpoint: endpoint.as_ref().map(Endpoint::json),
        all_events: parameters.all_events,
        by: parameters.by,
        unit: unit.name(),
        per: parameters.per,
        groups,
        periods,
        years,
    };
    let notes = notes(&result, parameters, rule, unit);
    let head =
        Head::new(ReportKind::Incidence, snapshot, definition, &cohort, serde_json::to_value(parameters)?)
            .with_excluded(left_out)
            .with_notes(notes);
    Ok(Report { head, body: Box::new(result) })
}

/// What every table of the report shares.
struct Counting<'a> {
    grouping: &'a Grouping,
    parameters: &'a IncidenceParameters,
    unit: Unit,
}

impl Counting<'_> {
    /// One entry per group, then one of everybody; `part` gives the days and events of a subject that count.
    fn groups(
        &self,
        observed: &[Option<Observed>],
        part: impl Fn(&Observed) -> Option<(i64, Vec<i32>)>,
    ) -> Result<Vec<IncidenceGroup>, ReportError> {
        let parts: Vec<Option<(i64, usize)>> = observed
            .iter()
            .map(|o| o.as_ref().and_then(&part).map(|(days, events)| (days, events.len())))
            .collect();
        let mut groups = self
            .grouping
            .split(&parts)
            .map(|(group, members)| self.group(group, &members))
            .collect::<Result<Vec<_>, _>>()?;
        if self.parameters.by != By::None {
            groups.push(self.group(&Group::everybody(), &parts.iter().collect::<Vec<_>>())?);
        }
        Ok(groups)
    }

    fn group(&self, group: &Group, members: &[&Option<(i64, usize)>]) -> Result<IncidenceGroup, ReportError> {
        let members: Vec<(i64, usize)> = members.iter().copied().flatten().copied().collect();
        let events: usize = members.iter().map(|(_, events)| events).sum();
        let with_event = members.iter().filter(|(_, events)| *events > 0).count();
        let person_days: i64 = members.iter().map(|(days, _)| days).sum();
        let person_time = person_days as f64 / self.unit.days();
        let level = self.parameters.conf_level;
        let rate = poisson_rate(events, person_time, self.parameters.per, level)
            .map_err(|source| ReportError::Statistics { what: format!("rate of {}", group.label), source })?;
        Ok(IncidenceGroup {
            group: group.clone(),
            n: members.len(),
            events,
            subjects_with_event: with_event,
            crude: proportion(with_event, members.len(), ProportionInterval::ClopperPearson, level),
            person_days,
            person_time,
            rate,
        })
    }
}

fn of_endpoint(
    cohort: &Cohort,
    follow_ups: &FollowUps,
    evaluation: &Evaluation,
    all_events: bool,
) -> Vec<Option<Observed>> {
    let rows = evaluation.verdicts.iter().zip(&follow_ups.seen).enumerate();
    rows.map(|(subject, (verdict, seen))| {
        let Verdict::Observed(outcome) = verdict else { return None };
        let (until, events) = if all_events {
            (outcome.until, evaluation.every_event(cohort, seen, subject))
        } else {
            (outcome.day, (outcome.cause == Cause::Event).then_some(outcome.day).into_iter().collect())
        };
        Some(Observed { origin: outcome.origin, days: i64::from(until), until, events })
    })
    .collect()
}

fn of_days(
    cohort: &Cohort,
    follow_ups: &FollowUps,
    days: &[Day],
    parameters: &IncidenceParameters,
) -> Vec<Option<Observed>> {
    let place = usize::from(parameters.outcome == Outcome::Icans);
    let mut courses = vec![Course::default(); cohort.len()];
    for own in days.chunk_by(|a, b| a.subject == b.subject) {
        let row = own.first().map_or(0, |day| day.subject as usize);
        if let Some(course) = courses.get_mut(row) {
            *course = Course::of(own, place, parameters.threshold);
        }
    }
    let rows = cohort.members.iter().zip(follow_ups.contradictions(cohort)).zip(courses);
    rows.map(|((member, contradiction), course)| {
        let observed = contradiction.is_none() && course.span.is_some();
        observed.then(|| Observed {
            origin: member.index,
            days: i64::from(course.days_at_risk()),
            until: course.span.map_or(0, |(_, last)| last),
            events: course.onset.map(|onset| onset.day).into_iter().collect(),
        })
    })
    .collect()
}

fn by_year(
    cohort: &Cohort,
    counting: &Counting<'_>,
    observed: &[Option<Observed>],
    snapshot: &Snapshot,
) -> Result<Vec<Stretch>, ReportError> {
    // Years mean nothing where dates count from a made-up anchor.
    let real = Grouping::of(snapshot, cohort, By::Year)?;
    let dated = real.of_subject.iter().map(|place| real.groups.get(*place).is_some_and(|g| g.code.is_some()));
    let observed: Vec<Option<Observed>> =
        observed.iter().zip(dated).map(|(o, dated)| o.clone().filter(|_| dated)).collect();
    let years = observed.iter().flatten().filter_map(Observed::years);
    let Some((first, last)) = years.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1))) else {
        return Ok(Vec::new());
    };
    let year = |year: i32| {
        let groups = counting.groups(&observed, |o| o.in_year(year))?;
        Ok(Stretch { from: year, to: Some(year), label: year.to_string(), groups })
    };
    (first..=last).map(year).collect()
}

fn patient_days(parameters: &IncidenceParameters) -> String {
    format!(
        "First assessed day with grade {} or more, days 0 to {}. Patient-days: assessed days from day 0 up to and including that day, or all \
         of them without it. A day without a grade or without a record is not assessed and is no patient-day: it is not a day \
         without toxicity.",
        parameters.threshold, parameters.window_days
    )
}

fn notes(
    result: &IncidenceResult,
    parameters: &IncidenceParameters,
    rule: String,
    unit: Unit,
) -> Vec<String> {
    let mut notes = vec![match unit {
        Unit::PersonYears if result.endpoint.is_some() => {
            format!("{rule} Person-time: those days, {DAYS_PER_YEAR} to a person-year.")
        }
        Unit::PersonMonths if result.endpoint.is_some() => {
            format!("{rule} Person-time: those days, {} to a person-month.", unit.days())
        }
        _ => rule,
    }];
    if parameters.all_events {
        notes.push(
            "Every event counts while a subject is observed: until death or another competing event, or the end of observation. \
             Subjects differ in their tendency to events, which the Poisson limits do not allow for."
                .to_owned(),
        );
    }
    notes.push(format!(
        "Rate: events per {} {}, with exact {} % Poisson limits (Garwood 1936), two-sided: without events the lower limit is 0 and \
         the upper one -ln(alpha/2) over the person-time. Crude: share of the subjects with an event, exact limits.",
        result.per,
        result.unit,
        percent_text(parameters.conf_level)
    ));
    if !result.periods.is_empty() {
        notes.push(
            "Periods: a subject enters a period when observed until its first day or longer; an event belongs to the period of its day; day 0 is in the first."
                .to_owned(),
        );
    }
    if !result.years.is_empty() {
        notes.push("Years: subjects whose dates count from a made-up anchor are left out.".to_owned());
    }
    for group in result.groups.iter().filter(|g| g.person_days == 0) {
        notes.push(format!("{}: no person-time, so there is no rate.", group.group.label));
    }
    notes
}

impl Outcome {
    /// The outcome in words.
    pub fn title(self) -> crate::endpoints::source::Texts {
        let (en, zh) = match self {
            Self::Death => ("death from any cause", "全因死亡"),
            Self::Progression => ("progression or relapse", "进展或复发"),
            Self::Crs => ("first CRS at or above the threshold", "首次达阈值CRS"),
            Self::Icans => ("first ICANS at or above the threshold", "首次达阈值ICANS"),
        };
        crate::endpoints::source::Texts { en: en.to_owned(), zh: zh.to_owned() }
    }
}

impl Body for IncidenceResult {
    fn json(&self) -> Result<Value, serde_json::Error> {
        Ok(json!(self))
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
