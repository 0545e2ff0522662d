//! Why a command did not run, as a problem document.

use serde_json::{Map, Value, json};
use std::fmt;

/// A command that failed. Its [`Display`](fmt::Display) form is a problem document (RFC 9457) on one line, for standard error: `type`,
/// `title` and `detail`, and as far as they apply `file`, `row` (data rows from 1), `column`, `value`, `option` and `rule` (what would be
/// accepted).
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{}", self.to_json())]
pub struct StatsError(Box<Fault>);

#[derive(Debug, Clone, PartialEq)]
struct Fault {
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
        Self(Box::new(Fault {
            input: true,
            title: title.to_string(),
            file: None,
            row: None,
            column: None,
            value: None,
            option: None,
            rule: None,
        }))
    }

    /// A fault of the program or of what it runs on: exit code 1.
    pub(crate) fn internal(title: impl fmt::Display) -> Self {
        let mut fault = Self::input(title);
        fault.0.input = false;
        fault
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
        fault.0.option = context(ContextKind::InvalidArg);
        fault.0.value = context(ContextKind::InvalidValue).filter(|value| !value.is_empty());
        fault.0.rule = context(ContextKind::ValidValue)
            .map(|values| format!("one of {values}"))
            .or_else(|| context(ContextKind::SuggestedArg).map(|name| format!("perhaps `{name}`")));
        Some(fault)
    }

    pub(crate) fn file(mut self, file: &str) -> Self {
        self.0.file = Some(file.to_owned());
        self
    }

    /// `row` counts from 0.
    pub(crate) fn row(mut self, row: usize) -> Self {
        self.0.row = Some(row + 1);
        self
    }

    pub(crate) fn column(mut self, column: &str) -> Self {
        self.0.column = Some(column.to_owned());
        self
    }

    pub(crate) fn value(mut self, value: impl fmt::Display) -> Self {
        self.0.value = Some(value.to_string());
        self
    }

    pub(crate) fn option(mut self, option: &str) -> Self {
        self.0.option = Some(option.to_owned());
        self
    }

    pub(crate) fn rule(mut self, rule: impl fmt::Display) -> Self {
        self.0.rule = Some(rule.to_string());
        self
    }

    /// 2 for a fault of the arguments or the input, 1 for any other.
    pub fn exit_code(&self) -> u8 {
        if self.0.input { 2 } else { 1 }
    }

    /// The problem document.
    pub fn to_json(&self) -> Value {
        let mut place = Vec::new();
        let quoted = |name: &str, text: &Option<String>| text.as_ref().map(|text| format!("{name} `{text}`"));
        place.extend(self.0.file.as_ref().map(|file| format!("file {file}")));
        place.extend(self.0.row.map(|row| format!("row {row}")));
        place.extend(quoted("column", &self.0.column));
        place.extend(quoted("option", &self.0.option));
        place.extend(quoted("value", &self.0.value));
        let mut detail = self.0.title.clone();
        if !place.is_empty() {
            detail = format!("{detail}: {}", place.join(", "));
        }
        if let Some(rule) = &self.0.rule {
            detail = format!("{detail}; expected {rule}");
        }
        let mut problem = Map::new();
        problem.insert("type".to_owned(), json!("about:blank"));
        problem.insert("title".to_owned(), json!(self.0.title));
        problem.insert("detail".to_owned(), json!(detail));
        let text = |text: &Option<String>| text.as_ref().map(|text| json!(text));
        for (name, value) in [
            ("file", text(&self.0.file)),
            ("row", self.0.row.map(|row| json!(row))),
            ("column", text(&self.0.column)),
            ("option", text(&self.0.option)),
            ("value", text(&self.0.value)),
            ("rule", text(&self.0.rule)),
        ] {
            if let Some(value) = value {
                problem.insert(name.to_owned(), value);
            }
        }
        Value::Object(problem)
    }
}
