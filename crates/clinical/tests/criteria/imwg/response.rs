//! The rows sCR, CR, VGPR, PR, MR and SD of catalogue C1: every clause, both sides of every threshold.

use super::support::{BOTH, CSCO, IMWG, lacking, last, only, with};
use serde_json::{Value, json};

fn base() -> Value {
    json!({ "serum_m_protein_g_l": 40.0, "urine_m_protein_mg_24h": 1000.0, "flc_kappa_mg_l": 500.0, "flc_lambda_mg_l": 5.0 })
}

/// An sCR by every clause.
fn clear() -> Value {
    json!({
        "serum_m_protein_g_l": 0.0, "urine_m_protein_mg_24h": 0.0, "serum_ife": "NEG", "urine_ife": "NEG",
        "marrow_plasma_cell_percent": 1.0, "marrow_clonal": false, "flc_kappa_mg_l": 8.0, "flc_lambda_mg_l": 8.0,
    })
}

fn now(version: &str, more: &Value) -> String {
    last(version, &base(), &[with(&clear(), more)])
}

fn m(serum: f64, urine: f64) -> Value {
    json!({ "serum_m_protein_g_l": serum, "urine_m_protein_mg_24h": urine })
}

#[test]
fn c1_row_scr_needs_every_clause() {
    for version in BOTH {
        assert_eq!(now(version, &json!({})), "sCR");
        assert_eq!(now(version, &json!({ "marrow_clonal": true })), "CR");
        for (kappa, lambda, expected) in
            [(2.6, 10.0, "sCR"), (2.59, 10.0, "CR"), (16.5, 10.0, "sCR"), (16.51, 10.0, "CR")]
        {
            assert_eq!(
                now(version, &json!({ "flc_kappa_mg_l": kappa, "flc_lambda_mg_l": lambda })),
                expected
            );
        }
        let mut without = clear();
        without
            .as_object_mut()
            .unwrap()
            .retain(|name, _| !name.starts_with("flc") && name != "marrow_clonal");
        let expected = vec!["flc_ratio".to_owned(), "marrow_clonal".to_owned()];
        assert_eq!(lacking(version, &base(), &without), ("CR".to_owned(), expected));
    }
}

#[test]
fn c1_row_scr_clonality_by_immunohistochemistry() {
    let ihc = |ratio: f64, cells: f64| json!({ "marrow_clonal": null, "marrow_ihc_ratio": ratio, "marrow_ihc_cells_counted": cells });
    for version in BOTH {
        assert_eq!(now(version, &ihc(4.0, 100.0)), "sCR");
        assert_eq!(now(version, &ihc(0.1, 100.0)), "sCR", "lambda excess is not a kappa clone");
        assert_eq!(now(version, &ihc(4.0, 99.0)), "CR");
        assert_eq!(now(version, &ihc(4.01, 100.0)), "CR");
        let lambda = with(&base(), &json!({ "flc_kappa_mg_l": 5.0, "flc_lambda_mg_l": 500.0 }));
        assert_eq!(last(version, &lambda, &[with(&clear(), &ihc(0.5, 100.0))]), "sCR");
        assert_eq!(last(version, &lambda, &[with(&clear(), &ihc(0.49, 100.0))]), "CR");
        assert_eq!(last(version, &lambda, &[with(&clear(), &ihc(9.0, 100.0))]), "sCR");
    }
    let uncounted = json!({ "marrow_clonal": null, "marrow_ihc_ratio": 1.0 });
    let expected = vec!["marrow_ihc_cells_counted".to_owned()];
    assert_eq!(lacking(IMWG, &base(), &with(&clear(), &uncounted)), ("CR".to_owned(), expected));
    // Without a known chain only a ratio inside both limits shows that there is no clone.
    let unknown = m(40.0, 1000.0);
    assert_eq!(last(IMWG, &unknown, &[with(&clear(), &ihc(2.0, 100.0))]), "sCR");
    for ratio in [5.0, 0.4] {
        let (category, missing) = lacking(IMWG, &unknown, &with(&clear(), &ihc(ratio, 100.0)));
        assert_eq!((category.as_str(), missing), ("CR", vec!["light_chain".to_owned()]));
    }
}

