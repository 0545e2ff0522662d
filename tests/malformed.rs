//! Requests that are wrong in every way: each is told so in a problem document, none is a failure of the server.
//!
//! [`Client::send`](crate::support::Client::send) holds every answer of every test against the form of a problem document.

use crate::support::patients::{infusion, patient};
use crate::support::{Answer, Client, shared};
use clinical::forms::CLINICAL;
use serde_json::{Value, json};

const JSON: (&str, &str) = ("content-type", "application/json");

fn post_bytes(client: &Client, path: &str, body: &[u8]) -> Answer {
    client.send("POST", path, &[JSON], body)
}

#[test]
fn bodies_that_are_no_record_are_refused() {
    let client = shared().center().submitter;
    let deep_arrays = [b"[".repeat(100_000), b"]".repeat(100_000)].concat();
    let mut deep_objects = br#"{"a":"#.repeat(100_000);
    deep_objects.extend(b"1");
    deep_objects.extend(b"}".repeat(100_000));
    let mut deep_value = br#"{"patient_id":"#.to_vec();
    deep_value.extend(&deep_arrays);
    deep_value.push(b'}');
    let bodies: &[&[u8]] = &[
        b"",
        b"   ",
        b"{",
        b"nonsense",
        b"null",
        b"17",
        b"\"text\"",
        b"[]",
        b"[{}]",
        b"{} {}",
        b"{\"patient_id\": \"P\",}",
        b"{'patient_id': 'P'}",
        b"{\"patient_id\": NaN}",
        b"{\"birth_year\": 1e999}",
        b"{\"patient_id\": \"\xff\xfe\"}",
        b"\xef\xbb\xbf{}",
        b"{\"patient_id\": \"\\ud800\"}",
        b"\0\0\0\0",
        &deep_arrays,
        &deep_objects,
        &deep_value,
    ];
    for form in CLINICAL {
        for body in bodies {
            let answer = post_bytes(&client, &format!("/v1/{}", form.path), body);
            let start = String::from_utf8_lossy(body.get(..body.len().min(40)).unwrap()).into_owned();
            assert_eq!(answer.status, 400, "{} {start:?}: {}", form.path, answer.text());
            assert_eq!(answer.faults(), ["record.malformed"], "{start:?}");
            assert!(answer.body.len() < 4_000, "{start:?} is echoed at length");
        }
    }
    for body in bodies {
        for (method, path) in [("PUT", ""), ("POST", "/retraction")] {
            let path = format!("/v1/patients/0198c0de-0000-7000-8000-000000000000{path}");
            let answer = client.send(method, &path, &[JSON, ("if-match", "\"1\"")], body);
            assert!(matches!(answer.status, 400 | 422), "{}", answer.text());
        }
    }
    assert_eq!(client.get("/v1/patients").expect(200)["items"], json!([]), "something was written");
}

#[test]
fn every_fault_of_a_record_is_told_at_once() {
    let client = shared().center().submitter;
    let body = br#"{"patient_id":"P 1","patient_id":"P 2","birthyear":1960,"sex":"X","consent_registry":7,"consent_date":"2023-02-30",
                    "withdrawn_on":"2999-01-01","date_basis":null,"missing":{"birth_year":"??","sex":"NK","name":"NK"}}"#;
    let answer = post_bytes(&client, "/v1/patients", body);
    answer.expect(422);
    let faults = answer.faults();
    let expected = [
        "record.duplicate_field /patient_id",
        "record.unknown_field /birthyear",
        "record.unknown_field /name",
        "value.code /sex",
        "value.date /consent_date",
        "value.mandatory /date_basis",
        "value.missing_code /missing/birth_year",
        "value.required /birth_year",
        "value.type /consent_registry",
    ];
    for fault in expected {
        assert!(faults.iter().any(|f| f == fault), "{fault} is not among {faults:#?}");
    }
    let problem = answer.json();
    let of = |pointer: &str| -> Value {
        let errors = problem["errors"].as_array().unwrap();
        errors.iter().find(|e| e["pointer"] == pointer).cloned().unwrap()
    };
    assert_eq!(of("/birthyear")["received"], "1960");
    assert!(of("/birthyear")["expected"].as_str().unwrap().contains("did you mean birth_year?"));
    assert_eq!(of("/consent_date")["received"], "2023-02-30");
    assert!(of("/sex")["expected"].as_str().unwrap().contains("OTHER"));
    assert!(problem["detail"].as_str().unwrap().starts_with(&format!("{} fault", faults.len())));
    assert_eq!(client.get("/v1/patients").expect(200)["items"], json!([]));
}

