//! The records of a cohort's infusions as columns: one pass over each form.

use chrono::{NaiveDate, NaiveTime, Timelike};
use clinical::field::{Kind, ValueSet};
use clinical::form::Form;
use clinical::form::FormDescriptor;
use clinical::forms::infusion::Infusion;
use clinical::review::DerivedValue;
use clinical::{MissingCode, PartialDate};
use cohort::snapshot::Rows;
use cohort::{Cohort, ReportError, Snapshot};
use measures::columnar::{Column, NO_CODE, NO_DAY, NO_MINUTE, NO_TEXT, Table, Tables};
use measures::fields::{Belonging, belonging, main_date};
use measures::ir::form;
use measures::ir_walk::{FormNeeds, Needs};
use measures::known::epoch_day;
use polars::prelude::*;
use std::collections::HashMap;

/// A row of no infusion.
const NOBODY: u32 = u32::MAX;

/// For `map_err` on a query.
fn engine(what: &'static str) -> impl FnOnce(PolarsError) -> ReportError {
    move |source| ReportError::Engine { what, source }
}

/// The columns that clauses look at, of the records that bear on a cohort's infusions and are dated by the cutoff.
///
/// # Errors
///
/// [`ReportError`] when the snapshot cannot be read.
pub(crate) fn tables(
    snapshot: &Snapshot,
    cohort: &Cohort,
    needs: &Needs,
    cutoff: NaiveDate,
) -> Result<Tables, ReportError> {
    let mut tables = Tables {
        subjects: cohort.len(),
        cutoff: epoch_day(cutoff),
        forms: (0..clinical::forms::ALL.len()).map(|_| None).collect(),
        own_infusion: Vec::new(),
    };
    for (id, of) in needs {
        let Some(descriptor) = form(*id) else { continue };
        let table = table(snapshot, cohort, descriptor, of, tables.cutoff)?;
        if descriptor.name == Infusion::DESCRIPTOR.name {
            tables.own_infusion = own_infusions(&table, cohort)?;
        }
        if let Some(slot) = tables.forms.get_mut(usize::from(id.0)) {
            *slot = Some(table);
        }
    }
    Ok(tables)
}

/// The codes by which the rows of a form find their infusions.
fn join_keys(belongs: Belonging) -> &'static [&'static str] {
    match belongs {
        Belonging::Infusion => &["center_id", "patient_id", "infusion_number"],
        Belonging::Patient => &["center_id", "patient_id"],
        Belonging::Center => &["center_id"],
        Belonging::Product => &["product_code"],
    }
}

