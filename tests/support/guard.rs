//! Ends servers and removes their directories when the test process is gone, however it ended.
//!
//! Statics are never dropped, and a killed test drops nothing. So every data directory has a shell beside it that waits for the end of
//! its standard input, which the system closes with the test process.

use std::io::Write;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

const SCRIPT: &str = r#"
trap '' INT TERM HUP
running() { [ -d "/proc/$1" ] && ! grep -q '^State:[[:space:]]*Z' "/proc/$1/status" 2>/dev/null; }
gone() { n=0; while running "$1" && [ $n -lt 300 ]; do sleep 0.1; n=$((n + 1)); done; }
server=
while read -r pid; do server=$pid; done
if [ -n "$server" ] && running "$server"; then kill -TERM "$server"; gone "$server"; fi
pidfile=$1/data/postgres/pgdata/postmaster.pid
if [ -r "$pidfile" ]; then
  postmaster=$(head -n 1 "$pidfile")
  case $(cat "/proc/$postmaster/comm" 2>/dev/null) in postgres*) kill -QUIT "$postmaster"; kill -CONT "$postmaster"; gone "$postmaster" ;; esac
fi
while grep -q " $1/data" /proc/mounts && umount "$1/data"; do :; done
rm -rf "$1"
"#;

/// Cleans one directory when dropped or when the process ends.
pub(crate) struct Guard {
    shell: Child,
    input: Option<ChildStdin>,
}

impl Guard {
    /// Guards `directory`, whose member `data` is the data directory of an instance.
    pub(crate) fn of(directory: &Path) -> Self {
        let mut shell = Command::new("sh")
            .args(["-c", SCRIPT, "guard"])
            .arg(directory)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let input = shell.stdin.take();
        Self { shell, input }
    }

    /// Names the server process to end; `None` when it has ended.
    pub(crate) fn watch(&mut self, pid: Option<u32>) {
        let line = pid.map_or_else(String::new, |pid| pid.to_string());
        writeln!(self.input.as_mut().unwrap(), "{line}").unwrap();
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.shell.wait();
    }
}
