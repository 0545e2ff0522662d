//! `sequela snapshot show|verify|diff|export`: snapshots looked at without a server.

use crate::cli::{SnapshotCommand, TableFormat};
use crate::cohorts::{definition, failed, open, print};
use crate::failure::{FAULTS_FOUND, Failure};
use cohort::adam::{Dates, data_sets};
use cohort::snapshot::{Difference, SnapshotError};
use cohort::{CohortDefinition, Scope, Snapshot};
use serde_json::{Value, json};
use std::path::Path;
use std::process::ExitCode;

/// Runs one of the commands.
pub(crate) fn run(command: &SnapshotCommand) -> Result<ExitCode, Failure> {
    match command {
        SnapshotCommand::Show { directory, format } => show(directory, *format),
        SnapshotCommand::Verify { directory } => verify(directory),
        SnapshotCommand::Diff { before, after, format } => diff(before, after, *format),
        SnapshotCommand::Export { directory, output, cohort, endpoints, dates } => {
            let dates = if *dates { Dates::Calendar } else { Dates::Offsets };
            export(directory, output, cohort.as_deref(), endpoints, dates)
        }
        SnapshotCommand::Take(remote) => crate::reports::take_snapshot(remote),
        SnapshotCommand::List(remote) => crate::reports::list_snapshots(remote),
    }
}

fn show(directory: &Path, format: TableFormat) -> Result<ExitCode, Failure> {
    let snapshot = Snapshot::open(directory, Scope::everything()).map_err(Failure::input)?;
    let manifest = snapshot.manifest();
    if format == TableFormat::Json {
        return print(&json!(manifest));
    }
    println!("{}  {}  {}", manifest.snapshot_id, manifest.taken_at, manifest.content_hash);
    println!("audit log: position {} of generation {}", manifest.audit.position, manifest.audit.generation);
    println!("{:<24} {:>10} {:>12}", "form", "rows", "bytes");
    for file in &manifest.files {
        println!("{:<24} {:>10} {:>12}", file.form, file.rows, file.bytes);
    }
    Ok(ExitCode::SUCCESS)
}

fn verify(directory: &Path) -> Result<ExitCode, Failure> {
    match Snapshot::open_verified(directory, Scope::everything()) {
        Ok(snapshot) => {
            println!("{}: every file is as it was written", snapshot.manifest().snapshot_id);
            Ok(ExitCode::SUCCESS)
        }
        Err(error @ SnapshotError::NoManifest { .. }) => Err(Failure::input(error)),
        Err(error) => {
            eprintln!("{error}");
            Ok(ExitCode::from(FAULTS_FOUND))
        }
    }
}

fn diff(before: &Path, after: &Path, format: TableFormat) -> Result<ExitCode, Failure> {
    let (before, after) = (open(before)?, open(after)?);
    let differences = Difference::between(&before, &after).map_err(|e| failed(&e))?;
    let name = |snapshot: &Snapshot| snapshot.manifest().snapshot_id.clone();
    if format == TableFormat::Json {
        return print(&json!({ "before": name(&before), "after": name(&after), "forms": differences }));
    }
    println!("{} to {}", name(&before), name(&after));
    println!("{:<24} {:>10} {:>10} {:>10}", "form", "added", "changed", "gone");
    for form in &differences {
        println!("{:<24} {:>10} {:>10} {:>10}", form.form, form.added, form.changed, form.gone);
    }
    if differences.is_empty() {
        println!("no difference");
    }
    Ok(ExitCode::SUCCESS)
}

fn export(
    directory: &Path,
    output: &Path,
    cohort: Option<&Path>,
    endpoints: &[String],
    dates: Dates,
) -> Result<ExitCode, Failure> {
    let definition = cohort.map_or_else(|| Ok(CohortDefinition::default()), definition)?;
    let snapshot = open(directory)?;
    let asked: Vec<Value> = endpoints.iter().map(|id| json!(id)).collect();
    let sets = data_sets(&snapshot, &definition, &asked, dates).map_err(|e| failed(&e))?;
    let unwritable = |path: &Path| {
        let path = path.display().to_string();
        move |error| Failure::input(format!("{path}: {error}"))
    };
    std::fs::create_dir(output).map_err(unwritable(output))?;
    let write = |name: String, bytes: &[u8]| {
        let path = output.join(name);
        std::fs::write(&path, bytes).map_err(unwritable(&path))
    };
    for set in &sets {
        let name = set.name.to_ascii_lowercase();
        write(format!("{name}.json"), format!("{}\n", set.dataset_json(&snapshot)).as_bytes())?;
        write(format!("{name}.csv"), set.csv().as_bytes())?;
        write(format!("{name}.parquet"), &set.parquet().map_err(|e| failed(&e))?)?;
        println!("{:<6} {:>8} rows  {}", set.name, set.rows.len(), set.label);
    }
    let define = json!({
        "snapshot": snapshot.manifest().snapshot_id, "content_hash": snapshot.content_hash(),
        "cohort": definition, "cohort_sha256": definition.sha256(), "endpoints": asked,
        "datasets": sets.iter().map(cohort::adam::DataSet::define).collect::<Vec<_>>(),
    });
    write("define.json".to_owned(), format!("{define:#}\n").as_bytes())?;
    Ok(ExitCode::SUCCESS)
}
