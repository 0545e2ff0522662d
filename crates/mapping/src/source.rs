//! The entry of one field: `field = { column = "...", ... }` and its alternatives.

use crate::constant;
use crate::document::{Entry, Faults, Node, entries};
use crate::model::{ColumnSource, FieldSource, Named, Outcome, Reading};
use chrono::NaiveDate;
use clinical::form::FieldDescriptor;
use clinical::{Cell, Kind, PartialDate};
use toml::de::DeTable;

const ORIGINS: [&str; 4] = ["column", "constant", "anchor", "missing"];
const READINGS: [&str; 4] = ["map", "prefix", "relative_day", "replace"];
const KEYS: [&str; 9] =
    ["column", "constant", "anchor", "missing", "map", "prefix", "relative_day", "replace", "when_missing"];

/// The anchor of the file: absent, present but faulty, or a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Anchor {
    None,
    Faulty,
    Day(NaiveDate),
}

/// Reads the source of a field; `None` when it is faulty, which has then been said.
pub(crate) fn read(
    node: &Node<'_>,
    field: &'static FieldDescriptor,
    path: &str,
    anchor: Anchor,
    faults: &mut Faults<'_>,
) -> Option<FieldSource> {
    let table = faults.table(node, path)?;
    let all = entries(table);
    for entry in all.iter().filter(|e| !KEYS.contains(&e.name)) {
        faults.unknown_key(entry, path, &KEYS);
    }
    let origins: Vec<&Entry<'_, '_>> = all.iter().filter(|e| ORIGINS.contains(&e.name)).collect();
    let [origin] = origins.as_slice() else {
        let message = if origins.is_empty() {
            "nothing says where the value comes from".to_owned()
        } else {
            let names: Vec<&str> = origins.iter().map(|e| e.name).collect();
            format!("{} exclude each other", names.join(" and "))
        };
        faults.add(&node.span(), path, message, format!("exactly one of {}", ORIGINS.join(", ")));
        return None;
    };
    if origin.name != "column" {
        for entry in all.iter().filter(|e| READINGS.contains(&e.name) || e.name == "when_missing") {
            let message = format!("{:?} has no meaning beside {:?}", entry.name, origin.name);
            faults.add(&entry.span, path, message, format!("{:?} beside \"column\"", entry.name));
        }
    }
    let entry = format!("{path}.{}", origin.name);
    match origin.name {
        "column" => column(table, &all, origin, field, path, anchor, faults).map(FieldSource::Column),
        "constant" => constant::value(origin.value, field, &entry, faults)
            .map(|c| FieldSource::Fixed(Outcome::Value(c))),
        "anchor" => {
            is_true(origin.value, &entry, faults)?;
            day_field(origin, field, &entry, anchor, faults)
                .map(|day| FieldSource::Anchor(date_cell(field.kind, day)))
        }
        _ => constant::missing_code(origin.value, field, &entry, faults)
            .map(|c| FieldSource::Fixed(Outcome::Missing(c))),
    }
}

fn column(
    table: &DeTable<'_>,
    all: &[Entry<'_, '_>],
    origin: &Entry<'_, '_>,
    field: &'static FieldDescriptor,
    path: &str,
    anchor: Anchor,
    faults: &mut Faults<'_>,
) -> Option<ColumnSource> {
    let entry = format!("{path}.column");
    let column = column_name(origin.value, &entry, faults);
    let when_missing = match table.get("when_missing") {
        Some(node) => constant::missing_code(node, field, &format!("{path}.when_missing"), faults).map(Some),
        None => Some(None),
    };
    let readings: Vec<&Entry<'_, '_>> = all.iter().filter(|e| READINGS.contains(&e.name)).collect();
    let reading = match readings.as_slice() {
        [] => Some(Reading::Plain),
        [one] => {
            let entry = format!("{path}.{}", one.name);
            match one.name {
                "map" => map(one.value, field, &entry, faults),
                "prefix" => prefix(one.value, field, &entry, faults),
                "relative_day" => {
                    is_true(one.value, &entry, faults)?;
                    day_field(one, field, &entry, anchor, faults).map(Reading::RelativeDay)
                }
                _ => replace(one.value, field, &entry, faults),
            }
        }
        several => {
            let names: Vec<&str> = several.iter().map(|e| e.name).collect();
            let message = format!("{} exclude each other", names.join(" and "));
            faults.add(&origin.span, path, message, format!("at most one of {}", READINGS.join(", ")));
            None
        }
    };
    Some(ColumnSource { column: column?, reading: reading?, when_missing: when_missing? })
}

/// The name of a column, with its place.
pub(crate) fn column_name(node: &Node<'_>, entry: &str, faults: &mut Faults<'_>) -> Option<Named> {
    let text = faults.string(node, entry)?;
    let (line, column) = faults.place(node.span().start);
    if text.is_empty() || text.trim() != text {
        let message = format!("{text:?} cannot be the name of a column");
        faults.add(
            &node.span(),
            entry,
            message,
            "a name as in the header, without surrounding blanks".to_owned(),
        );
        return None;
    }
    Some(Named { name: text.to_owned(), line, column, entry: entry.to_owned() })
}

