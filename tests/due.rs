//! What is due at a date, by the timetables on the records, and how complete a center's data are.

use crate::support::patients::{bulk, infusion, patient};
use crate::support::{Center, Client, Seeded, shared, sql};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

fn disease(id: &str, code: &str) -> Value {
    json!({ "patient_id": id, "disease": code, "diagnosis_date": "2020-02-02", "extramedullary": "N", "cns_involvement": "NONE", "prior_lines": 3 })
}

fn visit(id: &str, date: &str) -> Value {
    json!({ "patient_id": id, "infusion_number": 1, "visit_date": date, "planned_code": "M01", "mode": "PHONE" })
}

fn status(id: &str, date: &str, status: &str) -> Value {
    let mut contact = json!({ "patient_id": id, "last_contact": date, "status": status });
    if status == "DEAD" {
        contact["death_date"] = json!(date);
        contact["cause_primary"] = json!("RELAPSE");
    }
    contact
}

/// A lymphoma patient infused on 2024-03-01.
fn lymphoma(client: &Client, id: &str) -> Value {
    let made = client.post("/v1/patients", &patient(id)).expect(201);
    client.post("/v1/diseases", &disease(id, "NHL")).expect(201);
    client.post("/v1/infusions", &infusion(id)).expect(201);
    made
}

/// `code state reason` of a patient's points of one timetable.
fn points(client: &Client, id: &str, timetable: &str, as_of: &str) -> Vec<String> {
    let found = client.get(&format!("/v1/patients/{id}/due?as_of={as_of}")).expect(200);
    let of = found["items"].as_array().unwrap().iter().filter(|i| i["timetable"] == timetable);
    of.map(|i| {
        let reason = i["reason"].as_str().map_or_else(String::new, |r| format!(" {r}"));
        format!("{} {}{reason}", i["code"].as_str().unwrap(), i["state"].as_str().unwrap())
    })
    .collect()
}

#[test]
fn a_visit_is_not_due_due_overdue_and_missed_on_the_days_of_its_window() {
    let center = shared().center();
    let client = &center.submitter;
    let made = lymphoma(client, "W");
    client.post("/v1/visits", &visit("W", "2024-04-05")).expect(201);
    let third = |as_of: &str| points(client, "W", "nhl-follow-up", as_of).get(1).cloned().unwrap_or_default();
    // M3: 2024-06-01, three weeks either way.
    for (as_of, expected) in [
        ("2024-05-10", "M3 not_due"),
        ("2024-05-11", "M3 due"),
        ("2024-06-01", "M3 due"),
        ("2024-06-02", "M3 overdue"),
        ("2024-06-22", "M3 overdue"),
        ("2024-06-23", "M3 missed"),
    ] {
        assert_eq!(third(as_of), expected, "{as_of}");
    }
    let found = client.get("/v1/patients/W/due?as_of=2024-06-10").expect(200);
    let items = found["items"].as_array().unwrap();
    let of =
        |code: &str| items.iter().find(|i| i["timetable"] == "nhl-follow-up" && i["code"] == code).unwrap();
    assert_eq!(
        (&of("M1")["state"], &of("M1")["visit"], &of("M1")["section"]),
        (&json!("met"), &json!("2024-04-05"), &json!("1.9"))
    );
    let m3 = of("M3");
    assert_eq!(m3["target_date"], "2024-06-01");
    assert_eq!(m3["window"], json!({ "from": "2024-05-11", "to": "2024-06-22" }));
    assert_eq!((&m3["days_overdue"], &m3["days_left"]), (&json!(9), &json!(12)));
    // The record's id and the center's own identifier name the same patient.
    let by_id = format!("/v1/patients/{}/due?as_of=2024-06-10", made["record_id"].as_str().unwrap());
    assert_eq!(client.get(&by_id).expect(200), found);
    // A visit dated after the day asked about is not looked at.
    client.post("/v1/visits", &visit("W", "2024-06-15")).expect(201);
    assert_eq!(third("2024-06-10"), "M3 overdue");
    assert_eq!(third("2024-06-15"), "M3 met");
}

