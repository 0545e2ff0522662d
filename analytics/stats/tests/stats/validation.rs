//! The shipped reference cases, and `validate` itself.

use crate::support::{execute, json, problem, text};
use std::path::Path;

#[test]
fn every_reference_figure_passes() {
    let (output, status) = execute(&["validate"], b"").unwrap();
    let report: serde_json::Value = serde_json::from_slice(&output).unwrap();
    let failed: Vec<String> = report["figures"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|f| f["pass"] != true)
        .map(ToString::to_string)
        .collect();
    assert!(failed.is_empty(), "{} failed:\n{}", failed.len(), failed.join("\n"));
    assert_eq!((status.code(), report["failed"].as_u64()), (0, Some(0)));
    assert!(report["n"].as_u64() > Some(2500));
}

#[test]
fn every_folder_with_a_case_ships() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../validation");
    let mut folders: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().join("case.json").is_file())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    folders.sort();
    let report = json("validate", "");
    let shipped: Vec<&str> =
        report["cases"].as_array().unwrap().iter().map(|case| case["case"].as_str().unwrap()).collect();
    assert_eq!(shipped, folders);
}

#[test]
fn one_case_in_every_form() {
    let report = json("validate km_freireich", "");
    assert_eq!(report["cases"].as_array().unwrap().len(), 1);
    let figures = report["n"].as_u64().unwrap();
    assert_eq!(report["figures"].as_array().unwrap().len() as u64, figures);
    assert_eq!(text("validate km_freireich --format csv", "").lines().count() as u64, figures + 1);
    assert!(
        text("validate km_freireich --format text", "")
            .ends_with(&format!("{figures} of {figures} figures pass\n"))
    );
    let (problem, code) = problem("validate km_nobody", "");
    assert_eq!((code, problem["value"].as_str()), (2, Some("km_nobody")));
}
