//! The review across the records of a patient as another crate sees it: every rule on both sides of its boundary.
#![expect(clippy::unwrap_used, reason = "a test that cannot read its own input has failed")]

mod chronology;
mod derivation;
mod dose;
mod examples;
mod laboratory;
mod outcome;
mod prevention;
mod properties;
mod support;
mod treatment;
