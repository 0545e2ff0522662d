//! Laboratory, toxicity, response and follow-up forms: the published example of each is clean, and every rule, range and condition is met
//! on one side of its boundary and broken on the other.

mod descriptors;
mod rules;

use chrono::NaiveDate;
use clinical::form::{Context, FormDescriptor};
use clinical::record::{Entries, Record};
use clinical::rule::Severity;
use serde_json::Value;

macro_rules! examples {
    ($($name:literal),+ $(,)?) => {
        &[$(($name, include_str!(concat!("../../../src/forms/examples/", $name, ".json")))),+]
    };
}

/// The published example of each form.
const EXAMPLES: &[(&str, &str)] = examples![
    "daily_toxicity",
    "response",
    "survival_status",
    "laboratory",
    "crs_episode",
    "crs_day",
    "icans_episode",
    "icans_day",
    "iec_hs",
    "coagulopathy",
    "transfusion",
    "icaht",
    "adverse_event",
    "infection",
    "covid_test",
    "second_malignancy",
    "myeloma_assessment",
    "lymphoma_assessment",
    "lesion",
    "leukemia_assessment",
    "mrd",
    "kinetics_sample",
    "immunoglobulin",
    "vaccination",
    "hbv_course",
    "visit",
    "subsequent_therapy",
];

/// Forms that were there before; only their new fields are looked at here.
const EARLIER: [&str; 3] = ["daily_toxicity", "response", "survival_status"];

fn context() -> Context {
    Context { today: NaiveDate::from_ymd_opt(2026, 6, 30).unwrap() }
}

fn form(name: &str) -> &'static FormDescriptor {
    clinical::forms::ALL.iter().find(|f| f.name == name).unwrap()
}

fn new_forms() -> impl Iterator<Item = &'static FormDescriptor> {
    EXAMPLES.iter().filter(|(name, _)| !EARLIER.contains(name)).map(|(name, _)| form(name))
}

fn example(name: &str) -> Value {
    let (_, text) = EXAMPLES.iter().find(|(n, _)| *n == name).unwrap();
    serde_json::from_str(text).unwrap()
}

/// The example with members replaced; `null` removes one.
fn with(name: &str, changes: &Value) -> Value {
    let mut value = example(name);
    for (field, change) in changes.as_object().unwrap() {
        value[field] = change.clone();
    }
    value
}

fn read(name: &str, value: &Value) -> (Option<Record>, Vec<String>) {
    let entries = Entries::parse(value.to_string().as_bytes()).unwrap();
    let (record, findings) = Record::from_json(form(name), &entries, context());
    let rejected = findings.iter().any(|f| f.rule.severity == Severity::Hard);
    assert_eq!(record.is_none(), rejected, "{value}: {findings:?}");
    (record, findings.iter().map(|f| format!("{} {}", f.rule.id, f.pointer())).collect())
}

fn found(name: &str, changes: &Value) -> Vec<String> {
    read(name, &with(name, changes)).1
}

#[test]
fn every_example_is_clean_and_round_trips_through_json_and_csv() {
    for (name, _) in EXAMPLES {
        let form = form(name);
        let (record, findings) = read(name, &example(name));
        assert_eq!(findings, Vec::<String>::new(), "{name}");
        let record = record.unwrap();
        assert_eq!(read(name, &record.to_json()).0.as_ref(), Some(&record), "{name}");
        let columns: Vec<usize> = (0..form.fields.len()).collect();
        let row: Vec<String> = record.cells().iter().map(clinical::Cell::to_text).collect();
        let (again, findings) = Record::from_text(form, &columns, row.iter().map(String::as_str), context());
        assert!(findings.is_empty(), "{name}: {findings:?}");
        assert_eq!(again, Some(record), "{name}");
    }
}

#[test]
fn every_new_form_is_listed_once_among_the_clinical_forms() {
    for form in new_forms() {
        for list in [clinical::forms::CLINICAL, clinical::forms::ALL] {
            assert_eq!(
                list.iter().filter(|f| f.name == form.name || f.path == form.path).count(),
                1,
                "{}",
                form.name
            );
        }
    }
    // A parent stands before its children.
    let place = |name: &str| clinical::forms::clinical(name).unwrap().0;
    assert!(new_forms().all(|f| place(f.name) > place("infusion")));
}

