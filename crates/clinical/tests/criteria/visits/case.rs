//! The `visits` case: members, faults, what is missing, and the result's shape.

use clinical::criteria::Trace;
use clinical::criteria::case::{Fault, derive};
use clinical::criteria::visits::VisitsCase;
use serde_json::{Value, json};

fn run(case: &Value) -> Result<Value, Fault> {
    let decided = derive::<VisitsCase>(&case.to_string(), &mut Trace::new())?;
    assert_eq!(decided.unknown, [""; 0]);
    Ok(decided.line)
}

fn sound(case: &Value) -> Value {
    run(case).unwrap_or_else(|fault| panic!("{fault}"))
}

fn pointer(case: &Value) -> String {
    run(case).expect_err("a fault").pointer
}

/// A case with some members replaced; `null` removes one.
fn case(changes: &Value) -> Value {
    let mut case = json!({"id": "p1", "disease": "NHL", "infusion_date": "2024-01-31", "data_cutoff": "2024-06-30", "visits": []});
    for (name, value) in changes.as_object().expect("an object") {
        case[name] = value.clone();
    }
    case.as_object_mut().expect("an object").retain(|_, v| !v.is_null());
    case
}

#[test]
fn result_of_a_case() {
    let line = sound(&case(&json!({
        "visits": ["2024-07-01", "2024-05-30", "2024-03-01", "2024-03-01"],
        "ended": {"reason": "death", "date": "2024-07-01"}
    })));
    let result = &line["result"];
    assert_eq!(line["id"], "p1");
    assert_eq!(
        result["visits"][0],
        json!({
            "code": "M1", "target_date": "2024-02-29", "target_day": 29, "window": {"from": "2024-02-15", "to": "2024-03-14"},
            "state": "met", "visit": "2024-03-01", "reason": null
        })
    );
    assert_eq!(result["visits"][1]["state"], "missed");
    assert_eq!(
        (&result["unscheduled"], &result["after_cutoff"]),
        (&json!(["2024-05-30"]), &json!(["2024-07-01"]))
    );
    assert_eq!((&result["timetable"], &result["section"]), (&json!("nhl-follow-up"), &json!("1.9")));
    assert_eq!(
        (&result["disease"], &result["purpose"], &result["level"]),
        (&json!("NHL"), &json!("follow_up"), &Value::Null)
    );
    assert_eq!(
        (&result["provenance"], &result["tolerance"]["provenance"]),
        (&json!("seed"), &json!("proposed"))
    );
    assert!(result.get("category").is_none());
    assert_eq!(
        result["parameters"],
        json!({
            "counted_from": "infusion", "monthly_until": "month_6_or_best_response", "response_interval_months": 3,
            "partition": "lenient", "lost_to_follow_up": "missed", "tolerance_days": null, "tolerance_days_by_code": {}
        })
    );
    let step = &line["trace"][0];
    assert_eq!(
        (&step["date"], &step["rule"], &step["concludes"]),
        (&json!("2024-02-29"), &json!("visits.met"), &json!("met"))
    );
    assert_eq!(
        step["values"],
        json!({"window_from": "2024-02-15", "window_to": "2024-03-14", "visit": "2024-03-01"})
    );
    assert_eq!(line["trace"].as_array().map(Vec::len), result["visits"].as_array().map(Vec::len));
    assert_eq!(line["missing"], json!([]));
}

#[test]
fn the_timetable_follows_from_disease_and_name() {
    let id = |changes: Value| sound(&case(&changes))["result"]["timetable"].clone();
    assert_eq!(id(json!({"disease": "MM"})), "mm-follow-up");
    assert_eq!(id(json!({"disease": "B-ALL"})), "b-all-follow-up");
    assert_eq!(id(json!({"disease": "b_all"})), "b-all-follow-up");
    assert_eq!(id(json!({"disease": "kinetics"})), "car-t-kinetics");
    assert_eq!(id(json!({"disease": null, "timetable": "mm-response"})), "mm-response");
    assert_eq!(id(json!({"timetable": "response"})), "nhl-response");
    assert_eq!(id(json!({"timetable": "persistence"})), "nhl-car-t-persistence");
    assert_eq!(id(json!({"timetable": "kinetics"})), "car-t-kinetics");
    assert_eq!(id(json!({"timetable": "car-t-kinetics"})), "car-t-kinetics");
    assert_eq!(
        id(json!({"disease": "kinetics", "timetable": "nhl-car-t-persistence"})),
        "nhl-car-t-persistence"
    );
    assert_eq!(id(json!({"disease": "MM", "timetable": "response"})), "mm-response");
    assert_eq!(id(json!({"disease": "MM", "timetable": "mm-extramedullary"})), "mm-extramedullary");
    assert_eq!(pointer(&case(&json!({"disease": null}))), "/disease");
    assert_eq!(pointer(&case(&json!({"disease": "AML"}))), "/disease");
    assert_eq!(pointer(&case(&json!({"timetable": "mm-response"}))), "/timetable");
    assert_eq!(pointer(&case(&json!({"disease": "kinetics", "timetable": "mm-response"}))), "/timetable");
    assert_eq!(pointer(&case(&json!({"disease": null, "timetable": "response"}))), "/timetable");
    assert_eq!(pointer(&case(&json!({"disease": "MM", "timetable": "persistence"}))), "/timetable");
    let fault = run(&case(&json!({"timetable": "nhl-folow-up"}))).expect_err("a typo");
    assert!(fault.expected.contains("did you mean nhl-follow-up?"), "{fault}");
}

