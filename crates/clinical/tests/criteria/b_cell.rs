//! B-cell aplasia and hypogammaglobulinemia (catalogue D6, I3, H01, H38, C13, C14).

use crate::support::{Line, fault, run};
use clinical::criteria::b_cell::BCellCase;
use clinical::criteria::{At, Provenance};
use proptest::prelude::*;
use serde_json::{Value, json};

fn counts(wbc: f64, lymphocytes: f64, cd19: f64) -> Line {
    run::<BCellCase>(&json!({"wbc_10e9_l": wbc, "lymphocyte_percent": lymphocytes, "cd19_percent": cd19}))
}

#[test]
fn vectors_of_i3() {
    for (wbc, lymphocytes, cd19, count, aplasia) in
        [(3.2, 25.0, 2.0, 16.0, true), (6.1, 20.0, 5.0, 61.0, false), (4.0, 30.0, 6.0, 72.0, false)]
    {
        let line = counts(wbc, lymphocytes, cd19);
        assert!((line.result("/observations/0/b_cells_ul").as_f64().unwrap() - count).abs() < 1e-9);
        assert_eq!(line.result("/observations/0/aplasia"), aplasia);
        let category = if aplasia { "aplasia" } else { "no_aplasia" };
        assert_eq!((line.result("/category"), line.conclusion(At::Case)), (&json!(category), Some(category)));
        assert_eq!(line.result("/observations/0/aplasia_as_printed"), false);
    }
}

#[test]
fn the_printed_unit_h01() {
    let literal =
        |count: f64| run::<BCellCase>(&json!({"cd19_abs_ul": count, "parameters": {"literal_per_ml": true}}));
    assert_eq!(literal(16.0).result("/category"), "no_aplasia");
    assert_eq!(literal(0.061).result("/category"), "no_aplasia");
    assert_eq!(literal(0.06).result("/category"), "aplasia");
    assert_eq!(literal(0.06).conclusion(At::Case), Some("aplasia"));
    assert_eq!(literal(16.0).result("/parameters/literal_per_ml"), true);
    let corrected = |count: f64| run::<BCellCase>(&json!({"cd19_abs_ul": count})).result("/category").clone();
    assert_eq!((corrected(60.9), corrected(61.0)), (json!("aplasia"), json!("no_aplasia")));
}

#[test]
fn counts_from_lymphocytes_and_from_cd20() {
    let of = |case: Value| run::<BCellCase>(&case).result("/observations/0/b_cells_ul").clone();
    assert_eq!(of(json!({"alc": 1.0, "cd19_percent": 5})), 50.0);
    assert_eq!(of(json!({"alc_ul": 1000, "cd20_percent": 4})), 40.0);
    assert_eq!(of(json!({"alc": 1.0, "cd19_percent": 5, "cd20_percent": 4})), 50.0);
    assert_eq!(of(json!({"alc": 1.0, "cd19_percent": 5, "cd19_abs_ul": 45})), 45.0);
    let differ = |reported: f64| {
        run::<BCellCase>(&json!({"alc": 1.0, "cd19_percent": 10, "cd19_abs_ul": reported}))
            .result("/observations/0/counts_differ")
            .clone()
    };
    assert_eq!(
        (differ(80.0), differ(79.9), differ(125.0), differ(125.1)),
        (json!(false), json!(true), json!(false), json!(true))
    );
}

#[test]
fn igg_limits_and_the_combination_c14() {
    let of = |count: f64, igg: f64, combination: &str| {
        let line = run::<BCellCase>(
            &json!({"cd19_abs_ul": count, "igg_g_l": igg, "clinical_state": "ASYMPTOMATIC", "parameters": {"combination": combination}}),
        );
        let day = line.result("/observations/0");
        (day["igg_low"].clone(), day["deficiency"].clone(), day["grade"].clone())
    };
    assert_eq!(of(100.0, 4.0, "either"), (json!(true), json!(true), json!(1)));
    assert_eq!(of(100.0, 4.1, "either"), (json!(false), json!(false), json!(0)));
    assert_eq!(of(10.0, 4.1, "either"), (json!(false), json!(true), json!(1)));
    assert_eq!(of(10.0, 4.1, "both"), (json!(false), json!(false), json!(0)));
    assert_eq!(of(10.0, 4.0, "both"), (json!(true), json!(true), json!(1)));
    let line = run::<BCellCase>(&json!({"cd19_abs_ul": 100, "igg_mg_dl": 400}));
    assert_eq!(line.result("/observations/0/igg_low"), true);
    assert_eq!(line.result("/parameters/combination"), "either");
    assert_eq!(line.provenance("b_cell.deficiency"), Some(Provenance::Proposed));
    assert_eq!(run::<BCellCase>(&json!({"igg_mg_dl": 401})).result("/observations/0/igg_low"), false);
}

