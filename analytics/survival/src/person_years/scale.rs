//! One time scale of a person-time table and the walk of a subject through its bands.

use super::at;
use super::clock::{civil_date, day_number, whole_year};
use crate::error::Error;

/// Two moments closer than this are one: decimal years reach a boundary only up to rounding. In years it is 0.03
/// seconds; between whole days it does nothing.
pub(super) const ROUNDING: f64 = 1e-9;

/// What happens to time before the first or after the last band.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Beyond {
    /// It counts in the nearest band.
    #[default]
    Nearest,
    /// It counts in no cell.
    Outside,
}

/// How the edges of a scale are measured from its origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reckoning {
    /// Edges are lengths of time in the unit of the input.
    #[default]
    Elapsed,
    /// Edges are completed years between birthdays; times are days since 1970-01-01.
    Birthdays,
}

/// A time scale and its bands.
#[derive(Debug)]
pub struct Scale<'a, T> {
    /// Zero of the scale per row (birth for age); the zero of the input's own axis when absent (calendar time).
    pub origin: Option<&'a [T]>,
    /// Boundaries, strictly ascending, at least two; band i is `[edges[i], edges[i + 1])`. Both ends may be infinite.
    pub edges: &'a [f64],
    /// Unit of the edges.
    pub reckoning: Reckoning,
    /// Rule for time before the first band.
    pub below: Beyond,
    /// Rule for time after the last band.
    pub above: Beyond,
}

impl<T: Copy + Into<f64>> Scale<'_, T> {
    /// Number of bands.
    pub fn bands(&self) -> usize {
        self.edges.len().saturating_sub(1)
    }

    pub(super) fn check(&self, rows: usize) -> Result<(), Error> {
        if let Some(received) = self.origin.map(<[T]>::len).filter(|&n| n != rows) {
            return Err(Error::LengthMismatch { column: "origin of a scale", expected: rows, received });
        }
        if self.edges.len() < 2 {
            let value = self.edges.len() as f64;
            return Err(Error::InvalidParameter { name: "number of edges", value, expected: "2 or more" });
        }
        for pair in self.edges.windows(2) {
            if let [a, b] = *pair
                && (a.is_nan() || b.is_nan() || b <= a)
            {
                return Err(Error::InvalidParameter {
                    name: "edge",
                    value: b,
                    expected: "edges in ascending order",
                });
            }
        }
        if self.reckoning == Reckoning::Birthdays {
            if self.origin.is_none() {
                return Err(Error::Undefined {
                    reason: "a scale counted in birthdays needs the days of birth",
                });
            }
            if let Some(&value) = self.edges.iter().find(|e| e.is_finite() && whole_year(**e).is_none()) {
                return Err(Error::InvalidParameter {
                    name: "edge",
                    value,
                    expected: "completed years, a whole number",
                });
            }
        }
        Ok(())
    }

    pub(super) fn start_bands(&self) -> Bands<'_> {
        Bands {
            edges: self.edges,
            moments: vec![0.0; self.edges.len()],
            passed: 0,
            below: self.below,
            above: self.above,
        }
    }
}

/// Position of one subject on one scale.
#[derive(Debug)]
pub(super) struct Bands<'a> {
    edges: &'a [f64],
    /// The edges as moments of the common axis, for this subject.
    moments: Vec<f64>,
    /// Edges at or before the current moment.
    passed: usize,
    below: Beyond,
    above: Beyond,
}

impl Bands<'_> {
    /// Places the subject of `row` on the scale at moment `begin`.
    pub(super) fn enter<T: Copy + Into<f64>>(
        &mut self,
        scale: &Scale<'_, T>,
        row: usize,
        begin: f64,
    ) -> Result<(), Error> {
        let origin = at(scale.origin, row).unwrap_or(0.0);
        let days = scale.reckoning == Reckoning::Birthdays;
        if !origin.is_finite() || (days && (origin.fract() != 0.0 || origin.abs() > f64::from(i32::MAX / 2)))
        {
            let expected = if days { "a whole day number" } else { "a finite time" };
            return Err(Error::InvalidValue { column: "origin of a scale", row, value: origin, expected });
        }
        if days {
            #[expect(clippy::cast_possible_truncation, reason = "checked to be a whole day number")]
            let (year, month, day) = civil_date(origin as i32);
            for (moment, &edge) in self.moments.iter_mut().zip(self.edges) {
                // Edges are whole years or infinite.
                *moment = whole_year(edge).map_or(edge, |age| f64::from(day_number(year + age, month, day)));
            }
        } else {
            for (moment, &edge) in self.moments.iter_mut().zip(self.edges) {
                *moment = origin + edge;
            }
        }
        self.passed = 0;
        self.advance(begin);
        Ok(())
    }

    /// Moves on to moment `now`.
    pub(super) fn advance(&mut self, now: f64) {
        while self.moments.get(self.passed).is_some_and(|&m| m <= now + ROUNDING) {
            self.passed += 1;
        }
    }

    /// Moment at which the band changes next.
    pub(super) fn next_edge(&self) -> f64 {
        self.moments.get(self.passed).copied().unwrap_or(f64::INFINITY)
    }

    /// Number of bands.
    pub(super) fn len(&self) -> usize {
        self.edges.len() - 1
    }

    /// Band of the current moment under the rules for time beyond the bands; `None` when it is in no band.
    pub(super) fn cell(&self) -> Option<usize> {
        match self.passed {
            0 => (self.below == Beyond::Nearest).then_some(0),
            passed if passed > self.len() => (self.above == Beyond::Nearest).then(|| self.len() - 1),
            passed => Some(passed - 1),
        }
    }

    pub(super) fn count_beyond(&self, length: f64, beyond: &mut [f64; 2]) {
        let [before, after] = beyond;
        if self.passed == 0 {
            *before += length;
        } else if self.passed > self.len() {
            *after += length;
        }
    }
}
