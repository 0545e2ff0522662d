//! Recurrent events: the mean cumulative function, and what Cox models of them need.
//!
//! The mean cumulative function is the expected number of events per subject by time `t`, estimated by the sum of
//! `d / n` over the event times: `d` events among `n` subjects at risk. Its variance treats subjects as independent and
//! their events as not: each subject's influence is the sum of `(dN_i - Y_i d/n) / n`, and the variance the sum of their
//! squares (Nelson 1995, Technometrics 37:147; Lawless & Nadeau 1995, Technometrics 37:158). A death is the end of
//! observation here; where death is common, report a competing-risk view beside it (Cook & Lawless 1997).
//!
//! A subject may have several rows, at risk on `(start, stop]` of each, with gaps but without overlap.
//!
//! Andersen-Gill models are [`crate::cox`] on these rows with [`crate::cox::Robust::Clustered`] by subject; the conditional
//! models of Prentice, Williams & Peterson (1981, Biometrika 68:373) are the same with [`episodes`] as strata, on calendar
//! or on gap time.
//!
//! # Worked example
//! ```
//! use survival::cox::Times;
//! use survival::recurrent::{RecurrentData, mean_cumulative};
//! // Subject 1 has events at 2 and 4 and is followed to 6; subject 2 is followed to 3.
//! let groups = mean_cumulative(&RecurrentData {
//!     id: &[1, 1, 1, 2],
//!     start: Some(Times::Days(&[0, 2, 4, 0])),
//!     stop: Times::Days(&[2, 4, 6, 3]),
//!     event: &[true, true, false, false],
//!     group: None,
//! })?;
//! assert_eq!(groups[0].mcf, vec![0.5, 1.5]);
//! # Ok::<(), survival::error::Error>(())
//! ```

use crate::cox::check_length;
use crate::cox::radix;
use crate::cox::risk::compress;
use crate::cox::timeline::{Timeline, Times};
use crate::error::Error;

/// Rows of subjects with recurrent events. All columns have one value per row.
#[derive(Debug, Clone, Copy)]
pub struct RecurrentData<'a> {
    /// Label of the subject.
    pub id: &'a [u32],
    /// Time before which the row is not at risk, exclusive; without it each subject has one row, from the beginning.
    pub start: Option<Times<'a>>,
    /// End of the row, inclusive.
    pub stop: Times<'a>,
    /// Whether the row ends with an event.
    pub event: &'a [bool],
    /// Groups to estimate apart.
    pub group: Option<&'a [u32]>,
}

/// Mean cumulative function of one group, a step function that is constant between the listed event times.
#[derive(Debug, Clone, PartialEq)]
pub struct MeanCumulative {
    /// Label of the group.
    pub group: u32,
    /// Subjects.
    pub subjects: usize,
    /// Events.
    pub events: usize,
    /// Distinct event times, ascending.
    pub time: Vec<f64>,
    /// Subjects at risk at each time.
    pub n_risk: Vec<u64>,
    /// Events at each time.
    pub n_event: Vec<u64>,
    /// Events expected per subject by each time.
    pub mcf: Vec<f64>,
    /// Robust standard error.
    pub std_err: Vec<f64>,
}

/// A subject during the sweep: its influence is `value - drift` while at risk and `value` while not.
#[derive(Debug, Clone, Copy)]
struct Subject {
    value: f64,
    at_risk: bool,
    stamp: u32,
}

/// Running state of one group: sums over the subjects at risk of powers of their influence less the common drift.
#[derive(Debug, Default)]
struct Sums {
    count: u64,
    drift: f64,
    first: f64,
    second: f64,
    // Sum of squares over the subjects that are not at risk.
    settled: f64,
}

impl Sums {
    fn enter(&mut self, subject: &mut Subject) {
        self.settled -= subject.value * subject.value;
        subject.value += self.drift;
        subject.at_risk = true;
        self.count += 1;
        self.first += subject.value;
        self.second += subject.value * subject.value;
    }

    fn leave(&mut self, subject: &mut Subject) {
        self.count -= 1;
        self.first -= subject.value;
        self.second -= subject.value * subject.value;
        subject.value -= self.drift;
        subject.at_risk = false;
        self.settled += subject.value * subject.value;
    }

    fn credit(&mut self, subject: &mut Subject, amount: f64) {
        self.first += amount;
        self.second += amount * (2.0 * subject.value + amount);
        subject.value += amount;
    }

    fn variance(&self) -> f64 {
        let moving =
            self.second - 2.0 * self.drift * self.first + self.count as f64 * self.drift * self.drift;
        (self.settled + moving).max(0.0)
    }
}

