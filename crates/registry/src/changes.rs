//! The change feed: what was written to the records of some centers, in the order in which the log is sealed.
//!
//! A reader that goes on from the last cursor misses nothing and sees nothing twice, whatever is written meanwhile: only sealed entries
//! are told, a sealed range of transactions never grows, and the cursor is the place in the order of the seal.

use crate::audit::Action;
use crate::database::Database;
use crate::error::Result;
use crate::record_store::differences;
use crate::scope::Scoped;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use sqlx::Row;
use uuid::Uuid;

/// A place in the order of the log: just after this entry.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Place {
    /// Life of the database.
    pub generation: i32,
    /// Transaction.
    pub xid: i64,
    /// Center.
    pub center_id: String,
    /// Record.
    pub record_id: Uuid,
    /// Version.
    pub version: i32,
}

/// A change of a record.
#[derive(Debug, Clone, Serialize)]
pub struct Change {
    /// Where it stands in the log.
    #[serde(skip)]
    pub place: Place,
    /// `create`, `amend`, `retract`, `reinstate`; `erase` takes records away for good.
    pub action: String,
    /// Center.
    pub center_id: String,
    /// Form; null for an erasure, which takes records of many forms.
    pub form: Option<String>,
    /// The record, or the erasure.
    pub record_id: Uuid,
    /// Version it got.
    pub version: i32,
    /// When.
    pub at: DateTime<Utc>,
    /// By which token.
    pub actor: Uuid,
    /// Why.
    pub reason: Option<String>,
    /// The content of this version; null when it was erased. Of an erasure: what it took away.
    pub data: Value,
    /// How it differs from the version before: `{field: {before, after}}`; null where there is none.
    pub changes: Value,
}

/// Changes after a place, at most `limit`; of all forms with patients or of one.
pub async fn since(
    database: &Database,
    centers: &[String],
    place: &Place,
    form: Option<&str>,
    limit: i64,
) -> Result<Vec<Change>> {
    let mut tx = Scoped::read(database, centers).await?;
    let forms: Vec<&str> = clinical::forms::CLINICAL.iter().map(|f| f.name).collect();
    let rows = sqlx::query(
        "with sealed as (select generation, xid_until from audit_block order by number desc limit 1)
         select e.generation, e.xid, e.center_id, e.record_id, e.version, e.action, e.subject, e.at, e.actor, e.reason, p.payload,
                b.payload as before
         from audit_entry e
         left join audit_payload p using (center_id, record_id, version)
         left join audit_payload b on b.center_id = e.center_id and b.record_id = e.record_id and b.version = e.version - 1
         where (e.generation, e.xid) >= ($1, $2)
           and (e.generation, e.xid, e.center_id collate \"C\", e.record_id, e.version) > ($1, $2, $3, $4, $5)
           and (e.generation, e.xid) < (select generation, xid_until from sealed)
           and (e.subject = any ($6) and ($7::text is null or e.subject = $7) or e.action = $8)
         order by e.generation, e.xid, e.center_id collate \"C\", e.record_id, e.version limit $9",
    )
    .bind(place.generation)
    .bind(place.xid)
    .bind(&place.center_id)
    .bind(place.record_id)
    .bind(place.version)
    .bind(forms)
    .bind(form)
    .bind(Action::Erase.code())
    .bind(limit)
    .fetch_all(&mut *tx)
    .await?;
    let content = |bytes: Option<Vec<u8>>| {
        bytes.and_then(|b| serde_json::from_slice::<Value>(&b).ok()).unwrap_or(Value::Null)
    };
    rows.iter()
        .map(|row| {
            let place = Place {
                generation: row.try_get("generation")?,
                xid: row.try_get("xid")?,
                center_id: row.try_get("center_id")?,
                record_id: row.try_get("record_id")?,
                version: row.try_get("version")?,
            };
            let action: String = row.try_get("action")?;
            let subject: String = row.try_get("subject")?;
            let data = content(row.try_get("payload")?);
            let before = content(row.try_get("before")?);
            let known = !data.is_null() && !before.is_null();
            Ok(Change {
                center_id: place.center_id.clone(),
                form: (action != Action::Erase.code()).then_some(subject),
                record_id: place.record_id,
                version: place.version,
                at: row.try_get("at")?,
                actor: row.try_get("actor")?,
                reason: row.try_get("reason")?,
                changes: if known { differences(&before, &data) } else { Value::Null },
                data,
                action,
                place,
            })
        })
        .collect()
}
