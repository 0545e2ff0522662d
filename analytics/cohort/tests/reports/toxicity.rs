//! Toxicity, worked by hand.

use crate::fixture::Registry;
use crate::{close, figure, result};
use clinical::forms::survival_status::Status;
use cohort::endpoints::Cause;
use cohort::endpoints::toxicity::{Course, Day, Onset, time_to_toxicity};
use cohort::reports::Report;
use cohort::reports::parameters::{ToxicityParameters, read};
use cohort::{CohortDefinition, Scope, Snapshot};
use serde_json::{Value, json};

/// Six subjects, infused on fixture day 100:
/// T1 grade 2 on day 0; T2 unassessed on days 0 and 1, then grade 1 and 3; T3 dies on day 3; T4 has a gap on day 3;
/// T5 never has a CRS grade; T6 is assessed to day 1 and dies on day 10.
fn six() -> Registry {
    let mut registry = Registry::new();
    let mut subject = |id: &str, grades: &[(i32, Option<i32>)], death: Option<i32>| {
        registry.subject("AA-01", id, 100, "axi-cel");
        for (day, grade) in grades {
            registry.toxicity("AA-01", id, 100 + day, *grade, Some(0));
        }
        if let Some(day) = death {
            registry.status("AA-01", id, 100 + day, Status::Dead);
        }
    };
    subject("T1", &[(0, Some(2)), (1, Some(1)), (2, Some(0))], None);
    subject("T2", &[(0, None), (2, Some(1)), (3, Some(3)), (4, Some(2))], None);
    subject("T3", &[(0, Some(0)), (1, Some(0)), (2, Some(0))], Some(3));
    subject("T4", &[(0, Some(0)), (1, Some(0)), (2, Some(0)), (4, Some(0))], None);
    subject("T5", &[(0, None), (1, None)], None);
    subject("T6", &[(0, Some(0)), (1, Some(0))], Some(10));
    registry
}

fn report(registry: &Registry, parameters: &Value) -> Report {
    let directory = registry.write(11);
    let snapshot = Snapshot::open(directory.path(), Scope::everything()).unwrap();
    let parameters: ToxicityParameters = read(parameters).unwrap();
    cohort::reports::toxicity::run(&snapshot, &CohortDefinition::default(), &parameters).unwrap()
}

fn crs(registry: &Registry, parameters: &Value) -> Value {
    result(&report(registry, parameters))["groups"][0]["toxicities"][0].take()
}

#[test]
fn cumulative_incidence_with_death_competing() {
    let crs = crs(&six(), &json!({"at": [0, 2, 3, 4, 5]}));
    let incidence = &crs["incidence"];
    assert_eq!((&crs["evaluable"], &crs["not_evaluable"]), (&json!(5), &json!(1)));
    for (name, n) in [
        ("events", 2),
        ("events_on_day_0", 1),
        ("competing_deaths", 1),
        ("censored", 2),
        ("deaths_after_assessment", 1),
    ] {
        assert_eq!(incidence[name], n, "{name}");
    }
    assert_eq!(incidence["curve"]["day"], json!([0, 1, 3, 4]));
    assert_eq!(incidence["curve"]["n_risk"], json!([5, 4, 3, 1]));
    assert_eq!(incidence["curve"]["n_event"], json!([1, 0, 1, 0]));
    assert_eq!(incidence["curve"]["n_competing"], json!([0, 0, 1, 0]));
    assert_eq!(incidence["curve"]["n_censor"], json!([0, 1, 0, 1]));
    let cif: Vec<f64> = (0..4).map(|i| figure(incidence, &format!("/at/{i}/cif"))).collect();
    assert!(
        close(cif[0], 0.2)
            && close(cif[1], 0.2)
            && close(cif[2], 0.2 + 0.8 / 3.0)
            && close(cif[3], 0.2 + 0.8 / 3.0)
    );
    assert!(close(figure(incidence, "/curve/competing_cif/3"), 0.8 / 3.0));
    // Nobody is observed on day 5.
    assert_eq!(incidence["at"][4]["cif"], Value::Null);
    assert_eq!(incidence["at"][4]["n_risk"], 0);
}

#[test]
fn a_death_after_assessment_ended_competes_only_when_asked() {
    let crs = crs(&six(), &json!({"death_within_days": 9}));
    assert_eq!(
        (&crs["incidence"]["competing_deaths"], &crs["incidence"]["deaths_after_assessment"]),
        (&json!(2), &json!(0))
    );
    let crs = self::crs(&six(), &json!({"death_within_days": 8}));
    assert_eq!(
        (&crs["incidence"]["competing_deaths"], &crs["incidence"]["deaths_after_assessment"]),
        (&json!(1), &json!(1))
    );
    // A death after the window is none of the report's.
    let crs = self::crs(&six(), &json!({"death_within_days": 9, "window_days": 9}));
    assert_eq!(
        (&crs["incidence"]["competing_deaths"], &crs["incidence"]["deaths_after_assessment"]),
        (&json!(1), &json!(0))
    );
}

