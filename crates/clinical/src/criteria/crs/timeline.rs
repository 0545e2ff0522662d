//! Days of a course: dated either from the infusion or by the calendar, in any order.

use super::super::case::Fault;
use super::super::trace::At;
use chrono::{Datelike, Days, NaiveDate};
use serde::ser::{Serialize, Serializer};

/// Earliest and latest day from the infusion that is taken for one.
const DAYS: std::ops::RangeInclusive<i32> = -3650..=36_500;
/// Earliest and latest calendar year that is taken for one.
const YEARS: std::ops::RangeInclusive<i32> = 1900..=2200;

/// A day of a course. Moments of one course are all of the same kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Moment {
    /// Counted from the infusion, which is day 0.
    Day(i32),
    /// Of the calendar.
    Date(NaiveDate),
}

impl Moment {
    /// As the time of a step.
    pub fn at(self) -> At {
        match self {
            Self::Day(day) => At::Day(day),
            Self::Date(date) => At::Date(date),
        }
    }

    /// So many days later (earlier when negative).
    #[must_use]
    pub fn plus(self, days: i32) -> Self {
        match self {
            Self::Day(day) => Self::Day(day.saturating_add(days)),
            Self::Date(date) => {
                let by = Days::new(days.unsigned_abs().into());
                let moved = if days < 0 { date.checked_sub_days(by) } else { date.checked_add_days(by) };
                Self::Date(moved.unwrap_or(date))
            }
        }
    }

    /// Days from `earlier` to this; `None` when one counts from the infusion and the other by the calendar.
    pub fn days_since(self, earlier: Self) -> Option<i64> {
        match (self, earlier) {
            (Self::Day(a), Self::Day(b)) => Some(i64::from(a) - i64::from(b)),
            (Self::Date(a), Self::Date(b)) => Some(a.signed_duration_since(b).num_days()),
            _ => None,
        }
    }

    /// The day, when counted from the infusion.
    pub fn day(self) -> Option<i32> {
        if let Self::Day(day) = self { Some(day) } else { None }
    }

    /// The date, when of the calendar.
    pub fn date(self) -> Option<NaiveDate> {
        if let Self::Date(date) = self { Some(date) } else { None }
    }
}

/// A day as a number, a date as ISO 8601 text.
impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Day(day) => serializer.serialize_i32(*day),
            Self::Date(date) => serializer.collect_str(date),
        }
    }
}

/// A row of observations with its time.
pub(crate) trait Timed {
    /// Day from the infusion.
    fn day(&self) -> Option<i32>;
    /// Calendar day.
    fn date(&self) -> Option<NaiveDate>;
}

/// Rows in the order of time.
#[derive(Debug)]
pub(crate) struct Timeline {
    /// Time and place in the input, sorted by both.
    pub(crate) order: Vec<(Moment, usize)>,
    /// The day of infusion, when it is known on the scale of `order`.
    pub(crate) infusion: Option<Moment>,
}

impl Timeline {
    /// Whether `moment` is known to lie before the infusion.
    pub(crate) fn is_before_infusion(&self, moment: Moment) -> bool {
        self.infusion.is_some_and(|infusion| moment < infusion)
    }
}

/// Puts rows in the order of time. Days are used when every row has one, else dates; rows of both kinds need the date of infusion
/// or one row with both.
///
/// # Errors
/// When a row has no time, or day and date of a row contradict the date of infusion.
pub(crate) fn timeline<T: Timed>(rows: &[T], infusion: Option<NaiveDate>) -> Result<Timeline, Fault> {
    let mut anchor = infusion;
    for (i, row) in rows.iter().enumerate() {
        if let Some(day) = row.day().filter(|day| !DAYS.contains(day)) {
            return Err(Fault::new(
                format!("/days/{i}/day"),
                format!("day {day} is not a day of a course"),
                format!("{} to {} days from the infusion", DAYS.start(), DAYS.end()),
            ));
        }
        if let Some(date) = row.date().filter(|date| !YEARS.contains(&date.year())) {
            return Err(Fault::new(
                format!("/days/{i}/date"),
                format!("{date} is not a date of a course"),
                format!("a date of the years {} to {}", YEARS.start(), YEARS.end()),
            ));
        }
        if let (Some(day), Some(date)) = (row.day(), row.date()) {
            let Moment::Date(day_0) = Moment::Date(date).plus(-day) else { continue };
            if *anchor.get_or_insert(day_0) != day_0 {
                return Err(Fault::new(
                    format!("/days/{i}/date"),
                    format!("day {day} on {date} would make {day_0} the day of infusion"),
                    "day and date that agree with the date of infusion and with the other days",
                ));
            }
        }
    }
    let all_days = rows.iter().all(|row| row.day().is_some());
    let mut order = Vec::with_capacity(rows.len());
    for (i, row) in rows.iter().enumerate() {
        let moment = match (row.day(), row.date(), anchor) {
            (Some(day), _, _) if all_days => Moment::Day(day),
            (_, Some(date), _) => Moment::Date(date),
            (Some(day), None, Some(day_0)) => Moment::Date(day_0).plus(day),
            (Some(_), None, None) => {
                return Err(Fault::new(
                    format!("/days/{i}"),
                    "some days are counted from the infusion and some are dates",
                    "one kind for all, or infusion_date",
                ));
            }
            (None, None, _) => {
                return Err(Fault::new(format!("/days/{i}"), "has neither day nor date", "day or date"));
            }
        };
        order.push((moment, i));
    }
    order.sort_unstable();
    let infusion = if all_days { Some(Moment::Day(0)) } else { anchor.map(Moment::Date) };
    Ok(Timeline { order, infusion })
}