#[test]
fn h21_two_consecutive_abnormal_tests_make_a_clone_as_printed() {
    let abnormal = with(
        &clear(),
        &json!({ "marrow_clonal": null, "marrow_ihc_ratio": 6.0, "marrow_ihc_cells_counted": 120 }),
    );
    let normal = with(&abnormal, &json!({ "marrow_ihc_ratio": 1.2 }));
    let (category, missing) = lacking(CSCO, &base(), &abnormal);
    assert_eq!((category.as_str(), missing), ("CR", vec!["marrow_ihc_repeat_ratio".to_owned()]));
    let repeat = |ratio: f64, cells: f64| {
        with(
            &abnormal,
            &json!({ "marrow_ihc_repeat_ratio": ratio, "marrow_ihc_repeat_cells_counted": cells }),
        )
    };
    assert_eq!(lacking(CSCO, &base(), &repeat(1.0, 100.0)), ("sCR".to_owned(), vec![]));
    assert_eq!(lacking(CSCO, &base(), &repeat(6.0, 100.0)), ("CR".to_owned(), vec![]));
    assert_eq!(lacking(CSCO, &base(), &repeat(1.0, 50.0)).0, "CR");
    assert_eq!(lacking(IMWG, &base(), &repeat(1.0, 100.0)), ("CR".to_owned(), vec![]));
    assert_eq!(last(CSCO, &base(), &[normal.clone(), abnormal.clone()]), "sCR");
    assert_eq!(last(CSCO, &base(), &[normal.clone(), clear(), abnormal.clone()]), "sCR");
    assert_eq!(last(IMWG, &base(), &[normal.clone(), abnormal.clone()]), "CR");
    assert_eq!(last(CSCO, &base(), &[normal, repeat(6.0, 100.0), abnormal.clone()]), "CR");
    let single = json!({ "parameters": { "clonality": "single" } });
    assert_eq!(only(CSCO, &base(), &repeat(1.0, 100.0), &single), "CR");
    let two = json!({ "parameters": { "clonality": "two_consecutive" } });
    assert_eq!(only(IMWG, &base(), &repeat(1.0, 100.0), &two), "sCR");
}

#[test]
fn c1_row_scr_flow_replaces_the_biopsy_as_printed_only() {
    let mut unbiopsied = clear();
    unbiopsied.as_object_mut().unwrap().remove("marrow_clonal");
    let flow = |more: Value| with(&unbiopsied, &more);
    let test = |method: &str, sensitivity: f64, result: &str, specimen: &str| {
        flow(
            json!({ "mrd": { "method": method, "sensitivity": sensitivity, "result": result, "specimen": specimen } }),
        )
    };
    let cases = [
        (flow(json!({ "marrow_flow_clonal": false })), "sCR"),
        (flow(json!({ "marrow_flow_negative": "Y" })), "sCR"),
        (flow(json!({ "marrow_flow_negative": "N" })), "CR"),
        (flow(json!({ "marrow_flow_clonal": true })), "CR"),
        (test("FLOW_NGF", 1e-5, "NEG", "BM"), "sCR"),
        (test("FLOW_OTHER", 1e-4, "NEG", "BM"), "sCR"),
        (test("FLOW_OTHER", 1.1e-4, "NEG", "BM"), "CR"),
        (test("FLOW_NGF", 1e-5, "POS", "BM"), "CR"),
        (test("FLOW_NGF", 1e-5, "NEG", "PB"), "CR"),
        (test("NGS", 1e-5, "NEG", "BM"), "CR"),
    ];
    for (o, expected) in cases {
        assert_eq!(last(CSCO, &base(), std::slice::from_ref(&o)), expected, "{o}");
        assert_eq!(last(IMWG, &base(), std::slice::from_ref(&o)), "CR", "{o}");
    }
    let allowed = json!({ "parameters": { "flow_replaces_biopsy": true } });
    assert_eq!(only(IMWG, &base(), &flow(json!({ "marrow_flow_clonal": false })), &allowed), "sCR");
    let biopsied = with(&clear(), &json!({ "marrow_clonal": true, "marrow_flow_clonal": false }));
    assert_eq!(last(CSCO, &base(), &[biopsied]), "CR", "the biopsy stands before flow");
}

