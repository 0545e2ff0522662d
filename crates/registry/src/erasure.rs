//! Erasure of a patient who withdraws consent and asks for it: records, queries, derived values, payloads of the log, kept answers and
//! stored snapshots. The log's entries stay, with the commitments that nobody can open any more, and an entry of their own says what was
//! erased, so that verification tells an erasure from a loss.

use crate::audit::{Action, REGISTRY_SCOPE};
use crate::database::Database;
use crate::duplicate;
use crate::error::{Error, Result};
use crate::review;
use crate::scope::{Author, Scoped};
use crate::snapshot;
use crate::trail::{self, Written};
use chrono::{DateTime, Utc};
use clinical::review::POSSIBLE_DUPLICATE;
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sqlx::{AssertSqlSafe, Row};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use uuid::Uuid;

/// Subject of the log entry.
pub const SUBJECT: &str = "erasure";

/// An erasure, without the name of whom it erased.
#[derive(Debug, Clone, Serialize)]
pub struct Erasure {
    /// Id.
    pub erasure_id: Uuid,
    /// Center.
    pub center_id: String,
    /// When.
    pub erased_at: DateTime<Utc>,
    /// By which token.
    pub actor: Uuid,
    /// Why.
    pub reason: String,
    /// Records, retracted ones included.
    pub records: i64,
    /// Payloads of the log.
    pub payloads: i64,
    /// Answers kept for requests sent twice.
    pub answers: i64,
    /// Bulk submissions whose files and results were deleted.
    pub files: i64,
    /// Whether every stored snapshot has been written anew without the patient.
    pub snapshots_done: bool,
}

const COLUMNS: &str =
    "erasure_id, center_id, erased_at, actor, reason, records, payloads, answers, files, snapshots_done";

fn erasure_of(row: &sqlx::postgres::PgRow) -> Result<Erasure> {
    Ok(Erasure {
        erasure_id: row.try_get("erasure_id")?,
        center_id: row.try_get("center_id")?,
        erased_at: row.try_get("erased_at")?,
        actor: row.try_get("actor")?,
        reason: row.try_get("reason")?,
        records: row.try_get("records")?,
        payloads: row.try_get("payloads")?,
        answers: row.try_get("answers")?,
        files: row.try_get("files")?,
        snapshots_done: row.try_get("snapshots_done")?,
    })
}

/// What stands for an erased patient: whoever has the identifier can tell that it was erased, and nobody can tell the identifier.
fn digest(center: &str, patient: &str) -> Vec<u8> {
    Sha256::digest(format!("sequela.erased.v1 {center} {patient}")).to_vec()
}

/// Those of the patients that were erased, whom no record may name again.
pub async fn erased(scoped: &mut Scoped, center: &str, patients: &[&str]) -> Result<BTreeSet<String>> {
    let digests: Vec<Vec<u8>> = patients.iter().map(|p| digest(center, p)).collect();
    let found: Vec<Vec<u8>> = sqlx::query_scalar(
        "select patient_digest from erasure where center_id = $1 and patient_digest = any ($2)",
    )
    .bind(center)
    .bind(&digests)
    .fetch_all(&mut *scoped.tx)
    .await?;
    let named = patients.iter().zip(&digests).filter(|(_, digest)| found.contains(*digest));
    Ok(named.map(|(patient, _)| (*patient).to_owned()).collect())
}

