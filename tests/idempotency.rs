//! Requests sent twice with an Idempotency-Key.

use crate::support::patients::{line, patient};
use crate::support::{Answer, Client, shared};
use serde_json::json;

fn keyed(client: &Client, path: &str, kind: &str, key: &str, body: &str) -> Answer {
    client.send("POST", path, &[("content-type", kind), ("idempotency-key", key)], body.as_bytes())
}

const JSON: &str = "application/json";
const NDJSON: &str = "application/x-ndjson";

#[test]
fn a_replay_returns_the_first_answer_and_another_request_is_refused() {
    let center = shared().center();
    let client = &center.submitter;
    let batch = line("patient", &patient("B1")) + &line("patient", &json!({ "patient_id": "B2" }));
    let other = line("patient", &patient("B3"));
    let single = patient("A1").to_string();
    let second = patient("A2").to_string();
    for (path, kind, key, body, different) in
        [("/v1/patients", JSON, "one", &single, &second), ("/v1/submissions", NDJSON, "many", &batch, &other)]
    {
        let first = keyed(client, path, kind, key, body);
        assert!(matches!(first.status, 200 | 201));
        assert_eq!(first.header("idempotent-replayed"), "");
        let replay = keyed(client, path, kind, key, body);
        assert_eq!((replay.status, &replay.body), (first.status, &first.body));
        assert_eq!(replay.header("idempotent-replayed"), "true");
        assert_eq!(
            (replay.header("etag"), replay.header("location")),
            (first.header("etag"), first.header("location"))
        );
        assert_ne!(replay.header("x-request-id"), first.header("x-request-id"));

        let refused = keyed(client, path, kind, key, different).expect(422);
        assert_eq!(refused["type"], "urn:sequela:problem:idempotency-mismatch");
        keyed(client, &format!("{path}?x=1"), kind, key, body);
        let elsewhere = keyed(client, "/v1/diseases", JSON, key, &single);
        assert_eq!(elsewhere.status, 422, "a key is bound to its resource: {}", elsewhere.text());
    }
    let kept = client.get("/v1/patients").expect(200);
    let mut ids: Vec<&str> =
        kept["items"].as_array().unwrap().iter().map(|r| r["data"]["patient_id"].as_str().unwrap()).collect();
    ids.sort_unstable();
    assert_eq!(ids, ["A1", "B1"]);
}

#[test]
fn amendments_and_retractions_are_replayed_too() {
    let client = shared().center().submitter;
    let at = client.post("/v1/patients", &patient("P")).expect(201)["location"].as_str().unwrap().to_owned();
    let mut data = patient("P");
    data["birth_year"] = json!(1961);
    let body = json!({ "reason": "typing error", "data": data }).to_string();
    let send = |etag: &str| {
        let headers = [("content-type", JSON), ("if-match", etag), ("idempotency-key", "amend")];
        client.send("PUT", &at, &headers, body.as_bytes())
    };
    let first = send("\"1\"");
    let replay = send("\"1\"");
    assert_eq!((replay.status, &replay.body, replay.header("etag")), (200, &first.body, "\"2\""));
    send("\"2\"").expect(422);
    let retract = || {
        let headers = [("if-match", "\"2\""), ("idempotency-key", "retract")];
        client.post_with(&format!("{at}/retraction"), &headers, &json!({ "reason": "entered twice" }))
    };
    assert_eq!(retract().body, retract().body);
    assert_eq!(client.get(&at).expect(200)["version"], 3);
    assert_eq!(client.get(&format!("{at}/history")).expect(200)["versions"].as_array().unwrap().len(), 3);
}

#[test]
fn keys_belong_to_a_token_and_refused_requests_leave_none() {
    let instance = shared();
    let center = instance.center();
    let colleague = instance.caller("lead", &[&center.id]);
    keyed(&center.submitter, "/v1/patients", JSON, "same", &patient("P1").to_string()).expect(201);
    let other = keyed(&colleague, "/v1/patients", JSON, "same", &patient("P2").to_string());
    assert_eq!((other.status, other.header("idempotent-replayed")), (201, ""));

    let elsewhere = instance.center();
    let foreign = keyed(&elsewhere.submitter, "/v1/patients", JSON, "same", &patient("P1").to_string());
    assert_eq!((foreign.status, foreign.header("idempotent-replayed")), (201, ""));

    keyed(&center.submitter, "/v1/patients", JSON, "again", "{}").expect(422);
    keyed(&center.submitter, "/v1/patients", JSON, "again", &patient("P3").to_string()).expect(201);
    let dry = keyed(
        &center.submitter,
        "/v1/submissions?dry_run=true",
        NDJSON,
        "dry",
        &line("patient", &patient("P4")),
    );
    assert_eq!(dry.expect(200)["committed"], false);
    let wet = keyed(&center.submitter, "/v1/submissions", NDJSON, "dry", &line("patient", &patient("P4")));
    assert_eq!(wet.expect(200)["created"], 1, "a dry run took the key");
}

#[test]
fn two_requests_at_once_with_one_key_write_once() {
    let client = shared().center().submitter;
    for round in 0..8 {
        let single = patient(&format!("S{round}")).to_string();
        let batch: String = (0..50).map(|i| line("patient", &patient(&format!("B{round}-{i}")))).collect();
        for (path, kind, body, status) in
            [("/v1/patients", JSON, &single, 201), ("/v1/submissions", NDJSON, &batch, 200)]
        {
            let key = format!("{path} {round}");
            let barrier = std::sync::Barrier::new(3);
            let answers: Vec<Answer> = std::thread::scope(|scope| {
                let send = || {
                    barrier.wait();
                    keyed(&client, path, kind, &key, body)
                };
                let threads: Vec<_> = (0..3).map(|_| scope.spawn(send)).collect();
                threads.into_iter().map(|t| t.join().unwrap()).collect()
            });
            assert!(answers.iter().all(|a| a.status == status && a.body == answers[0].body), "round {round}");
            let replays = answers.iter().filter(|a| a.header("idempotent-replayed") == "true").count();
            assert_eq!(replays, 2, "round {round}");
        }
    }
    let ids = client.get("/v1/patients?limit=1000").expect(200);
    assert_eq!(ids["items"].as_array().unwrap().len(), 8 * 51);
}
