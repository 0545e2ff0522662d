//! Getting a file onto durable storage, and back.

use super::{Policy, Request};
use crate::database::Database;
use crate::error::{Error, Result};
use crate::idempotency::{self, Answer, Key};
use crate::scope::Scoped;
use futures::TryStreamExt;
use sha2::{Digest, Sha256};
use sqlx::Row;
use std::io::Write;
use std::path::Path;
use uuid::Uuid;

/// Bytes stored at a time: what a slow sender can make the registry hold in memory.
const CHUNK: usize = 1 << 20;

/// A file on its way in. Each piece is committed by itself, so that a slow sender holds no transaction open.
pub struct Upload {
    database: Database,
    center: String,
    id: Uuid,
    waiting: Vec<u8>,
    number: i32,
    bytes: u64,
    hasher: Sha256,
}

impl Upload {
    /// Begins a submission.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn begin(database: &Database, request: &Request, part_bytes: u64) -> Result<Self> {
        let mut scoped = Scoped::write(database, &request.center_id).await?;
        sqlx::query(
            "insert into submission (center_id, submission_id, state, actor, format, form, file_name, policy, mode, dry_run, reason, part_bytes, created_at)
             values ($1, $2, 'uploading', $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        )
        .bind(&request.center_id)
        .bind(request.submission_id)
        .bind(request.actor)
        .bind(request.format.extension())
        .bind(request.form)
        .bind(&request.file_name)
        .bind(match request.policy {
            Policy::AcceptValid => "accept_valid",
            Policy::AllOrNothing => "all_or_nothing",
        })
        .bind(if request.upsert.is_some() { "upsert" } else { "insert" })
        .bind(request.dry_run)
        .bind(&request.upsert)
        .bind(i64::try_from(part_bytes).unwrap_or(i64::MAX))
        .bind(scoped.now)
        .execute(&mut *scoped.tx)
        .await?;
        scoped.commit().await?;
        Ok(Self {
            database: database.clone(),
            center: request.center_id.clone(),
            id: request.submission_id,
            waiting: Vec::with_capacity(CHUNK),
            number: 0,
            bytes: 0,
            hasher: Sha256::new(),
        })
    }

    /// Takes the next bytes of the file.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn push(&mut self, bytes: &[u8]) -> Result<()> {
        self.hasher.update(bytes);
        self.bytes += bytes.len() as u64;
        let mut rest = bytes;
        while !rest.is_empty() {
            let (now, later) = rest.split_at(rest.len().min(CHUNK - self.waiting.len()));
            self.waiting.extend_from_slice(now);
            rest = later;
            if self.waiting.len() == CHUNK {
                self.store().await?;
            }
        }
        Ok(())
    }

    /// Size so far.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    async fn store(&mut self) -> Result<()> {
        let content = lz4_flex::block::compress_prepend_size(&self.waiting);
        let mut scoped = Scoped::write(&self.database, &self.center).await?;
        sqlx::query("insert into submission_chunk (center_id, submission_id, number, content) values ($1, $2, $3, $4)")
            .bind(&self.center)
            .bind(self.id)
            .bind(self.number)
            .bind(content)
            .execute(&mut *scoped.tx)
            .await?;
        scoped.commit().await?;
        self.number += 1;
        self.waiting.clear();
        Ok(())
    }

    /// Stores the rest; returns the SHA-256 of the file. The file is on durable storage when this returns.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn finish(&mut self) -> Result<[u8; 32]> {
        if !self.waiting.is_empty() {
            self.store().await?;
        }
        Ok(self.hasher.clone().finalize().into())
    }

    async fn queue(&self, scoped: &mut Scoped, digest: [u8; 32]) -> Result<()> {
        sqlx::query("update submission set state = 'queued', bytes = $3, digest = $4 where center_id = $1 and submission_id = $2 and state = 'uploading'")
            .bind(&self.center)
            .bind(self.id)
            .bind(i64::try_from(self.bytes).unwrap_or(i64::MAX))
            .bind(digest.to_vec())
            .execute(&mut *scoped.tx)
            .await?;
        Ok(())
    }

    /// Forgets the file: it was not accepted.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn abandon(self) -> Result<()> {
        let mut scoped = Scoped::write(&self.database, &self.center).await?;
        sqlx::query(
            "delete from submission where center_id = $1 and submission_id = $2 and state = 'uploading'",
        )
        .bind(&self.center)
        .bind(self.id)
        .execute(&mut *scoped.tx)
        .await?;
        scoped.commit().await
    }
}

