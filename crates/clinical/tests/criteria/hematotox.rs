//! CAR-HEMATOTOX (catalogue D5.2, I3, I3.7).

use crate::support::{Line, fault, run};
use clinical::criteria::At;
use clinical::criteria::hematotox::{HematotoxCase, Parameters, in_window};
use proptest::prelude::*;
use serde_json::{Value, json};

fn score(platelets: f64, anc: f64, hb: f64, crp: f64, ferritin: f64) -> Line {
    run::<HematotoxCase>(
        &json!({"platelets_10e9_l": platelets, "anc_10e9_l": anc, "hb_g_l": hb, "crp_mg_l": crp, "ferritin_ug_l": ferritin}),
    )
}

#[test]
fn vectors_of_i3() {
    for ((platelets, anc, hb, crp, ferritin), expected, class) in [
        ((180.0, 1.3, 95.0, 10.0, 300.0), 0, "low"),
        ((175.0, 1.2, 90.0, 30.0, 650.0), 2, "high"),
        ((176.0, 1.5, 91.0, 29.0, 649.0), 0, "low"),
        ((75.0, 2.0, 100.0, 5.0, 2000.0), 2, "high"),
        ((74.0, 2.0, 100.0, 5.0, 2001.0), 4, "high"),
        ((100.0, 1.0, 85.0, 45.0, 1200.0), 5, "high"),
        ((60.0, 0.8, 80.0, 100.0, 3000.0), 7, "high"),
    ] {
        let line = score(platelets, anc, hb, crp, ferritin);
        assert_eq!(line.result("/score"), expected);
        assert_eq!(line.result("/class"), class);
        assert_eq!(line.result("/bounds"), &json!({"min": expected, "max": expected}));
        assert_eq!(line.conclusion(At::Case), Some(class));
        assert_eq!(line.missing(), Vec::<&str>::new());
    }
}

#[test]
fn each_component_scores_beyond_its_limit_only() {
    let base = [200.0, 2.0, 120.0, 5.0, 100.0];
    for (component, name, value, points) in [
        (0, "platelets", 175.1, 0),
        (0, "platelets", 175.0, 1),
        (0, "platelets", 75.0, 1),
        (0, "platelets", 74.9, 2),
        (1, "anc", 1.2, 0),
        (1, "anc", 1.19, 1),
        (2, "hb", 90.0, 0),
        (2, "hb", 89.9, 1),
        (3, "crp", 30.0, 0),
        (3, "crp", 30.1, 1),
        (4, "ferritin", 649.9, 0),
        (4, "ferritin", 650.0, 1),
        (4, "ferritin", 2000.0, 1),
        (4, "ferritin", 2000.1, 2),
    ] {
        let mut values = base;
        values[component] = value;
        let line = score(values[0], values[1], values[2], values[3], values[4]);
        assert_eq!(line.result("/score"), points, "{name} {value}");
        assert_eq!(line.result(&format!("/points/{name}")), points);
    }
}

#[test]
fn equality_scores_when_chosen_h40() {
    let case = |equality: bool| {
        let line =
            run::<HematotoxCase>(&json!({"plt": 200, "anc": 1.2, "hb": 90, "crp": 30, "ferritin": 100,
            "parameters": {"equality_scores": equality}}));
        (line.result("/score").clone(), line.result("/parameters/equality_scores").clone())
    };
    assert_eq!(case(false), (json!(0), json!(false)));
    assert_eq!(case(true), (json!(3), json!(true)));
    let none = run::<HematotoxCase>(
        &json!({"plt": 200, "anc": 1.3, "hb": 91, "crp": 29, "ferritin": 100, "parameters": {"equality_scores": true}}),
    );
    assert_eq!(none.result("/score"), 0);
}

