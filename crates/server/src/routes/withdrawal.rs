//! `/v1/patients/{record_id}/withdrawal` and `/v1/erasures`: what a patient's withdrawal of consent does.

use crate::App;
use crate::access;
use crate::caller::Caller;
use crate::idempotent::{self, Asked, Reply};
use crate::problem::Problem;
use crate::request;
use crate::routes::records::{self, RecordView};
use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use chrono::NaiveDate;
use clinical::form::Form as _;
use clinical::forms::patient::Patient;
use clinical::record::Entries;
use registry::erasure::{self, Erasure};
use registry::principal::Role;
use registry::record_store::{self, Change};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// How far a withdrawal reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Mode {
    /// No further use from the day on: snapshots, reports and due lists leave out what is dated later.
    #[serde(alias = "stop_further_use", alias = "stop_use")]
    Stop,
    /// Everything about the patient is erased.
    #[serde(alias = "erasure")]
    Erase,
}

/// A patient's withdrawal of consent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Withdrawal {
    mode: Mode,
    /// The day of the withdrawal; needed to stop.
    #[schema(value_type = Option<String>, format = Date)]
    #[serde(alias = "withdrawn_on")]
    date: Option<NaiveDate>,
    /// Why; it stays in the log, so it must not name the patient.
    #[schema(min_length = 3, max_length = 1000)]
    reason: String,
    /// To erase: the patient's identifier, once more.
    #[serde(alias = "patient_id")]
    confirm: Option<String>,
}

fn unprocessable(detail: &str) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "withdrawal", "The withdrawal is not complete", detail)
}

/// Records a withdrawal of consent: further use stops from a day on, or everything about the patient is erased.
#[utoipa::path(post, path = "/v1/patients/{record_id}/withdrawal", operation_id = "withdraw_patient", tag = "records", request_body = Withdrawal, security(("token" = [])),
    params(("record_id" = uuid::Uuid, Path, description = "Id of the patient's record"), ("If-Match" = Option<String>, Header, description = "ETag of the version read; needed to stop"), ("Idempotency-Key" = Option<String>, Header, description = "Makes sending the request twice safe")), responses(
    (status = 200, description = "The patient with the day of withdrawal, or the erasure", body = Object),
    (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn withdraw(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let center = access::writes(&caller.principal)?;
    let id = request::id(&id, "record")?;
    let body = request::body(body, crate::RECORD_LIMIT)?;
    let asked: Withdrawal = request::json(&headers, &body)?;
    let reason = records::reason(&asked.reason)?;
    if asked.mode == Mode::Erase {
        access::only(&caller.principal, &[Role::Lead])?;
        let confirm = asked.confirm.as_deref().ok_or_else(|| {
            unprocessable("Erasing cannot be undone: give the patient's identifier once more as `confirm`.")
        })?;
        if confirm.chars().any(char::is_control) {
            return Err(unprocessable("confirm holds characters that no identifier has."));
        }
        let done =
            erasure::erase(&app.database, &app.snapshots, center, caller.author(), id, confirm, reason)
                .await
                .map_err(caller.problem())?;
        let reply = Reply::json(StatusCode::OK, &done, false)?;
        return Ok(idempotent::render(200, reply.body, false));
    }
    let date = asked.date.ok_or_else(|| {
        unprocessable("Give the day of the withdrawal as `date`: what is dated later is not used.")
    })?;
    let version = request::if_match(&headers)?;
    let request = Asked { method: "POST", target: &uri.to_string(), headers: &headers, body: &body };
    idempotent::write(&app, &caller, center, &request, async |scoped| {
        let form = Patient::DESCRIPTOR;
        let stored = record_store::find(&mut scoped.tx, form, id).await.map_err(caller.problem())?;
        let mut content = stored.record.to_json();
        if let Some(fields) = content.as_object_mut() {
            fields.insert("withdrawn_on".to_owned(), date.to_string().into());
            if let Some(missing) = fields.get_mut("missing").and_then(serde_json::Value::as_object_mut) {
                missing.remove("withdrawn_on");
            }
            let none_missing = fields
                .get("missing")
                .and_then(serde_json::Value::as_object)
                .is_some_and(serde_json::Map::is_empty);
            if none_missing {
                fields.remove("missing");
            }
            let entries = Entries::from_object(std::mem::take(fields));
            let (record, findings) = records::parse(form, &entries, caller.language)?;
            let change = Change { version, reason, author: caller.author() };
            record_store::amend(scoped, center, id, change, &record, &findings)
                .await
                .map_err(caller.problem())?;
        }
        let stored = record_store::find(&mut scoped.tx, form, id).await.map_err(caller.problem())?;
        Reply::json(StatusCode::OK, &RecordView::new(stored, None), true)
    })
    .await
}

/// Erasures of patients.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Erasures {
    /// Newest first; they do not say who was erased.
    #[schema(value_type = Vec<Object>)]
    items: Vec<Erasure>,
}

/// Lists the erasures of the caller's centers.
#[utoipa::path(get, path = "/v1/erasures", operation_id = "list_erasures", tag = "records", security(("token" = [])), responses(
    (status = 200, description = "Erasures, newest first", body = Erasures),
    (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn erasures(State(app): State<Arc<App>>, caller: Caller) -> Result<Json<Erasures>, Problem> {
    let centers = access::reads(&caller.principal)?;
    let items = erasure::list(&app.database, centers).await.map_err(caller.problem())?;
    Ok(Json(Erasures { items }))
}
