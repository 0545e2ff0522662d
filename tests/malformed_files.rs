//! Bulk submissions whose files are broken: a fault of a row is told for that row, a fault of the file for the file.

use crate::support::http::rules_of;
use crate::support::patients::{infusion, line, patient, toxicity};
use crate::support::{Answer, Client, shared};
use serde_json::{Value, json};

/// `row outcome rule pointer...` of every result.
fn outcomes(answer: &Answer) -> Vec<String> {
    let view = answer.expect(200);
    let of = |r: &Value| {
        let mut parts = vec![r["row"].to_string(), r["outcome"].as_str().unwrap().to_owned()];
        parts.extend(rules_of(&r["errors"]));
        parts.join(" ")
    };
    view["results"].as_array().unwrap().iter().map(of).collect()
}

fn patients_kept(client: &Client) -> usize {
    client.get("/v1/patients?limit=1000").expect(200)["items"].as_array().unwrap().len()
}

#[test]
fn ndjson_rows_fail_one_by_one() {
    let client = shared().center().submitter;
    let mut body = Vec::new();
    body.extend(line("patient", &patient("P1")).bytes());
    body.extend(b"\n   \n");
    body.extend(b"{\"form\":\"patient\",\"patient_id\":\n");
    body.extend(b"{\"form\":\"patient\",\"patient_id\":\"\xff\"}\n");
    body.extend(b"{\"form\":\"patients\",\"patient_id\":\"P4\"}\n");
    body.extend(b"{\"patient_id\":\"P5\"}\n");
    body.extend([b"[".repeat(100_000), b"\n".to_vec()].concat());
    body.extend(line("patient", &json!({ "patient_id": "x".repeat(1 << 20) })).bytes());
    body.extend(b"\0\n");
    body.extend(line("center", &json!({ "center_id": "X" })).bytes());
    body.extend(line("patient", &patient("P2")).trim_end().bytes().chain(*b"\r\n"));
    body.extend(line("patient", &patient("P3")).trim_end().bytes());
    let answer = client.submit("", &body);
    let expected = [
        "1 created",
        "4 rejected record.malformed",
        "5 rejected record.malformed",
        "6 rejected record.form /form",
        "7 rejected record.form /form",
        "8 rejected record.malformed",
        "9 rejected record.malformed",
        "10 rejected record.malformed",
        "11 rejected record.form /form",
        "12 created",
        "13 created",
    ];
    assert_eq!(outcomes(&answer), expected);
    let view = answer.json();
    assert_eq!((&view["rows"], &view["created"], &view["rejected"]), (&json!(11), &json!(3), &json!(8)));
    assert!(view["results"][6]["errors"][0]["expected"].as_str().unwrap().contains("1048576"));
    assert_eq!(view["results"][3]["errors"][0]["row"], 6);
    assert!(view["results"][3]["errors"][0]["expected"].as_str().unwrap().contains("did you mean patient?"));
    assert!(answer.body.len() < 20_000, "huge values are echoed");
    assert_eq!(patients_kept(&client), 3);
}

#[test]
fn the_longest_line_that_is_read_is_one_mebibyte() {
    let client = shared().center().submitter;
    let of_length = |length: usize| {
        let empty = line("patient", &patient("")).trim_end().len();
        let mut content = line("patient", &patient("P")).trim_end().to_owned();
        content.insert_str(1, &" ".repeat(length - empty - 1));
        assert_eq!(content.len(), length);
        content
    };
    assert_eq!(outcomes(&client.submit("", of_length(1 << 20).as_bytes())), ["1 created"]);
    assert_eq!(
        outcomes(&client.submit("", of_length((1 << 20) + 1).as_bytes())),
        ["1 rejected record.malformed"]
    );
}

#[test]
fn an_empty_file_is_no_fault_and_a_named_form_must_fit() {
    let client = shared().center().submitter;
    for body in ["", "\n\n", "\u{feff}"] {
        let view = client.submit("", body.as_bytes()).expect(200);
        assert_eq!((&view["rows"], &view["results"]), (&json!(0), &json!([])), "{body:?}");
    }
    let named = client.submit("?form=patient", patient("A").to_string().as_bytes());
    assert_eq!(outcomes(&named), ["1 created"]);
    let other = client.submit("?form=infusion", line("patient", &patient("B")).as_bytes());
    assert!(outcomes(&other)[0].contains("record.form /form"), "{}", other.text());
    let bom = format!("\u{feff}{}", line("patient", &patient("C")));
    assert_eq!(outcomes(&client.submit("", bom.as_bytes())), ["1 created"]);
}

#[test]
fn a_csv_header_is_told_all_its_faults() {
    let client = shared().center().submitter;
    let csv = "patient_id,birthyear,sex,sex,consent_registry,Data Basis\nP,1960,F,F,Y,CALENDAR\n";
    let answer = client.submit_csv("patient", csv.as_bytes());
    answer.expect(422);
    let expected = [
        "record.duplicate_field /sex",
        "record.unknown_field /Data Basis",
        "record.unknown_field /birthyear",
        "value.mandatory /date_basis",
    ];
    assert_eq!(answer.faults(), expected);
    let problem = answer.json();
    assert!(
        problem["errors"].as_array().unwrap().iter().all(|e| e["row"] == 1 && e["column"].is_string()),
        "{problem}"
    );
    client.submit_csv("patient", b"").expect(422);
    client.send("POST", "/v1/submissions", &[("content-type", "text/csv")], csv.as_bytes()).expect(400);
    client.submit_csv("patient", b"patient_id,\xff\xfe,date_basis\nP,1,CALENDAR\n").expect(400);
    assert_eq!(patients_kept(&client), 0);
}

