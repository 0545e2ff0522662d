//! Overall and progression-free survival, worked by hand; confidence limits from R's `survfit`, log-log.

use crate::fixture::Registry;
use crate::{close, figure, result};
use clinical::codes::assessment::Category;
use clinical::forms::survival_status::Status;
use cohort::endpoints::follow_up::Contradiction;
use cohort::endpoints::{Cause, Evaluation, FollowUps, Verdict, library};
use cohort::reports::Report;
use cohort::reports::parameters::{SurvivalParameters, read};
use cohort::{Cohort, CohortDefinition, ReportError, Scope, Snapshot};
use serde_json::{Value, json};

fn report(registry: &Registry, parameters: &Value) -> Report {
    let directory = registry.write(7);
    let snapshot = Snapshot::open(directory.path(), Scope::everything()).unwrap();
    let parameters: SurvivalParameters = read(parameters).unwrap();
    cohort::reports::survival::run(&snapshot, &CohortDefinition::default(), &parameters).unwrap()
}

/// Day and whether the event came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Observation(i32, bool);

/// The endpoints of one subject.
struct Endpoints {
    os: Verdict,
    pfs: Verdict,
    progression: Verdict,
    contradiction: Option<Contradiction>,
}

impl Endpoints {
    fn of(verdict: Verdict) -> Observation {
        let Verdict::Observed(outcome) = verdict else { panic!("{verdict:?}") };
        Observation(outcome.day, outcome.cause == Cause::Event)
    }

    fn overall(&self) -> Observation {
        Self::of(self.os)
    }

    fn progression_free(&self) -> Observation {
        Self::of(self.pfs)
    }

    fn progression(&self) -> Observation {
        Self::of(self.progression)
    }

    fn contradiction(&self) -> Option<Contradiction> {
        self.contradiction
    }
}

fn one(build: impl FnOnce(&mut Registry)) -> Endpoints {
    let mut registry = Registry::new();
    registry.subject("AA-01", "P1", 0, "axi-cel");
    build(&mut registry);
    let directory = registry.write(7);
    let snapshot = Snapshot::open(directory.path(), Scope::everything()).unwrap();
    let cohort = Cohort::select(&snapshot, &CohortDefinition::default()).unwrap();
    let seen = FollowUps::of_cohort(&snapshot, &cohort).unwrap();
    let verdict = |id: &str| {
        let endpoint = library().unwrap().endpoint(id).unwrap();
        Evaluation::of(&snapshot, &cohort, &seen, endpoint).unwrap().verdicts[0]
    };
    Endpoints {
        os: verdict("os"),
        pfs: verdict("pfs"),
        progression: verdict("progression"),
        contradiction: seen.contradictions(&cohort).next().unwrap(),
    }
}

fn event(day: i32) -> Observation {
    Observation(day, true)
}

fn censored(day: i32) -> Observation {
    Observation(day, false)
}

/// Died on days 0, 10 and 30; alive on day 20; nothing known after the infusion.
fn five() -> Registry {
    let mut registry = Registry::new();
    for (id, last) in [
        ("P1", Some((0, Status::Dead))),
        ("P2", None),
        ("P3", Some((10, Status::Dead))),
        ("P4", Some((20, Status::Alive))),
        ("P5", Some((30, Status::Dead))),
    ] {
        registry.subject("AA-01", id, 5, "axi-cel");
        if let Some((day, status)) = last {
            registry.status("AA-01", id, 5 + day, status);
        }
    }
    registry
}

