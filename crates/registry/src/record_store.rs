//! Single records: reading, listing, amending, retracting and their history.

use crate::audit::Action;
use crate::database::Database;
use crate::error::{Error, Result};
use crate::query::{self, NewVersion};
use crate::review::{self, DerivedValue, Reviewed};
use crate::scope::{Author, Scoped, Tx};
use crate::signature::{self, Lock, Signature};
use crate::sql::{self, Stored};
use crate::trail::{self, Written};
use chrono::{DateTime, Utc};
use clinical::finding::Findings;
use clinical::form::{FormDescriptor, Parent};
use clinical::record::Record;
use clinical::rule::reference;
use serde::Serialize;
use serde_json::Value;
use sqlx::{AssertSqlSafe, Row};
use std::collections::BTreeSet;
use uuid::Uuid;

/// A version of a record in the audit log.
#[derive(Debug, Clone, Serialize)]
pub struct HistoryEntry {
    /// Version.
    pub version: i32,
    /// `create`, `amend`, `retract` or `reinstate`.
    pub action: String,
    /// When.
    pub at: DateTime<Utc>,
    /// Token.
    pub actor: Uuid,
    /// Who the token was given to.
    pub actor_label: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// Request.
    pub request_id: Uuid,
    /// The content of this version; null when it was erased.
    pub data: Value,
    /// Fields that differ from the version before: `{field: {before, after}}`.
    pub changes: Value,
}

/// One record, in a transaction that is already scoped.
pub async fn find(tx: &mut Tx, form: &'static FormDescriptor, id: Uuid) -> Result<Stored> {
    find_with(tx, form, id, "").await
}

async fn find_with(tx: &mut Tx, form: &'static FormDescriptor, id: Uuid, lock: &str) -> Result<Stored> {
    let statement = format!(
        "select {} from {} where center_id = any ((select sequela_scope())::text[]) and record_id = $1 {lock}",
        sql::select_list(form),
        form.name
    );
    let row = sqlx::query(AssertSqlSafe(statement))
        .bind(id)
        .fetch_optional(&mut **tx)
        .await?
        .ok_or(Error::NotFound)?;
    sql::stored(form, &row)
}

/// Waits for other writers of a record, until this transaction ends.
pub(crate) async fn hold(tx: &mut Tx, form: &'static FormDescriptor, id: Uuid) -> Result<()> {
    find_with(tx, form, id, "for update").await.map(drop)
}

/// A record with what stands beside it.
#[derive(Debug)]
pub struct Found {
    /// The record.
    pub stored: Stored,
    /// Values derived for it.
    pub derived: Vec<DerivedValue>,
    /// Its lock, if it was ever locked.
    pub lock: Option<Lock>,
    /// Its signatures.
    pub signatures: Vec<Signature>,
}

/// One record in scope, with what stands beside it.
pub async fn read(
    database: &Database,
    centers: &[String],
    form: &'static FormDescriptor,
    id: Uuid,
) -> Result<Found> {
    let mut tx = Scoped::read(database, centers).await?;
    let stored = find(&mut tx, form, id).await?;
    Ok(Found {
        derived: review::derived(&mut tx, id).await?,
        lock: signature::lock_of(&mut tx, &stored.center_id, id).await?,
        signatures: signature::signatures(&mut tx, &stored).await?,
        stored,
    })
}

/// Which records a list holds.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Of one patient.
    pub patient_id: Option<String>,
    /// Also retracted ones.
    pub retracted: bool,
    /// After this record.
    pub after: Option<Uuid>,
    /// At most so many.
    pub limit: i64,
}

/// Records in scope in order of creation.
pub async fn list(
    database: &Database,
    centers: &[String],
    form: &'static FormDescriptor,
    filter: &Filter,
) -> Result<Vec<Stored>> {
    let mut tx = Scoped::read(database, centers).await?;
    let of_patient = if form.field("patient_id").is_some() {
        "($1::text is null or patient_id = $1)"
    } else {
        "$1::text is null"
    };
    let statement = format!(
        "select {} from {} where center_id = any ((select sequela_scope())::text[]) and {of_patient} and ($2 or not retracted) and ($3::uuid is null or record_id > $3)
         order by record_id limit $4",
        sql::select_list(form),
        form.name
    );
    let rows = sqlx::query(AssertSqlSafe(statement))
        .bind(&filter.patient_id)
        .bind(filter.retracted)
        .bind(filter.after)
        .bind(filter.limit)
        .fetch_all(&mut *tx)
        .await?;
    rows.iter().map(|row| sql::stored(form, row)).collect()
}

