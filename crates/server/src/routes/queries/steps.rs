//! What people do with a query: ask, say, confirm, close, ask again.

use super::{with_thread, wrong};
use crate::App;
use crate::access;
use crate::caller::Caller;
use crate::idempotent::{self, Asked, Reply};
use crate::problem::Problem;
use crate::request;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::Response;
use registry::principal::Role;
use registry::query::{self, Question, Step};
use registry::record_store;
use registry::scope::Scoped;
use serde::Deserialize;
use std::sync::Arc;
use utoipa::ToSchema;
use uuid::Uuid;

type Body = Result<Bytes, BytesRejection>;

/// A question about a record.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewQuery {
    /// Name of the record's form.
    form: String,
    /// The record.
    record_id: Uuid,
    /// The field asked about; left out for the whole record.
    field: Option<String>,
    /// What is asked.
    #[schema(min_length = 3, max_length = 4000)]
    #[serde(alias = "question", alias = "message")]
    text: String,
}

/// What is said in a thread.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Said {
    /// What is said.
    #[schema(min_length = 3, max_length = 4000)]
    #[serde(alias = "reason", alias = "message")]
    text: String,
}

/// Why a step is taken.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Because {
    /// Why.
    #[schema(min_length = 3, max_length = 4000)]
    #[serde(alias = "text", alias = "message")]
    reason: String,
}

/// What people say: 3 to 4000 characters; lines are kept, other control characters refused.
fn said(text: &str) -> Result<&str, Problem> {
    let text = text.trim();
    let plain = text.chars().all(|c| !c.is_control() || matches!(c, '\n' | '\t'));
    if (3..=4000).contains(&text.chars().count()) && plain {
        return Ok(text);
    }
    Err(Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "reason",
        "A text is required",
        "Give a text of 3 to 4000 characters; it becomes part of the query's thread.",
    ))
}

