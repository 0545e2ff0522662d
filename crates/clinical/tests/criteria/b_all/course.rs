//! C3: relapse with its sites, confirmation, best response and dates.

use super::{after_remission, case, categories, day, run, second, with, with_parameters};
use serde_json::{Value, json};

#[test]
fn c3_relapse_in_the_marrow_by_cut() {
    let by = |parameters: &Value, percent: f64| {
        let case = with_parameters(&after_remission(&json!({"marrow_blast_percent": percent})), parameters);
        categories(&run(&case)).remove(1)
    };
    let default = json!({});
    assert_eq!((by(&default, 5.0).as_str(), by(&default, 5.1).as_str()), ("NR", "relapse"));
    let inclusive = json!({"relapse_blast_inclusive": true});
    assert_eq!((by(&inclusive, 4.9).as_str(), by(&inclusive, 5.0).as_str()), ("CR", "relapse"));
    let older = json!({"relapse_blast_percent": 25});
    assert_eq!((by(&older, 25.0).as_str(), by(&older, 25.1).as_str()), ("NR", "relapse"));
    let older = json!({"relapse_blast_percent": 25, "relapse_blast_inclusive": true});
    assert_eq!((by(&older, 24.9).as_str(), by(&older, 25.0).as_str()), ("NR", "relapse"));
    // Without remission before, the same is no relapse.
    assert_eq!(super::category(&json!({"marrow_blast_percent": 30})), "NR");
    let bad = with_parameters(&after_remission(&json!({})), &json!({"relapse_blast_percent": 101}));
    assert_eq!(super::fault(&bad).pointer, "/parameters/relapse_blast_percent");
}

#[test]
fn c3_relapse_in_the_blood() {
    assert_eq!(second(&json!({"peripheral_blast_percent": 0.5})), "relapse");
    assert_eq!(second(&json!({"peripheral_blast_percent": null, "circulating_blasts": "Y"})), "relapse");
    let by_cut = |percent: f64| {
        let case = after_remission(&json!({"peripheral_blast_percent": percent}));
        categories(&run(&with_parameters(&case, &json!({"relapse_blood": "cut"})))).remove(1)
    };
    assert_eq!((by_cut(5.0).as_str(), by_cut(5.1).as_str(), by_cut(0.0).as_str()), ("NR", "relapse", "CR"));
    // Blood alone shows a relapse, but no remission.
    let blood_only = json!({"marrow_blast_percent": null, "trilineage_hematopoiesis": null});
    assert_eq!(second(&blood_only), "not_evaluable");
    assert_eq!(second(&with(&blood_only, &json!({"peripheral_blast_percent": 1}))), "relapse");
}

fn relapse(change: &Value) -> Value {
    let line = run(&after_remission(change));
    let second = &line["result"]["assessments"][1];
    assert_eq!(second["category"], "relapse");
    assert_eq!(second["deciding_rule"], "b_all.relapse");
    second["relapse_sites"].clone()
}

#[test]
fn c3_relapse_sites() {
    assert_eq!(relapse(&json!({"marrow_blast_percent": 40})), json!(["MARROW"]));
    let everywhere = json!({"marrow_blast_percent": 40, "peripheral_blast_percent": 9, "extramedullary_disease": "Y",
        "extramedullary_sites": ["TESTIS", "SKIN"]});
    assert_eq!(relapse(&everywhere), json!(["MARROW", "BLOOD", "TESTIS", "SKIN"]));
    assert_eq!(relapse(&json!({"extramedullary_disease": true})), json!(["EXTRAMEDULLARY"]));
    // Isolated CNS relapse.
    let csf = json!({"csf": {"wbc_ul": 6, "rbc_ul": 0, "blasts": true}});
    assert_eq!(relapse(&csf), json!(["CNS"]));
    assert_eq!(relapse(&json!({"cns_symptoms": true})), json!(["CNS"]));
    assert_eq!(relapse(&json!({"cns_status": "CNS3A"})), json!(["CNS"]));
    assert_eq!(
        relapse(&json!({"extramedullary_disease": true, "extramedullary_sites": ["CNS"]})),
        json!(["CNS"])
    );
    assert_eq!(second(&json!({"csf": {"wbc_ul": 4, "rbc_ul": 0, "blasts": true}})), "CR");
    // CNS-3 prevents a remission in the first place.
    let line = run(&case(&[day(&csf)]));
    assert_eq!(categories(&line), ["PD"]);
}

