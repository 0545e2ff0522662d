//! From the syntax tree to checked clauses: names, types, units, windows, and conditions that can never or always hold.

mod codes;
mod compare;
mod names;
mod reach;
mod select;
mod value;

pub(crate) use names::{Book, Definition, ParameterEntry, SharedValue};

use crate::file::Absence;
use crate::ir::{Bool, FieldRef, FormId, Offset, Spanned};
use crate::ir::{Code, Day, Number};
use crate::syntax::{Node, Span, Syntax};
use clinical::field::ValueSet;
use std::collections::BTreeSet;

/// What a part of a clause is.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    Bool(Bool),
    Number(Number, Unit),
    Day(Day),
    /// A length of time as written, before it is known what it is compared with.
    Duration(Offset, Span),
    /// A coded field, or a text field when there is no value set.
    Code(Code, Option<&'static ValueSet>),
    /// A list of codes.
    Codes(FieldRef, &'static ValueSet),
    /// A parameter with readings.
    Reading(usize),
    /// A quoted text.
    Text,
}

impl Value {
    fn what(&self) -> &'static str {
        match self {
            Self::Bool(_) => "a condition",
            Self::Number(..) => "a number",
            Self::Day(_) => "a day",
            Self::Duration(..) => "a length of time",
            Self::Code(_, Some(_)) => "a code",
            Self::Code(_, None) | Self::Text => "a text",
            Self::Codes(..) => "a list of codes",
            Self::Reading(_) => "a reading",
        }
    }
}

/// The unit of a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Unit {
    /// A bare number.
    Bare,
    /// A unit as written.
    Named(String),
    /// A laboratory value: the canonical unit of these analytes.
    Lab(Vec<clinical::lab::Analyte>),
    /// An amount whose unit stands in another field of the row.
    Amount,
}

impl Unit {
    pub(crate) fn named(text: &str) -> Self {
        if text.is_empty() { Self::Bare } else { Self::Named(text.to_owned()) }
    }

    /// In words.
    fn text(&self) -> String {
        match self {
            Self::Bare => "a bare number".to_owned(),
            Self::Named(unit) => format!("'{unit}'"),
            Self::Lab(analytes) => analytes
                .first()
                .map_or_else(String::new, |a| format!("{} ({})", a.accepted_units(), a.code())),
            Self::Amount => format!("with one of the units {}", crate::fields::AmountUnit::WRITTEN),
        }
    }
}

/// A row that an enclosing clause ranges over.
#[derive(Debug, Clone)]
struct Row {
    alias: Option<String>,
    /// `None`: a day.
    form: Option<FormId>,
    /// Analytes the clause's filter asks for, when the form is the laboratory.
    analytes: Vec<clinical::lab::Analyte>,
}

/// A fault of a clause, before its file and line are known.
#[derive(Debug, Clone)]
pub(crate) struct ClauseFault {
    pub(crate) span: Span,
    pub(crate) message: String,
}

/// Checks the clauses of one measure or definition.
pub(crate) struct Checker<'a> {
    book: &'a Book,
    /// Absence rule of each form.
    absence: &'a dyn Fn(FormId) -> Absence,
    rows: Vec<Row>,
    /// Definitions being expanded, against circles.
    expanding: Vec<String>,
    pub(crate) faults: Vec<ClauseFault>,
    /// Parameters used.
    pub(crate) parameters: BTreeSet<usize>,
    /// Shared definitions used.
    pub(crate) shared: BTreeSet<usize>,
    /// Names of definitions and code lists used.
    pub(crate) used: BTreeSet<String>,
    /// Fields used, as `form.field`.
    pub(crate) elements: BTreeSet<(FormId, String)>,
}

impl<'a> Checker<'a> {
    pub(crate) fn new(book: &'a Book, absence: &'a dyn Fn(FormId) -> Absence) -> Self {
        Self {
            book,
            absence,
            rows: Vec::new(),
            expanding: Vec::new(),
            faults: Vec::new(),
            parameters: BTreeSet::new(),
            shared: BTreeSet::new(),
            used: BTreeSet::new(),
            elements: BTreeSet::new(),
        }
    }

    fn fault<T>(&mut self, span: Span, message: impl Into<String>) -> Option<T> {
        self.faults.push(ClauseFault { span, message: message.into() });
        None
    }

    /// A condition.
    pub(crate) fn condition(&mut self, node: &Node) -> Option<Bool> {
        match self.value(node)? {
            Value::Bool(condition) => Some(condition),
            other => self.fault(node.span, format!("this is {}; expected a condition", other.what())),
        }
    }

    /// A number or length of time to show, with its unit.
    pub(crate) fn shown(&mut self, node: &Node) -> Option<(Number, String)> {
        match self.value(node)? {
            Value::Number(number, Unit::Bare) => Some((number, String::new())),
            Value::Number(number, Unit::Named(unit)) => Some((number, unit)),
            Value::Number(number, Unit::Lab(analytes)) => {
                let unit = analytes.first().and_then(|a| a.canonical_unit());
                Some((number, unit.map_or_else(String::new, |u| u.code().to_owned())))
            }
            other => self.fault(
                node.span,
                format!("this is {}; expected a number or the time between two days", other.what()),
            ),
        }
    }

    /// A day.
    pub(crate) fn day(&mut self, node: &Node) -> Option<Day> {
        match self.value(node)? {
            Value::Day(day) => Some(day),
            other => self.fault(node.span, format!("this is {}; expected a day", other.what())),
        }
    }

    /// A definition's value: a condition, number or day.
    pub(crate) fn definition(&mut self, node: &Node) -> Option<SharedValue> {
        match self.value(node)? {
            Value::Bool(condition) => Some(SharedValue::Bool(condition)),
            Value::Number(number, unit) => Some(SharedValue::Number(number, unit)),
            Value::Day(day) => Some(SharedValue::Day(day)),
            other => self.fault(
                node.span,
                format!("this is {}; expected a condition, a number or a day", other.what()),
            ),
        }
    }
}

fn spanned<T>(span: Span, kind: T) -> Spanned<T> {
    Spanned { span, kind }
}

/// The conjuncts or disjuncts of a chain of one operator, in order: a loop over the left spine, which may be long.
fn chain(node: &Node, op: crate::syntax::BinaryOp) -> Vec<&Node> {
    let mut parts = Vec::new();
    let mut rest = node;
    loop {
        match &rest.kind {
            Syntax::Binary(found, left, right) if *found == op => {
                parts.push(right.as_ref());
                rest = left;
            }
            _ => {
                parts.push(rest);
                parts.reverse();
                return parts;
            }
        }
    }
}
