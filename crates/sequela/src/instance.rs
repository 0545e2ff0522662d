//! The database of this installation: its own private cluster, or an existing server.

use crate::cli::Storage;
use crate::failure::Failure;
use cluster::{Cluster, ClusterConfig};
use registry::audit::block::SealingKey;
use registry::{Database, DatabaseConfig};
use sqlx::postgres::PgConnectOptions;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::str::FromStr;

/// Everything a command needs that works on the data.
pub(crate) struct Instance {
    pub(crate) database: Database,
    pub(crate) sealing_key: SealingKey,
    pub(crate) snapshots: PathBuf,
    /// Where files of submissions are spread.
    pub(crate) submissions: PathBuf,
    cluster: Option<Cluster>,
    /// How to start the private cluster, when this process runs it.
    private: Option<ClusterConfig>,
}

impl Instance {
    /// Starts the private cluster if there is no database URL, migrates, opens the pools and reads the sealing key.
    ///
    /// Refuses when another process has the private cluster: it would go away with that process.
    pub(crate) async fn open(storage: Storage) -> Result<Self, Failure> {
        Self::with(storage, false).await
    }

    /// As [`open`](Self::open), but works beside a server that has the private cluster: for commands that end at once.
    pub(crate) async fn open_beside(storage: Storage) -> Result<Self, Failure> {
        Self::with(storage, true).await
    }

    async fn with(storage: Storage, beside: bool) -> Result<Self, Failure> {
        let data_dir = match &storage.data_dir {
            Some(directory) => directory.clone(),
            None => cluster::default_data_dir()?,
        };
        let private = private_cluster(&data_dir);
        let (config, cluster) = connect(&storage, &private, beside).await?;
        let private = cluster.is_some().then_some(private);
        let database = config.open().await?;
        std::fs::create_dir_all(&data_dir)
            .map_err(|e| Failure::internal(format!("{}: {e}", data_dir.display())))?;
        let sealing_key =
            SealingKey::load_or_create(&data_dir.join("sealing-key.pem")).map_err(Failure::internal)?;
        Ok(Self {
            database,
            sealing_key,
            snapshots: data_dir.join("snapshots"),
            submissions: data_dir.join("submissions"),
            cluster,
            private,
        })
    }

    /// Starts the private cluster again if its server has died; the pools then connect anew by themselves. Tries once.
    pub(crate) async fn revive_cluster(&mut self) {
        let Some(private) = &self.private else { return };
        if let Some(cluster) = &mut self.cluster {
            match cluster.check() {
                Ok(()) => return,
                Err(error) => tracing::error!(%error, "the database server has died; it is started again"),
            }
            // Its lock on the directory must be gone before another one can take it.
            self.cluster = None;
        }
        match Cluster::start(private.clone()).await {
            Ok(cluster) => self.cluster = Some(cluster),
            Err(error) => tracing::error!(%error, "the database server does not start; it is tried again"),
        }
    }

    /// Closes the pools and stops the private cluster.
    pub(crate) async fn close(self) -> Result<(), Failure> {
        self.database.close().await;
        match self.cluster {
            Some(cluster) => Ok(cluster.stop().await?),
            None => Ok(()),
        }
    }
}

fn private_cluster(data_dir: &Path) -> ClusterConfig {
    let setting = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let mut config = ClusterConfig::new(data_dir.join("postgres"));
    config.settings = vec![
        setting("shared_buffers", "256MB"),
        setting("max_wal_size", "2GB"),
        setting("max_connections", "60"),
        // Error messages quote values of rows; the log must not.
        setting("log_error_verbosity", "terse"),
        setting("log_min_error_statement", "panic"),
    ];
    config
}

async fn connect(
    storage: &Storage,
    private: &ClusterConfig,
    beside: bool,
) -> Result<(DatabaseConfig, Option<Cluster>), Failure> {
    if let Some(url) = &storage.database_url {
        let admin = PgConnectOptions::from_str(url)
            .map_err(|error| Failure::input(format!("DATABASE_URL: {error}")))?;
        let config = DatabaseConfig {
            admin,
            role_password: storage.database_role_password.clone(),
            max_connections: 16,
        };
        return Ok((config, None));
    }

    let (at, cluster) = match Cluster::start(private.clone()).await {
        Ok(cluster) => (cluster.connection_parameters(), Some(cluster)),
        // A server of this installation runs: its cluster serves this command as well.
        Err(locked @ cluster::Error::Locked { .. }) if beside => {
            match Cluster::of_another_program(&private.data_dir, &private.superuser) {
                Some(at) => (at, None),
                None => return Err(locked.into()),
            }
        }
        Err(error) => return Err(error.into()),
    };
    let admin = PgConnectOptions::new_without_pgpass()
        .socket(&at.socket_directory)
        .port(at.port)
        .username(&at.superuser)
        .database(&at.database);
    Ok((DatabaseConfig { admin, role_password: None, max_connections: 16 }, cluster))
}

/// `sequela migrate`.
pub(crate) async fn migrate(storage: Storage) -> Result<ExitCode, Failure> {
    let instance = Instance::open_beside(storage).await?;
    println!("The schema is up to date; generation {}.", instance.database.generation);
    instance.close().await?;
    Ok(ExitCode::SUCCESS)
}
