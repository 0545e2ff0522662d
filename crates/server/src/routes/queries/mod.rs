//! `/v1/queries`: what rules and people ask a center, and the conversation about it.

pub(crate) mod steps;

use crate::App;
use crate::access;
use crate::caller::Caller;
use crate::disclosure;
use crate::idempotent::{self, Reply};
use crate::problem::Problem;
use crate::request;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use chrono::{DateTime, NaiveDate, Utc};
use clinical::finding::Language;
use clinical::rule::Rule;
use registry::query::{self, Filter, GroupBy, RecordQuery, State as QueryState};
use registry::scope::{Scoped, Tx};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

static RULES: LazyLock<HashMap<&'static str, &'static Rule>> =
    LazyLock::new(|| clinical::rule::all().into_iter().map(|r| (r.id, r)).collect());

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct QueryFilter {
    /// Only queries in this state: `open`, `answered`, `resolved`, `reopened`, or several separated by commas.
    state: Option<String>,
    /// Only queries to this center.
    center_id: Option<String>,
    /// Only queries about records of this form.
    form: Option<String>,
    /// Only queries about this patient.
    patient_id: Option<String>,
    /// Only queries about this record.
    record_id: Option<Uuid>,
    /// Only queries asked by this rule.
    rule: Option<String>,
    /// Only queries about this field.
    field: Option<String>,
    /// Only queries asked by rules of one record (`record`), across records (`review`) or by people (`person`).
    origin: Option<String>,
    /// Only queries opened before this day (00:00 UTC) or time.
    opened_before: Option<String>,
    /// Only queries opened on or after this day (00:00 UTC) or time.
    opened_since: Option<String>,
    /// Where the page before ended.
    cursor: Option<String>,
    /// At most so many, 1 to 1000.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<i64>,
    /// For counts: one group per `center`, `form`, `rule` or `patient`.
    by: Option<String>,
}

fn wrong(parameter: &str, received: &str, accepted: &str) -> Problem {
    Problem::bad_request(format!("{parameter} is {received:?}; accepted: {accepted}."))
}

/// A day at midnight UTC, or a time.
fn instant(parameter: &str, text: Option<&str>) -> Result<Option<DateTime<Utc>>, Problem> {
    let Some(text) = text else { return Ok(None) };
    let day = || text.parse::<NaiveDate>().ok().and_then(|d| d.and_hms_opt(0, 0, 0)).map(|t| t.and_utc());
    let time = || DateTime::parse_from_rfc3339(text).ok().map(|t| t.to_utc());
    day().or_else(time).map(Some).ok_or_else(|| wrong(parameter, text, "YYYY-MM-DD or an RFC 3339 time"))
}

impl QueryFilter {
    fn meant(&self) -> Result<Filter, Problem> {
        let codes = self.state.iter().flat_map(|s| s.split(','));
        let states = codes
            .map(|code| {
                QueryState::parse(code.trim())
                    .ok_or_else(|| wrong("state", code, "open, answered, resolved, reopened"))
            })
            .collect::<Result<Vec<_>, _>>()?;
        if let Some(form) = self.form.as_deref().filter(|f| clinical::forms::clinical(f).is_none()) {
            return Err(wrong("form", form, "the name of a form, as in /v1/data-dictionary"));
        }
        if let Some(origin) = self.origin.as_deref().filter(|o| !["record", "review", "person"].contains(o)) {
            return Err(wrong("origin", origin, "record, review, person"));
        }
        Ok(Filter {
            states,
            center_id: self.center_id.clone(),
            form: self.form.clone(),
            patient_id: self.patient_id.clone(),
            record_id: self.record_id,
            rule: self.rule.clone(),
            field: self.field.clone(),
            origin: self.origin.clone(),
            opened_before: instant("opened_before", self.opened_before.as_deref())?,
            opened_since: instant("opened_since", self.opened_since.as_deref())?,
        })
    }

    fn group(&self) -> Result<Option<GroupBy>, Problem> {
        self.by
            .as_deref()
            .map(|by| match by {
                "center" => Ok(GroupBy::Center),
                "form" => Ok(GroupBy::Form),
                "rule" => Ok(GroupBy::Rule),
                "patient" => Ok(GroupBy::Patient),
                other => Err(wrong("by", other, "center, form, rule, patient")),
            })
            .transpose()
    }
}

/// A query as answered.
#[derive(Debug, Serialize)]
struct QueryView {
    #[serde(flatten)]
    query: RecordQuery,
    /// Where the record is.
    record: String,
    /// The rule in the language asked for.
    message: &'static str,
    /// The rule in both languages.
    text: Sentences,
    /// Whole days since it was opened.
    age_days: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    thread: Option<Vec<serde_json::Value>>,
}

