//! Patients who go on at another center: no row moves, the old center's grant is dated, revocable and enforced by the database, and one
//! person at two centers is found without identities.

use crate::support::patients::{complete_patient, infusion, ndjson, patient, toxicity};
use crate::support::sql::{block_on, connect, count, execute};
use crate::support::{Center, Client, shared};
use chrono::{Days, Utc};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Executor, Row};

struct Scene {
    old: Center,
    new: Center,
    old_lead: Client,
    new_lead: Client,
    transfer: Value,
}

fn day(offset: i64) -> String {
    let today = Utc::now().date_naive();
    let moved = if offset < 0 {
        today.checked_sub_days(Days::new(offset.unsigned_abs()))
    } else {
        today.checked_add_days(Days::new(offset.unsigned_abs()))
    };
    moved.unwrap().to_string()
}

impl Scene {
    /// Patient OLD of the old center, handed over on 2024-06-01; beside it a patient who was not.
    fn new(grant: &Value) -> Self {
        let (old, new) = (shared().center(), shared().center());
        let old_lead = shared().caller("lead", &[&old.id]);
        let new_lead = shared().caller("lead", &[&new.id]);
        for id in ["OLD", "OTHER"] {
            old.submitter.post("/v1/patients", &patient(id)).expect(201);
            old.submitter.post("/v1/infusions", &infusion(id)).expect(201);
            old.submitter.post("/v1/daily-toxicities", &toxicity(id, "2024-03-02")).expect(201);
        }
        let mut handed = json!({ "patient_id": "OLD", "to_center": new.id, "transferred_on": "2024-06-01", "reason": "moved house" });
        handed.as_object_mut().unwrap().extend(grant.as_object().unwrap().clone());
        let transfer = old_lead.post("/v1/transfers", &handed).expect(201);
        Self { old, new, old_lead, new_lead, transfer }
    }

    fn at(&self, place: &str) -> String {
        format!("/v1/transfers/{}{place}", self.transfer["transfer_id"].as_str().unwrap())
    }

    /// Rows of a form that a transaction of the application sees in the new center's scope, asking for granted rows or not.
    fn seen(&self, form: &str, asking: bool) -> Vec<String> {
        block_on(async {
            let mut app = connect(shared(), "sequela_app").await;
            app.execute("begin").await.unwrap();
            let set = format!(
                "select set_config('sequela.centers', '{}', true), set_config('sequela.granted', '{}', true)",
                self.new.id,
                if asking { "on" } else { "" }
            );
            app.execute(AssertSqlSafe(set)).await.unwrap();
            let rows = app
                .fetch_all(AssertSqlSafe(format!(
                    "select center_id || ' ' || patient_id from {form} order by 1"
                )))
                .await
                .unwrap();
            rows.iter().map(|r| r.get(0)).collect()
        })
    }

    fn granted(&self) -> u16 {
        self.new.submitter.get(&self.at("/records?form=infusion")).status
    }
}

