//! The rows clinical relapse and relapse from CR of catalogue C1.

use super::support::{BOTH, CSCO, IMWG, derive, lacking, monthly, result, verdict, with};
use serde_json::{Value, json};

fn m(serum: f64, urine: f64) -> Value {
    json!({ "serum_m_protein_g_l": serum, "urine_m_protein_mg_24h": urine })
}

fn relapse(version: &str, baseline: &Value, now: &Value) -> (Value, Vec<String>) {
    let result = result(version, baseline, std::slice::from_ref(now));
    let one = &result["assessments"][0];
    let rules = one["clinical_relapse_rules"].as_array().unwrap();
    let date = if one["clinical_relapse"] == true { json!("2024-01-01") } else { Value::Null };
    assert_eq!(result["clinical_relapse_date"], date);
    (one["clinical_relapse"].clone(), rules.iter().map(|r| r.as_str().unwrap().to_owned()).collect())
}

#[test]
fn c1_row_clinical_relapse() {
    let base = json!({ "serum_m_protein_g_l": 40.0, "hb_g_l": 120.0, "creatinine_umol_l": 80.0, "plasmacytoma_spd_mm2": 1000.0, "plasmacytoma_longest_diameter_mm": 40.0 });
    let normal = json!({
        "bone_lesion_new": false, "plasmacytoma_new": false, "plasmacytoma_spd_mm2": 1000.0, "plasmacytoma_longest_diameter_mm": 40.0,
        "calcium_mmol_l": 2.75, "hb_g_l": 100.1, "creatinine_umol_l": 256.7, "hyperviscosity": false,
    });
    for version in BOTH {
        assert_eq!(relapse(version, &base, &normal), (json!(false), vec![]));
        let cases = [
            (json!({ "bone_lesion_new": true }), "imwg.clinical_new_lesion"),
            (json!({ "plasmacytoma_new": true }), "imwg.clinical_new_lesion"),
            (json!({ "bone_lesion_progressed": true }), "imwg.clinical_growth"),
            (
                json!({ "plasmacytoma_spd_mm2": 1500.0, "plasmacytoma_longest_diameter_mm": 50.0 }),
                "imwg.clinical_growth",
            ),
            (json!({ "calcium_mmol_l": 2.76 }), "imwg.hypercalcemia"),
            (json!({ "hb_g_l": 100.0, "hb_fall_myeloma_related": true }), "imwg.clinical_hb"),
            (
                json!({ "creatinine_umol_l": 256.8, "creatinine_rise_myeloma_related": "Y" }),
                "imwg.clinical_creatinine",
            ),
            (json!({ "hyperviscosity": true }), "imwg.clinical_hyperviscosity"),
        ];
        for (more, rule) in cases {
            assert_eq!(
                relapse(version, &base, &with(&normal, &more)),
                (json!(true), vec![rule.to_owned()]),
                "{more}"
            );
        }
        for more in [
            json!({ "bone_lesion_new": true, "osteoporotic_fracture": true }),
            json!({ "plasmacytoma_spd_mm2": 1499.0, "plasmacytoma_longest_diameter_mm": 60.0 }),
            json!({ "plasmacytoma_spd_mm2": 1500.0, "plasmacytoma_longest_diameter_mm": 49.9 }),
            json!({ "hb_g_l": 100.0, "hb_fall_myeloma_related": false }),
            json!({ "creatinine_umol_l": 256.8, "creatinine_rise_myeloma_related": false }),
        ] {
            assert_eq!(relapse(version, &base, &with(&normal, &more)).0, json!(false), "{more}");
        }
        for (more, name) in [
            (json!({ "hb_g_l": 100.0 }), "hb_fall_myeloma_related"),
            (json!({ "creatinine_umol_l": 256.8 }), "creatinine_rise_myeloma_related"),
            (
                json!({ "plasmacytoma_spd_mm2": 1500.0, "plasmacytoma_longest_diameter_mm": null }),
                "plasmacytoma_longest_diameter_mm",
            ),
        ] {
            let o = with(&normal, &more);
            assert_eq!(relapse(version, &base, &o).0, Value::Null, "{more}");
            assert!(lacking(version, &base, &o).1.contains(&name.to_owned()));
        }
        for name in [
            "bone_lesion_new",
            "plasmacytoma_new",
            "calcium_mmol_l",
            "hyperviscosity",
            "hb_g_l",
            "creatinine_umol_l",
        ] {
            assert_eq!(
                relapse(version, &base, &with(&normal, &json!({ name: null }))).0,
                Value::Null,
                "{name}"
            );
        }
    }
}

#[test]
fn hemoglobin_may_fall_from_its_highest_value() {
    let hb =
        |value: f64| json!({ "serum_m_protein_g_l": 20.0, "hb_g_l": value, "hb_fall_myeloma_related": true });
    let mut case = monthly(IMWG, &hb(80.0), &[hb(130.0), hb(110.1), hb(110.0)]);
    assert_eq!(derive(&case)["result"]["clinical_relapse_date"], Value::Null);
    case["parameters"] = json!({ "hb_reference": "highest" });
    assert_eq!(derive(&case)["result"]["clinical_relapse_date"], "2024-03-01");
}

