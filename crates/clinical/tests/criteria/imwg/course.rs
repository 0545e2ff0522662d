//! Confirmation, best response, dates and MRD over a whole course (catalogue C1.1, C1.2 notes 4, 5 and 7).

use super::support::{BOTH, CSCO, IMWG, categories, derive, monthly, result, verdict, with};
use serde_json::{Value, json};

fn m(serum: f64, urine: f64) -> Value {
    json!({ "serum_m_protein_g_l": serum, "urine_m_protein_mg_24h": urine })
}

fn base() -> Value {
    m(40.0, 1000.0)
}

fn vgpr() -> Value {
    m(1.0, 10.0)
}

fn pr() -> Value {
    m(20.0, 100.0)
}

fn cr() -> Value {
    json!({ "serum_m_protein_g_l": 0.0, "urine_m_protein_mg_24h": 0.0, "serum_ife": "NEG", "urine_ife": "NEG", "marrow_plasma_cell_percent": 1.0 })
}

/// Per assessment the category, and the month that confirms it ("-" unconfirmed, "?" undefined).
fn confirmations(result: &Value) -> Vec<String> {
    let assessments = result["assessments"].as_array().unwrap().iter();
    let show = |a: &Value| {
        let on = match (&a["confirmed"], a["confirmed_on"].as_str()) {
            (Value::Bool(true), Some(date)) => date[5..7].to_owned(),
            (Value::Bool(false), None) => "-".to_owned(),
            (Value::Null, None) => "?".to_owned(),
            other => panic!("{other:?}"),
        };
        format!("{} {on}", a["category"].as_str().unwrap())
    };
    assessments.map(show).collect()
}

#[test]
fn note_4_the_next_assessment_of_at_least_the_category_confirms() {
    for version in BOTH {
        let run = |series: &[Value]| result(version, &base(), series);
        let r = run(&[pr(), vgpr(), vgpr()]);
        assert_eq!(confirmations(&r), ["PR 02", "VGPR 03", "VGPR -"]);
        assert_eq!((&r["best_confirmed"], &r["best_confirmed_date"]), (&json!("VGPR"), &json!("2024-02-01")));
        let r = run(&[m(4.0, 10.0), m(4.5, 10.0), m(4.5, 10.0)]);
        assert_eq!(confirmations(&r)[0], "VGPR -", "the next one was lower");
        assert_eq!((&r["best_confirmed"], &r["best_unconfirmed"]), (&json!("PR"), &json!("VGPR")));
        assert_eq!(r["best_confirmed_date"], "2024-02-01");
        let r = run(&[vgpr(), json!({}), vgpr()]);
        assert_eq!(
            confirmations(&r),
            ["VGPR 03", "not_evaluable ?", "VGPR -"],
            "what cannot tell is passed over"
        );
        let r = run(&[vgpr(), json!({ "serum_m_protein_g_l": 1.0 }), vgpr()]);
        assert_eq!(confirmations(&r)[0], "VGPR 03", "urine missing in between");
        let steps = [
            base(),
            m(29.0, 400.0),
            pr(),
            vgpr(),
            cr(),
            with(&cr(), &json!({ "marrow_clonal": false, "flc_ratio": 1.0 })),
        ];
        for count in 1..=steps.len() {
            let r = run(&steps[..count]);
            let expected = ["SD", "MR", "PR", "VGPR", "CR", "sCR"];
            assert_eq!(r["best_unconfirmed"], expected[count - 1]);
            assert_eq!(r["best_confirmed"], count.checked_sub(2).map_or(Value::Null, |i| json!(expected[i])));
        }
        let r = run(&[vgpr()]);
        assert_eq!((&r["best_confirmed"], &r["best_unconfirmed"]), (&Value::Null, &json!("VGPR")));
        let r = run(&[base(), json!({}), base()]);
        assert_eq!(confirmations(&r), ["SD 03", "not_evaluable ?", "SD -"]);
        assert_eq!(r["best_confirmed"], "SD");
        let r = run(&[m(40.0, 1000.0), m(50.0, 1000.0)]);
        assert_eq!(confirmations(&r)[0], "SD -");
    }
}