#[test]
fn missing_components_give_bounds_and_the_class_only_where_it_is_sure() {
    let without = |case: Value| run::<HematotoxCase>(&case);
    let line = without(json!({"plt": 200, "anc": 2.0, "hb": 120, "crp": 5}));
    assert_eq!((line.result("/score"), line.result("/class")), (&Value::Null, &Value::Null));
    assert_eq!(line.result("/bounds"), &json!({"min": 0, "max": 2}));
    assert_eq!((line.missing(), line.conclusion(At::Case)), (vec!["ferritin_ug_l"], Some("not_evaluable")));
    let low = without(json!({"plt": 200, "anc": 2.0, "hb": 120, "ferritin": 100}));
    assert_eq!((low.result("/score"), low.result("/class")), (&Value::Null, &json!("low")));
    assert_eq!((low.missing(), low.conclusion(At::Case)), (vec!["crp_mg_l"], Some("low")));
    let high = without(json!({"plt": 60}));
    assert_eq!((high.result("/score"), high.result("/class")), (&Value::Null, &json!("high")));
    assert_eq!(high.result("/bounds"), &json!({"min": 2, "max": 7}));
    assert_eq!(
        (high.verdict("hematotox.low"), high.verdict("hematotox.high")),
        (Some("not_met"), Some("met"))
    );
    assert_eq!((low.verdict("hematotox.low"), low.verdict("hematotox.high")), (Some("met"), Some("not_met")));
    assert_eq!(
        (line.verdict("hematotox.low"), line.verdict("hematotox.high")),
        (Some("undecided"), Some("undecided"))
    );
    let one_short = without(json!({"plt": 100, "ferritin": 100, "hb": 120, "crp": 5}));
    assert_eq!((one_short.result("/class"), one_short.missing()), (&Value::Null, vec!["anc_10e9_l"]));
    let none = without(json!({}));
    assert_eq!(none.result("/bounds"), &json!({"min": 0, "max": 7}));
    assert_eq!(none.missing(), ["platelets_10e9_l", "anc_10e9_l", "hb_g_l", "crp_mg_l", "ferritin_ug_l"]);
}

#[test]
fn window_of_the_samples_i3_7() {
    let parameters = Parameters::default();
    let ld = Some(-5);
    for (day, before, expected) in [
        (-9, None, false),
        (-8, None, true),
        (-6, None, true),
        (-5, Some(true), true),
        (-5, Some(false), false),
        (-5, None, true),
        (-4, None, false),
        (-4, Some(true), false),
    ] {
        assert_eq!(in_window(day, ld, before, &parameters), expected, "{day} {before:?}");
    }
    assert!(in_window(-2, None, None, &parameters) && !in_window(-1, None, None, &parameters));
    assert!(in_window(-2, Some(-1), None, &parameters) && !in_window(-1, Some(0), None, &parameters));
    let strict = Parameters { first_day_sample_is_before_dose: false, ..parameters };
    assert!(!in_window(-5, ld, None, &strict) && in_window(-5, ld, Some(true), &strict));
    let wide = Parameters { window_first_day: -10, window_last_day: -1, ..parameters };
    assert!(
        in_window(-10, ld, None, &wide)
            && !in_window(-11, ld, None, &wide)
            && in_window(-1, None, None, &wide)
    );
}

#[test]
fn the_last_sample_of_the_window_is_taken_by_component() {
    let line = run::<HematotoxCase>(&json!({"ld_start_day": -5, "labs": [
        {"day": -4, "plt": 10, "anc": 0.1, "hb": 50, "crp": 200, "ferritin": 9000},
        {"day": -5, "plt": 100, "anc": 1.0, "before_first_dose": "Y"},
        {"day": -8, "plt": 200, "anc": 3.0, "hb": 120, "crp": 5},
        {"day": -9, "ferritin": 5000},
        {"day": -7, "hb_g_dl": 8.5}]}));
    assert_eq!(
        line.result("/points"),
        &json!({"platelets": 1, "anc": 1, "hb": 1, "crp": 0, "ferritin": null})
    );
    assert_eq!(
        line.result("/sample_days"),
        &json!({"platelets": -5, "anc": -5, "hb": -7, "crp": -8, "ferritin": null})
    );
    assert_eq!((line.result("/class"), line.missing()), (&json!("high"), vec!["ferritin_ug_l"]));
    assert_eq!(line.result("/before_first_dose_assumed"), false);
    let assumed = run::<HematotoxCase>(&json!({"ld_start_day": -5, "labs": [{"day": -5, "plt": 100}]}));
    assert_eq!(assumed.result("/before_first_dose_assumed"), true);
    let no_start = run::<HematotoxCase>(&json!({"labs": [{"day": -6, "plt": 100}]}));
    assert_eq!(no_start.result("/before_first_dose_assumed"), true);
    let outside = run::<HematotoxCase>(&json!({"ld_start_day": -5, "labs": [{"day": -9, "plt": 10}]}));
    assert_eq!(outside.result("/points/platelets"), &Value::Null);
    let dated =
        run::<HematotoxCase>(&json!({"infusion_date": "2024-03-10", "ld_start_date": "2024-03-05", "labs": [
        {"date": "2024-03-02", "plt": 100}, {"date": "2024-03-06", "plt": 10}]}));
    assert_eq!(
        (dated.result("/points/platelets"), dated.result("/sample_days/platelets")),
        (&json!(1), &json!(-8))
    );
}

