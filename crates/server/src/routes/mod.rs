//! The routes, one file a resource.

pub(crate) mod audit;
pub(crate) mod docs;
pub(crate) mod health;
pub(crate) mod queries;
pub(crate) mod records;
pub(crate) mod reference;
pub(crate) mod reports;
pub(crate) mod snapshots;
pub(crate) mod submissions;
pub(crate) mod tokens;

use crate::App;
use axum::Router;
use std::sync::Arc;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Every route with a body of ordinary size, and the document that describes all of them.
pub(crate) fn all() -> (Router<Arc<App>>, OpenApi) {
    let (written, mut document) = OpenApiRouter::with_openapi(crate::document::frame())
        .routes(routes!(health::live))
        .routes(routes!(health::ready))
        .routes(routes!(health::metrics))
        .routes(routes!(docs::dictionary))
        .routes(routes!(docs::rules))
        .routes(routes!(queries::list))
        .routes(routes!(submissions::list))
        .routes(routes!(submissions::read))
        .routes(routes!(submissions::rows))
        .routes(routes!(submissions::rejected))
        .routes(routes!(submissions::cancel))
        .routes(routes!(submissions::resume))
        .routes(routes!(submissions::template))
        .routes(routes!(tokens::list, tokens::create))
        .routes(routes!(tokens::revoke))
        .routes(routes!(snapshots::list, snapshots::take))
        .routes(routes!(snapshots::read))
        .routes(routes!(reports::run))
        .routes(routes!(audit::verify))
        .split_for_parts();
    crate::document::describe_bulk(&mut document);
    let (forms, reference) = (records::router(&mut document), reference::router(&mut document));
    (written.merge(forms).merge(reference), document)
}
