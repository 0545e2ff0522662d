//! Calendar arithmetic of timetables: catalogue 0.2 and the vectors of I3.

use chrono::{Datelike, NaiveDate};
use clinical::criteria::visits::months::{add_days, add_months, days_between, lasts_months};
use proptest::prelude::*;

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}

/// I3, row "Month arithmetic".
#[test]
fn month_arithmetic_of_i3() {
    let infusion = day("2024-01-31");
    for (months, target, days) in [
        (1, "2024-02-29", 29),
        (3, "2024-04-30", 90),
        (6, "2024-07-31", 182),
        (12, "2025-01-31", 366),
        (24, "2026-01-31", 731),
        (60, "2029-01-31", 1827),
    ] {
        let found = add_months(infusion, months).expect("within the calendar");
        assert_eq!((found, days_between(infusion, found)), (day(target), days), "M{months}");
    }
}

#[test]
fn months_clamp_at_their_end_and_only_there() {
    for (from, months, to) in [
        ("2023-01-31", 1, "2023-02-28"),
        ("2023-01-28", 1, "2023-02-28"),
        ("2023-01-27", 1, "2023-02-27"),
        ("2024-01-29", 1, "2024-02-29"),
        ("2024-02-29", 12, "2025-02-28"),
        ("2024-02-29", 48, "2028-02-29"),
        ("2024-02-29", 1, "2024-03-29"),
        ("2024-12-31", 2, "2025-02-28"),
        ("2024-03-31", -1, "2024-02-29"),
        ("2024-03-31", -13, "2023-02-28"),
        ("2024-03-31", 0, "2024-03-31"),
        ("1900-01-31", 1, "1900-02-28"),
        ("2000-01-31", 1, "2000-02-29"),
    ] {
        assert_eq!(add_months(day(from), months), Some(day(to)), "{from} {months:+}");
    }
}

#[test]
fn beyond_the_calendar_there_is_no_day() {
    assert_eq!(add_months(NaiveDate::MAX, 1), None);
    assert_eq!(add_months(NaiveDate::MIN, -1), None);
    assert_eq!(add_months(day("2024-01-31"), i32::MAX), None);
    assert_eq!(add_months(day("2024-01-31"), i32::MIN), None);
    assert_eq!(add_days(NaiveDate::MAX, 1), None);
    assert_eq!(add_days(NaiveDate::MIN, -1), None);
    assert_eq!(add_days(NaiveDate::MIN, i32::MAX), None);
    assert!(!lasts_months(NaiveDate::MAX, NaiveDate::MAX, 1));
    assert_eq!(days_between(NaiveDate::MIN, NaiveDate::MAX), -days_between(NaiveDate::MAX, NaiveDate::MIN));
}

/// I3.7: an antiviral for 6 months from 2024-01-31 lasts when it stops on 2024-07-31 (d182), not a day before.
#[test]
fn duration_of_i3_7() {
    let infusion = day("2024-01-31");
    assert!(lasts_months(infusion, day("2024-07-31"), 6));
    assert!(!lasts_months(infusion, day("2024-07-30"), 6));
    assert!(lasts_months(infusion, day("2024-08-01"), 6));
    assert_eq!(days_between(infusion, day("2024-07-31")), 182);
}

/// I3.7: intervals are differences of calendar days.
#[test]
fn day_counts_of_i3_7() {
    let infusion = day("2024-03-01");
    for (before, days) in [(-1, 1), (-2, 2), (-7, 7), (-8, 8), (-22, 22), (-41, 41), (-42, 42)] {
        let earlier = add_days(infusion, before).expect("within the calendar");
        assert_eq!((days_between(earlier, infusion), days_between(infusion, earlier)), (days, before));
    }
    assert_eq!(add_days(infusion, -1), Some(day("2024-02-29")));
}

fn any_day() -> impl Strategy<Value = NaiveDate> {
    (0..150_000_i32).prop_map(|n| add_days(day("1900-01-01"), n).expect("within the calendar"))
}

proptest! {
    #[test]
    fn a_month_later_is_that_month_and_the_same_day_or_its_last(date in any_day(), months in -600..600_i32) {
        let found = add_months(date, months).expect("within the calendar");
        let index = |d: NaiveDate| d.year() * 12 + d.month0().cast_signed();
        prop_assert_eq!(index(found) - index(date), months);
        prop_assert!(found.day() == date.day() || (found.day() < date.day() && found.succ_opt().is_some_and(|n| n.day() == 1)));
    }

    #[test]
    fn later_days_have_later_or_equal_months(a in any_day(), gap in 0..40_i32, months in 0..600_i32) {
        let b = add_days(a, gap).expect("within the calendar");
        prop_assert!(add_months(a, months) <= add_months(b, months));
        // The clamp brings two days together by three at most.
        if gap >= 4 {
            prop_assert!(add_months(a, months) < add_months(b, months));
        }
    }

    #[test]
    fn days_count_back(a in any_day(), n in -5000..5000_i32) {
        let b = add_days(a, n).expect("within the calendar");
        prop_assert_eq!(days_between(a, b), n);
        prop_assert_eq!(add_days(b, -n), Some(a));
    }

    #[test]
    fn nothing_panics(n in any::<i32>(), date in prop::sample::select(vec![NaiveDate::MIN, NaiveDate::MAX, NaiveDate::default()])) {
        let _ = (add_months(date, n), add_days(date, n), lasts_months(date, NaiveDate::MAX, n));
    }
}
