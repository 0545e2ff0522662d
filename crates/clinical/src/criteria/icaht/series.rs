//! From an irregular series of counts to days below a threshold.

use crate::criteria::icaht::EARLY_LAST;

/// Days 0 to 30.
const DAYS: usize = 31;

/// How days without a value are filled, and values rounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fill {
    /// Longest run of missing days that is filled.
    pub longest: u8,
    /// Whether the first and last values are carried outwards.
    pub outward: bool,
    /// Whether values are rounded to the nearest 10 after filling; a tie goes to the even ten, as in R.
    pub round_to_10: bool,
}

/// One value a day from day 0 to day 30.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Daily {
    values: [Option<f64>; DAYS],
    length: usize,
    /// Days with a measured value.
    pub measured: u8,
    /// Days interpolated between two values.
    pub interpolated: u8,
    /// Days to which the first or last value was carried.
    pub carried: u8,
}

impl Daily {
    /// The lowest value of each day from 0 to `last` (at most 30), gaps filled. Points may come in any order; others are ignored.
    pub fn new(points: impl IntoIterator<Item = (i32, f64)>, last: i32, fill: Fill) -> Self {
        let length = usize::try_from(last.min(EARLY_LAST) + 1).unwrap_or(0);
        let mut daily = Self { values: [None; DAYS], length, measured: 0, interpolated: 0, carried: 0 };
        for (day, value) in points {
            let place = usize::try_from(day).ok().filter(|day| *day < length);
            if let Some(slot) = place.and_then(|day| daily.values.get_mut(day)) {
                *slot = Some(slot.map_or(value, |lowest| lowest.min(value)));
            }
        }
        daily.measured = daily.count_known();
        daily.interpolate(usize::from(fill.longest));
        daily.interpolated = daily.count_known() - daily.measured;
        if fill.outward {
            daily.carry(usize::from(fill.longest));
        }
        daily.carried = daily.count_known() - daily.measured - daily.interpolated;
        if fill.round_to_10 {
            for value in daily.values.iter_mut().flatten() {
                // Conversion from 10^9/L leaves a last digit that would turn a tie into a decision.
                let exact = (*value * 1e6).round() / 1e6;
                *value = (exact / 10.0).round_ties_even() * 10.0;
            }
        }
        daily
    }

    fn count_known(&self) -> u8 {
        u8::try_from(self.values().flatten().count()).unwrap_or(u8::MAX)
    }

    fn interpolate(&mut self, longest: usize) {
        let mut before: Option<(usize, f64)> = None;
        for day in 0..self.length {
            let Some(value) = self.value(day) else { continue };
            if let Some((from, start)) = before {
                let missing = day - from - 1;
                if missing <= longest {
                    let span = as_float(day - from);
                    for (step, slot) in self.values.iter_mut().skip(from + 1).take(missing).enumerate() {
                        *slot = Some(start + (value - start) * as_float(step + 1) / span);
                    }
                }
            }
            before = Some((day, value));
        }
    }

    fn carry(&mut self, longest: usize) {
        let first = (0..self.length).find_map(|day| Some((day, self.value(day)?)));
        let last = (0..self.length).rev().find_map(|day| Some((day, self.value(day)?)));
        let (Some((first, head)), Some((last, tail))) = (first, last) else { return };
        if first <= longest {
            self.values.iter_mut().take(first).for_each(|slot| *slot = Some(head));
        }
        let missing = self.length - 1 - last;
        if missing <= longest {
            self.values.iter_mut().skip(last + 1).take(missing).for_each(|slot| *slot = Some(tail));
        }
    }

    /// Number of days observed at most.
    pub fn length(&self) -> usize {
        self.length
    }

    /// Value of a day, if known.
    pub fn value(&self, day: usize) -> Option<f64> {
        self.values.get(day).copied().flatten()
    }

    /// The values from day 0 to the last.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = Option<f64>> + ExactSizeIterator {
        self.values.iter().take(self.length).copied()
    }

    /// Days with a value, measured or filled.
    pub fn known(&self) -> u8 {
        self.measured + self.interpolated + self.carried
    }

    /// Share of days with a value, in percent; zero when there is no day.
    pub fn coverage_percent(&self) -> f64 {
        if self.length == 0 { 0.0 } else { f64::from(self.known()) * 100.0 / as_float(self.length) }
    }
}

fn as_float(days: usize) -> f64 {
    u32::try_from(days).map_or(f64::INFINITY, f64::from)
}

