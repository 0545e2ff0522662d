//! Names, units, ranges and contradictions of a case.

use super::support::{BOTH, CSCO, IMWG, categories, derive, monthly, try_derive, with};
use serde_json::{Value, json};

fn m(serum: f64, urine: f64) -> Value {
    json!({ "serum_m_protein_g_l": serum, "urine_m_protein_mg_24h": urine })
}

fn fault(baseline: &Value, now: Value) -> (String, String, String) {
    let fault = try_derive(&monthly(IMWG, baseline, &[now])).unwrap_err();
    (fault.pointer, fault.problem, fault.expected)
}

#[test]
fn short_names_of_the_dictionary() {
    let base = json!({ "m_serum": 40.0, "m_urine_24h": 1000.0, "kappa": 500.0, "lambda": 5.0, "hb": 120.0, "creat": 80.0 });
    let now = json!({
        "m_serum": 0.0, "m_urine_24h": 0.0, "kappa": 8.0, "lambda": 8.0, "ratio": 1.0, "ife_serum": false, "ife_urine": "negative",
        "bmpc_percent": 1.0, "bm_clonal_ihc": "N", "lytic_new": "N", "ca": 2.8, "hb": 120.0, "creat": 80.0, "circulating_pc": 0.0,
    });
    for version in BOTH {
        let r = derive(&monthly(version, &base, std::slice::from_ref(&now)))["result"].clone();
        assert_eq!(categories(&r), ["sCR"]);
        assert_eq!(r["clinical_relapse_date"], "2024-01-01");
    }
}

#[test]
fn versions_and_their_readings() {
    let parameters = |criteria: Value| {
        let mut case = monthly(IMWG, &json!({}), &[]);
        case["criteria"] = criteria;
        derive(&case)["result"]["parameters"].clone()
    };
    for (name, same) in [("IMWG_SEED", CSCO), ("CSCO_2024", CSCO), ("IMWG_2016", IMWG)] {
        assert_eq!(parameters(json!(name)), parameters(json!(same)));
    }
    let mrd = json!({ "disease": "MM", "sensitivity": 1e-5, "detected_below_is_negative": false, "sustained_needs_imaging": true });
    assert_eq!(
        parameters(json!(CSCO)),
        json!({
            "version": "csco_2024", "purpose": "guideline", "ife_alone_is_relapse": true, "large_rise_reference": "baseline", "nadir": "lowest",
            "biochemical_progression_needs_confirmation": false, "clonality": "two_consecutive", "flow_replaces_biopsy": true,
            "vgpr_flc_fall": "more_than_90", "vgpr_plasmacytoma": false, "vgpr_urine_electrophoresis": false, "mr_urine": "light_chain",
            "mr_plasmacytoma_fall_percent": 25.0, "lesion_cut": "longest_at_least_10_mm", "relapse_from_cr_by_other_signs": false,
            "bone_lesion_is_progression": true, "imaging_required": false, "hb_reference": "baseline", "mrd": mrd,
        })
    );
    assert_eq!(
        parameters(json!(IMWG)),
        json!({
            "version": "imwg_2016", "purpose": "guideline", "ife_alone_is_relapse": true, "large_rise_reference": "lowest", "nadir": "lowest",
            "biochemical_progression_needs_confirmation": true, "clonality": "single", "flow_replaces_biopsy": false,
            "vgpr_flc_fall": "at_least_90", "vgpr_plasmacytoma": true, "vgpr_urine_electrophoresis": true, "mr_urine": "m_protein",
            "mr_plasmacytoma_fall_percent": 50.0, "lesion_cut": "short_axis_above_10_mm", "relapse_from_cr_by_other_signs": true,
            "bone_lesion_is_progression": true, "imaging_required": false, "hb_reference": "baseline", "mrd": mrd,
        })
    );
    let mut case = monthly(IMWG, &json!({}), &[]);
    case["parameters"] = json!({ "purpose": "pfs" });
    assert_eq!(derive(&case)["result"]["parameters"]["ife_alone_is_relapse"], false);
    case["purpose"] = json!("guideline");
    assert_eq!(derive(&case)["result"]["parameters"]["ife_alone_is_relapse"], true);
    case["parameters"] = json!({ "mr_plasmacytoma_fall_percent": 101.0 });
    assert_eq!(try_derive(&case).unwrap_err().pointer, "/parameters/mr_plasmacytoma_fall_percent");
}

