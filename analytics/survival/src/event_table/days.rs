//! Counting whole days: one increment per row, no sort.

use super::cells::{Cells, MAX_CELLS, Shape, index};
use super::{EventTable, Subjects};
use crate::error::Error;

/// Collects whole-day subjects chunk by chunk, for data that do not fit in memory or arrive in batches.
///
/// ```
/// use survival::event_table::{DayTally, Subjects};
///
/// let mut tally = DayTally::new(1, 1);
/// tally.push(&Subjects::new(&[3, 9], &[1, 0])).unwrap();
/// tally.push(&Subjects::new(&[4], &[1])).unwrap();
/// assert_eq!(tally.finish()[0].at_risk(), [3.0, 2.0, 1.0]);
/// ```
#[derive(Debug, Clone)]
pub struct DayTally {
    n_causes: usize,
    n_groups: usize,
    /// Number of the first row in the caller's columns, for error messages.
    first_row: usize,
    rows: usize,
    delayed: bool,
    counts: Cells<u32>,
    /// Rows counted in `counts` since it was last moved to `sums`.
    pending: u32,
    sums: Cells<f64>,
    n: Vec<u64>,
    excluded: Vec<u64>,
}

impl DayTally {
    /// An empty tally for causes 1 to `n_causes` (at most 255) and groups 0 to `n_groups - 1`.
    pub fn new(n_causes: usize, n_groups: usize) -> Self {
        let n_groups = n_groups.max(1);
        Self {
            n_causes: n_causes.min(255),
            n_groups,
            first_row: 0,
            rows: 0,
            delayed: false,
            counts: Cells::default(),
            pending: 0,
            sums: Cells::default(),
            n: vec![0; n_groups],
            excluded: vec![0; n_groups],
        }
    }

    fn shape(&self) -> Shape {
        let width = self.n_groups * (self.n_causes + 1);
        Shape { groups: self.n_groups, width, max_days: (MAX_CELLS / width).max(1) }
    }

    /// Adds a chunk of rows. Weighted sums are added in the order of the rows.
    ///
    /// # Errors
    /// As [`EventTable::from_days`]; rows are numbered over all chunks. The tally is unusable after an error.
    pub fn push(&mut self, subjects: &Subjects) -> Result<(), Error> {
        subjects.check_lengths()?;
        let shape = self.shape();
        self.delayed |= subjects.entry.is_some();
        let rows = subjects.exit.len();
        let mut from = 0;
        while from < rows {
            if self.pending > u32::MAX / 2 {
                self.spill(shape);
            }
            // Chunks keep the 32-bit counters from overflowing.
            let to = rows.min(from.saturating_add(1 << 30));
            let counted =
                if subjects.weight.is_some() { 0 } else { self.count(&subjects.rows(from, to), shape) };
            self.rows += counted;
            from += counted;
            if from < to {
                self.row(&subjects.rows(from, from + 1), shape)?;
                from += 1;
            }
        }
        Ok(())
    }

    /// Counts rows as long as each finds its counter; returns how many did.
    fn count(&mut self, rows: &Subjects, shape: Shape) -> usize {
        let zero = std::iter::repeat(0);
        let stopped = match (rows.entry, rows.group) {
            (None, None) => self.counts.count(rows.exit, rows.cause, zero, shape),
            (None, Some(group)) => self.counts.count(rows.exit, rows.cause, group.iter().copied(), shape),
            (Some(entry), None) => {
                self.counts.count_late((entry, rows.exit, rows.cause), zero, shape, &mut self.excluded)
            }
            (Some(entry), Some(group)) => {
                let columns = (entry, rows.exit, rows.cause);
                self.counts.count_late(columns, group.iter().copied(), shape, &mut self.excluded)
            }
        };
        let counted = stopped.unwrap_or(rows.exit.len());
        self.pending += u32::try_from(counted).unwrap_or(u32::MAX / 4);
        counted
    }

