//! C2.3: growth, response and absences by CT.

use super::{categories, ct, ct_case, ct_clean, ct_is, names, new_lesion, node, run, spleen, with};
use serde_json::{Value, json};

#[test]
fn i3_5_vectors() {
    assert_eq!(node((15.0, 10.0), (16.0, 14.0)), "SD");
    assert_eq!(node((15.0, 10.0), (20.0, 12.0)), "PD");
    assert_eq!(node((30.0, 20.0), (38.0, 24.0)), "SD");
    assert_eq!((spleen(150.0, 160.0).as_str(), spleen(150.0, 161.0).as_str()), ("SD", "PD"));
    assert_eq!((spleen(170.0, 150.0).as_str(), spleen(170.0, 149.0).as_str()), ("SD", "PR"));
    let node = |size: i32| new_lesion(&json!({"kind": "nodal", "size_mm": size}));
    assert_eq!((node(15).as_str(), node(16).as_str()), ("CR", "PD"));
}

#[test]
fn c2_3_growth_thresholds() {
    // (a) longest diameter above 15 mm.
    assert_eq!(node((9.0, 5.0), (15.0, 15.0)), "CR");
    assert_eq!(node((9.0, 5.0), (15.1, 15.0)), "PD");
    // (a) product up by at least 50 %.
    assert_eq!(node((20.0, 20.0), (25.0, 24.0)), "PD");
    assert_eq!(node((20.0, 20.0), (25.0, 23.9)), "SD");
    // (a) at most 20 mm at nadir: 5 mm in either diameter.
    assert_eq!(node((20.0, 10.0), (25.0, 13.0)), "PD");
    assert_eq!(node((20.0, 10.0), (24.9, 14.9)), "SD");
    assert_eq!(node((20.0, 10.0), (20.0, 15.0)), "PD");
    // (a) above 20 mm at nadir: 10 mm in either diameter.
    assert_eq!(node((20.1, 10.0), (25.1, 19.9)), "SD");
    assert_eq!(node((20.1, 10.0), (20.1, 20.0)), "PD");
    assert_eq!(node((20.1, 10.0), (30.1, 10.1)), "PD");
    assert_eq!(node((20.1, 10.0), (30.0, 10.1)), "SD");
}

#[test]
fn growth_counts_from_the_nadir() {
    let at = |date: &str, l: f64, s: f64| {
        ct_clean(&json!({"date": date, "targets": [{"id": "A", "ldi_mm": l, "sdi_mm": s}]}))
    };
    let case = ct_case(&json!({}), &[at("2024-04-01", 26.0, 18.0), at("2024-02-01", 18.0, 14.0)]);
    let line = run(&case);
    // 26 x 18 is far below baseline but 86 % and 8 mm above the nadir of 18 x 14, a lesion of at most 20 mm.
    assert_eq!(categories(&line), ["PR", "PD"]);
    let result = &line["result"];
    assert_eq!(result["best"], "PR");
    assert_eq!(result["progression_date"], "2024-04-01");
    assert_eq!(result["assessments"][1]["deciding_rule"], "lugano.ct.pd_growth");
    assert_eq!(result["assessments"][1]["spd_nadir_mm2"], 252.0);
    assert_eq!(result["assessments"][1]["spd_mm2"], 468.0);
    assert_eq!(result["assessments"][1]["spd_change_percent"], -61.0);
    // What is measured later is no nadir of what came before.
    let line = run(&ct_case(&json!({}), &[at("2024-02-01", 26.0, 18.0), at("2024-04-01", 18.0, 14.0)]));
    assert_eq!(categories(&line), ["PR", "PR"]);
    // Each diameter has a nadir of its own.
    let case = ct_case(
        &json!({}),
        &[at("2024-02-01", 24.0, 8.0), at("2024-03-01", 22.0, 12.0), at("2024-04-01", 23.0, 18.0)],
    );
    assert_eq!(categories(&run(&case)), ["PR", "PR", "PD"]);
}

