//! The names a guideline gives: parameters, definitions, lists of codes; and what a name means inside a clause.

use super::{Checker, Row, Unit, Value, spanned};
use crate::fields::{self, Computed};
use crate::file::ParameterValue;
use crate::ir::{
    Amount, Bool, BoolKind, CodeKind, Day, DayKind, FieldId, FieldRef, FormId, Number, NumberKind, Offset,
    RowRef, form,
};
use crate::syntax::{Ident, Node, Span, Syntax, TimeUnit};
use clinical::field::{Kind, nearest};
use std::collections::BTreeMap;

/// A parameter as the checker knows it.
#[derive(Debug, Clone)]
pub(crate) struct ParameterEntry {
    /// Its number in the guideline.
    pub(crate) index: usize,
    pub(crate) unit: Option<String>,
    /// Default first, then alternatives.
    pub(crate) values: Vec<ParameterValue>,
}

/// A definition as the checker knows it.
#[derive(Debug, Clone)]
pub(crate) enum Definition {
    /// Without arguments, checked already: its number and what it is.
    Shared(usize, SharedKind),
    /// With arguments: written out where it is used.
    Template(Vec<String>, Node),
    /// Its text was refused already.
    Refused,
}

/// What a shared definition is.
#[derive(Debug, Clone)]
pub(crate) enum SharedKind {
    Bool,
    Number(Unit),
    Day,
}

/// A shared definition after checking.
#[derive(Debug, Clone)]
pub(crate) enum SharedValue {
    Bool(Bool),
    Number(Number, Unit),
    Day(Day),
}

impl SharedValue {
    pub(crate) fn kind(&self) -> SharedKind {
        match self {
            Self::Bool(_) => SharedKind::Bool,
            Self::Number(_, unit) => SharedKind::Number(unit.clone()),
            Self::Day(_) => SharedKind::Day,
        }
    }
}

/// The names known in a clause.
#[derive(Debug, Clone, Default)]
pub(crate) struct Book {
    pub(crate) parameters: BTreeMap<String, ParameterEntry>,
    pub(crate) definitions: BTreeMap<String, Definition>,
    pub(crate) codes: BTreeMap<String, Vec<String>>,
}

