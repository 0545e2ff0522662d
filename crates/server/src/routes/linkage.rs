//! `/v1/patient-tokens` and `/v1/duplicates`: one person at two centers, found without identities.

use crate::App;
use crate::access;
use crate::caller::Caller;
use crate::idempotent::{self, Asked, Reply};
use crate::problem::Problem;
use crate::request;
use crate::routes::records;
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use registry::linkage::{self, Pair, Token};
use registry::principal::Role;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;
use utoipa::ToSchema;

/// Most tokens of a request.
const MOST: usize = 1000;

/// Tokens of the own patients.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewTokens {
    /// `patient_id`, `kind` (`NATIONAL_ID`, `NAME_BIRTH_SEX`, `INSURANCE`, `PHONE`, `OTHER`), `key_version`, `token` (HMAC-SHA-256 in hexadecimal).
    #[schema(value_type = Vec<Object>, max_items = 1000)]
    tokens: Vec<Token>,
    /// Needed where a token takes the place of another.
    #[schema(min_length = 3, max_length = 1000)]
    reason: Option<String>,
}

/// Stores keyed hashes of identities, made at the center with a key that the registry does not have; all of them or none.
#[utoipa::path(post, path = "/v1/patient-tokens", operation_id = "put_patient_tokens", tag = "transfers", request_body = NewTokens, security(("token" = [])), responses(
    (status = 200, description = "How many were written and how many were known", body = Object),
    (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn put(
    State(app): State<Arc<App>>,
    caller: Caller,
    uri: Uri,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let center = access::writes(&caller.principal)?;
    let body = request::body(body, crate::RECORD_LIMIT)?;
    let new: NewTokens = request::json(&headers, &body)?;
    if new.tokens.len() > MOST {
        return Err(Problem::bad_request(format!("{} tokens; accepted: at most {MOST}.", new.tokens.len())));
    }
    for (index, token) in new.tokens.iter().enumerate() {
        if let Some((member, accepted)) = token.fault() {
            // The value is not sent back: it may be an identifier by mistake.
            return Err(Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "token",
                "A token is not one",
                format!("tokens[{index}].{member}: accepted: {accepted}. Nothing was written."),
            ));
        }
    }
    let reason = new.reason.as_deref().map(records::reason).transpose()?;
    let asked = Asked { method: "POST", target: &uri.to_string(), headers: &headers, body: &body };
    idempotent::write(&app, &caller, center, &asked, async |scoped| {
        let mut written = 0;
        for token in &new.tokens {
            let done = linkage::put(scoped, center, caller.author(), token, reason)
                .await
                .map_err(caller.problem())?;
            written += usize::from(done);
        }
        let view = json!({ "written": written, "unchanged": new.tokens.len() - written });
        Reply::json(StatusCode::OK, &view, true)
    })
    .await
}

/// Possible duplicates.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Duplicates {
    /// Pairs of patients with an equal token.
    #[schema(value_type = Vec<Object>)]
    items: Vec<Pair>,
}

/// Patients with an equal token: a lead sees the own patient of each pair and nothing of the other; an administrator the two centers.
#[utoipa::path(get, path = "/v1/duplicates", operation_id = "list_duplicates", tag = "transfers", security(("token" = [])), responses(
    (status = 200, description = "Pairs", body = Duplicates),
    (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn duplicates(
    State(app): State<Arc<App>>,
    caller: Caller,
) -> Result<Json<Duplicates>, Problem> {
    access::only(&caller.principal, &[Role::Lead, Role::Admin])?;
    let own = (caller.principal.role == Role::Lead).then_some(caller.principal.centers.as_slice());
    let items = linkage::pairs(&app.database, own).await.map_err(caller.problem())?;
    Ok(Json(Duplicates { items }))
}
