//! C3: remission, refractory disease, progression.

use super::{case, categories, category, day, one, run, with, with_parameters};
use serde_json::json;

#[test]
fn c3_cr_thresholds() {
    assert_eq!(category(&json!({})), "CR");
    let blasts = |p: f64| category(&json!({"marrow_blast_percent": p}));
    assert_eq!((blasts(4.9).as_str(), blasts(5.0).as_str()), ("CR", "NR"));
    let anc = |x: f64| category(&json!({"anc_10e9_l": x}));
    assert_eq!((anc(1.0).as_str(), anc(0.99).as_str()), ("CR", "CRh"));
    let platelets = |x: f64| category(&json!({"platelets_10e9_l": x}));
    assert_eq!((platelets(100.0).as_str(), platelets(99.0).as_str()), ("CR", "CRh"));
    assert_eq!(category(&json!({"trilineage_hematopoiesis": false})), "NR");
    assert_eq!(category(&json!({"peripheral_blast_percent": 0.5, "peripheral_blasts_10e9_l": 0.1})), "NR");
    assert_eq!(category(&json!({"extramedullary_disease": true})), "PD");
}

#[test]
fn c3_nccn_strict() {
    let strict = |change: &serde_json::Value| {
        categories(&run(&with_parameters(&case(&[day(change)]), &json!({"nccn_strict": true})))).remove(0)
    };
    assert_eq!(strict(&json!({"anc_10e9_l": 1.0})), "CRh");
    assert_eq!(strict(&json!({"platelets_10e9_l": 100})), "CRh");
    assert_eq!(strict(&json!({"anc_10e9_l": 1.01, "platelets_10e9_l": 101})), "CR");
}

#[test]
fn c3_crh_and_cri() {
    let counts = |anc: f64, platelets: f64| json!({"anc_10e9_l": anc, "platelets_10e9_l": platelets});
    assert_eq!(category(&counts(0.51, 50.1)), "CRh");
    assert_eq!(category(&counts(0.5, 60.0)), "CRi");
    assert_eq!(category(&counts(0.6, 50.0)), "CRi");
    assert_eq!(category(&counts(3.0, 50.0)), "CRi");
    assert_eq!(category(&counts(0.2, 300.0)), "CRi");
    let off = with_parameters(&case(&[day(&counts(0.8, 80.0))]), &json!({"crh": false}));
    assert_eq!(categories(&run(&off)), ["CRi"]);
    assert_eq!(run(&off)["result"]["parameters"]["crh"], false);
    // One low count is enough to know that it is no CR; too low a one that it is no CRh either.
    assert_eq!(category(&json!({"anc_10e9_l": null, "platelets_10e9_l": 40})), "CRi");
    assert_eq!(category(&json!({"anc_10e9_l": 0.4, "platelets_10e9_l": null})), "CRi");
    assert_eq!(
        one(&json!({"anc_10e9_l": null, "platelets_10e9_l": 80})),
        ("not_evaluable".into(), json!(["anc_10e9_l"]))
    );
    assert_eq!(
        one(&json!({"platelets_10e9_l": null})),
        ("not_evaluable".into(), json!(["platelets_10e9_l"]))
    );
}

#[test]
fn absence_is_never_normal() {
    for (absent, name) in [
        ("marrow_blast_percent", "marrow_blast_percent"),
        ("peripheral_blast_percent", "peripheral_blast_percent"),
        ("extramedullary_disease", "extramedullary_disease"),
        ("trilineage_hematopoiesis", "trilineage_hematopoiesis"),
        ("anc_10e9_l", "anc_10e9_l"),
        ("platelets_10e9_l", "platelets_10e9_l"),
    ] {
        assert_eq!(one(&json!({absent: null})), ("not_evaluable".into(), json!([name])), "{absent}");
    }
    assert_eq!(one(&json!({"extramedullary_disease": "UNK"})).0, "not_evaluable");
    let lenient = |change: serde_json::Value| {
        categories(&run(&with_parameters(&case(&[day(&change)]), &json!({"require_trilineage": false}))))
            .remove(0)
    };
    assert_eq!(lenient(json!({"trilineage_hematopoiesis": null})), "CR");
    assert_eq!(lenient(json!({"trilineage_hematopoiesis": false})), "NR");
}

/// Persisting disease: category of marrow blasts with nothing else.
fn persisting(percent: f64, change: &serde_json::Value) -> String {
    category(&with(&json!({"marrow_blast_percent": percent}), change))
}

#[test]
fn c3_refractory_only_at_the_response_assessment() {
    let asked = json!({"response_assessment": true});
    assert_eq!(persisting(30.0, &asked), "refractory");
    assert_eq!(persisting(30.0, &json!({})), "NR");
    assert_eq!(persisting(30.0, &json!({"response_assessment": false})), "NR");
    assert_eq!(persisting(5.0, &asked), "refractory");
    assert_eq!(persisting(4.9, &asked), "CR");
    let in_blood =
        json!({"response_assessment": "Y", "peripheral_blast_percent": 1, "peripheral_blasts_10e9_l": 0.1});
    assert_eq!(category(&in_blood), "refractory");
    // A marrow without leukemia that does not regenerate is no remission, and not refractory.
    assert_eq!(category(&json!({"response_assessment": true, "trilineage_hematopoiesis": false})), "NR");
    // Refractory needs no baseline.
    let mut alone = case(&[day(&json!({"marrow_blast_percent": 30, "response_assessment": true}))]);
    alone["baseline"] = json!({});
    assert_eq!(
        (categories(&run(&alone)), run(&alone)["missing"].clone()),
        (vec!["refractory".to_owned()], json!([]))
    );
    alone["assessments"][0]["response_assessment"] = json!(false);
    let line = run(&alone);
    assert_eq!(categories(&line), ["not_evaluable"]);
    assert_eq!(line["missing"], json!(["baseline.marrow_blast_percent"]));
}