#[test]
fn overall_survival_of_five_subjects() {
    let report =
        report(&five(), &json!({"at": [0, 9, 10, 20, 29, 30, 31], "at_risk": [0, 1, 20, 21, 30, 31]}));
    let result = result(&report);
    let group = result.pointer("/endpoints/0/groups/0").unwrap();
    assert_eq!(group["group"], json!({"code": "axi-cel", "label": "axi-cel (axicabtagene ciloleucel)"}));
    assert_eq!(
        (&group["n"], &group["events"], &group["censored_on_day_0"], &group["person_days"]),
        (&json!(5), &json!(3), &json!(1), &json!(60))
    );
    assert_eq!(group["curve"]["day"], json!([0, 10, 20, 30]));
    assert_eq!(group["curve"]["n_risk"], json!([5, 3, 2, 1]));
    assert_eq!(group["curve"]["n_event"], json!([1, 1, 0, 1]));
    assert_eq!(group["curve"]["n_censor"], json!([1, 0, 1, 0]));
    for (i, (surv, se, lower, upper)) in [
        (0.8, 0.178_885_438_199_983, 0.203_809_263_267_639_3, 0.969_179_788_866_743),
        (0.533_333_333_333_333, 0.248_253_156_333_67, 0.068_332_087_847_202_9, 0.863_071_182_738_792),
    ]
    .into_iter()
    .enumerate()
    {
        for (name, expected) in [("survival", surv), ("std_err", se), ("lower", lower), ("upper", upper)] {
            let got = figure(group, &format!("/curve/{name}/{i}"));
            assert!((got - expected).abs() < 1e-9, "{name} {i}: {got}, expected {expected}");
        }
    }
    assert_eq!(figure(group, "/curve/survival/3"), 0.0);
    assert_eq!(group["curve"]["lower"][3], Value::Null);
    assert_eq!(group["curve"]["upper"][3], Value::Null);
    // Day 9 still has the value of day 0; day 31 is beyond the last death, where survival stays 0.
    let at: Vec<f64> = (0..7).map(|i| figure(group, &format!("/at/{i}/survival"))).collect();
    assert!(
        close(at[0], 0.8)
            && close(at[1], 0.8)
            && close(at[2], 1.6 / 3.0)
            && close(at[3], 1.6 / 3.0)
            && close(at[4], 1.6 / 3.0)
    );
    assert_eq!((at[5], at[6]), (0.0, 0.0));
    let at_risk: Vec<&Value> = group["at_risk"].as_array().unwrap().iter().map(|a| &a["n_risk"]).collect();
    assert_eq!(at_risk, [5, 3, 2, 1, 1, 0]);
    // R: quantile(survfit(...), 0.5), and the same with the event flag reversed.
    assert_eq!(group["median"], json!({"value": 30.0, "lower": 0.0, "upper": null}));
    assert_eq!(group["median_follow_up"], json!({"value": 20.0, "lower": 0.0, "upper": null}));
}

#[test]
fn survival_is_not_given_beyond_the_last_follow_up() {
    let mut registry = Registry::new();
    registry.subject("AA-01", "P1", 0, "axi-cel");
    registry.subject("AA-01", "P2", 0, "axi-cel");
    registry.status("AA-01", "P1", 10, Status::Dead);
    registry.status("AA-01", "P2", 40, Status::Alive);
    let result = result(&report(&registry, &json!({"at": [40, 41], "endpoints": ["os"]})));
    assert_eq!(figure(&result, "/endpoints/0/groups/0/at/0/survival"), 0.5);
    assert_eq!(result.pointer("/endpoints/0/groups/0/at/1/survival"), Some(&Value::Null));
    assert_eq!(result["endpoints"].as_array().unwrap().len(), 1);
    // Survival is exactly 0.5 from day 10 to the end of follow-up: the midpoint.
    assert_eq!(figure(&result, "/endpoints/0/groups/0/median/value"), 25.0);
}

#[test]
fn last_known_alive_is_the_latest_record_of_any_form() {
    assert_eq!(one(|_| {}).overall(), censored(0));
    assert_eq!(one(|r| r.status("AA-01", "P1", 100, Status::Alive)).overall(), censored(100));
    assert_eq!(one(|r| r.status("AA-01", "P1", 100, Status::Lost)).overall(), censored(100));
    assert_eq!(one(|r| r.status("AA-01", "P1", -3, Status::Alive)).overall(), censored(0));
    assert_eq!(one(|r| r.toxicity("AA-01", "P1", 14, None, None)).overall(), censored(14));
    assert_eq!(one(|r| r.response("AA-01", "P1", 1, 30, None)).overall(), censored(30));
    assert_eq!(one(|r| r.infusion("AA-01", "P1", 2, 200, "axi-cel")).overall(), censored(200));
    assert_eq!(one(|r| r.course("AA-01", "P1", 1, None, Some(50), Some(52))).overall(), censored(52));
    let of_another_center = one(|r| {
        r.subject("BB-02", "P1", 0, "axi-cel");
        r.status("BB-02", "P1", 500, Status::Alive);
    });
    assert_eq!(of_another_center.overall(), censored(0));
}