#[test]
fn flags_as_booleans_and_codes() {
    let at = |flag: Value| {
        let now =
            json!({ "serum_m_protein_g_l": 20.0, "urine_m_protein_mg_24h": 10.0, "bone_lesion_new": flag });
        derive(&monthly(IMWG, &m(40.0, 0.0), &[now]))["result"]["assessments"][0].clone()
    };
    for flag in [json!(true), json!("Y"), json!("yes"), json!("TRUE")] {
        assert_eq!(at(flag)["category"], "PD");
    }
    for flag in [json!(false), json!("N"), json!("No")] {
        let one = at(flag);
        assert_eq!((&one["category"], &one["imaging_recorded"]), (&json!("PR"), &json!(true)));
    }
    for flag in [json!(null), json!("UNK"), json!("ND"), json!("nk")] {
        let one = at(flag);
        assert_eq!((&one["category"], &one["imaging_recorded"]), (&json!("PR"), &json!(false)));
    }
    let (pointer, problem, _) = fault(&json!({}), json!({ "bone_lesion_new": "maybe" }));
    assert_eq!(pointer, "/assessments/0/bone_lesion_new");
    assert!(
        problem.contains("maybe") && problem.contains("\\\"Y\\\"") || problem.contains("\"Y\""),
        "{problem}"
    );
    assert_eq!(fault(&json!({}), json!({ "serum_ife": "weak" })).0, "/assessments/0/serum_ife");
    assert_eq!(fault(&json!({}), json!({ "serum_ife": 1 })).0, "/assessments/0/serum_ife");
    assert_eq!(fault(&json!({}), json!({ "mrd": 1 })).0, "/assessments/0/mrd");
}

#[test]
fn imaging_recorded_names_any_imaging() {
    for now in [
        json!({ "bone_lesion_progressed": false }),
        json!({ "plasmacytoma_new": false }),
        json!({ "plasmacytoma_spd_mm2": 0.0 }),
        json!({ "plasmacytoma_longest_diameter_mm": 0.0 }),
        json!({ "plasmacytomas": [] }),
        json!({ "imaging_negative": true }),
    ] {
        let line = derive(&monthly(IMWG, &json!({}), std::slice::from_ref(&now)));
        assert_eq!(line["result"]["assessments"][0]["imaging_recorded"], true, "{now}");
    }
}

#[test]
fn hard_ranges() {
    let cases = [
        ("serum_m_protein_g_l", -0.1, 150.1),
        ("urine_m_protein_mg_24h", -1.0, 30001.0),
        ("urine_light_chain_mg_24h", -1.0, 30001.0),
        ("flc_kappa_mg_l", -1.0, 20001.0),
        ("flc_lambda_mg_l", -1.0, 20001.0),
        ("flc_ratio", 0.0009, 10001.0),
        ("marrow_plasma_cell_percent", -1.0, 100.1),
        ("marrow_ihc_ratio", -1.0, 10001.0),
        ("marrow_ihc_cells_counted", -1.0, 1e308),
        ("plasmacytoma_spd_mm2", -1.0, 1e308),
        ("plasmacytoma_longest_diameter_mm", -1.0, 401.0),
        ("plasmacytoma_short_axis_mm", -1.0, 401.0),
        ("circulating_plasma_cells_ul", -1.0, 1e308),
        ("suv_lesion", -1.0, 101.0),
        ("calcium_mmol_l", 0.49, 5.01),
        ("hb_g_l", 9.9, 250.1),
        ("creatinine_umol_l", 4.9, 2500.1),
    ];
    for (name, low, high) in cases {
        for value in [low, high] {
            let (pointer, problem, expected) = fault(&json!({}), json!({ name: value }));
            assert_eq!(pointer, format!("/assessments/0/{name}"));
            assert!(
                problem.contains(&format!("{value}")) && expected.contains(" to "),
                "{problem} {expected}"
            );
            assert_eq!(fault(&json!({ name: value }), json!({})).0, format!("/baseline/{name}"));
        }
    }
    assert!(fault(&json!({}), json!({ "calcium_mmol_l": 10.2 })).2.contains("calcium_mg_dl"));
    for ok in
        [json!({ "serum_m_protein_g_l": 150.0 }), json!({ "hb_g_l": 10.0 }), json!({ "calcium_mmol_l": 5.0 })]
    {
        try_derive(&monthly(IMWG, &json!({}), &[ok])).unwrap();
    }
}

