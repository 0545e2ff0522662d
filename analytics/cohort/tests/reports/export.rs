//! What leaves for elsewhere: other readers of Parquet, analysis data sets, differences between snapshots.

use crate::fixture::{Registry, random_registry};
use clinical::codes::assessment::Category;
use clinical::forms::survival_status::Status;
use cohort::adam::{DataSet, Dates, data_sets};
use cohort::render::{Format, render};
use cohort::reports::ReportKind;
use cohort::snapshot::Difference;
use cohort::{CohortDefinition, Scope, Snapshot};
use serde_json::{Value, json};
use std::io::Write;
use std::process::{Command, Stdio};

fn sets(registry: &Registry, dates: Dates) -> Vec<DataSet> {
    let directory = registry.write(1);
    let snapshot = Snapshot::open(directory.path(), Scope::everything()).unwrap();
    data_sets(&snapshot, &CohortDefinition::default(), &[json!("os"), json!("pfs")], dates).unwrap()
}

fn column<'a>(set: &'a DataSet, name: &str) -> Vec<&'a Value> {
    let place = set.variables.iter().position(|v| v.name == name).unwrap_or_else(|| panic!("no {name}"));
    set.rows.iter().map(|row| &row[place]).collect()
}

fn two() -> Registry {
    let mut r = Registry::new();
    for id in ["P1", "P2"] {
        r.subject("AA-01", id, 0, "axi-cel");
    }
    r.response("AA-01", "P1", 1, 30, Some(Category::Cmr));
    r.derive("AA-01", "P1", "reported_category", Some("PMR"));
    r.response("AA-01", "P1", 1, 90, Some(Category::Pmd));
    r.status("AA-01", "P1", 100, Status::Dead);
    r.record(
        "AA-01",
        "infection",
        &json!({"patient_id": "P2", "infusion_number": 1, "episode_number": 1, "onset_date": "2023-12-30",
        "site": "LUNG", "pathogen_class": "VIRUS", "ctcae_grade": 3}),
    );
    r
}

#[test]
fn analysis_data_sets() {
    let all = sets(&two(), Dates::Offsets);
    let names: Vec<&str> = all.iter().map(|set| set.name).collect();
    assert_eq!(names, ["ADSL", "ADTTE", "ADAE", "ADRS"]);
    let [adsl, adtte, adae, adrs] = all.try_into().unwrap();
    assert_eq!(column(&adsl, "USUBJID"), ["AA-01-P1-1", "AA-01-P2-1"]);
    assert_eq!(column(&adsl, "DTHDY"), [&json!(100), &Value::Null]);
    assert_eq!(column(&adsl, "AGE"), [64, 64]);
    assert_eq!(column(&adsl, "TRTSDT"), [&Value::Null, &Value::Null]);
    assert_eq!(column(&adtte, "PARAMCD"), ["os", "os", "pfs", "pfs"]);
    assert_eq!(column(&adtte, "AVAL"), [100, 0, 90, 0]);
    assert_eq!(column(&adtte, "CNSR"), [0, 1, 0, 1]);
    assert_eq!(
        column(&adtte, "SRCDOM"),
        [&json!("survival_status"), &json!("infusion"), &json!("response"), &Value::Null]
    );
    assert_eq!(column(&adtte, "EVNTDESC")[3], "nothing_known");
    assert!(column(&adtte, "SRCSEQ")[0].as_str().unwrap().starts_with("record-"));
    assert_eq!((column(&adae, "ASTDY"), column(&adae, "ATOXGR")), (vec![&json!(-2)], vec![&json!(3)]));
    assert_eq!(column(&adrs, "PARAMCD"), ["OVR", "OVR", "BOR", "OVRD"]);
    assert_eq!(column(&adrs, "AVALC"), ["CMR", "PMD", "CMR", "PMR"]);
    for set in [&adsl, &adtte, &adae, &adrs] {
        let width = set.variables.len();
        assert!(set.rows.iter().all(|row| row.len() == width));
        assert_eq!(set.csv().lines().count(), set.rows.len() + 1);
        assert_eq!(&set.parquet().unwrap()[..4], b"PAR1");
        assert_eq!(set.define()["variables"].as_array().unwrap().len(), width);
    }
}

#[test]
fn calendar_dates_only_where_they_may_be_shown() {
    let [adsl, ..] = &sets(&two(), Dates::Calendar)[..] else { panic!() };
    assert_eq!(column(adsl, "TRTSDT"), ["2024-01-01", "2024-01-01"]);
    let dated = |set: &DataSet| set.csv().contains("2024-") || set.csv().contains("2023-");
    assert!(sets(&two(), Dates::Calendar).iter().filter(|set| dated(set)).count() >= 3);
    assert!(!sets(&two(), Dates::Offsets).iter().any(dated));
}

