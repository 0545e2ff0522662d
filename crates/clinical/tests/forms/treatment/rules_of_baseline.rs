//! Rules of the reference and baseline forms and of the pre-treatment assessment.

use super::rules::check;
use super::{context, form, found, pair, with};
use clinical::record::Entries;
use serde_json::{Value, json};

#[test]
fn reference_range() {
    let none = json!({"low": null, "high": null});
    check(
        "lab_reference_range",
        &[
            (json!({"high": 120.0}), "lab_reference_range.limits", "high", json!({"high": 120.1})),
            (
                json!({"high": 119.0}),
                "lab_reference_range.limits",
                "high",
                json!({"low": null, "high": 119.0}),
            ),
            (none, "lab_reference_range.no_limit", "high", json!({"high": null})),
            (json!({"age_to": 17}), "lab_reference_range.age_band", "age_to", json!({"age_to": 18})),
            (
                json!({"valid_to": "2022-12-31"}),
                "lab_reference_range.validity",
                "valid_to",
                json!({"valid_to": "2023-01-01"}),
            ),
        ],
    );
}

#[test]
fn assay() {
    let unit = "center_assay.unit_of_assay";
    check(
        "center_assay",
        &[
            (json!({"lod": 50.1}), "center_assay.limits", "lod", json!({"lod": 50.0})),
            (json!({"unit": "CELLS_UL"}), unit, "unit", json!({"unit": "COPIES_ML"})),
            (json!({"assay": "QPCR", "unit": "CELLS_UL"}), unit, "unit", json!({"assay": "QPCR"})),
            (json!({"assay": "FLOW"}), unit, "unit", json!({"assay": "FLOW", "unit": "CELLS_UL"})),
            (json!({"assay": "FLOW", "unit": "COPIES_ML"}), unit, "unit", json!({"lod": null})),
            (
                json!({"valid_to": "2023-05-31"}),
                "center_assay.validity",
                "valid_to",
                json!({"valid_to": "2023-06-01"}),
            ),
        ],
    );
}

#[test]
fn nhl() {
    let (without, of) = ("nhl_baseline.grade_without_follicular", "nhl_baseline.grade_of_histology");
    let hit = "nhl_baseline.double_hit";
    let double = |myc: &str, bcl2: &str, bcl6: &str| json!({"histology": "HGBCL_DH_TH", "myc": myc, "bcl2": bcl2, "bcl6": bcl6});
    check(
        "nhl_baseline",
        &[
            (
                json!({"fl_grade": "2"}),
                without,
                "fl_grade",
                json!({"histology": "TFL_LBCL", "fl_grade": "2"}),
            ),
            (json!({"histology": "MCL", "fl_grade": "1"}), without, "fl_grade", json!({"histology": "MCL"})),
            (
                json!({"histology": "FL_1_3A", "fl_grade": "3B"}),
                of,
                "fl_grade",
                json!({"histology": "FL_1_3A", "fl_grade": "3A"}),
            ),
            (
                json!({"histology": "FL_3B", "fl_grade": "3A"}),
                of,
                "fl_grade",
                json!({"histology": "FL_3B", "fl_grade": "3B"}),
            ),
            (double("N", "Y", "Y"), hit, "histology", double("Y", "Y", "N")),
            (double("Y", "N", "N"), hit, "histology", double("Y", "N", "Y")),
            (double("Y", "N", "N"), hit, "histology", double("UNK", "N", "UNK")),
        ],
    );
    for grade in ["1", "2", "3A"] {
        assert_eq!(
            found("nhl_baseline", &with("nhl_baseline", &json!({"histology": "FL_1_3A", "fl_grade": grade}))),
            vec![]
        );
    }
}

