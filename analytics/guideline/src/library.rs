//! Measure files: read from the program or from a folder, and checked.

use crate::measure::{Anchor, Class, Measure, Provenance, Texts, Unit};
use clinical::codes::Disease;
use cohort::digest::sha256;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::Path;
use toml::Spanned;

/// One fault of a measure file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileFault {
    /// Name of the file.
    pub file: String,
    /// Line, from 1; absent for the file as a whole.
    pub line: Option<usize>,
    /// Column, from 1.
    pub column: Option<usize>,
    /// The measure, when known.
    pub measure: Option<String>,
    /// What is wrong and what would be accepted.
    pub message: String,
}

impl fmt::Display for FileFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let (Some(line), Some(column)) = (self.line, self.column) {
            write!(f, ":{line}:{column}")?;
        }
        if let Some(measure) = &self.measure {
            write!(f, ": {measure}")?;
        }
        write!(f, ": {}", self.message)
    }
}

/// Why a guideline cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// No such guideline.
    #[error("there is no guideline `{received}`; expected one of {expected}")]
    Unknown {
        /// As asked for.
        received: String,
        /// Those there are.
        expected: String,
    },
    /// A file or folder cannot be read.
    #[error("{path} cannot be read: {source}")]
    Unreadable {
        /// Which.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// Faults of the files, all of them.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Faults(Vec<FileFault>),
}

/// A guideline edition with its measures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guideline {
    /// Name of its folder.
    pub id: String,
    /// What results name as the version they were judged by.
    pub rule_version: String,
    /// Title.
    pub title: Texts,
    /// Its measures, in the order of the files.
    pub measures: Vec<Measure>,
    /// SHA-256 over the lines `name sha256\n` of its files in order of name.
    pub sha256: String,
}

/// A guideline in the program: its id and its files by name.
type Embedded = (&'static str, &'static [(&'static str, &'static str)]);

/// The guidelines that come with the program.
const EMBEDDED: &[Embedded] = &[(
    "csco-car-t-2024",
    &[
        ("guideline.toml", include_str!("../../definitions/guidelines/csco-car-t-2024/guideline.toml")),
        ("infusion.toml", include_str!("../../definitions/guidelines/csco-car-t-2024/infusion.toml")),
    ],
)];

/// The guideline used unless a run asks for another.
pub const DEFAULT_GUIDELINE: &str = "csco-car-t-2024";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    id: Spanned<String>,
    rule_version: String,
    title: Texts,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MeasureFile {
    measure: Vec<Spanned<Measure>>,
}

impl Guideline {
    /// A guideline that comes with the program.
    ///
    /// # Errors
    ///
    /// [`LoadError::Unknown`] for an id there is none of.
    pub fn embedded(id: &str) -> Result<Self, LoadError> {
        let found = EMBEDDED.iter().find(|(known, _)| *known == id);
        let (id, files) = found.ok_or_else(|| LoadError::Unknown {
            received: id.chars().take(80).collect(),
            expected: EMBEDDED.iter().map(|(known, _)| *known).collect::<Vec<_>>().join(", "),
        })?;
        let files: Vec<(String, String)> =
            files.iter().map(|(n, t)| ((*n).to_owned(), (*t).to_owned())).collect();
        Self::from_files(id, &files)
    }

    /// A guideline from a folder with `guideline.toml` and one or more files of measures.
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
        let id = folder.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        Self::from_files(&id, &files)
    }

    /// A guideline from files by name.
    ///
    /// # Errors
    ///
    /// [`LoadError::Faults`] with every fault of every file.
    pub fn from_files(id: &str, files: &[(String, String)]) -> Result<Self, LoadError> {
        let mut faults = Vec::new();
        let mut head = None;
        let mut measures: Vec<Measure> = Vec::new();
        for (name, text) in files {
            if name == "guideline.toml" {
                match toml::from_str::<Head>(text) {
                    Ok(title) if title.id.get_ref() == id => head = Some(title),
                    Ok(title) => {
                        let message = format!(
                            "the id is `{}`, expected the name of the folder, `{id}`",
                            title.id.get_ref()
                        );
                        faults.push(at(name, text, Some(title.id.span().start), None, message));
                    }
                    Err(error) => faults.push(syntax(name, text, &error)),
                }
                continue;
            }
            match toml::from_str::<MeasureFile>(text) {
                Ok(file) => {
                    for measure in file.measure {
                        let start = measure.span().start;
                        let measure = measure.into_inner();
                        let mut report = |message: String| {
                            faults.push(at(name, text, Some(start), Some(&measure.id), message));
                        };
                        if measures.iter().any(|m| m.id == measure.id) {
                            report(
                                "another measure has this id; expected each id once in a guideline"
                                    .to_owned(),
                            );
                        }
                        check(&measure, &mut report);
                        measures.push(measure);
                    }
                }
                Err(error) => faults.push(syntax(name, text, &error)),
            }
        }
        let missing = head.is_none() && !faults.iter().any(|f| f.file == "guideline.toml");
        if missing {
            faults.push(at(
                "guideline.toml",
                "",
                None,
                None,
                "the file is missing; expected id, rule_version and title".to_owned(),
            ));
        }
        if measures.is_empty() && faults.is_empty() {
            faults.push(at(
                "guideline.toml",
                "",
                None,
                None,
                "the guideline has no measures; expected at least one".to_owned(),
            ));
        }
        match head {
            Some(head) if faults.is_empty() => {
                let lines: String = files
                    .iter()
                    .flat_map(|(n, t)| {
                        [
                            n.clone(),
                            " ".to_owned(),
                            sha256(t.as_bytes()),
                            "
"
                            .to_owned(),
                        ]
                    })
                    .collect();
                Ok(Self {
                    id: id.to_owned(),
                    rule_version: head.rule_version,
                    title: head.title,
                    measures,
                    sha256: sha256(lines.as_bytes()),
                })
            }
            _ => Err(LoadError::Faults(faults)),
        }
    }

    /// The measure with this id.
    pub fn measure(&self, id: &str) -> Option<&Measure> {
        self.measures.iter().find(|m| m.id == id)
    }
}

