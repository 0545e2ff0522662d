//! Counting whole days: one increment per row, no sort.

use super::{Builder, EventTable, Subjects};
use crate::error::Error;

/// Cells of the dense counters at most; later days go to a list that is sorted at the end. A sentinel such as day
/// 2 147 483 647 must not allocate gigabytes.
const MAX_CELLS: usize = 1 << 23;

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

/// Counters of one kind: `exits[(day · groups + group) · (causes + 1) + cause]`, `entries[day · groups + group]`.
#[derive(Debug, Clone, Default)]
struct Cells<C> {
    exits: Vec<C>,
    entries: Vec<C>,
    initial: Vec<C>,
    late_exits: Vec<(i32, u32, u8, f64)>,
    late_entries: Vec<(i32, u32, f64)>,
}

/// A value that counters add up.
trait Count: Copy + Default + PartialEq + std::ops::AddAssign + Into<f64> {
    fn of(weight: f64) -> Self;
}

impl Count for u32 {
    fn of(_: f64) -> Self {
        1
    }
}

impl Count for f64 {
    fn of(weight: f64) -> Self {
        weight
    }
}

#[derive(Clone, Copy)]
struct Shape {
    groups: usize,
    width: usize,
    max_days: usize,
}

/// The day as an index; a negative day becomes one beyond every counter.
fn index(day: i32) -> usize {
    day.cast_unsigned() as usize
}

impl<C: Count> Cells<C> {
    /// Makes room for `days` days (fewer, if they would exceed the limit).
    fn reserve(&mut self, days: usize, shape: Shape, entries: bool) {
        // Room for some later days, so that ascending days do not reallocate at every block.
        let room = |now: usize, each: usize| {
            let held = now / each;
            if days <= held { now } else { days.next_multiple_of(64).max(held + held / 8) * each }
        };
        let cells = room(self.exits.len(), shape.width).min(shape.max_days * shape.width);
        self.exits.resize(cells, C::default());
        if entries {
            self.initial.resize(shape.groups, C::default());
            let cells = room(self.entries.len(), shape.groups).min(shape.max_days * shape.groups);
            self.entries.resize(cells, C::default());
        }
    }

    fn exit(&mut self, day: i32, group: u32, cause: u8, weight: f64, shape: Shape) {
        let causes = shape.width / shape.groups;
        let cell = (index(day) * shape.groups + group as usize) * causes + usize::from(cause);
        match self.exits.get_mut(cell) {
            Some(count) => *count += C::of(weight),
            None => self.late_exits.push((day, group, cause, weight)),
        }
    }

    fn enter(&mut self, day: i32, group: u32, weight: f64, shape: Shape) {
        let (cells, cell) = if day < 0 {
            (&mut self.initial, group as usize)
        } else {
            (&mut self.entries, index(day) * shape.groups + group as usize)
        };
        match cells.get_mut(cell) {
            Some(count) => *count += C::of(weight),
            None => self.late_entries.push((day, group, weight)),
        }
    }

    /// Counts rows without entry and weight up to the first that has no counter (a day beyond them or an invalid value) and
    /// returns its place.
    fn count(
        &mut self,
        exit: &[i32],
        cause: &[u8],
        group: impl Iterator<Item = u32>,
        shape: Shape,
    ) -> Option<usize> {
        let kinds = shape.width / shape.groups;
        let mut rows = exit.iter().zip(cause).zip(group);
        rows.position(|((&day, &cause), group)| {
            let valid = usize::from(cause) < kinds && (group as usize) < shape.groups;
            let cell = (index(day) * shape.groups + group as usize) * kinds + usize::from(cause);
            match self.exits.get_mut(cell) {
                Some(count) if valid => {
                    *count += C::of(1.0);
                    false
                }
                _ => true,
            }
        })
    }

    /// As [`Self::count`], with entry.
    fn count_late(
        &mut self,
        (entry, exit, cause): (&[i32], &[i32], &[u8]),
        group: impl Iterator<Item = u32>,
        shape: Shape,
        excluded: &mut [u64],
    ) -> Option<usize> {
        let kinds = shape.width / shape.groups;
        let mut rows = entry.iter().zip(exit).zip(cause).zip(group);
        rows.position(|(((&entry, &day), &cause), group)| {
            let valid = usize::from(cause) < kinds && (group as usize) < shape.groups && day >= 0;
            if valid && entry >= day {
                if let Some(count) = excluded.get_mut(group as usize) {
                    *count += 1;
                }
                return false;
            }
            let cell = (index(day) * shape.groups + group as usize) * kinds + usize::from(cause);
            let joining = if entry < 0 {
                self.initial.get_mut(group as usize)
            } else {
                self.entries.get_mut(index(entry) * shape.groups + group as usize)
            };
            match (self.exits.get_mut(cell), joining) {
                (Some(leaving), Some(joining)) if valid => {
                    *leaving += C::of(1.0);
                    *joining += C::of(1.0);
                    false
                }
                _ => true,
            }
        })
    }

