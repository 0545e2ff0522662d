//! Every operation of the OpenAPI document, tried without a token, with every role, and on what belongs to another center.
//!
//! The table below is the access table of the architecture, operation by operation. An operation without a row fails a test.

use crate::support::patients::{complete_patient, infusion, patient};
use crate::support::{Answer, Center, Client, Instance, shared};
use clinical::forms::{CLINICAL, REFERENCE};
use registry::principal::Role;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const EVERYBODY: &[Role] = &Role::ALL;
const CENTER: &[Role] = &[Role::Submitter, Role::Lead];
const READERS: &[Role] = &[Role::Submitter, Role::Lead, Role::Monitor];
const BUT_SPONSORS: &[Role] =
    &[Role::Submitter, Role::Lead, Role::Monitor, Role::Statistician, Role::Auditor, Role::Admin];

/// Operations that need no token.
const PUBLIC: &[&str] =
    &["GET /health/live", "GET /health/ready", "GET /metrics", "GET /v1/data-dictionary", "GET /v1/rules"];

/// Who may use an operation. `{form}` stands for every clinical form.
const TABLE: &[(&str, &[Role])] = &[
    ("GET /health/live", EVERYBODY),
    ("GET /health/ready", EVERYBODY),
    ("GET /metrics", EVERYBODY),
    ("GET /v1/data-dictionary", EVERYBODY),
    ("GET /v1/rules", EVERYBODY),
    ("GET /v1/{form}", READERS),
    ("POST /v1/{form}", CENTER),
    ("GET /v1/{form}/{record_id}", READERS),
    ("PUT /v1/{form}/{record_id}", CENTER),
    ("GET /v1/{form}/{record_id}/history", READERS),
    ("POST /v1/{form}/{record_id}/retraction", CENTER),
    ("POST /v1/submissions", CENTER),
    ("GET /v1/submissions", READERS),
    ("GET /v1/submissions/{submission_id}", READERS),
    ("GET /v1/submissions/{submission_id}/rows", READERS),
    ("GET /v1/submissions/{submission_id}/rejected", READERS),
    ("POST /v1/submissions/{submission_id}/cancellation", CENTER),
    ("POST /v1/submissions/{submission_id}/resumption", CENTER),
    ("GET /v1/templates/workbook", READERS),
    ("POST /v1/{form}/{record_id}/lock", &[Role::Lead]),
    ("POST /v1/{form}/{record_id}/unlock", &[Role::Lead]),
    ("GET /v1/{form}/{record_id}/signatures", READERS),
    ("POST /v1/{form}/{record_id}/signatures", CENTER),
    ("GET /v1/queries", READERS),
    ("POST /v1/queries", &[Role::Lead, Role::Monitor]),
    ("GET /v1/queries/counts", READERS),
    ("GET /v1/queries/{query_id}", READERS),
    ("POST /v1/queries/{query_id}/messages", READERS),
    ("POST /v1/queries/{query_id}/confirmation", CENTER),
    ("POST /v1/queries/{query_id}/resolution", &[Role::Lead, Role::Monitor]),
    ("POST /v1/queries/{query_id}/reopening", &[Role::Lead, Role::Monitor]),
    ("GET /v1/{form}/{record_id}/due", READERS),
    ("POST /v1/{form}/{record_id}/withdrawal", CENTER),
    ("GET /v1/erasures", READERS),
    ("GET /v1/changes", READERS),
    ("GET /v1/transfers", READERS),
    ("POST /v1/transfers", &[Role::Lead]),
    ("POST /v1/transfers/{transfer_id}/revocation", &[Role::Lead]),
    ("POST /v1/transfers/{transfer_id}/enrolment", CENTER),
    ("GET /v1/transfers/{transfer_id}/records", CENTER),
    ("POST /v1/patient-tokens", CENTER),
    ("GET /v1/duplicates", &[Role::Lead, Role::Admin]),
    ("GET /v1/due", READERS),
    ("GET /v1/completeness", READERS),
    ("GET /v1/centers", BUT_SPONSORS),
    ("POST /v1/centers", &[Role::Admin]),
    ("GET /v1/products", EVERYBODY),
    ("POST /v1/products", &[Role::Admin]),
    ("GET /v1/tokens", &[Role::Admin, Role::Lead]),
    ("POST /v1/tokens", &[Role::Admin, Role::Lead]),
    ("DELETE /v1/tokens/{token_id}", &[Role::Admin, Role::Lead]),
    ("GET /v1/snapshots", BUT_SPONSORS),
    ("POST /v1/snapshots", &[Role::Statistician, Role::Admin]),
    ("GET /v1/snapshots/{snapshot_id}", &[Role::Statistician, Role::Auditor, Role::Admin]),
    ("POST /v1/reports", &[Role::Submitter, Role::Lead, Role::Monitor, Role::Statistician]),
    ("POST /v1/audit/verification", &[Role::Auditor]),
];

