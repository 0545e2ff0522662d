//! Conditions on the fields of a form, checked against its descriptor.
//!
//! A condition holds, does not hold, or is unknown: an absent value and the code `UNK` leave it unknown, never false.

use crate::document::{Members, Placed};
use crate::fault::{Fault, Faults, shorten};
use chrono::{Datelike, NaiveDate};
use clinical::field::{Kind, nearest};
use clinical::form::{FieldDescriptor, FormDescriptor};
use polars::prelude::*;
use serde_json::{Map, Value, json};
use std::fmt;

/// What is asked of a value.
#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    /// It is one of these codes or texts; of a list of codes, one of them is.
    In(Vec<String>),
    /// A number within these bounds, inclusive.
    Range(Option<f64>, Option<f64>),
    /// A date within these bounds, inclusive.
    Between(Option<NaiveDate>, Option<NaiveDate>),
    /// Yes or no.
    Is(bool),
    /// A value is recorded, or none is.
    Known(bool),
}

/// A test of one field of a form.
#[derive(Debug, Clone)]
pub struct Condition {
    field: &'static FieldDescriptor,
    test: Test,
}

impl PartialEq for Condition {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.field, other.field) && self.test == other.test
    }
}

/// The code of value sets that says "unknown".
const UNKNOWN: &str = "UNK";

/// Reads the member `where`: field names to what is asked of them.
pub(crate) fn conditions(
    form: &'static FormDescriptor,
    written: &Placed<'_>,
    faults: &mut Faults,
) -> Vec<Condition> {
    let Some(members) = Members::of(written.value, &written.place, faults) else { return Vec::new() };
    let mut read = Vec::new();
    for (name, value) in members.all() {
        let place = members.place(name);
        if let Some(field) = field(form, name, &place, faults) {
            read.extend(condition(field, &Placed { value, place }, faults));
        }
    }
    read
}

/// A field of a form; a fault when it has none of that name.
pub(crate) fn field(
    form: &'static FormDescriptor,
    name: &str,
    place: &str,
    faults: &mut Faults,
) -> Option<&'static FieldDescriptor> {
    if let Some((_, field)) = form.field(name) {
        return Some(field);
    }
    let names = || form.fields.iter().map(|f| f.name);
    let near = nearest(name, names()).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
    faults.0.push(
        Fault::new(place, format!("unknown field `{name}` of form `{}`", form.name))
            .received(name)
            .expected(format!("one of {}{near}", names().collect::<Vec<_>>().join(", "))),
    );
    None
}

/// A form of the data dictionary that centers submit; a fault when there is none of that name.
pub(crate) fn form(name: &str, place: &str, faults: &mut Faults) -> Option<&'static FormDescriptor> {
    let with_patient =
        || clinical::forms::CLINICAL.iter().copied().filter(|f| f.field("patient_id").is_some());
    let found = with_patient().find(|form| form.name == name);
    if found.is_none() {
        let near =
            nearest(name, with_patient().map(|f| f.name)).map(|near| format!("; did you mean `{near}`?"));
        let names: Vec<&str> = with_patient().map(|f| f.name).collect();
        faults.0.push(
            Fault::new(place, format!("there is no form `{name}` with records of patients"))
                .received(Value::from(name))
                .expected(format!("one of {}{}", names.join(", "), near.unwrap_or_default())),
        );
    }
    found
}

/// Reads what is asked of one field: a value, a list of values, or an object of bounds.
pub(crate) fn condition(
    field: &'static FieldDescriptor,
    written: &Placed<'_>,
    faults: &mut Faults,
) -> Vec<Condition> {
    let one = |test| vec![Condition { field, test }];
    match written.value {
        Value::Object(_) => bounds(field, written, faults),
        Value::Array(items) if items.is_empty() => {
            faults
                .0
                .push(Fault::new(written.place.as_str(), "an empty list holds for nobody").received("[]"));
            Vec::new()
        }
        Value::Array(items) => {
            let places = items.iter().enumerate().map(|(i, value)| (format!("{}/{i}", written.place), value));
            let read: Vec<String> =
                places.filter_map(|(place, value)| code(field, &Placed { value, place }, faults)).collect();
            one(Test::In(normal(read)))
        }
        Value::Bool(flag) if matches!(field.kind, Kind::Flag) => one(Test::Is(*flag)),
        value if number(field) && value.is_number() => {
            let bound = bounded(field, written, faults);
            one(Test::Range(bound, bound))
        }
        _ => code(field, written, faults).map(|code| one(Test::In(vec![code]))).unwrap_or_default(),
    }
}

fn number(field: &FieldDescriptor) -> bool {
    matches!(field.kind, Kind::Integer { .. } | Kind::Decimal { .. })
}

