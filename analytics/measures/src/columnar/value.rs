//! Numbers and days, over columns.

use super::cells::{derived, stored};
use super::judge::{Member, Run};
use super::program::{D, DoseColumns, N, Place, What};
use super::tables::{Column, NO_CODE, NO_DAY, NO_MINUTE, NO_TEXT, Table};
use crate::fields::{AmountUnit, Computed, Dose};
use crate::known::{DayOf, Gap, Num, Truth, date_of};
use chrono::Datelike;
use clinical::MissingCode;

impl Run<'_> {
    pub(super) fn day(&mut self, day: &D) -> DayOf {
        match day {
            D::Field(place) => match self.row_of(*place) {
                Some((table, row)) => Self::day_at(table, row, place.what),
                None => DayOf::None(Gap::Unknown),
            },
            D::Pick(select, which, what) => match self.pick(select, *which) {
                Ok((Member::Row(row), rivals)) => {
                    let Some(table) = select.form.and_then(|form| self.table(form)) else {
                        return DayOf::None(Gap::Unknown);
                    };
                    let picked = Self::day_at(table, row, *what);
                    let agree = rivals.iter().all(|rival| Self::day_at(table, *rival, *what) == picked);
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

    pub(super) fn day_at(table: &Table, row: u32, what: What) -> DayOf {
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
                super::folds::count(&found)
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

    pub(super) fn number_at(&self, table: &Table, row: u32, place: Place, unit: Option<AmountUnit>) -> Num {
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
