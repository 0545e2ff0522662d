//! A record: the values of one form, already valid, and how text and JSON become one.

use crate::field::{Cell, Kind, nearest};
use crate::finding::{Findings, echo};
use crate::form::{Context, FormDescriptor, Requirement, When};
use crate::missing::MissingCode;
use crate::rule;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::Value;
use std::fmt;

/// Fields declared missing, with the reason, in field order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Missing(Vec<(&'static str, MissingCode)>);

impl Missing {
    /// From pairs of field name and reason.
    pub fn new(pairs: Vec<(&'static str, MissingCode)>) -> Self {
        Self(pairs)
    }

    /// The pairs of field name and reason.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, MissingCode)> {
        self.0.iter().copied()
    }

    /// The reason a field is missing.
    pub fn get(&self, field: &str) -> Option<MissingCode> {
        self.0.iter().find(|(name, _)| *name == field).map(|(_, code)| *code)
    }

    /// Nothing was declared missing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// `{"field": "NK"}`.
    pub fn to_json(&self) -> Value {
        Value::Object(self.iter().map(|(name, code)| (name.to_owned(), Value::from(code.code()))).collect())
    }
}

/// The values of one form. Field types are guaranteed by construction; form rules by [`check`](Self::check).
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    form: &'static FormDescriptor,
    cells: Vec<Cell>,
    missing: Missing,
}

impl PartialEq for FormDescriptor {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Record {
    /// From parts that fit the form: one cell per field, of the field's kind.
    pub fn from_parts(form: &'static FormDescriptor, cells: Vec<Cell>, missing: Missing) -> Self {
        debug_assert_eq!(form.fields.len(), cells.len());
        Self { form, cells, missing }
    }

    /// The form.
    pub fn form(&self) -> &'static FormDescriptor {
        self.form
    }

    /// One cell per field.
    pub fn cells(&self) -> &[Cell] {
        &self.cells
    }

    /// What was declared missing.
    pub fn missing(&self) -> &Missing {
        &self.missing
    }

    /// The cell of a field; `Null` for a name the form does not have.
    pub fn cell(&self, name: &str) -> &Cell {
        self.form.field(name).and_then(|(i, _)| self.cells.get(i)).unwrap_or(&Cell::Null)
    }

    /// The text of a text or coded field.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.cell(name) {
            Cell::Text(t) => Some(t),
            Cell::Code(c) => Some(c),
            _ => None,
        }
    }

    /// The number of an integer field.
    pub fn integer(&self, name: &str) -> Option<i32> {
        if let Cell::Integer(i) = self.cell(name) { Some(*i) } else { None }
    }

    /// The key fields as text, which identifies the record within its center and form.
    pub fn key(&self) -> Vec<String> {
        self.form.key.iter().map(|name| self.cell(name).to_text()).collect()
    }

    /// `{field: value, ..., "missing": {...}}` in field order, nulls left out.
    pub fn to_json(&self) -> Value {
        let mut map = serde_json::Map::with_capacity(self.cells.len() + 1);
        for (field, cell) in self.form.fields.iter().zip(&self.cells) {
            if !cell.is_null() {
                map.insert(field.name.to_owned(), cell.to_json());
            }
        }
        if !self.missing.is_empty() {
            map.insert("missing".to_owned(), self.missing.to_json());
        }
        Value::Object(map)
    }

    /// The fields whose value or missing code differs from another record of the form.
    pub fn differing_fields(&self, other: &Self) -> Vec<&'static str> {
        let told = |record: &Self, name: &str| (record.cell(name).clone(), record.missing().get(name));
        let names = self.form().fields.iter().map(|f| f.name);
        names.filter(|name| told(self, name) != told(other, name)).collect()
    }

    /// The bytes that the audit log commits to: compact JSON in field order, one way to write each record.
    pub fn canonical_bytes(&self) -> Vec<u8> {
        self.to_json().to_string().into_bytes()
    }

    /// Reads one record from a JSON object. Every fault is reported; the record exists only when none rejects it.
    ///
    /// A `form` member is allowed and must name `form`.
    pub fn from_json(
        form: &'static FormDescriptor,
        entries: &Entries,
        context: Context,
    ) -> (Option<Self>, Findings) {
        let mut reading = Reading::new(form);
        for (name, value) in &entries.0 {
            match (name.as_str(), value) {
                ("form", Value::String(named)) if named == form.name => {}
                ("form", _) => {
                    reading.findings.at(
                        &rule::FORM,
                        "form",
                        Some(value.to_string()),
                        Some(form.name.to_owned()),
                    );
                }
                ("missing", Value::Object(pairs)) => {
                    for (field, code) in pairs {
                        reading.declare_missing(field, code.as_str().unwrap_or_default(), &code.to_string());
                    }
                }
                ("missing", _) => reading.findings.at(
                    &rule::TYPE,
                    "missing",
                    Some(value.to_string()),
                    Some("an object of field name to missing code".to_owned()),
                ),
                _ => reading.json_value(name, value),
            }
        }
        reading.finish(context)
    }

    /// Reads one record from CSV cells; `columns[i]` is the field of `row[i]`. A missing code stands in the cell itself.
    pub fn from_text<'a>(
        form: &'static FormDescriptor,
        columns: &[usize],
        row: impl Iterator<Item = &'a str>,
        context: Context,
    ) -> (Option<Self>, Findings) {
        let mut reading = Reading::new(form);
        for (column, text) in columns.iter().zip(row) {
            reading.text_value(*column, text.trim());
        }
        reading.finish(context)
    }

    /// Applies the rules that hold for every record (future dates, plausible ranges, declared gaps) and the form's own.
    pub fn check(&self, context: Context, findings: &mut Findings) {
        for (field, cell) in self.form.fields.iter().zip(&self.cells) {
            let first_possible = match cell {
                Cell::Date(d) => Some(*d),
                Cell::PartialDate(d) => Some(d.earliest()),
                _ => None,
            };
            if first_possible.is_some_and(|d| d > context.today) {
                findings.at(
                    &rule::FUTURE,
                    field.name,
                    Some(cell.to_text()),
                    Some(format!("at most {}", context.today)),
                );
            }
            let number = match cell {
                Cell::Integer(i) => Some(f64::from(*i)),
                Cell::Decimal(d) => Some(*d),
                _ => None,
            };
            if let (Some(value), Some((low, high))) = (number, field.soft)
                && !(low..=high).contains(&value)
            {
                findings.at(
                    &rule::SOFT_RANGE,
                    field.name,
                    Some(cell.to_text()),
                    Some(format!("usually {low} to {high}")),
                );
            }
        }
        for (name, code) in self.missing.iter() {
            findings.at(&rule::NOT_KNOWN, name, Some(code.code().to_owned()), None);
        }
        (self.form.check)(self, context, findings);
    }
}

