//! The example mapping: checked by itself, and on the real table where it is at hand (it is not part of the project).

use chrono::NaiveDate;
use clinical::record::Entries;
use clinical::{Context, Record};
use mapping::{Mapped, Mapping};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

const EXAMPLE: &str = include_str!("../examples/nulisa_cart.toml");

fn mapping() -> Mapping {
    Mapping::parse(EXAMPLE).expect("a sound example")
}

fn count(mapped: &Mapped, form: &str) -> usize {
    mapped.records.iter().filter(|r| r.form.name == form).count()
}

/// Every record as the registry reads it; fails when a hard rule is broken.
fn accepted(mapped: &Mapped) -> Vec<Record> {
    let context = Context { today: NaiveDate::from_ymd_opt(2026, 1, 1).expect("a day") };
    mapped
        .records
        .iter()
        .map(|mapped| {
            let entries = Entries::parse(mapped.line().as_bytes()).expect("an object");
            let (record, findings) = Record::from_json(mapped.form, &entries, context);
            record.unwrap_or_else(|| panic!("{}: {findings:?}", mapped.line()))
        })
        .collect()
}

#[test]
fn the_example_makes_acceptable_records_of_every_form() {
    let text = "ID,therapy_day,crs_grade,toci,siltux,icans_grade,steroids,anakinra\n\
                Yes X1 ,0,0,0,0,0,0,0\nYes X1 ,1,NA,,,NA,,\nTec X2,0,2,1,0,1,1,0\n";
    let mapped = mapping().apply(text.as_bytes(), "example.csv").expect("readable");
    assert!(mapped.faults.is_empty(), "{:#?}", mapped.faults);
    let counts: Vec<_> =
        ["patient", "disease", "infusion", "daily_toxicity"].map(|f| count(&mapped, f)).into();
    assert_eq!(counts, [2, 2, 2, 3]);
    let records = accepted(&mapped);
    assert_eq!(records[0].text("patient_id"), Some("Yes X1"));
    assert_eq!(records[0].text("date_basis"), Some("PSEUDO_ANCHOR"));
    assert_eq!(records[5].text("product_code"), Some("brexu-cel"));
    assert_eq!(records[7].missing().iter().count(), 2);
}

#[test]
#[expect(clippy::print_stderr, reason = "a skipped comparison has to be seen")]
fn the_real_table_gives_its_patients_days_and_gaps() {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/realdata/nulisa_cart/daily_toxicity.csv");
    let Ok(bytes) = std::fs::read(&path) else {
        eprintln!("skipped: the NULISA-CART table is not at hand");
        return;
    };
    let mapped = mapping().apply(bytes.as_slice(), "daily_toxicity.csv").expect("readable");
    assert_eq!(mapped.rows, 1200);

    // Counted from the raw text, without any of the code under test.
    let all: Vec<Vec<&str>> = std::str::from_utf8(&bytes)
        .expect("text")
        .lines()
        .skip(1)
        .map(|line| line.split(',').map(str::trim).collect())
        .collect();
    let same_day = |r: &[&str]| all.iter().filter(|o| o[..2] == r[..2]).count();
    let raw: Vec<&Vec<&str>> = all.iter().filter(|r| same_day(r) == 1).collect();
    let raw_count = |column: usize, cell: &str| raw.iter().filter(|r| r[column] == cell).count();

    // One patient has day 8 twice, once graded and once not recorded; the patient before has no day 8. Which row is whose is not for
    // the mapping to guess: both are left out and located.
    assert_eq!((all.len(), raw.len()), (1200, 1198));
    let faults: Vec<String> = mapped.faults.iter().map(ToString::to_string).collect();
    assert_eq!(faults.len(), 1, "{faults:#?}");
    assert!(
        faults[0].starts_with(
            "row 910: row 895 says the same daily_toxicity (Kym P18, 1, 2000-01-09) differently"
        ),
        "{faults:#?}"
    );
    let counts = ["patient", "disease", "infusion", "daily_toxicity"].map(|form| count(&mapped, form));
    assert_eq!(counts, [80, 80, 80, raw.len()]);

    let records = accepted(&mapped);
    let daily: Vec<&Record> = records.iter().filter(|r| r.form().name == "daily_toxicity").collect();
    for (field, column) in [("crs_grade", 2), ("icans_grade", 5)] {
        let gaps = daily.iter().filter(|r| r.missing().get(field).is_some()).count();
        assert_eq!(gaps, raw_count(column, "NA") + raw_count(column, ""), "{field}");
        assert!(gaps > 0);
        for grade in 0..=5 {
            let found = daily.iter().filter(|r| r.integer(field) == Some(grade)).count();
            assert_eq!(found, raw_count(column, &grade.to_string()), "{field} {grade}");
        }
    }
    for (field, column) in [("tocilizumab", 3), ("siltuximab", 4), ("steroids", 6), ("anakinra", 7)] {
        for (value, cell) in [("true", "1"), ("false", "0"), ("", "")] {
            let found = daily.iter().filter(|r| r.cell(field).to_text() == value).count();
            assert_eq!(found, raw_count(column, cell), "{field} {value:?}");
        }
    }
    let days: BTreeSet<String> = daily.iter().map(|r| r.cell("assessment_date").to_text()).collect();
    assert_eq!((days.len(), days.first().map(String::as_str)), (15, Some("2000-01-01")));
    assert_eq!(days.last().map(String::as_str), Some("2000-01-15"));

    let mut products: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for row in &all {
        let product = match row[0].split(' ').next() {
            Some("Yes" | "KTE-C19") => "axi-cel",
            Some("Kym") => "tisa-cel",
            Some("Bre") => "liso-cel",
            Some("Tec") => "brexu-cel",
            other => panic!("{other:?}"),
        };
        products.entry(product).or_default().insert(row[0]);
    }
    for (product, patients) in products {
        let found: BTreeSet<&str> = records
            .iter()
            .filter(|r| r.text("product_code") == Some(product))
            .filter_map(|r| r.text("patient_id"))
            .collect();
        assert_eq!(found, patients, "{product}");
    }
    // Each record knows the row it came from: the header is row 1.
    for mapped in mapped.records.iter().filter(|r| r.form.name == "daily_toxicity") {
        let [row] = mapped.source_rows.as_slice() else { panic!("{:?}", mapped.source_rows) };
        let source = &all[usize::try_from(*row).expect("small") - 2];
        assert_eq!(mapped.value["patient_id"], source[0]);
    }
}
