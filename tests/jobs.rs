//! Submissions as jobs: accepted once the file is stored, written part by part, resumed, cancelled, corrected and sent again.

use crate::support::instance::tell;
use crate::support::patients::{bulk, complete_patient, infusion, line, ndjson, patient, patients, toxicity};
use crate::support::{Answer, Client, Instance, Seeded, files, shared, sql, wait_for};
use clinical::forms::CLINICAL;
use serde_json::{Value, json};

const NDJSON: &str = "application/x-ndjson";
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const PARQUET: &str = "application/vnd.apache.parquet";

fn send(client: &Client, query: &str, kind: &str, body: &[u8], headers: &[(&str, &str)]) -> Answer {
    let headers = [&[("content-type", kind)], headers].concat();
    client.send("POST", &format!("/v1/submissions{query}"), &headers, body)
}

/// The submission once it has ended.
fn ended(client: &Client, at: &str) -> Value {
    wait_for("the end of the submission", || {
        let view = client.get(&format!("{at}?results=none")).expect(200);
        matches!(view["state"].as_str().unwrap(), "done" | "cancelled" | "failed").then_some(view)
    })
}

fn counts(view: &Value) -> [i64; 4] {
    ["created", "updated", "unchanged", "rejected"].map(|name| view[name].as_i64().unwrap())
}

