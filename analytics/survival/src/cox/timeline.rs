//! Times of subjects as ranks on one axis: integer days by their own value, floating times after R's tie tolerance.

use super::radix;
use crate::error::Error;

/// A column of times, either whole days or floating values in any unit.
///
/// Whole days are exact and are bucketed without sorting. Floating times that differ by less than `sqrt(f64::EPSILON)`,
/// absolutely or relative to the mean absolute time, are one time (R's `timefix`, `aeqSurv`): a chain of such near-ties
/// takes its first value.
#[derive(Debug, Clone, Copy)]
pub enum Times<'a> {
    /// Whole days.
    Days(&'a [i32]),
    /// Floating times; every value must be finite.
    Real(&'a [f64]),
}

impl Times<'_> {
    /// Number of rows.
    pub fn len(&self) -> usize {
        match self {
            Self::Days(v) => v.len(),
            Self::Real(v) => v.len(),
        }
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The time of a row as a floating value, or `None` past the end.
    pub fn get(&self, row: usize) -> Option<f64> {
        match self {
            Self::Days(v) => v.get(row).map(|d| f64::from(*d)),
            Self::Real(v) => v.get(row).copied(),
        }
    }

    fn check(&self, column: &'static str) -> Result<(), Error> {
        if let Self::Real(v) = self
            && let Some(row) = v.iter().position(|t| !t.is_finite())
        {
            return Err(Error::InvalidValue { column, row, value: v[row], expected: "a finite time" });
        }
        Ok(())
    }
}

#[derive(Debug, Clone)]
enum Axis {
    // Rank r is day `first + r`.
    Days { first: i32 },
    // Rank r is the r-th distinct time.
    Listed(Vec<f64>),
}

/// Entry and exit of every row as ranks: `entry < time` holds for ranks exactly when it holds for times.
#[derive(Debug, Clone)]
pub(crate) struct Timeline {
    axis: Axis,
    /// One more than the largest rank.
    pub(crate) span: usize,
    pub(crate) exit: Vec<u32>,
    pub(crate) entry: Option<Vec<u32>>,
}

impl Timeline {
    /// Ranks the times. Fails on times that are not finite and on rows whose entry is not before their exit.
    pub(crate) fn new(entry: Option<Times<'_>>, exit: Times<'_>) -> Result<Self, Error> {
        let rows = exit.len();
        if rows > (u32::MAX / 8) as usize {
            return Err(Error::InvalidParameter {
                name: "rows",
                value: rows as f64,
                expected: "at most 536,870,911 rows",
            });
        }
        if let Some(entry) = &entry
            && entry.len() != rows
        {
            return Err(Error::LengthMismatch { column: "entry", expected: rows, received: entry.len() });
        }
        exit.check("time")?;
        if let Some(entry) = &entry {
            entry.check("entry")?;
        }
        let line = match (entry, exit) {
            (None, Times::Days(exit)) => Self::days(None, exit),
            (Some(Times::Days(entry)), Times::Days(exit)) => Self::days(Some(entry), exit),
            (None, Times::Real(exit)) => Self::listed(None, exit.iter().copied(), true),
            (Some(Times::Real(entry)), Times::Real(exit)) => {
                Self::listed(Some(Box::new(entry.iter().copied())), exit.iter().copied(), true)
            }
            (Some(Times::Days(entry)), Times::Real(exit)) => {
                Self::listed(Some(Box::new(entry.iter().map(|d| f64::from(*d)))), exit.iter().copied(), true)
            }
            (Some(Times::Real(entry)), Times::Days(exit)) => {
                Self::listed(Some(Box::new(entry.iter().copied())), exit.iter().map(|d| f64::from(*d)), true)
            }
        };
        if let Some(late) = &line.entry
            && let Some(row) = late.iter().zip(&line.exit).position(|(a, b)| a >= b)
        {
            return Err(Error::InvalidValue {
                column: "entry",
                row,
                value: entry.and_then(|e| e.get(row)).unwrap_or(f64::NAN),
                expected: "an entry strictly before the exit (and not within the tie tolerance of it)",
            });
        }
        Ok(line)
    }

    /// Time of a rank.
    pub(crate) fn time(&self, rank: u32) -> f64 {
        match &self.axis {
            Axis::Days { first } => f64::from(*first) + f64::from(rank),
            Axis::Listed(values) => values.get(rank as usize).copied().unwrap_or(f64::NAN),
        }
    }

    /// Times of edges; not a number for the edges before the first event of a stratum.
    pub(crate) fn times(&self, ranks: &[u32]) -> Vec<f64> {
        ranks.iter().map(|r| if *r == u32::MAX { f64::NAN } else { self.time(*r) }).collect()
    }

    /// Largest rank whose time is at most `time`, or `None` when all are later.
    pub(crate) fn rank_at(&self, time: f64) -> Option<u32> {
        match &self.axis {
            Axis::Days { first } => {
                let offset = (time - f64::from(*first)).floor();
                if offset.is_nan() || offset < 0.0 || self.span == 0 {
                    return None;
                }
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "clamped to 0..span"
                )]
                Some(offset.min((self.span - 1) as f64) as u32)
            }
            Axis::Listed(values) => {
                let after = values.partition_point(|v| *v <= time);
                u32::try_from(after.checked_sub(1)?).ok()
            }
        }
    }

    fn days(entry: Option<&[i32]>, exit: &[i32]) -> Self {
        let (mut first, mut last) = (i32::MAX, i32::MIN);
        for days in [Some(exit), entry].into_iter().flatten() {
            for &d in days {
                first = first.min(d);
                last = last.max(d);
            }
        }
        let span = (i64::from(last) - i64::from(first) + 1).max(0).unsigned_abs();
        let limit = (4 * exit.len()).max(1 << 16) as u64;
        if exit.is_empty() || span > limit {
            let entry = entry.map(|e| -> Box<dyn ExactSizeIterator<Item = f64>> {
                Box::new(e.iter().map(|d| f64::from(*d)))
            });
            return Self::listed(entry, exit.iter().map(|d| f64::from(*d)), false);
        }
        // Wrapping subtraction is exact modulo 2^32 and the span fits.
        let rank = |d: &i32| d.wrapping_sub(first).cast_unsigned();
        Self {
            axis: Axis::Days { first },
            span: usize::try_from(span).unwrap_or(usize::MAX),
            exit: exit.iter().map(rank).collect(),
            entry: entry.map(|e| e.iter().map(rank).collect()),
        }
    }

    fn listed<'a>(
        entry: Option<Box<dyn ExactSizeIterator<Item = f64> + 'a>>,
        exit: impl ExactSizeIterator<Item = f64>,
        tolerant: bool,
    ) -> Self {
        let exits = radix::sort(exit.map(radix::key));
        let entries = entry.map(|e| radix::sort(e.map(radix::key)));
        let distinct = merge_distinct(&exits, entries.as_deref().unwrap_or(&[]));
        let (values, starts) = if tolerant { chain(&distinct) } else { chain_exact(&distinct) };
        let rank = |sorted: &[(u64, u32)]| {
            let mut out = vec![0_u32; sorted.len()];
            let mut group = 0_usize;
            for &(key, row) in sorted {
                while group + 1 < starts.len() && starts[group + 1] <= key {
                    group += 1;
                }
                out[row as usize] = u32::try_from(group).unwrap_or(u32::MAX);
            }
            out
        };
        let exit = rank(&exits);
        drop(exits);
        Self { span: values.len(), exit, entry: entries.map(|e| rank(&e)), axis: Axis::Listed(values) }
    }
}

