//! What became of the rows of a submission.

use crate::database::Database;
use crate::error::{Error, Result};
use crate::scope::Scoped;
use intake::Place;
use serde::{Deserialize, Serialize};
use sqlx::postgres::PgRow;
use sqlx::{Postgres, Row, Transaction};
use std::borrow::Cow;
use std::collections::{BTreeMap, BinaryHeap};
use uuid::Uuid;

/// Faults per statement.
const CHUNK: usize = 4_000;

/// What became of a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowResult {
    /// Position of the sheet.
    pub sheet: u16,
    /// Row of the sheet.
    pub row: u64,
    /// Form, as far as it could be told.
    pub form: Option<String>,
    /// `created`, `updated`, `unchanged` or `rejected`.
    pub outcome: String,
    /// The record.
    pub record_id: Option<Uuid>,
    /// Its version.
    pub version: Option<i32>,
}

impl RowResult {
    fn place(&self) -> (u16, u64) {
        (self.sheet, self.row)
    }
}

/// Something to be said about a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowFault {
    /// `fault` rejects the row, `query` asks about it, `other_record` asks about another record that the row contradicts.
    pub kind: &'static str,
    /// What became of the row.
    pub of: RowResult,
    /// Patient of the other record.
    pub patient_id: Option<String>,
    /// Rule.
    pub rule: String,
    /// Field; empty for the row as a whole.
    pub field: String,
    /// Value as received.
    pub received: Option<String>,
    /// What would be accepted.
    pub expected: Option<String>,
}

/// A row with everything to be said about it.
#[derive(Debug, Clone)]
pub struct OfRow {
    /// What became of it.
    pub result: RowResult,
    /// What is to be said about it.
    pub faults: Vec<RowFault>,
}

/// A value that several rows have at a fault.
#[derive(Debug, Clone)]
pub struct FaultyValue {
    /// The value.
    pub received: Option<String>,
    /// Rows that have it.
    pub rows: i64,
}

/// Faults that are the same: one rule at one field of one form.
#[derive(Debug, Clone)]
pub struct FaultGroup {
    /// `fault`, `query` or `other_record`.
    pub kind: String,
    /// Form.
    pub form: Option<String>,
    /// Rule.
    pub rule: String,
    /// Field.
    pub field: String,
    /// Rows with it.
    pub rows: i64,
    /// The first of them: sheet and row.
    pub first: Vec<(i32, i64)>,
    /// What would be accepted, as most rows are told.
    pub expected: Option<String>,
    /// The values, the most frequent first; at most 20.
    pub values: Vec<FaultyValue>,
    /// How many different values there are.
    pub distinct_values: i64,
}

/// Values told per group.
const VALUES: i64 = 20;

/// Rows told per group.
const FIRST_ROWS: i64 = 10;

