//! A small client of the HTTP interface.

use crate::cli::Remote;
use crate::failure::Failure;
use serde_json::Value;
use std::fmt::Write;
use std::time::Duration;

/// Sends requests with a token.
pub(crate) struct Client {
    agent: ureq::Agent,
    url: String,
    authorization: String,
}

/// An answer with its body.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// The body as JSON.
    pub(crate) fn json(&self) -> Result<Value, Failure> {
        serde_json::from_slice(&self.body)
            .map_err(|e| Failure::internal(format!("the server's answer is not JSON: {e}")))
    }

    /// The answer, or the server's problem in words.
    pub(crate) fn success(self) -> Result<Self, Failure> {
        if (200..300).contains(&self.status) {
            return Ok(self);
        }
        let problem: Value = serde_json::from_slice(&self.body).unwrap_or(Value::Null);
        let text = |name: &str| problem.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let mut message =
            format!("the server answered {}: {} {}", self.status, text("title"), text("detail"));
        for error in problem.get("errors").and_then(Value::as_array).into_iter().flatten() {
            message.push_str("\n  ");
            message.push_str(&describe(error));
        }
        Err(if self.status < 500 { Failure::Input(message) } else { Failure::Internal(message) })
    }
}

/// A fault of a row in one line.
pub(crate) fn describe(error: &Value) -> String {
    let text = |name: &str| match error.get(name) {
        Some(Value::String(text)) if !text.is_empty() => Some(text.clone()),
        Some(Value::Number(number)) => Some(number.to_string()),
        _ => None,
    };
    let mut line = String::new();
    if let Some(row) = text("row") {
        let _ = write!(line, "row {row}, ");
    }
    if let Some(place) = text("column").or_else(|| text("pointer")) {
        let _ = write!(line, "{place}: ");
    }
    line.push_str(&text("message").unwrap_or_default());
    if let Some(received) = text("received") {
        let _ = write!(line, "; received {received}");
    }
    if let Some(expected) = text("expected") {
        let _ = write!(line, "; expected {expected}");
    }
    let _ = write!(line, " [{}]", text("rule").unwrap_or_default());
    line
}

impl Client {
    pub(crate) fn new(remote: &Remote) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_connect(Some(Duration::from_secs(10)))
            .timeout_global(Some(Duration::from_mins(30)))
            .build();
        Self {
            agent: config.into(),
            url: remote.url.trim_end_matches('/').to_owned(),
            authorization: format!("Bearer {}", remote.token),
        }
    }

    fn received(
        &self,
        sent: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
    ) -> Result<Answer, Failure> {
        let unreachable = |error: ureq::Error| Failure::internal(format!("{}: {error}", self.url));
        let mut response = sent.map_err(unreachable)?;
        let status = response.status().as_u16();
        let body = response.body_mut().with_config().limit(1 << 32).read_to_vec().map_err(unreachable)?;
        Ok(Answer { status, body })
    }

    pub(crate) fn get(&self, path: &str) -> Result<Answer, Failure> {
        let url = format!("{}{path}", self.url);
        self.received(self.agent.get(&url).header("authorization", &self.authorization).call())
    }

    pub(crate) fn post(
        &self,
        path: &str,
        content_type: &str,
        accept: &str,
        body: &[u8],
    ) -> Result<Answer, Failure> {
        let request =
            self.agent.post(format!("{}{path}", self.url)).header("authorization", &self.authorization);
        self.received(request.header("content-type", content_type).header("accept", accept).send(body))
    }

    /// Sends a body with a preference (RFC 7240).
    pub(crate) fn post_preferring(
        &self,
        preference: &str,
        path: &str,
        content_type: &str,
        body: &[u8],
    ) -> Result<Answer, Failure> {
        let request =
            self.agent.post(format!("{}{path}", self.url)).header("authorization", &self.authorization);
        self.received(request.header("content-type", content_type).header("prefer", preference).send(body))
    }

    pub(crate) fn post_json(&self, path: &str, body: &Value) -> Result<Answer, Failure> {
        self.post(path, "application/json", "application/json", body.to_string().as_bytes())
    }
}
