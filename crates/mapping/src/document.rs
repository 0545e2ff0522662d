//! The mapping file as a tree in which every entry knows its line, and the faults found in it.

use crate::fault::MappingFault;
use clinical::field::nearest;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A value of the file with its place.
pub(crate) type Node<'t> = Spanned<DeValue<'t>>;

/// `name = value`.
pub(crate) struct Entry<'a, 't> {
    pub(crate) name: &'a str,
    /// Bytes of the name.
    pub(crate) span: Range<usize>,
    pub(crate) value: &'a Node<'t>,
}

/// The entries of a table in the order in which they are written.
pub(crate) fn entries<'a, 't>(table: &'a DeTable<'t>) -> Vec<Entry<'a, 't>> {
    let mut entries: Vec<Entry<'a, 't>> = table
        .iter()
        .map(|(key, value)| Entry { name: key.get_ref().as_ref(), span: key.span(), value })
        .collect();
    entries.sort_by_key(|e| e.span.start);
    entries
}

/// Collects faults, with their place in the text.
pub(crate) struct Faults<'t> {
    text: &'t str,
    found: Vec<MappingFault>,
}

impl<'t> Faults<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        Self { text, found: Vec::new() }
    }

    /// Line and character of a byte, both from 1.
    pub(crate) fn place(&self, byte: usize) -> (usize, usize) {
        let before = self.text.get(..byte).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |i| i + 1);
        let column = before.get(line_start..).map_or(0, |l| l.chars().count());
        (before.bytes().filter(|b| *b == b'\n').count() + 1, column + 1)
    }

    pub(crate) fn add(
        &mut self,
        span: &Range<usize>,
        entry: &str,
        message: impl Into<String>,
        expected: impl Into<Option<String>>,
    ) {
        let (line, column) = self.place(span.start);
        self.found.push(MappingFault {
            line,
            column,
            entry: entry.to_owned(),
            message: message.into(),
            expected: expected.into(),
        });
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// In the order of the file.
    pub(crate) fn into_sorted(mut self) -> Vec<MappingFault> {
        self.found.sort_by_key(|f| (f.line, f.column));
        self.found
    }

    pub(crate) fn unknown_key(&mut self, entry: &Entry<'_, '_>, within: &str, accepted: &[&str]) {
        let near = nearest(entry.name, accepted.iter().copied());
        let expected = with_suggestion(&format!("one of {}", accepted.join(", ")), near);
        self.add(&entry.span, within, format!("there is no key {:?} here", entry.name), expected);
    }

    pub(crate) fn wrong_type(&mut self, node: &Node<'_>, entry: &str, expected: &str) {
        let found = format!("this is {}", kind_of(node.get_ref()));
        self.add(&node.span(), entry, found, expected.to_owned());
    }

    pub(crate) fn table<'a, 'b>(&mut self, node: &'a Node<'b>, entry: &str) -> Option<&'a DeTable<'b>> {
        let table = node.get_ref().as_table();
        if table.is_none() {
            self.wrong_type(node, entry, "a table { key = value }");
        }
        table
    }

    pub(crate) fn string<'a>(&mut self, node: &'a Node<'_>, entry: &str) -> Option<&'a str> {
        let text = node.get_ref().as_str();
        if text.is_none() {
            self.wrong_type(node, entry, "text in quotation marks");
        }
        text
    }

    /// Texts and where each stands.
    pub(crate) fn strings<'a>(&mut self, node: &'a Node<'_>, entry: &str) -> Vec<(&'a str, Range<usize>)> {
        let Some(items) = node.get_ref().as_array() else {
            self.wrong_type(node, entry, "a list [\"...\", \"...\"]");
            return Vec::new();
        };
        items.iter().filter_map(|item| Some((self.string(item, entry)?, item.span()))).collect()
    }
}

/// `expected`, and the likely intention.
pub(crate) fn with_suggestion(expected: &str, near: Option<&str>) -> String {
    near.map_or_else(|| expected.to_owned(), |n| format!("{expected}; did you mean {n:?}?"))
}

pub(crate) fn kind_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
