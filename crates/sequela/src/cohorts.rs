//! `sequela cohort`: definitions looked at without a server.

use crate::cli::{CohortCommand, TableFormat};
use crate::failure::Failure;
use cohort::definition::lint::{Suspicion, lint, lint_on};
use cohort::definition::schema::schema;
use cohort::endpoints::library;
use cohort::{Cohort, CohortDefinition, Fault, Faults, ReportError, Scope, Snapshot};
use serde_json::{Value, json};
use std::io::Read;
use std::path::Path;
use std::process::ExitCode;

/// Runs one of the commands.
pub(crate) fn run(command: &CohortCommand) -> Result<ExitCode, Failure> {
    match command {
        CohortCommand::Lint { file, snapshot, format } => lint_file(file, snapshot.as_deref(), *format),
        CohortCommand::Attrition { file, snapshot, format } => attrition(file, snapshot, *format),
        CohortCommand::Schema => print(&schema()),
        CohortCommand::Endpoints { format } => endpoints(*format),
    }
}

pub(crate) fn print(value: &Value) -> Result<ExitCode, Failure> {
    println!("{}", serde_json::to_string_pretty(value).map_err(Failure::internal)?);
    Ok(ExitCode::SUCCESS)
}

fn read(file: &Path) -> Result<String, Failure> {
    if file == Path::new("-") {
        let mut text = String::new();
        std::io::stdin()
            .read_to_string(&mut text)
            .map_err(|e| Failure::input(format!("standard input: {e}")))?;
        return Ok(text);
    }
    std::fs::read_to_string(file).map_err(|e| Failure::input(format!("{}: {e}", file.display())))
}

/// A definition with every fault as a problem document on standard error.
pub(crate) fn definition(file: &Path) -> Result<CohortDefinition, Failure> {
    let name = file.display().to_string();
    CohortDefinition::parse(&read(file)?).map_err(|faults| refused(&name, &faults))
}

fn refused(file: &str, faults: &Faults) -> Failure {
    let error = |fault: &Fault| {
        json!({ "rule": "cohort.document", "pointer": fault.pointer, "received": fault.received, "expected": fault.expected,
            "message": fault.message })
    };
    let problem = json!({
        "type": "https://sequela.dev/problems/cohort-definition",
        "title": "The cohort definition has faults",
        "status": 422,
        "file": file,
        "errors": faults.0.iter().map(error).collect::<Vec<_>>(),
    });
    Failure::Problem(problem.to_string())
}

pub(crate) fn failed(error: &ReportError) -> Failure {
    match error {
        ReportError::Snapshot(_) | ReportError::Definition(_) => Failure::input(error),
        _ => Failure::internal(error),
    }
}

pub(crate) fn open(directory: &Path) -> Result<Snapshot, Failure> {
    Snapshot::open_verified(directory, Scope::everything()).map_err(Failure::input)
}

fn lint_file(file: &Path, snapshot: Option<&Path>, format: TableFormat) -> Result<ExitCode, Failure> {
    let definition = definition(file)?;
    let found: Vec<Suspicion> = match snapshot {
        None => lint(&definition),
        Some(directory) => lint_on(&open(directory)?, &definition).map_err(|e| failed(&e))?,
    };
    if format == TableFormat::Json {
        let value = json!({ "name": definition.name, "sha256": definition.sha256(), "definition": definition, "suspicions": found });
        return print(&value);
    }
    println!("{}  {}", definition.name, definition.sha256());
    if found.is_empty() {
        println!("nothing suspicious");
    }
    for suspicion in &found {
        let of = suspicion.subjects.map_or_else(String::new, |n| format!(" ({n} subjects)"));
        let criterion =
            if suspicion.criterion.is_empty() { String::new() } else { format!("{}: ", suspicion.criterion) };
        println!("{}{of}: {criterion}{}", suspicion.rule, suspicion.message);
    }
    Ok(ExitCode::SUCCESS)
}

fn attrition(file: &Path, snapshot: &Path, format: TableFormat) -> Result<ExitCode, Failure> {
    let definition = definition(file)?;
    let snapshot = open(snapshot)?;
    let cohort = Cohort::select(&snapshot, &definition).map_err(|e| failed(&e))?;
    if format == TableFormat::Json {
        return print(&json!({
            "name": definition.name, "sha256": definition.sha256(), "snapshot": snapshot.manifest().snapshot_id,
            "n": cohort.len(), "attrition": cohort.attrition, "warnings": cohort.warnings,
        }));
    }
    println!("{}  {}", definition.name, definition.sha256());
    println!("{:>8} {:>8} {:>8} {:>8}  criterion", "before", "left out", "unknown", "after");
    for step in &cohort.attrition {
        let left_out = step.before - step.after;
        println!(
            "{:>8} {left_out:>8} {:>8} {:>8}  {}",
            step.before, step.unknown, step.after, step.criterion
        );
    }
    for warning in &cohort.warnings {
        eprintln!("note: {warning}");
    }
    Ok(ExitCode::SUCCESS)
}

fn endpoints(format: TableFormat) -> Result<ExitCode, Failure> {
    let library = library().map_err(Failure::internal)?;
    let all = library.ids().into_iter().map(|id| library.endpoint(id));
    let all = all.collect::<Result<Vec<_>, _>>().map_err(Failure::internal)?;
    if format == TableFormat::Json {
        let entry = |e: &cohort::endpoints::Endpoint| json!({ "endpoint": e.id, "title": e.title, "estimate": e.estimate, "parameters": e.parameters, "rule": e.rule });
        return print(&Value::Array(all.iter().map(entry).collect()));
    }
    for endpoint in &all {
        println!("{}: {}\n  {}", endpoint.id, endpoint.title.en, endpoint.rule);
        for (name, value) in &endpoint.parameters {
            let value = if value.is_null() { "any".to_owned() } else { value.to_string() };
            println!("  {name} = {value}");
        }
    }
    Ok(ExitCode::SUCCESS)
}
