//! Patients who go on at another center.
//!
//! No row moves. The old center says to which center and from which day; the new center enrols the patient under an identifier of its
//! own and links it to the transfer. As long as the old center's grant lasts, the new center reads what the old one holds about this
//! patient. The grant is dated and can be revoked; the database enforces it row by row.

use crate::audit::Action;
use crate::database::Database;
use crate::error::{Error, Result};
use crate::scope::{Author, Scoped, Tx};
use crate::sql::{self, Stored};
use crate::trail::{self, Written};
use chrono::{DateTime, NaiveDate, Utc};
use clinical::form::FormDescriptor;
use serde::Serialize;
use serde_json::json;
use sqlx::{AssertSqlSafe, Row};
use std::collections::BTreeMap;
use uuid::Uuid;

const SUBJECT: &str = "patient_transfer";

/// A transfer as one of its centers sees it.
#[derive(Debug, Clone, Serialize)]
pub struct Transfer {
    /// Id.
    pub transfer_id: Uuid,
    /// The center that hands over.
    pub from_center: String,
    /// The center that takes over.
    pub to_center: String,
    /// The old center's identifier; for the new center as long as the grant lasts.
    pub patient_id: Option<String>,
    /// From this day on the new center follows the patient up.
    pub transferred_on: NaiveDate,
    /// First day of the grant.
    pub grant_from: NaiveDate,
    /// Last day of the grant; null without end.
    pub grant_until: Option<NaiveDate>,
    /// When the grant was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
    /// `active`, `not_yet`, `expired` or `revoked`.
    pub grant: String,
    /// The new center's identifier, for the new center, once it has enrolled the patient.
    pub enrolled_as: Option<String>,
    /// When it was made known.
    pub made_at: DateTime<Utc>,
}

const COLUMNS: &str = "t.transfer_id, t.center_id, t.to_center, t.patient_id, t.transferred_on, t.grant_from, t.grant_until, t.revoked_at, t.made_at,
     case when t.revoked_at is not null then 'revoked' when t.grant_from > current_date then 'not_yet'
          when t.grant_until < current_date then 'expired' else 'active' end as grant_state,
     e.patient_id as enrolled_as, t.center_id = any ((select sequela_scope())::text[]) as own";
const SOURCE: &str = "patient_transfer t left join patient_enrolment e on e.transfer_id = t.transfer_id";

fn transfer_of(row: &sqlx::postgres::PgRow) -> Result<Transfer> {
    let grant: String = row.try_get("grant_state")?;
    let told = row.try_get::<bool, _>("own")? || grant == "active";
    let patient_id: String = row.try_get("patient_id")?;
    Ok(Transfer {
        transfer_id: row.try_get("transfer_id")?,
        from_center: row.try_get("center_id")?,
        to_center: row.try_get("to_center")?,
        patient_id: Some(patient_id).filter(|_| told),
        transferred_on: row.try_get("transferred_on")?,
        grant_from: row.try_get("grant_from")?,
        grant_until: row.try_get("grant_until")?,
        revoked_at: row.try_get("revoked_at")?,
        grant,
        enrolled_as: row.try_get("enrolled_as")?,
        made_at: row.try_get("made_at")?,
    })
}

/// What the old center decides.
#[derive(Debug, Clone)]
pub struct NewTransfer<'a> {
    /// Its patient.
    pub patient_id: &'a str,
    /// The center that takes over.
    pub to_center: &'a str,
    /// From this day on.
    pub transferred_on: NaiveDate,
    /// First day of the grant.
    pub grant_from: NaiveDate,
    /// Last day of the grant; `None` without end.
    pub grant_until: Option<NaiveDate>,
    /// Why.
    pub reason: &'a str,
}

