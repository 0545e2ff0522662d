//! Telling the audit log what a caller is shown, before it is sent.

use crate::App;
use crate::caller::Caller;
use crate::problem::Problem;
use registry::disclosure::{self, Disclosure, Manner};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Logs that the caller is shown these rows. Without the entry there is no answer.
///
/// `centers` has the center of every row. A request that found nothing is logged too, under the caller's own center if there is one.
pub(crate) async fn read<'a>(
    app: &App,
    caller: &Caller,
    subject: &str,
    asked: Value,
    centers: impl Iterator<Item = &'a str>,
) -> Result<(), Problem> {
    let mut rows: BTreeMap<String, Option<u64>> = BTreeMap::new();
    for center in centers {
        if let Some(Some(number)) = rows.get_mut(center) {
            *number += 1;
        } else {
            rows.insert(center.to_owned(), Some(1));
        }
    }
    if rows.is_empty()
        && let [only] = caller.principal.readable_centers()
    {
        rows.insert(only.clone(), Some(0));
    }
    log(app, caller, Manner::Read, subject, asked, rows).await
}

/// Logs that a report or an export was made of the rows of these centers, or of all of them.
pub(crate) async fn whole(
    app: &App,
    caller: &Caller,
    manner: Manner,
    subject: &str,
    asked: Value,
    centers: Option<&[String]>,
) -> Result<(), Problem> {
    let centers = centers.unwrap_or_default().iter().map(|center| (center.clone(), None)).collect();
    log(app, caller, manner, subject, asked, centers).await
}

async fn log(
    app: &App,
    caller: &Caller,
    manner: Manner,
    subject: &str,
    asked: Value,
    centers: BTreeMap<String, Option<u64>>,
) -> Result<(), Problem> {
    let asked = match asked {
        Value::Object(members) => members,
        other => Map::from_iter([("asked".to_owned(), other)]),
    };
    let shown = Disclosure { manner, subject, asked, centers };
    disclosure::record(&app.database, caller.author(), &shown).await.map_err(caller.problem())
}
