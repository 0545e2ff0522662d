//! Reviews of patients: after every write the rules across records are evaluated on the state that the write leaves behind.
//!
//! Writers of the same patient take turns, so that no review misses what another transaction is about to commit.

use crate::duplicate::{self, IDENTIFYING};
use crate::error::Result;
use crate::query::{self, Kept, Origin, Raised};
use crate::scope::{Author, Scoped};
use crate::sql;
use chrono::Duration;
use clinical::form::Context;
use clinical::record::Record;
use clinical::review::{self, History, POSSIBLE_DUPLICATE};
use clinical::rule::Rule;
use serde::Serialize;
use serde_json::Value;
use sqlx::{AssertSqlSafe, Postgres, Row, Transaction};
use std::collections::{BTreeSet, HashMap, HashSet};
use uuid::Uuid;

/// Patients are locked by slot, so that a batch of any size holds a bounded number of locks.
const SLOTS: u64 = 128;
/// Patients reviewed at a time; bounds what is held in memory.
const CHUNK: usize = 200;

/// A rule across records that a record breaks now and did not before, or breaks in another way.
#[derive(Debug, Clone, PartialEq)]
pub struct Opened {
    /// The record asked about.
    pub record_id: Uuid,
    /// Its form.
    pub form: &'static str,
    /// Its patient.
    pub patient_id: String,
    /// The rule.
    pub rule: &'static Rule,
    /// The field, empty for the whole record.
    pub field: &'static str,
    /// What the record says.
    pub received: Option<String>,
    /// What the other records imply.
    pub expected: Option<String>,
}

/// What a review changed.
#[derive(Debug, Default)]
pub struct Reviewed {
    /// Queries opened, or opened again.
    pub opened: Vec<Opened>,
    /// Queries that closed because the rule holds now.
    pub closed: u64,
}

/// A derived value as shown beside a record.
#[derive(Debug, Clone, Serialize)]
pub struct DerivedValue {
    /// Name of the reported field, or a name of its own.
    pub name: String,
    /// The derived value; null when it cannot be decided.
    pub value: Option<String>,
    /// The reported value.
    pub reported: Option<String>,
    /// The criterion that decided.
    pub rule: Option<String>,
    /// Every condition looked at.
    pub trace: Value,
    /// The observations that would have decided.
    pub missing: Value,
}

/// Makes other writers of these patients wait until this transaction ends. Must come before any other lock of the transaction.
pub(crate) async fn take_turns(scoped: &mut Scoped, center: &str, patients: &BTreeSet<String>) -> Result<()> {
    let slots: BTreeSet<i64> = patients.iter().map(|p| slot(center, p)).collect();
    // The slots are locked in ascending order, so two batches cannot wait for each other.
    sqlx::query(
        "select pg_advisory_xact_lock(s) from (select s from unnest($1::bigint[]) s order by s) ordered",
    )
    .bind(slots.into_iter().collect::<Vec<_>>())
    .execute(&mut *scoped.tx)
    .await?;
    Ok(())
}

/// Waits for the end of other transactions that hold this lock of the center.
pub(crate) async fn lock(scoped: &mut Scoped, center: &str, name: &str) -> Result<()> {
    sqlx::query("select pg_advisory_xact_lock($1)")
        .bind(slot(center, name) | 1 << 62)
        .execute(&mut *scoped.tx)
        .await?;
    Ok(())
}

/// FNV-1a; must not change between versions of the program that run side by side.
fn slot(center: &str, patient: &str) -> i64 {
    let hash = |text: &str| {
        text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3))
    };
    let slot = (hash(center) & 0x003f_ffff_ffff_ff80) | (hash(patient) % SLOTS);
    i64::try_from(slot).unwrap_or_default()
}

/// Reviews patients as they stand in this transaction, after records of `forms` were written, and brings their queries and derived values up to date.
pub(crate) async fn review(
    scoped: &mut Scoped,
    center: &str,
    author: Author,
    patients: &BTreeSet<String>,
    forms: &[&str],
) -> Result<Reviewed> {
    let mut reviewed = across_records(scoped, center, author, patients).await?;
    duplicates(scoped, center, author, &mut reviewed, forms).await?;
    Ok(reviewed)
}

/// The part of a review that looks across patients; called once, after every patient was reviewed.
pub(crate) async fn duplicates(
    scoped: &mut Scoped,
    center: &str,
    author: Author,
    reviewed: &mut Reviewed,
    forms: &[&str],
) -> Result<()> {
    if forms.iter().any(|form| IDENTIFYING.contains(form)) {
        duplicate::review(scoped, center, author, reviewed).await?;
    }
    Ok(())
}

