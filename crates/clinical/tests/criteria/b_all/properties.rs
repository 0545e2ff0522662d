//! What holds for any case.

use super::{categories, run, with};
use clinical::criteria::b_all::{BAll, BAllCategory, assess};
use clinical::criteria::{At, Trace};
use proptest::prelude::*;
use serde_json::{Value, json};

fn number(low: f64, high: f64) -> impl Strategy<Value = Value> {
    prop_oneof![1 => Just(Value::Null), 6 => (low..high).prop_map(|x| json!((x * 10.0).round() / 10.0))]
}

fn pick(values: &[Value]) -> impl Strategy<Value = Value> + use<> {
    prop::sample::select(values.to_vec())
}

fn any_assessment() -> impl Strategy<Value = Value> {
    let flag = || pick(&[Value::Null, json!(true), json!(false)]);
    let marrow = prop_oneof![number(0.0, 8.0), number(0.0, 100.0)];
    let blood = pick(&[Value::Null, json!(0), json!(0), json!(1.5), json!(30)]);
    let csf = pick(&[
        Value::Null,
        json!({"wbc_ul": 1, "blasts": false}),
        json!({"wbc_ul": 3, "rbc_ul": 2, "blasts": true}),
        json!({"wbc_ul": 30, "rbc_ul": 200, "blasts": true}),
    ]);
    let counts = pick(&[Value::Null, json!({"wbc_10e9_l": 6.0, "rbc_10e12_l": 4.0})]);
    let sites = pick(&[json!([]), json!([]), json!(["SKIN"]), json!(["TESTIS", "SKIN"])]);
    (0..200i64, marrow, blood, number(0.0, 2.0), number(0.0, 200.0), (flag(), flag()), (sites, csf, counts)).prop_map(
        |(day, marrow, blood, anc, platelets, (trilineage, asked), (sites, csf, counts))| {
            let date = chrono::NaiveDate::from_ymd_opt(2024, 1, 1).unwrap() + chrono::Duration::days(day);
            let elsewhere = !sites.as_array().unwrap().is_empty();
            with(
                &json!({"date": date.to_string(), "extramedullary_disease": elsewhere, "extramedullary_sites": sites}),
                &json!({"marrow_blast_percent": marrow, "peripheral_blast_percent": blood, "anc_10e9_l": anc,
                    "platelets_10e9_l": platelets, "trilineage_hematopoiesis": trilineage, "response_assessment": asked,
                    "csf": csf, "blood": counts}),
            )
        },
    )
}

fn any_case() -> impl Strategy<Value = Value> {
    let list = prop::collection::vec(any_assessment(), 0..6).prop_map(|mut list| {
        list.sort_by_key(|a| a["date"].to_string());
        list.dedup_by_key(|a| a["date"].to_string());
        list
    });
    (number(0.0, 100.0), any::<bool>(), list).prop_map(|(marrow, remission, list)| {
        json!({"baseline": {"marrow_blast_percent": marrow, "in_remission": remission, "circulating_blasts": false,
            "extramedullary_disease": false}, "assessments": list})
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_trace_alone_reproduces_the_result(case in any_case()) {
        let case: BAll = serde_json::from_str(&case.to_string()).unwrap();
        let mut trace = Trace::new();
        let result = assess(&case, &mut trace).unwrap();
        for a in &result.assessments {
            let at = At::Date(a.date);
            prop_assert_eq!(trace.conclusion(at), Some(a.category.code()));
            prop_assert_eq!(trace.deciding(at).map(|s| s.criterion.id), a.deciding_rule);
            let cns = trace.steps().iter().filter(|s| s.at == at && s.criterion.id.starts_with("b_all.cns"));
            prop_assert_eq!(cns.filter_map(|s| s.concludes).next_back(), a.cns_status.map(clinical::codes::assessment::CnsStatus::code));
            if a.category == BAllCategory::NotEvaluable {
                prop_assert!(trace.missing().iter().any(|(m, _)| *m == at), "{:?}", a);
            }
        }
    }

    #[test]
    fn order_of_rows_and_units_do_not_matter(case in any_case()) {
        let plain = run(&case);
        let mut other = case.clone();
        other["assessments"].as_array_mut().unwrap().reverse();
        prop_assert_eq!(&run(&other)["result"], &plain["result"]);
        for a in other["assessments"].as_array_mut().unwrap() {
            for (main, ul) in [("anc_10e9_l", "anc_ul"), ("platelets_10e9_l", "platelets_ul")] {
                if let Some(x) = a[main].as_f64() {
                    *a = with(a, &json!({main: null, ul: x * 1000.0}));
                }
            }
        }
        prop_assert_eq!(categories(&run(&other)), categories(&plain));
    }

    #[test]
    fn worsening_never_improves(case in any_case(), change in 0..5usize) {
        let rank = |line: &Value| categories(line).last().and_then(|code| {
            BAllCategory::ALL.iter().find(|c| c.code() == code).and_then(|c| c.rank())
        });
        let before = rank(&run(&case));
        let mut worse = case.clone();
        if let Some(last) = worse["assessments"].as_array_mut().unwrap().last_mut() {
            match change {
                0 => if let Some(x) = last["marrow_blast_percent"].as_f64() { last["marrow_blast_percent"] = json!((x + 20.0).min(100.0)) },
                1 => if let Some(x) = last["anc_10e9_l"].as_f64() { last["anc_10e9_l"] = json!(x / 3.0) },
                2 => if let Some(x) = last["platelets_10e9_l"].as_f64() { last["platelets_10e9_l"] = json!(x / 3.0) },
                3 => last["cns_symptoms"] = json!(true),
                _ => last["extramedullary_disease"] = json!(true),
            }
        }
        if let (Some(before), Some(after)) = (before, rank(&run(&worse))) {
            prop_assert!(after <= before, "{before} -> {after}");
        }
    }
}
