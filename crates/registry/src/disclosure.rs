//! Who was shown what: entries of the audit log for reads of patient-level data and for exports.
//!
//! One request makes one entry for each center whose rows it was shown, so that the log of a center is complete by itself. The entry names
//! the actor, the request and the resource; what exactly was asked stands in the salted payload, because a filter names a patient.

use crate::audit::{Action, REGISTRY_SCOPE};
use crate::database::Database;
use crate::error::Result;
use crate::scope::{Author, Scoped};
use crate::trail::{self, Written};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use uuid::Uuid;

/// How data left the registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// An answer to a request about records.
    Read,
    /// A copy of many records: a snapshot or the log itself.
    Export,
}

/// What somebody was shown.
#[derive(Debug, Clone)]
pub struct Disclosure<'a> {
    /// Read or export.
    pub manner: Manner,
    /// Form, or resource as in the route.
    pub subject: &'a str,
    /// What was asked, as a JSON object.
    pub asked: Map<String, Value>,
    /// The centers whose rows were shown, with their number where it is known; none for the registry as a whole.
    pub centers: BTreeMap<String, Option<u64>>,
}

/// Appends the entries and waits until they are durable: call it before the answer is sent.
pub async fn record(database: &Database, author: Author, shown: &Disclosure<'_>) -> Result<()> {
    let mut entries: Vec<(&str, Option<u64>)> = shown.centers.iter().map(|(c, n)| (c.as_str(), *n)).collect();
    if entries.is_empty() {
        entries.push((REGISTRY_SCOPE, None));
    }
    let scope: Vec<&str> = entries.iter().map(|(center, _)| *center).collect();
    let action = match shown.manner {
        Manner::Read => Action::Read,
        Manner::Export => Action::Export,
    };
    let mut scoped = Scoped::write(database, &scope.join(",")).await?;
    // An id of its own: a request id would not do for a request that shows two things.
    let event = Uuid::now_v7();
    for (center, rows) in entries {
        let mut payload = shown.asked.clone();
        if let Some(rows) = rows {
            payload.insert("records".to_owned(), Value::from(rows));
        }
        let payload = Value::Object(payload).to_string().into_bytes();
        let written = Written { record_id: event, version: 1, payload };
        trail::append(&mut scoped, center, author, action, shown.subject, None, &[written]).await?;
    }
    scoped.commit().await
}
