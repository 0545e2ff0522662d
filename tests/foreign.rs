//! What belongs to another center: every operation of the OpenAPI document is asked for it. An operation without a case fails a test.

use crate::access::{NOWHERE, Operation, TABLE, callers, operations};
use crate::support::patients::complete_patient;
use crate::support::{Center, Instance, shared};
use registry::principal::Role;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Operations whose answers hold nothing of a single center, and why nothing of another center can be asked for.
const NOTHING_FOREIGN: &[(&str, &str)] = &[
    ("GET /health/live", "no data"),
    ("GET /health/ready", "no data"),
    ("GET /metrics", "counters by route"),
    ("GET /v1/data-dictionary", "the same for everybody"),
    ("GET /v1/rules", "the same for everybody"),
    ("GET /v1/centers", "which centers take part is known to all who take part"),
    ("POST /v1/centers", "administrators only"),
    ("GET /v1/products", "the same for everybody"),
    ("POST /v1/products", "administrators only"),
    (
        "POST /v1/snapshots",
        "statisticians and administrators only; the answer counts rows of the whole registry",
    ),
    ("GET /v1/snapshots", "ids and times"),
    ("GET /v1/snapshots/{snapshot_id}", "statisticians, auditors and administrators only"),
    ("POST /v1/audit/verification", "auditors only"),
    ("GET /v1/audit/head", "the newest block of the whole registry"),
    ("GET /v1/audit/export", "auditors only"),
    ("GET /v1/templates/workbook", "the same for everybody"),
];

/// A center with a record of every form, and what nobody else may learn of it.
struct Foreign {
    center: Center,
    /// Path of a form → its record.
    ids: BTreeMap<&'static str, String>,
    token_id: String,
    submission_id: String,
    query_id: String,
    transfer_id: String,
    secrets: Vec<String>,
}

impl Foreign {
    fn new(instance: &Instance) -> Self {
        let center = instance.center();
        let (mut ids, mut secrets) = (BTreeMap::new(), vec![center.id.clone()]);
        for record in &complete_patient(21).records {
            let path = record.form().path;
            let created = center.submitter.post(&format!("/v1/{path}"), &record.to_json());
            assert!(matches!(created.status, 200 | 201));
            let id = created.json()["record_id"].as_str().unwrap().to_owned();
            secrets.push(id.clone());
            ids.insert(path, id);
        }
        let tokens = instance.admin().get("/v1/tokens").expect(200);
        let own = tokens.as_array().unwrap().iter().find(|t| t["centers"] == json!([center.id])).unwrap();
        let token_id = own["token_id"].as_str().unwrap().to_owned();
        let sent = json!({ "form": "patient", "patient_id": "SECRET" }).to_string();
        let sent = center.submitter.submit("", sent.as_bytes()).expect(200);
        let submission_id = sent["submission_id"].as_str().unwrap().to_owned();
        let monitor = instance.caller("monitor", &[&center.id]);
        let asked = json!({ "form": "patient", "record_id": ids["patients"], "text": "Is this right?" });
        let query_id =
            monitor.post("/v1/queries", &asked).expect(201)["query_id"].as_str().unwrap().to_owned();
        let receiving = instance.center();
        let lead = instance.caller("lead", &[&center.id]);
        let transfer = json!({
            "patient_id": "P-0001-21", "to_center": receiving.id, "transferred_on": "2025-01-31", "reason": "moved house",
        });
        let transfer = lead.post("/v1/transfers", &transfer).expect(201);
        let transfer_id = transfer["transfer_id"].as_str().unwrap().to_owned();
        secrets.extend([submission_id.clone(), query_id.clone(), transfer_id.clone()]);
        Self { center, ids, token_id, submission_id, query_id, transfer_id, secrets }
    }