#[test]
fn c2_3_sizes_by_default() {
    let lesion = |row: Value| {
        let line = run(&ct_case(&json!({}), &[ct_clean(&json!({"targets": [row]}))]));
        line["result"]["assessments"][0]["spd_mm2"].as_f64()
    };
    assert_eq!(lesion(json!({"id": "A", "too_small": true})), Some(25.0));
    assert_eq!(lesion(json!({"id": "A", "too_small": "Y"})), Some(25.0));
    assert_eq!(lesion(json!({"id": "A", "not_visible": true})), Some(0.0));
    assert_eq!(lesion(json!({"id": "A", "ldi_mm": 14, "sdi_mm": 11})), Some(154.0));
    assert_eq!(lesion(json!({"id": "A", "ldi_cm": 1.4, "sdi_cm": 1.1})).map(f64::round), Some(154.0));
    assert_eq!(lesion(json!({"id": "A", "ldi_mm": 0})), Some(0.0));
    assert_eq!(lesion(json!({"id": "A", "ldi_mm": 14})), None);
    // An extranodal lesion that is merely too small is not gone.
    let extranodal = json!({"targets": [{"id": "A", "ldi_mm": 40, "sdi_mm": 30, "kind": "extranodal"}]});
    assert_eq!(ct_is(&extranodal, &json!({"targets": [{"id": "A", "too_small": true}]})), "PR");
    assert_eq!(ct_is(&extranodal, &json!({"targets": [{"id": "A", "not_visible": true}]})), "CR");
    assert_eq!(ct_is(&json!({}), &json!({"targets": [{"id": "A", "too_small": true}]})), "CR");
}

#[test]
fn c2_3_complete_response_needs_each_part() {
    assert_eq!(ct_is(&json!({}), &json!({})), "CR");
    let target = |l: f64| json!({"targets": [{"id": "A", "ldi_mm": l, "sdi_mm": 5}]});
    assert_eq!(
        (ct_is(&json!({}), &target(15.0)), ct_is(&json!({}), &target(15.1))),
        ("CR".into(), "PR".into())
    );
    assert_eq!(ct_is(&json!({}), &json!({"non_target": "REGRESSED"})), "PR");
    assert_eq!(ct_is(&json!({}), &json!({"marrow": "REDUCED"})), "PR");
    assert_eq!(ct_is(&json!({}), &json!({"marrow": "INDETERMINATE", "marrow_ihc_negative": true})), "CR");
    assert_eq!(ct_is(&json!({}), &json!({"marrow": "INDETERMINATE", "marrow_ihc_negative": "N"})), "PR");
    let (category, missing) = ct(&json!({}), &json!({"marrow": "INDETERMINATE"}));
    assert_eq!((category.as_str(), names(&missing)), ("not_evaluable", vec!["marrow_ihc_negative"]));
    let spleen = |now: f64| ct_is(&json!({"spleen_mm": 200}), &json!({"spleen_mm": now}));
    assert_eq!((spleen(130.0), spleen(130.1)), ("CR".into(), "PR".into()));
    // Every target counts.
    let two = json!({"targets": [{"id": "A", "ldi_mm": 40, "sdi_mm": 30, "nodal": true},
        {"id": "B", "ldi_mm": 30, "sdi_mm": 30, "nodal": false}]});
    let now =
        |b: Value| json!({"targets": [{"id": "B", "ldi_mm": b}, {"id": "A", "ldi_mm": 10, "sdi_mm": 10}]});
    assert_eq!(ct_is(&two, &now(json!(0))), "CR");
    assert_eq!(ct(&two, &now(json!(5))), ("not_evaluable".into(), json!(["targets.sdi_mm"])));
}

#[test]
fn c2_3_partial_response() {
    let half = |l: f64, s: f64| json!({"targets": [{"id": "A", "ldi_mm": l, "sdi_mm": s}]});
    assert_eq!(
        (ct_is(&json!({}), &half(30.0, 20.0)), ct_is(&json!({}), &half(30.0, 20.1))),
        ("PR".into(), "SD".into())
    );
    for (state, expected) in [("ABSENT", "PR"), ("REGRESSED", "PR"), ("STABLE", "PR"), ("PROGRESSED", "PD")] {
        assert_eq!(
            ct_is(&json!({}), &with(&half(20.0, 20.0), &json!({"non_target": state}))),
            expected,
            "{state}"
        );
    }
    let mut case =
        ct_case(&json!({}), &[ct_clean(&with(&half(20.0, 20.0), &json!({"non_target": "STABLE"})))]);
    case["parameters"] = json!({"pr_allows_stable_non_target": false});
    assert_eq!(categories(&run(&case)), ["SD"]);
    case["assessments"][0]["non_target"] = json!("REGRESSED");
    assert_eq!(categories(&run(&case)), ["PR"]);
    // Marrow is not part of a partial response.
    assert_eq!(ct_is(&json!({}), &with(&half(20.0, 20.0), &json!({"marrow": null}))), "PR");
    assert_eq!(ct_is(&json!({}), &with(&half(20.0, 20.0), &json!({"marrow": "UNCHANGED"}))), "PR");
}

