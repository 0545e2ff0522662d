//! Queries: what soft rules ask a center about a record.

use crate::database::Database;
use crate::error::Result;
use crate::scope::Scoped;
use chrono::{DateTime, Utc};
use clinical::Finding;
use serde::Serialize;
use sqlx::Row;
use uuid::Uuid;

/// A query as listed.
#[derive(Debug, Clone, Serialize)]
pub struct RecordQuery {
    /// Id.
    pub query_id: Uuid,
    /// Center asked.
    pub center_id: String,
    /// Form of the record.
    pub form: String,
    /// Record asked about.
    pub record_id: Uuid,
    /// Rule that asks.
    pub rule: String,
    /// Field, empty for the whole record.
    pub field: String,
    /// Value as received.
    pub received: Option<String>,
    /// What would be usual.
    pub expected: Option<String>,
    /// `open` or `resolved`.
    pub state: String,
    /// When it was opened.
    pub opened_at: DateTime<Utc>,
    /// When it was resolved.
    pub closed_at: Option<DateTime<Utc>>,
}

/// Opens queries, or opens them again.
pub async fn open(scoped: &mut Scoped, center: &str, form: &str, found: &[(Uuid, &Finding)]) -> Result<()> {
    if found.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "insert into record_query (center_id, query_id, subject, record_id, rule, field, received, expected, state, opened_at)
         select $1, u.query_id, $2, u.record_id, u.rule, u.field, u.received, u.expected, 'open', $3
         from unnest($4::uuid[], $5::uuid[], $6::text[], $7::text[], $8::text[], $9::text[])
              as u(query_id, record_id, rule, field, received, expected)
         on conflict on constraint record_query_key do update
           set state = 'open', received = excluded.received, expected = excluded.expected, closed_at = null",
    )
    .bind(center)
    .bind(form)
    .bind(scoped.now)
    .bind(found.iter().map(|_| Uuid::now_v7()).collect::<Vec<_>>())
    .bind(found.iter().map(|(id, _)| *id).collect::<Vec<_>>())
    .bind(found.iter().map(|(_, f)| f.rule.id.to_owned()).collect::<Vec<_>>())
    .bind(found.iter().map(|(_, f)| f.field.clone().unwrap_or_default()).collect::<Vec<_>>())
    .bind(found.iter().map(|(_, f)| f.received.clone()).collect::<Vec<_>>())
    .bind(found.iter().map(|(_, f)| f.expected.clone()).collect::<Vec<_>>())
    .execute(&mut *scoped.tx)
    .await?;
    Ok(())
}

/// Resolves every open query about a record's own content; those that still hold are opened again by the new version's findings.
pub async fn resolve(scoped: &mut Scoped, center: &str, record_id: Uuid) -> Result<()> {
    resolve_many(scoped, center, &[record_id]).await
}

/// As [`resolve`], for several records.
pub(crate) async fn resolve_many(scoped: &mut Scoped, center: &str, record_ids: &[Uuid]) -> Result<()> {
    sqlx::query("update record_query set state = 'resolved', closed_at = $3 where center_id = $1 and record_id = any ($2) and origin = 'record' and state = 'open'")
        .bind(center)
        .bind(record_ids)
        .bind(scoped.now)
        .execute(&mut *scoped.tx)
        .await?;
    Ok(())
}

/// Queries in scope, oldest first, after the cursor.
pub async fn list(
    database: &Database,
    centers: &[String],
    state: Option<&str>,
    record_id: Option<Uuid>,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<RecordQuery>> {
    let mut tx = Scoped::read(database, centers).await?;
    let rows = sqlx::query(
        "select query_id, center_id, subject, record_id, rule, field, received, expected, state, opened_at, closed_at from record_query
         where ($1::text is null or state = $1) and ($2::uuid is null or record_id = $2) and ($3::uuid is null or query_id > $3)
         order by query_id limit $4",
    )
    .bind(state)
    .bind(record_id)
    .bind(after)
    .bind(limit)
    .fetch_all(&mut *tx)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(RecordQuery {
                query_id: row.try_get("query_id")?,
                center_id: row.try_get("center_id")?,
                form: row.try_get("subject")?,
                record_id: row.try_get("record_id")?,
                rule: row.try_get("rule")?,
                field: row.try_get("field")?,
                received: row.try_get("received")?,
                expected: row.try_get("expected")?,
                state: row.try_get("state")?,
                opened_at: row.try_get("opened_at")?,
                closed_at: row.try_get("closed_at")?,
            })
        })
        .collect()
}
