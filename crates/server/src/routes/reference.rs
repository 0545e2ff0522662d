//! `/v1/centers` and `/v1/products`: reference data.

use super::records::{RecordView, parse};
use crate::App;
use crate::access;
use crate::caller::Caller;
use crate::document;
use crate::idempotent::{self, Reply};
use crate::problem::Problem;
use crate::request;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::get;
use clinical::form::FormDescriptor;
use clinical::record::Entries;
use registry::principal::Role;
use registry::reference_data;
use std::sync::Arc;
use utoipa::openapi::OpenApi;

/// The routes of every reference form; their description is added to the document.
pub(crate) fn router(api: &mut OpenApi) -> Router<Arc<App>> {
    let mut router = Router::new();
    for form in clinical::forms::REFERENCE {
        let form: &'static FormDescriptor = form;
        document::describe_reference(api, form);
        router = router.route(
            &format!("/v1/{}", form.path),
            get(move |app, caller| list(form, app, caller))
                .post(move |app, caller, headers, body| create(form, app, caller, headers, body)),
        );
    }
    router
}

async fn list(
    form: &'static FormDescriptor,
    State(app): State<Arc<App>>,
    caller: Caller,
) -> Result<Response, Problem> {
    // Sponsors never learn which centers take part.
    if form.name == "center" && caller.principal.role == Role::Sponsor {
        return Err(Problem::forbidden("A sponsor does not see the list of centers."));
    }
    let rows = reference_data::list(&app.database, form).await.map_err(caller.problem())?;
    let items: Vec<RecordView> = rows.into_iter().map(|s| RecordView::new(s, None)).collect();
    let reply = Reply::json(StatusCode::OK, &serde_json::json!({ "items": items }), false)?;
    Ok(idempotent::render(200, reply.body, false))
}

async fn create(
    form: &'static FormDescriptor,
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    access::only(&caller.principal, &[Role::Admin])?;
    let body = request::body(body, crate::RECORD_LIMIT)?;
    request::expect_json(&headers)?;
    let entries = Entries::parse(&body).map_err(|found| Problem::invalid(&found, caller.language))?;
    let (record, _) = parse(form, &entries, caller.language)?;
    let (stored, created) =
        reference_data::create(&app.database, caller.author(), &record).await.map_err(caller.problem())?;
    let status = if created { StatusCode::CREATED } else { StatusCode::OK };
    let reply = Reply::json(status, &RecordView::new(stored, None), true)?;
    Ok(idempotent::render(status.as_u16(), reply.body, false))
}
