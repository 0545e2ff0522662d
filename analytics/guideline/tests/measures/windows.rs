//! The infusion measures: catalogue I3.7, both edges of every window, and the states that are neither met nor not met.

use crate::fixture::Registry;
use clinical::Language;
use clinical::codes::Disease;
use clinical::forms::lymphodepletion::Regimen;
use clinical::forms::patient::DateBasis;
use cohort::render::Format;
use cohort::reports::{Report, ReportKind};
use cohort::{CohortDefinition, ReportError, Scope, Snapshot};
use guideline::reports::{render, run, run_with};
use serde_json::{Value, json};

const DAY_0: i32 = 100;

/// Adds a patient with an infusion on fixture day 100 and courses ending so many days from it; `None`: end not recorded.
fn patient(registry: &mut Registry, center: &str, id: &str, disease: Disease, ends: &[Option<i32>]) {
    registry.patient_with(center, id, None, None, DateBasis::Calendar);
    registry.disease(center, id, disease);
    registry.infusion(center, id, 1, DAY_0, "axi-cel");
    for (n, end) in (1..).zip(ends) {
        let end = end.map(|day| DAY_0 + day);
        registry.course(center, id, n, Some(Regimen::Fc), end.map(|e| e - 2), end);
    }
}

fn report(registry: &Registry, parameters: &Value) -> Report {
    let directory = registry.write(31);
    let snapshot = Snapshot::open(directory.path(), Scope::everything()).unwrap();
    run(ReportKind::Adherence, &snapshot, &CohortDefinition::default(), parameters).unwrap()
}

fn result(registry: &Registry, parameters: &Value) -> Value {
    report(registry, &of_interval(parameters)).to_json().unwrap()["result"].take()
}

fn measure(result: &Value, id: &str) -> Value {
    result["measures"].as_array().unwrap().iter().find(|m| m["id"] == id).unwrap().clone()
}

/// The parameters of a run of the measures of the interval alone.
fn of_interval(parameters: &Value) -> Value {
    let mut all = json!({"measures": ["NHL-INF-01", "MM-INF-01", "MM-INF-02", "ALL-INF-01"]});
    for (name, value) in parameters.as_object().into_iter().flatten() {
        all[name] = value.clone();
    }
    all
}

/// The reason of the one patient in a measure.
fn reason_under(
    disease: Disease,
    id: &str,
    build: impl FnOnce(&mut Registry),
    parameters: &Value,
) -> (String, String) {
    let mut registry = Registry::new();
    patient(&mut registry, "AA-01", "P1", disease, &[]);
    build(&mut registry);
    let measure = measure(&result(&registry, parameters), id);
    let reasons = measure["reasons"].as_array().unwrap();
    assert_eq!((reasons.len(), &reasons[0]["n"]), (1, &json!(1)), "{id}");
    (reasons[0]["state"].as_str().unwrap().to_owned(), reasons[0]["reason"].as_str().unwrap().to_owned())
}

fn state(disease: Disease, id: &str, ends: &[Option<i32>]) -> String {
    let mut registry = Registry::new();
    patient(&mut registry, "AA-01", "P1", disease, ends);
    let overall = measure(&result(&registry, &Value::Null), id)["overall"].clone();
    let states = ["met", "not_met", "not_due", "excluded", "missing"];
    let found: Vec<&str> = states.into_iter().filter(|s| overall[s] == 1).collect();
    assert_eq!((found.len(), &overall["n"]), (1, &json!(1)), "{overall}");
    found[0].to_owned()
}

fn after(disease: Disease, id: &str, days: i32) -> String {
    state(disease, id, &[Some(-days)])
}

#[test]
fn i3_7_lymphoma() {
    assert_eq!(after(Disease::Nhl, "NHL-INF-01", 2), "met");
    assert_eq!(after(Disease::Nhl, "NHL-INF-01", 1), "not_met");
    assert_eq!(after(Disease::Nhl, "NHL-INF-01", 0), "not_met");
    assert_eq!(after(Disease::Nhl, "NHL-INF-01", 40), "met");
}

#[test]
fn i3_7_myeloma() {
    for (days, first, second) in [
        (0, "not_met", "met"),
        (1, "met", "met"),
        (2, "met", "met"),
        (3, "not_met", "met"),
        (7, "not_met", "met"),
        (8, "not_met", "not_met"),
    ] {
        assert_eq!(after(Disease::Mm, "MM-INF-01", days), first, "d-{days}");
        assert_eq!(after(Disease::Mm, "MM-INF-02", days), second, "d-{days}");
    }
    // Not within 7 days, but lymphodepletion was given again.
    assert_eq!(state(Disease::Mm, "MM-INF-02", &[Some(-30), Some(-3)]), "met");
    assert_eq!(state(Disease::Mm, "MM-INF-01", &[Some(-30), Some(-1)]), "met");
}

