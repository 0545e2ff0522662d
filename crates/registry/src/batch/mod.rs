//! Writing a batch of new records: all in one transaction, whatever their order.
//!
//! The outcome of a batch is a function of the set of its rows and of the registry before it, never of the order of the rows: parents are
//! written before children, and two rows that claim the same key with different content are both rejected.

mod existing;
mod parents;

use crate::audit::Action;
use crate::error::Result;
use crate::query;
use crate::review::{self, Reviewed};
use crate::scope::{Author, Scoped};
use crate::sql;
use crate::trail;
use clinical::finding::Findings;
use clinical::form::FormDescriptor;
use clinical::record::Record;
use clinical::rule::{Rule, reference};
use clinical::{Finding, forms};
use sqlx::{AssertSqlSafe, Row};
use std::collections::{BTreeSet, HashMap, HashSet};
use uuid::Uuid;

/// Rows per statement: large enough that the round trip vanishes, small enough that arrays stay in cache.
const CHUNK: usize = 4_000;

/// What happens to a row whose key the registry has already, with other content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode<'a> {
    /// It is rejected.
    Insert,
    /// It amends the record, if nobody but an import has changed the record since.
    Upsert {
        /// Why the records are amended.
        reason: &'a str,
    },
}

/// A row whose content passed every rule of its form.
#[derive(Debug)]
pub struct Candidate {
    /// The content.
    pub record: Record,
    /// What the soft rules found.
    pub findings: Findings,
    /// The version of the record that the sender has seen.
    pub seen: Option<i32>,
}

/// What became of a row.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// Written as a new record.
    Created {
        /// Its id.
        record_id: Uuid,
    },
    /// Written as a new version of a record.
    Updated {
        /// Its id.
        record_id: Uuid,
        /// Its version now.
        version: i32,
    },
    /// The registry held exactly this record already; nothing was written.
    Unchanged {
        /// Its id.
        record_id: Uuid,
        /// Its version.
        version: i32,
    },
    /// Not written.
    Rejected(Findings),
}

impl Outcome {
    fn rejected(rule: &'static Rule, field: &str, received: &str, expected: Option<String>) -> Self {
        let mut findings = Findings::new();
        findings.at(rule, field, Some(received.to_owned()), expected);
        Self::Rejected(findings)
    }

    fn conflict(rule: &'static Rule, key: &[String], expected: Option<String>) -> Self {
        let mut findings = Findings::new();
        findings.whole(rule, Some(key.join(", ")), expected);
        Self::Rejected(findings)
    }
}

/// What became of a batch.
#[derive(Debug)]
pub struct Written {
    /// One per candidate, in their order.
    pub outcomes: Vec<Outcome>,
    /// Forms of which records were written.
    pub(crate) touched: Vec<&'static str>,
    /// What the rules across records say about the state after the batch.
    pub reviewed: Reviewed,
}

/// Writes a batch within a transaction that the caller commits or undoes.
pub async fn write_in(
    scoped: &mut Scoped,
    center: &str,
    author: Author,
    candidates: &[Candidate],
    mode: Mode<'_>,
) -> Result<Written> {
    let mut written = write_part(scoped, center, author, candidates, mode).await?;
    review::duplicates(scoped, center, author, &mut written.reviewed, &written.touched).await?;
    Ok(written)
}

