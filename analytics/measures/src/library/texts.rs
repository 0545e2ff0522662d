//! The texts of clauses and where they stand in their files.

use super::FileFault;
use crate::syntax::Span;
use std::ops::Range;

/// Texts of clauses, by number.
#[derive(Debug, Clone, Default)]
pub struct Texts {
    files: Vec<(String, String)>,
    clauses: Vec<Clause>,
}

#[derive(Debug, Clone)]
struct Clause {
    file: usize,
    /// Byte of the file where the text, or the string that holds it, begins.
    start: usize,
    /// Whether byte n of the text is byte `start + n` of the file.
    verbatim: bool,
    owner: Option<String>,
    text: String,
}

impl Texts {
    pub(super) fn add_file(&mut self, name: &str, text: &str) -> usize {
        self.files.push((name.to_owned(), text.to_owned()));
        self.files.len() - 1
    }

    /// Notes the text of a clause that stands in `file` at the bytes `raw`, quotes included.
    pub(super) fn add(&mut self, file: usize, raw: Range<usize>, owner: Option<&str>, text: &str) -> u32 {
        let found = self
            .files
            .get(file)
            .and_then(|(_, content)| content.get(raw.clone()))
            .and_then(|written| written.find(text))
            .filter(|_| !text.is_empty());
        self.clauses.push(Clause {
            file,
            start: raw.start + found.unwrap_or(0),
            verbatim: found.is_some(),
            owner: owner.map(str::to_owned),
            text: text.to_owned(),
        });
        (self.clauses.len() - 1) as u32
    }

    /// The text of a part of a clause, on one line.
    pub fn slice(&self, span: Span) -> String {
        let clause = self.clauses.get(span.text as usize);
        let part =
            clause.and_then(|c| c.text.get(span.start as usize..span.end as usize)).unwrap_or_default();
        let lines = part.lines().map(|line| line.split('#').next().unwrap_or_default());
        lines.flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ")
    }

    /// A fault at a part of a clause.
    pub(super) fn fault(&self, span: Span, message: String, owner: Option<&str>) -> FileFault {
        let Some(clause) = self.clauses.get(span.text as usize) else {
            return self.at(0, None, owner, message);
        };
        let offset = clause.start + if clause.verbatim { span.start as usize } else { 0 };
        self.at(clause.file, Some(offset), clause.owner.as_deref().or(owner), message)
    }

    /// A fault at a byte of a file.
    pub(super) fn at(
        &self,
        file: usize,
        offset: Option<usize>,
        owner: Option<&str>,
        message: String,
    ) -> FileFault {
        let (name, text) =
            self.files.get(file).map_or(("", ""), |(name, text)| (name.as_str(), text.as_str()));
        let place = offset.map(|offset| line_and_column(text, offset));
        FileFault {
            file: name.to_owned(),
            line: place.map(|(line, _)| line),
            column: place.map(|(_, column)| column),
            measure: owner.map(str::to_owned),
            message,
        }
    }
}

/// Line and column, from 1, of a byte offset.
fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |i| i + 1);
    (before.matches('\n').count() + 1, before.get(line_start..).map_or(0, |l| l.chars().count()) + 1)
}
