//! The groups a report compares.

use crate::columns::{integers, texts};
use crate::error::ReportError;
use crate::selection::Cohort;
use crate::snapshot::Snapshot;
use clinical::codes::Disease;
use clinical::field::Kind;
use clinical::form::{FieldDescriptor, Form, FormDescriptor};
use clinical::forms::center::Center;
use clinical::forms::patient::{Patient, Sex};
use clinical::forms::product::Product;
use polars::prelude::*;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

/// What subjects are grouped by.
#[derive(Debug, Clone, Copy)]
pub enum By {
    /// One group per product.
    Product,
    /// One group per disease.
    Disease,
    /// One group per center.
    Center,
    /// One group per sex.
    Sex,
    /// Age at the index: below 18, 18 to 39, 40 to 64, 65 to 74, 75 and more.
    AgeGroup,
    /// One group per calendar year of the index.
    Year,
    /// One group per value of a field of a form of which a subject has one record.
    Field(&'static FormDescriptor, &'static FieldDescriptor),
    /// One group of everybody.
    None,
}

const NAMED: [(By, &str); 7] = [
    (By::Product, "product"),
    (By::Disease, "disease"),
    (By::Center, "center"),
    (By::Sex, "sex"),
    (By::AgeGroup, "age_group"),
    (By::Year, "year"),
    (By::None, "none"),
];

impl By {
    /// The name in parameters: `product`, …, or `form.field`.
    pub fn name(&self) -> String {
        if let Self::Field(form, field) = self {
            return format!("{}.{}", form.name, field.name);
        }
        let same = |by: &By| std::mem::discriminant(by) == std::mem::discriminant(self);
        NAMED.iter().find(|(by, _)| same(by)).map_or_else(String::new, |(_, name)| (*name).to_owned())
    }
}

impl PartialEq for By {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for By {}

impl FromStr for By {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some((by, _)) = NAMED.iter().find(|(_, name)| *name == text) {
            return Ok(*by);
        }
        let names = NAMED.map(|(_, name)| name).join(", ");
        let refuse = |why: &str| {
            format!("{why}; expected one of {names}, or FORM.FIELD of a coded field such as disease.stage")
        };
        let shown: String = text.chars().take(80).collect();
        let (form, field) =
            text.split_once('.').ok_or_else(|| refuse(&format!("there is no group `{shown}`")))?;
        let form = clinical::forms::CLINICAL.iter().find(|f| f.name == form);
        let found = form.and_then(|form| Some((*form, form.field(field)?.1)));
        let (form, field) = found.ok_or_else(|| refuse(&format!("there is no field `{shown}`")))?;
        let one = form.key.iter().all(|key| matches!(*key, "patient_id" | "infusion_number"));
        let coded = matches!(field.kind, Kind::Coded(_) | Kind::Codes(_) | Kind::Flag | Kind::Integer { .. });
        if !one || form.field("patient_id").is_none() {
            return Err(refuse(&format!("a subject may have several records of form `{}`", form.name)));
        }
        if !coded || field.name == "patient_id" {
            return Err(refuse(&format!("`{shown}` is not coded")));
        }
        Ok(Self::Field(form, field))
    }
}

impl Serialize for By {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.name())
    }
}

