//! `sequela guideline explain`.

use super::{chosen, find, language, library, print};
use crate::cli::{ExplainArguments, GuidelineFormat};
use crate::failure::Failure;
use clinical::Language;
use cohort::{Scope, Snapshot};
use guideline::dossier::{calendar_day, dossier};
use measures::Guideline;
use measures::evaluate::{Dossier, Explained, Settings, Verdict, judge};
use measures::file::{ParameterValue, Texts};
use measures::library::Measure;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::process::ExitCode;

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

pub(super) fn explain(arguments: &ExplainArguments) -> Result<ExitCode, Failure> {
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
