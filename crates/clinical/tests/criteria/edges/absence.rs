//! What is not known decides nothing, and what is known decides in spite of it.

use super::{derive, missing, pointer, result, verdicts};
use serde_json::{Value, json};

fn with(base: &Value, change: &Value) -> Value {
    let mut out = base.clone();
    for (name, value) in change.as_object().unwrap() {
        out[name] = value.clone();
    }
    out
}

fn lymphoma(modality: &str, change: &Value) -> String {
    let clean = json!({"date": "2024-02-01", "targets": [{"id": "a", "ldi_mm": 38, "sdi_mm": 30}], "non_target": "ABSENT", "new_lesions": [], "spleen_mm": 120, "marrow": "NORMAL"});
    let case = json!({"modality": modality, "baseline": {"targets": [{"id": "a", "ldi_mm": 40, "sdi_mm": 30, "nodal": true}], "spleen_mm": 120},
        "assessments": [with(&clean, change)]});
    result("lugano", &case)["assessments"][0]["category"].as_str().unwrap().to_owned()
}

#[test]
fn unknown_new_lesions_leave_stable_disease_open() {
    assert_eq!(lymphoma("ct", &json!({})), "SD");
    assert_eq!(lymphoma("ct", &json!({"new_lesions": null})), "not_evaluable");
    let pet = json!({"deauville": 4, "uptake_change": "UNCHANGED"});
    assert_eq!(lymphoma("pet_ct", &pet), "NMR");
    assert_eq!(lymphoma("pet_ct", &with(&pet, &json!({"new_lesions": null}))), "not_evaluable");
    let marrow = json!({"deauville": 4, "uptake_change": null, "marrow": "UNCHANGED"});
    assert_eq!(lymphoma("pet_ct", &marrow), "not_evaluable");
    assert_eq!(lymphoma("pet_ct", &with(&marrow, &json!({"uptake_change": "REDUCED"}))), "NMR");
}

#[test]
fn a_lesion_that_had_gone_is_back_at_any_size_the_reader_is_sure_of() {
    let after = |mm: f64| {
        let at = |date: &str, target: Value| json!({"date": date, "targets": [target], "non_target": "ABSENT", "new_lesions": [], "spleen_mm": 120, "marrow": "NORMAL"});
        let gone = at("2024-02-01", json!({"id": "a", "ldi_mm": 0, "sdi_mm": 0}));
        let now = at("2024-03-01", json!({"id": "a", "ldi_mm": mm, "sdi_mm": mm, "unequivocal": true}));
        let case = json!({"modality": "ct", "baseline": {"targets": [{"id": "a", "ldi_mm": 40, "sdi_mm": 30, "nodal": true}], "spleen_mm": 120}, "assessments": [gone, now]});
        result("lugano", &case)["assessments"][1]["category"].clone()
    };
    assert_eq!((after(0.5), after(0.0)), (json!("PD"), json!("CR")));
}

#[test]
fn lyric_begins_on_the_day_of_the_infusion() {
    let grown = |infusion: &str| {
        let case = json!({"modality": "ct", "lyric": true, "infusion_date": infusion, "baseline": {"targets": [{"id": "a", "ldi_mm": 20, "sdi_mm": 20, "nodal": true}], "spleen_mm": 120},
            "assessments": [{"date": "2024-02-01", "targets": [{"id": "a", "ldi_mm": 40, "sdi_mm": 40}], "non_target": "ABSENT", "new_lesions": [], "spleen_mm": 120, "marrow": "NORMAL", "clinical_deterioration": "N"}]});
        result("lugano", &case)["assessments"][0]["category"].clone()
    };
    assert_eq!((grown("2024-02-01"), grown("2024-02-02")), (json!("IR1"), json!("PD")));
}

