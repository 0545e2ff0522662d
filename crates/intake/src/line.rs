//! NDJSON: one JSON object a line.

use crate::ROW_LIMIT;
use crate::fault::Fault;
use crate::row::{Content, Place, Row, too_long};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

const MARK: &[u8] = b"\xef\xbb\xbf";

pub(crate) struct Lines {
    reader: BufReader<File>,
}

/// A line without its end: its bytes up to the limit, and its whole length.
struct Line {
    bytes: Vec<u8>,
    length: u64,
}

impl Lines {
    pub(crate) fn open(path: &Path) -> Result<Self, Fault> {
        Ok(Self { reader: BufReader::with_capacity(1 << 16, File::open(path)?) })
    }

    /// The next line; a line of any length takes no more memory than the longest that is read.
    fn next(&mut self) -> std::io::Result<Option<Line>> {
        let mut line = Line { bytes: Vec::new(), length: 0 };
        let mut begun = false;
        loop {
            let buffer = self.reader.fill_buf()?;
            if buffer.is_empty() {
                return Ok(begun.then_some(line));
            }
            begun = true;
            let end = buffer.iter().position(|b| *b == b'\n');
            let piece = buffer.get(..end.unwrap_or(buffer.len())).unwrap_or_default();
            let room = (ROW_LIMIT + 2).saturating_sub(line.bytes.len());
            line.bytes.extend_from_slice(piece.get(..piece.len().min(room)).unwrap_or_default());
            line.length += piece.len() as u64;
            let used = piece.len() + usize::from(end.is_some());
            self.reader.consume(used);
            if end.is_some() {
                return Ok(Some(line));
            }
        }
    }

    pub(crate) fn each(mut self, take: &mut impl FnMut(Row) -> std::io::Result<()>) -> Result<(), Fault> {
        let mut row = 0;
        while let Some(line) = self.next()? {
            row += 1;
            let place = Place { table: 0, row };
            let mut bytes = line.bytes.as_slice();
            if row == 1 {
                bytes = bytes.strip_prefix(MARK).unwrap_or(bytes);
            }
            if line.length > bytes.len() as u64 + MARK.len() as u64 {
                take(too_long(place, line.length))?;
                continue;
            }
            let bytes = bytes.trim_ascii();
            if bytes.len() > ROW_LIMIT {
                take(too_long(place, bytes.len() as u64))?;
            } else if !bytes.is_empty() {
                take(Row { place, content: Content::Json(bytes.to_vec()) })?;
            }
        }
        Ok(())
    }
}
