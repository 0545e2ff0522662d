//! The groups a report compares.

use crate::columns::texts;
use crate::error::ReportError;
use crate::selection::Cohort;
use crate::snapshot::Snapshot;
use clinical::codes::Disease;
use clinical::form::{Form, FormDescriptor};
use clinical::forms::center::Center;
use clinical::forms::product::Product;
use polars::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What subjects are grouped by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// One group per product.
    Product,
    /// One group per disease.
    Disease,
    /// One group per center.
    Center,
    /// One group of everybody.
    None,
}

/// One group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Group {
    /// Its code; null for subjects of whom it is not recorded, and for everybody.
    pub code: Option<String>,
    /// For people.
    pub label: String,
}

impl Group {
    /// The group of everybody.
    pub fn everybody() -> Self {
        Self { code: None, label: "all subjects".to_owned() }
    }
}

/// The groups in order of their codes, those without one last, and the group of each subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grouping {
    /// The groups that have subjects.
    pub groups: Vec<Group>,
    /// Position in `groups` of each subject of the cohort.
    pub of_subject: Vec<usize>,
}

impl Grouping {
    /// Groups the subjects of a cohort. Without subjects there is no group, except that [`By::None`] always has its one.
    ///
    /// # Errors
    ///
    /// [`ReportError`] when a reference table cannot be read.
    pub fn of(snapshot: &Snapshot, cohort: &Cohort, by: By) -> Result<Self, ReportError> {
        let (column, labels) = match by {
            By::None => {
                return Ok(Self { groups: vec![Group::everybody()], of_subject: vec![0; cohort.len()] });
            }
            By::Product => ("product_code", labels(snapshot, Product::DESCRIPTOR, "product_code", "inn")?),
            By::Center => ("center_id", labels(snapshot, Center::DESCRIPTOR, "center_id", "name")?),
            By::Disease => {
                let codes = Disease::SET.codes.iter().map(|c| (c.code.to_owned(), c.en.to_owned()));
                ("disease", codes.collect())
            }
        };
        let codes = texts(&cohort.subjects, column)?;
        // `None` sorts before every code; it is shown after them.
        let mut present: Vec<&Option<String>> = codes.iter().collect::<BTreeSet<_>>().into_iter().collect();
        if present.first().is_some_and(|code| code.is_none()) {
            present.rotate_left(1);
        }
        let groups = present
            .iter()
            .map(|code| match code {
                None => Group { code: None, label: "not recorded".to_owned() },
                Some(code) => Group {
                    code: Some(code.clone()),
                    label: labels.get(code).map_or_else(|| code.clone(), |name| format!("{code} ({name})")),
                },
            })
            .collect();
        let position: BTreeMap<&Option<String>, usize> =
            present.iter().enumerate().map(|(i, code)| (*code, i)).collect();
        let of_subject = codes.iter().map(|code| position.get(code).copied().unwrap_or_default()).collect();
        Ok(Self { groups, of_subject })
    }

    /// Each group with the values of its subjects, in the order of the cohort.
    pub fn split<'a, T>(&'a self, values: &'a [T]) -> impl Iterator<Item = (&'a Group, Vec<&'a T>)> {
        self.groups.iter().enumerate().map(move |(i, group)| {
            let members =
                self.of_subject.iter().zip(values).filter(|(g, _)| **g == i).map(|(_, value)| value);
            (group, members.collect())
        })
    }
}

fn labels(
    snapshot: &Snapshot,
    form: &'static FormDescriptor,
    code: &str,
    label: &str,
) -> Result<BTreeMap<String, String>, ReportError> {
    let frame = snapshot
        .scan(form)?
        .select([col(code), col(label)])
        .collect()
        .map_err(ReportError::engine("reading labels of a reference table"))?;
    let pairs = texts(&frame, code)?.into_iter().zip(texts(&frame, label)?);
    Ok(pairs.filter_map(|(code, label)| Some((code?, label?))).collect())
}
