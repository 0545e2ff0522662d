//! Hepatitis B (catalogue D9, I3.6).
#![expect(clippy::needless_pass_by_value, reason = "cases are written where they are used")]

use crate::support::{Line, fault, run};
use clinical::criteria::At;
use clinical::criteria::hbv::HbvCase;
use proptest::prelude::*;
use serde_json::{Value, json};

fn one(baseline: Value, day: Value) -> Line {
    let mut row = day;
    row["day"] = json!(60);
    let line = run::<HbvCase>(&json!({"baseline": baseline, "observations": [row]}));
    assert_eq!(line.conclusion(At::Day(60)), line.result("/category").as_str());
    line
}

fn reactivated(baseline: Value, day: Value) -> Value {
    one(baseline, day).result("/reactivated").clone()
}

#[test]
fn vectors_of_i3_6() {
    let undetectable = json!({"hbsag": "POS", "hbv_dna_detectable": false});
    assert_eq!(reactivated(undetectable.clone(), json!({"hbv_dna_iu_ml": 999})), false);
    assert_eq!(reactivated(undetectable, json!({"hbv_dna_iu_ml": 1000})), true);
    let fifty = json!({"hbsag": "POS", "hbv_dna_iu_ml": 50});
    assert_eq!(reactivated(fifty.clone(), json!({"hbv_dna_iu_ml": 5000})), true);
    assert_eq!(reactivated(fifty, json!({"hbv_dna_iu_ml": 4999})), false);
    let unknown = json!({"hbsag": "POS"});
    assert_eq!(reactivated(unknown.clone(), json!({"hbv_dna_iu_ml": 9999})), false);
    assert_eq!(reactivated(unknown, json!({"hbv_dna_iu_ml": 10000})), true);
    let core = json!({"hbsag": "NEG", "hbcab": "POS"});
    assert_eq!(reactivated(core.clone(), json!({"hbv_dna_detectable": "Y", "hbsag": "NEG"})), true);
    assert_eq!(reactivated(core.clone(), json!({"hbv_dna_iu_ml": 12, "hbsag": "NEG"})), true);
    assert_eq!(reactivated(core.clone(), json!({"hbv_dna_detectable": "N", "hbsag": "NEG"})), false);
    assert_eq!(reactivated(core, json!({"hbv_dna_detectable": "N", "hbsag": "POS"})), true);
}

#[test]
fn the_rule_met_is_named() {
    let rule = |baseline: Value, day: Value| one(baseline, day).result("/rule").clone();
    assert_eq!(
        rule(json!({"hbsag": "POS", "hbv_dna_iu_ml": 0}), json!({"hbv_dna_iu_ml": 2000})),
        "hbv.aasld_1000"
    );
    assert_eq!(
        rule(json!({"hbsag": "POS", "hbv_dna_iu_ml": 50}), json!({"hbv_dna_iu_ml": 5000})),
        "hbv.aasld_rise"
    );
    assert_eq!(rule(json!({"hbsag": "POS"}), json!({"hbv_dna_iu_ml": 10000})), "hbv.aasld_10000");
    assert_eq!(
        rule(json!({"hbsag": "POS", "hbv_dna_detectable": true}), json!({"hbv_dna_iu_ml": 10000})),
        "hbv.aasld_10000"
    );
    let core = json!({"hbsag": "NEG", "hbcab": "POS", "hbv_dna_detectable": false});
    assert_eq!(rule(core.clone(), json!({"hbv_dna_iu_ml": 5})), "hbv.aasld_dna_appears");
    assert_eq!(rule(core, json!({"hbsag": "POS"})), "hbv.aasld_hbsag_reappears");
    let occult = json!({"hbsag": "NEG", "hbcab": "POS", "hbv_dna_iu_ml": 20});
    assert_eq!(rule(occult.clone(), json!({"hbv_dna_iu_ml": 2000, "hbsag": "NEG"})), "hbv.occult_rise");
    assert_eq!(reactivated(occult, json!({"hbv_dna_iu_ml": 1999, "hbsag": "NEG"})), false);
    assert_eq!(rule(json!({"hbsag": "POS", "hbv_dna_iu_ml": 50}), json!({"hbv_dna_iu_ml": 50})), Value::Null);
}

