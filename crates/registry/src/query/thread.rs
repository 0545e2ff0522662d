//! What people say and decide about a query.

use super::list::find_with;
use super::{COLUMNS, RecordQuery, State, query_of};
use crate::audit::Action;
use crate::error::{Error, Result};
use crate::principal::Principal;
use crate::scope::{Author, Scoped};
use crate::trail::{self, Written};
use chrono::{DateTime, Utc};
use clinical::review::ASKED_BY_PERSON;
use serde::Serialize;
use sqlx::{AssertSqlSafe, Postgres, Row, Transaction};
use uuid::Uuid;

/// Subject of the log entries of queries.
pub(super) const SUBJECT: &str = "record_query";

/// An event of a query's thread.
#[derive(Debug, Clone, Serialize)]
pub struct Event {
    /// Version of the query that it made.
    pub version: i32,
    /// When.
    pub at: DateTime<Utc>,
    /// `opened`, `message`, `confirmed`, `accepted`, `reopened` (by people); `corrected`, `retracted`, `rule_holds`, `reopened`,
    /// `finding_changed` (by what was written to the records).
    pub kind: String,
    /// State of the query from then on.
    pub state: String,
    /// The token of the person; null for what followed from a write.
    pub actor: Option<Uuid>,
    /// Who that is.
    pub actor_label: Option<String>,
    /// In which role.
    pub actor_role: Option<String>,
    /// What was said.
    pub text: Option<String>,
}

/// Everything that happened to a query, oldest first.
pub async fn thread(tx: &mut Transaction<'static, Postgres>, query: &RecordQuery) -> Result<Vec<Event>> {
    let rows = sqlx::query(
        "select version, at, kind, state, actor, actor_label, actor_role, text from query_event
         where center_id = $1 and query_id = $2
         union all
         select 1, q.opened_at, 'opened', 'open', q.opened_by, t.label, t.role, q.question
         from record_query q left join api_token t on t.token_id = q.opened_by where q.center_id = $1 and q.query_id = $2
         order by version",
    )
    .bind(&query.center_id)
    .bind(query.query_id)
    .fetch_all(&mut **tx)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(Event {
                version: row.try_get("version")?,
                at: row.try_get("at")?,
                kind: row.try_get("kind")?,
                state: row.try_get("state")?,
                actor: row.try_get("actor")?,
                actor_label: row.try_get("actor_label")?,
                actor_role: row.try_get("actor_role")?,
                text: row.try_get("text")?,
            })
        })
        .collect()
}

/// What a person asks about a record.
#[derive(Debug, Clone)]
pub struct Question<'a> {
    /// The record.
    pub record_id: Uuid,
    /// Its form.
    pub form: &'static str,
    /// Its patient.
    pub patient_id: Option<&'a str>,
    /// Field, empty for the whole record.
    pub field: &'a str,
    /// What the field holds now.
    pub received: Option<String>,
    /// What is asked.
    pub text: &'a str,
}

/// Opens a query for a person.
pub async fn ask(
    scoped: &mut Scoped,
    center: &str,
    author: Author,
    question: &Question<'_>,
) -> Result<RecordQuery> {
    let query_id = Uuid::now_v7();
    let statement = format!(
        "insert into record_query (center_id, query_id, subject, record_id, rule, field, received, state, opened_at, origin, patient_id, opened_by, question)
         values ($1, $2, $3, $4, $5, $6, $7, 'open', $8, 'person', $9, $10, $11) returning {COLUMNS}"
    );
    let row = sqlx::query(AssertSqlSafe(statement))
        .bind(center)
        .bind(query_id)
        .bind(question.form)
        .bind(question.record_id)
        .bind(ASKED_BY_PERSON.id)
        .bind(question.field)
        .bind(&question.received)
        .bind(scoped.now)
        .bind(question.patient_id)
        .bind(author.actor)
        .bind(question.text)
        .fetch_one(&mut *scoped.tx)
        .await?;
    let query = query_of(&row)?;
    let payload = serde_json::to_vec(&query).unwrap_or_default();
    let written = Written { record_id: query_id, version: 1, payload };
    trail::append(scoped, center, author, Action::Create, SUBJECT, None, &[written]).await?;
    Ok(query)
}

