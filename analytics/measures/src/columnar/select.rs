//! Clauses about rows, over columns.

use super::judge::{Member, Run, code_in, stored};
use super::program::{B, D, S, Wanted, What};
use super::tables::{Column, Table};
use crate::file::Absence;
use crate::ir::Picked;
use crate::known::{DayOf, EdgeOf, Gap, Truth};
use clinical::MissingCode;

/// Most days that a clause about days looks at.
const MOST_DAYS: usize = 36_525;

/// The edges of the windows of the clauses at hand, innermost last.
#[derive(Default)]
pub(super) struct Edges(Vec<(Option<EdgeOf>, Option<EdgeOf>)>);

/// The members of a clause that fit or may.
pub(super) struct Found {
    pub(super) members: Vec<(Member, Truth)>,
    /// Why more may come.
    pub(super) gap: Option<Gap>,
    pub(super) documented: bool,
}

impl Found {
    /// Why it cannot be told from the absence of further rows, if it cannot.
    pub(super) fn without_rows(&self) -> Option<Gap> {
        if self.members.is_empty() && !self.documented { self.gap.max(Some(Gap::Unknown)) } else { self.gap }
    }
}

impl Run<'_> {
    fn push_edges(&mut self, select: &S) -> usize {
        let start = self.edges.0.len();
        for (low, high) in &select.windows {
            let low = low.as_ref().map(|edge| edge.length.from(self.day(&edge.day)));
            let high = high.as_ref().map(|edge| edge.length.from(self.day(&edge.day)));
            self.edges.0.push((low, high));
        }
        start
    }

    fn still_open(&self, start: usize) -> Option<Gap> {
        let edges = self.edges.0.get(start..).unwrap_or_default();
        edges.iter().filter_map(|(_, high)| *high).filter_map(|high| self.open_until(high.closing())).max()
    }

    fn open_until(&self, closing: Result<i32, Gap>) -> Option<Gap> {
        let closing = match closing {
            Ok(day) => day,
            Err(gap) => return Some(gap),
        };
        if self.as_it_stands {
            return None;
        }
        match self.ended {
            Some((day, end)) if day < closing => Some(Gap::Ended(end)),
            _ => (self.tables.cutoff < closing).then_some(Gap::Pending),
        }
    }

    fn in_windows(&self, select: &S, start: usize, table: &Table, row: u32) -> Truth {
        let Some(by) = select.by else { return Truth::Yes };
        let edges = self.edges.0.get(start..).unwrap_or_default();
        if edges.is_empty() {
            return Truth::Yes;
        }
        let begins = self.day_at(table, row, by);
        let ends = select.ends.map_or(begins, |ends| self.last_day(table, row, ends));
        let mut truth = Truth::Yes;
        for (low, high) in edges {
            if let Some(low) = low {
                truth = truth.and(low.admits(ends, true));
            }
            if let Some(high) = high {
                truth = truth.and(high.admits(begins, false));
            }
        }
        truth
    }

    fn last_day(&self, table: &Table, row: u32, ends: What) -> DayOf {
        let end = self.day_at(table, row, ends);
        if let DayOf::Span { .. } = end {
            return end;
        }
        let What::Stored(place, _) = ends else { return end };
        match table.declared(row, place) {
            Some(MissingCode::NotKnown | MissingCode::NotDone) => DayOf::None(Gap::Unknown),
            _ if self.as_it_stands => DayOf::exact(i32::MAX),
            _ => {
                let cutoff = self.tables.cutoff;
                let (low, gap) = match self.ended {
                    Some((day, end)) => (day.min(cutoff), Gap::Ended(end)),
                    None => (cutoff, Gap::Pending),
                };
                DayOf::Span { low, high: i32::MAX, minute: None, gap }
            }
        }
    }

    fn fits(&mut self, select: &S, member: Member) -> Truth {
        match &select.filter {
            Some(filter) => self.with(member, |run| run.truth(filter)),
            None => Truth::Yes,
        }
    }

    pub(super) fn with<T>(&mut self, member: Member, look: impl FnOnce(&mut Self) -> T) -> T {
        self.members.push(member);
        let result = look(self);
        self.members.pop();
        result
    }

    /// The members that fit or may. With `enough`, no further than the first that fits.
    pub(super) fn matching(&mut self, select: &S, enough: bool) -> Found {
        let start = self.push_edges(select);
        let found = match select.form {
            Some(form) => self.rows_in(select, form, start, enough),
            None => self.days_in(select, start),
        };
        self.edges.0.truncate(start);
        found
    }

    fn rows_in(&mut self, select: &S, form: u16, start: usize, enough: bool) -> Found {
        let mut found = Found { members: Vec::new(), gap: self.still_open(start), documented: true };
        let Some(table) = self.table(form) else {
            found.documented = select.absence == Absence::No;
            return found;
        };
        let rows = table.rows(self.subject);
        let narrow = select.only.and_then(|(column, codes)| Some((stored(table, column)?, codes)));
        for row in rows.clone() {
            if let Some((column, codes)) = narrow
                && !codes.admit(column, row)
            {
                continue;
            }
            let timely = self.in_windows(select, start, table, row);
            if timely == Truth::No {
                continue;
            }
            let truth = timely.and(self.fits(select, Member::Row(row)));
            if truth != Truth::No {
                found.members.push((Member::Row(row), truth));
                if enough && truth == Truth::Yes {
                    return found;
                }
            }
        }
        found.documented = match select.absence {
            Absence::No => true,
            Absence::Unknown => false,
            Absence::NoIfAnyRow => !rows.is_empty(),
            Absence::NoIfRowInWindow => {
                // Only asked when nothing fits, so the rows are looked at again only then.
                !found.members.is_empty()
                    || rows.into_iter().any(|row| self.in_windows(select, start, table, row) != Truth::No)
            }
        };
        found
    }

    fn days_in(&mut self, select: &S, start: usize) -> Found {
        let mut found = Found { members: Vec::new(), gap: None, documented: true };
        let (mut first, mut last) = (i32::MIN, i32::MAX);
        for (low, high) in self.edges.0.get(start..).unwrap_or_default() {
            for (edge, is_low) in [(low, true), (high, false)] {
                let Some(edge) = edge else { continue };
                let (day, open) = edge.in_days();
                match (day.day(), day) {
                    (Some(day), _) if is_low => first = first.max(day + i32::from(open)),
                    (Some(day), _) => last = last.min(day - i32::from(open)),
                    (None, DayOf::None(gap)) => found.gap = found.gap.max(Some(gap)),
                    (None, _) => found.gap = found.gap.max(Some(Gap::Unknown)),
                }
            }
        }
        if found.gap.is_some() || first == i32::MIN || last == i32::MAX {
            found.gap = found.gap.or(Some(Gap::Unknown));
            return found;
        }
        for day in (first..=last).take(MOST_DAYS) {
            let truth = match self.open_until(Ok(day)) {
                Some(gap) => Truth::Open(gap),
                None => self.fits(select, Member::Day(day)),
            };
            if truth != Truth::No {
                found.members.push((Member::Day(day), truth));
            }
        }
        found
    }

    pub(super) fn exists(&mut self, select: &S) -> Truth {
        let found = self.matching(select, true);
        let none = found.without_rows().map_or(Truth::No, Truth::Open);
        found.members.iter().fold(none, |truth, (_, fits)| truth.or(*fits))
    }

    pub(super) fn every(&mut self, select: &S, body: &B) -> Truth {
        let found = self.matching(select, false);
        let mut truth = found.without_rows().map_or(Truth::Yes, Truth::Open);
        for (member, fits) in found.members {
            truth = truth.and(fits.not().or(self.with(member, |run| run.truth(body))));
            if truth == Truth::No {
                break;
            }
        }
        truth
    }

    /// The first or last row that fits, with those that may as well be it.
    pub(super) fn pick(&mut self, select: &S, which: Picked) -> Result<(Member, Vec<u32>), Gap> {
        let found = self.matching(select, false);
        let Some(by) = select.by else { return Err(Gap::Unknown) };
        let table = select.form.and_then(|form| self.table(form));
        let mut candidates: Vec<(Member, Truth, i32, i32)> = Vec::with_capacity(found.members.len());
        let alone = found.members.len() == 1;
        for (member, truth) in &found.members {
            let order = match (member, table) {
                (Member::Day(day), _) => Some((*day, *day)),
                (Member::Row(row), Some(table)) => self.order(table, *row, by, select.by_number),
                (Member::Row(_), None) => None,
            };
            let (low, high) = match (order, alone) {
                (Some(order), _) => order,
                (None, true) => (0, 0),
                (None, false) => return Err(Gap::Unknown),
            };
            candidates.push((*member, *truth, low, high));
        }
        let mut best: Option<(Member, Truth, i32, i32)> = None;
        for candidate in &candidates {
            let better = match (&best, which) {
                (None, _) => true,
                (Some(best), Picked::First) => candidate.2 < best.2,
                (Some(best), Picked::Last) => candidate.3 >= best.3,
            };
            if better {
                best = Some(*candidate);
            }
        }
        let Some((member, truth, low, high)) = best else { return Err(found.gap.unwrap_or(Gap::Unknown)) };
        if let Truth::Open(gap) = truth {
            return Err(gap);
        }
        let rivals = candidates.iter().filter(|(_, _, l, h)| {
            let same_day = (*l, *h) == (low, high) && low == high;
            !same_day && if which == Picked::First { *l <= high } else { *h >= low }
        });
        let rivals = rivals.filter_map(|(member, ..)| match member {
            Member::Row(row) => Some(*row),
            Member::Day(_) => None,
        });
        Ok((member, rivals.collect()))
    }

    fn order(&self, table: &Table, row: u32, by: What, by_number: bool) -> Option<(i32, i32)> {
        if by_number {
            let What::Stored(place, _) = by else { return None };
            return match stored(table, place) {
                Some(Column::Number(list)) => {
                    let number = list.get(row as usize).copied().filter(|n| !n.is_nan())?;
                    Some((number as i32, number as i32))
                }
                _ => None,
            };
        }
        match self.day_at(table, row, by) {
            DayOf::Span { low, high, .. } => Some((low, high)),
            _ => None,
        }
    }

    pub(super) fn picked_code_in(
        &mut self,
        select: &S,
        which: Picked,
        what: What,
        wanted: &Wanted,
        negated: bool,
    ) -> Truth {
        let Some(table) = select.form.and_then(|form| self.table(form)) else {
            return Truth::Open(Gap::Unknown);
        };
        let Ok((Member::Row(row), rivals)) = self.pick(select, which) else {
            return Truth::Open(Gap::Unknown);
        };
        if rivals.iter().any(|rival| !same_code(table, row, *rival, what)) {
            return Truth::Open(Gap::Unknown);
        }
        code_in(table, row, what, wanted, negated)
    }

    /// First and last day of the windows of a clause, when they are known to the day.
    pub(super) fn bounds(&mut self, select: &S) -> Option<(i32, i32)> {
        let (mut first, mut last) = (i32::MIN, i32::MAX);
        for (low, high) in &select.windows {
            for (edge, is_low) in [(low, true), (high, false)] {
                let Some(edge) = edge else { continue };
                let anchor = self.edge_day(&edge.day);
                let (day, open) = edge.length.from(anchor).in_days();
                let day = day.day()?;
                if is_low {
                    first = first.max(day + i32::from(open));
                } else {
                    last = last.min(day - i32::from(open));
                }
            }
        }
        (first <= last).then_some((first, last))
    }

    fn edge_day(&mut self, day: &D) -> DayOf {
        self.day(day)
    }
}

/// Whether two rows have one code, or lack one for the same reason.
fn same_code(table: &Table, a: u32, b: u32, what: What) -> bool {
    let (a, b) = (a as usize, b as usize);
    let column = match what {
        What::Stored(place, _) => {
            if table.declared(a as u32, place) != table.declared(b as u32, place) {
                return false;
            }
            stored(table, place)
        }
        What::Derived(place) => super::judge::derived(table, place),
        _ => None,
    };
    match column {
        Some(Column::Code(list)) => list.get(a) == list.get(b),
        Some(Column::Text(list, _)) => list.get(a) == list.get(b),
        _ => true,
    }
}
