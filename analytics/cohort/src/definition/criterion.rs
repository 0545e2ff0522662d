//! A criterion of a cohort: a test of the infusion or the patient, or several of them together.

use crate::condition::Condition;
use chrono::NaiveDate;
use clinical::form::FormDescriptor;
use serde_json::{Map, Value, json};
use std::fmt::Write;

/// What a subject must meet.
#[derive(Debug, Clone, PartialEq)]
pub enum Criterion {
    /// Every one of them.
    All(Vec<Criterion>),
    /// At least one of them.
    Any(Vec<Criterion>),
    /// Not one of them.
    None(Vec<Criterion>),
    /// The number of the infusion.
    InfusionNumber(i32),
    /// A code of the candidate infusion: its product or center.
    Coded {
        /// `product` or `center`.
        what: &'static str,
        /// Column of the candidates.
        column: &'static str,
        /// Codes, sorted.
        codes: Vec<String>,
    },
    /// Dates are calendar dates, not counted from a made-up anchor.
    CalendarDates,
    /// The year of birth is known.
    BirthYearKnown,
    /// Age at the index: calendar year less year of birth.
    Age {
        /// Least, years.
        min: Option<i32>,
        /// Greatest, years.
        max: Option<i32>,
    },
    /// Day of the infusion; of the apheresis when that is the index.
    Period {
        /// First day.
        from: Option<NaiveDate>,
        /// Last day, inclusive.
        to: Option<NaiveDate>,
    },
    /// Records of a form.
    Records(RecordCriterion),
}

/// The subject has, or has not, records that meet conditions.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordCriterion {
    /// Has, or has not.
    pub present: bool,
    /// The form.
    pub form: &'static FormDescriptor,
    /// What a record must meet.
    pub conditions: Vec<Condition>,
    /// When it must be dated.
    pub window: Option<Window>,
    /// How many records at least.
    pub at_least: i32,
    /// Records of the patient, whatever the infusion they belong to.
    pub of_patient: bool,
}

/// Days relative to the infusion or the index, both ends inclusive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// The field that dates the record.
    pub date: &'static str,
    /// First day; no bound when absent.
    pub from: Option<i32>,
    /// Last day; no bound when absent.
    pub to: Option<i32>,
    /// Counted from the index instead of the infusion.
    pub from_index: bool,
}

impl RecordCriterion {
    /// Whether a subject has at most one such record, so that its absence leaves the criterion unknown.
    pub fn one_per_subject(&self) -> bool {
        self.form.key.iter().all(|key| matches!(*key, "patient_id" | "infusion_number"))
    }
}

impl Criterion {
    /// Whether it rests on real calendar dates or the year of birth, which pseudo-anchored patients lack.
    pub fn needs_calendar(&self) -> bool {
        match self {
            Self::All(list) | Self::Any(list) | Self::None(list) => list.iter().any(Self::needs_calendar),
            Self::Age { .. } | Self::Period { .. } => true,
            _ => false,
        }
    }

    /// The criterion as a document, in normal form.
    pub fn json(&self) -> Value {
        let list = |list: &[Criterion]| list.iter().map(Self::json).collect::<Value>();
        match self {
            Self::All(of) => json!({ "all": list(of) }),
            Self::Any(of) => json!({ "any": list(of) }),
            Self::None(of) => json!({ "none": list(of) }),
            Self::InfusionNumber(number) => json!({ "infusion_number": number }),
            Self::Coded { what, codes, .. } => json!({ *what: codes }),
            Self::CalendarDates => json!({ "date_basis": "CALENDAR" }),
            Self::BirthYearKnown => json!({ "birth_year": { "known": true } }),
            Self::Age { min, max } => {
                bounds("age", &[("min", min.map(Value::from)), ("max", max.map(Value::from))])
            }
            Self::Period { from, to } => {
                let text = |day: &Option<NaiveDate>| day.map(|day| Value::from(day.to_string()));
                bounds("period", &[("from", text(from)), ("to", text(to))])
            }
            Self::Records(records) => records.json(),
        }
    }

