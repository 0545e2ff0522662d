//! Counts, shares, totals and gaps of rows, over columns.

use super::judge::{Member, Run};
use super::program::{At, B, Place, S, What};
use super::select::Found;
use crate::fields::AmountUnit;
use crate::ir::Fold;
use crate::known::{DayOf, Gap, Num, Truth};

impl Run<'_> {
    /// The day of each member, where it is known.
    fn days_of(&self, select: &S, found: &Found) -> Vec<(Option<DayOf>, Truth)> {
        let table = select.form.and_then(|form| self.table(form));
        let day = |member: &Member| match (member, table, select.by) {
            (Member::Day(day), _, _) => Some(DayOf::exact(*day)),
            (Member::Row(row), Some(table), Some(by)) => {
                Some(Self::day_at(table, *row, by)).filter(|day| day.day().is_some())
            }
            _ => None,
        };
        found.members.iter().map(|(member, truth)| (day(member), *truth)).collect()
    }

    pub(super) fn count_days(&mut self, select: &S) -> Num {
        let found = self.matching(select, false);
        let days = self.days_of(select, &found);
        let mut sure: Vec<i32> = Vec::new();
        let mut all: Vec<i32> = Vec::new();
        let (mut unplaced, mut any_sure) = (0, false);
        let mut gap = found.without_rows();
        for (day, truth) in &days {
            if let Truth::Open(why) = truth {
                gap = gap.max(Some(*why));
            }
            any_sure |= *truth == Truth::Yes;
            match day.and_then(DayOf::day) {
                Some(day) => {
                    all.push(day);
                    if *truth == Truth::Yes {
                        sure.push(day);
                    }
                }
                None => unplaced += 1,
            }
        }
        for list in [&mut sure, &mut all] {
            list.sort_unstable();
            list.dedup();
        }
        let most = if found.without_rows().is_some() { f64::INFINITY } else { (all.len() + unplaced) as f64 };
        let least = sure.len().max(usize::from(any_sure)) as f64;
        Num::between(least, most, gap.unwrap_or(Gap::Unknown))
    }

    pub(super) fn share(&mut self, select: &S, body: &B) -> Num {
        let found = self.matching(select, false);
        let (mut satisfied, mut undecided, mut all, mut may, mut may_not) =
            (0_u32, 0_u32, 0_u32, 0_u32, 0_u32);
        let without = found.without_rows();
        let mut gap = without;
        let none = found.members.is_empty();
        for (member, fits) in found.members {
            let waiting = matches!((member, fits), (Member::Day(_), Truth::Open(_)));
            let holds = if waiting { fits } else { self.with(member, |run| run.truth(body)) };
            if let Truth::Open(why) = holds {
                gap = gap.max(Some(why));
            }
            if fits == Truth::Yes || waiting {
                all += 1;
                satisfied += u32::from(holds == Truth::Yes);
                undecided += u32::from(matches!(holds, Truth::Open(_)));
            } else {
                if let Truth::Open(why) = fits {
                    gap = gap.max(Some(why));
                }
                may += u32::from(holds != Truth::No);
                may_not += u32::from(holds != Truth::Yes);
            }
        }
        let why = gap.unwrap_or(Gap::Unknown);
        if without.is_some() {
            return Num::between(0.0, 100.0, why);
        }
        if none {
            return Num::unknown(why);
        }
        let percent = |part: u32, whole: u32, empty: f64| {
            if whole > 0 { 100.0 * f64::from(part) / f64::from(whole) } else { empty }
        };
        let low = percent(satisfied, all + may_not, 0.0);
        Num::between(low, percent(satisfied + undecided + may, all + may, 100.0), why)
    }

    pub(super) fn fold(&mut self, select: &S, fold: Fold, what: What, unit: Option<AmountUnit>) -> Num {
        let found = self.matching(select, false);
        let Some((form, table)) = select.form.and_then(|form| Some((form, self.table(form)?))) else {
            return Num::unknown(found.without_rows().unwrap_or(Gap::Unknown));
        };
        let place = Place { at: At::Only, form, what };
        let mut gap = found.without_rows();
        let (mut low, mut high) = match fold {
            Fold::Max => (f64::NEG_INFINITY, f64::NEG_INFINITY),
            Fold::Min => (f64::INFINITY, f64::INFINITY),
            Fold::Sum => (0.0, 0.0),
        };
        let mut any = false;
        for (member, fits) in &found.members {
            let Member::Row(row) = member else { continue };
            let Num::Range { low: l, high: h, gap: why, .. } = self.number_at(table, *row, place, unit)
            else {
                continue;
            };
            any = true;
            if l < h {
                gap = gap.max(Some(why));
            }
            if let Truth::Open(why) = fits {
                gap = gap.max(Some(*why));
            }
            let sure = *fits == Truth::Yes;
            match fold {
                Fold::Max => {
                    low = if sure { low.max(l) } else { low };
                    high = high.max(h);
                }
                Fold::Min => {
                    low = low.min(l);
                    high = if sure { high.min(h) } else { high };
                }
                Fold::Sum => {
                    low += if sure { l } else { l.min(0.0) };
                    high += if sure { h } else { h.max(0.0) };
                }
            }
        }
        let why = gap.unwrap_or(Gap::Unknown);
        if !any && fold != Fold::Sum {
            return Num::unknown(why);
        }
        match (found.without_rows().is_some(), fold) {
            (false, _) => Num::between(low, high, why),
            (true, Fold::Max | Fold::Sum) => Num::between(low, f64::INFINITY, why),
            (true, Fold::Min) => Num::between(f64::NEG_INFINITY, high, why),
        }
    }

    pub(super) fn longest_gap(&mut self, select: &S) -> Num {
        let found = self.matching(select, false);
        let days = self.days_of(select, &found);
        let Some((first, last)) = self.bounds(select) else {
            return Num::unknown(found.gap.unwrap_or(Gap::Unknown));
        };
        let cutoff = self.tables.cutoff;
        let limit = match self.ended {
            Some((day, _)) if !self.as_it_stands => day.min(cutoff),
            _ => cutoff,
        };
        let seen_to = last.min(limit).max(first);
        let mut why = found.without_rows();
        let mut unplaced = false;
        let mut list: Vec<(i32, bool)> = vec![(first, true), (seen_to, true)];
        for (day, truth) in &days {
            if let Truth::Open(gap) = truth {
                why = why.max(Some(*gap));
            }
            match day.and_then(DayOf::day) {
                Some(day) if (first..=last).contains(&day) => list.push((day, *truth == Truth::Yes)),
                Some(_) => {}
                None => unplaced = true,
            }
        }
        list.sort_unstable();
        let longest = |sure: bool| {
            let mut previous = None;
            let mut longest = 0;
            for (day, certain) in list.iter().filter(|(_, certain)| *certain || !sure) {
                let _ = certain;
                longest = previous.map_or(longest, |before: i32| longest.max(day - before));
                previous = Some(*day);
            }
            longest
        };
        let low =
            if unplaced || (found.members.is_empty() && !found.documented) { 0 } else { longest(false) };
        let high = if found.gap.is_some() { f64::INFINITY } else { f64::from(longest(true)) };
        Num::between(f64::from(low), high, why.unwrap_or(Gap::Unknown))
    }

    pub(super) fn shortest_gap(&mut self, select: &S) -> Num {
        let found = self.matching(select, false);
        let days = self.days_of(select, &found);
        let mut why = found.without_rows();
        let mut unplaced = false;
        let mut list: Vec<(i32, Option<u16>, bool)> = Vec::new();
        for (day, truth) in &days {
            if let Truth::Open(gap) = truth {
                why = why.max(Some(*gap));
            }
            match day {
                Some(DayOf::Span { low, minute, .. }) => list.push((*low, *minute, *truth == Truth::Yes)),
                _ => unplaced = true,
            }
        }
        list.sort_by_key(|(day, minute, _)| (*day, minute.unwrap_or(0)));
        let shortest = |sure: bool| {
            let (mut low, mut high) = (f64::INFINITY, f64::INFINITY);
            let mut previous: Option<(i32, Option<u16>)> = None;
            for (day, minute, _) in list.iter().filter(|(_, _, certain)| *certain || !sure) {
                if let Some((before, at)) = previous {
                    let (l, h) = match (at, minute) {
                        (Some(a), Some(b)) => {
                            let hours =
                                f64::from(day - before) * 24.0 + (f64::from(*b) - f64::from(a)) / 60.0;
                            (hours, hours)
                        }
                        _ if *day == before => (0.0, 24.0),
                        _ => (f64::from(day - before) * 24.0, f64::from(day - before) * 24.0),
                    };
                    low = low.min(l);
                    high = high.min(h);
                }
                previous = Some((*day, *minute));
            }
            (low, high)
        };
        let low = if unplaced || found.without_rows().is_some() { 0.0 } else { shortest(false).0 };
        Num::between(low, shortest(true).1, why.unwrap_or(Gap::Unknown))
    }
}

pub(super) fn count(found: &Found) -> Num {
    let sure = found.members.iter().filter(|(_, t)| *t == Truth::Yes).count();
    let mut gap = found.without_rows();
    for (_, truth) in &found.members {
        if let Truth::Open(why) = truth {
            gap = gap.max(Some(*why));
        }
    }
    let most = if found.without_rows().is_some() { f64::INFINITY } else { found.members.len() as f64 };
    Num::between(sure as f64, most, gap.unwrap_or(Gap::Unknown))
}
