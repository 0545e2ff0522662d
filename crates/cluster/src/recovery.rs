//! What a killed predecessor left running, and how it is ended.

use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process, test_kill_process};

use crate::account::Account;
use crate::socket::SocketDirectory;
use crate::{Error, probe};

/// A fast shutdown ends with a checkpoint, which takes this long on a slow disk with much to write.
pub(crate) const FAST_SHUTDOWN: Duration = Duration::from_mins(1);
/// Backends notice the death of the postmaster when they next wait for something.
const NOTICE: Duration = Duration::from_secs(2);
/// An immediate shutdown gives backends five seconds before it kills them.
pub(crate) const IMMEDIATE: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(20);

const SERVER: [&str; 2] = ["postgres", "postmaster"];

/// Whether a process has this id; true also for processes of other users.
pub(crate) fn is_alive(pid: i32) -> bool {
    process(pid).is_some_and(|pid| test_kill_process(pid) != Err(Errno::SRCH))
}

/// Rejects what would address a group of processes, or none.
fn process(pid: i32) -> Option<Pid> {
    if pid > 0 { Pid::from_raw(pid) } else { None }
}

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
    let recorded = loop {
        let recorded = recorded_pid(pgdata)?;
        let processes = Processes::of(pgdata, account, recorded, &SERVER);
        if let Some(recorded) = recorded.filter(|pid| *pid < 0 && processes.has(-pid)) {
            // Someone repairs the cluster by hand (postgres --single); that must not be interrupted.
            return Err(in_use(format!("a single-user PostgreSQL (process {})", -recorded)));
        }
        let leader = recorded.filter(|pid| processes.has(*pid));
        let elapsed = begin.elapsed();
        // After a clean end there is no record, and nothing to wait for.
        let settled = !processes.undecided || recorded.is_none() || elapsed > IMMEDIATE;
        if processes.ours.is_empty() && settled {
            break recorded;
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
    if recorded.is_some_and(|pid| is_unrelated(pid.abs(), pgdata, account)) {
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
    for pid in Processes::of(directory, account, None, &names).ours {
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

fn send(pid: i32, signal: Signal) {
    if let Some(pid) = process(pid)
        && let Err(error) = kill_process(pid, signal)
    {
        tracing::debug!(?pid, ?signal, %error, "the signal was not delivered");
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

/// Server processes of a cluster.
#[derive(Debug, Default)]
struct Processes {
    /// Process ids, ascending.
    ours: Vec<i32>,
    /// A server process of the same user was seen whose cluster could not be found out.
    undecided: bool,
}

#[derive(Debug, PartialEq, Eq)]
enum Belongs {
    Here,
    Elsewhere,
    Undecided,
}

impl Processes {
    fn of(directory: &Path, account: &Account, recorded: Option<i32>, names: &[&str]) -> Self {
        let mut found = Self::default();
        let listed: Vec<i32> = match fs::read_dir("/proc") {
            Ok(entries) if has_proc() => entries
                .filter_map(Result::ok)
                .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
                .collect(),
            _ => recorded.map(i32::abs).into_iter().collect(),
        };
        for pid in listed {
            match belongs(pid, directory, account, names) {
                Belongs::Here => found.ours.push(pid),
                Belongs::Elsewhere => {}
                Belongs::Undecided => found.undecided = true,
            }
        }
        found.ours.sort_unstable();
        found
    }

    fn has(&self, pid: i32) -> bool {
        self.ours.contains(&pid)
    }
}

fn has_proc() -> bool {
    fs::symlink_metadata("/proc/self/cwd").is_ok()
}

/// All processes of a server work inside its data directory, which identifies them whatever their title is.
fn belongs(pid: i32, directory: &Path, account: &Account, names: &[&str]) -> Belongs {
    if !has_proc() {
        return belongs_by_ps(pid, directory, names);
    }
    let entry = Path::new("/proc").join(pid.to_string());
    let Ok(name) = fs::read_to_string(entry.join("comm")) else { return Belongs::Elsewhere };
    if !names.contains(&name.trim_end()) {
        return Belongs::Elsewhere;
    }
    match (fs::metadata(entry.join("cwd")), fs::metadata(directory)) {
        (Ok(cwd), Ok(directory)) if (cwd.dev(), cwd.ino()) == (directory.dev(), directory.ino()) => {
            Belongs::Here
        }
        // Root in a container commonly lacks CAP_SYS_PTRACE and may not see where others work; the postmaster has the
        // directory on its command line, which everyone may read.
        (Err(error), _) if error.kind() == std::io::ErrorKind::PermissionDenied => {
            let same_user = fs::metadata(&entry).is_ok_and(|meta| meta.uid() == account.uid);
            let arguments = fs::read(entry.join("cmdline")).unwrap_or_default();
            let on_command_line =
                arguments.split(|byte| *byte == 0).any(|arg| arg == directory.as_os_str().as_bytes());
            match (same_user, on_command_line) {
                (false, _) => Belongs::Elsewhere,
                (true, true) => Belongs::Here,
                (true, false) => Belongs::Undecided,
            }
        }
        _ => Belongs::Elsewhere,
    }
}

/// Systems without `/proc` (macOS): the postmaster alone, by name and command line.
fn belongs_by_ps(pid: i32, directory: &Path, names: &[&str]) -> Belongs {
    let Ok(output) = Command::new("ps").args(["-ww", "-o", "command=", "-p", &pid.to_string()]).output()
    else {
        return if is_alive(pid) { Belongs::Undecided } else { Belongs::Elsewhere };
    };
    let line = String::from_utf8_lossy(&output.stdout);
    let program = line.split_whitespace().next().unwrap_or_default();
    let is_server = names.iter().any(|name| program.rsplit('/').next() == Some(*name));
    match (is_server, line.contains(&*directory.to_string_lossy())) {
        (true, true) => Belongs::Here,
        (true, false) => Belongs::Undecided,
        (false, _) => Belongs::Elsewhere,
    }
}

/// The process lives and is certainly no server of this cluster.
fn is_unrelated(pid: i32, pgdata: &Path, account: &Account) -> bool {
    is_alive(pid) && belongs(pid, pgdata, account, &SERVER) == Belongs::Elsewhere
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

    #[test]
    fn liveness_of_ids() {
        assert!(is_alive(std::process::id().cast_signed()));
        for never in [0, -1, i32::MAX, i32::MIN] {
            assert!(!is_alive(never), "{never}");
        }
    }

    #[test]
    fn this_program_is_no_server() {
        let account = Account::choose(None, None).expect("someone runs the server");
        let here = std::env::current_dir().expect("a working directory");
        let pid = std::process::id().cast_signed();
        assert_eq!(belongs(pid, &here, &account, &SERVER), Belongs::Elsewhere);
        assert!(is_unrelated(pid, &here, &account));
        let name = fs::read_to_string("/proc/self/comm").unwrap_or_default();
        if has_proc() {
            assert_eq!(belongs(pid, &here, &account, &[name.trim_end()]), Belongs::Here);
            assert_eq!(belongs(pid, Path::new("/"), &account, &[name.trim_end()]), Belongs::Elsewhere);
        }
    }
}
