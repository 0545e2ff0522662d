//! Rules of the forms from apheresis to the hospital stay.

use super::rules::check;
use super::{form, found, pair, with};
use serde_json::{Value, json};

#[test]
fn apheresis() {
    let failed = json!({"outcome": "FAILED_MANUF"});
    check(
        "apheresis",
        &[
            (
                json!({"active_infection": "Y"}),
                "apheresis.active_infection",
                "active_infection",
                json!({"active_infection": "UNK"}),
            ),
            (
                json!({"alc_date": "2024-02-21"}),
                "apheresis.count_after",
                "alc_date",
                json!({"alc_date": "2024-02-20"}),
            ),
            (
                json!({"alc_date": "2024-02-16"}),
                "apheresis.count_old",
                "alc_date",
                json!({"alc_date": "2024-02-17"}),
            ),
            (
                json!({"release_date": "2024-02-19"}),
                "apheresis.released_before",
                "release_date",
                json!({"release_date": "2024-02-20"}),
            ),
            (
                failed,
                "apheresis.release_of_failed",
                "release_date",
                json!({"outcome": "FAILED_MANUF", "release_date": null}),
            ),
            (
                json!({"active_infection": "Y"}),
                "apheresis.active_infection",
                "active_infection",
                json!({"outcome": "DIED"}),
            ),
        ],
    );
}

#[test]
fn bridging() {
    let (details, none) = ("bridging.radiotherapy_details", "bridging.no_radiotherapy");
    let outside = "bridging.radiotherapy_outside";
    let drugs = json!({"modalities": ["CHEMO"], "rt_site": null, "rt_gy": null, "rt_end_date": null});
    let also = |field: &str, value: Value| {
        let mut changes = drugs.clone();
        changes[field] = value;
        changes
    };
    let not_given = |field: &str, value: Value| {
        let mut changes = json!({"given": "N", "modalities": null, "start_date": null, "end_date": null, "rt_site": null, "rt_gy": null,
            "rt_end_date": null, "response": null, "regimen": null});
        changes[field] = value;
        changes
    };
    let nothing = not_given("regimen", Value::Null);
    let rule = "bridging.not_given";
    check(
        "bridging",
        &[
            (
                json!({"end_date": "2024-02-23", "rt_site": null, "rt_gy": null, "rt_end_date": null, "modalities": ["CHEMO"]}),
                "bridging.end_before_start",
                "end_date",
                also("end_date", json!("2024-02-24")),
            ),
            (not_given("modalities", json!(["CHEMO", "RT"])), rule, "modalities", nothing.clone()),
            (not_given("start_date", json!("2024-02-24")), rule, "start_date", nothing.clone()),
            (not_given("end_date", json!("2024-02-24")), rule, "end_date", nothing.clone()),
            (not_given("response", json!("PR")), rule, "response", nothing.clone()),
            (not_given("rt_site", json!("LUNG")), rule, "rt_site", nothing.clone()),
            (not_given("rt_gy", json!(20.0)), rule, "rt_gy", nothing.clone()),
            (not_given("rt_end_date", json!("2024-02-24")), rule, "rt_end_date", nothing),
            (json!({"rt_site": null}), details, "rt_site", drugs.clone()),
            (json!({"rt_gy": null}), details, "rt_gy", json!({"rt_gy": 0.0})),
            (json!({"rt_end_date": null}), details, "rt_end_date", json!({"modalities": ["RT"]})),
            (also("rt_site", json!("CNS")), none, "rt_site", drugs.clone()),
            (also("rt_gy", json!(20.0)), none, "rt_gy", drugs.clone()),
            (also("rt_end_date", json!("2024-03-01")), none, "rt_end_date", drugs.clone()),
            (
                json!({"rt_end_date": "2024-02-23"}),
                outside,
                "rt_end_date",
                json!({"rt_end_date": "2024-02-24"}),
            ),
            (
                json!({"rt_end_date": "2024-03-06"}),
                outside,
                "rt_end_date",
                json!({"rt_end_date": "2024-03-05"}),
            ),
        ],
    );
    let declared = json!({"rt_gy": null, "missing": {"rt_gy": "NK"}});
    assert_eq!(
        found("bridging", &with("bridging", &declared)),
        vec![pair("completeness.missing", "rt_gy")],
        "a declared gap is a query, not a fault"
    );
    let unreadable = json!({"rt_site": "KNEE"});
    assert_eq!(found("bridging", &with("bridging", &unreadable)), vec![pair("value.code", "rt_site")]);
}

