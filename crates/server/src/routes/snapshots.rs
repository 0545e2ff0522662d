//! `/v1/snapshots`: the registry at one moment, on which reports rest.

use crate::App;
use crate::access;
use crate::caller::Caller;
use crate::disclosure;
use crate::problem::Problem;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use clinical::finding::Language;
use registry::disclosure::Manner;
use registry::principal::Role;
use registry::snapshot::{self, Manifest};
use serde::Serialize;
use serde_json::json;
use std::sync::Arc;
use utoipa::ToSchema;

/// A snapshot in a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SnapshotItem {
    snapshot_id: String,
    /// Begin of the exporting transaction.
    #[schema(value_type = String, format = DateTime)]
    taken_at: chrono::DateTime<chrono::Utc>,
}

pub(crate) async fn manifests(app: &Arc<App>, language: Language) -> Result<Vec<Manifest>, Problem> {
    let root = app.snapshots.clone();
    tokio::task::spawn_blocking(move || snapshot::list(&root))
        .await
        .map_err(registry::Error::from)
        .and_then(|listed| listed)
        .map_err(|error| Problem::of(error, language))
}

/// Lists snapshots, oldest first.
#[utoipa::path(get, path = "/v1/snapshots", operation_id = "list_snapshots", tag = "reports", security(("token" = [])), responses(
    (status = 200, description = "Snapshots", body = Vec<SnapshotItem>),
    (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
) -> Result<Json<Vec<SnapshotItem>>, Problem> {
    access::only(
        &caller.principal,
        &[Role::Submitter, Role::Lead, Role::Monitor, Role::Statistician, Role::Auditor, Role::Admin],
    )?;
    let listed = manifests(&app, caller.language).await?;
    Ok(Json(
        listed
            .into_iter()
            .map(|m| SnapshotItem { snapshot_id: m.snapshot_id, taken_at: m.taken_at })
            .collect(),
    ))
}

/// The manifest of a snapshot: row counts, hashes, position of the audit log.
#[utoipa::path(get, path = "/v1/snapshots/{snapshot_id}", operation_id = "read_snapshot", tag = "reports", security(("token" = [])),
    params(("snapshot_id" = String, Path, description = "Id of the snapshot")), responses(
    (status = 200, description = "Manifest", body = Object),
    (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn read(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Manifest>, Problem> {
    access::only(&caller.principal, &[Role::Statistician, Role::Auditor, Role::Admin])?;
    let listed = manifests(&app, caller.language).await?;
    listed.into_iter().find(|m| m.snapshot_id == id).map(Json).ok_or_else(|| Problem::missing("snapshot"))
}

/// Takes a snapshot of all committed records. Writers are not blocked.
#[utoipa::path(post, path = "/v1/snapshots", operation_id = "take_snapshot", tag = "reports", security(("token" = [])), responses(
    (status = 201, description = "Manifest of the new snapshot", body = Object),
    (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn take(
    State(app): State<Arc<App>>,
    caller: Caller,
) -> Result<(StatusCode, Json<Manifest>), Problem> {
    access::only(&caller.principal, &[Role::Statistician, Role::Admin])?;
    // Sealing first lets the manifest name a position that covers what was committed before.
    registry::audit::seal::seal(&app.database, &app.sealing_key).await.map_err(caller.problem())?;
    let manifest = snapshot::take(&app.database, &app.snapshots).await.map_err(caller.problem())?;
    let asked = json!({
        "snapshot": &manifest.snapshot_id, "content_hash": &manifest.content_hash,
        "rows": manifest.files.iter().map(|f| f.rows).sum::<u64>(),
    });
    disclosure::whole(&app, &caller, Manner::Export, "snapshot", asked, None).await?;
    Ok((StatusCode::CREATED, Json(manifest)))
}
