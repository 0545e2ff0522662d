//! Comparing figures with references.

use serde_json::Value;

/// Compares figures with references and counts them, so that a test can tell that it compared something.
pub(crate) struct Check {
    compared: usize,
    tolerance: f64,
    faults: Vec<String>,
}

impl Check {
    pub(crate) fn new(tolerance: f64) -> Self {
        Self { compared: 0, tolerance, faults: Vec::new() }
    }

    pub(crate) fn within(&mut self, tolerance: f64, name: &str, value: Option<f64>, reference: &Value) {
        self.compared += 1;
        let reference = match reference {
            Value::String(s) if s == "Inf" => Some(f64::INFINITY),
            other => other.as_f64(),
        };
        let close = match (value, reference) {
            (None, None) => true,
            (Some(v), Some(r)) if v.is_finite() && r.is_finite() => {
                (v - r).abs() <= tolerance * r.abs().max(1e-3)
            }
            (Some(v), Some(r)) => v.is_infinite() && r.is_infinite() && v.signum() > 0.0 && r.signum() > 0.0,
            _ => false,
        };
        if !close {
            self.faults.push(format!("{name}: {value:?}, reference {reference:?}"));
        }
    }

    pub(crate) fn one(&mut self, name: &str, value: impl Into<Option<f64>>, reference: &Value) {
        self.within(self.tolerance, name, value.into(), reference);
    }

    pub(crate) fn all(&mut self, name: &str, values: &[Option<f64>], reference: &Value) {
        let one = [reference.clone()];
        let references: &[Value] = reference.as_array().map_or(&one, Vec::as_slice);
        if values.len() != references.len() {
            self.faults.push(format!("{name}: {} values, {} references", values.len(), references.len()));
        }
        for (i, (value, reference)) in values.iter().zip(references).enumerate() {
            self.one(&format!("{name}[{i}]"), *value, reference);
        }
    }

    pub(crate) fn numbers(&mut self, name: &str, values: &[f64], reference: &Value) {
        let values: Vec<Option<f64>> = values.iter().copied().map(Some).collect();
        self.all(name, &values, reference);
    }

    /// Fails with every difference found.
    pub(crate) fn finish(self, at_least: usize) {
        assert!(
            self.faults.is_empty(),
            "{} of {}:\n{}",
            self.faults.len(),
            self.compared,
            self.faults.join("\n")
        );
        assert!(self.compared >= at_least, "only {} figures compared", self.compared);
    }
}
