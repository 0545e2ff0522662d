//! Response: what counts as none, and the order of tests.

use super::{derive, missing, result};
use serde_json::{Value, json};

#[test]
fn myeloma_around_nothing() {
    let case = |criteria: &str, baseline: Value, days: Value| {
        let mut days = days;
        for (i, day) in days.as_array_mut().unwrap().iter_mut().enumerate() {
            day["date"] = json!(format!("2024-{:02}-01", i + 1));
        }
        result("imwg", &json!({"criteria": criteria, "baseline": baseline, "assessments": days}))
    };
    let last = |result: &Value| result["assessments"].as_array().unwrap().last().unwrap()["category"].clone();
    for version in ["imwg_2016", "csco_2024"] {
        let base = json!({"serum_m_protein_g_l": 40, "urine_m_protein_mg_24h": 1000});
        // No band is 0, from which 5 g/L or 200 mg are progression.
        let serum = |g_l: f64| {
            let clear = json!({"serum_ife": "NEG", "urine_ife": "NEG"});
            last(&case(
                version,
                base.clone(),
                json!([clear, {"serum_m_protein_g_l": g_l, "urine_m_protein_mg_24h": 0}]),
            ))
        };
        assert_eq!((serum(5.0) == "PD", serum(4.9) == "PD"), (true, false), "{version}");
        let urine = |mg: f64| {
            let clear = json!({"serum_ife": "NEG", "urine_ife": "NEG"});
            last(&case(
                version,
                base.clone(),
                json!([clear, {"serum_m_protein_g_l": 0, "urine_m_protein_mg_24h": mg}]),
            ))
        };
        assert_eq!((urine(200.0) == "PD", urine(199.5) == "PD"), (true, false), "{version}");
        // Nothing evaluable is no best response.
        let nothing = case(version, base.clone(), json!([{}]));
        assert_eq!((last(&nothing), &nothing["best_unconfirmed"]), (json!("not_evaluable"), &Value::Null));
        // The date of the best response is that of its first assessment.
        let vgpr = json!({"serum_m_protein_g_l": 3, "urine_m_protein_mg_24h": 50, "serum_ife": "POS", "urine_ife": "NEG"});
        let twice = case(version, base.clone(), json!([vgpr, vgpr, vgpr]));
        assert_eq!(
            (&twice["best_confirmed"], &twice["best_confirmed_date"]),
            (&json!("VGPR"), &json!("2024-01-01")),
            "{version}"
        );
        // A plasmacytoma of half a millimetre is one.
        let lesion = json!({"serum_m_protein_g_l": 40, "urine_m_protein_mg_24h": 1000, "plasmacytoma_longest_diameter_mm": 20, "plasmacytoma_spd_mm2": 200});
        let gone = |mm: f64| {
            let now = json!({"serum_m_protein_g_l": 20, "urine_m_protein_mg_24h": 50, "plasmacytoma_longest_diameter_mm": mm});
            last(&case(version, lesion.clone(), json!([now])))
        };
        assert_eq!(gone(0.0), "PR", "{version}");
        assert_ne!(gone(0.5), "PR", "{version}");
        let unsized_before = json!({"serum_m_protein_g_l": 40, "urine_m_protein_mg_24h": 1000, "plasmacytoma_longest_diameter_mm": 20});
        let without_sum = |spd: f64| {
            let now =
                json!({"serum_m_protein_g_l": 20, "urine_m_protein_mg_24h": 50, "plasmacytoma_spd_mm2": spd});
            last(&case(version, unsized_before.clone(), json!([now])))
        };
        assert_eq!(without_sum(0.0), "PR", "{version}");
        assert_ne!(without_sum(0.5), "PR", "{version}");
        let listed = |id: &str, mm: f64| json!({"serum_m_protein_g_l": 40, "urine_m_protein_mg_24h": 1000, "plasmacytomas": [{"id": id, "longest_diameter_mm": mm, "short_axis_mm": mm}]});
        let new = |mm: f64| last(&case(version, listed("a", 0.0), json!([listed("b", mm)])));
        assert_eq!((new(0.5) == "PD", new(0.0) == "PD"), (true, false), "{version}");
    }
    // Percentages that were asked for are in the trace.
    let pr = json!({"criteria": "csco_2024", "baseline": {"serum_m_protein_g_l": 40, "urine_m_protein_mg_24h": 1000, "urine_light_chain_mg_24h": 800},
        "assessments": [{"date": "2024-01-01", "serum_m_protein_g_l": 28, "urine_m_protein_mg_24h": 600, "urine_light_chain_mg_24h": 500}]});
    let line = derive("imwg", &pr).unwrap();
    let percents: Vec<&Value> =
        line["trace"].as_array().unwrap().iter().filter_map(|step| step["values"].get("percent")).collect();
    assert!(percents.contains(&&json!(90.0)) && percents.contains(&&json!(50.0)), "{percents:?}");
    assert!(percents.iter().all(|p| [90.0, 50.0, 25.0].map(|x| json!(x)).contains(p)), "{percents:?}");
}

