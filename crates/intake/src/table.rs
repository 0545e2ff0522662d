//! CSV: one form, a header line, one record a row.

use crate::ROW_LIMIT;
use crate::fault::Fault;
use crate::header::Table;
use crate::row::{Content, Place, Row, too_long};
use clinical::form::FormDescriptor;
use std::cell::Cell;
use std::fs::File;
use std::io::{BufReader, Read, Seek};
use std::path::Path;
use std::rc::Rc;

/// Bytes a row may take before the reader gives up on the file: a quote was left open.
const OPEN_QUOTE: u64 = 4 << 20;

/// Counts what was read since the last row, and ends the file when one row swallows the rest of it.
struct Guarded {
    file: BufReader<File>,
    since_row: Rc<Cell<u64>>,
}

impl Read for Guarded {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.since_row.get() > OPEN_QUOTE {
            return Err(std::io::Error::other("a row longer than 4 MiB; is a quotation mark left open?"));
        }
        let read = self.file.read(buffer)?;
        self.since_row.set(self.since_row.get() + read as u64);
        Ok(read)
    }
}

pub(crate) struct Cells {
    reader: csv::Reader<Guarded>,
    since_row: Rc<Cell<u64>>,
    /// A second look at the same bytes, for the line on which a row begins.
    lines: LineStarts,
    width: usize,
}

impl Cells {
    pub(crate) fn open(path: &Path, form: &'static FormDescriptor) -> Result<(Table, Self), Fault> {
        let mut file = BufReader::with_capacity(1 << 16, File::open(path)?);
        let skipped = skip_mark(&mut file)?;
        let since_row = Rc::new(Cell::new(0));
        let mut reader = csv::ReaderBuilder::new()
            .flexible(true)
            .from_reader(Guarded { file, since_row: Rc::clone(&since_row) });
        let header = reader
            .headers()
            .map_err(|e| Fault::Unreadable(format!("The CSV header cannot be read: {e}.")))?
            .clone();
        let table = Table::read("", form, header.iter())?;
        let width = table.columns.len();
        let lines = LineStarts::open(path, skipped)?;
        Ok((table, Self { reader, since_row, lines, width }))
    }

    pub(crate) fn each(mut self, take: &mut impl FnMut(Row) -> std::io::Result<()>) -> Result<(), Fault> {
        let mut record = csv::StringRecord::new();
        loop {
            self.since_row.set(0);
            let line = self.reader.position().line();
            let read = self.reader.read_record(&mut record);
            let row = match &read {
                Ok(false) => return Ok(()),
                Ok(true) => self.lines.of(record.position())?.unwrap_or(line),
                Err(error) => self.lines.of(error.position())?.unwrap_or(line),
            };
            let place = Place { table: 0, row };
            match read {
                Err(error) => {
                    let expected =
                        if error.is_io_error() { "a closing quotation mark" } else { "UTF-8 text" };
                    take(Row::malformed(place, error.to_string(), expected))?;
                    if error.is_io_error() {
                        return Ok(());
                    }
                }
                Ok(_) if record.len() != self.width => {
                    let expected = format!("{} cells, as in the header", self.width);
                    take(Row::malformed(place, format!("{} cells", record.len()), expected))?;
                }
                Ok(_) if record.as_slice().len() > ROW_LIMIT => {
                    take(too_long(place, record.as_slice().len() as u64))?;
                }
                Ok(_) => {
                    take(Row { place, content: Content::Cells(record.iter().map(str::to_owned).collect()) })?;
                }
            }
        }
    }
}

fn skip_mark(file: &mut BufReader<File>) -> std::io::Result<u64> {
    let mut first = [0; 3];
    let read = file.read(&mut first)?;
    if first == *b"\xef\xbb\xbf" {
        return Ok(3);
    }
    file.seek_relative(-i64::try_from(read).unwrap_or_default())?;
    Ok(0)
}

/// Finds the line on which a row begins. The reader's own count stands before the line feed of a CRLF and before blank lines.
struct LineStarts {
    file: BufReader<File>,
    offset: u64,
}

impl LineStarts {
    fn open(path: &Path, offset: u64) -> std::io::Result<Self> {
        Ok(Self { file: BufReader::with_capacity(1 << 16, File::open(path)?), offset })
    }

    fn of(&mut self, position: Option<&csv::Position>) -> std::io::Result<Option<u64>> {
        let Some(position) = position else { return Ok(None) };
        let here = self.file.stream_position()?;
        let wanted = position.byte() + self.offset;
        self.file.seek_relative(
            i64::try_from(wanted).unwrap_or_default() - i64::try_from(here).unwrap_or_default(),
        )?;
        let mut line = position.line();
        let mut byte = [0];
        while self.file.read(&mut byte)? == 1 && matches!(byte[0], b'\r' | b'\n') {
            line += u64::from(byte[0] == b'\n');
        }
        Ok(Some(line))
    }
}
