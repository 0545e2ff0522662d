//! What an endpoint says of a subject.

use super::follow_up::Contradiction;
use super::source::Hit;
use serde::Serialize;

/// What ended the observation of a subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// Neither event.
    Censored,
    /// The event.
    Event,
    /// A competing event.
    Competing,
}

impl Cause {
    /// 0, 1, 2: how the kernels number causes.
    pub fn number(self) -> u8 {
        match self {
            Self::Censored => 0,
            Self::Event => 1,
            Self::Competing => 2,
        }
    }
}

/// Why a day was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The record of a source.
    Record,
    /// Failure to reach a state by its deadline.
    Failure,
    /// Nothing is known after the origin.
    NothingKnown,
    /// The patient's next infusion.
    NextInfusion,
    /// The next therapy ends follow-up.
    NextTherapy,
    /// The last day of follow-up that the cohort allows.
    FollowUpLimit,
    /// The last day of the endpoint's window.
    Window,
    /// The data cutoff.
    DataCutoff,
}

/// One subject's row of an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// Days from the origin.
    pub day: i32,
    /// What ended it.
    pub cause: Cause,
    /// The origin, days since 1970-01-01.
    pub origin: i32,
    /// Days from the origin until which the subject was observed, whether or not the event came before.
    pub until: i32,
    /// Why.
    pub reason: Reason,
    /// Position of the deciding source in the evaluation, and its record.
    pub(super) decided: Option<(usize, Hit)>,
}

impl Outcome {
    /// Whether the deciding day was imputed from a date known to the month or year.
    pub fn imputed(&self) -> bool {
        self.decided.is_some_and(|(_, hit)| hit.imputed)
    }
}

/// What an endpoint says of a subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It was observed.
    Observed(Outcome),
    /// It is left out.
    LeftOut(LeftOut),
}

/// Why a subject is left out of an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LeftOut {
    /// Its dates contradict each other.
    Contradiction(Contradiction),
    /// The event came before the landmark.
    BeforeIndex,
    /// It never reached the origin, or the event came first.
    NoOrigin,
    /// It was never at risk.
    NotAtRisk,
    /// It was never assessed.
    NeverAssessed,
}

/// The record that decided a subject's row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Decision {
    /// Why.
    pub reason: Reason,
    /// The source, when a record decided.
    pub source: Option<String>,
    /// Form of the record.
    pub form: Option<&'static str>,
    /// Field that dates it.
    pub field: Option<&'static str>,
    /// Id of the record.
    pub record_id: Option<String>,
    /// The day was imputed from a date known to the month or year.
    pub imputed: bool,
}
