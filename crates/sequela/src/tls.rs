//! HTTPS: connections wrapped in TLS, with a certificate that may change while the server runs.

use crate::failure::Failure;
use axum::serve::Listener;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};
use std::time::{Duration, SystemTime};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::server::TlsStream;

/// A client that does not finish its handshake holds a place no longer than this.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// Handshakes under way at a time.
const HANDSHAKES: usize = 256;

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// A certificate and its key, as last read from their files.
#[derive(Debug)]
pub(crate) struct Certificate {
    chain: PathBuf,
    key: PathBuf,
    current: RwLock<Arc<CertifiedKey>>,
}

impl Certificate {
    /// Reads the files.
    pub(crate) fn load(chain: &Path, key: &Path) -> Result<Self, Failure> {
        let current = RwLock::new(Arc::new(read(chain, key).map_err(Failure::input)?));
        Ok(Self { chain: chain.to_owned(), key: key.to_owned(), current })
    }

    fn changed(&self) -> Option<(SystemTime, SystemTime)> {
        let at = |path: &Path| std::fs::metadata(path).and_then(|m| m.modified()).ok();
        Some((at(&self.chain)?, at(&self.key)?))
    }

    /// Takes up new files as they come; keeps what it has when they cannot be used, for one may be there before the other.
    async fn follow(self: Arc<Self>) {
        let mut used = self.changed();
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            let now = self.changed();
            if now == used {
                continue;
            }
            match read(&self.chain, &self.key) {
                Ok(fresh) => {
                    if let Ok(mut current) = self.current.write() {
                        *current = Arc::new(fresh);
                    }
                    used = now;
                    tracing::info!("a new certificate is in use");
                }
                Err(error) => {
                    tracing::warn!(error, "the changed certificate cannot be used; the one before is kept")
                }
            }
        }
    }
}

fn read(chain: &Path, key: &Path) -> Result<CertifiedKey, String> {
    let refuse = |path: &Path, what: &dyn std::fmt::Display| format!("{}: {what}", path.display());
    let certificates: Vec<CertificateDer<'static>> =
        CertificateDer::pem_file_iter(chain).and_then(Iterator::collect).map_err(|e| refuse(chain, &e))?;
    if certificates.is_empty() {
        return Err(refuse(chain, &"no certificate in PEM"));
    }
    let private = PrivateKeyDer::from_pem_file(key).map_err(|e| refuse(key, &e))?;
    CertifiedKey::from_der(certificates, private, &default_provider())
        .map_err(|e| format!("{} with {}: {e}", chain.display(), key.display()))
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.current.read().ok().map(|current| Arc::clone(&current))
    }
}

/// Hands over connections whose handshake is done.
pub(crate) struct TlsListener {
    address: SocketAddr,
    ready: mpsc::Receiver<(TlsStream<TcpStream>, SocketAddr)>,
    tasks: [JoinHandle<()>; 2],
}

impl TlsListener {
    pub(crate) fn over(listener: TcpListener, certificate: Certificate) -> Result<Self, Failure> {
        let address = listener.local_addr().map_err(Failure::internal)?;
        let certificate = Arc::new(certificate);
        let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(Failure::internal)?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&certificate) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let (sender, ready) = mpsc::channel(64);
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let tasks = [tokio::spawn(accept(listener, acceptor, sender)), tokio::spawn(certificate.follow())];
        Ok(Self { address, ready, tasks })
    }
}

/// Handshakes run beside each other, so that a slow client holds up nobody.
async fn accept(
    mut listener: TcpListener,
    acceptor: TlsAcceptor,
    sender: mpsc::Sender<(TlsStream<TcpStream>, SocketAddr)>,
) {
    let places = Arc::new(Semaphore::new(HANDSHAKES));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let (stream, from) = Listener::accept(&mut listener).await;
        let (acceptor, sender) = (acceptor.clone(), sender.clone());
        tokio::spawn(async move {
            let _ = stream.set_nodelay(true);
            match tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await {
                // Nobody receives any more when the server stops.
                Ok(Ok(stream)) => drop(sender.send((stream, from)).await),
                Ok(Err(error)) => tracing::debug!(%error, "no TLS"),
                Err(_) => tracing::debug!("the TLS handshake took too long"),
            }
            drop(place);
        });
    }
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.ready.recv().await {
            Some(connection) => connection,
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }
}

impl Drop for TlsListener {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}