#[test]
fn sites_outside_the_marrow_are_extramedullary_disease() {
    let category = |more: Value| {
        let day = json!({"date": "2024-02-01", "marrow_blast_percent": 2, "peripheral_blast_percent": 0, "trilineage_hematopoiesis": true, "anc_10e9_l": 1.5, "platelets_10e9_l": 150});
        let case = json!({"baseline": {"marrow_blast_percent": 60}, "assessments": [with(&day, &more)]});
        result("b_all", &case)["assessments"][0]["category"].clone()
    };
    assert_eq!(category(json!({"extramedullary_disease": false})), "CR");
    let testis = category(json!({"extramedullary_sites": ["TESTIS"]}));
    assert_ne!(testis, "CR");
    assert_eq!(testis, category(json!({"extramedullary_sites": ["TESTIS"], "extramedullary_disease": true})));
}

fn myeloma(version: &str, baseline: &Value, days: &[Value]) -> Value {
    let days: Vec<Value> = days
        .iter()
        .enumerate()
        .map(|(i, day)| with(day, &json!({"date": format!("2024-{:02}-01", i + 1)})))
        .collect();
    json!({"criteria": version, "baseline": baseline, "assessments": days})
}

#[test]
fn a_lesser_response_between_refutes_the_first() {
    let m = |serum: f64, urine: f64| json!({"serum_m_protein_g_l": serum, "urine_m_protein_mg_24h": urine, "serum_ife": "POS"});
    for version in ["imwg_2016", "csco_2024"] {
        let of =
            |days: &[Value]| result("imwg", &myeloma(version, &m(40.0, 1000.0), days))["assessments"].clone();
        let through = of(&[m(10.0, 50.0), m(38.0, 950.0), m(10.0, 50.0)]);
        let categories: Vec<&Value> = through.as_array().unwrap().iter().map(|a| &a["category"]).collect();
        assert_eq!(categories[0], "PR", "{through}");
        assert_eq!(through[0]["confirmed"], false, "{version}");
        let straight = of(&[m(10.0, 50.0), json!({}), m(10.0, 50.0)]);
        assert_eq!(
            (&straight[0]["confirmed"], &straight[0]["confirmed_on"]),
            (&json!(true), &json!("2024-03-01"))
        );
    }
}

#[test]
fn a_compartment_that_is_not_followed_is_not_asked_for() {
    let lacks = |baseline: Value, more: Value, name: &str| {
        let mut case = myeloma("imwg_2016", &baseline, &[more]);
        if baseline.get("kind").is_some() {
            case["measurable_type"] = baseline["kind"].clone();
            case["baseline"].as_object_mut().unwrap().remove("kind");
        }
        missing("imwg", &case).as_array().unwrap().contains(&json!(name))
    };
    let serum =
        |baseline: Value| lacks(baseline, json!({"urine_m_protein_mg_24h": 950}), "serum_m_protein_g_l");
    assert!(serum(json!({"urine_m_protein_mg_24h": 1000})));
    assert!(!serum(json!({"urine_m_protein_mg_24h": 1000, "kind": "URINE"})));
    let urine =
        |baseline: Value| lacks(baseline, json!({"serum_m_protein_g_l": 38}), "urine_m_protein_mg_24h");
    assert!(urine(json!({"serum_m_protein_g_l": 40})));
    assert!(!urine(json!({"serum_m_protein_g_l": 40, "kind": "SERUM"})));
    let bone = |parameters: Value| {
        let m = json!({"serum_m_protein_g_l": 38, "urine_m_protein_mg_24h": 50});
        let mut case = myeloma("imwg_2016", &m, std::slice::from_ref(&m));
        case["parameters"] = parameters;
        missing("imwg", &case).as_array().unwrap().contains(&json!("bone_lesion_new"))
    };
    assert_eq!((bone(json!({})), bone(json!({"imaging_required": true}))), (false, true));
    // An empty list of plasmacytomas says that there is none.
    let none = json!({"serum_m_protein_g_l": 40, "urine_m_protein_mg_24h": 1000, "plasmacytomas": []});
    let case =
        myeloma("imwg_2016", &none, &[json!({"serum_m_protein_g_l": 10, "urine_m_protein_mg_24h": 50})]);
    assert_eq!(result("imwg", &case)["assessments"][0]["category"], "PR");
}

