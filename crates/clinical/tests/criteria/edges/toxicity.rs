//! Toxicity, infection and cytopenia: days, thresholds and what the trace shows.

use super::{derive, missing, pointer, result, verdicts};
use serde_json::{Value, json};

#[test]
fn aplasia_before_the_infusion_does_not_count() {
    let from = |day: i32| {
        result(
            "b_cell_aplasia",
            &json!({"observations": [{"day": day, "cd19_abs_ul": 0}, {"day": 60, "cd19_abs_ul": 100}]}),
        )
    };
    assert_eq!(from(-1)["course"]["state"], "none");
    assert_eq!(from(0)["course"]["state"], "recovered");
}

#[test]
fn coagulopathy_in_the_trace() {
    let day = |more: Value| {
        let mut row = json!({"day": 1, "platelets_10e9_l": 120, "d_dimer": "NONE", "pt_prolongation_s": 0, "fibrinogen_g_l": 3});
        for (name, value) in more.as_object().unwrap() {
            row[name] = value.clone();
        }
        json!({"days": [row]})
    };
    let isth: [(&str, Value); 4] = [
        ("carac.isth_platelets", json!({"platelets_10e9_l": 99})),
        ("carac.isth_d_dimer", json!({"d_dimer": "MODERATE"})),
        ("carac.isth_pt", json!({"pt_prolongation_s": 4})),
        ("carac.isth_fibrinogen", json!({"fibrinogen_g_l": 0.9})),
    ];
    let rules: Vec<&str> = derive("carac", &day(json!({}))).unwrap()["trace"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|step| step["values"].get("points").is_some())
        .map(|step| {
            assert_eq!(step["verdict"], "not_met", "{step}");
            Box::leak(step["rule"].as_str().unwrap().to_owned().into_boxed_str()) as &str
        })
        .collect();
    assert_eq!(rules.len(), 4);
    for (rule, (_, change)) in rules.iter().zip(isth) {
        assert_eq!(verdicts("carac", &day(change), rule), ["met"], "{rule}");
    }
    // Every CRS grade has one row.
    let rows: Vec<Vec<usize>> = (0..=5)
        .map(|grade| {
            let line = derive("carac", &day(json!({"crs_grade": grade, "improved": "Y"}))).unwrap();
            let steps = line["trace"].as_array().unwrap();
            let of_rows = steps.iter().filter(|step| step["values"].get("crs_grade").is_some());
            of_rows.enumerate().filter(|(_, step)| step["verdict"] == "met").map(|(i, _)| i).collect()
        })
        .collect();
    assert_eq!(rows, [vec![0], vec![1], vec![1], vec![2], vec![3], vec![4]]);
    // On the boundary the higher points, if the parameter says so.
    let points = |change: Value, parameter: Value, of: &str| {
        let mut case = day(change);
        case["parameters"] = json!({"isth": parameter});
        result("carac", &case)["days"][0]["isth"][of].clone()
    };
    for (name, value, parameter, of, lower, higher) in [
        ("platelets_10e9_l", 100.0, "platelets_100", "platelets", 0, 1),
        ("platelets_10e9_l", 50.0, "platelets_50", "platelets", 1, 2),
        ("pt_prolongation_s", 3.0, "pt_3_s", "pt", 0, 1),
        ("pt_prolongation_s", 6.0, "pt_6_s", "pt", 1, 2),
        ("fibrinogen_g_l", 1.0, "fibrinogen_1_g_l", "fibrinogen", 0, 1),
    ] {
        assert_eq!(points(json!({name: value}), json!({parameter: "lower"}), of), lower, "{parameter}");
        assert_eq!(points(json!({name: value}), json!({parameter: "higher"}), of), higher, "{parameter}");
    }
    // Without a D-dimer up to 3 points are open.
    let open = result(
        "carac",
        &json!({"days": [{"day": 1, "platelets_10e9_l": 120, "pt_prolongation_s": 0, "fibrinogen_g_l": 3}]}),
    );
    assert_eq!(open["days"][0]["isth"]["at_most"], 3);
}

