//! The OpenAPI document: hand-written operations describe themselves, those of forms are made from the descriptors.

use clinical::field::{Kind, TextForm};
use clinical::form::{FieldDescriptor, FormDescriptor, Requirement};
use clinical::missing::MissingCode;
use serde_json::{Map, Value, json};
use utoipa::openapi::path::{HttpMethod, Operation};
use utoipa::openapi::{OpenApi, RefOr, Schema};

/// The document as served and as stored under `api-spec`.
pub fn openapi() -> OpenApi {
    crate::routes::all().1
}

/// What does not belong to a single operation.
pub(crate) fn frame() -> OpenApi {
    let frame = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Sequela",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Multicenter registry and cohort analytics for CAR-T cell therapy. Errors are RFC 9457 problem documents that list every fault at once; messages are English or Chinese by Accept-Language.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" }
        },
        "paths": {},
        "components": { "securitySchemes": { "token": { "type": "http", "scheme": "bearer", "description": "An API token" } } },
        "tags": [
            { "name": "records", "description": "Clinical records of the caller's center" },
            { "name": "reference", "description": "Centers and products" },
            { "name": "queries", "description": "What the registry asks a center" },
            { "name": "due", "description": "What is due, and how complete the data are" },
            { "name": "transfers", "description": "Patients who go on at another center, and possible duplicates" },
            { "name": "reports", "description": "Snapshots and reports" },
            { "name": "administration", "description": "Tokens and the audit log" },
            { "name": "service", "description": "Health and metrics" }
        ]
    });
    serde_json::from_value(frame).unwrap_or_default()
}

fn add(api: &mut OpenApi, path: &str, method: HttpMethod, operation: Value) {
    if let Ok(operation) = serde_json::from_value::<Operation>(operation) {
        api.paths.add_path_operation(path, vec![method], operation);
    }
}

fn add_schema(api: &mut OpenApi, name: &str, schema: Value) {
    if let Ok(schema) = serde_json::from_value::<RefOr<Schema>>(schema) {
        api.components.get_or_insert_default().schemas.insert(name.to_owned(), schema);
    }
}

/// `daily_toxicity` → `DailyToxicity`.
fn schema_name(form: &FormDescriptor) -> String {
    let words = form.name.split('_');
    words
        .map(|w| w.chars().take(1).flat_map(char::to_uppercase).chain(w.chars().skip(1)).collect::<String>())
        .collect()
}

fn field_schema(field: &FieldDescriptor) -> Value {
    let nullable = field.requirement != Requirement::Mandatory;
    let one = |name: &str| if nullable { json!([name, "null"]) } else { json!(name) };
    let mut schema = match field.kind {
        Kind::Integer { min, max } => {
            json!({ "type": one("integer"), "format": "int32", "minimum": min, "maximum": max })
        }
        Kind::Decimal { min, max, .. } => {
            json!({ "type": one("number"), "format": "double", "minimum": min, "maximum": max })
        }
        Kind::Flag => json!({ "type": one("boolean") }),
        Kind::Date => json!({ "type": one("string"), "format": "date" }),
        Kind::Time => json!({ "type": one("string"), "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$" }),
        Kind::Codes(set) => {
            let codes: Vec<&str> = set.codes.iter().map(|c| c.code).collect();
            json!({ "type": one("array"), "items": { "type": "string", "enum": codes }, "minItems": 1, "uniqueItems": true })
        }
        Kind::PartialDate => {
            json!({ "type": one("string"), "pattern": "^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?$" })
        }
        Kind::Text { max, form } => {
            let pattern = match form {
                TextForm::Identifier => "^[A-Za-z0-9._-]+( [A-Za-z0-9._-]+)*$",
                TextForm::Free => "^[^\\p{Cc}]+$",
            };
            json!({ "type": one("string"), "minLength": 1, "maxLength": max, "pattern": pattern })
        }
        Kind::Coded(set) => {
            let mut codes: Vec<Value> = set.codes.iter().map(|c| json!(c.code)).collect();
            if nullable {
                codes.push(Value::Null);
            }
            json!({ "type": one("string"), "enum": codes })
        }
    };
    let mut words = vec![field.description.trim().to_owned()];
    if let Kind::Decimal { unit, .. } = field.kind {
        words.push(format!("Unit: {unit}."));
    }
    if let Some((low, high)) = field.soft {
        words.push(format!("Usually {low} to {high}; other values open a query."));
    }
    match field.requirement {
        Requirement::Required => words.push("Required, or declared in `missing`.".to_owned()),
        Requirement::Conditional(when) => words.push(format!(
            "Required, or declared in `missing`, when {} is {}.",
            when.field,
            when.values.join(" or ")
        )),
        Requirement::Computed => {
            words.push("Computed by the registry; may be given back unchanged.".to_owned());
        }
        Requirement::Mandatory | Requirement::Optional => {}
    }
    words.push(format!("({})", field.zh));
    schema["description"] = json!(words.join(" "));
    schema
}

