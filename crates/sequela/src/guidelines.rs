//! `sequela guideline`: check, show and explain measures.

use crate::cli::{ExplainArguments, GuidelineCommand, GuidelineFormat, GuidelineLanguage, WhichGuideline};
use crate::failure::{FAULTS_FOUND, Failure};
use clinical::Language;
use cohort::{Scope, Snapshot};
use guideline::dossier::{calendar_day, dossier};
use guideline::library::Library;
use measures::evaluate::{Dossier, Explained, Settings, Verdict, judge};
use measures::file::{ParameterValue, Texts};
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
        GuidelineCommand::Explain(arguments) => explain(arguments),
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

/// `CENTER/PATIENT/NUMBER`; a pseudonym holds no slash.
fn infusion(text: &str) -> Result<(&str, &str, i32), Failure> {
    let refuse = || {
        Failure::input(format!(
            "--infusion {text}: expected CENTER/PATIENT/NUMBER, for example BJ-01/P0001/1"
        ))
    };
    let (center, rest) = text.split_once('/').ok_or_else(refuse)?;
    let (patient, number) = rest.split_once('/').ok_or_else(refuse)?;
    Ok((center, patient, number.parse().map_err(|_| refuse())?))
}

fn settings(guideline: &Guideline, measures: &[&Measure], given: &[String]) -> Result<Settings, Failure> {
    let mut settings = Settings::defaults(guideline);
    for text in given {
        let (name, value) = text
            .split_once('=')
            .ok_or_else(|| Failure::input(format!("--set {text}: expected NAME=VALUE")))?;
        let of_measure = measures.iter().find_map(|m| guideline.parameter(&format!("{}.{name}", m.id)));
        let index = guideline.parameter(name).or(of_measure).ok_or_else(|| {
            let known =
                measures.iter().flat_map(|m| &m.parameters).filter_map(|i| guideline.parameters.get(*i));
            let known: Vec<String> = known.map(measures::library::Parameter::full_name).collect();
            Failure::input(format!(
                "--set {text}: there is no such parameter; expected one of {}",
                known.join(", ")
            ))
        })?;
        let value =
            value.parse().map_or_else(|_| ParameterValue::Choice(value.to_owned()), ParameterValue::Number);
        settings
            .set(guideline, index, value)
            .map_err(|expected| Failure::input(format!("--set {text}: {expected}")))?;
    }
    Ok(settings)
}

