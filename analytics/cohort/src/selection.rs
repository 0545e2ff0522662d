//! The subjects of a snapshot that a cohort definition selects, and how many each criterion left out.

use crate::columns::{self, epoch_day};
use crate::definition::{CohortDefinition, Criterion, FollowUp, Index, RecordCriterion};
use crate::endpoints::follow_up::FollowUps;
use crate::error::ReportError;
use crate::records::{Basis, Entry, RecordQuery, epoch};
use crate::snapshot::Snapshot;
use crate::verdict::{and, has_records, or};
use chrono::NaiveDate;
use clinical::form::Form;
use clinical::forms::apheresis::Apheresis;
use clinical::forms::b_all_baseline::BAllBaseline;
use clinical::forms::center::Center;
use clinical::forms::disease::DiseaseBaseline;
use clinical::forms::myeloma_baseline::MyelomaBaseline;
use clinical::forms::nhl_baseline::NhlBaseline;
use clinical::forms::patient::{DateBasis, Patient};
use clinical::forms::product::Product;
use polars::prelude::*;
use serde::Serialize;

/// One criterion of an attrition table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AttritionStep {
    /// The criterion, in words.
    pub criterion: String,
    /// Subjects before it.
    pub before: usize,
    /// Subjects that meet it.
    pub after: usize,
    /// Of those left out, the subjects whose records do not say whether they meet it.
    pub unknown: usize,
}

/// The subjects of a report, one infusion each; with an apheresis as the index, one intended infusion each.
///
/// `subjects` is sorted by center, patient and infusion number and has the columns `subject` (row number, u32), `center_id`, `patient_id`,
/// `infusion_number`, `product_code` (null when there was no infusion), `disease` (null when no baseline is recorded), `day_0`
/// (the index) and `next_day` (the patient's next infusion), days since 1970-01-01, i32.
#[derive(Debug, Clone)]
pub struct Cohort {
    /// One row per subject.
    pub subjects: DataFrame,
    /// What is needed of each subject to read its records, in the order of the rows.
    pub members: Vec<Member>,
    /// Counts before and after each criterion.
    pub attrition: Vec<AttritionStep>,
    /// Subjects whose dates count from a made-up anchor: their intervals are real, their calendar dates are not.
    pub pseudo_anchored: usize,
    /// What is suspicious about the definition, in words.
    pub warnings: Vec<String>,
    /// When time begins.
    pub index: Index,
    /// When follow-up ends.
    pub follow_up: FollowUp,
    /// Last day that is known, days since 1970-01-01.
    pub cutoff: Option<i32>,
}

/// One subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member {
    /// Row of the patient in the [`Population`](crate::records::Population).
    pub patient: u32,
    /// Number of the infusion.
    pub infusion: i32,
    /// Day of the infusion; `None` when there was none.
    pub infused: Option<i32>,
    /// When time begins.
    pub index: i32,
    /// The patient's next infusion.
    pub next: Option<i32>,
}

impl Member {
    /// Whether a record belongs to the subject's infusion, or to the patient whatever the infusion.
    pub fn owns(&self, entry: &Entry, of_patient: bool) -> bool {
        of_patient || entry.infusion == self.infusion
    }
}

/// The candidates, before any criterion.
struct Candidates {
    frame: DataFrame,
    members: Vec<Member>,
    year: Vec<Option<i32>>,
    birth_year: Vec<Option<i32>>,
    calendar: Vec<bool>,
    disease: Vec<Option<String>>,
}

