//! The database server: version, settings that durability rests on, archive, clock, connections.

use super::{Check, Status, told};
use crate::error::Result;
use chrono::{DateTime, Utc};
use sqlx::postgres::PgConnection;
use sqlx::{Row, query, query_scalar};

async fn setting(admin: &mut PgConnection, name: &str) -> Result<String> {
    Ok(query_scalar("select current_setting($1)").bind(name).fetch_one(admin).await?)
}

pub(super) async fn settings(admin: &mut PgConnection) -> Result<Vec<Check>> {
    let number: i32 =
        query_scalar("select current_setting('server_version_num')::integer").fetch_one(&mut *admin).await?;
    let version = setting(admin, "server_version").await?;
    let mut checks = vec![if number >= 150_000 {
        Check::ok("postgres.version", version)
    } else {
        Check::problem("postgres.version", Status::Failure, version, "Sequela needs PostgreSQL 15 or newer.")
    }];
    for (check, name, good, status, advice) in [
        (
            "postgres.fsync",
            "fsync",
            &["on"][..],
            Status::Failure,
            "Turn fsync on: without it a power failure loses or corrupts records that were acknowledged.",
        ),
        (
            "postgres.full_page_writes",
            "full_page_writes",
            &["on"],
            Status::Failure,
            "Turn full_page_writes on: without it a power failure can tear pages.",
        ),
        (
            "postgres.synchronous_commit",
            "synchronous_commit",
            &["on", "remote_write", "remote_apply"],
            Status::Failure,
            "Turn synchronous_commit on: without it records that were acknowledged can be lost.",
        ),
        (
            "postgres.data_checksums",
            "data_checksums",
            &["on"],
            Status::Warning,
            "Enable checksums with pg_checksums: without them damage by the disk goes unnoticed.",
        ),
        (
            "postgres.encoding",
            "server_encoding",
            &["UTF8"],
            Status::Failure,
            "Create the database with the encoding UTF8.",
        ),
    ] {
        let value = setting(admin, name).await?;
        checks.push(if good.contains(&value.as_str()) {
            Check::ok(check, value)
        } else {
            Check::problem(check, status, value, advice)
        });
    }
    Ok(checks)
}

pub(super) async fn archive(admin: &mut PgConnection) -> Result<Check> {
    let mode = setting(admin, "archive_mode").await?;
    let row = query("select last_archived_time, last_failed_time, last_failed_wal from pg_stat_archiver")
        .fetch_one(admin)
        .await?;
    let archived: Option<DateTime<Utc>> = row.try_get("last_archived_time")?;
    let failed: Option<DateTime<Utc>> = row.try_get("last_failed_time")?;
    let name = "postgres.archive";
    if mode == "off" {
        let advice = "Set archive_mode and archive_command to be able to restore to a point in time; without, a restore loses what came after the last dump.";
        return Ok(Check::problem(name, Status::Warning, "no WAL archive", advice));
    }
    if failed > archived {
        let file: Option<String> = row.try_get("last_failed_wal")?;
        let found = format!("archiving of {} fails since {}", file.unwrap_or_default(), told(failed));
        return Ok(Check::problem(
            name,
            Status::Failure,
            found,
            "See the log of PostgreSQL for why archive_command fails.",
        ));
    }
    Ok(match archived {
        Some(_) => Check::ok(name, format!("last archived {}", told(archived))),
        None => Check::problem(
            name,
            Status::Unknown,
            "nothing archived yet",
            "Take a base backup; it switches to a new WAL file.",
        ),
    })
}

pub(super) async fn clock(admin: &mut PgConnection) -> Result<Check> {
    let there: DateTime<Utc> = query_scalar("select clock_timestamp()").fetch_one(&mut *admin).await?;
    let apart = (there - Utc::now()).num_milliseconds().abs();
    let found = format!("{apart} ms between this machine and the database");
    Ok(match apart {
        0..=2_000 => Check::ok("clock", found),
        2_001..=60_000 => Check::problem("clock", Status::Warning, found, "Synchronize both clocks (NTP)."),
        _ => Check::problem(
            "clock",
            Status::Failure,
            found,
            "Synchronize both clocks (NTP): tokens expire and entries are dated by them.",
        ),
    })
}

pub(super) async fn connections(admin: &mut PgConnection) -> Result<Check> {
    let row = query(
        "select (select count(*) from pg_stat_activity where backend_type = 'client backend') as used, current_setting('max_connections')::bigint as most",
    )
    .fetch_one(admin)
    .await?;
    let (used, most): (i64, i64) = (row.try_get("used")?, row.try_get("most")?);
    let found = format!("{used} of {most} connections in use");
    Ok(if used * 10 > most * 8 {
        Check::problem(
            "postgres.connections",
            Status::Warning,
            found,
            "Raise max_connections, or find who holds them in pg_stat_activity.",
        )
    } else {
        Check::ok("postgres.connections", found)
    })
}
