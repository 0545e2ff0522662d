//! `common.toml`: parameters, lists of codes, definitions and what ends a follow-up.

use super::texts::Texts;
use super::{End, FileFault, Parameter, Shared, SharedClause};
use crate::check::{Book, Checker, Definition, ParameterEntry, SharedValue};
use crate::file::{Absence, CommonFile, DefinitionFile, ParameterFile};
use crate::ir::FormId;
use crate::syntax::{Node, Syntax, parse};
use std::collections::{BTreeMap, BTreeSet};
use toml::Spanned;

/// What `common.toml` gives.
pub(super) struct Common {
    pub(super) book: Book,
    pub(super) parameters: Vec<Parameter>,
    pub(super) shared: Vec<Shared>,
    pub(super) ends: Vec<End>,
    /// Names used so far.
    pub(super) used: BTreeSet<String>,
}

/// Words that begin a clause or mean something in one.
const RESERVED: &[&str] = &[
    "all",
    "any",
    "none",
    "count",
    "exists",
    "no",
    "every",
    "share",
    "first",
    "last",
    "min",
    "max",
    "sum",
    "longest",
    "shortest",
    "if",
    "then",
    "else",
    "and",
    "or",
    "not",
    "in",
    "has",
    "is",
    "between",
    "true",
    "false",
    "cutoff",
    "follow_up_end",
    "day",
    "year",
    "month",
    "at_least",
    "count_of",
    "earliest",
    "latest",
    "within",
    "from",
    "to",
    "before",
    "until",
    "after",
    "since",
    "on",
    "active",
    "by",
    "as",
    "absent",
    "satisfies",
    "of",
    "date",
];

pub(super) fn absence_of(absence: &[Absence], form: FormId) -> Absence {
    absence.get(usize::from(form.0)).copied().unwrap_or(Absence::NoIfAnyRow)
}

pub(super) fn common(
    file: usize,
    written: &CommonFile,
    absence: &[Absence],
    texts: &mut Texts,
    faults: &mut Vec<FileFault>,
) -> Common {
    let mut book = Book::default();
    let mut parameters = Vec::new();
    let mut used = BTreeSet::new();
    for (name, parameter) in &written.parameter {
        check_name(name, false, file, texts, faults);
        add_parameter((name, parameter), None, file, &mut book, &mut parameters, texts, faults);
    }
    for (name, list) in &written.codes {
        check_name(name, false, file, texts, faults);
        if list.codes.is_empty() {
            faults.push(texts.at(
                file,
                Some(name.span().start),
                Some(name.get_ref()),
                "the list has no codes".to_owned(),
            ));
        }
        let codes: Vec<String> = list.codes.iter().map(|c| c.get_ref().clone()).collect();
        if let Some(twice) = list
            .codes
            .iter()
            .enumerate()
            .find_map(|(i, c)| codes.iter().take(i).any(|o| o == c.get_ref()).then_some(c))
        {
            let message = format!("`{}` is listed twice", twice.get_ref());
            faults.push(texts.at(file, Some(twice.span().start), Some(name.get_ref()), message));
        }
        book.codes.insert(name.get_ref().clone(), codes);
    }
    let mut shared: Vec<Shared> = Vec::new();
    for (name, definition, node) in in_order(file, &written.define, &book, texts, faults) {
        let value = match node {
            None => Definition::Refused,
            Some(node) if !definition.arguments.is_empty() => {
                Definition::Template(definition.arguments.clone(), node)
            }
            Some(node) => {
                let rule = |form| absence_of(absence, form);
                let mut checker = Checker::new(&book, &rule);
                let value = checker.definition(&node);
                used.append(&mut checker.used);
                let mut used_parameters = checker.parameters.clone();
                for index in &checker.shared {
                    used_parameters
                        .extend(shared.get(*index).into_iter().flat_map(|s| s.parameters.iter().copied()));
                }
                for fault in checker.faults {
                    faults.push(texts.fault(fault.span, fault.message, Some(name.get_ref())));
                }
                match value {
                    None => Definition::Refused,
                    Some(value) => {
                        let kind = value.kind();
                        shared.push(Shared {
                            name: name.get_ref().clone(),
                            note: definition.note.clone(),
                            value: match value {
                                SharedValue::Bool(clause) => SharedClause::Bool(clause),
                                SharedValue::Number(clause, _) => SharedClause::Number(clause),
                                SharedValue::Day(clause) => SharedClause::Day(clause),
                            },
                            parameters: used_parameters.into_iter().collect(),
                        });
                        Definition::Shared(shared.len() - 1, kind)
                    }
                }
            }
        };
        book.definitions.insert(name.get_ref().clone(), value);
    }
    let mut ends = Vec::new();
    for (name, end) in &written.end {
        let text = texts.add(file, end.day.span(), Some(name.get_ref()), end.day.get_ref());
        let node = match parse(end.day.get_ref(), text) {
            Ok(node) => node,
            Err(error) => {
                faults.push(texts.fault(error.span, error.message, None));
                continue;
            }
        };
        let rule = |form| absence_of(absence, form);
        let mut checker = Checker::new(&book, &rule);
        let day = checker.day(&node);
        used.append(&mut checker.used);
        for fault in std::mem::take(&mut checker.faults) {
            faults.push(texts.fault(fault.span, fault.message, None));
        }
        if !checker.parameters.is_empty() {
            faults.push(texts.at(
                file,
                Some(end.day.span().start),
                Some(name.get_ref()),
                "what ends a follow-up takes no parameter".to_owned(),
            ));
        }
        if let Some(day) = day {
            ends.push(End { id: name.get_ref().clone(), day, reason: end.reason.clone() });
        }
    }
    Common { book, parameters, shared, ends, used }
}

