//! Receiving a submission: the file is on durable storage before anything is answered.

use super::{Detail, view};
use crate::App;
use crate::access;
use crate::caller::Caller;
use crate::finding_view::{Place, items};
use crate::idempotent::{Asked, render};
use crate::problem::Problem;
use crate::request;
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use clinical::field::nearest;
use clinical::form::FormDescriptor;
use futures::{Stream, StreamExt};
use intake::{Fault, Format, Source};
use registry::submission::{Accepted, Policy, Request, Upload, accept};
use serde::Deserialize;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// How long an answer waits for the end of the submission, unless the request prefers otherwise.
const WAIT: Duration = Duration::from_mins(1);

/// How long a sender may be silent.
const SILENCE: Duration = Duration::from_mins(1);

/// The longest that a request may ask to wait.
const LONGEST_WAIT: Duration = Duration::from_mins(10);

/// The bulk route; it has a body limit of its own.
pub(crate) fn bulk() -> Router<Arc<App>> {
    Router::new().route("/v1/submissions", post(submit))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
enum PolicyName {
    #[default]
    AcceptValid,
    AllOrNothing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
enum ModeName {
    #[default]
    Insert,
    Upsert,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SubmissionQuery {
    form: Option<String>,
    #[serde(default)]
    dry_run: bool,
    #[serde(default)]
    policy: PolicyName,
    #[serde(default)]
    mode: ModeName,
    reason: Option<String>,
    file_name: Option<String>,
    #[serde(default)]
    results: Detail,
}

async fn submit(
    State(app): State<Arc<App>>,
    caller: Caller,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let (wanted, results) = match asked_for(&caller, &uri, &headers) {
        Ok(asked) => asked,
        Err(refused) => {
            drain(body).await;
            return Err(refused);
        }
    };
    let center = wanted.center_id.as_str();
    let wait = preferred_wait(&headers);
    let local = app.submissions.local_file(wanted.submission_id);
    let received = receive(&app, &caller, &wanted, body, &local).await;
    let (mut upload, digest) = match received {
        Ok(received) => received,
        Err(problem) => {
            let _ = std::fs::remove_file(&local);
            return Err(problem);
        }
    };
    if let Err(problem) = inspect(&local, &wanted, &caller).await {
        let _ = std::fs::remove_file(&local);
        upload.abandon().await.map_err(caller.problem())?;
        return Err(problem);
    }
    let asked = Asked { method: "POST", target: &uri.to_string(), headers: &headers, body: &digest };
    let key = asked.key(&caller, center)?;
    let accepted = accept(&app.database, &mut upload, key.as_ref(), digest).await;
    let (id, replayed) = match accepted {
        Ok(Accepted::New) => (wanted.submission_id, false),
        other => {
            let _ = std::fs::remove_file(&local);
            upload.abandon().await.map_err(caller.problem())?;
            match other.map_err(caller.problem())? {
                Accepted::Before(id) => (id, true),
                Accepted::New => (wanted.submission_id, false),
            }
        }
    };
    app.submissions.knock();
    answer(&app, &caller, center, id, wait, results, replayed).await
}

async fn answer(
    app: &App,
    caller: &Caller,
    center: &str,
    id: Uuid,
    wait: Duration,
    detail: Detail,
    replayed: bool,
) -> Result<Response, Problem> {
    let submission = app.submissions.wait(center, id, wait).await.map_err(caller.problem())?;
    let location = format!("/v1/submissions/{id}");
    if submission.state == "failed" {
        let why = submission.failure.unwrap_or_default();
        let mut problem = Problem::unavailable(format!(
            "{why}. The file is kept: POST {location}/resumption goes on with it."
        ));
        "The submission failed".clone_into(&mut problem.title);
        return Err(problem);
    }
    let mut response = if submission.ended() {
        let centers = [center.to_owned()];
        let body = view::whole(app, &centers, &submission, detail, caller.language).await?;
        render(200, body.to_string().into_bytes(), replayed)
    } else {
        let body = axum::Json(view::head(&submission));
        let mut response = (StatusCode::ACCEPTED, [(header::RETRY_AFTER, "1")], body).into_response();
        if replayed {
            response.headers_mut().insert("idempotent-replayed", HeaderValue::from_static("true"));
        }
        response
    };
    if let Ok(location) = HeaderValue::from_str(&location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

/// Reads what is left of a small body, so that the connection can be used again; a large one is cut off.
async fn drain(body: Body) {
    let mut stream = body.into_data_stream();
    let mut left = crate::RECORD_LIMIT;
    while let Ok(Some(Ok(piece))) = next_piece(&mut stream).await {
        match left.checked_sub(piece.len()) {
            Some(rest) => left = rest,
            None => return,
        }
    }
}

fn asked_for(caller: &Caller, uri: &Uri, headers: &HeaderMap) -> Result<(Request, Detail), Problem> {
    let center = access::writes(&caller.principal)?;
    let query: SubmissionQuery = request::query(uri)?;
    let form = query.form.as_deref().map(named_form).transpose()?;
    let media_type = request::media_type(headers);
    let format = Format::of_media_type(&media_type).ok_or_else(|| {
        let accepted: Vec<&str> = Format::ALL.iter().map(|f| f.media_type()).collect();
        Problem::unsupported(&media_type, &accepted.join(", "))
    })?;
    if form.is_none() && matches!(format, Format::Csv | Format::Parquet) {
        return Err(Problem::bad_request(Fault::FormNeeded { format }.to_string()));
    }
    let reason = query.reason.as_deref().map(str::trim).filter(|r| !r.is_empty());
    if reason.is_some_and(|r| r.chars().count() > 500) {
        return Err(Problem::bad_request("reason is longer than 500 characters."));
    }
    let upsert = match (query.mode, reason) {
        (ModeName::Upsert, Some(reason)) => Some(reason.to_owned()),
        (ModeName::Upsert, None) => {
            return Err(Problem::bad_request(
                "mode=upsert amends records that differ: say why, for example &reason=corrected+export.",
            ));
        }
        (ModeName::Insert, Some(_)) => {
            return Err(Problem::bad_request(
                "A reason belongs to mode=upsert; nothing is amended otherwise.",
            ));
        }
        (ModeName::Insert, None) => None,
    };
    let request = Request {
        submission_id: Uuid::now_v7(),
        center_id: center.to_owned(),
        actor: caller.principal.token_id,
        format,
        form: form.map(|f| f.name),
        file_name: query.file_name.as_ref().map(|name| name.chars().take(200).collect()),
        policy: match query.policy {
            PolicyName::AcceptValid => Policy::AcceptValid,
            PolicyName::AllOrNothing => Policy::AllOrNothing,
        },
        upsert,
        dry_run: query.dry_run,
    };
    Ok((request, query.results))
}

/// RFC 7240: `respond-async` answers at once, `wait=N` after at most so many seconds.
fn preferred_wait(headers: &HeaderMap) -> Duration {
    let values = headers.get_all("prefer").iter().filter_map(|v| v.to_str().ok());
    let mut wait = WAIT;
    for preference in values.flat_map(|v| v.split(',')).map(|p| p.trim().to_ascii_lowercase()) {
        if preference == "respond-async" {
            return Duration::ZERO;
        }
        if let Some(seconds) = preference.strip_prefix("wait=").and_then(|s| s.parse().ok()) {
            wait = Duration::from_secs(seconds).min(LONGEST_WAIT);
        }
    }
    wait
}

/// Stores the body as it comes, in the database and in a file of this machine.
async fn receive(
    app: &App,
    caller: &Caller,
    wanted: &Request,
    body: Body,
    local: &Path,
) -> Result<(Upload, [u8; 32]), Problem> {
    let problem = caller.problem();
    let here = |source| problem(registry::Error::File { path: "the upload".to_owned(), source });
    let mut upload =
        Upload::begin(&app.database, wanted, app.submission_part_bytes).await.map_err(caller.problem())?;
    let stored = async {
        let mut file = std::io::BufWriter::new(std::fs::File::create(local).map_err(&here)?);
        let mut stream = body.into_data_stream();
        while let Some(piece) = next_piece(&mut stream).await? {
            let piece = piece
                .map_err(|_| Problem::bad_request("The request body ended before its announced length."))?;
            if upload.bytes() + piece.len() as u64 > app.submission_limit as u64 {
                return Err(Problem::too_large(app.submission_limit));
            }
            upload.push(&piece).await.map_err(&problem)?;
            file.write_all(&piece).map_err(&here)?;
        }
        file.flush().map_err(&here)?;
        upload.finish().await.map_err(&problem)
    };
    match stored.await {
        Ok(digest) => Ok((upload, digest)),
        Err(refused) => {
            // The refusal is what the sender must know; a remainder is swept up later.
            let _ = upload.abandon().await;
            Err(refused)
        }
    }
}

/// The next bytes of a body; a sender that falls silent is not waited for.
async fn next_piece<S: Stream + Unpin>(stream: &mut S) -> Result<Option<S::Item>, Problem> {
    tokio::time::timeout(SILENCE, stream.next()).await.map_err(|_| {
        Problem::new(
            StatusCode::REQUEST_TIMEOUT,
            "timeout",
            "The request took too long",
            format!("Nothing was received for {} seconds; nothing was kept.", SILENCE.as_secs()),
        )
    })
}

/// Tells at once what is wrong with the file as a whole.
async fn inspect(local: &Path, wanted: &Request, caller: &Caller) -> Result<(), Problem> {
    let path: PathBuf = local.to_owned();
    let (format, form, language) = (wanted.format, wanted.form, caller.language);
    let opened = tokio::task::spawn_blocking(move || {
        let form = form.and_then(clinical::forms::clinical).map(|(_, form)| form);
        Source::open(&path, format, form).map(|_| ())
    })
    .await
    .map_err(|error| Problem::of(error.into(), language))?;
    opened.map_err(|fault| match fault {
        Fault::Header { place, findings } => {
            let at = Some(Place { row: 1, tabular: true });
            let mut problem = Problem::invalid(&findings, language);
            problem.detail = format!(
                "The header of {place} has {} fault(s); nothing was written.",
                findings.iter().count()
            );
            problem.errors = items(&findings, language, at);
            problem
        }
        Fault::Io(source) => {
            Problem::of(registry::Error::File { path: "the upload".to_owned(), source }, language)
        }
        other => Problem::bad_request(other.to_string()),
    })
}

pub(super) fn named_form(name: &str) -> Result<&'static FormDescriptor, Problem> {
    let names = || clinical::forms::CLINICAL.iter().map(|f| f.name);
    clinical::forms::clinical(name).map(|(_, form)| form).ok_or_else(|| {
        let hint = nearest(name, names()).map_or_else(String::new, |near| format!(" Did you mean {near}?"));
        Problem::bad_request(format!(
            "There is no form `{name}`; accepted: {}.{hint}",
            names().collect::<Vec<_>>().join(", ")
        ))
    })
}