#[test]
fn marrow_and_imaging_need_not_be_repeated_to_confirm() {
    let mut later = cr();
    later.as_object_mut().unwrap().remove("marrow_plasma_cell_percent");
    for version in BOTH {
        let r = result(version, &base(), &[cr(), later.clone()]);
        assert_eq!(confirmations(&r), ["CR 02", "VGPR -"]);
        assert_eq!(r["best_confirmed"], "CR");
        let relapsed = with(&later, &json!({ "serum_ife": "POS" }));
        assert_eq!(confirmations(&result(version, &base(), &[cr(), relapsed]))[0], "CR -");
        let scr = with(&cr(), &json!({ "marrow_clonal": false, "flc_ratio": 1.0 }));
        let later = with(&later, &json!({ "flc_ratio": 1.0 }));
        assert_eq!(confirmations(&result(version, &base(), &[scr.clone(), later.clone()]))[0], "sCR 02");
        let later = with(&later, &json!({ "flc_ratio": 3.0 }));
        assert_eq!(confirmations(&result(version, &base(), &[scr, later]))[0], "sCR -");
        let base = with(&base(), &json!({ "plasmacytoma_spd_mm2": 1000.0 }));
        let imaged = with(&pr(), &json!({ "plasmacytoma_spd_mm2": 400.0 }));
        assert_eq!(confirmations(&result(version, &base, &[imaged, pr()]))[0], "PR 02");
    }
}

#[test]
fn csco_flc_only_cr_needs_two_normal_ratios() {
    let base = json!({ "serum_m_protein_g_l": 0.0, "urine_m_protein_mg_24h": 0.0, "flc_kappa_mg_l": 500.0, "flc_lambda_mg_l": 5.0 });
    let at = |kappa: f64| with(&cr(), &json!({ "flc_kappa_mg_l": kappa, "flc_lambda_mg_l": 10.0 }));
    for version in BOTH {
        let r = result(version, &base, &[at(10.0), at(10.0)]);
        assert_eq!(confirmations(&r)[0], "CR 02");
        let r = result(version, &base, &[at(10.0), at(20.0), at(20.0)]);
        assert_eq!((&r["best_confirmed"], &r["best_unconfirmed"]), (&json!("VGPR"), &json!("CR")));
    }
}

#[test]
fn note_7_progression_is_dated_by_the_first_assessment() {
    let pd = m(20.0, 10.0);
    for (version, single) in [(CSCO, json!("2024-02-01")), (IMWG, Value::Null)] {
        let r = result(version, &base(), &[vgpr(), pd.clone(), pd.clone()]);
        assert_eq!(confirmations(&r), ["VGPR -", "PD 03", "PD -"]);
        assert_eq!((&r["progression_date"], &r["best_unconfirmed"]), (&json!("2024-02-01"), &json!("VGPR")));
        assert_eq!(
            r["best_confirmed"],
            if version == CSCO || version == IMWG { json!("PD") } else { Value::Null }
        );
        let r = result(version, &base(), &[vgpr(), pd.clone(), vgpr()]);
        assert_eq!(confirmations(&r), ["VGPR -", "PD -", "VGPR -"]);
        assert_eq!(r["progression_date"], single, "{version}");
        assert_eq!(r["progression_unconfirmed_date"], "2024-02-01");
        let r = result(version, &base(), &[vgpr(), pd.clone(), json!({}), pd.clone()]);
        assert_eq!(confirmations(&r)[1], "PD 04");
        assert_eq!(r["progression_date"], "2024-02-01");
        // Progression on imaging stands alone.
        let seen = with(&vgpr(), &json!({ "plasmacytoma_new": true }));
        let r = result(version, &base(), &[vgpr(), seen, vgpr(), vgpr()]);
        assert_eq!(confirmations(&r)[1], "PD 02");
        assert_eq!((&r["progression_date"], &r["best_unconfirmed"]), (&json!("2024-02-01"), &json!("VGPR")));
        let mut case = monthly(version, &base(), &[vgpr(), pd.clone(), vgpr()]);
        case["parameters"] = json!({ "biochemical_progression_needs_confirmation": version == CSCO });
        let expected = if version == CSCO { Value::Null } else { json!("2024-02-01") };
        assert_eq!(derive(&case)["result"]["progression_date"], expected);
    }
    let marrow = |percent: f64| json!({ "marrow_plasma_cell_percent": percent });
    let r = result(IMWG, &marrow(40.0), &[marrow(10.0), marrow(30.0), marrow(10.0)]);
    assert_eq!(r["progression_date"], "2024-02-01", "marrow needs no second test");
}

#[test]
fn responses_after_progression_and_new_therapy_do_not_count() {
    let pd = m(20.0, 10.0);
    for version in BOTH {
        let r = result(version, &base(), &[pr(), pr(), m(39.0, 1000.0), m(39.0, 1000.0), cr(), cr()]);
        assert_eq!(r["progression_date"], "2024-03-01");
        assert_eq!((&r["best_confirmed"], &r["best_unconfirmed"]), (&json!("PR"), &json!("PR")));
        let mut case = monthly(version, &base(), &[pr(), pr(), cr(), cr()]);
        case["new_therapy_date"] = json!("2024-03-01");
        let r = &derive(&case)["result"];
        assert_eq!((&r["best_confirmed"], &r["best_unconfirmed"]), (&json!("PR"), &json!("PR")));
        case["new_therapy_date"] = json!("2024-02-01");
        let r = &derive(&case)["result"];
        assert_eq!((&r["best_confirmed"], &r["best_unconfirmed"]), (&Value::Null, &json!("PR")));
        case["new_therapy_date"] = json!("2024-05-01");
        assert_eq!(derive(&case)["result"]["best_confirmed"], "CR");
        let r = result(version, &m(4.0, 10.0), &[pd.clone(), pd.clone()]);
        assert_eq!((&r["best_confirmed"], &r["best_confirmed_date"]), (&json!("PD"), &json!("2024-01-01")));
    }
}