/// Hands a patient over.
pub async fn begin(
    scoped: &mut Scoped,
    center: &str,
    author: Author,
    new: &NewTransfer<'_>,
) -> Result<Transfer> {
    let known: bool = sqlx::query_scalar(
        "select exists (select from patient where center_id = $1 and patient_id = $2 and not retracted for key share)",
    )
    .bind(center)
    .bind(new.patient_id)
    .fetch_one(&mut *scoped.tx)
    .await?;
    if !known {
        return Err(Error::Missing("patient"));
    }
    let elsewhere: bool =
        sqlx::query_scalar("select exists (select from center where center_id = $1 and not retracted)")
            .bind(new.to_center)
            .fetch_one(&mut *scoped.tx)
            .await?;
    if !elsewhere || new.to_center == center {
        return Err(Error::Refused("to_center is not another center of the registry: see /v1/centers"));
    }
    if new.grant_until.is_some_and(|until| until < new.grant_from) {
        return Err(Error::Refused("the grant ends before it begins"));
    }
    let transfer_id = Uuid::now_v7();
    sqlx::query(
        "insert into patient_transfer (center_id, transfer_id, patient_id, to_center, transferred_on, grant_from, grant_until, version, made_at, reason)
         values ($1, $2, $3, $4, $5, $6, $7, 1, $8, $9)",
    )
    .bind(center)
    .bind(transfer_id)
    .bind(new.patient_id)
    .bind(new.to_center)
    .bind(new.transferred_on)
    .bind(new.grant_from)
    .bind(new.grant_until)
    .bind(scoped.now)
    .bind(new.reason)
    .execute(&mut *scoped.tx)
    .await?;
    let payload = json!({
        "patient_id": new.patient_id, "to_center": new.to_center, "transferred_on": new.transferred_on,
        "grant_from": new.grant_from, "grant_until": new.grant_until, "reason": new.reason,
    });
    let written = Written { record_id: transfer_id, version: 1, payload: payload.to_string().into() };
    trail::append(scoped, center, author, Action::Create, SUBJECT, None, &[written]).await?;
    find(&mut scoped.tx, transfer_id).await
}

/// A transfer that a center in scope made or received.
pub async fn find(tx: &mut Tx, id: Uuid) -> Result<Transfer> {
    let statement = format!("select {COLUMNS} from {SOURCE} where t.transfer_id = $1");
    let row = sqlx::query(AssertSqlSafe(statement))
        .bind(id)
        .fetch_optional(&mut **tx)
        .await?
        .ok_or(Error::Missing("transfer"))?;
    transfer_of(&row)
}

/// Transfers that the centers in scope made or received, newest first.
pub async fn list(database: &Database, centers: &[String]) -> Result<Vec<Transfer>> {
    let mut tx = Scoped::read(database, centers).await?;
    let statement = format!("select {COLUMNS} from {SOURCE} order by t.transfer_id desc");
    let rows = sqlx::query(AssertSqlSafe(statement)).fetch_all(&mut *tx).await?;
    rows.iter().map(transfer_of).collect()
}

/// Ends the grant at once.
pub async fn revoke(
    scoped: &mut Scoped,
    center: &str,
    author: Author,
    id: Uuid,
    reason: &str,
) -> Result<Transfer> {
    let version: Option<i32> = sqlx::query_scalar(
        "update patient_transfer set revoked_at = $3, version = version + 1
         where center_id = $1 and transfer_id = $2 and revoked_at is null returning version",
    )
    .bind(center)
    .bind(id)
    .bind(scoped.now)
    .fetch_optional(&mut *scoped.tx)
    .await?;
    let Some(version) = version else {
        let found = find(&mut scoped.tx, id).await?;
        if found.from_center != center {
            return Err(Error::Missing("transfer"));
        }
        return Err(Error::WrongState { what: "grant", state: found.grant, step: "revoked" });
    };
    let payload = json!({ "revoked_at": scoped.now, "reason": reason });
    let written = Written { record_id: id, version, payload: payload.to_string().into() };
    trail::append(scoped, center, author, Action::Amend, SUBJECT, Some("revoked"), &[written]).await?;
    find(&mut scoped.tx, id).await
}

