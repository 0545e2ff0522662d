//! Recomputing the whole log and comparing it with the records.

use super::block::{Header, merkle_root, signature_holds};
use super::seal::{BLOCK_COLUMNS, ENTRY_ORDER, hash_column, header};
use super::{Entry, Hash, commitment, hex};
use crate::database::Database;
use crate::error::{Error, Result};
use crate::sql;
use chrono::{DateTime, Utc};
use clinical::form::FormDescriptor;
use futures::TryStreamExt;
use serde::Serialize;
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, Postgres, Row, Transaction};
use std::collections::HashSet;
use uuid::Uuid;

/// Faults listed one by one; the rest are counted.
const LISTED: usize = 100;

/// What verification found.
#[derive(Debug, Default, Serialize)]
pub struct Verification {
    /// Log entries recomputed.
    pub entries: u64,
    /// Of these, not yet in a block.
    pub unsealed: u64,
    /// Blocks checked.
    pub blocks: u64,
    /// Records compared with their newest entry.
    pub records: u64,
    /// Payloads that are gone because an erasure in the log says so.
    pub erased: u64,
    /// Records and queries that erasures in the log name.
    #[serde(skip)]
    erasures: HashSet<(String, Uuid)>,
    /// Number of faults.
    pub fault_count: u64,
    /// The first of them.
    pub faults: Vec<Fault>,
    /// The newest block: keep it elsewhere, because a chain alone cannot show that its newest part was removed.
    pub head: Option<Head>,
}

/// The newest block of the chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Head {
    /// Block number.
    pub block: i64,
    /// Position of its last entry.
    pub position: i64,
    /// Its hash, in hexadecimal.
    pub hash: String,
}

impl Head {
    fn of(block: &Header) -> Self {
        Self {
            block: block.number,
            position: block.first_position + block.entries - 1,
            hash: hex(&block.hash()),
        }
    }
}

/// Something that cannot have come about through the program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// Kind of fault, a stable word.
    pub kind: &'static str,
    /// Where: block number, or form, center, record and version.
    pub place: String,
    /// What was expected and found.
    pub detail: String,
}

impl Verification {
    /// True when nothing was found.
    pub fn intact(&self) -> bool {
        self.fault_count == 0
    }

    fn fault(&mut self, kind: &'static str, place: String, detail: impl Into<String>) {
        self.fault_count += 1;
        if self.faults.len() < LISTED {
            self.faults.push(Fault { kind, place, detail: detail.into() });
        }
    }
}

/// Verifies the log and the records against it, in one consistent view of the database.
///
/// `public_key` is the public half of the sealing key. `kept_head` is a head that was kept elsewhere: the chain must still contain it.
pub async fn verify(
    database: &Database,
    public_key: &[u8; 32],
    kept_head: Option<&Head>,
) -> Result<Verification> {
    let mut tx = database.exporter.begin().await?;
    sqlx::query("set transaction isolation level repeatable read read only").execute(&mut *tx).await?;
    let mut found = Verification { erasures: erasures(&mut tx).await?, ..Verification::default() };
    let end = check_blocks(&mut tx, public_key, kept_head, &mut found).await?;
    check_unsealed(&mut tx, end, &mut found).await?;
    for form in clinical::forms::ALL {
        check_records(&mut tx, form, &mut found).await?;
    }
    Ok(found)
}

