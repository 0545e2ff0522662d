//! Selection and attrition.

use crate::fixture::{Registry, day};
use clinical::codes::Disease;
use clinical::forms::patient::{DateBasis, Sex};
use cohort::{Cohort, CohortDefinition, Scope, Snapshot};
use serde_json::{Value, json};

fn registry() -> Registry {
    let mut registry = Registry::new();
    // (id, born, sex, basis, disease, infused, product)
    let patients = [
        ("P1", Some(2006), Sex::Female, DateBasis::Calendar, Some(Disease::Nhl), 0, "axi-cel"),
        ("P2", Some(2007), Sex::Male, DateBasis::Calendar, Some(Disease::Nhl), 10, "axi-cel"),
        ("P3", None, Sex::Female, DateBasis::Calendar, Some(Disease::Nhl), 20, "tisa-cel"),
        ("P4", Some(1960), Sex::Female, DateBasis::PseudoAnchor, Some(Disease::Nhl), 0, "axi-cel"),
        ("P5", Some(1950), Sex::Male, DateBasis::Calendar, Some(Disease::Mm), 30, "eque-cel"),
        ("P6", Some(1950), Sex::Male, DateBasis::Calendar, None, 40, "axi-cel"),
    ];
    for (id, born, sex, basis, disease, on, product) in patients {
        registry.patient_with("AA-01", id, born, Some(sex), basis);
        if let Some(disease) = disease {
            registry.disease("AA-01", id, disease);
        }
        registry.infusion("AA-01", id, 1, on, product);
    }
    registry.infusion("AA-01", "P1", 2, 100, "tisa-cel");
    registry
}

fn select(definition: &Value) -> (Vec<String>, Vec<(usize, usize)>, Cohort) {
    let directory = registry().write(5);
    let snapshot = Snapshot::open(directory.path(), Scope::everything()).unwrap();
    let cohort = Cohort::select(&snapshot, &CohortDefinition::from_json(definition).unwrap()).unwrap();
    let ids = cohort::columns::texts(&cohort.subjects, "patient_id").unwrap().into_iter().flatten().collect();
    let steps = cohort.attrition.iter().map(|s| (s.before, s.after)).collect();
    (ids, steps, cohort)
}

#[test]
fn everybody_with_a_first_infusion() {
    let (ids, steps, cohort) = select(&json!({}));
    assert_eq!(ids, ["P1", "P2", "P3", "P4", "P5", "P6"]);
    assert_eq!(steps, [(7, 6)]);
    assert_eq!(cohort.pseudo_anchored, 1);
}

#[test]
fn the_second_infusion_is_another_cohort() {
    let (ids, steps, _) = select(&json!({"infusion_number": 2}));
    assert_eq!((ids, steps), (vec!["P1".to_owned()], vec![(7, 1)]));
}

#[test]
fn each_criterion_is_counted_in_turn() {
    let (ids, steps, _) = select(&json!({"product": ["axi-cel"], "disease": ["NHL"], "sex": ["F"]}));
    assert_eq!(ids, ["P1", "P4"]);
    // infusion 1; axi-cel; NHL (P6 has no baseline); female.
    assert_eq!(steps, [(7, 6), (6, 4), (4, 3), (3, 2)]);
}

#[test]
fn ages_leave_out_made_up_dates_and_unknown_years_and_say_so() {
    // 2024: P1 turns 18, P2 turns 17.
    let (ids, steps, cohort) = select(&json!({"age_min": 18}));
    assert_eq!(ids, ["P1", "P5", "P6"]);
    assert_eq!(steps, [(7, 6), (6, 5), (5, 4), (4, 3)]);
    assert!(cohort.attrition[1].criterion.contains("made-up anchor"));
    assert!(cohort.attrition[2].criterion.contains("year of birth"));
    assert_eq!(select(&json!({"age_max": 17})).0, ["P2"]);
    assert_eq!(select(&json!({"age_min": 17, "age_max": 18})).0, ["P1", "P2"]);
}

#[test]
fn periods_include_both_ends_and_leave_out_made_up_dates() {
    let (from, to) = (day(10).to_string(), day(30).to_string());
    assert_eq!(select(&json!({"infused_from": from, "infused_to": to})).0, ["P2", "P3", "P5"]);
    assert_eq!(select(&json!({"infused_to": day(9).to_string()})).0, ["P1"]);
}

#[test]
fn the_next_infusion_stands_beside_the_first() {
    let (_, _, cohort) = select(&json!({}));
    let next = cohort::columns::integers(&cohort.subjects, "next_day").unwrap();
    let first = cohort::columns::integers(&cohort.subjects, "day_0").unwrap();
    assert_eq!(next[0].unwrap() - first[0].unwrap(), 100);
    assert!(next[1..].iter().all(Option::is_none));
}

#[test]
fn codes_that_the_reference_tables_lack_are_pointed_out() {
    assert!(select(&json!({"product": ["axi-cel"], "center": ["AA-01"]})).2.warnings.is_empty());
    let (ids, _, cohort) = select(&json!({"product": ["axicel", "tisa-cel"], "center": ["ZZ-99"]}));
    assert!(ids.is_empty());
    assert_eq!(cohort.warnings.len(), 2);
    assert!(cohort.warnings[0].contains("product axicel") && cohort.warnings[1].contains("center ZZ-99"));
}
