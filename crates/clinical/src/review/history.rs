//! Everything the registry holds about one patient, in an order of its own.

use crate::form::{Form, FormDescriptor};
use crate::forms;
use crate::record::Record;

/// A record of the history, by its place in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Entry(usize);

impl Entry {
    /// Its place in the history.
    pub fn index(self) -> usize {
        self.0
    }
}

/// The records of one patient that count (not retracted), sorted by form and key, whatever order they arrived in.
#[derive(Debug, Default)]
pub struct History {
    records: Vec<Record>,
    infusions_elsewhere: i32,
}

impl History {
    /// From records in any order, with what the caller knows them by; returns both in the order of the history.
    pub fn new<T>(records: Vec<(T, Record)>) -> (Self, Vec<T>) {
        let position =
            |form: &FormDescriptor| forms::clinical(form.name).map_or(usize::MAX, |(index, _)| index);
        let mut keyed: Vec<((usize, Vec<String>), T, Record)> = records
            .into_iter()
            .map(|(known_by, record)| ((position(record.form()), sortable_key(&record)), known_by, record))
            .collect();
        keyed.sort_by(|a, b| a.0.cmp(&b.0));
        let mut names = Vec::with_capacity(keyed.len());
        let mut records = Vec::with_capacity(keyed.len());
        for (_, known_by, record) in keyed {
            names.push(known_by);
            records.push(record);
        }
        (Self { records, infusions_elsewhere: 0 }, names)
    }

    /// The same for a patient who had so many infusions at a center that handed the patient over.
    #[must_use]
    pub fn after_infusions_elsewhere(self, infusions_elsewhere: i32) -> Self {
        Self { infusions_elsewhere, ..self }
    }

    /// Infusions at a center that handed the patient over.
    pub fn infusions_elsewhere(&self) -> i32 {
        self.infusions_elsewhere
    }

    /// Every record of a form, in the order of its key, as its Rust type.
    pub fn of<F: Form>(&self) -> Vec<(Entry, F)> {
        let form: &FormDescriptor = F::DESCRIPTOR;
        let of_form = self.records.iter().enumerate().filter(|(_, r)| std::ptr::eq(r.form(), form));
        of_form.filter_map(|(index, record)| Some((Entry(index), F::from_record(record)?))).collect()
    }

    /// The only record of a form with one record a patient.
    pub fn one<F: Form>(&self) -> Option<(Entry, F)> {
        self.of::<F>().into_iter().next()
    }

    /// Every record, untyped.
    pub fn records(&self) -> impl Iterator<Item = (Entry, &Record)> {
        self.records.iter().enumerate().map(|(index, record)| (Entry(index), record))
    }

    /// The record of an entry.
    pub fn record(&self, entry: Entry) -> Option<&Record> {
        self.records.get(entry.0)
    }
}

/// The key, with whole numbers padded so that 10 sorts after 9.
fn sortable_key(record: &Record) -> Vec<String> {
    record
        .key()
        .into_iter()
        .map(|k| if k.bytes().all(|b| b.is_ascii_digit()) { format!("{k:0>12}") } else { k })
        .collect()
}
