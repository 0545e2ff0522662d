//! `/v1/due`, `/v1/patients/{record_id}/due` and `/v1/completeness`: what is due, and how complete a center's data are.

use crate::App;
use crate::access;
use crate::caller::Caller;
use crate::problem::Problem;
use crate::request;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::Uri;
use chrono::{NaiveDate, Utc};
use clinical::criteria::visits::{Purpose, Timetable, VisitState};
use clinical::due::{Completeness, Due};
use registry::due::{self, Cursor};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AsOf {
    /// The day asked about, YYYY-MM-DD; today when left out. What is dated later is not looked at.
    as_of: Option<String>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DueFilter {
    /// The day asked about, YYYY-MM-DD; today when left out. What is dated later is not looked at.
    as_of: Option<String>,
    /// Only points in this state: `due`, `overdue`, `met`, `missed`, `not_due`, `excluded`, or several separated by commas.
    state: Option<String>,
    /// Only points of this center.
    center_id: Option<String>,
    /// Only points of this patient.
    patient_id: Option<String>,
    /// Only points of this timetable, by its id.
    timetable: Option<String>,
    /// Only points of this purpose: `follow_up`, `response`, `kinetics`, `persistence`.
    purpose: Option<String>,
    /// Only points whose window closes on or before this day.
    closing_before: Option<String>,
    /// Where the page before ended.
    cursor: Option<String>,
    /// At most so many, 1 to 1000.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<i64>,
}

fn wrong(parameter: &str, received: &str, accepted: &str) -> Problem {
    Problem::bad_request(format!("{parameter} is {received:?}; accepted: {accepted}."))
}

fn day(parameter: &str, text: Option<&str>) -> Result<Option<NaiveDate>, Problem> {
    text.map(|t| t.parse().map_err(|_| wrong(parameter, t, "a date YYYY-MM-DD"))).transpose()
}

fn as_of(text: Option<&str>) -> Result<NaiveDate, Problem> {
    Ok(day("as_of", text)?.unwrap_or_else(|| Utc::now().date_naive()))
}

/// A point as listed.
#[derive(Debug, Serialize)]
struct PointView {
    center_id: String,
    patient_id: String,
    #[serde(flatten)]
    due: Due,
    /// Days since the target, while it is overdue.
    #[serde(skip_serializing_if = "Option::is_none")]
    days_overdue: Option<i64>,
    /// Days until the window closes, while it is due or overdue.
    #[serde(skip_serializing_if = "Option::is_none")]
    days_left: Option<i64>,
}

impl PointView {
    fn new((center_id, patient_id): (String, String), due: Due, as_of: NaiveDate) -> Self {
        let overdue = due.state == VisitState::Overdue;
        let open = overdue || due.state == VisitState::Due;
        Self {
            days_overdue: overdue.then(|| (as_of - due.target_date).num_days()),
            days_left: open.then(|| (due.window.to - as_of).num_days()),
            center_id,
            patient_id,
            due,
        }
    }
}

/// A patient's points.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PatientDue {
    center_id: String,
    patient_id: String,
    as_of: NaiveDate,
    /// By infusion, timetable and time.
    #[schema(value_type = Vec<Object>)]
    items: Vec<PointView>,
}

/// Every scheduled point of a patient: follow-up, response, CAR-T cells in blood.
#[utoipa::path(get, path = "/v1/patients/{record_id}/due", operation_id = "read_due_of_patient", tag = "due", params(("record_id" = String, Path, description = "Id of the patient's record, or the center's own patient_id"), AsOf), security(("token" = [])), responses(
    (status = 200, description = "The points and where they stand", body = PatientDue),
    (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn of_patient(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    uri: Uri,
) -> Result<Json<PatientDue>, Problem> {
    let centers = access::reads(&caller.principal)?;
    let asked: AsOf = request::query(&uri)?;
    let as_of = as_of(asked.as_of.as_deref())?;
    let record_id = Uuid::try_parse(&id).ok();
    let found =
        due::of_patient(&app.database, centers, record_id, &id, as_of).await.map_err(caller.problem())?;
    let (key, all) = found.ok_or_else(|| Problem::missing("record"))?;
    let items = all.into_iter().map(|d| PointView::new(key.clone(), d, as_of)).collect();
    Ok(Json(PatientDue { center_id: key.0, patient_id: key.1, as_of, items }))
}

/// A page of a work list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DuePage {
    as_of: NaiveDate,
    /// By center, patient, infusion, timetable and time.
    #[schema(value_type = Vec<Object>)]
    items: Vec<PointView>,
    /// Pass it as `cursor` to read on; null on the last page.
    next_cursor: Option<String>,
}

/// Cursors are the key after which to go on, length first, so that no identifier can be mistaken for another.
fn write_cursor(cursor: &Cursor) -> String {
    let (center, patient) = &cursor.key;
    request::opaque(&format!("{}.{}.{center}{patient}", cursor.told, center.len()))
}

fn read_cursor(text: &str) -> Option<Cursor> {
    let text = request::transparent(text)?;
    let (told, rest) = text.split_once('.')?;
    let (length, names) = rest.split_once('.')?;
    let (center, patient) = names.split_at_checked(length.parse().ok()?)?;
    Some(Cursor { key: (center.to_owned(), patient.to_owned()), told: told.parse().ok()? })
}

