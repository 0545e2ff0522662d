//! `/v1/transfers`: patients who go on at another center.

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
use registry::principal::Role;
use registry::transfer::{self, NewTransfer, Transfer};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

type Body = Result<Bytes, BytesRejection>;

/// A patient handed over.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewTransferBody {
    /// The own patient.
    patient_id: String,
    /// The center that takes over.
    to_center: String,
    /// From this day on the other center follows the patient up.
    #[schema(value_type = String, format = Date)]
    #[serde(alias = "date")]
    transferred_on: NaiveDate,
    /// First day on which the other center may read the patient's records; the day of the transfer when left out.
    #[schema(value_type = Option<String>, format = Date)]
    grant_from: Option<NaiveDate>,
    /// Last day of this; without end when left out.
    #[schema(value_type = Option<String>, format = Date)]
    grant_until: Option<NaiveDate>,
    /// Why.
    #[schema(min_length = 3, max_length = 1000)]
    reason: String,
}

/// Transfers.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Transfers {
    /// Newest first.
    #[schema(value_type = Vec<Object>)]
    items: Vec<Transfer>,
}

/// Transfers that the caller's centers made or received.
#[utoipa::path(get, path = "/v1/transfers", operation_id = "list_transfers", tag = "transfers", security(("token" = [])), responses(
    (status = 200, description = "Transfers, newest first", body = Transfers),
    (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn list(State(app): State<Arc<App>>, caller: Caller) -> Result<Json<Transfers>, Problem> {
    let centers = access::reads(&caller.principal)?;
    let items = transfer::list(&app.database, centers).await.map_err(caller.problem())?;
    Ok(Json(Transfers { items }))
}

/// Hands a patient over to another center, with a dated grant to read what this center holds.
#[utoipa::path(post, path = "/v1/transfers", operation_id = "begin_transfer", tag = "transfers", request_body = NewTransferBody, security(("token" = [])), responses(
    (status = 201, description = "The transfer", body = Object),
    (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn begin(
    State(app): State<Arc<App>>,
    caller: Caller,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    access::only(&caller.principal, &[Role::Lead])?;
    let center = access::writes(&caller.principal)?;
    let body = request::body(body, crate::RECORD_LIMIT)?;
    let new: NewTransferBody = request::json(&headers, &body)?;
    let wanted = NewTransfer {
        patient_id: &new.patient_id,
        to_center: &new.to_center,
        transferred_on: new.transferred_on,
        grant_from: new.grant_from.unwrap_or(new.transferred_on),
        grant_until: new.grant_until,
        reason: records::reason(&new.reason)?,
    };
    let asked = Asked { method: "POST", target: &uri.to_string(), headers: &headers, body: &body };
    idempotent::write(&app, &caller, center, &asked, async |scoped| {
        let made =
            transfer::begin(scoped, center, caller.author(), &wanted).await.map_err(caller.problem())?;
        Reply::json(StatusCode::CREATED, &made, true)
    })
    .await
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Revocation {
    /// Why.
    #[schema(min_length = 3, max_length = 1000)]
    reason: String,
}

/// Ends the grant of a transfer at once.
#[utoipa::path(post, path = "/v1/transfers/{transfer_id}/revocation", operation_id = "revoke_grant", tag = "transfers", request_body = Revocation, security(("token" = [])), params(("transfer_id" = Uuid, Path, description = "Id of the transfer")), responses(
    (status = 200, description = "The transfer, without a grant", body = Object),
    (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn revoke(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    access::only(&caller.principal, &[Role::Lead])?;
    let center = access::writes(&caller.principal)?;
    let id = request::id(&id, "transfer")?;
    let body = request::body(body, crate::RECORD_LIMIT)?;
    let revocation: Revocation = request::json(&headers, &body)?;
    let reason = records::reason(&revocation.reason)?;
    let asked = Asked { method: "POST", target: &uri.to_string(), headers: &headers, body: &body };
    idempotent::write(&app, &caller, center, &asked, async |scoped| {
        let done =
            transfer::revoke(scoped, center, caller.author(), id, reason).await.map_err(caller.problem())?;
        Reply::json(StatusCode::OK, &done, true)
    })
    .await
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Enrolment {
    /// The patient's identifier at the own center.
    patient_id: String,
}

/// Links the own patient to a transfer received.
#[utoipa::path(post, path = "/v1/transfers/{transfer_id}/enrolment", operation_id = "enrol_transferred", tag = "transfers", request_body = Enrolment, security(("token" = [])), params(("transfer_id" = Uuid, Path, description = "Id of the transfer")), responses(
    (status = 200, description = "The transfer, with the own patient", body = Object),
    (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn enrol(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let center = access::writes(&caller.principal)?;
    let id = request::id(&id, "transfer")?;
    let body = request::body(body, crate::RECORD_LIMIT)?;
    let enrolment: Enrolment = request::json(&headers, &body)?;
    let asked = Asked { method: "POST", target: &uri.to_string(), headers: &headers, body: &body };
    idempotent::write(&app, &caller, center, &asked, async |scoped| {
        let done = transfer::enrol(scoped, center, caller.author(), id, &enrolment.patient_id)
            .await
            .map_err(caller.problem())?;
        Reply::json(StatusCode::OK, &done, true)
    })
    .await
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct GrantedFilter {
    /// Only records of this form; without it the forms and how many records of each.
    form: Option<String>,
    /// Where the page before ended.
    cursor: Option<String>,
    /// At most so many, 1 to 1000.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<i64>,
}

/// What the old center holds about a patient taken over, as long as its grant lasts.
#[utoipa::path(get, path = "/v1/transfers/{transfer_id}/records", operation_id = "read_granted_records", tag = "transfers", security(("token" = [])), params(("transfer_id" = Uuid, Path, description = "Id of the transfer"), GrantedFilter), responses(
    (status = 200, description = "Records of a form, or the number of records of each", body = Object),
    (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn granted(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    uri: Uri,
) -> Result<Response, Problem> {
    access::only(&caller.principal, &[Role::Submitter, Role::Lead])?;
    let centers = access::reads(&caller.principal)?;
    let id = request::id(&id, "transfer")?;
    let filter: GrantedFilter = request::query(&uri)?;
    let limit = request::limit(filter.limit)?;
    let after = request::cursor(filter.cursor.as_deref())?;
    let view = match filter.form.as_deref() {
        None => {
            let (transfer, forms) =
                transfer::granted_counts(&app.database, centers, id).await.map_err(caller.problem())?;
            json!({ "transfer": transfer, "forms": forms })
        }
        Some(name) => {
            let form = clinical::forms::clinical(name)
                .map(|(_, form)| form)
                .filter(|f| f.field("patient_id").is_some())
                .ok_or_else(|| {
                    Problem::bad_request(format!(
                        "form is {name:?}; accepted: the name of a form with patients."
                    ))
                })?;
            let mut found = transfer::granted_records(&app.database, centers, id, form, after, limit + 1)
                .await
                .map_err(caller.problem())?;
            let size = usize::try_from(limit).unwrap_or(usize::MAX);
            let more = found.len() > size;
            found.truncate(size);
            let next_cursor = found.last().filter(|_| more).map(|s| s.record_id.to_string());
            let items: Vec<RecordView> = found.into_iter().map(|s| RecordView::new(s, None)).collect();
            json!({ "items": items, "next_cursor": next_cursor })
        }
    };
    let reply = Reply::json(StatusCode::OK, &view, false)?;
    Ok(idempotent::render(200, reply.body, false))
}