/// An operation of the document: method, path as written, and the row of [`TABLE`] it falls under.
#[derive(Debug)]
struct Operation {
    method: String,
    path: String,
    row: String,
    public: bool,
}

fn operations(instance: &Instance) -> Vec<Operation> {
    let document = instance.anonymous().get("/v1/openapi.json").expect(200);
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in ["get", "post", "put", "patch", "delete", "head", "options", "trace"] {
            let Some(operation) = item.get(method) else { continue };
            let mut row = path.clone();
            for form in CLINICAL {
                let prefix = format!("/v1/{}", form.path);
                let rest = path.strip_prefix(&prefix).filter(|rest| rest.is_empty() || rest.starts_with('/'));
                if let Some(rest) = rest {
                    row = format!("/v1/{{form}}{rest}");
                }
            }
            let method = method.to_uppercase();
            let public = operation.get("security").and_then(Value::as_array).is_none_or(Vec::is_empty);
            found.push(Operation { row: format!("{method} {row}"), method, path: path.clone(), public });
        }
    }
    found
}

/// An operation's request with ids filled in: something well-formed that changes nothing for those who may send it.
fn request(client: &Client, operation: &Operation, id: &str) -> Answer {
    let path =
        ["{record_id}", "{token_id}", "{snapshot_id}", "{submission_id}", "{query_id}", "{transfer_id}"]
            .iter()
            .fold(operation.path.clone(), |path, name| path.replace(name, id));
    let body = if ["/retraction", "/lock", "/unlock"].iter().any(|end| path.ends_with(end)) {
        json!({ "reason": "entered twice" })
    } else if path.ends_with("/withdrawal") {
        json!({ "mode": "stop", "date": "2024-05-01", "reason": "letter of the patient" })
    } else if path.ends_with("/signatures") {
        json!({ "meaning": "REVIEW" })
    } else if operation.method == "PUT" {
        json!({ "reason": "typing error", "data": {} })
    } else {
        json!({})
    };
    let kind = if path == "/v1/submissions" { "application/x-ndjson" } else { "application/json" };
    let body = if path == "/v1/submissions" { String::new() } else { body.to_string() };
    let headers = [("content-type", kind), ("if-match", "\"1\"")];
    client.send(&operation.method, &path, &headers, body.as_bytes())
}

fn callers(instance: &Instance, center: &Center) -> BTreeMap<&'static str, Client> {
    let of = |role: Role| {
        let bound = role.of_one_center() || role == Role::Monitor;
        let centers: &[&str] = if bound { &[center.id.as_str()] } else { &[] };
        (role.code(), instance.caller(role.code(), centers))
    };
    Role::ALL.into_iter().map(of).collect()
}

const NOWHERE: &str = "0198c0de-0000-7000-8000-000000000000";

#[test]
fn the_table_has_exactly_the_operations_of_the_document() {
    let of_document: BTreeSet<String> = operations(shared()).into_iter().map(|o| o.row).collect();
    let of_table: BTreeSet<String> = TABLE.iter().map(|(row, _)| (*row).to_owned()).collect();
    assert_eq!(of_document, of_table);
    assert_eq!(
        operations(shared()).iter().filter(|o| o.row.contains("{form}")).count(),
        10 * CLINICAL.len() + 2
    );
    for form in CLINICAL.iter().chain(REFERENCE) {
        assert!(operations(shared()).iter().any(|o| o.path == format!("/v1/{}", form.path)), "{}", form.path);
    }
}

