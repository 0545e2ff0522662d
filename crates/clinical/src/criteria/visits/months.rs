//! Calendar arithmetic of timetables: months are calendar months, days are days.
//!
//! The guideline never defines a month in days. A month after 31 January is the last day of February (0.2, a choice of the
//! registry); only visits printed as days (d14, d28) are counted in days.

use chrono::{Days, Months, NaiveDate};

/// The day `months` calendar months after `date` (before it, when negative), clamped to the end of the month. `None` beyond the
/// calendar's limits.
///
/// ```
/// use chrono::NaiveDate;
/// use clinical::criteria::visits::months::add_months;
/// let infusion = NaiveDate::from_ymd_opt(2024, 1, 31).unwrap();
/// assert_eq!(add_months(infusion, 1), NaiveDate::from_ymd_opt(2024, 2, 29));
/// assert_eq!(add_months(NaiveDate::MAX, 1), None);
/// ```
pub fn add_months(date: NaiveDate, months: i32) -> Option<NaiveDate> {
    let size = Months::new(months.unsigned_abs());
    if months < 0 { date.checked_sub_months(size) } else { date.checked_add_months(size) }
}

/// The day `days` days after `date` (before it, when negative). `None` beyond the calendar's limits.
pub fn add_days(date: NaiveDate, days: i32) -> Option<NaiveDate> {
    let size = Days::new(u64::from(days.unsigned_abs()));
    if days < 0 { date.checked_sub_days(size) } else { date.checked_add_days(size) }
}

/// Days from one date to another; negative when `to` comes first.
pub fn days_between(from: NaiveDate, to: NaiveDate) -> i32 {
    // The calendar of `chrono` spans fewer than 2^28 days.
    i32::try_from(to.signed_duration_since(from).num_days()).unwrap_or(i32::MAX)
}

/// `to` is at least `months` calendar months after `from`: what "for 6 months" asks of a treatment that stops on `to`.
pub fn lasts_months(from: NaiveDate, to: NaiveDate, months: i32) -> bool {
    add_months(from, months).is_some_and(|due| to >= due)
}
