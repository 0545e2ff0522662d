//! Records of a snapshot as dense columns by patient: what cohort criteria and endpoints are read from.
//!
//! A [`RecordQuery`] names a form, a date, conditions and perhaps a value. Its answer, [`Records`], holds one entry per record that
//! meets the conditions (or may meet them), grouped by patient, so that everything after it is arithmetic on integers. Answers
//! are kept with the snapshot, which never changes, up to [`KEPT_BYTES`].

use crate::columns::{integers, texts};
use crate::condition::{Condition, conjunction};
use crate::error::ReportError;
use crate::snapshot::Snapshot;
use clinical::PartialDate;
use clinical::field::Kind;
use clinical::form::{Form, FormDescriptor};
use clinical::forms::apheresis::Apheresis;
use clinical::forms::infusion::Infusion;
use clinical::review::DerivedValue;
use polars::prelude::*;
use serde::{Deserialize, Serialize};
use std::any::Any;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// Whether graded and categorized values are those the center reports or those the criteria derive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// As the center reports them.
    #[default]
    Reported,
    /// As the criteria derive them; unknown where they cannot decide.
    Derived,
}

/// Fields for which the registry derives a value beside the reported one: form and field.
pub const DERIVED: [(&str, &str); 7] = [
    ("response", "reported_category"),
    ("crs_day", "reported_grade"),
    ("crs_episode", "max_grade"),
    ("icans_day", "reported_grade"),
    ("icans_episode", "max_grade"),
    ("icaht", "reported_early_grade"),
    ("icaht", "reported_late_grade"),
];

/// Which records of a form are wanted, and what of them.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordQuery {
    /// The form.
    pub form: &'static FormDescriptor,
    /// The field that dates a record.
    pub date: Option<&'static str>,
    /// A numeric field whose value is wanted.
    pub value: Option<&'static str>,
    /// What a record must meet.
    pub conditions: Vec<Condition>,
    /// Records that do not meet the conditions are wanted as well, to tell "no" from "nothing recorded".
    pub all: bool,
    /// Reported or derived values.
    pub basis: Basis,
}

/// One record of an answer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Entry {
    /// Number of the infusion it belongs to; 0 for a record of the patient.
    pub infusion: i32,
    /// Its day, days since 1970-01-01; of a date known to the month or year the registry's midpoint.
    pub day: Option<i32>,
    /// First day it may have been.
    pub first: Option<i32>,
    /// Last day it may have been.
    pub last: Option<i32>,
    /// Whether it meets the conditions; `None` when a value is missing.
    pub holds: Option<bool>,
    /// The value asked for; NaN when absent or not asked for.
    pub value: f64,
    /// Position in the answer, for [`Records::id`].
    pub position: usize,
}

impl Entry {
    /// Whether the day is known to the month or year only.
    pub fn is_partial(&self) -> bool {
        self.first != self.last
    }
}

/// The answer to a [`RecordQuery`]: entries by patient, within a patient by infusion, day and record.
#[derive(Debug, Default)]
pub struct Records {
    starts: Vec<usize>,
    entries: Vec<Entry>,
    ids: StringChunked,
}

impl Records {
    /// The entries of a patient of the [`Population`].
    pub fn of(&self, patient: u32) -> &[Entry] {
        let patient = patient as usize;
        match (self.starts.get(patient), self.starts.get(patient + 1)) {
            (Some(&start), Some(&end)) => self.entries.get(start..end).unwrap_or_default(),
            _ => &[],
        }
    }

    /// The id of a record.
    pub fn id(&self, entry: &Entry) -> Option<&str> {
        self.ids.get(entry.position)
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn bytes(&self) -> usize {
        self.entries.len() * (size_of::<Entry>() + 56) + self.starts.len() * size_of::<usize>()
    }
}

/// The patients in scope that have an apheresis or an infusion, in order of center and patient.
#[derive(Debug)]
pub struct Population {
    /// Columns `patient` (row number, u32), `center_id`, `patient_id`.
    pub patients: DataFrame,
}

/// Bytes of answers kept with an open snapshot; the oldest go first.
pub const KEPT_BYTES: usize = 1 << 30;

/// Answers kept with a snapshot.
#[derive(Debug, Default)]
pub(crate) struct Kept(Mutex<Answers>);

#[derive(Debug, Default)]
struct Answers {
    by_key: BTreeMap<String, (u64, usize, Arc<dyn Any + Send + Sync>)>,
    next: u64,
    bytes: usize,
}

impl Kept {
    fn get<T: Send + Sync + 'static>(&self, key: &str) -> Option<Arc<T>> {
        let answers = self.0.lock().ok()?;
        Arc::clone(&answers.by_key.get(key)?.2).downcast().ok()
    }

