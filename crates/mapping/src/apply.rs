//! From the rows of a spreadsheet to records.

use crate::cell::{read, without_value};
use crate::fault::{RowFault, SourceFault};
use crate::header::{self, Positions};
use crate::model::{FieldPlan, FieldSource, FormPlan, Mapping, Outcome, Reading};
use crate::sheet::{Row, Rows, read_text};
use clinical::finding::echo;
use clinical::form::FieldDescriptor;
use clinical::record::Missing;
use clinical::{Cell, FormDescriptor, Record};
use serde_json::Value;
use std::collections::{HashMap, HashSet};
use std::io::Read;

/// The records of a spreadsheet, and what could not become one.
#[derive(Debug, Default)]
pub struct Mapped {
    /// Parents before children (the order of [`clinical::forms::CLINICAL`]); within a form in the order of the first row of each.
    pub records: Vec<MappedRecord>,
    /// In the order of the rows. A record is not among `records` when one of its fields is faulty in any row that says it, or when two
    /// rows disagree about it; records that hang on it are, and the registry will answer that it is not registered.
    pub faults: Vec<RowFault>,
    /// Rows of data read, faulty ones included; blank rows do not count.
    pub rows: u64,
}

/// One record and the rows it was made from.
#[derive(Debug, Clone, PartialEq)]
pub struct MappedRecord {
    /// The form.
    pub form: &'static FormDescriptor,
    /// `{"form": name, field: value, ..., "missing": {...}}`, as the registry takes it.
    pub value: Value,
    /// Rows of the spreadsheet that say the same record, ascending, numbered as a spreadsheet program does.
    pub source_rows: Vec<u64>,
}

impl MappedRecord {
    /// The record as one line of NDJSON, without the line end.
    pub fn line(&self) -> String {
        self.value.to_string()
    }
}

impl Mapping {
    /// Makes the records of a CSV text.
    ///
    /// The whole text is held in memory. A row that cannot become records is a fault among the others' records, not an error.
    ///
    /// # Errors
    /// When the file as a whole cannot be read: not UTF-8, empty, without data, broken quoting, or columns other than the mapping's.
    pub fn apply(&self, reader: impl Read, file_name: &str) -> Result<Mapped, SourceFault> {
        let file = || file_name.to_owned();
        let text = read_text(reader, file_name)?;
        let mut rows = Rows::new(&text, self.delimiter).map(|row| {
            row.map_err(|m| SourceFault::Quoting { file: file(), row: m.row, message: m.message })
        });
        let Some(header) = rows.next().transpose()? else { return Err(SourceFault::Empty { file: file() }) };
        let positions = header::bind(self, &header.cells, file_name)?;
        let mut assembly = Assembly::new(self, header.cells, positions);
        for row in rows {
            assembly.row(&row?);
        }
        if assembly.rows == 0 {
            return Err(SourceFault::NoRows { file: file() });
        }
        Ok(assembly.finish())
    }
}

/// The records of one form so far.
#[derive(Default)]
struct Built {
    by_key: HashMap<Vec<String>, usize>,
    records: Vec<Candidate>,
}

/// A record, as long as nothing speaks against it.
struct Candidate {
    /// With the row that said it first.
    record: Option<(Record, u64)>,
    rows: Vec<u64>,
    withheld: bool,
}

struct Assembly<'m> {
    mapping: &'m Mapping,
    header: Vec<String>,
    positions: Positions,
    built: Vec<Built>,
    /// Per column, field and rewritten text: the cell it came from.
    rewritten: HashMap<(usize, &'static str, String), String>,
    faults: Vec<RowFault>,
    /// Row, column and message of each fault: a cell that several forms read is complained about once.
    said: HashSet<(u64, Option<String>, String)>,
    rows: u64,
}

impl<'m> Assembly<'m> {
    fn new(mapping: &'m Mapping, header: Vec<String>, positions: Positions) -> Self {
        Self {
            mapping,
            header,
            positions,
            built: mapping.forms.iter().map(|_| Built::default()).collect(),
            rewritten: HashMap::new(),
            faults: Vec::new(),
            said: HashSet::new(),
            rows: 0,
        }
    }

    fn say(&mut self, fault: RowFault) {
        if self.said.insert((fault.row, fault.column.clone(), fault.message.clone())) {
            self.faults.push(fault);
        }
    }

    fn row(&mut self, row: &Row) {
        self.rows += 1;
        if row.cells.len() != self.header.len() {
            let message = format!("the row has {} cells", row.cells.len());
            let expected = Some(format!("{} cells, as the header has", self.header.len()));
            self.say(RowFault { row: row.number, column: None, value: None, message, expected });
            return;
        }
        let nameless = |(position, cell): &(usize, &String)| {
            !cell.is_empty() && self.header.get(*position).is_some_and(String::is_empty)
        };
        if let Some((position, cell)) = row.cells.iter().enumerate().find(nameless) {
            let message =
                format!("a value stands in column {}, which has no name in the header", position + 1);
            let expected = Some("a named column, or no value".to_owned());
            self.say(RowFault { row: row.number, column: None, value: Some(echo(cell)), message, expected });
            return;
        }
        let mapping = self.mapping;
        for (position, plan) in mapping.forms.iter().enumerate() {
            self.record(position, plan, row);
        }
    }

