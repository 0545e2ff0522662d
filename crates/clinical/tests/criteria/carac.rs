//! CARAC: management rows of catalogue D4, ISTH and Chinese DIC scores, boundaries of Q21, absences.

use clinical::criteria::carac::{
    self, Assessment, Boundary, CaracCase, DdimerIncrease, IsthParameters, Parameters, cdss_dic, isth,
};
use clinical::criteria::case::{Fault, derive};
use clinical::criteria::{At, Trace, Verdict};
use proptest::prelude::*;
use serde_json::{Value, json};

fn line(case: &Value) -> Value {
    let mut trace = Trace::new();
    let decided = derive::<CaracCase>(&case.to_string(), &mut trace).unwrap();
    assert_eq!(decided.unknown, Vec::<String>::new(), "{case}");
    decided.line
}

fn fault(case: &Value) -> Fault {
    derive::<CaracCase>(&case.to_string(), &mut Trace::new()).unwrap_err()
}

/// The only assessment of a case.
fn one(row: &Value) -> Value {
    line(&json!({"days": [row]}))["result"]["days"][0].clone()
}

#[test]
fn d4_the_row_follows_the_crs_grade() {
    let row = |grade: u8| one(&json!({"crs_grade": grade, "coagulation_abnormal": true, "improved": false}));
    assert_eq!((&row(0)["category"], &row(0)["management"]), (&json!("no_crs"), &Value::Null));
    for grade in [1, 2] {
        assert_eq!(row(grade)["category"], "crs_1_2");
        assert_eq!(
            row(grade)["management"],
            json!({"row": "crs_1_2", "provenance": "reconstructed", "observe": false,
            "actions": ["monitor_coagulation_more_often", "treat_crs", "support"], "support": []})
        );
        assert_eq!(row(grade)["scores_recorded"], Value::Null);
    }
    assert_eq!(row(3)["category"], "crs_3");
    assert_eq!(
        row(3)["management"],
        json!({"row": "crs_3", "provenance": "seed", "observe": false,
        "actions": ["monitor_coagulation_more_often", "who_bleeding_and_dic_score", "strengthen_crs_control_steroid_frequency_and_dose", "replacement", "plasma_exchange_when_appropriate"],
        "support": ["prevention_and_support", "infection_prophylaxis_or_treatment", "anti_inflammatory_and_hepatoprotective", "thrombopoietic"]})
    );
    assert_eq!(row(4)["category"], "crs_4");
    assert_eq!(
        row(4)["management"]["actions"],
        json!([
            "monitor_coagulation_more_often",
            "who_bleeding_and_dic_score",
            "strengthen_crs_control_several_methods",
            "replacement",
            "plasma_exchange"
        ])
    );
    assert_eq!(row(4)["management"]["support"].as_array().unwrap().len(), 4);
    assert_eq!((&row(5)["category"], &row(5)["management"]), (&json!("crs_5"), &Value::Null));
}

#[test]
fn d4_improved_or_normal_coagulation_is_observed() {
    for grade in [1, 3, 4] {
        let with = |abnormal: Value, improved: Value| {
            let row =
                one(&json!({"crs_grade": grade, "coagulation_abnormal": abnormal, "improved": improved}));
            (row["category"].clone(), row["management"]["observe"].clone())
        };
        let observe = (json!("observe"), json!(true));
        assert_eq!(with(json!(true), json!(true)), observe);
        assert_eq!(with(json!("N"), Value::Null), observe);
        assert_eq!(with(Value::Null, json!(true)), observe);
        assert_eq!(with(json!(true), Value::Null), (json!("not_evaluable"), Value::Null));
    }
    assert_eq!(
        fault(&json!({"days": [{"coagulation_abnormal": false, "improved": false}]})).pointer,
        "/days/0/improved"
    );
}

#[test]
fn coa_01_scores_are_asked_for_without_improvement_at_crs_3_and_4() {
    let complete =
        json!({"platelets_10e9_l": 60, "d_dimer": "STRONG", "pt_prolongation_s": 4, "fibrinogen_g_l": 2.0});
    let with = |grade: u8, more: Value| {
        let mut row = json!({"crs_grade": grade, "coagulation_abnormal": true, "improved": false});
        for (name, value) in more.as_object().unwrap() {
            row[name] = value.clone();
        }
        one(&row)["scores_recorded"].clone()
    };
    let mut both = complete.clone();
    both["who_bleeding"] = json!(0);
    for grade in [3, 4] {
        assert_eq!(with(grade, both.clone()), true);
        assert_eq!(with(grade, complete.clone()), false);
        assert_eq!(with(grade, json!({"who_bleeding": 2})), false);
        assert_eq!(with(grade, json!({"who_bleeding": 2, "cdss": 5})), true);
        assert_eq!(with(grade, json!({"improved": true})), Value::Null);
    }
    assert_eq!(with(2, both), Value::Null);
}

