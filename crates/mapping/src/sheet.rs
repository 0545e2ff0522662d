//! CSV text as rows that know their number in the spreadsheet.
//!
//! Stricter than the usual lenient reading: a quotation mark that is never closed would otherwise swallow every row after it.

use crate::fault::SourceFault;
use std::io::Read;

/// The whole file as text, without a byte order mark.
pub(crate) fn read_text(mut reader: impl Read, file: &str) -> Result<String, SourceFault> {
    let mut bytes = Vec::new();
    reader.read_to_end(&mut bytes).map_err(|error| SourceFault::Read { file: file.to_owned(), error })?;
    let encoding = |found: String| SourceFault::Encoding { file: file.to_owned(), found };
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"\xd0\xcf\x11\xe0") {
        return Err(encoding("this is an Excel workbook, not CSV text".to_owned()));
    }
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Err(encoding("the text is UTF-16".to_owned()));
    }
    let mut text = String::from_utf8(bytes).map_err(|error| {
        let (valid, rest) = error.as_bytes().split_at(error.utf8_error().valid_up_to());
        let line = valid.split(|b| *b == b'\n').count();
        let byte = rest.first().copied().unwrap_or_default();
        encoding(format!("line {line} holds the byte 0x{byte:02X}, which is not UTF-8"))
    })?;
    if text.starts_with('\u{feff}') {
        text.drain(..'\u{feff}'.len_utf8());
    }
    Ok(text)
}

/// A row that holds anything at all.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Row {
    /// As a spreadsheet program numbers it: blank rows count, line breaks inside a cell do not.
    pub(crate) number: u64,
    /// Without surrounding blanks.
    pub(crate) cells: Vec<String>,
}

/// Quotation marks that make no sense.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Misquoted {
    pub(crate) row: u64,
    pub(crate) message: String,
}

/// The rows of a text, by RFC 4180 with any of the three line ends; rows whose cells are all blank are passed over.
pub(crate) struct Rows<'t> {
    rest: &'t str,
    delimiter: char,
    number: u64,
}

impl<'t> Rows<'t> {
    pub(crate) fn new(text: &'t str, delimiter: u8) -> Self {
        Self { rest: text, delimiter: char::from(delimiter), number: 0 }
    }

    /// Reads one cell, and whether another follows in the same row.
    fn cell(&mut self) -> Result<(String, bool), Misquoted> {
        let mut text = String::new();
        let rest = if let Some(quoted) = self.rest.strip_prefix('"') {
            self.quoted(quoted, &mut text)?
        } else {
            let end = self.rest.find([self.delimiter, '\r', '\n']).unwrap_or(self.rest.len());
            let (plain, rest) = self.rest.split_at(end);
            text.push_str(plain.trim());
            rest
        };
        let (rest, more) = if let Some(rest) = rest.strip_prefix(self.delimiter) {
            (rest, true)
        } else {
            let line_end = rest.strip_prefix("\r\n").or_else(|| rest.strip_prefix(['\r', '\n']));
            (line_end.unwrap_or(rest), false)
        };
        self.rest = rest;
        Ok((text, more))
    }