/// Asks a center about a record or one of its fields.
#[utoipa::path(post, path = "/v1/queries", operation_id = "open_query", tag = "queries", request_body = NewQuery, security(("token" = [])), responses(
    (status = 201, description = "The query", body = Object),
    (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn open(
    State(app): State<Arc<App>>,
    caller: Caller,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    access::only(&caller.principal, &[Role::Monitor, Role::Lead])?;
    let centers = access::reads(&caller.principal)?;
    let body = request::body(body, crate::RECORD_LIMIT)?;
    let new: NewQuery = request::json(&headers, &body)?;
    let text = said(&new.text)?;
    let Some((_, form)) = clinical::forms::clinical(&new.form) else {
        return Err(wrong("form", &new.form, "the name of a form, as in /v1/data-dictionary"));
    };
    let field = new.field.as_deref().unwrap_or_default().trim_start_matches('/');
    if !field.is_empty() && form.field(field).is_none() {
        return Err(wrong("field", field, "a field of the form, or none for the whole record"));
    }
    let mut tx = Scoped::read(&app.database, centers).await.map_err(caller.problem())?;
    let center = record_store::find(&mut tx, form, new.record_id).await.map_err(caller.problem())?.center_id;
    drop(tx);
    let asked = Asked { method: "POST", target: &uri.to_string(), headers: &headers, body: &body };
    idempotent::write(&app, &caller, &center, &asked, async |scoped| {
        let stored =
            record_store::find(&mut scoped.tx, form, new.record_id).await.map_err(caller.problem())?;
        let received = Some(field).filter(|f| !f.is_empty()).map(|f| stored.record.cell(f));
        let question = Question {
            record_id: new.record_id,
            form: form.name,
            patient_id: stored.record.text("patient_id"),
            field,
            received: received.filter(|c| !c.is_null()).map(clinical::Cell::to_text),
            text,
        };
        let query =
            query::ask(scoped, &center, caller.author(), &question).await.map_err(caller.problem())?;
        let view = with_thread(&mut scoped.tx, query, &caller).await?;
        Reply::json(StatusCode::CREATED, &view, true)
    })
    .await
}

/// Takes a step with a query on behalf of a caller who may.
async fn take(
    app: &App,
    caller: &Caller,
    id: &str,
    (uri, headers, body): (&Uri, &HeaderMap, &[u8]),
    step: Step,
    text: Option<&str>,
) -> Result<Response, Problem> {
    let centers = access::reads(&caller.principal)?;
    let id = request::id(id, "query")?;
    let version =
        if headers.contains_key(header::IF_MATCH) { Some(request::if_match(headers)?) } else { None };
    let mut tx = Scoped::read(&app.database, centers).await.map_err(caller.problem())?;
    let query = query::find(&mut tx, id).await.map_err(caller.problem())?;
    if caller.principal.role == Role::Lead && matches!(step, Step::Accept | Step::Reopen) {
        let thread = query::thread(&mut tx, &query).await.map_err(caller.problem())?;
        let by_lead = thread.first().is_some_and(|e| e.actor_role.as_deref() == Some("lead"));
        if !by_lead {
            return Err(Problem::forbidden(
                "A lead closes and reopens queries that a lead of the center has asked; others are a monitor's.",
            ));
        }
    }
    drop(tx);
    let asked = Asked { method: "POST", target: &uri.to_string(), headers, body };
    idempotent::write(app, caller, &query.center_id, &asked, async |scoped| {
        let query = query::step(scoped, caller.author(), &caller.principal, (id, version), step, text)
            .await
            .map_err(caller.problem())?;
        let view = with_thread(&mut scoped.tx, query, caller).await?;
        Reply::json(StatusCode::OK, &view, true)
    })
    .await
}

/// Says something in the thread of a query; its state stays.
#[utoipa::path(post, path = "/v1/queries/{query_id}/messages", operation_id = "add_query_message", tag = "queries", params(("query_id" = Uuid, Path, description = "Id of the query")), request_body = Said, security(("token" = [])), responses(
    (status = 200, description = "The query and its thread", body = Object),
    (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn say(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    access::only(&caller.principal, &[Role::Submitter, Role::Lead, Role::Monitor])?;
    let body = request::body(body, crate::RECORD_LIMIT)?;
    let new: Said = request::json(&headers, &body)?;
    take(&app, &caller, &id, (&uri, &headers, &body), Step::Message, Some(said(&new.text)?)).await
}

/// Confirms the record as it stands, with a reason. The query stays closed as long as the finding stays the same.
#[utoipa::path(post, path = "/v1/queries/{query_id}/confirmation", operation_id = "confirm_query", tag = "queries", params(("query_id" = Uuid, Path, description = "Id of the query")), request_body = Because, security(("token" = [])), responses(
    (status = 200, description = "The query, answered", body = Object),
    (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn confirm(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    access::only(&caller.principal, &[Role::Submitter, Role::Lead])?;
    let body = request::body(body, crate::RECORD_LIMIT)?;
    let because: Because = request::json(&headers, &body)?;
    let reason = said(&because.reason)?;
    take(&app, &caller, &id, (&uri, &headers, &body), Step::Confirm, Some(reason)).await
}

/// Closes a query: a monitor accepts the answer, or no longer asks.
#[utoipa::path(post, path = "/v1/queries/{query_id}/resolution", operation_id = "resolve_query", tag = "queries", params(("query_id" = Uuid, Path, description = "Id of the query")), request_body = Because, security(("token" = [])), responses(
    (status = 200, description = "The query, resolved", body = Object),
    (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn resolve(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    access::only(&caller.principal, &[Role::Monitor, Role::Lead])?;
    let body = request::body(body, crate::RECORD_LIMIT)?;
    let because: Because = request::json(&headers, &body)?;
    let reason = said(&because.reason)?;
    take(&app, &caller, &id, (&uri, &headers, &body), Step::Accept, Some(reason)).await
}

/// Asks again: a monitor does not accept the answer.
#[utoipa::path(post, path = "/v1/queries/{query_id}/reopening", operation_id = "reopen_query", tag = "queries", params(("query_id" = Uuid, Path, description = "Id of the query")), request_body = Because, security(("token" = [])), responses(
    (status = 200, description = "The query, reopened", body = Object),
    (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn reopen(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    access::only(&caller.principal, &[Role::Monitor, Role::Lead])?;
    let body = request::body(body, crate::RECORD_LIMIT)?;
    let because: Because = request::json(&headers, &body)?;
    let reason = said(&because.reason)?;
    take(&app, &caller, &id, (&uri, &headers, &body), Step::Reopen, Some(reason)).await
}
