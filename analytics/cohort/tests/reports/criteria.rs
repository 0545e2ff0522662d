//! Criteria of cohorts: nested, over records and windows; index events; lint; every fault with its place.

use crate::fixture::{Registry, day};
use clinical::codes::Disease;
use clinical::forms::survival_status::Status;
use cohort::definition::lint::{lint, lint_on};
use cohort::definition::schema::schema;
use cohort::{Cohort, CohortDefinition, Scope, Snapshot};
use serde_json::{Value, json};

fn faults(definition: &Value) -> Vec<(String, String)> {
    let faults = CohortDefinition::from_json(definition).unwrap_err().0;
    faults.into_iter().map(|f| (f.pointer.clone(), f.to_string())).collect()
}

fn one_fault(definition: &Value) -> (String, String) {
    let all = faults(definition);
    assert_eq!(all.len(), 1, "{all:?}");
    all[0].clone()
}

/// Three subjects infused on fixture day 100: P1 stage IV, two lines, an infection on day -10; P2 stage unknown, an infection
/// on day 5; P3 myeloma with del(17p), no infection.
fn registry() -> Registry {
    let mut r = Registry::new();
    for id in ["P1", "P2", "P3"] {
        r.subject("AA-01", id, 100, "axi-cel");
    }
    r.rows.retain(|(_, record)| record.form().name != "disease");
    r.record("AA-01", "disease", &json!({"patient_id": "P1", "disease": "NHL", "stage_system": "ANN_ARBOR", "stage": "IV", "prior_lines": 2}));
    r.record("AA-01", "disease", &json!({"patient_id": "P2", "disease": "NHL", "prior_lines": 5}));
    r.record("AA-01", "disease", &json!({"patient_id": "P3", "disease": "MM", "stage_system": "R_ISS", "stage": "III", "prior_lines": 3}));
    r.record(
        "AA-01",
        "myeloma_baseline",
        &json!({"patient_id": "P3", "high_risk_fish": ["DEL17P", "GAIN_1Q"]}),
    );
    r.record("AA-01", "nhl_baseline", &json!({"patient_id": "P1", "histology": "HGBCL_DH_TH"}));
    r.record("AA-01", "prior_line", &json!({"patient_id": "P1", "line_number": 1, "drug_classes": ["CD20", "ANTHRACYCLINE"], "is_bridging": false}));
    r.record(
        "AA-01",
        "prior_line",
        &json!({"patient_id": "P2", "line_number": 1, "drug_classes": ["CD20"], "is_bridging": true}),
    );
    r.record("AA-01", "prior_hct", &json!({"patient_id": "P3", "hct_number": 1, "hct_type": "AUTO"}));
    for (id, on, grade) in [("P1", 90, 3), ("P2", 105, 2)] {
        r.record("AA-01", "infection", &json!({"patient_id": id, "infusion_number": 1, "episode_number": 1, "onset_date": day(on).to_string(),
            "site": "LUNG", "pathogen_class": "VIRUS", "ctcae_grade": grade}));
    }
    r
}

fn select_from(registry: &Registry, definition: &Value) -> (Vec<String>, Cohort) {
    let directory = registry.write(3);
    let snapshot = Snapshot::open(directory.path(), Scope::everything()).unwrap();
    let definition = CohortDefinition::from_json(definition).unwrap();
    let cohort = Cohort::select(&snapshot, &definition).unwrap();
    (cohort::columns::texts(&cohort.subjects, "patient_id").unwrap().into_iter().flatten().collect(), cohort)
}

fn select(definition: &Value) -> Vec<String> {
    select_from(&registry(), definition).0
}

