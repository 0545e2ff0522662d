//! What stands in the TOML files of a guideline. The JSON Schema for editors is generated from these types.

use clinical::Language;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use toml::Spanned;

/// A text in both languages, in the author's own words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
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

impl Evidence {
    /// As printed.
    pub fn code(self) -> &'static str {
        match self {
            Self::OneA => "1A",
            Self::OneB => "1B",
            Self::TwoA => "2A",
            Self::TwoB => "2B",
            Self::Three => "3",
        }
    }
}

/// What a measure may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum Class {
    /// Normative: a printed level, or must, should, prohibited, contraindicated, recommended. Enters the headline score.
    N,
    /// A statement without a printed level. Secondary.
    U,
    /// Descriptive, or worded may or consider. Never lowers a score.
    D,
    /// Reconstructed from a cited reference. Never lowers a score.
    R,
    /// External: not in the guideline. Never lowers a score.
    X,
}

impl Class {
    /// As written.
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

/// Where a measure comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Provenance {
    /// Printed in the guideline.
    Seed,
    /// Rebuilt from the reference the guideline cites.
    Reconstructed,
    /// Not in the guideline.
    External,
}

/// `guideline.toml`: what the folder is.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "guideline.toml")]
pub struct GuidelineFile {
    /// Id, the name of the folder.
    #[schemars(with = "String")]
    pub id: Spanned<String>,
    /// What results name as the version they were judged by.
    pub rule_version: String,
    /// First day on which infusions are judged by it, YYYY-MM-DD; absent: from the beginning.
    #[schemars(with = "Option<String>")]
    pub in_force_from: Option<Spanned<String>>,
    /// Title.
    pub title: Texts,
    /// Ids of the `[end.ID]`s of `common.toml` that end the follow-up of a measure which names none of its own.
    #[schemars(with = "Vec<String>")]
    pub ends_on: Spanned<Vec<String>>,
    /// What it means that a form has no row that fits, by form.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, Absence>")]
    pub absence: BTreeMap<Spanned<String>, Absence>,
}

/// What it means that a form has no row that fits a clause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Absence {
    /// It did not happen: the form is complete by itself.
    No,
    /// The records do not say.
    Unknown,
    /// It did not happen if the form has any row at all for this infusion or patient; else the records do not say.
    NoIfAnyRow,
    /// It did not happen if the form has any row, of whatever content, in the clause's window; else the records do not say.
    NoIfRowInWindow,
}

/// Unit of a parameter: `d`, `mo`, `h`, `min` for a length of time, `choice` for a reading, nothing or any other text for a number.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ParameterFile {
    /// `d`, `mo`, `h`, `min`; `choice`; a unit such as `10^9/L` or `%`; left out for a bare number.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub unit: Option<Spanned<String>>,
    /// Used unless the run says otherwise.
    #[schemars(with = "ParameterValue")]
    pub default: Spanned<ParameterValue>,
    /// Other readings of the guideline, or bounds worth reporting; shown beside the result.
    #[serde(default)]
    #[schemars(with = "Vec<ParameterValue>")]
    pub alternatives: Vec<Spanned<ParameterValue>>,
    /// What it is.
    pub note: Texts,
}

/// Value of a parameter.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum ParameterValue {
    /// A number in the parameter's unit.
    Number(f64),
    /// A reading.
    Choice(String),
}

impl Serialize for ParameterValue {
    /// A whole number without a decimal point.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Number(n) if n.fract() == 0.0 && n.abs() < 9e15 => serializer.serialize_i64(*n as i64),
            Self::Number(n) => serializer.serialize_f64(*n),
            Self::Choice(choice) => serializer.serialize_str(choice),
        }
    }
}

impl ParameterValue {
    /// As text.
    pub fn text(&self) -> String {
        match self {
            Self::Number(n) => n.to_string(),
            Self::Choice(c) => c.clone(),
        }
    }
}

/// A clause that several measures share.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DefinitionFile {
    /// The clause or value.
    #[schemars(with = "String")]
    pub is: Spanned<String>,
    /// Names that stand for what is written between the parentheses where it is used: `name(a, b)`.
    #[serde(default)]
    pub arguments: Vec<String>,
    /// What it is.
    pub note: Texts,
}