#[test]
fn absence_is_never_normal() {
    for (absent, name) in [
        ("non_target", "non_target"),
        ("new_lesions", "new_lesions"),
        ("spleen_mm", "spleen_mm"),
        ("marrow", "marrow"),
        ("targets", "targets"),
    ] {
        let (category, missing) = ct(&json!({}), &json!({absent: null}));
        assert_eq!((category.as_str(), names(&missing)), ("not_evaluable", vec![name]), "{absent}");
    }
    for (absent, name) in [("spleen_mm", "baseline.spleen_mm"), ("targets", "baseline.targets")] {
        let change = if absent == "targets" { json!({"targets": null}) } else { json!({}) };
        let (category, missing) = ct(&json!({absent: null}), &change);
        assert_eq!((category.as_str(), names(&missing)), ("not_evaluable", vec![name]), "{absent}");
    }
    let kindless = json!({"targets": [{"id": "A", "ldi_mm": 40, "sdi_mm": 30}]});
    assert_eq!(ct(&kindless, &json!({})), ("not_evaluable".into(), json!(["baseline.targets.nodal"])));
    // The kind does not matter to a lesion that is gone or too large to be normal.
    assert_eq!(ct_is(&kindless, &json!({"targets": [{"id": "A", "not_visible": true}]})), "CR");
    assert_eq!(ct_is(&kindless, &json!({"targets": [{"id": "A", "ldi_mm": 16, "sdi_mm": 5}]})), "PR");
    let large = json!({"targets": [{"id": "A", "ldi_mm": 16, "sdi_mm": 5}], "spleen_mm": null});
    assert_eq!(ct(&kindless, &large), ("not_evaluable".into(), json!(["spleen_mm"])));
    let gone = ct_clean(&json!({"targets": [{"id": "A", "not_visible": true}]}));
    let back = |ldi: f64| {
        ct_clean(&json!({"date": "2024-03-01", "targets": [{"id": "A", "ldi_mm": ldi, "sdi_mm": 5}]}))
    };
    let line = run(&ct_case(&kindless, &[gone.clone(), back(12.0)]));
    assert_eq!(categories(&line), ["CR", "not_evaluable"]);
    assert_eq!(line["missing"], json!(["baseline.targets.nodal"]));
    assert_eq!(categories(&run(&ct_case(&kindless, &[gone, back(16.0)]))), ["CR", "PD"]);
    let still = |date: &str, spleen: Value| {
        with(
            &ct_clean(&json!({"targets": [{"id": "A", "not_visible": true}]})),
            &json!({"date": date, "spleen_mm": spleen}),
        )
    };
    let line = run(&ct_case(&kindless, &[still("2024-02-01", json!(120)), still("2024-03-01", Value::Null)]));
    assert_eq!(line["missing"], json!(["spleen_mm"]));
    // Baseline without them makes later statements unnecessary.
    assert_eq!(ct_is(&json!({"marrow": "NORMAL"}), &json!({"marrow": null})), "CR");
    assert_eq!(ct_is(&json!({"marrow": "UNCHANGED"}), &json!({"marrow": null})), "not_evaluable");
    assert_eq!(ct_is(&json!({"non_target": "ABSENT"}), &json!({"non_target": null})), "CR");
    assert_eq!(ct_is(&json!({"non_target": "STABLE"}), &json!({"non_target": null})), "not_evaluable");
    // No measurable target at all is something known.
    assert_eq!(ct_is(&json!({"targets": []}), &json!({"targets": []})), "CR");
    assert_eq!(ct_is(&json!({"targets": []}), &json!({"targets": [], "non_target": "STABLE"})), "SD");
}

#[test]
fn a_missing_target_withholds_all_but_progression() {
    let two = json!({"targets": [{"id": "A", "ldi_mm": 40, "sdi_mm": 30, "nodal": true},
        {"id": "B", "ldi_mm": 18, "sdi_mm": 10, "nodal": true}]});
    assert_eq!(ct(&two, &json!({})), ("not_evaluable".into(), json!(["targets"])));
    assert_eq!(ct_is(&two, &json!({"targets": [{"id": "B", "ldi_mm": 25, "sdi_mm": 14}]})), "PD");
    assert_eq!(ct_is(&two, &json!({"new_lesions": true})), "PD");
    let line = run(&ct_case(&two, &[ct_clean(&json!({}))]));
    assert_eq!(line["result"]["assessments"][0]["spd_mm2"], Value::Null);
    assert_eq!(line["missing_at"], json!([{"date": "2024-02-01", "name": "targets"}]));
}
