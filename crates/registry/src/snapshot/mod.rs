//! Snapshots: the registry at one moment, as Parquet files and a manifest.

mod columns;
mod erase;
mod withdrawn;

pub use erase::{Replaced, erase_from_all, patients};

use crate::audit::hex;
use crate::database::Database;
use crate::ddl::is_reference;
use crate::error::{Error, Result};
use chrono::{DateTime, Utc};
use clinical::form::{Form, FormDescriptor};
use clinical::review::DerivedValue;
use columns::{FileSummary, TableWriter};
use futures::TryStreamExt;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sqlx::{Postgres, Row, Transaction};
use std::path::{Path, PathBuf};

/// Version of the layout described in ARCHITECTURE.md.
pub const FORMAT_VERSION: u32 = 1;

/// What a snapshot holds.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Manifest {
    /// Id, also the directory's name.
    pub snapshot_id: String,
    /// Layout version.
    pub format_version: u32,
    /// Begin of the exporting transaction.
    pub taken_at: DateTime<Utc>,
    /// Where the audit log stood.
    pub audit: AuditMark,
    /// `pg_current_snapshot()` of the exporting transaction: exactly which transactions are in.
    pub pg_snapshot: String,
    /// The files.
    pub files: Vec<FileEntry>,
    /// SHA-256 over the lines `form rows sha256` in the order of `files`.
    pub content_hash: String,
    /// The snapshot whose place this one took, because somebody in it was erased.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<String>,
    /// The erasures that took rows away.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub erasures: Vec<uuid::Uuid>,
}

/// Held shared by exports and alone by an erasure, so that none stores a patient who is being erased.
pub(crate) const EXPORT_LOCK: i64 = 0x5345_5155_454c_4133;

/// Position of the audit log at a snapshot.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AuditMark {
    /// Life of the database.
    pub generation: i32,
    /// Last sealed position; 0 when nothing was sealed.
    pub position: i64,
    /// Hash of the newest block.
    pub head: String,
}

/// One Parquet file.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FileEntry {
    /// Form.
    pub form: String,
    /// Path within the snapshot.
    pub path: String,
    /// Rows.
    pub rows: u64,
    /// Size.
    pub bytes: u64,
    /// SHA-256 of the file.
    pub sha256: String,
    /// Version of the form.
    pub form_version: i32,
}

/// Exports the registry to `<root>/<snapshot id>`. The directory appears complete or not at all.
pub async fn take(database: &Database, root: &Path) -> Result<Manifest> {
    private_directory(root)?;
    // Held before the export sees anything and until the snapshot has its name: an erasure then either comes first or finds the snapshot.
    let mut held = database.exporter.begin().await?;
    sqlx::query("select pg_advisory_xact_lock_shared($1)").bind(EXPORT_LOCK).execute(&mut *held).await?;
    let mut tx = database.exporter.begin().await?;
    sqlx::query("set transaction isolation level repeatable read read only").execute(&mut *tx).await?;
    let row = sqlx::query(
        "select transaction_timestamp() as at, pg_current_snapshot()::text as seen,
                coalesce(first_position + entries - 1, 0) as position, coalesce(encode(block_hash, 'hex'), '') as head
         from (values (1)) as one left join lateral (select * from audit_block order by number desc limit 1) b on true",
    )
    .fetch_one(&mut *tx)
    .await?;
    let taken_at: DateTime<Utc> = row.try_get("at")?;
    let partial = Partial::create(root, taken_at)?;
    let mut files = Vec::new();
    for form in clinical::forms::ALL {
        let center = if is_reference(form) { "" } else { "center_id, " };
        let names: Vec<&str> = form.fields.iter().map(|f| f.name).collect();
        let rows = format!(
            "select {center}record_id, version, {}, missing::text from {} t where not retracted and not ({})",
            names.join(", "),
            form.name,
            withdrawn::after_withdrawal(form)
        );
        files.push(export(&mut tx, form, &rows, &partial.0).await?);
    }
    let derived = format!(
        "select center_id, record_id, 1, patient_id, subject, name, value, reported, rule, null::text from derived_value
         where record_id not in ({})",
        withdrawn::left_out()
    );
    files.push(export(&mut tx, DerivedValue::DESCRIPTOR, &derived, &partial.0).await?);
    let content_hash = content_hash(&files);
    let manifest = Manifest {
        snapshot_id: format!("{}-{}", taken_at.format("%Y%m%dT%H%M%S%6fZ"), &content_hash[..12]),
        format_version: FORMAT_VERSION,
        taken_at,
        audit: AuditMark {
            generation: database.generation,
            position: row.try_get("position")?,
            head: row.try_get("head")?,
        },
        pg_snapshot: row.try_get("seen")?,
        files,
        content_hash,
        replaces: None,
        erasures: Vec::new(),
    };
    partial.complete(root, &manifest)?;
    held.commit().await?;
    Ok(manifest)
}

