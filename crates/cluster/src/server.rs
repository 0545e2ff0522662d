//! The running server.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::account::{Account, Owner};
use crate::lock::Lock;
use crate::log::Log;
use crate::probe::{self, Answer};
use crate::recovery::{FAST_SHUTDOWN, IMMEDIATE};
use crate::socket::{PORT, SocketDirectory};
use crate::{Binaries, Error, data_directory, environment, initialize, recovery, settings};

const POLL: Duration = Duration::from_millis(10);
/// A server that says nothing at all for this long will not come up. One that says it is starting is waited for:
/// recovery from its write-ahead log takes as long as it takes.
const SILENCE: Duration = Duration::from_mins(1);
const REPORT: Duration = Duration::from_secs(10);
/// A drop blocks its thread, so it is less patient.
const FAST_SHUTDOWN_ON_DROP: Duration = Duration::from_secs(20);

/// What to start.
#[derive(Debug, Clone)]
pub struct ClusterConfig {
    /// Directory for the cluster, its socket, log and lock; created when missing. See [`crate::default_data_dir`].
    pub data_dir: PathBuf,
    /// Name of the bootstrap superuser; it is fixed when the cluster is created.
    pub superuser: String,
    /// Server settings as in `postgresql.conf`, over its contents. Those that decide who can connect are refused.
    /// `timezone` and `log_timezone` are `UTC` unless set here. Error messages of the server can quote values of a
    /// row, and its log keeps them: `log_error_verbosity=terse` and `log_min_error_statement=panic` leave most out.
    pub settings: Vec<(String, String)>,
    /// User that runs the server, when root starts the program. By default the owner of the existing cluster, else
    /// `postgres`, else `nobody` (which other services may share).
    pub user: Option<String>,
    /// Binaries to use. By default those of the existing cluster's version, else [`Binaries::find`].
    pub binaries: Option<Binaries>,
}

impl ClusterConfig {
    /// A cluster in `data_dir` with superuser `sequela_admin` and everything else by default.
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            superuser: "sequela_admin".to_owned(),
            settings: Vec::new(),
            user: None,
            binaries: None,
        }
    }
}

/// How to connect; no password is needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionParameters {
    /// Directory of the Unix socket: libpq's `host`.
    pub socket_directory: PathBuf,
    /// Number in the name of the socket: libpq's `port`. No TCP port is open.
    pub port: u16,
    /// The bootstrap superuser.
    pub superuser: String,
    /// A database that exists in every cluster.
    pub database: String,
}

/// A running private server. Dropping it stops the server and blocks meanwhile; [`Cluster::stop`] does not block and
/// tells of failures.
#[derive(Debug)]
pub struct Cluster {
    child: Child,
    log: Log,
    socket: SocketDirectory,
    superuser: String,
    binaries: Binaries,
    // Released last, when the server is gone.
    _lock: Lock,
}

impl Cluster {
    /// Creates the cluster if there is none, ends what a killed predecessor left running, starts the server and
    /// waits until it takes connections. Dropping the future stops whatever was started.
    pub async fn start(config: ClusterConfig) -> Result<Self, Error> {
        settings::check(&config.settings)?;
        settings::check_superuser(&config.superuser)?;
        let (data_dir, existing) = data_directory::resolve(&config.data_dir)?;
        let pgdata = data_dir.join("pgdata");
        let account = choose_account(&pgdata, config.user.as_deref())?;
        let binaries = match config.binaries {
            Some(binaries) => binaries,
            None => Binaries::find_for(initialize::existing_version(&pgdata)?.as_deref())?,
        };
        data_directory::check_reachable(&account, &binaries, &existing, &data_dir)?;
        data_directory::create(&data_dir, &account)?;
        let lock = Lock::take(&data_dir)?;
        initialize::ensure(&data_dir, &pgdata, &account, &binaries, &config.superuser).await?;
        let socket = SocketDirectory::prepare(&data_dir, &account, std::env::var_os("XDG_RUNTIME_DIR"))?;
        recovery::end_predecessor(&pgdata, &account, &socket).await?;

        let (log, output) = Log::open(&data_dir)?;
        let child = spawn(&pgdata, &account, &binaries, &socket, &config.settings, output)?;
        let mut cluster = Self { child, log, socket, superuser: config.superuser, binaries, _lock: lock };
        cluster.wait_until_ready().await?;
        tracing::info!(
            directory = %pgdata.display(),
            version = %cluster.binaries.version().full,
            user = %account.name,
            process = cluster.server_pid(),
            "the PostgreSQL server runs"
        );
        Ok(cluster)
    }

