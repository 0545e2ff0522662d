//! The SQL of a form, made from its descriptor, and the conversions between rows and records.
//!
//! The catalog is compared with the descriptors in a test, so this text is as safe as if it were written out per form.

use crate::ddl::{is_reference, sql_type};
use crate::error::{Error, Result};
use chrono::{DateTime, NaiveDate, Utc};
use clinical::field::{Cell, Kind};
use clinical::form::FormDescriptor;
use clinical::missing::MissingCode;
use clinical::record::{Missing, Record};
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{Postgres, Row};
use std::fmt::Write;
use uuid::Uuid;

/// A record as it stands in the registry.
#[derive(Debug, Clone)]
pub struct Stored {
    /// Tenant.
    pub center_id: String,
    /// Id given at creation.
    pub record_id: Uuid,
    /// 1 at creation, one more with every change.
    pub version: i32,
    /// Retracted records are kept but count nowhere.
    pub retracted: bool,
    /// When this version was written.
    pub recorded_at: DateTime<Utc>,
    /// Version of the form it was written with.
    pub form_version: i32,
    /// The content.
    pub record: Record,
}

/// Table expression of a form: what scopes a row, whatever the form.
fn center_column(form: &FormDescriptor) -> &'static str {
    match form.name {
        "product" => "'*'",
        _ => "center_id",
    }
}

/// `select` list that [`stored`] reads.
pub(crate) fn select_list(form: &FormDescriptor) -> String {
    let mut list = format!(
        "{} as scope, record_id, version, retracted, recorded_at, form_version, missing::text as missing",
        center_column(form)
    );
    for field in form.fields {
        let _ = write!(list, ", {}", field.name);
    }
    list
}

/// Reads a row of [`select_list`].
pub(crate) fn stored(form: &'static FormDescriptor, row: &PgRow) -> Result<Stored> {
    let record_id: Uuid = row.try_get("record_id")?;
    let inconsistent = |what: String| Error::Inconsistent {
        table: form.name.to_owned(),
        record: record_id.to_string(),
        what,
    };
    let mut cells = Vec::with_capacity(form.fields.len());
    for field in form.fields {
        cells.push(cell(&field.kind, field.name, row)?.map_err(&inconsistent)?);
    }
    let missing = match row.try_get::<Option<String>, _>("missing")? {
        Some(text) => parse_missing(form, &text).map_err(&inconsistent)?,
        None => Missing::default(),
    };
    Ok(Stored {
        center_id: row.try_get("scope")?,
        record_id,
        version: row.try_get("version")?,
        retracted: row.try_get("retracted")?,
        recorded_at: row.try_get("recorded_at")?,
        form_version: row.try_get("form_version")?,
        record: Record::from_parts(form, cells, missing),
    })
}

/// A column of a row as a cell; the inner error says what is impossible about the stored value.
fn cell(kind: &Kind, name: &str, row: &PgRow) -> Result<std::result::Result<Cell, String>> {
    let parsed = match kind {
        Kind::Integer { .. } => row.try_get::<Option<i32>, _>(name)?.map(Cell::Integer),
        Kind::Decimal { .. } => row.try_get::<Option<f64>, _>(name)?.map(Cell::Decimal),
        Kind::Flag => row.try_get::<Option<bool>, _>(name)?.map(Cell::Flag),
        Kind::Date => row.try_get::<Option<NaiveDate>, _>(name)?.map(Cell::Date),
        Kind::Text { .. } => row.try_get::<Option<String>, _>(name)?.map(Cell::Text),
        Kind::Coded(_) | Kind::Codes(_) | Kind::Time | Kind::PartialDate => {
            match row.try_get::<Option<String>, _>(name)? {
                None => None,
                Some(text) => match kind.parse_text(&text) {
                    Ok(cell) => Some(cell),
                    Err(_) => return Ok(Err(format!("{name} is {text}"))),
                },
            }
        }
    };
    Ok(Ok(parsed.unwrap_or(Cell::Null)))
}

fn parse_missing(form: &FormDescriptor, text: &str) -> std::result::Result<Missing, String> {
    let map: std::collections::BTreeMap<String, String> =
        serde_json::from_str(text).map_err(|e| format!("missing is {text}: {e}"))?;
    let mut pairs = Vec::with_capacity(map.len());
    for field in form.fields {
        if let Some(code) = map.get(field.name) {
            pairs.push((field.name, MissingCode::parse(code).ok_or_else(|| format!("missing code {code}"))?));
        }
    }
    if pairs.len() == map.len() {
        Ok(Missing::new(pairs))
    } else {
        Err(format!("missing names unknown fields: {text}"))
    }
}

/// The missing codes of a record as JSON text for the `missing` column.
pub(crate) fn missing_text(record: &Record) -> Option<String> {
    (!record.missing().is_empty()).then(|| record.missing().to_json().to_string())
}