#[test]
fn grades_of_4_6() {
    for (state, grade) in [("ASYMPTOMATIC", 1), ("SYMPTOMATIC", 2), ("URGENT", 3), ("LIFE_THREATENING", 4)] {
        let line = run::<BCellCase>(&json!({"cd19_abs_ul": 10, "igg_g_l": 8, "clinical_state": state}));
        assert_eq!(line.result("/observations/0/grade"), grade);
    }
    let unknown = run::<BCellCase>(&json!({"cd19_abs_ul": 10, "igg_g_l": 8}));
    assert_eq!(unknown.result("/observations/0/grade"), &Value::Null);
    assert!(unknown.missing().contains(&"clinical_state"));
    let none = run::<BCellCase>(&json!({"cd19_abs_ul": 100, "igg_g_l": 8}));
    assert_eq!(none.result("/observations/0/grade"), 0);
    let undecided = run::<BCellCase>(&json!({"igg_g_l": 8, "clinical_state": "URGENT"}));
    assert_eq!(undecided.result("/observations/0/grade"), &Value::Null);
}

#[test]
fn immunoglobulin_by_both_sections_c13() {
    let of = |disease: &str, igg: f64, state: &str, recurrent: bool| {
        let line = run::<BCellCase>(
            &json!({"disease": disease, "cd19_abs_ul": 10, "igg_g_l": igg, "clinical_state": state, "recurrent_infection": recurrent}),
        );
        let ivig = line.result("/observations/0/ivig");
        (ivig["general"].clone(), ivig["b_all"].clone(), ivig["indicated"].clone())
    };
    let (yes, no) = (json!(true), json!(false));
    assert_eq!(of("NHL", 4.0, "SYMPTOMATIC", false), (yes.clone(), no.clone(), yes.clone()));
    assert_eq!(of("MM", 4.01, "SYMPTOMATIC", true), (no.clone(), yes.clone(), no.clone()));
    assert_eq!(of("B_ALL", 4.99, "SYMPTOMATIC", true), (no.clone(), yes.clone(), yes.clone()));
    assert_eq!(of("B_ALL", 5.0, "SYMPTOMATIC", true), (no.clone(), no.clone(), no.clone()));
    assert_eq!(of("B_ALL", 4.0, "ASYMPTOMATIC", false), (no.clone(), no.clone(), no.clone()));
    assert_eq!(of("NHL", 4.0, "ASYMPTOMATIC", true), (no.clone(), yes.clone(), no.clone()));
    assert_eq!(of("NHL", 4.0, "URGENT", false).0, yes);
    assert_eq!(of("NHL", 4.0, "LIFE_THREATENING", false).0, yes);
    let printed = run::<BCellCase>(
        &json!({"disease": "NHL", "igg_g_l": 4.0, "cd19_abs_ul": 1, "clinical_state": "URGENT", "parameters": {"empty_cells_as_grade_2": false}}),
    );
    assert_eq!(printed.result("/observations/0/ivig/general"), &no);
    let no_disease = run::<BCellCase>(
        &json!({"igg_g_l": 4.5, "cd19_abs_ul": 1, "clinical_state": "SYMPTOMATIC", "recurrent_infection": "Y"}),
    );
    assert_eq!(no_disease.result("/observations/0/ivig/indicated"), &Value::Null);
    assert_eq!(no_disease.missing(), ["disease"]);
    let agree = run::<BCellCase>(
        &json!({"igg_g_l": 4.0, "cd19_abs_ul": 1, "clinical_state": "SYMPTOMATIC", "recurrent_infection": "Y"}),
    );
    assert_eq!(agree.result("/observations/0/ivig/indicated"), &yes);
    let all = run::<BCellCase>(
        &json!({"disease": "B_ALL", "igg_g_l": 4.0, "cd19_abs_ul": 100, "recurrent_infection": "UNK"}),
    );
    assert_eq!(all.result("/observations/0/ivig/indicated"), &Value::Null);
    assert!(all.missing().contains(&"recurrent_infection"));
    let high = run::<BCellCase>(&json!({"disease": "B_ALL", "igg_g_l": 9.0, "cd19_abs_ul": 100}));
    assert_eq!((high.result("/observations/0/ivig/indicated"), high.missing()), (&no, vec![]));
}

