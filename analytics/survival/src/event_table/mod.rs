//! Event tables: who entered, was at risk, had which event and was censored, at every distinct time.
//!
//! Everything non-parametric in this crate is a function of these tables, and tables of disjoint sets of subjects add
//! up ([`EventTable::merge`]), so centers can share tables instead of rows.
//!
//! Conventions. The risk set at t is `entry < t <= exit`: an entry at t is not yet at risk, a censoring at t still is.
//! Without `entry` everybody is at risk from before time 0, so events on day 0 count. Rows with `entry >= exit` carry no
//! time at risk; they are left out and counted ([`EventTable::excluded`]).
//!
//! ```
//! use survival::event_table::{EventTable, Subjects};
//!
//! let subjects = Subjects::new(&[5, 8, 8, 12], &[1, 0, 2, 0]);
//! let tables = EventTable::from_days(&subjects, 2, 1).unwrap();
//! assert_eq!(tables[0].time(), [5.0, 8.0, 12.0]);
//! assert_eq!(tables[0].at_risk(), [4.0, 3.0, 1.0]);
//! assert_eq!(tables[0].events(2), [0.0, 1.0, 0.0]);
//! ```

mod cells;
mod days;
mod derive;
mod sort;
mod times;

use crate::error::Error;
use std::sync::Arc;

pub use days::DayTally;

/// The subjects to tabulate, column by column: `T` is `i32` for whole days and `f64` for times in any unit.
#[derive(Debug, Clone, Copy)]
pub struct Subjects<'a, T = i32> {
    /// Start of observation, if delayed. Values below 0 mean "at risk from before time 0"; person-time counts from 0.
    pub entry: Option<&'a [T]>,
    /// End of observation, 0 or later.
    pub exit: &'a [T],
    /// 0 = censored at `exit`, 1.. = event of that cause.
    pub cause: &'a [u8],
    /// Group of each subject, 0-based. Without it all are group 0.
    pub group: Option<&'a [u32]>,
    /// Case weight of each subject, finite and not negative.
    pub weight: Option<&'a [f64]>,
}

impl<'a, T> Subjects<'a, T> {
    /// Subjects observed from before time 0, in one group, each counting once.
    pub fn new(exit: &'a [T], cause: &'a [u8]) -> Self {
        Self { entry: None, exit, cause, group: None, weight: None }
    }

    /// The same subjects with delayed entry.
    #[must_use]
    pub fn with_entry(self, entry: &'a [T]) -> Self {
        Self { entry: Some(entry), ..self }
    }

    /// The same subjects in groups.
    #[must_use]
    pub fn with_group(self, group: &'a [u32]) -> Self {
        Self { group: Some(group), ..self }
    }

    /// The same subjects with case weights.
    #[must_use]
    pub fn with_weight(self, weight: &'a [f64]) -> Self {
        Self { weight: Some(weight), ..self }
    }

    fn check_lengths(&self) -> Result<(), Error> {
        let expected = self.exit.len();
        let columns = [
            ("cause", Some(self.cause.len())),
            ("entry", self.entry.map(<[T]>::len)),
            ("group", self.group.map(<[u32]>::len)),
            ("weight", self.weight.map(<[f64]>::len)),
        ];
        for (column, length) in columns {
            if let Some(received) = length.filter(|&n| n != expected) {
                return Err(Error::LengthMismatch { column, expected, received });
            }
        }
        Ok(())
    }

    /// The rows `from..to` of every column.
    fn rows(&self, from: usize, to: usize) -> Self {
        Self {
            entry: self.entry.and_then(|c| c.get(from..to)),
            exit: self.exit.get(from..to).unwrap_or_default(),
            cause: self.cause.get(from..to).unwrap_or_default(),
            group: self.group.and_then(|c| c.get(from..to)),
            weight: self.weight.and_then(|c| c.get(from..to)),
        }
    }
}

/// A column that estimates share with the table they come from.
pub(crate) type Column = Arc<Vec<f64>>;

/// Counts (sums of weights, if weighted) of one group at its distinct times, ascending.
#[derive(Debug, Clone, PartialEq)]
pub struct EventTable {
    pub(crate) n: u64,
    pub(crate) excluded: u64,
    pub(crate) delayed: bool,
    pub(crate) person_time: f64,
    pub(crate) time: Column,
    /// Empty where nobody enters late.
    pub(crate) entered: Column,
    pub(crate) at_risk: Column,
    pub(crate) events: Vec<Column>,
    pub(crate) censored: Column,
    /// The same table of squared weights, kept where weights are not whole numbers: for robust variances.
    pub(crate) squares: Option<Arc<EventTable>>,
}

