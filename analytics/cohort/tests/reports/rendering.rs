//! JSON, CSV, text and SVG; identities; the same bytes on any number of threads.

use crate::fixture::random_registry;
use clinical::Language;
use cohort::digest::sha256;
use cohort::render::{Format, render};
use cohort::reports::parameters::read;
use cohort::reports::{Report, ReportKind, incidence, survival, toxicity};
use cohort::{CohortDefinition, ReportError, Scope, Snapshot};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

fn reports(directory: &Path, scope: Scope) -> [Report; 3] {
    let snapshot = Snapshot::open(directory, scope).unwrap();
    let definition = CohortDefinition::default();
    [
        survival::run(&snapshot, &definition, &read(&Value::Null).unwrap()).unwrap(),
        toxicity::run(&snapshot, &definition, &read(&json!({"by": "product"})).unwrap()).unwrap(),
        incidence::run(&snapshot, &definition, &read(&Value::Null).unwrap()).unwrap(),
    ]
}

fn text(report: &Report, format: Format) -> String {
    String::from_utf8(render(report, format, Language::En).unwrap().bytes).unwrap()
}

fn fingerprint(directory: &Path) -> String {
    let mut all = String::new();
    for report in reports(directory, Scope::everything()) {
        for format in [Format::Json, Format::Csv, Format::Text, Format::Svg] {
            if let Ok(rendered) = render(&report, format, Language::En) {
                all.push_str(&sha256(&rendered.bytes));
            }
        }
    }
    sha256(all.as_bytes())
}

const SNAPSHOT: &str = "SEQUELA_TEST_SNAPSHOT";
const ANSWER: &str = "SEQUELA_TEST_ANSWER";

/// Only does something as the child of the next test.
#[test]
fn fingerprint_in_a_child_process() {
    if let (Ok(directory), Ok(answer)) = (std::env::var(SNAPSHOT), std::env::var(ANSWER)) {
        std::fs::write(answer, fingerprint(Path::new(&directory))).unwrap();
    }
}

#[test]
fn the_same_bytes_with_one_two_and_four_threads() {
    let directory = random_registry(21, 300).write(1);
    let expected = fingerprint(directory.path());
    assert_eq!(fingerprint(directory.path()), expected);
    for threads in ["1", "2", "4"] {
        let answer = directory.path().join(format!("answer-{threads}"));
        let status = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "rendering::fingerprint_in_a_child_process"])
            .env("POLARS_MAX_THREADS", threads)
            .env(SNAPSHOT, directory.path())
            .env(ANSWER, &answer)
            .output()
            .unwrap();
        assert!(status.status.success());
        assert_eq!(std::fs::read_to_string(answer).unwrap(), expected, "{threads} threads");
    }
}

#[test]
fn the_head_says_where_the_figures_come_from() {
    let directory = random_registry(22, 40).write(1);
    let [report, ..] = reports(directory.path(), Scope::everything());
    let json: Value = serde_json::from_str(&text(&report, Format::Json)).unwrap();
    let members: Vec<&str> = json.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        members,
        [
            "report",
            "identity",
            "snapshot",
            "cohort",
            "parameters",
            "scope",
            "engine",
            "excluded",
            "notes",
            "result"
        ]
    );
    assert_eq!(json["report"], "survival");
    assert_eq!(json["snapshot"]["taken_at"], "2026-01-02T03:04:05Z");
    assert_eq!(json["cohort"]["definition"]["infusion_number"], 1);
    assert_eq!(json["cohort"]["sha256"], CohortDefinition::default().sha256());
    assert_eq!(json["engine"]["name"], "sequela");
    assert_eq!(json["parameters"]["at"], json!([30, 100, 180, 365]));
    assert_eq!(json["scope"]["description"], "all centers; all products");
    let notes = json["notes"].to_string();
    assert!(
        notes.contains("log-log") && notes.contains("last known alive") && notes.contains("later infusion")
    );
}

#[test]
fn the_identity_changes_with_everything_it_depends_on() {
    let registry = random_registry(23, 40);
    let directory = registry.write(1);
    let mut smaller = registry.clone();
    smaller.rows.pop();
    let other = smaller.write(1);
    let run = |path: &Path, scope: Scope, definition: &str, parameters: Value| {
        let snapshot = Snapshot::open(path, scope).unwrap();
        let definition = CohortDefinition::parse(definition).unwrap();
        survival::run(&snapshot, &definition, &read(&parameters).unwrap()).unwrap().head.identity
    };
    let all = Scope::everything;
    let identities = [
        run(directory.path(), all(), "{}", Value::Null),
        run(other.path(), all(), "{}", Value::Null),
        run(directory.path(), Scope::centers(["AA-01"]), "{}", Value::Null),
        run(directory.path(), all(), r#"{"disease":["NHL"]}"#, Value::Null),
        run(directory.path(), all(), "{}", json!({"by": "center"})),
        reports(directory.path(), all())[2].head.identity.clone(),
    ];
    for (i, a) in identities.iter().enumerate() {
        assert_eq!(a.len(), 64);
        assert!(identities[i + 1..].iter().all(|b| a != b), "{i}");
    }
    // Defaults written out are the same parameters.
    assert_eq!(
        identities[0],
        run(directory.path(), all(), r#"{"infusion_number":1}"#, json!({"by": "product"}))
    );
}

/// Splits a line of CSV as RFC 4180 says.
fn cells(line: &str) -> Vec<String> {
    let (mut cells, mut cell, mut quoted) = (Vec::new(), String::new(), false);
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                cell.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(std::mem::take(&mut cell)),
            c => cell.push(c),
        }
    }
    cells.push(cell);
    cells
}

