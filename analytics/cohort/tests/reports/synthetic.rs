//! Every report on synthetic records of every form, against a slow reading of the same records, and on any number of threads.

use crate::fixture::{Directory, Registry};
use crate::{close, result};
use clinical::codes::assessment::Category;
use clinical::form::Form;
use clinical::forms::daily_toxicity::DailyToxicity;
use clinical::forms::infection::Infection;
use clinical::forms::infusion::Infusion;
use clinical::forms::kinetics_sample::KineticsSample;
use clinical::forms::laboratory::LaboratoryResult;
use clinical::forms::lymphodepletion::Lymphodepletion;
use clinical::forms::mrd::Mrd;
use clinical::forms::response::ResponseAssessment;
use clinical::forms::second_malignancy::SecondMalignancy;
use clinical::forms::subsequent_therapy::SubsequentTherapy;
use clinical::forms::survival_status::{Cause, CauseClass, Status, SurvivalStatus};
use clinical::lab::Analyte;
use clinical::{Language, Record};
use cohort::reports::{Report, ReportKind};
use cohort::{CohortDefinition, Scope, Snapshot, digest, render};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// 90 patients of 4 centers with every form.
fn registry() -> &'static Registry {
    static REGISTRY: OnceLock<Registry> = OnceLock::new();
    REGISTRY.get_or_init(|| {
        let config = synth::Config { patients: 90, centers: 4, ..synth::Config::default() };
        let synthetic = synth::Registry::new(&config).unwrap();
        let mut registry = Registry::default();
        for product in clinical::products::products() {
            registry.put("", product);
        }
        for center in synthetic.centers() {
            registry.put(center.center_id.as_str(), center.to_record());
        }
        for center in synthetic.center_records() {
            for record in center.records {
                registry.put(center.center_id.as_str(), record);
            }
        }
        for patient in synthetic.patients() {
            for record in patient.records {
                registry.put(patient.center_id.as_str(), record);
            }
        }
        registry
    })
}

fn snapshot() -> &'static (Directory, Snapshot) {
    static SNAPSHOT: OnceLock<(Directory, Snapshot)> = OnceLock::new();
    SNAPSHOT.get_or_init(|| {
        let directory = registry().write(4);
        let snapshot = Snapshot::open(directory.path(), Scope::everything()).unwrap();
        (directory, snapshot)
    })
}

fn run_on(snapshot: &Snapshot, kind: ReportKind, cohort: &Value, parameters: &Value) -> Report {
    let definition = CohortDefinition::from_json(cohort).unwrap();
    cohort::reports::run(kind, snapshot, &definition, parameters)
        .unwrap_or_else(|e| panic!("{kind}: {e}"))
        .unwrap()
}

fn run(kind: ReportKind, parameters: &Value) -> Value {
    result(&run_on(&snapshot().1, kind, &json!({}), parameters))
}

fn of<F: Form>() -> Vec<(&'static str, F)> {
    registry().rows.iter().filter_map(|(c, r)| Some((c.as_str(), F::from_record(r)?))).collect()
}

/// A first infusion with the records of its patient, as the slow reading sees it.
struct Patient {
    center: &'static str,
    id: String,
    day0: chrono::NaiveDate,
    next: Option<i64>,
    death: Option<i64>,
    relapse_death: bool,
    alive: i64,
    responses: Vec<(i64, Category)>,
}

impl Patient {
    fn since(&self, date: chrono::NaiveDate) -> i64 {
        (date - self.day0).num_days()
    }

