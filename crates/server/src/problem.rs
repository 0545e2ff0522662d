//! Errors for people and programs: RFC 9457 `application/problem+json`.

use crate::finding_view::{ErrorItem, items};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use clinical::finding::{Findings, Language};
use serde::Serialize;
use utoipa::ToSchema;

/// A problem document.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Problem {
    /// What kind of problem: a stable URN.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// The kind, for people.
    pub(crate) title: String,
    /// HTTP status.
    pub(crate) status: u16,
    /// This occurrence, for people.
    pub(crate) detail: String,
    /// Every fault at once.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) errors: Vec<ErrorItem>,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, kind: &str, title: &str, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("urn:sequela:problem:{kind}"),
            title: title.to_owned(),
            status: status.as_u16(),
            detail: detail.into(),
            errors: Vec::new(),
        }
    }

    pub(crate) fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "malformed-request", "The request cannot be read", detail)
    }

    pub(crate) fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", "This role may not do this", detail)
    }

    pub(crate) fn conflict(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "conflict", "Not in this state", detail)
    }

    pub(crate) fn unavailable(detail: impl Into<String>) -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "unavailable",
            "The registry cannot write at the moment",
            detail,
        )
    }

    pub(crate) fn missing(what: &str) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "not-found",
            "Nothing here",
            format!("There is no such {what}, or it is not in your scope."),
        )
    }

    pub(crate) fn too_large(limit: usize) -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too-large",
            "The request body is too large",
            format!(
                "The body may have at most {limit} bytes. Records belong into bulk submissions of at most the size that the server allows."
            ),
        )
    }

    pub(crate) fn unsupported(received: &str, expected: &str) -> Self {
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "media-type",
            "The content type is not supported",
            format!("Received `{received}`; accepted: {expected}."),
        )
    }

    pub(crate) fn invalid(findings: &Findings, language: Language) -> Self {
        let title = "The record breaks rules";
        let status = if findings.iter().any(|f| f.rule.id == "record.malformed") {
            StatusCode::BAD_REQUEST
        } else if findings.iter().any(|f| {
            matches!(
                f.rule.id,
                "patient.erased" | "record.locked" | "record.exists" | "record.retracted" | "record.in_use"
            )
        }) {
            StatusCode::CONFLICT
        } else {
            StatusCode::UNPROCESSABLE_ENTITY
        };
        let errors = items(findings, language, None);
        let detail = format!("{} fault(s); nothing was written.", errors.len());
        Self { errors, ..Self::new(status, "validation", title, detail) }
    }

    fn locked(who: &str) -> Self {
        Self::new(
            StatusCode::LOCKED,
            "locked",
            "The record is locked",
            format!("{who} A lead of the center unlocks it with a reason. Nothing was written.").trim_start(),
        )
    }

    /// The problem of a registry error. What the caller cannot change is logged and not told in detail.
    pub(crate) fn of(error: registry::Error, language: Language) -> Self {
        use registry::Error;
        match error {
            Error::NotFound => Self::missing("record"),
            Error::Missing(what) => Self::missing(what),
            Error::WrongState { what, state, step } => Self::new(
                StatusCode::CONFLICT,
                "state",
                "This cannot be done in the present state",
                format!("The {what} is {state}; it cannot be {step} now. Nothing was written."),
            ),
            Error::VersionConflict { current } => Self::new(
                StatusCode::PRECONDITION_FAILED,
                "version-conflict",
                "The record has changed meanwhile",
                format!(
                    "The record is at version {current}. Read it again and send If-Match: \"{current}\"."
                ),
            ),
            Error::Locked { by, since } => Self::locked(&format!("{by} locked it at {since}.")),
            Error::Rejected(findings) => Self::invalid(&findings, language),
            Error::IdempotencyMismatch => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "idempotency-mismatch",
                "The Idempotency-Key was used with another request",
                "Use a new key for a new request; nothing was written.",
            ),
            Error::Refused(why) => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "refused", "The request is refused", why)
            }
            Error::File { path, source } if source.kind() == std::io::ErrorKind::StorageFull => {
                tracing::error!(path, "the disk is full");
                Self::unavailable(
                    "The registry's disk is full. Nothing of this request was kept; send it again later.",
                )
            }
            other => Self::of_database(&other),
        }
    }

    fn of_database(error: &registry::Error) -> Self {
        let state = error.sqlstate().unwrap_or_default();
        let busy =
            matches!(error, registry::Error::Database(sqlx_error) if is_unavailable(&sqlx_error.to_string()));
        if state.starts_with("53")
            || state.starts_with("57")
            || state.starts_with("58")
            || state == "40001"
            || state == "40P01"
            || busy
        {
            tracing::warn!(%error, state, "the database is unavailable");
            return Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "unavailable",
                "The registry cannot write at the moment",
                "Nothing of this request was kept. Send it again later; sending a batch twice never makes duplicates.",
            );
        }
        if state == "SEQ01" {
            return Self::locked("");
        }
        if state == "SEQ02" {
            return Self::new(
                StatusCode::CONFLICT,
                "erased",
                "A patient of the request was erased",
                "The patient withdrew consent and was erased; nothing about this patient may be submitted again. Nothing was written.",
            );
        }
        if state.starts_with("22") {
            tracing::warn!(%error, state, "a value cannot be stored");
            return Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "value",
                "A value cannot be stored",
                "A text holds a character U+0000, or a time lies outside the calendar. Nothing was written.",
            );
        }
        if state.starts_with("23") {
            tracing::warn!(%error, state, "a constraint refused a write");
            return Self::new(
                StatusCode::CONFLICT,
                "conflict",
                "The request conflicts with a change made at the same time",
                "Nothing was written. Read the records again and repeat the request.",
            );
        }
        tracing::error!(%error, state, "request failed");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "The server failed",
            "Nothing of this request was kept. The fault is logged under the request id.",
        )
    }
}

