//! The data dictionary, made from the forms themselves.

use crate::field::Kind;
use crate::form::{FieldDescriptor, FormDescriptor, Requirement};
use crate::rule::Severity;
use serde::Serialize;

/// One field as a row of the dictionary.
#[derive(Debug, Serialize)]
pub struct Entry {
    /// Form name.
    pub form: &'static str,
    /// Form label, English.
    pub form_label: &'static str,
    /// Form label, Chinese.
    pub form_label_zh: &'static str,
    /// Version of the form.
    pub form_version: i32,
    /// Field name.
    pub field: &'static str,
    /// Label, English.
    pub label: &'static str,
    /// Label, Chinese.
    pub label_zh: &'static str,
    /// What it means.
    pub description: String,
    /// integer, decimal, flag, code, codes, time, date, `partial_date` or text.
    pub r#type: &'static str,
    /// Unit of a quantity.
    pub unit: &'static str,
    /// What is accepted; outside it the record is rejected.
    pub accepts: String,
    /// What is usual; outside it a query is opened.
    pub usual: String,
    /// mandatory, required (or a missing code), conditional, optional, computed.
    pub requirement: &'static str,
    /// When a conditional field is required.
    pub required_when: String,
    /// Part of the record's key.
    pub key: bool,
    /// Codes with labels: `CODE=English/Chinese`, separated by `; `.
    pub codes: String,
    /// Where the catalogue defines the form.
    pub source: &'static str,
}

/// The kind's name in the dictionary.
pub fn type_name(kind: &Kind) -> &'static str {
    match kind {
        Kind::Integer { .. } => "integer",
        Kind::Decimal { .. } => "decimal",
        Kind::Flag => "flag",
        Kind::Coded(_) => "code",
        Kind::Codes(_) => "codes",
        Kind::Time => "time",
        Kind::Date => "date",
        Kind::PartialDate => "partial_date",
        Kind::Text { .. } => "text",
    }
}

fn entry(form: &'static FormDescriptor, field: &'static FieldDescriptor) -> Entry {
    let codes = match field.kind {
        Kind::Coded(set) | Kind::Codes(set) => {
            set.codes.iter().map(|c| format!("{}={}/{}", c.code, c.en, c.zh)).collect()
        }
        _ => Vec::new(),
    };
    Entry {
        form: form.name,
        form_label: form.en,
        form_label_zh: form.zh,
        form_version: form.version,
        field: field.name,
        label: field.en,
        label_zh: field.zh,
        description: field.description.trim().to_owned(),
        r#type: type_name(&field.kind),
        unit: if let Kind::Decimal { unit, .. } = field.kind { unit } else { "" },
        accepts: field.kind.expected(),
        usual: field.soft.map_or_else(String::new, |(low, high)| format!("{low} to {high}")),
        requirement: match field.requirement {
            Requirement::Mandatory => "mandatory",
            Requirement::Required => "required",
            Requirement::Optional => "optional",
            Requirement::Conditional(_) => "conditional",
            Requirement::Computed => "computed",
        },
        required_when: match field.requirement {
            Requirement::Conditional(when) => format!("{} is {}", when.field, when.values.join(" or ")),
            _ => String::new(),
        },
        key: form.key.contains(&field.name),
        codes: codes.join("; "),
        source: form.source,
    }
}

/// Every field of every form, in the order of the forms.
pub fn entries() -> Vec<Entry> {
    crate::forms::ALL.iter().flat_map(|form| form.fields.iter().map(|field| entry(form, field))).collect()
}

/// A validation rule or a criterion as a row of the dictionary.
#[derive(Debug, Serialize)]
pub struct RuleEntry {
    /// Stable id.
    pub rule: &'static str,
    /// `record` (judged on one record), `review` (across records) or `criterion` (of the guideline).
    pub scope: &'static str,
    /// `hard` rejects, `soft` opens a query; empty for a criterion.
    pub severity: &'static str,
    /// English.
    pub en: &'static str,
    /// Chinese.
    pub zh: &'static str,
    /// Section or paper of a criterion.
    pub source: &'static str,
    /// How far a criterion can be trusted: seed, reconstructed, external or proposed.
    pub provenance: &'static str,
}

/// Every rule and every criterion, each id once, sorted by scope and id.
pub fn rules() -> Vec<RuleEntry> {
    let reviewed: Vec<&str> = crate::review::RULES.iter().copied().flatten().map(|r| r.id).collect();
    let mut entries: Vec<RuleEntry> = crate::rule::all()
        .into_iter()
        .map(|rule| RuleEntry {
            rule: rule.id,
            scope: if reviewed.contains(&rule.id) { "review" } else { "record" },
            severity: match rule.severity {
                Severity::Hard => "hard",
                Severity::Soft => "soft",
            },
            en: rule.en,
            zh: rule.zh,
            source: "",
            provenance: "",
        })
        .collect();
    entries.extend(crate::criteria::all().into_iter().map(|criterion| RuleEntry {
        rule: criterion.id,
        scope: "criterion",
        severity: "",
        en: criterion.en,
        zh: criterion.zh,
        source: criterion.source,
        provenance: criterion.provenance.name(),
    }));
    entries.sort_by_key(|e| (e.scope, e.rule));
    entries
}
