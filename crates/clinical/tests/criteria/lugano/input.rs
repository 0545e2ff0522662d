//! G5 RSP, G6 R18: what is accepted.

use super::{categories, ct_case, ct_clean, ct_is, fault, pet_case, run};
use clinical::criteria::case::derive;
use clinical::criteria::lugano::{CRITERIA, Lugano, LuganoCategory, assess};
use clinical::criteria::{Provenance, Trace};
use serde_json::{Value, json};

#[test]
fn r18_targets() {
    let row = |i: usize| json!({"id": i, "ldi_mm": 20, "sdi_mm": 10, "nodal": true});
    let many = |n: usize| (0..n).map(row).collect::<Vec<_>>();
    assert_eq!(run(&ct_case(&json!({"targets": many(6)}), &[]))["result"]["baseline_conflicts"], json!([]));
    let refused = fault(&ct_case(&json!({"targets": many(7)}), &[]));
    assert_eq!(
        (refused.pointer.as_str(), refused.problem.as_str()),
        ("/baseline/targets", "7 target lesions")
    );
    let target = |row: Value| fault(&ct_case(&json!({}), &[ct_clean(&json!({"targets": [row]}))]));
    let refused = target(json!({"id": "A", "ldi_mm": 10, "sdi_mm": 10.1}));
    assert_eq!(refused.pointer, "/assessments/0/targets/0/sdi_mm");
    assert!(refused.problem.contains("10.1"));
    // Two names of one length are not above each other.
    run(&ct_case(&json!({}), &[ct_clean(&json!({"targets": [{"id": "A", "ldi_cm": 1.1, "sdi_mm": 11}]}))]));
    assert_eq!(target(json!({"id": "Z", "ldi_mm": 10})).pointer, "/assessments/0/targets/0/id");
    assert_eq!(target(json!({"ldi_mm": 10})).pointer, "/assessments/0/targets/0/id");
    assert_eq!(target(json!({"id": "A", "ldi_mm": 401})).pointer, "/assessments/0/targets/0/ldi_mm");
    assert_eq!(target(json!({"id": "A", "ldi_mm": -1})).pointer, "/assessments/0/targets/0/ldi_mm");
    assert_eq!(
        target(json!({"id": "A", "ldi_mm": 10, "ldi_cm": 1.2})).pointer,
        "/assessments/0/targets/0/ldi_cm"
    );
    assert_eq!(target(json!({"id": "A", "ldi_cm": 41})).pointer, "/assessments/0/targets/0/ldi_cm");
    assert_eq!(
        target(json!({"id": "A", "too_small": true, "ldi_mm": 9})).pointer,
        "/assessments/0/targets/0/too_small"
    );
    assert_eq!(
        target(json!({"id": "A", "not_visible": true, "ldi_mm": 9})).pointer,
        "/assessments/0/targets/0/not_visible"
    );
    assert_eq!(
        target(json!({"id": "A", "not_visible": true, "too_small": true})).pointer,
        "/assessments/0/targets/0/too_small"
    );
    assert_eq!(
        target(json!({"id": "A", "nodal": false, "ldi_mm": 9})).pointer,
        "/assessments/0/targets/0/nodal"
    );
    run(&ct_case(
        &json!({}),
        &[ct_clean(&json!({"targets": [{"id": "A", "too_small": true, "ldi_mm": 5}]}))],
    ));
    let twice = fault(&ct_case(&json!({"targets": [row(1), row(1)]}), &[]));
    assert_eq!(twice.pointer, "/baseline/targets/1/id");
    let twice =
        json!({"targets": [{"id": "A", "ldi_mm": 9, "sdi_mm": 9}, {"id": "A", "ldi_mm": 9, "sdi_mm": 8}]});
    assert_eq!(fault(&ct_case(&json!({}), &[ct_clean(&twice)])).pointer, "/assessments/0/targets/1/id");
    let kind =
        json!({"targets": [{"id": "A", "ldi_mm": 9, "sdi_mm": 9, "nodal": true, "kind": "extranodal"}]});
    assert_eq!(fault(&ct_case(&kind, &[])).pointer, "/baseline/targets/0/nodal");
    let new = json!({"new_lesions": [{"size_mm": 8, "sdi_mm": 9}]});
    assert_eq!(fault(&ct_case(&json!({}), &[ct_clean(&new)])).pointer, "/assessments/0/new_lesions/0/sdi_mm");
}