    fn own<'a, F: Form>(&self, rows: &'a [(&'static str, F)], id: impl Fn(&F) -> &str) -> Vec<&'a F> {
        rows.iter()
            .filter(|(center, row)| *center == self.center && id(row) == self.id)
            .map(|(_, row)| row)
            .collect()
    }

    fn stop(&self) -> i64 {
        self.next.unwrap_or(i64::MAX)
    }

    fn last_alive(&self) -> i64 {
        self.death.map_or(self.alive, |death| death.max(self.alive))
    }
}

/// The subjects whose dates do not contradict each other.
fn patients() -> &'static Vec<Patient> {
    static PATIENTS: OnceLock<Vec<Patient>> = OnceLock::new();
    PATIENTS.get_or_init(|| {
        let infusions = of::<Infusion>();
        let (statuses, responses) = (of::<SurvivalStatus>(), of::<ResponseAssessment>());
        let (courses, toxicities) = (of::<Lymphodepletion>(), of::<DailyToxicity>());
        let mut all = Vec::new();
        for (center, first) in infusions.iter().filter(|(_, i)| i.infusion_number.get() == 1) {
            let id = first.patient_id.as_str().to_owned();
            let mut p = Patient {
                center,
                id,
                day0: first.infusion_date,
                next: None,
                death: None,
                relapse_death: false,
                alive: 0,
                responses: Vec::new(),
            };
            let mut contacts = vec![0];
            for infusion in p.own(&infusions, |i| i.patient_id.as_str()) {
                contacts.push(p.since(infusion.infusion_date));
                if infusion.infusion_number.get() == 2 {
                    p.next = Some(p.since(infusion.infusion_date));
                }
            }
            let mut deaths = Vec::new();
            for status in p.own(&statuses, |s| s.patient_id.as_str()) {
                if status.status == Status::Dead {
                    deaths.push(p.since(status.death_date.unwrap()));
                    p.relapse_death |= status.cause_class == Some(CauseClass::Relapse)
                        || status.cause_primary == Some(Cause::Relapse);
                } else {
                    contacts.push(p.since(status.last_contact));
                }
            }
            let assessed = p.own(&responses, |r| r.patient_id.as_str());
            contacts.extend(assessed.iter().map(|r| p.since(r.assessment_date)));
            for course in p.own(&courses, |l| l.patient_id.as_str()) {
                contacts
                    .extend([course.start_date, course.end_date].into_iter().flatten().map(|d| p.since(d)));
            }
            contacts.extend(
                p.own(&toxicities, |t| t.patient_id.as_str()).iter().map(|t| p.since(t.assessment_date)),
            );
            p.alive = contacts.into_iter().max().unwrap();
            deaths.sort_unstable();
            p.death = deaths.first().copied();
            for response in assessed.iter().filter(|r| r.infusion_number.get() == 1) {
                let day = p.since(response.assessment_date);
                if let Some(category) = response.reported_category.filter(|c| *c != Category::Ne && day >= 0)
                {
                    p.responses.push((day, category));
                }
            }
            p.responses.sort_by_key(|(day, _)| *day);
            let contradicted = deaths.first() != deaths.last()
                || p.death.is_some_and(|d| d < 0 || p.alive > d)
                || p.next.is_some_and(|n| n < 0);
            if !contradicted {
                all.push(p);
            }
        }
        assert!(all.len() > 70);
        all
    })
}

fn progression(p: &Patient) -> Option<i64> {
    let bad = |c: Category| matches!(c, Category::Pd | Category::Pmd | Category::Relapse);
    p.responses.iter().find(|(_, c)| bad(*c)).map(|(day, _)| *day)
}

/// Day and cause by the rule "earliest of event and competing event until the stop, else last alive".
fn first(
    event: Option<i64>,
    competing: Option<i64>,
    last: i64,
    stop: i64,
    competing_first: bool,
) -> (i64, u8) {
    let event = event.filter(|day| *day <= stop);
    let competing = competing.filter(|day| *day <= stop);
    match (event, competing) {
        (Some(e), Some(c)) if c < e || (c == e && competing_first) => (c, 2),
        (Some(e), _) => (e, 1),
        (None, Some(c)) => (c, 2),
        (None, None) => (last.min(stop), 0),
    }
}

/// Kaplan-Meier and Aalen-Johansen by definition, against a group of the report.
fn check(group: &Value, rows: &[(i64, u8)]) {
    assert_eq!(group["n"], rows.len());
    assert_eq!(group["events"], rows.iter().filter(|r| r.1 == 1).count());
    assert_eq!(group["person_days"], rows.iter().map(|r| r.0).sum::<i64>());
    let curve = &group["curve"];
    let steps = crate::slow::cumulative_incidence(rows);
    let survival = curve.get("survival").is_some();
    for (i, (day, one, _)) in steps.iter().enumerate() {
        assert_eq!(curve["day"][i], *day);
        assert_eq!(curve["n_risk"][i], rows.iter().filter(|r| r.0 >= *day).count());
        let got = curve[if survival { "survival" } else { "cif" }][i].as_f64().unwrap();
        assert!(close(got, if survival { 1.0 - one } else { *one }), "day {day}: {got}");
    }
}

fn group(endpoint: &Value) -> Value {
    run(ReportKind::Survival, &json!({"by": "none", "endpoints": [endpoint]}))["endpoints"][0]["groups"][0]
        .take()
}

#[test]
fn time_to_event_endpoints() {
    let subjects = patients();
    let rows = |of: &dyn Fn(&Patient) -> (i64, u8)| subjects.iter().map(of).collect::<Vec<_>>();
    check(&group(&json!("os")), &rows(&|p| first(p.death, None, p.last_alive(), i64::MAX, false)));
    let pfs = |p: &Patient| {
        let event = [progression(p), p.death].into_iter().flatten().min();
        first(event, None, p.responses.last().map_or(0, |r| r.0), p.stop(), false)
    };
    check(&group(&json!("pfs")), &rows(&pfs));
    let relapse = |p: &Patient| {
        let event = [progression(p), p.death.filter(|_| p.relapse_death)].into_iter().flatten().min();
        first(event, p.death, p.last_alive(), p.stop(), false)
    };
    check(&group(&json!("relapse")), &rows(&relapse));
    let nrm = |p: &Patient| {
        let competing = [progression(p), p.death.filter(|_| p.relapse_death)].into_iter().flatten().min();
        first(p.death, competing, p.last_alive(), p.stop(), true)
    };
    check(&group(&json!("nrm")), &rows(&nrm));
    let both: usize = [relapse, nrm].map(|f| rows(&f).iter().filter(|r| r.1 == 1).count()).iter().sum();
    assert!(both > 10);

    let therapies = of::<SubsequentTherapy>();
    let next_line = |p: &Patient| {
        let own = p.own(&therapies, |t| t.patient_id.as_str());
        let days = own.iter().filter(|t| {
            t.infusion_number.get() == 1
                && t.indication == Some(clinical::forms::subsequent_therapy::TherapyIndication::Relapse)
        });
        let event = days.filter_map(|t| imputed(p, t.start_date?)).filter(|d| *d >= 0).min();
        first(event, p.death, p.last_alive(), i64::MAX, false)
    };
    check(&group(&json!("next_line")), &rows(&next_line));
    let malignancies = of::<SecondMalignancy>();
    let spm = |p: &Patient| {
        let own = p.own(&malignancies, |m| m.patient_id.as_str());
        let days = own.iter().filter_map(|m| {
            let day = p.since(m.onset_date?.midpoint());
            Some(
                p.death
                    .filter(|death| {
                        p.since(m.onset_date.unwrap().earliest()) <= *death
                            && m.onset_date.unwrap().earliest() != m.onset_date.unwrap().latest()
                    })
                    .map_or(day, |death| day.min(death)),
            )
        });
        first(days.filter(|d| *d >= 0).min(), p.death, p.last_alive(), i64::MAX, false)
    };
    check(&group(&json!("second_malignancy")), &rows(&spm));
}

/// The declared rule for partial dates, of a form that belongs to an infusion.
fn imputed(p: &Patient, date: clinical::PartialDate) -> Option<i64> {
    let [first, middle, last] = [date.earliest(), date.midpoint(), date.latest()].map(|d| p.since(d));
    if first == last {
        return Some(middle);
    }
    let day = if last >= 0 { middle.max(0) } else { middle };
    Some(p.death.filter(|death| first <= *death).map_or(day, |death| day.min(death)))
}

#[test]
fn infections_first_and_all_by_period() {
    let infections = of::<Infection>();
    let subjects: Vec<(i64, Vec<i64>, &Patient)> = patients()
        .iter()
        .map(|p| {
            let own = p.own(&infections, |i| i.patient_id.as_str());
            let severe = own
                .iter()
                .filter(|i| i.infusion_number.get() == 1 && i.ctcae_grade.is_some_and(|g| g.get() >= 2));
            let until = p.last_alive().min(p.stop());
            let mut days: Vec<i64> = severe
                .filter_map(|i| Some(p.since(i.onset_date?)))
                .filter(|d| *d >= 0 && *d <= until)
                .collect();
            days.sort_unstable();
            (until, days, p)
        })
        .collect();
    let endpoint = json!({"endpoint": "infection", "grade": 2});
    let rows: Vec<(i64, u8)> = subjects
        .iter()
        .map(|(_, days, p)| first(days.first().copied(), p.death, p.last_alive(), p.stop(), false))
        .collect();
    check(&group(&endpoint), &rows);
    for all in [false, true] {
        let report = run(
            ReportKind::Incidence,
            &json!({"by": "none", "endpoint": endpoint, "all_events": all, "by_year": true, "per": 1000, "unit": "person_months"}),
        );
        let mut sum = (0, 0);
        for (place, (from, to)) in [(0, 28), (29, 100), (101, 365), (366, i64::MAX)].into_iter().enumerate() {
            let (mut n, mut events, mut days) = (0, 0, 0);
            for (until, infected, _) in &subjects {
                let end = if all { *until } else { infected.first().copied().unwrap_or(*until) };
                if end < from {
                    continue;
                }
                n += 1;
                // One day at a time: day d stands for the day that ends d days after the infusion.
                days += (1..=end).filter(|d| *d >= from && *d <= to).count();
                let counted = if all { infected.as_slice() } else { infected.get(..1).unwrap_or_default() };
                events += counted.iter().filter(|d| (from..=to).contains(*d)).count();
            }
            let got = &report["periods"][place]["groups"][0];
            assert_eq!(
                (&got["n"], &got["events"], &got["person_days"]),
                (&json!(n), &json!(events), &json!(days)),
                "{from}"
            );
            sum = (sum.0 + events, sum.1 + days);
            let rate = got["rate"]["value"].as_f64().unwrap();
            assert!(close(rate, events as f64 / (days as f64 / (365.25 / 12.0)) * 1000.0));
        }
        let whole = &report["groups"][0];
        assert_eq!((&whole["events"], &whole["person_days"]), (&json!(sum.0), &json!(sum.1)));
        // The years share out the same days and events.
        let years = report["years"].as_array().unwrap();
        let total = |name: &str| years.iter().map(|y| y["groups"][0][name].as_u64().unwrap()).sum::<u64>();
        let calendar: u64 = subjects.len() as u64;
        assert!(calendar > 0 && total("events") as usize <= sum.0 && years.len() > 1);
    }
}

#[test]
fn recovery_of_neutrophils() {
    let results = of::<LaboratoryResult>();
    let mut rows = Vec::new();
    for p in patients() {
        let own = p.own(&results, |l| l.patient_id.as_str());
        let mut by_day: BTreeMap<i64, Vec<f64>> = BTreeMap::new();
        for l in own.iter().filter(|l| l.analyte == Analyte::Anc) {
            if let Some(value) = l.canonical_value {
                by_day.entry(p.since(l.collected_date)).or_default().push(value.get());
            }
        }
        let low = by_day
            .iter()
            .find(|(day, values)| **day >= 0 && values.iter().any(|v| *v < 0.5))
            .map(|(day, _)| *day);
        let Some(low) = low else { continue };
        let days: Vec<(i64, bool)> = by_day
            .iter()
            .filter(|(day, _)| **day > low)
            .map(|(d, v)| (*d, v.iter().all(|v| *v >= 0.5)))
            .collect();
        let event = days.windows(3).find(|w| w.iter().all(|d| d.1)).map(|w| w[0].0);
        rows.push(first(event, p.death, p.last_alive(), p.stop(), false));
    }
    assert!(rows.iter().filter(|r| r.1 == 1).count() > 20);
    check(&group(&json!("neutrophil_recovery")), &rows);
}

#[test]
fn best_response_and_points_in_time() {
    let report = run(ReportKind::Response, &json!({"by": "none"}));
    let got = &report["groups"][0];
    let subjects = patients();
    let order = [
        "sCR", "CR", "CMR", "CRh", "CRi", "VGPR", "PR", "PMR", "MR", "SD", "NMR", "NR", "PD", "PMD",
        "RELAPSE",
    ];
    let rank = |c: Category| order.iter().position(|o| *o == c.code()).unwrap();
    let own =
        |p: &Patient| p.responses.iter().copied().filter(|(day, _)| *day <= p.stop()).collect::<Vec<_>>();
    let best: Vec<usize> =
        subjects.iter().filter_map(|p| own(p).iter().map(|(_, c)| rank(*c)).min()).collect();
    assert_eq!((&got["n"], &got["evaluable"]), (&json!(subjects.len()), &json!(best.len())));
    for entry in got["best"].as_array().unwrap() {
        let place = order.iter().position(|o| entry[0] == **o).unwrap();
        assert_eq!(entry[1]["n"], best.iter().filter(|b| **b == place).count());
    }
    assert_eq!(got["overall_response"][0]["n"], best.iter().filter(|b| **b <= 7).count());
    assert_eq!(got["complete_response"][1]["n"], best.iter().filter(|b| **b <= 4).count());
    assert_eq!(got["complete_response"][1]["of"], subjects.len());
    for (place, (day, from, to)) in
        [(28, 15, 59), (90, 60, 134), (180, 135, 269), (365, 270, 547), (730, 548, 912)]
            .into_iter()
            .enumerate()
    {
        let (mut assessed, mut complete) = (0, 0);
        for p in subjects {
            let near = own(p)
                .into_iter()
                .filter(|(d, _)| (from..=to).contains(d))
                .min_by_key(|(d, _)| ((d - day).abs(), *d));
            if let Some((_, category)) = near {
                assessed += 1;
                complete += usize::from(rank(category) <= 4);
            }
        }
        assert_eq!(
            (&got["timepoints"][place]["assessed"], &got["timepoints"][place]["complete"]["n"]),
            (&json!(assessed), &json!(complete))
        );
    }
    // Everybody is in one state at each point, and moves to the next.
    let states = &report["states"];
    for counts in states["counts"].as_array().unwrap() {
        assert_eq!(
            counts.as_array().unwrap().iter().map(|n| n.as_u64().unwrap()).sum::<u64>(),
            subjects.len() as u64
        );
    }
    let moves = states["moves"].as_array().unwrap().iter().map(|m| m[3].as_u64().unwrap()).sum::<u64>();
    assert_eq!(moves, 4 * subjects.len() as u64);
    assert!(!report["depth"].as_array().unwrap().is_empty());
}

#[test]
fn residual_disease() {
    let tests = of::<Mrd>();
    let (mut tested, mut negative) = (0, 0);
    for p in patients() {
        let own = p.own(&tests, |m| m.patient_id.as_str());
        let mut days: BTreeMap<i64, bool> = BTreeMap::new();
        for m in own
            .iter()
            .filter(|m| m.infusion_number.get() == 1 && m.sensitivity.is_some_and(|s| s.get() <= 1e-5))
        {
            let (day, Some(outcome)) = (p.since(m.assessment_date), m.result) else { continue };
            if (0..=p.stop()).contains(&day) {
                *days.entry(day).or_insert(true) &= outcome.code() == "NEG";
            }
        }
        tested += usize::from(!days.is_empty());
        negative += usize::from(days.values().any(|n| *n));
    }
    let got = run(ReportKind::Mrd, &json!({"by": "none"}))["groups"][0].take();
    assert!(tested > 10 && negative > 0);
    assert_eq!((&got["tested"], &got["negative"][0]["n"]), (&json!(tested), &json!(negative)));
}

#[test]
fn kinetics_by_assay() {
    let samples = of::<KineticsSample>();
    let report = run(ReportKind::Kinetics, &json!({"by": "none"}));
    let assays = report["assays"].as_array().unwrap();
    assert!(!assays.is_empty());
    for assay in assays {
        let mut peaks: Vec<(f64, i64)> = Vec::new();
        for p in patients() {
            let own = p.own(&samples, |k| k.patient_id.as_str());
            let mine = own.iter().filter(|k| {
                k.infusion_number.get() == 1
                    && assay["assay"] == k.assay.code()
                    && assay["specimen"] == k.specimen.code()
                    && assay["unit"] == k.unit.code()
            });
            let mut levels: Vec<(i64, f64)> = mine
                .filter(|k| (0..=p.stop()).contains(&p.since(k.collected_date)))
                .filter_map(|k| {
                    let value = k.value.map(|v| v.get());
                    let below = k.below_lloq == Some(true)
                        || value.is_some_and(|v| k.lloq.is_some_and(|l| v < l.get()) || v <= 0.0);
                    if below {
                        Some((p.since(k.collected_date), 0.0))
                    } else {
                        Some((p.since(k.collected_date), value?))
                    }
                })
                .collect();
            levels.sort_by(|a, b| a.0.cmp(&b.0));
            if levels.is_empty() {
                continue;
            }
            let peak = levels.iter().map(|l| l.1).fold(0.0, f64::max);
            peaks.push((peak, levels.iter().find(|l| l.1 >= peak).unwrap().0));
        }
        let got = &assay["groups"][0];
        assert_eq!(got["n"], peaks.len());
        let mut values: Vec<f64> = peaks.iter().map(|p| p.0).collect();
        values.sort_by(f64::total_cmp);
        let summary =
            got["parameters"].as_array().unwrap().iter().find(|p| p[0] == "cmax").unwrap()[1].clone();
        assert!(close(summary["max"].as_f64().unwrap(), *values.last().unwrap()));
        assert!(close(summary["min"].as_f64().unwrap(), values[0]));
        let middle = f64::midpoint(values[(values.len() - 1) / 2], values[values.len() / 2]);
        assert!(close(summary["median"].as_f64().unwrap(), middle));
    }
}

#[test]
fn completeness_and_description() {
    let report = run(ReportKind::FollowUp, &json!({"by": "none"}));
    let got = &report["groups"][0];
    // The fixture is taken on 2 January 2026.
    let end = chrono::NaiveDate::from_ymd_opt(2026, 1, 2).unwrap();
    let (mut observed, mut possible, mut lost) = (0, 0, 0);
    for p in patients() {
        let seen = p.death.unwrap_or(p.alive);
        let may = p.death.unwrap_or(p.since(end).max(seen));
        observed += seen;
        possible += may;
        lost += usize::from(p.death.is_none() && may - seen > 183);
    }
    assert_eq!(
        (&got["observed_days"], &got["possible_days"], &got["lost"]),
        (&json!(observed), &json!(possible), &json!(lost))
    );
    assert!(close(got["completeness"].as_f64().unwrap(), observed as f64 / possible as f64));
    for i in 0..3 {
        let at = |name: &str| got[name][i]["survival"].as_f64();
        if let (Some(worst), Some(plain), Some(best)) = (at("worst"), at("survival"), at("best")) {
            assert!(worst <= plain && plain <= best);
        }
    }
    let description = run(
        ReportKind::Description,
        &json!({"variables": ["sex", "disease.stage", "infusion.weight_kg"], "by": "product"}),
    );
    let infusions = of::<Infusion>();
    let firsts: Vec<&Infusion> =
        infusions.iter().map(|(_, i)| i).filter(|i| i.infusion_number.get() == 1).collect();
    let groups = description["groups"].as_array().unwrap();
    assert_eq!(groups.last().unwrap()["n"], firsts.len());
    for (place, group) in groups[..groups.len() - 1].iter().enumerate() {
        let own: Vec<f64> = firsts
            .iter()
            .filter(|i| group["group"]["code"] == i.product_code.as_str())
            .filter_map(|i| Some(i.weight_kg?.get()))
            .collect();
        let summary = &description["variables"][2]["numbers"][place];
        assert_eq!(summary["n"], own.len());
        assert_eq!(summary["missing"], group["n"].as_u64().unwrap() as usize - own.len());
        let mean = own.iter().sum::<f64>() / own.len() as f64;
        assert!((summary["mean"].as_f64().unwrap() - mean).abs() < 1e-9);
    }
    // Levels share out the subjects.
    for (place, group) in groups.iter().enumerate() {
        for variable in 0..2 {
            let levels = description["variables"][variable]["levels"].as_array().unwrap();
            let sum: u64 = levels.iter().map(|l| l["counts"][place][0].as_u64().unwrap()).sum();
            assert_eq!(sum, group["n"].as_u64().unwrap());
        }
    }
}

#[test]
fn centers_against_expectation() {
    let parameters =
        json!({"completeness": 0.0, "least_subjects": 1, "day": 365, "standardize_by": ["disease"]});
    let report = run(ReportKind::Centers, &parameters);
    let centers = report["centers"].as_array().unwrap();
    assert_eq!(centers.len(), 4);
    let sum = |name: &str| centers.iter().map(|c| c[name].as_f64().unwrap()).sum::<f64>();
    // All centers together are what is expected.
    assert!((sum("observed") - sum("expected")).abs() < 1e-9 && sum("observed") > 3.0);
    let known = patients().iter().filter(|p| p.last_alive() >= 365 || p.death.is_some()).count();
    assert!((sum("n") - known as f64).abs() < 0.5);
    // A center sees its own name and numbers for its peers.
    let (directory, _) = snapshot();
    let code = centers[1]["center"].as_str().unwrap().to_owned();
    let scoped = Snapshot::open(directory.path(), Scope::centers([code.clone()])).unwrap();
    let own = run_on(&scoped, ReportKind::Centers, &json!({}), &parameters);
    let text = own.to_json().unwrap().to_string();
    for center in centers.iter().filter(|c| c["center"] != code.as_str()) {
        assert!(!text.contains(center["center"].as_str().unwrap()), "{text}");
    }
    let mine = result(&own);
    let mine = mine["centers"].as_array().unwrap();
    assert_eq!(
        mine.iter().filter(|c| c["own"] == true).map(|c| c["center"].clone()).collect::<Vec<_>>(),
        [json!(code)]
    );
    assert_eq!(
        own.head.cohort.n,
        result(&run_on(&scoped, ReportKind::Description, &json!({}), &Value::Null))["groups"][0]["n"]
            .as_u64()
            .unwrap() as usize
    );
}

/// Requests of every report, with the more demanding parameters.
fn requests() -> Vec<(ReportKind, Value)> {
    let all = [
        "os",
        "pfs",
        "efs",
        "dor",
        "ttnt",
        "nrm",
        "relapse",
        "next_line",
        "crs",
        "icans",
        "icaht",
        "infection",
        "second_malignancy",
        "hbv_reactivation",
        "b_cell_recovery",
        "mrd_negativity",
        "clfs",
    ];
    let survival = json!({"endpoints": all, "by": "disease", "quantiles": [0.25, 0.5], "rmst": 180, "test": "logrank", "covariates": ["age", "sex", "disease"]});
    let mut list: Vec<(ReportKind, Value)> = ReportKind::ALL
        .into_iter()
        .filter(|k| *k != ReportKind::Adherence)
        .map(|k| (k, Value::Null))
        .collect();
    list.push((ReportKind::Survival, survival));
    list.push((
        ReportKind::Incidence,
        json!({"endpoint": "infection", "all_events": true, "by": "disease.stage", "by_year": true}),
    ));
    list
}

fn digest_of_everything(snapshot: &Snapshot) -> String {
    let mut lines = String::new();
    for (kind, parameters) in requests() {
        let report = run_on(snapshot, kind, &json!({}), &parameters);
        for format in render::Format::ALL {
            for language in [Language::En, Language::Zh] {
                match render::render(&report, format, language) {
                    Ok(rendered) => {
                        lines += &format!("{kind} {} {}\n", format.name(), digest::sha256(&rendered.bytes))
                    }
                    Err(cohort::ReportError::NoSuchFormat { .. }) => {}
                    Err(error) => panic!("{kind} as {}: {error}", format.name()),
                }
            }
        }
    }
    lines
}

#[test]
fn every_report_has_the_same_bytes_on_any_number_of_threads() {
    const TOLD: &str = "SEQUELA_TEST_SNAPSHOT";
    if let Ok(path) = std::env::var(TOLD) {
        let snapshot = Snapshot::open(path, Scope::everything()).unwrap();
        println!("digest {}", digest::sha256(digest_of_everything(&snapshot).as_bytes()));
        return;
    }
    let (directory, _) = snapshot();
    let digests: Vec<String> = ["1", "2", "4"]
        .iter()
        .map(|threads| {
            let output = std::process::Command::new(std::env::current_exe().unwrap())
                .args([
                    "--exact",
                    "synthetic::every_report_has_the_same_bytes_on_any_number_of_threads",
                    "--nocapture",
                ])
                .env(TOLD, directory.path())
                .env("POLARS_MAX_THREADS", threads)
                .output()
                .unwrap();
            let text = String::from_utf8(output.stdout).unwrap();
            let line = text.lines().find_map(|l| l.split("digest ").nth(1));
            line.unwrap_or_else(|| panic!("{text}{}", String::from_utf8_lossy(&output.stderr))).to_owned()
        })
        .collect();
    assert_eq!(digests[0], digests[1]);
    assert_eq!(digests[0], digests[2]);
}

#[test]
fn reports_of_nobody_one_and_two_are_answers() {
    let mut registry = Registry::new();
    for n in 0..3 {
        if n > 0 {
            registry.subject("AA-01", &format!("P{n}"), 0, "axi-cel");
        }
        let directory = registry.write(1);
        let snapshot = Snapshot::open(directory.path(), Scope::everything()).unwrap();
        for (kind, parameters) in requests() {
            let report = run_on(&snapshot, kind, &json!({}), &parameters);
            assert_eq!(report.head.cohort.n, n);
            let text = report.to_json().unwrap().to_string();
            assert!(!text.contains("NaN") && !text.contains("inf,"), "{kind}");
        }
    }
}

#[test]
fn a_record_is_read_as_it_was_written() {
    // The slow reading rests on typed records; the fast one on Parquet. Both saw the same number of each form.
    let count = |form: &str| {
        registry().rows.iter().filter(|(_, r): &&(String, Record)| r.form().name == form).count()
    };
    for file in &snapshot().1.manifest().files {
        assert_eq!(file.rows, count(&file.form) as u64, "{}", file.form);
    }
}
