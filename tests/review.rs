//! Rules across the records of a patient: queries open and close as records arrive, whatever their order, and derived values follow.

use crate::support::patients::{complete_patient, infusion, line, ndjson, patient};
use crate::support::{Client, Seeded, shared, sql};
use clinical::form::Parent;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The open queries of a client's center: form, key field values, rule, field.
fn open(client: &Client) -> BTreeSet<String> {
    let items = client.get("/v1/queries?state=open,reopened&limit=1000").expect(200);
    let text = |v: &Value, name: &str| v[name].as_str().unwrap_or_default().to_owned();
    items["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|q| {
            format!("{} {} {} {}", text(q, "form"), text(q, "rule"), text(q, "field"), text(q, "received"))
        })
        .collect()
}

fn crs_day(id: &str, date: &str, grade: i32) -> Value {
    json!({
        "patient_id": id, "infusion_number": 1, "assessment_date": date, "temperature_c": 38.6, "fever_attributed": "Y",
        "sbp_min_mmhg": 110, "hypotension": "N", "vasopressor_given": "N", "oxygen_device": "ROOM", "antipyretic": "N",
        "anti_cytokine": "N", "reported_grade": grade
    })
}

fn death(id: &str, date: &str) -> Value {
    json!({ "patient_id": id, "last_contact": date, "status": "DEAD", "death_date": date, "cause_primary": "RELAPSE", "autopsy": "N" })
}

#[test]
fn a_query_opens_at_the_record_in_doubt_and_closes_when_the_other_is_corrected() {
    let center = shared().center();
    let client = &center.submitter;
    client.post("/v1/patients", &patient("R")).expect(201);
    client.post("/v1/infusions", &infusion("R")).expect(201);
    let day = client.post("/v1/crs-days", &crs_day("R", "2024-03-09", 1)).expect(201);
    assert_eq!(day["queries"], json!([]));
    assert_eq!(day["derived"][0]["value"], "1");
    assert_eq!(day["derived"][0]["rule"], "crs.fever_only");

    // The death is recorded later, dated before the day: the query stands at the day, and the answer tells so.
    let dead = client.post("/v1/survival-statuses", &death("R", "2024-03-05")).expect(201);
    let other = &dead["other_records"][0];
    assert_eq!((&other["form"], &other["record_id"]), (&json!("crs_day"), &day["record_id"]));
    assert_eq!(other["queries"][0]["rule"], "chronology.after_death");
    assert_eq!(other["queries"][0]["received"], "2024-03-09");
    assert!(open(client).contains("crs_day chronology.after_death assessment_date 2024-03-09"));

    // Retracting the death closes it; submitting the death on its true day opens nothing at the day.
    client.retract(dead["location"].as_str().unwrap(), 1, "wrong patient").expect(200);
    assert!(!open(client).iter().any(|q| q.contains("after_death")));
    client.post("/v1/survival-statuses", &death("R", "2024-03-20")).expect(201);
    assert!(!open(client).iter().any(|q| q.contains("after_death")));
}

#[test]
fn a_reported_grade_that_differs_is_asked_about_with_the_rule_until_it_is_amended() {
    let center = shared().center();
    let client = &center.submitter;
    client.post("/v1/patients", &patient("G")).expect(201);
    client.post("/v1/infusions", &infusion("G")).expect(201);
    let day = client.post("/v1/crs-days", &crs_day("G", "2024-03-03", 3)).expect(201);
    assert_eq!(day["queries"][0]["rule"], "derived.crs_grade");
    assert!(day["queries"][0]["expected"].as_str().unwrap().starts_with("1 by crs."), "{day}");
    let at = day["location"].as_str().unwrap();
    let read = client.get(at).expect(200);
    assert_eq!((&read["derived"][0]["value"], &read["derived"][0]["reported"]), (&json!("1"), &json!("3")));
    assert!(read["derived"][0]["trace"].as_array().unwrap().iter().any(|s| s["concludes"] == "1"));

    let amended = client.amend(at, 1, "typing error", &crs_day("G", "2024-03-03", 1)).expect(200);
    assert_eq!(amended["queries"], json!([]));
    assert_eq!(amended["derived"][0]["reported"], "1");
    assert!(open(client).is_empty(), "{:?}", open(client));
    // Another correction opens it again.
    client.amend(at, 2, "typing error", &crs_day("G", "2024-03-03", 2)).expect(200);
    assert_eq!(open(client), BTreeSet::from(["crs_day derived.crs_grade reported_grade 2".to_owned()]));
}

