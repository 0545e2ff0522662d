//! Deaths, MRD and responses.

use crate::support::{asked, day, disease, fires, infusion, record, silent, with};
use clinical::record::Record;
use serde_json::{Value, json};

const DEATH: &str = "outcome.death_expected";
const CAUSE: &str = "outcome.cause_of_death";

fn dead(cause: &str) -> Record {
    let dead =
        json!({"last_contact": day(60), "death_date": day(60), "status": "DEAD", "cause_primary": cause});
    record("survival_status", dead)
}

fn alive() -> Record {
    record("survival_status", json!({"last_contact": day(600)}))
}

/// A fatal event of each form, one that is not quite, where it is asked about, and the cause of the death.
fn events() -> Vec<(Record, Record, &'static str, Option<&'static str>)> {
    let graded = |form: &str, field: &str, cause: Option<&'static str>, place: &'static str| {
        let of = |grade: i32| record(form, json!({field: grade}));
        (of(5), of(4), place, cause)
    };
    let infection = |grade: i32, outcome: &str| {
        record("infection", json!({"ctcae_grade": grade, "outcome": outcome, "persistent": "N"}))
    };
    let (crs, icans) = (Some("CRS"), Some("ICANS"));
    vec![
        graded("crs_episode", "max_grade", crs, "crs_episode/max_grade 5"),
        graded("daily_toxicity", "crs_grade", crs, "daily_toxicity/crs_grade 5"),
        graded("daily_toxicity", "icans_grade", icans, "daily_toxicity/icans_grade 5"),
        graded("crs_day", "reported_grade", crs, "crs_day/reported_grade 5"),
        graded("icans_episode", "max_grade", icans, "icans_episode/max_grade 5"),
        graded("icans_day", "reported_grade", icans, "icans_day/reported_grade 5"),
        graded("iec_hs", "grade", Some("IECHS"), "iec_hs/grade 5"),
        graded("adverse_event", "ctcae_grade", None, "adverse_event/ctcae_grade 5"),
        (infection(5, "DEATH"), infection(4, "ONGOING"), "infection/outcome DEATH", Some("INFECTION")),
        (infection(4, "DEATH"), infection(4, "SEQUELAE"), "infection/outcome DEATH", Some("INFECTION")),
        (infection(5, "ONGOING"), infection(4, "RESOLVED"), "infection/ctcae_grade 5", Some("INFECTION")),
    ]
}

#[test]
fn a_fatal_event_needs_a_death() {
    for (fatal, other, place, cause) in events() {
        let expected = cause
            .map_or("a survival status DEAD, or".to_owned(), |c| format!("a survival status DEAD from {c}"));
        fires(&[fatal.clone(), alive()], DEATH, place, &expected);
        fires(std::slice::from_ref(&fatal), DEATH, place, &expected);
        silent(&[fatal, dead(cause.unwrap_or("CARDIAC"))], DEATH);
        silent(&[other, alive()], DEATH);
    }
}

#[test]
fn a_death_is_from_a_fatal_event() {
    for (fatal, other, place, cause) in events() {
        match cause {
            Some(cause) => {
                fires(
                    &[fatal.clone(), dead("RELAPSE")],
                    CAUSE,
                    "survival_status/cause_primary RELAPSE",
                    &format!("{cause} (recorded as fatal)"),
                );
                silent(&[fatal.clone(), dead(cause)], CAUSE);
            }
            None => silent(&[fatal.clone(), dead("RELAPSE")], CAUSE),
        }
        silent(&[fatal.clone(), dead("UNK")], CAUSE);
        silent(&[fatal, alive()], CAUSE);
        silent(&[other, dead("RELAPSE")], CAUSE);
        assert!(!place.is_empty());
    }
}