#[test]
fn definitions_differ_and_both_are_reported() {
    let case = |definition: &str, day: Value| {
        let mut row = day;
        row["day"] = json!(30);
        let line = run::<HbvCase>(
            &json!({"baseline": {"hbsag": "POS", "hbv_dna_detectable": false}, "definition": definition, "observations": [row]}),
        );
        assert_eq!(line.conclusion(At::Day(30)), line.result("/category").as_str());
        assert_eq!(line.result("/parameters/definition"), definition);
        (
            line.result("/reactivated").clone(),
            line.result("/aasld2018").clone(),
            line.result("/chb2019").clone(),
            line.result("/rule").clone(),
        )
    };
    let (yes, no) = (json!(true), json!(false));
    assert_eq!(
        case("CHB2019", json!({"hbv_dna_iu_ml": 500, "hbsag": "POS"})),
        (yes.clone(), no.clone(), yes.clone(), json!("hbv.chb_dna_appears"))
    );
    assert_eq!(
        case("AASLD2018", json!({"hbv_dna_iu_ml": 500, "hbsag": "POS"})),
        (no.clone(), no, yes, Value::Null)
    );
    let chb = |baseline: Value, day: Value| {
        let line = one(baseline, day);
        line.result("/chb2019").clone()
    };
    assert_eq!(chb(json!({"hbsag": "POS", "hbv_dna_iu_ml": 30}), json!({"hbv_dna_iu_ml": 3000})), true);
    assert_eq!(chb(json!({"hbsag": "POS", "hbv_dna_iu_ml": 30}), json!({"hbv_dna_iu_ml": 2999})), false);
    assert_eq!(
        chb(
            json!({"hbsag": "NEG", "hbcab": "POS", "hbv_dna_detectable": false}),
            json!({"hbv_dna_detectable": false, "hbsag": "POS"})
        ),
        true
    );
    assert_eq!(
        chb(
            json!({"hbsag": "NEG", "hbcab": "POS", "hbv_dna_detectable": false}),
            json!({"hbv_dna_detectable": false, "hbsag": "NEG"})
        ),
        false
    );
    assert_eq!(chb(json!({"hbsag": "POS"}), json!({"hbv_dna_iu_ml": 1e9})), Value::Null);
}

#[test]
fn what_is_unknown_decides_only_where_both_readings_agree() {
    let level_unknown = one(json!({"hbsag": "POS", "hbv_dna_iu_ml": 0}), json!({"hbv_dna_detectable": true}));
    assert_eq!(
        (level_unknown.result("/reactivated"), level_unknown.missing()),
        (&Value::Null, vec!["hbv_dna_iu_ml"])
    );
    assert_eq!(
        reactivated(json!({"hbsag": "POS", "hbv_dna_iu_ml": 0}), json!({"hbv_dna_detectable": false})),
        false
    );
    let no_tests = one(json!({"hbsag": "NEG", "hbcab": "POS", "hbv_dna_iu_ml": 0}), json!({"alt_u_l": 20}));
    assert_eq!(
        (no_tests.result("/category"), no_tests.missing()),
        (&json!("not_evaluable"), vec!["hbv_dna_iu_ml", "hbsag"])
    );
    let sag_unknown = one(json!({"hbcab": "POS", "hbv_dna_iu_ml": 0}), json!({"hbv_dna_iu_ml": 1000}));
    assert_eq!(sag_unknown.result("/reactivated"), true);
    assert_eq!(sag_unknown.result("/rule"), "hbv.aasld_2018");
    let between = one(json!({"hbcab": "POS", "hbv_dna_iu_ml": 0}), json!({"hbv_dna_iu_ml": 999}));
    assert_eq!(between.result("/reactivated"), &Value::Null);
    assert!(between.missing().contains(&"baseline_hbsag"));
    let core_unknown = one(json!({"hbsag": "NEG", "hbv_dna_iu_ml": 0}), json!({"hbv_dna_iu_ml": 999}));
    assert_eq!(core_unknown.result("/reactivated"), &Value::Null);
    assert!(core_unknown.missing().contains(&"baseline_hbcab"));
    assert_eq!(
        reactivated(json!({"hbsag": "NEG", "hbv_dna_iu_ml": 0}), json!({"hbv_dna_iu_ml": 0, "hbsag": "NEG"})),
        false
    );
    assert_eq!(
        reactivated(json!({"hbsag": "POS", "hbv_dna_detectable": true}), json!({"hbv_dna_iu_ml": 9999})),
        false
    );
    let empty = run::<HbvCase>(&json!({"baseline": {"hbsag": "POS"}}));
    assert_eq!(
        (empty.result("/reactivated"), empty.result("/category")),
        (&Value::Null, &json!("not_evaluable"))
    );
    assert_eq!(empty.missing(), ["observations"]);
    let chb = run::<HbvCase>(
        &json!({"definition": "CHB2019", "baseline": {"hbsag": "POS"}, "observations": [{"day": 9, "hbv_dna_iu_ml": 50}]}),
    );
    assert!(chb.missing().contains(&"baseline_hbv_dna_iu_ml"));
    let known_before = run::<HbvCase>(
        &json!({"definition": "CHB2019", "baseline": {"hbsag": "POS", "hbv_dna_iu_ml": 50}, "observations": [{"day": 9}]}),
    );
    assert_eq!(known_before.missing(), ["hbv_dna_iu_ml"]);
    let known_now = run::<HbvCase>(
        &json!({"definition": "CHB2019", "baseline": {"hbcab": "POS", "hbv_dna_iu_ml": 50}, "observations": [{"day": 9, "hbv_dna_iu_ml": 60, "hbsag": "POS"}]}),
    );
    assert_eq!(known_now.missing(), ["baseline_hbsag"]);
}

