//! Tumor lysis syndrome (catalogue D7).
#![expect(clippy::needless_pass_by_value, reason = "cases are written where they are used")]

use crate::support::{Line, fault, run};
use clinical::criteria::tls::TlsCase;
use clinical::criteria::{At, Provenance};
use proptest::prelude::*;
use serde_json::{Value, json};

fn tls(day: Value) -> Line {
    let mut row = json!({"day": 2, "uric_acid_umol_l": 300, "potassium_mmol_l": 4.0, "phosphate_mmol_l": 1.0, "calcium_mmol_l": 2.3,
        "creatinine_umol_l": 80, "arrhythmia": "N", "seizure": "N"});
    for (member, value) in day.as_object().unwrap() {
        row[member] = value.clone();
    }
    let line = run::<TlsCase>(&json!({"creatinine_uln_umol_l": 100, "observations": [row],
        "baseline": {"uric_acid_umol_l": 300, "potassium_mmol_l": 4.0, "phosphate_mmol_l": 1.0, "calcium_mmol_l": 2.3}}));
    assert_eq!(line.conclusion(At::Case), line.result("/category").as_str());
    line
}

#[test]
fn each_item_by_limit_and_by_change() {
    for (item, member, bad, good) in [
        ("uric_acid", "uric_acid_umol_l", 375.0, 374.9),
        ("potassium", "potassium_mmol_l", 5.0, 4.99),
        ("phosphate", "phosphate_mmol_l", 1.25, 1.24),
        ("calcium", "calcium_mmol_l", 1.725, 1.76),
    ] {
        assert_eq!(tls(json!({member: bad})).result(&format!("/{item}")), true, "{item}");
        assert_eq!(tls(json!({member: good})).result(&format!("/{item}")), false, "{item}");
        assert_eq!(tls(json!({member: bad})).result("/category"), "none");
    }
    let limit = |member: &str, item: &str, value: f64, baseline: f64| {
        run::<TlsCase>(&json!({"baseline": {member: baseline}, "observations": [{"day": 0, member: value}]}))
            .result(&format!("/{item}"))
            .clone()
    };
    assert_eq!(
        (
            limit("uric_acid_umol_l", "uric_acid", 476.0, 470.0),
            limit("uric_acid_umol_l", "uric_acid", 475.9, 470.0)
        ),
        (json!(true), json!(false))
    );
    assert_eq!(
        (limit("potassium_mmol_l", "potassium", 6.0, 5.5), limit("potassium_mmol_l", "potassium", 5.9, 5.5)),
        (json!(true), json!(false))
    );
    assert_eq!(
        (
            limit("phosphate_mmol_l", "phosphate", 1.45, 1.4),
            limit("phosphate_mmol_l", "phosphate", 1.44, 1.4)
        ),
        (json!(true), json!(false))
    );
    assert_eq!(
        (limit("calcium_mmol_l", "calcium", 1.75, 1.8), limit("calcium_mmol_l", "calcium", 1.76, 1.8)),
        (json!(true), json!(false))
    );
    assert_eq!(
        (limit("calcium_mmol_l", "calcium", 1.8, 2.4), limit("calcium_mmol_l", "calcium", 1.81, 2.4)),
        (json!(true), json!(false))
    );
}

#[test]
fn two_items_are_laboratory_and_organ_damage_makes_it_clinical() {
    let two = |changes: Value| {
        let mut day = json!({"potassium_mmol_l": 6.5, "phosphate_mmol_l": 2.0});
        for (member, value) in changes.as_object().unwrap() {
            day[member] = value.clone();
        }
        tls(day).result("/category").clone()
    };
    assert_eq!(two(json!({})), "laboratory");
    assert_eq!(two(json!({"creatinine_umol_l": 150})), "clinical");
    assert_eq!(two(json!({"creatinine_umol_l": 149})), "laboratory");
    assert_eq!(two(json!({"arrhythmia": "Y"})), "clinical");
    assert_eq!(two(json!({"seizure": "Y"})), "clinical");
    assert_eq!(tls(json!({"potassium_mmol_l": 6.5, "seizure": "Y"})).result("/category"), "none");
    assert_eq!(tls(json!({})).provenance("tls.laboratory"), Some(Provenance::External));
}

