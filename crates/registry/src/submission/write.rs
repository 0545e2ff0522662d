//! Writing one submission: part by part, or all parts as one.

use super::part::{self, Counts, PartRows};
use super::{Runner, Submission, results, upload};
use crate::batch::{self, Mode};
use crate::error::{Error, Result};
use crate::review::{self, Reviewed};
use crate::scope::{Author, Scoped};
use chrono::Utc;
use clinical::form::FormDescriptor;
use intake::Spread;
use std::collections::BTreeSet;
use std::path::PathBuf;
use uuid::Uuid;

/// Attempts at a part before the submission fails and waits to be resumed.
const ATTEMPTS: u32 = 6;

/// How the writing of a submission ended.
pub(super) enum Ended {
    /// Everything was dealt with.
    Done,
    /// The server stops; the next one goes on.
    Interrupted,
    /// Somebody asked for an end.
    Cancelled,
}

impl Runner {
    pub(super) async fn write(&self, submission: &Submission) -> Result<Ended> {
        let (center, id) = (submission.center_id.as_str(), submission.submission_id);
        let path = self.local_file(id);
        let whole =
            std::fs::metadata(&path).is_ok_and(|m| i64::try_from(m.len()).unwrap_or(-1) == submission.bytes);
        if !whole {
            upload::fetch(&self.database, center, id, &path).await?;
        }
        let spread = self.spread(submission, path).await?;
        self.begun(submission, &spread).await?;
        if submission.atomic() {
            self.write_as_one(submission, spread).await
        } else {
            self.write_by_part(submission, spread).await
        }
    }

    async fn spread(&self, submission: &Submission, path: PathBuf) -> Result<Spread> {
        let (format, form) = (submission.file_format(), form_of(submission));
        let part_bytes = u64::try_from(submission.part_bytes).unwrap_or(1);
        let directory = self.directory.clone();
        tokio::task::spawn_blocking(move || intake::spread(&path, format, form, part_bytes, &directory))
            .await?
            .map_err(|fault| Error::Unreadable(fault.to_string()))
    }

    async fn begun(&self, submission: &Submission, spread: &Spread) -> Result<()> {
        let mut scoped = Scoped::write(&self.database, &submission.center_id).await?;
        sqlx::query(
            "update submission set state = 'running', rows = $2, parts = $3, sheets = $4 where submission_id = $1",
        )
        .bind(submission.submission_id)
        .bind(i64::try_from(spread.rows).unwrap_or(i64::MAX))
        .bind(i32::try_from(spread.parts.len()).unwrap_or(i32::MAX))
        .bind(spread.tables.iter().map(|t| t.name.clone()).collect::<Vec<_>>())
        .execute(&mut *scoped.tx)
        .await?;
        scoped.commit().await
    }

    /// Each part is a transaction with its results and the progress; the next part is read while one is written.
    async fn write_by_part(&self, submission: &Submission, spread: Spread) -> Result<Ended> {
        let Spread { tables, parts, .. } = spread;
        let done = usize::try_from(submission.parts_done).unwrap_or_default();
        let mut waiting = parts.into_iter().enumerate().skip(done);
        let mut next = waiting.next().map(|(index, part)| (index, part::read(submission, &tables, part)));
        while let Some((index, reading)) = next {
            let rows = reading.await??;
            next = waiting.next().map(|(index, part)| (index, part::read(submission, &tables, part)));
            let mut attempt = 1;
            while let Err(error) = self.write_part(submission, index, &rows).await {
                if !transient(&error) || attempt == ATTEMPTS {
                    return Err(error);
                }
                tracing::warn!(%error, attempt, "writing a part of a submission failed; it is tried again");
                tokio::time::sleep(std::time::Duration::from_millis(100 << attempt)).await;
                attempt += 1;
            }
            if self.is_stopping() && next.is_some() {
                return Ok(Ended::Interrupted);
            }
            if next.is_some() && self.cancelled(submission).await? {
                return Ok(Ended::Cancelled);
            }
        }
        self.finish(submission).await?;
        Ok(Ended::Done)
    }

    async fn cancelled(&self, submission: &Submission) -> Result<bool> {
        let mut tx = Scoped::read(&self.database, std::slice::from_ref(&submission.center_id)).await?;
        let asked = sqlx::query_scalar("select cancel_requested from submission where submission_id = $1")
            .bind(submission.submission_id)
            .fetch_optional(&mut *tx)
            .await?;
        Ok(asked.unwrap_or(true))
    }

    async fn write_part(&self, submission: &Submission, index: usize, part: &PartRows) -> Result<()> {
        let (center, id) = (submission.center_id.as_str(), submission.submission_id);
        let index = i32::try_from(index).unwrap_or(i32::MAX);
        let mut scoped = Scoped::write(&self.database, center).await?;
        let written =
            batch::write_part(&mut scoped, center, author(submission), &part.candidates, mode(submission))
                .await?;
        let (results, faults, counts) = part::told(part, written.outcomes, &written.reviewed);
        results::store(&mut scoped.tx, center, id, index, &results, &faults).await?;
        let advanced = count(&mut scoped, id, Some(index), counts).await?;
        if !advanced {
            return Err(Error::Refused("another server has written this part"));
        }
        scoped.commit().await
    }