#[test]
fn crs_course_and_what_it_lacks() {
    let row = |day: i32, more: Value| {
        let mut row = json!({"day": day, "temperature_c": 38.5, "hypotension": "N", "vasopressors": [], "oxygen": {"device": "ROOM"}});
        for (name, value) in more.as_object().unwrap() {
            row[name] = value.clone();
        }
        row
    };
    // A day of grade 1 is a sign too: the episode ends on it.
    let days = json!([
        row(0, json!({"oxygen": {"device": "NC_LOW", "flow_l_min": 2}})),
        row(1, json!({})),
        row(2, json!({"temperature_c": 36.5}))
    ]);
    let course = result("crs", &json!({"days": days}));
    assert_eq!((&course["end"], &course["max_grade"]), (&json!(1), &json!(2)), "{course}");
    // Low-flow oxygen is grade 2 already, so hypotension could not raise the grade; vasopressors could.
    let low_flow = json!({"day": 0, "temperature_c": 38.5, "oxygen": {"device": "NC_LOW", "flow_l_min": 2}});
    assert_eq!(missing("crs", &json!({"days": [low_flow]})), json!(["vasopressors"]));
    let air = json!({"day": 0, "temperature_c": 38.5, "oxygen": {"device": "ROOM"}});
    assert_eq!(missing("crs", &json!({"days": [air]})), json!(["hypotension", "vasopressors"]));
    // Any flow is oxygen.
    let graded = |more: Value| result("crs", &json!({"days": [row(0, more)]}))["days"][0].clone();
    assert_eq!(graded(json!({"oxygen": {"flow_l_min": 0.5}}))["at_least"], 2);
    assert_eq!(graded(json!({"oxygen": {"flow_l_min": 0}}))["at_least"], 1);
    assert_eq!(
        pointer("crs", &json!({"days": [row(0, json!({"oxygen": {"device": "ROOM", "flow_l_min": 0.5}}))]}))
            .as_deref(),
        Some("/days/0/oxygen")
    );
    assert_eq!(
        pointer("crs", &json!({"days": [row(0, json!({"oxygen": {"device": "ROOM", "flow_l_min": 0}}))]})),
        None
    );
    // Without fever, after an antipyretic: hypoxia of another cause is no sign.
    let treated = json!({"temperature_c": 36.5, "antipyretic_or_anticytokine": "Y", "hypoxia_other_cause": "Y", "oxygen": {"device": "NC_LOW", "flow_l_min": 2}});
    assert_eq!(graded(treated)["grade"], 0);
    let tube = json!({"temperature_c": 36.5, "antipyretic_or_anticytokine": "Y", "hypoxia": "N", "oxygen": {"device": "INTUB"}});
    let graded = graded(tube);
    assert_eq!(
        (&graded["grade"], &graded["at_least"], &graded["at_most"]),
        (&Value::Null, &json!(0), &json!(4)),
        "{graded}"
    );
}

#[test]
fn hepatitis_b_dna_of_any_amount_is_detectable() {
    let dna = |level: f64, detectable: Value| json!({"baseline": {"hbsag": "NEG", "hbcab": "POS", "hbv_dna_iu_ml": level, "hbv_dna_detectable": detectable}});
    assert_eq!(
        (
            pointer("hbv_reactivation", &dna(0.5, json!("Y"))),
            pointer("hbv_reactivation", &dna(0.0, json!("N")))
        ),
        (None, None)
    );
    for case in [dna(0.5, json!("N")), dna(0.0, json!("Y"))] {
        assert_eq!(pointer("hbv_reactivation", &case).as_deref(), Some("/baseline/hbv_dna_detectable"));
    }
    let at = |level: f64| {
        let case = json!({"baseline": {"hbsag": "NEG", "hbcab": "POS", "hbv_dna_iu_ml": 0},
            "observations": [{"day": 10, "hbv_dna_iu_ml": level, "hbsag": "NEG"}]});
        result("hbv_reactivation", &case)["category"].clone()
    };
    assert_eq!(at(0.5), at(1.0));
    assert_ne!(at(0.5), at(0.0));
}

#[test]
fn a_course_of_lymphodepletion_with_too_few_days() {
    let course = |days: u8| {
        let doses = json!([{"drug": "FLU", "dose_mg_m2": 30, "days": days}, {"drug": "CYC", "dose_mg_m2": 500, "days": 3}]);
        derive("dose", &json!({"lymphodepletion": {"regimen": "FC", "doses": doses}})).unwrap()
    };
    let drug = |line: &Value| line["result"]["lymphodepletion"]["drugs"][0]["days_as_recommended"].clone();
    let (one, three) = (course(1), course(3));
    assert_eq!((drug(&one), drug(&three)), (json!(false), json!(true)));
    assert_eq!((&one["missing"], &three["missing"]), (&json!([]), &json!([])));
    let same_day = json!({"lymphodepletion": {"repeat": {"days_to_infusion": 0, "wbc_10e9_l": 2}}});
    assert_eq!(result("dose", &same_day)["lymphodepletion"]["repeat_candidate"], false);
    assert!(pointer("dose", &json!({"lymphodepletion": {"repeat": {"days_to_infusion": -1}}})).is_some());
}