/// A JSON object as written: order and duplicates kept, so that nothing is silently dropped.
#[derive(Debug)]
pub struct Entries(Vec<(String, Value)>);

impl Entries {
    /// Parses one JSON object. The error is a finding about the record as a whole.
    pub fn parse(text: &[u8]) -> Result<Self, Findings> {
        let mut findings = Findings::new();
        let mut deserializer = serde_json::Deserializer::from_slice(text);
        let entries =
            deserializer.deserialize_map(EntriesVisitor).and_then(|e| deserializer.end().map(|()| e));
        entries.map_err(|error| {
            findings.whole(
                &rule::MALFORMED,
                Some(String::from_utf8_lossy(&text[..text.len().min(200)]).into_owned()),
                Some(format!("one JSON object; {error}")),
            );
            findings
        })
    }

    /// From an object that was already parsed.
    pub fn from_object(map: serde_json::Map<String, Value>) -> Self {
        Self(map.into_iter().collect())
    }

    /// Takes a member out; of several with this name the first, so that the others remain as faults.
    pub fn take(&mut self, name: &str) -> Option<Value> {
        let at = self.0.iter().position(|(n, _)| n == name)?;
        Some(self.0.remove(at).1)
    }

    /// The first value of a member.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, v)| v)
    }
}

impl<'de> serde::Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EntriesVisitor)
    }
}

struct EntriesVisitor;

impl<'de> Visitor<'de> for EntriesVisitor {
    type Value = Entries;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries, A::Error> {
        let mut entries = Vec::with_capacity(16);
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Entries(entries))
    }
}

/// A record being read: cells seen so far and what was wrong.
struct Reading {
    form: &'static FormDescriptor,
    cells: Vec<Cell>,
    seen: Vec<bool>,
    faulty: Vec<bool>,
    missing: Vec<Option<MissingCode>>,
    findings: Findings,
}

impl Reading {
    fn new(form: &'static FormDescriptor) -> Self {
        let n = form.fields.len();
        Self {
            form,
            cells: vec![Cell::Null; n],
            seen: vec![false; n],
            faulty: vec![false; n],
            missing: vec![None; n],
            findings: Findings::new(),
        }
    }

    fn locate(&mut self, name: &str, received: &str) -> Option<usize> {
        if let Some((index, _)) = self.form.field(name) {
            return Some(index);
        }
        let expected = nearest(name, self.form.fields.iter().map(|f| f.name)).map_or_else(
            || format!("a field of {}", self.form.name),
            |near| format!("a field of {}; did you mean {near}?", self.form.name),
        );
        self.findings.at(&rule::UNKNOWN_FIELD, name, Some(echo(received)), Some(expected));
        None
    }

    fn json_value(&mut self, name: &str, value: &Value) {
        let Some(index) = self.locate(name, &value_text(value)) else { return };
        if std::mem::replace(&mut self.seen[index], true) {
            self.faulty[index] = true;
            self.findings.at(
                &rule::DUPLICATE_FIELD,
                name,
                Some(value_text(value)),
                Some("one value".to_owned()),
            );
        } else if !value.is_null() {
            let parsed = self.form.fields[index].kind.parse_json(value);
            self.place(index, parsed, || value_text(value));
        }
    }

