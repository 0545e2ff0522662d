//! Hard ranges of the observations (catalogue G2, G5): each bound is accepted and what lies beyond is refused by name.

use clinical::criteria::Trace;
use clinical::criteria::case::{Fault, KINDS};
use serde_json::{Value, json};

fn derive(kind: &str, case: &Value) -> Result<Value, Fault> {
    let kind = KINDS.iter().find(|k| k.name == kind).unwrap();
    (kind.derive)(&case.to_string(), &mut Trace::new()).map(|decided| {
        assert_eq!(decided.unknown, Vec::<String>::new(), "{case}");
        decided.line
    })
}

/// `base` with the value at a JSON Pointer; objects and rows on the way are made.
fn with(base: &Value, pointer: &str, value: Value) -> Value {
    let mut case = base.clone();
    let mut place = &mut case;
    for name in pointer.split('/').skip(1) {
        if let Ok(index) = name.parse::<usize>() {
            if place.is_null() {
                *place = json!([]);
            }
            let rows = place.as_array_mut().unwrap();
            while rows.len() <= index {
                rows.push(json!({}));
            }
            place = &mut rows[index];
        } else {
            if place.is_null() {
                *place = json!({});
            }
            place = &mut place[name];
        }
    }
    *place = value;
    case
}

/// The values inside are accepted, those outside are refused by name.
fn check_values(kind: &str, base: &Value, pointer: &str, inside: [Value; 2], outside: [Value; 2]) {
    for value in inside {
        let case = with(base, pointer, value);
        if let Err(fault) = derive(kind, &case) {
            panic!("{kind} {case}: {fault}");
        }
    }
    for value in outside {
        let case = with(base, pointer, value);
        match derive(kind, &case) {
            Ok(_) => panic!("{kind} {case} was accepted"),
            Err(fault) => assert_eq!(fault.pointer, pointer, "{kind} {case}: {fault}"),
        }
    }
}

/// Outside is a millionth of the bound beyond it.
fn check(kind: &str, base: &Value, pointer: &str, (low, high): (f64, f64)) {
    let step = |bound: f64| 1e-6 * if bound == 0.0 { 1.0 } else { bound.abs() };
    let outside = [json!(low - step(low)), json!(high + step(high))];
    check_values(kind, base, pointer, [json!(low), json!(high)], outside);
}

fn check_all(kind: &str, base: &Value, under: &str, ranges: &[(&str, f64, f64)]) {
    for (member, low, high) in ranges {
        check(kind, base, &format!("{under}/{member}"), (*low, *high));
    }
}

fn check_whole(kind: &str, base: &Value, ranges: &[(&str, i32, i32)]) {
    for (pointer, low, high) in ranges {
        let outside = [json!(low - 1), json!(high + 1)];
        check_values(kind, base, pointer, [json!(low), json!(high)], outside);
    }
}

#[test]
fn blood_counts() {
    let counts = [
        ("anc_10e9_l", 0.0, 200.0),
        ("anc_ul", 0.0, 200_000.0),
        ("platelets_10e9_l", 0.0, 3000.0),
        ("platelets_ul", 0.0, 3e6),
    ];
    check_all("icaht", &json!({"days": [{"day": 1}]}), "/days/0", &counts);
    check_all("hematotox", &json!({}), "", &counts);
    check_all("b_all", &json!({"assessments": [{"date": "2024-03-01"}]}), "/assessments/0", &counts);
    check_all("iec_hs", &json!({"days": [{"day": 1}]}), "/days/0", &counts[..3]);
    let hematotox = [
        ("hb_g_l", 10.0, 250.0),
        ("hb_g_dl", 1.0, 25.0),
        ("crp_mg_l", 0.0, 1000.0),
        ("crp_mg_dl", 0.0, 100.0),
        ("ferritin_ug_l", 0.0, 300_000.0),
    ];
    check_all("hematotox", &json!({}), "", &hematotox);
    let cells = [("wbc_10e9_l", 0.0, 1000.0), ("wbc_ul", 0.0, 1e6), ("lymphocyte_percent", 0.0, 100.0)];
    check_all("b_cell_aplasia", &json!({}), "", &cells);
    check_all("car_t_expansion", &json!({}), "", &cells);
    check_all("car_t_expansion", &json!({}), "", &[("car_t_ul", 0.0, 1e6), ("car_t_10e9_l", 0.0, 1000.0)]);
    let b_cells = [
        ("alc_10e9_l", 0.0, 500.0),
        ("alc_ul", 0.0, 500_000.0),
        ("cd19_percent", 0.0, 100.0),
        ("cd20_percent", 0.0, 100.0),
        ("cd19_abs_ul", 0.0, 100_000.0),
        ("igg_g_l", 0.0, 150.0),
        ("igg_mg_dl", 0.0, 15_000.0),
    ];
    check_all("b_cell_aplasia", &json!({}), "", &b_cells);
    check_all("infection_risk", &json!({}), "", &[("cd4_ul", 0.0, 10_000.0), ("cd4_10e9_l", 0.0, 10.0)]);
}

