//! Bulk submissions: the outcome of a batch is a function of the set of its rows, and either all of it is kept or none.

use crate::support::http::rules_of;
use crate::support::patients::{complete_patient, infusion, line, ndjson, patient, patients, toxicity};
use crate::support::{Client, Seeded, shared, sql};
use clinical::forms::CLINICAL;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What became of a row, whatever its number and ids: outcome, rules of errors, rules of queries.
fn outcome(row: &Value) -> String {
    let rules = |member: &str| rules_of(&row[member]).join(",");
    format!("{} [{}] [{}]", row["outcome"].as_str().unwrap(), rules("errors"), rules("queries"))
}

/// Submits lines; the outcome of each line by its content.
fn submit(client: &Client, query: &str, lines: &[String]) -> (Value, BTreeMap<String, Vec<String>>) {
    let view = client.submit(query, lines.concat().as_bytes()).expect(200);
    let mut outcomes: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in view["results"].as_array().unwrap() {
        let number = usize::try_from(row["row"].as_u64().unwrap()).unwrap();
        outcomes.entry(lines[number - 1].clone()).or_default().push(outcome(row));
    }
    for same in outcomes.values_mut() {
        same.sort();
    }
    (view, outcomes)
}

/// Records, entries of the log, payloads and queries that a center has in the database.
fn kept(center: &str) -> (i64, i64, i64, i64) {
    let records: Vec<String> = CLINICAL
        .iter()
        .map(|f| format!("(select count(*) from {} where center_id = '{center}')", f.name))
        .collect();
    let of = |table: &str, subject: &str| {
        sql::count(shared(), &format!("select count(*) from {table} where center_id = '{center}' {subject}"))
    };
    (
        sql::count(shared(), &format!("select {}", records.join(" + "))),
        of("audit_entry", "and subject not in ('center', 'record_query')"),
        of("audit_payload natural join audit_entry", "and subject not in ('center', 'record_query')"),
        of("record_query", ""),
    )
}

/// A batch with everything in it: valid rows of every form, rows that break rules, orphans, repetitions and contradictions.
fn mixed(seed: u64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for patient in patients(seed, 4) {
        let text = String::from_utf8(ndjson(&patient.records)).unwrap();
        lines.extend(text.lines().map(|l| format!("{l}\n")));
    }
    let repeated: Vec<String> = lines.iter().step_by(5).cloned().collect();
    lines.extend(repeated);
    let mut contradiction = patient("C");
    lines.push(line("patient", &contradiction));
    contradiction["birth_year"] = json!(1961);
    lines.push(line("patient", &contradiction));
    lines.push(line("infusion", &infusion("C")));
    lines.push(line("daily_toxicity", &toxicity("C", "2024-03-02")));
    lines.push(line("infusion", &infusion("ORPHAN")));
    lines.push(line("patient", &patient("D")));
    lines.push(line("daily_toxicity", &toxicity("D", "2024-03-02")));
    lines.push(line("patient", &json!({ "patient_id": "E" })));
    lines.push("{\"form\":\"patient\",\n".to_owned());
    lines
}

#[test]
fn the_order_of_rows_does_not_matter() {
    let mut reference: Option<BTreeMap<String, Vec<String>>> = None;
    for seed in 0..12 {
        let center = shared().center();
        let mut lines = mixed(31);
        Seeded(seed).shuffle(&mut lines);
        let (view, outcomes) = submit(&center.submitter, "", &lines);
        let number = |name: &str| view[name].as_u64().unwrap();
        assert_eq!(number("rows"), lines.len() as u64);
        assert_eq!(number("created") + number("unchanged") + number("rejected"), number("rows"));
        assert_eq!(view["committed"], true);
        let (records, entries, payloads, _) = kept(&center.id);
        assert_eq!((records, entries, payloads), (records, records, records), "order {seed}");
        assert_eq!(u64::try_from(records).unwrap(), number("created"), "order {seed}");
        match &reference {
            None => reference = Some(outcomes),
            Some(reference) => assert_eq!(&outcomes, reference, "order {seed}"),
        }
    }
    let reference = reference.unwrap();
    let of = |content: String| reference[&content].clone();
    let mut other = patient("C");
    other["birth_year"] = json!(1961);
    assert_eq!(of(line("patient", &patient("C"))), ["rejected [batch.duplicate_key] []"]);
    assert_eq!(of(line("patient", &other)), ["rejected [batch.duplicate_key] []"]);
    assert_eq!(of(line("infusion", &infusion("C"))), ["rejected [reference.patient /patient_id] []"]);
    assert_eq!(of(line("infusion", &infusion("ORPHAN"))), ["rejected [reference.patient /patient_id] []"]);
    let orphan = line("daily_toxicity", &toxicity("D", "2024-03-02"));
    assert_eq!(of(orphan), ["rejected [reference.infusion /infusion_number] []"]);
    assert_eq!(of(line("patient", &patient("D"))), ["created [] []"]);
    assert!(
        reference
            .values()
            .any(|o| o.len() == 2 && o[0].starts_with("created") && o[1].starts_with("unchanged"))
    );
}