    fn text_value(&mut self, index: usize, text: &str) {
        if text.is_empty() {
            return;
        }
        if let Some(code) =
            MissingCode::parse(text).filter(|_| !matches_code(&self.form.fields[index].kind, text))
        {
            self.missing[index] = Some(code);
            return;
        }
        let parsed = self.form.fields[index].kind.parse_text(text);
        self.place(index, parsed, || text.to_owned());
    }

    fn place(
        &mut self,
        index: usize,
        parsed: Result<Cell, crate::field::Refusal>,
        received: impl FnOnce() -> String,
    ) {
        match parsed {
            Ok(cell) => self.cells[index] = cell,
            Err(refusal) => {
                self.faulty[index] = true;
                self.findings.at(
                    refusal.rule,
                    self.form.fields[index].name,
                    Some(received()),
                    Some(refusal.expected),
                );
            }
        }
    }

    fn declare_missing(&mut self, name: &str, code: &str, received: &str) {
        let Some(index) = self.locate(name, received) else { return };
        if let Some(code) = MissingCode::parse(code) {
            self.missing[index] = Some(code);
            return;
        }
        let codes: Vec<&str> = MissingCode::ALL.iter().map(|c| c.code()).collect();
        let expected = format!("one of {}", codes.join(", "));
        self.findings.at(
            &rule::MISSING_CODE,
            &format!("missing/{name}"),
            Some(received.to_owned()),
            Some(expected),
        );
    }

    fn holds(&self, when: When) -> bool {
        let cell = self.form.field(when.field).and_then(|(index, _)| self.cells.get(index));
        cell.is_some_and(|cell| !cell.is_null() && when.values.contains(&cell.to_text().as_str()))
    }

    fn finish(mut self, context: Context) -> (Option<Record>, Findings) {
        for (index, field) in self.form.fields.iter().enumerate() {
            let absent = self.cells[index].is_null() && !self.faulty[index];
            let requirement = match field.requirement {
                Requirement::Conditional(when) if self.holds(when) => Requirement::Required,
                other => other,
            };
            match (absent, self.missing[index], requirement) {
                (true, Some(_), Requirement::Computed) => {
                    self.findings.at(&rule::COMPUTED, field.name, None, Some("no missing code".to_owned()));
                }
                (_, Some(_), Requirement::Mandatory) | (true, None, Requirement::Mandatory) => {
                    self.findings.at(&rule::MANDATORY, field.name, None, Some(field.kind.expected()));
                }
                (true, None, Requirement::Required) => {
                    let expected = format!("{}, or a missing code NK, NA, ND, PEND", field.kind.expected());
                    self.findings.at(&rule::REQUIRED, field.name, None, Some(expected));
                }
                (false, Some(code), _) => {
                    let received = format!("{} and {}", self.cells[index].to_text(), code.code());
                    let expected = Some("either a value or a missing code".to_owned());
                    self.findings.at(&rule::MISSING_WITH_VALUE, field.name, Some(received), expected);
                }
                _ => {}
            }
        }
        let missing =
            self.form.fields.iter().zip(&self.missing).filter_map(|(f, m)| m.map(|m| (f.name, m))).collect();
        let complete = !self.findings.iter().any(|f| f.rule.id == rule::MANDATORY.id);
        let mut record = Record { form: self.form, cells: self.cells, missing: Missing(missing) };
        if complete && self.form.computes() {
            compute(&mut record, &mut self.findings);
        }
        // A field fault must not hide the other faults, nor cause one of its own: what a rule says about a field that could not
        // be read is left out.
        if complete {
            let mut found = Findings::new();
            record.check(context, &mut found);
            let unread = |name: &str| self.form.field(name).is_some_and(|(index, _)| self.faulty[index]);
            self.findings.extend(found.into_iter().filter(|f| !f.field.as_deref().is_some_and(unread)));
        }
        let accepted = !self.findings.reject();
        (accepted.then_some(record), self.findings)
    }
}

/// A value given back may have lost its last digit on the way.
fn agrees(given: &Cell, computed: &Cell) -> bool {
    match (given, computed) {
        (Cell::Decimal(a), Cell::Decimal(b)) => crate::criteria::compare::same(*a, *b),
        _ => given == computed,
    }
}

/// Fills the computed fields. One that was given must be what the registry computes.
fn compute(record: &mut Record, findings: &mut Findings) {
    let given = record.cells.clone();
    let form = record.form;
    for (cell, field) in record.cells.iter_mut().zip(form.fields) {
        if field.requirement == Requirement::Computed {
            *cell = Cell::Null;
        }
    }
    (form.compute)(record);
    for ((field, given), computed) in form.fields.iter().zip(&given).zip(&record.cells) {
        if field.requirement == Requirement::Computed && !given.is_null() && !agrees(given, computed) {
            findings.at(&rule::COMPUTED, field.name, Some(given.to_text()), Some(computed.to_text()));
        }
    }
}

fn matches_code(kind: &Kind, text: &str) -> bool {
    matches!(kind, Kind::Coded(set) | Kind::Codes(set) if set.find(text).is_some())
}

fn value_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        // A huge nested value is not echoed in full; it is cut again to a readable length later.
        Value::Array(_) => "[…]".to_owned(),
        Value::Object(_) => "{…}".to_owned(),
        other => other.to_string(),
    }
}
