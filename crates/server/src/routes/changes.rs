//! `/v1/changes`: what was written to the records of the caller's centers since a cursor.

use crate::App;
use crate::access;
use crate::caller::Caller;
use crate::disclosure;
use crate::problem::Problem;
use crate::request;
use axum::Json;
use axum::extract::State;
use axum::http::Uri;
use registry::audit::seal;
use registry::changes::{self, Change, Place};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ChangeFilter {
    /// The `next_cursor` of the page before; from the beginning when left out.
    #[serde(alias = "cursor")]
    since: Option<String>,
    /// Only records of this form.
    form: Option<String>,
    /// At most so many, 1 to 1000.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<i64>,
}

/// Changes after a cursor.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChangePage {
    /// In the order of the sealed log.
    #[schema(value_type = Vec<Object>)]
    items: Vec<Change>,
    /// Pass it as `since` to go on, now or later.
    next_cursor: String,
    /// False when there is more to read at once.
    up_to_date: bool,
}

fn write_cursor(place: &Place) -> String {
    let text = format!(
        "{}.{}.{}.{}.{}",
        place.generation,
        place.xid,
        place.record_id.simple(),
        place.version,
        place.center_id
    );
    request::opaque(&text)
}

fn read_cursor(text: &str) -> Option<Place> {
    let text = request::transparent(text)?;
    let mut parts = text.splitn(5, '.');
    let place = Place {
        generation: parts.next()?.parse().ok()?,
        xid: parts.next()?.parse().ok()?,
        record_id: Uuid::try_parse(parts.next()?).ok()?,
        version: parts.next()?.parse().ok()?,
        center_id: parts.next().filter(|c| !c.contains('\0'))?.to_owned(),
    };
    Some(place)
}

/// New records, corrections and retractions of the caller's centers, in commit order: nothing is lost and nothing is told twice, whatever
/// is written meanwhile.
#[utoipa::path(get, path = "/v1/changes", operation_id = "list_changes", tag = "records", params(ChangeFilter), security(("token" = [])), responses(
    (status = 200, description = "Changes, and where to go on", body = ChangePage),
    (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    uri: Uri,
) -> Result<Json<ChangePage>, Problem> {
    let centers = access::reads(&caller.principal)?;
    let asked: ChangeFilter = request::query(&uri)?;
    let limit = request::limit(asked.limit)?;
    let place = match asked.since.as_deref() {
        None | Some("") => Place::default(),
        Some(text) => read_cursor(text)
            .ok_or_else(|| Problem::bad_request("since is not a cursor that this feed gave out."))?,
    };
    if let Some(form) = asked.form.as_deref().filter(|f| clinical::forms::clinical(f).is_none()) {
        return Err(Problem::bad_request(format!(
            "form is {form:?}; accepted: the name of a form, as in /v1/data-dictionary."
        )));
    }
    // What was acknowledged before this request is told by it, unless a transaction that began earlier is still under way.
    seal::seal(&app.database, &app.sealing_key).await.map_err(caller.problem())?;
    let mut items = changes::since(&app.database, centers, &place, asked.form.as_deref(), limit + 1)
        .await
        .map_err(caller.problem())?;
    let size = usize::try_from(limit).unwrap_or(usize::MAX);
    let up_to_date = items.len() <= size;
    items.truncate(size);
    if items.is_empty() {
        // A center polls all day: that nothing is new shows nothing of a patient, and one entry a poll would bury the others.
        caller.seen.is_logged();
    } else {
        let asked = json!({ "filter": disclosure::filter(&uri) });
        let rows = items.iter().map(|c| c.place.center_id.as_str());
        disclosure::read(&app, &caller, "changes", asked, rows).await?;
    }
    let next_cursor = write_cursor(items.last().map_or(&place, |c| &c.place));
    Ok(Json(ChangePage { items, next_cursor, up_to_date }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_are_read_as_written_and_nothing_else_is() {
        let place = Place {
            generation: 2,
            xid: 7_000_000_000,
            center_id: "T.1 x".to_owned(),
            record_id: Uuid::from_u128(5),
            version: 3,
        };
        for place in [place, Place::default()] {
            assert_eq!(read_cursor(&write_cursor(&place)), Some(place));
        }
        for wrong in ["1", "zz", "é", "312e32", "00000000"] {
            assert_eq!(read_cursor(wrong), None, "{wrong}");
        }
    }
}