#[test]
fn computed_values_are_filled_and_must_not_be_contradicted() {
    let computed = |name: &str, changes: &str, field: &str| {
        let changes: Value = serde_json::from_str(changes).unwrap();
        read(name, &with(name, &changes)).0.unwrap().to_json()[field].clone()
    };
    let cases = [
        ("laboratory", r#"{"canonical_value": null}"#, "canonical_value", "0.32"),
        (
            "laboratory",
            r#"{"canonical_value": null, "value": null, "unit": null, "comparator": null, "flag": null, "missing": {"value": "PEND"}}"#,
            "canonical_value",
            "null",
        ),
        (
            "laboratory",
            r#"{"canonical_value": null, "analyte": "CREATININE", "specimen": "SERUM", "value": 2, "unit": "mg/dL", "ref_low": null, "ref_high": null, "flag": null, "lloq": null}"#,
            "canonical_value",
            "176.8",
        ),
        ("icans_day", r#"{"ice_total": null}"#, "ice_total", "6"),
        (
            "icans_day",
            r#"{"ice_total": null, "ice_orientation": 4, "ice_naming": 3, "ice_writing": 1, "ice_attention": 1}"#,
            "ice_total",
            "10",
        ),
        (
            "icans_day",
            r#"{"ice_total": null, "ice_naming": null, "missing": {"ice_naming": "ND"}}"#,
            "ice_total",
            "null",
        ),
        ("infection", r#"{"severe_infection": null, "ctcae_grade": 3}"#, "severe_infection", "true"),
        ("infection", r#"{"severe_infection": null, "ctcae_grade": 2}"#, "severe_infection", "false"),
        (
            "infection",
            r#"{"severe_infection": null, "ctcae_grade": null, "missing": {"ctcae_grade": "NK"}}"#,
            "severe_infection",
            "null",
        ),
    ];
    for (name, changes, field, expected) in cases {
        assert_eq!(computed(name, changes, field).to_string(), expected, "{name} {changes}");
    }
    for (name, changes, pointer) in [
        ("laboratory", r#"{"canonical_value": 320}"#, "/canonical_value"),
        ("icans_day", r#"{"ice_total": 7}"#, "/ice_total"),
        ("infection", r#"{"severe_infection": false}"#, "/severe_infection"),
    ] {
        let changes: Value = serde_json::from_str(changes).unwrap();
        assert_eq!(found(name, &changes), [format!("value.computed {pointer}")]);
    }
}

#[test]
fn a_strange_laboratory_value_is_told_which_unit_was_probably_meant() {
    let expected = |changes: &str| {
        let changes: Value = serde_json::from_str(changes).unwrap();
        let mut value = with(
            "laboratory",
            &serde_json::json!({"canonical_value": null, "flag": null, "ref_low": null, "ref_high": null, "lloq": null}),
        );
        for (field, change) in changes.as_object().unwrap() {
            value[field] = change.clone();
        }
        let entries = Entries::parse(value.to_string().as_bytes()).unwrap();
        let (_, findings) = Record::from_json(form("laboratory"), &entries, context());
        findings
            .iter()
            .map(|f| format!("{}: {}", f.rule.id, f.expected.as_deref().unwrap()))
            .collect::<Vec<_>>()
    };
    let cases = [
        (
            r#"{"analyte": "HB", "value": 13.5, "unit": "g/L"}"#,
            "laboratory.plausible_range: usually 40 to 180 g/L; 13.5 looks like g/dL (135 g/L)",
        ),
        (
            r#"{"analyte": "HB", "value": 9.5, "unit": "g/L"}"#,
            "laboratory.range: from 10 to 250 g/L; 9.5 looks like g/dL (95 g/L)",
        ),
        (
            r#"{"analyte": "HB", "value": 95, "unit": "g/dL"}"#,
            "laboratory.range: from 10 to 250 g/L; 95 looks like g/L",
        ),
        (
            r#"{"analyte": "HB", "value": 190, "unit": "g/L"}"#,
            "laboratory.plausible_range: usually 40 to 180 g/L",
        ),
        (
            r#"{"analyte": "CREATININE", "specimen": "SERUM", "value": 1.2, "unit": "umol/L"}"#,
            "laboratory.range: from 5 to 2500 umol/L; 1.2 looks like mg/dL (106.08 umol/L)",
        ),
        (
            r#"{"analyte": "CREATININE", "specimen": "SERUM", "value": 5.5, "unit": "umol/L"}"#,
            "laboratory.plausible_range: usually 20 to 500 umol/L; 5.5 looks like mg/dL (486.2 umol/L)",
        ),
        (
            r#"{"analyte": "TEMP", "specimen": "PATIENT", "value": 100.4, "unit": "Cel"}"#,
            "laboratory.range: from 30 to 45 Cel; 100.4 looks like degF (38 Cel)",
        ),
        (
            r#"{"analyte": "IGG", "specimen": "SERUM", "value": 40, "unit": "g/L"}"#,
            "laboratory.plausible_range: usually 0 to 30 g/L; 40 looks like mg/dL (0.4 g/L)",
        ),
        (
            r#"{"analyte": "IGG", "specimen": "SERUM", "value": 400, "unit": "g/L"}"#,
            "laboratory.range: from 0 to 150 g/L; 400 looks like mg/dL (4 g/L)",
        ),
        (
            r#"{"analyte": "FIBRINOGEN", "specimen": "PLASMA", "value": 250, "unit": "g/L"}"#,
            "laboratory.range: from 0 to 15 g/L; 250 looks like mg/dL (2.5 g/L)",
        ),
        (
            r#"{"analyte": "CD19", "value": 61000, "unit": "/uL"}"#,
            "laboratory.plausible_range: usually 0 to 500 /uL; 61000 looks like /mL (61 /uL)",
        ),
        (
            r#"{"analyte": "ANC", "value": 320, "unit": "10^9/L"}"#,
            "laboratory.range: from 0 to 200 10^9/L; 320 looks like /uL (0.32 10^9/L)",
        ),
    ];
    for (changes, message) in cases {
        assert_eq!(expected(changes), [message], "{changes}");
    }
}

#[test]
fn a_fault_says_what_would_be_accepted() {
    let cases = [
        ("icaht", r#"{"reported_early_grade": 0}"#, "1 to 4"),
        ("icaht", r#"{"days_anc_500": 0, "days_anc_100": 0}"#, "0"),
        ("myeloma_assessment", r#"{"flc_ratio": 3}"#, "2 within 5 %"),
        ("myeloma_assessment", r#"{"flc_lambda_mg_l": 0}"#, "no ratio when lambda is 0"),
        ("crs_episode", r#"{"end_date": "2024-03-20", "end_time": "20:00"}"#, "2024-03-20 21:15 or later"),
        (
            "leukemia_assessment",
            r#"{"cns_status": "CNS2B", "csf_blasts": "Y"}"#,
            "fewer than 5 leukocytes and at least 10 erythrocytes per uL",
        ),
        ("kinetics_sample", r#"{"unit": "CELLS_UL"}"#, "for QPCR: COPIES_UG, COPIES_ML"),
        ("infection", r#"{"pathogen_class": "BACT_GPOS"}"#, "pathogen_class BACT_GNEG"),
        ("laboratory", r#"{"unit": null, "canonical_value": null}"#, "for ANC: one of 10^9/L, 10^3/uL, /uL"),
        ("laboratory", r#"{"unit": "/ul", "canonical_value": null}"#, "did you mean /uL?"),
    ];
    for (name, changes, expected) in cases {
        let changes: Value = serde_json::from_str(changes).unwrap();
        let entries = Entries::parse(with(name, &changes).to_string().as_bytes()).unwrap();
        let (_, findings) = Record::from_json(form(name), &entries, context());
        let told: Vec<&str> = findings.iter().filter_map(|f| f.expected.as_deref()).collect();
        assert!(told.len() == 1 && told[0].ends_with(expected), "{name} {changes}: {told:?}");
    }
}

proptest::proptest! {
    #[test]
    fn strange_values_in_any_field_never_panic(
        form in proptest::sample::select(EXAMPLES.iter().map(|(name, _)| *name).collect::<Vec<_>>()),
        fields in proptest::collection::vec((0usize..30, proptest::sample::select(strange_values())), 1..6),
    ) {
        let mut value = example(form);
        let known = clinical::forms::ALL.iter().find(|f| f.name == form).unwrap().fields;
        for (field, strange) in fields {
            value[known[field % known.len()].name] = strange;
        }
        let (record, findings) = read(form, &value);
        // What is accepted reads back as itself, with the same findings.
        if let Some(record) = record {
            let (again, found) = read(form, &record.to_json());
            proptest::prop_assert_eq!(again, Some(record));
            proptest::prop_assert_eq!(found, findings);
        }
    }
}

fn strange_values() -> Vec<Value> {
    let text = r#"[null, true, false, 0, 1, -1, 4, 5, 100, 0.5, -0.0, 1e308, 5e-324, 9007199254740993, "", "Y", "N", "UNK", "POS", "NEG", "NONE", "UNAROUSABLE",
        "2024", "2024-03", "1900-01-01", "2026-06-30", "2026-07-01", "00:00", "23:59", "24:00", [], ["MRI"], ["NONE", "NONE"], {}, "HCG", "mg/dL", "degF", "PATIENT"]"#;
    serde_json::from_str(text).unwrap()
}
