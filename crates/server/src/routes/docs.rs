//! The interface's description: a document for programs, a page for people, the data dictionary. All offline.

use crate::App;
use axum::Router;
use axum::response::{IntoResponse, Redirect};
use axum::routing::get;
use std::sync::Arc;
use utoipa::openapi::OpenApi;
use utoipa_swagger_ui::SwaggerUi;

pub(crate) fn router(document: OpenApi) -> Router<Arc<App>> {
    Router::new()
        .merge(SwaggerUi::new("/docs").url("/v1/openapi.json", document))
        .route("/", get(|| async { Redirect::temporary("/docs/") }))
        .route("/v1/data-dictionary", get(dictionary))
}

async fn dictionary() -> impl IntoResponse {
    axum::Json(clinical::dictionary::entries())
}