    /// Makes the row's record of one form.
    fn record(&mut self, position: usize, plan: &FormPlan, row: &Row) {
        let mut cells = vec![Cell::Null; plan.form.fields.len()];
        let mut missing = Vec::new();
        let mut faulty = false;
        for (number, field) in plan.fields.iter().enumerate() {
            let at = self.positions.get(position).and_then(|p| p.get(number).copied().flatten());
            match self.value(field, at, row) {
                Ok(Outcome::Value(cell)) => {
                    if let Some(place) = cells.get_mut(field.index) {
                        *place = cell;
                    }
                }
                Ok(Outcome::Missing(code)) => missing.push((field.index, field.field.name, code)),
                Ok(Outcome::Absent) => {}
                Err(fault) => {
                    faulty = true;
                    self.say(*fault);
                }
            }
        }
        missing.sort_by_key(|(index, _, _)| *index);
        let missing = Missing::new(missing.into_iter().map(|(_, name, code)| (name, code)).collect());
        let record = Record::from_parts(plan.form, cells, missing);
        if plan.form.key.iter().any(|name| record.cell(name).is_null()) {
            return;
        }
        let key = record.key();
        let Some(built) = self.built.get_mut(position) else { return };
        let next = built.records.len();
        let index = *built.by_key.entry(key).or_insert(next);
        if index == next {
            built.records.push(Candidate { record: None, rows: Vec::new(), withheld: false });
        }
        let Some(candidate) = built.records.get_mut(index) else { return };
        candidate.rows.push(row.number);
        candidate.withheld |= faulty;
        if faulty {
            return;
        }
        let Some((first, first_row)) = &candidate.record else {
            candidate.record = Some((record, row.number));
            return;
        };
        if *first != record {
            candidate.withheld = true;
            let mut fault = disagreement(plan, first, &record, *first_row, row.number);
            let position = fault.column.as_ref().and_then(|name| self.header.iter().position(|h| h == name));
            fault.value = position.and_then(|p| row.cells.get(p)).map(|cell| echo(cell));
            self.say(fault);
        }
    }

    /// What a field becomes in this row.
    fn value(
        &mut self,
        plan: &FieldPlan,
        position: Option<usize>,
        row: &Row,
    ) -> Result<Outcome, Box<RowFault>> {
        let column = match &plan.source {
            FieldSource::Fixed(outcome) => return Ok(outcome.clone()),
            FieldSource::Anchor(cell) => return Ok(Outcome::Value(cell.clone())),
            FieldSource::Column(column) => column,
        };
        let text = position.and_then(|p| row.cells.get(p)).map_or("", String::as_str);
        let fault = |message: String, expected: String| {
            Box::new(RowFault {
                row: row.number,
                column: Some(column.column.name.clone()),
                value: Some(echo(text)),
                message,
                expected: Some(expected),
            })
        };
        // A map that lists a cell knows better than the general list of cells without a value.
        if let Reading::Map(map) = &column.reading
            && let Some(outcome) = map.get(text)
        {
            return Ok(outcome.clone());
        }
        if text.is_empty() || self.mapping.missing.iter().any(|m| m == text) {
            return without_value(plan.field, column).map_err(|(message, expected)| fault(message, expected));
        }
        let read = read(plan.field, &column.reading, text);
        if let (Ok(Outcome::Value(Cell::Text(new))), Reading::Replace(_), Some(position)) =
            (&read, &column.reading, position)
        {
            let origin = self
                .rewritten
                .entry((position, plan.field.name, new.clone()))
                .or_insert_with(|| text.to_owned());
            if origin != text {
                let message =
                    format!("{:?} and {:?} are both rewritten to {new:?}", echo(origin), echo(text));
                return Err(fault(message, "texts that stay different".to_owned()));
            }
        }
        read.map_err(|(message, expected)| fault(message, expected))
    }

    fn finish(self) -> Mapped {
        let mut mapped = Mapped { records: Vec::new(), faults: self.faults, rows: self.rows };
        for candidate in self.built.into_iter().flat_map(|b| b.records).filter(|c| !c.withheld) {
            let Some((record, _)) = candidate.record else { continue };
            let mut object = serde_json::Map::new();
            object.insert("form".to_owned(), Value::from(record.form().name));
            if let Value::Object(fields) = record.to_json() {
                object.extend(fields);
            }
            mapped.records.push(MappedRecord {
                form: record.form(),
                value: Value::Object(object),
                source_rows: candidate.rows,
            });
        }
        mapped
    }
}

/// Two rows that say the same record differently. Either a value is wrong, or the key of one row is.
fn disagreement(plan: &FormPlan, first: &Record, second: &Record, first_row: u64, row: u64) -> RowFault {
    let said = |record: &Record, field: &FieldDescriptor| match record.missing().get(field.name) {
        Some(code) => format!("missing ({})", code.code()),
        None if record.cell(field.name).is_null() => "not given".to_owned(),
        None => echo(&record.cell(field.name).to_text()),
    };
    let (columns, texts): (Vec<&str>, Vec<String>) = plan
        .fields
        .iter()
        .filter_map(|plan| Some((plan.column()?.column.name.as_str(), plan.field)))
        .map(|(column, field)| (column, field.name, said(second, field), said(first, field)))
        .filter(|(_, _, here, there)| here != there)
        .map(|(column, name, here, there)| (column, format!("{name} is {here} here and {there} there")))
        .unzip();
    let keys: Vec<&str> = plan
        .fields
        .iter()
        .filter(|f| plan.form.key.contains(&f.field.name))
        .filter_map(|f| Some(f.column()?.column.name.as_str()))
        .collect();
    RowFault {
        row,
        column: if let [column] = columns.as_slice() { Some((*column).to_owned()) } else { None },
        value: None,
        message: format!(
            "row {first_row} says the same {} ({}) differently: {}",
            plan.form.name,
            second.key().join(", "),
            texts.join(", ")
        ),
        expected: Some(if keys.is_empty() {
            "rows that agree".to_owned()
        } else {
            format!("rows that agree, or another {} in one of both", keys.join(" or "))
        }),
    }
}
