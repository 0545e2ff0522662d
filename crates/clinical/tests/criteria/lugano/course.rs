//! Best response, dates, G6 R14 and R17.

use super::{categories, ct_case, ct_clean, names, pet_case, run, with};
use clinical::criteria::lugano::LuganoCategory;
use serde_json::{Value, json};

#[test]
fn best_and_dates() {
    let at = |date: &str, change: &Value| ct_clean(&with(change, &json!({"date": date})));
    let pr = json!({"targets": [{"id": "A", "ldi_mm": 20, "sdi_mm": 20}]});
    let pd = json!({"new_lesions": true});
    let cr = json!({});
    let all = [at("2024-05-01", &cr), at("2024-02-01", &pr), at("2024-03-01", &pd), at("2024-04-01", &pd)];
    let line = run(&ct_case(&json!({}), &all));
    assert_eq!(categories(&line), ["PR", "PD", "PD", "CR"]);
    assert_eq!(
        (&line["result"]["best"], &line["result"]["progression_date"]),
        (&json!("PR"), &json!("2024-03-01"))
    );
    assert_eq!(line["id"], 7);
    // Only progression, nothing evaluable, nothing at all.
    let line = run(&ct_case(&json!({}), &[at("2024-03-01", &pd)]));
    assert_eq!(line["result"]["best"], "PD");
    let line = run(&ct_case(&json!({}), &[at("2024-03-01", &json!({"marrow": null}))]));
    assert_eq!((&line["result"]["best"], &line["result"]["progression_date"]), (&Value::Null, &Value::Null));
    let line = run(&ct_case(&json!({}), &[]));
    assert_eq!(
        (&line["result"]["best"], line["result"]["assessments"].as_array().unwrap().len()),
        (&Value::Null, 0)
    );
    // Indeterminate responses are neither progression nor response, and better than progression.
    let mut case =
        ct_case(&json!({}), &[at("2024-02-01", &pd), at("2024-03-01", &json!({"non_target": "PROGRESSED"}))]);
    case["lyric"] = json!(true);
    let line = run(&case);
    assert_eq!(categories(&line), ["IR2", "PD"]);
    let result = &line["result"];
    assert_eq!((&result["best"], &result["first_indeterminate_date"]), (&json!("IR2"), &json!("2024-02-01")));
    assert_eq!(result["progression_date"], "2024-03-01");
    let all = [("2024-02-01", &cr), ("2024-03-01", &pd), ("2024-04-01", &pd)]
        .map(|(date, change)| at(date, change));
    let mut case = ct_case(&json!({}), &all);
    assert_eq!(run(&case)["result"]["first_indeterminate_date"], Value::Null);
    case["lyric"] = json!(true);
    assert_eq!(run(&case)["result"]["first_indeterminate_date"], "2024-03-01");
    // The order of categories.
    let rank = LuganoCategory::rank;
    let order =
        [LuganoCategory::Pd, LuganoCategory::Ir1, LuganoCategory::Sd, LuganoCategory::Pr, LuganoCategory::Cr];
    assert!(
        order.windows(2).all(|w| rank(w[0]) < rank(w[1])) && rank(LuganoCategory::NotEvaluable).is_none()
    );
    let metabolic = [
        LuganoCategory::Pmd,
        LuganoCategory::Ir3,
        LuganoCategory::Nmr,
        LuganoCategory::Pmr,
        LuganoCategory::Cmr,
    ];
    assert_eq!(order.map(rank), metabolic.map(rank));
}

fn conflicts(case: &Value, i: usize) -> Vec<String> {
    let line = run(case);
    names(&line["result"]["assessments"][i]["conflicts"]).iter().map(|s| (*s).to_owned()).collect()
}

#[test]
fn r14_dates() {
    let mut case = ct_case(&json!({}), &[ct_clean(&json!({"new_lesions": true}))]);
    case["infusion_date"] = json!("2024-02-02");
    assert_eq!(conflicts(&case, 0), ["lugano.r14_before_infusion"]);
    let line = run(&case);
    assert_eq!((&line["result"]["progression_date"], &line["result"]["best"]), (&Value::Null, &Value::Null));
    case["infusion_date"] = json!("2024-02-01");
    assert_eq!(conflicts(&case, 0), Vec::<String>::new());
    assert_eq!(run(&case)["result"]["progression_date"], "2024-02-01");
    let mut case = ct_case(&json!({}), &[ct_clean(&json!({}))]);
    case["next_therapy_date"] = json!("2024-02-01");
    assert_eq!(conflicts(&case, 0), ["lugano.r14_after_next_therapy"]);
    assert_eq!(run(&case)["result"]["best"], Value::Null);
    case["next_therapy_date"] = json!("2024-02-02");
    assert_eq!(conflicts(&case, 0), Vec::<String>::new());
    assert_eq!(run(&case)["result"]["best"], "CR");
}

#[test]
fn r17_reported_against_components() {
    let is = |change: Value| conflicts(&pet_case(&json!({}), &change), 0);
    assert_eq!(is(json!({"deauville": 2, "reported_category": "CMR"})), Vec::<String>::new());
    assert_eq!(
        is(json!({"deauville": 4, "uptake_change": "REDUCED", "reported_category": "CMR"})),
        ["lugano.reported_differs", "lugano.r17_reported_cmr"]
    );
    assert_eq!(is(json!({"deauville": 5, "reported_category": "CMR"})), ["lugano.r17_reported_cmr"]);
    assert_eq!(
        is(json!({"deauville": 3, "new_lesions": true, "reported_category": "CMR"})),
        ["lugano.reported_differs", "lugano.r17_reported_cmr", "lugano.score_against_new_lesions"]
    );
    assert_eq!(
        is(json!({"deauville": 3, "reported_category": "PMD"})),
        ["lugano.reported_differs", "lugano.r17_reported_pmd"]
    );
    assert_eq!(
        is(json!({"deauville": 5, "new_lesions": true, "reported_category": "PMD"})),
        Vec::<String>::new()
    );
    assert_eq!(is(json!({"deauville": 4, "new_lesions": true})), ["lugano.score_against_new_lesions"]);
    assert_eq!(is(json!({"deauville": 1, "marrow": "UNCHANGED"})), ["lugano.score_against_marrow"]);
    assert_eq!(
        is(json!({"deauville": 4, "uptake_change": "REDUCED", "marrow": "REDUCED"})),
        Vec::<String>::new()
    );
    let ct = |reported: &str| {
        conflicts(&ct_case(&json!({}), &[ct_clean(&json!({"reported_category": reported}))]), 0)
    };
    assert_eq!((ct("CR"), ct("PR")), (vec![], vec!["lugano.reported_differs".to_owned()]));
}
