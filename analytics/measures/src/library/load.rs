//! Reads the files of a guideline and checks them, reporting every fault at once.

use super::shared::{Common, common};
use super::texts::Texts;
use super::{FileFault, Guideline, measures};
use crate::file::{Absence, CommonFile, GuidelineFile, MeasuresFile};
use chrono::NaiveDate;
use clinical::field::nearest;
use sha2::{Digest, Sha256};

pub(super) fn load(id: &str, files: &[(String, String)]) -> Result<Guideline, Vec<FileFault>> {
    let mut texts = Texts::default();
    let mut faults = Vec::new();
    let mut head: Option<(usize, GuidelineFile)> = None;
    let mut shared: Option<(usize, CommonFile)> = None;
    let mut parts: Vec<(usize, String, MeasuresFile)> = Vec::new();
    for (name, text) in files {
        let file = texts.add_file(name, text);
        let mut refuse = |error: &toml::de::Error| {
            faults.push(texts.at(file, error.span().map(|s| s.start), None, error.message().to_owned()));
        };
        match name.as_str() {
            "guideline.toml" => match toml::from_str(text) {
                Ok(read) => head = Some((file, read)),
                Err(error) => refuse(&error),
            },
            "common.toml" => match toml::from_str(text) {
                Ok(read) => shared = Some((file, read)),
                Err(error) => refuse(&error),
            },
            _ => match toml::from_str(text) {
                Ok(read) => parts.push((file, name.clone(), read)),
                Err(error) => refuse(&error),
            },
        }
    }
    let Some((head_file, head)) = head else {
        if !faults.iter().any(|f| f.file == "guideline.toml") {
            let message = "the file is missing; expected id, rule_version, title and ends_on".to_owned();
            faults.push(FileFault {
                file: "guideline.toml".to_owned(),
                line: None,
                column: None,
                measure: None,
                message,
            });
        }
        return Err(faults);
    };
    if head.id.get_ref() != id {
        let message = format!("the id is `{}`, expected the name of the folder, `{id}`", head.id.get_ref());
        faults.push(texts.at(head_file, Some(head.id.span().start), None, message));
    }
    let in_force_from = head.in_force_from.as_ref().and_then(|written| {
        let parsed = NaiveDate::parse_from_str(written.get_ref(), "%Y-%m-%d").ok();
        if parsed.is_none() {
            let message = format!("`{}` is not a date that exists; expected YYYY-MM-DD", written.get_ref());
            faults.push(texts.at(head_file, Some(written.span().start), None, message));
        }
        parsed
    });
    let absence = absence(&head, head_file, &texts, &mut faults);
    let (common_file, common_text) = shared.unwrap_or((head_file, CommonFile::default()));
    let Common { mut book, mut parameters, shared, ends, mut used } =
        common(common_file, &common_text, &absence, &mut texts, &mut faults);
    let default_ends = measures::end_numbers(&head.ends_on, &ends, head_file, &texts, &mut faults);
    let mut loaded = Vec::new();
    for (file, name, part) in parts {
        let context = measures::Context {
            file,
            name: &name,
            absence: &absence,
            ends: &ends,
            default_ends: &default_ends,
            shared: &shared,
        };
        for measure in part.measure {
            measures::measure(
                measure,
                &context,
                &mut book,
                &mut parameters,
                &mut loaded,
                &mut used,
                &mut texts,
                &mut faults,
            );
        }
    }
    if loaded.is_empty() && faults.is_empty() {
        faults.push(texts.at(
            head_file,
            None,
            None,
            "the guideline has no measures; expected at least one".to_owned(),
        ));
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    let warnings = super::shared::unused(common_file, &common_text, &used, &texts);
    let lines: String = files
        .iter()
        .map(|(name, text)| format!("{name} {}\n", hex(&Sha256::digest(text.as_bytes()))))
        .collect();
    let guideline = Guideline {
        id: id.to_owned(),
        rule_version: head.rule_version,
        in_force_from,
        title: head.title,
        sha256: hex(&Sha256::digest(lines.as_bytes())),
        measures: loaded,
        parameters,
        shared,
        ends,
        absence,
        texts,
        warnings,
    };
    let defaults = crate::evaluate::Settings::defaults(&guideline);
    let impossible =
        guideline.measures.iter().filter_map(|m| Some((m, crate::bounds::impossible(m, &defaults)?)));
    let faults: Vec<FileFault> = impossible
        .map(|(measure, span)| {
            let message = "no number can keep both of these bounds".to_owned();
            guideline.texts.fault(span, message, Some(&measure.id))
        })
        .collect();
    if faults.is_empty() { Ok(guideline) } else { Err(faults) }
}

/// The absence rule of each form, in the order of the dictionary.
fn absence(head: &GuidelineFile, file: usize, texts: &Texts, faults: &mut Vec<FileFault>) -> Vec<Absence> {
    let mut rules = vec![Absence::NoIfAnyRow; clinical::forms::ALL.len()];
    for (name, rule) in &head.absence {
        let place = clinical::forms::ALL.iter().position(|f| f.name == name.get_ref());
        match place.and_then(|place| rules.get_mut(place)) {
            Some(slot) => *slot = *rule,
            None => {
                let near = nearest(name.get_ref(), clinical::forms::ALL.iter().map(|f| f.name));
                let near = near.map_or_else(String::new, |near| format!("; did you mean {near}?"));
                let message = format!("there is no form `{}`{near}", name.get_ref());
                faults.push(texts.at(file, Some(name.span().start), None, message));
            }
        }
    }
    rules
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