fn explain(arguments: &ExplainArguments) -> Result<ExitCode, Failure> {
    let (center, patient, number) = infusion(&arguments.infusion)?;
    let snapshot =
        Snapshot::open_verified(&arguments.snapshot, Scope::everything()).map_err(Failure::input)?;
    let cutoff = arguments.cutoff.unwrap_or_else(|| guideline::evaluate::cutoff(&snapshot));
    let dossier =
        dossier(&snapshot, (center, patient, number), cutoff).map_err(Failure::input)?.ok_or_else(|| {
            Failure::input(format!(
                "the snapshot has no infusion {} dated {cutoff} or earlier",
                arguments.infusion
            ))
        })?;
    let library = library(&arguments.which)?;
    let guideline = chosen(&library, &arguments.which, library.in_force(calendar_day(&dossier)))?;
    let asked: Vec<&Measure> = if arguments.measure.is_empty() {
        guideline.measures.iter().collect()
    } else {
        arguments.measure.iter().map(|id| find(guideline, id)).collect::<Result<_, _>>()?
    };
    let settings = settings(guideline, &asked, &arguments.settings)?;
    let language = language(&arguments.which);
    let mut text = String::new();
    let mut documents = Vec::new();
    for measure in asked {
        let explained = judge(guideline, measure, &settings, &dossier);
        if arguments.measure.is_empty() && explained.verdict.is_none() {
            continue;
        }
        match arguments.which.format {
            GuidelineFormat::Text => {
                text.push_str(&proof(guideline, measure, &settings, &dossier, &explained, language))
            }
            GuidelineFormat::Json => documents.push(proof_json(guideline, measure, &settings, &explained)),
        }
    }
    if arguments.which.format == GuidelineFormat::Json {
        let document = json!({
            "guideline": guideline.id, "rule_version": guideline.rule_version, "sha256": guideline.sha256,
            "snapshot": snapshot.manifest().snapshot_id, "infusion": arguments.infusion, "cutoff": cutoff, "measures": documents,
        });
        text = serde_json::to_string_pretty(&document).map_err(Failure::internal)? + "\n";
    }
    print(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// The reason of a verdict: its id, and in words.
fn because(guideline: &Guideline, measure: &Measure, verdict: Verdict) -> Option<(String, Texts)> {
    match verdict {
        Verdict::Excluded(number) => {
            measure.rule.as_ref()?.exclusions.get(number).map(|e| (e.id.clone(), e.reason.clone()))
        }
        Verdict::Ended(number) => guideline.ends.get(number).map(|e| (e.id.clone(), e.reason.clone())),
        _ => None,
    }
}

fn used(guideline: &Guideline, measure: &Measure, settings: &Settings) -> Vec<(String, String)> {
    let of =
        measure.parameters.iter().filter_map(|i| Some((guideline.parameters.get(*i)?, settings.value(*i)?)));
    of.map(|(p, value)| (p.full_name(), value.text())).collect()
}

fn proof(
    guideline: &Guideline,
    measure: &Measure,
    settings: &Settings,
    dossier: &Dossier,
    explained: &Explained,
    language: Language,
) -> String {
    let mut text = format!("{}  {}\n", measure.id, measure.title.get(language));
    let _ = writeln!(
        text,
        "  {} §{}: {}",
        guideline.rule_version,
        measure.section.join("; "),
        measure.text.get(language)
    );
    let parameters = used(guideline, measure, settings);
    if !parameters.is_empty() {
        let list: Vec<String> = parameters.iter().map(|(name, value)| format!("{name} = {value}")).collect();
        let _ = writeln!(text, "  parameters: {}", list.join(", "));
    }
    let _ = writeln!(text, "  data cutoff: {}", dossier.cutoff);
    let mut lines = Vec::new();
    explained.proof.iter().for_each(|proof| proof.lines(1, &mut lines));
    for line in lines {
        let _ = writeln!(text, "{line}");
    }
    for (shown, value) in measure.rule.iter().flat_map(|r| &r.shown).zip(&explained.shown) {
        let value = value.map_or_else(|| "not known".to_owned(), |v| format!("{v} {}", shown.unit));
        let _ = writeln!(text, "  {}: {value}", shown.label.get(language));
    }
    let verdict = match (&measure.not_computable, explained.verdict) {
        (Some(reason), _) => format!("not computable: {}", reason.get(language)),
        (None, None) => "the measure is not about this infusion".to_owned(),
        (None, Some(verdict)) => match because(guideline, measure, verdict) {
            Some((id, reason)) => format!("{} ({id}: {})", verdict.state().code(), reason.get(language)),
            None => verdict.state().code().to_owned(),
        },
    };
    let _ = writeln!(text, "  => {verdict}\n");
    text
}

fn proof_json(guideline: &Guideline, measure: &Measure, settings: &Settings, explained: &Explained) -> Value {
    let because = explained.verdict.and_then(|v| because(guideline, measure, v));
    let shown: serde_json::Map<String, Value> = measure
        .rule
        .iter()
        .flat_map(|r| &r.shown)
        .zip(&explained.shown)
        .map(|(shown, value)| (shown.name.clone(), json!({ "value": value, "unit": shown.unit })))
        .collect();
    let mut records: Vec<Value> = Vec::new();
    for (form, id) in explained.proof.iter().flat_map(measures::evaluate::Proof::record_ids) {
        let record = json!({ "form": form, "record_id": id });
        if !records.contains(&record) {
            records.push(record);
        }
    }
    let parameters: serde_json::Map<String, Value> = measure
        .parameters
        .iter()
        .filter_map(|i| Some((guideline.parameters.get(*i)?.full_name(), json!(settings.value(*i)?))))
        .collect();
    json!({
        "measure": measure.id, "title": measure.title, "section": measure.section,
        "state": explained.verdict.map(|v| v.state().code()),
        "not_computable": measure.not_computable,
        "because": because.map(|(id, reason)| json!({ "id": id, "reason": reason })),
        "parameters": parameters, "shown": shown, "records": records, "proof": explained.proof,
    })
}
