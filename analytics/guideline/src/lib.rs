//! Adherence to a guideline over snapshots: which version judges an infusion, its measures over the Parquet files, and the report.
//!
//! The measures themselves, their language and both evaluators are in the crate `measures`; here Polars reads each form once, keeps the columns
//! that some clause looks at, joins them to the infusions and hands them over as columns.

pub mod adherence;
pub mod dossier;
pub mod evaluate;
pub mod library;
pub mod reports;
mod tables;

pub use library::Library;
pub use measures::{Guideline, LoadError};
