//! Subjects observed until an event or a censoring, as the estimators take them.

use super::Io;
use crate::arguments::Observation;
use crate::error::StatsError;
use crate::frame::{Coded, Columns, Frame};
use crate::input::{self, Kind};
use survival::cox::Times;
use survival::event_table::{EventTable, Subjects as Rows};

/// Times in whole days where all of them are, in any unit otherwise.
#[derive(Debug)]
pub(crate) enum Clock {
    Days { entry: Option<Vec<i32>>, time: Vec<i32> },
    Real { entry: Option<Vec<f64>>, time: Vec<f64> },
}

/// The subjects of an analysis.
#[derive(Debug)]
pub(crate) struct Subjects {
    pub(crate) frame: Frame,
    pub(crate) clock: Clock,
    /// 0 is censored.
    pub(crate) cause: Vec<u8>,
    pub(crate) weight: Option<Vec<f64>>,
    pub(crate) group: Option<Coded>,
    pub(crate) strata: Option<Coded>,
}

/// Columns and choices of an analysis of subjects.
#[derive(Debug)]
pub(crate) struct Plan<'a> {
    pub(crate) input: &'a str,
    pub(crate) observation: &'a Observation,
    /// `--event` or `--cause`, its column and kind.
    pub(crate) outcome: (&'static str, &'a str, Kind),
    pub(crate) group: Option<&'a String>,
    pub(crate) strata: &'a [String],
    /// Further columns; they are the first of the frame.
    pub(crate) first: Columns,
    /// Whether sums over rows depend on their order, so that the rows must be put in one.
    pub(crate) ordered: bool,
}

/// Names by which the library calls the columns, with their options.
pub(crate) const COLUMNS: [(&str, &str); 8] = [
    ("exit", "time"),
    ("time", "time"),
    ("entry", "entry"),
    ("cause", "cause"),
    ("weight", "weight"),
    ("group", "group"),
    ("strata", "strata"),
    ("cluster", "cluster"),
];

impl Subjects {
    pub(crate) fn load(plan: Plan<'_>, io: &mut Io<'_>) -> Result<Self, StatsError> {
        let observation = plan.observation;
        let mut columns = plan.first;
        columns.add("time", &observation.time, Kind::NotNegative);
        columns.maybe("entry", observation.entry.as_ref(), Kind::Number);
        let (outcome, name, kind) = plan.outcome;
        columns.add(outcome, name, kind);
        columns.maybe("weight", observation.weight.as_ref(), Kind::Weight);
        columns.maybe("group", plan.group, Kind::Label);
        columns.all("strata", plan.strata, Kind::Label);
        columns.maybe("id", observation.id.as_ref(), Kind::Label);
        let table = input::read(plan.input, columns.0, io.files, io.stdin)?;
        let mut frame = Frame::new(table);
        let delayed = observation.entry.is_some();
        let mut clock = clock(&frame, delayed);
        if delayed {
            if let Clock::Real { entry: Some(entry), time } = &mut clock {
                timefix(entry, time);
            }
            frame.exclude("entry >= time", &never_at_risk(&clock));
        }
        if observation.id.is_some() {
            check_overlap(&frame)?;
        }
        if plan.ordered || observation.weight.is_some() {
            frame.canonical();
        }
        // Exclusions and order moved the rows.
        clock = self::clock(&frame, delayed);
        if let Clock::Real { entry: Some(entry), time } = &mut clock {
            timefix(entry, time);
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be 0 to 255")]
        let cause = frame.numbers(outcome).iter().map(|&cause| cause as u8).collect();
        let weight = observation.weight.is_some().then(|| frame.numbers("weight").to_vec());
        let (group, strata) = (frame.labels("group"), frame.combined("strata"));
        Ok(Self { frame, clock, cause, weight, group, strata })
    }

    /// Number of rows.
    pub(crate) fn len(&self) -> usize {
        self.frame.len()
    }

    /// Labels of the groups; one group without a name when there is no column of groups.
    pub(crate) fn group_names(&self) -> Vec<Option<String>> {
        match &self.group {
            Some(group) => group.labels.iter().cloned().map(Some).collect(),
            None => vec![None],
        }
    }

    /// Largest cause, at least 1.
    pub(crate) fn causes(&self) -> usize {
        usize::from(self.cause.iter().copied().max().unwrap_or(1).max(1))
    }

    pub(crate) fn times(&self) -> Times<'_> {
        match &self.clock {
            Clock::Days { time, .. } => Times::Days(time),
            Clock::Real { time, .. } => Times::Real(time),
        }
    }