/// What an amendment or retraction names beside the content.
#[derive(Debug, Clone, Copy)]
pub struct Change<'a> {
    /// Version the caller has seen.
    pub version: i32,
    /// Why.
    pub reason: &'a str,
    /// Who.
    pub author: Author,
}

/// Replaces the content of a record by `record`; a retracted record counts again.
pub async fn amend(
    scoped: &mut Scoped,
    center: &str,
    id: Uuid,
    change: Change<'_>,
    record: &Record,
    soft: &Findings,
) -> Result<(Stored, Reviewed)> {
    let form = record.form();
    let patients = take_turns(scoped, center, form, id).await?;
    let current = find_with(&mut scoped.tx, form, id, "for update").await?;
    if current.version != change.version {
        return Err(Error::VersionConflict { current: current.version });
    }
    signature::refuse_locked(scoped, center, id).await?;
    let mut findings = Findings::new();
    for name in form.key {
        let (before, after) = (current.record.cell(name), record.cell(name));
        if before != after {
            findings.at(&reference::KEY, name, Some(after.to_text()), Some(before.to_text()));
        }
    }
    if let Some(index) = form.product_field() {
        let product = record.cells().get(index).map(clinical::Cell::to_text).unwrap_or_default();
        let known: bool = sqlx::query_scalar(
            "select exists (select from product where product_code = $1 and not retracted)",
        )
        .bind(&product)
        .fetch_one(&mut *scoped.tx)
        .await?;
        if !known {
            findings.at(
                &reference::PRODUCT,
                "product_code",
                Some(product),
                Some("a code listed at /v1/products".to_owned()),
            );
        }
    }
    if !findings.is_empty() {
        return Err(Error::Rejected(findings));
    }
    let action = if current.retracted { Action::Reinstate } else { Action::Amend };
    if current.retracted {
        parent_stands(scoped, center, record).await?;
    }
    replace(scoped, center, &current, record, false).await?;
    let written = Written { record_id: id, version: current.version + 1, payload: record.canonical_bytes() };
    trail::append(scoped, center, change.author, action, form.name, Some(change.reason), &[written]).await?;
    let corrected = current.record.differing_fields(record);
    let version = NewVersion { record_id: id, findings: soft.iter().collect(), corrected };
    query::reconsider(scoped, center, change.author, form, &[version], false).await?;
    let reviewed = review::review(scoped, center, change.author, &patients, &[form.name]).await?;
    Ok((find(&mut scoped.tx, form, id).await?, reviewed))
}

/// Marks a record as retracted. Its versions stay; it counts nowhere.
pub async fn retract(
    scoped: &mut Scoped,
    center: &str,
    form: &'static FormDescriptor,
    id: Uuid,
    change: Change<'_>,
) -> Result<Stored> {
    let patients = take_turns(scoped, center, form, id).await?;
    let current = find_with(&mut scoped.tx, form, id, "for update").await?;
    if current.version != change.version {
        return Err(Error::VersionConflict { current: current.version });
    }
    if current.retracted {
        return Ok(current);
    }
    signature::refuse_locked(scoped, center, id).await?;
    no_child_stands(scoped, center, &current.record).await?;
    replace(scoped, center, &current, &current.record, true).await?;
    let written =
        Written { record_id: id, version: current.version + 1, payload: current.record.canonical_bytes() };
    trail::append(scoped, center, change.author, Action::Retract, form.name, Some(change.reason), &[written])
        .await?;
    let version = NewVersion { record_id: id, findings: Vec::new(), corrected: Vec::new() };
    query::reconsider(scoped, center, change.author, form, &[version], true).await?;
    review::review(scoped, center, change.author, &patients, &[form.name]).await?;
    find(&mut scoped.tx, form, id).await
}

/// Waits for other writers of the record's patient, before any row is locked.
async fn take_turns(
    scoped: &mut Scoped,
    center: &str,
    form: &'static FormDescriptor,
    id: Uuid,
) -> Result<BTreeSet<String>> {
    let seen = find(&mut scoped.tx, form, id).await?;
    let patients = seen.record.text("patient_id").map(str::to_owned).into_iter().collect();
    review::take_turns(scoped, center, &patients).await?;
    Ok(patients)
}

async fn replace(
    scoped: &mut Scoped,
    center: &str,
    current: &Stored,
    record: &Record,
    retracted: bool,
) -> Result<()> {
    let form = record.form();
    let update = sqlx::query(AssertSqlSafe(sql::update_one(form)))
        .bind(center)
        .bind(current.record_id)
        .bind(current.version)
        .bind(retracted)
        .bind(scoped.now)
        .bind(form.version);
    let done =
        sql::bind_cells(update, record).bind(sql::missing_text(record)).execute(&mut *scoped.tx).await?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(Error::VersionConflict { current: current.version }) }
}

