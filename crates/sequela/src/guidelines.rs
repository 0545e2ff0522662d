//! `sequela guideline`: check, show and explain measures.

mod explain;

use crate::cli::{GuidelineCommand, GuidelineFormat, GuidelineLanguage, WhichGuideline};
use crate::failure::{FAULTS_FOUND, Failure};
use clinical::Language;
use guideline::library::Library;
use measures::file::ParameterValue;
use measures::library::Measure;
use measures::{Guideline, LoadError, fixtures};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

pub(crate) fn run(command: &GuidelineCommand) -> Result<ExitCode, Failure> {
    match command {
        GuidelineCommand::Lint { folders } => lint(folders),
        GuidelineCommand::Show { measure, which } => show(measure.as_deref(), which),
        GuidelineCommand::Explain(arguments) => explain::explain(arguments),
    }
}

/// Writes long output; a reader that has seen enough is no failure.
fn print(text: &str) -> Result<(), Failure> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Failure::internal(error)),
        _ => Ok(()),
    }
}

fn lint(folders: &[PathBuf]) -> Result<ExitCode, Failure> {
    if folders.is_empty() {
        let library = Library::shipped().map_err(Failure::internal)?;
        for guideline in library.guidelines() {
            println!("{}: {} measures, no faults", guideline.id, guideline.measures.len());
        }
        return Ok(ExitCode::SUCCESS);
    }
    let mut wrong = false;
    for folder in folders {
        wrong |= lint_folder(folder)?;
    }
    Ok(if wrong { ExitCode::from(FAULTS_FOUND) } else { ExitCode::SUCCESS })
}

/// Whether something is wrong with a folder.
fn lint_folder(folder: &Path) -> Result<bool, Failure> {
    let shown = folder.display();
    let guideline = match Guideline::from_folder(folder) {
        Ok(guideline) => guideline,
        Err(LoadError::Faults(faults)) => {
            for fault in faults {
                println!("{shown}/{fault}");
            }
            return Ok(true);
        }
        Err(error) => return Err(Failure::input(error)),
    };
    for warning in &guideline.warnings {
        println!("{shown}/{warning} (warning)");
    }
    let computable = guideline.measures.iter().filter(|m| m.rule.is_some()).count();
    let mut cases_run = 0;
    let mut wrong = 0;
    if folder.join("fixtures").is_dir() {
        match fixtures::read(&guideline, folder) {
            Ok(cases) => {
                for case in &cases {
                    cases_run += 1;
                    if let Some(fault) = case.run(&guideline).fault {
                        wrong += 1;
                        println!(
                            "{shown}/fixtures/{}: {} ({}): {fault}",
                            case.place, case.written.measure, case.written.name
                        );
                    }
                }
            }
            Err(faults) => {
                wrong += faults.len();
                faults.iter().for_each(|fault| println!("{shown}/fixtures/{fault}"));
            }
        }
    }
    println!(
        "{}: {} measures, {computable} of them computable; {cases_run} fixtures, {wrong} wrong",
        guideline.id,
        guideline.measures.len()
    );
    Ok(wrong > 0)
}

fn library(which: &WhichGuideline) -> Result<Library, Failure> {
    match &which.folder {
        Some(folder) => Library::from_folders(&[folder]).map_err(Failure::input),
        None => Library::shipped().map_err(Failure::internal),
    }
}

fn language(which: &WhichGuideline) -> Language {
    match which.language {
        GuidelineLanguage::En => Language::En,
        GuidelineLanguage::Zh => Language::Zh,
    }
}

/// The guideline asked for, else the one at a place of the library.
fn chosen<'a>(
    library: &'a Library,
    which: &WhichGuideline,
    place: Option<usize>,
) -> Result<&'a Guideline, Failure> {
    match &which.guideline {
        Some(id) => library.get(id).map_err(Failure::input),
        None => place
            .and_then(|place| library.guidelines().get(place))
            .ok_or_else(|| Failure::input("there is no guideline")),
    }
}

fn find<'a>(guideline: &'a Guideline, id: &str) -> Result<&'a Measure, Failure> {
    guideline.measure(id).ok_or_else(|| {
        let ids = guideline.measures.iter().map(|m| m.id.as_str());
        let near = clinical::field::nearest(id, ids)
            .map_or_else(String::new, |near| format!("; did you mean {near}?"));
        Failure::input(format!(
            "{} has no measure {id}{near} (`sequela guideline show` lists its {} measures)",
            guideline.id,
            guideline.measures.len()
        ))
    })
}

