//! Every measure for every infusion of a cohort.

use crate::tables::tables;
use chrono::NaiveDate;
use cohort::{Cohort, ReportError, Snapshot};
use measures::Guideline;
use measures::columnar::{Judgements, compile, evaluate};
use measures::evaluate::Settings;
use measures::ir_walk::needs;

/// The last day that a snapshot has seen: the day it was taken, in universal time.
pub fn cutoff(snapshot: &Snapshot) -> NaiveDate {
    let taken = snapshot.manifest().taken_at.get(..10).and_then(|day| day.parse().ok());
    // A snapshot without a legible day is read as complete: nothing in it is later than the calendar ends.
    taken.unwrap_or_else(|| NaiveDate::from_ymd_opt(9999, 12, 31).unwrap_or_default())
}

/// Judges a cohort's infusions by measures of a guideline, each with the parameters of its run; several runs of one measure are judged
/// together. The verdicts are in the order of the runs and of the cohort.
///
/// # Errors
///
/// [`ReportError`] when the snapshot cannot be read.
pub fn judge(
    snapshot: &Snapshot,
    cohort: &Cohort,
    guideline: &Guideline,
    runs: &[(usize, &Settings)],
    cutoff: NaiveDate,
) -> Result<Judgements, ReportError> {
    let mut measures: Vec<usize> = runs.iter().map(|(measure, _)| *measure).collect();
    measures.sort_unstable();
    measures.dedup();
    let tables = tables(snapshot, cohort, &needs(guideline, &measures), cutoff)?;
    Ok(evaluate(&compile(guideline, runs), &tables))
}
