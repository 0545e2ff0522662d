//! Records of synthetic patients.

use clinical::forms::CLINICAL;
use clinical::record::Record;
use serde_json::{Value, json};
use synth::{Config, PatientRecords, Registry};

/// The first patients of a synthetic registry.
pub(crate) fn patients(seed: u64, number: u64) -> Vec<PatientRecords> {
    let config = Config { seed, patients: number, centers: 1, ..Config::default() };
    Registry::new(&config).unwrap().patients().collect()
}

/// A patient who has at least one record of every form.
pub(crate) fn complete_patient(seed: u64) -> PatientRecords {
    let complete =
        |p: &PatientRecords| CLINICAL.iter().all(|form| p.records.iter().any(|r| r.form() == *form));
    patients(seed, 200).into_iter().find(complete).unwrap()
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

/// A change of one field outside the key that every record of the form takes: name and new value.
pub(crate) fn correction(record: &Record) -> (&'static str, Value) {
    let not = |field: &str, first: &'static str, second: &'static str| {
        json!(if record.text(field) == Some(first) { second } else { first })
    };
    match record.form().name {
        "patient" => ("birth_year", json!(1951)),
        "disease" => ("prior_lines", json!(if record.integer("prior_lines") == Some(3) { 4 } else { 3 })),
        "lymphodepletion" => ("regimen", not("regimen", "FC", "BENDA")),
        "infusion" => ("weight_kg", json!(61.25)),
        "daily_toxicity" => ("crs_grade", json!(if record.integer("crs_grade") == Some(2) { 3 } else { 2 })),
        "response" => ("confirmed", not("confirmed", "Y", "UNK")),
        "survival_status" => ("autopsy", not("autopsy", "UNK", "N")),
        other => panic!("no correction is known for {other}: add one"),
    }
}
