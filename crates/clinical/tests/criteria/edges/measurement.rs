//! Tolerances of two statements of one value, hints on units, doses.

use super::{derive, pointer, result};
use clinical::criteria::compare::{fell_at_least, fell_more_than, same};
use serde_json::{Value, json};

#[test]
fn one_value_within_a_billionth() {
    assert!(same(1.0, 1.0 + 0.95e-9) && !same(1.0, 1.0 + 1.05e-9));
    assert!(fell_at_least(0.5, 0.1, 50.0) && fell_more_than(0.5, 0.1, 50.0));
    assert!(!fell_more_than(0.0, -1.0, 50.0));
}

#[test]
fn two_statements_of_a_dose_agree_within_5_percent() {
    let product = |said: f64, weight: f64| json!({"product": {"product_code": "axi-cel", "weight_kg": weight, "dose_per_kg": 1e6, "dose_total_car_t": said}});
    assert_eq!(pointer("dose", &product(1.052e8, 100.0)), None);
    assert_eq!(pointer("dose", &product(1e8, 95.0)), None);
    assert_eq!(pointer("dose", &product(1.053e8, 100.0)).as_deref(), Some("/product/dose_total_car_t"));
    let ivig = |said: f64| json!({"ivig": {"weight_kg": 100, "dose_mg_kg": 200, "dose_g": said}});
    assert_eq!((pointer("dose", &ivig(21.05)), pointer("dose", &ivig(19.0))), (None, None));
    assert_eq!(pointer("dose", &ivig(21.06)).as_deref(), Some("/ivig/dose_g"));
    let course = |mg: f64| json!({"lymphodepletion": {"bsa_m2": 2, "doses": [{"drug": "FLU", "dose_mg_m2": 30, "dose_mg": mg}]}});
    assert_eq!((pointer("dose", &course(63.0)), pointer("dose", &course(57.0))), (None, None));
    assert_eq!(pointer("dose", &course(63.1)).as_deref(), Some("/lymphodepletion/doses/0/dose_mg_m2"));
    // 2000 mg/kg at most, also of a dose in g.
    let heavy = |g: f64| json!({"ivig": {"weight_kg": 70, "dose_g": g}});
    assert_eq!(pointer("dose", &heavy(140.0)), None);
    assert!(pointer("dose", &heavy(140.1)).is_some());
    // 100 mg/kg of 50 kg are the 5 g that are recommended.
    let by_weight = |mg_kg: f64| {
        result("dose", &json!({"disease": "NHL", "ivig": {"weight_kg": 50, "dose_mg_kg": mg_kg, "days": 1}}))
            ["ivig"]["as_general"]
            .clone()
    };
    assert_eq!(
        by_weight(100.0),
        result("dose", &json!({"disease": "NHL", "ivig": {"weight_kg": 50, "dose_g": 5, "days": 1}}))["ivig"]
            ["as_general"]
    );
}

#[test]
fn two_statements_of_a_measurement_agree_within_their_rounding() {
    let ratio =
        |ratio: f64| json!({"baseline": {"flc_kappa_mg_l": 100, "flc_lambda_mg_l": 10, "flc_ratio": ratio}});
    assert_eq!((pointer("imwg", &ratio(10.5)), pointer("imwg", &ratio(9.5))), (None, None));
    assert_eq!(pointer("imwg", &ratio(10.52)).as_deref(), Some("/baseline/flc_ratio"));
    let spd = |spd: f64| json!({"baseline": {"plasmacytoma_spd_mm2": spd, "plasmacytomas": [{"id": "a", "longest_diameter_mm": 20, "short_axis_mm": 10}]}});
    assert_eq!((pointer("imwg", &spd(209.5)), pointer("imwg", &spd(190.5))), (None, None));
    assert_eq!(pointer("imwg", &spd(210.5)).as_deref(), Some("/baseline/plasmacytoma_spd_mm2"));
    let pt =
        |longer: f64| json!({"days": [{"day": 1, "pt_s": 15, "pt_uln_s": 12, "pt_prolongation_s": longer}]});
    assert_eq!((pointer("carac", &pt(3.049)), pointer("carac", &pt(2.951))), (None, None));
    assert!(pointer("carac", &pt(3.051)).is_some() && pointer("carac", &pt(2.949)).is_some());
    let fibrinogen =
        |mg_dl: f64| json!({"days": [{"day": 1, "fibrinogen_g_l": 2, "fibrinogen_mg_dl": mg_dl}]});
    for kind in ["iec_hs", "carac"] {
        assert_eq!(pointer(kind, &fibrinogen(199.05)), None, "{kind}");
        assert!(pointer(kind, &fibrinogen(198.95)).is_some(), "{kind}");
    }
    let anc = |ul: f64| json!({"days": [{"day": 1, "anc_10e9_l": 2, "anc_ul": ul}]});
    assert_eq!(pointer("iec_hs", &anc(2000.0)), None);
    assert!(pointer("iec_hs", &anc(1980.0)).is_some() && pointer("iec_hs", &anc(2020.0)).is_some());
}

