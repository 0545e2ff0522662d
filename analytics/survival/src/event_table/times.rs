//! Tabulating real-valued times: radix sort, then one sweep that joins near-ties.

use super::sort::sort_keys;
use super::{Builder, EventTable, Subjects};
use crate::error::Error;

/// √ε, R's `sqrt(.Machine$double.eps)`.
const TOLERANCE: f64 = 1.490_116_119_384_765_6e-8;

/// An exit or an entry, decoded.
#[derive(Clone, Copy)]
struct Item {
    time: f64,
    group: usize,
    /// `None` marks an entry.
    cause: Option<usize>,
    weight: f64,
}

/// Sorted items, in whichever form they fit.
enum Sorted<'a> {
    Packed { keys: Vec<u64>, code: Code },
    Rows { order: Vec<(u64, usize)>, subjects: Subjects<'a, f64>, entries: bool },
}

/// How time, group and cause share 64 bits: `(time code · groups + group) · causes + cause`, in powers of two. The time
/// code is 0 for 0 and 1 + bits - bits of the smallest positive time otherwise, which is exact and keeps the order.
#[derive(Clone, Copy)]
struct Code {
    smallest: u64,
    group_bits: u32,
    cause_bits: u32,
    width: u32,
    entries: bool,
}

fn bits_for(values: usize) -> u32 {
    usize::BITS - values.saturating_sub(1).leading_zeros()
}

impl Code {
    fn new(
        times: impl Iterator<Item = f64>,
        n_causes: usize,
        n_groups: usize,
        entries: bool,
    ) -> Option<Self> {
        let (mut smallest, mut largest) = (u64::MAX, 0_u64);
        for time in times {
            let bits = time.to_bits();
            // Zero wraps to the top and never is the smallest.
            smallest = smallest.min(bits.wrapping_sub(1));
            largest = largest.max(bits);
        }
        let smallest = smallest.wrapping_add(1);
        let time_bits = if largest == 0 { 1 } else { u64::BITS - (largest - smallest + 1).leading_zeros() };
        let group_bits = bits_for(n_groups);
        let cause_bits = if entries { 0 } else { bits_for(n_causes + 1) };
        let width = time_bits + group_bits + cause_bits;
        (width <= u64::BITS).then_some(Self { smallest, group_bits, cause_bits, width, entries })
    }

    fn key(&self, time: f64, group: u32, cause: u8) -> u64 {
        let bits = time.to_bits();
        let code = if bits == 0 { 0 } else { bits - self.smallest + 1 };
        (((code << self.group_bits) | u64::from(group)) << self.cause_bits) | u64::from(cause)
    }

    #[expect(clippy::cast_possible_truncation, reason = "masked to the bits of a group and of a cause")]
    fn item(&self, key: u64) -> Item {
        let below = |value: u64, bits: u32| (value & ((1_u64 << bits) - 1)) as usize;
        let code = key >> self.cause_bits >> self.group_bits;
        Item {
            time: if code == 0 { 0.0 } else { f64::from_bits(code - 1 + self.smallest) },
            group: below(key >> self.cause_bits, self.group_bits),
            cause: (!self.entries).then(|| below(key, self.cause_bits)),
            weight: 1.0,
        }
    }
}

impl Sorted<'_> {
    fn get(&self, i: usize) -> Option<Item> {
        match self {
            Self::Packed { keys, code } => keys.get(i).map(|&key| code.item(key)),
            Self::Rows { order, subjects, entries } => order.get(i).map(|&(bits, row)| Item {
                time: f64::from_bits(bits),
                group: subjects.group.and_then(|c| c.get(row)).map_or(0, |&group| group as usize),
                cause: (!entries).then(|| subjects.cause.get(row).map_or(0, |&cause| usize::from(cause))),
                weight: subjects.weight.and_then(|c| c.get(row)).copied().unwrap_or(1.0),
            }),
        }
    }
}

struct Prepared<'a> {
    exits: Sorted<'a>,
    entries: Option<Sorted<'a>>,
}

