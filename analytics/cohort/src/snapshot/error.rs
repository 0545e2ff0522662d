//! Why a snapshot cannot be read.

use super::manifest::FORMAT_VERSION;
use std::path::PathBuf;

/// A snapshot that cannot be used; says which file and what is wrong with it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// `manifest.json` cannot be read.
    #[error("this is not a snapshot: {} cannot be read ({source}); expected a directory written by `sequela snapshot`", path.display())]
    NoManifest {
        /// The manifest.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The manifest is not what it should be.
    #[error("the manifest {} is not valid: {source}", path.display())]
    Malformed {
        /// The manifest.
        path: PathBuf,
        /// Where and why.
        source: serde_json::Error,
    },
    /// The layout is of another version.
    #[error("{}: the snapshot has format version {found}; this program reads version {FORMAT_VERSION}", path.display())]
    FormatVersion {
        /// The manifest.
        path: PathBuf,
        /// Its version.
        found: u32,
    },
    /// The manifest was changed after it was written.
    #[error("{}: the content hash is {expected}, but the listed files give {found}: the manifest was changed", path.display())]
    ContentHash {
        /// The manifest.
        path: PathBuf,
        /// As written.
        expected: String,
        /// As computed.
        found: String,
    },
    /// A file name that leaves the snapshot's directory.
    #[error("{}: `{name}` is not the name of a file in the snapshot's directory", path.display())]
    FileName {
        /// The manifest.
        path: PathBuf,
        /// The name.
        name: String,
    },
    /// A listed file is not there.
    #[error("{}: the file of form `{form}` is missing or cannot be read ({source})", path.display())]
    MissingFile {
        /// The file.
        path: PathBuf,
        /// Its form.
        form: String,
        /// Why.
        source: std::io::Error,
    },
    /// A listed file has another size.
    #[error("{}: the file of form `{form}` is corrupted: {found} bytes, {expected} in the manifest", path.display())]
    Size {
        /// The file.
        path: PathBuf,
        /// Its form.
        form: String,
        /// Bytes in the manifest.
        expected: u64,
        /// Bytes found.
        found: u64,
    },
    /// A listed file has other contents.
    #[error("{}: the file of form `{form}` is corrupted: SHA-256 {found}, {expected} in the manifest", path.display())]
    Hash {
        /// The file.
        path: PathBuf,
        /// Its form.
        form: String,
        /// In the manifest.
        expected: String,
        /// Of the file.
        found: String,
    },
    /// The snapshot was taken without this form.
    #[error("snapshot {snapshot} holds no records of form `{form}`; take a new snapshot")]
    NoSuchForm {
        /// Identifier of the snapshot.
        snapshot: String,
        /// The form.
        form: String,
    },
    /// The form's definition has changed since.
    #[error(
        "snapshot {snapshot} holds version {found} of form `{form}`; this program reads version {expected}"
    )]
    FormVersion {
        /// Identifier of the snapshot.
        snapshot: String,
        /// The form.
        form: String,
        /// Version of the program.
        expected: i32,
        /// Version of the snapshot.
        found: i32,
    },
    /// A column is absent or of another type.
    #[error("{}: column `{column}` is {found}, expected {expected}", path.display())]
    Column {
        /// The file.
        path: PathBuf,
        /// The column.
        column: String,
        /// The type of the form's field.
        expected: String,
        /// What the file has.
        found: String,
    },
    /// The Parquet file cannot be read.
    #[error("{}: the Parquet file cannot be read: {source}", path.display())]
    Parquet {
        /// The file.
        path: PathBuf,
        /// Why.
        source: polars::error::PolarsError,
    },
}
