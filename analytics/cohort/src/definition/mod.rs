//! Cohort definitions: which infusions or aphereses a report is about, from when their time counts and when it ends.
//!
//! A JSON object. Every member is optional; `{}` is everybody with a first infusion. All members must hold together.
//!
//! ```json
//! { "name": "LBCL, axi-cel, adults", "disease": ["NHL"], "product": ["axi-cel"], "age_min": 18,
//!   "criteria": [{ "has_not": { "form": "infection", "where": { "ctcae_grade": { "min": 3 } }, "window": { "from": -30, "to": 0 } } }] }
//! ```
//!
//! The [schema](schema::schema) names everything a definition may say; [`lint`] tells what is suspicious about one.

mod criterion;
mod features;
pub mod lint;
mod members;
mod read;
pub mod schema;

pub use criterion::{Criterion, RecordCriterion, Window};
pub(crate) use read::date_field;

use crate::digest::sha256;
use crate::fault::{Fault, Faults};
use chrono::NaiveDate;
use members::Reading;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};

/// When a subject's time begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Index {
    /// The day of the infusion.
    #[default]
    Infusion,
    /// The day of the first apheresis for the infusion, whether or not the infusion followed: intent to treat.
    Apheresis,
    /// So many days after the infusion, of those alive and under observation then.
    Landmark(i32),
}

/// What ends the follow-up of a subject, besides death and the last that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum EndAt {
    /// The patient's next infusion.
    NextInfusion,
    /// The next therapy of the disease.
    NextTherapy,
}

impl EndAt {
    /// Both, with their names in documents.
    pub const ALL: [(Self, &'static str); 2] =
        [(Self::NextInfusion, "next_infusion"), (Self::NextTherapy, "next_therapy")];
}

/// When follow-up ends at the latest.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FollowUp {
    /// Days from the index.
    pub max_days: Option<i32>,
    /// Events that end it.
    pub end_at: Vec<EndAt>,
}

/// A cohort, checked and normalized: lists sorted and without repetitions, defaults filled in. Definitions that say the same
/// with the same members have the same bytes as JSON, and the same [`sha256`](Self::sha256), in whatever order they were written.
#[derive(Debug, Clone, PartialEq)]
pub struct CohortDefinition {
    /// What people call it.
    pub name: String,
    /// When time begins.
    pub index: Index,
    /// What subjects meet, in the order in which it is applied and counted.
    pub criteria: Vec<Criterion>,
    /// When follow-up ends.
    pub follow_up: FollowUp,
    /// What was recorded as happening later is not known.
    pub data_cutoff: Option<NaiveDate>,
    canonical: Value,
}

impl Serialize for CohortDefinition {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.canonical.serialize(serializer)
    }
}

impl Default for CohortDefinition {
    fn default() -> Self {
        // The empty object is a definition; the other arm cannot be reached.
        Self::from_json(&Value::Null).unwrap_or_else(|_| Self {
            name: EVERYBODY.to_owned(),
            index: Index::Infusion,
            criteria: vec![Criterion::InfusionNumber(1)],
            follow_up: FollowUp::default(),
            data_cutoff: None,
            canonical: json!({ "name": EVERYBODY, "infusion_number": 1 }),
        })
    }
}

const EVERYBODY: &str = "all first infusions";
const AGE: (i32, i32) = (0, 120);
const LINES: (i32, i32) = (0, 20);
const FARTHEST: i32 = 36_525;

impl CohortDefinition {
    /// Reads a definition from JSON text.
    ///
    /// # Errors
    ///
    /// Every fault at once: with line and column when the text is not JSON, with a JSON Pointer otherwise.
    pub fn parse(text: &str) -> Result<Self, Faults> {
        let not_json = |e: serde_json::Error| Faults::one(Fault::new("", format!("this is not JSON: {e}")));
        let value: Value = serde_json::from_str(text).map_err(not_json)?;
        crate::fault::no_member_twice(text)?;
        Self::from_json(&value)
    }

    /// Reads a definition from a JSON value; `null` is the empty definition.
    ///
    /// # Errors
    ///
    /// Every fault at once, each with its JSON Pointer.
    pub fn from_json(value: &Value) -> Result<Self, Faults> {
        let empty = Value::Object(Map::new());
        let value = if value.is_null() { &empty } else { value };
        let mut faults = Faults::default();
        let reading = Reading::of(value, &mut faults);
        // In the order of the document, as whoever wrote it reads it.
        let place = |fault: &Fault| {
            let name = fault.pointer.split('/').nth(1).unwrap_or_default();
            value.as_object().and_then(|members| members.keys().position(|member| member == name))
        };
        faults.0.sort_by_key(place);
        match reading {
            Some(reading) => faults.into_result(reading.definition()),
            None => Err(faults),
        }
    }

    /// The normalized definition as compact JSON: what [`sha256`](Self::sha256) is computed over.
    pub fn canonical(&self) -> String {
        self.canonical.to_string()
    }

    /// SHA-256 of [`canonical`](Self::canonical).
    pub fn sha256(&self) -> String {
        sha256(self.canonical().as_bytes())
    }

    /// Whether something needs real calendar dates or the year of birth, which pseudo-anchored patients lack.
    pub fn needs_calendar(&self) -> bool {
        self.data_cutoff.is_some() || self.criteria.iter().any(Criterion::needs_calendar)
    }
}