/// Sorts the rows that stay at risk for more than `gap`.
fn prepare<'a>(subjects: &Subjects<'a, f64>, n_causes: usize, n_groups: usize, gap: f64) -> Prepared<'a> {
    // Whoever entered before time 0 is at risk from the start: there is no entry to list.
    let kept = |row: usize, entries: bool| -> bool {
        let entry = subjects.entry.and_then(|c| c.get(row));
        let exit = subjects.exit.get(row);
        entry.zip(exit).is_none_or(|(&entry, &exit)| exit - entry > gap && !(entries && entry < 0.0))
    };
    let group = |row: usize| subjects.group.and_then(|c| c.get(row)).copied().unwrap_or(0);
    let order = |column: &[f64], entries: bool| -> Sorted<'a> {
        // Adding 0 turns -0.0 into 0.0, so that bit patterns keep the order of the times.
        let time = |time: f64| time.max(0.0) + 0.0;
        let plain = subjects.weight.is_none();
        let code = Code::new(column.iter().map(|&t| time(t)), n_causes, n_groups, entries).filter(|_| plain);
        let Some(code) = code else {
            let all = column.iter().enumerate().filter(|&(row, _)| kept(row, entries));
            let mut order: Vec<(u64, usize)> = all.map(|(row, &t)| (time(t).to_bits(), row)).collect();
            order.sort_unstable();
            return Sorted::Rows { order, subjects: *subjects, entries };
        };
        let cause = |row: usize| if entries { 0 } else { subjects.cause.get(row).copied().unwrap_or(0) };
        let mut keys: Vec<u64> = if subjects.entry.is_none() && subjects.group.is_none() {
            column.iter().zip(subjects.cause).map(|(&t, &cause)| code.key(time(t), 0, cause)).collect()
        } else {
            let all = column.iter().enumerate().filter(|&(row, _)| kept(row, entries));
            all.map(|(row, &t)| code.key(time(t), group(row), cause(row))).collect()
        };
        let threads = crate::threads(keys.len());
        sort_keys(&mut keys, code.width, threads);
        Sorted::Packed { keys, code }
    };
    Prepared { exits: order(subjects.exit, false), entries: subjects.entry.map(|column| order(column, true)) }
}

impl Prepared<'_> {
    /// The items of both lists in ascending time, exits before entries at the same time.
    fn for_each(&self, mut f: impl FnMut(Item)) {
        let Some(entries) = &self.entries else {
            match &self.exits {
                Sorted::Packed { keys, code } => keys.iter().for_each(|&key| f(code.item(key))),
                rows @ Sorted::Rows { .. } => (0..).map_while(|i| rows.get(i)).for_each(f),
            }
            return;
        };
        let mut exits = (0..).map_while(|row| self.exits.get(row)).peekable();
        let mut entries = (0..).map_while(|row| entries.get(row)).peekable();
        loop {
            let enters_first = match (exits.peek(), entries.peek()) {
                (Some(exit), Some(entry)) => entry.time < exit.time,
                (exit, entry) => exit.is_none() && entry.is_some(),
            };
            match if enters_first { entries.next() } else { exits.next() } {
                Some(item) => f(item),
                None => break,
            }
        }
    }

    /// The largest gap between times that count as one.
    fn tolerance(&self) -> f64 {
        let (mut distinct, mut sum, mut last) = (0_u64, 0.0, f64::NAN);
        self.for_each(|item| {
            if item.time.to_bits() != last.to_bits() {
                distinct += 1;
                sum += item.time;
                last = item.time;
            }
        });
        if distinct == 0 { TOLERANCE } else { TOLERANCE * (sum / distinct as f64).max(1.0) }
    }
}

/// One group from the start: the numbers at risk are the keys not yet passed, so that one pass is enough.
fn single(keys: &[u64], code: &Code, n_causes: usize, tolerance: f64) -> EventTable {
    let mut rows = Builder::new(n_causes, false, keys.len());
    let mut at_risk: Vec<f64> = Vec::with_capacity(keys.len());
    let (mut last, mut person_time) = (f64::NAN, 0.0);
    for (passed, &key) in keys.iter().enumerate() {
        let item = code.item(key);
        let chained = item.time - last <= tolerance;
        if !chained {
            rows.open(item.time);
            at_risk.push((keys.len() - passed) as f64);
        }
        last = item.time;
        person_time += item.time;
        rows.exit(item.cause.unwrap_or(0), 1.0);
    }
    rows.close(at_risk, false, (keys.len() as u64, 0, person_time))
}

