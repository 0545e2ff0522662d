//! Answers kept for requests that may be sent twice.

use crate::error::{Error, Result};
use crate::scope::Scoped;
use sqlx::Row;
use uuid::Uuid;

/// An answer as first given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Body.
    pub body: Vec<u8>,
}

/// The key of a request, bound to what was asked.
#[derive(Debug, Clone)]
pub struct Key {
    /// Center written to.
    pub center: String,
    /// Whose key it is.
    pub token_id: Uuid,
    /// The `Idempotency-Key`.
    pub key: String,
    /// Digest of method, path and body.
    pub digest: [u8; 32],
}

/// Claims a key within the transaction of the write, or returns the answer given before.
///
/// A second request with the same key waits here until the first has committed or failed, so that only one of them writes.
pub async fn claim(scoped: &mut Scoped, key: &Key) -> Result<Option<Answer>> {
    let claimed = sqlx::query(
        "insert into idempotent_answer (center_id, token_id, idempotency_key, request_digest, status, body, created_at)
         values ($1, $2, $3, $4, 0, '', $5) on conflict on constraint idempotent_answer_pk do nothing",
    )
    .bind(&key.center)
    .bind(key.token_id)
    .bind(&key.key)
    .bind(key.digest.to_vec())
    .bind(scoped.now)
    .execute(&mut *scoped.tx)
    .await?
    .rows_affected();
    if claimed == 1 {
        return Ok(None);
    }
    let row = sqlx::query(
        "select request_digest, status, body from idempotent_answer where center_id = $1 and token_id = $2 and idempotency_key = $3",
    )
    .bind(&key.center)
    .bind(key.token_id)
    .bind(&key.key)
    .fetch_one(&mut *scoped.tx)
    .await?;
    if row.try_get::<Vec<u8>, _>("request_digest")? != key.digest {
        return Err(Error::IdempotencyMismatch);
    }
    let status: i32 = row.try_get("status")?;
    Ok(Some(Answer { status: u16::try_from(status).unwrap_or(500), body: row.try_get("body")? }))
}

/// Keeps the answer, to be committed together with the write it answers for.
pub async fn keep(scoped: &mut Scoped, key: &Key, answer: &Answer) -> Result<()> {
    sqlx::query(
        "update idempotent_answer set status = $4, body = $5 where center_id = $1 and token_id = $2 and idempotency_key = $3",
    )
    .bind(&key.center)
    .bind(key.token_id)
    .bind(&key.key)
    .bind(i32::from(answer.status))
    .bind(&answer.body)
    .execute(&mut *scoped.tx)
    .await?;
    Ok(())
}
