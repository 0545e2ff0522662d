//! Timetable files: what is read, and what is said of what cannot be.

use super::support::day;
use clinical::criteria::Trace;
use clinical::criteria::visits::{Level, Timetable, assess};

const SOUND: &str = r#"id = "weekly"
disease = "MM"
purpose = "follow_up"
section = "2.10"
level = "II"
provenance = "proposed"
ends_on = ["death"]
title = { en = "Weekly", zh = "每周" }
tolerance = { provenance = "proposed", source = "local" }

[[point]]
code = "d7"
days = 7
window = { from_day = 5, to_day = 9 }

[[point]]
code = "M1"
months = 1
window = { before_months = 0, after_months = 1 }

[[series]]
code = "M"
from_months = 3
to_months = 9
every_months = 3
window = { before_days = 1, after_days = 2 }
"#;

#[test]
fn a_file_becomes_a_timetable() {
    let table = Timetable::from_toml(SOUND).expect("a sound file");
    assert_eq!(
        (table.id.as_str(), table.section.as_str(), table.level.map(Level::code)),
        ("weekly", "2.10", Some("II"))
    );
    assert_eq!((table.title.zh.as_str(), table.tolerance.source.as_str()), ("每周", "local"));
    let visits = assess(&table, day("2024-01-31"), day("2024-01-31"), &[], &[], &mut Trace::new());
    let found: Vec<String> = visits
        .iter()
        .map(|v| format!("{} {} {}..{}", v.code, v.target_date, v.window.from, v.window.to))
        .collect();
    assert_eq!(
        found,
        [
            "d7 2024-02-07 2024-02-05..2024-02-09",
            "M1 2024-02-29 2024-02-29..2024-03-29",
            "M3 2024-04-30 2024-04-29..2024-05-02",
            "M6 2024-07-31 2024-07-30..2024-08-02",
            "M9 2024-10-31 2024-10-30..2024-11-02",
        ]
    );
}

/// The file with `from` replaced by `to` is refused at this line, naming the field and saying so.
fn refused(from: &str, to: &str, line: usize, field: &str, says: &str) {
    assert!(SOUND.contains(from), "{from}");
    let error = Timetable::from_toml(&SOUND.replacen(from, to, 1)).expect_err(to);
    assert_eq!((error.line, error.field.as_str()), (Some(line), field), "{to}: {error}");
    assert!(error.problem.contains(says), "{to}: {error}");
}

#[test]
fn faults_name_line_and_field() {
    refused("disease = \"MM\"", "disease = \"MN\"", 2, "disease", "NHL, MM");
    refused("level = \"II\"", "level = \"IV\"", 5, "level", "I, II, III");
    refused(
        "provenance = \"proposed\"\nends",
        "provenance = \"guess\"\nends",
        6,
        "provenance",
        "seed, reconstructed",
    );
    refused("[\"death\"]", "[\"deth\"]", 7, "ends_on[0]", "death");
    refused("id = \"weekly\"", "id = \"Weekly\"", 1, "id", "a-z");
    refused("id = \"weekly\"", "id = \"\"", 1, "id", "1 to 64");
    refused("section = \"2.10\"", "section = 2.10", 4, "section", "string");
    refused("level = \"II\"", "levels = \"II\"", 5, "levels", "levels");
    refused("level = \"II\"", "level = ", 5, "", "");
    refused("code = \"d7\"", "code = \"x7\"", 12, "point[0].code", "as in d14");
    refused("from_day = 5", "from = 5", 14, "point[0].window.from", "from_day");
}

#[test]
fn faults_of_points() {
    refused("code = \"d7\"", "code = \"d8\"", 11, "point[0].code", "expected d7");
    refused("code = \"d7\"\ndays = 7", "code = \"d7\"\ndays = 7\nmonths = 1", 11, "point[0].days", "either");
    refused("code = \"d7\"\ndays = 7", "code = \"d0\"\ndays = 0", 11, "point[0].days", "from 1 to 1200");
    refused(
        "code = \"d7\"\ndays = 7",
        "code = \"d1201\"\ndays = 1201",
        11,
        "point[0].days",
        "from 1 to 1200",
    );
    refused("from_day = 5", "from_day = 8", 11, "point[0].window", "do not hold");
    refused("to_day = 9", "to_day = 6", 11, "point[0].window", "do not hold");
    refused("from_day = 5", "from_day = 0", 11, "point[0].window", "1 or later");
    refused("from_day = 5, ", "", 11, "point[0].window", "from_day with to_day");
    refused("to_day = 9", "to_day = 9, after_days = 1", 11, "point[0].window", "expected");
    refused("before_months = 0, ", "", 16, "point[1].window", "before_months");
    refused(
        "before_months = 0",
        "before_months = 0, before_days = 1",
        16,
        "point[1].window",
        "before_months",
    );
    // One month has 28 to 31 days.
    let days = |from: u32, to: u32| {
        SOUND.replace("before_months = 0, after_months = 1", &format!("from_day = {from}, to_day = {to}"))
    };
    assert!(Timetable::from_toml(&days(28, 31)).is_ok());
    assert!(Timetable::from_toml(&days(29, 31)).is_err());
    assert!(Timetable::from_toml(&days(28, 30)).is_err());
}

