//! Late ICAHT and T-ICAHT (catalogue D5.1, I3.3).

use crate::support::{Line, run};
use clinical::criteria::Provenance;
use clinical::criteria::icaht::{AT_LATE, AT_PLATELETS, IcahtCase};
use serde_json::{Value, json};

fn early_of(case: &Value) -> Line {
    run::<IcahtCase>(case)
}

fn late(values: &[(i32, f64)]) -> Line {
    let days: Vec<Value> = values.iter().map(|(day, anc)| json!({"day": day, "anc_ul": anc})).collect();
    early_of(&json!({"observations": days}))
}

#[test]
fn late_vectors_of_i3_3() {
    for (first, second, expected, transient) in [
        (1200.0, 1400.0, 1, false),
        (900.0, 1300.0, 2, false),
        (400.0, 1450.0, 3, false),
        (90.0, 800.0, 4, false),
        (400.0, 1600.0, 0, true),
    ] {
        let line = late(&[(40, second), (60, first), (50, 5000.0)]);
        assert_eq!(line.result("/late/grade"), expected, "{first} & {second}");
        assert_eq!(line.result("/late/transient"), transient);
        assert_eq!(line.result("/late/provisional"), false);
        assert_eq!(line.conclusion(AT_LATE).unwrap(), expected.to_string());
        assert_eq!(line.result("/late/lowest_day"), 60);
        assert_eq!(line.result("/late/lowest_anc_ul"), first);
        assert_eq!(line.result("/late/second_day"), 40);
        assert_eq!(line.result("/late/second_anc_ul"), second);
    }
}

#[test]
fn late_thresholds_are_inclusive() {
    for (anc, expected) in [
        (1501.0, 0),
        (1500.0, 1),
        (1001.0, 1),
        (1000.0, 2),
        (501.0, 2),
        (500.0, 3),
        (101.0, 3),
        (100.0, 4),
        (0.0, 4),
    ] {
        let line = late(&[(31, anc), (32, anc)]);
        assert_eq!(line.result("/late/grade"), expected, "{anc}");
        assert_eq!(line.conclusion(AT_LATE).unwrap(), expected.to_string());
    }
    assert_eq!(late(&[(40, 400.0), (41, 1500.0)]).result("/late/grade"), 3);
    assert_eq!(late(&[(40, 400.0), (41, 1501.0)]).result("/late/grade"), 0);
}

#[test]
fn one_late_value_is_provisional_and_rows_of_one_day_are_one_value() {
    let one = late(&[(40, 400.0)]);
    assert_eq!((one.result("/late/grade"), one.result("/late/provisional")), (&json!(3), &json!(true)));
    let same_day = late(&[(40, 400.0), (40, 450.0)]);
    assert_eq!(
        (same_day.result("/late/grade"), same_day.result("/late/provisional")),
        (&json!(3), &json!(true))
    );
    let then_high = late(&[(40, 400.0), (40, 450.0), (41, 2000.0)]);
    assert_eq!(then_high.result("/late/grade"), 0);
}

#[test]
fn the_late_window_runs_from_31_to_100_and_ends_with_its_events() {
    assert_eq!(late(&[(30, 90.0), (29, 90.0)]).result("/late/grade"), &Value::Null);
    assert_eq!(late(&[(31, 90.0), (100, 90.0)]).result("/late/grade"), 4);
    assert_eq!(late(&[(101, 90.0), (102, 90.0)]).result("/late/grade"), &Value::Null);
    let until = |parameter: i32| {
        let case = json!({"days": [{"day": 120, "anc": 0.4}, {"day": 130, "anc": 0.4}], "parameters": {"late_until_day": parameter}});
        early_of(&case).result("/late/grade").clone()
    };
    assert_eq!((until(100), until(130)), (Value::Null, json!(3)));
    for end in ["progression_day", "new_therapy_day", "last_day", "death_day"] {
        let case = |day: i32| {
            let mut case = json!({"days": [{"day": 40, "anc": 1.2}, {"day": 41, "anc": 1.2}]});
            if end != "death_day" {
                case["days"].as_array_mut().unwrap().push(json!({"day": 60, "anc": 0.05}));
            }
            case[end] = json!(day);
            early_of(&case).result("/late/grade").clone()
        };
        assert_eq!(case(59), 1, "{end}");
        assert_eq!(case(60), if end == "death_day" { 1 } else { 4 }, "{end}");
        if end != "death_day" {
            assert_eq!(case(40), 1, "{end}");
            assert_eq!(case(39), Value::Null, "{end}");
        }
    }
}