/// Links the new center's own patient to the transfer.
pub async fn enrol(
    scoped: &mut Scoped,
    center: &str,
    author: Author,
    id: Uuid,
    patient_id: &str,
) -> Result<Transfer> {
    let transfer = find(&mut scoped.tx, id).await?;
    if transfer.to_center != center {
        return Err(Error::Missing("transfer"));
    }
    if let Some(known) = transfer.enrolled_as {
        let state = format!("enrolled as {known}");
        return Err(Error::WrongState { what: "patient", state, step: "enrolled again" });
    }
    let own: bool = sqlx::query_scalar(
        "select exists (select from patient where center_id = $1 and patient_id = $2 and not retracted for key share)",
    )
    .bind(center)
    .bind(patient_id)
    .fetch_one(&mut *scoped.tx)
    .await?;
    if !own {
        return Err(Error::Refused(
            "patient_id is not a patient of this center: submit the patient form first, under an identifier of your own",
        ));
    }
    see_granted(&mut scoped.tx, true).await?;
    let before: i64 = sqlx::query_scalar(
        "select count(*) from infusion i join patient_transfer t on t.center_id = i.center_id and t.patient_id = i.patient_id
         where t.transfer_id = $1 and not i.retracted",
    )
    .bind(id)
    .fetch_one(&mut *scoped.tx)
    .await?;
    see_granted(&mut scoped.tx, false).await?;
    sqlx::query(
        "insert into patient_enrolment (center_id, transfer_id, patient_id, from_center, enrolled_at, infusions_before)
         values ($1, $2, $3, $4, $5, $6)",
    )
    .bind(center)
    .bind(id)
    .bind(patient_id)
    .bind(&transfer.from_center)
    .bind(scoped.now)
    .bind(i32::try_from(before.min(9)).unwrap_or(9))
    .execute(&mut *scoped.tx)
    .await?;
    let payload =
        json!({ "patient_id": patient_id, "from_center": transfer.from_center, "infusions_before": before });
    let written = Written { record_id: id, version: 1, payload: payload.to_string().into() };
    trail::append(scoped, center, author, Action::Create, "patient_enrolment", None, &[written]).await?;
    find(&mut scoped.tx, id).await
}

/// Rows that other centers have granted are seen only in transactions that ask for them.
async fn see_granted(tx: &mut Tx, seen: bool) -> Result<()> {
    let value = if seen { "on" } else { "off" };
    sqlx::query("select set_config('sequela.granted', $1, true)").bind(value).execute(&mut **tx).await?;
    Ok(())
}

/// How many records of each form the grant opens.
pub async fn granted_counts(
    database: &Database,
    centers: &[String],
    id: Uuid,
) -> Result<(Transfer, BTreeMap<&'static str, i64>)> {
    let mut tx = Scoped::read(database, centers).await?;
    let transfer = granted(&mut tx, centers, id).await?;
    let mut counts = BTreeMap::new();
    for form in clinical::forms::CLINICAL.iter().filter(|f| f.field("patient_id").is_some()) {
        let statement = format!(
            "select count(*) from {} where center_id = $1 and patient_id = $2 and not retracted",
            form.name
        );
        let n: i64 = sqlx::query_scalar(AssertSqlSafe(statement))
            .bind(&transfer.from_center)
            .bind(&transfer.patient_id)
            .fetch_one(&mut *tx)
            .await?;
        if n > 0 {
            counts.insert(form.name, n);
        }
    }
    Ok((transfer, counts))
}

/// The records of a form that the grant opens, in order of creation.
pub async fn granted_records(
    database: &Database,
    centers: &[String],
    id: Uuid,
    form: &'static FormDescriptor,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Stored>> {
    let mut tx = Scoped::read(database, centers).await?;
    let transfer = granted(&mut tx, centers, id).await?;
    let statement = format!(
        "select {} from {} where center_id = $1 and patient_id = $2 and not retracted and ($3::uuid is null or record_id > $3)
         order by record_id limit $4",
        sql::select_list(form),
        form.name
    );
    let rows = sqlx::query(AssertSqlSafe(statement))
        .bind(&transfer.from_center)
        .bind(&transfer.patient_id)
        .bind(after)
        .bind(limit)
        .fetch_all(&mut *tx)
        .await?;
    rows.iter().map(|row| sql::stored(form, row)).collect()
}

/// The transfer, when it grants something to the centers in scope now.
async fn granted(tx: &mut Tx, centers: &[String], id: Uuid) -> Result<Transfer> {
    let transfer = find(tx, id).await?;
    if !centers.contains(&transfer.to_center) {
        return Err(Error::Missing("transfer"));
    }
    if transfer.grant != "active" {
        return Err(Error::WrongState { what: "grant", state: transfer.grant, step: "read by" });
    }
    see_granted(tx, true).await?;
    Ok(transfer)
}
