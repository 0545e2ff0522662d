//! Person-time and events split over bands of several time scales at once (age, calendar time, time since an origin).
//!
//! A subject under observation over `[start, end)` moves through a rectangular table of cells, one dimension per
//! [`Scale`]; each cell collects the time spent in it and the events that ended time in it. With integer days the
//! table is exact: every day of observation falls in one cell, the one it starts in, and sums carry no rounding.
//!
//! # Conventions
//!
//! - Bands are half-open, `[lower, upper)`: the 50th birthday is the first day of the band that starts at 50.
//! - An event at `end` belongs to the cell of the last moment of exposure. An event exactly on a boundary counts in the
//!   band that the exposure comes from, so that cutting a subject into consecutive rows changes no cell.
//! - Time before the first or after the last band of a scale is credited to that band ([`Beyond::Nearest`], the rule
//!   for reference tables that stop before the follow-up does) or left out ([`Beyond::Outside`]); either way the amount
//!   is reported.
//! - The lag moves the start of exposure to `origin + lag` when that is later. Events before it, like exposure before
//!   it, do not count; a subject whose follow-up ends by then is reported, not silently lost.
//! - `end` is whatever ends exposure first: the event, death from any other cause, emigration, last contact, closing
//!   date. [`FollowUp`] derives it from those dates.
//!
//! Source: Breslow & Day, *Statistical Methods in Cancer Research*, vol. II, IARC 1987, section 2.3 and appendix IV;
//! the table is a Lexis diagram (Carstensen, Plummer, *J Stat Softw* 2011;38(6)).
//!
//! # Example
//!
//! ```
//! use survival::person_years::{split, Beyond, Clock, FollowUps, Reckoning, Scale};
//!
//! // Born on 1 March 1950, observed from 1 January 1999 to 1 January 2002, event at the end.
//! let day = |y, m, d| survival::person_years::day_number(y, m, d);
//! let (birth, start, end) = ([day(1950, 3, 1)], [day(1999, 1, 1)], [day(2002, 1, 1)]);
//! let follow_ups =
//!     FollowUps { start: &start, end: &end, event: &[true], stratum: None, origin: None };
//! let age = Scale { origin: Some(&birth), edges: &[0.0, 50.0, f64::INFINITY],
//!     reckoning: Reckoning::Birthdays, below: Beyond::Nearest, above: Beyond::Nearest };
//! let table = split(&follow_ups, 1, &[age], 0.0)?;
//! // 1999-01-01 to 2000-03-01 is 425 days; 2000-03-01 to 2002-01-01 is 671 days.
//! assert_eq!(table.time, [425.0, 671.0]);
//! assert_eq!(table.events, [0, 1]);
//! assert_eq!(Clock::CivilDays.years(table.total_time()), 1096.0 / 365.25);
//! # Ok::<(), survival::error::Error>(())
//! ```

mod clock;
mod follow_up;
mod scale;

pub use clock::{Clock, birthday, civil_date, day_number};
pub use follow_up::FollowUp;
pub use scale::{Beyond, Reckoning, Scale};

use crate::error::Error;
use scale::Bands;

/// Observation intervals, one row each; several rows may belong to one subject as long as they do not overlap.
///
/// `T` is `i32` for days since 1970-01-01, or `f64` for any unit.
#[derive(Debug)]
pub struct FollowUps<'a, T> {
    /// First moment under observation.
    pub start: &'a [T],
    /// First moment no longer under observation.
    pub end: &'a [T],
    /// Whether the event of interest ended the interval.
    pub event: &'a [bool],
    /// Index of a category that does not change with time (sex), below `strata` of [`split`]; all 0 when absent.
    pub stratum: Option<&'a [u32]>,
    /// Moment from which the lag counts; `start` when absent. Give it when one subject has several rows.
    pub origin: Option<&'a [T]>,
}

/// Person-time and events per cell.
#[derive(Debug, Clone, PartialEq)]
pub struct PersonTime {
    /// Number of strata, then number of bands of each scale.
    pub shape: Vec<usize>,
    /// Time per cell in the unit of the input, row-major in the order of `shape`.
    pub time: Vec<f64>,
    /// Events per cell, same order.
    pub events: Vec<u64>,
    /// Time beyond the bands, per scale: before the first and after the last. Part of the end cells under
    /// [`Beyond::Nearest`], of no cell under [`Beyond::Outside`].
    pub beyond: Vec<[f64; 2]>,
    /// Time in no cell.
    pub outside_time: f64,
    /// Events in no cell because the last moment of exposure was outside the bands.
    pub outside_events: u64,
    /// Rows whose interval is empty or reversed, before any lag.
    pub empty_rows: u64,
    /// Rows whose follow-up ended within the lag.
    pub rows_within_lag: u64,
    /// Events within the lag.
    pub events_within_lag: u64,
}

impl PersonTime {
    /// Time in all cells.
    pub fn total_time(&self) -> f64 {
        self.time.iter().sum()
    }

    /// Events in all cells.
    pub fn total_events(&self) -> u64 {
        self.events.iter().sum()
    }

    /// Band of each dimension (stratum first) of the cell at `index`.
    pub fn bands(&self, index: usize) -> Vec<usize> {
        let mut rest = index;
        let mut bands: Vec<usize> = self
            .shape
            .iter()
            .rev()
            .map(|&size| {
                let band = rest % size.max(1);
                rest /= size.max(1);
                band
            })
            .collect();
        bands.reverse();
        bands
    }
}