/// The part of a review that looks at the records of one patient at a time.
pub(crate) async fn across_records(
    scoped: &mut Scoped,
    center: &str,
    author: Author,
    patients: &BTreeSet<String>,
) -> Result<Reviewed> {
    let mut reviewed = Reviewed::default();
    let patients: Vec<String> = patients.iter().cloned().collect();
    let context = Context { today: (scoped.now + Duration::hours(14)).date_naive() };
    for chunk in patients.chunks(CHUNK) {
        let histories = load(&mut scoped.tx, center, chunk, |_| true).await?;
        let elsewhere = infusions_elsewhere(&mut scoped.tx, center, chunk).await?;
        let found =
            tokio::task::spawn_blocking(move || Found::by_review(histories, &elsewhere, context)).await?;
        found.open(scoped, center, author, &mut reviewed).await?;
        reviewed.closed += found.close(scoped, center, author, chunk).await?;
        found.derive(scoped, center, chunk).await?;
    }
    Ok(reviewed)
}

/// What a center holds about patients in the forms wanted, by patient.
pub(crate) async fn load(
    tx: &mut Transaction<'static, Postgres>,
    center: &str,
    patients: &[String],
    wanted: impl Fn(&clinical::form::FormDescriptor) -> bool,
) -> Result<HashMap<String, Vec<(Uuid, Record)>>> {
    let mut histories: HashMap<String, Vec<(Uuid, Record)>> = HashMap::with_capacity(patients.len());
    for form in clinical::forms::CLINICAL.iter().filter(|f| f.field("patient_id").is_some() && wanted(f)) {
        let statement = format!(
            "select {} from {} where center_id = $1 and patient_id = any ($2) and not retracted",
            sql::select_list(form),
            form.name
        );
        let rows =
            sqlx::query(AssertSqlSafe(statement)).bind(center).bind(patients).fetch_all(&mut **tx).await?;
        for row in rows {
            let stored = sql::stored(form, &row)?;
            let patient = stored.record.text("patient_id").unwrap_or_default().to_owned();
            histories.entry(patient).or_default().push((stored.record_id, stored.record));
        }
    }
    Ok(histories)
}

