//! The forms from registration to hospital stay: examples, rules, requirements and ranges, each on both sides.

mod ranges;
mod requirements;
mod rules;
mod rules_of_baseline;
mod rules_of_treatment;

use chrono::NaiveDate;
use clinical::form::{Context, Form, FormDescriptor, Requirement};
use clinical::forms;
use clinical::record::{Entries, Record};
use clinical::rule::Severity;
use proptest::prelude::*;
use serde_json::{Value, json};

macro_rules! examples {
    ($($name:literal),+ $(,)?) => {
        &[$(($name, include_str!(concat!("../../../src/forms/examples/", $name, ".json")))),+]
    };
}

/// One record of each form, all of one fictitious treatment; the myeloma and leukemia baselines are of other patients.
static EXAMPLES: &[(&str, &str)] = examples![
    "center",
    "product",
    "patient",
    "disease",
    "lymphodepletion",
    "infusion",
    "lab_reference_range",
    "center_assay",
    "nhl_baseline",
    "myeloma_baseline",
    "b_all_baseline",
    "prior_line",
    "prior_hct",
    "pretreatment_item",
    "pretreatment_status",
    "apheresis",
    "bridging",
    "lymphodepletion_dose",
    "medication",
    "hospital_stay",
];

fn context() -> Context {
    Context { today: NaiveDate::from_ymd_opt(2026, 6, 30).unwrap() }
}

fn form(name: &str) -> &'static FormDescriptor {
    forms::ALL.iter().find(|f| f.name == name).unwrap()
}

fn example(name: &str) -> Value {
    serde_json::from_str(EXAMPLES.iter().find(|(n, _)| *n == name).unwrap().1).unwrap()
}

/// The example with other members; `null` removes one.
fn with(name: &str, changes: &Value) -> Value {
    let mut value = example(name);
    let members = value.as_object_mut().unwrap();
    for (field, change) in changes.as_object().unwrap() {
        if change.is_null() {
            members.shift_remove(field);
        } else {
            members.insert(field.clone(), change.clone());
        }
    }
    value
}

fn read(form: &'static FormDescriptor, value: &Value) -> (Option<Record>, Vec<(String, String)>) {
    let entries = Entries::parse(value.to_string().as_bytes()).unwrap();
    let (record, findings) = Record::from_json(form, &entries, context());
    let rejected = findings.iter().any(|f| f.rule.severity == Severity::Hard);
    assert_eq!(record.is_none(), rejected, "{value}: {findings:?}");
    (record, findings.iter().map(|f| (f.rule.id.to_owned(), f.pointer())).collect())
}

fn found(name: &str, value: &Value) -> Vec<(String, String)> {
    read(form(name), value).1
}

fn pair(rule: &str, field: &str) -> (String, String) {
    (rule.to_owned(), format!("/{field}"))
}

#[test]
fn every_example_is_clean_and_round_trips_as_json_and_csv() {
    for (name, _) in EXAMPLES {
        let form = form(name);
        let value = example(name);
        let (record, findings) = read(form, &value);
        assert_eq!(findings, vec![], "{name}");
        let record = record.unwrap();

        let mut written = record.to_json();
        for field in form.fields.iter().filter(|f| f.requirement == Requirement::Computed) {
            written.as_object_mut().unwrap().shift_remove(field.name);
        }
        assert_eq!(written, value, "{name}: what was sent is what is kept");
        let again = Entries::parse(&record.canonical_bytes()).unwrap();
        assert_eq!(Record::from_json(form, &again, context()).0.as_ref(), Some(&record), "{name}");

        let cells: Vec<String> = record.cells().iter().map(clinical::Cell::to_text).collect();
        let columns: Vec<usize> = (0..cells.len()).rev().collect();
        let row = columns.iter().map(|i| cells[*i].as_str());
        let (from_csv, findings) = Record::from_text(form, &columns, row, context());
        assert!(findings.is_empty(), "{name}: {findings:?}");
        assert_eq!(from_csv.as_ref(), Some(&record), "{name}");
    }
}