    fn put<T: Send + Sync + 'static>(&self, key: String, bytes: usize, answer: &Arc<T>) {
        let Ok(mut answers) = self.0.lock() else { return };
        let number = answers.next;
        answers.next += 1;
        answers.bytes += bytes;
        if let Some((_, old, _)) = answers.by_key.insert(key, (number, bytes, Arc::clone(answer) as _)) {
            answers.bytes -= old;
        }
        while answers.bytes > KEPT_BYTES && answers.by_key.len() > 1 {
            let oldest = answers.by_key.iter().min_by_key(|(_, (n, _, _))| *n).map(|(key, _)| key.clone());
            let Some((_, bytes, _)) = oldest.and_then(|key| answers.by_key.remove(&key)) else { break };
            answers.bytes -= bytes;
        }
    }
}

impl Snapshot {
    /// The patients in scope with an apheresis or an infusion.
    ///
    /// # Errors
    ///
    /// [`ReportError`] when a form cannot be read.
    pub fn population(&self) -> Result<Arc<Population>, ReportError> {
        const KEY: &str = "population";
        if let Some(kept) = self.kept().get(KEY) {
            return Ok(kept);
        }
        let keys = || [col("center_id"), col("patient_id")];
        let of = |form| Ok::<_, ReportError>(self.scan(form)?.select(keys()));
        let both = [of(Infusion::DESCRIPTOR)?, of(Apheresis::DESCRIPTOR)?];
        let patients = concat(both, UnionArgs::default())
            .map(|both| {
                both.group_by(keys())
                    .agg([])
                    .sort(["center_id", "patient_id"], SortMultipleOptions::default())
            })
            .and_then(LazyFrame::collect)
            .and_then(|frame| frame.with_row_index("patient".into(), None))
            .map_err(ReportError::engine("listing the patients"))?;
        let population = Arc::new(Population { patients });
        self.kept().put(KEY.to_owned(), population.patients.estimated_size(), &population);
        Ok(population)
    }

    /// The records of a query.
    ///
    /// # Errors
    ///
    /// [`ReportError`] when the form cannot be read.
    pub fn records(&self, query: &RecordQuery) -> Result<Arc<Records>, ReportError> {
        let key = query.key();
        if let Some(kept) = self.kept().get(&key) {
            return Ok(kept);
        }
        let population = self.population()?;
        let records = Arc::new(query.answer(self, &population)?);
        self.kept().put(key, records.bytes(), &records);
        Ok(records)
    }
}

impl RecordQuery {
    fn key(&self) -> String {
        let conditions: Vec<_> = self.conditions.iter().map(Condition::json).collect();
        format!(
            "{} {:?} {:?} {conditions:?} {} {:?}",
            self.form.name, self.date, self.value, self.all, self.basis
        )
    }

    fn answer(&self, snapshot: &Snapshot, population: &Population) -> Result<Records, ReportError> {
        let mut frame = snapshot.scan(self.form)?;
        if self.basis == Basis::Derived {
            frame = self.with_derived(snapshot, frame)?;
        }
        let has_infusion = self.form.field("infusion_number").is_some();
        let infusion = if has_infusion { col("infusion_number") } else { lit(0_i32) };
        let date = self.date.map_or(lit(NULL).cast(DataType::Int32), |date| match self.is_partial() {
            true => col(date),
            false => col(date).cast(DataType::Int32),
        });
        let value = self.value.map_or(lit(f64::NAN), |value| col(value).cast(DataType::Float64));
        frame = frame.select([
            col("center_id"),
            col("patient_id"),
            infusion.cast(DataType::Int32).fill_null(lit(0)).alias("infusion"),
            date.alias("date"),
            conjunction(self.conditions.iter().map(Condition::expression)).alias("holds"),
            value.alias("value"),
            col("record_id"),
        ]);
        if !self.all {
            frame = frame.filter(col("holds").fill_null(lit(true)));
        }
        let on = || [col("center_id"), col("patient_id")];
        let patients = population.patients.clone().lazy();
        let collected = frame
            .join(patients, on(), on(), JoinArgs::new(JoinType::Inner))
            .sort(["patient", "infusion", "date", "record_id"], SortMultipleOptions::default())
            .select([
                col("patient"),
                col("infusion"),
                col("date"),
                col("holds"),
                col("value"),
                col("record_id"),
            ])
            .collect()
            .map_err(ReportError::engine("gathering records"))?;
        self.columns(&collected, population.patients.height())
    }

