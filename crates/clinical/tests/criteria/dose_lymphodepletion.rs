//! Doses of lymphodepletion (catalogue B1.5, B3.3, I3, I3.7, C36).

use crate::support::{Line, run};
use clinical::criteria::At;
use clinical::criteria::dose::DoseCase;
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

fn fc(flu: f64, flu_days: u8, cyc: f64, cyc_days: u8) -> Line {
    dose(&json!({"bsa_m2": 1.7, "lymphodepletion": {"regimen": "FC", "doses": [
        {"drug": "FLU", "dose_mg_m2": flu, "days": flu_days}, {"drug": "CYC", "dose_mg_m2": cyc, "days": cyc_days}]}}))
}

#[test]
fn lymphodepletion_totals_and_daily_doses_of_i3() {
    let line = fc(30.0, 3, 500.0, 3);
    let reference = line.result("/lymphodepletion/reference");
    assert_eq!(reference[0]["total_mg_m2"], json!({"min": 75.0, "max": 90.0}));
    assert_eq!(reference[1]["total_mg_m2"], json!({"min": 750.0, "max": 1500.0}));
    assert_eq!((&reference[0]["drug"], &reference[0]["days"]), (&json!("FLU"), &json!(3)));
    for (i, bound, expected) in [(0, "min", 42.5), (0, "max", 51.0), (1, "min", 425.0), (1, "max", 850.0)] {
        near(&reference[i]["daily_mg"][bound], expected);
    }
    let benda = dose(&json!({"lymphodepletion": {"regimen": "BENDA"}}));
    assert_eq!(
        benda.result("/lymphodepletion/reference/0/total_mg_m2"),
        &json!({"min": 140.0, "max": 180.0})
    );
    assert_eq!(benda.result("/lymphodepletion/reference/0/daily_mg"), &Value::Null);
    assert_eq!(
        (benda.result("/lymphodepletion/category"), benda.result("/category")),
        (&Value::Null, &json!("not_evaluable"))
    );
    assert_eq!(
        (
            line.result("/lymphodepletion/drugs/0/total_mg_m2"),
            line.result("/lymphodepletion/drugs/1/total_mg_m2")
        ),
        (&json!(90.0), &json!(1500.0))
    );
}

#[test]
fn lymphodepletion_limits_of_1_5_2() {
    let category = |line: &Line| line.result("/lymphodepletion/category").clone();
    for (flu, cyc, inside) in [
        (25.0, 250.0, true),
        (30.0, 500.0, true),
        (24.9, 300.0, false),
        (30.1, 300.0, false),
        (30.0, 249.0, false),
        (30.0, 501.0, false),
    ] {
        let line = fc(flu, 3, cyc, 3);
        assert_eq!(category(&line), if inside { "within_range" } else { "outside_range" }, "{flu} {cyc}");
        assert_eq!(line.conclusion_of("dose_lymphodepletion"), category(&line).as_str());
    }
    let two = fc(30.0, 2, 300.0, 3);
    assert_eq!(
        (category(&two), two.result("/lymphodepletion/drugs/0/days_as_recommended")),
        (json!("outside_range"), &json!(false))
    );
    assert_eq!(two.result("/lymphodepletion/drugs/0/total_in_range"), false);
    assert_eq!(two.result("/lymphodepletion/drugs/0/daily_in_range"), true);
    assert_eq!(fc(30.0, 3, 300.0, 4).result("/lymphodepletion/drugs/1/days_as_recommended"), false);
    for (mg, days, inside) in
        [(70.0, 2, true), (90.0, 2, true), (69.9, 2, false), (90.1, 2, false), (80.0, 3, false)]
    {
        let line = dose(
            &json!({"lymphodepletion": {"regimen": "BENDA", "doses": [{"drug": "BEN", "dose_mg_m2": mg, "days": days}]}}),
        );
        assert_eq!(category(&line), if inside { "within_range" } else { "outside_range" }, "{mg} {days}");
    }
    let tolerant = |flu: f64| {
        dose(&json!({"parameters": {"lymphodepletion_tolerance_percent": 5}, "lymphodepletion": {"regimen": "FC", "doses": [
            {"drug": "FLU", "dose_mg_m2": flu, "days": 3}, {"drug": "CYC", "dose_mg_m2": 300, "days": 3}]}})).result("/category").clone()
    };
    assert_eq!(
        (tolerant(31.5), tolerant(31.6), tolerant(23.75), tolerant(23.7)),
        (json!("within_range"), json!("outside_range"), json!("within_range"), json!("outside_range"))
    );
}

