//! LAB: results as the laboratory of the center reports them.

use super::{Book, Course};
use crate::random::rounded;
use chrono::NaiveDate;
use clinical::codes::PatientId;
use clinical::codes::events::{LabValue, SequenceNumber};
use clinical::forms::laboratory::{Comparator, LaboratoryResult, ResultCode};
use clinical::lab::{Analyte, Specimen, Unit};
use clinical::record::Missing;
use std::collections::HashSet;

/// The habits of a laboratory: which of two usual units it reports in, analyte by analyte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Habits(u64);

impl Habits {
    pub(crate) fn new(bits: u64) -> Self {
        Self(bits)
    }

    /// Unit, decimals, and specimen of an analyte. The canonical unit is the more frequent one.
    pub(crate) fn of(self, analyte: Analyte) -> Option<(Unit, i32, Specimen)> {
        use Specimen::{Blood, Plasma, Serum};
        // Place of the habit, the usual unit with its decimals, another one with its own.
        let (place, usual, other, specimen) = match analyte {
            Analyte::Anc | Analyte::Alc | Analyte::Wbc => (0, (Unit::TenTo9PerL, 2), (Unit::PerUl, 0), Blood),
            Analyte::Plt => (1, (Unit::TenTo9PerL, 0), (Unit::TenTo3PerUl, 0), Blood),
            Analyte::Hb => (2, (Unit::GPerL, 0), (Unit::GPerDl, 1), Blood),
            Analyte::Crp => (3, (Unit::MgPerL, 1), (Unit::MgPerDl, 2), Serum),
            Analyte::Ferritin => (4, (Unit::UgPerL, 0), (Unit::NgPerMl, 0), Serum),
            Analyte::Ldh | Analyte::Alt | Analyte::Ast => (5, (Unit::UPerL, 0), (Unit::IuPerL, 0), Serum),
            Analyte::Creatinine => (6, (Unit::UmolPerL, 0), (Unit::MgPerDl, 2), Serum),
            Analyte::BilirubinTotal => (6, (Unit::UmolPerL, 1), (Unit::MgPerDl, 2), Serum),
            Analyte::Fibrinogen => (7, (Unit::GPerL, 2), (Unit::MgPerDl, 0), Plasma),
            Analyte::DDimer => (8, (Unit::MgPerLFeu, 2), (Unit::UgPerLFeu, 0), Plasma),
            Analyte::IgG | Analyte::IgA | Analyte::IgM => (9, (Unit::GPerL, 2), (Unit::MgPerDl, 0), Serum),
            Analyte::Cd4 | Analyte::Cd19 => (10, (Unit::PerUl, 0), (Unit::TenTo9PerL, 3), Blood),
            Analyte::Il6 => (11, (Unit::NgPerL, 1), (Unit::PgPerMl, 1), Serum),
            Analyte::Calcium => (12, (Unit::MmolPerL, 2), (Unit::MgPerDl, 1), Serum),
            Analyte::Triglycerides => (12, (Unit::MmolPerL, 2), (Unit::MgPerDl, 0), Serum),
            Analyte::NtProBnp => (11, (Unit::NgPerL, 0), (Unit::PgPerMl, 0), Serum),
            Analyte::HbvDna => (13, (Unit::IuPerMl, 0), (Unit::IuPerMl, 0), Serum),
            Analyte::B2m => (13, (Unit::MgPerL, 2), (Unit::MgPerL, 2), Serum),
            Analyte::Pt => (13, (Unit::Second, 1), (Unit::Second, 1), Plasma),
            _ => return None,
        };
        // Two bits each: the other unit in one laboratory of four.
        let ((unit, decimals), specimen) =
            (if (self.0 >> (2 * place)).is_multiple_of(4) { other } else { usual }, specimen);
        Some((unit, decimals, specimen))
    }
}

/// What a laboratory found.
#[derive(Clone, Copy)]
enum Found {
    Value(f64),
    Below(f64),
    Code(ResultCode),
}

/// The results of a course; one of each analyte a day.
pub(crate) struct Sheet {
    patient_id: PatientId,
    habits: Habits,
    taken: HashSet<(Analyte, NaiveDate)>,
    day0: NaiveDate,
    rows: Vec<LaboratoryResult>,
}

impl Sheet {
    pub(crate) fn new(c: &Course) -> Self {
        let habits = c.b.site.equipment.habits;
        Self { patient_id: c.patient(), habits, taken: HashSet::new(), day0: c.day0, rows: Vec::new() }
    }

    /// A number in the canonical unit, reported in the unit of the laboratory; returns the canonical value of what was reported.
    pub(crate) fn value(&mut self, day: i32, analyte: Analyte, canonical: f64) -> Option<f64> {
        self.row(day, analyte, Found::Value(canonical))
    }

    /// A result below a limit in the canonical unit.
    pub(crate) fn below(&mut self, day: i32, analyte: Analyte, limit: f64) {
        self.row(day, analyte, Found::Below(limit));
    }

    /// A qualitative result in serum.
    pub(crate) fn code(&mut self, day: i32, analyte: Analyte, positive: bool) {
        let code = if positive { ResultCode::Positive } else { ResultCode::Negative };
        self.row(day, analyte, Found::Code(code));
    }

    fn row(&mut self, day: i32, analyte: Analyte, result: Found) -> Option<f64> {
        let date = crate::after(self.day0, day);
        if !self.taken.insert((analyte, date)) {
            return None;
        }
        let (unit, decimals, specimen) = match result {
            Found::Code(_) => (None, 0, Specimen::Serum),
            _ => {
                self.habits.of(analyte).map(|(unit, decimals, specimen)| (Some(unit), decimals, specimen))?
            }
        };
        let reported = |canonical: f64| {
            let value = analyte.from_canonical(canonical, unit?).ok()?;
            LabValue::new(rounded(value, decimals))
        };
        let (value, comparator, result_code) = match result {
            Found::Value(canonical) => (Some(reported(canonical)?), None, None),
            Found::Below(limit) => (Some(reported(limit)?), Some(Comparator::Below), None),
            Found::Code(code) => (None, None, Some(code)),
        };
        self.rows.push(LaboratoryResult {
            patient_id: self.patient_id.clone(),
            analyte,
            specimen,
            collected_date: date,
            sequence_number: SequenceNumber::new(1)?,
            collected_time: None,
            value,
            unit,
            comparator,
            result_code,
            ref_low: None,
            ref_high: None,
            lloq: None,
            method: None,
            flag: None,
            canonical_value: None,
            missing: Missing::default(),
        });
        value.zip(unit).and_then(|(v, u)| analyte.to_canonical(v.get(), u).ok())
    }

    /// The records, by day.
    pub(crate) fn write(mut self, book: &mut Book) {
        self.rows.sort_by_key(|row| row.collected_date);
        for row in self.rows {
            book.put(row);
        }
    }
}
