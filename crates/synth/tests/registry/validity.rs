//! Every record passes the checks of its form, by way of its JSON line.

use crate::support::{Typed, context, registry};
use crate::{coherence, order};
use chrono::{Days, NaiveDate};
use clinical::finding::Findings;
use clinical::record::{Entries, Record};
use clinical::{Context, forms, rule};
use proptest::prelude::*;
use std::collections::BTreeSet;
use synth::{Config, MAX_PATIENTS, Registry, write_ndjson};

/// Reads the record back from its line; anything hard fails the test, anything soft is returned.
fn round_trip(record: &Record, context: Context) -> Findings {
    let mut line = Vec::new();
    write_ndjson([record], &mut line).expect("memory takes it");
    let entries = Entries::parse(&line).expect("one object");
    let (read, findings) = Record::from_json(record.form(), &entries, context);
    assert!(!findings.reject(), "{}\n{findings:#?}", String::from_utf8_lossy(&line));
    assert_eq!(read.as_ref(), Some(record));
    let mut checked = Findings::new();
    record.check(context, &mut checked);
    assert!(!checked.reject());
    findings
}

#[test]
fn no_record_has_a_hard_fault_and_some_open_queries() {
    let mut queries = BTreeSet::new();
    let mut records = 0_u32;
    let mut with_query = 0_u32;
    for seed in [1, 2] {
        let registry = registry(seed, 600);
        let context = context(registry.config());
        for patient in registry.patients() {
            for record in &patient.records {
                let findings = round_trip(record, context);
                records += 1;
                with_query += u32::from(!findings.is_empty());
                queries.extend(findings.iter().map(|f| (f.rule.id, f.field.clone().unwrap_or_default())));
            }
        }
    }
    for (id, field) in [
        (rule::SOFT_RANGE.id, "weight_kg"),
        (rule::SOFT_RANGE.id, "prior_lines"),
        (rule::SOFT_RANGE.id, "thaw_to_infuse_min"),
        (rule::NOT_KNOWN.id, "crs_grade"),
        (rule::NOT_KNOWN.id, "diagnosis_date"),
        (rule::NOT_KNOWN.id, "reported_category"),
        ("infusion.active_infection", "active_infection"),
        ("daily_toxicity.drug_without_toxicity", "tocilizumab"),
        ("patient.consent_unknown", "consent_registry"),
        ("survival_status.cause_expected", "cause_primary"),
    ] {
        assert!(queries.contains(&(id, field.to_owned())), "no query {id} at {field} among {queries:?}");
    }
    let share = f64::from(with_query) / f64::from(records);
    assert!((0.0005..0.01).contains(&share), "{with_query} of {records} records open a query");
}

#[test]
fn records_come_in_an_order_in_which_they_can_be_submitted() {
    for patient in registry(4, 400).patients() {
        let order: Vec<usize> = patient
            .records
            .iter()
            .map(|r| forms::clinical(r.form().name).expect("a clinical form").0)
            .collect();
        // An infusion fallen through leaves lymphodepletion alone; otherwise forms follow the order of the registry.
        assert!(order.is_sorted(), "{order:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]
    #[test]
    fn any_patient_of_any_registry_is_valid_and_coherent(
        seed in any::<u64>(), index in 0..MAX_PATIENTS, centers in 1_u32..60, days in 0_u64..28_854,
    ) {
        let first = NaiveDate::from_ymd_opt(2022, 1, 1).expect("a day");
        let data_cutoff = first.checked_add_days(Days::new(days)).expect("a day");
        let registry = Registry::new(&Config { seed, centers, patients: 1, data_cutoff }).expect("a registry");
        let patient = registry.patient(index).expect("a patient");
        for record in &patient.records {
            round_trip(record, context(registry.config()));
        }
        coherence::assert_coherent(&Typed::of(&patient), &registry);
        order::assert_in_order(&patient);
    }
}
