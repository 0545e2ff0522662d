//! Forms as another crate sees them: every rule fires on one side of its boundary and not on the other.

use chrono::NaiveDate;
use clinical::form::{Context, Form, FormDescriptor};
use clinical::record::{Entries, Record};
use clinical::rule::Severity;
use serde_json::{Value, json};

fn context() -> Context {
    Context { today: NaiveDate::from_ymd_opt(2026, 6, 30).unwrap() }
}

fn form(name: &str) -> &'static FormDescriptor {
    clinical::forms::ALL.iter().find(|f| f.name == name).unwrap()
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

fn pair(rule: &str, pointer: &str) -> (String, String) {
    (rule.to_owned(), pointer.to_owned())
}

/// A record of the form without any finding.
fn clean(name: &str) -> Value {
    match name {
        "center" => json!({"center_id": "SH-01", "name": "A hospital", "joined_on": "2020-01-01"}),
        "product" => {
            json!({"product_code": "axi-cel", "inn": "axicabtagene ciloleucel", "target": "CD19", "dose_basis": "PER_KG", "dose_max": 2e6})
        }
        "patient" => {
            json!({"patient_id": "P1", "birth_year": 1960, "sex": "F", "consent_registry": "Y", "consent_date": "2024-01-01", "date_basis": "CALENDAR"})
        }
        "disease" => {
            json!({"patient_id": "P1", "disease": "NHL", "diagnosis_date": "2022-05", "stage_system": "ANN_ARBOR", "stage": "IV",
            "extramedullary": "N", "cns_involvement": "NONE", "prior_lines": 3})
        }
        "lymphodepletion" => {
            json!({"patient_id": "P1", "infusion_number": 1, "course_number": 1, "regimen": "FC", "start_date": "2024-02-01", "end_date": "2024-02-03"})
        }
        "infusion" => {
            json!({"patient_id": "P1", "infusion_number": 1, "infusion_date": "2024-02-06", "product_code": "axi-cel", "weight_kg": 70,
            "dose_total_car_t": 1.4e8, "product_conformity": "IN_SPEC", "active_infection": "N", "vasopressor_hypotension": "N"})
        }
        "daily_toxicity" => {
            json!({"patient_id": "P1", "infusion_number": 1, "assessment_date": "2024-02-08", "crs_grade": 1, "icans_grade": 0, "tocilizumab": false})
        }
        "response" => {
            json!({"patient_id": "P1", "infusion_number": 1, "assessment_date": "2024-03-06", "criteria": "LUGANO_PET", "reported_category": "CMR"})
        }
        "survival_status" => json!({"patient_id": "P1", "last_contact": "2025-02-06", "status": "ALIVE"}),
        other => example(other),
    }
}