#[test]
fn dataset_json_is_version_1_1() {
    let directory = two().write(1);
    let snapshot = Snapshot::open(directory.path(), Scope::everything()).unwrap();
    let all = data_sets(&snapshot, &CohortDefinition::default(), &[json!("os")], Dates::Offsets).unwrap();
    for set in all {
        let document = set.dataset_json(&snapshot);
        for member in [
            "datasetJSONCreationDateTime",
            "datasetJSONVersion",
            "itemGroupOID",
            "records",
            "name",
            "label",
            "columns",
        ] {
            assert!(document.get(member).is_some(), "{member}");
        }
        assert_eq!(document["datasetJSONVersion"], "1.1.0");
        assert_eq!(document["records"], document["rows"].as_array().unwrap().len());
        for column in document["columns"].as_array().unwrap() {
            for member in ["itemOID", "name", "label", "dataType"] {
                assert!(column[member].is_string(), "{column}");
            }
        }
    }
}

#[test]
fn duckdb_reads_a_snapshot_and_a_report() {
    let available = Command::new("python3").args(["-c", "import duckdb"]).stderr(Stdio::null()).status();
    if !available.is_ok_and(|status| status.success()) {
        let _ = writeln!(std::io::stderr(), "skipped: python3 has no duckdb; `pip install duckdb` brings it");
        return;
    }
    let registry = random_registry(21, 40);
    let directory = registry.write(2);
    let snapshot = Snapshot::open(directory.path(), Scope::everything()).unwrap();
    let report = cohort::reports::run(
        ReportKind::Survival,
        &snapshot,
        &CohortDefinition::default(),
        &json!({"by": "none"}),
    )
    .unwrap()
    .unwrap();
    let estimates = directory.path().join("estimates.parquet");
    std::fs::write(&estimates, render(&report, Format::Parquet, clinical::Language::En).unwrap().bytes)
        .unwrap();
    let script = "
import duckdb, json, sys
d = sys.argv[1]
q = lambda text: duckdb.sql(text).fetchall()
rows = {f['form']: q(f\"select count(*) from '{d}/{f['path']}'\")[0][0] for f in json.load(open(d + '/manifest.json'))['files']}
deaths = q(f\"select count(distinct (center_id, patient_id)) from '{d}/survival_status.parquet' where status = 'DEAD' and death_date is not null\")[0][0]
typed = q(f\"select typeof(infusion_date), typeof(infusion_number), typeof(weight_kg) from '{d}/infusion.parquet' limit 1\")[0]
median = q(f\"select value from '{d}/estimates.parquet' where endpoint = 'OS' and statistic = 'median'\")[0][0]
print(json.dumps([rows, deaths, typed, median]))
";
    let output = Command::new("python3").args(["-c", script]).arg(directory.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let read: Value = serde_json::from_slice(&output.stdout).unwrap();
    for file in &snapshot.manifest().files {
        assert_eq!(read[0][&file.form], file.rows, "{}", file.form);
    }
    let mut dead: Vec<(String, Vec<String>)> = registry
        .rows
        .iter()
        .filter(|(_, r)| r.form().name == "survival_status" && r.text("status") == Some("DEAD"))
        .map(|(center, r)| (center.clone(), r.key()[..1].to_vec()))
        .collect();
    dead.sort();
    dead.dedup();
    assert_eq!(read[1], dead.len());
    assert_eq!(read[2], json!(["DATE", "INTEGER", "DOUBLE"]));
    let median = crate::result(&report)["endpoints"][0]["groups"][0]["median"]["value"].take();
    assert_eq!(read[3], median);
}

#[test]
fn differences_between_snapshots_are_by_record() {
    let before = two();
    let mut after = before.clone();
    after.id = Some("0192f0a1-0000-7000-8000-000000000002".to_owned());
    after.status("AA-01", "P2", 50, Status::Alive);
    let open = |registry: &Registry| {
        let directory = registry.write(1);
        let snapshot = Snapshot::open(directory.path(), Scope::everything()).unwrap();
        (directory, snapshot)
    };
    let ((_a, old), (_b, new)) = (open(&before), open(&after));
    let between = |a: &Snapshot, b: &Snapshot| {
        let found = Difference::between(a, b).unwrap();
        found.into_iter().map(|d| (d.form, d.added, d.changed, d.gone)).collect::<Vec<_>>()
    };
    assert_eq!(between(&old, &new), [("survival_status", 1, 0, 0)]);
    assert_eq!(between(&new, &old), [("survival_status", 0, 0, 1)]);
    assert_eq!(between(&old, &old), []);
}

#[test]
fn html_refers_to_nothing_outside() {
    let directory = two().write(1);
    let snapshot = Snapshot::open(directory.path(), Scope::everything()).unwrap();
    let hostile = CohortDefinition::from_json(&json!({"name": "<script>alert(1)</script>"})).unwrap();
    for kind in ReportKind::ALL.into_iter().filter(|k| *k != ReportKind::Adherence) {
        let report = cohort::reports::run(kind, &snapshot, &hostile, &Value::Null).unwrap().unwrap();
        let html =
            String::from_utf8(render(&report, Format::Html, clinical::Language::Zh).unwrap().bytes).unwrap();
        assert!(
            html.starts_with("<!DOCTYPE html>")
                && html.contains("lang=\"zh\"")
                && html.trim_end().ends_with("</html>")
        );
        assert!(html.contains(&report.head.identity) && !html.contains("<script"), "{kind}");
        let outside = html.replace("http://www.w3.org/2000/svg", "");
        assert!(
            !outside.contains("http") && !outside.contains("src=") && !outside.contains("url("),
            "{kind}"
        );
    }
}
