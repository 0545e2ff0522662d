//! `POST /v1/submissions`: many records at once, as NDJSON (mixed forms) or CSV (one form).

use crate::App;
use crate::access;
use crate::caller::Caller;
use crate::finding_view::{ErrorItem, OtherRecord, Place, at_other_records, items, opened, queries};
use crate::idempotent::{self, Asked, Reply};
use crate::problem::Problem;
use crate::request;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use axum::routing::post;
use clinical::field::nearest;
use clinical::finding::{Findings, Language};
use clinical::form::{Context, FormDescriptor, Requirement};
use clinical::record::{Entries, Record};
use clinical::rule;
use registry::batch::{self, Candidate, Options, Outcome, Policy};
use registry::review::Opened;
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use uuid::Uuid;

/// The bulk route; it has a body limit of its own.
pub(crate) fn bulk() -> Router<Arc<App>> {
    Router::new().route("/v1/submissions", post(submit))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, Default)]
#[serde(rename_all = "snake_case")]
enum PolicyName {
    #[default]
    AcceptValid,
    AllOrNothing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
enum Detail {
    #[default]
    All,
    Faults,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SubmissionQuery {
    form: Option<String>,
    #[serde(default)]
    dry_run: bool,
    #[serde(default)]
    policy: PolicyName,
    #[serde(default)]
    results: Detail,
}

/// What became of one row.
#[derive(Debug, Serialize)]
struct RowResult {
    row: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    form: Option<&'static str>,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    record_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<i32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<ErrorItem>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    queries: Vec<ErrorItem>,
}

#[derive(Debug, Serialize)]
struct SubmissionView {
    submission_id: Uuid,
    center_id: String,
    dry_run: bool,
    policy: PolicyName,
    committed: bool,
    rows: usize,
    created: usize,
    unchanged: usize,
    rejected: usize,
    with_queries: usize,
    /// Queries that closed because the batch resolved them.
    queries_closed: u64,
    /// Records written earlier that the batch contradicts.
    other_records: Vec<OtherRecord>,
    results: Vec<RowResult>,
}

/// A row as read: a candidate, or what is wrong with it.
struct Row {
    number: u64,
    form: Option<&'static FormDescriptor>,
    read: Result<Candidate, Findings>,
}

async fn submit(
    State(app): State<Arc<App>>,
    caller: Caller,
    uri: Uri,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let center = access::writes(&caller.principal)?;
    let body = request::body(body, app.submission_limit)?;
    let query: SubmissionQuery = request::query(&uri)?;
    let form = query.form.as_deref().map(named_form).transpose()?;
    let context = super::records::context();
    let media_type = request::media_type(&headers);
    let (tabular, language, bytes) = (media_type == "text/csv", caller.language, body.clone());
    let rows = match (media_type.as_str(), form) {
        ("application/x-ndjson" | "application/jsonl", form) => {
            blocking(move || Ok(read_ndjson(&bytes, form, context))).await?
        }
        ("text/csv", Some(form)) => blocking(move || read_csv(&bytes, form, context, language)).await?,
        ("text/csv", None) => {
            return Err(Problem::bad_request(
                "CSV holds records of one form: name it in the query, for example ?form=daily_toxicity.",
            ));
        }
        (other, _) => return Err(Problem::unsupported(other, "application/x-ndjson or text/csv")),
    };
    let asked = Asked { method: "POST", target: &uri.to_string(), headers: &headers, body: &body };
    let options = Options {
        dry_run: query.dry_run,
        policy: if query.policy == PolicyName::AllOrNothing {
            Policy::AllOrNothing
        } else {
            Policy::AcceptValid
        },
    };
    idempotent::write(&app, &caller, center, &asked, async |scoped| {
        let mut candidates = Vec::with_capacity(rows.len());
        let mut places = Vec::with_capacity(rows.len());
        for row in rows {
            places.push((row.number, row.form, row.read.as_ref().err().cloned()));
            candidates.extend(row.read.ok());
        }
        let batch::Written { outcomes, reviewed } =
            batch::write_in(scoped, center, caller.author(), &candidates).await.map_err(caller.problem())?;
        let own = created(&outcomes);
        let unread = places.iter().any(|(_, _, faults)| faults.is_some());
        let keep = options.keeps(unread || outcomes.iter().any(|o| matches!(o, Outcome::Rejected(_))));
        let mut across: HashMap<Uuid, Vec<&Opened>> = HashMap::new();
        for o in reviewed.opened.iter().filter(|o| own.contains(&o.record_id)) {
            across.entry(o.record_id).or_default().push(o);
        }
        let mut written = outcomes.into_iter().zip(&candidates);
        let mut results = Vec::with_capacity(places.len());
        for (number, form, faults) in places {
            let place = Some(Place { row: number, tabular });
            results.push(match faults {
                Some(found) => rejected(number, form, items(&found, language, place)),
                None => match written.next() {
                    Some((outcome, candidate)) => {
                        let mut result = row_result(number, form, outcome, candidate, language, place);
                        let asked = result.record_id.and_then(|id| across.get(&id)).into_iter().flatten();
                        result.queries.extend(asked.map(|o| opened(o, language, place)));
                        result
                    }
                    None => rejected(number, form, Vec::new()),
                },
            });
        }
        let count = |outcome: &str| results.iter().filter(|r| r.outcome == outcome).count();
        let view = SubmissionView {
            submission_id: caller.request_id,
            center_id: center.to_owned(),
            dry_run: query.dry_run,
            policy: query.policy,
            committed: keep,
            rows: results.len(),
            created: count("created"),
            unchanged: count("unchanged"),
            rejected: count("rejected"),
            queries_closed: reviewed.closed,
            other_records: at_other_records(&reviewed, &own, language),
            with_queries: results.iter().filter(|r| !r.queries.is_empty()).count(),
            results: match query.results {
                Detail::All => results,
                Detail::Faults => {
                    results.into_iter().filter(|r| r.outcome == "rejected" || !r.queries.is_empty()).collect()
                }
            },
        };
        Reply::json(StatusCode::OK, &view, keep)
    })
    .await
}

fn created(outcomes: &[Outcome]) -> HashSet<Uuid> {
    let ids = outcomes.iter().filter_map(|o| match o {
        Outcome::Created { record_id } => Some(*record_id),
        _ => None,
    });
    ids.collect()
}

/// Parsing is CPU work; the runtime's workers are for waiting.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    tokio::task::spawn_blocking(work).await.map_err(|error| Problem::of(error.into(), Language::En))?
}

fn named_form(name: &str) -> Result<&'static FormDescriptor, Problem> {
    let names = || clinical::forms::CLINICAL.iter().map(|f| f.name);
    clinical::forms::clinical(name).map(|(_, form)| form).ok_or_else(|| {
        let hint = nearest(name, names()).map_or_else(String::new, |near| format!(" Did you mean {near}?"));
        Problem::bad_request(format!(
            "There is no form `{name}`; accepted: {}.{hint}",
            names().collect::<Vec<_>>().join(", ")
        ))
    })
}