#[test]
fn i3_7_leukemia() {
    for (days, expected) in [(1, "not_met"), (2, "met"), (7, "met"), (8, "not_met")] {
        assert_eq!(after(Disease::BAll, "ALL-INF-01", days), expected, "d-{days}");
    }
}

#[test]
fn a_repeated_course_is_read_as_the_parameter_says() {
    let two = |r: &mut Registry| {
        r.course("AA-01", "P1", 1, Some(Regimen::Fc), Some(60), Some(62));
        r.course("AA-01", "P1", 2, Some(Regimen::Fc), Some(88), Some(91));
    };
    let meets = json!({"parameters": {"MM-INF-02": {"repeated_course": "meets"}}});
    let under = |p: &Value| reason_under(Disease::Mm, "MM-INF-02", two, p);
    assert_eq!(under(&Value::Null), ("not_met".to_owned(), "not_met".to_owned()));
    assert_eq!(under(&meets), ("met".to_owned(), "met".to_owned()));
    // The other reading stands beside the result either way.
    let mut registry = Registry::new();
    patient(&mut registry, "AA-01", "P1", Disease::Mm, &[Some(-38), Some(-9)]);
    for (parameters, other, met) in [(Value::Null, "meets", 1), (meets, "restarts_interval", 0)] {
        let measure = measure(&result(&registry, &parameters), "MM-INF-02");
        assert_eq!(measure["readings"][0]["value"], other);
        assert_eq!(measure["readings"][0]["tally"]["met"], met);
    }
}

#[test]
fn what_is_not_recorded_is_missing_and_never_not_met() {
    let missing = |reason: &str| ("missing".to_owned(), reason.to_owned());
    let of = |build: fn(&mut Registry)| reason_under(Disease::Nhl, "NHL-INF-01", build, &Value::Null);
    assert_eq!(of(|_| {}), missing("missing"));
    assert_eq!(of(|r| r.course("AA-01", "P1", 1, Some(Regimen::Fc), Some(94), None)), missing("missing"));
    assert_eq!(of(|r| r.course("AA-01", "P1", 1, None, None, None)), missing("missing"));
    // The last course is the second, whose end is not known; the first one's end does not stand in for it.
    let second_open = |r: &mut Registry| {
        r.course("AA-01", "P1", 1, Some(Regimen::Fc), Some(70), Some(72));
        r.course("AA-01", "P1", 2, Some(Regimen::Fc), Some(94), None);
    };
    assert_eq!(of(second_open), missing("missing"));
    let first_open = |r: &mut Registry| {
        r.course("AA-01", "P1", 1, Some(Regimen::Fc), Some(70), None);
        r.course("AA-01", "P1", 2, Some(Regimen::Fc), Some(94), Some(97));
    };
    assert_eq!(of(first_open), ("met".to_owned(), "met".to_owned()));
    assert_eq!(
        of(|r| r.course("AA-01", "P1", 1, Some(Regimen::Fc), Some(100), Some(101))),
        missing("missing")
    );
    let one_after = |r: &mut Registry| {
        r.course("AA-01", "P1", 1, Some(Regimen::Fc), Some(96), Some(98));
        r.course("AA-01", "P1", 2, Some(Regimen::Fc), Some(101), Some(103));
    };
    assert_eq!(of(one_after), ("met".to_owned(), "met".to_owned()));
    // A regimen that is not recorded is still a course.
    assert_eq!(
        of(|r| r.course("AA-01", "P1", 1, None, None, Some(99))),
        ("not_met".to_owned(), "not_met".to_owned())
    );
}

#[test]
fn without_lymphodepletion_the_infusion_is_excluded() {
    let of = |build: fn(&mut Registry)| reason_under(Disease::Nhl, "NHL-INF-01", build, &Value::Null);
    assert_eq!(
        of(|r| r.course("AA-01", "P1", 1, Some(Regimen::None), None, None)),
        ("excluded".to_owned(), "no_lymphodepletion".to_owned())
    );
    let one_given = |r: &mut Registry| {
        r.course("AA-01", "P1", 1, Some(Regimen::None), None, None);
        r.course("AA-01", "P1", 2, Some(Regimen::Fc), Some(95), Some(97));
    };
    assert_eq!(of(one_given), ("met".to_owned(), "met".to_owned()));
}