#[test]
fn c1_row_cr_needs_every_clause() {
    for version in BOTH {
        assert_eq!(now(version, &json!({ "marrow_plasma_cell_percent": 4.99 })), "sCR");
        for more in [
            json!({ "marrow_plasma_cell_percent": 5.0 }),
            json!({ "serum_ife": "POS" }),
            json!({ "urine_ife": true }),
        ] {
            assert_eq!(now(version, &more), "VGPR", "{more}");
        }
        for name in ["serum_ife", "urine_ife", "marrow_plasma_cell_percent"] {
            let (category, missing) = lacking(version, &base(), &with(&clear(), &json!({ name: null })));
            assert_eq!((category.as_str(), missing), ("VGPR", vec![name.to_owned()]));
        }
        // What electrophoresis shows, immunofixation would show too: nothing is missing.
        let seen = with(&clear(), &json!({ "serum_m_protein_g_l": 1.0, "serum_ife": null }));
        assert_eq!(lacking(version, &base(), &seen), ("VGPR".to_owned(), vec![]));
        let plasmacytoma = with(&base(), &json!({ "plasmacytoma_spd_mm2": 400.0 }));
        let at = |spd: Value| {
            last(version, &plasmacytoma, &[with(&clear(), &json!({ "plasmacytoma_spd_mm2": spd }))])
        };
        assert_eq!(at(json!(0.0)), "sCR");
        assert_eq!(at(json!(10.0)), "VGPR");
        let (category, missing) = lacking(version, &plasmacytoma, &clear());
        assert_eq!(category, if version == CSCO { "VGPR" } else { "not_evaluable" });
        assert_eq!(missing, ["plasmacytoma_spd_mm2"]);
    }
}

#[test]
fn c1_row_cr_where_only_light_chains_are_measurable() {
    let base = json!({ "serum_m_protein_g_l": 2.0, "urine_m_protein_mg_24h": 50.0, "flc_kappa_mg_l": 500.0, "flc_lambda_mg_l": 5.0 });
    for version in BOTH {
        let at = |ratio: f64| {
            last(
                version,
                &base,
                &[with(
                    &clear(),
                    &json!({ "flc_kappa_mg_l": 10.0 * ratio, "flc_lambda_mg_l": 10.0, "marrow_clonal": true }),
                )],
            )
        };
        assert_eq!(at(1.65), "CR");
        assert_eq!(at(1.66), "VGPR");
        assert_eq!(at(0.26), "CR");
        assert_eq!(at(0.25), "VGPR");
    }
}

#[test]
fn c1_row_vgpr_by_fall() {
    for version in BOTH {
        for (serum, urine, expected) in [(4.0, 99.9, "VGPR"), (4.0, 100.0, "PR"), (4.01, 99.9, "PR")] {
            assert_eq!(last(version, &base(), &[m(serum, urine)]), expected, "{serum} {urine}");
        }
        let serum = json!({ "serum_m_protein_g_l": 40.0, "urine_m_protein_mg_24h": 100.0 });
        let (category, missing) = lacking(version, &serum, &json!({ "serum_m_protein_g_l": 1.0 }));
        assert_eq!((category.as_str(), missing), ("PR", vec!["urine_m_protein_mg_24h".to_owned()]));
        // Urine alone measurable: it must fall by 90 % as well as below 100 mg.
        let urine = json!({ "serum_m_protein_g_l": 0.0, "urine_m_protein_mg_24h": 500.0 });
        assert_eq!(last(version, &urine, &[m(0.5, 50.0)]), "VGPR");
        assert_eq!(last(version, &urine, &[m(0.5, 51.0)]), "PR");
        assert_eq!(last(version, &urine, &[json!({ "urine_m_protein_mg_24h": 50.0 })]), "VGPR");
    }
}

