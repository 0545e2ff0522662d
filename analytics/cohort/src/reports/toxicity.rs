//! CRS and ICANS: cumulative incidence, grades, onset, unassessed days, and the drugs given.

use super::estimates::{
    CumulativeIncidence, CumulativeIncidenceAt, Distribution, Interval, aalen_johansen, proportion,
};
use super::grouping::{By, Group, Grouping};
use super::head::Head;
use super::parameters::ToxicityParameters;
use super::{Body, Report, ReportKind};
use crate::definition::CohortDefinition;
use crate::endpoints::toxicity::{Course, DRUGS, Day, Toxicity, days, time_to_toxicity};
use crate::endpoints::{Cause, FollowUps};
use crate::error::ReportError;
use crate::render::{Block, EstimateRow, Figure};
use crate::selection::Cohort;
use crate::snapshot::Snapshot;
use clinical::Language;
use serde::Serialize;
use serde_json::Value;

mod notes;
mod tables;

/// The toxicity report's result.
#[derive(Debug, Clone, Serialize)]
pub struct ToxicityResult {
    /// What the groups are.
    pub by: By,
    /// Last day counted.
    pub window_days: i32,
    /// Daily records dated before their infusion; not used.
    pub records_before_infusion: usize,
    /// Daily records after the window; not used.
    pub records_after_window: usize,
    /// One entry per group.
    pub groups: Vec<ToxicityGroup>,
}

/// One group.
#[derive(Debug, Clone, Serialize)]
pub struct ToxicityGroup {
    /// The group.
    pub group: Group,
    /// Subjects.
    pub n: usize,
    /// CRS, then ICANS.
    pub toxicities: Vec<ToxicityEstimate>,
    /// Drugs given within the window.
    pub drugs: Vec<DrugUse>,
}

/// One toxicity in one group.
#[derive(Debug, Clone, Serialize)]
pub struct ToxicityEstimate {
    /// Which.
    pub toxicity: Toxicity,
    /// Grade from which it is the event.
    pub threshold: i32,
    /// Subjects with at least one assessed day in the window: the denominator.
    pub evaluable: usize,
    /// Subjects without any.
    pub not_evaluable: usize,
    /// Assessed and unassessed days.
    pub person_days: PersonDays,
    /// Subjects by their highest assessed grade, 0 to 5.
    pub max_grade: Vec<GradeShare>,
    /// Subjects whose highest assessed grade is at least 1 to 5.
    pub at_least: Vec<GradeShare>,
    /// First assessed day with grade 1 or more.
    pub onset_any: OnsetDays,
    /// First assessed day at or above the threshold.
    pub onset_threshold: OnsetDays,
    /// Cumulative incidence of the threshold grade, death competing.
    pub incidence: ToxicityIncidence,
}

/// Days of a group, each counted once per subject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PersonDays {
    /// Days with a grade, by grade 0 to 5.
    pub by_grade: Vec<usize>,
    /// Days with a grade.
    pub assessed: usize,
    /// Days that have a record but no grade.
    pub recorded_without_grade: usize,
    /// Days between a subject's first and last record that have no record.
    pub without_record: usize,
    /// Days between a subject's first and last assessed day that were not assessed, for either reason.
    pub gaps: usize,
    /// Subjects with such a gap.
    pub subjects_with_gaps: usize,
}

/// Subjects at a grade.
#[derive(Debug, Clone, Serialize)]
pub struct GradeShare {
    /// The grade.
    pub grade: i32,
    /// Subjects.
    pub n: usize,
    /// Share of the evaluable subjects.
    pub share: Interval,
}

/// Days of onset.
#[derive(Debug, Clone, Serialize)]
pub struct OnsetDays {
    /// From which grade.
    pub from_grade: i32,
    /// Subjects with it.
    pub n: usize,
    /// Of them, those with unassessed days before it: their true onset may be earlier.
    pub with_unassessed_days_before: usize,
    /// Their unassessed days before it.
    pub unassessed_days_before: usize,
    /// Median, quartiles and range of the day.
    pub day: Distribution,
    /// Subjects by day.
    pub histogram: Vec<DayCount>,
}

/// Subjects on a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DayCount {
    /// The day.
    pub day: i32,
    /// Subjects.
    pub n: usize,
}

/// Cumulative incidence of a toxicity with death competing.
#[derive(Debug, Clone, Serialize)]
pub struct ToxicityIncidence {
    /// Subjects with the toxicity.
    pub events: usize,
    /// Subjects with the toxicity on day 0.
    pub events_on_day_0: usize,
    /// Subjects who died before it.
    pub competing_deaths: usize,
    /// Subjects observed to their last assessed day without either.
    pub censored: usize,
    /// Deaths within the window but too long after the last assessed day to be counted; those subjects are censored.
    pub deaths_after_assessment: usize,
    /// The curve: one row per day on which something happened.
    pub curve: CumulativeIncidence,
    /// Cumulative incidence on the days asked for; null beyond the last day on which anybody was observed.
    pub at: Vec<CumulativeIncidenceAt>,
}