#[test]
fn the_new_center_reads_the_granted_patient_and_nobody_else_and_no_row_moves() {
    let scene = Scene::new(&json!({}));
    let before =
        count(shared(), &format!("select count(*) from infusion where center_id = '{}'", scene.old.id));
    assert_eq!((&scene.transfer["grant"], &scene.transfer["patient_id"]), (&json!("active"), &json!("OLD")));
    let forms = scene.new.submitter.get(&scene.at("/records")).expect(200);
    assert_eq!(forms["forms"], json!({ "patient": 1, "infusion": 1, "daily_toxicity": 1 }));
    let records = scene.new.submitter.get(&scene.at("/records?form=infusion")).expect(200);
    assert_eq!(records["items"].as_array().unwrap().len(), 1);
    let item = &records["items"][0];
    assert_eq!((&item["center_id"], &item["data"]["patient_id"]), (&json!(scene.old.id), &json!("OLD")));

    // By name as the application's role: only with the question asked, only this patient, and never to write.
    assert_eq!(scene.seen("infusion", true), [format!("{} OLD", scene.old.id)]);
    assert_eq!(scene.seen("patient", true), [format!("{} OLD", scene.old.id)]);
    assert_eq!(scene.seen("infusion", false), Vec::<String>::new());
    block_on(async {
        let mut app = connect(shared(), "sequela_app").await;
        for statement in [
            "update infusion set batch = 'X' where patient_id = 'OLD'",
            "update patient set birth_year = 1900 where patient_id = 'OLD'",
        ] {
            app.execute("begin").await.unwrap();
            let set = format!(
                "select set_config('sequela.centers', '{}', true), set_config('sequela.granted', 'on', true)",
                scene.new.id
            );
            app.execute(AssertSqlSafe(set)).await.unwrap();
            assert_eq!(app.execute(statement).await.unwrap().rows_affected(), 0, "{statement}");
            app.execute("rollback").await.unwrap();
        }
    });
    // The ordinary interface stays the own center's.
    scene.new.submitter.get(item["location"].as_str().unwrap()).expect(404);
    scene
        .new
        .submitter
        .amend(item["location"].as_str().unwrap(), 1, "not mine", &infusion("OLD"))
        .expect(404);
    assert_eq!(scene.new.submitter.get("/v1/patients").expect(200)["items"], json!([]));
    let stranger = shared().center();
    stranger.submitter.get(&scene.at("/records")).expect(404);
    scene.old.submitter.get(&scene.at("/records")).expect(404);
    assert_eq!(stranger.submitter.get("/v1/transfers").expect(200)["items"], json!([]));
    let after =
        count(shared(), &format!("select count(*) from infusion where center_id = '{}'", scene.old.id));
    assert_eq!((before, after), (2, 2));
    shared().assert_intact();
}

#[test]
fn a_grant_holds_from_its_first_to_its_last_day_until_it_is_revoked() {
    for (from, until, state, status) in [
        (day(0), json!(day(0)), "active", 200),
        (day(-3), json!(null), "active", 200),
        (day(1), json!(null), "not_yet", 409),
        (day(-3), json!(day(-1)), "expired", 409),
    ] {
        let scene = Scene::new(&json!({ "grant_from": from, "grant_until": until }));
        assert_eq!(scene.transfer["grant"], state);
        assert_eq!(scene.granted(), status, "{from} {until}");
        let rows = usize::from(status == 200);
        assert_eq!(scene.seen("infusion", true).len(), rows, "{from} {until}");
        let incoming = scene.new.submitter.get("/v1/transfers").expect(200);
        assert_eq!(incoming["items"][0]["patient_id"].is_null(), status != 200, "{incoming}");
    }
    let scene = Scene::new(&json!({}));
    let why = json!({ "reason": "consent to share withdrawn" });
    scene.old.submitter.post(&scene.at("/revocation"), &why).expect(403);
    scene.new_lead.post(&scene.at("/revocation"), &why).expect(404);
    scene.old_lead.post(&scene.at("/revocation"), &json!({ "reason": "" })).expect(422);
    assert_eq!(scene.granted(), 200);
    let revoked = scene.old_lead.post(&scene.at("/revocation"), &why).expect(200);
    assert_eq!(revoked["grant"], "revoked");
    scene.old_lead.post(&scene.at("/revocation"), &why).expect(409);
    assert_eq!((scene.granted(), scene.seen("infusion", true).len()), (409, 0));
    let wrong = |changes: Value| {
        let mut body = json!({ "patient_id": "OLD", "to_center": scene.new.id, "transferred_on": "2024-06-01", "reason": "moved house" });
        body.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        scene.old_lead.post("/v1/transfers", &body).status
    };
    assert_eq!(wrong(json!({ "patient_id": "NOBODY" })), 404);
    assert_eq!(wrong(json!({ "to_center": "NOWHERE" })), 422);
    assert_eq!(wrong(json!({ "to_center": scene.old.id })), 422);
    assert_eq!(wrong(json!({ "grant_from": "2024-06-02", "grant_until": "2024-06-01" })), 422);
    assert_eq!(wrong(json!({ "transferred_on": "2024-06-31" })), 422);
    assert_eq!(wrong(json!({ "until": "2024-07-01" })), 422);
    shared().assert_intact();
}