#[test]
fn myeloma() {
    let below = "myeloma_baseline.below_measurable";
    let other = "myeloma_baseline.other_compartment";
    let ratio = "myeloma_baseline.normal_ratio";
    let chains = |chain: &str, kappa: f64, lambda: f64| json!({"measurable_type": "FLC_ONLY", "baseline_m_serum": 5.0, "light_chain": chain, "baseline_kappa": kappa, "baseline_lambda": lambda});
    let urine =
        |mg: f64| json!({"measurable_type": "URINE", "baseline_m_serum": 5.0, "baseline_m_urine": mg});
    let both =
        |g: f64, mg: f64| json!({"measurable_type": "BOTH", "baseline_m_serum": g, "baseline_m_urine": mg});
    check(
        "myeloma_baseline",
        &[
            (
                json!({"high_risk_fish": ["NONE", "OTHER"]}),
                "myeloma_baseline.fish_none",
                "high_risk_fish",
                json!({"high_risk_fish": ["NONE"]}),
            ),
            (json!({"baseline_m_serum": 9.9}), below, "baseline_m_serum", json!({"baseline_m_serum": 10.0})),
            (urine(199.0), below, "baseline_m_urine", urine(200.0)),
            (both(9.9, 200.0), below, "baseline_m_serum", both(10.0, 200.0)),
            (both(10.0, 199.9), below, "baseline_m_urine", both(10.0, 200.0)),
            (chains("KAPPA", 99.9, 10.0), below, "baseline_kappa", chains("KAPPA", 100.0, 10.0)),
            (chains("LAMBDA", 10.0, 99.9), below, "baseline_lambda", chains("LAMBDA", 10.0, 100.0)),
            (chains("KAPPA", 165.0, 100.0), ratio, "baseline_kappa", chains("KAPPA", 165.1, 100.0)),
            (chains("LAMBDA", 26.0, 100.0), ratio, "baseline_lambda", chains("LAMBDA", 25.9, 100.0)),
            (chains("LAMBDA", 410.0, 120.0), ratio, "baseline_lambda", chains("KAPPA", 410.0, 0.0)),
            (
                json!({"measurable_type": "MARROW_ONLY", "baseline_m_serum": 10.0}),
                other,
                "baseline_m_serum",
                json!({"measurable_type": "MARROW_ONLY", "baseline_m_serum": 9.9}),
            ),
            (
                json!({"baseline_m_urine": 200.0}),
                other,
                "baseline_m_urine",
                json!({"baseline_m_urine": 199.9}),
            ),
            (
                json!({"m_type": "NON_SEC"}),
                "myeloma_baseline.non_secretory",
                "measurable_type",
                json!({"m_type": "NON_SEC", "measurable_type": "MARROW_ONLY", "baseline_m_serum": 0.0}),
            ),
            (
                json!({"plasmacytoma_spd": 0.5}),
                "myeloma_baseline.plasmacytoma_without_emd",
                "plasmacytoma_spd",
                json!({"plasmacytoma_spd": 0.0}),
            ),
            (
                json!({"plasmacytoma_spd": 900.0}),
                "myeloma_baseline.plasmacytoma_without_emd",
                "plasmacytoma_spd",
                json!({"plasmacytoma_spd": 900.0, "emd_type": "PARASKELETAL"}),
            ),
        ],
    );
    for measurable in ["URINE", "BOTH"] {
        let secreted = json!({"m_type": "NON_SEC", "measurable_type": measurable, "baseline_m_urine": 500.0});
        let rules = found("myeloma_baseline", &with("myeloma_baseline", &secreted));
        assert!(rules.contains(&pair("myeloma_baseline.non_secretory", "measurable_type")), "{measurable}");
    }
}