#[test]
fn c3_pd_is_a_relative_rise() {
    // 60 % -> 75 % is 15 points but a quarter.
    assert_eq!((persisting(75.0, &json!({})).as_str(), persisting(74.9, &json!({})).as_str()), ("PD", "NR"));
    assert_eq!(persisting(75.0, &json!({"response_assessment": true})), "PD");
    // Below 5 % no rise is progression.
    let mut low = case(&[day(&json!({"marrow_blast_percent": 4.0, "trilineage_hematopoiesis": false}))]);
    low["baseline"]["marrow_blast_percent"] = json!(1);
    assert_eq!(categories(&run(&low)), ["NR"]);
    low["assessments"][0]["marrow_blast_percent"] = json!(5.0);
    assert_eq!(categories(&run(&low)), ["PD"]);
    // Absolute number in the blood, 2.0 at baseline.
    let blood = |number: f64| {
        category(
            &json!({"marrow_blast_percent": 30, "peripheral_blast_percent": 10, "peripheral_blasts_10e9_l": number}),
        )
    };
    assert_eq!((blood(2.5).as_str(), blood(2.49).as_str()), ("PD", "NR"));
    // The number from leukocytes and share: 25 x 10 % = 2.5.
    let share = |wbc: f64| {
        category(
            &json!({"marrow_blast_percent": 30, "peripheral_blast_percent": 10, "blood": {"wbc_10e9_l": wbc}}),
        )
    };
    assert_eq!((share(25.0).as_str(), share(24.0).as_str()), ("PD", "NR"));
    let other_day = json!({"marrow_blast_percent": 30, "peripheral_blast_percent": 10,
        "blood": {"wbc_10e9_l": 25, "date": "2024-01-31"}});
    assert_eq!(one(&other_day), ("not_evaluable".into(), json!(["peripheral_blasts_10e9_l"])));
    // Blasts in a blood that had none.
    let mut none = case(&[day(&json!({"marrow_blast_percent": 30, "peripheral_blast_percent": 1}))]);
    none["baseline"] = json!({"marrow_blast_percent": 60, "circulating_blasts": false, "emd": false});
    assert_eq!(categories(&run(&none)), ["PD"]);
    none["assessments"][0]["peripheral_blast_percent"] = json!(0);
    assert_eq!(categories(&run(&none)), ["NR"]);
    // The baseline's number from leukocytes and share as well: 20 x 10 % = 2.0 -> 2.4 and 2.5.
    none["baseline"] =
        json!({"marrow_blast_percent": 60, "wbc_10e9_l": 20, "peripheral_blast_percent": 10, "emd": false});
    for (number, expected) in [(2.4, "NR"), (2.5, "PD")] {
        none["assessments"][0] = day(
            &json!({"marrow_blast_percent": 30, "peripheral_blast_percent": null, "peripheral_blasts_10e9_l": number}),
        );
        assert_eq!(categories(&run(&none)), [expected]);
    }
}

#[test]
fn c3_pd_by_new_extramedullary_disease() {
    let with_baseline = |baseline: serde_json::Value, now: serde_json::Value| {
        let mut case = case(&[day(&with(&json!({"marrow_blast_percent": 30}), &now))]);
        case["baseline"] = with(&case["baseline"], &baseline);
        let line = run(&case);
        (categories(&line).remove(0), line["missing"].clone())
    };
    let had =
        |sites: serde_json::Value| json!({"extramedullary_disease": true, "extramedullary_sites": sites});
    let now =
        |sites: serde_json::Value| json!({"extramedullary_disease": true, "extramedullary_sites": sites});
    assert_eq!(with_baseline(json!({}), now(json!(["SKIN"]))).0, "PD");
    assert_eq!(with_baseline(had(json!(["SKIN"])), now(json!(["SKIN"]))).0, "NR");
    assert_eq!(with_baseline(had(json!(["SKIN"])), now(json!(["SKIN", "TESTIS"]))).0, "PD");
    assert_eq!(with_baseline(had(json!(["SKIN", "TESTIS"])), now(json!(["SKIN"]))).0, "NR");
    let (category, missing) = with_baseline(had(json!(["SKIN"])), json!({"extramedullary_disease": true}));
    assert_eq!((category.as_str(), missing), ("not_evaluable", json!(["extramedullary_sites"])));
    let (category, missing) = with_baseline(had(json!([])), now(json!(["SKIN"])));
    assert_eq!((category.as_str(), missing), ("not_evaluable", json!(["baseline.extramedullary_sites"])));
    let (category, missing) = with_baseline(json!({"extramedullary_disease": null}), now(json!(["SKIN"])));
    assert_eq!((category.as_str(), missing), ("not_evaluable", json!(["baseline.extramedullary_disease"])));
    // Cleared in between, it is new again.
    let skin =
        json!({"marrow_blast_percent": 30, "extramedullary_disease": true, "extramedullary_sites": ["SKIN"]});
    let list = [
        day(&json!({"marrow_blast_percent": 30})),
        with(&day(&skin), &json!({"date": "2024-03-01"})),
        with(&day(&skin), &json!({"date": "2024-04-01"})),
    ];
    let mut three = case(&list);
    three["baseline"]["extramedullary_disease"] = json!(true);
    three["baseline"]["extramedullary_sites"] = json!(["SKIN"]);
    assert_eq!(categories(&run(&three)), ["NR", "PD", "NR"]);
}
