//! `/v1/submissions`: many records at once, as a job.

mod receive;
mod view;

pub(crate) use receive::bulk;

use crate::App;
use crate::access;
use crate::caller::Caller;
use crate::problem::Problem;
use crate::request;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use clinical::finding::Language;
use clinical::form::FormDescriptor;
use intake::{Format, Place};
use registry::submission::{self, Submission};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;
use uuid::Uuid;

/// Rows told in one answer; the rest is read page by page.
const MOST_RESULTS: usize = 100_000;

/// Which rows an answer lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Detail {
    /// Every row.
    #[default]
    All,
    /// Rows with faults or queries.
    Faults,
    /// None.
    None,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    state: Option<String>,
    cursor: Option<String>,
    limit: Option<i64>,
}

/// A page of submissions.
#[derive(Debug, Serialize)]
struct Page {
    items: Vec<Value>,
    next_cursor: Option<Uuid>,
}

const STATES: [&str; 6] = ["uploading", "queued", "running", "done", "cancelled", "failed"];

/// Lists submissions, newest first.
#[utoipa::path(get, path = "/v1/submissions", operation_id = "list_submissions", tag = "records", security(("token" = [])), params(
    ("state" = Option<String>, Query, description = "uploading, queued, running, done, cancelled or failed"),
    ("cursor" = Option<String>, Query, description = "Where the page before ended"),
    ("limit" = Option<i64>, Query, description = "Page size, 1 to 1000"),
), responses(
    (status = 200, description = "A page of submissions", body = Object),
    (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn list(State(app): State<Arc<App>>, caller: Caller, uri: Uri) -> Result<Response, Problem> {
    let centers = access::reads(&caller.principal)?;
    let query: ListQuery = request::query(&uri)?;
    if let Some(state) = query.state.as_deref().filter(|s| !STATES.contains(s)) {
        return Err(Problem::bad_request(format!("state is {state}; accepted: {}.", STATES.join(", "))));
    }
    let limit = request::limit(query.limit)?;
    let before = request::cursor(query.cursor.as_deref())?;
    let found = submission::list(&app.database, centers, query.state.as_deref(), before, limit + 1)
        .await
        .map_err(caller.problem())?;
    let page = usize::try_from(limit).unwrap_or(usize::MAX);
    let next_cursor = (found.len() > page).then(|| found.get(page - 1).map(|s| s.submission_id)).flatten();
    let items = found.iter().take(page).map(view::head).collect();
    Ok(axum::Json(Page { items, next_cursor }).into_response())
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ReadQuery {
    #[serde(default = "no_rows")]
    results: Detail,
}

fn no_rows() -> Detail {
    Detail::None
}

/// A submission: how far it is, its faults grouped, and its rows when asked.
#[utoipa::path(get, path = "/v1/submissions/{submission_id}", operation_id = "read_submission", tag = "records", security(("token" = [])), params(
    ("submission_id" = String, Path, description = "Id of the submission"),
    ("results" = Option<String>, Query, description = "none (default), faults or all"),
), responses(
    (status = 200, description = "The submission", body = Object),
    (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn read(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    uri: Uri,
) -> Result<Response, Problem> {
    let centers = access::reads(&caller.principal)?;
    let query: ReadQuery = request::query(&uri)?;
    let id = request::id(&id, "submission")?;
    let submission = found(&app, &caller, centers, id).await?;
    let body = view::whole(&app, centers, &submission, query.results, caller.language).await?;
    Ok(axum::Json(body).into_response())
}

async fn found(app: &App, caller: &Caller, centers: &[String], id: Uuid) -> Result<Submission, Problem> {
    submission::find(&app.database, centers, id).await.map_err(|error| match error {
        registry::Error::NotFound => Problem::missing("submission"),
        other => Problem::of(other, caller.language),
    })
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RowsQuery {
    outcome: Option<String>,
    #[serde(default)]
    faults: bool,
    cursor: Option<String>,
    limit: Option<i64>,
}

const OUTCOMES: [&str; 4] = ["created", "updated", "unchanged", "rejected"];

/// The rows of a submission, in the order of the file, a page at a time.
#[utoipa::path(get, path = "/v1/submissions/{submission_id}/rows", operation_id = "list_submission_rows", tag = "records", security(("token" = [])), params(
    ("submission_id" = String, Path, description = "Id of the submission"),
    ("outcome" = Option<String>, Query, description = "created, updated, unchanged or rejected"),
    ("faults" = Option<bool>, Query, description = "Only rows with faults or queries"),
    ("cursor" = Option<String>, Query, description = "Where the page before ended"),
    ("limit" = Option<i64>, Query, description = "Page size, 1 to 1000"),
), responses(
    (status = 200, description = "A page of rows", body = Object),
    (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn rows(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    uri: Uri,
) -> Result<Response, Problem> {
    let centers = access::reads(&caller.principal)?;
    let query: RowsQuery = request::query(&uri)?;
    let id = request::id(&id, "submission")?;
    if let Some(outcome) = query.outcome.as_deref().filter(|o| !OUTCOMES.contains(o)) {
        return Err(Problem::bad_request(format!(
            "outcome is {outcome}; accepted: {}.",
            OUTCOMES.join(", ")
        )));
    }
    let limit = usize::try_from(request::limit(query.limit)?).unwrap_or(1);
    let after = query.cursor.as_deref().map(place).transpose()?;
    let submission = found(&app, &caller, centers, id).await?;
    let listed = if query.faults {
        submission::faulty_rows(&app.database, centers, id, after, limit + 1).await
    } else {
        submission::rows(&app.database, centers, id, query.outcome.as_deref(), after, limit + 1).await
    };
    let listed = listed.map_err(caller.problem())?;
    let next = (listed.len() > limit).then(|| listed.get(limit - 1)).flatten();
    let next = next.map(|of| format!("{}.{}", of.result.sheet, of.result.row));
    let rows: Vec<Value> =
        listed.iter().take(limit).map(|of| view::row(of, &submission, caller.language)).collect();
    Ok(axum::Json(json!({ "items": rows, "next_cursor": next })).into_response())
}

fn place(cursor: &str) -> Result<Place, Problem> {
    let parts = cursor.split_once('.').and_then(|(t, r)| Some((t.parse().ok()?, r.parse().ok()?)));
    parts
        .map(|(table, row)| Place { table, row })
        .ok_or_else(|| Problem::bad_request("cursor is not one that a list gave out."))
}

/// The rejected rows as a file of the submitted format, with the reason of each: correct it and send it again.
#[utoipa::path(get, path = "/v1/submissions/{submission_id}/rejected", operation_id = "download_rejected_rows", tag = "records", security(("token" = [])), params(
    ("submission_id" = String, Path, description = "Id of the submission"),
), responses(
    (status = 200, description = "The rejected rows, each with `sequela_reason`", content_type = "application/octet-stream", body = Vec<u8>),
    (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn rejected(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let centers = access::reads(&caller.principal)?;
    let id = request::id(&id, "submission")?;
    let submission = found(&app, &caller, centers, id).await?;
    if !submission.ended() {
        return Err(Problem::conflict(
            "The submission has not ended yet; its rejected rows are not complete.",
        ));
    }
    if submission.rejected == 0 || !submission.file_kept {
        return Err(Problem::missing("file: no row was rejected, or the file is no longer kept"));
    }
    let language = caller.language;
    let reasons =
        submission::rejected_reasons(&app.database, centers, id, |fault| view::sentence(fault, language))
            .await
            .map_err(caller.problem())?;
    let source = app.submissions.directory().join(format!("{}.rejected", Uuid::now_v7()));
    submission::fetch(&app.database, &submission.center_id, id, &source).await.map_err(caller.problem())?;
    let (format, form) = (submission.file_format(), form_of(&submission));
    let written = tokio::task::spawn_blocking(move || {
        let mut output = tempfile::tempfile()?;
        let outcome = intake::write_rejected(&source, format, form, &reasons, &mut output);
        std::fs::remove_file(&source)?;
        outcome.map_err(std::io::Error::other)?;
        std::io::Seek::rewind(&mut output)?;
        Ok::<_, std::io::Error>(output)
    })
    .await
    .map_err(|error| Problem::of(error.into(), language))?
    .map_err(|source| {
        Problem::of(registry::Error::File { path: "the rejected rows".to_owned(), source }, language)
    })?;
    let stream = tokio_util::io::ReaderStream::new(tokio::fs::File::from_std(written));
    let name = format!("attachment; filename=\"rejected-{id}.{}\"", format.extension());
    let headers =
        [(header::CONTENT_TYPE, format.media_type().to_owned()), (header::CONTENT_DISPOSITION, name)];
    Ok((headers, Body::from_stream(stream)).into_response())
}

fn form_of(submission: &Submission) -> Option<&'static FormDescriptor> {
    submission.form.as_deref().and_then(clinical::forms::clinical).map(|(_, form)| form)
}

/// Ends a submission after the part being written; what was written under `accept_valid` stays.
#[utoipa::path(post, path = "/v1/submissions/{submission_id}/cancellation", operation_id = "cancel_submission", tag = "records", security(("token" = [])), params(
    ("submission_id" = String, Path, description = "Id of the submission"),
), responses(
    (status = 202, description = "It will end", body = Object),
    (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn cancel(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let center = access::writes(&caller.principal)?;
    let id = request::id(&id, "submission")?;
    let changed = submission::cancel(&app.database, center, id).await;
    changed_view(&app, changed, caller.language)
}

/// Lets a failed or cancelled submission go on where it ended.
#[utoipa::path(post, path = "/v1/submissions/{submission_id}/resumption", operation_id = "resume_submission", tag = "records", security(("token" = [])), params(
    ("submission_id" = String, Path, description = "Id of the submission"),
), responses(
    (status = 202, description = "It goes on", body = Object),
    (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn resume(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let center = access::writes(&caller.principal)?;
    let id = request::id(&id, "submission")?;
    let changed = submission::resume(&app.database, center, id).await;
    changed_view(&app, changed, caller.language)
}

fn changed_view(
    app: &App,
    changed: registry::Result<Submission>,
    language: Language,
) -> Result<Response, Problem> {
    let changed = changed.map_err(|error| match error {
        registry::Error::NotFound => Problem::missing("submission"),
        registry::Error::Refused(why) => Problem::conflict(format!("Nothing was changed: {why}.")),
        other => Problem::of(other, language),
    })?;
    app.submissions.knock();
    Ok((StatusCode::ACCEPTED, axum::Json(view::head(&changed))).into_response())
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TemplateQuery {
    form: Option<String>,
}

/// An empty workbook with a sheet per form, lists for coded fields and notes that say what is accepted.
#[utoipa::path(get, path = "/v1/templates/workbook", operation_id = "download_template", tag = "records", security(("token" = [])), params(
    ("form" = Option<String>, Query, description = "Forms of the workbook, separated by commas; all when left out"),
), responses(
    (status = 200, description = "The workbook", content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", body = Vec<u8>),
    (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn template(caller: Caller, uri: Uri) -> Result<Response, Problem> {
    access::reads(&caller.principal)?;
    let query: TemplateQuery = request::query(&uri)?;
    let forms: Vec<&'static FormDescriptor> = match &query.form {
        None => clinical::forms::CLINICAL.to_vec(),
        Some(names) => names.split(',').map(|n| receive::named_form(n.trim())).collect::<Result<_, _>>()?,
    };
    let language = caller.language;
    let workbook = tokio::task::spawn_blocking(move || intake::write_template(&forms, language))
        .await
        .map_err(|error| Problem::of(error.into(), language))?
        .map_err(|error| {
            Problem::of(
                registry::Error::File {
                    path: "the template".to_owned(),
                    source: std::io::Error::other(error),
                },
                language,
            )
        })?;
    let name = "attachment; filename=\"sequela-template.xlsx\"".to_owned();
    let headers =
        [(header::CONTENT_TYPE, Format::Xlsx.media_type().to_owned()), (header::CONTENT_DISPOSITION, name)];
    Ok((headers, workbook).into_response())
}