#[test]
fn every_type_gives_its_record_back() {
    fn typed<F: Form>() {
        let name = F::DESCRIPTOR.name;
        let record = read(form(name), &example(name)).0.unwrap();
        assert_eq!(F::from_record(&record).unwrap().to_record(), record, "{name}");
        let other = if name == "patient" { "disease" } else { "patient" };
        let other = read(form(other), &example(other)).0.unwrap();
        assert!(F::from_record(&other).is_none());
    }
    typed::<forms::patient::Patient>();
    typed::<forms::disease::DiseaseBaseline>();
    typed::<forms::infusion::Infusion>();
    typed::<forms::lab_reference_range::LabReferenceRange>();
    typed::<forms::center_assay::CenterAssay>();
    typed::<forms::nhl_baseline::NhlBaseline>();
    typed::<forms::myeloma_baseline::MyelomaBaseline>();
    typed::<forms::b_all_baseline::BAllBaseline>();
    typed::<forms::prior_line::PriorLine>();
    typed::<forms::prior_hct::PriorHct>();
    typed::<forms::pretreatment_item::PretreatmentItem>();
    typed::<forms::pretreatment_status::PretreatmentStatus>();
    typed::<forms::apheresis::Apheresis>();
    typed::<forms::bridging::Bridging>();
    typed::<forms::lymphodepletion_dose::LymphodepletionDose>();
    typed::<forms::medication::Medication>();
    typed::<forms::hospital_stay::HospitalStay>();
}

#[test]
fn the_examples_tell_one_treatment() {
    let date = |name: &str, field: &str| example(name)[field].as_str().unwrap().to_owned();
    let course = [
        date("disease", "diagnosis_date"),
        date("prior_line", "start_date"),
        date("prior_line", "relapse_date"),
        date("nhl_baseline", "path_date"),
        date("patient", "consent_date"),
        date("pretreatment_status", "assessment_date"),
        date("apheresis", "apheresis_date"),
        date("bridging", "start_date"),
        date("bridging", "end_date"),
        date("apheresis", "release_date"),
        date("hospital_stay", "admission_date"),
        date("lymphodepletion", "start_date"),
        date("lymphodepletion", "end_date"),
        date("infusion", "infusion_date"),
        date("medication", "start_date"),
        date("hospital_stay", "discharge_date"),
    ];
    assert!(course.is_sorted(), "{course:?}");
    assert_eq!(date("lymphodepletion_dose", "dose_date"), date("lymphodepletion", "start_date"));
    assert_eq!(example("infusion")["product_code"], example("product")["product_code"]);
    for (name, _) in EXAMPLES {
        if form(name).key.contains(&"patient_id") {
            let expected = match *name {
                "myeloma_baseline" => "P-0002",
                "b_all_baseline" => "P-0003",
                _ => "P-0001",
            };
            assert_eq!(example(name)["patient_id"], expected, "{name}");
        }
    }
}

#[test]
fn parents_come_before_children_and_what_precedes_the_infusion_hangs_on_the_patient() {
    let position = |name: &str| forms::CLINICAL.iter().position(|f| f.name == name);
    for (name, _) in EXAMPLES.iter().filter(|(name, _)| !["center", "product"].contains(name)) {
        let parent = form(name).parent;
        let by_type = match *name {
            "patient" | "lab_reference_range" | "center_assay" => clinical::form::Parent::Registry,
            _ => clinical::form::Parent::Patient,
        };
        assert_eq!(parent, by_type, "{name}");
        assert!(position(name) >= position("patient") || parent == clinical::form::Parent::Registry);
        assert!(forms::ALL.iter().any(|f| f.name == *name));
    }
}

#[test]
fn names_fit_tables_columns_and_paths() {
    // Reserved in PostgreSQL or DuckDB, or in the SQL standard with a meaning of its own.
    let reserved = "all analyse analyze and any array as asc asymmetric both case cast check collate column constraint create \
        cross current_date current_time date day default desc distinct do else end except false fetch for foreign from full grant \
        group having hour in inner intersect interval into is join key lateral leading left like limit minute month natural not \
        null offset on only or order outer over placing primary references result returning right row select session_user some \
        start symmetric table then time timestamp to trailing true type union unique user using value values when where window \
        with year missing version retracted recorded_at record_id form_version center_id";
    let reserved: Vec<&str> = reserved.split_whitespace().collect();
    let plain = |s: &str| s.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    let mut paths: Vec<&str> = forms::ALL.iter().map(|f| f.path).collect();
    paths.sort_unstable();
    assert!(paths.windows(2).all(|pair| pair[0] != pair[1]));
    for (name, _) in EXAMPLES.iter().skip(2) {
        let form = form(name);
        assert!(plain(name) && form.path.replace('-', "_").starts_with(&name[..name.len() - 2]), "{name}");
        assert!(form.path.ends_with('s') || form.path.ends_with("ses"), "{name}");
        for (position, key) in form.key.iter().enumerate() {
            assert_eq!(form.fields[position].name, *key, "{name}: key fields come first");
        }
        for field in form.fields {
            assert!(plain(field.name) && !reserved.contains(&field.name), "{name}.{}", field.name);
            assert!(name.len() + field.name.len() + "__accepts".len() <= 63, "{name}.{}", field.name);
            let mandatory = field.requirement == Requirement::Mandatory;
            let allowed = mandatory == form.key.contains(&field.name)
                || ["date_basis", "disease"].contains(&field.name);
            assert!(
                allowed || ["infusion_date", "product_code"].contains(&field.name),
                "{name}.{}",
                field.name
            );
            assert!(field.zh.chars().any(|c| c > '\u{4e00}'), "{name}.{}: {}", field.name, field.zh);
            assert!(field.description.trim().ends_with('.'), "{name}.{}", field.name);
        }
    }
}

