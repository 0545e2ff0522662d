//! Callers known by an identity provider: an actor's id for the log, and who that is.

use crate::audit::{Action, REGISTRY_SCOPE};
use crate::database::Database;
use crate::error::Result;
use crate::scope::{Author, Scoped};
use crate::trail::{self, Written};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// Somebody as an identity provider names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// `iss` of the token.
    pub issuer: String,
    /// `sub` of the token, unique within the issuer.
    pub subject: String,
    /// A name for people.
    pub label: String,
}

impl Identity {
    /// The actor's id: the same for the same issuer and subject, in every installation.
    pub fn actor(&self) -> Uuid {
        let mut hasher = Sha256::new_with_prefix(b"sequela.identity.v1");
        for part in [&self.issuer, &self.subject] {
            hasher.update((part.len() as u64).to_be_bytes());
            hasher.update(part);
        }
        let digest: [u8; 32] = hasher.finalize().into();
        let (first, _) = digest.split_at(16);
        uuid::Builder::from_custom_bytes(first.try_into().unwrap_or_default()).into_uuid()
    }
}

/// Notes an identity, with its entry in the log, when it is seen for the first time.
pub async fn note(database: &Database, request_id: Uuid, identity: &Identity) -> Result<()> {
    let actor = identity.actor();
    let mut scoped = Scoped::write(database, REGISTRY_SCOPE).await?;
    let new = sqlx::query(
        "insert into identity (actor, issuer, subject, label, first_seen_at) values ($1, $2, $3, $4, $5) on conflict do nothing",
    )
    .bind(actor)
    .bind(&identity.issuer)
    .bind(&identity.subject)
    .bind(&identity.label)
    .bind(scoped.now)
    .execute(&mut *scoped.tx)
    .await?
    .rows_affected();
    if new == 0 {
        return scoped.rollback().await;
    }
    let payload = serde_json::json!({
        "issuer": identity.issuer, "subject": identity.subject, "label": identity.label,
    });
    let written = Written { record_id: actor, version: 1, payload: payload.to_string().into_bytes() };
    let author = Author { actor, request_id };
    trail::append(&mut scoped, REGISTRY_SCOPE, author, Action::Administer, "identity", None, &[written])
        .await?;
    scoped.commit().await
}

/// The first of these that is no center of the registry.
pub async fn unknown_center(database: &Database, centers: &[String]) -> Result<Option<String>> {
    if centers.is_empty() {
        return Ok(None);
    }
    let unknown = sqlx::query_scalar(
        "select given from unnest($1::text[]) given where not exists (select from center where center_id = given) limit 1",
    )
    .bind(centers)
    .fetch_optional(&database.app)
    .await?;
    Ok(unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_actor_is_its_issuer_and_subject() {
        let of = |issuer: &str, subject: &str| {
            let identity =
                Identity { issuer: issuer.to_owned(), subject: subject.to_owned(), label: "x".to_owned() };
            identity.actor()
        };
        assert_eq!(of("a", "b"), of("a", "b"));
        assert_ne!(of("a", "b"), of("b", "a"));
        assert_ne!(of("ab", "c"), of("a", "bc"));
        assert_eq!(of("a", "b").get_version_num(), 8);
    }
}