#[test]
fn other_units() {
    let pairs = [
        ("serum_m_protein_g_l", 25.0, "serum_m_protein_g_dl", 2.5),
        ("flc_kappa_mg_l", 300.0, "flc_kappa_mg_dl", 30.0),
        ("flc_lambda_mg_l", 300.0, "flc_lambda_mg_dl", 30.0),
        ("hb_g_l", 110.0, "hb_g_dl", 11.0),
        ("calcium_mmol_l", 2.75, "calcium_mg_dl", 11.0),
        ("creatinine_umol_l", 176.8, "creatinine_mg_dl", 2.0),
    ];
    for (name, value, other, converted) in pairs {
        let trace = |o: Value| derive(&monthly(IMWG, &o, std::slice::from_ref(&o)))["trace"].clone();
        assert_eq!(trace(json!({ name: value })), trace(json!({ name: value, other: converted })));
        let line = derive(&monthly(IMWG, &json!({ other: converted }), &[json!({ other: converted })]));
        assert_eq!(
            line["missing"],
            derive(&monthly(IMWG, &json!({ name: value }), &[json!({ name: value })]))["missing"]
        );
        let (pointer, ..) = fault(&json!({}), json!({ name: value, other: converted * 1.01 }));
        assert_eq!(pointer, format!("/assessments/0/{other}"));
    }
    // 2 mg/dL of creatinine and 11 mg/dL of calcium are the thresholds themselves.
    let base = json!({ "creatinine_mg_dl": 1.0 });
    let now = |creatinine: f64, calcium: f64| json!({ "creatinine_mg_dl": creatinine, "creatinine_rise_myeloma_related": true, "calcium_mg_dl": calcium });
    let rules = |o: Value| {
        derive(&monthly(IMWG, &base, &[o]))["result"]["assessments"][0]["clinical_relapse_rules"].clone()
    };
    assert_eq!(rules(now(3.0, 11.0)), json!(["imwg.clinical_creatinine"]));
    assert_eq!(rules(now(2.99, 11.1)), json!(["imwg.hypercalcemia"]));
}

#[test]
fn contradictions() {
    let cases = [
        (json!({ "flc_kappa_mg_l": 100.0, "flc_lambda_mg_l": 10.0, "flc_ratio": 10.6 }), "flc_ratio"),
        (
            json!({ "serum_m_protein_g_l": 1.0, "serum_electrophoresis_detectable": false }),
            "serum_electrophoresis_detectable",
        ),
        (
            json!({ "urine_m_protein_mg_24h": 1.0, "urine_electrophoresis_detectable": false }),
            "urine_electrophoresis_detectable",
        ),
        (json!({ "marrow_flow_clonal": true, "marrow_flow_negative": true }), "marrow_flow_negative"),
        (
            json!({ "plasmacytoma_spd_mm2": 100.0, "plasmacytomas": [{ "id": "a", "ldi_mm": 20.0, "sdi_mm": 10.0 }] }),
            "plasmacytoma_spd_mm2",
        ),
        (json!({ "plasmacytomas": [{ "id": "a" }, { "id": "a" }] }), "plasmacytomas/1"),
        (json!({ "plasmacytomas": [{ "id": "a", "ldi_mm": 10.0, "sdi_mm": 10.1 }] }), "plasmacytomas/0"),
        (json!({ "plasmacytomas": [{ "id": "a", "ldi_mm": 401.0 }] }), "plasmacytomas/0/longest_diameter_mm"),
        (json!({ "mrd": { "result": "NEG", "sensitivity": 0.1 } }), "mrd/0/sensitivity"),
    ];
    for (now, name) in cases {
        assert_eq!(fault(&json!({}), now.clone()).0, format!("/assessments/0/{name}"), "{now}");
    }
    let lesions: Vec<Value> = (0..101).map(|i| json!({ "id": i.to_string() })).collect();
    assert_eq!(fault(&json!({}), json!({ "plasmacytomas": lesions })).0, "/assessments/0/plasmacytomas");
    for ok in [
        json!({ "flc_kappa_mg_l": 100.0, "flc_lambda_mg_l": 10.0, "flc_ratio": 10.5 }),
        json!({ "flc_kappa_mg_l": 100.0, "flc_lambda_mg_l": 0.0, "flc_ratio": 900.0 }),
        json!({ "flc_kappa_mg_l": 0.0, "flc_lambda_mg_l": 0.0 }),
        json!({ "serum_m_protein_g_l": 0.0, "serum_electrophoresis_detectable": true }),
    ] {
        try_derive(&monthly(IMWG, &json!({}), &[ok])).unwrap();
    }
}

