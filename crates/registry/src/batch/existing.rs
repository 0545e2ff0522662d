//! Rows whose key the registry has already.

use super::{Candidate, Mode, Outcome};
use crate::audit::Action;
use crate::error::Result;
use crate::query::{self, NewVersion};
use crate::scope::{Author, Scoped};
use crate::signature;
use crate::sql::{self, Stored};
use crate::trail;
use clinical::form::FormDescriptor;
use clinical::record::Record;
use clinical::rule::reference;
use sqlx::AssertSqlSafe;
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// Rows whose key is taken: the same content is fine, other content amends the record or is a conflict.
pub(super) async fn settle(
    scoped: &mut Scoped,
    center: &str,
    (author, mode): (Author, Mode<'_>),
    form: &'static FormDescriptor,
    rows: &[usize],
    candidates: &[Candidate],
    outcomes: &mut [Option<Outcome>],
) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let upsert = matches!(mode, Mode::Upsert { .. });
    let stored = stored_with_keys(scoped, center, form, rows, candidates, upsert).await?;
    let mut differing: Vec<(usize, &Stored)> = Vec::new();
    for &row in rows {
        let record = &candidates[row].record;
        let key = record.key();
        outcomes[row] = Some(match stored.get(&key) {
            Some(s) if s.retracted => {
                Outcome::conflict(&reference::RETRACTED, &key, Some(at_version(form, s.record_id, s.version)))
            }
            Some(s) if s.record == *record => {
                Outcome::Unchanged { record_id: s.record_id, version: s.version }
            }
            Some(s) if upsert => {
                differing.push((row, s));
                Outcome::Updated { record_id: s.record_id, version: s.version + 1 }
            }
            Some(s) => {
                Outcome::conflict(&reference::EXISTS, &key, Some(at_version(form, s.record_id, s.version)))
            }
            None => Outcome::conflict(&reference::EXISTS, &key, None),
        });
    }
    if let Mode::Upsert { reason } = mode {
        let imported = imported(scoped, center, &differing).await?;
        let ids: Vec<Uuid> = differing.iter().map(|(_, s)| s.record_id).collect();
        let locked = signature::locked(scoped, center, &ids).await?;
        differing.retain(|(row, s)| {
            let refused = if locked.contains(&s.record_id) {
                let at = at_version(form, s.record_id, s.version);
                Some(Outcome::conflict(&reference::LOCKED, &candidates[*row].record.key(), Some(at)))
            } else {
                refuse_stale(form, &candidates[*row], s, imported.contains(&s.record_id))
            };
            let keeps = refused.is_none();
            if let Some(refused) = refused {
                outcomes[*row] = Some(refused);
            }
            keeps
        });
        amend_many(scoped, center, (author, reason), form, &differing, candidates).await?;
    }
    Ok(())
}

async fn stored_with_keys(
    scoped: &mut Scoped,
    center: &str,
    form: &'static FormDescriptor,
    rows: &[usize],
    candidates: &[Candidate],
    lock: bool,
) -> Result<HashMap<Vec<String>, Stored>> {
    let keys: Vec<String> = (0..form.key.len()).map(|i| format!("${}::text[]", i + 2)).collect();
    let matches: Vec<String> = form.key.iter().map(|k| format!("t.{k}::text = u.{k}")).collect();
    let statement = format!(
        "select {list} from {table} t where center_id = $1 and exists (select from unnest({arrays}) as u({names}) where {matches}) {lock}",
        list = sql::select_list(form),
        table = form.name,
        arrays = keys.join(", "),
        names = form.key.join(", "),
        matches = matches.join(" and "),
        lock = if lock { "for update" } else { "" },
    );
    let mut select = sqlx::query(AssertSqlSafe(statement)).bind(center);
    for name in form.key {
        select =
            select.bind(rows.iter().map(|i| candidates[*i].record.cell(name).to_text()).collect::<Vec<_>>());
    }
    let mut stored = HashMap::new();
    for row in select.fetch_all(&mut *scoped.tx).await? {
        let found = sql::stored(form, &row)?;
        stored.insert(found.record.key(), found);
    }
    Ok(stored)
}

/// The records whose current version was written by a bulk submission.
async fn imported(scoped: &mut Scoped, center: &str, rows: &[(usize, &Stored)]) -> Result<HashSet<Uuid>> {
    let found = sqlx::query_scalar(
        "select e.record_id from unnest($2::uuid[], $3::integer[]) as u(record_id, version)
         join audit_entry e on e.center_id = $1 and e.record_id = u.record_id and e.version = u.version
         join submission s on s.center_id = $1 and s.submission_id = e.request_id",
    )
    .bind(center)
    .bind(rows.iter().map(|(_, s)| s.record_id).collect::<Vec<_>>())
    .bind(rows.iter().map(|(_, s)| s.version).collect::<Vec<_>>())
    .fetch_all(&mut *scoped.tx)
    .await?;
    Ok(found.into_iter().collect())
}

/// A file must not overwrite what its sender cannot have seen: a version that the row does not name and no import has written.
fn refuse_stale(
    form: &'static FormDescriptor,
    candidate: &Candidate,
    stored: &Stored,
    imported: bool,
) -> Option<Outcome> {
    let expected = format!(
        "version {} of /v1/{}/{}; give it as sequela_version to replace it",
        stored.version, form.path, stored.record_id
    );
    match candidate.seen {
        Some(seen) if seen == stored.version => None,
        Some(seen) => {
            Some(Outcome::rejected(&reference::STALE, "sequela_version", &seen.to_string(), Some(expected)))
        }
        None if imported => None,
        None => Some(Outcome::conflict(&reference::CHANGED_SINCE, &candidate.record.key(), Some(expected))),
    }
}

async fn amend_many(
    scoped: &mut Scoped,
    center: &str,
    (author, reason): (Author, &str),
    form: &'static FormDescriptor,
    rows: &[(usize, &Stored)],
    candidates: &[Candidate],
) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let records: Vec<&Record> = rows.iter().map(|(row, _)| &candidates[*row].record).collect();
    let ids: Vec<Uuid> = rows.iter().map(|(_, s)| s.record_id).collect();
    let missing: Vec<Option<String>> = records.iter().map(|r| sql::missing_text(r)).collect();
    let update = sqlx::query(AssertSqlSafe(sql::update_many(form)))
        .bind(center)
        .bind(scoped.now)
        .bind(form.version)
        .bind(&ids);
    sql::bind_columns(update, form, &records).bind(missing).execute(&mut *scoped.tx).await?;
    let log: Vec<trail::Written> = rows
        .iter()
        .zip(&records)
        .map(|((_, s), record)| trail::Written {
            record_id: s.record_id,
            version: s.version + 1,
            payload: record.canonical_bytes(),
        })
        .collect();
    trail::append(scoped, center, author, Action::Amend, form.name, Some(reason), &log).await?;
    let versions: Vec<NewVersion<'_>> = rows
        .iter()
        .map(|(row, s)| NewVersion {
            record_id: s.record_id,
            findings: candidates[*row].findings.iter().collect(),
            corrected: s.record.differing_fields(&candidates[*row].record),
        })
        .collect();
    query::reconsider(scoped, center, author, form, &versions, false).await
}

fn at_version(form: &FormDescriptor, id: Uuid, version: i32) -> String {
    format!("an amendment of /v1/{}/{id} at version {version}", form.path)
}