impl Cohort {
    /// Applies a definition to a snapshot.
    ///
    /// # Errors
    ///
    /// [`ReportError::Snapshot`] when a form cannot be read, [`ReportError::Engine`] when the query fails.
    pub fn select(snapshot: &Snapshot, definition: &CohortDefinition) -> Result<Self, ReportError> {
        let candidates = Candidates::of(snapshot, definition.index)?;
        let cutoff = definition.data_cutoff.map(epoch);
        let mut kept = vec![true; candidates.members.len()];
        let mut attrition = Vec::new();
        for criterion in &definition.criteria {
            let verdicts = candidates.judge(snapshot, criterion)?;
            attrition.push(step(criterion.describe(), &verdicts, &mut kept));
        }
        if let (Some(last), Some(date)) = (cutoff, definition.data_cutoff) {
            let known = candidates.members.iter().map(|m| Some(m.index <= last)).collect::<Vec<_>>();
            attrition.push(step(format!("index on or before the data cutoff, {date}"), &known, &mut kept));
        }
        if let Index::Landmark(day) = definition.index {
            let follow_ups = FollowUps::of(snapshot, &candidates.members, cutoff)?;
            let beyond = |(member, seen): (&Member, &crate::endpoints::follow_up::Seen)| {
                Some(match seen.death_day() {
                    Some(death) => death > member.index,
                    None => seen.alive >= member.index,
                })
            };
            let observed: Vec<_> = candidates.members.iter().zip(&follow_ups.seen).map(beyond).collect();
            let text = format!("alive and under observation on day {day} (the landmark)");
            attrition.push(step(text, &observed, &mut kept));
        }
        let pseudo_anchored =
            kept.iter().zip(&candidates.calendar).filter(|(keep, calendar)| **keep && !**calendar).count();
        let subjects = candidates
            .frame
            .filter(&BooleanChunked::from_slice("kept".into(), &kept))
            .and_then(|frame| frame.with_row_index("subject".into(), None))
            .map_err(ReportError::engine("keeping the cohort's subjects"))?;
        let members =
            candidates.members.iter().zip(&kept).filter(|(_, keep)| **keep).map(|(m, _)| *m).collect();
        Ok(Self {
            subjects,
            members,
            attrition,
            pseudo_anchored,
            warnings: unknown_codes(snapshot, definition)?,
            index: definition.index,
            follow_up: definition.follow_up.clone(),
            cutoff,
        })
    }

    /// Number of subjects.
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether nobody was selected.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Records of a form that hang on the subjects' infusions, with `subject` and `day_0`.
    pub(crate) fn of_infusion(&self, records: LazyFrame) -> LazyFrame {
        let keys = || [col("center_id"), col("patient_id"), col("infusion_number")];
        let mut columns: Vec<Expr> = keys().into();
        columns.extend([col("subject"), col("day_0")]);
        let subjects = self.subjects.clone().lazy().select(columns);
        records.join(subjects, keys(), keys(), JoinArgs::new(JoinType::Inner))
    }
}

fn step(criterion: String, verdicts: &[Option<bool>], kept: &mut [bool]) -> AttritionStep {
    let count = |kept: &[bool]| kept.iter().filter(|k| **k).count();
    let before = count(kept);
    let unknown = kept.iter().zip(verdicts).filter(|(k, v)| **k && v.is_none()).count();
    for (keep, verdict) in kept.iter_mut().zip(verdicts) {
        *keep &= *verdict == Some(true);
    }
    AttritionStep { criterion, before, after: count(kept), unknown }
}

