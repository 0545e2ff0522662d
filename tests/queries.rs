//! Queries as conversations: who may ask, answer, close and ask again, what a correction closes, and what a confirmation keeps closed.

use crate::support::patients::{infusion, patient};
use crate::support::{Center, Client, shared, sql};
use serde_json::{Value, json};

struct Scene {
    center: Center,
    lead: Client,
    monitor: Client,
}

impl Scene {
    fn new() -> Self {
        let center = shared().center();
        let lead = shared().caller("lead", &[&center.id]);
        let monitor = shared().caller("monitor", &[&center.id]);
        Self { center, lead, monitor }
    }

    fn submitter(&self) -> &Client {
        &self.center.submitter
    }

    /// A patient with an infusion of unusual weight: one query of a rule of the record itself.
    fn heavy(&self, id: &str) -> (Value, Value) {
        self.submitter().post("/v1/patients", &patient(id)).expect(201);
        let infused = self.submitter().post("/v1/infusions", &heavy(id, 190.0)).expect(201);
        let query = self.only(&format!(
            "?record_id={}&rule=value.plausible_range&field=weight_kg",
            infused["record_id"].as_str().unwrap()
        ));
        (infused, query)
    }

    fn only(&self, filter: &str) -> Value {
        let items = self.submitter().get(&format!("/v1/queries{filter}")).expect(200)["items"].clone();
        assert_eq!(items.as_array().unwrap().len(), 1, "{items:#}");
        items[0].clone()
    }

    fn state(&self, query: &Value) -> String {
        let read = self.submitter().get(&at(query, "")).expect(200);
        read["state"].as_str().unwrap().to_owned()
    }
}

fn heavy(id: &str, kg: f64) -> Value {
    let mut data = infusion(id);
    data["weight_kg"] = json!(kg);
    data
}

fn at(query: &Value, step: &str) -> String {
    format!("/v1/queries/{}{step}", query["query_id"].as_str().unwrap())
}

fn because(text: &str) -> Value {
    json!({ "reason": text })
}

/// Versions of the log's entries about a query, all with payloads, none left out.
fn logged(query: &Value) -> Vec<String> {
    sql::texts(
        shared(),
        &format!(
            "select version || ' ' || action || ' ' || coalesce(reason, '-') from audit_entry join audit_payload using (center_id, record_id, version)
             where subject = 'record_query' and record_id = '{}' order by version",
            query["query_id"].as_str().unwrap()
        ),
    )
}

#[test]
fn a_confirmed_query_stays_closed_until_what_was_found_changes() {
    let scene = Scene::new();
    let (infused, query) = scene.heavy("C-1");
    assert_eq!(
        (&query["state"], &query["received"], &query["patient_id"], &query["origin"]),
        (&json!("open"), &json!("190"), &json!("C-1"), &json!("record"))
    );
    let answered =
        scene.submitter().post(&at(&query, "/confirmation"), &because("weighed twice")).expect(200);
    assert_eq!((&answered["state"], &answered["resolution"]), (&json!("answered"), &json!("confirmed")));
    assert!(answered["closed_at"].is_string());

    // Another field is corrected, other records arrive: the finding is the same, the query stays answered.
    let location = infused["location"].as_str().unwrap();
    let mut other = heavy("C-1", 190.0);
    other["dose_total_car_t"] = json!(1.5e8);
    scene.submitter().amend(location, 1, "dose misread", &other).expect(200);
    let status = json!({ "patient_id": "C-1", "last_contact": "2024-06-01", "status": "ALIVE" });
    scene.submitter().post("/v1/survival-statuses", &status).expect(201);
    assert_eq!(scene.state(&query), "answered");

    // Another unusual weight is another finding.
    other["weight_kg"] = json!(195.0);
    scene.submitter().amend(location, 2, "typing error", &other).expect(200);
    let reopened = scene.submitter().get(&at(&query, "")).expect(200);
    assert_eq!((&reopened["state"], &reopened["received"]), (&json!("reopened"), &json!("195")));
    assert_eq!((&reopened["closed_at"], &reopened["resolution"]), (&Value::Null, &Value::Null));

    // A usual weight closes it by itself, and the unusual one asks again.
    other["weight_kg"] = json!(75.0);
    scene.submitter().amend(location, 3, "typing error", &other).expect(200);
    let closed = scene.submitter().get(&at(&query, "")).expect(200);
    assert_eq!((&closed["state"], &closed["resolution"]), (&json!("resolved"), &json!("corrected")));
    other["weight_kg"] = json!(195.0);
    scene.submitter().amend(location, 4, "typing error", &other).expect(200);
    assert_eq!(scene.state(&query), "reopened");

    let thread = scene.monitor.get(&at(&query, "")).expect(200)["thread"].clone();
    let told: Vec<String> = thread
        .as_array()
        .unwrap()
        .iter()
        .map(|e| {
            format!("{} {} {} {}", e["version"], e["kind"], e["state"], e["actor_role"]).replace('"', "")
        })
        .collect();
    assert_eq!(
        told,
        [
            "1 opened open null",
            "2 confirmed answered submitter",
            "3 reopened reopened null",
            "4 corrected resolved null",
            "5 reopened reopened null"
        ]
    );
    assert_eq!(thread[1]["text"], "weighed twice");
    assert_eq!(thread[1]["actor_label"], "test submitter");
    assert_eq!(
        logged(&query),
        ["1 create -", "2 amend confirmed", "3 amend reopened", "4 amend corrected", "5 amend reopened"]
    );
    shared().assert_intact();
}

