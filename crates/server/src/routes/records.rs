//! `/v1/<form>`: the clinical records, one set of routes per form, made from its descriptor.

use crate::App;
use crate::access;
use crate::caller::Caller;
use crate::document;
use crate::finding_view::{ErrorItem, OtherRecord, at_other_records, opened, queries};
use crate::idempotent::{self, Asked, Reply};
use crate::problem::Problem;
use crate::request;
use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use axum::routing::{get, post};
use chrono::{DateTime, Utc};
use clinical::finding::{Findings, Language};
use clinical::form::{Context, FormDescriptor};
use clinical::record::{Entries, Record};
use registry::Stored;
use registry::batch::{self, Candidate, Mode, Outcome};
use registry::record_store::{self, Change, Filter};
use registry::review::{DerivedValue, derived};
use registry::signature::{Lock, Signature};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::HashSet;
use std::sync::Arc;
use utoipa::openapi::OpenApi;
use uuid::Uuid;

type Body = Result<Bytes, BytesRejection>;
type Form = &'static FormDescriptor;

/// A record as answered.
#[derive(Debug, Serialize)]
pub(crate) struct RecordView {
    pub(crate) record_id: Uuid,
    pub(crate) center_id: String,
    pub(crate) form: &'static str,
    pub(crate) form_version: i32,
    pub(crate) version: i32,
    pub(crate) status: &'static str,
    pub(crate) recorded_at: DateTime<Utc>,
    pub(crate) location: String,
    pub(crate) data: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) queries: Option<Vec<ErrorItem>>,
    /// What the criteria derive for this record, beside what was reported.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) derived: Vec<DerivedValue>,
    /// Whether it is locked, once it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) lock: Option<Lock>,
    /// Who signed it, and whether that still holds.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) signatures: Vec<Signature>,
    /// Records written earlier that this one contradicts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) other_records: Vec<OtherRecord>,
}

impl RecordView {
    pub(crate) fn new(stored: Stored, queries: Option<Vec<ErrorItem>>) -> Self {
        let form = stored.record.form();
        Self {
            record_id: stored.record_id,
            location: format!("/v1/{}/{}", form.path, stored.record_id),
            center_id: stored.center_id,
            form: form.name,
            form_version: stored.form_version,
            version: stored.version,
            status: if stored.retracted { "retracted" } else { "current" },
            recorded_at: stored.recorded_at,
            data: stored.record.to_json(),
            queries,
            derived: Vec::new(),
            lock: None,
            signatures: Vec::new(),
            other_records: Vec::new(),
        }
    }
}

/// Today at the place where the day begins first: a date after it is in the future everywhere.
pub(crate) fn context() -> Context {
    Context { today: (Utc::now() + chrono::Duration::hours(14)).date_naive() }
}

/// Reads a record, or tells everything that is wrong with it.
pub(crate) fn parse(
    form: Form,
    entries: &Entries,
    language: Language,
) -> Result<(Record, Findings), Problem> {
    let (record, findings) = Record::from_json(form, entries, context());
    record.map(|r| (r, findings.clone())).ok_or_else(|| Problem::invalid(&findings, language))
}

/// The routes of every clinical form; their description is added to the document.
pub(crate) fn router(api: &mut OpenApi) -> Router<Arc<App>> {
    let mut router = Router::new();
    for form in clinical::forms::CLINICAL {
        let form: Form = form;
        document::describe_form(api, form);
        let path = format!("/v1/{}", form.path);
        router = router
            .route(
                &path,
                get(move |app, caller, uri| list(form, app, caller, uri)).post(
                    move |app, caller, uri, headers, body| create(form, app, caller, uri, headers, body),
                ),
            )
            .route(
                &format!("{path}/{{record_id}}"),
                get(move |app, caller, id| read(form, app, caller, id)).put(
                    move |app, caller, id, uri, headers, body| {
                        amend(form, app, caller, id, uri, headers, body)
                    },
                ),
            )
            .route(
                &format!("{path}/{{record_id}}/history"),
                get(move |app, caller, id| history(form, app, caller, id)),
            )
            .route(
                &format!("{path}/{{record_id}}/retraction"),
                post(move |app, caller, id, uri, headers, body| {
                    retract(form, app, caller, id, uri, headers, body)
                }),
            );
    }
    router
}

async fn create(
    form: Form,
    State(app): State<Arc<App>>,
    caller: Caller,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let center = access::writes(&caller.principal)?;
    let body = request::body(body, crate::RECORD_LIMIT)?;
    request::expect_json(&headers)?;
    let entries = Entries::parse(&body).map_err(|found| Problem::invalid(&found, caller.language))?;
    let (record, findings) = parse(form, &entries, caller.language)?;
    let candidate = Candidate { record, findings, seen: None };
    let asked = Asked { method: "POST", target: &uri.to_string(), headers: &headers, body: &body };
    idempotent::write(&app, &caller, center, &asked, async |scoped| {
        let written =
            batch::write_in(scoped, center, caller.author(), std::slice::from_ref(&candidate), Mode::Insert)
                .await;
        let written = written.map_err(caller.problem())?;
        let (status, id) = match written.outcomes.into_iter().next() {
            Some(Outcome::Created { record_id }) => (StatusCode::CREATED, record_id),
            Some(Outcome::Unchanged { record_id, .. } | Outcome::Updated { record_id, .. }) => {
                (StatusCode::OK, record_id)
            }
            Some(Outcome::Rejected(found)) => return Err(Problem::invalid(&found, caller.language)),
            None => return Err(Problem::missing("record")),
        };
        let stored = record_store::find(&mut scoped.tx, form, id).await.map_err(caller.problem())?;
        let mut asked = queries(&candidate.findings, caller.language, None);
        let across = written.reviewed.opened.iter().filter(|o| o.record_id == id);
        asked.extend(across.map(|o| opened(o, caller.language, None)));
        let mut view = RecordView::new(stored, Some(asked));
        view.derived = derived(&mut scoped.tx, id).await.map_err(caller.problem())?;
        view.other_records = at_other_records(&written.reviewed, &HashSet::from([id]), caller.language);
        Reply::json(status, &view, true)
    })
    .await
}

