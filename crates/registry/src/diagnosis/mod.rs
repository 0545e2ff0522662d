//! What an administrator's connection shows about the health of the database: settings, roles, schema, sealer.

mod server;

use crate::audit::block::signature_holds;
use crate::database::{MIGRATOR, ROLES};
use crate::error::Result;
use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::postgres::PgConnection;
use sqlx::{Row, query, query_scalar};
use std::time::Duration;

/// How a check came out, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// As it should be.
    Ok,
    /// Cannot be told from here.
    Unknown,
    /// Works, but not as it should.
    Warning,
    /// Data or their protection are at risk, or the registry cannot work.
    Failure,
}

/// One check.
#[derive(Debug, Clone, Serialize)]
pub struct Check {
    /// Stable name.
    pub check: &'static str,
    /// How it came out.
    pub status: Status,
    /// What was found.
    pub found: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
}

impl Check {
    /// All is well.
    pub fn ok(check: &'static str, found: impl Into<String>) -> Self {
        Self { check, status: Status::Ok, found: found.into(), advice: None }
    }

    /// Something is to be done.
    pub fn problem(
        check: &'static str,
        status: Status,
        found: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self { check, status, found: found.into(), advice: Some(advice.into()) }
    }
}

/// Sealing takes seconds; what waits longer is held back.
const SEALER_LAG: Duration = Duration::from_mins(1);

/// Runs every check of the database. `public_key` is that of the sealing key, where it can be read.
pub async fn diagnose(admin: &mut PgConnection, public_key: Option<[u8; 32]>) -> Result<Vec<Check>> {
    let mut checks = server::settings(admin).await?;
    checks.push(server::archive(admin).await?);
    checks.push(server::clock(admin).await?);
    checks.push(server::connections(admin).await?);
    checks.push(roles(admin).await?);
    let schema = migrations(admin).await?;
    let complete = schema.status == Status::Ok;
    checks.push(schema);
    if complete {
        checks.push(row_security(admin).await?);
        checks.push(generation(admin).await?);
        checks.push(sealer(admin).await?);
        checks.push(sealing_key(admin, public_key).await?);
    }
    Ok(checks)
}

fn told(at: Option<DateTime<Utc>>) -> String {
    at.map_or_else(|| "never".to_owned(), |at| at.format("%Y-%m-%d %H:%M:%S UTC").to_string())
}

async fn roles(admin: &mut PgConnection) -> Result<Check> {
    let names = ROLES.map(str::to_owned).to_vec();
    let strong: Vec<String> = query_scalar(
        "select rolname || ' has ' || concat_ws(', ', case when rolsuper then 'SUPERUSER' end, case when rolbypassrls then 'BYPASSRLS' end,
                case when rolcreaterole then 'CREATEROLE' end, case when rolcreatedb then 'CREATEDB' end, case when rolreplication then 'REPLICATION' end)
         from pg_roles where rolname = any ($1) and (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication)
         union all
         select m.member::regrole::text || ' is a member of ' || m.roleid::regrole::text from pg_auth_members m
         where m.member in (select oid from pg_roles where rolname = any ($1))
         union all
         select c.relowner::regrole::text || ' owns ' || c.relname from pg_class c where c.relowner in (select oid from pg_roles where rolname = any ($1))
         order by 1",
    )
    .bind(&names)
    .fetch_all(&mut *admin)
    .await?;
    if !strong.is_empty() {
        let advice = "Revoke it: a role of the program must not get past row-level security.";
        return Ok(Check::problem("roles", Status::Failure, strong.join("; "), advice));
    }
    let known: Vec<String> =
        query_scalar("select rolname::text from pg_roles where rolname = any ($1) and rolcanlogin")
            .bind(&names)
            .fetch_all(admin)
            .await?;
    let missing: Vec<&str> = ROLES.into_iter().filter(|r| !known.iter().any(|k| k == r)).collect();
    Ok(if missing.is_empty() {
        Check::ok("roles", "none of the program's roles gets past row-level security")
    } else {
        let found = format!("{} cannot log in or are missing", missing.join(", "));
        Check::problem("roles", Status::Failure, found, "Run `sequela migrate`.")
    })
}

async fn migrations(admin: &mut PgConnection) -> Result<Check> {
    let name = "migrations";
    let there: bool =
        query_scalar("select to_regclass('_sqlx_migrations') is not null").fetch_one(&mut *admin).await?;
    if !there {
        return Ok(Check::problem(
            name,
            Status::Failure,
            "this database holds no registry",
            "Run `sequela migrate`.",
        ));
    }
    let rows = query("select version, checksum, success from _sqlx_migrations order by version")
        .fetch_all(admin)
        .await?;
    let mut applied: Vec<(i64, Vec<u8>)> = Vec::new();
    for row in &rows {
        let version: i64 = row.try_get("version")?;
        if !row.try_get::<bool, _>("success")? {
            let found = format!("migration {version} ended half-way");
            return Ok(Check::problem(
                name,
                Status::Failure,
                found,
                "Restore a backup, or ask for help before anything else.",
            ));
        }
        applied.push((version, row.try_get("checksum")?));
    }
    for (version, checksum) in &applied {
        match MIGRATOR.iter().find(|m| m.version == *version) {
            None => {
                let found = format!("the database is newer than this program (migration {version})");
                return Ok(Check::problem(name, Status::Failure, found, "Use the newer program."));
            }
            Some(known) if known.checksum.as_ref() != checksum.as_slice() => {
                let found = format!("migration {version} was another one when it was applied");
                return Ok(Check::problem(
                    name,
                    Status::Failure,
                    found,
                    "The schema is not the one this program was made for.",
                ));
            }
            Some(_) => {}
        }
    }
    let missing = MIGRATOR.iter().filter(|m| !applied.iter().any(|(v, _)| *v == m.version)).count();
    Ok(if missing == 0 {
        Check::ok(name, format!("{} applied, none missing", applied.len()))
    } else {
        let advice = "Run `sequela migrate`, or start the server, after a backup.";
        Check::problem(
            name,
            Status::Warning,
            format!("{missing} of this program's migrations are not applied"),
            advice,
        )
    })
}

