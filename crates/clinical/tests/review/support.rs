//! Records around an infusion on day 0, and what the review of them asks.

use chrono::{Days, NaiveDate};
use clinical::form::{Context, FormDescriptor};
use clinical::record::{Entries, Record};
use clinical::review::{History, review};
use serde_json::{Value, json};

/// Day 0 of the first infusion.
pub(crate) const DAY_0: NaiveDate = NaiveDate::from_ymd_opt(2024, 3, 19).unwrap();

pub(crate) fn context() -> Context {
    Context { today: NaiveDate::from_ymd_opt(2026, 6, 30).unwrap() }
}

/// A day counted from day 0.
pub(crate) fn day(number: i64) -> String {
    let days = Days::new(number.unsigned_abs());
    if number < 0 { (DAY_0 - days).to_string() } else { (DAY_0 + days).to_string() }
}

pub(crate) fn form(name: &str) -> &'static FormDescriptor {
    clinical::forms::ALL.iter().find(|f| f.name == name).unwrap()
}

/// A record that no hard rule rejects.
#[track_caller]
pub(crate) fn read(form_name: &str, value: &Value) -> Record {
    let entries = Entries::parse(value.to_string().as_bytes()).unwrap();
    let (record, findings) = Record::from_json(form(form_name), &entries, context());
    record.unwrap_or_else(|| panic!("{form_name} {value}: {findings:?}"))
}

/// The published example of a form with changes; null takes a value away.
#[track_caller]
pub(crate) fn record(form_name: &str, changes: Value) -> Record {
    let example: Value = serde_json::from_str(clinical::forms::example(form(form_name))).unwrap();
    read(form_name, &with(with(example, json!({"patient_id": "P-0001"})), changes))
}

/// The infusion of a number on a day.
pub(crate) fn infusion(number: i32, on: i64) -> Record {
    record("infusion", json!({"infusion_number": number, "infusion_date": day(on)}))
}

pub(crate) fn disease(code: &str) -> Record {
    record(
        "disease",
        json!({"disease": code, "stage_system": null, "stage": null, "diagnosis_date": "2020-01"}),
    )
}

/// A laboratory result on a day, in whole blood.
pub(crate) fn lab(analyte: &str, on: i64, value: f64, unit: &str) -> Value {
    json!({"patient_id": "P-0001", "analyte": analyte, "specimen": "BLOOD", "collected_date": day(on), "sequence_number": 1,
        "value": value, "unit": unit})
}

/// A qualitative laboratory result on a day.
pub(crate) fn coded(analyte: &str, on: i64, code: &str) -> Value {
    json!({"patient_id": "P-0001", "analyte": analyte, "specimen": "BLOOD", "collected_date": day(on), "sequence_number": 1,
        "result_code": code})
}

/// A drug from a day on.
pub(crate) fn drug(number: i32, drug: &str, on: i64) -> Value {
    json!({"patient_id": "P-0001", "medication_number": number, "drug": drug, "indication": "PROPHYLAXIS", "start_date": day(on)})
}

/// A value with changes; null takes a member away.
#[track_caller]
pub(crate) fn with(mut value: Value, changes: Value) -> Value {
    let Value::Object(changes) = changes else { panic!("changes are an object") };
    for (field, change) in changes {
        value[field] = change;
    }
    value
}

/// What a review asks, by the key of the record.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Asked {
    pub(crate) rule: &'static str,
    pub(crate) form: &'static str,
    pub(crate) key: Vec<String>,
    pub(crate) field: &'static str,
    pub(crate) received: Option<String>,
    pub(crate) expected: Option<String>,
}

/// Everything the review of the records asks, in its order.
pub(crate) fn all_asked(records: &[Record]) -> Vec<Asked> {
    let (history, _) = History::new(records.iter().map(|r| ((), r.clone())).collect());
    let found = review(&history, context()).contradictions.into_iter().map(|c| {
        let record = history.record(c.entry).unwrap();
        let form = record.form().name;
        Asked {
            rule: c.rule.id,
            form,
            key: record.key(),
            field: c.field,
            received: c.received,
            expected: c.expected,
        }
    });
    found.collect()
}

/// What one rule asks: `form/field received`.
pub(crate) fn asked(records: &[Record], rule: &str) -> Vec<String> {
    let known = clinical::review::RULES.iter().copied().flatten().any(|r| r.id == rule);
    assert!(known, "{rule} is not a rule of the review");
    let of_rule = all_asked(records).into_iter().filter(|a| a.rule == rule);
    of_rule.map(|a| format!("{}/{} {}", a.form, a.field, a.received.unwrap_or_default())).collect()
}

/// The rule asks once, at that place, and says what it expects.
#[track_caller]
pub(crate) fn fires(records: &[Record], rule: &str, place: &str, expected: &str) {
    assert_eq!(asked(records, rule), [place], "{rule}");
    let all = all_asked(records);
    let told = all.iter().find(|a| a.rule == rule).and_then(|a| a.expected.as_deref()).unwrap_or_default();
    assert!(told.contains(expected), "{rule} expects {told:?}, not {expected:?}");
}

/// The rule asks nothing.
#[track_caller]
pub(crate) fn silent(records: &[Record], rule: &str) {
    assert_eq!(asked(records, rule), Vec::<String>::new(), "{rule}");
}
