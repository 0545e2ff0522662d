//! IEC-HS: items of catalogue D3.1, concurrency, grade D3.2, fibrinogen replacement D3.4, absences and properties.

use clinical::codes::toxicity::IecHsItem;
use clinical::criteria::case::{Fault, derive};
use clinical::criteria::iec_hs::{
    self, Baseline, IecHsCase, Limits, Observation, Parameters, Severity, assess, fibrinogen_replacement,
};
use clinical::criteria::{At, Trace, Verdict};
use proptest::prelude::*;
use serde_json::{Value, json};

fn line(case: &Value) -> Value {
    let mut trace = Trace::new();
    let decided = derive::<IecHsCase>(&case.to_string(), &mut trace).unwrap();
    assert_eq!(decided.unknown, Vec::<String>::new(), "{case}");
    assert_eq!(trace.conclusion(At::Case), decided.line["result"]["category"].as_str());
    decided.line
}

fn result(case: &Value) -> Value {
    line(case)["result"].clone()
}

fn fault(case: &Value) -> Fault {
    derive::<IecHsCase>(&case.to_string(), &mut Trace::new()).unwrap_err()
}

fn merged(base: &Value, changes: &Value) -> Value {
    let mut all = base.clone();
    for (name, value) in changes.as_object().unwrap() {
        all[name] = value.clone();
    }
    all
}

/// One day with every limit and baseline known.
fn with(row: &Value) -> Value {
    json!({
        "limits": {"ferritin_uln_ug_l": 400, "alt_uln_u_l": 40, "ast_uln_u_l": 40, "fibrinogen_lln_g_l": 1.8, "ldh_uln_u_l": 250,
            "direct_bilirubin_uln_umol_l": 7, "pt_uln_s": 14, "aptt_uln_s": 40},
        "baseline": {"ferritin_ug_l": 500, "alt_u_l": 20, "ast_u_l": 20},
        "days": [merged(&json!({"day": 12}), row)],
    })
}

/// Whether an item is present, absent or undecided.
fn item(row: &Value, code: &str) -> &'static str {
    state(&result(&with(row)), code)
}

fn state(result: &Value, code: &str) -> &'static str {
    for state in ["present", "absent", "undecided"] {
        for group in ["common", "other"] {
            if result[group][state].as_array().unwrap().contains(&json!(code)) {
                return state;
            }
        }
    }
    "unknown item"
}

fn required(case: &Value) -> Value {
    result(case)["required"].clone()
}

#[test]
fn d3_1_required_ferritin() {
    // 2 x upper limit 400, 2 x baseline 500: either one is enough.
    assert_eq!(required(&with(&json!({"ferritin_ug_l": 800}))), "not_met");
    assert_eq!(required(&with(&json!({"ferritin_ug_l": 800.1}))), "met");
    let of = |limits: Value, baseline: Value, ferritin: f64| {
        required(
            &json!({"limits": limits, "baseline": baseline, "days": [{"day": 9, "ferritin_ug_l": ferritin}]}),
        )
    };
    assert_eq!(of(json!({"ferritin_uln_ug_l": 400}), json!({"ferritin_ug_l": 300}), 600.0), "not_met");
    assert_eq!(of(json!({"ferritin_uln_ug_l": 400}), json!({"ferritin_ug_l": 300}), 601.0), "met");
    assert_eq!(of(json!({"ferritin_uln_ug_l": 400}), json!({}), 801.0), "met");
    assert_eq!(of(json!({"ferritin_uln_ug_l": 400}), json!({}), 800.0), "undecided");
    assert_eq!(of(json!({}), json!({"ferritin_ug_l": 300}), 601.0), "met");
    assert_eq!(of(json!({}), json!({"ferritin_ug_l": 300}), 600.0), "undecided");
    assert_eq!(required(&with(&json!({"ferritin_rapid_rise": true}))), "met");
    assert_eq!(required(&with(&json!({"ferritin_ug_l": 700, "ferritin_rapid_rise": "Y"}))), "met");
    assert_eq!(required(&with(&json!({"ferritin_ug_l": 700, "ferritin_rapid_rise": false}))), "not_met");
    assert_eq!(required(&with(&json!({}))), "undecided");
    let flat = json!({"ferritin_uln_ug_l": 400, "baseline_ferritin_ug_l": 500, "days": [{"day": 9, "ferritin_ng_ml": 801}]});
    assert_eq!(required(&flat), "met");
    let clash = json!({"ferritin_uln_ug_l": 400, "limits": {"ferritin_uln_ug_l": 300}});
    assert_eq!(fault(&clash).pointer, "/ferritin_uln_ug_l");
    let clash = json!({"ferritin_baseline_ug_l": 400, "baseline": {"ferritin_ug_l": 300}});
    assert_eq!(fault(&clash).pointer, "/baseline_ferritin_ug_l");
}

