//! Rows of a form: which fit, and what follows when none does.

use super::Row;
use super::interpret::{Interpreter, Member};
use crate::fields::field_name;
use crate::file::Absence;
use crate::ir::{Bool, BoolKind, FieldId, Limit, Picked, Select, Window, form};
use crate::known::{DayOf, EdgeLength, EdgeOf, Gap, Num, Truth, epoch_day};
use clinical::{Cell, MissingCode};

/// Most days that a clause about days looks at: a century.
const MOST_DAYS: i32 = 36_525;

/// The edges of the windows, filled in.
pub(super) struct Edges(Vec<(Option<EdgeOf>, Option<EdgeOf>)>);

impl<'a> Interpreter<'a> {
    fn edges(&mut self, windows: &[Window]) -> Edges {
        let mut edge = |limit: &Option<Limit>| {
            let limit = limit.as_ref()?;
            let anchor = self.quietly(|this| this.day(&limit.day));
            Some(EdgeLength::of(limit, |index| self.settings.number(index)).from(anchor))
        };
        Edges(windows.iter().map(|w| (edge(&w.low), edge(&w.high))).collect())
    }

    /// Why rows may still come after what is known, if they may.
    fn still_open(&self, edges: &Edges) -> Option<Gap> {
        edges.0.iter().filter_map(|(_, high)| *high).filter_map(|high| self.open_until(high.closing())).max()
    }

    pub(super) fn open_until(&self, closing: Result<i32, Gap>) -> Option<Gap> {
        let closing = match closing {
            Ok(day) => day,
            Err(gap) => return Some(gap),
        };
        if self.as_it_stands {
            return None;
        }
        match self.ended {
            Some((day, end)) if day < closing => Some(Gap::Ended(end)),
            _ => (epoch_day(self.dossier.cutoff) < closing).then_some(Gap::Pending),
        }
    }

    /// Whether a row lies in the windows.
    fn in_windows(&self, select: &Select, edges: &Edges, row: &Row) -> Truth {
        let Some(by) = select.by else { return Truth::Yes };
        let start = Self::day_of(row, by);
        let end = select.ends.map(|ends| self.last_day(row, ends));
        let mut truth = Truth::Yes;
        for (low, high) in &edges.0 {
            if let Some(low) = low {
                truth = truth.and(low.admits(end.unwrap_or(start), true));
            }
            if let Some(high) = high {
                truth = truth.and(high.admits(start, false));
            }
        }
        truth
    }

    /// The last day of a row that lasts; without one it is still going on.
    fn last_day(&self, row: &Row, ends: FieldId) -> DayOf {
        let end = Self::day_of(row, ends);
        if let DayOf::Span { .. } = end {
            return end;
        }
        let FieldId::Stored(place) = ends else { return end };
        match row.cell(place).1 {
            Some(MissingCode::NotKnown | MissingCode::NotDone) => DayOf::None(Gap::Unknown),
            _ if self.as_it_stands => DayOf::exact(i32::MAX),
            // It went on as long as anybody looked.
            _ => {
                let cutoff = epoch_day(self.dossier.cutoff);
                let (low, gap) = match self.ended {
                    Some((day, end)) => (day.min(cutoff), Gap::Ended(end)),
                    None => (cutoff, Gap::Pending),
                };
                DayOf::Span { low, high: i32::MAX, minute: None, gap }
            }
        }
    }

    /// Whether a row fits the brackets.
    fn fits(&mut self, select: &Select, member: Member<'a>) -> Truth {
        let Some(filter) = &select.filter else { return Truth::Yes };
        self.with(member, |this| this.quietly(|this| this.truth(filter)))
    }

    /// Looks at a clause inside a row.
    pub(super) fn with<T>(&mut self, member: Member<'a>, look: impl FnOnce(&mut Self) -> T) -> T {
        self.members.push(member);
        let result = look(self);
        self.members.pop();
        result
    }