/// Adds a parameter of the guideline (`measure` is `None`) or of a measure.
pub(super) fn add_parameter(
    (name, written): (&Spanned<String>, &ParameterFile),
    measure: Option<&str>,
    file: usize,
    book: &mut Book,
    parameters: &mut Vec<Parameter>,
    texts: &Texts,
    faults: &mut Vec<FileFault>,
) {
    let parameter = Parameter {
        name: name.get_ref().clone(),
        measure: measure.map(str::to_owned),
        unit: written.unit.as_ref().map(|u| u.get_ref().clone()),
        default: written.default.get_ref().clone(),
        alternatives: written.alternatives.iter().map(|a| a.get_ref().clone()).collect(),
        note: written.note.clone(),
    };
    let owner = measure.or(Some(name.get_ref()));
    for value in std::iter::once(&written.default).chain(&written.alternatives) {
        if let Some(refusal) = parameter.refusal(value.get_ref()) {
            let message = format!(
                "parameter `{}`: `{}` is not accepted; {refusal}",
                parameter.name,
                value.get_ref().text()
            );
            faults.push(texts.at(file, Some(value.span().start), owner, message));
        }
    }
    if parameter.unit.as_deref() == Some("choice") && parameter.alternatives.is_empty() {
        let message = format!("parameter `{}` has one reading only; expected alternatives", parameter.name);
        faults.push(texts.at(file, Some(name.span().start), owner, message));
    }
    if parameter.alternatives.contains(&parameter.default) {
        let message = format!("parameter `{}`: the default is also an alternative", parameter.name);
        faults.push(texts.at(file, Some(written.default.span().start), owner, message));
    }
    let mut values = vec![parameter.default.clone()];
    values.extend(parameter.alternatives.iter().cloned());
    let entry = ParameterEntry { index: parameters.len(), unit: parameter.unit.clone(), values };
    book.parameters.insert(parameter.name.clone(), entry);
    parameters.push(parameter);
}

/// `hides`: the name is written bare where a field may stand.
fn check_name(name: &Spanned<String>, hides: bool, file: usize, texts: &Texts, faults: &mut Vec<FileFault>) {
    let text = name.get_ref();
    let plain = text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        && text.starts_with(|c: char| c.is_ascii_lowercase());
    let message = if !plain {
        format!("`{text}` is not a name; expected small letters, digits and `_`, beginning with a letter")
    } else if RESERVED.contains(&text.as_str()) {
        format!("`{text}` is a word of the language; expected another name")
    } else if hides && clinical::forms::ALL.iter().any(|f| crate::fields::names(f).iter().any(|n| n == text))
    {
        format!(
            "`{text}` is also a field of a form, which would hide it in that form's brackets; expected another name"
        )
    } else {
        return;
    };
    faults.push(texts.at(file, Some(name.span().start), None, message));
}

type Ordered<'a> = Vec<(&'a Spanned<String>, &'a DefinitionFile, Option<Node>)>;

