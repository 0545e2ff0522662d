//! Bearer tokens of an identity provider (OpenID Connect): signed by a trusted provider, for this registry, valid now, with claims that name a role and centers.

mod config;
mod keys;
mod signature;

use config::Checked;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Validation, decode, decode_header};
use keys::{KeyFault, Keys};
use registry::Database;
use registry::identity::{self, Identity};
use registry::principal::{Principal, Role};
use registry::token_scope::TokenScope;
use serde_json::Value;
use std::collections::HashSet;
use std::path::Path;
use std::sync::Mutex;
use uuid::Uuid;

/// Longest token that is looked at.
const MOST_BYTES: usize = 16 << 10;

/// One trusted provider.
pub struct Oidc {
    checked: Checked,
    keys: Keys,
    /// Actors that the log knows.
    noted: Mutex<HashSet<Uuid>>,
}

/// Why a token lets nobody in.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// The token is not valid.
    Invalid(String),
    /// The token is valid, but says nothing that could be done here.
    Nobody(String),
    /// The provider's keys cannot be had.
    Unavailable,
    /// The database failed.
    Registry(registry::Error),
}

impl From<registry::Error> for Refusal {
    fn from(error: registry::Error) -> Self {
        Self::Registry(error)
    }
}

impl Oidc {
    /// Reads the configuration.
    pub fn from_file(path: &Path) -> Result<Self, String> {
        signature::install();
        let checked = config::read(path).map_err(|e| e.to_string())?;
        let keys = Keys::new(&checked.config).map_err(|e| format!("{}: {e}", path.display()))?;
        Ok(Self { checked, keys, noted: Mutex::new(HashSet::new()) })
    }

    /// The principal of a token.
    pub(crate) async fn authenticate(
        &self,
        database: &Database,
        request_id: Uuid,
        token: &str,
    ) -> Result<Principal, Refusal> {
        let claims = self.verified(token).await?;
        let principal = self.principal(&claims)?;
        let identity = Identity {
            issuer: self.checked.config.issuer.clone(),
            subject: text(&claims, "/sub").unwrap_or_default().to_owned(),
            label: principal.label.clone(),
        };
        let principal = Principal { token_id: identity.actor(), ..principal };
        if let Some(unknown) = identity::unknown_center(database, &principal.centers).await? {
            return Err(Refusal::Nobody(format!(
                "The token names {unknown}, which is no center of this registry."
            )));
        }
        let known = self.noted.lock().is_ok_and(|noted| noted.contains(&principal.token_id));
        if !known {
            identity::note(database, request_id, &identity).await?;
            if let Ok(mut noted) = self.noted.lock() {
                noted.insert(principal.token_id);
            }
        }
        Ok(principal)
    }

    /// The claims of a token whose signature, issuer, audience and times hold.
    async fn verified(&self, token: &str) -> Result<Value, Refusal> {
        let invalid = |what: &str| Refusal::Invalid(what.to_owned());
        if token.len() > MOST_BYTES {
            return Err(invalid("The token is too long."));
        }
        let header = decode_header(token).map_err(|_| invalid("The token cannot be read."))?;
        if !self.checked.algorithms.contains(&header.alg) {
            return Err(invalid("The token is signed with an algorithm that is not accepted here."));
        }
        if header.crit.is_some() {
            return Err(invalid("The token demands an extension that is not known here."));
        }
        let kind = header
            .typ
            .as_deref()
            .map(|t| t.to_ascii_lowercase().trim_start_matches("application/").to_owned());
        if !matches!(kind.as_deref(), None | Some("jwt" | "at+jwt")) {
            return Err(invalid("The token is not an access token."));
        }
        let key = self.keys.find(header.kid.as_deref(), header.alg).await.map_err(|fault| match fault {
            KeyFault::Unknown => {
                invalid("The token is signed with a key that the identity provider does not have.")
            }
            KeyFault::Unavailable(_) => Refusal::Unavailable,
        })?;
        let mut validation = Validation::new(header.alg);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.set_issuer(std::slice::from_ref(&self.checked.config.issuer));
        validation.set_audience(self.checked.config.audience.all());
        validation.validate_nbf = true;
        validation.leeway = self.checked.config.leeway_seconds;
        let decoded = decode::<Value>(token, &key, &validation).map_err(|error| {
            invalid(match error.kind() {
                ErrorKind::ExpiredSignature => "The token has expired.",
                ErrorKind::ImmatureSignature => "The token is not valid yet.",
                ErrorKind::InvalidAudience => "The token is not for this registry.",
                ErrorKind::InvalidIssuer => "The token comes from another identity provider.",
                ErrorKind::MissingRequiredClaim(_) | ErrorKind::InvalidClaimFormat(_) => {
                    "The token lacks one of exp, iss, aud and sub, or it cannot be read."
                }
                _ => "The token's signature does not hold.",
            })
        })?;
        Ok(decoded.claims)
    }

