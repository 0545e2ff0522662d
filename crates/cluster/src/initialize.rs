//! Creating the cluster once, all of it or nothing.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::process::Command;

use crate::account::Account;
use crate::data_directory::{make_private, sync};
use crate::{Binaries, Error, log, recovery};

const UNFINISHED: &str = "pgdata.new-";

/// Character classification of all Unicode with the order of code points; `C` where the system lacks it.
const LOCALES: [&str; 2] = ["C.UTF-8", "C"];

/// Major version of the cluster in `pgdata`, or `None` where there is no cluster yet.
pub(crate) fn existing_version(pgdata: &Path) -> Result<Option<String>, Error> {
    let path = pgdata.join("PG_VERSION");
    match fs::read_to_string(&path) {
        Ok(text) => Ok(Some(text.trim().to_owned())),
        Err(error) if error.kind() == ErrorKind::NotFound => match fs::read_dir(pgdata) {
            Ok(mut entries) => match entries.next() {
                Some(_) => Err(Error::NotACluster(pgdata.to_owned())),
                None => Ok(None),
            },
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::io("read", pgdata)(error)),
        },
        Err(error) => Err(Error::io("read", &path)(error)),
    }
}

/// Checks the version of an existing cluster, or creates one. Needs the lock of `data_dir`.
pub(crate) async fn ensure(
    data_dir: &Path,
    pgdata: &Path,
    account: &Account,
    binaries: &Binaries,
    superuser: &str,
) -> Result<(), Error> {
    remove_unfinished(data_dir, account).await?;
    match existing_version(pgdata)? {
        Some(cluster) if cluster == binaries.version().major => Ok(()),
        Some(cluster) => Err(Error::VersionMismatch {
            path: pgdata.to_owned(),
            cluster,
            binaries: binaries.version().major.clone(),
            directory: binaries.directory().to_owned(),
        }),
        None => create(data_dir, pgdata, account, binaries, superuser).await,
    }
}

async fn create(
    data_dir: &Path,
    pgdata: &Path,
    account: &Account,
    binaries: &Binaries,
    superuser: &str,
) -> Result<(), Error> {
    tracing::info!(directory = %pgdata.display(), version = %binaries.version().full, "creating the cluster");
    // Never the name of an earlier attempt, whose initdb may still be at work.
    let nanoseconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
    let unfinished = data_dir.join(format!("{UNFINISHED}{}-{nanoseconds}", std::process::id()));
    for (attempt, locale) in LOCALES.into_iter().enumerate() {
        make_private(&unfinished, account)?;
        let output = initdb(&unfinished, account, binaries, superuser, locale).await?;
        if output.status.success() {
            // initdb has written every file to disk by now; what is left are the names.
            fs::rename(&unfinished, pgdata).map_err(Error::io("put in place", pgdata))?;
            sync(data_dir)?;
            return data_dir.parent().map_or(Ok(()), sync);
        }
        let _ = fs::remove_dir_all(&unfinished);
        let text = String::from_utf8_lossy(&output.stderr);
        let last = attempt + 1 == LOCALES.len();
        if last || !text.contains("invalid locale name") {
            return Err(Error::Initdb {
                path: pgdata.to_owned(),
                output: format!("{}\n({})", log::last_lines(&text), output.status),
            });
        }
    }
    Ok(())
}

async fn initdb(
    directory: &Path,
    account: &Account,
    binaries: &Binaries,
    superuser: &str,
    locale: &str,
) -> Result<Output, Error> {
    let program = binaries.program("initdb");
    let mut command = Command::new(&program);
    command
        .arg("-D")
        .arg(directory)
        .arg(format!("--username={superuser}"))
        .args(["--auth-local=trust", "--auth-host=reject", "--encoding=UTF8", "--data-checksums"])
        .arg(format!("--locale={locale}"))
        .env_clear()
        .envs(crate::environment::for_server())
        // The directory of this program may be closed to the user; and it is how an orphan is found later.
        .current_dir(directory)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    if account.switched {
        // The standard library clears the supplementary groups when root sets a user id.
        command.uid(account.uid).gid(account.gid);
    }
    command.output().await.map_err(|source| Error::Run { program, user: account.name.clone(), source })
}

/// Removes what killed programs left of their initdb, after ending an initdb that still runs.
async fn remove_unfinished(data_dir: &Path, account: &Account) -> Result<(), Error> {
    let entries = fs::read_dir(data_dir).map_err(Error::io("read", data_dir))?;
    let unfinished: Vec<PathBuf> = entries
        .filter_map(Result::ok)
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(UNFINISHED))
        .map(|entry| entry.path())
        .collect();
    for path in unfinished {
        tracing::warn!(path = %path.display(), "removing a cluster that was not completed");
        let mut attempts = 0;
        // Where processes cannot be listed, an orphaned initdb adds files until it notices.
        loop {
            recovery::kill_initdb(&path, account);
            match fs::remove_dir_all(&path) {
                Ok(()) => break,
                Err(error) if error.kind() == ErrorKind::NotFound && !path.exists() => break,
                Err(_) if attempts < 50 => {
                    attempts += 1;
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                Err(error) => {
                    // It is only in the way of disk space; the next start tries again.
                    tracing::warn!(path = %path.display(), %error, "it could not be removed");
                    break;
                }
            }
        }
    }
    Ok(())
}
