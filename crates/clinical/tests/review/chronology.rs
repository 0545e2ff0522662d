//! The order of events.

use crate::support::{asked, day, disease, fires, infusion, record, silent};
use clinical::record::Record;
use serde_json::json;

fn apheresis(on: i64) -> Record {
    record("apheresis", json!({"apheresis_date": day(on), "alc_date": day(on), "release_date": null}))
}

fn lymphodepletion(course: i32, start: i64, end: i64) -> Record {
    record(
        "lymphodepletion",
        json!({"course_number": course, "start_date": day(start), "end_date": day(end)}),
    )
}

fn alive(last_contact: i64) -> Record {
    record("survival_status", json!({"last_contact": day(last_contact), "status": "ALIVE"}))
}

fn dead(on: i64) -> Record {
    let dead =
        json!({"last_contact": day(on), "death_date": day(on), "status": "DEAD", "cause_primary": "OTHER"});
    record("survival_status", dead)
}

#[test]
fn the_diagnosis_comes_before_the_apheresis() {
    let rule = "chronology.diagnosis_after_apheresis";
    let diagnosed = |on: &str| record("disease", json!({"diagnosis_date": on}));
    fires(
        &[diagnosed(&day(-27)), apheresis(-28)],
        rule,
        &format!("disease/diagnosis_date {}", day(-27)),
        &format!("at most {} (apheresis)", day(-28)),
    );
    silent(&[diagnosed(&day(-28)), apheresis(-28)], rule);
    // Of a month only its first day is certain.
    silent(&[diagnosed("2024-02"), apheresis(-28)], rule);
    assert_eq!(asked(&[diagnosed("2024-03"), apheresis(-28)], rule), ["disease/diagnosis_date 2024-03"]);
    // The earliest apheresis counts, whatever its number.
    let later = record(
        "apheresis",
        json!({"apheresis_number": 2, "apheresis_date": day(-20), "alc_date": day(-20), "release_date": null}),
    );
    assert_eq!(asked(&[diagnosed(&day(-25)), apheresis(-28), later], rule).len(), 1);
    let unknown = record(
        "apheresis",
        json!({"apheresis_date": null, "alc_date": null, "release_date": null, "missing": {"apheresis_date": "NK"}}),
    );
    silent(&[diagnosed(&day(-25)), unknown], rule);
    silent(&[diagnosed(&day(-25))], rule);
}

#[test]
fn the_apheresis_comes_before_lymphodepletion_and_infusion() {
    let rule = "chronology.apheresis_after_lymphodepletion";
    fires(
        &[apheresis(-4), lymphodepletion(1, -5, -3)],
        rule,
        &format!("apheresis/apheresis_date {}", day(-4)),
        &day(-5),
    );
    silent(&[apheresis(-5), lymphodepletion(1, -5, -3)], rule);
    // The first course counts, and only the courses of the same infusion.
    assert_eq!(
        asked(&[apheresis(-30), lymphodepletion(1, -40, -38), lymphodepletion(2, -5, -3)], rule).len(),
        1
    );
    let other = record(
        "lymphodepletion",
        json!({"infusion_number": 2, "start_date": day(-50), "end_date": day(-48)}),
    );
    silent(&[apheresis(-4), other], rule);

    let rule = "chronology.apheresis_after_infusion";
    fires(
        &[apheresis(0), infusion(1, 0)],
        rule,
        &format!("apheresis/apheresis_date {}", day(0)),
        "before 2024-03-19 (infusion)",
    );
    silent(&[apheresis(-1), infusion(1, 0)], rule);
    silent(&[apheresis(5), infusion(2, 0)], rule);
}

#[test]
fn lymphodepletion_ends_before_the_infusion() {
    let rule = "chronology.lymphodepletion_after_infusion";
    fires(
        &[lymphodepletion(1, -2, 0), infusion(1, 0)],
        rule,
        &format!("lymphodepletion/end_date {}", day(0)),
        "before 2024-03-19 (infusion)",
    );
    silent(&[lymphodepletion(1, -3, -1), infusion(1, 0)], rule);
    silent(&[lymphodepletion(1, 3, 5), infusion(2, 0)], rule);
    let unknown = record("lymphodepletion", json!({"end_date": null, "missing": {"end_date": "NK"}}));
    silent(&[unknown, infusion(1, -30)], rule);
}