    /// Requests of this operation that ask for what belongs to this center, with the statuses that may answer them; `None` when nobody has
    /// thought of any.
    fn requests(&self, operation: &Operation) -> Option<Vec<(String, Value, &'static [u16])>> {
        let (method, row) = (operation.method.as_str(), operation.row.as_str());
        let form = operation.path.split('/').nth(2).unwrap_or_default();
        let of_form =
            |rest: &str| self.ids.get(form).map(|id| operation.path.replace("{record_id}", id) + rest);
        let records = complete_patient(21).records;
        let example = records.iter().find(|r| r.form().path == form).map(|r| r.to_json());
        Some(match row {
            "GET /v1/{form}" => ["", "?include_retracted=true", "?patient_id=P-0001-21", "?limit=1000"]
                .iter()
                .map(|query| (format!("{}{query}", operation.path), Value::Null, &[200][..]))
                .chain([(
                    format!("{}?center_id={}", operation.path, self.center.id),
                    Value::Null,
                    &[400][..],
                )])
                .collect(),
            // A record under a patient of another center finds no such patient in the own one; one that needs none becomes the own center's.
            "POST /v1/{form}" => vec![
                (operation.path.clone(), example.clone()?, &[200, 201, 409, 422][..]),
                (operation.path.clone(), with(example?, "center_id", &self.center.id), &[422][..]),
            ],
            "GET /v1/{form}/{record_id}"
            | "GET /v1/{form}/{record_id}/history"
            | "GET /v1/{form}/{record_id}/signatures"
            | "GET /v1/{form}/{record_id}/due" => vec![(of_form("")?, Value::Null, &[404][..])],
            "POST /v1/{form}/{record_id}/lock" | "POST /v1/{form}/{record_id}/unlock" => {
                vec![(of_form("")?, json!({ "reason": "not mine" }), &[404][..])]
            }
            "POST /v1/{form}/{record_id}/signatures" => {
                let signed = json!({ "meaning": "reviewed", "name": "Dr. Li" });
                vec![(of_form("")?, signed, &[404, 422][..])]
            }
            "POST /v1/{form}/{record_id}/withdrawal" => {
                let stop = json!({ "mode": "stop", "reason": "not mine", "withdrawn_on": "2025-01-01" });
                vec![(of_form("")?, stop, &[404, 422][..])]
            }
            "GET /v1/submissions/{submission_id}"
            | "GET /v1/submissions/{submission_id}/rows"
            | "GET /v1/submissions/{submission_id}/rejected"
            | "POST /v1/submissions/{submission_id}/cancellation"
            | "POST /v1/submissions/{submission_id}/resumption" => {
                vec![(operation.path.replace("{submission_id}", &self.submission_id), json!({}), &[404][..])]
            }
            "GET /v1/queries/{query_id}" => {
                vec![(operation.path.replace("{query_id}", &self.query_id), Value::Null, &[404][..])]
            }
            "POST /v1/queries/{query_id}/messages" => {
                vec![(
                    operation.path.replace("{query_id}", &self.query_id),
                    json!({ "text": "not mine" }),
                    &[404][..],
                )]
            }
            "POST /v1/queries/{query_id}/confirmation"
            | "POST /v1/queries/{query_id}/resolution"
            | "POST /v1/queries/{query_id}/reopening" => {
                vec![(
                    operation.path.replace("{query_id}", &self.query_id),
                    json!({ "reason": "not mine" }),
                    &[404][..],
                )]
            }
            "POST /v1/queries" => {
                let asked =
                    json!({ "form": "patient", "record_id": self.ids["patients"], "text": "not mine" });
                vec![(operation.path.clone(), asked, &[404][..])]
            }
            "GET /v1/transfers/{transfer_id}/records" => {
                vec![(operation.path.replace("{transfer_id}", &self.transfer_id), Value::Null, &[404][..])]
            }
            "POST /v1/transfers/{transfer_id}/revocation" => {
                let body = json!({ "reason": "not mine" });
                vec![(operation.path.replace("{transfer_id}", &self.transfer_id), body, &[404][..])]
            }
            "POST /v1/transfers/{transfer_id}/enrolment" => {
                let body = json!({ "patient_id": "MINE" });
                vec![(operation.path.replace("{transfer_id}", &self.transfer_id), body, &[404, 422][..])]
            }
            "POST /v1/transfers" => {
                let body = json!({ "patient_id": "SECRET", "to_center": self.center.id, "transferred_on": "2025-01-31", "reason": "not mine" });
                vec![(operation.path.clone(), body, &[404, 422][..])]
            }
            "POST /v1/patient-tokens" => {
                let body = json!({ "tokens": [{ "patient_id": "SECRET", "kind": "OTHER", "key_version": "1", "token": "ab".repeat(32) }] });
                vec![(operation.path.clone(), body, &[404, 422][..])]
            }
            "GET /v1/submissions"
            | "GET /v1/queries/counts"
            | "GET /v1/erasures"
            | "GET /v1/changes"
            | "GET /v1/transfers"
            | "GET /v1/duplicates"
            | "GET /v1/completeness" => vec![(operation.path.clone(), Value::Null, &[200][..])],
            "GET /v1/due" => vec![
                (operation.path.clone(), Value::Null, &[200][..]),
                (
                    format!("/v1/due?center_id={}&patient_id=P-0001-21", self.center.id),
                    Value::Null,
                    &[200][..],
                ),
            ],
            "PUT /v1/{form}/{record_id}" => {
                vec![(of_form("")?, json!({ "reason": "not mine", "data": example? }), &[404][..])]
            }
            "POST /v1/{form}/{record_id}/retraction" => {
                vec![(of_form("")?, json!({ "reason": "not mine" }), &[404][..])]
            }
            "POST /v1/submissions" => {
                let line = with(json!({ "form": "infusion" }), "patient_id", "P-0001-21");
                vec![
                    (format!("{}?results=all", operation.path), line, &[200, 202][..]),
                    (format!("{}?center_id={}", operation.path, self.center.id), json!({}), &[400][..]),
                ]
            }
            "GET /v1/queries" => vec![
                (operation.path.clone(), Value::Null, &[200][..]),
                (format!("/v1/queries?record_id={}", self.ids["infusions"]), Value::Null, &[200][..]),
                (format!("/v1/queries?center_id={}", self.center.id), Value::Null, &[200][..]),
            ],
            "GET /v1/tokens" => vec![(operation.path.clone(), Value::Null, &[200][..])],
            "POST /v1/tokens" => {
                let wanted = |role: &str| json!({ "label": "x", "role": role, "centers": [self.center.id] });
                ["submitter", "lead", "monitor"]
                    .map(|role| (operation.path.clone(), wanted(role), &[403][..]))
                    .to_vec()
            }
            "DELETE /v1/tokens/{token_id}" => {
                vec![(operation.path.replace("{token_id}", &self.token_id), Value::Null, &[404][..])]
            }
            "POST /v1/reports" => vec![
                (
                    operation.path.clone(),
                    json!({ "report": "survival", "parameters": { "by": "center" } }),
                    &[200, 422][..],
                ),
                (operation.path.clone(), json!({ "report": "survival" }), &[200][..]),
                (operation.path.clone(), json!({ "report": "toxicity" }), &[200][..]),
            ],
            "GET /v1/audit/proof" => {
                let id = &self.ids["patients"];
                vec![
                    (
                        format!("/v1/audit/proof?record_id={id}&center_id={}&contents=true", self.center.id),
                        Value::Null,
                        &[404][..],
                    ),
                    (format!("/v1/audit/proof?record_id={id}"), Value::Null, &[404][..]),
                    (
                        format!("/v1/audit/proof?record_id={}&center_id=*", self.token_id),
                        Value::Null,
                        &[404][..],
                    ),
                ]
            }
            _ if NOTHING_FOREIGN.iter().any(|(r, _)| *r == row) => Vec::new(),
            _ => {
                assert!(!method.is_empty());
                return None;
            }
        })
    }
}

