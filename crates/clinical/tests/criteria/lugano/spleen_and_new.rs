//! C2.3: spleen, new lesions, regrowth, non-measured lesions, marrow.

use super::{categories, ct, ct_case, ct_clean, ct_is, fault, new_lesion, run, spleen, with};
use serde_json::{Value, json};

#[test]
fn c2_3_spleen() {
    // Enlarged: more than half of the excess.
    assert_eq!((spleen(150.0, 160.0), spleen(150.0, 160.1)), ("SD".into(), "PD".into()));
    let cm = |now: f64| {
        ct_is(&json!({"spleen_mm": null, "spleen_cm": 15.0}), &json!({"spleen_mm": null, "spleen_cm": now}))
    };
    assert_eq!((cm(16.0), cm(16.1)), ("SD".into(), "PD".into()));
    // Normal: 2 cm.
    assert_eq!((spleen(120.0, 139.9), spleen(120.0, 140.0)), ("PR".into(), "PD".into()));
    assert_eq!(spleen(130.0, 149.9), "PR");
    assert_eq!(spleen(130.0, 150.0), "PD");
    // At 130.1 it is enlarged, and half of so little is soon exceeded.
    assert_eq!(spleen(130.1, 130.2), "PD");
    assert_eq!(spleen(130.1, 130.1), "SD");
    // Deepest response with a spleen that shrank too little is stable disease.
    assert_eq!((spleen(170.0, 150.0), spleen(170.0, 149.9)), ("SD".into(), "PR".into()));
}

#[test]
fn c2_3_new_splenomegaly_has_three_readings() {
    let by = |reading: &str, baseline: f64, now: f64| {
        let mut case = ct_case(&json!({"spleen_mm": baseline}), &[ct_clean(&json!({"spleen_mm": now}))]);
        case["parameters"] = json!({"new_splenomegaly": reading});
        categories(&run(&case)).remove(0) == "PD"
    };
    let all = |baseline: f64, now: f64| {
        ["two_centimetres", "two_centimetres_and_enlarged", "enlarged"].map(|r| by(r, baseline, now))
    };
    assert_eq!(all(100.0, 120.0), [true, false, true]);
    assert_eq!(all(120.0, 131.0), [false, false, true]);
    assert_eq!(all(120.0, 130.0), [false, false, false]);
    assert_eq!(all(115.0, 135.0), [true, true, true]);
    assert_eq!(all(110.0, 130.0), [true, false, true]);
    let default = run(&ct_case(&json!({}), &[]));
    assert_eq!(default["result"]["parameters"]["new_splenomegaly"], "two_centimetres");
}

#[test]
fn c2_3_recurrent_splenomegaly_counts_from_the_smallest() {
    let at = |date: &str, spleen: f64| ct_clean(&json!({"date": date, "spleen_mm": spleen}));
    let three = |last: f64| {
        let case = ct_case(&json!({"spleen_mm": 180}), &[at("2024-02-01", 125.0), at("2024-03-01", last)]);
        categories(&run(&case)).remove(1)
    };
    assert_eq!((three(144.9), three(145.0)), ("PR".into(), "PD".into()));
    // Never normal since: counted from baseline by default, from the smallest as the other reading.
    let case = ct_case(&json!({"spleen_mm": 180}), &[at("2024-02-01", 140.0), at("2024-03-01", 150.0)]);
    assert_eq!(categories(&run(&case)), ["PR", "PR"]);
    let mut nadir = case.clone();
    nadir["parameters"] = json!({"spleen_reference": "nadir"});
    assert_eq!(categories(&run(&nadir)), ["PR", "PD"]);
    nadir["assessments"][1]["spleen_mm"] = json!(145);
    assert_eq!(categories(&run(&nadir)), ["PR", "PR"]);
}

#[test]
fn spleen_normal_is_a_parameter() {
    let mut case = ct_case(&json!({}), &[ct_clean(&json!({"spleen_mm": 125}))]);
    case["parameters"] = json!({"spleen_normal_mm": 120.0});
    assert_eq!(categories(&run(&case)), ["PR"]);
    case["parameters"] = json!({"spleen_normal_mm": 12.0});
    assert_eq!(fault(&case).pointer, "/parameters/spleen_normal_mm");
}

