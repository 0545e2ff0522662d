//! The validation cases that ship with the program: well-formed, and met by the kernels of person-time and kinetics.

use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use survival::nca::{AucMethod, BelowQuantification, Kinetics, Lloq, Samples, analyse};
use survival::person_years::{Clock, day_number};
use survival::sir::{Cohort, RateCell, ReferenceRates, sir};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../validation")
}

fn json(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn table(path: &Path) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_path(path).expect("csv file");
    let header = reader.headers().expect("header").clone();
    reader
        .records()
        .map(|r| header.iter().map(str::to_owned).zip(r.expect("record").iter().map(str::to_owned)).collect())
        .collect()
}

fn check(figure: &Value, value: &Value, run: &str) {
    let label = format!("{run} {figure}: {value}");
    match (figure["value"].as_f64(), value.as_f64()) {
        (Some(reference), Some(value)) => {
            let bound = match (figure["relative"].as_f64(), figure["absolute"].as_f64()) {
                (Some(relative), None) => relative * reference.abs(),
                (None, Some(absolute)) => absolute,
                _ => panic!("{label}: one tolerance is needed"),
            };
            assert!((value - reference).abs() <= bound, "{label}");
        }
        _ => assert_eq!(&figure["value"], value, "{label}"),
    }
}

/// Values of the options of a run.
fn options(run: &Value) -> BTreeMap<String, String> {
    let words: Vec<&str> =
        run["arguments"].as_array().expect("arguments").iter().filter_map(Value::as_str).collect();
    words.chunks(2).map(|pair| (pair[0].to_owned(), pair[1].to_owned())).collect()
}

#[test]
fn every_case_is_well_formed() {
    let mut figures = 0;
    let mut estimators = std::collections::BTreeSet::new();
    for entry in std::fs::read_dir(folder()).expect("folder of the validation cases") {
        let path = entry.expect("entry").path();
        if !path.join("case.json").is_file() {
            continue;
        }
        let (case, expected) = (json(&path.join("case.json")), json(&path.join("expected.json")));
        for key in ["title", "estimator", "data", "licence", "input"] {
            assert!(case[key].is_string(), "{}: {key}", path.display());
        }
        estimators.insert(case["estimator"].as_str().expect("estimator").to_owned());
        let rows = table(&path.join(case["input"].as_str().expect("input")));
        assert!(!rows.is_empty() && path.join("make.R").is_file());
        let runs = case["runs"].as_array().expect("runs");
        assert_eq!(expected["runs"].as_object().expect("runs").len(), runs.len(), "{}", path.display());
        for run in runs {
            let name = run["name"].as_str().expect("name");
            let list = expected["runs"][name].as_array().expect("figures");
            assert!(!list.is_empty(), "{}: {name} compares nothing", path.display());
            for figure in list {
                assert!(figure["pointer"].as_str().expect("pointer").starts_with('/'));
                assert!(expected["sources"][figure["source"].as_str().expect("source")].is_string());
                assert!(figure.get("relative").is_some() != figure.get("absolute").is_some());
            }
            figures += list.len();
        }
    }
    let named = [
        "cox",
        "cuminc",
        "fine-gray",
        "km",
        "logrank",
        "multistate",
        "nca",
        "proportion",
        "rate",
        "recurrent",
        "sir",
    ];
    assert_eq!(estimators.iter().map(String::as_str).collect::<Vec<_>>(), named);
    assert!(figures > 2000);
}

fn kinetics(run: &Value, rows: &[BTreeMap<String, String>], id: &str) -> Kinetics {
    let options = options(run);
    let column = |name: &str| -> Vec<f64> {
        rows.iter().filter(|r| r["id"] == id).map(|r| r[name].parse().expect("number")).collect()
    };
    let auc_method = match options["--auc-method"].as_str() {
        "linear" => AucMethod::Linear,
        _ => AucMethod::LinearUpLogDown,
    };
    let below_quantification = match options["--blq"].as_str() {
        "zero" => BelowQuantification::Zero,
        "drop" => BelowQuantification::Drop,
        _ => BelowQuantification::Half,
    };
    let lloq = Lloq::Constant(options["--lloq"].parse().expect("limit"));
    let rules = survival::nca::Options {
        auc_method,
        below_quantification,
        window: Some((0.0, 28.0)),
        ..survival::nca::Options::default()
    };
    analyse(&Samples { time: &column("time"), concentration: &column("conc"), lloq }, &rules)
        .expect("kinetics")
}

