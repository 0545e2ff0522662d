//! `/v1/reports`: cohort questions, answered on a snapshot.

use crate::App;
use crate::access;
use crate::caller::Caller;
use crate::finding_view::ErrorItem;
use crate::problem::Problem;
use crate::request;
use crate::routes::snapshots::manifests;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use clinical::finding::Language;
use cohort::render::{Format, Rendered};
use cohort::reports::ReportKind;
use cohort::{CohortDefinition, Faults, ReportError, Scope, Snapshot};
use serde::Deserialize;
use serde_json::Value;
use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::Arc;
use utoipa::ToSchema;

/// A report to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReportRequest {
    /// `survival`, `toxicity`, `incidence` or `adherence`.
    #[schema(example = "survival")]
    report: String,
    /// Id of a snapshot, or `latest`.
    #[serde(default = "latest")]
    snapshot: String,
    /// Cohort definition; empty for every first infusion.
    #[serde(default)]
    #[schema(value_type = Object)]
    cohort: Value,
    /// Parameters of the report; empty for the defaults.
    #[serde(default)]
    #[schema(value_type = Object)]
    parameters: Value,
}

fn latest() -> String {
    "latest".to_owned()
}

/// Makes a report on a snapshot, over the rows the caller may see.
///
/// The answer is JSON, CSV, readable text or, for curves, SVG, as `Accept` asks. The same request on the same snapshot gives the same bytes.
#[utoipa::path(post, path = "/v1/reports", operation_id = "make_report", tag = "reports", security(("token" = [])), request_body = ReportRequest, responses(
    (status = 200, description = "The report", content(
        (Object = "application/json"), (String = "text/csv"), (String = "text/plain"), (String = "image/svg+xml"))),
    (status = "4XX", description = "Refused; every fault is listed", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn run(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let scope = match access::reports(&caller.principal)? {
        None => Scope::everything(),
        Some(centers) => Scope::centers(centers.iter().cloned()),
    };
    let body = request::body(body, crate::RECORD_LIMIT)?;
    let asked: ReportRequest = request::json(&headers, &body)?;
    let kind: ReportKind = asked.report.parse().map_err(refused)?;
    let format = format(&headers)?;
    let definition =
        CohortDefinition::from_json(&asked.cohort).map_err(|faults| invalid("/cohort", &faults))?;
    let directory = directory(&app, &asked.snapshot, caller.language).await?;
    // Reports use every core; more at a time than cores would only make each slower.
    let _slot = app.report_slots.acquire().await.map_err(|_| Problem::missing("report"))?;
    let language = caller.language;
    let rendered = tokio::task::spawn_blocking(move || -> Result<Rendered, ReportError> {
        let snapshot = Snapshot::open_verified(directory, scope)?;
        let report = guideline::reports::run(kind, &snapshot, &definition, &asked.parameters)?;
        guideline::reports::render(&report, format, language)
    })
    .await
    .map_err(|error| Problem::of(error.into(), language))?
    .map_err(refused)?;
    let mut response = rendered.bytes.into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(rendered.media_type));
    Ok(response)
}

/// The first form that `Accept` names; JSON when it names none.
fn format(headers: &HeaderMap) -> Result<Format, Problem> {
    let accept = headers.get(header::ACCEPT).and_then(|v| v.to_str().ok()).unwrap_or("*/*");
    for range in accept.split(',') {
        match range.split(';').next().unwrap_or_default().trim() {
            "application/json" | "application/*" | "*/*" | "" => return Ok(Format::Json),
            "text/csv" => return Ok(Format::Csv),
            "text/plain" | "text/*" => return Ok(Format::Text),
            "image/svg+xml" | "image/*" => return Ok(Format::Svg),
            _ => {}
        }
    }
    Err(Problem::new(
        StatusCode::NOT_ACCEPTABLE,
        "not-acceptable",
        "The report has no such form",
        format!("Accept is `{accept}`; offered: application/json, text/csv, text/plain, image/svg+xml."),
    ))
}

/// A snapshot is named by an id that the list gave out, never by a path.
async fn directory(app: &Arc<App>, wanted: &str, language: Language) -> Result<PathBuf, Problem> {
    let mut listed = manifests(app, language).await?;
    let found =
        if wanted == "latest" { listed.pop() } else { listed.into_iter().find(|m| m.snapshot_id == wanted) };
    found.map(|m| app.snapshots.join(m.snapshot_id)).ok_or_else(|| Problem::missing("snapshot"))
}

fn invalid(document: &str, faults: &Faults) -> Problem {
    let errors = faults.0.iter().map(|fault| ErrorItem {
        rule: Cow::Borrowed("report.document"),
        pointer: format!("{document}{}", fault.pointer),
        row: None,
        column: None,
        received: fault.received.clone(),
        expected: fault.expected.clone(),
        message: Cow::Owned(fault.message.clone()),
    });
    let title = "The report's definition has faults";
    let problem =
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "report-definition", title, "No report was made.");
    Problem { errors: errors.collect(), ..problem }
}

#[expect(clippy::needless_pass_by_value, reason = "it is the argument of map_err")]
fn refused(error: ReportError) -> Problem {
    match &error {
        ReportError::Definition(faults) => invalid("/cohort", faults),
        ReportError::Parameters(faults) => invalid("/parameters", faults),
        ReportError::UnknownReport { .. } | ReportError::NoSuchFormat { .. } => Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "report",
            "There is no such report",
            format!("{error}."),
        ),
        ReportError::Snapshot(_) => {
            tracing::error!(%error, "a snapshot cannot be read");
            Problem::new(
                StatusCode::CONFLICT,
                "snapshot",
                "The snapshot cannot be used",
                format!("{error}. Take a new snapshot."),
            )
        }
        _ => {
            tracing::error!(%error, "a report failed");
            Problem::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal",
                "The report failed",
                "The fault is logged under the request id.",
            )
        }
    }
}
