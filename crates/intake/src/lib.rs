//! Files that centers send, as rows of forms: NDJSON, CSV, XLSX and Parquet.
//!
//! A file is read as a stream: a row at a time is in memory, whatever the size. What is wrong with the file as a whole (an unknown
//! column, a sheet that names no form) is told before anything is written; what is wrong with a row stays with the row.
//!
//! Rows are spread over parts by their patient ([`spread`]), so that all rows that can depend on each other meet in one part, which is
//! small enough to be held and written at once, and the order of the rows in the file never matters.

mod fault;
mod format;
mod header;
mod line;
mod parquet;
mod rejected;
mod repair;
mod row;
mod sheet;
mod spread;
mod table;
mod template;

pub use fault::Fault;
pub use format::Format;
pub use header::{Column, Table};
pub use rejected::{Rejected, write_rejected};
pub use repair::likely_fix;
pub use row::{Place, REASON, Read, Row, VERSION};
pub use spread::{Part, Spread, spread};
pub use template::write_template;

use clinical::form::FormDescriptor;
use std::path::Path;

/// Longest row that is read, in bytes.
pub const ROW_LIMIT: usize = 1 << 20;

/// A file opened for reading.
pub struct Source {
    /// The sheets, or the one table, of the file. NDJSON has none.
    pub tables: Vec<Table>,
    rows: Rows,
}

enum Rows {
    Lines(line::Lines),
    Table(table::Cells),
    Workbook(sheet::Workbook),
    Parquet(parquet::Columns),
}

impl Source {
    /// Opens a file and checks what concerns it as a whole.
    ///
    /// `form` is required where the format holds one form without naming it (CSV, Parquet). In NDJSON it is the form of all lines; a
    /// workbook names a form by each sheet.
    ///
    /// # Errors
    /// What makes the whole file unreadable, with every fault of its header.
    pub fn open(path: &Path, format: Format, form: Option<&'static FormDescriptor>) -> Result<Self, Fault> {
        let named = || form.ok_or(Fault::FormNeeded { format });
        match format {
            Format::Ndjson => Ok(Self { tables: Vec::new(), rows: Rows::Lines(line::Lines::open(path)?) }),
            Format::Csv => {
                let (table, cells) = table::Cells::open(path, named()?)?;
                Ok(Self { tables: vec![table], rows: Rows::Table(cells) })
            }
            Format::Xlsx => {
                let (tables, workbook) = sheet::Workbook::open(path)?;
                Ok(Self { tables, rows: Rows::Workbook(workbook) })
            }
            Format::Parquet => {
                let (table, columns) = parquet::Columns::open(path, named()?)?;
                Ok(Self { tables: vec![table], rows: Rows::Parquet(columns) })
            }
        }
    }

    /// Hands every row to `take`, in the order of the file.
    ///
    /// # Errors
    /// The file cannot be read on, or `take` failed.
    pub fn each(self, mut take: impl FnMut(Row) -> std::io::Result<()>) -> Result<(), Fault> {
        match self.rows {
            Rows::Lines(lines) => lines.each(&mut take),
            Rows::Table(cells) => cells.each(&mut take),
            Rows::Workbook(workbook) => workbook.each(&self.tables, &mut take),
            Rows::Parquet(columns) => columns.each(&mut take),
        }
    }
}