#[test]
fn kinetics_case() {
    let path = folder().join("nca_profiles");
    let (case, expected) = (json(&path.join("case.json")), json(&path.join("expected.json")));
    let rows = table(&path.join("input.csv"));
    for run in case["runs"].as_array().expect("runs") {
        let name = run["name"].as_str().expect("name");
        for figure in expected["runs"][name].as_array().expect("figures") {
            let pointer = figure["pointer"].as_str().expect("pointer");
            let (id, key) =
                pointer.trim_start_matches("/subjects/id=").split_once('/').expect("subject and figure");
            let k = kinetics(run, &rows, id);
            let window = k.window.expect("window");
            let value = match key {
                "cmax" => Value::from(k.cmax),
                "tmax" => Value::from(k.tmax),
                "clast" => Value::from(k.clast),
                "tlast" => Value::from(k.tlast),
                "auc_last" => Value::from(k.auc_last),
                "auc_window" => Value::from(window.area),
                "window_covered" => Value::from(window.covered),
                "lambda_z" => Value::from(k.terminal.map(|t| t.lambda_z)),
                "half_life" => Value::from(k.terminal.map(|t| t.half_life)),
                "lambda_z_points" => Value::from(k.terminal.map(|t| t.points as f64)),
                "adj_r_squared" => Value::from(k.terminal.map(|t| t.adj_r_squared)),
                other => panic!("{other} is not compared"),
            };
            check(figure, &value, name);
        }
    }
}

#[test]
fn standardised_incidence_case() {
    let path = folder().join("sir_simulated");
    let (case, expected) = (json(&path.join("case.json")), json(&path.join("expected.json")));
    let rows = table(&path.join("input.csv"));
    let sexes = ["female", "male"];
    #[expect(clippy::cast_possible_truncation, reason = "two sexes")]
    let sex_of = |text: &str| sexes.iter().position(|s| *s == text).expect("sex") as u32;
    let days = |name: &str| -> Vec<i32> {
        rows.iter()
            .map(|r| {
                let parts: Vec<i32> = r[name].split('-').map(|p| p.parse().expect("date")).collect();
                day_number(parts[0], parts[1], parts[2])
            })
            .collect()
    };
    let number = |text: &str| text.parse::<f64>().ok();
    let cells: Vec<RateCell> = table(&path.join("reference.csv"))
        .iter()
        .map(|r| RateCell {
            sex: sex_of(&r["sex"]),
            age: (number(&r["age_from"]).expect("age"), number(&r["age_to"])),
            period: (number(&r["year_from"]).expect("year"), number(&r["year_to"])),
            rate: number(&r["rate"]).expect("rate"),
        })
        .collect();
    let reference = ReferenceRates::from_cells(&cells, 1.0).expect("reference");
    let event: Vec<bool> = rows.iter().map(|r| r["event"] == "1").collect();
    let sex: Vec<u32> = rows.iter().map(|r| sex_of(&r["sex"])).collect();
    let (birth, start, end) = (days("birth"), days("start"), days("end"));
    let cohort =
        Cohort { birth: &birth, start: &start, end: &end, event: &event, sex: Some(&sex), origin: None };
    for run in case["runs"].as_array().expect("runs") {
        let name = run["name"].as_str().expect("name");
        let lag = number(&options(run)["--lag"]).expect("lag");
        let rules =
            survival::sir::Options { clock: Clock::CivilDays, lag, ..survival::sir::Options::default() };
        let total = sir(&cohort, &reference, &rules).expect("sir").total;
        for figure in expected["runs"][name].as_array().expect("figures") {
            let value = match figure["pointer"].as_str().expect("pointer") {
                "/observed" => Value::from(total.observed),
                "/expected" => Value::from(total.expected),
                "/person_years" => Value::from(total.person_years),
                "/sir" => Value::from(total.sir),
                "/lower" => Value::from(total.lower),
                "/upper" => Value::from(total.upper),
                "/p" => Value::from(total.p),
                "/excess_per_10000" => Value::from(total.excess_per_10000),
                other => panic!("{other} is not compared"),
            };
            check(figure, &value, name);
        }
    }
}
