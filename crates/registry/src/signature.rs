//! Locks and electronic signatures of records.
//!
//! A signature names the signer, the time and the meaning, and binds them to the content of one version by its SHA-256. It is `valid`
//! as long as that version is the record's current one; any later change breaks it, visibly and for good. A locked record refuses
//! changes until a lead unlocks it with a reason.

use crate::audit::{Action, hex};
use crate::error::{Error, Result};
use crate::principal::Principal;
use crate::record_store;
use crate::scope::{Author, Scoped, Tx};
use crate::sql::Stored;
use crate::trail::{self, Written};
use chrono::{DateTime, Utc};
use clinical::record::Record;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sqlx::Row;
use std::collections::HashSet;
use uuid::Uuid;

/// What a signature means (21 CFR 11.50(a)(3)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Meaning {
    /// The signer has entered it.
    #[serde(alias = "authorship", alias = "author")]
    Authorship,
    /// The signer has checked it.
    #[serde(alias = "review")]
    Review,
    /// The signer approves it.
    #[serde(alias = "approval")]
    Approval,
    /// The signer answers for it.
    #[serde(alias = "responsibility")]
    Responsibility,
}

impl Meaning {
    /// As stored.
    pub fn code(self) -> &'static str {
        match self {
            Self::Authorship => "AUTHORSHIP",
            Self::Review => "REVIEW",
            Self::Approval => "APPROVAL",
            Self::Responsibility => "RESPONSIBILITY",
        }
    }
}

/// SHA-256 of a record's canonical content.
pub fn content_sha256(record: &Record) -> [u8; 32] {
    Sha256::digest(record.canonical_bytes()).into()
}

/// Whether a record is locked.
#[derive(Debug, Clone, Serialize)]
pub struct Lock {
    /// True when it refuses changes.
    pub locked: bool,
    /// When it was locked or unlocked.
    pub changed_at: DateTime<Utc>,
    /// By which token.
    pub actor: Uuid,
    /// Who that is.
    pub actor_label: String,
    /// Why.
    pub reason: String,
}

/// A change after a signature.
#[derive(Debug, Clone, Serialize)]
pub struct Breach {
    /// Version it made.
    pub version: i32,
    /// `amend`, `retract` or `reinstate`.
    pub action: String,
    /// When.
    pub at: DateTime<Utc>,
    /// By which token.
    pub actor: Uuid,
    /// Why.
    pub reason: Option<String>,
}

/// A signature and whether it still holds.
#[derive(Debug, Clone, Serialize)]
pub struct Signature {
    /// Id.
    pub signature_id: Uuid,
    /// Version signed.
    pub signed_version: i32,
    /// SHA-256 of the content signed.
    pub content_sha256: String,
    /// A code of [`Meaning`].
    pub meaning: String,
    /// Token of the signer.
    pub signer: Uuid,
    /// Name of the signer.
    pub signer_name: String,
    /// Role of the signer.
    pub signer_role: String,
    /// When.
    pub signed_at: DateTime<Utc>,
    /// `valid` or `broken`.
    pub status: &'static str,
    /// What was done to the record since, oldest first.
    pub broken_by: Vec<Breach>,
    /// How the content differs from what was signed: `{field: {before, after}}`; null when the signed content was erased.
    pub changes: Value,
}

/// The lock of a record, if it was ever locked.
pub async fn lock_of(tx: &mut Tx, center: &str, record_id: Uuid) -> Result<Option<Lock>> {
    let row = sqlx::query(
        "select locked, changed_at, actor, actor_label, reason from record_lock where center_id = $1 and record_id = $2",
    )
    .bind(center)
    .bind(record_id)
    .fetch_optional(&mut **tx)
    .await?;
    row.map(|row| {
        Ok(Lock {
            locked: row.try_get("locked")?,
            changed_at: row.try_get("changed_at")?,
            actor: row.try_get("actor")?,
            actor_label: row.try_get("actor_label")?,
            reason: row.try_get("reason")?,
        })
    })
    .transpose()
}

