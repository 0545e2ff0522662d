//! Simulated cohorts with ties, delayed entry, strata, clusters and weights against R
//! (`tests/fixtures/regression/reference.R` makes data and values).

use serde_json::Value;
use survival::cox::{CoxData, CoxModel, FitOptions, Robust, Ties, TimeTransform, Times};
use survival::fine_gray::{CensoringTies, FineGrayData, FineGrayModel, FineGrayOptions};
use survival::multistate::{Initial, MultistateData, MultistateOptions, aalen_johansen};
use survival::recurrent::{RecurrentData, episodes, mean_cumulative};

use crate::support::{Table, close, matches, numbers};

fn reference() -> Value {
    serde_json::from_str(include_str!("../fixtures/regression/expected.json")).expect("JSON")
}

struct Cohort {
    entry: Vec<i32>,
    time: Vec<i32>,
    cause: Vec<u8>,
    event: Vec<bool>,
    columns: Vec<Vec<f64>>,
    stratum: Vec<u32>,
    center: Vec<u32>,
    weight: Vec<f64>,
}

fn cohort() -> Cohort {
    let t = Table::parse(include_str!("../fixtures/regression/cohort.csv"));
    let codes = |name: &str| t.numbers(name).iter().map(|v| *v as u32).collect::<Vec<_>>();
    let cause: Vec<u8> = t.numbers("cause").iter().map(|v| *v as u8).collect();
    Cohort {
        entry: t.days("entry"),
        time: t.days("time"),
        event: cause.iter().map(|c| *c == 1).collect(),
        cause,
        columns: ["x1", "x2", "x3"].map(|n| t.numbers(n)).to_vec(),
        stratum: codes("stratum"),
        center: codes("center"),
        weight: t.numbers("w"),
    }
}

fn sum_squares(columns: &[Vec<f64>]) -> Vec<f64> {
    columns.iter().map(|c| c.iter().map(|v| v * v).sum()).collect()
}

fn compare(name: &str, data: &CoxData<'_>, ties: Ties, cluster: Option<&[u32]>, want: &Value) {
    let model = CoxModel::new(data, ties).expect("valid data");
    let robust = cluster.map_or(Robust::No, Robust::Clustered);
    let fit = model.fit(&FitOptions { robust, ..FitOptions::default() }).expect("a fit");
    let coef: Vec<f64> = fit.coefficients.iter().map(|c| c.estimate.expect("finite")).collect();
    matches(name, &coef, &want["coef"], 1e-9, 1e-2);
    matches(name, fit.variance.as_slice(), &want["var"], 1e-9, 1e-2);
    matches(name, &[fit.loglik_null, fit.loglik], &want["loglik"], 1e-11, 0.0);
    matches(name, &[fit.score.chisq], &want["score"], 1e-9, 0.0);
    if cluster.is_some() {
        let robust = fit.robust_variance.as_ref().expect("asked for");
        matches(name, robust.as_slice(), &want["var_robust"], 1e-9, 1e-2);
        matches(name, &[fit.robust_score.expect("asked for").chisq], &want["robust_score"], 1e-9, 0.0);
    }
    let c = model.concordance(&fit, cluster).expect("comparable");
    matches(name, &[c.value.expect("pairs")], &want["concordance"], 1e-10, 0.0);
    matches(name, &[c.std_err.expect("pairs")], &want["concordance_se"], 1e-9, 0.0);
    let m = model.martingale_residuals(&fit);
    matches(name, &sum_squares(&[m]), &want["martingale_ss"], 1e-9, 0.0);
    let d = model.deviance_residuals(&fit);
    matches(name, &sum_squares(&[d]), &want["deviance_ss"], 1e-9, 0.0);
    matches(name, &sum_squares(&model.score_residuals(&fit)), &want["score_residuals_ss"], 1e-9, 0.0);
    matches(name, &sum_squares(&model.dfbeta_residuals(&fit)), &want["dfbeta_ss"], 1e-9, 0.0);
    matches(name, &sum_squares(&model.schoenfeld_residuals(&fit).values), &want["schoenfeld_ss"], 1e-9, 0.0);
    for (tr, transform) in [
        ("km", TimeTransform::KaplanMeier),
        ("identity", TimeTransform::Identity),
        ("rank", TimeTransform::Rank),
        ("log", TimeTransform::Log),
    ] {
        let z = model.proportional_hazards(&fit, &[], transform).expect("tests");
        let got: Vec<f64> = z.terms.iter().map(|t| t.test.chisq).chain([z.global.chisq]).collect();
        matches(&format!("{name} zph {tr}"), &got, &want[format!("zph_{tr}")], 1e-8, 1e-3);
    }
}

