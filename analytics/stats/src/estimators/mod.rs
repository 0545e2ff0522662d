//! The estimators: reading, estimating, reporting.

pub(crate) mod cox;
pub(crate) mod cuminc;
pub(crate) mod fine_gray;
pub(crate) mod km;
pub(crate) mod logrank;
pub(crate) mod multistate;
pub(crate) mod nca;
pub(crate) mod rates;
pub(crate) mod recurrent;
pub(crate) mod regression;
pub(crate) mod sir;
mod subjects;

use crate::error::StatsError;
use crate::input::Files;
use std::io::{Read, Write};

/// Where an estimator reads and writes.
pub(crate) struct Io<'a> {
    pub(crate) files: &'a dyn Files,
    pub(crate) stdin: &'a mut dyn Read,
    pub(crate) stdout: &'a mut dyn Write,
}

impl std::fmt::Debug for Io<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Io")
    }
}

/// Outcome: notes for standard error.
pub(crate) type Outcome = Result<Vec<String>, StatsError>;

/// Name of a value of an option.
pub(crate) fn name_of<V: clap::ValueEnum>(value: &V) -> String {
    value.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}

/// A list of columns as a parameter; nothing when there is none.
pub(crate) fn list(names: &[String]) -> Option<&[String]> {
    (!names.is_empty()).then_some(names)
}
