//! Formats of submitted files.

use std::fmt;

/// A format that records can be submitted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One JSON object a line, of any form.
    Ndjson,
    /// One form, a header line.
    Csv,
    /// A workbook with a sheet per form.
    Xlsx,
    /// One form, columns named as its fields.
    Parquet,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 4] = [Self::Ndjson, Self::Csv, Self::Xlsx, Self::Parquet];

    /// The media type it is sent as.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Ndjson => "application/x-ndjson",
            Self::Csv => "text/csv",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Parquet => "application/vnd.apache.parquet",
        }
    }

    /// The format of a media type without parameters.
    pub fn of_media_type(text: &str) -> Option<Self> {
        match text {
            "application/jsonl" => Some(Self::Ndjson),
            _ => Self::ALL.into_iter().find(|f| f.media_type() == text),
        }
    }

    /// The file name extension without its dot.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Ndjson => "ndjson",
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
            Self::Parquet => "parquet",
        }
    }

    /// The format of a file name extension.
    pub fn of_extension(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "jsonl" | "json" => Some(Self::Ndjson),
            other => Self::ALL.into_iter().find(|f| f.extension() == other),
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ndjson => "NDJSON",
            Self::Csv => "CSV",
            Self::Xlsx => "A workbook",
            Self::Parquet => "Parquet",
        })
    }
}
