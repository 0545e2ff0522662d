//! `/v1/audit`: checking the log.

use crate::App;
use crate::access;
use crate::caller::Caller;
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use registry::audit::verify::{self, Verification};
use registry::principal::Role;
use std::sync::Arc;

/// Recomputes the whole audit log and compares every record with it.
#[utoipa::path(post, path = "/v1/audit/verification", operation_id = "verify_audit_log", tag = "administration", security(("token" = [])), responses(
    (status = 200, description = "What was found; `fault_count` 0 means intact", body = Object),
    (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn verify(
    State(app): State<Arc<App>>,
    caller: Caller,
) -> Result<Json<Verification>, Problem> {
    access::only(&caller.principal, &[Role::Auditor])?;
    registry::audit::seal::seal(&app.database, &app.sealing_key).await.map_err(caller.problem())?;
    let found =
        verify::verify(&app.database, &app.sealing_key.public(), None).await.map_err(caller.problem())?;
    Ok(Json(found))
}
