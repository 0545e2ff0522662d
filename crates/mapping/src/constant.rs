//! Values written in the mapping file, checked against the field they are for.

use crate::document::{Entry, Faults, Node, entries, kind_of};
use crate::model::Outcome;
use clinical::form::{FieldDescriptor, Requirement};
use clinical::{Cell, MissingCode};
use serde_json::Value;
use toml::de::DeValue;

/// Reads a value that must fit the field.
pub(crate) fn value(
    node: &Node<'_>,
    field: &FieldDescriptor,
    entry: &str,
    faults: &mut Faults<'_>,
) -> Option<Cell> {
    let Some(json) = to_json(node.get_ref()) else {
        let expected = format!("{} ({})", field.kind.expected(), field.name);
        faults.add(&node.span(), entry, format!("this is {}", kind_of(node.get_ref())), expected);
        return None;
    };
    match field.kind.parse_json(&json) {
        Ok(cell) => Some(cell),
        Err(refusal) => {
            let quoted = json.as_str().is_some_and(|text| field.kind.parse_text(text).is_ok());
            let hint = if quoted { ", written without quotation marks" } else { "" };
            let message = format!("{} is not a value of {}: {}", json, field.name, refusal.rule.en);
            faults.add(&node.span(), entry, message, format!("{}{hint}", refusal.expected));
            None
        }
    }
}

/// Reads a value that must fit the field, or `{ missing = "NK" }`.
pub(crate) fn value_or_missing(
    node: &Node<'_>,
    field: &FieldDescriptor,
    entry: &str,
    faults: &mut Faults<'_>,
) -> Option<Outcome> {
    let Some(table) = node.get_ref().as_table() else {
        return value(node, field, entry, faults).map(Outcome::Value);
    };
    let mut outcome = None;
    for Entry { name, span, value } in entries(table) {
        if name == "missing" {
            outcome = missing_code(value, field, entry, faults).map(Outcome::Missing);
        } else {
            faults.unknown_key(&Entry { name, span, value }, entry, &["missing"]);
        }
    }
    if table.is_empty() {
        faults.add(
            &node.span(),
            entry,
            "this is an empty table",
            "a value, or { missing = \"NK\" }".to_owned(),
        );
    }
    outcome
}

/// Reads a missing code, for a field that may be missing.
pub(crate) fn missing_code(
    node: &Node<'_>,
    field: &FieldDescriptor,
    entry: &str,
    faults: &mut Faults<'_>,
) -> Option<MissingCode> {
    let text = faults.string(node, entry)?;
    let Some(code) = MissingCode::parse(text) else {
        let codes: Vec<&str> = MissingCode::ALL.iter().map(|c| c.code()).collect();
        let message = format!("{text:?} is not a missing code");
        faults.add(&node.span(), entry, message, format!("one of {}", codes.join(", ")));
        return None;
    };
    if field.requirement == Requirement::Mandatory {
        let message =
            format!("{} identifies the record or gives it its meaning and cannot be missing", field.name);
        faults.add(&node.span(), entry, message, "a column or a constant".to_owned());
        return None;
    }
    Some(code)
}

fn to_json(value: &DeValue<'_>) -> Option<Value> {
    match value {
        DeValue::String(text) => Some(Value::from(text.as_ref())),
        DeValue::Integer(i) => i64::from_str_radix(i.as_str(), i.radix()).ok().map(Value::from),
        DeValue::Float(f) => {
            f.as_str().parse::<f64>().ok().and_then(serde_json::Number::from_f64).map(Value::Number)
        }
        DeValue::Boolean(b) => Some(Value::Bool(*b)),
        DeValue::Datetime(d) => Some(Value::from(d.to_string())),
        DeValue::Array(_) | DeValue::Table(_) => None,
    }
}