/// Splits every interval over the bands of all scales.
///
/// `strata` is the number of categories of [`FollowUps::stratum`] (1 without it); `lag` is in the unit of the input,
/// except with [`Reckoning::Birthdays`] where all times are days.
///
/// # Errors
///
/// [`Error::LengthMismatch`] when slices differ in length; [`Error::InvalidValue`] for a time that is not finite or
/// a stratum out of range; [`Error::InvalidParameter`] for a negative lag or for edges that do not ascend.
pub fn split<T: Copy + Into<f64>>(
    rows: &FollowUps<'_, T>,
    strata: usize,
    scales: &[Scale<'_, T>],
    lag: f64,
) -> Result<PersonTime, Error> {
    check(rows, strata, scales, lag)?;
    let mut table = PersonTime {
        shape: core::iter::once(strata).chain(scales.iter().map(Scale::bands)).collect(),
        time: Vec::new(),
        events: Vec::new(),
        beyond: vec![[0.0; 2]; scales.len()],
        outside_time: 0.0,
        outside_events: 0,
        empty_rows: 0,
        rows_within_lag: 0,
        events_within_lag: 0,
    };
    let cells = table.shape.iter().product();
    let mut time = vec![Sum::default(); cells];
    table.events = vec![0; cells];
    let mut bands: Vec<Bands<'_>> = scales.iter().map(Scale::start_bands).collect();

    for (row, ((&start, &end), &event)) in rows.start.iter().zip(rows.end).zip(rows.event).enumerate() {
        let (start, end): (f64, f64) = (start.into(), end.into());
        if !start.is_finite() {
            return Err(Error::InvalidValue {
                column: "start",
                row,
                value: start,
                expected: "a finite time",
            });
        }
        if !end.is_finite() {
            return Err(Error::InvalidValue { column: "end", row, value: end, expected: "a finite time" });
        }
        if end <= start {
            table.empty_rows += 1;
            continue;
        }
        let origin = at(rows.origin, row).unwrap_or(start);
        if !origin.is_finite() {
            return Err(Error::InvalidValue {
                column: "origin",
                row,
                value: origin,
                expected: "a finite time",
            });
        }
        let begin = start.max(origin + lag);
        if begin >= end {
            table.rows_within_lag += 1;
            table.events_within_lag += u64::from(event);
            continue;
        }
        let stratum = rows.stratum.and_then(|s| s.get(row)).map_or(0, |&s| s as usize);
        if stratum >= strata {
            return Err(Error::InvalidValue {
                column: "stratum",
                row,
                value: stratum as f64,
                expected: "an index below the number of strata",
            });
        }
        for (band, scale) in bands.iter_mut().zip(scales) {
            band.enter(scale, row, begin)?;
        }
        let mut now = begin;
        loop {
            let next = bands.iter().map(Bands::next_edge).fold(f64::INFINITY, f64::min);
            // An edge that rounding puts a hair before the end is the end: the event stays in the band of its exposure.
            let stop = if next >= end - scale::ROUNDING { end } else { next };
            let length = stop - now;
            for (band, beyond) in bands.iter().zip(&mut table.beyond) {
                band.count_beyond(length, beyond);
            }
            let cell = bands.iter().try_fold(stratum, |index, band| Some(index * band.len() + band.cell()?));
            let ended = stop >= end;
            let counted = u64::from(event && ended);
            if let Some((time, events)) = cell.and_then(|c| time.get_mut(c).zip(table.events.get_mut(c))) {
                time.add(length);
                *events += counted;
            } else {
                table.outside_time += length;
                table.outside_events += counted;
            }
            if ended {
                break;
            }
            for band in &mut bands {
                band.advance(stop);
            }
            now = stop;
        }
    }
    table.time = time.iter().map(Sum::value).collect();
    Ok(table)
}

fn check<T: Copy + Into<f64>>(
    rows: &FollowUps<'_, T>,
    strata: usize,
    scales: &[Scale<'_, T>],
    lag: f64,
) -> Result<(), Error> {
    let expected = rows.start.len();
    let lengths = [
        ("end", Some(rows.end.len())),
        ("event", Some(rows.event.len())),
        ("stratum", rows.stratum.map(<[u32]>::len)),
        ("origin", rows.origin.map(<[T]>::len)),
    ];
    for (column, received) in lengths {
        if let Some(received) = received.filter(|&n| n != expected) {
            return Err(Error::LengthMismatch { column, expected, received });
        }
    }
    if strata == 0 {
        return Err(Error::InvalidParameter { name: "strata", value: 0.0, expected: "1 or more" });
    }
    if !(lag.is_finite() && lag >= 0.0) {
        return Err(Error::InvalidParameter {
            name: "lag",
            value: lag,
            expected: "a finite time of 0 or more",
        });
    }
    scales.iter().try_for_each(|scale| scale.check(expected))
}

fn at<T: Copy + Into<f64>>(column: Option<&[T]>, row: usize) -> Option<f64> {
    column.and_then(|c| c.get(row)).map(|&v| v.into())
}

/// Compensated sum (Neumaier 1974): decimal years added over millions of rows keep their last digits.
#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    total: f64,
    lost: f64,
}

impl Sum {
    fn add(&mut self, value: f64) {
        let total = self.total + value;
        self.lost += if self.total.abs() >= value.abs() {
            (self.total - total) + value
        } else {
            (value - total) + self.total
        };
        self.total = total;
    }

    fn value(&self) -> f64 {
        self.total + self.lost
    }
}
