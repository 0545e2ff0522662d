//! Tokens that may less than their role, and what is known of their use.

use crate::access::operations;
use crate::support::patients::{infusion, patient};
use crate::support::{Client, Instance, shared};
use serde_json::{Value, json};

fn limited(instance: &Instance, role: &str, centers: &[&str], scopes: &[&str]) -> Client {
    let wanted = json!({ "label": "limited", "role": role, "centers": centers, "scopes": scopes });
    let made = instance.admin().post("/v1/tokens", &wanted).expect(201);
    instance.anonymous().with_token(made["token"].as_str())
}

#[track_caller]
fn refused(answer: &crate::support::Answer, needs: &str) {
    answer.expect(403);
    let problem = answer.json();
    assert_eq!(problem["type"], "urn:sequela:problem:scope");
    assert!(problem["detail"].as_str().unwrap().contains(needs), "{problem}");
}

#[test]
fn a_token_to_read_changes_nothing_by_any_operation() {
    let instance = shared();
    let center = instance.center();
    for role in ["lead", "admin", "statistician"] {
        let centers: &[&str] = if role == "lead" { &[&center.id] } else { &[] };
        let reader = limited(instance, role, centers, &["read"]);
        for operation in operations(instance) {
            let public = operation.public;
            let question = matches!(operation.path.as_str(), "/v1/reports" | "/v1/audit/verification");
            let headers = [("content-type", "application/json"), ("if-match", "\"1\"")];
            let answer = reader.send(&operation.method, &operation.path, &headers, b"{}");
            let writes = operation.method != "GET" && !question;
            let told = answer.status == 403 && answer.json()["type"] == "urn:sequela:problem:scope";
            assert_eq!(
                told,
                writes && !public,
                "{} {} as {role}: {}",
                operation.method,
                operation.path,
                answer.text()
            );
        }
    }
    let reader = limited(instance, "submitter", &[&center.id], &["records:read"]);
    reader.get("/v1/patients").expect(200);
    reader.get("/v1/products").expect(200);
    reader.get("/v1/queries").expect(200);
    refused(&reader.post("/v1/patients", &patient("P")), "records:write");
    refused(&reader.submit("", b""), "records:write");
    refused(&reader.get("/v1/snapshots"), "reports:read");
    refused(&reader.get("/v1/audit/head"), "audit:read");
    let writer = limited(instance, "submitter", &[&center.id], &["records:write"]);
    writer.post("/v1/patients", &patient("P")).expect(201);
    refused(&writer.get("/v1/patients"), "records:read");
    let both = limited(instance, "submitter", &[&center.id], &["read", "records:write"]);
    both.post("/v1/infusions", &infusion("P")).expect(201);
    both.get("/v1/infusions").expect(200);
}

#[test]
fn a_limited_token_makes_none_that_may_more() {
    let instance = shared();
    let center = instance.center();
    let lead = limited(instance, "lead", &[&center.id], &["administration:read", "administration:write"]);
    let wanted = |scopes: Value| json!({ "label": "x", "role": "submitter", "centers": [center.id], "scopes": scopes });
    for scopes in
        [json!([]), json!(["read"]), json!(["records:read"]), json!(["administration:read", "records:read"])]
    {
        lead.post("/v1/tokens", &wanted(scopes.clone())).expect(422);
    }
    lead.post("/v1/tokens", &wanted(json!(["administration:read"]))).expect(201);
    for scopes in
        [json!(["all"]), json!([""]), json!(["records"]), json!("read"), json!([1]), json!(["read\u{0}"])]
    {
        instance.admin().post("/v1/tokens", &wanted(scopes)).expect(422);
    }
}

#[test]
fn the_list_tells_scopes_and_the_last_use() {
    let instance = shared();
    let center = instance.center();
    let lead = instance.caller("lead", &[&center.id]);
    let made = lead.post("/v1/tokens", &json!({ "label": "seldom", "role": "submitter", "centers": [center.id], "scopes": ["records:read"] })).expect(201);
    let listed = || {
        let all = lead.get("/v1/tokens").expect(200);
        all.as_array().unwrap().iter().find(|t| t["token_id"] == made["token_id"]).unwrap().clone()
    };
    assert_eq!((&listed()["scopes"], &listed()["last_used_at"]), (&json!(["records:read"]), &Value::Null));
    let begun = chrono::Utc::now() - chrono::Duration::seconds(1);
    let client = instance.anonymous().with_token(made["token"].as_str());
    client.get("/v1/patients").expect(200);
    let used: chrono::DateTime<chrono::Utc> = listed()["last_used_at"].as_str().unwrap().parse().unwrap();
    assert!(used >= begun && used <= chrono::Utc::now() + chrono::Duration::seconds(1));
    client.get("/v1/patients").expect(200);
    let again: chrono::DateTime<chrono::Utc> = listed()["last_used_at"].as_str().unwrap().parse().unwrap();
    assert_eq!(again, used, "noted once a minute");
}

#[test]
fn scopes_are_given_on_the_command_line_too() {
    let mut instance = Instance::new();
    let make = |instance: &Instance, more: &[&str]| {
        instance.command(&[&["token", "create", "--label", "x", "--role", "auditor"], more].concat())
    };
    let made = make(&instance, &["--scope", "audit:read", "--days", "1"]);
    assert!(made.status.success());
    assert_eq!(make(&instance, &["--scope", "everything"]).status.code(), Some(2));
    instance.start();
    let auditor = instance.anonymous().with_token(Some(String::from_utf8(made.stdout).unwrap().trim()));
    assert_eq!(auditor.get("/v1/audit/export").status, 200);
    refused(&auditor.get("/v1/snapshots"), "reports:read");
    let list = instance.command(&["token", "list"]);
    let list = String::from_utf8(list.stdout).unwrap();
    let line = list.lines().find(|l| l.contains("audit:read")).unwrap_or_else(|| panic!("{list}"));
    assert!(line.contains("valid") && line.contains("used 2"), "{line}");
    assert!(list.lines().any(|l| l.contains("admin")), "{list}");
}
