//! The audit log: who wrote what, when and why, in a form that cannot be changed without being noticed.

pub mod block;
pub mod seal;
pub mod verify;

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// A SHA-256 digest.
pub type Hash = [u8; 32];

/// The scope of entries that belong to no center: products, tokens, snapshots.
pub const REGISTRY_SCOPE: &str = "*";

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// A record was created.
    Create,
    /// A record was corrected.
    Amend,
    /// A record was retracted.
    Retract,
    /// A retracted record was amended and counts again.
    Reinstate,
    /// Tokens, centers or products were changed.
    Administer,
    /// A patient was erased.
    Erase,
}

impl Action {
    /// As stored.
    pub fn code(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Amend => "amend",
            Self::Retract => "retract",
            Self::Reinstate => "reinstate",
            Self::Administer => "administer",
            Self::Erase => "erase",
        }
    }
}

/// The columns of a log entry that its hash covers.
#[derive(Debug, Clone)]
pub struct Entry<'a> {
    /// Tenant.
    pub center_id: &'a str,
    /// What was written.
    pub record_id: Uuid,
    /// Version it got.
    pub version: i32,
    /// Life of the database.
    pub generation: i32,
    /// Transaction that wrote it.
    pub xid: i64,
    /// When.
    pub at: DateTime<Utc>,
    /// By which token.
    pub actor: Uuid,
    /// [`Action::code`].
    pub action: &'a str,
    /// Form or resource.
    pub subject: &'a str,
    /// Why.
    pub reason: Option<&'a str>,
    /// In which request.
    pub request_id: Uuid,
    /// Salted commitment of the payload.
    pub commitment: Hash,
}

impl Entry<'_> {
    /// Hash of all columns, each with its length, so that no two different entries give the same bytes.
    pub fn hash(&self) -> Hash {
        let mut hasher = Sha256::new_with_prefix(b"sequela.audit.entry.v1");
        let mut put = |bytes: &[u8]| {
            hasher.update((bytes.len() as u64).to_be_bytes());
            hasher.update(bytes);
        };
        put(self.center_id.as_bytes());
        put(self.record_id.as_bytes());
        put(&self.version.to_be_bytes());
        put(&self.generation.to_be_bytes());
        put(&self.xid.to_be_bytes());
        put(&self.at.timestamp_micros().to_be_bytes());
        put(self.actor.as_bytes());
        put(self.action.as_bytes());
        put(self.subject.as_bytes());
        put(&[u8::from(self.reason.is_some())]);
        put(self.reason.unwrap_or_default().as_bytes());
        put(self.request_id.as_bytes());
        put(&self.commitment);
        hasher.finalize().into()
    }
}

/// Commits to a payload without revealing it: without the salt, even a guessed payload cannot be confirmed.
pub fn commitment(salt: &[u8; 16], payload: &[u8]) -> Hash {
    let mut hasher = Sha256::new_with_prefix(b"sequela.audit.payload.v1");
    hasher.update(salt);
    hasher.update(payload);
    hasher.finalize().into()
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry<'a>() -> Entry<'a> {
        Entry {
            center_id: "A",
            record_id: Uuid::from_u128(1),
            version: 1,
            generation: 1,
            xid: 7,
            at: DateTime::from_timestamp_micros(1_700_000_000_000_001).unwrap(),
            actor: Uuid::from_u128(2),
            action: "create",
            subject: "patient",
            reason: None,
            request_id: Uuid::from_u128(3),
            commitment: [9; 32],
        }
    }

    #[test]
    fn every_column_changes_the_hash() {
        let base = entry().hash();
        let changed = [
            Entry { center_id: "B", ..entry() },
            Entry { record_id: Uuid::from_u128(9), ..entry() },
            Entry { version: 2, ..entry() },
            Entry { generation: 2, ..entry() },
            Entry { xid: 8, ..entry() },
            Entry { at: DateTime::from_timestamp_micros(1_700_000_000_000_002).unwrap(), ..entry() },
            Entry { actor: Uuid::from_u128(9), ..entry() },
            Entry { action: "amend", ..entry() },
            Entry { subject: "infusion", ..entry() },
            Entry { reason: Some(""), ..entry() },
            Entry { request_id: Uuid::from_u128(9), ..entry() },
            Entry { commitment: [8; 32], ..entry() },
            Entry { action: "createp", subject: "atient", ..entry() },
        ];
        for other in changed {
            assert_ne!(other.hash(), base, "{other:?}");
        }
    }

    #[test]
    fn commitment_depends_on_salt_and_payload() {
        assert_ne!(commitment(&[0; 16], b"x"), commitment(&[1; 16], b"x"));
        assert_ne!(commitment(&[0; 16], b"x"), commitment(&[0; 16], b"y"));
    }
}
