//! Opening, verifying and scoping snapshots.

use crate::fixture::{Directory, Registry};
use clinical::form::Form;
use clinical::forms::daily_toxicity::DailyToxicity;
use clinical::forms::infusion::Infusion;
use clinical::forms::patient::Patient;
use clinical::forms::product::Product;
use clinical::forms::survival_status::{Status, SurvivalStatus};
use cohort::snapshot::{Manifest, Rows, content_hash};
use cohort::{Scope, Snapshot, SnapshotError};
use polars::prelude::*;
use serde_json::Value;

fn two_centers() -> Registry {
    let mut registry = Registry::new();
    registry.subject("AA-01", "P1", 0, "axi-cel");
    registry.subject("AA-01", "P2", 5, "tisa-cel");
    registry.infusion("AA-01", "P1", 2, 90, "tisa-cel");
    registry.subject("BB-02", "P1", 9, "axi-cel");
    registry.toxicity("AA-01", "P1", 1, Some(2), None);
    registry.toxicity("AA-01", "P2", 6, Some(1), Some(0));
    registry.toxicity("BB-02", "P1", 9, Some(3), Some(1));
    registry.status("AA-01", "P2", 50, Status::Dead);
    registry
}

fn edit_manifest(directory: &Directory, edit: impl FnOnce(&mut Value)) {
    let path = directory.path().join("manifest.json");
    let mut manifest: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    edit(&mut manifest);
    std::fs::write(path, manifest.to_string()).unwrap();
}

/// Lets the manifest agree with whatever it now says of its files.
fn reseal(manifest: &mut Value) {
    let parsed: Manifest = serde_json::from_value(manifest.clone()).unwrap();
    manifest["content_hash"] = content_hash(&parsed.files).into();
}

fn open(directory: &Directory) -> Result<Snapshot, SnapshotError> {
    Snapshot::open(directory.path(), Scope::everything())
}

#[test]
fn a_snapshot_opens_and_verifies() {
    let directory = two_centers().write(1);
    let snapshot = Snapshot::open_verified(directory.path(), Scope::everything()).unwrap();
    assert_eq!(snapshot.manifest().audit.position, 42);
    assert_eq!(snapshot.content_hash().len(), 64);
}

#[test]
fn a_directory_without_manifest_is_not_a_snapshot() {
    let directory = Directory::new();
    let error = open(&directory).unwrap_err();
    assert!(matches!(error, SnapshotError::NoManifest { .. }));
    assert!(error.to_string().contains("manifest.json"), "{error}");
}

#[test]
fn a_manifest_that_is_not_json_names_line_and_column() {
    let directory = two_centers().write(1);
    std::fs::write(directory.path().join("manifest.json"), "{\n \"format_version\": 1,,").unwrap();
    let error = open(&directory).unwrap_err().to_string();
    assert!(error.contains("line 2 column"), "{error}");
}

