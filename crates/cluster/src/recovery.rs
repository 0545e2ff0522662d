//! What a killed predecessor left running, and how it is ended.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::account::Account;
use crate::processes::{Processes, SERVER, send};
use crate::socket::SocketDirectory;
use crate::{Error, probe};

/// A fast shutdown ends with a checkpoint, which takes this long on a slow disk with much to write.
pub(crate) const FAST_SHUTDOWN: Duration = Duration::from_mins(1);
/// Backends notice the death of the postmaster when they next wait for something.
const NOTICE: Duration = Duration::from_secs(2);
/// An immediate shutdown gives backends five seconds before it kills them.
pub(crate) const IMMEDIATE: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(20);

/// Ends every server process that works in `pgdata` and clears the stale files that would keep a new server from
/// starting. Needs the lock of the data directory.
pub(crate) async fn end_predecessor(
    pgdata: &Path,
    account: &Account,
    socket: &SocketDirectory,
) -> Result<(), Error> {
    let in_use = |what: String| Error::InUse { path: pgdata.to_owned(), what };
    let begin = Instant::now();
    let mut sent = None;
    let unrelated = loop {
        // In this order: a server that ends removes its record first, so a record read after it was last seen is stale.
        let processes = Processes::of(pgdata, account, &SERVER);
        let recorded = recorded_pid(pgdata)?;
        if let Some(recorded) = recorded.filter(|pid| *pid < 0 && processes.ours.contains(&-pid)) {
            // Someone repairs the cluster by hand (postgres --single); that must not be interrupted.
            return Err(in_use(format!("a single-user PostgreSQL (process {})", -recorded)));
        }
        let leader = recorded.filter(|pid| processes.ours.contains(pid));
        let elapsed = begin.elapsed();
        // After a clean end there is no record, and nothing to wait for.
        let settled = processes.undecided.is_empty() || recorded.is_none() || elapsed > IMMEDIATE;
        if processes.ours.is_empty() && settled {
            break recorded.filter(|pid| processes.excludes(pid.abs()));
        }
        match escalation(leader.is_some(), elapsed) {
            Step::Wait => {}
            Step::GiveUp => {
                let ids: Vec<String> = processes.ours.iter().map(ToString::to_string).collect();
                return Err(in_use(format!("a PostgreSQL server (process {})", ids.join(", "))));
            }
            Step::Send(signal) => {
                let targets = leader.map_or(processes.ours, |leader| vec![leader]);
                if sent.as_ref() != Some(&(signal, targets.clone())) {
                    tracing::warn!(
                        ?signal,
                        processes = ?targets,
                        "stopping the PostgreSQL server of a program that was killed"
                    );
                    for pid in &targets {
                        send(*pid, signal);
                    }
                    sent = Some((signal, targets));
                }
            }
        }
        tokio::time::sleep(POLL).await;
    };
    // A server in another container that shares the directory has no process here, but it answers.
    if probe::is_listening(&socket.socket()).await {
        return Err(in_use("a PostgreSQL server whose process cannot be seen from here".to_owned()));
    }
    socket.clear()?;
    if unrelated.is_some() {
        // The server takes any live process of its user with this id for a postmaster and would not start.
        let path = pgdata.join("postmaster.pid");
        tracing::warn!(path = %path.display(), "removing a stale file whose process id was reused");
        fs::remove_file(&path).map_err(Error::io("remove", &path))?;
    }
    Ok(())
}

/// Kills an `initdb` at work in a directory, with the servers it runs.
pub(crate) fn kill_initdb(directory: &Path, account: &Account) {
    let names = ["initdb", "postgres"];
    for pid in Processes::of(directory, account, &names).ours {
        send(pid, Signal::KILL);
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Step {
    Wait,
    Send(Signal),
    GiveUp,
}

/// What to do after some time: with a postmaster (`led`) fast, then immediate shutdown; without one, SIGQUIT, then
/// SIGKILL to the backends, which is safe because nobody is left who shares their memory.
fn escalation(led: bool, elapsed: Duration) -> Step {
    let (patience, last, stronger) = if led {
        (Duration::ZERO, FAST_SHUTDOWN, [Signal::INT, Signal::QUIT])
    } else {
        (NOTICE, NOTICE + IMMEDIATE, [Signal::QUIT, Signal::KILL])
    };
    if elapsed < patience {
        Step::Wait
    } else if elapsed < last {
        Step::Send(stronger[0])
    } else if elapsed < FAST_SHUTDOWN + IMMEDIATE {
        Step::Send(stronger[1])
    } else {
        Step::GiveUp
    }
}

/// First line of `postmaster.pid`: negative when a single-user server wrote it.
fn recorded_pid(pgdata: &Path) -> Result<Option<i32>, Error> {
    let path = pgdata.join("postmaster.pid");
    match fs::read_to_string(&path) {
        Ok(text) => {
            Ok(text.lines().next().and_then(|line| line.trim().parse().ok()).filter(|pid| *pid != i32::MIN))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::io("read", &path)(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shutdown_gets_stronger_with_time() {
        let seconds = Duration::from_secs;
        assert_eq!(escalation(true, seconds(0)), Step::Send(Signal::INT));
        assert_eq!(escalation(true, seconds(59)), Step::Send(Signal::INT));
        assert_eq!(escalation(true, seconds(60)), Step::Send(Signal::QUIT));
        assert_eq!(escalation(true, seconds(69)), Step::Send(Signal::QUIT));
        assert_eq!(escalation(true, seconds(70)), Step::GiveUp);
        assert_eq!(escalation(false, seconds(0)), Step::Wait);
        assert_eq!(escalation(false, seconds(2)), Step::Send(Signal::QUIT));
        assert_eq!(escalation(false, seconds(12)), Step::Send(Signal::KILL));
        assert_eq!(escalation(false, seconds(70)), Step::GiveUp);
    }
}