#[test]
fn progression_counts_from_day_0_on_and_only_of_this_infusion() {
    let pd = |on: i32, infusion: i32| {
        one(move |r| {
            r.infusion("AA-01", "P1", 2, 60, "axi-cel");
            r.response("AA-01", "P1", 1, 20, Some(Category::Cmr));
            r.response("AA-01", "P1", infusion, on, Some(Category::Pmd));
        })
        .progression_free()
    };
    assert_eq!(pd(-1, 1), censored(20));
    assert_eq!(pd(0, 1), event(0));
    assert_eq!(pd(45, 1), event(45));
    // On the day of the next infusion it is still this one's; after it, it is not, and neither is a progression of the next.
    assert_eq!(pd(60, 1), event(60));
    assert_eq!(pd(61, 1), censored(60));
    assert_eq!(pd(80, 2), censored(20));
}

#[test]
fn without_an_event_the_last_adequate_assessment_censors() {
    assert_eq!(one(|r| r.status("AA-01", "P1", 300, Status::Alive)).progression_free(), censored(0));
    let assessed = one(|r| {
        r.response("AA-01", "P1", 1, 28, Some(Category::Pmr));
        r.response("AA-01", "P1", 1, 90, Some(Category::Ne));
        r.response("AA-01", "P1", 1, 120, None);
        r.status("AA-01", "P1", 300, Status::Alive);
    });
    assert_eq!(assessed.progression_free(), censored(28));
    assert_eq!(assessed.progression(), censored(28));
}

#[test]
fn death_is_an_event_of_progression_free_survival_unless_a_next_infusion_came_first() {
    let dead = |next: Option<i32>| {
        one(move |r| {
            r.response("AA-01", "P1", 1, 28, Some(Category::Cmr));
            if let Some(on) = next {
                r.infusion("AA-01", "P1", 2, on, "axi-cel");
            }
            r.status("AA-01", "P1", 100, Status::Dead);
        })
    };
    assert_eq!(dead(None).progression_free(), event(100));
    assert_eq!(dead(None).progression(), censored(28));
    assert_eq!(dead(Some(100)).progression_free(), event(100));
    assert_eq!(dead(Some(99)).progression_free(), censored(28));
    assert_eq!(dead(Some(99)).overall(), event(100));
}

#[test]
fn contradictory_dates_exclude_with_a_reason() {
    let reason = |build: fn(&mut Registry)| one(build).contradiction();
    assert_eq!(reason(|r| r.status("AA-01", "P1", 0, Status::Dead)), None);
    assert_eq!(reason(|r| r.status("AA-01", "P1", -1, Status::Dead)), Some(Contradiction::DeathBeforeIndex));
    let later_record = |r: &mut Registry| {
        r.status("AA-01", "P1", 10, Status::Dead);
        r.toxicity("AA-01", "P1", 11, Some(0), Some(0));
    };
    assert_eq!(reason(later_record), Some(Contradiction::RecordAfterDeath));
    let same_day = |r: &mut Registry| {
        r.status("AA-01", "P1", 10, Status::Dead);
        r.toxicity("AA-01", "P1", 10, Some(0), Some(0));
    };
    assert_eq!(reason(same_day), None);
    let alive_later = |r: &mut Registry| {
        r.status("AA-01", "P1", 10, Status::Dead);
        r.status("AA-01", "P1", 12, Status::Alive);
    };
    assert_eq!(reason(alive_later), Some(Contradiction::RecordAfterDeath));
    let twice_dead = |r: &mut Registry| {
        r.status("AA-01", "P1", 10, Status::Dead);
        r.status("AA-01", "P1", 12, Status::Dead);
    };
    assert_eq!(reason(twice_dead), Some(Contradiction::DeathDatesDiffer));
    assert_eq!(reason(|r| r.infusion("AA-01", "P1", 2, -5, "axi-cel")), Some(Contradiction::InfusionOrder));

    let mut registry = five();
    registry.subject("AA-01", "P9", 5, "axi-cel");
    registry.status("AA-01", "P9", 4, Status::Dead);
    let report = report(&registry, &json!({}));
    assert_eq!(report.head.cohort.n, 6);
    assert_eq!(result(&report)["endpoints"][0]["groups"][0]["n"], 5);
    let excluded: Vec<(&str, usize)> =
        report.head.excluded.iter().map(|e| (e.reason.as_str(), e.n)).collect();
    assert_eq!(excluded, [("the death is dated before the infusion", 1)]);
}