/// Erases a patient, and then from the snapshots below `root`.
pub async fn erase(
    database: &Database,
    root: &Path,
    center: &str,
    author: Author,
    patient_record: Uuid,
    confirm: &str,
    reason: &str,
) -> Result<Erasure> {
    let mut scoped = Scoped::erase(database).await?;
    let patient: Option<String> =
        sqlx::query_scalar("select patient_id from patient where center_id = $1 and record_id = $2")
            .bind(center)
            .bind(patient_record)
            .fetch_optional(&mut *scoped.tx)
            .await?;
    let patient = patient.ok_or(Error::NotFound)?;
    if patient != confirm {
        return Err(Error::Refused(
            "confirm is not the patient_id of this record: repeat the identifier of the patient to be erased",
        ));
    }
    review::take_turns(&mut scoped, center, &BTreeSet::from([patient.clone()])).await?;
    let erasure_id = Uuid::now_v7();
    let erased = rows(&mut scoped, center, &patient).await?;
    let payloads = sqlx::query("delete from audit_payload where center_id = $1 and record_id = any ($2)")
        .bind(center)
        .bind(&erased.ids)
        .execute(&mut *scoped.tx)
        .await?
        .rows_affected();
    let answers = answers(&mut scoped, center).await?;
    let files = files(&mut scoped, center).await?;
    let records: u64 = erased.by_table.values().sum();
    let count = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    let statement = format!(
        "insert into erasure (center_id, erasure_id, patient_digest, erased_at, actor, reason, records, payloads, answers, files, snapshots_done)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, false) returning {COLUMNS}"
    );
    let row = sqlx::query(AssertSqlSafe(statement))
        .bind(center)
        .bind(erasure_id)
        .bind(digest(center, &patient))
        .bind(scoped.now)
        .bind(author.actor)
        .bind(reason)
        .bind(count(records))
        .bind(count(payloads))
        .bind(count(answers))
        .bind(count(files))
        .fetch_one(&mut *scoped.tx)
        .await?;
    let mut erasure = erasure_of(&row)?;
    let payload = json!({
        "records": erased.ids, "by_table": erased.by_table, "payloads": payloads, "answers": answers, "files": files
    });
    let written = Written { record_id: erasure_id, version: 1, payload: payload.to_string().into() };
    trail::append(&mut scoped, center, author, Action::Erase, SUBJECT, Some(reason), &[written]).await?;
    scoped.commit().await?;
    // From here on the patient is gone from the database; snapshots follow, now or when the server starts again.
    let mut names = BTreeMap::new();
    names.insert((center.to_owned(), patient), erasure_id);
    finish(database, root, author, names).await?;
    erasure.snapshots_done = true;
    Ok(erasure)
}

struct Erased {
    ids: Vec<Uuid>,
    by_table: BTreeMap<String, u64>,
}

/// Deletes every row about the patient; returns the ids under which the log knows them.
async fn rows(scoped: &mut Scoped, center: &str, patient: &str) -> Result<Erased> {
    let mut ids: Vec<Uuid> = Vec::new();
    let mut by_table = BTreeMap::new();
    let queries: Vec<Uuid> = sqlx::query_scalar(
        "select query_id from record_query where center_id = $1 and (patient_id = $2 or rule = $3 and expected = $4)",
    )
    .bind(center)
    .bind(patient)
    .bind(POSSIBLE_DUPLICATE.id)
    .bind(duplicate::expected(patient))
    .fetch_all(&mut *scoped.tx)
    .await?;
    for table in ["query_event", "record_query"] {
        let statement = format!("delete from {table} where center_id = $1 and query_id = any ($2)");
        sqlx::query(AssertSqlSafe(statement)).bind(center).bind(&queries).execute(&mut *scoped.tx).await?;
    }
    ids.extend(queries);
    sqlx::query("delete from derived_value where center_id = $1 and patient_id = $2")
        .bind(center)
        .bind(patient)
        .execute(&mut *scoped.tx)
        .await?;
    let beside = [
        ("patient_token", "token_id"),
        ("record_lock", "lock_id"),
        ("record_signature", "signature_id"),
        ("patient_enrolment", "transfer_id"),
        ("patient_transfer", "transfer_id"),
    ];
    // Children go before what they hang on.
    let forms = clinical::forms::CLINICAL.iter().rev().filter(|f| f.field("patient_id").is_some());
    let tables = beside.into_iter().chain(forms.map(|f| (f.name, "record_id")));
    for (table, id) in tables {
        let statement =
            format!("delete from {table} where center_id = $1 and patient_id = $2 returning {id}");
        let gone: Vec<Uuid> = sqlx::query_scalar(AssertSqlSafe(statement))
            .bind(center)
            .bind(patient)
            .fetch_all(&mut *scoped.tx)
            .await?;
        if id == "record_id" && !gone.is_empty() {
            by_table.insert(table.to_owned(), gone.len() as u64);
        }
        ids.extend(gone);
    }
    ids.sort();
    ids.dedup();
    Ok(Erased { ids, by_table })
}

/// Deletes the answers kept for the center's requests: any of them may tell something about the patient. A request that is sent again is
/// then judged anew, which finds what it wrote.
async fn answers(scoped: &mut Scoped, center: &str) -> Result<u64> {
    let done = sqlx::query("delete from idempotent_answer where center_id = $1")
        .bind(center)
        .execute(&mut *scoped.tx)
        .await?;
    Ok(done.rows_affected())
}

