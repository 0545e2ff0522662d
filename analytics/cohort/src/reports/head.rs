//! What every report carries: where its figures come from.

use super::ReportKind;
use crate::definition::CohortDefinition;
use crate::digest::sha256;
use crate::endpoints::Excluded;
use crate::selection::{AttritionStep, Cohort};
use crate::snapshot::{Scope, Snapshot};
use serde::Serialize;
use serde_json::Value;

/// The snapshot a report was made from.
#[derive(Debug, Clone, Serialize)]
pub struct SnapshotReference {
    /// Identifier.
    pub id: String,
    /// When it was taken, RFC 3339 in UTC.
    pub taken_at: String,
    /// Hash of its contents.
    pub content_hash: String,
}

/// The program that computed it.
#[derive(Debug, Clone, Serialize)]
pub struct Engine {
    /// Always `sequela`.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
}

/// The engine of this build.
pub const ENGINE: Engine = Engine { name: "sequela", version: env!("CARGO_PKG_VERSION") };

/// The cohort a report is about.
#[derive(Debug, Clone, Serialize)]
pub struct CohortReference {
    /// Normalized definition.
    pub definition: CohortDefinition,
    /// SHA-256 of its canonical JSON.
    pub sha256: String,
    /// Subjects selected.
    pub n: usize,
    /// Counts before and after each criterion.
    pub attrition: Vec<AttritionStep>,
}

/// The rows that whoever asked may see.
#[derive(Debug, Clone, Serialize)]
pub struct ScopeReference {
    /// In words.
    pub description: String,
    /// As data.
    #[serde(flatten)]
    pub scope: Scope,
}

/// Where a report's figures come from.
#[derive(Debug, Clone, Serialize)]
pub struct Head {
    /// Which report.
    pub report: ReportKind,
    /// SHA-256 over report name, snapshot, cohort, parameters, scope and engine version: the same identity has the same bytes.
    pub identity: String,
    /// The snapshot.
    pub snapshot: SnapshotReference,
    /// The cohort.
    pub cohort: CohortReference,
    /// Parameters, defaults filled in.
    pub parameters: Value,
    /// Row scope.
    pub scope: ScopeReference,
    /// Program and version.
    pub engine: Engine,
    /// Subjects of the cohort left out of the estimates, by reason.
    pub excluded: Vec<Excluded>,
    /// Statements about methods and data, in words.
    pub notes: Vec<String>,
}

impl Head {
    /// The head of a report on `cohort`, selected from `snapshot` by `definition`.
    pub fn new(
        report: ReportKind,
        snapshot: &Snapshot,
        definition: &CohortDefinition,
        cohort: &Cohort,
        parameters: Value,
    ) -> Self {
        let manifest = snapshot.manifest();
        let scope = snapshot.scope();
        let cohort_hash = definition.sha256();
        let identity = sha256(
            format!(
                "sequela report 1\nreport {report}\nsnapshot {} {}\ncohort {cohort_hash}\nparameters {parameters}\nscope {}\nengine {} {}\n",
                manifest.snapshot_id,
                manifest.content_hash,
                serde_json::to_string(scope).unwrap_or_default(),
                ENGINE.name,
                ENGINE.version,
            )
            .as_bytes(),
        );
        let mut notes = cohort.warnings.clone();
        if cohort.is_empty() {
            notes.push(
                "The cohort is empty: no infusion in scope meets every criterion. Estimates are null."
                    .to_owned(),
            );
        }
        if cohort.pseudo_anchored > 0 {
            notes.push(format!(
                "{} of {} subjects have dates that count from a made-up anchor. Their intervals are real and are used; calendar dates \
                 and ages are not, and criteria on them leave these subjects out.",
                cohort.pseudo_anchored,
                cohort.len()
            ));
        }
        Self {
            report,
            identity,
            snapshot: SnapshotReference {
                id: manifest.snapshot_id.clone(),
                taken_at: manifest.taken_at.clone(),
                content_hash: manifest.content_hash.clone(),
            },
            cohort: CohortReference {
                definition: definition.clone(),
                sha256: cohort_hash,
                n: cohort.len(),
                attrition: cohort.attrition.clone(),
            },
            parameters,
            scope: ScopeReference { description: scope.describe(), scope: scope.clone() },
            engine: ENGINE,
            excluded: Vec::new(),
            notes,
        }
    }

    /// Adds statements about methods and data.
    #[must_use]
    pub fn with_notes<S: Into<String>>(mut self, notes: impl IntoIterator<Item = S>) -> Self {
        self.notes.extend(notes.into_iter().map(Into::into));
        self
    }

    /// Sets who was left out of the estimates.
    #[must_use]
    pub fn with_excluded(mut self, excluded: Vec<Excluded>) -> Self {
        self.excluded = excluded;
        self
    }
}
