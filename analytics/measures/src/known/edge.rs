//! Edges of windows.

use super::{DayOf, Gap, Length, Truth};
use crate::ir::{Amount, Comparison};
use crate::syntax::TimeUnit;

/// An edge of a window with everything filled in.
#[derive(Debug, Clone, Copy)]
pub struct EdgeOf {
    /// The edge as a day, and whether that day lies outside.
    day: DayOf,
    day_is_out: bool,
    /// The edge to the minute, where it is written in hours and its anchor has a time of day, and whether it lies outside.
    minute: Option<i64>,
    minute_is_out: bool,
}

/// The lengths of an edge with the parameters filled in.
#[derive(Debug, Clone, Copy)]
pub struct EdgeLength {
    length: Length,
    open: bool,
    /// Whether it is written in hours or minutes.
    hours: bool,
    /// In days, where a time of day is not known.
    fallback: (Length, bool),
}

impl EdgeLength {
    /// Of an edge of a clause's window.
    pub fn of(limit: &crate::ir::Limit, parameter: impl Fn(usize) -> f64) -> Self {
        let length = Length::of(&limit.offset, &parameter);
        let in_hours =
            |(_, _, unit): &(f64, Amount, TimeUnit)| matches!(unit, TimeUnit::Hour | TimeUnit::Minute);
        let fallback = match &limit.fallback {
            Some((offset, open)) => (Length::of(offset, &parameter), *open),
            None => (length.in_days(), limit.open),
        };
        Self { length, open: limit.open, hours: limit.offset.parts.iter().any(in_hours), fallback }
    }

    /// The edge so far from a day.
    pub fn from(&self, anchor: DayOf) -> EdgeOf {
        let minute =
            (self.hours && anchor.minute().is_some()).then(|| anchor.plus(self.length).minute()).flatten();
        let day = match anchor.plus(self.fallback.0) {
            DayOf::Span { low, high, gap, .. } => DayOf::Span { low, high, minute: None, gap },
            other => other,
        };
        EdgeOf { day, day_is_out: self.fallback.1, minute, minute_is_out: self.open }
    }
}

impl EdgeOf {
    /// Whether a day lies on the right side of a lower (`low`) or upper edge.
    pub fn admits(&self, day: DayOf, low: bool) -> Truth {
        if let (Some(at), Some(edge)) = (day.minute(), self.minute) {
            let inside = if low { at > edge } else { at < edge };
            return (inside || (at == edge && !self.minute_is_out)).into();
        }
        let op = match (low, self.day_is_out) {
            (true, false) => Comparison::GreaterEqual,
            (true, true) => Comparison::Greater,
            (false, false) => Comparison::LessEqual,
            (false, true) => Comparison::Less,
        };
        day.compare(op, self.day)
    }

    /// The edge as a day, and whether that day lies outside.
    pub fn in_days(&self) -> (DayOf, bool) {
        (self.day, self.day_is_out)
    }

    /// The last day on which a row may still come, for an upper edge.
    pub fn closing(&self) -> Result<i32, Gap> {
        if let Some(edge) = self.minute {
            return i32::try_from(edge.div_euclid(1440)).map_err(|_| Gap::Unknown);
        }
        match self.day {
            DayOf::Span { high, .. } => Ok(high.saturating_sub(i32::from(self.day_is_out))),
            DayOf::None(gap) => Err(gap),
            DayOf::NotDone => Err(Gap::Unknown),
        }
    }
}