#[test]
fn what_is_absent_is_missing() {
    for (name, alias) in [("infusion_date", "d0"), ("data_cutoff", "cutoff"), ("visits", "visit_dates")] {
        let line = sound(&case(&json!({ name: null })));
        assert_eq!(
            (&line["result"]["category"], &line["missing"]),
            (&json!("not_evaluable"), &json!([name])),
            "{name}"
        );
        assert_eq!(line["result"]["visits"], json!([]));
        assert_eq!(
            (&line["trace"][0]["rule"], &line["trace"][0]["verdict"]),
            (&json!("visits.schedulable"), &json!("undecided"))
        );
        let value = case(&json!({}))[name].clone();
        let other = sound(&case(&json!({ name: null, alias: value })));
        assert_eq!(other["missing"], json!([]), "{alias}");
    }
    let line = sound(&case(&json!({"infusion_date": null, "data_cutoff": null, "visits": null})));
    assert_eq!(line["missing"], json!(["infusion_date", "data_cutoff", "visits"]));
    let unknown = sound(&case(
        &json!({"disease": "MM", "timetable": "response", "data_cutoff": "2024-04-01", "visits": ["2024-02-28"]}),
    ));
    assert_eq!(unknown["missing"], json!(["best_response_date"]));
    assert_eq!(unknown["missing_at"], json!([{"date": "2024-03-28", "name": "best_response_date"}]));
}

#[test]
fn readings_stand_in_the_case_or_among_its_parameters() {
    let changes = [
        ("counted_from", json!("first_visit")),
        ("monthly_until", json!("best_response")),
        ("response_interval_months", json!(2)),
        ("partition", json!("strict")),
        ("lost_to_follow_up", json!("excluded")),
        ("tolerance_days", json!(7)),
        ("tolerance_days_by_code", json!({"M1": 3})),
    ];
    let usual = sound(&case(&json!({})))["result"]["parameters"].clone();
    for (name, value) in changes {
        let mut expected = usual.clone();
        expected[name] = value.clone();
        assert_eq!(sound(&case(&json!({ name: value })))["result"]["parameters"], expected, "{name}");
        assert_eq!(
            sound(&case(&json!({"parameters": { name: value }})))["result"]["parameters"],
            expected,
            "{name}"
        );
        assert!(run(&case(&json!({ name: value, "parameters": { name: value }}))).is_ok());
        let usually = if usual[name].is_null() {
            json!(8)
        } else if name == "tolerance_days_by_code" {
            json!({"M1": 4})
        } else {
            usual[name].clone()
        };
        assert_eq!(
            pointer(&case(&json!({ name: value, "parameters": { name: usually }}))),
            format!("/parameters/{name}")
        );
    }
    assert_eq!(pointer(&case(&json!({"response_interval_months": 4}))), "/response_interval_months");
    assert_eq!(pointer(&case(&json!({"partition": "loose"}))), "/partition");
}

