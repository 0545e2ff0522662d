//! Why a report cannot be made.

use crate::fault::Faults;
use crate::snapshot::SnapshotError;

/// A report that could not be made or rendered; the text is for the person who asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// The snapshot cannot be read.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// The cohort definition is not one.
    #[error("the cohort definition is not accepted:\n{0}")]
    Definition(Faults),
    /// The report's parameters are not accepted.
    #[error("the parameters of the report are not accepted:\n{0}")]
    Parameters(Faults),
    /// The endpoint files have faults.
    #[error("the endpoint definitions are not accepted:\n{0}")]
    Endpoints(Faults),
    /// There is no such report.
    #[error("there is no report `{received}`; expected one of {expected}")]
    UnknownReport {
        /// As asked for.
        received: String,
        /// The reports there are.
        expected: String,
    },
    /// The report has no such form.
    #[error("the {report} report has no {format} form; expected one of {expected}")]
    NoSuchFormat {
        /// Name of the report.
        report: &'static str,
        /// The form asked for.
        format: &'static str,
        /// The forms it has.
        expected: &'static str,
    },
    /// A mandatory value is null.
    #[error(
        "{n} infusion(s) of the snapshot have no infusion date, which is mandatory: the snapshot was not written by this registry"
    )]
    InfusionWithoutDate {
        /// How many infusions.
        n: usize,
    },
    /// An estimator refused its input although the endpoint accepted it.
    #[error("{what}: {source}")]
    Statistics {
        /// Which estimate.
        what: String,
        /// Why.
        source: survival::error::Error,
    },
    /// A query over a snapshot that was read without fault failed.
    #[error("the analysis engine failed while {what}: {source}")]
    Engine {
        /// What it did.
        what: &'static str,
        /// As the engine reports it.
        source: polars::error::PolarsError,
    },
    /// A result could not be written as columns.
    #[error("the report cannot be written as columns: {0}")]
    Columns(String),
    /// A result could not be written as JSON.
    #[error("the report cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
}

impl ReportError {
    /// For `map_err` on a query.
    pub(crate) fn engine(what: &'static str) -> impl FnOnce(polars::error::PolarsError) -> Self {
        move |source| Self::Engine { what, source }
    }
}
