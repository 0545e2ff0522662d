//! `sequela guideline` on the real binary: what comes with the program, a folder with faults, and a proof on a snapshot that the server took.

use crate::support::Instance;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn guideline(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_sequela")).arg("guideline").args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn root(inside: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(inside)
}

#[test]
fn lint_accepts_what_is_shipped_and_locates_what_is_wrong() {
    let shipped = guideline(&["lint"]);
    assert!(shipped.status.success());
    assert!(text(&shipped.stdout).contains("csco-car-t-2024: "));

    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("invented-2031");
    std::fs::create_dir_all(copy.join("fixtures")).unwrap();
    let source = root("analytics/guideline/tests/guidelines/invented-2031");
    for file in ["guideline.toml", "common.toml", "rules.toml", "fixtures/rules.toml"] {
        std::fs::copy(source.join(file), copy.join(file)).unwrap();
    }
    let path = copy.display().to_string();
    let good = guideline(&["lint", &path]);
    assert!(good.status.success(), "{}", text(&good.stdout));
    assert!(text(&good.stdout).contains("1 measures, 1 of them computable; 10 fixtures, 0 wrong"));

    let rules = std::fs::read_to_string(copy.join("rules.toml")).unwrap();
    std::fs::write(copy.join("rules.toml"), rules.replace("default = 9", "default = 8")).unwrap();
    let wrong = guideline(&["lint", &path]);
    assert_eq!(wrong.status.code(), Some(3));
    let told = text(&wrong.stdout);
    assert!(told.contains("INV-1 (the last day of the window): expected met, found not_met"), "{told}");

    std::fs::write(copy.join("rules.toml"), rules.replace("exists visit", "exists visits")).unwrap();
    let wrong = guideline(&["lint", &path]);
    assert_eq!(wrong.status.code(), Some(3));
    let told = text(&wrong.stdout);
    let line = rules.lines().position(|l| l.starts_with("numerator")).unwrap() + 1;
    assert!(
        told.contains(&format!(
            "rules.toml:{line}:21: INV-1: there is no form `visits`; did you mean visit?"
        )),
        "{told}"
    );
}

#[test]
fn show_prints_a_measure_as_its_file_states_it() {
    let shown = text(&guideline(&["show", "NHL-INF-01"]).stdout);
    for part in ["§1.6.2", "infusion - ld_end >= $min_days", "NHL-INF-01.min_days = 2 d; also 3"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let json: Value = serde_json::from_slice(&guideline(&["show", "--format", "json"]).stdout).unwrap();
    let one = json["measures"].as_array().unwrap().iter().find(|m| m["id"] == "NHL-INF-01").unwrap();
    assert_eq!(
        (&one["level"], &one["class"], &one["numerator"]),
        (&json!("I"), &json!("N"), &json!("infusion - ld_end >= $min_days"))
    );
    let wrong = guideline(&["show", "NHL-INF-1"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(text(&wrong.stderr).contains("did you mean NHL-INF-01?"), "{}", text(&wrong.stderr));
}

#[test]
fn explain_proves_a_verdict_from_the_records() {
    let mut instance = Instance::new();
    instance.start();
    let center = instance.center();
    let patient = |id: &str, end: &str| {
        [
            json!({"form": "patient", "patient_id": id, "birth_year": 1960, "sex": "F", "consent_registry": "Y", "date_basis": "CALENDAR"}),
            json!({"form": "disease", "patient_id": id, "disease": "NHL", "diagnosis_date": "2023", "extramedullary": "N", "cns_involvement": "NONE", "prior_lines": 2}),
            json!({"form": "infusion", "patient_id": id, "infusion_number": 1, "infusion_date": "2024-01-10", "product_code": "axi-cel", "weight_kg": 70,
                "dose_total_car_t": 1.4e8, "product_conformity": "IN_SPEC", "active_infection": "N", "vasopressor_hypotension": "N"}),
            json!({"form": "lymphodepletion", "patient_id": id, "infusion_number": 1, "course_number": 1, "regimen": "FC", "start_date": "2024-01-05", "end_date": end}),
        ]
        .map(|record| record.to_string())
        .join("\n")
    };
    center.submitter.submit("", patient("P1", "2024-01-08").as_bytes()).expect(200);
    center.submitter.submit("", patient("P2", "2024-01-09").as_bytes()).expect(200);
    let statistician = instance.caller("statistician", &[]);
    let manifest = statistician.post("/v1/snapshots", &json!({})).expect(201);
    let snapshot = instance.data_dir().join("snapshots").join(manifest["snapshot_id"].as_str().unwrap());
    let snapshot = snapshot.display().to_string();
    let explain = |patient: &str, more: &[&str]| {
        let infusion = format!("{}/{patient}/1", center.id);
        let mut arguments =
            vec!["explain", "--snapshot", &snapshot, "--infusion", &infusion, "--measure", "NHL-INF-01"];
        arguments.extend(more);
        let output = guideline(&arguments);
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    let (code, proof, _) = explain("P1", &[]);
    assert_eq!(code, Some(0));
    assert!(proof.contains("infusion - ld_end  ->  2") && proof.contains("=> met"), "{proof}");
    let (_, proof, _) = explain("P2", &[]);
    assert!(proof.contains("infusion - ld_end  ->  1") && proof.contains("=> not_met"), "{proof}");
    let (_, json, _) = explain("P2", &["--set", "min_days=1", "--format", "json"]);
    let json: Value = serde_json::from_str(&json).unwrap();
    let measure = &json["measures"][0];
    assert_eq!(
        (&measure["state"], &measure["parameters"]["NHL-INF-01.min_days"]),
        (&json!("met"), &json!(1))
    );
    assert_eq!(measure["shown"]["interval"], json!({"value": 1.0, "unit": "d"}));
    for (patient, more, told) in [
        ("P9", &[][..], "has no infusion"),
        ("P1", &["--set", "min_days"][..], "expected NAME=VALUE"),
        ("P1", &["--set", "min_day=1"][..], "expected one of NHL-INF-01.min_days"),
        ("P1", &["--set", "min_days=x"][..], "expected a number"),
        ("P1", &["--cutoff", "2023-12-31"][..], "dated 2023-12-31 or earlier"),
    ] {
        let (code, _, error) = explain(patient, more);
        assert_eq!(code, Some(2), "{more:?}");
        assert!(error.contains(told), "{more:?}: {error}");
    }
    instance.stop();
}
