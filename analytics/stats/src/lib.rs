//! `sequela stats`: the estimators of [`survival`] on tables (CSV, Parquet, Arrow IPC), with JSON, CSV or R-like text as output.
//!
//! [`StatsCommand`] is the command line, [`run`] runs it. Nothing here computes a statistic: this crate reads and checks columns, leaves
//! out and counts rows, calls the estimator and reports.
//!
//! ```
//! use clap::Parser;
//!
//! let words = ["stats", "proportion", "-", "--event", "response"];
//! let command = stats::Invocation::try_parse_from(words)?.command;
//! let mut output = Vec::new();
//! let status = stats::run(&command, &mut output, &mut "response\n1\n0\n1\nNA\n".as_bytes())?;
//! let output = String::from_utf8(output)?;
//! assert_eq!(status.code(), 0);
//! assert!(output.starts_with(r#"{"estimator":"proportion","n":3,"excluded":[{"reason":"missing value","n":1"#));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod arguments;
mod error;
mod estimators;
mod frame;
mod input;
mod output;
mod plot;
mod validate;

pub use arguments::*;
pub use error::StatsError;

use estimators::{Io, cox, cuminc, fine_gray, km, logrank, multistate, nca, rates, recurrent, sir};
use input::{Disk, Files};
use std::io::{Read, Write};

/// A command line of its own, for programs that have no other commands.
#[derive(Debug, Clone, PartialEq, clap::Parser)]
#[command(name = "stats")]
pub struct Invocation {
    /// What to run.
    #[command(subcommand)]
    pub command: StatsCommand,
}

/// How a command ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExitStatus {
    code: u8,
    notes: Vec<String>,
}

impl ExitStatus {
    /// The exit code: 0, or 1 when `validate` found a figure that differs.
    pub fn code(&self) -> u8 {
        self.code
    }

    /// Exclusions and warnings that the form of the output has no room for, for standard error.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }
}

/// Runs a command: named files are read from the file system, `-` is `stdin`, the result goes to `stdout`.
///
/// # Errors
/// Bad arguments or bad input (exit code 2), or a failure of the program (exit code 1): see [`StatsError`]. Nothing has been
/// written to `stdout` then, unless writing itself failed.
pub fn run(
    command: &StatsCommand,
    stdout: &mut dyn Write,
    stdin: &mut dyn Read,
) -> Result<ExitStatus, StatsError> {
    execute(command, &Disk, stdout, stdin)
}

fn execute(
    command: &StatsCommand,
    files: &dyn Files,
    stdout: &mut dyn Write,
    stdin: &mut dyn Read,
) -> Result<ExitStatus, StatsError> {
    if let StatsCommand::Validate(arguments) = command {
        let (passed, notes) = validate::run(arguments, stdout)?;
        return Ok(ExitStatus { code: u8::from(!passed), notes });
    }
    let io = &mut Io { files, stdin, stdout };
    let notes = match command {
        StatsCommand::Km(arguments) => km::run(arguments, io),
        StatsCommand::Logrank(arguments) => logrank::run(arguments, io),
        StatsCommand::Cuminc(arguments) => cuminc::run(arguments, io),
        StatsCommand::Cox(arguments) => cox::run(arguments, io),
        StatsCommand::FineGray(arguments) => fine_gray::run(arguments, io),
        StatsCommand::Rate(arguments) => rates::run_rate(arguments, io),
        StatsCommand::Proportion(arguments) => rates::run_proportion(arguments, io),
        StatsCommand::Sir(arguments) => sir::run(arguments, io),
        StatsCommand::Recurrent(arguments) => recurrent::run(arguments, io),
        StatsCommand::Multistate(arguments) => multistate::run(arguments, io),
        StatsCommand::Nca(arguments) => nca::run(arguments, io),
        StatsCommand::Validate(_) => Ok(Vec::new()),
    }?;
    Ok(ExitStatus { code: 0, notes })
}
