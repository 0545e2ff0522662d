//! Reading reference cases.
#![expect(clippy::unwrap_used, reason = "a broken reference file must fail the test")]
#![expect(clippy::print_stderr, reason = "a skipped test says so")]

use serde_json::Value;
use std::collections::HashMap;
use std::path::PathBuf;

/// The directory of a reference case beside the repository, if it is there.
pub(crate) fn case(name: &str) -> Option<PathBuf> {
    let workspace = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let path = workspace.join("../shared/oracles").join(name);
    if path.join("expected.json").exists() {
        return Some(path);
    }
    eprintln!("skipped: no reference case {name} beside the workspace");
    None
}

pub(crate) fn expected(path: &std::path::Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path.join("expected.json")).unwrap()).unwrap()
}

/// Columns of a CSV file by name.
pub(crate) struct Table(HashMap<String, Vec<String>>);

impl Table {
    pub(crate) fn read(path: &std::path::Path) -> Self {
        let mut reader = csv::Reader::from_path(path).unwrap();
        let names: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
        let mut columns: HashMap<String, Vec<String>> =
            names.iter().map(|n| (n.clone(), Vec::new())).collect();
        for record in reader.records() {
            for (name, value) in names.iter().zip(record.unwrap().iter()) {
                columns.get_mut(name).unwrap().push(value.to_owned());
            }
        }
        Self(columns)
    }

    pub(crate) fn text(&self, name: &str) -> &[String] {
        &self.0[name]
    }

    pub(crate) fn column<T: std::str::FromStr>(&self, name: &str) -> Vec<T> {
        self.0[name].iter().map(|v| v.parse().ok().unwrap()).collect()
    }
}