#[test]
fn a_confirmed_contradiction_survives_later_reviews_and_reopens_when_the_other_record_changes_it() {
    let scene = Scene::new();
    let client = scene.submitter();
    client.post("/v1/patients", &patient("R")).expect(201);
    client.post("/v1/infusions", &infusion("R")).expect(201);
    let visit = |date: &str| json!({ "patient_id": "R", "infusion_number": 1, "visit_date": date, "planned_code": "M03", "mode": "PHONE" });
    client.post("/v1/visits", &visit("2024-06-05")).expect(201);
    let dead = |date: &str| json!({ "patient_id": "R", "last_contact": date, "status": "DEAD", "death_date": date, "cause_primary": "RELAPSE" });
    let death = client.post("/v1/survival-statuses", &dead("2024-06-01")).expect(201);
    let query = scene.only("?rule=chronology.after_death");
    client.post(&at(&query, "/confirmation"), &because("dates as in the file")).expect(200);
    let before = sql::count(shared(), "select count(*) from query_event");
    client.post("/v1/visits", &visit("2024-05-05")).expect(201);
    client.post("/v1/visits", &visit("2024-04-05")).expect(201);
    assert_eq!(scene.state(&query), "answered");
    assert!(sql::count(shared(), "select count(*) from query_event") >= before);
    // The death moves, the visit is still after it: what is expected differs, so the confirmation no longer covers it.
    client.retract(death["location"].as_str().unwrap(), 1, "wrong day").expect(200);
    assert_eq!(
        scene.state(&query),
        "answered",
        "without the death nothing is asked, and the confirmation stands"
    );
    client.post("/v1/survival-statuses", &dead("2024-05-20")).expect(201);
    assert_eq!(scene.state(&query), "reopened");
}

#[test]
fn monitors_accept_and_reopen_and_an_accepted_query_stays_closed() {
    let scene = Scene::new();
    let (infused, query) = scene.heavy("M-1");
    scene.submitter().post(&at(&query, "/resolution"), &because("done")).expect(403);
    scene.lead.post(&at(&query, "/resolution"), &because("done")).expect(403);
    scene.monitor.post(&at(&query, "/confirmation"), &because("no center")).expect(403);
    scene.monitor.post(&at(&query, "/reopening"), &because("is open")).expect(409);
    let accepted = scene.monitor.post(&at(&query, "/resolution"), &because("seen in the chart")).expect(200);
    assert_eq!((&accepted["state"], &accepted["resolution"]), (&json!("resolved"), &json!("accepted")));
    scene.submitter().post(&at(&query, "/confirmation"), &because("too late")).expect(409);

    let mut other = heavy("M-1", 190.0);
    other["dose_total_car_t"] = json!(1.5e8);
    scene.submitter().amend(infused["location"].as_str().unwrap(), 1, "dose misread", &other).expect(200);
    assert_eq!(scene.state(&query), "resolved");

    let reopened =
        scene.monitor.post(&at(&query, "/reopening"), &because("chart of another patient")).expect(200);
    assert_eq!(reopened["state"], "reopened");
    scene.submitter().post(&at(&query, "/confirmation"), &because("it is this patient's")).expect(200);
    // A stale version is told; a seen one is taken.
    let stale =
        scene.monitor.post_with(&at(&query, "/resolution"), &[("if-match", "\"1\"")], &because("fine"));
    stale.expect(412);
    let seen = scene.monitor.get(&at(&query, "")).expect(200)["version"].as_i64().unwrap();
    let seen = format!("\"{seen}\"");
    scene.monitor.post_with(&at(&query, "/resolution"), &[("if-match", &seen)], &because("fine")).expect(200);
    assert_eq!(logged(&query).len(), 5);
}