    fn add<D: Count>(&mut self, other: &Cells<D>, shape: Shape, convert: impl Fn(D) -> C) {
        let days = other.exits.len() / shape.width;
        self.reserve(days, shape, !other.entries.is_empty() || !other.initial.is_empty());
        let pairs = [
            (&mut self.exits, &other.exits),
            (&mut self.entries, &other.entries),
            (&mut self.initial, &other.initial),
        ];
        for (into, from) in pairs {
            for (sum, &count) in into.iter_mut().zip(from) {
                *sum += convert(count);
            }
        }
        self.late_exits.extend_from_slice(&other.late_exits);
        self.late_entries.extend_from_slice(&other.late_entries);
    }

    /// The table of one group, of which about `expected` rows are expected. `counts` are the subjects (where they are not
    /// the sum of the cells) and the excluded rows.
    fn table(
        &self,
        group: usize,
        causes: usize,
        shape: Shape,
        delayed: bool,
        expected: usize,
        counts: (Option<u64>, u64),
    ) -> EventTable {
        let days = self.exits.len() / shape.width;
        // Fresh memory costs more than the loop: a small group does not reserve every day.
        let mut rows = Builder::new(causes, delayed, days.min(expected));
        let mut total = 0.0;
        let zero = C::default();
        let first = group * (causes + 1);
        for (day, cells) in self.exits.chunks_exact(shape.width).enumerate() {
            let Some(cells) = cells.get(first..=first + causes) else { break };
            let joining = self.entries.get(day * shape.groups + group).copied().unwrap_or(zero);
            if joining == zero && cells.iter().all(|&count| count == zero) {
                continue;
            }
            rows.time.push(day as f64);
            if delayed {
                rows.entered.push(joining.into());
            }
            if let Some((&censored, events)) = cells.split_first() {
                let mut leaving: f64 = censored.into();
                rows.censored.push(leaving);
                for (column, &count) in rows.events.iter_mut().zip(events) {
                    let count: f64 = count.into();
                    leaving += count;
                    column.push(count);
                }
                total += leaving;
            }
        }
        total += self.late(group, &mut rows);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a sum of counts")]
        let n = counts.0.unwrap_or(total as u64);
        rows.finish(n, counts.1, None)
    }

    /// Appends the days beyond the dense counters, sorted; returns the weight that leaves there.
    fn late(&self, group: usize, rows: &mut Builder) -> f64 {
        if self.late_exits.is_empty() && self.late_entries.is_empty() {
            return 0.0;
        }
        let in_group = |g: u32| g as usize == group;
        let mut exits: Vec<_> = self.late_exits.iter().filter(|e| in_group(e.1)).collect();
        let mut entries: Vec<_> = self.late_entries.iter().filter(|e| in_group(e.1)).collect();
        exits.sort_by_key(|e| e.0);
        entries.sort_by_key(|e| e.0);
        let (mut exits, mut entries) = (exits.into_iter().peekable(), entries.into_iter().peekable());
        let mut total = 0.0;
        while let Some(day) =
            [exits.peek().map(|e| e.0), entries.peek().map(|e| e.0)].into_iter().flatten().min()
        {
            if rows.time.last() != Some(&f64::from(day)) {
                rows.open(f64::from(day));
            }
            while let Some(&&(_, _, cause, weight)) = exits.peek().filter(|e| e.0 == day) {
                rows.exit(usize::from(cause), weight);
                total += weight;
                exits.next();
            }
            while let Some(&&(_, _, weight)) = entries.peek().filter(|e| e.0 == day) {
                rows.enter(weight);
                entries.next();
            }
        }
        total
    }
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

impl Cells<u32> {
    /// Rows of a group.
    fn subjects(&self, group: usize, shape: Shape) -> u64 {
        let causes = shape.width / shape.groups;
        let dense = self.exits.chunks_exact(causes).skip(group).step_by(shape.groups).flatten();
        let late = self.late_exits.iter().filter(|e| e.1 as usize == group).count();
        dense.map(|&count| u64::from(count)).sum::<u64>() + late as u64
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
