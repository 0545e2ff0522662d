//! ICANS by day: catalogue D2.1 and D2.2 row by row, vectors I3.2, absences, exclusions and properties.

use clinical::codes::toxicity::{Consciousness, IntracranialPressure, MotorFinding, Seizure};
use clinical::criteria::case::{Fault, derive};
use clinical::criteria::icans::{self, Domain, IcansCase, Ice, Observation, Parameters, SeizureSeen};
use clinical::criteria::{At, Trace};
use proptest::prelude::*;
use serde_json::{Value, json};

fn line(case: &Value) -> Value {
    let mut trace = Trace::new();
    let decided = derive::<IcansCase>(&case.to_string(), &mut trace).unwrap();
    assert_eq!(decided.unknown, Vec::<String>::new(), "{case}");
    decided.line
}

fn result(case: &Value) -> Value {
    line(case)["result"].clone()
}

fn fault(case: &Value) -> Fault {
    derive::<IcansCase>(&case.to_string(), &mut Trace::new()).unwrap_err()
}

/// A day on which everything is answered and nothing found, changed as given.
fn day(day: i32, changes: &Value) -> Value {
    let mut row = json!({"day": day, "ice_total": 10, "consciousness": "AWAKE", "seizure": "NONE", "motor": "NONE", "icp": "NONE"});
    for (name, value) in changes.as_object().unwrap() {
        row[name] = value.clone();
    }
    row
}

fn grade_is(changes: &Value, grade: u8, rule: &str) {
    let found = result(&json!({"days": [day(1, changes)]}))["days"][0].clone();
    assert_eq!(
        (&found["grade"], &found["rule"]),
        (&json!(grade), &json!(format!("icans.{rule}"))),
        "{changes}"
    );
}

#[test]
fn vectors_i3_2() {
    grade_is(&json!({"ice_total": 10, "consciousness": "awake"}), 0, "none");
    grade_is(&json!({"ice_total": 9}), 1, "ice_7_9");
    grade_is(&json!({"ice_total": 7}), 1, "ice_7_9");
    grade_is(&json!({"ice_total": 6}), 2, "ice_3_6");
    grade_is(&json!({"ice_total": 3}), 2, "ice_3_6");
    grade_is(&json!({"ice_total": 2}), 3, "ice_0_2");
    grade_is(&json!({"ice_total": 0, "global_aphasia": true}), 3, "ice_0_2");
    grade_is(&json!({"ice_total": 0, "consciousness": "UNAROUSABLE"}), 4, "unarousable");
    grade_is(&json!({"ice_total": 8, "seizure": "BRIEF"}), 3, "seizure_resolving");
    grade_is(&json!({"ice_total": 8, "seizure": true, "seizure_minutes": 6}), 4, "seizure_prolonged");
    grade_is(&json!({"ice_total": 7, "icp": "FOCAL_EDEMA"}), 3, "focal_edema");
    grade_is(&json!({"ice_total": 7, "icp": "PAPILLEDEMA"}), 4, "raised_pressure");
    grade_is(&json!({"ice_total": 8, "icp": "HEMORRHAGE"}), 1, "ice_7_9");
    grade_is(&json!({"ice_total": 8, "intracranial_hemorrhage": true}), 1, "ice_7_9");
}

#[test]
fn d2_1_the_score_is_the_sum_of_the_tasks() {
    let tasks =
        |o, n, c, w, a| json!({"orientation": o, "naming": n, "command": c, "writing": w, "attention": a});
    let ice = |ice: Value| {
        let found = result(&json!({"days": [day(1, &json!({"ice_total": null, "ice": ice}))]}));
        (found["days"][0]["ice_total"].clone(), found["days"][0]["grade"].clone())
    };
    assert_eq!(ice(tasks(4, 3, 1, 1, 1)), (json!(10), json!(0)));
    assert_eq!(ice(tasks(3, 3, 1, 1, 1)), (json!(9), json!(1)));
    assert_eq!(ice(tasks(4, 2, 0, 1, 0)), (json!(7), json!(1)));
    assert_eq!(ice(tasks(4, 2, 0, 0, 0)), (json!(6), json!(2)));
    assert_eq!(ice(tasks(0, 0, 1, 0, 1)), (json!(2), json!(3)));
    assert_eq!(ice(json!(5)), (json!(5), json!(2)));
    for (name, most) in [("orientation", 4), ("naming", 3), ("command", 1), ("writing", 1), ("attention", 1)]
    {
        let mut all = tasks(4, 3, 1, 1, 1);
        all[name] = json!(most + 1);
        let bad = fault(&json!({"days": [day(1, &json!({"ice_total": null, "ice": all}))]}));
        assert_eq!(
            (bad.pointer.as_str(), bad.expected),
            (format!("/days/0/ice/{name}").as_str(), format!("0 to {most}"))
        );
    }
}

