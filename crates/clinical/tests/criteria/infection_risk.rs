//! Infection risk (catalogue D5.3, D6, D8, I3.7; H07, H10, C11, C12, C31, C42).

use crate::support::{Line, fault, run};
use clinical::criteria::At;
use clinical::criteria::infection_risk::InfectionRiskCase;
use proptest::prelude::*;
use serde_json::{Value, json};

fn with(changes: &Value) -> Line {
    let mut case = json!({
        "anc_before_infusion_10e9_l": 2.0, "dose_per_kg": 2e6, "prior_lines": 2, "prior_fungal_disease": "N", "high_dose_steroid": "N",
        "tocilizumab": "N", "steroid": "N", "recent_allo_hct": "N", "prior_hct": "N", "baseline_cytopenia": "N", "high_tumor_burden": "N",
        "marrow_infiltration": "N", "crs_grade": 2, "icans_grade": 0, "long_term_steroid": "N", "hematotox_score": 1});
    for (member, value) in changes.as_object().unwrap() {
        case[member] = value.clone();
    }
    let line = run::<InfectionRiskCase>(&case);
    assert_eq!(line.conclusion(At::Case), line.result("/category").as_str());
    assert_eq!(line.conclusion_of("infection_fungal"), Some(decided(line.result("/fungal/high"))));
    assert_eq!(line.conclusion_of("infection_antiviral"), Some(decided(line.result("/antiviral/high"))));
    line
}

fn decided(high: &Value) -> &'static str {
    match high {
        Value::Bool(true) => "high",
        Value::Bool(false) => "standard",
        _ => "not_evaluable",
    }
}

#[test]
fn fungal_risk_is_two_of_five() {
    let factors = [
        ("anc_before_infusion_10e9_l", json!(0.5), json!(0.51)),
        ("dose_per_kg", json!(2.000_001e7), json!(2e7)),
        ("prior_lines", json!(4), json!(3)),
        ("prior_fungal_disease", json!("Y"), json!("N")),
        ("high_dose_steroid", json!("Y"), json!("N")),
        ("tocilizumab", json!(true), json!(false)),
    ];
    assert_eq!(with(&json!({})).result("/fungal/high"), false);
    for (i, (name, bad, good)) in factors.iter().enumerate() {
        assert_eq!(with(&json!({*name: bad})).result("/fungal/high"), false, "{name} alone");
        assert_eq!(with(&json!({*name: bad})).result("/fungal/factors").as_array().unwrap().len(), 1);
        for (other, other_bad, other_good) in factors.iter().skip(i + 1) {
            let same_factor = *name == "high_dose_steroid" && *other == "tocilizumab";
            assert_eq!(
                with(&json!({*name: bad, *other: other_bad})).result("/fungal/high"),
                &json!(!same_factor),
                "{name}, {other}"
            );
            assert_eq!(with(&json!({*name: bad, *other: other_good})).result("/fungal/high"), false);
            assert_eq!(with(&json!({*name: good, *other: other_bad})).result("/fungal/high"), false);
        }
    }
}

#[test]
fn fungal_risk_with_missing_answers() {
    let line = with(&json!({"prior_lines": 4, "dose_per_kg": null}));
    assert_eq!((line.result("/fungal/high"), line.missing()), (&Value::Null, vec!["dose_per_kg"]));
    assert_eq!(line.result("/fungal/unknown"), &json!(["dose_per_kg"]));
    assert_eq!(with(&json!({"dose_per_kg": null})).result("/fungal/high"), false);
    let two = with(&json!({"prior_lines": null, "dose_per_kg": null}));
    assert_eq!(
        (two.result("/fungal/high"), two.missing()),
        (&Value::Null, vec!["dose_per_kg", "prior_lines"])
    );
    assert_eq!(
        with(&json!({"prior_lines": 5, "prior_fungal_disease": true, "dose_per_kg": null}))
            .result("/fungal/high"),
        true
    );
    assert_eq!(
        with(&json!({"prior_lines": 3, "prior_fungal_disease": true, "parameters": {"fungal_lines": 3}}))
            .result("/fungal/high"),
        true
    );
}

