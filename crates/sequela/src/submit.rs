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
    let client = Client::new(&arguments.remote);
    let answer = follow(&client, &path(arguments, &upload), &upload, &arguments.file.display().to_string())?;
    let rejected = print(&answer, &upload, arguments.show);
    if let Some(file) = &arguments.rejected {
        keep_rejected(&client, &answer, file)?;
    }
    Ok(if rejected == 0 && unmapped == 0 { ExitCode::SUCCESS } else { ExitCode::from(2) })
}

fn path(arguments: &SubmitArguments, upload: &Upload) -> String {
    let mut path = format!("/v1/submissions?dry_run={}", arguments.dry_run);
    if arguments.all_or_nothing {
        path.push_str("&policy=all_or_nothing");
    }
    let named = arguments.file.file_name().map(|n| n.to_string_lossy());
    for (name, value) in [
        ("form", upload.form.as_deref()),
        ("reason", arguments.upsert.as_deref()),
        ("file_name", named.as_deref()),
    ] {
        if let Some(value) = value {
            path.extend(["&", name, "=", &encoded(value)]);
        }
    }
    if arguments.upsert.is_some() {
        path.push_str("&mode=upsert");
    }
    path
}

/// A value of a query string.
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.extend([byte >> 4, byte & 15].map(|half| char::from(b"0123456789ABCDEF"[usize::from(half)])));
        }
    }
    out
}

/// Sends the file and waits for the end of the submission, showing how far it is.
fn follow(client: &Client, path: &str, upload: &Upload, file: &str) -> Result<Value, Failure> {
    let sending = spinner(&format!("sending {file}"));
    let accepted = client.post_preferring("respond-async", path, upload.content_type, &upload.body);
    sending.finish_and_clear();
    let mut view = accepted?.success()?.json()?;
    let at = view.get("location").and_then(Value::as_str).unwrap_or_default().to_owned();
    let style =
        indicatif::ProgressStyle::with_template("{bar:30} {pos}/{len} rows").map_err(Failure::internal)?;
    let bar = indicatif::ProgressBar::new(0).with_style(style);
    let number = |view: &Value, name: &str| view.get(name).and_then(Value::as_u64).unwrap_or_default();
    while matches!(view.get("state").and_then(Value::as_str), Some("queued" | "running")) {
        std::thread::sleep(std::time::Duration::from_millis(100));
        view = client.get(&at)?.success()?.json()?;
        bar.set_length(number(&view, "rows"));
        bar.set_position(number(&view, "rows_done"));
    }
    bar.finish_and_clear();
    match view.get("state").and_then(Value::as_str) {
        Some("failed") => {
            let why = view.get("failure").and_then(Value::as_str).unwrap_or("the submission failed");
            Err(Failure::internal(format!("{why}; the file is kept, POST {at}/resumption goes on with it")))
        }
        _ => client.get(&format!("{at}?results=faults"))?.success()?.json(),
    }
}

fn keep_rejected(client: &Client, answer: &Value, file: &Path) -> Result<(), Failure> {
    let Some(at) = answer.get("rejected_rows").and_then(Value::as_str) else { return Ok(()) };
    let rows = client.get(at)?.success()?.body;
    std::fs::write(file, rows).map_err(|e| Failure::input(format!("{}: {e}", file.display())))?;
    println!("  the rejected rows, each with its reason: {}", file.display());
    Ok(())
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
        "csv" | "parquet" if arguments.form.is_none() => {
            return Err(Failure::input(format!(
                ".{extension} holds records of one form: name it with --form, or give a --mapping"
            )));
        }
        other => intake::Format::of_extension(other).map(intake::Format::media_type).ok_or_else(|| {
            Failure::input(format!(
                "{}: unknown file type `.{other}`; expected .ndjson, .jsonl, .csv, .xlsx or .parquet",
                file.display()
            ))
        })?,
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
        "{} records: {} created, {} updated, {} unchanged, {} rejected, {} with queries; {kept}",
        count("rows"),
        count("created"),
        count("updated"),
        count("unchanged"),
        count("rejected"),
        count("with_queries")
    );
    groups(answer);
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

/// Identical faults of several rows in one line each, with what was probably meant.
fn groups(answer: &Value) {
    let groups = answer.get("fault_groups").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    for group in groups.iter().filter(|g| g["rows"].as_u64().unwrap_or_default() > 1) {
        let text = |name: &str| group.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        println!(
            "  {} rows, {} {}: {} [{}]",
            group["rows"],
            text("form"),
            text("field"),
            text("message"),
            text("rule")
        );
        for value in group["values"].as_array().into_iter().flatten().take(3) {
            let Some(received) = value["received"].as_str() else { continue };
            let fix =
                value["likely_fix"].as_str().map_or_else(String::new, |fix| format!("; probably {fix}"));
            println!("      {} x {received}{fix}", value["rows"]);
        }
    }
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
