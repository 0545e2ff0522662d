//! C3: CNS status with the traumatic tap, MRD status.

use super::{case, day, run, with, with_parameters};
use serde_json::{Value, json};

fn cns(change: &Value) -> (Value, Value) {
    let line = run(&case(&[day(change)]));
    (line["result"]["assessments"][0]["cns_status"].clone(), line["missing"].clone())
}

fn csf(wbc: f64, rbc: &Value, blasts: bool) -> Value {
    cns(&json!({"csf": with(&json!({"wbc_ul": wbc, "blasts": blasts}), &json!({"rbc_ul": rbc}))})).0
}

#[test]
fn c3_cns_table() {
    for wbc in [0.0, 4.0, 500.0] {
        assert_eq!(csf(wbc, &json!(1000), false), "CNS1");
    }
    assert_eq!((csf(4.9, &json!(9.9), true), csf(4.9, &json!(10), true)), (json!("CNS2A"), json!("CNS2B")));
    assert_eq!((csf(4.9, &json!(0), true), csf(5.0, &json!(0), true)), (json!("CNS2A"), json!("CNS3A")));
    assert_eq!(csf(5.0, &json!(9.9), true), "CNS3A");
    // Red cells not counted: not subdivided.
    assert_eq!((csf(4.9, &Value::Null, true), csf(5.0, &Value::Null, true)), (json!("CNS2"), json!("CNS3")));
    // Signs outweigh any CSF.
    for fluid in [json!({"wbc_ul": 1, "blasts": false}), json!({"wbc_ul": 1, "blasts": true})] {
        assert_eq!(cns(&json!({"csf": fluid, "cns_symptoms": "Y"})).0, "CNS3C");
    }
    assert_eq!(cns(&json!({"cns_signs": true})).0, "CNS3C");
    assert_eq!(cns(&json!({"csf": {"wbc_ul": 1, "blasts": false}, "cns_symptoms": "N"})).0, "CNS1");
}

#[test]
fn c3_q19_steinherz_bleyer() {
    // Blood 10 x10⁹/L over 4 x10¹²/L: 2.5 leukocytes per 1000 red cells; twice that is 5 per 1000.
    let tap = |wbc: f64, rbc: f64, inclusive: bool| {
        let change = json!({"csf": {"wbc_ul": wbc, "rbc_ul": rbc, "blasts": true},
            "blood": {"wbc_10e9_l": 10, "rbc_10e12_l": 4}});
        let case = with_parameters(&case(&[day(&change)]), &json!({"steinherz_bleyer_inclusive": inclusive}));
        run(&case)["result"]["assessments"][0]["cns_status"].clone()
    };
    assert_eq!((tap(5.0, 1000.0, false), tap(5.1, 1000.0, false)), (json!("CNS2C"), json!("CNS3B")));
    assert_eq!((tap(5.0, 1000.0, true), tap(5.0, 1001.0, true)), (json!("CNS3B"), json!("CNS2C")));
    assert_eq!(tap(5.0, 10.0, false), "CNS3B");
    assert_eq!((tap(4.9, 1000.0, false), tap(5.0, 9.0, false)), (json!("CNS2B"), json!("CNS3A")));
    // Counts per µL are the same counts.
    let per_ul = json!({"csf": {"wbc_ul": 5.1, "rbc_ul": 1000, "blasts": true}, "blood": {"wbc_ul": 10000, "rbc_ul": 4_000_000}});
    assert_eq!(cns(&per_ul).0, "CNS3B");
    let with_blood =
        |blood: Value| cns(&json!({"csf": {"wbc_ul": 6, "rbc_ul": 1000, "blasts": true}, "blood": blood}));
    assert_eq!(with_blood(Value::Null), (Value::Null, json!(["blood.wbc_10e9_l", "blood.rbc_10e12_l"])));
    assert_eq!(with_blood(json!({"wbc_10e9_l": 10})).1, json!(["blood.rbc_10e12_l"]));
    assert_eq!(with_blood(json!({"rbc_10e12_l": 4})).1, json!(["blood.wbc_10e9_l"]));
    // Blood of another day does not tell.
    let dated = |date: &str| with_blood(json!({"wbc_10e9_l": 10, "rbc_10e12_l": 4, "date": date})).0;
    assert_eq!((dated("2024-02-01"), dated("2024-02-02")), (json!("CNS3B"), Value::Null));
    let puncture = json!({"csf": {"wbc_ul": 6, "rbc_ul": 1000, "blasts": true, "date": "2024-01-30"},
        "blood": {"wbc_10e9_l": 10, "rbc_10e12_l": 4, "date": "2024-01-30"}});
    assert_eq!(cns(&puncture).0, "CNS3B");
}

