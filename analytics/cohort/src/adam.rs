//! Analysis data sets in the shape of CDISC ADaM: ADSL, ADTTE, ADAE and ADRS, with their metadata.
//!
//! Rows are patient-level. Dates are days from the index (`ASTDY` and the like); calendar dates are given only where whoever
//! asks may see them. Subjects are named by center and pseudonym.

use crate::columns::{integers, texts};
use crate::condition::{Condition, Test};
use crate::definition::CohortDefinition;
use crate::endpoints::{Cause, Evaluation, FollowUps, Verdict, library};
use crate::error::ReportError;
use crate::records::{Basis, RecordQuery, calendar};
use crate::reports::assessments;
use crate::reports::grouping::{By, Grouping, ages};
use crate::selection::Cohort;
use crate::snapshot::Snapshot;
use arrow::array::{ArrayRef, Int64Array, StringArray};
use clinical::field::Kind;
use clinical::form::Form;
use clinical::forms::adverse_event::AdverseEvent;
use clinical::forms::infection::Infection;
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// Whether calendar dates may be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dates {
    /// Days from the index only.
    Offsets,
    /// Calendar dates as well, of subjects whose dates are calendar dates.
    Calendar,
}

/// Type of a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum DataType {
    /// Text.
    String,
    /// Whole number.
    Integer,
    /// Calendar date, `YYYY-MM-DD`.
    Date,
}

/// One variable of a data set, as the define metadata have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Variable {
    /// Identifier in Dataset-JSON.
    #[serde(rename = "itemOID")]
    pub item_oid: String,
    /// Name.
    pub name: &'static str,
    /// Label.
    pub label: &'static str,
    /// Type.
    pub data_type: DataType,
    /// Where it comes from.
    #[serde(skip)]
    pub derivation: &'static str,
}

/// A data set.
#[derive(Debug, Clone, PartialEq)]
pub struct DataSet {
    /// ADSL, ADTTE, ADAE or ADRS.
    pub name: &'static str,
    /// Label.
    pub label: &'static str,
    /// Its variables.
    pub variables: Vec<Variable>,
    /// One value per variable.
    pub rows: Vec<Vec<Value>>,
}