/// Stores the results of a part.
pub(super) async fn store(
    tx: &mut Transaction<'static, Postgres>,
    center: &str,
    id: Uuid,
    part: i32,
    results: &[RowResult],
    faults: &[RowFault],
) -> Result<()> {
    let json = serde_json::to_vec(results).map_err(|error| Error::Inconsistent {
        table: "submission_part".to_owned(),
        record: id.to_string(),
        what: error.to_string(),
    })?;
    sqlx::query(
        "insert into submission_part (center_id, submission_id, part, results) values ($1, $2, $3, $4)",
    )
    .bind(center)
    .bind(id)
    .bind(part)
    .bind(lz4_flex::block::compress_prepend_size(&json))
    .execute(&mut **tx)
    .await?;
    for (chunk, some) in faults.chunks(CHUNK).enumerate() {
        let first = chunk * CHUNK;
        let ordinals: Vec<i32> =
            (first..first + some.len()).map(|n| i32::try_from(n).unwrap_or(i32::MAX)).collect();
        sqlx::query(
            "insert into submission_fault (center_id, submission_id, part, ordinal, kind, sheet, row_number, outcome, form, record_id, version,
                                           patient_id, rule, field, received, expected)
             select $1, $2, $3, u.* from unnest($4::integer[], $5::text[], $6::integer[], $7::bigint[], $8::text[], $9::text[], $10::uuid[],
                                                $11::integer[], $12::text[], $13::text[], $14::text[], $15::text[], $16::text[]) as u",
        )
        .bind(center)
        .bind(id)
        .bind(part)
        .bind(ordinals)
        .bind(some.iter().map(|f| f.kind).collect::<Vec<_>>())
        .bind(some.iter().map(|f| i32::from(f.of.sheet)).collect::<Vec<_>>())
        .bind(some.iter().map(|f| i64::try_from(f.of.row).unwrap_or(i64::MAX)).collect::<Vec<_>>())
        .bind(some.iter().map(|f| f.of.outcome.as_str()).collect::<Vec<_>>())
        .bind(some.iter().map(|f| f.of.form.as_deref()).collect::<Vec<_>>())
        .bind(some.iter().map(|f| f.of.record_id).collect::<Vec<_>>())
        .bind(some.iter().map(|f| f.of.version).collect::<Vec<_>>())
        .bind(some.iter().map(|f| f.patient_id.as_deref()).collect::<Vec<_>>())
        .bind(some.iter().map(|f| f.rule.as_str()).collect::<Vec<_>>())
        .bind(some.iter().map(|f| storable(&f.field)).collect::<Vec<_>>())
        .bind(some.iter().map(|f| f.received.as_deref().map(storable)).collect::<Vec<_>>())
        .bind(some.iter().map(|f| f.expected.as_deref().map(storable)).collect::<Vec<_>>())
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}

/// PostgreSQL's text holds any character but one.
fn storable(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { Cow::Owned(text.replace('\0', "\u{fffd}")) } else { Cow::Borrowed(text) }
}

/// Removes the results of an attempt that is made again from the start.
pub(super) async fn clear(tx: &mut Transaction<'static, Postgres>, id: Uuid) -> Result<()> {
    for statement in [
        "delete from submission_part where submission_id = $1",
        "delete from submission_fault where submission_id = $1",
    ] {
        sqlx::query(statement).bind(id).execute(&mut **tx).await?;
    }
    Ok(())
}

fn kind(text: &str) -> &'static str {
    match text {
        "fault" => "fault",
        "query" => "query",
        _ => "other_record",
    }
}

fn fault(row: &PgRow) -> Result<RowFault> {
    let of = RowResult {
        sheet: u16::try_from(row.try_get::<i32, _>("sheet")?).unwrap_or(u16::MAX),
        row: u64::try_from(row.try_get::<i64, _>("row_number")?).unwrap_or_default(),
        form: row.try_get("form")?,
        outcome: row.try_get("outcome")?,
        record_id: row.try_get("record_id")?,
        version: row.try_get("version")?,
    };
    Ok(RowFault {
        kind: kind(row.try_get("kind")?),
        of,
        patient_id: row.try_get("patient_id")?,
        rule: row.try_get("rule")?,
        field: row.try_get("field")?,
        received: row.try_get("received")?,
        expected: row.try_get("expected")?,
    })
}

/// Rows in the order of the file, after a place, at most `limit`.
///
/// # Errors
/// Those of the database.
pub async fn rows(
    database: &Database,
    centers: &[String],
    id: Uuid,
    outcome: Option<&str>,
    after: Option<Place>,
    limit: usize,
) -> Result<Vec<OfRow>> {
    let mut tx = Scoped::read(database, centers).await?;
    let after = after.map(|p| (p.table, p.row));
    let mut kept: BinaryHeap<Ordered> = BinaryHeap::new();
    let mut part: Option<i32> = None;
    // A part at a time: the results of all of them need not fit in memory.
    loop {
        let found = sqlx::query(
            "select part, results from submission_part where submission_id = $1 and ($2::integer is null or part > $2) order by part limit 1",
        )
        .bind(id)
        .bind(part)
        .fetch_optional(&mut *tx)
        .await?;
        let Some(row) = found else { break };
        part = Some(row.try_get(0)?);
        let content: Vec<u8> = row.try_get(1)?;
        for result in decode(id, &content)? {
            if after.is_some_and(|a| result.place() <= a) || outcome.is_some_and(|o| o != result.outcome) {
                continue;
            }
            kept.push(Ordered(result));
            if kept.len() > limit {
                kept.pop();
            }
        }
    }
    let results: Vec<RowResult> = kept.into_sorted_vec().into_iter().map(|o| o.0).collect();
    let (Some(first), Some(last)) = (results.first(), results.last()) else { return Ok(Vec::new()) };
    let said = faults_between(&mut tx, id, first.place(), last.place()).await?;
    let mut of: BTreeMap<(u16, u64), Vec<RowFault>> = BTreeMap::new();
    for fault in said {
        of.entry(fault.of.place()).or_default().push(fault);
    }
    Ok(results
        .into_iter()
        .map(|result| OfRow { faults: of.remove(&result.place()).unwrap_or_default(), result })
        .collect())
}

