//! Standardised incidence ratio: events observed in a cohort against those expected at the rates of a reference
//! population of the same sex, age and calendar time.
//!
//! Person-time is split on age and calendar time at once ([`crate::person_years`]); each cell's person-years times the
//! reference rate is the number expected there, E = Σ PY x rate. The observed number is taken as Poisson with mean
//! SIR x E, E as known without error (Breslow & Day, *Statistical Methods in Cancer Research*, vol. II, IARC 1987,
//! sections 2.3 and 2.4). The interval is exact (Garwood, *Biometrika* 1936;28:437), as is the p-value of SIR = 1
//! (twice the smaller tail, at most 1).
//!
//! # Conventions
//!
//! - Follow-up before the first or after the last period of the reference uses the rates of that period, and likewise
//!   for age; how many person-years that concerns is reported. [`Options::beyond`] leaves them out instead.
//! - A cell for which the reference has no rate adds nothing to either side; its person-years and events are reported.
//! - With E = 0 the ratio, its limits and p are undefined (`None`), whatever was observed. The excess is not.
//! - The lag excludes events, and exposure, too early to be caused by what the cohort was exposed to, and those that
//!   were already there.
//!
//! # Example
//!
//! ```
//! use survival::person_years::Clock;
//! use survival::sir::{self, Cohort, Options, RateCell, ReferenceRates};
//!
//! // One rate, 400 per 100,000 person-years, at every age and year; 50 subjects followed for 10 years.
//! let everyone = RateCell { sex: 0, age: (0.0, None), period: (1990.0, None), rate: 400.0 };
//! let reference = ReferenceRates::from_cells(&[everyone], 1e5)?;
//! let (birth, start, end) = (vec![1950.0; 50], vec![2000.0; 50], vec![2010.0; 50]);
//! let event: Vec<bool> = (0..50).map(|i| i < 5).collect();
//! let cohort = Cohort { birth: &birth, start: &start, end: &end, event: &event, sex: None, origin: None };
//! let options = Options { clock: Clock::DecimalYears, ..Options::default() };
//! let total = sir::sir(&cohort, &reference, &options)?.total;
//! assert_eq!((total.observed, total.person_years, total.expected), (5, 500.0, 2.0));
//! assert_eq!(total.sir, Some(2.5));
//! assert_eq!(total.excess_per_10000, Some(60.0));
//! # Ok::<(), survival::error::Error>(())
//! ```

mod ratio;
mod reference;

pub use ratio::{Ratio, byar_limits, mid_p_limits};
pub use reference::{RateCell, ReferenceRates};

use crate::error::Error;
use crate::person_years::{Beyond, Clock, FollowUps, PersonTime, Reckoning, Scale, split};

/// A cohort, one row per subject (or per consecutive piece of a subject's follow-up).
#[derive(Debug)]
pub struct Cohort<'a, T> {
    /// Birth: day number or decimal year, as [`Options::clock`] says.
    pub birth: &'a [T],
    /// First moment under observation.
    pub start: &'a [T],
    /// First moment no longer at risk: the event, death, last contact or closing date, whichever is first.
    pub end: &'a [T],
    /// Whether the event of interest ended the follow-up.
    pub event: &'a [bool],
    /// Index of the sex in the reference; 0 for all when absent.
    pub sex: Option<&'a [u32]>,
    /// Moment from which the lag and the bands of `since` count (treatment, first exposure); `start` when absent.
    pub origin: Option<&'a [T]>,
}

/// Declared rules of the analysis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options<'a> {
    /// Meaning of the times.
    pub clock: Clock,
    /// Time after the origin before which nothing counts, in the unit of the clock (days or years).
    pub lag: f64,
    /// Edges of bands of time since the origin, in the unit of the clock; empty for none.
    pub since: &'a [f64],
    /// Confidence level of the intervals.
    pub conf_level: f64,
    /// Rule for follow-up beyond the ages and periods of the reference.
    pub beyond: Beyond,
}

impl Default for Options<'_> {
    fn default() -> Self {
        Self { clock: Clock::CivilDays, lag: 0.0, since: &[], conf_level: 0.95, beyond: Beyond::Nearest }
    }
}

/// One cell of the table: indices into the sexes and bands, and what fell into it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cell {
    /// Sex.
    pub sex: usize,
    /// Age band of the reference.
    pub age: usize,
    /// Period of the reference.
    pub period: usize,
    /// Band of time since the origin (0 without such bands).
    pub since: usize,
    /// Person-years.
    pub person_years: f64,
    /// Events observed.
    pub observed: u64,
    /// Events expected; `None` where the reference has no rate.
    pub expected: Option<f64>,
}

/// Standardised incidence ratios of a cohort.
#[derive(Debug, Clone, PartialEq)]
pub struct Sir {
    /// Whole cohort.
    pub total: Ratio,
    /// Per sex of the reference.
    pub by_sex: Vec<Ratio>,
    /// Per age band of the reference.
    pub by_age: Vec<Ratio>,
    /// Per period of the reference.
    pub by_period: Vec<Ratio>,
    /// Per band of time since the origin; empty without such bands.
    pub by_since: Vec<Ratio>,
    /// Cells with person-time, in the order sex, age, period, time since the origin.
    pub cells: Vec<Cell>,
    /// Person-years and events in cells for which the reference has no rate; in neither side of any ratio.
    pub without_rate: (f64, u64),
    /// Person-years beyond the ages of the reference: below the first band, above the last.
    pub beyond_ages: [f64; 2],
    /// Person-years beyond the periods of the reference: before the first, after the last.
    pub beyond_periods: [f64; 2],
    /// Person-years and events left out because they fell outside the bands.
    pub outside: (f64, u64),
    /// Rows with `end <= start`.
    pub empty_rows: u64,
    /// Rows whose follow-up ended within the lag.
    pub rows_within_lag: u64,
    /// Events within the lag.
    pub events_within_lag: u64,
}