fn table(
    snapshot: &Snapshot,
    cohort: &Cohort,
    descriptor: &'static FormDescriptor,
    of: &FormNeeds,
    cutoff: i32,
) -> Result<Table, ReportError> {
    let belongs = belonging(descriptor);
    let keys = join_keys(belongs);
    let shared = matches!(belongs, Belonging::Center | Belonging::Product);
    // Rows that several infusions share are kept once, and the infusions point to them.
    let (groups, subjects) = if shared { groups(cohort, keys)? } else { (None, of_infusion(cohort, keys)) };
    let mut frame = snapshot.scan(descriptor)?;
    let known = frame.collect_schema().map_err(engine("reading a form"))?;
    let mut wanted: Vec<Expr> = Vec::new();
    let field = |place: &u16| descriptor.fields.get(usize::from(*place));
    for name in of.fields.iter().filter_map(field).map(|f| f.name) {
        wanted.push(col(name));
    }
    for name in keys.iter().copied().chain(["missing"]).filter(|name| known.contains(name)) {
        if !of.fields.iter().filter_map(field).any(|f| f.name == name) {
            wanted.push(col(name));
        }
    }
    for place in &of.derived {
        let Some(name) = field(place).map(|f| f.name) else { continue };
        if snapshot.manifest().file(DerivedValue::DESCRIPTOR.name).is_none() {
            // A snapshot taken before the registry derived anything.
            frame = frame.with_column(lit(NULL).cast(DataType::String).alias(format!("derived_{name}")));
            wanted.push(col(format!("derived_{name}")));
            continue;
        }
        let values = snapshot
            .scan(DerivedValue::DESCRIPTOR)?
            .filter(col("subject").eq(lit(descriptor.name)).and(col("value_name").eq(lit(name))))
            .select([col("center_id"), col("record_id"), col("derived").alias(format!("derived_{name}"))]);
        let on = [col("center_id"), col("record_id")];
        frame = frame.join(values, on.clone(), on, JoinArgs::new(JoinType::Left));
        wanted.push(col(format!("derived_{name}")));
    }
    let on: Vec<Expr> = keys.iter().map(|k| col(*k)).collect();
    let frame = frame
        .select(wanted)
        .join(subjects, on.clone(), on, JoinArgs::new(JoinType::Inner))
        .collect()
        .map_err(engine("reading the records of a form"))?;
    let mut table =
        Table { groups: groups.as_ref().map(|(of_subject, _)| of_subject.clone()), ..Table::default() };
    table.columns = (0..descriptor.fields.len()).map(|_| None).collect();
    for place in &of.fields {
        let Some(field) = field(place) else { continue };
        let column = column(&frame, field.name, field.kind)?;
        if let Some(slot) = table.columns.get_mut(usize::from(*place)) {
            *slot = Some(column);
        }
    }
    for place in &of.derived {
        let Some(field) = field(place) else { continue };
        table.derived.push((*place, derived_column(&frame, field.name, field.kind)?));
    }
    missing(&frame, descriptor, &mut table)?;
    let mut group_of = cohort::columns::indices(&frame, "subject")?;
    hide_later(&table, descriptor, cutoff, &mut group_of);
    if descriptor.name == Infusion::DESCRIPTOR.name && !matches!(snapshot.scope().products, Rows::All) {
        add_hidden_infusions(cohort, &mut table, descriptor, &mut group_of, cutoff)?;
    }
    let count = groups.map_or(cohort.len(), |(_, count)| count);
    let key: Vec<u16> =
        descriptor.key.iter().filter_map(|name| u16::try_from(descriptor.field(name)?.0).ok()).collect();
    table.sort(&group_of, count, &key);
    Ok(table)
}

/// The infusions with the columns that rows are joined by.
fn of_infusion(cohort: &Cohort, keys: &[&str]) -> LazyFrame {
    let columns: Vec<Expr> = keys.iter().map(|k| col(*k)).chain([col("subject")]).collect();
    cohort.subjects.clone().lazy().select(columns)
}

type Groups = Option<(Vec<u32>, usize)>;

/// The group of each infusion by its center or product, and a frame of the groups under the name `subject`.
fn groups(cohort: &Cohort, keys: &[&str]) -> Result<(Groups, LazyFrame), ReportError> {
    let key = keys.first().copied().unwrap_or("center_id");
    let mut numbers: HashMap<String, u32> = HashMap::new();
    let mut of_subject = Vec::with_capacity(cohort.len());
    for code in cohort::columns::texts(&cohort.subjects, key)? {
        let next = numbers.len() as u32;
        of_subject.push(*numbers.entry(code.unwrap_or_default()).or_insert(next));
    }
    let (codes, places): (Vec<String>, Vec<u32>) = numbers.into_iter().unzip();
    let count = codes.len();
    let frame = DataFrame::new(
        count,
        vec![
            polars::prelude::Column::new(key.into(), codes),
            polars::prelude::Column::new("subject".into(), places),
        ],
    )
    .map_err(engine("grouping infusions"))?;
    Ok((Some((of_subject, count)), frame.lazy()))
}

fn text<'a>(frame: &'a DataFrame, name: &str) -> Result<&'a StringChunked, ReportError> {
    frame.column(name).and_then(polars::prelude::Column::str).map_err(engine("reading a text column"))
}

fn position(set: &ValueSet) -> HashMap<&'static str, u8> {
    let codes = set.codes.iter().enumerate();
    codes.filter_map(|(place, code)| Some((code.code, u8::try_from(place).ok()?))).collect()
}

/// Rows mostly repeat the code of the row before, so it is tried before it is looked up.
fn codes(column: &StringChunked, set: &ValueSet) -> Vec<u8> {
    let known = position(set);
    let mut last: (&str, u8) = ("", NO_CODE);
    let code = |text: Option<&'_ str>| -> u8 {
        let Some(text) = text else { return NO_CODE };
        known.get(text).copied().unwrap_or(NO_CODE)
    };
    let mut found = Vec::with_capacity(column.len());
    for text in column.iter() {
        match text {
            Some(text) if text == last.0 => found.push(last.1),
            _ => {
                let place = code(text);
                last = (text.unwrap_or_default(), place);
                found.push(place);
            }
        }
    }
    found
}

