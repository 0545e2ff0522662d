//! Findings as they appear in answers.

use clinical::finding::{Finding, Findings, Language};
use clinical::rule::Severity;
use serde::Serialize;
use std::borrow::Cow;
use utoipa::ToSchema;

/// One fault or query: what, where, what was received and what would be accepted.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ErrorItem {
    /// Stable id of the rule.
    pub(crate) rule: &'static str,
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
        rule: finding.rule.id,
        pointer: finding.pointer(),
        row: place.map(|p| p.row),
        column: place.filter(|p| p.tabular).and(finding.field.clone()),
        received: finding.received.clone(),
        expected: finding.expected.clone(),
        message: Cow::Borrowed(finding.message(language)),
    }
}

/// The findings that reject.
pub(crate) fn items(findings: &Findings, language: Language, place: Option<Place>) -> Vec<ErrorItem> {
    findings.of(Severity::Hard).map(|f| item(f, language, place)).collect()
}

/// The findings that query.
pub(crate) fn queries(findings: &Findings, language: Language, place: Option<Place>) -> Vec<ErrorItem> {
    findings.of(Severity::Soft).map(|f| item(f, language, place)).collect()
}
