//! The log as newline-delimited JSON, streamed: one entry a line, in the order of the log, in constant memory.

use super::hex;
use crate::database::Database;
use crate::error::{Error, Result};
use chrono::{DateTime, Utc};
use futures::TryStreamExt;
use serde::Serialize;
use sqlx::postgres::PgConnection;
use tokio::sync::mpsc::Sender;
use uuid::Uuid;

/// Which entries.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Selection {
    /// Of one center; `*` for those that belong to none.
    pub center_id: Option<String>,
    /// About one patient: versions of the patient's records, and reads that named the patient.
    pub patient_id: Option<String>,
    /// About one record: its versions, and single reads of it.
    pub record_id: Option<Uuid>,
    /// Not before.
    pub since: Option<DateTime<Utc>>,
    /// Before.
    pub until: Option<DateTime<Utc>>,
    /// With salt and content.
    pub contents: bool,
}

impl Selection {
    /// True for the whole log, whose entries are numbered.
    fn everything(&self) -> bool {
        self.center_id.is_none()
            && self.patient_id.is_none()
            && self.record_id.is_none()
            && self.since.is_none()
            && self.until.is_none()
    }

    /// COPY takes no parameters; what is put into the statement here is hexadecimal digits, numbers and ids.
    fn statement(&self) -> String {
        let mut conditions = vec!["true".to_owned()];
        if let Some(center) = &self.center_id {
            conditions
                .push(format!("e.center_id = convert_from('\\x{}'::bytea, 'UTF8')", hex(center.as_bytes())));
        }
        if let Some(patient) = &self.patient_id {
            conditions.push(mentions("patient_id", patient));
        }
        if let Some(record) = self.record_id {
            let shown = mentions("record_id", &record.to_string());
            conditions.push(format!("(e.record_id = '{record}'::uuid or (e.action = 'read' and {shown}))"));
        }
        let bounds = [(">=", self.since), ("<", self.until)];
        for (relation, at) in bounds.iter().filter_map(|(r, at)| at.map(|at| (r, at))) {
            let micros = at.timestamp_micros();
            conditions
                .push(format!("e.at {relation} timestamptz 'epoch' + {micros} * interval '1 microsecond'"));
        }
        let contents = if self.contents { ", p.salt, p.payload" } else { "" };
        let payloads = if self.contents || self.patient_id.is_some() || self.record_id.is_some() {
            "left join audit_payload p using (center_id, record_id, version)"
        } else {
            ""
        };
        format!(
            "copy (select e.center_id, e.record_id, e.version, e.generation, e.xid, e.at, e.actor, e.action, e.subject, e.reason,
                          e.request_id, e.commitment, e.entry_hash, b.number{contents}
                   from audit_entry e {payloads}
                   left join lateral (select s.number, s.xid_until from audit_block s
                                      where s.generation = e.generation and s.xid_from <= e.xid order by s.xid_from desc limit 1) b
                     on e.xid < b.xid_until
                   where {} order by e.generation, e.xid, e.center_id collate \"C\", e.record_id, e.version) to stdout (format binary)",
            conditions.join(" and ")
        )
    }
}

/// A member of the payload with this value, as its bytes. Quotes within values are escaped, so nothing else looks like it.
fn mentions(member: &str, value: &str) -> String {
    let fragment = format!("\"{member}\":{}", serde_json::Value::from(value));
    format!("coalesce(position('\\x{}'::bytea in p.payload), 0) > 0", hex(fragment.as_bytes()))
}

#[derive(Serialize)]
struct Line<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<u64>,
    block: Option<i64>,
    at: DateTime<Utc>,
    center_id: &'a str,
    action: &'a str,
    subject: &'a str,
    record_id: Uuid,
    version: i32,
    actor: Uuid,
    request_id: Uuid,
    reason: Option<&'a str>,
    generation: i32,
    xid: i64,
    commitment: String,
    entry_hash: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    salt: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<&'a str>,
}

/// Lines handed over at a time, in bytes.
const CHUNK: usize = 64 << 10;

/// Sends the selected entries as chunks of whole lines; how many there were. Ends early when nobody receives them any more.
pub async fn export(database: &Database, selection: &Selection, to: &Sender<Vec<u8>>) -> Result<u64> {
    let mut connection = database.exporter.acquire().await?;
    let sent = send(&mut connection, selection, to).await;
    match sent {
        Ok((number, true)) => Ok(number),
        // The rest of the rows is still on its way: nobody else can use this connection.
        unfinished => {
            drop(connection.detach());
            unfinished.map(|(number, _)| number)
        }
    }
}