#[test]
fn without_a_token_only_the_public_operations_answer() {
    let instance = shared();
    let nobody = instance.anonymous();
    let stranger = instance.anonymous().with_token(Some("seq_0000"));
    for operation in operations(instance) {
        assert_eq!(
            operation.public,
            PUBLIC.contains(&operation.row.as_str()),
            "{}: as documented",
            operation.row
        );
        for client in [&nobody, &stranger] {
            let status = request(client, &operation, NOWHERE).status;
            assert_eq!(
                status,
                if operation.public { 200 } else { 401 },
                "{} {}",
                operation.method,
                operation.path
            );
        }
    }
    for path in
        ["/v1/openapi.json", "/v1/data-dictionary", "/v1/rules", "/docs/", "/docs/dictionary", "/docs/rules"]
    {
        nobody.get(path).expect_public();
    }
}

impl Answer {
    fn expect_public(&self) {
        assert_eq!(self.status, 200, "{}", self.text());
    }
}

#[test]
fn every_role_gets_its_row_of_the_table_and_nothing_else() {
    let instance = shared();
    let callers = callers(instance, &instance.center());
    let table: BTreeMap<&str, &[Role]> = TABLE.iter().copied().collect();
    for operation in operations(instance) {
        let allowed = table[operation.row.as_str()];
        for role in Role::ALL {
            let answer = request(&callers[role.code()], &operation, NOWHERE);
            let what =
                format!("{} {} as {}: {}", operation.method, operation.path, role.code(), answer.text());
            if allowed.contains(&role) {
                assert!(!matches!(answer.status, 401 | 403), "{what}");
            } else {
                assert_eq!(answer.status, 403, "{what}");
                assert_eq!(answer.json()["type"], "urn:sequela:problem:forbidden", "{what}");
            }
        }
    }
}

#[test]
fn what_belongs_to_another_center_is_not_there() {
    let instance = shared();
    let (own, foreign) = (instance.center(), instance.center());
    let callers = callers(instance, &own);
    let mut secrets = vec![foreign.id.clone()];
    let mut foreign_ids: BTreeMap<&str, String> = BTreeMap::new();
    for record in &complete_patient(21).records {
        let path = format!("/v1/{}", record.form().path);
        let created = foreign.submitter.post(&path, &record.to_json());
        assert!(matches!(created.status, 200 | 201));
        let id = created.json()["record_id"].as_str().unwrap().to_owned();
        secrets.extend(record.text("patient_id").map(str::to_owned));
        foreign_ids.insert(record.form().path, id);
    }
    for operation in operations(instance).iter().filter(|o| o.path.contains("{record_id}")) {
        let form = operation.path.split('/').nth(2).unwrap();
        for role in [Role::Submitter, Role::Lead, Role::Monitor] {
            let may = TABLE.iter().any(|(row, roles)| *row == operation.row && roles.contains(&role));
            let answer = if operation.method == "PUT" {
                let records = complete_patient(21).records;
                let data = records.iter().find(|r| r.form().path == form).unwrap().to_json();
                let path = operation.path.replace("{record_id}", &foreign_ids[form]);
                callers[role.code()].amend(&path, 1, "not mine", &data)
            } else {
                request(&callers[role.code()], operation, &foreign_ids[form])
            };
            assert_eq!(answer.status, if may { 404 } else { 403 }, "{} as {}", operation.path, role.code());
            let missing = request(&callers[role.code()], operation, NOWHERE);
            if operation.method != "PUT" {
                assert_eq!(answer.text(), missing.text(), "a foreign record and none are told apart");
            }
            for secret in &secrets {
                assert!(!answer.text().contains(secret.as_str()), "{secret} in {}", answer.text());
            }
        }
    }
    for (form, id) in &foreign_ids {
        let kept = foreign.submitter.get(&format!("/v1/{form}/{id}")).expect(200);
        assert_eq!((&kept["version"], &kept["status"]), (&json!(1), &json!("current")), "{form}");
    }
}

