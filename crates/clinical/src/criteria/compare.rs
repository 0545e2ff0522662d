//! Comparisons that survive a change of units, and the three-valued logic of incomplete observations.

use std::ops::{BitAnd, BitOr, Not};

/// Relative distance within which two measured values are the same value. A value converted between units differs from the one
/// entered by rounding only (about 1e-16 relative); laboratories report at most seven significant digits.
pub const SAME: f64 = 1e-9;

/// Whether a condition holds, as far as the observations tell (Kleene's strong logic).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// The condition does not hold.
    NotMet,
    /// An observation that would decide it is missing.
    Undecided,
    /// The condition holds.
    Met,
}

impl Verdict {
    /// True when the condition is known to hold.
    pub fn met(self) -> bool {
        self == Self::Met
    }

    /// True when the condition is known not to hold.
    pub fn not_met(self) -> bool {
        self == Self::NotMet
    }

    /// True when an observation is missing.
    pub fn undecided(self) -> bool {
        self == Self::Undecided
    }

    /// Name in a trace.
    pub fn name(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::NotMet => "not_met",
            Self::Undecided => "undecided",
        }
    }
}

impl From<bool> for Verdict {
    fn from(holds: bool) -> Self {
        if holds { Self::Met } else { Self::NotMet }
    }
}

/// An absent observation decides nothing.
impl From<Option<bool>> for Verdict {
    fn from(holds: Option<bool>) -> Self {
        holds.map_or(Self::Undecided, Self::from)
    }
}

impl BitAnd for Verdict {
    type Output = Self;
    fn bitand(self, other: Self) -> Self {
        match (self, other) {
            (Self::NotMet, _) | (_, Self::NotMet) => Self::NotMet,
            (Self::Met, Self::Met) => Self::Met,
            _ => Self::Undecided,
        }
    }
}

impl BitOr for Verdict {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        match (self, other) {
            (Self::Met, _) | (_, Self::Met) => Self::Met,
            (Self::NotMet, Self::NotMet) => Self::NotMet,
            _ => Self::Undecided,
        }
    }
}

impl Not for Verdict {
    type Output = Self;
    fn not(self) -> Self {
        match self {
            Self::Met => Self::NotMet,
            Self::Undecided => Self::Undecided,
            Self::NotMet => Self::Met,
        }
    }
}

/// `a` and `b` are one measured value.
pub fn same(a: f64, b: f64) -> bool {
    a.is_finite() && b.is_finite() && (a - b).abs() <= SAME * a.abs().max(b.abs())
}

/// `a >= b`, equality within [`SAME`].
pub fn at_least(a: f64, b: f64) -> bool {
    a > b || same(a, b)
}

/// `a <= b`, equality within [`SAME`].
pub fn at_most(a: f64, b: f64) -> bool {
    a < b || same(a, b)
}

/// `a > b`, and not the same value.
pub fn above(a: f64, b: f64) -> bool {
    a > b && !same(a, b)
}

/// `a < b`, and not the same value.
pub fn below(a: f64, b: f64) -> bool {
    a < b && !same(a, b)
}

/// From `base` down to `now` by at least `percent` of `base`. A base of zero cannot fall.
pub fn fell_at_least(base: f64, now: f64, percent: f64) -> bool {
    above(base, 0.0) && at_most(now * 100.0, base * (100.0 - percent))
}

/// From `base` down to `now` by more than `percent` of `base`.
pub fn fell_more_than(base: f64, now: f64, percent: f64) -> bool {
    above(base, 0.0) && below(now * 100.0, base * (100.0 - percent))
}

/// From `base` up to `now` by at least `percent` of `base`; any rise from zero is.
pub fn rose_at_least(base: f64, now: f64, percent: f64) -> bool {
    above(now, base) && at_least(now * 100.0, base * (100.0 + percent))
}

/// From `base` up to `now` by more than `percent` of `base`; any rise from zero is.
pub fn rose_more_than(base: f64, now: f64, percent: f64) -> bool {
    above(now, base) && above(now * 100.0, base * (100.0 + percent))
}

/// From `base` up to `now` by at least `amount`. The tolerance is that of the operands, since their difference cancels digits.
pub fn rose_by_at_least(base: f64, now: f64, amount: f64) -> bool {
    at_least(now, base + amount)
}

/// From `base` up to `now` by more than `amount`.
pub fn rose_by_more_than(base: f64, now: f64, amount: f64) -> bool {
    above(now, base + amount)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn kleene_tables() {
        use Verdict::{Met, NotMet, Undecided};
        assert_eq!(Undecided & NotMet, NotMet);
        assert_eq!(Undecided & Met, Undecided);
        assert_eq!(Undecided | Met, Met);
        assert_eq!(Undecided | NotMet, Undecided);
        assert_eq!(!Undecided, Undecided);
        assert_eq!(
            (Met & Met, Met | NotMet, NotMet | NotMet, !Met, !NotMet),
            (Met, Met, NotMet, NotMet, Met)
        );
    }

    #[test]
    fn both_sides_of_equality() {
        assert!(at_least(0.1 + 0.2, 0.3) && at_most(0.1 + 0.2, 0.3));
        assert!(!above(0.1 + 0.2, 0.3) && !below(0.1 + 0.2, 0.3));
        assert!(above(0.300_001, 0.3) && below(0.299_999, 0.3));
        assert!(fell_at_least(990.0, 99.0, 90.0) && !fell_more_than(990.0, 99.0, 90.0));
        assert!(fell_more_than(990.0, 98.99, 90.0) && !fell_at_least(990.0, 99.01, 90.0));
        assert!(rose_at_least(4.0, 5.0, 25.0) && !rose_more_than(4.0, 5.0, 25.0));
        assert!(!rose_at_least(4.0, 4.99, 25.0) && rose_more_than(4.0, 5.01, 25.0));
        assert!(rose_by_at_least(4.0, 9.0, 5.0) && !rose_by_at_least(4.0, 8.9, 5.0));
        assert!(!rose_by_more_than(200.0, 300.0, 100.0) && rose_by_more_than(200.0, 301.0, 100.0));
        assert!(
            !fell_at_least(0.0, 0.0, 50.0) && !rose_at_least(0.0, 0.0, 25.0) && rose_at_least(0.0, 0.1, 25.0)
        );
    }

    proptest! {
        #[test]
        fn units_do_not_matter(base in 0.01f64..1e4, now in 0.01f64..1e4, percent in 1.0f64..99.0, factor in prop::sample::select(vec![0.1, 10.0, 88.4, 18.0, 1000.0, 0.001])) {
            let scale = |x: f64| (x * factor) / factor;
            prop_assert_eq!(fell_at_least(base, now, percent), fell_at_least(scale(base), scale(now), percent));
            prop_assert_eq!(fell_at_least(base, now, percent), fell_at_least(base * factor, now * factor, percent));
            prop_assert_eq!(rose_at_least(base, now, percent), rose_at_least(base * factor, now * factor, percent));
            prop_assert_eq!(at_least(base, now), at_least(scale(base), now));
        }
    }
}
