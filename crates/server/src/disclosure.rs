//! Telling the audit log what a caller is shown, before it is sent.

use crate::App;
use crate::caller::{self, Caller};
use crate::observe::Seen;
use crate::problem::Problem;
use crate::request;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{Method, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use registry::disclosure::{self, Disclosure, Manner};
use registry::scope::Author;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Routes whose answers hold no patient-level data.
const QUIET: &[&str] = &[
    "/v1/centers",
    "/v1/products",
    "/v1/tokens",
    "/v1/snapshots",
    "/v1/snapshots/{snapshot_id}",
    "/v1/audit/head",
    "/v1/audit/proof",
    "/v1/queries/counts",
    "/v1/completeness",
    "/v1/erasures",
    "/v1/templates/workbook",
];

/// Routes that tell a center what has become of what it has just sent, asked again and again while it is written.
const OWN_WORDS: &[&str] = &["/v1/submissions", "/v1/submissions/{submission_id}"];

/// Logs every successful reading that its handler has not logged in more detail: what nobody has thought of is on record too.
pub(crate) async fn ensure(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let reading = request.method() == Method::GET;
    let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str).to_owned();
    let seen = request.extensions().get::<Seen>().cloned();
    let (uri, language) = (request.uri().clone(), caller::language(request.headers()));
    let response = next.run(request).await;
    let Some(seen) = seen.filter(|s| reading && response.status().is_success() && !s.logged()) else {
        return response;
    };
    let Some(principal) = seen.caller().filter(|p| !p.readable_centers().is_empty()) else { return response };
    let own_words = principal.role.of_one_center() && OWN_WORDS.contains(&route.as_str());
    if own_words || QUIET.contains(&route.as_str()) {
        return response;
    }
    let centers = principal.readable_centers().iter().map(|center| (center.clone(), None)).collect();
    let subject = route.split('/').nth(2).unwrap_or_default();
    let shown = Disclosure { manner: Manner::Read, subject, asked: asked(&route, &uri), centers };
    let author = Author { actor: principal.token_id, request_id: seen.request_id };
    match disclosure::record(&app.database, author, &shown).await {
        Ok(()) => response,
        Err(error) => Problem::of(error, language).into_response(),
    }
}

/// The route, what stands in the place of its parameters, and the query string.
fn asked(route: &str, uri: &Uri) -> Map<String, Value> {
    let mut asked = Map::from_iter([("route".to_owned(), Value::from(route))]);
    for (name, value) in route.split('/').zip(uri.path().split('/')) {
        if let Some(name) = name.strip_prefix('{').and_then(|n| n.strip_suffix('}')) {
            asked.insert(name.to_owned(), Value::from(value));
        }
    }
    asked.insert("filter".to_owned(), filter(uri));
    asked
}

/// The query string as an object, in which an erasure finds the patients it names.
pub(crate) fn filter(uri: &Uri) -> Value {
    let members: Vec<(String, String)> = request::query(uri).unwrap_or_default();
    Value::Object(members.into_iter().map(|(name, value)| (name, Value::from(value))).collect())
}

/// Logs that the caller is shown these rows. Without the entry there is no answer.
///
/// `centers` has the center of every row. A request that found nothing is logged too, under the caller's own center if there is one.
pub(crate) async fn read<'a>(
    app: &App,
    caller: &Caller,
    subject: &str,
    asked: Value,
    centers: impl Iterator<Item = &'a str>,
) -> Result<(), Problem> {
    let mut rows: BTreeMap<String, Option<u64>> = BTreeMap::new();
    for center in centers {
        if let Some(Some(number)) = rows.get_mut(center) {
            *number += 1;
        } else {
            rows.insert(center.to_owned(), Some(1));
        }
    }
    if rows.is_empty()
        && let [only] = caller.principal.readable_centers()
    {
        rows.insert(only.clone(), Some(0));
    }
    log(app, caller, Manner::Read, subject, asked, rows).await
}

/// Logs that a report or an export was made of the rows of these centers, or of all of them.
pub(crate) async fn whole(
    app: &App,
    caller: &Caller,
    manner: Manner,
    subject: &str,
    asked: Value,
    centers: Option<&[String]>,
) -> Result<(), Problem> {
    let centers = centers.unwrap_or_default().iter().map(|center| (center.clone(), None)).collect();
    log(app, caller, manner, subject, asked, centers).await
}

async fn log(
    app: &App,
    caller: &Caller,
    manner: Manner,
    subject: &str,
    asked: Value,
    centers: BTreeMap<String, Option<u64>>,
) -> Result<(), Problem> {
    let asked = match asked {
        Value::Object(members) => members,
        other => Map::from_iter([("asked".to_owned(), other)]),
    };
    let shown = Disclosure { manner, subject, asked, centers };
    disclosure::record(&app.database, caller.author(), &shown).await.map_err(caller.problem())?;
    caller.seen.is_logged();
    Ok(())
}