impl Checker<'_> {
    pub(super) fn parameter(&mut self, name: &str, span: Span) -> Option<Value> {
        let Some(entry) = self.book.parameters.get(name) else {
            let known: Vec<&str> = self.book.parameters.keys().map(String::as_str).collect();
            let near = nearest(name, known.iter().copied());
            return self.fault(span, no_such("parameter", name, near, &known));
        };
        let index = entry.index;
        self.parameters.insert(index);
        let duration = |unit| Offset { parts: vec![(1.0, Amount::Parameter(index), unit)] };
        Some(match entry.unit.as_deref() {
            Some("choice") => Value::Reading(index),
            Some("d") => Value::Duration(duration(TimeUnit::Day), span),
            Some("mo") => Value::Duration(duration(TimeUnit::Month), span),
            Some("h") => Value::Duration(duration(TimeUnit::Hour), span),
            Some("min") => Value::Duration(duration(TimeUnit::Minute), span),
            unit => Value::Number(
                spanned(span, NumberKind::Parameter(index, 1.0)),
                Unit::named(unit.unwrap_or_default()),
            ),
        })
    }

    /// `name` or `name.field`.
    pub(super) fn path(&mut self, name: &Ident, field: Option<&Ident>, span: Span) -> Option<Value> {
        if let Some(field) = field {
            return self.qualified(name, field, span);
        }
        if let Some(row) = self.rows.last() {
            let depth = self.rows.len() - 1;
            match row.form {
                None if name.name == "date" => {
                    return Some(Value::Day(spanned(span, DayKind::Enclosing(depth as u8))));
                }
                Some(of) if Self::knows(of, &name.name) => {
                    return self.field(of, RowRef::Enclosing(depth as u8), name, span);
                }
                _ => {}
            }
        }
        match name.name.as_str() {
            "cutoff" => return Some(Value::Day(spanned(span, DayKind::Cutoff))),
            "follow_up_end" => return Some(Value::Day(spanned(span, DayKind::FollowUpEnd))),
            _ => {}
        }
        if let Some(definition) = self.book.definitions.get(&name.name) {
            self.used.insert(name.name.clone());
            return match definition {
                Definition::Shared(index, kind) => {
                    let index = *index;
                    self.shared.insert(index);
                    Some(match kind {
                        SharedKind::Bool => Value::Bool(spanned(span, BoolKind::Shared(index))),
                        SharedKind::Number(unit) => {
                            Value::Number(spanned(span, NumberKind::Shared(index)), unit.clone())
                        }
                        SharedKind::Day => Value::Day(spanned(span, DayKind::Shared(index))),
                    })
                }
                Definition::Template(arguments, _) => {
                    let message = format!(
                        "`{}` needs arguments; expected {}({})",
                        name.name,
                        name.name,
                        arguments.join(", ")
                    );
                    self.fault(span, message)
                }
                Definition::Refused => None,
            };
        }
        let mut known: Vec<String> = self.book.definitions.keys().cloned().collect();
        if let Some(of) = self.rows.last().and_then(|row| row.form).and_then(form) {
            known.extend(fields::names(of));
        }
        let near = nearest(&name.name, known.iter().map(String::as_str));
        let message = if fields::form_by_name(&name.name).is_some() {
            format!(
                "`{0}` is a form; expected a field of it ({0}.FIELD), or a clause about its rows (exists {0}[...])",
                name.name
            )
        } else {
            let near = near.map_or_else(
                || {
                    "; expected a field of the enclosing form, FORM.FIELD, a definition, `cutoff` or `follow_up_end`; a code stands after \
                     `=` or in a list, a parameter after `$`"
                        .to_owned()
                },
                |near| format!("; did you mean {near}?"),
            );
            format!("`{}` is not known here{near}", name.name)
        };
        self.fault(span, message)
    }

    fn qualified(&mut self, name: &Ident, field: &Ident, span: Span) -> Option<Value> {
        let enclosing = self.rows.iter().enumerate().rev().find(|(_, row)| Self::is_named(row, &name.name));
        if let Some((depth, row)) = enclosing {
            return match row.form {
                Some(of) => self.field(of, RowRef::Enclosing(depth as u8), field, span),
                None if field.name == "date" => {
                    Some(Value::Day(spanned(span, DayKind::Enclosing(depth as u8))))
                }
                None => self.fault(field.span, format!("a day has no `{}`; expected date", field.name)),
            };
        }
        let Some((id, of)) = fields::form_by_name(&name.name) else {
            let forms = clinical::forms::ALL.iter().map(|f| f.name);
            let near =
                nearest(&name.name, forms).map_or_else(String::new, |near| format!("; did you mean {near}?"));
            return self.fault(
                name.span,
                format!("`{}` is neither a form nor the name of a row here{near}", name.name),
            );
        };
        if !fields::is_single(of) {
            return self.fault(
                span,
                format!(
                    "{0} may have many rows; expected `first {0}[...].{1}`, `last ...`, or a clause such as `exists {0}[...]`",
                    of.name, field.name
                ),
            );
        }
        self.field(id, RowRef::Only(id), field, span)
    }

    fn is_named(row: &Row, name: &str) -> bool {
        let own = row.form.and_then(form).map_or("day", |f| f.name);
        row.alias.as_deref().map_or(own == name, |alias| alias == name)
    }

    fn knows(of: FormId, name: &str) -> bool {
        form(of).is_some_and(|of| fields::names(of).iter().any(|known| known == name))
    }

    /// The number of a field by the name clauses use, with its kind and computed unit.
    pub(super) fn field_id(
        &mut self,
        of: FormId,
        name: &Ident,
    ) -> Option<(FieldId, Kind, Option<&'static str>)> {
        let descriptor = form(of)?;
        self.elements.insert((of, name.name.clone()));
        if let Some((_, computed, unit)) = Computed::of(descriptor).iter().find(|(n, _, _)| *n == name.name) {
            let kind = Kind::Decimal { min: 0.0, max: f64::MAX, unit };
            return Some((FieldId::Computed(*computed), kind, Some(unit)));
        }
        if let Some(stored) = name.name.strip_prefix("derived_")
            && fields::derived(descriptor).contains(&stored)
            && let Some((place, field)) = descriptor.field(stored)
        {
            return Some((FieldId::Derived(u16::try_from(place).ok()?), field.kind, None));
        }
        if let Some((id, field)) = fields::stored(descriptor, &name.name) {
            return Some((id, field.kind, None));
        }
        let known = fields::names(descriptor);
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        let near = nearest(&name.name, known.iter().copied());
        self.fault(name.span, no_such(&format!("field of {}", descriptor.name), &name.name, near, &known))
    }

    fn field(&mut self, of: FormId, row: RowRef, name: &Ident, span: Span) -> Option<Value> {
        let (field, kind, _) = self.field_id(of, name)?;
        let place = FieldRef { row, form: of, field };
        Some(match kind {
            Kind::Integer { .. } | Kind::Decimal { .. } => {
                let unit = self.unit_of(of, row, field, kind, span)?;
                Value::Number(spanned(span, NumberKind::Field(place, None)), unit)
            }
            Kind::Flag => Value::Bool(spanned(span, BoolKind::Flag(place))),
            Kind::Coded(set) => Value::Code(spanned(span, CodeKind::Field(place)), Some(set)),
            Kind::Codes(set) => Value::Codes(place, set),
            Kind::Date | Kind::PartialDate => Value::Day(spanned(span, DayKind::Field(place))),
            Kind::Text { .. } => Value::Code(spanned(span, CodeKind::Field(place)), None),
            Kind::Time => {
                let message = format!(
                    "`{}` is a time of day; it goes with its date: compare the date field",
                    name.name
                );
                return self.fault(span, message);
            }
        })
    }

    /// The unit of a numeric field.
    pub(super) fn unit_of(
        &mut self,
        of: FormId,
        row: RowRef,
        field: FieldId,
        kind: Kind,
        span: Span,
    ) -> Option<Unit> {
        let descriptor = form(of)?;
        if let FieldId::Computed(computed) = field {
            if computed != Computed::LabValue {
                return Some(Unit::named(fields::unit(kind)));
            }
            let analytes = match row {
                RowRef::Enclosing(depth) => {
                    self.rows.get(usize::from(depth)).map(|row| row.analytes.clone()).unwrap_or_default()
                }
                RowRef::Only(_) => Vec::new(),
            };
            return self.lab_unit(analytes, span);
        }
        let name = fields::field_name(descriptor, field);
        if fields::unit_field(descriptor, &name).is_some() {
            return Some(Unit::Amount);
        }
        Some(Unit::named(fields::unit(kind)))
    }

    /// The unit of `laboratory.value` under a filter that asks for these analytes.
    pub(super) fn lab_unit(&mut self, analytes: Vec<clinical::lab::Analyte>, span: Span) -> Option<Unit> {
        let units: Vec<_> = analytes.iter().map(|a| a.canonical_unit()).collect();
        match units.first() {
            None => self.fault(span, "the unit of `value` depends on the analyte; expected the same brackets to name it: laboratory[analyte = CRP and value > 10 'mg/L']"),
            Some(None) => self.fault(span, "results of this analyte are codes; expected `result_code`"),
            Some(first) if units.iter().all(|u| u == first) => Some(Unit::Lab(analytes)),
            Some(_) => self.fault(span, "the analytes have different units; expected one clause for each unit"),
        }
    }

    /// A definition with arguments, written out: its body with the arguments in place of their names.
    pub(super) fn expand(&mut self, name: &Ident, arguments: &[Node], span: Span) -> Option<Value> {
        let Some(definition) = self.book.definitions.get(&name.name) else {
            let functions =
                ["all", "any", "none", "at_least", "count_of", "earliest", "latest", "year", "month"];
            let known: Vec<&str> =
                self.book.definitions.keys().map(String::as_str).chain(functions).collect();
            let near = nearest(&name.name, known.iter().copied());
            return self.fault(name.span, no_such("definition or function", &name.name, near, &known));
        };
        self.used.insert(name.name.clone());
        let (names, body) = match definition {
            Definition::Template(names, body) => (names.clone(), body.clone()),
            Definition::Shared(..) => {
                return self
                    .fault(span, format!("`{}` takes no arguments; expected its bare name", name.name));
            }
            Definition::Refused => return None,
        };
        if names.len() != arguments.len() {
            let message = format!(
                "`{}` takes {} arguments ({}), {} are given",
                name.name,
                names.len(),
                names.join(", "),
                arguments.len()
            );
            return self.fault(span, message);
        }
        if self.expanding.contains(&name.name) {
            return self.fault(span, format!("`{}` is defined by itself", name.name));
        }
        let written: BTreeMap<&str, &Node> = names.iter().map(String::as_str).zip(arguments).collect();
        let body = substitute(&body, &written);
        self.expanding.push(name.name.clone());
        let before = self.faults.len();
        let value = self.value(&body);
        self.expanding.pop();
        // Whoever reads a fault inside a definition needs to know which use of it is meant.
        for fault in self.faults.iter_mut().skip(before) {
            if fault.span.text != span.text && !fault.message.contains(" (as used with ") {
                fault.message = format!("{} (as used with {}(...))", fault.message, name.name);
            }
        }
        value
    }
}

