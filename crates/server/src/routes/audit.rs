//! `/v1/audit`: checking the log, proving what stands in it, and taking it along.

use crate::App;
use crate::access;
use crate::caller::Caller;
use crate::disclosure;
use crate::problem::Problem;
use crate::request;
use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, Uri, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use futures::StreamExt;
use registry::audit::export::{self, Selection};
use registry::audit::head::{SignedHead, signed_head};
use registry::audit::proof::{self, Proof, Wanted};
use registry::audit::verify::{self, Verification};
use registry::audit::{REGISTRY_SCOPE, seal};
use registry::disclosure::Manner;
use registry::principal::Role;
use registry::reference_data;
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;
use utoipa::IntoParams;
use uuid::Uuid;

/// Recomputes the whole audit log and compares every record and every token with it.
#[utoipa::path(post, path = "/v1/audit/verification", operation_id = "verify_audit_log", tag = "administration", security(("token" = [])), responses(
    (status = 200, description = "What was found; `fault_count` 0 means intact", body = Object),
    (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn verify(
    State(app): State<Arc<App>>,
    caller: Caller,
) -> Result<Json<Verification>, Problem> {
    access::only(&caller.principal, &[Role::Auditor])?;
    seal::seal(&app.database, &app.sealing_key).await.map_err(caller.problem())?;
    let found =
        verify::verify(&app.database, &app.sealing_key.public(), None).await.map_err(caller.problem())?;
    Ok(Json(found))
}

/// The newest sealed block with its signature, to be kept elsewhere: the log must contain it forever.
#[utoipa::path(get, path = "/v1/audit/head", operation_id = "read_audit_head", tag = "administration", security(("token" = [])), responses(
    (status = 200, description = "Signed head", body = Object),
    (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn head(State(app): State<Arc<App>>, caller: Caller) -> Result<Json<SignedHead>, Problem> {
    access::only(
        &caller.principal,
        &[Role::Submitter, Role::Lead, Role::Monitor, Role::Statistician, Role::Auditor, Role::Admin],
    )?;
    seal::seal(&app.database, &app.sealing_key).await.map_err(caller.problem())?;
    let head = signed_head(&app.database, &app.sealing_key).await.map_err(caller.problem())?;
    head.map(Json).ok_or_else(|| Problem::missing("block"))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ProofQuery {
    /// Id of the record, or of the token, read or export that the entry is about.
    record_id: Uuid,
    /// Center of the entry; the caller's own by default, `*` for what belongs to no center.
    center_id: Option<String>,
    /// Version of the record; the newest by default.
    version: Option<i32>,
    /// With salt and content, so that what was written can be proved too.
    #[serde(default)]
    contents: bool,
}

/// Proves that an entry stands in the sealed log. `sequela audit verify-proof` checks it offline.
#[utoipa::path(get, path = "/v1/audit/proof", operation_id = "prove_audit_entry", tag = "administration", params(ProofQuery), security(("token" = [])), responses(
    (status = 200, description = "Entry, Merkle path, block header and signature", body = Object),
    (status = "4XX", description = "Refused; 409 while the entry is in no block yet", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn prove(
    State(app): State<Arc<App>>,
    caller: Caller,
    uri: Uri,
) -> Result<Json<Proof>, Problem> {
    access::only(&caller.principal, &[Role::Submitter, Role::Lead, Role::Monitor, Role::Auditor])?;
    let query: ProofQuery = request::query(&uri)?;
    let readable = caller.principal.readable_centers();
    let center = match (&query.center_id, readable) {
        (Some(center), _) => center.clone(),
        (None, [own]) => own.clone(),
        (None, _) => {
            return Err(Problem::bad_request(
                "center_id is missing; expected the center of the record, or * for what belongs to none.",
            ));
        }
    };
    if caller.principal.role != Role::Auditor && !readable.contains(&center) {
        return Err(Problem::missing("entry"));
    }
    seal::seal(&app.database, &app.sealing_key).await.map_err(caller.problem())?;
    let wanted = Wanted {
        center_id: &center,
        record_id: query.record_id,
        version: query.version,
        contents: query.contents,
    };
    let proof = proof::prove(&app.database, &app.sealing_key, &wanted).await.map_err(caller.problem())?;
    if proof.contents.is_some() {
        let asked = json!({ "record_id": query.record_id, "version": proof.entry.version });
        let centers = [center];
        disclosure::whole(&app, &caller, Manner::Read, "audit_proof", asked, Some(&centers)).await?;
    }
    Ok(Json(proof))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ExportQuery {
    /// Only entries of this center; `*` for what belongs to none.
    center_id: Option<String>,
    /// Only entries about this patient of the center.
    patient_id: Option<String>,
    /// Only entries about this record.
    record_id: Option<Uuid>,
    /// Not before this time.
    since: Option<DateTime<Utc>>,
    /// Before this time.
    until: Option<DateTime<Utc>>,
    /// With salt and content of every entry.
    #[serde(default)]
    contents: bool,
}

/// The log as NDJSON, oldest entry first; streamed, and itself an entry of the log.
#[utoipa::path(get, path = "/v1/audit/export", operation_id = "export_audit_log", tag = "administration", params(ExportQuery), security(("token" = [])), responses(
    (status = 200, description = "One entry a line", body = String, content_type = "application/x-ndjson"),
    (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn export(
    State(app): State<Arc<App>>,
    caller: Caller,
    uri: Uri,
) -> Result<Response, Problem> {
    access::only(&caller.principal, &[Role::Auditor])?;
    let query: ExportQuery = request::query(&uri)?;
    if query.patient_id.is_some() && query.center_id.is_none() {
        return Err(Problem::bad_request(
            "center_id is missing; patient_id means something within a center only.",
        ));
    }
    if let Some(center) = query.center_id.as_deref().filter(|c| *c != REGISTRY_SCOPE)
        && !reference_data::is_center(&app.database, center).await.map_err(caller.problem())?
    {
        return Err(Problem::bad_request(format!(
            "center_id is {center:?}; accepted: the id of a center, as in /v1/centers, or {REGISTRY_SCOPE:?} for what belongs to none."
        )));
    }
    let selection = Selection {
        center_id: query.center_id,
        patient_id: query.patient_id,
        record_id: query.record_id,
        since: query.since,
        until: query.until,
        contents: query.contents,
    };
    let asked = json!({ "filter": &selection });
    // What names a patient is kept with the patient's center, where an erasure finds it.
    let of: Option<Vec<String>> =
        selection.center_id.clone().filter(|c| c != REGISTRY_SCOPE).map(|c| vec![c]);
    disclosure::whole(&app, &caller, Manner::Export, "audit_log", asked, of.as_deref()).await?;
    let (sender, receiver) = tokio::sync::mpsc::channel::<Vec<u8>>(4);
    let (failed, failure) = tokio::sync::oneshot::channel();
    tokio::spawn(async move {
        if let Err(error) = export::export(&app.database, &selection, &sender).await {
            tracing::error!(%error, "an export of the log ended early");
            // Nobody listens when the caller has gone.
            let _ = failed.send(std::io::Error::other("the export ended early"));
        }
    });
    let chunks = futures::stream::unfold(receiver, |mut receiver| async {
        receiver.recv().await.map(|chunk| (Ok(chunk), receiver))
    });
    // A connection that ends without its last chunk tells the caller that lines are missing.
    let end = futures::stream::once(failure).filter_map(async |failed| failed.ok().map(Err));
    let body = Body::from_stream(chunks.chain(end));
    let mut response = body.into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson"));
    Ok(response)
}
