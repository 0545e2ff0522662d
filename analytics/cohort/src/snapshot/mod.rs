//! Snapshots of the registry: a directory of Parquet files and a manifest, opened under a scope.
//!
//! One file per form. Columns: `center_id`, `record_id` (text), `version` (32-bit integer), then the form's fields in order
//! (integer as 32-bit integer, decimal as 64-bit float, yes/no as boolean, date as 32-bit date, the rest as text), last
//! `missing` (text: a JSON object of field name to missing code, or null). Rows are in no particular order.

mod difference;
mod error;
mod manifest;
mod scope;

pub use difference::Difference;
pub use error::SnapshotError;
pub use manifest::{AuditPosition, FORMAT_VERSION, FileEntry, Manifest, content_hash};
pub use scope::{Rows, Scope};

use crate::digest::sha256_of_reader;
use crate::records::Kept;
use clinical::field::Kind;
use clinical::form::{Form, FormDescriptor, Parent, Requirement};
use clinical::forms::infusion::Infusion;
use polars::prelude::*;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A snapshot opened for the rows of one scope. Every scan applies it, so that no report can forget it.
#[derive(Debug, Clone)]
pub struct Snapshot {
    directory: PathBuf,
    manifest: Manifest,
    scope: Scope,
    /// Answers read from it; it never changes.
    kept: Arc<Kept>,
}

impl Snapshot {
    /// Opens a snapshot directory: checks the manifest, and that each listed file exists and has its size.
    ///
    /// # Errors
    ///
    /// [`SnapshotError`] for a missing or foreign manifest, another format version, a missing or truncated file.
    pub fn open(directory: impl Into<PathBuf>, scope: Scope) -> Result<Self, SnapshotError> {
        let directory = directory.into();
        let manifest = Manifest::read(&directory)?;
        for file in &manifest.files {
            let path = directory.join(&file.path);
            let found = match std::fs::metadata(&path) {
                Ok(metadata) => metadata.len(),
                Err(source) => {
                    return Err(SnapshotError::MissingFile { path, form: file.form.clone(), source });
                }
            };
            if found != file.bytes {
                return Err(SnapshotError::Size {
                    path,
                    form: file.form.clone(),
                    expected: file.bytes,
                    found,
                });
            }
        }
        Ok(Self { directory, manifest, scope, kept: Arc::default() })
    }

    /// Opens a snapshot and recomputes the hash of every file.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open), and [`SnapshotError::Hash`] for a file that is not what the export wrote.
    pub fn open_verified(directory: impl Into<PathBuf>, scope: Scope) -> Result<Self, SnapshotError> {
        let snapshot = Self::open(directory, scope)?;
        snapshot.verify()?;
        Ok(snapshot)
    }

    /// Recomputes the hash of every file.
    ///
    /// # Errors
    ///
    /// [`SnapshotError::Hash`] naming the first file that differs.
    pub fn verify(&self) -> Result<(), SnapshotError> {
        for file in &self.manifest.files {
            let path = self.directory.join(&file.path);
            match File::open(&path).and_then(sha256_of_reader) {
                Ok(found) if found == file.sha256 => {}
                Ok(found) => {
                    let expected = file.sha256.clone();
                    return Err(SnapshotError::Hash { path, form: file.form.clone(), expected, found });
                }
                Err(source) => {
                    return Err(SnapshotError::MissingFile { path, form: file.form.clone(), source });
                }
            }
        }
        Ok(())
    }

    /// The manifest.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Hash of the contents, as in the manifest.
    pub fn content_hash(&self) -> &str {
        &self.manifest.content_hash
    }

    /// The same snapshot over every center, for comparisons in which peers are blinded.
    pub(crate) fn of_every_center(&self) -> Self {
        let scope = Scope { centers: Rows::All, products: self.scope.products.clone() };
        if scope == self.scope {
            return self.clone();
        }
        Self {
            directory: self.directory.clone(),
            manifest: self.manifest.clone(),
            scope,
            kept: Arc::default(),
        }
    }

    pub(crate) fn kept(&self) -> &Kept {
        &self.kept
    }

    /// The rows it was opened for.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// The records of a form that are in scope, lazily.
    ///
    /// Under a product scope, a form that hangs on an infusion keeps the records of infusions in scope, and one that
    /// hangs on a patient those of patients with such an infusion.
    ///
    /// # Errors
    ///
    /// [`SnapshotError`] when the snapshot lacks the form, holds another version of it, or has other columns.
    pub fn scan(&self, form: &'static FormDescriptor) -> Result<LazyFrame, SnapshotError> {
        let frame = self.scan_centers(form)?;
        let Rows::Only(_) = self.scope.products else { return Ok(frame) };
        if form.field("product_code").is_some() {
            return Ok(frame.filter(self.product_in_scope()));
        }
        let keys: Vec<Expr> = match form.parent {
            // A product's rows say nothing about a center as such.
            Parent::Registry if form.name != "patient" => {
                return Ok(if form.is_reference() { frame } else { frame.filter(lit(false)) });
            }
            _ if form.field("infusion_number").is_some() => {
                [col("center_id"), col("patient_id"), col("infusion_number")].into()
            }
            _ => [col("center_id"), col("patient_id")].into(),
        };
        let allowed = self
            .scan_centers(Infusion::DESCRIPTOR)?
            .filter(self.product_in_scope())
            .select(keys.clone())
            .group_by(keys.clone())
            .agg([]);
        Ok(frame.join(allowed, keys.clone(), keys, JoinArgs::new(JoinType::Inner)))
    }

