//! The evaluator against a reading of the same records one by one, on random registries.

use crate::fixture::{Registry, random_registry};
use clinical::form::Form;
use clinical::forms::disease::DiseaseBaseline;
use clinical::forms::infusion::Infusion;
use clinical::forms::lymphodepletion::{Lymphodepletion, Regimen};
use cohort::reports::ReportKind;
use cohort::{CohortDefinition, Scope, Snapshot};
use guideline::reports::run;
use serde_json::json;
use std::collections::BTreeMap;

/// Reason by the definition, in the words of the report.
fn judge(
    registry: &Registry,
    center: &str,
    infusion: &Infusion,
    least: Option<i64>,
    most: Option<i64>,
    repeat_meets: bool,
) -> &'static str {
    let courses: Vec<Lymphodepletion> = registry
        .rows
        .iter()
        .filter(|(c, _)| c == center)
        .filter_map(|(_, r)| Lymphodepletion::from_record(r))
        .filter(|l| l.patient_id == infusion.patient_id && l.infusion_number == infusion.infusion_number)
        .collect();
    if courses.is_empty() {
        return "no_record";
    }
    let given: Vec<&Lymphodepletion> = courses.iter().filter(|l| l.regimen != Some(Regimen::None)).collect();
    if given.is_empty() {
        return "no_lymphodepletion";
    }
    let d0 = infusion.infusion_date;
    let before: Vec<&&Lymphodepletion> = given
        .iter()
        .filter(|l| match (l.start_date, l.end_date) {
            (_, Some(end)) => end <= d0,
            (Some(start), None) => start <= d0,
            (None, None) => true,
        })
        .collect();
    if repeat_meets && before.len() >= 2 {
        return "repeated_course";
    }
    let closed = before.iter().filter(|l| l.end_date.is_some()).map(|l| l.course_number.get()).max();
    let open = before.iter().filter(|l| l.end_date.is_none()).map(|l| l.course_number.get()).max();
    if open > closed {
        return "end_not_recorded";
    }
    let Some(end) = before.iter().filter_map(|l| l.end_date).max() else { return "after_infusion" };
    let days = (d0 - end).num_days();
    if least.is_some_and(|least| days < least) {
        "too_early"
    } else if most.is_some_and(|most| days > most) {
        "too_late"
    } else {
        "within_window"
    }
}

#[test]
fn verdicts_agree_on_random_registries() {
    let mut seen: BTreeMap<String, u64> = BTreeMap::new();
    for seed in 0..5 {
        let registry = random_registry(seed + 50, 150);
        let directory = registry.write(seed);
        let snapshot = Snapshot::open(directory.path(), Scope::everything()).unwrap();
        for meets in [false, true] {
            let reading = if meets { "meets" } else { "restarts_interval" };
            let parameters = json!({"parameters": {"MM-INF-02": {"repeated_course": reading}}});
            let report =
                run(ReportKind::Adherence, &snapshot, &CohortDefinition::default(), &parameters).unwrap();
            let result = report.to_json().unwrap()["result"].take();
            for (id, disease, least, most) in [
                ("NHL-INF-01", "NHL", Some(2), None),
                ("MM-INF-01", "MM", Some(1), Some(2)),
                ("MM-INF-02", "MM", None, Some(7)),
                ("ALL-INF-01", "B_ALL", Some(2), Some(7)),
            ] {
                let mut expected: BTreeMap<String, u64> = BTreeMap::new();
                for (center, record) in &registry.rows {
                    let Some(infusion) = Infusion::from_record(record) else { continue };
                    let of_population = registry.rows.iter().filter(|(c, _)| c == center).any(|(_, r)| {
                        DiseaseBaseline::from_record(r).is_some_and(|d| {
                            d.patient_id == infusion.patient_id && d.disease.code() == disease
                        })
                    });
                    if infusion.infusion_number.get() == 1 && of_population {
                        let repeat = meets && id == "MM-INF-02";
                        *expected
                            .entry(judge(&registry, center, &infusion, least, most, repeat).to_owned())
                            .or_default() += 1;
                    }
                }
                let measure = result["measures"].as_array().unwrap().iter().find(|m| m["id"] == id).unwrap();
                let got: BTreeMap<String, u64> = measure["reasons"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|r| (r["reason"].as_str().unwrap().to_owned(), r["n"].as_u64().unwrap()))
                    .collect();
                assert_eq!(got, expected, "{id}, seed {seed}, {reading}");
                let by_center: u64 =
                    measure["by_center"].as_array().unwrap().iter().map(|c| c["n"].as_u64().unwrap()).sum();
                assert_eq!(by_center, expected.values().sum::<u64>());
                for (reason, n) in expected {
                    *seen.entry(reason).or_default() += n;
                }
            }
        }
    }
    assert_eq!(seen.len(), 8, "every reason occurred: {seen:?}");
}
