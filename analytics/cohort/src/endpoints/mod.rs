//! Endpoints: from the records of a snapshot to one row per subject.

pub mod survival;
pub mod toxicity;

use crate::columns;
use crate::error::ReportError;
use polars::prelude::*;
use serde::Serialize;

/// Subjects left out of an estimate, with the reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Excluded {
    /// Why.
    pub reason: String,
    /// How many subjects.
    pub n: usize,
}

/// Collects one row per subject and puts each integer column in the order of the subjects; `None` where a subject has no
/// row.
fn per_subject<const N: usize>(
    rows: LazyFrame,
    subjects: usize,
    names: [&str; N],
) -> Result<[Vec<Option<i32>>; N], ReportError> {
    let frame = rows.collect().map_err(ReportError::engine("gathering the subjects' records"))?;
    let subject = columns::indices(&frame, "subject")?;
    let mut gathered = [const { Vec::new() }; N];
    for (column, name) in gathered.iter_mut().zip(names) {
        *column = vec![None; subjects];
        for (&row, value) in subject.iter().zip(columns::integers(&frame, name)?) {
            if let Some(place) = column.get_mut(row as usize) {
                *place = value;
            }
        }
    }
    Ok(gathered)
}