#[test]
fn the_window_is_day_minus_3_to_7() {
    let at = |day: i32| {
        run::<TlsCase>(
            &json!({"observations": [{"day": day, "potassium_mmol_l": 6.5, "phosphate_mmol_l": 2.0}]}),
        )
        .result("/laboratory")
        .clone()
    };
    assert_eq!((at(-4), at(-3), at(7), at(8)), (Value::Null, json!(true), json!(true), Value::Null));
    let days = run::<TlsCase>(&json!({"therapy_date": "2024-01-10", "observations": [
        {"date": "2024-01-12", "potassium_mmol_l": 6.5}, {"date": "2024-01-11", "phosphate_mg_dl": 6.0}]}));
    assert_eq!(days.result("/laboratory"), true);
}

#[test]
fn missing_values_are_named() {
    let line = tls(json!({"potassium_mmol_l": 6.5, "calcium_mmol_l": null}));
    assert_eq!((line.result("/category"), line.missing()), (&json!("not_evaluable"), vec!["calcium_mmol_l"]));
    let no_baseline = run::<TlsCase>(
        &json!({"observations": [{"day": 0, "uric_acid_umol_l": 300, "potassium_mmol_l": 4, "phosphate_mmol_l": 1, "calcium_mmol_l": 2.3}]}),
    );
    assert_eq!(no_baseline.result("/category"), "not_evaluable");
    let organ = tls(json!({"potassium_mmol_l": 6.5, "phosphate_mmol_l": 2.0, "seizure": "UNK"}));
    assert_eq!(
        (organ.result("/category"), organ.result("/clinical"), organ.missing()),
        (&json!("laboratory"), &Value::Null, vec!["seizure"])
    );
    let none = run::<TlsCase>(&json!({}));
    assert_eq!(
        none.missing(),
        ["uric_acid_umol_l", "potassium_mmol_l", "phosphate_mmol_l", "calcium_mmol_l"]
    );
}

#[test]
fn impossible_input_is_refused_where_it_stands() {
    let at = |case: Value| fault::<TlsCase>(&case).pointer;
    assert_eq!(
        at(json!({"observations": [{"day": 1, "potassium_mmol_l": 11}]})),
        "/observations/0/potassium_mmol_l"
    );
    assert_eq!(at(json!({"baseline": {"calcium_mmol_l": 9.2}})), "/baseline/calcium_mmol_l");
    assert!(
        fault::<TlsCase>(&json!({"baseline": {"calcium_mmol_l": 9.2}})).expected.contains("calcium_mg_dl")
    );
    assert_eq!(
        at(json!({"observations": [{"date": "2024-01-01", "potassium_mmol_l": 5}]})),
        "/observations/0/date"
    );
}

proptest! {
    #[test]
    fn worse_values_never_improve(k in 3.0f64..7.0, p in 0.8f64..2.0, ca in 1.4f64..2.4, ua in 200.0f64..600.0, cr in 50.0f64..200.0, which in 0usize..5) {
        let of = |values: [f64; 5]| {
            let line = tls(json!({"potassium_mmol_l": values[0], "phosphate_mmol_l": values[1], "calcium_mmol_l": values[2], "uric_acid_umol_l": values[3], "creatinine_umol_l": values[4]}));
            ["none", "laboratory", "clinical"].iter().position(|c| line.result("/category") == *c).unwrap()
        };
        let values = [k, p, ca, ua, cr];
        let mut worse = values;
        worse[which] *= if which == 2 { 0.8 } else { 1.2 };
        prop_assert!(of(worse) >= of(values));
    }
}
