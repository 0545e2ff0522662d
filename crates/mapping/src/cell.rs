//! From the text of one cell to what its field becomes.

use crate::document::with_suggestion;
use crate::model::{ColumnSource, Outcome, Reading};
use crate::source::date_cell;
use chrono::TimeDelta;
use clinical::field::nearest;
use clinical::finding::echo;
use clinical::form::{FieldDescriptor, Requirement};

/// Farthest day from the anchor; a number beyond it is a date or an identifier in the wrong column.
const FARTHEST_DAY: i64 = 36_500;

/// What is wrong, and what would be accepted.
pub(crate) type Wrong = (String, String);

/// What a cell without a value means.
pub(crate) fn without_value(field: &FieldDescriptor, column: &ColumnSource) -> Result<Outcome, Wrong> {
    match (column.when_missing, field.requirement) {
        (Some(code), _) => Ok(Outcome::Missing(code)),
        // Whether a conditional field is required shows only in the whole record, which is checked later.
        (None, Requirement::Optional | Requirement::Conditional(_) | Requirement::Computed) => {
            Ok(Outcome::Absent)
        }
        (None, Requirement::Mandatory) => Err((
            format!("no value, but {} identifies the record or gives it its meaning", field.name),
            expected(field, &column.reading),
        )),
        (None, Requirement::Required) => Err((
            format!("no value, and the mapping does not say what that means for {}", field.name),
            format!("{}, or when_missing in the mapping", expected(field, &column.reading)),
        )),
    }
}

/// What cells of a column are accepted.
fn expected(field: &FieldDescriptor, reading: &Reading) -> String {
    match reading {
        Reading::Plain | Reading::Replace(_) => field.kind.expected(),
        Reading::Map(map) => {
            format!("one of {}", map.keys().map(|k| format!("{k:?}")).collect::<Vec<_>>().join(", "))
        }
        Reading::Prefix(prefixes) => {
            let list: Vec<String> = prefixes.iter().map(|(p, _)| format!("{p:?}")).collect();
            format!("a text that begins with one of {}", list.join(", "))
        }
        Reading::RelativeDay(_) => format!("a whole number of days from -{FARTHEST_DAY} to {FARTHEST_DAY}"),
    }
}

/// What a cell with a value means.
pub(crate) fn read(field: &FieldDescriptor, reading: &Reading, text: &str) -> Result<Outcome, Wrong> {
    let plain = |text: &str| match field.kind.parse_text(text) {
        Ok(cell) => Ok(Outcome::Value(cell)),
        Err(refusal) => {
            Err((format!("not a value of {}: {}", field.name, refusal.rule.en), refusal.expected))
        }
    };
    match reading {
        Reading::Plain => plain(text),
        Reading::Replace(pieces) => {
            let new = pieces.iter().fold(text.to_owned(), |t, (old, new)| t.replace(old, new));
            plain(&new).map_err(|(message, expected)| {
                (format!("rewritten to {:?}: {message}", echo(&new)), expected)
            })
        }
        Reading::Map(map) => {
            let near = nearest(text, map.keys().map(String::as_str));
            let expected = with_suggestion(&expected(field, reading), near);
            Err((format!("the map of {} does not know this value", field.name), expected))
        }
        Reading::Prefix(prefixes) => prefixes
            .iter()
            .find(|(prefix, _)| text.starts_with(prefix.as_str()))
            .map(|(_, outcome)| outcome.clone())
            .ok_or_else(|| {
                (format!("no prefix of {} fits this value", field.name), expected(field, reading))
            }),
        Reading::RelativeDay(anchor) => text
            .parse::<i64>()
            .ok()
            .filter(|days| (-FARTHEST_DAY..=FARTHEST_DAY).contains(days))
            .and_then(|days| anchor.checked_add_signed(TimeDelta::try_days(days)?))
            .map(|day| Outcome::Value(date_cell(field.kind, day)))
            .ok_or_else(|| (format!("not a number of days for {}", field.name), expected(field, reading))),
    }
}