#[test]
fn the_last_ferritin_up_to_the_infusion_is_the_baseline() {
    let of = |rows: Value| required(&json!({"limits": {"ferritin_uln_ug_l": 4000}, "days": rows}));
    let later = json!({"day": 10, "ferritin_ug_l": 1001});
    assert_eq!(
        of(json!([later, {"day": -3, "ferritin_ug_l": 900}, {"day": 0, "ferritin_ug_l": 500}])),
        "met"
    );
    assert_eq!(of(json!([later, {"day": -3, "ferritin_ug_l": 500}])), "met");
    assert_eq!(
        of(json!([later, {"day": -3, "ferritin_ug_l": 400}, {"day": 0, "ferritin_ug_l": 501}])),
        "not_met"
    );
    assert_eq!(of(json!([later, {"day": 1, "ferritin_ug_l": 100}])), "undecided");
    let dated = json!({"infusion_date": "2024-04-01", "limits": {"ferritin_uln_ug_l": 4000}, "days": [
        {"date": "2024-03-31", "ferritin_ug_l": 100}, {"date": "2024-04-11", "ferritin_ug_l": 201}]});
    assert_eq!(required(&dated), "met");
}

#[test]
fn d3_1_transaminases() {
    for name in ["alt_u_l", "ast_u_l"] {
        assert_eq!(item(&json!({name: 200}), "TRANSAMINASES"), "absent", "{name}");
        assert_eq!(item(&json!({name: 200.1}), "TRANSAMINASES"), "present", "{name}");
    }
    let of = |value: f64, uln: Value, baseline: Value| {
        let case = json!({"limits": {"alt_uln_u_l": uln}, "baseline": {"alt_u_l": baseline}, "days": [{"day": 9, "alt_u_l": value}]});
        state(&result(&case), "TRANSAMINASES")
    };
    // An abnormal baseline is the reference itself; the upper limit counts as normal.
    assert_eq!(of(201.0, json!(40), json!(40)), "present");
    assert_eq!(of(201.0, json!(40), json!(41)), "absent");
    assert_eq!(of(205.0, json!(40), json!(41)), "absent");
    assert_eq!(of(205.1, json!(40), json!(41)), "present");
    assert_eq!(of(201.0, json!(40), Value::Null), "undecided");
    assert_eq!(of(200.0, json!(40), Value::Null), "absent");
    assert_eq!(of(900.0, Value::Null, json!(20)), "undecided");
    assert_eq!(item(&json!({"alt_u_l": 20, "ast_u_l": 300}), "TRANSAMINASES"), "present");
    assert_eq!(item(&json!({"items": ["TRANSAMINASES"]}), "TRANSAMINASES"), "present");
}

#[test]
fn d3_1_fibrinogen_and_cytopenia() {
    assert_eq!(item(&json!({"fibrinogen_g_l": 1.79}), "FIBRINOGEN"), "present");
    assert_eq!(item(&json!({"fibrinogen_g_l": 1.8}), "FIBRINOGEN"), "absent");
    assert_eq!(item(&json!({"fibrinogen_mg_dl": 179}), "FIBRINOGEN"), "present");
    assert_eq!(item(&json!({"fibrinogen_mg_dl": 180}), "FIBRINOGEN"), "absent");
    let no_limit =
        |value: f64| state(&result(&json!({"days": [{"day": 9, "fibrinogen_g_l": value}]})), "FIBRINOGEN");
    assert_eq!((no_limit(1.49), no_limit(1.5)), ("present", "undecided"));
    assert_eq!(item(&json!({"anc_10e9_l": 0.49}), "CYTOPENIA"), "present");
    assert_eq!(item(&json!({"anc_10e9_l": 0.5}), "CYTOPENIA"), "undecided");
    assert_eq!(item(&json!({"anc_ul": 499}), "CYTOPENIA"), "present");
    assert_eq!(item(&json!({"anc_ul": 500}), "CYTOPENIA"), "undecided");
    assert_eq!(item(&json!({"platelets_10e9_l": 24.9}), "CYTOPENIA"), "present");
    assert_eq!(item(&json!({"platelets_10e9_l": 25}), "CYTOPENIA"), "undecided");
    assert_eq!(item(&json!({"anc_10e9_l": 0.1, "cytopenia": false}), "CYTOPENIA"), "absent");
    let open = line(&with(&json!({"ferritin_ug_l": 5000, "anc_10e9_l": 2})));
    assert!(open["missing"].as_array().unwrap().contains(&json!("cytopenia")));
}