fn no_such(what: &str, name: &str, near: Option<&str>, known: &[&str]) -> String {
    let name: String = name.chars().take(60).collect();
    match near {
        Some(near) => format!("there is no {what} `{name}`; did you mean {near}?"),
        None if known.is_empty() => format!("there is no {what} `{name}`"),
        None => format!("there is no {what} `{name}`; expected one of {}", known.join(", ")),
    }
}

/// The body of a definition with arguments in place of their names.
fn substitute(node: &Node, written: &BTreeMap<&str, &Node>) -> Node {
    let sub = |inner: &Node| substitute(inner, written);
    let boxed = |inner: &Node| Box::new(substitute(inner, written));
    let many = |inner: &[Node]| inner.iter().map(|n| substitute(n, written)).collect::<Vec<_>>();
    let kind = match &node.kind {
        Syntax::Path(name, None) => match written.get(name.name.as_str()) {
            Some(argument) => return (*argument).clone(),
            None => node.kind.clone(),
        },
        Syntax::Path(..)
        | Syntax::Number(..)
        | Syntax::Duration(..)
        | Syntax::Text(_)
        | Syntax::Truth(_)
        | Syntax::Parameter(_) => node.kind.clone(),
        Syntax::Call(name, arguments) => Syntax::Call(name.clone(), many(arguments)),
        Syntax::Map(kind, name, arguments) => Syntax::Map(*kind, name.clone(), many(arguments)),
        Syntax::Binary(op, left, right) => Syntax::Binary(*op, boxed(left), boxed(right)),
        Syntax::Not(inner) => Syntax::Not(boxed(inner)),
        Syntax::Negate(inner) => Syntax::Negate(boxed(inner)),
        Syntax::In(left, list, negated) => Syntax::In(boxed(left), many(list), *negated),
        Syntax::Has(left, list, all) => Syntax::Has(boxed(left), many(list), *all),
        Syntax::Is(left, what, negated) => Syntax::Is(boxed(left), *what, *negated),
        Syntax::If(condition, yes, no) => Syntax::If(boxed(condition), boxed(yes), boxed(no)),
        Syntax::Select(select) => {
            let mut select = select.clone();
            select.filter = select.filter.as_deref().map(boxed);
            select.satisfies = select.satisfies.as_deref().map(boxed);
            select.windows = select.windows.iter().map(|w| super::select::map_window(w, &sub)).collect();
            Syntax::Select(select)
        }
    };
    Node { span: node.span, kind }
}