#[test]
fn impossible_input_is_refused_where_it_stands() {
    let at = |case: Value| fault::<HematotoxCase>(&case).pointer;
    assert_eq!(at(json!({"hb_g_l": 9.0})), "/hb_g_l");
    assert!(fault::<HematotoxCase>(&json!({"hb_g_l": 9.0})).expected.contains("hb_g_dl"));
    assert_eq!(at(json!({"hb_g_l": 251.0})), "/hb_g_l");
    assert_eq!(at(json!({"hb_g_l": 90.0, "hb_g_dl": 9.5})), "/hb_g_dl");
    assert_eq!(at(json!({"crp_mg_l": 1001})), "/crp_mg_l");
    assert_eq!(at(json!({"ferritin_ug_l": 300_001})), "/ferritin_ug_l");
    assert_eq!(at(json!({"plt": 3001})), "/platelets_10e9_l");
    assert_eq!(at(json!({"plt": 100, "labs": [{"day": -5, "plt": 100}]})), "/observations");
    assert_eq!(at(json!({"labs": [{"plt": 100}, {"plt": 90}]})), "/observations/0/day");
    assert_eq!(
        at(json!({"labs": [{"day": -5, "plt": 100}, {"day": -5, "plt": 90}]})),
        "/observations/1/platelets_10e9_l"
    );
    assert_eq!(at(json!({"labs": [{"date": "2024-01-01", "plt": 100}]})), "/observations/0/date");
    assert_eq!(
        at(json!({"infusion_date": "2024-01-06", "labs": [{"day": -4, "date": "2024-01-01", "plt": 100}]})),
        "/observations/0/day"
    );
    assert_eq!(at(json!({"plt": 100, "before_first_dose": "maybe"})), "/before_first_dose");
}

proptest! {
    #[test]
    fn worse_values_never_lower_the_score_and_units_do_not_matter(
        platelets in 0.0f64..400.0, anc in 0.0f64..4.0, hb in 40.0f64..180.0, crp in 0.0f64..200.0, ferritin in 0.0f64..5000.0,
        by in 0.0f64..1.0, which in 0usize..5, absent in prop::option::of(0usize..5),
    ) {
        let names = ["platelets_10e9_l", "anc_10e9_l", "hb_g_l", "crp_mg_l", "ferritin_ug_l"];
        let values = [platelets, anc, hb, crp, ferritin];
        let mut worse = values;
        match which {
            0 | 1 => worse[which] *= by,
            2 => worse[2] = 40.0 + (hb - 40.0) * by,
            _ => worse[which] *= 1.0 + by,
        }
        let given = |values: [f64; 5]| {
            let mut case = json!({});
            for (i, name) in names.iter().enumerate() {
                if Some(i) != absent {
                    case[*name] = json!(values[i]);
                }
            }
            run::<HematotoxCase>(&case)
        };
        let (line, worse_line) = (given(values), given(worse));
        prop_assert!(worse_line.result("/bounds/min").as_u64() >= line.result("/bounds/min").as_u64());
        prop_assert!(worse_line.result("/bounds/max").as_u64() >= line.result("/bounds/max").as_u64());
        prop_assert_eq!(line.result("/class").as_str().unwrap_or("not_evaluable"), line.conclusion(At::Case).unwrap());
        let converted = run::<HematotoxCase>(&json!({"platelets_ul": platelets * 1000.0, "anc_ul": anc * 1000.0, "hb_g_dl": hb / 10.0,
            "crp_mg_dl": crp / 10.0, "ferritin_ng_ml": ferritin}));
        let full = score(platelets, anc, hb, crp, ferritin);
        prop_assert_eq!(full.result("/score"), converted.result("/score"));
    }
}