#[test]
fn the_new_center_enrols_the_patient_goes_on_numbering_and_the_old_one_owes_nothing_more() {
    let scene = Scene::new(&json!({}));
    let link = json!({ "patient_id": "NEW-1" });
    scene.new.submitter.post(&scene.at("/enrolment"), &link).expect(422);
    scene.new.submitter.post("/v1/patients", &patient("NEW-1")).expect(201);
    scene.old.submitter.post(&scene.at("/enrolment"), &link).expect(404);
    let linked = scene.new.submitter.post(&scene.at("/enrolment"), &link).expect(200);
    assert_eq!(linked["enrolled_as"], "NEW-1");
    scene.new.submitter.post(&scene.at("/enrolment"), &link).expect(409);
    assert_eq!(
        scene.old_lead.get("/v1/transfers").expect(200)["items"][0]["enrolled_as"],
        Value::Null,
        "the new name is the new center's"
    );

    // The second infusion is the first one here: its number goes on, and nothing is asked. A third would be.
    let mut second = infusion("NEW-1");
    second["infusion_number"] = json!(2);
    second["infusion_date"] = json!("2024-07-01");
    let made = scene.new.submitter.post("/v1/infusions", &second).expect(201);
    assert_eq!(made["queries"], json!([]));
    scene.new.submitter.post("/v1/patients", &patient("NEW-2")).expect(201);
    second["patient_id"] = json!("NEW-2");
    let asked = scene.new.submitter.post("/v1/infusions", &second).expect(201);
    assert_eq!(asked["queries"][0]["rule"], "chronology.infusion_order");
    let due = scene.new.submitter.get("/v1/patients/NEW-1/due?as_of=2024-07-03").expect(200);
    assert!(due["items"].as_array().unwrap().iter().all(|i| i["infusion_number"] == 2), "{due}");

    let state = |as_of: &str| {
        let due = scene.old.submitter.get(&format!("/v1/patients/OLD/due?as_of={as_of}")).expect(200);
        let last = due["items"].as_array().unwrap().last().unwrap().clone();
        format!("{} {} {}", last["code"], last["state"], last["reason"]).replace('"', "")
    };
    execute(
        shared(),
        &format!(
            "update patient_transfer set transferred_on = '2024-03-20' where center_id = '{}'",
            scene.old.id
        ),
    );
    assert_eq!(state("2024-03-19"), "d28 not_due null");
    assert_eq!(state("2024-03-20"), "d28 excluded transferred");
    let figures = scene.old_lead.get("/v1/completeness?as_of=2024-06-10").expect(200);
    // OLD is expected until the transfer (19 days, one seen), OTHER until the day asked about (101, one seen).
    assert_eq!(figures["all"]["person_time"]["expected_days"], 19 + 101);
    assert_eq!(figures["all"]["person_time"]["observed_days"], 2);
}

fn token(patient: &str, kind: &str, digit: char) -> Value {
    json!({ "patient_id": patient, "kind": kind, "key_version": "2024", "token": digit.to_string().repeat(64) })
}