    /// How to connect to a server that another program started on `data_dir` and holds: the server says it in the file it
    /// locks its directory with. `None` when none has it.
    pub fn of_another_program(data_dir: &Path, superuser: &str) -> Option<ConnectionParameters> {
        let pid_file = std::fs::read_to_string(data_dir.join("pgdata/postmaster.pid")).ok()?;
        // Lines: process id, directory, start time, port, socket directory, ...
        let mut lines = pid_file.lines().skip(3);
        let port = lines.next()?.trim().parse().ok()?;
        let socket_directory = lines.next().map(str::trim).filter(|d| !d.is_empty()).map(PathBuf::from)?;
        Some(ConnectionParameters {
            socket_directory,
            port,
            superuser: superuser.to_owned(),
            database: "postgres".to_owned(),
        })
    }

    /// How to connect to the server.
    pub fn connection_parameters(&self) -> ConnectionParameters {
        ConnectionParameters {
            socket_directory: self.socket.path.clone(),
            port: PORT,
            superuser: self.superuser.clone(),
            database: "postgres".to_owned(),
        }
    }

    /// Command line with which a person can look into the cluster, as the server's user or root.
    pub fn psql_hint(&self) -> String {
        let psql = self.binaries.program("psql");
        let psql = if psql.exists() { quoted(&psql.to_string_lossy()) } else { "psql".to_owned() };
        let host = quoted(&self.socket.path.to_string_lossy());
        format!("{psql} -h {host} -p {PORT} -U {} postgres", quoted(&self.superuser))
    }

    /// The binaries in use.
    pub fn binaries(&self) -> &Binaries {
        &self.binaries
    }

    /// The server's log file.
    pub fn log_file(&self) -> &Path {
        &self.log.path
    }

    /// Process id of the server.
    pub fn server_pid(&self) -> u32 {
        self.child.id()
    }

    /// Fails with the end of the log when the server ended by itself.
    pub fn check(&mut self) -> Result<(), Error> {
        match self.child.try_wait() {
            Ok(Some(status)) => Err(self.died(status)),
            Ok(None) => Ok(()),
            Err(error) => Err(Error::io("watch the server of", &self.log.path)(error)),
        }
    }

    /// Stops the server: fast shutdown, which rolls open transactions back; after a minute immediate shutdown.
    /// Fails when the server had ended before.
    pub async fn stop(mut self) -> Result<(), Error> {
        self.check()?;
        let mut shutdown = Shutdown::new(FAST_SHUTDOWN);
        while shutdown.proceed(&mut self.child) {
            tokio::time::sleep(POLL).await;
        }
        tracing::info!("the PostgreSQL server has stopped");
        Ok(())
    }

    async fn wait_until_ready(&mut self) -> Result<(), Error> {
        let socket = self.socket.socket();
        let (mut heard, mut reported) = (Instant::now(), Instant::now());
        loop {
            self.check()?;
            match probe::ask(&socket, &self.superuser).await {
                Answer::Ready => return self.check(),
                Answer::Refused(message) => {
                    return Err(Error::Refused { user: self.superuser.clone(), message });
                }
                Answer::Starting => heard = Instant::now(),
                Answer::Silent if heard.elapsed() > SILENCE => {
                    return Err(Error::NotReady {
                        seconds: SILENCE.as_secs(),
                        log: self.log.path.clone(),
                        tail: self.log.tail(),
                    });
                }
                Answer::Silent => {}
            }
            if reported.elapsed() > REPORT {
                tracing::warn!(log = %self.log.path.display(), "the PostgreSQL server is still starting");
                reported = Instant::now();
            }
            tokio::time::sleep(POLL).await;
        }
    }