#[test]
fn baseline_members() {
    assert_eq!(select(&json!({"stage": ["IV"]})), ["P1"]);
    assert_eq!(select(&json!({"stage": ["III", "IV"], "stage_system": ["R_ISS"]})), ["P3"]);
    assert_eq!(select(&json!({"prior_lines": {"min": 3}})), ["P2", "P3"]);
    assert_eq!(select(&json!({"prior_lines_max": 2})), ["P1"]);
    // The third line is the one after two.
    assert_eq!(select(&json!({"line": 3})), ["P1"]);
    assert_eq!(select(&json!({"high_risk": ["DEL17P"]})), ["P3"]);
    assert_eq!(select(&json!({"high_risk": ["DOUBLE_HIT", "R_ISS_III"]})), ["P1", "P3"]);
    // A bridging treatment is no line.
    assert_eq!(select(&json!({"prior_therapy": ["CD20"]})), ["P1"]);
    assert_eq!(
        select(&json!({"prior_therapy": {"all": ["CD20", "ANTHRACYCLINE"], "none": ["HCT_AUTO"]}})),
        ["P1"]
    );
    assert_eq!(select(&json!({"prior_therapy": {"none": ["CD20"]}})), ["P2", "P3"]);
    assert_eq!(select(&json!({"prior_therapy": {"any": ["HCT_AUTO"]}})), ["P3"]);
    assert_eq!(
        select(&json!({"age": {"min": 60, "max": 70}, "period": {"from": day(100).to_string()}})).len(),
        3
    );
}

#[test]
fn what_is_not_recorded_is_neither_in_nor_out() {
    let (ids, cohort) =
        select_from(&registry(), &json!({"criteria": {"none": [{"field": "disease.stage", "in": ["IV"]}]}}));
    assert_eq!(ids, ["P3"]);
    let step = &cohort.attrition[1];
    assert_eq!((step.before, step.after, step.unknown), (3, 1, 1));
    assert_eq!(select(&json!({"criteria": {"field": "disease.stage", "known": false}})), ["P2"]);
    // P3 has no lymphoma baseline because it has no lymphoma; P2's is missing.
    let (ids, cohort) = select_from(
        &registry(),
        &json!({"criteria": {"none": [{"field": "nhl_baseline.histology", "in": ["HGBCL_DH_TH"]}]}}),
    );
    assert_eq!((ids, cohort.attrition[1].unknown), (vec!["P3".to_owned()], 1));
}

#[test]
fn events_within_a_window() {
    let infection = |window: Value| json!({"form": "infection", "window": window});
    let has = |window: Value| select(&json!({"criteria": [{"has": infection(window)}]}));
    assert_eq!(has(json!({"from": -10, "to": 0})), ["P1"]);
    assert_eq!(has(json!({"from": -9, "to": 0})), Vec::<String>::new());
    assert_eq!(has(json!({"from": 0})), ["P2"]);
    assert_eq!(has(json!({"from": -10, "to": 5})), ["P1", "P2"]);
    assert_eq!(has(json!({"to": 4})), ["P1"]);
    assert_eq!(
        select(&json!({"criteria": [{"has_not": infection(json!({"from": -30, "to": 0}))}]})),
        ["P2", "P3"]
    );
    let severe = json!({"has": {"form": "infection", "where": {"ctcae_grade": {"min": 3}, "pathogen_class": ["VIRUS"]}}});
    assert_eq!(select(&json!({"criteria": severe})), ["P1"]);
    assert_eq!(
        select(&json!({"criteria": {"has": {"form": "infection", "at_least": 2}}})),
        Vec::<String>::new()
    );
}

#[test]
fn nested_and_named_criteria() {
    let definition = json!({
        "definitions": {
            "infected": {"has": {"form": "infection"}},
            "lymphoma or infected": {"any": [{"ref": "infected"}, {"field": "disease.disease", "in": ["NHL"]}]},
        },
        "criteria": [{"none": [{"ref": "lymphoma or infected"}]}],
    });
    assert_eq!(select(&definition), ["P3"]);
    // What a name stands for is what is hashed, not the name.
    let plain = json!({"criteria": [{"none": [{"any": [{"has": {"form": "infection"}}, {"field": "disease.disease", "in": ["NHL"]}]}]}]});
    let sha = |d: &Value| CohortDefinition::from_json(d).unwrap().sha256();
    assert_eq!(sha(&definition), sha(&plain));
    assert_ne!(sha(&plain), sha(&json!({})));
}

#[test]
fn a_definition_that_leads_back_to_itself_is_refused() {
    let (place, text) = one_fault(&json!({"definitions": {"a": {"any": [{"ref": "a"}]}}}));
    assert_eq!(place, "/definitions/a/any/0/ref");
    assert!(text.contains("a → a"), "{text}");
    let all = faults(&json!({
        "definitions": {"a": {"all": [{"ref": "b"}]}, "b": {"none": [{"ref": "a"}]}},
        "criteria": {"ref": "a"},
    }));
    assert!(!all.is_empty() && all.iter().all(|(_, text)| text.contains("leads back to itself")), "{all:?}");
    assert_eq!(one_fault(&json!({"criteria": {"ref": "x"}})).0, "/criteria/ref");
}