#[test]
fn a_submission_of_another_center_is_not_there() {
    let instance = shared();
    let (own, foreign) = (instance.center(), instance.center());
    let sent = foreign
        .submitter
        .submit("", json!({ "form": "patient", "patient_id": "SECRET" }).to_string().as_bytes());
    let at = sent.expect(200)["location"].as_str().unwrap().to_owned();
    for role in [Role::Submitter, Role::Lead, Role::Monitor] {
        let client = instance.caller(role.code(), &[&own.id]);
        for rest in ["", "?results=all", "/rows", "/rejected"] {
            let answer = client.get(&format!("{at}{rest}"));
            answer.expect(404);
            assert!(!answer.text().contains("SECRET"));
        }
        assert_eq!(client.get("/v1/submissions").expect(200)["items"], json!([]));
        for rest in ["cancellation", "resumption"] {
            let answer = client.post(&format!("{at}/{rest}"), &json!({}));
            assert_eq!(answer.status, if role == Role::Monitor { 403 } else { 404 }, "{}", answer.text());
        }
    }
    foreign.submitter.get(&format!("{at}/rejected")).expect_public();
}

#[test]
fn a_form_does_not_answer_for_a_record_of_another_form() {
    let center = shared().center();
    center.submitter.post("/v1/patients", &patient("P")).expect(201);
    let id = center.submitter.post("/v1/infusions", &infusion("P")).expect(201)["record_id"]
        .as_str()
        .unwrap()
        .to_owned();
    center.submitter.get(&format!("/v1/patients/{id}")).expect(404);
    center.submitter.get(&format!("/v1/patients/{id}/history")).expect(404);
    center.submitter.retract(&format!("/v1/responses/{id}"), 1, "entered twice").expect(404);
}

#[test]
fn a_lead_keeps_the_tokens_of_the_own_center_only() {
    let instance = shared();
    let (own, other) = (instance.center(), instance.center());
    let lead = instance.caller("lead", &[&own.id]);
    let wanted =
        |role: &str, centers: &[&str]| json!({ "label": "made by a lead", "role": role, "centers": centers });
    let made = lead.post("/v1/tokens", &wanted("submitter", &[&own.id])).expect(201);
    let colleague = instance.anonymous().with_token(made["token"].as_str());
    colleague.post("/v1/patients", &patient("P")).expect(201);
    for (role, centers) in [
        ("submitter", vec![other.id.as_str()]),
        ("lead", vec![other.id.as_str()]),
        ("monitor", vec![own.id.as_str()]),
        ("admin", vec![]),
        ("auditor", vec![]),
        ("statistician", vec![]),
    ] {
        lead.post("/v1/tokens", &wanted(role, &centers)).expect(403);
    }
    let own_tokens = lead.get("/v1/tokens").expect(200);
    let listed = own_tokens.as_array().unwrap();
    assert_eq!(listed.len(), 3, "submitter, lead and the one just made");
    assert!(
        listed.iter().all(|t| t["centers"] == json!([own.id]) && t.get("token").is_none()),
        "{own_tokens}"
    );

    let everyone = instance.admin().get("/v1/tokens").expect(200);
    let foreign = everyone.as_array().unwrap().iter().find(|t| t["centers"] == json!([other.id])).unwrap();
    let path = format!("/v1/tokens/{}", foreign["token_id"].as_str().unwrap());
    lead.send("DELETE", &path, &[], &[]).expect(404);
    other.submitter.get("/v1/patients").expect(200);
    let path = format!("/v1/tokens/{}", made["token_id"].as_str().unwrap());
    lead.send("DELETE", &path, &[], &[]).expect(204);
    colleague.get("/v1/patients").expect(401);
    lead.send("DELETE", &path, &[], &[]).expect(404);
}