    fn died(&self, status: ExitStatus) -> Error {
        Error::Died { status: status.to_string(), log: self.log.path.clone(), tail: self.log.tail() }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let mut shutdown = Shutdown::new(FAST_SHUTDOWN_ON_DROP);
        while shutdown.proceed(&mut self.child) {
            std::thread::sleep(POLL);
        }
        self.socket.remove();
    }
}

/// The user for the server, given the owner of the cluster if it exists.
fn choose_account(pgdata: &Path, requested: Option<&str>) -> Result<Account, Error> {
    let owner = match fs::metadata(pgdata.join("PG_VERSION")).and_then(|_| fs::metadata(pgdata)) {
        Ok(meta) => Some(Owner { path: pgdata, uid: meta.uid(), gid: meta.gid() }),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(Error::io("read", pgdata)(error)),
    };
    Account::choose(requested, owner)
}

fn spawn(
    pgdata: &Path,
    account: &Account,
    binaries: &Binaries,
    socket: &SocketDirectory,
    settings: &[(String, String)],
    output: fs::File,
) -> Result<Child, Error> {
    let program = binaries.program("postgres");
    let errors = output.try_clone().map_err(Error::io("open the log of", pgdata))?;
    let mut command = Command::new(&program);
    command
        .args(settings::arguments(pgdata, &socket.path, PORT, settings))
        .env_clear()
        .envs(environment::for_server())
        // From the first moment the working directory tells whose server it is.
        .current_dir(pgdata)
        // The terminal sends its interrupts to the program alone, which stops the server when it is done with it.
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(output)
        .stderr(errors);
    if account.switched {
        // The standard library clears the supplementary groups when root sets a user id.
        command.uid(account.uid).gid(account.gid);
    }
    command.spawn().map_err(|source| Error::Run { program, user: account.name.clone(), source })
}

/// Ending the server with growing urgency.
struct Shutdown {
    begin: Instant,
    patience: Duration,
    sent: Option<Signal>,
}

impl Shutdown {
    fn new(patience: Duration) -> Self {
        Self { begin: Instant::now(), patience, sent: None }
    }

    /// Sends the signal that is due; false when the server has ended.
    fn proceed(&mut self, child: &mut Child) -> bool {
        if !matches!(child.try_wait(), Ok(None)) {
            return false;
        }
        let signal = match self.begin.elapsed() {
            elapsed if elapsed < self.patience => Signal::INT,
            elapsed if elapsed < self.patience + IMMEDIATE => Signal::QUIT,
            _ => Signal::KILL,
        };
        if self.sent != Some(signal) {
            if self.sent.is_some() {
                tracing::warn!(?signal, "the PostgreSQL server does not stop; insisting");
            }
            // The child was not waited for yet, so the id is still its own.
            if let Err(error) = kill_process(Pid::from_child(child), signal) {
                tracing::debug!(?signal, %error, "the signal was not delivered");
            }
            self.sent = Some(signal);
        }
        true
    }
}

/// One word for a shell.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_for_a_shell() {
        assert_eq!(quoted("/var/lib/sequela"), "/var/lib/sequela");
        assert_eq!(quoted("/with blank"), "'/with blank'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted(""), "''");
    }

    #[test]
    fn starting_can_be_spawned_on_any_thread() {
        fn sendable<T: Send>(_: &T) {}
        sendable(&Cluster::start(ClusterConfig::new("/nowhere")));
    }
}
