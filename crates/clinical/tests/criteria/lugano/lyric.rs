//! C2.3: LYRIC.

use super::{ct_case, ct_clean, pet_case, run, with};
use serde_json::{Value, json};

/// Two nodes of 40 x 30 and 20 x 10 mm, LYRIC on.
fn lyric(change: &Value, case: &Value) -> Value {
    let start = json!({"targets": [{"id": "A", "ldi_mm": 40, "sdi_mm": 30, "nodal": true},
        {"id": "B", "ldi_mm": 20, "sdi_mm": 10, "nodal": true}]});
    let targets = json!({"targets": [{"id": "A", "ldi_mm": 20, "sdi_mm": 10}, {"id": "B", "ldi_mm": 16, "sdi_mm": 10}]});
    let at = with(&ct_clean(&targets), change);
    let whole = with(&ct_case(&start, &[at]), &json!({"lyric": true, "infusion_date": "2024-01-01"}));
    let line = run(&with(&whole, case));
    let first = &line["result"]["assessments"][0];
    json!([first["category"], first["replaces"], line["missing"]])
}

#[test]
fn lyric_ir1_within_12_weeks() {
    // 1400 -> 2100 mm²: exactly +50 %.
    let grown = |sdi: f64| json!({"targets": [{"id": "A", "ldi_mm": 50, "sdi_mm": sdi}, {"id": "B", "ldi_mm": 10, "sdi_mm": 10}], "clinical_deterioration": false});
    let none = json!({});
    assert_eq!(lyric(&grown(40.0), &none), json!(["IR1", "PD", []]));
    // Below that the growing lesion is IR2.
    assert_eq!(lyric(&grown(39.9), &none), json!(["IR2", "PD", []]));
    assert_eq!(lyric(&grown(40.0), &json!({"lyric": null})), json!(["PD", null, []]));
    assert_eq!(
        lyric(&grown(40.0), &json!({"lyric": null, "parameters": {"lyric": true}})),
        json!(["IR1", "PD", []])
    );
    for (date, expected) in [("2024-03-25", "IR1"), ("2024-03-26", "PD")] {
        let late = with(&grown(40.0), &json!({"date": date}));
        assert_eq!(lyric(&late, &none)[0], expected, "{date}");
    }
    let early = with(&grown(40.0), &json!({"date": "2023-12-31"}));
    assert_eq!(lyric(&early, &none)[0], "PD");
    assert_eq!(
        lyric(
            &with(&grown(40.0), &json!({"date": "2024-03-26"})),
            &json!({"parameters": {"lyric_days": 85}})
        )[0],
        "IR1"
    );
    let worse = with(&grown(40.0), &json!({"clinical_deterioration": true}));
    assert_eq!(lyric(&worse, &none), json!(["PD", null, []]));
    let unsaid = with(&grown(40.0), &json!({"clinical_deterioration": null}));
    assert_eq!(lyric(&unsaid, &none), json!(["not_evaluable", "PD", ["clinical_deterioration"]]));
    assert_eq!(
        lyric(&grown(40.0), &json!({"infusion_date": null})),
        json!(["not_evaluable", "PD", ["infusion_date"]])
    );
}

#[test]
fn lyric_ir2_and_what_stands() {
    let none = json!({});
    assert_eq!(lyric(&json!({"new_lesions": true}), &none), json!(["IR2", "PD", []]));
    assert_eq!(lyric(&json!({"new_lesions": true, "date": "2025-01-01"}), &none), json!(["IR2", "PD", []]));
    // Without a target the sum cannot be told.
    let partial = json!({"new_lesions": true, "targets": [{"id": "A", "ldi_mm": 20, "sdi_mm": 10}]});
    assert_eq!(lyric(&partial, &none), json!(["not_evaluable", "PD", ["targets"]]));
    for cause in [json!({"non_target": "PROGRESSED"}), json!({"marrow": "NEW"}), json!({"spleen_mm": 160})] {
        assert_eq!(lyric(&cause, &none), json!(["PD", null, []]), "{cause}");
        assert_eq!(
            lyric(&with(&cause, &json!({"new_lesions": true})), &none),
            json!(["PD", null, []]),
            "{cause}"
        );
    }
    let unknown = json!({"new_lesions": true, "spleen_mm": null});
    assert_eq!(lyric(&unknown, &none), json!(["not_evaluable", "PD", ["spleen_mm"]]));
    // Responses are not touched.
    assert_eq!(lyric(&none, &none), json!(["PR", null, []]));
}

#[test]
fn lyric_on_pet() {
    let is = |change: Value| {
        let start = json!({"targets": [{"id": "A", "ldi_mm": 40, "sdi_mm": 30, "nodal": true}]});
        let base = json!({"deauville": 5, "uptake_change": "INCREASED", "targets": [{"id": "A", "ldi_mm": 40, "sdi_mm": 30}]});
        let case = with(
            &pet_case(&start, &with(&base, &change)),
            &json!({"lyric": true, "infusion_date": "2024-01-15"}),
        );
        let line = run(&case);
        let first = &line["result"]["assessments"][0];
        json!([first["category"], first["replaces"], line["missing"]])
    };
    assert_eq!(is(json!({})), json!(["IR3", "PMD", []]));
    // IR1 and IR2 go before IR3.
    assert_eq!(is(json!({"new_lesions": true})), json!(["IR2", "PMD", []]));
    let larger = json!({"targets": [{"id": "A", "ldi_mm": 50, "sdi_mm": 36}], "clinical_deterioration": "N"});
    assert_eq!(is(larger.clone()), json!(["IR1", "PMD", []]));
    assert_eq!(is(with(&larger, &json!({"date": "2024-06-01"}))), json!(["PMD", null, []]));
    assert_eq!(is(json!({"marrow": "NEW"})), json!(["PMD", null, []]));
    assert_eq!(is(json!({"targets": null})), json!(["not_evaluable", "PMD", ["targets"]]));
    assert_eq!(is(json!({"new_lesions": "UNK"})), json!(["not_evaluable", "PMD", ["new_lesions"]]));
    assert_eq!(is(json!({"deauville": 2})), json!(["CMR", null, []]));
}
