//! The HTTP interface: parse, call, render. What a request may do is decided here; what it does is decided in `registry`, `cohort` and
//! `guideline`.

mod access;
mod caller;
mod dictionary_page;
mod document;
mod finding_view;
mod idempotent;
mod observe;
mod problem;
mod request;
mod routes;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use metrics_exporter_prometheus::PrometheusHandle;
use registry::Database;
use registry::audit::block::SealingKey;
use registry::submission::Runner;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::TimeoutLayer;

pub use document::openapi;

/// Largest body of a request about one record.
pub const RECORD_LIMIT: usize = 1 << 20;

/// What the handlers share.
pub struct App {
    /// The registry's database.
    pub database: Database,
    /// Signs audit blocks.
    pub sealing_key: SealingKey,
    /// Where snapshots are kept.
    pub snapshots: PathBuf,
    /// Largest body of a bulk submission, in bytes.
    pub submission_limit: usize,
    /// Bytes of a submission that are written in one transaction.
    pub submission_part_bytes: u64,
    /// Writes submissions.
    pub submissions: Arc<Runner>,
    /// Bounds the reports made at a time.
    pub report_slots: tokio::sync::Semaphore,
    /// Renders `/metrics`.
    pub metrics: PrometheusHandle,
}

/// The whole service.
pub fn router(app: Arc<App>) -> Router {
    let (api, document) = routes::all();
    let timeout = |minutes| {
        TimeoutLayer::with_status_code(axum::http::StatusCode::REQUEST_TIMEOUT, Duration::from_mins(minutes))
    };
    // A file may take hours over a slow line; its handler gives up on a sender that falls silent.
    let bulk = routes::submissions::bulk().layer(DefaultBodyLimit::disable()).layer(timeout(12 * 60));
    api.layer(DefaultBodyLimit::max(RECORD_LIMIT))
        .merge(routes::docs::router(document))
        .layer(timeout(15))
        .merge(bulk)
        .fallback(problem::not_found)
        .method_not_allowed_fallback(problem::method_not_allowed)
        .layer(CatchPanicLayer::custom(problem::panicked))
        .layer(from_fn_with_state(Arc::clone(&app), observe::observe))
        .with_state(app)
}