#[test]
fn submitting_again_changes_nothing() {
    let center = shared().center();
    let lines: Vec<u8> = patients(32, 5).iter().flat_map(|p| ndjson(&p.records)).collect();
    let first = center.submitter.submit("", &lines).expect(200);
    let rows = first["rows"].as_u64().unwrap();
    assert_eq!((first["created"].as_u64().unwrap(), first["rejected"].as_u64().unwrap()), (rows, 0));
    let before = kept(&center.id);
    assert_eq!(u64::try_from(before.0).unwrap(), rows);
    let again = center.submitter.submit("", &lines).expect(200);
    assert_eq!((again["unchanged"].as_u64().unwrap(), again["created"].as_u64().unwrap()), (rows, 0));
    assert_eq!(kept(&center.id), before);
    let ids = |view: &Value| -> Vec<Value> {
        view["results"].as_array().unwrap().iter().map(|r| r["record_id"].clone()).collect()
    };
    assert_eq!(ids(&first), ids(&again));
    assert!(again["results"].as_array().unwrap().iter().all(|r| r["version"] == 1));
}

#[test]
fn a_dry_run_and_a_refused_batch_keep_nothing() {
    let center = shared().center();
    let client = &center.submitter;
    let lines = mixed(33);
    let nothing = kept(&center.id);
    assert_eq!((nothing.0, nothing.1, nothing.2), (0, 0, 0));

    let (dry, expected) = submit(client, "?dry_run=true", &lines);
    assert_eq!((&dry["committed"], &dry["dry_run"]), (&json!(false), &json!(true)));
    assert_eq!(kept(&center.id), nothing, "a dry run kept something");
    let (refused, outcomes) = submit(client, "?policy=all_or_nothing", &lines);
    assert_eq!((&refused["committed"], &refused["policy"]), (&json!(false), &json!("all_or_nothing")));
    assert_eq!(outcomes, expected);
    assert_eq!(kept(&center.id), nothing, "a refused batch kept something");

    let (accepted, outcomes) = submit(client, "", &lines);
    assert_eq!(accepted["committed"], true);
    assert_eq!(outcomes, expected, "the dry run promised something else");
    assert_eq!(kept(&center.id).0, accepted["created"].as_i64().unwrap());
    assert_eq!(
        kept(&center.id).3,
        accepted["results"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|r| r["outcome"] == "created")
            .map(|r| i64::try_from(r["queries"].as_array().map_or(0, Vec::len)).unwrap())
            .sum::<i64>()
    );

    let other = shared().center();
    let valid: Vec<String> =
        lines.iter().filter(|l| expected[*l].iter().all(|o| !o.starts_with("rejected"))).cloned().collect();
    let (all, _) = submit(&other.submitter, "?policy=all_or_nothing", &valid);
    assert_eq!((&all["committed"], &all["rejected"]), (&json!(true), &json!(0)));
    assert_eq!(kept(&other.id).0, all["created"].as_i64().unwrap());
}