#[test]
fn lymphodepletion_dose() {
    let (possible, plausible) = ("lymphodepletion_dose.dose_possible", "lymphodepletion_dose.dose_plausible");
    let dose = |drug: &str, value: f64| json!({"drug": drug, "dose_value": value});
    let case = |drug: &str, broken: f64, rule: &'static str, kept: f64| {
        (dose(drug, broken), rule, "dose_value", dose(drug, kept))
    };
    let absent = json!({"given": "N", "dose_value": null, "dose_unit": null});
    check(
        "lymphodepletion_dose",
        &[
            case("FLU", 24.9, plausible, 25.0),
            case("FLU", 30.1, plausible, 30.0),
            case("FLU", 200.0, plausible, 30.0),
            case("FLU", 200.1, possible, 30.0),
            case("CYC", 249.0, plausible, 250.0),
            case("CYC", 501.0, plausible, 500.0),
            case("CYC", 5000.0, plausible, 500.0),
            case("CYC", 5000.1, possible, 500.0),
            case("BEN", 69.9, plausible, 70.0),
            case("BEN", 90.1, plausible, 90.0),
            case("BEN", 200.0, plausible, 90.0),
            case("BEN", 200.1, possible, 90.0),
            (
                json!({"dose_unit": "MG"}),
                "lymphodepletion_dose.unit_unusual",
                "dose_unit",
                json!({"drug": "OTHER", "dose_unit": "MG", "dose_value": 9999.0}),
            ),
            (
                json!({"drug": "CYC", "dose_unit": "MG_KG", "dose_value": 60.0}),
                "lymphodepletion_dose.unit_unusual",
                "dose_unit",
                absent.clone(),
            ),
            (json!({"given": "N"}), "lymphodepletion_dose.not_given", "dose_value", absent),
            (
                json!({"given": "UNK", "dose_unit": null}),
                "lymphodepletion_dose.dose_without_unit",
                "dose_unit",
                json!({"given": "UNK"}),
            ),
        ],
    );
    let no_unit = json!({"dose_unit": null, "missing": {"dose_unit": "NK"}});
    assert!(
        found("lymphodepletion_dose", &with("lymphodepletion_dose", &no_unit))
            .contains(&pair("lymphodepletion_dose.dose_without_unit", "dose_unit")),
        "a missing code does not make a unit"
    );
}

