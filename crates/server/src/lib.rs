//! The HTTP interface: parse, call, render. What a request may do is decided here; what it does is decided in `registry`, `cohort` and
//! `guideline`.

mod access;
mod caller;
mod client_address;
mod dictionary_page;
mod disclosure;
mod document;
mod finding_view;
mod idempotent;
mod observe;
mod oidc;
mod problem;
mod rate_limit;
mod request;
mod routes;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use metrics_exporter_prometheus::PrometheusHandle;
use registry::Database;
use registry::audit::block::SealingKey;
use registry::submission::Runner;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::TimeoutLayer;

pub use client_address::Network;
pub use document::openapi;
pub use oidc::Oidc;
pub use rate_limit::RateLimit;

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
    /// Whose tokens are accepted beside the registry's own.
    pub oidc: Option<Oidc>,
    /// Bounds the requests of each caller.
    pub rate_limit: RateLimit,
    /// Proxies whose forwarding headers count.
    pub proxies: Vec<Network>,
    /// True when this server itself speaks TLS.
    pub tls: bool,
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
        .layer(from_fn(request::settle))
        .layer(timeout(15))
        .merge(bulk)
        .fallback(problem::not_found)
        .method_not_allowed_fallback(problem::method_not_allowed)
        .layer(from_fn_with_state(Arc::clone(&app), disclosure::ensure))
        .layer(CatchPanicLayer::custom(problem::panicked))
        .layer(from_fn_with_state(Arc::clone(&app), observe::observe))
        .with_state(app)
}
