//! One entry of a file of measures.

use super::shared::{absence_of, add_parameter};
use super::texts::Texts;
use super::{End, Exclusion, FileFault, Measure, Parameter, Rule, Shared, Shown};
use crate::check::{Book, Checker};
use crate::file::{Absence, Class, MeasureFile, Provenance};
use crate::ir::FormId;
use crate::syntax::{Node, parse};
use clinical::codes::Disease;
use clinical::field::nearest;
use std::collections::BTreeSet;
use toml::Spanned;

/// What surrounds the measures of a file.
pub(super) struct Context<'a> {
    pub(super) file: usize,
    pub(super) name: &'a str,
    pub(super) absence: &'a [Absence],
    pub(super) ends: &'a [End],
    pub(super) default_ends: &'a [usize],
    pub(super) shared: &'a [Shared],
}

#[expect(clippy::too_many_arguments, reason = "the tables of the guideline being filled")]
pub(super) fn measure(
    entry: Spanned<MeasureFile>,
    context: &Context<'_>,
    book: &mut Book,
    parameters: &mut Vec<Parameter>,
    loaded: &mut Vec<Measure>,
    used: &mut BTreeSet<String>,
    texts: &mut Texts,
    faults: &mut Vec<FileFault>,
) {
    let start = entry.get_ref().id.span().start;
    let id = entry.get_ref().id.get_ref().clone();
    let members = match super::family::members(entry.into_inner()) {
        Ok(members) => members,
        Err(message) => {
            faults.push(texts.at(context.file, Some(start), Some(&id), message));
            return;
        }
    };
    for measure in members {
        let id = measure.id.get_ref().clone();
        let mut report =
            |message: String| faults.push(texts.at(context.file, Some(start), Some(&id), message));
        if loaded.iter().any(|m| m.id == id) {
            report("another measure has this id; expected each id once in a guideline".to_owned());
        }
        check_head(&measure, &mut report);
        let shared_names: Vec<String> = book.parameters.keys().cloned().collect();
        for (name, parameter) in &measure.parameters {
            if shared_names.contains(name.get_ref()) {
                let message = format!(
                    "`{}` is also a parameter of the guideline; expected another name, or use that one",
                    name.get_ref()
                );
                faults.push(texts.at(context.file, Some(name.span().start), Some(&id), message));
                continue;
            }
            add_parameter((name, parameter), Some(&id), context.file, book, parameters, texts, faults);
        }
        let one = one(&measure, context, book, texts, faults, used);
        for (name, _) in &measure.parameters {
            let Some(entry) =
                book.parameters.get(name.get_ref()).filter(|_| !shared_names.contains(name.get_ref()))
            else {
                continue;
            };
            if let Some(one) = &one
                && !one.parameters.contains(&entry.index)
            {
                let message = format!("the parameter `{}` is used nowhere", name.get_ref());
                faults.push(texts.at(context.file, Some(name.span().start), Some(&id), message));
            }
        }
        book.parameters.retain(|name, _| shared_names.contains(name));
        if let Some(one) = one {
            let shared =
                one.parameters.iter().filter_map(|i| parameters.get(*i)).filter(|p| p.measure.is_none());
            used.extend(shared.map(|p| format!("${}", p.name)));
            loaded.push(one);
        }
    }
}

/// What the types of the file cannot say.
fn check_head(measure: &MeasureFile, report: &mut impl FnMut(String)) {
    let id = measure.id.get_ref();
    let id_fits = id.contains('-')
        && id
            .split('-')
            .all(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()));
    if !id_fits {
        report(format!(
            "`{id}` is not an id; expected groups of capital letters and digits, for example NHL-INF-01"
        ));
    }
    if measure.section.get_ref().is_empty() {
        report("no section is named; expected for example section = [\"1.6.2\"]".to_owned());
    }
    for section in measure.section.get_ref() {
        if !section.starts_with(|c: char| c.is_ascii_digit()) {
            report(format!("section `{section}` does not begin with a number; expected for example 1.6.2"));
        }
    }
    let fits = match measure.class {
        Class::N | Class::U | Class::D => measure.provenance == Provenance::Seed,
        Class::R => measure.provenance == Provenance::Reconstructed,
        Class::X => measure.provenance == Provenance::External,
    };
    if !fits {
        report("class and provenance do not fit; expected N, U or D with seed, R with reconstructed, X with external".to_owned());
    }
    if measure.class == Class::N && measure.level.is_none() && measure.wording.is_none() {
        report(
            "a normative measure (class N) has neither a level nor a wording; expected one of them"
                .to_owned(),
        );
    }
    if measure.class == Class::U && measure.level.is_some() {
        report("class U is for statements without a printed level; expected no level, or class N".to_owned());
    }
    let texts = [
        ("title", Some(&measure.title)),
        ("text", Some(&measure.text)),
        ("remarks", measure.remarks.as_ref()),
        ("not_computable", measure.not_computable.as_ref()),
    ];
    for (name, texts) in texts {
        let Some(texts) = texts else { continue };
        if texts.en.trim().is_empty() || texts.zh.trim().is_empty() {
            report(format!("{name} is empty in one language; expected English and Chinese"));
        }
        if texts.en.contains(['{', '}']) || texts.zh.contains(['{', '}']) {
            report(format!(
                "{name} has a brace; expected {{name}} of a member of `each`, and none elsewhere"
            ));
        }
    }
    match (&measure.numerator, &measure.not_computable) {
        (None, None) => {
            report("there is no numerator; expected one, or not_computable with the reason".to_owned())
        }
        (Some(_), Some(_)) => {
            report("there is a numerator and a reason why there is none; expected one of them".to_owned())
        }
        _ => {}
    }
}

