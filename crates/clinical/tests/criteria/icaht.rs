//! ICAHT (catalogue D5.1, I3.3).

use crate::support::{Line, fault, run};
use clinical::criteria::icaht::{AT_EARLY, AT_LATE, IcahtCase};
use clinical::criteria::{At, Provenance};
use proptest::prelude::*;
use serde_json::{Value, json};

/// ANC 2000 on every day from 0 to 30 but for the ranges given.
fn daily(ranges: &[(i32, i32, f64)]) -> Vec<Value> {
    (0..=30)
        .map(|day| {
            let anc =
                ranges.iter().rfind(|(from, to, _)| (*from..=*to).contains(&day)).map_or(2000.0, |r| r.2);
            json!({"day": day, "anc_ul": anc})
        })
        .collect()
}

fn early_of(case: &Value) -> Line {
    run::<IcahtCase>(case)
}

fn grade(ranges: &[(i32, i32, f64)]) -> Value {
    let line = early_of(&json!({"days": daily(ranges)}));
    let grade = line.result("/early/grade").clone();
    let shown = line.conclusion(AT_EARLY).unwrap();
    assert_eq!(grade.to_string(), shown);
    assert_eq!((line.result("/early/at_least"), line.result("/early/at_most")), (&grade, &grade));
    grade
}

#[test]
fn early_vectors_of_i3_3() {
    assert_eq!(grade(&[]), 0);
    assert_eq!(grade(&[(3, 8, 400.0)]), 1);
    assert_eq!(grade(&[(3, 9, 400.0)]), 2);
    assert_eq!(grade(&[(2, 14, 400.0)]), 2);
    assert_eq!(grade(&[(2, 15, 400.0)]), 3);
    assert_eq!(grade(&[(3, 7, 400.0), (8, 9, 600.0), (10, 13, 400.0)]), 2);
    assert_eq!(grade(&[(3, 7, 400.0), (8, 10, 600.0), (11, 14, 400.0)]), 1);
    assert_eq!(grade(&[(3, 12, 400.0), (4, 10, 90.0)]), 3);
    assert_eq!(grade(&[(3, 18, 400.0), (4, 17, 90.0)]), 4);
    assert_eq!(grade(&[(0, 30, 400.0)]), 4);
}

#[test]
fn early_days_that_decide_and_their_neighbors() {
    assert_eq!(grade(&[(12, 12, 400.0)]), 1);
    assert_eq!(grade(&[(5, 11, 400.0)]), 2);
    assert_eq!(grade(&[(5, 10, 400.0)]), 1);
    assert_eq!(grade(&[(5, 11, 100.0)]), 3);
    assert_eq!(grade(&[(5, 10, 100.0)]), 1);
    assert_eq!(grade(&[(5, 17, 100.0)]), 3);
    assert_eq!(grade(&[(5, 18, 100.0)]), 4);
    assert_eq!(grade(&[(4, 30, 400.0)]), 3);
    assert_eq!(grade(&[(3, 30, 400.0)]), 4);
    assert_eq!(grade(&[(1, 30, 400.0)]), 4);
    assert_eq!(grade(&[(3, 29, 400.0)]), 3);
}

#[test]
fn thresholds_include_500_and_100() {
    assert_eq!(grade(&[(5, 5, 500.0)]), 1);
    assert_eq!(grade(&[(5, 5, 501.0)]), 0);
    assert_eq!(grade(&[(5, 11, 100.0)]), 3);
    assert_eq!(grade(&[(5, 11, 101.0)]), 2);
    assert_eq!(grade(&[(0, 30, 500.0)]), 4);
}