#[test]
fn a_job_is_accepted_at_once_and_tells_how_it_goes_on() {
    let center = shared().center();
    let (body, rows) = bulk(201, 3_000);
    let accepted = send(&center.submitter, "", NDJSON, &body, &[("prefer", "respond-async")]);
    let first = accepted.expect(202);
    let at = accepted.header("location").to_owned();
    assert_eq!(first["location"], at.as_str());
    assert!(matches!(first["state"].as_str().unwrap(), "queued" | "running" | "done"), "{first}");
    let view = ended(&center.submitter, &at);
    assert_eq!((&view["state"], &view["committed"]), (&json!("done"), &json!(true)));
    assert_eq!(counts(&view), [i64::try_from(rows).unwrap(), 0, 0, 0]);
    assert_eq!(
        (&view["rows"], &view["rows_done"], &view["bytes"]),
        (&json!(rows), &json!(rows), &json!(body.len()))
    );
    let listed = center.submitter.get("/v1/submissions?state=done").expect(200);
    assert_eq!(listed["items"][0]["submission_id"], view["submission_id"]);

    let mut seen = 0;
    let mut cursor = String::new();
    let mut last = 0;
    loop {
        let page = center.submitter.get(&format!("{at}/rows?limit=700{cursor}")).expect(200);
        for row in page["items"].as_array().unwrap() {
            let number = row["row"].as_u64().unwrap();
            assert!(number > last, "rows come in the order of the file");
            assert_eq!(row["outcome"], "created");
            last = number;
            seen += 1;
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen, rows);
    let file = "select count(*) from submission_chunk where submission_id = '";
    assert_eq!(
        sql::count(shared(), &format!("{file}{}'", view["submission_id"].as_str().unwrap())),
        0,
        "nothing is left to correct"
    );
}

#[test]
fn small_parts_give_the_same_outcome_as_one() {
    let mut instance = Instance::new();
    instance.part_kib = Some(4);
    instance.start();
    let mut lines: Vec<String> = Vec::new();
    for patient in patients(202, 30) {
        lines.extend(String::from_utf8(ndjson(&patient.records)).unwrap().lines().map(|l| format!("{l}\n")));
    }
    let mut twice = patient("TWICE");
    lines.push(line("patient", &twice));
    twice["sex"] = json!("M");
    lines.push(line("patient", &twice));
    lines.push(line("infusion", &infusion("TWICE")));
    Seeded(3).shuffle(&mut lines);
    let body = lines.concat();
    let (apart, one) = (instance.center(), shared().center());
    for query in ["?dry_run=true", "?policy=all_or_nothing", ""] {
        let small = apart.submitter.submit(query, body.as_bytes()).expect(200);
        let whole = one.submitter.submit(query, body.as_bytes()).expect(200);
        let outcome = |view: &Value| -> Vec<Value> {
            view["results"]
                .as_array()
                .unwrap()
                .iter()
                .map(|r| json!([r["row"], r["outcome"], r["errors"]]))
                .collect()
        };
        assert_eq!(outcome(&small), outcome(&whole), "{query}");
        assert_eq!(small["committed"], whole["committed"], "{query}");
        for member in ["created", "rejected", "with_queries", "rows"] {
            assert_eq!(small[member], whole[member], "{query} {member}");
        }
    }
    assert!(
        sql::count(&instance, "select max(parts)::bigint from submission") > 20,
        "the file was to be written in many parts"
    );
    instance.assert_intact();
}

#[test]
fn an_import_is_repeated_corrected_and_never_overwrites_what_people_changed() {
    let center = shared().center();
    let client = &center.submitter;
    let file = |sex: &str| -> String {
        (0..5)
            .map(|n| {
                let mut form = patient(&format!("P{n}"));
                form["sex"] = json!(sex);
                line("patient", &form)
            })
            .collect()
    };
    assert_eq!(counts(&client.submit("", file("F").as_bytes()).expect(200)), [5, 0, 0, 0]);
    assert_eq!(
        counts(&client.submit("", file("M").as_bytes()).expect(200)),
        [0, 0, 0, 5],
        "insert amends nothing"
    );
    client.submit("?mode=upsert", file("M").as_bytes()).expect(400);
    client.submit("?reason=why", file("M").as_bytes()).expect(400);
    let again = client.submit("?mode=upsert&reason=corrected+export", file("M").as_bytes()).expect(200);
    assert_eq!(counts(&again), [0, 5, 0, 0]);
    assert_eq!(again["results"][0]["version"], 2);
    let at = format!("/v1/patients/{}", again["results"][0]["record_id"].as_str().unwrap());
    let history = client.get(&format!("{at}/history")).expect(200);
    assert_eq!(history["versions"][1]["reason"], "corrected export");
    assert_eq!(history["versions"][1]["changes"], json!({ "sex": { "before": "F", "after": "M" } }));
    assert_eq!(
        counts(&client.submit("?mode=upsert&reason=again", file("M").as_bytes()).expect(200)),
        [0, 0, 5, 0]
    );

    let mut by_hand = patient("P0");
    by_hand["sex"] = json!("F");
    client.amend(&at, 2, "seen in the chart", &by_hand).expect(200);
    let stale = client.submit("?mode=upsert&reason=old+file", file("UNK").as_bytes()).expect(200);
    assert_eq!(counts(&stale), [0, 4, 0, 1]);
    let fault = &stale["results"][0]["errors"][0];
    assert_eq!(fault["rule"], "record.changed_since_import");
    assert!(fault["expected"].as_str().unwrap().starts_with("version 3 of /v1/patients/"), "{fault}");
    assert_eq!(client.get(&at).expect(200)["data"]["sex"], "F");

    let with_version = |version: i32| {
        let mut form = patient("P0");
        form["sex"] = json!("UNK");
        form["sequela_version"] = json!(version);
        line("patient", &form)
    };
    let older = client.submit("?mode=upsert&reason=resolved", with_version(2).as_bytes()).expect(200);
    assert_eq!(older["results"][0]["errors"][0]["rule"], "record.stale_version");
    let resolved = client.submit("?mode=upsert&reason=resolved", with_version(3).as_bytes()).expect(200);
    assert_eq!((counts(&resolved), &resolved["results"][0]["version"]), ([0, 1, 0, 0], &json!(4)));
    let csv = "patient_id,birth_year,sex,consent_registry,date_basis,sequela_version,sequela_reason\n\
               P0,1960,F,Y,CALENDAR,4,whatever it said\nP1,1960,F,Y,CALENDAR,x,\n";
    let by_cell =
        send(client, "?form=patient&mode=upsert&reason=by+cell", "text/csv", csv.as_bytes(), &[]).expect(200);
    assert_eq!(counts(&by_cell), [0, 1, 0, 1]);
    assert_eq!(by_cell["results"][1]["errors"][0]["column"], "sequela_version");
    shared().assert_intact();
}

#[test]
fn identical_faults_are_told_once_with_what_was_meant() {
    let client = shared().center().submitter;
    let mut csv = "patient_id,birth_year,sex,consent_registry,date_basis\n".to_owned();
    for n in 0..40 {
        let sex = ["Female", "Female", "男", "F"][n % 4];
        csv.extend([format!("P{n},1960,{sex},Y,CALENDAR\n")]);
    }
    let view = client.submit_csv("patient", csv.as_bytes()).expect(200);
    assert_eq!(counts(&view), [10, 0, 0, 30]);
    let groups = view["fault_groups"].as_array().unwrap();
    assert_eq!(groups.len(), 1, "{groups:#?}");
    let sex = &groups[0];
    assert_eq!(
        (&sex["rule"], &sex["form"], &sex["field"], &sex["rows"]),
        (&json!("value.code"), &json!("patient"), &json!("sex"), &json!(30))
    );
    assert_eq!(sex["first_rows"].as_array().unwrap().len(), 10);
    assert_eq!((&sex["first_rows"][0], &sex["first_rows"][9]), (&json!({ "row": 2 }), &json!({ "row": 14 })));
    assert_eq!(sex["distinct_values"], 2);
    assert_eq!(
        sex["values"],
        json!([{ "received": "Female", "rows": 20, "likely_fix": "F" }, { "received": "男", "rows": 10, "likely_fix": "M" }])
    );
    assert!(sex["expected"].as_str().unwrap().contains("F, M"), "{sex}");

    let at = view["location"].as_str().unwrap();
    let file = client.get(view["rejected_rows"].as_str().unwrap());
    assert_eq!(file.header("content-type"), "text/csv");
    let text = file.text();
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("patient_id,birth_year,sex,consent_registry,date_basis,sequela_reason"));
    let first = lines.next().unwrap();
    assert!(
        first.starts_with("P0,1960,Female,Y,CALENDAR,")
            && first.contains("sex: ")
            && first.contains("Female"),
        "{first}"
    );
    assert_eq!(text.lines().count(), 31);
    let corrected = text.replace(",Female,", ",F,").replace(",男,", ",M,");
    let again = client.submit_csv("patient", corrected.as_bytes()).expect(200);
    assert_eq!(counts(&again), [30, 0, 0, 0], "a corrected file goes in as it is");
    client.get(&format!("{}/rejected", again["location"].as_str().unwrap())).expect(404);
    assert_eq!(
        client.get(&format!("{at}/rows?faults=true&limit=5")).expect(200)["items"].as_array().unwrap().len(),
        5
    );
    assert_eq!(
        client.get(&format!("{at}/rows?outcome=created")).expect(200)["items"].as_array().unwrap().len(),
        10
    );
}