#[test]
fn d3_1_items_stated_in_words() {
    for (name, code) in [
        ("resolving_crs", "RESOLVING_CRS"),
        ("hemophagocytosis", "HEMOPHAGOCYTOSIS"),
        ("cytopenia", "CYTOPENIA"),
        ("coagulation", "COAGULATION"),
        ("direct_hyperbilirubinemia", "DIRECT_BILIRUBIN"),
        ("splenomegaly", "SPLENOMEGALY"),
        ("fever", "FEVER"),
        ("neurotoxicity", "NEUROTOXICITY"),
        ("pulmonary", "PULMONARY"),
        ("renal", "RENAL"),
    ] {
        assert_eq!(item(&json!({name: true}), code), "present");
        assert_eq!(item(&json!({name: "N"}), code), "absent");
        assert_eq!(item(&json!({name: "UNK"}), code), "undecided");
        assert_eq!(item(&json!({"items": [code.to_lowercase()]}), code), "present");
        assert_eq!(item(&json!({"items": [code], name: false}), code), "absent");
        assert_eq!(item(&json!({"items": []}), code), "undecided");
    }
}

#[test]
fn d3_1_items_by_laboratory() {
    for (name, limit, code, outside) in [
        ("ldh_u_l", 250.0, "LDH", "absent"),
        ("direct_bilirubin_umol_l", 7.0, "DIRECT_BILIRUBIN", "absent"),
        ("pt_s", 14.0, "COAGULATION", "undecided"),
        ("aptt_s", 40.0, "COAGULATION", "undecided"),
    ] {
        assert_eq!(item(&json!({name: limit}), code), outside, "{name}");
        assert_eq!(item(&json!({name: limit + 0.1}), code), "present", "{name}");
        let no_limit = line(&json!({"days": [{"day": 9, name: limit * 2.0, "ferritin_rapid_rise": true}]}));
        assert_eq!(state(&no_limit["result"], code), "undecided", "{name}");
    }
    for (name, limit) in [("triglycerides_mmol_l", 2.99), ("triglycerides_mg_dl", 265.0)] {
        assert_eq!(item(&json!({name: limit}), "TRIGLYCERIDES"), "absent");
        assert_eq!(item(&json!({name: limit + 0.01}), "TRIGLYCERIDES"), "present");
        assert_eq!(
            item(&json!({name: limit * 2.0, "triglycerides_fasting": false}), "TRIGLYCERIDES"),
            "undecided"
        );
        assert_eq!(item(&json!({name: limit * 2.0, "fasting": true}), "TRIGLYCERIDES"), "present");
    }
    item(&json!({"triglycerides_mmol_l": 2.99, "triglycerides_mg_dl": 265}), "TRIGLYCERIDES");
    let clash = with(&json!({"triglycerides_mmol_l": 2.5, "triglycerides_mg_dl": 265}));
    assert_eq!(fault(&clash).pointer, "/days/0/triglycerides_mg_dl");
}

fn all_absent() -> Value {
    json!({"resolving_crs": false, "alt_u_l": 20, "ast_u_l": 20, "fibrinogen_g_l": 3.0, "hemophagocytosis": false, "cytopenia": false})
}

