//! What the criteria derive beside the reported value, and the query where both differ.

use crate::support::{context, day, fires, infusion, lab, read, record, silent};
use clinical::record::Record;
use clinical::review::{History, review};
use serde_json::json;

/// A derived value as the tests compare it.
type Derived = (&'static str, Option<String>, Option<String>, Option<&'static str>);

/// Name, derived and reported value, deciding rule: for every derived value in the order of the history.
fn derived(records: &[Record]) -> Vec<Derived> {
    let (history, _) = History::new(records.iter().map(|r| ((), r.clone())).collect());
    let all = review(&history, context()).derived.into_iter();
    all.map(|d| (d.name, d.value, d.reported, d.rule.map(|r| r.id))).collect()
}

macro_rules! text {
    ($value:literal) => {
        Some($value.to_owned())
    };
}

#[test]
fn crs_of_a_day_with_its_rule() {
    let with = |changes| [infusion(1, 0), record("crs_day", changes)];
    let same = with(json!({}));
    assert_eq!(derived(&same), [("reported_grade", text!("2"), text!("2"), Some("crs.low_flow_oxygen"))]);
    silent(&same, "derived.crs_grade");
    fires(
        &with(json!({"reported_grade": 1})),
        "derived.crs_grade",
        "crs_day/reported_grade 1",
        "2 by crs.low_flow_oxygen",
    );
    fires(&with(json!({"reported_grade": 3})), "derived.crs_grade", "crs_day/reported_grade 3", "2 by");
    // One vasopressor is grade 3, two are grade 4.
    let pressor = json!({"vasopressor_given": "Y", "norepinephrine_ug_min": 5, "reported_grade": 3});
    silent(&with(pressor), "derived.crs_grade");
    let two = json!({"vasopressor_given": "Y", "norepinephrine_ug_min": 5, "epinephrine_ug_min": 2, "reported_grade": 3});
    fires(&with(two), "derived.crs_grade", "crs_day/reported_grade 3", "4 by");
    // Low flow ends at 6 L/min.
    silent(
        &with(json!({"hypotension": "N", "oxygen_flow_l_min": 6, "reported_grade": 2})),
        "derived.crs_grade",
    );
    let high = json!({"hypotension": "N", "oxygen_flow_l_min": 6.1, "reported_grade": 2});
    fires(&with(high), "derived.crs_grade", "crs_day/reported_grade 2", "3 by");
}

#[test]
fn what_the_observations_leave_open_is_no_difference() {
    let open = json!({"oxygen_device": null, "oxygen_flow_l_min": null, "missing": {"oxygen_device": "NK"}, "reported_grade": 4});
    let records = [infusion(1, 0), record("crs_day", open)];
    silent(&records, "derived.crs_grade");
    let (_, value, reported, _) = derived(&records).remove(0);
    assert_eq!((value, reported), (None, text!("4")));
    let below = json!({"oxygen_device": null, "oxygen_flow_l_min": null, "missing": {"oxygen_device": "NK"}, "reported_grade": 1});
    fires(
        &[infusion(1, 0), record("crs_day", below)],
        "derived.crs_grade",
        "crs_day/reported_grade 1",
        "2 to",
    );
}

#[test]
fn the_maximum_of_an_episode_is_at_least_that_of_its_days() {
    let episode = |grade: i32| {
        record(
            "crs_episode",
            json!({"onset_date": day(2), "onset_time": null, "end_date": day(3), "end_time": null, "max_grade": grade}),
        )
    };
    let days = |second: f64| {
        [
            record("crs_day", json!({"assessment_date": day(2), "reported_grade": 2})),
            record(
                "crs_day",
                json!({"assessment_date": day(3), "hypotension": "N", "oxygen_flow_l_min": second, "reported_grade": null}),
            ),
        ]
    };
    let with = |grade, second| [vec![infusion(1, 0), episode(grade)], days(second).to_vec()].concat();
    silent(&with(2, 3.0), "derived.crs_maximum");
    fires(&with(1, 3.0), "derived.crs_maximum", "crs_episode/max_grade 1", "2 by");
    fires(&with(2, 8.0), "derived.crs_maximum", "crs_episode/max_grade 2", "3 by");
    silent(&with(3, 8.0), "derived.crs_maximum");
    // Every day of the episode is recorded, so that more than their maximum is a difference; a death shows in no day.
    fires(&with(4, 3.0), "derived.crs_maximum", "crs_episode/max_grade 4", "2 by");
    silent(&with(5, 3.0), "derived.crs_maximum");
}

