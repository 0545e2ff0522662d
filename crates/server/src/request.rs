//! Parts of a request, with problems instead of framework errors.

use crate::problem::Problem;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use serde::de::DeserializeOwned;
use uuid::Uuid;

/// The whole body, or a clear answer when it is too large or was cut off.
pub(crate) fn body(bytes: Result<Bytes, BytesRejection>, limit: usize) -> Result<Bytes, Problem> {
    bytes.map_err(|rejection| {
        if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
            Problem::too_large(limit)
        } else {
            Problem::bad_request("The request body ended before its announced length.")
        }
    })
}

/// The query string; unknown parameters are faults.
pub(crate) fn query<T: DeserializeOwned>(uri: &Uri) -> Result<T, Problem> {
    axum::extract::Query::<T>::try_from_uri(uri).map(|q| q.0).map_err(|rejection| {
        Problem::bad_request(format!(
            "Query string: {}.",
            std::error::Error::source(&rejection).map_or_else(|| rejection.to_string(), ToString::to_string)
        ))
    })
}

/// A JSON body of a fixed shape.
pub(crate) fn json<T: DeserializeOwned>(headers: &HeaderMap, bytes: &[u8]) -> Result<T, Problem> {
    expect_json(headers)?;
    serde_json::from_slice(bytes).map_err(|error| {
        let status = if error.is_data() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::BAD_REQUEST };
        Problem::new(status, "malformed-request", "The request body cannot be read", format!("{error}."))
    })
}

/// Refuses any content type but JSON.
pub(crate) fn expect_json(headers: &HeaderMap) -> Result<(), Problem> {
    match media_type(headers).as_str() {
        "application/json" => Ok(()),
        other => Err(Problem::unsupported(other, "application/json")),
    }
}

/// The content type without its parameters.
pub(crate) fn media_type(headers: &HeaderMap) -> String {
    let value = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// A record id in a path. What is no id is no record.
pub(crate) fn id(text: &str, what: &str) -> Result<Uuid, Problem> {
    Uuid::try_parse(text).map_err(|_| Problem::missing(what))
}

/// The version named by `If-Match`.
pub(crate) fn if_match(headers: &HeaderMap) -> Result<i32, Problem> {
    let Some(value) = headers.get(header::IF_MATCH) else {
        return Err(Problem::new(
            StatusCode::PRECONDITION_REQUIRED,
            "precondition-required",
            "If-Match is required",
            "Send the ETag of the version you have read, for example If-Match: \"1\".",
        ));
    };
    let version = value.to_str().ok().map(|v| v.trim().trim_matches('"')).and_then(|v| v.parse().ok());
    version
        .ok_or_else(|| Problem::bad_request("If-Match must be one ETag of this record, for example \"1\"."))
}

/// Page size and cursor of a list.
pub(crate) const MAX_PAGE: i64 = 1000;

/// Checks a page size.
pub(crate) fn limit(asked: Option<i64>) -> Result<i64, Problem> {
    match asked {
        None => Ok(100),
        Some(n) if (1..=MAX_PAGE).contains(&n) => Ok(n),
        Some(n) => Err(Problem::bad_request(format!("limit is {n}; accepted: 1 to {MAX_PAGE}."))),
    }
}

/// Reads a cursor given out by a list.
pub(crate) fn cursor(text: Option<&str>) -> Result<Option<Uuid>, Problem> {
    text.map(|t| {
        Uuid::try_parse(t).map_err(|_| Problem::bad_request("cursor is not one that a list gave out."))
    })
    .transpose()
}

/// A cursor of several parts as text that nobody is tempted to take apart.
pub(crate) fn opaque(cursor: &str) -> String {
    cursor.bytes().fold(String::with_capacity(cursor.len() * 2), |hex, byte| format!("{hex}{byte:02x}"))
}

/// What [`opaque`] was made of.
pub(crate) fn transparent(text: &str) -> Option<String> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let bytes = pairs.iter().map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
    String::from_utf8(bytes.collect::<Option<_>>()?).ok().filter(|_| rest.is_empty())
}