#[test]
fn r10_the_total_is_the_sum_and_an_unarousable_patient_scores_0() {
    let tasks = json!({"orientation": 4, "naming": 3, "command": 1, "writing": 0, "attention": 0});
    let with = |total: Value| json!({"days": [day(1, &json!({"ice": tasks, "ice_total": total}))]});
    assert_eq!(result(&with(json!(8)))["days"][0]["grade"], 1);
    assert_eq!(
        (fault(&with(json!(9))).pointer.as_str(), fault(&with(json!(9))).expected.as_str()),
        ("/days/0/ice_total", "8")
    );
    let partial =
        |total: Value| json!({"days": [day(1, &json!({"ice": {"orientation": 2}, "ice_total": total}))]});
    assert_eq!(result(&partial(json!(8)))["days"][0]["grade"], 1);
    assert_eq!(fault(&partial(json!(9))).expected, "2 to 8");
    assert_eq!(fault(&partial(json!(1))).expected, "2 to 8");
    assert_eq!(fault(&json!({"days": [day(1, &json!({"ice_total": 11}))]})).pointer, "/days/0/ice_total");
    assert_eq!(
        fault(&json!({"days": [day(1, &json!({"ice_total": null, "ice": 11}))]})).pointer,
        "/days/0/ice_total"
    );
    assert_eq!(
        fault(&json!({"days": [day(1, &json!({"ice_total": 7, "ice": 8}))]})).pointer,
        "/days/0/ice_total"
    );
    assert_eq!(
        fault(&json!({"days": [day(1, &json!({"ice_total": 1, "consciousness": "UNAROUSABLE"}))]})).pointer,
        "/days/0/ice_total"
    );
    grade_is(&json!({"ice_total": 1, "consciousness": "TACTILE"}), 3, "awakens_to_touch");
    grade_is(
        &json!({"ice_total": null, "ice": {"orientation": 0}, "consciousness": "UNAROUSABLE"}),
        4,
        "unarousable",
    );
}

