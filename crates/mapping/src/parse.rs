//! From the text of a mapping file to a [`Mapping`], with every fault at once.

use crate::document::{Entry, Faults, Node, entries, with_suggestion};
use crate::fault::MappingFault;
use crate::model::{FieldPlan, FieldSource, FormPlan, Mapping, Named, Outcome, Reading};
use crate::source::{self, Anchor, is_date};
use chrono::Datelike;
use clinical::field::nearest;
use clinical::form::Requirement;
use clinical::{Cell, Kind, forms};
use std::ops::Range;
use toml::de::{DeTable, DeValue};

/// What separates the cells of the CSV files that programs write.
const DELIMITERS: [&str; 4] = [",", ";", "\t", "|"];

/// `date_basis` of a patient whose dates count from an anchor.
const PSEUDO_ANCHOR: &str = "PSEUDO_ANCHOR";

impl Mapping {
    /// Reads and checks a mapping file without any data.
    ///
    /// # Errors
    /// Every fault of the file, in its order; when the text is not TOML, only the faults of its syntax.
    pub fn parse(toml_text: &str) -> Result<Self, Vec<MappingFault>> {
        let mut faults = Faults::new(toml_text);
        let (document, syntax) = DeTable::parse_recoverable(toml_text);
        for error in &syntax {
            let span = error.span().unwrap_or(toml_text.len()..toml_text.len());
            faults.add(&span, "", format!("this is not TOML: {}", error.message()), None);
        }
        if !faults.is_empty() {
            return Err(faults.into_sorted());
        }
        let mapping = read(document.get_ref(), &mut faults);
        if faults.is_empty() { Ok(mapping) } else { Err(faults.into_sorted()) }
    }
}

fn read(document: &DeTable<'_>, faults: &mut Faults<'_>) -> Mapping {
    const KEYS: [&str; 3] = ["source", "anchor", "form"];
    for entry in entries(document).iter().filter(|e| !KEYS.contains(&e.name)) {
        faults.unknown_key(entry, "", &KEYS);
    }
    let mut mapping = Mapping { delimiter: b',', missing: Vec::new(), ignore: Vec::new(), forms: Vec::new() };
    if let Some(node) = document.get("source") {
        read_source(node, &mut mapping, faults);
    }
    let anchor = document.get("anchor").map_or(Anchor::None, |node| read_anchor(node, faults));
    let mut blocks = Vec::new();
    match document.get("form").map(|node| (node, node.get_ref().as_array())) {
        Some((_, Some(forms))) if !forms.is_empty() => {
            for node in forms {
                blocks.extend(read_form(node, anchor, faults));
            }
        }
        Some((node, None)) => faults.wrong_type(node, "form", "one or more [[form]], in double brackets"),
        _ => faults.add(&(0..0), "", "no form is described", "at least one [[form]]".to_owned()),
    }
    check_together(&blocks, document.get("anchor"), &mapping.ignore, faults);
    blocks.sort_by_key(|b| forms::CLINICAL.iter().position(|f| *f == b.plan.form));
    mapping.forms = blocks.into_iter().map(|b| b.plan).collect();
    mapping
}

fn read_source(node: &Node<'_>, mapping: &mut Mapping, faults: &mut Faults<'_>) {
    let Some(table) = faults.table(node, "source") else { return };
    for entry in entries(table) {
        match entry.name {
            "delimiter" => {
                let Some(text) = faults.string(entry.value, "source.delimiter") else { continue };
                if DELIMITERS.contains(&text) {
                    mapping.delimiter = text.bytes().next().unwrap_or(b',');
                } else {
                    let message = format!("{text:?} does not separate cells");
                    let expected = "one of \",\", \";\", \"\\t\", \"|\"".to_owned();
                    faults.add(&entry.value.span(), "source.delimiter", message, expected);
                }
            }
            "missing" => {
                for (text, span) in faults.strings(entry.value, "source.missing") {
                    if text.trim() != text {
                        let message =
                            format!("{text:?} is never met: cells are read without surrounding blanks");
                        faults.add(&span, "source.missing", message, format!("{:?}", text.trim()));
                    }
                    mapping.missing.push(text.to_owned());
                }
            }
            "ignore" => {
                let Some(items) = entry.value.get_ref().as_array() else {
                    faults.wrong_type(entry.value, "source.ignore", "a list [\"...\", \"...\"]");
                    continue;
                };
                for item in items {
                    mapping.ignore.extend(source::column_name(item, "source.ignore", faults));
                }
            }
            _ => faults.unknown_key(&entry, "source", &["delimiter", "missing", "ignore"]),
        }
    }
}