#[test]
fn markers_in_a_seronegative_patient_are_a_new_infection() {
    let line = one(
        json!({"hbsag": "NEG", "hbcab": "NEG", "hbsab": "NEG"}),
        json!({"hbsag": "POS", "hbv_dna_iu_ml": 1e6}),
    );
    assert_eq!((line.result("/reactivated"), line.result("/new_infection")), (&json!(false), &json!(true)));
    let not = one(json!({"hbsag": "NEG", "hbcab": "POS"}), json!({"hbsag": "POS", "hbv_dna_iu_ml": 1e6}));
    assert_eq!((not.result("/reactivated"), not.result("/new_infection")), (&json!(true), &json!(false)));
}

#[test]
fn flare_is_threefold_and_above_100() {
    let flare = |baseline: Value, alt: f64| one(baseline, json!({"alt_u_l": alt})).result("/flare").clone();
    let forty = || json!({"hbsag": "POS", "alt_u_l": 40});
    assert_eq!((flare(forty(), 120.0), flare(forty(), 119.9)), (json!(true), json!(false)));
    let thirty = || json!({"hbsag": "POS", "alt_u_l": 30});
    assert_eq!((flare(thirty(), 100.0), flare(thirty(), 100.1)), (json!(false), json!(true)));
    assert_eq!(
        (flare(json!({"hbsag": "POS"}), 100.0), flare(json!({"hbsag": "POS"}), 101.0)),
        (json!(false), Value::Null)
    );
    let line = run::<HbvCase>(&json!({"baseline": {"hbsag": "POS", "alt_u_l": 20}, "observations": [
        {"date": "2024-06-01", "alt_u_l": 500}, {"date": "2024-05-01", "alt_u_l": 300}, {"date": "2024-04-01", "alt_u_l": 30}]}));
    assert_eq!(line.result("/flare_date"), "2024-05-01");
}