#[test]
fn counted_days_are_reported() {
    let line = early_of(
        &json!({"days": daily(&[(3, 7, 400.0), (8, 9, 600.0), (10, 13, 400.0), (4, 5, 50.0), (20, 21, 100.0)])}),
    );
    let early = line.result("/early");
    assert_eq!(early["days_500"], 11);
    assert_eq!(early["longest_run_500"], 11);
    assert_eq!(early["cumulative_500"], 13);
    assert_eq!(early["days_100"], 2);
    assert_eq!(early["longest_run_100"], 2);
    assert_eq!(early["cumulative_100"], 4);
    assert_eq!(early["days_measured"], 31);
    assert_eq!(early["days_interpolated"], 0);
    assert_eq!(early["days_carried"], 0);
    assert_eq!(early["coverage_percent"], 100.0);
    assert_eq!(early["window_end_day"], 30);
    assert_eq!(early["complete"], true);
    assert_eq!(early["no_recovery"], false);
}

#[test]
fn count_mode_decides_two_short_runs_q15() {
    let days = daily(&[(3, 7, 400.0), (15, 19, 400.0)]);
    let graded = |mode: &str| {
        let line = early_of(&json!({"days": days, "parameters": {"count_mode": mode}}));
        assert_eq!(line.result("/parameters/count_mode"), mode);
        line.result("/early/grade").clone()
    };
    assert_eq!(graded("longest_run"), 1);
    assert_eq!(graded("cumulative"), 2);
    let line = early_of(&json!({"days": days, "parameters": {"count_mode": "cumulative"}}));
    assert_eq!(line.result("/early/days_500"), 10);
}

#[test]
fn joining_follows_its_parameter() {
    let days = daily(&[(3, 7, 400.0), (8, 9, 600.0), (10, 13, 400.0)]);
    let graded = |gap: u8| {
        early_of(&json!({"days": days, "parameters": {"join_gap_days": gap}})).result("/early/grade").clone()
    };
    assert_eq!((graded(1), graded(2), graded(3)), (json!(1), json!(2), json!(2)));
}

/// 16 days to a death: daily from 0, low from `from` on.
fn until_death(from: i32, last: i32) -> Vec<Value> {
    (0..=last).map(|day| json!({"day": day, "anc_10e9_l": if day >= from { 0.4 } else { 2.0 }})).collect()
}

#[test]
fn no_recovery_until_death_is_grade_4_or_by_duration_q16() {
    let case = |no_recovery: bool| json!({"days": until_death(2, 16), "death_day": 16, "parameters": {"no_recovery_is_grade_4": no_recovery}});
    let four = early_of(&case(true));
    assert_eq!((four.result("/early/grade"), four.conclusion(AT_EARLY)), (&json!(4), Some("4")));
    assert_eq!(four.result("/early/days_500"), 15);
    assert_eq!(four.result("/early/window_end_day"), 16);
    assert_eq!(four.result("/early/complete"), true);
    assert_eq!(four.provenance("icaht.early_4_no_recovery"), Some(Provenance::External));
    let three = early_of(&case(false));
    assert_eq!((three.result("/early/grade"), three.conclusion(AT_EARLY)), (&json!(3), Some("3")));
    assert_eq!(three.result("/early/no_recovery"), true);
    let default = early_of(&json!({"days": until_death(2, 16), "death_day": 16}));
    assert_eq!(default.result("/early/grade"), 4);
}

#[test]
fn no_recovery_needs_a_start_by_day_3_and_no_recovery_before_the_end() {
    let graded =
        |days: Vec<Value>| early_of(&json!({"days": days, "death_day": 16})).result("/early/grade").clone();
    assert_eq!(graded(until_death(3, 16)), 4);
    assert_eq!(graded(until_death(4, 16)), 2);
    let mut recovered = until_death(0, 16);
    recovered[16]["anc_10e9_l"] = json!(0.501);
    assert_eq!(graded(recovered), 3);
    let all_low_but_parameter_off = early_of(
        &json!({"days": until_death(0, 16), "death_day": 16, "parameters": {"no_recovery_is_grade_4": false}}),
    );
    assert_eq!(all_low_but_parameter_off.result("/early/grade"), 3);
    let never_above =
        early_of(&json!({"days": daily(&[(0, 30, 400.0)]), "parameters": {"no_recovery_is_grade_4": false}}));
    assert_eq!(never_above.result("/early/grade"), 4);
}

