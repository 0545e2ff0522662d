//! Withdrawal of consent: further use stops from a day on, or everything is erased and the log still verifies.

use crate::support::patients::{bulk, complete_patient, infusion, line, ndjson, patient, toxicity};
use crate::support::sql::{count, execute, texts};
use crate::support::{Client, Instance, wait_for};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// All bytes of the files below a directory.
fn contents(directory: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(contents(&path));
        } else {
            let bytes = std::fs::read(&path).unwrap();
            found.push((path, bytes));
        }
    }
    found
}

fn holds(haystack: &[u8], needle: &str) -> bool {
    haystack.windows(needle.len()).any(|w| w == needle.as_bytes())
}

/// Rows of a form in a snapshot, by its manifest.
fn rows(manifest: &Value, form: &str) -> i64 {
    let files = manifest["files"].as_array().unwrap();
    files.iter().find(|f| f["form"] == form).unwrap()["rows"].as_i64().unwrap()
}

#[test]
fn from_the_day_of_withdrawal_on_nothing_later_is_used() {
    let mut instance = Instance::new();
    instance.start();
    let center = instance.center();
    let client = &center.submitter;
    let made = client.post("/v1/patients", &patient("STOP")).expect(201);
    client.post("/v1/infusions", &infusion("STOP")).expect(201);
    for day in ["2024-03-02", "2024-03-05", "2024-03-06"] {
        client.post("/v1/daily-toxicities", &toxicity("STOP", day)).expect(201);
    }
    let status = json!({ "patient_id": "STOP", "last_contact": "2024-03-07", "status": "ALIVE" });
    client.post("/v1/survival-statuses", &status).expect(201);
    client.post("/v1/patients", &patient("OTHER")).expect(201);
    let statistician = instance.caller("statistician", &[]);
    let before = statistician.post("/v1/snapshots", &json!({})).expect(201);
    assert_eq!((rows(&before, "daily_toxicity"), rows(&before, "survival_status")), (3, 1));

    let at = format!("{}/withdrawal", made["location"].as_str().unwrap());
    let stop = json!({ "mode": "stop", "date": "2024-03-05", "reason": "letter of the patient" });
    client.post(&at, &stop).expect(428);
    client
        .post_with(&at, &[("if-match", "\"1\"")], &json!({ "mode": "stop", "reason": "letter" }))
        .expect(422);
    client.post_with(&at, &[("if-match", "\"2\"")], &stop).expect(412);
    let done = client.post_with(&at, &[("if-match", "\"1\"")], &stop).expect(200);
    assert_eq!((&done["data"]["withdrawn_on"], &done["version"]), (&json!("2024-03-05"), &json!(2)));

    // The day itself is used, what comes after is not; derived values follow their records.
    let after = statistician.post("/v1/snapshots", &json!({})).expect(201);
    assert_eq!((rows(&after, "daily_toxicity"), rows(&after, "survival_status")), (2, 0));
    assert_eq!((rows(&after, "patient"), rows(&after, "infusion")), (2, 1));
    let derived = count(
        &instance,
        "select count(*) from derived_value v join daily_toxicity t using (center_id, record_id) where t.assessment_date > '2024-03-05'",
    );
    assert_eq!(rows(&before, "derived_value") - rows(&after, "derived_value"), derived);
    let due = client.get("/v1/patients/STOP/due?as_of=2024-03-08").expect(200);
    let seventh = due["items"].as_array().unwrap().iter().find(|i| i["code"] == "d7").unwrap();
    assert_eq!((&seventh["state"], &seventh["reason"]), (&json!("excluded"), &json!("withdrawn")));
    // Consent given again is a correction like any other.
    client.amend(made["location"].as_str().unwrap(), 2, "consent renewed", &patient("STOP")).expect(200);
    let again = statistician.post("/v1/snapshots", &json!({})).expect(201);
    assert_eq!(rows(&again, "daily_toxicity"), 3);
    instance.assert_intact();
}