type Declared = (&'static str, &'static str, DataType, &'static str);

const SUBJECT: [Declared; 3] = [
    ("STUDYID", "Study Identifier", DataType::String, "sequela"),
    ("USUBJID", "Unique Subject Identifier", DataType::String, "center_id-patient_id-infusion_number"),
    ("SITEID", "Study Site Identifier", DataType::String, "center_id"),
];

fn variables(set: &'static str, own: &[Declared]) -> Vec<Variable> {
    let all = SUBJECT.iter().chain(own);
    all.map(|(name, label, data_type, derivation)| Variable {
        item_oid: format!("IT.{set}.{name}"),
        name,
        label,
        data_type: *data_type,
        derivation,
    })
    .collect()
}

/// What every data set starts from.
struct Subjects {
    cohort: Cohort,
    follow_ups: FollowUps,
    ids: Vec<[Value; 3]>,
    calendar: Vec<bool>,
}

/// Makes the four data sets of a cohort, with the endpoints named.
///
/// # Errors
///
/// [`ReportError`] when the snapshot cannot be read or an endpoint does not exist.
pub fn data_sets(
    snapshot: &Snapshot,
    definition: &CohortDefinition,
    endpoints: &[Value],
    dates: Dates,
) -> Result<Vec<DataSet>, ReportError> {
    let cohort = Cohort::select(snapshot, definition)?;
    let follow_ups = FollowUps::of_cohort(snapshot, &cohort)?;
    let centers = texts(&cohort.subjects, "center_id")?;
    let patients = texts(&cohort.subjects, "patient_id")?;
    let numbers = integers(&cohort.subjects, "infusion_number")?;
    let rows = centers.into_iter().zip(patients).zip(numbers);
    let ids = rows
        .map(|((center, patient), number)| {
            let (center, patient) = (center.unwrap_or_default(), patient.unwrap_or_default());
            let subject = format!("{center}-{patient}-{}", number.unwrap_or_default());
            [json!("SEQUELA"), json!(subject), json!(center)]
        })
        .collect();
    let years = Grouping::of(snapshot, &cohort, By::Year)?;
    let real = years.of_subject.iter().map(|g| years.groups.get(*g).is_some_and(|g| g.code.is_some()));
    let calendar = real.map(|real| real && dates == Dates::Calendar).collect();
    let subjects = Subjects { cohort, follow_ups, ids, calendar };
    Ok(vec![
        adsl(snapshot, &subjects)?,
        adtte(snapshot, &subjects, endpoints)?,
        adae(snapshot, &subjects)?,
        adrs(snapshot, &subjects)?,
    ])
}

impl Subjects {
    fn date(&self, subject: usize, day: i32) -> Value {
        let real = self.calendar.get(subject) == Some(&true);
        let date = self
            .cohort
            .members
            .get(subject)
            .filter(|_| real)
            .and_then(|m| calendar(m.index.checked_add(day)?));
        date.map_or(Value::Null, |date| json!(date.to_string()))
    }

    fn row(&self, subject: usize, own: impl IntoIterator<Item = Value>) -> Vec<Value> {
        self.ids.get(subject).into_iter().flatten().cloned().chain(own).collect()
    }
}

fn codes(grouping: &Grouping) -> Vec<Value> {
    let code = |place: &usize| grouping.groups.get(*place).and_then(|g| g.code.clone());
    grouping.of_subject.iter().map(|place| json!(code(place))).collect()
}

fn adsl(snapshot: &Snapshot, subjects: &Subjects) -> Result<DataSet, ReportError> {
    let own: [Declared; 9] = [
        ("AGE", "Age", DataType::Integer, "year of the index less year of birth"),
        ("SEX", "Sex", DataType::String, "patient.sex"),
        ("DISEASE", "Disease", DataType::String, "disease.disease"),
        ("TRT01A", "Actual Treatment for Period 01", DataType::String, "infusion.product_code"),
        (
            "TRTSDT",
            "Date of First Exposure to Treatment",
            DataType::Date,
            "infusion.infusion_date; null where dates may not be shown",
        ),
        ("DTHFL", "Subject Death Flag", DataType::String, "Y when survival_status says DEAD"),
        ("DTHDY", "Day of Death", DataType::Integer, "days from the index to death"),
        (
            "LSTALVDY",
            "Day Last Known Alive",
            DataType::Integer,
            "days from the index to the last record that shows the subject alive",
        ),
        ("EXCLFL", "Dates Contradict Flag", DataType::String, "Y when the subject is left out of analyses"),
    ];
    let ages = ages(snapshot, &subjects.cohort)?;
    let sex = codes(&Grouping::of(snapshot, &subjects.cohort, By::Sex)?);
    let disease = codes(&Grouping::of(snapshot, &subjects.cohort, By::Disease)?);
    let product = codes(&Grouping::of(snapshot, &subjects.cohort, By::Product)?);
    let members = subjects.cohort.members.iter().zip(&subjects.follow_ups.seen).enumerate();
    let rows = members.map(|(place, (member, seen))| {
        let of = |values: &[Value]| values.get(place).cloned().unwrap_or_default();
        let infused = member.infused.map_or(Value::Null, |day| subjects.date(place, day - member.index));
        let contradicted = seen.contradiction(member).is_some();
        let own = [
            json!(ages.get(place).copied().flatten()),
            of(&sex),
            of(&disease),
            of(&product),
            infused,
            json!(if seen.death.is_some() { "Y" } else { "N" }),
            json!(seen.death_day().map(|day| day - member.index)),
            json!(seen.alive - member.index),
            json!(if contradicted { "Y" } else { "N" }),
        ];
        subjects.row(place, own)
    });
    Ok(DataSet {
        name: "ADSL",
        label: "Subject-Level Analysis Dataset",
        variables: variables("ADSL", &own),
        rows: rows.collect(),
    })
}

fn adtte(snapshot: &Snapshot, subjects: &Subjects, endpoints: &[Value]) -> Result<DataSet, ReportError> {
    let own: [Declared; 10] = [
        ("PARAMCD", "Parameter Code", DataType::String, "id of the endpoint"),
        ("PARAM", "Parameter", DataType::String, "title of the endpoint"),
        ("AVAL", "Analysis Value", DataType::Integer, "days from the origin of the endpoint"),
        ("STARTDY", "Day of the Origin", DataType::Integer, "days from the index to the origin"),
        ("CNSR", "Censor", DataType::Integer, "0 event, 1 censored, 2 competing event"),
        ("EVNTDESC", "Event or Censoring Description", DataType::String, "source, or why observation ended"),
        ("SRCDOM", "Source Data", DataType::String, "form of the record that decided"),
        ("SRCVAR", "Source Variable", DataType::String, "field that dates the record"),
        ("SRCSEQ", "Source Record", DataType::String, "id of the record"),
        (
            "ADTF",
            "Analysis Date Imputation Flag",
            DataType::String,
            "Y when the date is known to the month or year only",
        ),
    ];
    let mut rows = Vec::new();
    for asked in endpoints {
        let endpoint = library()?.resolve(asked, "/endpoints").map_err(ReportError::Parameters)?;
        let evaluation = Evaluation::of(snapshot, &subjects.cohort, &subjects.follow_ups, endpoint)?;
        for (place, (verdict, member)) in evaluation.verdicts.iter().zip(&subjects.cohort.members).enumerate()
        {
            let Verdict::Observed(outcome) = verdict else { continue };
            let Some(decision) = evaluation.decision(&subjects.cohort, place) else { continue };
            let censor = match outcome.cause {
                Cause::Event => 0,
                Cause::Censored => 1,
                Cause::Competing => 2,
            };
            let described = match &decision.source {
                Some(source) => json!(source),
                None => json!(decision.reason),
            };
            let own = [
                json!(evaluation.endpoint.id),
                json!(evaluation.endpoint.title.en),
                json!(outcome.day),
                json!(outcome.origin - member.index),
                json!(censor),
                described,
                json!(decision.form),
                json!(decision.field),
                json!(decision.record_id),
                json!(if decision.imputed { "Y" } else { "" }),
            ];
            rows.push(subjects.row(place, own));
        }
    }
    Ok(DataSet {
        name: "ADTTE",
        label: "Time to Event Analysis Dataset",
        variables: variables("ADTTE", &own),
        rows,
    })
}

/// The codes of a coded field with the records of a form that have them, by subject: code, day from the index, value.
fn coded(
    snapshot: &Snapshot,
    cohort: &Cohort,
    form: &'static clinical::FormDescriptor,
    (field, date, value): (&'static str, &'static str, &'static str),
) -> Result<Vec<Vec<(String, Option<i32>, f64)>>, ReportError> {
    let mut all = vec![Vec::new(); cohort.len()];
    let Some((_, descriptor)) = form.field(field) else { return Ok(all) };
    let Kind::Coded(set) = descriptor.kind else { return Ok(all) };
    for code in set.codes {
        let records = snapshot.records(&RecordQuery {
            form,
            date: Some(date),
            value: Some(value),
            conditions: vec![Condition::new(descriptor, Test::In(vec![code.code.to_owned()]))],
            all: false,
            basis: Basis::Reported,
        })?;
        for (own, member) in all.iter_mut().zip(&cohort.members) {
            let entries =
                records.of(member.patient).iter().filter(|e| member.owns(e, false) && e.holds == Some(true));
            own.extend(entries.map(|e| (code.code.to_owned(), e.day.map(|day| day - member.index), e.value)));
        }
    }
    Ok(all)
}

fn grade(value: f64) -> Value {
    // Grades are whole numbers from 1 to 5.
    (1..=5)
        .find(|grade| (value - f64::from(*grade)).abs() < 0.5)
        .map_or(Value::Null, |grade: i32| json!(grade))
}

fn adae(snapshot: &Snapshot, subjects: &Subjects) -> Result<DataSet, ReportError> {
    let own: [Declared; 5] = [
        (
            "AETERM",
            "Reported Term for the Adverse Event",
            DataType::String,
            "infection.pathogen_class, or the seriousness of an adverse event",
        ),
        ("AECAT", "Category for Adverse Event", DataType::String, "form of the record"),
        (
            "ASTDY",
            "Analysis Start Relative Day",
            DataType::Integer,
            "days from the index; before the index negative",
        ),
        ("ASTDT", "Analysis Start Date", DataType::Date, "null where dates may not be shown"),
        ("ATOXGR", "Analysis Toxicity Grade", DataType::Integer, "CTCAE grade"),
    ];
    let infections = coded(
        snapshot,
        &subjects.cohort,
        Infection::DESCRIPTOR,
        ("pathogen_class", "onset_date", "ctcae_grade"),
    )?;
    let events = coded(
        snapshot,
        &subjects.cohort,
        AdverseEvent::DESCRIPTOR,
        ("serious", "start_date", "ctcae_grade"),
    )?;
    let mut rows = Vec::new();
    for (place, (infections, events)) in infections.into_iter().zip(events).enumerate() {
        let mut of_subject: Vec<(Option<i32>, &str, String, f64)> = Vec::new();
        of_subject.extend(infections.into_iter().map(|(code, day, value)| (day, "INFECTION", code, value)));
        of_subject.extend(
            events
                .into_iter()
                .map(|(code, day, value)| (day, "ADVERSE_EVENT", format!("SERIOUS={code}"), value)),
        );
        of_subject.sort_by(|a, b| (a.0, a.1, &a.2).cmp(&(b.0, b.1, &b.2)).then(a.3.total_cmp(&b.3)));
        for (day, category, term, value) in of_subject {
            let date = day.map_or(Value::Null, |day| subjects.date(place, day));
            rows.push(subjects.row(place, [json!(term), json!(category), json!(day), date, grade(value)]));
        }
    }
    Ok(DataSet {
        name: "ADAE",
        label: "Adverse Events Analysis Dataset",
        variables: variables("ADAE", &own),
        rows,
    })
}

fn adrs(snapshot: &Snapshot, subjects: &Subjects) -> Result<DataSet, ReportError> {
    let own: [Declared; 6] = [
        ("PARAMCD", "Parameter Code", DataType::String, "OVR reported, OVRD derived, BOR best reported"),
        ("PARAM", "Parameter", DataType::String, "in words"),
        ("ADY", "Analysis Relative Day", DataType::Integer, "days from the index"),
        ("ADT", "Analysis Date", DataType::Date, "null where dates may not be shown"),
        ("AVALC", "Analysis Value (C)", DataType::String, "response.reported_category, or its derived value"),
        ("AVAL", "Analysis Value", DataType::Integer, "rank from best, 1, to worst"),
    ];
    let mut rows = Vec::new();
    for (basis, code, name) in
        [(Basis::Reported, "OVR", "Reported response"), (Basis::Derived, "OVRD", "Derived response")]
    {
        for (place, course) in assessments::responses(snapshot, &subjects.cohort, basis)?.iter().enumerate() {
            let mut put = |code: &str, name: &str, (day, category): (i32, _)| {
                let rank = assessments::rank(category) + 1;
                let own = [
                    json!(code),
                    json!(name),
                    json!(day),
                    subjects.date(place, day),
                    json!(clinical::field::FieldValue::to_cell(&category).to_text()),
                    json!(rank),
                ];
                rows.push(subjects.row(place, own));
            };
            for assessed in course {
                put(code, name, *assessed);
            }
            let best = course.iter().min_by_key(|(day, category)| (assessments::rank(*category), *day));
            if let Some(best) = best.filter(|_| basis == Basis::Reported) {
                put("BOR", "Best reported response", *best);
            }
        }
    }
    Ok(DataSet { name: "ADRS", label: "Response Analysis Dataset", variables: variables("ADRS", &own), rows })
}

impl DataSet {
    /// Dataset-JSON 1.1.
    pub fn dataset_json(&self, snapshot: &Snapshot) -> Value {
        let manifest = snapshot.manifest();
        json!({
            "datasetJSONCreationDateTime": manifest.taken_at,
            "datasetJSONVersion": "1.1.0",
            "fileOID": format!("{}.{}", manifest.content_hash, self.name),
            "originator": "sequela",
            "sourceSystem": { "name": "sequela", "version": env!("CARGO_PKG_VERSION") },
            "studyOID": "SEQUELA",
            "metaDataVersionOID": "MDV.1",
            "itemGroupOID": format!("IG.{}", self.name),
            "records": self.rows.len(),
            "name": self.name,
            "label": self.label,
            "columns": self.variables,
            "rows": self.rows,
        })
    }

    /// CSV, RFC 4180.
    pub fn csv(&self) -> String {
        let mut text = self.variables.iter().map(|v| v.name).collect::<Vec<_>>().join(",") + "\r\n";
        for row in &self.rows {
            let cells = row.iter().map(|value| match value {
                Value::Null => String::new(),
                Value::String(text) => crate::render::quoted(text),
                other => other.to_string(),
            });
            text += &(cells.collect::<Vec<_>>().join(",") + "\r\n");
        }
        text
    }

    /// Parquet: texts and dates as text, whole numbers as 64-bit integers.
    ///
    /// # Errors
    ///
    /// [`ReportError::Columns`] when the columns cannot be written.
    pub fn parquet(&self) -> Result<Vec<u8>, ReportError> {
        let columns = self.variables.iter().enumerate().map(|(place, variable)| {
            let values = self.rows.iter().map(move |row| row.get(place));
            let array: ArrayRef = match variable.data_type {
                DataType::Integer => {
                    Arc::new(values.map(|v| v.and_then(Value::as_i64)).collect::<Int64Array>())
                }
                DataType::String | DataType::Date => {
                    Arc::new(values.map(|v| v.and_then(Value::as_str)).collect::<StringArray>())
                }
            };
            (variable.name, array)
        });
        crate::render::columnar::write_parquet(columns.collect(), &self.define())
    }

    /// What the variables are and where they come from, as data.
    pub fn define(&self) -> Value {
        let variable = |v: &Variable| {
            let mut object = Map::new();
            object.insert("name".to_owned(), json!(v.name));
            object.insert("label".to_owned(), json!(v.label));
            object.insert("dataType".to_owned(), json!(v.data_type));
            object.insert("derivation".to_owned(), json!(v.derivation));
            Value::Object(object)
        };
        json!({ "name": self.name, "label": self.label, "variables": self.variables.iter().map(variable).collect::<Vec<_>>() })
    }
}