/// Records of several patients that contradict each other in many ways.
fn contradictory() -> Vec<String> {
    let complete = complete_patient(7);
    let text = String::from_utf8(ndjson(&complete.records)).unwrap();
    let mut lines: Vec<String> = text.lines().map(|l| format!("{l}\n")).collect();
    lines.push(line("patient", &patient("X")));
    lines.push(line("infusion", &infusion("X")));
    lines.push(line("crs_day", &crs_day("X", "2024-03-03", 4)));
    lines.push(line("crs_day", &crs_day("X", "2024-04-03", 0)));
    lines.push(line("survival_status", &death("X", "2024-03-20")));
    for twin in ["T-1", "T-2"] {
        lines.push(line("patient", &patient(twin)));
        lines.push(line("infusion", &infusion(twin)));
        let disease = json!({ "patient_id": twin, "disease": "NHL", "diagnosis_date": "2020-02-02", "extramedullary": "N",
            "cns_involvement": "NONE", "prior_lines": 3 });
        lines.push(line("disease", &disease));
    }
    lines
}

#[test]
fn the_open_queries_are_a_function_of_the_records_whatever_their_order_and_batches() {
    let reference = shared().center();
    reference.submitter.submit("", contradictory().concat().as_bytes()).expect(200);
    let expected = open(&reference.submitter);
    assert!(expected.iter().any(|q| q.contains("chronology.after_death")), "{expected:?}");
    assert_eq!(
        expected.iter().filter(|q| q.contains("patient.possible_duplicate")).count(),
        2,
        "{expected:?}"
    );
    let derived = |id: &str| {
        let rows = format!(
            "select subject || ' ' || name || ' ' || coalesce(value, '-') || ' ' || coalesce(rule, '-') || ' ' || patient_id
             from derived_value where center_id = '{id}' order by 1"
        );
        sql::texts(shared(), &rows)
    };
    assert!(derived(&reference.id).len() > 3);
    for seed in 0..6 {
        let center = shared().center();
        let mut lines = contradictory();
        Seeded(seed).shuffle(&mut lines);
        // Parents go first, because a child without its parent is refused; everything else comes in any order and in pieces.
        let parent = |l: &String| {
            let value: Value = serde_json::from_str(l).unwrap();
            let form = clinical::forms::clinical(value["form"].as_str().unwrap()).unwrap().1;
            if form.parent == Parent::Registry { 0 } else { usize::from(form.name != "infusion") + 1 }
        };
        lines.sort_by_key(parent);
        for batch in lines.chunks(3 + usize::try_from(seed).unwrap() * 7) {
            let view = center.submitter.submit("", batch.concat().as_bytes()).expect(200);
            assert_eq!(view["rejected"], 0, "{view}");
        }
        assert_eq!(open(&center.submitter), expected, "seed {seed}");
        assert_eq!(derived(&center.id), derived(&reference.id), "seed {seed}");
    }
}

#[test]
fn writers_of_the_same_patient_at_the_same_time_miss_nothing() {
    let center = shared().center();
    let ids: Vec<String> = (0..12).map(|i| format!("C-{i}")).collect();
    let parents: String =
        ids.iter().map(|id| line("patient", &patient(id)) + &line("infusion", &infusion(id))).collect();
    center.submitter.submit("", parents.as_bytes()).expect(200);
    std::thread::scope(|scope| {
        for id in &ids {
            scope.spawn(|| center.submitter.post("/v1/crs-days", &crs_day(id, "2024-03-09", 1)).expect(201));
            scope.spawn(|| {
                center.submitter.post("/v1/survival-statuses", &death(id, "2024-03-05")).expect(201)
            });
        }
    });
    let after_death = sql::count(
        shared(),
        &format!(
            "select count(*) from record_query where center_id = '{}' and rule = 'chronology.after_death' and state = 'open'",
            center.id
        ),
    );
    assert_eq!(after_death, 12, "each pair contradicts itself, whichever came first");
    // Two halves of a duplicate, written at the same time.
    std::thread::scope(|scope| {
        for id in ["D-1", "D-2"] {
            let disease = json!({ "patient_id": id, "disease": "NHL", "diagnosis_date": "2019-05", "extramedullary": "N",
                "cns_involvement": "NONE", "prior_lines": 3 });
            let mut person = patient(id);
            person["birth_year"] = json!(1937);
            let lines =
                line("patient", &person) + &line("disease", &disease) + &line("infusion", &infusion(id));
            scope.spawn(|| center.submitter.submit("", lines.into_bytes().as_slice()).expect(200));
        }
    });
    let twins =
        open(&center.submitter).into_iter().filter(|q| q.contains("patient.possible_duplicate")).count();
    assert_eq!(twins, 2);
}

#[test]
fn a_dry_run_tells_the_queries_and_leaves_none() {
    let center = shared().center();
    let view = center.submitter.submit("?dry_run=true", contradictory().concat().as_bytes()).expect(200);
    assert!(view["with_queries"].as_u64().unwrap() > 3, "{view}");
    assert!(open(&center.submitter).is_empty());
}
