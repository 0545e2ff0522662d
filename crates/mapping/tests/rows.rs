//! From rows to records, and faults located in the spreadsheet.

use mapping::{HeaderFault, Mapped, Mapping, SourceFault};
use proptest::prelude::*;
use serde_json::json;

const VISITS: &str = r#"
[source]
missing = ["NA", "-"]
ignore = ["notes"]

[anchor]
date = "2000-01-01"

# Out of order on purpose: records come parents first all the same.
[[form]]
name = "daily_toxicity"
[form.fields]
patient_id = { column = "ID" }
infusion_number = { constant = 1 }
assessment_date = { column = "day", relative_day = true }
crs_grade = { column = "crs", when_missing = "NK" }
icans_grade = { column = "icans", map = { "none" = 0, "mild" = 1, "9" = { missing = "ND" } }, when_missing = "NK" }
tocilizumab = { column = "toci", map = { "0" = false, "1" = true } }

[[form]]
name = "patient"
[form.fields]
patient_id = { column = "ID" }
birth_year = { column = "born", when_missing = "NK" }
sex = { missing = "NK" }
consent_registry = { constant = "Y" }
date_basis = { constant = "PSEUDO_ANCHOR" }

[[form]]
name = "infusion"
[form.fields]
patient_id = { column = "ID" }
infusion_number = { constant = 1 }
infusion_date = { anchor = true }
product_code = { column = "ID", prefix = { "Yes" = "axi-cel", "KTE-C19" = "axi-cel", "Kym" = "tisa-cel" } }
weight_kg = { missing = "NK" }
dose_total_car_t = { missing = "ND" }
product_conformity = { missing = "NK" }
active_infection = { missing = "NK" }
vasopressor_hypotension = { missing = "NK" }
"#;

const HEADER: &str = "ID,born,day,crs,icans,toci,notes\n";

fn mapping() -> Mapping {
    Mapping::parse(VISITS).expect("a sound mapping")
}

fn apply(rows: &str) -> Mapped {
    mapping().apply(format!("{HEADER}{rows}").as_bytes(), "visits.csv").expect("a readable file")
}

fn refused(bytes: &[u8]) -> SourceFault {
    mapping().apply(bytes, "visits.csv").map(|m| m.records.len()).expect_err("an unreadable file")
}

fn names(mapped: &Mapped) -> Vec<&'static str> {
    mapped.records.iter().map(|r| r.form.name).collect()
}

/// Row, column, value of each fault.
fn places(mapped: &Mapped) -> Vec<(u64, &str, &str)> {
    mapped
        .faults
        .iter()
        .map(|f| (f.row, f.column.as_deref().unwrap_or(""), f.value.as_deref().unwrap_or("")))
        .collect()
}

#[test]
fn one_row_becomes_several_forms_parents_first() {
    let mapped = apply("Yes P02,1960,3,2,mild,1,free text\n");
    assert!(mapped.faults.is_empty(), "{:#?}", mapped.faults);
    assert_eq!(names(&mapped), ["patient", "infusion", "daily_toxicity"]);
    assert_eq!(
        mapped.records[0].line(),
        r#"{"form":"patient","patient_id":"Yes P02","birth_year":1960,"consent_registry":"Y","date_basis":"PSEUDO_ANCHOR","missing":{"sex":"NK"}}"#
    );
    assert_eq!(
        mapped.records[1].value,
        json!({"form": "infusion", "patient_id": "Yes P02", "infusion_number": 1, "infusion_date": "2000-01-01",
            "product_code": "axi-cel", "missing": {"weight_kg": "NK", "dose_total_car_t": "ND", "product_conformity": "NK",
            "active_infection": "NK", "vasopressor_hypotension": "NK"}})
    );
    assert_eq!(
        mapped.records[2].value,
        json!({"form": "daily_toxicity", "patient_id": "Yes P02", "infusion_number": 1, "assessment_date": "2000-01-04",
            "crs_grade": 2, "icans_grade": 1, "tocilizumab": true})
    );
    assert!(mapped.records.iter().all(|r| r.source_rows == [2]));
}