#[test]
fn forms_that_grew_have_a_new_version_and_keep_their_first_fields() {
    let kept = [
        ("patient", 2, "patient_id birth_year sex consent_registry consent_date withdrawn_on date_basis"),
        (
            "disease",
            2,
            "patient_id disease diagnosis_date stage_system stage tumor_burden_high extramedullary cns_involvement prior_lines",
        ),
        (
            "lymphodepletion",
            1,
            "patient_id infusion_number course_number regimen start_date end_date adjusted adjust_reason",
        ),
        (
            "infusion",
            2,
            "patient_id infusion_number infusion_date product_code batch weight_kg dose_total_car_t viability_percent product_conformity active_infection vasopressor_hypotension thaw_to_infuse_min",
        ),
    ];
    for (name, version, fields) in kept {
        let form = form(name);
        assert_eq!(form.version, version, "{name}");
        let fields: Vec<&str> = fields.split(' ').collect();
        let first: Vec<&str> = form.fields.iter().map(|f| f.name).take(fields.len()).collect();
        assert_eq!(first, fields, "{name}");
        for field in form.fields.iter().skip(fields.len()) {
            assert!(matches!(field.requirement, Requirement::Optional | Requirement::Computed), "{name}");
        }
    }
}

#[test]
fn the_dose_per_kg_is_computed() {
    let (record, _) = read(form("infusion"), &with("infusion", &json!({"dose_per_kg_reported": null})));
    assert_eq!(record.unwrap().to_json()["dose_per_kg"], json!(2_000_000.0));
    let given = with("infusion", &json!({"dose_per_kg": 2_000_000.0}));
    assert_eq!(found("infusion", &given), vec![]);
    let wrong = with("infusion", &json!({"dose_per_kg": 2_000_001.0}));
    assert_eq!(found("infusion", &wrong), vec![pair("value.computed", "dose_per_kg")]);
    let unknown = with("infusion", &json!({"weight_kg": null, "missing": {"weight_kg": "NK"}}));
    let (record, findings) = read(form("infusion"), &unknown);
    assert_eq!(findings, vec![pair("completeness.missing", "weight_kg")]);
    assert_eq!(record.unwrap().to_json().get("dose_per_kg"), None);
}

proptest! {
    #[test]
    fn a_computed_dose_may_always_be_given_back(dose in 1e5f64..1e10, weight in 20.0f64..250.0) {
        let changes = json!({"dose_total_car_t": dose, "weight_kg": weight, "dose_per_kg_reported": null});
        let (record, _) = read(form("infusion"), &with("infusion", &changes));
        let written = record.unwrap().to_json();
        let computed = written["dose_per_kg"].as_f64().unwrap();
        prop_assert!((computed - dose / weight).abs() <= 0.5);
        let again = read(form("infusion"), &written).0.unwrap();
        prop_assert_eq!(again.to_json(), written);
    }

    #[test]
    fn hostile_cells_never_panic(cells in proptest::collection::vec("\\PC{0,24}", 30)) {
        for (name, _) in EXAMPLES {
            let form = form(name);
            let columns: Vec<usize> = (0..form.fields.len()).collect();
            let _ = Record::from_text(form, &columns, cells.iter().map(String::as_str), context());
        }
    }

    /// Any values within their hard ranges, in any combination: rules answer, and what is accepted round-trips.
    #[test]
    fn any_combination_of_valid_cells_is_answered(seed in proptest::collection::vec(0usize..10_000, 30)) {
        for (name, _) in EXAMPLES {
            let form = form(name);
            let texts: Vec<String> =
                form.fields.iter().zip(&seed).map(|(f, n)| ranges::some_text(&f.kind, *n)).collect();
            let columns: Vec<usize> = (0..form.fields.len()).collect();
            let (record, _) = Record::from_text(form, &columns, texts.iter().map(String::as_str), context());
            if let Some(record) = record {
                let entries = Entries::parse(&record.canonical_bytes()).unwrap();
                prop_assert_eq!(Record::from_json(form, &entries, context()).0, Some(record));
            }
        }
    }
}
