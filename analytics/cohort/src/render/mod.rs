//! Reports as JSON, CSV, text, SVG, HTML, Arrow and Parquet.

pub(crate) mod columnar;
mod csv;
pub mod figure;
mod html;
mod svg;
mod text;

pub use csv::EstimateRow;
pub(crate) use csv::quoted;
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
    /// Charts, for reports that have any.
    Svg,
    /// Tables and charts in one document that refers to nothing outside.
    Html,
    /// One estimate a row, as an Arrow IPC stream.
    Arrow,
    /// One estimate a row, as a Parquet file.
    Parquet,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Json, Self::Csv, Self::Text, Self::Svg, Self::Html, Self::Arrow, Self::Parquet];

    /// The name in parameters.
    pub fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Csv => "csv",
            Self::Text => "text",
            Self::Svg => "svg",
            Self::Html => "html",
            Self::Arrow => "arrow",
            Self::Parquet => "parquet",
        }
    }

    /// Its media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Csv => "text/csv; charset=utf-8",
            Self::Text => "text/plain; charset=utf-8",
            Self::Svg => "image/svg+xml",
            Self::Html => "text/html; charset=utf-8",
            Self::Arrow => "application/vnd.apache.arrow.stream",
            Self::Parquet => "application/vnd.apache.parquet",
        }
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let names = Self::ALL.map(Self::name).join(", ");
        Self::ALL
            .into_iter()
            .find(|f| f.name() == text)
            .ok_or_else(|| format!("there is no format `{text}`; expected one of {names}"))
    }
}

/// A rendered report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// For the `Content-Type` header.
    pub media_type: &'static str,
    /// The document, UTF-8 where it is text.
    pub bytes: Vec<u8>,
}

/// Renders a report. The language applies to titles, headings and axes of text, SVG and HTML; the others have none.
///
/// # Errors
///
/// [`ReportError::NoSuchFormat`] for charts of a report that has none.
pub fn render(report: &Report, format: Format, language: Language) -> Result<Rendered, ReportError> {
    let bytes = match format {
        Format::Json => format!("{}\n", report.to_json()?).into_bytes(),
        Format::Csv => csv::write(report).into_bytes(),
        Format::Text => text::write(report, language).into_bytes(),
        Format::Svg => {
            let figure = report.body.figure(language).ok_or(ReportError::NoSuchFormat {
                report: report.head.report.name(),
                format: format.name(),
                expected: "json, csv, text, html, arrow or parquet",
            })?;
            svg::write(&figure, &report.head).into_bytes()
        }
        Format::Html => html::write(report, language).into_bytes(),
        Format::Arrow => columnar::arrow(report)?,
        Format::Parquet => columnar::parquet(report)?,
    };
    Ok(Rendered { media_type: format.media_type(), bytes })
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