fn show(measure: Option<&str>, which: &WhichGuideline) -> Result<ExitCode, Failure> {
    let library = library(which)?;
    let guideline = chosen(&library, which, library.in_force(None))?;
    let language = language(which);
    let measures: Vec<&Measure> = match measure {
        Some(id) => vec![find(guideline, id)?],
        None => guideline.measures.iter().collect(),
    };
    let text = match (which.format, measure) {
        (GuidelineFormat::Json, _) => {
            let list: Vec<Value> = measures.iter().map(|m| described(guideline, m)).collect();
            let document = json!({
                "guideline": guideline.id, "rule_version": guideline.rule_version, "title": guideline.title,
                "sha256": guideline.sha256, "measures": list,
            });
            serde_json::to_string_pretty(&document).map_err(Failure::internal)? + "\n"
        }
        (GuidelineFormat::Text, Some(_)) => {
            measures.iter().map(|m| in_full(guideline, m, language)).collect()
        }
        (GuidelineFormat::Text, None) => {
            let mut text = format!("{} ({})\n", guideline.title.get(language), guideline.rule_version);
            for measure in measures {
                let level = measure.level.map_or("-", measures::file::Level::code);
                let computed = if measure.rule.is_some() { "" } else { "  (not computable)" };
                let _ = writeln!(
                    text,
                    "{:<14} {:<3} {} {:<14} {}{computed}",
                    measure.id,
                    level,
                    measure.class.code(),
                    measure.section.join("; "),
                    measure.title.get(language)
                );
            }
            text
        }
    };
    print(&text)?;
    Ok(ExitCode::SUCCESS)
}

fn elements(measure: &Measure) -> Vec<String> {
    let name = |(form, field): &(measures::ir::FormId, String)| {
        Some(format!("{}.{field}", measures::ir::form(*form)?.name))
    };
    measure.elements.iter().filter_map(name).collect()
}

/// A measure with everything its file says, and the clauses as they are written.
fn described(guideline: &Guideline, measure: &Measure) -> Value {
    let parameters: Vec<Value> = measure
        .parameters
        .iter()
        .filter_map(|i| guideline.parameters.get(*i))
        .map(|p| json!({ "name": p.full_name(), "unit": p.unit, "default": p.default, "alternatives": p.alternatives, "note": p.note }))
        .collect();
    let rule = measure.rule.as_ref();
    let exclusions: Vec<Value> = rule
        .into_iter()
        .flat_map(|r| &r.exclusions)
        .map(|e| json!({ "id": e.id, "when": guideline.text_of(e.when.span), "reason": e.reason }))
        .collect();
    json!({
        "id": measure.id, "file": measure.file, "disease": measure.disease, "section": measure.section, "level": measure.level,
        "level_as_printed": measure.level_as_printed, "evidence": measure.evidence, "class": measure.class,
        "provenance": measure.provenance, "wording": measure.wording, "core": measure.core, "title": measure.title,
        "text": measure.text, "remarks": measure.remarks, "not_computable": measure.not_computable,
        "population": rule.and_then(|r| r.population.as_ref()).map(|p| guideline.text_of(p.span)),
        "exclusions": exclusions,
        "numerator": rule.map(|r| guideline.text_of(r.numerator.span)),
        "ends_on": rule.map(|r| r.ends.iter().filter_map(|e| guideline.ends.get(*e)).map(|e| e.id.clone()).collect::<Vec<_>>()),
        "parameters": parameters, "data_elements": elements(measure),
    })
}

fn in_full(guideline: &Guideline, measure: &Measure, language: Language) -> String {
    let mut text = format!("{}  {}\n", measure.id, measure.title.get(language));
    let mut line = |name: &str, value: &str| {
        let _ = writeln!(text, "  {name:<12} {value}");
    };
    let level = measure.level_as_printed.as_deref().or(measure.level.map(measures::file::Level::code));
    line("guideline", &format!("{} §{}", guideline.rule_version, measure.section.join("; ")));
    line(
        "level",
        &format!(
            "{}, evidence {}, class {}{}{}",
            level.unwrap_or("not printed"),
            measure.evidence.map_or("not printed", measures::file::Evidence::code),
            measure.class.code(),
            measure.wording.as_ref().map_or_else(String::new, |w| format!(", worded {w:?}")),
            if measure.core { ", core set" } else { "" }
        ),
    );
    line("says", measure.text.get(language));
    let disease =
        if measure.disease.is_empty() { "every disease".to_owned() } else { measure.disease.join(", ") };
    line("disease", &disease);
    if let Some(rule) = &measure.rule {
        if let Some(population) = &rule.population {
            line("population", &guideline.text_of(population.span));
        }
        for exclusion in &rule.exclusions {
            line(
                "excluded",
                &format!(
                    "{}: {} ({})",
                    exclusion.id,
                    guideline.text_of(exclusion.when.span),
                    exclusion.reason.get(language)
                ),
            );
        }
        line("numerator", &guideline.text_of(rule.numerator.span));
        let ends: Vec<&str> =
            rule.ends.iter().filter_map(|e| guideline.ends.get(*e)).map(|e| e.id.as_str()).collect();
        line("ends on", &ends.join(", "));
    }
    if let Some(reason) = &measure.not_computable {
        line("no numerator", reason.get(language));
    }
    for parameter in measure.parameters.iter().filter_map(|i| guideline.parameters.get(*i)) {
        let others: Vec<String> = parameter.alternatives.iter().map(ParameterValue::text).collect();
        let others = if others.is_empty() { String::new() } else { format!("; also {}", others.join(", ")) };
        let unit = parameter
            .unit
            .as_deref()
            .filter(|u| *u != "choice")
            .map_or_else(String::new, |u| format!(" {u}"));
        line(
            "parameter",
            &format!(
                "{} = {}{unit}{others}: {}",
                parameter.full_name(),
                parameter.default.text(),
                parameter.note.get(language)
            ),
        );
    }
    line("data", &elements(measure).join(", "));
    if let Some(remarks) = &measure.remarks {
        line("remarks", remarks.get(language));
    }
    text
}
