//! Single records: creating, reading, listing, amending, retracting, reinstating, history - for every clinical form.

use crate::support::patients::{complete_patient, correction, infusion, patient, patients, toxicity};
use crate::support::{Answer, Client, shared};
use clinical::forms::CLINICAL;
use clinical::record::Record;
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn path_of(record: &Record) -> String {
    format!("/v1/{}", record.form().path)
}

/// A record's content with one field corrected.
fn corrected(record: &Record) -> (Value, &'static str, Value, Value) {
    let (field, value) = correction(record);
    let mut data = record.to_json();
    let before = data.get(field).cloned().unwrap_or(Value::Null);
    data[field] = value.clone();
    if let Some(missing) = data.get_mut("missing").and_then(Value::as_object_mut) {
        missing.shift_remove(field);
        if missing.is_empty() {
            data.as_object_mut().unwrap().shift_remove("missing");
        }
    }
    (data, field, before, value)
}

#[track_caller]
fn create(client: &Client, record: &Record) -> Value {
    client.post(&path_of(record), &record.to_json()).expect(201)
}

#[test]
fn every_form_is_created_and_read_back_equal() {
    let center = shared().center();
    for record in &complete_patient(11).records {
        let answer = center.submitter.post(&path_of(record), &record.to_json());
        let created = answer.expect(201);
        assert_eq!(answer.header("etag"), "\"1\"");
        let location = format!("{}/{}", path_of(record), created["record_id"].as_str().unwrap());
        assert_eq!(answer.header("location"), location);
        assert_eq!(created["location"], location);
        assert_eq!(created["form"], record.form().name);
        assert_eq!(created["form_version"], record.form().version);
        assert_eq!(created["center_id"], center.id);
        assert_eq!(created["version"], 1);
        assert_eq!(created["status"], "current");
        assert_eq!(created["data"], record.to_json());
        assert!(created["queries"].is_array());

        let answer = center.submitter.get(&location);
        let read = answer.expect(200);
        assert_eq!(answer.header("etag"), "\"1\"");
        for member in ["record_id", "form", "center_id", "version", "status", "recorded_at", "data"] {
            assert_eq!(read[member], created[member], "{member} of {location}");
        }
    }
}

#[test]
fn a_record_sent_again_changes_nothing_and_other_content_is_a_conflict() {
    let center = shared().center();
    for record in &complete_patient(12).records {
        let first = create(&center.submitter, record);
        let again = center.submitter.post(&path_of(record), &record.to_json());
        assert_eq!(again.expect(200)["record_id"], first["record_id"]);
        assert_eq!(again.header("etag"), "\"1\"");
        let (other, ..) = corrected(record);
        let conflict = center.submitter.post(&path_of(record), &other);
        conflict.expect(409);
        assert_eq!(conflict.faults(), ["record.exists"]);
        let expected = conflict.json()["errors"][0]["expected"].as_str().unwrap().to_owned();
        assert!(expected.contains(first["record_id"].as_str().unwrap()), "{expected}");
        let unchanged = center.submitter.get(first["location"].as_str().unwrap()).expect(200);
        assert_eq!(unchanged["version"], 1);
        assert_eq!(unchanged["data"], record.to_json());
    }
}

/// All ids of a list, page by page.
fn pages(client: &Client, path: &str, query: &str, limit: usize) -> Vec<String> {
    let (mut ids, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = client.get(&format!("{path}?limit={limit}{query}{cursor}")).expect(200);
        let items = page["items"].as_array().unwrap();
        ids.extend(items.iter().map(|r| r["record_id"].as_str().unwrap().to_owned()));
        let Some(next) = page["next_cursor"].as_str() else {
            assert!(items.len() <= limit);
            return ids;
        };
        assert_eq!(items.len(), limit, "a page that is not the last is full");
        cursor = format!("&cursor={next}");
    }
}

