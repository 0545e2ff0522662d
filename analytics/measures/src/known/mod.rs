//! What is known of a value: truth, numbers as intervals, days as spans, and lengths of time. Every function answers as far as the
//! intervals decide, never further.

mod day;
mod edge;
mod number;

pub use day::{DayOf, Length, date_of, epoch_day, extreme};
pub use edge::{EdgeLength, EdgeOf};
pub use number::Num;

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
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::No, _) | (_, Self::No) => Self::No,
            (Self::Open(a), Self::Open(b)) => Self::Open(a.max(b)),
            (Self::Open(gap), _) | (_, Self::Open(gap)) => Self::Open(gap),
            (Self::Yes, Self::Yes) => Self::Yes,
        }
    }

    /// `or`: holds when one holds.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        self.not().and(other.not()).not()
    }

    /// `not`.
    #[must_use]
    #[expect(clippy::should_implement_trait, reason = "read beside `and` and `or`, which are no operators")]
    pub fn not(self) -> Self {
        match self {
            Self::No => Self::Yes,
            Self::Yes => Self::No,
            open @ Self::Open(_) => open,
        }
    }
}

impl From<bool> for Truth {
    fn from(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }
}