/// Patient data are for the owner of the process alone.
fn private_directory(path: &Path) -> Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(Error::file(path))
}

fn content_hash(files: &[FileEntry]) -> String {
    let mut hasher = Sha256::new();
    for file in files {
        hasher.update(format!("{} {} {}\n", file.form, file.rows, file.sha256));
    }
    hex(&hasher.finalize())
}

/// A snapshot being written; removed again unless it is completed.
struct Partial(PathBuf);

impl Partial {
    fn create(root: &Path, taken_at: DateTime<Utc>) -> Result<Self> {
        let path = root.join(format!(".partial-{}-{}", taken_at.timestamp_micros(), std::process::id()));
        private_directory(&path)?;
        Ok(Self(path))
    }

    fn complete(self, root: &Path, manifest: &Manifest) -> Result<()> {
        let path = self.0.join("manifest.json");
        let text = serde_json::to_string_pretty(manifest).map_err(|e| Error::file(&path)(e.into()))?;
        let write = || -> std::io::Result<()> {
            let mut file = std::fs::File::create_new(&path)?;
            std::io::Write::write_all(&mut file, text.as_bytes())?;
            file.sync_all()
        };
        write().map_err(Error::file(&path))?;
        let target = root.join(&manifest.snapshot_id);
        std::fs::rename(&self.0, &target).map_err(Error::file(&target))?;
        std::fs::File::open(root).and_then(|dir| dir.sync_all()).map_err(Error::file(root))
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        // After `complete` the directory has another name and there is nothing to remove.
        if let Err(error) = std::fs::remove_dir_all(&self.0)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(path = %self.0.display(), %error, "a partial snapshot could not be removed");
        }
    }
}

/// Messages per hand-over to the writing thread.
const MESSAGES: usize = 2_000;

async fn export(
    tx: &mut Transaction<'static, Postgres>,
    form: &'static FormDescriptor,
    rows: &str,
    directory: &Path,
) -> Result<FileEntry> {
    let statement = format!("copy ({rows}) to stdout (format binary)");
    let name = format!("{}.parquet", form.name);
    let path = directory.join(&name);
    let (sender, mut receiver) = tokio::sync::mpsc::channel::<Vec<bytes::Bytes>>(8);
    let writing = tokio::task::spawn_blocking(move || -> Result<FileSummary> {
        let mut writer = TableWriter::create(form, &path)?;
        while let Some(messages) = receiver.blocking_recv() {
            for message in messages {
                writer.push(&message)?;
            }
        }
        writer.finish()
    });
    let mut stream = tx.copy_out_raw(&statement).await?;
    let mut messages = Vec::with_capacity(MESSAGES);
    while let Some(message) = stream.try_next().await? {
        messages.push(message);
        // A closed channel means that the writer failed; its own error says why.
        if messages.len() == MESSAGES && sender.send(std::mem::take(&mut messages)).await.is_err() {
            break;
        }
    }
    drop(stream);
    let _ = sender.send(messages).await;
    drop(sender);
    let summary = writing.await??;
    Ok(FileEntry {
        form: form.name.to_owned(),
        path: name,
        rows: summary.rows,
        bytes: summary.bytes,
        sha256: hex(&summary.sha256),
        form_version: form.version,
    })
}

/// The snapshots below `root`, oldest first.
pub fn list(root: &Path) -> Result<Vec<Manifest>> {
    let entries = match std::fs::read_dir(root) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Error::file(root)(error)),
    };
    let mut manifests = Vec::new();
    for entry in entries {
        let path = entry.map_err(Error::file(root))?.path().join("manifest.json");
        if let Ok(text) = std::fs::read_to_string(&path) {
            let manifest: Manifest = serde_json::from_str(&text).map_err(|e| Error::file(&path)(e.into()))?;
            manifests.push(manifest);
        }
    }
    manifests.sort_by(|a, b| a.snapshot_id.cmp(&b.snapshot_id));
    Ok(manifests)
}
