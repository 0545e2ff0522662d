//! The guidelines there are, and which of them judges an infusion.

use chrono::NaiveDate;
use measures::{Guideline, LoadError};
use std::path::Path;

/// Id, and files by name.
type Embedded = (&'static str, &'static [(&'static str, &'static str)]);

/// The guidelines that come with the program.
const EMBEDDED: &[Embedded] = include!(concat!(env!("OUT_DIR"), "/guidelines.rs"));

/// The versions of the guidelines that infusions may be judged by.
#[derive(Debug, Clone)]
pub struct Library {
    guidelines: Vec<Guideline>,
}

impl Library {
    /// Those that come with the program.
    ///
    /// # Errors
    ///
    /// A file that is wrong; never in a released program, whose files the tests read.
    pub fn shipped() -> Result<Self, LoadError> {
        EMBEDDED.iter().map(|(id, _)| embedded(id)).collect::<Result<Vec<_>, _>>().map(Self::new)
    }

    /// Those of folders.
    ///
    /// # Errors
    ///
    /// [`LoadError`] of the first folder that is wrong.
    pub fn from_folders<P: AsRef<Path>>(folders: &[P]) -> Result<Self, LoadError> {
        folders
            .iter()
            .map(|f| Guideline::from_folder(f.as_ref()))
            .collect::<Result<Vec<_>, _>>()
            .map(Self::new)
    }

    /// These; the version in force is by the first day of each.
    pub fn new(mut guidelines: Vec<Guideline>) -> Self {
        guidelines.sort_by(|a, b| (a.in_force_from, &a.id).cmp(&(b.in_force_from, &b.id)));
        Self { guidelines }
    }

    /// In the order of their first days.
    pub fn guidelines(&self) -> &[Guideline] {
        &self.guidelines
    }

    /// The guideline with this id.
    ///
    /// # Errors
    ///
    /// [`LoadError::Unknown`] with the ids there are.
    pub fn get(&self, id: &str) -> Result<&Guideline, LoadError> {
        self.guidelines.iter().find(|g| g.id == id).ok_or_else(|| LoadError::Unknown {
            received: id.chars().take(80).collect(),
            expected: self.guidelines.iter().map(|g| g.id.as_str()).collect::<Vec<_>>().join(", "),
        })
    }

    /// Place of the version in force on a day: the last whose first day is not after it. Where the day is not a calendar date, and before the
    /// first version, there is none to tell: the newest and the first.
    pub fn in_force(&self, day: Option<NaiveDate>) -> Option<usize> {
        let last = self.guidelines.len().checked_sub(1)?;
        let Some(day) = day else { return Some(last) };
        let started = |g: &Guideline| g.in_force_from.is_none_or(|from| from <= day);
        Some(self.guidelines.iter().rposition(started).unwrap_or(0))
    }
}

/// A guideline that comes with the program.
///
/// # Errors
///
/// [`LoadError::Unknown`] for an id there is none of.
pub fn embedded(id: &str) -> Result<Guideline, LoadError> {
    let found = EMBEDDED.iter().find(|(known, _)| *known == id);
    let (id, files) = found.ok_or_else(|| LoadError::Unknown {
        received: id.chars().take(80).collect(),
        expected: EMBEDDED.iter().map(|(known, _)| *known).collect::<Vec<_>>().join(", "),
    })?;
    let files: Vec<(String, String)> =
        files.iter().map(|(n, t)| ((*n).to_owned(), (*t).to_owned())).collect();
    Guideline::from_files(id, &files)
}
