//! Doses of immunoglobulin and G-CSF (catalogue D5.3, D6, I3; H03, C13).

use crate::support::{Line, fault, run};
use clinical::criteria::At;
use clinical::criteria::dose::{DoseCase, GCsfClass, g_csf_class};
use serde_json::{Value, json};

fn dose(case: &Value) -> Line {
    let line = run::<DoseCase>(case);
    assert_eq!(line.conclusion(At::Case), line.result("/category").as_str(), "{case}");
    line
}

#[test]
fn immunoglobulin_by_both_sections_c13() {
    let line = dose(&json!({"disease": "B_ALL", "ivig": {"weight_kg": 60, "dose_g": 24}}));
    assert_eq!(line.result("/ivig/recommended_b_all_g"), &json!({"min": 24.0, "max": 30.0}));
    assert_eq!(line.result("/ivig/recommended_general_g"), 5.0);
    let all = |g: f64| {
        dose(&json!({"disease": "B_ALL", "weight_kg": 60, "ivig": {"dose_g": g}}))
            .result("/ivig/category")
            .clone()
    };
    assert_eq!(
        (all(23.9), all(24.0), all(30.0), all(30.1)),
        (json!("outside_range"), json!("within_range"), json!("within_range"), json!("outside_range"))
    );
    let per_kg = dose(&json!({"disease": "B_ALL", "weight_kg": 60, "ivig": {"dose_mg_kg": 450}}));
    assert_eq!(per_kg.result("/category"), "within_range");
    let general = |g: f64, days: Value| {
        dose(&json!({"disease": "NHL", "weight_kg": 60, "ivig": {"dose_g": g, "days": days}}))
            .result("/ivig/category")
            .clone()
    };
    assert_eq!(
        (general(5.0, json!(3)), general(5.0, json!(2)), general(4.9, json!(3)), general(5.1, json!(3))),
        (json!("within_range"), json!("outside_range"), json!("outside_range"), json!("outside_range"))
    );
    assert_eq!(general(5.0, Value::Null), "not_evaluable");
    let both = dose(&json!({"weight_kg": 60, "ivig": {"dose_g": 5, "days": 3}}));
    assert_eq!(
        (both.result("/ivig/as_general"), both.result("/ivig/as_b_all")),
        (&json!(true), &json!(false))
    );
    assert_eq!((both.result("/category"), both.missing()), (&json!("not_evaluable"), vec!["disease"]));
    let no_weight = dose(&json!({"disease": "B_ALL", "ivig": {"dose_g": 24}}));
    assert_eq!(no_weight.missing(), ["ivig/weight_kg"]);
    let no_weight = dose(&json!({"disease": "B_ALL", "ivig": {"dose_mg_kg": 450}}));
    assert_eq!(
        (no_weight.result("/category"), no_weight.missing()),
        (&json!("not_evaluable"), vec!["ivig/weight_kg"])
    );
    assert_eq!(dose(&json!({"disease": "NHL", "ivig": {"dose_g": 5}})).missing(), ["ivig/days"]);
}

#[test]
fn g_csf_limits_h03() {
    assert_eq!(
        [5.0, 10.0, 12.0, 12.1, 30.0, 30.1].map(g_csf_class),
        [
            GCsfClass::Usual,
            GCsfClass::Usual,
            GCsfClass::Usual,
            GCsfClass::Query,
            GCsfClass::Query,
            GCsfClass::Rejected
        ]
    );
    let line = dose(&json!({"weight_kg": 60, "g_csf": {"dose_ug": 300}}));
    assert_eq!(
        (line.result("/g_csf/dose_ug_kg"), line.result("/g_csf/class")),
        (&json!(5.0), &json!("usual"))
    );
    assert_eq!(
        (line.result("/g_csf/recommended_ug"), line.result("/g_csf/recommended_without_response_ug")),
        (&json!(300.0), &json!(600.0))
    );
    assert_eq!(line.result("/category"), "within_range");
    let query = dose(&json!({"g_csf": {"dose_ug_kg": 12.5}}));
    assert_eq!(
        (query.result("/g_csf/class"), query.result("/category")),
        (&json!("query"), &json!("outside_range"))
    );
    assert_eq!(fault::<DoseCase>(&json!({"g_csf": {"dose_ug_kg": 105}})).pointer, "/g_csf/dose_ug_kg");
    assert_eq!(
        fault::<DoseCase>(&json!({"weight_kg": 60, "g_csf": {"dose_ug": 1801}})).pointer,
        "/g_csf/dose_ug_kg"
    );
    let open = dose(&json!({"g_csf": {"dose_ug": 300}}));
    assert_eq!(
        (open.result("/category"), open.missing()),
        (&json!("not_evaluable"), vec!["g_csf/weight_kg"])
    );
}

#[test]
fn criteria_are_complete_and_told_apart() {
    use clinical::criteria::{b_cell, dose, expansion, hbv, hematotox, icaht, infection_risk, tls};
    let all: Vec<_> = icaht::criteria()
        .chain(b_cell::criteria())
        .chain(hbv::criteria())
        .chain(infection_risk::criteria())
        .chain(dose::criteria())
        .chain([hematotox::CRITERIA, expansion::CRITERIA, tls::CRITERIA].into_iter().flatten().copied())
        .collect();
    let ids: std::collections::BTreeSet<_> = all.iter().map(|criterion| criterion.id).collect();
    assert_eq!(ids.len(), all.len());
    assert!(all.len() > 150, "{}", all.len());
    assert!(
        all.iter()
            .all(|c| !c.en.is_empty() && !c.zh.is_empty() && !c.source.is_empty() && c.id.contains('.'))
    );
}
