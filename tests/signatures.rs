//! Locks and electronic signatures: a locked record stands still, and a signature tells for good whether what was signed still stands.

use crate::support::patients::{complete_patient, correction, infusion, patient};
use crate::support::{Center, Client, shared, sql};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

struct Scene {
    center: Center,
    lead: Client,
}

impl Scene {
    fn new() -> Self {
        let center = shared().center();
        let lead = shared().caller("lead", &[&center.id]);
        Self { center, lead }
    }

    fn patient(&self, id: &str) -> (String, Value) {
        let made = self.center.submitter.post("/v1/patients", &patient(id)).expect(201);
        (made["location"].as_str().unwrap().to_owned(), made)
    }
}

fn at_version(client: &Client, path: &str, version: i32, body: &Value) -> crate::support::Answer {
    client.post_with(path, &[("if-match", &format!("\"{version}\""))], body)
}

fn reason() -> Value {
    json!({ "reason": "data base closed for the report" })
}

#[test]
fn a_locked_record_refuses_every_change_until_a_lead_unlocks_it_with_a_reason() {
    let scene = Scene::new();
    let (at, made) = scene.patient("L");
    let submitter = &scene.center.submitter;
    at_version(submitter, &format!("{at}/lock"), 1, &reason()).expect(403);
    scene.lead.post(&format!("{at}/lock"), &reason()).expect(428);
    at_version(&scene.lead, &format!("{at}/lock"), 2, &reason()).expect(412);
    at_version(&scene.lead, &format!("{at}/lock"), 1, &json!({ "reason": " " })).expect(422);
    at_version(&scene.lead, &format!("{at}/unlock"), 1, &reason()).expect(409);
    let locked = at_version(&scene.lead, &format!("{at}/lock"), 1, &reason()).expect(200);
    assert_eq!(locked["lock"]["locked"], true);
    at_version(&scene.lead, &format!("{at}/lock"), 1, &reason()).expect(409);
    assert_eq!(submitter.get(&at).expect(200)["lock"]["actor_label"], "test lead");

    let mut data = patient("L");
    data["birth_year"] = json!(1961);
    for client in [submitter, &scene.lead] {
        let refused = client.amend(&at, 1, "typing error", &data);
        assert_eq!(refused.expect(423)["type"], "urn:sequela:problem:locked");
        client.retract(&at, 1, "entered twice").expect(423);
    }
    // Sending the same record again changes nothing and is no change; children may still come.
    submitter.post("/v1/patients", &patient("L")).expect(200);
    submitter.post("/v1/infusions", &infusion("L")).expect(201);
    // The database refuses it whatever way it takes.
    let update = format!("update patient set birth_year = 1999 where center_id = '{}'", scene.center.id);
    let refused = sql::block_on(async {
        use sqlx::Executor;
        let mut admin = sql::connect(shared(), sql::SUPERUSER).await;
        admin.execute(sqlx::raw_sql(sqlx::AssertSqlSafe(update))).await.unwrap_err().to_string()
    });
    assert!(refused.contains("is locked"), "{refused}");

    at_version(submitter, &format!("{at}/unlock"), 1, &reason()).expect(403);
    let open =
        at_version(&scene.lead, &format!("{at}/unlock"), 1, &json!({ "reason": "birth year was wrong" }))
            .expect(200);
    assert_eq!(
        (&open["lock"]["locked"], &open["lock"]["reason"]),
        (&json!(false), &json!("birth year was wrong"))
    );
    submitter.amend(&at, 1, "typing error", &data).expect(200);
    at_version(&scene.lead, &format!("{at}/lock"), 2, &reason()).expect(200);
    let logged = sql::texts(
        shared(),
        &format!(
            "select version || ' ' || action || ' ' || reason from audit_entry where subject = 'record_lock' and center_id = '{}' order by version",
            scene.center.id
        ),
    );
    assert_eq!(logged, ["1 create locked", "2 amend unlocked", "3 amend locked"]);
    let other = shared().center();
    let stranger = shared().caller("lead", &[&other.id]);
    at_version(&stranger, &format!("{at}/unlock"), 2, &reason()).expect(404);
    assert_eq!(made["version"], 1);
    shared().assert_intact();
}