fn rejected(row: u64, form: Option<&'static FormDescriptor>, errors: Vec<ErrorItem>) -> RowResult {
    RowResult {
        row,
        form: form.map(|f| f.name),
        outcome: "rejected",
        record_id: None,
        version: None,
        errors,
        queries: Vec::new(),
    }
}

fn row_result(
    row: u64,
    form: Option<&'static FormDescriptor>,
    outcome: Outcome,
    candidate: &Candidate,
    language: Language,
    place: Option<Place>,
) -> RowResult {
    let asked = queries(&candidate.findings, language, place);
    let accepted = |outcome, record_id, version, queries| RowResult {
        row,
        form: form.map(|f| f.name),
        outcome,
        record_id: Some(record_id),
        version: Some(version),
        errors: Vec::new(),
        queries,
    };
    match outcome {
        Outcome::Created { record_id } => accepted("created", record_id, 1, asked),
        Outcome::Unchanged { record_id, version } => accepted("unchanged", record_id, version, Vec::new()),
        Outcome::Rejected(found) => rejected(row, form, items(&found, language, place)),
    }
}

fn read_ndjson(body: &[u8], form: Option<&'static FormDescriptor>, context: Context) -> Vec<Row> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let lines = body.split(|b| *b == b'\n').enumerate();
    lines
        .filter(|(_, line)| !line.trim_ascii().is_empty())
        .map(|(index, line)| {
            let (form, read) = read_line(line.trim_ascii(), form, context);
            Row { number: index as u64 + 1, form, read }
        })
        .collect()
}