fn platelets(ranges: &[(i32, i32, f64)]) -> Line {
    let days: Vec<Value> = (0..=30)
        .map(|day| {
            let count =
                ranges.iter().rfind(|(from, to, _)| (*from..=*to).contains(&day)).map_or(200.0, |r| r.2);
            json!({"day": day, "plt": count})
        })
        .collect();
    let line = early_of(&json!({"days": days}));
    assert_eq!(line.result("/platelets/grade").to_string(), line.conclusion(AT_PLATELETS).unwrap());
    line
}

#[test]
fn t_icaht_counts_all_days_below_strict_thresholds() {
    for (ranges, expected) in [
        (vec![], 0),
        (vec![(5, 30, 50.0)], 0),
        (vec![(5, 5, 49.9)], 1),
        (vec![(5, 10, 49.0)], 1),
        (vec![(5, 11, 49.0)], 2),
        (vec![(5, 8, 49.0), (20, 22, 49.0)], 2),
        (vec![(5, 8, 49.0), (20, 21, 49.0)], 1),
        (vec![(5, 30, 20.0)], 2),
        (vec![(5, 5, 19.9)], 3),
        (vec![(5, 17, 19.0)], 3),
        (vec![(5, 18, 19.0)], 4),
        (vec![(5, 11, 19.0), (20, 26, 19.0)], 4),
    ] {
        let line = platelets(&ranges);
        assert_eq!(line.result("/platelets/grade"), expected, "{ranges:?}");
        assert_eq!(line.provenance("t_icaht.early_1"), Some(Provenance::External));
    }
    let line = platelets(&[(5, 8, 49.0), (11, 12, 19.0)]);
    assert_eq!(
        (line.result("/platelets/days_50"), line.result("/platelets/days_20")),
        (&json!(8), &json!(2))
    );
}

#[test]
fn t_icaht_with_too_few_days_is_not_evaluable() {
    let line = early_of(&json!({"days": [{"day": 0, "plt": 200}, {"day": 5, "plt": 200}]}));
    assert_eq!(line.result("/platelets/grade"), &Value::Null);
    assert_eq!(
        (line.result("/platelets/at_least"), line.result("/platelets/at_most")),
        (&json!(0), &json!(4))
    );
    assert_eq!(line.conclusion(AT_PLATELETS), Some("not_evaluable"));
    assert!(line.missing().contains(&"platelets_10e9_l"));
}

#[test]
fn t_icaht_disregards_few_unknown_days_and_joins_short_recoveries() {
    let known = |days: i32, low: f64| {
        let days: Vec<Value> =
            (0..days).map(|day| json!({"day": day, "plt": if day == 5 { low } else { 200.0 }})).collect();
        early_of(&json!({"days": days}))
    };
    for (low, expected) in [(200.0, "0"), (40.0, "1"), (10.0, "3")] {
        let line = known(25, low);
        assert_eq!(
            (line.conclusion(AT_PLATELETS), line.result("/platelets/grade").to_string()),
            (Some(expected), expected.to_owned())
        );
        // Below 20 on one day is grade 3, and seven unknown days are too few for grade 4.
        let fewer = if expected == "3" { json!(3) } else { Value::Null };
        assert_eq!(known(24, low).result("/platelets/grade"), &fewer);
    }
    assert_eq!(known(25, 200.0).verdict("t_icaht.early_1"), Some("not_met"));
    assert_eq!(known(24, 200.0).verdict("t_icaht.early_1"), Some("undecided"));
}

#[test]
fn an_end_before_the_infusion_leaves_nothing_to_grade() {
    use clinical::criteria::Trace;
    use clinical::criteria::icaht::{AT_EARLY, Ended, Parameters, early, platelets};
    let ended = Ended { death: Some(-1), ..Ended::default() };
    let mut trace = Trace::new();
    let graded = early([(0, 100.0), (1, 100.0)], ended, &Parameters::default(), &mut trace);
    assert_eq!((graded.grade, trace.conclusion(AT_EARLY)), (None, Some("not_evaluable")));
    assert_eq!(platelets([(0, 10.0)], ended, &Parameters::default(), &mut trace).grade, None);
    let odd = [(i32::MIN, f64::NAN), (i32::MAX, f64::INFINITY), (3, f64::NAN), (4, f64::INFINITY), (5, -1.0)];
    assert_eq!(early(odd, Ended::default(), &Parameters::default(), &mut trace).grade, None);
}
