//! The newest block as a signed document to be kept elsewhere: with it the removal of what came before it can be shown.

use super::block::{Header, SealingKey, signature_holds};
use super::seal::{BLOCK_COLUMNS, header};
use super::{Hash, hex, unhex};
use crate::database::Database;
use crate::error::Result;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sqlx::{AssertSqlSafe, Row};

/// Marks the document's layout.
pub const HEAD_FORMAT: &str = "sequela.audit.head.v1";

/// Bytes written as hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hex<const N: usize>(pub [u8; N]);

impl<const N: usize> Serialize for Hex<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex(&self.0))
    }
}

impl<'de, const N: usize> Deserialize<'de> for Hex<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        unhex(&text)
            .map(Self)
            .ok_or_else(|| serde::de::Error::custom(format!("expected {} hexadecimal digits", 2 * N)))
    }
}

/// A block's header as a document: all that its hash covers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeaderDocument {
    /// 1, 2, 3...
    pub number: i64,
    /// Life of the database.
    pub generation: i32,
    /// First transaction covered.
    pub xid_from: i64,
    /// First transaction not covered.
    pub xid_until: i64,
    /// Position of the first entry.
    pub first_position: i64,
    /// Number of entries.
    pub entries: i64,
    /// Merkle root over the entry hashes (RFC 6962, section 2.1).
    pub root: Hex<32>,
    /// Hash of the block before.
    pub previous: Hex<32>,
    /// When it was sealed.
    pub sealed_at: DateTime<Utc>,
}

impl From<&Header> for HeaderDocument {
    fn from(header: &Header) -> Self {
        Self {
            number: header.number,
            generation: header.generation,
            xid_from: header.xid_from,
            xid_until: header.xid_until,
            first_position: header.first_position,
            entries: header.entries,
            root: Hex(header.root),
            previous: Hex(header.previous),
            sealed_at: header.sealed_at,
        }
    }
}

impl HeaderDocument {
    /// Hash of the header; `None` when it holds more than the hash covers.
    pub fn hash(&self) -> Option<Hash> {
        let header = Header {
            number: self.number,
            generation: self.generation,
            xid_from: self.xid_from,
            xid_until: self.xid_until,
            first_position: self.first_position,
            entries: self.entries,
            root: self.root.0,
            previous: self.previous.0,
            sealed_at: self.sealed_at,
        };
        to_the_microsecond(self.sealed_at).then(|| header.hash())
    }

    /// Position of the last entry; `None` when the numbers make no sense.
    pub fn last_position(&self) -> Option<i64> {
        self.first_position.checked_add(self.entries)?.checked_sub(1)
    }
}

/// Hashes cover times to the microsecond; a document that says more than that has been changed.
pub(super) fn to_the_microsecond(at: DateTime<Utc>) -> bool {
    at.timestamp_subsec_nanos().is_multiple_of(1000)
}

/// The newest block of the chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Block number.
    pub block: i64,
    /// Position of its last entry.
    pub position: i64,
    /// Its hash, in hexadecimal.
    pub hash: String,
}

impl Head {
    pub(super) fn of(block: &Header) -> Self {
        Self {
            block: block.number,
            position: block.first_position + block.entries - 1,
            hash: hex(&block.hash()),
        }
    }
}

/// The newest block with its signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedHead {
    /// [`HEAD_FORMAT`].
    pub format: String,
    /// Block number.
    pub block: i64,
    /// Position of its last entry, which is the number of entries sealed so far.
    pub position: i64,
    /// Hash of the header.
    pub hash: Hex<32>,
    /// The header.
    pub header: HeaderDocument,
    /// Ed25519 signature over `hash`.
    pub signature: Hex<64>,
    /// Public half of the key. Compare it with the one you were given; do not trust this copy.
    pub public_key: Hex<32>,
}

impl SignedHead {
    /// What is wrong with the document under this key; `None` when it holds.
    pub fn fault(&self, public_key: &[u8; 32]) -> Option<&'static str> {
        if self.format != HEAD_FORMAT {
            return Some("the document is not a signed head of this program");
        }
        let hash = self.hash.0;
        if self.header.hash() != Some(hash)
            || self.header.number != self.block
            || self.header.last_position() != Some(self.position)
        {
            return Some("the head does not fit its block's header");
        }
        if !signature_holds(public_key, &hash, &self.signature.0) {
            return Some("the head was not signed with the sealing key");
        }
        None
    }

    /// What the chain must still contain.
    pub fn head(&self) -> Head {
        Head { block: self.block, position: self.position, hash: hex(&self.hash.0) }
    }
}

/// The newest block of the log; `None` when nothing has been sealed yet.
pub async fn signed_head(database: &Database, key: &SealingKey) -> Result<Option<SignedHead>> {
    let statement = format!("select {BLOCK_COLUMNS} from audit_block order by number desc limit 1");
    let Some(row) = sqlx::query(AssertSqlSafe(statement)).fetch_optional(&database.exporter).await? else {
        return Ok(None);
    };
    let block = header(&row)?;
    let signature: Vec<u8> = row.try_get("signature")?;
    Ok(Some(SignedHead {
        format: HEAD_FORMAT.to_owned(),
        block: block.number,
        position: block.first_position + block.entries - 1,
        hash: Hex(block.hash()),
        header: HeaderDocument::from(&block),
        signature: Hex(signature.try_into().unwrap_or([0; 64])),
        public_key: Hex(key.public()),
    }))
}