/// Use of one drug.
#[derive(Debug, Clone, Serialize)]
pub struct DrugUse {
    /// The drug.
    pub drug: &'static str,
    /// Subjects with at least one day in the window on which it is recorded whether it was given: the denominator.
    pub recorded: usize,
    /// Subjects without any.
    pub not_recorded: usize,
    /// Subjects given it on at least one day.
    pub given: usize,
    /// Share of the subjects with a record.
    pub share: Interval,
    /// First day it was given.
    pub first_day: Distribution,
    /// Days on which it was given.
    pub days_given: usize,
}

/// One subject as the report uses it.
struct Subject<'a> {
    days: &'a [Day],
    death: Option<i32>,
}

/// Makes the toxicity report.
///
/// # Errors
///
/// [`ReportError`] when the snapshot cannot be read.
pub fn run(
    snapshot: &Snapshot,
    definition: &CohortDefinition,
    parameters: &ToxicityParameters,
) -> Result<Report, ReportError> {
    let cohort = Cohort::select(snapshot, definition)?;
    let grouping = Grouping::of(snapshot, &cohort, parameters.by)?;
    let follow_ups = FollowUps::of_cohort(snapshot, &cohort)?;
    let records = days(snapshot, &cohort, parameters.window_days)?;
    let subjects = subjects(&cohort, &follow_ups, &records.days);
    let groups = grouping
        .split(&subjects)
        .map(|(group, members)| {
            let members: Vec<&Subject> = members.into_iter().flatten().collect();
            toxicity_group(group, &members, parameters)
        })
        .collect::<Result<_, _>>()?;
    let result = ToxicityResult {
        by: parameters.by,
        window_days: parameters.window_days,
        records_before_infusion: records.before_infusion,
        records_after_window: records.after_window,
        groups,
    };
    let head =
        Head::new(ReportKind::Toxicity, snapshot, definition, &cohort, serde_json::to_value(parameters)?)
            .with_excluded(follow_ups.excluded(&cohort))
            .with_notes(notes::notes(&result, parameters));
    Ok(Report { head, body: Box::new(result) })
}

/// The days and the death of each subject, in the order of the cohort; `None` for one whose dates contradict each other.
fn subjects<'a>(cohort: &Cohort, follow_ups: &FollowUps, days: &'a [Day]) -> Vec<Option<Subject<'a>>> {
    let mut rest = days;
    cohort
        .members
        .iter()
        .zip(&follow_ups.seen)
        .zip(0_u32..)
        .map(|((member, seen), row)| {
            let own = rest.iter().take_while(|day| day.subject == row).count();
            let (days, later) = rest.split_at(own);
            rest = later;
            let death = seen.death_day().map(|day| day - member.index);
            seen.contradiction(member).is_none().then_some(Subject { days, death })
        })
        .collect()
}

fn toxicity_group(
    group: &Group,
    members: &[&Subject],
    parameters: &ToxicityParameters,
) -> Result<ToxicityGroup, ReportError> {
    let toxicities = Toxicity::ALL
        .iter()
        .enumerate()
        .map(|(place, &toxicity)| {
            estimate(toxicity, place, members, parameters).map_err(|source| ReportError::Statistics {
                what: format!("{} of {}", toxicity.name(), group.label),
                source,
            })
        })
        .collect::<Result<_, _>>()?;
    let drugs =
        DRUGS.iter().enumerate().map(|(place, drug)| drug_use(drug, place, members, parameters)).collect();
    Ok(ToxicityGroup { group: group.clone(), n: members.len(), toxicities, drugs })
}

fn estimate(
    toxicity: Toxicity,
    place: usize,
    members: &[&Subject],
    parameters: &ToxicityParameters,
) -> Result<ToxicityEstimate, survival::error::Error> {
    let threshold = match toxicity {
        Toxicity::Crs => parameters.crs_threshold,
        Toxicity::Icans => parameters.icans_threshold,
    };
    let courses: Vec<Course> = members.iter().map(|m| Course::of(m.days, place, threshold)).collect();
    let evaluable = courses.iter().filter(|c| c.span.is_some()).count();
    let share = |n: usize| proportion(n, evaluable, parameters.proportion_interval, parameters.conf_level);
    let grades = |holds: fn(i32, i32) -> bool, from: i32| {
        let of = |grade| courses.iter().filter(|c| c.max_grade.is_some_and(|max| holds(max, grade))).count();
        (from..=5).map(|grade| GradeShare { grade, n: of(grade), share: share(of(grade)) }).collect()
    };
    Ok(ToxicityEstimate {
        toxicity,
        threshold,
        evaluable,
        not_evaluable: members.len() - evaluable,
        person_days: person_days(place, members, &courses),
        max_grade: grades(|max, grade| max == grade, 0),
        at_least: grades(|max, grade| max >= grade, 1),
        onset_any: onset_days(1, courses.iter().filter_map(|c| c.onset_any)),
        onset_threshold: onset_days(threshold, courses.iter().filter_map(|c| c.onset)),
        incidence: incidence(members, &courses, parameters)?,
    })
}

