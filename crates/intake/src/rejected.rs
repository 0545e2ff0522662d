//! The rejected rows of a file, in its own format, each with the reason: to be corrected and sent again.

use crate::fault::Fault;
use crate::header::{Column, Table};
use crate::row::{Content, Place, REASON, Row, VERSION};
use crate::{Format, Source, template};
use arrow::array::{ArrayRef, RecordBatch, StringArray};
use clinical::form::FormDescriptor;
use parquet::arrow::ArrowWriter;
use rust_xlsxwriter::Workbook;
use std::collections::BTreeMap;
use std::io::{Seek, Write};
use std::path::Path;
use std::sync::Arc;

/// Why rows were rejected, by place.
pub type Rejected = BTreeMap<Place, String>;

/// Writes the rejected rows of the file at `path`. A line of NDJSON that is no object stands as it was under `sequela_line`.
///
/// # Errors
/// The file cannot be read, or the output not written.
pub fn write_rejected(
    path: &Path,
    format: Format,
    form: Option<&'static FormDescriptor>,
    rejected: &Rejected,
    output: &mut (impl Write + Seek + Send),
) -> Result<(), Fault> {
    let source = Source::open(path, format, form)?;
    let tables = source.tables.clone();
    match format {
        Format::Ndjson => source.each(|row| match rejected.get(&row.place) {
            Some(reason) => line(&row, reason, output),
            None => Ok(()),
        }),
        Format::Csv => {
            let mut csv = csv::Writer::from_writer(output);
            if let Some(table) = tables.first() {
                csv.write_record(names(table)).map_err(std::io::Error::other)?;
            }
            source.each(|row| match rejected.get(&row.place) {
                Some(reason) => csv.write_record(cells(row, &tables, reason)).map_err(std::io::Error::other),
                None => Ok(()),
            })?;
            Ok(csv.flush()?)
        }
        Format::Xlsx => workbook(source, &tables, rejected, output),
        Format::Parquet => columns(source, &tables, rejected, output),
    }
}

/// The names of a table's columns, the reason last.
fn names(table: &Table) -> Vec<&str> {
    let fields = table.columns.iter().filter(|c| **c != Column::Reason).map(|column| match column {
        Column::Field(index) => table.form.fields.get(*index).map_or("", |f| f.name),
        Column::Version => VERSION,
        Column::Reason => REASON,
    });
    fields.chain([REASON]).collect()
}

fn cells(row: Row, tables: &[Table], reason: &str) -> Vec<String> {
    let Some(table) = tables.get(usize::from(row.place.table)) else { return vec![reason.to_owned()] };
    let given = match row.content {
        Content::Cells(cells) => cells,
        _ => vec![String::new(); table.columns.len()],
    };
    let kept = table.columns.iter().zip(given).filter(|(c, _)| **c != Column::Reason).map(|(_, cell)| cell);
    kept.chain([reason.to_owned()]).collect()
}

fn line(row: &Row, reason: &str, output: &mut impl Write) -> std::io::Result<()> {
    let reason = serde_json::Value::from(reason);
    let text = match &row.content {
        Content::Json(line) => line.as_slice(),
        Content::Malformed(received, _) => received.as_bytes(),
        Content::Cells(_) => &[],
    };
    let mut object = serde_json::Map::new();
    object.insert(REASON.to_owned(), reason);
    match serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(text) {
        Ok(members) => object.extend(members.into_iter().filter(|(name, _)| name != REASON)),
        Err(_) => {
            object.insert("sequela_line".to_owned(), String::from_utf8_lossy(text).into());
        }
    }
    serde_json::to_writer(&mut *output, &object)?;
    output.write_all(b"\n")
}

fn workbook(
    source: Source,
    tables: &[Table],
    rejected: &Rejected,
    output: &mut (impl Write + Seek + Send),
) -> Result<(), Fault> {
    let failed = |error: rust_xlsxwriter::XlsxError| std::io::Error::other(error);
    let mut book = Workbook::new();
    let mut next: Vec<u32> = Vec::new();
    for table in tables {
        let sheet = book.add_worksheet();
        sheet.set_name(&table.name).map_err(failed)?;
        template::write_row(sheet, 0, names(table).into_iter())?;
        next.push(1);
    }
    source.each(|row| {
        let Some(reason) = rejected.get(&row.place) else { return Ok(()) };
        let index = usize::from(row.place.table);
        let (Ok(sheet), Some(at)) = (book.worksheet_from_index(index), next.get_mut(index)) else {
            return Ok(());
        };
        let cells = cells(row, tables, reason);
        template::write_row(sheet, *at, cells.iter().map(String::as_str))?;
        *at += 1;
        Ok(())
    })?;
    book.save_to_writer(output).map_err(failed)?;
    Ok(())
}

fn columns(
    source: Source,
    tables: &[Table],
    rejected: &Rejected,
    output: &mut (impl Write + Send),
) -> Result<(), Fault> {
    let Some(table) = tables.first() else { return Ok(()) };
    let names = names(table);
    let mut columns: Vec<Vec<String>> = vec![Vec::new(); names.len()];
    source.each(|row| {
        if let Some(reason) = rejected.get(&row.place) {
            for (column, cell) in columns.iter_mut().zip(cells(row, tables, reason)) {
                column.push(cell);
            }
        }
        Ok(())
    })?;
    let arrays = names.iter().zip(columns).map(|(name, column)| {
        let values = column.into_iter().map(|text| (!text.is_empty()).then_some(text));
        (*name, Arc::new(values.collect::<StringArray>()) as ArrayRef, true)
    });
    let batch = RecordBatch::try_from_iter_with_nullable(arrays).map_err(std::io::Error::other)?;
    let mut writer = ArrowWriter::try_new(output, batch.schema(), None).map_err(std::io::Error::other)?;
    writer.write(&batch).map_err(std::io::Error::other)?;
    writer.close().map_err(std::io::Error::other)?;
    Ok(())
}
