//! A submission as shown.

use super::{Detail, MOST_RESULTS};
use crate::App;
use crate::finding_view::{ErrorItem, Place, stored};
use crate::problem::Problem;
use clinical::finding::Language;
use intake::Format;
use registry::submission::{self, FaultGroup, OfRow, RowFault, Submission};
use serde_json::{Value, json};

/// Other records told in one answer.
const MOST_OTHERS: i64 = 1_000;

/// How far a submission is, without its rows.
pub(super) fn head(submission: &Submission) -> Value {
    let mut head = serde_json::to_value(submission).unwrap_or(Value::Null);
    let at = format!("/v1/submissions/{}", submission.submission_id);
    let rejected = (submission.rejected > 0 && submission.file_kept).then(|| format!("{at}/rejected"));
    if let Some(members) = head.as_object_mut() {
        members.insert("location".to_owned(), at.into());
        members.insert("rejected_rows".to_owned(), rejected.into());
    }
    head
}

/// A submission with its faults grouped and the rows asked for.
pub(super) async fn whole(
    app: &App,
    centers: &[String],
    submission: &Submission,
    detail: Detail,
    language: Language,
) -> Result<Value, Problem> {
    let problem = |error| Problem::of(error, language);
    let (database, id) = (&app.database, submission.submission_id);
    let groups = submission::fault_groups(database, centers, id).await.map_err(problem)?;
    let others = submission::at_other_records(database, centers, id, MOST_OTHERS).await.map_err(problem)?;
    let listed = match detail {
        Detail::None => None,
        Detail::All => Some(submission::rows(database, centers, id, None, None, MOST_RESULTS + 1).await),
        Detail::Faults => Some(submission::faulty_rows(database, centers, id, None, MOST_RESULTS + 1).await),
    };
    let listed = listed.transpose().map_err(problem)?;
    let mut whole = head(submission);
    if let Some(members) = whole.as_object_mut() {
        let of = |kind: &str| -> Vec<Value> {
            groups.iter().filter(|g| g.kind == kind).map(|g| group(g, submission, language)).collect()
        };
        members.insert("fault_groups".to_owned(), of("fault").into());
        members.insert("query_groups".to_owned(), of("query").into());
        members.insert("other_records".to_owned(), other_records(&others, language).into());
        if let Some(listed) = listed {
            let more = (listed.len() > MOST_RESULTS).then(|| listed.get(MOST_RESULTS - 1)).flatten();
            let next = more.map(|of| format!("{}.{}", of.result.sheet, of.result.row));
            let rows: Vec<Value> =
                listed.iter().take(MOST_RESULTS).map(|of| row(of, submission, language)).collect();
            members.insert("results".to_owned(), rows.into());
            members.insert("next_cursor".to_owned(), next.into());
        }
    }
    Ok(whole)
}

fn sheet(submission: &Submission, sheet: u16) -> Option<&str> {
    submission.sheets.get(usize::from(sheet)).map(String::as_str).filter(|name| !name.is_empty())
}

fn tabular(submission: &Submission) -> bool {
    submission.file_format() != Format::Ndjson
}

fn items(of: &OfRow, kind: &str, submission: &Submission, language: Language) -> Vec<ErrorItem> {
    let place = Place { row: of.result.row, tabular: tabular(submission) };
    of.faults.iter().filter(|f| f.kind == kind).map(|f| stored(f, language, Some(place))).collect()
}

/// What became of a row.
pub(super) fn row(of: &OfRow, submission: &Submission, language: Language) -> Value {
    let result = &of.result;
    let mut row = json!({ "row": result.row, "outcome": result.outcome });
    let Some(members) = row.as_object_mut() else { return row };
    let mut put = |name: &str, value: Value| {
        if !value.is_null() && value.as_array().is_none_or(|a| !a.is_empty()) {
            members.insert(name.to_owned(), value);
        }
    };
    put("sheet", sheet(submission, result.sheet).into());
    put("form", result.form.clone().into());
    put("record_id", result.record_id.map(|id| id.to_string()).into());
    put("version", result.version.into());
    for (name, kind) in [("errors", "fault"), ("queries", "query")] {
        put(name, serde_json::to_value(items(of, kind, submission, language)).unwrap_or(Value::Null));
    }
    row
}

/// Identical faults: how many rows, which values, what would be accepted and what was probably meant.
fn group(group: &FaultGroup, submission: &Submission, language: Language) -> Value {
    let form = group.form.as_deref().and_then(clinical::forms::clinical).map(|(_, form)| form);
    let fix = |received: Option<&str>| form.and_then(|f| intake::likely_fix(f, &group.field, received?));
    let values: Vec<Value> = group
        .values
        .iter()
        .map(|value| {
            json!({ "received": value.received, "rows": value.rows, "likely_fix": fix(value.received.as_deref()) })
        })
        .collect();
    let first: Vec<Value> = group
        .first
        .iter()
        .map(|(number, row)| match u16::try_from(*number).ok().and_then(|s| sheet(submission, s)) {
            Some(sheet) => json!({ "sheet": sheet, "row": row }),
            None => json!({ "row": row }),
        })
        .collect();
    json!({
        "rule": group.rule,
        "form": group.form,
        "field": (!group.field.is_empty()).then_some(&group.field),
        "message": crate::finding_view::message(&group.rule, language),
        "rows": group.rows,
        "first_rows": first,
        "distinct_values": group.distinct_values,
        "values": values,
        "expected": group.expected,
    })
}

/// A fault in one sentence, as it stands beside a rejected row.
pub(super) fn sentence(fault: &RowFault, language: Language) -> String {
    let mut text = String::new();
    if !fault.field.is_empty() {
        text.push_str(&fault.field);
        text.push_str(": ");
    }
    text.push_str(&crate::finding_view::message(&fault.rule, language));
    for (label, value) in [("; received ", &fault.received), ("; expected ", &fault.expected)] {
        if let Some(value) = value {
            text.push_str(label);
            text.push_str(value);
        }
    }
    text
}

fn other_records(faults: &[RowFault], language: Language) -> Vec<Value> {
    let mut others: Vec<Value> = Vec::new();
    for fault in faults {
        let id = fault.of.record_id.map(|id| id.to_string());
        let item = serde_json::to_value(stored(fault, language, None)).unwrap_or(Value::Null);
        match others.last_mut() {
            Some(last) if last["record_id"].as_str() == id.as_deref() => {
                if let Some(queries) = last["queries"].as_array_mut() {
                    queries.push(item);
                }
            }
            _ => others.push(json!({
                "form": fault.of.form, "record_id": id, "patient_id": fault.patient_id, "queries": [item],
            })),
        }
    }
    others
}
