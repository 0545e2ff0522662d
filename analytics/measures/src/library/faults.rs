//! What is wrong with the files of a guideline.

use serde::Serialize;
use std::fmt;

/// One fault of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileFault {
    /// Name of the file.
    pub file: String,
    /// Line, from 1; absent for the file as a whole.
    pub line: Option<usize>,
    /// Column, from 1.
    pub column: Option<usize>,
    /// The measure or definition, when known.
    pub measure: Option<String>,
    /// What is wrong and what would be accepted.
    pub message: String,
}

impl fmt::Display for FileFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let (Some(line), Some(column)) = (self.line, self.column) {
            write!(f, ":{line}:{column}")?;
        }
        if let Some(measure) = &self.measure {
            write!(f, ": {measure}")?;
        }
        write!(f, ": {}", self.message)
    }
}

/// Why a guideline cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// No such guideline.
    #[error("there is no guideline `{received}`; expected one of {expected}")]
    Unknown {
        /// As asked for.
        received: String,
        /// Those there are.
        expected: String,
    },
    /// A file or folder cannot be read.
    #[error("{path} cannot be read: {source}")]
    Unreadable {
        /// Which.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// Faults of the files, all of them.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Faults(Vec<FileFault>),
}