#[test]
fn people_ask_about_a_field_and_its_correction_closes_the_query() {
    let scene = Scene::new();
    let (infused, _) = scene.heavy("P-1");
    let record = infused["record_id"].as_str().unwrap();
    let ask = |field: &str| json!({ "form": "infusion", "record_id": record, "field": field, "text": "Is this the lot's dose?" });
    scene.submitter().post("/v1/queries", &ask("dose_total_car_t")).expect(403);
    scene.monitor.post("/v1/queries", &ask("no_such_field")).expect(400);
    let other = shared().center();
    shared().caller("monitor", &[&other.id]).post("/v1/queries", &ask("dose_total_car_t")).expect(404);
    let asked = scene.monitor.post("/v1/queries", &ask("dose_total_car_t")).expect(201);
    assert_eq!(
        (&asked["rule"], &asked["origin"], &asked["received"], &asked["question"]),
        (&json!("query.person"), &json!("person"), &json!("140000000"), &json!("Is this the lot's dose?"))
    );
    let twice = scene.monitor.post("/v1/queries", &ask("dose_total_car_t")).expect(201);
    assert_ne!(asked["query_id"], twice["query_id"]);
    let whole = scene
        .lead
        .post("/v1/queries", &json!({ "form": "infusion", "record_id": record, "text": "Source?" }))
        .expect(201);

    scene
        .submitter()
        .post(&at(&asked, "/messages"), &json!({ "text": "asked the pharmacy\nsee fax" }))
        .expect(200);
    assert_eq!(scene.state(&asked), "open");
    scene.submitter().post(&at(&twice, "/messages"), &json!({ "text": " " })).expect(422);

    // Another field does not close it; the field does. A query about the whole record is closed by any correction.
    let mut data = heavy("P-1", 75.0);
    let location = infused["location"].as_str().unwrap();
    scene.submitter().amend(location, 1, "weight misread", &data).expect(200);
    assert_eq!((scene.state(&asked), scene.state(&whole)), ("open".to_owned(), "resolved".to_owned()));
    data["dose_total_car_t"] = json!(1.41e8);
    scene.submitter().amend(location, 2, "pharmacy's fax", &data).expect(200);
    let closed = scene.monitor.get(&at(&asked, "")).expect(200);
    assert_eq!((&closed["state"], &closed["resolution"]), (&json!("resolved"), &json!("corrected")));
    // A lead may take up again what a lead asked, and not what a monitor asked.
    scene.lead.post(&at(&asked, "/reopening"), &because("not yet")).expect(403);
    scene.lead.post(&at(&whole, "/reopening"), &because("not yet")).expect(200);
    // What is retracted is no longer asked about.
    scene.submitter().retract(location, 3, "wrong patient").expect(200);
    let closed = scene.monitor.get(&at(&whole, "")).expect(200);
    assert_eq!((&closed["state"], &closed["resolution"]), (&json!("resolved"), &json!("retracted")));
}

