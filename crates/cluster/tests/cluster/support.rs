//! Directories, a second program and small looks into the system for the tests of the cluster.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use cluster::{Cluster, ClusterConfig, ConnectionParameters};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};

const SECOND_PROGRAM_DIR: &str = "CLUSTER_TEST_DATA_DIR";

pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// A directory anyone may pass through, removed at the end.
pub(crate) struct Scratch(pub(crate) PathBuf);

impl Scratch {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = Path::new("/tmp").join(format!("cluster-test-{}-{number}", std::process::id()));
        fs::create_dir(&path).expect("a scratch directory");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("its permissions");
        Self(path)
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.0.join("data")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A configuration that does not wait for the disk.
pub(crate) fn config(data_dir: &Path) -> ClusterConfig {
    let mut config = ClusterConfig::new(data_dir);
    config.settings = vec![("fsync".to_owned(), "off".to_owned())];
    config
}

pub(crate) async fn start(data_dir: &Path) -> Cluster {
    Cluster::start(config(data_dir)).await.unwrap_or_else(|error| panic!("{error}"))
}

/// Runs psql and gives its output without headers.
pub(crate) fn psql(parameters: &ConnectionParameters, sql: &str) -> String {
    let output = psql_command(parameters, sql).output().expect("psql runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "psql: {errors}");
    String::from_utf8(output.stdout).expect("text").trim().to_owned()
}

pub(crate) fn psql_command(parameters: &ConnectionParameters, sql: &str) -> Command {
    let binaries = cluster::Binaries::find().expect("PostgreSQL is installed");
    let mut command = Command::new(binaries.program("psql"));
    command
        .args(["-XAtq", "-v", "ON_ERROR_STOP=1", "-p", &parameters.port.to_string(), "-U"])
        .args([&parameters.superuser, "-d", &parameters.database, "-c", sql, "-h"])
        .arg(&parameters.socket_directory)
        .env_remove("PGOPTIONS")
        .stdin(Stdio::null());
    command
}

/// Another program that uses the library: this test binary again, running `hold_cluster` only.
pub(crate) struct Program(pub(crate) Child);

impl Program {
    pub(crate) fn spawn(data_dir: &Path) -> Self {
        let child = Command::new(std::env::current_exe().expect("the test binary"))
            .args(["--exact", "hold_cluster", "--nocapture"])
            .env(SECOND_PROGRAM_DIR, data_dir)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the test binary runs");
        Self(child)
    }

    /// Starts a program and waits until its server runs; gives the process id of the server.
    pub(crate) fn serving(data_dir: &Path) -> (Self, i32) {
        let mut program = Self::spawn(data_dir);
        let output = program.0.stdout.take().expect("piped");
        let pid = BufReader::new(output)
            .lines()
            .map_while(Result::ok)
            .find_map(|line| line.split_once("serving ")?.1.trim().parse().ok())
            .expect("the program says the process id of its server");
        (program, pid)
    }

    pub(crate) fn pid(&self) -> i32 {
        self.0.id().cast_signed()
    }

    /// SIGKILL, and waits for the end.
    pub(crate) fn kill(&mut self) {
        self.0.kill().expect("the program is killed");
        self.0.wait().expect("the program ends");
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Body of the second program: runs a cluster until it is killed. Nothing when run as an ordinary test.
pub(crate) async fn hold() {
    let Some(data_dir) = std::env::var_os(SECOND_PROGRAM_DIR) else { return };
    let cluster = start(Path::new(&data_dir)).await;
    let line = format!("\nserving {}\n", cluster.server_pid());
    std::io::Write::write_all(&mut std::io::stdout(), line.as_bytes()).expect("standard output");
    std::future::pending::<()>().await;
}

pub(crate) fn signal(pid: i32, signal: Signal) {
    kill_process(Pid::from_raw(pid).expect("a process id"), signal).expect("the signal is delivered");
}

/// The process exists and is no zombie.
pub(crate) fn is_running(pid: i32) -> bool {
    let exists = Pid::from_raw(pid).is_some_and(|pid| test_kill_process(pid).is_ok());
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    exists && !stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('Z'))
}

pub(crate) async fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !condition() {
        assert!(begin.elapsed() < Duration::from_secs(30), "{what} did not happen");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// One line of `/proc/<pid>/status`, without its label.
pub(crate) fn status_line(pid: u32, label: &str) -> String {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("the process runs");
    let line = status.lines().find_map(|line| line.strip_prefix(label)).expect("the line exists");
    line.trim().to_owned()
}