#[test]
fn every_fault_has_its_place() {
    let all = faults(&json!({
        "criteria": [
            {"has": {"form": "infektion"}},
            {"has": {"form": "infection", "where": {"grade": 3, "pathogen_class": ["VIRAL"]}, "window": {"from": 10, "to": 9}}},
            {"any": []},
            {"field": "disease.stages", "in": ["IV"]},
            {"field": "laboratory.value", "min": 1},
            {},
            {"has": {"form": "infection", "window": {}}},
            {"has": {"form": "patient", "window": {"from": 0, "date": "birth_year"}}},
        ],
        "index": {"landmark": 0},
        "follow_up": {"end_at": ["relapse"], "max_days": 0},
        "data_cutoff": "2024-13-01",
        "high_risk": ["DEL17"],
        "prior_therapy": {"some": ["CD20"]},
    }));
    let places: Vec<&str> = all.iter().map(|(p, _)| p.as_str()).collect();
    for place in [
        "/criteria/0/has/form",
        "/criteria/1/has/where/grade",
        "/criteria/1/has/where/pathogen_class/0",
        "/criteria/1/has/window/to",
        "/criteria/2/any",
        "/criteria/3/field",
        "/criteria/4/field",
        "/criteria/5",
        "/criteria/6/has/window",
        "/criteria/7/has/window/date",
        "/index/landmark",
        "/follow_up/end_at/0",
        "/follow_up/max_days",
        "/data_cutoff",
        "/high_risk/0",
        "/prior_therapy/some",
    ] {
        assert!(places.contains(&place), "{place} not among {all:#?}");
    }
    let text = |place: &str| &all.iter().find(|(p, _)| p == place).unwrap().1;
    assert!(
        text("/criteria/0/has/form").contains("did you mean `infection`?"),
        "{}",
        text("/criteria/0/has/form")
    );
    assert!(text("/criteria/1/has/window/to").contains("ends before it starts"));
    assert!(text("/high_risk/0").contains("did you mean DEL17P?"));
    assert!(CohortDefinition::from_json(&json!({"criteria": []})).is_err());
    // Nesting without end neither overflows nor passes.
    let mut deep = json!({"has": {"form": "infection"}});
    for _ in 0..100 {
        deep = json!({"all": [deep]});
    }
    assert!(one_fault(&json!({"criteria": deep})).1.contains("nested too deeply"));
}

#[test]
fn the_index_may_be_the_apheresis() {
    let mut r = registry();
    for (id, on) in [("P1", 70), ("P2", 60), ("P4", 50)] {
        let session = |n: i32, on: i32| json!({"patient_id": id, "infusion_number": 1, "apheresis_number": n, "apheresis_date": day(on).to_string()});
        r.record("AA-01", "apheresis", &session(1, on));
        r.record("AA-01", "apheresis", &session(2, on + 3));
    }
    r.patient_with("AA-01", "P4", Some(1950), None, clinical::forms::patient::DateBasis::Calendar);
    r.disease("AA-01", "P4", Disease::Nhl);
    let (ids, cohort) = select_from(&r, &json!({"index": "apheresis"}));
    assert_eq!(ids, ["P1", "P2", "P4"]);
    let index: Vec<i32> = cohort.members.iter().map(|m| m.index - cohort.members[2].index).collect();
    assert_eq!(index, [20, 10, 0]);
    assert_eq!(cohort.members[2].infused, None);
    // Never infused, so never treated with a product.
    let (ids, cohort) = select_from(&r, &json!({"index": "apheresis", "product": ["axi-cel"]}));
    assert_eq!((ids, cohort.attrition[1].unknown), (vec!["P1".to_owned(), "P2".to_owned()], 1));
    let found =
        lint(&CohortDefinition::from_json(&json!({"index": "apheresis", "product": ["axi-cel"]})).unwrap());
    assert_eq!(found[0].rule, "intent_to_treat_by_product");
}

