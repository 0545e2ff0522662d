//! The rows of an analysis: what is left of the table after exclusions, each with its row in the input.

use crate::error::StatsError;
use crate::input::{Data, Kind, MISSING, Table, Wanted};
use serde::Serialize;
use std::cmp::Ordering;

/// Rows left out, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Excluded {
    pub(crate) reason: String,
    pub(crate) n: usize,
    /// Columns with a missing value, each with its number of rows; a row may count in several.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) columns: Vec<MissingIn>,
}

/// Missing values of one column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct MissingIn {
    pub(crate) column: String,
    pub(crate) n: usize,
}

/// Labels as numbers.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Coded {
    pub(crate) codes: Vec<u32>,
    /// In ascending order; a label may be left without a row by exclusions.
    pub(crate) labels: Vec<String>,
}

/// Rows without missing values in the wanted columns.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    table: Table,
    /// Input row of each kept row.
    pub(crate) row: Vec<usize>,
    pub(crate) excluded: Vec<Excluded>,
}

impl Frame {
    /// Leaves out, and counts, the rows with a missing value.
    pub(crate) fn new(table: Table) -> Self {
        let mut missing = vec![false; table.rows];
        let mut columns: Vec<MissingIn> = Vec::new();
        for (data, wanted) in table.columns.iter().zip(&table.wanted) {
            let mut n = 0;
            let mut note = |row: usize| {
                n += 1;
                if let Some(flag) = missing.get_mut(row) {
                    *flag = true;
                }
            };
            match data {
                Data::Numbers(values) | Data::Moments { values, .. } => {
                    values.iter().enumerate().filter(|(_, v)| v.is_nan()).for_each(|(row, _)| note(row));
                }
                Data::Labels { codes, .. } => {
                    codes.iter().enumerate().filter(|(_, c)| **c == MISSING).for_each(|(row, _)| note(row));
                }
            }
            if n > 0 && !columns.iter().any(|known| known.column == wanted.name) {
                columns.push(MissingIn { column: wanted.name.clone(), n });
            }
        }
        let n = missing.iter().filter(|m| **m).count();
        let mut frame = Self { row: (0..table.rows).collect(), table, excluded: Vec::new() };
        if n > 0 {
            frame.exclude("missing value", &missing);
            if let Some(last) = frame.excluded.last_mut() {
                last.columns = columns;
            }
        }
        frame
    }

    /// Number of rows.
    pub(crate) fn len(&self) -> usize {
        self.row.len()
    }

    pub(crate) fn file(&self) -> &str {
        &self.table.file
    }

    /// Leaves out the flagged rows under a reason, if there are any.
    pub(crate) fn exclude(&mut self, reason: &str, out: &[bool]) {
        let n = out.iter().filter(|out| **out).count();
        if n == 0 {
            return;
        }
        let keep: Vec<usize> =
            (0..self.len()).filter(|&row| !out.get(row).copied().unwrap_or(false)).collect();
        self.select(&keep);
        self.excluded.push(Excluded { reason: reason.to_owned(), n, columns: Vec::new() });
    }

    fn select(&mut self, order: &[usize]) {
        fn pick<T: Copy>(values: &[T], order: &[usize]) -> Vec<T> {
            order.iter().filter_map(|&row| values.get(row).copied()).collect()
        }
        for data in &mut self.table.columns {
            match data {
                Data::Numbers(values) | Data::Moments { values, .. } => *values = pick(values, order),
                Data::Labels { codes, .. } => *codes = pick(codes, order),
            }
        }
        self.row = pick(&self.row, order);
    }

    /// Orders the rows by their values, so that sums do not depend on the order of the input.
    pub(crate) fn canonical(&mut self) {
        let columns = &self.table.columns;
        let compare = |a: usize, b: usize| {
            let mut order = Ordering::Equal;
            for data in columns {
                order = match data {
                    Data::Numbers(v) | Data::Moments { values: v, .. } => {
                        let of = |row: usize| v.get(row).copied().unwrap_or(f64::NAN);
                        of(a).total_cmp(&of(b))
                    }
                    Data::Labels { codes, .. } => codes.get(a).cmp(&codes.get(b)),
                };
                if order.is_ne() {
                    break;
                }
            }
            order
        };
        let mut order: Vec<usize> = (0..self.len()).collect();
        order.sort_by(|&a, &b| compare(a, b));
        self.select(&order);
    }

    fn position(&self, option: &str) -> Option<usize> {
        self.table.wanted.iter().position(|wanted| wanted.option == option)
    }

