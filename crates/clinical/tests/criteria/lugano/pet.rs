//! C2.1, C2.2: PET-CT.

use super::{categories, names, pet_case, run};
use serde_json::{Value, json};

fn pet(change: &Value) -> (String, Value) {
    let line = run(&pet_case(&json!({}), change));
    (categories(&line).remove(0), line["missing"].clone())
}

#[test]
fn c2_2_pet_table() {
    let is = |change: Value| pet(&change).0;
    for score in [json!(1), json!(2), json!(3), json!("3")] {
        assert_eq!(is(json!({"deauville": score})), "CMR", "{score}");
        // Uptake that rose but stays at the liver is complete all the same.
        assert_eq!(is(json!({"deauville": score, "uptake_change": "INCREASED"})), "CMR");
    }
    for score in [json!(4), json!("5")] {
        assert_eq!(is(json!({"deauville": score, "uptake_change": "REDUCED"})), "PMR");
        assert_eq!(is(json!({"deauville": score, "uptake_change": "UNCHANGED"})), "NMR");
        assert_eq!(is(json!({"deauville": score, "uptake_change": "INCREASED"})), "PMD");
        assert_eq!(pet(&json!({"deauville": score})), ("not_evaluable".into(), json!(["uptake_change"])));
    }
    // A score of 5 may be due to new lesions alone.
    assert_eq!(is(json!({"deauville": 5, "uptake_change": "REDUCED", "new_lesions": true})), "PMD");
    assert_eq!(is(json!({"deauville": 5, "new_lesions": [{"kind": "nodal", "size_mm": 8}]})), "PMD");
    assert_eq!(is(json!({"deauville": 2, "new_lesions": true})), "PMD");
    assert_eq!(is(json!({"new_lesions": true})), "PMD");
    assert_eq!(is(json!({"deauville": 2, "new_lesions": [{"unequivocal": false}]})), "CMR");
    assert_eq!(
        pet(&json!({"deauville": 2, "new_lesions": null})),
        ("not_evaluable".into(), json!(["new_lesions"]))
    );
    assert_eq!(
        pet(&json!({"deauville": 4, "new_lesions": null})),
        ("not_evaluable".into(), json!(["new_lesions", "uptake_change"]))
    );
    assert_eq!(is(json!({"deauville": 2, "new_lesions": false})), "CMR");
    // Physiologic uptake.
    assert_eq!(is(json!({"deauville": 4, "physiologic_uptake": true, "uptake_change": "INCREASED"})), "CMR");
    assert_eq!(is(json!({"deauville": 4, "physiologic_uptake": false, "uptake_change": "REDUCED"})), "PMR");
}

#[test]
fn c2_1_score_x_tells_only_of_the_new_uptake() {
    assert_eq!(
        pet(&json!({"deauville": "X", "new_lesions": null})),
        ("not_evaluable".into(), json!(["deauville", "new_lesions", "uptake_change"]))
    );
    assert_eq!(
        pet(&json!({"deauville": "x"})),
        ("not_evaluable".into(), json!(["deauville", "uptake_change"]))
    );
    // A bare "new lesions" beside X may be that same uptake.
    let (category, missing) = pet(&json!({"deauville": "X", "new_lesions": true}));
    assert_eq!(category, "not_evaluable");
    assert!(names(&missing).contains(&"new_lesions.unequivocal"));
    assert_eq!(pet(&json!({"deauville": "X", "new_lesions": [{"unequivocal": true}]})).0, "PMD");
    assert_eq!(pet(&json!({"deauville": "X", "new_lesions": [{}]})).0, "not_evaluable");
    assert_eq!(pet(&json!({"deauville": "X", "uptake_change": "REDUCED"})).0, "not_evaluable");
}

#[test]
fn c2_2_marrow() {
    let is = |change: Value| pet(&change);
    assert_eq!(is(json!({"deauville": 2, "marrow": "NEW"})).0, "PMD");
    assert_eq!(is(json!({"deauville": 2, "marrow": "NORMAL"})).0, "CMR");
    assert_eq!(is(json!({"deauville": 2, "marrow": "REDUCED"})), ("not_evaluable".into(), json!(["marrow"])));
    assert_eq!(
        is(json!({"deauville": 2, "marrow": "INDETERMINATE"})),
        ("not_evaluable".into(), json!(["marrow"]))
    );
    assert_eq!(is(json!({"deauville": 4, "uptake_change": "REDUCED", "marrow": "REDUCED"})).0, "PMR");
    assert_eq!(is(json!({"deauville": 4, "uptake_change": "REDUCED", "marrow": "UNCHANGED"})).0, "NMR");
    assert_eq!(is(json!({"deauville": 4, "uptake_change": "UNCHANGED", "marrow": "REDUCED"})).0, "NMR");
    // Involved at baseline, the marrow must be told of apart.
    let involved = |marrow: &str| run(&pet_case(&json!({"marrow": marrow}), &json!({"deauville": 2})));
    assert_eq!(categories(&involved("REDUCED")), ["not_evaluable"]);
    assert_eq!(involved("REDUCED")["missing"], json!(["marrow"]));
    assert_eq!(categories(&involved("NORMAL")), ["CMR"]);
}