#[test]
fn the_tests_of_a_day_are_weighed_in_any_order() {
    let states = [
        (
            "POSITIVE",
            json!({"method": "FLOW_NGF", "sensitivity": 1e-5, "result": "POS", "level": 1e-3, "specimen": "BM"}),
        ),
        ("NEGATIVE", json!({"method": "FLOW_NGF", "sensitivity": 1e-5, "result": "NEG", "specimen": "BM"})),
        ("NOT_EVALUABLE", json!({"method": "FLOW_NGF", "sensitivity": 1e-5, "specimen": "BM"})),
        (
            "INSUFFICIENT_SENSITIVITY",
            json!({"method": "FLOW_NGF", "sensitivity": 1e-3, "result": "NEG", "specimen": "BM"}),
        ),
    ];
    let state = |tests: Vec<&Value>| {
        let case = json!({"baseline": {}, "assessments": [{"date": "2024-01-01", "mrd": tests}]});
        result("imwg", &case)["assessments"][0]["mrd"]["state"].clone()
    };
    let alone: Vec<Value> = states.iter().map(|(_, test)| state(vec![test])).collect();
    for (i, (_, heavy)) in states.iter().enumerate() {
        for (_, light) in &states[i..] {
            assert_eq!(state(vec![heavy, light]), alone[i], "{heavy} {light}");
            assert_eq!(state(vec![light, heavy]), alone[i], "{light} {heavy}");
        }
    }
    let distinct: std::collections::BTreeSet<String> = alone.iter().map(ToString::to_string).collect();
    assert_eq!(distinct.len(), 4, "{alone:?}");
}

#[test]
fn lymphoma_of_half_a_millimetre_is_visible() {
    let case = |nodal: Value, mm: f64, earlier: &[f64]| {
        let at = |month: usize, mm: f64| {
            json!({"date": format!("2024-{month:02}-01"), "targets": [{"id": "a", "ldi_mm": mm, "sdi_mm": mm}],
            "non_target": "ABSENT", "new_lesions": [], "spleen_mm": 120, "marrow": "NORMAL"})
        };
        let mut days: Vec<Value> = earlier.iter().enumerate().map(|(i, mm)| at(i + 1, *mm)).collect();
        days.push(at(earlier.len() + 1, mm));
        let line = derive("lugano", &json!({"modality": "ct", "baseline": {"targets": [{"id": "a", "ldi_mm": 40, "sdi_mm": 30, "nodal": nodal}], "spleen_mm": 120, "marrow": "NORMAL"}, "assessments": days})).unwrap();
        line["result"]["assessments"].as_array().unwrap().last().unwrap()["category"].clone()
    };
    for nodal in [json!(false), Value::Null] {
        assert_eq!(case(nodal.clone(), 0.0, &[]), "CR", "{nodal}");
        assert_ne!(case(nodal.clone(), 0.5, &[]), "CR", "{nodal}");
    }
    let new = |cm: f64| {
        let line = derive("lugano", &json!({"modality": "ct", "baseline": {"targets": [{"id": "a", "ldi_mm": 40, "sdi_mm": 30, "nodal": true}], "spleen_mm": 120, "marrow": "NORMAL"},
            "assessments": [{"date": "2024-01-01", "targets": [{"id": "a", "ldi_mm": 10, "sdi_mm": 8}], "non_target": "ABSENT", "spleen_mm": 120, "marrow": "NORMAL", "new_lesions": [{"size_cm": cm, "nodal": true}]}]})).unwrap();
        line["result"]["assessments"][0]["category"].clone()
    };
    assert_eq!((new(1.4), new(1.6)), (json!("CR"), json!("PD")));
}