#[test]
fn consistent_statements_of_myeloma_are_accepted() {
    for baseline in [
        json!({"serum_m_protein_g_l": 5, "serum_electrophoresis_detectable": true}),
        json!({"serum_m_protein_g_l": 0, "serum_electrophoresis_detectable": false}),
        json!({"serum_m_protein_g_l": 0, "serum_electrophoresis_detectable": true}),
        json!({"marrow_flow_clonal": true, "marrow_flow_negative": false}),
        json!({"marrow_flow_clonal": false, "marrow_flow_negative": true}),
    ] {
        assert_eq!(pointer("imwg", &json!({"baseline": baseline})), None, "{baseline}");
    }
    // A free light chain of which there is none is as abnormal as can be.
    let involved = |kappa: f64, lambda: f64| {
        result("imwg", &json!({"baseline": {"flc_kappa_mg_l": kappa, "flc_lambda_mg_l": lambda}}))["involved_light_chain"].clone()
    };
    assert_eq!((involved(100.0, 0.0), involved(0.0, 100.0)), (json!("KAPPA"), json!("LAMBDA")));
    assert_eq!(
        (involved(0.5, 0.0), involved(100.0, 0.5), involved(0.0, 0.0)),
        (json!("KAPPA"), json!("KAPPA"), Value::Null)
    );
}

#[test]
fn any_cell_found_in_myeloma_is_residual_disease() {
    let reading = |tests: Value| {
        result("imwg", &json!({"baseline": {}, "assessments": [{"date": "2024-01-01", "mrd": tests}]}))["assessments"][0]["mrd"].clone()
    };
    let found = |level: f64| {
        reading(json!({"method": "FLOW_NGF", "sensitivity": 1e-6, "level": level, "specimen": "BM"}))["state"]
            .clone()
    };
    assert_eq!(found(1e-6), found(1e-3));
    assert_ne!(found(1e-6), found(0.0));
    let both = reading(json!([
        {"method": "FLOW_NGF", "sensitivity": 1e-5, "result": "NEG", "specimen": "BM"},
        {"method": "NGS", "sensitivity": 1e-5, "result": "NEG", "specimen": "BM"}
    ]));
    assert_eq!((&both["flow_negative"], &both["sequencing_negative"]), (&json!(true), &json!(true)));
}

#[test]
fn gaps_between_counts_are_filled_on_a_straight_line() {
    // 1000, 800, 600, 400, 200 /ul.
    let rows: Vec<Value> = (0..=30)
        .filter(|day| !(6..=8).contains(day))
        .map(|day| json!({"day": day, "anc_ul": match day { 5 => 1000, 9 => 200, _ => 2000 }}))
        .collect();
    let found = result("icaht", &json!({"days": rows}))["early"].clone();
    assert_eq!((&found["days_500"], &found["days_interpolated"]), (&json!(2), &json!(3)));
    // Carried and interpolated days are told apart, and count together.
    let rows = json!([{"day": 3, "anc_ul": 2000}, {"day": 6, "anc_ul": 2000}]);
    let case = json!({"days": rows, "death_day": 9, "parameters": {"carry_outward": true}});
    let found = result("icaht", &case)["early"].clone();
    let days = ["days_measured", "days_interpolated", "days_carried"].map(|name| found[name].clone());
    assert_eq!(days, [json!(2), json!(2), json!(6)]);
    assert_eq!((&found["coverage_percent"], &found["grade"]), (&json!(100.0), &json!(0)));
}

#[test]
fn never_above_500_by_every_known_day_is_grade_4() {
    let from = |first: i32| (first..=30).map(|day| json!({"day": day, "anc_ul": 400})).collect::<Vec<_>>();
    // 27 of 31 days are known, and the run does not begin by day 3.
    assert_eq!(result("icaht", &json!({"days": from(4)}))["early"]["grade"], 4);
    let mut once = from(4);
    once[10]["anc_ul"] = json!(501);
    once[11]["anc_ul"] = json!(501);
    once[12]["anc_ul"] = json!(501);
    assert_eq!(result("icaht", &json!({"days": once}))["early"]["grade"], 3);
}

