//! `sequela`: the registry, its client and its tools in one binary.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command-line program talks to its user")]

mod audit;
mod cli;
mod client;
mod demo;
mod derive;
mod failure;
mod guidelines;
mod instance;
mod reference;
mod reports;
mod serve;
mod submit;
mod tokens;

use clap::Parser;
use cli::{AuditCommand, Cli, Command, FormsCommand, SnapshotCommand};
use failure::Failure;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return refuse_arguments(&error),
    };
    if let Err(failure) = serve::log_to_stderr(&cli) {
        eprintln!("{failure}");
        return ExitCode::from(2);
    }
    match run(cli) {
        Ok(code) => code,
        Err(Failure::Problem(problem)) => {
            eprintln!("{problem}");
            ExitCode::from(2)
        }
        Err(failure) => {
            eprintln!("sequela: {failure}");
            failure.exit_code()
        }
    }
}

fn run(cli: Cli) -> Result<ExitCode, Failure> {
    match cli.command {
        Command::Serve(arguments) => wait(serve::run(cli.storage, arguments)),
        Command::Demo(arguments) => wait(demo::run(cli.storage, arguments)),
        Command::Migrate => wait(instance::migrate(cli.storage)),
        Command::Token(command) => wait(tokens::run(cli.storage, command)),
        Command::Audit(AuditCommand::Verify(arguments)) => wait(audit::verify(cli.storage, arguments)),
        Command::Submit(arguments) => submit::run(&arguments),
        Command::Snapshot(SnapshotCommand::Take(remote)) => reports::take_snapshot(&remote),
        Command::Snapshot(SnapshotCommand::List(remote)) => reports::list_snapshots(&remote),
        Command::Report(arguments) => reports::run(&arguments),
        Command::Forms(FormsCommand::Ddl { form }) => reference::ddl(&form),
        Command::Spec { directory } => reference::write_spec(&directory),
        Command::Derive(arguments) => derive::run(&arguments),
        Command::Guideline(command) => guidelines::run(&command),
        Command::Openapi => reference::openapi(),
        Command::Stats(command) => Ok(statistics(&command)),
    }
}

/// `stats` tells what was wrong in a problem document, whether an argument or the input.
fn refuse_arguments(error: &clap::Error) -> ExitCode {
    let is_stats = std::env::args_os()
        .skip(1)
        .find(|word| !word.to_string_lossy().starts_with('-'))
        .is_some_and(|word| word == "stats");
    match stats::StatsError::from_arguments(error).filter(|_| is_stats) {
        Some(problem) => {
            eprintln!("{problem}");
            ExitCode::from(problem.exit_code())
        }
        None => error.exit(),
    }
}

fn statistics(command: &stats::StatsCommand) -> ExitCode {
    match stats::run(command, &mut std::io::stdout().lock(), &mut std::io::stdin().lock()) {
        Ok(status) => {
            for note in status.notes() {
                eprintln!("note: {note}");
            }
            ExitCode::from(status.code())
        }
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::from(problem.exit_code())
        }
    }
}

/// Commands that need the database run on a runtime of their own.
fn wait(work: impl Future<Output = Result<ExitCode, Failure>>) -> Result<ExitCode, Failure> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Failure::internal)?;
    runtime.block_on(work)
}
