//! How flags and results are written in a case.

use crate::codes::assessment::PosNeg;
use crate::criteria::mrd::MrdTest;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// A flag as JSON boolean, text or nothing; `words` names the texts for true and false.
struct FlagVisitor {
    yes: &'static [&'static str],
    no: &'static [&'static str],
    expected: &'static str,
}

/// Codes for "there is no value" (catalogue G0).
const MISSING: &[&str] = &["UNK", "UNKNOWN", "NK", "NA", "ND", "PEND"];

impl<'de> Visitor<'de> for FlagVisitor {
    type Value = Option<bool>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expected)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Some(value))
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_none<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        let is = |words: &[&str]| words.iter().any(|word| word.eq_ignore_ascii_case(text));
        if is(self.yes) {
            Ok(Some(true))
        } else if is(self.no) {
            Ok(Some(false))
        } else if is(MISSING) {
            Ok(None)
        } else {
            Err(E::invalid_value(serde::de::Unexpected::Str(text), &self))
        }
    }
}

/// A bool3: JSON boolean, "Y", "N" or a code for a missing value.
pub(super) fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    deserializer.deserialize_any(FlagVisitor {
        yes: &["Y", "YES", "TRUE"],
        no: &["N", "NO", "FALSE"],
        expected: "true, false, \"Y\", \"N\" or \"UNK\"",
    })
}

/// A test that is positive or negative; `true` is positive.
pub(super) fn pos_neg<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<PosNeg>, D::Error> {
    let positive = deserializer.deserialize_any(FlagVisitor {
        yes: &["POS", "POSITIVE"],
        no: &["NEG", "NEGATIVE"],
        expected: "\"POS\", \"NEG\", true (positive), false or \"UNK\"",
    })?;
    Ok(positive.map(|p| if p { PosNeg::Positive } else { PosNeg::Negative }))
}

struct TestsVisitor;

impl<'de> Visitor<'de> for TestsVisitor {
    type Value = Vec<MrdTest>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an MRD test or a list of them")
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        MrdTest::deserialize(MapAccessDeserializer::new(map)).map(|test| vec![test])
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut tests = Vec::new();
        while let Some(test) = list.next_element()? {
            tests.push(test);
        }
        Ok(tests)
    }
}

/// One test or a list of tests.
pub(super) fn one_or_many<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<MrdTest>, D::Error> {
    deserializer.deserialize_any(TestsVisitor)
}
