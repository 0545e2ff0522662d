//! CRS by day: catalogue D1.1 row by row, vectors I3.1, absences, parameters and properties.

use clinical::criteria::case::{Fault, derive};
use clinical::criteria::crs::{self, CrsCase, Moment, Observation, Oxygen, Parameters, VasopressinAlone};
use clinical::criteria::vasopressor::{Agent, Vasopressor};
use clinical::criteria::{At, Trace};
use proptest::prelude::*;
use serde_json::{Value, json};

fn line(case: &Value) -> Value {
    let mut trace = Trace::new();
    let decided = derive::<CrsCase>(&case.to_string(), &mut trace).unwrap();
    assert_eq!(decided.unknown, Vec::<String>::new(), "{case}");
    decided.line
}

fn result(case: &Value) -> Value {
    line(case)["result"].clone()
}

fn fault(case: &Value) -> Fault {
    derive::<CrsCase>(&case.to_string(), &mut Trace::new()).unwrap_err()
}

/// A day on which everything is answered: no hypotension, no vasopressor, room air, changed as given.
fn day(day: i32, changes: &Value) -> Value {
    let mut row = json!({"day": day, "temperature_c": 36.8, "hypotension": false, "vasopressors": [], "oxygen": {"device": "ROOM"}});
    for (name, value) in changes.as_object().unwrap() {
        row[name] = value.clone();
    }
    row
}

/// The grade of one complete day.
fn one(changes: &Value) -> Value {
    result(&json!({"days": [day(1, changes)]}))["days"][0].clone()
}

fn graded(changes: &Value) -> (Value, String) {
    let day = one(changes);
    (day["grade"].clone(), day["rule"].as_str().unwrap_or_default().to_owned())
}

fn grade_is(changes: &Value, grade: u8, rule: &str) {
    assert_eq!(graded(changes), (json!(grade), format!("crs.{rule}")), "{changes}");
}

#[test]
fn vectors_i3_1() {
    grade_is(&json!({"temperature_c": 38.5}), 1, "fever_only");
    grade_is(&json!({"temperature_c": 38.2, "sbp_mmhg": 85, "hypotension": true}), 2, "hypotension");
    let oxygen =
        |flow: f64| json!({"temperature_c": 39, "oxygen": {"device": "nasal cannula", "flow_l_min": flow}});
    grade_is(&oxygen(4.0), 2, "low_flow_oxygen");
    grade_is(&oxygen(6.0), 2, "low_flow_oxygen");
    grade_is(&oxygen(6.1), 3, "high_flow_oxygen");
    let fever = |drugs: &[&str]| json!({"temperature_c": 39, "hypotension": true, "vasopressors": drugs});
    grade_is(&fever(&["noradrenaline", "vasopressin"]), 3, "vasopressor");
    grade_is(&fever(&["vasopressin"]), 3, "vasopressin_alone");
    grade_is(&fever(&["noradrenaline", "adrenaline"]), 4, "vasopressors");
    grade_is(
        &json!({"temperature_c": 39, "hypoxia": true, "oxygen": {"device": "CPAP"}}),
        4,
        "positive_pressure",
    );
    let after = result(&json!({"days": [
        day(1, &json!({"temperature_c": 39.1})),
        day(2, &json!({"tocilizumab": true, "hypotension": true, "vasopressors": ["NE"]})),
    ]}));
    assert_eq!(after["days"][1]["grade"], 3);
    let never = json!({"oxygen": {"device": "MASK"}, "hypoxia": true, "hypoxia_other_cause": true});
    grade_is(&never, 0, "no_fever");
    assert_eq!(result(&json!({"days": [day(1, &never)]}))["onset"], Value::Null);
}

#[test]
fn d1_1_step_0_fever_begins_at_38_and_must_be_attributable() {
    grade_is(&json!({"temperature_c": 37.9}), 0, "no_fever");
    grade_is(&json!({"temperature_c": 38.0}), 1, "fever_only");
    grade_is(&json!({"temperature_c": 39.0, "fever_attributed": false}), 0, "no_fever");
    grade_is(&json!({"temperature_c": 39.0, "fever_attributed": "Y"}), 1, "fever_only");
    grade_is(&json!({"temperature_c": null, "fever": true}), 1, "fever_only");
    grade_is(&json!({"temperature_c": null, "fever": "N"}), 0, "no_fever");
    grade_is(&json!({"temperature_c": null, "fever_attributed": true}), 1, "fever_only");
    grade_is(&json!({"temperature_c": 37.5, "fever_attributed": true}), 0, "no_fever");
    grade_is(&json!({"hypotension": true, "vasopressors": ["NE", "EPI"]}), 0, "no_fever");
}

#[test]
fn d1_1_fever_is_not_needed_after_an_antipyretic_or_anticytokine() {
    for drug in ["antipyretic_or_anticytokine", "antipyretic", "anti_cytokine", "tocilizumab", "steroids"] {
        grade_is(&json!({"hypotension": true, drug: true}), 2, "hypotension");
        grade_is(&json!({"hypotension": true, drug: false}), 0, "no_fever");
        let later = result(&json!({"days": [
            day(1, &json!({drug: true})), day(2, &json!({})), day(3, &json!({"hypotension": true}))]}));
        assert_eq!(later["days"][2]["grade"], 2, "{drug}");
        let before =
            result(&json!({"days": [day(1, &json!({"hypotension": true})), day(2, &json!({drug: true}))]}));
        assert_eq!(before["days"][0]["grade"], 0, "{drug}");
    }
    // Once there was fever in the episode, later days are graded by their signs alone.
    let fever_before = result(
        &json!({"days": [day(1, &json!({"temperature_c": 38})), day(2, &json!({"hypotension": true}))]}),
    );
    assert_eq!(fever_before["days"][1]["grade"], 2);
}

