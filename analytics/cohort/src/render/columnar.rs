//! One estimate a row, as Arrow and Parquet: the columns of the CSV, typed. The head stands in the schema's metadata.

use super::csv::rows;
use crate::error::ReportError;
use crate::reports::Report;
use arrow::array::{ArrayRef, Float64Array, StringArray, UInt64Array};
use arrow::datatypes::{DataType, Field, Schema};
use arrow::ipc::writer::StreamWriter;
use arrow::record_batch::RecordBatch;
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::Arc;

fn failed(error: impl std::fmt::Display) -> ReportError {
    ReportError::Columns(error.to_string())
}

fn batch(report: &Report) -> Result<RecordBatch, ReportError> {
    let head = &report.head;
    let rows = rows(report);
    let text = |of: &dyn Fn(&super::EstimateRow) -> Option<String>| -> ArrayRef {
        Arc::new(rows.iter().map(of).collect::<StringArray>())
    };
    let float = |of: &dyn Fn(&super::EstimateRow) -> Option<f64>| -> ArrayRef {
        Arc::new(rows.iter().map(|row| of(row).filter(|v| v.is_finite())).collect::<Float64Array>())
    };
    let count = |of: &dyn Fn(&super::EstimateRow) -> Option<u64>| -> ArrayRef {
        Arc::new(rows.iter().map(of).collect::<UInt64Array>())
    };
    let columns: [(&str, ArrayRef); 14] = [
        ("report", text(&|_| Some(head.report.name().to_owned()))),
        ("identity", text(&|_| Some(head.identity.clone()))),
        ("snapshot", text(&|_| Some(head.snapshot.id.clone()))),
        ("endpoint", text(&|r| Some(r.endpoint.clone()))),
        ("group", text(&|r| Some(r.group.clone()))),
        ("statistic", text(&|r| Some(r.statistic.clone()))),
        ("at", text(&|r| r.at.clone())),
        ("value", float(&|r| r.value)),
        ("std_err", float(&|r| r.std_err)),
        ("lower", float(&|r| r.lower)),
        ("upper", float(&|r| r.upper)),
        ("n", count(&|r| r.n)),
        ("events", count(&|r| r.events)),
        ("unit", text(&|r| Some(r.unit.to_owned()))),
    ];
    record_batch(columns.into(), &serde_json::to_value(head)?)
}

fn record_batch(columns: Vec<(&str, ArrayRef)>, head: &Value) -> Result<RecordBatch, ReportError> {
    let of_type = |array: &ArrayRef| -> DataType { array.data_type().clone() };
    let fields: Vec<Field> =
        columns.iter().map(|(name, array)| Field::new(*name, of_type(array), true)).collect();
    // One entry, because a map has no order and the bytes must not depend on one.
    let metadata = HashMap::from([("sequela".to_owned(), head.to_string())]);
    let schema = Arc::new(Schema::new(fields).with_metadata(metadata));
    RecordBatch::try_new(schema, columns.into_iter().map(|(_, array)| array).collect()).map_err(failed)
}

/// Columns with a head as a Parquet file.
pub(crate) fn write_parquet(columns: Vec<(&str, ArrayRef)>, head: &Value) -> Result<Vec<u8>, ReportError> {
    parquet_of(&record_batch(columns, head)?)
}

fn parquet_of(batch: &RecordBatch) -> Result<Vec<u8>, ReportError> {
    let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties)).map_err(failed)?;
    writer.write(batch).map_err(failed)?;
    writer.into_inner().map_err(failed)
}

/// The report as an Arrow IPC stream.
pub(super) fn arrow(report: &Report) -> Result<Vec<u8>, ReportError> {
    let batch = batch(report)?;
    let mut writer = StreamWriter::try_new(Vec::new(), batch.schema_ref()).map_err(failed)?;
    writer.write(&batch).map_err(failed)?;
    writer.into_inner().map_err(failed)
}

/// The report as a Parquet file.
pub(super) fn parquet(report: &Report) -> Result<Vec<u8>, ReportError> {
    parquet_of(&batch(report)?)
}