/// The definitions, each after those it uses.
fn in_order<'a>(
    file: usize,
    definitions: &'a BTreeMap<Spanned<String>, DefinitionFile>,
    book: &Book,
    texts: &mut Texts,
    faults: &mut Vec<FileFault>,
) -> Ordered<'a> {
    let mut parsed: Ordered<'a> = Vec::new();
    for (name, definition) in definitions {
        check_name(name, true, file, texts, faults);
        if book.codes.contains_key(name.get_ref()) {
            let message = format!("`{}` is also a list of codes; expected another name", name.get_ref());
            faults.push(texts.at(file, Some(name.span().start), None, message));
        }
        let text = texts.add(file, definition.is.span(), Some(name.get_ref()), definition.is.get_ref());
        let node = match parse(definition.is.get_ref(), text) {
            Ok(node) => Some(node),
            Err(error) => {
                faults.push(texts.fault(error.span, error.message, None));
                None
            }
        };
        parsed.push((name, definition, node));
    }
    let names: Vec<&str> = parsed.iter().map(|(name, _, _)| name.get_ref().as_str()).collect();
    let needs: Vec<BTreeSet<String>> = parsed
        .iter()
        .map(|(_, definition, node)| {
            let mut needs = BTreeSet::new();
            if let Some(node) = node {
                names_in(node, &mut needs);
            }
            needs.retain(|n| names.contains(&n.as_str()) && !definition.arguments.contains(n));
            needs
        })
        .collect();
    let names: Vec<String> = names.into_iter().map(str::to_owned).collect();
    let mut done: BTreeSet<String> = BTreeSet::new();
    let mut order = Vec::new();
    while order.len() < parsed.len() {
        let ready: Vec<usize> = (0..parsed.len())
            .filter(|i| {
                let (Some(name), Some(needs)) = (names.get(*i), needs.get(*i)) else { return false };
                !done.contains(name) && needs.is_subset(&done)
            })
            .collect();
        if ready.is_empty() {
            let circle: Vec<String> = names.iter().filter(|n| !done.contains(*n)).cloned().collect();
            for (i, (name, _, node)) in parsed.iter_mut().enumerate() {
                if circle.contains(name.get_ref()) {
                    let message = format!("definitions use each other in a circle: {}", circle.join(", "));
                    faults.push(texts.at(file, Some(name.span().start), Some(name.get_ref()), message));
                    *node = None;
                    order.push(i);
                }
            }
            break;
        }
        for i in ready {
            done.extend(names.get(i).cloned());
            order.push(i);
        }
    }
    let mut slots: Vec<_> = parsed.into_iter().map(Some).collect();
    order.into_iter().filter_map(|i| slots.get_mut(i).and_then(Option::take)).collect()
}

/// Every bare name in a clause.
fn names_in(node: &Node, names: &mut BTreeSet<String>) {
    match &node.kind {
        Syntax::Path(_, Some(_)) => {}
        Syntax::Path(name, None) => {
            names.insert(name.name.clone());
        }
        Syntax::Number(..)
        | Syntax::Duration(..)
        | Syntax::Text(_)
        | Syntax::Truth(_)
        | Syntax::Parameter(_) => {}
        Syntax::Call(name, list) | Syntax::Map(_, name, list) => {
            names.insert(name.name.clone());
            list.iter().for_each(|n| names_in(n, names));
        }
        Syntax::Binary(_, left, right) => {
            names_in(left, names);
            names_in(right, names);
        }
        Syntax::Not(inner) | Syntax::Negate(inner) | Syntax::Is(inner, _, _) => names_in(inner, names),
        Syntax::In(left, list, _) | Syntax::Has(left, list, _) => {
            names_in(left, names);
            list.iter().for_each(|n| names_in(n, names));
        }
        Syntax::If(condition, yes, no) => {
            for part in [condition, yes, no] {
                names_in(part, names);
            }
        }
        Syntax::Select(select) => {
            let parts = [&select.filter, &select.satisfies];
            parts.into_iter().flatten().for_each(|n| names_in(n, names));
            for window in &select.windows {
                use crate::syntax::WindowNode::{After, Before, On, Range, Since, Until, Within};
                match window {
                    Within { low, high, anchor, .. } => {
                        names_in(anchor, names);
                        [low, high]
                            .into_iter()
                            .filter_map(|e| e.offset.as_ref())
                            .for_each(|n| names_in(n, names));
                    }
                    Range(from, to) => {
                        names_in(from, names);
                        names_in(to, names);
                    }
                    Before(day) | Until(day) | After(day) | Since(day) | On(day) => names_in(day, names),
                }
            }
        }
    }
}

/// Parameters, definitions and lists that nothing uses.
pub(super) fn unused(
    file: usize,
    written: &CommonFile,
    used: &BTreeSet<String>,
    texts: &Texts,
) -> Vec<FileFault> {
    let mut warnings = Vec::new();
    let parameters = written.parameter.keys().map(|n| (n, "parameter", format!("${}", n.get_ref())));
    let definitions = written.define.keys().map(|n| (n, "definition", n.get_ref().clone()));
    let lists = written.codes.keys().map(|n| (n, "list of codes", n.get_ref().clone()));
    for (name, what, mark) in parameters.chain(definitions).chain(lists) {
        if !used.contains(&mark) {
            let message = format!("the {what} `{}` is used nowhere", name.get_ref());
            warnings.push(texts.at(file, Some(name.span().start), None, message));
        }
    }
    warnings
}
