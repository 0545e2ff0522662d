//! Person-years and standardised mortality ratios of the South Wales nickel smelters (Breslow & Day 1987) against R's
//! `Epi`, every figure of the reference file. The data set is not redistributable: read from beside the workspace.

#![expect(clippy::float_cmp, reason = "figures that are exact in binary are asserted exactly")]

use serde_json::Value;
use std::path::{Path, PathBuf};
use survival::person_years::{Beyond, Clock, FollowUps, Reckoning, Scale, split};
use survival::sir::{Cohort, Options, RateCell, Ratio, ReferenceRates, byar_limits, mid_p_limits, sir};

#[expect(clippy::print_stderr, reason = "a skipped comparison has to be seen")]
fn oracle(case: &str) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/oracles").join(case);
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("skipped: the reference data {} are not present", folder.display());
    None
}

fn columns(path: &Path, names: &[&str]) -> Vec<Vec<f64>> {
    let mut reader = csv::Reader::from_path(path).expect("csv file");
    let header = reader.headers().expect("header").clone();
    let at: Vec<usize> = names.iter().map(|n| header.iter().position(|h| h == *n).expect("column")).collect();
    let mut columns = vec![Vec::new(); names.len()];
    for record in reader.records() {
        let record = record.expect("record");
        for (column, &i) in columns.iter_mut().zip(&at) {
            column.push(record[i].parse().expect("number"));
        }
    }
    columns
}

fn close(name: &str, value: f64, reference: f64, tolerance: f64) {
    let difference = (value - reference).abs() / reference.abs().max(f64::MIN_POSITIVE);
    assert!(
        value == reference || difference <= tolerance,
        "{name}: {value} against {reference}, {difference:e}"
    );
}

/// Compares a ratio with the twelve figures of one block of the reference file; returns how many were compared.
fn compare(name: &str, ratio: &Ratio, block: &Value) -> usize {
    let figure = |key: &str| block[key].as_f64().expect("figure");
    let expected = ratio.expected;
    let (mid_low, mid_high) = mid_p_limits(ratio.observed, 0.95);
    let (byar_low, byar_high) = byar_limits(ratio.observed, 0.95);
    let figures = [
        ("person_years", ratio.person_years, 1e-10),
        ("observed", ratio.observed as f64, 0.0),
        ("expected", expected, 1e-10),
        ("sir", ratio.sir.expect("sir"), 1e-10),
        ("lower", ratio.lower.expect("lower"), 1e-9),
        ("upper", ratio.upper.expect("upper"), 1e-9),
        ("midp_lower", mid_low / expected, 1e-9),
        ("midp_upper", mid_high / expected, 1e-9),
        ("byar_lower", byar_low / expected, 1e-9),
        ("byar_upper", byar_high / expected, 1e-9),
        ("p_exact_doubling", ratio.p.expect("p"), 1e-9),
        ("excess_per_10000py", ratio.excess_per_10000.expect("excess"), 1e-9),
    ];
    for (key, value, tolerance) in figures {
        close(&format!("{name}/{key}"), value, figure(key), tolerance);
    }
    let others = block.as_object().expect("object").keys().filter(|k| *k != "by_time_since_first").count();
    assert_eq!(others, figures.len(), "{name}: a figure of the reference file is not compared");
    figures.len()
}

struct Nickel {
    birth: Vec<f64>,
    start: Vec<f64>,
    end: Vec<f64>,
    first: Vec<f64>,
    icd: Vec<f64>,
}

fn nickel(folder: &Path) -> Nickel {
    let c = columns(&folder.join("input.csv"), &["dob", "agein", "ageout", "age1st", "icd"]);
    let after_birth = |ages: &[f64]| c[0].iter().zip(ages).map(|(b, a)| b + a).collect();
    Nickel {
        start: after_birth(&c[1]),
        end: after_birth(&c[2]),
        first: after_birth(&c[3]),
        birth: c[0].clone(),
        icd: c[4].clone(),
    }
}

