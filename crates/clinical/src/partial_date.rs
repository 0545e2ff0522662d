//! Dates known to the day, the month or the year.

use chrono::{Datelike, NaiveDate};
use std::fmt;
use std::str::FromStr;

/// A calendar date of which the day, or day and month, may be unknown: `YYYY`, `YYYY-MM` or `YYYY-MM-DD`.
///
/// It stands for every day it may have been; [`earliest`](Self::earliest) and [`latest`](Self::latest) bound it, and an analysis that needs one
/// day uses [`midpoint`](Self::midpoint) and says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PartialDate {
    first: NaiveDate,
    precision: Precision,
}

/// How much of a [`PartialDate`] is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Precision {
    /// Year only.
    Year,
    /// Year and month.
    Month,
    /// The full date.
    Day,
}

/// The text is not a partial date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected YYYY, YYYY-MM or YYYY-MM-DD")]
pub struct NotAPartialDate;

impl PartialDate {
    /// A date known to the day.
    pub fn day(date: NaiveDate) -> Self {
        Self { first: date, precision: Precision::Day }
    }

    /// How much is known.
    pub fn precision(self) -> Precision {
        self.precision
    }

    /// The first day it may have been.
    pub fn earliest(self) -> NaiveDate {
        self.first
    }

    /// The last day it may have been.
    pub fn latest(self) -> NaiveDate {
        let end_of = |year: i32, month: u32| {
            let (y, m) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
            NaiveDate::from_ymd_opt(y, m, 1).and_then(|next| next.pred_opt()).unwrap_or(self.first)
        };
        match self.precision {
            Precision::Day => self.first,
            Precision::Month => end_of(self.first.year(), self.first.month()),
            Precision::Year => end_of(self.first.year(), 12),
        }
    }

    /// The registry's declared single-day reading: the 15th of a month, 1 July of a year.
    pub fn midpoint(self) -> NaiveDate {
        let (month, day) = match self.precision {
            Precision::Day => return self.first,
            Precision::Month => (self.first.month(), 15),
            Precision::Year => (7, 1),
        };
        NaiveDate::from_ymd_opt(self.first.year(), month, day).unwrap_or(self.first)
    }
}

/// Exactly `YYYY-MM-DD` with four-digit year and a day that exists.
pub(crate) fn parse_day(text: &str) -> Option<NaiveDate> {
    let digits = |range: std::ops::Range<usize>| -> Option<u32> {
        let part = text.get(range)?;
        part.bytes().all(|b| b.is_ascii_digit()).then(|| part.parse().ok())?
    };
    let dashes = text.as_bytes().get(4) == Some(&b'-') && text.as_bytes().get(7) == Some(&b'-');
    if text.len() != 10 || !dashes {
        return None;
    }
    let year = digits(0..4).filter(|y| *y > 0)?;
    NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, digits(5..7)?, digits(8..10)?)
}

impl FromStr for PartialDate {
    type Err = NotAPartialDate;

    fn from_str(text: &str) -> Result<Self, NotAPartialDate> {
        let (padded, precision) = match text.len() {
            4 => (format!("{text}-01-01"), Precision::Year),
            7 => (format!("{text}-01"), Precision::Month),
            10 => (text.to_owned(), Precision::Day),
            _ => return Err(NotAPartialDate),
        };
        parse_day(&padded).map(|first| Self { first, precision }).ok_or(NotAPartialDate)
    }
}

impl fmt::Display for PartialDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.precision {
            Precision::Year => write!(f, "{:04}", self.first.year()),
            Precision::Month => write!(f, "{:04}-{:02}", self.first.year(), self.first.month()),
            Precision::Day => write!(f, "{}", self.first),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(text: &str) -> Option<PartialDate> {
        text.parse().ok()
    }

    #[test]
    fn bounds_and_midpoint_follow_the_precision() {
        let bounds = |t: &str| {
            let d = parse(t).unwrap();
            (d.earliest().to_string(), d.midpoint().to_string(), d.latest().to_string())
        };
        let of = |a: &str, b: &str, c: &str| (a.to_owned(), b.to_owned(), c.to_owned());
        assert_eq!(bounds("2024"), of("2024-01-01", "2024-07-01", "2024-12-31"));
        assert_eq!(bounds("2024-02"), of("2024-02-01", "2024-02-15", "2024-02-29"));
        assert_eq!(bounds("2023-12"), of("2023-12-01", "2023-12-15", "2023-12-31"));
        assert_eq!(bounds("0001"), of("0001-01-01", "0001-07-01", "0001-12-31"));
        assert_eq!(bounds("2023-02-28"), of("2023-02-28", "2023-02-28", "2023-02-28"));
    }

    #[test]
    fn impossible_or_loosely_written_dates_are_refused() {
        for text in [
            "",
            "24",
            "2024-1",
            "2024-13",
            "2024-00",
            "2023-02-29",
            "2024-02-30",
            "2024/02/01",
            "20240201",
            "2024-02-1 ",
            "+024-02-01",
            "0000",
            "2024-02-01T00:00",
            "２０２４",
            "2024-0a-01",
            "2024-02x01",
            "2024x02-01",
        ] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn text_form_round_trips(y in 1900i32..2200, m in 1u32..=12, d in 1u32..=31, p in 0..3) {
            let text = match p { 0 => format!("{y:04}"), 1 => format!("{y:04}-{m:02}"), _ => format!("{y:04}-{m:02}-{d:02}") };
            if let Some(date) = parse(&text) {
                prop_assert_eq!(date.to_string(), text);
                prop_assert!(date.earliest() <= date.midpoint() && date.midpoint() <= date.latest());
            }
        }

        #[test]
        fn arbitrary_text_never_panics(text in "\\PC{0,12}") {
            let _ = parse(&text);
        }
    }
}