fn normal(mut codes: Vec<String>) -> Vec<String> {
    codes.sort();
    codes.dedup();
    codes
}

fn bounds(field: &'static FieldDescriptor, written: &Placed<'_>, faults: &mut Faults) -> Vec<Condition> {
    let Some(mut members) = Members::of(written.value, &written.place, faults) else { return Vec::new() };
    let mut read = Vec::new();
    if number(field) {
        let [min, max] =
            ["min", "max"].map(|name| members.get(name).and_then(|bound| bounded(field, &bound, faults)));
        if let (Some(min), Some(max)) = (min, max)
            && max < min
        {
            let fault = Fault::new(members.place("max"), "the upper bound is below the lower").received(max);
            faults.0.push(fault.expected(format!("{min} or more")));
        }
        if min.is_some() || max.is_some() {
            read.push(Test::Range(min, max));
        }
    } else if matches!(field.kind, Kind::Date | Kind::PartialDate) {
        let (from, to) = (members.date("from", faults), members.date("to", faults));
        if let (Some(from), Some(to)) = (from, to)
            && to < from
        {
            let fault = Fault::new(members.place("to"), "the period ends before it starts").received(to);
            faults.0.push(fault.expected(format!("{from} or later")));
        }
        if from.is_some() || to.is_some() {
            read.push(Test::Between(from, to));
        }
    }
    if let Some(items) = members.texts("in", faults) {
        let codes = items.iter().filter_map(|item| code(field, item, faults)).collect();
        read.push(Test::In(normal(codes)));
    }
    if let Some(known) = members.get("known") {
        match known.value {
            Value::Bool(flag) => read.push(Test::Known(*flag)),
            _ => known.wrong("true or false", faults),
        }
    }
    let before = faults.0.len();
    members.finish(faults);
    if read.is_empty() && faults.0.len() == before {
        faults.0.push(
            Fault::new(written.place.as_str(), "nothing is asked of the field").received("{}").expected(
                if number(field) { "min, max, in or known" } else { "in, known, or from and to of a date" },
            ),
        );
    }
    read.into_iter().map(|test| Condition { field, test }).collect()
}

fn bounded(field: &FieldDescriptor, written: &Placed<'_>, faults: &mut Faults) -> Option<f64> {
    let number = written.value.as_f64();
    if number.is_none() {
        written.wrong(&field.kind.expected(), faults);
    }
    number
}

/// A code of the field's value set, or a text.
fn code(field: &FieldDescriptor, written: &Placed<'_>, faults: &mut Faults) -> Option<String> {
    let refuse = |message: &str, expected: String, faults: &mut Faults| {
        let fault = Fault::new(written.place.as_str(), message).received(shorten(written.value));
        faults.0.push(fault.expected(expected));
    };
    let set = match field.kind {
        Kind::Coded(set) | Kind::Codes(set) => Some(set),
        Kind::Text { .. } => None,
        Kind::Integer { .. } => {
            if let Some(number) = written.value.as_i64() {
                return Some(number.to_string());
            }
            refuse("this is not a whole number", field.kind.expected(), faults);
            return None;
        }
        _ => {
            refuse("the field cannot be tested so", field.kind.expected(), faults);
            return None;
        }
    };
    // Codes such as those of Deauville are digits: a number is read as its digits.
    let text = match written.value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => {
            refuse("the value has the wrong type", field.kind.expected(), faults);
            return None;
        }
    };
    let Some(set) = set else { return Some(text) };
    if let Some(code) = set.find(&text) {
        return Some(code.to_owned());
    }
    let all: Vec<&str> = set.codes.iter().map(|c| c.code).collect();
    let near = nearest(&text, all.iter().copied()).map(|near| format!("; did you mean {near}?"));
    refuse("there is no such code", format!("one of {}{}", all.join(", "), near.unwrap_or_default()), faults);
    None
}

impl Condition {
    /// A condition known to fit the field.
    pub(crate) fn new(field: &'static FieldDescriptor, test: Test) -> Self {
        Self { field, test }
    }

