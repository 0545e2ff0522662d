//! What the rows of a batch refer to.

use super::{Candidate, Outcome};
use crate::erasure;
use crate::error::Result;
use crate::scope::Scoped;
use clinical::form::{FormDescriptor, Parent};
use clinical::record::Record;
use clinical::rule::reference;
use sqlx::Row;
use std::collections::{BTreeSet, HashSet};

/// The patients, infusions and products that rows of the batch may refer to.
#[derive(Default)]
pub(super) struct Parents {
    patients: HashSet<String>,
    infusions: HashSet<(String, i32)>,
    products: HashSet<String>,
    /// Patients that were erased and do not come back.
    erased: BTreeSet<String>,
}

impl Parents {
    pub(super) async fn load(
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
        if form.name == "patient" {
            let patients = texts("patient_id");
            let patients: Vec<&str> = patients.iter().map(String::as_str).collect();
            self.erased = erasure::erased(scoped, center, &patients).await?;
        }
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
    pub(super) fn add_written(
        &mut self,
        form: &FormDescriptor,
        rows: &[usize],
        candidates: &[Candidate],
        outcomes: &[Option<Outcome>],
    ) {
        for &row in rows {
            let record = &candidates[row].record;
            if matches!(
                outcomes[row],
                Some(Outcome::Created { .. } | Outcome::Updated { .. } | Outcome::Unchanged { .. })
            ) {
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

    pub(super) fn admit(&self, row: usize, record: &Record, outcomes: &mut [Option<Outcome>]) -> bool {
        let patient = record.text("patient_id").unwrap_or_default();
        let refused = match record.form().parent {
            Parent::Registry => {
                (record.form().name == "patient" && self.erased.contains(patient)).then(|| {
                    let expected = Some("no record of this patient".to_owned());
                    Outcome::rejected(&reference::ERASED, "patient_id", patient, expected)
                })
            }
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