#[test]
fn another_format_version_is_refused_whatever_else_changed() {
    let directory = two_centers().write(1);
    std::fs::write(directory.path().join("manifest.json"), r#"{"format_version": 2, "tables": []}"#).unwrap();
    let error = open(&directory).unwrap_err();
    assert!(matches!(error, SnapshotError::FormatVersion { found: 2, .. }), "{error}");
    assert!(error.to_string().contains("reads version 1"));
}

#[test]
fn an_edited_manifest_no_longer_matches_its_hash() {
    let directory = two_centers().write(1);
    edit_manifest(&directory, |m| m["files"][2]["rows"] = 1.into());
    assert!(matches!(open(&directory).unwrap_err(), SnapshotError::ContentHash { .. }));
}

#[test]
fn files_outside_the_directory_are_refused() {
    for name in ["../patient.parquet", "/etc/passwd", "a/b.parquet", "", "..", "a\\b"] {
        let directory = two_centers().write(1);
        edit_manifest(&directory, |m| m["files"][2]["path"] = name.into());
        assert!(matches!(open(&directory).unwrap_err(), SnapshotError::FileName { .. }), "{name}");
    }
}

#[test]
fn a_missing_a_truncated_and_a_corrupted_file_are_told_apart() {
    let directory = two_centers().write(1);
    let path = directory.path().join("infusion.parquet");
    let bytes = std::fs::read(&path).unwrap();

    let mut flipped = bytes.clone();
    flipped[40] ^= 1;
    std::fs::write(&path, &flipped).unwrap();
    let snapshot = open(&directory).unwrap();
    let error = snapshot.verify().unwrap_err();
    assert!(matches!(&error, SnapshotError::Hash { form, .. } if form == "infusion"), "{error}");
    assert!(error.to_string().contains("infusion.parquet") && error.to_string().contains("corrupted"));
    assert!(Snapshot::open_verified(directory.path(), Scope::everything()).is_err());

    std::fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
    let error = open(&directory).unwrap_err();
    assert!(matches!(error, SnapshotError::Size { .. }), "{error}");

    std::fs::remove_file(&path).unwrap();
    let error = open(&directory).unwrap_err();
    assert!(matches!(error, SnapshotError::MissingFile { .. }), "{error}");
    assert!(error.to_string().contains("infusion.parquet"));
    // Removed under an open snapshot: a clear error of the scan.
    let error = snapshot.scan(Infusion::DESCRIPTOR).and_then(|frame| {
        frame.collect().map_err(|source| SnapshotError::Parquet { path: path.clone(), source })
    });
    assert!(error.unwrap_err().to_string().contains("infusion.parquet"));
}

#[test]
fn a_file_that_is_not_parquet_is_an_error_not_a_panic() {
    let directory = two_centers().write(1);
    let path = directory.path().join("infusion.parquet");
    let size = std::fs::metadata(&path).unwrap().len() as usize;
    std::fs::write(&path, vec![0; size]).unwrap();
    let snapshot = open(&directory).unwrap();
    assert!(snapshot.verify().is_err());
    assert!(snapshot.scan(Infusion::DESCRIPTOR).is_err());
}

/// The entry of a form in the manifest's files.
fn entry<'a>(manifest: &'a mut Value, form: &str) -> &'a mut Value {
    manifest["files"].as_array_mut().unwrap().iter_mut().find(|f| f["form"] == form).unwrap()
}

/// Rewrites the patients without `column`, as written when the form had version `form_version`.
fn patients_without(directory: &Directory, column: &str, form_version: i32) {
    let path = directory.path().join("patient.parquet");
    let mut frame = ParquetReader::new(std::fs::File::open(&path).unwrap()).finish().unwrap();
    frame.drop_in_place(column).unwrap();
    ParquetWriter::new(std::fs::File::create(&path).unwrap()).finish(&mut frame).unwrap();
    edit_manifest(directory, |m| {
        let patients = entry(m, "patient");
        patients["bytes"] = std::fs::metadata(&path).unwrap().len().into();
        patients["form_version"] = form_version.into();
        reseal(m);
    });
}

#[test]
fn a_newer_version_of_a_form_is_refused() {
    let directory = two_centers().write(1);
    let newer = Patient::DESCRIPTOR.version + 1;
    edit_manifest(&directory, |m| {
        entry(m, "patient")["form_version"] = newer.into();
        reseal(m);
    });
    let error = open(&directory).unwrap().scan(Patient::DESCRIPTOR).map(|_| ()).unwrap_err();
    assert!(matches!(error, SnapshotError::FormVersion { found, .. } if found == newer), "{error}");
}

#[test]
fn fields_a_form_did_not_have_yet_are_null_but_only_in_its_older_files() {
    let older = Patient::DESCRIPTOR.version - 1;

    let directory = two_centers().write(1);
    patients_without(&directory, "race_ethnicity", older);
    let patients = open(&directory).unwrap().scan(Patient::DESCRIPTOR).unwrap().collect().unwrap();
    assert_eq!((patients.height(), patients.column("race_ethnicity").unwrap().null_count()), (3, 3));

    let directory = two_centers().write(1);
    patients_without(&directory, "race_ethnicity", Patient::DESCRIPTOR.version);
    let error = open(&directory).unwrap().scan(Patient::DESCRIPTOR).map(|_| ()).unwrap_err();
    assert!(matches!(&error, SnapshotError::Column { column, .. } if column == "race_ethnicity"), "{error}");

    let directory = two_centers().write(1);
    patients_without(&directory, "date_basis", older);
    let error = open(&directory).unwrap().scan(Patient::DESCRIPTOR).map(|_| ()).unwrap_err();
    assert!(matches!(&error, SnapshotError::Column { column, .. } if column == "date_basis"), "{error}");
}