    /// The name of the field.
    pub fn field(&self) -> &'static str {
        self.field.name
    }

    /// The condition over the form's columns: true, false, or null when unknown.
    pub fn expression(&self) -> Expr {
        let column = || col(self.field.name);
        match &self.test {
            Test::Known(known) => {
                let unknown = match self.field.kind {
                    Kind::Coded(_) => column().is_null().or(column().eq(lit(UNKNOWN)).fill_null(lit(false))),
                    _ => column().is_null(),
                };
                if *known { unknown.not() } else { unknown }
            }
            Test::Is(flag) => column().eq(lit(*flag)),
            Test::Range(min, max) => {
                let value = || column().cast(DataType::Float64);
                let bound = min.map(|min| value().gt_eq(lit(min)));
                let other = max.map(|max| value().lt_eq(lit(max)));
                conjunction(bound.into_iter().chain(other))
            }
            Test::Between(from, to) => self.between(*from, *to),
            Test::In(codes) => {
                let text = || column().cast(DataType::String);
                let equal = |code: &String| match self.field.kind {
                    Kind::Codes(_) => {
                        (lit(";") + text() + lit(";")).str().contains_literal(lit(format!(";{code};")))
                    }
                    _ => text().eq(lit(code.as_str())),
                };
                let any = codes.iter().map(equal).reduce(Expr::or).unwrap_or(lit(false));
                if codes.iter().any(|code| code == UNKNOWN) {
                    any
                } else {
                    when(text().eq(lit(UNKNOWN))).then(lit(NULL).cast(DataType::Boolean)).otherwise(any)
                }
            }
        }
    }

    /// A date known to the month or year only is within bounds when every day of it is, outside when none is.
    fn between(&self, from: Option<NaiveDate>, to: Option<NaiveDate>) -> Expr {
        let column = || col(self.field.name);
        if matches!(self.field.kind, Kind::Date) {
            let after = from.map(|from| column().gt_eq(lit(from)));
            let before = to.map(|to| column().lt_eq(lit(to)));
            return conjunction(after.into_iter().chain(before));
        }
        let padded = |year: &str, month: &str| {
            when(column().str().len_bytes().eq(lit(4)))
                .then(column() + lit(year.to_owned()))
                .when(column().str().len_bytes().eq(lit(7)))
                .then(column() + lit(month.to_owned()))
                .otherwise(column())
        };
        // Text compares like dates; day 31 of any month is its last.
        let first = || padded("-01-01", "-01");
        let last = || padded("-12-31", "-31");
        let upper = |day: NaiveDate| {
            let ends = day.succ_opt().is_none_or(|next| next.day() == 1);
            if ends { format!("{}-31", day.format("%Y-%m")) } else { day.to_string() }
        };
        let bound = |inside: Expr, outside: Expr| {
            when(inside)
                .then(lit(true))
                .when(outside)
                .then(lit(false))
                .otherwise(lit(NULL).cast(DataType::Boolean))
        };
        let after = from.map(|day| {
            let text = day.to_string();
            bound(first().gt_eq(lit(text.clone())), last().lt(lit(text)))
        });
        let before = to.map(|day| bound(last().lt_eq(lit(upper(day))), first().gt(lit(day.to_string()))));
        when(column().is_null())
            .then(lit(NULL).cast(DataType::Boolean))
            .otherwise(conjunction(after.into_iter().chain(before)))
    }

    /// The condition as a member of `where`.
    pub(crate) fn json(&self) -> (String, Value) {
        let value = match &self.test {
            Test::In(codes) => json!({ "in": codes }),
            Test::Range(min, max) => {
                let mut object = Map::new();
                for (name, bound) in [("min", min), ("max", max)] {
                    if let Some(bound) = bound {
                        object.insert(name.to_owned(), json!(bound));
                    }
                }
                Value::Object(object)
            }
            Test::Between(from, to) => {
                let mut object = Map::new();
                for (name, day) in [("from", from), ("to", to)] {
                    if let Some(day) = day {
                        object.insert(name.to_owned(), json!(day.to_string()));
                    }
                }
                Value::Object(object)
            }
            Test::Is(flag) => json!(flag),
            Test::Known(known) => json!({ "known": known }),
        };
        (self.field.name.to_owned(), value)
    }
}

/// All of several expressions; true of none.
pub(crate) fn conjunction(parts: impl IntoIterator<Item = Expr>) -> Expr {
    parts.into_iter().reduce(Expr::and).unwrap_or(lit(true))
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.field.name;
        match &self.test {
            Test::In(codes) => write!(f, "{name} {}", codes.join(" or ")),
            Test::Range(Some(min), Some(max)) if (max - min).abs() <= 0.0 => write!(f, "{name} {min}"),
            Test::Range(Some(min), Some(max)) => write!(f, "{name} {min} to {max}"),
            Test::Range(Some(min), None) => write!(f, "{name} {min} or more"),
            Test::Range(None, Some(max)) => write!(f, "{name} {max} or less"),
            Test::Between(Some(from), Some(to)) => write!(f, "{name} {from} to {to}"),
            Test::Between(Some(from), None) => write!(f, "{name} {from} or later"),
            Test::Between(None, Some(to)) => write!(f, "{name} {to} or earlier"),
            Test::Range(None, None) | Test::Between(None, None) => write!(f, "{name}"),
            Test::Is(flag) => write!(f, "{name} {}", if *flag { "yes" } else { "no" }),
            Test::Known(known) => write!(f, "{name} {}", if *known { "recorded" } else { "not recorded" }),
        }
    }
}