#[test]
fn death_withdrawal_and_loss_end_what_is_due_and_a_later_contact_takes_a_loss_back() {
    let center = shared().center();
    let client = &center.submitter;
    for (id, code, reason) in [("D", "DEAD", "death"), ("L", "LOST", "lost"), ("X", "WITHDRAWN", "withdrawn")]
    {
        lymphoma(client, id);
        client.post("/v1/survival-statuses", &status(id, "2024-05-20", code)).expect(201);
        let at = |as_of: &str| points(client, id, "nhl-follow-up", as_of);
        assert_eq!(at("2024-05-19")[..2], ["M1 missed".to_owned(), "M3 due".to_owned()], "{id}");
        assert_eq!(at("2024-05-20")[..2], ["M1 missed".to_owned(), format!("M3 excluded {reason}")], "{id}");
    }
    client.post("/v1/survival-statuses", &status("L", "2024-07-01", "ALIVE")).expect(201);
    assert_eq!(points(client, "L", "nhl-follow-up", "2024-06-30")[1], "M3 excluded lost");
    assert_eq!(points(client, "L", "nhl-follow-up", "2024-07-01")[1], "M3 missed");

    let made = lymphoma(client, "C");
    let mut withdrawn = patient("C");
    withdrawn["withdrawn_on"] = json!("2024-05-20");
    client.amend(made["location"].as_str().unwrap(), 1, "letter of the patient", &withdrawn).expect(200);
    assert_eq!(points(client, "C", "nhl-follow-up", "2024-06-01")[1], "M3 excluded withdrawn");

    // Progression ends the response assessments only.
    lymphoma(client, "P");
    let response = json!({ "patient_id": "P", "infusion_number": 1, "assessment_date": "2024-04-02", "criteria": "LUGANO_PET",
        "reported_category": "PMD" });
    client.post("/v1/responses", &response).expect(201);
    assert_eq!(points(client, "P", "nhl-response", "2024-07-01"), ["M1 met", "R2 excluded progression"]);
    assert_eq!(points(client, "P", "nhl-follow-up", "2024-06-01")[1], "M3 due");
}

#[test]
fn kinetic_samples_are_scheduled_for_every_product_and_a_second_infusion_begins_anew() {
    let center = shared().center();
    let client = &center.submitter;
    client.post("/v1/patients", &patient("K")).expect(201);
    client.post("/v1/infusions", &infusion("K")).expect(201);
    let sample = |number: i32, date: &str, specimen: &str| {
        json!({ "patient_id": "K", "infusion_number": number, "collected_date": date, "specimen": specimen, "assay": "QPCR",
            "sequence_number": 1, "unit": "COPIES_UG", "below_lloq": false, "value": 1200.0, "lod": 50.0, "lloq": 100.0 })
    };
    client.post("/v1/kinetics-samples", &sample(1, "2024-03-08", "PB")).expect(201);
    client.post("/v1/kinetics-samples", &sample(1, "2024-03-15", "BM")).expect(201);
    let kinetics = |as_of: &str| points(client, "K", "car-t-kinetics", as_of);
    // Day 7 was sampled; marrow on day 14 is no blood. Days 1 to 5 have passed.
    assert_eq!(
        kinetics("2024-03-16"),
        [
            "d1 missed",
            "d3 missed",
            "d5 missed",
            "d7 met",
            "d10 missed",
            "d14 overdue",
            "d21 not_due",
            "d28 not_due"
        ]
    );
    let mut second = infusion("K");
    second["infusion_number"] = json!(2);
    second["infusion_date"] = json!("2024-03-20");
    client.post("/v1/infusions", &second).expect(201);
    client.post("/v1/kinetics-samples", &sample(2, "2024-03-21", "PB")).expect(201);
    assert_eq!(
        kinetics("2024-03-23"),
        [
            "d1 missed",
            "d3 missed",
            "d5 missed",
            "d7 met",
            "d10 missed",
            "d14 missed",
            "d21 excluded next_infusion",
            "d28 excluded next_infusion",
            "d1 met",
            "d3 due",
            "d5 not_due",
            "d7 not_due",
            "d10 not_due",
            "d14 not_due",
            "d21 not_due",
            "d28 not_due"
        ]
    );
}

/// Every page of a work list.
fn pages(client: &Client, filter: &str, limit: usize) -> Vec<Value> {
    let mut all = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = client.get(&format!("/v1/due?limit={limit}{filter}{cursor}")).expect(200);
        let items = page["items"].as_array().unwrap();
        assert!(items.len() <= limit);
        all.extend(items.iter().cloned());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return all,
        }
    }
}

