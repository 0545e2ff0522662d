//! Bulk submissions: a file is stored as it was sent, then written part by part; whatever happens, each row is written once or told why not.
//!
//! A submission is `uploading` until the whole file is on durable storage, then `queued`, `running`, and at last `done`, `cancelled` or
//! `failed`. Under `accept_valid` a part is a transaction: its records, their log, its results and the progress are committed together, so that
//! after a crash the work goes on with the part that was not. `all_or_nothing` and dry runs are one transaction over all parts.

mod part;
mod results;
mod run;
mod upload;
mod write;

pub use results::{
    FaultGroup, FaultyValue, OfRow, RowFault, RowResult, at_other_records, fault_groups, faulty_rows,
    rejected_reasons, rows,
};
pub use run::Runner;
pub use upload::{Accepted, Upload, accept, fetch};

use crate::database::Database;
use crate::error::{Error, Result};
use crate::scope::Scoped;
use chrono::{DateTime, Utc};
use intake::Format;
use serde::Serialize;
use sqlx::postgres::PgRow;
use sqlx::{Postgres, Row, Transaction};
use uuid::Uuid;

/// What to do when some rows are rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Policy {
    /// Valid rows are kept.
    #[default]
    AcceptValid,
    /// One rejected row rejects the submission.
    AllOrNothing,
}

/// How a submission is to be written.
#[derive(Debug, Clone)]
pub struct Request {
    /// Its id; entries of the log name it as their request.
    pub submission_id: Uuid,
    /// Center.
    pub center_id: String,
    /// Token that sent it.
    pub actor: Uuid,
    /// Format of the file.
    pub format: Format,
    /// Form of all rows.
    pub form: Option<&'static str>,
    /// Name of the file, for people.
    pub file_name: Option<String>,
    /// What to do when some rows are rejected.
    pub policy: Policy,
    /// Reason of amendments; none when existing records are not to be amended.
    pub upsert: Option<String>,
    /// Do everything except keeping the result.
    pub dry_run: bool,
}

/// A submission as it stands.
#[derive(Debug, Clone, Serialize)]
pub struct Submission {
    /// Id.
    pub submission_id: Uuid,
    /// Center.
    pub center_id: String,
    /// `uploading`, `queued`, `running`, `done`, `cancelled` or `failed`.
    pub state: String,
    /// Token that sent it.
    pub actor: Uuid,
    /// `ndjson`, `csv`, `xlsx` or `parquet`.
    pub format: String,
    /// Form of all rows, where the request named it.
    pub form: Option<String>,
    /// Name of the file.
    pub file_name: Option<String>,
    /// `accept_valid` or `all_or_nothing`.
    pub policy: String,
    /// `insert` or `upsert`.
    pub mode: String,
    /// Reason of amendments.
    pub reason: Option<String>,
    /// Whether nothing is kept in any case.
    pub dry_run: bool,
    /// Whether what was written is kept.
    pub committed: bool,
    /// Size of the file.
    pub bytes: i64,
    /// Rows of the file; null until it was read.
    pub rows: Option<i64>,
    /// Rows dealt with.
    pub rows_done: i64,
    /// New records.
    pub created: i64,
    /// New versions of records.
    pub updated: i64,
    /// Rows equal to what the registry holds.
    pub unchanged: i64,
    /// Rows refused.
    pub rejected: i64,
    /// Accepted rows with queries.
    pub with_queries: i64,
    /// Queries that closed because the submission resolved them.
    pub queries_closed: i64,
    /// Whether the rejected rows can still be downloaded.
    pub file_kept: bool,
    /// Why it failed.
    pub failure: Option<String>,
    /// When it was begun.
    pub created_at: DateTime<Utc>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
    /// Names of the sheets, by number.
    #[serde(skip)]
    pub sheets: Vec<String>,
    #[serde(skip)]
    pub(crate) parts_done: i32,
    #[serde(skip)]
    pub(crate) part_bytes: i64,
}

impl Submission {
    /// True when nothing more happens to it by itself.
    pub fn ended(&self) -> bool {
        matches!(self.state.as_str(), "done" | "cancelled" | "failed")
    }