impl<'de> Deserialize<'de> for By {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
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
    /// [`ReportError`] when a form cannot be read.
    pub fn of(snapshot: &Snapshot, cohort: &Cohort, by: By) -> Result<Self, ReportError> {
        let codes_of = |set: &'static clinical::field::ValueSet| {
            set.codes.iter().map(|c| (c.code.to_owned(), c.en.to_owned())).collect()
        };
        let (codes, labels): (Vec<Option<String>>, BTreeMap<String, String>) = match by {
            By::None => {
                return Ok(Self { groups: vec![Group::everybody()], of_subject: vec![0; cohort.len()] });
            }
            By::Product => (
                texts(&cohort.subjects, "product_code")?,
                labels(snapshot, Product::DESCRIPTOR, "product_code", "inn")?,
            ),
            By::Center => (
                texts(&cohort.subjects, "center_id")?,
                labels(snapshot, Center::DESCRIPTOR, "center_id", "name")?,
            ),
            By::Disease => (texts(&cohort.subjects, "disease")?, codes_of(Disease::SET)),
            By::Sex => (field_texts(snapshot, cohort, Patient::DESCRIPTOR, "sex")?, codes_of(Sex::SET)),
            By::AgeGroup => (age_groups(snapshot, cohort)?, BTreeMap::new()),
            By::Year => (years(snapshot, cohort)?, BTreeMap::new()),
            By::Field(form, field) => {
                let labels = match field.kind {
                    Kind::Coded(set) => codes_of(set),
                    _ => BTreeMap::new(),
                };
                (field_texts(snapshot, cohort, form, field.name)?, labels)
            }
        };
        Ok(Self::of_codes(&codes, &labels))
    }

    fn of_codes(codes: &[Option<String>], labels: &BTreeMap<String, String>) -> Self {
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
        Self { groups, of_subject }
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

/// A field of a form of which a subject has one record, in the order of the subjects.
///
/// # Errors
///
/// [`ReportError`] when the form cannot be read.
pub fn of_subjects(
    snapshot: &Snapshot,
    cohort: &Cohort,
    form: &'static FormDescriptor,
    field: &str,
    cast: DataType,
) -> Result<DataFrame, ReportError> {
    let mut keys: Vec<Expr> = vec![col("center_id"), col("patient_id")];
    if form.field("infusion_number").is_some() {
        keys.push(col("infusion_number"));
    }
    let mut columns = keys.clone();
    columns.push(col(field).cast(cast).alias("value of field"));
    let records = snapshot.scan(form)?.select(columns);
    cohort
        .subjects
        .clone()
        .lazy()
        .join(records, keys.clone(), keys, JoinArgs::new(JoinType::Left))
        .sort(["subject"], SortMultipleOptions::default())
        .select([col("subject"), col("value of field")])
        .collect()
        .map_err(ReportError::engine("reading a field of the subjects"))
}

fn field_texts(
    snapshot: &Snapshot,
    cohort: &Cohort,
    form: &'static FormDescriptor,
    field: &str,
) -> Result<Vec<Option<String>>, ReportError> {
    texts(&of_subjects(snapshot, cohort, form, field, DataType::String)?, "value of field")
}

/// Age at the index in calendar years less the year of birth; unknown where dates count from a made-up anchor.
///
/// # Errors
///
/// [`ReportError`] when the patients cannot be read.
pub fn ages(snapshot: &Snapshot, cohort: &Cohort) -> Result<Vec<Option<i32>>, ReportError> {
    let born = of_subjects(snapshot, cohort, Patient::DESCRIPTOR, "birth_year", DataType::Int32)?;
    let born = integers(&born, "value of field")?;
    let years = years(snapshot, cohort)?;
    Ok(years.iter().zip(born).map(|(year, born)| Some(year.as_ref()?.parse::<i32>().ok()? - born?)).collect())
}

fn years(snapshot: &Snapshot, cohort: &Cohort) -> Result<Vec<Option<String>>, ReportError> {
    let basis = field_texts(snapshot, cohort, Patient::DESCRIPTOR, "date_basis")?;
    let year = |index: i32| Some(crate::records::calendar(index)?.format("%Y").to_string());
    let members = cohort.members.iter().zip(basis);
    Ok(members.map(|(m, basis)| year(m.index).filter(|_| basis.as_deref() == Some("CALENDAR"))).collect())
}

fn age_groups(snapshot: &Snapshot, cohort: &Cohort) -> Result<Vec<Option<String>>, ReportError> {
    let group = |age: i32| {
        match age {
            i32::MIN..18 => "0-17",
            18..40 => "18-39",
            40..65 => "40-64",
            65..75 => "65-74",
            75.. => "75+",
        }
        .to_owned()
    };
    Ok(ages(snapshot, cohort)?.into_iter().map(|age| age.map(group)).collect())
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
