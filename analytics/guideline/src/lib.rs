//! Adherence to a guideline: measures as data, loaded and checked, and evaluated over a snapshot.

pub mod adherence;
pub mod evaluate;
pub mod library;
pub mod measure;
pub mod reports;

pub use library::{Guideline, LoadError};
pub use measure::Measure;