#[test]
fn end_of_follow_up_shortens_the_window_and_is_told() {
    let line = early_of(&json!({"days": until_death(2, 16), "last_day": 16}));
    assert_eq!(line.result("/early/grade"), 4);
    assert_eq!(
        (line.result("/early/window_end_day"), line.result("/early/complete")),
        (&json!(16), &json!(false))
    );
}

#[test]
fn without_an_end_the_days_that_follow_are_unknown() {
    let line = early_of(&json!({"days": until_death(2, 16)}));
    assert_eq!(line.result("/early/grade"), &Value::Null);
    assert_eq!((line.result("/early/at_least"), line.result("/early/at_most")), (&json!(3), &json!(4)));
    assert_eq!(line.result("/early/no_recovery"), &Value::Null);
    assert_eq!(line.conclusion(AT_EARLY), Some("not_evaluable"));
    assert_eq!(line.missing(), ["anc_10e9_l", "death_day"]);
    // Another count would decide, a day of death would not: the unknown days lie before the last value.
    let gap = json!([{"day": 0, "anc_ul": 400}, {"day": 16, "anc_ul": 400}]);
    assert_eq!(early_of(&json!({"days": gap})).missing(), ["anc_10e9_l"]);
    let died = early_of(&json!({"days": gap, "death_day": 16}));
    assert_eq!((died.result("/early/grade"), died.missing()), (&Value::Null, vec!["anc_10e9_l"]));
}

#[test]
fn gaps_are_interpolated_up_to_seven_missing_days() {
    let weekly = |step: usize| -> Vec<Value> {
        (0..=30).step_by(step).map(|day| json!({"day": day, "anc": 2.0})).collect()
    };
    let eight_apart = early_of(&json!({"days": weekly(8)}));
    assert_eq!(eight_apart.result("/early/grade"), 0);
    assert_eq!(eight_apart.result("/early/days_measured"), 4);
    assert_eq!(eight_apart.result("/early/days_interpolated"), 21);
    let nine_apart = early_of(&json!({"days": weekly(9)}));
    assert_eq!(nine_apart.result("/early/grade"), &Value::Null);
    assert_eq!(nine_apart.result("/early/days_interpolated"), 0);
    let allowed = early_of(&json!({"days": weekly(9), "parameters": {"interpolate_days": 8}}));
    assert_eq!(allowed.result("/early/grade"), 0);
    let line = early_of(&json!({"days": [
        {"day": 0, "anc_ul": 900}, {"day": 8, "anc_ul": 100}, {"day": 12, "anc_ul": 500}, {"day": 13, "anc_ul": 3000},
        {"day": 20, "anc_ul": 3000}, {"day": 28, "anc_ul": 3000}, {"day": 30, "anc_ul": 3000}]}));
    assert_eq!(line.result("/early/days_500"), 9);
    assert_eq!(line.result("/early/grade"), 2);
}

#[test]
fn coverage_of_80_percent_is_enough_and_less_is_not() {
    // 25 of 31 days are 80.6 %, 24 are 77.4 %.
    let known = |days: i32| {
        let days: Vec<Value> = (0..days).map(|day| json!({"day": day, "anc_ul": 400})).collect();
        early_of(&json!({"days": days}))
    };
    assert_eq!(known(25).result("/early/grade"), 4);
    assert_eq!(known(24).result("/early/grade"), &Value::Null);
    let lax = early_of(&json!({
        "days": (0..24).map(|day| json!({"day": day, "anc_ul": 400})).collect::<Vec<_>>(),
        "parameters": {"minimum_coverage_percent": 77.0}}));
    assert_eq!(lax.result("/early/grade"), 4);
    let exactly: Vec<Value> = (0..4).map(|day| json!({"day": day, "anc_ul": 400})).collect();
    let line = early_of(&json!({"days": exactly, "death_day": 4}));
    assert_eq!(line.result("/early/coverage_percent"), 80.0);
    assert_eq!(line.result("/early/grade"), 4);
}

