//! Cohort definitions: normal form, hash, and every fault with its place.

use cohort::CohortDefinition;
use serde_json::json;

fn faults(text: &str) -> Vec<(String, String)> {
    let faults = CohortDefinition::parse(text).unwrap_err().0;
    faults.into_iter().map(|f| (f.pointer.clone(), f.to_string())).collect()
}

fn one(text: &str) -> (String, String) {
    let all = faults(text);
    assert_eq!(all.len(), 1, "{all:?}");
    all[0].clone()
}

#[test]
fn the_empty_definition_is_every_first_infusion() {
    let empty = CohortDefinition::parse("{}").unwrap();
    assert_eq!(empty, CohortDefinition::default());
    assert_eq!(empty, CohortDefinition::from_json(&serde_json::Value::Null).unwrap());
    assert_eq!(empty.canonical(), r#"{"name":"all first infusions","infusion_number":1}"#);
}

#[test]
fn order_and_repetition_of_codes_do_not_change_the_hash() {
    let a = CohortDefinition::parse(r#"{"name":"x","disease":["NHL","MM","NHL"]}"#).unwrap();
    let b = CohortDefinition::parse(r#"{"disease":["MM","NHL"],"name":" x ","infusion_number":1}"#).unwrap();
    let c = CohortDefinition::parse(r#"{"name":"x","disease":["MM"]}"#).unwrap();
    assert_eq!(a.sha256(), b.sha256());
    assert_ne!(a.sha256(), c.sha256());
    assert_eq!(a.sha256().len(), 64);
}

#[test]
fn text_that_is_not_json_is_located() {
    assert!(one("{\n\"disease\": [}").1.contains("line 2 column"));
    assert!(one("[]").1.contains("not a JSON object"));
    assert!(one(r#"{"name":"a","name":"b"}"#).1.contains("duplicate field `name`"));
}

#[test]
fn unknown_members_and_wrong_types_are_all_reported_with_their_pointers() {
    let all = faults(r#"{"diseases":["NHL"],"age_min":"18","sex":"F","infusion_number":1}"#);
    let pointers: Vec<&str> = all.iter().map(|(p, _)| p.as_str()).collect();
    assert_eq!(pointers, ["/diseases", "/age_min", "/sex"]);
    assert!(all[0].1.contains("unknown field `diseases`") && all[0].1.contains("`disease`"), "{}", all[0].1);
    assert!(all[1].1.contains("\"18\""), "{}", all[1].1);
}

#[test]
fn values_out_of_bounds_are_all_reported() {
    let text = json!({
        "name": "  ",
        "disease": ["NHL", "B-All"],
        "product": [],
        "center": [""],
        "infusion_number": 0,
        "infused_from": "2024-02-30",
        "age_min": 121,
    });
    let all = faults(&text.to_string());
    let pointers: Vec<&str> = all.iter().map(|(p, _)| p.as_str()).collect();
    assert_eq!(
        pointers,
        ["/name", "/disease/1", "/product", "/center/0", "/infusion_number", "/infused_from", "/age_min"]
    );
    assert!(all[1].1.contains("did you mean B_ALL?"), "{}", all[1].1);
}

#[test]
fn both_sides_of_every_bound() {
    for (accepted, refused) in [
        (r#"{"infusion_number":9}"#, r#"{"infusion_number":10}"#),
        (r#"{"age_min":0,"age_max":120}"#, r#"{"age_max":121}"#),
        (r#"{"age_min":18,"age_max":18}"#, r#"{"age_min":19,"age_max":18}"#),
        (
            r#"{"infused_from":"2024-01-02","infused_to":"2024-01-02"}"#,
            r#"{"infused_from":"2024-01-02","infused_to":"2024-01-01"}"#,
        ),
    ] {
        assert!(CohortDefinition::parse(accepted).is_ok(), "{accepted}");
        assert!(CohortDefinition::parse(refused).is_err(), "{refused}");
    }
    assert_eq!(one(r#"{"age_min":5000000000}"#).0, "/age_min");
    assert_eq!(one(r#"{"infused_from":"2024-01"}"#).0, "/infused_from");
}

#[test]
fn the_example_definitions_are_accepted() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../definitions/cohorts");
    let mut read = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        CohortDefinition::parse(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        read += 1;
    }
    assert!(read >= 3);
}