#[test]
fn d1_1_hypotension_row() {
    let with = |changes: Value| {
        let mut all = json!({"temperature_c": 38.4, "hypotension": true});
        for (name, value) in changes.as_object().unwrap() {
            all[name] = value.clone();
        }
        all
    };
    grade_is(&with(json!({})), 2, "hypotension");
    for one in [
        "NE",
        "DOPA",
        "EPI",
        "PHE",
        "METARAMINOL",
        "ANG_II",
        "OTHER",
        "norepinephrine",
        "noradrenaline",
        "phenylephrine",
    ] {
        grade_is(&with(json!({"vasopressors": [one]})), 3, "vasopressor");
        grade_is(&with(json!({"vasopressors": [one], "vasopressin": true})), 3, "vasopressor");
    }
    grade_is(&with(json!({"vasopressors": ["NE", "NE"]})), 3, "vasopressor");
    grade_is(
        &with(json!({"vasopressors": ["NE", "norepinephrine", {"drug": "NE", "dose": 5, "unit": "ug/min"}]})),
        3,
        "vasopressor",
    );
    grade_is(&with(json!({"vasopressors": ["OTHER", "OTHER"]})), 4, "vasopressors");
    grade_is(&with(json!({"vasopressors": ["NE", "PHE", "VASO"]})), 4, "vasopressors");
    grade_is(
        &with(json!({"vasopressors": ["NE", {"drug": "EPI", "dose": 0, "unit": "ug/min"}]})),
        3,
        "vasopressor",
    );
    grade_is(
        &with(json!({"vasopressors": [{"drug": "NE", "dose": 0}, {"drug": "NE", "dose": 1}]})),
        3,
        "vasopressor",
    );
    grade_is(&with(json!({"vasopressors": [{"drug": "VASO", "dose": 0}]})), 2, "hypotension");
    grade_is(&with(json!({"vasopressin": true})), 3, "vasopressin_alone");
    grade_is(&with(json!({"vasopressors": ["terlipressin"]})), 3, "vasopressin_alone");
    grade_is(&with(json!({"vasopressors": ["NE", "EPI"], "hypotension_other_cause": true})), 1, "fever_only");
    // A pressure held by a vasopressor is hypotension.
    grade_is(&with(json!({"hypotension": false, "vasopressors": ["NE"]})), 3, "vasopressor");
    grade_is(&with(json!({"hypotension": null, "vasopressors": ["NE"]})), 3, "vasopressor");
}

#[test]
fn d1_1_hypoxia_row() {
    let with = |oxygen: Value| json!({"temperature_c": 38.4, "oxygen": oxygen});
    for (device, grade, rule) in [
        ("ROOM", 1, "fever_only"),
        ("room air", 1, "fever_only"),
        ("none", 1, "fever_only"),
        ("BLOW_BY", 2, "blow_by_oxygen"),
        ("NC_LOW", 2, "low_flow_oxygen"),
        ("low_flow", 2, "low_flow_oxygen"),
        ("NC_HIGH", 3, "high_flow_oxygen"),
        ("HFNC", 3, "high_flow_oxygen"),
        ("high_flow", 3, "high_flow_oxygen"),
        ("MASK", 3, "high_flow_oxygen"),
        ("face_mask", 3, "high_flow_oxygen"),
        ("VENTURI", 3, "high_flow_oxygen"),
        ("NRB", 3, "non_rebreather"),
        ("non_rebreather", 3, "non_rebreather"),
        ("CPAP", 4, "positive_pressure"),
        ("BIPAP", 4, "positive_pressure"),
        ("INTUB", 4, "positive_pressure"),
        ("mechanical_ventilation", 4, "positive_pressure"),
    ] {
        grade_is(&with(json!({"device": device})), grade, rule);
        grade_is(&with(json!(device)), grade, rule);
        grade_is(&json!({"temperature_c": 38.4, "oxygen": null, "o2_device": device}), grade, rule);
    }
    for device in ["NC_LOW", "NC_HIGH", "nasal_cannula"] {
        grade_is(&with(json!({"device": device, "flow_l_min": 0})), 1, "fever_only");
        grade_is(&with(json!({"device": device, "flow_l_min": 0.5})), 2, "low_flow_oxygen");
        grade_is(&with(json!({"device": device, "flow_l_min": 6})), 2, "low_flow_oxygen");
        grade_is(&with(json!({"device": device, "flow_l_min": 6.01})), 3, "high_flow_oxygen");
        grade_is(
            &json!({"temperature_c": 38.4, "oxygen": {"device": device}, "o2_flow": 7}),
            3,
            "high_flow_oxygen",
        );
    }
    grade_is(&with(json!({"device": "BLOW_BY", "flow_l_min": 10})), 2, "blow_by_oxygen");
    grade_is(&with(json!({"device": "MASK", "flow_l_min": 5})), 3, "high_flow_oxygen");
    grade_is(&with(json!(false)), 1, "fever_only");
    grade_is(&json!({"temperature_c": 38.4, "oxygen": "MASK", "hypoxia_other_cause": true}), 1, "fever_only");
    grade_is(&json!({"temperature_c": 38.4, "oxygen": "ROOM", "hypoxia": true}), 2, "hypoxia_without_oxygen");
    grade_is(&json!({"temperature_c": 38.4, "oxygen": null, "hypoxia": false}), 1, "fever_only");
}