#[test]
fn baseline_targets_that_are_not_measurable_are_told() {
    let is = |ldi: f64, nodal: bool| {
        let start = json!({"targets": [{"id": "A", "ldi_mm": ldi, "sdi_mm": 5, "nodal": nodal}]});
        run(&ct_case(&start, &[]))["result"]["baseline_conflicts"] != json!([])
    };
    let kindless = |ldi: f64| {
        let start = json!({"targets": [{"id": "A", "ldi_mm": ldi, "sdi_mm": 5}]});
        run(&ct_case(&start, &[]))["result"]["baseline_conflicts"] != json!([])
    };
    assert_eq!((kindless(10.0), kindless(12.0)), (true, false));
    assert_eq!((is(15.0, true), is(15.1, true)), (true, false));
    assert_eq!((is(10.0, false), is(10.1, false)), (true, false));
}

#[test]
fn g5_hard_ranges() {
    let spleen = |mm: f64| {
        derive::<Lugano>(
            &ct_case(&json!({}), &[ct_clean(&json!({"spleen_mm": mm}))]).to_string(),
            &mut Trace::new(),
        )
    };
    assert!(spleen(40.0).is_ok() && spleen(400.0).is_ok() && spleen(400.1).is_err());
    let small = spleen(13.5).unwrap_err();
    assert_eq!(small.pointer, "/assessments/0/spleen_mm");
    assert!(small.expected.contains("spleen_cm"), "{}", small.expected);
    let both = json!({"spleen_mm": 120, "spleen_cm": 12.0});
    assert_eq!(ct_is(&json!({}), &both), "CR");
    let both = json!({"spleen_mm": 120, "spleen_cm": 12.1});
    assert_eq!(fault(&ct_case(&json!({}), &[ct_clean(&both)])).pointer, "/assessments/0/spleen_cm");
    for score in [json!(0), json!(6), json!("7"), json!(2.5), json!(true)] {
        let refused = fault(&pet_case(&json!({}), &json!({"deauville": score})));
        assert!(refused.problem.contains("Deauville"), "{}", refused.problem);
    }
    let refused = fault(&pet_case(&json!({}), &json!({"new_lesions": "perhaps"})));
    assert_eq!(refused.pointer, "/assessments/0/new_lesions");
    let overflow = r#"{"modality":"ct","baseline":{"spleen_mm":1e999}}"#;
    assert!(derive::<Lugano>(overflow, &mut Trace::new()).is_err());
}

#[test]
fn one_assessment_per_day_after_baseline() {
    let (a, b) = (ct_clean(&json!({})), ct_clean(&json!({"spleen_mm": 121})));
    assert_eq!(categories(&run(&ct_case(&json!({}), &[a.clone(), a.clone()]))).len(), 1);
    assert_eq!(fault(&ct_case(&json!({}), &[a.clone(), b])).pointer, "/assessments/1/date");
    let day = |d: &str| ct_case(&json!({"date": d}), std::slice::from_ref(&a));
    assert_eq!(fault(&day("2024-02-01")).pointer, "/assessments/0/date");
    assert_eq!(categories(&run(&day("2024-01-31"))), ["CR"]);
}

#[test]
fn criteria_are_external_or_proposed() {
    let ids: std::collections::BTreeSet<&str> = CRITERIA.iter().map(|c| c.id).collect();
    assert_eq!(ids.len(), CRITERIA.len());
    let fit = |p: Provenance| matches!(p, Provenance::External | Provenance::Proposed);
    assert!(CRITERIA.iter().all(|c| fit(c.provenance) && c.id.starts_with("lugano.")));
}

#[test]
fn the_typed_api_decides_the_same() {
    let text = ct_case(&json!({}), &[ct_clean(&json!({}))]).to_string();
    let case: Lugano = serde_json::from_str(&text).unwrap();
    let mut trace = Trace::new();
    let result = assess(&case, &mut trace).unwrap();
    assert_eq!(result.best, Some(LuganoCategory::Cr));
    assert_eq!(serde_json::to_value(&result).unwrap(), run(&serde_json::from_str(&text).unwrap())["result"]);
}
