//! Doses of tocilizumab and of the cells (catalogue B0, D1.2, I3; H42).
#![expect(clippy::needless_pass_by_value, reason = "cases are written where they are used")]

use crate::support::{Line, fault, run};
use clinical::criteria::At;
use clinical::criteria::dose::{DoseCase, tocilizumab_mg};
use proptest::prelude::*;
use serde_json::{Value, json};

fn dose(case: &Value) -> Line {
    let line = run::<DoseCase>(case);
    assert_eq!(line.conclusion(At::Case), line.result("/category").as_str(), "{case}");
    line
}

fn near(value: &Value, expected: f64) {
    let value = value.as_f64().unwrap();
    assert!((value - expected).abs() <= 1e-9 * expected.abs(), "{value} is not {expected}");
}

#[test]
fn a_case_without_doses_names_them() {
    for (case, missing) in [
        (json!({"weight_kg": 70}), vec!["lymphodepletion", "tocilizumab", "ivig", "g_csf", "product"]),
        (json!({"weight_kg": 70, "product": {"product_code": "axi-cel"}}), vec!["product/dose_total_car_t"]),
        (json!({"tocilizumab": {}, "ivig": {}}), vec!["tocilizumab/doses", "ivig/dose_g"]),
        (json!({"g_csf": {}, "lymphodepletion": {}}), vec!["lymphodepletion/doses", "g_csf/dose_ug"]),
        (
            json!({"weight_kg": 70, "g_csf": {"dose_ug_kg": 5}, "product": {"product_code": "axi-cel"}}),
            vec![],
        ),
    ] {
        let line = dose(&case);
        assert_eq!(line.missing(), missing, "{case}");
        assert_eq!(line.result("/category") == "not_evaluable", !missing.is_empty(), "{case}");
    }
}

#[test]
fn tocilizumab_vectors_of_i3() {
    for (weight, mg) in [(50.0, 400.0), (70.0, 560.0), (100.0, 800.0), (110.0, 800.0)] {
        assert!((tocilizumab_mg(weight) - mg).abs() < 1e-9);
        let line = dose(&json!({"tocilizumab": {"weight_kg": weight}}));
        near(line.result("/tocilizumab/recommended_mg"), mg);
        assert_eq!(
            (line.result("/tocilizumab/category"), line.result("/category")),
            (&Value::Null, &json!("not_evaluable"))
        );
    }
}

fn tocilizumab(weight: Value, doses: &[(f64, f64)]) -> Line {
    let doses: Vec<Value> = doses.iter().map(|(hour, mg)| json!({"hour": hour, "dose_mg": mg})).collect();
    dose(&json!({"weight_kg": weight, "tocilizumab": {"doses": doses}}))
}

#[test]
fn tocilizumab_single_dose_and_dose_per_kg() {
    let single = |weight: f64, mg: f64| {
        let line = tocilizumab(json!(weight), &[(0.0, mg)]);
        (
            line.result("/tocilizumab/single_in_limit").clone(),
            line.result("/tocilizumab/per_kg_in_range").clone(),
            line.result("/tocilizumab/category").clone(),
        )
    };
    let (yes, no, inside, outside) =
        (json!(true), json!(false), json!("within_range"), json!("outside_range"));
    assert_eq!(single(70.0, 560.0), (yes.clone(), yes.clone(), inside.clone()));
    assert_eq!(single(70.0, 490.0), (yes.clone(), yes.clone(), inside.clone()));
    assert_eq!(single(70.0, 489.0), (yes.clone(), no.clone(), outside.clone()));
    assert_eq!(single(70.0, 630.0), (yes.clone(), yes.clone(), inside.clone()));
    assert_eq!(single(70.0, 631.0), (yes.clone(), no.clone(), outside.clone()));
    assert_eq!(single(120.0, 800.0), (yes.clone(), yes.clone(), inside.clone()));
    assert_eq!(single(120.0, 799.0).1, no);
    assert_eq!(single(95.0, 801.0), (no.clone(), yes.clone(), outside.clone()));
    assert_eq!(single(100.0, 800.0), (yes.clone(), yes, inside));
    assert_eq!(single(60.0, 800.0).1, no);
    let open = tocilizumab(Value::Null, &[(0.0, 560.0)]);
    assert_eq!(
        (open.result("/category"), open.missing()),
        (&json!("not_evaluable"), vec!["tocilizumab/weight_kg"])
    );
    let no_mg = dose(&json!({"weight_kg": 70, "tocilizumab": {"doses": [{"hour": 0}]}}));
    assert_eq!(
        (no_mg.result("/category"), no_mg.missing()),
        (&json!("not_evaluable"), vec!["tocilizumab/dose_mg"])
    );
}