#[test]
fn positive_pressure_only_for_the_airway_is_not_counted() {
    let with = |hypoxia: Value, only: Value| json!({"temperature_c": 38.4, "oxygen": "INTUB", "hypoxia": hypoxia, "airway_protection_only": only});
    grade_is(&with(json!(null), json!(true)), 1, "fever_only");
    grade_is(&with(json!(true), json!(true)), 2, "hypoxia_without_oxygen");
    grade_is(&with(json!(null), json!(false)), 4, "positive_pressure");
    grade_is(&with(json!(false), json!(false)), 4, "positive_pressure");
    grade_is(&with(json!(true), json!(null)), 4, "positive_pressure");
    let open = line(&json!({"days": [day(1, &with(json!(false), json!(null)))]}));
    assert_eq!(open["result"]["days"][0]["grade"], Value::Null);
    assert_eq!(
        (&open["result"]["days"][0]["at_least"], &open["result"]["days"][0]["at_most"]),
        (&json!(1), &json!(4))
    );
    assert_eq!(open["missing"], json!(["airway_protection_only"]));
    let noted = line(&json!({"days": [day(1, &with(json!(null), json!(true)))]}));
    assert!(noted["trace"].as_array().unwrap().iter().any(|s| s["rule"] == "crs.airway_protection"));
}

#[test]
fn d1_1_the_worse_of_hypotension_and_hypoxia_and_death() {
    grade_is(&json!({"temperature_c": 38, "hypotension": true, "oxygen": "MASK"}), 3, "high_flow_oxygen");
    grade_is(&json!({"temperature_c": 38, "vasopressors": ["NE"], "oxygen": "NC_LOW"}), 3, "vasopressor");
    grade_is(
        &json!({"temperature_c": 38, "vasopressors": ["NE", "EPI"], "oxygen": "MASK"}),
        4,
        "vasopressors",
    );
    grade_is(&json!({"temperature_c": 38, "death_due_to_crs": true}), 5, "death");
    grade_is(&json!({"temperature_c": null, "hypotension": null, "death_due_to_crs": true}), 5, "death");
    grade_is(&json!({"death_due_to_crs": false}), 0, "no_fever");
}

/// Grade, lowest, highest, and what is missing, of a day told by these members only.
fn open(row: &Value) -> (Value, Value, Value, Value) {
    let mut row = row.clone();
    row["day"] = json!(3);
    let line = line(&json!({"days": [row]}));
    let day = &line["result"]["days"][0];
    for entry in line["missing_at"].as_array().unwrap() {
        assert_eq!(entry["day"], 3);
    }
    (day["grade"].clone(), day["at_least"].clone(), day["at_most"].clone(), line["missing"].clone())
}

#[test]
fn absence_is_never_taken_as_normal() {
    let all = json!(["hypotension", "vasopressors", "oxygen"]);
    assert_eq!(open(&json!({"temperature_c": 38.5})), (Value::Null, json!(1), json!(4), all.clone()));
    assert_eq!(
        open(&json!({"temperature_c": 38.5, "oxygen": null, "hypotension": "UNK"})),
        (Value::Null, json!(1), json!(4), all)
    );
    assert_eq!(
        open(&json!({"temperature_c": 38.5, "hypotension": false})),
        (Value::Null, json!(1), json!(4), json!(["oxygen"]))
    );
    assert_eq!(
        open(&json!({"temperature_c": 38.5, "vasopressors": [], "oxygen": "ROOM"})),
        (Value::Null, json!(1), json!(2), json!(["hypotension"]))
    );
    assert_eq!(
        open(&json!({"temperature_c": 38.5, "hypotension": true, "oxygen": "ROOM"})),
        (Value::Null, json!(2), json!(4), json!(["vasopressors"]))
    );
    assert_eq!(
        open(&json!({"temperature_c": 38.5, "vasopressin": true, "oxygen": "ROOM"})),
        (Value::Null, json!(3), json!(4), json!(["vasopressors"]))
    );
    assert_eq!(
        open(&json!({"temperature_c": 38.5, "hypotension": false, "vasopressin": true, "oxygen": "ROOM"})),
        (Value::Null, json!(3), json!(4), json!(["vasopressors"]))
    );
    assert_eq!(
        open(&json!({"temperature_c": 38.5, "hypotension": false, "oxygen": "nasal cannula"})),
        (Value::Null, json!(2), json!(3), json!(["oxygen.flow_l_min"]))
    );
    assert_eq!(
        open(&json!({"temperature_c": 38.5, "hypotension": false, "oxygen": {"flow_l_min": 6}})),
        (Value::Null, json!(2), json!(4), json!(["oxygen.device"]))
    );
    assert_eq!(
        open(&json!({"temperature_c": 38.5, "hypotension": false, "oxygen": {"flow_l_min": 7}})),
        (Value::Null, json!(3), json!(4), json!(["oxygen.device"]))
    );
    assert_eq!(
        open(&json!({"temperature_c": 38.5, "hypotension": false, "oxygen": {"flow_l_min": 0}})),
        (Value::Null, json!(1), json!(4), json!(["oxygen"]))
    );
    assert_eq!(
        open(&json!({"temperature_c": 38.5, "hypotension": false, "hypoxia": true})),
        (Value::Null, json!(2), json!(4), json!(["oxygen"]))
    );
    assert_eq!(
        open(&json!({"hypotension": true, "vasopressors": [], "oxygen": "ROOM"})),
        (Value::Null, json!(0), json!(2), json!(["temperature_c"]))
    );
    assert_eq!(
        open(&json!({"hypotension": false, "oxygen": "ROOM"})),
        (Value::Null, json!(0), json!(1), json!(["temperature_c"]))
    );
    // What could not raise the grade further is not asked for.
    assert_eq!(
        open(&json!({"temperature_c": 38.5, "vasopressin": true, "oxygen": "nasal cannula"})),
        (Value::Null, json!(3), json!(4), json!(["vasopressors"]))
    );
    assert_eq!(
        open(&json!({"temperature_c": 38.5, "vasopressors": [], "oxygen": {"flow_l_min": 7}})),
        (Value::Null, json!(3), json!(4), json!(["oxygen.device"]))
    );
    // What is known decides where the absent could not raise it.
    let none = json!([]);
    assert_eq!(
        open(&json!({"temperature_c": 38.5, "hypotension": false, "oxygen": "ROOM"})),
        (json!(1), json!(1), json!(1), none.clone())
    );
    assert_eq!(
        open(&json!({"temperature_c": 38.5, "oxygen": "CPAP"})),
        (json!(4), json!(4), json!(4), none.clone())
    );
    assert_eq!(
        open(&json!({"temperature_c": 38.5, "vasopressors": ["NE", "EPI"]})),
        (json!(4), json!(4), json!(4), none.clone())
    );
    assert_eq!(open(&json!({"temperature_c": 36.5})), (json!(0), json!(0), json!(0), none.clone()));
    assert_eq!(
        open(&json!({"temperature_c": 38.5, "vasopressors": ["NE"], "oxygen": "ROOM"})),
        (json!(3), json!(3), json!(3), none)
    );
    assert_eq!(line(&json!({"days": []}))["missing"], json!(["days"]));
    assert_eq!(result(&json!({}))["max_grade"], Value::Null);
}

