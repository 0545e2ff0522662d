//! How the members of a `visits` case are read.

use super::assess::{CarTResult, Ended};
use super::parameters::EndReason;
use crate::codes::YesNoUnknown;
use crate::criteria::case::Fault;
use crate::finding::echo;
use crate::partial_date::parse_day;
use chrono::NaiveDate;
use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::fmt;
use std::marker::PhantomData;

/// A day written `YYYY-MM-DD`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Day(pub(super) NaiveDate);

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        parse_day(&text).map(Self).ok_or_else(|| {
            D::Error::custom(format_args!("{:?} is not a day; expected YYYY-MM-DD", echo(&text)))
        })
    }
}

/// Yes or no as JSON boolean or as a code of `yes_no_unknown`; unknown is absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Flag(pub(super) Option<bool>);

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl Visitor<'_> for Either {
            type Value = Flag;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("true, false, \"Y\", \"N\" or \"UNK\"")
            }
            fn visit_bool<E: Error>(self, value: bool) -> Result<Flag, E> {
                Ok(Flag(Some(value)))
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Flag, E> {
                match YesNoUnknown::SET.find_lenient(text) {
                    Some("Y") => Ok(Flag(Some(true))),
                    Some("N") => Ok(Flag(Some(false))),
                    Some(_) => Ok(Flag(None)),
                    None => Err(E::custom(YesNoUnknown::SET.refusal(text))),
                }
            }
        }
        deserializer.deserialize_any(Either)
    }
}

/// One object or a list of them.
#[derive(Debug, Clone)]
pub(super) struct OneOrMany<T>(pub(super) Vec<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for OneOrMany<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Either<T> {
            type Value = OneOrMany<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object or a list of objects")
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(|one| OneOrMany(vec![one]))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Self::Value, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(list)).map(OneOrMany)
            }
        }
        deserializer.deserialize_any(Either(PhantomData))
    }
}

/// What ended the timetable.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) struct EndedInput {
    reason: EndReason,
    date: Day,
}

impl EndedInput {
    pub(super) fn ended(self) -> Ended {
        Ended { reason: self.reason, date: self.date.0 }
    }
}

/// A test for CAR-T cells: `value` in any unit, with the limit of detection `lod` in the same.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) struct CarTInput {
    #[serde(alias = "collected_date", alias = "sample_date")]
    pub(super) date: Day,
    #[serde(default, alias = "car_t", alias = "result")]
    value: Option<f64>,
    #[serde(default)]
    lod: Option<f64>,
    #[serde(default)]
    below_lod: Option<Flag>,
    #[serde(default)]
    below_lloq: Option<Flag>,
}

impl CarTInput {
    /// Zero is a value of zero or one below the limit of detection; below the limit of quantification alone does not tell.
    pub(super) fn result(self, index: usize) -> Result<CarTResult, Fault> {
        for (name, value) in [("value", self.value), ("lod", self.lod)] {
            if let Some(value) = value.filter(|v| !v.is_finite() || *v < 0.0) {
                let pointer = format!("/car_t_results/{index}/{name}");
                return Err(Fault::new(pointer, value.to_string(), "a number of 0 or more"));
            }
        }
        let flagged = self.below_lod.and_then(|flag| flag.0);
        let measured = match (self.value, self.lod) {
            (Some(value), Some(lod)) => Some(value < lod || value <= 0.0),
            (Some(value), None) if value <= 0.0 => Some(true),
            // Without a limit a low value may have been reported for "not detected" when it is flagged so.
            (Some(_), None) => flagged.or(Some(false)),
            (None, _) => None,
        };
        if let (Some(flagged), Some(measured)) = (flagged, measured)
            && flagged != measured
        {
            return Err(Fault::new(
                format!("/car_t_results/{index}/below_lod"),
                format!("{flagged}, while the value says {measured}"),
                "a flag that agrees with value and lod, or one of them absent",
            ));
        }
        let zero = measured.or(flagged);
        if zero.is_none() && self.below_lloq.is_none() {
            return Err(Fault::new(
                format!("/car_t_results/{index}"),
                "no result",
                "value, below_lod or below_lloq",
            ));
        }
        Ok(CarTResult { date: self.date.0, zero })
    }
}
