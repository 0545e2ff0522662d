//! Reading what people write: flags in three forms, scores as numbers or text, two units of one quantity.

use crate::criteria::case::Fault;
use crate::criteria::compare::same;
use serde::de::{Deserializer, Error, Visitor};
use std::fmt;
use std::ops::RangeInclusive;

struct Flag;

impl Visitor<'_> for Flag {
    type Value = Option<bool>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("true, false, \"Y\", \"N\", \"UNK\" or null")
    }
    fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Some(value))
    }
    fn visit_str<E: Error>(self, value: &str) -> Result<Self::Value, E> {
        flag_of(value).ok_or_else(|| E::invalid_value(serde::de::Unexpected::Str(value), &self))
    }
    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
}

/// The flag that a text stands for: outer `None` when it is none, inner `None` when unknown.
#[expect(clippy::option_option, reason = "no flag, an unknown flag and a known flag are three things")]
pub(crate) fn flag_of(text: &str) -> Option<Option<bool>> {
    let is = |names: [&str; 3]| names.iter().any(|n| n.eq_ignore_ascii_case(text.trim()));
    if is(["Y", "YES", "true"]) {
        Some(Some(true))
    } else if is(["N", "NO", "false"]) {
        Some(Some(false))
    } else if is(["UNK", "NK", "UNKNOWN"]) {
        Some(None)
    } else {
        None
    }
}

/// A bool3 of the dictionary: JSON booleans or `"Y"`, `"N"`, `"UNK"`; unknown is absent.
pub(crate) fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    deserializer.deserialize_any(Flag)
}

/// Where in the case a value stands; becomes a JSON Pointer only when something is wrong.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) assessment: Option<usize>,
    pub(crate) row: Option<(&'a str, usize)>,
    /// The row is not one of a list but the member itself.
    pub(crate) alone: bool,
}

impl Place<'_> {
    pub(crate) fn pointer(&self, member: &str) -> String {
        let head = self.assessment.map_or_else(|| "/baseline".to_owned(), |i| format!("/assessments/{i}"));
        match self.row {
            Some((single, _)) if self.alone => format!("{head}/{single}/{member}"),
            Some((list, i)) => format!("{head}/{list}/{i}/{member}"),
            None => format!("{head}/{member}"),
        }
    }
}

/// A quantity with its hard range and, where people often use another unit, what it would fit.
pub(crate) struct Hard {
    pub(crate) member: &'static str,
    pub(crate) range: RangeInclusive<f64>,
    pub(crate) unit: &'static str,
    /// Factor from the other unit, its name and its member.
    pub(crate) other: Option<(f64, &'static str, &'static str)>,
}

impl Hard {
    /// The value when it lies within the hard range.
    ///
    /// # Errors
    /// Otherwise, with a hint when the value fits the other unit.
    pub(crate) fn check(&self, value: Option<f64>, place: &Place<'_>) -> Result<Option<f64>, Fault> {
        let Some(x) = value else { return Ok(None) };
        if self.range.contains(&x) {
            return Ok(Some(x + 0.0));
        }
        let (low, high) = (self.range.start(), self.range.end());
        let mut expected = format!("a number from {low} to {high} {}", self.unit);
        if let Some((factor, unit, member)) = self.other
            && self.range.contains(&(x * factor))
        {
            expected = format!("{expected}; {x} fits {unit}: give it as {member}");
        }
        Err(Fault::new(place.pointer(self.member), format!("{x} is out of range"), expected))
    }

    /// The value given in the main unit or in the other one.
    ///
    /// # Errors
    /// When it is out of range, or given in both units and not the same.
    pub(crate) fn either(
        &self,
        value: Option<f64>,
        in_other: Option<f64>,
        place: &Place<'_>,
    ) -> Result<Option<f64>, Fault> {
        let Some((factor, unit, member)) = self.other else { return self.check(value, place) };
        let converted = match in_other {
            None => None,
            Some(x) if self.range.contains(&(x * factor)) => Some(x * factor + 0.0),
            Some(x) => {
                let (low, high) = (self.range.start() / factor, self.range.end() / factor);
                let expected = format!("a number from {low} to {high} {unit}");
                return Err(Fault::new(place.pointer(member), format!("{x} is out of range"), expected));
            }
        };
        match (self.check(value, place)?, converted) {
            (Some(a), Some(b)) if !same(a, b) => Err(Fault::new(
                place.pointer(member),
                format!("{b} {} contradicts {} of {a}", self.unit, self.member),
                "one of the two, or the same quantity twice",
            )),
            (a, b) => Ok(a.or(b)),
        }
    }
}
