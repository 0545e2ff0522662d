//! `sequela serve`: the server, its sealer and an orderly end.

use crate::cli::{Cli, Front, LogFormat, ServeArguments, Storage};
use crate::failure::Failure;
use crate::instance::Instance;
use crate::tls::{self, TlsListener};
use axum::serve::ListenerExt;
use metrics_exporter_prometheus::PrometheusBuilder;
use registry::audit::seal;
use registry::scope::Author;
use registry::submission::Runner;
use server::{App, Oidc, RateLimit};
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
        front: &Front,
    ) -> Result<Self, Failure> {
        let certificate = match (&front.tls_cert, &front.tls_key) {
            (Some(chain), Some(key)) => Some(tls::Certificate::load(chain, key)?),
            _ => None,
        };
        let oidc = front.oidc.as_deref().map(Oidc::from_file).transpose().map_err(Failure::input)?;
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
            oidc,
            rate_limit: RateLimit::per_minute(front.rate_limit),
            proxies: front.trusted_proxies.clone(),
            tls: certificate.is_some(),
            metrics,
        });
        registry::reference_data::seed_products(&app.database, system()).await?;
        registry::erasure::resume(&app.database, &app.snapshots, system()).await?;
        let listener = TcpListener::bind(listen)
            .await
            .map_err(|e| Failure::input(format!("cannot listen on {listen}: {e}")))?;
        let address = listener.local_addr().map_err(Failure::internal)?;
        let (stop, stopped) = watch::channel(false);
        if !address.ip().is_loopback() && certificate.is_none() && front.trusted_proxies.is_empty() {
            tracing::warn!(%address, "tokens and patient data travel unencrypted: give --tls-cert and --tls-key, or name the TLS proxy as --trusted-proxy");
        }
        let service = server::router(Arc::clone(&app)).into_make_service_with_connect_info::<SocketAddr>();
        let (seal_last, sealed) = watch::channel(false);
        let mut end = stopped;
        let end = async move { drop(end.wait_for(|s| *s).await) };
        let serving = match certificate {
            None => tokio::spawn(
                axum::serve(listener.tap_io(no_delay), service).with_graceful_shutdown(end).into_future(),
            ),
            Some(certificate) => {
                let listener = TlsListener::over(listener, certificate)?.tap_io(|_| {});
                tokio::spawn(axum::serve(listener, service).with_graceful_shutdown(end).into_future())
            }
        };
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

/// Answers are small and awaited.
fn no_delay(stream: &mut tokio::net::TcpStream) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY");
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
    let running = Running::start(&instance, arguments.listen, arguments.limits(), &arguments.front).await?;
    let scheme = if running.app.tls { "https" } else { "http" };
    println!(
        "Sequela listens on {scheme}://{}  (documentation: {scheme}://{}/docs/)",
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