#[test]
fn one_of_several_fatal_events_is_the_cause() {
    let crs = || record("crs_episode", json!({"max_grade": 5}));
    let infection = || record("infection", json!({"ctcae_grade": 5, "outcome": "DEATH"}));
    silent(&[crs(), infection(), dead("CRS")], CAUSE);
    silent(&[crs(), infection(), dead("INFECTION")], CAUSE);
    fires(&[crs(), infection(), dead("SPM")], CAUSE, "survival_status/cause_primary SPM", "CRS or INFECTION");
    // Each cause is asked for once, not every day of it.
    let day_of_crs = record("crs_day", json!({"reported_grade": 5}));
    assert_eq!(
        asked(&[crs(), day_of_crs, infection()], DEATH),
        ["crs_episode/max_grade 5", "infection/outcome DEATH"]
    );
    let event = |number: i32| {
        record("adverse_event", json!({"event_number": number, "ctcae_grade": 5, "serious": "Y"}))
    };
    assert_eq!(asked(&[event(1), event(2)], DEATH).len(), 2);
    let missing = json!({"max_grade": null, "missing": {"max_grade": "NK"}});
    silent(&[record("crs_episode", missing)], DEATH);
    let no_cause = json!({"last_contact": day(60), "death_date": day(60), "status": "DEAD"});
    silent(&[crs(), record("survival_status", no_cause)], CAUSE);
}

#[test]
fn a_negative_mrd_test_is_sensitive_enough_for_myeloma() {
    let rule = "outcome.mrd_sensitivity";
    let test = |sensitivity: f64, result: &str| {
        let level = if result == "POS" { json!(1e-3) } else { Value::Null };
        record("mrd", json!({"sensitivity": sensitivity, "result": result, "mrd_level": level}))
    };
    fires(
        &[disease("MM"), test(1.1e-5, "NEG")],
        rule,
        "mrd/sensitivity 0.000011",
        "at most 0.00001 (disease MM)",
    );
    silent(&[disease("MM"), test(1e-5, "NEG")], rule);
    assert_eq!(asked(&[disease("MM"), test(1e-4, "NEG")], rule).len(), 1);
    // The test's own record is asked about what suffices for no disease.
    silent(&[disease("MM"), test(1.1e-4, "NEG")], rule);
    for code in ["B_ALL", "NHL", "OTHER"] {
        silent(&[disease(code), test(1e-4, "NEG")], rule);
    }
    silent(&[test(1e-4, "NEG")], rule);
    silent(&[disease("MM"), test(1e-4, "POS")], rule);
    silent(&[disease("MM"), test(1e-4, "BELOW_LOQ")], rule);
    let unknown = record("mrd", json!({"sensitivity": null, "missing": {"sensitivity": "NK"}}));
    silent(&[disease("MM"), unknown], rule);
}

fn response(on: i64, criteria: &str, category: &str, changes: Value) -> Record {
    let all = json!({"assessment_date": day(on), "criteria": criteria, "reported_category": category, "confirmed": "N", "confirmed_by": null});
    record("response", with(all, changes))
}

/// Criteria with the categories that are neither a response nor a progression, the progressions and the responses.
const CATEGORIES: [(&str, [&[&str]; 3]); 4] = [
    ("IMWG_2016", [&["SD", "NE"], &["PD", "RELAPSE"], &["sCR", "CR", "VGPR", "PR", "MR"]]),
    ("LUGANO_PET", [&["NMR", "NE"], &["PMD"], &["CMR", "PMR"]]),
    ("LUGANO_CT", [&["SD", "NE"], &["PD"], &["CR", "PR"]]),
    ("ALL_NCCN", [&["NR", "NE"], &["PD", "RELAPSE"], &["CR", "CRh", "CRi"]]),
];

#[test]
fn a_progression_comes_after_the_infusion() {
    let rule = "outcome.progression_before_infusion";
    for (criteria, [neither, progressions, responses]) in CATEGORIES {
        for category in progressions {
            fires(
                &[infusion(1, 0), response(-1, criteria, category, json!({}))],
                rule,
                &format!("response/assessment_date {}", day(-1)),
                "2024-03-19 or later (infusion 1)",
            );
            silent(&[infusion(1, 0), response(0, criteria, category, json!({}))], rule);
        }
        for category in neither.iter().chain(responses) {
            silent(&[infusion(1, 0), response(-1, criteria, category, json!({}))], rule);
        }
    }
    silent(&[infusion(2, 0), response(-1, "LUGANO_CT", "PD", json!({}))], rule);
    silent(&[response(-1, "LUGANO_CT", "PD", json!({}))], rule);
}

fn therapy(number: i32, start: &str, infusion: i32) -> Record {
    record(
        "subsequent_therapy",
        json!({"infusion_number": infusion, "therapy_number": number, "start_date": start}),
    )
}

