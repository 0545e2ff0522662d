//! Evaluates measures over a snapshot: one state per infusion and measure, with the reason.

use crate::measure::{Measure, Window};
use clinical::form::Form;
use clinical::forms::lymphodepletion::{Lymphodepletion, Regimen};
use cohort::columns::{epoch_day, integers};
use cohort::{Cohort, ReportError, Snapshot};
use polars::prelude::*;
use serde::Serialize;

/// What a measure says of one infusion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// The numerator holds.
    Met,
    /// It does not.
    NotMet,
    /// The window has not closed yet.
    NotDue,
    /// The measure does not apply.
    Excluded,
    /// The records do not say. Never counted as not met.
    Missing,
}

/// Why an infusion is in its state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The interval lies within the bounds.
    WithinWindow,
    /// A repeated course was given, which is read as meeting the measure.
    RepeatedCourse,
    /// The interval is below the least.
    TooEarly,
    /// The interval is above the greatest.
    TooLate,
    /// Lymphodepletion was recorded as not given.
    NoLymphodepletion,
    /// There is no record of lymphodepletion.
    NoRecord,
    /// The end of the last course is not recorded.
    EndNotRecorded,
    /// Every recorded course begins or ends after the infusion.
    AfterInfusion,
}

impl Reason {
    const ALL: [Self; 8] = [
        Self::WithinWindow,
        Self::RepeatedCourse,
        Self::TooEarly,
        Self::TooLate,
        Self::NoLymphodepletion,
        Self::NoRecord,
        Self::EndNotRecorded,
        Self::AfterInfusion,
    ];

    /// The state it leads to.
    pub fn state(self) -> State {
        match self {
            Self::WithinWindow | Self::RepeatedCourse => State::Met,
            Self::TooEarly | Self::TooLate => State::NotMet,
            Self::NoLymphodepletion => State::Excluded,
            Self::NoRecord | Self::EndNotRecorded | Self::AfterInfusion => State::Missing,
        }
    }

    /// The reason in words.
    pub fn text(self) -> &'static str {
        match self {
            Self::WithinWindow => "the interval lies within the window",
            Self::RepeatedCourse => "lymphodepletion was repeated",
            Self::TooEarly => "the infusion came too early",
            Self::TooLate => "the infusion came too late",
            Self::NoLymphodepletion => "no lymphodepletion was given",
            Self::NoRecord => "there is no record of lymphodepletion",
            Self::EndNotRecorded => "the end of the last course is not recorded",
            Self::AfterInfusion => "every recorded course begins or ends after the infusion",
        }
    }

    fn code(self) -> i32 {
        self as i32
    }

    fn of_code(code: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|r| r.code() == code)
    }
}

/// What a measure says of one subject of its population.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// Row of the subject in the cohort.
    pub subject: usize,
    /// Why; the state follows.
    pub reason: Reason,
    /// Days from the end of the last course to the infusion, where known.
    pub interval: Option<i32>,
}

/// Evaluates measures, each with its window, over a cohort: one pass over the records for all of them. The verdicts of each measure are
/// in the order of the cohort.
///
/// The last course before the infusion is the one with the latest end on or before day 0. Its end is not recorded when a course with a higher number
/// that began on or before day 0, or on an unknown day, has no end.
///
/// # Errors
///
/// [`ReportError`] when the snapshot cannot be read.
pub fn evaluate(
    snapshot: &Snapshot,
    cohort: &Cohort,
    measures: &[(&Measure, Window)],
) -> Result<Vec<Vec<Verdict>>, ReportError> {
    let courses = courses(snapshot, cohort)?;
    let mut columns = vec![col("interval")];
    for (i, (measure, window)) in measures.iter().enumerate() {
        let in_population = col("disease").eq(lit(measure.population.disease.as_str())).fill_null(lit(false));
        columns
            .push(when(in_population).then(reason(window)).otherwise(lit(NULL)).alias(format!("reason_{i}")));
    }
    let frame = courses
        .sort(["subject"], SortMultipleOptions::default())
        .select(columns)
        .collect()
        .map_err(|source| ReportError::Engine { what: "evaluating measures", source })?;
    let intervals = integers(&frame, "interval")?;
    (0..measures.len())
        .map(|i| {
            let reasons = integers(&frame, &format!("reason_{i}"))?;
            let verdicts =
                reasons.into_iter().zip(&intervals).enumerate().filter_map(|(subject, (code, interval))| {
                    Some(Verdict { subject, reason: Reason::of_code(code?)?, interval: *interval })
                });
            Ok(verdicts.collect())
        })
        .collect()
}