#[test]
fn c2_3_new_lesions() {
    let is_pd = |lesion: Value| new_lesion(&lesion) == "PD";
    assert!(
        is_pd(json!({"kind": "nodal", "size_mm": 15.1})) && !is_pd(json!({"kind": "nodal", "size_mm": 15}))
    );
    assert!(is_pd(json!({"nodal": false, "ldi_mm": 10.1})) && !is_pd(json!({"nodal": false, "ldi_mm": 10})));
    assert!(!is_pd(json!({"kind": "extranodal", "size_mm": 6, "unequivocal": false})));
    assert!(is_pd(json!({"kind": "extranodal", "size_mm": 6, "unequivocal": "Y"})));
    assert!(is_pd(json!({"kind": "nodal", "size_mm": 12, "unequivocal": true})));
    assert!(is_pd(json!({"unequivocal": true})));
    assert!(is_pd(json!({"size_cm": 1.6})) && is_pd(json!({"kind": "extranodal", "size_cm": 1.1})));
    assert_eq!(new_lesion(&json!({"size_mm": 10})), "CR");
    assert_eq!(
        ct(&json!({}), &json!({"new_lesions": [{"size_mm": 12}]})),
        ("not_evaluable".into(), json!(["new_lesions.kind"]))
    );
    assert_eq!(
        ct(&json!({}), &json!({"new_lesions": [{"kind": "nodal"}]})),
        ("not_evaluable".into(), json!(["new_lesions.size_mm"]))
    );
    // Any of several.
    let two = json!({"new_lesions": [{"kind": "nodal", "size_mm": 12}, {"kind": "nodal", "size_mm": 22}]});
    assert_eq!(ct_is(&json!({}), &two), "PD");
    // As a flag.
    for (flag, expected) in [
        (json!(true), "PD"),
        (json!("Y"), "PD"),
        (json!(false), "CR"),
        (json!("N"), "CR"),
        (json!("UNK"), "not_evaluable"),
    ] {
        assert_eq!(ct_is(&json!({}), &json!({"new_lesions": flag})), expected, "{flag}");
    }
}

#[test]
fn c2_3_regrowth_of_a_resolved_lesion() {
    let then = |kind: &str, first: Value, last: Value| {
        let row = |date: &str, row: &Value| {
            ct_clean(&json!({"date": date, "targets": [with(row, &json!({"id": "A"}))]}))
        };
        let start = json!({"targets": [{"id": "A", "ldi_mm": 40, "sdi_mm": 30, "kind": kind}]});
        let line = run(&ct_case(&start, &[row("2024-02-01", &first), row("2024-03-01", &last)]));
        let second = &line["result"]["assessments"][1];
        (
            second["category"].as_str().unwrap().to_owned(),
            second["deciding_rule"].as_str().unwrap().to_owned(),
        )
    };
    let gone = json!({"not_visible": true});
    assert_eq!(
        then("extranodal", gone.clone(), json!({"ldi_mm": 11, "sdi_mm": 5})).1,
        "lugano.ct.pd_regrowth"
    );
    assert_eq!(then("extranodal", gone.clone(), json!({"ldi_mm": 10, "sdi_mm": 5})).0, "PR");
    assert_eq!(
        then("extranodal", gone.clone(), json!({"ldi_mm": 4, "sdi_mm": 4, "unequivocal": true})).0,
        "PD"
    );
    assert_eq!(then("nodal", gone.clone(), json!({"ldi_mm": 15, "sdi_mm": 15})).0, "CR");
    assert_eq!(then("nodal", gone.clone(), json!({"ldi_mm": 16, "sdi_mm": 3})).1, "lugano.ct.pd_regrowth");
    // Normal in size or too small to measure is not gone.
    assert_eq!(then("extranodal", json!({"too_small": true}), json!({"ldi_mm": 11, "sdi_mm": 11})).0, "PR");
    assert_eq!(
        then("nodal", json!({"ldi_mm": 14, "sdi_mm": 12}), json!({"ldi_mm": 16, "sdi_mm": 12})).0,
        "PR"
    );
    assert_eq!(then("nodal", gone.clone(), gone).0, "CR");
}

#[test]
fn c2_3_non_target_and_marrow_progression() {
    for (change, rule) in [
        (json!({"non_target": "PROGRESSED"}), "lugano.ct.pd_non_target"),
        (json!({"marrow": "NEW"}), "lugano.ct.pd_marrow"),
        (json!({"new_lesions": true}), "lugano.ct.pd_new"),
        (json!({"spleen_mm": 140}), "lugano.ct.pd_spleen"),
    ] {
        let line = run(&ct_case(&json!({}), &[ct_clean(&change)]));
        assert_eq!(line["result"]["assessments"][0]["category"], "PD", "{change}");
        assert_eq!(line["result"]["assessments"][0]["deciding_rule"], rule);
        assert_eq!(line["missing"], json!([]));
    }
}