#[test]
fn b_all() {
    let (ph, number) = ("b_all_baseline.ph_contradiction", "b_all_baseline.relapse_number");
    let status = |code: &str, n: i32| json!({"disease_status": code, "relapse_number": n});
    let remission = |blasts: f64| json!({"disease_status": "MRD_POS_CR", "blast_percent": blasts});
    check(
        "b_all_baseline",
        &[
            (
                json!({"fusion_genes": ["NONE", "KMT2A"]}),
                "b_all_baseline.fusion_none",
                "fusion_genes",
                json!({"fusion_genes": ["NONE"]}),
            ),
            (
                json!({"ph_positive": "Y"}),
                ph,
                "ph_positive",
                json!({"ph_positive": "Y", "fusion_genes": null}),
            ),
            (
                json!({"fusion_genes": ["BCR_ABL1"]}),
                ph,
                "ph_positive",
                json!({"ph_positive": "Y", "fusion_genes": ["BCR_ABL1"]}),
            ),
            (
                json!({"ph_positive": "Y"}),
                ph,
                "ph_positive",
                json!({"ph_positive": "UNK", "fusion_genes": ["BCR_ABL1"]}),
            ),
            (status("PRIMARY_REFRACTORY", 1), number, "relapse_number", status("PRIMARY_REFRACTORY", 0)),
            (status("RELAPSE_1", 0), number, "relapse_number", status("RELAPSE_1", 1)),
            (status("RELAPSE_1", 2), number, "relapse_number", json!({"relapse_number": null})),
            (status("RELAPSE_2PLUS", 1), number, "relapse_number", status("RELAPSE_2PLUS", 2)),
            (status("RELAPSE_2PLUS", 1), number, "relapse_number", status("RELAPSE_2PLUS", 10)),
            (status("POST_ALLO_RELAPSE", 0), number, "relapse_number", status("POST_ALLO_RELAPSE", 1)),
            (status("POST_ALLO_RELAPSE", 0), number, "relapse_number", status("POST_ALLO_RELAPSE", 10)),
            (remission(5.0), "b_all_baseline.blasts_in_remission", "blast_percent", remission(4.9)),
            (
                remission(90.0),
                "b_all_baseline.blasts_in_remission",
                "blast_percent",
                json!({"blast_percent": 90.0}),
            ),
        ],
    );
    for relapses in [0, 10] {
        let changes =
            json!({"disease_status": "MRD_POS_CR", "blast_percent": 1.0, "relapse_number": relapses});
        assert_eq!(found("b_all_baseline", &with("b_all_baseline", &changes)), vec![]);
    }
}

#[test]
fn prior_line() {
    let (end, relapse) = ("prior_line.end_before_start", "prior_line.relapse_before_start");
    check(
        "prior_line",
        &[
            (json!({"end_date": "2022-08"}), end, "end_date", json!({"end_date": "2022-09"})),
            (json!({"end_date": "2022-08-31"}), end, "end_date", json!({"end_date": "2022-09-01"})),
            (json!({"end_date": "2021"}), end, "end_date", json!({"end_date": "2022"})),
            (
                json!({"start_date": "2022-09-02", "end_date": "2022-09-01"}),
                end,
                "end_date",
                json!({"start_date": "2022-09-02", "end_date": "2022-09-02"}),
            ),
            (
                json!({"relapse_date": "2022-08-31"}),
                relapse,
                "relapse_date",
                json!({"relapse_date": "2022-09-01"}),
            ),
            (
                json!({"relapsed": "N"}),
                "prior_line.relapse_denied",
                "relapse_date",
                json!({"relapsed": "N", "relapse_date": null}),
            ),
            (
                json!({"relapsed": "N"}),
                "prior_line.relapse_denied",
                "relapse_date",
                json!({"relapsed": null}),
            ),
            (
                json!({"best_response": "RELAPSE"}),
                "prior_line.relapse_is_no_response",
                "best_response",
                json!({"best_response": "PD"}),
            ),
        ],
    );
}

#[test]
fn prior_hct() {
    let allogeneic = json!({"hct_type": "ALLO", "gvhd_active": "Y", "immunosuppression": "Y"});
    let rule = "prior_hct.gvhd_after_autologous";
    check(
        "prior_hct",
        &[
            (json!({"gvhd_active": "Y"}), rule, "gvhd_active", allogeneic),
            (json!({"gvhd_active": "Y"}), rule, "gvhd_active", json!({"gvhd_active": "N"})),
        ],
    );
}

#[test]
fn disease() {
    let early = "disease.early_diagnosis";
    let sites = "disease.sites_without_extramedullary";
    let undefined = "disease.burden_undefined";
    check(
        "disease",
        &[
            (json!({"diagnosis_date": "1979"}), early, "diagnosis_date", json!({"diagnosis_date": "1980"})),
            (
                json!({"diagnosis_date": "1979-12-31"}),
                early,
                "diagnosis_date",
                json!({"diagnosis_date": "1980-01"}),
            ),
            (json!({"extramedullary": "N"}), sites, "extramedullary_sites", json!({"extramedullary": "UNK"})),
            (
                json!({"extramedullary": "N"}),
                sites,
                "extramedullary_sites",
                json!({"extramedullary": "N", "extramedullary_sites": null}),
            ),
            (
                json!({"tumor_burden_definition": null}),
                undefined,
                "tumor_burden_definition",
                json!({"tumor_burden_definition": null, "tumor_burden_high": "UNK"}),
            ),
            (
                json!({"tumor_burden_definition": null, "tumor_burden_high": "N"}),
                undefined,
                "tumor_burden_definition",
                json!({"tumor_burden_definition": null, "tumor_burden_high": null}),
            ),
        ],
    );
}

