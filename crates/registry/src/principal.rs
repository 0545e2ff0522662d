//! Tokens, roles and what each may do.

use crate::audit::{Action, REGISTRY_SCOPE};
use crate::database::Database;
use crate::error::{Error, Result};
use crate::scope::{Author, Scoped};
use crate::token_scope::{TokenScope, within};
use crate::trail::{self, Written};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sqlx::Row;
use uuid::Uuid;

/// Roles of the access table in ARCHITECTURE.md. What is not granted there is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Enters the records of one center.
    Submitter,
    /// Leads one center.
    Lead,
    /// Reads the centers assigned.
    Monitor,
    /// Sees aggregates of all centers.
    Statistician,
    /// Is refused every report until disclosure control exists.
    Sponsor,
    /// Reads and verifies the audit log.
    Auditor,
    /// Keeps centers, products and tokens; sees no clinical row.
    Admin,
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 7] = [
        Self::Submitter,
        Self::Lead,
        Self::Monitor,
        Self::Statistician,
        Self::Sponsor,
        Self::Auditor,
        Self::Admin,
    ];

    /// As stored.
    pub fn code(self) -> &'static str {
        match self {
            Self::Submitter => "submitter",
            Self::Lead => "lead",
            Self::Monitor => "monitor",
            Self::Statistician => "statistician",
            Self::Sponsor => "sponsor",
            Self::Auditor => "auditor",
            Self::Admin => "admin",
        }
    }

    /// The role with this code.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|r| r.code() == text)
    }

    /// True for roles that are bound to one center.
    pub fn of_one_center(self) -> bool {
        matches!(self, Self::Submitter | Self::Lead)
    }
}

/// Whoever sends a request.
#[derive(Debug, Clone)]
pub struct Principal {
    /// The actor in the log: the token's id, or the id of an [`identity`](crate::identity).
    pub token_id: Uuid,
    /// Who it was given to.
    pub label: String,
    /// Role.
    pub role: Role,
    /// Centers: one for center roles, those assigned for monitors.
    pub centers: Vec<String>,
    /// Products of a sponsor.
    pub products: Vec<String>,
    /// Limits beside the role; none for no limit.
    pub scopes: Vec<TokenScope>,
}

impl Principal {
    /// The center a submitter or lead writes to.
    pub fn own_center(&self) -> Option<&str> {
        if self.role.of_one_center() { self.centers.first().map(String::as_str) } else { None }
    }

    /// The centers whose clinical rows may be read; empty for every role that may read none.
    pub fn readable_centers(&self) -> &[String] {
        match self.role {
            Role::Submitter | Role::Lead | Role::Monitor => &self.centers,
            _ => &[],
        }
    }
}

/// What a token is made for.
#[derive(Debug, Clone)]
pub struct TokenRequest {
    /// Who gets it.
    pub label: String,
    /// Role.
    pub role: Role,
    /// Centers of the role.
    pub centers: Vec<String>,
    /// Products of a sponsor.
    pub products: Vec<String>,
    /// Limits beside the role; none for no limit.
    pub scopes: Vec<TokenScope>,
    /// When it stops working.
    pub expires_at: Option<DateTime<Utc>>,
}

/// A token as listed; its secret is known to its holder alone.
#[derive(Debug, Clone, Serialize)]
pub struct TokenInfo {
    /// Id.
    pub token_id: Uuid,
    /// Who it was given to.
    pub label: String,
    /// Role.
    pub role: String,
    /// Centers.
    pub centers: Vec<String>,
    /// Products.
    pub products: Vec<String>,
    /// Limits beside the role; none for no limit.
    pub scopes: Vec<String>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it stops working.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
    /// When it was last used, to the minute; not part of the log.
    pub last_used_at: Option<DateTime<Utc>>,
}

/// How every token begins, so that scanners for leaked secrets can find it.
pub const PREFIX: &str = "seq_";

fn token_hash(secret: &str) -> Vec<u8> {
    Sha256::digest(secret.as_bytes()).to_vec()
}

/// Finds the principal of a token. Revoked, expired and unknown tokens are all nobody.
pub async fn authenticate(database: &Database, secret: &str) -> Result<Option<Principal>> {
    if !secret.starts_with(PREFIX) || secret.len() > 128 {
        return Ok(None);
    }
    let row = sqlx::query(
        "select token_id, label, role, centers, products, scopes, last_used_at < now() - interval '1 minute' is not false as unnoted
         from api_token where token_hash = $1 and revoked_at is null and (expires_at is null or expires_at > now())",
    )
    .bind(token_hash(secret))
    .fetch_optional(&database.app)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let role: String = row.try_get("role")?;
    let token_id: Uuid = row.try_get("token_id")?;
    let role = Role::parse(&role).ok_or_else(|| Error::Inconsistent {
        table: "api_token".to_owned(),
        record: token_id.to_string(),
        what: format!("role {role}"),
    })?;
    let scopes: Vec<String> = row.try_get("scopes")?;
    let scopes: Vec<TokenScope> =
        scopes.iter().map(|s| s.parse()).collect::<std::result::Result<_, ()>>().map_err(|()| {
            Error::Inconsistent {
                table: "api_token".to_owned(),
                record: token_id.to_string(),
                what: "a scope".to_owned(),
            }
        })?;
    if row.try_get("unnoted")? {
        // At most once a minute, so that reading does not become writing.
        sqlx::query("update api_token set last_used_at = now() where token_id = $1")
            .bind(token_id)
            .execute(&database.app)
            .await?;
    }
    Ok(Some(Principal {
        scopes,
        token_id,
        label: row.try_get("label")?,
        role,
        centers: row.try_get("centers")?,
        products: row.try_get("products")?,
    }))
}

