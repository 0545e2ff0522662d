//! Which identity provider is trusted, and how its claims become a role and centers.

use jsonwebtoken::Algorithm;
use registry::principal::Role;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A configuration that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {what}")]
pub(super) struct ConfigError {
    path: String,
    what: String,
}

/// The identity provider as configured, in TOML.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OidcConfig {
    /// `iss` that every token must have.
    pub(super) issuer: String,
    /// `aud` of this registry; a token names at least one of them.
    pub(super) audience: OneOrMany,
    /// Where the provider's keys are; found by discovery when neither this nor `jwks_file` is given.
    pub(super) jwks_uri: Option<String>,
    /// The provider's keys in a file, for a server without a way out.
    pub(super) jwks_file: Option<PathBuf>,
    /// PEM certificates of a private authority that the provider's certificate comes from.
    pub(super) ca_file: Option<PathBuf>,
    /// Accepted algorithms.
    #[serde(default = "algorithms")]
    algorithms: Vec<String>,
    /// Tolerated difference of clocks.
    #[serde(default = "leeway")]
    pub(super) leeway_seconds: u64,
    /// How long keys are used before they are fetched again.
    #[serde(default = "cache")]
    pub(super) cache_seconds: u64,
    /// How long keys are used when they cannot be fetched again.
    #[serde(default = "stale")]
    pub(super) max_stale_seconds: u64,
    #[serde(default)]
    pub(super) claims: Claims,
    /// Value of the role claim → role.
    roles: BTreeMap<String, String>,
}

/// Where in a token things stand, as JSON Pointers.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Claims {
    pub(super) role: String,
    pub(super) centers: String,
    pub(super) products: String,
    pub(super) label: String,
    pub(super) scopes: Option<String>,
}

