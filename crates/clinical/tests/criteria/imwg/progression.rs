//! The row PD of catalogue C1.

use super::support::{
    BOTH, CSCO, IMWG, categories, derive, lacking, last, monthly, only, result, try_derive, with,
};
use serde_json::{Value, json};

fn m(serum: f64, urine: f64) -> Value {
    json!({ "serum_m_protein_g_l": serum, "urine_m_protein_mg_24h": urine })
}

/// Ids of the criteria of progression at the last assessment.
fn rules(criteria: &str, baseline: &Value, assessments: &[Value]) -> Vec<String> {
    let result = result(criteria, baseline, assessments);
    let last = result["assessments"].as_array().unwrap().last().unwrap();
    last["progression_rules"].as_array().unwrap().iter().map(|r| r.as_str().unwrap().to_owned()).collect()
}

#[test]
fn pd_1_serum_from_the_lowest_value() {
    for version in BOTH {
        let at = |low: f64, now: f64| rules(version, &m(49.0, 0.0), &[m(low, 0.0), m(now, 0.0)]);
        assert_eq!(at(30.0, 37.5), ["imwg.pd_serum"]);
        assert_eq!(at(30.0, 37.4), [""; 0]);
        assert_eq!(at(10.0, 15.0), ["imwg.pd_serum"]);
        assert_eq!(at(10.0, 14.9), [""; 0]);
        assert_eq!(at(0.0, 5.0), ["imwg.pd_serum"]);
        assert_eq!(
            rules(version, &m(20.0, 0.0), &[m(25.0, 0.0)]),
            ["imwg.pd_serum"],
            "baseline is the lowest"
        );
        let three = [m(5.0, 0.0), m(9.0, 0.0), m(10.0, 0.0)];
        assert_eq!(rules(version, &m(49.0, 0.0), &three), ["imwg.pd_serum"], "from the lowest, not the last");
    }
}

#[test]
fn h23_large_rise() {
    let at = |version: &str, base: f64, low: f64, now: f64, parameters: Value| {
        let mut case = monthly(version, &m(base, 0.0), &[m(low, 0.0), m(now, 0.0)]);
        case["parameters"] = parameters;
        categories(&derive(&case)["result"])[1].to_owned()
    };
    let none = || json!({});
    assert_eq!(at(CSCO, 50.0, 45.0, 55.0, none()), "PD");
    assert_ne!(at(CSCO, 50.0, 45.0, 54.9, none()), "PD");
    assert_ne!(at(CSCO, 49.9, 45.0, 55.0, none()), "PD");
    assert_ne!(at(IMWG, 50.0, 45.0, 55.0, none()), "PD");
    assert_eq!(at(IMWG, 60.0, 50.0, 60.0, none()), "PD");
    assert_ne!(at(IMWG, 60.0, 49.9, 60.0, none()), "PD");
    assert_ne!(at(CSCO, 50.0, 45.0, 55.0, json!({ "large_rise_reference": "lowest" })), "PD");
    assert_eq!(at(IMWG, 50.0, 45.0, 55.0, json!({ "large_rise_reference": "baseline" })), "PD");
}

#[test]
fn lowest_confirmed_value() {
    let series = [m(20.0, 0.0), m(4.0, 0.0), m(9.0, 0.0)];
    for version in BOTH {
        let mut case = monthly(version, &m(40.0, 0.0), &series);
        assert_eq!(categories(&derive(&case)["result"])[2], "PD");
        case["parameters"] = json!({ "nadir": "lowest_confirmed" });
        assert_eq!(
            categories(&derive(&case)["result"])[2],
            "PR",
            "4 g/L was seen once: the confirmed low is 20"
        );
        let twice = [m(4.0, 0.0), m(3.0, 0.0), m(9.0, 0.0)];
        let mut case = monthly(version, &m(40.0, 0.0), &twice);
        case["parameters"] = json!({ "nadir": "lowest_confirmed" });
        assert_eq!(categories(&derive(&case)["result"])[2], "PD");
    }
}

