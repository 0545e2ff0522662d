//! Writing a batch of new records: all in one transaction, whatever their order.
//!
//! The outcome of a batch is a function of the set of its rows and of the registry before it, never of the order of the rows: parents are
//! written before children, and two rows that claim the same key with different content are both rejected.

use crate::audit::Action;
use crate::error::Result;
use crate::query;
use crate::review::{self, Reviewed};
use crate::scope::{Author, Scoped};
use crate::sql;
use crate::trail;
use clinical::finding::Findings;
use clinical::form::{FormDescriptor, Parent};
use clinical::record::Record;
use clinical::rule::{Rule, reference};
use clinical::{Finding, forms};
use sqlx::{AssertSqlSafe, Row};
use std::collections::{BTreeSet, HashMap, HashSet};
use uuid::Uuid;

/// Rows per statement: large enough that the round trip vanishes, small enough that arrays stay in cache.
const CHUNK: usize = 4_000;

/// What to do when some rows are rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Policy {
    /// Valid rows are kept.
    #[default]
    AcceptValid,
    /// One rejected row rejects the batch.
    AllOrNothing,
}

/// How to write a batch.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// Do everything except keeping the result.
    pub dry_run: bool,
    /// What to do when some rows are rejected.
    pub policy: Policy,
}

/// A row whose content passed every rule of its form.
#[derive(Debug)]
pub struct Candidate {
    /// The content.
    pub record: Record,
    /// What the soft rules found.
    pub findings: Findings,
}

/// What became of a row.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// Written as a new record.
    Created {
        /// Its id.
        record_id: Uuid,
    },
    /// The registry held exactly this record already; nothing was written.
    Unchanged {
        /// Its id.
        record_id: Uuid,
        /// Its version.
        version: i32,
    },
    /// Not written.
    Rejected(Findings),
}

impl Outcome {
    fn rejected(rule: &'static Rule, field: &str, received: &str, expected: Option<String>) -> Self {
        let mut findings = Findings::new();
        findings.at(rule, field, Some(received.to_owned()), expected);
        Self::Rejected(findings)
    }

    fn conflict(rule: &'static Rule, key: &[String], expected: Option<String>) -> Self {
        let mut findings = Findings::new();
        findings.whole(rule, Some(key.join(", ")), expected);
        Self::Rejected(findings)
    }
}

impl Options {
    /// True when what was written is to be kept.
    pub fn keeps(self, any_rejected: bool) -> bool {
        let refused = self.policy == Policy::AllOrNothing && any_rejected;
        !self.dry_run && !refused
    }
}

/// What became of a batch.
#[derive(Debug)]
pub struct Written {
    /// One per candidate, in their order.
    pub outcomes: Vec<Outcome>,
    /// What the rules across records say about the state after the batch.
    pub reviewed: Reviewed,
}

/// Writes a batch within a transaction that the caller commits or undoes.
pub async fn write_in(
    scoped: &mut Scoped,
    center: &str,
    author: Author,
    candidates: &[Candidate],
) -> Result<Written> {
    let patients: BTreeSet<String> =
        candidates.iter().filter_map(|c| c.record.text("patient_id")).map(str::to_owned).collect();
    review::take_turns(scoped, center, &patients).await?;
    let mut outcomes: Vec<Option<Outcome>> = vec![None; candidates.len()];
    let mut parents = Parents::default();
    for form in forms::CLINICAL {
        let rows: Vec<usize> =
            (0..candidates.len()).filter(|i| candidates[*i].record.form() == *form).collect();
        if rows.is_empty() {
            continue;
        }
        parents.load(scoped, center, form, &rows, candidates).await?;
        let (unique, twins) = distinct_keys(form, &rows, candidates, &mut outcomes);
        let mut writable: Vec<usize> =
            unique.into_iter().filter(|i| parents.admit(*i, &candidates[*i].record, &mut outcomes)).collect();
        // Two batches that overlap then wait for each other's keys in the same order and cannot deadlock.
        writable.sort_by_cached_key(|i| candidates[*i].record.key());
        for chunk in writable.chunks(CHUNK) {
            write_chunk(scoped, center, author, form, chunk, candidates, &mut outcomes).await?;
        }
        parents.add_written(form, &writable, candidates, &outcomes);
        for (twin, of) in twins {
            outcomes[twin] = outcomes[of].clone().map(|o| match o {
                Outcome::Created { record_id } => Outcome::Unchanged { record_id, version: 1 },
                other => other,
            });
        }
    }
    // Every candidate is of a clinical form, so each has an outcome by now.
    let outcomes: Vec<Outcome> = outcomes.into_iter().flatten().collect();
    let mut changed = BTreeSet::new();
    let mut touched: Vec<&str> = Vec::new();
    for (candidate, outcome) in candidates.iter().zip(&outcomes) {
        if matches!(outcome, Outcome::Created { .. }) {
            changed.extend(candidate.record.text("patient_id").map(str::to_owned));
            let form = candidate.record.form().name;
            if !touched.contains(&form) {
                touched.push(form);
            }
        }
    }
    let reviewed = review::review(scoped, center, author, &changed, &touched).await?;
    Ok(Written { outcomes, reviewed })
}