/// Standardised incidence ratio of a cohort against a reference.
///
/// # Errors
///
/// Those of [`split`]; [`Error::InvalidValue`] for a start before birth; [`Error::InvalidParameter`] for a confidence
/// level outside (0, 1), or for an age or period of the reference that is not a whole year on [`Clock::CivilDays`].
pub fn sir<T: Copy + Into<f64>>(
    cohort: &Cohort<'_, T>,
    reference: &ReferenceRates,
    options: &Options<'_>,
) -> Result<Sir, Error> {
    let conf_level = options.conf_level;
    if !(conf_level > 0.0 && conf_level < 1.0) {
        return Err(Error::InvalidParameter {
            name: "conf_level",
            value: conf_level,
            expected: "between 0 and 1",
        });
    }
    for (row, (&birth, &start)) in cohort.birth.iter().zip(cohort.start).enumerate() {
        let (birth, start): (f64, f64) = (birth.into(), start.into());
        if start < birth {
            return Err(Error::InvalidValue {
                column: "start",
                row,
                value: start,
                expected: "a time not before birth",
            });
        }
    }
    let table = person_time(cohort, reference, options)?;
    let years = |time: f64| options.clock.years(time);
    let mut result = Sir {
        total: Ratio::new(0, 0.0, 0.0, conf_level),
        by_sex: Vec::new(),
        by_age: Vec::new(),
        by_period: Vec::new(),
        by_since: Vec::new(),
        cells: Vec::new(),
        without_rate: (0.0, 0),
        beyond_ages: table.beyond.first().map_or([0.0; 2], |b| b.map(years)),
        beyond_periods: table.beyond.get(1).map_or([0.0; 2], |b| b.map(years)),
        outside: (years(table.outside_time), table.outside_events),
        empty_rows: table.empty_rows,
        rows_within_lag: table.rows_within_lag,
        events_within_lag: table.events_within_lag,
    };
    let mut total = Tally::default();
    let mut margins: Vec<Vec<Tally>> = table.shape.iter().map(|&n| vec![Tally::default(); n]).collect();
    for (index, (&time, &observed)) in table.time.iter().zip(&table.events).enumerate() {
        if time <= 0.0 {
            continue;
        }
        let bands = table.bands(index);
        let band = |dimension: usize| bands.get(dimension).copied().unwrap_or(0);
        let (sex, age, period, since) = (band(0), band(1), band(2), band(3));
        let person_years = years(time);
        let expected = reference.rate(sex, age, period).map(|rate| person_years * rate / reference.per());
        result.cells.push(Cell { sex, age, period, since, person_years, observed, expected });
        let Some(expected) = expected else {
            result.without_rate.0 += person_years;
            result.without_rate.1 += observed;
            continue;
        };
        total.add(observed, expected, time);
        for (margin, &band) in margins.iter_mut().zip(&bands) {
            if let Some(tally) = margin.get_mut(band) {
                tally.add(observed, expected, time);
            }
        }
    }
    let ratio = |t: &Tally| Ratio::new(t.observed, t.expected, years(t.time), conf_level);
    let mut margins = margins.iter().map(|m| m.iter().map(ratio).collect::<Vec<_>>());
    result.total = ratio(&total);
    result.by_sex = margins.next().unwrap_or_default();
    result.by_age = margins.next().unwrap_or_default();
    result.by_period = margins.next().unwrap_or_default();
    result.by_since = margins.next().unwrap_or_default();
    Ok(result)
}

#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    observed: u64,
    expected: f64,
    time: f64,
}

impl Tally {
    fn add(&mut self, observed: u64, expected: f64, time: f64) {
        self.observed += observed;
        self.expected += expected;
        self.time += time;
    }
}

fn person_time<T: Copy + Into<f64>>(
    cohort: &Cohort<'_, T>,
    reference: &ReferenceRates,
    options: &Options<'_>,
) -> Result<PersonTime, Error> {
    let periods = reference
        .period_edges()
        .iter()
        .map(|&year| {
            options.clock.year_start(year).ok_or(Error::InvalidParameter {
                name: "period of the reference",
                value: year,
                expected: "whole calendar years when times are days",
            })
        })
        .collect::<Result<Vec<f64>, Error>>()?;
    let rows = FollowUps {
        start: cohort.start,
        end: cohort.end,
        event: cohort.event,
        stratum: cohort.sex,
        origin: cohort.origin,
    };
    let reckoning = match options.clock {
        Clock::CivilDays => Reckoning::Birthdays,
        Clock::DecimalYears => Reckoning::Elapsed,
    };
    let (below, above) = (options.beyond, options.beyond);
    let age = Scale { origin: Some(cohort.birth), edges: reference.age_edges(), reckoning, below, above };
    let period = Scale { origin: None, edges: &periods, reckoning: Reckoning::Elapsed, below, above };
    if options.since.is_empty() {
        return split(&rows, reference.sexes(), &[age, period], options.lag);
    }
    let since = Scale {
        origin: Some(cohort.origin.unwrap_or(cohort.start)),
        edges: options.since,
        reckoning: Reckoning::Elapsed,
        below: Beyond::Outside,
        above: Beyond::Outside,
    };
    split(&rows, reference.sexes(), &[age, period, since], options.lag)
}
