//! Inclusion proofs: that an entry stands in a sealed block, to be checked without the registry.

use super::block::{Header, SealingKey, merkle_root, signature_holds};
use super::head::{HeaderDocument, Hex, to_the_microsecond};
use super::seal::{BLOCK_COLUMNS, ENTRY_ORDER, hash_column, header};
use super::{Entry, Hash, commitment};
use crate::database::Database;
use crate::error::{Error, Result};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sqlx::{AssertSqlSafe, Row};
use uuid::Uuid;

/// Marks the document's layout.
pub const PROOF_FORMAT: &str = "sequela.audit.proof.v1";

/// Hashes of the siblings on the way from a leaf to the root (RFC 6962, section 2.1.1), nearest first.
pub fn merkle_path(leaves: &[Hash], index: usize) -> Vec<Hash> {
    if leaves.len() < 2 || index >= leaves.len() {
        return Vec::new();
    }
    let split = leaves.len().next_power_of_two() / 2;
    let (left, right) = leaves.split_at(split);
    let (mut path, sibling) = if index < split {
        (merkle_path(left, index), merkle_root(right))
    } else {
        (merkle_path(right, index - split), merkle_root(left))
    };
    path.push(sibling);
    path
}

/// The root that a leaf and its path lead to (RFC 9162, section 2.1.3.2); `None` when the path has the wrong length.
pub fn root_of_path(leaf: &Hash, index: u64, leaves: u64, path: &[Hash]) -> Option<Hash> {
    if index >= leaves {
        return None;
    }
    let node = |left: &Hash, right: &Hash| -> Hash {
        Sha256::new_with_prefix([1]).chain_update(left).chain_update(right).finalize().into()
    };
    let (mut at, mut last) = (index, leaves - 1);
    let mut root: Hash = Sha256::new_with_prefix([0]).chain_update(leaf).finalize().into();
    for sibling in path {
        if last == 0 {
            return None;
        }
        if at % 2 == 1 || at == last {
            root = node(sibling, &root);
            while at.is_multiple_of(2) && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            root = node(&root, sibling);
        }
        at >>= 1;
        last >>= 1;
    }
    (last == 0).then_some(root)
}

/// The columns of an entry that its hash covers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are those of `Entry`")]
pub struct EntryDocument {
    pub center_id: String,
    pub record_id: Uuid,
    pub version: i32,
    pub generation: i32,
    pub xid: i64,
    pub at: DateTime<Utc>,
    pub actor: Uuid,
    pub action: String,
    pub subject: String,
    pub reason: Option<String>,
    pub request_id: Uuid,
    pub commitment: Hex<32>,
}

impl EntryDocument {
    fn hash(&self) -> Hash {
        let entry = Entry {
            center_id: &self.center_id,
            record_id: self.record_id,
            version: self.version,
            generation: self.generation,
            xid: self.xid,
            at: self.at,
            actor: self.actor,
            action: &self.action,
            subject: &self.subject,
            reason: self.reason.as_deref(),
            request_id: self.request_id,
            commitment: self.commitment.0,
        };
        entry.hash()
    }
}

/// What an entry committed to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contents {
    /// The salt of the commitment.
    pub salt: Hex<16>,
    /// The content, byte for byte.
    pub payload: String,
}

/// Everything needed to check, with the public key alone, that an entry stands in the sealed log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    /// [`PROOF_FORMAT`].
    pub format: String,
    /// The entry.
    pub entry: EntryDocument,
    /// Its hash: the leaf.
    pub entry_hash: Hex<32>,
    /// Its position in the log, from 1.
    pub position: i64,
    /// Sibling hashes from the leaf to the root of the block, nearest first.
    pub path: Vec<Hex<32>>,
    /// Header of the block.
    pub block: HeaderDocument,
    /// Hash of the header.
    pub block_hash: Hex<32>,
    /// Ed25519 signature over `block_hash`.
    pub signature: Hex<64>,
    /// Public half of the key. Compare it with the one you were given; do not trust this copy.
    pub public_key: Hex<32>,
    /// The content, when it was asked for and has not been erased.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub contents: Option<Contents>,
}