#[test]
fn a_temperature_of_an_earlier_day_may_be_the_missing_one() {
    let both = result(&json!({"days": [
        day(1, &json!({"temperature_c": null})),
        day(2, &json!({"hypotension": true})),
    ]}));
    assert_eq!(both["days"][1]["grade"], Value::Null);
    assert_eq!(both["days"][1]["at_most"], 2);
    // A day free of signs closes what may have been.
    let closed = result(&json!({"days": [
        day(1, &json!({"temperature_c": null})), day(2, &json!({})), day(3, &json!({"hypotension": true}))]}));
    assert_eq!((&closed["days"][1]["grade"], &closed["days"][2]["grade"]), (&json!(0), &json!(0)));
    // Where fever came before, the absent temperature of a hypotensive day decides nothing.
    let known = result(&json!({"days": [
        day(1, &json!({"temperature_c": 39})), day(2, &json!({"temperature_c": null, "hypotension": true}))]}));
    assert_eq!(known["days"][1]["grade"], 2);
    let open =
        line(&json!({"days": [day(1, &json!({"temperature_c": 39})), {"day": 2, "hypotension": true}]}));
    assert_eq!(open["missing"], json!(["vasopressors", "oxygen"]));
}

#[test]
fn unreported_signs_may_be_declared_absent() {
    let said = json!({"days": [{"day": 1, "temperature_c": 38.5, "no_other_findings": true}]});
    assert_eq!(result(&said)["days"][0]["grade"], 1);
    let center =
        json!({"days": [{"day": 1, "temperature_c": 38.5}], "parameters": {"unreported_signs": "absent"}});
    assert_eq!(result(&center)["days"][0]["grade"], 1);
    assert_eq!(result(&center)["parameters"]["unreported_signs"], "absent");
    for (row, grade) in [
        (json!({"hypotension": true}), 2),
        (json!({"hypoxia": true}), 2),
        (json!({"vasopressin": true}), 3),
        (json!({"oxygen": {"flow_l_min": 8}}), 3),
        (json!({"vasopressors": ["NE"]}), 3),
    ] {
        let mut row = row;
        row["day"] = json!(1);
        row["temperature_c"] = json!(38.5);
        row["no_other_findings"] = json!(true);
        assert_eq!(result(&json!({"days": [row]}))["days"][0]["grade"], grade, "{row}");
    }
    // The temperature is a measurement, not a sign.
    let cold = json!({"days": [{"day": 1, "no_other_findings": true}]});
    assert_eq!(result(&cold)["days"][0]["grade"], Value::Null);
}

#[test]
fn blood_pressure_answers_for_hypotension_where_nobody_did() {
    let with = |sbp: Value, hypotension: Value, bound: Value| {
        let row = json!({"day": 1, "temperature_c": 38.5, "oxygen": "ROOM", "vasopressors": [], "sbp_mmhg": sbp, "hypotension": hypotension});
        result(&json!({"days": [row], "parameters": {"hypotension_below_sbp_mmhg": bound}}))["days"][0]["grade"].clone()
    };
    assert_eq!(with(json!(89.9), Value::Null, json!(90)), 2);
    assert_eq!(with(json!(90), Value::Null, json!(90)), 1);
    assert_eq!(with(json!(95), Value::Null, json!(100)), 2);
    assert_eq!(with(json!(80), Value::Null, Value::Null), Value::Null);
    assert_eq!(with(json!(80), json!(false), json!(90)), 1);
    assert_eq!(with(json!(120), json!(true), json!(90)), 2);
    assert_eq!(
        result(&json!({"days": [day(1, &json!({}))]}))["parameters"]["hypotension_below_sbp_mmhg"],
        90.0
    );
}

#[test]
fn q14_vasopressin_alone_is_a_parameter() {
    let with = |alone: &str, drugs: Value| {
        let row = day(1, &json!({"temperature_c": 39, "hypotension": true, "vasopressors": drugs}));
        result(&json!({"days": [row], "parameters": {"vasopressin_alone": alone}}))["days"][0]["grade"]
            .clone()
    };
    assert_eq!(with("vasopressor", json!(["VASO"])), 3);
    assert_eq!(with("not_counted", json!(["VASO"])), 2);
    assert_eq!(with("not_counted", json!(["VASO", "NE"])), 3);
    assert_eq!(with("not_counted", json!(["VASO", "NE", "EPI"])), 4);
    assert_eq!(Parameters::default().vasopressin_alone, VasopressinAlone::Vasopressor);
    let unsure = json!({"days": [{"day": 1, "temperature_c": 39, "oxygen": "ROOM", "vasopressin": true}],
        "parameters": {"vasopressin_alone": "not_counted"}});
    let unsure = result(&unsure)["days"][0].clone();
    assert_eq!((&unsure["at_least"], &unsure["at_most"]), (&json!(2), &json!(4)));
}