/// One row per subject: `subject`, `disease`, and of its courses `records`, `given`, `courses_before` (given, not after the infusion), `last_number` and
/// `open_number` (highest course number with and without a recorded end), `interval`.
fn courses(snapshot: &Snapshot, cohort: &Cohort) -> Result<LazyFrame, ReportError> {
    let keys = || ["center_id", "patient_id", "infusion_number"].map(col);
    let subjects = || cohort.subjects.clone().lazy();
    let given = col("regimen").neq(lit(Regimen::None.code())).fill_null(lit(true));
    let records = snapshot
        .scan(Lymphodepletion::DESCRIPTOR)?
        .join(subjects(), keys(), keys(), JoinArgs::new(JoinType::Inner))
        .with_columns([
            given.alias("given"),
            epoch_day("start_date").alias("start"),
            epoch_day("end_date").alias("end"),
        ])
        .with_columns([
            col("given").and(col("end").lt_eq(col("day_0"))).fill_null(lit(false)).alias("ended"),
            col("given")
                .and(col("end").is_null())
                .and(col("start").lt_eq(col("day_0")).fill_null(lit(true)))
                .alias("open"),
        ]);
    let per_subject = records.group_by([col("subject")]).agg([
        len().cast(DataType::Int32).alias("records"),
        col("given").sum().cast(DataType::Int32).alias("given"),
        col("ended").or(col("open")).sum().cast(DataType::Int32).alias("courses_before"),
        col("end").filter(col("ended")).max().alias("last_end"),
        col("course_number").filter(col("ended")).max().alias("last_number"),
        col("course_number").filter(col("open")).max().alias("open_number"),
    ]);
    let on = [col("subject")];
    Ok(subjects()
        .select([col("subject"), col("disease"), col("day_0")])
        .join(per_subject, on.clone(), on, JoinArgs::new(JoinType::Left))
        .with_columns([
            col("records").fill_null(lit(0)),
            col("given").fill_null(lit(0)),
            col("courses_before").fill_null(lit(0)),
            // Course numbers start at 1: 0 stands for no such course.
            col("last_number").fill_null(lit(0)),
            col("open_number").fill_null(lit(0)),
        ])
        .with_column(
            when(col("open_number").gt(col("last_number")))
                .then(lit(NULL))
                .otherwise(col("day_0") - col("last_end"))
                .alias("interval"),
        ))
}

/// The code of the reason of a subject, from the columns of [`courses`].
fn reason(window: &Window) -> Expr {
    let code = |reason: Reason| lit(reason.code());
    let repeated =
        if window.repeated_course_meets { col("courses_before").gt_eq(lit(2)) } else { lit(false) };
    let too_early = window.at_least.map_or(lit(false), |least| col("interval").lt(lit(least)));
    let too_late = window.at_most.map_or(lit(false), |most| col("interval").gt(lit(most)));
    when(col("records").eq(lit(0)))
        .then(code(Reason::NoRecord))
        .when(col("given").eq(lit(0)))
        .then(code(Reason::NoLymphodepletion))
        .when(repeated)
        .then(code(Reason::RepeatedCourse))
        .when(col("open_number").gt(col("last_number")))
        .then(code(Reason::EndNotRecorded))
        .when(col("last_number").eq(lit(0)))
        .then(code(Reason::AfterInfusion))
        .when(too_early)
        .then(code(Reason::TooEarly))
        .when(too_late)
        .then(code(Reason::TooLate))
        .otherwise(code(Reason::WithinWindow))
}