impl Candidates {
    fn of(snapshot: &Snapshot, index: Index) -> Result<Self, ReportError> {
        let patient_key = || [col("center_id"), col("patient_id")];
        let key = || [col("center_id"), col("patient_id"), col("infusion_number")];
        let left = || JoinArgs::new(JoinType::Left);
        let population = snapshot.population()?;
        let patients = snapshot.scan(Patient::DESCRIPTOR)?.select([
            col("center_id"),
            col("patient_id"),
            col("birth_year"),
            col("date_basis"),
        ]);
        let diseases = snapshot.scan(DiseaseBaseline::DESCRIPTOR)?.select([
            col("center_id"),
            col("patient_id"),
            col("disease"),
        ]);
        let infusions = snapshot.infusions()?.select([
            col("center_id"),
            col("patient_id"),
            col("infusion_number"),
            col("product_code"),
            col("infusion_date"),
            col("next_infusion_date"),
        ]);
        let candidates = match index {
            Index::Infusion => infusions.with_column(col("infusion_date").alias("index_date")),
            Index::Landmark(days) => infusions.with_column(
                (col("infusion_date").cast(DataType::Int32) + lit(days))
                    .cast(DataType::Date)
                    .alias("index_date"),
            ),
            Index::Apheresis => snapshot
                .scan(Apheresis::DESCRIPTOR)?
                .filter(col("apheresis_date").is_not_null())
                .group_by(key())
                .agg([col("apheresis_date").min().alias("index_date")])
                .join(infusions, key(), key(), left()),
        };
        let collected = candidates
            .join(population.patients.clone().lazy(), patient_key(), patient_key(), left())
            .join(patients, patient_key(), patient_key(), left())
            .join(diseases, patient_key(), patient_key(), left())
            .select([
                col("center_id"),
                col("patient_id"),
                col("infusion_number"),
                col("product_code"),
                col("disease"),
                epoch_day("index_date").alias("day_0"),
                epoch_day("next_infusion_date").alias("next_day"),
                epoch_day("infusion_date").alias("infused"),
                col("patient"),
                col("index_date").dt().year().alias("year"),
                col("birth_year"),
                col("date_basis")
                    .eq(lit(DateBasis::PseudoAnchor.code()))
                    .fill_null(lit(false))
                    .alias("pseudo"),
            ])
            .sort(["center_id", "patient_id", "infusion_number"], SortMultipleOptions::default())
            .collect()
            .map_err(ReportError::engine("selecting the cohort"))?;
        let days = columns::integers(&collected, "day_0")?;
        let without_date = days.iter().filter(|day| day.is_none()).count();
        if without_date > 0 {
            return Err(ReportError::InfusionWithoutDate { n: without_date });
        }
        let patients = columns::indices(&collected, "patient")?;
        let infused = columns::integers(&collected, "infused")?;
        let next = columns::integers(&collected, "next_day")?;
        let number = columns::integers(&collected, "infusion_number")?;
        let rows = patients.into_iter().zip(number).zip(infused).zip(days.into_iter().zip(next));
        let members = rows
            .map(|(((patient, number), infused), (index, next))| Member {
                patient,
                infusion: number.unwrap_or(0),
                infused,
                index: index.unwrap_or_default(),
                next,
            })
            .collect();
        let pseudo = columns::flags(&collected, "pseudo")?;
        Ok(Self {
            members,
            year: columns::integers(&collected, "year")?,
            birth_year: columns::integers(&collected, "birth_year")?,
            calendar: pseudo.into_iter().map(|pseudo| pseudo != Some(true)).collect(),
            disease: columns::texts(&collected, "disease")?,
            frame: collected
                .select([
                    "center_id",
                    "patient_id",
                    "infusion_number",
                    "product_code",
                    "disease",
                    "day_0",
                    "next_day",
                ])
                .map_err(ReportError::engine("selecting the cohort"))?,
        })
    }

