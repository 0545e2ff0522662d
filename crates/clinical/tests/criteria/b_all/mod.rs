//! B-ALL response, relapse, MRD and CNS status against catalogue C3, G5, G6 (R14, R16) and the open questions Q19, Q20.

mod cns_and_mrd;
mod course;
mod input;
mod properties;
mod response;

use clinical::criteria::Trace;
use clinical::criteria::b_all::BAll;
use clinical::criteria::case::{Fault, derive};
use serde_json::{Value, json};

pub(crate) fn run(case: &Value) -> Value {
    let decided = derive::<BAll>(&case.to_string(), &mut Trace::new()).unwrap();
    assert_eq!(decided.unknown, Vec::<String>::new());
    decided.line
}

pub(crate) fn fault(case: &Value) -> Fault {
    derive::<BAll>(&case.to_string(), &mut Trace::new()).unwrap_err()
}

/// `base` with the members of `change`; null removes.
pub(crate) fn with(base: &Value, change: &Value) -> Value {
    let mut out = base.clone();
    for (name, value) in change.as_object().unwrap() {
        if value.is_null() {
            out.as_object_mut().unwrap().remove(name);
        } else {
            out[name] = value.clone();
        }
    }
    out
}

/// A complete remission on 2024-02-01, changed.
pub(crate) fn day(change: &Value) -> Value {
    let clean = json!({"date": "2024-02-01", "marrow_blast_percent": 2, "peripheral_blast_percent": 0,
        "extramedullary_disease": false, "trilineage_hematopoiesis": true, "anc_10e9_l": 1.5, "platelets_10e9_l": 150});
    with(&clean, change)
}

/// Active disease at baseline: 60 % of the marrow, 2 x 10⁹/L in the blood, nothing elsewhere.
pub(crate) fn case(assessments: &[Value]) -> Value {
    json!({"id": "p1", "baseline": {"marrow_blast_percent": 60, "peripheral_blasts_10e9_l": 2.0,
        "extramedullary_disease": false}, "assessments": assessments})
}

pub(crate) fn with_parameters(case: &Value, parameters: &Value) -> Value {
    with(case, &json!({"parameters": parameters}))
}

pub(crate) fn categories(line: &Value) -> Vec<String> {
    let list = line["result"]["assessments"].as_array().unwrap();
    list.iter().map(|a| a["category"].as_str().unwrap().to_owned()).collect()
}

/// Category and missing of one assessment.
pub(crate) fn one(change: &Value) -> (String, Value) {
    let line = run(&case(&[day(change)]));
    (categories(&line).remove(0), line["missing"].clone())
}

pub(crate) fn category(change: &Value) -> String {
    one(change).0
}

/// A remission, then this a month later.
pub(crate) fn after_remission(change: &Value) -> Value {
    case(&[day(&json!({})), with(&day(change), &json!({"date": "2024-03-10"}))])
}

pub(crate) fn second(change: &Value) -> String {
    categories(&run(&after_remission(change))).remove(1)
}