#[test]
fn tocilizumab_schedule_r23() {
    let of = |hours: &[f64]| {
        let line = tocilizumab(json!(70), &hours.iter().map(|h| (*h, 560.0)).collect::<Vec<_>>());
        ["interval_in_limit", "in_24_h_in_limit", "total_in_limit"]
            .map(|m| line.result(&format!("/tocilizumab/{m}")).as_bool().unwrap())
    };
    assert_eq!(of(&[0.0, 8.0]), [true, true, true]);
    assert_eq!(of(&[8.0, 0.0]), [true, true, true]);
    assert_eq!(of(&[0.0, 7.9]), [false, true, true]);
    assert_eq!(of(&[0.0, 0.0]), [false, true, true]);
    assert_eq!(of(&[0.0, 8.0, 16.0, 24.0]), [true, true, true]);
    assert_eq!(of(&[0.0, 8.0, 16.0, 23.9]), [false, false, true]);
    assert_eq!(of(&[0.0, 8.0, 16.0, 24.0, 32.0]), [true, true, false]);
    let short = dose(
        &json!({"weight_kg": 70, "parameters": {"tocilizumab_interval_hours": 6, "tocilizumab_in_24_h": 2},
        "tocilizumab": {"doses": [{"hour": 0, "dose_mg": 560}, {"hour": 6, "dose_mg": 560}, {"hour": 12, "dose_mg": 560}]}}),
    );
    assert_eq!(
        (short.result("/tocilizumab/interval_in_limit"), short.result("/tocilizumab/in_24_h_in_limit")),
        (&json!(true), &json!(false))
    );
    let untimed =
        dose(&json!({"weight_kg": 70, "tocilizumab": {"doses": [{"dose_mg": 560}, {"dose_mg": 560}]}}));
    assert_eq!(
        (untimed.result("/tocilizumab/interval_in_limit"), untimed.missing()),
        (&Value::Null, vec!["tocilizumab/hour"])
    );
    assert_eq!(untimed.result("/tocilizumab/in_24_h_in_limit"), true);
    let three_untimed = dose(
        &json!({"weight_kg": 70, "tocilizumab": {"doses": [{"dose_mg": 560}, {"dose_mg": 560}, {"dose_mg": 560}]}}),
    );
    assert_eq!(three_untimed.result("/tocilizumab/in_24_h_in_limit"), true);
    let four_untimed = dose(
        &json!({"weight_kg": 70, "tocilizumab": {"doses": [{"dose_mg": 560}, {"dose_mg": 560}, {"dose_mg": 560}, {"dose_mg": 560}]}}),
    );
    assert_eq!(four_untimed.result("/tocilizumab/in_24_h_in_limit"), &Value::Null);
    let partly = dose(
        &json!({"weight_kg": 70, "tocilizumab": {"doses": [{"hour": 0, "dose_mg": 560}, {"hour": 1, "dose_mg": 560}, {"dose_mg": 560}]}}),
    );
    assert_eq!(partly.result("/tocilizumab/interval_in_limit"), false);
    let single = dose(&json!({"weight_kg": 70, "tocilizumab": {"doses": [{"dose_mg": 560}]}}));
    assert_eq!(single.result("/category"), "within_range");
}

#[test]
fn tocilizumab_for_icans_h42() {
    let of = |count: i32| {
        let doses: Vec<Value> = (0..count).map(|i| json!({"hour": i * 12, "dose_mg": 560})).collect();
        let line = dose(&json!({"weight_kg": 70, "tocilizumab": {"indication": "ICANS", "doses": doses}}));
        (
            line.result("/tocilizumab/total_in_limit").clone(),
            line.result("/tocilizumab/total_warning").clone(),
        )
    };
    assert_eq!(of(2), (json!(true), json!(false)));
    assert_eq!(of(3), (json!(true), json!(true)));
    assert_eq!(of(4), (json!(false), json!(false)));
    assert_eq!(
        tocilizumab(json!(70), &[(0.0, 560.0), (12.0, 560.0), (24.0, 560.0)])
            .result("/tocilizumab/total_warning"),
        false
    );
}

