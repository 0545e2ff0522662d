//! A second guideline of another year, and the version in force on the day of infusion.

use crate::fixture::Registry;
use chrono::NaiveDate;
use clinical::codes::Disease;
use clinical::forms::patient::DateBasis;
use cohort::reports::ReportKind;
use cohort::{CohortDefinition, ReportError, Scope, Snapshot};
use guideline::library::{Library, embedded};
use guideline::reports::run_with;
use measures::{Guideline, LoadError, fixtures};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/guidelines/invented-2031")
}

fn both() -> Result<Library, LoadError> {
    let mut old = embedded("csco-car-t-2024")?;
    old.measures.retain(|m| m.id.contains("-INF-0"));
    Ok(Library::new(vec![Guideline::from_folder(&folder())?, old]))
}

#[test]
fn an_invented_guideline_needs_no_code() {
    let guideline = Guideline::from_folder(&folder()).unwrap();
    let cases = fixtures::read(&guideline, &folder()).unwrap();
    for case in &cases {
        assert_eq!(case.run(&guideline).fault, None, "{}", case.place);
    }
    assert_eq!(fixtures::lacking(&guideline, &cases), Vec::<String>::new());
}

#[test]
fn what_is_in_the_program_is_what_the_folder_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../definitions/guidelines");
    for guideline in Library::shipped().unwrap().guidelines() {
        let folder = Guideline::from_folder(&root.join(&guideline.id)).unwrap();
        assert_eq!(folder.sha256, guideline.sha256);
        assert_eq!(folder.measures.len(), guideline.measures.len());
    }
    assert!(matches!(embedded("csco-1999"), Err(LoadError::Unknown { .. })));
}

#[test]
fn the_version_in_force_on_the_day_of_infusion_judges() {
    let library = both().unwrap();
    let in_force = |day: Option<&str>| {
        let day = day.map(|d| d.parse::<NaiveDate>().unwrap());
        library.guidelines()[library.in_force(day).unwrap()].id.clone()
    };
    assert_eq!(in_force(Some("2024-02-29")), "csco-car-t-2024");
    assert_eq!(in_force(Some("2024-03-01")), "invented-2031");
    assert_eq!(in_force(None), "invented-2031");
}

/// Fixture days 59 and 60 are 29 February and 1 March 2024.
fn registry() -> Registry {
    let mut registry = Registry::new();
    for (id, day, basis) in [
        ("OLD", 59, DateBasis::Calendar),
        ("NEW", 60, DateBasis::Calendar),
        ("ANCHOR", 10, DateBasis::PseudoAnchor),
    ] {
        registry.patient_with("AA-01", id, Some(1960), None, basis);
        registry.disease("AA-01", id, Disease::Nhl);
        registry.infusion("AA-01", id, 1, day, "axi-cel");
    }
    registry
}

fn report(parameters: &Value) -> Result<Value, ReportError> {
    let directory = registry().write(1);
    let snapshot = Snapshot::open(directory.path(), Scope::everything()).unwrap();
    let report = run_with(ReportKind::Adherence, &snapshot, &CohortDefinition::default(), parameters, &both)?;
    Ok(report.to_json().unwrap()["result"].take())
}

#[test]
fn a_report_tells_the_versions_apart() {
    let result = report(&Value::Null).unwrap();
    assert_eq!(result["guideline"]["rule_version"], "INVENTED-2031");
    // The one of the new version, and the one whose dates are no calendar dates.
    assert_eq!(
        (&result["measures"][0]["id"], &result["measures"][0]["overall"]["n"]),
        (&json!("INV-1"), &json!(2))
    );
    let earlier = &result["earlier_versions"][0];
    assert_eq!(earlier["guideline"]["rule_version"], "CSCO-CART-2024");
    let inf = earlier["measures"].as_array().unwrap().iter().find(|m| m["id"] == "NHL-INF-01").unwrap();
    assert_eq!(inf["overall"]["n"], 1);
    // Unless asked otherwise.
    let result = report(&json!({"guideline": "csco-car-t-2024"})).unwrap();
    let inf = result["measures"].as_array().unwrap().iter().find(|m| m["id"] == "NHL-INF-01").unwrap();
    assert_eq!((&inf["overall"]["n"], result.get("earlier_versions")), (&json!(3), None));
    // A parameter of one version is no fault of the other.
    assert!(report(&json!({"parameters": {"INV-1": {"last": 8}, "NHL-INF-01": {"min_days": 3}}})).is_ok());
    match report(&json!({"parameters": {"INV-1": {"last": 4}}, "measures": ["INV-1", "X-1"]})) {
        Err(ReportError::Parameters(faults)) => {
            let pointers: Vec<&str> = faults.0.iter().map(|f| f.pointer.as_str()).collect();
            assert_eq!(pointers, ["/measures/1"]);
        }
        other => panic!("{other:?}"),
    }
}