#[test]
fn lists_page_through_every_record_once() {
    let center = shared().center();
    let everyone = patients(13, 6);
    for patient in &everyone {
        for record in &patient.records {
            create(&center.submitter, record);
        }
    }
    for form in CLINICAL {
        let path = format!("/v1/{}", form.path);
        let expected = everyone.iter().flat_map(|p| &p.records).filter(|r| r.form() == *form).count();
        for limit in [1, 3, 1000] {
            let ids = pages(&center.submitter, &path, "", limit);
            assert_eq!(ids.len(), expected, "{path} by {limit}");
            assert_eq!(
                ids.iter().collect::<BTreeSet<_>>().len(),
                expected,
                "{path} by {limit} repeats a record"
            );
        }
        let one = &everyone[2];
        let own = one.records.iter().filter(|r| r.form() == *form).count();
        let of_patient = format!("&patient_id={}", one.patient_id.as_str());
        assert_eq!(pages(&center.submitter, &path, &of_patient, 2).len(), own, "{path} of one patient");
        assert!(pages(&center.submitter, &path, "&patient_id=nobody", 2).is_empty());
    }
    assert!(center.submitter.get("/v1/patients").expect(200)["next_cursor"].is_null());
}

#[test]
fn amendments_need_the_version_and_a_reason_and_keep_the_key() {
    let center = shared().center();
    let client = &center.submitter;
    for record in &complete_patient(14).records {
        let created = create(client, record);
        let at = created["location"].as_str().unwrap();
        let (data, field, before, after) = corrected(record);

        let body = json!({ "reason": "typing error", "data": data }).to_string();
        let json_type = ("content-type", "application/json");
        client.send("PUT", at, &[json_type], body.as_bytes()).expect(428);
        for etag in ["\"x\"", "*", "W/\"1\"", "99999999999", ""] {
            client.send("PUT", at, &[json_type, ("if-match", etag)], body.as_bytes()).expect(400);
        }
        client
            .send(
                "PUT",
                at,
                &[json_type, ("if-match", "\"1\"")],
                json!({ "data": data }).to_string().as_bytes(),
            )
            .expect(422);
        for reason in ["", "  x  ", "ab\u{7}cd", &"x".repeat(1001)] {
            assert_eq!(client.amend(at, 1, reason, &data).expect(422)["type"], "urn:sequela:problem:reason");
        }
        // The forms of a center as such have no patient, but begin to be valid on a day.
        let (key, other) = match record.form().field("patient_id") {
            Some(_) => ("patient_id", "SOMEBODY-ELSE"),
            None => ("valid_from", "2001-01-01"),
        };
        let mut moved = data.clone();
        moved[key] = json!(other);
        let refused = client.amend(at, 1, "wrong patient", &moved);
        refused.expect(422);
        assert_eq!(refused.faults(), [format!("record.key_immutable /{key}")]);
        assert_eq!(client.get(at).expect(200)["version"], 1, "a refused amendment wrote something");

        let amended = client.amend(at, 1, "typing error", &data);
        let view = amended.expect(200);
        assert_eq!(amended.header("etag"), "\"2\"");
        assert_eq!((&view["version"], &view["data"], &view["status"]), (&json!(2), &data, &json!("current")));

        let stale = client.amend(at, 1, "typing error", &data).expect(412);
        assert!(stale["detail"].as_str().unwrap().contains("version 2"), "{stale}");
        client.amend(at, 3, "typing error", &data).expect(412);
        assert_eq!(client.get(at).expect(200)["data"], data);

        let history = client.get(&format!("{at}/history")).expect(200);
        let versions = history["versions"].as_array().unwrap();
        assert_eq!(versions.len(), 2);
        assert_eq!((&versions[0]["version"], &versions[0]["action"]), (&json!(1), &json!("create")));
        assert_eq!((&versions[0]["reason"], &versions[0]["changes"]), (&Value::Null, &Value::Null));
        assert_eq!(versions[0]["data"], record.to_json());
        assert_eq!((&versions[1]["version"], &versions[1]["action"]), (&json!(2), &json!("amend")));
        assert_eq!(versions[1]["reason"], "typing error");
        assert_eq!(versions[1]["data"], data);
        assert_eq!(versions[1]["changes"][field], json!({ "before": before, "after": after }));
        let changed: Vec<&String> = versions[1]["changes"].as_object().unwrap().keys().collect();
        assert!(changed.iter().all(|name| *name == field || *name == "missing"), "{changed:?}");
        assert_eq!(versions[0]["actor"], versions[1]["actor"]);
        assert_ne!(versions[0]["request_id"], versions[1]["request_id"]);
        assert_eq!(versions[1]["request_id"], amended.header("x-request-id"));
    }
}

