//! Measure files, the windows of catalogue I3.7, and the evaluator against a slow reading of the same records.
#![expect(clippy::unwrap_used, reason = "a test that cannot read its own fixture has failed")]
#![expect(clippy::indexing_slicing, reason = "a test that reads past its fixture has failed")]
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "fixture numbers are small and positive"
)]

mod files;
#[path = "../../../cohort/tests/reports/fixture.rs"]
#[expect(dead_code, reason = "shared with the tests of cohorts and reports")]
mod fixture;
mod random;
mod windows;