#[test]
fn c1_row_vgpr_by_electrophoresis() {
    let o = json!({ "serum_electrophoresis_detectable": false, "urine_m_protein_mg_24h": 150.0, "serum_ife": "POS", "urine_ife": "POS" });
    assert_eq!(last(CSCO, &base(), std::slice::from_ref(&o)), "VGPR");
    assert_eq!(last(IMWG, &base(), std::slice::from_ref(&o)), "PR");
    let literal = json!({ "parameters": { "vgpr_urine_electrophoresis": false } });
    assert_eq!(only(IMWG, &base(), &o, &literal), "VGPR");
    for name in ["serum_ife", "urine_ife"] {
        assert_eq!(last(CSCO, &base(), &[with(&o, &json!({ name: null }))]), "PR", "{name}");
    }
    let both = json!({ "serum_electrophoresis_detectable": false, "urine_electrophoresis_detectable": false, "serum_ife": "POS" });
    assert_eq!(last(IMWG, &base(), std::slice::from_ref(&both)), "VGPR");
    let seen = json!({ "serum_electrophoresis_detectable": false, "urine_electrophoresis_detectable": true });
    assert_eq!(lacking(IMWG, &base(), &seen).0, "not_evaluable");
    let urine_only = json!({ "serum_m_protein_g_l": 0.0, "urine_m_protein_mg_24h": 1000.0 });
    assert_eq!(last(CSCO, &urine_only, &[with(&o, &json!({ "urine_m_protein_mg_24h": 900.0 }))]), "SD");
}

#[test]
fn h25_plasmacytoma_in_vgpr() {
    let base = with(&base(), &json!({ "plasmacytoma_spd_mm2": 1000.0 }));
    let at = |spd: f64| with(&m(1.0, 10.0), &json!({ "plasmacytoma_spd_mm2": spd }));
    for (spd, expected) in [(99.9, "VGPR"), (100.0, "PR"), (500.0, "PR"), (500.1, "SD")] {
        assert_eq!(last(IMWG, &base, &[at(spd)]), expected, "{spd}");
        assert_eq!(last(CSCO, &base, &[at(spd)]), "VGPR");
    }
    assert_eq!(only(CSCO, &base, &at(100.0), &json!({ "parameters": { "vgpr_plasmacytoma": true } })), "PR");
    assert_eq!(
        only(IMWG, &base, &at(100.0), &json!({ "parameters": { "vgpr_plasmacytoma": false } })),
        "VGPR"
    );
}

#[test]
fn q17_fall_of_the_flc_difference() {
    let base = json!({ "flc_kappa_mg_l": 1000.0, "flc_lambda_mg_l": 10.0 });
    let o = json!({ "flc_kappa_mg_l": 109.0, "flc_lambda_mg_l": 10.0 });
    assert_eq!(only(CSCO, &base, &o, &json!({ "parameters": { "vgpr_flc_fall": "at_least_90" } })), "VGPR");
    assert_eq!(only(IMWG, &base, &o, &json!({ "parameters": { "vgpr_flc_fall": "more_than_90" } })), "PR");
    // The printed rule also asks the urine clause, when urine was measured.
    let o = json!({ "flc_kappa_mg_l": 50.0, "flc_lambda_mg_l": 10.0, "urine_m_protein_mg_24h": 100.0 });
    assert_eq!(only(CSCO, &base, &o, &json!({})), "PR");
    assert_eq!(only(IMWG, &base, &o, &json!({})), "VGPR");
    assert_eq!(only(CSCO, &base, &with(&o, &json!({ "urine_m_protein_mg_24h": 99.0 })), &json!({})), "VGPR");
}

#[test]
fn c1_row_pr_by_m_protein() {
    for version in BOTH {
        let cases = [
            (20.0, 200.0, "MR"),
            (20.0, 199.9, "PR"),
            (20.1, 199.9, "MR"),
            (20.0, 500.0, "MR"),
            (20.0, 501.0, "SD"),
        ];
        for (serum, urine, expected) in cases {
            assert_eq!(last(version, &base(), &[m(serum, urine)]), expected, "{serum} {urine}");
        }
        let heavy = m(40.0, 5000.0);
        assert_eq!(last(version, &heavy, &[m(20.0, 500.0)]), "PR", "a fall of 90 % need not reach 200 mg");
        assert_eq!(last(version, &heavy, &[m(20.0, 501.0)]), "MR");
    }
}

