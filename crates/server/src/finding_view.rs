//! Findings as they appear in answers.

use clinical::finding::{Finding, Findings, Language};
use clinical::rule::{Rule, Severity};
use registry::review::{Opened, Reviewed};
use registry::submission::RowFault;
use serde::Serialize;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::LazyLock;
use utoipa::ToSchema;
use uuid::Uuid;

/// One fault or query: what, where, what was received and what would be accepted.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ErrorItem {
    /// Stable id of the rule.
    pub(crate) rule: Cow<'static, str>,
    /// JSON Pointer into the record; empty for the record as a whole.
    pub(crate) pointer: String,
    /// Row of the submitted file, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) row: Option<u64>,
    /// Column of the submitted file, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) column: Option<String>,
    /// The value received.
    pub(crate) received: Option<String>,
    /// What would be accepted.
    pub(crate) expected: Option<String>,
    /// The rule in the language asked for.
    pub(crate) message: Cow<'static, str>,
}

/// Where a row of a submission stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) row: u64,
    pub(crate) tabular: bool,
}

fn item(finding: &Finding, language: Language, place: Option<Place>) -> ErrorItem {
    ErrorItem {
        rule: Cow::Borrowed(finding.rule.id),
        pointer: finding.pointer(),
        row: place.map(|p| p.row),
        column: place.filter(|p| p.tabular).and(finding.field.clone()),
        received: finding.received.clone(),
        expected: finding.expected.clone(),
        message: Cow::Borrowed(finding.message(language)),
    }
}

/// A rule across records that opened a query.
pub(crate) fn opened(opened: &Opened, language: Language, place: Option<Place>) -> ErrorItem {
    let field = Some(opened.field).filter(|f| !f.is_empty());
    ErrorItem {
        rule: Cow::Borrowed(opened.rule.id),
        pointer: field.map_or_else(String::new, |f| format!("/{f}")),
        row: place.map(|p| p.row),
        column: place.filter(|p| p.tabular).and(field).map(str::to_owned),
        received: opened.received.clone(),
        expected: opened.expected.clone(),
        message: Cow::Borrowed(match language {
            Language::En => opened.rule.en,
            Language::Zh => opened.rule.zh,
        }),
    }
}

fn rule(id: &str) -> Option<&'static Rule> {
    static RULES: LazyLock<HashMap<&'static str, &'static Rule>> =
        LazyLock::new(|| clinical::rule::all().into_iter().map(|r| (r.id, r)).collect());
    RULES.get(id).copied()
}

/// The sentence of a rule; of a rule that is no more, its id.
pub(crate) fn message(id: &str, language: Language) -> Cow<'static, str> {
    match (rule(id), language) {
        (Some(rule), Language::En) => Cow::Borrowed(rule.en),
        (Some(rule), Language::Zh) => Cow::Borrowed(rule.zh),
        (None, _) => Cow::Owned(id.to_owned()),
    }
}

/// A fault as stored with a submission.
pub(crate) fn stored(fault: &RowFault, language: Language, place: Option<Place>) -> ErrorItem {
    let escape = |name: &str| name.replace('~', "~0").replace('/', "~1");
    let pointer = match (fault.field.as_str(), fault.field.strip_prefix("missing/")) {
        ("", _) => String::new(),
        (_, Some(member)) => format!("/missing/{}", escape(member)),
        (field, None) => format!("/{}", escape(field)),
    };
    ErrorItem {
        rule: Cow::Owned(fault.rule.clone()),
        pointer,
        row: place.map(|p| p.row),
        column: place.filter(|p| p.tabular && !fault.field.is_empty()).map(|_| fault.field.clone()),
        received: fault.received.clone(),
        expected: fault.expected.clone(),
        message: message(&fault.rule, language),
    }
}

/// Queries that a write opened at records other than those it wrote.
#[derive(Debug, Serialize)]
pub(crate) struct OtherRecord {
    pub(crate) form: &'static str,
    pub(crate) record_id: Uuid,
    pub(crate) patient_id: String,
    pub(crate) queries: Vec<ErrorItem>,
}

/// The queries opened at records that `written` does not hold, by record.
pub(crate) fn at_other_records(
    reviewed: &Reviewed,
    written: &HashSet<Uuid>,
    language: Language,
) -> Vec<OtherRecord> {
    let mut others: BTreeMap<Uuid, OtherRecord> = BTreeMap::new();
    for o in reviewed.opened.iter().filter(|o| !written.contains(&o.record_id)) {
        let other = others.entry(o.record_id).or_insert_with(|| OtherRecord {
            form: o.form,
            record_id: o.record_id,
            patient_id: o.patient_id.clone(),
            queries: Vec::new(),
        });
        other.queries.push(opened(o, language, None));
    }
    others.into_values().collect()
}

/// The findings that reject.
pub(crate) fn items(findings: &Findings, language: Language, place: Option<Place>) -> Vec<ErrorItem> {
    findings.of(Severity::Hard).map(|f| item(f, language, place)).collect()
}

/// The findings that query.
pub(crate) fn queries(findings: &Findings, language: Language, place: Option<Place>) -> Vec<ErrorItem> {
    findings.of(Severity::Soft).map(|f| item(f, language, place)).collect()
}