#[test]
fn bridging_ends_before_lymphodepletion() {
    let rule = "chronology.bridging_into_lymphodepletion";
    let bridging = |end: i64| {
        record(
            "bridging",
            json!({"start_date": day(-24), "end_date": day(end), "modalities": ["TARGETED"], "rt_site": null, "rt_gy": null, "rt_end_date": null}),
        )
    };
    fires(
        &[bridging(-5), lymphodepletion(1, -5, -3)],
        rule,
        &format!("bridging/end_date {}", day(-5)),
        &format!("before {} (lymphodepletion)", day(-5)),
    );
    silent(&[bridging(-6), lymphodepletion(1, -5, -3)], rule);
    silent(&[bridging(-1)], rule);
}

#[test]
fn infusions_are_numbered_in_order() {
    let rule = "chronology.infusion_order";
    fires(&[infusion(2, 0)], rule, "infusion/infusion_number 2", "1 for the first");
    silent(&[infusion(1, 0)], rule);
    fires(&[infusion(1, 0), infusion(3, 200)], rule, "infusion/infusion_number 3", "2");
    silent(&[infusion(1, 0), infusion(2, 200)], rule);
    fires(
        &[infusion(1, 0), infusion(2, 0)],
        rule,
        "infusion/infusion_date 2024-03-19",
        "after 2024-03-19 (infusion 1)",
    );
    silent(&[infusion(1, 0), infusion(2, 1)], rule);
}

#[test]
fn nothing_happens_before_the_year_of_birth() {
    let rule = "chronology.before_birth";
    let born = |year: i32| record("patient", json!({"birth_year": year}));
    fires(&[born(2025), infusion(1, 0)], rule, "infusion/infusion_date 2024-03-19", "2025 or later");
    silent(&[born(2024), infusion(1, 0)], rule);
    let unknown = record("patient", json!({"birth_year": null, "missing": {"birth_year": "NK"}}));
    silent(&[unknown, infusion(1, 0)], rule);
}

#[test]
fn nothing_happens_after_death() {
    let rule = "chronology.after_death";
    let visit = |on: i64| record("visit", json!({"visit_date": day(on)}));
    fires(
        &[infusion(1, 0), visit(101), dead(100)],
        rule,
        &format!("visit/visit_date {}", day(101)),
        &format!("at most {} (death)", day(100)),
    );
    silent(&[infusion(1, 0), visit(100), dead(100)], rule);
    // The earliest report of the death counts.
    assert_eq!(asked(&[infusion(1, 0), visit(101), dead(100), dead(120)], rule).len(), 1);
    silent(&[infusion(1, 0), visit(101), alive(100)], rule);

    let rule = "chronology.death_before_infusion";
    let records = [infusion(1, 0), dead(-1)];
    fires(&records, rule, "infusion/infusion_date 2024-03-19", &format!("at most {} (death)", day(-1)));
    silent(&records, "chronology.after_death");
    silent(&[infusion(1, 0), dead(0)], rule);
}

#[test]
fn the_last_contact_is_not_before_the_latest_record() {
    let rule = "chronology.last_contact_before_record";
    let visit = record("visit", json!({"visit_date": day(100)}));
    let contact = |on: i64| [infusion(1, 0), visit.clone(), alive(on)];
    fires(
        &contact(99),
        rule,
        &format!("survival_status/last_contact {}", day(99)),
        &format!("{} or later", day(100)),
    );
    silent(&contact(100), rule);
    // The latest contact is compared.
    silent(&[infusion(1, 0), visit.clone(), alive(99), alive(100)], rule);
    silent(&[visit.clone(), alive(99)], rule);
    silent(&[infusion(1, 0), visit.clone(), dead(99)], rule);
    let withdrawn = record("survival_status", json!({"last_contact": day(99), "status": "WITHDRAWN"}));
    silent(&[infusion(1, 0), visit, withdrawn], rule);
}

