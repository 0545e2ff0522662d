//! What the reference tests share: reading the inputs, comparing figures.
#![expect(clippy::unwrap_used, reason = "a broken reference file must fail the test")]
#![expect(clippy::print_stderr, reason = "a skipped test says so")]

use serde_json::Value;
use std::collections::HashMap;
use std::path::PathBuf;

/// The directory of a reference case beside the repository, if it is there.
pub fn case(name: &str) -> Option<PathBuf> {
    let workspace = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let path = workspace.join("../shared/oracles").join(name);
    if path.join("expected.json").exists() {
        return Some(path);
    }
    eprintln!("skipped: no reference case {name} beside the workspace");
    None
}

pub fn expected(path: &std::path::Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path.join("expected.json")).unwrap()).unwrap()
}

/// Columns of a CSV file by name.
pub struct Table(HashMap<String, Vec<String>>);

impl Table {
    pub fn read(path: &std::path::Path) -> Self {
        let mut reader = csv::Reader::from_path(path).unwrap();
        let names: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
        let mut columns: HashMap<String, Vec<String>> = names.iter().map(|n| (n.clone(), Vec::new())).collect();
        for record in reader.records() {
            for (name, value) in names.iter().zip(record.unwrap().iter()) {
                columns.get_mut(name).unwrap().push(value.to_owned());
            }
        }
        Self(columns)
    }

    pub fn text(&self, name: &str) -> &[String] {
        &self.0[name]
    }

    pub fn column<T: std::str::FromStr>(&self, name: &str) -> Vec<T> {
        self.0[name].iter().map(|v| v.parse().ok().unwrap()).collect()
    }
}

/// Compares figures with references and counts them, so that a test can tell that it compared something.
pub struct Check {
    pub compared: usize,
    tolerance: f64,
    faults: Vec<String>,
}

impl Check {
    pub fn new(tolerance: f64) -> Self {
        Self { compared: 0, tolerance, faults: Vec::new() }
    }

    pub fn within(&mut self, tolerance: f64, name: &str, value: Option<f64>, reference: &Value) {
        self.compared += 1;
        let reference = match reference {
            Value::String(s) if s == "Inf" => Some(f64::INFINITY),
            other => other.as_f64(),
        };
        let close = match (value, reference) {
            (None, None) => true,
            (Some(v), Some(r)) if v.is_finite() && r.is_finite() => (v - r).abs() <= tolerance * r.abs().max(1e-3),
            (Some(v), Some(r)) => v == r,
            _ => false,
        };
        if !close {
            self.faults.push(format!("{name}: {value:?}, reference {reference:?}"));
        }
    }

    pub fn one(&mut self, name: &str, value: impl Into<Option<f64>>, reference: &Value) {
        self.within(self.tolerance, name, value.into(), reference);
    }

    pub fn all(&mut self, name: &str, values: &[Option<f64>], reference: &Value) {
        let one = [reference.clone()];
        let references: &[Value] = reference.as_array().map_or(&one, Vec::as_slice);
        if values.len() != references.len() {
            self.faults.push(format!("{name}: {} values, {} references", values.len(), references.len()));
        }
        for (i, (value, reference)) in values.iter().zip(references).enumerate() {
            self.one(&format!("{name}[{i}]"), *value, reference);
        }
    }

    pub fn numbers(&mut self, name: &str, values: &[f64], reference: &Value) {
        let values: Vec<Option<f64>> = values.iter().copied().map(Some).collect();
        self.all(name, &values, reference);
    }

    /// Fails with every difference found.
    pub fn finish(self, at_least: usize) {
        assert!(self.faults.is_empty(), "{} of {}:\n{}", self.faults.len(), self.compared, self.faults.join("\n"));
        assert!(self.compared >= at_least, "only {} figures compared", self.compared);
    }
}
