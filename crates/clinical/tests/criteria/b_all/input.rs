//! G5 RSP: names, units, hard ranges, contradictions.

use super::{case, category, day, fault, run};
use clinical::criteria::b_all::{BAll, BAllCategory, CRITERIA, assess};
use clinical::criteria::{Provenance, Trace};
use serde_json::{Value, json};

#[test]
fn short_names_and_other_units() {
    let short = json!({"assess_date": "2024-02-01", "marrow_blast": 2, "peripheral_blast": 0, "emd": "N", "trilineage": "Y", "anc": 0.9, "plt": 150});
    assert_eq!(run(&case(&[short]))["result"]["assessments"][0]["category"], "CRh");
    let per_ul =
        json!({"anc_10e9_l": null, "anc_ul": 1000, "platelets_10e9_l": null, "platelets_ul": 100_000});
    assert_eq!(category(&per_ul), "CR");
    assert_eq!(category(&json!({"anc_10e9_l": null, "anc_ul": 999})), "CRh");
    assert_eq!(category(&json!({"anc_ul": 1500})), "CR");
    assert_eq!(category(&json!({"platelets_10e9_l": null, "platelets": 100})), "CR");
    assert_eq!(category(&json!({"peripheral_blast_percent": null, "circulating_blasts": false})), "CR");
    assert_eq!(category(&json!({"peripheral_blast_percent": null, "peripheral_blasts_10e9_l": 0})), "CR");
}

#[test]
fn hard_ranges_and_contradictions() {
    let refused = |change: Value| fault(&case(&[day(&change)]));
    for (change, pointer) in [
        (json!({"marrow_blast_percent": 100.1}), "marrow_blast_percent"),
        (json!({"marrow_blast_percent": -0.1}), "marrow_blast_percent"),
        (json!({"peripheral_blast_percent": 101}), "peripheral_blast_percent"),
        (json!({"peripheral_blasts_10e9_l": 1001}), "peripheral_blasts_10e9_l"),
        (json!({"anc_10e9_l": 200.1}), "anc_10e9_l"),
        (json!({"anc_10e9_l": null, "anc_ul": 200_001}), "anc_ul"),
        (json!({"anc_ul": 1501}), "anc_ul"),
        (json!({"platelets_10e9_l": 3001}), "platelets_10e9_l"),
        (json!({"platelets_ul": 151_000}), "platelets_ul"),
        (json!({"blood": {"wbc_10e9_l": 1001}}), "blood/wbc_10e9_l"),
        (json!({"blood": {"rbc_10e12_l": 0}}), "blood/rbc_10e12_l"),
        (json!({"blood": {"wbc_10e9_l": 5, "wbc_ul": 6000}}), "blood/wbc_ul"),
        (json!({"csf": {"wbc_ul": -1}}), "csf/wbc_ul"),
        (json!({"csf": {"rbc_ul": 1e8}}), "csf/rbc_ul"),
        (json!({"mrd": {"sensitivity": 0.011}}), "mrd/sensitivity"),
        (json!({"mrd": [{}, {"sensitivity": 1e-8}]}), "mrd/1/sensitivity"),
        (json!({"mrd": {"value": 1.1}}), "mrd/value"),
        (json!({"mrd": {"value": 0.01, "value_percent": 0.01}}), "mrd/value_percent"),
        (json!({"mrd": {"value": 1e-4, "result": "NEG"}}), "mrd/result"),
        (json!({"mrd": {"value": 0, "result": "POS"}}), "mrd/result"),
        (json!({"circulating_blasts": true}), "circulating_blasts"),
        (json!({"circulating_blasts": false, "peripheral_blast_percent": 1}), "circulating_blasts"),
        (json!({"peripheral_blasts_10e9_l": 0.1}), "circulating_blasts"),
        (json!({"extramedullary_sites": ["SKIN"]}), "extramedullary_disease"),
        (
            json!({"extramedullary_disease": true, "extramedullary_sites": ["SKIN", "BLOOD"]}),
            "extramedullary_sites/1",
        ),
    ] {
        assert_eq!(refused(change.clone()).pointer, format!("/assessments/0/{pointer}"), "{change}");
    }
    let anc = refused(json!({"anc_10e9_l": 1500}));
    assert!(anc.problem.contains("1500") && anc.expected.contains("anc_ul"), "{anc}");
    let mut bad = case(&[]);
    bad["baseline"]["marrow_blast_percent"] = json!(101);
    assert_eq!(fault(&bad).pointer, "/baseline/marrow_blast_percent");
    for edge in [
        json!({"marrow_blast_percent": 100}),
        json!({"anc_10e9_l": 200}),
        json!({"platelets_10e9_l": 3000}),
        json!({"mrd": {"sensitivity": 0.01}}),
        json!({"mrd": {"sensitivity": 1e-7}}),
    ] {
        run(&case(&[day(&edge)]));
    }
    let malformed = fault(&case(&[day(&json!({"emd": null, "extramedullary_disease": "perhaps"}))]));
    assert_eq!(malformed.pointer, "/assessments/0/extramedullary_disease");
}

#[test]
fn one_assessment_per_day_after_baseline() {
    let (a, b) = (day(&json!({})), day(&json!({"anc_10e9_l": 0.8})));
    assert_eq!(run(&case(&[a.clone(), a.clone()]))["result"]["assessments"].as_array().unwrap().len(), 1);
    assert_eq!(fault(&case(&[a.clone(), b])).pointer, "/assessments/1/date");
    let mut dated = case(&[a]);
    dated["baseline"]["date"] = json!("2024-02-01");
    assert_eq!(fault(&dated).pointer, "/assessments/0/date");
    dated["baseline"]["date"] = json!("2024-01-31");
    run(&dated);
}

#[test]
fn criteria_are_external_or_proposed() {
    let ids: std::collections::BTreeSet<&str> = CRITERIA.iter().map(|c| c.id).collect();
    assert_eq!(ids.len(), CRITERIA.len());
    let fit = |p: Provenance| matches!(p, Provenance::External | Provenance::Proposed);
    assert!(CRITERIA.iter().all(|c| fit(c.provenance) && c.id.starts_with("b_all.")));
}

#[test]
fn the_typed_api_decides_the_same() {
    use BAllCategory::{Cr, Crh, Cri, NotEvaluable, Nr, Pd, Refractory, Relapse};
    let text = case(&[day(&json!({}))]).to_string();
    let typed: BAll = serde_json::from_str(&text).unwrap();
    let result = assess(&typed, &mut Trace::new()).unwrap();
    assert_eq!(result.best, Some(BAllCategory::Cr));
    let line = run(&serde_json::from_str(&text).unwrap());
    assert_eq!(serde_json::to_value(&result).unwrap(), line["result"]);
    assert_eq!(line["result"]["parameters"]["relapse_blast_percent"], 5.0);
    let order = [Relapse, Pd, Refractory, Nr, Cri, Crh, Cr].map(BAllCategory::rank);
    assert!(order.windows(2).all(|w| w[0] < w[1]) && NotEvaluable.rank().is_none());
}