/// Writes a part of a batch; possible duplicates are looked for once, after the last part.
pub(crate) async fn write_part(
    scoped: &mut Scoped,
    center: &str,
    author: Author,
    candidates: &[Candidate],
    mode: Mode<'_>,
) -> Result<Written> {
    let patients: BTreeSet<String> =
        candidates.iter().filter_map(|c| c.record.text("patient_id")).map(str::to_owned).collect();
    review::take_turns(scoped, center, &patients).await?;
    let mut outcomes: Vec<Option<Outcome>> = vec![None; candidates.len()];
    let mut parents = parents::Parents::default();
    for form in forms::CLINICAL {
        let rows: Vec<usize> =
            (0..candidates.len()).filter(|i| candidates[*i].record.form() == *form).collect();
        if rows.is_empty() {
            continue;
        }
        parents.load(scoped, center, form, &rows, candidates).await?;
        let (unique, twins) = distinct_keys(form, &rows, candidates, &mut outcomes);
        let mut writable: Vec<usize> =
            unique.into_iter().filter(|i| parents.admit(*i, &candidates[*i].record, &mut outcomes)).collect();
        // Two batches that overlap then wait for each other's keys in the same order and cannot deadlock.
        writable.sort_by_cached_key(|i| candidates[*i].record.key());
        for chunk in writable.chunks(CHUNK) {
            write_chunk(scoped, center, (author, mode), form, chunk, candidates, &mut outcomes).await?;
        }
        parents.add_written(form, &writable, candidates, &outcomes);
        for (twin, of) in twins {
            outcomes[twin] = outcomes[of].clone().map(|o| match o {
                Outcome::Created { record_id } => Outcome::Unchanged { record_id, version: 1 },
                Outcome::Updated { record_id, version } => Outcome::Unchanged { record_id, version },
                other => other,
            });
        }
    }
    // Every candidate is of a clinical form, so each has an outcome by now.
    let outcomes: Vec<Outcome> = outcomes.into_iter().flatten().collect();
    let mut changed = BTreeSet::new();
    let mut touched: Vec<&'static str> = Vec::new();
    for (candidate, outcome) in candidates.iter().zip(&outcomes) {
        if matches!(outcome, Outcome::Created { .. } | Outcome::Updated { .. }) {
            changed.extend(candidate.record.text("patient_id").map(str::to_owned));
            let form = candidate.record.form().name;
            if !touched.contains(&form) {
                touched.push(form);
            }
        }
    }
    let reviewed = review::across_records(scoped, center, author, &changed).await?;
    Ok(Written { outcomes, touched, reviewed })
}

/// Splits rows into those that claim a key first and identical repetitions of them; rows that contradict each other are rejected.
fn distinct_keys(
    form: &FormDescriptor,
    rows: &[usize],
    candidates: &[Candidate],
    outcomes: &mut [Option<Outcome>],
) -> (Vec<usize>, Vec<(usize, usize)>) {
    let mut groups: HashMap<Vec<String>, Vec<usize>> = HashMap::with_capacity(rows.len());
    let mut order: Vec<usize> = Vec::with_capacity(rows.len());
    for &row in rows {
        let group = groups.entry(candidates[row].record.key()).or_default();
        if group.is_empty() {
            order.push(row);
        }
        group.push(row);
    }
    let mut unique = Vec::with_capacity(order.len());
    let mut twins = Vec::new();
    for first in order {
        let key = candidates[first].record.key();
        let Some(group) = groups.get(&key) else { continue };
        if group.iter().all(|i| candidates[*i].record == candidates[first].record) {
            unique.push(first);
            twins.extend(group.iter().skip(1).map(|i| (*i, first)));
        } else {
            for row in group {
                let expected = format!("one row per {}", form.key.join(", "));
                outcomes[*row] = Some(Outcome::conflict(&reference::DUPLICATE_KEY, &key, Some(expected)));
            }
        }
    }
    (unique, twins)
}

async fn write_chunk(
    scoped: &mut Scoped,
    center: &str,
    (author, mode): (Author, Mode<'_>),
    form: &'static FormDescriptor,
    rows: &[usize],
    candidates: &[Candidate],
    outcomes: &mut [Option<Outcome>],
) -> Result<()> {
    let records: Vec<&Record> = rows.iter().map(|i| &candidates[*i].record).collect();
    let ids: Vec<Uuid> = rows.iter().map(|_| Uuid::now_v7()).collect();
    let missing: Vec<Option<String>> = records.iter().map(|r| sql::missing_text(r)).collect();
    let statement = sql::insert_many(form);
    let insert =
        sqlx::query(AssertSqlSafe(statement)).bind(center).bind(scoped.now).bind(form.version).bind(&ids);
    let written: HashSet<Uuid> = sql::bind_columns(insert, form, &records)
        .bind(missing)
        .fetch_all(&mut *scoped.tx)
        .await?
        .iter()
        .map(|row| row.try_get(0))
        .collect::<std::result::Result<_, _>>()?;

    let mut log = Vec::with_capacity(written.len());
    let mut queries = Vec::new();
    let mut existing = Vec::new();
    for ((&row, id), record) in rows.iter().zip(ids).zip(&records) {
        if written.contains(&id) {
            log.push(trail::Written { record_id: id, version: 1, payload: record.canonical_bytes() });
            queries.extend(candidates[row].findings.iter().map(|f: &Finding| (id, f)));
            outcomes[row] = Some(Outcome::Created { record_id: id });
        } else {
            existing.push(row);
        }
    }
    trail::append(scoped, center, author, Action::Create, form.name, None, &log).await?;
    query::open(scoped, center, author, form, &queries).await?;
    existing::settle(scoped, center, (author, mode), form, &existing, candidates, outcomes).await
}
