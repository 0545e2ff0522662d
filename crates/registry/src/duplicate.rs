//! Patients that may be one person registered twice (G6 R40): the only rule that looks across patients.

use crate::error::Result;
use crate::review::{Opened, Reviewed, lock};
use crate::scope::Scoped;
use clinical::review::POSSIBLE_DUPLICATE;
use sqlx::Row;
use uuid::Uuid;

/// Forms whose records identify a person: a write to another form cannot make or resolve a duplicate.
pub(crate) const IDENTIFYING: [&str; 3] = ["patient", "disease", "infusion"];

/// Opens and closes the queries about possible duplicates in a center, at both patients of a pair.
pub(crate) async fn review(scoped: &mut Scoped, center: &str, reviewed: &mut Reviewed) -> Result<()> {
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
    let opened = sqlx::query(
        "insert into record_query (center_id, query_id, subject, record_id, rule, field, received, expected, state, opened_at, origin, patient_id)
         select $1, u.query_id, 'patient', u.record_id, $3, 'patient_id', u.patient_id, u.expected, 'open', $2, 'review', u.patient_id
         from unnest($4::uuid[], $5::uuid[], $6::text[], $7::text[]) as u(query_id, record_id, patient_id, expected)
         on conflict on constraint record_query_key do update
           set state = 'open', expected = excluded.expected, closed_at = null
           where record_query.state <> 'open' or record_query.expected is distinct from excluded.expected
         returning record_id, patient_id, expected",
    )
    .bind(center)
    .bind(scoped.now)
    .bind(POSSIBLE_DUPLICATE.id)
    .bind(pairs.iter().map(|_| Uuid::now_v7()).collect::<Vec<_>>())
    .bind(pairs.iter().map(|(_, id, _)| *id).collect::<Vec<_>>())
    .bind(pairs.iter().map(|(patient, ..)| patient.as_str()).collect::<Vec<_>>())
    .bind(pairs.iter().map(|(.., other)| format!("another person than {other}")).collect::<Vec<_>>())
    .fetch_all(&mut *scoped.tx)
    .await?;
    for row in opened {
        reviewed.opened.push(Opened {
            record_id: row.try_get(0)?,
            form: "patient",
            patient_id: row.try_get(1)?,
            rule: &POSSIBLE_DUPLICATE,
            field: "patient_id",
            received: row.try_get(1)?,
            expected: row.try_get(2)?,
        });
    }
    let closed = sqlx::query(
        "update record_query set state = 'resolved', closed_at = $2
         where center_id = $1 and origin = 'review' and state = 'open' and rule = $3 and record_id <> all ($4)",
    )
    .bind(center)
    .bind(scoped.now)
    .bind(POSSIBLE_DUPLICATE.id)
    .bind(pairs.iter().map(|(_, id, _)| *id).collect::<Vec<_>>())
    .execute(&mut *scoped.tx)
    .await?;
    reviewed.closed += closed.rows_affected();
    Ok(())
}