    /// Column of an option, for messages.
    pub(crate) fn name(&self, option: &str) -> Option<&str> {
        self.position(option).and_then(|i| self.table.wanted.get(i)).map(|wanted| wanted.name.as_str())
    }

    /// The numbers of an option's column; empty without the option.
    pub(crate) fn numbers(&self, option: &str) -> &[f64] {
        self.position(option).map_or(&[], |i| self.numbers_at(i))
    }

    /// The numbers of the i-th wanted column.
    pub(crate) fn numbers_at(&self, i: usize) -> &[f64] {
        match self.table.columns.get(i) {
            Some(Data::Numbers(values) | Data::Moments { values, .. }) => values,
            _ => &[],
        }
    }

    /// Whether a column of moments holds dates; `None` without a value.
    pub(crate) fn dates(&self, option: &str) -> Option<bool> {
        match self.table.columns.get(self.position(option)?) {
            Some(Data::Moments { dates, .. }) => *dates,
            _ => None,
        }
    }

    /// The labels of an option's column.
    pub(crate) fn labels(&self, option: &str) -> Option<Coded> {
        self.position(option).and_then(|i| self.labels_at(i))
    }

    /// The labels of the i-th wanted column.
    pub(crate) fn labels_at(&self, i: usize) -> Option<Coded> {
        match self.table.columns.get(i) {
            Some(Data::Labels { codes, labels }) => {
                Some(Coded { codes: codes.clone(), labels: labels.clone() })
            }
            _ => None,
        }
    }

    /// The combinations of labels of all columns of an option, ascending; only those that occur.
    pub(crate) fn combined(&self, option: &str) -> Option<Coded> {
        let places = self.table.wanted.iter().enumerate().filter(|(_, wanted)| wanted.option == option);
        let parts: Vec<Coded> = places.filter_map(|(i, _)| self.labels_at(i)).collect();
        if parts.is_empty() {
            return None;
        }
        let key = |row: usize| -> Vec<u32> {
            parts.iter().map(|part| part.codes.get(row).copied().unwrap_or(MISSING)).collect()
        };
        let keys: Vec<Vec<u32>> = (0..self.len()).map(key).collect();
        let mut distinct = keys.clone();
        distinct.sort_unstable();
        distinct.dedup();
        let code = |key: &Vec<u32>| u32::try_from(distinct.partition_point(|k| k < key)).unwrap_or(MISSING);
        let codes = keys.iter().map(code).collect();
        let label = |key: &Vec<u32>| {
            let text =
                |(part, code): (&Coded, &u32)| part.labels.get(*code as usize).cloned().unwrap_or_default();
            parts.iter().zip(key).map(text).collect::<Vec<_>>().join(", ")
        };
        let labels = distinct.iter().map(label).collect();
        Some(Coded { codes, labels })
    }

    /// An estimator's complaint, told in the words of the input: `options` pairs the estimator's column names with options.
    pub(crate) fn fault(&self, error: &survival::error::Error, options: &[(&str, &str)]) -> StatsError {
        use survival::error::Error;
        match error {
            Error::InvalidValue { column, row, value, expected } => {
                let option =
                    options.iter().find(|(name, _)| name == column).map_or(*column, |(_, option)| *option);
                let fault = StatsError::input("a value that is not accepted")
                    .file(self.file())
                    .value(value)
                    .rule(expected);
                let fault = fault.column(self.name(option).unwrap_or(column));
                match self.row.get(*row) {
                    Some(row) => fault.row(*row),
                    None => fault,
                }
            }
            Error::InvalidParameter { name, value, expected } => {
                let option =
                    options.iter().find(|(known, _)| known == name).map_or(*name, |(_, option)| *option);
                StatsError::input("a parameter that is not accepted")
                    .option(option)
                    .value(value)
                    .rule(expected)
            }
            Error::Undefined { reason } => StatsError::input(reason).file(self.file()),
            other => StatsError::internal(other),
        }
    }
}

/// Columns of an analysis, in the order in which options name them.
#[derive(Debug, Default)]
pub(crate) struct Columns(pub(crate) Vec<Wanted>);

impl Columns {
    pub(crate) fn add(&mut self, option: &'static str, name: &str, kind: Kind) -> usize {
        self.0.push(Wanted::new(option, name, kind));
        self.0.len() - 1
    }

    pub(crate) fn maybe(&mut self, option: &'static str, name: Option<&String>, kind: Kind) {
        if let Some(name) = name {
            self.add(option, name, kind);
        }
    }

    pub(crate) fn all(&mut self, option: &'static str, names: &[String], kind: Kind) {
        for name in names {
            self.add(option, name, kind);
        }
    }
}
