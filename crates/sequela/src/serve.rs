//! `sequela serve`: the server, its sealer and an orderly end.

use crate::cli::{Cli, LogFormat, ServeArguments, Storage};
use crate::failure::Failure;
use crate::instance::Instance;
use metrics_exporter_prometheus::PrometheusBuilder;
use registry::audit::seal;
use registry::scope::Author;
use registry::submission::Runner;
use server::App;
use std::io::IsTerminal;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use uuid::Uuid;

/// How often committed entries are sealed.
const SEAL_EVERY: Duration = Duration::from_secs(2);

/// How often the private database server is looked after.
const CHECK_EVERY: Duration = Duration::from_secs(1);

/// Sends the log to standard error.
pub(crate) fn log_to_stderr(cli: &Cli) -> Result<(), Failure> {
    // A server without its request lines is of no use to whoever runs it.
    let directives = if matches!(cli.command, crate::cli::Command::Serve(_)) && cli.log == "warn" {
        "info"
    } else {
        &cli.log
    };
    let filter = tracing_subscriber::EnvFilter::try_new(directives)
        .map_err(|error| Failure::input(format!("--log {directives}: {error}")))?;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    match cli.log_format {
        LogFormat::Text => builder.init(),
        LogFormat::Json => builder.json().flatten_event(true).init(),
    }
    Ok(())
}

/// How large submissions may be, and how much of one is written at a time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SubmissionLimits {
    pub(crate) bytes: usize,
    pub(crate) part_bytes: u64,
}

impl Default for SubmissionLimits {
    fn default() -> Self {
        Self { bytes: 256 << 20, part_bytes: 8 << 20 }
    }
}

impl ServeArguments {
    fn limits(&self) -> SubmissionLimits {
        SubmissionLimits {
            bytes: self.submission_mib << 20,
            part_bytes: self.submission_part_kib.max(1) << 10,
        }
    }
}

/// A running server.
pub(crate) struct Running {
    pub(crate) app: Arc<App>,
    pub(crate) address: SocketAddr,
    stop: watch::Sender<bool>,
    seal_last: watch::Sender<bool>,
    serving: JoinHandle<std::io::Result<()>>,
    sealing: JoinHandle<()>,
    writing: JoinHandle<()>,
}

impl Running {
    /// Starts serving.
    pub(crate) async fn start(
        instance: &Instance,
        listen: SocketAddr,
        limits: SubmissionLimits,
    ) -> Result<Self, Failure> {
        let metrics = PrometheusBuilder::new().install_recorder().map_err(Failure::internal)?;
        let submissions = Arc::new(Runner::new(instance.database.clone(), instance.submissions.clone())?);
        let app = Arc::new(App {
            database: instance.database.clone(),
            sealing_key: instance.sealing_key.clone(),
            snapshots: instance.snapshots.clone(),
            submission_limit: limits.bytes,
            submission_part_bytes: limits.part_bytes,
            submissions,
            report_slots: tokio::sync::Semaphore::new(
                std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            ),
            metrics,
        });
        registry::reference_data::seed_products(&app.database, system()).await?;
        registry::erasure::resume(&app.database, &app.snapshots, system()).await?;
        let listener = TcpListener::bind(listen)
            .await
            .map_err(|e| Failure::input(format!("cannot listen on {listen}: {e}")))?;
        let address = listener.local_addr().map_err(Failure::internal)?;
        let (stop, stopped) = watch::channel(false);
        let (seal_last, sealed) = watch::channel(false);
        let router = server::router(Arc::clone(&app));
        let mut end = stopped;
        let serving = tokio::spawn(async move {
            axum::serve(listener, router)
                .with_graceful_shutdown(async move { drop(end.wait_for(|s| *s).await) })
                .await
        });
        let writing = tokio::spawn(Arc::clone(&app.submissions).run());
        let sealing = tokio::spawn(keep_sealing(Arc::clone(&app), sealed));
        Ok(Self { app, address, stop, seal_last, serving, sealing, writing })
    }

    /// Lets requests under way finish, and the parts of submissions being written; seals what they wrote and ends.
    pub(crate) async fn stop(self) -> Result<(), Failure> {
        // The receivers live as long as the tasks; nobody listening means that they have ended already.
        let _ = self.stop.send(true);
        self.serving.await.map_err(Failure::internal)?.map_err(Failure::internal)?;
        self.app.submissions.stop();
        self.writing.await.map_err(Failure::internal)?;
        let _ = self.seal_last.send(true);
        self.sealing.await.map_err(Failure::internal)
    }
}

async fn keep_sealing(app: Arc<App>, mut stopped: watch::Receiver<bool>) {
    loop {
        let last = tokio::select! {
            () = tokio::time::sleep(SEAL_EVERY) => false,
            _ = stopped.wait_for(|s| *s) => true,
        };
        match seal::seal(&app.database, &app.sealing_key).await {
            Ok(Some(block)) => tracing::info!(block = block.number, entries = block.entries, "sealed"),
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, "sealing failed; it is tried again"),
        }
        if last {
            return;
        }
    }
}

/// The author of what the program itself writes.
pub(crate) fn system() -> Author {
    Author { actor: Uuid::nil(), request_id: Uuid::now_v7() }
}

/// Waits for Ctrl-C or a request to terminate.
pub(crate) async fn asked_to_stop() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        if let Ok(mut terminate) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            tokio::select! { _ = interrupt => {}, _ = terminate.recv() => {} }
            return;
        }
    }
    drop(interrupt.await);
}

/// `sequela serve`.
pub(crate) async fn run(storage: Storage, arguments: ServeArguments) -> Result<ExitCode, Failure> {
    let mut instance = Instance::open(storage).await?;
    let running = Running::start(&instance, arguments.listen, arguments.limits()).await?;
    println!(
        "Sequela listens on http://{}  (documentation: http://{}/docs/)",
        running.address, running.address
    );
    let mut stop = std::pin::pin!(asked_to_stop());
    while tokio::time::timeout(CHECK_EVERY, &mut stop).await.is_err() {
        instance.revive_cluster().await;
    }
    tracing::info!("stopping");
    running.stop().await?;
    instance.close().await?;
    Ok(ExitCode::SUCCESS)
}
