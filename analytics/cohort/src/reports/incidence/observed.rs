//! The observation of one subject and its parts.

use crate::records::{calendar, epoch};
use chrono::{Datelike, NaiveDate};

/// One subject under observation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observed {
    /// The origin, days since 1970-01-01.
    pub origin: i32,
    /// Days under observation.
    pub days: i64,
    /// Last day under observation, from the origin.
    pub until: i32,
    /// Days of events from the origin, in order.
    pub events: Vec<i32>,
}

impl Observed {
    /// Days under observation from day `from` to day `to`, both inclusive; day 0 is the moment of the origin and adds none.
    pub fn person_days(&self, from: i32, to: Option<i32>) -> i64 {
        if from == 0 && to.is_none() {
            return self.days;
        }
        let end = to.map_or(self.until, |to| to.min(self.until));
        i64::from((end - (from - 1).max(0)).max(0))
    }

    /// Days and events within a period; `None` for a subject not observed until its first day.
    pub fn within(&self, from: i32, to: Option<i32>) -> Option<(i64, Vec<i32>)> {
        let belongs = |day: &&i32| **day >= from && to.is_none_or(|to| **day <= to);
        (self.until >= from)
            .then(|| (self.person_days(from, to), self.events.iter().filter(belongs).copied().collect()))
    }

    /// First and last calendar year under observation.
    pub fn years(&self) -> Option<(i32, i32)> {
        Some((calendar(self.origin)?.year(), calendar(self.origin.checked_add(self.until)?)?.year()))
    }

    /// Days and events within a calendar year; `None` for a subject not observed in it.
    pub fn in_year(&self, year: i32) -> Option<(i64, Vec<i32>)> {
        let first = epoch(NaiveDate::from_ymd_opt(year, 1, 1)?) - self.origin;
        let last = epoch(NaiveDate::from_ymd_opt(year, 12, 31)?) - self.origin;
        if self.until < first || last < 0 {
            return None;
        }
        let days = (last.min(self.until) - (first - 1).max(0)).max(0);
        let belongs = |day: &&i32| (first..=last).contains(*day);
        Some((i64::from(days), self.events.iter().filter(belongs).copied().collect()))
    }
}