#[test]
fn rejected_lines_of_json_come_back_with_their_reason() {
    let client = shared().center().submitter;
    let mut broken = patient("B");
    broken["sex"] = json!("Female");
    let lines = line("patient", &patient("A")) + &line("patient", &broken) + "{\"form\": oops\n";
    let view = client.submit("", lines.as_bytes()).expect(200);
    let file = client.get(view["rejected_rows"].as_str().unwrap()).text();
    let rows: Vec<Value> = file.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(rows.len(), 2);
    assert!(rows[0]["sequela_reason"].as_str().unwrap().starts_with("sex: "));
    assert_eq!((&rows[0]["patient_id"], &rows[0]["sex"]), (&json!("B"), &json!("Female")));
    assert_eq!(rows[1]["sequela_line"], "{\"form\": oops");
    let again = client.submit("", file.replace("\"Female\"", "\"F\"").as_bytes()).expect(200);
    assert_eq!(counts(&again), [1, 0, 0, 1]);
}

#[test]
fn a_filled_template_is_taken_sheet_by_sheet() {
    let center = shared().center();
    let client = &center.submitter;
    let template = client.get("/v1/templates/workbook?form=patient,infusion");
    assert_eq!((template.status, template.header("content-type")), (200, XLSX));
    assert!(template.body.starts_with(b"PK"));
    let untouched = send(client, "", XLSX, &template.body, &[]).expect(200);
    assert_eq!(untouched["rows"], 0);

    let records = complete_patient(203).records;
    let workbook = files::workbook(&records);
    let view = send(client, "?file_name=visit.xlsx", XLSX, &workbook, &[]).expect(200);
    assert_eq!(view["rejected"], 0, "{:#}", view["fault_groups"]);
    assert_eq!(view["created"], records.len());
    assert_eq!(view["file_name"], "visit.xlsx");
    let by_line = shared().center();
    by_line.submitter.submit("", &ndjson(&records)).expect(200);
    for form in CLINICAL {
        let data = |c: &Client| -> Vec<String> {
            let list = c.get(&format!("/v1/{}?limit=1000", form.path)).expect(200);
            let mut data: Vec<String> =
                list["items"].as_array().unwrap().iter().map(|r| r["data"].to_string()).collect();
            data.sort();
            data
        };
        assert_eq!(data(client), data(&by_line.submitter), "{}", form.name);
    }
    let unknown = files::sheet("Sheet1", &[&["a"], &["b"]]);
    let refused = send(client, "", XLSX, &unknown, &[]);
    refused.expect(422);
    assert!(refused.text().contains("a sheet named as one of"), "{}", refused.text());
    let faulty = files::sheet(
        "patient",
        &[
            &["patient_id", "birth_year", "sex", "consent_registry", "date_basis"],
            &["X1", "1960", "Female", "Y", "CALENDAR"],
        ],
    );
    let view = send(client, "", XLSX, &faulty, &[]).expect(200);
    assert_eq!((&view["results"][0]["sheet"], &view["results"][0]["row"]), (&json!("patient"), &json!(2)));
    assert_eq!(view["results"][0]["errors"][0]["column"], "sex");
    assert!(client.get(view["rejected_rows"].as_str().unwrap()).body.starts_with(b"PK"));
    for body in [b"not a workbook".as_slice(), &workbook[..workbook.len() / 2]] {
        send(client, "", XLSX, body, &[]).expect(400);
    }
}