    /// The criterion in words, for attrition tables.
    pub fn describe(&self) -> String {
        let joined = |list: &[Criterion], word: &str| {
            let parts: Vec<String> = list
                .iter()
                .map(|c| match c {
                    Self::All(of) | Self::Any(of) | Self::None(of) if of.len() > 1 => {
                        format!("({})", c.describe())
                    }
                    _ => c.describe(),
                })
                .collect();
            parts.join(word)
        };
        match self {
            Self::All(list) => joined(list, " and "),
            Self::Any(list) => joined(list, " or "),
            Self::None(list) => format!("none of: {}", joined(list, "; ")),
            Self::InfusionNumber(number) => format!("infusion number {number}"),
            Self::Coded { what, codes, .. } => format!("{what} {}", codes.join(" or ")),
            Self::CalendarDates => {
                "dates are calendar dates (patients whose dates count from a made-up anchor are left out)"
                    .to_owned()
            }
            Self::BirthYearKnown => "year of birth known".to_owned(),
            Self::Age { min, max } => {
                let bound = match (min, max) {
                    (Some(min), Some(max)) => format!("{min} to {max}"),
                    (Some(min), None) => format!("{min} or more"),
                    (None, Some(max)) => format!("{max} or less"),
                    (None, None) => String::new(),
                };
                format!("age at infusion {bound} (year of infusion less year of birth)")
            }
            Self::Period { from, to } => match (from, to) {
                (Some(from), Some(to)) => format!("infused {from} to {to}"),
                (Some(from), None) => format!("infused on {from} or later"),
                (None, Some(to)) => format!("infused on {to} or earlier"),
                (None, None) => String::new(),
            },
            Self::Records(records) => records.describe(),
        }
    }
}

fn bounds(name: &str, ends: &[(&str, Option<Value>)]) -> Value {
    let ends = ends.iter().filter_map(|(end, value)| Some(((*end).to_owned(), value.clone()?)));
    json!({ name: Value::Object(ends.collect::<Map<_, _>>()) })
}

impl RecordCriterion {
    fn json(&self) -> Value {
        let mut object = Map::new();
        object.insert("form".to_owned(), json!(self.form.name));
        let mut conditions: Vec<(String, Value)> = self.conditions.iter().map(Condition::json).collect();
        conditions.sort_by(|a, b| a.0.cmp(&b.0));
        if !conditions.is_empty() {
            let mut tests: Map<String, Value> = Map::new();
            for (field, test) in conditions {
                match (tests.get_mut(&field), test) {
                    (Some(Value::Object(before)), Value::Object(test)) => before.extend(test),
                    (_, test) => drop(tests.insert(field, test)),
                }
            }
            object.insert("where".to_owned(), Value::Object(tests));
        }
        if let Some(window) = &self.window {
            let relative = if window.from_index { "index" } else { "infusion" };
            let mut written = Map::new();
            written.insert("date".to_owned(), json!(window.date));
            for (name, day) in [("from", window.from), ("to", window.to)] {
                if let Some(day) = day {
                    written.insert(name.to_owned(), json!(day));
                }
            }
            written.insert("relative_to".to_owned(), json!(relative));
            object.insert("window".to_owned(), Value::Object(written));
        }
        if self.at_least != 1 {
            object.insert("at_least".to_owned(), json!(self.at_least));
        }
        if self.of_patient && self.form.field("infusion_number").is_some() {
            object.insert("of".to_owned(), json!("patient"));
        }
        json!({ if self.present { "has" } else { "has_not" }: object })
    }

    fn describe(&self) -> String {
        let conditions: Vec<String> = self.conditions.iter().map(ToString::to_string).collect();
        // A baseline form is the subject's own: the condition says it all.
        if self.one_per_subject() && self.window.is_none() && self.present && self.at_least == 1 {
            let text = conditions.join(" and ");
            return if text.is_empty() { format!("{} recorded", self.form.name) } else { text };
        }
        let mut text = format!("{} {}", if self.present { "has" } else { "has not" }, self.form.name);
        if self.at_least > 1 {
            text = format!("{text} (at least {})", self.at_least);
        }
        if !conditions.is_empty() {
            text = format!("{text} with {}", conditions.join(" and "));
        }
        if let Some(window) = &self.window {
            let zero = if window.from_index { "index" } else { "infusion" };
            // Writing to a String cannot fail.
            let _ = match (window.from, window.to) {
                (Some(from), Some(to)) => write!(text, ", days {from} to {to} from {zero}"),
                (Some(from), None) => write!(text, ", from day {from} from {zero} on"),
                (None, Some(to)) => write!(text, ", until day {to} from {zero}"),
                (None, None) => Ok(()),
            };
        }
        text
    }
}
