//! Reports: pure functions of a snapshot opened under a scope, a cohort definition and parameters.

pub mod covariates;
pub mod estimates;
pub mod grouping;
pub mod head;
pub mod incidence;
pub mod parameters;
pub mod survival;
pub mod toxicity;

pub use head::{Engine, Head, SnapshotReference};

use crate::error::ReportError;
use crate::render::{Block, EstimateRow, Figure};
use clinical::Language;
use serde::Serialize;
use serde_json::Value;
use std::fmt;
use std::str::FromStr;

/// The reports there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ReportKind {
    /// Overall and progression-free survival.
    Survival,
    /// Cumulative incidence, grades and onset of CRS and ICANS; drugs given.
    Toxicity,
    /// One incidence rate.
    Incidence,
    /// Adherence to the guideline.
    Adherence,
}

impl ReportKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Survival, Self::Toxicity, Self::Incidence, Self::Adherence];

    /// The name in paths, parameters and results.
    pub fn name(self) -> &'static str {
        match self {
            Self::Survival => "survival",
            Self::Toxicity => "toxicity",
            Self::Incidence => "incidence",
            Self::Adherence => "adherence",
        }
    }

    /// The title.
    pub fn title(self, language: Language) -> &'static str {
        let (en, zh) = match self {
            Self::Survival => ("Overall and progression-free survival", "总生存与无进展生存"),
            Self::Toxicity => ("CRS and ICANS after infusion", "回输后CRS与ICANS"),
            Self::Incidence => ("Incidence rate", "发生率"),
            Self::Adherence => ("Adherence to the guideline", "指南依从性"),
        };
        crate::render::say(language, en, zh)
    }
}

impl fmt::Display for ReportKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for ReportKind {
    type Err = ReportError;

    fn from_str(text: &str) -> Result<Self, ReportError> {
        Self::ALL.into_iter().find(|kind| kind.name() == text).ok_or_else(|| ReportError::UnknownReport {
            received: text.chars().take(80).collect(),
            expected: Self::ALL.map(Self::name).join(", "),
        })
    }
}

/// What a report found, and how it shows it.
pub trait Body: fmt::Debug + Send + Sync {
    /// The typed result as JSON.
    ///
    /// # Errors
    ///
    /// Those of serialization.
    fn json(&self) -> Result<Value, serde_json::Error>;

    /// The estimates, one a row.
    fn estimates(&self) -> Vec<EstimateRow>;

    /// The readable tables.
    fn blocks(&self, language: Language) -> Vec<Block>;

    /// The curves, when the report has any.
    fn figure(&self, language: Language) -> Option<Figure>;
}

/// A finished report.
#[derive(Debug)]
pub struct Report {
    /// What it was made from, and its identity.
    pub head: Head,
    /// What it found.
    pub body: Box<dyn Body>,
}

impl Report {
    /// The whole report as JSON: the members of the head, then `result`.
    ///
    /// # Errors
    ///
    /// Those of serialization.
    pub fn to_json(&self) -> Result<Value, ReportError> {
        let mut document = serde_json::to_value(&self.head)?;
        let result = self.body.json()?;
        if let Value::Object(members) = &mut document {
            members.insert("result".to_owned(), result);
        }
        Ok(document)
    }
}
