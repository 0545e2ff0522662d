//! Lugano 2014 and LYRIC against catalogue C2, G5, G6 (R14, R17, R18) and the vectors I3.5.

mod course;
mod ct;
mod input;
mod lyric;
mod pet;
mod properties;
mod spleen_and_new;

use clinical::criteria::Trace;
use clinical::criteria::case::{Fault, derive};
use clinical::criteria::lugano::Lugano;
use serde_json::{Value, json};

pub(crate) fn run(case: &Value) -> Value {
    let decided = derive::<Lugano>(&case.to_string(), &mut Trace::new()).unwrap();
    assert_eq!(decided.unknown, Vec::<String>::new());
    decided.line
}

pub(crate) fn fault(case: &Value) -> Fault {
    derive::<Lugano>(&case.to_string(), &mut Trace::new()).unwrap_err()
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

pub(crate) fn categories(line: &Value) -> Vec<String> {
    let list = line["result"]["assessments"].as_array().unwrap();
    list.iter().map(|a| a["category"].as_str().unwrap().to_owned()).collect()
}

pub(crate) fn names(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|v| v.as_str().unwrap()).collect()
}

/// A CT assessment where everything but the changed members is normal.
pub(crate) fn ct_clean(change: &Value) -> Value {
    let clean = json!({"date": "2024-02-01", "targets": [{"id": "A", "ldi_mm": 10, "sdi_mm": 8}],
        "non_target": "ABSENT", "new_lesions": [], "spleen_mm": 120, "marrow": "NORMAL"});
    with(&clean, change)
}

pub(crate) fn ct_case(baseline: &Value, assessments: &[Value]) -> Value {
    let start =
        json!({"targets": [{"id": "A", "ldi_mm": 40, "sdi_mm": 30, "nodal": true}], "spleen_mm": 120});
    json!({"id": 7, "modality": "ct", "baseline": with(&start, baseline), "assessments": assessments})
}

/// Category and missing of one CT assessment against a 40 x 30 mm node and a normal spleen.
pub(crate) fn ct(baseline: &Value, change: &Value) -> (String, Value) {
    let line = run(&ct_case(baseline, &[ct_clean(change)]));
    (categories(&line)[0].clone(), line["missing"].clone())
}

pub(crate) fn ct_is(baseline: &Value, change: &Value) -> String {
    ct(baseline, change).0
}

/// Node with this nadir (as baseline) and now.
pub(crate) fn node(nadir: (f64, f64), now: (f64, f64)) -> String {
    ct_is(
        &json!({"targets": [{"id": "A", "ldi_mm": nadir.0, "sdi_mm": nadir.1, "nodal": true}]}),
        &json!({"targets": [{"id": "A", "ldi_mm": now.0, "sdi_mm": now.1}]}),
    )
}

pub(crate) fn spleen(baseline: f64, now: f64) -> String {
    ct_is(&json!({"spleen_mm": baseline}), &json!({"spleen_mm": now}))
}

pub(crate) fn new_lesion(lesion: &Value) -> String {
    ct_is(&json!({}), &json!({"new_lesions": [lesion]}))
}

pub(crate) fn pet_case(baseline: &Value, change: &Value) -> Value {
    let at = with(&json!({"date": "2024-02-01", "new_lesions": []}), change);
    json!({"modality": "pet_ct", "baseline": baseline, "assessments": [at]})
}
