//! Eighty real patients followed daily: the report against a count over the raw file, when the file is there.

use crate::fixture::{Directory, Registry};
use crate::result;
use clinical::forms::patient::DateBasis;
use cohort::reports::parameters::read;
use cohort::reports::toxicity;
use cohort::{CohortDefinition, Scope, Snapshot};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

/// ID, day, CRS, ICANS, then tocilizumab, siltuximab, steroids, anakinra.
type Line = (String, i32, Option<i32>, Option<i32>, [Option<bool>; 4]);

#[expect(clippy::print_stderr, reason = "whoever runs the tests should know what was not run")]
fn raw() -> Option<Vec<Line>> {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/realdata/nulisa_cart/daily_toxicity.csv");
    let Ok(text) = std::fs::read_to_string(&path) else {
        eprintln!("skipped: {} is not there", path.display());
        return None;
    };
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("ID,therapy_day,crs_grade,toci,siltux,icans_grade,steroids,anakinra"));
    let value = |cell: &str| match cell.trim() {
        "" | "NA" => None,
        other => Some(other.parse::<i32>().unwrap()),
    };
    let flag = |cell: &str| value(cell).map(|v| v == 1);
    let read = |line: &str| {
        let c: Vec<&str> = line.split(',').collect();
        assert_eq!(c.len(), 8, "{line}");
        (
            c[0].trim().to_owned(),
            value(c[1]).unwrap(),
            value(c[2]),
            value(c[5]),
            [flag(c[3]), flag(c[4]), flag(c[6]), flag(c[7])],
        )
    };
    Some(lines.map(read).collect())
}

fn as_snapshot(lines: &[Line]) -> Directory {
    let mut registry = Registry::new();
    let mut known = std::collections::BTreeSet::new();
    for (id, day, crs, icans, drugs) in lines {
        if known.insert(id.clone()) {
            let product = match &id[..3] {
                "Yes" | "KTE" => "axi-cel",
                "Kym" => "tisa-cel",
                "Bre" => "liso-cel",
                "Tec" => "brexu-cel",
                other => panic!("unknown prefix {other}"),
            };
            registry.patient_with("AA-01", id, None, None, DateBasis::PseudoAnchor);
            registry.infusion("AA-01", id, 1, 0, product);
        }
        registry.toxicity_with("AA-01", id, *day, *crs, *icans, *drugs);
    }
    registry.write(17)
}

#[test]
fn grades_onsets_and_drugs_equal_a_count_over_the_raw_file() {
    let Some(lines) = raw() else { return };
    let directory = as_snapshot(&lines);
    let snapshot = Snapshot::open_verified(directory.path(), Scope::everything()).unwrap();
    let report =
        toxicity::run(&snapshot, &CohortDefinition::default(), &read(&Value::Null).unwrap()).unwrap();
    assert!(
        report
            .head
            .notes
            .iter()
            .any(|n| n.starts_with("80 of 80 subjects have dates that count from a made-up anchor"))
    );
    let group = &result(&report)["groups"][0];
    assert_eq!(group["n"], 80);
    for place in 0..2 {
        let grade_of = |l: &Line| if place == 0 { l.2 } else { l.3 };
        let mut worst: BTreeMap<&str, Option<i32>> = BTreeMap::new();
        let mut onset: BTreeMap<&str, i32> = BTreeMap::new();
        let mut onset_any: BTreeMap<&str, i32> = BTreeMap::new();
        let mut by_grade: BTreeMap<i32, usize> = BTreeMap::new();
        let mut missing = 0;
        for line in &lines {
            let grade = grade_of(line);
            let entry = worst.entry(&line.0).or_default();
            *entry = (*entry).max(grade);
            match grade {
                Some(g) => *by_grade.entry(g).or_default() += 1,
                None => missing += 1,
            }
            for (days, from) in [(&mut onset_any, 1), (&mut onset, 2)] {
                if grade.is_some_and(|g| g >= from) {
                    let first = days.entry(&line.0).or_insert(line.1);
                    *first = (*first).min(line.1);
                }
            }
        }
        let got = &group["toxicities"][place];
        let evaluable = worst.values().filter(|w| w.is_some()).count();
        assert_eq!(got["evaluable"], evaluable);
        for grade in 0..=5 {
            assert_eq!(
                got["max_grade"][grade as usize]["n"],
                worst.values().filter(|w| **w == Some(grade)).count(),
                "grade {grade}"
            );
            assert_eq!(
                got["person_days"]["by_grade"][grade as usize],
                by_grade.get(&grade).copied().unwrap_or(0),
                "grade {grade}"
            );
        }
        assert_eq!(got["person_days"]["recorded_without_grade"], missing);
        for (member, expected) in [("onset_any", &onset_any), ("onset_threshold", &onset)] {
            assert_eq!(got[member]["n"], expected.len());
            let mut histogram: BTreeMap<i32, usize> = BTreeMap::new();
            for day in expected.values() {
                *histogram.entry(*day).or_default() += 1;
            }
            let histogram: Vec<Value> =
                histogram.into_iter().map(|(day, n)| json!({"day": day, "n": n})).collect();
            assert_eq!(got[member]["histogram"], Value::from(histogram));
        }
        assert_eq!(got["incidence"]["events"], onset.len());
        assert_eq!(got["incidence"]["events_on_day_0"], onset.values().filter(|d| **d == 0).count());
    }
    for (place, drug) in group["drugs"].as_array().unwrap().iter().enumerate() {
        let given: std::collections::BTreeSet<&str> =
            lines.iter().filter(|l| l.4[place] == Some(true)).map(|l| l.0.as_str()).collect();
        assert_eq!(drug["given"], given.len());
        assert_eq!(drug["days_given"], lines.iter().filter(|l| l.4[place] == Some(true)).count());
    }
}

#[test]
fn calendar_criteria_leave_all_of_them_out_and_say_so() {
    let Some(lines) = raw() else { return };
    let directory = as_snapshot(&lines);
    let snapshot = Snapshot::open(directory.path(), Scope::everything()).unwrap();
    let definition = CohortDefinition::parse(r#"{"infused_from": "1900-01-01"}"#).unwrap();
    let report = toxicity::run(&snapshot, &definition, &read(&Value::Null).unwrap()).unwrap();
    let steps: Vec<(usize, usize)> =
        report.head.cohort.attrition.iter().map(|s| (s.before, s.after)).collect();
    assert_eq!(steps, [(80, 80), (80, 0), (0, 0)]);
}