    /// What the claims permit.
    fn principal(&self, claims: &Value) -> Result<Principal, Refusal> {
        let at = &self.checked.config.claims;
        let nobody = |what: String| Refusal::Nobody(what);
        let named = texts(claims, &at.role).into_iter().filter_map(|value| self.checked.roles.get(value));
        let mut roles: Vec<Role> = Vec::new();
        for role in named {
            if !roles.contains(role) {
                roles.push(*role);
            }
        }
        let role = match roles.as_slice() {
            [role] => *role,
            [] => return Err(nobody("The token carries no role of this registry.".to_owned())),
            _ => {
                return Err(nobody(
                    "The token carries several roles of this registry; expected one.".to_owned(),
                ));
            }
        };
        let list = |pointer: &str| texts(claims, pointer).iter().map(|t| (*t).to_owned()).collect::<Vec<_>>();
        let bound = role.of_one_center() || role == Role::Monitor;
        let centers = if bound { list(&at.centers) } else { Vec::new() };
        // What separates the centers of a scope must not come from outside.
        if centers.iter().any(|c| !plain(c)) {
            return Err(nobody("The token names something that is no center.".to_owned()));
        }
        if (role.of_one_center() && centers.len() != 1) || (role == Role::Monitor && centers.is_empty()) {
            let expected = if role == Role::Monitor { "at least one center" } else { "exactly one center" };
            return Err(nobody(format!("The token of a {} names {expected}.", role.code())));
        }
        let products = if role == Role::Sponsor { list(&at.products) } else { Vec::new() };
        if role == Role::Sponsor && products.is_empty() {
            return Err(nobody("The token of a sponsor names at least one product.".to_owned()));
        }
        let scopes = self.scopes(claims)?;
        let subject = text(claims, "/sub").filter(|s| (1..=255).contains(&s.len()));
        let subject = subject.ok_or_else(|| Refusal::Invalid("The token names nobody.".to_owned()))?;
        let label = text(claims, &at.label).unwrap_or(subject).chars().filter(|c| !c.is_control()).take(200);
        let label: String = label.collect();
        let label = if label.is_empty() { "unnamed".to_owned() } else { label };
        Ok(Principal { token_id: Uuid::nil(), label, role, centers, products, scopes })
    }

    /// Scopes, if they are configured: those known here limit the token; a token that has none of them may nothing.
    fn scopes(&self, claims: &Value) -> Result<Vec<TokenScope>, Refusal> {
        let Some(pointer) = &self.checked.config.claims.scopes else { return Ok(Vec::new()) };
        let given = texts(claims, pointer);
        let scopes: Vec<TokenScope> =
            given.iter().flat_map(|t| t.split(' ')).filter_map(|s| s.parse().ok()).collect();
        if scopes.is_empty() {
            return Err(Refusal::Nobody(format!(
                "The token has no scope of this registry; expected {}.",
                TokenScope::ACCEPTED
            )));
        }
        Ok(scopes)
    }
}

fn text<'a>(claims: &'a Value, pointer: &str) -> Option<&'a str> {
    claims.pointer(pointer).and_then(Value::as_str)
}

/// One text or several.
fn texts<'a>(claims: &'a Value, pointer: &str) -> Vec<&'a str> {
    match claims.pointer(pointer) {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

fn plain(center: &str) -> bool {
    !center.is_empty()
        && center.len() <= 64
        && center.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | ' '))
}