#[test]
fn records_are_retracted_from_the_leaves_and_reinstated_from_the_root() {
    let center = shared().center();
    let client = &center.submitter;
    let records = complete_patient(15).records;
    let mut places: Vec<String> = Vec::new();
    for record in &records {
        places.push(create(client, record)["location"].as_str().unwrap().to_owned());
    }
    for (record, at) in records.iter().zip(&places) {
        if matches!(record.form().name, "patient" | "infusion") {
            let refused = client.retract(at, 1, "entered twice");
            refused.expect(409);
            assert_eq!(refused.faults(), ["record.in_use"], "{at}");
        }
    }
    for (record, at) in records.iter().zip(&places).rev() {
        client.post(&format!("{at}/retraction"), &json!({ "reason": "entered twice" })).expect(428);
        client.retract(at, 2, "entered twice").expect(412);
        client.retract(at, 1, "").expect(422);
        let retracted = client.retract(at, 1, "entered twice");
        assert_eq!(retracted.expect(200)["status"], "retracted");
        assert_eq!(retracted.header("etag"), "\"2\"");
        assert_eq!(
            client.retract(at, 2, "once more").expect(200)["version"],
            2,
            "nothing is left to retract"
        );
        let again = client.post(&path_of(record), &record.to_json());
        again.expect(409);
        assert_eq!(again.faults(), ["record.retracted"]);
    }
    for form in CLINICAL {
        let path = format!("/v1/{}", form.path);
        let of_form = records.iter().filter(|r| r.form() == *form).count();
        assert!(pages(client, &path, "", 100).is_empty(), "{path} lists retracted records");
        assert_eq!(pages(client, &path, "&include_retracted=true", 100).len(), of_form);
    }
    let last = records.last().unwrap();
    client.amend(places.last().unwrap(), 2, "it was right", &last.to_json()).expect(422);
    for (record, at) in records.iter().zip(&places) {
        let back = client.amend(at, 2, "it was right", &record.to_json()).expect(200);
        assert_eq!((&back["status"], &back["version"]), (&json!("current"), &json!(3)));
        let history = client.get(&format!("{at}/history")).expect(200);
        let actions: Vec<&str> =
            history["versions"].as_array().unwrap().iter().map(|v| v["action"].as_str().unwrap()).collect();
        assert_eq!(actions, ["create", "retract", "reinstate"]);
        assert_eq!(history["versions"][1]["changes"], json!({}));
    }
}

#[test]
fn a_child_is_refused_without_its_parent_and_under_a_retracted_one() {
    let center = shared().center();
    let client = &center.submitter;
    let faults = |answer: Answer| {
        answer.expect(422);
        answer.faults()
    };
    assert_eq!(faults(client.post("/v1/infusions", &infusion("P"))), ["reference.patient /patient_id"]);
    let at = client.post("/v1/patients", &patient("P")).expect(201)["location"].as_str().unwrap().to_owned();
    let mut unknown = infusion("P");
    unknown["product_code"] = json!("no-such-cel");
    assert_eq!(faults(client.post("/v1/infusions", &unknown)), ["reference.product /product_code"]);
    let day = toxicity("P", "2024-03-02");
    assert_eq!(faults(client.post("/v1/daily-toxicities", &day)), ["reference.infusion /infusion_number"]);
    client.retract(&at, 1, "consent withdrawn").expect(200);
    assert_eq!(faults(client.post("/v1/infusions", &infusion("P"))), ["reference.patient /patient_id"]);
}

