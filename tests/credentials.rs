//! Tokens and headers that are wrong, tokens that cannot be made, tokens that end.

use crate::support::patients::{patient, toxicity};
use crate::support::{shared, wait_for};
use serde_json::{Value, json};

#[test]
fn tokens_and_headers_that_are_wrong_are_refused() {
    let instance = shared();
    let center = instance.center();
    let token = center.submitter.token.clone().unwrap();
    let anonymous = instance.anonymous();
    for value in [
        "",
        "Bearer",
        "Bearer ",
        "Bearer x",
        &token,
        &format!("Basic {token}"),
        &format!("Bearer {token}x"),
        &format!("Bearer {}", &token[..token.len() - 1]),
        &format!("Bearer {}", token.to_uppercase()),
        &format!("Bearer seq_{}", "0".repeat(64)),
        &format!("Bearer seq_{}", "0".repeat(5000)),
        "Bearer seq_' or 1=1 --",
    ] {
        let answer = anonymous.send("GET", "/v1/patients", &[("authorization", value)], &[]);
        assert_eq!(answer.status, 401, "{value}");
        assert_eq!(answer.header("www-authenticate"), "Bearer");
        assert!(!answer.text().contains(&token), "the answer repeats a token");
    }
    anonymous.send("GET", "/v1/patients", &[("authorization", &format!("bearer {token}"))], &[]).expect(200);
    let raw = anonymous.raw(b"GET /v1/patients HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer \xff\xfe\r\n\r\n");
    raw.check();
    assert_eq!(raw.status, 401);
    for key in ["", &"k".repeat(256)] {
        let answer = center.submitter.post_with("/v1/patients", &[("idempotency-key", key)], &patient("P"));
        assert_eq!(answer.status, 400, "key of {} characters", key.len());
    }
    center
        .submitter
        .post_with("/v1/patients", &[("idempotency-key", &"k".repeat(255))], &patient("P"))
        .expect(201);
}

#[test]
fn tokens_cannot_be_made_from_nonsense() {
    let admin = shared().admin();
    let good = json!({ "label": "x", "role": "monitor", "centers": [shared().center().id] });
    let with = |field: &str, value: Value| {
        let mut body = good.clone();
        body[field] = value;
        body
    };
    for body in [
        with("role", json!("root")),
        with("role", json!(7)),
        with("role", json!("submitter\u{0}")),
        with("centers", json!([])),
        with("centers", json!(["NOWHERE"])),
        with("centers", json!(["*"])),
        with("centers", json!(["\u{0}"])),
        with("centers", json!("T-1")),
        with("products", json!(["axi-cel"])),
        with("label", json!("")),
        with("label", json!("x".repeat(201))),
        with("label", json!("a\u{0}b")),
        with("expires_at", json!("tomorrow")),
        with("expires_at", json!("-262143-01-01T00:00:00Z")),
        with("scope", json!("all")),
        json!({ "label": "x", "role": "submitter" }),
        json!({ "label": "x", "role": "sponsor" }),
        json!({ "label": "x", "role": "sponsor", "products": ["\u{0}"] }),
        json!({ "label": "x", "role": "statistician", "centers": [shared().center().id] }),
    ] {
        let answer = admin.post("/v1/tokens", &body);
        assert!(matches!(answer.status, 400 | 422), "{body}: {} {}", answer.status, answer.text());
    }
    for id in ["x", "%ff", "0198c0de-0000-7000-8000-000000000000"] {
        let answer = admin.send("DELETE", &format!("/v1/tokens/{id}"), &[], &[]);
        assert!(matches!(answer.status, 400 | 404), "{id}");
    }
    let toxic = toxicity("nobody", "2024-01-01");
    admin.post("/v1/daily-toxicities", &toxic).expect(403);
}

#[test]
fn tokens_end_when_they_expire_or_are_revoked() {
    let instance = shared();
    let admin = instance.admin();
    let make = |expires: Option<chrono::DateTime<chrono::Utc>>| {
        let wanted = json!({ "label": "short-lived", "role": "auditor", "expires_at": expires });
        let made = admin.post("/v1/tokens", &wanted).expect(201);
        (
            made["token_id"].as_str().unwrap().to_owned(),
            instance.anonymous().with_token(made["token"].as_str()),
        )
    };
    let (_, past) = make(Some(chrono::Utc::now() - chrono::Duration::seconds(1)));
    past.get("/v1/snapshots").expect(401);
    let (_, soon) = make(Some(chrono::Utc::now() + chrono::Duration::milliseconds(1500)));
    soon.get("/v1/snapshots").expect(200);
    let (id, client) = make(None);
    client.get("/v1/snapshots").expect(200);
    admin.send("DELETE", &format!("/v1/tokens/{id}"), &[], &[]).expect(204);
    client.get("/v1/snapshots").expect(401);
    wait_for("the token to expire", || (soon.get("/v1/snapshots").status == 401).then_some(()));
    let listed = admin.get("/v1/tokens");
    let revoked =
        listed.json().as_array().unwrap().iter().find(|t| t["token_id"] == id.as_str()).cloned().unwrap();
    assert!(revoked["revoked_at"].is_string());
    assert!(!listed.text().contains(client.token.as_deref().unwrap()), "a list shows a secret");
    admin.send("DELETE", &format!("/v1/tokens/{id}"), &[], &[]).expect(404);
}