#[test]
fn absence_is_told() {
    let missing = |row: Value| line(&json!({"days": [row]}))["missing"].clone();
    let scored = json!({"platelets_10e9_l": 300, "d_dimer": "NONE"});
    let with = |more: Value| {
        let mut row = scored.clone();
        for (name, value) in more.as_object().unwrap() {
            row[name] = value.clone();
        }
        row
    };
    assert_eq!(missing(with(json!({}))), json!(["crs_grade"]));
    assert_eq!(missing(with(json!({"crs_grade": 3}))), json!(["coagulation_abnormal"]));
    assert_eq!(missing(with(json!({"crs_grade": 3, "coagulation_abnormal": true}))), json!(["improved"]));
    assert_eq!(missing(with(json!({"crs_grade": 0}))), json!([]));
    assert_eq!(missing(with(json!({"crs_grade": 0, "cdss": 6}))), json!(["hematologic_malignancy"]));
    assert_eq!(
        missing(json!({"crs_grade": 0})),
        json!(["platelets_10e9_l", "d_dimer", "pt_prolongation_s", "fibrinogen_g_l"])
    );
    assert_eq!(missing(json!({"crs_grade": 0, "d_dimer": "STRONG", "platelets_10e9_l": 20})), json!([]));
    assert_eq!(line(&json!({}))["missing"], json!(["days"]));
    assert_eq!(line(&json!({}))["result"]["overt_dic"], Value::Null);
}

fn points(row: &Value) -> Value {
    let mut row = row.clone();
    row["crs_grade"] = json!(0);
    one(&row)["isth"].clone()
}

#[test]
fn isth_points_at_every_boundary() {
    for (platelets, score) in
        [(101.0, 0), (100.01, 0), (100.0, 1), (99.9, 1), (50.0, 1), (49.99, 2), (0.0, 2)]
    {
        assert_eq!(points(&json!({"platelets_10e9_l": platelets}))["platelets"], score, "{platelets}");
    }
    for (pt, score) in [(-1.0, 0), (0.0, 0), (2.99, 0), (3.0, 1), (5.99, 1), (6.0, 2), (20.0, 2)] {
        assert_eq!(points(&json!({"pt_prolongation_s": pt}))["pt"], score, "{pt}");
    }
    for (fibrinogen, score) in [(1.01, 0), (1.0, 0), (0.99, 1), (0.0, 1)] {
        assert_eq!(points(&json!({"fibrinogen_g_l": fibrinogen}))["fibrinogen"], score, "{fibrinogen}");
        assert_eq!(
            points(&json!({"fibrinogen_mg_dl": fibrinogen * 100.0}))["fibrinogen"],
            score,
            "{fibrinogen}"
        );
    }
    for (increase, score) in [("NONE", 0), ("normal", 0), ("MODERATE", 2), ("STRONG", 3)] {
        assert_eq!(points(&json!({"d_dimer": increase}))["ddimer"], score, "{increase}");
    }
    assert_eq!(points(&json!({"d_dimer": false}))["ddimer"], 0);
    assert_eq!(points(&json!({"pt_s": 15.1, "pt_uln_s": 12.1}))["pt"], 1);
    assert_eq!(points(&json!({"pt_s": 15.0}))["pt"], Value::Null);
}

#[test]
fn q21_boundary_values_follow_the_parameters() {
    let with = |name: &str, boundary: &str, row: Value| {
        let mut row = row;
        row["crs_grade"] = json!(0);
        let case = json!({"days": [row], "parameters": {"isth": {name: boundary}}});
        let result = line(&case)["result"].clone();
        assert_eq!(result["parameters"]["isth"][name], boundary);
        result["days"][0]["isth"]["at_least"].clone()
    };
    for (name, row, lower, higher) in [
        ("platelets_50", json!({"platelets_10e9_l": 50}), 1, 2),
        ("platelets_100", json!({"platelets_10e9_l": 100}), 0, 1),
        ("pt_3_s", json!({"pt_prolongation_s": 3}), 0, 1),
        ("pt_6_s", json!({"pt_prolongation_s": 6}), 1, 2),
        ("fibrinogen_1_g_l", json!({"fibrinogen_g_l": 1}), 0, 1),
    ] {
        assert_eq!(with(name, "lower", row.clone()), lower, "{name}");
        assert_eq!(with(name, "higher", row), higher, "{name}");
    }
    let standard = IsthParameters::default();
    assert_eq!(
        (
            standard.platelets_50,
            standard.platelets_100,
            standard.pt_3_s,
            standard.pt_6_s,
            standard.fibrinogen_1_g_l
        ),
        (Boundary::Lower, Boundary::Higher, Boundary::Higher, Boundary::Higher, Boundary::Lower)
    );
}