#[test]
fn a_record_said_by_several_rows_comes_once_with_all_its_rows() {
    let mapped = apply("Yes P02,1960,0,0,none,0,\nKym P1,NA,0,0,none,0,\nYes P02,1960,1,1,none,0,\n");
    assert!(mapped.faults.is_empty());
    assert_eq!(mapped.rows, 3);
    let rows: Vec<_> = mapped.records.iter().map(|r| (r.form.name, r.source_rows.clone())).collect();
    assert_eq!(
        rows,
        [
            ("patient", vec![2, 4]),
            ("patient", vec![3]),
            ("infusion", vec![2, 4]),
            ("infusion", vec![3]),
            ("daily_toxicity", vec![2]),
            ("daily_toxicity", vec![3]),
            ("daily_toxicity", vec![4]),
        ]
    );
}

#[test]
fn rows_that_disagree_about_a_record_are_located_and_it_is_withheld() {
    let mapped = apply("Yes P02,1960,0,0,none,0,\nYes P02,1961,1,1,none,0,\nYes P02,NA,2,1,none,0,\n");
    assert_eq!(places(&mapped), [(3, "born", "1961"), (4, "born", "NA")]);
    assert_eq!(
        mapped.faults[0].message,
        "row 2 says the same patient (Yes P02) differently: birth_year is 1961 here and 1960 there"
    );
    assert_eq!(names(&mapped), ["infusion", "daily_toxicity", "daily_toxicity", "daily_toxicity"]);
    // The same day twice, with other grades: which is right, or whether one is another patient's, only the center knows.
    let mapped = apply("Yes P02,NA,0,0,none,0,\nYes P02,NA,0,3,mild,,\n");
    assert_eq!(
        mapped.faults.iter().map(ToString::to_string).collect::<Vec<_>>(),
        [
            "row 3: row 2 says the same daily_toxicity (Yes P02, 1, 2000-01-01) differently: crs_grade is 3 here and 0 there, \
          icans_grade is 1 here and 0 there, tocilizumab is not given here and false there; \
          expected rows that agree, or another ID or day in one of both"
        ]
    );
    assert_eq!(names(&mapped), ["patient", "infusion"]);
}

#[test]
fn a_fault_in_one_row_withholds_the_record_that_other_rows_say() {
    let mapped = apply("Yes P02,1960,0,0,none,0,\nYes P02,196O,1,0,none,0,\n");
    assert_eq!(places(&mapped), [(3, "born", "196O")]);
    assert_eq!(names(&mapped), ["infusion", "daily_toxicity", "daily_toxicity"]);
}

#[test]
fn cells_without_a_value_become_declared_gaps_or_are_left_out() {
    let mapped = apply("Yes P02,,0,NA,-,NA,\nYes P02,NA,1,,9,,\n");
    assert!(mapped.faults.is_empty(), "{:#?}", mapped.faults);
    let daily: Vec<_> =
        mapped.records.iter().filter(|r| r.form.name == "daily_toxicity").map(|r| &r.value).collect();
    assert_eq!(daily[0]["missing"], json!({"crs_grade": "NK", "icans_grade": "NK"}));
    assert_eq!(
        daily[1]["missing"],
        json!({"crs_grade": "NK", "icans_grade": "ND"}),
        "a mapped cell has its own code"
    );
    assert!(daily.iter().all(|d| d.get("tocilizumab").is_none() && d.get("crs_grade").is_none()));
}

#[test]
fn a_gap_that_the_mapping_does_not_explain_is_a_fault() {
    let text = VISITS.replace("{ column = \"crs\", when_missing = \"NK\" }", "{ column = \"crs\" }");
    let mapping = Mapping::parse(&text).expect("sound");
    let mapped = mapping.apply(format!("{HEADER}Yes P02,,0,NA,none,0,\n").as_bytes(), "f").expect("readable");
    assert_eq!(places(&mapped), [(2, "crs", "NA")]);
    assert!(mapped.faults[0].to_string().contains("when_missing"), "{}", mapped.faults[0]);
    let mapped = apply("NA,,0,0,none,0,\n");
    assert_eq!(places(&mapped), [(2, "ID", "NA"), (2, "ID", "NA")]);
    assert!(mapped.records.is_empty());
}

#[test]
fn a_value_that_a_map_does_not_know_is_located_with_what_is_accepted() {
    let mapped = apply("Yes P02,1960,0,0,midl,yes,\n");
    assert_eq!(places(&mapped), [(2, "icans", "midl"), (2, "toci", "yes")]);
    let said = mapped.faults[0].to_string();
    assert_eq!(
        said,
        "row 2, column \"icans\", value \"midl\": the map of icans_grade does not know this value; \
         expected one of \"9\", \"mild\", \"none\"; did you mean \"mild\"?"
    );
    assert_eq!(names(&mapped), ["patient", "infusion"]);
}

