//! Taking erased patients out of stored snapshots: a snapshot is never changed, another takes its place.

use super::columns::{FileSummary, Hashing};
use super::{FileEntry, Manifest, Partial, content_hash, list};
use crate::audit::hex;
use crate::error::{Error, Result};
use arrow::array::{Array, BooleanArray, StringArray};
use arrow::compute::filter_record_batch;
use arrow::record_batch::RecordBatch;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::Path;
use uuid::Uuid;

/// A snapshot that took the place of another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Replaced {
    /// The one that is gone.
    pub from: String,
    /// Its content hash.
    pub from_hash: String,
    /// The one in its place.
    pub to: String,
    /// Its content hash.
    pub to_hash: String,
    /// Rows left out.
    pub rows: u64,
}

fn text<'a>(batch: &'a RecordBatch, name: &str) -> Option<&'a StringArray> {
    batch.column_by_name(name)?.as_any().downcast_ref::<StringArray>()
}

fn reader(path: &Path) -> Result<ParquetRecordBatchReader> {
    let file = File::open(path).map_err(Error::file(path))?;
    Ok(ParquetRecordBatchReaderBuilder::try_new(file)?.build()?)
}

fn batches(path: &Path) -> Result<impl Iterator<Item = Result<RecordBatch>>> {
    Ok(reader(path)?.map(|batch| batch.map_err(|e| parquet::errors::ParquetError::from(e).into())))
}

/// Center and patient of the rows of a batch, where it has both.
fn keys(batch: &RecordBatch) -> Option<impl Iterator<Item = (String, String)>> {
    let (centers, patients) = (text(batch, "center_id")?, text(batch, "patient_id")?);
    let value = |column: &StringArray, row: usize| {
        if column.is_null(row) { String::new() } else { column.value(row).to_owned() }
    };
    Some((0..batch.num_rows()).map(move |row| (value(centers, row), value(patients, row))))
}

/// Every patient that stands in some snapshot below `root`.
pub fn patients(root: &Path) -> Result<BTreeSet<(String, String)>> {
    let mut found = BTreeSet::new();
    for manifest in list(root)? {
        found.extend(of_snapshot(root, &manifest)?);
    }
    Ok(found)
}

fn of_snapshot(root: &Path, manifest: &Manifest) -> Result<BTreeSet<(String, String)>> {
    let mut found = BTreeSet::new();
    // No record stands in a snapshot without its patient.
    for file in manifest.files.iter().filter(|f| f.form == "patient") {
        for batch in batches(&root.join(&manifest.snapshot_id).join(&file.path))? {
            found.extend(keys(&batch?).into_iter().flatten());
        }
    }
    Ok(found)
}

/// Puts a snapshot without these patients in the place of every snapshot that holds one of them.
pub fn erase_from_all(root: &Path, erased: &BTreeMap<(String, String), Uuid>) -> Result<Vec<Replaced>> {
    let mut replaced = Vec::new();
    for manifest in list(root)? {
        let standing = of_snapshot(root, &manifest)?;
        let erasures: BTreeSet<Uuid> =
            erased.iter().filter(|(key, _)| standing.contains(key)).map(|(_, id)| *id).collect();
        if !erasures.is_empty() {
            replaced.push(replace(root, &manifest, erased, erasures)?);
        }
    }
    Ok(replaced)
}

fn replace(
    root: &Path,
    old: &Manifest,
    erased: &BTreeMap<(String, String), Uuid>,
    erasures: BTreeSet<Uuid>,
) -> Result<Replaced> {
    let from = root.join(&old.snapshot_id);
    let partial = Partial::create(root, old.taken_at)?;
    let mut files = Vec::with_capacity(old.files.len());
    let mut rows = 0;
    for file in &old.files {
        let (source, target) = (from.join(&file.path), partial.0.join(&file.path));
        let summary = copy_without(&source, &target, erased)?;
        rows += file.rows.saturating_sub(summary.rows);
        files.push(FileEntry {
            rows: summary.rows,
            bytes: summary.bytes,
            sha256: hex(&summary.sha256),
            ..file.clone()
        });
    }
    let content_hash = content_hash(&files);
    let mut all: Vec<Uuid> = old.erasures.iter().copied().chain(erasures).collect();
    all.sort();
    let manifest = Manifest {
        snapshot_id: format!("{}-{}", old.taken_at.format("%Y%m%dT%H%M%S%6fZ"), &content_hash[..12]),
        files,
        replaces: Some(old.snapshot_id.clone()),
        erasures: all,
        content_hash,
        ..old.clone()
    };
    partial.complete(root, &manifest)?;
    std::fs::remove_dir_all(&from).map_err(Error::file(&from))?;
    Ok(Replaced {
        from: old.snapshot_id.clone(),
        from_hash: old.content_hash.clone(),
        to: manifest.snapshot_id,
        to_hash: manifest.content_hash,
        rows,
    })
}

/// Writes the rows of `source` that name none of the patients.
fn copy_without(
    source: &Path,
    target: &Path,
    erased: &BTreeMap<(String, String), Uuid>,
) -> Result<FileSummary> {
    let input = reader(source)?;
    let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
    let schema = arrow::record_batch::RecordBatchReader::schema(&input);
    let mut writer = ArrowWriter::try_new(Hashing::create(target)?, schema, Some(properties))?;
    let mut rows = 0;
    for batch in input {
        let batch = batch.map_err(parquet::errors::ParquetError::from)?;
        let stays: Option<BooleanArray> =
            keys(&batch).map(|keys| keys.map(|key| Some(!erased.contains_key(&key))).collect());
        let kept = match stays {
            Some(stays) => {
                filter_record_batch(&batch, &stays).map_err(parquet::errors::ParquetError::from)?
            }
            None => batch,
        };
        rows += kept.num_rows() as u64;
        writer.write(&kept)?;
    }
    writer.into_inner()?.summary(rows)
}