fn product(code: &str, disease: Value, weight: Value, cells: f64) -> Line {
    dose(
        &json!({"disease": disease, "weight_kg": weight, "product": {"product_code": code, "dose_total_car_t": cells}}),
    )
}

#[test]
fn product_vectors_of_i3() {
    for (weight, min, max) in [(40.0, 8e6, 2e8), (50.0, 1e7, 2.5e8), (50.1, 1e7, 2.5e8), (90.0, 1e7, 2.5e8)] {
        let line = product("tisa-cel", json!("B_ALL"), json!(weight), min);
        near(line.result("/product/range/min"), min);
        near(line.result("/product/range/max"), max);
        let category = |cells: f64| {
            product("tisa-cel", json!("B_ALL"), json!(weight), cells).result("/category").clone()
        };
        assert_eq!(
            (category(min * 0.999), category(min), category(max), category(max * 1.001)),
            (json!("outside_range"), json!("within_range"), json!("within_range"), json!("outside_range"))
        );
    }
    let inati = |cells: f64| {
        product("inati-cel", json!("B_ALL"), Value::Null, cells).result("/product/category").clone()
    };
    assert_eq!(
        (inati(0.19e8), inati(0.2e8), inati(0.6e8), inati(0.61e8)),
        (json!("outside_range"), json!("within_range"), json!("within_range"), json!("outside_range"))
    );
}

#[test]
fn product_caps_bases_and_exceptions() {
    let category = |code: &str, disease: &str, weight: f64, cells: f64| {
        product(code, json!(disease), json!(weight), cells).result("/category").clone()
    };
    let (inside, outside) = (json!("within_range"), json!("outside_range"));
    assert_eq!(
        (category("axi-cel", "NHL", 70.0, 1.4e8), category("axi-cel", "NHL", 70.0, 1.41e8)),
        (inside.clone(), outside.clone())
    );
    assert_eq!(
        (category("axi-cel", "NHL", 120.0, 2e8), category("axi-cel", "NHL", 120.0, 2.01e8)),
        (inside.clone(), outside.clone())
    );
    assert_eq!(
        (category("relma-cel", "NHL", 70.0, 1e8), category("relma-cel", "NHL", 70.0, 1.01e8)),
        (inside.clone(), outside.clone())
    );
    assert_eq!(category("brexu-cel", "NHL", 70.0, 1.4e8), inside);
    assert_eq!(
        (category("brexu-cel", "B_ALL", 70.0, 0.84e8), category("brexu-cel", "B_ALL", 70.0, 0.85e8)),
        (inside.clone(), outside.clone())
    );
    assert_eq!(
        (category("brexu-cel", "B_ALL", 70.0, 0.56e8), category("brexu-cel", "B_ALL", 70.0, 0.55e8)),
        (inside.clone(), outside.clone())
    );
    assert_eq!(
        (category("brexu-cel", "B_ALL", 110.0, 1e8), category("brexu-cel", "B_ALL", 110.0, 1.01e8)),
        (inside.clone(), outside.clone())
    );
    assert_eq!(
        (category("brexu-cel", "B_ALL", 110.0, 0.8e8), category("brexu-cel", "B_ALL", 110.0, 0.79e8)),
        (inside, outside)
    );
    let no_range = product("liso-cel", json!("NHL"), json!(70), 1e8);
    assert_eq!(
        (no_range.result("/category"), no_range.missing()),
        (&json!("not_evaluable"), vec!["product/dose_range"])
    );
    let no_weight = product("tisa-cel", json!("B_ALL"), Value::Null, 1e8);
    assert_eq!(
        (no_weight.result("/category"), no_weight.missing()),
        (&json!("not_evaluable"), vec!["product/weight_kg"])
    );
    let no_weight = product("brexu-cel", json!("B_ALL"), Value::Null, 1e8);
    assert_eq!(no_weight.missing(), ["product/weight_kg"]);
    let per_kg = dose(&json!({"product": {"product_code": "axi-cel", "weight_kg": 70, "dose_per_kg": 2e6}}));
    assert_eq!(
        (per_kg.result("/category"), per_kg.result("/product/cells")),
        (&json!("within_range"), &json!(1.4e8))
    );
    let open = dose(&json!({"product": {"product_code": "axi-cel", "dose_per_kg": 2e6}}));
    assert_eq!(
        (open.result("/category"), open.missing()),
        (&json!("not_evaluable"), vec!["product/weight_kg"])
    );
    let reference = dose(&json!({"product": {"product_code": "inati-cel"}}));
    assert_eq!(
        (reference.result("/product/category"), reference.result("/product/range")),
        (&Value::Null, &json!({"min": 2e7, "max": 6e7}))
    );
}