/// Leaves something about a patient wherever something can be: versions, queries, a lock, a signature, a kept answer. Returns the patient's
/// record, where it is, and a query about it.
fn leave_traces(client: &Client, lead: &Client, name: &str) -> (String, String, Value) {
    let record = |form: &str| -> (String, String) {
        let found = client.get(&format!("/v1/{form}?patient_id={name}&limit=1")).expect(200);
        let item = &found["items"][0];
        (item["record_id"].as_str().unwrap().to_owned(), item["location"].as_str().unwrap().to_owned())
    };
    let (patient_record, at) = record("patients");
    let mut data = client.get(&at).expect(200)["data"].clone();
    data["race_ethnicity"] = json!("Secret-Ethnicity");
    client
        .send(
            "PUT",
            &at,
            &[("content-type", "application/json"), ("if-match", "\"1\""), ("idempotency-key", "k1")],
            json!({ "reason": "from the chart", "data": data }).to_string().as_bytes(),
        )
        .expect(200);
    lead.post_with(&format!("{at}/signatures"), &[("if-match", "\"2\"")], &json!({ "meaning": "REVIEW" }))
        .expect(201);
    lead.post_with(&format!("{at}/lock"), &[("if-match", "\"2\"")], &json!({ "reason": "closed" }))
        .expect(200);
    let question = json!({ "form": "patient", "record_id": patient_record, "text": "Secret-Question" });
    let query = lead.post("/v1/queries", &question).expect(201);
    client
        .post(
            &format!("/v1/queries/{}/messages", query["query_id"].as_str().unwrap()),
            &json!({ "text": "Secret-Answer" }),
        )
        .expect(200);
    (patient_record, at, query)
}

/// No table of the center holds these words, as text or as bytes.
fn assert_no_trace(instance: &Instance, center: &str, words: &[&str]) {
    let tables = texts(
        instance,
        "select c.table_name::text from information_schema.columns c join information_schema.tables t using (table_schema, table_name)
         where table_schema = 'public' and column_name = 'center_id' and table_type = 'BASE TABLE' order by 1",
    );
    assert!(tables.len() > 50);
    for table in &tables {
        for word in words {
            // Binary content is searched by its bytes.
            let found = count(
                instance,
                &format!(
                    "select count(*) from {table} t where t.center_id = '{center}' and
                     (t::text like '%{word}%' or t::text like '%' || encode('{word}', 'hex') || '%')"
                ),
            );
            assert_eq!(found, 0, "{table} still holds {word}");
        }
    }
}

