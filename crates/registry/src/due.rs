//! What is due at centers, and how complete their data are: the timetables on the records as they stand.

use crate::database::Database;
use crate::error::Result;
use crate::review;
use crate::scope::{Scoped, Tx};
use chrono::NaiveDate;
use clinical::due::{Completeness, Due, completeness, due};
use clinical::form::FormDescriptor;
use clinical::record::Record;
use clinical::review::History;
use sqlx::Row;
use std::collections::{BTreeMap, HashMap};
use uuid::Uuid;

/// Patients computed at a time; bounds what is held in memory.
const CHUNK: i64 = 200;

/// A patient by center and identifier.
pub type PatientKey = (String, String);

/// A point with whose it is.
#[derive(Debug, Clone)]
pub struct Item {
    /// Center.
    pub center_id: String,
    /// Patient.
    pub patient_id: String,
    /// The point.
    pub due: Due,
}

type Records = HashMap<String, Vec<(Uuid, Record)>>;

/// The days from which other centers follow up.
async fn transfers(tx: &mut Tx, center: &str, patients: &[String]) -> Result<HashMap<String, NaiveDate>> {
    let rows = sqlx::query(
        "select patient_id, min(transferred_on) as day from patient_transfer where center_id = $1 and patient_id = any ($2) group by 1",
    )
    .bind(center)
    .bind(patients)
    .fetch_all(&mut **tx)
    .await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

/// The patients of the centers in scope, in order, after a key.
async fn next_patients(
    tx: &mut Tx,
    centers: &[String],
    patient: Option<&str>,
    after: &PatientKey,
) -> Result<BTreeMap<String, Vec<String>>> {
    let rows = sqlx::query(
        "select center_id, patient_id from patient
         where center_id = any ($1) and not retracted and ($2::text is null or patient_id = $2)
           and (center_id collate \"C\", patient_id collate \"C\") > ($3, $4)
         order by center_id collate \"C\", patient_id collate \"C\" limit $5",
    )
    .bind(centers)
    .bind(patient)
    .bind(&after.0)
    .bind(&after.1)
    .bind(CHUNK)
    .fetch_all(&mut **tx)
    .await?;
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in rows {
        found.entry(row.try_get(0)?).or_default().push(row.try_get(1)?);
    }
    Ok(found)
}

/// Every point of one patient, wherever in scope; `None` when there is no such patient.
pub async fn of_patient(
    database: &Database,
    centers: &[String],
    record_id: Option<Uuid>,
    patient_id: &str,
    as_of: NaiveDate,
) -> Result<Option<(PatientKey, Vec<Due>)>> {
    let mut tx = Scoped::read(database, centers).await?;
    let row = sqlx::query(
        "select center_id, patient_id from patient
         where center_id = any ($1) and not retracted and (record_id = $2 or $2 is null and patient_id = $3)
         order by center_id collate \"C\" limit 1",
    )
    .bind(centers)
    .bind(record_id)
    .bind(patient_id)
    .fetch_optional(&mut *tx)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let key: PatientKey = (row.try_get(0)?, row.try_get(1)?);
    let patients = [key.1.clone()];
    let transferred = transfers(&mut tx, &key.0, &patients).await?;
    let mut records = review::load(&mut tx, &key.0, &patients, schedules).await?;
    let (history, _) = History::new(records.remove(&key.1).unwrap_or_default());
    let all = due(&history, as_of, transferred.get(&key.1).copied());
    Ok(Some((key, all)))
}

/// Forms from which points follow.
fn schedules(form: &FormDescriptor) -> bool {
    clinical::due::FORMS.contains(&form.name)
}

/// Where a list goes on: after so many points of a patient.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cursor {
    /// The patient.
    pub key: PatientKey,
    /// Points of this patient already told.
    pub told: usize,
}

/// Points that `keep` keeps, in the order of center, patient, infusion, timetable and time; at most `limit`, and where to go on.
pub async fn list(
    database: &Database,
    centers: &[String],
    patient: Option<&str>,
    as_of: NaiveDate,
    keep: impl Fn(&Due) -> bool,
    cursor: Cursor,
    limit: usize,
) -> Result<(Vec<Item>, Option<Cursor>)> {
    let mut tx = Scoped::read(database, centers).await?;
    let mut items: Vec<Item> = Vec::new();
    // A patient of whom something was told already is computed again, and what was told is passed over.
    let mut after = cursor.key.clone();
    let mut resumed = (cursor.told > 0).then_some(cursor);
    loop {
        let mut chunk = BTreeMap::new();
        match &resumed {
            Some(at) => drop(chunk.insert(at.key.0.clone(), vec![at.key.1.clone()])),
            None => chunk = next_patients(&mut tx, centers, patient, &after).await?,
        }
        if chunk.is_empty() {
            return Ok((items, None));
        }
        let told = resumed.take().map_or(0, |at| at.told);
        for (center_id, patients) in chunk {
            let transferred = transfers(&mut tx, &center_id, &patients).await?;
            let mut records: Records = review::load(&mut tx, &center_id, &patients, schedules).await?;
            for patient_id in patients {
                let (history, _) = History::new(records.remove(&patient_id).unwrap_or_default());
                let all = due(&history, as_of, transferred.get(&patient_id).copied());
                let kept: Vec<Due> = all.into_iter().filter(&keep).skip(told).collect();
                for (index, due) in kept.into_iter().enumerate() {
                    if items.len() == limit {
                        let next = Cursor { key: (center_id, patient_id), told: told + index };
                        // Nothing told of this patient yet: go on after the one before.
                        let next = if next.told == 0 { Cursor { key: after, told: 0 } } else { next };
                        return Ok((items, Some(next)));
                    }
                    items.push(Item { center_id: center_id.clone(), patient_id: patient_id.clone(), due });
                }
                after = (center_id.clone(), patient_id);
            }
        }
    }
}

/// The figures of each center, in the order of their codes.
pub async fn of_centers(
    database: &Database,
    centers: &[String],
    as_of: NaiveDate,
) -> Result<BTreeMap<String, Completeness>> {
    let mut tx = Scoped::read(database, centers).await?;
    let mut figures: BTreeMap<String, Completeness> =
        centers.iter().map(|c| (c.clone(), Completeness::default())).collect();
    let mut after = PatientKey::default();
    loop {
        let chunk = next_patients(&mut tx, centers, None, &after).await?;
        if chunk.is_empty() {
            return Ok(figures);
        }
        for (center_id, patients) in chunk {
            let transferred = transfers(&mut tx, &center_id, &patients).await?;
            let mut records: Records = review::load(&mut tx, &center_id, &patients, |_| true).await?;
            let sum = figures.entry(center_id.clone()).or_default();
            for patient_id in patients {
                let (history, _) = History::new(records.remove(&patient_id).unwrap_or_default());
                let day = transferred.get(&patient_id).copied();
                let all = due(&history, as_of, day);
                sum.add(&completeness(&history, &all, as_of, day));
                after = (center_id.clone(), patient_id);
            }
        }
    }
}