#[test]
fn highest_grades_are_over_assessed_days_of_evaluable_subjects() {
    let crs = crs(&six(), &json!({}));
    let counts = |member: &str| {
        crs[member].as_array().unwrap().iter().map(|g| g["n"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(counts("max_grade"), [3, 0, 1, 1, 0, 0]);
    assert_eq!(counts("at_least"), [2, 2, 1, 0, 0]);
    assert!(close(figure(&crs, "/at_least/1/share/value"), 0.4));
    // Clopper-Pearson 2 of 5 (R's binom.test).
    assert!((figure(&crs, "/at_least/1/share/lower") - 0.052_744_950_526_316_96).abs() < 1e-9);
    assert!((figure(&crs, "/at_least/1/share/upper") - 0.853_367_200_365_282_1).abs() < 1e-9);
    let wilson = self::crs(&six(), &json!({"proportion_interval": "wilson"}));
    // Wilson 2 of 5 (R's prop.test without correction).
    assert!((figure(&wilson, "/at_least/1/share/lower") - 0.117_620_774_232_648).abs() < 1e-9);
    assert!((figure(&wilson, "/at_least/1/share/upper") - 0.769_275_718_723_987).abs() < 1e-9);
}

#[test]
fn onset_is_the_first_assessed_day_and_counts_unassessed_days_before_it() {
    let crs = crs(&six(), &json!({}));
    let any = &crs["onset_any"];
    assert_eq!(any["histogram"], json!([{"day": 0, "n": 1}, {"day": 2, "n": 1}]));
    assert_eq!(
        (&any["n"], &any["with_unassessed_days_before"], &any["unassessed_days_before"]),
        (&json!(2), &json!(1), &json!(2))
    );
    let threshold = &crs["onset_threshold"];
    assert_eq!(threshold["histogram"], json!([{"day": 0, "n": 1}, {"day": 3, "n": 1}]));
    assert_eq!(threshold["unassessed_days_before"], 2);
    assert_eq!(threshold["day"], json!({"min": 0, "q1": 0.75, "median": 1.5, "q3": 2.25, "max": 3}));
}

#[test]
fn every_person_day_is_counted_once() {
    let crs = crs(&six(), &json!({}));
    let days = &crs["person_days"];
    // T1 2,1,0; T2 1,3,2; T3 000; T4 0000; T6 00.
    assert_eq!(days["by_grade"], json!([10, 2, 2, 1, 0, 0]));
    assert_eq!(days["assessed"], 15);
    // T2 day 0 and T5 days 0 and 1 have records without a grade; T2 day 1 and T4 day 3 have no record.
    assert_eq!((&days["recorded_without_grade"], &days["without_record"]), (&json!(3), &json!(2)));
    // Inside first to last assessed day: T4 day 3 only.
    assert_eq!((&days["gaps"], &days["subjects_with_gaps"]), (&json!(1), &json!(1)));
}

#[test]
fn days_outside_the_window_are_counted_but_not_used() {
    let mut registry = Registry::new();
    registry.subject("AA-01", "T1", 100, "axi-cel");
    for (day, grade) in [(99, 4), (100, 0), (130, 1), (131, 3)] {
        registry.toxicity("AA-01", "T1", day, Some(grade), Some(0));
    }
    let report = report(&registry, &json!({}));
    let result = result(&report);
    assert_eq!((&result["records_before_infusion"], &result["records_after_window"]), (&json!(1), &json!(1)));
    assert_eq!(result["groups"][0]["toxicities"][0]["max_grade"][1]["n"], 1);
    assert_eq!(result["groups"][0]["toxicities"][0]["onset_any"]["histogram"], json!([{"day": 30, "n": 1}]));
    assert_eq!(result["groups"][0]["toxicities"][0]["onset_any"]["unassessed_days_before"], 29);
    assert!(report.head.notes.iter().any(|n| n.contains("after day 30")));
}

#[test]
fn the_report_says_how_a_missing_day_is_treated() {
    let report = report(&six(), &json!({}));
    assert!(report.head.notes.iter().any(|n| n.starts_with("A missing day is not a day without toxicity")));
    assert!(report.head.notes.iter().any(|n| n.contains("Variance of Aalen")));
}

#[test]
fn drugs_count_subjects_once_and_only_where_recorded() {
    let mut registry = Registry::new();
    for id in ["T1", "T2", "T3"] {
        registry.subject("AA-01", id, 0, "axi-cel");
    }
    let (yes, no) = (Some(true), Some(false));
    registry.toxicity_with("AA-01", "T1", 1, Some(1), Some(0), [no, None, yes, None]);
    registry.toxicity_with("AA-01", "T1", 2, Some(1), Some(0), [yes, None, yes, None]);
    registry.toxicity_with("AA-01", "T2", 1, None, None, [no, None, None, no]);
    let result = result(&report(&registry, &json!({})));
    let drugs = result["groups"][0]["drugs"].as_array().unwrap();
    let row =
        |i: usize| ["recorded", "not_recorded", "given", "days_given"].map(|m| drugs[i][m].as_u64().unwrap());
    assert_eq!(drugs[0]["drug"], "tocilizumab");
    assert_eq!(row(0), [2, 1, 1, 1]);
    assert_eq!(row(1), [0, 3, 0, 0]);
    assert_eq!(row(2), [1, 2, 1, 2]);
    assert_eq!(row(3), [1, 2, 0, 0]);
    assert_eq!(
        (&drugs[0]["first_day"]["median"], &drugs[2]["first_day"]["median"]),
        (&json!(2.0), &json!(1.0))
    );
    assert_eq!((&drugs[0]["share"]["value"], &drugs[1]["share"]["value"]), (&json!(0.5), &Value::Null));
}

#[test]
fn thresholds_are_parameters() {
    let crs = crs(&six(), &json!({"crs_threshold": 3}));
    assert_eq!((&crs["threshold"], &crs["incidence"]["events"]), (&json!(3), &json!(1)));
    let crs = self::crs(&six(), &json!({"crs_threshold": 1}));
    assert_eq!(crs["incidence"]["events"], 2);
    for bad in [json!({"crs_threshold": 0}), json!({"crs_threshold": 6}), json!({"window_days": -1})] {
        assert!(read::<ToxicityParameters>(&bad).is_err(), "{bad}");
    }
}

#[test]
fn cohorts_of_nobody_one_and_two() {
    let mut registry = Registry::new();
    let empty = crs(&registry, &json!({}));
    assert_eq!((&empty["evaluable"], &empty["at_least"][1]["share"]["value"]), (&json!(0), &Value::Null));
    assert_eq!(empty["incidence"]["at"][0]["cif"], Value::Null);
    registry.subject("AA-01", "T1", 0, "axi-cel");
    let never_assessed = report(&registry, &json!({}));
    assert!(never_assessed.head.notes.iter().any(|n| n.contains("nobody is evaluable")));
    registry.toxicity("AA-01", "T1", 0, Some(5), Some(0));
    let one = crs(&registry, &json!({}));
    assert_eq!((figure(&one, "/incidence/at/0/cif"), figure(&one, "/incidence/at/6/cif")), (1.0, 1.0));
    registry.subject("AA-01", "T2", 0, "axi-cel");
    registry.toxicity("AA-01", "T2", 3, Some(0), Some(0));
    let two = crs(&registry, &json!({}));
    assert_eq!(figure(&two, "/incidence/at/1/cif"), 0.5);
    assert_eq!(two["incidence"]["at"][2]["cif"], Value::Null);
}

fn day(day: i32, grade: Option<i32>) -> Day {
    Day { subject: 0, day, grade: [grade, None], drug: [None; 4] }
}

#[test]
fn the_toxicity_comes_first_when_death_is_on_the_same_day() {
    let course = Course::of(&[day(0, Some(0)), day(1, Some(2))], 0, 2);
    assert_eq!(time_to_toxicity(&course, Some(1), 30, 1), Some((1, Cause::Event)));
    let course = Course::of(&[day(0, Some(0)), day(1, Some(1))], 0, 2);
    assert_eq!(time_to_toxicity(&course, Some(1), 30, 0), Some((1, Cause::Competing)));
    assert_eq!(time_to_toxicity(&course, Some(2), 30, 1), Some((2, Cause::Competing)));
    assert_eq!(time_to_toxicity(&course, Some(3), 30, 1), Some((1, Cause::Censored)));
    assert_eq!(time_to_toxicity(&course, None, 30, 1), Some((1, Cause::Censored)));
    assert_eq!(time_to_toxicity(&Course::default(), Some(0), 30, 1), None);
}

#[test]
fn a_course_counts_its_days() {
    let course = Course::of(&[day(1, Some(0)), day(2, None), day(4, Some(2)), day(6, Some(3))], 0, 3);
    assert_eq!(
        (course.assessed, course.span, course.max_grade, course.gaps()),
        (3, Some((1, 6)), Some(3), 3)
    );
    assert_eq!(course.onset_any, Some(Onset { day: 4, unassessed_before: 3 }));
    assert_eq!(course.onset, Some(Onset { day: 6, unassessed_before: 4 }));
    assert_eq!(course.days_at_risk(), 3);
}