async fn read(
    form: Form,
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let centers = access::reads(&caller.principal)?;
    let id = request::id(&id, "record")?;
    let found = record_store::read(&app.database, centers, form, id).await.map_err(caller.problem())?;
    answer(&RecordView {
        derived: found.derived,
        lock: found.lock,
        signatures: found.signatures,
        ..RecordView::new(found.stored, None)
    })
}

fn answer(body: &impl Serialize) -> Result<Response, Problem> {
    let reply = Reply::json(StatusCode::OK, body, false)?;
    Ok(idempotent::render(200, reply.body, false))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    patient_id: Option<String>,
    #[serde(default)]
    include_retracted: bool,
    cursor: Option<String>,
    limit: Option<i64>,
}

#[derive(Debug, Serialize)]
struct Page {
    items: Vec<RecordView>,
    next_cursor: Option<String>,
}

async fn list(
    form: Form,
    State(app): State<Arc<App>>,
    caller: Caller,
    uri: Uri,
) -> Result<Response, Problem> {
    let centers = access::reads(&caller.principal)?;
    let query: ListQuery = request::query(&uri)?;
    let limit = request::limit(query.limit)?;
    let filter = Filter {
        patient_id: query.patient_id,
        retracted: query.include_retracted,
        after: request::cursor(query.cursor.as_deref())?,
        limit: limit + 1,
    };
    let mut stored =
        record_store::list(&app.database, centers, form, &filter).await.map_err(caller.problem())?;
    let size = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = stored.len() > size;
    stored.truncate(size);
    let next_cursor = stored.last().filter(|_| more).map(|s| s.record_id.to_string());
    answer(&Page { items: stored.into_iter().map(|s| RecordView::new(s, None)).collect(), next_cursor })
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Amendment {
    reason: String,
    data: Entries,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Retraction {
    reason: String,
}

/// A reason is a sentence, not a formality.
pub(crate) fn reason(text: &str) -> Result<&str, Problem> {
    let text = text.trim();
    if (3..=1000).contains(&text.chars().count()) && !text.chars().any(char::is_control) {
        return Ok(text);
    }
    Err(Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "reason",
        "A reason is required",
        "Give a reason of 3 to 1000 characters; it becomes part of the record's history.",
    ))
}

async fn amend(
    form: Form,
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let center = access::writes(&caller.principal)?;
    let id = request::id(&id, "record")?;
    let body = request::body(body, crate::RECORD_LIMIT)?;
    let version = request::if_match(&headers)?;
    let amendment: Amendment = request::json(&headers, &body)?;
    let reason = reason(&amendment.reason)?;
    let (record, findings) = parse(form, &amendment.data, caller.language)?;
    let asked = Asked { method: "PUT", target: &uri.to_string(), headers: &headers, body: &body };
    idempotent::write(&app, &caller, center, &asked, async |scoped| {
        let change = Change { version, reason, author: caller.author() };
        let (stored, reviewed) = record_store::amend(scoped, center, id, change, &record, &findings)
            .await
            .map_err(caller.problem())?;
        let mut open = queries(&findings, caller.language, None);
        let across = reviewed.opened.iter().filter(|o| o.record_id == id);
        open.extend(across.map(|o| opened(o, caller.language, None)));
        let mut view = RecordView::new(stored, Some(open));
        view.derived = derived(&mut scoped.tx, id).await.map_err(caller.problem())?;
        view.other_records = at_other_records(&reviewed, &HashSet::from([id]), caller.language);
        Reply::json(StatusCode::OK, &view, true)
    })
    .await
}

async fn retract(
    form: Form,
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let center = access::writes(&caller.principal)?;
    let id = request::id(&id, "record")?;
    let body = request::body(body, crate::RECORD_LIMIT)?;
    let version = request::if_match(&headers)?;
    let retraction: Retraction = request::json(&headers, &body)?;
    let reason = reason(&retraction.reason)?;
    let asked = Asked { method: "POST", target: &uri.to_string(), headers: &headers, body: &body };
    idempotent::write(&app, &caller, center, &asked, async |scoped| {
        let change = Change { version, reason, author: caller.author() };
        let stored =
            record_store::retract(scoped, center, form, id, change).await.map_err(caller.problem())?;
        Reply::json(StatusCode::OK, &RecordView::new(stored, None), true)
    })
    .await
}

async fn history(
    form: Form,
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let centers = access::reads(&caller.principal)?;
    let id = request::id(&id, "record")?;
    let versions = record_store::history(&app.database, centers, form, id).await.map_err(caller.problem())?;
    answer(&serde_json::json!({ "record_id": id, "form": form.name, "versions": versions }))
}