/// Orders results by place, the last on top of the heap.
struct Ordered(RowResult);

impl PartialEq for Ordered {
    fn eq(&self, other: &Self) -> bool {
        self.0.place() == other.0.place()
    }
}

impl Eq for Ordered {}

impl PartialOrd for Ordered {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ordered {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.place().cmp(&other.0.place())
    }
}

fn decode(id: Uuid, content: &[u8]) -> Result<Vec<RowResult>> {
    let inconsistent = |what: String| Error::Inconsistent {
        table: "submission_part".to_owned(),
        record: id.to_string(),
        what,
    };
    let json =
        lz4_flex::block::decompress_size_prepended(content).map_err(|e| inconsistent(e.to_string()))?;
    serde_json::from_slice(&json).map_err(|e| inconsistent(e.to_string()))
}

async fn faults_between(
    tx: &mut Transaction<'static, Postgres>,
    id: Uuid,
    first: (u16, u64),
    last: (u16, u64),
) -> Result<Vec<RowFault>> {
    let rows = sqlx::query(
        "select * from submission_fault where submission_id = $1 and kind <> 'other_record'
           and (sheet, row_number) >= ($2, $3) and (sheet, row_number) <= ($4, $5)
         order by sheet, row_number, part, ordinal",
    )
    .bind(id)
    .bind(i32::from(first.0))
    .bind(i64::try_from(first.1).unwrap_or(i64::MAX))
    .bind(i32::from(last.0))
    .bind(i64::try_from(last.1).unwrap_or(i64::MAX))
    .fetch_all(&mut **tx)
    .await?;
    rows.iter().map(fault).collect()
}

/// Rows about which there is something to say, in the order of the file, after a place, at most `limit`.
///
/// # Errors
/// Those of the database.
pub async fn faulty_rows(
    database: &Database,
    centers: &[String],
    id: Uuid,
    after: Option<Place>,
    limit: usize,
) -> Result<Vec<OfRow>> {
    let mut tx = Scoped::read(database, centers).await?;
    let rows = sqlx::query(
        "select f.* from submission_fault f
         join (select distinct sheet, row_number from submission_fault
               where submission_id = $1 and kind <> 'other_record' and ($2::integer is null or (sheet, row_number) > ($2, $3))
               order by 1, 2 limit $4) p using (sheet, row_number)
         where submission_id = $1 and kind <> 'other_record' order by sheet, row_number, part, ordinal",
    )
    .bind(id)
    .bind(after.map(|p| i32::from(p.table)))
    .bind(after.map(|p| i64::try_from(p.row).unwrap_or(i64::MAX)))
    .bind(i64::try_from(limit).unwrap_or(i64::MAX))
    .fetch_all(&mut *tx)
    .await?;
    let mut found: Vec<OfRow> = Vec::new();
    for row in &rows {
        let fault = fault(row)?;
        match found.last_mut() {
            Some(last) if last.result.place() == fault.of.place() => last.faults.push(fault),
            _ => found.push(OfRow { result: fault.of.clone(), faults: vec![fault] }),
        }
    }
    Ok(found)
}

/// Queries that a submission opened at records it did not write.
///
/// # Errors
/// Those of the database.
pub async fn at_other_records(
    database: &Database,
    centers: &[String],
    id: Uuid,
    limit: i64,
) -> Result<Vec<RowFault>> {
    let mut tx = Scoped::read(database, centers).await?;
    let rows = sqlx::query(
        "select * from submission_fault where submission_id = $1 and kind = 'other_record' order by record_id, part, ordinal limit $2",
    )
    .bind(id)
    .bind(limit)
    .fetch_all(&mut *tx)
    .await?;
    rows.iter().map(fault).collect()
}