#[test]
fn tolerances_replace_the_windows() {
    let window =
        |changes: Value, index: usize| sound(&case(&changes))["result"]["visits"][index]["window"].clone();
    assert_eq!(window(json!({"tolerance_days": 0}), 0), json!({"from": "2024-02-29", "to": "2024-02-29"}));
    let both = json!({"tolerance_days": 1, "tolerance_days_by_code": {"m03": 2}});
    assert_eq!(window(both.clone(), 0), json!({"from": "2024-02-28", "to": "2024-03-01"}));
    assert_eq!(window(both, 1), json!({"from": "2024-04-28", "to": "2024-05-02"}));
    for known in ["M1", "M9", "M12", "M60", "M72", "M84", "M1200"] {
        assert!(run(&case(&json!({"tolerance_days_by_code": { known: 2 }}))).is_ok(), "{known}");
    }
    for unknown in ["M2", "M4", "d28", "R2", "M66", "M73", "M1212"] {
        assert_eq!(
            pointer(&case(&json!({"tolerance_days_by_code": { unknown: 2 }}))),
            format!("/tolerance_days_by_code/{unknown}")
        );
    }
    assert!(
        run(&case(&json!({"tolerance_days_by_code": { "M4": 2 }, "counted_from": "first_visit"}))).is_ok()
    );
    assert!(run(&case(&json!({"tolerance_days_by_code": { "x": 2 }}))).is_err());
    assert!(run(&case(&json!({"tolerance_days_by_code": { "M+1": 2 }}))).is_err());
    // A chain keeps the gaps of its file.
    let chain = json!({"timetable": "response", "tolerance_days": 1, "visits": ["2024-02-29"]});
    assert_eq!(window(chain, 1), json!({"from": "2024-04-11", "to": "2024-06-13"}));
}

#[test]
fn impossible_dates_are_faults() {
    assert_eq!(pointer(&case(&json!({"visits": ["2024-02-30"]}))), "/visits/0");
    assert_eq!(pointer(&case(&json!({"visits": ["2024-2-3"]}))), "/visits/0");
    assert_eq!(pointer(&case(&json!({"infusion_date": "31.01.2024"}))), "/infusion_date");
    assert_eq!(pointer(&case(&json!({"data_cutoff": "2024-01-30"}))), "/data_cutoff");
    assert!(run(&case(&json!({"data_cutoff": "2024-01-31"}))).is_ok());
    assert!(run(&case(&json!({"data_cutoff": "2124-01-31"}))).is_ok());
    assert_eq!(pointer(&case(&json!({"data_cutoff": "2124-02-01"}))), "/data_cutoff");
    assert!(run(&case(&json!({"infusion_date": "9999-12-31", "data_cutoff": "9999-12-31"}))).is_ok());
    let end = |reason: &str, date: &str| json!({"reason": reason, "date": date});
    assert_eq!(pointer(&case(&json!({"ended": end("lost", "2024-01-30")}))), "/ended/date");
    assert!(run(&case(&json!({"ended": end("lost", "2024-01-31")}))).is_ok());
    assert_eq!(
        pointer(&case(&json!({"ended": [end("lost", "2024-03-01"), end("death", "2024-01-30")]}))),
        "/ended/1/date"
    );
    assert_eq!(
        pointer(&case(&json!({"ended": [end("death", "2024-03-01"), end("death", "2024-03-02")]}))),
        "/ended/0/date"
    );
    assert!(run(&case(&json!({"ended": [end("death", "2024-03-01"), end("death", "2024-03-01")]}))).is_ok());
    assert_eq!(pointer(&case(&json!({"ended": {"reason": "death"}}))), "/ended");
    assert_eq!(pointer(&case(&json!({"ended": end("moved", "2024-03-01")}))), "/ended/reason");
    let seen = |date: &str| json!({"ended": end("death", "2024-03-01"), "visits": ["2024-02-20", date]});
    assert_eq!(pointer(&case(&seen("2024-03-02"))), "/visits/1");
    assert!(run(&case(&seen("2024-03-01"))).is_ok());
    assert!(run(&case(&json!({"ended": end("withdrawn", "2024-03-01"), "visits": ["2024-03-02"]}))).is_ok());
}

#[test]
fn reasons_of_an_end_are_read_leniently() {
    for (reason, code) in
        [("DEAD", "death"), ("death", "death"), ("Withdrawn", "withdrawn"), ("TRANSFERRED", "transferred")]
    {
        let line = sound(&case(&json!({"ended": {"reason": reason, "date": "2024-02-01"}})));
        assert_eq!(line["result"]["visits"][0]["reason"], code, "{reason}");
    }
    let line = sound(&case(
        &json!({"timetable": "response", "ended": {"reason": "new therapy", "date": "2024-02-01"}}),
    ));
    assert_eq!(line["result"]["visits"][0]["reason"], "new_therapy");
}