impl Proof {
    /// What is wrong with the proof under this key; `None` when it holds.
    pub fn fault(&self, public_key: &[u8; 32]) -> Option<&'static str> {
        if self.format != PROOF_FORMAT {
            return Some("the document is not an inclusion proof of this program");
        }
        if self.entry.hash() != self.entry_hash.0 || !to_the_microsecond(self.entry.at) {
            return Some("the entry's hash does not fit its columns");
        }
        let covered = self.entry.generation == self.block.generation
            && (self.block.xid_from..self.block.xid_until).contains(&self.entry.xid);
        let index = self.position.checked_sub(self.block.first_position).and_then(|i| u64::try_from(i).ok());
        let leaves = u64::try_from(self.block.entries).ok();
        let path: Vec<Hash> = self.path.iter().map(|h| h.0).collect();
        let root = index
            .zip(leaves)
            .and_then(|(index, leaves)| root_of_path(&self.entry_hash.0, index, leaves, &path));
        if !covered || root != Some(self.block.root.0) {
            return Some("the path does not lead from the entry to the root of the block");
        }
        let hash = self.block_hash.0;
        if self.block.hash() != Some(hash) {
            return Some("the block's hash does not fit its header");
        }
        if !signature_holds(public_key, &hash, &self.signature.0) {
            return Some("the block was not signed with the sealing key");
        }
        let told = self.contents.as_ref();
        if told.is_some_and(|c| commitment(&c.salt.0, c.payload.as_bytes()) != self.entry.commitment.0) {
            return Some("the content is not what the entry committed to");
        }
        None
    }
}

/// Which entry to prove.
#[derive(Debug, Clone)]
pub struct Wanted<'a> {
    /// Center, or `*` for what belongs to none.
    pub center_id: &'a str,
    /// Id of the record, token or event.
    pub record_id: Uuid,
    /// Version; the newest when not given.
    pub version: Option<i32>,
    /// With the content.
    pub contents: bool,
}

/// Makes the proof of an entry. Fails with [`Error::NotFound`] or, for an entry in no block yet, [`Error::NotSealed`].
pub async fn prove(database: &Database, key: &SealingKey, wanted: &Wanted<'_>) -> Result<Proof> {
    let mut tx = database.exporter.begin().await?;
    sqlx::query("set transaction isolation level repeatable read read only").execute(&mut *tx).await?;
    let row = sqlx::query(
        "select e.version, e.generation, e.xid, e.at, e.actor, e.action, e.subject, e.reason, e.request_id, e.commitment, e.entry_hash,
                p.salt, p.payload
         from audit_entry e left join audit_payload p using (center_id, record_id, version)
         where e.center_id = $1 and e.record_id = $2 and ($3::integer is null or e.version = $3) order by e.version desc limit 1",
    )
    .bind(wanted.center_id)
    .bind(wanted.record_id)
    .bind(wanted.version)
    .fetch_optional(&mut *tx)
    .await?
    .ok_or(Error::NotFound)?;
    let entry = EntryDocument {
        center_id: wanted.center_id.to_owned(),
        record_id: wanted.record_id,
        version: row.try_get("version")?,
        generation: row.try_get("generation")?,
        xid: row.try_get("xid")?,
        at: row.try_get("at")?,
        actor: row.try_get("actor")?,
        action: row.try_get("action")?,
        subject: row.try_get("subject")?,
        reason: row.try_get("reason")?,
        request_id: row.try_get("request_id")?,
        commitment: Hex(hash_column(&row, "commitment")?),
    };
    let contents =
        if wanted.contents { contents(row.try_get("salt")?, row.try_get("payload")?) } else { None };
    let statement = format!(
        "select {BLOCK_COLUMNS} from audit_block where generation = $1 and xid_from <= $2 and xid_until > $2"
    );
    let sealed = sqlx::query(AssertSqlSafe(statement))
        .bind(entry.generation)
        .bind(entry.xid)
        .fetch_optional(&mut *tx)
        .await?
        .ok_or(Error::NotSealed)?;
    let block = header(&sealed)?;
    let signature: Vec<u8> = sealed.try_get("signature")?;
    let (leaves, index) = leaves(&mut tx, &block, &entry).await?;
    Ok(Proof {
        format: PROOF_FORMAT.to_owned(),
        entry_hash: Hex(hash_column(&row, "entry_hash")?),
        position: block.first_position + i64::try_from(index).unwrap_or(i64::MAX),
        path: merkle_path(&leaves, index).into_iter().map(Hex).collect(),
        block_hash: Hex(block.hash()),
        block: HeaderDocument::from(&block),
        signature: Hex(signature.try_into().unwrap_or([0; 64])),
        public_key: Hex(key.public()),
        entry,
        contents,
    })
}

