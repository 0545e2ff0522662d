//! The sealer: gives committed entries their positions and closes them into blocks.
//!
//! Sequence numbers are handed out before commit, so "everything after number N" loses rows. The sealer instead takes whole transactions: all
//! whose id is below the oldest transaction still running have ended, and what they wrote is visible to it and will never grow.

use super::Hash;
use super::block::{Header, SealingKey, merkle_root};
use crate::database::Database;
use crate::error::Result;
use chrono::{SubsecRound, Utc};
use sqlx::postgres::PgRow;
use sqlx::{Postgres, Row, Transaction};

const SEAL_LOCK: i64 = 0x5345_5155_454c_4132;

/// Columns of a block, as [`header`] reads them.
pub(super) const BLOCK_COLUMNS: &str = "number, generation, xid_from, xid_until, first_position, entries, root, previous, block_hash, signature, sealed_at";

/// How entries are ordered within a block; with the block's first position, this is an entry's position.
pub(super) const ENTRY_ORDER: &str = "xid, center_id collate \"C\", record_id, version";

pub(super) fn hash_column(row: &PgRow, name: &str) -> Result<Hash> {
    let bytes: Vec<u8> = row.try_get(name)?;
    Ok(bytes.try_into().unwrap_or([0; 32]))
}

pub(super) fn header(row: &PgRow) -> Result<Header> {
    Ok(Header {
        number: row.try_get("number")?,
        generation: row.try_get("generation")?,
        xid_from: row.try_get("xid_from")?,
        xid_until: row.try_get("xid_until")?,
        first_position: row.try_get("first_position")?,
        entries: row.try_get("entries")?,
        root: hash_column(row, "root")?,
        previous: hash_column(row, "previous")?,
        sealed_at: row.try_get("sealed_at")?,
    })
}

/// Seals everything that can be sealed now. Returns the newest block made, if any.
pub async fn seal(database: &Database, key: &SealingKey) -> Result<Option<Header>> {
    let mut newest = None;
    while let Some(block) = seal_one(database, key).await? {
        newest = Some(block);
    }
    Ok(newest)
}

async fn seal_one(database: &Database, key: &SealingKey) -> Result<Option<Header>> {
    let mut tx = database.sealer.begin().await?;
    sqlx::query("set transaction isolation level repeatable read").execute(&mut *tx).await?;
    let alone: bool = sqlx::query_scalar("select pg_try_advisory_xact_lock($1)")
        .bind(SEAL_LOCK)
        .fetch_one(&mut *tx)
        .await?;
    if !alone {
        return Ok(None);
    }
    let Some((generation, xid_from, xid_until)) = next_range(&mut tx, database.generation).await? else {
        return Ok(None);
    };
    let statement = format!(
        "select entry_hash from audit_entry where generation = $1 and xid >= $2 and xid < $3 order by {ENTRY_ORDER}"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(statement))
        .bind(generation)
        .bind(xid_from)
        .bind(xid_until)
        .fetch_all(&mut *tx)
        .await?;
    let leaves = rows.iter().map(|row| hash_column(row, "entry_hash")).collect::<Result<Vec<Hash>>>()?;
    let last = last_block(&mut tx).await?;
    let header = Header {
        number: last.as_ref().map_or(1, |b| b.number + 1),
        generation,
        xid_from,
        xid_until,
        first_position: last.as_ref().map_or(1, |b| b.first_position + b.entries),
        entries: i64::try_from(leaves.len()).unwrap_or(i64::MAX),
        root: merkle_root(&leaves),
        previous: last.as_ref().map_or([0; 32], Header::hash),
        sealed_at: Utc::now().trunc_subsecs(6),
    };
    if insert(&mut tx, &header, key).await? {
        tx.commit().await?;
        return Ok(Some(header));
    }
    Ok(None)
}

/// Writes the block; false when another sealer was faster.
async fn insert(tx: &mut Transaction<'static, Postgres>, header: &Header, key: &SealingKey) -> Result<bool> {
    let hash = header.hash();
    let statement = format!(
        "insert into audit_block ({BLOCK_COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
    );
    let inserted = sqlx::query(sqlx::AssertSqlSafe(statement))
        .bind(header.number)
        .bind(header.generation)
        .bind(header.xid_from)
        .bind(header.xid_until)
        .bind(header.first_position)
        .bind(header.entries)
        .bind(header.root.to_vec())
        .bind(header.previous.to_vec())
        .bind(hash.to_vec())
        .bind(key.sign(&hash).to_vec())
        .bind(header.sealed_at)
        .execute(&mut **tx)
        .await;
    match inserted {
        Ok(_) => Ok(true),
        Err(sqlx::Error::Database(error)) if error.is_unique_violation() => Ok(false),
        Err(error) => Err(error.into()),
    }
}

async fn last_block(tx: &mut Transaction<'static, Postgres>) -> Result<Option<Header>> {
    let statement = format!("select {BLOCK_COLUMNS} from audit_block order by number desc limit 1");
    sqlx::query(sqlx::AssertSqlSafe(statement))
        .fetch_optional(&mut **tx)
        .await?
        .as_ref()
        .map(header)
        .transpose()
}

/// The oldest range of ended transactions that holds unsealed entries: (generation, first id, id after the last).
async fn next_range(
    tx: &mut Transaction<'static, Postgres>,
    current: i32,
) -> Result<Option<(i32, i64, i64)>> {
    let last = last_block(tx).await?;
    let row = sqlx::query(
        "select e.generation, pg_snapshot_xmin(pg_current_snapshot())::text::bigint as watermark
         from audit_entry e
         where (e.generation, e.xid) >= ($1, $2)
           and (e.generation < $3 or e.xid < pg_snapshot_xmin(pg_current_snapshot())::text::bigint)
         order by e.generation, e.xid limit 1",
    )
    .bind(last.as_ref().map_or(0, |b| b.generation))
    .bind(last.as_ref().map_or(0, |b| b.xid_until))
    .bind(current)
    .fetch_optional(&mut **tx)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let generation: i32 = row.try_get("generation")?;
    let xid_from = last.filter(|b| b.generation == generation).map_or(0, |b| b.xid_until);
    // Nothing more is written in a generation that has ended.
    let xid_until = if generation < current { i64::MAX } else { row.try_get("watermark")? };
    Ok(Some((generation, xid_from, xid_until)))
}