fn column(frame: &DataFrame, name: &str, kind: Kind) -> Result<Column, ReportError> {
    let numbers = |frame: &DataFrame| {
        let cast = frame.column(name)?.cast(&DataType::Float64)?;
        Ok(cast.f64()?.iter().map(|v| v.unwrap_or(f64::NAN)).collect())
    };
    Ok(match kind {
        Kind::Integer { .. } | Kind::Decimal { .. } => {
            Column::Number(numbers(frame).map_err(engine("reading numbers"))?)
        }
        Kind::Flag => {
            let flags = cohort::columns::flags(frame, name)?;
            Column::Flag(flags.into_iter().map(|b| b.map_or(NO_CODE, u8::from)).collect())
        }
        Kind::Coded(set) => Column::Code(codes(text(frame, name)?, set)),
        Kind::Codes(set) => {
            let known = position(set);
            let bits = |list: &str| {
                let places = list.split(';').filter_map(|code| known.get(code));
                places.fold(0_u64, |bits, place| bits | 1_u64.checked_shl(u32::from(*place)).unwrap_or(0))
            };
            Column::Codes(text(frame, name)?.iter().map(|t| t.map_or(0, bits)).collect())
        }
        Kind::Time => {
            let minute = |text: &str| {
                let time = NaiveTime::parse_from_str(text, "%H:%M").ok()?;
                u16::try_from(time.num_seconds_from_midnight() / 60).ok()
            };
            Column::Minute(
                text(frame, name)?.iter().map(|t| t.and_then(minute).unwrap_or(NO_MINUTE)).collect(),
            )
        }
        Kind::Date => {
            let days = || {
                let cast = frame.column(name)?.cast(&DataType::Int32)?;
                Ok(cast.i32()?.iter().map(|d| d.unwrap_or(NO_DAY)).collect::<Vec<i32>>())
            };
            let days = days().map_err(engine("reading days"))?;
            Column::Day(days.clone(), days)
        }
        Kind::PartialDate => {
            let span = |text: &str| {
                let date: PartialDate = text.parse().ok()?;
                Some((epoch_day(date.earliest()), epoch_day(date.latest())))
            };
            let spans = text(frame, name)?.iter().map(|t| t.and_then(span).unwrap_or((NO_DAY, NO_DAY)));
            let (low, high) = spans.unzip();
            Column::Day(low, high)
        }
        Kind::Text { .. } => {
            let mut numbers: HashMap<&str, u32> = HashMap::new();
            let column = text(frame, name)?;
            let places: Vec<u32> = column
                .iter()
                .map(|t| match t {
                    Some(text) => {
                        let next = numbers.len() as u32;
                        *numbers.entry(text).or_insert(next)
                    }
                    None => NO_TEXT,
                })
                .collect();
            let mut texts = vec![String::new(); numbers.len()];
            for (text, place) in numbers {
                if let Some(slot) = texts.get_mut(place as usize) {
                    text.clone_into(slot);
                }
            }
            Column::Text(places, texts)
        }
    })
}

/// Derived values are texts whatever their field; one that its field would not accept is none.
fn derived_column(frame: &DataFrame, field: &str, kind: Kind) -> Result<Column, ReportError> {
    let column = text(frame, &format!("derived_{field}"))?;
    Ok(match kind {
        Kind::Coded(set) => Column::Code(codes(column, set)),
        _ => Column::Number(
            column
                .iter()
                .map(|t| {
                    let cell = t.and_then(|t| kind.parse_text(t).ok());
                    cell.as_ref().and_then(measures::fields::number_of).unwrap_or(f64::NAN)
                })
                .collect(),
        ),
    })
}