#[test]
fn csv_rows_fail_one_by_one() {
    let client = shared().center().submitter;
    let mut csv = b"\xef\xbb\xbfpatient_id, birth_year,sex,consent_registry,date_basis\r\n".to_vec();
    csv.extend(b"P1,1960,F,Y,CALENDAR\r\n");
    csv.extend(b"P2,1960,F,Y\r\n");
    csv.extend(b"P3,1960,F,Y,CALENDAR,extra\r\n");
    csv.extend(b"P4,NK, F ,Y,CALENDAR\r\n");
    csv.extend(b"P5,nineteen,F,Y,CALENDAR\r\n");
    csv.extend(b"P\x006,1960,F,Y,CALENDAR\r\n");
    csv.extend(b"P7,99999999999999999999,F,Y,CALENDAR\r\n");
    csv.extend(b"P\xff8,1960,F,Y,CALENDAR\r\n");
    csv.extend(b"\r\n\r\n\"P9\",\"1960\",\"F\",\"Y\",\"CALENDAR\"\r\n");
    csv.extend(b",,,,\r\n");
    csv.extend(b"\"P11\n\",1960,F,Y,CALENDAR\r\n");
    csv.extend(b"P12,1960,F,Y,CALENDAR");
    let answer = client.submit_csv("patient", &csv);
    let expected = [
        "2 created",
        "3 rejected record.malformed",
        "4 rejected record.malformed",
        "5 created",
        "6 rejected value.type /birth_year",
        "7 rejected value.text /patient_id",
        "8 rejected value.type /birth_year",
        "9 rejected record.malformed",
        "12 created",
        "13 rejected value.mandatory /date_basis value.mandatory /patient_id value.required /birth_year value.required /consent_registry value.required /sex",
        "14 created",
        "16 created",
    ];
    assert_eq!(outcomes(&answer), expected);
    let view = answer.json();
    let error = &view["results"][4]["errors"][0];
    assert_eq!(
        (&error["row"], &error["column"], &error["received"]),
        (&json!(6), &json!("birth_year"), &json!("nineteen"))
    );
    assert_eq!(rules_of(&view["results"][3]["queries"]), ["completeness.missing /birth_year"]);
    assert_eq!(view["results"][3]["queries"][0]["column"], "birth_year");
    let kept = client.get("/v1/patients").expect(200);
    let mut ids: Vec<&str> =
        kept["items"].as_array().unwrap().iter().map(|r| r["data"]["patient_id"].as_str().unwrap()).collect();
    ids.sort_unstable();
    assert_eq!(ids, ["P1", "P11", "P12", "P4", "P9"]);
}

#[test]
fn csv_numbers_are_numbers() {
    let client = shared().center().submitter;
    client.post("/v1/patients", &patient("P")).expect(201);
    let header = "patient_id,infusion_number,infusion_date,product_code,weight_kg,dose_total_car_t,product_conformity,active_infection,vasopressor_hypotension";
    let row = |weight: &str| format!("{header}\nP,1,2024-03-01,axi-cel,{weight},1.4e8,IN_SPEC,N,N\n");
    for (weight, outcome) in [
        ("NaN", "rejected value.type /weight_kg"),
        ("inf", "rejected value.type /weight_kg"),
        ("-infinity", "rejected value.type /weight_kg"),
        ("1e400", "rejected value.range /weight_kg"),
        ("-70", "rejected value.range /weight_kg"),
        ("\"70,5\"", "rejected value.type /weight_kg"),
        ("0x46", "rejected value.type /weight_kg"),
        ("７０", "rejected value.type /weight_kg"),
        ("70.5", "created"),
        ("7.05e1", "unchanged"),
        ("70.50", "unchanged"),
        ("70.51", "rejected record.exists"),
    ] {
        let answer = client.submit_csv("infusion", row(weight).as_bytes());
        assert_eq!(outcomes(&answer), [format!("2 {outcome}")], "{weight}");
    }
    let mut stored = infusion("P");
    stored["dose_per_kg"] = json!(1_985_816.0);
    assert_eq!(client.get("/v1/infusions").expect(200)["items"][0]["data"], stored);
    let flags = "patient_id,infusion_number,assessment_date,crs_grade,icans_grade,tocilizumab,steroids,siltuximab,anakinra\n\
                 P,1,2024-03-02,1,0,1,0,true,false\nP,1,2024-03-03,1,0,yes,no,,TRUE\n";
    let answer = client.submit_csv("daily_toxicity", flags.as_bytes());
    let expected =
        ["2 created", "3 rejected value.type /anakinra value.type /steroids value.type /tocilizumab"];
    assert_eq!(outcomes(&answer), expected);
    let mut day = toxicity("P", "2024-03-02");
    for (drug, given) in
        [("tocilizumab", true), ("siltuximab", true), ("steroids", false), ("anakinra", false)]
    {
        day[drug] = json!(given);
    }
    assert_eq!(client.get("/v1/daily-toxicities").expect(200)["items"][0]["data"], day);
}