    /// Checks and counts one row, making room for its day.
    fn row(&mut self, row: &Subjects, shape: Shape) -> Result<(), Error> {
        let (Some(&day), Some(&cause)) = (row.exit.first(), row.cause.first()) else { return Ok(()) };
        let entry = row.entry.and_then(|c| c.first()).copied();
        let group = row.group.and_then(|c| c.first()).copied().unwrap_or(0);
        let fault = |column, value, expected| {
            let row = self.first_row + self.rows;
            Err(Error::InvalidValue { column, row, value, expected })
        };
        if day < 0 {
            return fault("exit", f64::from(day), "a day, 0 or later");
        }
        if usize::from(cause) > self.n_causes {
            return fault("cause", f64::from(cause), "0 (censored) or a cause up to the number of causes");
        }
        if group as usize >= self.n_groups {
            return fault("group", f64::from(group), "a group number below the number of groups");
        }
        let weight = row.weight.and_then(|c| c.first()).copied();
        if let Some(weight) = weight.filter(|w| !(w.is_finite() && *w >= 0.0)) {
            return fault("weight", weight, "a finite weight, 0 or more");
        }
        self.rows += 1;
        if entry.is_some_and(|entry| entry >= day) {
            if let Some(count) = self.excluded.get_mut(group as usize) {
                *count += 1;
            }
            return Ok(());
        }
        let days = index(day) + 1;
        if let Some(weight) = weight {
            self.sums.reserve(days, shape, entry.is_some());
            self.sums.exit(day, group, cause, weight, shape);
            if let Some(entry) = entry {
                self.sums.enter(entry, group, weight, shape);
            }
            if let Some(count) = self.n.get_mut(group as usize) {
                *count += 1;
            }
        } else {
            self.counts.reserve(days, shape, entry.is_some());
            self.counts.exit(day, group, cause, 1.0, shape);
            if let Some(entry) = entry {
                self.counts.enter(entry, group, 1.0, shape);
            }
            self.pending += 1;
        }
        Ok(())
    }

    /// Moves the 32-bit counts to the sums before they can overflow.
    fn spill(&mut self, shape: Shape) {
        let counts = std::mem::take(&mut self.counts);
        for (group, n) in self.n.iter_mut().enumerate() {
            *n += counts.subjects(group, shape);
        }
        self.sums.add(&counts, shape, f64::from);
        self.pending = 0;
    }

    /// Adds everything another tally of the same shape has collected.
    fn absorb(&mut self, other: &Self) {
        let shape = self.shape();
        self.delayed |= other.delayed;
        self.rows += other.rows;
        if self.pending.checked_add(other.pending).is_none_or(|sum| sum > u32::MAX / 2) {
            self.spill(shape);
        }
        self.counts.add(&other.counts, shape, |count| count);
        self.pending += other.pending;
        self.sums.add(&other.sums, shape, |sum| sum);
        for (into, from) in [(&mut self.n, &other.n), (&mut self.excluded, &other.excluded)] {
            for (sum, &count) in into.iter_mut().zip(from) {
                *sum += count;
            }
        }
    }

    /// The tables of all groups.
    pub fn finish(mut self) -> Vec<EventTable> {
        let shape = self.shape();
        let mixed = self.pending > 0 && (!self.sums.exits.is_empty() || !self.sums.late_exits.is_empty());
        if mixed {
            self.spill(shape);
        }
        let weighted = self.pending == 0;
        let cells = self.counts.exits.len() + self.sums.exits.len();
        // Extracting a cell costs some four times as much as counting a row.
        let threads = crate::threads(cells * 4).min(self.n_groups);
        let expected = 16 + 2 * (self.rows / self.n_groups);
        crate::parallel(self.n_groups, threads, |group| {
            let n = self.n.get(group).copied().unwrap_or(0);
            let excluded = self.excluded.get(group).copied().unwrap_or(0);
            if weighted {
                self.sums.table(group, self.n_causes, shape, self.delayed, expected, (Some(n), excluded))
            } else {
                self.counts.table(group, self.n_causes, shape, self.delayed, expected, (None, excluded))
            }
        })
    }
}

pub(super) fn from_days(
    subjects: &Subjects,
    n_causes: usize,
    n_groups: usize,
    threads: usize,
) -> Result<Vec<EventTable>, Error> {
    subjects.check_lengths()?;
    let rows = subjects.exit.len();
    // Sums of weights depend on the order of addition: they are split at fixed places, whatever the number of threads.
    let parts = if subjects.weight.is_some() { rows.div_ceil(1 << 20) } else { threads }.max(1);
    let size = rows.div_ceil(parts).max(1);
    let tallies = crate::parallel(parts, threads, |part| {
        let from = (part * size).min(rows);
        let mut tally = DayTally::new(n_causes, n_groups);
        tally.first_row = from;
        let result = tally.push(&subjects.rows(from, (from + size).min(rows)));
        result.map(|()| tally)
    });
    let mut total: Option<DayTally> = None;
    for tally in tallies {
        let tally = tally?;
        match &mut total {
            None => total = Some(tally),
            Some(sum) => sum.absorb(&tally),
        }
    }
    Ok(total.unwrap_or_else(|| DayTally::new(n_causes, n_groups)).finish())
}
