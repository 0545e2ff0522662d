//! Sealed blocks: a Merkle root over the entries, chained to the block before and signed.

use super::Hash;
use chrono::{DateTime, Utc};
use ed25519_dalek::pkcs8::{DecodePrivateKey, EncodePrivateKey, spki::der::pem::LineEnding};
use ed25519_dalek::{Signature, Signer, SigningKey, Verifier, VerifyingKey};
use sha2::{Digest, Sha256};
use std::io;
use std::path::Path;

/// Root of the Merkle tree over entry hashes, with leaves and nodes told apart (RFC 6962, section 2.1).
pub fn merkle_root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => Sha256::digest(b"").into(),
        [leaf] => Sha256::new_with_prefix([0]).chain_update(leaf).finalize().into(),
        _ => {
            let split = leaves.len().next_power_of_two() / 2;
            let (left, right) = leaves.split_at(split);
            Sha256::new_with_prefix([1])
                .chain_update(merkle_root(left))
                .chain_update(merkle_root(right))
                .finalize()
                .into()
        }
    }
}

/// A block's header: what is signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// 1, 2, 3...
    pub number: i64,
    /// Life of the database.
    pub generation: i32,
    /// First transaction covered.
    pub xid_from: i64,
    /// First transaction not covered.
    pub xid_until: i64,
    /// Position of the first entry, counted from 1 over all blocks.
    pub first_position: i64,
    /// Number of entries.
    pub entries: i64,
    /// [`merkle_root`] of the entry hashes.
    pub root: Hash,
    /// Hash of the block before; zeros for the first.
    pub previous: Hash,
    /// When it was sealed.
    pub sealed_at: DateTime<Utc>,
}

impl Header {
    /// Hash of the header.
    pub fn hash(&self) -> Hash {
        Sha256::new_with_prefix(b"sequela.audit.block.v1")
            .chain_update(self.number.to_be_bytes())
            .chain_update(self.generation.to_be_bytes())
            .chain_update(self.xid_from.to_be_bytes())
            .chain_update(self.xid_until.to_be_bytes())
            .chain_update(self.first_position.to_be_bytes())
            .chain_update(self.entries.to_be_bytes())
            .chain_update(self.root)
            .chain_update(self.previous)
            .chain_update(self.sealed_at.timestamp_micros().to_be_bytes())
            .finalize()
            .into()
    }
}

/// The key that signs blocks. Whoever keeps its public half can check the log without the server.
#[derive(Debug, Clone)]
pub struct SealingKey(SigningKey);

impl SealingKey {
    /// Reads the key (PKCS#8 PEM), or makes one on first use, readable by its owner only.
    pub fn load_or_create(path: &Path) -> io::Result<Self> {
        match std::fs::read_to_string(path) {
            Ok(pem) => SigningKey::from_pkcs8_pem(&pem).map(Self).map_err(|error| {
                io::Error::new(
                    io::ErrorKind::InvalidData,
                    format!("{}: not an Ed25519 key in PKCS#8 PEM: {error}", path.display()),
                )
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Self::create(path),
            Err(error) => Err(io::Error::new(error.kind(), format!("{}: {error}", path.display()))),
        }
    }

    fn create(path: &Path) -> io::Result<Self> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(io::Error::other)?;
        let key = SigningKey::from_bytes(&seed);
        let pem = key.to_pkcs8_pem(LineEnding::LF).map_err(io::Error::other)?;
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path)?;
        io::Write::write_all(&mut file, pem.as_bytes())?;
        file.sync_all()?;
        Ok(Self(key))
    }

    /// Signs a block hash.
    pub fn sign(&self, block_hash: &Hash) -> [u8; 64] {
        self.0.sign(block_hash).to_bytes()
    }

    /// The public half.
    pub fn public(&self) -> [u8; 32] {
        self.0.verifying_key().to_bytes()
    }
}

/// True when `signature` over `block_hash` was made with the private half of `public`.
pub fn signature_holds(public: &[u8; 32], block_hash: &Hash, signature: &[u8]) -> bool {
    let Ok(key) = VerifyingKey::from_bytes(public) else { return false };
    Signature::from_slice(signature).is_ok_and(|s| key.verify(block_hash, &s).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_depends_on_every_leaf_and_on_order() {
        let leaves: Vec<Hash> = (0..5u8).map(|i| [i; 32]).collect();
        let root = merkle_root(&leaves);
        let mut swapped = leaves.clone();
        swapped.swap(1, 2);
        assert_ne!(merkle_root(&swapped), root);
        assert_ne!(merkle_root(&leaves[..4]), root);
        for i in 0..5 {
            let mut changed = leaves.clone();
            changed[i][0] ^= 1;
            assert_ne!(merkle_root(&changed), root);
        }
    }

    #[test]
    fn root_of_three_leaves_is_the_tree_of_rfc_6962() {
        let leaf = |b: u8| -> Hash { Sha256::new_with_prefix([0]).chain_update([b; 32]).finalize().into() };
        let node = |l: Hash, r: Hash| -> Hash {
            Sha256::new_with_prefix([1]).chain_update(l).chain_update(r).finalize().into()
        };
        assert_eq!(merkle_root(&[[1; 32], [2; 32], [3; 32]]), node(node(leaf(1), leaf(2)), leaf(3)));
    }

    #[test]
    fn a_signature_holds_for_its_hash_and_key_only() {
        let key = SealingKey(SigningKey::from_bytes(&[1; 32]));
        let other = SealingKey(SigningKey::from_bytes(&[2; 32]));
        let signature = key.sign(&[5; 32]);
        assert!(signature_holds(&key.public(), &[5; 32], &signature));
        assert!(!signature_holds(&key.public(), &[6; 32], &signature));
        assert!(!signature_holds(&other.public(), &[5; 32], &signature));
        assert!(!signature_holds(&key.public(), &[5; 32], &signature[..63]));
    }
}