/// NHL: 3 met, 1 not met, 1 excluded, 1 missing at AA-01; 1 not met at BB-02. MM: 1 met. One without a baseline.
fn mixed() -> Registry {
    let mut registry = Registry::new();
    for (id, ends) in [
        ("P1", vec![Some(-2)]),
        ("P2", vec![Some(-3)]),
        ("P3", vec![Some(-2)]),
        ("P4", vec![Some(-1)]),
        ("P5", vec![None]),
    ] {
        patient(&mut registry, "AA-01", id, Disease::Nhl, &ends);
    }
    patient(&mut registry, "AA-01", "P6", Disease::Nhl, &[]);
    registry.course("AA-01", "P6", 1, Some(Regimen::None), None, None);
    patient(&mut registry, "BB-02", "P1", Disease::Nhl, &[Some(-1)]);
    patient(&mut registry, "BB-02", "P2", Disease::Mm, &[Some(-1)]);
    registry.patient_with("BB-02", "P3", None, None, DateBasis::Calendar);
    registry.infusion("BB-02", "P3", 1, DAY_0, "axi-cel");
    registry
}

#[test]
fn rates_sensitivity_centers_and_scores() {
    let report = report(&mixed(), &of_interval(&Value::Null));
    let result = report.to_json().unwrap()["result"].take();
    let nhl = measure(&result, "NHL-INF-01");
    let overall = &nhl["overall"];
    let counts =
        ["n", "met", "not_met", "not_due", "excluded", "missing"].map(|m| overall[m].as_u64().unwrap());
    assert_eq!(counts, [7, 3, 2, 0, 1, 1]);
    assert_eq!(overall["rate"]["value"], 0.6);
    assert_eq!(overall["rate_if_missing_not_met"]["value"], 0.5);
    // Wilson 3 of 5 (R's prop.test without correction).
    assert!((overall["rate"]["lower"].as_f64().unwrap() - 0.230_724_281_276_013).abs() < 1e-9);
    assert!((overall["rate"]["upper"].as_f64().unwrap() - 0.882_379_225_767_352).abs() < 1e-9);
    let centers = nhl["by_center"].as_array().unwrap();
    assert_eq!(centers.len(), 2);
    assert_eq!(
        (&centers[0]["center"]["code"], &centers[0]["rate"]["value"]),
        (&json!("AA-01"), &json!(0.75))
    );
    assert_eq!((&centers[1]["center"]["code"], &centers[1]["rate"]["value"]), (&json!("BB-02"), &json!(0.0)));
    assert_eq!(nhl["intervals"], json!([{"days": 1, "n": 2}, {"days": 2, "n": 2}, {"days": 3, "n": 1}]));
    // Q01: two free days between.
    assert_eq!((&nhl["readings"][0]["value"], &nhl["readings"][0]["tally"]["met"]), (&json!(3), &json!(1)));
    // The headline holds class N only: the myeloma measures are secondary.
    assert_eq!(result["headline"]["measures"], json!(["NHL-INF-01", "ALL-INF-01"]));
    assert_eq!(
        (&result["headline"]["tally"]["met"], &result["headline"]["tally"]["n"]),
        (&json!(3), &json!(7))
    );
    assert_eq!(
        (&result["secondary"]["tally"]["met"], &result["secondary"]["tally"]["n"]),
        (&json!(2), &json!(2))
    );
    assert_eq!((&result["disease_not_recorded"], report.head.excluded[0].n), (&json!(1), 1));
    let leukemia = measure(&result, "ALL-INF-01");
    assert_eq!((&leukemia["overall"]["n"], &leukemia["overall"]["rate"]["value"]), (&json!(0), &Value::Null));
    assert_eq!(result["guideline"]["rule_version"], "CSCO-CART-2024");
}

#[test]
fn parameters_are_overridden_printed_and_part_of_the_identity() {
    let default = report(&mixed(), &of_interval(&Value::Null));
    let stricter =
        report(&mixed(), &json!({"measures": ["NHL-INF-01"], "parameters": {"NHL-INF-01": {"min_days": 3}}}));
    let result = stricter.to_json().unwrap()["result"].take();
    assert_eq!(result["measures"].as_array().unwrap().len(), 1);
    assert_eq!(result["measures"][0]["overall"]["met"], 1);
    assert_eq!(result["measures"][0]["settings"][0]["value"], 3);
    assert_eq!(stricter.head.parameters["measures"]["NHL-INF-01"]["min_days"], 3);
    assert!(stricter.head.notes.iter().any(|n| n.contains("min_days = 3 (not the default)")));
    assert!(default.head.notes.iter().any(|n| n.contains("min_days = 2: ")));
    assert_ne!(default.head.identity, stricter.head.identity);
    assert_eq!(default.head.parameters["rule_version"], "CSCO-CART-2024");
}

