//! Rates, worked by hand; limits are R's `poisson.test`.

use crate::fixture::Registry;
use crate::{close, figure, result};
use clinical::codes::assessment::Category;
use clinical::forms::survival_status::Status;
use cohort::reports::Report;
use cohort::reports::parameters::{IncidenceParameters, read};
use cohort::{CohortDefinition, Scope, Snapshot};
use serde_json::{Value, json};

fn report(registry: &Registry, parameters: &Value) -> Report {
    let directory = registry.write(13);
    let snapshot = Snapshot::open(directory.path(), Scope::everything()).unwrap();
    let parameters: IncidenceParameters = read(parameters).unwrap();
    cohort::reports::incidence::run(&snapshot, &CohortDefinition::default(), &parameters).unwrap()
}

/// 1461 days, exactly 4 person-years, and 2 deaths with axi-cel; 365 days without a death with tisa-cel.
fn registry() -> Registry {
    let mut registry = Registry::new();
    for (id, product, day, status) in [
        ("P1", "axi-cel", 461, Status::Dead),
        ("P2", "axi-cel", 0, Status::Dead),
        ("P3", "axi-cel", 1000, Status::Alive),
        ("P4", "tisa-cel", 365, Status::Alive),
    ] {
        registry.subject("AA-01", id, 3, product);
        registry.status("AA-01", id, 3 + day, status);
    }
    registry
}

#[test]
fn deaths_per_100_person_years() {
    let result = result(&report(&registry(), &json!({})));
    assert_eq!(result["unit"], "person-years");
    let axi = &result["groups"][0];
    assert_eq!(
        (&axi["n"], &axi["events"], &axi["person_days"], &axi["person_time"]),
        (&json!(3), &json!(2), &json!(1461), &json!(4.0))
    );
    assert_eq!(figure(axi, "/rate/value"), 50.0);
    // 2 events: 0.2422093 to 7.2246872.
    assert!((figure(axi, "/rate/lower") - 100.0 * 0.242_209_278_543_996_35 / 4.0).abs() < 1e-9);
    assert!((figure(axi, "/rate/upper") - 100.0 * 7.224_687_667_624_59 / 4.0).abs() < 1e-8);
    let tisa = &result["groups"][1];
    assert_eq!((figure(tisa, "/rate/value"), figure(tisa, "/rate/lower")), (0.0, 0.0));
    assert!(close(figure(tisa, "/rate/upper"), 100.0 * -(0.025_f64.ln()) / (365.0 / 365.25)));
    let all = &result["groups"][2];
    assert_eq!(
        (&all["group"]["label"], &all["n"], &all["person_days"]),
        (&json!("all subjects"), &json!(4), &json!(1826))
    );
    assert_eq!(result["groups"].as_array().unwrap().len(), 3);
}

#[test]
fn progressions_end_exposure_and_deaths_without_one_do_not_count() {
    let mut registry = registry();
    registry.response("AA-01", "P1", 1, 3 + 100, Some(Category::Pmd));
    registry.response("AA-01", "P3", 1, 3 + 200, Some(Category::Cmr));
    let result = result(&report(&registry, &json!({"outcome": "progression", "by": "none"})));
    let all = &result["groups"][0];
    assert_eq!((&all["n"], &all["events"], &all["person_days"]), (&json!(4), &json!(1), &json!(300)));
    assert_eq!(result["groups"].as_array().unwrap().len(), 1);
}

#[test]
fn patient_days_are_assessed_days_up_to_the_first_event() {
    let mut registry = Registry::new();
    for id in ["T1", "T2", "T3"] {
        registry.subject("AA-01", id, 0, "axi-cel");
    }
    // T1: event on day 0, one day at risk. T2: assessed on days 0 and 3, the event; T3: recorded, never assessed.
    for (id, day, grade) in [
        ("T1", 0, Some(2)),
        ("T1", 1, Some(3)),
        ("T2", 0, Some(0)),
        ("T2", 1, None),
        ("T2", 3, Some(2)),
        ("T3", 0, None),
    ] {
        registry.toxicity("AA-01", id, day, grade, Some(0));
    }
    let report = report(&registry, &json!({"outcome": "crs", "by": "none"}));
    let group = &result(&report)["groups"][0];
    assert_eq!((&group["n"], &group["events"], &group["person_days"]), (&json!(2), &json!(2), &json!(3)));
    assert!(close(figure(group, "/rate/value"), 200.0 / 3.0));
    let excluded: Vec<(&str, usize)> =
        report.head.excluded.iter().map(|e| (e.reason.as_str(), e.n)).collect();
    assert_eq!(excluded, [("never assessed on days 0 to 30", 1)]);
    let icans = self::report(&registry, &json!({"outcome": "icans", "by": "none"}));
    assert_eq!(result(&icans)["groups"][0]["events"], 0);
    assert_eq!(result(&icans)["groups"][0]["person_days"], 6);
    let higher = self::report(&registry, &json!({"outcome": "crs", "by": "none", "threshold": 3}));
    assert_eq!(
        (&result(&higher)["groups"][0]["events"], &result(&higher)["groups"][0]["person_days"]),
        (&json!(1), &json!(4))
    );
}

#[test]
fn without_person_time_there_is_no_rate() {
    let mut registry = Registry::new();
    let empty = report(&registry, &json!({}));
    assert_eq!(result(&empty)["groups"][0]["rate"]["value"], Value::Null);
    registry.subject("AA-01", "P1", 0, "axi-cel");
    let report = report(&registry, &json!({}));
    assert_eq!(result(&report)["groups"][0]["rate"], json!({"value": null, "lower": null, "upper": null}));
    assert!(report.head.notes.iter().any(|n| n.contains("no person-time")));
}
