//! Vasopressor doses: catalogue B3.7 row by row, vectors I3, durations, absences and units.
#![expect(clippy::needless_pass_by_value, reason = "literals are shorter than borrowed literals")]

use clinical::criteria::case::{Fault, derive};
use clinical::criteria::vasopressor::{
    self, Agent, Dose, DoseUnit, Parameters, Regimen, Vasopressor, VasopressorCase, assess,
    norepinephrine_equivalent, regimen,
};
use clinical::criteria::{At, Trace, Verdict};
use proptest::prelude::*;
use serde_json::{Value, json};

fn line(case: &Value) -> Value {
    let mut trace = Trace::new();
    let decided = derive::<VasopressorCase>(&case.to_string(), &mut trace).unwrap();
    assert_eq!(decided.unknown, Vec::<String>::new(), "{case}");
    assert_eq!(trace.conclusion(At::Case), decided.line["result"]["category"].as_str());
    decided.line
}

fn fault(case: &Value) -> Fault {
    derive::<VasopressorCase>(&case.to_string(), &mut Trace::new()).unwrap_err()
}

/// Category for norepinephrine, dopamine, epinephrine, phenylephrine and vasopressin given for 3 h.
fn category(doses: [f64; 4], vasopressin: bool) -> String {
    let [ne, dopa, epi, phe] = doses;
    let case = json!({"norepinephrine_ug_min": ne, "dopamine_ug_kg_min": dopa, "epinephrine_ug_min": epi,
        "phenylephrine_ug_min": phe, "vasopressin": vasopressin, "hours": 3});
    line(&case)["result"]["category"].as_str().unwrap().to_owned()
}

fn high(doses: [f64; 4], vasopressin: bool) -> bool {
    match category(doses, vasopressin).as_str() {
        "high_dose" => true,
        "not_high_dose" => false,
        other => panic!("{other}"),
    }
}

#[test]
fn vectors_i3_norepinephrine_equivalent() {
    for (doses, expected) in [
        ([20.0, 0.0, 0.0, 0.0], 20.0),
        ([5.0, 10.0, 2.0, 50.0], 17.0),
        ([0.0, 10.0, 0.0, 0.0], 5.0),
        ([0.0, 0.0, 10.0, 0.0], 10.0),
        ([0.0, 0.0, 0.0, 200.0], 20.0),
        ([8.0, 0.0, 2.0, 0.0], 10.0),
    ] {
        let [ne, dopa, epi, phe] = doses;
        assert!((norepinephrine_equivalent(ne, dopa, epi, phe) - expected).abs() < 1e-12);
        let case = json!({"ne": ne, "dopa": dopa, "epi": epi, "phe": phe, "vasopressin": false, "hours": 4});
        let result = line(&case)["result"].clone();
        assert!((result["norepinephrine_equivalent_ug_min"].as_f64().unwrap() - expected).abs() < 1e-12);
    }
}

#[test]
fn vectors_i3_high_dose() {
    assert!(!high([5.0, 10.0, 2.0, 50.0], false));
    assert!(high([5.0, 10.0, 2.0, 50.0], true));
}

#[test]
fn b3_7_every_row_at_its_threshold() {
    assert!(high([20.0, 0.0, 0.0, 0.0], false) && !high([19.99, 0.0, 0.0, 0.0], false));
    assert!(high([0.0, 10.0, 0.0, 0.0], false) && !high([0.0, 9.99, 0.0, 0.0], false));
    assert!(high([0.0, 0.0, 10.0, 0.0], false) && !high([0.0, 0.0, 9.99, 0.0], false));
    assert!(high([0.0, 0.0, 0.0, 200.0], false) && !high([0.0, 0.0, 0.0, 199.9], false));
    // Vasopressin with any of them: 10 ug/min of equivalent.
    assert!(high([10.0, 0.0, 0.0, 0.0], true) && !high([9.99, 0.0, 0.0, 0.0], true));
    assert!(high([0.0, 20.0, 0.0, 0.0], true) && !high([0.0, 19.9, 0.0, 0.0], true));
    assert!(high([0.0, 0.0, 0.0, 100.0], true) && !high([0.0, 0.0, 0.0, 99.9], true));
    assert!(!high([0.0, 0.0, 0.0, 0.0], true) && !high([0.0, 0.0, 0.0, 0.0], false));
    // Several without vasopressin: 20 ug/min of equivalent.
    assert!(high([15.0, 0.0, 5.0, 0.0], false) && !high([15.0, 0.0, 4.99, 0.0], false));
    assert!(high([10.0, 20.0, 0.0, 0.0], false) && !high([10.0, 19.9, 0.0, 0.0], false));
    assert!(high([10.0, 0.0, 0.0, 100.0], false) && !high([10.0, 0.0, 0.0, 99.9], false));
    // As printed, a second agent takes dopamine and epinephrine out of their own rows.
    assert!(!high([1.0, 10.0, 0.0, 0.0], false) && !high([1.0, 0.0, 10.0, 0.0], false));
}

