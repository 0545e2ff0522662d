//! Reports against the slow reading of the same records, on random registries.

use crate::fixture::random_registry;
use crate::slow::{self, Subject};
use crate::{close, figure, result};
use cohort::reports::parameters::read;
use cohort::reports::{incidence, survival, toxicity};
use cohort::{CohortDefinition, Scope, Snapshot};
use serde_json::{Value, json};

const SEEDS: [u64; 6] = [1, 2, 3, 4, 5, 6];

/// The code of the group of a subject.
type Key = fn(&Subject) -> Option<String>;

fn check_curve(group: &Value, times: &[(i64, bool)]) {
    let expected = slow::kaplan_meier(times);
    let column = |name: &str| group["curve"][name].as_array().unwrap().clone();
    assert_eq!(column("day"), expected.iter().map(|r| json!(r.0)).collect::<Vec<_>>());
    assert_eq!(column("n_risk"), expected.iter().map(|r| json!(r.1)).collect::<Vec<_>>());
    assert_eq!(column("n_event"), expected.iter().map(|r| json!(r.2)).collect::<Vec<_>>());
    assert_eq!(column("n_censor"), expected.iter().map(|r| json!(r.3)).collect::<Vec<_>>());
    for (got, row) in column("survival").iter().zip(&expected) {
        assert!(close(got.as_f64().unwrap(), row.4), "day {}: {got}, expected {}", row.0, row.4);
    }
    assert_eq!(group["n"], times.len());
    assert_eq!(group["events"], times.iter().filter(|t| t.1).count());
    assert_eq!(group["person_days"], times.iter().map(|t| t.0).sum::<i64>());
    for at in group["at_risk"].as_array().unwrap() {
        let day = at["day"].as_i64().unwrap();
        assert_eq!(at["n_risk"], times.iter().filter(|t| t.0 >= day).count(), "day {day}");
    }
}

#[test]
fn survival_of_each_group() {
    for seed in SEEDS {
        let registry = random_registry(seed, 80);
        let directory = registry.write(seed);
        let snapshot = Snapshot::open(directory.path(), Scope::everything()).unwrap();
        let subjects = slow::subjects(&registry);
        let keys: [(&str, Key); 4] = [
            ("product", |s| Some(s.product.clone())),
            ("center", |s| Some(s.center.clone())),
            ("disease", |s| s.disease.clone()),
            ("none", |_| None),
        ];
        for (by, key) in keys {
            let parameters = read(&json!({"by": by})).unwrap();
            let report = survival::run(&snapshot, &CohortDefinition::default(), &parameters).unwrap();
            let mut excluded: Vec<(String, usize)> =
                report.head.excluded.iter().map(|e| (e.reason.clone(), e.n)).collect();
            excluded.sort();
            let mut expected: Vec<(String, usize)> = Vec::new();
            for subject in &subjects {
                if let Some(reason) = subject.excluded {
                    match expected.iter_mut().find(|(r, _)| r == reason) {
                        Some((_, n)) => *n += 1,
                        None => expected.push((reason.to_owned(), 1)),
                    }
                }
            }
            expected.sort();
            assert_eq!(excluded, expected);
            assert!(!excluded.is_empty());
            let result = result(&report);
            for (i, endpoint) in ["os", "pfs"].iter().enumerate() {
                assert_eq!(result["endpoints"][i]["endpoint"], *endpoint);
                let mut seen = 0;
                for group in result["endpoints"][i]["groups"].as_array().unwrap() {
                    let code = group["group"]["code"].as_str().map(str::to_owned);
                    let members = subjects.iter().filter(|s| s.excluded.is_none() && key(s) == code);
                    let times: Vec<(i64, bool)> =
                        members.map(|s| if i == 0 { s.os } else { s.pfs }).collect();
                    seen += times.len();
                    check_curve(group, &times);
                }
                assert_eq!(seen, subjects.iter().filter(|s| s.excluded.is_none()).count());
            }
        }
    }
}

/// What the slow reading says of one toxicity of one subject.
struct Course {
    grades: Vec<(i64, i32)>,
    onset: Option<i64>,
    ending: (i64, u8),
}

