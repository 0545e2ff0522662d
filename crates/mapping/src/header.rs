//! The columns of a spreadsheet against those of the mapping.

use crate::fault::{HeaderFault, MappingFault, SourceFault};
use crate::model::{Mapping, Named};
use clinical::field::nearest;

/// Position in the row of each field's column: per form, per field of its plan.
pub(crate) type Positions = Vec<Vec<Option<usize>>>;

/// Finds every column, or says everything that does not fit.
pub(crate) fn bind(mapping: &Mapping, header: &[String], file: &str) -> Result<Positions, SourceFault> {
    let mut faults = Vec::new();
    let used: Vec<&Named> =
        mapping.forms.iter().flat_map(|f| &f.fields).filter_map(|f| Some(&f.column()?.column)).collect();
    let named = || used.iter().copied().chain(&mapping.ignore);
    // One wrong header line should not be said once per field that uses it.
    let mut said: Vec<&str> = Vec::new();
    for wanted in named().filter(|n| !header.contains(&n.name)) {
        if !said.contains(&wanted.name.as_str()) {
            said.push(&wanted.name);
            faults.push(HeaderFault::NotInFile(not_in_file(wanted, header, mapping.delimiter)));
        }
    }
    for (position, name) in header.iter().enumerate().filter(|(_, n)| !n.is_empty()) {
        if let Some(first) = header.iter().take(position).position(|n| n == name) {
            faults.push(HeaderFault::Duplicate {
                name: name.clone(),
                first: first + 1,
                second: position + 1,
            });
        } else if !named().any(|n| n.name == *name) {
            let suggestion = nearest(name, said.iter().copied()).map(str::to_owned);
            faults.push(HeaderFault::Unmapped { position: position + 1, name: name.clone(), suggestion });
        }
    }
    if !faults.is_empty() {
        return Err(SourceFault::Header { file: file.to_owned(), faults });
    }
    let position = |name: &str| header.iter().position(|n| n == name);
    Ok(mapping
        .forms
        .iter()
        .map(|form| form.fields.iter().map(|f| position(&f.column()?.column.name)).collect())
        .collect())
}

fn not_in_file(wanted: &Named, header: &[String], delimiter: u8) -> MappingFault {
    let names: Vec<&str> = header.iter().map(String::as_str).filter(|n| !n.is_empty()).collect();
    let expected = match names.as_slice() {
        [only] if only.contains([',', ';', '\t', '|']) => format!(
            "columns separated by {:?} (source.delimiter), but the header is one cell: {:?}",
            char::from(delimiter),
            clinical::finding::echo(only)
        ),
        _ => crate::document::with_suggestion(
            &format!("one of {}", names.join(", ")),
            nearest(&wanted.name, names.iter().copied()),
        ),
    };
    MappingFault {
        line: wanted.line,
        column: wanted.column,
        entry: wanted.entry.clone(),
        message: format!("the file has no column {:?}", wanted.name),
        expected: Some(expected),
    }
}