#[test]
fn lymphodepletion_by_mg_and_day() {
    let rows: Vec<Value> = (1..=3)
        .flat_map(|day| {
            [
                json!({"drug": "FLU", "day": day, "dose_mg": 51}),
                json!({"drug": "CYC", "day": day, "dose_mg": 850}),
            ]
        })
        .collect();
    let line = dose(&json!({"lymphodepletion": {"regimen": "FC", "bsa_m2": 1.7, "doses": rows}}));
    assert_eq!(line.result("/lymphodepletion/category"), "within_range");
    assert_eq!(line.result("/lymphodepletion/drugs/0/days"), 3);
    let one_missing = dose(
        &json!({"lymphodepletion": {"regimen": "FC", "doses": [{"drug": "FLU", "dose_mg_m2": 30, "days": 3}]}}),
    );
    assert_eq!(
        (one_missing.result("/category"), one_missing.missing()),
        (&json!("not_evaluable"), vec!["lymphodepletion/doses"])
    );
    assert_eq!(one_missing.result("/lymphodepletion/drugs/1/total_in_range"), &Value::Null);
    let no_regimen = dose(&json!({"lymphodepletion": {"doses": [{"drug": "FLU", "dose_mg_m2": 30}]}}));
    assert_eq!(
        (no_regimen.result("/category"), no_regimen.missing()),
        (&json!("not_evaluable"), vec!["lymphodepletion/regimen"])
    );
    let other =
        dose(&json!({"lymphodepletion": {"regimen": "OTHER", "doses": [{"drug": "FLU", "dose_mg_m2": 30}]}}));
    assert_eq!(other.result("/lymphodepletion/category"), "not_evaluable");
    assert_eq!(
        dose(&json!({"disease": "MM", "lymphodepletion": {"regimen": "FC"}}))
            .result("/lymphodepletion/provisional"),
        true
    );
    assert_eq!(
        dose(&json!({"disease": "NHL", "lymphodepletion": {"regimen": "FC"}}))
            .result("/lymphodepletion/provisional"),
        false
    );
}

#[test]
fn repeated_lymphodepletion_vectors_of_i3_7() {
    let of = |repeat: Value| {
        let line = dose(&json!({"infusion_date": "2024-03-30", "lymphodepletion": {"repeat": repeat}}));
        let candidate = line.result("/lymphodepletion/repeat_candidate").clone();
        let expected = match &candidate {
            Value::Bool(true) => "candidate",
            Value::Bool(false) => "not_candidate",
            _ => "not_evaluable",
        };
        assert_eq!(line.conclusion_of("dose_repeat"), Some(expected));
        candidate
    };
    assert_eq!(of(json!({"last_dose_day": -22, "wbc": 1.1})), true);
    assert_eq!(of(json!({"last_dose_day": -21, "wbc": 1.1})), false);
    assert_eq!(of(json!({"days_to_infusion": 22, "wbc_ul": 1000})), false);
    assert_eq!(of(json!({"last_dose_date": "2024-03-08", "wbc_ul": 1001})), true);
    assert_eq!(of(json!({"last_dose_day": -22})), Value::Null);
    assert_eq!(of(json!({"last_dose_day": -21})), false);
    assert_eq!(of(json!({"wbc": 0.5})), false);
    let missing = dose(&json!({"lymphodepletion": {"repeat": {}}}));
    assert_eq!(
        missing.missing(),
        [
            "lymphodepletion/repeat/days_to_infusion",
            "lymphodepletion/repeat/wbc_10e9_l",
            "lymphodepletion/doses"
        ]
    );
}