/// What the types cannot say.
fn check(measure: &Measure, report: &mut impl FnMut(String)) {
    let id_fits = measure.id.contains('-')
        && measure
            .id
            .split('-')
            .all(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()));
    if !id_fits {
        report(format!(
            "`{}` is not an id; expected groups of capital letters and digits, for example NHL-INF-01",
            measure.id
        ));
    }
    if !(measure.section.starts_with(|c: char| c.is_ascii_digit())
        && measure.section.chars().all(|c| c.is_ascii_digit() || c == '.'))
    {
        report(format!("section `{}` is not a section number; expected for example 1.6.2", measure.section));
    }
    let own = measure.provenance == Provenance::Seed;
    let class_of_provenance = match measure.class {
        Class::N | Class::U | Class::D => own,
        Class::R => measure.provenance == Provenance::Reconstructed,
        Class::X => measure.provenance == Provenance::External,
    };
    if !class_of_provenance {
        report("class and provenance do not fit; expected N, U or D with seed, R with reconstructed, X with external".to_owned());
    }
    if measure.class == Class::N && measure.level.is_none() && measure.wording.is_none() {
        report(
            "a normative measure (class N) has neither a level nor a wording; expected one of them"
                .to_owned(),
        );
    }
    if measure.class == Class::U && measure.level.is_some() {
        report("class U is for statements without a printed level; expected no level, or class N".to_owned());
    }
    if Disease::SET.find(&measure.population.disease).is_none() {
        let codes: Vec<&str> = Disease::SET.codes.iter().map(|c| c.code).collect();
        report(format!(
            "population.disease is `{}`; expected one of {}",
            measure.population.disease,
            codes.join(", ")
        ));
    }
    for (name, texts) in [("title", &measure.title), ("text", &measure.text)] {
        if texts.en.trim().is_empty() || texts.zh.trim().is_empty() {
            report(format!("{name} is empty in one language; expected English and Chinese"));
        }
    }
    check_numerator(measure, report);
}

fn check_numerator(measure: &Measure, report: &mut impl FnMut(String)) {
    let numerator = &measure.numerator;
    if (numerator.days_between.from, numerator.days_between.to)
        != (Anchor::LymphodepletionEnd, Anchor::Infusion)
    {
        report(
            "numerator.days_between runs backwards or nowhere; expected from lymphodepletion_end to infusion"
                .to_owned(),
        );
    }
    if numerator.at_least.is_none() && numerator.at_most.is_none() {
        report("the numerator has no bound and could not fail; expected at_least or at_most".to_owned());
    }
    let used = [
        ("at_least", &numerator.at_least, Unit::Days),
        ("at_most", &numerator.at_most, Unit::Days),
        ("or_repeated_course", &numerator.or_repeated_course, Unit::Reading),
    ];
    for (member, name, unit) in used {
        let Some(name) = name else { continue };
        match measure.parameters.get(name) {
            None => report(format!("numerator.{member} names `{name}`, which is not among the parameters")),
            Some(parameter) if parameter.unit != unit => {
                report(format!(
                    "numerator.{member} names `{name}`, whose unit does not fit; expected {}",
                    unit.expected()
                ));
            }
            Some(_) => {}
        }
    }
    for (name, parameter) in &measure.parameters {
        if !used.iter().any(|(_, used, _)| used.as_ref() == Some(name)) {
            report(format!("parameter `{name}` is used nowhere; expected the numerator to name it"));
        }
        for value in std::iter::once(&parameter.default).chain(&parameter.alternatives) {
            if !parameter.unit.accepts(value) {
                report(format!(
                    "parameter `{name}`: `{}` is not accepted; expected {}",
                    value.text(),
                    parameter.unit.expected()
                ));
            }
        }
        if parameter.alternatives.contains(&parameter.default) {
            report(format!("parameter `{name}`: the default is also an alternative"));
        }
    }
    if measure.window(&measure.defaults()).is_impossible() {
        report("the window ends before it starts: the greatest interval is below the least".to_owned());
    }
}

fn at(file: &str, text: &str, offset: Option<usize>, measure: Option<&str>, message: String) -> FileFault {
    let place = offset.map(|offset| line_and_column(text, offset));
    FileFault {
        file: file.to_owned(),
        line: place.map(|(line, _)| line),
        column: place.map(|(_, column)| column),
        measure: measure.map(str::to_owned),
        message,
    }
}

fn syntax(file: &str, text: &str, error: &toml::de::Error) -> FileFault {
    at(file, text, error.span().map(|s| s.start), None, error.message().to_owned())
}

/// Line and column, from 1, of a byte offset.
fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |i| i + 1);
    (before.matches('\n').count() + 1, before.get(line_start..).map_or(0, |l| l.chars().count()) + 1)
}