/// Estimates the mean cumulative function of every group.
///
/// # Errors
/// Columns of unequal length; a time that is not finite; a start that is not before its stop; overlapping rows of one
/// subject within a group.
pub fn mean_cumulative(data: &RecurrentData<'_>) -> Result<Vec<MeanCumulative>, Error> {
    let line = checked(data)?;
    let rows = data.id.len();
    let (labels, group) = compress(data.group);
    let (ids, id) = compress(Some(data.id));
    let id = id.unwrap_or_default();
    let order = |ranks: &[u32]| {
        let group = group.as_ref();
        radix::sort((0..rows).map(|row| group.map_or(0, |g| u64::from(g[row]) << 32) | u64::from(ranks[row])))
    };
    let exits = order(&line.exit);
    let entries = line.entry.as_ref().map(|e| order(e));
    let mut subjects = vec![Subject { value: 0.0, at_risk: false, stamp: u32::MAX }; ids.len()];
    let (mut exit_at, mut entry_at) = (0, 0);
    let mut out = Vec::with_capacity(labels.len());
    for (code, &label) in labels.iter().enumerate() {
        let code = u32::try_from(code).unwrap_or(u32::MAX);
        let mine = |key: u64| key >> 32 == u64::from(code);
        let mut curve = MeanCumulative {
            group: label,
            subjects: 0,
            events: 0,
            time: Vec::new(),
            n_risk: Vec::new(),
            n_event: Vec::new(),
            mcf: Vec::new(),
            std_err: Vec::new(),
        };
        let mut sums = Sums::default();
        let mut total = 0.0;
        let mut join = |row: u32, sums: &mut Sums, subjects: &mut [Subject]| {
            let subject = &mut subjects[id[row as usize] as usize];
            if subject.stamp != code {
                *subject = Subject { value: 0.0, at_risk: false, stamp: code };
                curve.subjects += 1;
            }
            if subject.at_risk {
                return Err(Error::InvalidValue {
                    column: "start",
                    row: row as usize,
                    value: data.start.and_then(|s| s.get(row as usize)).unwrap_or(f64::NEG_INFINITY),
                    expected: "rows of one subject that do not overlap",
                });
            }
            sums.enter(subject);
            Ok(())
        };
        if entries.is_none() {
            for &(_, row) in exits[exit_at..].iter().take_while(|e| mine(e.0)) {
                join(row, &mut sums, &mut subjects)?;
            }
        }
        while exit_at < exits.len() && mine(exits[exit_at].0) {
            let key = exits[exit_at].0;
            if let Some(entries) = &entries {
                while entry_at < entries.len() && entries[entry_at].0 < key {
                    // Rows that ended at this very time have left already.
                    join(entries[entry_at].1, &mut sums, &mut subjects)?;
                    entry_at += 1;
                }
            }
            let end = exit_at + exits[exit_at..].iter().take_while(|e| e.0 == key).count();
            let here = &exits[exit_at..end];
            let deaths = here.iter().filter(|(_, row)| data.event[*row as usize]).count();
            if deaths > 0 {
                let n = sums.count as f64;
                for &(_, row) in here.iter().filter(|(_, row)| data.event[*row as usize]) {
                    sums.credit(&mut subjects[id[row as usize] as usize], 1.0 / n);
                }
                sums.drift += deaths as f64 / (n * n);
                total += deaths as f64 / n;
                curve.events += deaths;
                #[expect(clippy::cast_possible_truncation, reason = "the low half of the key is the rank")]
                curve.time.push(line.time(key as u32));
                curve.n_risk.push(sums.count);
                curve.n_event.push(deaths as u64);
                curve.mcf.push(total);
                curve.std_err.push(sums.variance().sqrt());
            }
            for &(_, row) in here {
                sums.leave(&mut subjects[id[row as usize] as usize]);
            }
            exit_at = end;
        }
        out.push(curve);
    }
    Ok(out)
}

fn checked(data: &RecurrentData<'_>) -> Result<Timeline, Error> {
    let rows = data.stop.len();
    check_length("id", rows, data.id.len())?;
    check_length("event", rows, data.event.len())?;
    if let Some(group) = data.group {
        check_length("group", rows, group.len())?;
    }
    Timeline::new(data.start, data.stop)
}

/// Event number and time since the last event of each row, for conditional models.
#[derive(Debug, Clone, PartialEq)]
pub struct Episodes {
    /// One more than the number of earlier events of the subject: the stratum of a conditional model.
    pub number: Vec<u32>,
    /// Start of the row since the last event, or since the subject's first start.
    pub gap_start: Vec<f64>,
    /// End of the row on the same clock.
    pub gap_stop: Vec<f64>,
}

/// Numbers the episodes of each subject.
///
/// # Errors
/// As [`mean_cumulative`], and without starts, which define the clock.
pub fn episodes(data: &RecurrentData<'_>) -> Result<Episodes, Error> {
    let line = checked(data)?;
    let (Some(entry), Some(start)) = (&line.entry, data.start) else {
        return Err(Error::Undefined { reason: "episodes need the start of every row" });
    };
    let rows = data.id.len();
    let mut order: Vec<usize> = (0..rows).collect();
    order.sort_by_key(|row| (data.id[*row], line.exit[*row]));
    let mut out = Episodes { number: vec![1; rows], gap_start: vec![0.0; rows], gap_stop: vec![0.0; rows] };
    for subject in order.chunk_by(|a, b| data.id[*a] == data.id[*b]) {
        let mut number = 1;
        let mut origin = line.time(entry[subject[0]]);
        let mut last = 0;
        for &row in subject {
            if entry[row] < last {
                return Err(Error::InvalidValue {
                    column: "start",
                    row,
                    value: start.get(row).unwrap_or(f64::NAN),
                    expected: "rows of one subject that do not overlap",
                });
            }
            last = line.exit[row];
            out.number[row] = number;
            out.gap_start[row] = line.time(entry[row]) - origin;
            out.gap_stop[row] = line.time(line.exit[row]) - origin;
            if data.event[row] {
                number += 1;
                origin = line.time(line.exit[row]);
            }
        }
    }
    Ok(out)
}
