//! Rows spread over parts, so that a file of any size is written a part at a time.

use crate::fault::Fault;
use crate::header::Table;
use crate::row::{Content, Place, Row};
use crate::{Format, Source};
use clinical::form::FormDescriptor;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::Path;

/// Most parts of a file; each is an open file while rows are spread.
const MOST_PARTS: u64 = 512;

/// The parts of a file.
pub struct Spread {
    /// The file's tables.
    pub tables: Vec<Table>,
    /// Rows of the file.
    pub rows: u64,
    /// Parts with their rows; all rows of a patient are in one.
    pub parts: Vec<Part>,
    /// The forms seen, as far as tables name them.
    pub forms: BTreeSet<&'static str>,
}

/// Rows that are written together.
pub struct Part(File);

/// Opens a file and spreads its rows over parts of about `part_bytes`, kept in files of `directory` that vanish with them.
///
/// The same file and size always give the same parts, so that work can go on where it ended.
///
/// # Errors
/// The file cannot be read, or the parts cannot be written.
pub fn spread(
    path: &Path,
    format: Format,
    form: Option<&'static FormDescriptor>,
    part_bytes: u64,
    directory: &Path,
) -> Result<Spread, Fault> {
    let size = std::fs::metadata(path)?.len();
    // Compressed formats hold about ten times their size.
    let text = if matches!(format, Format::Xlsx | Format::Parquet) { size.saturating_mul(10) } else { size };
    let count = text.div_ceil(part_bytes.max(1)).clamp(1, MOST_PARTS);
    let mut files = Vec::new();
    for _ in 0..count {
        files.push(BufWriter::with_capacity(1 << 15, tempfile::tempfile_in(directory)?));
    }
    let source = Source::open(path, format, form)?;
    let tables = source.tables.clone();
    let forms = tables.iter().map(|t| t.form.name).chain(form.map(|f| f.name)).collect();
    let mut rows = 0;
    source.each(|row| {
        rows += 1;
        let part = part_of(&row, &tables, count);
        match files.get_mut(part) {
            Some(file) => write_row(&row, file),
            None => Ok(()),
        }
    })?;
    let mut parts = Vec::with_capacity(files.len());
    for file in files {
        let mut file = file.into_inner().map_err(std::io::IntoInnerError::into_error)?;
        file.seek(SeekFrom::Start(0))?;
        parts.push(Part(file));
    }
    Ok(Spread { tables, rows, parts, forms })
}

/// FNV-1a of the patient; a row without one may stand anywhere but must always stand there.
fn part_of(row: &Row, tables: &[Table], parts: u64) -> usize {
    let hash = row.patient(tables).map_or(0, |patient| {
        patient
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3))
    });
    usize::try_from(hash % parts).unwrap_or_default()
}

fn write_row(row: &Row, file: &mut impl Write) -> std::io::Result<()> {
    let texts: (u8, Vec<&[u8]>) = match &row.content {
        Content::Json(line) => (0, vec![line]),
        Content::Cells(cells) => (1, cells.iter().map(String::as_bytes).collect()),
        Content::Malformed(received, expected) => (2, vec![received.as_bytes(), expected.as_bytes()]),
    };
    file.write_all(&row.place.table.to_le_bytes())?;
    file.write_all(&row.place.row.to_le_bytes())?;
    file.write_all(&[texts.0])?;
    file.write_all(&length(texts.1.len()).to_le_bytes())?;
    for text in texts.1 {
        file.write_all(&length(text.len()).to_le_bytes())?;
        file.write_all(text)?;
    }
    Ok(())
}

fn length(of: usize) -> u32 {
    u32::try_from(of).unwrap_or(u32::MAX)
}

impl Part {
    /// The rows of the part, in the order of the file.
    ///
    /// # Errors
    /// The part cannot be read back.
    pub fn rows(self) -> std::io::Result<Vec<Row>> {
        let mut reader = BufReader::with_capacity(1 << 16, self.0);
        let mut rows = Vec::new();
        while let Some(row) = read_row(&mut reader)? {
            rows.push(row);
        }
        Ok(rows)
    }
}

fn read_row(reader: &mut impl Read) -> std::io::Result<Option<Row>> {
    let mut table = [0; 2];
    match reader.read_exact(&mut table) {
        Ok(()) => {}
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
    }
    let (mut row, mut kind, mut count) = ([0; 8], [0; 1], [0; 4]);
    reader.read_exact(&mut row)?;
    reader.read_exact(&mut kind)?;
    reader.read_exact(&mut count)?;
    let mut texts = Vec::new();
    for _ in 0..u32::from_le_bytes(count) {
        let mut length = [0; 4];
        reader.read_exact(&mut length)?;
        let mut text = vec![0; usize::try_from(u32::from_le_bytes(length)).unwrap_or_default()];
        reader.read_exact(&mut text)?;
        texts.push(text);
    }
    let place = Place { table: u16::from_le_bytes(table), row: u64::from_le_bytes(row) };
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).map_err(std::io::Error::other);
    let content = match kind {
        [0] => Content::Json(texts.pop().unwrap_or_default()),
        [1] => Content::Cells(texts.into_iter().map(text).collect::<std::io::Result<_>>()?),
        _ => {
            let expected = text(texts.pop().unwrap_or_default())?;
            Content::Malformed(text(texts.pop().unwrap_or_default())?, expected)
        }
    };
    Ok(Some(Row { place, content }))
}
