//! Files of every format become the same rows, and rejected rows come back in the format they came in.
#![expect(clippy::unwrap_used, reason = "a test that cannot read what it wrote has failed")]

use chrono::NaiveDate;
use clinical::finding::Language;
use clinical::form::Context;
use clinical::forms;
use intake::{Fault, Format, Place, Read, Source, Spread, spread, write_rejected, write_template};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{Read as _, Seek, Write};
use std::path::Path;

const HEADER: &str = "patient_id,birth_year,sex,consent_registry,date_basis";

fn context() -> Context {
    Context { today: NaiveDate::from_ymd_opt(2026, 1, 1).unwrap() }
}

fn file(bytes: &[u8]) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    file.flush().unwrap();
    file
}

fn form(name: Option<&str>) -> Option<&'static clinical::FormDescriptor> {
    name.map(|n| forms::clinical(n).unwrap().1)
}

fn parts(path: &Path, format: Format, named: Option<&str>, bytes: u64) -> Spread {
    spread(path, format, form(named), bytes, &std::env::temp_dir()).unwrap()
}

fn read(bytes: &[u8], format: Format, named: Option<&str>, part_bytes: u64) -> Vec<Read> {
    let file = file(bytes);
    let spread = parts(file.path(), format, named, part_bytes);
    let mut read: Vec<Read> = spread
        .parts
        .into_iter()
        .flat_map(|part| part.rows().unwrap())
        .map(|row| row.read(&spread.tables, form(named), context()))
        .collect();
    read.sort_by_key(|r| r.place);
    read
}

fn outcomes(read: &[Read]) -> Vec<String> {
    let one = |r: &Read| match &r.record {
        Some(record) => format!("{} {}", r.place.row, record.text("patient_id").unwrap()),
        None => format!("{} {}", r.place.row, r.findings.iter().next().unwrap().rule.id),
    };
    read.iter().map(one).collect()
}

#[test]
fn an_untouched_template_has_no_rows_and_every_sheet_fits_its_form() {
    let book = file(&write_template(forms::CLINICAL, Language::Zh).unwrap());
    let spread = parts(book.path(), Format::Xlsx, None, 1 << 20);
    assert_eq!((spread.rows, spread.tables.len()), (0, forms::CLINICAL.len()));
    for (table, form) in spread.tables.iter().zip(forms::CLINICAL) {
        assert_eq!((table.name.as_str(), table.columns.len()), (form.name, form.fields.len()));
    }
}

#[test]
fn all_rows_of_a_patient_meet_in_one_part_and_none_is_lost() {
    let mut text = String::new();
    for n in 0..500 {
        let patient = n % 50;
        writeln!(text, "{{\"form\":\"patient\",\"patient_id\":\"P{patient}\",\"n\":{n}}}").unwrap();
    }
    text += "{broken\n\n[]\n";
    let lines = file(text.as_bytes());
    let spread = parts(lines.path(), Format::Ndjson, None, 1_000);
    assert_eq!(spread.rows, 502);
    let mut home: BTreeMap<String, usize> = BTreeMap::new();
    let (mut rows, mut used) = (Vec::new(), 0);
    for (index, part) in spread.parts.into_iter().enumerate() {
        let of_part = part.rows().unwrap();
        used += usize::from(!of_part.is_empty());
        for row in of_part {
            rows.push(row.place.row);
            let read = row.read(&[], None, context());
            if let Some(id) =
                read.findings.iter().find_map(|f| f.received.clone()).filter(|t| t.starts_with('P'))
            {
                assert_eq!(*home.entry(id).or_insert(index), index);
            }
        }
    }
    rows.sort_unstable();
    let expected: Vec<u64> = (1..=501).chain([503]).collect();
    assert_eq!(rows, expected);
    assert!(used > 10, "{used} parts were used");
}

#[test]
fn an_open_quotation_mark_does_not_swallow_the_memory() {
    let mut text = format!("{HEADER}\nP1,1960,F,Y,CALENDAR\n\"P2,1960,F,Y,CALENDAR\n");
    for n in 0..400_000 {
        writeln!(text, "P{n},1960,F,Y,CALENDAR").unwrap();
    }
    let read = read(text.as_bytes(), Format::Csv, Some("patient"), 1 << 30);
    assert_eq!(outcomes(&read), ["2 P1", "3 record.malformed"]);
    assert!(read[1].findings.iter().next().unwrap().received.as_ref().unwrap().contains("quotation mark"));
}

