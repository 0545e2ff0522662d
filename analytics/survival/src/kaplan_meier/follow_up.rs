//! Follow-up by the reverse Kaplan-Meier estimate, and landmarks.

use super::{KmOptions, Quantile, kaplan_meier};
use crate::error::Error;
use crate::event_table::EventTable;

/// Median follow-up by the reverse Kaplan-Meier estimate: the time to censoring, where an event ends the observation of
/// it (M. Schemper, T. L. Smith, Control Clin Trials 17 (1996) 343-346). Subjects with an event at t stay at risk of being
/// censored at t, as in R's `Surv(time, 1 - status)`.
///
/// # Errors
/// As [`kaplan_meier`].
pub fn median_follow_up(table: &EventTable, options: &KmOptions) -> Result<Quantile, Error> {
    let quantiles = kaplan_meier(&table.reversed(), options)?.quantiles(&[0.5])?;
    let none = Quantile { p: 0.5, value: None, lower: None, upper: None };
    Ok(quantiles.first().copied().unwrap_or(none))
}

/// Who is at risk at a landmark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Landmark {
    /// Rows at risk after the landmark: `entry <= landmark < exit`.
    pub rows: Vec<usize>,
    /// Rows whose event or censoring is at or before the landmark.
    pub left_before: usize,
    /// Rows that enter after the landmark.
    pub entered_after: usize,
}

/// The subjects to compare from a landmark on (J. R. Anderson et al., J Clin Oncol 1 (1983) 710-719). Groups may be formed
/// only from what is known at the landmark; times are then counted from it: `exit - landmark`.
///
/// # Errors
/// `entry` and `exit` differ in length.
pub fn landmark<T: PartialOrd + Copy>(
    entry: Option<&[T]>,
    exit: &[T],
    landmark: T,
) -> Result<Landmark, Error> {
    if let Some(entry) = entry.filter(|entry| entry.len() != exit.len()) {
        return Err(Error::LengthMismatch { column: "entry", expected: exit.len(), received: entry.len() });
    }
    let mut result = Landmark { rows: Vec::new(), left_before: 0, entered_after: 0 };
    for (row, &end) in exit.iter().enumerate() {
        if end <= landmark {
            result.left_before += 1;
        } else if entry.and_then(|entry| entry.get(row)).is_some_and(|&start| start > landmark) {
            result.entered_after += 1;
        } else {
            result.rows.push(row);
        }
    }
    Ok(result)
}