#[test]
fn ranges_of_products_added_as_reference_data() {
    use clinical::codes::{DoseBound, Name, ProductCode, WeightKg};
    use clinical::criteria::dose::{Range, product_range};
    use clinical::forms::product::{DoseBasis, Product, Target};
    let product = |basis: Option<DoseBasis>,
                   min: Option<f64>,
                   max: Option<f64>,
                   cap: Option<f64>,
                   split: Option<f64>| Product {
        product_code: ProductCode::new("new-cel").unwrap(),
        inn: Name::new("new").unwrap(),
        name_zh: None,
        target: Target::Cd19,
        costimulation: None,
        dose_basis: basis,
        dose_min: min.and_then(DoseBound::new),
        dose_max: max.and_then(DoseBound::new),
        dose_cap: cap.and_then(DoseBound::new),
        weight_split_kg: split.and_then(WeightKg::new),
        dose_provenance: None,
        vector: None,
        label_indications: None,
        valid_from: None,
        valid_to: None,
        missing: clinical::record::Missing::default(),
    };
    let (flat, per_kg) = (Some(DoseBasis::Flat), Some(DoseBasis::PerKg));
    let range = |product: &Product, kg: Option<f64>| product_range(product, None, kg).cells;
    assert_eq!(range(&product(flat, None, None, Some(1e8), None), None), Range { min: None, max: Some(1e8) });
    assert_eq!(range(&product(flat, Some(1e6), Some(2e8), Some(1e8), None), None), Range::new(1e6, 1e8));
    assert_eq!(range(&product(per_kg, Some(1e6), Some(2e6), None, None), Some(80.0)), Range::new(8e7, 1.6e8));
    assert_eq!(
        range(&product(per_kg, Some(1e6), Some(2e6), None, Some(50.0)), Some(80.0)),
        Range::new(5e7, 1e8)
    );
    assert_eq!(
        range(&product(None, Some(1e6), Some(2e6), None, None), Some(80.0)),
        Range { min: None, max: None }
    );
    assert!(product_range(&product(per_kg, None, Some(2e6), None, None), None, None).needs_weight);
    assert!(!product_range(&product(flat, None, Some(2e6), None, None), None, None).needs_weight);
}

#[test]
fn the_case_is_as_good_as_its_worst_dose() {
    let good = json!({"doses": [{"hour": 0, "dose_mg": 560}]});
    let of = |cells: f64, ug_kg: Value| {
        dose(&json!({"weight_kg": 70, "tocilizumab": good, "product": {"product_code": "inati-cel", "dose_total_car_t": cells}, "g_csf": {"dose_ug_kg": ug_kg}})).result("/category").clone()
    };
    assert_eq!(of(5e7, json!(5)), "within_range");
    assert_eq!(of(5e7, json!(13)), "outside_range");
    assert_eq!(of(7e7, json!(5)), "outside_range");
    assert_eq!(of(5e7, Value::Null), "within_range");
    assert_eq!(dose(&json!({})).result("/category"), "not_evaluable");
}