#[test]
fn every_figure_of_the_nickel_smelters() {
    let Some(folder) = oracle("c13_sir_nickel") else { return };
    let expected: Value =
        serde_json::from_str(&std::fs::read_to_string(folder.join("expected.json")).expect("file"))
            .expect("json");
    let data = nickel(&folder);
    assert_eq!(data.birth.len() as u64, expected["n"].as_u64().expect("n"));
    let rates = columns(&folder.join("input_reference_rates.csv"), &["year", "age", "lung", "nasal"]);
    let since = [f64::NEG_INFINITY, 20.0, 30.0, f64::INFINITY];
    let mut compared = 0;
    for (site, column, codes) in [("lung", 2, [162.0, 163.0]), ("nasal", 3, [160.0, 160.0])] {
        let cells: Vec<RateCell> = (0..rates[0].len())
            .map(|i| RateCell {
                sex: 0,
                age: (rates[1][i], None),
                period: (rates[0][i], None),
                rate: rates[column][i],
            })
            .collect();
        let reference = ReferenceRates::from_cells(&cells, 1e6).expect("reference");
        let event: Vec<bool> = data.icd.iter().map(|icd| codes.contains(icd)).collect();
        let cohort = Cohort {
            birth: &data.birth,
            start: &data.start,
            end: &data.end,
            event: &event,
            sex: None,
            origin: Some(&data.first),
        };
        let options = Options { clock: Clock::DecimalYears, since: &since, ..Options::default() };
        let result = sir(&cohort, &reference, &options).expect("sir");
        compared += compare(site, &result.total, &expected[site]);
        let by_since = expected[site]["by_time_since_first"].as_object().expect("blocks");
        assert_eq!(by_since.len(), result.by_since.len());
        for ((label, block), ratio) in by_since.iter().zip(&result.by_since) {
            compared += compare(&format!("{site}/{label}"), ratio, block);
        }
        for margin in [&result.by_sex, &result.by_age, &result.by_period] {
            let observed: u64 = margin.iter().map(|r| r.observed).sum();
            assert_eq!(observed, result.total.observed);
            close(
                "expected of a margin",
                margin.iter().map(|r| r.expected).sum(),
                result.total.expected,
                1e-12,
            );
        }
        assert_eq!(result.beyond_periods, [0.0, 0.0]);
    }
    let zero = Ratio::new(0, 1.7, 1000.0, 0.95);
    compared += compare("zero", &zero, &expected["zero_observed_example"]);
    assert_eq!(compared, 9 * 12);
}

/// The same table from decimal years and from whole numbers of 1/10,000 year, the resolution of the data.
#[test]
fn every_cell_of_the_nickel_smelters() {
    let Some(folder) = oracle("c13_sir_nickel") else { return };
    let expected: Value =
        serde_json::from_str(&std::fs::read_to_string(folder.join("expected.json")).expect("file"))
            .expect("json");
    let data = nickel(&folder);
    let event = vec![false; data.birth.len()];
    let ages: Vec<f64> = (0..15).map(|i| 10.0 + 5.0 * f64::from(i)).chain([f64::INFINITY]).collect();
    let years: Vec<f64> = (0..11).map(|i| 1931.0 + 5.0 * f64::from(i)).collect();
    let (below, above, reckoning) = (Beyond::Nearest, Beyond::Nearest, Reckoning::Elapsed);
    let rows = FollowUps { start: &data.start, end: &data.end, event: &event, stratum: None, origin: None };
    let decimal = split(
        &rows,
        1,
        &[
            Scale { origin: Some(&data.birth), edges: &ages, reckoning, below, above },
            Scale { origin: None, edges: &years, reckoning, below, above },
        ],
        0.0,
    )
    .expect("table");

    #[expect(clippy::cast_possible_truncation, reason = "19 million at most")]
    let ticks = |v: &[f64]| v.iter().map(|x| (x * 1e4).round() as i32).collect::<Vec<i32>>();
    let scaled = |v: &[f64]| v.iter().map(|x| x * 1e4).collect::<Vec<f64>>();
    let (birth, start, end) = (ticks(&data.birth), ticks(&data.start), ticks(&data.end));
    let rows = FollowUps { start: &start, end: &end, event: &event, stratum: None, origin: None };
    let whole = split(
        &rows,
        1,
        &[
            Scale { origin: Some(&birth), edges: &scaled(&ages), reckoning, below, above },
            Scale { origin: None, edges: &scaled(&years), reckoning, below, above },
        ],
        0.0,
    )
    .expect("table");

    let cells = &expected["person_years_cells"];
    let list = |key: &str| -> Vec<f64> {
        cells[key].as_array().expect("list").iter().map(|v| v.as_f64().expect("number")).collect()
    };
    let (age, year, py) = (list("age"), list("year"), list("py"));
    for i in 0..py.len() {
        let a = ages.iter().position(|v| *v == age[i]).expect("age band");
        let y = years.iter().position(|v| *v == year[i]).expect("period");
        let cell = a * 10 + y;
        close("cell in decimal years", decimal.time[cell], py[i], 1e-10);
        close("cell in whole ticks", whole.time[cell] / 1e4, py[i], 1e-10);
        assert_eq!(whole.time[cell].fract(), 0.0);
    }
    assert_eq!(decimal.time.iter().filter(|t| **t > 0.0).count(), py.len());
    assert_eq!(whole.time.iter().filter(|t| **t > 0.0).count(), py.len());
}