#[test]
fn a_landmark_keeps_those_alive_and_under_observation() {
    let mut r = Registry::new();
    for (id, last, status) in [
        ("P1", 30, Status::Dead),
        ("P2", 31, Status::Dead),
        ("P3", 29, Status::Alive),
        ("P4", 30, Status::Alive),
    ] {
        r.subject("AA-01", id, 0, "axi-cel");
        r.status("AA-01", id, last, status);
    }
    let (ids, cohort) = select_from(&r, &json!({"index": {"landmark": 30}}));
    assert_eq!(ids, ["P2", "P4"]);
    assert_eq!((cohort.attrition[1].before, cohort.attrition[1].after), (4, 2));
    assert_eq!(cohort.members[0].index - cohort.members[0].infused.unwrap(), 30);
}

#[test]
fn a_data_cutoff_ends_what_is_known() {
    let mut r = Registry::new();
    for (id, on) in [("P1", 0), ("P2", 51)] {
        r.subject("AA-01", id, on, "axi-cel");
        r.status("AA-01", id, 80, Status::Dead);
    }
    let (ids, _) = select_from(&r, &json!({"data_cutoff": day(50).to_string()}));
    assert_eq!(ids, ["P1"]);
    let directory = r.write(1);
    let snapshot = Snapshot::open(directory.path(), Scope::everything()).unwrap();
    let os = |definition: Value| {
        let definition = CohortDefinition::from_json(&definition).unwrap();
        let parameters =
            cohort::reports::parameters::read(&json!({"endpoints": ["os"], "by": "none"})).unwrap();
        let report = cohort::reports::survival::run(&snapshot, &definition, &parameters).unwrap();
        let group = &crate::result(&report)["endpoints"][0]["groups"][0];
        (group["n"].clone(), group["events"].clone(), group["person_days"].clone())
    };
    assert_eq!(os(json!({"data_cutoff": day(79).to_string()})), (json!(2), json!(0), json!(79 + 28)));
    assert_eq!(os(json!({"data_cutoff": day(80).to_string()})), (json!(2), json!(2), json!(80 + 29)));
    assert_eq!(os(json!({"follow_up": {"max_days": 40}})), (json!(2), json!(1), json!(40 + 29)));
}

#[test]
fn what_is_suspicious_is_told() {
    let rules = |definition: Value| {
        let found = lint(&CohortDefinition::from_json(&definition).unwrap());
        found.into_iter().map(|s| s.rule).collect::<Vec<_>>()
    };
    let response = |window: Value| json!({"has": {"form": "response", "where": {"reported_category": ["CR"]}, "window": window}});
    assert_eq!(rules(json!({})), Vec::<&str>::new());
    assert_eq!(
        rules(json!({"criteria": [{"has_not": {"form": "infection", "window": {"from": -30, "to": 0}}}]})),
        Vec::<&str>::new()
    );
    assert_eq!(
        rules(json!({"criteria": [{"has": {"form": "infection", "window": {"from": 0, "to": 1}}}]})),
        ["immortal_time"]
    );
    assert_eq!(
        rules(json!({"criteria": [{"has_not": {"form": "infection", "window": {"from": 0}}}]})),
        ["future_exclusion"]
    );
    assert_eq!(
        rules(json!({"criteria": [response(json!({"from": 0, "to": 90}))]})),
        ["immortal_time", "index_after_outcome"]
    );
    // Counted from the landmark, the response lies in the past.
    assert_eq!(
        rules(json!({"index": {"landmark": 90}, "criteria": [response(json!({"from": 0, "to": 90}))]})),
        Vec::<&str>::new()
    );
    assert_eq!(
        rules(json!({"index": {"landmark": 90}, "criteria": [response(json!({"from": 0, "to": 91}))]})),
        ["immortal_time"]
    );
    assert_eq!(
        rules(json!({"criteria": {"has": {"form": "survival_status", "where": {"status": "DEAD"}}}})),
        ["index_after_outcome"]
    );
    assert_eq!(rules(json!({"criteria": {"has": {"form": "infection"}}})), ["no_window"]);
    let window = json!({"has": {"form": "infection", "window": {"from": 0, "to": 90}}});
    let cut = |to: &str| json!({"index": {"landmark": 90}, "criteria": [window], "data_cutoff": "2024-12-31", "infused_to": to});
    assert_eq!(rules(cut("2024-10-03")), ["window_past_cutoff"]);
    assert_eq!(rules(cut("2024-10-02")), Vec::<&str>::new());
    assert_eq!(
        rules(json!({"data_cutoff": "2024-12-31", "infused_to": "2025-01-01"})),
        ["period_past_cutoff"]
    );

    let directory = registry().write(1);
    let snapshot = Snapshot::open(directory.path(), Scope::everything()).unwrap();
    let on = |definition: Value| {
        let found = lint_on(&snapshot, &CohortDefinition::from_json(&definition).unwrap()).unwrap();
        found.into_iter().map(|s| (s.rule, s.subjects)).collect::<Vec<_>>()
    };
    assert_eq!(on(json!({"product": ["axi"]})), [("unknown_code", None), ("selects_nobody", Some(3))]);
    assert_eq!(on(json!({"stage": ["IV"]})), [("unknown", Some(1))]);
}