#[test]
fn days_are_ordered_and_unique() {
    let at = |date: &str, o: Value| with(&o, &json!({ "date": date }));
    let case = |assessments: Vec<Value>| json!({ "criteria": IMWG, "baseline": at("2024-01-01", m(40.0, 1000.0)), "assessments": assessments });
    let split = case(vec![
        at("2024-03-01", m(1.0, 10.0)),
        at("2024-02-01", json!({ "serum_m_protein_g_l": 20.0 })),
        at("2024-02-01", json!({ "urine_m_protein_mg_24h": 100.0, "serum_m_protein_g_l": 20.0 })),
    ]);
    let r = derive(&split)["result"].clone();
    assert_eq!(categories(&r), ["PR", "VGPR"]);
    let fault = |assessments| try_derive(&case(assessments)).unwrap_err().pointer;
    let twice = vec![at("2024-02-01", m(20.0, 100.0)), at("2024-02-01", m(21.0, 100.0))];
    assert_eq!(fault(twice), "/assessments/1/serum_m_protein_g_l");
    assert_eq!(fault(vec![at("2023-12-31", m(20.0, 100.0))]), "/assessments/0/date");
    assert_eq!(fault(vec![m(20.0, 100.0)]), "/assessments/0/date");
    assert_eq!(fault(vec![at("2024-02-30", m(20.0, 100.0))]), "/assessments/0/date");
    try_derive(&case(vec![at("2024-01-01", m(40.0, 1000.0))])).unwrap();
    assert_eq!(fault(vec![json!({ "date": "2024-02-01" }); 1001]), "/assessments");
    try_derive(&case(vec![json!({ "date": "2024-02-01" }); 1000])).unwrap();
}

#[test]
fn unknown_members_are_told() {
    let mut case = monthly(IMWG, &json!({ "serum_m": 40.0 }), &[json!({ "mrd": { "resuIt": "NEG" } })]);
    case["note"] = json!("x");
    let unknown = try_derive(&case).unwrap().unknown;
    assert_eq!(unknown.len(), 3, "{unknown:?}");
    assert!(unknown.contains(&"/baseline/serum_m".to_owned()) && unknown.contains(&"/note".to_owned()));
}

#[test]
fn no_band_means_nothing_to_quantify() {
    let now = json!({ "serum_ife": "NEG", "urine_ife": "NEG" });
    for version in BOTH {
        let line = derive(&monthly(version, &m(40.0, 1000.0), std::slice::from_ref(&now)));
        assert_eq!(categories(&line["result"]), ["VGPR"], "the marrow is missing for CR");
        assert_eq!(super::support::verdict(&line, "imwg.no_band_is_zero").as_deref(), Some("met"));
        assert!(line["missing"].as_array().unwrap().contains(&json!("marrow_plasma_cell_percent")));
    }
}