#[test]
fn pd_2_urine() {
    for version in BOTH {
        let at = |low: f64, now: f64| rules(version, &m(0.0, 5000.0), &[m(0.0, low), m(0.0, now)]);
        assert_eq!(at(100.0, 300.0), ["imwg.pd_urine"]);
        assert_eq!(at(100.0, 299.9), [""; 0]);
        assert_eq!(at(1000.0, 1250.0), ["imwg.pd_urine"]);
        assert_eq!(at(1000.0, 1249.0), [""; 0]);
    }
}

#[test]
fn pd_3_light_chains_only_without_measurable_m_protein() {
    let flc = |kappa: f64| json!({ "flc_kappa_mg_l": kappa, "flc_lambda_mg_l": 10.0 });
    for version in BOTH {
        let low = |low: f64, now: f64| rules(version, &flc(2010.0), &[flc(low + 10.0), flc(now + 10.0)]);
        assert_eq!(low(400.0, 500.1), ["imwg.pd_flc"]);
        assert_eq!(low(400.0, 500.0), [""; 0]);
        assert_eq!(low(1000.0, 1250.0), ["imwg.pd_flc"]);
        assert_eq!(low(1000.0, 1249.0), [""; 0]);
        let serum = with(&flc(2010.0), &m(40.0, 0.0));
        let rise = [with(&flc(110.0), &m(4.0, 0.0)), with(&flc(1510.0), &m(4.0, 0.0))];
        assert_eq!(rules(version, &serum, &rise), [""; 0]);
    }
}

#[test]
fn pd_4_marrow_only_without_measurable_m_protein_and_light_chains() {
    let marrow = |percent: f64| json!({ "marrow_plasma_cell_percent": percent });
    for version in BOTH {
        let at = |low: f64, now: f64| rules(version, &marrow(60.0), &[marrow(low), marrow(now)]);
        assert_eq!(at(20.0, 30.0), ["imwg.pd_marrow"]);
        assert_eq!(at(20.0, 29.9), [""; 0]);
        assert_eq!(at(48.0, 60.0), ["imwg.pd_marrow"]);
        assert_eq!(at(48.0, 59.9), [""; 0]);
        for measurable in [m(40.0, 0.0), json!({ "flc_kappa_mg_l": 500.0, "flc_lambda_mg_l": 5.0 })] {
            let base = with(&marrow(60.0), &measurable);
            let series = [with(&marrow(10.0), &measurable), with(&marrow(90.0), &measurable)];
            assert_eq!(rules(version, &base, &series), [""; 0]);
        }
    }
}

#[test]
fn pd_5_plasmacytoma() {
    let base = with(&m(40.0, 0.0), &json!({ "plasmacytoma_spd_mm2": 1000.0 }));
    let spd = |value: f64| with(&m(20.0, 0.0), &json!({ "plasmacytoma_spd_mm2": value }));
    for version in BOTH {
        assert_eq!(
            rules(version, &base, &[with(&m(20.0, 0.0), &json!({ "plasmacytoma_new": "Y" }))]),
            ["imwg.pd_new_plasmacytoma"]
        );
        assert_eq!(
            rules(version, &base, &[with(&m(20.0, 0.0), &json!({ "plasmacytoma_new": "N" }))]),
            [""; 0]
        );
        assert_eq!(rules(version, &base, &[spd(400.0), spd(600.0)]), ["imwg.pd_spd"]);
        assert_eq!(rules(version, &base, &[spd(400.0), spd(599.0)]), [""; 0]);
        let single = |value: f64| with(&spd(value), &json!({ "plasmacytoma_count": 1 }));
        assert_eq!(
            rules(version, &base, &[single(400.0), single(600.0)]),
            [""; 0],
            "one lesion progresses by diameter"
        );
        let two = |value: f64| with(&spd(value), &json!({ "plasmacytoma_count": 2 }));
        assert_eq!(rules(version, &base, &[two(400.0), two(600.0)]), ["imwg.pd_spd"]);
        let (category, missing) = lacking(version, &base, &m(41.0, 0.0));
        assert_eq!((category.as_str(), missing.contains(&"plasmacytoma_spd_mm2".to_owned())), ("SD", true));
    }
}

