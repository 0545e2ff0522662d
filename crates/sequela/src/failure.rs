//! Why a command did not succeed, and the exit code that says so.

use std::fmt;
use std::process::ExitCode;

/// A command that failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Bad arguments or bad input: exit code 2.
    Input(String),
    /// Bad arguments or bad input, as a problem document on one line: exit code 2.
    Problem(String),
    /// The program or what it rests on failed: exit code 1.
    Internal(String),
}

/// What a user has to know: verification found faults.
pub(crate) const FAULTS_FOUND: u8 = 3;

impl Failure {
    pub(crate) fn input(message: impl fmt::Display) -> Self {
        Self::Input(message.to_string())
    }

    pub(crate) fn internal(message: impl fmt::Display) -> Self {
        Self::Internal(message.to_string())
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Input(_) | Self::Problem(_) => 2,
            Self::Internal(_) => 1,
        })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Input(message) | Self::Problem(message) | Self::Internal(message) => f.write_str(message),
        }
    }
}

impl From<registry::Error> for Failure {
    fn from(error: registry::Error) -> Self {
        match error {
            registry::Error::Refused(why) => Self::input(why),
            other => Self::internal(other),
        }
    }
}

impl From<cluster::Error> for Failure {
    fn from(error: cluster::Error) -> Self {
        Self::internal(error)
    }
}
