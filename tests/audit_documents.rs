//! What can be taken out of the audit log and checked elsewhere: proofs, signed heads, exports.

use crate::support::patients::{complete_patient, ndjson, patient};
use crate::support::sql::{SUPERUSER, block_on, connect, count, execute, texts};
use crate::support::{Instance, wait_for};
use registry::audit::{Entry, commitment, hex, unhex};
use serde_json::{Value, json};
use sqlx::Connection;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Output;

/// The lock under which blocks are sealed.
const SEAL_LOCK: i64 = 0x5345_5155_454c_4132;

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn json_of(output: &Output) -> Value {
    assert!(output.status.success(), "{}", text(output));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn file(instance: &Instance, name: &str, content: &Value) -> PathBuf {
    let path = instance.data_dir().join(name);
    std::fs::write(&path, content.to_string()).unwrap();
    path
}

fn sealed(instance: &Instance) {
    wait_for("everything to be sealed", || Some(instance.verify()).filter(|f| f["unsealed"] == 0));
}

fn lines(bytes: &[u8]) -> Vec<Value> {
    bytes
        .split(|b| *b == b'\n')
        .filter(|l| !l.is_empty())
        .map(|l| serde_json::from_slice(l).unwrap())
        .collect()
}

#[test]
fn a_proof_holds_offline_and_none_of_its_parts_can_be_changed() {
    let mut instance = Instance::new();
    instance.start();
    let center = instance.center();
    center.submitter.submit("", &ndjson(&complete_patient(41).records)).expect(200);
    let id = center.submitter.get("/v1/patients").expect(200)["items"][0]["record_id"]
        .as_str()
        .unwrap()
        .to_owned();
    sealed(&instance);
    let proof = center.submitter.get(&format!("/v1/audit/proof?record_id={id}&contents=true")).expect(200);
    assert_eq!(proof["entry"]["record_id"], id.as_str());
    assert!(proof["path"].as_array().unwrap().len() > 3, "a block of many entries: {proof}");
    let content: Value = serde_json::from_str(proof["contents"]["payload"].as_str().unwrap()).unwrap();
    let kept = center.submitter.get(&format!("/v1/patients/{id}")).expect(200);
    assert_eq!(content, kept["data"], "what is proved is the record");
    let key = proof["public_key"].as_str().unwrap().to_owned();
    let auditor = instance.caller("auditor", &[]);
    auditor.get(&format!("/v1/audit/proof?record_id={id}")).expect(400);
    let by_auditor =
        auditor.get(&format!("/v1/audit/proof?record_id={id}&center_id={}", center.id)).expect(200);
    assert_eq!((&by_auditor["entry"], &by_auditor["path"]), (&proof["entry"], &proof["path"]));
    assert!(by_auditor.get("contents").is_none(), "content is shown when asked for");
    auditor.get(&format!("/v1/audit/proof?record_id={id}&center_id={}&version=2", center.id)).expect(404);
    auditor.get(&format!("/v1/audit/proof?record_id={id}&center_id=*")).expect(404);
    auditor.get("/v1/audit/proof?record_id=x&center_id=*").expect(400);
    auditor.get(&format!("/v1/audit/proof?record_id={id}&center_id=%00")).check();
    let token = texts(&instance, "select token_id::text from api_token limit 1").remove(0);
    assert!(instance.stop().success());

    let checked = |proof: &Value, key: &str| {
        let path = file(&instance, "proof.json", proof);
        let done = instance.command(&["audit", "verify-proof", path.to_str().unwrap(), "--key", key]);
        (done.status.code(), text(&done))
    };
    let (code, told) = checked(&proof, &key);
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("The proof holds") && told.contains(&id) && told.contains(&center.id), "{told}");
    let key_file = instance.data_dir().join("key.hex");
    std::fs::write(&key_file, format!("{key}\n")).unwrap();
    assert_eq!(checked(&proof, key_file.to_str().unwrap()).0, Some(0));
    assert_eq!(checked(&proof, &"ab".repeat(32)).0, Some(3), "another key");
    for wrong in ["", "ab", "/no/such/file", &"zz".repeat(32)] {
        assert_eq!(checked(&proof, wrong).0, Some(2), "{wrong}");
    }
    // Every single value matters, except the key that is only told.
    let mut pointers = Vec::new();
    leaves(&proof, String::new(), &mut pointers);
    assert!(pointers.len() > 30);
    for pointer in pointers.iter().filter(|p| *p != "/public_key") {
        let mut changed = proof.clone();
        let value = changed.pointer_mut(pointer).unwrap();
        *value = other(value);
        let (code, told) = checked(&changed, &key);
        assert!(matches!(code, Some(2 | 3)), "{pointer}: {told}");
        assert!(!told.contains("The proof holds"), "{pointer}: {told}");
    }
    for cut in ["/path/0", "/block", "/entry/reason", "/signature"] {
        let (at, name) = cut.rsplit_once('/').unwrap();
        let mut changed = proof.clone();
        match changed.pointer_mut(at).unwrap() {
            Value::Array(items) => drop(items.remove(0)),
            Value::Object(members) => drop(members.remove(name)),
            _ => unreachable!(),
        }
        let (code, told) = checked(&changed, &key);
        // A reason that is null may be left out.
        assert!(cut == "/entry/reason" || matches!(code, Some(2 | 3)), "{cut}: {told}");
    }

    // On the command line, for any entry.
    let of_token = json_of(&instance.command(&["audit", "proof", &token]));
    assert_eq!(of_token["entry"]["subject"], "api_token");
    assert_eq!(checked(&of_token, &key).0, Some(0));
    let again = json_of(&instance.command(&["audit", "proof", &id, "--center", &center.id, "--contents"]));
    assert_eq!(again["entry"], proof["entry"]);
    assert_eq!(instance.command(&["audit", "proof", &id]).status.code(), Some(2), "the center is missing");
    assert_eq!(instance.command(&["audit", "verify"]).status.code(), Some(0));
}

