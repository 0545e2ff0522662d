//! `/v1/queries`: what the registry asks a center.

use crate::App;
use crate::access;
use crate::caller::Caller;
use crate::disclosure;
use crate::problem::Problem;
use crate::request;
use axum::Json;
use axum::extract::State;
use axum::http::Uri;
use registry::query::{self, RecordQuery};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum QueryState {
    Open,
    Resolved,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct QueryFilter {
    /// Only queries in this state.
    #[param(inline)]
    state: Option<QueryState>,
    /// Only queries about this record.
    record_id: Option<Uuid>,
    /// Where the page before ended.
    cursor: Option<String>,
    /// At most so many, 1 to 1000.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<i64>,
}

/// A page of queries.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct QueryPage {
    #[schema(value_type = Vec<Object>)]
    items: Vec<RecordQuery>,
    /// Pass it as `cursor` to read on; null on the last page.
    next_cursor: Option<String>,
}

/// Lists the queries of the caller's centers.
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
    let state = filter.state.map(|s| match s {
        QueryState::Open => "open",
        QueryState::Resolved => "resolved",
    });
    let after = request::cursor(filter.cursor.as_deref())?;
    let mut items = query::list(&app.database, centers, state, filter.record_id, after, limit + 1)
        .await
        .map_err(caller.problem())?;
    let size = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = items.len() > size;
    items.truncate(size);
    let next_cursor = items.last().filter(|_| more).map(|q| q.query_id.to_string());
    let asked = json!({ "filter": { "state": state, "record_id": filter.record_id, "cursor": filter.cursor, "limit": limit } });
    disclosure::read(&app, &caller, "record_query", asked, items.iter().map(|q| q.center_id.as_str()))
        .await?;
    Ok(Json(QueryPage { items, next_cursor }))
}