    pub(crate) fn entries(&self) -> Option<Times<'_>> {
        match &self.clock {
            Clock::Days { entry, .. } => entry.as_deref().map(Times::Days),
            Clock::Real { entry, .. } => entry.as_deref().map(Times::Real),
        }
    }

    /// One event table per group.
    pub(crate) fn tables(&self, causes: usize) -> Result<Vec<EventTable>, StatsError> {
        let groups = self.group_names().len();
        self.tabulate(causes, groups, self.group.as_ref().map(|group| group.codes.as_slice()))
    }

    /// Event tables `[stratum][group]`.
    pub(crate) fn stratified(&self, causes: usize) -> Result<Vec<Vec<EventTable>>, StatsError> {
        let groups = self.group_names().len();
        let Some(strata) = &self.strata else { return Ok(vec![self.tables(causes)?]) };
        let width = u32::try_from(groups).unwrap_or(u32::MAX);
        let group = |row: usize| self.group.as_ref().and_then(|g| g.codes.get(row)).copied().unwrap_or(0);
        let cells: Vec<u32> = strata
            .codes
            .iter()
            .enumerate()
            .map(|(row, stratum)| stratum.saturating_mul(width) + group(row))
            .collect();
        let tables = self.tabulate(causes, groups * strata.labels.len(), Some(&cells))?;
        Ok(tables.chunks(groups.max(1)).map(<[EventTable]>::to_vec).collect())
    }

    fn tabulate(
        &self,
        causes: usize,
        groups: usize,
        group: Option<&[u32]>,
    ) -> Result<Vec<EventTable>, StatsError> {
        let (cause, weight) = (self.cause.as_slice(), self.weight.as_deref());
        let tables = match &self.clock {
            Clock::Days { entry, time } => {
                let rows = Rows { entry: entry.as_deref(), exit: time, cause, group, weight };
                EventTable::from_days(&rows, causes, groups)
            }
            Clock::Real { entry, time } => {
                let rows = Rows { entry: entry.as_deref(), exit: time, cause, group, weight };
                EventTable::from_times(&rows, causes, groups)
            }
        };
        tables.map_err(|error| self.frame.fault(&error, &COLUMNS))
    }
}

/// Whole days if every time is one.
fn clock(frame: &Frame, delayed: bool) -> Clock {
    let (time, entry) = (frame.numbers("time"), delayed.then(|| frame.numbers("entry")));
    match (whole_days(time), entry.map(whole_days)) {
        (Some(time), None) => Clock::Days { entry: None, time },
        (Some(time), Some(Some(entry))) => Clock::Days { entry: Some(entry), time },
        _ => Clock::Real { entry: entry.map(<[f64]>::to_vec), time: time.to_vec() },
    }
}

/// The values as 32-bit integers, if all of them are.
pub(crate) fn whole_days(values: &[f64]) -> Option<Vec<i32>> {
    let limit = f64::from(i32::MAX);
    let day = |value: &f64| {
        #[expect(clippy::cast_possible_truncation, reason = "checked to be a whole number in range")]
        (value.fract() == 0.0 && value.abs() < limit).then_some(*value as i32)
    };
    values.iter().map(day).collect()
}

/// Times within R's `timefix` tolerance of each other become the first of their chain: √ε absolutely, or relative to the mean of the
/// distinct absolute times.
pub(crate) fn timefix(entry: &mut [f64], time: &mut [f64]) {
    const TOLERANCE: f64 = 1.490_116_119_384_765_6e-8;
    let mut distinct: Vec<f64> = entry.iter().chain(time.iter()).copied().collect();
    distinct.sort_by(f64::total_cmp);
    distinct.dedup();
    let mean = distinct.iter().map(|t| t.abs()).sum::<f64>() / distinct.len().max(1) as f64;
    let gap = TOLERANCE * mean.max(1.0);
    let mut first = f64::NAN;
    let mut previous: Option<f64> = None;
    let mut fixed: Vec<f64> = Vec::with_capacity(distinct.len());
    for &t in &distinct {
        if previous.is_none_or(|previous| t - previous > gap) {
            first = t;
        }
        previous = Some(t);
        fixed.push(first);
    }
    for t in entry.iter_mut().chain(time) {
        if let Some(value) =
            distinct.binary_search_by(|known| known.total_cmp(t)).ok().and_then(|i| fixed.get(i))
        {
            *t = *value;
        }
    }
}

fn never_at_risk(clock: &Clock) -> Vec<bool> {
    match clock {
        Clock::Days { entry: Some(entry), time } => {
            entry.iter().zip(time).map(|(entry, time)| entry >= time).collect()
        }
        Clock::Real { entry: Some(entry), time } => {
            entry.iter().zip(time).map(|(entry, time)| entry >= time).collect()
        }
        Clock::Days { time, .. } => vec![false; time.len()],
        Clock::Real { time, .. } => vec![false; time.len()],
    }
}

/// Rows of one subject must not overlap.
fn check_overlap(frame: &Frame) -> Result<(), StatsError> {
    let Some(id) = frame.labels("id") else { return Ok(()) };
    let (time, entry) = (frame.numbers("time"), frame.numbers("entry"));
    let start = |row: usize| entry.get(row).copied().unwrap_or(f64::NEG_INFINITY);
    let stop = |row: usize| time.get(row).copied().unwrap_or(f64::NAN);
    let mut order: Vec<usize> = (0..frame.len()).collect();
    order.sort_by(|&a, &b| {
        id.codes
            .get(a)
            .cmp(&id.codes.get(b))
            .then(stop(a).total_cmp(&stop(b)))
            .then(start(a).total_cmp(&start(b)))
    });
    for pair in order.windows(2) {
        let &[before, after] = pair else { continue };
        if id.codes.get(before) == id.codes.get(after) && start(after) < stop(before) {
            let label = id
                .codes
                .get(after)
                .and_then(|code| id.labels.get(*code as usize))
                .cloned()
                .unwrap_or_default();
            let fault = StatsError::input("rows of one subject overlap").file(frame.file()).value(label);
            let fault = fault
                .column(frame.name("id").unwrap_or_default())
                .rule("rows (entry, time] of a subject one after the other");
            return Err(match frame.row.get(after) {
                Some(row) => fault.row(*row),
                None => fault,
            });
        }
    }
    Ok(())
}
