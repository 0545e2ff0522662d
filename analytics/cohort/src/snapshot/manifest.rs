//! `manifest.json`: what a snapshot holds.

use super::SnapshotError;
use crate::digest::sha256;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The version of the snapshot layout that this program reads.
pub const FORMAT_VERSION: u32 = 1;

/// What a snapshot holds and the position of the audit log it corresponds to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Identifier of the snapshot.
    pub snapshot_id: String,
    /// Version of the layout.
    pub format_version: u32,
    /// When the export's transaction began, RFC 3339 in UTC.
    pub taken_at: String,
    /// The sealed part of the audit log that the export saw.
    pub audit: AuditPosition,
    /// `pg_current_snapshot()` of the export.
    pub pg_snapshot: String,
    /// One file per form.
    pub files: Vec<FileEntry>,
    /// SHA-256 over the lines `form rows sha256\n` in the order of `files`.
    pub content_hash: String,
}

/// A position of the audit log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditPosition {
    /// Generation of the database cluster.
    pub generation: i64,
    /// Last sealed position.
    pub position: i64,
    /// Root of the last sealed block, hexadecimal.
    pub head: String,
}

/// One file of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    /// Name of the form.
    pub form: String,
    /// File name inside the snapshot's directory.
    pub path: String,
    /// Rows.
    pub rows: u64,
    /// Size.
    pub bytes: u64,
    /// SHA-256 of the file, hexadecimal.
    pub sha256: String,
    /// Version of the form's definition.
    pub form_version: i32,
}

/// The one member that every layout has.
#[derive(Deserialize)]
struct Version {
    format_version: u32,
}

impl Manifest {
    /// Reads and checks `manifest.json` of a snapshot directory.
    pub(super) fn read(directory: &Path) -> Result<Self, SnapshotError> {
        let path = directory.join("manifest.json");
        let text = std::fs::read(&path)
            .map_err(|source| SnapshotError::NoManifest { path: path.clone(), source })?;
        // The version is read first and alone: a later layout may not parse as this one.
        let malformed = |source| SnapshotError::Malformed { path: path.clone(), source };
        let version: Version = serde_json::from_slice(&text).map_err(malformed)?;
        if version.format_version != FORMAT_VERSION {
            return Err(SnapshotError::FormatVersion { path, found: version.format_version });
        }
        let manifest: Self = serde_json::from_slice(&text).map_err(malformed)?;
        manifest.check(&path)?;
        Ok(manifest)
    }

    fn check(&self, path: &Path) -> Result<(), SnapshotError> {
        let computed = content_hash(&self.files);
        if computed != self.content_hash {
            let path = path.to_path_buf();
            return Err(SnapshotError::ContentHash {
                path,
                expected: self.content_hash.clone(),
                found: computed,
            });
        }
        for file in &self.files {
            let plain = !file.path.is_empty()
                && !file.path.starts_with('.')
                && !file.path.contains(['/', '\\', '\0']);
            if !plain {
                return Err(SnapshotError::FileName { path: path.to_path_buf(), name: file.path.clone() });
            }
        }
        Ok(())
    }

    /// The file of a form.
    pub fn file(&self, form: &str) -> Option<&FileEntry> {
        self.files.iter().find(|f| f.form == form)
    }
}

/// SHA-256 over the lines `form rows sha256\n` of the files in order: the identity of a snapshot's contents.
pub fn content_hash(files: &[FileEntry]) -> String {
    let lines: String = files
        .iter()
        .flat_map(|f| [f.form.clone(), format!(" {} ", f.rows), f.sha256.clone(), "\n".to_owned()])
        .collect();
    sha256(lines.as_bytes())
}