#[test]
fn parameters_that_do_not_fit_are_located() {
    let directory = mixed().write(1);
    let snapshot = Snapshot::open(directory.path(), Scope::everything()).unwrap();
    let pointers = |parameters: Value| {
        let result = run(ReportKind::Adherence, &snapshot, &CohortDefinition::default(), &parameters);
        match result {
            Err(ReportError::Parameters(faults)) => {
                faults.0.into_iter().map(|f| f.pointer).collect::<Vec<_>>()
            }
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(pointers(json!({"guidelines": "x"})), ["/guidelines"]);
    assert_eq!(pointers(json!({"guideline": "x"})), ["/guideline"]);
    assert_eq!(pointers(json!({"measures": []})), ["/measures"]);
    assert_eq!(pointers(json!({"measures": ["NHL-INF-01", "NHL-INF-99"]})), ["/measures/1"]);
    let wrong = json!({"parameters": {
        "X": {}, "NHL-INF-01": {"max": 3, "min_days": "3"}, "MM-INF-02": {"repeated_course": "perhaps"},
    }});
    let expected = [
        "/parameters/MM-INF-02/repeated_course",
        "/parameters/NHL-INF-01/max",
        "/parameters/NHL-INF-01/min_days",
        "/parameters/X",
    ];
    assert_eq!(pointers(wrong), expected);
    assert_eq!(pointers(json!({"parameters": {"ALL-INF-01": {"min_days": 8}}})), ["/parameters/ALL-INF-01"]);
    assert_eq!(
        pointers(json!({"parameters": {"ALL-INF-01": {"min_days": 2.5}}})),
        ["/parameters/ALL-INF-01/min_days"]
    );
}

#[test]
fn cohorts_of_nobody_one_and_two() {
    let mut registry = Registry::new();
    let empty = result(&registry, &Value::Null);
    assert_eq!(
        (&empty["headline"]["tally"]["n"], &empty["headline"]["tally"]["rate"]["value"]),
        (&json!(0), &Value::Null)
    );
    patient(&mut registry, "AA-01", "P1", Disease::Nhl, &[Some(-2)]);
    assert_eq!(result(&registry, &Value::Null)["headline"]["tally"]["rate"]["value"], 1.0);
    patient(&mut registry, "AA-01", "P2", Disease::Nhl, &[Some(-1)]);
    assert_eq!(result(&registry, &Value::Null)["headline"]["tally"]["rate"]["value"], 0.5);
}

#[test]
fn every_report_goes_through_one_door() {
    let directory = mixed().write(1);
    let snapshot = Snapshot::open(directory.path(), Scope::everything()).unwrap();
    for kind in ReportKind::ALL {
        let report = run(kind, &snapshot, &CohortDefinition::default(), &Value::Null).unwrap();
        assert_eq!(report.head.report, kind);
        for format in [Format::Json, Format::Csv, Format::Text] {
            let once = render(&report, format, Language::En).unwrap();
            let again = run(kind, &snapshot, &CohortDefinition::default(), &json!({})).unwrap();
            assert_eq!(once, render(&again, format, Language::En).unwrap());
        }
        let svg = render(&report, Format::Svg, Language::Zh);
        let without = [
            ReportKind::Description,
            ReportKind::Incidence,
            ReportKind::Mrd,
            ReportKind::FollowUp,
            ReportKind::Adherence,
        ];
        assert_eq!(svg.is_ok(), !without.contains(&kind), "{kind:?}");
        let wrong = run(kind, &snapshot, &CohortDefinition::default(), &json!({"no_such_parameter": 1}));
        assert!(matches!(wrong, Err(ReportError::Parameters(_))));
    }
    let text = render(&report(&mixed(), &Value::Null), Format::Text, Language::En).unwrap();
    let text = String::from_utf8(text.bytes).unwrap();
    assert!(
        text.contains("NHL-INF-01 Infusion at least 2 days after lymphodepletion (NHL) (§1.6.2, I)"),
        "{text}"
    );
    assert!(text.contains("never not met"));
}

#[test]
fn guidelines_may_come_from_elsewhere() {
    let directory = mixed().write(1);
    let snapshot = Snapshot::open(directory.path(), Scope::everything()).unwrap();
    let elsewhere = || {
        let mut guideline = guideline::library::embedded("csco-car-t-2024")?;
        guideline.id = "our-own".to_owned();
        guideline.measures.truncate(1);
        Ok(guideline::Library::new(vec![guideline]))
    };
    let parameters = json!({"guideline": "our-own"});
    let report =
        run_with(ReportKind::Adherence, &snapshot, &CohortDefinition::default(), &parameters, &elsewhere)
            .unwrap();
    assert_eq!(report.head.parameters["guideline"], "our-own");
    assert_eq!(report.to_json().unwrap()["result"]["measures"].as_array().unwrap().len(), 1);
}
