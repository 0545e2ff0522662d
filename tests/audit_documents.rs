//! What can be taken out of the audit log and checked elsewhere: proofs and signed heads.

use crate::support::patients::{complete_patient, ndjson, patient};
use crate::support::sql::{SUPERUSER, block_on, connect, count, execute, texts};
use crate::support::{Instance, wait_for};
use serde_json::{Value, json};
use sqlx::Connection;
use std::path::PathBuf;
use std::process::Output;

/// The lock under which blocks are sealed.
const SEAL_LOCK: i64 = 0x5345_5155_454c_4132;

pub(crate) fn text(output: &Output) -> String {
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

pub(crate) fn sealed(instance: &Instance) {
    wait_for("everything to be sealed", || Some(instance.verify()).filter(|f| f["unsealed"] == 0));
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