#[test]
fn the_rule_applied_is_told() {
    let rule = |doses: Value, drugs: Value| {
        let mut case = json!({"hours": 3, "vasopressors": drugs});
        case["weight_kg"] = doses;
        let line = line(&case);
        line["trace"]
            .as_array()
            .unwrap()
            .iter()
            .map(|s| s["rule"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let of = |drug: &str, unit: &str| json!({"drug": drug, "dose": 3, "unit": unit});
    for (drug, unit, id) in [
        ("NE", "ug/min", "norepinephrine_alone"),
        ("DOPA", "ug/kg/min", "dopamine_alone"),
        ("EPI", "ug/min", "epinephrine_alone"),
        ("PHE", "ug/min", "phenylephrine_alone"),
    ] {
        assert!(rule(json!(70), json!([of(drug, unit)])).contains(&format!("vasopressor.{id}")), "{drug}");
        let with = json!([of(drug, unit), {"drug": "VASO", "dose": 0.03, "unit": "U/min"}]);
        assert!(rule(json!(70), with).contains(&"vasopressor.with_vasopressin".to_owned()), "{drug}");
    }
    let two = json!([of("NE", "ug/min"), of("EPI", "ug/min")]);
    assert!(rule(json!(70), two).contains(&"vasopressor.combination".to_owned()));
    assert!(rule(json!(70), json!([])).contains(&"vasopressor.none_sustained".to_owned()));
    assert!(rule(json!(70), json!(["METARAMINOL"])).contains(&"vasopressor.unlisted_alone".to_owned()));
}

fn listed(drugs: Value) -> Value {
    line(&json!({ "vasopressors": drugs }))
}

fn ne(dose: f64, hours: Value) -> Value {
    json!({"drug": "NE", "dose": dose, "unit": "ug/min", "hours": hours})
}

#[test]
fn each_agent_counts_from_3_hours_on() {
    let of = |drugs: Value| listed(drugs)["result"]["category"].clone();
    assert_eq!(of(json!([ne(20.0, json!(3))])), "high_dose");
    assert_eq!(of(json!([ne(20.0, json!(2.99))])), "not_high_dose");
    let epi = |hours: f64| json!({"drug": "EPI", "dose": 5, "unit": "ug/min", "hours": hours});
    assert_eq!(of(json!([ne(15.0, json!(3)), epi(3.0)])), "high_dose");
    assert_eq!(of(json!([ne(15.0, json!(3)), epi(1.0)])), "not_high_dose");
    let vaso = |hours: f64| json!({"drug": "VASO", "dose": 0.03, "unit": "U/min", "hours": hours});
    assert_eq!(of(json!([ne(10.0, json!(3)), vaso(3.0)])), "high_dose");
    assert_eq!(of(json!([ne(10.0, json!(3)), vaso(1.0)])), "not_high_dose");
    let shorter = json!({"vasopressors": [ne(20.0, json!(2))], "parameters": {"sustained_h": 2}});
    assert_eq!(line(&shorter)["result"]["category"], "high_dose");
    assert_eq!(line(&shorter)["result"]["parameters"]["sustained_h"], 2.0);
    let all = json!({"vasopressors": [{"drug": "NE", "dose": 20, "unit": "ug/min"}], "hours": 5});
    assert_eq!(line(&all)["result"]["high_dose"], true);
    let own = json!({"vasopressors": [ne(20.0, json!(2))], "hours": 5});
    assert_eq!(line(&own)["result"]["high_dose"], false);
    // Of agents that the table does not name, the longest counts.
    let two = |first: f64, second: f64| {
        of(json!([ne(5.0, json!(3)), {"drug": "OTHER", "hours": first}, {"drug": "ANG_II", "hours": second}]))
    };
    assert_eq!(two(1.0, 2.0), "not_high_dose");
    assert_eq!((two(1.0, 3.0), two(3.0, 1.0)), (json!("not_evaluable"), json!("not_evaluable")));
}

#[test]
fn absence_is_never_taken_as_normal() {
    let unknown = listed(json!([ne(20.0, Value::Null)]));
    assert_eq!(
        (&unknown["result"]["category"], &unknown["result"]["high_dose"]),
        (&json!("not_evaluable"), &Value::Null)
    );
    assert_eq!(unknown["missing"], json!(["hours"]));
    // Too low a dose needs no duration.
    assert_eq!(listed(json!([ne(19.0, Value::Null)]))["result"]["category"], "not_high_dose");
    let dose = listed(json!([{"drug": "NE", "hours": 3}]));
    assert_eq!(
        (&dose["result"]["category"], &dose["missing"]),
        (&json!("not_evaluable"), &json!(["norepinephrine_ug_min"]))
    );
    assert_eq!(dose["result"]["norepinephrine_equivalent_ug_min"], Value::Null);
    let vaso = listed(json!([ne(10.0, json!(3)), "VASO"]));
    assert_eq!((&vaso["result"]["category"], &vaso["missing"]), (&json!("not_evaluable"), &json!(["hours"])));
    // By member: an absent rate is unknown, not zero.
    let bare = line(&json!({"norepinephrine_ug_min": 20, "hours": 3}));
    assert_eq!(bare["result"]["category"], "high_dose");
    assert_eq!(bare["result"]["norepinephrine_equivalent_ug_min"], Value::Null);
    assert_eq!(bare["result"]["norepinephrine_equivalent_at_least_ug_min"], 20.0);
    let bare = line(&json!({"dopamine_ug_kg_min": 10, "hours": 3}));
    assert_eq!(bare["result"]["category"], "not_evaluable");
    assert_eq!(
        bare["missing"],
        json!(["norepinephrine_ug_min", "epinephrine_ug_min", "phenylephrine_ug_min", "vasopressin"])
    );
    let nothing = line(&json!({}));
    assert_eq!(nothing["result"]["category"], "not_evaluable");
    assert_eq!(
        nothing["missing"],
        json!([
            "norepinephrine_ug_min",
            "hours",
            "dopamine_ug_kg_min",
            "epinephrine_ug_min",
            "phenylephrine_ug_min",
            "vasopressin"
        ])
    );
    // Nothing to add up is 0, and JSON tells -0.0 from it.
    for none in [&nothing, &listed(json!([])), &listed(json!(["OTHER"]))] {
        let known = &none["result"]["norepinephrine_equivalent_at_least_ug_min"];
        assert_eq!(known.to_string(), "0.0");
    }
    // Whatever was given, it was not for 3 h.
    assert_eq!(
        line(&json!({"norepinephrine_ug_min": 30, "hours": 2.9}))["result"]["category"],
        "not_high_dose"
    );
    assert_eq!(line(&json!({"hours": 2.9}))["result"]["category"], "not_high_dose");
    let long = line(&json!({"vasopressin": false, "hours": 3}));
    assert_eq!(long["result"]["category"], "not_evaluable");
    assert!(!long["missing"].as_array().unwrap().contains(&json!("hours")));
    assert_eq!(listed(json!([]))["result"]["category"], "not_high_dose");
    // An agent without an equivalent bounds from below.
    let other = listed(json!([ne(15.0, json!(3)), {"drug": "metaraminol", "hours": 3}]));
    assert_eq!(other["result"]["category"], "not_evaluable");
    assert_eq!(other["missing"], json!(["other_vasopressor"]));
    let other = listed(json!([ne(20.0, json!(3)), {"drug": "metaraminol", "hours": 3}]));
    assert_eq!(other["result"]["category"], "high_dose");
    let two = listed(json!([ne(20.0, json!(3)), {"drug": "OTHER", "hours": 3}, {"drug": "ANG_II"}]));
    assert_eq!(two["result"]["category"], "high_dose");
}

#[test]
fn units_are_converted_and_never_guessed() {
    let equivalent = |drug: &str, dose: f64, unit: &str, weight: Value| {
        let case = json!({"vasopressors": [{"drug": drug, "dose": dose, "unit": unit, "hours": 3}], "weight_kg": weight});
        line(&case)["result"]["norepinephrine_equivalent_ug_min"].clone()
    };
    assert_eq!(equivalent("NE", 1.2, "mg/h", Value::Null), 20.0);
    assert_eq!(equivalent("NE", 0.25, "ug/kg/min", json!(80)), 20.0);
    assert_eq!(equivalent("NE", 20.0, "μg/min", Value::Null), 20.0);
    assert_eq!(equivalent("NE", 20.0, "mcg/min", Value::Null), 20.0);
    assert_eq!(equivalent("DOPA", 700.0, "ug/min", json!(70)), 5.0);
    assert_eq!(equivalent("DOPA", 10.0, "ug/(kg·min)", Value::Null), 5.0);
    assert_eq!(equivalent("PHE", 6.0, "mg/h", Value::Null), 10.0);
    assert_eq!(equivalent("NE", 0.25, "ug/kg/min", Value::Null), Value::Null);
    let heavy = json!({"vasopressors": [{"drug": "DOPA", "dose": 700, "unit": "ug/min", "hours": 3}]});
    assert_eq!(line(&heavy)["missing"], json!(["weight_kg", "dopamine_ug_kg_min"]));
    assert_eq!(equivalent("VASO", 1.8, "U/h", Value::Null), 0.0);
    for (drug, dose, unit, pointer) in [
        ("NE", json!(5), json!(null), "/vasopressors/0/unit"),
        ("NE", json!(5), json!("U/min"), "/vasopressors/0/unit"),
        ("NE", json!(5), json!("U/h"), "/vasopressors/0/unit"),
        ("VASO", json!(0.1), json!("ug/min"), "/vasopressors/0/unit"),
        ("NE", json!(5), json!("ml/h"), "/vasopressors/0/unit"),
        ("NE", json!(500.1), json!("ug/min"), "/vasopressors/0/dose"),
        ("EPI", json!(500.1), json!("ug/min"), "/vasopressors/0/dose"),
        ("PHE", json!(1000.1), json!("ug/min"), "/vasopressors/0/dose"),
        ("DOPA", json!(50.1), json!("ug/kg/min"), "/vasopressors/0/dose"),
        ("VASO", json!(0.21), json!("U/min"), "/vasopressors/0/dose"),
        ("NE", json!(-1), json!("ug/min"), "/vasopressors/0/dose"),
    ] {
        let bad = fault(&json!({"vasopressors": [{"drug": drug, "dose": dose, "unit": unit}]}));
        assert_eq!(bad.pointer, pointer, "{drug} {dose} {unit}");
    }
    for (drug, dose, unit) in [
        ("NE", 500.0, "ug/min"),
        ("PHE", 1000.0, "ug/min"),
        ("DOPA", 50.0, "ug/kg/min"),
        ("VASO", 0.2, "U/min"),
    ] {
        line(&json!({"vasopressors": [{"drug": drug, "dose": dose, "unit": unit}]}));
    }
    assert!(fault(&json!({"vasopressin_u_min": 2.0})).expected.contains("U/h"));
    assert!(fault(&json!({"dopamine_ug_kg_min": 700})).expected.contains("weight_kg"));
    assert!(fault(&json!({"weight_kg": 300})).expected.contains("pounds"));
}

#[test]
fn contradictions_are_faults() {
    for (case, pointer) in [
        (json!({"vasopressors": [], "norepinephrine_ug_min": 5}), "/norepinephrine_ug_min"),
        (json!({"vasopressors": ["NE", "NE"]}), "/vasopressors/1"),
        (json!({"vasopressors": ["VASO"], "vasopressin": false}), "/vasopressin"),
        (json!({"vasopressin_u_min": 0.03, "vasopressin": false}), "/vasopressin"),
        (json!({"vasopressin_u_min": 0, "vasopressin": true}), "/vasopressin"),
        (json!({"weight_kg": 19}), "/weight_kg"),
        (json!({"hours": -1}), "/hours"),
        (json!({"vasopressors": [{"drug": "NE", "hours": -1}]}), "/vasopressors/0/hours"),
        (json!({"parameters": {"sustained_h": -1}}), "/parameters/sustained_h"),
        (json!({"vasopressors": [{"dose": 5, "unit": "ug/min"}]}), "/vasopressors/0"),
    ] {
        assert_eq!(fault(&case).pointer, pointer, "{case}");
    }
    assert_eq!(
        line(&json!({"vasopressors": ["VASO"], "vasopressin": true, "hours": 3}))["result"]["category"],
        "not_high_dose"
    );
    let told_apart = json!({"vasopressors": [ne(10.0, json!(3))], "vasopressin": true, "hours": 3});
    assert_eq!(line(&told_apart)["result"]["category"], "high_dose");
    assert_eq!(
        line(&json!({"vasopressors": [ne(10.0, json!(3))], "vasopressin": false}))["result"]["category"],
        "not_high_dose"
    );
}

#[test]
fn the_typed_interface() {
    let agent = Agent {
        drug: Vasopressor::Norepinephrine,
        dose: Some(0.5),
        unit: Some(DoseUnit::UgKgMin),
        hours: Some(6.0),
    };
    let found = regimen(&[agent, Agent::of(Vasopressor::Vasopressin)], Some(60.0)).unwrap();
    assert_eq!(found.norepinephrine, Dose::of(30.0, Some(6.0)));
    let assessed = assess(&found, Parameters::default(), &mut Trace::new());
    assert_eq!(assessed.high_dose, Some(true));
    assert_eq!(Dose::of(0.0, Some(5.0)), Dose::NONE);
    let perhaps = Dose { given: Verdict::Undecided, rate: Some(5.0), hours: None };
    let perhaps = Regimen { epinephrine: perhaps, ..Regimen::NONE };
    let assessed = assess(&perhaps, Parameters::default(), &mut Trace::new());
    assert_eq!(assessed.norepinephrine_equivalent_ug_min, None);
    assert!(Agent { dose: Some(0.0), ..agent }.in_use() != agent.in_use());
    let ids: std::collections::BTreeSet<&str> = vasopressor::CRITERIA.iter().map(|c| c.id).collect();
    assert_eq!(ids.len(), vasopressor::CRITERIA.len());
    assert_eq!(vasopressor::COMBINATION.provenance.name(), "seed");
}

proptest! {
    #[test]
    fn weight_and_time_units_do_not_matter(dose in 0.01..2.0_f64, weight in 20.0..250.0_f64, vaso in any::<bool>()) {
        let of = |value: f64, unit| {
            let mut found = regimen(&[Agent { drug: Vasopressor::Norepinephrine, dose: Some(value), unit: Some(unit), hours: Some(3.0) }], Some(weight)).unwrap();
            if vaso { found.vasopressin = Dose::of(0.03, Some(3.0)); }
            assess(&found, Parameters::default(), &mut Trace::new()).category
        };
        let by_weight = of(dose, DoseUnit::UgKgMin);
        prop_assert_eq!(by_weight, of(dose * weight, DoseUnit::UgMin));
        prop_assert_eq!(by_weight, of(dose * weight * 60.0 / 1000.0, DoseUnit::MgH));
    }

    #[test]
    fn more_of_an_agent_in_use_never_lowers_the_category(a in 0.1..40.0_f64, b in 0.1..40.0_f64, more in 0.0..20.0_f64, vaso in any::<bool>()) {
        let of = |ne: f64, dopa: f64| {
            let regimen = Regimen {
                norepinephrine: Dose::of(ne, Some(3.0)),
                dopamine: Dose::of(dopa, Some(3.0)),
                vasopressin: if vaso { Dose::of(0.03, Some(3.0)) } else { Dose::NONE },
                ..Regimen::NONE
            };
            assess(&regimen, Parameters::default(), &mut Trace::new()).high_dose.unwrap()
        };
        prop_assert!(of(a + more, b) >= of(a, b));
        prop_assert!(of(a, b + more) >= of(a, b));
    }

    #[test]
    fn telling_more_never_contradicts(doses in prop::array::uniform4(0.0..30.0_f64), hide in 0..16_u8, hours in prop::option::of(0.0..6.0_f64), vaso in any::<bool>()) {
        let make = |mask: u8, hours: Option<f64>| {
            let dose = |i: usize| if mask & (1 << i) != 0 { Dose::UNKNOWN } else { Dose::of(doses[i], hours) };
            Regimen {
                norepinephrine: dose(0), dopamine: dose(1), epinephrine: dose(2), phenylephrine: dose(3),
                vasopressin: if vaso { Dose::of(0.03, hours) } else { Dose::NONE }, other: Dose::NONE,
            }
        };
        let less = assess(&make(hide, hours), Parameters::default(), &mut Trace::new()).high_dose;
        let more = assess(&make(0, hours.or(Some(4.0))), Parameters::default(), &mut Trace::new()).high_dose;
        prop_assert!(more.is_some());
        prop_assert!(less.is_none() || less == more);
    }
}
