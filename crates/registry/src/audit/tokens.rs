//! Comparing the table of tokens with the log: a token that nobody made, or one that works longer than was granted, is a way in.

use super::verify::Verification;
use super::{hex, unhex};
use crate::error::Result;
use chrono::{DateTime, Utc};
use futures::TryStreamExt;
use serde::Deserialize;
use sqlx::postgres::PgRow;
use sqlx::{Postgres, Row, Transaction};
use uuid::Uuid;

/// What the log says a token was made with. Members added later are missing in older entries.
#[derive(Debug, Deserialize)]
struct Made {
    label: String,
    role: String,
    centers: Vec<String>,
    products: Vec<String>,
    expires_at: Option<DateTime<Utc>>,
    #[serde(default)]
    scopes: Vec<String>,
    fingerprint: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Revoked {
    revoked_at: DateTime<Utc>,
}

/// Every token must be as its entries say, and every entry's token must be there.
pub(super) async fn check(tx: &mut Transaction<'static, Postgres>, found: &mut Verification) -> Result<()> {
    let mut rows = sqlx::query(
        "select t.token_id, t.label, t.role, t.centers, t.products, t.scopes, t.expires_at, t.revoked_at, t.fingerprint,
                made.payload as made, ended.payload as ended, e.record_id is not null as logged, r.record_id is not null as revocation_logged
         from api_token t
         left join audit_entry e on e.center_id = '*' and e.subject = 'api_token' and e.record_id = t.token_id and e.version = 1
         left join audit_entry r on r.center_id = '*' and r.subject = 'api_token' and r.record_id = t.token_id and r.version = 2
         left join audit_payload made on made.center_id = '*' and made.record_id = t.token_id and made.version = 1
         left join audit_payload ended on ended.center_id = '*' and ended.record_id = t.token_id and ended.version = 2",
    )
    .fetch(&mut **tx);
    while let Some(row) = rows.try_next().await? {
        found.tokens += 1;
        if let Some((kind, detail)) = fault(&row)? {
            let id: Uuid = row.try_get("token_id")?;
            found.fault(kind, format!("api_token {id}"), detail);
        }
    }
    drop(rows);
    let gone: Vec<Uuid> = sqlx::query_scalar(
        "select distinct e.record_id from audit_entry e where e.center_id = '*' and e.subject = 'api_token' and e.action = 'administer'
         and not exists (select from api_token t where t.token_id = e.record_id)",
    )
    .fetch_all(&mut **tx)
    .await?;
    for id in gone {
        found.fault("token_removed", format!("api_token {id}"), "the log has the token, the table has not");
    }
    Ok(())
}

fn fault(row: &PgRow) -> Result<Option<(&'static str, String)>> {
    if !row.try_get::<bool, _>("logged")? {
        return Ok(Some(("token_without_entry", "no log entry says that the token was made".to_owned())));
    }
    // A payload that is gone is a fault of the log itself and told there.
    if let Some(payload) = row.try_get::<Option<Vec<u8>>, _>("made")? {
        let as_made = serde_json::from_slice::<Made>(&payload).ok();
        let same = as_made.is_some_and(|made| as_logged(row, &made).unwrap_or(false));
        if !same {
            return Ok(Some(("token_changed", "the token is not what was granted".to_owned())));
        }
    }
    let revoked_at: Option<DateTime<Utc>> = row.try_get("revoked_at")?;
    let logged: bool = row.try_get("revocation_logged")?;
    let detail = match (revoked_at, logged) {
        (None, false) => return Ok(None),
        (None, true) => "the log says that the token was revoked, but it works",
        (Some(_), false) => "no log entry says that the token was revoked",
        (Some(at), true) => {
            let payload: Option<Vec<u8>> = row.try_get("ended")?;
            let same = payload
                .is_none_or(|p| serde_json::from_slice::<Revoked>(&p).is_ok_and(|r| r.revoked_at == at));
            if same {
                return Ok(None);
            }
            "the token was revoked at another time than the log says"
        }
    };
    Ok(Some(("token_changed", detail.to_owned())))
}

fn as_logged(row: &PgRow, made: &Made) -> Result<bool> {
    let expires: Option<DateTime<Utc>> = row.try_get("expires_at")?;
    // The database keeps microseconds.
    let micros = |at: Option<DateTime<Utc>>| at.map(|t| t.timestamp_micros());
    let fingerprint: Vec<u8> = row.try_get("fingerprint")?;
    let same_secret = made
        .fingerprint
        .as_ref()
        .is_none_or(|logged| unhex::<32>(logged).is_some() && *logged == hex(&fingerprint));
    Ok(row.try_get::<String, _>("label")? == made.label
        && row.try_get::<String, _>("role")? == made.role
        && row.try_get::<Vec<String>, _>("centers")? == made.centers
        && row.try_get::<Vec<String>, _>("products")? == made.products
        && row.try_get::<Vec<String>, _>("scopes")? == made.scopes
        && micros(expires) == micros(made.expires_at)
        && same_secret)
}
