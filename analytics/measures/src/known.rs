//! What is known of a value: truth, numbers as intervals, days as spans, and lengths of time. Every function answers as far as the
//! intervals decide, never further.

use crate::ir::{Amount, Comparison, Offset, Operator, Picked};
use crate::syntax::TimeUnit;
use chrono::{Datelike, NaiveDate};
use clinical::criteria::visits::months::add_months;

/// Relative distance within which two numbers are the same: one converted between units differs by rounding only.
pub const SAME: f64 = clinical::criteria::compare::SAME;

/// Why something cannot be told. Of several reasons the greatest counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Gap {
    /// The records do not say.
    Unknown,
    /// A window is open at the data cutoff.
    Pending,
    /// The follow-up ended in a window: the number of the end.
    Ended(usize),
}

/// Whether a condition holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Truth {
    /// It fails.
    No,
    /// It cannot be told.
    Open(Gap),
    /// It holds.
    Yes,
}

impl Truth {
    /// `and`: fails when one fails.
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::No, _) | (_, Self::No) => Self::No,
            (Self::Open(a), Self::Open(b)) => Self::Open(a.max(b)),
            (Self::Open(gap), _) | (_, Self::Open(gap)) => Self::Open(gap),
            (Self::Yes, Self::Yes) => Self::Yes,
        }
    }

    /// `or`: holds when one holds.
    pub fn or(self, other: Self) -> Self {
        self.not().and(other.not()).not()
    }

    /// `not`.
    #[must_use]
    pub fn not(self) -> Self {
        match self {
            Self::No => Self::Yes,
            Self::Yes => Self::No,
            open => open,
        }
    }
}

impl From<bool> for Truth {
    fn from(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }
}

/// A number as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Num {
    /// Declared not done: comparisons fail.
    NotDone,
    /// Between two bounds.
    Range {
        /// Lower bound.
        low: f64,
        /// Upper bound.
        high: f64,
        /// Whether the lower bound itself is out of question.
        above: bool,
        /// Whether the upper bound itself is out of question.
        below: bool,
        /// Why it is not known better.
        gap: Gap,
    },
}

impl Num {
    /// A known number.
    pub fn exact(value: f64) -> Self {
        Self::between(value, value, Gap::Unknown)
    }

    /// Between two bounds, inclusive.
    pub fn between(low: f64, high: f64, gap: Gap) -> Self {
        Self::Range { low, high, above: false, below: false, gap }
    }

    /// Anything.
    pub fn unknown(gap: Gap) -> Self {
        Self::between(f64::NEG_INFINITY, f64::INFINITY, gap)
    }

    /// The number, when it is known.
    pub fn value(self) -> Option<f64> {
        match self {
            Self::Range { low, high, above: false, below: false, .. } if low == high => Some(low),
            _ => None,
        }
    }

    /// `self op other`.
    pub fn compare(self, op: Comparison, other: Self) -> Truth {
        match op {
            Comparison::Less => self.less(other),
            Comparison::Greater => other.less(self),
            Comparison::LessEqual => self.answered(other, |a, b| b.less(a).not()),
            Comparison::GreaterEqual => self.answered(other, |a, b| a.less(b).not()),
            Comparison::Equal => self.equal(other),
            Comparison::NotEqual => self.answered(other, |a, b| a.equal(b).not()),
        }
    }

    /// A comparison with a value that was not done fails, also a negated one.
    fn answered(self, other: Self, compare: impl Fn(Self, Self) -> Truth) -> Truth {
        if self == Self::NotDone || other == Self::NotDone { Truth::No } else { compare(self, other) }
    }

    fn less(self, other: Self) -> Truth {
        let (
            Self::Range { low: a, high: b, above, below, gap },
            Self::Range { low: c, high: d, above: c_above, below: d_below, gap: other_gap },
        ) = (self, other)
        else {
            return Truth::No;
        };
        if definitely_less(b, c) || (same(b, c) && (below || c_above)) {
            Truth::Yes
        } else if !definitely_less(a, d) || (same(a, d) && (above || d_below)) {
            Truth::No
        } else {
            Truth::Open(gap.max(other_gap))
        }
    }

    fn equal(self, other: Self) -> Truth {
        let (Self::Range { gap, .. }, Self::Range { gap: other_gap, .. }) = (self, other) else {
            return Truth::No;
        };
        match (self.value(), other.value()) {
            (Some(a), Some(b)) => same(a, b).into(),
            _ if self.less(other) == Truth::Yes || other.less(self) == Truth::Yes => Truth::No,
            _ => Truth::Open(gap.max(other_gap)),
        }
    }

    /// Arithmetic on every value both may have. An operand that was not done leaves the result unknown.
    pub fn arithmetic(self, op: Operator, other: Self) -> Self {
        let (
            Self::Range { low: a, high: b, above, below, gap },
            Self::Range { low: c, high: d, above: c_above, below: d_below, gap: other_gap },
        ) = (self, other)
        else {
            return Self::unknown(Gap::Unknown);
        };
        let gap = gap.max(other_gap);
        match op {
            Operator::Add => {
                Self::Range { low: a + c, high: b + d, above: above || c_above, below: below || d_below, gap }
            }
            Operator::Subtract => {
                Self::Range { low: a - d, high: b - c, above: above || d_below, below: below || c_above, gap }
            }
            Operator::Multiply => Self::hull([a * c, a * d, b * c, b * d], gap),
            Operator::Divide if c <= 0.0 && d >= 0.0 => Self::unknown(gap),
            Operator::Divide => Self::hull([a / c, a / d, b / c, b / d], gap),
        }
    }

    fn hull(values: [f64; 4], gap: Gap) -> Self {
        if values.iter().any(|v| v.is_nan()) {
            return Self::unknown(gap);
        }
        let low = values.iter().copied().fold(f64::INFINITY, f64::min);
        Self::between(low, values.iter().copied().fold(f64::NEG_INFINITY, f64::max), gap)
    }

    /// With the other sign.
    #[must_use]
    pub fn negated(self) -> Self {
        match self {
            Self::NotDone => Self::NotDone,
            Self::Range { low, high, above, below, gap } => {
                Self::Range { low: -high, high: -low, above: below, below: above, gap }
            }
        }
    }

    /// One of two numbers, when it cannot be told which.
    pub fn either(self, other: Self, why: Gap) -> Self {
        if self == other {
            return self;
        }
        match (self, other) {
            (
                Self::Range { low: a, high: b, gap, .. },
                Self::Range { low: c, high: d, gap: other_gap, .. },
            ) => Self::between(a.min(c), b.max(d), gap.max(other_gap).max(why)),
            _ => Self::unknown(why),
        }
    }
}

fn same(a: f64, b: f64) -> bool {
    // Infinity stands for no bound: nothing finite is near it.
    a == b || (a.is_finite() && b.is_finite() && (a - b).abs() <= SAME * a.abs().max(b.abs()))
}

fn definitely_less(a: f64, b: f64) -> bool {
    a < b && !same(a, b)
}

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
                days => days.arithmetic(Operator::Multiply, Num::exact(24.0)),
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
