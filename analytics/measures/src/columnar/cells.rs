//! Cells of a table.

use super::program::{Codes, Wanted, What};
use super::tables::{Column, NO_CODE, NO_TEXT, Table};
use crate::known::{Gap, Truth};
use clinical::MissingCode;

pub(super) fn stored(table: &Table, column: u16) -> Option<&Column> {
    table.columns.get(usize::from(column))?.as_ref()
}

pub(super) fn derived(table: &Table, column: u16) -> Option<&Column> {
    table.derived.iter().find(|(place, _)| *place == column).map(|(_, column)| column)
}

/// What an absent value comes to in a comparison.
pub(super) fn absent(table: &Table, row: u32, column: u16) -> Truth {
    match table.declared(row, column) {
        Some(MissingCode::NotDone) => Truth::No,
        _ => Truth::Open(Gap::Unknown),
    }
}

pub(super) fn code_in(table: &Table, row: u32, what: What, wanted: &Wanted, negated: bool) -> Truth {
    let (column, place) = match what {
        What::Stored(place, _) => (stored(table, place), Some(place)),
        What::Derived(place) => (derived(table, place), None),
        _ => return Truth::Open(Gap::Unknown),
    };
    let nothing = || place.map_or(Truth::Open(Gap::Unknown), |place| absent(table, row, place));
    match (column, wanted) {
        (Some(Column::Code(list)), Wanted::Codes(codes, unknown)) => match list.get(row as usize) {
            None | Some(&NO_CODE) => nothing(),
            Some(code) if Some(*code) == *unknown => Truth::Open(Gap::Unknown),
            Some(code) => (codes.has(*code) != negated).into(),
        },
        (Some(Column::Text(list, texts)), Wanted::Texts(wanted)) => match list.get(row as usize) {
            None | Some(&NO_TEXT) => nothing(),
            Some(number) => {
                let text = texts.get(*number as usize).map_or("", String::as_str);
                if text == "UNK" && !wanted.iter().any(|w| w == "UNK") {
                    return Truth::Open(Gap::Unknown);
                }
                (wanted.iter().any(|w| w == text) != negated).into()
            }
        },
        _ => nothing(),
    }
}

impl Codes {
    /// Whether a row has one of the codes.
    pub(super) fn admit(self, column: &Column, row: u32) -> bool {
        match column {
            Column::Code(list) => list.get(row as usize).is_some_and(|code| self.has(*code)),
            _ => true,
        }
    }
}