fn states(text: Option<&str>) -> Result<Vec<VisitState>, Problem> {
    let codes = text.iter().flat_map(|t| t.split(',')).map(str::trim);
    codes
        .map(|code| {
            VisitState::ALL
                .iter()
                .copied()
                .find(|s| s.code() == code)
                .ok_or_else(|| wrong("state", code, "due, overdue, met, missed, not_due, excluded"))
        })
        .collect()
}

/// The work list of the caller's centers.
#[utoipa::path(get, path = "/v1/due", operation_id = "list_due", tag = "due", params(DueFilter), security(("token" = [])), responses(
    (status = 200, description = "A page of points", body = DuePage),
    (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    uri: Uri,
) -> Result<Json<DuePage>, Problem> {
    let centers = access::reads(&caller.principal)?;
    let filter: DueFilter = request::query(&uri)?;
    let as_of = as_of(filter.as_of.as_deref())?;
    let limit = usize::try_from(request::limit(filter.limit)?).unwrap_or(1);
    let states = states(filter.state.as_deref())?;
    let closing = day("closing_before", filter.closing_before.as_deref())?;
    if let Some(id) = filter.timetable.as_deref().filter(|id| Timetable::by_id(id).is_none()) {
        let ids: Vec<&str> = Timetable::all().unwrap_or_default().iter().map(|t| t.id.as_str()).collect();
        return Err(wrong("timetable", id, &ids.join(", ")));
    }
    let purpose = filter.purpose.as_deref();
    let purpose = purpose
        .map(|code| {
            let known = Purpose::ALL.iter().copied().find(|p| p.code() == code);
            known.ok_or_else(|| wrong("purpose", code, "follow_up, response, kinetics, persistence"))
        })
        .transpose()?;
    let cursor = filter.cursor.as_deref().map(|text| {
        read_cursor(text).ok_or_else(|| Problem::bad_request("cursor is not one that a list gave out."))
    });
    let cursor = cursor.transpose()?.unwrap_or_default();
    let centers: Vec<String> =
        centers.iter().filter(|c| filter.center_id.as_ref().is_none_or(|id| id == *c)).cloned().collect();
    if cursor.told > 0 && !centers.contains(&cursor.key.0) {
        return Ok(Json(DuePage { as_of, items: Vec::new(), next_cursor: None }));
    }
    let keep = |d: &Due| {
        (states.is_empty() || states.contains(&d.state))
            && purpose.is_none_or(|p| p == d.purpose)
            && filter.timetable.as_deref().is_none_or(|id| id == d.timetable)
            && closing.is_none_or(|day| d.window.to <= day)
    };
    let (items, next) =
        due::list(&app.database, &centers, filter.patient_id.as_deref(), as_of, keep, cursor, limit)
            .await
            .map_err(caller.problem())?;
    let items =
        items.into_iter().map(|i| PointView::new((i.center_id, i.patient_id), i.due, as_of)).collect();
    Ok(Json(DuePage { as_of, items, next_cursor: next.as_ref().map(write_cursor) }))
}

/// Completeness of each center.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CompletenessView {
    as_of: NaiveDate,
    /// One a center.
    #[schema(value_type = Vec<Object>)]
    centers: Vec<OfCenter>,
    /// All of them together.
    #[schema(value_type = Object)]
    all: Completeness,
}

#[derive(Debug, Serialize)]
struct OfCenter {
    center_id: String,
    #[serde(flatten)]
    figures: Completeness,
}

/// Critical fields filled, points done on time, person-time observed over expected (Clark's C), by center.
#[utoipa::path(get, path = "/v1/completeness", operation_id = "read_completeness", tag = "due", params(AsOf), security(("token" = [])), responses(
    (status = 200, description = "The figures of the caller's centers", body = CompletenessView),
    (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn completeness(
    State(app): State<Arc<App>>,
    caller: Caller,
    uri: Uri,
) -> Result<Json<CompletenessView>, Problem> {
    let centers = access::reads(&caller.principal)?;
    let asked: AsOf = request::query(&uri)?;
    let as_of = as_of(asked.as_of.as_deref())?;
    let figures = due::of_centers(&app.database, centers, as_of).await.map_err(caller.problem())?;
    let mut all = Completeness::default();
    for of_center in figures.values() {
        all.add(of_center);
    }
    let centers = figures.into_iter().map(|(center_id, figures)| OfCenter { center_id, figures }).collect();
    Ok(Json(CompletenessView { as_of, centers, all }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_are_read_as_written_and_nothing_else_is() {
        for (center, patient, told) in [("A", "P 1", 0), ("T-1", "x.y.z", 12), ("", "", 3)] {
            let cursor = Cursor { key: (center.to_owned(), patient.to_owned()), told };
            assert_eq!(read_cursor(&write_cursor(&cursor)), Some(cursor));
        }
        for wrong in ["", "0", "zz", "302e", "é", "00", "2d312e302e"] {
            assert_eq!(read_cursor(wrong), None, "{wrong}");
        }
    }
}
