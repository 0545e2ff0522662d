//! What is judged from the Parquet files against what is judged row by row from the records that were written.

use crate::fixture::Registry;
use crate::random::{Generator, Lcg, day_0};
use chrono::Days;
use clinical::Record;
use clinical::field::Cell;
use cohort::{Cohort, CohortDefinition, Scope, Snapshot};
use guideline::evaluate::judge;
use guideline::library::Library;
use measures::Guideline;
use measures::evaluate::{Dossier, Row, Settings};
use measures::fields::{Belonging, belonging, form_by_name};
use std::collections::BTreeSet;
use std::path::Path;

fn every_construct() -> Guideline {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../measures/tests/guidelines/every-construct");
    Guideline::from_folder(&folder).unwrap()
}

/// The record of another patient.
fn of_patient(record: &Record, patient: &str) -> Record {
    let cells = record.form().fields.iter().zip(record.cells()).map(|(field, cell)| match field.name {
        "patient_id" => Cell::Text(patient.to_owned()),
        "center_id" => Cell::Text("AA-01".to_owned()),
        _ => cell.clone(),
    });
    Record::from_parts(record.form(), cells.collect(), record.missing().clone())
}

/// A registry of random patients of one center, and each patient's rows.
fn registry(words: &BTreeSet<String>, patients: usize, seed: u64) -> (Registry, Vec<(String, Vec<Row>)>) {
    let mut registry = Registry::new();
    let shared: Vec<Row> = registry
        .rows
        .iter()
        .filter(|(center, _)| center.is_empty() || center == "AA-01")
        .map(|(_, record)| {
            let (form, _) = form_by_name(record.form().name).unwrap();
            Row { form, record_id: String::new(), record: record.clone(), derived: Vec::new() }
        })
        .collect();
    let mut generator = Generator { random: Lcg(seed), words, span: 500 };
    let mut all = Vec::new();
    for number in 0..patients {
        let id = format!("P{number:03}");
        let mut rows = shared.clone();
        for row in generator.patient() {
            if matches!(belonging(row.record.form()), Belonging::Center | Belonging::Product) {
                continue;
            }
            let record = of_patient(&row.record, &id);
            registry.put("AA-01", record.clone());
            // Derived values have a file of their own, which this registry lacks.
            rows.push(Row { record, derived: Vec::new(), ..row });
        }
        all.push((id, rows));
    }
    (registry, all)
}

#[test]
fn parquet_files_give_what_the_records_say() {
    let words: BTreeSet<String> = {
        let folder =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../measures/tests/guidelines/every-construct");
        let text: String = ["measures.toml", "common.toml"]
            .iter()
            .map(|f| std::fs::read_to_string(folder.join(f)).unwrap())
            .collect();
        text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).map(str::to_owned).collect()
    };
    let library = Library::shipped().unwrap();
    let invented = every_construct();
    for (round, guideline) in library.guidelines().iter().chain([&invented]).enumerate() {
        let settings = Settings::defaults(guideline);
        let runs: Vec<(usize, &Settings)> = (0..guideline.measures.len())
            .filter(|i| guideline.measures[*i].rule.is_some())
            .map(|i| (i, &settings))
            .collect();
        let (registry, patients) = registry(&words, 60, 77 + round as u64);
        let directory = registry.write(5);
        let snapshot = Snapshot::open(directory.path(), Scope::everything()).unwrap();
        let cohort = Cohort::select(&snapshot, &CohortDefinition::default()).unwrap();
        let ids = cohort::columns::texts(&cohort.subjects, "patient_id").unwrap();
        let mut compared = 0;
        for cutoff in [40, 400] {
            let cutoff = day_0() + Days::new(cutoff);
            let judged = judge(&snapshot, &cohort, guideline, &runs, cutoff).unwrap();
            for (subject, id) in ids.iter().enumerate() {
                let id = id.as_deref().unwrap();
                let (_, rows) = patients.iter().find(|(p, _)| p == id).unwrap();
                let dossier = Dossier::new(rows.clone(), (id, 1), cutoff).unwrap();
                // Reading every form for one patient is slow; one in ten shows that a proof sees the same records.
                let read = (subject % 10 == 0).then(|| {
                    guideline::dossier::dossier(&snapshot, ("AA-01", id, 1), cutoff).unwrap().unwrap()
                });
                for (place, (number, _)) in runs.iter().enumerate() {
                    let measure = &guideline.measures[*number];
                    let plain = measures::evaluate::judge(guideline, measure, &settings, &dossier);
                    assert_eq!(judged.verdict(place, subject), plain.verdict, "{} {id}", measure.id);
                    if let Some(read) = &read {
                        let again = measures::evaluate::judge(guideline, measure, &settings, read);
                        assert_eq!(again.verdict, plain.verdict, "{} {id} as read for a proof", measure.id);
                    }
                    compared += usize::from(plain.verdict.is_some());
                }
            }
        }
        assert!(compared > 100, "{compared} verdicts");
    }
}