#[test]
fn d2_2_every_cell_of_the_table() {
    for (score, grade) in
        [(10, 0), (9, 1), (8, 1), (7, 1), (6, 2), (5, 2), (4, 2), (3, 2), (2, 3), (1, 3), (0, 3)]
    {
        let found = result(&json!({"days": [day(1, &json!({"ice_total": score}))]}));
        assert_eq!(found["days"][0]["grade"], grade, "ICE {score}");
    }
    for (level, grade, rule) in [
        ("SPONTANEOUS", 1, "awakens_spontaneously"),
        ("awakens to voice", 2, "awakens_to_voice"),
        ("VOICE", 2, "awakens_to_voice"),
        ("TACTILE", 3, "awakens_to_touch"),
        ("coma", 4, "unarousable"),
        ("UNAROUSABLE", 4, "unarousable"),
    ] {
        let score = if grade == 4 { 0 } else { 10 };
        grade_is(&json!({"consciousness": level, "ice_total": score}), grade, rule);
    }
    for (seizure, grade, rule) in [
        (json!("BRIEF"), 3, "seizure_resolving"),
        (json!("NONCONVULSIVE"), 3, "seizure_resolving"),
        (json!("PROLONGED"), 4, "seizure_prolonged"),
        (json!("REPETITIVE"), 4, "seizure_prolonged"),
        (json!("status epilepticus"), 4, "seizure_prolonged"),
        (json!(false), 0, "none"),
        (json!("NONE"), 0, "none"),
    ] {
        grade_is(&json!({ "seizure": seizure }), grade, rule);
    }
    for motor in [json!("FOCAL_WEAKNESS"), json!("hemiparesis"), json!("paraparesis"), json!(true)] {
        grade_is(&json!({ "motor": motor }), 4, "deep_focal_weakness");
    }
    grade_is(&json!({"motor": false}), 0, "none");
    for (icp, grade, rule) in [
        (json!("FOCAL_EDEMA"), 3, "focal_edema"),
        (json!("DIFFUSE_EDEMA"), 4, "raised_pressure"),
        (json!("POSTURING"), 4, "raised_pressure"),
        (json!("CN6_PALSY"), 4, "raised_pressure"),
        (json!("PAPILLEDEMA"), 4, "raised_pressure"),
        (json!("CUSHING"), 4, "raised_pressure"),
        (json!(["FOCAL_EDEMA", "PAPILLEDEMA"]), 4, "raised_pressure"),
        (json!(["PAPILLEDEMA", "FOCAL_EDEMA"]), 4, "raised_pressure"),
        (json!([]), 0, "none"),
        (json!(false), 0, "none"),
    ] {
        grade_is(&json!({ "icp": icp }), grade, rule);
    }
    grade_is(&json!({"death_due_to_icans": true}), 5, "death");
}

#[test]
fn a_seizure_is_prolonged_above_5_minutes() {
    grade_is(&json!({"seizure": true, "seizure_minutes": 5}), 3, "seizure_resolving");
    grade_is(&json!({"seizure": "generalised", "seizure_minutes": 5.1}), 4, "seizure_prolonged");
    grade_is(&json!({"seizure": null, "seizure_minutes": 6}), 4, "seizure_prolonged");
    grade_is(&json!({"seizure": null, "seizure_minutes": 3}), 3, "seizure_resolving");
    grade_is(&json!({"seizure": "NONCONVULSIVE", "seizure_minutes": 6}), 4, "seizure_prolonged");
    grade_is(&json!({"seizure": "NONCONVULSIVE", "seizure_minutes": 5}), 3, "seizure_resolving");
    grade_is(&json!({"seizure": "NONE", "seizure_minutes": 0}), 0, "none");
    for (seizure, minutes) in
        [("BRIEF", 5.1), ("PROLONGED", 5.0), ("NONE", 1.0), ("BRIEF", -1.0), ("PROLONGED", 1441.0)]
    {
        let bad = fault(&json!({"days": [day(1, &json!({"seizure": seizure, "seizure_minutes": minutes}))]}));
        assert_eq!(bad.pointer, "/days/0/seizure_minutes", "{seizure} {minutes}");
    }
    grade_is(&json!({"seizure": "BRIEF", "seizure_minutes": 5}), 3, "seizure_resolving");
    grade_is(&json!({"seizure": "PROLONGED", "seizure_minutes": 5.1}), 4, "seizure_prolonged");
}

#[test]
fn hemorrhage_and_edema_beside_it_are_not_counted() {
    grade_is(&json!({"icp": ["HEMORRHAGE", "FOCAL_EDEMA"]}), 0, "none");
    grade_is(&json!({"icp": "DIFFUSE_EDEMA", "intracranial_hemorrhage": true}), 0, "none");
    grade_is(&json!({"icp": "PAPILLEDEMA", "intracranial_hemorrhage": true}), 4, "raised_pressure");
    grade_is(&json!({"icp": "FOCAL_EDEMA", "intracranial_hemorrhage": false}), 3, "focal_edema");
    let apart = json!({"days": [day(1, &json!({"icp": "FOCAL_EDEMA"})), day(1, &json!({"intracranial_hemorrhage": true}))]});
    assert_eq!(result(&apart)["days"][0]["grade"], 0);
}

