//! Catalogue I3.4, row by row.

use super::support::{BOTH, CSCO, IMWG, categories, last, result, with};
use serde_json::{Value, json};

fn serum(value: f64) -> Value {
    json!({ "serum_m_protein_g_l": value })
}

fn both(serum: f64, urine: f64) -> Value {
    json!({ "serum_m_protein_g_l": serum, "urine_m_protein_mg_24h": urine })
}

#[test]
fn serum_fall_of_90_percent() {
    for version in BOTH {
        assert_eq!(last(version, &serum(40.0), &[both(3.9, 50.0)]), "VGPR");
        assert_eq!(last(version, &serum(40.0), &[both(4.1, 50.0)]), "PR");
    }
}

#[test]
fn serum_and_urine() {
    let plasmacytoma = |spd: f64| json!({ "plasmacytoma_spd_mm2": spd });
    for (version, with_plasmacytoma) in [(CSCO, "MR"), (IMWG, "SD")] {
        let base = both(40.0, 1000.0);
        assert_eq!(last(version, &base, &[both(20.0, 100.0)]), "PR");
        assert_eq!(last(version, &base, &[both(29.0, 400.0)]), "MR");
        let base = with(&base, &plasmacytoma(1000.0));
        assert_eq!(
            last(version, &base, &[with(&both(29.0, 400.0), &plasmacytoma(700.0))]),
            with_plasmacytoma
        );
    }
}

#[test]
fn rises_of_serum_m_protein() {
    for version in BOTH {
        assert_ne!(last(version, &serum(40.0), &[serum(4.0), serum(8.9)]), "PD");
        assert_eq!(last(version, &serum(40.0), &[serum(4.0), serum(9.0)]), "PD");
        assert_eq!(last(version, &serum(60.0), &[serum(52.0), serum(62.0)]), "PD");
    }
    assert_eq!(last(CSCO, &serum(60.0), &[serum(42.0), serum(52.0)]), "PD");
    assert_ne!(last(IMWG, &serum(60.0), &[serum(42.0), serum(52.0)]), "PD");
}

#[test]
fn free_light_chains_only() {
    let kappa = |kappa: f64| json!({ "flc_kappa_mg_l": kappa, "flc_lambda_mg_l": 10.0 });
    for version in BOTH {
        let base = kappa(1010.0);
        assert_ne!(last(version, &base, &[kappa(210.0), kappa(300.0)]), "PD");
        assert_ne!(last(version, &base, &[kappa(210.0), kappa(310.0)]), "PD");
        assert_eq!(last(version, &base, &[kappa(210.0), kappa(311.0)]), "PD");
    }
    for (version, expected) in [(CSCO, "PR"), (IMWG, "VGPR")] {
        assert_eq!(last(version, &kappa(1000.0), &[kappa(109.0)]), expected);
        assert_eq!(last(version, &kappa(1000.0), &[kappa(108.9)]), "VGPR");
        assert_eq!(last(version, &kappa(1000.0), &[kappa(109.1)]), "PR");
    }
}

#[test]
fn marrow_and_circulating_cells() {
    let marrow = |percent: f64| json!({ "marrow_plasma_cell_percent": percent });
    let blood = |cells: f64| json!({ "circulating_plasma_cells_ul": cells });
    for version in BOTH {
        assert_eq!(last(version, &marrow(8.0), &[marrow(18.0)]), "PD");
        assert_ne!(last(version, &marrow(8.0), &[marrow(17.9)]), "PD");
        assert_ne!(last(version, &blood(100.0), &[blood(150.0)]), "PD");
        assert_eq!(last(version, &blood(140.0), &[blood(210.0)]), "PD");
        assert_ne!(last(version, &blood(140.0), &[blood(209.0)]), "PD");
        assert_ne!(last(version, &blood(133.0), &[blood(199.9)]), "PD");
    }
}

#[test]
fn immunofixation_after_cr() {
    let base = both(40.0, 0.0);
    let clear = json!({ "serum_m_protein_g_l": 0.0, "urine_m_protein_mg_24h": 0.0, "serum_ife": "NEG", "urine_ife": "NEG", "marrow_plasma_cell_percent": 1.0 });
    let again = with(&clear, &json!({ "serum_ife": "POS" }));
    for version in BOTH {
        let guideline = result(version, &base, &[clear.clone(), again.clone()]);
        assert_eq!(categories(&guideline), ["CR", "VGPR"]);
        assert_eq!(guideline["relapse_from_cr_date"], "2024-02-01");
        assert_eq!(guideline["progression_date"], Value::Null);
        let mut case = super::support::monthly(version, &base, &[clear.clone(), again.clone()]);
        case["purpose"] = json!("pfs");
        let pfs = &super::support::derive(&case)["result"];
        assert_eq!(pfs["relapse_from_cr_date"], Value::Null);
        // The published signs include hypercalcemia, which was not looked for.
        let expected = if version == CSCO { json!(false) } else { Value::Null };
        assert_eq!(pfs["assessments"][1]["relapse_from_cr"], expected);
        assert_eq!(pfs["parameters"]["ife_alone_is_relapse"], false);
        case["ife_alone_is_relapse"] = json!(true);
        assert_eq!(super::support::derive(&case)["result"]["relapse_from_cr_date"], "2024-02-01");
    }
}