async fn row_security(admin: &mut PgConnection) -> Result<Check> {
    let open: Vec<String> = query_scalar(
        "select c.relname::text from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'center_id' and not a.attisdropped
         where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace and c.relname <> 'center'
           and not (c.relrowsecurity and c.relforcerowsecurity) order by 1",
    )
    .fetch_all(admin)
    .await?;
    Ok(if open.is_empty() {
        Check::ok("row_security", "forced on every table with rows of centers")
    } else {
        let advice = "Enable and force it at once: centers can see each other's rows.";
        Check::problem("row_security", Status::Failure, format!("not forced on {}", open.join(", ")), advice)
    })
}

async fn generation(admin: &mut PgConnection) -> Result<Check> {
    let row = query(
        "select g.generation, g.system_identifier = c.system_identifier and g.timeline = k.timeline_id as same
         from pg_control_system() c, pg_control_checkpoint() k, (select * from generation order by generation desc limit 1) g",
    )
    .fetch_optional(admin)
    .await?;
    let Some(row) = row else {
        return Ok(Check::problem(
            "generation",
            Status::Warning,
            "none yet",
            "It begins when the server starts.",
        ));
    };
    let generation: i32 = row.try_get("generation")?;
    Ok(if row.try_get("same")? {
        Check::ok("generation", format!("{generation}"))
    } else {
        let found = format!("restored since generation {generation}");
        let advice = "A new generation begins when the server starts. Then verify the log against a head kept elsewhere.";
        Check::problem("generation", Status::Warning, found, advice)
    })
}

/// How long entries have been waiting for their block, and for whom.
async fn sealer(admin: &mut PgConnection) -> Result<Check> {
    let last = query("select generation, xid_until from audit_block order by number desc limit 1")
        .fetch_optional(&mut *admin)
        .await?;
    let (generation, xid): (i32, i64) = match &last {
        Some(row) => (row.try_get("generation")?, row.try_get("xid_until")?),
        None => (0, 0),
    };
    let row = query(
        "select count(*) as waiting, min(at) as oldest from audit_entry where (generation, xid) >= ($1, $2)",
    )
    .bind(generation)
    .bind(xid)
    .fetch_one(&mut *admin)
    .await?;
    let waiting: i64 = row.try_get("waiting")?;
    let oldest: Option<DateTime<Utc>> = row.try_get("oldest")?;
    let lag = oldest.and_then(|at| (Utc::now() - at).to_std().ok()).unwrap_or_default();
    if lag <= SEALER_LAG {
        return Ok(Check::ok(
            "sealer",
            format!("{waiting} entries wait, the oldest for {} s", lag.as_secs()),
        ));
    }
    let found = format!("{waiting} entries wait, the oldest since {}", told(oldest));
    let holder = query(
        "select pid::text as id, coalesce(usename, '') || ' ' || coalesce(application_name, '') as who, coalesce(state, '') as state, xact_start
         from pg_stat_activity where backend_xid is not null and pid <> pg_backend_pid()
         union all
         select gid, owner::text, 'prepared', prepared from pg_prepared_xacts
         order by xact_start limit 1",
    )
    .fetch_optional(admin)
    .await?;
    let (found, advice) = match holder {
        Some(row) => {
            let (id, who, state): (String, String, String) =
                (row.try_get("id")?, row.try_get("who")?, row.try_get("state")?);
            let since: Option<DateTime<Utc>> = row.try_get("xact_start")?;
            let found = format!(
                "{found}; process {id} ({}, {state}) has a transaction open since {}",
                who.trim(),
                told(since)
            );
            (
                found,
                format!(
                    "Entries behind an open transaction cannot be sealed. End it, or: select pg_terminate_backend({id})"
                ),
            )
        }
        None => (
            found,
            "No transaction holds them back: is the server running? Its log says why sealing fails."
                .to_owned(),
        ),
    };
    Ok(Check::problem("sealer", Status::Warning, found, advice))
}

async fn sealing_key(admin: &mut PgConnection, public_key: Option<[u8; 32]>) -> Result<Check> {
    let name = "audit.signature";
    let row = query("select number, block_hash, signature from audit_block order by number desc limit 1")
        .fetch_optional(admin)
        .await?;
    let (Some(row), Some(key)) = (row, public_key) else {
        return Ok(Check::problem(
            name,
            Status::Unknown,
            "no block or no key to compare",
            "Blocks are made while the server runs.",
        ));
    };
    let (number, hash, signature): (i64, Vec<u8>, Vec<u8>) =
        (row.try_get("number")?, row.try_get("block_hash")?, row.try_get("signature")?);
    let holds = hash.try_into().is_ok_and(|hash| signature_holds(&key, &hash, &signature));
    Ok(if holds {
        Check::ok(name, format!("block {number} is signed with the sealing key"))
    } else {
        let advice = "Put back the key that belongs to this database; a restore brings the data directory's sealing-key.pem along.";
        Check::problem(
            name,
            Status::Failure,
            format!("block {number} was not signed with this sealing key"),
            advice,
        )
    })
}
