//! Installations of the real binary, each with a data directory of its own.

use super::guard::Guard;
use super::http::Client;
use super::wait_for;
use serde_json::{Value, json};
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// An installation: a data directory, and the server on it when it runs.
pub(crate) struct Instance {
    guard: Guard,
    directory: PathBuf,
    server: Option<Child>,
    pub(crate) url: String,
    admin: String,
    next_center: AtomicU32,
    /// KiB of a submission written at a time.
    pub(crate) part_kib: Option<u32>,
}

/// A center of an instance, with its submitter's client.
pub(crate) struct Center {
    pub(crate) id: String,
    pub(crate) submitter: Client,
}

/// The instance for tests that break nothing: one for the whole process, each test with centers of its own.
pub(crate) fn shared() -> &'static Instance {
    static SHARED: OnceLock<Instance> = OnceLock::new();
    SHARED.get_or_init(|| {
        let mut instance = Instance::new();
        instance.start();
        instance
    })
}

/// A migrated data directory with an administrator's token, from which the others are copied.
fn template() -> &'static (Instance, String) {
    static TEMPLATE: OnceLock<(Instance, String)> = OnceLock::new();
    TEMPLATE.get_or_init(|| {
        let instance = Instance::empty();
        let made =
            instance.command(&["token", "create", "--label", "first administrator", "--role", "admin"]);
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let secret = String::from_utf8(made.stdout).unwrap().trim().to_owned();
        (instance, secret)
    })
}

impl Instance {
    /// An installation without a data directory yet.
    pub(crate) fn empty() -> Self {
        let directory = tempfile::Builder::new().prefix("sequela-").tempdir().unwrap().keep();
        // The server's user, when root runs the tests, must be able to pass.
        fs::set_permissions(&directory, fs::Permissions::from_mode(0o711)).unwrap();
        let guard = Guard::of(&directory);
        let next_center = AtomicU32::new(1);
        Self {
            guard,
            directory,
            server: None,
            url: String::new(),
            admin: String::new(),
            next_center,
            part_kib: None,
        }
    }

    /// A migrated installation with an administrator's token; its server does not run yet.
    pub(crate) fn new() -> Self {
        let mut instance = Self::empty();
        instance.fill();
        instance
    }

    /// Fills the data directory, which may be a mounted file system.
    pub(crate) fn fill(&mut self) {
        let (template, admin) = template();
        self.admin.clone_from(admin);
        fs::create_dir_all(self.data_dir()).unwrap();
        fs::set_permissions(self.data_dir(), fs::Permissions::from_mode(0o711)).unwrap();
        let from = template.data_dir().join(".");
        assert!(Command::new("cp").arg("-a").arg(from).arg(self.data_dir()).status().unwrap().success());
    }

    pub(crate) fn data_dir(&self) -> PathBuf {
        self.directory.join("data")
    }

    fn program(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sequela"));
        for name in [
            "DATABASE_URL",
            "SEQUELA_LOG",
            "SEQUELA_LOG_FORMAT",
            "SEQUELA_LISTEN",
            "SEQUELA_SUBMISSION_MIB",
            "SEQUELA_SUBMISSION_PART_KIB",
        ] {
            command.env_remove(name);
        }
        command.env("SEQUELA_DATA_DIR", self.data_dir()).stdin(Stdio::null());
        command
    }

    /// Runs a command of the program to its end.
    pub(crate) fn command(&self, arguments: &[&str]) -> Output {
        self.program().args(arguments).output().unwrap()
    }

    /// Starts the server and waits until it listens.
    pub(crate) fn start(&mut self) {
        assert!(self.server.is_none(), "the server runs already");
        let log = File::options().create(true).append(true).open(self.log_file()).unwrap();
        let part = self.part_kib.map(|kib| format!("--submission-part-kib={kib}"));
        let mut server = self
            .program()
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(part)
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        self.guard.watch(Some(server.id()));
        let mut line = String::new();
        BufReader::new(server.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.split_whitespace().find(|word| word.starts_with("http://"));
        let url = url.unwrap_or_else(|| panic!("the server did not start:\n{}", self.log()));
        self.url = url.to_owned();
        self.server = Some(server);
    }

    fn log_file(&self) -> PathBuf {
        self.directory.join("serve.log")
    }

    /// Everything the servers of this instance have logged.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.log_file()).unwrap_or_default()
    }