#[test]
fn any_later_change_breaks_a_signature_and_tells_what_changed() {
    let scene = Scene::new();
    let (at, made) = scene.patient("S");
    let submitter = &scene.center.submitter;
    let sign = format!("{at}/signatures");
    submitter.post(&sign, &json!({ "meaning": "REVIEW" })).expect(428);
    at_version(submitter, &sign, 2, &json!({ "meaning": "REVIEW" })).expect(412);
    at_version(submitter, &sign, 1, &json!({ "meaning": "LIKE" })).expect(422);
    at_version(submitter, &sign, 1, &json!({ "meaning": "REVIEW", "name": "Somebody Else" })).expect(422);
    let signed =
        at_version(submitter, &sign, 1, &json!({ "meaning": "AUTHORSHIP", "name": "test submitter" }))
            .expect(201);
    let digest = Sha256::digest(
        crate::support::patients::record(clinical::forms::clinical("patient").unwrap().1, &made["data"])
            .unwrap()
            .canonical_bytes(),
    );
    let hex = registry::audit::hex(&digest);
    let signature = &signed["signature"];
    assert_eq!(
        (
            &signature["status"],
            &signature["signer_name"],
            &signature["meaning"],
            &signature["content_sha256"]
        ),
        (&json!("valid"), &json!("test submitter"), &json!("AUTHORSHIP"), &json!(hex))
    );
    at_version(submitter, &sign, 1, &json!({ "meaning": "AUTHORSHIP" })).expect(409);
    at_version(&scene.lead, &sign, 1, &json!({ "meaning": "APPROVAL" })).expect(201);
    let shown = |member: &str| -> Vec<Value> {
        submitter.get(&at).expect(200)["signatures"]
            .as_array()
            .unwrap()
            .iter()
            .map(|s| s[member].clone())
            .collect()
    };
    assert_eq!(shown("status"), ["valid", "valid"]);

    let mut data = patient("S");
    data["birth_year"] = json!(1961);
    submitter.amend(&at, 1, "typing error", &data).expect(200);
    assert_eq!(shown("status"), ["broken", "broken"]);
    assert_eq!(shown("changes")[0], json!({ "birth_year": { "before": 1960, "after": 1961 } }));
    let by = &shown("broken_by")[0][0];
    assert_eq!(
        (&by["version"], &by["action"], &by["reason"]),
        (&json!(2), &json!("amend"), &json!("typing error"))
    );

    // The signature of the new version is valid; the old ones stay broken, also when the old content comes back.
    at_version(&scene.lead, &sign, 2, &json!({ "meaning": "APPROVAL" })).expect(201);
    assert_eq!(shown("status"), ["broken", "broken", "valid"]);
    submitter.amend(&at, 2, "it was right", &patient("S")).expect(200);
    assert_eq!(shown("status"), ["broken", "broken", "broken"]);
    assert_eq!(
        shown("changes")[0],
        json!({}),
        "the content is what was signed, but the record was changed in between"
    );
    assert_eq!(shown("broken_by")[0].as_array().unwrap().len(), 2);
    assert_eq!(shown("changes")[2], json!({ "birth_year": { "before": 1961, "after": 1960 } }));

    at_version(&scene.lead, &sign, 3, &json!({ "meaning": "RESPONSIBILITY" })).expect(201);
    submitter.retract(&at, 3, "not our patient").expect(200);
    assert_eq!(shown("status")[3], "broken");
    at_version(&scene.lead, &sign, 4, &json!({ "meaning": "REVIEW" })).expect(409);
    shared().assert_intact();
}

#[test]
fn a_signature_covers_every_form_and_breaks_with_any_field() {
    let scene = Scene::new();
    let submitter = &scene.center.submitter;
    for record in complete_patient(61).records {
        let path = format!("/v1/{}", record.form().path);
        let made = submitter.post(&path, &record.to_json());
        if made.status != 201 {
            continue;
        }
        let at = made.json()["location"].as_str().unwrap().to_owned();
        at_version(&scene.lead, &format!("{at}/signatures"), 1, &json!({ "meaning": "REVIEW" })).expect(201);
        let (field, value) = correction(&record);
        let mut data = record.to_json();
        data[field] = value.clone();
        if let Some(missing) = data.get_mut("missing").and_then(Value::as_object_mut) {
            missing.shift_remove(field);
        }
        if data["missing"].as_object().is_some_and(serde_json::Map::is_empty) {
            data.as_object_mut().unwrap().shift_remove("missing");
        }
        submitter.amend(&at, 1, "typing error", &data).expect(200);
        let broken = submitter.get(&format!("{at}/signatures")).expect(200);
        let signature = &broken["signatures"][0];
        assert_eq!(signature["status"], "broken", "{}", record.form().name);
        assert_eq!(signature["changes"][field]["after"], value, "{}", record.form().name);
    }
}

#[test]
fn history_tells_who_when_why_and_what_of_every_field() {
    let scene = Scene::new();
    let (at, _) = scene.patient("H");
    let mut data = patient("H");
    data["birth_year"] = json!(1961);
    data["race_ethnicity"] = json!("Han");
    scene.center.submitter.amend(&at, 1, "from the chart", &data).expect(200);
    data.as_object_mut().unwrap().shift_remove("race_ethnicity");
    data.as_object_mut().unwrap().shift_remove("birth_year");
    data["missing"] = json!({ "birth_year": "NK" });
    scene.lead.amend(&at, 2, "cannot be known", &data).expect(200);
    let history = scene.lead.get(&format!("{at}/history")).expect(200);
    let versions = history["versions"].as_array().unwrap();
    assert_eq!(versions.len(), 3);
    assert_eq!(
        versions[1]["changes"],
        json!({ "birth_year": { "before": 1960, "after": 1961 }, "race_ethnicity": { "before": null, "after": "Han" } })
    );
    assert_eq!(versions[2]["changes"]["birth_year"], json!({ "before": 1961, "after": null }));
    assert_eq!(versions[2]["changes"]["missing"]["after"], json!({ "birth_year": "NK" }));
    let who: Vec<&str> = versions.iter().map(|v| v["actor_label"].as_str().unwrap()).collect();
    assert_eq!(who, ["test submitter", "test submitter", "test lead"]);
    assert_eq!(versions[2]["reason"], "cannot be known");
}
