//! `sequela doctor`: what is right and what is wrong with an installation, and what to do about it. It changes nothing.

use crate::cli::{DoctorArguments, Storage};
use crate::failure::{FAULTS_FOUND, Failure};
use crate::instance::Reached;
use chrono::{DateTime, Utc};
use registry::audit::block::SealingKey;
use registry::diagnosis::{Check, Status, diagnose};
use serde_json::json;
use sqlx::Connection;
use sqlx::postgres::PgConnection;
use std::path::Path;
use std::process::ExitCode;
use std::time::SystemTime;

pub(crate) async fn run(storage: Storage, arguments: DoctorArguments) -> Result<ExitCode, Failure> {
    let data_dir = match &storage.data_dir {
        Some(directory) => directory.clone(),
        None => cluster::default_data_dir()?,
    };
    let (mut checks, key) = sealing_key(&data_dir.join("sealing-key.pem"));
    match Reached::open(&storage, &data_dir).await {
        Ok(reached) => {
            checks.splice(0..0, of_database(&reached, key).await);
            reached.close().await?;
        }
        Err(failure) => {
            let advice = "Start the server, or give --data-dir or DATABASE_URL of the registry.";
            checks.insert(0, Check::problem("database", Status::Failure, failure.to_string(), advice));
        }
    }
    checks.extend(disk(&data_dir));
    checks.push(snapshots(&data_dir.join("snapshots")));
    checks.push(backups(arguments.backups.as_deref()));
    let worst = checks.iter().map(|c| c.status).max().unwrap_or(Status::Ok);
    if arguments.json {
        let document = json!({ "status": worst, "checks": checks });
        println!("{}", serde_json::to_string_pretty(&document).map_err(Failure::internal)?);
    } else {
        print(&checks);
    }
    let bad = worst == Status::Failure || (arguments.strict && worst == Status::Warning);
    Ok(if bad { ExitCode::from(FAULTS_FOUND) } else { ExitCode::SUCCESS })
}

fn print(checks: &[Check]) {
    for check in checks {
        let status = match check.status {
            Status::Ok => "ok",
            Status::Unknown => "unknown",
            Status::Warning => "WARNING",
            Status::Failure => "FAILURE",
        };
        println!("{status:<8} {:<28} {}", check.check, check.found);
        if let Some(advice) = &check.advice {
            println!("{:<37} {advice}", "");
        }
    }
}

async fn of_database(reached: &Reached, key: Option<[u8; 32]>) -> Vec<Check> {
    let diagnosed = async {
        let mut admin = PgConnection::connect_with(&reached.admin).await?;
        let checks = diagnose(&mut admin, key).await;
        admin.close().await?;
        checks
    };
    match diagnosed.await {
        Ok(checks) => checks,
        Err(error) => {
            let advice = "See the log of PostgreSQL.";
            vec![Check::problem("database", Status::Failure, error.to_string(), advice)]
        }
    }
}

/// The key and its public half, when it can be read.
fn sealing_key(path: &Path) -> (Vec<Check>, Option<[u8; 32]>) {
    let name = "sealing_key";
    let Ok(metadata) = std::fs::metadata(path) else {
        let advice =
            "It is made when the server starts. After a restore, put back the one that was used before.";
        return (
            vec![Check::problem(name, Status::Failure, format!("{} is missing", path.display()), advice)],
            None,
        );
    };
    let key = match SealingKey::load_or_create(path) {
        Ok(key) => key,
        Err(error) => {
            let advice = "Put back a copy of the key.";
            return (vec![Check::problem(name, Status::Failure, error.to_string(), advice)], None);
        }
    };
    let mode = std::os::unix::fs::MetadataExt::mode(&metadata) & 0o777;
    let found = format!("{} has mode {mode:o}", path.display());
    let check = if mode & 0o077 == 0 {
        Check::ok(name, found)
    } else {
        Check::problem(name, Status::Failure, found, "chmod 600: whoever reads the key can forge the log.")
    };
    (vec![check], Some(key.public()))
}

/// Space where the data are.
fn disk(data_dir: &Path) -> Option<Check> {
    let space = rustix::fs::statvfs(data_dir).ok()?;
    let gib = |blocks: u64| blocks as f64 * space.f_frsize as f64 / f64::from(1 << 30);
    let (free, all) = (gib(space.f_bavail), gib(space.f_blocks));
    let found = format!("{free:.1} GiB of {all:.1} GiB free at {}", data_dir.display());
    let advice = "Make room: without space nothing can be written.";
    Some(if free < 1.0 || free < all * 0.03 {
        Check::problem("disk", Status::Failure, found, advice)
    } else if free < all * 0.1 {
        Check::problem("disk", Status::Warning, found, advice)
    } else {
        Check::ok("disk", found)
    })
}

fn snapshots(root: &Path) -> Check {
    match registry::snapshot::list(root) {
        Err(error) => Check::problem(
            "snapshots",
            Status::Failure,
            error.to_string(),
            "Remove or repair the damaged snapshot.",
        ),
        Ok(listed) => match listed.last() {
            None => Check::problem(
                "snapshots",
                Status::Unknown,
                "none yet",
                "Reports need one: `sequela snapshot take`.",
            ),
            Some(newest) => Check::ok("snapshots", format!("the newest is of {}", told(newest.taken_at))),
        },
    }
}

fn told(at: DateTime<Utc>) -> String {
    let hours = (Utc::now() - at).num_hours();
    format!("{} ({hours} hours ago)", at.format("%Y-%m-%d %H:%M UTC"))
}

/// The age of the newest file below a directory of backups.
fn backups(directory: Option<&Path>) -> Check {
    let name = "backups";
    let Some(directory) = directory else {
        return Check::problem(
            name,
            Status::Unknown,
            "not told where they are",
            "Give --backups with the directory they are written to.",
        );
    };
    let newest = match newest(directory) {
        Err(error) => {
            let found = format!("{}: {error}", directory.display());
            return Check::problem(
                name,
                Status::Failure,
                found,
                "Give the directory that backups are written to.",
            );
        }
        Ok(None) => {
            let found = format!("{} is empty", directory.display());
            return Check::problem(name, Status::Failure, found, "Take a backup.");
        }
        Ok(Some(at)) => DateTime::<Utc>::from(at),
    };
    let found = format!("the newest is of {}", told(newest));
    match (Utc::now() - newest).num_hours() {
        ..=26 => Check::ok(name, found),
        27..=168 => Check::problem(name, Status::Warning, found, "Is the daily backup running?"),
        _ => Check::problem(name, Status::Failure, found, "Take a backup; find out why there was none."),
    }
}

fn newest(directory: &Path) -> std::io::Result<Option<SystemTime>> {
    let mut newest = None;
    for entry in std::fs::read_dir(directory)? {
        let metadata = entry?.metadata()?;
        newest = newest.max(Some(metadata.modified()?));
    }
    Ok(newest)
}
