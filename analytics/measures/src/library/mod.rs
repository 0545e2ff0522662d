//! A guideline: its files read, its clauses checked.

mod family;
mod faults;
mod load;
mod measures;
mod shared;
mod texts;

pub use faults::{FileFault, LoadError};
pub use texts::Texts as ClauseTexts;

use crate::file::{Absence, Class, Evidence, Level, ParameterValue, Provenance, Texts};
use crate::ir::{Bool, Day, FormId, Number};
use chrono::NaiveDate;
use std::path::Path;

/// A guideline edition with its measures.
#[derive(Debug, Clone)]
pub struct Guideline {
    /// Name of its folder.
    pub id: String,
    /// What results name as the version they were judged by.
    pub rule_version: String,
    /// First day on which infusions are judged by it; `None`: from the beginning.
    pub in_force_from: Option<NaiveDate>,
    /// Title.
    pub title: Texts,
    /// SHA-256 over the lines `name sha256\n` of its files in order of name.
    pub sha256: String,
    /// Its measures, in the order of the files.
    pub measures: Vec<Measure>,
    /// Every parameter: those of the guideline, then those of each measure.
    pub parameters: Vec<Parameter>,
    /// Definitions without arguments, in an order in which each uses earlier ones only.
    pub shared: Vec<Shared>,
    /// What may end a follow-up.
    pub ends: Vec<End>,
    /// What the absence of rows means, by form.
    pub absence: Vec<Absence>,
    /// Texts of the clauses, to which their spans refer.
    pub texts: ClauseTexts,
    /// Parameters, definitions and lists of `common.toml` that nothing uses.
    pub warnings: Vec<FileFault>,
}

/// A choice the guideline leaves open.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// Name.
    pub name: String,
    /// The measure it belongs to; `None`: every measure that uses it.
    pub measure: Option<String>,
    /// Unit; `choice` for readings.
    pub unit: Option<String>,
    /// Default.
    pub default: ParameterValue,
    /// Other readings, shown beside the result.
    pub alternatives: Vec<ParameterValue>,
    /// What it is.
    pub note: Texts,
}

impl Parameter {
    /// The name by which a run sets it: `name`, or `MEASURE.name`.
    pub fn full_name(&self) -> String {
        self.measure.as_ref().map_or_else(|| self.name.clone(), |measure| format!("{measure}.{}", self.name))
    }

    /// Why a value is not accepted, if it is not.
    pub fn refusal(&self, value: &ParameterValue) -> Option<String> {
        match (self.unit.as_deref(), value) {
            (Some("choice"), ParameterValue::Choice(choice)) => {
                let known = std::iter::once(&self.default).chain(&self.alternatives);
                let known: Vec<String> = known.map(ParameterValue::text).collect();
                (!known.contains(choice)).then(|| format!("expected one of {}", known.join(", ")))
            }
            (Some("choice"), ParameterValue::Number(_)) => Some("expected the name of a reading".to_owned()),
            (Some("d" | "mo" | "h" | "min"), ParameterValue::Number(n)) => {
                let whole = n.fract() == 0.0 && (-36_500.0..=36_500.0).contains(n);
                (!whole).then(|| "expected a whole number from -36500 to 36500".to_owned())
            }
            (_, ParameterValue::Number(n)) => (!n.is_finite()).then(|| "expected a number".to_owned()),
            (_, ParameterValue::Choice(_)) => Some("expected a number".to_owned()),
        }
    }
}

/// A definition without arguments.
#[derive(Debug, Clone)]
pub struct Shared {
    /// Name.
    pub name: String,
    /// What it is, in words.
    pub note: Texts,
    /// What it is.
    pub value: SharedClause,
    /// Parameters it uses, also through other definitions.
    pub parameters: Vec<usize>,
}

/// The clause of a shared definition.
#[derive(Debug, Clone)]
pub enum SharedClause {
    /// A condition.
    Bool(Bool),
    /// A number.
    Number(Number),
    /// A day.
    Day(Day),
}

/// What may end a follow-up.
#[derive(Debug, Clone)]
pub struct End {
    /// Id.
    pub id: String,
    /// The day it happened.
    pub day: Day,
    /// The reason as reports print it.
    pub reason: Texts,
}