/// Deletes the files of the center's bulk submissions and what was told about their rows: any of them may hold the patient, and rows that
/// were rejected do not say whose they are. What a submission wrote and how many rows it had stays.
async fn files(scoped: &mut Scoped, center: &str) -> Result<u64> {
    let under_way: Option<String> = sqlx::query_scalar(
        "select state from submission where center_id = $1 and state in ('uploading', 'queued', 'running') limit 1",
    )
    .bind(center)
    .fetch_optional(&mut *scoped.tx)
    .await?;
    if let Some(state) = under_way {
        return Err(Error::WrongState {
            what: "bulk submission of the center",
            state,
            step: "passed over by an erasure: wait for its end or cancel it",
        });
    }
    for table in ["submission_chunk", "submission_part", "submission_fault"] {
        let statement = format!("delete from {table} where center_id = $1");
        sqlx::query(AssertSqlSafe(statement)).bind(center).execute(&mut *scoped.tx).await?;
    }
    let done = sqlx::query("update submission set file_kept = false where center_id = $1")
        .bind(center)
        .execute(&mut *scoped.tx)
        .await?;
    Ok(done.rows_affected())
}

/// Erasures in scope, newest first.
pub async fn list(database: &Database, centers: &[String]) -> Result<Vec<Erasure>> {
    let mut tx = Scoped::read(database, centers).await?;
    let statement = format!("select {COLUMNS} from erasure order by erasure_id desc");
    let rows = sqlx::query(AssertSqlSafe(statement)).fetch_all(&mut *tx).await?;
    rows.iter().map(erasure_of).collect()
}

/// Writes the snapshots anew without patients whose erasure a crash cut short before it reached them.
pub async fn resume(database: &Database, root: &Path, author: Author) -> Result<()> {
    let pending: Vec<(String, Vec<u8>, Uuid)> =
        sqlx::query_as("select center_id, patient_digest, erasure_id from erasure where not snapshots_done")
            .fetch_all(&database.eraser)
            .await?;
    if pending.is_empty() {
        return Ok(());
    }
    let directory = root.to_path_buf();
    // The identifiers are gone; whoever stands in a snapshot and has the digest of an erased patient is one.
    let known = tokio::task::spawn_blocking(move || snapshot::patients(&directory)).await??;
    let mut names = BTreeMap::new();
    for (center, patient) in known {
        let hash = digest(&center, &patient);
        if let Some((.., id)) = pending.iter().find(|(c, d, _)| *c == center && *d == hash) {
            names.insert((center, patient), *id);
        }
    }
    finish(database, root, author, names).await?;
    let ids: Vec<Uuid> = pending.into_iter().map(|(.., id)| id).collect();
    mark(database, &ids).await
}

async fn mark(database: &Database, ids: &[Uuid]) -> Result<()> {
    sqlx::query("update erasure set snapshots_done = true where erasure_id = any ($1)")
        .bind(ids)
        .execute(&database.eraser)
        .await?;
    Ok(())
}

/// Erases patients from the stored snapshots and logs which snapshot took the place of which.
async fn finish(
    database: &Database,
    root: &Path,
    author: Author,
    names: BTreeMap<(String, String), Uuid>,
) -> Result<()> {
    let ids: Vec<Uuid> = names.values().copied().collect();
    let mut scoped = Scoped::erase(database).await?;
    // An export that began before the erasure still holds the patient: it is waited for, and erased from as well.
    sqlx::query("select pg_advisory_xact_lock($1)")
        .bind(snapshot::EXPORT_LOCK)
        .execute(&mut *scoped.tx)
        .await?;
    let directory = root.to_path_buf();
    let replaced =
        tokio::task::spawn_blocking(move || snapshot::erase_from_all(&directory, &names)).await??;
    if !replaced.is_empty() {
        let payload: Value = json!({ "records": [], "erasures": ids, "snapshots": replaced });
        let written = Written { record_id: Uuid::now_v7(), version: 1, payload: payload.to_string().into() };
        let why = Some("snapshots written anew without erased patients");
        trail::append(&mut scoped, REGISTRY_SCOPE, author, Action::Erase, "snapshot", why, &[written])
            .await?;
    }
    scoped.commit().await?;
    mark(database, &ids).await
}
