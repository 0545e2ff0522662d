//! Laboratory analytes: their units with exact conversions, their possible and plausible ranges, and what a strange value probably meant.
//!
//! The table is [`Analyte::info`]; ranges and LOINC codes follow catalogue G5, conversions E3. Nothing here knows a patient: a value
//! is judged against the analyte alone.

mod analyte;
mod plausible;
mod unit;

pub use analyte::{Analyte, AnalyteInfo, Confidence, Loinc, Scale, Specimen, SpecimenGroup};
pub use plausible::{Judgement, hint, judge};
pub use unit::{Conversion, Unit};

use std::fmt;

/// The unit does not belong to the analyte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ForeignUnit {
    /// The analyte.
    pub analyte: Analyte,
    /// The unit that was given.
    pub unit: Unit,
}

impl fmt::Display for ForeignUnit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (code, unit) = (self.analyte.code(), self.unit.code());
        write!(f, "{unit} is not a unit of {code}: {}", self.analyte.accepted_units())
    }
}

impl std::error::Error for ForeignUnit {}

impl Analyte {
    /// The unit in which values are compared; `None` for results that are codes only.
    pub fn canonical_unit(self) -> Option<Unit> {
        self.info().scale.units.first().map(|c| c.unit)
    }

    /// The conversion of an accepted unit.
    pub fn conversion(self, unit: Unit) -> Option<&'static Conversion> {
        self.info().scale.units.iter().find(|c| c.unit == unit)
    }

    /// `value` in `unit`, expressed in the canonical unit.
    ///
    /// # Errors
    /// [`ForeignUnit`] when the analyte is not measured in `unit`.
    pub fn to_canonical(self, value: f64, unit: Unit) -> Result<f64, ForeignUnit> {
        self.conversion(unit).map(|c| c.to_canonical(value)).ok_or(ForeignUnit { analyte: self, unit })
    }

    /// `value` in the canonical unit, expressed in `unit`.
    ///
    /// # Errors
    /// [`ForeignUnit`] when the analyte is not measured in `unit`.
    pub fn from_canonical(self, value: f64, unit: Unit) -> Result<f64, ForeignUnit> {
        self.conversion(unit).map(|c| c.from_canonical(value)).ok_or(ForeignUnit { analyte: self, unit })
    }

    /// The accepted units in words, canonical unit first.
    pub fn accepted_units(self) -> String {
        let units: Vec<&str> = self.info().scale.units.iter().map(|c| c.unit.code()).collect();
        if units.is_empty() {
            return "no unit, the result is a code".to_owned();
        }
        format!("one of {}", units.join(", "))
    }
}