#[test]
fn measured_ddimer_needs_cuts_of_the_assay() {
    let with = |value: f64, cuts: Value| {
        let case = json!({"days": [{"crs_grade": 0, "d_dimer_mg_l": value}], "parameters": {"isth": {"ddimer": cuts}}});
        line(&case)["result"]["days"][0]["isth"]["ddimer"].clone()
    };
    let cuts = json!({"moderate_from_mg_l": 0.5, "strong_from_mg_l": 5});
    assert_eq!(with(3.0, Value::Null), Value::Null);
    for (value, score) in [(0.49, 0), (0.5, 2), (4.99, 2), (5.0, 3)] {
        assert_eq!(with(value, cuts.clone()), score, "{value}");
    }
    let upside_down = json!({"days": [], "parameters": {"isth": {"ddimer": {"moderate_from_mg_l": 6, "strong_from_mg_l": 5}}}});
    assert_eq!(fault(&upside_down).pointer, "/parameters/isth/ddimer/moderate_from_mg_l");
    let far = json!({"days": [], "parameters": {"isth": {"ddimer": {"moderate_from_mg_l": 6, "strong_from_mg_l": 500}}}});
    assert_eq!(fault(&far).pointer, "/parameters/isth/ddimer/strong_from_mg_l");
}

#[test]
fn overt_dic_from_5_points_on() {
    let four = points(
        &json!({"platelets_10e9_l": 40, "d_dimer": "MODERATE", "pt_prolongation_s": 1, "fibrinogen_g_l": 2}),
    );
    assert_eq!((&four["score"], &four["overt_dic"]), (&json!(4), &json!(false)));
    let five = points(
        &json!({"platelets_10e9_l": 40, "d_dimer": "STRONG", "pt_prolongation_s": 1, "fibrinogen_g_l": 2}),
    );
    assert_eq!((&five["score"], &five["overt_dic"]), (&json!(5), &json!(true)));
    let all = points(
        &json!({"platelets_10e9_l": 4, "d_dimer": "STRONG", "pt_prolongation_s": 9, "fibrinogen_g_l": 0.5}),
    );
    assert_eq!((&all["score"], &all["at_least"], &all["at_most"]), (&json!(8), &json!(8), &json!(8)));
    // Absent components bound the score.
    let met = points(&json!({"platelets_10e9_l": 40, "d_dimer": "STRONG"}));
    assert_eq!(
        (&met["score"], &met["at_least"], &met["at_most"], &met["overt_dic"]),
        (&Value::Null, &json!(5), &json!(8), &json!(true))
    );
    let open = points(&json!({"platelets_10e9_l": 60, "d_dimer": "STRONG"}));
    assert_eq!(
        (&open["at_least"], &open["at_most"], &open["overt_dic"]),
        (&json!(4), &json!(7), &Value::Null)
    );
    let not = points(&json!({"d_dimer": "NONE", "pt_prolongation_s": 4}));
    assert_eq!((&not["at_most"], &not["overt_dic"]), (&json!(4), &json!(false)));
}

#[test]
fn chinese_score_by_underlying_disease() {
    use Verdict::{Met, NotMet, Undecided};
    for (score, malignancy, expected) in [
        (Some(5), Some(true), NotMet),
        (Some(6), Some(true), Met),
        (Some(6), Some(false), NotMet),
        (Some(6), None, Undecided),
        (Some(7), Some(false), Met),
        (Some(7), None, Met),
        (Some(5), None, NotMet),
        (None, Some(true), Undecided),
    ] {
        assert_eq!(cdss_dic(score, malignancy), expected, "{score:?} {malignancy:?}");
    }
    assert_eq!(one(&json!({"crs_grade": 0, "cdss": 6, "hematologic_malignancy": true}))["cdss_dic"], true);
    assert_eq!(one(&json!({"crs_grade": 0}))["cdss_dic"], Value::Null);
    assert_eq!(fault(&json!({"days": [{"cdss": 13}]})).pointer, "/days/0/cdss");
}

