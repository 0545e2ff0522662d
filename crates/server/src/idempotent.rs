//! Requests that may be sent twice.

use crate::App;
use crate::caller::Caller;
use crate::problem::Problem;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use registry::idempotency::{self, Answer, Key};
use registry::scope::Scoped;
use sha2::{Digest, Sha256};

/// An answer before it is sent, and whether its write is to be kept.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) body: Vec<u8>,
    pub(crate) keep: bool,
}

impl Reply {
    pub(crate) fn json(
        status: StatusCode,
        body: &impl serde::Serialize,
        keep: bool,
    ) -> Result<Self, Problem> {
        let body = serde_json::to_vec(body).map_err(|error| {
            tracing::error!(%error, "an answer could not be written");
            Problem::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal",
                "The server failed",
                "The answer could not be written.",
            )
        })?;
        Ok(Self { status, body, keep })
    }
}

/// What identifies a request beside its key.
pub(crate) struct Asked<'a> {
    pub(crate) method: &'a str,
    pub(crate) target: &'a str,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: &'a [u8],
}

impl Asked<'_> {
    pub(crate) fn key(&self, caller: &Caller, center: &str) -> Result<Option<Key>, Problem> {
        let Some(value) = self.headers.get("idempotency-key") else { return Ok(None) };
        let key = value.to_str().ok().filter(|k| (1..=255).contains(&k.len())).ok_or_else(|| {
            Problem::bad_request("Idempotency-Key must be 1 to 255 visible ASCII characters.")
        })?;
        let mut hasher = Sha256::new();
        let content_type =
            self.headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
        let if_match = self.headers.get(header::IF_MATCH).map(HeaderValue::as_bytes).unwrap_or_default();
        for part in [self.method.as_bytes(), self.target.as_bytes(), content_type, if_match, self.body] {
            hasher.update((part.len() as u64).to_be_bytes());
            hasher.update(part);
        }
        Ok(Some(Key {
            center: center.to_owned(),
            token_id: caller.principal.token_id,
            key: key.to_owned(),
            digest: hasher.finalize().into(),
        }))
    }
}

/// Runs a write in one transaction. With an Idempotency-Key, a second request gets the first one's answer.
///
/// Answers of requests that wrote nothing are not kept: asking again gives the same refusal, or success once the cause is gone.
pub(crate) async fn write<F>(
    app: &App,
    caller: &Caller,
    center: &str,
    asked: &Asked<'_>,
    work: F,
) -> Result<Response, Problem>
where
    F: AsyncFnOnce(&mut Scoped) -> Result<Reply, Problem>,
{
    let problem = caller.problem();
    let key = asked.key(caller, center)?;
    let mut scoped = Scoped::write(&app.database, center).await.map_err(&problem)?;
    if let Some(key) = &key
        && let Some(answer) = idempotency::claim(&mut scoped, key).await.map_err(&problem)?
    {
        scoped.rollback().await.map_err(&problem)?;
        return Ok(render(answer.status, answer.body, true));
    }
    let reply = match work(&mut scoped).await {
        Ok(reply) => reply,
        Err(refused) => {
            scoped.rollback().await.map_err(&problem)?;
            return Err(refused);
        }
    };
    if reply.keep {
        if let Some(key) = &key {
            let answer = Answer { status: reply.status.as_u16(), body: reply.body.clone() };
            idempotency::keep(&mut scoped, key, &answer).await.map_err(&problem)?;
        }
        scoped.commit().await.map_err(&problem)?;
    } else {
        scoped.rollback().await.map_err(&problem)?;
    }
    Ok(render(reply.status.as_u16(), reply.body, false))
}

/// An answer about a record names its version and place in headers, which follow from the body.
pub(crate) fn render(status: u16, body: Vec<u8>, replayed: bool) -> Response {
    #[derive(serde::Deserialize)]
    struct Named {
        version: Option<i32>,
        location: Option<String>,
    }
    // Bulk answers are long and name no single record.
    let named: Option<Named> =
        if body.len() <= crate::RECORD_LIMIT { serde_json::from_slice(&body).ok() } else { None };
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Some(named) = named {
        if let Some(value) = named.version.and_then(|v| HeaderValue::from_str(&format!("\"{v}\"")).ok()) {
            headers.insert(header::ETAG, value);
        }
        if let Some(value) = named.location.and_then(|l| HeaderValue::from_str(&l).ok()) {
            headers.insert(header::LOCATION, value);
        }
    }
    if replayed {
        headers.insert("idempotent-replayed", HeaderValue::from_static("true"));
    }
    response
}