    /// The members of a clause that fit, or may.
    pub(super) fn matching(&mut self, select: &Select) -> Matching<'a> {
        let edges = self.edges(&select.windows);
        let Some(of) = select.form else { return self.days_in(select, &edges) };
        let dossier = self.dossier;
        let mut found = Matching { members: Vec::new(), gap: self.still_open(&edges), documented: true };
        let mut any_in_window = false;
        for row in dossier.rows(of) {
            let timely = self.in_windows(select, &edges, row);
            any_in_window |= timely != Truth::No;
            // What lies outside the window is not looked at any further.
            let truth =
                if timely == Truth::No { timely } else { timely.and(self.fits(select, Member::Row(row))) };
            if truth != Truth::No {
                found.members.push((Member::Row(row), truth));
            }
        }
        found.documented = match select.absence {
            Absence::No => true,
            Absence::Unknown => false,
            Absence::NoIfAnyRow => !dossier.rows(of).is_empty(),
            Absence::NoIfRowInWindow => any_in_window,
        };
        found
    }

    fn days_in(&mut self, select: &Select, edges: &Edges) -> Matching<'a> {
        let mut found = Matching { members: Vec::new(), gap: None, documented: true };
        let (mut first, mut last) = (i32::MIN, i32::MAX);
        for (low, high) in &edges.0 {
            if let Some(low) = low {
                match low.in_days() {
                    (edge, open) if edge.day().is_some() => {
                        first = first.max(edge.day().unwrap_or(0) + i32::from(open));
                    }
                    (DayOf::None(gap), _) => found.gap = found.gap.max(Some(gap)),
                    _ => found.gap = found.gap.max(Some(Gap::Unknown)),
                }
            }
            if let Some(high) = high {
                match high.in_days() {
                    (edge, open) if edge.day().is_some() => {
                        last = last.min(edge.day().unwrap_or(0) - i32::from(open));
                    }
                    (DayOf::None(gap), _) => found.gap = found.gap.max(Some(gap)),
                    _ => found.gap = found.gap.max(Some(Gap::Unknown)),
                }
            }
        }
        if found.gap.is_some() || first == i32::MIN || last == i32::MAX {
            found.gap = found.gap.or(Some(Gap::Unknown));
            return found;
        }
        for day in (first..=last).take(MOST_DAYS as usize) {
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

    pub(super) fn exists(&mut self, select: &Select) -> Truth {
        let found = self.matching(select);
        let truth = found.any();
        self.note_members(select, &found, truth);
        truth
    }

    pub(super) fn every(&mut self, select: &Select, body: &Bool) -> Truth {
        let found = self.matching(select);
        let mut truth = found.without_rows().map_or(Truth::Yes, Truth::Open);
        for (member, fits) in &found.members {
            let holds = self.with(*member, |this| this.truth(body));
            if let Member::Row(row) = member {
                let outcome =
                    if holds == Truth::No { "does not satisfy" } else { "satisfies, or cannot be told" };
                self.note_row(row, &fields_of(select), outcome);
            }
            truth = truth.and(fits.not().or(holds));
        }
        truth
    }

    /// Notes the rows that decided.
    fn note_members(&mut self, select: &Select, found: &Matching<'a>, truth: Truth) {
        let fields = fields_of(select);
        for (member, fits) in &found.members {
            let Member::Row(row) = member else { continue };
            match (truth, fits) {
                (Truth::Yes, Truth::Yes) => self.note_row(row, &fields, "fits"),
                (Truth::Yes, _) => {}
                (_, Truth::Open(_)) => self.note_row(row, &fields, "may fit"),
                (_, _) => self.note_row(row, &fields, "fits"),
            }
        }
    }

    /// The first or last row that fits, with those that may as well be it.
    pub(super) fn pick(&mut self, select: &Select, which: Picked) -> Result<(Member<'a>, Vec<&'a Row>), Gap> {
        let found = self.matching(select);
        let Some(by) = select.by else { return Err(Gap::Unknown) };
        let mut candidates: Vec<(Member<'a>, Truth, i32, i32)> = Vec::new();
        let alone = found.members.len() == 1;
        for (member, truth) in &found.members {
            let (low, high) = match member {
                Member::Day(day) => (*day, *day),
                Member::Row(row) => match (self.order(row, by), alone) {
                    (Some(order), _) => order,
                    (None, true) => (0, 0),
                    // When it was is not known, so neither is which comes first.
                    (None, false) => return Err(Gap::Unknown),
                },
            };
            candidates.push((*member, *truth, low, high));
        }
        let mut best: Option<(Member<'a>, Truth, i32, i32)> = None;
        for candidate in &candidates {
            let better = match (&best, which) {
                (None, _) => true,
                (Some(best), Picked::First) => candidate.2 < best.2,
                // Of several on one day the last in the order of their keys.
                (Some(best), Picked::Last) => candidate.3 >= best.3,
            };
            if better {
                best = Some(*candidate);
            }
        }
        let Some((member, truth, low, high)) = best else {
            return Err(found.gap.unwrap_or(Gap::Unknown));
        };
        if let Truth::Open(gap) = truth {
            return Err(gap);
        }
        let rivals = candidates.iter().filter(|(_, _, l, h)| {
            let same_day = (*l, *h) == (low, high) && low == high;
            let reaches = if which == Picked::First { *l <= high } else { *h >= low };
            reaches && !same_day
        });
        let rivals = rivals.filter_map(|(member, ..)| match member {
            Member::Row(row) => Some(*row),
            Member::Day(_) => None,
        });
        Ok((member, rivals.collect()))
    }

    /// Where a row stands in an order: the first and last day it may be, or its number twice.
    fn order(&self, row: &Row, by: FieldId) -> Option<(i32, i32)> {
        if let FieldId::Stored(place) = by
            && let (Cell::Integer(number), _) = row.cell(place)
        {
            return Some((*number, *number));
        }
        match Self::day_of(row, by) {
            DayOf::Span { low, high, .. } => Some((low, high)),
            _ => None,
        }
    }

    /// A coded field of the first or last row that fits.
    pub(super) fn picked(
        &mut self,
        select: &Select,
        which: Picked,
        field: FieldId,
    ) -> (Cell, Option<MissingCode>) {
        let picked = self.pick(select, which);
        let Ok((Member::Row(row), others)) = picked else { return (Cell::Null, None) };
        let value = super::fields::cell_of(row, field);
        if others.iter().any(|other| super::fields::cell_of(other, field) != value) {
            return (Cell::Null, None);
        }
        self.note_row(row, &[field_name(row.record.form(), field)], "is taken");
        value
    }
}

/// The members of a clause that fit or may.
pub(super) struct Matching<'a> {
    /// Each with whether it fits: `Yes` or `Open`.
    pub(super) members: Vec<(Member<'a>, Truth)>,
    /// Why more may come.
    pub(super) gap: Option<Gap>,
    /// Whether the absence of rows means that there are none.
    pub(super) documented: bool,
}

impl Matching<'_> {
    /// Whether some member fits.
    fn any(&self) -> Truth {
        let none = self.without_rows().map_or(Truth::No, Truth::Open);
        self.members.iter().fold(none, |truth, (_, fits)| truth.or(*fits))
    }

    /// Why it cannot be told from the absence of further rows, if it cannot.
    pub(super) fn without_rows(&self) -> Option<Gap> {
        let silent = (self.members.is_empty() && !self.documented).then_some(Gap::Unknown);
        self.gap.max(silent)
    }

    /// How many fit: those that do, to those that may.
    pub(super) fn count(&self) -> Num {
        let sure = self.members.iter().filter(|(_, t)| *t == Truth::Yes).count();
        let gaps = self.members.iter().filter_map(|(_, t)| match t {
            Truth::Open(gap) => Some(*gap),
            _ => None,
        });
        let gap = gaps.chain(self.without_rows()).max().unwrap_or(Gap::Unknown);
        let most = if self.without_rows().is_some() { f64::INFINITY } else { self.members.len() as f64 };
        Num::between(sure as f64, most, gap)
    }
}

/// The fields that a clause looks at: its date and what the brackets name.
fn fields_of(select: &Select) -> Vec<String> {
    let Some(descriptor) = select.form.and_then(form) else { return Vec::new() };
    let mut names: Vec<String> =
        select.by.iter().chain(&select.ends).map(|f| field_name(descriptor, *f)).collect();
    let mut add = |field: crate::ir::FieldRef| {
        let name = match field.field {
            FieldId::Computed(crate::fields::Computed::LabValue) => "canonical_value".to_owned(),
            other => field_name(descriptor, other),
        };
        if Some(field.form) == select.form && !names.contains(&name) {
            names.push(name);
        }
    };
    let mut stack: Vec<&Bool> = select.filter.iter().collect();
    while let Some(condition) = stack.pop() {
        match &condition.kind {
            BoolKind::Not(inner) => stack.push(inner),
            BoolKind::All(parts) | BoolKind::Any(parts) | BoolKind::AtLeast(_, parts) => {
                stack.extend(parts.iter().rev());
            }
            BoolKind::CodeIn(crate::ir::Code { kind: crate::ir::CodeKind::Field(field), .. }, _, _)
            | BoolKind::CodesHave(field, _, _)
            | BoolKind::Flag(field)
            | BoolKind::Recorded(field, _)
            | BoolKind::Declared(field, _, _) => add(*field),
            BoolKind::Numbers(a, _, b) => {
                for side in [a, b] {
                    if let crate::ir::NumberKind::Field(field, _) = side.kind {
                        add(field);
                    }
                }
            }
            BoolKind::Days(a, _, b) => {
                for side in [a, b] {
                    if let crate::ir::DayKind::Field(field) = side.kind {
                        add(field);
                    }
                }
            }
            BoolKind::If(a, b, c) => stack.extend([c.as_ref(), b, a]),
            _ => {}
        }
    }
    names
}
