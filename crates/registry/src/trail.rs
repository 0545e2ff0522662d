//! Appending to the audit log, in the transaction of the change.

use crate::audit::{Action, Entry, Hash, commitment};
use crate::error::{Error, Result};
use crate::scope::{Author, Scoped};
use uuid::Uuid;

/// One version of something, with the bytes the log commits to.
#[derive(Debug, Clone)]
pub(crate) struct Written {
    /// What was written.
    pub(crate) record_id: Uuid,
    /// Version it got.
    pub(crate) version: i32,
    /// Canonical content.
    pub(crate) payload: Vec<u8>,
}

/// Rows of the log and of the payloads, as columns ready to bind.
#[derive(Debug, Default)]
struct Columns {
    record_ids: Vec<Uuid>,
    versions: Vec<i32>,
    commitments: Vec<Vec<u8>>,
    hashes: Vec<Vec<u8>>,
    salts: Vec<Vec<u8>>,
    payloads: Vec<Vec<u8>>,
}

/// Appends one entry per written version.
pub(crate) async fn append(
    scoped: &mut Scoped,
    center: &str,
    author: Author,
    action: Action,
    subject: &str,
    reason: Option<&str>,
    written: &[Written],
) -> Result<()> {
    if written.is_empty() {
        return Ok(());
    }
    let mut salts = vec![0u8; 16 * written.len()];
    getrandom::fill(&mut salts)
        .map_err(|_| Error::Refused("the system has no randomness for the audit log"))?;
    let mut columns = Columns::default();
    for (item, salt) in written.iter().zip(salts.as_chunks::<16>().0) {
        let commitment: Hash = commitment(salt, &item.payload);
        let entry = Entry {
            center_id: center,
            record_id: item.record_id,
            version: item.version,
            generation: scoped.generation,
            xid: scoped.xid,
            at: scoped.now,
            actor: author.actor,
            action: action.code(),
            subject,
            reason,
            request_id: author.request_id,
            commitment,
        };
        columns.record_ids.push(item.record_id);
        columns.versions.push(item.version);
        columns.hashes.push(entry.hash().to_vec());
        columns.commitments.push(commitment.to_vec());
        columns.salts.push(salt.to_vec());
        columns.payloads.push(item.payload.clone());
    }
    sqlx::query(
        "insert into audit_entry (center_id, record_id, version, generation, xid, at, actor, action, subject, reason, request_id,
                                  commitment, entry_hash)
         select $1, u.record_id, u.version, $2, $3, $4, $5, $6, $7, $8, $9, u.commitment, u.entry_hash
         from unnest($10::uuid[], $11::integer[], $12::bytea[], $13::bytea[]) as u(record_id, version, commitment, entry_hash)",
    )
    .bind(center)
    .bind(scoped.generation)
    .bind(scoped.xid)
    .bind(scoped.now)
    .bind(author.actor)
    .bind(action.code())
    .bind(subject)
    .bind(reason)
    .bind(author.request_id)
    .bind(&columns.record_ids)
    .bind(&columns.versions)
    .bind(&columns.commitments)
    .bind(&columns.hashes)
    .execute(&mut *scoped.tx)
    .await?;
    sqlx::query(
        "insert into audit_payload (center_id, record_id, version, salt, payload)
         select $1, u.record_id, u.version, u.salt, u.payload
         from unnest($2::uuid[], $3::integer[], $4::bytea[], $5::bytea[]) as u(record_id, version, salt, payload)",
    )
    .bind(center)
    .bind(&columns.record_ids)
    .bind(&columns.versions)
    .bind(&columns.salts)
    .bind(&columns.payloads)
    .execute(&mut *scoped.tx)
    .await?;
    Ok(())
}