#[test]
fn high_infection_risk_of_4_5_2_is_any_factor() {
    assert_eq!(with(&json!({})).result("/category"), "standard");
    for (name, bad) in [
        ("prior_hct", json!("Y")),
        ("recent_allo_hct", json!("Y")),
        ("baseline_cytopenia", json!("Y")),
        ("high_tumor_burden", json!("Y")),
        ("marrow_infiltration", json!("Y")),
        ("crs_grade", json!(3)),
        ("icans_grade", json!(3)),
        ("long_term_steroid", json!("Y")),
        ("hematotox_score", json!(2)),
    ] {
        assert_eq!(with(&json!({name: bad})).result("/category"), "high", "{name}");
    }
    for (name, good) in [("crs_grade", 2), ("icans_grade", 2), ("hematotox_score", 1)] {
        assert_eq!(with(&json!({name: good})).result("/category"), "standard", "{name}");
    }
    for name in [
        "prior_hct",
        "baseline_cytopenia",
        "high_tumor_burden",
        "marrow_infiltration",
        "crs_grade",
        "icans_grade",
        "long_term_steroid",
    ] {
        let line = with(&json!({name: null}));
        assert_eq!((line.result("/category"), line.missing()), (&json!("not_evaluable"), vec![name]));
        assert_eq!(line.result("/infection/unknown"), &json!([name]));
    }
    let score = with(&json!({"hematotox_score": null}));
    assert_eq!(
        (score.result("/category"), score.missing()),
        (&json!("not_evaluable"), vec!["hematotox_high"])
    );
    assert_eq!(with(&json!({"hematotox_score": null, "hematotox_high": true})).result("/category"), "high");
    assert_eq!(with(&json!({"prior_hct": null, "baseline_cytopenia": true})).result("/category"), "high");
}

#[test]
fn antiviral_risk_of_4_7_2_is_another_set_c42() {
    assert_eq!(with(&json!({})).result("/antiviral/months_4_7_2"), 6);
    for (name, in_4_5_2) in [
        ("recent_allo_hct", true),
        ("steroid", false),
        ("tocilizumab", false),
        ("high_dose_steroid", false),
        ("long_term_steroid", true),
    ] {
        let line = with(&json!({name: "Y"}));
        assert_eq!(
            (line.result("/antiviral/high"), line.result("/antiviral/months_4_7_2")),
            (&json!(true), &json!(12)),
            "{name}"
        );
        assert_eq!(line.result("/antiviral/months_4_5_2"), 12);
        assert_eq!(line.result("/category"), if in_4_5_2 { "high" } else { "standard" });
    }
    assert_eq!(with(&json!({"crs_grade": 4})).result("/antiviral/high"), false);
    for name in ["recent_allo_hct", "steroid", "tocilizumab"] {
        let line = with(&json!({name: null}));
        assert_eq!(
            (line.result("/antiviral/high"), line.result("/antiviral/months_4_7_2")),
            (&Value::Null, &Value::Null)
        );
        assert!(line.missing().contains(&name));
    }
    assert_eq!(with(&json!({"steroid": null, "long_term_steroid": "Y"})).result("/antiviral/high"), true);
}

#[test]
fn duration_of_antivirals_by_each_reading_c11_c12() {
    let stop = |date: &str, tocilizumab: Value, cd4: Value| {
        let line = with(
            &json!({"infusion_date": "2024-01-31", "antiviral_stop_date": date, "tocilizumab": tocilizumab, "cd4_ul": cd4}),
        );
        let stop = line.result("/antiviral/stop");
        [stop["by_4_7_2"].clone(), stop["by_4_5_2_either"].clone(), stop["by_4_5_2_both"].clone()]
    };
    let (yes, no) = (json!(true), json!(false));
    assert_eq!(stop("2024-07-31", json!("N"), json!(201)), [yes.clone(), yes.clone(), no.clone()]);
    assert_eq!(stop("2024-07-30", json!("N"), json!(200)), [no.clone(), no.clone(), no.clone()]);
    assert_eq!(stop("2024-07-31", json!("Y"), json!(200)), [no.clone(), no.clone(), no.clone()]);
    assert_eq!(stop("2025-01-30", json!("Y"), json!(201)), [no.clone(), yes.clone(), no.clone()]);
    assert_eq!(stop("2025-01-31", json!("Y"), json!(201)), [yes.clone(), yes.clone(), yes.clone()]);
    assert_eq!(stop("2025-01-31", json!("Y"), json!(200)), [yes.clone(), yes.clone(), no.clone()]);
    assert_eq!(stop("2025-01-31", json!("N"), Value::Null), [yes.clone(), yes.clone(), Value::Null]);
    assert_eq!(stop("2024-08-31", Value::Null, json!(100)), [Value::Null, no.clone(), no.clone()]);
    assert_eq!(stop("2024-07-30", Value::Null, json!(100)), [no.clone(), no.clone(), no]);
    assert_eq!(with(&json!({"infusion_date": "2024-01-31"})).result("/antiviral/stop"), &Value::Null);
}