#[test]
fn the_first_day_of_a_series_counts() {
    let line = run::<HbvCase>(
        &json!({"baseline": {"hbsag": "NEG", "hbcab": "POS", "hbv_dna_detectable": "N"}, "observations": [
        {"date": "2024-09-01", "hbv_dna_iu_ml": 100, "hbsag": "POS"}, {"date": "2024-06-01", "hbv_dna_iu_ml": 0, "hbsag": "NEG"},
        {"date": "2024-08-01", "hbv_dna_iu_ml": 30}]}),
    );
    assert_eq!((line.result("/reactivated"), line.result("/date")), (&json!(true), &json!("2024-08-01")));
    assert_eq!(line.result("/rule"), "hbv.aasld_dna_appears");
    assert_eq!(line.result("/observations/0/reactivated"), false);
    let days = run::<HbvCase>(
        &json!({"infusion_date": "2024-05-01", "baseline": {"hbsag": "POS", "hbv_dna_iu_ml": 0}, "observations": [
        {"day": 92, "hbv_dna_iu_ml": 1e5}, {"date": "2024-06-01", "hbv_dna_iu_ml": 10}]}),
    );
    assert_eq!((days.result("/day"), days.result("/date")), (&json!(92), &json!("2024-08-01")));
    let gap = run::<HbvCase>(&json!({"baseline": {"hbsag": "POS", "hbv_dna_iu_ml": 0}, "observations": [
        {"day": 1, "hbv_dna_iu_ml": 10}, {"day": 30}]}));
    assert_eq!(gap.result("/reactivated"), &Value::Null);
}

#[test]
fn groups_and_prophylaxis_of_4_7_7_2() {
    for (baseline, poor, group, levels, by_note) in [
        (
            json!({"hbsag": "POS"}),
            None,
            "SAG_POS",
            [json!("NA"), json!("NOT_PRINTED"), json!("NA")],
            json!(true),
        ),
        (
            json!({"hbsag": "NEG", "hbcab": "POS", "hbv_dna_iu_ml": 20}),
            None,
            "SAG_NEG_CAB_POS_DNA_POS",
            [json!("NA"), json!("NA"), json!("NA")],
            json!(true),
        ),
        (
            json!({"hbsag": "NEG", "hbcab": "POS", "hbv_dna_iu_ml": 0}),
            Some("N"),
            "SAG_NEG_CAB_POS_DNA_NEG",
            [json!("FOLLOW_UP"), json!("NA"), json!("NOT_PRINTED")],
            json!(true),
        ),
        (
            json!({"hbsag": "NEG", "hbcab": "POS", "hbv_dna_iu_ml": 0}),
            Some("Y"),
            "SAG_NEG_CAB_POS_DNA_NEG",
            [json!("NA"), json!("NA"), json!("NOT_PRINTED")],
            json!(true),
        ),
        (
            json!({"hbsag": "NEG", "hbcab": "POS", "hbv_dna_iu_ml": 0}),
            None,
            "SAG_NEG_CAB_POS_DNA_NEG",
            [Value::Null, json!("NA"), json!("NOT_PRINTED")],
            json!(true),
        ),
        (
            json!({"hbsag": "NEG", "hbcab": "POS"}),
            None,
            "UNK",
            [Value::Null, json!("NA"), Value::Null],
            json!(true),
        ),
        (
            json!({"hbsag": "NEG", "hbcab": "NEG", "hbsab": "NEG", "hbv_dna_iu_ml": 0}),
            None,
            "ALL_NEG",
            [json!("FOLLOW_UP"), json!("NA"), json!("NOT_PRINTED")],
            json!(false),
        ),
        (
            json!({"hbsag": "NEG", "hbcab": "NEG", "hbsab": "POS", "hbv_dna_iu_ml": 0}),
            None,
            "HBSAB_ONLY",
            [json!("NOT_PRINTED"), json!("NOT_PRINTED"), json!("NOT_PRINTED")],
            json!(false),
        ),
        (json!({"hbsag": "NEG"}), None, "UNK", [Value::Null, Value::Null, Value::Null], Value::Null),
        (json!({}), None, "UNK", [Value::Null, Value::Null, Value::Null], Value::Null),
    ] {
        let line = run::<HbvCase>(&json!({"baseline": baseline, "poor_compliance": poor}));
        assert_eq!(line.result("/group"), group, "{baseline}");
        assert_eq!(line.conclusion(At::Case), Some(group));
        let prophylaxis = line.result("/prophylaxis");
        assert_eq!(
            [&prophylaxis["level_i"], &prophylaxis["level_ii"], &prophylaxis["level_iii"]],
            [&levels[0], &levels[1], &levels[2]],
            "{baseline} {poor:?}"
        );
        assert_eq!(prophylaxis["by_note"], by_note);
    }
    let missing = |baseline: Value| {
        let line = run::<HbvCase>(&json!({"baseline": baseline}));
        line.missing()
            .into_iter()
            .map(str::to_owned)
            .filter(|name| name != "observations")
            .collect::<Vec<_>>()
    };
    assert_eq!(missing(json!({})), ["hbsag", "hbcab"]);
    assert_eq!(missing(json!({"hbsag": "NEG", "hbcab": "POS"})), ["hbv_dna_iu_ml"]);
    assert_eq!(missing(json!({"hbsag": "NEG", "hbcab": "NEG"})), ["hbsab"]);
    assert_eq!(missing(json!({"hbsag": "NEG", "hbcab": "POS", "hbv_dna_iu_ml": 0})), ["poor_compliance"]);
    assert_eq!(missing(json!({"hbsag": "POS"})), Vec::<String>::new());
}

