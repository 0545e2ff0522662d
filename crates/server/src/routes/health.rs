//! Is it alive, can it work, how is it doing.

use crate::App;
use crate::problem::Problem;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use std::sync::Arc;

/// The process answers.
#[utoipa::path(get, path = "/health/live", tag = "service", responses((status = 200, description = "The process answers", body = String, content_type = "text/plain")))]
pub(crate) async fn live() -> &'static str {
    "live"
}

/// The database answers.
#[utoipa::path(get, path = "/health/ready", tag = "service", responses(
    (status = 200, description = "The registry can work", body = String, content_type = "text/plain"),
    (status = 503, description = "The database does not answer", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn ready(State(app): State<Arc<App>>) -> Result<&'static str, Problem> {
    let answer = ping(&app).await;
    answer.map(|()| "ready").map_err(|()| {
        let detail = "The database does not answer.";
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "The registry cannot work", detail)
    })
}

async fn ping(app: &App) -> Result<(), ()> {
    match tokio::time::timeout(std::time::Duration::from_secs(5), app.database.ping()).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => {
            tracing::warn!(%error, "the database does not answer");
            Err(())
        }
        Err(_) => Err(()),
    }
}

/// Counters for Prometheus. They name routes, never records.
#[utoipa::path(get, path = "/metrics", tag = "service", responses((status = 200, description = "Prometheus text format", body = String, content_type = "text/plain")))]
pub(crate) async fn metrics(State(app): State<Arc<App>>) -> Response {
    ([(axum::http::header::CONTENT_TYPE, "text/plain; version=0.0.4")], app.metrics.render()).into_response()
}
