//! Properties that hold of every course.

use super::support::{BOTH, IMWG, categories, derive, monthly, try_derive, with};
use clinical::codes::assessment::{Category, PosNeg};
use clinical::criteria::Trace;
use clinical::criteria::imwg::{ImwgCase, Observation, Version};
use proptest::prelude::*;
use serde_json::{Value, json};

fn rank(category: &str) -> usize {
    ["PD", "SD", "MR", "PR", "VGPR", "CR", "sCR"].iter().position(|c| *c == category).unwrap()
}

fn observation() -> impl Strategy<Value = Value> {
    let number = |values: &'static [f64]| prop::option::of(prop::sample::select(values));
    let flag = || prop::option::weighted(0.3, any::<bool>());
    (
        number(&[0.0, 1.0, 4.0, 9.0, 20.0, 30.0, 40.0, 55.0]),
        number(&[0.0, 50.0, 99.0, 100.0, 150.0, 250.0, 500.0, 1000.0]),
        number(&[5.0, 10.0, 110.0, 500.0, 1000.0]),
        number(&[5.0, 10.0, 110.0, 500.0]),
        number(&[0.0, 1.0, 4.9, 5.0, 15.0, 30.0, 60.0]),
        number(&[0.0, 100.0, 400.0, 500.0, 750.0, 1000.0]),
        (flag(), flag(), flag(), flag(), flag()),
    )
        .prop_map(|(serum, urine, kappa, lambda, marrow, spd, (serum_ife, urine_ife, clonal, bone, new))| {
            json!({
                "serum_m_protein_g_l": serum, "urine_m_protein_mg_24h": urine, "flc_kappa_mg_l": kappa, "flc_lambda_mg_l": lambda,
                "marrow_plasma_cell_percent": marrow, "plasmacytoma_spd_mm2": spd, "serum_ife": serum_ife, "urine_ife": urine_ife,
                "marrow_clonal": clonal, "bone_lesion_new": bone, "plasmacytoma_new": new,
            })
        })
}

fn version() -> impl Strategy<Value = &'static str> {
    prop::sample::select(&BOTH[..])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn the_order_of_rows_does_not_matter(version in version(), base in observation(), mut rows in prop::collection::vec(observation(), 1..6), seed in any::<u64>()) {
        let case = monthly(version, &base, &rows);
        let straight = derive(&case)["result"].clone();
        let mut shuffled = case;
        rows = shuffled["assessments"].as_array().unwrap().clone();
        let turn = usize::try_from(seed % 6).unwrap() % rows.len();
        rows.rotate_left(turn);
        rows.reverse();
        shuffled["assessments"] = json!(rows);
        prop_assert_eq!(&derive(&shuffled)["result"], &straight);
    }

    #[test]
    fn units_do_not_matter(version in version(), base in 1.0f64..150.0, now in 0.0f64..150.0, urine in 0.0f64..300.0) {
        let rest = json!({ "urine_m_protein_mg_24h": urine });
        let at = |name: &str, factor: f64| {
            let case = monthly(version, &json!({ name: base / factor }), &[with(&rest, &json!({ name: now / factor }))]);
            categories(&derive(&case)["result"])[0].to_owned()
        };
        prop_assert_eq!(at("serum_m_protein_g_l", 1.0), at("serum_m_protein_g_dl", 10.0));
    }

    #[test]
    fn more_m_protein_is_never_better(version in version(), base in 10.0f64..60.0, low in 0.0f64..60.0, more in 0.0f64..30.0, urine in prop::sample::select(vec![0.0, 99.0, 150.0, 400.0, 1000.0])) {
        let fixed = json!({ "urine_m_protein_mg_24h": urine, "urine_ife": "NEG", "marrow_plasma_cell_percent": 1.0 });
        let at = |serum: f64| {
            let now = with(&fixed, &json!({ "serum_m_protein_g_l": serum, "serum_ife": serum > 0.0 }));
            let base = json!({ "serum_m_protein_g_l": base, "urine_m_protein_mg_24h": 800.0 });
            rank(categories(&derive(&monthly(version, &base, &[now]))["result"])[0])
        };
        prop_assert!(at(low + more) <= at(low));
    }

    #[test]
    fn more_urine_marrow_or_plasmacytoma_is_never_better(version in version(), serum in prop::sample::select(vec![0.0, 4.0, 20.0, 29.0]), name in prop::sample::select(vec!["urine_m_protein_mg_24h", "marrow_plasma_cell_percent", "plasmacytoma_spd_mm2"]), low in 0.0f64..100.0, more in 0.0f64..100.0) {
        let base = json!({ "serum_m_protein_g_l": 40.0, "urine_m_protein_mg_24h": 50.0, "marrow_plasma_cell_percent": 50.0, "plasmacytoma_spd_mm2": 50.0 });
        let fixed = json!({ "serum_m_protein_g_l": serum, "urine_m_protein_mg_24h": 0.0, "serum_ife": serum > 0.0, "urine_ife": false, "marrow_plasma_cell_percent": 1.0, "plasmacytoma_spd_mm2": 0.0 });
        let at = |value: f64| rank(categories(&derive(&monthly(version, &base, &[with(&fixed, &json!({ name: value }))]))["result"])[0]);
        prop_assert!(at((low + more).min(100.0)) <= at(low.min(100.0)));
    }

    #[test]
    fn absence_never_improves(version in version(), base in observation(), now in observation()) {
        // Nothing that was observed becomes better by not having been observed, unless it was bad news itself.
        let full = derive(&monthly(version, &base, std::slice::from_ref(&now)))["result"].clone();
        let full = categories(&full)[0].to_owned();
        for name in ["marrow_plasma_cell_percent", "serum_ife", "urine_ife", "marrow_clonal", "flc_kappa_mg_l"] {
            let without = with(&now, &json!({ name: null }));
            let line = derive(&monthly(version, &base, &[without]));
            let category = categories(&line["result"])[0];
            if full != "PD" && full != "not_evaluable" && category != "not_evaluable" {
                prop_assert!(rank(category) <= rank(&full), "{} without {}: {} from {}", version, name, category, full);
            }
        }
    }

    #[test]
    fn not_evaluable_names_what_is_missing(version in version(), now in observation()) {
        let base = json!({ "serum_m_protein_g_l": 40.0, "urine_m_protein_mg_24h": 1000.0, "plasmacytoma_spd_mm2": 0.0 });
        let line = derive(&monthly(version, &base, std::slice::from_ref(&now)));
        if categories(&line["result"])[0] == "not_evaluable" {
            let missing = line["missing_at"].as_array().unwrap();
            prop_assert!(!missing.is_empty());
            for entry in missing {
                let name = entry["name"].as_str().unwrap();
                prop_assert!(now.get(name).is_none_or(Value::is_null), "{} was given", name);
            }
        }
    }

    #[test]
    fn any_number_is_judged_or_refused(version in version(), values in prop::collection::vec(any::<f64>(), 12)) {
        let o = |v: &[f64]| json!({
            "serum_m_protein_g_l": v[0], "urine_m_protein_mg_24h": v[1], "flc_kappa_mg_l": v[2], "flc_lambda_mg_l": v[3],
            "marrow_plasma_cell_percent": v[4], "hb_g_dl": v[5],
        });
        let _ = try_derive(&monthly(version, &o(&values[..6]), &[o(&values[6..])]));
    }
}

