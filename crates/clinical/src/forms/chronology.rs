//! The order of two moments of a record, of which the time of day may be unknown.

use crate::finding::Findings;
use crate::rule::Rule;
use chrono::{NaiveDate, NaiveTime};

/// A day at the center with its time of day, as far as known.
pub(crate) type Moment = (Option<NaiveDate>, Option<NaiveTime>);

/// True when `a` is certainly before `b`: of the same day, only when both times are known.
pub(crate) fn before(a: Moment, b: Moment) -> bool {
    match (a, b) {
        ((Some(day_a), time_a), (Some(day_b), time_b)) => {
            day_a < day_b || (day_a == day_b && time_a.zip(time_b).is_some_and(|(a, b)| a < b))
        }
        _ => false,
    }
}

fn text((day, time): Moment) -> Option<String> {
    day.map(|d| time.map_or_else(|| d.to_string(), |t| format!("{d} {}", t.format("%H:%M"))))
}

/// Applies `rule` at `field` when `later` is certainly before `earlier`.
pub(crate) fn in_order(
    rule: &'static Rule,
    field: &str,
    earlier: Moment,
    later: Moment,
    findings: &mut Findings,
) {
    if before(later, earlier) {
        findings.at(rule, field, text(later), text(earlier).map(|t| format!("{t} or later")));
    }
}