/// JSON Schema of a form's content.
fn form_schema(form: &FormDescriptor) -> Value {
    let mut properties: Map<String, Value> =
        form.fields.iter().map(|f| (f.name.to_owned(), field_schema(f))).collect();
    let codes: Vec<&str> = MissingCode::ALL.iter().map(|c| c.code()).collect();
    let missing: Map<String, Value> = form
        .fields
        .iter()
        .filter(|f| !matches!(f.requirement, Requirement::Mandatory | Requirement::Computed))
        .map(|f| (f.name.to_owned(), json!({ "type": "string", "enum": codes })))
        .collect();
    if !missing.is_empty() {
        properties.insert(
            "missing".to_owned(),
            json!({ "type": "object", "additionalProperties": false, "properties": missing,
                    "description": "Fields declared missing: NK not known, NA not applicable, ND not done, PEND pending." }),
        );
    }
    let required: Vec<&str> =
        form.fields.iter().filter(|f| f.requirement == Requirement::Mandatory).map(|f| f.name).collect();
    let example: Value = serde_json::from_str(clinical::forms::example(form)).unwrap_or_default();
    json!({
        "type": "object",
        "examples": [example],
        "description": format!("{} ({}; {})", form.description.trim(), form.zh, form.source),
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

/// A record as answered.
fn view_schema(name: &str) -> Value {
    json!({
        "type": "object",
        "properties": {
            "record_id": { "type": "string", "format": "uuid" },
            "center_id": { "type": "string" },
            "form": { "type": "string" },
            "form_version": { "type": "integer" },
            "version": { "type": "integer", "description": "Also the ETag." },
            "status": { "type": "string", "enum": ["current", "retracted"] },
            "recorded_at": { "type": "string", "format": "date-time" },
            "location": { "type": "string" },
            "data": { "$ref": format!("#/components/schemas/{name}") },
            "queries": { "type": "array", "items": { "$ref": "#/components/schemas/ErrorItem" } },
            "derived": {
                "type": "array",
                "description": "What the criteria derive for this record, beside what was reported; a difference opens a query.",
                "items": { "type": "object", "properties": {
                    "name": { "type": "string" }, "value": { "type": ["string", "null"] }, "reported": { "type": ["string", "null"] },
                    "rule": { "type": ["string", "null"], "description": "The criterion that decided." },
                    "trace": { "type": "array", "items": { "type": "object" } }, "missing": { "type": "array", "items": { "type": "string" } }
                } }
            },
            "lock": { "type": "object", "description": "Present when the record was ever locked." },
            "signatures": { "type": "array", "description": "Signatures of the record; `status` is `broken` after any later change.", "items": { "type": "object" } },
            "other_records": {
                "type": "array",
                "description": "Records written earlier that this one contradicts, with the queries opened there.",
                "items": { "type": "object", "properties": {
                    "form": { "type": "string" }, "record_id": { "type": "string", "format": "uuid" }, "patient_id": { "type": "string" },
                    "queries": { "type": "array", "items": { "$ref": "#/components/schemas/ErrorItem" } }
                } }
            }
        },
        "required": ["record_id", "center_id", "form", "form_version", "version", "status", "recorded_at", "location", "data"]
    })
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn answer(description: &str, schema: &Value) -> Value {
    json!({ "description": description, "content": { "application/json": { "schema": schema } } })
}

/// Adds the problems every operation may answer with.
fn responses(success: &[(&str, Value)]) -> Value {
    let problem = json!({ "description": "Refused; every fault is listed", "content": { "application/problem+json": { "schema": reference("Problem") } } });
    let mut all: Map<String, Value> =
        success.iter().map(|(status, answer)| ((*status).to_owned(), answer.clone())).collect();
    all.insert("4XX".to_owned(), problem);
    Value::Object(all)
}

fn parameter(place: &str, name: &str, description: &str, schema: &Value) -> Value {
    json!({ "name": name, "in": place, "required": place == "path", "description": description, "schema": schema })
}

pub(crate) fn id_parameter() -> Value {
    parameter("path", "record_id", "Id of the record", &json!({ "type": "string", "format": "uuid" }))
}

fn if_match() -> Value {
    let mut p = parameter("header", "If-Match", "ETag of the version read", &json!({ "type": "string" }));
    p["required"] = json!(true);
    p
}

fn idempotency_key() -> Value {
    let schema = json!({ "type": "string", "minLength": 1, "maxLength": 255 });
    parameter("header", "Idempotency-Key", "Makes sending the request twice safe", &schema)
}

/// Parameters of a change to one record.
pub(crate) fn record_write_parameters() -> Value {
    json!([id_parameter(), if_match(), idempotency_key()])
}

/// A body that gives a reason and nothing else.
pub(crate) fn reason_body() -> Value {
    json!({ "type": "object", "additionalProperties": false, "required": ["reason"],
            "properties": { "reason": { "type": "string", "minLength": 3, "maxLength": 1000 } } })
}

/// An operation with one success.
pub(crate) struct Described<'a> {
    pub(crate) tag: &'a str,
    pub(crate) id: &'a str,
    pub(crate) summary: &'a str,
    pub(crate) parameters: &'a Value,
    pub(crate) body: Option<&'a Value>,
    pub(crate) status: &'a str,
    pub(crate) answer: &'a str,
    pub(crate) schema: &'a Value,
}

/// Adds an operation to the document.
pub(crate) fn describe(api: &mut OpenApi, path: &str, method: HttpMethod, of: &Described<'_>) {
    let answers = responses(&[(of.status, answer(of.answer, of.schema))]);
    add(api, path, method, operation(of.tag, of.id, of.summary, of.parameters, of.body, &answers));
}

fn operation(
    tag: &str,
    id: &str,
    summary: &str,
    parameters: &Value,
    body: Option<&Value>,
    answers: &Value,
) -> Value {
    let mut operation = json!({
        "tags": [tag], "operationId": id, "summary": summary, "parameters": parameters, "responses": answers,
        "security": [{ "token": [] }],
    });
    if let Some(schema) = body {
        operation["requestBody"] =
            json!({ "required": true, "content": { "application/json": { "schema": schema } } });
    }
    operation
}

/// Describes the routes of a clinical form.
pub(crate) fn describe_form(api: &mut OpenApi, form: &FormDescriptor) {
    let name = schema_name(form);
    let view = format!("{name}Record");
    add_schema(api, &name, form_schema(form));
    add_schema(api, &view, view_schema(&name));
    let path = format!("/v1/{}", form.path);
    let one = format!("{path}/{{record_id}}");
    let label = form.en.to_lowercase();
    let id = |verb: &str| format!("{verb}_{}", form.name);
    let page = json!({
        "type": "object",
        "properties": {
            "items": { "type": "array", "items": reference(&view) },
            "next_cursor": { "type": ["string", "null"], "description": "Pass it as `cursor` to read on; null on the last page." }
        },
        "required": ["items", "next_cursor"]
    });
    let list_parameters = json!([
        parameter("query", "patient_id", "Only records of this patient", &json!({ "type": "string" })),
        parameter(
            "query",
            "include_retracted",
            "Also retracted records",
            &json!({ "type": "boolean", "default": false })
        ),
        parameter("query", "cursor", "Where the page before ended", &json!({ "type": "string" })),
        parameter(
            "query",
            "limit",
            "Page size",
            &json!({ "type": "integer", "minimum": 1, "maximum": 1000, "default": 100 })
        ),
    ]);
    let record = answer("The record", &reference(&view));
    let list = operation(
        "records",
        &id("list"),
        &format!("List records: {label}"),
        &list_parameters,
        None,
        &responses(&[("200", answer("A page", &page))]),
    );
    add(api, &path, HttpMethod::Get, list);
    let created = [
        ("201", answer("Written; queries opened are listed", &reference(&view))),
        ("200", answer("The registry held exactly this record", &reference(&view))),
    ];
    let create = operation(
        "records",
        &id("create"),
        &format!("Submit a record: {label}"),
        &json!([idempotency_key()]),
        Some(&reference(&name)),
        &responses(&created),
    );
    add(api, &path, HttpMethod::Post, create);
    let read = operation(
        "records",
        &id("read"),
        &format!("Read a record: {label}"),
        &json!([id_parameter()]),
        None,
        &responses(&[("200", record.clone())]),
    );
    add(api, &one, HttpMethod::Get, read);
    let reason = json!({ "type": "string", "minLength": 3, "maxLength": 1000 });
    let amendment = json!({ "type": "object", "additionalProperties": false, "required": ["reason", "data"], "properties": { "reason": reason, "data": reference(&name) } });
    let parameters = json!([id_parameter(), if_match(), idempotency_key()]);
    let amend = operation(
        "records",
        &id("amend"),
        &format!("Amend a record, with a reason: {label}"),
        &parameters,
        Some(&amendment),
        &responses(&[("200", record.clone())]),
    );
    add(api, &one, HttpMethod::Put, amend);
    let retraction = json!({ "type": "object", "additionalProperties": false, "required": ["reason"], "properties": { "reason": reason } });
    let retract = operation(
        "records",
        &id("retract"),
        &format!("Retract a record, with a reason: {label}"),
        &parameters,
        Some(&retraction),
        &responses(&[("200", record)]),
    );
    add(api, &format!("{one}/retraction"), HttpMethod::Post, retract);
    let versions = json!({ "type": "object", "properties": { "record_id": { "type": "string", "format": "uuid" }, "form": { "type": "string" }, "versions": { "type": "array", "items": { "type": "object" } } } });
    let history = operation(
        "records",
        &id("history_of"),
        &format!("Every version of a record: {label}"),
        &json!([id_parameter()]),
        None,
        &responses(&[("200", answer("Versions, oldest first", &versions))]),
    );
    add(api, &format!("{one}/history"), HttpMethod::Get, history);
}

/// Describes the routes of a reference form.
pub(crate) fn describe_reference(api: &mut OpenApi, form: &FormDescriptor) {
    let name = schema_name(form);
    let view = format!("{name}Record");
    add_schema(api, &name, form_schema(form));
    add_schema(api, &view, view_schema(&name));
    let path = format!("/v1/{}", form.path);
    let all = json!({ "type": "object", "properties": { "items": { "type": "array", "items": reference(&view) } }, "required": ["items"] });
    let label = form.en.to_lowercase();
    let list = operation(
        "reference",
        &format!("list_{}", form.name),
        &format!("List: {label}"),
        &json!([]),
        None,
        &responses(&[("200", answer("All rows", &all))]),
    );
    add(api, &path, HttpMethod::Get, list);
    let created = [
        ("201", answer("Written", &reference(&view))),
        ("200", answer("Exactly this row was there", &reference(&view))),
    ];
    let create = operation(
        "reference",
        &format!("create_{}", form.name),
        &format!("Add: {label}"),
        &json!([]),
        Some(&reference(&name)),
        &responses(&created),
    );
    add(api, &path, HttpMethod::Post, create);
}

/// What a submission is answered with.
fn submission_schema() -> Value {
    let row = json!({
        "type": "object",
        "properties": {
            "row": { "type": "integer", "description": "Line of the file or row of the sheet, from 1" },
            "sheet": { "type": "string", "description": "Sheet of a workbook" },
            "form": { "type": "string" },
            "outcome": { "type": "string", "enum": ["created", "updated", "unchanged", "rejected"] },
            "record_id": { "type": "string", "format": "uuid" },
            "version": { "type": "integer" },
            "errors": { "type": "array", "items": reference("ErrorItem") },
            "queries": { "type": "array", "items": reference("ErrorItem") }
        },
        "required": ["row", "outcome"]
    });
    let group = json!({
        "type": "object",
        "description": "Identical faults: one rule at one field of one form",
        "properties": {
            "rule": { "type": "string" }, "form": { "type": ["string", "null"] }, "field": { "type": ["string", "null"] },
            "message": { "type": "string" }, "rows": { "type": "integer" },
            "first_rows": { "type": "array", "items": { "type": "object" } },
            "distinct_values": { "type": "integer" },
            "values": { "type": "array", "description": "The most frequent values, with what was probably meant", "items": { "type": "object" } },
            "expected": { "type": ["string", "null"] }
        },
        "required": ["rule", "message", "rows", "first_rows", "values"]
    });
    let count = |text: &str| json!({ "type": "integer", "description": text });
    json!({
        "type": "object",
        "properties": {
            "submission_id": { "type": "string", "format": "uuid" },
            "center_id": { "type": "string" },
            "state": { "type": "string", "enum": ["uploading", "queued", "running", "done", "cancelled", "failed"] },
            "format": { "type": "string" }, "form": { "type": ["string", "null"] }, "file_name": { "type": ["string", "null"] },
            "dry_run": { "type": "boolean" },
            "policy": { "type": "string" }, "mode": { "type": "string" }, "reason": { "type": ["string", "null"] },
            "committed": { "type": "boolean", "description": "False for a dry run and for a refused all_or_nothing batch" },
            "bytes": count("Size of the file"),
            "rows": { "type": ["integer", "null"], "description": "Rows of the file, once it was read" },
            "rows_done": count("Rows dealt with"), "created": count("New records"), "updated": count("New versions of records"),
            "unchanged": count("Rows equal to what the registry holds"), "rejected": count("Rows refused"),
            "with_queries": count("Accepted rows with queries"), "queries_closed": count("Queries that closed"),
            "failure": { "type": ["string", "null"] },
            "location": { "type": "string" },
            "rejected_rows": { "type": ["string", "null"], "description": "Where to download the rejected rows" },
            "fault_groups": { "type": "array", "items": group }, "query_groups": { "type": "array", "items": group },
            "other_records": { "type": "array", "items": { "type": "object" } },
            "results": { "type": "array", "items": row },
            "next_cursor": { "type": ["string", "null"], "description": "Where `/rows` goes on when not all rows fit" }
        },
        "required": ["submission_id", "center_id", "state", "dry_run", "policy", "committed", "rows", "created", "updated", "unchanged", "rejected", "with_queries"]
    })
}

/// How a submission is asked for.
fn submission_parameters() -> Value {
    let forms: Vec<&str> = clinical::forms::CLINICAL.iter().map(|f| f.name).collect();
    json!([
        parameter(
            "query",
            "form",
            "Form of every row; required for CSV, otherwise each line names its own in `form`",
            &json!({ "type": "string", "enum": forms })
        ),
        parameter(
            "query",
            "dry_run",
            "Check everything, keep nothing",
            &json!({ "type": "boolean", "default": false })
        ),
        parameter(
            "query",
            "policy",
            "Keep the valid rows, or none unless all are valid",
            &json!({ "type": "string", "enum": ["accept_valid", "all_or_nothing"], "default": "accept_valid" })
        ),
        parameter(
            "query",
            "results",
            "Answer for every row, or for those with faults and queries only",
            &json!({ "type": "string", "enum": ["all", "faults", "none"], "default": "all" })
        ),
        parameter(
            "query",
            "mode",
            "insert rejects rows whose record exists with other content; upsert amends it, unless it was changed otherwise since the last import",
            &json!({ "type": "string", "enum": ["insert", "upsert"], "default": "insert" })
        ),
        parameter(
            "query",
            "reason",
            "Reason of the amendments; required for upsert",
            &json!({ "type": "string", "maxLength": 500 })
        ),
        parameter("query", "file_name", "Name of the file, for people", &json!({ "type": "string" })),
        parameter(
            "header",
            "Prefer",
            "`respond-async` answers 202 at once; `wait=N` waits at most N seconds for the end (60 when not given)",
            &json!({ "type": "string" })
        ),
        idempotency_key(),
    ])
}

/// Describes the bulk route.
pub(crate) fn describe_bulk(api: &mut OpenApi) {
    let (parameters, result) = (submission_parameters(), submission_schema());
    let mut submit = operation(
        "records",
        "submit",
        "Submit many records at once",
        &parameters,
        None,
        &responses(&[
            ("200", answer("The submission has ended: what became of each row", &result)),
            ("202", answer("The file is stored; `Location` tells how the submission goes on", &result)),
        ]),
    );
    submit["requestBody"] = json!({
        "required": true,
        "content": {
            "application/x-ndjson": { "schema": { "type": "string", "description": "One JSON object a line: the fields of the form and `form`" } },
            "text/csv": { "schema": { "type": "string", "description": "A header of field names; missing codes stand in the cells" } },
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": { "schema": { "type": "string", "format": "binary", "description": "A sheet per form, named as the form" } },
            "application/vnd.apache.parquet": { "schema": { "type": "string", "format": "binary", "description": "Columns named as the fields of one form" } }
        }
    });
    add(api, "/v1/submissions", HttpMethod::Post, submit);
}