fn course(subject: &Subject, place: usize) -> Option<Course> {
    let grades: Vec<(i64, i32)> =
        subject.days.iter().filter_map(|(day, (g, _))| Some((*day, g[place]?))).collect();
    let last = grades.last()?.0;
    let onset = grades.iter().find(|(_, g)| *g >= 2).map(|(day, _)| *day);
    let ending = match (onset, subject.death) {
        (Some(day), _) => (day, 1),
        (None, Some(death)) if death <= 30 && death - last <= 1 => (death, 2),
        _ => (last, 0),
    };
    Some(Course { grades, onset, ending })
}

#[test]
fn toxicity_of_everybody() {
    for seed in SEEDS {
        let registry = random_registry(seed, 80);
        let directory = registry.write(seed + 100);
        let snapshot = Snapshot::open(directory.path(), Scope::everything()).unwrap();
        let report =
            toxicity::run(&snapshot, &CohortDefinition::default(), &read(&Value::Null).unwrap()).unwrap();
        let result = result(&report);
        let all: Vec<Subject> =
            slow::subjects(&registry).into_iter().filter(|s| s.excluded.is_none()).collect();
        assert_eq!(result["groups"][0]["n"], all.len());
        for place in 0..2 {
            let got = &result["groups"][0]["toxicities"][place];
            let courses: Vec<Course> = all.iter().filter_map(|s| course(s, place)).collect();
            assert_eq!(got["evaluable"], courses.len());
            assert_eq!(got["not_evaluable"], all.len() - courses.len());
            for grade in 0..=5 {
                let with_max =
                    courses.iter().filter(|c| c.grades.iter().map(|g| g.1).max() == Some(grade)).count();
                assert_eq!(got["max_grade"][grade as usize]["n"], with_max);
                let days: usize =
                    courses.iter().map(|c| c.grades.iter().filter(|g| g.1 == grade).count()).sum();
                assert_eq!(got["person_days"]["by_grade"][grade as usize], days);
            }
            let without_grade: usize =
                all.iter().map(|s| s.days.values().filter(|d| d.0[place].is_none()).count()).sum();
            assert_eq!(got["person_days"]["recorded_without_grade"], without_grade);
            let without_record: i64 = all
                .iter()
                .filter_map(|s| {
                    Some(
                        s.days.keys().last()? - s.days.keys().next()? + 1 - s.days.len().cast_signed() as i64,
                    )
                })
                .sum();
            assert_eq!(got["person_days"]["without_record"], without_record);
            let gaps: i64 = courses
                .iter()
                .map(|c| {
                    c.grades[c.grades.len() - 1].0 - c.grades[0].0 + 1 - c.grades.len().cast_signed() as i64
                })
                .sum();
            assert_eq!(got["person_days"]["gaps"], gaps);

            let mut onsets: Vec<i64> = courses.iter().filter_map(|c| c.onset).collect();
            onsets.sort_unstable();
            let before = |c: &Course| {
                c.onset.map(|d| (0..d).filter(|day| !c.grades.iter().any(|g| g.0 == *day)).count())
            };
            let unassessed: Vec<usize> = courses.iter().filter_map(before).collect();
            let threshold = &got["onset_threshold"];
            assert_eq!(threshold["n"], onsets.len());
            assert_eq!(threshold["unassessed_days_before"], unassessed.iter().sum::<usize>());
            assert_eq!(
                threshold["with_unassessed_days_before"],
                unassessed.iter().filter(|n| **n > 0).count()
            );
            assert_eq!(threshold["day"]["max"], *onsets.last().unwrap());
            for bin in threshold["histogram"].as_array().unwrap() {
                assert_eq!(bin["n"], onsets.iter().filter(|d| bin["day"] == **d).count());
            }

            let endings: Vec<(i64, u8)> = courses.iter().map(|c| c.ending).collect();
            let expected = slow::cumulative_incidence(&endings);
            let curve = &got["incidence"]["curve"];
            assert_eq!(curve["day"], json!(expected.iter().map(|r| r.0).collect::<Vec<_>>()));
            for (i, (day, one, two)) in expected.iter().enumerate() {
                assert!(close(figure(curve, &format!("/cif/{i}")), *one), "day {day}");
                assert!(close(figure(curve, &format!("/competing_cif/{i}")), *two), "day {day}");
            }
        }
        for (place, drug) in result["groups"][0]["drugs"].as_array().unwrap().iter().enumerate() {
            let given = |s: &Subject| s.days.values().any(|d| d.1[place] == Some(true));
            let recorded = |s: &Subject| s.days.values().any(|d| d.1[place].is_some());
            assert_eq!(drug["given"], all.iter().filter(|s| given(s)).count());
            assert_eq!(drug["recorded"], all.iter().filter(|s| recorded(s)).count());
        }
    }
}