#[derive(Debug, Serialize)]
struct Sentences {
    en: &'static str,
    zh: &'static str,
}

impl QueryView {
    fn new(query: RecordQuery, language: Language) -> Self {
        let text = RULES
            .get(query.rule.as_str())
            .map_or(Sentences { en: "", zh: "" }, |r| Sentences { en: r.en, zh: r.zh });
        let path = clinical::forms::clinical(&query.form).map_or("", |(_, form)| form.path);
        Self {
            record: format!("/v1/{path}/{}", query.record_id),
            message: if language == Language::Zh { text.zh } else { text.en },
            text,
            age_days: (Utc::now() - query.opened_at).num_days(),
            thread: None,
            query,
        }
    }
}

/// A page of queries.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct QueryPage {
    #[schema(value_type = Vec<Object>)]
    items: Vec<QueryView>,
    /// Pass it as `cursor` to read on; null on the last page.
    next_cursor: Option<String>,
}

/// Lists the queries of the caller's centers, oldest first.
#[utoipa::path(get, path = "/v1/queries", operation_id = "list_queries", tag = "queries", params(QueryFilter), security(("token" = [])), responses(
    (status = 200, description = "A page of queries", body = QueryPage),
    (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    uri: Uri,
) -> Result<Json<QueryPage>, Problem> {
    let centers = access::reads(&caller.principal)?;
    let filter: QueryFilter = request::query(&uri)?;
    let limit = request::limit(filter.limit)?;
    let after = request::cursor(filter.cursor.as_deref())?;
    let mut items = query::list(&app.database, centers, &filter.meant()?, after, limit + 1)
        .await
        .map_err(caller.problem())?;
    let size = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = items.len() > size;
    items.truncate(size);
    let next_cursor = items.last().filter(|_| more).map(|q| q.query_id.to_string());
    let asked = json!({ "filter": disclosure::filter(&uri) });
    disclosure::read(&app, &caller, "record_query", asked, items.iter().map(|q| q.center_id.as_str()))
        .await?;
    let items = items.into_iter().map(|q| QueryView::new(q, caller.language)).collect();
    Ok(Json(QueryPage { items, next_cursor }))
}

/// How many queries are in each state.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct QueryCounts {
    #[schema(value_type = Object)]
    #[serde(flatten)]
    total: query::Count,
    /// One a group, when asked for with `by`.
    #[schema(value_type = Vec<Object>)]
    groups: Vec<query::Count>,
}

/// Counts the queries of the caller's centers by state, narrowed like the list.
#[utoipa::path(get, path = "/v1/queries/counts", operation_id = "count_queries", tag = "queries", params(QueryFilter), security(("token" = [])), responses(
    (status = 200, description = "Counts per state", body = QueryCounts),
    (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn counts(
    State(app): State<Arc<App>>,
    caller: Caller,
    uri: Uri,
) -> Result<Json<QueryCounts>, Problem> {
    let centers = access::reads(&caller.principal)?;
    let filter: QueryFilter = request::query(&uri)?;
    let (total, groups) = query::count(&app.database, centers, &filter.meant()?, filter.group()?)
        .await
        .map_err(caller.problem())?;
    Ok(Json(QueryCounts { total, groups }))
}

/// A query with everything that was said about it.
#[utoipa::path(get, path = "/v1/queries/{query_id}", operation_id = "read_query", tag = "queries", params(("query_id" = Uuid, Path, description = "Id of the query")), security(("token" = [])), responses(
    (status = 200, description = "The query and its thread", body = Object),
    (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn read(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let centers = access::reads(&caller.principal)?;
    let id = request::id(&id, "query")?;
    let mut tx = Scoped::read(&app.database, centers).await.map_err(caller.problem())?;
    let found = query::find(&mut tx, id).await.map_err(caller.problem())?;
    let view = with_thread(&mut tx, found, &caller).await?;
    let reply = Reply::json(StatusCode::OK, &view, false)?;
    Ok(idempotent::render(200, reply.body, false))
}

async fn with_thread(tx: &mut Tx, found: RecordQuery, caller: &Caller) -> Result<QueryView, Problem> {
    let thread = query::thread(tx, &found).await.map_err(caller.problem())?;
    let events = thread.iter().map(|e| serde_json::to_value(e).unwrap_or_default()).collect();
    Ok(QueryView { thread: Some(events), ..QueryView::new(found, caller.language) })
}