#[test]
fn episodes_begin_end_and_begin_again() {
    let course = result(&json!({"days": [
        day(1, &json!({})),
        day(2, &json!({"temperature_c": 38.6})),
        day(3, &json!({"temperature_c": 39.4, "hypotension": true})),
        day(4, &json!({"oxygen": "NC_LOW"})),
        day(5, &json!({})),
        day(6, &json!({"hypotension": true})),
        day(8, &json!({"temperature_c": 38.1})),
    ]}));
    let grades: Vec<&Value> = course["days"].as_array().unwrap().iter().map(|d| &d["grade"]).collect();
    assert_eq!(grades, [0, 1, 2, 2, 0, 0, 1]);
    assert_eq!(
        (&course["onset"], &course["end"], &course["max_grade"]),
        (&json!(2), &Value::Null, &json!(2))
    );
    assert_eq!(
        course["episodes"],
        json!([
            {"onset": 2, "onset_certain": true, "end": 4, "last_sign": 4, "resolved": true, "max_grade": 2, "max_at_least": 2},
            {"onset": 8, "onset_certain": false, "end": null, "last_sign": 8, "resolved": false, "max_grade": 1, "max_at_least": 1},
        ])
    );
    assert_eq!(course["gaps"], json!([{"from": 7, "to": 7}]));
}

#[test]
fn the_end_needs_the_very_next_day_recorded_and_free_of_signs() {
    let end = |rows: Value| {
        let course = result(&json!({ "days": rows }));
        (course["end"].clone(), course["episodes"][0]["resolved"].clone())
    };
    let fever = day(1, &json!({"temperature_c": 38.6}));
    assert_eq!(end(json!([fever, day(2, &json!({}))])), (json!(1), json!(true)));
    assert_eq!(end(json!([fever])), (Value::Null, json!(false)));
    assert_eq!(end(json!([fever, day(3, &json!({}))])), (Value::Null, json!(true)));
    assert_eq!(end(json!([fever, day(2, &json!({"temperature_c": null}))])), (Value::Null, json!(false)));
    assert_eq!(
        end(json!([fever, day(2, &json!({"temperature_c": null})), day(3, &json!({}))])),
        (Value::Null, json!(true))
    );
    // Fever of another cause is no sign.
    assert_eq!(
        end(json!([fever, day(2, &json!({"temperature_c": 39, "fever_attributed": false}))])),
        (json!(1), json!(true))
    );
    let treated = json!([fever, day(2, &json!({"steroids": true})), day(3, &json!({}))]);
    assert_eq!(end(treated.clone()), (json!(1), json!(true)));
    let strict = result(&json!({"days": treated, "parameters": {"end_needs_no_drug": true}}));
    assert_eq!((&strict["end"], &strict["episodes"][0]["resolved"]), (&Value::Null, &json!(true)));
}

#[test]
fn a_new_episode_needs_fever_of_its_own_unless_a_drug_was_given() {
    let later = |first: Value, last: Value| {
        let rows = json!([day(1, &first), day(2, &json!({})), day(3, &json!({})), day(4, &last)]);
        let course = result(&json!({ "days": rows }));
        (course["days"][3]["grade"].clone(), course["episodes"].as_array().unwrap().len())
    };
    let fever = || json!({"temperature_c": 38.6});
    assert_eq!(later(fever(), json!({"hypotension": true})), (json!(0), 1));
    assert_eq!(later(fever(), json!({"hypotension": true, "steroids": true})), (json!(2), 2));
    assert_eq!(later(fever(), json!({"hypotension": true, "temperature_c": 38.0})), (json!(2), 2));
    let treated = json!({"temperature_c": 38.6, "tocilizumab": true});
    assert_eq!(later(treated, json!({"hypotension": true})), (json!(2), 2));
}

#[test]
fn an_onset_that_could_be_earlier_is_not_certain() {
    let certain = |first: Value| {
        let rows = json!([day(1, &first), day(2, &json!({"temperature_c": 38.6}))]);
        result(&json!({ "days": rows }))["episodes"][0]["onset_certain"].clone()
    };
    assert_eq!(certain(json!({})), true);
    assert_eq!(certain(json!({"temperature_c": null})), false);
    let again = json!([
        day(1, &json!({"temperature_c": null})),
        day(2, &json!({"temperature_c": 39})),
        day(3, &json!({})),
        day(4, &json!({"temperature_c": 39})),
    ]);
    assert_eq!(result(&json!({ "days": again }))["episodes"][1]["onset_certain"], true);
    let between = json!([
        day(1, &json!({"temperature_c": null})),
        day(2, &json!({})),
        day(3, &json!({"temperature_c": 39}))
    ]);
    assert_eq!(result(&json!({ "days": between }))["episodes"][0]["onset_certain"], true);
}

#[test]
fn the_maximum_is_open_while_a_day_could_exceed_it() {
    let rows = json!([day(1, &json!({"temperature_c": 39, "hypotension": true})), {"day": 2, "temperature_c": 38.5}]);
    let course = result(&json!({ "days": rows }));
    assert_eq!((&course["max_grade"], &course["max_at_least"]), (&Value::Null, &json!(2)));
    assert_eq!(course["episodes"][0]["max_grade"], Value::Null);
    let rows =
        json!([day(1, &json!({"temperature_c": 39, "oxygen": "CPAP"})), {"day": 2, "temperature_c": 38.5}]);
    assert_eq!(result(&json!({ "days": rows }))["max_grade"], 4);
    assert_eq!(result(&json!({"days": [day(1, &json!({}))]}))["max_grade"], 0);
}

