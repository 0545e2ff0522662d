//! Queries that rules open and close in the transaction of a write.

use crate::audit::Action;
use crate::error::Result;
use crate::scope::{Author, Scoped};
use crate::trail::{self, Written};
use clinical::Finding;
use clinical::form::FormDescriptor;
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, Row};
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// Which rules a query comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Rules of one record.
    Record,
    /// Rules across records.
    Review,
}

impl Origin {
    fn code(self) -> &'static str {
        match self {
            Self::Record => "record",
            Self::Review => "review",
        }
    }
}

/// A broken rule at a record.
#[derive(Debug, Clone)]
pub(crate) struct Raised<'a> {
    pub(crate) record_id: Uuid,
    pub(crate) form: &'a str,
    pub(crate) patient_id: Option<&'a str>,
    pub(crate) rule: &'a str,
    pub(crate) field: &'a str,
    pub(crate) received: Option<&'a str>,
    pub(crate) expected: Option<&'a str>,
}

/// Record, rule and field of a query that a rule opened.
pub(crate) type Asked = (Uuid, String, String);

/// A query after a change, as the log records it.
struct Changed {
    query_id: Uuid,
    version: i32,
    state: String,
    payload: Vec<u8>,
}

const RETURNING: &str =
    "query_id, version, subject, record_id, patient_id, rule, field, received, expected, state, resolution";

fn changed(row: &PgRow) -> Result<Changed> {
    let state: String = row.try_get("state")?;
    let payload = serde_json::json!({
        "form": row.try_get::<String, _>("subject")?,
        "record_id": row.try_get::<Uuid, _>("record_id")?,
        "patient_id": row.try_get::<Option<String>, _>("patient_id")?,
        "rule": row.try_get::<String, _>("rule")?,
        "field": row.try_get::<String, _>("field")?,
        "received": row.try_get::<Option<String>, _>("received")?,
        "expected": row.try_get::<Option<String>, _>("expected")?,
        "state": state,
        "resolution": row.try_get::<Option<String>, _>("resolution")?,
    });
    Ok(Changed {
        query_id: row.try_get("query_id")?,
        version: row.try_get("version")?,
        state,
        payload: payload.to_string().into_bytes(),
    })
}

/// Logs changes that a write has caused, and tells them in the thread of each query.
async fn log(scoped: &mut Scoped, center: &str, author: Author, kind: &str, all: Vec<Changed>) -> Result<()> {
    if all.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "insert into query_event (center_id, query_id, version, at, kind, state)
         select $1, u.query_id, u.version, $2, $3, u.state from unnest($4::uuid[], $5::integer[], $6::text[]) as u(query_id, version, state)",
    )
    .bind(center)
    .bind(scoped.now)
    .bind(kind)
    .bind(all.iter().map(|c| c.query_id).collect::<Vec<_>>())
    .bind(all.iter().map(|c| c.version).collect::<Vec<_>>())
    .bind(all.iter().map(|c| c.state.as_str()).collect::<Vec<_>>())
    .execute(&mut *scoped.tx)
    .await?;
    append(scoped, center, author, Action::Amend, Some(kind), all).await
}

async fn append(
    scoped: &mut Scoped,
    center: &str,
    author: Author,
    action: Action,
    reason: Option<&str>,
    all: Vec<Changed>,
) -> Result<()> {
    let written: Vec<Written> = all
        .into_iter()
        .map(|c| Written { record_id: c.query_id, version: c.version, payload: c.payload })
        .collect();
    trail::append(scoped, center, author, action, super::thread::SUBJECT, reason, &written).await
}