#[test]
fn icans_of_a_day_follows_the_ice_score() {
    let with = |changes| [infusion(1, 0), record("icans_day", changes)];
    silent(&with(json!({})), "derived.icans_grade");
    let seven = json!({"ice_orientation": 4, "ice_total": null, "reported_grade": 1});
    silent(&with(seven), "derived.icans_grade");
    let wrong = json!({"ice_orientation": 4, "ice_total": null, "reported_grade": 2});
    fires(&with(wrong), "derived.icans_grade", "icans_day/reported_grade 2", "1 by icans.");
    let seizure = json!({"seizure": "PROLONGED", "reported_grade": 3});
    fires(&with(seizure), "derived.icans_grade", "icans_day/reported_grade 3", "4 by icans.");
}

#[test]
fn early_icaht_comes_from_the_counts() {
    let counts = |low: std::ops::RangeInclusive<i64>| -> Vec<Record> {
        let value = |d: i64| if low.contains(&d) { 0.4 } else { 1.2 };
        (0..=30).map(|d| read("laboratory", &lab("ANC", d, value(d), "10^9/L"))).collect()
    };
    let with = |low, grade: i32| {
        let report = record("icaht", json!({"assessment_date": day(31), "reported_early_grade": grade}));
        [vec![infusion(1, 0), report], counts(low)].concat()
    };
    silent(&with(3..=8, 1), "derived.icaht_early");
    fires(&with(3..=9, 1), "derived.icaht_early", "icaht/reported_early_grade 1", "2 by icaht.");
    silent(&with(3..=15, 2), "derived.icaht_early");
    fires(&with(3..=16, 2), "derived.icaht_early", "icaht/reported_early_grade 2", "3 by icaht.");
}

#[test]
fn a_response_is_compared_with_its_components_of_the_same_day() {
    let report = |category: &str| record("response", json!({"reported_category": category}));
    let with = |category, changes| [infusion(1, 0), report(category), record("lymphoma_assessment", changes)];
    silent(&with("CMR", json!({})), "derived.response");
    assert_eq!(derived(&with("CMR", json!({})))[0].1, text!("CMR"));
    fires(&with("PMR", json!({})), "derived.response", "response/reported_category PMR", "CMR by lugano.");
    let avid = json!({"deauville": "4", "uptake_change": "REDUCED"});
    fires(&with("CMR", avid.clone()), "derived.response", "response/reported_category CMR", "PMR by lugano.");
    silent(&with("PMR", avid), "derived.response");
    // Components of another day say nothing about this response.
    silent(&with("PMR", json!({"assessment_date": day(60)})), "derived.response");
}

#[test]
fn myeloma_by_the_edition_that_the_center_applied() {
    let baseline = json!({"timepoint": "BASELINE", "assessment_date": day(-10), "serum_m_protein_g_l": 40, "urine_m_protein_mg_24h": 0,
        "plasmacytoma_spd_mm2": 1000, "serum_ife": "POS", "marrow_plasma_cell_percent": 30, "hb_g_l": 100});
    let later = json!({"assessment_date": day(30), "serum_m_protein_g_l": 29, "urine_m_protein_mg_24h": 0, "plasmacytoma_spd_mm2": 700,
        "serum_ife": "POS", "marrow_plasma_cell_percent": 20, "hb_g_l": 100});
    let with = |criteria: &str, category: &str| {
        [
            infusion(1, 0),
            record("myeloma_assessment", baseline.clone()),
            record("myeloma_assessment", later.clone()),
            record(
                "response",
                json!({"criteria": criteria, "reported_category": category, "assessment_date": day(30), "confirmed": null, "confirmed_by": null}),
            ),
        ]
    };
    // A plasmacytoma that shrank by 30 % is minimal response as printed, stable disease in the edition of 2016.
    silent(&with("IMWG_SEED", "MR"), "derived.response");
    fires(&with("IMWG_2016", "MR"), "derived.response", "response/reported_category MR", "SD by imwg.");
    silent(&with("IMWG_2016", "SD"), "derived.response");
}