    /// The end of a submission written by part: what looks across patients, and the state.
    async fn finish(&self, submission: &Submission) -> Result<()> {
        let (center, id) = (submission.center_id.as_str(), submission.submission_id);
        let mut scoped = Scoped::write(&self.database, center).await?;
        let touched: Vec<String> = sqlx::query_scalar(
            "select distinct subject from audit_entry where center_id = $1 and request_id = $2",
        )
        .bind(center)
        .bind(id)
        .fetch_all(&mut *scoped.tx)
        .await?;
        let touched: Vec<&str> = touched.iter().map(String::as_str).collect();
        let mut reviewed = Reviewed::default();
        review::duplicates(&mut scoped, center, author(submission), &mut reviewed, &touched).await?;
        let (faults, counts) = part::told_at_the_end(&reviewed);
        results::store(&mut scoped.tx, center, id, i32::MAX, &[], &faults).await?;
        count(&mut scoped, id, None, counts).await?;
        end(&mut scoped, id, true).await?;
        scoped.commit().await
    }

    /// All parts in one transaction, which is kept only when no row was rejected; the results are stored beside it in any case.
    async fn write_as_one(&self, submission: &Submission, spread: Spread) -> Result<Ended> {
        let (center, id) = (submission.center_id.as_str(), submission.submission_id);
        let mut notes = Scoped::write(&self.database, center).await?;
        results::clear(&mut notes.tx, id).await?;
        sqlx::query(
            "update submission set rows_done = 0, created = 0, updated = 0, unchanged = 0, rejected = 0, with_queries = 0, queries_closed = 0,
                    parts_done = 0 where submission_id = $1",
        )
        .bind(id)
        .execute(&mut *notes.tx)
        .await?;
        notes.commit().await?;

        let Spread { tables, parts, .. } = spread;
        let mut scoped = Scoped::write(&self.database, center).await?;
        let mut rejected = 0;
        let mut touched: BTreeSet<&'static str> = BTreeSet::new();
        let mut waiting = parts.into_iter().enumerate();
        let mut next = waiting.next().map(|(index, part)| (index, part::read(submission, &tables, part)));
        while let Some((index, reading)) = next {
            let part = reading.await??;
            next = waiting.next().map(|(index, part)| (index, part::read(submission, &tables, part)));
            let mut written = batch::write_part(
                &mut scoped,
                center,
                author(submission),
                &part.candidates,
                mode(submission),
            )
            .await?;
            touched.extend(&written.touched);
            if next.is_none() {
                let touched: Vec<&str> = touched.iter().copied().collect();
                review::duplicates(&mut scoped, center, author(submission), &mut written.reviewed, &touched)
                    .await?;
            }
            let (results, faults, counts) = part::told(&part, written.outcomes, &written.reviewed);
            rejected += counts.rejected;
            let index = i32::try_from(index).unwrap_or(i32::MAX);
            let mut notes = Scoped::write(&self.database, center).await?;
            results::store(&mut notes.tx, center, id, index, &results, &faults).await?;
            count(&mut notes, id, Some(index), counts).await?;
            notes.commit().await?;
            if self.is_stopping() && next.is_some() {
                return Ok(Ended::Interrupted);
            }
            if next.is_some() && self.cancelled(submission).await? {
                return Ok(Ended::Cancelled);
            }
        }
        let keep = !submission.dry_run && rejected == 0;
        if keep {
            end(&mut scoped, id, true).await?;
            scoped.commit().await?;
        } else {
            scoped.rollback().await?;
            let mut notes = Scoped::write(&self.database, center).await?;
            end(&mut notes, id, false).await?;
            notes.commit().await?;
        }
        Ok(Ended::Done)
    }
}

async fn end(scoped: &mut Scoped, id: Uuid, committed: bool) -> Result<()> {
    sqlx::query(
        "update submission set state = 'done', committed = $2, finished_at = $3, file_kept = rejected > 0 where submission_id = $1",
    )
    .bind(id)
    .bind(committed)
    .bind(Utc::now())
    .execute(&mut *scoped.tx)
    .await?;
    // Nothing is left to correct: the file is no longer needed.
    sqlx::query(
        "delete from submission_chunk c using submission s
         where s.submission_id = $1 and (c.center_id, c.submission_id) = (s.center_id, s.submission_id) and not s.file_kept",
    )
    .bind(id)
    .execute(&mut *scoped.tx)
    .await?;
    Ok(())
}

/// Adds to the counts and advances past a part; false when another server was there first.
async fn count(scoped: &mut Scoped, id: Uuid, part: Option<i32>, counts: Counts) -> Result<bool> {
    let done = sqlx::query(
        "update submission set rows_done = rows_done + $3, created = created + $4, updated = updated + $5, unchanged = unchanged + $6,
                rejected = rejected + $7, with_queries = with_queries + $8, queries_closed = queries_closed + $9,
                parts_done = coalesce($2 + 1, parts_done)
         where submission_id = $1 and state = 'running' and ($2::integer is null or parts_done = $2)",
    )
    .bind(id)
    .bind(part)
    .bind(counts.rows)
    .bind(counts.created)
    .bind(counts.updated)
    .bind(counts.unchanged)
    .bind(counts.rejected)
    .bind(counts.with_queries)
    .bind(counts.queries_closed)
    .execute(&mut *scoped.tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

fn author(submission: &Submission) -> Author {
    Author { actor: submission.actor, request_id: submission.submission_id }
}

fn mode(submission: &Submission) -> Mode<'_> {
    match &submission.reason {
        Some(reason) if submission.mode == "upsert" => Mode::Upsert { reason },
        _ => Mode::Insert,
    }
}

fn form_of(submission: &Submission) -> Option<&'static FormDescriptor> {
    submission.form.as_deref().and_then(clinical::forms::clinical).map(|(_, form)| form)
}

/// Worth another attempt at once: two writers met, or a resource was short for a moment.
fn transient(error: &Error) -> bool {
    error.sqlstate().is_some_and(|code| code.starts_with("40") || code == "55P03" || code.starts_with("53"))
}
