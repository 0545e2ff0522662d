//! The records that bear on one infusion, read from a snapshot.

use chrono::NaiveDate;
use clinical::field::{Cell, Kind};
use clinical::form::{FieldDescriptor, Form, FormDescriptor};
use clinical::forms::infusion::Infusion;
use clinical::forms::patient::{DateBasis, Patient};
use clinical::record::Missing;
use clinical::review::DerivedValue;
use clinical::{MissingCode, Record};
use cohort::{Cohort, ReportError, Snapshot};
use measures::evaluate::{Dossier, Row};
use measures::fields::{Belonging, belonging, form_by_name};
use polars::prelude::*;
use std::collections::HashMap;

fn engine(what: &'static str) -> impl FnOnce(PolarsError) -> ReportError {
    move |source| ReportError::Engine { what, source }
}

/// The records that bear on an infusion and are dated by the cutoff; `None` when the snapshot shows no such infusion.
///
/// # Errors
///
/// [`ReportError`] when the snapshot cannot be read.
pub fn dossier(
    snapshot: &Snapshot,
    (center, patient, number): (&str, &str, i32),
    cutoff: NaiveDate,
) -> Result<Option<Dossier>, ReportError> {
    let mut rows = Vec::new();
    for form in clinical::forms::ALL {
        if snapshot.manifest().file(form.name).is_some() {
            rows.extend(form_rows(snapshot, form, center, patient)?);
        }
    }
    if snapshot.manifest().file(DerivedValue::DESCRIPTOR.name).is_some() {
        add_derived(snapshot, center, patient, &mut rows)?;
    }
    Ok(Dossier::new(rows, (patient, number), cutoff))
}

fn form_rows(
    snapshot: &Snapshot,
    form: &'static FormDescriptor,
    center: &str,
    patient: &str,
) -> Result<Vec<Row>, ReportError> {
    let Some((id, _)) = form_by_name(form.name) else { return Ok(Vec::new()) };
    let mut frame = snapshot.scan(form)?;
    let known = frame.collect_schema().map_err(engine("reading a form"))?;
    if known.contains("center_id") {
        frame = frame.filter(col("center_id").eq(lit(center)));
    }
    if matches!(belonging(form), Belonging::Infusion | Belonging::Patient) {
        frame = frame.filter(col("patient_id").eq(lit(patient)));
    }
    let names: Vec<Expr> = form
        .fields
        .iter()
        .map(|f| f.name)
        .chain(["missing", "record_id"])
        .filter(|n| known.contains(n))
        .map(col)
        .collect();
    let frame = frame.select(names).collect().map_err(engine("reading the records of a patient"))?;
    (0..frame.height())
        .map(|row| {
            Ok(Row {
                form: id,
                record_id: at(&frame, "record_id", row)?.unwrap_or_default(),
                record: record(&frame, form, row)?,
                derived: Vec::new(),
            })
        })
        .collect()
}

/// A text; nothing for a null or a column that is not there.
fn at(frame: &DataFrame, name: &str, row: usize) -> Result<Option<String>, ReportError> {
    let Ok(column) = frame.column(name) else { return Ok(None) };
    Ok(match column.get(row).map_err(engine("reading a record"))? {
        AnyValue::String(text) => Some(text.to_owned()),
        AnyValue::StringOwned(text) => Some(text.to_string()),
        _ => None,
    })
}

/// A cell of a field, as it was stored.
fn cell(frame: &DataFrame, field: &FieldDescriptor, row: usize) -> Result<Cell, ReportError> {
    let Ok(column) = frame.column(field.name) else { return Ok(Cell::Null) };
    let value = column.get(row).map_err(engine("reading a record"))?;
    let text = match (&value, field.kind) {
        (AnyValue::Int32(value), _) => return Ok(Cell::Integer(*value)),
        (AnyValue::Float64(value), _) => return Ok(Cell::Decimal(*value)),
        (AnyValue::Boolean(value), _) => return Ok(Cell::Flag(*value)),
        (AnyValue::Date(day), _) => return Ok(measures::known::date_of(*day).map_or(Cell::Null, Cell::Date)),
        (AnyValue::String(text), _) => *text,
        (AnyValue::StringOwned(text), _) => text.as_str(),
        _ => return Ok(Cell::Null),
    };
    Ok(match field.kind {
        Kind::Text { .. } => Cell::Text(text.to_owned()),
        kind => kind.parse_text(text).unwrap_or(Cell::Null),
    })
}

fn record(frame: &DataFrame, form: &'static FormDescriptor, row: usize) -> Result<Record, ReportError> {
    let mut cells = Vec::with_capacity(form.fields.len());
    for field in form.fields {
        cells.push(cell(frame, field, row)?);
    }
    let declared = at(frame, "missing", row)?;
    let pairs: HashMap<String, String> =
        declared.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
    let declared = form.fields.iter().filter_map(|f| Some((f.name, MissingCode::parse(pairs.get(f.name)?)?)));
    Ok(Record::from_parts(form, cells, Missing::new(declared.collect())))
}

fn add_derived(
    snapshot: &Snapshot,
    center: &str,
    patient: &str,
    rows: &mut [Row],
) -> Result<(), ReportError> {
    let of_patient = col("center_id").eq(lit(center)).and(col("patient_id").eq(lit(patient)));
    let frame = snapshot
        .scan(DerivedValue::DESCRIPTOR)?
        .filter(of_patient)
        .select([col("record_id"), col("value_name"), col("derived")])
        .collect()
        .map_err(engine("reading derived values"))?;
    for row in 0..frame.height() {
        let (id, name, derived) =
            (at(&frame, "record_id", row)?, at(&frame, "value_name", row)?, at(&frame, "derived", row)?);
        let Some(of) = rows.iter_mut().find(|r| Some(&r.record_id) == id.as_ref()) else { continue };
        let form = of.record.form();
        let place = name.and_then(|name| form.field(&name)).and_then(|(place, _)| u16::try_from(place).ok());
        of.derived.extend(place.map(|place| (place, derived)));
    }
    Ok(())
}

/// For each infusion of a cohort whether its patient's dates are calendar dates.
pub(crate) fn calendar_dates(snapshot: &Snapshot, cohort: &Cohort) -> Result<Vec<bool>, ReportError> {
    let on = [col("center_id"), col("patient_id")];
    let patients =
        snapshot.scan(Patient::DESCRIPTOR)?.select([col("center_id"), col("patient_id"), col("date_basis")]);
    let frame = cohort
        .subjects
        .clone()
        .lazy()
        .select([col("subject"), col("center_id"), col("patient_id")])
        .join(patients, on.clone(), on, JoinArgs::new(JoinType::Left))
        .sort(["subject"], SortMultipleOptions::default())
        .collect()
        .map_err(engine("reading the basis of dates"))?;
    let basis = cohort::columns::texts(&frame, "date_basis")?;
    Ok(basis.into_iter().map(|b| b.as_deref() == Some(DateBasis::Calendar.code())).collect())
}

/// The day of an infusion of a dossier, when it is a calendar date.
pub fn calendar_day(dossier: &Dossier) -> Option<NaiveDate> {
    let basis = dossier.only_named(Patient::DESCRIPTOR.name)?.record.text("date_basis").map(str::to_owned);
    let infusion = dossier.only_named(Infusion::DESCRIPTOR.name)?;
    match infusion.record.cell("infusion_date") {
        Cell::Date(day) if basis.as_deref() == Some(DateBasis::Calendar.code()) => Some(*day),
        _ => None,
    }
}