    /// The format of the file.
    pub fn file_format(&self) -> Format {
        Format::of_extension(&self.format).unwrap_or(Format::Ndjson)
    }

    /// True when all parts are one transaction.
    pub(crate) fn atomic(&self) -> bool {
        self.dry_run || self.policy == "all_or_nothing"
    }
}

fn submission(row: &PgRow) -> Result<Submission> {
    Ok(Submission {
        submission_id: row.try_get("submission_id")?,
        center_id: row.try_get("center_id")?,
        state: row.try_get("state")?,
        actor: row.try_get("actor")?,
        format: row.try_get("format")?,
        form: row.try_get("form")?,
        file_name: row.try_get("file_name")?,
        policy: row.try_get("policy")?,
        mode: row.try_get("mode")?,
        reason: row.try_get("reason")?,
        dry_run: row.try_get("dry_run")?,
        committed: row.try_get("committed")?,
        bytes: row.try_get("bytes")?,
        rows: row.try_get("rows")?,
        rows_done: row.try_get("rows_done")?,
        created: row.try_get("created")?,
        updated: row.try_get("updated")?,
        unchanged: row.try_get("unchanged")?,
        rejected: row.try_get("rejected")?,
        with_queries: row.try_get("with_queries")?,
        queries_closed: row.try_get("queries_closed")?,
        file_kept: row.try_get("file_kept")?,
        failure: row.try_get("failure")?,
        created_at: row.try_get("created_at")?,
        finished_at: row.try_get("finished_at")?,
        sheets: row.try_get("sheets")?,
        parts_done: row.try_get("parts_done")?,
        part_bytes: row.try_get("part_bytes")?,
    })
}

/// One submission in scope.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn find(database: &Database, centers: &[String], id: Uuid) -> Result<Submission> {
    let mut tx = Scoped::read(database, centers).await?;
    find_in(&mut tx, id).await
}

pub(crate) async fn find_in(tx: &mut Transaction<'static, Postgres>, id: Uuid) -> Result<Submission> {
    let row = sqlx::query("select * from submission where submission_id = $1")
        .bind(id)
        .fetch_optional(&mut **tx)
        .await?
        .ok_or(Error::NotFound)?;
    submission(&row)
}

/// Submissions in scope, newest first.
///
/// # Errors
/// Those of the database.
pub async fn list(
    database: &Database,
    centers: &[String],
    state: Option<&str>,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Submission>> {
    let mut tx = Scoped::read(database, centers).await?;
    let rows = sqlx::query(
        "select * from submission where ($1::text is null or state = $1) and ($2::uuid is null or submission_id < $2)
         order by submission_id desc limit $3",
    )
    .bind(state)
    .bind(before)
    .bind(limit)
    .fetch_all(&mut *tx)
    .await?;
    rows.iter().map(submission).collect()
}

/// Asks for an end after the part that is being written. Under `accept_valid` what was written stays.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Refused`] when it has ended already.
pub async fn cancel(database: &Database, center: &str, id: Uuid) -> Result<Submission> {
    change(
        database,
        center,
        id,
        "update submission set cancel_requested = true where submission_id = $1 and state in ('queued', 'running') returning *",
        "the submission has ended already; there is nothing to cancel",
    )
    .await
}

/// Lets a failed or cancelled submission go on where it ended.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Refused`] when it is neither failed nor cancelled.
pub async fn resume(database: &Database, center: &str, id: Uuid) -> Result<Submission> {
    change(
        database,
        center,
        id,
        "update submission set state = 'queued', cancel_requested = false, failure = null, finished_at = null
         where submission_id = $1 and state in ('failed', 'cancelled') and file_kept returning *",
        "only a failed or cancelled submission whose file is kept can go on",
    )
    .await
}

async fn change(
    database: &Database,
    center: &str,
    id: Uuid,
    statement: &'static str,
    refusal: &'static str,
) -> Result<Submission> {
    let mut scoped = Scoped::write(database, center).await?;
    find_in(&mut scoped.tx, id).await?;
    let row = sqlx::query(statement)
        .bind(id)
        .fetch_optional(&mut *scoped.tx)
        .await?
        .ok_or(Error::Refused(refusal))?;
    let changed = submission(&row)?;
    scoped.commit().await?;
    Ok(changed)
}