/// Distinct keys of two sorted lists.
fn merge_distinct(one: &[(u64, u32)], other: &[(u64, u32)]) -> Vec<u64> {
    let mut out: Vec<u64> = Vec::new();
    let (mut one, mut other) = (one.iter().peekable(), other.iter().peekable());
    loop {
        let next = match (one.peek(), other.peek()) {
            (Some(first), Some(second)) if second.0 < first.0 => other.next(),
            (Some(_), _) => one.next(),
            (None, Some(_)) => other.next(),
            (None, None) => break,
        };
        if let Some((key, _)) = next
            && out.last() != Some(key)
        {
            out.push(*key);
        }
    }
    out
}

/// Groups sorted distinct keys by R's tolerance: values of the group starts and their keys.
fn chain(distinct: &[u64]) -> (Vec<f64>, Vec<u64>) {
    let tolerance = f64::EPSILON.sqrt();
    let mean =
        distinct.iter().map(|k| radix::value(*k).abs()).sum::<f64>() / f64::max(distinct.len() as f64, 1.0);
    let mut values = Vec::with_capacity(distinct.len());
    let mut starts = Vec::with_capacity(distinct.len());
    let mut previous = f64::NEG_INFINITY;
    for &key in distinct {
        let value = radix::value(key);
        let gap = value - previous;
        if !(gap <= tolerance || gap / mean <= tolerance) {
            values.push(value);
            starts.push(key);
        }
        previous = value;
    }
    (values, starts)
}

