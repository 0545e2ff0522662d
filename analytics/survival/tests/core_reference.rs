//! Simulated data against R: heavy ties, four groups, strata, delayed entry with an emptied risk set, weights, small samples
//! with plateaus at the quantiles. Data and values come from `core_support/reference.R`.
#![expect(clippy::unwrap_used, reason = "tests")]
#![expect(clippy::float_cmp, reason = "whole numbers in f64")]
#![expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small whole numbers")]

#[path = "core_support/check.rs"]
mod check;

use check::Check;
use serde_json::Value;
use survival::aalen_johansen::{AalenJohansen, CifOptions, CifVariance, aalen_johansen};
use survival::event_table::{EventTable, Subjects};
use survival::gray::{GrayTest, gray_test, gray_test_stratified};
use survival::interval::ConfType;
use survival::kaplan_meier::{KaplanMeier, KmOptions, kaplan_meier};
use survival::log_rank::{Weight, log_rank, log_rank_stratified};
use survival::rates::{ProportionMethod, proportion, rate_ratio};

fn reference() -> Value {
    serde_json::from_str(include_str!("core_support/reference.json")).unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

fn days(value: &Value) -> Vec<i32> {
    numbers(value).iter().map(|&v| v as i32).collect()
}

fn codes(value: &Value) -> Vec<u8> {
    numbers(value).iter().map(|&v| v as u8).collect()
}

fn groups(value: &Value) -> Vec<u32> {
    numbers(value).iter().map(|&v| v as u32).collect()
}

fn aj(table: &EventTable, variance: CifVariance) -> AalenJohansen {
    aalen_johansen(table, &CifOptions { variance, ..CifOptions::default() }).unwrap()
}

fn check_incidence(check: &mut Check, table: &EventTable, at: &[f64], r: &Value) {
    for (row, (cif, var)) in r["cif"].as_array().unwrap().iter().zip(r["var"].as_array().unwrap()).enumerate()
    {
        let estimate = aj(table, CifVariance::Aalen).at(row + 1, at);
        check.numbers("cif", &estimate.iter().map(|a| a.cif).collect::<Vec<_>>(), cif);
        check.numbers("var", &estimate.iter().map(|a| a.std_err * a.std_err).collect::<Vec<_>>(), var);
    }
}

/// Rows of cmprsk's test table: statistic, p, df.
fn check_gray(check: &mut Check, name: &str, test: impl Fn(usize) -> GrayTest, r: &Value) {
    for (cause, row) in (1..).zip(r.as_array().unwrap()) {
        let test = test(cause);
        check.all(&format!("{name} cause {cause}"), &[test.chisq, test.p, Some(test.df as f64)], row);
    }
}

#[test]
fn ties_groups_and_strata() {
    let r = &reference()["ties"];
    let (time, cause, group, stratum) =
        (days(&r["time"]), codes(&r["cause"]), groups(&r["group"]), groups(&r["stratum"]));
    let at = numbers(&r["at"]);
    let mut check = Check::new(1e-9);
    let pooled = &EventTable::from_days(&Subjects::new(&time, &cause), 3, 1).unwrap()[0];
    check_incidence(&mut check, pooled, &at, r);
    for k in 1..=3 {
        let estimate = aj(pooled, CifVariance::Greenwood).at(k, &at);
        let var: Vec<f64> = estimate.iter().map(|a| a.std_err * a.std_err).collect();
        check.numbers("etm", &var, &r["etm_var"][k - 1]);
    }
    let tables = EventTable::from_days(&Subjects::new(&time, &cause).with_group(&group), 3, 4).unwrap();
    for (name, rho) in [("gray_0", 0.0), ("gray_0.5", 0.5), ("gray_1", 1.0), ("gray_-1", -1.0)] {
        check_gray(&mut check, name, |k| gray_test(&tables, k, rho).unwrap(), &r[name]);
    }
    let cell: Vec<u32> = stratum.iter().zip(&group).map(|(s, g)| 4 * s + g).collect();
    let cells = EventTable::from_days(&Subjects::new(&time, &cause).with_group(&cell), 3, 8).unwrap();
    let strata: Vec<Vec<EventTable>> = cells.chunks(4).map(<[EventTable]>::to_vec).collect();
    check_gray(&mut check, "strata", |k| gray_test_stratified(&strata, k, 0.0).unwrap(), &r["gray_strata"]);
    for (test, r) in [
        (log_rank(&tables, Weight::LogRank), &r["logrank"]),
        (log_rank_stratified(&strata, Weight::LogRank), &r["logrank_strata"]),
    ] {
        let test = test.unwrap();
        check.all("chisq", &[test.chisq], &r["chisq"]);
        check.numbers("observed", &test.observed, &r["obs"]);
        check.numbers("expected", &test.expected, &r["exp"]);
        for (row, r) in test.variance.iter().zip(r["var"].as_array().unwrap()) {
            check.numbers("variance", row, r);
        }
        assert_eq!(test.df, 3);
        assert_eq!(test.z, None);
    }
    let peto = log_rank(&tables, Weight::FlemingHarrington { rho: 1.0, gamma: 0.0 }).unwrap();
    check.all("rho 1", &[peto.chisq], &r["peto"]["chisq"]);
    check.finish(120);
}

#[test]
fn continuous_times_in_uneven_groups() {
    let r = &reference()["continuous"];
    let (time, cause, group) = (numbers(&r["time"]), codes(&r["cause"]), groups(&r["group"]));
    let mut check = Check::new(1e-9);
    let tables = EventTable::from_times(&Subjects::new(&time, &cause).with_group(&group), 2, 3).unwrap();
    check_gray(&mut check, "gray", |k| gray_test(&tables, k, 0.0).unwrap(), &r["gray"]);
    let pooled = EventTable::merged(&tables).unwrap();
    check_incidence(&mut check, &pooled, &[100.0, 400.0, 800.0], r);
    check.finish(18);
}

fn check_curve(check: &mut Check, km: &KaplanMeier, r: &Value) {
    let curve = km.curve();
    for (name, values) in [
        ("time", &curve.time),
        ("n_risk", &curve.n_risk),
        ("n_event", &curve.n_event),
        ("n_censor", &curve.n_censor),
        ("surv", &curve.surv),
        ("cumhaz", &curve.cumhaz),
        ("cumhaz_std_err", &curve.cumhaz_std_err),
    ] {
        check.numbers(name, values, &r[name]);
    }
    check.all("std_err", &curve.std_err, &r["std_err"]);
}

fn check_quantiles(check: &mut Check, name: &str, km: &KaplanMeier, p: &[f64], r: &Value) {
    let quantiles = km.quantiles(p).unwrap();
    check.all(name, &quantiles.iter().map(|q| q.value).collect::<Vec<_>>(), &r[0]);
    check.all(&format!("{name} lower"), &quantiles.iter().map(|q| q.lower).collect::<Vec<_>>(), &r[1]);
    check.all(&format!("{name} upper"), &quantiles.iter().map(|q| q.upper).collect::<Vec<_>>(), &r[2]);
}

const TYPES: [ConfType; 5] =
    [ConfType::Plain, ConfType::Log, ConfType::LogLog, ConfType::Logit, ConfType::Arcsin];

#[test]
fn delayed_entry() {
    let r = &reference()["late"];
    let (entry, exit, event) = (days(&r["entry"]), days(&r["exit"]), codes(&r["event"]));
    let (weight, p) = (numbers(&r["weight"]), numbers(&r["p"]));
    let subjects = Subjects::new(&exit, &event).with_entry(&entry);
    let table = &EventTable::from_days(&subjects, 1, 1).unwrap()[0];
    let mut check = Check::new(1e-9);
    let km = |table: &EventTable, conf_type| {
        kaplan_meier(table, &KmOptions { conf_type, conf_level: 0.95 }).unwrap()
    };
    check_curve(&mut check, &km(table, ConfType::LogLog), &r["km"]);
    for conf_type in TYPES {
        let name = format!("q_{}", conf_type.name());
        check_quantiles(&mut check, &name, &km(table, conf_type), &p, &r[&name]);
    }
    let weighted = &EventTable::from_days(&subjects.with_weight(&weight), 1, 1).unwrap()[0];
    assert_eq!((weighted.n(), table.n()), (150, 150));
    check_curve(&mut check, &km(weighted, ConfType::LogLog), &r["weighted"]);
    let cause = codes(&r["cause"]);
    let causes = &EventTable::from_days(&Subjects::new(&exit, &cause).with_entry(&entry), 2, 1).unwrap()[0];
    for k in 1..=2 {
        let at = aj(causes, CifVariance::Greenwood).at(k, &[10.0, 30.0, 60.0]);
        check.numbers("cif", &at.iter().map(|a| a.cif).collect::<Vec<_>>(), &r["cif"][k - 1]);
        let var: Vec<f64> = at.iter().map(|a| a.std_err * a.std_err).collect();
        check.numbers("etm", &var, &r["etm_var"][k - 1]);
    }
    check.finish(500);
}

#[test]
fn weights_that_are_not_numbers_of_subjects() {
    let r = &reference()["fractional"];
    let (exit, event, weight) = (days(&r["exit"]), codes(&r["event"]), numbers(&r["weight"]));
    let table = &EventTable::from_days(&Subjects::new(&exit, &event).with_weight(&weight), 1, 1).unwrap()[0];
    let km = kaplan_meier(table, &KmOptions::default()).unwrap();
    let mut check = Check::new(1e-9);
    check_curve(&mut check, &km, r);
    let curve = km.curve();
    // R 3.5 gives no limits where S = 1.
    let defined = |limits: &[Option<f64>]| -> Vec<Option<f64>> {
        limits.iter().zip(&curve.surv).map(|(limit, &s)| limit.filter(|_| s < 1.0)).collect()
    };
    check.all("lower", &defined(&curve.lower), &r["lower"]);
    check.all("upper", &defined(&curve.upper), &r["upper"]);
    check.finish(300);
    assert_eq!(km.variance_name(), "robust");
    // The same data as real-valued times and merged from two halves.
    let times: Vec<f64> = exit.iter().map(|&t| f64::from(t)).collect();
    let halves: Vec<EventTable> = [0..70, 70..150]
        .map(|rows| {
            let half = Subjects::new(&times[rows.clone()], &event[rows.clone()]).with_weight(&weight[rows]);
            EventTable::from_times(&half, 1, 1).unwrap()[0].clone()
        })
        .to_vec();
    let merged = kaplan_meier(&EventTable::merged(&halves).unwrap(), &KmOptions::default()).unwrap();
    for (a, b) in merged.var_log().iter().zip(km.var_log()) {
        assert!((a - b).abs() < 1e-12 || a == b);
    }
}

#[test]
fn conditional_on_a_later_time() {
    let r = &reference()["late"];
    let (entry, exit, event) = (days(&r["entry"]), days(&r["exit"]), codes(&r["event"]));
    let table = &EventTable::from_days(&Subjects::new(&exit, &event).with_entry(&entry), 1, 1).unwrap()[0];
    let whole = kaplan_meier(table, &KmOptions::default()).unwrap();
    let later = whole.conditional(20.0).unwrap();
    // R's start.time keeps the start itself where somebody leaves there; the steps after it are compared.
    let r = &r["from20"];
    let (time, surv) = (numbers(&r["time"]), numbers(&r["surv"]));
    let mut compared = 0;
    for (t, s) in time.iter().zip(surv).filter(|(t, _)| **t > 20.0) {
        let at = later.at(&[*t])[0];
        let at_20 = event_at(table, 20.0);
        assert!((at.surv * at_20 - s).abs() < 1e-12, "{t}: {} {s}", at.surv);
        compared += 1;
    }
    assert!(compared > 30);
}

/// The factor 1 - d/n of the step at exactly `t`.
fn event_at(table: &EventTable, t: f64) -> f64 {
    match table.time().iter().position(|&u| u == t) {
        Some(row) => 1.0 - table.events(1)[row] / table.at_risk()[row],
        None => 1.0,
    }
}

#[test]
fn quantiles_of_a_small_sample() {
    let r = &reference()["small"];
    let (time, event, p) = (days(&r["time"]), codes(&r["event"]), numbers(&r["p"]));
    let table = &EventTable::from_days(&Subjects::new(&time, &event), 1, 1).unwrap()[0];
    let mut check = Check::new(1e-12);
    for conf_type in TYPES {
        for conf_level in [0.5, 0.8, 0.95] {
            let km = kaplan_meier(table, &KmOptions { conf_type, conf_level }).unwrap();
            let name = format!("{}_{conf_level}", conf_type.name());
            check_quantiles(&mut check, &name, &km, &p, &r[&name]);
        }
    }
    check.finish(15 * 27);
}

#[test]
fn rates_and_proportions() {
    let r = reference();
    let mut check = Check::new(1e-9);
    for row in r["rate_ratio"].as_array().unwrap() {
        let v: Vec<Option<f64>> = row.as_array().unwrap().iter().map(Value::as_f64).collect();
        let (a, b) = ((v[0].unwrap() as u64, v[1].unwrap()), (v[2].unwrap() as u64, v[3].unwrap()));
        let ratio = rate_ratio(a, b, 0.95).unwrap();
        // R gives infinity where the second group has no event.
        let open = |value: Option<f64>| value.or(Some(f64::INFINITY));
        check.one("ratio", open(ratio.value), &row[4]);
        check.one("lower", ratio.lower, &row[5]);
        check.one("upper", open(ratio.upper), &row[6]);
        check.one("p", ratio.p, &row[7]);
    }
    for row in r["proportion"].as_array().unwrap() {
        let v = numbers(row);
        for (method, i) in [(ProportionMethod::ClopperPearson, 2), (ProportionMethod::Wilson, 4)] {
            let value = proportion(v[0] as u64, v[1] as u64, method, 0.95).unwrap();
            check.one("lower", value.lower, &row[i]);
            check.one("upper", value.upper, &row[i + 1]);
        }
    }
    check.finish(36);
}