#[test]
fn an_erased_patient_is_gone_everywhere_and_the_log_verifies_and_says_so() {
    let mut instance = Instance::new();
    instance.start();
    let center = instance.center();
    let other = instance.center();
    let (client, lead) = (&center.submitter, instance.caller("lead", &[&center.id]));
    client.submit("", &bulk(3, 300).0).expect(200);
    let complete = complete_patient(5);
    client.submit("", &ndjson(&complete.records)).expect(200);
    other.submitter.submit("", &ndjson(&complete.records)).expect(200);
    let name = "P-0001-5";
    let (patient_record, at, query) = leave_traces(client, &lead, name);
    let statistician = instance.caller("statistician", &[]);
    let first = statistician.post("/v1/snapshots", &json!({})).expect(201);
    let second = statistician.post("/v1/snapshots", &json!({})).expect(201);

    let erase =
        |confirm: &str| json!({ "mode": "erase", "confirm": confirm, "reason": "asked for in writing" });
    let path = format!("{at}/withdrawal");
    client.post(&path, &erase(name)).expect(403);
    lead.post(&path, &json!({ "mode": "erase", "reason": "asked for in writing" })).expect(422);
    lead.post(&path, &erase("P-0002-5")).expect(422);
    instance.caller("lead", &[&other.id]).post(&path, &erase(name)).expect(404);
    let records =
        count(&instance, &format!("select count(*) from audit_entry where center_id = '{}'", center.id));
    let done = lead.post(&path, &erase(name)).expect(200);
    assert!(done["records"].as_i64().unwrap() > 30, "{done}");
    assert_eq!(done["snapshots_done"], true);
    lead.post(&path, &erase(name)).expect(404);

    // No table and no file names the patient; the other center's patient of the same name is untouched.
    client.get(&at).expect(404);
    client.get(&format!("/v1/queries/{}", query["query_id"].as_str().unwrap())).expect(404);
    assert_no_trace(&instance, &center.id, &[name, "Secret-Ethnicity", "Secret-Question", "Secret-Answer"]);
    let foreign = count(
        &instance,
        &format!("select count(*) from infusion where center_id = '{}' and patient_id = '{name}'", other.id),
    );
    assert_eq!(foreign, 1);
    // Every log entry stands, one was added, and verification counts the erased payloads apart.
    assert_eq!(
        count(&instance, &format!("select count(*) from audit_entry where center_id = '{}'", center.id)),
        records + 1
    );
    let found =
        wait_for("everything to be sealed", || Some(instance.verify()).filter(|f| f["unsealed"] == 0));
    assert_eq!(found["fault_count"], 0, "{found:#}");
    assert_eq!(found["erased"], done["payloads"]);

    // Other snapshots stand in the place of those two, without the patient and with all others.
    let listed = statistician.get("/v1/snapshots").expect(200);
    assert_eq!(listed.as_array().unwrap().len(), 2, "{listed}");
    let stored = contents(&instance.data_dir().join("snapshots"));
    assert!(!stored.is_empty());
    for old in [&first, &second] {
        let id = old["snapshot_id"].as_str().unwrap();
        statistician.get(&format!("/v1/snapshots/{id}")).expect(404);
        let new = listed
            .as_array()
            .unwrap()
            .iter()
            .map(|s| {
                statistician.get(&format!("/v1/snapshots/{}", s["snapshot_id"].as_str().unwrap())).expect(200)
            })
            .find(|m| m["replaces"] == *id)
            .unwrap();
        assert_eq!(new["erasures"], json!([done["erasure_id"]]));
        assert_eq!(rows(&new, "patient"), rows(old, "patient") - 1);
        assert_eq!(rows(&new, "center"), rows(old, "center"));
        // A report reads it like any other: its hashes hold.
        let report = json!({ "report": "volume", "snapshot_id": new["snapshot_id"] });
        let answer = statistician.post("/v1/reports", &report);
        assert_ne!(answer.status, 500, "{}", answer.text());
    }
    let ethnicities = stored.iter().filter(|(_, bytes)| holds(bytes, "Secret-Ethnicity")).count();
    assert_eq!(ethnicities, 0);

    // An old spreadsheet does not bring the patient back, alone or in a batch.
    let refused = client.post("/v1/patients", &patient(name));
    assert_eq!(refused.expect(409)["errors"][0]["rule"], "patient.erased");
    let batch = client
        .submit("", (line("patient", &patient(name)) + &line("patient", &patient("P-0001-7"))).as_bytes());
    assert_eq!(
        (&batch.json()["created"], &batch.json()["rejected"]),
        (&json!(1), &json!(1)),
        "{}",
        batch.text()
    );
    client.post("/v1/patients", &patient("P-0001-6")).expect(201);
    // The feed says that records are gone, and tells nothing of them.
    let feed = client.get("/v1/changes?limit=1000").expect(200);
    let erased: Vec<&Value> =
        feed["items"].as_array().unwrap().iter().filter(|c| c["record_id"] == *patient_record).collect();
    assert!(erased.iter().all(|c| c["data"].is_null() && c["changes"].is_null()), "{erased:#?}");
    let list = lead.get("/v1/erasures").expect(200);
    assert_eq!(list["items"][0]["erasure_id"], done["erasure_id"]);
    assert_eq!(instance.caller("lead", &[&other.id]).get("/v1/erasures").expect(200)["items"], json!([]));
}