/// Asks about broken rules, unless the same finding is asked already or was confirmed or accepted as it stands. Returns what is asked
/// anew or in another way.
pub(crate) async fn raise(
    scoped: &mut Scoped,
    center: &str,
    author: Author,
    origin: Origin,
    found: &[Raised<'_>],
) -> Result<HashSet<Asked>> {
    let mut once = HashSet::with_capacity(found.len());
    // One query per record, rule and field; the first says what to look at.
    let found: Vec<&Raised<'_>> =
        found.iter().filter(|r| once.insert((r.record_id, r.rule, r.field))).collect();
    if found.is_empty() {
        return Ok(HashSet::new());
    }
    let statement = format!(
        "insert into record_query (center_id, query_id, subject, record_id, rule, field, received, expected, state, opened_at, origin, patient_id)
         select $1, u.query_id, u.subject, u.record_id, u.rule, u.field, u.received, u.expected, 'open', $2, $3, u.patient_id
         from unnest($4::uuid[], $5::text[], $6::uuid[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[])
              as u(query_id, subject, record_id, rule, field, received, expected, patient_id)
         on conflict (center_id, record_id, rule, field) where origin <> 'person' do update
           set state = case record_query.state when 'open' then 'open' else 'reopened' end, received = excluded.received,
               expected = excluded.expected, closed_at = null, resolution = null, version = record_query.version + 1
           where record_query.received is distinct from excluded.received or record_query.expected is distinct from excluded.expected
              or record_query.state = 'resolved' and record_query.resolution <> 'accepted'
         returning {RETURNING}"
    );
    let rows = sqlx::query(AssertSqlSafe(statement))
        .bind(center)
        .bind(scoped.now)
        .bind(origin.code())
        .bind(found.iter().map(|_| Uuid::now_v7()).collect::<Vec<_>>())
        .bind(found.iter().map(|r| r.form).collect::<Vec<_>>())
        .bind(found.iter().map(|r| r.record_id).collect::<Vec<_>>())
        .bind(found.iter().map(|r| r.rule).collect::<Vec<_>>())
        .bind(found.iter().map(|r| r.field).collect::<Vec<_>>())
        .bind(found.iter().map(|r| r.received).collect::<Vec<_>>())
        .bind(found.iter().map(|r| r.expected).collect::<Vec<_>>())
        .bind(found.iter().map(|r| r.patient_id).collect::<Vec<_>>())
        .fetch_all(&mut *scoped.tx)
        .await?;
    let mut asked = HashSet::with_capacity(rows.len());
    let (mut new, mut again, mut other) = (Vec::new(), Vec::new(), Vec::new());
    for row in &rows {
        asked.insert((row.try_get("record_id")?, row.try_get("rule")?, row.try_get("field")?));
        let change = changed(row)?;
        match (change.version, change.state.as_str()) {
            (1, _) => new.push(change),
            (_, "reopened") => again.push(change),
            _ => other.push(change),
        }
    }
    append(scoped, center, author, Action::Create, None, new).await?;
    log(scoped, center, author, "reopened", again).await?;
    log(scoped, center, author, "finding_changed", other).await?;
    Ok(asked)
}

/// Asks about what the soft rules found in records of one form.
pub(crate) async fn open(
    scoped: &mut Scoped,
    center: &str,
    author: Author,
    form: &'static FormDescriptor,
    found: &[(Uuid, &Finding)],
) -> Result<()> {
    if found.is_empty() {
        return Ok(());
    }
    let mut patients: HashMap<Uuid, String> = HashMap::new();
    if form.field("patient_id").is_some() {
        let statement = format!(
            "select record_id, patient_id from {} where center_id = $1 and record_id = any ($2)",
            form.name
        );
        let rows = sqlx::query(AssertSqlSafe(statement))
            .bind(center)
            .bind(found.iter().map(|(id, _)| *id).collect::<Vec<_>>())
            .fetch_all(&mut *scoped.tx)
            .await?;
        for row in rows {
            patients.insert(row.try_get(0)?, row.try_get(1)?);
        }
    }
    let raised: Vec<Raised<'_>> = found
        .iter()
        .map(|(id, finding)| Raised {
            record_id: *id,
            form: form.name,
            patient_id: patients.get(id).map(String::as_str),
            rule: finding.rule.id,
            field: finding.field.as_deref().unwrap_or_default(),
            received: finding.received.as_deref(),
            expected: finding.expected.as_deref(),
        })
        .collect();
    raise(scoped, center, author, Origin::Record, &raised).await?;
    Ok(())
}

/// A version of a record that was just written.
pub(crate) struct NewVersion<'a> {
    pub(crate) record_id: Uuid,
    /// What the soft rules find in it.
    pub(crate) findings: Vec<&'a Finding>,
    /// The fields that it corrects.
    pub(crate) corrected: Vec<&'static str>,
}

/// What new versions of records make of the queries about their own content: those whose finding is gone are resolved, the rest stand as
/// they are, and new findings are asked. A question of a person is resolved by a correction of its field.
pub(crate) async fn reconsider(
    scoped: &mut Scoped,
    center: &str,
    author: Author,
    form: &'static FormDescriptor,
    versions: &[NewVersion<'_>],
    retracted: bool,
) -> Result<()> {
    let resolution = if retracted { "retracted" } else { "corrected" };
    let found: Vec<(Uuid, &Finding)> =
        versions.iter().flat_map(|v| v.findings.iter().map(|f| (v.record_id, *f))).collect();
    // The whole record is corrected with any of its fields.
    let corrected: Vec<(Uuid, &str)> = versions
        .iter()
        .filter(|v| !v.corrected.is_empty())
        .flat_map(|v| v.corrected.iter().copied().chain([""]).map(|field| (v.record_id, field)))
        .collect();
    let statement = format!(
        "update record_query q set state = 'resolved', closed_at = $3, resolution = $4, version = version + 1
         where center_id = $1 and record_id = any ($2) and state <> 'resolved'
           and case origin
                 when 'record' then (record_id, rule, field) not in (select * from unnest($5::uuid[], $6::text[], $7::text[]))
                 when 'person' then $10 or (record_id, field) in (select * from unnest($8::uuid[], $9::text[]))
                 else false
               end
         returning {RETURNING}"
    );
    let rows = sqlx::query(AssertSqlSafe(statement))
        .bind(center)
        .bind(versions.iter().map(|v| v.record_id).collect::<Vec<_>>())
        .bind(scoped.now)
        .bind(resolution)
        .bind(found.iter().map(|(id, _)| *id).collect::<Vec<_>>())
        .bind(found.iter().map(|(_, f)| f.rule.id).collect::<Vec<_>>())
        .bind(found.iter().map(|(_, f)| f.field.as_deref().unwrap_or_default()).collect::<Vec<_>>())
        .bind(corrected.iter().map(|(id, _)| *id).collect::<Vec<_>>())
        .bind(corrected.iter().map(|(_, field)| *field).collect::<Vec<_>>())
        .bind(retracted)
        .fetch_all(&mut *scoped.tx)
        .await?;
    let closed = rows.iter().map(changed).collect::<Result<Vec<_>>>()?;
    log(scoped, center, author, resolution, closed).await?;
    open(scoped, center, author, form, &found).await
}

/// Which queries across records are still asked, and about whom that is known.
pub(crate) struct Kept<'a> {
    /// The patients that were looked at; `None` for all.
    pub(crate) patients: Option<&'a [String]>,
    /// Only this rule, or every one but it.
    pub(crate) rule: (&'a str, bool),
    /// Record, rule and field of what still holds.
    pub(crate) found: Vec<(Uuid, &'a str, &'a str)>,
}

/// Resolves queries across records whose finding is gone. What the center has confirmed stays confirmed. Returns how many.
pub(crate) async fn lapse(scoped: &mut Scoped, center: &str, author: Author, kept: Kept<'_>) -> Result<u64> {
    let statement = format!(
        "update record_query q set state = 'resolved', closed_at = $2, resolution = 'rule_holds', version = version + 1
         where center_id = $1 and origin = 'review' and state in ('open', 'reopened') and ($3::text[] is null or patient_id = any ($3))
           and (rule = $4) = $5
           and not exists (select from unnest($6::uuid[], $7::text[], $8::text[]) as u(record_id, rule, field)
                           where (u.record_id, u.rule, u.field) = (q.record_id, q.rule, q.field))
         returning {RETURNING}"
    );
    let rows = sqlx::query(AssertSqlSafe(statement))
        .bind(center)
        .bind(scoped.now)
        .bind(kept.patients)
        .bind(kept.rule.0)
        .bind(kept.rule.1)
        .bind(kept.found.iter().map(|f| f.0).collect::<Vec<_>>())
        .bind(kept.found.iter().map(|f| f.1).collect::<Vec<_>>())
        .bind(kept.found.iter().map(|f| f.2).collect::<Vec<_>>())
        .fetch_all(&mut *scoped.tx)
        .await?;
    let closed = rows.iter().map(changed).collect::<Result<Vec<_>>>()?;
    let count = closed.len() as u64;
    log(scoped, center, author, "rule_holds", closed).await?;
    Ok(count)
}