/// Infusions of patients taken over, at the centers that handed them over.
async fn infusions_elsewhere(
    tx: &mut Transaction<'static, Postgres>,
    center: &str,
    patients: &[String],
) -> Result<HashMap<String, i32>> {
    let rows = sqlx::query(
        "select patient_id, max(infusions_before) from patient_enrolment where center_id = $1 and patient_id = any ($2) group by 1",
    )
    .bind(center)
    .bind(patients)
    .fetch_all(&mut **tx)
    .await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

/// What the reviews of several patients found.
#[derive(Default)]
struct Found {
    contradictions: Vec<Opened>,
    derived: Vec<(Uuid, &'static str, String, review::Derived)>,
}

impl Found {
    fn by_review(
        histories: HashMap<String, Vec<(Uuid, Record)>>,
        elsewhere: &HashMap<String, i32>,
        context: Context,
    ) -> Self {
        let mut found = Self::default();
        for (patient, records) in histories {
            let (history, ids) = History::new(records);
            let before = elsewhere.get(&patient).copied().unwrap_or_default();
            let history = history.after_infusions_elsewhere(before);
            let review = review::review(&history, context);
            let form = |entry| history.record(entry).map_or("", |r| r.form().name);
            let mut asked = HashSet::new();
            for c in review.contradictions {
                let record_id = ids[c.entry.index()];
                // One query per record, rule and field; the first says what to look at.
                if asked.insert((record_id, c.rule.id, c.field)) {
                    found.contradictions.push(Opened {
                        record_id,
                        form: form(c.entry),
                        patient_id: patient.clone(),
                        rule: c.rule,
                        field: c.field,
                        received: c.received,
                        expected: c.expected,
                    });
                }
            }
            for d in review.derived {
                found.derived.push((ids[d.entry.index()], form(d.entry), patient.clone(), d));
            }
        }
        found
    }

    async fn open(
        &self,
        scoped: &mut Scoped,
        center: &str,
        author: Author,
        reviewed: &mut Reviewed,
    ) -> Result<()> {
        let raised: Vec<Raised<'_>> = self
            .contradictions
            .iter()
            .map(|o| Raised {
                record_id: o.record_id,
                form: o.form,
                patient_id: Some(&o.patient_id),
                rule: o.rule.id,
                field: o.field,
                received: o.received.as_deref(),
                expected: o.expected.as_deref(),
            })
            .collect();
        let asked = query::raise(scoped, center, author, Origin::Review, &raised).await?;
        let new = self
            .contradictions
            .iter()
            .filter(|o| asked.contains(&(o.record_id, o.rule.id.to_owned(), o.field.to_owned())));
        reviewed.opened.extend(new.cloned());
        Ok(())
    }

    async fn close(
        &self,
        scoped: &mut Scoped,
        center: &str,
        author: Author,
        patients: &[String],
    ) -> Result<u64> {
        let kept = Kept {
            patients: Some(patients),
            rule: (POSSIBLE_DUPLICATE.id, false),
            found: self.contradictions.iter().map(|o| (o.record_id, o.rule.id, o.field)).collect(),
        };
        query::lapse(scoped, center, author, kept).await
    }

    async fn derive(&self, scoped: &mut Scoped, center: &str, patients: &[String]) -> Result<()> {
        let ids: Vec<Uuid> = self.derived.iter().map(|(id, ..)| *id).collect();
        let names: Vec<&str> = self.derived.iter().map(|(.., d)| d.name).collect();
        sqlx::query(
            "delete from derived_value v where center_id = $1 and patient_id = any ($2)
               and not exists (select from unnest($3::uuid[], $4::text[]) as u(record_id, name)
                               where (u.record_id, u.name) = (v.record_id, v.name))",
        )
        .bind(center)
        .bind(patients)
        .bind(&ids)
        .bind(&names)
        .execute(&mut *scoped.tx)
        .await?;
        if ids.is_empty() {
            return Ok(());
        }
        let all = &self.derived;
        sqlx::query(
            "insert into derived_value (center_id, record_id, name, subject, patient_id, value, reported, rule, trace, missing, derived_at)
             select $1, u.record_id, u.name, u.subject, u.patient_id, u.value, u.reported, u.rule, u.trace::jsonb, u.missing::jsonb, $2
             from unnest($3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[])
                  as u(record_id, name, subject, patient_id, value, reported, rule, trace, missing)
             on conflict on constraint derived_value_pk do update
               set value = excluded.value, reported = excluded.reported, rule = excluded.rule, trace = excluded.trace,
                   missing = excluded.missing, derived_at = excluded.derived_at
               where (derived_value.value, derived_value.reported, derived_value.rule, derived_value.trace, derived_value.missing)
                     is distinct from (excluded.value, excluded.reported, excluded.rule, excluded.trace, excluded.missing)",
        )
        .bind(center)
        .bind(scoped.now)
        .bind(ids)
        .bind(names)
        .bind(all.iter().map(|(_, form, ..)| *form).collect::<Vec<_>>())
        .bind(all.iter().map(|(_, _, patient, _)| patient.as_str()).collect::<Vec<_>>())
        .bind(all.iter().map(|(.., d)| d.value.clone()).collect::<Vec<_>>())
        .bind(all.iter().map(|(.., d)| d.reported.clone()).collect::<Vec<_>>())
        .bind(all.iter().map(|(.., d)| d.rule.map(|r| r.id)).collect::<Vec<_>>())
        .bind(all.iter().map(|(.., d)| d.trace.to_string()).collect::<Vec<_>>())
        .bind(all.iter().map(|(.., d)| Value::from(d.missing.clone()).to_string()).collect::<Vec<_>>())
        .execute(&mut *scoped.tx)
        .await?;
        Ok(())
    }
}

/// The derived values beside some records, by record.
pub async fn derived(tx: &mut Transaction<'static, Postgres>, record: Uuid) -> Result<Vec<DerivedValue>> {
    let rows = sqlx::query(
        "select name, value, reported, rule, trace::text as trace, missing::text as missing from derived_value where record_id = $1 order by name",
    )
    .bind(record)
    .fetch_all(&mut **tx)
    .await?;
    let json = |text: String| serde_json::from_str(&text).unwrap_or(Value::Null);
    rows.iter()
        .map(|row| {
            Ok(DerivedValue {
                name: row.try_get("name")?,
                value: row.try_get("value")?,
                reported: row.try_get("reported")?,
                rule: row.try_get("rule")?,
                trace: json(row.try_get("trace")?),
                missing: json(row.try_get("missing")?),
            })
        })
        .collect()
}