fn map(node: &Node<'_>, field: &FieldDescriptor, entry: &str, faults: &mut Faults<'_>) -> Option<Reading> {
    let pairs = pairs(node, field, entry, faults)?;
    for (cell, span, _) in pairs.iter().filter(|(cell, _, _)| cell.trim() != cell) {
        let message = format!("{cell:?} is never met: cells are read without surrounding blanks");
        faults.add(span, entry, message, format!("{:?}", cell.trim()));
    }
    Some(Reading::Map(pairs.into_iter().map(|(cell, _, outcome)| (cell, outcome)).collect()))
}

fn prefix(node: &Node<'_>, field: &FieldDescriptor, entry: &str, faults: &mut Faults<'_>) -> Option<Reading> {
    let pairs = pairs(node, field, entry, faults)?;
    for (position, (prefix, span, _)) in pairs.iter().enumerate() {
        if prefix.is_empty() {
            let expected = "a beginning, or a constant for all rows".to_owned();
            faults.add(span, entry, "an empty prefix fits every cell", expected);
        } else if prefix.trim_start() != prefix {
            let message = format!("{prefix:?} is never met: cells are read without surrounding blanks");
            faults.add(span, entry, message, format!("{:?}", prefix.trim_start()));
        } else if let Some((first, _, _)) = pairs
            .iter()
            .take(position)
            .find(|(first, _, _)| !first.is_empty() && prefix.starts_with(first.as_str()))
        {
            let message = format!("{prefix:?} is never met: the earlier prefix {first:?} fits first");
            faults.add(span, entry, message, format!("{prefix:?} before {first:?}"));
        }
    }
    Some(Reading::Prefix(pairs.into_iter().map(|(prefix, _, outcome)| (prefix, outcome)).collect()))
}

type Pair = (String, std::ops::Range<usize>, Outcome);

/// `{ "text of the cell" = value, ... }` in the order written.
fn pairs(
    node: &Node<'_>,
    field: &FieldDescriptor,
    entry: &str,
    faults: &mut Faults<'_>,
) -> Option<Vec<Pair>> {
    let table = faults.table(node, entry)?;
    if table.is_empty() {
        faults.add(
            &node.span(),
            entry,
            "the table is empty",
            "{ \"text of the cell\" = value, ... }".to_owned(),
        );
        return None;
    }
    let read: Vec<Option<Pair>> = entries(table)
        .into_iter()
        .map(|e| {
            let place = format!("{entry}.{:?}", e.name);
            let outcome = constant::value_or_missing(e.value, field, &place, faults)?;
            Some((e.name.to_owned(), e.span, outcome))
        })
        .collect();
    read.into_iter().collect()
}

fn replace(
    node: &Node<'_>,
    field: &FieldDescriptor,
    entry: &str,
    faults: &mut Faults<'_>,
) -> Option<Reading> {
    let table = faults.table(node, entry)?;
    let mut pairs = Vec::new();
    if !matches!(field.kind, Kind::Text { .. }) {
        let message = format!("{} is not text; only text can be rewritten", field.name);
        faults.add(&node.span(), entry, message, "a map of all values that occur".to_owned());
        return None;
    }
    if table.is_empty() {
        faults.add(&node.span(), entry, "the table is empty", "{ \"old\" = \"new\", ... }".to_owned());
        return None;
    }
    for e in entries(table) {
        let new = faults.string(e.value, entry)?;
        if e.name.is_empty() {
            faults.add(&e.span, entry, "nothing cannot be replaced", "a piece of text".to_owned());
            return None;
        }
        pairs.push((e.name.to_owned(), new.to_owned()));
    }
    Some(Reading::Replace(pairs))
}

fn is_true(node: &Node<'_>, entry: &str, faults: &mut Faults<'_>) -> Option<()> {
    if node.get_ref().as_bool() == Some(true) {
        return Some(());
    }
    faults.add(&node.span(), entry, "this says nothing", "true, or leave it out".to_owned());
    None
}

/// The anchor, for a field that holds a date.
fn day_field(
    at: &Entry<'_, '_>,
    field: &FieldDescriptor,
    entry: &str,
    anchor: Anchor,
    faults: &mut Faults<'_>,
) -> Option<NaiveDate> {
    if !is_date(field.kind) {
        let message = format!("{} is not a date", field.name);
        faults.add(&at.span, entry, message, format!("a source of {}", field.kind.expected()));
        return None;
    }
    match anchor {
        Anchor::Day(day) => Some(day),
        Anchor::Faulty => None,
        Anchor::None => {
            let expected = "[anchor] with date = \"YYYY-MM-DD\" in this file".to_owned();
            faults.add(&at.span, entry, "days are counted, but from no anchor", expected);
            None
        }
    }
}

pub(crate) fn is_date(kind: Kind) -> bool {
    matches!(kind, Kind::Date | Kind::PartialDate)
}

/// A day in a field of either date kind.
pub(crate) fn date_cell(kind: Kind, day: NaiveDate) -> Cell {
    if kind == Kind::PartialDate { Cell::PartialDate(PartialDate::day(day)) } else { Cell::Date(day) }
}
