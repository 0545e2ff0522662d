//! Random registries: any record that the forms allow, near the codes and days that a guideline speaks of.

use chrono::{Days, NaiveDate};
use clinical::field::{Cell, Kind, ValueSet};
use clinical::form::{FormDescriptor, Requirement};
use clinical::record::Missing;
use clinical::{MissingCode, Record};
use measures::evaluate::Row;
use measures::fields::{Belonging, belonging, form_by_name};
use std::collections::BTreeSet;

/// A linear congruential generator (Knuth's MMIX constants): the same numbers everywhere.
pub(crate) struct Lcg(pub(crate) u64);

impl Lcg {
    pub(crate) fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % n.max(1)
    }

    pub(crate) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
}

pub(crate) fn day_0() -> NaiveDate {
    NaiveDate::from_ymd_opt(2024, 1, 31).unwrap()
}

pub(crate) struct Generator<'a> {
    pub(crate) random: Lcg,
    /// Words of the guideline: codes among them are drawn more often.
    pub(crate) words: &'a BTreeSet<String>,
    /// Latest day of a record, from day 0.
    pub(crate) span: usize,
}

impl Generator<'_> {
    fn day(&mut self) -> NaiveDate {
        let offset = match self.random.below(4) {
            0 => self.random.below(45),
            1 => 40 + self.random.below(16),
            2 => 40 + self.random.below(90),
            _ => self.random.below(self.span + 80),
        };
        day_0() - Days::new(40) + Days::new(offset as u64)
    }

    fn code(&mut self, set: &'static ValueSet) -> &'static str {
        let spoken: Vec<&'static str> =
            set.codes.iter().map(|c| c.code).filter(|c| self.words.contains(*c)).collect();
        if !spoken.is_empty() && self.random.chance(85) {
            return spoken[self.random.below(spoken.len())];
        }
        set.codes[self.random.below(set.codes.len())].code
    }

    fn cell(&mut self, form: &str, name: &str, kind: Kind) -> Cell {
        match kind {
            Kind::Integer { min, max } => {
                let wide =
                    (i64::from(max) - i64::from(min)).min(if self.random.chance(80) { 5 } else { 200 });
                Cell::Integer(min + self.random.below(wide as usize + 1) as i32)
            }
            Kind::Decimal { min, max, .. } => {
                let usual = [
                    0.0, 0.2, 0.5, 1.0, 1.2, 2.0, 5.0, 8.0, 10.0, 25.0, 30.0, 38.0, 39.5, 40.0, 50.0, 200.0,
                    500.0, 800.0, 1000.0,
                ];
                let value = usual[self.random.below(usual.len())];
                Cell::Decimal(if (min..=max).contains(&value) { value } else { min })
            }
            Kind::Flag => Cell::Flag(self.random.chance(50)),
            Kind::Coded(set) => Cell::Code(self.code(set)),
            Kind::Codes(set) => {
                let given: Vec<&'static str> = (0..=self.random.below(3)).map(|_| self.code(set)).collect();
                Cell::Codes(set.codes.iter().map(|c| c.code).filter(|c| given.contains(c)).collect())
            }
            Kind::Time => {
                let text = format!("{:02}:{:02}", 8 + self.random.below(4), 15 * self.random.below(4));
                kind.parse_text(&text).ok().unwrap()
            }
            Kind::Date => Cell::Date(self.day()),
            Kind::PartialDate => {
                let day = self.day().to_string();
                let length = [10, 10, 7, 4][self.random.below(4)];
                kind.parse_text(&day[..length]).ok().unwrap()
            }
            Kind::Text { .. } => {
                let texts = match (form, name) {
                    (_, "product_code") => ["axi-cel", "relma-cel", "eque-cel"],
                    (_, "center_id") => ["C1", "C1", "C1"],
                    _ => ["one", "two", "UNK"],
                };
                Cell::Text(texts[self.random.below(3)].to_owned())
            }
        }
    }

    fn record(&mut self, form: &'static FormDescriptor, running: i32) -> Record {
        let mut cells = Vec::new();
        let mut missing = Vec::new();
        for field in form.fields {
            let fixed = match field.name {
                "patient_id" => Some(Cell::Text("P1".to_owned())),
                "infusion_number" if form.name != "infusion" => {
                    Some(Cell::Integer(if self.random.chance(85) { 1 } else { 2 }))
                }
                "infusion_number" => Some(Cell::Integer(running)),
                "infusion_date" if running == 1 => Some(Cell::Date(day_0())),
                "date_basis" if self.random.chance(80) => Some(Cell::Code("CALENDAR")),
                name if form.key.contains(&name) && name.ends_with("_number") => Some(Cell::Integer(running)),
                _ => None,
            };
            let cell = match fixed {
                Some(cell) => cell,
                None if field.requirement != Requirement::Mandatory && self.random.chance(22) => {
                    if self.random.chance(50) {
                        missing.push((field.name, MissingCode::ALL[self.random.below(4)]));
                    }
                    Cell::Null
                }
                None => self.cell(form.name, field.name, field.kind),
            };
            cells.push(cell);
        }
        let mut record = Record::from_parts(form, cells, Missing::new(missing));
        (form.compute)(&mut record);
        record
    }

    /// The records of one patient of center C1, with one to three infusions.
    pub(crate) fn patient(&mut self) -> Vec<Row> {
        let mut rows: Vec<Row> = Vec::new();
        for form in clinical::forms::ALL {
            let (id, _) = form_by_name(form.name).unwrap();
            let many = match (form.name, belonging(form)) {
                ("patient" | "center", _) => 1,
                ("product", _) => 3,
                ("infusion", _) => 1 + usize::from(self.random.chance(30)),
                ("laboratory", _) => self.random.below(40),
                ("medication", _) => self.random.below(14),
                (_, Belonging::Center) => self.random.below(2),
                _ if measures::fields::is_single(form) => usize::from(self.random.chance(85)),
                _ => self.random.below(6),
            };
            for running in 1..=many {
                let record = self.record(form, running as i32);
                if rows.iter().any(|r| r.form == id && r.record.key() == record.key()) {
                    continue;
                }
                let mut derived = Vec::new();
                for name in measures::fields::derived(form) {
                    let place = form.field(name).unwrap().0 as u16;
                    let grade = ["0", "1", "2", "3", "4", "CR", "PD"][self.random.below(7)];
                    derived.push((place, self.random.chance(80).then(|| grade.to_owned())));
                }
                rows.push(Row { form: id, record_id: format!("{}-{running}", form.name), record, derived });
            }
        }
        rows
    }
}