/// Splits rows into those that claim a key first and identical repetitions of them; rows that contradict each other are rejected.
fn distinct_keys(
    form: &FormDescriptor,
    rows: &[usize],
    candidates: &[Candidate],
    outcomes: &mut [Option<Outcome>],
) -> (Vec<usize>, Vec<(usize, usize)>) {
    let mut groups: HashMap<Vec<String>, Vec<usize>> = HashMap::with_capacity(rows.len());
    let mut order: Vec<usize> = Vec::with_capacity(rows.len());
    for &row in rows {
        let group = groups.entry(candidates[row].record.key()).or_default();
        if group.is_empty() {
            order.push(row);
        }
        group.push(row);
    }
    let mut unique = Vec::with_capacity(order.len());
    let mut twins = Vec::new();
    for first in order {
        let key = candidates[first].record.key();
        let Some(group) = groups.get(&key) else { continue };
        if group.iter().all(|i| candidates[*i].record == candidates[first].record) {
            unique.push(first);
            twins.extend(group.iter().skip(1).map(|i| (*i, first)));
        } else {
            for row in group {
                let expected = format!("one row per {}", form.key.join(", "));
                outcomes[*row] = Some(Outcome::conflict(&reference::DUPLICATE_KEY, &key, Some(expected)));
            }
        }
    }
    (unique, twins)
}

/// The patients, infusions and products that rows of the batch may refer to.
#[derive(Default)]
struct Parents {
    patients: HashSet<String>,
    infusions: HashSet<(String, i32)>,
    products: HashSet<String>,
}

impl Parents {
    async fn load(
        &mut self,
        scoped: &mut Scoped,
        center: &str,
        form: &FormDescriptor,
        rows: &[usize],
        candidates: &[Candidate],
    ) -> Result<()> {
        let texts = |field: &str| -> Vec<String> {
            let set: HashSet<&str> = rows.iter().filter_map(|i| candidates[*i].record.text(field)).collect();
            set.into_iter().map(str::to_owned).collect()
        };
        // The lock waits for a retraction of the parent that is under way, and lets none begin before the children are committed.
        if form.parent == Parent::Patient {
            let found = sqlx::query_scalar(
                "select patient_id from patient where center_id = $1 and patient_id = any ($2) and not retracted for key share",
            );
            self.patients
                .extend(found.bind(center).bind(texts("patient_id")).fetch_all(&mut *scoped.tx).await?);
        }
        if form.parent == Parent::Infusion {
            let rows = sqlx::query(
                "select patient_id, infusion_number from infusion where center_id = $1 and patient_id = any ($2) and not retracted for key share",
            )
            .bind(center)
            .bind(texts("patient_id"))
            .fetch_all(&mut *scoped.tx)
            .await?;
            for row in rows {
                self.infusions.insert((row.try_get(0)?, row.try_get(1)?));
            }
        }
        if form.product_field().is_some() {
            let found = sqlx::query_scalar(
                "select product_code from product where product_code = any ($1) and not retracted",
            );
            self.products.extend(found.bind(texts("product_code")).fetch_all(&mut *scoped.tx).await?);
        }
        Ok(())
    }

    /// Adds the rows just written, so that children in the same batch find them.
    fn add_written(
        &mut self,
        form: &FormDescriptor,
        rows: &[usize],
        candidates: &[Candidate],
        outcomes: &[Option<Outcome>],
    ) {
        for &row in rows {
            let record = &candidates[row].record;
            if matches!(outcomes[row], Some(Outcome::Created { .. } | Outcome::Unchanged { .. })) {
                let patient = record.text("patient_id").unwrap_or_default().to_owned();
                match (form.name, record.integer("infusion_number")) {
                    ("patient", _) => {
                        self.patients.insert(patient);
                    }
                    ("infusion", Some(number)) => {
                        self.infusions.insert((patient, number));
                    }
                    _ => {}
                }
            }
        }
    }

