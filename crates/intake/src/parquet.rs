//! Parquet: one form, columns named as its fields.

use crate::fault::Fault;
use crate::header::Table;
use crate::row::{Content, Place, Row};
use arrow::array::{Array, RecordBatch};
use arrow::datatypes::DataType;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use clinical::form::FormDescriptor;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use std::fs::File;
use std::path::Path;

/// Rows decoded at a time.
const BATCH: usize = 4_096;

pub(crate) struct Columns {
    batches: ParquetRecordBatchReader,
}

fn unreadable(error: impl std::fmt::Display) -> Fault {
    Fault::Unreadable(format!("The Parquet file cannot be read: {error}."))
}

impl Columns {
    pub(crate) fn open(path: &Path, form: &'static FormDescriptor) -> Result<(Table, Self), Fault> {
        let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(path)?).map_err(unreadable)?;
        let schema = builder.schema().clone();
        let nested: Vec<&str> =
            schema.fields().iter().filter(|f| f.data_type().is_nested()).map(|f| f.name().as_str()).collect();
        if !nested.is_empty() {
            return Err(unreadable(format!(
                "column {} holds nested values; each column must hold one value a row",
                nested.join(", ")
            )));
        }
        let table = Table::read("", form, schema.fields().iter().map(|f| f.name().as_str()))?;
        let batches = builder.with_batch_size(BATCH).build().map_err(unreadable)?;
        Ok((table, Self { batches }))
    }

    pub(crate) fn each(self, take: &mut impl FnMut(Row) -> std::io::Result<()>) -> Result<(), Fault> {
        let mut row = 0;
        for batch in self.batches {
            let batch = batch.map_err(unreadable)?;
            let options = FormatOptions::default();
            let formats = formatters(&batch, &options)?;
            for index in 0..batch.num_rows() {
                row += 1;
                let cells =
                    formats.iter().zip(batch.columns()).map(|(f, c)| cell(f, c.as_ref(), index)).collect();
                take(Row { place: Place { table: 0, row }, content: Content::Cells(cells) })?;
            }
        }
        Ok(())
    }
}

fn formatters<'a>(
    batch: &'a RecordBatch,
    options: &'a FormatOptions<'a>,
) -> Result<Vec<ArrayFormatter<'a>>, Fault> {
    batch
        .columns()
        .iter()
        .map(|column| ArrayFormatter::try_new(column.as_ref(), options).map_err(unreadable))
        .collect()
}

fn cell(format: &ArrayFormatter<'_>, column: &dyn Array, row: usize) -> String {
    if column.is_null(row) {
        return String::new();
    }
    let text = format.value(row).try_to_string().unwrap_or_default();
    match column.data_type() {
        // A time stamp at midnight is how some programs write a date.
        DataType::Timestamp(..) | DataType::Date64 => {
            text.strip_suffix("T00:00:00").map_or_else(|| text.clone(), str::to_owned)
        }
        // 1001.0 is how some programs write a whole number in a column with gaps.
        DataType::Float16 | DataType::Float32 | DataType::Float64 => {
            text.strip_suffix(".0").map_or_else(|| text.clone(), str::to_owned)
        }
        _ => text,
    }
}