#[test]
fn tumor_lysis() {
    for (base, under) in
        [(json!({}), "/baseline"), (json!({"observations": [{"day": 0}]}), "/observations/0")]
    {
        let ranges = [
            ("uric_acid_umol_l", 10.0, 2000.0),
            ("uric_acid_mg_dl", 10.0 / 59.48, 2000.0 / 59.48),
            ("potassium_mmol_l", 1.0, 10.0),
            ("phosphate_mmol_l", 0.1, 6.0),
            ("phosphate_mg_dl", 0.1 / 0.3229, 6.0 / 0.3229),
            ("calcium_mmol_l", 0.5, 5.0),
            ("calcium_mg_dl", 0.5 / 0.2495, 5.0 / 0.2495),
            ("creatinine_umol_l", 5.0, 2500.0),
            ("creatinine_mg_dl", 5.0 / 88.4, 2500.0 / 88.4),
        ];
        for (member, low, high) in ranges {
            // A bound divided by the factor need not come back exactly.
            let slack = if member.ends_with("mg_dl") { 1e-12 } else { 0.0 };
            check("tls", &base, &format!("{under}/{member}"), (low * (1.0 + slack), high * (1.0 - slack)));
        }
    }
}

#[test]
fn hepatitis_b() {
    for (base, under) in
        [(json!({}), "/baseline"), (json!({"observations": [{"day": 0}]}), "/observations/0")]
    {
        check_all(
            "hbv_reactivation",
            &base,
            under,
            &[("hbv_dna_iu_ml", 0.0, 1e11), ("alt_u_l", 0.0, 20_000.0)],
        );
    }
}

#[test]
fn leukemia() {
    let base = json!({"assessments": [{"date": "2024-03-01"}]});
    let day = [
        ("marrow_blast_percent", 0.0, 100.0),
        ("peripheral_blast_percent", 0.0, 100.0),
        ("peripheral_blasts_10e9_l", 0.0, 1000.0),
        ("blood/wbc_10e9_l", 0.0, 1000.0),
        ("blood/wbc_ul", 0.0, 1e6),
        ("blood/rbc_10e12_l", 0.1, 12.0),
        ("csf/wbc_ul", 0.0, 1e6),
        ("csf/rbc_ul", 0.0, 1e7),
        ("mrd/0/sensitivity", 1e-7, 1e-2),
        ("mrd/0/value", 0.0, 1.0),
        ("mrd/0/value_percent", 0.0, 100.0),
    ];
    check_all("b_all", &with(&base, "/assessments/0/mrd", json!([{}, {}])), "/assessments/0", &day);
    // The bound in cells/µl comes from 1e12/L and need not come back exactly.
    check("b_all", &base, "/assessments/0/blood/rbc_ul", (1e5 * (1.0 + 1e-12), 1.2e7 * (1.0 - 1e-12)));
    let start = [
        ("wbc_10e9_l", 0.0, 1000.0),
        ("marrow_blast_percent", 0.0, 100.0),
        ("peripheral_blast_percent", 0.0, 100.0),
        ("peripheral_blasts_10e9_l", 0.0, 1000.0),
    ];
    check_all("b_all", &base, "/baseline", &start);
    check_all("b_all", &base, "/parameters", &[("relapse_blast_percent", 0.0, 100.0)]);
}

