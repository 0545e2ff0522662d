//! A client that holds every answer against what all answers must be.

use serde_json::Value;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;
use ureq::http::{HeaderMap, Request};

/// Sends requests, with a token or without.
#[derive(Clone)]
pub(crate) struct Client {
    agent: ureq::Agent,
    pub(crate) url: String,
    pub(crate) token: Option<String>,
}

/// An answer, read to its end.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |v| v.to_str().unwrap())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{}: {e}: {}", self.status, self.text()))
    }

    /// The answer's JSON, of which the status is as expected.
    #[track_caller]
    pub(crate) fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        if self.body.is_empty() { Value::Null } else { self.json() }
    }

    /// `rule pointer` of every fault, sorted.
    pub(crate) fn faults(&self) -> Vec<String> {
        rules_of(&self.json()["errors"])
    }

    /// Every answer must hold to this, whatever was asked.
    #[track_caller]
    pub(crate) fn check(&self) {
        assert!(self.status < 500 || self.status == 503, "{}: {}", self.status, self.text());
        if self.status < 400 {
            return;
        }
        assert_eq!(
            self.header("content-type"),
            "application/problem+json",
            "{} {}",
            self.status,
            self.text()
        );
        let problem = self.json();
        assert_eq!(problem["status"], self.status, "{problem}");
        for member in ["type", "title", "detail"] {
            assert!(problem[member].as_str().is_some_and(|t| !t.is_empty()), "no {member}: {problem}");
        }
        assert!(problem["type"].as_str().unwrap().starts_with("urn:sequela:problem:"), "{problem}");
        for error in problem["errors"].as_array().into_iter().flatten() {
            assert!(error["rule"].as_str().is_some_and(|r| r.contains('.')), "{problem}");
            assert!(error["message"].as_str().is_some_and(|m| !m.is_empty()), "{problem}");
            assert!(error["pointer"].is_string(), "{problem}");
        }
    }
}

/// `rule pointer` of every item of an `errors` or `queries` member, sorted.
pub(crate) fn rules_of(items: &Value) -> Vec<String> {
    let one = |e: &Value| format!("{} {}", e["rule"].as_str().unwrap(), e["pointer"].as_str().unwrap());
    let mut rules: Vec<String> =
        items.as_array().into_iter().flatten().map(|e| one(e).trim_end().to_owned()).collect();
    rules.sort();
    rules
}

impl Client {
    pub(crate) fn new(url: &str, token: Option<&str>) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_connect(Some(Duration::from_secs(10)))
            .max_redirects(0)
            .build();
        Self { agent: config.into(), url: url.to_owned(), token: token.map(str::to_owned) }
    }

    /// The same server as another caller.
    pub(crate) fn with_token(&self, token: Option<&str>) -> Self {
        Self { token: token.map(str::to_owned), ..self.clone() }
    }

    /// An answer, or why there was none.
    pub(crate) fn try_send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Answer, ureq::Error> {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.url));
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut response = if matches!(method, "POST" | "PUT" | "PATCH") {
            self.agent.run(request.body(body).unwrap())?
        } else {
            self.agent.run(request.body(()).unwrap())?
        };
        let body = response.body_mut().with_config().limit(1 << 31).read_to_vec()?;
        Ok(Answer { status: response.status().as_u16(), headers: response.headers().clone(), body })
    }

    #[track_caller]
    pub(crate) fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let answer =
            self.try_send(method, path, headers, body).unwrap_or_else(|e| panic!("{method} {path}: {e}"));
        answer.check();
        answer
    }

    #[track_caller]
    pub(crate) fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], &[])
    }

    #[track_caller]
    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        self.post_with(path, &[], body)
    }

    #[track_caller]
    pub(crate) fn post_with(&self, path: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
        let headers = [&[("content-type", "application/json")], headers].concat();
        self.send("POST", path, &headers, body.to_string().as_bytes())
    }

    /// Amends a record.
    #[track_caller]
    pub(crate) fn amend(&self, path: &str, version: i64, reason: &str, data: &Value) -> Answer {
        let etag = format!("\"{version}\"");
        let body = serde_json::json!({ "reason": reason, "data": data }).to_string();
        let headers = [("content-type", "application/json"), ("if-match", etag.as_str())];
        self.send("PUT", path, &headers, body.as_bytes())
    }

    /// Retracts a record.
    #[track_caller]
    pub(crate) fn retract(&self, path: &str, version: i64, reason: &str) -> Answer {
        let etag = format!("\"{version}\"");
        let body = serde_json::json!({ "reason": reason });
        self.post_with(&format!("{path}/retraction"), &[("if-match", &etag)], &body)
    }

    /// Submits NDJSON; `query` is empty or begins with `?`.
    #[track_caller]
    pub(crate) fn submit(&self, query: &str, body: &[u8]) -> Answer {
        let headers = [("content-type", "application/x-ndjson")];
        self.send("POST", &format!("/v1/submissions{query}"), &headers, body)
    }

    /// Submits CSV of one form.
    #[track_caller]
    pub(crate) fn submit_csv(&self, form: &str, body: &[u8]) -> Answer {
        let headers = [("content-type", "text/csv")];
        self.send("POST", &format!("/v1/submissions?form={form}"), &headers, body)
    }

    /// Sends bytes as they are and reads the one answer.
    #[track_caller]
    pub(crate) fn raw(&self, bytes: &[u8]) -> Answer {
        self.raw_then(bytes, |_| {})
    }

    /// Sends bytes as they are, ends the sending side there, and reads the one answer.
    #[track_caller]
    pub(crate) fn raw_cut(&self, bytes: &[u8]) -> Answer {
        self.raw_then(bytes, |stream| {
            let _ = stream.shutdown(std::net::Shutdown::Write);
        })
    }

    #[track_caller]
    fn raw_then(&self, bytes: &[u8], end: fn(&TcpStream)) -> Answer {
        let mut stream = TcpStream::connect(self.url.trim_start_matches("http://")).unwrap();
        let mut sending = stream.try_clone().unwrap();
        let received = std::thread::scope(|scope| {
            scope.spawn(move || {
                // A server that has refused a body already need not read the rest of it.
                let _ = sending.write_all(bytes);
                end(&sending);
            });
            let mut received = Vec::new();
            let _ = stream.read_to_end(&mut received);
            received
        });
        parse(&received)
    }

    /// The request line and headers of a request of this caller, up to the empty line.
    pub(crate) fn raw_head(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> String {
        let mut head = format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n");
        if let Some(token) = &self.token {
            head.push_str("authorization: Bearer ");
            head.push_str(token);
            head.push_str("\r\n");
        }
        for (name, value) in headers {
            head.push_str(name);
            head.push_str(": ");
            head.push_str(value);
            head.push_str("\r\n");
        }
        head + "\r\n"
    }
}

/// An answer as it came over the wire, with a body of known length or to the end of the stream.
fn parse(received: &[u8]) -> Answer {
    let end = received.windows(4).position(|w| w == b"\r\n\r\n");
    let end = end.unwrap_or_else(|| panic!("no answer: {:?}", String::from_utf8_lossy(received)));
    let head = std::str::from_utf8(received.get(..end).unwrap()).unwrap();
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|l| l.split(' ').nth(1)).unwrap().parse().unwrap();
    let headers = lines
        .map(|line| line.split_once(": ").unwrap())
        .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
        .collect::<Vec<(ureq::http::HeaderName, ureq::http::HeaderValue)>>();
    Answer { status, headers: headers.into_iter().collect(), body: received.get(end + 4..).unwrap().to_vec() }
}
