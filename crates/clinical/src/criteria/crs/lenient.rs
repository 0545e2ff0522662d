//! Reading what centers write: yes/no in words, codes under their usual names, hard ranges.

use super::super::case::Fault;
use super::super::compare::same;
use crate::field::{Cell, FieldValue, Kind};
use serde::Deserializer;
use serde::de::{Error, Visitor};
use std::fmt;
use std::marker::PhantomData;

/// Reads true, false, "Y", "N", or "UNK" and the other missing codes, which are absent.
///
/// # Errors
/// When it is none of these.
pub(crate) fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    struct Flag;
    impl<'de> Visitor<'de> for Flag {
        type Value = Option<bool>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("true, false, \"Y\", \"N\" or \"UNK\"")
        }
        fn visit_bool<E>(self, holds: bool) -> Result<Self::Value, E> {
            Ok(Some(holds))
        }
        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(None)
        }
        fn visit_none<E>(self) -> Result<Self::Value, E> {
            Ok(None)
        }
        fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
            deserializer.deserialize_any(self)
        }
        fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
            let is = |words: &[&str]| words.iter().any(|word| word.eq_ignore_ascii_case(text));
            if is(&["Y", "YES", "TRUE"]) {
                Ok(Some(true))
            } else if is(&["N", "NO", "FALSE"]) {
                Ok(Some(false))
            } else if is(&["UNK", "UNKNOWN", "NK", "ND", "NA", "PEND"]) {
                Ok(None)
            } else {
                Err(E::invalid_value(serde::de::Unexpected::Str(text), &self))
            }
        }
    }
    deserializer.deserialize_any(Flag)
}

/// Upper case, with `_` between words.
pub(crate) fn plain(text: &str) -> String {
    text.trim().to_ascii_uppercase().replace([' ', '-'], "_")
}

/// The value of a value set that `text` means: an alias (in the form of [`plain`]), or the code or English label in any case.
///
/// # Errors
/// What would be accepted.
pub(crate) fn code<T: FieldValue>(text: &str, aliases: &[(&str, &'static str)]) -> Result<T, String> {
    let Kind::Coded(set) = T::KIND else { return Err("not a coded field".to_owned()) };
    let wanted = plain(text);
    let found = aliases.iter().find(|(alias, _)| *alias == wanted).map(|(_, code)| *code);
    let found = found.or_else(|| set.find_lenient(text.trim()));
    found.and_then(|code| T::from_cell(&Cell::Code(code))).ok_or_else(|| set.refusal(text))
}

/// A value set with the names it also goes by.
pub(crate) trait Aliased: FieldValue {
    /// Other names, in the form of [`plain`], and their codes.
    const ALIASES: &'static [(&'static str, &'static str)];
    /// What `true` and `false` mean, when they mean something.
    const FLAGS: (Option<&'static str>, Option<&'static str>) = (None, None);
}

/// Reads a code, one of its aliases, or null.
///
/// # Errors
/// When it is none of these.
pub(crate) fn aliased<'de, D: Deserializer<'de>, T: Aliased>(deserializer: D) -> Result<Option<T>, D::Error> {
    struct Reader<T>(PhantomData<T>);
    impl<'de, T: Aliased> Visitor<'de> for Reader<T> {
        type Value = Option<T>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(&T::KIND.expected())
        }
        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(None)
        }
        fn visit_none<E>(self) -> Result<Self::Value, E> {
            Ok(None)
        }
        fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
            deserializer.deserialize_any(self)
        }
        fn visit_bool<E: Error>(self, present: bool) -> Result<Self::Value, E> {
            let code = if present { T::FLAGS.0 } else { T::FLAGS.1 };
            code.and_then(|code| T::from_cell(&Cell::Code(code)))
                .map(Some)
                .ok_or_else(|| E::invalid_type(serde::de::Unexpected::Bool(present), &self))
        }
        fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
            if ["UNK", "NK", "ND"].contains(&text) {
                return Ok(None);
            }
            code(text, T::ALIASES).map(Some).map_err(E::custom)
        }
    }
    deserializer.deserialize_any(Reader(PhantomData))
}

/// A value within its hard range, or a fault that names what was received.
///
/// # Errors
/// When it lies outside, or is not a number.
pub(crate) fn within(
    value: Option<f64>,
    (low, high, unit): (f64, f64, &str),
    pointer: impl FnOnce() -> String,
    hint: impl FnOnce(f64) -> Option<&'static str>,
) -> Result<Option<f64>, Fault> {
    match value {
        Some(x) if !(low..=high).contains(&x) => {
            let mut expected = format!("{low} to {high} {unit}");
            if let Some(hint) = hint(x) {
                expected.push_str("; ");
                expected.push_str(hint);
            }
            Err(Fault::new(pointer(), format!("{x} is not possible"), expected.trim_end().to_owned()))
        }
        other => Ok(other),
    }
}

/// One value from two fields of different units, the second already converted. Rounding in either unit is no contradiction.
///
/// # Errors
/// When they differ by more than 0.5 %.
pub(crate) fn either(
    first: Option<f64>,
    converted: Option<f64>,
    pointer: impl FnOnce() -> String,
) -> Result<Option<f64>, Fault> {
    match (first, converted) {
        (Some(a), Some(b)) if !same(a, b) && (a - b).abs() > 0.005 * a.abs().max(b.abs()) => Err(Fault::new(
            pointer(),
            format!("{a} and {b} are given for one value in two units"),
            "one of them, or two that agree",
        )),
        (a, b) => Ok(a.or(b)),
    }
}

/// How an unrecorded sign is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnreportedSigns {
    /// Not known: a grade that it could raise is not given.
    #[default]
    Unknown,
    /// Absent: the center records signs only when they are there.
    Absent,
}