impl EventTable {
    /// A table without subjects.
    pub fn empty(n_causes: usize) -> Self {
        Builder::new(n_causes, false, 0).finish(0, 0, None)
    }

    /// Tabulates whole-day times by counting: one table per group, in the order of the group numbers. Groups without a
    /// subject get an empty table. The rows are split over the available cores; the result does not depend on how many.
    ///
    /// # Errors
    /// Columns of different length; a negative `exit`; a cause above `n_causes`; a group at or above `n_groups`; a weight
    /// that is negative or not finite.
    pub fn from_days(subjects: &Subjects, n_causes: usize, n_groups: usize) -> Result<Vec<Self>, Error> {
        Self::from_days_on(subjects, n_causes, n_groups, crate::threads(subjects.exit.len()))
    }

    /// As [`Self::from_days`] on a given number of threads (1 or more).
    ///
    /// # Errors
    /// As [`Self::from_days`].
    pub fn from_days_on(
        subjects: &Subjects,
        n_causes: usize,
        n_groups: usize,
        threads: usize,
    ) -> Result<Vec<Self>, Error> {
        let build = |s: &Subjects| days::from_days(s, n_causes, n_groups, threads.max(1));
        with_squares(build(subjects)?, subjects, build)
    }

    /// Tabulates real-valued times. Times closer than R's `timefix` tolerance are one time, the smallest of the chain:
    /// a gap of √ε = 1.49e-8 absolutely, or relative to the mean of the distinct times (entries and exits of all groups
    /// together). A row whose entry and exit fall together that way has no time at risk and is excluded.
    ///
    /// # Errors
    /// As [`Self::from_days`]; also a time that is not finite.
    pub fn from_times(
        subjects: &Subjects<f64>,
        n_causes: usize,
        n_groups: usize,
    ) -> Result<Vec<Self>, Error> {
        let build = |s: &Subjects<f64>| times::from_times(s, n_causes, n_groups);
        with_squares(build(subjects)?, subjects, build)
    }

    /// A table from its columns, as another center would send them. `initial` subjects are at risk from before the
    /// first time, `entered[i]` join just after `time[i]` (empty: nobody), `events[c][i]` have cause `c + 1`.
    ///
    /// # Errors
    /// Columns of different length, times that do not ascend, negative or non-finite counts, and columns that do not add
    /// up: everybody who enters must leave, and nobody before entering.
    pub fn from_columns(
        initial: f64,
        time: Vec<f64>,
        entered: Vec<f64>,
        events: Vec<Vec<f64>>,
        censored: Vec<f64>,
    ) -> Result<Self, Error> {
        derive::from_columns(initial, time, entered, events, censored)
    }

    /// Subjects in the table (rows, not weights).
    pub fn n(&self) -> u64 {
        self.n
    }

    /// Rows left out because `entry >= exit`.
    pub fn excluded(&self) -> u64 {
        self.excluded
    }

    /// True where weights that are not whole numbers make variances robust: weights are then not numbers of subjects.
    pub fn fractional_weights(&self) -> bool {
        self.squares.is_some()
    }

    /// True where the subjects came with entry times.
    pub fn delayed_entry(&self) -> bool {
        self.delayed
    }

    /// Number of causes the table distinguishes.
    pub fn n_causes(&self) -> usize {
        self.events.len()
    }

    /// True where no subject is in the table.
    pub fn is_empty(&self) -> bool {
        self.time.is_empty()
    }

    /// Sum of the observed times (weighted, if weights are given), in the unit of the times.
    pub fn person_time(&self) -> f64 {
        self.person_time
    }

    /// The distinct times at which somebody enters, has an event or is censored.
    pub fn time(&self) -> &[f64] {
        &self.time
    }

    /// At risk just before each time: `entry < t <= exit`.
    pub fn at_risk(&self) -> &[f64] {
        &self.at_risk
    }

    /// Entering at each time, at risk after it; `None` where nobody enters late.
    pub fn entered(&self) -> Option<&[f64]> {
        (!self.entered.is_empty()).then_some(self.entered.as_slice())
    }

    /// Events of `cause` (1-based) at each time; empty for a cause the table does not have.
    pub fn events(&self, cause: usize) -> &[f64] {
        cause.checked_sub(1).and_then(|c| self.events.get(c)).map_or(&[], |column| column.as_slice())
    }

    /// Censored at each time.
    pub fn censored(&self) -> &[f64] {
        &self.censored
    }

    /// Events of all causes together.
    pub fn total_events(&self) -> f64 {
        self.events.iter().flat_map(|column| column.iter()).sum()
    }

    /// Last time in the table.
    pub fn last_time(&self) -> Option<f64> {
        self.time.last().copied()
    }