#[test]
fn the_typed_interface_refuses_what_json_cannot_say() {
    for value in [f64::NAN, f64::INFINITY, -1.0] {
        let case = ImwgCase {
            baseline: Observation { serum_m_protein_g_l: Some(value), ..Observation::default() },
            ..ImwgCase::default()
        };
        assert_eq!(case.evaluate(&mut Trace::new()).unwrap_err().pointer, "/baseline/serum_m_protein_g_l");
        let grams = Observation { hb_g_dl: Some(1e308), ..Observation::default() };
        let case = ImwgCase { baseline: grams, ..ImwgCase::default() };
        assert_eq!(case.evaluate(&mut Trace::new()).unwrap_err().pointer, "/baseline/hb_g_l");
    }
}

#[test]
fn the_typed_interface_gives_what_a_case_gives() {
    let o = |date: Option<&str>, serum: f64| Observation {
        date: date.map(|d| d.parse().unwrap()),
        serum_m_protein_g_l: Some(serum),
        urine_m_protein_mg_24h: Some(0.0),
        serum_ife: Some(PosNeg::Positive),
        ..Observation::default()
    };
    let case = ImwgCase {
        criteria: Version::Imwg2016,
        baseline: o(None, 40.0),
        assessments: vec![o(Some("2024-02-01"), 10.0), o(Some("2024-01-01"), 20.0)],
        ..ImwgCase::default()
    };
    let outcome = case.evaluate(&mut Trace::new()).unwrap();
    let of = |serum: f64| json!({ "serum_m_protein_g_l": serum, "urine_m_protein_mg_24h": 0.0, "serum_ife": "POS" });
    let line = derive(&monthly(IMWG, &of(40.0), &[of(20.0), of(10.0)]));
    assert_eq!(serde_json::to_value(&outcome).unwrap(), line["result"]);
    assert_eq!(outcome.best_confirmed.map(Category::code), Some("PR"));
}

#[test]
fn a_trace_may_be_reused() {
    let case: ImwgCase = serde_json::from_value(monthly(
        IMWG,
        &json!({ "serum_m_protein_g_l": 40.0 }),
        &[json!({ "serum_m_protein_g_l": 20.0 })],
    ))
    .unwrap();
    let mut trace = Trace::new();
    let first = case.evaluate(&mut trace).unwrap();
    let steps = trace.steps().len();
    trace.clear();
    assert_eq!(case.evaluate(&mut trace).unwrap(), first);
    assert_eq!(trace.steps().len(), steps);
}

#[test]
fn criteria_are_listed_once() {
    let all = clinical::criteria::imwg::CRITERIA;
    let mut ids: Vec<_> = all.iter().map(|c| c.id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all.len());
    assert!(all.iter().all(|c| c.id.starts_with("imwg.") && !c.en.is_empty() && !c.zh.is_empty()));
}
