//! `/v1/<form>/{record_id}/lock`, `/unlock` and `/signatures`.

use crate::App;
use crate::access;
use crate::caller::Caller;
use crate::document::{self, Described};
use crate::idempotent::{self, Asked, Reply};
use crate::problem::Problem;
use crate::request;
use crate::routes::records;
use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use axum::routing::{get, post};
use clinical::form::FormDescriptor;
use registry::principal::Role;
use registry::record_store;
use registry::scope::Scoped;
use registry::signature::{self, Act, Meaning};
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;
use utoipa::openapi::OpenApi;
use utoipa::openapi::path::HttpMethod;

type Body = Result<Bytes, BytesRejection>;
type Form = &'static FormDescriptor;

/// The routes of every clinical form; their description is added to the document.
pub(crate) fn router(api: &mut OpenApi) -> Router<Arc<App>> {
    let mut router = Router::new();
    for form in clinical::forms::CLINICAL {
        let form: Form = form;
        describe(api, form);
        let one = format!("/v1/{}/{{record_id}}", form.path);
        let lock = |locked: bool| {
            post(move |app, caller, id, uri, headers, body| {
                set_lock((form, locked), app, caller, id, uri, headers, body)
            })
        };
        router = router
            .route(&format!("{one}/lock"), lock(true))
            .route(&format!("{one}/unlock"), lock(false))
            .route(
                &format!("{one}/signatures"),
                get(move |app, caller, id| list(form, app, caller, id)).post(
                    move |app, caller, id, uri, headers, body| {
                        sign(form, app, caller, id, uri, headers, body)
                    },
                ),
            );
    }
    router
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Because {
    reason: String,
}

async fn set_lock(
    (form, locked): (Form, bool),
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    access::only(&caller.principal, &[Role::Lead])?;
    let center = access::writes(&caller.principal)?;
    let id = request::id(&id, "record")?;
    let body = request::body(body, crate::RECORD_LIMIT)?;
    let version = request::if_match(&headers)?;
    let because: Because = request::json(&headers, &body)?;
    let reason = records::reason(&because.reason)?;
    let asked = Asked { method: "POST", target: &uri.to_string(), headers: &headers, body: &body };
    idempotent::write(&app, &caller, center, &asked, async |scoped| {
        let act = Act { author: caller.author(), person: &caller.principal, version };
        let stored = record_store::find(&mut scoped.tx, form, id).await.map_err(caller.problem())?;
        let lock = signature::set_lock(scoped, center, &stored, act, locked, reason)
            .await
            .map_err(caller.problem())?;
        let view = json!({ "record_id": id, "form": form.name, "version": stored.version, "lock": lock });
        Reply::json(StatusCode::OK, &view, true)
    })
    .await
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NewSignature {
    meaning: Meaning,
    /// The name as the signer writes it; must be the one the token was given to.
    name: Option<String>,
}

async fn sign(
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
    let new: NewSignature = request::json(&headers, &body)?;
    if new.name.as_deref().is_some_and(|name| name.trim() != caller.principal.label) {
        return Err(Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "signer",
            "This is not the signer's name",
            format!("The token was given to {:?}; nobody signs for another.", caller.principal.label),
        ));
    }
    let asked = Asked { method: "POST", target: &uri.to_string(), headers: &headers, body: &body };
    idempotent::write(&app, &caller, center, &asked, async |scoped| {
        let act = Act { author: caller.author(), person: &caller.principal, version };
        let stored = record_store::find(&mut scoped.tx, form, id).await.map_err(caller.problem())?;
        let made =
            signature::sign(scoped, center, &stored, act, new.meaning).await.map_err(caller.problem())?;
        let all = signature::signatures(&mut scoped.tx, &stored).await.map_err(caller.problem())?;
        let signature = all.into_iter().find(|s| s.signature_id == made);
        let view = json!({ "record_id": id, "form": form.name, "version": version, "signature": signature });
        Reply::json(StatusCode::CREATED, &view, true)
    })
    .await
}

async fn list(
    form: Form,
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let centers = access::reads(&caller.principal)?;
    let id = request::id(&id, "record")?;
    let mut tx = Scoped::read(&app.database, centers).await.map_err(caller.problem())?;
    let stored = record_store::find(&mut tx, form, id).await.map_err(caller.problem())?;
    let lock = signature::lock_of(&mut tx, &stored.center_id, id).await.map_err(caller.problem())?;
    let signatures = signature::signatures(&mut tx, &stored).await.map_err(caller.problem())?;
    let view = json!({
        "record_id": id, "form": form.name, "version": stored.version, "lock": lock, "signatures": signatures
    });
    let reply = Reply::json(StatusCode::OK, &view, false)?;
    Ok(idempotent::render(200, reply.body, false))
}

fn describe(api: &mut OpenApi, form: Form) {
    let label = form.en.to_lowercase();
    let one = format!("/v1/{}/{{record_id}}", form.path);
    let reason = document::reason_body();
    let meaning = json!({
        "type": "object", "additionalProperties": false, "required": ["meaning"],
        "properties": {
            "meaning": { "type": "string", "enum": ["AUTHORSHIP", "REVIEW", "APPROVAL", "RESPONSIBILITY"] },
            "name": { "type": "string", "description": "Name of the signer, as the token was given to." }
        }
    });
    let object = json!({ "type": "object" });
    let writes = document::record_write_parameters();
    let signed = "The signature: signer, time, meaning, version and content hash";
    let all = [
        (
            HttpMethod::Post,
            "lock",
            "lock",
            format!("Lock a record: {label}"),
            Some(&reason),
            ("200", "The lock"),
        ),
        (
            HttpMethod::Post,
            "unlock",
            "unlock",
            format!("Unlock a record, with a reason: {label}"),
            Some(&reason),
            ("200", "The lock"),
        ),
        (
            HttpMethod::Post,
            "signatures",
            "sign",
            format!("Sign a record: {label}"),
            Some(&meaning),
            ("201", signed),
        ),
        (
            HttpMethod::Get,
            "signatures",
            "signatures_of",
            format!("Lock and signatures of a record, with what broke them: {label}"),
            None,
            ("200", "The lock and the signatures, oldest first"),
        ),
    ];
    for (method, place, verb, summary, body, (status, answer)) in all {
        let parameters = if body.is_some() { writes.clone() } else { json!([document::id_parameter()]) };
        document::describe(
            api,
            &format!("{one}/{place}"),
            method,
            &Described {
                tag: "records",
                id: &format!("{verb}_{}", form.name),
                summary: &summary,
                parameters: &parameters,
                body,
                status,
                answer,
                schema: &object,
            },
        );
    }
}
