//! Why an estimator refuses its input.

/// A fault of the input that makes the estimate undefined. Every variant names what was received and what is accepted.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Error {
    /// Two columns that describe the same subjects differ in length.
    LengthMismatch {
        /// Name of the offending column.
        column: &'static str,
        /// Rows expected (length of the time column).
        expected: usize,
        /// Rows received.
        received: usize,
    },
    /// A value that no time, weight or covariate may have (NaN, infinite, negative weight).
    InvalidValue {
        /// Name of the column.
        column: &'static str,
        /// Zero-based row.
        row: usize,
        /// The value as received.
        value: f64,
        /// What would be accepted.
        expected: &'static str,
    },
    /// A parameter outside its domain (confidence level, tau, rho...).
    InvalidParameter {
        /// Name of the parameter.
        name: &'static str,
        /// The value as received.
        value: f64,
        /// What would be accepted.
        expected: &'static str,
    },
    /// The estimate needs something that the data do not hold (two groups, one event...).
    Undefined {
        /// What is missing, as a sentence for a person.
        reason: &'static str,
    },
}

impl core::fmt::Display for Error {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::LengthMismatch { column, expected, received } => {
                write!(f, "column `{column}` has {received} rows where {expected} are expected")
            }
            Self::InvalidValue { column, row, value, expected } => {
                write!(f, "column `{column}`, row {row}: {value} is not accepted, expected {expected}")
            }
            Self::InvalidParameter { name, value, expected } => {
                write!(f, "parameter `{name}` is {value}, expected {expected}")
            }
            Self::Undefined { reason } => f.write_str(reason),
        }
    }
}

impl std::error::Error for Error {}
