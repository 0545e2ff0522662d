//! Cases as JSON, and what comes out of them.

use clinical::criteria::case::{self, Decided, Fault};
use clinical::criteria::imwg::ImwgCase;
use clinical::criteria::{At, Trace};
use serde_json::{Value, json};

pub(crate) const CSCO: &str = "csco_2024";
pub(crate) const IMWG: &str = "imwg_2016";
pub(crate) const BOTH: [&str; 2] = [CSCO, IMWG];

/// Members of `more` put over those of `base`.
pub(crate) fn with(base: &Value, more: &Value) -> Value {
    let mut merged = base.clone();
    for (name, value) in more.as_object().unwrap() {
        merged[name] = value.clone();
    }
    merged
}

/// Derives, and checks that the trace alone gives the categories.
pub(crate) fn try_derive(case: &Value) -> Result<Decided, Fault> {
    let mut trace = Trace::new();
    let decided = case::derive::<ImwgCase>(&case.to_string(), &mut trace)?;
    for assessment in decided.line["result"]["assessments"].as_array().unwrap() {
        let at = At::Date(assessment["date"].as_str().unwrap().parse().unwrap());
        assert_eq!(trace.conclusion(at), assessment["category"].as_str(), "{case}");
        let rule = trace.deciding(at).map(|step| step.criterion.id);
        assert_eq!(rule, assessment["deciding_rule"].as_str());
    }
    let best = decided.line["result"]["best_confirmed"].as_str().unwrap_or("not_evaluable");
    assert_eq!(trace.conclusion(At::Case), Some(best));
    Ok(decided)
}

pub(crate) fn derive(case: &Value) -> Value {
    let decided = try_derive(case).unwrap();
    assert_eq!(decided.unknown, Vec::<String>::new(), "{case}");
    decided.line
}

/// A case of assessments on the first of each month of 2024, from January on.
pub(crate) fn monthly(criteria: &str, baseline: &Value, assessments: &[Value]) -> Value {
    let dated: Vec<Value> = assessments
        .iter()
        .enumerate()
        .map(|(index, o)| with(o, &json!({ "date": format!("2024-{:02}-01", index + 1) })))
        .collect();
    json!({ "id": 1, "criteria": criteria, "baseline": baseline, "assessments": dated })
}

pub(crate) fn result(criteria: &str, baseline: &Value, assessments: &[Value]) -> Value {
    derive(&monthly(criteria, baseline, assessments))["result"].clone()
}

pub(crate) fn categories(result: &Value) -> Vec<&str> {
    result["assessments"].as_array().unwrap().iter().map(|a| a["category"].as_str().unwrap()).collect()
}

/// Category of the last assessment.
pub(crate) fn last(criteria: &str, baseline: &Value, assessments: &[Value]) -> String {
    categories(&result(criteria, baseline, assessments)).last().unwrap().to_string()
}

/// Category of the only assessment, with overrides of the case.
pub(crate) fn only(criteria: &str, baseline: &Value, now: &Value, case: &Value) -> String {
    let line = derive(&with(&monthly(criteria, baseline, std::slice::from_ref(now)), case));
    categories(&line["result"])[0].to_owned()
}

/// Category of the only assessment and the inputs missing on its day.
pub(crate) fn lacking(criteria: &str, baseline: &Value, now: &Value) -> (String, Vec<String>) {
    let line = derive(&monthly(criteria, baseline, std::slice::from_ref(now)));
    let missing = line["missing_at"].as_array().unwrap().iter().filter(|m| m.get("date").is_some());
    let mut names: Vec<String> = missing.map(|m| m["name"].as_str().unwrap().to_owned()).collect();
    names.sort();
    (categories(&line["result"])[0].to_owned(), names)
}

/// A step's verdict on the last day it was looked at.
pub(crate) fn verdict(line: &Value, rule: &str) -> Option<String> {
    let steps = line["trace"].as_array().unwrap().iter().rev();
    steps.filter(|s| s["rule"] == rule).map(|s| s["verdict"].as_str().unwrap().to_owned()).next()
}
