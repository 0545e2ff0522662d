//! What changed between two snapshots of one registry.

use super::Snapshot;
use crate::columns::{integers, texts};
use crate::error::ReportError;
use clinical::form::FormDescriptor;
use polars::prelude::*;
use serde::Serialize;
use std::collections::BTreeMap;

/// What changed in one form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The form.
    pub form: &'static str,
    /// Records that the later snapshot has and the earlier has not.
    pub added: usize,
    /// Records in both, with another version.
    pub changed: usize,
    /// Records that the later snapshot no longer has: retracted or erased.
    pub gone: usize,
}

impl Difference {
    /// The forms in which two snapshots differ. Forms of one hash are not read.
    ///
    /// # Errors
    ///
    /// [`ReportError`] when a form cannot be read.
    pub fn between(before: &Snapshot, after: &Snapshot) -> Result<Vec<Self>, ReportError> {
        let mut all = Vec::new();
        for form in clinical::forms::CLINICAL {
            let hash =
                |snapshot: &Snapshot| snapshot.manifest().file(form.name).map(|file| file.sha256.clone());
            if hash(before) == hash(after) && hash(before).is_some() {
                continue;
            }
            let (old, new) = (versions(before, form)?, versions(after, form)?);
            let difference = Self {
                form: form.name,
                added: new.keys().filter(|id| !old.contains_key(*id)).count(),
                changed: new
                    .iter()
                    .filter(|(id, version)| old.get(*id).is_some_and(|v| v != *version))
                    .count(),
                gone: old.keys().filter(|id| !new.contains_key(*id)).count(),
            };
            if difference.added + difference.changed + difference.gone > 0 {
                all.push(difference);
            }
        }
        Ok(all)
    }
}

/// The version of each record of a form; none when the snapshot was taken without the form.
fn versions(
    snapshot: &Snapshot,
    form: &'static FormDescriptor,
) -> Result<BTreeMap<String, Option<i32>>, ReportError> {
    if snapshot.manifest().file(form.name).is_none() {
        return Ok(BTreeMap::new());
    }
    let frame = snapshot
        .scan(form)?
        .select([col("record_id"), col("version")])
        .collect()
        .map_err(ReportError::engine("reading versions of records"))?;
    let ids = texts(&frame, "record_id")?.into_iter().flatten();
    Ok(ids.zip(integers(&frame, "version")?).collect())
}