/// Whether a value fits the part of JSON Schema that the schema uses.
fn fits(schema: &Value, root: &Value, value: &Value) -> bool {
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        return fits(root.pointer(&reference[1..]).unwrap(), root, value);
    }
    if let Some(options) = schema.get("oneOf").and_then(Value::as_array) {
        return options.iter().any(|option| fits(option, root, value));
    }
    if let Some(constant) = schema.get("const") {
        return constant == value;
    }
    if let Some(list) = schema.get("enum").and_then(Value::as_array) {
        return list.contains(value);
    }
    match (schema.get("type").and_then(Value::as_str), value) {
        (Some("object"), Value::Object(members)) => {
            let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
            required.into_iter().all(|name| members.contains_key(name.as_str().unwrap()))
                && members.iter().all(|(name, value)| match schema["properties"].get(name) {
                    Some(property) => fits(property, root, value),
                    None => schema["additionalProperties"]
                        .as_object()
                        .is_some_and(|_| fits(&schema["additionalProperties"], root, value)),
                })
        }
        (Some("array"), Value::Array(items)) => {
            !items.is_empty()
                && schema.get("items").is_none_or(|item| items.iter().all(|value| fits(item, root, value)))
        }
        (Some("integer"), Value::Number(n)) => n.as_i64().is_some_and(|n| {
            schema["minimum"].as_i64().is_none_or(|min| n >= min)
                && schema["maximum"].as_i64().is_none_or(|max| n <= max)
        }),
        (Some("number"), Value::Number(_))
        | (Some("string"), Value::String(_))
        | (Some("boolean"), Value::Bool(_)) => true,
        _ => false,
    }
}

#[test]
fn the_schema_accepts_and_refuses_what_the_program_does() {
    let schema = schema();
    let window = json!({"from": -30, "to": 0, "relative_to": "index"});
    for accepted in [
        json!({}),
        json!({"name": "x", "line": 2, "age": {"min": 18}, "stage": ["IV"], "prior_therapy": {"none": ["HCT_ALLO"]}}),
        json!({"index": {"landmark": 90}, "follow_up": {"end_at": ["next_infusion"]}, "data_cutoff": "2024-12-31"}),
        json!({"criteria": [{"any": [{"has_not": {"form": "infection", "where": {"ctcae_grade": {"min": 3}}, "window": window}}, {"ref": "a"}]}],
            "definitions": {"a": {"field": "disease.stage", "in": ["IV"]}}}),
    ] {
        assert!(fits(&schema, &schema, &accepted), "{accepted}");
        CohortDefinition::from_json(&accepted).unwrap_or_else(|e| panic!("{accepted}: {e}"));
    }
    for refused in [
        json!({"diseases": ["NHL"]}),
        json!({"line": 0}),
        json!({"disease": []}),
        json!({"index": {"landmark": 0}}),
        json!({"criteria": []}),
        json!({"criteria": [{}]}),
        json!({"criteria": {"has": {"form": "infections"}}}),
        json!({"criteria": {"has": {"form": "infection", "where": {"ctcae_grad": 3}}}}),
        json!({"criteria": {"has": {"form": "infection", "window": {"from": 0.5}}}}),
    ] {
        assert!(!fits(&schema, &schema, &refused), "{refused}");
        assert!(CohortDefinition::from_json(&refused).is_err(), "{refused}");
    }
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../definitions/cohorts");
    for entry in std::fs::read_dir(folder).unwrap() {
        let value = serde_json::from_str(&std::fs::read_to_string(entry.unwrap().path()).unwrap()).unwrap();
        assert!(fits(&schema, &schema, &value), "{value}");
    }
}
