//! Points in time after the index, each with the window in which an assessment belongs to it.

use crate::fault::{Fault, Faults};
use serde::{Deserialize, Serialize};

/// A point in time. Of several assessments in its window the nearest to the day counts, of two as near the earlier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimePoint {
    /// What people call it.
    pub name: String,
    /// Nominal day from the index.
    pub day: i32,
    /// First day of the window.
    pub from: i32,
    /// Last day of the window.
    pub to: i32,
}

/// 1, 3, 6, 12 and 24 months, with windows that meet.
pub fn months() -> Vec<TimePoint> {
    [
        ("M1", 28, 15, 59),
        ("M3", 90, 60, 134),
        ("M6", 180, 135, 269),
        ("M12", 365, 270, 547),
        ("M24", 730, 548, 912),
    ]
    .map(|(name, day, from, to)| TimePoint { name: name.to_owned(), day, from, to })
    .into()
}

/// The sampling points of CAR-T kinetics with the windows that share out every day (catalogue E1.1), then the months.
pub fn kinetics() -> Vec<TimePoint> {
    let early = [
        ("D1", 1, 1, 2),
        ("D3", 3, 3, 4),
        ("D5", 5, 5, 6),
        ("D7", 7, 7, 8),
        ("D10", 10, 9, 12),
        ("D14", 14, 13, 17),
        ("D21", 21, 18, 24),
        ("D28", 28, 25, 35),
        ("M2", 60, 36, 74),
        ("M3", 90, 75, 134),
        ("M6", 180, 135, 269),
        ("M12", 365, 270, 547),
    ];
    early.map(|(name, day, from, to)| TimePoint { name: name.to_owned(), day, from, to }).into()
}

/// Faults of a list of points: windows out of order, or a day outside its window.
pub fn check(points: &[TimePoint], faults: &mut Faults) {
    if points.is_empty() || points.len() > 50 {
        let fault =
            Fault::new("/timepoints", "the number of points in time is out of range").received(points.len());
        faults.0.push(fault.expected("1 to 50 points"));
    }
    for (i, point) in points.iter().enumerate() {
        let place = format!("/timepoints/{i}");
        let outside =
            !(point.from..=point.to).contains(&point.day) || point.from < -36_525 || point.to > 36_525;
        if outside {
            let fault =
                Fault::new(place, "the day is outside its window, or the window ends before it starts");
            faults.0.push(
                fault
                    .received(format!("{} in {} to {}", point.day, point.from, point.to))
                    .expected("from <= day <= to"),
            );
        } else if i.checked_sub(1).and_then(|before| points.get(before)).is_some_and(|b| b.to >= point.from) {
            let fault =
                Fault::new(place, "the window overlaps that of the point before").received(point.from);
            faults.0.push(fault.expected("windows in order that do not overlap"));
        }
    }
}

impl TimePoint {
    /// The item that belongs to the point, given the day of each.
    pub fn choose<'a, T>(&self, items: &'a [T], day: impl Fn(&T) -> i32) -> Option<&'a T> {
        let within = items.iter().filter(|item| (self.from..=self.to).contains(&day(item)));
        within.min_by_key(|item| ((day(item) - self.day).abs(), day(item)))
    }
}