#[test]
fn a_value_that_fits_another_unit_is_told_so() {
    let rows = |name: &str, x: f64| json!({"days": [{"day": 1, name: x}]});
    for (kind, name, fits, not) in [
        ("iec_hs", "fibrinogen_g_l", vec![15.1, 1500.0], vec![-0.1, 1500.1]),
        ("iec_hs", "anc_10e9_l", vec![200.1, 200_000.0], vec![-0.1, 200_001.0]),
        ("iec_hs", "triglycerides_mmol_l", vec![50.1, 0.09, 4500.0], vec![-0.1, 0.0, 4500.1]),
        ("carac", "fibrinogen_g_l", vec![15.1, 1500.0], vec![-0.1, 1500.1]),
        ("carac", "platelets_10e9_l", vec![3000.1, 3e6], vec![-0.1, 3_000_001.0]),
        ("carac", "d_dimer_mg_l", vec![200.1, 200_000.0], vec![-0.1, 200_001.0]),
        ("crs", "temperature_c", vec![93.0, 110.0], vec![92.9, 110.1]),
        ("crs", "sbp_mmhg", vec![4.0, 29.9], vec![3.9]),
    ] {
        let told = |x: f64| derive(kind, &rows(name, x)).unwrap_err().expected.contains("it would fit");
        assert!(fits.iter().all(|x| told(*x)), "{kind} {name}");
        assert!(!not.iter().any(|x| told(*x)), "{kind} {name}");
    }
    let weight =
        |kg: f64| derive("vasopressor", &json!({"weight_kg": kg})).unwrap_err().expected.contains("pounds");
    assert!(weight(250.1) && weight(550.0) && !weight(550.1) && !weight(19.0));
    let vasopressin = |rate: f64| {
        derive("vasopressor", &json!({"vasopressin_u_min": rate})).unwrap_err().expected.contains("U/h")
    };
    assert!(vasopressin(0.21) && vasopressin(12.0) && !vasopressin(12.1) && !vasopressin(-0.1));
    let dopamine = |rate: f64| {
        derive("vasopressor", &json!({"dopamine_ug_kg_min": rate}))
            .unwrap_err()
            .expected
            .contains("weight_kg")
    };
    assert!(dopamine(50.1) && !dopamine(-0.1));
}

#[test]
fn vasopressor_ranges() {
    let accepted = |case: Value| derive("vasopressor", &case).is_ok();
    for (name, most) in [
        ("norepinephrine_ug_min", 500.0),
        ("epinephrine_ug_min", 500.0),
        ("dopamine_ug_kg_min", 50.0),
        ("phenylephrine_ug_min", 1000.0),
        ("vasopressin_u_min", 0.2),
        ("hours", 10_000.0),
    ] {
        assert!(accepted(json!({name: most})) && accepted(json!({name: 0})), "{name}");
        assert!(!accepted(json!({name: most * 1.001})) && !accepted(json!({name: -1e-6})), "{name}");
    }
    assert!(accepted(json!({"weight_kg": 20})) && accepted(json!({"weight_kg": 250})));
    assert!(!accepted(json!({"weight_kg": 19.99})) && !accepted(json!({"weight_kg": 250.01})));
    // 12 U/h are 0.2 U/min.
    let an_hour =
        |dose: f64| accepted(json!({"vasopressors": [{"drug": "VASO", "dose": dose, "unit": "U/h"}]}));
    assert!(an_hour(12.0) && !an_hour(12.01));
    let other =
        |dose: f64| accepted(json!({"vasopressors": [{"drug": "OTHER", "dose": dose, "unit": "ug/min"}]}));
    assert!(other(0.0) && other(1e9) && !other(-1e-6));
}