#[test]
fn pretreatment() {
    let not_done = |field: &str, value: &str| {
        let mut changes =
            json!({"done": "N", "assessment_date": null, "result_code": null, "result_text": null});
        changes[field] = json!(value);
        changes
    };
    let kept = json!({"done": "N", "assessment_date": null, "result_code": null, "result_text": null, "not_done_reason": "CONTRAINDICATED"});
    let rule = "pretreatment_item.not_done";
    check(
        "pretreatment_item",
        &[
            (not_done("assessment_date", "2024-02-13"), rule, "assessment_date", kept.clone()),
            (not_done("result_code", "NEG"), rule, "result_code", kept.clone()),
            (not_done("result_text", "clear"), rule, "result_text", kept.clone()),
            (
                json!({"not_done_reason": "REFUSED"}),
                "pretreatment_item.reason_although_done",
                "not_done_reason",
                json!({"done": "UNK", "assessment_date": null}),
            ),
        ],
    );
    let all = found("pretreatment_item", &with("pretreatment_item", &json!({"done": "N"})));
    assert_eq!(all, ["assessment_date", "result_code", "result_text"].map(|f| pair(rule, f)).to_vec());

    let potential =
        |potential: &str, test: &str| json!({"childbearing_potential": potential, "pregnancy_test": test});
    check(
        "pretreatment_status",
        &[
            (json!({"kps": 75}), "pretreatment_status.kps_steps", "kps", json!({"kps": 70})),
            (json!({"kps": 1}), "pretreatment_status.kps_steps", "kps", json!({"kps": 0})),
            (json!({"lvef": 40.0}), "pretreatment_status.low_lvef", "lvef", json!({"lvef": 40.1})),
            (potential("Y", "POS"), "pretreatment_status.pregnant", "pregnancy_test", potential("Y", "NEG")),
            (
                potential("N", "POS"),
                "pretreatment_status.pregnant_without_potential",
                "pregnancy_test",
                potential("N", "NEG"),
            ),
            (
                potential("UNK", "POS"),
                "pretreatment_status.pregnant",
                "pregnancy_test",
                potential("UNK", "NEG"),
            ),
            (
                json!({"uncontrolled_infection": "Y"}),
                "pretreatment_status.uncontrolled_infection",
                "uncontrolled_infection",
                json!({"uncontrolled_infection": "UNK"}),
            ),
        ],
    );
}

#[test]
fn a_fault_says_what_would_be_accepted() {
    let expected = |name: &str, changes: &Value| {
        let entries = Entries::parse(with(name, changes).to_string().as_bytes()).unwrap();
        let (_, findings) = clinical::Record::from_json(form(name), &entries, context());
        findings.iter().map(|f| f.expected.clone().unwrap_or_default()).collect::<Vec<_>>().join(" | ")
    };
    let grade = |histology: &str, grade: &str| json!({"histology": histology, "fl_grade": grade});
    for (name, changes, text) in [
        ("nhl_baseline", grade("FL_1_3A", "3B"), "1, 2 or 3A"),
        ("nhl_baseline", grade("FL_3B", "1"), "3B"),
        ("center_assay", json!({"assay": "FLOW"}), "for FLOW: CELLS_UL"),
        ("center_assay", json!({"unit": "CELLS_UL"}), "for DDPCR: COPIES_UG or COPIES_ML"),
        ("b_all_baseline", json!({"relapse_number": 2}), "for RELAPSE_1: 1 to 1"),
        ("lab_reference_range", json!({"high": 1.0}), "more than 120"),
        ("prior_line", json!({"end_date": "2020"}), "2022-09 or later"),
        ("myeloma_baseline", json!({"baseline_m_serum": 3.0}), "at least 10"),
        (
            "infusion",
            json!({"end_time": "09:00"}),
            "2024-03-19 10:15 or later; end_date when it was another day",
        ),
        ("infusion", json!({"dose_per_kg_reported": 3e6}), "2000000 within 5 %"),
        ("medication", json!({"dose_value": 30.0}), "at most 1600 mg"),
    ] {
        assert_eq!(expected(name, &changes), text, "{name} {changes}");
    }
}