#[test]
fn r07_the_reported_maximum_is_compared() {
    let agrees = |reported: Value| {
        let case = json!({"days": [day(1, &json!({"temperature_c": 39}))], "reported_max_grade": reported});
        result(&case)["reported_agrees"].clone()
    };
    assert_eq!(
        (agrees(json!(1)), agrees(json!(2)), agrees(Value::Null)),
        (json!(true), json!(false), Value::Null)
    );
    assert_eq!(fault(&json!({"days": [], "reported_max_grade": 6})).pointer, "/reported_max_grade");
}

#[test]
fn records_of_one_day_count_at_their_worst() {
    let rows = json!([
        day(1, &json!({"temperature_c": 37.2, "oxygen": "MASK"})),
        day(1, &json!({"temperature_c": 38.4, "hypotension": true, "vasopressors": ["NE"]})),
        {"day": 1, "sbp_mmhg": 80},
    ]);
    let course = result(&json!({ "days": rows }));
    assert_eq!(course["days"].as_array().unwrap().len(), 1);
    assert_eq!(course["days"][0]["grade"], 3);
    let rows = json!([
        day(1, &json!({"temperature_c": 39, "sbp_mmhg": 80})),
        day(1, &json!({"sbp_mmhg": 70})),
        day(1, &json!({"sbp_mmhg": 95}))
    ]);
    let told = line(&json!({ "days": rows }));
    let step = told["trace"].as_array().unwrap().iter().find(|s| s["rule"] == "crs.hypotension").unwrap();
    assert_eq!(step["values"]["sbp_mmhg"], 70.0);
    // Agents of different hours are not concurrent.
    let rows = json!([
        day(1, &json!({"temperature_c": 39, "vasopressors": ["NE"]})),
        day(1, &json!({"vasopressors": ["EPI"]})),
    ]);
    assert_eq!(result(&json!({ "days": rows }))["days"][0]["grade"], 3);
    // An answer of one record does not answer for hypotension in another.
    let rows = json!([
        {"day": 1, "temperature_c": 39, "hypotension": false, "oxygen": "ROOM"},
        {"day": 1, "hypotension": true},
    ]);
    assert_eq!(result(&json!({ "days": rows }))["days"][0]["at_most"], 4);
    let rows = json!([
        {"day": 1, "temperature_c": 39, "hypotension": true, "vasopressors": [], "hypotension_other_cause": true, "oxygen": "NC_LOW"},
        {"day": 1, "hypotension": true, "vasopressors": ["NE"], "oxygen": "NRB"},
    ]);
    let day = result(&json!({ "days": rows }))["days"][0].clone();
    assert_eq!((&day["grade"], &day["rule"]), (&json!(3), &json!("crs.non_rebreather")));
}

#[test]
fn days_and_dates() {
    let rows = json!([
        {"date": "2024-03-02", "temperature_c": 36.9, "hypotension": false, "oxygen": "ROOM"},
        {"date": "2024-03-01", "temperature_c": 38.9, "hypotension": false, "oxygen": "ROOM"},
    ]);
    let dated = result(&json!({ "days": rows }));
    assert_eq!((&dated["onset"], &dated["end"]), (&json!("2024-03-01"), &json!("2024-03-01")));
    assert_eq!(dated["days"][0]["date"], "2024-03-01");
    assert_eq!(dated["days"][0].get("day"), None);
    let mixed = json!({"infusion_date": "2024-02-29", "days": [day(2, &json!({})), {"date": "2024-03-01", "temperature_c": 39, "hypotension": false, "oxygen": "ROOM"}]});
    assert_eq!(result(&mixed)["end"], "2024-03-01");
    let both = json!({"days": [{"day": 1, "date": "2024-03-01", "temperature_c": 39}, {"day": 2, "date": "2024-03-02"}]});
    assert_eq!(result(&both)["onset"], 1);
    let clash = json!({"days": [{"day": 1, "date": "2024-03-01"}, {"day": 3, "date": "2024-03-02"}]});
    assert_eq!(fault(&clash).pointer, "/days/1/date");
    let clash = json!({"infusion_date": "2024-03-01", "days": [{"day": 1, "date": "2024-03-01"}]});
    assert_eq!(fault(&clash).pointer, "/days/0/date");
    assert_eq!(fault(&json!({"days": [{"day": 1}, {"date": "2024-03-01"}]})).pointer, "/days/0");
    assert_eq!(fault(&json!({"days": [{"temperature_c": 39}]})).pointer, "/days/0");
    assert_eq!(fault(&json!({"days": [{"day": 40_000}]})).pointer, "/days/0/day");
    assert_eq!(fault(&json!({"days": [{"day": -4000}]})).pointer, "/days/0/day");
    assert_eq!(fault(&json!({"days": [{"date": "1899-01-01"}]})).pointer, "/days/0/date");
    let line = line(&json!({"days": [{"date": "2024-03-01", "temperature_c": 38.5}]}));
    assert_eq!(line["missing_at"][0]["date"], "2024-03-01");
}

#[test]
fn days_before_the_infusion_are_not_graded() {
    let course = result(
        &json!({"days": [day(-1, &json!({"temperature_c": 39, "antipyretic": true})), day(0, &json!({"hypotension": true}))]}),
    );
    assert_eq!(course["days_before_infusion"], 1);
    assert_eq!(course["days"].as_array().unwrap().len(), 1);
    assert_eq!(course["days"][0]["grade"], 0);
    let dated = json!({"infusion_date": "2024-03-01", "days": [{"date": "2024-02-28", "temperature_c": 39}]});
    assert_eq!(result(&dated)["max_grade"], Value::Null);
    assert_eq!(result(&dated)["days_before_infusion"], 1);
}

