//! Fifteen years: what was sent when a form was new is still accepted and read, in every format, and each record keeps the version of the
//! form it was written with.
//!
//! `payloads/v1` holds one payload a form, as the first version of the form took it. These files never change; a form that gains a
//! version that does not take them is wrong.

use crate::support::patients::{infusion, patient};
use crate::support::{Instance, sql};
use clinical::form::{FormDescriptor, Parent};
use clinical::forms::{ALL, CLINICAL, REFERENCE};
use serde_json::{Value, json};
use std::path::Path;

fn payload(form: &FormDescriptor) -> Value {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../tests/payloads/v1/{}.json", form.name));
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|e| panic!("{}: {e}: every form has a first payload", path.display()));
    serde_json::from_str(&text).unwrap()
}

/// The clinical forms, parents first, once a patient.
fn ordered() -> Vec<&'static FormDescriptor> {
    let mut forms: Vec<&'static FormDescriptor> = CLINICAL.to_vec();
    forms.sort_by_key(|f| match (f.parent, f.name) {
        (Parent::Registry, _) => 0,
        (_, "infusion") => 1,
        _ => 2,
    });
    forms
}

/// The other patients that the payloads belong to.
fn others() -> Vec<(&'static str, Value)> {
    ["P-0002", "P-0003"]
        .into_iter()
        .flat_map(|id| {
            let mut infused = infusion(id);
            infused["infusion_date"] = json!(if id == "P-0002" { "2024-04-09" } else { "2024-05-07" });
            [("patients", patient(id)), ("infusions", infused)]
        })
        .collect()
}

#[test]
fn first_payloads_are_taken_read_back_corrected_and_exported() {
    let mut instance = Instance::new();
    instance.start();
    for form in REFERENCE {
        let path = format!("/v1/{}", form.path);
        let first = payload(form);
        instance.admin().post(&path, &first).expect(201);
        let listed = instance.admin().get(&path).expect(200);
        assert!(listed.to_string().contains(first[form.key[0]].as_str().unwrap()), "{listed}");
    }
    let center = instance.center();
    let client = &center.submitter;
    for (path, content) in others() {
        client.post(&format!("/v1/{path}"), &content).expect(201);
    }
    for form in ordered() {
        let first = payload(form);
        let made = client.post(&format!("/v1/{}", form.path), &first);
        assert_eq!(made.status, 201, "{}: {}", form.name, made.text());
        let at = made.json()["location"].as_str().unwrap().to_owned();
        let read = client.get(&at).expect(200);
        for (field, value) in first.as_object().unwrap() {
            let back = &read["data"][field];
            // A whole number may be written back as a decimal.
            let same = back == value || value.is_number() && back.as_f64() == value.as_f64();
            assert!(same, "{} {field}: {back}, sent as {value}", form.name);
        }
        assert_eq!(read["form_version"], form.version, "{}", form.name);
        // What was read is sent back as a correction: a client of the first version goes on working.
        let again = client.amend(&at, 1, "checked against the chart", &read["data"]);
        assert_eq!(again.status, 200, "{}: {}", form.name, again.text());
        // And the payload itself, sent again, is the record that is there.
        client.post(&format!("/v1/{}", form.path), &first).expect(200);
    }
    let statistician = instance.caller("statistician", &[]);
    let manifest = statistician.post("/v1/snapshots", &json!({})).expect(201);
    for form in ALL {
        let files = manifest["files"].as_array().unwrap();
        let file = files.iter().find(|f| f["form"] == form.name).unwrap();
        assert!(file["rows"].as_i64().unwrap() >= 1, "{}", form.name);
    }
    instance.assert_intact();
}

/// A cell as text, lists joined as in CSV.
fn cell(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(all) => all.iter().map(cell).collect::<Vec<_>>().join(";"),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

#[test]
fn first_payloads_are_taken_in_bulk_as_ndjson_and_with_the_columns_of_then_as_csv() {
    let mut instance = Instance::new();
    instance.start();
    let center = instance.center();
    let mut lines = String::new();
    for (path, content) in others() {
        let form = CLINICAL.iter().find(|f| f.path == path).unwrap();
        lines += &crate::support::patients::line(form.name, &content);
    }
    for form in CLINICAL {
        lines += &crate::support::patients::line(form.name, &payload(form));
    }
    let view = center.submitter.submit("", lines.as_bytes()).expect(200);
    assert_eq!((&view["rejected"], &view["created"]), (&json!(0), &json!(CLINICAL.len() + 4)), "{view}");

    let other = instance.center();
    for (path, content) in others() {
        other.submitter.post(&format!("/v1/{path}"), &content).expect(201);
    }
    for form in ordered() {
        let first = payload(form);
        let fields = first.as_object().unwrap();
        let header: Vec<&str> = fields.keys().map(String::as_str).collect();
        let mut csv = csv::Writer::from_writer(Vec::new());
        csv.write_record(&header).unwrap();
        csv.write_record(fields.values().map(cell)).unwrap();
        let body = csv.into_inner().unwrap();
        let answer = other.submitter.send(
            "POST",
            &format!("/v1/submissions?form={}", form.name),
            &[("content-type", "text/csv")],
            &body,
        );
        let view = answer.expect(200);
        assert_eq!((&view["rejected"], &view["created"]), (&json!(0), &json!(1)), "{}: {view}", form.name);
    }
    let query = |id: &str| {
        let counts: Vec<String> = CLINICAL
            .iter()
            .map(|f| format!("(select count(*) from {} where center_id = '{id}')", f.name))
            .collect();
        sql::count(&instance, &format!("select {}", counts.join(" + ")))
    };
    assert_eq!(query(&center.id), query(&other.id));
    instance.assert_intact();
}

#[test]
fn a_record_keeps_the_version_of_its_form_until_it_is_written_anew() {
    let mut instance = Instance::new();
    instance.start();
    let center = instance.center();
    let made = center.submitter.post("/v1/patients", &patient("OLD")).expect(201);
    assert_eq!(made["form_version"], 2);
    // As written before the form had its second version.
    sql::execute(&instance, "update patient set form_version = 1");
    let at = made["location"].as_str().unwrap();
    assert_eq!(center.submitter.get(at).expect(200)["form_version"], 1);
    instance.assert_intact();
    let mut data = patient("OLD");
    data["race_ethnicity"] = json!("Han");
    let amended = center.submitter.amend(at, 1, "asked for by the second version", &data).expect(200);
    assert_eq!(amended["form_version"], 2);
}
