//! Numbers and days, over columns.

use super::judge::{Member, Run, derived, stored};
use super::program::{B, D, DoseColumns, N, Place, S, What};
use super::select::Found;
use super::tables::{Column, NO_CODE, NO_DAY, NO_MINUTE, NO_TEXT, Table};
use crate::fields::{AmountUnit, Computed, Dose};
use crate::ir::Fold;
use crate::known::{DayOf, Gap, Num, Truth, date_of};
use chrono::Datelike;
use clinical::MissingCode;

impl Run<'_> {
    pub(super) fn day(&mut self, day: &D) -> DayOf {
        match day {
            D::Field(place) => match self.row_of(*place) {
                Some((table, row)) => self.day_at(table, row, place.what),
                None => DayOf::None(Gap::Unknown),
            },
            D::Pick(select, which, what) => match self.pick(select, *which) {
                Ok((Member::Row(row), rivals)) => {
                    let Some(table) = select.form.and_then(|form| self.table(form)) else {
                        return DayOf::None(Gap::Unknown);
                    };
                    let picked = self.day_at(table, row, *what);
                    let agree = rivals.iter().all(|rival| self.day_at(table, *rival, *what) == picked);
                    if agree { picked } else { DayOf::None(Gap::Unknown) }
                }
                Ok((Member::Day(day), _)) => DayOf::exact(day),
                Err(gap) => DayOf::None(gap),
            },
            D::Offset(day, length) => self.day(day).plus(*length),
            D::Extreme(which, days) => {
                let known: Vec<DayOf> =
                    days.iter().map(|d| self.day(d)).filter(|d| matches!(d, DayOf::Span { .. })).collect();
                crate::known::extreme(*which, &known)
            }
            D::Cutoff => DayOf::exact(self.tables.cutoff),
            D::FollowUpEnd => {
                let cutoff = self.tables.cutoff;
                DayOf::exact(self.ended.map_or(cutoff, |(day, _)| day.min(cutoff)))
            }
            D::If(condition, yes, no) => match self.truth(condition) {
                Truth::Yes => self.day(yes),
                Truth::No => self.day(no),
                Truth::Open(gap) => {
                    let (yes, no) = (self.day(yes), self.day(no));
                    if yes == no { yes } else { DayOf::None(gap) }
                }
            },
            D::Enclosing(depth) => match self.enclosing(*depth) {
                Some(Member::Day(day)) => DayOf::exact(day),
                _ => DayOf::None(Gap::Unknown),
            },
            D::Once(number) => self.once_day(*number),
        }
    }

    pub(super) fn day_at(&self, table: &Table, row: u32, what: What) -> DayOf {
        let What::Stored(place, time) = what else { return DayOf::None(Gap::Unknown) };
        let Some(Column::Day(lows, highs)) = stored(table, place) else { return DayOf::None(Gap::Unknown) };
        match (lows.get(row as usize), highs.get(row as usize)) {
            (Some(&low), Some(&high)) if low != NO_DAY => {
                let minute = match time.and_then(|time| stored(table, time)) {
                    Some(Column::Minute(list)) if low == high => {
                        list.get(row as usize).copied().filter(|m| *m != NO_MINUTE)
                    }
                    _ => None,
                };
                DayOf::Span { low, high, minute, gap: Gap::Unknown }
            }
            _ if table.declared(row, place) == Some(MissingCode::NotDone) => DayOf::NotDone,
            _ => DayOf::None(Gap::Unknown),
        }
    }

    pub(super) fn number(&mut self, number: &N) -> Num {
        match number {
            N::Constant(value) => Num::exact(*value),
            N::Field(place, unit) => match self.row_of(*place) {
                Some((table, row)) => self.number_at(table, row, *place, *unit),
                None => Num::unknown(Gap::Unknown),
            },
            N::Arithmetic(a, op, b) => {
                let (a, b) = (self.number(a), self.number(b));
                a.arithmetic(*op, b)
            }
            N::Negate(inner) => self.number(inner).negated(),
            N::Count(select) => {
                let found = self.matching(select, false);
                count(&found)
            }
            N::CountDays(select) => self.count_days(select),
            N::Share(select, body) => self.share(select, body),
            N::CountOf(parts) => self.count_of(parts),
            N::Pick(select, which, what, unit) => {
                let Some(form) = select.form else { return Num::unknown(Gap::Unknown) };
                let place = Place { at: super::program::At::Only, form, what: *what };
                match (self.pick(select, *which), self.table(form)) {
                    (Ok((Member::Row(row), rivals)), Some(table)) => {
                        let picked = self.number_at(table, row, place, *unit);
                        let agree =
                            rivals.iter().all(|rival| self.number_at(table, *rival, place, *unit) == picked);
                        if agree { picked } else { Num::unknown(Gap::Unknown) }
                    }
                    (Err(gap), _) => Num::unknown(gap),
                    _ => Num::unknown(Gap::Unknown),
                }
            }
            N::Fold(select, fold, what, unit) => self.fold(select, *fold, *what, *unit),
            N::LongestGap(select) => self.longest_gap(select),
            N::ShortestGap(select) => self.shortest_gap(select),
            N::Between(a, b) => {
                let (a, b) = (self.day(a), self.day(b));
                a.since(b)
            }
            N::HoursBetween(a, b) => {
                let (a, b) = (self.day(a), self.day(b));
                a.hours_since(b)
            }
            N::Year(day) => {
                let day = self.day(day);
                self.calendar(day, true)
            }
            N::Month(day) => {
                let day = self.day(day);
                self.calendar(day, false)
            }
            N::If(condition, yes, no) => match self.truth(condition) {
                Truth::Yes => self.number(yes),
                Truth::No => self.number(no),
                Truth::Open(gap) => {
                    let (yes, no) = (self.number(yes), self.number(no));
                    yes.either(no, gap)
                }
            },
            N::Once(number) => self.once_number(*number),
        }
    }

    fn calendar(&self, day: DayOf, year: bool) -> Num {
        let real =
            self.program.date_basis.is_some_and(|(place, calendar)| self.code_at(place) == Some(calendar));
        let DayOf::Span { low, high, gap, .. } = day else {
            return match day {
                DayOf::NotDone => Num::NotDone,
                DayOf::None(gap) => Num::unknown(gap),
                DayOf::Span { .. } => Num::unknown(Gap::Unknown),
            };
        };
        if !real {
            return Num::unknown(Gap::Unknown);
        }
        let (Some(low), Some(high)) = (date_of(low), date_of(high)) else { return Num::unknown(gap) };
        if year {
            return Num::between(f64::from(low.year()), f64::from(high.year()), gap);
        }
        if low.year() != high.year() {
            return Num::unknown(gap);
        }
        Num::between(f64::from(low.month()), f64::from(high.month()), gap)
    }

    pub(super) fn is_recorded(&self, table: &Table, row: u32, place: Place) -> bool {
        let at = row as usize;
        let column = match place.what {
            What::Stored(column, _) => stored(table, column),
            What::Derived(column) => derived(table, column),
            _ => {
                return match self.number_at(table, row, place, None) {
                    Num::NotDone => false,
                    Num::Range { low, high, .. } => low.is_finite() || high.is_finite(),
                };
            }
        };
        match column {
            Some(Column::Number(list)) => list.get(at).is_some_and(|v| !v.is_nan()),
            Some(Column::Day(list, _)) => list.get(at).is_some_and(|v| *v != NO_DAY),
            Some(Column::Minute(list)) => list.get(at).is_some_and(|v| *v != NO_MINUTE),
            // A code that says "not known" records nothing.
            Some(Column::Code(list)) => {
                list.get(at).is_some_and(|v| *v != NO_CODE && Some(*v) != unknown_code(place))
            }
            Some(Column::Codes(list)) => list.get(at).is_some_and(|v| *v != 0),
            Some(Column::Flag(list)) => list.get(at).is_some_and(|v| *v != NO_CODE),
            Some(Column::Text(list, _)) => list.get(at).is_some_and(|v| *v != NO_TEXT),
            None => false,
        }
    }

    fn number_at(&self, table: &Table, row: u32, place: Place, unit: Option<AmountUnit>) -> Num {
        let at = row as usize;
        let number = |column: u16| match stored(table, column) {
            Some(Column::Number(list)) => list.get(at).copied().filter(|v| !v.is_nan()),
            _ => None,
        };
        let unknown = |column: u16| match table.declared(row, column) {
            Some(MissingCode::NotDone) => Num::NotDone,
            _ => Num::unknown(Gap::Unknown),
        };
        match place.what {
            What::Stored(column, beside) => {
                let Some(value) = number(column) else { return unknown(column) };
                let Some(wanted) = unit else { return Num::exact(value) };
                let written = beside.and_then(|unit| self.amount_unit(table, row, place.form, unit));
                written
                    .and_then(|u| u.convert(value, wanted))
                    .map_or_else(|| Num::unknown(Gap::Unknown), Num::exact)
            }
            What::Derived(column) => match derived(table, column) {
                Some(Column::Number(list)) => list
                    .get(at)
                    .copied()
                    .filter(|v| !v.is_nan())
                    .map_or_else(|| Num::unknown(Gap::Unknown), Num::exact),
                _ => Num::unknown(Gap::Unknown),
            },
            What::Lab { value, canonical, comparator } => match number(canonical) {
                Some(found) => self.compared(table, row, comparator, found),
                None => unknown(value),
            },
            What::Times { value, limit, comparator } => match (number(value), number(limit)) {
                (Some(value), Some(limit)) if limit > 0.0 => {
                    self.compared(table, row, comparator, value / limit)
                }
                _ => Num::unknown(Gap::Unknown),
            },
            What::Dose(computed, columns) => match self.dose(table, row, computed, columns) {
                Some(amount) => Num::exact(amount),
                None => unknown(columns.value),
            },
        }
    }

    fn compared(&self, table: &Table, row: u32, comparator: u16, value: f64) -> Num {
        let gap = Gap::Unknown;
        let code = match stored(table, comparator) {
            Some(Column::Code(list)) => list.get(row as usize).copied().unwrap_or(NO_CODE),
            _ => NO_CODE,
        };
        let (below, above) = self.program.below_above;
        if code == below && code != NO_CODE {
            Num::Range { low: f64::NEG_INFINITY, high: value, above: false, below: true, gap }
        } else if code == above && code != NO_CODE {
            Num::Range { low: value, high: f64::INFINITY, above: true, below: false, gap }
        } else {
            Num::exact(value)
        }
    }

    fn amount_unit(&self, table: &Table, row: u32, form: u16, column: u16) -> Option<AmountUnit> {
        let (.., codes) = self.program.unit_codes.iter().find(|(f, c, _)| (*f, *c) == (form, column))?;
        let Some(Column::Code(list)) = stored(table, column) else { return None };
        AmountUnit::of_code(codes.get(usize::from(*list.get(row as usize)?))?)
    }

    fn dose(&self, table: &Table, row: u32, computed: Computed, columns: DoseColumns) -> Option<f64> {
        let at = row as usize;
        let number = |column: u16| match stored(table, column) {
            Some(Column::Number(list)) => list.get(at).copied().filter(|v| !v.is_nan()),
            _ => None,
        };
        let code = |column: u16, codes: &[&'static str]| match stored(table, column) {
            Some(Column::Code(list)) => codes.get(usize::from(*list.get(at)?)).copied(),
            _ => None,
        };
        let own_weight = || {
            let infusion = self.table(columns.infusion_form)?;
            let row = *self.tables.own_infusion.get(self.subject)? as usize;
            match stored(infusion, columns.infusion_weight) {
                Some(Column::Number(list)) => list.get(row).copied().filter(|v| !v.is_nan()),
                _ => None,
            }
        };
        let dose = Dose {
            drug: code(columns.drug, &self.program.drugs).unwrap_or_default(),
            value: number(columns.value),
            unit: code(columns.unit, &self.program.dose_units),
            frequency: code(columns.frequency, &self.program.frequencies),
            weight_kg: number(columns.weight).or_else(own_weight),
        };
        dose.amount(computed)
    }

    /// The day of each member, where it is known.
    fn days_of(&self, select: &S, found: &Found) -> Vec<(Option<DayOf>, Truth)> {
        let table = select.form.and_then(|form| self.table(form));
        let day = |member: &Member| match (member, table, select.by) {
            (Member::Day(day), _, _) => Some(DayOf::exact(*day)),
            (Member::Row(row), Some(table), Some(by)) => {
                Some(self.day_at(table, *row, by)).filter(|day| day.day().is_some())
            }
            _ => None,
        };
        found.members.iter().map(|(member, truth)| (day(member), *truth)).collect()
    }

    fn count_days(&mut self, select: &S) -> Num {
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

    fn share(&mut self, select: &S, body: &B) -> Num {
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

    fn fold(&mut self, select: &S, fold: Fold, what: What, unit: Option<AmountUnit>) -> Num {
        let found = self.matching(select, false);
        let Some((form, table)) = select.form.and_then(|form| Some((form, self.table(form)?))) else {
            return Num::unknown(found.without_rows().unwrap_or(Gap::Unknown));
        };
        let place = Place { at: super::program::At::Only, form, what };
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

    fn longest_gap(&mut self, select: &S) -> Num {
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

    fn shortest_gap(&mut self, select: &S) -> Num {
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

fn count(found: &Found) -> Num {
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

/// The position of `UNK` in the value set of a coded field.
fn unknown_code(place: Place) -> Option<u8> {
    let (What::Stored(column, _) | What::Derived(column)) = place.what else { return None };
    let form = clinical::forms::ALL.get(usize::from(place.form))?;
    match form.fields.get(usize::from(column))?.kind {
        clinical::Kind::Coded(set) => {
            set.codes.iter().position(|c| c.code == "UNK").and_then(|p| u8::try_from(p).ok())
        }
        _ => None,
    }
}