#[test]
fn lists_and_counts_are_narrowed_by_center_form_patient_rule_state_and_age() {
    let scene = Scene::new();
    let (_, first) = scene.heavy("L-1");
    scene.heavy("L-2");
    scene.submitter().post(&at(&first, "/confirmation"), &because("weighed twice")).expect(200);
    let ids = |client: &Client, filter: &str| -> Vec<String> {
        let page = client.get(&format!("/v1/queries{filter}")).expect(200);
        page["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|q| format!("{} {}", q["patient_id"], q["rule"]).replace('"', ""))
            .collect()
    };
    let weight = "&rule=value.plausible_range&field=weight_kg";
    assert_eq!(ids(scene.submitter(), &format!("?state=open{weight}")), ["L-2 value.plausible_range"]);
    assert_eq!(ids(scene.submitter(), &format!("?state=answered{weight}")), ["L-1 value.plausible_range"]);
    assert_eq!(ids(scene.submitter(), &format!("?state=open,answered{weight}")).len(), 2);
    assert_eq!(ids(scene.submitter(), &format!("?patient_id=L-2{weight}")), ["L-2 value.plausible_range"]);
    assert_eq!(ids(scene.submitter(), &format!("?form=patient{weight}")), Vec::<String>::new());
    assert_eq!(ids(&scene.monitor, &format!("?center_id={}{weight}", scene.center.id)).len(), 2);
    assert_eq!(ids(&scene.monitor, "?center_id=ANOTHER"), Vec::<String>::new());
    // The day before the first was opened holds none; the time just after holds it.
    let opened = first["opened_at"].as_str().unwrap();
    assert_eq!(ids(scene.submitter(), "?opened_before=2020-01-01"), Vec::<String>::new());
    let by_time = ids(scene.submitter(), &format!("?opened_before={opened}{weight}"));
    assert_eq!(by_time, Vec::<String>::new(), "before is before");
    assert_eq!(ids(scene.submitter(), &format!("?opened_since={opened}{weight}")).len(), 2);
    for wrong in [
        "?state=closed",
        "?opened_before=yesterday",
        "?form=nothing",
        "?origin=me",
        "?unknown=1",
        "/counts?by=day",
    ] {
        scene.submitter().get(&format!("/v1/queries{wrong}")).expect(400);
    }

    let counts = scene.submitter().get(&format!("/v1/queries/counts?by=patient{weight}")).expect(200);
    assert_eq!(counts["states"], json!({ "answered": 1, "open": 1, "reopened": 0, "resolved": 0 }));
    assert_eq!(counts["total"], 2);
    let groups = counts["groups"].as_array().unwrap();
    assert_eq!(groups.len(), 2);
    assert_eq!(groups[0]["group"], format!("{} L-1", scene.center.id));
    assert_eq!((&groups[0]["states"]["answered"], &groups[1]["states"]["open"]), (&json!(1), &json!(1)));
    assert_eq!(groups[0]["oldest_open"], Value::Null);
    // Pages hold each query once.
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = scene.submitter().get(&format!("/v1/queries?limit=1{cursor}")).expect(200);
        seen.extend(
            page["items"].as_array().unwrap().iter().map(|q| q["query_id"].as_str().unwrap().to_owned()),
        );
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    let all = sql::count(
        shared(),
        &format!("select count(*) from record_query where center_id = '{}'", scene.center.id),
    );
    assert_eq!(i64::try_from(seen.len()).unwrap(), all);
    seen.sort();
    seen.dedup();
    assert_eq!(i64::try_from(seen.len()).unwrap(), all);
    // Both languages.
    let chinese =
        scene.submitter().send("GET", &at(&first, ""), &[("accept-language", "zh")], &[]).expect(200);
    assert_eq!(chinese["message"], chinese["text"]["zh"]);
    assert_ne!(chinese["text"]["zh"], chinese["text"]["en"]);
}

#[test]
fn another_center_sees_no_query_and_takes_no_step() {
    let scene = Scene::new();
    let (_, query) = scene.heavy("F-1");
    let other = shared().center();
    let stranger = shared().caller("monitor", &[&other.id]);
    for step in ["/messages", "/resolution", "/reopening"] {
        stranger.post(&at(&query, step), &because("not mine")).expect(404);
    }
    other.submitter.post(&at(&query, "/confirmation"), &because("not mine")).expect(404);
    other.submitter.get(&at(&query, "")).expect(404);
    for role in ["statistician", "auditor", "admin", "sponsor"] {
        let caller = shared().caller(role, &[]);
        caller.get(&at(&query, "")).expect(403);
        caller.get("/v1/queries/counts").expect(403);
        caller.post(&at(&query, "/messages"), &because("not mine")).expect(403);
    }
    assert_eq!(logged(&query), ["1 create -"]);
}

#[test]
fn two_people_who_close_at_once_are_told_apart() {
    let scene = Scene::new();
    let (_, query) = scene.heavy("T-1");
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let hands: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| scene.submitter().post(&at(&query, "/confirmation"), &because("sure")).status)
            })
            .collect();
        hands.into_iter().map(|h| h.join().unwrap()).collect()
    });
    assert_eq!(statuses.iter().filter(|s| **s == 200).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|s| **s == 409).count(), 7, "{statuses:?}");
    assert_eq!(logged(&query), ["1 create -", "2 amend confirmed"]);
}