/// Runs of days below a threshold, short recoveries within them included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Runs {
    /// Days of the longest run.
    pub longest: u8,
    /// Days of all runs.
    pub total: u8,
    /// First and last day of the last run.
    pub last: Option<(usize, usize)>,
}

/// Finds the runs of low days. Two runs are one when at most `join_gap` days lie between them.
pub fn runs(low: impl IntoIterator<Item = bool>, join_gap: u8) -> Runs {
    let mut found = Runs::default();
    let mut closed = 0;
    for (day, _) in low.into_iter().enumerate().filter(|(_, low)| *low) {
        let start = match found.last {
            Some((start, end)) if day - end - 1 <= usize::from(join_gap) => start,
            _ => {
                closed = found.total;
                day
            }
        };
        let days = u8::try_from(day - start + 1).unwrap_or(u8::MAX);
        found = Runs {
            longest: found.longest.max(days),
            total: closed.saturating_add(days),
            last: Some((start, day)),
        };
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Fill = Fill { longest: 7, outward: false, round_to_10: false };

    fn low(text: &str) -> Vec<bool> {
        text.chars().map(|c| c == 'x').collect()
    }

    #[test]
    fn short_recoveries_do_not_end_a_run() {
        assert_eq!(runs(low("..xx.."), 2), Runs { longest: 2, total: 2, last: Some((2, 3)) });
        assert_eq!(runs(low("xx..x"), 2), Runs { longest: 5, total: 5, last: Some((0, 4)) });
        assert_eq!(runs(low("xx...x"), 2), Runs { longest: 2, total: 3, last: Some((5, 5)) });
        assert_eq!(runs(low("x.xx....xx.xx....x"), 1), Runs { longest: 5, total: 10, last: Some((17, 17)) });
        assert_eq!(runs(low("x.x"), 0), Runs { longest: 1, total: 2, last: Some((2, 2)) });
        assert_eq!(runs(low("....."), 2), Runs::default());
    }

    #[test]
    fn gaps_are_interpolated_up_to_the_longest_and_not_beyond() {
        let eight_apart = Daily::new([(0, 800.0), (8, 0.0)], 30, PLAIN);
        assert_eq!((eight_apart.measured, eight_apart.interpolated), (2, 7));
        assert_eq!(eight_apart.value(1), Some(700.0));
        assert_eq!(eight_apart.value(7), Some(100.0));
        let nine_apart = Daily::new([(0, 800.0), (9, 0.0)], 30, PLAIN);
        assert_eq!((nine_apart.measured, nine_apart.interpolated, nine_apart.value(1)), (2, 0, None));
    }

    #[test]
    fn the_lowest_value_of_a_day_counts_and_other_days_do_not() {
        let daily = Daily::new([(3, 700.0), (3, 400.0), (3, 900.0), (-1, 1.0), (31, 1.0)], 30, PLAIN);
        assert_eq!((daily.value(3), daily.measured, daily.length()), (Some(400.0), 1, 31));
        let died = Daily::new([(3, 700.0), (4, 1.0), (5, 1.0)], 4, PLAIN);
        assert_eq!((died.length(), died.measured), (5, 2));
        assert!((died.coverage_percent() - 40.0).abs() < 1e-12);
        let before = Daily::new([(0, 1.0)], -1, PLAIN);
        assert_eq!((before.length(), before.known()), (0, 0));
        assert!(before.coverage_percent().abs() < 1e-12);
    }

    #[test]
    fn values_are_carried_outwards_no_further_than_gaps_are_filled() {
        let fill = Fill { outward: true, ..PLAIN };
        let near = Daily::new([(7, 100.0), (8, 200.0), (23, 300.0)], 30, fill);
        assert_eq!((near.value(0), near.value(30), near.carried), (Some(100.0), Some(300.0), 14));
        let far = Daily::new([(8, 100.0), (22, 300.0)], 30, fill);
        assert_eq!((far.value(0), far.value(30), far.carried), (None, None, 0));
        assert_eq!(Daily::new([], 30, fill).known(), 0);
    }

    #[test]
    fn rounding_takes_ties_to_the_even_ten() {
        let rounded = |value| Daily::new([(0, value)], 30, Fill { round_to_10: true, ..PLAIN }).value(0);
        assert_eq!(rounded(505.0), Some(500.0));
        assert_eq!(rounded(0.505 * 1000.0), Some(500.0));
        assert_eq!(rounded(515.0), Some(520.0));
        assert_eq!(rounded(506.0), Some(510.0));
        assert_eq!(rounded(0.057 / 0.001 - 52.0), Some(0.0));
    }
}