fn read_anchor(node: &Node<'_>, faults: &mut Faults<'_>) -> Anchor {
    let Some(table) = faults.table(node, "anchor") else { return Anchor::Faulty };
    for entry in entries(table).iter().filter(|e| e.name != "date") {
        faults.unknown_key(entry, "anchor", &["date"]);
    }
    let expected = "date = \"YYYY-MM-DD\" with a year from 1900 to 2100".to_owned();
    let Some(date) = table.get("date") else {
        faults.add(&node.span(), "anchor", "the anchor has no date", expected);
        return Anchor::Faulty;
    };
    let text = match date.get_ref() {
        DeValue::String(text) => text.to_string(),
        DeValue::Datetime(day) => day.to_string(),
        _ => String::new(),
    };
    match Kind::Date.parse_text(&text) {
        Ok(Cell::Date(day)) if (1900..=2100).contains(&day.year()) => Anchor::Day(day),
        _ => {
            faults.add(&date.span(), "anchor.date", "this is not a usable day", expected);
            Anchor::Faulty
        }
    }
}

/// A form's plan with the places needed to speak about it.
struct Block {
    plan: FormPlan,
    span: Range<usize>,
    /// Places of the fields, as in the plan.
    spans: Vec<Range<usize>>,
}

fn read_form(node: &Node<'_>, anchor: Anchor, faults: &mut Faults<'_>) -> Option<Block> {
    const KEYS: [&str; 2] = ["name", "fields"];
    let table = faults.table(node, "form")?;
    let Some(name) = table.get("name") else {
        faults.add(
            &node.span(),
            "form",
            "the form has no name",
            format!("name = one of {}", form_names().join(", ")),
        );
        return None;
    };
    let text = faults.string(name, "form.name")?;
    let Some((_, form)) = forms::clinical(text) else {
        let message = if forms::REFERENCE.iter().any(|f| f.name == text) {
            format!("{text} is reference data, kept by the registry's administrators")
        } else {
            format!("there is no form {text:?}")
        };
        let near = nearest(text, form_names().into_iter());
        let expected = with_suggestion(&format!("one of {}", form_names().join(", ")), near);
        faults.add(&name.span(), "form.name", message, expected);
        return None;
    };
    for entry in entries(table).iter().filter(|e| !KEYS.contains(&e.name)) {
        if form.field(entry.name).is_some() {
            let message = format!("{} is a field and stands outside of [form.fields]", entry.name);
            faults.add(&entry.span, form.name, message, "fields below the line [form.fields]".to_owned());
        } else {
            faults.unknown_key(entry, form.name, &KEYS);
        }
    }
    let Some(fields) = table.get("fields") else {
        faults.add(
            &name.span(),
            form.name,
            "the form has no fields",
            "[form.fields] with one line per field".to_owned(),
        );
        return None;
    };
    let mut block =
        Block { plan: FormPlan { form, fields: Vec::new() }, span: name.span(), spans: Vec::new() };
    let mut named = vec![false; form.fields.len()];
    for Entry { name, span, value } in entries(faults.table(fields, &format!("{}.fields", form.name))?) {
        let Some((index, field)) = form.field(name) else {
            let near = nearest(name, form.fields.iter().map(|f| f.name));
            let expected = with_suggestion(&format!("a field of {}", form.name), near);
            faults.add(&span, form.name, format!("the form has no field {name:?}"), expected);
            continue;
        };
        if let Some(named) = named.get_mut(index) {
            *named = true;
        }
        let path = format!("{}.{}", form.name, field.name);
        if let Some(source) = source::read(value, field, &path, anchor, faults) {
            block.plan.fields.push(FieldPlan { index, field, source });
            block.spans.push(span);
        }
    }
    for (field, _) in form.fields.iter().zip(named).filter(|(_, named)| !named) {
        let path = format!("{}.{}", form.name, field.name);
        let (message, expected) = match field.requirement {
            Requirement::Mandatory => ("a mandatory field has no source", "a column or a constant"),
            Requirement::Required => (
                "a required field has no source",
                "a column, a constant, or { missing = \"NK\" } when the file does not hold it",
            ),
            Requirement::Optional | Requirement::Conditional(_) | Requirement::Computed => continue,
        };
        faults.add(&block.span, &path, message, expected.to_owned());
    }
    Some(block)
}

