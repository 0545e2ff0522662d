//! Points in time known to the minute or to the day, at the center.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};

/// A calendar day, with the time of day where it is known. Without it, the point lies anywhere within the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Calendar day at the center.
    pub date: NaiveDate,
    /// Time of day at the center.
    pub time: Option<NaiveTime>,
}

impl Moment {
    /// A day with its time; `None` when the day is not known.
    pub fn new(date: Option<NaiveDate>, time: Option<NaiveTime>) -> Option<Self> {
        date.map(|date| Self { date, time })
    }

    /// The first minute it may have been.
    pub fn earliest(self) -> NaiveDateTime {
        self.date.and_time(self.time.unwrap_or(NaiveTime::MIN))
    }

    /// The last minute it may have been.
    pub fn latest(self) -> NaiveDateTime {
        match self.time {
            Some(time) => self.date.and_time(time),
            None => self.date.and_time(NaiveTime::MIN) + chrono::TimeDelta::minutes(24 * 60 - 1),
        }
    }

    /// True when every minute it may have been lies before every minute the other may have been.
    pub fn surely_before(self, other: Self) -> bool {
        self.latest() < other.earliest()
    }

    /// Minutes that surely passed until `end`; negative when the end may lie before the start.
    pub fn minutes_at_least_until(self, end: Self) -> i64 {
        (end.earliest() - self.latest()).num_minutes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn moment(day: u32, time: Option<(u32, u32)>) -> Moment {
        let time = time.map(|(h, m)| NaiveTime::from_hms_opt(h, m, 0).unwrap());
        Moment { date: NaiveDate::from_ymd_opt(2024, 3, day).unwrap(), time }
    }

    #[test]
    fn an_unknown_time_may_be_any_of_the_day() {
        assert!(!moment(1, None).surely_before(moment(1, None)));
        assert!(!moment(1, None).surely_before(moment(1, Some((23, 59)))));
        assert!(moment(1, None).surely_before(moment(2, None)));
        assert!(moment(1, Some((10, 0))).surely_before(moment(1, Some((10, 1)))));
        assert!(!moment(1, Some((10, 0))).surely_before(moment(1, Some((10, 0)))));
        assert_eq!(moment(1, Some((10, 0))).minutes_at_least_until(moment(1, Some((22, 1)))), 721);
        assert_eq!(moment(1, Some((10, 0))).minutes_at_least_until(moment(2, None)), 14 * 60);
        assert_eq!(moment(1, None).minutes_at_least_until(moment(2, None)), 1);
    }

    proptest! {
        #[test]
        fn bounds_hold_the_point(day in 1u32..=31, hour in 0u32..24, minute in 0u32..60) {
            let (vague, exact) = (moment(day, None), moment(day, Some((hour, minute))));
            prop_assert!(vague.earliest() <= exact.earliest() && exact.latest() <= vague.latest());
            prop_assert_eq!(exact.earliest(), exact.latest());
            prop_assert!(!vague.surely_before(exact) && !exact.surely_before(vague));
        }
    }
}
