//! What can go wrong between the program and the registry's data.

use clinical::Findings;

/// Result of a registry operation.
pub type Result<T> = std::result::Result<T, Error>;

/// Why an operation did not happen. Unless it says otherwise, nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database failed or refused.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// The migrations could not be applied.
    #[error("migrations: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// The database holds something that the types say is impossible.
    #[error("table {table}, record {record}: {what}")]
    Inconsistent {
        /// Table.
        table: String,
        /// Record id or key.
        record: String,
        /// What is impossible about it.
        what: String,
    },
    /// No such record in scope.
    #[error("no such record")]
    NotFound,
    /// No such thing in scope.
    #[error("no such {0}")]
    Missing(&'static str),
    /// What was asked for cannot be done in the present state.
    #[error("a {what} that is {state} cannot be {step}")]
    WrongState {
        /// What has the state.
        what: &'static str,
        /// The state.
        state: String,
        /// What was to be done.
        step: &'static str,
    },
    /// The record is at another version than the caller thinks.
    #[error("the record is at version {current}")]
    VersionConflict {
        /// Its version.
        current: i32,
    },
    /// The record is locked.
    #[error("the record was locked by {by}")]
    Locked {
        /// Who locked it.
        by: String,
        /// When.
        since: chrono::DateTime<chrono::Utc>,
    },
    /// The content breaks rules.
    #[error("the content breaks {} rules", .0.iter().count())]
    Rejected(Findings),
    /// The same Idempotency-Key came with another request.
    #[error("the Idempotency-Key was used with another request")]
    IdempotencyMismatch,
    /// The process may not do this.
    #[error("{0}")]
    Refused(&'static str),
    /// A file could not be read or written.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// A submitted file could not be read.
    #[error("{0}")]
    Unreadable(String),
    /// A Parquet or Arrow file could not be written.
    #[error("parquet: {0}")]
    Parquet(#[from] parquet::errors::ParquetError),
    /// The wire format of the database was not what the catalog promised.
    #[error("export of {form}: {what}")]
    Export {
        /// The form.
        form: &'static str,
        /// What was wrong.
        what: String,
    },
    /// A task of the program ended early.
    #[error("a background task ended early: {0}")]
    Task(#[from] tokio::task::JoinError),
}

impl Error {
    /// SQLSTATE of the database error, if there is one.
    pub fn sqlstate(&self) -> Option<String> {
        match self {
            Self::Database(sqlx::Error::Database(error)) => error.code().map(std::borrow::Cow::into_owned),
            _ => None,
        }
    }

    /// Names a file in an I/O error.
    pub(crate) fn file(path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Self + use<> {
        let path = path.display().to_string();
        move |source| Self::File { path, source }
    }
}
