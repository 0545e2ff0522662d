//! The counters behind the tally of whole days.

use super::{Builder, EventTable};

/// Cells of the dense counters at most; later days go to a list that is sorted at the end. A sentinel such as day
/// 2 147 483 647 must not allocate gigabytes.
pub(super) const MAX_CELLS: usize = 1 << 23;

/// Counters of one kind: `exits[(day · groups + group) · (causes + 1) + cause]`, `entries[day · groups + group]`.
#[derive(Debug, Clone, Default)]
pub(super) struct Cells<C> {
    pub(super) exits: Vec<C>,
    pub(super) entries: Vec<C>,
    pub(super) initial: Vec<C>,
    pub(super) late_exits: Vec<(i32, u32, u8, f64)>,
    pub(super) late_entries: Vec<(i32, u32, f64)>,
}

/// A value that counters add up.
pub(super) trait Count: Copy + Default + PartialEq + std::ops::AddAssign + Into<f64> {
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
pub(super) struct Shape {
    pub(super) groups: usize,
    pub(super) width: usize,
    pub(super) max_days: usize,
}

/// The day as an index; a negative day becomes one beyond every counter.
pub(super) fn index(day: i32) -> usize {
    day.cast_unsigned() as usize
}

impl<C: Count> Cells<C> {
    /// Makes room for `days` days (fewer, if they would exceed the limit).
    pub(super) fn reserve(&mut self, days: usize, shape: Shape, entries: bool) {
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

    pub(super) fn exit(&mut self, day: i32, group: u32, cause: u8, weight: f64, shape: Shape) {
        let causes = shape.width / shape.groups;
        let cell = (index(day) * shape.groups + group as usize) * causes + usize::from(cause);
        match self.exits.get_mut(cell) {
            Some(count) => *count += C::of(weight),
            None => self.late_exits.push((day, group, cause, weight)),
        }
    }

    pub(super) fn enter(&mut self, day: i32, group: u32, weight: f64, shape: Shape) {
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
    pub(super) fn count(
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
    pub(super) fn count_late(
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

    pub(super) fn add<D: Count>(&mut self, other: &Cells<D>, shape: Shape, convert: impl Fn(D) -> C) {
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
    pub(super) fn table(
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
    pub(super) fn late(&self, group: usize, rows: &mut Builder) -> f64 {
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

impl Cells<u32> {
    /// Rows of a group.
    pub(super) fn subjects(&self, group: usize, shape: Shape) -> u64 {
        let causes = shape.width / shape.groups;
        let dense = self.exits.chunks_exact(causes).skip(group).step_by(shape.groups).flatten();
        let late = self.late_exits.iter().filter(|e| e.1 as usize == group).count();
        dense.map(|&count| u64::from(count)).sum::<u64>() + late as u64
    }
}