#[test]
fn antigen_is_told_with_a_relapse_only() {
    let antigen = |marrow: f64| {
        let line = run(&after_remission(&json!({"marrow_blast_percent": marrow, "antigen_status": "NEG"})));
        line["result"]["assessments"][1]["antigen_status_at_relapse"].clone()
    };
    assert_eq!((antigen(40.0), antigen(1.0)), (json!("NEG"), Value::Null));
}

fn at(date: &str, change: &Value) -> Value {
    with(&day(change), &json!({"date": date}))
}

#[test]
fn no_recurrence_for_4_weeks() {
    let sick = json!({"marrow_blast_percent": 40});
    let first = |list: &[Value]| run(&case(list))["result"]["assessments"][0]["confirmed"].clone();
    assert_eq!(first(&[at("2024-02-01", &json!({}))]), Value::Null);
    assert_eq!(first(&[at("2024-02-01", &json!({"confirmed_4_weeks": true}))]), json!(true));
    assert_eq!(first(&[at("2024-02-01", &json!({"confirmed_4_weeks": false}))]), json!(false));
    assert_eq!(first(&[at("2024-02-01", &json!({})), at("2024-02-28", &json!({}))]), Value::Null);
    assert_eq!(first(&[at("2024-02-01", &json!({})), at("2024-02-29", &json!({}))]), json!(true));
    let flagged = at("2024-02-01", &json!({"confirmed_4_weeks": true}));
    assert_eq!(first(&[flagged.clone(), at("2024-02-28", &sick)]), json!(false));
    assert_eq!(first(&[flagged, at("2024-02-29", &sick)]), json!(true));
    assert_eq!(first(&[at("2024-02-01", &json!({})), at("2024-02-29", &sick)]), json!(true));
    // An assessment that tells nothing confirms nothing.
    let blind = at("2024-03-10", &json!({"marrow_blast_percent": null}));
    assert_eq!(first(&[at("2024-02-01", &json!({})), blind]), Value::Null);
    // Not a remission: nothing to confirm.
    assert_eq!(first(&[at("2024-02-01", &sick), at("2024-04-01", &json!({}))]), Value::Null);
    let line = run(&case(&[
        at("2024-02-01", &json!({"anc": 0.8, "anc_10e9_l": null})),
        at("2024-02-29", &json!({})),
    ]));
    assert_eq!((&line["result"]["best"], &line["result"]["best_confirmed"]), (&json!("CR"), &json!("CRh")));
}

#[test]
fn best_and_dates() {
    let sick = json!({"marrow_blast_percent": 40});
    let low = json!({"anc_10e9_l": 0.3});
    let list = [
        at("2024-05-01", &sick),
        at("2024-03-01", &json!({})),
        at("2024-02-01", &low),
        at("2024-01-15", &json!({"marrow_blast_percent": 30})),
        at("2024-06-01", &json!({})),
    ];
    let line = run(&case(&list));
    assert_eq!(categories(&line), ["NR", "CRi", "CR", "relapse", "CR"]);
    let result = &line["result"];
    assert_eq!((&result["best"], &result["remission_date"]), (&json!("CR"), &json!("2024-02-01")));
    assert_eq!((&result["relapse_date"], &result["progression_date"]), (&json!("2024-05-01"), &Value::Null));
    assert_eq!(line["id"], "p1");
    // What comes after the relapse does not count.
    let line = run(&case(&[at("2024-02-01", &low), at("2024-03-01", &sick), at("2024-06-01", &json!({}))]));
    assert_eq!(line["result"]["best"], "CRi");
    let line = run(&case(&[at("2024-02-01", &json!({"marrow_blast_percent": 90}))]));
    assert_eq!(
        (&line["result"]["best"], &line["result"]["progression_date"]),
        (&json!("PD"), &json!("2024-02-01"))
    );
    assert_eq!(run(&case(&[]))["result"]["best"], Value::Null);
}