#[test]
fn rates_of_everybody() {
    for seed in SEEDS {
        let registry = random_registry(seed, 80);
        let directory = registry.write(seed + 200);
        let snapshot = Snapshot::open(directory.path(), Scope::everything()).unwrap();
        let all: Vec<Subject> =
            slow::subjects(&registry).into_iter().filter(|s| s.excluded.is_none()).collect();
        let rate = |outcome: &str| {
            let parameters = read(&json!({"by": "none", "outcome": outcome})).unwrap();
            let report = incidence::run(&snapshot, &CohortDefinition::default(), &parameters).unwrap();
            result(&report)["groups"][0].take()
        };
        let death = rate("death");
        assert_eq!(death["events"], all.iter().filter(|s| s.os.1).count());
        let days: i64 = all.iter().map(|s| s.os.0).sum();
        assert_eq!(death["person_days"], days);
        assert!(close(
            figure(&death, "/rate/value"),
            figure(&death, "/events") * 100.0 / (days as f64 / 365.25)
        ));
        for (place, outcome) in ["crs", "icans"].iter().enumerate() {
            let got = rate(outcome);
            let courses: Vec<Course> = all.iter().filter_map(|s| course(s, place)).collect();
            let at_risk =
                |c: &Course| c.grades.iter().filter(|g| c.onset.is_none_or(|onset| g.0 <= onset)).count();
            assert_eq!(got["events"], courses.iter().filter(|c| c.onset.is_some()).count());
            assert_eq!(got["person_days"], courses.iter().map(at_risk).sum::<usize>());
            assert!(figure(&got, "/rate/lower") < figure(&got, "/rate/value"));
        }
    }
}

#[test]
fn the_order_of_the_rows_changes_nothing() {
    let registry = random_registry(9, 60);
    let of = |seed: u64| {
        let directory = registry.write(seed);
        let snapshot = Snapshot::open(directory.path(), Scope::everything()).unwrap();
        let definition = CohortDefinition::default();
        let survival = survival::run(&snapshot, &definition, &read(&Value::Null).unwrap()).unwrap();
        let toxicity =
            toxicity::run(&snapshot, &definition, &read(&json!({"by": "center"})).unwrap()).unwrap();
        let incidence = incidence::run(&snapshot, &definition, &read(&Value::Null).unwrap()).unwrap();
        [survival, toxicity, incidence].map(|r| result(&r).to_string())
    };
    assert_eq!(of(1), of(2));
}

#[test]
fn a_center_sees_what_a_registry_of_its_own_would_say() {
    let registry = random_registry(10, 60);
    let mut own = registry.clone();
    own.rows.retain(|(center, record)| center == "BB-02" || record.form().name == "product");
    let (all, own) = (registry.write(1), own.write(1));
    let run = |snapshot: &Snapshot| {
        let parameters = read(&json!({"by": "product"})).unwrap();
        result(&survival::run(snapshot, &CohortDefinition::default(), &parameters).unwrap()).to_string()
    };
    let scoped = Snapshot::open(all.path(), Scope::centers(["BB-02"])).unwrap();
    let alone = Snapshot::open(own.path(), Scope::everything()).unwrap();
    assert_eq!(run(&scoped), run(&alone));
    assert_ne!(run(&scoped), run(&Snapshot::open(all.path(), Scope::everything()).unwrap()));
}
