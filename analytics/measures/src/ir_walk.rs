//! Which fields of which forms the clauses of a guideline look at.

use crate::fields::{self, Computed};
use crate::ir::{
    Bool, BoolKind, Code, CodeKind, Day, DayKind, FieldId, FieldRef, FormId, Number, NumberKind, Select, form,
};
use crate::library::{Guideline, SharedClause};
use std::collections::{BTreeMap, BTreeSet};

/// What is needed of a form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FormNeeds {
    /// Stored fields, by position.
    pub fields: BTreeSet<u16>,
    /// Stored fields whose derived value is needed.
    pub derived: BTreeSet<u16>,
}

/// What is needed of each form.
pub type Needs = BTreeMap<FormId, FormNeeds>;

/// What the measures with these numbers need, beside what every evaluation does.
pub fn needs(guideline: &Guideline, measures: &[usize]) -> Needs {
    let mut walk = Walk { guideline, needs: Needs::new(), shared: BTreeSet::new() };
    let mut ends = BTreeSet::new();
    for measure in measures.iter().filter_map(|i| guideline.measures.get(*i)) {
        let Some(rule) = &measure.rule else { continue };
        rule.population.iter().for_each(|c| walk.bool(c));
        rule.exclusions.iter().for_each(|e| walk.bool(&e.when));
        walk.bool(&rule.numerator);
        rule.shown.iter().for_each(|s| walk.number(&s.value));
        ends.extend(rule.ends.iter().copied());
    }
    ends.iter().filter_map(|i| guideline.ends.get(*i)).for_each(|end| walk.day(&end.day));
    for (name, field) in [("disease", "disease"), ("infusion", "infusion_number"), ("patient", "date_basis")]
    {
        walk.named(name, field);
    }
    // A dose per body weight takes the weight of the infusion where the row has none.
    if fields::form_by_name("medication").is_some_and(|(id, _)| walk.needs.contains_key(&id)) {
        walk.named("infusion", "weight_kg");
    }
    walk.needs
}

struct Walk<'a> {
    guideline: &'a Guideline,
    needs: Needs,
    shared: BTreeSet<usize>,
}