#[test]
fn coagulopathy() {
    let base = json!({"days": [{"day": 1}]});
    let ranges = [
        ("platelets_10e9_l", 0.0, 3000.0),
        ("d_dimer_mg_l", 0.0, 200.0),
        ("pt_prolongation_s", -20.0, 200.0),
        ("pt_s", 5.0, 200.0),
        ("pt_uln_s", 5.0, 200.0),
        ("fibrinogen_g_l", 0.0, 15.0),
        ("fibrinogen_mg_dl", 0.0, 1500.0),
    ];
    check_all("carac", &base, "/days/0", &ranges);
    let cuts =
        with(&base, "/parameters/isth/ddimer", json!({"moderate_from_mg_l": 0, "strong_from_mg_l": 200}));
    for cut in ["moderate_from_mg_l", "strong_from_mg_l"] {
        check("carac", &cuts, &format!("/parameters/isth/ddimer/{cut}"), (0.0, 200.0));
    }
}

#[test]
fn crs_and_icans() {
    check_all("crs", &json!({}), "/parameters", &[("hypotension_below_sbp_mmhg", 30.0, 250.0)]);
    check_whole("crs", &json!({"days": [{"day": 0}]}), &[("/reported_max_grade", 0, 5)]);
    check_whole("crs", &json!({"days": [{"day": 0}]}), &[("/days/0/day", -3650, 36_500)]);
    for (date, accepted) in
        [("1899-12-31", false), ("1900-01-01", true), ("2200-12-31", true), ("2201-01-01", false)]
    {
        let fault = derive("crs", &json!({"days": [{"date": date}]})).err();
        assert_eq!(fault.is_none(), accepted, "{date} {fault:?}");
    }
    check_all("icans", &json!({"days": []}), "", &[("age_years", 0.0, 120.0)]);
    check_all("icans", &json!({"days": [{"day": 0}]}), "/days/0", &[("seizure_minutes", 0.0, 1440.0)]);
    check_whole("icans", &json!({"days": [{"day": 0}]}), &[("/reported_max_grade", 0, 5)]);
}

#[test]
fn iec_hs() {
    let base = json!({"days": [{"day": 1}]});
    let day = [
        ("ferritin_ug_l", 0.0, 300_000.0),
        ("alt_u_l", 0.0, 20_000.0),
        ("ast_u_l", 0.0, 20_000.0),
        ("fibrinogen_g_l", 0.0, 15.0),
        ("fibrinogen_mg_dl", 0.0, 1500.0),
        ("ldh_u_l", 0.0, 20_000.0),
        ("direct_bilirubin_umol_l", 0.0, 1000.0),
        ("pt_s", 5.0, 200.0),
        ("aptt_s", 10.0, 300.0),
        ("triglycerides_mmol_l", 0.1, 50.0),
        ("triglycerides_mg_dl", 8.0, 4500.0),
    ];
    check_all("iec_hs", &base, "/days/0", &day);
    check_all("iec_hs", &base, "/baseline", &day[..3]);
    // A limit of normal is above 0.
    for (member, high) in [
        ("ferritin_uln_ug_l", 300_000.0),
        ("alt_uln_u_l", 20_000.0),
        ("ast_uln_u_l", 20_000.0),
        ("fibrinogen_lln_g_l", 15.0),
        ("ldh_uln_u_l", 20_000.0),
        ("direct_bilirubin_uln_umol_l", 1000.0),
        ("pt_uln_s", 200.0),
        ("aptt_uln_s", 300.0),
    ] {
        let pointer = format!("/limits/{member}");
        let problem =
            |x: f64| derive("iec_hs", &with(&base, &pointer, json!(x))).err().map(|fault| fault.pointer);
        assert_eq!((problem(high), problem(1e-9)), (None, None), "{member}");
        assert_eq!(problem(0.0).as_deref(), Some(pointer.as_str()));
        assert_eq!(problem(high * (1.0 + 1e-6)).as_deref(), Some(pointer.as_str()));
    }
}

