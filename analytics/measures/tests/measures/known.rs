//! The algebra of what is known: the tables of three-valued logic, intervals at their edges, and calendar arithmetic.

use chrono::NaiveDate;
use measures::ir::{Comparison, Operator};
use measures::known::{DayOf, Gap, Length, Num, Truth, date_of, epoch_day};

fn day(text: &str) -> i32 {
    epoch_day(text.parse::<NaiveDate>().unwrap())
}

#[test]
fn what_cannot_be_told_never_decides() {
    let open = Truth::Open(Gap::Unknown);
    assert_eq!(Truth::No.and(open), Truth::No);
    assert_eq!(Truth::Yes.and(open), open);
    assert_eq!(Truth::Yes.or(open), Truth::Yes);
    assert_eq!(Truth::No.or(open), open);
    assert_eq!(open.not(), open);
    // Of several reasons the one that can no longer change counts.
    assert_eq!(open.and(Truth::Open(Gap::Pending)), Truth::Open(Gap::Pending));
    assert_eq!(Truth::Open(Gap::Ended(0)).or(Truth::Open(Gap::Pending)), Truth::Open(Gap::Ended(0)));
}

#[test]
fn intervals_decide_only_what_they_settle() {
    let below_half =
        Num::Range { low: f64::NEG_INFINITY, high: 0.5, above: false, below: true, gap: Gap::Unknown };
    let open = Truth::Open(Gap::Unknown);
    for (op, limit, expected) in [
        (Comparison::Less, 0.5, Truth::Yes),
        (Comparison::LessEqual, 0.4, open),
        (Comparison::GreaterEqual, 0.5, Truth::No),
        (Comparison::Equal, 0.5, Truth::No),
        (Comparison::NotEqual, 0.5, Truth::Yes),
        (Comparison::Greater, 0.4, open),
    ] {
        assert_eq!(below_half.compare(op, Num::exact(limit)), expected, "< 0.5 {op:?} {limit}");
    }
    let known = Num::between(1.0, 3.0, Gap::Pending);
    assert_eq!(known.compare(Comparison::GreaterEqual, Num::exact(1.0)), Truth::Yes);
    assert_eq!(known.compare(Comparison::Greater, Num::exact(1.0)), Truth::Open(Gap::Pending));
    assert_eq!(known.compare(Comparison::Greater, Num::exact(3.0)), Truth::No);
    // Nothing is near infinity: an unknown number is not at least anything.
    assert_eq!(Num::unknown(Gap::Unknown).compare(Comparison::GreaterEqual, Num::exact(2.0)), open);
    assert_eq!(Num::unknown(Gap::Unknown).compare(Comparison::Less, Num::exact(2.0)), open);
}

#[test]
fn what_was_not_done_fails_every_comparison() {
    use Comparison::{Equal, Greater, GreaterEqual, Less, LessEqual, NotEqual};
    for op in [Equal, NotEqual, Less, LessEqual, Greater, GreaterEqual] {
        assert_eq!(Num::NotDone.compare(op, Num::exact(1.0)), Truth::No, "{op:?}");
        assert_eq!(DayOf::NotDone.compare(op, DayOf::exact(0)), Truth::No, "{op:?}");
    }
}

#[test]
fn a_value_on_a_limit_survives_a_change_of_units() {
    // 0.1 + 0.2 is 0.30000000000000004.
    assert_eq!(Num::exact(0.1 + 0.2).compare(Comparison::LessEqual, Num::exact(0.3)), Truth::Yes);
    assert_eq!(Num::exact(0.1 + 0.2).compare(Comparison::Greater, Num::exact(0.3)), Truth::No);
}

#[test]
fn division_by_what_may_be_zero_is_unknown() {
    let quotient = Num::exact(1.0).arithmetic(Operator::Divide, Num::between(-1.0, 1.0, Gap::Unknown));
    assert_eq!(quotient, Num::unknown(Gap::Unknown));
    assert_eq!(Num::exact(6.0).arithmetic(Operator::Divide, Num::exact(4.0)).value(), Some(1.5));
}

#[test]
fn months_end_with_the_month() {
    let after =
        |from: &str, months: i32| DayOf::exact(day(from)).plus(Length { months, days: 0, minutes: 0 }).day();
    assert_eq!(after("2024-01-31", 1), Some(day("2024-02-29")));
    assert_eq!(after("2023-01-31", 1), Some(day("2023-02-28")));
    assert_eq!(after("2024-03-31", -1), Some(day("2024-02-29")));
    assert_eq!(after("2024-08-31", 6), Some(day("2025-02-28")));
    assert_eq!(date_of(day("1969-12-31")).map(|d| d.to_string()), Some("1969-12-31".to_owned()));
}

#[test]
fn hours_need_both_times() {
    let at = |text: &str, minute: Option<u16>| DayOf::Span {
        low: day(text),
        high: day(text),
        minute,
        gap: Gap::Unknown,
    };
    let late = at("2024-06-01", Some(23 * 60));
    let early = at("2024-06-02", Some(60));
    assert_eq!(early.hours_since(late).value(), Some(2.0));
    assert_eq!(at("2024-06-02", None).hours_since(late).value(), Some(24.0));
}