#[test]
fn values_of_wrong_type_range_and_date_are_refused_each_with_its_rule() {
    let client = shared().center().submitter;
    client.post("/v1/patients", &patient("P")).expect(201);
    let cases: &[(&str, Value, &str)] = &[
        ("weight_kg", json!("70"), "value.type"),
        ("weight_kg", json!([70]), "value.type"),
        ("weight_kg", json!({ "kg": 70 }), "value.type"),
        ("weight_kg", json!(true), "value.type"),
        ("weight_kg", json!(19.999), "value.range"),
        ("weight_kg", json!(250.001), "value.range"),
        ("weight_kg", json!(1e308), "value.range"),
        ("weight_kg", json!(-0.0), "value.range"),
        ("infusion_number", json!(0), "value.range"),
        ("infusion_number", json!(10), "value.range"),
        ("infusion_number", json!(1.5), "value.type"),
        ("infusion_number", json!(1e300), "value.range"),
        ("infusion_number", json!(u64::MAX), "value.range"),
        ("infusion_number", json!(i64::MIN), "value.range"),
        ("infusion_date", json!("2023-02-29"), "value.date"),
        ("infusion_date", json!("2024-13-01"), "value.date"),
        ("infusion_date", json!("2024-2-1"), "value.date"),
        ("infusion_date", json!("01.02.2024"), "value.date"),
        ("infusion_date", json!("2024-02-01T00:00:00Z"), "value.date"),
        ("infusion_date", json!("0000-01-01"), "value.date"),
        ("infusion_date", json!("9999-12-31"), "value.future_date"),
        ("infusion_date", json!(20_240_201), "value.type"),
        ("patient_id", json!(""), "value.text"),
        ("patient_id", json!("P\u{0}"), "value.text"),
        ("patient_id", json!("P\n"), "value.text"),
        ("patient_id", json!("患者"), "value.text"),
        ("patient_id", json!("x".repeat(65)), "value.text"),
        ("patient_id", json!(17), "value.type"),
        ("product_conformity", json!("in_spec"), "value.code"),
        ("product_conformity", json!("NK"), "value.code"),
        ("product_code", json!(null), "value.mandatory"),
        ("active_infection", json!(null), "value.required"),
    ];
    for (field, value, rule) in cases {
        let mut content = infusion("P");
        content[*field] = value.clone();
        let answer = client.post("/v1/infusions", &content);
        assert_eq!(answer.status, 422, "{field} {value}: {}", answer.text());
        assert_eq!(answer.faults(), [format!("{rule} /{field}")], "{value}");
    }
    // Both sides of a boundary: what is just inside is taken.
    for (number, weight) in [(1, 20.0), (9, 250.0)] {
        let mut content = infusion("P");
        content["infusion_number"] = json!(number);
        content["weight_kg"] = json!(weight);
        client.post("/v1/infusions", &content).expect(201);
    }
    let year = json!({ "patient_id": "Q", "birth_year": 2100, "sex": "F", "consent_registry": "N", "date_basis": "CALENDAR" });
    let refused = client.post("/v1/patients", &year);
    assert_eq!(
        refused.faults(),
        ["patient.birth_year_future /birth_year", "patient.consent_refused /consent_registry"]
    );
}