#[test]
fn parquet_columns_are_the_fields_of_a_form() {
    let client = shared().center().submitter;
    send(&client, "", PARQUET, b"PAR1", &[]).expect(400);
    send(&client, "?form=patient", PARQUET, b"PAR1", &[]).expect(400);
    let file = files::parquet(&["P1", "P2", "P3"], &[Some(1960), None, Some(1800)]);
    let view = send(&client, "?form=patient", PARQUET, &file, &[]).expect(200);
    assert_eq!(counts(&view), [1, 0, 0, 2], "{view:#}");
    assert_eq!(view["results"][1]["errors"][0]["rule"], "value.required");
    assert_eq!(view["results"][2]["errors"][0]["rule"], "value.range");
    let rejected = client.get(view["rejected_rows"].as_str().unwrap());
    assert!(rejected.body.starts_with(b"PAR1") && rejected.body.ends_with(b"PAR1"));
    let again = send(&client, "?form=patient", PARQUET, &rejected.body, &[]).expect(200);
    assert_eq!(counts(&again), [0, 0, 0, 2], "the same faults, no other");
}

#[test]
fn a_job_goes_on_after_the_server_was_killed() {
    let mut instance = Instance::new();
    instance.part_kib = Some(64);
    instance.start();
    let center = instance.center();
    let (body, rows) = bulk(204, 20_000);
    let accepted = send(
        &center.submitter,
        "",
        NDJSON,
        &body,
        &[("prefer", "respond-async"), ("idempotency-key", "the file")],
    );
    accepted.expect(202);
    let at = accepted.header("location").to_owned();
    let mut kills = 0;
    for round in 1..=6 {
        let done = wait_for("some parts", || {
            let client = center.at(&instance);
            let view = client.get(&at).expect(200);
            let over = view["state"] == "done";
            (over || view["rows_done"].as_i64().unwrap() > round * 2_000).then_some(over)
        });
        if done {
            break;
        }
        instance.kill();
        kills += 1;
        instance.start();
    }
    tell(&format!("{kills} kills"));
    assert!(kills >= 3, "the job was over before it could be disturbed");
    let client = center.at(&instance);
    let view = ended(&client, &at);
    assert_eq!((&view["state"], counts(&view)), (&json!("done"), [i64::try_from(rows).unwrap(), 0, 0, 0]));
    let replay = send(&client, "", NDJSON, &body, &[("idempotency-key", "the file")]);
    assert_eq!((replay.status, replay.header("idempotent-replayed")), (200, "true"));
    assert_eq!(
        counts(&client.submit("?results=none", &body).expect(200)),
        [0, 0, i64::try_from(rows).unwrap(), 0]
    );
    instance.assert_intact();
}

