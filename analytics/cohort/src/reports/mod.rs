//! Reports: pure functions of a snapshot opened under a scope, a cohort definition and parameters.

pub(crate) mod assessments;
pub mod centers;
pub mod completeness;
pub mod counts;
pub mod covariates;
pub mod description;
pub mod estimates;
pub mod grouping;
pub mod head;
pub mod incidence;
pub mod kinetics;
pub mod mrd;
pub mod parameters;
pub mod response;
pub mod summary;
pub mod survival;
pub mod swimmer;
pub mod timepoints;
pub mod toxicity;

pub use head::{Engine, Head, SnapshotReference};

use crate::definition::CohortDefinition;
use crate::error::ReportError;
use crate::render::{Block, EstimateRow, Figure};
use crate::snapshot::Snapshot;
use clinical::Language;
use parameters::read;
use serde::Serialize;
use serde_json::Value;
use std::fmt;
use std::str::FromStr;

/// The reports there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ReportKind {
    /// Table one.
    Description,
    /// Time to event.
    Survival,
    /// Shares and rates.
    Incidence,
    /// Response.
    Response,
    /// Minimal residual disease.
    Mrd,
    /// Cumulative incidence, grades and onset of CRS and ICANS; drugs given.
    Toxicity,
    /// Kinetics of CAR-T cells.
    Kinetics,
    /// Blood counts and their recovery.
    Counts,
    /// The course of each subject.
    Swimmer,
    /// Completeness of follow-up.
    FollowUp,
    /// Centers compared.
    Centers,
    /// Adherence to the guideline.
    Adherence,
}

impl ReportKind {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Description,
        Self::Survival,
        Self::Incidence,
        Self::Response,
        Self::Mrd,
        Self::Toxicity,
        Self::Kinetics,
        Self::Counts,
        Self::Swimmer,
        Self::FollowUp,
        Self::Centers,
        Self::Adherence,
    ];

    /// The name in paths, parameters and results.
    pub fn name(self) -> &'static str {
        match self {
            Self::Description => "description",
            Self::Survival => "survival",
            Self::Incidence => "incidence",
            Self::Response => "response",
            Self::Mrd => "mrd",
            Self::Toxicity => "toxicity",
            Self::Kinetics => "kinetics",
            Self::Counts => "counts",
            Self::Swimmer => "swimmer",
            Self::FollowUp => "follow_up",
            Self::Centers => "centers",
            Self::Adherence => "adherence",
        }
    }

    /// The title.
    pub fn title(self, language: Language) -> &'static str {
        let (en, zh) = match self {
            Self::Description => ("Description of the cohort", "队列描述"),
            Self::Survival => ("Time to event", "至事件时间"),
            Self::Incidence => ("Incidence", "发生率"),
            Self::Response => ("Response", "疗效"),
            Self::Mrd => ("Minimal residual disease", "微小残留病"),
            Self::Toxicity => ("CRS and ICANS after infusion", "回输后CRS与ICANS"),
            Self::Kinetics => ("Kinetics of CAR-T cells", "CAR-T细胞动力学"),
            Self::Counts => ("Blood counts and recovery", "血细胞计数与恢复"),
            Self::Swimmer => ("Course of each subject", "各例病程"),
            Self::FollowUp => ("Completeness of follow-up", "随访完整性"),
            Self::Centers => ("Comparison of centers", "中心比较"),
            Self::Adherence => ("Adherence to the guideline", "指南依从性"),
        };
        crate::render::say(language, en, zh)
    }
}

/// Makes a report of this crate; `None` for adherence, which needs a guideline. `parameters` is a JSON object, or null for
/// the defaults.
///
/// # Errors
///
/// [`ReportError`]: the parameters with every fault at its JSON Pointer, or a snapshot that cannot be read.
pub fn run(
    kind: ReportKind,
    snapshot: &Snapshot,
    definition: &CohortDefinition,
    parameters: &Value,
) -> Result<Option<Report>, ReportError> {
    let report = match kind {
        ReportKind::Description => description::run(snapshot, definition, &read(parameters)?)?,
        ReportKind::Survival => survival::run(snapshot, definition, &read(parameters)?)?,
        ReportKind::Incidence => incidence::run(snapshot, definition, &read(parameters)?)?,
        ReportKind::Response => response::run(snapshot, definition, &read(parameters)?)?,
        ReportKind::Mrd => mrd::run(snapshot, definition, &read(parameters)?)?,
        ReportKind::Toxicity => toxicity::run(snapshot, definition, &read(parameters)?)?,
        ReportKind::Kinetics => kinetics::run(snapshot, definition, &read(parameters)?)?,
        ReportKind::Counts => counts::run(snapshot, definition, &read(parameters)?)?,
        ReportKind::Swimmer => swimmer::run(snapshot, definition, &read(parameters)?)?,
        ReportKind::FollowUp => completeness::run(snapshot, definition, &read(parameters)?)?,
        ReportKind::Centers => centers::run(snapshot, definition, &read(parameters)?)?,
        ReportKind::Adherence => return Ok(None),
    };
    Ok(Some(report))
}

impl fmt::Display for ReportKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for ReportKind {
    type Err = ReportError;

    fn from_str(text: &str) -> Result<Self, ReportError> {
        Self::ALL.into_iter().find(|kind| kind.name() == text.replace('-', "_")).ok_or_else(|| {
            ReportError::UnknownReport {
                received: text.chars().take(80).collect(),
                expected: Self::ALL.map(Self::name).join(", "),
            }
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
