//! One measure: a statement of the guideline that a center can be judged by.

use clinical::Language;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A text in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Texts {
    /// English.
    pub en: String,
    /// Chinese.
    pub zh: String,
}

impl Texts {
    /// The text in a language.
    pub fn get(&self, language: Language) -> &str {
        match language {
            Language::En => &self.en,
            Language::Zh => &self.zh,
        }
    }
}

/// Recommendation level, where one is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Level {
    /// Level I.
    I,
    /// Level II.
    #[serde(rename = "II")]
    Ii,
    /// Level III.
    #[serde(rename = "III")]
    Iii,
}

impl Level {
    /// As printed.
    pub fn code(self) -> &'static str {
        match self {
            Self::I => "I",
            Self::Ii => "II",
            Self::Iii => "III",
        }
    }
}

/// Evidence class, where one is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Evidence {
    /// Class 1A.
    #[serde(rename = "1A")]
    OneA,
    /// Class 1B.
    #[serde(rename = "1B")]
    OneB,
    /// Class 2A.
    #[serde(rename = "2A")]
    TwoA,
    /// Class 2B.
    #[serde(rename = "2B")]
    TwoB,
    /// Class 3.
    #[serde(rename = "3")]
    Three,
}

/// What a measure may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Class {
    /// Normative: a printed level, or words such as must and prohibited. Only these enter the headline score.
    N,
    /// A statement of the guideline without a printed level; shown as secondary.
    U,
    /// Descriptive: may, consider, pay attention.
    D,
    /// Reconstructed from the cited reference.
    R,
    /// External to the guideline.
    X,
}

impl Class {
    /// Its letter.
    pub fn code(self) -> &'static str {
        match self {
            Self::N => "N",
            Self::U => "U",
            Self::D => "D",
            Self::R => "R",
            Self::X => "X",
        }
    }
}

/// Where a statement comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Provenance {
    /// Printed in the guideline.
    Seed,
    /// Rebuilt from the reference the guideline cites.
    Reconstructed,
    /// Not in the guideline.
    External,
}

/// Unit of a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Whole calendar days.
    Days,
    /// One of the readings of a wording: `restarts_interval`, `meets`.
    Reading,
}

/// Value of a parameter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// A number in the parameter's unit.
    Number(i32),
    /// A reading.
    Reading(String),
}

impl Value {
    /// As text.
    pub fn text(&self) -> String {
        match self {
            Self::Number(n) => n.to_string(),
            Self::Reading(r) => r.clone(),
        }
    }
}

/// The reading by which a repeated course only starts the interval anew.
pub const RESTARTS_INTERVAL: &str = "restarts_interval";
/// The reading by which a repeated course meets the measure.
pub const MEETS: &str = "meets";

impl Unit {
    /// Whether a value is of this unit.
    pub fn accepts(self, value: &Value) -> bool {
        match (self, value) {
            (Self::Days, Value::Number(days)) => (0..=3650).contains(days),
            (Self::Reading, Value::Reading(reading)) => {
                [RESTARTS_INTERVAL, MEETS].contains(&reading.as_str())
            }
            _ => false,
        }
    }

    /// What it accepts, in words.
    pub fn expected(self) -> &'static str {
        match self {
            Self::Days => "whole days from 0 to 3650",
            Self::Reading => "restarts_interval or meets",
        }
    }
}

/// A choice a measure leaves open, with its default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameter {
    /// Unit.
    pub unit: Unit,
    /// Used unless the run says otherwise.
    pub default: Value,
    /// Other readings of the guideline, shown beside the result.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alternatives: Vec<Value>,
    /// What it is.
    pub note: Texts,
}

/// A day the registry knows of an infusion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Anchor {
    /// Day of the last dose of the last course of lymphodepletion before the infusion.
    LymphodepletionEnd,
    /// Day of the infusion.
    Infusion,
}

/// An interval between two anchors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DaysBetween {
    /// Where it starts.
    pub from: Anchor,
    /// Where it ends.
    pub to: Anchor,
}

/// What meets a measure: an interval within bounds. Bounds are names of parameters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Numerator {
    /// The interval, in calendar days.
    pub days_between: DaysBetween,
    /// Least interval, inclusive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<String>,
    /// Greatest interval, inclusive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<String>,
    /// How a repeated course is read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub or_repeated_course: Option<String>,
}

/// Whom a measure is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Population {
    /// Code of the disease.
    pub disease: String,
}

/// One measure, as its file states it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measure {
    /// Stable id.
    pub id: String,
    /// Section of the guideline.
    pub section: String,
    /// Recommendation level, when printed.
    #[serde(default)]
    pub level: Option<Level>,
    /// Evidence class, when printed.
    #[serde(default)]
    pub evidence: Option<Evidence>,
    /// What it may be used for.
    pub class: Class,
    /// Where it comes from.
    pub provenance: Provenance,
    /// The normative word, when there is no level.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wording: Option<String>,
    /// Title.
    pub title: Texts,
    /// What is asked for.
    pub text: Texts,
    /// What to know when reading its result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remarks: Option<Texts>,
    /// Whom it is about.
    pub population: Population,
    /// What meets it.
    pub numerator: Numerator,
    /// The choices it leaves open.
    #[serde(default)]
    pub parameters: BTreeMap<String, Parameter>,
}

/// The values of a measure's parameters in one run.
pub type Settings = BTreeMap<String, Value>;

/// A measure's window in one run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Least interval, days.
    pub at_least: Option<i32>,
    /// Greatest interval, days.
    pub at_most: Option<i32>,
    /// Whether a repeated course meets the measure whatever the interval.
    pub repeated_course_meets: bool,
}

impl Window {
    /// Whether an interval lies within the bounds.
    pub fn contains(&self, days: i32) -> bool {
        self.at_least.is_none_or(|least| days >= least) && self.at_most.is_none_or(|most| days <= most)
    }

    /// Whether no interval can.
    pub fn is_impossible(&self) -> bool {
        matches!((self.at_least, self.at_most), (Some(least), Some(most)) if most < least)
    }
}

impl Measure {
    /// The defaults of its parameters.
    pub fn defaults(&self) -> Settings {
        self.parameters.iter().map(|(name, p)| (name.clone(), p.default.clone())).collect()
    }

    /// The window under the given values of its parameters; what is not given takes its default.
    pub fn window(&self, settings: &Settings) -> Window {
        let value = |name: &Option<String>| {
            let name = name.as_ref()?;
            settings.get(name).or_else(|| self.parameters.get(name).map(|p| &p.default))
        };
        let days = |name: &Option<String>| match value(name) {
            Some(Value::Number(days)) => Some(*days),
            _ => None,
        };
        let reading = value(&self.numerator.or_repeated_course);
        Window {
            at_least: days(&self.numerator.at_least),
            at_most: days(&self.numerator.at_most),
            repeated_course_meets: matches!(reading, Some(Value::Reading(r)) if r == MEETS),
        }
    }
}
