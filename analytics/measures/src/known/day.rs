//! Days as spans, and lengths of time.

use super::{Gap, Num, Truth};
use crate::ir::{Amount, Comparison, Offset, Operator, Picked};
use crate::syntax::TimeUnit;
use chrono::{Datelike, NaiveDate};
use clinical::criteria::visits::months::add_months;

/// A day as far as it is known: days since 1970-01-01, first and last it may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DayOf {
    /// Declared not done.
    NotDone,
    /// There is none, or it is not recorded.
    None(Gap),
    /// Between two days.
    Span {
        /// First day it may be.
        low: i32,
        /// Last day it may be.
        high: i32,
        /// Minute of the day, when the day and the time are known.
        minute: Option<u16>,
        /// Why it is not known better.
        gap: Gap,
    },
}

impl DayOf {
    /// A known day.
    pub fn exact(day: i32) -> Self {
        Self::Span { low: day, high: day, minute: None, gap: Gap::Unknown }
    }

    /// The day, when it is known.
    pub fn day(self) -> Option<i32> {
        match self {
            Self::Span { low, high, .. } if low == high => Some(low),
            _ => None,
        }
    }

    /// The minute since 1970-01-01, when day and time are known.
    pub fn minute(self) -> Option<i64> {
        match self {
            Self::Span { low, high, minute: Some(minute), .. } if low == high => {
                Some(i64::from(low) * 1440 + i64::from(minute))
            }
            _ => None,
        }
    }

    /// Days as a number.
    pub fn number(self) -> Num {
        match self {
            Self::NotDone => Num::NotDone,
            Self::None(gap) => Num::unknown(gap),
            Self::Span { low, high, gap, .. } => Num::between(f64::from(low), f64::from(high), gap),
        }
    }

    /// `self op other`, by calendar days.
    pub fn compare(self, op: Comparison, other: Self) -> Truth {
        self.number().compare(op, other.number())
    }

    /// Days from `other` to `self`.
    pub fn since(self, other: Self) -> Num {
        match (self, other) {
            (Self::NotDone, _) | (_, Self::NotDone) => Num::NotDone,
            _ => self.number().arithmetic(Operator::Subtract, other.number()),
        }
    }

    /// Hours from `other` to `self`; whole days where a time of day is not known.
    pub fn hours_since(self, other: Self) -> Num {
        match (self.minute(), other.minute()) {
            (Some(a), Some(b)) => Num::exact((a - b) as f64 / 60.0),
            _ => match self.since(other) {
                Num::NotDone => Num::NotDone,
                days @ Num::Range { .. } => days.arithmetic(Operator::Multiply, Num::exact(24.0)),
            },
        }
    }

    /// So long later.
    #[must_use]
    pub fn plus(self, length: Length) -> Self {
        let Self::Span { low, high, minute, gap } = self else { return self };
        if length.minutes != 0
            && let Some(minute) = self.minute()
        {
            let Some(day) = move_day(low, length) else { return Self::None(gap) };
            let total = i64::from(day) * 1440 + minute.rem_euclid(1440) + length.minutes;
            let (day, minute) = (total.div_euclid(1440), total.rem_euclid(1440));
            return match (i32::try_from(day), u16::try_from(minute)) {
                (Ok(day), Ok(minute)) => Self::Span { low: day, high: day, minute: Some(minute), gap },
                _ => Self::None(gap),
            };
        }
        let length = length.in_days();
        match (move_day(low, length), move_day(high, length)) {
            (Some(low), Some(high)) => Self::Span { low, high, minute, gap },
            _ => Self::None(gap),
        }
    }
}

/// The earliest or latest of days that are known, as far as they tell.
pub fn extreme(which: Picked, days: &[DayOf]) -> DayOf {
    let mut result = DayOf::None(Gap::Unknown);
    for day in days {
        result = match (result, *day) {
            (DayOf::Span { .. }, DayOf::Span { .. }) => one_of_two(which, result, *day),
            (DayOf::Span { .. }, _) => result,
            (_, other) => other,
        };
    }
    result
}

fn one_of_two(which: Picked, one: DayOf, other: DayOf) -> DayOf {
    let (
        DayOf::Span { low, high, minute, gap },
        DayOf::Span { low: low_2, high: high_2, minute: minute_2, gap: gap_2 },
    ) = (one, other)
    else {
        return one;
    };
    let (first, last) = match which {
        Picked::First => (low.min(low_2), high.min(high_2)),
        Picked::Last => (low.max(low_2), high.max(high_2)),
    };
    // Of two on one day the time decides when both have one.
    let minute = match ((low, high) == (first, last), (low_2, high_2) == (first, last)) {
        (true, true) => {
            minute.zip(minute_2).map(|(a, b)| if which == Picked::First { a.min(b) } else { a.max(b) })
        }
        (true, false) => minute,
        (false, true) => minute_2,
        (false, false) => None,
    };
    DayOf::Span { low: first, high: last, minute, gap: gap.max(gap_2) }
}

/// A length of time with its parameters filled in: months are added first, then days, then minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Length {
    /// Calendar months.
    pub months: i32,
    /// Calendar days.
    pub days: i32,
    /// Minutes.
    pub minutes: i64,
}

impl Length {
    /// An offset with the given values of its parameters.
    pub fn of(offset: &Offset, parameter: impl Fn(usize) -> f64) -> Self {
        let mut length = Self::default();
        for (factor, amount, unit) in &offset.parts {
            let amount = match amount {
                Amount::Constant(n) => f64::from(*n),
                Amount::Parameter(index) => parameter(*index),
            };
            // Whole numbers below a million: the loader has checked.
            let n = (factor * amount).round() as i32;
            match unit {
                TimeUnit::Month => length.months = length.months.saturating_add(n),
                TimeUnit::Day => length.days = length.days.saturating_add(n),
                TimeUnit::Hour => length.minutes = length.minutes.saturating_add(i64::from(n) * 60),
                TimeUnit::Minute => length.minutes = length.minutes.saturating_add(i64::from(n)),
            }
        }
        length
    }

    /// Hours and minutes as whole days, cut off toward zero.
    #[must_use]
    pub fn in_days(self) -> Self {
        let days = i32::try_from(self.minutes / 1440).unwrap_or(0);
        Self { months: self.months, days: self.days.saturating_add(days), minutes: 0 }
    }
}

/// A day so many months and days later; `None` beyond the calendar.
fn move_day(day: i32, length: Length) -> Option<i32> {
    // No end stands for a day beyond every calendar.
    if day == i32::MAX {
        return Some(day);
    }
    let moved = if length.months == 0 { day } else { epoch_day(add_months(date_of(day)?, length.months)?) };
    moved.checked_add(length.days)
}

/// Days since 1970-01-01.
pub fn epoch_day(date: NaiveDate) -> i32 {
    date.num_days_from_ce() - UNIX_EPOCH
}

/// The date of a day since 1970-01-01.
pub fn date_of(day: i32) -> Option<NaiveDate> {
    NaiveDate::from_num_days_from_ce_opt(day.checked_add(UNIX_EPOCH)?)
}

/// 1970-01-01 counted from the first day of the calendar.
const UNIX_EPOCH: i32 = 719_163;
