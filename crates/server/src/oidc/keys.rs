//! The provider's keys: fetched, kept for a while, and fetched again when a token names one that is not known.

use super::config::{OidcConfig, secure};
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, KeyOperations, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::Value;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// Keys change seldom, but a token with an unknown key must not become a way to make this server call another.
const RETRY: Duration = Duration::from_secs(30);
const TIMEOUT: Duration = Duration::from_secs(10);
const MOST_BYTES: u64 = 256 << 10;

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub(super) enum KeyFault {
    /// The provider has no such key.
    #[error("the provider has no key of this name for this algorithm")]
    Unknown,
    /// The keys cannot be had.
    #[error("{0}")]
    Unavailable(String),
}

#[derive(Debug, Clone)]
enum Source {
    File(PathBuf),
    Uri(String),
    Discovery(String),
}

#[derive(Debug, Default)]
struct Kept {
    keys: Arc<Vec<Jwk>>,
    fetched: Option<Instant>,
    tried: Option<Instant>,
    fault: String,
}

/// The keys of one provider.
pub(super) struct Keys {
    source: Source,
    issuer: String,
    agent: ureq::Agent,
    cache: Duration,
    stale: Duration,
    kept: Mutex<Kept>,
}

impl Keys {
    pub(super) fn new(config: &OidcConfig) -> Result<Self, String> {
        let source = match (&config.jwks_file, &config.jwks_uri) {
            (Some(file), _) => Source::File(file.clone()),
            (None, Some(uri)) => Source::Uri(uri.clone()),
            (None, None) => Source::Discovery(format!(
                "{}/.well-known/openid-configuration",
                config.issuer.trim_end_matches('/')
            )),
        };
        let mut agent = ureq::Agent::config_builder().timeout_global(Some(TIMEOUT)).max_redirects(0);
        if let Some(file) = &config.ca_file {
            agent = agent.tls_config(ureq::tls::TlsConfig::builder().root_certs(authorities(file)?).build());
        }
        let keys = Self {
            source,
            issuer: config.issuer.clone(),
            agent: agent.build().into(),
            cache: Duration::from_secs(config.cache_seconds),
            stale: Duration::from_secs(config.max_stale_seconds),
            kept: Mutex::new(Kept::default()),
        };
        // A file is there at the start or never.
        if let Source::File(_) = keys.source {
            fetch(&keys.source, &keys.agent, &keys.issuer)?;
        }
        Ok(keys)
    }

    /// The key that a token names.
    pub(super) async fn find(&self, id: Option<&str>, algorithm: Algorithm) -> Result<DecodingKey, KeyFault> {
        let mut kept = self.kept.lock().await;
        let age = |at: Option<Instant>| at.map_or(Duration::MAX, |at| at.elapsed());
        let retry = self.cache.min(RETRY);
        let mut found = choose(&kept.keys, id, algorithm);
        let old = age(kept.fetched) >= self.cache;
        if (found.is_none() || old) && age(kept.tried) >= retry {
            let (source, agent, issuer) = (self.source.clone(), self.agent.clone(), self.issuer.clone());
            kept.tried = Some(Instant::now());
            // The lock is held meanwhile, so that a hundred requests fetch once.
            let fetched = tokio::task::spawn_blocking(move || fetch(&source, &agent, &issuer)).await;
            match fetched.map_err(|e| e.to_string()).and_then(|keys| keys) {
                Ok(keys) => {
                    kept.keys = Arc::new(keys);
                    kept.fetched = kept.tried;
                    found = choose(&kept.keys, id, algorithm);
                }
                Err(fault) => {
                    tracing::warn!(fault, "the keys of the identity provider cannot be fetched");
                    kept.fault = fault;
                }
            }
        }
        if age(kept.fetched) >= self.stale.max(self.cache + retry) {
            return Err(KeyFault::Unavailable(kept.fault.clone()));
        }
        found.ok_or(KeyFault::Unknown)
    }
}