#[test]
fn h24_diameter_of_a_single_lesion() {
    let sized = |longest: f64, short: f64| json!({ "plasmacytoma_longest_diameter_mm": longest, "plasmacytoma_short_axis_mm": short });
    let listed = |longest: f64, short: f64| json!({ "plasmacytomas": [{ "id": "a", "longest_diameter_mm": longest, "short_axis_mm": short }] });
    let cases = [
        // longest and short axis when smallest, longest now, CSCO, IMWG
        (10.0, 8.0, 15.0, true, false),
        (10.0, 8.0, 14.9, false, false),
        (9.9, 8.0, 20.0, false, false),
        (20.0, 10.0, 30.0, true, false),
        (20.0, 10.1, 30.0, true, true),
        (20.0, 10.1, 29.9, false, false),
    ];
    let shapes: [&dyn Fn(f64, f64) -> Value; 2] = [&sized, &listed];
    for (low, short, now, csco, imwg) in cases {
        for lesion in shapes {
            let series = [
                with(&m(20.0, 0.0), &lesion(low, short)),
                with(&m(20.0, 0.0), &lesion(now, 10.0_f64.min(now))),
            ];
            let base = with(&m(40.0, 0.0), &lesion(50.0, 40.0));
            for (version, expected) in [(CSCO, csco), (IMWG, imwg)] {
                let found = rules(version, &base, &series).contains(&"imwg.pd_diameter".to_owned());
                assert_eq!(found, expected, "{version} {low} {short} {now}");
            }
            let mut case = monthly(CSCO, &base, &series);
            case["parameters"] = json!({ "lesion_cut": "short_axis_above_10_mm" });
            assert_eq!(categories(&derive(&case)["result"])[1] == "PD", imwg);
        }
    }
}

#[test]
fn lesion_lists() {
    let lesion = |id: &str, longest: f64, short: f64| json!({ "id": id, "longest_diameter_mm": longest, "short_axis_mm": short });
    let o = |lesions: Value| with(&m(20.0, 0.0), &json!({ "plasmacytomas": lesions }));
    let base =
        with(&m(40.0, 0.0), &json!({ "plasmacytomas": [lesion("a", 40.0, 20.0), lesion("b", 20.0, 10.0)] }));
    for version in BOTH {
        let half = o(json!([lesion("a", 25.0, 20.0), lesion("b", 0.0, 0.0)]));
        assert_eq!(last(version, &base, std::slice::from_ref(&half)), "PR");
        let (category, missing) = lacking(version, &base, &o(json!([lesion("a", 10.0, 10.0)])));
        assert_eq!(
            (category.as_str(), missing.contains(&"plasmacytoma_spd_mm2".to_owned())),
            ("not_evaluable", true)
        );
        let new = o(json!([lesion("a", 10.0, 10.0), lesion("b", 0.0, 0.0), lesion("c", 5.0, 5.0)]));
        assert_eq!(rules(version, &base, &[new]), ["imwg.pd_new_plasmacytoma"]);
        let gone = o(json!([lesion("a", 10.0, 10.0), lesion("b", 0.0, 0.0), lesion("c", 0.0, 0.0)]));
        assert_eq!(rules(version, &base, &[gone]), [""; 0]);
        let grown = o(json!([lesion("a", 24.0, 20.0), lesion("b", 24.0, 15.0)]));
        assert_eq!(rules(version, &base, &[half, grown]), ["imwg.pd_spd"]);
    }
}

#[test]
fn pd_6_circulating_cells_only_where_nothing_else_is_measurable() {
    let blood = |cells: f64| json!({ "circulating_plasma_cells_ul": cells });
    for version in BOTH {
        assert_eq!(rules(version, &blood(100.0), &[blood(200.0)]), ["imwg.pd_circulating"]);
        assert_eq!(rules(version, &blood(400.0), &[blood(600.0)]), ["imwg.pd_circulating"]);
        assert_eq!(rules(version, &blood(400.0), &[blood(599.0)]), [""; 0]);
        let base = with(&blood(100.0), &m(40.0, 0.0));
        assert_eq!(rules(version, &base, &[with(&blood(900.0), &m(40.0, 0.0))]), [""; 0]);
    }
}

