//! What is generated from the forms: SQL of a table, the OpenAPI document, the data dictionary, examples.

use crate::failure::Failure;
use clinical::dictionary;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

/// `sequela forms ddl`.
pub(crate) fn ddl(name: &str) -> Result<ExitCode, Failure> {
    let form = clinical::forms::ALL.iter().find(|f| f.name == name).ok_or_else(|| {
        let names: Vec<&str> = clinical::forms::ALL.iter().map(|f| f.name).collect();
        Failure::input(format!("no form {name}; expected one of {}", names.join(", ")))
    })?;
    print(&registry::ddl::create_table(form))
}

/// Writes long output; a reader that has seen enough is no failure.
fn print(text: &str) -> Result<ExitCode, Failure> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Failure::internal(error)),
        _ => Ok(ExitCode::SUCCESS),
    }
}

fn document() -> Result<String, Failure> {
    let mut text = serde_json::to_string_pretty(&server::openapi()).map_err(Failure::internal)?;
    text.push('\n');
    Ok(text)
}

/// `sequela openapi`.
pub(crate) fn openapi() -> Result<ExitCode, Failure> {
    print(&document()?)
}

/// `sequela spec`.
pub(crate) fn write_spec(directory: &Path) -> Result<ExitCode, Failure> {
    let examples = directory.join("examples");
    std::fs::create_dir_all(&examples).map_err(|e| Failure::input(format!("{}: {e}", examples.display())))?;
    let write = |path: std::path::PathBuf, text: &str| {
        std::fs::write(&path, text).map_err(|e| Failure::input(format!("{}: {e}", path.display())))
    };
    write(directory.join("openapi.json"), &document()?)?;
    let entries = dictionary::entries();
    let mut json = serde_json::to_string_pretty(&entries).map_err(Failure::internal)?;
    json.push('\n');
    write(directory.join("data-dictionary.json"), &json)?;
    write(directory.join("data-dictionary.csv"), &csv(&entries)?)?;
    write(directory.join("data-dictionary.md"), &markdown(&entries))?;
    let rules = dictionary::rules();
    let mut json = serde_json::to_string_pretty(&rules).map_err(Failure::internal)?;
    json.push('\n');
    write(directory.join("rules.json"), &json)?;
    write(directory.join("rules.csv"), &csv(&rules)?)?;
    for form in clinical::forms::ALL {
        write(examples.join(format!("{}.json", form.name)), clinical::forms::example(form))?;
    }
    for form in clinical::forms::CLINICAL {
        let header: Vec<&str> = form.fields.iter().map(|f| f.name).collect();
        write(examples.join(format!("{}.csv", form.name)), &format!("{}\n", header.join(",")))?;
    }
    write(examples.join("one-patient.ndjson"), &one_patient()?)?;
    for (name, schema) in measures::schema::schemas() {
        let mut json = serde_json::to_string_pretty(&schema).map_err(Failure::internal)?;
        json.push('\n');
        write(directory.join(name), &json)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn csv<T: serde::Serialize>(rows: &[T]) -> Result<String, Failure> {
    let mut table = csv::Writer::from_writer(Vec::new());
    for row in rows {
        table.serialize(row).map_err(Failure::internal)?;
    }
    String::from_utf8(table.into_inner().map_err(Failure::internal)?).map_err(Failure::internal)
}

/// The first patient of the synthetic registry: made up, valid, every form.
fn one_patient() -> Result<String, Failure> {
    let registry = synth::Registry::new(&synth::Config::default()).map_err(Failure::internal)?;
    let mut lines = Vec::new();
    if let Some(patient) = registry.patient(0) {
        synth::write_ndjson(&patient.records, &mut lines).map_err(Failure::internal)?;
    }
    String::from_utf8(lines).map_err(Failure::internal)
}

fn markdown(entries: &[dictionary::Entry]) -> String {
    let mut text = String::from(
        "# Data dictionary\n\nGenerated from the forms; do not edit. A required value that is not there is declared with a missing code: NK not known, NA not applicable, ND not done, PEND pending.\n",
    );
    let mut form = "";
    for entry in entries {
        if entry.form != form {
            form = entry.form;
            let _ = write!(
                text,
                "\n## {} (`{}`, {}), version {}\n\nSource: {}\n\n| field | label | type | unit | accepts | usual | requirement | meaning |\n|---|---|---|---|---|---|---|---|\n",
                entry.form_label, entry.form, entry.form_label_zh, entry.form_version, entry.source
            );
        }
        let accepts = if entry.codes.is_empty() { entry.accepts.clone() } else { entry.codes.clone() };
        let _ = writeln!(
            text,
            "| `{}`{} | {} / {} | {} | {} | {} | {} | {} | {} |",
            entry.field,
            if entry.key { " (key)" } else { "" },
            entry.label,
            entry.label_zh,
            entry.r#type,
            entry.unit,
            accepts.replace('|', "\\|"),
            entry.usual,
            if entry.required_when.is_empty() {
                entry.requirement.to_owned()
            } else {
                format!("required when {}", entry.required_when)
            },
            entry.description
        );
    }
    text
}