#[test]
fn leukemia_by_blasts_and_counts() {
    let with = |category: &str, changes| {
        let report = json!({"criteria": "ALL_NCCN", "reported_category": category, "assessment_date": day(28), "confirmed": null, "confirmed_by": null});
        let components = record("leukemia_assessment", json!({"assessment_date": day(28)}));
        let components = read("leukemia_assessment", &crate::support::with(components.to_json(), changes));
        [infusion(1, 0), record("response", report), components]
    };
    silent(&with("CR", json!({})), "derived.response");
    fires(
        &with("CR", json!({"platelets_10e9_l": 99})),
        "derived.response",
        "response/reported_category CR",
        "CRh by b_all.",
    );
    silent(&with("CRh", json!({"platelets_10e9_l": 99})), "derived.response");
    // No response is what a refractory leukemia shows, not a remission; nor is a relapse that was none.
    for wrong in ["NR", "RELAPSE"] {
        let place = format!("response/reported_category {wrong}");
        fires(&with(wrong, json!({})), "derived.response", &place, "CR by b_all.");
    }
    let many = json!({"marrow_blast_percent": 30});
    let found = derived(&with("NR", many.clone()));
    assert_eq!(
        found[0].1.as_deref().map(str::to_ascii_lowercase).as_deref(),
        Some("refractory"),
        "{found:?}"
    );
    silent(&with("NR", many.clone()), "derived.response");
    fires(&with("CR", many), "derived.response", "response/reported_category CR", "by b_all.");
    // A test of residual disease of the same day belongs to the assessment.
    let tested = [&with("CR", json!({}))[..], &[record("mrd", json!({"assessment_date": day(28)}))]].concat();
    silent(&tested, "derived.contradictory_components");
    assert!(derived(&tested).iter().any(|(_, value, ..)| *value == text!("CR")), "{:?}", derived(&tested));
    fires(
        &[&with("CRi", json!({}))[..], &tested[3..]].concat(),
        "derived.response",
        "response/reported_category CRi",
        "CR by b_all.",
    );
}

#[test]
fn components_that_contradict_each_other_are_told_and_decide_nothing() {
    let awake = json!({"consciousness": "UNAROUSABLE", "ice_orientation": 3, "reported_grade": 4});
    // The form itself refuses points of an unarousable patient; two spleens of one day reach the criteria.
    let entries = clinical::record::Entries::parse(
        crate::support::with(
            serde_json::from_str(clinical::forms::example(crate::support::form("icans_day"))).unwrap(),
            awake,
        )
        .to_string()
        .as_bytes(),
    );
    let (refused, _) = Record::from_json(crate::support::form("icans_day"), &entries.unwrap(), context());
    assert!(refused.is_none());
    let targets = |number: i32, on: i64| {
        record(
            "lesion",
            json!({"assessment_date": day(on), "lesion_number": number, "target": true, "new_lesion": null}),
        )
    };
    let ct = |timepoint: &str, on: i64| {
        let changes = json!({"timepoint": timepoint, "modality": "CT", "deauville": null, "uptake_change": null, "assessment_date": day(on)});
        record("lymphoma_assessment", changes)
    };
    let report = json!({"criteria": "LUGANO_CT", "reported_category": "PR", "assessment_date": day(30), "confirmed": null, "confirmed_by": null});
    let records = [
        infusion(1, 0),
        ct("BASELINE", -10),
        ct("FOLLOW_UP", 30),
        targets(1, -10),
        targets(2, 30),
        record("response", report),
    ];
    fires(
        &records,
        "derived.contradictory_components",
        "lymphoma_assessment/ /assessments/0/targets/0/id \"2\" is not a target of baseline",
        "baseline target",
    );
    silent(&records, "derived.response");
}

#[test]
fn counts_are_compared_in_their_unit_and_from_day_0_on() {
    let counts = |value: f64, first: i64| -> Vec<Record> {
        (first..=30)
            .map(|d| {
                let value = if (3..=8).contains(&d) || d < 0 { value } else { 1.2 };
                read("laboratory", &lab("ANC", d, value, "10^9/L"))
            })
            .collect()
    };
    let with = |value, first, grade: i32| {
        let report = record("icaht", json!({"assessment_date": day(31), "reported_early_grade": grade}));
        [vec![infusion(1, 0), report], counts(value, first)].concat()
    };
    silent(&with(0.48, 0, 1), "derived.icaht_early");
    silent(&with(0.52, 0, 0), "derived.icaht_early");
    silent(&with(0.5, 0, 1), "derived.icaht_early");
    // What was low before the infusion is another matter.
    silent(&with(0.48, -5, 1), "derived.icaht_early");
}

#[test]
fn late_icaht_comes_from_two_counts() {
    let with = |values: &[f64], grade: i32| {
        let report = record(
            "icaht",
            json!({"assessment_date": day(100), "reported_early_grade": null, "reported_late_grade": grade, "missing": {"reported_early_grade": "NK"}}),
        );
        let counts =
            (40..).zip(values).map(|(d, value)| read("laboratory", &lab("ANC", d, *value, "10^9/L")));
        [infusion(1, 0), report].into_iter().chain(counts).collect::<Vec<_>>()
    };
    silent(&with(&[0.9, 0.9], 2), "derived.icaht_late");
    fires(&with(&[0.9, 0.9], 1), "derived.icaht_late", "icaht/reported_late_grade 1", "2 by icaht.late_2");
    // One count alone is provisional, and asks nothing.
    silent(&with(&[0.9], 1), "derived.icaht_late");
}