    /// Reads to the closing mark and returns what follows it.
    fn quoted(&self, mut rest: &'t str, text: &mut String) -> Result<&'t str, Misquoted> {
        loop {
            let Some((inside, after)) = rest.split_once('"') else {
                let message =
                    "a quotation mark is opened here and never closed; expected \" at the end of the cell";
                return Err(Misquoted { row: self.number, message: message.to_owned() });
            };
            text.push_str(inside);
            if let Some(more) = after.strip_prefix('"') {
                text.push('"');
                rest = more;
                continue;
            }
            let trimmed = text.trim();
            if trimmed.len() < text.len() {
                *text = trimmed.to_owned();
            }
            return if after.is_empty() || after.starts_with([self.delimiter, '\r', '\n']) {
                Ok(after)
            } else {
                let piece: String = after.chars().take(20).take_while(|c| !"\r\n".contains(*c)).collect();
                let message = format!(
                    "text follows a closing quotation mark: {piece:?}; expected a quotation mark inside a cell to be doubled"
                );
                Err(Misquoted { row: self.number, message })
            };
        }
    }
}

impl Iterator for Rows<'_> {
    type Item = Result<Row, Misquoted>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.rest.is_empty() {
            self.number += 1;
            let mut cells = Vec::new();
            loop {
                match self.cell() {
                    Ok((cell, more)) => {
                        cells.push(cell);
                        if !more {
                            break;
                        }
                    }
                    Err(fault) => {
                        self.rest = "";
                        return Some(Err(fault));
                    }
                }
            }
            if cells.iter().any(|c| !c.is_empty()) {
                return Some(Ok(Row { number: self.number, cells }));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rows(text: &str) -> Vec<(u64, Vec<String>)> {
        Rows::new(text, b',').map(|r| r.map(|r| (r.number, r.cells)).expect("sound quoting")).collect()
    }

    fn row(number: u64, cells: &[&str]) -> (u64, Vec<String>) {
        (number, cells.iter().map(|c| (*c).to_owned()).collect())
    }

    #[test]
    fn every_line_end_and_no_last_one() {
        for text in ["a,b\nc,d\n", "a,b\r\nc,d\r\n", "a,b\rc,d\r", "a,b\nc,d", "a,b\r\nc,d"] {
            assert_eq!(rows(text), [row(1, &["a", "b"]), row(2, &["c", "d"])], "{text:?}");
        }
    }

    #[test]
    fn rows_are_numbered_as_the_spreadsheet_shows_them() {
        let text = "\na, b \r\n\r\n ,\n\"x\ny\",\"say \"\"so\"\"\"\n,z\n";
        assert_eq!(rows(text), [row(2, &["a", "b"]), row(5, &["x\ny", "say \"so\""]), row(6, &["", "z"])]);
    }

    #[test]
    fn a_delimiter_at_the_end_of_the_text_opens_an_empty_cell() {
        assert_eq!(rows("a,b,"), [row(1, &["a", "b", ""])]);
        assert_eq!(rows("a,\"b\",\n"), [row(1, &["a", "b", ""])]);
        assert_eq!(rows("5\" needle,b"), [row(1, &["5\" needle", "b"])]);
    }

    #[test]
    fn broken_quoting_is_located_where_it_begins() {
        let fault = |text: &str| Rows::new(text, b',').find_map(Result::err).expect("a fault");
        let open = fault("a,b\n1,2\n3,\"4\n5,6\n7,8\n");
        assert_eq!(open.row, 3);
        assert!(open.message.contains("never closed"));
        let after = fault("a,b\n\"x\"y,2\n");
        assert_eq!(after.row, 2);
        assert!(after.message.contains("\"y,2\""), "{}", after.message);
    }

    proptest! {
        #[test]
        fn reads_what_a_csv_writer_wrote(
            table in prop::collection::vec(prop::collection::vec("[a-z\",;\r\n 0]{0,6}", 3), 1..8),
            crlf in any::<bool>(),
        ) {
            let terminator = if crlf { csv::Terminator::CRLF } else { csv::Terminator::Any(b'\n') };
            let mut writer = csv::WriterBuilder::new().terminator(terminator).from_writer(Vec::new());
            for cells in &table {
                writer.write_record(cells).expect("into memory");
            }
            let text = String::from_utf8(writer.into_inner().expect("into memory")).expect("text");
            let expected: Vec<_> = table
                .iter()
                .enumerate()
                .map(|(i, cells)| (i as u64 + 1, cells.iter().map(|c| c.trim().to_owned()).collect::<Vec<_>>()))
                .filter(|(_, cells)| cells.iter().any(|c| !c.is_empty()))
                .collect();
            prop_assert_eq!(rows(&text), expected);
        }

        #[test]
        fn arbitrary_text_ends(text in "[a,\"\r\n é]{0,40}") {
            let n = Rows::new(&text, b',').count();
            prop_assert!(n <= text.len() + 1);
        }
    }
}
