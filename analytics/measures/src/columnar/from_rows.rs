//! Columns from records in memory.

use super::tables::{Column, NO_CODE, NO_DAY, NO_MINUTE, NO_TEXT, Table, Tables};
use crate::evaluate::{Dossier, Row};
use crate::fields::number_of;
use crate::ir::form;
use crate::ir_walk::Needs;
use crate::known::epoch_day;
use chrono::Timelike;
use clinical::Cell;
use clinical::field::{Kind, ValueSet};

impl Tables {
    /// The tables of dossiers with one cutoff.
    pub fn from_dossiers(dossiers: &[Dossier], needs: &Needs) -> Self {
        let cutoff = dossiers.first().map_or(0, |d| epoch_day(d.cutoff));
        let mut tables = Self {
            subjects: dossiers.len(),
            cutoff,
            forms: (0..clinical::forms::ALL.len()).map(|_| None).collect(),
            own_infusion: Vec::new(),
        };
        for (id, of) in needs {
            let Some(descriptor) = form(*id) else { continue };
            let mut rows: Vec<&Row> = Vec::new();
            let mut starts = vec![0];
            for dossier in dossiers {
                if descriptor.name == "infusion" {
                    let own = dossier.only(*id);
                    let place =
                        dossier.rows(*id).iter().position(|r| own.is_some_and(|own| std::ptr::eq(own, r)));
                    tables.own_infusion.push((rows.len() + place.unwrap_or(0)) as u32);
                }
                rows.extend(dossier.rows(*id));
                starts.push(rows.len() as u32);
            }
            let mut table = Table { starts, ..Table::default() };
            table.columns = (0..descriptor.fields.len()).map(|_| None).collect();
            for place in &of.fields {
                let cells: Vec<&Cell> = rows.iter().map(|r| r.cell(*place).0).collect();
                let kind = descriptor.fields.get(usize::from(*place)).map(|f| f.kind);
                if let (Some(slot), Some(kind)) = (table.columns.get_mut(usize::from(*place)), kind) {
                    *slot = Some(column(kind, &cells));
                }
            }
            for place in &of.derived {
                let Some(kind) = descriptor.fields.get(usize::from(*place)).map(|f| f.kind) else { continue };
                let cells: Vec<Cell> =
                    rows.iter().map(|r| crate::evaluate::derived_cell(r, *place)).collect();
                table.derived.push((*place, column(kind, &cells.iter().collect::<Vec<_>>())));
            }
            table.patterns.push(Vec::new());
            for row in rows {
                let pattern: Vec<_> = row
                    .record
                    .missing()
                    .iter()
                    .filter_map(|(name, code)| Some((u16::try_from(descriptor.field(name)?.0).ok()?, code)))
                    .collect();
                let known = table.patterns.iter().position(|p| *p == pattern);
                let number = known.unwrap_or_else(|| {
                    table.patterns.push(pattern);
                    table.patterns.len() - 1
                });
                table.missing.push(number as u16);
            }
            if let Some(slot) = tables.forms.get_mut(usize::from(id.0)) {
                *slot = Some(table);
            }
        }
        tables
    }
}

fn position(set: &ValueSet, code: &str) -> u8 {
    set.codes.iter().position(|c| c.code == code).and_then(|p| u8::try_from(p).ok()).unwrap_or(NO_CODE)
}

fn column(kind: Kind, cells: &[&Cell]) -> Column {
    match kind {
        Kind::Integer { .. } | Kind::Decimal { .. } => {
            Column::Number(cells.iter().map(|c| number_of(c).unwrap_or(f64::NAN)).collect())
        }
        Kind::Flag => Column::Flag(
            cells.iter().map(|c| if let Cell::Flag(b) = c { u8::from(*b) } else { NO_CODE }).collect(),
        ),
        Kind::Coded(set) => Column::Code(
            cells
                .iter()
                .map(|c| if let Cell::Code(code) = c { position(set, code) } else { NO_CODE })
                .collect(),
        ),
        Kind::Codes(set) => Column::Codes(
            cells
                .iter()
                .map(|c| match c {
                    Cell::Codes(list) => list.iter().fold(0, |bits, code| bits | 1 << position(set, code)),
                    _ => 0,
                })
                .collect(),
        ),
        Kind::Time => Column::Minute(
            cells
                .iter()
                .map(|c| match c {
                    Cell::Time(t) => (t.num_seconds_from_midnight() / 60) as u16,
                    _ => NO_MINUTE,
                })
                .collect(),
        ),
        Kind::Date | Kind::PartialDate => {
            let spans: Vec<(i32, i32)> = cells
                .iter()
                .map(|c| match c {
                    Cell::Date(d) => (epoch_day(*d), epoch_day(*d)),
                    Cell::PartialDate(d) => (epoch_day(d.earliest()), epoch_day(d.latest())),
                    _ => (NO_DAY, NO_DAY),
                })
                .collect();
            Column::Day(spans.iter().map(|s| s.0).collect(), spans.iter().map(|s| s.1).collect())
        }
        Kind::Text { .. } => {
            let mut texts: Vec<String> = Vec::new();
            let mut numbers = Vec::new();
            for cell in cells {
                numbers.push(match cell {
                    Cell::Text(text) => match texts.iter().position(|t| t == text) {
                        Some(known) => known as u32,
                        None => {
                            texts.push(text.clone());
                            (texts.len() - 1) as u32
                        }
                    },
                    _ => NO_TEXT,
                });
            }
            Column::Text(numbers, texts)
        }
    }
}