#[test]
fn messages_are_in_the_language_asked_for() {
    let client = shared().center().submitter;
    let ask = |language: &str| -> String {
        let answer = client.post_with("/v1/patients", &[("accept-language", language)], &json!({}));
        let problem = answer.expect(422);
        let errors = problem["errors"].as_array().unwrap();
        let of = errors.iter().find(|e| e["rule"] == "value.mandatory").unwrap();
        of["message"].as_str().unwrap().to_owned()
    };
    let (en, zh) = ("this value identifies the record and cannot be missing", "该值用于识别记录，不可缺失");
    for (header, message) in
        [("en", en), ("zh", zh), ("zh-CN,zh;q=0.9,en;q=0.5", zh), ("fr, en-GB", en), ("fr", en), ("", en)]
    {
        assert_eq!(ask(header), message, "{header}");
    }
    let zh = client.send(
        "POST",
        "/v1/submissions",
        &[("content-type", "application/x-ndjson"), ("accept-language", "zh")],
        b"x",
    );
    assert_eq!(zh.expect(200)["results"][0]["errors"][0]["message"], "无法读取该记录");
}

#[test]
fn a_body_that_ends_too_early_is_refused() {
    let client = shared().center().submitter;
    let body = patient("P").to_string();
    for path in ["/v1/patients", "/v1/submissions"] {
        let kind = if path == "/v1/patients" { "application/json" } else { "application/x-ndjson" };
        let length = (body.len() + 500).to_string();
        let head = client.raw_head("POST", path, &[("content-type", kind), ("content-length", &length)]);
        let answer = client.raw_cut(format!("{head}{body}").as_bytes());
        answer.check();
        assert_eq!(answer.status, 400, "{}", answer.text());
        let chunked =
            client.raw_head("POST", path, &[("content-type", kind), ("transfer-encoding", "chunked")]);
        let answer = client.raw_cut(format!("{chunked}ff\r\n{body}").as_bytes());
        answer.check();
        assert_eq!(answer.status, 400, "{}", answer.text());
    }
    assert_eq!(client.get("/v1/patients").expect(200)["items"], json!([]), "half a body was taken");
}

#[test]
fn one_record_of_fifty_megabytes_is_too_large() {
    let client = shared().center().submitter;
    let body = json!({ "patient_id": "x".repeat(50_000_000) }).to_string();
    let at = "/v1/patients/0198c0de-0000-7000-8000-000000000000";
    for (method, path) in
        [("POST", "/v1/patients"), ("PUT", at), ("POST", "/v1/tokens"), ("POST", "/v1/products")]
    {
        let length = body.len().to_string();
        let headers = [JSON, ("if-match", "\"1\""), ("content-length", length.as_str())];
        let answer = client.raw(format!("{}{body}", client.raw_head(method, path, &headers)).as_bytes());
        answer.check();
        let refused_by_role = answer.status == 403 && matches!(path, "/v1/tokens" | "/v1/products");
        assert!(answer.status == 413 || refused_by_role, "{method} {path}: {}", answer.text());
    }
    // Without an announced length the limit has to be noticed while reading.
    let mut chunked =
        client.raw_head("POST", "/v1/patients", &[JSON, ("transfer-encoding", "chunked")]).into_bytes();
    for _ in 0..3 {
        chunked.extend(b"80000\r\n");
        chunked.extend(b" ".repeat(0x80000));
        chunked.extend(b"\r\n");
    }
    chunked.extend(b"0\r\n\r\n");
    let answer = client.raw(&chunked);
    answer.check();
    assert_eq!(answer.status, 413);
}

#[test]
fn content_types_that_are_not_accepted_are_named() {
    let client = shared().center().submitter;
    let body = patient("P").to_string();
    for kind in
        ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "", "application/jsonp"]
    {
        let answer = client.send("POST", "/v1/patients", &[("content-type", kind)], body.as_bytes());
        assert_eq!(answer.status, 415, "{kind}");
        assert!(answer.json()["detail"].as_str().unwrap().contains("application/json"));
        let answer =
            client.send("POST", "/v1/submissions?form=patient", &[("content-type", kind)], body.as_bytes());
        assert_eq!(answer.status, 415, "{kind}");
        assert!(answer.json()["detail"].as_str().unwrap().contains("text/csv"));
    }
    client
        .send("POST", "/v1/submissions", &[("content-type", "application/json")], body.as_bytes())
        .expect(415);
    client
        .send("POST", "/v1/patients", &[("content-type", "Application/JSON; charset=utf-8")], body.as_bytes())
        .expect(201);
}

