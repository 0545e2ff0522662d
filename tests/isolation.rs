//! A token of one center and the rows of another, through every endpoint that shows or changes rows.

use crate::support::patients::{complete_patient, infusion, line, ndjson, patient, patients};
use crate::support::{Answer, Client, shared};
use clinical::form::Parent;
use clinical::forms::CLINICAL;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The centers named in the items of a list.
fn centers(list: &Value) -> BTreeSet<String> {
    let items = list["items"].as_array().unwrap();
    items.iter().map(|r| r["center_id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn lists_and_queries_hold_rows_of_the_own_centers_only() {
    let instance = shared();
    let (a, b, c) = (instance.center(), instance.center(), instance.center());
    for center in [&a, &b, &c] {
        // The same pseudonyms everywhere: nothing but the center tells the rows apart.
        for patient in patients(41, 3) {
            center.submitter.submit("", &ndjson(&patient.records)).expect(200);
        }
    }
    let monitor = instance.caller("monitor", &[&a.id, &b.id]);
    let own: BTreeSet<String> = [a.id.clone()].into();
    let assigned: BTreeSet<String> = [a.id.clone(), b.id.clone()].into();
    let pseudonym = patients(41, 1)[0].patient_id.as_str().to_owned();
    for form in CLINICAL {
        for query in
            ["limit=1000".to_owned(), format!("limit=1000&include_retracted=true&patient_id={pseudonym}")]
        {
            let path = format!("/v1/{}?{query}", form.path);
            let of = |client: &Client| client.get(&path).expect(200);
            let (of_a, of_both) = (of(&a.submitter), of(&monitor));
            let number = of_a["items"].as_array().unwrap().len();
            assert!(number == 0 || centers(&of_a) == own, "{path}");
            assert!(number == 0 || centers(&of_both) == assigned, "{path}");
            assert_eq!(of_both["items"].as_array().unwrap().len(), 2 * number, "{path}");
        }
    }
    assert_eq!(centers(&a.submitter.get("/v1/queries?limit=1000").expect(200)), own);
    assert_eq!(centers(&monitor.get("/v1/queries?limit=1000").expect(200)), assigned);
    let foreign =
        c.submitter.get("/v1/queries").expect(200)["items"][0]["record_id"].as_str().unwrap().to_owned();
    let asked = a.submitter.get(&format!("/v1/queries?record_id={foreign}")).expect(200);
    assert_eq!(asked["items"], json!([]));
    // A cursor is a place in the order, not a key to what stands there.
    let cursor =
        c.submitter.get("/v1/patients?limit=1").expect(200)["next_cursor"].as_str().unwrap().to_owned();
    let after = a.submitter.get(&format!("/v1/patients?cursor={cursor}")).expect(200);
    assert!(centers(&after).is_subset(&own));
}

#[test]
fn submitting_the_pseudonym_of_another_center_makes_an_own_patient() {
    let instance = shared();
    let (a, b) = (instance.center(), instance.center());
    let records = complete_patient(42).records;
    let first = b.submitter.submit("", &ndjson(&records)).expect(200);
    let id = |answer: &Answer| answer.json()["record_id"].as_str().unwrap().to_owned();

    // A child of B's patient is an orphan at A.
    let orphan = a.submitter.post("/v1/infusions", &infusion(records[0].text("patient_id").unwrap()));
    orphan.expect(422);
    assert_eq!(orphan.faults(), ["reference.patient /patient_id"]);
    let orphans: Vec<_> = records.iter().filter(|r| r.form().parent != Parent::Registry).collect();
    let refused = a.submitter.submit("", &ndjson(orphans.iter().copied())).expect(200);
    assert_eq!((&refused["created"], &refused["rejected"]), (&json!(0), &json!(orphans.len())));

    let second = a.submitter.submit("", &ndjson(&records)).expect(200);
    assert_eq!(second["created"], first["created"]);
    let ids = |view: &Value| -> BTreeSet<String> {
        view["results"].as_array().unwrap().iter().map(|r| r["record_id"].to_string()).collect()
    };
    assert!(ids(&first).is_disjoint(&ids(&second)));

    // A's changes of the same pseudonym leave B's rows alone.
    let mine = a.submitter.post("/v1/patients", &records[0].to_json());
    let mut data = records[0].to_json();
    data["birth_year"] = json!(1949);
    a.submitter.amend(&format!("/v1/patients/{}", id(&mine)), 1, "typing error", &data).expect(200);
    let theirs = b.submitter.get("/v1/patients").expect(200);
    assert_eq!(
        (&theirs["items"][0]["version"], &theirs["items"][0]["data"]),
        (&json!(1), &records[0].to_json())
    );
}

#[test]
fn a_submission_cannot_name_its_center() {
    let instance = shared();
    let (a, b) = (instance.center(), instance.center());
    let mut named = patient("P");
    named["center_id"] = json!(b.id);
    let refused = a.submitter.post("/v1/patients", &named);
    refused.expect(422);
    assert_eq!(refused.faults(), ["record.unknown_field /center_id"]);
    let view = a.submitter.submit("", line("patient", &named).as_bytes()).expect(200);
    assert_eq!(view["results"][0]["errors"][0]["rule"], "record.unknown_field");
    a.submitter.submit(&format!("?center_id={}", b.id), b"").expect(400);
    assert_eq!(b.submitter.get("/v1/patients").expect(200)["items"], json!([]));
    let answer = a.submitter.post_with(
        "/v1/patients",
        &[("x-center", &b.id), ("sequela.centers", &b.id)],
        &patient("P"),
    );
    assert_eq!(answer.expect(201)["center_id"], a.id);
}

#[test]
fn snapshots_name_no_center_to_those_who_may_not_know() {
    let instance = shared();
    let (a, b) = (instance.center(), instance.center());
    b.submitter.post("/v1/patients", &patient("SNAPSHOT-SECRET")).expect(201);
    let manifest = instance.caller("statistician", &[]).post("/v1/snapshots", &json!({}));
    let id = manifest.expect(201)["snapshot_id"].as_str().unwrap().to_owned();
    assert!(!manifest.text().contains("SNAPSHOT-SECRET") && !manifest.text().contains(&b.id));
    let listed = a.submitter.get("/v1/snapshots");
    assert!(listed.expect(200).as_array().unwrap().iter().any(|s| s["snapshot_id"] == id.as_str()));
    assert!(!listed.text().contains(&b.id));
    a.submitter.get(&format!("/v1/snapshots/{id}")).expect(403);
    instance.caller("lead", &[&a.id]).get(&format!("/v1/snapshots/{id}")).expect(403);
    instance.caller("monitor", &[&a.id]).get(&format!("/v1/snapshots/{id}")).expect(403);
    let read = instance.caller("auditor", &[]).get(&format!("/v1/snapshots/{id}")).expect(200);
    assert_eq!(read, manifest.json());
    for path in ["..%2f..%2fsealing-key.pem", "..", "%2fetc%2fpasswd", "%00", "nothing"] {
        let answer = instance.caller("auditor", &[]).get(&format!("/v1/snapshots/{path}"));
        assert!(matches!(answer.status, 400 | 404), "{path}");
    }
}

#[test]
fn an_amendment_that_meets_a_foreign_version_tells_nothing_of_it() {
    let instance = shared();
    let (a, b) = (instance.center(), instance.center());
    let created = b.submitter.post("/v1/patients", &patient("P")).expect(201);
    let at = created["location"].as_str().unwrap();
    for version in [1, 2, 7] {
        let answer = a.submitter.amend(at, version, "not mine", &patient("P"));
        answer.expect(404);
        assert!(!answer.text().contains("version"));
        a.submitter.retract(at, version, "not mine").expect(404);
    }
}