fn test(method: &str, result: &str, sensitivity: f64) -> Value {
    json!({ "method": method, "result": result, "sensitivity": sensitivity, "specimen": "BM" })
}

#[test]
fn c1_1_mrd_of_an_assessment() {
    let at = |o: Value| result(IMWG, &base(), &[o])["assessments"][0]["mrd"].clone();
    let negative = with(&cr(), &json!({ "mrd": test("FLOW_NGF", "NEG", 1e-5) }));
    assert_eq!(
        at(negative.clone()),
        json!({ "state": "negative", "flow_negative": true, "sequencing_negative": false, "insufficient_sensitivity": false,
            "imaging_plus_negative": null, "MRDneg_CR": true })
    );
    let both =
        json!({ "mrd": [test("FLOW_NGF", "NEG", 1e-4), test("NGS", "NEG", 1e-6)], "imaging_negative": true });
    assert_eq!(
        at(with(&vgpr(), &both)),
        json!({ "state": "negative", "flow_negative": false, "sequencing_negative": true, "insufficient_sensitivity": true,
            "imaging_plus_negative": true, "MRDneg_CR": false })
    );
    assert_eq!(at(with(&negative, &json!({ "imaging_negative": false })))["imaging_plus_negative"], false);
    let suv = |lesion: f64, pool: f64, tissue: f64| {
        at(with(
            &negative,
            &json!({ "suv_lesion": lesion, "suv_mediastinum": pool, "suv_surrounding": tissue }),
        ))["imaging_plus_negative"]
            .clone()
    };
    assert_eq!(
        (suv(1.9, 2.0, 1.0), suv(1.9, 1.0, 2.0), suv(2.0, 2.0, 2.0)),
        (json!(true), json!(true), json!(false))
    );
    assert_eq!(at(with(&cr(), &json!({ "mrd": test("NGS", "POS", 1e-5) })))["MRDneg_CR"], false);
    assert_eq!(at(with(&cr(), &json!({ "mrd": test("NGS", "NEG", 2e-5) })))["MRDneg_CR"], Value::Null);
    let unknown = with(&negative, &json!({ "urine_ife": null }));
    assert_eq!(at(unknown)["MRDneg_CR"], Value::Null, "a CR cannot be excluded");
    assert_eq!(at(cr())["state"], Value::Null);
    let r = result(IMWG, &base(), &[vgpr(), negative.clone(), negative]);
    assert_eq!(
        (&r["mrd_neg_cr_date"], &r["mrd"]["first_negative_date"]),
        (&json!("2024-02-01"), &json!("2024-02-01"))
    );
}

#[test]
fn c1_1_relapse_from_mrd_negativity() {
    let negative = json!({ "mrd": test("NGS", "NEG", 1e-5), "imaging_negative": true });
    let first = with(&cr(), &negative);
    let relapse = |second: Value| {
        let line = derive(&monthly(IMWG, &base(), &[first.clone(), second]));
        assert_eq!(line["result"]["mrd"]["imaging_plus_negative_date"], "2024-01-01");
        let date = line["result"]["mrd"]["relapse_from_negative_date"].clone();
        assert!(verdict(&line, "imwg.mrd_relapse_sign").is_some());
        date == "2024-02-01"
    };
    assert!(!relapse(first.clone()));
    for more in [
        json!({ "mrd": test("NGS", "POS", 1e-5) }),
        json!({ "imaging_negative": false }),
        json!({ "serum_ife": "POS" }),
        json!({ "urine_ife": "POS" }),
        json!({ "serum_m_protein_g_l": 1.0 }),
        json!({ "urine_m_protein_mg_24h": 10.0 }),
        json!({ "marrow_plasma_cell_percent": 5.0, "marrow_clonal": true }),
        json!({ "plasmacytoma_new": true }),
        json!({ "bone_lesion_new": true }),
        json!({ "calcium_mmol_l": 2.76 }),
    ] {
        assert!(relapse(with(&first, &more)), "{more}");
    }
    for more in [
        json!({ "marrow_plasma_cell_percent": 5.0, "marrow_clonal": false }),
        json!({ "marrow_plasma_cell_percent": 4.9, "marrow_clonal": true }),
        json!({ "calcium_mmol_l": 2.75 }),
    ] {
        assert!(!relapse(with(&first, &more)), "{more}");
    }
    // An M-protein that never went away has not come back.
    let still = with(&vgpr(), &with(&negative, &json!({ "serum_ife": "POS" })));
    let r = result(IMWG, &base(), &[still.clone(), still]);
    assert_eq!(r["mrd"]["relapse_from_negative_date"], Value::Null);
}

