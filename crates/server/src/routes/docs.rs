//! The interface's description: a document for programs, a page for people, the data dictionary. All offline.

use crate::App;
use crate::dictionary_page;
use axum::response::{Html, Redirect};
use axum::routing::get;
use axum::{Json, Router};
use clinical::dictionary::{Entry, RuleEntry};
use std::sync::Arc;
use utoipa::openapi::OpenApi;
use utoipa_swagger_ui::{Config, SwaggerUi};

pub(crate) fn router(document: OpenApi) -> Router<Arc<App>> {
    Router::new()
        // By default the page asks a validator on another host about the document.
        .merge(
            SwaggerUi::new("/docs")
                .config(Config::default().validator_url("none"))
                .url("/v1/openapi.json", document),
        )
        .route(
            "/docs/dictionary",
            get(|| async { Html(dictionary_page::forms(&clinical::dictionary::entries())) }),
        )
        .route("/docs/rules", get(|| async { Html(dictionary_page::rules(&clinical::dictionary::rules())) }))
        .route("/", get(|| async { Redirect::temporary("/docs/") }))
}

/// Every field of every form: labels, type, unit, accepted and usual values, value sets.
#[utoipa::path(get, path = "/v1/data-dictionary", operation_id = "read_data_dictionary", tag = "reference", responses((status = 200, description = "One entry a field", body = Vec<Object>)))]
pub(crate) async fn dictionary() -> Json<Vec<Entry>> {
    Json(clinical::dictionary::entries())
}

/// Every rule and every criterion: stable id, severity or provenance, both languages.
#[utoipa::path(get, path = "/v1/rules", operation_id = "read_rules", tag = "reference", responses((status = 200, description = "One entry a rule", body = Vec<Object>)))]
pub(crate) async fn rules() -> Json<Vec<RuleEntry>> {
    Json(clinical::dictionary::rules())
}