#[test]
fn groups_are_ordered_and_those_without_a_baseline_come_last() {
    let mut registry = five();
    registry.subject("BB-02", "P1", 0, "tisa-cel");
    registry.patient_with("BB-02", "P2", None, None, clinical::forms::patient::DateBasis::Calendar);
    registry.infusion("BB-02", "P2", 1, 0, "axi-cel");
    let groups = |by: &str| {
        let result = result(&report(&registry, &json!({"by": by})));
        let groups = result["endpoints"][1]["groups"].as_array().unwrap();
        groups
            .iter()
            .map(|g| (g["group"]["label"].as_str().unwrap().to_owned(), g["n"].as_u64().unwrap()))
            .collect::<Vec<_>>()
    };
    let expected = |list: &[(&str, u64)]| list.iter().map(|(l, n)| ((*l).to_owned(), *n)).collect::<Vec<_>>();
    assert_eq!(
        groups("product"),
        expected(&[("axi-cel (axicabtagene ciloleucel)", 6), ("tisa-cel (tisagenlecleucel)", 1)])
    );
    assert_eq!(groups("disease"), expected(&[("NHL (B-cell non-Hodgkin lymphoma)", 6), ("not recorded", 1)]));
    assert_eq!(
        groups("center"),
        expected(&[("AA-01 (First Hospital)", 5), ("BB-02 (Second Hospital, \"East\")", 2)])
    );
    assert_eq!(groups("none"), expected(&[("all subjects", 7)]));
}

#[test]
fn cohorts_of_nobody_one_and_two() {
    let mut registry = Registry::new();
    let empty = report(&registry, &json!({"by": "none"}));
    assert!(empty.head.notes[0].contains("empty"));
    let group = &result(&empty)["endpoints"][0]["groups"][0];
    assert_eq!(
        (&group["n"], &group["median"]["value"], &group["at"][0]["survival"]),
        (&json!(0), &Value::Null, &Value::Null)
    );
    assert_eq!(result(&report(&registry, &json!({})))["endpoints"][0]["groups"], json!([]));

    registry.subject("AA-01", "P1", 0, "axi-cel");
    registry.status("AA-01", "P1", 10, Status::Dead);
    let one = result(&report(&registry, &json!({})));
    assert_eq!(one["endpoints"][0]["groups"][0]["curve"]["survival"], json!([0.0]));
    assert_eq!(figure(&one, "/endpoints/0/groups/0/median/value"), 10.0);

    registry.subject("AA-01", "P2", 0, "axi-cel");
    let two = result(&report(&registry, &json!({})));
    assert_eq!(two["endpoints"][0]["groups"][0]["curve"]["n_risk"], json!([2, 1]));

    // Everybody excluded: nulls and a note.
    let mut registry = Registry::new();
    registry.subject("AA-01", "P1", 0, "axi-cel");
    registry.status("AA-01", "P1", -10, Status::Dead);
    let nobody = report(&registry, &json!({}));
    assert_eq!(result(&nobody)["endpoints"][0]["groups"][0]["n"], 0);
    assert!(nobody.head.notes.iter().any(|n| n.contains("nobody is at risk")));
}

#[test]
fn parameters_out_of_bounds_are_located() {
    let faults = |value: Value| match read::<SurvivalParameters>(&value) {
        Err(ReportError::Parameters(faults)) => faults.0.into_iter().map(|f| f.pointer).collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    assert_eq!(faults(json!({"by": "hospital", "confidence": 0.9})), ["/by", "/confidence"]);
    assert_eq!(
        faults(json!({"at": [10, -1], "conf_level": 1.0, "endpoints": []})),
        ["/at/1", "/conf_level", "/endpoints"]
    );
    assert_eq!(faults(json!({"at": [36_526]})), ["/at/0"]);
    let accepted: SurvivalParameters = read(&json!({"at": [36_525, 0, 0], "conf_level": 0.999})).unwrap();
    assert_eq!(accepted.at, [0, 36_525]);
}