#[test]
fn who_bleeding_as_grade_or_code() {
    for (told, grade) in [
        (json!(0), 0),
        (json!(4), 4),
        (json!("NONE"), 0),
        (json!("PETECHIAE"), 1),
        (json!("MILD"), 2),
        (json!("GROSS"), 3),
        (json!("DEBILITATING"), 4),
    ] {
        assert_eq!(one(&json!({"crs_grade": 0, "who_bleeding": told}))["who_bleeding"], grade);
    }
    assert_eq!(one(&json!({"crs_grade": 0, "who_bleeding": null}))["who_bleeding"], Value::Null);
    assert_eq!(fault(&json!({"days": [{"who_bleeding": 5}]})).pointer, "/days/0/who_bleeding");
    let bleeds = |grade: u8| {
        let line = line(&json!({"days": [{"crs_grade": 0, "who_bleeding": grade}]}));
        line["trace"].as_array().unwrap().iter().find(|s| s["rule"] == "carac.who_bleeding").unwrap()["verdict"].clone()
    };
    assert_eq!((bleeds(0), bleeds(1)), (json!("not_met"), json!("met")));
}

#[test]
fn the_course_is_in_order_with_its_worst() {
    let rows = json!([
        {"day": 5, "crs_grade": 3, "coagulation_abnormal": true, "improved": false, "platelets_10e9_l": 40, "d_dimer": "STRONG", "pt_prolongation_s": 1, "fibrinogen_g_l": 2, "who_bleeding": 1},
        {"day": 3, "crs_grade": 1, "coagulation_abnormal": false, "platelets_10e9_l": 200, "d_dimer": "NONE", "pt_prolongation_s": 0, "fibrinogen_g_l": 3, "who_bleeding": 2},
    ]);
    let result = line(&json!({ "days": rows }))["result"].clone();
    assert_eq!((&result["days"][0]["day"], &result["days"][1]["day"]), (&json!(3), &json!(5)));
    assert_eq!(
        (&result["max_isth"], &result["overt_dic"], &result["max_who_bleeding"]),
        (&json!(5), &json!(true), &json!(2))
    );
    let none = line(&json!({"days": [rows[1]]}))["result"].clone();
    assert_eq!((&none["max_isth"], &none["overt_dic"]), (&json!(0), &json!(false)));
    let open = line(&json!({"days": [rows[1], {"day": 4, "crs_grade": 0}]}))["result"].clone();
    assert_eq!(open["overt_dic"], Value::Null);
    assert_eq!(
        fault(&json!({"days": [{"day": 3, "crs_grade": 1}, {"day": 3, "crs_grade": 1}]})).pointer,
        "/days/1"
    );
    assert_eq!(fault(&json!({"days": [{"crs_grade": 1}, {"crs_grade": 1}]})).pointer, "/days/0");
    let dated = line(&json!({"days": [{"date": "2024-05-01", "crs_grade": 4}]}));
    assert_eq!(dated["result"]["days"][0]["date"], "2024-05-01");
    assert_eq!(dated["missing_at"][0]["date"], "2024-05-01");
}

#[test]
fn impossible_values_are_faults() {
    for (name, value) in [
        ("crs_grade", json!(6)),
        ("platelets_10e9_l", json!(-1)),
        ("platelets_10e9_l", json!(3000.1)),
        ("d_dimer_mg_l", json!(200.1)),
        ("pt_prolongation_s", json!(200.1)),
        ("pt_prolongation_s", json!(-20.1)),
        ("pt_s", json!(4.9)),
        ("pt_uln_s", json!(200.1)),
        ("fibrinogen_g_l", json!(15.1)),
        ("fibrinogen_mg_dl", json!(1500.1)),
        ("d_dimer", json!(true)),
    ] {
        assert_eq!(fault(&json!({"days": [{name: value}]})).pointer, format!("/days/0/{name}"));
    }
    assert!(fault(&json!({"days": [{"fibrinogen_g_l": 180}]})).expected.contains("mg/dL"));
    assert!(fault(&json!({"days": [{"platelets_10e9_l": 60000}]})).expected.contains("/ul"));
    assert!(fault(&json!({"days": [{"d_dimer_mg_l": 900}]})).expected.contains("ug/L"));
    assert_eq!(
        fault(&json!({"days": [{"fibrinogen_g_l": 1.5, "fibrinogen_mg_dl": 140}]})).pointer,
        "/days/0/fibrinogen_mg_dl"
    );
    one(&json!({"fibrinogen_g_l": 1.5, "fibrinogen_mg_dl": 150}));
    assert_eq!(
        fault(&json!({"days": [{"pt_prolongation_s": 3, "pt_s": 15, "pt_uln_s": 13}]})).pointer,
        "/days/0/pt_prolongation_s"
    );
    assert_eq!(
        fault(&json!({"days": [{"pt_prolongation_s": 2.2, "pt_s": 15, "pt_uln_s": 13}]})).pointer,
        "/days/0/pt_prolongation_s"
    );
    one(&json!({"pt_prolongation_s": 2.04, "pt_s": 15, "pt_uln_s": 13}));
}

