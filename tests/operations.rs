//! What operators and client programs rely on: health, metrics, headers, the document, the docs page, exit codes.

use crate::support::instance::signal;
use crate::support::patients::{complete_patient, ndjson, patient};
use crate::support::{Instance, shared, wait_for};
use serde_json::{Value, json};

#[test]
fn readiness_follows_the_database_and_liveness_does_not() {
    let mut instance = Instance::new();
    instance.start();
    let nobody = instance.anonymous();
    assert_eq!(nobody.get("/health/live").text(), "live");
    assert_eq!(nobody.get("/health/ready").text(), "ready");
    let center = instance.center();
    center.submitter.post("/v1/patients", &patient("P")).expect(201);

    // A database that does not answer: every process of the server stands still.
    let postmaster = instance.postmaster();
    let children = std::fs::read_to_string(format!("/proc/{postmaster}/task/{postmaster}/children")).unwrap();
    let mut processes: Vec<u32> = children.split_whitespace().map(|pid| pid.parse().unwrap()).collect();
    processes.insert(0, postmaster);
    for pid in &processes {
        signal(*pid, "STOP");
    }
    let not_ready = nobody.get("/health/ready");
    assert_eq!(not_ready.status, 503);
    assert_eq!(not_ready.header("retry-after"), "5");
    assert_eq!(not_ready.json()["type"], "urn:sequela:problem:unavailable");
    assert_eq!(nobody.get("/health/live").status, 200);
    for pid in processes.iter().rev() {
        signal(*pid, "CONT");
    }
    wait_for("recovery", || (nobody.get("/health/ready").status == 200).then_some(()));

    // A database that is gone is started again.
    signal(postmaster, "KILL");
    wait_for("a new server", || (instance.postmaster() != postmaster).then_some(()));
    assert_eq!(nobody.get("/health/live").status, 200);
    wait_for("recovery", || (nobody.get("/health/ready").status == 200).then_some(()));
    assert_eq!(center.submitter.get("/v1/patients").expect(200)["items"][0]["data"], patient("P"));
    center.submitter.post("/v1/patients", &patient("Q")).expect(201);
    instance.assert_intact();
    assert!(instance.stop().success(), "{}", instance.log());
}

#[test]
fn metrics_count_requests_and_neither_they_nor_the_log_name_a_patient() {
    let mut instance = Instance::new();
    instance.start();
    let center = instance.center();
    let records = complete_patient(95).records;
    let pseudonym = records[0].text("patient_id").unwrap().to_owned();
    center.submitter.submit("", &ndjson(&records)).expect(200);
    let at =
        center.submitter.get("/v1/patients").expect(200)["items"][0]["location"].as_str().unwrap().to_owned();
    center.submitter.get(&at).expect(200);
    center.submitter.get(&at).expect(200);
    center.submitter.get(&format!("/v1/patients?patient_id={pseudonym}")).expect(200);
    center.submitter.post("/v1/patients", &json!({ "patient_id": pseudonym, "sex": "?" })).expect(422);
    center.submitter.get(&format!("/nowhere/{pseudonym}")).expect(404);
    let metrics = instance.anonymous().get("/metrics").text();
    let counted = |labels: &[&str]| {
        let line = metrics
            .lines()
            .find(|l| l.starts_with("http_requests_total{") && labels.iter().all(|label| l.contains(label)));
        line.unwrap_or_else(|| panic!("{labels:?} in\n{metrics}")).rsplit(' ').next().unwrap().to_owned()
    };
    assert_eq!(counted(&["method=\"GET\"", "route=\"/v1/patients/{record_id}\"", "status=\"200\""]), "2");
    assert_eq!(counted(&["method=\"GET\"", "route=\"/v1/patients\"", "status=\"200\""]), "2");
    assert_eq!(counted(&["method=\"POST\"", "route=\"/v1/patients\"", "status=\"422\""]), "1");
    assert_eq!(counted(&["route=\"unmatched\"", "status=\"404\""]), "1");
    let id = at.rsplit('/').next().unwrap();
    let token = center.submitter.token.as_deref().unwrap();
    assert!(instance.stop().success());
    let log = instance.log();
    assert!(log.contains("answered"));
    let database_log = std::fs::read_to_string(instance.data_dir().join("postgres/postgres.log")).unwrap();
    for (name, text) in [("metrics", &metrics), ("log", &log), ("log of PostgreSQL", &database_log)] {
        for secret in [pseudonym.as_str(), id, token] {
            assert!(!text.contains(secret), "{secret} in the {name}");
        }
    }
}

#[test]
fn every_answer_has_a_request_id_and_security_headers() {
    let center = shared().center();
    let mut seen = std::collections::BTreeSet::new();
    for answer in [
        shared().anonymous().get("/health/live"),
        shared().anonymous().get("/v1/patients"),
        shared().anonymous().get("/nothing"),
        shared().anonymous().get("/docs/"),
        center.submitter.get("/v1/patients"),
        center.submitter.post("/v1/patients", &json!({})),
        center.submitter.submit("", b""),
    ] {
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("x-frame-options", "DENY"),
        ] {
            assert_eq!(answer.header(name), value, "{}", answer.status);
        }
        assert!(!answer.header("cache-control").is_empty());
        assert!(answer.header("x-request-id").parse::<uuid::Uuid>().is_ok());
        assert!(seen.insert(answer.header("x-request-id").to_owned()), "a request id was given twice");
    }
    assert_eq!(center.submitter.get("/v1/patients").header("cache-control"), "no-store");
    let chosen =
        center.submitter.send("GET", "/v1/patients", &[("x-request-id", "chosen-by-the-client")], &[]);
    assert_ne!(
        chosen.header("x-request-id"),
        "chosen-by-the-client",
        "ids in the audit log are the server's own"
    );
}