#[test]
fn categories_without_a_diagnosis() {
    let category = |row: &Value| result(&with(row))["category"].clone();
    assert_eq!(category(&merged(&all_absent(), &json!({"ferritin_ug_l": 5000}))), "ferritin_only");
    assert_eq!(
        category(&merged(&all_absent(), &json!({"ferritin_ug_l": 5000, "cytopenia": true}))),
        "criteria_present"
    );
    assert_eq!(category(&merged(&all_absent(), &json!({"ferritin_ug_l": 500}))), "ferritin_not_met");
    assert_eq!(category(&all_absent()), "not_evaluable");
    assert_eq!(category(&json!({"ferritin_ug_l": 5000})), "not_evaluable");
    assert_eq!(category(&json!({"ferritin_ug_l": 5000, "fever": true})), "not_evaluable");
    assert_eq!(category(&json!({"ferritin_ug_l": 5000, "hemophagocytosis": true})), "criteria_present");
    let other =
        merged(&with(&json!({"ferritin_ug_l": 5000, "cytopenia": true})), &json!({"other_cause": true}));
    assert_eq!(result(&other)["category"], "other_cause");
    let other = merged(&with(&json!({"ferritin_ug_l": 500})), &json!({"other_cause": "Y"}));
    assert_eq!(result(&other)["category"], "other_cause");
    let not =
        merged(&with(&json!({"ferritin_ug_l": 5000, "cytopenia": true})), &json!({"other_cause": false}));
    assert_eq!(result(&not)["category"], "criteria_present");
    let found =
        result(&with(&json!({"ferritin_ug_l": 5000, "cytopenia": true, "ldh_u_l": 900, "fever": true})));
    assert_eq!(found["criteria_present"], json!(["FERRITIN", "CYTOPENIA", "LDH", "FEVER"]));
    assert_eq!((&found["common"]["count"], &found["other"]["count"]), (&json!(1), &json!(2)));
    assert_eq!(found["minimum_common_reached"], Value::Null);
    let groups = result(&with(&json!({})));
    assert_eq!(
        groups["common"]["undecided"],
        json!(["RESOLVING_CRS", "TRANSAMINASES", "FIBRINOGEN", "HEMOPHAGOCYTOSIS", "CYTOPENIA"])
    );
    assert_eq!(groups["other"]["undecided"].as_array().unwrap().len(), 9);
}

#[test]
fn q22_a_number_of_common_items_is_a_parameter() {
    let reached = |row: Value, minimum: u8| {
        result(&merged(&with(&row), &json!({"parameters": {"minimum_common": minimum}})))["minimum_common_reached"].clone()
    };
    let two =
        merged(&all_absent(), &json!({"ferritin_ug_l": 5000, "cytopenia": true, "fibrinogen_g_l": 1.0}));
    assert_eq!((reached(two.clone(), 2), reached(two.clone(), 3)), (json!(true), json!(false)));
    assert_eq!(reached(merged(&two, &json!({"hemophagocytosis": null})), 3), Value::Null);
    assert_eq!(reached(merged(&two, &json!({"ferritin_ug_l": 100})), 2), false);
}

#[test]
fn missing_names_what_would_decide() {
    let missing = |case: &Value| {
        line(&merged(case, &json!({"severity": {"no_other_findings": true}})))["missing"].clone()
    };
    assert_eq!(missing(&with(&all_absent())), json!(["ferritin_ug_l"]));
    assert_eq!(missing(&with(&json!({"cytopenia": true}))), json!(["ferritin_ug_l"]));
    let no_limits = json!({"days": [merged(&all_absent(), &json!({"day": 9, "ferritin_ug_l": 900}))]});
    let names = missing(&no_limits);
    assert!(names.as_array().unwrap().contains(&json!("limits.ferritin_uln_ug_l")), "{names}");
    assert!(names.as_array().unwrap().contains(&json!("limits.alt_uln_u_l")), "{names}");
    assert!(names.as_array().unwrap().contains(&json!("limits.fibrinogen_lln_g_l")), "{names}");
    assert_eq!(
        missing(&with(&json!({"ferritin_ug_l": 5000}))),
        json!(["resolving_crs", "alt_u_l", "fibrinogen_g_l", "hemophagocytosis", "cytopenia"])
    );
    assert_eq!(missing(&with(&json!({"ferritin_ug_l": 5000, "cytopenia": true}))), json!([]));
    assert_eq!(missing(&with(&json!({"ferritin_ug_l": 5}))), json!([]));
    assert_eq!(
        line(&with(&json!({"ferritin_ug_l": 5000, "cytopenia": true})))["missing"],
        json!(["severity"])
    );
    assert_eq!(result(&json!({}))["category"], "not_evaluable");
}

