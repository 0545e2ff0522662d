//! What holds for any case.

use super::{categories, run, with};
use clinical::criteria::lugano::{Lugano, LuganoCategory, assess};
use clinical::criteria::{At, Trace};
use proptest::prelude::*;
use serde_json::{Value, json};

fn number(low: f64, high: f64) -> impl Strategy<Value = Option<f64>> {
    prop_oneof![1 => Just(None), 6 => (low..high).prop_map(|x| Some((x * 10.0).round() / 10.0))]
}

fn any_row(id: &'static str) -> impl Strategy<Value = Value> {
    (number(0.0, 60.0), 0.0..=1.0f64, 0..8u8).prop_map(move |(ldi, share, flag)| match (flag, ldi) {
        (0, _) => json!({"id": id, "not_visible": true}),
        (1, _) => json!({"id": id, "too_small": true}),
        (_, Some(l)) => json!({"id": id, "ldi_mm": l, "sdi_mm": l * share}),
        _ => json!({"id": id}),
    })
}

fn any_assessment() -> impl Strategy<Value = Value> {
    let state = prop::sample::select(vec![
        Value::Null,
        json!("ABSENT"),
        json!("REGRESSED"),
        json!("STABLE"),
        json!("PROGRESSED"),
    ]);
    let marrow = prop::sample::select(vec![
        Value::Null,
        json!("NORMAL"),
        json!("REDUCED"),
        json!("UNCHANGED"),
        json!("NEW"),
        json!("INDETERMINATE"),
    ]);
    let new = prop::sample::select(vec![
        Value::Null,
        json!(false),
        json!([]),
        json!(true),
        json!([{"kind": "nodal", "size_mm": 12}]),
        json!([{"kind": "extranodal", "size_mm": 12}]),
        json!([{}]),
    ]);
    let score = prop::sample::select(vec![Value::Null, json!(1), json!(3), json!(4), json!("5"), json!("X")]);
    let change =
        prop::sample::select(vec![Value::Null, json!("REDUCED"), json!("UNCHANGED"), json!("INCREASED")]);
    let worse = prop::sample::select(vec![Value::Null, json!(true), json!(false)]);
    (1..200i64, any_row("A"), any_row("B"), state, marrow, new, score, (change, worse, number(90.0, 200.0))).prop_map(
        |(day, a, b, state, marrow, new, score, (change, worse, spleen))| {
            let date = chrono::NaiveDate::from_ymd_opt(2024, 1, 1).unwrap() + chrono::Duration::days(day);
            with(
                &json!({"date": date.to_string(), "targets": [a, b]}),
                &json!({"non_target": state, "marrow": marrow, "new_lesions": new, "deauville": score, "uptake_change": change,
                    "spleen_mm": spleen, "clinical_deterioration": worse}),
            )
        },
    )
}

fn any_case() -> impl Strategy<Value = Value> {
    let list = prop::collection::vec(any_assessment(), 0..5).prop_map(|mut list| {
        list.sort_by_key(|a| a["date"].to_string());
        list.dedup_by_key(|a| a["date"].to_string());
        list
    });
    (any::<bool>(), any::<bool>(), any_row("A"), any_row("B"), number(90.0, 200.0), list).prop_map(
        |(pet, lyric, a, b, spleen, list)| {
            let kind = |row: &Value, nodal: bool| with(row, &json!({"nodal": nodal}));
            json!({"modality": if pet { "pet_ct" } else { "ct" }, "lyric": lyric, "infusion_date": "2024-01-01",
                "baseline": {"targets": [kind(&a, true), kind(&b, false)], "spleen_mm": spleen}, "assessments": list})
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_trace_alone_reproduces_the_result(case in any_case()) {
        let case: Lugano = serde_json::from_str(&case.to_string()).unwrap();
        let mut trace = Trace::new();
        let result = assess(&case, &mut trace).unwrap();
        for a in &result.assessments {
            prop_assert_eq!(trace.conclusion(At::Date(a.date)), Some(a.category.code()));
            let missing = trace.missing().iter().any(|(at, _)| *at == At::Date(a.date));
            prop_assert_eq!(missing, a.category == LuganoCategory::NotEvaluable, "{:?} {:?}", a, trace.missing());
        }
    }

    #[test]
    fn order_of_rows_and_units_do_not_matter(case in any_case()) {
        let plain = run(&case);
        let mut other = case.clone();
        other["assessments"].as_array_mut().unwrap().reverse();
        for a in other["assessments"].as_array_mut().unwrap() {
            a["targets"].as_array_mut().unwrap().reverse();
        }
        prop_assert_eq!(&run(&other)["result"], &plain["result"]);
        for a in other["assessments"].as_array_mut().unwrap() {
            for row in a["targets"].as_array_mut().unwrap() {
                for (mm, cm) in [("ldi_mm", "ldi_cm"), ("sdi_mm", "sdi_cm")] {
                    if let Some(x) = row[mm].as_f64() {
                        *row = with(row, &json!({mm: null, cm: x / 10.0}));
                    }
                }
            }
        }
        prop_assert_eq!(categories(&run(&other)), categories(&plain));
    }

    #[test]
    fn worsening_never_improves(case in any_case(), pick in 0..6usize) {
        let rank = |line: &Value| line["result"]["assessments"].as_array().unwrap().last().and_then(|a| {
            let code = a["category"].as_str().unwrap();
            LuganoCategory::ALL.iter().find(|c| c.code() == code).and_then(|c| c.rank())
        });
        let before = rank(&run(&case));
        let mut worse = case.clone();
        if let Some(last) = worse["assessments"].as_array_mut().unwrap().last_mut() {
            match pick {
                0 => last["non_target"] = json!("PROGRESSED"),
                1 => last["marrow"] = json!("NEW"),
                2 => last["new_lesions"] = json!(true),
                3 => if let Some(x) = last["spleen_mm"].as_f64() { last["spleen_mm"] = json!(x + 25.0) },
                4 => for row in last["targets"].as_array_mut().unwrap() {
                    if let Some(x) = row["ldi_mm"].as_f64() { row["ldi_mm"] = json!(x + 12.0) }
                },
                _ => last["uptake_change"] = json!("INCREASED"),
            }
        }
        // Not evaluable is no rank: a statement that was absent before may well bring one.
        if let (Some(before), Some(after)) = (before, rank(&run(&worse))) {
            prop_assert!(after <= before, "{before} -> {after}");
        }
    }
}