#[test]
fn tocilizumab_within_24_hours_wherever_the_clock_starts() {
    let four = |start: f64, span: f64| {
        let doses: Vec<Value> =
            [0.0, 8.0, 16.0, span].iter().map(|hour| json!({"dose_mg": 400, "hour": start + hour})).collect();
        let parameters = json!({"tocilizumab_interval_hours": 0});
        result("dose", &json!({"tocilizumab": {"weight_kg": 50, "doses": doses}, "parameters": parameters}))["tocilizumab"]["in_24_h_in_limit"].clone()
    };
    for start in [0.0, 100.0, -50.0] {
        assert_eq!((four(start, 24.0), four(start, 23.0)), (json!(true), json!(false)), "{start}");
    }
}

#[test]
fn immunoglobulin_within_both_ranges_needs_no_disease() {
    // 5 g for 3 days, and 400 to 600 mg/kg or so of 12 kg would be needed: outside both is outside.
    let ivig = |more: Value| {
        let case = json!({"ivig": with(&json!({"weight_kg": 70, "dose_g": 100, "days": 1}), &more)});
        (result("dose", &case)["ivig"]["category"].clone(), missing("dose", &case))
    };
    assert_eq!(ivig(json!({})), (json!("outside_range"), json!([])));
}

#[test]
fn days_that_agree_with_their_dates_are_accepted() {
    let covid = |days: i32| json!({"covid": {"days_since_positive": days, "first_positive_date": "2024-03-01", "restart_date": "2024-03-15"}});
    assert_eq!(pointer("infection_risk", &covid(14)), None);
    assert!(pointer("infection_risk", &covid(13)).is_some());
}

#[test]
fn the_situation_of_vasopressors_is_named_when_it_is_known() {
    let rule = |more: Value| {
        let case =
            with(&json!({"vasopressors": [{"drug": "NE", "dose": 25, "unit": "ug/min", "hours": 5}]}), &more);
        (
            verdicts("vasopressor", &case, "vasopressor.norepinephrine_alone"),
            verdicts("vasopressor", &case, "vasopressor.with_vasopressin"),
        )
    };
    assert_eq!(rule(json!({})), (vec!["met".to_owned()], vec![]));
    assert_eq!(rule(json!({"vasopressin": true, "hours": 5})), (vec![], vec!["met".to_owned()]));
    // Vasopressin for an unknown time: high either way, but not by which row.
    assert_eq!(rule(json!({"vasopressin": true})), (vec![], vec![]));
}

#[test]
fn the_range_is_told_in_the_unit_of_the_member() {
    let expected = |case: Value| derive("hematotox", &case).unwrap_err().expected;
    assert_eq!(
        expected(json!({"hb_g_dl": 26})),
        "1 to 25 (hb_g_dl in the unit of its name); if the unit is another, give hb_g_l"
    );
    assert_eq!(
        expected(json!({"hb_g_l": 9})),
        "10 to 250 (hb_g_l g/L); if the unit is another, give hb_g_dl"
    );
    assert_eq!(expected(json!({"hb_g_l": 260})), "10 to 250 (hb_g_l g/L)");
    assert_eq!(expected(json!({"ferritin_ug_l": -1})), "0 to 300000 (ferritin_ug_l ug/L)");
    let blood = |member: &str, x: f64| {
        let day = json!({"date": "2024-03-01", member: x});
        derive("b_all", &json!({"assessments": [day]})).unwrap_err().expected
    };
    assert_eq!(blood("anc_ul", 200_001.0), "a number from 0 to 200000 cells/µL");
    let spleen =
        derive("lugano", &json!({"modality": "ct", "baseline": {"spleen_cm": 41}, "assessments": []}))
            .unwrap_err();
    assert_eq!(spleen.expected, "a number from 4 to 40 cm");
}