#[test]
fn values_outside_the_field_are_located() {
    for (grade, accepted) in
        [("0", true), ("5", true), ("6", false), ("-1", false), ("2.5", false), ("II", false)]
    {
        let mapped = apply(&format!("Yes P02,1960,0,{grade},none,0,\n"));
        assert_eq!(mapped.faults.is_empty(), accepted, "{grade}");
        if !accepted {
            assert_eq!(places(&mapped), [(2, "crs", grade)]);
            assert_eq!(mapped.faults[0].expected.as_deref(), Some("an integer from 0 to 5"));
        }
    }
}

#[test]
fn a_prefix_that_fits_none_is_a_fault_of_the_infusion_only() {
    let mapped = apply("Abe P02,1960,0,0,none,0,\n");
    assert_eq!(places(&mapped), [(2, "ID", "Abe P02")]);
    assert_eq!(
        mapped.faults[0].expected.as_deref(),
        Some("a text that begins with one of \"Yes\", \"KTE-C19\", \"Kym\"")
    );
    assert_eq!(names(&mapped), ["patient", "daily_toxicity"]);
    let mapped = apply("KTE-C19 P02,1960,0,0,none,0,\nKym P03,1960,0,0,none,0,\n");
    let products: Vec<_> = mapped.records.iter().filter_map(|r| r.value.get("product_code")).collect();
    assert_eq!(products, ["axi-cel", "tisa-cel"]);
}

#[test]
fn relative_days_count_from_the_anchor() {
    for (day, date) in [
        ("0", Some("2000-01-01")),
        ("14", Some("2000-01-15")),
        ("-1", Some("1999-12-31")),
        ("59", Some("2000-02-29")),
        ("36500", Some("2099-12-07")),
        ("36501", None),
        ("-36500", Some("1900-01-25")),
        ("-36501", None),
        ("1.5", None),
        ("2000-01-15", None),
        ("99999999999999999999", None),
    ] {
        let mapped = apply(&format!("Yes P02,1960,{day},0,none,0,\n"));
        let found =
            mapped.records.iter().find_map(|r| r.value.get("assessment_date")).and_then(|d| d.as_str());
        assert_eq!(found, date, "{day}");
        assert_eq!(mapped.faults.is_empty(), date.is_some());
        if date.is_none() {
            assert_eq!(places(&mapped), [(2, "day", day)]);
        }
    }
}

#[test]
fn an_identifier_with_two_blanks_is_refused_once_though_three_forms_read_it() {
    let mapped = apply("Yes  P02,1960,0,0,none,0,\n");
    assert_eq!(places(&mapped), [(2, "ID", "Yes  P02")]);
    assert!(mapped.records.is_empty());
}

#[test]
fn identifiers_are_rewritten_on_request_and_never_merged() {
    let replaced = VISITS.replace(
        "patient_id = { column = \"ID\" }",
        "patient_id = { column = \"ID\", replace = { \"Patient \" = \"\", \" \" = \"-\", \"/\" = \"-\" } }",
    );
    let mapping = Mapping::parse(&replaced).expect("sound");
    let apply = |rows: &str| mapping.apply(format!("{HEADER}{rows}").as_bytes(), "f").expect("readable");
    let mapped = apply("Yes Patient 7,,0,0,none,0,\nYes/8,,0,0,none,0,\n");
    assert!(mapped.faults.is_empty(), "{:#?}", mapped.faults);
    let ids: Vec<_> = mapped.records.iter().map(|r| r.value["patient_id"].clone()).collect();
    assert_eq!(ids, ["Yes-7", "Yes-8", "Yes-7", "Yes-8", "Yes-7", "Yes-8"]);
    let mapped = apply("Yes/8,,0,0,none,0,\nYes 8,,1,0,none,0,\n");
    assert_eq!(places(&mapped), [(3, "ID", "Yes 8")]);
    assert!(mapped.faults[0].message.contains("\"Yes/8\" and \"Yes 8\" are both rewritten to \"Yes-8\""));
    assert!(mapped.records.iter().all(|r| r.source_rows == [2]));
}