#[test]
fn features_count_together_within_72_hours() {
    let limits = json!({"ferritin_uln_ug_l": 400});
    let of = |rows: Value, parameters: Value| {
        result(&json!({"limits": limits, "days": rows, "parameters": parameters}))
    };
    let apart = |days: i32| {
        of(json!([{"day": 10, "ferritin_ug_l": 9000}, {"day": 10 + days, "cytopenia": true}]), json!({}))
    };
    assert_eq!(apart(3)["criteria_present"], json!(["FERRITIN", "CYTOPENIA"]));
    assert_eq!(apart(3)["window"], json!({"from": 10, "to": 13}));
    assert_eq!(apart(4)["criteria_present"], json!(["FERRITIN"]));
    assert_eq!(apart(4)["category"], "not_evaluable");
    assert_eq!(apart(-3)["criteria_present"], json!(["FERRITIN", "CYTOPENIA"]));
    let wider = of(
        json!([{"day": 10, "ferritin_ug_l": 9000}, {"day": 14, "cytopenia": true}]),
        json!({"concurrent_days": 4}),
    );
    assert_eq!(wider["category"], "criteria_present");
    assert_eq!(wider["parameters"]["concurrent_days"], 4);
    // Most common items, then most other items, then the earliest.
    let best = of(
        json!([
            {"day": 5, "ferritin_ug_l": 9000, "cytopenia": true},
            {"day": 12, "ferritin_ug_l": 9000, "cytopenia": true, "hemophagocytosis": true},
            {"day": 20, "cytopenia": true, "hemophagocytosis": true, "resolving_crs": true},
            {"day": 30, "ferritin_ug_l": 9000, "cytopenia": true, "hemophagocytosis": true, "fever": true},
            {"day": 40, "ferritin_ug_l": 9000, "cytopenia": true, "hemophagocytosis": true, "fever": true},
        ]),
        json!({}),
    );
    assert_eq!(best["window"], json!({"from": 30, "to": 30}));
    assert_eq!(best["days"][2]["present"], json!(["RESOLVING_CRS", "HEMOPHAGOCYTOSIS", "CYTOPENIA"]));
    // Findings before the infusion do not count.
    let before = of(json!([{"day": -1, "cytopenia": true}, {"day": 0, "ferritin_ug_l": 9000}]), json!({}));
    assert_eq!(before["criteria_present"], json!(["FERRITIN"]));
    assert_eq!(before["days"].as_array().unwrap().len(), 1);
}

fn severity(marks: &Value) -> (Value, Value) {
    let found = result(&merged(
        &with(&json!({"ferritin_ug_l": 5000, "cytopenia": true})),
        &json!({"severity": marks}),
    ));
    (found["grade"].clone(), found["grade_at_least"].clone())
}