#[test]
fn close_monitoring_of_4_6() {
    let of = |igg: f64, member: &str, value: Value| {
        let mut case = json!({"igg_g_l": igg, "severe_infection": false, "persistent_infection": false, "recurrent_infection": false});
        case[member] = value;
        run::<BCellCase>(&case).result("/observations/0/monitoring").clone()
    };
    for member in ["severe_infection", "persistent_infection", "recurrent_infection"] {
        assert_eq!(of(4.0, member, json!("Y")), true);
        assert_eq!(of(4.1, member, json!(true)), false);
        assert_eq!(of(4.0, member, json!("N")), false);
        assert_eq!(of(4.0, member, json!("UNK")), Value::Null);
    }
}

#[test]
fn absent_factors_are_named() {
    let missing = |case: Value| {
        let line = run::<BCellCase>(&case);
        assert_eq!(
            (line.result("/category"), line.conclusion(At::Case)),
            (&json!("not_evaluable"), Some("not_evaluable"))
        );
        line.missing()
            .into_iter()
            .map(str::to_owned)
            .filter(|n| {
                !n.contains("ig") && !n.contains("state") && !n.contains("infection") && n != "disease"
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(missing(json!({})), ["wbc_10e9_l", "lymphocyte_percent", "cd19_percent"]);
    assert_eq!(missing(json!({"wbc": 3, "cd19_percent": 2})), ["lymphocyte_percent"]);
    assert_eq!(missing(json!({"alc": 1})), ["cd19_percent"]);
    assert_eq!(missing(json!({"cd20_percent": 1, "lymphocyte_percent": 10})), ["wbc_10e9_l"]);
    let line = run::<BCellCase>(&json!({"cd19_abs_ul": 100}));
    assert!(line.missing().contains(&"igg_g_l"));
    assert!(
        !run::<BCellCase>(&json!({"cd19_abs_ul": 10, "disease": "NHL", "clinical_state": "ASYMPTOMATIC"}))
            .missing()
            .contains(&"igg_g_l")
    );
}

fn series(rows: &[(i32, Option<f64>)]) -> Line {
    let rows: Vec<Value> =
        rows.iter().map(|(day, count)| json!({"day": day, "cd19_abs_ul": count})).collect();
    run::<BCellCase>(&json!({"observations": rows}))
}

#[test]
fn course_of_a_series() {
    let line = series(&[
        (180, Some(100.0)),
        (28, Some(0.0)),
        (-10, Some(5.0)),
        (0, Some(200.0)),
        (90, Some(10.0)),
        (200, Some(3.0)),
    ]);
    let course = line.result("/course");
    assert_eq!(course["state"], "recovered");
    assert_eq!(
        (&course["onset_day"], &course["recovery_day"], &course["last_aplasia_day"]),
        (&json!(28), &json!(180), &json!(90))
    );
    assert_eq!(
        (&course["duration_days"], &course["duration_at_least_days"], &course["recurrence_day"]),
        (&json!(152), &json!(62), &json!(200))
    );
    assert_eq!((line.conclusion(At::Case), line.result("/category")), (Some("recovered"), &json!("aplasia")));
    let ongoing = series(&[(28, Some(0.0)), (90, Some(60.9))]);
    assert_eq!(
        (ongoing.result("/course/state"), ongoing.conclusion(At::Case)),
        (&json!("ongoing"), Some("ongoing"))
    );
    assert_eq!(
        (ongoing.result("/course/duration_days"), ongoing.result("/course/duration_at_least_days")),
        (&Value::Null, &json!(62))
    );
    let none = series(&[(-3, Some(5.0)), (28, Some(61.0))]);
    assert_eq!(
        (none.result("/course/state"), none.result("/category")),
        (&json!("none"), &json!("no_aplasia"))
    );
    assert_eq!(none.conclusion(At::Case), Some("none"));
    let on_day_0 = series(&[(0, Some(5.0))]);
    assert_eq!(on_day_0.result("/course/onset_day"), 0);
    let unknown = series(&[(28, None), (30, Some(100.0))]);
    assert_eq!(
        (unknown.result("/course/state"), unknown.result("/category")),
        (&json!("not_evaluable"), &json!("not_evaluable"))
    );
    let before_only = series(&[(-3, Some(5.0))]);
    assert_eq!(before_only.result("/course/state"), "not_evaluable");
    let seen_anyway = series(&[(28, None), (30, Some(1.0))]);
    assert_eq!(seen_anyway.result("/course/state"), "ongoing");
    let dated = run::<BCellCase>(&json!({"infusion_date": "2024-01-01", "observations": [
        {"date": "2024-03-01", "cd19_abs_ul": 90}, {"date": "2024-01-31", "cd19_abs_ul": 9}]}));
    assert_eq!(
        (dated.result("/course/onset_date"), dated.result("/course/recovery_day")),
        (&json!("2024-01-31"), &json!(60))
    );
    assert_eq!(dated.result("/course/duration_days"), 30);
    let undated_start = run::<BCellCase>(&json!({"observations": [
        {"date": "2024-03-01", "cd19_abs_ul": 90}, {"date": "2024-01-31", "cd19_abs_ul": 9}]}));
    assert_eq!(
        (undated_start.result("/course/duration_days"), undated_start.result("/course/onset_day")),
        (&json!(30), &Value::Null)
    );
}

#[test]
fn impossible_input_is_refused_where_it_stands() {
    let at = |case: Value| fault::<BCellCase>(&case).pointer;
    let igg = fault::<BCellCase>(&json!({"igg_g_l": 400}));
    assert_eq!(igg.pointer, "/igg_g_l");
    assert!(igg.expected.contains("igg_mg_dl"), "{igg}");
    assert_eq!(at(json!({"cd19_percent": 101})), "/cd19_percent");
    assert_eq!(at(json!({"cd19_abs_ul": 100_001})), "/cd19_abs_ul");
    assert_eq!(
        at(json!({"observations": [{"day": 1, "igg_g_l": 4, "igg_mg_dl": 500}]})),
        "/observations/0/igg_mg_dl"
    );
    assert_eq!(at(json!({"clinical_state": "WELL"})), "/clinical_state");
    assert_eq!(at(json!({"recurrent_infection": 2})), "/recurrent_infection");
}

proptest! {
    #[test]
    fn fewer_cells_never_end_aplasia_and_units_do_not_matter(wbc in 0.1f64..10.0, lymphocytes in 1.0f64..80.0, cd19 in 0.0f64..15.0, by in 0.0f64..1.0, literal in any::<bool>()) {
        let of = |wbc: f64, unit: &str| {
            let mut case = json!({"lymphocyte_percent": lymphocytes, "cd19_percent": cd19, "parameters": {"literal_per_ml": literal}});
            case[unit] = json!(wbc);
            let line = run::<BCellCase>(&case);
            assert_eq!(line.conclusion(At::Case), line.result("/category").as_str());
            line.result("/category") == "aplasia"
        };
        prop_assert!(of(wbc * by, "wbc_10e9_l") >= of(wbc, "wbc_10e9_l"));
        prop_assert_eq!(of(wbc, "wbc_10e9_l"), of(wbc * 1000.0, "wbc_ul"));
    }

    #[test]
    fn the_order_of_rows_does_not_matter(counts in prop::collection::vec(0.0f64..130.0, 1..8), rotate in 0usize..8) {
        let rows: Vec<(i32, Option<f64>)> = counts.iter().zip(0..).map(|(c, day)| (day * 30, Some(*c))).collect();
        let mut other = rows.clone();
        other.rotate_left(rotate % rows.len());
        other.reverse();
        let line = series(&rows);
        prop_assert_eq!(&line.value["result"], &series(&other).value["result"]);
        prop_assert_eq!(line.conclusion(At::Case), line.result("/course/state").as_str());
    }
}