#[test]
fn pr_where_one_compartment_was_not_measurable() {
    for version in BOTH {
        let serum = json!({ "serum_m_protein_g_l": 40.0, "urine_m_protein_mg_24h": 199.0 });
        let now = json!({ "serum_m_protein_g_l": 20.0 });
        assert_eq!(last(version, &serum, std::slice::from_ref(&now)), "PR");
        assert_eq!(last(version, &serum, &[m(20.0, 200.0)]), "SD", "urine has become measurable");
        let urine = json!({ "serum_m_protein_g_l": 9.9, "urine_m_protein_mg_24h": 1000.0 });
        assert_eq!(last(version, &urine, &[json!({ "urine_m_protein_mg_24h": 100.0 })]), "PR");
        assert_eq!(last(version, &urine, &[m(9.9, 150.0)]), "PR");
        assert_eq!(last(version, &urine, &[m(10.0, 150.0)]), "SD");
        // Never measured: open until it is known to be low.
        let unknown = json!({ "serum_m_protein_g_l": 40.0 });
        let (category, missing) = lacking(version, &unknown, &now);
        assert_eq!(category, "not_evaluable");
        assert!(missing.contains(&"urine_m_protein_mg_24h".to_owned()));
        assert_eq!(last(version, &unknown, &[m(20.0, 199.0)]), "PR");
        assert_eq!(last(version, &unknown, &[m(29.0, 100.0)]), "MR");
        assert_eq!(last(version, &unknown, &[m(29.0, 100.1)]), "not_evaluable");
        assert_eq!(last(version, &unknown, &[json!({ "serum_m_protein_g_l": 38.0 })]), "SD");
        let declared = json!({ "measurable_type": "SERUM" });
        assert_eq!(only(version, &unknown, &now, &declared), "PR");
    }
}

#[test]
fn c1_row_pr_by_light_chains_marrow_and_plasmacytoma() {
    let flc = |kappa: f64| json!({ "flc_kappa_mg_l": kappa, "flc_lambda_mg_l": 10.0 });
    let lambda = |value: f64| json!({ "flc_kappa_mg_l": 10.0, "flc_lambda_mg_l": value });
    let marrow = |percent: f64| json!({ "marrow_plasma_cell_percent": percent });
    let spd = |spd: f64| json!({ "plasmacytoma_spd_mm2": spd });
    for version in BOTH {
        assert_eq!(last(version, &flc(1010.0), &[flc(510.0)]), "PR");
        assert_eq!(last(version, &flc(1010.0), &[flc(510.1)]), "SD");
        assert_eq!(last(version, &lambda(1010.0), &[lambda(510.0)]), "PR");
        assert_eq!(last(version, &lambda(1010.0), &[lambda(510.1)]), "SD");
        assert_eq!(last(version, &marrow(30.0), &[marrow(15.0)]), "PR");
        assert_eq!(last(version, &marrow(30.0), &[marrow(15.1)]), "SD");
        assert_eq!(last(version, &marrow(29.9), &[marrow(10.0)]), "not_evaluable");
        let declared = json!({ "measurable_type": "MARROW_ONLY" });
        assert_eq!(only(version, &marrow(29.9), &marrow(10.0), &declared), "SD");
        assert_eq!(last(version, &spd(1000.0), &[spd(500.0)]), "PR");
    }
    assert_eq!(last(CSCO, &spd(1000.0), &[spd(501.0)]), "MR");
    assert_eq!(last(IMWG, &spd(1000.0), &[spd(501.0)]), "SD");
    assert_eq!(last(IMWG, &spd(1000.0), &[spd(99.0)]), "VGPR");
    assert_eq!(last(CSCO, &spd(1000.0), &[spd(99.0)]), "PR");
}

