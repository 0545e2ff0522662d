//! ICAHT and T-ICAHT around every threshold, and with days unknown.

use super::{result, verdicts};
use serde_json::{Value, json};

#[test]
fn late_icaht_around_every_threshold() {
    let late = |first: f64, second: f64| {
        result("icaht", &json!({"days": [{"day": 40, "anc_ul": first}, {"day": 50, "anc_ul": second}]}))["late"].clone()
    };
    for (anc, grade) in [
        (1600.0, 0),
        (1501.0, 0),
        (1500.0, 1),
        (1050.0, 1),
        (1001.0, 1),
        (1000.0, 2),
        (525.0, 2),
        (501.0, 2),
        (500.0, 3),
        (105.0, 3),
        (101.0, 3),
        (100.0, 4),
    ] {
        assert_eq!(late(anc, anc)["grade"], grade, "{anc}");
    }
    assert_eq!(late(1400.0, 2000.0)["transient"], true);
    assert_eq!(late(1600.0, 2000.0)["transient"], false);
    for (anc, above) in [(1501.0, "met"), (1500.0, "not_met"), (1400.0, "not_met")] {
        let case = json!({"days": [{"day": 40, "anc_ul": anc}]});
        assert_eq!(verdicts("icaht", &case, "icaht.late_0"), [above]);
        assert_eq!(verdicts("icaht", &case, "icaht.late_1") == ["met"], above == "not_met");
    }
    let on =
        |day: i32| result("icaht", &json!({"days": [{"day": day, "anc_ul": 400}]}))["late"]["grade"].clone();
    assert_eq!((on(100), on(101), on(31), on(30)), (json!(3), Value::Null, json!(3), Value::Null));
}

#[test]
fn early_icaht_leaves_open_what_unknown_days_could_change() {
    let sparse = json!({"days": [{"day": 0, "anc_ul": 2000}, {"day": 30, "anc_ul": 2000}]});
    for rule in [
        "icaht.early_1",
        "icaht.early_2",
        "icaht.early_3",
        "icaht.early_3_profound",
        "icaht.early_4_profound",
        "icaht.early_0",
    ] {
        assert_eq!(verdicts("icaht", &sparse, rule), ["undecided"], "{rule}");
    }
    let short = json!({"death_day": 5, "days": [{"day": 0, "anc_ul": 2000}]});
    assert_eq!(verdicts("icaht", &short, "icaht.early_1"), ["undecided"]);
    assert_eq!(verdicts("icaht", &short, "icaht.early_2"), ["not_met"]);
}

#[test]
fn platelets_that_are_known_are_not_taken_for_lower_ones() {
    let sparse = |count: f64, days: &[i32]| {
        let rows: Vec<Value> =
            days.iter().map(|day| json!({"day": day, "platelets_10e9_l": count})).collect();
        result("icaht", &json!({"days": rows, "parameters": {"interpolate_days": 0, "join_gap_days": 0}}))["platelets"].clone()
    };
    // 17 of 31 days are known to be above: 14 unknown days allow grade 4, 13 do not.
    let known: Vec<i32> = (0..17).collect();
    for (count, most) in [(52.0, 4), (50.0, 4), (49.0, 4)] {
        let found = sparse(count, &known);
        assert_eq!((&found["grade"], &found["at_most"]), (&Value::Null, &json!(most)));
    }
    let known: Vec<i32> = (0..18).collect();
    assert_eq!(sparse(21.0, &known)["at_most"], 3);
    assert_eq!(sparse(19.9, &known)["at_most"], 4);
    // Of the conditions, only the days that are unknown are open.
    let rule = |known: std::ops::Range<i32>, count: f64, rule: &str| {
        let rows: Vec<Value> = known.map(|day| json!({"day": day, "platelets_10e9_l": count})).collect();
        let case = json!({"days": rows, "parameters": {"interpolate_days": 0, "join_gap_days": 0, "minimum_coverage_percent": 100}});
        verdicts("icaht", &case, rule)
    };
    assert_eq!(
        (rule(0..24, 52.0, "t_icaht.early_2"), rule(0..25, 52.0, "t_icaht.early_2")),
        (vec!["undecided".to_owned()], vec!["not_met".to_owned()])
    );
    assert_eq!(
        (rule(0..1, 49.0, "t_icaht.early_0"), rule(0..1, 52.0, "t_icaht.early_0")),
        (vec!["not_met".to_owned()], vec!["undecided".to_owned()])
    );
    assert_eq!(
        (rule(0..17, 21.0, "t_icaht.early_4"), rule(0..18, 21.0, "t_icaht.early_4")),
        (vec!["undecided".to_owned()], vec!["not_met".to_owned()])
    );
    // One known day can be enough, none cannot.
    let least = |rows: Value| {
        let case = json!({"days": rows, "parameters": {"minimum_coverage_percent": 0}});
        (result("icaht", &case), verdicts("icaht", &case, "icaht.early_4_never_above_500"))
    };
    let (one, _) = least(json!([{"day": 0, "anc_ul": 2000, "platelets_10e9_l": 200}]));
    assert_eq!((&one["early"]["grade"], &one["platelets"]["grade"]), (&json!(0), &json!(0)));
    let (none, never_above) = least(json!([]));
    assert_eq!((&none["early"]["grade"], never_above), (&Value::Null, vec!["undecided".to_owned()]));
}

#[test]
fn counts_at_the_ends_of_the_window() {
    let icaht = |case: Value| result("icaht", &case)["early"].clone();
    let days = |last: i32| {
        (0..=last)
            .map(|day| json!({"day": day, "anc_ul": if day == 0 { 400 } else { 2000 }}))
            .collect::<Vec<_>>()
    };
    assert_eq!(icaht(json!({"last_day": 5, "days": days(6)}))["days_measured"], 6);
    let carried = json!({"carry_outward": true});
    let own = icaht(json!({"days": days(30), "parameters": carried}));
    assert_eq!((&own["days_500"], &own["days_carried"]), (&json!(1), &json!(0)));
    let only = icaht(json!({"death_day": 5, "days": days(0), "parameters": carried}));
    assert_eq!((&only["days_500"], &only["days_carried"]), (&json!(6), &json!(5)));
    // The unknown days reach a threshold exactly, or not.
    let open = |death: i32, rule: &str| {
        verdicts("icaht", &json!({"death_day": death, "days": [{"day": 0, "anc_ul": 2000}]}), rule)
    };
    assert_eq!(
        (open(7, "icaht.early_2"), open(6, "icaht.early_2")),
        (vec!["undecided".to_owned()], vec!["not_met".to_owned()])
    );
    let low = json!({"days": [{"day": 0, "anc_ul": 400}, {"day": 1, "anc_ul": 2000}]});
    assert_eq!(verdicts("icaht", &low, "icaht.early_0"), ["not_met"]);
}