#[test]
fn only_rows_with_something_to_say_are_listed_when_asked() {
    let center = shared().center();
    let lines = [line("patient", &patient("A")), line("patient", &json!({ "patient_id": "B" })), {
        let mut unsure = patient("C");
        unsure["consent_registry"] = json!("UNK");
        line("patient", &unsure)
    }];
    let view = center.submitter.submit("?results=faults", lines.concat().as_bytes()).expect(200);
    let rows: Vec<(u64, &str)> = view["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| (r["row"].as_u64().unwrap(), r["outcome"].as_str().unwrap()))
        .collect();
    assert_eq!(rows, [(2, "rejected"), (3, "created")]);
    assert_eq!((&view["rows"], &view["created"], &view["with_queries"]), (&json!(3), &json!(2), &json!(1)));
}

#[test]
fn existing_retracted_and_conflicting_keys_are_told_apart() {
    let client = shared().center().submitter;
    for id in ["SAME", "OTHER", "GONE"] {
        client.post("/v1/patients", &patient(id)).expect(201);
    }
    let gone = client.get("/v1/patients?patient_id=GONE").expect(200)["items"][0]["location"]
        .as_str()
        .unwrap()
        .to_owned();
    client.retract(&gone, 1, "entered twice").expect(200);
    let mut changed = patient("OTHER");
    changed["sex"] = json!("M");
    let lines = [
        line("patient", &patient("SAME")),
        line("patient", &changed),
        line("patient", &patient("GONE")),
        line("infusion", &infusion("GONE")),
    ];
    let view = client.submit("", lines.concat().as_bytes()).expect(200);
    let outcomes: Vec<String> = view["results"].as_array().unwrap().iter().map(outcome).collect();
    let expected = [
        "unchanged [] []",
        "rejected [record.exists] []",
        "rejected [record.retracted] []",
        "rejected [reference.patient /patient_id] []",
    ];
    assert_eq!(outcomes, expected);
    let hint = view["results"][2]["errors"][0]["expected"].as_str().unwrap();
    assert_eq!(hint, format!("an amendment of {gone} at version 2"));
}

#[test]
fn csv_and_ndjson_of_the_same_records_are_the_same() {
    let (by_line, by_cell) = (shared().center(), shared().center());
    let records = complete_patient(34).records;
    by_line.submitter.submit("", &ndjson(&records)).expect(200);
    for form in CLINICAL {
        let header: Vec<&str> = form.fields.iter().map(|f| f.name).collect();
        let mut csv = header.join(",") + "\n";
        for record in records.iter().filter(|r| r.form() == *form) {
            let cell = |name: &&str| {
                record
                    .missing()
                    .get(name)
                    .map_or_else(|| record.cell(name).to_text(), |code| code.code().to_owned())
            };
            csv += &(header.iter().map(cell).collect::<Vec<_>>().join(",") + "\n");
        }
        let view = by_cell.submitter.submit_csv(form.name, csv.as_bytes()).expect(200);
        assert_eq!(view["rejected"], 0, "{view}");
        let contents = |client: &Client| -> Vec<Value> {
            let list = client.get(&format!("/v1/{}?limit=1000", form.path)).expect(200);
            let mut data: Vec<Value> =
                list["items"].as_array().unwrap().iter().map(|r| r["data"].clone()).collect();
            data.sort_by_key(ToString::to_string);
            data
        };
        assert_eq!(contents(&by_line.submitter), contents(&by_cell.submitter), "{}", form.name);
        assert!(!contents(&by_line.submitter).is_empty());
    }
}

#[test]
fn submitters_of_the_same_rows_in_other_orders_lose_and_double_nothing() {
    let center = shared().center();
    let text =
        patients(35, 12).iter().map(|p| String::from_utf8(ndjson(&p.records)).unwrap()).collect::<String>();
    let rows = text.lines().count() as u64;
    let shuffled = |seed: u64| {
        let mut lines: Vec<&str> = text.lines().collect();
        Seeded(seed).shuffle(&mut lines);
        lines.join("\n").into_bytes()
    };
    let bodies: Vec<Vec<u8>> = (0..4).map(shuffled).collect();
    let views: Vec<Value> = std::thread::scope(|scope| {
        let submit = |body| center.submitter.submit("", body).expect(200);
        let threads: Vec<_> = bodies.iter().map(|body| scope.spawn(move || submit(body))).collect();
        threads.into_iter().map(|t| t.join().unwrap()).collect()
    });
    let sum = |name: &str| -> u64 { views.iter().map(|v| v[name].as_u64().unwrap()).sum() };
    assert_eq!((sum("created"), sum("unchanged"), sum("rejected")), (rows, 3 * rows, 0));
    assert_eq!(u64::try_from(kept(&center.id).0).unwrap(), rows);
}