#[test]
fn severe_infection_is_grade_3_or_more_h07() {
    let severe = |grade: Value| with(&json!({"ctcae_grade": grade})).result("/severe_infection").clone();
    assert_eq!(
        (severe(json!(2)), severe(json!(3)), severe(json!(5)), severe(Value::Null)),
        (json!(false), json!(true), json!(true), Value::Null)
    );
}

fn covid(case: &Value) -> Line {
    let line = with(&json!({"covid": case}));
    let expected = match line.result("/covid/may_proceed") {
        Value::Bool(true) => "proceed",
        Value::Bool(false) => "postpone",
        _ => "not_evaluable",
    };
    assert_eq!(line.conclusion_of("infection_covid"), Some(expected));
    line
}

#[test]
fn covid_pause_vectors_of_i3_7() {
    let pause = |severity: &str, days: i32| {
        let line = covid(
            &json!({"severity": severity, "days_since_positive": days, "still_asymptomatic": "Y", "improved": "Y", "afebrile_hours": 24}),
        );
        assert_eq!(line.result("/covid/pause_met"), line.result("/covid/may_proceed"));
        line.result("/covid/may_proceed").clone()
    };
    for (severity, required) in [("ASYMP", 14), ("MILD_MOD", 14), ("SEVERE", 20), ("CRITICAL", 20)] {
        assert_eq!(
            (pause(severity, required - 1), pause(severity, required)),
            (json!(false), json!(true)),
            "{severity}"
        );
    }
    let dated = with(
        &json!({"infusion_date": "2024-03-15", "covid": {"severity": "ASYMP", "first_positive_date": "2024-03-01", "asymptomatic": true}}),
    );
    assert_eq!((dated.result("/covid/days"), dated.result("/covid/may_proceed")), (&json!(14), &json!(true)));
}

#[test]
fn covid_condition_of_restart() {
    let of = |case: Value| covid(&case).result("/covid/may_proceed").clone();
    assert_eq!(of(json!({"severity": "ASYMP", "days_since_positive": 20, "still_asymptomatic": "N"})), false);
    assert_eq!(
        of(
            json!({"severity": "MILD_MOD", "days_since_positive": 20, "improved": "Y", "afebrile_hours": 23.9})
        ),
        false
    );
    assert_eq!(
        of(json!({"severity": "MILD_MOD", "days_since_positive": 20, "improved": "N", "afebrile_hours": 48})),
        false
    );
    let open = covid(&json!({"severity": "SEVERE", "days_since_positive": 20, "improved": "Y"}));
    assert_eq!(
        (open.result("/covid/may_proceed"), open.missing()),
        (&Value::Null, vec!["covid/afebrile_hours"])
    );
    assert_eq!(open.result("/covid/pause_met"), true);
    let open = covid(&json!({"severity": "ASYMP", "days_since_positive": 14}));
    assert_eq!(
        (open.result("/covid/may_proceed"), open.missing()),
        (&Value::Null, vec!["covid/still_asymptomatic"])
    );
    assert_eq!(of(json!({"severity": "ASYMP", "days_since_positive": 13})), false);
    let no_severity = |days: i32| covid(&json!({"days_since_positive": days}));
    assert_eq!(no_severity(13).result("/covid/pause_met"), false);
    assert_eq!(no_severity(14).result("/covid/pause_met"), &Value::Null);
    assert_eq!(no_severity(19).result("/covid/pause_met"), &Value::Null);
    assert_eq!(no_severity(20).result("/covid/pause_met"), true);
    assert_eq!(no_severity(20).missing(), ["covid/severity"]);
    assert_eq!(
        covid(&json!({"severity": "ASYMP"})).missing(),
        ["covid/days_since_positive", "covid/still_asymptomatic"]
    );
}

#[test]
fn covid_urgent_exception_is_shown_c31() {
    let urgent = covid(
        &json!({"severity": "SEVERE", "days_since_positive": 5, "improved": "N", "afebrile_hours": 0, "urgent": "Y"}),
    );
    assert_eq!(
        (urgent.result("/covid/may_proceed"), urgent.result("/covid/urgent_exception")),
        (&json!(true), &json!(true))
    );
    let not_needed = covid(
        &json!({"severity": "ASYMP", "days_since_positive": 15, "still_asymptomatic": true, "urgent": true}),
    );
    assert_eq!(not_needed.result("/covid/urgent_exception"), false);
    let no = covid(&json!({"severity": "ASYMP", "days_since_positive": 5, "urgent": "N"}));
    assert_eq!(
        (no.result("/covid/may_proceed"), no.result("/covid/days_required")),
        (&json!(false), &json!(14))
    );
}

