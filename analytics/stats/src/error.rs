//! Why a command did not run, as a problem document.

use serde_json::{Map, Value, json};
use std::fmt;

/// A command that failed. Its [`Display`](fmt::Display) form is a problem document (RFC 9457) on one line, for standard error: `type`,
/// `title` and `detail`, and as far as they apply `file`, `row` (data rows from 1), `column`, `value`, `option` and `rule` (what would be
/// accepted).
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{}", self.to_json())]
pub struct StatsError {
    input: bool,
    title: String,
    file: Option<String>,
    row: Option<usize>,
    column: Option<String>,
    value: Option<String>,
    option: Option<String>,
    rule: Option<String>,
}

impl StatsError {
    /// A fault of the arguments or of the input: exit code 2.
    pub(crate) fn input(title: impl fmt::Display) -> Self {
        Self {
            input: true,
            title: title.to_string(),
            file: None,
            row: None,
            column: None,
            value: None,
            option: None,
            rule: None,
        }
    }

    /// A fault of the program or of what it runs on: exit code 1.
    pub(crate) fn internal(title: impl fmt::Display) -> Self {
        Self { input: false, ..Self::input(title) }
    }

    /// The arguments that clap refused, as a problem document; `None` where clap only has help or a version to print.
    pub fn from_arguments(error: &clap::Error) -> Option<Self> {
        use clap::error::{ContextKind, ContextValue, ErrorKind};
        if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
            return None;
        }
        let rendered = error.render().to_string();
        let message: Vec<&str> = rendered
            .lines()
            .map(str::trim)
            .take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more information"))
            .filter(|line| !line.is_empty())
            .collect();
        let title = message.join("; ");
        let mut fault = Self::input(title.strip_prefix("error: ").unwrap_or(&title));
        let context = |kind: ContextKind| match error.get(kind) {
            Some(ContextValue::String(text)) => Some(text.clone()),
            Some(ContextValue::Strings(texts)) => Some(texts.join(", ")),
            _ => None,
        };
        fault.option = context(ContextKind::InvalidArg);
        fault.value = context(ContextKind::InvalidValue).filter(|value| !value.is_empty());
        fault.rule = context(ContextKind::ValidValue)
            .map(|values| format!("one of {values}"))
            .or_else(|| context(ContextKind::SuggestedArg).map(|name| format!("perhaps `{name}`")));
        Some(fault)
    }

    pub(crate) fn file(mut self, file: &str) -> Self {
        self.file = Some(file.to_owned());
        self
    }

    /// `row` counts from 0.
    pub(crate) fn row(mut self, row: usize) -> Self {
        self.row = Some(row + 1);
        self
    }

    pub(crate) fn column(mut self, column: &str) -> Self {
        self.column = Some(column.to_owned());
        self
    }

    pub(crate) fn value(mut self, value: impl fmt::Display) -> Self {
        self.value = Some(value.to_string());
        self
    }

    pub(crate) fn option(mut self, option: &str) -> Self {
        self.option = Some(option.to_owned());
        self
    }

    pub(crate) fn rule(mut self, rule: impl fmt::Display) -> Self {
        self.rule = Some(rule.to_string());
        self
    }

    /// 2 for a fault of the arguments or the input, 1 for any other.
    pub fn exit_code(&self) -> u8 {
        if self.input { 2 } else { 1 }
    }

    /// The problem document.
    pub fn to_json(&self) -> Value {
        let mut place = Vec::new();
        let quoted = |name: &str, text: &Option<String>| text.as_ref().map(|text| format!("{name} `{text}`"));
        place.extend(self.file.as_ref().map(|file| format!("file {file}")));
        place.extend(self.row.map(|row| format!("row {row}")));
        place.extend(quoted("column", &self.column));
        place.extend(quoted("option", &self.option));
        place.extend(quoted("value", &self.value));
        let mut detail = self.title.clone();
        if !place.is_empty() {
            detail = format!("{detail}: {}", place.join(", "));
        }
        if let Some(rule) = &self.rule {
            detail = format!("{detail}; expected {rule}");
        }
        let mut problem = Map::new();
        problem.insert("type".to_owned(), json!("about:blank"));
        problem.insert("title".to_owned(), json!(self.title));
        problem.insert("detail".to_owned(), json!(detail));
        let text = |text: &Option<String>| text.as_ref().map(|text| json!(text));
        for (name, value) in [
            ("file", text(&self.file)),
            ("row", self.row.map(|row| json!(row))),
            ("column", text(&self.column)),
            ("option", text(&self.option)),
            ("value", text(&self.value)),
            ("rule", text(&self.rule)),
        ] {
            if let Some(value) = value {
                problem.insert(name.to_owned(), value);
            }
        }
        Value::Object(problem)
    }
}
