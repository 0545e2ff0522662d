//! Possible duplicates across centers, found without identities at the registry.
//!
//! Each center makes keyed hashes (HMAC-SHA-256) of what identifies a person, with a key that the centers share and the registry does
//! not have. The registry looks at equality only, and tells a center that one of its patients may be known elsewhere, not where or as whom.

use crate::audit::{Action, hex};
use crate::database::Database;
use crate::error::{Error, Result};
use crate::scope::{Author, Scoped};
use crate::trail::{self, Written};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};
use sqlx::Row;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// What a token was made of.
pub const KINDS: [&str; 5] = ["NATIONAL_ID", "NAME_BIRTH_SEX", "INSURANCE", "PHONE", "OTHER"];

/// A token as a center gives it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Token {
    /// The center's patient.
    pub patient_id: String,
    /// One of [`KINDS`].
    pub kind: String,
    /// Which key; tokens of different keys are never compared.
    pub key_version: String,
    /// 64 hexadecimal digits.
    pub token: String,
}

impl Token {
    /// What is wrong with it, as `(member, what would be accepted)`.
    pub fn fault(&self) -> Option<(&'static str, String)> {
        let key = self.key_version.as_bytes();
        let plain = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
        if !KINDS.contains(&self.kind.as_str()) {
            Some(("kind", KINDS.join(", ")))
        } else if !(1..=32).contains(&key.len()) || !key.iter().all(plain) {
            Some(("key_version", "1 to 32 letters, digits, `.`, `_` or `-`".to_owned()))
        } else if self.token.len() != 64 || !self.token.bytes().all(|b| b.is_ascii_hexdigit()) {
            Some(("token", "64 hexadecimal digits: an HMAC-SHA-256, never an identifier itself".to_owned()))
        } else {
            None
        }
    }
}

/// Stores a token. The same again changes nothing; another one in its place needs a reason. True when something was written.
pub async fn put(
    scoped: &mut Scoped,
    center: &str,
    author: Author,
    token: &Token,
    reason: Option<&str>,
) -> Result<bool> {
    let known: bool = sqlx::query_scalar(
        "select exists (select from patient where center_id = $1 and patient_id = $2 and not retracted for key share)",
    )
    .bind(center)
    .bind(&token.patient_id)
    .fetch_one(&mut *scoped.tx)
    .await?;
    if !known {
        return Err(Error::Missing("patient"));
    }
    let digits = token.token.to_ascii_lowercase();
    let row = sqlx::query(
        "insert into patient_token (center_id, patient_id, kind, key_version, token_id, version, token, recorded_at)
         values ($1, $2, $3, $4, $5, 1, $6, $7)
         on conflict on constraint patient_token_pk do update
           set token = excluded.token, version = patient_token.version + 1, recorded_at = excluded.recorded_at
           where patient_token.token <> excluded.token
         returning token_id, version",
    )
    .bind(center)
    .bind(&token.patient_id)
    .bind(&token.kind)
    .bind(&token.key_version)
    .bind(Uuid::now_v7())
    .bind(&digits)
    .bind(scoped.now)
    .fetch_optional(&mut *scoped.tx)
    .await?;
    let Some(row) = row else { return Ok(false) };
    let version: i32 = row.try_get("version")?;
    let (action, why) = match (version, reason) {
        (1, _) => (Action::Create, None),
        (_, Some(reason)) => (Action::Amend, Some(reason)),
        (_, None) => {
            return Err(Error::WrongState {
                what: "token",
                state: format!("another one for {} and key {}", token.kind, token.key_version),
                step: "replaced without a reason",
            });
        }
    };
    let payload = json!({
        "patient_id": token.patient_id, "kind": token.kind, "key_version": token.key_version, "token": digits
    });
    let record_id = row.try_get("token_id")?;
    let written = Written { record_id, version, payload: payload.to_string().into() };
    trail::append(scoped, center, author, action, "patient_token", why, &[written]).await?;
    Ok(true)
}

/// Two patients with an equal token, as it may be told to one of their centers or to an administrator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Pair {
    /// Stands for the pair, the same for whoever sees it.
    pub pair_id: String,
    /// The center's own patient; null for an administrator.
    pub patient_id: Option<String>,
    /// The other one, where it is a patient of the same center.
    pub same_center_as: Option<String>,
    /// The two centers, for an administrator.
    pub centers: Option<[String; 2]>,
    /// What agrees.
    pub kinds: BTreeSet<String>,
    /// True when a transfer links the two: known to be one person.
    pub linked: bool,
}

/// Pairs that concern the centers given, or all (`None`), in a stable order.
pub async fn pairs(database: &Database, centers: Option<&[String]>) -> Result<Vec<Pair>> {
    let rows = sqlx::query(
        "select a.center_id, a.patient_id, b.center_id as other_center, b.patient_id as other_patient, a.kind,
                exists (select from patient_enrolment e join patient_transfer t using (transfer_id)
                        where (e.center_id, e.patient_id, t.center_id, t.patient_id) in
                              ((a.center_id, a.patient_id, b.center_id, b.patient_id), (b.center_id, b.patient_id, a.center_id, a.patient_id))) as linked
         from patient_token a
         join patient_token b using (token, key_version, kind)
         join patient p on p.center_id = a.center_id and p.patient_id = a.patient_id and not p.retracted
         join patient q on q.center_id = b.center_id and q.patient_id = b.patient_id and not q.retracted
         where (a.center_id, a.patient_id) < (b.center_id, b.patient_id)
           and ($1::text[] is null or a.center_id = any ($1) or b.center_id = any ($1))",
    )
    .bind(centers)
    .fetch_all(&database.exporter)
    .await?;
    let mut found: BTreeMap<(String, usize), Pair> = BTreeMap::new();
    for row in rows {
        let ends: [(String, String); 2] = [
            (row.try_get("center_id")?, row.try_get("patient_id")?),
            (row.try_get("other_center")?, row.try_get("other_patient")?),
        ];
        let [first, second] = &ends;
        let named = format!("sequela.pair.v1 {} {} {} {}", first.0, first.1, second.0, second.1);
        let pair_id = hex(&Sha256::digest(named))[..16].to_owned();
        let kind: String = row.try_get("kind")?;
        let linked: bool = row.try_get("linked")?;
        let mut tell = |seat: usize, make: &dyn Fn() -> Pair| {
            let pair = found.entry((pair_id.clone(), seat)).or_insert_with(make);
            pair.kinds.insert(kind.clone());
        };
        let bare = || Pair {
            pair_id: pair_id.clone(),
            patient_id: None,
            same_center_as: None,
            centers: None,
            kinds: BTreeSet::new(),
            linked,
        };
        match centers {
            None => {
                tell(0, &|| Pair { centers: Some([first.0.clone(), second.0.clone()]), ..bare() });
            }
            Some(own) => {
                for (seat, (mine, other)) in [(first, second), (second, first)].into_iter().enumerate() {
                    if own.contains(&mine.0) {
                        let same = Some(other.1.clone()).filter(|_| other.0 == mine.0);
                        tell(seat, &|| Pair {
                            patient_id: Some(mine.1.clone()),
                            same_center_as: same.clone(),
                            ..bare()
                        });
                    }
                }
            }
        }
    }
    Ok(found.into_values().collect())
}