/// Why rows were rejected, by place: every fault of each.
///
/// # Errors
/// Those of the database.
pub async fn rejected_reasons(
    database: &Database,
    centers: &[String],
    id: Uuid,
    sentence: impl Fn(&RowFault) -> String,
) -> Result<BTreeMap<Place, String>> {
    let mut tx = Scoped::read(database, centers).await?;
    let rows = sqlx::query(
        "select * from submission_fault where submission_id = $1 and kind = 'fault' order by sheet, row_number, part, ordinal",
    )
    .bind(id)
    .fetch_all(&mut *tx)
    .await?;
    let mut reasons: BTreeMap<Place, String> = BTreeMap::new();
    for row in &rows {
        let fault = fault(row)?;
        let place = Place { table: fault.of.sheet, row: fault.of.row };
        let reason = reasons.entry(place).or_default();
        if !reason.is_empty() {
            reason.push_str(" | ");
        }
        reason.push_str(&sentence(&fault));
    }
    Ok(reasons)
}

/// Identical faults together, those that reject first, the most frequent first.
///
/// # Errors
/// Those of the database.
pub async fn fault_groups(database: &Database, centers: &[String], id: Uuid) -> Result<Vec<FaultGroup>> {
    let mut tx = Scoped::read(database, centers).await?;
    let rows = sqlx::query(
        "with f as (select kind, coalesce(form, '') as form, rule, field, sheet, row_number, received, expected
                    from submission_fault where submission_id = $1),
         place as (select distinct kind, form, rule, field, sheet, row_number from f),
         numbered as (select *, row_number() over (partition by kind, form, rule, field order by sheet, row_number) as nth from place),
         firsts as (select kind, form, rule, field, count(*) as rows,
                           array_agg(sheet order by nth) filter (where nth <= $3) as first_sheets,
                           array_agg(numbered.row_number order by nth) filter (where nth <= $3) as first_rows
                    from numbered group by 1, 2, 3, 4),
         value as (select kind, form, rule, field, received, count(*) as times from f group by 1, 2, 3, 4, 5),
         ranked as (select *, row_number() over (partition by kind, form, rule, field order by times desc, received) as rank from value),
         vals as (select kind, form, rule, field, count(*) as distinct_values,
                         array_agg(received order by rank) filter (where rank <= $2) as received,
                         array_agg(times order by rank) filter (where rank <= $2) as times
                  from ranked group by 1, 2, 3, 4),
         said as (select kind, form, rule, field, mode() within group (order by expected) as expected from f group by 1, 2, 3, 4)
         select * from firsts join vals using (kind, form, rule, field) join said using (kind, form, rule, field)
         order by array_position(array['fault', 'query', 'other_record'], kind), rows desc, form, rule, field",
    )
    .bind(id)
    .bind(VALUES)
    .bind(FIRST_ROWS)
    .fetch_all(&mut *tx)
    .await?;
    rows.iter().map(group).collect()
}

fn group(row: &PgRow) -> Result<FaultGroup> {
    let sheets: Vec<i32> = row.try_get("first_sheets")?;
    let numbers: Vec<i64> = row.try_get("first_rows")?;
    let received: Vec<Option<String>> = row.try_get("received")?;
    let times: Vec<i64> = row.try_get("times")?;
    let form: String = row.try_get("form")?;
    Ok(FaultGroup {
        kind: row.try_get("kind")?,
        form: Some(form).filter(|f| !f.is_empty()),
        rule: row.try_get("rule")?,
        field: row.try_get("field")?,
        rows: row.try_get("rows")?,
        first: sheets.into_iter().zip(numbers).collect(),
        expected: row.try_get("expected")?,
        values: received
            .into_iter()
            .zip(times)
            .map(|(received, rows)| FaultyValue { received, rows })
            .collect(),
        distinct_values: row.try_get("distinct_values")?,
    })
}
