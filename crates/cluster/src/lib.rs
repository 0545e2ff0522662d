//! A private `PostgreSQL` cluster owned by this program.
//!
//! [`Cluster::start`] finds the server binaries of the system, runs `initdb` once, starts `postgres` on a Unix
//! socket only, waits until it answers, and stops it when the [`Cluster`] is stopped or dropped. The data stay
//! between runs.
//!
//! # On disk
//! ```text
//! <data_dir>/             made 0700, or 0711 when the server runs as another user than the program
//!   cluster.lock          flock held while a program uses the directory; holds its process id
//!   postgres.log          output of the server, opened by the program
//!   pgdata/        0700   the cluster, owned by the user that runs the server
//!   pgdata.new-*   0700   an initdb under way, renamed to pgdata when complete
//!   socket/        0700   the Unix socket, owned by the user that runs the server
//! ```
//! When the socket path would not fit into `sockaddr_un`, the socket lives in a private 0700 directory under
//! `$XDG_RUNTIME_DIR` or `/tmp` instead.
//!
//! # Who may connect
//! `PostgreSQL` refuses to run as root, so a program started by root runs the server as an unprivileged user while it
//! connects as root itself; peer authentication would then need a name map for each role. The scheme is instead:
//! no TCP at all (`listen_addresses=''`, host lines of `pg_hba.conf` reject), the socket directory and the socket
//! are 0700 and owned by the user that runs the server, and the directory is checked at every start. Only that user
//! and root can reach the socket; both could read the data files anyway. Within this boundary `local` is `trust`.
//!
//! # After a kill
//! SIGKILL to the program leaves the server running. The next start finds it by its working directory (all server
//! processes work inside `pgdata`; where this cannot be seen, by command line and `cluster_name`), stops it cleanly and starts a new one, so that settings, log and
//! parent process are always those of the running program; a server is never adopted and never started beside
//! another one. Backends that outlive a killed postmaster are given a moment to notice and are then stopped.
//! `postmaster.pid` is left to the server, which checks the shared memory behind it, except when the process id in
//! it provably belongs to an unrelated process.

mod account;
mod binaries;
mod data_directory;
mod environment;
mod error;
mod initialize;
mod lock;
mod log;
mod probe;
mod processes;
mod recovery;
mod server;
mod settings;
mod socket;

pub use binaries::{Binaries, Version};
pub use data_directory::{default_data_dir, default_data_dir_with};
pub use error::Error;
pub use server::{Cluster, ClusterConfig, ConnectionParameters};