    fn admit(&self, row: usize, record: &Record, outcomes: &mut [Option<Outcome>]) -> bool {
        let patient = record.text("patient_id").unwrap_or_default();
        let refused = match record.form().parent {
            Parent::Registry => None,
            Parent::Patient => (!self.patients.contains(patient)).then(|| {
                Outcome::rejected(
                    &reference::PATIENT,
                    "patient_id",
                    patient,
                    Some("a patient of this center".to_owned()),
                )
            }),
            Parent::Infusion => {
                let number = record.integer("infusion_number").unwrap_or_default();
                (!self.infusions.contains(&(patient.to_owned(), number))).then(|| {
                    let received = format!("{patient}, infusion {number}");
                    Outcome::rejected(
                        &reference::INFUSION,
                        "infusion_number",
                        &received,
                        Some("an infusion of this patient".to_owned()),
                    )
                })
            }
        };
        let refused = refused.or_else(|| {
            let product = record.text("product_code")?;
            let known = record.form().product_field().is_none() || self.products.contains(product);
            (!known).then(|| {
                let expected = Some("a code listed at /v1/products".to_owned());
                Outcome::rejected(&reference::PRODUCT, "product_code", product, expected)
            })
        });
        let admitted = refused.is_none();
        if !admitted {
            outcomes[row] = refused;
        }
        admitted
    }
}

async fn write_chunk(
    scoped: &mut Scoped,
    center: &str,
    author: Author,
    form: &'static FormDescriptor,
    rows: &[usize],
    candidates: &[Candidate],
    outcomes: &mut [Option<Outcome>],
) -> Result<()> {
    let records: Vec<&Record> = rows.iter().map(|i| &candidates[*i].record).collect();
    let ids: Vec<Uuid> = rows.iter().map(|_| Uuid::now_v7()).collect();
    let missing: Vec<Option<String>> = records.iter().map(|r| sql::missing_text(r)).collect();
    let statement = sql::insert_many(form);
    let insert =
        sqlx::query(AssertSqlSafe(statement)).bind(center).bind(scoped.now).bind(form.version).bind(&ids);
    let written: HashSet<Uuid> = sql::bind_columns(insert, form, &records)
        .bind(missing)
        .fetch_all(&mut *scoped.tx)
        .await?
        .iter()
        .map(|row| row.try_get(0))
        .collect::<std::result::Result<_, _>>()?;

    let mut log = Vec::with_capacity(written.len());
    let mut queries = Vec::new();
    let mut existing = Vec::new();
    for ((&row, id), record) in rows.iter().zip(ids).zip(&records) {
        if written.contains(&id) {
            log.push(trail::Written { record_id: id, version: 1, payload: record.canonical_bytes() });
            queries.extend(candidates[row].findings.iter().map(|f: &Finding| (id, f)));
            outcomes[row] = Some(Outcome::Created { record_id: id });
        } else {
            existing.push(row);
        }
    }
    trail::append(scoped, center, author, Action::Create, form.name, None, &log).await?;
    query::open(scoped, center, author, form, &queries).await?;
    compare_existing(scoped, center, form, &existing, candidates, outcomes).await
}

/// Rows whose key is taken: the same content is fine, other content is a conflict.
async fn compare_existing(
    scoped: &mut Scoped,
    center: &str,
    form: &'static FormDescriptor,
    rows: &[usize],
    candidates: &[Candidate],
    outcomes: &mut [Option<Outcome>],
) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let keys: Vec<String> = (0..form.key.len()).map(|i| format!("${}::text[]", i + 2)).collect();
    let matches: Vec<String> = form.key.iter().map(|k| format!("t.{k}::text = u.{k}")).collect();
    let statement = format!(
        "select {list} from {table} t where center_id = $1 and exists (select from unnest({arrays}) as u({names}) where {matches})",
        list = sql::select_list(form),
        table = form.name,
        arrays = keys.join(", "),
        names = form.key.join(", "),
        matches = matches.join(" and "),
    );
    let mut select = sqlx::query(AssertSqlSafe(statement)).bind(center);
    for name in form.key {
        select =
            select.bind(rows.iter().map(|i| candidates[*i].record.cell(name).to_text()).collect::<Vec<_>>());
    }
    let mut stored = HashMap::new();
    for row in select.fetch_all(&mut *scoped.tx).await? {
        let found = sql::stored(form, &row)?;
        stored.insert(found.record.key(), found);
    }
    for &row in rows {
        let record = &candidates[row].record;
        let key = record.key();
        outcomes[row] = Some(match stored.get(&key) {
            Some(s) if s.retracted => {
                Outcome::conflict(&reference::RETRACTED, &key, Some(at_version(form, s.record_id, s.version)))
            }
            Some(s) if s.record == *record => {
                Outcome::Unchanged { record_id: s.record_id, version: s.version }
            }
            Some(s) => {
                Outcome::conflict(&reference::EXISTS, &key, Some(at_version(form, s.record_id, s.version)))
            }
            None => Outcome::conflict(&reference::EXISTS, &key, None),
        });
    }
    Ok(())
}

fn at_version(form: &FormDescriptor, id: Uuid, version: i32) -> String {
    format!("an amendment of /v1/{}/{id} at version {version}", form.path)
}
