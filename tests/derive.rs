//! `sequela derive` as a user runs it: cases in, decisions with their traces out, in the same order.

use serde_json::{Value, json};
use std::io::Write;
use std::process::{Command, Output, Stdio};

fn derive(arguments: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_sequela"))
        .arg("derive")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    // A command that refuses its arguments reads nothing.
    let writing = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    writing.join().unwrap();
    output
}

fn lines(output: &Output) -> Vec<Value> {
    String::from_utf8(output.stdout.clone())
        .unwrap()
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect()
}

#[test]
fn cases_are_decided_in_the_order_of_the_input() {
    let day = |temperature: f64| {
        json!({ "day": 2, "temperature_c": temperature, "fever_attributed": true, "hypotension": false, "vasopressors": [],
            "oxygen": { "device": "NC_LOW", "flow_l_min": 6.0 } })
    };
    let cases: Vec<String> = (0..50)
        .map(|i| json!({ "id": i, "days": [day(if i % 2 == 0 { 38.5 } else { 37.0 })] }).to_string())
        .collect();
    let output = derive(&["crs"], cases.join("\r\n").as_bytes());
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let decided = lines(&output);
    assert_eq!(decided.len(), 50);
    for (i, line) in decided.iter().enumerate() {
        assert_eq!(line["id"], i);
        assert_eq!(line["result"]["max_grade"], if i % 2 == 0 { 2 } else { 0 }, "{line}");
        let deciding =
            line["trace"].as_array().unwrap().iter().rfind(|s| s.get("concludes").is_some()).unwrap();
        assert!(
            deciding["rule"].is_string()
                && deciding["source"].is_string()
                && deciding["provenance"].is_string()
        );
    }
}

#[test]
fn what_is_absent_is_named_and_never_normal() {
    let output = derive(
        &["hematotox"],
        br#"{"id":"a","platelets_10e9_l":60,"anc_10e9_l":0.8,"hb_g_l":80,"crp_mg_l":100}"#,
    );
    let line = &lines(&output)[0];
    assert_eq!(line["result"]["score"], Value::Null);
    assert_eq!(line["missing"], json!(["ferritin_ug_l"]));
    let whole = derive(&["hematotox"], br#"{"id":"a","platelets_10e9_l":60,"anc_10e9_l":0.8,"hb_g_l":80,"crp_mg_l":100,"ferritin_ug_l":3000}"#);
    assert_eq!(lines(&whole)[0]["result"]["score"], 7);
}

#[test]
fn a_faulty_case_keeps_its_place_and_the_others_are_decided() {
    let long = format!("{{\"id\":\"long\",\"x\":\"{}\"}}", "x".repeat(17 << 20));
    let good = r#"{"id":"good","platelets_10e9_l":180,"anc_10e9_l":1.3,"hb_g_l":95,"crp_mg_l":10,"ferritin_ug_l":300}"#;
    let input = [
        b"\xef\xbb\xbf".to_vec(),
        good.as_bytes().to_vec(),
        b"\n\n{\"id\":\"cut\"\n".to_vec(),
        br#"{"id":"impossible","anc_10e9_l":500}"#.to_vec(),
        b"\n\xff\xfe\n".to_vec(),
        long.into_bytes(),
        b"\n[1]\n".to_vec(),
        good.as_bytes().to_vec(),
    ]
    .concat();
    let output = derive(&["hematotox"], &input);
    assert_eq!(output.status.code(), Some(2));
    let decided = lines(&output);
    assert_eq!(decided.len(), 7);
    let refused: Vec<bool> = decided.iter().map(|l| l.get("error").is_some()).collect();
    assert_eq!(refused, [false, true, true, true, true, true, false]);
    assert_eq!(decided[2]["id"], "impossible");
    assert_eq!((&decided[0]["result"]["score"], &decided[6]["result"]["score"]), (&json!(0), &json!(0)));
    let problems: Vec<Value> = String::from_utf8(output.stderr)
        .unwrap()
        .lines()
        .filter_map(|l| serde_json::from_str(l).ok())
        .collect();
    assert_eq!(problems.iter().map(|p| p["row"].as_u64().unwrap()).collect::<Vec<_>>(), [3, 4, 5, 6, 7]);
    for member in ["file", "column", "value", "rule"] {
        assert!(problems[1][member].is_string(), "{member}: {}", problems[1]);
    }
    assert!(problems[1]["column"].as_str().unwrap().contains("anc"), "{}", problems[1]);
}

#[test]
fn a_member_that_no_case_has_is_told_and_refused_when_asked_to_be_strict() {
    let case =
        br#"{"id":1,"platelets_10e9_l":180,"anc_10e9_l":1.3,"hb_g_l":95,"crp_mg_l":10,"feritin_ug_l":300}"#;
    let lenient = derive(&["hematotox"], case);
    assert_eq!(lenient.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&lenient.stderr).contains("/feritin_ug_l"));
    assert_eq!(lines(&lenient)[0]["missing"], json!(["ferritin_ug_l"]));
    assert_eq!(derive(&["hematotox", "--strict"], case).status.code(), Some(2));
}

#[test]
fn an_unknown_kind_or_file_is_a_problem_that_names_what_is_accepted() {
    for (arguments, says) in [
        (vec!["hematox"], "did you mean hematotox?"),
        (vec!["crs", "no-such-file.ndjson"], "no-such-file.ndjson"),
    ] {
        let output = derive(&arguments, b"");
        assert_eq!(output.status.code(), Some(2));
        let problem: Value = serde_json::from_slice(&output.stderr).unwrap();
        assert!(problem.to_string().contains(says), "{problem}");
    }
    let list = derive(&["list"], b"");
    let names = String::from_utf8(list.stdout).unwrap();
    for kind in [
        "imwg",
        "lugano",
        "b_all",
        "crs",
        "icans",
        "iec_hs",
        "icaht",
        "hematotox",
        "hbv_reactivation",
        "b_cell_aplasia",
        "car_t_expansion",
        "visits",
    ] {
        assert!(names.lines().any(|l| l.split_whitespace().next() == Some(kind)), "{kind}");
    }
}

#[test]
fn other_formats_hold_the_same_decision() {
    let case = br#"{"id":"a,b","platelets_10e9_l":60,"anc_10e9_l":0.8,"hb_g_l":80,"crp_mg_l":100,"ferritin_ug_l":3000}"#;
    let table = String::from_utf8(derive(&["hematotox", "--format", "csv"], case).stdout).unwrap();
    let mut rows = table.lines();
    let header: Vec<&str> = rows.next().unwrap().split(',').collect();
    assert_eq!((header.first(), header.last()), (Some(&"id"), Some(&"error")));
    assert!(header.contains(&"score"));
    assert!(rows.next().unwrap().starts_with("\"a,b\","));
    let text = String::from_utf8(derive(&["hematotox", "--format", "text"], case).stdout).unwrap();
    assert!(text.contains("score: 7"), "{text}");
}