#[test]
fn byte_order_mark_line_ends_blanks_and_quotes_do_not_matter() {
    let plain = apply("Yes P02,1960,0,0,none,0,\nKym 3,,1,1,mild,1,x\n");
    let other = "\u{feff}ID, born ,day,crs,icans,toci,notes\r\n\"Yes P02 \",1960,0,0,none,0,\r\n Kym 3 ,,\"1\",1,mild,1,x\r\n\r\n,,,,,,\r\n";
    let mapped = mapping().apply(other.as_bytes(), "f").expect("readable");
    assert!(mapped.faults.is_empty(), "{:#?}", mapped.faults);
    assert_eq!(mapped.records, plain.records);
    assert_eq!(mapped.rows, 2);
    let semicolons = VISITS.replace("[source]", "[source]\ndelimiter = \";\"");
    let text = format!("{HEADER}Yes P02,1960,0,0,none,0,\nKym 3,,1,1,mild,1,x\n").replace(',', ";");
    let mapped = Mapping::parse(&semicolons).expect("sound").apply(text.as_bytes(), "f").expect("readable");
    assert_eq!(mapped.records, plain.records);
}

#[test]
fn rows_keep_their_spreadsheet_number() {
    let mapped = apply("Yes P02,1960,0,0,none,0,\"two\nlines\"\n\nYes P02,1960,1,7,none,0,\n");
    assert_eq!(places(&mapped), [(4, "crs", "7")]);
}

#[test]
fn ragged_rows_are_located_and_the_others_are_read() {
    let mapped = apply("Yes P02,1960,0,0,none,0\nYes P02,1960,1,0,none,0,,\nYes P02,1960,2,0,none,0,\n");
    assert_eq!(places(&mapped), [(2, "", ""), (3, "", "")]);
    assert_eq!(
        mapped.faults[0].to_string(),
        "row 2: the row has 6 cells; expected 7 cells, as the header has"
    );
    assert_eq!(mapped.rows, 3);
    assert_eq!(names(&mapped), ["patient", "infusion", "daily_toxicity"]);
    assert_eq!(mapped.records[0].source_rows, [4]);
}

#[test]
fn files_that_cannot_be_read_say_why() {
    assert!(matches!(refused(b""), SourceFault::Empty { .. }));
    assert!(matches!(refused("\u{feff}\r\n \r\n,,\r\n".as_bytes()), SourceFault::Empty { .. }));
    assert!(matches!(refused(HEADER.as_bytes()), SourceFault::NoRows { .. }));
    assert!(matches!(refused(format!("{HEADER}\n,,,,,,\n").as_bytes()), SourceFault::NoRows { .. }));
    let latin = refused(b"ID,born,day\nP\xe9,1,2\n").to_string();
    assert!(latin.contains("visits.csv: line 2 holds the byte 0xE9"), "{latin}");
    assert!(latin.contains("CSV UTF-8"));
    assert!(refused(b"\xff\xfeI\0D\0").to_string().contains("UTF-16"));
    assert!(refused(b"PK\x03\x04rest").to_string().contains("Excel workbook"));
    let open =
        refused(format!("{HEADER}Yes P02,1960,0,0,none,0,\"note\nYes P02,1960,1,0,none,0,\n").as_bytes());
    assert!(matches!(open, SourceFault::Quoting { row: 2, .. }), "{open}");
}

struct Broken;

impl std::io::Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
        Err(std::io::Error::other("the disk is gone"))
    }
}

#[test]
fn a_read_error_is_passed_on() {
    let fault = mapping().apply(Broken, "visits.csv").map(|_| ()).expect_err("unreadable");
    assert_eq!(fault.to_string(), "visits.csv: cannot be read: the disk is gone");
}

fn header_faults(header: &str) -> Vec<HeaderFault> {
    match refused(format!("{header}\n").as_bytes()) {
        SourceFault::Header { faults, .. } => faults,
        other => panic!("{other}"),
    }
}