/// What a person does with a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Says something; the state stays.
    Message,
    /// The center confirms the record as it stands.
    Confirm,
    /// Whoever monitors closes the query.
    Accept,
    /// Whoever monitors asks again.
    Reopen,
}

impl Step {
    /// Kind of the event.
    fn kind(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::Confirm => "confirmed",
            Self::Accept => "accepted",
            Self::Reopen => "reopened",
        }
    }

    /// The state it leads to; `None` when it cannot be done in this state.
    fn leads(self, from: State) -> Option<State> {
        match (self, from) {
            (Self::Message, same) => Some(same),
            (Self::Confirm, State::Open | State::Reopened) => Some(State::Answered),
            (Self::Accept, State::Open | State::Reopened | State::Answered) => Some(State::Resolved),
            (Self::Reopen, State::Answered | State::Resolved) => Some(State::Reopened),
            _ => None,
        }
    }
}

/// Takes a step with a query. `version` is the version the caller has seen, where it says so.
pub async fn step(
    scoped: &mut Scoped,
    author: Author,
    person: &Principal,
    (query_id, version): (Uuid, Option<i32>),
    step: Step,
    text: Option<&str>,
) -> Result<RecordQuery> {
    let query = find_with(&mut scoped.tx, query_id, "for update").await?;
    if version.is_some_and(|v| v != query.version) {
        return Err(Error::VersionConflict { current: query.version });
    }
    let from = query.state()?;
    let to = step.leads(from).ok_or_else(|| Error::WrongState {
        what: "query",
        state: query.state.clone(),
        step: step.kind(),
    })?;
    let closed = matches!(to, State::Answered | State::Resolved);
    let resolution = match step {
        Step::Confirm => Some("confirmed"),
        Step::Accept => Some("accepted"),
        Step::Message => query.resolution.as_deref(),
        Step::Reopen => None,
    };
    let closed_at = if step == Step::Message { query.closed_at } else { closed.then_some(scoped.now) };
    let statement = format!(
        "update record_query set state = $3, closed_at = $4, resolution = $5, version = version + 1
         where center_id = $1 and query_id = $2 returning {COLUMNS}"
    );
    let row = sqlx::query(AssertSqlSafe(statement))
        .bind(&query.center_id)
        .bind(query_id)
        .bind(to.code())
        .bind(closed_at)
        .bind(resolution)
        .fetch_one(&mut *scoped.tx)
        .await?;
    let now = query_of(&row)?;
    sqlx::query(
        "insert into query_event (center_id, query_id, version, at, kind, state, actor, actor_label, actor_role, text)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(&now.center_id)
    .bind(query_id)
    .bind(now.version)
    .bind(scoped.now)
    .bind(step.kind())
    .bind(to.code())
    .bind(author.actor)
    .bind(&person.label)
    .bind(person.role.code())
    .bind(text)
    .execute(&mut *scoped.tx)
    .await?;
    // What people write may name a patient: it stands in the payload, which can be erased, and not in the log's own reason.
    let payload = serde_json::json!({ "state": to.code(), "step": step.kind(), "text": text });
    let written = Written { record_id: query_id, version: now.version, payload: payload.to_string().into() };
    let reason = Some(step.kind());
    trail::append(scoped, &now.center_id, author, Action::Amend, SUBJECT, reason, &[written]).await?;
    Ok(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_possible_in_the_states_that_it_changes() {
        let table = |step: Step| State::ALL.map(|from| step.leads(from).map(State::code));
        // open, answered, resolved, reopened
        assert_eq!(table(Step::Confirm), [Some("answered"), None, None, Some("answered")]);
        assert_eq!(table(Step::Accept), [Some("resolved"), Some("resolved"), None, Some("resolved")]);
        assert_eq!(table(Step::Reopen), [None, Some("reopened"), Some("reopened"), None]);
        assert_eq!(table(Step::Message), State::ALL.map(|s| Some(s.code())));
    }
}
