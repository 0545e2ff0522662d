//! Fields of rows.

use super::interpret::{Interpreter, Member};
use super::{Row, number_text};
use crate::fields::{AmountUnit, Computed, Dose, field_name, number_of, time_of, unit_field};
use crate::ir::{FieldId, FieldRef, RowRef};
use crate::known::{DayOf, Gap, Num, epoch_day};
use chrono::Timelike;
use clinical::{Cell, MissingCode};

impl<'a> Interpreter<'a> {
    pub(super) fn row(&self, field: FieldRef) -> Option<&'a Row> {
        match field.row {
            RowRef::Only(form) => self.dossier.only(form),
            RowRef::Enclosing(depth) => match self.members.get(usize::from(depth)) {
                Some(Member::Row(row)) => Some(row),
                _ => None,
            },
        }
    }

    pub(super) fn has_row(&self, field: FieldRef) -> bool {
        self.row(field).is_some()
    }

    /// A cell with its missing code; what the criteria derive as a cell of the field's kind.
    pub(super) fn cell(&self, field: FieldRef) -> (Cell, Option<MissingCode>) {
        self.row(field).map_or((Cell::Null, None), |row| cell_of(row, field.field))
    }

    pub(super) fn is_recorded(&self, field: FieldRef) -> bool {
        let Some(row) = self.row(field) else { return false };
        match field.field {
            FieldId::Computed(_) => {
                let number = self.number_of(row, field.field, None);
                number != Num::NotDone && number_text(number) != number_text(Num::unknown(Gap::Unknown))
            }
            _ => !matches!(cell_of(row, field.field).0, Cell::Null | Cell::Code("UNK")),
        }
    }

    /// A numeric field of a row, in the unit of the dictionary, or of the clause for an amount.
    pub(super) fn number_of(&self, row: &Row, field: FieldId, unit: Option<AmountUnit>) -> Num {
        let unknown = |declared: Option<MissingCode>| match declared {
            Some(MissingCode::NotDone) => Num::NotDone,
            _ => Num::unknown(Gap::Unknown),
        };
        match field {
            FieldId::Computed(Computed::LabValue) => {
                let declared = row.record.missing().get("value");
                number_of(row.record.cell("canonical_value"))
                    .map_or_else(|| unknown(declared), |v| compared(row, v))
            }
            FieldId::Computed(Computed::TimesUpperLimit) => times(row, "ref_high"),
            FieldId::Computed(Computed::TimesLowerLimit) => times(row, "ref_low"),
            FieldId::Computed(computed) => {
                let declared = row.record.missing().get("dose_value");
                self.dose(row).amount(computed).map_or_else(|| unknown(declared), Num::exact)
            }
            FieldId::Stored(_) | FieldId::Derived(_) => {
                let (cell, declared) = cell_of(row, field);
                let Some(value) = number_of(&cell) else { return unknown(declared) };
                let Some(wanted) = unit else { return Num::exact(value) };
                let form = row.record.form();
                let written =
                    unit_field(form, &field_name(form, field)).and_then(|name| row.record.text(name));
                let converted = written.and_then(AmountUnit::of_code).and_then(|u| u.convert(value, wanted));
                converted.map_or_else(|| Num::unknown(Gap::Unknown), Num::exact)
            }
        }
    }

    fn dose<'r>(&self, row: &'r Row) -> Dose<'r> {
        let weight = number_of(row.record.cell("weight_kg")).or_else(|| {
            self.dossier
                .only_named("infusion")
                .and_then(|infusion| number_of(infusion.record.cell("weight_kg")))
        });
        Dose {
            drug: row.record.text("drug").unwrap_or_default(),
            value: number_of(row.record.cell("dose_value")),
            unit: row.record.text("dose_unit"),
            frequency: row.record.text("frequency"),
            weight_kg: weight,
        }
    }

    /// A date field of a row, with its time of day.
    pub(super) fn day_of(row: &Row, field: FieldId) -> DayOf {
        let (cell, declared) = cell_of(row, field);
        match cell {
            Cell::Date(date) => {
                let form = row.record.form();
                let time = time_of(form, &field_name(form, field)).and_then(|i| row.record.cells().get(i));
                let minute = match time {
                    Some(Cell::Time(time)) => u16::try_from(time.num_seconds_from_midnight() / 60).ok(),
                    _ => None,
                };
                let day = epoch_day(date);
                DayOf::Span { low: day, high: day, minute, gap: Gap::Unknown }
            }
            Cell::PartialDate(date) => DayOf::Span {
                low: epoch_day(date.earliest()),
                high: epoch_day(date.latest()),
                minute: None,
                gap: Gap::Unknown,
            },
            _ if declared == Some(MissingCode::NotDone) => DayOf::NotDone,
            _ => DayOf::None(Gap::Unknown),
        }
    }
}

pub(super) fn cell_of(row: &Row, field: FieldId) -> (Cell, Option<MissingCode>) {
    match field {
        FieldId::Stored(place) => {
            let (cell, declared) = row.cell(place);
            (cell.clone(), declared)
        }
        FieldId::Derived(place) => {
            let text = row.derived.iter().find(|(p, _)| *p == place).and_then(|(_, text)| text.as_deref());
            let kind = row.record.form().fields.get(usize::from(place)).map(|f| f.kind);
            let cell = text.zip(kind).and_then(|(text, kind)| kind.parse_text(text).ok());
            (cell.unwrap_or(Cell::Null), None)
        }
        FieldId::Computed(_) => (Cell::Null, None),
    }
}

/// A laboratory value with its comparator: below or above what is reported.
fn compared(row: &Row, value: f64) -> Num {
    let gap = Gap::Unknown;
    match row.record.text("comparator") {
        Some("<") => Num::Range { low: f64::NEG_INFINITY, high: value, above: false, below: true, gap },
        Some(">") => Num::Range { low: value, high: f64::INFINITY, above: true, below: false, gap },
        _ => Num::exact(value),
    }
}

/// A laboratory value as a multiple of a reference limit of its row, both in the unit reported.
fn times(row: &Row, limit: &str) -> Num {
    let number = |name: &str| number_of(row.record.cell(name));
    match (number("value"), number(limit)) {
        (Some(value), Some(limit)) if limit > 0.0 => compared(row, value / limit),
        _ => Num::unknown(Gap::Unknown),
    }
}
