//! What is wrong with a file as a whole.

use crate::format::Format;
use clinical::finding::Findings;

/// Why a file cannot be taken at all.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The format holds one form and the request names none.
    #[error("{format} holds records of one form: name it in the query, for example ?form=daily_toxicity.")]
    FormNeeded {
        /// The format.
        format: Format,
    },
    /// The header has faults.
    #[error("the header of {place} has faults")]
    Header {
        /// `the file`, or the sheet.
        place: String,
        /// Every fault of it.
        findings: Findings,
    },
    /// The file is not what its type says.
    #[error("{0}")]
    Unreadable(String),
    /// The file cannot be read or written here.
    #[error("the file cannot be read: {0}")]
    Io(#[from] std::io::Error),
}