#[test]
fn equal_tokens_are_told_to_each_side_without_the_other() {
    let (a, b) = (shared().center(), shared().center());
    let (lead_a, lead_b) = (shared().caller("lead", &[&a.id]), shared().caller("lead", &[&b.id]));
    for id in ["A-1", "A-2"] {
        a.submitter.post("/v1/patients", &patient(id)).expect(201);
    }
    b.submitter.post("/v1/patients", &patient("SECRET-B")).expect(201);
    let put =
        |client: &Client, tokens: Value| client.post("/v1/patient-tokens", &json!({ "tokens": tokens }));
    let hash = format!("{:0>8}", a.id.trim_start_matches("T-"));
    let own = |patient: &str, kind: &str, key: &str| json!({ "patient_id": patient, "kind": kind, "key_version": key, "token": hash.repeat(8).replace(|c: char| !c.is_ascii_hexdigit(), "0") });
    let done =
        put(&a.submitter, json!([own("A-1", "NATIONAL_ID", "k1"), own("A-1", "PHONE", "k1")])).expect(200);
    assert_eq!(done, json!({ "written": 2, "unchanged": 0 }));
    assert_eq!(
        put(&a.submitter, json!([own("A-1", "NATIONAL_ID", "k1")])).expect(200),
        json!({ "written": 0, "unchanged": 1 })
    );
    assert_eq!(lead_a.get("/v1/duplicates").expect(200)["items"], json!([]));
    // Another key or another kind is never compared.
    put(&b.submitter, json!([own("SECRET-B", "NATIONAL_ID", "k2"), own("SECRET-B", "INSURANCE", "k1")]))
        .expect(200);
    assert_eq!(lead_a.get("/v1/duplicates").expect(200)["items"], json!([]));
    put(&b.submitter, json!([own("SECRET-B", "NATIONAL_ID", "k1"), own("SECRET-B", "PHONE", "k1")]))
        .expect(200);

    let seen = lead_a.get("/v1/duplicates").expect(200);
    let pair = &seen["items"][0];
    assert_eq!(seen["items"].as_array().unwrap().len(), 1, "{seen}");
    assert_eq!(
        (&pair["patient_id"], &pair["kinds"], &pair["linked"], &pair["centers"]),
        (&json!("A-1"), &json!(["NATIONAL_ID", "PHONE"]), &json!(false), &Value::Null)
    );
    for secret in ["SECRET-B", b.id.as_str(), &hash.repeat(2)] {
        assert!(!seen.to_string().contains(secret), "{secret} in {seen}");
    }
    let other = lead_b.get("/v1/duplicates").expect(200);
    assert_eq!(
        (&other["items"][0]["pair_id"], &other["items"][0]["patient_id"]),
        (&pair["pair_id"], &json!("SECRET-B"))
    );
    let admin = shared().admin().get("/v1/duplicates").expect(200);
    let of_pair =
        admin["items"].as_array().unwrap().iter().find(|p| p["pair_id"] == pair["pair_id"]).unwrap();
    let mut centers = [a.id.clone(), b.id.clone()];
    centers.sort();
    assert_eq!((&of_pair["centers"], &of_pair["patient_id"]), (&json!(centers), &Value::Null));
    assert!(!admin.to_string().contains("SECRET-B") && !admin.to_string().contains("A-1"), "{admin}");
    a.submitter.get("/v1/duplicates").expect(403);

    // In the same center both may be named; a transfer makes the pair known.
    put(&a.submitter, json!([own("A-2", "PHONE", "k1")])).expect(200);
    let same = lead_a.get("/v1/duplicates").expect(200);
    assert!(
        same["items"]
            .as_array()
            .unwrap()
            .iter()
            .any(|p| p["patient_id"] == "A-1" && p["same_center_as"] == "A-2"),
        "{same}"
    );
    let handed = json!({ "patient_id": "A-1", "to_center": b.id, "transferred_on": "2024-06-01", "reason": "moved house" });
    let made = lead_a.post("/v1/transfers", &handed).expect(201);
    let enrol = format!("/v1/transfers/{}/enrolment", made["transfer_id"].as_str().unwrap());
    b.submitter.post(&enrol, &json!({ "patient_id": "SECRET-B" })).expect(200);
    let known = lead_a.get("/v1/duplicates").expect(200);
    let pair =
        known["items"].as_array().unwrap().iter().find(|p| p["pair_id"] == pair["pair_id"]).unwrap().clone();
    assert_eq!(pair["linked"], true);
}

