//! Every operation that shows patient-level data leaves an entry in the audit log, and nothing is shown without one.

use crate::access::operations;
use crate::support::patients::{complete_patient, ndjson, patient};
use crate::support::sql::{count, execute, texts};
use crate::support::{Center, Client, Instance, shared};
use clinical::forms::CLINICAL;
use serde_json::{Value, json};

/// Operations that show patient-level data: the action and the subject of their entry. `{form}` stands for every clinical form,
/// `{path}` for its path.
const SHOWS: &[(&str, &str, &str)] = &[
    ("GET /v1/{form}", "read", "{form}"),
    ("GET /v1/{form}/{record_id}", "read", "{form}"),
    ("GET /v1/{form}/{record_id}/history", "read", "{form}"),
    ("GET /v1/{form}/{record_id}/signatures", "read", "{path}"),
    ("GET /v1/{form}/{record_id}/due", "read", "{path}"),
    ("GET /v1/due", "read", "due"),
    ("GET /v1/changes", "read", "changes"),
    ("GET /v1/transfers", "read", "transfers"),
    ("GET /v1/transfers/{transfer_id}/records", "read", "transfer"),
    ("GET /v1/duplicates", "read", "duplicates"),
    ("GET /v1/submissions/{submission_id}/rows", "read", "submissions"),
    ("GET /v1/submissions/{submission_id}/rejected", "read", "submissions"),
    ("GET /v1/queries/{query_id}", "read", "queries"),
    ("GET /v1/queries", "read", "record_query"),
    ("POST /v1/reports", "read", "report"),
    ("POST /v1/snapshots", "export", "snapshot"),
    ("GET /v1/audit/proof", "read", "audit_proof"),
    ("GET /v1/audit/export", "export", "audit_log"),
];

/// Operations that show no patient-level data, or nothing but what the caller has just sent.
const QUIET: &[&str] = &[
    "GET /health/live",
    "GET /health/ready",
    "GET /metrics",
    "GET /v1/data-dictionary",
    "GET /v1/rules",
    "POST /v1/{form}",
    "PUT /v1/{form}/{record_id}",
    "POST /v1/{form}/{record_id}/retraction",
    "POST /v1/submissions",
    // What a center has just sent; a monitor who looks at it is logged.
    "GET /v1/submissions",
    "GET /v1/submissions/{submission_id}",
    "POST /v1/submissions/{submission_id}/cancellation",
    "POST /v1/submissions/{submission_id}/resumption",
    "GET /v1/templates/workbook",
    "POST /v1/{form}/{record_id}/lock",
    "POST /v1/{form}/{record_id}/unlock",
    "POST /v1/{form}/{record_id}/signatures",
    "POST /v1/{form}/{record_id}/withdrawal",
    "POST /v1/queries",
    "GET /v1/queries/counts",
    "POST /v1/queries/{query_id}/messages",
    "POST /v1/queries/{query_id}/confirmation",
    "POST /v1/queries/{query_id}/resolution",
    "POST /v1/queries/{query_id}/reopening",
    "GET /v1/erasures",
    "POST /v1/transfers",
    "POST /v1/transfers/{transfer_id}/revocation",
    "POST /v1/transfers/{transfer_id}/enrolment",
    "POST /v1/patient-tokens",
    "GET /v1/completeness",
    "GET /v1/centers",
    "POST /v1/centers",
    "GET /v1/products",
    "POST /v1/products",
    "GET /v1/tokens",
    "POST /v1/tokens",
    "DELETE /v1/tokens/{token_id}",
    "GET /v1/snapshots",
    "GET /v1/snapshots/{snapshot_id}",
    "POST /v1/audit/verification",
    "GET /v1/audit/head",
];