#[test]
fn impossible_and_contradicting_values_are_faults() {
    for (row, pointer) in [
        (json!({"temperature_c": 33.9}), "/days/0/temperature_c"),
        (json!({"temperature_c": 43.1}), "/days/0/temperature_c"),
        (json!({"sbp_mmhg": 29}), "/days/0/sbp_mmhg"),
        (json!({"sbp_mmhg": 251}), "/days/0/sbp_mmhg"),
        (json!({"oxygen": {"device": "MASK", "flow_l_min": -1}}), "/days/0/oxygen/flow_l_min"),
        (json!({"oxygen": {"device": "MASK", "flow_l_min": 80.1}}), "/days/0/oxygen/flow_l_min"),
        (json!({"oxygen": {"device": "ROOM", "flow_l_min": 2}}), "/days/0/oxygen"),
        (json!({"oxygen": {"device": "ROOM"}, "o2_device": "MASK"}), "/days/0/oxygen_device"),
        (json!({"oxygen": {"device": "MASK", "flow_l_min": 5}, "o2_flow": 6}), "/days/0/oxygen_flow_l_min"),
        (json!({"vasopressors": ["VASO"], "vasopressin": false}), "/days/0/vasopressin"),
        (json!({"vasopressors": [{"drug": "NE", "dose": -1}]}), "/days/0/vasopressors"),
        (json!({"temperature_c": 37, "fever": true}), "/days/0/fever"),
        (json!({"temperature_c": 38, "fever": false}), "/days/0/fever"),
        (json!({"vasopressors": ["aspirin"]}), "/days/0/vasopressors/0"),
        (json!({"oxygen": "candle"}), "/days/0/oxygen"),
        (json!({"oxygen": true}), "/days/0/oxygen"),
        (json!({"hypotension": "perhaps"}), "/days/0/hypotension"),
    ] {
        let mut row = row;
        row["day"] = json!(1);
        assert_eq!(fault(&json!({"days": [row]})).pointer, pointer, "{row}");
    }
    for (row, good) in [
        (json!({"temperature_c": 34}), 0),
        (json!({"temperature_c": 43, "sbp_mmhg": 250, "oxygen": {"device": "MASK", "flow_l_min": 80}}), 3),
        (json!({"sbp_mmhg": 30}), 0),
    ] {
        assert_eq!(one(&row)["grade"], good, "{row}");
    }
    assert!(fault(&json!({"days": [{"day": 1, "temperature_c": 101.3}]})).expected.contains("Fahrenheit"));
    assert!(fault(&json!({"days": [{"day": 1, "sbp_mmhg": 11.3}]})).expected.contains("kPa"));
    assert_eq!(
        fault(&json!({"days": [], "parameters": {"hypotension_below_sbp_mmhg": 0}})).pointer,
        "/parameters/hypotension_below_sbp_mmhg"
    );
    let misspelt =
        derive::<CrsCase>(r#"{"days":[{"day":1,"oxygen":{"devise":"MASK"}}]}"#, &mut Trace::new()).unwrap();
    assert_eq!(misspelt.unknown, ["/days/0/oxygen/devise"]);
}

#[test]
fn the_trace_tells_source_and_values() {
    let line = line(
        &json!({"days": [day(1, &json!({"temperature_c": 39, "hypotension": true, "vasopressors": ["NE"]}))]}),
    );
    let step =
        |rule: &str| line["trace"].as_array().unwrap().iter().find(|s| s["rule"] == rule).unwrap().clone();
    assert_eq!(step("crs.fever")["values"]["temperature_c"], 39.0);
    assert_eq!(step("crs.vasopressor")["values"]["vasopressors"], 1);
    assert_eq!(step("crs.vasopressor")["concludes"], "3");
    assert_eq!(step("crs.hypotension")["verdict"], "not_met");
    assert_eq!(step("crs.vasopressors")["provenance"], "seed");
    assert_eq!(crs::NON_REBREATHER.provenance.name(), "external");
    assert_eq!(crs::VASOPRESSIN_ALONE.provenance.name(), "proposed");
    let mut ids: Vec<&str> = crs::CRITERIA.iter().map(|c| c.id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), crs::CRITERIA.len());
}

fn observation() -> impl Strategy<Value = Observation> {
    let flag = || prop::option::of(any::<bool>());
    let devices = prop::sample::select(vec![
        "NC_LOW", "NC_HIGH", "NC", "MASK", "NRB", "VENTURI", "CPAP", "INTUB", "BLOW_BY",
    ]);
    let drugs = prop::sample::select(vec![
        Vasopressor::Norepinephrine,
        Vasopressor::Epinephrine,
        Vasopressor::Vasopressin,
    ]);
    (
        (0..8_i32, prop::option::of(36.0..40.0_f64), flag(), flag(), prop::option::of(70.0..120.0_f64)),
        (prop::option::of(prop::collection::vec(drugs, 0..3)), flag(), flag()),
        (prop::option::of(devices), prop::option::of(0.0..12.0_f64), flag(), flag(), flag()),
    )
        .prop_map(
            |(
                (day, temperature_c, fever_attributed, hypotension, sbp_mmhg),
                (drugs, treated, other),
                (device, flow, hypoxia, protect, none),
            )| {
                let device = device.map(|d| serde_json::from_value(json!(d)).unwrap());
                Observation {
                    day: Some(day),
                    temperature_c,
                    fever_attributed,
                    hypotension,
                    sbp_mmhg,
                    vasopressors: drugs.map(|list| list.into_iter().map(Agent::of).collect()),
                    antipyretic_or_anticytokine: treated,
                    hypotension_other_cause: other,
                    oxygen: Some(Oxygen { device, flow_l_min: flow }),
                    hypoxia,
                    airway_protection_only: protect,
                    no_other_findings: none,
                    ..Observation::default()
                }
            },
        )
}