fn authorities(file: &PathBuf) -> Result<ureq::tls::RootCerts, String> {
    let refuse = |what: &dyn std::fmt::Display| format!("ca_file {}: {what}", file.display());
    let pem = std::fs::read(file).map_err(|e| refuse(&e))?;
    let certificates = ureq::tls::parse_pem(&pem)
        .filter_map(|item| match item {
            Ok(ureq::tls::PemItem::Certificate(certificate)) => Some(Ok(certificate)),
            Ok(_) => None,
            Err(error) => Some(Err(refuse(&error))),
        })
        .collect::<Result<Vec<_>, _>>()?;
    if certificates.is_empty() {
        return Err(refuse(&"no certificate in PEM"));
    }
    Ok(ureq::tls::RootCerts::from(certificates))
}

/// What discovery tells (OpenID Connect Discovery 1.0, section 3).
#[derive(Deserialize)]
struct Provider {
    issuer: String,
    jwks_uri: String,
}

/// A set of keys (RFC 7517, section 5).
#[derive(Deserialize)]
struct Set {
    keys: Vec<Value>,
}

fn fetch(source: &Source, agent: &ureq::Agent, issuer: &str) -> Result<Vec<Jwk>, String> {
    let text = match source {
        Source::File(path) => {
            std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?
        }
        Source::Uri(uri) => get(agent, uri)?,
        Source::Discovery(uri) => {
            let provider: Provider =
                serde_json::from_str(&get(agent, uri)?).map_err(|e| format!("{uri}: {e}"))?;
            if provider.issuer != issuer {
                return Err(format!("{uri} is that of the issuer {}", provider.issuer));
            }
            secure(&provider.jwks_uri)?;
            get(agent, &provider.jwks_uri)?
        }
    };
    let set: Set = serde_json::from_str(&text).map_err(|e| format!("this is no set of keys: {e}"))?;
    // A key of a kind that is not known here must not hide the others.
    let keys: Vec<Jwk> = set.keys.into_iter().filter_map(|key| serde_json::from_value(key).ok()).collect();
    if keys.is_empty() { Err("the set has no key".to_owned()) } else { Ok(keys) }
}

fn get(agent: &ureq::Agent, uri: &str) -> Result<String, String> {
    let mut answer = agent.get(uri).call().map_err(|e| format!("{uri}: {e}"))?;
    answer.body_mut().with_config().limit(MOST_BYTES).read_to_string().map_err(|e| format!("{uri}: {e}"))
}

/// The key with this id that may verify signatures of this algorithm; without an id, the only one that may.
fn choose(keys: &[Jwk], id: Option<&str>, algorithm: Algorithm) -> Option<DecodingKey> {
    let fits = |key: &&Jwk| {
        let kind = match key.algorithm {
            AlgorithmParameters::RSA(_) => jsonwebtoken::AlgorithmFamily::Rsa,
            AlgorithmParameters::EllipticCurve(_) => jsonwebtoken::AlgorithmFamily::Ec,
            AlgorithmParameters::OctetKeyPair(_) => jsonwebtoken::AlgorithmFamily::Ed,
            _ => return false,
        };
        let common = &key.common;
        let for_signatures = common.public_key_use.as_ref().is_none_or(|u| *u == PublicKeyUse::Signature);
        let verifies = common.key_operations.as_ref().is_none_or(|o| o.contains(&KeyOperations::Verify));
        let named = common.key_algorithm.is_none_or(|a| a.to_string() == format!("{algorithm:?}"));
        kind == algorithm.family() && for_signatures && verifies && named
    };
    let mut candidates =
        keys.iter().filter(fits).filter(|key| id.is_none() || key.common.key_id.as_deref() == id);
    let key = candidates.next()?;
    if candidates.next().is_some() {
        return None;
    }
    DecodingKey::from_jwk(key).ok()
}
