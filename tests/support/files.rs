//! Workbooks and Parquet files as centers make them.

use arrow::array::{ArrayRef, Int32Array, RecordBatch, StringArray};
use clinical::field::{Cell, Kind};
use clinical::record::Record;
use parquet::arrow::ArrowWriter;
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A workbook with a sheet per form: numbers as numbers, dates as dates of the spreadsheet, missing codes as text.
pub(crate) fn workbook(records: &[Record]) -> Vec<u8> {
    let mut book = Workbook::new();
    let date = Format::new().set_num_format("yyyy-mm-dd");
    let mut forms: BTreeMap<&str, Vec<&Record>> = BTreeMap::new();
    for record in records {
        forms.entry(record.form().name).or_default().push(record);
    }
    for (name, records) in forms {
        let sheet = book.add_worksheet();
        sheet.set_name(name).unwrap();
        for (column, field) in (0u16..).zip(records[0].form().fields) {
            sheet.write_string(0, column, field.name).unwrap();
            for (row, record) in (1u32..).zip(&records) {
                let written = match (record.cell(field.name), record.missing().get(field.name)) {
                    (_, Some(code)) => sheet.write_string(row, column, code.code()),
                    (Cell::Null, None) => continue,
                    (Cell::Integer(i), None) => sheet.write_number(row, column, f64::from(*i)),
                    (Cell::Decimal(d), None) => sheet.write_number(row, column, *d),
                    (Cell::Flag(yes), None) => sheet.write_boolean(row, column, *yes),
                    (Cell::Date(day), None) if matches!(field.kind, Kind::Date) => {
                        let serial = ExcelDateTime::parse_from_str(&day.to_string()).unwrap();
                        sheet.write_datetime_with_format(row, column, serial, &date)
                    }
                    (other, None) => sheet.write_string(row, column, other.to_text()),
                };
                written.unwrap();
            }
        }
    }
    book.save_to_buffer().unwrap()
}

/// A workbook with one sheet of texts.
pub(crate) fn sheet(name: &str, rows: &[&[&str]]) -> Vec<u8> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.set_name(name).unwrap();
    for (row, cells) in (0u32..).zip(rows) {
        for (column, cell) in (0u16..).zip(*cells) {
            sheet.write_string(row, column, *cell).unwrap();
        }
    }
    book.save_to_buffer().unwrap()
}

/// Patients as a Parquet file.
pub(crate) fn parquet(ids: &[&str], years: &[Option<i32>]) -> Vec<u8> {
    let all = |text: &str| Arc::new(StringArray::from(vec![text; ids.len()])) as ArrayRef;
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("patient_id", Arc::new(StringArray::from(ids.to_vec()))),
        ("birth_year", Arc::new(Int32Array::from(years.to_vec()))),
        ("sex", all("F")),
        ("consent_registry", all("Y")),
        ("date_basis", all("CALENDAR")),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    bytes
}