#[test]
fn after_a_relapse_progression_counts_from_it() {
    let marrow = |date: &str, percent: f64| at(date, &json!({"marrow_blast_percent": percent}));
    let list = |last: f64| {
        case(&[at("2024-02-01", &json!({})), marrow("2024-03-01", 20.0), marrow("2024-04-01", last)])
    };
    assert_eq!(categories(&run(&list(24.9))), ["CR", "relapse", "NR"]);
    assert_eq!(categories(&run(&list(25.0))), ["CR", "relapse", "PD"]);
    // A remission that was there before treatment can be lost.
    let mut mrd = case(&[marrow("2024-03-01", 20.0)]);
    mrd["baseline"] = json!({"in_remission": true});
    assert_eq!(categories(&run(&mrd)), ["relapse"]);
    // An assessment that tells nothing does not end a remission.
    let blind = at("2024-02-15", &json!({"marrow_blast_percent": null}));
    let line = run(&case(&[at("2024-02-01", &json!({})), blind, marrow("2024-03-01", 20.0)]));
    assert_eq!(categories(&line), ["CR", "not_evaluable", "relapse"]);
    // Neither refractory nor progressive after remission.
    let line = run(&after_remission(&json!({"marrow_blast_percent": 5.0, "response_assessment": true})));
    assert_eq!(categories(&line), ["CR", "NR"]);
}

#[test]
fn r14_and_reported_category() {
    let conflicts = |case: &Value, i: usize| run(case)["result"]["assessments"][i]["conflicts"].clone();
    let mut relapse = after_remission(&json!({"marrow_blast_percent": 40}));
    relapse["infusion_date"] = json!("2024-03-11");
    assert_eq!(conflicts(&relapse, 1), json!(["b_all.r14_before_infusion"]));
    assert_eq!(run(&relapse)["result"]["relapse_date"], Value::Null);
    assert_eq!(run(&relapse)["result"]["best"], Value::Null);
    relapse["infusion_date"] = json!("2024-03-10");
    assert_eq!(conflicts(&relapse, 1), json!([]));
    assert_eq!(run(&relapse)["result"]["relapse_date"], "2024-03-10");
    let mut late = case(&[day(&json!({}))]);
    late["next_therapy_date"] = json!("2024-02-01");
    assert_eq!(conflicts(&late, 0), json!(["b_all.r14_after_next_therapy"]));
    assert_eq!(run(&late)["result"]["best"], Value::Null);
    late["next_therapy_date"] = json!("2024-02-02");
    assert_eq!((conflicts(&late, 0), run(&late)["result"]["best"].clone()), (json!([]), json!("CR")));
    let reported = |change: Value| conflicts(&case(&[day(&change)]), 0) == json!(["b_all.reported_differs"]);
    assert!(!reported(json!({"reported_category": "CR"})) && reported(json!({"reported_category": "CRi"})));
    assert!(!reported(json!({"marrow_blast_percent": 30, "reported_category": "NR"})));
    let refractory = json!({"marrow_blast_percent": 30, "response_assessment": true});
    assert!(!reported(with(&refractory, &json!({"reported_category": "NR"}))));
    assert!(reported(with(&refractory, &json!({"reported_category": "CR"}))));
    assert!(!reported(json!({"anc_10e9_l": null, "reported_category": "CR"})));
    let told = |reported: &str| {
        let case = after_remission(&json!({"marrow_blast_percent": 40, "reported_category": reported}));
        conflicts(&case, 1)
    };
    assert_eq!((told("RELAPSE"), told("PD")), (json!([]), json!(["b_all.reported_differs"])));
}