#[test]
fn toxicity_begins_with_the_infusion() {
    let rule = "chronology.toxicity_before_infusion";
    let crs = |on: i64| record("crs_episode", json!({"onset_date": day(on), "onset_time": null}));
    let icans = |on: i64| record("icans_episode", json!({"onset_date": day(on), "onset_time": null}));
    let iec_hs = |on: i64| record("iec_hs", json!({"diagnosis_date": day(on)}));
    for (form, field, event) in [
        ("crs_episode", "onset_date", &crs as &dyn Fn(i64) -> Record),
        ("icans_episode", "onset_date", &icans),
        ("iec_hs", "diagnosis_date", &iec_hs),
    ] {
        fires(
            &[infusion(1, 0), event(-1)],
            rule,
            &format!("{form}/{field} {}", day(-1)),
            "2024-03-19 or later (infusion)",
        );
        silent(&[infusion(1, 0), event(0)], rule);
        silent(&[infusion(2, 10), event(0)], rule);
    }
}

#[test]
fn a_second_malignancy_begins_after_the_infusion() {
    let rule = "chronology.second_malignancy_before_infusion";
    let malignancy = |on: &str| record("second_malignancy", json!({"onset_date": on, "report_date": null}));
    let before = day(-1);
    fires(
        &[infusion(1, 0), malignancy(&before)],
        rule,
        &format!("second_malignancy/onset_date {before}"),
        "2024-03-19 or later",
    );
    silent(&[infusion(1, 0), malignancy(&day(0))], rule);
    // Of a month its last day is compared.
    assert_eq!(asked(&[infusion(1, 0), malignancy("2024-02")], rule).len(), 1);
    silent(&[infusion(1, 0), malignancy("2024-03")], rule);
}

#[test]
fn an_infection_begins_after_the_apheresis() {
    let rule = "chronology.infection_before_apheresis";
    let infection = |on: i64| record("infection", json!({"onset_date": day(on)}));
    fires(
        &[apheresis(-28), infection(-29)],
        rule,
        &format!("infection/onset_date {}", day(-29)),
        &format!("{} or later (apheresis)", day(-28)),
    );
    silent(&[apheresis(-28), infection(-28)], rule);
    silent(&[infection(-29)], rule);
}

#[test]
fn after_withdrawal_only_the_survival_status_is_recorded() {
    let rule = "chronology.after_withdrawal";
    let withdrawn = record("patient", json!({"withdrawn_on": day(50)}));
    let visit = |on: i64| record("visit", json!({"visit_date": day(on)}));
    fires(
        &[withdrawn.clone(), infusion(1, 0), visit(51), alive(300)],
        rule,
        &format!("visit/visit_date {}", day(51)),
        &format!("at most {} (withdrawal of consent)", day(50)),
    );
    silent(&[withdrawn, infusion(1, 0), visit(50), alive(300)], rule);
    silent(&[record("patient", json!({})), visit(51)], rule);
}

#[test]
fn lymphoma_patients_stay_for_two_weeks() {
    let rule = "chronology.early_discharge";
    let stay = |number: i32, from: i64, to: i64, ward: &str| {
        record(
            "hospital_stay",
            json!({"stay_number": number, "admission_date": day(from), "discharge_date": day(to), "ward": ward}),
        )
    };
    let records = |to: i64| vec![disease("NHL"), infusion(1, 0), stay(1, -6, to, "WARD")];
    fires(
        &records(13),
        rule,
        &format!("hospital_stay/discharge_date {}", day(13)),
        &format!("{} or later", day(14)),
    );
    silent(&records(14), rule);
    let and = |records: Vec<Record>, more: Record| [records, vec![more]].concat();
    // Moved to intensive care on the day of discharge, or died.
    silent(&and(records(13), stay(2, 13, 20, "ICU")), rule);
    assert_eq!(asked(&and(records(13), stay(2, 14, 20, "ICU")), rule).len(), 1);
    silent(&and(records(13), dead(13)), rule);
    assert_eq!(asked(&and(records(13), dead(14)), rule).len(), 1);
    // Another disease, another stay, another ward.
    silent(&[disease("MM"), infusion(1, 0), stay(1, -6, 13, "WARD")], rule);
    silent(&[disease("NHL"), infusion(1, 0), stay(1, 1, 13, "WARD")], rule);
    assert_eq!(asked(&[disease("NHL"), infusion(1, 0), stay(1, 0, 13, "WARD")], rule).len(), 1);
    silent(&[disease("NHL"), infusion(1, 0), stay(1, -6, -1, "WARD")], rule);
    assert_eq!(asked(&[disease("NHL"), infusion(1, 0), stay(1, -6, 0, "WARD")], rule).len(), 1);
    silent(&[disease("NHL"), infusion(1, 0), stay(1, -6, 13, "ICU")], rule);
}