/// How many entries, and whether these are all.
async fn send(
    connection: &mut PgConnection,
    selection: &Selection,
    to: &Sender<Vec<u8>>,
) -> Result<(u64, bool)> {
    let mut rows = connection.copy_out_raw(&selection.statement()).await?;
    let numbered = selection.everything();
    let (mut chunk, mut number, mut begun) = (Vec::with_capacity(CHUNK), 0u64, false);
    while let Some(message) = rows.try_next().await? {
        let mut tuple = Tuple(&message);
        if !begun {
            tuple.header()?;
            begun = true;
        }
        if tuple.0.is_empty() || tuple.ends()? {
            continue;
        }
        number += 1;
        write_line(&mut tuple, numbered.then_some(number), selection.contents, &mut chunk)?;
        if chunk.len() >= CHUNK
            && to.send(std::mem::replace(&mut chunk, Vec::with_capacity(CHUNK))).await.is_err()
        {
            return Ok((number, false));
        }
    }
    drop(rows);
    let _ = to.send(chunk).await;
    Ok((number, true))
}

fn write_line(tuple: &mut Tuple<'_>, number: Option<u64>, contents: bool, to: &mut Vec<u8>) -> Result<()> {
    let center_id = tuple.text()?.unwrap_or_default();
    let record_id = tuple.uuid()?;
    let version = i32::from_be_bytes(tuple.array()?);
    let generation = i32::from_be_bytes(tuple.array()?);
    let xid = i64::from_be_bytes(tuple.array()?);
    // PostgreSQL counts microseconds from the year 2000.
    let at = i64::from_be_bytes(tuple.array()?)
        .checked_add(946_684_800_000_000)
        .and_then(DateTime::from_timestamp_micros)
        .ok_or_else(|| broken("a time outside the calendar"))?;
    let actor = tuple.uuid()?;
    let action = tuple.text()?.unwrap_or_default();
    let subject = tuple.text()?.unwrap_or_default();
    let reason = tuple.text()?;
    let request_id = tuple.uuid()?;
    let commitment = hex(tuple.bytes()?.unwrap_or_default());
    let entry_hash = hex(tuple.bytes()?.unwrap_or_default());
    let block = match tuple.bytes()? {
        Some(bytes) => Some(i64::from_be_bytes(bytes.try_into().map_err(|_| broken("a short number"))?)),
        None => None,
    };
    let (salt, payload) = if contents { (tuple.bytes()?.map(hex), tuple.text()?) } else { (None, None) };
    let line = Line {
        // An entry that is in no block has no place yet.
        position: number.filter(|_| block.is_some()),
        block,
        at,
        center_id,
        action,
        subject,
        record_id,
        version,
        actor,
        request_id,
        reason,
        generation,
        xid,
        commitment,
        entry_hash,
        salt,
        payload,
    };
    serde_json::to_writer(&mut *to, &line).map_err(|error| broken(error.to_string()))?;
    to.push(b'\n');
    Ok(())
}

fn broken(what: impl Into<String>) -> Error {
    Error::Export { form: "audit_entry", what: what.into() }
}

/// The rest of a message in the binary COPY format.
struct Tuple<'a>(&'a [u8]);

impl<'a> Tuple<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8]> {
        let (taken, rest) =
            self.0.split_at_checked(length).ok_or_else(|| broken("a message was cut short"))?;
        self.0 = rest;
        Ok(taken)
    }

    fn number<const N: usize>(&mut self) -> Result<[u8; N]> {
        self.take(N)?.try_into().map_err(|_| broken("a message was cut short"))
    }

    /// Signature, flags and the extension of the header.
    fn header(&mut self) -> Result<()> {
        if self.take(11)? != b"PGCOPY\n\xff\r\n\0" {
            return Err(broken("no header of the binary format"));
        }
        self.take(4)?;
        let extension = u32::from_be_bytes(self.number()?);
        self.take(usize::try_from(extension).unwrap_or(usize::MAX)).map(drop)
    }

    /// Reads the number of fields, which is -1 at the end of the data.
    fn ends(&mut self) -> Result<bool> {
        Ok(i16::from_be_bytes(self.number()?) < 0)
    }

    fn bytes(&mut self) -> Result<Option<&'a [u8]>> {
        let length = i32::from_be_bytes(self.number()?);
        usize::try_from(length).ok().map(|length| self.take(length)).transpose()
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        self.bytes()?.and_then(|b| b.try_into().ok()).ok_or_else(|| broken("a field of another size"))
    }

    fn uuid(&mut self) -> Result<Uuid> {
        Ok(Uuid::from_bytes(self.array()?))
    }

    fn text(&mut self) -> Result<Option<&'a str>> {
        self.bytes()?
            .map(|b| std::str::from_utf8(b).map_err(|_| broken("a text that is not UTF-8")))
            .transpose()
    }
}
