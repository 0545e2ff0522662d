//! Request ids, one log line a request, metrics, and what every answer carries in its headers.

use crate::App;
use crate::client_address;
use crate::problem;
use crate::rate_limit::{Decision, WINDOW};
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use registry::principal::Principal;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Instant;
use tracing::Instrument;
use uuid::Uuid;

/// What is known of a request before anybody has looked at its content.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    /// Id of the request; appears in the answer, the log and the audit log.
    pub(crate) request_id: Uuid,
    /// Where it comes from.
    pub(crate) origin: IpAddr,
    limit: Arc<OnceLock<Decision>>,
    caller: Arc<OnceLock<Principal>>,
    logged: Arc<AtomicBool>,
}

impl Default for Seen {
    fn default() -> Self {
        let origin = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
        Self {
            request_id: Uuid::now_v7(),
            origin,
            limit: Arc::default(),
            caller: Arc::default(),
            logged: Arc::default(),
        }
    }
}

impl Seen {
    /// Tells the answer what the caller has left.
    pub(crate) fn tell(&self, decision: Decision) {
        // A request is counted once.
        let _ = self.limit.set(decision);
    }

    /// Tells who sends the request.
    pub(crate) fn by(&self, principal: &Principal) {
        let _ = self.caller.set(principal.clone());
    }

    /// Who sends the request, once that is known.
    pub(crate) fn caller(&self) -> Option<&Principal> {
        self.caller.get()
    }

    /// Notes that the audit log knows what the answer shows.
    pub(crate) fn is_logged(&self) {
        self.logged.store(true, Ordering::Relaxed);
    }

    /// True when the audit log knows what the answer shows.
    pub(crate) fn logged(&self) -> bool {
        self.logged.load(Ordering::Relaxed)
    }
}

/// Answers are data for one caller: nothing may frame, embed, sniff or keep them, or run because of them.
const SECURITY_HEADERS: [(HeaderName, &str); 8] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::CACHE_CONTROL, "no-store"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
    (HeaderName::from_static("x-permitted-cross-domain-policies"), "none"),
];

const NOTHING_RUNS: &str = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The documentation page runs its own scripts and asks this server, nobody else.
const PAGE_RUNS: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Wraps every request. Paths are recorded as route patterns: ids of patients' records stay out of logs and metrics.
pub(crate) async fn observe(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let origin = client_address::origin(request.extensions(), request.headers(), &app.proxies, app.tls);
    let seen = Seen { origin: origin.address, ..Seen::default() };
    let id = seen.request_id;
    request.extensions_mut().insert(seen.clone());
    let method = request.method().clone();
    let page = request.uri().path().starts_with("/docs");
    let route = request.extensions().get::<MatchedPath>().map_or("unmatched", MatchedPath::as_str).to_owned();
    let span = tracing::info_span!("request", %id, %method, route, actor = tracing::field::Empty);
    let begun = Instant::now();
    let mut response = problem::of_framework(next.run(request).instrument(span.clone()).await);
    let seconds = begun.elapsed().as_secs_f64();
    let status = response.status().as_u16();
    span.in_scope(|| tracing::info!(status, seconds, from = %seen.origin, "answered"));
    let labels = [("method", method.to_string()), ("route", route), ("status", status.to_string())];
    metrics::counter!("http_requests_total", &labels).increment(1);
    metrics::histogram!("http_request_seconds", &labels[..2]).record(seconds);
    let headers = response.headers_mut();
    for (name, value) in SECURITY_HEADERS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    let policy = if page { PAGE_RUNS } else { NOTHING_RUNS };
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(policy));
    if origin.secure {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    if let Some(decision) = seen.limit.get() {
        tell_limit(headers, *decision);
    }
    if let Ok(value) = HeaderValue::from_str(&id.to_string()) {
        headers.insert(HeaderName::from_static("x-request-id"), value);
    }
    response
}

/// The fields of draft-ietf-httpapi-ratelimit-headers-10, and the three of its earlier versions that clients know.
fn tell_limit(headers: &mut HeaderMap, decision: Decision) {
    let Decision { limit, remaining, full_in, .. } = decision;
    for (name, value) in [
        ("ratelimit-policy", format!("\"caller\";q={limit};w={WINDOW}")),
        ("ratelimit", format!("\"caller\";r={remaining};t={full_in}")),
        ("ratelimit-limit", limit.to_string()),
        ("ratelimit-remaining", remaining.to_string()),
        ("ratelimit-reset", full_in.to_string()),
    ] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
}