fn person_days(place: usize, members: &[&Subject], courses: &[Course]) -> PersonDays {
    let mut by_grade = vec![0; 6];
    let (mut recorded_without_grade, mut without_record) = (0, 0);
    for member in members {
        for day in member.days {
            match day.grade.get(place).copied().flatten().and_then(|g| usize::try_from(g).ok()) {
                Some(grade) => {
                    if let Some(count) = by_grade.get_mut(grade) {
                        *count += 1;
                    }
                }
                None => recorded_without_grade += 1,
            }
        }
        if let (Some(first), Some(last)) = (member.days.first(), member.days.last()) {
            without_record +=
                usize::try_from(last.day - first.day + 1).unwrap_or(0).saturating_sub(member.days.len());
        }
    }
    let gaps = |c: &Course| usize::try_from(c.gaps()).unwrap_or(0);
    PersonDays {
        assessed: by_grade.iter().sum(),
        by_grade,
        recorded_without_grade,
        without_record,
        gaps: courses.iter().map(gaps).sum(),
        subjects_with_gaps: courses.iter().filter(|c| c.gaps() > 0).count(),
    }
}

fn onset_days(from_grade: i32, onsets: impl Iterator<Item = crate::endpoints::toxicity::Onset>) -> OnsetDays {
    let onsets: Vec<_> = onsets.collect();
    let mut days: Vec<i32> = onsets.iter().map(|o| o.day).collect();
    days.sort_unstable();
    let histogram =
        days.chunk_by(|a, b| a == b).filter_map(|same| Some(DayCount { day: *same.first()?, n: same.len() }));
    OnsetDays {
        from_grade,
        n: onsets.len(),
        with_unassessed_days_before: onsets.iter().filter(|o| o.unassessed_before > 0).count(),
        unassessed_days_before: onsets
            .iter()
            .map(|o| usize::try_from(o.unassessed_before).unwrap_or(0))
            .sum(),
        histogram: histogram.collect(),
        day: Distribution::of_sorted(&days),
    }
}

fn incidence(
    members: &[&Subject],
    courses: &[Course],
    parameters: &ToxicityParameters,
) -> Result<ToxicityIncidence, survival::error::Error> {
    let window = parameters.window_days;
    let mut deaths_after_assessment = 0;
    let mut observations = Vec::new();
    for (member, course) in members.iter().zip(courses) {
        if let Some((day, ending)) =
            time_to_toxicity(course, member.death, window, parameters.death_within_days)
        {
            let died = member.death.is_some_and(|death| death <= window);
            deaths_after_assessment += usize::from(ending == Cause::Censored && died);
            observations.push((day, ending));
        }
    }
    let count = |ending: Cause| observations.iter().filter(|(_, e)| *e == ending).count();
    let estimate = aalen_johansen(&observations, parameters.conf_level, &parameters.at, &[])?;
    Ok(ToxicityIncidence {
        events: count(Cause::Event),
        events_on_day_0: observations.iter().filter(|o| **o == (0, Cause::Event)).count(),
        competing_deaths: count(Cause::Competing),
        censored: count(Cause::Censored),
        deaths_after_assessment,
        curve: estimate.curve,
        at: estimate.at,
    })
}

fn drug_use(
    drug: &'static str,
    place: usize,
    members: &[&Subject],
    parameters: &ToxicityParameters,
) -> DrugUse {
    let given_on = |day: &Day| day.drug.get(place).copied().flatten();
    let recorded = members.iter().filter(|m| m.days.iter().any(|d| given_on(d).is_some())).count();
    let mut first: Vec<i32> = members
        .iter()
        .filter_map(|m| m.days.iter().find(|d| given_on(d) == Some(true)))
        .map(|d| d.day)
        .collect();
    first.sort_unstable();
    DrugUse {
        drug,
        recorded,
        not_recorded: members.len() - recorded,
        given: first.len(),
        share: proportion(first.len(), recorded, parameters.proportion_interval, parameters.conf_level),
        first_day: Distribution::of_sorted(&first),
        days_given: members.iter().flat_map(|m| m.days).filter(|d| given_on(d) == Some(true)).count(),
    }
}

impl Body for ToxicityResult {
    fn json(&self) -> Result<Value, serde_json::Error> {
        serde_json::to_value(self)
    }

    fn estimates(&self) -> Vec<EstimateRow> {
        self.groups.iter().flat_map(tables::rows).collect()
    }

    fn blocks(&self, language: Language) -> Vec<Block> {
        tables::blocks(self, language)
    }

    fn figure(&self, language: Language) -> Option<Figure> {
        Some(tables::figure(self, language))
    }
}