/// Entries about reading and exporting, newest first: action, center, subject, actor, request, content.
fn shown(instance: &Instance, number: usize) -> Vec<Value> {
    let rows = texts(
        instance,
        &format!(
            "select jsonb_build_object('action', e.action, 'center', e.center_id, 'subject', e.subject, 'actor', e.actor, 'request', e.request_id,
                                       'asked', convert_from(p.payload, 'UTF8')::jsonb)::text
             from audit_entry e join audit_payload p using (center_id, record_id, version)
             where e.action in ('read', 'export') order by e.record_id desc, e.center_id limit {number}"
        ),
    );
    rows.iter().map(|text| serde_json::from_str(text).unwrap()).collect()
}

fn entries(instance: &Instance) -> i64 {
    count(instance, "select count(*) from audit_entry where action in ('read', 'export')")
}

fn filled(instance: &Instance) -> Center {
    let center = instance.center();
    center.submitter.submit("", &ndjson(&complete_patient(31).records)).expect(200);
    center
}

#[test]
fn every_operation_either_logs_what_it_shows_or_shows_nothing() {
    let mut instance = Instance::new();
    instance.start();
    let center = filled(&instance);
    let lead = instance.caller("lead", &[&center.id]);
    let (statistician, auditor) = (instance.caller("statistician", &[]), instance.caller("auditor", &[]));
    let patient_id =
        lead.get("/v1/patients").expect(200)["items"][0]["record_id"].as_str().unwrap().to_owned();
    statistician.post("/v1/snapshots", &json!({})).expect(201);
    let sent = json!({ "form": "patient", "patient_id": "SENT" }).to_string();
    let submission =
        lead.submit("", sent.as_bytes()).expect(200)["submission_id"].as_str().unwrap().to_owned();
    let asked = json!({ "form": "patient", "record_id": patient_id, "text": "Is this right?" });
    let query = lead.post("/v1/queries", &asked).expect(201)["query_id"].as_str().unwrap().to_owned();
    let receiving = instance.center();
    let transfer = json!({
        "patient_id": "P-0001-31", "to_center": receiving.id, "transferred_on": "2025-01-31", "reason": "moved house",
    });
    let transfer =
        lead.post("/v1/transfers", &transfer).expect(201)["transfer_id"].as_str().unwrap().to_owned();
    let mut tried = 0;
    for operation in operations(&instance) {
        let row = operation.row.as_str();
        let Some((_, action, subject)) = SHOWS.iter().find(|(shows, ..)| *shows == row) else {
            assert!(QUIET.contains(&row), "{row}: say whether it shows patient-level data");
            continue;
        };
        let form = CLINICAL.iter().find(|f| operation.path.split('/').nth(2) == Some(f.path));
        let subject = subject.replace("{form}", form.map_or("", |f| f.name));
        let subject = subject.replace("{path}", form.map_or("", |f| f.path));
        let id = form.map(|f| {
            let one = format!("select record_id::text from {} limit 1", f.name);
            texts(&instance, &one).remove(0)
        });
        let path = operation.path.replace("{record_id}", id.as_deref().unwrap_or_default());
        let path = path.replace("{submission_id}", &submission).replace("{query_id}", &query);
        let path = path.replace("{transfer_id}", &transfer);
        let (client, path) = match row {
            "POST /v1/snapshots" => (&statistician, path),
            "GET /v1/audit/proof" => (&lead, format!("{path}?record_id={patient_id}&contents=true")),
            "GET /v1/audit/export" => (&auditor, path),
            "GET /v1/transfers/{transfer_id}/records" => (&receiving.submitter, path),
            _ => (&lead, path),
        };
        let before = entries(&instance);
        let answer = retried(client, &operation.method, &path);
        assert!(answer.status < 300, "{row}: {}", answer.text());
        assert_eq!(entries(&instance), before + 1, "{row}: one entry a request");
        let entry = shown(&instance, 1).remove(0);
        assert_eq!((&entry["action"], &entry["subject"]), (&json!(action), &json!(subject)), "{row}");
        assert_eq!(entry["request"], answer.header("x-request-id"), "{row}");
        let of_center = !matches!(row, "POST /v1/snapshots" | "GET /v1/audit/export");
        // What another center was granted is on record where it was read, in the log of the center whose rows they are.
        assert_eq!(entry["center"], if of_center { center.id.as_str() } else { "*" }, "{row}");
        if let Some(id) = id.filter(|_| path.contains("history") || row.ends_with("{record_id}")) {
            assert_eq!(entry["asked"]["record_id"], id, "{row}");
        }
        tried += 1;
    }
    let expected =
        operations(&instance).iter().filter(|o| SHOWS.iter().any(|(row, ..)| *row == o.row)).count();
    assert!(tried == expected && tried > 4 * CLINICAL.len(), "{tried}");
    // Nothing of a patient stands in an entry itself, only in its erasable payload.
    let named = "select count(*) from audit_entry where audit_entry::text like '%P-0001-31%'";
    assert_eq!(count(&instance, named), 0);
    instance.assert_intact();
}

