//! The published examples are of patients whose records agree with each other.

use crate::support::{all_asked, read};
use clinical::record::Record;
use clinical::rule::Severity;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The examples of each patient.
pub(crate) fn by_patient() -> BTreeMap<String, Vec<Record>> {
    let mut patients: BTreeMap<String, Vec<Record>> = BTreeMap::new();
    for form in clinical::forms::CLINICAL.iter().filter(|f| f.field("patient_id").is_some()) {
        let value: Value = serde_json::from_str(clinical::forms::example(form)).unwrap();
        let record = read(form.name, &value);
        patients.entry(record.text("patient_id").unwrap().to_owned()).or_default().push(record);
    }
    patients
}

#[test]
fn the_records_of_the_examples_do_not_contradict_each_other() {
    let patients = by_patient();
    assert_eq!(patients.len(), 3);
    assert!(patients["P-0001"].len() > 30);
    for (patient, records) in patients {
        assert_eq!(all_asked(&records), vec![], "{patient}");
    }
}

#[test]
fn an_empty_history_and_a_lone_record_have_nothing_to_contradict() {
    assert_eq!(all_asked(&[]), vec![]);
    for record in by_patient().into_values().flatten() {
        assert_eq!(all_asked(std::slice::from_ref(&record)), vec![], "{}", record.form().name);
    }
}

#[test]
fn every_rule_of_the_review_is_a_query_with_an_id_of_its_own() {
    let rules: Vec<_> = clinical::review::RULES.iter().copied().flatten().collect();
    let ids: BTreeSet<&str> = rules.iter().map(|r| r.id).collect();
    assert_eq!(ids.len(), rules.len());
    assert!(rules.iter().all(|r| r.severity == Severity::Soft));
}