#[test]
fn a_cancelled_job_keeps_what_was_written_and_can_go_on() {
    let mut instance = Instance::new();
    instance.part_kib = Some(64);
    instance.start();
    let center = instance.center();
    let client = &center.submitter;
    let (body, rows) = bulk(205, 20_000);
    let rows = i64::try_from(rows).unwrap();
    let at = send(client, "", NDJSON, &body, &[("prefer", "respond-async")]).header("location").to_owned();
    wait_for("some parts", || {
        (client.get(&at).expect(200)["rows_done"].as_i64().unwrap() > 500).then_some(())
    });
    client.post(&format!("{at}/cancellation"), &json!({})).expect(202);
    let view = ended(client, &at);
    assert_eq!((&view["state"], &view["file_kept"]), (&json!("cancelled"), &json!(true)));
    let written = view["created"].as_i64().unwrap();
    assert!(written > 0 && written < rows, "{written} of {rows}");
    let records = |name: &str| {
        sql::count(&instance, &format!("select count(*) from {name} where center_id = '{}'", center.id))
    };
    let kept: i64 = CLINICAL.iter().map(|f| records(f.name)).sum();
    assert_eq!(kept, written);
    client.post(&format!("{at}/cancellation"), &json!({})).expect(409);
    client.post(&format!("{at}/resumption"), &json!({})).expect(202);
    assert_eq!(counts(&ended(client, &at)), [rows, 0, 0, 0]);
    client.post(&format!("{at}/resumption"), &json!({})).expect(409);

    let other = instance.center();
    let at = send(&other.submitter, "?policy=all_or_nothing", NDJSON, &body, &[("prefer", "respond-async")]);
    let at = at.header("location").to_owned();
    wait_for("some parts", || {
        (other.submitter.get(&at).expect(200)["rows_done"].as_i64().unwrap() > 500).then_some(())
    });
    other.submitter.post(&format!("{at}/cancellation"), &json!({})).expect(202);
    let view = ended(&other.submitter, &at);
    assert_eq!((&view["state"], &view["committed"]), (&json!("cancelled"), &json!(false)));
    let kept =
        sql::count(&instance, &format!("select count(*) from patient where center_id = '{}'", other.id));
    assert_eq!(kept, 0, "all or nothing");
    instance.assert_intact();
}

#[test]
fn uploads_that_break_off_leave_nothing_to_do() {
    let center = shared().center();
    let client = &center.submitter;
    let head = client.raw_head(
        "POST",
        "/v1/submissions",
        &[("content-type", NDJSON), ("content-length", "5000000")],
    );
    let part = line("patient", &patient("HALF")).repeat(2000);
    client.raw_cut(format!("{head}{part}").as_bytes()).expect(400);
    let left =
        sql::count(shared(), &format!("select count(*) from submission where center_id = '{}'", center.id));
    assert_eq!(left, 0);
    assert_eq!(client.get("/v1/patients").expect(200)["items"], json!([]));
    let wrong =
        client.submit("?form=toxicity", line("daily_toxicity", &toxicity("P", "2024-03-01")).as_bytes());
    assert!(wrong.expect(400)["detail"].as_str().unwrap().contains("There is no form"));
}