#[test]
fn medication() {
    let (end, times) = ("medication.end_before_start", "medication.time_without_date");
    let (soft, hard) = ("medication.tocilizumab_plausible", "medication.tocilizumab_possible");
    let mg = |value: f64| json!({"dose_value": value, "dose_unit": "MG", "weight_kg": null});
    let unit = |value: f64, unit: &str| json!({"dose_value": value, "dose_unit": unit, "weight_kg": 100.0});
    let growth = |value: f64, unit: &str, weight: Value, frequency: Value| json!({"drug": "G_CSF", "indication": "CYTOPENIA", "dose_value": value, "dose_unit": unit, "weight_kg": weight, "frequency": frequency});
    let (usual, possible) = ("medication.g_csf_plausible", "medication.g_csf_possible");
    let day = |value: f64| growth(value, "UG_KG", Value::Null, json!("QD"));
    check(
        "medication",
        &[
            (json!({"end_date": "2024-03-21"}), end, "end_date", json!({"end_date": "2024-03-23"})),
            (json!({"end_time": "14:29"}), end, "end_date", json!({"end_time": "14:30"})),
            (
                json!({"ongoing": true}),
                "medication.ongoing_with_end",
                "end_date",
                json!({"ongoing": true, "end_date": null}),
            ),
            (json!({"end_date": null, "end_time": "15:00"}), times, "end_date", json!({"end_date": null})),
            (mg(800.1), soft, "dose_value", mg(800.0)),
            (mg(1600.0), soft, "dose_value", mg(800.0)),
            (mg(1600.1), hard, "dose_value", mg(1.0)),
            (unit(8.01, "MG_KG"), soft, "dose_value", unit(8.0, "MG_KG")),
            (unit(16.01, "MG_KG"), hard, "dose_value", unit(8.0, "MG_KG")),
            (unit(8001.0, "UG_KG"), soft, "dose_value", unit(8000.0, "UG_KG")),
            (unit(0.81, "G"), soft, "dose_value", unit(0.8, "G")),
            (unit(800_001.0, "UG"), soft, "dose_value", unit(800_000.0, "UG")),
            (day(12.01), usual, "dose_value", day(12.0)),
            (day(30.0), usual, "dose_value", day(5.0)),
            (day(30.01), possible, "dose_value", day(10.0)),
            (
                growth(6.01, "UG_KG", Value::Null, json!("Q12H")),
                usual,
                "dose_value",
                growth(6.0, "UG_KG", Value::Null, json!("Q12H")),
            ),
            (
                growth(841.0, "UG", json!(70.0), Value::Null),
                usual,
                "dose_value",
                growth(840.0, "UG", json!(70.0), Value::Null),
            ),
            (
                growth(0.0121, "MG_KG", Value::Null, json!("QD")),
                usual,
                "dose_value",
                growth(0.012, "MG_KG", Value::Null, json!("QD")),
            ),
            (
                growth(2.2, "MG", json!(70.0), json!("ONCE")),
                possible,
                "dose_value",
                growth(0.3, "MG", json!(70.0), json!("ONCE")),
            ),
            (
                json!({"drug": "POSACONAZOLE", "dose_unit": null}),
                "medication.dose_without_unit",
                "dose_unit",
                json!({"drug": "POSACONAZOLE", "dose_unit": null, "dose_value": null}),
            ),
        ],
    );
    let without_start = json!({"start_date": null, "missing": {"start_date": "NK"}});
    let mut expected = vec![pair("completeness.missing", "start_date"), pair(times, "start_date")];
    assert_eq!(found("medication", &with("medication", &without_start)), expected);
    expected.truncate(1);
    let without_both = json!({"start_date": null, "start_time": null, "missing": {"start_date": "NK"}});
    assert_eq!(found("medication", &with("medication", &without_both)), expected);
}

#[test]
fn a_dose_that_depends_on_what_is_not_known_is_not_judged() {
    for changes in [
        json!({"dose_value": 1000.0, "dose_unit": "MG_KG", "weight_kg": null}),
        json!({"dose_value": 10_000.0, "dose_unit": "MG_M2"}),
        json!({"dose_value": 10_000.0, "dose_unit": "ML"}),
        json!({"drug": "G_CSF", "dose_value": 3000.0, "dose_unit": "UG", "weight_kg": null}),
        json!({"drug": "G_CSF", "dose_value": 300.0, "dose_unit": "MIU"}),
        json!({"drug": "PEG_G_CSF", "dose_value": 6.0, "dose_unit": "MG"}),
        json!({"drug": "METHYLPREDNISOLONE", "dose_value": 2000.0, "dose_unit": "MG"}),
    ] {
        assert_eq!(found("medication", &with("medication", &changes)), vec![], "{changes}");
    }
}

#[test]
fn doses_of_a_day_are_counted() {
    for (frequency, doses) in [
        ("ONCE", 1.0),
        ("QD", 1.0),
        ("CONTINUOUS", 1.0),
        ("PRN", 1.0),
        ("Q12H", 2.0),
        ("Q8H", 3.0),
        ("Q6H", 4.0),
        ("Q4H", 6.0),
    ] {
        let given = |daily: f64| {
            let changes = json!({"drug": "G_CSF", "dose_value": daily / doses, "dose_unit": "UG_KG", "frequency": frequency});
            found("medication", &with("medication", &changes))
        };
        assert_eq!(given(12.0), vec![], "{frequency}");
        assert_eq!(given(12.1), vec![pair("medication.g_csf_plausible", "dose_value")], "{frequency}");
    }
}