/// True for errors that mean the database could not be reached.
fn is_unavailable(text: &str) -> bool {
    [
        "pool timed out",
        "error communicating with database",
        "Connection refused",
        "closed pool",
        "expected to read",
    ]
    .iter()
    .any(|sign| text.contains(sign))
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = (status, body).into_response();
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
        }
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// A refusal that the framework worded, said as a problem like every other.
pub(crate) fn of_framework(response: Response) -> Response {
    let status = response.status();
    let told =
        response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/problem+json");
    if told || !status.is_client_error() {
        return response;
    }
    let mut problem = match status {
        StatusCode::NOT_FOUND => Problem::missing("resource"),
        StatusCode::REQUEST_TIMEOUT => Problem::new(
            status,
            "timeout",
            "The request took too long",
            "Nothing of this request was kept. Send it again, in smaller parts.",
        ),
        _ => Problem::new(
            status,
            "malformed-request",
            "The request cannot be read",
            "The request is not one that this resource takes.",
        ),
    }
    .into_response();
    if let Some(allowed) = response.headers().get(header::ALLOW) {
        problem.headers_mut().insert(header::ALLOW, allowed.clone());
    }
    problem
}

pub(crate) async fn not_found() -> Problem {
    Problem::missing("resource")
}

pub(crate) async fn method_not_allowed() -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method",
        "The resource has no such method",
        "See /docs for the methods of each resource.",
    )
}

#[expect(clippy::needless_pass_by_value, reason = "the signature is tower-http's")]
pub(crate) fn panicked(panic: Box<dyn std::any::Any + Send>) -> Response {
    let text =
        panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    tracing::error!(panic = text.unwrap_or("unknown"), "a handler panicked");
    Problem::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "internal",
        "The server failed",
        "Nothing of this request was kept. The fault is logged under the request id.",
    )
    .into_response()
}