#[test]
fn lymphoma() {
    let base = json!({"modality": "ct", "baseline": {"targets": [{"id": "a", "nodal": false}]},
        "assessments": [{"date": "2024-03-01", "targets": [{"id": "a"}], "new_lesions": [{"kind": "extranodal"}]}]});
    let at = "/assessments/0/targets/0";
    for under in ["/baseline/targets/0", at] {
        let ranges =
            [("ldi_mm", 0.0, 400.0), ("ldi_cm", 0.0, 40.0), ("sdi_mm", 0.0, 400.0), ("sdi_cm", 0.0, 40.0)];
        check_all("lugano", &base, under, &ranges);
    }
    let new = [("size_mm", 0.0, 400.0), ("size_cm", 0.0, 40.0), ("sdi_mm", 0.0, 400.0)];
    check_all("lugano", &base, "/assessments/0/new_lesions/0", &new);
    for under in ["/baseline", "/assessments/0"] {
        check_all("lugano", &base, under, &[("spleen_mm", 40.0, 400.0), ("spleen_cm", 4.0, 40.0)]);
    }
    check_all("lugano", &base, "/parameters", &[("spleen_normal_mm", 40.0, 400.0)]);
}

#[test]
fn myeloma() {
    let base = json!({"assessments": [{"date": "2024-03-01"}]});
    let ranges = [
        ("serum_m_protein_g_l", 0.0, 150.0),
        ("urine_m_protein_mg_24h", 0.0, 30_000.0),
        ("urine_light_chain_mg_24h", 0.0, 30_000.0),
        ("flc_kappa_mg_l", 0.0, 20_000.0),
        ("flc_lambda_mg_l", 0.0, 20_000.0),
        ("flc_ratio", 0.001, 10_000.0),
        ("marrow_plasma_cell_percent", 0.0, 100.0),
        ("marrow_ihc_ratio", 0.0, 10_000.0),
        ("marrow_ihc_repeat_ratio", 0.0, 10_000.0),
        ("marrow_ihc_cells_counted", 0.0, 1e6),
        ("marrow_ihc_repeat_cells_counted", 0.0, 1e6),
        ("plasmacytoma_spd_mm2", 0.0, 1e6),
        ("plasmacytoma_count", 0.0, 1000.0),
        ("plasmacytoma_longest_diameter_mm", 0.0, 400.0),
        ("circulating_plasma_cells_ul", 0.0, 1e6),
        ("suv_lesion", 0.0, 100.0),
        ("suv_mediastinum", 0.0, 100.0),
        ("suv_surrounding", 0.0, 100.0),
        ("calcium_mmol_l", 0.5, 5.0),
        ("hb_g_l", 10.0, 250.0),
        ("creatinine_umol_l", 5.0, 2500.0),
        ("plasmacytoma_short_axis_mm", 0.0, 400.0),
    ];
    for under in ["/baseline", "/assessments/0"] {
        check_all("imwg", &base, under, &ranges);
    }
    let lesion = with(&base, "/baseline/plasmacytomas", json!([{"id": "a"}]));
    for member in ["longest_diameter_mm", "short_axis_mm"] {
        check("imwg", &lesion, &format!("/baseline/plasmacytomas/0/{member}"), (0.0, 400.0));
    }
    let mrd = with(&base, "/assessments/0/mrd", json!([{}, {}]));
    let shares = [("sensitivity", 1e-7, 1e-2), ("loq", 1e-7, 1e-2), ("level", 0.0, 1.0)];
    check_all("imwg", &mrd, "/assessments/0/mrd/0", &shares);
    check_all("imwg", &base, "/parameters", &[("mr_plasmacytoma_fall_percent", 0.0, 100.0)]);
    let lesions = |count: usize| {
        let list: Vec<Value> = (0..count).map(|i| json!({"id": i.to_string()})).collect();
        derive("imwg", &with(&base, "/baseline/plasmacytomas", json!(list))).err().map(|fault| fault.pointer)
    };
    assert_eq!((lesions(100), lesions(101).as_deref()), (None, Some("/baseline/plasmacytomas")));
}