#[test]
fn live_vaccine_vectors_of_i3_7() {
    let vaccine = |case: Value| {
        let line = with(&json!({"live_vaccine": case, "ld_start_date": "2024-03-01"}));
        let allowed = line.result("/live_vaccine/allowed").clone();
        let expected = match &allowed {
            Value::Bool(true) => "allowed",
            Value::Bool(false) => "avoid",
            _ => "not_evaluable",
        };
        assert_eq!(line.conclusion_of("infection_vaccine"), Some(expected));
        allowed
    };
    let days = |days: i32, reconstituted: Value| {
        with(&json!({"live_vaccine": {"days_before_ld": days, "immune_reconstituted": reconstituted}}))
            .result("/live_vaccine/allowed")
            .clone()
    };
    assert_eq!((days(41, Value::Null), days(42, Value::Null)), (json!(false), json!(true)));
    assert_eq!(
        (days(0, json!("Y")), days(-1, json!("Y")), days(-200, json!("N")), days(-200, Value::Null)),
        (json!(false), json!(true), json!(false), Value::Null)
    );
    assert_eq!(vaccine(json!({"date": "2024-01-19"})), true);
    assert_eq!(vaccine(json!({"date": "2024-01-20"})), false);
    assert_eq!(vaccine(json!({"date": "2025-01-20", "immune_reconstituted": "Y"})), true);
    assert_eq!(vaccine(json!({})), Value::Null);
    let missing = with(&json!({"live_vaccine": {}}));
    assert_eq!(
        missing.missing(),
        ["live_vaccine/days_before_lymphodepletion", "live_vaccine/immune_reconstituted"]
    );
}

#[test]
fn impossible_input_is_refused_where_it_stands() {
    let at = |case: Value| fault::<InfectionRiskCase>(&case).pointer;
    assert_eq!(at(json!({"crs_grade": 6})), "/crs_grade");
    assert_eq!(at(json!({"icans_grade": -1})), "/icans_grade");
    assert_eq!(at(json!({"prior_lines": 21})), "/prior_lines");
    assert_eq!(at(json!({"hematotox_score": 8})), "/hematotox_score");
    assert_eq!(at(json!({"ctcae_grade": 0})), "/ctcae_grade");
    assert_eq!(at(json!({"hematotox_score": 2, "hematotox_high": "N"})), "/hematotox_high");
    assert_eq!(
        at(json!({"covid": {"first_positive_date": "2024-01-02", "restart_date": "2024-01-01"}})),
        "/covid/first_positive_date"
    );
    assert_eq!(
        at(
            json!({"covid": {"days_since_positive": 3, "first_positive_date": "2024-01-02", "restart_date": "2024-01-10"}})
        ),
        "/covid/days_since_positive"
    );
    assert_eq!(at(json!({"covid": {"afebrile_hours": -1}})), "/covid/afebrile_hours");
    assert_eq!(
        at(
            json!({"live_vaccine": {"days_before_ld": 5, "date": "2024-01-01"}, "ld_start_date": "2024-01-05"})
        ),
        "/live_vaccine/days_before_lymphodepletion"
    );
    assert_eq!(at(json!({"cd4_ul": 100, "cd4_10e9_l": 0.2})), "/cd4_10e9_l");
}

proptest! {
    #[test]
    fn one_more_factor_never_lowers_a_risk(bits in prop::collection::vec(0usize..3, 13), which in 0usize..13) {
        let names = ["prior_fungal_disease", "high_dose_steroid", "tocilizumab", "steroid", "recent_allo_hct", "prior_hct", "baseline_cytopenia",
            "high_tumor_burden", "marrow_infiltration", "long_term_steroid", "low_anc", "high_crs", "many_lines"];
        let of = |bits: &[usize]| {
            let mut changes = json!({});
            for (name, bit) in names.iter().zip(bits) {
                let value = |no: Value, yes: Value| [no, Value::Null, yes][*bit].clone();
                match *name {
                    "low_anc" => changes["anc_before_infusion_10e9_l"] = value(json!(1.0), json!(0.2)),
                    "high_crs" => changes["crs_grade"] = value(json!(1), json!(4)),
                    "many_lines" => changes["prior_lines"] = value(json!(1), json!(6)),
                    name => changes[name] = value(json!("N"), json!("Y")),
                }
            }
            let line = with(&changes);
            ["/fungal/high", "/antiviral/high", "/infection/high"].map(|p| match line.result(p) { Value::Bool(true) => 2, Value::Null => 1, _ => 0 })
        };
        let mut worse = bits.clone();
        worse[which] = 2;
        let (before, after) = (of(&bits), of(&worse));
        prop_assert!(before.iter().zip(after).all(|(b, a)| a >= *b), "{before:?} {after:?}");
    }
}