#[test]
fn undetectable_dna_is_shown_as_0() {
    let case = json!({"baseline": {"hbsag": "NEG", "hbcab": "POS", "hbv_dna_detectable": "N"}, "observations": [{"day": 10, "hbv_dna_iu_ml": 2000}]});
    let line = derive("hbv_reactivation", &case).unwrap();
    let steps = line["trace"].as_array().unwrap();
    let shown: Vec<&Value> =
        steps.iter().filter_map(|step| step["values"].get("baseline_hbv_dna_iu_ml")).collect();
    assert!(!shown.is_empty() && shown.iter().all(|value| **value == json!(0.0)), "{shown:?}");
}

#[test]
fn aphasia_without_an_ice_score_is_ice_0() {
    let case = json!({"days": [{"day": 1, "global_aphasia": "Y", "consciousness": "AWAKE", "no_other_findings": "Y"}]});
    let day = result("icans", &case)["days"][0].clone();
    assert_eq!((&day["ice_total"], &day["grade"]), (&json!(0), &json!(3)));
}

#[test]
fn vasopressin_alone_in_the_trace() {
    let case = json!({"days": [{"day": 0, "temperature_c": 38.5, "vasopressin": "Y", "oxygen": {"device": "ROOM"}}], "parameters": {"vasopressin_alone": "vasopressor"}});
    assert_eq!(verdicts("crs", &case, "crs.vasopressin_alone"), ["met"]);
    let silent = json!({"days": [{"day": 0, "temperature_c": 38.5, "hypotension": "N", "oxygen": {"device": "ROOM"}}]});
    let line = derive("crs", &silent).unwrap();
    let counts: Vec<&Value> = line["trace"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|step| step["values"].get("vasopressors"))
        .collect();
    assert!(!counts.is_empty() && counts.iter().all(|count| **count == json!(0)), "{counts:?}");
    let untold = json!({"days": [{"day": 0, "temperature_c": 36.5, "antipyretic_or_anticytokine": "Y", "hypotension": "N", "vasopressors": []}]});
    let day = result("crs", &untold)["days"][0].clone();
    assert_eq!((&day["at_least"], &day["at_most"]), (&json!(0), &json!(4)));
}

#[test]
fn icans_minutes_and_silence() {
    let graded = |more: Value| {
        let mut row = json!({"day": 1, "ice_total": 10, "consciousness": "AWAKE", "no_other_findings": "Y"});
        for (name, value) in more.as_object().unwrap() {
            row[name] = value.clone();
        }
        result("icans", &json!({"days": [row]}))["days"][0]["grade"].clone()
    };
    assert_eq!(graded(json!({})), 0);
    assert_eq!(graded(json!({"seizure_minutes": 0.5})), 3);
    assert_eq!(graded(json!({"seizure_minutes": 0})), 0);
    assert_eq!(
        (graded(json!({"seizure_minutes": 5})), graded(json!({"seizure_minutes": 5.1}))),
        (json!(3), json!(4))
    );
    assert!(derive("icans", &json!({"days": [], "age_years": 0})).is_ok());
}

#[test]
fn covid_days() {
    let covid = |severity: &str, days: i32| {
        result("infection_risk", &json!({"covid": {"severity": severity, "days_since_positive": days}}))["covid"].clone()
    };
    for (severity, needed) in [("ASYMPTOMATIC", 14), ("MILD_MOD", 14), ("SEVERE", 20), ("CRITICAL", 20)] {
        assert_eq!(covid(severity, needed)["days_required"], needed, "{severity}");
        assert_eq!(covid(severity, needed)["pause_met"], true);
        assert_eq!(covid(severity, needed - 1)["pause_met"], false);
    }
    assert_eq!(pointer("infection_risk", &json!({"covid": {"days_since_positive": 0}})), None);
    assert!(pointer("infection_risk", &json!({"covid": {"days_since_positive": -1}})).is_some());
}

