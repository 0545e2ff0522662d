//! Finding and counting queries.

use super::{COLUMNS, RecordQuery, State, query_of};
use crate::database::Database;
use crate::error::{Error, Result};
use crate::scope::Scoped;
use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, Postgres, Row, Transaction};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Which queries are meant; every member narrows.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// In one of these states; empty for all.
    pub states: Vec<State>,
    /// Of this center.
    pub center_id: Option<String>,
    /// About records of this form.
    pub form: Option<String>,
    /// About this patient.
    pub patient_id: Option<String>,
    /// About this record.
    pub record_id: Option<Uuid>,
    /// Asked by this rule.
    pub rule: Option<String>,
    /// About this field.
    pub field: Option<String>,
    /// `record`, `review` or `person`.
    pub origin: Option<String>,
    /// Opened before this time.
    pub opened_before: Option<DateTime<Utc>>,
    /// Opened at this time or later.
    pub opened_since: Option<DateTime<Utc>>,
}

const CONDITION: &str = "(cardinality($1::text[]) = 0 or state = any ($1)) and ($2::text is null or center_id = $2)
     and ($3::text is null or subject = $3) and ($4::text is null or patient_id = $4) and ($5::uuid is null or record_id = $5)
     and ($6::text is null or rule = $6) and ($7::text is null or field = $7) and ($8::text is null or origin = $8)
     and ($9::timestamptz is null or opened_at < $9) and ($10::timestamptz is null or opened_at >= $10)";

impl Filter {
    fn bind<'q>(&'q self, query: Query<'q, Postgres, PgArguments>) -> Query<'q, Postgres, PgArguments> {
        query
            .bind(self.states.iter().map(|s| s.code()).collect::<Vec<_>>())
            .bind(&self.center_id)
            .bind(&self.form)
            .bind(&self.patient_id)
            .bind(self.record_id)
            .bind(&self.rule)
            .bind(&self.field)
            .bind(&self.origin)
            .bind(self.opened_before)
            .bind(self.opened_since)
    }
}

/// Queries in scope, oldest first, after the cursor.
pub async fn list(
    database: &Database,
    centers: &[String],
    filter: &Filter,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<RecordQuery>> {
    let mut tx = Scoped::read(database, centers).await?;
    let statement = format!(
        "select {COLUMNS} from record_query where {CONDITION} and ($11::uuid is null or query_id > $11) order by query_id limit $12"
    );
    let rows = filter
        .bind(sqlx::query(AssertSqlSafe(statement)))
        .bind(after)
        .bind(limit)
        .fetch_all(&mut *tx)
        .await?;
    rows.iter().map(query_of).collect()
}

/// One query in scope.
pub async fn find(tx: &mut Transaction<'static, Postgres>, id: Uuid) -> Result<RecordQuery> {
    find_with(tx, id, "").await
}

pub(super) async fn find_with(
    tx: &mut Transaction<'static, Postgres>,
    id: Uuid,
    lock: &str,
) -> Result<RecordQuery> {
    let statement = format!("select {COLUMNS} from record_query where query_id = $1 {lock}");
    let row = sqlx::query(AssertSqlSafe(statement))
        .bind(id)
        .fetch_optional(&mut **tx)
        .await?
        .ok_or(Error::Missing("query"))?;
    query_of(&row)
}

/// What counts are told apart by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupBy {
    /// The center asked.
    Center,
    /// The form of the record.
    Form,
    /// The rule.
    Rule,
    /// The patient.
    Patient,
}

impl GroupBy {
    fn column(self) -> &'static str {
        match self {
            Self::Center => "center_id",
            Self::Form => "subject",
            Self::Rule => "rule",
            Self::Patient => "center_id || ' ' || coalesce(patient_id, '')",
        }
    }
}

/// How many queries are in each state.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Count {
    /// The group's code; null for the total.
    pub group: Option<String>,
    /// All of them.
    pub total: i64,
    /// By state; every state is named.
    pub states: BTreeMap<&'static str, i64>,
    /// When the oldest that waits for the center was opened.
    pub oldest_open: Option<DateTime<Utc>>,
}

/// Counts queries in scope by state: the total, and each group in the order of its code.
pub async fn count(
    database: &Database,
    centers: &[String],
    filter: &Filter,
    by: Option<GroupBy>,
) -> Result<(Count, Vec<Count>)> {
    let mut tx = Scoped::read(database, centers).await?;
    let group = by.map_or("''::text", GroupBy::column);
    let statement = format!(
        "select {group} as code, state, count(*) as n, min(opened_at) filter (where state in ('open', 'reopened')) as oldest
         from record_query where {CONDITION} group by 1, 2"
    );
    let rows = filter.bind(sqlx::query(AssertSqlSafe(statement))).fetch_all(&mut *tx).await?;
    let empty = || Count { states: State::ALL.map(|s| (s.code(), 0)).into(), ..Count::default() };
    let (mut total, mut groups) = (empty(), BTreeMap::<String, Count>::new());
    for row in rows {
        let code: String = row.try_get("code")?;
        let (state, n): (String, i64) = (row.try_get("state")?, row.try_get("n")?);
        let oldest: Option<DateTime<Utc>> = row.try_get("oldest")?;
        let group = groups.entry(code.clone()).or_insert_with(|| Count { group: Some(code), ..empty() });
        for count in [&mut total, group] {
            count.total += n;
            if let Some(sum) = State::parse(&state).and_then(|s| count.states.get_mut(s.code())) {
                *sum += n;
            }
            count.oldest_open = [count.oldest_open, oldest].into_iter().flatten().min();
        }
    }
    Ok((total, if by.is_some() { groups.into_values().collect() } else { Vec::new() }))
}
