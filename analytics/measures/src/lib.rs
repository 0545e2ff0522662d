//! Measures as data: the language in which a guideline's measures are written, its loader, and its row-by-row evaluation.
//!
//! A guideline is a folder of TOML files; their clauses are texts in a small typed language (README.md of this crate). Loading checks every
//! name, type, unit and window and reports all faults with file, line and column. Nothing here needs a data frame: an author can check
//! files in a second, and what is evaluated here row by row is what the columnar evaluator must agree with.

pub mod bounds;
mod check;
pub mod columnar;
pub mod evaluate;
pub mod fields;
pub mod file;
pub mod fixtures;
pub mod ir;
pub mod ir_walk;
pub mod known;
pub mod library;
pub mod schema;
pub mod syntax;

pub use library::{Guideline, LoadError};
