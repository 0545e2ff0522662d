//! Measures over snapshots: the windows of catalogue I3.7 through the report, the Parquet files against the records, and versions.
#![expect(clippy::unwrap_used, reason = "a test that cannot read its own fixture has failed")]
#![expect(clippy::indexing_slicing, reason = "a test that reads past its fixture has failed")]
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "fixture numbers are small and positive"
)]

#[path = "../../../cohort/tests/reports/fixture.rs"]
#[expect(dead_code, reason = "shared with the tests of cohorts and reports")]
mod fixture;
mod parquet;
#[path = "../../../measures/tests/measures/random.rs"]
mod random;
mod versions;
mod windows;