/// Which of these records are locked: whoever changes many at once tells each of these by itself.
pub async fn locked(scoped: &mut Scoped, center: &str, records: &[Uuid]) -> Result<HashSet<Uuid>> {
    let found = sqlx::query_scalar(
        "select record_id from record_lock where center_id = $1 and record_id = any ($2) and locked",
    )
    .bind(center)
    .bind(records)
    .fetch_all(&mut *scoped.tx)
    .await?;
    Ok(found.into_iter().collect())
}

/// Fails when the record is locked.
pub(crate) async fn refuse_locked(scoped: &mut Scoped, center: &str, record_id: Uuid) -> Result<()> {
    match lock_of(&mut scoped.tx, center, record_id).await? {
        Some(lock) if lock.locked => Err(Error::Locked { by: lock.actor_label, since: lock.changed_at }),
        _ => Ok(()),
    }
}

/// Who locks, signs, and which version they have seen.
#[derive(Debug, Clone, Copy)]
pub struct Act<'a> {
    /// Author of the log entry.
    pub author: Author,
    /// The person.
    pub person: &'a Principal,
    /// Version the person has seen.
    pub version: i32,
}

fn seen(stored: &Stored, act: Act<'_>) -> Result<()> {
    if stored.version == act.version {
        Ok(())
    } else {
        Err(Error::VersionConflict { current: stored.version })
    }
}

/// Locks or unlocks a record.
pub async fn set_lock(
    scoped: &mut Scoped,
    center: &str,
    stored: &Stored,
    act: Act<'_>,
    locked: bool,
    reason: &str,
) -> Result<Lock> {
    let form = stored.record.form();
    record_store::hold(&mut scoped.tx, form, stored.record_id).await?;
    seen(stored, act)?;
    let was = lock_of(&mut scoped.tx, center, stored.record_id).await?.is_some_and(|l| l.locked);
    if was == locked {
        let (state, step) = if locked { ("locked", "locked") } else { ("not locked", "unlocked") };
        return Err(Error::WrongState { what: "record", state: state.to_owned(), step });
    }
    let row = sqlx::query(
        "insert into record_lock (center_id, record_id, lock_id, subject, patient_id, locked, version, changed_at, actor, actor_label, reason)
         values ($1, $2, $3, $4, $5, $6, 1, $7, $8, $9, $10)
         on conflict on constraint record_lock_pk do update
           set locked = excluded.locked, version = record_lock.version + 1, changed_at = excluded.changed_at, actor = excluded.actor,
               actor_label = excluded.actor_label, reason = excluded.reason
         returning lock_id, version",
    )
    .bind(center)
    .bind(stored.record_id)
    .bind(Uuid::now_v7())
    .bind(form.name)
    .bind(stored.record.text("patient_id"))
    .bind(locked)
    .bind(scoped.now)
    .bind(act.author.actor)
    .bind(&act.person.label)
    .bind(reason)
    .fetch_one(&mut *scoped.tx)
    .await?;
    let (lock_id, version): (Uuid, i32) = (row.try_get("lock_id")?, row.try_get("version")?);
    let payload = json!({
        "form": form.name, "record_id": stored.record_id, "record_version": stored.version, "locked": locked, "reason": reason
    });
    let written = Written { record_id: lock_id, version, payload: payload.to_string().into() };
    let action = if version == 1 { Action::Create } else { Action::Amend };
    let why = Some(if locked { "locked" } else { "unlocked" });
    trail::append(scoped, center, act.author, action, "record_lock", why, &[written]).await?;
    lock_of(&mut scoped.tx, center, stored.record_id).await?.ok_or(Error::NotFound)
}