/// The published example of a form.
fn example(name: &str) -> Value {
    let path = format!("{}/src/forms/examples/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap()
}

fn with(name: &str, changes: &Value) -> Value {
    let mut value = clean(name);
    for (field, change) in changes.as_object().unwrap() {
        value[field] = change.clone();
    }
    value
}

#[test]
fn a_clean_record_of_every_form_has_no_finding_and_round_trips() {
    for form in clinical::forms::ALL {
        let value = clean(form.name);
        let (record, findings) = read(form, &value);
        assert_eq!(findings, vec![], "{}", form.name);
        let record = record.unwrap();
        let again = Entries::parse(&record.canonical_bytes()).unwrap();
        assert_eq!(Record::from_json(form, &again, context()).0.as_ref(), Some(&record));
    }
}

#[test]
fn a_form_rule_fires_through_the_type_and_through_the_list() {
    let dead =
        json!({"patient_id": "x", "last_contact": "2025-01-01", "status": "DEAD", "cause_primary": "CRS"});
    let expected = vec![pair("survival_status.death_date_required", "/death_date")];
    assert_eq!(read(clinical::forms::survival_status::SurvivalStatus::DESCRIPTOR, &dead).1, expected);
    assert_eq!(read(form("survival_status"), &dead).1, expected);
    assert!(std::ptr::eq(
        clinical::forms::survival_status::SurvivalStatus::DESCRIPTOR,
        form("survival_status")
    ));
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn every_rule_of_every_form_fires_on_its_side_only() {
    // (form, changes that break the rule, rule, pointer, changes just on the other side)
    let cases = [
        (
            "center",
            json!({"center_id": "sh-01"}),
            "center.code_characters",
            "/center_id",
            json!({"center_id": "SH-02"}),
        ),
        (
            "center",
            json!({"left_on": "2019-12-31"}),
            "center.left_before_joined",
            "/left_on",
            json!({"left_on": "2020-01-01"}),
        ),
        ("product", json!({"dose_min": 3e6}), "product.dose_bounds", "/dose_max", json!({"dose_min": 2e6})),
        (
            "product",
            json!({"valid_from": "2021-06-22", "valid_to": "2021-06-21"}),
            "product.valid_to_before_valid_from",
            "/valid_to",
            json!({"valid_from": "2021-06-22", "valid_to": "2021-06-22"}),
        ),
        (
            "patient",
            json!({"consent_registry": "N"}),
            "patient.consent_refused",
            "/consent_registry",
            json!({"consent_registry": "Y"}),
        ),
        (
            "patient",
            json!({"consent_registry": "UNK"}),
            "patient.consent_unknown",
            "/consent_registry",
            json!({"consent_registry": "Y"}),
        ),
        (
            "patient",
            json!({"withdrawn_on": "2023-12-31"}),
            "patient.withdrawn_before_consent",
            "/withdrawn_on",
            json!({"withdrawn_on": "2024-01-01"}),
        ),
        (
            "patient",
            json!({"birth_year": 2027}),
            "patient.birth_year_future",
            "/birth_year",
            json!({"birth_year": 2026}),
        ),
        (
            "patient",
            json!({"date_basis": "PSEUDO_ANCHOR"}),
            "patient.pseudo_anchor",
            "/date_basis",
            json!({}),
        ),
        (
            "disease",
            json!({"stage_system": null}),
            "disease.stage_without_system",
            "/stage_system",
            json!({"stage_system": null, "stage": null}),
        ),
        (
            "disease",
            json!({"disease": "MM", "stage_system": "R_ISS"}),
            "disease.stage_of_system",
            "/stage",
            json!({"disease": "MM", "stage_system": "R_ISS", "stage": "III"}),
        ),
        (
            "disease",
            json!({"disease": "MM"}),
            "disease.system_of_disease",
            "/stage_system",
            json!({"disease": "OTHER"}),
        ),
        (
            "disease",
            json!({"prior_lines": 11}),
            "value.plausible_range",
            "/prior_lines",
            json!({"prior_lines": 10}),
        ),
        (
            "lymphodepletion",
            json!({"end_date": "2024-01-31"}),
            "lymphodepletion.end_before_start",
            "/end_date",
            json!({"end_date": "2024-02-01"}),
        ),
        (
            "lymphodepletion",
            json!({"end_date": "2024-02-16"}),
            "lymphodepletion.long_course",
            "/end_date",
            json!({"end_date": "2024-02-15"}),
        ),
        (
            "lymphodepletion",
            json!({"adjust_reason": "AGE"}),
            "lymphodepletion.reason_without_adjustment",
            "/adjust_reason",
            json!({"adjust_reason": "AGE", "adjusted": "Y"}),
        ),
        (
            "infusion",
            json!({"active_infection": "Y"}),
            "infusion.active_infection",
            "/active_infection",
            json!({"active_infection": "N"}),
        ),
        (
            "infusion",
            json!({"vasopressor_hypotension": "Y"}),
            "infusion.vasopressor_hypotension",
            "/vasopressor_hypotension",
            json!({}),
        ),
        (
            "infusion",
            json!({"weight_kg": 150.1}),
            "value.plausible_range",
            "/weight_kg",
            json!({"weight_kg": 150}),
        ),
        (
            "infusion",
            json!({"weight_kg": 34.9}),
            "value.plausible_range",
            "/weight_kg",
            json!({"weight_kg": 35}),
        ),
        ("infusion", json!({"weight_kg": 19.9}), "value.range", "/weight_kg", json!({"weight_kg": 35})),
        (
            "infusion",
            json!({"dose_total_car_t": 9.9e4}),
            "value.range",
            "/dose_total_car_t",
            json!({"dose_total_car_t": 1e5}),
        ),
        (
            "infusion",
            json!({"dose_total_car_t": 1.1e10}),
            "value.range",
            "/dose_total_car_t",
            json!({"dose_total_car_t": 1e10}),
        ),
        (
            "infusion",
            json!({"thaw_to_infuse_min": 31}),
            "value.plausible_range",
            "/thaw_to_infuse_min",
            json!({"thaw_to_infuse_min": 30}),
        ),
        (
            "infusion",
            json!({"viability_percent": 69.9}),
            "value.plausible_range",
            "/viability_percent",
            json!({"viability_percent": 70}),
        ),
        (
            "daily_toxicity",
            json!({"crs_grade": 0, "tocilizumab": true}),
            "daily_toxicity.drug_without_toxicity",
            "/tocilizumab",
            json!({"crs_grade": 1, "tocilizumab": true}),
        ),
        ("daily_toxicity", json!({"crs_grade": 6}), "value.range", "/crs_grade", json!({"crs_grade": 5})),
        ("daily_toxicity", json!({"crs_grade": -1}), "value.range", "/crs_grade", json!({"crs_grade": 0})),
        (
            "daily_toxicity",
            json!({"assessment_date": "2026-07-01"}),
            "value.future_date",
            "/assessment_date",
            json!({"assessment_date": "2026-06-30"}),
        ),
        (
            "response",
            json!({"reported_category": "CR"}),
            "response.category_of_criteria",
            "/reported_category",
            json!({"criteria": "LUGANO_CT", "reported_category": "CR"}),
        ),
        (
            "survival_status",
            json!({"death_date": "2025-02-06"}),
            "survival_status.not_dead",
            "/death_date",
            json!({}),
        ),
        (
            "survival_status",
            json!({"status": "DEAD", "death_date": "2025-02-05", "cause_primary": "CRS"}),
            "survival_status.death_is_last_contact",
            "/death_date",
            json!({"status": "DEAD", "death_date": "2025-02-06", "cause_primary": "CRS"}),
        ),
        (
            "survival_status",
            json!({"status": "DEAD", "death_date": "2025-02-06"}),
            "survival_status.cause_expected",
            "/cause_primary",
            json!({"status": "DEAD", "death_date": "2025-02-06", "cause_primary": "CRS"}),
        ),
    ];
    for (name, broken, rule, pointer, other_side) in cases {
        assert_eq!(found(name, &with(name, &broken)), vec![pair(rule, pointer)], "{name} {broken}");
        assert_eq!(found(name, &with(name, &other_side)), vec![], "{name} {other_side}");
    }
    let none =
        with("lymphodepletion", &json!({"regimen": "NONE", "end_date": null, "missing": {"end_date": "NA"}}));
    assert_eq!(
        found("lymphodepletion", &none),
        vec![
            pair("completeness.missing", "/end_date"),
            pair("lymphodepletion.dates_without_regimen", "/start_date")
        ]
    );
}

#[test]
fn every_fault_of_a_record_is_told_at_once() {
    let bad = json!({"patient_id": "P 1  x", "infusion_number": 0, "infusion_date": "2024-02-30", "weight_kg": "70", "dose_total_car_t": 1e4,
        "product_conformity": "in spec", "active_infection": true, "weigth_kg": 70, "form": "patient"});
    let findings = found("infusion", &bad);
    let expected = [
        ("value.text", "/patient_id"),
        ("value.range", "/infusion_number"),
        ("value.date", "/infusion_date"),
        ("value.type", "/weight_kg"),
        ("value.range", "/dose_total_car_t"),
        ("value.code", "/product_conformity"),
        ("value.type", "/active_infection"),
        ("record.unknown_field", "/weigth_kg"),
        ("record.form", "/form"),
        ("value.mandatory", "/product_code"),
        ("value.required", "/vasopressor_hypotension"),
    ];
    assert_eq!(findings, expected.map(|(r, p)| pair(r, p)).to_vec());
}

#[test]
fn a_fault_says_what_would_be_accepted() {
    let entries = Entries::parse(
        with("infusion", &json!({"product_conformity": "in spec", "wieght_kg": 1})).to_string().as_bytes(),
    )
    .unwrap();
    let (_, findings) = Record::from_json(form("infusion"), &entries, context());
    let expected: Vec<&str> = findings.iter().filter_map(|f| f.expected.as_deref()).collect();
    assert_eq!(
        expected,
        [
            "one of IN_SPEC, OOS, EXPANDED_ACCESS; did you mean IN_SPEC?",
            "a field of infusion; did you mean weight_kg?"
        ]
    );
}

#[test]
fn duplicates_and_missing_codes_are_not_silently_resolved() {
    let line = br#"{"patient_id":"P1","last_contact":"2025-02-06","status":"ALIVE","status":"LOST"}"#;
    let (record, findings) =
        Record::from_json(form("survival_status"), &Entries::parse(line).unwrap(), context());
    assert!(record.is_none());
    assert_eq!(findings.iter().map(|f| f.rule.id).collect::<Vec<_>>(), ["record.duplicate_field"]);
    let cases = [
        (
            json!({"missing": {"birth_year": "NK"}}),
            vec![
                pair("value.missing_with_value", "/birth_year"),
                pair("completeness.missing", "/birth_year"),
            ],
        ),
        (
            json!({"birth_year": null, "missing": {"birth_year": "nk"}}),
            vec![pair("value.missing_code", "/missing/birth_year"), pair("value.required", "/birth_year")],
        ),
        (json!({"missing": {"patient_id": "NK"}}), vec![pair("value.mandatory", "/patient_id")]),
        (json!({"missing": {"nothing": "NK"}}), vec![pair("record.unknown_field", "/nothing")]),
        (json!({"missing": 3}), vec![pair("value.type", "/missing")]),
        (
            json!({"birth_year": null, "missing": {"birth_year": "NK"}}),
            vec![pair("completeness.missing", "/birth_year")],
        ),
    ];
    for (change, expected) in cases {
        assert_eq!(found("patient", &with("patient", &change)), expected, "{change}");
    }
}

#[test]
fn csv_cells_carry_values_and_missing_codes() {
    let form = form("daily_toxicity");
    let columns: Vec<usize> = (0..form.fields.len()).collect();
    let row = ["P1", "1", "2024-02-08", "NK", " 2 ", "1", "", "false", "true"];
    let (record, findings) = Record::from_text(form, &columns, row.into_iter(), context());
    assert_eq!(findings.iter().map(|f| f.rule.id).collect::<Vec<_>>(), ["completeness.missing"]);
    let expected = json!({"patient_id": "P1", "infusion_number": 1, "assessment_date": "2024-02-08", "icans_grade": 2, "tocilizumab": true,
        "steroids": false, "anakinra": true, "missing": {"crs_grade": "NK"}});
    assert_eq!(record.unwrap().to_json(), expected);
    let row = ["P1", "1.5", "2024-02-08", "1e0", "NaN", "yes", "", "", ""];
    let (record, findings) = Record::from_text(form, &columns, row.into_iter(), context());
    assert!(record.is_none());
    let expected = ["/infusion_number", "/crs_grade", "/icans_grade", "/tocilizumab"];
    assert_eq!(findings.iter().map(clinical::Finding::pointer).collect::<Vec<_>>(), expected);
}

#[test]
fn numbers_are_read_strictly() {
    let weight = |text: &str| {
        let line = with("infusion", &json!({}))
            .to_string()
            .replace("\"weight_kg\":70", &format!("\"weight_kg\":{text}"));
        Entries::parse(line.as_bytes())
            .map(|e| Record::from_json(form("infusion"), &e, context()).0.is_some())
    };
    assert!(weight("70.5").unwrap() && weight("7e1").unwrap());
    assert!(
        !weight("1e999").unwrap_or(false)
            && !weight("-0").unwrap()
            && !weight("\"70\"").unwrap()
            && !weight("[70]").unwrap()
    );
    assert!(weight("NaN").is_err() && weight("0x46").is_err());
}

proptest::proptest! {
    #[test]
    fn hostile_lines_never_panic(line in "\\PC{0,200}") {
        if let Ok(entries) = Entries::parse(line.as_bytes()) {
            for form in clinical::forms::ALL {
                let _ = Record::from_json(form, &entries, context());
            }
        }
    }

    #[test]
    fn hostile_cells_never_panic(cells in proptest::collection::vec("\\PC{0,30}", 9)) {
        let form = form("daily_toxicity");
        let columns: Vec<usize> = (0..9).collect();
        let _ = Record::from_text(form, &columns, cells.iter().map(String::as_str), context());
    }
}

#[test]
fn a_computed_value_may_be_given_back_but_not_entered() {
    let example: Value = serde_json::from_str(clinical::forms::example(form("infusion"))).unwrap();
    let (record, found) = read(form("infusion"), &example);
    assert_eq!(found, vec![]);
    let stored = record.unwrap().to_json();
    let dose = stored["dose_per_kg"].as_f64().unwrap();
    assert!((dose - 2e6).abs() < 1.0, "{dose}");
    assert_eq!(read(form("infusion"), &stored).1, vec![]);
    let mut other = stored.clone();
    other["dose_per_kg"] = json!(dose * (1.0 + 1e-10));
    let (kept, found) = read(form("infusion"), &other);
    assert_eq!(
        (found, kept.unwrap().to_json()),
        (vec![], stored.clone()),
        "a lost last digit is no other value"
    );
    other["dose_per_kg"] = json!(dose * (1.0 + 1e-6));
    assert_eq!(read(form("infusion"), &other).1, vec![pair("value.computed", "/dose_per_kg")]);
    other["dose_per_kg"] = Value::Null;
    other["missing"] = json!({"dose_per_kg": "NK"});
    assert!(read(form("infusion"), &other).1.contains(&pair("value.computed", "/dose_per_kg")));
}

#[test]
fn decimals_of_any_length_are_read_as_written() {
    let mut example: Value = serde_json::from_str(clinical::forms::example(form("infusion"))).unwrap();
    for text in ["91.05199999999999", "70.30000000000001", "123.45678901234567", "68.5"] {
        example["weight_kg"] = serde_json::from_str(text).unwrap();
        let Some(record) = read(form("infusion"), &example).0 else { continue };
        assert_eq!(record.cell("weight_kg").to_text(), text);
        let again = Entries::parse(&record.canonical_bytes()).unwrap();
        assert_eq!(Record::from_json(form("infusion"), &again, context()).0, Some(record));
    }
}