#[test]
fn impossible_input_is_refused_where_it_stands() {
    let at = |case: Value| fault::<HbvCase>(&case).pointer;
    assert_eq!(at(json!({"baseline": {"hbv_dna_iu_ml": -1}})), "/baseline/hbv_dna_iu_ml");
    assert_eq!(
        at(json!({"baseline": {"hbv_dna_iu_ml": 50, "hbv_dna_detectable": "N"}})),
        "/baseline/hbv_dna_detectable"
    );
    assert_eq!(
        at(json!({"observations": [{"day": 1, "hbv_dna_iu_ml": 0, "hbv_dna_detectable": "Y"}]})),
        "/observations/0/hbv_dna_detectable"
    );
    assert_eq!(
        at(json!({"observations": [{"day": 1, "hbsag": "POS"}, {"day": 1, "hbsag": "NEG"}]})),
        "/observations/1/hbsag"
    );
    assert_eq!(at(json!({"baseline": {"hbsag": "PERHAPS"}})), "/baseline/hbsag");
    assert_eq!(at(json!({"baseline": {"alt_u_l": 20_001}})), "/baseline/alt_u_l");
    assert_eq!(at(json!({"observations": [{"hbsag": "POS"}, {"hbsag": "NEG"}]})), "/observations/0/day");
}

proptest! {
    #[test]
    fn more_virus_never_undoes_reactivation(
        sag in 0usize..3, cab in 0usize..3, before in prop::option::of(prop_oneof![Just(0.0), 1.0f64..1e4]),
        dna in prop_oneof![Just(0.0), 1.0f64..1e6], more in 1.0f64..100.0, chb in any::<bool>(),
    ) {
        let test = |i: usize| [Value::Null, json!("NEG"), json!("POS")][i].clone();
        let of = |dna: f64| {
            let line = run::<HbvCase>(&json!({"definition": if chb { "CHB2019" } else { "AASLD2018" },
                "baseline": {"hbsag": test(sag), "hbcab": test(cab), "hbv_dna_iu_ml": before},
                "observations": [{"day": 50, "hbv_dna_iu_ml": dna, "hbsag": "NEG"}]}));
            assert_eq!(line.conclusion(At::Day(50)), line.result("/category").as_str());
            match line.result("/reactivated") { Value::Bool(true) => 2, Value::Null => 1, _ => 0 }
        };
        prop_assert!(of(dna * more) >= of(dna));
    }

    #[test]
    fn the_order_of_rows_does_not_matter(dna in prop::collection::vec(0.0f64..3000.0, 1..6), rotate in 0usize..6) {
        let rows: Vec<Value> = dna.iter().zip(1..).map(|(dna, month)| json!({"date": format!("2024-{month:02}-01"), "hbv_dna_iu_ml": dna, "hbsag": "POS"})).collect();
        let mut other = rows.clone();
        other.reverse();
        other.rotate_left(rotate % rows.len());
        let of = |rows: Vec<Value>| run::<HbvCase>(&json!({"baseline": {"hbsag": "POS", "hbv_dna_iu_ml": 0}, "observations": rows})).value["result"].clone();
        prop_assert_eq!(of(rows), of(other));
    }
}