#[test]
fn d3_2_grade() {
    let complete = |marks: Value| severity(&merged(&json!({"no_other_findings": true}), &marks)).0;
    assert_eq!(complete(json!({})), 1);
    for (grade, marks) in [
        (2, vec!["immunosuppression", "transfusion_for_hypofibrinogenemia"]),
        (
            3,
            vec![
                "bleeding_with_transfusion",
                "hospitalized_for_kidney_injury",
                "hospitalized_for_aki",
                "hospitalized_for_hypotension",
                "hospitalized_for_respiratory_distress",
            ],
        ),
        (4, vec!["life_threatening_bleeding", "life_threatening_hypotension", "intubation", "dialysis"]),
        (5, vec!["death_due_to_iec_hs"]),
    ] {
        for mark in marks {
            assert_eq!(complete(json!({mark: true})), grade, "{mark}");
            assert_eq!(complete(json!({mark: false})), 1, "{mark}");
            assert_eq!(severity(&json!({mark: true})).1, grade, "{mark}");
        }
    }
    assert_eq!(complete(json!({"immunosuppression": true, "dialysis": true})), 4);
    assert_eq!(severity(&json!({"dialysis": true})), (json!(4), json!(4)));
    assert_eq!(severity(&json!({"immunosuppression": true})), (Value::Null, json!(2)));
    assert_eq!(severity(&json!({})), (Value::Null, json!(1)));
    let case = merged(
        &with(&json!({"ferritin_ug_l": 5000, "cytopenia": true})),
        &json!({"severity": {"bleeding_with_transfusion": true}}),
    );
    assert_eq!(
        line(&case)["missing"],
        json!(["life_threatening_bleeding", "life_threatening_hypotension", "intubation", "dialysis"])
    );
    assert_eq!(result(&merged(&case, &json!({"parameters": {"unreported_signs": "absent"}})))["grade"], 3);
    // A syndrome that is excluded has no grade; one that is open may have.
    let excluded = merged(&case, &json!({"other_cause": true}));
    assert_eq!(result(&excluded)["grade_at_least"], Value::Null);
    let low = merged(&with(&json!({"ferritin_ug_l": 5})), &json!({"severity": {"dialysis": true}}));
    assert_eq!(result(&low)["grade"], Value::Null);
    let open = merged(&with(&json!({})), &json!({"severity": {"dialysis": true}}));
    assert_eq!(result(&open)["grade"], 4);
}

#[test]
fn d3_4_fibrinogen_replacement() {
    use Verdict::{Met, NotMet, Undecided};
    for (fibrinogen, bleeding, expected) in [
        (Some(1.0), Some(false), Met),
        (Some(1.01), Some(false), NotMet),
        (Some(1.5), Some(true), Met),
        (Some(1.51), Some(true), NotMet),
        (Some(1.2), None, Undecided),
        (Some(1.0), None, Met),
        (Some(1.51), None, NotMet),
        (None, Some(true), Undecided),
        (None, Some(false), Undecided),
    ] {
        assert_eq!(fibrinogen_replacement(fibrinogen, bleeding), expected, "{fibrinogen:?} {bleeding:?}");
    }
    let expected = |row: Value| result(&with(&row))["days"][0]["fibrinogen_replacement_expected"].clone();
    assert_eq!(expected(json!({"fibrinogen_mg_dl": 150, "bleeding": true})), true);
    assert_eq!(expected(json!({"fibrinogen_mg_dl": 150, "bleeding": false})), false);
    assert_eq!(expected(json!({"fibrinogen_mg_dl": 120})), Value::Null);
}

#[test]
fn r13_ferritin_near_the_diagnosis() {
    let near = |diagnosis: Value| {
        result(&merged(&with(&json!({"ferritin_ug_l": 5000})), &diagnosis))["ferritin_near_diagnosis"].clone()
    };
    assert_eq!(near(json!({})), Value::Null);
    assert_eq!(near(json!({"diagnosis_day": 15})), true);
    assert_eq!(near(json!({"diagnosis_day": 9})), true);
    assert_eq!(near(json!({"diagnosis_day": 16})), false);
    assert_eq!(near(json!({"diagnosis_date": "2024-04-11"})), Value::Null);
    let dated =
        json!({"diagnosis_date": "2024-04-11", "days": [{"date": "2024-04-08", "ferritin_ug_l": 10}]});
    assert_eq!(result(&dated)["ferritin_near_diagnosis"], true);
    let without = merged(&with(&json!({"cytopenia": true})), &json!({"diagnosis_day": 12}));
    assert_eq!(result(&without)["ferritin_near_diagnosis"], false);
}

