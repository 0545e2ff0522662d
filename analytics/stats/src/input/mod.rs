//! Tables: CSV, Parquet or Arrow IPC, whichever the first bytes say. Only the columns that are used are read.

mod columnar;
mod parse;
mod text;

use crate::error::StatsError;
pub(crate) use parse::{Data, Kind, ascending};
use std::io::Read;

/// Code of a missing label.
pub(crate) const MISSING: u32 = u32::MAX;

/// A column that an option names.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Wanted {
    /// The option, for messages.
    pub(crate) option: &'static str,
    /// The name in the header.
    pub(crate) name: String,
    /// What it must hold.
    pub(crate) kind: Kind,
}

impl Wanted {
    pub(crate) fn new(option: &'static str, name: &str, kind: Kind) -> Self {
        Self { option, name: name.to_owned(), kind }
    }
}

/// The wanted columns of a file, in the order wanted.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Table {
    pub(crate) file: String,
    pub(crate) wanted: Vec<Wanted>,
    pub(crate) columns: Vec<Data>,
    pub(crate) rows: usize,
}

/// Where named files are read from.
pub(crate) trait Files {
    /// The content of a file.
    fn read(&self, name: &str) -> std::io::Result<Vec<u8>>;
}

/// The file system.
#[derive(Debug)]
pub(crate) struct Disk;

impl Files for Disk {
    fn read(&self, name: &str) -> std::io::Result<Vec<u8>> {
        std::fs::read(name)
    }
}

/// Reads the wanted columns of a file; `-` is `stdin`.
pub(crate) fn read(
    name: &str,
    wanted: Vec<Wanted>,
    files: &dyn Files,
    stdin: &mut dyn Read,
) -> Result<Table, StatsError> {
    let (file, bytes) = if name == "-" {
        let mut bytes = Vec::new();
        let outcome = stdin.read_to_end(&mut bytes);
        ("standard input".to_owned(), outcome.map(|_| bytes))
    } else {
        (name.to_owned(), files.read(name))
    };
    let bytes = bytes.map_err(|e| {
        StatsError::input(format!("the input cannot be read ({e})"))
            .file(&file)
            .rule("a readable file, or - for standard input")
    })?;
    let (columns, rows) = if columnar::is_parquet(&bytes) {
        columnar::parquet(bytes, &file, &wanted)?
    } else if columnar::is_ipc(&bytes) {
        columnar::ipc(&bytes, &file, &wanted)?
    } else {
        text::csv(&bytes, &file, &wanted)?
    };
    Ok(Table { file, wanted, columns, rows })
}

/// Positions of the wanted columns in a header.
fn positions(header: &[String], wanted: &[Wanted], file: &str) -> Result<Vec<usize>, StatsError> {
    wanted
        .iter()
        .map(|column| {
            let mut found = header.iter().enumerate().filter(|(_, name)| **name == column.name);
            match (found.next(), found.next()) {
                (Some((position, _)), None) => Ok(position),
                (Some(_), Some(_)) => {
                    Err(StatsError::input("a column that occurs more than once in the header")
                        .file(file)
                        .column(&column.name)
                        .option(column.option)
                        .rule("a header that names each used column once"))
                }
                (None, _) => Err(unknown(header, column, file)),
            }
        })
        .collect()
}

fn unknown(header: &[String], column: &Wanted, file: &str) -> StatsError {
    let nearest = header
        .iter()
        .map(|name| (distance(&name.to_lowercase(), &column.name.to_lowercase()), name))
        .min_by_key(|(distance, _)| *distance)
        .filter(|(distance, name)| {
            *distance <= 1 + name.chars().count().min(column.name.chars().count()) / 3
        });
    let listed: Vec<&str> = header.iter().take(30).map(String::as_str).collect();
    let more = if header.len() > listed.len() { ", ..." } else { "" };
    let rule = match nearest {
        Some((_, name)) => format!("perhaps `{name}`; the columns are {}{more}", listed.join(", ")),
        None => format!("one of the columns {}{more}", listed.join(", ")),
    };
    StatsError::input("a column that the input does not have")
        .file(file)
        .column(&column.name)
        .option(column.option)
        .rule(rule)
}

/// Edits that turn one text into the other (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        if let Some(first) = row.first_mut() {
            *first = left;
        }
        for (y, cell) in b.chars().zip(row.iter_mut().skip(1)) {
            let above = *cell;
            *cell = (diagonal + usize::from(x != y)).min(above + 1).min(left + 1);
            diagonal = above;
            left = *cell;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::distance;

    #[test]
    fn distance_counts_edits() {
        for (a, b, expected) in
            [("", "", 0), ("tiem", "time", 2), ("time", "times", 1), ("", "abc", 3), ("kitten", "sitting", 3)]
        {
            assert_eq!(distance(a, b), expected, "{a} {b}");
        }
    }
}