#[test]
fn cox_models() {
    let (want, c) = (reference(), cohort());
    let columns: Vec<&[f64]> = c.columns.iter().map(Vec::as_slice).collect();
    let right =
        CoxData { time: Times::Days(&c.time), event: &c.event, covariates: &columns, ..CoxData::default() };
    let entry = CoxData { entry: Some(Times::Days(&c.entry)), ..right };
    let strata = CoxData { strata: Some(&c.stratum), ..entry };
    let weighted_strata = CoxData { entry: None, weight: Some(&c.weight), ..strata };
    let weighted = CoxData { weight: Some(&c.weight), ..entry };
    for (prefix, ties) in [("efron", Ties::Efron), ("breslow", Ties::Breslow)] {
        for (name, data, cluster) in [
            ("right", right, None),
            ("entry", entry, None),
            ("entry_strata", strata, None),
            ("cluster", strata, Some(&c.center)),
            ("weighted_strata", weighted_strata, None),
            ("weighted_cluster", weighted, Some(&c.center)),
        ] {
            let name = format!("{prefix}_{name}");
            compare(&name, &data, ties, cluster.map(Vec::as_slice), &want[&name]);
        }
        let model = CoxModel::new(&entry, ties).expect("valid data");
        let fit = model.fit(&FitOptions::default()).expect("a fit");
        let curve = &model.predict(&fit, &[1.0, 0.5, 1.0]).expect("finite")[0];
        let want = &want[format!("{prefix}_entry_curve")];
        let at: Vec<Option<usize>> = numbers(&want["time"]).iter().map(|t| curve.position(*t)).collect();
        let get = |v: &[f64], first: f64| at.iter().map(|i| i.map_or(first, |i| v[i])).collect::<Vec<_>>();
        matches("curve", &get(&curve.surv, 1.0), &want["surv"], 1e-9, 0.0);
        matches("curve", &get(&curve.cumhaz, 0.0), &want["cumhaz"], 1e-9, 0.0);
        matches("curve", &get(&curve.cumhaz_std_err, 0.0), &want["std_log"], 1e-9, 0.0);
    }
}

#[test]
fn fine_gray_models() {
    let (want, c) = (reference(), cohort());
    let columns: Vec<&[f64]> = c.columns.iter().map(Vec::as_slice).collect();
    for of in [1, 2] {
        let right = FineGrayData {
            time: Times::Days(&c.time),
            cause: &c.cause,
            of,
            covariates: &columns,
            ..FineGrayData::default()
        };
        let entry = FineGrayData { entry: Some(Times::Days(&c.entry)), ..right };
        let groups = FineGrayData { censoring_group: Some(&c.stratum), strata: Some(&c.stratum), ..entry };
        let weighted = FineGrayData { weight: Some(&c.weight), ..right };
        for (prefix, ties) in [("efron", Ties::Efron), ("breslow", Ties::Breslow)] {
            for (name, data) in
                [("right", right), ("entry", entry), ("groups", groups), ("weighted", weighted)]
            {
                let name = format!("fg_{name}_{prefix}{of}");
                let want = &want[&name];
                let options = FineGrayOptions { ties, censoring_ties: CensoringTies::FailuresFirst };
                let model = FineGrayModel::new(&data, &options).expect("valid data");
                let fit =
                    model.fit(&FitOptions { robust: Robust::Rows, ..FitOptions::default() }).expect("a fit");
                let coef: Vec<f64> = fit.coefficients.iter().map(|c| c.estimate.expect("finite")).collect();
                matches(&name, &coef, &want["coef"], 1e-9, 1e-2);
                matches(&name, fit.reported_variance().as_slice(), &want["var_robust"], 1e-9, 1e-2);
                matches(&name, &[fit.loglik_null, fit.loglik], &want["loglik"], 1e-11, 0.0);
            }
        }
        for (name, data) in
            [("all", right), ("groups", FineGrayData { censoring_group: Some(&c.stratum), ..right })]
        {
            let want = &want[format!("crr_{name}{of}")];
            let model = FineGrayModel::new(&data, &FineGrayOptions::default()).expect("valid data");
            let fit = model.fit(&FitOptions::default()).expect("a fit");
            let coef: Vec<f64> = fit.coefficients.iter().map(|c| c.estimate.expect("finite")).collect();
            matches("crr", &coef, &want["coef"], 1e-9, 1e-2);
            matches("crr", &[fit.loglik], &want["loglik"], 1e-11, 0.0);
            matches("crr", &[fit.loglik_null], &want["loglik_null"], 1e-11, 0.0);
            let curve = &model.predict(&fit, &[1.0, 0.5, 1.0]).expect("finite")[0];
            matches("crr times", &curve.time, &want["time"], 1e-12, 0.0);
            matches("crr cif", &curve.cif, &want["cif"], 1e-9, 0.0);
            let variance = model.crr_variance(&fit).expect("no delayed entry");
            // With censoring groups `cmprsk` departs from the formula of the paper, which `reference.rs` checks.
            let tolerance = if name == "all" { 1e-9 } else { 1e-2 };
            matches(&format!("crr variance {name}"), variance.as_slice(), &want["var"], tolerance, 1e-2);
        }
    }
}

