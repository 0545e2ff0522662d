//! Records as lines of JSON, as the bulk endpoint takes them.

use clinical::form::Requirement;
use clinical::record::Record;
use serde_json::{Map, Value};
use std::io::{self, Write};

/// A record as one JSON object with the name of its form first, without the values that the registry computes.
pub fn ndjson_value(record: &Record) -> Value {
    let mut object = Map::new();
    object.insert("form".to_owned(), Value::from(record.form().name));
    if let Value::Object(fields) = record.to_json() {
        object.extend(fields);
    }
    for field in record.form().fields.iter().filter(|f| f.requirement == Requirement::Computed) {
        object.shift_remove(field.name);
    }
    Value::Object(object)
}

/// Writes records as NDJSON, one compact object and a line feed each; returns how many.
///
/// # Errors
/// Those of the writer.
pub fn write_ndjson<'a>(
    records: impl IntoIterator<Item = &'a Record>,
    mut out: impl Write,
) -> io::Result<usize> {
    let mut written = 0;
    for record in records {
        serde_json::to_writer(&mut out, &ndjson_value(record))?;
        out.write_all(b"\n")?;
        written += 1;
    }
    Ok(written)
}