/// A list of codes that several measures share.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CodesFile {
    /// The codes.
    #[schemars(with = "Vec<String>")]
    pub codes: Vec<Spanned<String>>,
    /// What they have in common.
    pub note: Texts,
}

/// What ends the follow-up.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EndFile {
    /// The day it happened; no day where it did not.
    #[schemars(with = "String")]
    pub day: Spanned<String>,
    /// The reason as reports print it.
    pub reason: Texts,
}

/// `common.toml`: what the measures of a guideline share.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "common.toml")]
pub struct CommonFile {
    /// Parameters that several measures use.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, ParameterFile>")]
    pub parameter: BTreeMap<Spanned<String>, ParameterFile>,
    /// Clauses and values by name.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, DefinitionFile>")]
    pub define: BTreeMap<Spanned<String>, DefinitionFile>,
    /// Lists of codes by name.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, CodesFile>")]
    pub codes: BTreeMap<Spanned<String>, CodesFile>,
    /// What ends a follow-up, by name.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, EndFile>")]
    pub end: BTreeMap<Spanned<String>, EndFile>,
}

/// A reason why an infusion of the population is left out.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExclusionFile {
    /// Name of the reason in results.
    pub id: String,
    /// When it holds. It excludes only when the records show it.
    #[schemars(with = "String")]
    pub when: Spanned<String>,
    /// The reason as reports print it.
    pub reason: Texts,
}

/// A number or length of time shown beside the verdict.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShownFile {
    /// The value.
    #[schemars(with = "String")]
    pub is: Spanned<String>,
    /// What it is.
    pub label: Texts,
}

/// One measure, or one for each of `each` when that is given.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MeasureFile {
    /// Stable id: groups of capital letters and digits.
    #[schemars(with = "String")]
    pub id: Spanned<String>,
    /// Members of a family: in every text of the measure `{name}` becomes the member's value.
    #[serde(default)]
    #[schemars(with = "Vec<BTreeMap<String, ParameterValue>>")]
    pub each: Vec<BTreeMap<String, toml::Value>>,
    /// Codes of the diseases it is about; empty or left out: every disease.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub disease: Vec<Spanned<String>>,
    /// Sections of the guideline.
    #[schemars(with = "Vec<String>")]
    pub section: Spanned<Vec<String>>,
    /// Recommendation level, when printed.
    #[serde(default)]
    pub level: Option<Level>,
    /// The level as printed, when one word does not say it: "I; plain II".
    #[serde(default)]
    pub level_as_printed: Option<String>,
    /// Evidence class, when printed.
    #[serde(default)]
    pub evidence: Option<Evidence>,
    /// What it may be used for.
    pub class: Class,
    /// Where it comes from.
    pub provenance: Provenance,
    /// Strength of the wording when there is no level: must, should, need, recommended, suggested, may, consider, prohibited ...
    #[serde(default)]
    pub wording: Option<String>,
    /// Whether it belongs to the core set.
    #[serde(default)]
    pub core: bool,
    /// Title.
    pub title: Texts,
    /// What is asked for, in the author's own words.
    pub text: Texts,
    /// What to know when reading its result.
    #[serde(default)]
    pub remarks: Option<Texts>,
    /// Which infusions it is about, beyond the disease.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub population: Option<Spanned<String>>,
    /// Why an infusion of the population is left out.
    #[serde(default)]
    pub exclusions: Vec<ExclusionFile>,
    /// What meets it.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub numerator: Option<Spanned<String>>,
    /// What ends the follow-up, when other than the guideline's own list: ids of `[end.ID]`.
    #[serde(default)]
    #[schemars(with = "Option<Vec<String>>")]
    pub ends_on: Option<Spanned<Vec<String>>>,
    /// Values shown beside the verdict, by name.
    #[serde(default)]
    pub shown: BTreeMap<String, ShownFile>,
    /// The choices it leaves open, by name.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, ParameterFile>")]
    pub parameters: BTreeMap<Spanned<String>, ParameterFile>,
    /// Why it cannot be computed from the forms; it is then listed with this reason and has no numerator.
    #[serde(default)]
    pub not_computable: Option<Texts>,
}

/// A file of measures.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "measures")]
pub struct MeasuresFile {
    /// The measures.
    #[schemars(with = "Vec<MeasureFile>")]
    pub measure: Vec<Spanned<MeasureFile>>,
}