impl Default for Claims {
    fn default() -> Self {
        Self {
            role: "/roles".to_owned(),
            centers: "/centers".to_owned(),
            products: "/products".to_owned(),
            label: "/preferred_username".to_owned(),
            scopes: None,
        }
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl OneOrMany {
    pub(super) fn all(&self) -> &[String] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }
}

fn algorithms() -> Vec<String> {
    ["RS256", "PS256", "ES256", "EdDSA"].map(str::to_owned).to_vec()
}

fn leeway() -> u64 {
    60
}

fn cache() -> u64 {
    300
}

fn stale() -> u64 {
    3600
}

/// A configuration that has been checked.
#[derive(Debug, Clone)]
pub(super) struct Checked {
    pub(super) config: OidcConfig,
    pub(super) algorithms: Vec<Algorithm>,
    pub(super) roles: BTreeMap<String, Role>,
}

/// Reads and checks the configuration.
pub(super) fn read(path: &Path) -> Result<Checked, ConfigError> {
    let refuse = |what: String| ConfigError { path: path.display().to_string(), what };
    let text = std::fs::read_to_string(path).map_err(|e| refuse(e.to_string()))?;
    let config: OidcConfig = toml::from_str(&text).map_err(|e| refuse(e.to_string()))?;
    check(config).map_err(refuse)
}

fn check(config: OidcConfig) -> Result<Checked, String> {
    if config.issuer.is_empty() {
        return Err("issuer is empty".to_owned());
    }
    if config.audience.all().is_empty() || config.audience.all().iter().any(String::is_empty) {
        return Err("audience: expected the registry's name at the provider".to_owned());
    }
    if config.jwks_uri.is_some() && config.jwks_file.is_some() {
        return Err("jwks_uri and jwks_file: expected one of them".to_owned());
    }
    if config.jwks_file.is_none() {
        secure(config.jwks_uri.as_deref().unwrap_or(&config.issuer))?;
    }
    let pointers =
        [&config.claims.role, &config.claims.centers, &config.claims.products, &config.claims.label];
    if let Some(wrong) = pointers.into_iter().chain(&config.claims.scopes).find(|p| !p.starts_with('/')) {
        return Err(format!(
            "claims: `{wrong}` is no JSON Pointer; expected for example /realm_access/roles"
        ));
    }
    if config.leeway_seconds > 600 {
        return Err(format!("leeway_seconds is {}; accepted: 0 to 600", config.leeway_seconds));
    }
    if config.cache_seconds == 0 || config.max_stale_seconds < config.cache_seconds {
        return Err("expected cache_seconds from 1 and max_stale_seconds not below it".to_owned());
    }
    let algorithms = config.algorithms.iter().map(|name| algorithm(name)).collect::<Result<Vec<_>, _>>()?;
    if algorithms.is_empty() {
        return Err("algorithms is empty".to_owned());
    }
    let role = |(value, role): (&String, &String)| match Role::parse(role) {
        Some(role) => Ok((value.clone(), role)),
        None => Err(format!("roles: `{role}` is no role of the registry")),
    };
    let roles = config.roles.iter().map(role).collect::<Result<BTreeMap<_, _>, _>>()?;
    if roles.is_empty() {
        return Err("roles is empty: nobody could do anything".to_owned());
    }
    Ok(Checked { config, algorithms, roles })
}

/// A key that everybody knows must never be taken for a shared secret, so the symmetric algorithms are not on offer.
fn algorithm(name: &str) -> Result<Algorithm, String> {
    const ACCEPTED: [&str; 9] =
        ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"];
    let known = ACCEPTED.contains(&name).then(|| name.parse().ok()).flatten();
    known.ok_or_else(|| format!("algorithms: `{name}`; accepted: {}", ACCEPTED.join(", ")))
}

/// Keys fetched over an open line could be anybody's; only this machine itself needs no TLS.
pub(super) fn secure(uri: &str) -> Result<(), String> {
    if uri.starts_with("https://") {
        return Ok(());
    }
    let host = uri.strip_prefix("http://").and_then(|rest| rest.split('/').next()).unwrap_or_default();
    let host = host.strip_prefix('[').map_or_else(
        || host.split(':').next().unwrap_or_default(),
        |v6| v6.split(']').next().unwrap_or_default(),
    );
    let local = host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
    if local { Ok(()) } else { Err(format!("{uri}: expected an https:// address")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "issuer = 'https://id.example.org'\naudience = 'sequela'\n[roles]\nx = 'monitor'\n";

    fn fault(text: &str) -> String {
        toml::from_str::<OidcConfig>(text)
            .map_err(|e| e.to_string())
            .and_then(check)
            .map_or_else(|e| e, |_| String::new())
    }

    #[test]
    fn a_configuration_that_could_let_anybody_in_is_refused() {
        assert_eq!(fault(GOOD), "");
        for (text, said) in [
            (GOOD.replace("https://", "http://"), "https://"),
            (GOOD.replace("'https://id.example.org'", "''"), "issuer is empty"),
            (GOOD.replace("'sequela'", "[]"), "audience"),
            (GOOD.replace("'monitor'", "'root'"), "`root` is no role"),
            (format!("algorithms = ['HS256']\n{GOOD}"), "`HS256`"),
            (format!("algorithms = ['none']\n{GOOD}"), "`none`"),
            (format!("algorithms = []\n{GOOD}"), "algorithms is empty"),
            (format!("leeway_seconds = 601\n{GOOD}"), "leeway_seconds"),
            (format!("cache_seconds = 0\n{GOOD}"), "cache_seconds"),
            (format!("jwks_uri = 'http://10.0.0.1/keys'\n{GOOD}"), "https://"),
            (format!("jwks_uri = 'https://x'\njwks_file = 'y'\n{GOOD}"), "one of them"),
            (format!("client_secret = 'z'\n{GOOD}"), "unknown field"),
            (format!("{GOOD}[claims]\nrole = 'roles'\n"), "JSON Pointer"),
        ] {
            let told = fault(&text);
            assert!(told.contains(said), "{said}: {told}");
        }
        for local in ["http://localhost:8000/x", "http://127.0.0.1/keys", "http://[::1]:9/keys"] {
            assert_eq!(secure(local), Ok(()), "{local}");
        }
        for open in [
            "http://localhost.example.org/x",
            "http://127.0.0.1.example.org/",
            "ftp://localhost",
            "file:///etc/x",
        ] {
            assert!(secure(open).is_err(), "{open}");
        }
    }
}