fn persistence(results: &Value) -> Value {
    case(
        &json!({"timetable": "persistence", "visits": null, "data_cutoff": "2024-07-15", "car_t_results": results}),
    )
}

/// C37: below the limit of detection is zero. The days of the results are the visits.
#[test]
fn results_of_car_t_tests() {
    let third = |first: Value, second: Value| {
        let mut results = json!([{"date": "2024-02-29"}, {"date": "2024-04-30"}]);
        for (place, values) in [(0, first), (1, second)] {
            for (name, value) in values.as_object().expect("an object") {
                results[place][name] = value.clone();
            }
        }
        let line = sound(&persistence(&results));
        assert_eq!(
            (&line["result"]["visits"][0]["state"], &line["result"]["visits"][1]["state"]),
            (&json!("met"), &json!("met"))
        );
        let state = line["result"]["visits"][2]["state"].clone();
        (state, line["missing"].as_array().map_or(0, Vec::len))
    };
    let zero = json!({"value": 0});
    let (excluded, open) = ((json!("excluded"), 0), (json!("due"), 0));
    assert_eq!(third(zero.clone(), zero.clone()), excluded);
    assert_eq!(third(zero.clone(), json!({"value": 1})), open);
    assert_eq!(third(zero.clone(), json!({"value": 49.9, "lod": 50})), excluded);
    assert_eq!(third(zero.clone(), json!({"value": 50, "lod": 50})), open);
    assert_eq!(third(zero.clone(), json!({"value": 0, "lod": 0})), excluded);
    assert_eq!(third(zero.clone(), json!({"below_lod": true})), excluded);
    assert_eq!(third(zero.clone(), json!({"below_lod": "Y"})), excluded);
    assert_eq!(third(zero.clone(), json!({"below_lod": "N"})), open);
    assert_eq!(third(zero.clone(), json!({"value": 12, "below_lod": true})), excluded);
    assert_eq!(third(zero.clone(), json!({"value": 12, "below_lod": "UNK"})), open);
    assert_eq!(third(zero, json!({"below_lloq": true})), (json!("due"), 1));
}

#[test]
fn impossible_results_are_faults() {
    for (results, place) in [
        (json!([{"date": "2024-02-29", "value": -1}]), "/car_t_results/0/value"),
        (json!([{"date": "2024-02-29", "value": 1, "lod": -1}]), "/car_t_results/0/lod"),
        (json!([{"date": "2024-02-29"}]), "/car_t_results/0"),
        (json!([{"date": "2024-02-29", "below_lod": "UNK"}]), "/car_t_results/0"),
        (
            json!([{"date": "2024-02-29", "value": 60, "lod": 50, "below_lod": true}]),
            "/car_t_results/0/below_lod",
        ),
        (json!([{"date": "2024-02-29", "value": 0, "below_lod": false}]), "/car_t_results/0/below_lod"),
        (
            json!([{"date": "2024-02-29", "value": 0}, {"date": "2024-02-28", "value": 1}, {"date": "2024-02-29", "value": 1}]),
            "/car_t_results/2",
        ),
        (json!([{"date": "2024-02-29", "below_lod": "maybe"}]), "/car_t_results/0/below_lod"),
    ] {
        assert_eq!(pointer(&persistence(&results)), place, "{results}");
    }
    let same = json!([{"date": "2024-02-29", "value": 2}, {"date": "2024-02-29", "value": 1}]);
    assert!(run(&persistence(&same)).is_ok());
    let large = persistence(&json!([{"date": "2024-02-29", "value": 1}]))
        .to_string()
        .replace("\"value\":1", "\"value\":1e999");
    assert!(derive::<VisitsCase>(&large, &mut Trace::new()).is_err());
}

#[test]
fn members_not_known_are_told() {
    let text = case(&json!({"vists": ["2024-02-29"]})).to_string();
    let decided = derive::<VisitsCase>(&text, &mut Trace::new()).expect("a sound case");
    assert_eq!(decided.unknown, ["/vists"]);
}

#[test]
fn a_visit_on_the_day_of_the_cutoff_counts() {
    let of = |cutoff: &str| {
        let line = sound(&case(&json!({"visits": ["2024-03-01"], "data_cutoff": cutoff})));
        (line["result"]["after_cutoff"].clone(), line["result"]["visits"][0]["state"].clone())
    };
    assert_eq!(of("2024-03-01"), (json!([]), json!("met")));
    assert_eq!(of("2024-02-29").0, json!(["2024-03-01"]));
}
