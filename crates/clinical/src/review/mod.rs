//! What only the records of a patient together show: contradictions between them, and what the criteria derive from them.
//!
//! Records of a patient arrive in any order over years, so nothing here rejects: a rule that is broken opens a query at one record,
//! and the query closes when the rule holds again. The outcome is a function of the set of records; [`History`] sorts them.

pub mod chronology;
pub mod derivation;
mod derived_value;
mod history;
pub mod laboratory;
pub mod outcome;
pub mod treatment;

pub use chronology::EVENT_DATES;
pub use derived_value::DerivedValue;
pub use history::{Entry, History};

use crate::criteria::{At, Criterion, Trace};
use crate::form::Context;
use crate::rule::Rule;
use serde_json::Value;

/// A rule across records that is broken, told at the record that should change.
#[derive(Debug, Clone, PartialEq)]
pub struct Contradiction {
    /// The record asked about.
    pub entry: Entry,
    /// The rule; always soft.
    pub rule: &'static Rule,
    /// The field, empty for the whole record.
    pub field: &'static str,
    /// What the record says.
    pub received: Option<String>,
    /// What the other records imply, and which they are.
    pub expected: Option<String>,
}

/// A value that the criteria derive, beside the one that was reported.
#[derive(Debug, Clone, PartialEq)]
pub struct Derived {
    /// The record it belongs to.
    pub entry: Entry,
    /// What is derived: the name of the reported field, or a name of its own.
    pub name: &'static str,
    /// The derived value, `None` when it cannot be decided.
    pub value: Option<String>,
    /// The reported value.
    pub reported: Option<String>,
    /// The criterion that decided.
    pub rule: Option<&'static Criterion>,
    /// Every condition looked at.
    pub trace: Value,
    /// The observations that would have decided.
    pub missing: Vec<&'static str>,
}

/// Two patients of a center that may be one person (G6 R40). Evaluated by the registry, since it spans patients.
pub static POSSIBLE_DUPLICATE: Rule = Rule::soft(
    "patient.possible_duplicate",
    "another patient of the center has the same year of birth, sex, date of diagnosis and date of infusion",
    "本中心另有一名患者的出生年份、性别、诊断日期和回输日期均相同",
);

/// What a monitor or a lead asks about a record; a rule of its own, so that every query has one.
pub static ASKED_BY_PERSON: Rule =
    Rule::soft("query.person", "a person asks about this record", "人工提出的质疑");

/// What a review finds.
#[derive(Debug, Default)]
pub struct Review {
    /// Broken rules, in the order of the rules and of the records.
    pub contradictions: Vec<Contradiction>,
    /// Derived values.
    pub derived: Vec<Derived>,
}

impl Review {
    /// Notes a broken rule at a field of a record.
    pub fn at(
        &mut self,
        rule: &'static Rule,
        entry: Entry,
        field: &'static str,
        received: impl Into<Option<String>>,
        expected: impl Into<Option<String>>,
    ) {
        self.contradictions.push(Contradiction {
            entry,
            rule,
            field,
            received: received.into(),
            expected: expected.into(),
        });
    }

    /// Notes a derived value with the steps of `trace` at one time; `value` is what the criteria decided, if anything.
    pub fn derive(
        &mut self,
        entry: Entry,
        name: &'static str,
        value: Option<String>,
        reported: Option<String>,
        trace: &Trace,
        at: At,
    ) {
        let steps: Vec<_> = trace.steps().iter().filter(|s| s.at == at).collect();
        let missing = trace.missing().iter().filter(|(when, _)| *when == at).map(|(_, name)| *name).collect();
        self.derived.push(Derived {
            entry,
            name,
            value,
            reported,
            rule: trace.deciding(at).map(|s| s.criterion),
            trace: serde_json::to_value(steps).unwrap_or(Value::Null),
            missing,
        });
    }
}

/// One part of the review: a set of rules, or the criteria of one topic.
type Part = fn(&History, Context, &mut Review);

/// Every part.
static PARTS: &[Part] = &[
    // In the order in which contradictions are told.
    chronology::review,
    treatment::review,
    laboratory::review,
    outcome::review,
    derivation::review,
];

/// The rules of all parts.
pub static RULES: &[&[&Rule]] = &[
    &[&POSSIBLE_DUPLICATE, &ASKED_BY_PERSON],
    chronology::RULES,
    treatment::RULES,
    treatment::dose::RULES,
    treatment::tocilizumab::RULES,
    treatment::prevention::RULES,
    treatment::pregnancy::RULES,
    laboratory::RULES,
    outcome::RULES,
    derivation::RULES,
];

/// Reviews everything known about a patient.
pub fn review(history: &History, context: Context) -> Review {
    let mut review = Review::default();
    for part in PARTS {
        part(history, context, &mut review);
    }
    review.contradictions.dedup();
    review
}
