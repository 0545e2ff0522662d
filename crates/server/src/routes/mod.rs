//! The routes, one file a resource.

pub(crate) mod audit;
pub(crate) mod changes;
pub(crate) mod docs;
pub(crate) mod due;
pub(crate) mod health;
pub(crate) mod linkage;
pub(crate) mod queries;
pub(crate) mod records;
pub(crate) mod reference;
pub(crate) mod reports;
pub(crate) mod signatures;
pub(crate) mod snapshots;
pub(crate) mod submissions;
pub(crate) mod tokens;
pub(crate) mod transfers;
pub(crate) mod withdrawal;

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
        .routes(routes!(queries::list, queries::open))
        .routes(routes!(queries::counts))
        .routes(routes!(queries::read))
        .routes(routes!(queries::say))
        .routes(routes!(queries::confirm))
        .routes(routes!(queries::resolve))
        .routes(routes!(queries::reopen))
        .routes(routes!(due::list))
        .routes(routes!(due::of_patient))
        .routes(routes!(due::completeness))
        .routes(routes!(changes::list))
        .routes(routes!(withdrawal::withdraw))
        .routes(routes!(withdrawal::erasures))
        .routes(routes!(transfers::list, transfers::begin))
        .routes(routes!(transfers::revoke))
        .routes(routes!(transfers::enrol))
        .routes(routes!(transfers::granted))
        .routes(routes!(linkage::put))
        .routes(routes!(linkage::duplicates))
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
    let signatures = signatures::router(&mut document);
    (written.merge(forms).merge(reference).merge(signatures), document)
}