#[test]
fn csv_is_tidy_and_says_the_same_as_json() {
    let directory = random_registry(24, 60).write(1);
    let snapshot = Snapshot::open(directory.path(), Scope::everything()).unwrap();
    let parameters = read(&json!({"by": "center"})).unwrap();
    let report = survival::run(&snapshot, &CohortDefinition::default(), &parameters).unwrap();
    let csv = text(&report, Format::Csv);
    let lines: Vec<Vec<String>> = csv.split_terminator("\r\n").map(cells).collect();
    assert!(lines.iter().all(|l| l.len() == 14), "{:?}", lines.iter().find(|l| l.len() != 14));
    assert_eq!(lines[0][3..7], ["endpoint", "group", "statistic", "at"]);
    let json = report.to_json().unwrap();
    let group = &json["result"]["endpoints"][1]["groups"][1];
    assert_eq!(group["group"]["label"], "BB-02 (Second Hospital, \"East\")");
    let row = lines
        .iter()
        .find(|l| {
            l[3] == "PFS"
                && l[4] == "BB-02 (Second Hospital, \"East\")"
                && l[5] == "survival"
                && l[6] == "100"
        })
        .unwrap();
    let at = group["at"].as_array().unwrap().iter().find(|a| a["day"] == 100).unwrap();
    for (cell, member) in [(7, "survival"), (8, "std_err"), (9, "lower"), (10, "upper"), (11, "n_risk")] {
        assert_eq!(row[cell].parse::<f64>().ok(), at[member].as_f64(), "{member}");
    }
    let attrition = lines.iter().find(|l| l[5] == "attrition").unwrap();
    assert_eq!((attrition[6].as_str(), attrition[7].as_str()), ("infusion number 1", "60"));
}

#[test]
fn text_is_readable_in_both_languages() {
    let directory = random_registry(25, 60).write(1);
    for report in reports(directory.path(), Scope::everything()) {
        let english = text(&report, Format::Text);
        assert!(
            english.contains("Attrition")
                && english.contains("Notes")
                && english.contains("infusion number 1"),
            "{english}"
        );
        assert!(english.lines().all(|line| line == line.trim_end()), "{english}");
        assert!(!english.contains("NaN") && !english.contains("inf "), "{english}");
        let chinese = String::from_utf8(render(&report, Format::Text, Language::Zh).unwrap().bytes).unwrap();
        assert!(chinese.contains("队列") && chinese.contains(report.head.report.title(Language::Zh)));
    }
}

/// Every start tag has its end, attributes are quoted, and no figure is undefined.
fn check_svg(svg: &str) {
    let mut open: Vec<&str> = Vec::new();
    let mut rest = svg;
    while let Some(start) = rest.find('<') {
        let end = rest[start..].find('>').unwrap() + start;
        let tag = &rest[start + 1..end];
        assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
        let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap();
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name), "{tag}");
        } else if !tag.ends_with('/') {
            open.push(name);
        }
        rest = &rest[end + 1..];
    }
    assert!(open.is_empty(), "{open:?}");
    assert!(!svg.contains("NaN") && !svg.contains("inf") || svg.contains("infus"), "undefined coordinate");
    for part in svg.split("<path d=\"").skip(1) {
        let path = part.split('"').next().unwrap();
        assert!(path.chars().all(|c| c.is_ascii_digit() || "MLHVZv .-".contains(c)), "{path}");
    }
}

#[test]
fn curves_are_drawn_with_title_bands_ticks_and_numbers_at_risk() {
    let directory = random_registry(26, 120).write(1);
    let [survival, toxicity, incidence] = reports(directory.path(), Scope::everything());
    let svg = text(&survival, Format::Svg);
    check_svg(&svg);
    assert!(svg.contains("<title id=\"title\">Time to event</title>"));
    assert!(svg.contains("<desc id=\"desc\">") && svg.contains("font-family=\"sans-serif\""));
    // Two panels of three products: a band, a curve and censor ticks each.
    assert_eq!(svg.matches("fill-opacity").count(), 6);
    assert_eq!(svg.matches("stroke-width=\"2\"").count(), 12);
    assert!(
        svg.contains("Overall survival")
            && svg.contains("Progression-free survival")
            && svg.contains("at risk")
    );
    assert!(svg.contains(&survival.head.identity));
    check_svg(&text(&toxicity, Format::Svg));
    let error = render(&incidence, Format::Svg, Language::En).unwrap_err();
    assert!(matches!(error, ReportError::NoSuchFormat { .. }));
    assert_eq!(
        error.to_string(),
        "the incidence report has no svg form; expected one of json, csv, text, html, arrow or parquet"
    );
}

#[test]
fn an_empty_cohort_renders_in_every_format() {
    let directory = crate::fixture::Registry::new().write(1);
    for report in reports(directory.path(), Scope::everything()) {
        for format in [Format::Json, Format::Csv, Format::Text] {
            assert!(!text(&report, format).is_empty());
        }
    }
    let [survival, toxicity, _] = reports(directory.path(), Scope::everything());
    check_svg(&text(&survival, Format::Svg));
    check_svg(&text(&toxicity, Format::Svg));
}

#[test]
fn names_of_reports_and_formats_are_read() {
    for kind in ReportKind::ALL {
        assert_eq!(kind.name().parse::<ReportKind>().unwrap(), kind);
    }
    let error = "survivals".parse::<ReportKind>().unwrap_err().to_string();
    assert_eq!(
        error,
        "there is no report `survivals`; expected one of description, survival, incidence, response, mrd, toxicity, kinetics, \
         counts, swimmer, follow_up, centers, adherence"
    );
    assert_eq!("csv".parse::<Format>(), Ok(Format::Csv));
    assert!("pdf".parse::<Format>().unwrap_err().contains("expected one of json, csv, text"));
    assert_eq!(Format::Svg.media_type(), "image/svg+xml");
}