#[test]
fn items_of_another_cause_are_not_counted() {
    for (domain, finding) in [
        ("ICE", json!({"ice_total": 2})),
        ("consciousness", json!({"consciousness": "TACTILE"})),
        ("SEIZURE", json!({"seizure": "REPETITIVE"})),
        ("motor", json!({"motor": true})),
        ("icp", json!({"icp": "CUSHING"})),
    ] {
        let mut with = finding.clone();
        with["other_cause"] = json!([domain]);
        grade_is(&with, 0, "none");
        let found = result(&json!({"days": [day(1, &finding)]}));
        assert!(found["days"][0]["grade"].as_u64().unwrap() >= 3, "{domain}");
    }
    grade_is(
        &json!({"ice_total": 2, "seizure": "REPETITIVE", "other_cause": ["ICE"]}),
        4,
        "seizure_prolonged",
    );
    grade_is(&json!({"ice_total": 2, "other_cause": null}), 3, "ice_0_2");
}

#[test]
fn sedation_leaves_the_grade_open_downwards() {
    let found = line(
        &json!({"days": [day(1, &json!({"ice_total": 0, "consciousness": "UNAROUSABLE", "sedated": true}))]}),
    );
    let day_1 = &found["result"]["days"][0];
    assert_eq!(
        (&day_1["grade"], &day_1["at_least"], &day_1["at_most"]),
        (&Value::Null, &json!(0), &json!(4))
    );
    assert_eq!(found["missing"], json!(["ice_total", "consciousness"]));
    grade_is(&json!({"consciousness": "AWAKE", "sedated": true}), 0, "none");
    grade_is(
        &json!({"ice_total": 0, "consciousness": "UNAROUSABLE", "sedated": true, "motor": true}),
        4,
        "deep_focal_weakness",
    );
    grade_is(&json!({"ice_total": 0, "consciousness": "UNAROUSABLE", "sedated": false}), 4, "unarousable");
    let held =
        line(&json!({"days": [day(1, &json!({"ice_total": 5, "sedated": true, "seizure": "BRIEF"}))]}));
    assert_eq!(held["result"]["days"][0]["grade"], 3);
}

/// Grade, lowest, highest, and what is missing, of a day told by these members only.
fn open(row: &Value) -> (Value, Value, Value, Value) {
    let mut row = row.clone();
    row["day"] = json!(3);
    let line = line(&json!({"days": [row]}));
    let day = &line["result"]["days"][0];
    (day["grade"].clone(), day["at_least"].clone(), day["at_most"].clone(), line["missing"].clone())
}

#[test]
fn absence_is_never_taken_as_normal() {
    let signs = json!({"seizure": "NONE", "motor": "NONE", "icp": "NONE"});
    let with = |more: Value| {
        let mut all = signs.clone();
        for (name, value) in more.as_object().unwrap() {
            all[name] = value.clone();
        }
        open(&all)
    };
    assert_eq!(
        open(&json!({"ice_total": 9, "consciousness": "awake"})),
        (Value::Null, json!(1), json!(4), json!(["seizure", "motor", "icp"]))
    );
    assert_eq!(with(json!({"ice_total": 0})), (Value::Null, json!(3), json!(4), json!(["consciousness"])));
    assert_eq!(
        with(json!({"ice_total": 0, "consciousness": "AWAKE"})),
        (json!(3), json!(3), json!(3), json!([]))
    );
    assert_eq!(
        with(json!({"consciousness": "AWAKE"})),
        (Value::Null, json!(0), json!(3), json!(["ice_total"]))
    );
    assert_eq!(
        with(json!({"consciousness": "AWAKE", "global_aphasia": true})),
        (json!(3), json!(3), json!(3), json!([]))
    );
    assert_eq!(
        with(json!({"consciousness": "AWAKE", "global_aphasia": false})),
        (Value::Null, json!(0), json!(3), json!(["ice_total"]))
    );
    assert_eq!(with(json!({"ice_total": 10})), (Value::Null, json!(0), json!(4), json!(["consciousness"])));
    assert_eq!(with(json!({"consciousness": "TACTILE"})), (json!(3), json!(3), json!(3), json!([])));
    assert_eq!(
        open(&json!({"consciousness": "TACTILE"})),
        (Value::Null, json!(3), json!(4), json!(["seizure", "motor", "icp"]))
    );
    assert_eq!(open(&json!({"motor": true})), (json!(4), json!(4), json!(4), json!([])));
    assert_eq!(open(&json!({"consciousness": "UNAROUSABLE"})), (json!(4), json!(4), json!(4), json!([])));
    assert_eq!(
        with(json!({"consciousness": "AWAKE", "ice": {"orientation": 3, "naming": 3}})),
        (Value::Null, json!(1), json!(2), json!(["ice_total"]))
    );
    assert_eq!(
        with(
            json!({"consciousness": "AWAKE", "ice": {"orientation": 4, "naming": 3, "command": 0, "writing": 0}})
        ),
        (json!(1), json!(1), json!(1), json!([]))
    );
    assert_eq!(
        with(json!({"consciousness": "AWAKE", "ice_total": 10, "seizure": true})),
        (Value::Null, json!(3), json!(4), json!(["seizure_minutes"]))
    );
    assert_eq!(
        open(
            &json!({"ice_total": 10, "consciousness": "AWAKE", "motor": "UNK", "seizure": "NONE", "icp": null})
        ),
        (Value::Null, json!(0), json!(4), json!(["motor", "icp"]))
    );
    assert_eq!(line(&json!({"days": []}))["missing"], json!(["days"]));
}