    /// Process id of the server.
    pub(crate) fn pid(&self) -> u32 {
        self.server.as_ref().unwrap().id()
    }

    /// Process id of the PostgreSQL server.
    pub(crate) fn postmaster(&self) -> u32 {
        let file = self.data_dir().join("postgres/pgdata/postmaster.pid");
        wait_for("the process id of PostgreSQL", || {
            fs::read_to_string(&file).ok()?.lines().next()?.parse().ok()
        })
    }

    /// SIGKILL to the server, which leaves PostgreSQL running.
    pub(crate) fn kill(&mut self) {
        let mut server = self.server.take().unwrap();
        server.kill().unwrap();
        server.wait().unwrap();
        self.guard.watch(None);
    }

    /// SIGTERM to the server.
    pub(crate) fn ask_to_stop(&self) {
        signal(self.pid(), "TERM");
    }

    /// Waits for the server to end.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        let status = self.server.take().unwrap().wait().unwrap();
        self.guard.watch(None);
        status
    }

    /// Stops the server in order.
    pub(crate) fn stop(&mut self) -> ExitStatus {
        self.ask_to_stop();
        self.wait()
    }

    /// A caller without a token.
    pub(crate) fn anonymous(&self) -> Client {
        Client::new(&self.url, None)
    }

    /// The administrator.
    pub(crate) fn admin(&self) -> Client {
        Client::new(&self.url, Some(&self.admin))
    }

    /// A new token.
    pub(crate) fn token(&self, role: &str, centers: &[&str], products: &[&str]) -> String {
        let wanted = json!({ "label": format!("test {role}"), "role": role, "centers": centers, "products": products });
        let made = self.admin().post("/v1/tokens", &wanted).expect(201);
        made["token"].as_str().unwrap().to_owned()
    }

    /// A caller with a new token.
    pub(crate) fn caller(&self, role: &str, centers: &[&str]) -> Client {
        let products: &[&str] = if role == "sponsor" { &["axi-cel"] } else { &[] };
        Client::new(&self.url, Some(&self.token(role, centers, products)))
    }

    /// A new center with a submitter.
    pub(crate) fn center(&self) -> Center {
        let id = format!("T-{}", self.next_center.fetch_add(1, Ordering::Relaxed));
        let form = json!({ "center_id": id, "name": format!("Hospital {id}"), "joined_on": "2020-01-01" });
        self.admin().post("/v1/centers", &form).expect(201);
        let submitter = self.caller("submitter", &[&id]);
        Center { id, submitter }
    }

    /// What verification of the audit log over HTTP finds.
    pub(crate) fn verify(&self) -> Value {
        self.caller("auditor", &[]).post("/v1/audit/verification", &json!({})).expect(200)
    }

    /// Fails unless the audit log is intact.
    #[track_caller]
    pub(crate) fn assert_intact(&self) {
        let found = self.verify();
        assert_eq!(found["fault_count"], 0, "{found:#}");
    }
}

impl Center {
    /// The submitter's client against a server that was started again.
    pub(crate) fn at(&self, instance: &Instance) -> Client {
        Client::new(&instance.url, self.submitter.token.as_deref())
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        if let Some(mut server) = self.server.take() {
            let _ = server.kill();
            let _ = server.wait();
            self.guard.watch(None);
        }
        if std::thread::panicking() {
            let log = self.log();
            let tail: Vec<&str> = log.lines().filter(|l| !l.contains("answered")).rev().take(20).collect();
            let lines: Vec<&str> = tail.into_iter().rev().collect();
            tell(&format!("last lines of the server's log:\n{}", lines.join("\n")));
        }
    }
}

/// Sends a signal to a process.
pub(crate) fn signal(pid: u32, name: &str) {
    let sent = Command::new("kill").arg(format!("-{name}")).arg(pid.to_string()).status().unwrap();
    assert!(sent.success(), "kill -{name} {pid}");
}

/// True while the process is there and not merely waiting to be collected.
pub(crate) fn running(pid: u32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/status"))
        .is_ok_and(|status| !status.lines().any(|l| l.starts_with("State:") && l.contains('Z')))
}

/// Tells whoever runs the tests.
#[expect(clippy::print_stderr, reason = "a skipped test or the log of a failed one has to be seen")]
pub(crate) fn tell(text: &str) {
    eprintln!("{text}");
}