/// A proof can be had when the entry is sealed.
fn retried(client: &Client, method: &str, path: &str) -> crate::support::Answer {
    crate::support::wait_for("the sealer", || {
        let headers = [("content-type", "application/json")];
        let answer = client.send(method, path, &headers, br#"{"report":"survival"}"#);
        (answer.status != 409).then_some(answer)
    })
}

#[test]
fn an_entry_says_what_was_asked_and_how_much_was_shown() {
    let mut instance = Instance::new();
    instance.start();
    let (first, second) = (filled(&instance), filled(&instance));
    let monitor = instance.caller("monitor", &[&first.id, &second.id]);

    let listed = monitor.get("/v1/patients?limit=1000").expect(200);
    assert_eq!(listed["items"].as_array().unwrap().len(), 6);
    let entries_of_list = shown(&instance, 2);
    for (entry, center) in entries_of_list.iter().zip([&first.id, &second.id]) {
        assert_eq!(entry["center"], center.as_str(), "each center finds it in its own log");
        assert_eq!(entry["asked"]["records"], 3);
        assert_eq!(entry["asked"]["filter"]["limit"], 1000);
    }
    assert_eq!(entries_of_list[0]["request"], entries_of_list[1]["request"]);

    first.submitter.get("/v1/patients?patient_id=P-0002-31&include_retracted=true").expect(200);
    let entry = shown(&instance, 1).remove(0);
    assert_eq!(entry["asked"]["filter"]["patient_id"], "P-0002-31");
    assert_eq!(entry["asked"]["filter"]["include_retracted"], true);
    assert_eq!(entry["asked"]["records"], 1);
    first.submitter.get("/v1/patients?patient_id=NOBODY").expect(200);
    let entry = shown(&instance, 1).remove(0);
    assert_eq!((&entry["center"], &entry["asked"]["records"]), (&json!(first.id), &json!(0)));

    let one = listed["items"][0]["location"].as_str().unwrap().to_owned();
    monitor.get(&one).expect(200);
    let entry = shown(&instance, 1).remove(0);
    assert_eq!(entry["center"], listed["items"][0]["center_id"]);
    assert_eq!(entry["asked"]["patient_id"], listed["items"][0]["data"]["patient_id"]);
    let before = entries(&instance);
    monitor.get("/v1/patients/0198c0de-0000-7000-8000-000000000000").expect(404);
    monitor.get("/v1/patients?limit=0").expect(400);
    instance.caller("admin", &[]).get("/v1/patients").expect(403);
    assert_eq!(entries(&instance), before, "who is shown nothing leaves no entry");
    instance.assert_intact();
}

#[test]
fn nothing_is_shown_when_it_cannot_be_logged() {
    let mut instance = Instance::new();
    instance.start();
    let center = filled(&instance);
    let at =
        center.submitter.get("/v1/patients").expect(200)["items"][0]["location"].as_str().unwrap().to_owned();
    execute(&instance, "revoke insert on audit_payload from sequela_app");
    for path in [at.clone(), format!("{at}/history"), "/v1/patients".to_owned(), "/v1/queries".to_owned()] {
        let answer = center.submitter.try_send("GET", &path, &[], &[]).unwrap();
        assert!(answer.status >= 500, "{path}: {}", answer.status);
        assert!(!answer.text().contains("31"), "{path}: {}", answer.text());
    }
    execute(&instance, "grant insert on audit_payload to sequela_app");
    center.submitter.get(&at).expect(200);
    instance.assert_intact();
}

#[test]
fn an_erasure_takes_away_whom_the_log_says_was_read_about() {
    let mut instance = Instance::new();
    instance.start();
    let center = filled(&instance);
    let lead = instance.caller("lead", &[&center.id]);
    let auditor = instance.caller("auditor", &[]);
    let found = lead.get("/v1/patients?patient_id=P-0002-31").expect(200)["items"][0].clone();
    let at = found["location"].as_str().unwrap().to_owned();
    for path in [
        at.clone(),
        format!("{at}/history"),
        format!("{at}/due"),
        "/v1/patients/P-0002-31/due".to_owned(),
        "/v1/due?patient_id=P-0002-31".to_owned(),
        "/v1/queries?limit=5".to_owned(),
    ] {
        lead.get(&path).expect(200);
    }
    assert_eq!(
        auditor.get(&format!("/v1/audit/export?center_id={}&patient_id=P-0002-31", center.id)).status,
        200
    );
    let named = "select count(*) from audit_payload where position('P-0002-31'::bytea in payload) > 0";
    assert!(count(&instance, named) > 6);
    let before = entries(&instance);
    let erase = json!({ "mode": "erase", "confirm": "P-0002-31", "reason": "withdrew consent" });
    lead.post(&format!("{at}/withdrawal"), &erase).expect(200);
    assert_eq!(count(&instance, named), 0, "no payload names the patient any more");
    assert_eq!(entries(&instance), before, "that somebody read, and who, stays");
    assert!(
        count(
            &instance,
            "select count(*) from audit_payload p join audit_entry e using (center_id, record_id, version) where e.action = 'read'"
        ) >= 1
    );
    instance.assert_intact();
}

#[test]
fn the_change_feed_tells_no_reads() {
    let center = shared().center();
    let at = center.submitter.post("/v1/patients", &patient("P")).expect(201)["location"]
        .as_str()
        .unwrap()
        .to_owned();
    let feed = || {
        crate::support::wait_for("the change", || {
            let page = center.submitter.get("/v1/changes").expect(200);
            page["items"].as_array().filter(|items| !items.is_empty()).cloned()
        })
    };
    assert_eq!(feed().len(), 1);
    center.submitter.get(&at).expect(200);
    center.submitter.get("/v1/patients").expect(200);
    center.submitter.post("/v1/patients", &patient("Q")).expect(201);
    crate::support::wait_for("the second change", || (feed().len() >= 2).then_some(()));
    assert_eq!(feed().len(), 2);
    let logged = || {
        let of_center = format!(
            "select count(*) from audit_entry where subject = 'changes' and center_id = '{}'",
            center.id
        );
        count(shared(), &of_center)
    };
    let before = logged();
    let page = center.submitter.get("/v1/changes").expect(200);
    assert_eq!(logged(), before + 1);
    let next = page["next_cursor"].as_str().unwrap();
    let nothing = center.submitter.get(&format!("/v1/changes?since={next}")).expect(200);
    assert_eq!(
        (nothing["items"].as_array().map(Vec::len), logged()),
        (Some(0), before + 1),
        "nothing was shown"
    );
}

#[test]
fn the_history_of_a_record_holds_no_reads() {
    let center = shared().center();
    let at = center.submitter.post("/v1/patients", &patient("P")).expect(201)["location"]
        .as_str()
        .unwrap()
        .to_owned();
    for _ in 0..3 {
        center.submitter.get(&at).expect(200);
    }
    let history = center.submitter.get(&format!("{at}/history")).expect(200);
    assert_eq!(history["versions"].as_array().unwrap().len(), 1);
}
