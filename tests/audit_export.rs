//! The audit log as NDJSON, its memory, and the comparison of tokens with it.

use crate::audit_documents::{sealed, text};
use crate::support::Instance;
use crate::support::patients::{complete_patient, ndjson, patient};
use crate::support::sql::{count, execute, texts};
use registry::audit::{Entry, commitment, hex, unhex};
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn lines(bytes: &[u8]) -> Vec<Value> {
    bytes
        .split(|b| *b == b'\n')
        .filter(|l| !l.is_empty())
        .map(|l| serde_json::from_slice(l).unwrap())
        .collect()
}

#[test]
fn an_export_is_the_whole_log_in_order_and_each_line_can_be_recomputed() {
    let mut instance = Instance::new();
    instance.start();
    let (center, other) = (instance.center(), instance.center());
    center.submitter.submit("", &ndjson(&complete_patient(42).records)).expect(200);
    other.submitter.submit("", &ndjson(&complete_patient(43).records)).expect(200);
    let mut data = patient("AMENDED");
    let at = center.submitter.post("/v1/patients", &data).expect(201);
    let (path, id) =
        (at["location"].as_str().unwrap().to_owned(), at["record_id"].as_str().unwrap().to_owned());
    data["birth_year"] = json!(1951);
    center.submitter.amend(&path, 1, "a \"typing\" error, 错误", &data).expect(200);
    center.submitter.get(&path).expect(200);
    sealed(&instance);
    let auditor = instance.caller("auditor", &[]);
    let answer = auditor.get("/v1/audit/export?contents=true");
    assert_eq!(answer.header("content-type"), "application/x-ndjson");
    let all = lines(&answer.body);
    let known = count(&instance, "select count(*) from audit_entry");
    assert_eq!(i64::try_from(all.len()).unwrap(), known);
    for (n, line) in all.iter().enumerate() {
        let of = |name: &str| line[name].as_str().unwrap_or_else(|| panic!("{name} in {line}"));
        let entry = Entry {
            center_id: of("center_id"),
            record_id: of("record_id").parse().unwrap(),
            version: i32::try_from(line["version"].as_i64().unwrap()).unwrap(),
            generation: i32::try_from(line["generation"].as_i64().unwrap()).unwrap(),
            xid: line["xid"].as_i64().unwrap(),
            at: of("at").parse().unwrap(),
            actor: of("actor").parse().unwrap(),
            action: of("action"),
            subject: of("subject"),
            reason: line["reason"].as_str(),
            request_id: of("request_id").parse().unwrap(),
            commitment: commitment(&unhex(of("salt")).unwrap(), of("payload").as_bytes()),
        };
        assert_eq!(hex(&entry.hash()), of("entry_hash"), "{line}");
        match line["block"].as_i64() {
            Some(_) => assert_eq!(line["position"].as_u64(), Some(n as u64 + 1), "{line}"),
            None => assert!(line.get("position").is_none()),
        }
    }
    // Positions are those that proofs tell.
    let proof = center.submitter.get(&format!("/v1/audit/proof?record_id={id}&version=2")).expect(200);
    let line = all.iter().find(|l| l["record_id"] == id.as_str() && l["version"] == 2).unwrap();
    assert_eq!((&line["position"], &line["block"]), (&proof["position"], &proof["block"]["number"]));
    assert_eq!(line["reason"], "a \"typing\" error, 错误");

    let export = |query: &str| lines(&auditor.get(&format!("/v1/audit/export?{query}")).body);
    let plain = export("");
    assert!(plain.iter().all(|l| l.get("payload").is_none() && l.get("salt").is_none()));
    assert!(!plain.iter().any(|l| l.to_string().contains("P-0001-42")), "no patient without contents");
    let of_center = export(&format!("center_id={}", center.id));
    assert!(!of_center.is_empty() && of_center.iter().all(|l| l["center_id"] == center.id.as_str()));
    let of_record = export(&format!("record_id={id}"));
    let actions: Vec<&str> = of_record.iter().map(|l| l["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["create", "amend", "read"], "who changed it and who was shown it");
    let of_patient = export(&format!("center_id={}&patient_id=P-0001-42", center.id));
    let expected: BTreeSet<&str> = complete_patient(42)
        .records
        .iter()
        .filter(|r| r.text("patient_id") == Some("P-0001-42"))
        .map(|r| r.form().name)
        // This export: it asks for the patient.
        .chain(["audit_log"])
        .collect();
    let forms: BTreeSet<&str> = of_patient.iter().map(|l| l["subject"].as_str().unwrap()).collect();
    assert_eq!(forms, expected);
    let elsewhere = export(&format!("center_id={}&patient_id=P-0001-42", other.id));
    assert!(elsewhere.iter().all(|l| l["subject"] == "audit_log"), "nothing but the question: {elsewhere:?}");
    let middle = plain[plain.len() / 2]["at"].as_str().unwrap().to_owned();
    let (before, after) = (export(&format!("until={middle}")), export(&format!("since={middle}")));
    assert!(before.iter().all(|l| l["at"].as_str().unwrap() < middle.as_str()));
    assert!(after.iter().all(|l| l["at"].as_str().unwrap() >= middle.as_str()));
    for wrong in ["patient_id=P", "since=yesterday", "record_id=x", "center=A", "contents=maybe"] {
        auditor.get(&format!("/v1/audit/export?{wrong}")).expect(400);
    }
    for hostile in [
        "center_id=%27)%20or%20true%20--",
        "center_id=NOWHERE&patient_id=%22%27%5C%00",
        "center_id=%27%3B%20drop%20table%20audit_entry%20--",
    ] {
        let answer = auditor.get(&format!("/v1/audit/export?{hostile}"));
        assert_eq!(answer.status, 400, "{hostile}");
        assert!(answer.text().contains("accepted: the id of a center"), "{}", answer.text());
    }
    instance.assert_intact();
    assert!(instance.stop().success());

    let to = instance.data_dir().join("log.ndjson");
    let done = instance.command(&["audit", "export", "--contents", "--output", to.to_str().unwrap()]);
    assert!(done.status.success(), "{}", text(&done));
    let written = lines(&std::fs::read(&to).unwrap());
    assert_eq!(written[..all.len().min(written.len())].len(), all.len());
    for (a, b) in written.iter().zip(&all).filter(|(_, b)| !b["block"].is_null()) {
        assert_eq!(a, b, "the command line and the interface give the same lines");
    }
    assert_eq!(written.last().unwrap()["subject"], "audit_log", "the export is the newest entry of the log");
    let some = instance.command(&[
        "audit",
        "export",
        "--center",
        &center.id,
        "--patient",
        "P-0001-42",
        "--since",
        "2020-01-01",
    ]);
    // Each export is itself asked about the patient, and is in the log from then on.
    let of_records = |all: &[Value]| -> Vec<Value> {
        all.iter().filter(|l| l["subject"] != "audit_log").cloned().collect()
    };
    assert_eq!(of_records(&lines(&some.stdout)), of_records(&of_patient));
    assert!(of_records(&of_patient).len() >= expected.len());
    for wrong in
        [&["--patient", "P"][..], &["--since", "x"], &["--record", "x"], &["--output", "/no/such/place/x"]]
    {
        assert_eq!(
            instance.command(&[&["audit", "export"], wrong].concat()).status.code(),
            Some(2),
            "{wrong:?}"
        );
    }
    assert_eq!(instance.command(&["audit", "verify"]).status.code(), Some(0));
}

#[test]
fn memory_of_an_export_does_not_grow_with_the_log() {
    let mut instance = Instance::new();
    instance.start();
    let many = |from: u32, until: u32| {
        execute(
            &instance,
            &format!(
                "begin; set local session_replication_role = replica;
                 insert into audit_entry (center_id, record_id, version, generation, xid, at, actor, action, subject, reason, request_id, commitment, entry_hash)
                 select 'MANY', gen_random_uuid(), 1, 1, 3, now(), gen_random_uuid(), 'create', 'patient', null, gen_random_uuid(), sha256('x'), sha256('y')
                 from generate_series({from}, {until}); commit"
            ),
        );
    };
    let export = || {
        let done = instance.command(&["audit", "export", "--output", "/dev/null"]);
        let told = text(&done);
        assert!(done.status.success(), "{told}");
        let words: Vec<&str> = told.split_whitespace().collect();
        let before =
            |word: &str| words[words.iter().position(|w| *w == word).unwrap() - 1].parse::<u64>().unwrap();
        (before("entries"), before("kB"))
    };
    many(1, 10_000);
    let (few, small) = export();
    many(10_001, 200_000);
    let (all, large) = export();
    assert!(few >= 10_000 && all >= 200_000, "{few} {all}");
    // 190,000 entries are some 90 MB of lines.
    assert!(large < small + 16_000, "{small} kB for {few} entries, {large} kB for {all}");
}

#[test]
fn tokens_are_compared_with_the_log() {
    let mut instance = Instance::new();
    instance.start();
    let center = instance.center();
    let id = texts(
        &instance,
        &format!("select token_id::text from api_token where centers = array['{}']", center.id),
    )
    .remove(0);
    let made = instance.admin().post("/v1/tokens", &json!({ "label": "gone", "role": "auditor", "expires_at": "2030-01-01T00:00:00.123456789Z", "scopes": ["read"] })).expect(201);
    instance
        .admin()
        .send("DELETE", &format!("/v1/tokens/{}", made["token_id"].as_str().unwrap()), &[], &[])
        .expect(204);
    sealed(&instance);
    instance.assert_intact();
    let revoked = made["token_id"].as_str().unwrap();
    execute(
        &instance,
        "create schema kept; create table kept.api_token as select token_id, token_hash, label, role, centers, products, created_at, expires_at, revoked_at, scopes from api_token",
    );
    let auditor = instance.caller("auditor", &[]);
    execute(
        &instance,
        "drop table kept.api_token; create table kept.api_token as select token_id, token_hash, label, role, centers, products, created_at, expires_at, revoked_at, scopes from api_token",
    );
    let columns =
        "token_id, token_hash, label, role, centers, products, created_at, expires_at, revoked_at, scopes";
    for (what, statement, kind) in [
        ("a role is raised", format!("update api_token set role = 'lead' where token_id = '{id}'"), "token_changed"),
        ("a center is added", format!("update api_token set role = 'monitor', centers = centers || array['X'] where token_id = '{id}'"), "token_changed"),
        ("a scope is lifted", format!("update api_token set scopes = '{{}}' where token_id = '{revoked}'"), "token_changed"),
        ("a life is prolonged", format!("update api_token set expires_at = expires_at + interval '1 day' where token_id = '{revoked}'"), "token_changed"),
        ("a secret is exchanged", format!("update api_token set token_hash = sha256('mine') where token_id = '{id}'"), "token_changed"),
        ("a revocation is undone", format!("update api_token set revoked_at = null where token_id = '{revoked}'"), "token_changed"),
        ("a revocation is redated", format!("update api_token set revoked_at = revoked_at - interval '1 day' where token_id = '{revoked}'"), "token_changed"),
        ("a token is revoked without an entry", format!("update api_token set revoked_at = now() where token_id = '{id}'"), "token_changed"),
        ("a token is slipped in", "insert into api_token (token_id, token_hash, label, role, centers, products, created_at) values (gen_random_uuid(), sha256('z'), 'x', 'auditor', '{}', '{}', now())".to_owned(), "token_without_entry"),
        ("a token is removed", format!("delete from api_token where token_id = '{id}'"), "token_removed"),
    ] {
        execute(&instance, &statement);
        let found = auditor.post("/v1/audit/verification", &json!({})).expect(200);
        assert_eq!(found["fault_count"], 1, "{what}: {found}");
        assert_eq!(found["faults"][0]["kind"], kind, "{what}");
        execute(&instance, &format!("delete from api_token; insert into api_token ({columns}) select {columns} from kept.api_token"));
        let found = auditor.post("/v1/audit/verification", &json!({})).expect(200);
        assert_eq!(found["fault_count"], 0, "restored after {what}: {found}");
    }
    // When a token was used is no part of what was granted.
    execute(&instance, "update api_token set last_used_at = now()");
    let found = auditor.post("/v1/audit/verification", &json!({})).expect(200);
    assert_eq!((&found["fault_count"], found["tokens"].as_i64() > Some(3)), (&json!(0), true));
}