fn missing(frame: &DataFrame, descriptor: &FormDescriptor, table: &mut Table) -> Result<(), ReportError> {
    table.patterns.push(Vec::new());
    if frame.column("missing").is_err() {
        table.missing = vec![0; frame.height()];
        return Ok(());
    }
    // Few rows declare anything, and those that do in few ways.
    let mut known: HashMap<&str, u16> = HashMap::new();
    for text in text(frame, "missing")?.iter() {
        let pattern = match text {
            None => 0,
            Some(text) => match known.get(text) {
                Some(pattern) => *pattern,
                None => {
                    let pairs: HashMap<String, String> = serde_json::from_str(text).unwrap_or_default();
                    let pairs = pairs.iter().filter_map(|(name, code)| {
                        let place = u16::try_from(descriptor.field(name)?.0).ok()?;
                        Some((place, MissingCode::parse(code)?))
                    });
                    let place = u16::try_from(table.patterns.len()).unwrap_or(0);
                    table.patterns.push(pairs.collect());
                    known.insert(text, place);
                    place
                }
            },
        };
        table.missing.push(pattern);
    }
    Ok(())
}

/// Rows dated after the cutoff for certain belong to nobody.
fn hide_later(table: &Table, descriptor: &FormDescriptor, cutoff: i32, group_of: &mut [u32]) {
    let place = main_date(descriptor).and_then(|name| descriptor.field(name));
    let Some(Some(Column::Day(low, _))) = place.and_then(|(place, _)| table.columns.get(place)) else {
        return;
    };
    for (day, group) in low.iter().zip(group_of) {
        if *day != NO_DAY && *day > cutoff {
            *group = NOBODY;
        }
    }
}

/// The next infusion ends the follow-up also for those who may not see its record: its day is known, the rest is not.
fn add_hidden_infusions(
    cohort: &Cohort,
    table: &mut Table,
    descriptor: &FormDescriptor,
    group_of: &mut Vec<u32>,
    cutoff: i32,
) -> Result<(), ReportError> {
    let next = cohort::columns::integers(&cohort.subjects, "next_day")?;
    let numbers = cohort::columns::integers(&cohort.subjects, "infusion_number")?;
    let date = descriptor.field("infusion_date").map_or(usize::MAX, |(place, _)| place);
    let visible: std::collections::HashSet<(u32, i32)> = match table.columns.get(date) {
        Some(Some(Column::Day(days, _))) => group_of.iter().copied().zip(days.iter().copied()).collect(),
        _ => return Ok(()),
    };
    for (subject, (next, number)) in next.into_iter().zip(numbers).enumerate() {
        let subject = u32::try_from(subject).unwrap_or(NOBODY);
        let Some(day) = next.filter(|day| *day <= cutoff && !visible.contains(&(subject, *day))) else {
            continue;
        };
        for (place, column) in table.columns.iter_mut().enumerate() {
            let name = descriptor.fields.get(place).map_or("", |f| f.name);
            match column {
                Some(Column::Number(v)) if name == "infusion_number" => {
                    v.push(number.map_or(f64::NAN, |n| f64::from(n) + 1.0));
                }
                Some(Column::Number(v)) => v.push(f64::NAN),
                Some(Column::Day(low, high)) => {
                    let day = if place == date { day } else { NO_DAY };
                    low.push(day);
                    high.push(day);
                }
                Some(Column::Minute(v)) => v.push(NO_MINUTE),
                Some(Column::Code(v) | Column::Flag(v)) => v.push(NO_CODE),
                Some(Column::Codes(v)) => v.push(0),
                Some(Column::Text(v, _)) => v.push(NO_TEXT),
                None => {}
            }
        }
        table.missing.push(0);
        group_of.push(subject);
    }
    Ok(())
}

/// For each infusion its own row among those of its patient.
fn own_infusions(table: &Table, cohort: &Cohort) -> Result<Vec<u32>, ReportError> {
    let numbers = cohort::columns::integers(&cohort.subjects, "infusion_number")?;
    let place = Infusion::DESCRIPTOR.field("infusion_number").map_or(usize::MAX, |(place, _)| place);
    let Some(Some(Column::Number(all))) = table.columns.get(place) else { return Ok(Vec::new()) };
    let bounds = table.starts.windows(2).map(|pair| (pair.first().copied(), pair.last().copied()));
    Ok(numbers
        .into_iter()
        .zip(bounds)
        .map(|(number, bounds)| {
            let (Some(from), Some(to), Some(number)) = (bounds.0, bounds.1, number) else { return u32::MAX };
            let mut rows = from..to;
            let own =
                rows.find(|row| all.get(*row as usize).is_some_and(|n| (n - f64::from(number)).abs() < 0.5));
            own.unwrap_or(u32::MAX)
        })
        .collect())
}