fn contents(salt: Option<Vec<u8>>, payload: Option<Vec<u8>>) -> Option<Contents> {
    let salt = salt?.try_into().ok()?;
    Some(Contents { salt: Hex(salt), payload: String::from_utf8(payload?).ok()? })
}

/// The leaves of the entry's block, and which of them the entry is.
async fn leaves(
    tx: &mut sqlx::Transaction<'static, sqlx::Postgres>,
    block: &Header,
    entry: &EntryDocument,
) -> Result<(Vec<Hash>, usize)> {
    let statement = format!(
        "select entry_hash, center_id = $4 and record_id = $5 and version = $6 as wanted from audit_entry
         where generation = $1 and xid >= $2 and xid < $3 order by {ENTRY_ORDER}"
    );
    let rows = sqlx::query(AssertSqlSafe(statement))
        .bind(block.generation)
        .bind(block.xid_from)
        .bind(block.xid_until)
        .bind(&entry.center_id)
        .bind(entry.record_id)
        .bind(entry.version)
        .fetch_all(&mut **tx)
        .await?;
    let mut leaves = Vec::with_capacity(rows.len());
    let mut index = 0;
    for (i, row) in rows.iter().enumerate() {
        if row.try_get("wanted")? {
            index = i;
        }
        leaves.push(hash_column(row, "entry_hash")?);
    }
    Ok((leaves, index))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_of_every_tree_leads_to_its_root_and_no_other_does() {
        for size in 1..=33u8 {
            let leaves: Vec<Hash> = (0..size).map(|i| [i; 32]).collect();
            let root = merkle_root(&leaves);
            let number = u64::from(size);
            for (index, leaf) in leaves.iter().enumerate() {
                let path = merkle_path(&leaves, index);
                let at = index as u64;
                assert_eq!(root_of_path(leaf, at, number, &path), Some(root), "{index} of {size}");
                assert_ne!(root_of_path(&[200; 32], at, number, &path), Some(root));
                for other in (0..number).filter(|o| *o != at) {
                    assert_ne!(
                        root_of_path(leaf, other, number, &path),
                        Some(root),
                        "{index} as {other} of {size}"
                    );
                }
                let mut longer = path.clone();
                longer.push([0; 32]);
                assert_eq!(root_of_path(leaf, at, number, &longer), None, "{index} of {size}");
                if let Some((_, shorter)) = path.split_last() {
                    assert_ne!(root_of_path(leaf, at, number, shorter), Some(root));
                }
                for i in 0..path.len() {
                    let mut changed = path.clone();
                    changed[i][7] ^= 1;
                    assert_ne!(root_of_path(leaf, at, number, &changed), Some(root));
                }
            }
            assert_eq!(root_of_path(&leaves[0], number, number, &[]), None);
        }
    }
}