/// What only the whole file shows: a form twice, columns used and ignored, dates of two kinds for the same patients.
fn check_together(blocks: &[Block], anchor: Option<&Node<'_>>, ignore: &[Named], faults: &mut Faults<'_>) {
    for (position, block) in blocks.iter().enumerate() {
        if blocks.iter().take(position).any(|b| b.plan.form == block.plan.form) {
            let message = format!("the form {} is described a second time", block.plan.form.name);
            faults.add(&block.span, "form.name", message, "one [[form]] per form".to_owned());
        }
    }
    let fields =
        || blocks.iter().flat_map(|b| b.plan.fields.iter().zip(&b.spans).map(move |(f, s)| (b, f, s)));
    for (block, plan, span) in fields() {
        if let Some(column) = plan.column().filter(|c| ignore.iter().any(|i| i.name == c.column.name)) {
            let message = format!("the column {:?} is used here and listed under ignore", column.column.name);
            let path = format!("{}.{}", block.plan.form.name, plan.field.name);
            faults.add(span, &path, message, "one of both".to_owned());
        }
    }
    let Some(anchor) = anchor else { return };
    for (block, plan, span) in fields().filter(|(_, f, _)| is_date(f.field.kind) && is_calendar(&f.source)) {
        let path = format!("{}.{}", block.plan.form.name, plan.field.name);
        let message = "a calendar date beside dates that count from an anchor: intervals between them would mean nothing";
        let expected = "relative_day = true, anchor = true, a missing code, or no [anchor]".to_owned();
        faults.add(span, &path, message, expected);
    }
    // A field whose own entry is faulty is not in the plan; it may be the one that counts.
    if faults.is_empty() && !fields().any(|(_, f, _)| counts_from_anchor(&f.source)) {
        let expected = "a field with relative_day = true or anchor = true, or no [anchor]".to_owned();
        faults.add(&anchor.span(), "anchor", "nothing counts from the anchor", expected);
    }
    let basis = fields().find(|(_, f, _)| f.field.name == "date_basis");
    if let Some((block, plan, span)) = basis
        && !matches!(&plan.source, FieldSource::Fixed(Outcome::Value(Cell::Code(PSEUDO_ANCHOR))))
    {
        let path = format!("{}.{}", block.plan.form.name, plan.field.name);
        let message = "dates count from an anchor and would pass as calendar dates";
        faults.add(span, &path, message, format!("{{ constant = {PSEUDO_ANCHOR:?} }}"));
    }
}

fn counts_from_anchor(source: &FieldSource) -> bool {
    match source {
        FieldSource::Anchor(_) => true,
        FieldSource::Fixed(_) => false,
        FieldSource::Column(column) => matches!(column.reading, Reading::RelativeDay(_)),
    }
}

fn is_calendar(source: &FieldSource) -> bool {
    !counts_from_anchor(source) && !matches!(source, FieldSource::Fixed(Outcome::Missing(_)))
}

fn form_names() -> Vec<&'static str> {
    forms::CLINICAL.iter().map(|f| f.name).collect()
}
