//! The rows of a part: read, and told what became of them.

use super::Submission;
use super::results::{RowFault, RowResult};
use crate::batch::{Candidate, Outcome};
use crate::error::{Error, Result};
use crate::review::{Opened, Reviewed};
use chrono::{Duration, Utc};
use clinical::Finding;
use clinical::finding::Findings;
use clinical::form::Context;
use clinical::rule::Severity;
use intake::{Part, Table};
use std::collections::HashMap;
use uuid::Uuid;

/// The rows of a part after reading.
pub(super) struct PartRows {
    /// In the order of the file: what was read, with the position of its candidate.
    rows: Vec<ReadRow>,
    pub(super) candidates: Vec<Candidate>,
}

pub(super) struct ReadRow {
    place: intake::Place,
    form: Option<&'static str>,
    /// Position of the candidate, or why there is none.
    read: std::result::Result<usize, Findings>,
}

/// What a part adds to the counts.
#[derive(Default, Clone, Copy)]
pub(super) struct Counts {
    pub(super) rows: i64,
    pub(super) created: i64,
    pub(super) updated: i64,
    pub(super) unchanged: i64,
    pub(super) rejected: i64,
    pub(super) with_queries: i64,
    pub(super) queries_closed: i64,
}

/// Reads the rows of a part on a thread for work; the runtime's workers are for waiting.
pub(super) fn read(
    submission: &Submission,
    tables: &[Table],
    part: Part,
) -> tokio::task::JoinHandle<Result<PartRows>> {
    let form = submission.form.as_deref().and_then(clinical::forms::clinical).map(|(_, form)| form);
    let tables = tables.to_vec();
    // At the latest place on earth: dates after it are in the future everywhere.
    let context = Context { today: (Utc::now() + Duration::hours(14)).date_naive() };
    tokio::task::spawn_blocking(move || {
        let raw = part
            .rows()
            .map_err(|source| Error::File { path: "a part of a submission".to_owned(), source })?;
        let mut rows = Vec::with_capacity(raw.len());
        let mut candidates = Vec::with_capacity(raw.len());
        for row in raw {
            let read = row.read(&tables, form, context);
            let outcome = match read.record {
                Some(record) => {
                    candidates.push(Candidate { record, findings: read.findings, seen: read.seen });
                    Ok(candidates.len() - 1)
                }
                None => Err(read.findings),
            };
            rows.push(ReadRow { place: read.place, form: read.form.map(|f| f.name), read: outcome });
        }
        Ok(PartRows { rows, candidates })
    })
}

/// What is to be told about the rows of a part that was written.
pub(super) fn told(
    part: &PartRows,
    outcomes: Vec<Outcome>,
    reviewed: &Reviewed,
) -> (Vec<RowResult>, Vec<RowFault>, Counts) {
    let mut across: HashMap<Uuid, Vec<&Opened>> = HashMap::new();
    for opened in &reviewed.opened {
        across.entry(opened.record_id).or_default().push(opened);
    }
    let mut results = Vec::with_capacity(part.rows.len());
    let mut faults = Vec::new();
    let mut counts = Counts { queries_closed: signed(reviewed.closed), ..Counts::default() };
    let mut outcomes: Vec<Option<Outcome>> = outcomes.into_iter().map(Some).collect();
    for row in &part.rows {
        let mut result = RowResult {
            sheet: row.place.table,
            row: row.place.row,
            form: row.form.map(str::to_owned),
            outcome: "rejected".to_owned(),
            record_id: None,
            version: None,
        };
        counts.rows += 1;
        let outcome = match &row.read {
            Err(findings) => Err(findings.clone()),
            Ok(index) => match outcomes.get_mut(*index).and_then(Option::take) {
                Some(Outcome::Rejected(findings)) => Err(findings),
                Some(accepted) => Ok((accepted, part.candidates.get(*index))),
                None => Err(Findings::new()),
            },
        };
        match outcome {
            Err(findings) => {
                counts.rejected += 1;
                faults.extend(findings.of(Severity::Hard).map(|f| found(f, "fault", &result)));
            }
            Ok((accepted, candidate)) => {
                let new = accept(&mut result, &accepted, &mut counts);
                let before = faults.len();
                if new {
                    let soft = candidate.iter().flat_map(|c| c.findings.of(Severity::Soft));
                    faults.extend(soft.map(|f| found(f, "query", &result)));
                    let opened = result.record_id.and_then(|id| across.remove(&id)).unwrap_or_default();
                    faults.extend(opened.into_iter().map(|o| asked(o, "query", &result)));
                }
                counts.with_queries += i64::from(faults.len() > before);
            }
        }
        results.push(result);
    }
    // What is left was opened at records that the part did not write.
    let nowhere = nowhere();
    let mut others: Vec<&Opened> = across.into_values().flatten().collect();
    others.sort_by_key(|o| (o.record_id, o.rule.id, o.field));
    faults.extend(others.into_iter().map(|o| asked(o, "other_record", &nowhere)));
    (results, faults, counts)
}

/// What is to be told after the last part: queries that look across patients.
pub(super) fn told_at_the_end(reviewed: &Reviewed) -> (Vec<RowFault>, Counts) {
    let nowhere = nowhere();
    let faults = reviewed.opened.iter().map(|o| asked(o, "other_record", &nowhere)).collect();
    (faults, Counts { queries_closed: signed(reviewed.closed), ..Counts::default() })
}

/// Fills in an accepted row; true when it was written.
fn accept(result: &mut RowResult, outcome: &Outcome, counts: &mut Counts) -> bool {
    let (name, record_id, version, count, new) = match outcome {
        Outcome::Created { record_id } => ("created", *record_id, 1, &mut counts.created, true),
        Outcome::Updated { record_id, version } => {
            ("updated", *record_id, *version, &mut counts.updated, true)
        }
        Outcome::Unchanged { record_id, version } => {
            ("unchanged", *record_id, *version, &mut counts.unchanged, false)
        }
        Outcome::Rejected(_) => return false,
    };
    *count += 1;
    name.clone_into(&mut result.outcome);
    result.record_id = Some(record_id);
    result.version = Some(version);
    new
}

fn nowhere() -> RowResult {
    RowResult { sheet: 0, row: 0, form: None, outcome: String::new(), record_id: None, version: None }
}

fn found(finding: &Finding, kind: &'static str, of: &RowResult) -> RowFault {
    RowFault {
        kind,
        of: of.clone(),
        patient_id: None,
        rule: finding.rule.id.to_owned(),
        field: finding.field.clone().unwrap_or_default(),
        received: finding.received.clone(),
        expected: finding.expected.clone(),
    }
}

fn asked(opened: &Opened, kind: &'static str, of: &RowResult) -> RowFault {
    let of = if kind == "other_record" {
        RowResult { form: Some(opened.form.to_owned()), record_id: Some(opened.record_id), ..of.clone() }
    } else {
        of.clone()
    };
    RowFault {
        kind,
        of,
        patient_id: Some(opened.patient_id.clone()),
        rule: opened.rule.id.to_owned(),
        field: opened.field.to_owned(),
        received: opened.received.clone(),
        expected: opened.expected.clone(),
    }
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
