//! `sequela snapshot` and `sequela report`, over a running server.

use crate::cli::{Remote, ReportArguments};
use crate::client::Client;
use crate::failure::Failure;
use serde_json::{Value, json};
use std::io::Write;
use std::process::ExitCode;

/// `sequela snapshot take`.
pub(crate) fn take_snapshot(remote: &Remote) -> Result<ExitCode, Failure> {
    let manifest = Client::new(remote).post_json("/v1/snapshots", &json!({}))?.success()?.json()?;
    println!("{}", manifest.get("snapshot_id").and_then(Value::as_str).unwrap_or_default());
    for file in manifest.get("files").and_then(Value::as_array).into_iter().flatten() {
        let form = file.get("form").and_then(Value::as_str).unwrap_or_default();
        eprintln!("  {form:<18} {:>10} rows", file.get("rows").and_then(Value::as_u64).unwrap_or_default());
    }
    Ok(ExitCode::SUCCESS)
}

/// `sequela snapshot list`.
pub(crate) fn list_snapshots(remote: &Remote) -> Result<ExitCode, Failure> {
    let listed = Client::new(remote).get("/v1/snapshots")?.success()?.json()?;
    for item in listed.as_array().into_iter().flatten() {
        let text = |name: &str| item.get(name).and_then(Value::as_str).unwrap_or_default();
        println!("{}  {}", text("snapshot_id"), text("taken_at"));
    }
    Ok(ExitCode::SUCCESS)
}

/// The body of a report request.
pub(crate) fn request(report: &str, snapshot: &str, cohort: &Value, parameters: &Value) -> Value {
    json!({ "report": report, "snapshot": snapshot, "cohort": cohort, "parameters": parameters })
}

/// The media type of a report format.
pub(crate) fn media_type(format: &str) -> Result<&'static str, Failure> {
    match format {
        "text" => Ok("text/plain"),
        "json" => Ok("application/json"),
        "csv" => Ok("text/csv"),
        "svg" => Ok("image/svg+xml"),
        "html" => Ok("text/html"),
        "arrow" => Ok("application/vnd.apache.arrow.stream"),
        "parquet" => Ok("application/vnd.apache.parquet"),
        other => Err(Failure::input(format!(
            "--format {other}: expected text, json, csv, svg, html, arrow or parquet"
        ))),
    }
}

/// `sequela report`.
pub(crate) fn run(arguments: &ReportArguments) -> Result<ExitCode, Failure> {
    let accept = media_type(&arguments.format)?;
    let cohort = match &arguments.cohort {
        None => json!({}),
        Some(path) => {
            let text = std::fs::read_to_string(path)
                .map_err(|e| Failure::input(format!("{}: {e}", path.display())))?;
            serde_json::from_str(&text).map_err(|e| Failure::input(format!("{}: {e}", path.display())))?
        }
    };
    let parameters = match &arguments.parameters {
        None => json!({}),
        Some(text) => serde_json::from_str(text).map_err(|e| Failure::input(format!("--parameters: {e}")))?,
    };
    let body = request(&arguments.report, &arguments.snapshot, &cohort, &parameters).to_string();
    let answer = Client::new(&arguments.remote)
        .post("/v1/reports", "application/json", accept, body.as_bytes())?
        .success()?;
    match &arguments.output {
        Some(path) => std::fs::write(path, &answer.body)
            .map_err(|e| Failure::input(format!("{}: {e}", path.display())))?,
        None => std::io::stdout().write_all(&answer.body).map_err(Failure::internal)?,
    }
    Ok(ExitCode::SUCCESS)
}
