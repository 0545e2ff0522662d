//! Running commands and comparing figures.

use clap::Parser;
use serde_json::Value;
use stats::{ExitStatus, Invocation, StatsError};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Output and status of a command given as words after the program's name.
pub(crate) fn execute(words: &[&str], stdin: &[u8]) -> Result<(Vec<u8>, ExitStatus), StatsError> {
    let words = std::iter::once("stats").chain(words.iter().copied());
    let command = match Invocation::try_parse_from(words) {
        Ok(invocation) => invocation.command,
        Err(error) => return Err(StatsError::from_arguments(&error).expect("no help was asked for")),
    };
    let mut output = Vec::new();
    let status = stats::run(&command, &mut output, &mut &*stdin)?;
    Ok((output, status))
}

/// A command line split at blanks, on standard input.
pub(crate) fn words(line: &str) -> Vec<&str> {
    line.split_whitespace().collect()
}

/// The JSON output of a command that succeeds.
pub(crate) fn json(line: &str, stdin: &str) -> Value {
    json_of(&words(line), stdin)
}

pub(crate) fn json_of(words: &[&str], stdin: &str) -> Value {
    match execute(words, stdin.as_bytes()) {
        Ok((output, _)) => serde_json::from_slice(&output).expect("JSON"),
        Err(problem) => panic!("{words:?}: {problem}"),
    }
}

/// The text of an output that succeeds.
pub(crate) fn text(line: &str, stdin: &str) -> String {
    String::from_utf8(execute(&words(line), stdin.as_bytes()).expect("success").0).expect("UTF-8")
}

/// The problem document of a command that fails, and its exit code.
pub(crate) fn problem(line: &str, stdin: &str) -> (Value, u8) {
    match execute(&words(line), stdin.as_bytes()) {
        Ok((output, _)) => panic!("{line} succeeded: {}", String::from_utf8_lossy(&output)),
        Err(problem) => (problem.to_json(), problem.exit_code()),
    }
}

/// Folder of a reference case beside the workspace; says so when it is not there.
#[expect(clippy::print_stderr, reason = "a skipped comparison has to be seen")]
pub(crate) fn oracle(case: &str) -> Option<Oracle> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/oracles").join(case);
    if !folder.is_dir() {
        eprintln!("skipped: the reference data {} are not present", folder.display());
        return None;
    }
    let expected = std::fs::read_to_string(folder.join("expected.json")).expect("expected.json");
    Some(Oracle { expected: serde_json::from_str(&expected).expect("JSON"), folder })
}

/// A reference case: its figures and its input.
pub(crate) struct Oracle {
    pub(crate) folder: PathBuf,
    pub(crate) expected: Value,
}

pub(crate) type Row = BTreeMap<String, String>;

impl Oracle {
    /// Rows of the input that are wanted, with columns that are added, as CSV.
    pub(crate) fn csv(&self, change: impl Fn(&mut Row) -> bool) -> String {
        let mut reader = csv::Reader::from_path(self.folder.join("input.csv")).expect("input.csv");
        let header = reader.headers().expect("header").clone();
        let mut rows: Vec<Row> = Vec::new();
        for record in reader.records() {
            let record = record.expect("record");
            let mut row: Row =
                header.iter().map(str::to_owned).zip(record.iter().map(str::to_owned)).collect();
            if change(&mut row) {
                rows.push(row);
            }
        }
        csv_of(&rows)
    }
}

pub(crate) fn csv_of(rows: &[Row]) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    if let Some(first) = rows.first() {
        writer.write_record(first.keys()).expect("written");
    }
    for row in rows {
        writer.write_record(row.values()).expect("written");
    }
    String::from_utf8(writer.into_inner().expect("flushed")).expect("UTF-8")
}

/// Compares figures and counts them.
#[derive(Default)]
pub(crate) struct Check {
    pub(crate) figures: usize,
}

impl Check {
    /// `value` against `reference`, numbers to a relative tolerance, arrays element by element; null must be null.
    pub(crate) fn same(&mut self, name: &str, value: &Value, reference: &Value, tolerance: f64) {
        if let (Value::Array(values), Value::Array(references)) = (value, reference) {
            assert_eq!(values.len(), references.len(), "{name}: lengths of {value} and {reference}");
            for (i, (value, reference)) in values.iter().zip(references).enumerate() {
                self.same(&format!("{name}[{i}]"), value, reference, tolerance);
            }
            return;
        }
        self.figures += 1;
        match (value.as_f64(), reference.as_f64()) {
            (Some(v), Some(r)) => {
                let difference = (v - r).abs();
                assert!(difference <= tolerance * r.abs() + 1e-14, "{name}: {v} against {r}");
            }
            _ => assert_eq!(value, reference, "{name}"),
        }
    }
}

/// The members `name` of an array of objects.
pub(crate) fn column(objects: &Value, name: &str) -> Value {
    objects.as_array().expect("an array").iter().map(|object| object[name].clone()).collect()
}

/// The element whose member `name` is `wanted`.
pub(crate) fn find<'a>(objects: &'a Value, name: &str, wanted: &Value) -> &'a Value {
    let found = objects.as_array().expect("an array").iter().find(|object| object[name] == *wanted);
    found.unwrap_or_else(|| panic!("no {name} {wanted}"))
}