fn leaves(value: &Value, at: String, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(name, value)| leaves(value, format!("{at}/{name}"), found));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(i, value)| leaves(value, format!("{at}/{i}"), found));
        }
        _ => found.push(at),
    }
}

/// Another value of the same kind.
fn other(value: &Value) -> Value {
    match value {
        Value::Null => json!("reason"),
        Value::Number(n) => json!(n.as_i64().unwrap() + 1),
        Value::String(text) => {
            let (head, last) = text.split_at(text.len() - 1);
            let changed = match last {
                "0" => "1",
                "Z" => "1Z",
                _ => "0",
            };
            json!(format!("{head}{changed}"))
        }
        other => other.clone(),
    }
}

#[test]
fn an_entry_that_is_not_sealed_yet_cannot_be_proved_yet() {
    let mut instance = Instance::new();
    instance.start();
    let center = instance.center();
    let holder = block_on(async {
        let mut holder = connect(&instance, SUPERUSER).await;
        sqlx::query("select pg_advisory_lock($1)").bind(SEAL_LOCK).execute(&mut holder).await.unwrap();
        holder
    });
    let id = center.submitter.post("/v1/patients", &patient("P")).expect(201)["record_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let early = center.submitter.get(&format!("/v1/audit/proof?record_id={id}"));
    early.expect(409);
    assert_eq!(early.json()["type"], "urn:sequela:problem:not-sealed");
    assert_eq!(early.header("retry-after"), "2");
    block_on(holder.close()).unwrap();
    wait_for("the sealer", || {
        (center.submitter.get(&format!("/v1/audit/proof?record_id={id}")).status == 200).then_some(())
    });
}

#[test]
fn a_signed_head_shows_that_the_newest_blocks_are_gone() {
    let mut instance = Instance::new();
    instance.start();
    let center = instance.center();
    center.submitter.post("/v1/patients", &patient("EARLY")).expect(201);
    sealed(&instance);
    let early = center.submitter.get("/v1/audit/head").expect(200);
    center.submitter.post("/v1/patients", &patient("LAST")).expect(201);
    sealed(&instance);
    let late = center.submitter.get("/v1/audit/head").expect(200);
    assert!(late["block"].as_i64() > early["block"].as_i64());
    assert_eq!(
        late["position"].as_i64(),
        Some(count(
            &instance,
            "select count(*) from audit_entry where xid < (select max(xid_until) from audit_block)"
        ))
    );
    assert!(instance.stop().success());

    let printed = json_of(&instance.command(&["audit", "head"]));
    assert!(printed["block"].as_i64() >= late["block"].as_i64());
    let at = instance.data_dir().join("head.json");
    let head = |content: &Value| {
        std::fs::write(&at, content.to_string()).unwrap();
        at.to_str().unwrap().to_owned()
    };
    let verify = |arguments: &[&str]| {
        let done = instance.command(&[&["audit", "verify"], arguments].concat());
        (done.status.code(), text(&done))
    };
    for kept in [&early, &late, &printed] {
        assert_eq!(verify(&["--head", &head(kept)]).0, Some(0));
    }
    let short = format!("{}:{}:{}", late["block"], late["position"], late["hash"].as_str().unwrap());
    assert_eq!(verify(&["--head", &short]).0, Some(0));
    std::fs::write(instance.data_dir().join("short"), &short).unwrap();
    assert_eq!(verify(&["--head", instance.data_dir().join("short").to_str().unwrap()]).0, Some(0));
    for pointer in
        ["/position", "/block", "/hash", "/signature", "/header/entries", "/header/sealed_at", "/format"]
    {
        let mut forged = late.clone();
        let value = forged.pointer_mut(pointer).unwrap();
        *value = other(value);
        let (code, told) = verify(&["--head", &head(&forged)]);
        assert!(matches!(code, Some(2 | 3)), "{pointer}: {told}");
    }
    let (code, told) = verify(&["--head", &head(&late), "--public-key", &"ab".repeat(32)]);
    assert_eq!(code, Some(3), "{told}");

    // The newest blocks are removed with everything they sealed: only a head kept elsewhere shows it.
    instance.start();
    let after = format!(
        "e.xid >= (select xid_from from audit_block where number > {} order by number limit 1)",
        early["block"]
    );
    let tables: String = ["patient", "api_token", "center"]
        .map(|t| {
            let id = if t == "api_token" { "token_id" } else { "record_id" };
            format!("delete from {t} t using audit_entry e where e.record_id = t.{id} and e.version = 1 and {after};")
        })
        .concat();
    execute(
        &instance,
        &format!(
            "begin; set local session_replication_role = replica; {tables}
             delete from audit_payload p using audit_entry e where e.record_id = p.record_id and e.version = p.version and {after};
             delete from audit_entry e where {after}; delete from audit_block where number > {}; commit",
            early["block"]
        ),
    );
    assert!(instance.stop().success());
    let verify = |arguments: &[&str]| {
        let done = instance.command(&[&["audit", "verify"], arguments].concat());
        (done.status.code(), text(&done))
    };
    let (code, told) = verify(&[]);
    assert_eq!(code, Some(0), "the chain alone cannot show it: {told}");
    assert_eq!(verify(&["--head", &head(&early)]).0, Some(0));
    let (code, told) = verify(&["--head", &head(&late)]);
    assert_eq!(code, Some(3));
    assert!(told.contains("head_missing"), "{told}");
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
        .collect();
    let forms: BTreeSet<&str> = of_patient.iter().map(|l| l["subject"].as_str().unwrap()).collect();
    assert_eq!(forms, expected);
    assert_eq!(export(&format!("center_id={}&patient_id=P-0001-42", other.id)), Vec::<Value>::new());
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
        assert_eq!((answer.status, answer.body.len()), (200, 0), "{hostile}");
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
    assert_eq!(lines(&some.stdout), of_patient);
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