#[test]
fn hospital_stay() {
    let (order, times) = ("hospital_stay.discharged_before_admitted", "hospital_stay.time_without_date");
    let discharged = |date: &str, time: &str| json!({"discharge_date": date, "discharge_time": time});
    let untimed = json!({"discharge_date": "2024-03-13", "discharge_time": null});
    let of_stay = |changes: &Value| found("hospital_stay", &with("hospital_stay", changes));
    for broken in [discharged("2024-03-13", "09:29"), json!({"discharge_date": "2024-03-12"})] {
        assert_eq!(of_stay(&broken), vec![pair(order, "discharge_date")], "{broken}");
    }
    for kept in [discharged("2024-03-13", "09:30"), untimed] {
        assert_eq!(of_stay(&kept), vec![], "{kept}");
    }
    for (date, time) in [("discharge_date", "discharge_time"), ("admission_date", "admission_time")] {
        let gap = pair("completeness.missing", date);
        let with_time = json!({date: null, time: "10:00", "missing": {date: "PEND"}});
        assert_eq!(of_stay(&with_time), vec![gap.clone(), pair(times, date)]);
        let untimed = json!({date: null, time: null, "missing": {date: "PEND"}});
        assert_eq!(of_stay(&untimed), vec![gap]);
    }
    assert!(form("hospital_stay").rules.iter().all(|r| [order, times].contains(&r.id)));
}

#[test]
fn infusion() {
    let (order, long, dose) = ("infusion.end_before_start", "infusion.long_infusion", "infusion.dose_per_kg");
    let at = |start: Value, date: Value, end: Value| json!({"start_time": start, "end_date": date, "end_time": end});
    let none = Value::Null;
    check(
        "infusion",
        &[
            (json!({"end_time": "10:14"}), order, "end_time", json!({"end_time": "10:15"})),
            (json!({"end_date": "2024-03-18"}), order, "end_time", json!({"end_date": "2024-03-19"})),
            (
                at(none.clone(), json!("2024-03-18"), none.clone()),
                order,
                "end_date",
                at(none.clone(), json!("2024-03-19"), none.clone()),
            ),
            (json!({"end_time": "22:16"}), long, "end_time", json!({"end_time": "22:15"})),
            (
                at(json!("20:00"), json!("2024-03-20"), json!("08:01")),
                long,
                "end_time",
                at(json!("20:00"), json!("2024-03-20"), json!("08:00")),
            ),
            (
                at(json!("11:59"), json!("2024-03-20"), none.clone()),
                long,
                "end_date",
                at(json!("12:00"), json!("2024-03-20"), none.clone()),
            ),
            (
                at(none.clone(), json!("2024-03-20"), json!("12:00")),
                long,
                "end_time",
                at(none.clone(), json!("2024-03-20"), json!("11:59")),
            ),
            (
                at(none.clone(), json!("2024-03-21"), none.clone()),
                long,
                "end_date",
                at(none.clone(), json!("2024-03-20"), none),
            ),
            (
                json!({"dose_per_kg_reported": 2_100_001.0}),
                dose,
                "dose_per_kg_reported",
                json!({"dose_per_kg_reported": 2_100_000.0}),
            ),
            (
                json!({"dose_per_kg_reported": 1_899_999.0}),
                dose,
                "dose_per_kg_reported",
                json!({"dose_per_kg_reported": 1_900_000.0}),
            ),
        ],
    );
    let hard = [
        ("infusion.end_before_start", true),
        ("infusion.long_infusion", false),
        ("infusion.dose_per_kg", false),
    ];
    for (id, rejects) in hard {
        let rule = form("infusion").rules.iter().find(|r| r.id == id).unwrap();
        assert_eq!(rule.severity == clinical::rule::Severity::Hard, rejects, "{id}");
    }
}
