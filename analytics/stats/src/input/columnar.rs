//! Parquet and Arrow IPC (file and stream).

use super::parse::{Builder, Data, Kind};
use super::{Wanted, positions};
use crate::error::StatsError;
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Date32Type, Float64Type, SchemaRef};
use arrow::ipc::reader::{FileReader, StreamReader};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::fmt::Display;
use std::io::Cursor;

/// What a stream of Arrow messages begins with.
const CONTINUATION: &[u8] = &[0xff; 4];
const ROWS: usize = 1 << 16;

pub(super) fn is_parquet(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PAR1")
}

pub(super) fn is_ipc(bytes: &[u8]) -> bool {
    bytes.starts_with(b"ARROW1") || bytes.starts_with(CONTINUATION)
}

type Columns = (Vec<Data>, usize);

pub(super) fn parquet(bytes: Vec<u8>, file: &str, wanted: &[Wanted]) -> Result<Columns, StatsError> {
    let damaged =
        |e: &dyn Display| StatsError::input(format!("the Parquet file cannot be read ({e})")).file(file);
    let builder =
        ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(bytes)).map_err(|e| damaged(&e))?;
    let places = positions(&names(builder.schema()), wanted, file)?;
    let mask = ProjectionMask::roots(builder.parquet_schema(), places.iter().copied());
    let reader = builder.with_projection(mask).with_batch_size(ROWS).build().map_err(|e| damaged(&e))?;
    let mut columns = Collector::new(file, wanted);
    for batch in reader {
        columns.add(&batch.map_err(|e| damaged(&e))?)?;
    }
    Ok(columns.finish())
}

pub(super) fn ipc(bytes: &[u8], file: &str, wanted: &[Wanted]) -> Result<Columns, StatsError> {
    let damaged =
        |e: &dyn Display| StatsError::input(format!("the Arrow file cannot be read ({e})")).file(file);
    let mut columns = Collector::new(file, wanted);
    if bytes.starts_with(CONTINUATION) {
        let reader = StreamReader::try_new(Cursor::new(bytes), None).map_err(|e| damaged(&e))?;
        positions(&names(&reader.schema()), wanted, file)?;
        for batch in reader {
            columns.add(&batch.map_err(|e| damaged(&e))?)?;
        }
    } else {
        let reader = FileReader::try_new(Cursor::new(bytes), None).map_err(|e| damaged(&e))?;
        positions(&names(&reader.schema()), wanted, file)?;
        for batch in reader {
            columns.add(&batch.map_err(|e| damaged(&e))?)?;
        }
    }
    Ok(columns.finish())
}

fn names(schema: &SchemaRef) -> Vec<String> {
    schema.fields().iter().map(|field| field.name().trim().to_owned()).collect()
}

/// Takes the wanted columns out of batches.
struct Collector<'a> {
    file: &'a str,
    wanted: &'a [Wanted],
    builders: Vec<Builder>,
    rows: usize,
}

impl<'a> Collector<'a> {
    fn new(file: &'a str, wanted: &'a [Wanted]) -> Self {
        let builders = wanted.iter().map(|column| Builder::new(column.kind)).collect();
        Self { file, wanted, builders, rows: 0 }
    }

    fn add(&mut self, batch: &RecordBatch) -> Result<(), StatsError> {
        let places = positions(&names(&batch.schema()), self.wanted, self.file)?;
        for ((builder, column), place) in self.builders.iter_mut().zip(self.wanted).zip(places) {
            append(builder, batch.column(place)).map_err(|(row, fault)| {
                let fault = fault.file(self.file).column(&column.name);
                match row {
                    Some(row) => fault.row(self.rows + row),
                    None => fault,
                }
            })?;
        }
        self.rows += batch.num_rows();
        Ok(())
    }

    fn finish(self) -> Columns {
        (self.builders.into_iter().map(Builder::finish).collect(), self.rows)
    }
}

type Fault = (Option<usize>, StatsError);

fn append(builder: &mut Builder, array: &ArrayRef) -> Result<(), Fault> {
    let kind = builder.kind();
    let wrong = |array: &ArrayRef| {
        let title = format!("a column of type {} that cannot be used here", array.data_type());
        (None, StatsError::input(title).rule(kind.rule()))
    };
    let converted = |to: &DataType| cast(array, to).map_err(|_| wrong(array));
    let each = |rows: usize, mut one: Box<dyn FnMut(usize) -> Result<(), StatsError> + '_>| {
        (0..rows).try_for_each(|row| one(row).map_err(|fault| (Some(row), fault)))
    };
    match array.data_type() {
        DataType::Boolean => {
            let values = array.as_boolean();
            each(
                values.len(),
                Box::new(|row| {
                    if values.is_null(row) {
                        builder.missing();
                        return Ok(());
                    }
                    builder.boolean(values.value(row))
                }),
            )
        }
        DataType::Null => {
            (0..array.len()).for_each(|_| builder.missing());
            Ok(())
        }
        // Whole numbers become labels by their digits: a 64-bit identifier does not fit a float.
        held if matches!(
            held,
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Dictionary(..)
        ) || (kind == Kind::Label && held.is_integer()) =>
        {
            let text = converted(&DataType::Utf8)?;
            let values = text.as_string::<i32>();
            each(
                values.len(),
                Box::new(|row| {
                    if values.is_null(row) {
                        builder.missing();
                        return Ok(());
                    }
                    builder.text(values.value(row))
                }),
            )
        }
        DataType::Date32 | DataType::Date64 | DataType::Timestamp(..)
            if matches!(kind, Kind::Moment | Kind::Label) =>
        {
            let days = converted(&DataType::Date32)?;
            let values = days.as_primitive::<Date32Type>();
            each(
                values.len(),
                Box::new(|row| {
                    if values.is_null(row) {
                        builder.missing();
                        return Ok(());
                    }
                    if kind == Kind::Moment {
                        return builder.moment(f64::from(values.value(row)), true);
                    }
                    let (year, month, day) = survival::person_years::civil_date(values.value(row));
                    builder.text(&format!("{year:04}-{month:02}-{day:02}"))
                }),
            )
        }
        kind_of if kind_of.is_numeric() => {
            let numbers = converted(&DataType::Float64)?;
            let values = numbers.as_primitive::<Float64Type>();
            each(
                values.len(),
                Box::new(|row| {
                    if values.is_null(row) {
                        builder.missing();
                        return Ok(());
                    }
                    builder.number(values.value(row))
                }),
            )
        }
        _ => Err(wrong(array)),
    }
}
