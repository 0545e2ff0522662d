//! From checked clauses to a program, with the parameters of one run.

use super::program::{At, B, Codes, D, DoseColumns, Edge, N, Place, Program, Rule, S, Wanted, What};
use crate::evaluate::Settings;
use crate::fields::{self, Computed, field_name, form_by_name, time_of, unit_field};
use crate::ir::{
    Bool, BoolKind, Code, CodeKind, Day, DayKind, FieldId, FieldRef, FormId, Limit, Number, NumberKind,
    RowRef, Select, form,
};
use crate::known::{EdgeLength, Length};
use crate::library::{Guideline, SharedClause};
use clinical::field::{Kind, ValueSet};
use std::collections::HashMap;

/// Compiles measures by number, each with the parameters of its run, so that several readings are judged in one go. Those without a rule are
/// left out.
pub fn compile(guideline: &Guideline, measures: &[(usize, &Settings)]) -> Program {
    let defaults = Settings::defaults(guideline);
    let mut compiler =
        Compiler { guideline, settings: &defaults, program: Program::default(), known: HashMap::new() };
    compiler.constants();
    compiler.program.ends = guideline.ends.iter().map(|end| compiler.day(&end.day, 0)).collect();
    for (number, settings) in measures {
        compiler.settings = settings;
        let Some(measure) = guideline.measures.get(*number) else { continue };
        let Some(rule) = &measure.rule else { continue };
        let ends = match compiler.program.end_sets.iter().position(|set| *set == rule.ends) {
            Some(known) => known,
            None => {
                compiler.program.end_sets.push(rule.ends.clone());
                compiler.program.end_sets.len() - 1
            }
        };
        let diseases = (!measure.disease.is_empty())
            .then(|| bits(clinical::codes::Disease::SET, measure.disease.iter().copied()));
        let compiled = Rule {
            measure: *number,
            diseases,
            population: rule.population.as_ref().map(|c| compiler.bool(c, 0)),
            exclusions: rule.exclusions.iter().map(|e| compiler.bool(&e.when, 0)).collect(),
            numerator: compiler.bool(&rule.numerator, 0),
            ends,
            shown: rule.shown.iter().map(|s| compiler.number(&s.value, 0)).collect(),
        };
        compiler.program.rules.push(compiled);
    }
    compiler.program
}

fn bits<'a>(set: &ValueSet, codes: impl Iterator<Item = &'a str>) -> Codes {
    let position = |code: &str| set.codes.iter().position(|c| c.code == code);
    Codes(codes.filter_map(position).fold(0, |bits, p| bits | 1_u128.checked_shl(p as u32).unwrap_or(0)))
}

fn codes_of(form: &str, field: &str) -> Vec<&'static str> {
    let kind = form_by_name(form).and_then(|(_, f)| f.field(field)).map(|(_, f)| f.kind);
    match kind {
        Some(Kind::Coded(set)) => set.codes.iter().map(|c| c.code).collect(),
        _ => Vec::new(),
    }
}

fn place_of(form: &str, field: &str) -> u16 {
    let place = form_by_name(form).and_then(|(_, f)| f.field(field)).map(|(p, _)| p);
    place.and_then(|p| u16::try_from(p).ok()).unwrap_or(u16::MAX)
}

struct Compiler<'a> {
    guideline: &'a Guideline,
    settings: &'a Settings,
    program: Program,
    /// Clauses looked at once, by what they say: their number.
    known: HashMap<String, usize>,
}