fn with(mut content: Value, field: &str, value: &str) -> Value {
    content[field] = json!(value);
    content
}

#[test]
fn what_belongs_to_another_center_is_not_there() {
    let instance = shared();
    let foreign = Foreign::new(instance);
    instance.caller("statistician", &[]).post("/v1/snapshots", &json!({})).expect(201);
    let own = instance.center();
    let callers = callers(instance, &own);
    for operation in operations(instance) {
        let requests = foreign.requests(&operation);
        let requests =
            requests.unwrap_or_else(|| panic!("{} has no case for a foreign center", operation.row));
        for role in [Role::Submitter, Role::Lead, Role::Monitor] {
            let may = TABLE.iter().any(|(row, roles)| *row == operation.row && roles.contains(&role));
            for (path, body, accepted) in &requests {
                let what = format!("{} {path} as {}", operation.method, role.code());
                let kind = if path.starts_with("/v1/submissions") {
                    "application/x-ndjson"
                } else {
                    "application/json"
                };
                let headers = [("content-type", kind), ("if-match", "\"1\"")];
                let answer =
                    callers[role.code()].send(&operation.method, path, &headers, body.to_string().as_bytes());
                if may {
                    assert!(accepted.contains(&answer.status), "{what}: {}", answer.text());
                } else {
                    assert_eq!(answer.status, 403, "{what}");
                }
                if may && operation.path.contains("{record_id}") {
                    let nowhere =
                        path.replace(&foreign.ids[operation.path.split('/').nth(2).unwrap()], NOWHERE);
                    let missing = callers[role.code()].send(
                        &operation.method,
                        &nowhere,
                        &headers,
                        body.to_string().as_bytes(),
                    );
                    assert_eq!(
                        answer.text(),
                        missing.text(),
                        "{what}: a foreign record and none are told apart"
                    );
                }
                for secret in &foreign.secrets {
                    // A caller's own words may come back as what was received.
                    let said = format!("{path}{body}").contains(secret.as_str());
                    assert!(
                        said || !answer.text().contains(secret.as_str()),
                        "{what}: {secret} in {}",
                        answer.text()
                    );
                }
            }
        }
    }
    for (form, id) in &foreign.ids {
        let kept = foreign.center.submitter.get(&format!("/v1/{form}/{id}")).expect(200);
        assert_eq!((&kept["version"], &kept["status"]), (&json!(1), &json!("current")), "{form}");
        let listed = foreign.center.submitter.get(&format!("/v1/{form}")).expect(200);
        let number = complete_patient(21).records.iter().filter(|r| r.form().path == *form).count();
        assert_eq!(listed["items"].as_array().unwrap().len(), number, "{form}: nobody else has written here");
    }
}

#[test]
fn a_reason_why_nothing_foreign_can_be_asked_for_is_given_for_operations_that_are() {
    let rows: BTreeSet<String> = operations(shared()).into_iter().map(|o| o.row).collect();
    for (row, reason) in NOTHING_FOREIGN {
        assert!(rows.contains(*row) && !reason.is_empty(), "{row}");
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
