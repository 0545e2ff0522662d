//! One row as it stands in the file, and its reading into a record.

use crate::ROW_LIMIT;
use crate::header::{Column, Table};
use clinical::field::nearest;
use clinical::finding::Findings;
use clinical::form::{Context, FormDescriptor};
use clinical::forms;
use clinical::record::{Entries, Record};
use clinical::rule;
use serde::Deserialize;
use std::borrow::Cow;

/// Column or member in which a file of rejected rows says why; read over when the file comes back.
pub const REASON: &str = "sequela_reason";
/// Column or member that names the version of the record the sender has seen.
pub const VERSION: &str = "sequela_version";

/// Where a row stands: its table (sheet) and its number there, beginning with 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Position of the table in the file.
    pub table: u16,
    /// Row of the table; in text files the line on which the row begins.
    pub row: u64,
}

/// What stands in a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// A line of JSON.
    Json(Vec<u8>),
    /// The cells of a table's row, one per column.
    Cells(Vec<String>),
    /// Nothing that can be read: what was received and what would be accepted.
    Malformed(String, String),
}

/// A row of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Where it stands.
    pub place: Place,
    /// What stands there.
    pub content: Content,
}

/// A row that was read: a record, or why there is none.
#[derive(Debug)]
pub struct Read {
    /// Where it stands.
    pub place: Place,
    /// Its form, as far as it could be told.
    pub form: Option<&'static FormDescriptor>,
    /// The record; none when a finding rejects it.
    pub record: Option<Record>,
    /// What the rules of one record found.
    pub findings: Findings,
    /// The version the sender has seen.
    pub seen: Option<i32>,
}

/// The patient of a line, if it says so in the usual way.
#[derive(Deserialize)]
struct Peek<'a> {
    #[serde(borrow)]
    patient_id: Option<Cow<'a, str>>,
}

impl Row {
    pub(crate) fn malformed(place: Place, received: impl Into<String>, expected: impl Into<String>) -> Self {
        Self { place, content: Content::Malformed(received.into(), expected.into()) }
    }

    /// The patient the row is about.
    pub(crate) fn patient(&self, tables: &[Table]) -> Option<Cow<'_, str>> {
        match &self.content {
            Content::Json(line) => {
                serde_json::from_slice::<Peek<'_>>(line).ok().and_then(|peek| peek.patient_id)
            }
            Content::Cells(cells) => {
                let table = tables.get(usize::from(self.place.table))?;
                let (index, _) = table.form.field("patient_id")?;
                let at = table.columns.iter().position(|c| *c == Column::Field(index))?;
                cells.get(at).map(|text| Cow::Borrowed(text.trim()))
            }
            Content::Malformed(..) => None,
        }
    }

    /// Reads the row into a record. `asked` is the form that the request names for all lines.
    pub fn read(self, tables: &[Table], asked: Option<&'static FormDescriptor>, context: Context) -> Read {
        let place = self.place;
        let failed = |form, findings| Read { place, form, record: None, findings, seen: None };
        let table = tables.get(usize::from(place.table));
        match self.content {
            Content::Json(line) => read_line(place, &line, asked, context),
            Content::Malformed(received, expected) => {
                let mut findings = Findings::new();
                findings.whole(&rule::MALFORMED, Some(received), Some(expected));
                failed(table.map(|t| t.form).or(asked), findings)
            }
            Content::Cells(cells) => match table {
                Some(table) => read_cells(place, &cells, table, context),
                None => failed(None, Findings::new()),
            },
        }
    }
}

fn read_line(place: Place, line: &[u8], asked: Option<&'static FormDescriptor>, context: Context) -> Read {
    let failed = |form, findings| Read { place, form, record: None, findings, seen: None };
    let mut entries = match Entries::parse(line) {
        Ok(entries) => entries,
        Err(findings) => return failed(asked, findings),
    };
    let named = entries.get("form").and_then(|v| v.as_str());
    let Some(form) = asked.or_else(|| named.and_then(forms::clinical).map(|(_, form)| form)) else {
        let mut findings = Findings::new();
        let known: Vec<&str> = forms::CLINICAL.iter().map(|f| f.name).collect();
        let hint = named.and_then(|n| nearest(n, known.iter().copied()));
        let hint = hint.map_or_else(String::new, |near| format!("; did you mean {near}?"));
        let received = entries.get("form").map(ToString::to_string);
        findings.at(&rule::FORM, "form", received, Some(format!("one of {}{hint}", known.join(", "))));
        return failed(None, findings);
    };
    entries.take(REASON);
    let version = entries.take(VERSION);
    let (record, mut findings) = Record::from_json(form, &entries, context);
    let seen = version.filter(|v| !v.is_null()).map(|v| match &v {
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    });
    let seen = seen_version(seen.as_deref(), &mut findings);
    Read { place, form: Some(form), record: record.filter(|_| !findings.reject()), findings, seen }
}

fn read_cells(place: Place, cells: &[String], table: &Table, context: Context) -> Read {
    let mut columns = Vec::with_capacity(cells.len());
    let mut texts = Vec::with_capacity(cells.len());
    let mut version = None;
    for (column, cell) in table.columns.iter().zip(cells) {
        match column {
            Column::Field(index) => {
                columns.push(*index);
                texts.push(cell.as_str());
            }
            Column::Version => version = Some(cell.trim()).filter(|text| !text.is_empty()),
            Column::Reason => {}
        }
    }
    let (record, mut findings) = Record::from_text(table.form, &columns, texts.into_iter(), context);
    let seen = seen_version(version, &mut findings);
    Read { place, form: Some(table.form), record: record.filter(|_| !findings.reject()), findings, seen }
}

fn seen_version(text: Option<&str>, findings: &mut Findings) -> Option<i32> {
    let text = text?;
    let version = text.parse().ok().filter(|v| *v >= 1);
    if version.is_none() {
        let expected = Some("the version of the record that you have seen, a whole number from 1".to_owned());
        findings.at(&rule::TYPE, VERSION, Some(text.to_owned()), expected);
    }
    version
}

/// Refuses a row that is longer than any record can be.
pub(crate) fn too_long(place: Place, bytes: u64) -> Row {
    Row::malformed(place, format!("{bytes} bytes"), format!("at most {ROW_LIMIT} bytes a record"))
}
