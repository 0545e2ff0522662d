//! What was wrong with a record, said so that a person can repair it.

use crate::rule::{Rule, Severity};

/// Language of messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    /// English.
    #[default]
    En,
    /// Chinese (simplified).
    Zh,
}

/// One broken rule at one place of a record.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The rule that was broken.
    pub rule: &'static Rule,
    /// The field, or `None` for the record as a whole.
    pub field: Option<String>,
    /// The value as received, shortened to a readable length.
    pub received: Option<String>,
    /// What would be accepted.
    pub expected: Option<String>,
}

/// Longest echo of a received value; a 50 MB string is not sent back.
const ECHO_CHARS: usize = 80;

impl Finding {
    /// The rule's sentence in the language asked for.
    pub fn message(&self, language: Language) -> &'static str {
        match language {
            Language::En => self.rule.en,
            Language::Zh => self.rule.zh,
        }
    }

    /// RFC 6901 pointer of the place: `/field`, `/missing/field`, or empty for the whole record.
    pub fn pointer(&self) -> String {
        let escape = |name: &str| name.replace('~', "~0").replace('/', "~1");
        match self.field.as_deref().map(|field| (field.strip_prefix("missing/"), field)) {
            None => String::new(),
            Some((Some(member), _)) => format!("/missing/{}", escape(member)),
            Some((None, field)) => format!("/{}", escape(field)),
        }
    }
}

/// Shortens a received value for an error message.
pub fn echo(text: &str) -> String {
    let mut short: String = text.chars().take(ECHO_CHARS).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

/// Everything found in one record, in the order of its fields.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Findings(Vec<Finding>);

impl Findings {
    /// Nothing found yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Records a broken rule at a field.
    pub fn at(
        &mut self,
        rule: &'static Rule,
        field: &str,
        received: impl Into<Option<String>>,
        expected: impl Into<Option<String>>,
    ) {
        self.0.push(Finding {
            rule,
            field: Some(echo(field)),
            received: received.into().map(|r| echo(&r)),
            expected: expected.into(),
        });
    }

    /// Records a broken rule of the record as a whole.
    pub fn whole(
        &mut self,
        rule: &'static Rule,
        received: impl Into<Option<String>>,
        expected: impl Into<Option<String>>,
    ) {
        let received = received.into().map(|r| echo(&r));
        self.0.push(Finding { rule, field: None, received, expected: expected.into() });
    }

    /// True when any hard rule was broken: the record is rejected.
    pub fn reject(&self) -> bool {
        self.0.iter().any(|f| f.rule.severity == Severity::Hard)
    }

    /// True when nothing was found.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The findings of one severity.
    pub fn of(&self, severity: Severity) -> impl Iterator<Item = &Finding> {
        self.0.iter().filter(move |f| f.rule.severity == severity)
    }

    /// All findings.
    pub fn iter(&self) -> std::slice::Iter<'_, Finding> {
        self.0.iter()
    }
}

impl Extend<Finding> for Findings {
    fn extend<T: IntoIterator<Item = Finding>>(&mut self, findings: T) {
        self.0.extend(findings);
    }
}

impl IntoIterator for Findings {
    type Item = Finding;
    type IntoIter = std::vec::IntoIter<Finding>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a Findings {
    type Item = &'a Finding;
    type IntoIter = std::slice::Iter<'a, Finding>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}