#[test]
fn paths_queries_cursors_and_limits_are_checked() {
    let client = shared().center().submitter;
    for limit in ["0", "1001", "-1", "x", "", "1.5", "99999999999999999999"] {
        for path in ["/v1/patients", "/v1/queries"] {
            client.get(&format!("{path}?limit={limit}")).expect(400);
        }
    }
    for query in [
        "cursor=x",
        "cursor=",
        "cursor=%00",
        "limits=5",
        "include_retracted=yes",
        "limit=1&limit=2",
        "patient=P",
        "cursor=0198c0de",
        "%ff=1",
    ] {
        client.get(&format!("/v1/patients?{query}")).expect(400);
    }
    client.get("/v1/queries?state=closed").expect(400);
    client.get("/v1/queries?record_id=1").expect(400);
    client.get("/v1/patients?patient_id=%00").expect(422);
    for text in ["%27%20or%20%271%27%3D%271", "%ff", "%E6%82%A3", &"x".repeat(3000)] {
        assert_eq!(
            client.get(&format!("/v1/patients?patient_id={text}")).expect(200)["items"],
            json!([]),
            "{text}"
        );
    }
    for id in [
        "1",
        "x",
        "0198c0de-0000-7000-8000-00000000000g",
        "%00",
        "%ff",
        "..%2f..%2fetc%2fpasswd",
        "'",
        "-1",
        "%20",
    ] {
        for form in CLINICAL {
            for rest in ["", "/history"] {
                let answer = client.get(&format!("/v1/{}/{id}{rest}", form.path));
                assert!(matches!(answer.status, 400 | 404), "{id}: {}", answer.text());
            }
        }
    }
    for (query, status) in [
        ("?form=patients", 400),
        ("?form=center", 400),
        ("?policy=some", 400),
        ("?dry_run=maybe", 400),
        ("?results=some", 400),
        ("?dryrun=true", 400),
        ("?form=patient&form=infusion", 400),
    ] {
        client.submit(query, b"").expect(status);
    }
    let hint = client.submit("?form=pateint", b"").expect(400);
    assert!(hint["detail"].as_str().unwrap().contains("Did you mean patient?"), "{hint}");
}

#[test]
fn resources_and_methods_that_do_not_exist_are_said_so() {
    let client = shared().center().submitter;
    for path in [
        "/nothing",
        "/v1",
        "/v1/",
        "/v1/patient",
        "/v1/patients/",
        "/v1/patients/1/2/3",
        "/v2/patients",
        "/docs/nothing.js",
    ] {
        client.get(path).expect(404);
    }
    let at = "/v1/patients/0198c0de-0000-7000-8000-000000000000";
    for (method, path) in [
        ("DELETE", at),
        ("PATCH", at),
        ("POST", at),
        ("PUT", "/v1/patients"),
        ("DELETE", "/v1/patients"),
        ("PUT", "/v1/submissions"),
        ("DELETE", "/v1/products"),
        ("PUT", "/v1/tokens"),
        ("POST", "/health/live"),
        ("POST", "/metrics"),
        ("GET", "/v1/audit/verification"),
        ("DELETE", "/v1/snapshots"),
        ("POST", "/v1/data-dictionary"),
        ("POST", "/v1/openapi.json"),
    ] {
        let answer = client.send(method, path, &[], &[]);
        assert_eq!(answer.status, 405, "{method} {path}: {}", answer.text());
        assert!(!answer.header("allow").is_empty(), "{method} {path} does not say what is allowed");
    }
    for path in
        [format!("{at}/history"), at.to_owned(), "/v1/tokens/x".to_owned(), "/v1/snapshots/x".to_owned()]
    {
        let answer = client.get(&path);
        assert!(matches!(answer.status, 403..=405), "{path}: {}", answer.text());
    }
}
