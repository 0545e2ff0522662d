//! Daily toxicity after an infusion: grades, onset, and the days on which nothing was assessed.
//!
//! A day without a grade, whether its record says why or there is no record at all, is not assessed. It is never read as a
//! day without toxicity.

use super::outcome::Cause;
use crate::columns::{epoch_day, flags, indices, integers};
use crate::error::ReportError;
use crate::selection::Cohort;
use crate::snapshot::Snapshot;
use clinical::form::Form;
use clinical::forms::daily_toxicity::DailyToxicity;
use polars::prelude::*;
use serde::{Deserialize, Serialize};

/// A graded toxicity of the daily form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Toxicity {
    /// Cytokine release syndrome.
    Crs,
    /// Immune effector cell-associated neurotoxicity syndrome.
    Icans,
}

impl Toxicity {
    /// Both, in the order of the form.
    pub const ALL: [Self; 2] = [Self::Crs, Self::Icans];

    /// The field that holds its grade.
    pub fn field(self) -> &'static str {
        match self {
            Self::Crs => "crs_grade",
            Self::Icans => "icans_grade",
        }
    }

    /// Its abbreviation.
    pub fn name(self) -> &'static str {
        match self {
            Self::Crs => "CRS",
            Self::Icans => "ICANS",
        }
    }
}

/// The drugs of the daily form.
pub const DRUGS: [&str; 4] = ["tocilizumab", "siltuximab", "steroids", "anakinra"];

/// One recorded day of one subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day {
    /// Row of the subject in the cohort.
    pub subject: u32,
    /// Day from infusion, day 0 the day of infusion.
    pub day: i32,
    /// CRS and ICANS grade, `None` when not assessed.
    pub grade: [Option<i32>; 2],
    /// Whether each of [`DRUGS`] was given, `None` when not recorded.
    pub drug: [Option<bool>; 4],
}

/// The recorded days of a cohort from day 0 to the end of the window, by subject and day.
#[derive(Debug, Clone, Default)]
pub struct Days {
    /// Sorted by subject, then day.
    pub days: Vec<Day>,
    /// Records dated before the infusion they belong to.
    pub before_infusion: usize,
    /// Records after the window.
    pub after_window: usize,
}

/// Reads the daily records of a cohort.
///
/// # Errors
///
/// [`ReportError`] when the form cannot be read.
pub fn days(snapshot: &Snapshot, cohort: &Cohort, window: i32) -> Result<Days, ReportError> {
    let mut columns = vec![col("subject"), (epoch_day("assessment_date") - col("day_0")).alias("day")];
    columns.extend(Toxicity::ALL.map(|t| col(t.field())));
    columns.extend(DRUGS.map(col));
    let all = cohort.of_infusion(snapshot.scan(DailyToxicity::DESCRIPTOR)?).select(columns);
    let outside = all
        .clone()
        .select([
            col("day").lt(lit(0)).sum().cast(DataType::UInt32).alias("before"),
            col("day").gt(lit(window)).sum().cast(DataType::UInt32).alias("after"),
        ])
        .collect()
        .map_err(ReportError::engine("counting daily records outside the window"))?;
    let frame = all
        .filter(col("day").gt_eq(lit(0)).and(col("day").lt_eq(lit(window))))
        .sort(["subject", "day"], SortMultipleOptions::default())
        .collect()
        .map_err(ReportError::engine("gathering daily toxicity"))?;

    let [crs, icans] = Toxicity::ALL.map(|t| integers(&frame, t.field()));
    let [toci, siltux, steroids, anakinra] = DRUGS.map(|drug| flags(&frame, drug));
    let (crs, icans) = (crs?, icans?);
    let (toci, siltux, steroids, anakinra) = (toci?, siltux?, steroids?, anakinra?);
    let grades = crs.into_iter().zip(icans);
    let drugs = toci.into_iter().zip(siltux).zip(steroids).zip(anakinra);
    let days = indices(&frame, "subject")?
        .into_iter()
        .zip(integers(&frame, "day")?)
        .zip(grades)
        .zip(drugs)
        .map(|(((subject, day), (crs, icans)), (((toci, siltux), steroids), anakinra))| Day {
            subject,
            day: day.unwrap_or_default(),
            grade: [crs, icans],
            drug: [toci, siltux, steroids, anakinra],
        })
        .collect();
    let count =
        |name: &str| Ok::<_, ReportError>(indices(&outside, name)?.first().map_or(0, |n| *n as usize));
    Ok(Days { days, before_infusion: count("before")?, after_window: count("after")? })
}

/// The first assessed day at or above a grade.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Onset {
    /// Day from infusion.
    pub day: i32,
    /// Days before it, from day 0, on which the toxicity was not assessed: the true onset may be one of them.
    pub unassessed_before: i32,
}

/// The course of one toxicity in one subject within the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Course {
    /// Days with a grade.
    pub assessed: i32,
    /// First and last day with a grade.
    pub span: Option<(i32, i32)>,
    /// Highest grade of the assessed days.
    pub max_grade: Option<i32>,
    /// First day with grade 1 or more.
    pub onset_any: Option<Onset>,
    /// First day at or above the threshold.
    pub onset: Option<Onset>,
}

impl Course {
    /// Reads the course from the days of one subject in order; `toxicity` is the position in [`Day::grade`].
    pub fn of(days: &[Day], toxicity: usize, threshold: i32) -> Self {
        let mut course = Self::default();
        for day in days {
            let Some(grade) = day.grade.get(toxicity).copied().flatten() else { continue };
            let onset = Onset { day: day.day, unassessed_before: day.day - course.assessed };
            if grade >= 1 {
                course.onset_any.get_or_insert(onset);
            }
            if grade >= threshold {
                course.onset.get_or_insert(onset);
            }
            course.assessed += 1;
            course.span = Some((course.span.map_or(day.day, |(first, _)| first), day.day));
            course.max_grade = course.max_grade.max(Some(grade));
        }
        course
    }

    /// Assessed days up to and including the first event, all of them without one: the exposure of a first-event rate.
    pub fn days_at_risk(&self) -> i32 {
        self.onset.map_or(self.assessed, |onset| onset.day - onset.unassessed_before + 1)
    }

    /// Days between the first and the last assessed day that were not assessed.
    pub fn gaps(&self) -> i32 {
        self.span.map_or(0, |(first, last)| last - first + 1 - self.assessed)
    }
}

/// Time to the toxicity, with death competing; `None` for a subject never assessed.
///
/// `death` is the day of death. A subject without the event is observed until the last assessed day; a death counts when
/// it falls within the window and no more than `death_within` days after that. Without the second condition the subjects
/// who die would stay at risk after assessment ends and all others leave, which overstates the risk of death without limit.
pub fn time_to_toxicity(
    course: &Course,
    death: Option<i32>,
    window: i32,
    death_within: i32,
) -> Option<(i32, Cause)> {
    let (_, last) = course.span?;
    if let Some(onset) = course.onset {
        return Some((onset.day, Cause::Event));
    }
    match death {
        Some(day) if day <= window && day <= last.saturating_add(death_within) => {
            Some((day, Cause::Competing))
        }
        _ => Some((last, Cause::Censored)),
    }
}