fn bounds(rows: &[Observation]) -> Vec<(Option<i32>, u8, u8)> {
    let graded = crs::grade(rows, None, Parameters::default(), &mut Trace::new()).unwrap();
    graded.days.iter().map(|d| (d.day, d.at_least, d.at_most)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn the_trace_alone_reproduces_the_grades(rows in prop::collection::vec(observation(), 0..12)) {
        let mut trace = Trace::new();
        let graded = crs::grade(&rows, None, Parameters::default(), &mut trace).unwrap();
        for day in &graded.days {
            let at = At::Day(day.day.unwrap());
            let expected = day.grade.map_or("not_evaluable".to_owned(), |g| g.to_string());
            prop_assert_eq!(trace.conclusion(at), Some(expected.as_str()));
            let told = trace.missing().iter().any(|(when, _)| *when == at);
            prop_assert_eq!(told, day.grade.is_none(), "missing is told exactly when it decides: {:?}", day);
            prop_assert!(day.at_least <= day.at_most && day.at_most <= 5 && day.at_most != 0 || day.grade == Some(0));
        }
    }

    #[test]
    fn order_of_rows_does_not_matter(rows in prop::collection::vec(observation(), 0..10), seed in any::<u64>()) {
        let mut shuffled = rows.clone();
        let n = shuffled.len().max(1);
        for i in 0..shuffled.len() {
            let j = usize::try_from(seed.wrapping_mul(i as u64 + 7) % n as u64).unwrap();
            shuffled.swap(i, j);
        }
        let graded = |rows: &[Observation]| crs::grade(rows, None, Parameters::default(), &mut Trace::new()).unwrap().course;
        prop_assert_eq!(bounds(&rows), bounds(&shuffled));
        prop_assert_eq!(graded(&rows), graded(&shuffled));
    }

    #[test]
    fn worsening_one_input_never_improves_a_grade(rows in prop::collection::vec(observation(), 1..8), which in any::<prop::sample::Index>(), how in 0..6_u8) {
        let mut worse = rows.clone();
        let row = &mut worse[which.index(rows.len())];
        match how {
            0 => row.temperature_c = row.temperature_c.map(|t| t + 2.0),
            1 => row.hypotension = row.hypotension.map(|_| true),
            2 => row.vasopressors.iter_mut().for_each(|list| list.push(Agent::of(Vasopressor::Phenylephrine))),
            3 => row.oxygen.iter_mut().for_each(|o| o.flow_l_min = o.flow_l_min.map(|f| f + 5.0)),
            4 => row.sbp_mmhg = row.sbp_mmhg.map(|s| s - 30.0),
            _ => row.death_due_to_crs = Some(true),
        }
        for (before, after) in bounds(&rows).iter().zip(bounds(&worse)) {
            prop_assert!(after.1 >= before.1 && after.2 >= before.2, "{:?} {:?}", before, after);
        }
    }

    #[test]
    fn telling_more_never_contradicts_what_was_told(rows in prop::collection::vec(observation(), 1..6), which in any::<prop::sample::Index>()) {
        let mut less = rows.clone();
        let row = &mut less[which.index(rows.len())];
        row.hypotension = None;
        row.vasopressors = None;
        row.sbp_mmhg = None;
        row.hypotension_other_cause = None;
        row.no_other_findings = None;
        let lone = rows.iter().filter(|r| r.day == rows[which.index(rows.len())].day).count() == 1;
        if lone && rows[which.index(rows.len())].no_other_findings != Some(true) {
            for (more, less) in bounds(&rows).iter().zip(bounds(&less)) {
                if more.0 == rows[which.index(rows.len())].day {
                    prop_assert!(less.1 <= more.1 && more.2 <= less.2, "{:?} {:?}", more, less);
                }
            }
        }
    }

    #[test]
    fn days_and_dates_give_the_same_course(rows in prop::collection::vec(observation(), 0..10)) {
        let infusion = chrono::NaiveDate::from_ymd_opt(2024, 2, 27).unwrap();
        let dated: Vec<Observation> = rows
            .iter()
            .map(|row| Observation { day: None, date: Some(infusion + chrono::Days::new(u64::try_from(row.day.unwrap()).unwrap())), ..row.clone() })
            .collect();
        let graded = |rows: &[Observation]| crs::grade(rows, Some(infusion), Parameters::default(), &mut Trace::new()).unwrap();
        let (a, b) = (graded(&rows), graded(&dated));
        prop_assert_eq!(a.course.max_grade, b.course.max_grade);
        let moment = |m: Option<Moment>| m.map(|m| m.date().map_or_else(|| i64::from(m.day().unwrap()), |d| (d - infusion).num_days()));
        prop_assert_eq!(moment(a.course.onset), moment(b.course.onset));
        prop_assert_eq!(moment(a.course.end), moment(b.course.end));
        prop_assert_eq!(a.course.gaps.len(), b.course.gaps.len());
    }

    #[test]
    fn any_numbers_give_a_grade_or_a_fault(t in any::<f64>(), sbp in any::<f64>(), flow in any::<f64>(), day in any::<i32>()) {
        let row = Observation { day: Some(day), temperature_c: Some(t), sbp_mmhg: Some(sbp), oxygen_flow_l_min: Some(flow), ..Observation::default() };
        let _ = crs::grade(&[row.clone(), row], None, Parameters::default(), &mut Trace::new());
    }
}