fn clear() -> Value {
    json!({
        "serum_m_protein_g_l": 0.0, "urine_m_protein_mg_24h": 0.0, "serum_ife": "NEG", "urine_ife": "NEG",
        "marrow_plasma_cell_percent": 1.0, "calcium_mmol_l": 2.3,
    })
}

#[test]
fn c1_row_relapse_from_cr() {
    let base = m(40.0, 1000.0);
    let relapse = |version: &str, case: &Value, now: &Value| {
        let mut course = monthly(version, &base, &[clear(), now.clone()]);
        course = with(&course, case);
        let result = derive(&course)["result"].clone();
        assert_eq!(result["assessments"][0]["relapse_from_cr"], Value::Null);
        result["assessments"][1]["relapse_from_cr"].clone()
    };
    let o = |more: Value| with(&clear(), &more);
    let none = json!({});
    for version in BOTH {
        assert_eq!(relapse(version, &none, &clear()), false);
        for more in [
            json!({ "serum_ife": "POS" }),
            json!({ "urine_ife": "POS" }),
            json!({ "marrow_plasma_cell_percent": 5.0 }),
            json!({ "plasmacytoma_new": true }),
            json!({ "serum_m_protein_g_l": 5.0 }),
        ] {
            assert_eq!(relapse(version, &none, &o(more.clone())), true, "{more}");
        }
        assert_eq!(relapse(version, &none, &o(json!({ "marrow_plasma_cell_percent": 4.9 }))), false);
        assert_eq!(relapse(version, &none, &o(json!({ "marrow_plasma_cell_percent": null }))), Value::Null);
        let not_alone = json!({ "ife_alone_is_relapse": false });
        assert_eq!(relapse(version, &not_alone, &o(json!({ "serum_ife": "POS" }))), false);
        assert_eq!(relapse(version, &not_alone, &o(json!({ "urine_ife": "POS" }))), false);
        assert_eq!(
            relapse(version, &not_alone, &o(json!({ "serum_ife": "POS", "serum_m_protein_g_l": 2.0 }))),
            true
        );
        assert_eq!(
            relapse(version, &not_alone, &o(json!({ "urine_ife": "POS", "urine_m_protein_mg_24h": 20.0 }))),
            true
        );
        let without = json!({ "serum_ife": "POS", "serum_m_protein_g_l": null, "calcium_mmol_l": 2.3 });
        assert_eq!(relapse(version, &not_alone, &o(without)), Value::Null);
    }
    let signs = [
        json!({ "serum_m_protein_g_l": 1.0 }),
        json!({ "urine_m_protein_mg_24h": 10.0 }),
        json!({ "calcium_mmol_l": 2.76 }),
    ];
    for more in signs {
        assert_eq!(relapse(CSCO, &none, &o(more.clone())), false, "{more}");
        assert_eq!(relapse(IMWG, &none, &o(more.clone())), true, "{more}");
        let printed = json!({ "parameters": { "relapse_from_cr_by_other_signs": false } });
        assert_eq!(relapse(IMWG, &printed, &o(more)), false);
    }
    let bone = json!({ "parameters": { "bone_lesion_is_progression": false } });
    assert_eq!(relapse(IMWG, &bone, &o(json!({ "bone_lesion_new": true }))), true);
    assert_eq!(relapse(CSCO, &bone, &o(json!({ "bone_lesion_new": true }))), false);
}

#[test]
fn note_6_a_therapeutic_antibody_may_show_on_immunofixation() {
    let base = m(40.0, 1000.0);
    let said = json!({ "mab_interference": true });
    let run = |case: Value, now: Value| {
        let line = derive(&with(&monthly(IMWG, &base, &[clear(), with(&clear(), &now)]), &case));
        let last = line["result"]["assessments"][1].clone();
        assert_eq!(
            verdict(&line, "imwg.mab_interference").unwrap() == "met",
            last["mab_interference"] == true
        );
        (last["mab_interference"].clone(), last["relapse_from_cr"].clone())
    };
    let positive = json!({ "serum_ife": "POS" });
    assert_eq!(run(json!({}), positive.clone()), (json!(false), json!(true)));
    assert_eq!(run(said.clone(), positive.clone()), (json!(true), Value::Null));
    assert_eq!(run(json!({}), with(&positive, &said)), (json!(true), Value::Null));
    assert_eq!(
        run(said.clone(), with(&positive, &json!({ "mab_interference": "N" }))),
        (json!(false), json!(true))
    );
    assert_eq!(
        run(said.clone(), with(&positive, &json!({ "serum_ife_light_chain": "LAMBDA" }))),
        (json!(false), json!(true))
    );
    assert_eq!(
        run(said.clone(), with(&positive, &json!({ "serum_ife_light_chain": "KAPPA" }))),
        (json!(true), Value::Null)
    );
    assert_eq!(run(said.clone(), json!({})), (json!(false), json!(false)));
    assert_eq!(
        run(said, with(&positive, &json!({ "serum_m_protein_g_l": 1.0 }))),
        (json!(true), json!(true))
    );
}
