//! `sequela submit`: a file of records to a server.

use crate::cli::SubmitArguments;
use crate::client::{Client, describe};
use crate::failure::Failure;
use mapping::{Mapped, Mapping};
use serde_json::Value;
use std::path::Path;
use std::process::ExitCode;

/// What is sent, and where its rows came from.
struct Upload {
    body: Vec<u8>,
    content_type: &'static str,
    form: Option<String>,
    mapped: Option<(Mapping, Mapped)>,
}

/// `sequela submit`.
pub(crate) fn run(arguments: &SubmitArguments) -> Result<ExitCode, Failure> {
    let upload = prepare(arguments)?;
    let unmapped = upload.mapped.as_ref().map_or(0, |(_, mapped)| mapped.faults.len());
    if let Some((_, mapped)) = &upload.mapped {
        eprintln!(
            "{} rows read, {} records made, {unmapped} faults in the spreadsheet",
            mapped.rows,
            mapped.records.len()
        );
        for fault in mapped.faults.iter().take(arguments.show) {
            eprintln!("  {fault}");
        }
        if arguments.all_or_nothing && unmapped > 0 {
            return Err(Failure::input(
                "the spreadsheet has faults and --all-or-nothing was asked: nothing was sent",
            ));
        }
    }
    let mut path = format!("/v1/submissions?results=faults&dry_run={}", arguments.dry_run);
    if arguments.all_or_nothing {
        path.push_str("&policy=all_or_nothing");
    }
    if let Some(form) = &upload.form {
        path.push_str("&form=");
        path.push_str(form);
    }
    let progress = spinner(&format!("submitting {}", arguments.file.display()));
    let answer =
        Client::new(&arguments.remote).post(&path, upload.content_type, "application/json", &upload.body);
    progress.finish_and_clear();
    let answer = answer?.success()?.json()?;
    let rejected = print(&answer, &upload, arguments.show);
    Ok(if rejected == 0 && unmapped == 0 { ExitCode::SUCCESS } else { ExitCode::from(2) })
}

/// Progress on a terminal, silence elsewhere.
pub(crate) fn spinner(what: &str) -> indicatif::ProgressBar {
    let bar = indicatif::ProgressBar::new_spinner().with_message(what.to_owned());
    bar.enable_steady_tick(std::time::Duration::from_millis(120));
    bar
}

fn prepare(arguments: &SubmitArguments) -> Result<Upload, Failure> {
    let file = &arguments.file;
    if let Some(path) = &arguments.mapping {
        return map(file, path);
    }
    let body = std::fs::read(file).map_err(|e| Failure::input(format!("{}: {e}", file.display())))?;
    let extension = file.extension().and_then(|e| e.to_str()).unwrap_or_default().to_ascii_lowercase();
    let content_type = match extension.as_str() {
        "csv" if arguments.form.is_none() => {
            return Err(Failure::input(
                "CSV holds records of one form: name it with --form, or give a --mapping",
            ));
        }
        "csv" => "text/csv",
        "ndjson" | "jsonl" | "json" => "application/x-ndjson",
        other => {
            return Err(Failure::input(format!(
                "{}: unknown file type `.{other}`; expected .ndjson, .jsonl or .csv",
                file.display()
            )));
        }
    };
    Ok(Upload { body, content_type, form: arguments.form.clone(), mapped: None })
}

fn map(file: &Path, mapping: &Path) -> Result<Upload, Failure> {
    let text = std::fs::read_to_string(mapping)
        .map_err(|e| Failure::input(format!("{}: {e}", mapping.display())))?;
    let mapping_file = mapping.display();
    let mapping = Mapping::parse(&text).map_err(|faults| {
        let list: Vec<String> = faults.iter().map(|f| format!("\n  {f}")).collect();
        Failure::input(format!("{mapping_file} has {} fault(s):{}", faults.len(), list.concat()))
    })?;
    let source = std::fs::File::open(file).map_err(|e| Failure::input(format!("{}: {e}", file.display())))?;
    let mapped = mapping.apply(source, &file.display().to_string()).map_err(Failure::input)?;
    let mut body = Vec::new();
    for record in &mapped.records {
        body.extend_from_slice(record.line().as_bytes());
        body.push(b'\n');
    }
    Ok(Upload { body, content_type: "application/x-ndjson", form: None, mapped: Some((mapping, mapped)) })
}

/// Prints what became of the rows; returns how many were rejected.
fn print(answer: &Value, upload: &Upload, show: usize) -> u64 {
    let count = |name: &str| answer.get(name).and_then(Value::as_u64).unwrap_or_default();
    let kept = match answer.get("committed").and_then(Value::as_bool) {
        Some(true) => "kept",
        _ => "NOT kept",
    };
    println!(
        "{} records: {} created, {} unchanged, {} rejected, {} with queries; {kept}",
        count("rows"),
        count("created"),
        count("unchanged"),
        count("rejected"),
        count("with_queries")
    );
    let results = answer.get("results").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let faults = results.iter().flat_map(|row| {
        let errors = row.get("errors").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        errors.iter().map(move |error| (row, error))
    });
    let total = faults.clone().count();
    for (row, error) in faults.take(show) {
        println!("  {}{}", origin(row, error, upload), describe(error));
    }
    if total > show {
        println!("  ... and {} more faults (--show {total})", total - show);
    }
    count("rejected")
}

/// Where in the center's own spreadsheet a fault comes from.
fn origin(row: &Value, error: &Value, upload: &Upload) -> String {
    let Some((mapping, mapped)) = &upload.mapped else { return String::new() };
    let line = row
        .get("row")
        .and_then(Value::as_u64)
        .and_then(|line| usize::try_from(line).ok())
        .unwrap_or_default();
    let Some(record) = line.checked_sub(1).and_then(|index| mapped.records.get(index)) else {
        return String::new();
    };
    let rows: Vec<String> = record.source_rows.iter().take(3).map(ToString::to_string).collect();
    let field = error.get("pointer").and_then(Value::as_str).unwrap_or_default().trim_start_matches('/');
    let column =
        mapping.column_of(record.form.name, field).map_or_else(String::new, |c| format!(", column {c:?}"));
    format!("spreadsheet row {}{column}: {} ", rows.join(", "), record.form.name)
}