#[test]
fn unreported_signs_may_be_declared_absent() {
    let bare = json!({"day": 1, "ice_total": 9, "consciousness": "awake"});
    let mut said = bare.clone();
    said["no_other_findings"] = json!(true);
    assert_eq!(result(&json!({"days": [said]}))["days"][0]["grade"], 1);
    let center = result(&json!({"days": [bare], "parameters": {"unreported_signs": "absent"}}));
    assert_eq!(
        (&center["days"][0]["grade"], &center["parameters"]["unreported_signs"]),
        (&json!(1), &json!("absent"))
    );
    assert_eq!(result(&json!({"days": [bare]}))["parameters"]["unreported_signs"], "unknown");
    // ICE and consciousness are assessments, not signs.
    let ice_only = json!({"days": [{"day": 1, "ice_total": 9, "no_other_findings": true}]});
    assert_eq!(result(&ice_only)["days"][0]["grade"], Value::Null);
}

#[test]
fn children_under_12_are_not_graded() {
    let at = |age: f64| result(&json!({"age_years": age, "days": [day(1, &json!({"ice_total": 5}))]}));
    let child = at(11.9);
    assert_eq!(
        (&child["days"][0]["grade"], &child["not_graded"], &child["max_grade"], &child["onset"]),
        (&Value::Null, &json!("under_12_years"), &Value::Null, &Value::Null)
    );
    assert_eq!(child["days"][0]["rule"], Value::Null);
    assert_eq!((&at(12.0)["days"][0]["grade"], &at(12.0)["not_graded"]), (&json!(2), &Value::Null));
    for age in [-1.0, 121.0] {
        assert_eq!(fault(&json!({"age_years": age, "days": []})).pointer, "/age_years");
    }
}

#[test]
fn onset_end_maximum_and_baseline() {
    let course = result(&json!({"days": [
        day(-3, &json!({"ice_total": 8})),
        day(-1, &json!({"ice_total": 9})),
        day(4, &json!({"ice_total": 10})),
        day(5, &json!({"ice_total": 8})),
        day(6, &json!({"seizure": "BRIEF"})),
        day(7, &json!({})),
    ]}));
    assert_eq!((&course["onset"], &course["end"], &course["max_grade"]), (&json!(5), &json!(6), &json!(3)));
    assert_eq!((&course["baseline_ice_total"], &course["days_before_infusion"]), (&json!(9), &json!(2)));
    assert_eq!(course["days"].as_array().unwrap().len(), 4);
    assert_eq!(course["episodes"][0]["onset_certain"], true);
    let agrees = |reported: u8| {
        result(&json!({"days": [day(1, &json!({"ice_total": 8}))], "reported_max_grade": reported}))["reported_agrees"].clone()
    };
    assert_eq!((agrees(1), agrees(2)), (json!(true), json!(false)));
    assert_eq!(fault(&json!({"days": [], "max_grade": 6})).pointer, "/reported_max_grade");
}