#[test]
fn soft_findings_open_queries_that_a_correction_resolves() {
    let center = shared().center();
    let client = &center.submitter;
    client.post("/v1/patients", &patient("Q")).expect(201);
    let mut heavy = infusion("Q");
    heavy["weight_kg"] = json!(200.0);
    heavy["active_infection"] = json!("Y");
    let created = client.post("/v1/infusions", &heavy).expect(201);
    let asked = ["infusion.active_infection /active_infection", "value.plausible_range /weight_kg"];
    assert_eq!(crate::support::http::rules_of(&created["queries"]), asked);
    let id = created["record_id"].as_str().unwrap();
    let open = client.get(&format!("/v1/queries?state=open&record_id={id}")).expect(200);
    assert_eq!(open["items"].as_array().unwrap().len(), 2);
    assert!(
        open["items"]
            .as_array()
            .unwrap()
            .iter()
            .all(|q| q["center_id"] == center.id && q["form"] == "infusion")
    );

    heavy["weight_kg"] = json!(90.0);
    client.amend(created["location"].as_str().unwrap(), 1, "scale misread", &heavy).expect(200);
    let states = client.get(&format!("/v1/queries?record_id={id}")).expect(200);
    let mut states: Vec<(&str, &str, bool)> = states["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|q| (q["rule"].as_str().unwrap(), q["state"].as_str().unwrap(), q["closed_at"].is_null()))
        .collect();
    states.sort_unstable();
    assert_eq!(
        states,
        [("infusion.active_infection", "open", true), ("value.plausible_range", "resolved", false)]
    );
    let first = client.get("/v1/queries?limit=1").expect(200);
    let rest = client
        .get(&format!("/v1/queries?limit=1&cursor={}", first["next_cursor"].as_str().unwrap()))
        .expect(200);
    assert!(rest["next_cursor"].is_null());
    assert_ne!(first["items"][0]["query_id"], rest["items"][0]["query_id"]);
}

#[test]
fn a_parent_is_not_retracted_while_a_child_arrives() {
    let center = shared().center();
    let client = &center.submitter;
    for round in 0..25 {
        let id = format!("RACE-{round}");
        let at =
            client.post("/v1/patients", &patient(&id)).expect(201)["location"].as_str().unwrap().to_owned();
        let barrier = std::sync::Barrier::new(2);
        let (retraction, child) = std::thread::scope(|scope| {
            let retracting = scope.spawn(|| {
                barrier.wait();
                client.retract(&at, 1, "entered twice").status
            });
            barrier.wait();
            let child = client.post("/v1/infusions", &infusion(&id)).status;
            (retracting.join().unwrap(), child)
        });
        match (retraction, child) {
            (200, 422) | (409, 201) => {}
            other => panic!("round {round}: retraction and child were answered {other:?}"),
        }
    }
}

#[test]
fn of_two_amendments_of_one_version_one_is_told_to_read_again() {
    let center = shared().center();
    let client = &center.submitter;
    for round in 0..10 {
        let mut content = patient(&format!("TWO-{round}"));
        let at = client.post("/v1/patients", &content).expect(201)["location"].as_str().unwrap().to_owned();
        let barrier = std::sync::Barrier::new(2);
        let mut contents = Vec::new();
        for year in [1970, 1971] {
            content["birth_year"] = json!(year);
            contents.push(content.clone());
        }
        let mut statuses: Vec<(u16, Value)> = std::thread::scope(|scope| {
            let amend = |data: &Value| {
                barrier.wait();
                (client.amend(&at, 1, "corrected", data).status, data["birth_year"].clone())
            };
            let threads: Vec<_> = contents.iter().map(|data| scope.spawn(move || amend(data))).collect();
            threads.into_iter().map(|t| t.join().unwrap()).collect()
        });
        statuses.sort_by_key(|(status, _)| *status);
        assert_eq!((statuses[0].0, statuses[1].0), (200, 412), "round {round}");
        let kept = client.get(&at).expect(200);
        assert_eq!((&kept["version"], &kept["data"]["birth_year"]), (&json!(2), &statuses[0].1));
    }
}

#[test]
fn reference_data_are_added_once_and_listed() {
    let admin = shared().admin();
    let codes = |path: &str, key: &str| -> BTreeSet<String> {
        let listed = admin.get(path).expect(200);
        listed["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|r| r["data"][key].as_str().unwrap().to_owned())
            .collect()
    };
    let seeded: BTreeSet<String> =
        clinical::products::products().iter().map(|p| p.text("product_code").unwrap().to_owned()).collect();
    assert!(seeded.len() >= 10 && codes("/v1/products", "product_code").is_superset(&seeded));

    let new = json!({ "product_code": "test-cel", "inn": "testocabtagene", "target": "CD22", "dose_basis": "FLAT" });
    admin.post("/v1/products", &new).expect(201);
    admin.post("/v1/products", &new).expect(200);
    assert!(codes("/v1/products", "product_code").contains("test-cel"));
    let mut other = new.clone();
    other["target"] = json!("CD19");
    let conflict = admin.post("/v1/products", &other);
    conflict.expect(409);
    assert_eq!(conflict.faults(), ["record.exists"]);

    let center =
        json!({ "center_id": "lower", "name": "x", "joined_on": "2024-01-01", "left_on": "2023-01-01" });
    let refused = admin.post("/v1/centers", &center);
    refused.expect(422);
    assert_eq!(refused.faults(), ["center.code_characters /center_id", "center.left_before_joined /left_on"]);
}