#[test]
fn impossible_values_are_faults() {
    for (name, low, high) in [
        ("ferritin_ug_l", -1.0, 300_000.1),
        ("alt_u_l", -1.0, 20_000.1),
        ("ast_u_l", -1.0, 20_000.1),
        ("fibrinogen_g_l", -0.1, 15.1),
        ("fibrinogen_mg_dl", -0.1, 1500.1),
        ("anc_10e9_l", -0.1, 200.1),
        ("anc_ul", -0.1, 200_000.1),
        ("platelets_10e9_l", -0.1, 3000.1),
        ("ldh_u_l", -0.1, 20_000.1),
        ("direct_bilirubin_umol_l", -0.1, 1000.1),
        ("pt_s", 4.9, 200.1),
        ("aptt_s", 9.9, 300.1),
        ("triglycerides_mmol_l", 0.05, 50.1),
        ("triglycerides_mg_dl", 7.9, 4500.1),
    ] {
        for value in [low, high] {
            assert_eq!(fault(&with(&json!({name: value}))).pointer, format!("/days/0/{name}"), "{value}");
        }
    }
    assert!(fault(&with(&json!({"fibrinogen_g_l": 120}))).expected.contains("mg/dL"));
    assert!(fault(&with(&json!({"anc_10e9_l": 800}))).expected.contains("/ul"));
    assert!(fault(&with(&json!({"triglycerides_mmol_l": 265}))).expected.contains("mg/dL"));
    assert_eq!(fault(&with(&json!({"anc_10e9_l": 0.5, "anc_ul": 600}))).pointer, "/days/0/anc_ul");
    assert_eq!(
        fault(&with(&json!({"fibrinogen_g_l": 1.0, "fibrinogen_mg_dl": 150}))).pointer,
        "/days/0/fibrinogen_mg_dl"
    );
    assert_eq!(
        fault(&with(&json!({"fibrinogen_g_l": 1.5, "fibrinogen_mg_dl": 148.9}))).pointer,
        "/days/0/fibrinogen_mg_dl"
    );
    line(&with(&json!({"fibrinogen_g_l": 1.5, "fibrinogen_mg_dl": 149.5})));
    for name in [
        "ferritin_uln_ug_l",
        "alt_uln_u_l",
        "ast_uln_u_l",
        "fibrinogen_lln_g_l",
        "ldh_uln_u_l",
        "direct_bilirubin_uln_umol_l",
        "pt_uln_s",
        "aptt_uln_s",
    ] {
        assert_eq!(fault(&json!({"limits": {name: 0}})).pointer, format!("/limits/{name}"));
        assert_eq!(fault(&json!({"limits": {name: 400_000}})).pointer, format!("/limits/{name}"));
    }
    for name in ["ferritin_ug_l", "alt_u_l", "ast_u_l"] {
        assert_eq!(fault(&json!({"baseline": {name: -1}})).pointer, format!("/baseline/{name}"));
    }
    assert_eq!(fault(&json!({"days": [{"ferritin_ug_l": 5}]})).pointer, "/days/0");
}

#[test]
fn provenance_is_reconstructed_but_for_the_grade() {
    assert_eq!(iec_hs::FERRITIN.provenance.name(), "reconstructed");
    assert_eq!(iec_hs::GRADE_3.provenance.name(), "seed");
    assert_eq!(iec_hs::REPLACEMENT.provenance.name(), "seed");
    assert_eq!(iec_hs::CRITERIA_PRESENT.provenance.name(), "proposed");
    let ids: std::collections::BTreeSet<&str> = iec_hs::CRITERIA.iter().map(|c| c.id).collect();
    assert_eq!(ids.len(), iec_hs::CRITERIA.len());
    let line = line(&with(&json!({"ferritin_ug_l": 5000})));
    let step = line["trace"].as_array().unwrap().iter().find(|s| s["rule"] == "iec_hs.ferritin").unwrap();
    assert_eq!(
        (&step["day"], &step["values"]["ferritin_uln_ug_l"], &step["values"]["baseline_ferritin_ug_l"]),
        (&json!(12), &json!(400.0), &json!(500.0))
    );
}

fn observation() -> impl Strategy<Value = Observation> {
    let flag = || prop::option::of(any::<bool>());
    (
        (
            0..20_i32,
            prop::option::of(prop::sample::select(vec![100.0, 800.0, 900.0, 1001.0, 5000.0])),
            flag(),
            flag(),
        ),
        (
            prop::option::of(0.0..400.0_f64),
            prop::option::of(0.5..3.0_f64),
            flag(),
            flag(),
            prop::option::of(0.0..2.0_f64),
        ),
        (flag(), flag(), flag(), prop::collection::vec(prop::sample::select(IecHsItem::ALL), 0..2)),
    )
        .prop_map(
            |(
                (day, ferritin_ug_l, ferritin_rapid_rise, resolving_crs),
                (alt_u_l, fibrinogen_g_l, hemophagocytosis, cytopenia, anc_10e9_l),
                (fever, renal, bleeding, items),
            )| Observation {
                day: Some(day),
                ferritin_ug_l,
                ferritin_rapid_rise,
                resolving_crs,
                alt_u_l,
                fibrinogen_g_l,
                hemophagocytosis,
                cytopenia,
                anc_10e9_l,
                fever,
                renal,
                bleeding,
                items: Some(items),
                ..Observation::default()
            },
        )
}