#[test]
fn measurable_disease_of_note_1() {
    let kind = |version: &str, base: Value| {
        let line = derive(&monthly(version, &base, &[]));
        (line["result"]["measurable_type"].as_str().unwrap().to_owned(), line["missing"].clone())
    };
    let none = json!([]);
    let light = |kappa: f64, lambda: f64| {
        with(&m(0.0, 0.0), &json!({ "flc_kappa_mg_l": kappa, "flc_lambda_mg_l": lambda }))
    };
    let rest = |more: Value| with(&light(10.0, 10.0), &more);
    for version in BOTH {
        for (base, expected) in [
            (m(10.0, 200.0), "BOTH"),
            (m(10.0, 199.0), "SERUM"),
            (m(9.9, 200.0), "URINE"),
            (light(100.0, 10.0), "FLC_ONLY"),
            (light(10.0, 100.0), "FLC_ONLY"),
            (rest(json!({ "marrow_plasma_cell_percent": 30.0 })), "MARROW_ONLY"),
            (
                rest(json!({ "marrow_plasma_cell_percent": 29.9, "plasmacytoma_spd_mm2": 1.0 })),
                "PLASMACYTOMA_ONLY",
            ),
            (
                rest(
                    json!({ "marrow_plasma_cell_percent": 0.0, "plasmacytoma_spd_mm2": 0.0, "circulating_plasma_cells_ul": 1.0 }),
                ),
                "CIRC_PC_ONLY",
            ),
            (
                rest(
                    json!({ "marrow_plasma_cell_percent": 0.0, "plasmacytoma_spd_mm2": 0.0, "circulating_plasma_cells_ul": 0.0 }),
                ),
                "NONE",
            ),
        ] {
            assert_eq!(kind(version, base.clone()), (expected.to_owned(), none.clone()), "{base}");
        }
        for (kappa, lambda) in [(99.9, 10.0), (100.0, 100.0), (165.0, 100.0), (10.0, 99.9), (260.0, 1000.0)] {
            assert_eq!(kind(version, light(kappa, lambda)).0, "NONE", "{kappa} {lambda}");
        }
        assert_eq!(kind(version, light(166.0, 100.0)).0, "FLC_ONLY");
        let names = json!(["baseline.urine_m_protein_mg_24h"]);
        assert_eq!(kind(version, json!({ "serum_m_protein_g_l": 10.0 })), ("SERUM".to_owned(), names));
        let (empty, missing) = kind(version, json!({}));
        assert_eq!(empty, "NONE");
        for name in [
            "serum_m_protein_g_l",
            "urine_m_protein_mg_24h",
            "flc_kappa_mg_l",
            "flc_lambda_mg_l",
            "marrow_plasma_cell_percent",
            "plasmacytoma_spd_mm2",
            "circulating_plasma_cells_ul",
        ] {
            assert!(missing.as_array().unwrap().contains(&json!(format!("baseline.{name}"))), "{name}");
        }
        let mut case = monthly(version, &m(40.0, 1000.0), &[pr()]);
        case["measurable_type"] = json!("serum");
        let line = derive(&case);
        assert_eq!(line["result"]["measurable_type"], "SERUM");
        assert_eq!(verdict(&line, "imwg.measurable_given").as_deref(), Some("met"));
        assert_eq!(verdict(&line, "imwg.measurable_serum"), None);
    }
}

#[test]
fn involved_chain() {
    let chain = |base: Value, case: Value| {
        derive(&with(&monthly(IMWG, &base, &[]), &case))["result"]["involved_light_chain"].clone()
    };
    assert_eq!(chain(json!({ "flc_ratio": 1.66 }), json!({})), "KAPPA");
    assert_eq!(chain(json!({ "flc_ratio": 1.65 }), json!({})), Value::Null);
    assert_eq!(chain(json!({ "flc_ratio": 0.26 }), json!({})), Value::Null);
    assert_eq!(chain(json!({ "flc_ratio": 0.25 }), json!({})), "LAMBDA");
    assert_eq!(chain(json!({ "flc_ratio": 0.25 }), json!({ "light_chain": "kappa" })), "KAPPA");
}

#[test]
fn a_course_without_assessments() {
    for version in BOTH {
        let r = result(version, &base(), &[]);
        assert_eq!(categories(&r), [""; 0]);
        assert_eq!((&r["best_confirmed"], &r["criteria"]), (&Value::Null, &json!(version)));
    }
}