    fn is_partial(&self) -> bool {
        let field = self.date.and_then(|date| self.form.field(date));
        field.is_some_and(|(_, field)| field.kind == Kind::PartialDate)
    }

    /// Replaces the reported value of a field by the derived one; unknown where there is none.
    fn with_derived(&self, snapshot: &Snapshot, mut frame: LazyFrame) -> Result<LazyFrame, ReportError> {
        let replaced = DERIVED.iter().filter(|(form, _)| *form == self.form.name);
        for (form, name) in replaced {
            let Some((_, field)) = self.form.field(name) else { continue };
            let column = format!("derived {name}");
            let values = snapshot
                .scan(DerivedValue::DESCRIPTOR)?
                .filter(col("subject").eq(lit(*form)).and(col("value_name").eq(lit(*name))))
                .select([
                    col("center_id"),
                    col("record_id"),
                    col("derived").cast(crate::snapshot::column_type(field.kind)).alias(&column),
                ]);
            let on = [col("center_id"), col("record_id")];
            frame = frame
                .join(values, on.clone(), on, JoinArgs::new(JoinType::Left))
                .with_column(col(&column).alias(*name));
        }
        Ok(frame)
    }

    fn columns(&self, frame: &DataFrame, patients: usize) -> Result<Records, ReportError> {
        let read = ReportError::engine("reading gathered records");
        let (holds, values, ids) = (|| {
            let holds: Vec<Option<bool>> = frame.column("holds")?.bool()?.iter().collect();
            let values: Vec<Option<f64>> = frame.column("value")?.f64()?.iter().collect();
            Ok((holds, values, frame.column("record_id")?.str()?.clone()))
        })()
        .map_err(read)?;
        let bounds: Vec<[Option<i32>; 3]> = if self.is_partial() {
            texts(frame, "date")?.iter().map(|date| partial(date.as_deref())).collect()
        } else {
            integers(frame, "date")?.into_iter().map(|day| [day; 3]).collect()
        };
        let patient = crate::columns::indices(frame, "patient")?;
        let infusion = integers(frame, "infusion")?;
        let mut starts = vec![0; patients + 1];
        for &patient in &patient {
            if let Some(count) = starts.get_mut(patient as usize + 1) {
                *count += 1;
            }
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        let rows = infusion.into_iter().zip(bounds).zip(holds.into_iter().zip(values)).enumerate();
        let entries = rows
            .map(|(position, ((infusion, [first, day, last]), (holds, value)))| Entry {
                infusion: infusion.unwrap_or(0),
                day,
                first,
                last,
                holds,
                value: value.unwrap_or(f64::NAN),
                position,
            })
            .collect();
        Ok(Records { starts, entries, ids })
    }
}

/// First day, midpoint and last day of a date that may be known to the month or year only, days since 1970-01-01.
fn partial(text: Option<&str>) -> [Option<i32>; 3] {
    let Some(date) = text.and_then(|text| text.parse::<PartialDate>().ok()) else { return [None; 3] };
    [date.earliest(), date.midpoint(), date.latest()].map(|day| Some(epoch(day)))
}

/// Days since 1970-01-01.
pub fn epoch(day: chrono::NaiveDate) -> i32 {
    i32::try_from((day - chrono::NaiveDate::default()).num_days()).unwrap_or(i32::MAX)
}

/// The calendar date of a day since 1970-01-01.
pub fn calendar(day: i32) -> Option<chrono::NaiveDate> {
    chrono::NaiveDate::default().checked_add_signed(chrono::Duration::days(i64::from(day)))
}
