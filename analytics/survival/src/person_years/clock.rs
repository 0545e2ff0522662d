//! What the numbers on the time axis mean, and the civil calendar behind day numbers.

/// Meaning of the times of a person-time table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Clock {
    /// Days since 1970-01-01. Age changes on birthdays, the calendar year on 1 January; a person-year is 365.25 days.
    #[default]
    CivilDays,
    /// Decimal years (1931.5). Age is elapsed time and may be split anywhere.
    DecimalYears,
}

impl Clock {
    /// Person-years in `time` units of this clock.
    pub fn years(self, time: f64) -> f64 {
        match self {
            Self::CivilDays => time / 365.25,
            Self::DecimalYears => time,
        }
    }

    /// Moment at which calendar year `year` begins; `None` for a fraction of a year on [`Clock::CivilDays`].
    pub fn year_start(self, year: f64) -> Option<f64> {
        match self {
            Self::DecimalYears => Some(year),
            Self::CivilDays if year.is_infinite() => Some(year),
            Self::CivilDays => whole_year(year).map(|y| f64::from(day_number(y, 1, 1))),
        }
    }
}

/// A whole number of years that the calendar arithmetic can hold.
pub(super) fn whole_year(year: f64) -> Option<i32> {
    #[expect(clippy::cast_possible_truncation, reason = "the guard bounds the value to six digits")]
    (year.fract() == 0.0 && year.abs() < 1e6).then_some(year as i32)
}

/// Days from 1970-01-01 to a date of the proleptic Gregorian calendar.
///
/// Months and days outside their range carry over (month 13 is January of the next year), as in `mktime`. Dates more
/// than 5.8 million years away saturate.
pub fn day_number(year: i32, month: i32, day: i32) -> i32 {
    let days = days(i64::from(year), i64::from(month), i64::from(day));
    i32::try_from(days).unwrap_or(if days < 0 { i32::MIN } else { i32::MAX })
}

/// Year, month and day of a day number.
pub fn civil_date(day: i32) -> (i32, i32, i32) {
    let day = i64::from(day);
    // First guess of the year that starts in March from its mean length, then at most one correction each way.
    let mut year = ((day + 719_468) * 400).div_euclid(146_097);
    while days(year + 1, 3, 1) <= day {
        year += 1;
    }
    while days(year, 3, 1) > day {
        year -= 1;
    }
    let rest = day - days(year, 3, 1);
    let month = (5 * rest + 2) / 153;
    let day_of_month = rest - (153 * month + 2) / 5 + 1;
    let (year, month) = if month < 10 { (year, month + 3) } else { (year + 1, month - 9) };
    #[expect(clippy::cast_possible_truncation, reason = "a day number of 32 bits is under six million years")]
    (year as i32, month as i32, day_of_month as i32)
}

fn days(year: i64, month: i64, day: i64) -> i64 {
    // Counting years from March puts the leap day last, so that the months before it have fixed lengths:
    // 153 days in every five months starting in March or August.
    let months = month - 3;
    let year = year + months.div_euclid(12);
    let month = months.rem_euclid(12);
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + day_of_year - 719_468
}

/// Day of the birthday on which someone born on day `birth` completes `age` years.
///
/// Someone born on 29 February completes a year on 1 March of a common year.
pub fn birthday(birth: i32, age: i32) -> i32 {
    let (year, month, day) = civil_date(birth);
    day_number(year.saturating_add(age), month, day)
}
