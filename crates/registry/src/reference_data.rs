//! Centers and products: kept by administrators, read by everybody.

use crate::audit::{Action, REGISTRY_SCOPE};
use crate::database::Database;
use crate::error::{Error, Result};
use crate::scope::{Author, Scoped};
use crate::sql::{self, Stored};
use crate::trail::{self, Written};
use clinical::finding::Findings;
use clinical::form::FormDescriptor;
use clinical::record::Record;
use clinical::rule::reference;
use sqlx::AssertSqlSafe;
use uuid::Uuid;

/// The scope under which a reference row is logged: a center's own, the registry's for products.
fn scope_of(record: &Record) -> &str {
    record.text("center_id").unwrap_or(REGISTRY_SCOPE)
}

/// All rows of a reference form, by key.
pub async fn list(database: &Database, form: &'static FormDescriptor) -> Result<Vec<Stored>> {
    let key = form.key.join(", ");
    let statement =
        format!("select {} from {} where not retracted order by {key}", sql::select_list(form), form.name);
    let rows = sqlx::query(AssertSqlSafe(statement)).fetch_all(&database.app).await?;
    rows.iter().map(|row| sql::stored(form, row)).collect()
}

/// True when a center of this id takes part.
pub async fn is_center(database: &Database, center_id: &str) -> Result<bool> {
    if center_id.contains('\0') {
        return Ok(false);
    }
    let found =
        sqlx::query_scalar("select exists (select from center where center_id = $1 and not retracted)")
            .bind(center_id)
            .fetch_one(&database.app)
            .await?;
    Ok(found)
}

/// Adds a row. The same row again is fine; another one with its key is a conflict.
pub async fn create(database: &Database, author: Author, record: &Record) -> Result<(Stored, bool)> {
    let form = record.form();
    let scope = scope_of(record).to_owned();
    let mut scoped = Scoped::write(database, &scope).await?;
    let names: Vec<&str> = form.fields.iter().map(|f| f.name).collect();
    let values: Vec<String> = (0..names.len()).map(|i| format!("${}", i + 4)).collect();
    let statement = format!(
        "insert into {table} (record_id, version, recorded_at, form_version, {fields}, missing)
         values ($1, 1, $2, $3, {values}, ${last}::jsonb) on conflict on constraint {table}_pk do nothing",
        table = form.name,
        fields = names.join(", "),
        values = values.join(", "),
        last = names.len() + 4,
    );
    let record_id = Uuid::now_v7();
    let insert = sqlx::query(AssertSqlSafe(statement)).bind(record_id).bind(scoped.now).bind(form.version);
    let created = sql::bind_cells(insert, record)
        .bind(sql::missing_text(record))
        .execute(&mut *scoped.tx)
        .await?
        .rows_affected()
        == 1;
    let matches: Vec<String> =
        form.key.iter().enumerate().map(|(i, k)| format!("{k} = ${}", i + 1)).collect();
    let statement =
        format!("select {} from {} where {}", sql::select_list(form), form.name, matches.join(" and "));
    let mut select = sqlx::query(AssertSqlSafe(statement));
    for key in record.key() {
        select = select.bind(key);
    }
    let stored = sql::stored(form, &select.fetch_one(&mut *scoped.tx).await?)?;
    if !created && stored.record != *record {
        let mut findings = Findings::new();
        findings.whole(&reference::EXISTS, Some(record.key().join(", ")), Some("another code".to_owned()));
        return Err(Error::Rejected(findings));
    }
    if created {
        let written = Written { record_id, version: 1, payload: record.canonical_bytes() };
        trail::append(&mut scoped, &scope, author, Action::Administer, form.name, None, &[written]).await?;
    }
    scoped.commit().await?;
    Ok((stored, created))
}

/// Fills an empty product table with the products the registry starts with.
pub async fn seed_products(database: &Database, author: Author) -> Result<()> {
    let some: bool =
        sqlx::query_scalar("select exists (select from product)").fetch_one(&database.app).await?;
    if !some {
        for record in clinical::products::products() {
            create(database, author, &record).await?;
        }
    }
    Ok(())
}