/// `insert` of many records of one form from arrays.
///
/// Parameters: center, time, form version, array of record ids, one array per field, array of missing codes as text. Rows whose key
/// exists are left alone; the ids of those written are returned in the order given.
pub(crate) fn insert_many(form: &FormDescriptor) -> String {
    let names: Vec<&str> = form.fields.iter().map(|f| f.name).collect();
    let arrays: Vec<String> =
        form.fields.iter().enumerate().map(|(i, f)| format!("${}::{}[]", i + 5, sql_type(&f.kind))).collect();
    let last = form.fields.len() + 5;
    format!(
        "insert into {table} (center_id, record_id, version, recorded_at, form_version, {fields}, missing) \
         select $1, u.record_id, 1, $2, $3, {values}, u.missing::jsonb \
         from unnest($4::uuid[], {arrays}, ${last}::text[]) as u(record_id, {fields}, missing) \
         on conflict on constraint {table}_key do nothing returning record_id",
        table = form.name,
        fields = names.join(", "),
        values = names.iter().map(|n| format!("u.{n}")).collect::<Vec<_>>().join(", "),
        arrays = arrays.join(", "),
    )
}

/// `update` of many records of one form to a new version each.
///
/// Parameters as of [`insert_many`]; the caller holds the rows' locks.
pub(crate) fn update_many(form: &FormDescriptor) -> String {
    let names: Vec<&str> = form.fields.iter().map(|f| f.name).collect();
    let arrays: Vec<String> =
        form.fields.iter().enumerate().map(|(i, f)| format!("${}::{}[]", i + 5, sql_type(&f.kind))).collect();
    let last = form.fields.len() + 5;
    format!(
        "update {table} t set version = t.version + 1, recorded_at = $2, form_version = $3, {sets}, missing = u.missing::jsonb \
         from unnest($4::uuid[], {arrays}, ${last}::text[]) as u(record_id, {fields}, missing) \
         where t.center_id = $1 and t.record_id = u.record_id",
        table = form.name,
        sets = names.iter().map(|n| format!("{n} = u.{n}")).collect::<Vec<_>>().join(", "),
        arrays = arrays.join(", "),
        fields = names.join(", "),
    )
}

/// `update` of one record to a new version.
///
/// Parameters: center, record id, version held, retracted, time, form version, one per field, missing codes as text.
pub(crate) fn update_one(form: &FormDescriptor) -> String {
    let sets: Vec<String> =
        form.fields.iter().enumerate().map(|(i, f)| format!("{} = ${}", f.name, i + 7)).collect();
    let scope = if is_reference(form) { "$1 is not null" } else { "center_id = $1" };
    format!(
        "update {table} set version = version + 1, retracted = $4, recorded_at = $5, form_version = $6, {sets}, missing = ${last}::jsonb \
         where {scope} and record_id = $2 and version = $3",
        table = form.name,
        sets = sets.join(", "),
        last = form.fields.len() + 7,
    )
}

/// Binds one cell per field.
pub(crate) fn bind_cells<'q>(
    mut query: Query<'q, Postgres, PgArguments>,
    record: &Record,
) -> Query<'q, Postgres, PgArguments> {
    for (field, cell) in record.form().fields.iter().zip(record.cells()) {
        query = match (&field.kind, cell) {
            (_, Cell::Integer(i)) => query.bind(*i),
            (_, Cell::Decimal(d)) => query.bind(*d),
            (_, Cell::Flag(b)) => query.bind(*b),
            (_, Cell::Date(d)) => query.bind(*d),
            (Kind::Integer { .. }, _) => query.bind(None::<i32>),
            (Kind::Decimal { .. }, _) => query.bind(None::<f64>),
            (Kind::Flag, _) => query.bind(None::<bool>),
            (Kind::Date, _) => query.bind(None::<NaiveDate>),
            (_, Cell::Null) => query.bind(None::<String>),
            (_, text) => query.bind(Some(text.to_text())),
        };
    }
    query
}

/// Binds one array per field, taken from the records in order.
pub(crate) fn bind_columns<'q>(
    mut query: Query<'q, Postgres, PgArguments>,
    form: &FormDescriptor,
    records: &[&Record],
) -> Query<'q, Postgres, PgArguments> {
    for (index, field) in form.fields.iter().enumerate() {
        let column = records.iter().map(|r| r.cells().get(index).unwrap_or(&Cell::Null));
        query = match field.kind {
            Kind::Integer { .. } => query.bind(
                column.map(|c| if let Cell::Integer(i) = c { Some(*i) } else { None }).collect::<Vec<_>>(),
            ),
            Kind::Decimal { .. } => query.bind(
                column.map(|c| if let Cell::Decimal(d) = c { Some(*d) } else { None }).collect::<Vec<_>>(),
            ),
            Kind::Flag => query.bind(
                column.map(|c| if let Cell::Flag(b) = c { Some(*b) } else { None }).collect::<Vec<_>>(),
            ),
            Kind::Date => query.bind(
                column.map(|c| if let Cell::Date(d) = c { Some(*d) } else { None }).collect::<Vec<_>>(),
            ),
            Kind::Coded(_) | Kind::Codes(_) | Kind::Time | Kind::PartialDate | Kind::Text { .. } => {
                query.bind(column.map(|c| (!c.is_null()).then(|| c.to_text())).collect::<Vec<_>>())
            }
        };
    }
    query
}
