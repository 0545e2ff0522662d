//! Turns a center's own spreadsheet into registry records, by a small TOML file that a data manager writes.
//!
//! ```
//! let mapping = mapping::Mapping::parse(r#"
//!     [source]
//!     missing = ["NA"]
//!
//!     [[form]]
//!     name = "patient"
//!     [form.fields]
//!     patient_id = { column = "ID" }
//!     birth_year = { column = "born", when_missing = "NK" }
//!     sex = { column = "sex", map = { "1" = "M", "2" = "F" } }
//!     consent_registry = { constant = "Y" }
//!     date_basis = { constant = "CALENDAR" }
//! "#).map_err(|faults| faults[0].to_string())?;
//! let mapped = mapping.apply("ID,born,sex\nP01,NA,2\n".as_bytes(), "patients.csv").map_err(|f| f.to_string())?;
//! assert_eq!(
//!     mapped.records[0].line(),
//!     r#"{"form":"patient","patient_id":"P01","sex":"F","consent_registry":"Y","date_basis":"CALENDAR","missing":{"birth_year":"NK"}}"#,
//! );
//! # Ok::<(), String>(())
//! ```
//!
//! Nothing of the spreadsheet is dropped without a word and nothing is guessed: every column is mapped or listed as ignored, every cell
//! becomes a value, a declared gap or a located fault. The format is described in the crate's README.

mod apply;
mod cell;
mod constant;
mod document;
mod fault;
mod header;
mod model;
mod parse;
mod sheet;
mod source;

pub use apply::{Mapped, MappedRecord};
pub use fault::{HeaderFault, MappingFault, RowFault, SourceFault};
pub use model::Mapping;