/// Why an infusion of the population is left out.
#[derive(Debug, Clone)]
pub struct Exclusion {
    /// Name of the reason.
    pub id: String,
    /// When it holds.
    pub when: Bool,
    /// The reason as reports print it.
    pub reason: Texts,
}

/// A value shown beside the verdict.
#[derive(Debug, Clone)]
pub struct Shown {
    /// Name.
    pub name: String,
    /// The value.
    pub value: Number,
    /// Its unit; empty for a bare number, `d` and `h` for lengths of time.
    pub unit: String,
    /// What it is.
    pub label: Texts,
}

/// One measure.
#[derive(Debug, Clone)]
pub struct Measure {
    /// Stable id.
    pub id: String,
    /// The file it stands in.
    pub file: String,
    /// Codes of the diseases it is about; empty: every disease.
    pub disease: Vec<&'static str>,
    /// Sections of the guideline.
    pub section: Vec<String>,
    /// Level.
    pub level: Option<Level>,
    /// Level as printed, when one word does not say it.
    pub level_as_printed: Option<String>,
    /// Evidence class.
    pub evidence: Option<Evidence>,
    /// What it may be used for.
    pub class: Class,
    /// Where it comes from.
    pub provenance: Provenance,
    /// Strength of the wording.
    pub wording: Option<String>,
    /// Whether it belongs to the core set.
    pub core: bool,
    /// Title.
    pub title: Texts,
    /// What is asked for.
    pub text: Texts,
    /// What to know when reading its result.
    pub remarks: Option<Texts>,
    /// What is judged; `None` for a measure that cannot be computed from the forms.
    pub rule: Option<Rule>,
    /// Why it cannot be computed.
    pub not_computable: Option<Texts>,
    /// Parameters used, also through definitions.
    pub parameters: Vec<usize>,
    /// Fields used, as form and field name.
    pub elements: Vec<(FormId, String)>,
}

/// The clauses of a measure.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Which infusions it is about; `None`: all of the disease.
    pub population: Option<Bool>,
    /// Why an infusion is left out.
    pub exclusions: Vec<Exclusion>,
    /// What meets it.
    pub numerator: Bool,
    /// What ends the follow-up: numbers of [`Guideline::ends`].
    pub ends: Vec<usize>,
    /// Values shown.
    pub shown: Vec<Shown>,
}

impl Guideline {
    /// A guideline from a folder with `guideline.toml`, `common.toml` and files of measures.
    ///
    /// # Errors
    ///
    /// [`LoadError`] with every fault of every file.
    pub fn from_folder(folder: &Path) -> Result<Self, LoadError> {
        let unreadable = |path: &Path| {
            let path = path.display().to_string();
            move |source| LoadError::Unreadable { path, source }
        };
        let mut paths = Vec::new();
        for entry in std::fs::read_dir(folder).map_err(unreadable(folder))? {
            let path = entry.map_err(unreadable(folder))?.path();
            if path.extension().is_some_and(|e| e == "toml") {
                paths.push(path);
            }
        }
        paths.sort();
        let mut files = Vec::new();
        for path in paths {
            let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
            files.push((name, std::fs::read_to_string(&path).map_err(unreadable(&path))?));
        }
        let full = std::path::absolute(folder).unwrap_or_else(|_| folder.to_path_buf());
        let id = full.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        Self::from_files(&id, &files)
    }

    /// A guideline from files by name.
    ///
    /// # Errors
    ///
    /// [`LoadError::Faults`] with every fault of every file.
    pub fn from_files(id: &str, files: &[(String, String)]) -> Result<Self, LoadError> {
        load::load(id, files).map_err(LoadError::Faults)
    }

    /// The measure with this id.
    pub fn measure(&self, id: &str) -> Option<&Measure> {
        self.measures.iter().find(|m| m.id == id)
    }

    /// The text of a part of a clause, on one line.
    pub fn text_of(&self, span: crate::syntax::Span) -> String {
        self.texts.slice(span)
    }

    /// The parameter a run calls by this name.
    pub fn parameter(&self, full_name: &str) -> Option<usize> {
        self.parameters.iter().position(|p| p.full_name() == full_name)
    }
}