#[test]
fn records_of_one_day_count_at_their_worst() {
    let rows = json!([
        day(1, &json!({"ice_total": 8})),
        day(1, &json!({"ice_total": 5})),
        {"day": 1, "consciousness": "SPONTANEOUS"},
    ]);
    let found = result(&json!({ "days": rows }))["days"][0].clone();
    assert_eq!((&found["grade"], &found["ice_total"]), (&json!(2), &json!(5)));
    for kinds in [["BRIEF", "REPETITIVE"], ["REPETITIVE", "BRIEF"]] {
        let rows = kinds.map(|kind| day(1, &json!({ "seizure": kind })));
        let told = line(&json!({ "days": rows }));
        let mut steps = told["trace"].as_array().unwrap().iter();
        let step = steps.find(|s| s["rule"] == "icans.seizure_prolonged").unwrap();
        assert_eq!(step["values"]["seizure"], "REPETITIVE");
    }
    let rows = json!([day(1, &json!({"death_due_to_icans": true})), day(1, &json!({}))]);
    assert_eq!(result(&json!({ "days": rows }))["days"][0]["grade"], 5);
    let rows = json!([
        day(1, &json!({"ice_total": 8, "motor": true})),
        day(1, &json!({"motor": true, "other_cause": ["MOTOR"]}))
    ]);
    assert_eq!(result(&json!({ "days": rows }))["days"][0]["grade"], 4);
}

