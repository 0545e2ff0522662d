//! `/v1/tokens`: who may use the interface.

use crate::App;
use crate::access;
use crate::caller::Caller;
use crate::problem::Problem;
use crate::request;
use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use chrono::{DateTime, Utc};
use registry::principal::{self, Principal, Role, TokenInfo, TokenRequest};
use registry::token_scope::TokenScope;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;
use uuid::Uuid;

/// A token to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewToken {
    /// Who gets it.
    #[schema(min_length = 1, max_length = 200)]
    label: String,
    /// Role.
    #[schema(value_type = String, example = "submitter")]
    role: Role,
    /// One center for submitter and lead, those assigned for a monitor.
    #[serde(default)]
    centers: Vec<String>,
    /// Products of a sponsor.
    #[serde(default)]
    products: Vec<String>,
    /// Limits beside the role: `read`, `write`, or either of one area, for example `records:read`; none for no limit.
    #[serde(default)]
    #[schema(example = json!(["records:read"]))]
    scopes: Vec<String>,
    /// When it stops working.
    expires_at: Option<DateTime<Utc>>,
}

/// A token with its secret, which is shown once.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CreatedToken {
    token_id: Uuid,
    /// The bearer token. It is not stored and cannot be shown again.
    token: String,
}

/// A lead makes and sees tokens of the own center only.
fn may_grant(principal: &Principal, role: Role, centers: &[String]) -> Result<(), Problem> {
    access::only(principal, &[Role::Admin, Role::Lead])?;
    if principal.role == Role::Admin || (role.of_one_center() && centers == principal.centers) {
        return Ok(());
    }
    Err(Problem::forbidden("A lead makes tokens of submitters and leads of the own center only."))
}

/// Lists tokens, without their secrets.
#[utoipa::path(get, path = "/v1/tokens", operation_id = "list_tokens", tag = "administration", security(("token" = [])), responses(
    (status = 200, description = "All tokens for an administrator, the own center's for a lead", body = Vec<Object>),
    (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
) -> Result<Json<Vec<TokenInfo>>, Problem> {
    access::only(&caller.principal, &[Role::Admin, Role::Lead])?;
    let mut tokens = principal::list_tokens(&app.database).await.map_err(caller.problem())?;
    if caller.principal.role == Role::Lead {
        tokens
            .retain(|t| t.centers == caller.principal.centers && (t.role == "submitter" || t.role == "lead"));
    }
    Ok(Json(tokens))
}

/// Makes a token.
#[utoipa::path(post, path = "/v1/tokens", operation_id = "create_token", tag = "administration", security(("token" = [])), request_body = NewToken, responses(
    (status = 201, description = "The token; its secret is shown only here", body = CreatedToken),
    (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn create(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<(StatusCode, Json<CreatedToken>), Problem> {
    let body = request::body(body, crate::RECORD_LIMIT)?;
    access::only(&caller.principal, &[Role::Admin, Role::Lead])?;
    let new: NewToken = request::json(&headers, &body)?;
    may_grant(&caller.principal, new.role, &new.centers)?;
    let scopes = new.scopes.iter().map(|s| s.parse::<TokenScope>().map_err(|()| s)).collect::<Result<_, _>>();
    let scopes = scopes.map_err(|wrong| {
        Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "refused",
            "The request is refused",
            format!("scopes: `{wrong}`; accepted: {}.", TokenScope::ACCEPTED),
        )
    })?;
    let wanted = TokenRequest {
        scopes,
        label: new.label,
        role: new.role,
        centers: new.centers,
        products: new.products,
        expires_at: new.expires_at,
    };
    let (token_id, token) =
        principal::create_token(&app.database, caller.author(), &caller.principal.scopes, &wanted)
            .await
            .map_err(caller.problem())?;
    Ok((StatusCode::CREATED, Json(CreatedToken { token_id, token })))
}

/// Revokes a token at once.
#[utoipa::path(delete, path = "/v1/tokens/{token_id}", operation_id = "revoke_token", tag = "administration", security(("token" = [])),
    params(("token_id" = Uuid, Path, description = "Id of the token")), responses(
    (status = 204, description = "The token no longer works"),
    (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn revoke(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    access::only(&caller.principal, &[Role::Admin, Role::Lead])?;
    let id = request::id(&id, "token")?;
    if caller.principal.role == Role::Lead {
        let tokens = principal::list_tokens(&app.database).await.map_err(caller.problem())?;
        let own = tokens.iter().any(|t| {
            t.token_id == id
                && t.centers == caller.principal.centers
                && (t.role == "submitter" || t.role == "lead")
        });
        if !own {
            return Err(Problem::missing("token"));
        }
    }
    principal::revoke_token(&app.database, caller.author(), id, "revoked over the interface")
        .await
        .map_err(caller.problem())?;
    Ok(StatusCode::NO_CONTENT)
}