/// Signs the current version of a record.
pub async fn sign(
    scoped: &mut Scoped,
    center: &str,
    stored: &Stored,
    act: Act<'_>,
    meaning: Meaning,
) -> Result<Uuid> {
    let form = stored.record.form();
    record_store::hold(&mut scoped.tx, form, stored.record_id).await?;
    seen(stored, act)?;
    if stored.retracted {
        return Err(Error::WrongState { what: "record", state: "retracted".to_owned(), step: "signed" });
    }
    let digest = content_sha256(&stored.record);
    let signature_id = Uuid::now_v7();
    let done = sqlx::query(
        "insert into record_signature (center_id, signature_id, record_id, subject, patient_id, signed_version, content_sha256, meaning,
                                       signer, signer_name, signer_role, signed_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) on conflict on constraint record_signature_key do nothing",
    )
    .bind(center)
    .bind(signature_id)
    .bind(stored.record_id)
    .bind(form.name)
    .bind(stored.record.text("patient_id"))
    .bind(stored.version)
    .bind(digest.to_vec())
    .bind(meaning.code())
    .bind(act.author.actor)
    .bind(&act.person.label)
    .bind(act.person.role.code())
    .bind(scoped.now)
    .execute(&mut *scoped.tx)
    .await?;
    if done.rows_affected() == 0 {
        let state = format!("signed by you as {} in this version", meaning.code());
        return Err(Error::WrongState { what: "record", state, step: "signed so again" });
    }
    let payload = json!({
        "form": form.name, "record_id": stored.record_id, "version": stored.version, "content_sha256": hex(&digest),
        "meaning": meaning.code(), "name": act.person.label, "role": act.person.role.code(),
    });
    let written = Written { record_id: signature_id, version: 1, payload: payload.to_string().into() };
    trail::append(scoped, center, act.author, Action::Create, "record_signature", None, &[written]).await?;
    Ok(signature_id)
}

/// The signatures of a record, oldest first, each compared with what the record is now.
pub async fn signatures(tx: &mut Tx, stored: &Stored) -> Result<Vec<Signature>> {
    let rows = sqlx::query(
        "select signature_id, signed_version, content_sha256, meaning, signer, signer_name, signer_role, signed_at from record_signature
         where center_id = $1 and record_id = $2 order by signature_id",
    )
    .bind(&stored.center_id)
    .bind(stored.record_id)
    .fetch_all(&mut **tx)
    .await?;
    let digest = content_sha256(&stored.record);
    let mut signatures = Vec::with_capacity(rows.len());
    for row in rows {
        let signed_version: i32 = row.try_get("signed_version")?;
        let signed: Vec<u8> = row.try_get("content_sha256")?;
        let broken_by = breaches(tx, stored, signed_version).await?;
        let valid = signed_version == stored.version && signed == digest && !stored.retracted;
        let changes = if valid { json!({}) } else { changes_since(tx, stored, signed_version).await? };
        signatures.push(Signature {
            signature_id: row.try_get("signature_id")?,
            signed_version,
            content_sha256: hex(&signed),
            meaning: row.try_get("meaning")?,
            signer: row.try_get("signer")?,
            signer_name: row.try_get("signer_name")?,
            signer_role: row.try_get("signer_role")?,
            signed_at: row.try_get("signed_at")?,
            status: if valid { "valid" } else { "broken" },
            broken_by,
            changes,
        });
    }
    Ok(signatures)
}

async fn breaches(tx: &mut Tx, stored: &Stored, since: i32) -> Result<Vec<Breach>> {
    let rows = sqlx::query(
        "select version, action, at, actor, reason from audit_entry
         where center_id = $1 and record_id = $2 and version > $3 order by version",
    )
    .bind(&stored.center_id)
    .bind(stored.record_id)
    .bind(since)
    .fetch_all(&mut **tx)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(Breach {
                version: row.try_get("version")?,
                action: row.try_get("action")?,
                at: row.try_get("at")?,
                actor: row.try_get("actor")?,
                reason: row.try_get("reason")?,
            })
        })
        .collect()
}

async fn changes_since(tx: &mut Tx, stored: &Stored, version: i32) -> Result<Value> {
    let signed: Option<Vec<u8>> = sqlx::query_scalar(
        "select payload from audit_payload where center_id = $1 and record_id = $2 and version = $3",
    )
    .bind(&stored.center_id)
    .bind(stored.record_id)
    .bind(version)
    .fetch_optional(&mut **tx)
    .await?;
    let signed = signed.and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
    Ok(signed.map_or(Value::Null, |before| record_store::differences(&before, &stored.record.to_json())))
}