#[test]
fn a_line_of_any_length_is_one_fault() {
    let mut text = b"{\"form\":\"patient\",\"patient_id\":\"".to_vec();
    text.extend(vec![b'x'; 40 << 20]);
    text.extend(b"\"}\n{\"form\":\"patient\",\"patient_id\":\"P\",\"birth_year\":1960,\"sex\":\"F\",\"consent_registry\":\"Y\",\"date_basis\":\"CALENDAR\"}\n");
    assert_eq!(outcomes(&read(&text, Format::Ndjson, None, 1 << 30)), ["1 record.malformed", "2 P"]);
}

#[test]
fn rejected_rows_keep_their_cells_and_can_be_sent_again() {
    let text = format!(
        "{HEADER},sequela_version\nP1,1960,F,Y,CALENDAR,\n\"P,2\",1960,F,Y,CALENDAR,3\nP3,1960,F,Y\n"
    );
    let source = file(text.as_bytes());
    let reasons = BTreeMap::from([
        (Place { table: 0, row: 3 }, "patient_id: \"odd\"".to_owned()),
        (Place { table: 0, row: 4 }, "too short".to_owned()),
    ]);
    let mut output = tempfile::tempfile().unwrap();
    write_rejected(source.path(), Format::Csv, form(Some("patient")), &reasons, &mut output).unwrap();
    let mut written = String::new();
    output.rewind().unwrap();
    output.read_to_string(&mut written).unwrap();
    assert_eq!(
        written,
        format!(
            "{HEADER},sequela_version,sequela_reason\n\"P,2\",1960,F,Y,CALENDAR,3,\"patient_id: \"\"odd\"\"\"\n,,,,,,too short\n"
        )
    );
    let again = read(written.as_bytes(), Format::Csv, Some("patient"), 1 << 20);
    assert_eq!(again.len(), 2);
    assert_eq!(again[0].seen, Some(3));
}

#[test]
fn what_is_no_file_of_its_format_is_said_so() {
    for (format, bytes) in [
        (Format::Xlsx, b"PK\x03\x04 nothing".as_slice()),
        (Format::Xlsx, b""),
        (Format::Parquet, b"PAR1PAR1"),
        (Format::Csv, b"\xff\xfe,\n"),
    ] {
        let file = file(bytes);
        let opened = Source::open(file.path(), format, form(Some("patient")));
        assert!(matches!(opened, Err(Fault::Unreadable(_))), "{format}");
    }
    let file = file(b"");
    assert!(matches!(Source::open(file.path(), Format::Csv, None), Err(Fault::FormNeeded { .. })));
    assert!(matches!(
        Source::open(file.path(), Format::Csv, form(Some("patient"))),
        Err(Fault::Header { .. })
    ));
}

proptest! {
    #[test]
    fn parts_of_any_size_hold_the_same_rows(patients in prop::collection::vec(0u8..20, 1..80), part in 1u64..5_000) {
        let mut text = format!("{HEADER}\n");
        for p in &patients {
            writeln!(text, "P{p},1960,F,Y,CALENDAR").unwrap();
        }
        let whole = outcomes(&read(text.as_bytes(), Format::Csv, Some("patient"), u64::MAX));
        prop_assert_eq!(outcomes(&read(text.as_bytes(), Format::Csv, Some("patient"), part)), whole);
    }

    #[test]
    fn any_bytes_are_rows_or_faults(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        for format in [Format::Ndjson, Format::Csv, Format::Xlsx, Format::Parquet] {
            let file = file(&bytes);
            if let Ok(spread) = spread(file.path(), format, form(Some("patient")), 64, &std::env::temp_dir()) {
                let read: usize = spread.parts.into_iter().map(|p| p.rows().unwrap().len()).sum();
                prop_assert_eq!(u64::try_from(read).unwrap(), spread.rows);
            }
        }
    }
}