fn read_line(
    line: &[u8],
    asked: Option<&'static FormDescriptor>,
    context: Context,
) -> (Option<&'static FormDescriptor>, Result<Candidate, Findings>) {
    if line.len() > crate::RECORD_LIMIT {
        let mut findings = Findings::new();
        let expected = format!("at most {} bytes a record", crate::RECORD_LIMIT);
        findings.whole(&rule::MALFORMED, Some(format!("{} bytes", line.len())), Some(expected));
        return (asked, Err(findings));
    }
    let entries = match Entries::parse(line) {
        Ok(entries) => entries,
        Err(findings) => return (asked, Err(findings)),
    };
    let named = entries.get("form").and_then(|v| v.as_str());
    let Some(form) = asked.or_else(|| named.and_then(clinical::forms::clinical).map(|(_, form)| form)) else {
        let mut findings = Findings::new();
        let forms: Vec<&str> = clinical::forms::CLINICAL.iter().map(|f| f.name).collect();
        let hint = named.and_then(|n| nearest(n, forms.iter().copied()));
        let hint = hint.map_or_else(String::new, |near| format!("; did you mean {near}?"));
        let received = entries.get("form").map(ToString::to_string);
        findings.at(&rule::FORM, "form", received, Some(format!("one of {}{hint}", forms.join(", "))));
        return (None, Err(findings));
    };
    let (record, findings) = Record::from_json(form, &entries, context);
    (Some(form), candidate(record, findings))
}

fn candidate(record: Option<Record>, findings: Findings) -> Result<Candidate, Findings> {
    match record {
        Some(record) => Ok(Candidate { record, findings }),
        None => Err(findings),
    }
}

fn read_csv(
    body: &[u8],
    form: &'static FormDescriptor,
    context: Context,
    language: Language,
) -> Result<Vec<Row>, Problem> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(body);
    let header = reader
        .headers()
        .map_err(|e| Problem::bad_request(format!("The CSV header cannot be read: {e}.")))?
        .clone();
    let columns = csv_columns(&header, form).map_err(|findings| {
        let place = Some(Place { row: 1, tabular: true });
        let mut problem = Problem::invalid(&findings, language);
        problem.errors = items(&findings, language, place);
        problem
    })?;
    let mut rows = Vec::new();
    let mut record = csv::StringRecord::new();
    loop {
        let line = reader.position().line();
        match reader.read_record(&mut record) {
            Ok(false) => return Ok(rows),
            Ok(true) => {
                let number = record.position().map_or(line, |position| line_of(body, position));
                let read = if record.len() == columns.len() {
                    let (parsed, findings) = Record::from_text(form, &columns, record.iter(), context);
                    candidate(parsed, findings)
                } else {
                    let mut findings = Findings::new();
                    let expected = format!("{} cells, as in the header", columns.len());
                    findings.whole(&rule::MALFORMED, Some(format!("{} cells", record.len())), Some(expected));
                    Err(findings)
                };
                rows.push(Row { number, form: Some(form), read });
            }
            Err(error) => {
                let mut findings = Findings::new();
                findings.whole(&rule::MALFORMED, Some(error.to_string()), Some("UTF-8 text".to_owned()));
                let number = error.position().map_or(line, |position| line_of(body, position));
                rows.push(Row { number, form: Some(form), read: Err(findings) });
                if error.is_io_error() {
                    return Ok(rows);
                }
            }
        }
    }
}

/// The line on which a row begins. The reader's own count stands before the line feed of a CRLF and before blank lines.
fn line_of(body: &[u8], position: &csv::Position) -> u64 {
    let rest = usize::try_from(position.byte()).ok().and_then(|at| body.get(at..)).unwrap_or_default();
    let ends = rest.iter().take_while(|b| matches!(b, b'\r' | b'\n')).filter(|b| **b == b'\n').count();
    position.line() + ends as u64
}

/// The field of each column. Unknown, repeated and missing columns are faults of the file, told all at once.
fn csv_columns(header: &csv::StringRecord, form: &'static FormDescriptor) -> Result<Vec<usize>, Findings> {
    let mut findings = Findings::new();
    let mut columns = Vec::with_capacity(header.len());
    for name in header {
        let name = name.trim();
        match form.field(name) {
            Some((index, _)) if columns.contains(&index) => {
                findings.at(
                    &rule::DUPLICATE_FIELD,
                    name,
                    Some(name.to_owned()),
                    Some("each column once".to_owned()),
                );
            }
            Some((index, _)) => columns.push(index),
            None => {
                let fields = form.fields.iter().map(|f| f.name);
                let hint = nearest(name, fields.clone())
                    .map_or_else(String::new, |near| format!("; did you mean {near}?"));
                let expected = format!("one of {}{hint}", fields.collect::<Vec<_>>().join(", "));
                findings.at(&rule::UNKNOWN_FIELD, name, Some(name.to_owned()), Some(expected));
            }
        }
    }
    for (index, field) in form.fields.iter().enumerate() {
        if field.requirement == Requirement::Mandatory && !columns.contains(&index) {
            findings.at(&rule::MANDATORY, field.name, None, Some(format!("a column {}", field.name)));
        }
    }
    if findings.is_empty() { Ok(columns) } else { Err(findings) }
}
