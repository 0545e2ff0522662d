//! The infusions of a snapshot that a cohort definition selects, and how many each criterion left out.

use crate::columns::{self, epoch_day, one_of};
use crate::definition::CohortDefinition;
use crate::error::ReportError;
use crate::snapshot::Snapshot;
use clinical::form::Form;
use clinical::forms::center::Center;
use clinical::forms::disease::DiseaseBaseline;
use clinical::forms::patient::{DateBasis, Patient};
use clinical::forms::product::Product;
use polars::prelude::*;
use serde::Serialize;

/// One criterion of an attrition table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AttritionStep {
    /// The criterion, in words.
    pub criterion: String,
    /// Infusions before it.
    pub before: usize,
    /// Infusions that meet it.
    pub after: usize,
}

/// The subjects of a report, one infusion each.
///
/// `subjects` is sorted by center, patient and infusion number and has the columns `subject` (row number, u32), `center_id`, `patient_id`,
/// `infusion_number`, `product_code`, `disease` (null when no baseline is recorded), `day_0` and `next_day` (dates of this
/// and the patient's next infusion, days since 1970-01-01, i32).
#[derive(Debug, Clone)]
pub struct Cohort {
    /// One row per subject.
    pub subjects: DataFrame,
    /// Counts before and after each criterion.
    pub attrition: Vec<AttritionStep>,
    /// Subjects whose dates count from a made-up anchor: their intervals are real, their calendar dates are not.
    pub pseudo_anchored: usize,
    /// What is suspicious about the definition, in words.
    pub warnings: Vec<String>,
}

struct Criterion {
    text: String,
    column: String,
    holds: Expr,
}

impl Cohort {
    /// Applies a definition to a snapshot.
    ///
    /// # Errors
    ///
    /// [`ReportError::Snapshot`] when a form cannot be read, [`ReportError::Engine`] when the query fails.
    pub fn select(snapshot: &Snapshot, definition: &CohortDefinition) -> Result<Self, ReportError> {
        let criteria = criteria(definition);
        let patient_key = [col("center_id"), col("patient_id")];
        let patients = snapshot.scan(Patient::DESCRIPTOR)?.select([
            col("center_id"),
            col("patient_id"),
            col("birth_year"),
            col("sex"),
            col("date_basis"),
        ]);
        let diseases = snapshot.scan(DiseaseBaseline::DESCRIPTOR)?.select([
            col("center_id"),
            col("patient_id"),
            col("disease"),
        ]);
        let left = || JoinArgs::new(JoinType::Left);
        let mut columns: Vec<Expr> =
            ["center_id", "patient_id", "infusion_number", "product_code", "disease"].map(col).into();
        columns.push(epoch_day("infusion_date").alias("day_0"));
        columns.push(epoch_day("next_infusion_date").alias("next_day"));
        columns.push(pseudo_anchored().alias("pseudo_anchored"));
        columns.extend(criteria.iter().map(|c| c.holds.clone().fill_null(lit(false)).alias(&c.column)));
        let infusions = snapshot
            .infusions()?
            .join(patients, patient_key.clone(), patient_key.clone(), left())
            .join(diseases, patient_key.clone(), patient_key, left())
            .select(columns)
            .sort(["center_id", "patient_id", "infusion_number"], SortMultipleOptions::default())
            .collect()
            .map_err(ReportError::engine("selecting the cohort"))?;

        let without_date = columns::integers(&infusions, "day_0")?.iter().filter(|day| day.is_none()).count();
        if without_date > 0 {
            return Err(ReportError::InfusionWithoutDate { n: without_date });
        }
        let mut kept = vec![true; infusions.height()];
        let mut attrition = Vec::with_capacity(criteria.len());
        for criterion in &criteria {
            let before = kept.iter().filter(|k| **k).count();
            for (keep, holds) in kept.iter_mut().zip(columns::flags(&infusions, &criterion.column)?) {
                *keep &= holds == Some(true);
            }
            let after = kept.iter().filter(|k| **k).count();
            attrition.push(AttritionStep { criterion: criterion.text.clone(), before, after });
        }
        let anchored = columns::flags(&infusions, "pseudo_anchored")?;
        let pseudo_anchored =
            kept.iter().zip(anchored).filter(|(keep, anchored)| **keep && *anchored == Some(true)).count();
        let subjects = infusions
            .filter(&BooleanChunked::from_slice("kept".into(), &kept))
            .and_then(|frame| {
                frame
                    .select([
                        "center_id",
                        "patient_id",
                        "infusion_number",
                        "product_code",
                        "disease",
                        "day_0",
                        "next_day",
                    ])?
                    .with_row_index("subject".into(), None)
            })
            .map_err(ReportError::engine("keeping the cohort's infusions"))?;
        Ok(Self { subjects, attrition, pseudo_anchored, warnings: unknown_codes(snapshot, definition)? })
    }

