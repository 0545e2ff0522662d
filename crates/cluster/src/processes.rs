//! Which processes work on a cluster.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::Command;

use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process, test_kill_process};

use crate::account::Account;
use crate::settings::cluster_name;

/// Names of the server program.
pub(crate) const SERVER: [&str; 2] = ["postgres", "postmaster"];

/// Whether a process has this id; true also for processes of other users.
pub(crate) fn is_alive(pid: i32) -> bool {
    process(pid).is_some_and(|pid| test_kill_process(pid) != Err(Errno::SRCH))
}

/// Sends a signal; a process that has just ended is no failure.
pub(crate) fn send(pid: i32, signal: Signal) {
    if let Some(pid) = process(pid)
        && let Err(error) = kill_process(pid, signal)
    {
        tracing::debug!(?pid, ?signal, %error, "the signal was not delivered");
    }
}

/// Rejects what would address a group of processes, or none.
fn process(pid: i32) -> Option<Pid> {
    if pid > 0 { Pid::from_raw(pid) } else { None }
}

/// Processes at work in one directory.
#[derive(Debug, Default)]
pub(crate) struct Processes {
    /// Process ids, ascending.
    pub(crate) ours: Vec<i32>,
    /// Processes of the same programs and user whose directory could not be found out.
    pub(crate) undecided: Vec<i32>,
}

#[derive(Debug, PartialEq, Eq)]
enum Belongs {
    Here,
    Elsewhere,
    Undecided,
}

impl Processes {
    /// Processes of the programs `names` that `account` runs in `directory`.
    pub(crate) fn of(directory: &Path, account: &Account, names: &[&str]) -> Self {
        let mut found = Self::default();
        for (pid, belongs) in judged(directory, account, names) {
            match belongs {
                Belongs::Here => found.ours.push(pid),
                Belongs::Undecided => found.undecided.push(pid),
                Belongs::Elsewhere => {}
            }
        }
        found.ours.sort_unstable();
        found
    }

    /// The process lives and certainly does not work in the directory.
    pub(crate) fn excludes(&self, pid: i32) -> bool {
        is_alive(pid) && !self.ours.contains(&pid) && !self.undecided.contains(&pid)
    }
}

fn judged(directory: &Path, account: &Account, names: &[&str]) -> Vec<(i32, Belongs)> {
    if fs::symlink_metadata("/proc/self/cwd").is_ok() {
        let entries = fs::read_dir("/proc").into_iter().flatten().filter_map(Result::ok);
        let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        return pids.map(|pid| (pid, by_proc(pid, directory, account, names))).collect();
    }
    // Systems without /proc, such as macOS.
    let output = Command::new("ps").args(["-axww", "-o", "pid=,uid=,command="]).output();
    let output = output.map(|output| output.stdout).unwrap_or_default();
    let text = String::from_utf8_lossy(&output);
    text.lines().filter_map(|line| by_ps(line, directory, account, names)).collect()
}

/// All processes of a server work inside its data directory, which identifies them whatever their title is.
fn by_proc(pid: i32, directory: &Path, account: &Account, names: &[&str]) -> Belongs {
    let entry = Path::new("/proc").join(pid.to_string());
    let Ok(name) = fs::read_to_string(entry.join("comm")) else { return Belongs::Elsewhere };
    if !names.contains(&name.trim_end()) {
        return Belongs::Elsewhere;
    }
    match (fs::metadata(entry.join("cwd")), fs::metadata(directory)) {
        (Ok(cwd), Ok(directory)) if (cwd.dev(), cwd.ino()) == (directory.dev(), directory.ino()) => {
            Belongs::Here
        }
        // Root in a container commonly lacks CAP_SYS_PTRACE and may not see where others work.
        (Err(error), _) if error.kind() == ErrorKind::PermissionDenied => {
            if fs::metadata(&entry).is_ok_and(|meta| meta.uid() == account.uid) {
                let arguments = fs::read(entry.join("cmdline")).unwrap_or_default();
                by_command_line(&String::from_utf8_lossy(&arguments).replace('\0', " "), directory)
            } else {
                Belongs::Elsewhere
            }
        }
        _ => Belongs::Elsewhere,
    }
}

/// One line of `ps`: process id, user id, command line.
fn by_ps(line: &str, directory: &Path, account: &Account, names: &[&str]) -> Option<(i32, Belongs)> {
    let (pid, rest) = line.trim_start().split_once(' ')?;
    let (uid, command) = rest.trim_start().split_once(' ')?;
    let (pid, uid): (i32, u32) = (pid.parse().ok()?, uid.parse().ok()?);
    let program = command.split_whitespace().next()?.trim_end_matches(':');
    let is_wanted = program.rsplit('/').next().is_some_and(|program| names.contains(&program));
    let belongs = if is_wanted && uid == account.uid {
        by_command_line(command, directory)
    } else {
        Belongs::Elsewhere
    };
    Some((pid, belongs))
}

/// A postmaster has its directory among its arguments, and its children have its cluster name in their title.
fn by_command_line(command: &str, directory: &Path) -> Belongs {
    let child = format!("postgres: {}: ", cluster_name(directory));
    let argument = format!(" -D {} ", directory.to_string_lossy());
    if command.starts_with(&child) || format!("{command} ").contains(&argument) {
        Belongs::Here
    } else {
        Belongs::Undecided
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let servers = Processes::of(&here, &account, &SERVER);
        assert!(servers.excludes(pid));
        assert!(!servers.excludes(i32::MAX), "a dead process is not to be excluded");
        if let Ok(name) = fs::read_to_string("/proc/self/comm") {
            let programs = [name.trim_end()];
            assert!(Processes::of(&here, &account, &programs).ours.contains(&pid));
            assert!(Processes::of(Path::new("/proc"), &account, &programs).excludes(pid));
        }
    }

    #[test]
    fn command_lines_of_servers() {
        let account = Account { name: "ann".to_owned(), uid: 501, gid: 20, switched: false };
        let directory = Path::new("/data/pgdata");
        let judge = |line: &str| by_ps(line, directory, &account, &SERVER).map(|(_, belongs)| belongs);
        let ours = cluster_name(directory);
        let theirs = cluster_name(Path::new("/other/pgdata"));
        assert_ne!(ours, theirs);

        assert_eq!(judge("  77   501 /opt/bin/postgres -D /data/pgdata -c port=5432"), Some(Belongs::Here));
        assert_eq!(judge("77 501 /opt/bin/postgres -D /data/pgdata"), Some(Belongs::Here));
        assert_eq!(judge("77 501 /opt/bin/postgres -D /data/pgdata2"), Some(Belongs::Undecided));
        assert_eq!(judge(&format!("78 501 postgres: {ours}: checkpointer ")), Some(Belongs::Here));
        assert_eq!(judge(&format!("78 501 postgres: {theirs}: checkpointer ")), Some(Belongs::Undecided));
        assert_eq!(judge(&format!("78 502 postgres: {ours}: checkpointer ")), Some(Belongs::Elsewhere));
        assert_eq!(judge("79 501 vi -D /data/pgdata "), Some(Belongs::Elsewhere));
        assert_eq!(judge("PID UID COMMAND"), None);
        assert_eq!(judge(""), None);
    }
}
