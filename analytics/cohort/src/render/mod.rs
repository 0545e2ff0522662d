//! Reports as JSON, CSV, text and SVG.

mod csv;
pub mod figure;
mod svg;
mod text;

pub use csv::EstimateRow;
pub use figure::Figure;
pub use text::{Block, Table};

use crate::error::ReportError;
use crate::reports::Report;
use clinical::Language;
use serde::{Deserialize, Serialize};
use std::str::FromStr;

/// The forms a report has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// The typed result.
    Json,
    /// One estimate a row.
    Csv,
    /// Readable tables.
    Text,
    /// Curves, for reports that have any.
    Svg,
}

impl Format {
    /// The name in parameters.
    pub fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Csv => "csv",
            Self::Text => "text",
            Self::Svg => "svg",
        }
    }

    /// Its media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Csv => "text/csv; charset=utf-8",
            Self::Text => "text/plain; charset=utf-8",
            Self::Svg => "image/svg+xml",
        }
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        [Self::Json, Self::Csv, Self::Text, Self::Svg]
            .into_iter()
            .find(|f| f.name() == text)
            .ok_or_else(|| format!("there is no format `{text}`; expected json, csv, text or svg"))
    }
}

/// A rendered report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// For the `Content-Type` header.
    pub media_type: &'static str,
    /// The document, UTF-8.
    pub bytes: Vec<u8>,
}

/// Renders a report. The language applies to titles, headings and axes of text and SVG; JSON and CSV have none.
///
/// # Errors
///
/// [`ReportError::NoSuchFormat`] for curves of a report that has none.
pub fn render(report: &Report, format: Format, language: Language) -> Result<Rendered, ReportError> {
    let text = match format {
        Format::Json => format!("{}\n", report.to_json()?),
        Format::Csv => csv::write(report),
        Format::Text => text::write(report, language),
        Format::Svg => {
            let figure = report.body.figure(language).ok_or(ReportError::NoSuchFormat {
                report: report.head.report.name(),
                format: format.name(),
                expected: "json, csv or text",
            })?;
            svg::write(&figure, &report.head)
        }
    };
    Ok(Rendered { media_type: format.media_type(), bytes: text.into_bytes() })
}

/// The words in the language asked for.
pub fn say<'a>(language: Language, en: &'a str, zh: &'a str) -> &'a str {
    match language {
        Language::En => en,
        Language::Zh => zh,
    }
}

/// "day 30".
pub fn day_heading(language: Language, day: i32) -> String {
    match language {
        Language::En => format!("day {day}"),
        Language::Zh => format!("第{day}天"),
    }
}