#[test]
fn recurrent_events() {
    let want = reference();
    let t = Table::parse(include_str!("../fixtures/regression/recurrent.csv"));
    let id: Vec<u32> = t.numbers("id").iter().map(|v| *v as u32).collect();
    let group: Vec<u32> = t.numbers("group").iter().map(|v| *v as u32).collect();
    let (start, stop, event, x) = (t.days("start"), t.days("stop"), t.flags("event", "1"), t.numbers("x"));
    let data = RecurrentData {
        id: &id,
        start: Some(Times::Days(&start)),
        stop: Times::Days(&stop),
        event: &event,
        group: Some(&group),
    };
    for curve in mean_cumulative(&data).expect("valid rows") {
        let want = &want[format!("mcf{}", curve.group)];
        let whole = |v: &[u64]| v.iter().map(|n| *n as f64).collect::<Vec<_>>();
        matches("time", &curve.time, &want["time"], 0.0, 0.0);
        matches("at risk", &whole(&curve.n_risk), &want["n_risk"], 0.0, 0.0);
        matches("events", &whole(&curve.n_event), &want["n_event"], 0.0, 0.0);
        matches("mcf", &curve.mcf, &want["mcf"], 1e-12, 0.0);
        matches("std err", &curve.std_err, &want["std_err"], 1e-9, 0.0);
        assert_eq!(curve.subjects, 40);
    }
    let numbers = episodes(&data).expect("starts are given").number;
    for (name, strata) in [("andersen_gill", None), ("pwp_calendar", Some(numbers.as_slice()))] {
        let cox = CoxData {
            entry: data.start,
            time: data.stop,
            event: &event,
            covariates: &[&x],
            strata,
            weight: None,
        };
        let options = FitOptions { robust: Robust::Clustered(&id), ..FitOptions::default() };
        let fit = CoxModel::new(&cox, Ties::Efron).expect("valid").fit(&options).expect("a fit");
        matches(name, &[fit.coefficients[0].estimate.expect("finite")], &want[name]["coef"], 1e-9, 0.0);
        matches(name, fit.reported_variance().as_slice(), &want[name]["var_robust"], 1e-9, 0.0);
    }
}

#[test]
fn multistate_models() {
    let want = reference();
    let t = Table::parse(include_str!("../fixtures/regression/multistate.csv"));
    let codes = |name: &str| t.numbers(name).iter().map(|v| *v as u32).collect::<Vec<_>>();
    let (id, from) = (codes("id"), codes("from"));
    let to: Vec<Option<u32>> = codes("to").into_iter().map(|s| (s != 9).then_some(s)).collect();
    let (start, stop) = (t.days("start"), t.days("stop"));
    let data = MultistateData {
        states: 3,
        id: &id,
        from: &from,
        to: &to,
        start: Some(Times::Days(&start)),
        stop: Times::Days(&stop),
    };
    for s in [0, 12] {
        let options = MultistateOptions {
            initial: Initial::State(0),
            from_time: Some(f64::from(s)),
            at: &[70.0, 20.0, 45.0],
            until: None,
        };
        let fit = aalen_johansen(&data, &options).expect("valid rows");
        for (k, time) in [70, 20, 45].into_iter().enumerate() {
            let want = &want[format!("etm_{s}_{time}")];
            matches("probability", fit.at[k].probability.as_slice(), &want["p"], 1e-12, 1.0);
            matches("std err", fit.at[k].std_err.as_slice(), &want["se"], 1e-9, 1e-3);
            close("occupation", &fit.at[k].occupation, fit.at[k].probability.row(0), 1e-14, 1.0);
            close("its std err", &fit.at[k].occupation_std_err, fit.at[k].std_err.row(0), 1e-12, 1e-3);
        }
    }
    let options = MultistateOptions { at: &[20.0, 45.0, 70.0], ..MultistateOptions::default() };
    let fit = aalen_johansen(&data, &options).expect("valid rows");
    matches("initial", &fit.initial, &want["survfit_p0"], 1e-12, 0.0);
    let got: Vec<f64> = fit.at.iter().flat_map(|m| m.occupation.clone()).collect();
    matches("occupation", &got, &want["survfit_pstate"], 1e-10, 0.0);
    assert_eq!(fit.transitions.len(), 4);
    for transition in &fit.transitions {
        let want = &want["nelson_aalen"][format!("na_{}{}", transition.from, transition.to)];
        matches("time", &transition.time, &want["time"], 0.0, 0.0);
        matches("cumhaz", &transition.cumhaz, &want["cumhaz"], 1e-12, 0.0);
        matches("aalen", &transition.std_err, &want["aalen"], 1e-12, 0.0);
        matches("greenwood", &transition.greenwood_std_err, &want["greenwood"], 1e-12, 0.0);
    }
}