fn chain_exact(distinct: &[u64]) -> (Vec<f64>, Vec<u64>) {
    (distinct.iter().map(|k| radix::value(*k)).collect(), distinct.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_ties_are_one_time_and_chains_take_their_first_value() {
        let e = f64::EPSILON.sqrt();
        let times = [1.0, 1.0 + 0.9 * e, 1.0 + 1.8 * e, 1.0 + 4.0 * e, 0.1 + 0.2, 0.3];
        let line = Timeline::new(None, Times::Real(&times)).expect("finite times");
        assert_eq!(line.exit, vec![1, 1, 1, 2, 0, 0]);
        assert_eq!(line.time(1).to_bits(), 1.0_f64.to_bits());
    }

    #[test]
    fn tolerance_is_relative_for_large_times() {
        let line = Timeline::new(None, Times::Real(&[1e6, 1e6 + 0.01, 1e6 + 0.1])).expect("finite times");
        assert_eq!(line.exit, vec![0, 0, 1]);
    }

    #[test]
    fn days_and_floating_days_rank_alike() {
        let exit = [5, 2, 9, 2, -3];
        let entry = [1, -4, 5, 0, -4];
        let days = Timeline::new(Some(Times::Days(&entry)), Times::Days(&exit)).expect("valid rows");
        let (a, b) = (entry.map(f64::from), exit.map(f64::from));
        let real = Timeline::new(Some(Times::Real(&a)), Times::Real(&b)).expect("valid rows");
        for (k, day) in exit.iter().enumerate() {
            assert_eq!(days.time(days.exit[k]).to_bits(), f64::from(*day).to_bits());
            assert_eq!(real.time(real.exit[k]).to_bits(), f64::from(*day).to_bits());
        }
        assert_eq!(days.rank_at(4.5).map(|r| days.time(r)), Some(4.0));
        assert_eq!(real.rank_at(4.5).map(|r| real.time(r)), Some(2.0));
        assert_eq!(real.rank_at(-4.5), None);
    }

    #[test]
    fn sparse_days_are_listed() {
        let line = Timeline::new(None, Times::Days(&[i32::MIN, i32::MAX, 0])).expect("valid rows");
        assert_eq!(line.exit, vec![0, 2, 1]);
        assert_eq!(line.span, 3);
    }

    #[test]
    fn entry_at_or_after_exit_is_refused() {
        for (entry, exit, good) in [(1, 2, true), (2, 2, false), (3, 2, false)] {
            let r = Timeline::new(Some(Times::Days(&[entry])), Times::Days(&[exit]));
            assert_eq!(r.is_ok(), good);
        }
        let close = Timeline::new(Some(Times::Real(&[1.0 - 1e-9])), Times::Real(&[1.0]));
        assert!(close.is_err());
        assert!(Timeline::new(None, Times::Real(&[f64::NAN])).is_err());
        assert!(Timeline::new(Some(Times::Days(&[1])), Times::Days(&[1, 2])).is_err());
    }
}