#[test]
fn unknown_days_that_cannot_change_the_grade_do_not_prevent_it() {
    let days: Vec<Value> = (1..=14).map(|day| json!({"day": day, "anc_ul": 50})).collect();
    let line = early_of(&json!({"days": days}));
    assert_eq!(line.result("/early/grade"), 4);
    assert_eq!(line.conclusion(AT_EARLY), Some("4"));
    assert!(line.missing().iter().all(|name| *name != "platelets_10e9_l"));
    let days: Vec<Value> = (1..=13).map(|day| json!({"day": day, "anc_ul": 50})).collect();
    assert_eq!(early_of(&json!({"days": days})).result("/early/grade"), &Value::Null);
}

#[test]
fn options_of_the_published_implementation() {
    let with =
        |days: Vec<Value>, parameters: Value| early_of(&json!({"days": days, "parameters": parameters}));
    let near = daily(&[(5, 5, 504.0)]);
    assert_eq!(with(near.clone(), json!({})).result("/early/grade"), 0);
    assert_eq!(with(near, json!({"round_to_10": true})).result("/early/grade"), 1);
    let from_5: Vec<Value> = (5..=25).map(|day| json!({"day": day, "anc_ul": 400})).collect();
    let plain = with(from_5.clone(), json!({}));
    assert_eq!(plain.result("/early/grade"), &Value::Null);
    let carried = with(from_5, json!({"carry_outward": true}));
    assert_eq!(carried.result("/early/grade"), 4);
    assert_eq!(carried.result("/early/days_carried"), 10);
}

#[test]
fn nothing_known_is_not_normal() {
    let line = early_of(&json!({"days": []}));
    assert_eq!(line.result("/early/grade"), &Value::Null);
    assert_eq!(line.result("/late/grade"), &Value::Null);
    assert_eq!(line.result("/platelets"), &Value::Null);
    assert_eq!(line.missing(), ["anc_10e9_l"]);
    assert_eq!(
        (line.conclusion(AT_EARLY), line.conclusion(AT_LATE)),
        (Some("not_evaluable"), Some("not_evaluable"))
    );
}

#[test]
fn dates_and_days_are_the_same() {
    let dated: Vec<Value> = (1..=31)
        .map(|day| json!({"date": format!("2024-03-{day:02}"), "anc": if day <= 10 { 0.3 } else { 3.0 }}))
        .collect();
    let line = early_of(&json!({"infusion_date": "2024-03-01", "days": dated, "death_date": "2024-05-01"}));
    assert_eq!((line.result("/early/grade"), line.result("/early/days_500")), (&json!(2), &json!(10)));
    let problem = fault::<IcahtCase>(&json!({"days": [{"date": "2024-03-01", "anc": 1.0}]}));
    assert_eq!(problem.pointer, "/days/0/date");
}

