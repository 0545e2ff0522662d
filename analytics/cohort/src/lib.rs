//! The analytics layer over snapshots: cohorts, endpoints and reports.
//!
//! A report is a pure function of a [`Snapshot`](snapshot::Snapshot) opened under a [`Scope`](snapshot::Scope), a
//! [`CohortDefinition`](definition::CohortDefinition) and the report's parameters. Polars reads, filters and joins the
//! Parquet files and counts integers; every floating-point figure comes from the `survival` kernels, in a fixed order,
//! so that a report has the same bytes on any number of threads.

pub mod adam;
pub mod columns;
pub mod condition;
pub mod definition;
pub mod digest;
mod document;
pub mod endpoints;
pub mod error;
pub mod fault;
pub mod records;
pub mod render;
pub mod reports;
pub mod selection;
pub mod snapshot;
mod verdict;

pub use definition::CohortDefinition;
pub use error::ReportError;
pub use fault::{Fault, Faults};
pub use selection::Cohort;
pub use snapshot::{Scope, Snapshot, SnapshotError};
