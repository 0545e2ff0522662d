//! Reading reference data, comparing numbers, and a small random generator.

use std::path::PathBuf;

use serde_json::Value;

/// Reads a file of a reference case that is kept beside the workspace, or says that it skips.
#[expect(clippy::print_stderr, reason = "a comparison that is skipped must be seen")]
pub(crate) fn oracle(case: &str, file: &str) -> Option<String> {
    let path: PathBuf =
        [env!("CARGO_MANIFEST_DIR"), "..", "..", "..", "shared", "oracles", case, file].iter().collect();
    let text = std::fs::read_to_string(path).ok();
    if text.is_none() {
        eprintln!("reference case {case} is not present beside the workspace: skipped");
    }
    text
}

/// Expected values of a reference case.
pub(crate) fn expected(case: &str) -> Option<Value> {
    Some(serde_json::from_str(&oracle(case, "expected.json")?).expect("expected.json is JSON"))
}

/// A table by column name; missing cells are empty strings.
pub(crate) struct Table {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn parse(text: &str) -> Self {
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let header = reader.headers().expect("a header").iter().map(str::to_owned).collect();
        let rows =
            reader.records().map(|r| r.expect("a record").iter().map(str::to_owned).collect()).collect();
        Self { header, rows }
    }

    pub(crate) fn text(&self, name: &str) -> Vec<String> {
        let k = self.header.iter().position(|h| h == name).expect("a column of that name");
        self.rows.iter().map(|r| r[k].clone()).collect()
    }

    pub(crate) fn numbers(&self, name: &str) -> Vec<f64> {
        self.text(name).iter().map(|v| v.parse().unwrap_or(f64::NAN)).collect()
    }

    pub(crate) fn days(&self, name: &str) -> Vec<i32> {
        self.text(name).iter().map(|v| v.parse().expect("a whole number")).collect()
    }

    pub(crate) fn flags(&self, name: &str, value: &str) -> Vec<bool> {
        self.text(name).iter().map(|v| v == value).collect()
    }

    pub(crate) fn indicator(&self, name: &str, value: &str) -> Vec<f64> {
        self.flags(name, value).into_iter().map(|f| f64::from(u8::from(f))).collect()
    }
}

/// Numbers of a JSON array, nested arrays row after row.
pub(crate) fn numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(items) => items.iter().flat_map(numbers).collect(),
        other => vec![other.as_f64().expect("a number")],
    }
}

/// Asserts `|got - want| <= tolerance * max(|want|, floor)` for every element.
#[track_caller]
pub(crate) fn close(what: &str, got: &[f64], want: &[f64], tolerance: f64, floor: f64) {
    assert_eq!(got.len(), want.len(), "{what}: lengths");
    for (k, (g, w)) in got.iter().zip(want).enumerate() {
        let error = (g - w).abs();
        assert!(error <= tolerance * w.abs().max(floor), "{what}[{k}]: {g} and {w} differ by {error:e}");
    }
}

/// [`close`] for numbers of a JSON value.
#[track_caller]
pub(crate) fn matches(what: &str, got: &[f64], want: &Value, tolerance: f64, floor: f64) {
    close(what, got, &numbers(want), tolerance, floor);
}

/// `SplitMix64`: enough for test data, and the same everywhere.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Uniform on (0, 1).
    pub(crate) fn uniform(&mut self) -> f64 {
        ((self.bits() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    /// Uniform on `0..n`.
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.bits() % n
    }

    /// Standard normal, by Box and Muller.
    pub(crate) fn normal(&mut self) -> f64 {
        (-2.0 * self.uniform().ln()).sqrt() * (std::f64::consts::TAU * self.uniform()).cos()
    }
}