fn check(subjects: &Subjects<f64>, n_causes: usize, n_groups: usize) -> Result<(), Error> {
    subjects.check_lengths()?;
    let find = |column, values: Option<&[f64]>, expected, valid: fn(f64) -> bool| -> Result<(), Error> {
        match values
            .and_then(|v| v.iter().position(|&v| !valid(v)).and_then(|row| v.get(row).map(|&v| (row, v))))
        {
            Some((row, value)) => Err(Error::InvalidValue { column, row, value, expected }),
            None => Ok(()),
        }
    };
    find("exit", Some(subjects.exit), "a finite time, 0 or later", |v| v.is_finite() && v >= 0.0)?;
    find("entry", subjects.entry, "a time (or minus infinity, for at risk from the start)", |v| {
        v < f64::INFINITY
    })?;
    find("weight", subjects.weight, "a finite weight, 0 or more", |v| v.is_finite() && v >= 0.0)?;
    if let Some(row) = subjects.cause.iter().position(|&cause| usize::from(cause) > n_causes) {
        let value = subjects.cause.get(row).map_or(0.0, |&cause| f64::from(cause));
        let expected = "0 (censored) or a cause up to the number of causes";
        return Err(Error::InvalidValue { column: "cause", row, value, expected });
    }
    let groups = subjects.group.unwrap_or_default();
    if let Some(row) = groups.iter().position(|&group| group as usize >= n_groups) {
        let value = groups.get(row).map_or(0.0, |&group| f64::from(group));
        let expected = "a group number below the number of groups";
        return Err(Error::InvalidValue { column: "group", row, value, expected });
    }
    Ok(())
}

pub(super) fn from_times(
    subjects: &Subjects<f64>,
    n_causes: usize,
    n_groups: usize,
) -> Result<Vec<EventTable>, Error> {
    let n_groups = n_groups.max(1);
    check(subjects, n_causes, n_groups)?;
    let mut prepared = prepare(subjects, n_causes, n_groups, 0.0);
    let tolerance = prepared.tolerance();
    let mut gap = 0.0;
    if let Some(entries) = subjects.entry {
        let too_short = |(&entry, &exit): (&f64, &f64)| exit > entry && exit - entry <= tolerance;
        if entries.iter().zip(subjects.exit).any(too_short) {
            gap = tolerance;
            prepared = prepare(subjects, n_causes, n_groups, gap);
        }
    }
    if let (Sorted::Packed { keys, code }, None, 1) = (&prepared.exits, &prepared.entries, n_groups) {
        return Ok(vec![single(keys, code, n_causes, tolerance)]);
    }
    let delayed = subjects.entry.is_some();
    let capacity = if n_groups == 1 { subjects.exit.len() } else { 0 };
    let mut groups: Vec<Builder> = (0..n_groups).map(|_| Builder::new(n_causes, delayed, capacity)).collect();
    let mut counts = vec![(0_u64, 0_u64, 0.0_f64); n_groups];
    // `cut` is the time that stands for the chain of near-ties, `last` the latest member of the chain.
    let (mut cut, mut last) = (f64::NAN, f64::NAN);
    prepared.for_each(|item| {
        let chained = item.time - last <= tolerance;
        if !chained {
            cut = item.time;
        }
        last = item.time;
        if let Some(rows) = groups.get_mut(item.group) {
            if rows.time.last() != Some(&cut) {
                rows.open(cut);
            }
            match item.cause {
                Some(cause) => rows.exit(cause, item.weight),
                None => rows.enter(item.weight),
            }
        }
        if let Some((n, _, person_time)) = counts.get_mut(item.group) {
            if item.cause.is_some() {
                *n += 1;
                *person_time += item.time * item.weight;
            } else {
                *person_time -= item.time * item.weight;
            }
        }
    });
    drop(prepared);
    if let Some(entries) = subjects.entry {
        for (row, (&entry, &exit)) in entries.iter().zip(subjects.exit).enumerate() {
            if exit - entry <= gap || exit <= entry {
                let group = subjects.group.and_then(|c| c.get(row)).map_or(0, |&group| group as usize);
                if let Some((_, excluded, _)) = counts.get_mut(group) {
                    *excluded += 1;
                }
            }
        }
    }
    let finished = groups.into_iter().zip(counts);
    Ok(finished.map(|(rows, (n, excluded, person))| rows.finish(n, excluded, Some(person))).collect())
}