/// Whether a file is a new submission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accepted {
    /// It is queued now.
    New,
    /// The request was sent before; this submission came of it.
    Before(Uuid),
}

/// Hands a stored file over to be written, once for each `Idempotency-Key`.
///
/// A key whose submission has ended without keeping anything is free again, so that the request can be repeated once the cause is gone.
///
/// # Errors
/// [`Error::IdempotencyMismatch`]; those of the database.
pub async fn accept(
    database: &Database,
    upload: &mut Upload,
    key: Option<&Key>,
    digest: [u8; 32],
) -> Result<Accepted> {
    let mut scoped = Scoped::write(database, &upload.center).await?;
    let answer = Answer { status: 202, body: upload.id.as_bytes().to_vec() };
    if let Some(key) = key {
        // The key of a submission that kept nothing is free, for another request too.
        sqlx::query(
            "update idempotent_answer set request_digest = $4 where center_id = $1 and token_id = $2 and idempotency_key = $3
             and body = any (select uuid_send(submission_id) from submission where finished_at is not null and not committed)",
        )
        .bind(&key.center)
        .bind(key.token_id)
        .bind(&key.key)
        .bind(key.digest.to_vec())
        .execute(&mut *scoped.tx)
        .await?;
        if let Some(before) = idempotency::claim(&mut scoped, key).await? {
            let id = Uuid::from_slice(&before.body).map_err(|_| Error::IdempotencyMismatch)?;
            let stands: bool = sqlx::query_scalar(
                "select exists (select from submission where submission_id = $1 and (committed or finished_at is null))",
            )
            .bind(id)
            .fetch_one(&mut *scoped.tx)
            .await?;
            if stands {
                scoped.rollback().await?;
                return Ok(Accepted::Before(id));
            }
        }
        idempotency::keep(&mut scoped, key, &answer).await?;
    }
    upload.queue(&mut scoped, digest).await?;
    scoped.commit().await?;
    Ok(Accepted::New)
}

/// Writes the stored file of a submission to `path`.
///
/// # Errors
/// [`Error::Inconsistent`] when the stored file is incomplete; those of the database and of the file system.
pub async fn fetch(database: &Database, center: &str, id: Uuid, path: &Path) -> Result<()> {
    let mut tx = Scoped::read(database, std::slice::from_ref(&center.to_owned())).await?;
    let expected: i64 = sqlx::query_scalar("select bytes from submission where submission_id = $1")
        .bind(id)
        .fetch_optional(&mut *tx)
        .await?
        .ok_or(Error::NotFound)?;
    let mut file = std::io::BufWriter::new(std::fs::File::create(path).map_err(Error::file(path))?);
    let mut written = 0;
    let mut chunks =
        sqlx::query("select content from submission_chunk where submission_id = $1 order by number")
            .bind(id)
            .fetch(&mut *tx);
    while let Some(row) = chunks.try_next().await? {
        let content: Vec<u8> = row.try_get(0)?;
        let bytes =
            lz4_flex::block::decompress_size_prepended(&content).map_err(|error| Error::Inconsistent {
                table: "submission_chunk".to_owned(),
                record: id.to_string(),
                what: error.to_string(),
            })?;
        written += bytes.len() as u64;
        file.write_all(&bytes).map_err(Error::file(path))?;
    }
    file.flush().map_err(Error::file(path))?;
    if i64::try_from(written).unwrap_or(i64::MAX) != expected {
        return Err(Error::Inconsistent {
            table: "submission_chunk".to_owned(),
            record: id.to_string(),
            what: format!("{written} bytes of a file of {expected}"),
        });
    }
    Ok(())
}