#[test]
fn impossible_input_is_refused_where_it_stands() {
    let at = |case: Value| fault::<DoseCase>(&case).pointer;
    assert_eq!(at(json!({"weight_kg": 19.9})), "/weight_kg");
    assert_eq!(at(json!({"bsa_m2": 17})), "/bsa_m2");
    assert_eq!(
        at(json!({"tocilizumab": {"doses": [{"hour": 0, "dose_mg": 1601}]}})),
        "/tocilizumab/doses/0/dose_mg"
    );
    assert_eq!(at(json!({"tocilizumab": {"weight_kg": 251}})), "/tocilizumab/weight_kg");
    assert_eq!(
        at(json!({"lymphodepletion": {"doses": [{"drug": "FLU", "dose_mg_m2": 201}]}})),
        "/lymphodepletion/doses/0/dose_mg_m2"
    );
    assert_eq!(
        at(json!({"lymphodepletion": {"doses": [{"drug": "BEN", "dose_mg_m2": 201}]}})),
        "/lymphodepletion/doses/0/dose_mg_m2"
    );
    assert_eq!(
        at(json!({"lymphodepletion": {"doses": [{"drug": "CYC", "dose_mg_m2": 5001}]}})),
        "/lymphodepletion/doses/0/dose_mg_m2"
    );
    assert_eq!(
        at(json!({"lymphodepletion": {"doses": [{"drug": "FLU", "dose_mg": 50}]}})),
        "/lymphodepletion/doses/0/dose_mg_m2"
    );
    assert_eq!(
        at(
            json!({"bsa_m2": 2.0, "lymphodepletion": {"doses": [{"drug": "FLU", "dose_mg": 50, "dose_mg_m2": 30}]}})
        ),
        "/lymphodepletion/doses/0/dose_mg_m2"
    );
    assert_eq!(
        at(
            json!({"lymphodepletion": {"doses": [{"drug": "FLU", "dose_mg_m2": 30, "day": 1}, {"drug": "FLU", "dose_mg_m2": 30, "day": 1}]}})
        ),
        "/lymphodepletion/doses/1/day"
    );
    assert_eq!(
        at(json!({"lymphodepletion": {"doses": [{"drug": "FLU", "dose_mg_m2": 30, "days": 0}]}})),
        "/lymphodepletion/doses/0/days"
    );
    assert_eq!(
        at(json!({"lymphodepletion": {"repeat": {"last_dose_day": 1}}})),
        "/lymphodepletion/repeat/last_dose_day"
    );
    assert_eq!(
        at(json!({"lymphodepletion": {"repeat": {"last_dose_day": -3, "days_to_infusion": 4}}})),
        "/lymphodepletion/repeat/last_dose_day"
    );
    assert_eq!(at(json!({"weight_kg": 60, "ivig": {"dose_g": 121}})), "/ivig/dose_mg_kg");
    assert_eq!(at(json!({"weight_kg": 60, "ivig": {"dose_g": 24, "dose_mg_kg": 500}})), "/ivig/dose_g");
    assert_eq!(at(json!({"product": {"product_code": "axi"}})), "/product/product_code");
    assert_eq!(at(json!({"product": {}})), "/product/product_code");
    assert_eq!(
        at(json!({"product": {"product_code": "axi-cel", "dose_total_car_t": 9e4}})),
        "/product/dose_total_car_t"
    );
    assert_eq!(
        at(
            json!({"weight_kg": 70, "product": {"product_code": "axi-cel", "dose_total_car_t": 1e8, "dose_per_kg": 2e6}})
        ),
        "/product/dose_total_car_t"
    );
    assert_eq!(
        at(json!({"parameters": {"lymphodepletion_tolerance_percent": 51}})),
        "/parameters/lymphodepletion_tolerance_percent"
    );
    assert_eq!(
        at(json!({"parameters": {"tocilizumab_interval_hours": -1}})),
        "/parameters/tocilizumab_interval_hours"
    );
}

proptest! {
    #[test]
    fn order_of_doses_and_units_do_not_matter(hours in prop::collection::vec(0.0f64..100.0, 1..6), bsa in 1.0f64..2.5, flu in 20.0f64..35.0) {
        let doses = |hours: &[f64]| hours.iter().map(|h| (*h, 560.0)).collect::<Vec<_>>();
        let mut other = hours.clone();
        other.reverse();
        prop_assert_eq!(&tocilizumab(json!(70), &doses(&hours)).value["result"], &tocilizumab(json!(70), &doses(&other)).value["result"]);
        let of = |row: Value| dose(&json!({"bsa_m2": bsa, "lymphodepletion": {"regimen": "FC", "doses": [row]}})).result("/lymphodepletion/drugs/0/daily_in_range").clone();
        prop_assert_eq!(of(json!({"drug": "FLU", "dose_mg_m2": flu})), of(json!({"drug": "FLU", "dose_mg": flu * bsa})));
    }

    #[test]
    fn recommended_tocilizumab_is_within_its_own_limits(weight in 20.0f64..250.0) {
        let line = tocilizumab(json!(weight), &[(0.0, tocilizumab_mg(weight))]);
        prop_assert_eq!(line.result("/category"), "within_range");
    }
}
