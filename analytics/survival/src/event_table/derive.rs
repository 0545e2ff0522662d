//! Tables from tables: merging, reversing, restricting to a cause, rebuilding from columns.

use super::{Builder, EventTable};
use crate::error::Error;
use std::sync::Arc;

impl EventTable {
    /// Adds the subjects of `other`: the result equals the table of the pooled rows. Times must be in the same unit and,
    /// for real-valued times, already be the same number where they mean the same time.
    #[must_use]
    pub fn merge(&self, other: &Self) -> Self {
        let causes = self.n_causes().max(other.n_causes());
        let delayed = self.delayed || other.delayed;
        let mut rows = Builder::new(causes, delayed, self.time.len().max(other.time.len()));
        let (mut i, mut j) = (0, 0);
        loop {
            let heads = [self.time.get(i), other.time.get(j)];
            let Some(time) = heads.into_iter().flatten().copied().reduce(f64::min) else { break };
            rows.open(time);
            for (table, row) in [(self, &mut i), (other, &mut j)] {
                if table.time.get(*row) == Some(&time) {
                    rows.enter(table.entered.get(*row).copied().unwrap_or(0.0));
                    rows.exit(0, table.censored.get(*row).copied().unwrap_or(0.0));
                    for (cause, column) in (1..).zip(&table.events) {
                        rows.exit(cause, column.get(*row).copied().unwrap_or(0.0));
                    }
                    *row += 1;
                }
            }
        }
        let person_time = self.person_time + other.person_time;
        let mut merged = rows.finish(self.n + other.n, self.excluded + other.excluded, Some(person_time));
        if self.squares.is_some() || other.squares.is_some() {
            // The squares of whole weights are not kept; for counts they are the counts themselves.
            let squares = |table: &Self| table.squares.as_deref().cloned().unwrap_or_else(|| table.clone());
            merged.squares = Some(Arc::new(squares(self).merge(&squares(other))));
        }
        merged
    }

    /// All tables merged, in order; `None` of none.
    pub fn merged(tables: &[Self]) -> Option<Self> {
        // Pairwise, so that k tables cost log k passes instead of k.
        let mut level: Vec<Self> = tables.to_vec();
        while level.len() > 1 {
            level = level
                .chunks(2)
                .map(|pair| match pair {
                    [a, b] => a.merge(b),
                    _ => pair.first().cloned().unwrap_or_else(|| Self::empty(0)),
                })
                .collect();
        }
        level.pop()
    }

    /// The table in which only `cause` (1-based) is an event and the other causes are censorings: for cause-specific
    /// hazards and their log-rank test.
    #[must_use]
    pub fn cause_specific(&self, cause: usize) -> Self {
        let mut censored = self.censored.to_vec();
        for (c, column) in self.events.iter().enumerate() {
            if c + 1 != cause {
                for (sum, &count) in censored.iter_mut().zip(column.iter()) {
                    *sum += count;
                }
            }
        }
        let wanted = cause.checked_sub(1).and_then(|c| self.events.get(c)).cloned();
        let events = vec![wanted.unwrap_or_else(|| Arc::new(vec![0.0; self.time.len()]))];
        let squares = self.squares.as_ref().map(|squares| Arc::new(squares.cause_specific(cause)));
        Self { events, censored: Arc::new(censored), squares, ..self.clone() }
    }

    /// The table in which all causes are one event.
    #[must_use]
    pub fn any_cause(&self) -> Self {
        if self.events.len() == 1 {
            return self.clone();
        }
        let mut sum = vec![0.0; self.time.len()];
        for column in &self.events {
            for (total, &count) in sum.iter_mut().zip(column.iter()) {
                *total += count;
            }
        }
        let squares = self.squares.as_ref().map(|squares| Arc::new(squares.any_cause()));
        Self { events: vec![Arc::new(sum)], squares, ..self.clone() }
    }

    /// Censorings become the event and events the censorings; subjects with an event at t stay at risk of being censored
    /// at t (R's `Surv(time, 1 - status)`). For the follow-up distribution.
    #[must_use]
    pub fn reversed(&self) -> Self {
        let any = self.any_cause();
        let events = any.events.first().cloned().unwrap_or_else(|| Arc::new(vec![0.0; any.time.len()]));
        let squares = self.squares.as_ref().map(|squares| Arc::new(squares.reversed()));
        Self { events: vec![any.censored.clone()], censored: events, squares, ..any }
    }
}

pub(super) fn from_columns(
    initial: f64,
    time: Vec<f64>,
    entered: Vec<f64>,
    events: Vec<Vec<f64>>,
    censored: Vec<f64>,
) -> Result<EventTable, Error> {
    let rows = time.len();
    let lengths =
        [("censored", censored.len()), ("entered", if entered.is_empty() { rows } else { entered.len() })];
    for (column, received) in lengths.into_iter().chain(events.iter().map(|column| ("events", column.len())))
    {
        if received != rows {
            return Err(Error::LengthMismatch { column, expected: rows, received });
        }
    }
    for (row, pair) in time.windows(2).enumerate() {
        if let [a, b] = *pair
            && (a.is_nan() || b.is_nan() || a >= b)
        {
            return Err(Error::InvalidValue {
                column: "time",
                row: row + 1,
                value: b,
                expected: "ascending times",
            });
        }
    }
    if let Some(row) = time.iter().position(|t| !t.is_finite()) {
        let value = time.get(row).copied().unwrap_or(f64::NAN);
        return Err(Error::InvalidValue { column: "time", row, value, expected: "a finite time" });
    }
    let columns = [("entered", &entered), ("censored", &censored)];
    for (column, values) in columns.into_iter().chain(events.iter().map(|values| ("events", values))) {
        if let Some(row) = values.iter().position(|&v| !(v.is_finite() && v >= 0.0)) {
            let value = values.get(row).copied().unwrap_or(f64::NAN);
            return Err(Error::InvalidValue { column, row, value, expected: "a finite count, 0 or more" });
        }
    }
    let delayed = !entered.is_empty();
    let left = |row: usize| -> f64 {
        let of = |column: &Vec<f64>| column.get(row).copied().unwrap_or(0.0);
        of(&censored) + events.iter().map(of).sum::<f64>()
    };
    let (mut inside, mut total) = (initial, initial);
    for row in 0..rows {
        inside -= left(row);
        if inside < -1e-9 * total.max(1.0) {
            return Err(Error::InvalidValue {
                column: "events",
                row,
                value: left(row),
                expected: "no more exits than subjects at risk",
            });
        }
        let joining = entered.get(row).copied().unwrap_or(0.0);
        inside += joining;
        total += joining;
    }
    if initial.is_nan() || initial < 0.0 || inside.abs() > 1e-9 * total.max(1.0) {
        return Err(Error::InvalidParameter {
            name: "initial",
            value: initial,
            expected: "subjects at risk from the start, so that everybody who enters also leaves",
        });
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a checked, non-negative count"
    )]
    let n = libm::round(total) as u64;
    let builder = Builder { time, entered, events, censored, delayed };
    Ok(builder.finish(n, 0, None))
}