/// Makes a token and returns its secret, which is not stored. `own` are the scopes of whoever makes it: it gets no more than those.
pub async fn create_token(
    database: &Database,
    author: Author,
    own: &[TokenScope],
    request: &TokenRequest,
) -> Result<(Uuid, String)> {
    if !within(&request.scopes, own) {
        return Err(Error::Refused("a token limited by scopes makes none that may more than itself"));
    }
    if request.role.of_one_center() != (request.centers.len() == 1) && request.role != Role::Monitor {
        return Err(Error::Refused(
            "a submitter or lead has exactly one center, other roles than monitor have none",
        ));
    }
    if request.role == Role::Monitor && request.centers.is_empty() {
        return Err(Error::Refused("a monitor needs at least one assigned center"));
    }
    if (request.role == Role::Sponsor) == request.products.is_empty() {
        return Err(Error::Refused("a sponsor needs at least one product, other roles have none"));
    }
    let label_length = request.label.chars().count();
    if !(1..=200).contains(&label_length) {
        return Err(Error::Refused("the label has 1 to 200 characters"));
    }
    let mut random = [0u8; 32];
    getrandom::fill(&mut random)
        .map_err(|_| Error::Refused("the system has no randomness to make a token from"))?;
    let secret = format!("{PREFIX}{}", crate::audit::hex(&random));
    let token_id = Uuid::now_v7();
    let mut scoped = Scoped::write(database, REGISTRY_SCOPE).await?;
    let known: i64 = sqlx::query_scalar("select count(*) from center where center_id = any ($1)")
        .bind(&request.centers)
        .fetch_one(&mut *scoped.tx)
        .await?;
    if usize::try_from(known).ok() != Some(request.centers.len()) {
        return Err(Error::Refused("a center of the token is not in the registry"));
    }
    let limits: Vec<String> = request.scopes.iter().map(TokenScope::to_string).collect();
    sqlx::query(
        "insert into api_token (token_id, token_hash, label, role, centers, products, created_at, expires_at, scopes)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(token_id)
    .bind(token_hash(&secret))
    .bind(&request.label)
    .bind(request.role.code())
    .bind(&request.centers)
    .bind(&request.products)
    .bind(scoped.now)
    .bind(request.expires_at)
    .bind(&limits)
    .execute(&mut *scoped.tx)
    .await?;
    let payload = serde_json::json!({
        "label": request.label, "role": request.role, "centers": request.centers, "products": request.products,
        "expires_at": request.expires_at, "scopes": limits,
        "fingerprint": crate::audit::hex(&Sha256::digest(token_hash(&secret))),
    });
    let written = Written { record_id: token_id, version: 1, payload: payload.to_string().into_bytes() };
    trail::append(&mut scoped, REGISTRY_SCOPE, author, Action::Administer, "api_token", None, &[written])
        .await?;
    scoped.commit().await?;
    Ok((token_id, secret))
}

/// All tokens, newest first.
pub async fn list_tokens(database: &Database) -> Result<Vec<TokenInfo>> {
    let rows = sqlx::query(
        "select token_id, label, role, centers, products, scopes, created_at, expires_at, revoked_at, last_used_at from api_token order by token_id desc",
    )
    .fetch_all(&database.app)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(TokenInfo {
                token_id: row.try_get("token_id")?,
                label: row.try_get("label")?,
                role: row.try_get("role")?,
                centers: row.try_get("centers")?,
                products: row.try_get("products")?,
                scopes: row.try_get("scopes")?,
                created_at: row.try_get("created_at")?,
                expires_at: row.try_get("expires_at")?,
                revoked_at: row.try_get("revoked_at")?,
                last_used_at: row.try_get("last_used_at")?,
            })
        })
        .collect()
}

/// Revokes a token at once.
pub async fn revoke_token(database: &Database, author: Author, token_id: Uuid, reason: &str) -> Result<()> {
    let mut scoped = Scoped::write(database, REGISTRY_SCOPE).await?;
    let revoked =
        sqlx::query("update api_token set revoked_at = $2 where token_id = $1 and revoked_at is null")
            .bind(token_id)
            .bind(scoped.now)
            .execute(&mut *scoped.tx)
            .await?
            .rows_affected();
    if revoked == 0 {
        return Err(Error::NotFound);
    }
    let payload = serde_json::json!({ "revoked_at": scoped.now }).to_string().into_bytes();
    let written = Written { record_id: token_id, version: 2, payload };
    trail::append(
        &mut scoped,
        REGISTRY_SCOPE,
        author,
        Action::Administer,
        "api_token",
        Some(reason),
        &[written],
    )
    .await?;
    scoped.commit().await
}