#[test]
fn unreadable_values_are_faults() {
    for (name, value) in [
        ("consciousness", json!("sleepy")),
        ("consciousness", json!(true)),
        ("seizure", json!("perhaps")),
        ("motor", json!("limp")),
        ("icp", json!(true)),
        ("icp", json!(["HEADACHE"])),
        ("ice", json!("ten")),
        ("ice_total", json!(300)),
        ("other_cause", json!(["weather"])),
    ] {
        let bad = fault(&json!({"days": [{"day": 1, name: value}]}));
        assert!(bad.pointer.starts_with(&format!("/days/0/{name}")), "{} {name}", bad.pointer);
    }
    assert_eq!(fault(&json!({"days": [{"ice_total": 10}]})).pointer, "/days/0");
    let misspelt =
        derive::<IcansCase>(r#"{"days":[{"day":1,"ice":{"names":3}}]}"#, &mut Trace::new()).unwrap();
    assert_eq!(misspelt.unknown, ["/days/0/ice/names"]);
}

#[test]
fn the_trace_tells_source_and_values() {
    let line = line(
        &json!({"days": [day(1, &json!({"ice_total": 5, "icp": "HEMORRHAGE", "other_cause": ["MOTOR"], "sedated": true}))]}),
    );
    let step =
        |rule: &str| line["trace"].as_array().unwrap().iter().find(|s| s["rule"] == rule).unwrap().clone();
    assert_eq!(step("icans.hemorrhage_excluded")["verdict"], "met");
    assert_eq!(step("icans.other_cause")["verdict"], "met");
    assert_eq!(step("icans.sedated")["verdict"], "met");
    assert_eq!(step("icans.awakens_spontaneously")["values"]["consciousness"], "AWAKE");
    assert_eq!(step("icans.deep_focal_weakness")["verdict"], "not_met");
    assert_eq!(
        (icans::DEATH.provenance.name(), icans::UNDER_12.provenance.name(), icans::MOTOR_4.provenance.name()),
        ("external", "external", "seed")
    );
    let ids: std::collections::BTreeSet<&str> = icans::CRITERIA.iter().map(|c| c.id).collect();
    assert_eq!(ids.len(), icans::CRITERIA.len());
}

fn observation() -> impl Strategy<Value = Observation> {
    let consciousness = prop::option::of(prop::sample::select(Consciousness::ALL));
    let seizure = prop::option::of(prop::sample::select(Seizure::ALL));
    let icp = prop::option::of(prop::collection::vec(prop::sample::select(IntracranialPressure::ALL), 0..3));
    let flag = || prop::option::of(any::<bool>());
    (
        (0..6_i32, prop::option::of(0..=10_u8), consciousness, seizure, prop::option::of(any::<bool>()), icp),
        (flag(), flag(), prop::collection::vec(prop::sample::select(Domain::ALL), 0..2), flag()),
    )
        .prop_map(
            |((day, total, consciousness, seizure, motor, icp), (sedated, none, other, bleeds))| {
                Observation {
                    day: Some(day),
                    ice_total: if consciousness == Some(Consciousness::Unarousable) {
                        Some(0)
                    } else {
                        total
                    },
                    consciousness,
                    seizure: seizure.map(SeizureSeen::Known),
                    motor: motor
                        .map(|m| if m { MotorFinding::DeepFocalWeakness } else { MotorFinding::None }),
                    icp,
                    sedated,
                    no_other_findings: none,
                    other_cause: Some(other),
                    intracranial_hemorrhage: bleeds,
                    ..Observation::default()
                }
            },
        )
}

fn bounds(rows: &[Observation]) -> Vec<(u8, u8)> {
    let graded = icans::grade(rows, None, None, Parameters::default(), &mut Trace::new()).unwrap();
    graded.days.iter().map(|d| (d.at_least, d.at_most)).collect()
}

#[test]
fn partial_tasks_bound_the_score() {
    let ice = Ice { orientation: Some(2), attention: Some(0), ..Ice::default() };
    assert_eq!(ice.bounds(), (2, 7));
    assert_eq!(Ice::default().bounds(), (0, 10));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn the_trace_alone_reproduces_the_grades(rows in prop::collection::vec(observation(), 0..10)) {
        let mut trace = Trace::new();
        let graded = icans::grade(&rows, None, Some(40.0), Parameters::default(), &mut trace).unwrap();
        for day in &graded.days {
            let at = At::Day(day.day.unwrap());
            let expected = day.grade.map_or("not_evaluable".to_owned(), |g| g.to_string());
            prop_assert_eq!(trace.conclusion(at), Some(expected.as_str()));
            prop_assert_eq!(trace.missing().iter().any(|(when, _)| *when == at), day.grade.is_none());
            prop_assert!(day.at_least <= day.at_most);
        }
    }

    #[test]
    fn order_of_rows_does_not_matter(rows in prop::collection::vec(observation(), 0..10)) {
        let backwards: Vec<Observation> = rows.iter().rev().cloned().collect();
        prop_assert_eq!(bounds(&rows), bounds(&backwards));
        let course = |rows: &[Observation]| icans::grade(rows, None, None, Parameters::default(), &mut Trace::new()).unwrap().course;
        prop_assert_eq!(course(&rows), course(&backwards));
    }

    #[test]
    fn worsening_one_item_never_improves_a_grade(rows in prop::collection::vec(observation(), 1..6), which in any::<prop::sample::Index>(), how in 0..5_u8) {
        let mut worse = rows.clone();
        let row = &mut worse[which.index(rows.len())];
        match how {
            0 => row.ice_total = row.ice_total.map(|t| t.saturating_sub(3)),
            1 => row.consciousness = row.consciousness.map(|c| if c == Consciousness::Awake { Consciousness::Voice } else { c }),
            2 => row.seizure = row.seizure.map(|_| SeizureSeen::Known(Seizure::Repetitive)),
            3 => row.motor = row.motor.map(|_| MotorFinding::DeepFocalWeakness),
            _ => row.icp.iter_mut().for_each(|list| list.push(IntracranialPressure::Papilledema)),
        }
        for (before, after) in bounds(&rows).iter().zip(bounds(&worse)) {
            prop_assert!(after.0 >= before.0 && after.1 >= before.1);
        }
    }

    #[test]
    fn r12_no_grade_below_that_of_the_score(total in 0..=10_u8, row in observation()) {
        let row = Observation { ice_total: Some(total), consciousness: None, sedated: None, other_cause: None, ..row };
        let least = match total { 10 => 0, 7..=9 => 1, 3..=6 => 2, _ => 3 };
        prop_assert!(bounds(&[row])[0].0 >= least);
    }
}
