//! Every form of the data dictionary occurs, and every record of it is accepted.

use crate::support::{context, registry};
use clinical::finding::Findings;
use clinical::forms;
use clinical::record::{Entries, Record};
use std::collections::{BTreeMap, HashSet};
use synth::{Config, Registry};

/// Rules that some records break on purpose, with how often at most per thousand patients: gaps and slips of the pen that a registry
/// has, and practice that a guideline would not have. Everything else would be a fault of the generator.
const DELIBERATE: [(&str, u32); 7] = [
    ("completeness.missing", 900),
    ("value.plausible_range", 80),
    ("infusion.active_infection", 30),
    ("infusion.vasopressor_hypotension", 20),
    ("daily_toxicity.drug_without_toxicity", 20),
    ("patient.consent_unknown", 30),
    ("survival_status.cause_expected", 30),
];

#[test]
fn every_form_occurs_in_moderate_number() {
    let registry = Registry::new(&Config::default()).expect("a registry");
    let mut seen: HashSet<&str> = HashSet::new();
    let mut total = 0;
    for patient in registry.patients() {
        seen.extend(patient.records.iter().map(|r| r.form().name));
        total += patient.records.len();
    }
    for center in registry.center_records() {
        seen.extend(center.records.iter().map(|r| r.form().name));
    }
    let absent: Vec<&str> = forms::CLINICAL.iter().map(|f| f.name).filter(|f| !seen.contains(f)).collect();
    assert!(absent.is_empty(), "{absent:?}");
    assert!((150 * 600..250 * 600).contains(&total), "{total} records");
}

#[test]
fn only_deliberate_queries_are_opened() {
    let registry = registry(11, 1_000);
    let context = context(registry.config());
    let mut opened: BTreeMap<&str, (u32, String)> = BTreeMap::new();
    for patient in registry.patients() {
        for record in &patient.records {
            let mut findings = Findings::new();
            record.check(context, &mut findings);
            for finding in &findings {
                let example = || format!("{} {} {finding:?}", record.form().name, record.to_json());
                opened.entry(finding.rule.id).or_insert_with(|| (0, example())).0 += 1;
            }
        }
    }
    for (id, (times, example)) in &opened {
        let most = DELIBERATE.iter().find(|(known, _)| known == id).map_or(0, |(_, most)| *most);
        assert!(*times <= most, "{id} {times} times: {example}");
    }
}

#[test]
fn a_center_describes_its_laboratory() {
    let registry = registry(1, 0);
    let centers: Vec<_> = registry.center_records().collect();
    let ids: Vec<&str> = centers.iter().map(|c| c.center_id.as_str()).collect();
    assert!(
        ids.iter().eq(registry.centers().iter().map(|c| c.center_id.as_str()).collect::<Vec<_>>().iter())
    );
    let mut assays = HashSet::new();
    for center in &centers {
        let keys: HashSet<_> = center.records.iter().map(|r| (r.form().name, r.key())).collect();
        assert_eq!(keys.len(), center.records.len());
        assert!(center.records.len() >= 15);
        for record in &center.records {
            let entries = Entries::parse(&record.canonical_bytes()).expect("an object");
            let (read, findings) = Record::from_json(record.form(), &entries, context(registry.config()));
            assert_eq!((read.as_ref(), findings.is_empty()), (Some(record), true), "{findings:?}");
            assays.extend(record.text("assay").map(str::to_owned));
        }
    }
    assert!(assays.len() >= 2, "{assays:?}");
    // Samples are measured with the assay of their center.
    for patient in registry_of_samples().patients() {
        let center = centers.iter().find(|c| c.center_id == patient.center_id).expect("its center");
        let own = center.records.iter().find(|r| r.form().name == "center_assay").expect("an assay");
        for sample in patient.records.iter().filter(|r| r.form().name == "kinetics_sample") {
            for field in ["assay", "specimen", "unit", "lod", "lloq"] {
                assert_eq!(sample.cell(field), own.cell(field), "{field}");
            }
        }
    }
}

fn registry_of_samples() -> Registry {
    registry(1, 60)
}
