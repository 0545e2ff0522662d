//! The analytics layer on small snapshots with hand-worked answers, on random ones against a slow reading of the same
//! records, and on real patients.
#![expect(clippy::unwrap_used, reason = "a test that cannot read its own fixture has failed")]
#![expect(clippy::indexing_slicing, reason = "a test that reads past its fixture has failed")]
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "fixture numbers are small and positive"
)]
#![expect(clippy::float_cmp, reason = "figures that are exact in binary are compared exactly")]

mod cohorts;
mod criteria;
mod definition;
mod endpoints;
mod export;
mod fixture;
mod incidence;
mod random;
mod real_patients;
mod rendering;
mod slow;
mod snapshot;
mod survival;
mod synthetic;
mod toxicity;

use cohort::reports::Report;
use serde_json::Value;

/// Relative or absolute agreement to 1e-12.
fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-12 * a.abs().max(b.abs()).max(1.0)
}

/// A figure of a result, by JSON Pointer.
fn figure(result: &Value, pointer: &str) -> f64 {
    result
        .pointer(pointer)
        .and_then(Value::as_f64)
        .unwrap_or_else(|| panic!("no figure at {pointer} of {result}"))
}

/// The `result` member of a report.
fn result(report: &Report) -> Value {
    report.to_json().unwrap()["result"].take()
}
