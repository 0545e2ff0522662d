//! Queries: what rules and people ask a center about a record, and the conversation about it.
//!
//! A query is `open` until the center corrects the record (`resolved`) or confirms it with a reason (`answered`). Whoever monitors may
//! accept the answer (`resolved`) or not (`reopened`). A confirmed or accepted query stays closed as long as the finding stays the same;
//! when what was received or expected changes, it is asked again.

mod automatic;
mod list;
mod thread;

pub(crate) use automatic::{Kept, NewVersion, Origin, Raised, lapse, open, raise, reconsider};
pub use list::{Count, Filter, GroupBy, count, find, list};
pub use thread::{Question, Step, ask, step, thread};

use crate::error::{Error, Result};
use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::Row;
use sqlx::postgres::PgRow;
use uuid::Uuid;

/// Where a query stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum State {
    /// Asked, not answered.
    Open,
    /// The center has confirmed the record as it stands, with a reason.
    Answered,
    /// Closed: corrected, accepted, or no longer asked.
    Resolved,
    /// Asked again.
    Reopened,
}

impl State {
    /// All states.
    pub const ALL: [Self; 4] = [Self::Open, Self::Answered, Self::Resolved, Self::Reopened];

    /// As stored.
    pub fn code(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Answered => "answered",
            Self::Resolved => "resolved",
            Self::Reopened => "reopened",
        }
    }

    /// The state with this code.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.code() == text)
    }
}

/// A query as listed.
#[derive(Debug, Clone, Serialize)]
pub struct RecordQuery {
    /// Id.
    pub query_id: Uuid,
    /// Center asked.
    pub center_id: String,
    /// Form of the record.
    pub form: String,
    /// Record asked about.
    pub record_id: Uuid,
    /// Its patient, where the form has one.
    pub patient_id: Option<String>,
    /// Rule that asks; `query.person` when a person does.
    pub rule: String,
    /// Field, empty for the whole record.
    pub field: String,
    /// Value as received.
    pub received: Option<String>,
    /// What would be usual.
    pub expected: Option<String>,
    /// What a person asks.
    pub question: Option<String>,
    /// `record` (a rule of one record), `review` (a rule across records) or `person`.
    pub origin: String,
    /// A code of [`State`].
    pub state: String,
    /// How it was closed: `confirmed`, `corrected`, `rule_holds`, `retracted` or `accepted`.
    pub resolution: Option<String>,
    /// 1 when opened, one more with every event.
    pub version: i32,
    /// When it was opened.
    pub opened_at: DateTime<Utc>,
    /// When it was answered or resolved.
    pub closed_at: Option<DateTime<Utc>>,
}

const COLUMNS: &str = "query_id, center_id, subject, record_id, patient_id, rule, field, received, expected, question, origin, state, resolution, version, opened_at, closed_at";

fn query_of(row: &PgRow) -> Result<RecordQuery> {
    Ok(RecordQuery {
        query_id: row.try_get("query_id")?,
        center_id: row.try_get("center_id")?,
        form: row.try_get("subject")?,
        record_id: row.try_get("record_id")?,
        patient_id: row.try_get("patient_id")?,
        rule: row.try_get("rule")?,
        field: row.try_get("field")?,
        received: row.try_get("received")?,
        expected: row.try_get("expected")?,
        question: row.try_get("question")?,
        origin: row.try_get("origin")?,
        state: row.try_get("state")?,
        resolution: row.try_get("resolution")?,
        version: row.try_get("version")?,
        opened_at: row.try_get("opened_at")?,
        closed_at: row.try_get("closed_at")?,
    })
}

impl RecordQuery {
    fn state(&self) -> Result<State> {
        State::parse(&self.state).ok_or_else(|| Error::Inconsistent {
            table: "record_query".to_owned(),
            record: self.query_id.to_string(),
            what: format!("state {}", self.state),
        })
    }
}
