//! Patients that may be one person registered twice (G6 R40): the only rule that looks across patients.

use crate::error::Result;
use crate::query::{self, Kept, Origin, Raised};
use crate::review::{Opened, Reviewed, lock};
use crate::scope::{Author, Scoped};
use clinical::review::POSSIBLE_DUPLICATE;
use sqlx::Row;
use uuid::Uuid;

/// Forms whose records identify a person: a write to another form cannot make or resolve a duplicate.
pub(crate) const IDENTIFYING: [&str; 3] = ["patient", "disease", "infusion"];

/// What a query about a possible duplicate expects.
pub(crate) fn expected(other: &str) -> String {
    format!("another person than {other}")
}

/// Opens and closes the queries about possible duplicates in a center, at both patients of a pair.
pub(crate) async fn review(
    scoped: &mut Scoped,
    center: &str,
    author: Author,
    reviewed: &mut Reviewed,
) -> Result<()> {
    // Two transactions that each write one half of a pair take turns here, after everything else, so that the second sees the first.
    lock(scoped, center, "possible duplicates").await?;
    let rows = sqlx::query(
        "with person as (
           select p.patient_id, p.record_id, (p.birth_year, p.sex, d.diagnosis_date, i.infusion_date) as who
           from patient p join disease d using (center_id, patient_id) join infusion i using (center_id, patient_id)
           where center_id = $1 and i.infusion_number = 1 and not p.retracted and not d.retracted and not i.retracted
             and p.birth_year is not null and p.sex is not null and d.diagnosis_date is not null)
         select a.patient_id, a.record_id, min(b.patient_id) as other
         from person a join person b on a.who = b.who and a.patient_id <> b.patient_id group by 1, 2",
    )
    .bind(center)
    .fetch_all(&mut *scoped.tx)
    .await?;
    let mut pairs: Vec<(String, Uuid, String)> = Vec::with_capacity(rows.len());
    for row in rows {
        pairs.push((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?));
    }
    let told: Vec<String> = pairs.iter().map(|(.., other)| expected(other)).collect();
    let found: Vec<Raised<'_>> = pairs
        .iter()
        .zip(&told)
        .map(|((patient, record_id, _), expected)| Raised {
            record_id: *record_id,
            form: "patient",
            patient_id: Some(patient),
            rule: POSSIBLE_DUPLICATE.id,
            field: "patient_id",
            received: Some(patient),
            expected: Some(expected),
        })
        .collect();
    let asked = query::raise(scoped, center, author, Origin::Review, &found).await?;
    for ((patient, record_id, _), expected) in pairs.iter().zip(&told) {
        if !asked.iter().any(|(id, ..)| id == record_id) {
            continue;
        }
        reviewed.opened.push(Opened {
            record_id: *record_id,
            form: "patient",
            patient_id: patient.clone(),
            rule: &POSSIBLE_DUPLICATE,
            field: "patient_id",
            received: Some(patient.clone()),
            expected: Some(expected.clone()),
        });
    }
    let still = Kept {
        patients: None,
        rule: (POSSIBLE_DUPLICATE.id, true),
        found: found.iter().map(|f| (f.record_id, f.rule, f.field)).collect(),
    };
    reviewed.closed += query::lapse(scoped, center, author, still).await?;
    Ok(())
}