#[test]
fn the_document_is_one_and_the_same_everywhere() {
    let served = shared().anonymous().get("/v1/openapi.json").expect(200);
    assert_eq!(served["openapi"], "3.1.0");
    let printed = shared().command(&["openapi"]);
    assert!(printed.status.success());
    let printed: Value = serde_json::from_slice(&printed.stdout).unwrap();
    assert!(printed == served, "`sequela openapi` prints another document than the server serves");
    let mut ids = std::collections::BTreeSet::new();
    for (path, item) in served["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let Some(operation) = operation.as_object() else { continue };
            let id = operation["operationId"].as_str().unwrap_or_else(|| panic!("{method} {path} has no id"));
            assert!(ids.insert(id.to_owned()), "the id {id} names two operations");
            assert!(
                operation["responses"].as_object().unwrap().keys().any(|s| s.starts_with('2')),
                "{method} {path}"
            );
        }
    }
    // Every reference leads somewhere.
    let text = served.to_string();
    for reference in text.split("\"$ref\":\"#").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        assert!(served.pointer(reference).is_some(), "{reference} leads nowhere");
    }
}

#[test]
fn the_documentation_page_needs_no_other_host() {
    let nobody = shared().anonymous();
    let page = nobody.get("/docs/");
    assert_eq!(page.status, 200);
    let html = page.text();
    assert!(!html.contains("http://") && !html.contains("https://") && !html.contains("src=\"//"), "{html}");
    let assets: Vec<&str> = html
        .split(['"', '\''])
        .filter(|part| [".js", ".css", ".png"].iter().any(|ending| part.ends_with(ending)))
        .collect();
    assert!(assets.len() >= 4, "{html}");
    for asset in assets {
        let name = asset.trim_start_matches("./");
        assert_eq!(nobody.get(&format!("/docs/{name}")).status, 200, "{asset}");
    }
    let start = nobody.get("/docs/swagger-initializer.js").text();
    assert!(
        start.contains("/v1/openapi.json") && !start.contains("http://") && !start.contains("https://"),
        "{start}"
    );
    // Without this, the page asks a validator of another host about the document.
    assert!(start.contains("\"validatorUrl\": \"none\""), "{start}");
    let moved = nobody.get("/");
    assert_eq!((moved.status, moved.header("location")), (307, "/docs/"));
    let dictionary = nobody.get("/v1/data-dictionary").expect(200);
    let fields: usize = clinical::forms::ALL.iter().map(|f| f.fields.len()).sum();
    assert!(dictionary.as_array().unwrap().len() >= fields);
}

#[test]
fn commands_end_with_the_code_that_is_documented() {
    let mut instance = Instance::new();
    let code = |instance: &Instance, arguments: &[&str]| instance.command(arguments).status.code();
    for arguments in [
        &["nonsense"][..],
        &[],
        &["serve", "--listen", "nowhere"],
        &["token", "create", "--label", "x", "--role", "root"],
        &["token", "create", "--label", "x", "--role", "submitter"],
        &["token", "create", "--label", "x", "--role", "submitter", "--center", "NOWHERE"],
        &["token", "revoke", "0198c0de-0000-7000-8000-000000000000"],
        &["forms", "ddl", "nothing"],
        &["submit", "--token", "x", "/no/such/file.ndjson"],
        &["submit", "--token", "x", "/etc/hostname"],
        &["audit", "verify", "--head", "x"],
    ] {
        assert_eq!(code(&instance, arguments), Some(2), "{arguments:?}");
    }
    for arguments in [
        &["--help"][..],
        &["--version"],
        &["forms", "ddl", "patient"],
        &["migrate"],
        &["token", "list"],
        &["audit", "verify"],
    ] {
        assert_eq!(code(&instance, arguments), Some(0), "{arguments:?}");
    }
    let file = instance.data_dir().join("records.ndjson");
    std::fs::write(&file, ndjson(&complete_patient(96).records)).unwrap();
    let file = file.to_str().unwrap();
    let unreachable = ["submit", "--url", "http://127.0.0.1:9", "--token", "x", file];
    assert_eq!(code(&instance, &unreachable), Some(1), "no server");
    instance.start();
    let token = instance.center().submitter.token.unwrap();
    let submit = |token: &str| instance.command(&["submit", "--url", &instance.url, "--token", token, file]);
    assert_eq!(submit("wrong").status.code(), Some(2));
    let sent = submit(&token);
    assert_eq!(sent.status.code(), Some(0), "{}", String::from_utf8_lossy(&sent.stderr));
    assert!(String::from_utf8_lossy(&sent.stdout).contains(" 0 rejected"));
    std::fs::write(file, "{}\n").unwrap();
    assert_eq!(submit(&token).status.code(), Some(2), "a rejected row");
    let address = instance.url.trim_start_matches("http://").to_owned();
    let other = Instance::new();
    assert_eq!(code(&other, &["serve", "--listen", &address]), Some(2), "the port is taken");
}
