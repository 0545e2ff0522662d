//! Every measure for every infusion: clauses compiled for one run, over columns sorted by infusion.
//!
//! Whoever has the records fills [`Tables`], one pass over each form; [`evaluate`] then goes through the infusions once. A clause that several
//! measures share is looked at once for an infusion. The result is that of [`crate::evaluate`], which the tests hold it to.

mod cells;
mod compile;
mod folds;
mod from_rows;
mod judge;
mod memo;
mod program;
mod select;
mod tables;
mod value;

pub use compile::{compile, value_sets_fit};
pub use judge::{Judgements, evaluate};
pub use program::Program;
pub use tables::{Column, NO_CODE, NO_DAY, NO_MINUTE, NO_TEXT, Table, Tables};