#[test]
fn the_factors_are_counted_in_the_trace() {
    let line = derive(
        "infection_risk",
        &json!({"prior_fungal_disease": "Y", "tocilizumab": "Y", "high_dose_steroid": "N"}),
    )
    .unwrap();
    let shown = |name: &str| {
        let steps = line["trace"].as_array().unwrap();
        let step = steps.iter().find(|step| step["values"].get("factors").is_some()).unwrap();
        step["values"][name].clone()
    };
    let fungal = &line["result"]["fungal"];
    assert_eq!(shown("factors"), fungal["factors"].as_array().unwrap().len());
    assert_eq!(shown("unknown"), fungal["unknown"].as_array().unwrap().len());
}

#[test]
fn what_is_not_known_joins_no_group_of_hepatitis_b() {
    let group = |baseline: Value| result("hbv_reactivation", &json!({"baseline": baseline}))["group"].clone();
    assert_eq!(group(json!({"hbsag": "NEG", "hbcab": "NEG", "hbsab": "NEG"})), "ALL_NEG");
    assert_eq!(group(json!({"hbsag": "NEG", "hbcab": "NEG", "hbsab": "POS"})), "HBSAB_ONLY");
    for open in [
        json!({"hbcab": "NEG", "hbsab": "NEG"}),
        json!({"hbsag": "NEG", "hbsab": "NEG"}),
        json!({"hbsag": "NEG", "hbcab": "NEG"}),
        json!({"hbcab": "NEG", "hbsab": "POS"}),
        json!({"hbsag": "NEG", "hbsab": "POS"}),
    ] {
        assert_eq!(group(open.clone()), "UNK", "{open}");
    }
    // Surface antigen appearing: again in those with core antibody, an infection in those without any marker.
    let appears = |cab: &str| {
        let case = json!({"baseline": {"hbsag": "NEG", "hbcab": cab, "hbsab": "NEG", "hbv_dna_iu_ml": 0},
            "observations": [{"day": 30, "hbsag": "POS", "hbv_dna_iu_ml": 0}]});
        let line = derive("hbv_reactivation", &case).unwrap();
        let steps = line["trace"].as_array().unwrap().clone();
        let met = |what: &str| {
            steps.iter().any(|step| step["rule"].as_str().unwrap().contains(what) && step["verdict"] == "met")
        };
        (met("hbsag_reappears"), met("new_infection"))
    };
    assert_eq!(appears("NEG"), (false, true));
    assert_eq!(appears("POS"), (true, false));
}

#[test]
fn one_sign_of_expansion_suffices_where_any_does() {
    let any = |case: Value| result("car_t_expansion", &case)["observations"][0]["any"].clone();
    assert_eq!(any(json!({"wbc_10e9_l": 12, "lymphocyte_percent": 10, "car_t_ul": 10})), true);
    assert_eq!(any(json!({"wbc_10e9_l": 5, "lymphocyte_percent": 75, "car_t_ul": 10})), true);
    assert_eq!(any(json!({"wbc_10e9_l": 5, "lymphocyte_percent": 10, "car_t_ul": 700})), true);
    assert_eq!(any(json!({"wbc_10e9_l": 5, "lymphocyte_percent": 10, "car_t_ul": 10})), false);
}

#[test]
fn hematotox_counts_the_start_of_lymphodepletion_from_the_dates_of_the_samples() {
    let case = |start: &str| json!({"ld_start_date": start, "labs": [{"day": -6, "date": "2024-02-24", "plt": 100}, {"day": -4, "date": "2024-02-26", "plt": 20}]});
    let points = |start: &str| result("hematotox", &case(start))["points"]["platelets"].clone();
    assert_eq!((points("2024-02-25"), points("2024-02-26")), (json!(1), json!(2)));
}

#[test]
fn courses_by_date_have_the_same_durations_as_by_day() {
    let course = |name: &str, at: [Value; 3]| {
        let row = |at: &Value, warm: bool| {
            let mut row = json!({"temperature_c": if warm { 38.5 } else { 36.5 }, "hypotension": "N", "vasopressors": [], "oxygen": {"device": "ROOM"}});
            row[name] = at.clone();
            row
        };
        let [a, b, c] = at;
        result("crs", &json!({"days": [row(&a, true), row(&b, true), row(&c, false)]}))
    };
    let days = course("day", [json!(1), json!(2), json!(3)]);
    let dates = course("date", [json!("2024-03-01"), json!("2024-03-02"), json!("2024-03-03")]);
    for (name, value) in days.as_object().unwrap() {
        if name.contains("duration") {
            assert_eq!(value, &dates[name], "{name}");
        }
    }
    assert_eq!((&days["end"], &dates["end"]), (&json!(2), &json!("2024-03-02")));
}
