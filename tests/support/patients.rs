//! Records of synthetic patients.

use clinical::field::{Cell, Kind};
use clinical::form::{Context, FormDescriptor, Requirement};
use clinical::forms::CLINICAL;
use clinical::record::{Entries, Record};
use serde_json::{Value, json};
use synth::{Config, PatientRecords, Registry};

/// The first patients of a synthetic registry.
pub(crate) fn patients(seed: u64, number: u64) -> Vec<PatientRecords> {
    let config = Config { seed, patients: number, centers: 1, ..Config::default() };
    Registry::new(&config).unwrap().patients().collect()
}

/// Today in the tests, after every date of the examples.
fn context() -> Context {
    Context { today: chrono::Local::now().date_naive() }
}

/// The record of a form with this content.
pub(crate) fn record(form: &'static FormDescriptor, content: &Value) -> Option<Record> {
    Record::from_json(form, &Entries::parse(content.to_string().as_bytes()).unwrap(), context()).0
}

/// Records of a few patients, parents first, with at least one of every form.
pub(crate) struct Complete {
    /// The records.
    pub(crate) records: Vec<Record>,
}

/// The example of every form, under pseudonyms of their own.
pub(crate) fn complete_patient(seed: u64) -> Complete {
    let mut records = Vec::new();
    for form in CLINICAL {
        let example: Value = serde_json::from_str(clinical::forms::example(form)).unwrap();
        // The examples belong to a lymphoma, a myeloma and a leukemia patient, of whom the first is written out.
        let others = match form.name {
            "patient" => vec![json!({ "patient_id": "P-0002" }), json!({ "patient_id": "P-0003" })],
            "infusion" => vec![
                json!({ "patient_id": "P-0002", "infusion_date": "2024-04-09" }),
                json!({ "patient_id": "P-0003", "infusion_date": "2024-05-07" }),
            ],
            "daily_toxicity" => vec![json!({ "assessment_date": "2024-03-28" })],
            _ => Vec::new(),
        };
        let mut contents = vec![example.clone()];
        for changes in others {
            let mut other = example.clone();
            other.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
            contents.push(other);
        }
        for mut content in contents {
            if let Some(patient) = content["patient_id"].as_str() {
                content["patient_id"] = json!(format!("{patient}-{seed}"));
            }
            records.push(record(form, &content).unwrap_or_else(|| panic!("the example of {}", form.name)));
        }
    }
    records.sort_by_key(|r| r.form().name != "patient");
    Complete { records }
}

/// Records as NDJSON, in the order given.
pub(crate) fn ndjson<'a>(records: impl IntoIterator<Item = &'a Record>) -> Vec<u8> {
    let mut lines = Vec::new();
    synth::write_ndjson(records, &mut lines).unwrap();
    lines
}

/// At least `rows` records of whole patients, as NDJSON, and how many there are.
pub(crate) fn bulk(seed: u64, rows: usize) -> (Vec<u8>, usize) {
    let config = Config { seed, patients: rows as u64, centers: 1, ..Config::default() };
    let registry = Registry::new(&config).unwrap();
    let (mut lines, mut written) = (Vec::new(), 0);
    for patient in registry.patients() {
        if written >= rows {
            break;
        }
        written += synth::write_ndjson(&patient.records, &mut lines).unwrap();
    }
    (lines, written)
}

/// A valid patient form.
pub(crate) fn patient(id: &str) -> Value {
    json!({ "patient_id": id, "birth_year": 1960, "sex": "F", "consent_registry": "Y", "date_basis": "CALENDAR" })
}

/// A valid infusion form.
pub(crate) fn infusion(id: &str) -> Value {
    json!({
        "patient_id": id, "infusion_number": 1, "infusion_date": "2024-03-01", "product_code": "axi-cel", "weight_kg": 70.5,
        "dose_total_car_t": 1.4e8, "product_conformity": "IN_SPEC", "active_infection": "N", "vasopressor_hypotension": "N"
    })
}

/// A valid day of toxicity.
pub(crate) fn toxicity(id: &str, date: &str) -> Value {
    json!({ "patient_id": id, "infusion_number": 1, "assessment_date": date, "crs_grade": 1, "icans_grade": 0 })
}

/// A form's content as a line of a submission.
pub(crate) fn line(form: &str, content: &Value) -> String {
    let mut named = json!({ "form": form });
    named.as_object_mut().unwrap().extend(content.as_object().unwrap().clone());
    named.to_string() + "\n"
}

/// A change of one field outside the key that leaves the record valid: name and new value.
pub(crate) fn correction(of: &Record) -> (&'static str, Value) {
    let form = of.form();
    let fields = form.fields.iter().filter(|f| !form.key.contains(&f.name));
    for field in fields.filter(|f| !matches!(f.requirement, Requirement::Computed)) {
        for value in alternatives(&field.kind, of.cell(field.name)) {
            let mut data = of.to_json();
            data[field.name] = value.clone();
            if let Some(missing) = data.get_mut("missing").and_then(Value::as_object_mut) {
                missing.shift_remove(field.name);
            }
            if data["missing"].as_object().is_some_and(serde_json::Map::is_empty) {
                data.as_object_mut().unwrap().shift_remove("missing");
            }
            let corrected = record(form, &data);
            // Nothing else may change with it, so that the difference is known.
            if corrected.is_some_and(|r| r != *of && r.to_json() == data) {
                return (field.name, value);
            }
        }
    }
    panic!("no field of {} can be corrected", form.name)
}

fn alternatives(kind: &Kind, cell: &Cell) -> Vec<Value> {
    match (kind, cell) {
        (Kind::Coded(set), _) => set.codes.iter().map(|c| json!(c.code)).collect(),
        (Kind::Codes(set), _) => set.codes.iter().map(|c| json!([c.code])).collect(),
        (Kind::Flag, _) => vec![json!(true), json!(false)],
        (Kind::Integer { .. }, Cell::Integer(i)) => vec![json!(i + 1), json!(i - 1)],
        (Kind::Decimal { .. }, Cell::Decimal(d)) => vec![json!(d + 0.25), json!(d - 0.25), json!(d * 1.01)],
        (Kind::Date, Cell::Date(d)) => vec![json!((*d + chrono::Days::new(1)).to_string())],
        (Kind::Text { .. }, _) => vec![json!("another")],
        _ => Vec::new(),
    }
}