#[test]
fn every_vasopressor_of_a_day_counts() {
    let with = |changes| [infusion(1, 0), record("crs_day", changes)];
    for name in ["norepinephrine_ug_min", "epinephrine_ug_min", "phenylephrine_ug_min", "dopamine_ug_kg_min"]
    {
        let pressor = |grade: i32| json!({"vasopressor_given": "Y", name: 0.5, "reported_grade": grade});
        silent(&with(pressor(3)), "derived.crs_grade");
        fires(&with(pressor(2)), "derived.crs_grade", "crs_day/reported_grade 2", "3 by");
        // With vasopressin it stays one agent.
        let besides =
            json!({"vasopressor_given": "Y", name: 0.5, "vasopressin_u_min": 0.03, "reported_grade": 3});
        silent(&with(besides), "derived.crs_grade");
    }
    // Two are two at any dose, and one at none is not given.
    let two = |second: f64, grade: i32| json!({"vasopressor_given": "Y", "norepinephrine_ug_min": 0.5, "epinephrine_ug_min": second, "reported_grade": grade});
    silent(&with(two(0.5, 4)), "derived.crs_grade");
    silent(&with(two(0.0, 3)), "derived.crs_grade");
    fires(&with(two(0.5, 3)), "derived.crs_grade", "crs_day/reported_grade 3", "4 by");
    // An agent that is not named is one.
    let unnamed = |grade: i32| json!({"vasopressor_given": "Y", "reported_grade": grade, "missing": {"norepinephrine_ug_min": "NK"}});
    fires(&with(unnamed(2)), "derived.crs_grade", "crs_day/reported_grade 2", "3 by");
}

#[test]
fn only_the_days_of_an_episode_make_its_record_complete() {
    let episode = |grade: i32| {
        record(
            "crs_episode",
            json!({"onset_date": day(2), "onset_time": null, "end_date": day(4), "end_time": null, "max_grade": grade}),
        )
    };
    let on = |number: i64| record("crs_day", json!({"assessment_date": day(number), "reported_grade": 2}));
    // Day 4 was not recorded and may have been worse; that of day 10 says nothing of it.
    silent(&[infusion(1, 0), episode(3), on(2), on(3), on(10)], "derived.crs_maximum");
    fires(
        &[infusion(1, 0), episode(3), on(2), on(3), on(4)],
        "derived.crs_maximum",
        "crs_episode/max_grade 3",
        "2 by",
    );
    // The first and the last day belong to it, the days around it do not.
    let severe = |number: i64| {
        record(
            "crs_day",
            json!({"assessment_date": day(number), "hypotension": "N", "oxygen_flow_l_min": 8, "reported_grade": 3}),
        )
    };
    for (number, inside) in [(1, false), (2, true), (4, true), (5, false)] {
        let found = crate::support::asked(
            &[infusion(1, 0), episode(2), on(3), severe(number)],
            "derived.crs_maximum",
        );
        assert_eq!(!found.is_empty(), inside, "day {number}");
    }
}

#[test]
fn a_derived_value_shows_the_steps_of_its_own_day() {
    let on = |number: i64, flow: f64| {
        record(
            "crs_day",
            json!({"assessment_date": day(number), "hypotension": "N", "oxygen_flow_l_min": flow, "reported_grade": null}),
        )
    };
    let records = [infusion(1, 0), on(2, 3.0), on(3, 8.0)];
    let (history, _) = History::new(records.iter().map(|r| ((), r.clone())).collect());
    let found = review(&history, context()).derived;
    let days: Vec<_> = found.iter().filter(|d| d.name == "reported_grade").collect();
    assert_eq!(days.len(), 2);
    for (one, date) in days.iter().zip([day(2), day(3)]) {
        let steps = one.trace.as_array().unwrap();
        assert!(!steps.is_empty() && steps.iter().all(|step| step["date"] == date.as_str()), "{steps:?}");
    }
    // What a day lacks is told with that day.
    let open = record(
        "crs_day",
        json!({"assessment_date": day(4), "oxygen_device": null, "oxygen_flow_l_min": null, "missing": {"oxygen_device": "NK"}, "reported_grade": null}),
    );
    let (history, _) =
        History::new([infusion(1, 0), on(2, 3.0), open].iter().map(|r| ((), r.clone())).collect());
    let found = review(&history, context()).derived;
    let missing: Vec<bool> =
        found.iter().filter(|d| d.name == "reported_grade").map(|d| d.missing.is_empty()).collect();
    assert_eq!(missing, [true, false]);
}