#[test]
fn faults_of_series_and_order() {
    refused("every_months = 3", "every_months = 0", 21, "series[0].every_months", "1 or more");
    refused("every_months = 3", "every_months = 4", 21, "series[0].to_months", "not reached");
    refused("from_months = 3", "from_months = 12", 21, "series[0].from_months", "from <= to");
    refused("from_months = 3", "from_months = 0", 21, "series[0].from_months", "1 <= from");
    refused("to_months = 9", "to_months = 1203", 21, "series[0].from_months", "1200");
    refused(
        "before_days = 1, after_days = 2",
        "from_day = 1, to_day = 99",
        21,
        "series[0].window",
        "every point",
    );
    refused("code = \"M\"\n", "code = \"D\"\n", 22, "series[0].code", "`M`");
    refused(
        "from_months = 3\nto_months = 9\nevery_months = 3",
        "from_months = 1\nto_months = 9\nevery_months = 4",
        21,
        "series[0]",
        "do not come after",
    );
    refused(
        "code = \"d7\"\ndays = 7\nwindow = { from_day = 5, to_day = 9 }",
        "code = \"d28\"\ndays = 28\nwindow = { from_day = 28, to_day = 28 }",
        16,
        "point[1]",
        "do not come after",
    );
    assert!(
        Timetable::from_toml(&SOUND.replace(
            "code = \"d7\"\ndays = 7\nwindow = { from_day = 5, to_day = 9 }",
            "code = \"d27\"\ndays = 27\nwindow = { from_day = 27, to_day = 27 }"
        ))
        .is_ok()
    );
    let twice = format!(
        "{SOUND}\n[[point]]\ncode = \"d7\"\ndays = 7\nwindow = {{ before_days = 1, after_days = 1 }}\n"
    );
    let error = Timetable::from_toml(&twice).expect_err("twice");
    assert_eq!((error.line, error.field.as_str()), (Some(28), "point[2]"));
}

fn with(more: &str) -> String {
    format!("{SOUND}\n{more}")
}

#[test]
fn faults_of_chains_and_endless_series() {
    let chain = |every: u32, min: u32, max: u32| {
        with(&format!(
            "[[chain]]\ncode = \"R\"\nfirst_number = 2\nevery_months = {every}\ngap_days = {{ min = {min}, max = {max} }}\n"
        ))
    };
    let field = |text: String| Timetable::from_toml(&text).err().map(|e| (e.line, e.field));
    assert_eq!(field(chain(1, 28, 31)), None);
    assert_eq!(field(chain(1, 29, 31)), Some((Some(28), "chain[0].gap_days".to_owned())));
    assert_eq!(field(chain(1, 28, 30)), Some((Some(28), "chain[0].gap_days".to_owned())));
    assert_eq!(field(chain(1, 4, 31)), None);
    assert_eq!(field(chain(1, 3, 31)), Some((Some(28), "chain[0].gap_days".to_owned())));
    assert_eq!(field(chain(0, 4, 31)), Some((Some(28), "chain[0].every_months".to_owned())));
    let endless = "[[series]]\ncode = \"M\"\nfrom_months = 12\nevery_months = 12\nwindow = { before_days = 1, after_days = 1 }\n";
    assert_eq!(field(with(endless)), None);
    let followed = chain(1, 28, 31) + endless;
    assert_eq!(field(followed), Some((Some(28), "chain[0]".to_owned())));
    let head = SOUND.split("[[point]]").next().unwrap_or_default();
    assert_eq!(field(head.to_owned()), Some((None, String::new())), "no point");
    let alone = format!(
        "{head}[[chain]]\ncode = \"R\"\nfirst_number = 1\nevery_months = 1\ngap_days = {{ min = 21, max = 42 }}\n"
    );
    assert_eq!(field(alone), Some((Some(11), "chain[0]".to_owned())));
    let lenient_only = SOUND.replace("to_day = 9 }", "to_day = 9 }\nwhen = { partition = \"lenient\" }");
    assert_eq!(field(lenient_only.clone()), None);
    let head_of_points = lenient_only.split("[[point]]\ncode = \"M1\"").next().unwrap_or_default().to_owned();
    assert_eq!(field(head_of_points), Some((None, String::new())), "nothing under the strict reading");
    let unknown = SOUND.replace("to_day = 9 }", "to_day = 9 }\nwhen = { reading = \"lenient\" }");
    assert_eq!(field(unknown), Some((Some(15), "point[0].when.reading".to_owned())));
}

#[test]
fn a_fault_is_told_with_its_file() {
    let error = Timetable::from_toml(&SOUND.replace("days = 7", "days = -7")).expect_err("negative");
    let text = error.in_file("weekly.toml").to_string();
    assert!(text.starts_with("weekly.toml:13: point[0].days: "), "{text}");
}
