//! Columns of a table and the fields they hold.

use crate::fault::Fault;
use crate::row::{REASON, VERSION};
use clinical::field::nearest;
use clinical::finding::Findings;
use clinical::form::{FormDescriptor, Requirement};
use clinical::rule;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    /// A field of the form, by its position.
    Field(usize),
    /// The version of the record that the sender has seen.
    Version,
    /// Why the row was rejected the last time; read over.
    Reason,
}

/// A table of one form.
#[derive(Debug, Clone)]
pub struct Table {
    /// The sheet's name; empty for a file that is one table.
    pub name: String,
    /// The form of every row.
    pub form: &'static FormDescriptor,
    /// What each column holds.
    pub columns: Vec<Column>,
}

impl Table {
    /// Reads a header. Unknown, repeated and missing columns are told all at once.
    pub(crate) fn read<'a>(
        name: &str,
        form: &'static FormDescriptor,
        header: impl Iterator<Item = &'a str>,
    ) -> Result<Self, Fault> {
        let mut findings = Findings::new();
        let mut columns = Vec::new();
        for column in header.map(str::trim) {
            let known = match column {
                VERSION => Some(Column::Version),
                REASON => Some(Column::Reason),
                _ => form.field(column).map(|(index, _)| Column::Field(index)),
            };
            match known {
                Some(known) if columns.contains(&known) => {
                    let once = Some("each column once".to_owned());
                    findings.at(&rule::DUPLICATE_FIELD, column, Some(column.to_owned()), once);
                }
                Some(known) => columns.push(known),
                None => {
                    let fields = form.fields.iter().map(|f| f.name);
                    let hint = nearest(column, fields.clone())
                        .map_or_else(String::new, |near| format!("; did you mean {near}?"));
                    let expected = format!("one of {}{hint}", fields.collect::<Vec<_>>().join(", "));
                    findings.at(&rule::UNKNOWN_FIELD, column, Some(column.to_owned()), Some(expected));
                }
            }
        }
        for (index, field) in form.fields.iter().enumerate() {
            if field.requirement == Requirement::Mandatory && !columns.contains(&Column::Field(index)) {
                let expected = Some(format!("a column {}", field.name));
                findings.at(&rule::MANDATORY, field.name, None, expected);
            }
        }
        if findings.is_empty() {
            Ok(Self { name: name.to_owned(), form, columns })
        } else {
            let place = if name.is_empty() { "the file".to_owned() } else { format!("sheet {name}") };
            Err(Fault::Header { place, findings })
        }
    }
}