#[test]
fn columns_must_be_those_of_the_mapping() {
    let faults = header_faults("ID,born,Day,crs_grade,icans,toci,notes");
    let [HeaderFault::NotInFile(day), HeaderFault::NotInFile(crs), rest @ ..] = faults.as_slice() else {
        panic!("{faults:#?}");
    };
    // "Day" is close to "day"; "crs_grade" is not close to "crs".
    assert!(day.to_string().ends_with("did you mean \"Day\"?"), "{day}");
    let line = VISITS.lines().nth(day.line - 1).expect("a line");
    assert!(line.starts_with("assessment_date"), "located in the mapping file: {line}");
    assert_eq!(crs.entry, "daily_toxicity.crs_grade.column");
    assert_eq!(
        rest,
        [
            HeaderFault::Unmapped { position: 3, name: "Day".to_owned(), suggestion: Some("day".to_owned()) },
            HeaderFault::Unmapped { position: 4, name: "crs_grade".to_owned(), suggestion: None },
        ]
    );
}

#[test]
fn a_column_that_nobody_asked_for_is_not_dropped() {
    let faults = header_faults("ID,born,day,crs,icans,toci,notes,weight");
    assert_eq!(faults.len(), 1);
    assert!(
        faults[0]
            .to_string()
            .contains("\"weight\" is not used by the mapping; map it, or list it under ignore")
    );
    // An ignored column that is not there was misspelt, or the file is another one.
    let faults = header_faults("ID,born,day,crs,icans,toci");
    assert!(matches!(&faults[..], [HeaderFault::NotInFile(f)] if f.entry == "source.ignore"), "{faults:#?}");
}

#[test]
fn a_header_name_twice_is_a_fault() {
    let faults = header_faults("ID,born,day,crs,icans,toci,notes,crs");
    assert_eq!(faults, [HeaderFault::Duplicate { name: "crs".to_owned(), first: 4, second: 8 }]);
}

#[test]
fn another_delimiter_is_recognized_as_the_cause() {
    let faults = header_faults("ID;born;day;crs;icans;toci;notes");
    assert!(faults[0].to_string().contains("source.delimiter"), "{}", faults[0]);
}

#[test]
fn a_column_without_a_name_may_not_hold_values() {
    let text = "ID,born,day,crs,icans,toci,notes,\nYes P02,1960,0,0,none,0,,\nYes P02,1960,1,0,none,0,,x\n";
    let mapped = mapping().apply(text.as_bytes(), "f").expect("readable");
    assert_eq!(places(&mapped), [(3, "", "x")]);
    assert_eq!(mapped.records.len(), 3);
}

proptest! {
    /// Whatever the cells hold: rows that agree come out, the others are located, nothing is lost or made up.
    #[test]
    fn every_row_is_either_in_a_record_or_in_a_fault(
        rows in prop::collection::vec((0..4u8, "[0-4]|NA|x", -2..3i8, "[0-6]|NA||high", "none|mild|9|NA|odd"), 1..30)
    ) {
        let lines: Vec<String> = rows
            .iter()
            .map(|(id, born, day, crs, icans)| format!("Yes {id},196{born},{day},{crs},{icans},0,"))
            .collect();
        let text = lines.join("\n");
        let mapped = apply(&text);
        prop_assert_eq!(mapped.rows, rows.len() as u64);
        let mut keys = std::collections::HashSet::new();
        for record in &mapped.records {
            let key = format!("{} {} {:?}", record.form.name, record.value["patient_id"], record.value.get("assessment_date"));
            prop_assert!(keys.insert(key), "a record twice");
            prop_assert!(record.source_rows.windows(2).all(|w| w[0] < w[1]));
        }
        for ((id, _, day, _, _), row) in rows.iter().zip(2u64..) {
            let recorded = mapped
                .records
                .iter()
                .any(|r| r.form.name == "daily_toxicity" && r.source_rows.contains(&row));
            let same_day = |other: u64| {
                rows.iter().zip(2u64..).any(|((i, _, d, _, _), n)| n == other && i == id && d == day)
            };
            // The only fault here without a column is a day whose grades differ in both.
            let daily = |column: Option<&str>| matches!(column, None | Some("crs" | "icans"));
            let faulted = mapped.faults.iter().any(|f| daily(f.column.as_deref()) && same_day(f.row));
            prop_assert!(recorded != faulted, "row {}: recorded {}, faulted {}", row, recorded, faulted);
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), text in "\\PC{0,80}") {
        let _ = mapping().apply(bytes.as_slice(), "f");
        let _ = apply_text(&text);
        let _ = Mapping::parse(&text);
    }
}

fn apply_text(text: &str) -> Result<Mapped, SourceFault> {
    mapping().apply(format!("{HEADER}{text}").as_bytes(), "f")
}