#[test]
fn bone_lesions() {
    let o = |more: Value| with(&m(20.0, 0.0), &more);
    let literal = json!({ "parameters": { "bone_lesion_is_progression": false } });
    for version in BOTH {
        let base = m(40.0, 0.0);
        let new = o(json!({ "bone_lesion_new": true }));
        assert_eq!(rules(version, &base, std::slice::from_ref(&new)), ["imwg.pd_bone"]);
        let grown = o(json!({ "bone_lesion_progressed": true }));
        assert_eq!(rules(version, &base, std::slice::from_ref(&grown)), ["imwg.pd_bone"]);
        let fracture = o(json!({ "bone_lesion_new": true, "osteoporotic_fracture": true }));
        assert_eq!(last(version, &base, &[fracture]), "PR");
        assert_eq!(last(version, &base, &[o(json!({ "bone_lesion_new": false }))]), "PR");
        assert_eq!(only(version, &base, &new, &literal), "not_evaluable");
        assert_eq!(only(version, &base, &grown, &literal), "not_evaluable");
        let vgpr = with(&new, &json!({ "serum_m_protein_g_l": 1.0 }));
        assert_eq!(
            only(version, &base, &vgpr, &literal),
            if version == CSCO { "VGPR" } else { "not_evaluable" }
        );
    }
}

/// Catalogue I3.4: what a rise is measured from may be told without the assessments that showed it.
#[test]
fn a_nadir_told_by_the_case() {
    let judged = |version: &str, baseline: Value, nadir: Value, now: Value| {
        let mut case = monthly(version, &baseline, &[now]);
        case["nadir"] = nadir;
        categories(&derive(&case)["result"])[0].to_owned()
    };
    let serum = |g_l: f64| json!({"serum_m_protein_g_l": g_l, "urine_m_protein_mg_24h": 0.0});
    for version in BOTH {
        assert_ne!(judged(version, serum(40.0), serum(4.0), serum(8.9)), "PD");
        assert_eq!(judged(version, serum(40.0), serum(4.0), serum(9.0)), "PD");
        assert_eq!(judged(version, serum(60.0), serum(52.0), serum(62.0)), "PD");
        // A higher value is not the lowest.
        assert_eq!(judged(version, serum(4.0), serum(40.0), serum(9.0)), "PD");
    }
    assert_eq!(judged(CSCO, serum(60.0), serum(42.0), serum(52.0)), "PD");
    assert_ne!(judged(IMWG, serum(60.0), serum(42.0), serum(52.0)), "PD");
    let lowest_confirmed = |nadir: Value| {
        let mut case = monthly(IMWG, &serum(40.0), &[serum(9.0)]);
        (case["nadir"], case["parameters"]) = (nadir, json!({"nadir": "lowest_confirmed"}));
        categories(&derive(&case)["result"])[0].to_owned()
    };
    assert_eq!(lowest_confirmed(serum(4.0)), "PD");
    assert_ne!(lowest_confirmed(serum(4.1)), "PD");
    let lesion =
        |mm: f64| json!({"plasmacytomas": [{"id": "a", "longest_diameter_mm": mm, "short_axis_mm": mm}]});
    assert_eq!(judged(CSCO, lesion(40.0), lesion(10.0), lesion(15.0)), "PD");
    assert_ne!(judged(CSCO, lesion(40.0), Value::Null, lesion(15.0)), "PD");
}

#[test]
fn the_day_of_a_nadir_lies_between_baseline_and_the_first_assessment() {
    let pointer = |nadir: &str| {
        let mut case = monthly(IMWG, &json!({"date": "2023-12-01"}), &[json!({})]);
        case["nadir"] = json!({"date": nadir, "serum_m_protein_g_l": 4.0});
        try_derive(&case).err().map(|fault| fault.pointer)
    };
    assert_eq!(pointer("2023-11-30").as_deref(), Some("/nadir/date"));
    assert_eq!((pointer("2023-12-01"), pointer("2024-01-01")), (None, None));
    assert_eq!(pointer("2024-01-02").as_deref(), Some("/assessments/0/date"));
    let mut case = monthly(IMWG, &json!({}), &[json!({})]);
    case["nadir"] = json!({"serum_m_protein_g_l": 151.0});
    assert_eq!(try_derive(&case).unwrap_err().pointer, "/nadir/serum_m_protein_g_l");
}