#[test]
fn a_response_is_assessed_before_the_next_therapy() {
    let rule = "outcome.response_after_next_therapy";
    let start = day(100);
    for (criteria, [neither, progressions, responses]) in CATEGORIES {
        for category in responses {
            fires(
                &[therapy(1, &start, 1), response(100, criteria, category, json!({}))],
                rule,
                &format!("response/assessment_date {}", day(100)),
                &format!("before {start} (next therapy after infusion 1)"),
            );
            silent(&[therapy(1, &start, 1), response(99, criteria, category, json!({}))], rule);
        }
        for category in neither.iter().chain(progressions) {
            silent(&[therapy(1, &start, 1), response(100, criteria, category, json!({}))], rule);
        }
    }
    let remission = |on: i64| response(on, "LUGANO_PET", "CMR", json!({}));
    // The first therapy counts; of a month its last day is certain; another infusion has its own.
    assert_eq!(asked(&[therapy(1, &day(200), 1), therapy(2, &start, 1), remission(150)], rule).len(), 1);
    let june = |on: &str| {
        let all = json!({"assessment_date": on, "reported_category": "CMR", "confirmed": "N", "confirmed_by": null});
        [therapy(1, "2024-06", 1), record("response", all)]
    };
    silent(&june("2024-06-29"), rule);
    fires(&june("2024-06-30"), rule, "response/assessment_date 2024-06-30", "before 2024-06 (");
    silent(&[therapy(1, &start, 2), remission(150)], rule);
    let unknown = record(
        "subsequent_therapy",
        json!({"infusion_number": 1, "start_date": null, "missing": {"start_date": "NK"}}),
    );
    silent(&[unknown, remission(150)], rule);
    let missing = json!({"reported_category": null, "missing": {"reported_category": "PEND"}});
    silent(&[therapy(1, &start, 1), response(150, "LUGANO_PET", "CMR", missing)], rule);
}

#[test]
fn a_progression_soon_after_inflammation_may_be_none() {
    let rule = "outcome.pseudo_progression";
    let crs = |changes: Value| {
        let all = json!({"onset_date": day(3), "onset_time": null, "end_date": day(10), "end_time": null});
        record("crs_episode", with(all, changes))
    };
    let iec_hs = |end: Value| {
        record("iec_hs", json!({"infusion_number": 1, "diagnosis_date": day(3), "end_date": end}))
    };
    let progression = |on: i64| response(on, "LUGANO_PET", "PMD", json!({}));
    for (name, episode) in [("CRS", crs(json!({}))), ("IEC-HS", iec_hs(json!(day(10))))] {
        fires(
            &[episode.clone(), progression(24)],
            rule,
            "response/reported_category PMD",
            &format!("an assessment after {} (14 days after {name} of {}), or confirmed Y", day(24), day(10)),
        );
        silent(&[episode.clone(), progression(25)], rule);
        assert_eq!(asked(&[episode.clone(), progression(3)], rule).len(), 1);
        silent(&[episode.clone(), progression(2)], rule);
        silent(&[episode.clone(), response(24, "LUGANO_PET", "CMR", json!({}))], rule);
        silent(&[episode.clone(), response(24, "LUGANO_PET", "PMD", json!({"confirmed": "Y"}))], rule);
        silent(&[episode.clone(), response(24, "LUGANO_PET", "PMD", json!({"infusion_number": 2}))], rule);
    }
    // While the end is not known, days count from the onset.
    let ongoing = crs(json!({"end_date": null, "missing": {"end_date": "PEND"}}));
    assert_eq!(asked(&[ongoing.clone(), progression(17)], rule).len(), 1);
    silent(&[ongoing, progression(18)], rule);
    assert_eq!(asked(&[iec_hs(Value::Null), progression(17)], rule).len(), 1);
    silent(&[iec_hs(Value::Null), progression(18)], rule);
    let unknown = crs(json!({"onset_date": null, "missing": {"onset_date": "NK"}}));
    silent(&[unknown, progression(12)], rule);
    // One of several suffices.
    let later = crs(json!({"episode_number": 2, "onset_date": day(20), "end_date": day(22)}));
    fires(&[crs(json!({})), later, progression(23)], rule, "response/reported_category PMD", &day(36));
}