#[test]
fn the_work_list_holds_every_point_once_and_each_state_is_where_the_day_says() {
    let center = shared().center();
    let (lines, _) = bulk(11, 1500);
    center.submitter.submit("", &lines).expect(200);
    let days = sql::texts(
        shared(),
        &format!(
            "select (infusion_date + 60)::text from infusion where center_id = '{}' order by 1",
            center.id
        ),
    );
    let mut seeded = Seeded(5);
    for _ in 0..3 {
        let as_of = &days[seeded.below(days.len())];
        let all = pages(&center.submitter, &format!("&as_of={as_of}"), 1000);
        assert!(all.len() > 30, "{}", all.len());
        let name = |i: &Value| {
            format!("{} {} {} {}", i["patient_id"], i["infusion_number"], i["timetable"], i["code"])
        };
        let names: BTreeSet<String> = all.iter().map(name).collect();
        assert_eq!(names.len(), all.len(), "each point once");
        assert_eq!(pages(&center.submitter, &format!("&as_of={as_of}"), 7), all, "pages of any size");
        let mut by_state: BTreeMap<&str, usize> = BTreeMap::new();
        for item in &all {
            let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
            let (from, to, target) =
                (text(&item["window"]["from"]), text(&item["window"]["to"]), text(&item["target_date"]));
            assert!(from <= target && target <= to, "{item}");
            let state = item["state"].as_str().unwrap();
            *by_state.entry(state).or_default() += 1;
            let right = match state {
                "not_due" => *as_of < from,
                "due" => from <= *as_of && *as_of <= target,
                "overdue" => target < *as_of && *as_of <= to,
                "missed" => to < *as_of,
                "met" => {
                    text(&item["visit"]) >= from
                        && text(&item["visit"]) <= to
                        && text(&item["visit"]) <= *as_of
                }
                "excluded" => !text(&item["reason"]).is_empty(),
                _ => false,
            };
            assert!(right, "{as_of}: {item}");
        }
        assert!(by_state.len() >= 4, "{by_state:?}");
        for (state, number) in by_state {
            assert_eq!(pages(&center.submitter, &format!("&as_of={as_of}&state={state}"), 50).len(), number);
        }
        let open =
            pages(&center.submitter, &format!("&as_of={as_of}&state=due,overdue&purpose=follow_up"), 100);
        let expected = all
            .iter()
            .filter(|i| i["purpose"] == "follow_up" && (i["state"] == "due" || i["state"] == "overdue"))
            .cloned()
            .collect::<Vec<_>>();
        assert_eq!(open, expected);
    }
    for wrong in ["state=late", "as_of=today", "timetable=x", "purpose=fun", "cursor=zz", "limit=0", "who=me"]
    {
        center.submitter.get(&format!("/v1/due?{wrong}")).expect(400);
    }
    let stranger: Center = shared().center();
    assert_eq!(pages(&stranger.submitter, &format!("&as_of={}", days[0]), 100), Vec::<Value>::new());
    stranger.submitter.get("/v1/patients/nobody/due").expect(404);
}

#[test]
fn completeness_counts_fields_points_and_person_time() {
    let center = shared().center();
    let client = &center.submitter;
    lymphoma(client, "A");
    client.post("/v1/visits", &visit("A", "2024-04-05")).expect(201);
    let unknown = json!({ "patient_id": "B", "sex": "F", "consent_registry": "Y", "date_basis": "CALENDAR", "missing": { "birth_year": "NK" } });
    client.post("/v1/patients", &unknown).expect(201);
    client.post("/v1/infusions", &infusion("B")).expect(201);
    client.post("/v1/survival-statuses", &status("B", "2024-03-21", "DEAD")).expect(201);
    client.post("/v1/patients", &patient("N")).expect(201);

    let monitor = shared().caller("monitor", &[&center.id]);
    let found = monitor.get("/v1/completeness?as_of=2024-06-10").expect(200);
    let figures = &found["centers"][0];
    assert_eq!(figures["center_id"], center.id);
    assert_eq!((&figures["patients"], &figures["infused"]), (&json!(3), &json!(2)));
    // A: 3 + 4 + 5 + 2 required fields, B: 3 (one unknown) + 5, N: 3.
    assert_eq!(figures["critical_fields"]["expected"], 25);
    assert_eq!(figures["critical_fields"]["filled"], 24);
    assert_eq!(figures["critical_fields"]["share"], 24.0 / 25.0);
    // A: month 1 met. Samples: all eight of A, and of B the six whose window closed before the death.
    assert_eq!(figures["on_time"]["by_purpose"]["follow_up"], json!({ "met": 1, "missed": 0, "share": 1.0 }));
    assert_eq!(figures["on_time"]["by_purpose"]["kinetics"], json!({ "met": 0, "missed": 14, "share": 0.0 }));
    // A was seen 35 of 101 days, B until death: 20 of 20.
    let time = &figures["person_time"];
    assert_eq!((&time["observed_days"], &time["expected_days"]), (&json!(55), &json!(121)));
    assert_eq!(time["clark_c"], 55.0 / 121.0);
    assert_eq!(found["all"]["person_time"], figures["person_time"]);

    // The day before the first infusion nothing is expected; a share of nothing is none.
    let before = client.get("/v1/completeness?as_of=2024-02-29").expect(200);
    assert_eq!(
        before["centers"][0]["person_time"],
        json!({ "observed_days": 0, "expected_days": 0, "clark_c": null })
    );
    shared().caller("statistician", &[]).get("/v1/completeness").expect(403);
}