    /// The infusions in scope, with `next_infusion_date`: when the same patient's next infusion took place, if it did.
    ///
    /// The next infusion counts whatever its product: it ends the follow-up of this one also for those who may not see
    /// its record.
    ///
    /// # Errors
    ///
    /// As [`scan`](Self::scan).
    pub fn infusions(&self) -> Result<LazyFrame, SnapshotError> {
        let next = |name: &str| col(name).shift(lit(-1));
        let same_patient =
            next("center_id").eq(col("center_id")).and(next("patient_id").eq(col("patient_id")));
        let frame = self
            .scan_centers(Infusion::DESCRIPTOR)?
            .sort(["center_id", "patient_id", "infusion_number"], SortMultipleOptions::default())
            .with_column(
                when(same_patient)
                    .then(next("infusion_date"))
                    .otherwise(lit(NULL))
                    .alias("next_infusion_date"),
            );
        Ok(if matches!(self.scope.products, Rows::All) {
            frame
        } else {
            frame.filter(self.product_in_scope())
        })
    }

    fn product_in_scope(&self) -> Expr {
        in_rows("product_code", &self.scope.products)
    }

    fn scan_centers(&self, form: &'static FormDescriptor) -> Result<LazyFrame, SnapshotError> {
        let snapshot = || self.manifest.snapshot_id.clone();
        let file = self
            .manifest
            .file(form.name)
            .ok_or_else(|| SnapshotError::NoSuchForm { snapshot: snapshot(), form: form.name.to_owned() })?;
        if file.form_version > form.version {
            return Err(SnapshotError::FormVersion {
                snapshot: snapshot(),
                form: form.name.to_owned(),
                expected: form.version,
                found: file.form_version,
            });
        }
        let path = self.directory.join(&file.path);
        let clinical = !form.is_reference();
        let frame = read(&path).map_err(|source| SnapshotError::Parquet { path: path.clone(), source })?;
        let older = file.form_version < form.version;
        let frame = with_columns_of(frame, form, clinical, older, &path)?;
        Ok(match self.scope.centers {
            Rows::Only(_) if clinical || form.field("center_id").is_some() => {
                frame.filter(in_rows("center_id", &self.scope.centers))
            }
            _ => frame,
        })
    }
}

fn read(path: &Path) -> PolarsResult<LazyFrame> {
    // Globbing would read a `*` in a directory name as a pattern.
    LazyFrame::scan_parquet(
        PlRefPath::try_from_path(path)?,
        ScanArgsParquet { glob: false, ..Default::default() },
    )
}

/// Checks the columns. A file of an older version of the form lacks the fields added since; nobody was asked for them, so they are null.
fn with_columns_of(
    mut frame: LazyFrame,
    form: &'static FormDescriptor,
    clinical: bool,
    older: bool,
    path: &Path,
) -> Result<LazyFrame, SnapshotError> {
    let schema = frame
        .collect_schema()
        .map_err(|source| SnapshotError::Parquet { path: path.to_path_buf(), source })?;
    let key = clinical.then_some(("center_id", DataType::String, false));
    let fields = form.fields.iter().map(|f| {
        let later = older && matches!(f.requirement, Requirement::Optional | Requirement::Computed);
        (f.name, column_type(f.kind), later)
    });
    let mut added = Vec::new();
    for (column, expected, later) in key.into_iter().chain(fields) {
        let found = schema.get(column);
        if found.is_none() && later {
            added.push(lit(NULL).cast(expected).alias(column));
        } else if found != Some(&expected) {
            return Err(SnapshotError::Column {
                path: path.to_path_buf(),
                column: column.to_owned(),
                expected: expected.to_string(),
                found: found.map_or_else(|| "absent".to_owned(), ToString::to_string),
            });
        }
    }
    Ok(if added.is_empty() { frame } else { frame.with_columns(added) })
}

/// The column type of a kind of field.
pub fn column_type(kind: Kind) -> DataType {
    match kind {
        Kind::Integer { .. } => DataType::Int32,
        Kind::Decimal { .. } => DataType::Float64,
        Kind::Flag => DataType::Boolean,
        Kind::Date => DataType::Date,
        Kind::Coded(_) | Kind::Codes(_) | Kind::Time | Kind::PartialDate | Kind::Text { .. } => {
            DataType::String
        }
    }
}

fn in_rows(column: &str, rows: &Rows) -> Expr {
    match rows {
        Rows::All => lit(true),
        Rows::Only(codes) => crate::columns::one_of(column, codes.iter().map(String::as_str)),
    }
}
