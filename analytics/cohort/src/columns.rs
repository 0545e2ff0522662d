//! Expressions over columns, and columns as Rust values.

use crate::error::ReportError;
use polars::prelude::*;

/// `column` is one of `codes`; never for a null.
pub fn one_of<'a>(column: &str, codes: impl IntoIterator<Item = &'a str>) -> Expr {
    codes
        .into_iter()
        .map(|code| col(column).eq(lit(code)))
        .reduce(Expr::or)
        .map_or(lit(false), |any| any.fill_null(lit(false)))
}

/// A date column as days since 1970-01-01, 32-bit integers.
pub fn epoch_day(column: &str) -> Expr {
    col(column).cast(DataType::Int32)
}

/// A 32-bit integer column as values.
///
/// # Errors
///
/// [`ReportError::Engine`] when the frame has no such column.
pub fn integers(frame: &DataFrame, column: &str) -> Result<Vec<Option<i32>>, ReportError> {
    let values = || Ok(frame.column(column)?.i32()?.iter().collect());
    values().map_err(ReportError::engine("reading an integer column"))
}

/// A row-index column as values.
///
/// # Errors
///
/// [`ReportError::Engine`] when the frame has no such column.
pub fn indices(frame: &DataFrame, column: &str) -> Result<Vec<u32>, ReportError> {
    let values = || Ok(frame.column(column)?.u32()?.iter().flatten().collect());
    values().map_err(ReportError::engine("reading a row index"))
}

/// A yes/no column as values.
///
/// # Errors
///
/// [`ReportError::Engine`] when the frame has no such column.
pub fn flags(frame: &DataFrame, column: &str) -> Result<Vec<Option<bool>>, ReportError> {
    let values = || Ok(frame.column(column)?.bool()?.iter().collect());
    values().map_err(ReportError::engine("reading a yes/no column"))
}

/// A text column as values.
///
/// # Errors
///
/// [`ReportError::Engine`] when the frame has no such column.
pub fn texts(frame: &DataFrame, column: &str) -> Result<Vec<Option<String>>, ReportError> {
    let values = || Ok(frame.column(column)?.str()?.iter().map(|t| t.map(str::to_owned)).collect());
    values().map_err(ReportError::engine("reading a text column"))
}
