//! Endpoints: from the records of a snapshot to one row per subject.
//!
//! What an endpoint is stands in `analytics/definitions/endpoints`: each file names its event, competing and censoring
//! sources in order. The [`library`] reads them, [`evaluate`] applies one to a cohort.

pub mod definition;
pub mod evaluate;
pub mod follow_up;
pub mod library;
pub mod outcome;
mod read;
pub mod source;
pub mod toxicity;

pub use definition::{Endpoint, Estimate};
pub use evaluate::Evaluation;
pub use follow_up::FollowUps;
pub use library::{Library, library};
pub use outcome::{Cause, Decision, LeftOut, Outcome, Reason, Verdict};

use serde::Serialize;

/// Subjects left out of an estimate, with the reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Excluded {
    /// Why.
    pub reason: String,
    /// How many subjects.
    pub n: usize,
}
