//! Numbers as intervals.

use super::{Gap, SAME, Truth};
use crate::ir::{Comparison, Operator};

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
    #[must_use]
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
    #[must_use]
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