impl Compiler<'_> {
    fn constants(&mut self) {
        let only = |form: &str, field: &str| {
            let (id, _) = form_by_name(form)?;
            Some(Place { at: At::Only, form: id.0, what: What::Stored(place_of(form, field), None) })
        };
        let position = |codes: &[&str], code: &str| {
            codes.iter().position(|c| *c == code).and_then(|p| u8::try_from(p).ok()).unwrap_or(u8::MAX)
        };
        self.program.disease = only("disease", "disease");
        let basis = position(&codes_of("patient", "date_basis"), "CALENDAR");
        self.program.date_basis = only("patient", "date_basis").map(|place| (place, basis));
        self.program.infusion_form = form_by_name("infusion").map_or(u16::MAX, |(id, _)| id.0);
        self.program.drugs = codes_of("medication", "drug");
        self.program.dose_units = codes_of("medication", "dose_unit");
        self.program.frequencies = codes_of("medication", "frequency");
        let comparators = codes_of("laboratory", "comparator");
        self.program.below_above = (position(&comparators, "<"), position(&comparators, ">"));
        for name in ["medication", "lymphodepletion_dose"] {
            if let Some((id, _)) = form_by_name(name) {
                let entry = (id.0, place_of(name, "dose_unit"), codes_of(name, "dose_unit"));
                self.program.unit_codes.push(entry);
            }
        }
    }

    fn what(&self, id: FormId, field: FieldId) -> What {
        let Some(of) = form(id) else { return What::Derived(u16::MAX) };
        let lab = |limit: &str| What::Times {
            value: place_of("laboratory", "value"),
            limit: place_of("laboratory", limit),
            comparator: place_of("laboratory", "comparator"),
        };
        match field {
            FieldId::Stored(place) => {
                let name = field_name(of, field);
                let beside = time_of(of, &name)
                    .and_then(|t| u16::try_from(t).ok())
                    .or_else(|| unit_field(of, &name).map(|unit| place_of(of.name, unit)));
                What::Stored(place, beside)
            }
            FieldId::Derived(place) => What::Derived(place),
            FieldId::Computed(Computed::LabValue) => What::Lab {
                value: place_of("laboratory", "value"),
                canonical: place_of("laboratory", "canonical_value"),
                comparator: place_of("laboratory", "comparator"),
            },
            FieldId::Computed(Computed::TimesUpperLimit) => lab("ref_high"),
            FieldId::Computed(Computed::TimesLowerLimit) => lab("ref_low"),
            FieldId::Computed(computed) => What::Dose(
                computed,
                DoseColumns {
                    drug: place_of("medication", "drug"),
                    value: place_of("medication", "dose_value"),
                    unit: place_of("medication", "dose_unit"),
                    frequency: place_of("medication", "frequency"),
                    weight: place_of("medication", "weight_kg"),
                    infusion_form: self.program.infusion_form,
                    infusion_weight: place_of("infusion", "weight_kg"),
                },
            ),
        }
    }

    fn place(&self, field: FieldRef) -> Place {
        let at = match field.row {
            RowRef::Enclosing(depth) => At::Enclosing(depth),
            RowRef::Only(_) => At::Only,
        };
        Place { at, form: field.form.0, what: self.what(field.form, field.field) }
    }

    fn wanted(&self, id: FormId, field: FieldId, codes: &[String]) -> Wanted {
        let place = match field {
            FieldId::Stored(place) | FieldId::Derived(place) => usize::from(place),
            FieldId::Computed(_) => usize::MAX,
        };
        match form(id).and_then(|f| f.fields.get(place)).map(|f| f.kind) {
            Some(Kind::Coded(set)) => {
                let unknown = set
                    .codes
                    .iter()
                    .position(|c| c.code == "UNK")
                    .filter(|_| !codes.iter().any(|c| c == "UNK"));
                let unknown = unknown.and_then(|p| u8::try_from(p).ok());
                Wanted::Codes(bits(set, codes.iter().map(String::as_str)), unknown)
            }
            _ => Wanted::Texts(codes.to_vec()),
        }
    }

    /// A clause that stands by itself is looked at once for an infusion.
    fn once<T: std::fmt::Debug>(&mut self, clause: T, keep: impl FnOnce(&mut Program, T) -> usize) -> usize {
        let key = format!("{}{clause:?}", std::any::type_name::<T>());
        if let Some(known) = self.known.get(&key) {
            return *known;
        }
        let number = keep(&mut self.program, clause);
        self.known.insert(key, number);
        number
    }

    fn once_bool(&mut self, clause: B, depth: usize) -> B {
        if depth > 0 {
            return clause;
        }
        B::Once(self.once(clause, |program, clause| {
            program.conditions.push(clause);
            program.conditions.len() - 1
        }))
    }

    fn once_number(&mut self, clause: N, depth: usize) -> N {
        if depth > 0 {
            return clause;
        }
        N::Once(self.once(clause, |program, clause| {
            program.numbers.push(clause);
            program.numbers.len() - 1
        }))
    }

    fn once_day(&mut self, clause: D, depth: usize) -> D {
        if depth > 0 {
            return clause;
        }
        D::Once(self.once(clause, |program, clause| {
            program.days.push(clause);
            program.days.len() - 1
        }))
    }

    fn bools(&mut self, parts: &[Bool], depth: usize) -> Vec<B> {
        parts.iter().map(|part| self.bool(part, depth)).collect()
    }

    fn bool(&mut self, condition: &Bool, depth: usize) -> B {
        match &condition.kind {
            BoolKind::Constant(value) => B::Constant(*value),
            BoolKind::Not(inner) => B::Not(Box::new(self.bool(inner, depth))),
            BoolKind::All(parts) => B::All(self.bools(parts, depth)),
            BoolKind::Any(parts) => B::Any(self.bools(parts, depth)),
            BoolKind::AtLeast(least, parts) => {
                B::AtLeast(self.number(least, depth), self.bools(parts, depth))
            }
            BoolKind::Numbers(a, op, b) => B::Numbers(self.number(a, depth), *op, self.number(b, depth)),
            BoolKind::Days(a, op, b) => B::Days(self.day(a, depth), *op, self.day(b, depth)),
            BoolKind::CodeIn(Code { kind: CodeKind::Field(field), .. }, codes, negated) => {
                B::CodeIn(self.place(*field), self.wanted(field.form, field.field, codes), *negated)
            }
            BoolKind::CodeIn(Code { kind: CodeKind::Pick(select, which, field), .. }, codes, negated) => {
                let Some(of) = select.form else { return B::Constant(false) };
                let wanted = self.wanted(of, *field, codes);
                let picked = B::PickedCodeIn(
                    Box::new(self.select(select, depth)),
                    *which,
                    self.what(of, *field),
                    wanted,
                    *negated,
                );
                self.once_bool(picked, depth)
            }
            BoolKind::CodesHave(field, codes, all) => {
                let place = match field.field {
                    FieldId::Stored(place) => usize::from(place),
                    _ => usize::MAX,
                };
                let mask = match form(field.form).and_then(|f| f.fields.get(place)).map(|f| f.kind) {
                    Some(Kind::Codes(set)) => bits(set, codes.iter().map(String::as_str)).0 as u64,
                    _ => 0,
                };
                B::CodesHave(self.place(*field), mask, *all)
            }
            BoolKind::Flag(field) => B::Flag(self.place(*field)),
            BoolKind::Recorded(field, negated) => B::Recorded(self.place(*field), *negated),
            BoolKind::Declared(field, code, negated) => {
                let stored = match field.field {
                    FieldId::Stored(place) => place,
                    _ => u16::MAX,
                };
                B::Declared(self.place(*field), stored, *code, *negated)
            }
            BoolKind::Reading(index, choice, negated) => {
                B::Constant(self.settings.reads(*index, choice) != *negated)
            }
            BoolKind::Exists(select) => {
                let exists = B::Exists(Box::new(self.select(select, depth)));
                self.once_bool(exists, depth)
            }
            BoolKind::Every(select, body) => {
                let every =
                    B::Every(Box::new(self.select(select, depth)), Box::new(self.bool(body, depth + 1)));
                self.once_bool(every, depth)
            }
            BoolKind::If(condition, yes, no) => B::If(
                Box::new(self.bool(condition, depth)),
                Box::new(self.bool(yes, depth)),
                Box::new(self.bool(no, depth)),
            ),
            BoolKind::Shared(index) => {
                let guideline = self.guideline;
                match guideline.shared.get(*index).map(|s| &s.value) {
                    Some(SharedClause::Bool(clause)) => {
                        let clause = self.bool(clause, 0);
                        self.once_bool(clause, 0)
                    }
                    _ => B::Constant(false),
                }
            }
        }
    }

    pub(super) fn number(&mut self, number: &Number, depth: usize) -> N {
        match &number.kind {
            NumberKind::Constant(value) => N::Constant(*value),
            NumberKind::Parameter(index, factor) => N::Constant(self.settings.number(*index) * factor),
            NumberKind::Field(field, unit) => N::Field(self.place(*field), *unit),
            NumberKind::Arithmetic(a, op, b) => {
                N::Arithmetic(Box::new(self.number(a, depth)), *op, Box::new(self.number(b, depth)))
            }
            NumberKind::Negate(inner) => N::Negate(Box::new(self.number(inner, depth))),
            NumberKind::Count(select) => {
                let count = N::Count(Box::new(self.select(select, depth)));
                self.once_number(count, depth)
            }
            NumberKind::CountDays(select) => {
                let count = N::CountDays(Box::new(self.select(select, depth)));
                self.once_number(count, depth)
            }
            NumberKind::Share(select, body) => {
                let share =
                    N::Share(Box::new(self.select(select, depth)), Box::new(self.bool(body, depth + 1)));
                self.once_number(share, depth)
            }
            NumberKind::CountOf(parts) => N::CountOf(self.bools(parts, depth)),
            NumberKind::Pick(select, which, field, unit) => {
                let Some(of) = select.form else { return N::Constant(f64::NAN) };
                let what = self.what(of, *field);
                let pick = N::Pick(Box::new(self.select(select, depth)), *which, what, *unit);
                self.once_number(pick, depth)
            }
            NumberKind::Fold(select, fold, field, unit) => {
                let Some(of) = select.form else { return N::Constant(f64::NAN) };
                let what = self.what(of, *field);
                let folded = N::Fold(Box::new(self.select(select, depth)), *fold, what, *unit);
                self.once_number(folded, depth)
            }
            NumberKind::LongestGap(select) => {
                let gap = N::LongestGap(Box::new(self.select(select, depth)));
                self.once_number(gap, depth)
            }
            NumberKind::ShortestGap(select) => {
                let gap = N::ShortestGap(Box::new(self.select(select, depth)));
                self.once_number(gap, depth)
            }
            NumberKind::Between(a, b) => {
                N::Between(Box::new(self.day(a, depth)), Box::new(self.day(b, depth)))
            }
            NumberKind::HoursBetween(a, b) => {
                N::HoursBetween(Box::new(self.day(a, depth)), Box::new(self.day(b, depth)))
            }
            NumberKind::Year(day) => N::Year(Box::new(self.day(day, depth))),
            NumberKind::Month(day) => N::Month(Box::new(self.day(day, depth))),
            NumberKind::If(condition, yes, no) => N::If(
                Box::new(self.bool(condition, depth)),
                Box::new(self.number(yes, depth)),
                Box::new(self.number(no, depth)),
            ),
            NumberKind::Shared(index) => {
                let guideline = self.guideline;
                match guideline.shared.get(*index).map(|s| &s.value) {
                    Some(SharedClause::Number(clause)) => {
                        let clause = self.number(clause, 0);
                        self.once_number(clause, 0)
                    }
                    _ => N::Constant(f64::NAN),
                }
            }
        }
    }

    fn day(&mut self, day: &Day, depth: usize) -> D {
        match &day.kind {
            DayKind::Field(field) => D::Field(self.place(*field)),
            DayKind::Pick(select, which, field) => {
                let Some(of) = select.form else { return D::Cutoff };
                let what = self.what(of, *field);
                let pick = D::Pick(Box::new(self.select(select, depth)), *which, what);
                self.once_day(pick, depth)
            }
            DayKind::Offset(day, offset) => {
                let length = Length::of(offset, |index| self.settings.number(index));
                D::Offset(Box::new(self.day(day, depth)), length)
            }
            DayKind::Extreme(which, days) => {
                D::Extreme(*which, days.iter().map(|d| self.day(d, depth)).collect())
            }
            DayKind::Cutoff => D::Cutoff,
            DayKind::FollowUpEnd => D::FollowUpEnd,
            DayKind::If(condition, yes, no) => D::If(
                Box::new(self.bool(condition, depth)),
                Box::new(self.day(yes, depth)),
                Box::new(self.day(no, depth)),
            ),
            DayKind::Shared(index) => {
                let guideline = self.guideline;
                match guideline.shared.get(*index).map(|s| &s.value) {
                    Some(SharedClause::Day(clause)) => {
                        let clause = self.day(clause, 0);
                        self.once_day(clause, 0)
                    }
                    _ => D::Cutoff,
                }
            }
            DayKind::Enclosing(depth) => D::Enclosing(*depth),
        }
    }

    fn select(&mut self, select: &Select, depth: usize) -> S {
        let mut edge = |limit: &Option<Limit>| {
            limit.as_ref().map(|limit| Edge {
                day: self.day(&limit.day, depth),
                length: EdgeLength::of(limit, |index| self.settings.number(index)),
            })
        };
        let windows = select.windows.iter().map(|w| (edge(&w.low), edge(&w.high))).collect();
        let set_of = |id: FormId, place: u16| match form(id)
            .and_then(|f| f.fields.get(usize::from(place)))
            .map(|f| f.kind)
        {
            Some(Kind::Coded(set)) => Some(set),
            _ => None,
        };
        let only = select.only.as_ref().zip(select.form).and_then(|((place, codes), id)| {
            Some((*place, bits(set_of(id, *place)?, codes.iter().copied())))
        });
        let by_kind = select.form.and_then(form).zip(select.by).and_then(|(f, by)| match by {
            FieldId::Stored(place) => f.fields.get(usize::from(place)).map(|f| f.kind),
            _ => None,
        });
        let field =
            |this: &Self, field: Option<FieldId>| select.form.zip(field).map(|(id, f)| this.what(id, f));
        S {
            form: select.form.map(|id| id.0),
            filter: select.filter.as_ref().map(|f| self.bool(f, depth + 1)),
            only,
            by: field(self, select.by),
            by_number: matches!(by_kind, Some(Kind::Integer { .. })),
            ends: field(self, select.ends),
            windows,
            absence: select.absence,
        }
    }
}

/// Whether every value set fits the bits of a column, and every dose code is known.
pub fn value_sets_fit() -> bool {
    clinical::forms::ALL.iter().flat_map(|f| f.fields).all(|field| match field.kind {
        Kind::Coded(set) => set.codes.len() <= 128,
        Kind::Codes(set) => set.codes.len() <= 64,
        _ => true,
    }) && fields::dose_codes_are_known()
}
