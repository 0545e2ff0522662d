//! What the registry's data mean: forms, value sets, partial dates and the rules a record must satisfy.
//!
//! Pure: no I/O, no clock, no async. A [`Record`](record::Record) that exists has passed every hard rule of its form; everything that was
//! wrong with the input that failed is reported at once, as [`Finding`](finding::Finding)s.

pub mod codes;
pub mod criteria;
pub mod dictionary;
pub mod due;
pub mod field;
pub mod finding;
pub mod form;
pub mod forms;
pub mod lab;
pub mod missing;
pub mod moment;
pub mod partial_date;
pub mod products;
pub mod record;
pub mod review;
pub mod rule;

pub use field::{Cell, Kind};
pub use finding::{Finding, Findings, Language};
pub use form::{Context, Form, FormDescriptor};
pub use missing::MissingCode;
pub use partial_date::PartialDate;
pub use record::Record;