impl Walk<'_> {
    fn form(&mut self, id: FormId) {
        if self.needs.contains_key(&id) {
            return;
        }
        let mut of = FormNeeds::default();
        if let Some(descriptor) = form(id) {
            // Its date decides what is seen at a cutoff, its key the order of its rows.
            let names = fields::main_date(descriptor).into_iter().chain(descriptor.key.iter().copied());
            of.fields.extend(names.filter_map(|name| place(descriptor, name)));
        }
        self.needs.insert(id, of);
    }

    fn named(&mut self, of: &str, field: &str) {
        if let Some((id, descriptor)) = fields::form_by_name(of) {
            self.form(id);
            if let (Some(place), Some(needs)) = (place(descriptor, field), self.needs.get_mut(&id)) {
                needs.fields.insert(place);
            }
        }
    }

    fn field(&mut self, id: FormId, field: FieldId) {
        self.form(id);
        let Some(descriptor) = form(id) else { return };
        let mut names: Vec<&str> = Vec::new();
        match field {
            FieldId::Stored(stored) => {
                let name = descriptor.fields.get(usize::from(stored)).map_or("", |f| f.name);
                names.push(name);
                names.extend(fields::unit_field(descriptor, name));
            }
            FieldId::Derived(stored) => {
                if let Some(needs) = self.needs.get_mut(&id) {
                    needs.derived.insert(stored);
                }
            }
            FieldId::Computed(Computed::LabValue) => names.extend(["value", "canonical_value", "comparator"]),
            FieldId::Computed(Computed::TimesUpperLimit) => names.extend(["value", "ref_high", "comparator"]),
            FieldId::Computed(Computed::TimesLowerLimit) => names.extend(["value", "ref_low", "comparator"]),
            FieldId::Computed(_) => {
                names.extend(["drug", "dose_value", "dose_unit", "frequency", "weight_kg"])
            }
        }
        for name in names {
            let Some(place) = place(descriptor, name) else { continue };
            let time = fields::time_of(descriptor, name).and_then(|t| u16::try_from(t).ok());
            if let Some(needs) = self.needs.get_mut(&id) {
                needs.fields.insert(place);
                needs.fields.extend(time);
            }
        }
    }

    fn reference(&mut self, field: FieldRef) {
        self.field(field.form, field.field);
    }

    fn select(&mut self, select: &Select) {
        if let Some(id) = select.form {
            self.form(id);
            for field in select.by.iter().chain(&select.ends) {
                self.field(id, *field);
            }
        }
        select.filter.iter().for_each(|f| self.bool(f));
        for window in &select.windows {
            for limit in window.low.iter().chain(&window.high) {
                self.day(&limit.day);
            }
        }
    }

    fn shared(&mut self, index: usize) {
        if !self.shared.insert(index) {
            return;
        }
        let guideline = self.guideline;
        match guideline.shared.get(index).map(|s| &s.value) {
            Some(SharedClause::Bool(clause)) => self.bool(clause),
            Some(SharedClause::Number(clause)) => self.number(clause),
            Some(SharedClause::Day(clause)) => self.day(clause),
            None => {}
        }
    }

    fn bool(&mut self, condition: &Bool) {
        match &condition.kind {
            BoolKind::Constant(_) | BoolKind::Reading(..) => {}
            BoolKind::Not(inner) => self.bool(inner),
            BoolKind::All(parts) | BoolKind::Any(parts) => parts.iter().for_each(|p| self.bool(p)),
            BoolKind::AtLeast(least, parts) => {
                self.number(least);
                parts.iter().for_each(|p| self.bool(p));
            }
            BoolKind::Numbers(a, _, b) => {
                self.number(a);
                self.number(b);
            }
            BoolKind::Days(a, _, b) => {
                self.day(a);
                self.day(b);
            }
            BoolKind::CodeIn(code, _, _) => self.code(code),
            BoolKind::CodesHave(field, _, _)
            | BoolKind::Flag(field)
            | BoolKind::Recorded(field, _)
            | BoolKind::Declared(field, _, _) => self.reference(*field),
            BoolKind::Exists(select) => self.select(select),
            BoolKind::Every(select, body) => {
                self.select(select);
                self.bool(body);
            }
            BoolKind::If(condition, yes, no) => {
                for part in [condition, yes, no] {
                    self.bool(part);
                }
            }
            BoolKind::Shared(index) => self.shared(*index),
        }
    }

    fn code(&mut self, code: &Code) {
        match &code.kind {
            CodeKind::Field(field) => self.reference(*field),
            CodeKind::Pick(select, _, field) => self.taken(select, *field),
        }
    }

    fn taken(&mut self, select: &Select, field: FieldId) {
        self.select(select);
        if let Some(id) = select.form {
            self.field(id, field);
        }
    }

    fn number(&mut self, number: &Number) {
        match &number.kind {
            NumberKind::Constant(_) | NumberKind::Parameter(..) => {}
            NumberKind::Field(field, _) => self.reference(*field),
            NumberKind::Arithmetic(a, _, b) => {
                self.number(a);
                self.number(b);
            }
            NumberKind::Negate(inner) => self.number(inner),
            NumberKind::Count(select)
            | NumberKind::CountDays(select)
            | NumberKind::LongestGap(select)
            | NumberKind::ShortestGap(select) => self.select(select),
            NumberKind::Share(select, body) => {
                self.select(select);
                self.bool(body);
            }
            NumberKind::CountOf(parts) => parts.iter().for_each(|p| self.bool(p)),
            NumberKind::Pick(select, _, field, _) | NumberKind::Fold(select, _, field, _) => {
                self.taken(select, *field);
            }
            NumberKind::Between(a, b) | NumberKind::HoursBetween(a, b) => {
                self.day(a);
                self.day(b);
            }
            NumberKind::Year(day) | NumberKind::Month(day) => self.day(day),
            NumberKind::If(condition, yes, no) => {
                self.bool(condition);
                self.number(yes);
                self.number(no);
            }
            NumberKind::Shared(index) => self.shared(*index),
        }
    }

    fn day(&mut self, day: &Day) {
        match &day.kind {
            DayKind::Cutoff | DayKind::FollowUpEnd | DayKind::Enclosing(_) => {}
            DayKind::Field(field) => self.reference(*field),
            DayKind::Pick(select, _, field) => self.taken(select, *field),
            DayKind::Offset(day, _) => self.day(day),
            DayKind::Extreme(_, days) => days.iter().for_each(|d| self.day(d)),
            DayKind::If(condition, yes, no) => {
                self.bool(condition);
                self.day(yes);
                self.day(no);
            }
            DayKind::Shared(index) => self.shared(*index),
        }
    }
}

fn place(descriptor: &clinical::FormDescriptor, name: &str) -> Option<u16> {
    descriptor.field(name).and_then(|(place, _)| u16::try_from(place).ok())
}