#[test]
fn impossible_input_is_refused_where_it_stands() {
    let at = |case: Value| fault::<IcahtCase>(&case).pointer;
    assert_eq!(at(json!({"days": [{"day": 0, "anc": 1.0}, {"day": 1, "anc": -0.1}]})), "/days/1/anc_10e9_l");
    assert_eq!(at(json!({"days": [{"day": 1, "anc_ul": 200_001}]})), "/days/0/anc_ul");
    let unit = fault::<IcahtCase>(&json!({"days": [{"day": 1, "anc": 500}]}));
    assert_eq!(unit.pointer, "/days/0/anc_10e9_l");
    assert!(unit.expected.contains("anc_ul"), "{unit}");
    assert_eq!(at(json!({"days": [{"day": 1, "anc": 0.5, "anc_ul": 600}]})), "/days/0/anc_10e9_l");
    assert_eq!(at(json!({"days": [{"anc": 0.5}]})), "/days/0/day");
    assert_eq!(at(json!({"days": [{"day": 5, "anc": 0.5}], "death_day": 4})), "/days/0/day");
    assert_eq!(at(json!({"days": [], "death_day": -1})), "/death_day");
    assert_eq!(at(json!({"days": [], "last_day": -1})), "/last_day");
    assert_eq!(at(json!({"days": [{"day": 40_000, "anc": 1.0}]})), "/days/0/day");
    assert_eq!(at(json!({"days": [{"day": 1, "anc": "low"}]})), "/days/0/anc");
    for parameters in [
        json!({"interpolate_days": 31}),
        json!({"join_gap_days": 31}),
        json!({"minimum_coverage_percent": 101}),
        json!({"minimum_coverage_percent": -1}),
        json!({"late_until_day": 30}),
        json!({"late_until_day": 366}),
    ] {
        let member = parameters.as_object().unwrap().keys().next().unwrap().clone();
        assert_eq!(at(json!({"days": [], "parameters": parameters})), format!("/parameters/{member}"));
    }
    run::<IcahtCase>(
        &json!({"days": [{"day": 1, "anc_ul": 500.0, "anc": 0.5}, {"day": 4, "anc": 200.0}], "death_day": 4}),
    );
}

proptest! {
    #[test]
    fn a_lower_count_never_improves_the_grade(
        counts in prop::collection::vec(0.0f64..1200.0, 31),
        day in 0usize..31, lower in 0.0f64..1.0, cumulative in any::<bool>(),
    ) {
        let graded = |counts: &[f64]| {
            let days: Vec<Value> = counts.iter().enumerate().map(|(day, anc)| json!({"day": day, "anc_ul": anc})).collect();
            let mode = if cumulative { "cumulative" } else { "longest_run" };
            let line = early_of(&json!({"days": days, "parameters": {"count_mode": mode}}));
            assert_eq!(line.result("/early/grade").to_string(), line.conclusion(AT_EARLY).unwrap());
            line.result("/early/grade").as_u64().unwrap()
        };
        let mut worse = counts.clone();
        worse[day] *= lower;
        prop_assert!(graded(&worse) >= graded(&counts));
    }

    #[test]
    fn bounds_enclose_the_grade_and_order_and_units_do_not_matter(
        rows in prop::collection::vec((0i32..45, 0.0f64..1500.0), 0..25), seed in any::<u64>(), death in prop::option::of(44i32..60),
    ) {
        let given = |rows: &[(i32, f64)], unit: &str, factor: f64| {
            let days: Vec<Value> = rows.iter().map(|(day, anc)| json!({"day": day, unit: anc * factor})).collect();
            early_of(&json!({"days": days, "death_day": death}))
        };
        let line = given(&rows, "anc_ul", 1.0);
        let (least, most) = (line.result("/early/at_least").as_u64().unwrap(), line.result("/early/at_most").as_u64().unwrap());
        prop_assert!(least <= most);
        if let Some(grade) = line.result("/early/grade").as_u64() {
            prop_assert!((least..=most).contains(&grade));
            prop_assert_eq!(grade.to_string(), line.conclusion(AT_EARLY).unwrap());
        } else {
            prop_assert_eq!(line.conclusion(AT_EARLY), Some("not_evaluable"));
        }
        let mut shuffled = rows.clone();
        let mut state = seed;
        for i in (1..shuffled.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            shuffled.swap(i, usize::try_from(state >> 33).unwrap() % (i + 1));
        }
        let other = given(&shuffled, "anc_10e9_l", 0.001);
        prop_assert_eq!(line.result("/early/grade"), other.result("/early/grade"));
        prop_assert_eq!(line.result("/early/days_500"), other.result("/early/days_500"));
        prop_assert_eq!(line.result("/late/grade"), other.result("/late/grade"));
        prop_assert_eq!(line.conclusion(AT_LATE), other.conclusion(AT_LATE));
        prop_assert!(line.conclusion(At::Case).is_none());
    }
}
