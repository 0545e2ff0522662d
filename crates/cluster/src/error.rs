//! What can go wrong, in words for the person who has to mend it.

use std::io;
use std::path::{Path, PathBuf};

/// Failure to find, initialise, start, reach or stop the private cluster.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No directory with both `initdb` and `postgres` was found.
    #[error(
        "no PostgreSQL server binaries (initdb and postgres) found. Looked at:\n{}\n{hint}",
        list(searched)
    )]
    BinariesNotFound {
        /// Places in the order of the search, each with what was missing there.
        searched: Vec<String>,
        /// How to install them on this system.
        hint: String,
    },
    /// A file operation failed.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// The operation, as a verb phrase.
        action: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// The operating system's answer.
        source: io::Error,
    },
    /// A server binary could not be executed.
    #[error("cannot run {} as user {user}: {source}", program.display())]
    Run {
        /// The binary.
        program: PathBuf,
        /// The user it was to run as.
        user: String,
        /// The operating system's answer.
        source: io::Error,
    },
    /// The operating-system user asked for does not exist.
    #[error("the user {0:?} does not exist on this system; PostgreSQL needs an existing unprivileged user")]
    UnknownUser(String),
    /// Root started the program and there is no user to run the server as.
    #[error(
        "PostgreSQL refuses to run as root, and neither of the users postgres and nobody exists; \
         name an unprivileged user to run it as"
    )]
    NoUnprivilegedUser,
    /// The user asked for is root.
    #[error("PostgreSQL refuses to run as root; the user {0:?} has user id 0, name an unprivileged one")]
    RootUser(String),
    /// Only root can run the server as another user.
    #[error(
        "the server was asked to run as {requested:?}, but this program runs as {current} and only root may \
         change users; start it as {requested} or leave the user out"
    )]
    NotRoot {
        /// The user asked for.
        requested: String,
        /// The user of this process.
        current: String,
    },
    /// The existing cluster belongs to someone else.
    #[error(
        "the cluster {} belongs to {owner}, but the server would run as {user}; start it as its owner, or give \
         it away with: chown -R {user} {}", path.display(), path.display()
    )]
    WrongOwner {
        /// The cluster directory.
        path: PathBuf,
        /// Its owner.
        owner: String,
        /// The user that would run the server.
        user: String,
    },
    /// The user that runs the server cannot pass through a directory.
    #[error(
        "the server runs as {user}, who cannot enter {}; so it cannot use {}. Choose a directory outside, such as \
         {}, or let users through with: chmod o+x {}",
        directory.display(), wanted.display(), alternative.display(), directory.display()
    )]
    ClosedDirectory {
        /// The directory without search permission.
        directory: PathBuf,
        /// The user that runs the server.
        user: String,
        /// The path that lies behind it.
        wanted: PathBuf,
        /// A directory that would work.
        alternative: PathBuf,
    },
    /// Another program has the data directory.
    #[error(
        "the data directory {} is in use by {}; stop it, or choose another data directory",
        data_dir.display(), holder(*pid)
    )]
    Locked {
        /// The directory.
        data_dir: PathBuf,
        /// Process id of the holder, when it is known.
        pid: Option<i32>,
    },
    /// A server that this program cannot stop has the data directory.
    #[error(
        "{what} is using {} and was not stopped; stop it (pg_ctl stop -D {}) and start again",
        path.display(), path.display()
    )]
    InUse {
        /// The cluster directory.
        path: PathBuf,
        /// What uses it.
        what: String,
    },
    /// `initdb` failed.
    #[error("initdb could not create the cluster {}:\n{output}", path.display())]
    Initdb {
        /// The cluster directory that was to be created.
        path: PathBuf,
        /// What `initdb` printed.
        output: String,
    },
    /// The directory exists, is not empty, and is not a cluster.
    #[error(
        "{} is not empty and has no PG_VERSION, so it is not a PostgreSQL cluster; move it away or choose another \
         data directory", .0.display()
    )]
    NotACluster(PathBuf),
    /// The cluster was created by another major version.
    #[error(
        "the cluster {} was created by PostgreSQL {cluster}, but the binaries in {} are version {binaries}. Install \
         PostgreSQL {cluster} and point SEQUELA_PG_BIN at its binaries, or convert the cluster with pg_upgrade",
        path.display(), directory.display()
    )]
    VersionMismatch {
        /// The cluster directory.
        path: PathBuf,
        /// Major version in its `PG_VERSION`.
        cluster: String,
        /// Major version of the binaries.
        binaries: String,
        /// Directory of the binaries.
        directory: PathBuf,
    },
    /// A server setting is malformed, or is one that the cluster fixes itself.
    #[error("the server setting {name:?} cannot be used: {reason}")]
    Setting {
        /// Name as given.
        name: String,
        /// Why not.
        reason: &'static str,
    },
    /// The superuser name cannot be a role name.
    #[error("the superuser name {name:?} cannot be used: {reason}")]
    Superuser {
        /// Name as given.
        name: String,
        /// Why not.
        reason: &'static str,
    },
    /// The directory for the socket is not private.
    #[error("{} cannot hold the server's socket: {reason}; remove it and start again", path.display())]
    SocketDirectory {
        /// The directory.
        path: PathBuf,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The server ended by itself.
    #[error("the PostgreSQL server ended ({status}). End of {}:\n{tail}", log.display())]
    Died {
        /// Exit status in words.
        status: String,
        /// The log file.
        log: PathBuf,
        /// Its last lines since the start.
        tail: String,
    },
    /// The server runs but did not answer in time.
    #[error("the PostgreSQL server did not answer within {seconds} s. End of {}:\n{tail}", log.display())]
    NotReady {
        /// How long was waited.
        seconds: u64,
        /// The log file.
        log: PathBuf,
        /// Its last lines since the start.
        tail: String,
    },
    /// The server answered and refused the superuser.
    #[error("the PostgreSQL server refused the connection of {user:?}: {message}")]
    Refused {
        /// The role.
        user: String,
        /// The server's message.
        message: String,
    },
    /// Neither `XDG_DATA_HOME` nor `HOME` says where data belong.
    #[error(
        "no place for the data: neither XDG_DATA_HOME nor HOME is an absolute path; name a data directory"
    )]
    NoDataHome,
}

impl Error {
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { action, path, source }
    }
}

fn list(lines: &[String]) -> String {
    lines.iter().map(|line| format!("  - {line}")).collect::<Vec<_>>().join("\n")
}

fn holder(pid: Option<i32>) -> String {
    pid.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"))
}