#[test]
fn a_file_of_another_form_and_a_missing_one_are_refused() {
    let directory = two_centers().write(1);
    edit_manifest(&directory, |m| {
        let bytes = entry(m, "patient")["bytes"].clone();
        let infusions = entry(m, "infusion");
        infusions["path"] = "patient.parquet".into();
        infusions["bytes"] = bytes;
        reseal(m);
    });
    let error = open(&directory).unwrap().scan(Infusion::DESCRIPTOR).map(|_| ()).unwrap_err();
    assert!(matches!(&error, SnapshotError::Column { column, .. } if column == "infusion_number"), "{error}");

    let directory = two_centers().write(1);
    edit_manifest(&directory, |m| {
        m["files"].as_array_mut().unwrap().retain(|f| f["form"] != "infusion");
        reseal(m);
    });
    let error = open(&directory).unwrap().infusions().map(|_| ()).unwrap_err();
    assert!(matches!(&error, SnapshotError::NoSuchForm { form, .. } if form == "infusion"), "{error}");
}

fn keys(snapshot: &Snapshot, form: &'static clinical::FormDescriptor) -> Vec<String> {
    let frame = snapshot.scan(form).unwrap().collect().unwrap();
    let text =
        |name: &str, row: usize| frame.column(name).unwrap().get(row).unwrap().to_string().replace('"', "");
    let names: Vec<&str> = ["center_id", "patient_id", "infusion_number", "product_code"]
        .into_iter()
        .filter(|n| frame.column(n).is_ok())
        .collect();
    let mut rows: Vec<String> = (0..frame.height())
        .map(|row| names.iter().map(|n| text(n, row)).collect::<Vec<_>>().join(" "))
        .collect();
    rows.sort();
    rows
}

#[test]
fn a_center_scope_hides_the_records_of_other_centers() {
    let directory = two_centers().write(3);
    let snapshot = Snapshot::open(directory.path(), Scope::centers(["BB-02"])).unwrap();
    assert_eq!(keys(&snapshot, Patient::DESCRIPTOR), ["BB-02 P1"]);
    assert_eq!(keys(&snapshot, Infusion::DESCRIPTOR), ["BB-02 P1 1 axi-cel"]);
    assert_eq!(keys(&snapshot, DailyToxicity::DESCRIPTOR), ["BB-02 P1 1"]);
    assert_eq!(keys(&snapshot, SurvivalStatus::DESCRIPTOR), Vec::<String>::new());
    assert_eq!(keys(&snapshot, Product::DESCRIPTOR).len(), 10);
    assert_eq!(keys(&snapshot, clinical::forms::center::Center::DESCRIPTOR), ["BB-02"]);
}

#[test]
fn an_empty_scope_sees_nothing() {
    let directory = two_centers().write(3);
    let none: [&str; 0] = [];
    for scope in [Scope::centers(none), Scope { centers: Rows::All, products: Rows::only(none) }] {
        let snapshot = Snapshot::open(directory.path(), scope).unwrap();
        for form in clinical::forms::CLINICAL {
            assert_eq!(keys(&snapshot, form), Vec::<String>::new(), "{}", form.name);
        }
    }
}

#[test]
fn a_product_scope_keeps_what_hangs_on_infusions_of_the_product() {
    let directory = two_centers().write(3);
    let scope = Scope { centers: Rows::All, products: Rows::only(["axi-cel"]) };
    let snapshot = Snapshot::open(directory.path(), scope).unwrap();
    assert_eq!(keys(&snapshot, Infusion::DESCRIPTOR), ["AA-01 P1 1 axi-cel", "BB-02 P1 1 axi-cel"]);
    assert_eq!(keys(&snapshot, DailyToxicity::DESCRIPTOR), ["AA-01 P1 1", "BB-02 P1 1"]);
    assert_eq!(keys(&snapshot, Patient::DESCRIPTOR), ["AA-01 P1", "BB-02 P1"]);
    assert_eq!(keys(&snapshot, SurvivalStatus::DESCRIPTOR), Vec::<String>::new());
    assert_eq!(keys(&snapshot, Product::DESCRIPTOR), ["axi-cel"]);
    // The later infusion of another product still ends the follow-up of the first.
    let infusions = snapshot.infusions().unwrap().collect().unwrap();
    assert_eq!(infusions.column("next_infusion_date").unwrap().null_count(), 1);
}
