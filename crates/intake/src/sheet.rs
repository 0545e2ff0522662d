//! XLSX: a workbook with a sheet per form.

use crate::fault::Fault;
use crate::header::{Column, Table};
use crate::row::{Content, Place, Row, too_long};
use crate::{ROW_LIMIT, template};
use calamine::{DataRef, DataType, Reader, Xlsx, XlsxCellReader};
use chrono::{NaiveTime, Timelike};
use clinical::field::{Kind, nearest};
use clinical::finding::Findings;
use clinical::rule;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

/// A workbook is an archive; what it may unpack to, so that a small file cannot fill the memory.
const UNPACKED: u64 = 2 << 30;

type File_ = BufReader<File>;

pub(crate) struct Workbook {
    file: Xlsx<File_>,
}

fn unreadable(error: impl std::fmt::Display) -> Fault {
    Fault::Unreadable(format!("The workbook cannot be read: {error}."))
}

fn refuse_bombs(path: &Path) -> Result<(), Fault> {
    let mut archive = zip::ZipArchive::new(BufReader::new(File::open(path)?)).map_err(unreadable)?;
    let mut unpacked: u64 = 0;
    for index in 0..archive.len() {
        unpacked = unpacked.saturating_add(archive.by_index_raw(index).map_err(unreadable)?.size());
    }
    if unpacked > UNPACKED {
        return Err(unreadable(format!(
            "it unpacks to {unpacked} bytes; at most {UNPACKED} are read, send CSV or NDJSON instead"
        )));
    }
    Ok(())
}

impl Workbook {
    pub(crate) fn open(path: &Path) -> Result<(Vec<Table>, Self), Fault> {
        refuse_bombs(path)?;
        let mut file: Xlsx<File_> =
            calamine::open_workbook(path).map_err(|e: calamine::XlsxError| unreadable(e))?;
        let mut tables = Vec::new();
        let mut unknown = Findings::new();
        for name in file.sheet_names() {
            if template::SHEETS.contains(&name.as_str()) {
                continue;
            }
            let header = header(&mut file, &name)?;
            if header.is_empty() {
                continue;
            }
            if let Some((_, form)) = clinical::forms::clinical(&name) {
                tables.push(Table::read(&name, form, header.iter().map(String::as_str))?);
                continue;
            }
            let forms: Vec<&str> = clinical::forms::CLINICAL.iter().map(|f| f.name).collect();
            let hint = nearest(&name, forms.iter().copied())
                .map_or_else(String::new, |near| format!("; did you mean {near}?"));
            let expected = Some(format!("a sheet named as one of {}{hint}", forms.join(", ")));
            unknown.at(&rule::FORM, "sheet", Some(name), expected);
        }
        if unknown.is_empty() {
            Ok((tables, Self { file }))
        } else {
            Err(Fault::Header { place: "the workbook".to_owned(), findings: unknown })
        }
    }

    pub(crate) fn each(
        mut self,
        tables: &[Table],
        take: &mut impl FnMut(Row) -> std::io::Result<()>,
    ) -> Result<(), Fault> {
        for (index, table) in tables.iter().enumerate() {
            let table_index = u16::try_from(index).unwrap_or(u16::MAX);
            let mut reader = self.file.worksheet_cells_reader(&table.name).map_err(unreadable)?;
            let mut waiting = Waiting::new(&mut reader);
            while let Some((row, cells)) = waiting.row(|column, value| text(table, column, value))? {
                let place = Place { table: table_index, row: u64::from(row) + 1 };
                if row == 0 || cells.iter().all(String::is_empty) {
                    continue;
                }
                let bytes: usize = cells.iter().map(String::len).sum();
                if bytes > ROW_LIMIT {
                    take(too_long(place, bytes as u64))?;
                } else if cells.len() > table.columns.len() {
                    let expected = format!("{} cells, as in the header", table.columns.len());
                    take(Row::malformed(place, format!("{} cells", cells.len()), expected))?;
                } else {
                    let mut cells = cells;
                    cells.resize(table.columns.len(), String::new());
                    take(Row { place, content: Content::Cells(cells) })?;
                }
            }
        }
        Ok(())
    }
}

/// The cells of the first row.
fn header(file: &mut Xlsx<File_>, name: &str) -> Result<Vec<String>, Fault> {
    let mut reader = file.worksheet_cells_reader(name).map_err(unreadable)?;
    let mut waiting = Waiting::new(&mut reader);
    match waiting.row(|_, value| plain(value))? {
        Some((0, cells)) => Ok(cells),
        Some((row, _)) => Err(unreadable(format!(
            "sheet {name} begins on row {}; the names of the fields must stand on row 1",
            row + 1
        ))),
        None => Ok(Vec::new()),
    }
}

/// Collects the cells of a sheet, which come one by one, into rows.
struct Waiting<'r, 'a> {
    reader: &'r mut XlsxCellReader<'a, File_>,
    next: Option<calamine::Cell<DataRef<'a>>>,
    /// The reader must not be asked again after its end.
    over: bool,
}

impl<'r, 'a> Waiting<'r, 'a> {
    fn new(reader: &'r mut XlsxCellReader<'a, File_>) -> Self {
        Self { reader, next: None, over: false }
    }

    /// The next row that has cells: its index and its cells from the first column on.
    fn row(
        &mut self,
        text: impl Fn(usize, &DataRef<'_>) -> String,
    ) -> Result<Option<(u32, Vec<String>)>, Fault> {
        let mut begun: Option<(u32, Vec<String>)> = None;
        loop {
            let cell = match self.next.take() {
                Some(cell) => Some(cell),
                None if self.over => None,
                None => self.reader.next_cell().map_err(unreadable)?,
            };
            let Some(cell) = cell else {
                self.over = true;
                return Ok(begun);
            };
            let (row, column) = cell.get_position();
            if begun.as_ref().is_some_and(|(at, _)| *at != row) {
                self.next = Some(cell);
                return Ok(begun);
            }
            let column = usize::try_from(column).unwrap_or(usize::MAX);
            let value = text(column, cell.get_value());
            let (_, cells) = begun.get_or_insert_with(|| (row, Vec::new()));
            if value.is_empty() || column >= 16_384 {
                continue;
            }
            if cells.len() <= column {
                cells.resize(column + 1, String::new());
            }
            if let Some(cell) = cells.get_mut(column) {
                *cell = value;
            }
        }
    }
}

/// A cell as the text that the field of its column reads.
fn text(table: &Table, column: usize, value: &DataRef<'_>) -> String {
    let kind = match table.columns.get(column) {
        Some(Column::Field(index)) => table.form.fields.get(*index).map(|f| f.kind),
        _ => None,
    };
    match value {
        DataRef::DateTime(_) => match value.as_datetime() {
            Some(at) if matches!(kind, Some(Kind::Time)) => at.format("%H:%M").to_string(),
            Some(at) if at.num_seconds_from_midnight() == 0 && at.time() == NaiveTime::MIN => {
                at.date().to_string()
            }
            Some(at) => at.format("%Y-%m-%d %H:%M:%S").to_string(),
            None => plain(value),
        },
        other => plain(other),
    }
}

/// A cell as it reads, whatever the column.
fn plain(value: &DataRef<'_>) -> String {
    match value {
        DataRef::Int(number) => number.to_string(),
        // Shortest form: 1001.0 reads 1001.
        DataRef::Float(number) => number.to_string(),
        DataRef::Bool(yes) => yes.to_string(),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::DateTime(serial) => serial.as_f64().to_string(),
        DataRef::Error(error) => error.to_string(),
        DataRef::Empty => String::new(),
    }
}
