//! Reports end to end: submitted over HTTP, taken into a snapshot, reported, and counted again by other means.

use crate::support::{Client, Instance, shared};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

fn report(client: &Client, name: &str, accept: &str) -> crate::support::Answer {
    let body = json!({ "report": name }).to_string();
    client.send(
        "POST",
        "/v1/reports",
        &[("content-type", "application/json"), ("accept", accept)],
        body.as_bytes(),
    )
}

#[test]
fn a_center_sees_its_own_rows_and_the_statistician_all() {
    let mut instance = Instance::new();
    instance.start();
    let (a, b) = (instance.center(), instance.center());
    let patient = |id: &str, death: &str| {
        [
            json!({"form": "patient", "patient_id": id, "birth_year": 1960, "sex": "F", "consent_registry": "Y", "date_basis": "CALENDAR"}),
            json!({"form": "infusion", "patient_id": id, "infusion_number": 1, "infusion_date": "2024-01-01", "product_code": "axi-cel", "weight_kg": 70,
                "dose_total_car_t": 1.4e8, "product_conformity": "IN_SPEC", "active_infection": "N", "vasopressor_hypotension": "N"}),
            json!({"form": "survival_status", "patient_id": id, "last_contact": death, "status": "DEAD", "death_date": death, "cause_primary": "CRS"}),
        ]
        .map(|record| record.to_string())
        .join("\n")
    };
    a.submitter.submit("", patient("P1", "2024-01-11").as_bytes()).expect(200);
    b.submitter.submit("", patient("P2", "2024-01-21").as_bytes()).expect(200);
    let statistician = instance.caller("statistician", &[]);
    statistician.post("/v1/snapshots", &json!({})).expect(201);

    let everybody = report(&statistician, "incidence", "application/json").expect(200);
    let own = report(&a.submitter, "incidence", "application/json").expect(200);
    let rows = |client: &Client| {
        let text = report(client, "incidence", "text/csv").text();
        text.lines()
            .filter(|l| l.contains("person_time") || l.contains("events") || l.contains("rate"))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_ne!(everybody["identity"], own["identity"]);
    assert!(!rows(&statistician).is_empty());
    assert_ne!(rows(&statistician), rows(&a.submitter));
    // Asked again, the bytes are the same; the other center's code appears in neither.
    let again = report(&a.submitter, "survival", "application/json").body;
    assert_eq!(report(&a.submitter, "survival", "application/json").body, again);
    assert!(!String::from_utf8_lossy(&again).contains(&b.id));
    let curve = report(&statistician, "survival", "image/svg+xml").text();
    assert!(curve.starts_with("<svg") && curve.contains("<title") && curve.contains("<desc"));
    report(&statistician, "adherence", "image/svg+xml").expect(422);
    report(&statistician, "nothing", "application/json").expect(422);
    report(&instance.caller("sponsor", &[]), "survival", "application/json").expect(403);
    instance.stop();
}

#[test]
fn a_report_request_with_faults_is_told_all_of_them() {
    let statistician = shared().caller("statistician", &[]);
    statistician.post("/v1/snapshots", &json!({})).expect(201);
    let bad = json!({ "report": "survival", "cohort": { "age_min": 70, "age_max": 60, "diseases": ["NHL"] }, "parameters": { "by": "color" } });
    let problem = statistician.post("/v1/reports", &bad).expect(422);
    assert!(!problem["errors"].as_array().unwrap().is_empty(), "{problem}");
    statistician.post("/v1/reports", &json!({ "report": "survival", "snapshot": "../../etc" })).expect(404);
}

fn real_file() -> Option<PathBuf> {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/realdata/nulisa_cart/daily_toxicity.csv");
    path.exists().then_some(path)
}

#[test]
fn a_real_spreadsheet_goes_in_and_its_counts_come_out() {
    let Some(file) = real_file() else {
        crate::support::instance::tell("skipped: the real data set is not beside the repository");
        return;
    };
    let mut instance = Instance::new();
    instance.start();
    let center = instance.center();
    let token = center.submitter.token.clone().unwrap();
    let mapping = Path::new(env!("CARGO_MANIFEST_DIR")).join("../mapping/examples/nulisa_cart.toml");
    let submit = || {
        let output = Command::new(env!("CARGO_BIN_EXE_sequela"))
            .args(["submit", "--url", &instance.url, "--token", &token, "--mapping"])
            .args([&mapping, &file])
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    // Two rows of the table contradict each other; everything else goes in, and only once.
    assert!(submit().starts_with("1438 records: 1438 created, 0 updated, 0 unchanged, 0 rejected"));
    assert!(submit().starts_with("1438 records: 0 created, 0 updated, 1438 unchanged, 0 rejected"));
    instance.caller("statistician", &[]).post("/v1/snapshots", &json!({})).expect(201);
    let answer = report(&center.submitter, "toxicity", "application/json").expect(200);
    let result = answer.get("result").unwrap_or(&answer);
    for (index, column) in [(0, "crs_grade"), (1, "icans_grade")] {
        let toxicity = &result["groups"][0]["toxicities"][index];
        let highest = highest_grades(&file, column);
        for grade in 0..=5i64 {
            let expected = highest.values().filter(|g| **g == grade).count();
            assert_eq!(
                toxicity["max_grade"][usize::try_from(grade).unwrap()]["n"],
                Value::from(expected),
                "{column} {grade}"
            );
        }
        assert_eq!(toxicity["evaluable"], Value::from(highest.len()));
    }
    instance.stop();
}

/// Highest recorded grade of each patient, straight from the text of the file.
fn highest_grades(file: &Path, column: &str) -> BTreeMap<String, i64> {
    let text = std::fs::read_to_string(file).unwrap();
    let mut lines = text.lines().map(|l| l.split(',').map(str::trim).collect::<Vec<_>>());
    let header = lines.next().unwrap();
    let at = |name: &str| header.iter().position(|h| *h == name).unwrap();
    let (id, grade) = (at("ID"), at(column));
    let mut highest = BTreeMap::new();
    for row in lines {
        if let Ok(value) = row[grade].parse::<i64>() {
            let entry = highest.entry(row[id].to_owned()).or_insert(value);
            *entry = (*entry).max(value);
        }
    }
    highest
}