#[test]
fn c1_row_mr_and_h22() {
    for version in BOTH {
        for (serum, urine, expected) in [(30.0, 500.0, "MR"), (30.1, 500.0, "SD"), (30.0, 500.1, "SD")] {
            assert_eq!(last(version, &base(), &[m(serum, urine)]), expected, "{serum} {urine}");
        }
    }
    let chain = |value: f64| json!({ "urine_light_chain_mg_24h": value });
    let base = with(&base(), &chain(800.0));
    for (light, urine, csco, imwg) in
        [(400.0, 900.0, "MR", "SD"), (401.0, 400.0, "SD", "MR"), (400.0, 400.0, "MR", "MR")]
    {
        let o = with(&m(29.0, urine), &chain(light));
        assert_eq!(last(CSCO, &base, std::slice::from_ref(&o)), csco);
        assert_eq!(last(IMWG, &base, std::slice::from_ref(&o)), imwg);
        assert_eq!(only(CSCO, &base, &o, &json!({ "parameters": { "mr_urine": "m_protein" } })), imwg);
        assert_eq!(only(IMWG, &base, &o, &json!({ "parameters": { "mr_urine": "light_chain" } })), csco);
    }
}

#[test]
fn c1_row_mr_plasmacytoma_share() {
    let spd = |value: f64| json!({ "plasmacytoma_spd_mm2": value });
    let base = with(&base(), &spd(1000.0));
    for (value, csco, imwg) in
        [(750.0, "MR", "SD"), (750.1, "SD", "SD"), (500.0, "MR", "MR"), (500.1, "MR", "SD")]
    {
        let o = with(&m(29.0, 400.0), &spd(value));
        assert_eq!(last(CSCO, &base, std::slice::from_ref(&o)), csco, "{value}");
        assert_eq!(last(IMWG, &base, std::slice::from_ref(&o)), imwg, "{value}");
        let share = json!({ "parameters": { "mr_plasmacytoma_fall_percent": 25.0 } });
        assert_eq!(only(IMWG, &base, &o, &share), csco);
    }
}

#[test]
fn c1_row_sd_needs_the_followed_compartment() {
    for version in BOTH {
        assert_eq!(last(version, &base(), &[m(40.0, 1000.0)]), "SD");
        let (category, missing) = lacking(version, &base(), &json!({ "serum_m_protein_g_l": 40.0 }));
        assert_eq!(
            (category.as_str(), missing),
            ("not_evaluable", vec!["urine_m_protein_mg_24h".to_owned()])
        );
        let (category, missing) = lacking(version, &base(), &json!({ "urine_m_protein_mg_24h": 1000.0 }));
        assert_eq!(category, "not_evaluable");
        assert!(
            missing.contains(&"serum_m_protein_g_l".to_owned())
                && !missing.contains(&"urine_m_protein_mg_24h".to_owned())
        );
        let (category, missing) = lacking(version, &base(), &json!({}));
        assert_eq!(category, "not_evaluable");
        for name in ["serum_m_protein_g_l", "urine_m_protein_mg_24h", "serum_ife", "urine_ife"] {
            assert!(missing.iter().any(|m| m == name), "{name} in {missing:?}");
        }
        let small = m(9.9, 199.0);
        assert_eq!(last(version, &small, &[m(9.0, 100.0)]), "not_evaluable", "nothing is measurable");
        assert_eq!(last(version, &small, &[with(&clear(), &json!({ "marrow_clonal": true }))]), "CR");
    }
}

#[test]
fn imaging_is_asked_for_by_parameter_only() {
    let required = json!({ "parameters": { "imaging_required": true } });
    let o = m(20.0, 150.0);
    for version in BOTH {
        assert_eq!(only(version, &base(), &o, &required), "not_evaluable");
        let looked = with(&o, &json!({ "bone_lesion_new": false }));
        assert_eq!(
            only(version, &base(), &looked, &required),
            "not_evaluable",
            "plasmacytoma at baseline unknown"
        );
        let base = with(&base(), &json!({ "plasmacytoma_spd_mm2": 0.0 }));
        assert_eq!(only(version, &base, &looked, &required), "PR");
        assert_eq!(
            only(version, &base, &with(&clear(), &json!({ "bone_lesion_new": false })), &required),
            "sCR"
        );
    }
}