#[test]
fn provenance() {
    assert_eq!(
        (
            carac::CRS_1_2.provenance.name(),
            carac::CRS_3.provenance.name(),
            carac::OVERT_DIC.provenance.name()
        ),
        ("reconstructed", "seed", "external")
    );
    let ids: std::collections::BTreeSet<&str> = carac::CRITERIA.iter().map(|c| c.id).collect();
    assert_eq!(ids.len(), carac::CRITERIA.len());
}

fn assessment() -> impl Strategy<Value = Assessment> {
    let flag = || prop::option::of(any::<bool>());
    (
        (prop::option::of(0..=5_u8), flag(), flag(), flag()),
        prop::option::of(prop::sample::select(vec![0.0, 20.0, 49.9, 50.0, 75.0, 100.0, 250.0])),
        prop::option::of(prop::sample::select(DdimerIncrease::ALL)),
        prop::option::of(prop::sample::select(vec![-1.0, 2.9, 3.0, 4.5, 6.0, 9.0])),
        prop::option::of(prop::sample::select(vec![0.5, 1.0, 2.5])),
        prop::option::of(0..=12_u8),
    )
        .prop_map(
            |((crs_grade, abnormal, improved, malignancy), platelets, d_dimer, pt, fibrinogen, cdss)| {
                Assessment {
                    crs_grade,
                    coagulation_abnormal: abnormal.filter(|a| *a || improved != Some(false)),
                    improved,
                    platelets_10e9_l: platelets,
                    d_dimer,
                    pt_prolongation_s: pt,
                    fibrinogen_g_l: fibrinogen,
                    cdss,
                    hematologic_malignancy: malignancy,
                    ..Assessment::default()
                }
            },
        )
}

proptest! {
    #[test]
    fn the_trace_alone_reproduces_the_category(rows in prop::collection::vec(assessment(), 1..6)) {
        let rows: Vec<Assessment> = (1..).zip(rows).map(|(day, row)| Assessment { day: Some(day), ..row }).collect();
        let mut trace = Trace::new();
        let result = carac::assess(&rows, None, Parameters::default(), &mut trace).unwrap();
        for day in &result.days {
            prop_assert_eq!(trace.conclusion(At::Day(day.day.unwrap())), Some(day.category));
        }
        let backwards: Vec<Assessment> = rows.iter().rev().cloned().collect();
        prop_assert_eq!(carac::assess(&backwards, None, Parameters::default(), &mut Trace::new()).unwrap(), result);
    }

    #[test]
    fn worse_values_never_score_less(row in assessment(), fall in 0.1..0.9_f64, rise in 0.1..9.0_f64) {
        let score = |row: &Assessment| isth(row, At::Case, IsthParameters::default(), &mut Trace::new());
        let before = score(&row);
        let worse = Assessment {
            platelets_10e9_l: row.platelets_10e9_l.map(|p| p * fall),
            pt_prolongation_s: row.pt_prolongation_s.map(|p| p + rise),
            fibrinogen_g_l: row.fibrinogen_g_l.map(|f| f * fall),
            ..row.clone()
        };
        let after = score(&worse);
        prop_assert!(after.at_least >= before.at_least && after.at_most >= before.at_most);
        prop_assert!(before.at_most <= 8 && before.at_least <= before.at_most);
        let mg_dl = Assessment { fibrinogen_g_l: None, fibrinogen_mg_dl: row.fibrinogen_g_l.map(|f| f * 100.0), ..row };
        prop_assert_eq!(score(&mg_dl), before);
    }
}