#[test]
fn tokens_are_hashes_and_are_replaced_only_with_a_reason() {
    let center = shared().center();
    let client = &center.submitter;
    client.post("/v1/patients", &patient("T")).expect(201);
    let put = |token: Value, reason: Value| {
        client.post("/v1/patient-tokens", &json!({ "tokens": [token], "reason": reason }))
    };
    for (member, value) in [
        ("token", json!("13800138000")),
        ("token", json!("g".repeat(64))),
        ("token", json!("a".repeat(63))),
        ("kind", json!("NAME")),
        ("key_version", json!("")),
        ("key_version", json!("a b")),
    ] {
        let mut wrong = token("T", "PHONE", 'a');
        wrong[member] = value.clone();
        let answer = put(wrong, json!(null));
        assert_eq!(answer.status, 422, "{member} {value}");
        assert!(!answer.text().contains("13800138000"), "what may be an identifier is not sent back");
    }
    put(token("NOBODY", "PHONE", 'a'), json!(null)).expect(404);
    put(token("T", "PHONE", 'A'), json!(null)).expect(200);
    assert_eq!(
        put(token("T", "PHONE", 'a'), json!(null)).expect(200)["unchanged"],
        1,
        "case of the digits does not matter"
    );
    put(token("T", "PHONE", 'b'), json!(null)).expect(409);
    assert_eq!(put(token("T", "PHONE", 'b'), json!("number had changed")).expect(200)["written"], 1);
    let kept = count(
        shared(),
        &format!(
            "select count(*) from patient_token where center_id = '{}' and token = '{}' and version = 2",
            center.id,
            "b".repeat(64)
        ),
    );
    assert_eq!(kept, 1);
    shared().assert_intact();
}

#[test]
fn every_form_with_patients_is_granted_and_none_without() {
    let (old, new) = (shared().center(), shared().center());
    let complete = complete_patient(71);
    old.submitter.submit("", &ndjson(&complete.records)).expect(200);
    let lead = shared().caller("lead", &[&old.id]);
    let handed = json!({ "patient_id": "P-0001-71", "to_center": new.id, "transferred_on": "2024-06-01", "reason": "moved house" });
    let made = lead.post("/v1/transfers", &handed).expect(201);
    let at = format!("/v1/transfers/{}/records", made["transfer_id"].as_str().unwrap());
    let counts = new.submitter.get(&at).expect(200)["forms"].clone();
    for form in clinical::forms::CLINICAL {
        let own = complete
            .records
            .iter()
            .filter(|r| r.form().name == form.name && r.text("patient_id") == Some("P-0001-71"))
            .count();
        assert_eq!(counts[form.name].as_u64().unwrap_or(0), own as u64, "{}", form.name);
        let answer = new.submitter.get(&format!("{at}?form={}", form.name));
        assert_eq!(
            answer.status,
            if form.field("patient_id").is_some() { 200 } else { 400 },
            "{}",
            form.name
        );
    }
}

#[test]
fn records_are_still_found_by_their_keys_beside_the_policy_of_grants() {
    let center = shared().center();
    block_on(async {
        let mut app = connect(shared(), "sequela_app").await;
        app.execute("begin; set local enable_seqscan = off").await.unwrap();
        let scope = format!("select set_config('sequela.centers', '{}', true)", center.id);
        app.execute(AssertSqlSafe(scope)).await.unwrap();
        for (statement, condition) in [
            (
                "select * from laboratory where center_id = any ((select sequela_scope())::text[]) and record_id = gen_random_uuid()",
                "record_id",
            ),
            (
                "select * from laboratory where center_id = 'A' and patient_id = any (array['P', 'Q'])",
                "patient_id",
            ),
        ] {
            let plan = app.fetch_all(AssertSqlSafe(format!("explain {statement}"))).await.unwrap();
            let plan: Vec<String> = plan.iter().map(|r| r.get(0)).collect();
            let by_key = plan
                .iter()
                .any(|l| l.contains("Index Cond") && l.contains("center_id") && l.contains(condition));
            assert!(by_key, "{plan:#?}");
        }
    });
}