#[test]
fn cns_absences() {
    assert_eq!(cns(&json!({})), (Value::Null, json!([])));
    assert_eq!(cns(&json!({"csf": {"wbc_ul": 3}})), (Value::Null, json!(["csf.blasts"])));
    assert_eq!(cns(&json!({"csf": {"blasts": true}})), (Value::Null, json!(["csf.wbc_ul"])));
    // The reported status stands where the CSF does not tell; where both do, the CSF counts and the difference is told.
    assert_eq!(cns(&json!({"cns_status": "CNS-2a"})).0, "CNS2A");
    assert_eq!(cns(&json!({"cns": "CNS1", "csf": {"blasts": true}})).0, "CNS1");
    let line = run(&case(&[day(&json!({"cns": "CNS1", "csf": {"blasts": true, "wbc_ul": 2, "rbc_ul": 0}}))]));
    let first = &line["result"]["assessments"][0];
    assert_eq!((&first["cns_status"], &first["conflicts"]), (&json!("CNS2A"), &json!(["b_all.cns_differs"])));
}

fn mrd(test: &Value) -> (Value, Value) {
    let line = run(&case(&[day(&json!({"mrd": test}))]));
    (line["result"]["assessments"][0]["mrd_status"].clone(), line["missing"].clone())
}

#[test]
fn c3_mrd() {
    let level = |value: f64, sensitivity: f64| {
        mrd(&json!({"method": "NGS", "value": value, "sensitivity": sensitivity})).0
    };
    assert_eq!((level(9.9e-5, 1e-4), level(1e-4, 1e-4)), (json!("negative"), json!("positive")));
    assert_eq!(
        (level(0.0, 1e-4), level(0.0, 1.01e-4)),
        (json!("negative"), json!("insufficient_sensitivity"))
    );
    assert_eq!((level(1e-3, 1e-3), level(0.0, 1e-6)), (json!("positive"), json!("negative")));
    assert_eq!(mrd(&json!({"value_percent": 0.01, "sensitivity": 1e-5})).0, "positive");
    assert_eq!(mrd(&json!({"value_percent": 0.0099, "lod": 1e-5})).0, "negative");
    let worded = |result: &str| mrd(&json!({"result": result, "sensitivity": 1e-4}));
    assert_eq!((worded("NEG").0, worded("POS").0), (json!("negative"), json!("positive")));
    assert_eq!(worded("BELOW_LOQ"), (json!("not_evaluable"), json!(["mrd.value"])));
    // A level decides before a word.
    assert_eq!(mrd(&json!({"result": "POS", "value": 5e-5, "sensitivity": 1e-5})).0, "negative");
    assert_eq!(mrd(&json!({"result": "BELOW_LOQ", "value": 5e-5, "sensitivity": 1e-5})).0, "negative");
    assert_eq!(mrd(&json!({"result": "POS"})).0, "positive");
    assert_eq!(mrd(&json!({"result": "NEG"})), (json!("not_evaluable"), json!(["mrd.sensitivity"])));
    assert_eq!(mrd(&json!({"result": "NEG", "sensitivity": 1e-3})).0, "insufficient_sensitivity");
    assert_eq!(mrd(&json!({"sensitivity": 1e-4})).1, json!(["mrd.value"]));
    assert_eq!(
        mrd(&json!({"result": "NEG", "sensitivity": 1e-4, "specimen": "CSF"})),
        (Value::Null, json!([]))
    );
    assert_eq!(mrd(&Value::Null).0, Value::Null);
    let line = run(&case(&[day(&json!({"mrd": {"result": "NEG", "sensitivity": 1e-3}}))]));
    assert_eq!(line["result"]["assessments"][0]["conflicts"], json!(["b_all.r16_mrd_insufficient"]));
}

#[test]
fn several_mrd_tests() {
    let negative = json!({"result": "NEG", "sensitivity": 1e-5, "specimen": "BM"});
    let positive = json!({"result": "POS", "specimen": "PB"});
    let coarse = json!({"result": "NEG", "sensitivity": 1e-3});
    assert_eq!(mrd(&json!([negative, positive])).0, "positive");
    assert_eq!(mrd(&json!([coarse, negative])).0, "negative");
    assert_eq!(mrd(&json!([{}, coarse])).0, "insufficient_sensitivity");
    assert_eq!(mrd(&json!([])).0, Value::Null);
    // MRD does not change the category.
    assert_eq!(super::category(&json!({"mrd": positive})), "CR");
}