    /// At risk just before an arbitrary time `t`.
    pub fn at_risk_at(&self, t: f64) -> f64 {
        let row = self.time.partition_point(|&u| u < t);
        self.at_risk.get(row).copied().unwrap_or(0.0)
    }
}

/// Collects the rows of one group in ascending time.
#[derive(Debug, Clone)]
pub(crate) struct Builder {
    pub(crate) time: Vec<f64>,
    pub(crate) entered: Vec<f64>,
    pub(crate) events: Vec<Vec<f64>>,
    pub(crate) censored: Vec<f64>,
    delayed: bool,
}

impl Builder {
    pub(crate) fn new(n_causes: usize, delayed: bool, capacity: usize) -> Self {
        let column = || Vec::with_capacity(capacity);
        Self {
            time: column(),
            entered: if delayed { column() } else { Vec::new() },
            events: (0..n_causes).map(|_| column()).collect(),
            censored: column(),
            delayed,
        }
    }

    /// Opens a row of zeros at `time`.
    pub(crate) fn open(&mut self, time: f64) {
        self.time.push(time);
        if self.delayed {
            self.entered.push(0.0);
        }
        for column in &mut self.events {
            column.push(0.0);
        }
        self.censored.push(0.0);
    }

    /// Adds an exit to the open row.
    pub(crate) fn exit(&mut self, cause: usize, weight: f64) {
        let column = match cause.checked_sub(1) {
            None => Some(&mut self.censored),
            Some(c) => self.events.get_mut(c),
        };
        if let Some(last) = column.and_then(|c| c.last_mut()) {
            *last += weight;
        }
    }

    /// Adds an entry to the open row.
    pub(crate) fn enter(&mut self, weight: f64) {
        if let Some(last) = self.entered.last_mut() {
            *last += weight;
        }
    }

    /// Exits of any kind at each time.
    fn leaving(&self) -> Vec<f64> {
        let Some((first, rest)) = self.events.split_first() else { return self.censored.clone() };
        let mut leaving: Vec<f64> = self.censored.iter().zip(first).map(|(c, d)| c + d).collect();
        for column in rest {
            for (sum, &count) in leaving.iter_mut().zip(column) {
                *sum += count;
            }
        }
        leaving
    }

    /// Sums the risk sets from the last time backwards, which keeps small late weights exact next to huge early ones.
    pub(crate) fn finish(self, n: u64, excluded: u64, person_time: Option<f64>) -> EventTable {
        // Whoever enters at t leaves later, so the entries at and after t come off the exits at and after t.
        let late = self.entered.iter().any(|&count| count > 0.0);
        let mut at_risk = self.leaving();
        let mut exits = 0.0;
        let mut person = 0.0;
        if late {
            let mut entries = 0.0;
            for ((leaving, &joining), &time) in at_risk.iter_mut().zip(&self.entered).zip(&self.time).rev() {
                person += (*leaving - joining) * time;
                exits += *leaving;
                entries += joining;
                *leaving = exits - entries;
            }
        } else {
            for (leaving, &time) in at_risk.iter_mut().zip(&self.time).rev() {
                person += *leaving * time;
                exits += *leaving;
                *leaving = exits;
            }
        }
        self.close(at_risk, late, (n, excluded, person_time.unwrap_or(person)))
    }

    /// The table, given the numbers at risk; subjects, excluded rows and person-time in that order.
    pub(crate) fn close(
        self,
        at_risk: Vec<f64>,
        late: bool,
        (n, excluded, person_time): (u64, u64, f64),
    ) -> EventTable {
        EventTable {
            n,
            excluded,
            delayed: self.delayed,
            person_time,
            time: Arc::new(self.time),
            entered: Arc::new(if late { self.entered } else { Vec::new() }),
            at_risk: Arc::new(at_risk),
            events: self.events.into_iter().map(Arc::new).collect(),
            censored: Arc::new(self.censored),
            squares: None,
        }
    }
}

/// Adds the tables of squared weights, if any weight is not a whole number.
fn with_squares<T: Copy>(
    mut tables: Vec<EventTable>,
    subjects: &Subjects<T>,
    build: impl Fn(&Subjects<T>) -> Result<Vec<EventTable>, Error>,
) -> Result<Vec<EventTable>, Error> {
    if let Some(weight) = subjects.weight.filter(|w| w.iter().any(|w| w.fract() != 0.0)) {
        let squared: Vec<f64> = weight.iter().map(|w| w * w).collect();
        let of_squares = build(&Subjects { weight: Some(&squared), ..*subjects })?;
        for (table, other) in tables.iter_mut().zip(of_squares) {
            table.squares = Some(Arc::new(other));
        }
    }
    Ok(tables)
}
