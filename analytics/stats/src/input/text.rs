//! CSV with a header row.

use super::parse::{Builder, Data};
use super::{Wanted, positions};
use crate::error::StatsError;

pub(super) fn csv(bytes: &[u8], file: &str, wanted: &[Wanted]) -> Result<(Vec<Data>, usize), StatsError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(StatsError::input("the input is empty")
            .file(file)
            .rule("a CSV file with a header row, Parquet or Arrow IPC"));
    }
    let unreadable = |e: &::csv::Error| StatsError::input(format!("the input is no CSV ({e})")).file(file);
    let mut reader = ::csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter(bytes))
        .from_reader(bytes);
    let mut record = ::csv::ByteRecord::new();
    reader.read_byte_record(&mut record).map_err(|e| unreadable(&e))?;
    let header: Vec<String> = record
        .iter()
        .map(|name| std::str::from_utf8(name).map(|name| name.trim().to_owned()).map_err(|_| not_utf8(file)))
        .collect::<Result<_, _>>()?;
    let places = positions(&header, wanted, file)?;
    let mut builders: Vec<Builder> = wanted.iter().map(|column| Builder::new(column.kind)).collect();
    let mut rows = 0;
    while reader.read_byte_record(&mut record).map_err(|e| unreadable(&e).row(rows))? {
        if record.len() != header.len() {
            return Err(StatsError::input(format!(
                "a row of {} values where the header has {}",
                record.len(),
                header.len()
            ))
            .file(file)
            .row(rows)
            .rule("as many values as the header has columns"));
        }
        for ((builder, &place), column) in builders.iter_mut().zip(&places).zip(wanted) {
            let located = |fault: StatsError| fault.file(file).row(rows).column(&column.name);
            let cell = std::str::from_utf8(record.get(place).unwrap_or_default())
                .map_err(|_| located(not_utf8(file)))?;
            builder.text(cell).map_err(located)?;
        }
        rows += 1;
    }
    Ok((builders.into_iter().map(Builder::finish).collect(), rows))
}

fn not_utf8(file: &str) -> StatsError {
    StatsError::input("text that is not UTF-8").file(file).rule("a file saved as CSV UTF-8")
}

/// A comma, unless the header row has none and has semicolons or tabs, as spreadsheets write them where a comma is the decimal mark.
fn delimiter(bytes: &[u8]) -> u8 {
    let header = bytes.split(|b| *b == b'\n').next().unwrap_or_default();
    let has = |mark: u8| header.contains(&mark);
    [b';', b'\t'].into_iter().find(|&mark| has(mark) && !has(b',')).unwrap_or(b',')
}
