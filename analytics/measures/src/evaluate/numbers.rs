//! Numbers.

use super::interpret::{Interpreter, Member};
use super::rows::Matching;
use crate::fields::AmountUnit;
use crate::ir::{Bool, FieldId, Fold, Number, NumberKind, Operator, Picked, Select};
use crate::known::{DayOf, EdgeLength, Gap, Num, Truth, date_of};
use crate::library::SharedClause;
use chrono::Datelike;

impl Interpreter<'_> {
    pub(super) fn number(&mut self, number: &Number) -> Num {
        match &number.kind {
            NumberKind::Constant(value) => Num::exact(*value),
            NumberKind::Parameter(index, factor) => Num::exact(self.settings.number(*index) * factor),
            NumberKind::Field(field, unit) => match self.row(*field) {
                Some(row) => self.number_of(row, field.field, *unit),
                None => Num::unknown(Gap::Unknown),
            },
            NumberKind::Arithmetic(a, op, b) => {
                let (a, b) = (self.number(a), self.number(b));
                a.arithmetic(*op, b)
            }
            NumberKind::Negate(inner) => self.number(inner).negated(),
            NumberKind::Count(select) => self.quietly(|this| this.matching(select)).count(),
            NumberKind::CountDays(select) => self.quietly(|this| this.count_days(select)),
            NumberKind::Share(select, body) => self.quietly(|this| this.share(select, body)),
            NumberKind::CountOf(parts) => self.count_of(parts),
            NumberKind::Pick(select, which, field, unit) => {
                self.quietly(|this| this.pick_number(select, *which, *field, *unit))
            }
            NumberKind::Fold(select, fold, field, unit) => {
                self.quietly(|this| this.fold(select, *fold, *field, *unit))
            }
            NumberKind::LongestGap(select) => self.quietly(|this| this.longest_gap(select)),
            NumberKind::ShortestGap(select) => self.quietly(|this| this.shortest_gap(select)),
            NumberKind::Between(a, b) => {
                let (a, b) = (self.day(a), self.day(b));
                a.since(b)
            }
            NumberKind::HoursBetween(a, b) => {
                let (a, b) = (self.day(a), self.day(b));
                a.hours_since(b)
            }
            NumberKind::Year(day) => {
                let day = self.day(day);
                self.calendar(day, |date| date.year())
            }
            NumberKind::Month(day) => {
                let day = self.day(day);
                self.calendar(day, |date| date.month().cast_signed())
            }
            NumberKind::If(condition, yes, no) => match self.quietly(|this| this.truth(condition)) {
                Truth::Yes => self.number(yes),
                Truth::No => self.number(no),
                Truth::Open(gap) => {
                    let (yes, no) = (self.number(yes), self.number(no));
                    yes.either(no, gap)
                }
            },
            NumberKind::Shared(index) => match self.guideline.shared.get(*index).map(|s| &s.value) {
                Some(SharedClause::Number(clause)) => self.alone(|this| this.number(clause)),
                _ => Num::unknown(Gap::Unknown),
            },
        }
    }

    /// Year or month of a day; the dates of some patients count from a made-up anchor and have none.
    fn calendar(&self, day: DayOf, part: impl Fn(chrono::NaiveDate) -> i32) -> Num {
        let real = self
            .dossier
            .only_named("patient")
            .is_some_and(|p| p.record.text("date_basis") == Some("CALENDAR"));
        match day {
            DayOf::NotDone => Num::NotDone,
            DayOf::Span { low, high, gap, .. } if real => match (date_of(low), date_of(high)) {
                (Some(low), Some(high)) if low.year() == high.year() => {
                    Num::between(f64::from(part(low)), f64::from(part(high)), gap)
                }
                // A month of two years says nothing; a year lies between them.
                (Some(low), Some(high)) if part(low) == low.year() => {
                    Num::between(f64::from(part(low)), f64::from(part(high)), gap)
                }
                _ => Num::unknown(gap),
            },
            DayOf::None(gap) => Num::unknown(gap),
            DayOf::Span { .. } => Num::unknown(Gap::Unknown),
        }
    }

    /// The days of members that fit for certain, and of all that may; `None` for one that is not known to the day.
    fn known_days(&self, select: &Select, found: &Matching<'_>) -> Vec<(Option<DayOf>, Truth)> {
        let day = |member: &Member<'_>| match member {
            Member::Day(day) => Some(DayOf::exact(*day)),
            Member::Row(row) => select.by.map(|by| Self::day_of(row, by)).filter(|day| day.day().is_some()),
        };
        found.members.iter().map(|(member, truth)| (day(member), *truth)).collect()
    }

    fn count_days(&mut self, select: &Select) -> Num {
        let found = self.matching(select);
        let days = self.known_days(select, &found);
        let distinct = |sure: bool| {
            let mut list: Vec<i32> = days
                .iter()
                .filter(|(_, truth)| !sure || *truth == Truth::Yes)
                .filter_map(|(day, _)| day.and_then(DayOf::day))
                .collect();
            list.sort_unstable();
            list.dedup();
            list.len()
        };
        let unplaced = days.iter().filter(|(day, _)| day.is_none()).count();
        let gaps =
            days.iter().filter_map(|(_, truth)| if let Truth::Open(gap) = truth { Some(*gap) } else { None });
        let gap = gaps.chain(found.without_rows()).max().unwrap_or(Gap::Unknown);
        let most =
            if found.without_rows().is_some() { f64::INFINITY } else { (distinct(false) + unplaced) as f64 };
        let least = distinct(true).max(usize::from(days.iter().any(|(_, t)| *t == Truth::Yes)));
        Num::between(least as f64, most, gap)
    }

    fn share(&mut self, select: &Select, body: &Bool) -> Num {
        let found = self.matching(select);
        // Members that fit for certain: satisfied, undecided, all. Members that may fit: those that may be satisfied, those that may not.
        let (mut satisfied, mut undecided, mut all) = (0.0, 0.0, 0.0);
        let (mut may, mut may_not) = (0.0, 0.0);
        let mut gap = found.without_rows();
        for (member, fits) in &found.members {
            let waiting = matches!((member, fits), (Member::Day(_), Truth::Open(_)));
            let holds = if waiting { *fits } else { self.with(*member, |this| this.truth(body)) };
            if let Truth::Open(why) = holds {
                gap = gap.max(Some(why));
            }
            if *fits == Truth::Yes || waiting {
                all += 1.0;
                match holds {
                    Truth::Yes => satisfied += 1.0,
                    Truth::Open(_) => undecided += 1.0,
                    Truth::No => {}
                }
            } else {
                if let Truth::Open(why) = fits {
                    gap = gap.max(Some(*why));
                }
                may += f64::from(u8::from(holds != Truth::No));
                may_not += f64::from(u8::from(holds != Truth::Yes));
            }
        }
        let why = gap.unwrap_or(Gap::Unknown);
        if found.without_rows().is_some() {
            return Num::between(0.0, 100.0, why);
        }
        if found.members.is_empty() {
            return Num::unknown(why);
        }
        let low = if all + may_not > 0.0 { 100.0 * satisfied / (all + may_not) } else { 0.0 };
        let high = if all + may > 0.0 { 100.0 * (satisfied + undecided + may) / (all + may) } else { 100.0 };
        Num::between(low, high, why)
    }

    fn pick_number(
        &mut self,
        select: &Select,
        which: Picked,
        field: FieldId,
        unit: Option<AmountUnit>,
    ) -> Num {
        match self.pick(select, which) {
            Ok((Member::Row(row), others)) => {
                let picked = self.number_of(row, field, unit);
                let agree = others.iter().all(|other| self.number_of(other, field, unit) == picked);
                if agree { picked } else { Num::unknown(Gap::Unknown) }
            }
            Ok(_) => Num::unknown(Gap::Unknown),
            Err(gap) => Num::unknown(gap),
        }
    }

    fn fold(&mut self, select: &Select, fold: Fold, field: FieldId, unit: Option<AmountUnit>) -> Num {
        let found = self.matching(select);
        let mut gap = found.without_rows();
        let mut values: Vec<(f64, f64, bool)> = Vec::new();
        for (member, fits) in &found.members {
            let Member::Row(row) = member else { continue };
            // A value declared not done is none.
            let Num::Range { low, high, gap: why, .. } = self.number_of(row, field, unit) else { continue };
            if low < high {
                gap = gap.max(Some(why));
            }
            if let Truth::Open(why) = fits {
                gap = gap.max(Some(*why));
            }
            values.push((low, high, *fits == Truth::Yes));
        }
        let why = gap.unwrap_or(Gap::Unknown);
        let more = found.without_rows().is_some();
        let sure = || values.iter().filter(|(_, _, sure)| *sure);
        let (low, high) = match fold {
            Fold::Max => (
                sure().map(|v| v.0).fold(f64::NEG_INFINITY, f64::max),
                values.iter().map(|v| v.1).fold(f64::NEG_INFINITY, f64::max),
            ),
            Fold::Min => (
                values.iter().map(|v| v.0).fold(f64::INFINITY, f64::min),
                sure().map(|v| v.1).fold(f64::INFINITY, f64::min),
            ),
            Fold::Sum => (
                values.iter().map(|v| if v.2 { v.0 } else { v.0.min(0.0) }).sum(),
                values.iter().map(|v| if v.2 { v.1 } else { v.1.max(0.0) }).sum(),
            ),
        };
        if values.is_empty() && fold != Fold::Sum {
            return Num::unknown(why);
        }
        match (more, fold) {
            (false, _) => Num::between(low, high, why),
            (true, Fold::Max | Fold::Sum) => Num::between(low, f64::INFINITY, why),
            (true, Fold::Min) => Num::between(f64::NEG_INFINITY, high, why),
        }
    }

    fn longest_gap(&mut self, select: &Select) -> Num {
        let found = self.matching(select);
        let days = self.known_days(select, &found);
        let Some((first, last)) = self.bounds(select) else {
            return Num::unknown(found.gap.unwrap_or(Gap::Unknown));
        };
        let cutoff = crate::known::epoch_day(self.dossier.cutoff);
        let seen_to = if self.as_it_stands {
            last.min(cutoff)
        } else {
            last.min(self.ended.map_or(cutoff, |(day, _)| day.min(cutoff)))
        };
        let longest = |sure: bool| {
            let mut list: Vec<i32> = days
                .iter()
                .filter(|(_, truth)| !sure || *truth == Truth::Yes)
                .filter_map(|(day, _)| day.and_then(DayOf::day))
                .filter(|day| (first..=last).contains(day))
                .collect();
            list.push(first);
            list.push(seen_to.max(first));
            list.sort_unstable();
            list.windows(2).filter_map(|pair| Some(pair.get(1)? - pair.first()?)).max().unwrap_or(0)
        };
        let unplaced = days.iter().any(|(day, _)| day.is_none());
        let gaps =
            days.iter().filter_map(|(_, truth)| if let Truth::Open(gap) = truth { Some(*gap) } else { None });
        let why = gaps.chain(found.without_rows()).max().unwrap_or(Gap::Unknown);
        let low =
            if unplaced || (found.members.is_empty() && !found.documented) { 0 } else { longest(false) };
        let high = if found.gap.is_some() { f64::INFINITY } else { f64::from(longest(true)) };
        Num::between(f64::from(low), high, why)
    }

    /// First and last day of the windows, when they are known to the day.
    fn bounds(&mut self, select: &Select) -> Option<(i32, i32)> {
        let (mut first, mut last) = (i32::MIN, i32::MAX);
        for window in &select.windows {
            for (limit, low) in [(&window.low, true), (&window.high, false)] {
                let Some(limit) = limit else { continue };
                let anchor = self.day(&limit.day);
                let edge = EdgeLength::of(limit, |index| self.settings.number(index)).from(anchor);
                let (edge, open) = edge.in_days();
                let day = edge.day()?;
                if low {
                    first = first.max(day + i32::from(open));
                } else {
                    last = last.min(day - i32::from(open));
                }
            }
        }
        (first <= last).then_some((first, last))
    }

    fn shortest_gap(&mut self, select: &Select) -> Num {
        let found = self.matching(select);
        let days = self.known_days(select, &found);
        let shortest = |sure: bool| {
            let mut list: Vec<DayOf> = days
                .iter()
                .filter(|(_, truth)| !sure || *truth == Truth::Yes)
                .filter_map(|(day, _)| *day)
                .collect();
            list.sort_by_key(|day| match day {
                DayOf::Span { low, minute, .. } => (*low, minute.unwrap_or(0)),
                _ => (0, 0),
            });
            let mut least = Num::between(f64::INFINITY, f64::INFINITY, Gap::Unknown);
            for pair in list.windows(2) {
                if let [a, b] = pair {
                    let hours = hours_between(*a, *b);
                    least = smaller(least, hours);
                }
            }
            least
        };
        let unplaced = days.iter().any(|(day, _)| day.is_none());
        let gaps =
            days.iter().filter_map(|(_, truth)| if let Truth::Open(gap) = truth { Some(*gap) } else { None });
        let why = gaps.chain(found.without_rows()).max().unwrap_or(Gap::Unknown);
        let (Num::Range { low, .. }, Num::Range { high, .. }) = (shortest(false), shortest(true)) else {
            return Num::unknown(why);
        };
        let low = if unplaced || found.without_rows().is_some() { 0.0 } else { low };
        Num::between(low, high, why)
    }
}

/// Hours between two moments, the earlier first: two of one day without times may be anything below 24 apart.
fn hours_between(a: DayOf, b: DayOf) -> Num {
    match (a.minute(), b.minute()) {
        (Some(_), Some(_)) => b.hours_since(a),
        _ if a.day() == b.day() => {
            Num::Range { low: 0.0, high: 24.0, above: false, below: true, gap: Gap::Unknown }
        }
        _ => b.since(a).arithmetic(Operator::Multiply, Num::exact(24.0)),
    }
}

fn smaller(a: Num, b: Num) -> Num {
    match (a, b) {
        (Num::Range { low: l, high: h, .. }, Num::Range { low, high, gap, .. }) => {
            Num::between(l.min(low), h.min(high), gap)
        }
        (known, _) => known,
    }
}