fn judged(rows: &[Observation], trace: &mut Trace) -> iec_hs::IecHs {
    let limits = Limits {
        ferritin_uln_ug_l: Some(400.0),
        alt_uln_u_l: Some(40.0),
        fibrinogen_lln_g_l: Some(1.8),
        ..Limits::default()
    };
    let baseline = Baseline { ferritin_ug_l: Some(500.0), alt_u_l: Some(30.0), ..Baseline::default() };
    let severity = Severity { dialysis: Some(true), ..Severity::default() };
    assess(rows, None, &limits, &baseline, None, Some(&severity), Parameters::default(), trace).unwrap()
}

proptest! {
    #[test]
    fn the_trace_alone_reproduces_the_result(rows in prop::collection::vec(observation(), 0..8)) {
        let mut trace = Trace::new();
        let found = judged(&rows, &mut trace);
        prop_assert_eq!(trace.conclusion(At::Case), Some(found.category));
        let met = |id: &str| trace.steps().iter().rev().find(|s| s.at == At::Case && s.criterion.id == id).unwrap().verdict.met();
        for item in &found.common.present {
            let id = format!("iec_hs.{}", item.code().to_lowercase());
            prop_assert!(met(&id), "an item is present by its rule");
        }
        let graded = trace.steps().iter().rev().find(|s| s.criterion.id.starts_with("iec_hs.grade") && s.concludes.is_some());
        prop_assert_eq!(graded.and_then(|s| s.concludes).map(str::to_owned), found.grade.map(|g| g.to_string()));
        prop_assert_eq!(found.common.count + found.common.absent.len() + found.common.undecided.len(), 5);
        prop_assert_eq!(found.other.count + found.other.absent.len() + found.other.undecided.len(), 9);
        prop_assert_eq!(found.criteria_present.len(), found.common.count + found.other.count + usize::from(found.required.met()));
    }

    #[test]
    fn order_of_rows_does_not_matter(rows in prop::collection::vec(observation(), 0..8)) {
        let backwards: Vec<Observation> = rows.iter().rev().cloned().collect();
        let (a, b) = (judged(&rows, &mut Trace::new()), judged(&backwards, &mut Trace::new()));
        prop_assert_eq!((a.category, a.required, a.common, a.other, a.window), (b.category, b.required, b.common, b.other, b.window));
    }

    #[test]
    fn more_findings_never_leave_fewer_criteria(rows in prop::collection::vec(observation(), 1..8), which in any::<prop::sample::Index>(), how in 0..4_u8) {
        let mut worse = rows.clone();
        let row = &mut worse[which.index(rows.len())];
        match how {
            0 => row.ferritin_ug_l = row.ferritin_ug_l.map(|f| f * 3.0),
            1 => row.cytopenia = Some(true),
            2 => row.fibrinogen_g_l = row.fibrinogen_g_l.map(|f| f / 3.0),
            _ => row.hemophagocytosis = Some(true),
        }
        let (before, after) = (judged(&rows, &mut Trace::new()), judged(&worse, &mut Trace::new()));
        prop_assert!(after.required.met() >= before.required.met());
        if before.required.met() {
            prop_assert!(after.common.count >= before.common.count);
        }
    }

    #[test]
    fn units_do_not_matter(rows in prop::collection::vec(observation(), 0..8)) {
        let converted: Vec<Observation> = rows
            .iter()
            .map(|row| Observation {
                fibrinogen_g_l: None,
                fibrinogen_mg_dl: row.fibrinogen_g_l.map(|f| f * 100.0),
                anc_10e9_l: None,
                anc_ul: row.anc_10e9_l.map(|a| a * 1000.0),
                ..row.clone()
            })
            .collect();
        prop_assert_eq!(judged(&rows, &mut Trace::new()), judged(&converted, &mut Trace::new()));
    }
}