#[test]
fn an_erasure_cut_short_reaches_the_snapshots_when_the_server_starts_again() {
    let mut instance = Instance::new();
    instance.start();
    let center = instance.center();
    let lead = instance.caller("lead", &[&center.id]);
    let made = center.submitter.post("/v1/patients", &patient("CUT")).expect(201);
    center.submitter.post("/v1/patients", &patient("STAYS")).expect(201);
    let statistician = instance.caller("statistician", &[]);
    let taken = statistician.post("/v1/snapshots", &json!({})).expect(201);
    // As after a crash between the commit and the files: the old snapshot is there and the erasure not done.
    let snapshots = instance.data_dir().join("snapshots");
    let old = snapshots.join(taken["snapshot_id"].as_str().unwrap());
    let kept = instance.data_dir().join("kept");
    let copy = |from: &Path, to: &Path| {
        let status = std::process::Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap();
        assert!(status.success());
    };
    copy(&old, &kept);
    let erase = json!({ "mode": "erase", "confirm": "CUT", "reason": "asked for in writing" });
    lead.post(&format!("{}/withdrawal", made["location"].as_str().unwrap()), &erase).expect(200);
    assert!(instance.stop().success());
    for (path, _) in contents(&snapshots) {
        std::fs::remove_file(path).unwrap();
    }
    for entry in std::fs::read_dir(&snapshots).unwrap() {
        std::fs::remove_dir_all(entry.unwrap().path()).unwrap();
    }
    copy(&kept, &old);
    instance.start();
    execute(&instance, "update erasure set snapshots_done = false");
    assert!(instance.stop().success());
    instance.start();
    let statistician = instance.anonymous().with_token(statistician.token.as_deref());
    let listed = statistician.get("/v1/snapshots").expect(200);
    let id = listed[0]["snapshot_id"].as_str().unwrap();
    let manifest = statistician.get(&format!("/v1/snapshots/{id}")).expect(200);
    assert_eq!(manifest["replaces"], taken["snapshot_id"]);
    assert_eq!((rows(&taken, "patient"), rows(&manifest, "patient")), (2, 1));
    assert_eq!(count(&instance, "select count(*) from erasure where not snapshots_done"), 0);
    instance.assert_intact();
}

#[test]
fn a_payload_that_is_gone_without_an_erasure_stays_a_fault_and_so_does_an_erased_one_that_is_there() {
    let mut instance = Instance::new();
    instance.start();
    let center = instance.center();
    let lead = instance.caller("lead", &[&center.id]);
    let made = center.submitter.post("/v1/patients", &patient("E")).expect(201);
    center.submitter.post("/v1/patients", &patient("K")).expect(201);
    execute(&instance, "create table kept as select * from audit_payload");
    let erase = json!({ "mode": "erase", "confirm": "E", "reason": "asked for in writing" });
    lead.post(&format!("{}/withdrawal", made["location"].as_str().unwrap()), &erase).expect(200);
    instance.assert_intact();
    let kinds = |instance: &Instance| -> Vec<String> {
        let found = instance.verify();
        found["faults"].as_array().unwrap().iter().map(|f| f["kind"].as_str().unwrap().to_owned()).collect()
    };
    execute(
        &instance,
        "insert into audit_payload select k.* from kept k left join audit_payload p using (center_id, record_id, version) where p.record_id is null",
    );
    assert_eq!(kinds(&instance), ["erased_content_kept"]);
    let id = made["record_id"].as_str().unwrap();
    execute(&instance, &format!("delete from audit_payload where record_id = '{id}'"));
    instance.assert_intact();
    execute(
        &instance,
        &format!(
            "delete from audit_payload where center_id = '{}' and record_id in (select record_id from patient)",
            center.id
        ),
    );
    assert_eq!(kinds(&instance), ["payload_missing"]);
}