/// A record can be retracted only when nothing that counts hangs on it.
async fn no_child_stands(scoped: &mut Scoped, center: &str, record: &Record) -> Result<()> {
    let kind = match record.form().name {
        "patient" => Parent::Patient,
        "infusion" => Parent::Infusion,
        _ => return Ok(()),
    };
    let patient = record.text("patient_id").unwrap_or_default();
    for child in clinical::forms::CLINICAL.iter().filter(|f| f.parent == kind) {
        let of_infusion =
            if kind == Parent::Infusion { "infusion_number = $3" } else { "$3::integer is null" };
        let statement = format!(
            "select count(*) from {} where center_id = $1 and patient_id = $2 and {of_infusion} and not retracted",
            child.name
        );
        let number = if kind == Parent::Infusion { record.integer("infusion_number") } else { None };
        let standing: i64 = sqlx::query_scalar(AssertSqlSafe(statement))
            .bind(center)
            .bind(patient)
            .bind(number)
            .fetch_one(&mut *scoped.tx)
            .await?;
        if standing > 0 {
            let mut findings = Findings::new();
            findings.whole(
                &reference::IN_USE,
                Some(format!("{standing} records of {}", child.name)),
                Some("none".to_owned()),
            );
            return Err(Error::Rejected(findings));
        }
    }
    Ok(())
}

/// A record can be reinstated only under a parent that counts.
async fn parent_stands(scoped: &mut Scoped, center: &str, record: &Record) -> Result<()> {
    let patient = record.text("patient_id").unwrap_or_default();
    let (statement, rule, number) = match record.form().parent {
        Parent::Registry => return Ok(()),
        Parent::Patient => (
            "select exists (select from patient where center_id = $1 and patient_id = $2 and not retracted and $3::integer is null for key share)",
            &reference::PATIENT,
            None,
        ),
        Parent::Infusion => (
            "select exists (select from infusion where center_id = $1 and patient_id = $2 and infusion_number = $3 and not retracted for key share)",
            &reference::INFUSION,
            record.integer("infusion_number"),
        ),
    };
    let stands: bool = sqlx::query_scalar(statement)
        .bind(center)
        .bind(patient)
        .bind(number)
        .fetch_one(&mut *scoped.tx)
        .await?;
    if stands {
        return Ok(());
    }
    let mut findings = Findings::new();
    findings.at(rule, "patient_id", Some(patient.to_owned()), None);
    Err(Error::Rejected(findings))
}

/// Every version of a record, oldest first, with field-level differences.
pub async fn history(
    database: &Database,
    centers: &[String],
    form: &'static FormDescriptor,
    id: Uuid,
) -> Result<Vec<HistoryEntry>> {
    let mut tx = Scoped::read(database, centers).await?;
    find(&mut tx, form, id).await?;
    let rows = sqlx::query(
        "select e.version, e.action, e.at, e.actor, e.reason, e.request_id, p.payload, t.label
         from audit_entry e left join audit_payload p using (center_id, record_id, version) left join api_token t on t.token_id = e.actor
         where e.record_id = $1 and e.subject = $2 order by e.version",
    )
    .bind(id)
    .bind(form.name)
    .fetch_all(&mut *tx)
    .await?;
    let mut entries: Vec<HistoryEntry> = Vec::with_capacity(rows.len());
    for row in rows {
        let payload: Option<Vec<u8>> = row.try_get("payload")?;
        let data: Value =
            payload.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or(Value::Null);
        let changes = entries.last().map_or(Value::Null, |before| differences(&before.data, &data));
        entries.push(HistoryEntry {
            version: row.try_get("version")?,
            action: row.try_get("action")?,
            at: row.try_get("at")?,
            actor: row.try_get("actor")?,
            actor_label: row.try_get("label")?,
            reason: row.try_get("reason")?,
            request_id: row.try_get("request_id")?,
            data,
            changes,
        });
    }
    Ok(entries)
}

/// `{field: {before, after}}` of what differs.
pub(crate) fn differences(before: &Value, after: &Value) -> Value {
    let empty = serde_json::Map::new();
    let (old, new) = (before.as_object().unwrap_or(&empty), after.as_object().unwrap_or(&empty));
    let names = old.keys().chain(new.keys().filter(|k| !old.contains_key(*k)));
    let changed = names.filter(|k| old.get(*k) != new.get(*k)).map(|k| {
        let value = |map: &serde_json::Map<String, Value>| map.get(k).cloned().unwrap_or(Value::Null);
        (k.clone(), serde_json::json!({ "before": value(old), "after": value(new) }))
    });
    Value::Object(changed.collect())
}