    /// Whether each candidate meets a criterion; `None` where its records do not say.
    fn judge(&self, snapshot: &Snapshot, criterion: &Criterion) -> Result<Vec<Option<bool>>, ReportError> {
        let n = self.members.len();
        let each =
            |of: &[Criterion]| of.iter().map(|c| self.judge(snapshot, c)).collect::<Result<Vec<_>, _>>();
        let fold = |of: &[Criterion], start: bool, both: fn(Option<bool>, Option<bool>) -> Option<bool>| {
            let mut all = vec![Some(start); n];
            for verdicts in each(of)? {
                for (all, verdict) in all.iter_mut().zip(verdicts) {
                    *all = both(*all, verdict);
                }
            }
            Ok::<_, ReportError>(all)
        };
        Ok(match criterion {
            Criterion::All(of) => fold(of, true, and)?,
            Criterion::Any(of) => fold(of, false, or)?,
            Criterion::None(of) => fold(of, false, or)?.into_iter().map(|v| v.map(|v| !v)).collect(),
            Criterion::InfusionNumber(number) => {
                self.members.iter().map(|m| Some(m.infusion == *number)).collect()
            }
            Criterion::Coded { column, codes, .. } => {
                let values = columns::texts(&self.frame, column)?;
                values.into_iter().map(|value| value.map(|value| codes.contains(&value))).collect()
            }
            Criterion::CalendarDates => self.calendar.iter().map(|calendar| Some(*calendar)).collect(),
            Criterion::BirthYearKnown => self.birth_year.iter().map(|year| Some(year.is_some())).collect(),
            Criterion::Age { min, max } => {
                let ages =
                    self.year.iter().zip(&self.birth_year).map(|(year, born)| Some((*year)? - (*born)?));
                let within = |age: i32| min.is_none_or(|min| age >= min) && max.is_none_or(|max| age <= max);
                ages.map(|age| age.map(within))
                    .zip(&self.calendar)
                    .map(|(v, real)| v.filter(|_| *real))
                    .collect()
            }
            Criterion::Period { from, to } => {
                let within = |day: i32| {
                    let bound = |date: &Option<NaiveDate>| date.map(epoch);
                    bound(from).is_none_or(|from| day >= from) && bound(to).is_none_or(|to| day <= to)
                };
                let day = |m: &Member| m.infused.unwrap_or(m.index);
                let members = self.members.iter().zip(&self.calendar);
                members.map(|(m, real)| real.then(|| within(day(m)))).collect()
            }
            Criterion::Records(records) => self.records(snapshot, records)?,
        })
    }

    fn records(
        &self,
        snapshot: &Snapshot,
        asked: &RecordCriterion,
    ) -> Result<Vec<Option<bool>>, ReportError> {
        let one = asked.one_per_subject();
        let records = snapshot.records(&RecordQuery {
            form: asked.form,
            date: asked.window.as_ref().map(|window| window.date),
            value: None,
            conditions: asked.conditions.clone(),
            all: one,
            basis: Basis::Reported,
        })?;
        let of_disease = [
            (NhlBaseline::DESCRIPTOR, "NHL"),
            (MyelomaBaseline::DESCRIPTOR, "MM"),
            (BAllBaseline::DESCRIPTOR, "B_ALL"),
        ];
        let disease = of_disease.iter().find(|(form, _)| form.name == asked.form.name).map(|(_, code)| *code);
        let rows = self.members.iter().zip(&self.disease);
        Ok(rows
            .map(|(member, has)| {
                let verdict = has_records(member, &records, asked, one);
                // A baseline of another disease is not missing: the patient has none.
                let other = disease.is_some_and(|code| has.as_deref().is_some_and(|has| has != code));
                let verdict = if verdict.is_none() && other && records.of(member.patient).is_empty() {
                    Some(false)
                } else {
                    verdict
                };
                verdict.map(|has| has == asked.present)
            })
            .collect())
    }
}

/// Codes of the definition that the reference tables do not have: most likely a slip, and they select nobody.
fn unknown_codes(snapshot: &Snapshot, definition: &CohortDefinition) -> Result<Vec<String>, ReportError> {
    let mut warnings = Vec::new();
    for criterion in &definition.criteria {
        let Criterion::Coded { what, column, codes } = criterion else { continue };
        let form = if *what == "product" { Product::DESCRIPTOR } else { Center::DESCRIPTOR };
        let table = snapshot.scan(form)?.select([col(*column)]).collect();
        let known =
            columns::texts(&table.map_err(ReportError::engine("reading a reference table"))?, column)?;
        for code in codes.iter().filter(|code| !known.contains(&Some((*code).clone()))) {
            warnings.push(format!(
                "The cohort names {what} {code}, which is not among the {what}s in scope: it selects nobody."
            ));
        }
    }
    Ok(warnings)
}
