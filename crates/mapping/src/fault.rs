//! What was wrong, where, and what would be accepted.

use serde::Serialize;
use std::fmt;

/// A fault of the mapping file, found without looking at any data (or, for a column that is not there, at the header only).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MappingFault {
    /// Line of the mapping file, from 1.
    pub line: usize,
    /// Character in that line, from 1.
    pub column: usize,
    /// The entry, for example `infusion.product_code.prefix`; empty for the file as a whole.
    pub entry: String,
    /// What is wrong.
    pub message: String,
    /// What would be accepted.
    pub expected: Option<String>,
}

impl fmt::Display for MappingFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: ", self.line, self.column)?;
        if !self.entry.is_empty() {
            write!(f, "{}: ", self.entry)?;
        }
        f.write_str(&self.message)?;
        write_expected(f, self.expected.as_deref())
    }
}

impl std::error::Error for MappingFault {}

/// A fault at one place of the spreadsheet. The records it touches are left out of the result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RowFault {
    /// Row as a spreadsheet program numbers it: the header is row 1 when it is the first line.
    pub row: u64,
    /// Name of the column; `None` for the row as a whole.
    pub column: Option<String>,
    /// The cell as it stands there, shortened to a readable length.
    pub value: Option<String>,
    /// What is wrong.
    pub message: String,
    /// What would be accepted.
    pub expected: Option<String>,
}

impl fmt::Display for RowFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "row {}", self.row)?;
        if let Some(column) = &self.column {
            write!(f, ", column {column:?}")?;
        }
        if let Some(value) = &self.value {
            write!(f, ", value {value:?}")?;
        }
        write!(f, ": {}", self.message)?;
        write_expected(f, self.expected.as_deref())
    }
}

impl std::error::Error for RowFault {}

/// A disagreement between the columns of the spreadsheet and those of the mapping.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum HeaderFault {
    /// The mapping names a column that the spreadsheet does not have; located in the mapping file.
    #[error("mapping file, {0}")]
    NotInFile(MappingFault),
    /// A column that the mapping neither uses nor ignores.
    #[error(
        "header, column {position}: {name:?} is not used by the mapping{}; map it, or list it under ignore in [source]",
        suggestion.as_ref().map(|s| format!(" (did you mean {s:?} there?)")).unwrap_or_default()
    )]
    Unmapped {
        /// Position of the column, from 1.
        position: usize,
        /// Its name.
        name: String,
        /// The column of the mapping, missing from the spreadsheet, that it probably is.
        suggestion: Option<String>,
    },
    /// Two columns of the same name: which one is meant cannot be told.
    #[error("header, columns {} and {second}: both are named {name:?}; rename one of them", first)]
    Duplicate {
        /// The name.
        name: String,
        /// Position of the first, from 1.
        first: usize,
        /// Position of the second.
        second: usize,
    },
}

/// Why a spreadsheet cannot be read at all.
#[derive(Debug, thiserror::Error)]
pub enum SourceFault {
    /// Reading failed.
    #[error("{file}: cannot be read: {error}")]
    Read {
        /// The file.
        file: String,
        /// Why.
        #[source]
        error: std::io::Error,
    },
    /// Not text in UTF-8.
    #[error("{file}: {found}; expected CSV text in UTF-8 (in Excel: save as \"CSV UTF-8\")")]
    Encoding {
        /// The file.
        file: String,
        /// What was found, and where.
        found: String,
    },
    /// Nothing in it.
    #[error("{file}: the file is empty; expected a header row and at least one row of data")]
    Empty {
        /// The file.
        file: String,
    },
    /// A header and nothing more.
    #[error("{file}: the file has a header row but no data; expected at least one row below the header")]
    NoRows {
        /// The file.
        file: String,
    },
    /// Quotation marks from which the cells cannot be told; nothing after that row can be trusted.
    #[error("{file}, row {row}: {message}")]
    Quoting {
        /// The file.
        file: String,
        /// Row where the quotation begins.
        row: u64,
        /// What is wrong, and what would be accepted.
        message: String,
    },
    /// The columns are not those of the mapping.
    #[error("{file}: the columns do not fit the mapping\n{}", faults.iter().map(|f| format!("  {f}")).collect::<Vec<_>>().join("\n"))]
    Header {
        /// The file.
        file: String,
        /// Every disagreement.
        faults: Vec<HeaderFault>,
    },
}

fn write_expected(f: &mut fmt::Formatter<'_>, expected: Option<&str>) -> fmt::Result {
    expected.map_or(Ok(()), |e| write!(f, "; expected {e}"))
}