pub(super) fn end_numbers(
    names: &Spanned<Vec<String>>,
    ends: &[End],
    file: usize,
    texts: &Texts,
    faults: &mut Vec<FileFault>,
) -> Vec<usize> {
    let mut numbers = Vec::new();
    for name in names.get_ref() {
        match ends.iter().position(|end| end.id == *name) {
            Some(number) if !numbers.contains(&number) => numbers.push(number),
            Some(_) => faults.push(texts.at(
                file,
                Some(names.span().start),
                None,
                format!("`{name}` is listed twice"),
            )),
            None => {
                let known: Vec<&str> = ends.iter().map(|e| e.id.as_str()).collect();
                let message =
                    format!("there is no [end.{name}] in common.toml; expected {}", known.join(", "));
                faults.push(texts.at(file, Some(names.span().start), None, message));
            }
        }
    }
    numbers
}

/// The clauses of a measure.
struct Clauses<'a, 'b> {
    checker: Checker<'a>,
    texts: &'b mut Texts,
    faults: &'b mut Vec<FileFault>,
    file: usize,
    id: &'b str,
}

impl Clauses<'_, '_> {
    fn read<T>(
        &mut self,
        written: &Spanned<String>,
        check: impl FnOnce(&mut Checker<'_>, &Node) -> Option<T>,
    ) -> Option<T> {
        let text = self.texts.add(self.file, written.span(), Some(self.id), written.get_ref());
        match parse(written.get_ref(), text) {
            Ok(node) => check(&mut self.checker, &node),
            Err(error) => {
                self.faults.push(self.texts.fault(error.span, error.message, Some(self.id)));
                None
            }
        }
    }
}

fn one(
    measure: &MeasureFile,
    context: &Context<'_>,
    book: &Book,
    texts: &mut Texts,
    faults: &mut Vec<FileFault>,
    used: &mut BTreeSet<String>,
) -> Option<Measure> {
    let id = measure.id.get_ref();
    let mut disease = Vec::new();
    for code in &measure.disease {
        match Disease::SET.find(code.get_ref()) {
            Some(code) => disease.push(code),
            None => {
                let near = nearest(code.get_ref(), Disease::SET.codes.iter().map(|c| c.code));
                let near = near.map_or_else(String::new, |near| format!("; did you mean {near}?"));
                let all: Vec<&str> = Disease::SET.codes.iter().map(|c| c.code).collect();
                let message = format!(
                    "there is no disease `{}`; expected one of {}{near}",
                    code.get_ref(),
                    all.join(", ")
                );
                faults.push(texts.at(context.file, Some(code.span().start), Some(id), message));
            }
        }
    }
    let ends = match &measure.ends_on {
        Some(names) => end_numbers(names, context.ends, context.file, texts, faults),
        None => context.default_ends.to_vec(),
    };
    let rule = |form: FormId| absence_of(context.absence, form);
    let mut clauses = Clauses { checker: Checker::new(book, &rule), texts, faults, file: context.file, id };
    let population = measure.population.as_ref().map(|text| clauses.read(text, |c, n| c.condition(n)));
    let mut exclusions = Vec::new();
    for exclusion in &measure.exclusions {
        if let Some(when) = clauses.read(&exclusion.when, |c, n| c.condition(n)) {
            exclusions.push(Exclusion { id: exclusion.id.clone(), when, reason: exclusion.reason.clone() });
        }
    }
    let numerator = measure.numerator.as_ref().map(|text| clauses.read(text, |c, n| c.condition(n)));
    let mut shown = Vec::new();
    for (name, value) in &measure.shown {
        if let Some((number, unit)) = clauses.read(&value.is, |c, n| c.shown(n)) {
            shown.push(Shown { name: name.clone(), value: number, unit, label: value.label.clone() });
        }
    }
    let mut checker = clauses.checker;
    used.append(&mut checker.used);
    let mut parameters = checker.parameters;
    for index in &checker.shared {
        parameters.extend(context.shared.get(*index).into_iter().flat_map(|s| s.parameters.iter().copied()));
    }
    for fault in checker.faults {
        faults.push(texts.fault(fault.span, fault.message, Some(id)));
    }
    // A clause that was refused has told why already.
    let rule = match (population, numerator) {
        (Some(None), _) | (_, Some(None)) => return None,
        (population, Some(Some(numerator))) => {
            Some(Rule { population: population.flatten(), exclusions, numerator, ends, shown })
        }
        (_, None) => None,
    };
    Some(Measure {
        id: id.clone(),
        file: context.name.to_owned(),
        disease,
        section: measure.section.get_ref().clone(),
        level: measure.level,
        level_as_printed: measure.level_as_printed.clone(),
        evidence: measure.evidence,
        class: measure.class,
        provenance: measure.provenance,
        wording: measure.wording.clone(),
        core: measure.core,
        title: measure.title.clone(),
        text: measure.text.clone(),
        remarks: measure.remarks.clone(),
        rule,
        not_computable: measure.not_computable.clone(),
        parameters: parameters.into_iter().collect(),
        elements: checker.elements.into_iter().collect(),
    })
}