/// What the log says was erased, by center and id. The entries themselves are checked like all others.
async fn erasures(tx: &mut Transaction<'static, Postgres>) -> Result<HashSet<(String, Uuid)>> {
    let rows = sqlx::query(
        "select e.center_id, p.payload from audit_entry e join audit_payload p using (center_id, record_id, version)
         where e.action = 'erase' and e.subject = 'erasure'",
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut all = HashSet::new();
    for row in rows {
        let (center, payload): (String, Vec<u8>) = (row.try_get(0)?, row.try_get(1)?);
        let payload: serde_json::Value = serde_json::from_slice(&payload).unwrap_or_default();
        let ids = payload["records"].as_array().into_iter().flatten();
        let ids = ids.filter_map(|id| Uuid::try_parse(id.as_str()?).ok());
        all.extend(ids.map(|id| (center.clone(), id)));
    }
    Ok(all)
}

async fn check_blocks(
    tx: &mut Transaction<'static, Postgres>,
    public_key: &[u8; 32],
    kept_head: Option<&Head>,
    found: &mut Verification,
) -> Result<Option<Header>> {
    let statement = format!("select {BLOCK_COLUMNS} from audit_block order by number");
    let rows = sqlx::query(AssertSqlSafe(statement)).fetch_all(&mut **tx).await?;
    let mut before: Option<Header> = None;
    let mut kept_seen = kept_head.is_none();
    for row in &rows {
        let block = header(row)?;
        let place = format!("block {}", block.number);
        found.blocks += 1;
        let hash = block.hash();
        if hash_column(row, "block_hash")? != hash {
            found.fault("block_changed", place.clone(), "the block's hash does not fit its content");
        }
        let signature: Vec<u8> = row.try_get("signature")?;
        if !signature_holds(public_key, &hash, &signature) {
            found.fault(
                "signature",
                place.clone(),
                "the signature was not made with the sealing key over this block",
            );
        }
        let (number, position, previous) = before
            .as_ref()
            .map_or((1, 1, [0; 32]), |b| (b.number + 1, b.first_position + b.entries, b.hash()));
        if block.number != number || block.first_position != position || block.previous != previous {
            found.fault(
                "chain_broken",
                place.clone(),
                format!("expected block {number} at position {position} after the block before"),
            );
        }
        let contiguous = before.as_ref().is_none_or(|b| {
            if b.generation == block.generation {
                b.xid_until == block.xid_from
            } else {
                b.generation < block.generation
            }
        });
        if !contiguous {
            found.fault(
                "chain_broken",
                place.clone(),
                "the block does not continue the transactions of the block before",
            );
        }
        check_leaves(tx, &block, &place, found).await?;
        kept_seen |= kept_head.is_some_and(|kept| *kept == Head::of(&block));
        before = Some(block);
    }
    if !kept_seen {
        found.fault(
            "head_missing",
            "chain".to_owned(),
            "the head kept elsewhere is not in the chain: its newest part was removed or rewritten",
        );
    }
    found.head = before.as_ref().map(Head::of);
    Ok(before)
}

const ENTRY_COLUMNS: &str = "e.center_id, e.record_id, e.version, e.generation, e.xid, e.at, e.actor, e.action, e.subject, e.reason, \
     e.request_id, e.commitment, e.entry_hash, p.salt, p.payload";
const ENTRY_SOURCE: &str = "audit_entry e left join audit_payload p using (center_id, record_id, version)";

async fn check_leaves(
    tx: &mut Transaction<'static, Postgres>,
    block: &Header,
    place: &str,
    found: &mut Verification,
) -> Result<()> {
    let statement = format!(
        "select {ENTRY_COLUMNS} from {ENTRY_SOURCE} where e.generation = $1 and e.xid >= $2 and e.xid < $3 order by {ENTRY_ORDER}"
    );
    let query = sqlx::query(AssertSqlSafe(statement))
        .bind(block.generation)
        .bind(block.xid_from)
        .bind(block.xid_until);
    let mut leaves: Vec<Hash> = Vec::new();
    let mut rows = query.fetch(&mut **tx);
    while let Some(row) = rows.try_next().await? {
        leaves.push(check_entry(&row, found)?);
    }
    if i64::try_from(leaves.len()).ok() != Some(block.entries) {
        let detail = format!(
            "sealed with {} entries, now {}: entries were removed or added",
            block.entries,
            leaves.len()
        );
        found.fault("entries_removed_or_added", place.to_owned(), detail);
    } else if merkle_root(&leaves) != block.root {
        found.fault(
            "entries_changed",
            place.to_owned(),
            "the entries are not those that were sealed: changed, replaced or reordered",
        );
    }
    Ok(())
}

async fn check_unsealed(
    tx: &mut Transaction<'static, Postgres>,
    end: Option<Header>,
    found: &mut Verification,
) -> Result<()> {
    let statement =
        format!("select {ENTRY_COLUMNS} from {ENTRY_SOURCE} where (e.generation, e.xid) >= ($1, $2)");
    let (generation, xid) = end.map_or((i32::MIN, 0), |b| (b.generation, b.xid_until));
    let mut rows = sqlx::query(AssertSqlSafe(statement)).bind(generation).bind(xid).fetch(&mut **tx);
    while let Some(row) = rows.try_next().await? {
        check_entry(&row, found)?;
        found.unsealed += 1;
    }
    drop(rows);
    // A block begins where the one before ended, so only a forged generation can hide an entry from both checks.
    let total: i64 = sqlx::query_scalar("select count(*) from audit_entry").fetch_one(&mut **tx).await?;
    if u64::try_from(total).ok() != Some(found.entries) {
        found.fault(
            "entries_outside",
            "audit_entry".to_owned(),
            format!("{total} entries, {} of them in order", found.entries),
        );
    }
    Ok(())
}

/// Recomputes one entry; returns its hash as it should be.
fn check_entry(row: &PgRow, found: &mut Verification) -> Result<Hash> {
    let center_id: String = row.try_get("center_id")?;
    let action: String = row.try_get("action")?;
    let subject: String = row.try_get("subject")?;
    let reason: Option<String> = row.try_get("reason")?;
    let entry = Entry {
        center_id: &center_id,
        record_id: row.try_get("record_id")?,
        version: row.try_get("version")?,
        generation: row.try_get("generation")?,
        xid: row.try_get("xid")?,
        at: row.try_get("at")?,
        actor: row.try_get("actor")?,
        action: &action,
        subject: &subject,
        reason: reason.as_deref(),
        request_id: row.try_get("request_id")?,
        commitment: hash_column(row, "commitment")?,
    };
    found.entries += 1;
    let place = || format!("{subject} {} of {center_id}, version {}", entry.record_id, entry.version);
    let hash = entry.hash();
    if hash_column(row, "entry_hash")? != hash {
        found.fault("entry_changed", place(), "the entry's hash does not fit its columns");
    }
    let salt: Option<Vec<u8>> = row.try_get("salt")?;
    let payload: Option<Vec<u8>> = row.try_get("payload")?;
    match (salt.map(<[u8; 16]>::try_from), payload) {
        (Some(_), Some(_)) if found.erasures.contains(&(center_id.clone(), entry.record_id)) => {
            found.fault(
                "erased_content_kept",
                place(),
                "the log says that this was erased, and it is still there",
            );
        }
        (Some(Ok(salt)), Some(payload)) if commitment(&salt, &payload) == entry.commitment => {}
        (None, None) if found.erasures.contains(&(center_id.clone(), entry.record_id)) => found.erased += 1,
        (None, None) => {
            found.fault("payload_missing", place(), "the content is gone and no erasure is logged");
        }
        _ => found.fault("payload_changed", place(), "the content is not what the entry committed to"),
    }
    Ok(hash)
}

/// Every record must be what its newest entry says, and every entry's record must be there.
async fn check_records(
    tx: &mut Transaction<'static, Postgres>,
    form: &'static FormDescriptor,
    found: &mut Verification,
) -> Result<()> {
    let scope = match form.name {
        "product" => "'*'",
        _ => "t.center_id",
    };
    let statement = format!(
        "select {list}, e.action, e.at as logged_at, p.payload from (select t.*, {scope} as log_scope from {table} t) t
         left join audit_entry e on e.center_id = t.log_scope and e.record_id = t.record_id and e.version = t.version and e.subject = '{table}'
         left join audit_payload p on p.center_id = t.log_scope and p.record_id = t.record_id and p.version = t.version",
        list = qualified(form),
        table = form.name,
    );
    let mut rows = sqlx::query(AssertSqlSafe(statement)).fetch(&mut **tx);
    while let Some(row) = rows.try_next().await? {
        found.records += 1;
        let record_id: Uuid = row.try_get("record_id")?;
        let place = format!("{} {record_id}", form.name);
        let stored = match sql::stored(form, &row) {
            Ok(stored) => stored,
            Err(Error::Inconsistent { what, .. }) => {
                found.fault("record_changed", place, what);
                continue;
            }
            Err(error) => return Err(error),
        };
        let action: Option<String> = row.try_get("action")?;
        let logged_at: Option<DateTime<Utc>> = row.try_get("logged_at")?;
        let payload: Option<Vec<u8>> = row.try_get("payload")?;
        match action {
            None => found.fault(
                "record_without_entry",
                place,
                format!("no log entry for version {}", stored.version),
            ),
            Some(action) if (action == "retract") != stored.retracted => {
                found.fault(
                    "record_changed",
                    place,
                    format!("retracted is {} but the log says {action}", stored.retracted),
                );
            }
            Some(_) if logged_at.is_some_and(|at| at != stored.recorded_at) => {
                found.fault("record_changed", place, "the record does not date from the entry that wrote it");
            }
            Some(_) if payload.as_deref().is_some_and(|p| p != stored.record.canonical_bytes()) => {
                found.fault("record_changed", place, "the record is not what the log committed to");
            }
            Some(_) => {}
        }
    }
    drop(rows);
    let statement = format!(
        "select e.center_id, e.record_id, e.version from audit_entry e where e.subject = '{table}'
         and not exists (select from {table} t where {scope} = e.center_id and t.record_id = e.record_id and t.version >= e.version)",
        table = form.name,
    );
    for row in sqlx::query(AssertSqlSafe(statement)).fetch_all(&mut **tx).await? {
        let (center, record): (String, Uuid) = (row.try_get("center_id")?, row.try_get("record_id")?);
        if found.erasures.contains(&(center, record)) {
            continue;
        }
        let place = format!("{} {record}", form.name);
        let version: i32 = row.try_get("version")?;
        found.fault(
            "record_removed",
            place,
            format!("the log has version {version}, the record is gone or older"),
        );
    }
    Ok(())
}

fn qualified(form: &FormDescriptor) -> String {
    let mut list = "t.log_scope as scope, t.record_id, t.version, t.retracted, t.recorded_at, t.form_version, t.missing::text as missing".to_owned();
    for field in form.fields {
        list.push_str(", t.");
        list.push_str(field.name);
    }
    list
}