#[test]
fn blasts_in_any_number_are_a_rise_from_none() {
    let case = |first: Value, number: f64| {
        let case = json!({"baseline": first, "assessments": [{"date": "2024-03-01", "response_assessment": true, "marrow_blast_percent": 30,
            "peripheral_blasts_10e9_l": number, "extramedullary_disease": false}]});
        let steps = derive("b_all", &case).unwrap()["trace"].clone();
        let step = steps.as_array().unwrap().iter().find(|step| {
            step["rule"].as_str().unwrap().contains("pd_blood")
                || step["values"].get("blasts_10e9_l").is_some()
        });
        step.map(|step| (step["verdict"].clone(), step["values"]["blasts_before_10e9_l"].clone()))
    };
    let none = json!({"marrow_blast_percent": 30, "circulating_blasts": false});
    assert_eq!(case(none, 0.01), Some((json!("met"), json!(0.0))));
}

#[test]
fn urine_never_measured_leaves_a_serum_course_open() {
    let lacks = |more: Value| {
        let mut case = json!({"baseline": {"serum_m_protein_g_l": 40}, "assessments": [{"date": "2024-01-01", "serum_m_protein_g_l": 38}]});
        for (name, value) in more.as_object().unwrap() {
            case[name] = value.clone();
        }
        missing("imwg", &case).as_array().unwrap().contains(&json!("urine_m_protein_mg_24h"))
    };
    assert!(lacks(json!({})));
    assert!(!lacks(json!({"measurable_type": "SERUM"})));
}

#[test]
fn a_lesion_left_out_of_the_list_is_not_gone() {
    let lesion = |id: &str, mm: f64| json!({"id": id, "longest_diameter_mm": mm, "short_axis_mm": mm});
    let now = |lesions: Value| {
        let case = json!({"baseline": {"serum_m_protein_g_l": 40, "urine_m_protein_mg_24h": 1000, "plasmacytomas": [lesion("a", 20.0), lesion("b", 20.0)]},
            "assessments": [{"date": "2024-01-01", "serum_m_protein_g_l": 10, "urine_m_protein_mg_24h": 50, "plasmacytomas": lesions}]});
        derive("imwg", &case).unwrap()
    };
    let category = |line: &Value| line["result"]["assessments"][0]["category"].clone();
    assert_eq!(category(&now(json!([lesion("a", 10.0), lesion("b", 10.0)]))), "PR");
    let partial = now(json!([lesion("a", 10.0)]));
    assert_ne!(category(&partial), "PR");
    assert!(partial["missing"].as_array().unwrap().contains(&json!("plasmacytoma_spd_mm2")), "{partial}");
}

#[test]
fn a_complete_response_has_no_plasmacytoma_of_any_size() {
    let category = |version: &str, spd: f64| {
        let case = json!({"criteria": version, "baseline": {"serum_m_protein_g_l": 40, "urine_m_protein_mg_24h": 1000, "plasmacytoma_spd_mm2": 200},
            "assessments": [{"date": "2024-01-01", "serum_m_protein_g_l": 0, "urine_m_protein_mg_24h": 0, "serum_ife": "NEG", "urine_ife": "NEG",
                "marrow_plasma_cell_percent": 1, "bone_lesion_new": "N", "plasmacytoma_spd_mm2": spd}]});
        result("imwg", &case)["assessments"][0]["category"].clone()
    };
    for version in ["imwg_2016", "csco_2024"] {
        assert_eq!(category(version, 0.0), "CR", "{version}");
        assert_ne!(category(version, 0.5), "CR", "{version}");
    }
}

#[test]
fn marrow_is_not_asked_for_where_plasmacytomas_are_followed() {
    let lacks = |kind: &str| {
        let case = json!({"measurable_type": kind, "baseline": {"plasmacytoma_spd_mm2": 200},
            "assessments": [{"date": "2024-01-01", "plasmacytoma_spd_mm2": 150, "bone_lesion_new": "N"}]});
        let missing = derive("imwg", &case).unwrap()["missing"].clone();
        missing.as_array().unwrap().contains(&json!("marrow_plasma_cell_percent"))
    };
    assert_eq!((lacks("PLASMACYTOMA_ONLY"), lacks("MARROW_ONLY")), (false, true));
}