    /// Number of subjects.
    pub fn len(&self) -> usize {
        self.subjects.height()
    }

    /// Whether nobody was selected.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Records of a form that hang on the subjects' infusions, with `subject` and `day_0`.
    pub(crate) fn of_infusion(&self, records: LazyFrame) -> LazyFrame {
        self.joined(records, &["center_id", "patient_id", "infusion_number"])
    }

    /// Records of a form that hang on the subjects' patients, whatever the infusion, with `subject` and `day_0`.
    pub(crate) fn of_patient(&self, records: LazyFrame) -> LazyFrame {
        self.joined(records, &["center_id", "patient_id"])
    }

    fn joined(&self, records: LazyFrame, keys: &[&str]) -> LazyFrame {
        let on: Vec<Expr> = keys.iter().map(|k| col(*k)).collect();
        let mut columns = on.clone();
        columns.extend([col("subject"), col("day_0")]);
        let subjects = self.subjects.clone().lazy().select(columns);
        records.join(subjects, on.clone(), on, JoinArgs::new(JoinType::Inner))
    }
}

/// Codes of the definition that the reference tables do not have: most likely a slip, and they select nobody.
fn unknown_codes(snapshot: &Snapshot, definition: &CohortDefinition) -> Result<Vec<String>, ReportError> {
    let mut warnings = Vec::new();
    let lists = [
        ("product", &definition.product, Product::DESCRIPTOR, "product_code"),
        ("center", &definition.center, Center::DESCRIPTOR, "center_id"),
    ];
    for (name, codes, form, column) in lists {
        let Some(codes) = codes else { continue };
        let table = snapshot.scan(form)?.select([col(column)]).collect();
        let known =
            columns::texts(&table.map_err(ReportError::engine("reading a reference table"))?, column)?;
        for code in codes.iter().filter(|code| !known.contains(&Some((*code).clone()))) {
            warnings.push(format!(
                "The cohort names {name} {code}, which is not among the {name}s in scope: it selects nobody."
            ));
        }
    }
    Ok(warnings)
}

fn pseudo_anchored() -> Expr {
    col("date_basis").eq(lit(DateBasis::PseudoAnchor.code())).fill_null(lit(false))
}

/// The criteria in the order in which they are applied and counted.
fn criteria(definition: &CohortDefinition) -> Vec<Criterion> {
    let mut list: Vec<(String, Expr)> = Vec::new();
    list.push((
        format!("infusion number {}", definition.infusion_number),
        col("infusion_number").eq(lit(definition.infusion_number)),
    ));
    let coded = [
        ("product", "product_code", &definition.product),
        ("center", "center_id", &definition.center),
        ("disease", "disease", &definition.disease),
        ("sex", "sex", &definition.sex),
    ];
    for (text, column, codes) in coded {
        if let Some(codes) = codes {
            let holds = one_of(column, codes.iter().map(String::as_str));
            list.push((format!("{text} {}", codes.join(" or ")), holds));
        }
    }
    if definition.needs_calendar() {
        let text = "dates are calendar dates (patients whose dates count from a made-up anchor are left out)";
        list.push((text.to_owned(), col("date_basis").eq(lit(DateBasis::Calendar.code()))));
    }
    if definition.age_min.is_some() || definition.age_max.is_some() {
        list.push(("year of birth known".to_owned(), col("birth_year").is_not_null()));
    }
    // The year of an infusion of a pseudo-anchored patient means nothing; such patients are out by now.
    let age = || col("infusion_date").dt().year() - col("birth_year");
    if let Some(min) = definition.age_min {
        list.push((
            format!("age at infusion {min} or more (year of infusion less year of birth)"),
            age().gt_eq(lit(min)),
        ));
    }
    if let Some(max) = definition.age_max {
        list.push((
            format!("age at infusion {max} or less (year of infusion less year of birth)"),
            age().lt_eq(lit(max)),
        ));
    }
    if let Some(from) = definition.infused_from {
        list.push((format!("infused on {from} or later"), col("infusion_date").gt_eq(lit(from))));
    }
    if let Some(to) = definition.infused_to {
        list.push((format!("infused on {to} or earlier"), col("infusion_date").lt_eq(lit(to))));
    }
    list.into_iter()
        .enumerate()
        .map(|(i, (text, holds))| Criterion { text, column: format!("criterion_{i}"), holds })
        .collect()
}
