//! Abnormal expansion of CAR-T cells (catalogue D12, C34).

use crate::support::{Line, fault, run};
use clinical::criteria::At;
use clinical::criteria::expansion::ExpansionCase;
use proptest::prelude::*;
use serde_json::{Value, json};

fn counts(wbc: f64, lymphocytes: f64, car_t: f64) -> Line {
    run::<ExpansionCase>(&json!({"wbc_10e9_l": wbc, "lymphocyte_percent": lymphocytes, "car_t_ul": car_t}))
}

#[test]
fn limits_of_4_10() {
    for (wbc, lymphocytes, car_t, each) in [
        (10.0, 70.0, 600.1, [true, true, true]),
        (9.9, 70.0, 600.1, [false, true, true]),
        (10.0, 69.9, 600.1, [true, false, true]),
        (10.0, 70.0, 600.0, [true, true, false]),
        (9.0, 50.0, 100.0, [false, false, false]),
    ] {
        let line = counts(wbc, lymphocytes, car_t);
        let day = line.result("/observations/0");
        assert_eq!(
            [&day["leukocytes"], &day["lymphocytes"], &day["car_t"]],
            [&json!(each[0]), &json!(each[1]), &json!(each[2])]
        );
        let all = each == [true; 3];
        assert_eq!((&day["all"], &day["any"]), (&json!(all), &json!(each != [false; 3])));
        assert_eq!(day["abnormal"], all);
        assert_eq!(line.result("/category"), if all { "abnormal" } else { "not_abnormal" });
        assert_eq!(line.conclusion(At::Case), line.result("/category").as_str());
    }
}

#[test]
fn any_criterion_when_chosen_c34() {
    let any = |car_t: f64| {
        run::<ExpansionCase>(
            &json!({"wbc": 5, "lymphocyte_percent": 20, "car_t_ul": car_t, "parameters": {"combination": "any"}}),
        )
    };
    assert_eq!(any(601.0).result("/category"), "abnormal");
    assert_eq!(any(600.0).result("/category"), "not_abnormal");
    assert_eq!(any(601.0).result("/parameters/combination"), "any");
    assert_eq!(counts(5.0, 20.0, 601.0).result("/parameters/combination"), "all");
}

#[test]
fn missing_values_decide_only_where_they_can() {
    let line = run::<ExpansionCase>(&json!({"wbc": 12, "car_t_ul": 700}));
    assert_eq!(
        (line.result("/category"), line.missing()),
        (&json!("not_evaluable"), vec!["lymphocyte_percent"])
    );
    assert_eq!(line.conclusion(At::Case), Some("not_evaluable"));
    let sure = run::<ExpansionCase>(&json!({"wbc": 5}));
    assert_eq!((sure.result("/category"), sure.missing()), (&json!("not_abnormal"), vec![]));
    let any = run::<ExpansionCase>(&json!({"wbc": 5, "parameters": {"combination": "or"}}));
    assert_eq!(
        (any.result("/category"), any.missing()),
        (&json!("not_evaluable"), vec!["lymphocyte_percent", "car_t_ul"])
    );
    assert_eq!(run::<ExpansionCase>(&json!({})).result("/category"), "not_evaluable");
}

#[test]
fn a_series_is_abnormal_from_its_first_abnormal_day() {
    let line = run::<ExpansionCase>(&json!({"observations": [
        {"day": 14, "wbc_ul": 12000, "lymphocyte_percent": 90, "car_t_10e9_l": 5},
        {"day": 7, "wbc": 3, "lymphocyte_percent": 90, "car_t_ul": 900},
        {"day": 10, "wbc": 11, "lymphocyte_percent": 80}, {"day": 10, "car_t_ul": 5000}]}));
    assert_eq!((line.result("/category"), line.result("/first_day")), (&json!("abnormal"), &json!(10)));
    let days: Vec<&Value> =
        line.result("/observations").as_array().unwrap().iter().map(|o| &o["day"]).collect();
    assert_eq!(days, [7, 10, 14]);
    assert_eq!(
        (line.conclusion(At::Day(7)), line.conclusion(At::Day(10))),
        (Some("not_abnormal"), Some("abnormal"))
    );
    let open = run::<ExpansionCase>(
        &json!({"observations": [{"date": "2024-01-07", "wbc": 3}, {"date": "2024-01-09", "wbc": 30}]}),
    );
    assert_eq!(open.result("/category"), "not_evaluable");
    assert_eq!(open.result("/observations/0/date"), "2024-01-07");
}

#[test]
fn impossible_input_is_refused_where_it_stands() {
    let at = |case: Value| fault::<ExpansionCase>(&case).pointer;
    assert_eq!(at(json!({"wbc": 1001})), "/wbc_10e9_l");
    assert_eq!(at(json!({"lymphocyte_percent": 101})), "/lymphocyte_percent");
    assert_eq!(at(json!({"car_t_ul": -1})), "/car_t_ul");
    assert_eq!(
        at(json!({"observations": [{"day": 1, "wbc": 3}, {"day": 1, "wbc": 4}]})),
        "/observations/1/wbc_10e9_l"
    );
    assert_eq!(
        at(json!({"observations": [{"day": 1, "wbc": 3}, {"date": "2024-01-01", "wbc": 4}]})),
        "/observations/0/day"
    );
    assert_eq!(at(json!({"parameters": {"combinaton": "any"}})), "/parameters/combinaton");
}

proptest! {
    #[test]
    fn more_cells_never_undo_the_finding(wbc in 5.0f64..15.0, share in 60.0f64..80.0, car_t in 400.0f64..800.0, more in 1.0f64..1.2, any in any::<bool>()) {
        let of = |wbc: f64, share: f64, car_t: f64| {
            let line = run::<ExpansionCase>(&json!({"wbc_10e9_l": wbc, "lymphocyte_percent": share, "car_t_ul": car_t,
                "parameters": {"combination": if any { "any" } else { "all" }}}));
            assert_eq!(line.conclusion(At::Case), line.result("/category").as_str());
            line.result("/category") == "abnormal"
        };
        prop_assert!(of(wbc * more, share * more, car_t * more) >= of(wbc, share, car_t));
    }
}