#[test]
fn infection() {
    let base = json!({});
    check_all("infection_risk", &base, "", &[("dose_per_kg", 0.0, 1e10)]);
    check_all("infection_risk", &base, "/covid", &[("afebrile_hours", 0.0, 10_000.0)]);
    let whole = [
        ("/hematotox_score", 0, 7),
        ("/prior_lines", 0, 20),
        ("/crs_grade", 0, 5),
        ("/icans_grade", 0, 5),
        ("/ctcae_grade", 1, 5),
    ];
    check_whole("infection_risk", &base, &whole);
}

#[test]
fn doses() {
    let base = json!({"product": {"product_code": "axi-cel"}, "lymphodepletion": {"doses": [{"drug": "FLU", "dose_mg_m2": 30}]}});
    let ranges = [
        ("weight_kg", 20.0, 250.0),
        ("bsa_m2", 0.5, 3.5),
        ("product/weight_kg", 20.0, 250.0),
        ("product/dose_total_car_t", 1e5, 1e10),
        ("product/dose_per_kg", 1e3, 1e9),
        ("ivig/dose_g", 0.0, 200.0),
        ("ivig/dose_mg_kg", 50.0, 2000.0),
        ("g_csf/dose_ug", 0.0, 7500.0),
        ("g_csf/dose_ug_kg", 0.0, 30.0),
        ("tocilizumab/doses/0/dose_mg", 0.0, 1600.0),
        ("tocilizumab/doses/0/hour", -10_000.0, 1e6),
        ("lymphodepletion/bsa_m2", 0.5, 3.5),
        ("lymphodepletion/doses/0/dose_mg_m2", 0.0, 200.0),
        ("lymphodepletion/repeat/wbc_10e9_l", 0.0, 1000.0),
        ("parameters/lymphodepletion_tolerance_percent", 0.0, 50.0),
        ("parameters/tocilizumab_interval_hours", 0.0, 240.0),
    ];
    check_all("dose", &base, "", &ranges);
    for (drug, most) in [("CYC", 5000.0), ("BEN", 200.0)] {
        let of = with(&base, "/lymphodepletion/doses/0/drug", json!(drug));
        check("dose", &of, "/lymphodepletion/doses/0/dose_mg_m2", (0.0, most));
    }
    check_whole("dose", &base, &[("/lymphodepletion/doses/0/days", 1, 14)]);
}

#[test]
fn days_and_parameters() {
    let rows = json!({"days": [{"day": 1}]});
    check_whole("icaht", &rows, &[("/days/0/day", -36_525, 36_525)]);
    let parameters = [
        ("/parameters/interpolate_days", 0, 30),
        ("/parameters/join_gap_days", 0, 30),
        ("/parameters/late_until_day", 31, 365),
    ];
    for (pointer, low, high) in parameters {
        let problem =
            |x: i32| derive("icaht", &with(&rows, pointer, json!(x))).err().map(|fault| fault.pointer);
        assert_eq!((problem(low), problem(high)), (None, None), "{pointer}");
        assert_eq!(problem(high + 1).as_deref(), Some(pointer));
    }
    let late = derive("icaht", &with(&rows, "/parameters/late_until_day", json!(30))).unwrap_err();
    assert_eq!(late.pointer, "/parameters/late_until_day");
    check_all("icaht", &rows, "/parameters", &[("minimum_coverage_percent", 0.0, 100.0)]);
    for (pointer, least) in [("/death_day", 0), ("/last_day", 0)] {
        assert!(derive("icaht", &with(&json!({}), pointer, json!(least))).is_ok());
        assert_eq!(
            derive("icaht", &with(&json!({}), pointer, json!(least - 1))).unwrap_err().pointer,
            pointer
        );
    }
}
