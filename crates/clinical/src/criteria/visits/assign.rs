//! Which visit meets which scheduled point.
//!
//! A visit meets at most one point, a point is met by at most one visit, and visits meet points in order of time. Among such
//! assignments the one that meets most points is taken; among these, the one with the fewest days between visits and targets in
//! total; then the earlier visit meets the earlier point. For windows that do not overlap this is: the visit nearest to the
//! target, of two equally near the earlier.

use super::months::days_between;
use super::timetable::Slot;
use chrono::NaiveDate;

/// Points met and, negated, days from the targets: the greater, the better.
type Worth = (u32, i64);

fn distance(slot: &Slot, visit: NaiveDate) -> i64 {
    i64::from(days_between(slot.target, visit).unsigned_abs())
}

fn fits(slot: &Slot, visit: NaiveDate) -> bool {
    (slot.from..=slot.to).contains(&visit)
}

/// The visit that meets each point. `slots` in order of target, `visits` in order and without repetition.
pub(super) fn assign(slots: &[Slot], visits: &[NaiveDate]) -> Vec<Option<NaiveDate>> {
    let mut met = Vec::with_capacity(slots.len());
    let mut rest = slots;
    while let Some(first) = rest.first() {
        let mut last_day = first.to;
        let mut size = 1;
        // A wide window further on may reach back over narrow ones: the group ends where no later window begins within it.
        while let Some(last) = rest.iter().rposition(|s| s.from <= last_day).filter(|last| *last >= size) {
            last_day = rest.iter().take(last + 1).map(|s| s.to).max().unwrap_or(last_day);
            size = last + 1;
        }
        let (group, after) = rest.split_at(size);
        let first_day = group.iter().map(|s| s.from).min().unwrap_or(first.from);
        let begin = visits.partition_point(|v| *v < first_day);
        let end = visits.partition_point(|v| *v <= last_day);
        let near = visits.get(begin..end).unwrap_or_default();
        if let [only] = group {
            met.push(near.iter().copied().min_by_key(|v| distance(only, *v)));
        } else {
            assign_group(group, near, &mut met);
        }
        rest = after;
    }
    met
}

/// Dynamic programming over the pairs of a point and a visit: `best[i][j]` is the worth of the points from `i` with the visits from `j`.
fn assign_group(slots: &[Slot], visits: &[NaiveDate], met: &mut Vec<Option<NaiveDate>>) {
    let width = visits.len() + 1;
    let mut best: Vec<Worth> = vec![(0, 0); (slots.len() + 1) * width];
    let worth = |best: &[Worth], i: usize, j: usize| best.get(i * width + j).copied().unwrap_or((0, 0));
    let matched = |best: &[Worth], i: usize, j: usize, slot: &Slot, visit: NaiveDate| {
        let (count, nearness) = worth(best, i + 1, j + 1);
        fits(slot, visit).then(|| (count + 1, nearness - distance(slot, visit)))
    };
    for (i, slot) in slots.iter().enumerate().rev() {
        for (j, visit) in visits.iter().enumerate().rev() {
            let skipped = worth(&best, i + 1, j).max(worth(&best, i, j + 1));
            let value = matched(&best, i, j, slot, *visit).map_or(skipped, |m| m.max(skipped));
            if let Some(cell) = best.get_mut(i * width + j) {
                *cell = value;
            }
        }
    }
    let mut j = 0;
    for (i, slot) in slots.iter().enumerate() {
        let mut chosen = None;
        while let Some(visit) = visits.get(j) {
            let value = worth(&best, i, j);
            if matched(&best, i, j, slot, *visit) == Some(value) {
                chosen = Some(*visit);
                j += 1;
                break;
            }
            if worth(&best, i, j + 1) != value {
                break;
            }
            j += 1;
        }
        met.push(chosen);
    }
}
