//! The records that bear on one infusion.

use crate::fields::{Belonging, belonging, main_date};
use crate::ir::FormId;
use crate::known::epoch_day;
use chrono::NaiveDate;
use clinical::field::{Cell, Kind};
use clinical::form::FormDescriptor;
use clinical::{MissingCode, Record};

/// A record as clauses see it.
#[derive(Debug, Clone)]
pub struct Row {
    /// Its form.
    pub form: FormId,
    /// Its id in the registry; empty for reference data.
    pub record_id: String,
    /// The record.
    pub record: Record,
    /// What the criteria derive: field position and text.
    pub derived: Vec<(u16, Option<String>)>,
}

impl Row {
    /// A cell, and the code with which it was declared missing.
    pub fn cell(&self, place: u16) -> (&Cell, Option<MissingCode>) {
        let cell = self.record.cells().get(usize::from(place)).unwrap_or(&Cell::Null);
        let name = self.record.form().fields.get(usize::from(place)).map_or("", |f| f.name);
        (cell, self.record.missing().get(name))
    }

    /// What identifies it within its form, so that rows have one order.
    fn key(&self) -> Vec<KeyPart> {
        let part = |name: &&str| {
            let field = self.record.form().field(name).map(|(_, f)| f.kind);
            match (self.record.cell(name), field) {
                (Cell::Integer(n), _) => KeyPart::Number(i64::from(*n)),
                (Cell::Date(d), _) => KeyPart::Number(i64::from(epoch_day(*d))),
                // Codes in the order of their value set.
                (Cell::Code(code), Some(Kind::Coded(set))) => {
                    KeyPart::Number(set.codes.iter().position(|c| c.code == *code).map_or(0, |p| p as i64))
                }
                (other, _) => KeyPart::Text(other.to_text()),
            }
        };
        self.record.form().key.iter().map(part).collect()
    }
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum KeyPart {
    Number(i64),
    Text(String),
}

/// The records that bear on one infusion: its own, its patient's, its center's and its product's.
#[derive(Debug, Clone)]
pub struct Dossier {
    /// By form, in the order of their keys.
    rows: Vec<Vec<Row>>,
    /// Place of the infusion among the patient's.
    infusion: usize,
    /// The data cutoff.
    pub cutoff: NaiveDate,
}

impl Dossier {
    /// Those of `records` that bear on the infusion and are dated by the cutoff. `None` when the infusion is not among them.
    pub fn new(
        records: impl IntoIterator<Item = Row>,
        (patient, number): (&str, i32),
        cutoff: NaiveDate,
    ) -> Option<Self> {
        let mut rows: Vec<Vec<Row>> = vec![Vec::new(); clinical::forms::ALL.len()];
        let mut product = None;
        for row in records {
            let form = row.record.form();
            let bears = match belonging(form) {
                Belonging::Infusion => {
                    row.record.text("patient_id") == Some(patient)
                        && row.record.integer("infusion_number") == Some(number)
                }
                Belonging::Patient => row.record.text("patient_id") == Some(patient),
                Belonging::Center | Belonging::Product => true,
            };
            if !bears || is_later(&row.record, form, cutoff) {
                continue;
            }
            if form.name == "infusion" && row.record.integer("infusion_number") == Some(number) {
                product = row.record.text("product_code").map(str::to_owned);
            }
            if let Some(of_form) = rows.get_mut(usize::from(row.form.0)) {
                of_form.push(row);
            }
        }
        for of_form in &mut rows {
            of_form.sort_by_cached_key(Row::key);
        }
        let of = |name: &str| clinical::forms::ALL.iter().position(|f| f.name == name);
        if let Some(products) = of("product").and_then(|i| rows.get_mut(i)) {
            products.retain(|row| row.record.text("product_code") == product.as_deref());
        }
        let infusions = of("infusion").and_then(|i| rows.get(i))?;
        let infusion =
            infusions.iter().position(|row| row.record.integer("infusion_number") == Some(number))?;
        Some(Self { rows, infusion, cutoff })
    }

    /// The rows of a form.
    pub fn rows(&self, form: FormId) -> &[Row] {
        self.rows.get(usize::from(form.0)).map_or(&[], Vec::as_slice)
    }

    /// The one row of a form that has one; of `infusion` the one that is judged.
    pub fn only(&self, form: FormId) -> Option<&Row> {
        let rows = self.rows(form);
        if crate::ir::form(form).is_some_and(|f| f.name == "infusion") {
            return rows.get(self.infusion);
        }
        rows.first()
    }

    /// The one row of a form by name.
    pub fn only_named(&self, form: &str) -> Option<&Row> {
        crate::fields::form_by_name(form).and_then(|(id, _)| self.only(id))
    }
}

/// Whether a record is dated after the cutoff for certain.
fn is_later(record: &Record, form: &FormDescriptor, cutoff: NaiveDate) -> bool {
    let Some(date) = main_date(form) else { return false };
    match record.cell(date) {
        Cell::Date(day) => epoch_day(*day) > epoch_day(cutoff),
        Cell::PartialDate(day) => epoch_day(day.earliest()) > epoch_day(cutoff),
        _ => false,
    }
}
