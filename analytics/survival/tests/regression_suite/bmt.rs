//! 408 transplants: the Fine-Gray and cause-specific models of case c06.

use serde_json::Value;
use survival::aalen_johansen::{CifOptions, aalen_johansen as incidence};
use survival::cox::{CoxData, CoxModel, FitOptions, Robust, Ties, Times};
use survival::event_table::{EventTable, Subjects};
use survival::fine_gray::{CensoringTies, FineGrayData, FineGrayModel, FineGrayOptions};
use survival::gray::gray_test;
use survival::multistate::{MultistateData, MultistateOptions, aalen_johansen};

use crate::support::{Table, close, expected, matches, numbers, oracle};

fn estimates(fit: &survival::cox::CoxFit) -> Vec<f64> {
    fit.coefficients.iter().map(|c| c.estimate.expect("finite")).collect()
}

fn compare_cause(data: &FineGrayData<'_>, want: &Value) {
    // The reference coefficients are converged to a relative 1e-12 of the log likelihood, some 1e-8 in themselves.
    let crr = &want["crr"];
    let model = FineGrayModel::new(data, &FineGrayOptions::default()).expect("valid data");
    let fit = model.fit(&FitOptions::default()).expect("a fit");
    matches("crr coef", &estimates(&fit), &crr["coef"], 1e-8, 1.0);
    matches("crr information", fit.information.as_slice(), &crr["var_naive_inverse_information"], 1e-8, 1.0);
    matches("crr loglik", &[fit.loglik], &crr["loglik"], 1e-10, 0.0);
    matches("crr loglik null", &[fit.loglik_null], &crr["loglik_null"], 1e-10, 0.0);
    let fit = model.with_crr_variance(fit).expect("no delayed entry");
    matches("crr var", fit.reported_variance().as_slice(), &crr["var"], 1e-8, 1e-2);
    assert!(numbers(&crr["score"]).iter().all(|s| s.abs() < 1e-9));
    for (x, name) in [(0.0, "predicted_cif_platelet0"), (1.0, "predicted_cif_platelet1")] {
        let curve = &model.predict(&fit, &[x, 0.0, 0.0]).expect("finite")[0];
        let got: Vec<f64> = numbers(&crr["predicted_times"]).iter().map(|t| curve.at(*t)).collect();
        matches(name, &got, &crr[name], 1e-8, 0.0);
    }
    for (name, ties) in [("finegray_breslow", Ties::Breslow), ("finegray_efron", Ties::Efron)] {
        let options = FineGrayOptions { ties, censoring_ties: CensoringTies::FailuresFirst };
        let model = FineGrayModel::new(data, &options).expect("valid data");
        let fit = model.fit(&FitOptions { robust: Robust::Rows, ..FitOptions::default() }).expect("a fit");
        let want = &want[name];
        matches(name, &estimates(&fit), &want["coef"], 1e-8, 1.0);
        matches(name, fit.reported_variance().as_slice(), &want["var_robust"], 1e-8, 1e-2);
        matches(name, &[fit.loglik_null, fit.loglik], &want["loglik"], 1e-10, 0.0);
    }
    let event: Vec<bool> = data.cause.iter().map(|c| *c == data.of).collect();
    let cox = CoxData { time: data.time, event: &event, covariates: data.covariates, ..CoxData::default() };
    let fit =
        CoxModel::new(&cox, Ties::Efron).expect("valid data").fit(&FitOptions::default()).expect("a fit");
    let want = &want["cause_specific_cox_efron"];
    matches("cause-specific", &estimates(&fit), &want["coef"], 1e-8, 1.0);
    matches("cause-specific", fit.variance.as_slice(), &want["var"], 1e-8, 1e-2);
    matches("cause-specific", &[fit.loglik_null, fit.loglik], &want["loglik"], 1e-10, 0.0);
}

#[test]
fn fine_gray_models() {
    let (Some(want), Some(text)) =
        (expected("c06_finegray_bmt408"), oracle("c06_finegray_bmt408", "input.csv"))
    else {
        return;
    };
    let t = Table::parse(&text);
    let columns = [t.numbers("platelet"), t.numbers("age"), t.numbers("tcell")];
    let columns: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
    let time = t.numbers("time");
    let cause: Vec<u8> = t.numbers("cause").iter().map(|c| *c as u8).collect();
    for of in [1, 2] {
        let data = FineGrayData {
            time: Times::Real(&time),
            cause: &cause,
            of,
            covariates: &columns,
            ..FineGrayData::default()
        };
        compare_cause(&data, &want[format!("cause{of}")]);
    }
    // The non-parametric estimates, as a multistate model without intermediate states.
    let platelet = t.numbers("platelet");
    for group in [0, 1] {
        let want = &want[format!("aj_platelet{group}")];
        let rows: Vec<usize> = (0..time.len()).filter(|k| platelet[*k] == f64::from(group)).collect();
        let stop: Vec<f64> = rows.iter().map(|k| time[*k]).collect();
        let to: Vec<Option<u32>> =
            rows.iter().map(|k| (cause[*k] > 0).then_some(u32::from(cause[*k]))).collect();
        let id: Vec<u32> = (0..).take(rows.len()).collect();
        let data = MultistateData {
            states: 3,
            id: &id,
            from: &vec![0; rows.len()],
            to: &to,
            start: None,
            stop: Times::Real(&stop),
        };
        let at = numbers(&want["t"]);
        let fit = aalen_johansen(&data, &MultistateOptions { at: &at, ..MultistateOptions::default() })
            .expect("valid");
        let state = |k: usize| fit.at.iter().map(|m| m.occupation[k]).collect::<Vec<_>>();
        let error = |k: usize| fit.at.iter().map(|m| m.occupation_std_err[k]).collect::<Vec<_>>();
        matches("n", &[rows.len() as f64], &want["n"], 0.0, 0.0);
        matches("event-free", &state(0), &want["event_free"], 1e-10, 0.0);
        matches("event-free se", &error(0), &want["event_free_se_ij"], 1e-9, 0.0);
        for k in [1, 2] {
            let want = &want[format!("cause{k}")];
            for name in ["cif", "cif_cmprsk", "cif_etm"] {
                matches(name, &state(k), &want[name], 1e-10, 0.0);
            }
            for name in ["se_greenwood_etm", "se_infinitesimal_jackknife"] {
                matches(name, &error(k), &want[name], 1e-9, 0.0);
            }
        }
    }
    // And by event tables, with the variance of `cmprsk` and Gray's test.
    let group: Vec<u32> = platelet.iter().map(|g| *g as u32).collect();
    let subjects = Subjects { group: Some(&group), ..Subjects::new(&time, &cause) };
    let tables = EventTable::from_times(&subjects, 2, 2).expect("valid");
    for (group, table) in tables.iter().enumerate() {
        let want = &want[format!("aj_platelet{group}")];
        let fit = incidence(table, &CifOptions::default()).expect("valid");
        for k in [1, 2] {
            let at = fit.at(k, &numbers(&want["t"]));
            let got: Vec<f64> = at.iter().map(|a| a.std_err).collect();
            matches("aalen se", &got, &want[format!("cause{k}")]["se_aalen_cmprsk"], 1e-9, 0.0);
            let events = &want["events"][format!("cause{k}")];
            matches("events", &[fit.events(k)], events, 0.0, 0.0);
        }
        let risk: Vec<f64> = fit.at(1, &numbers(&want["t"])).iter().map(|a| a.n_risk).collect();
        matches("at risk", &risk, &want["n_risk"], 0.0, 0.0);
        matches("censored", &[table.censored().iter().sum()], &want["censored"], 0.0, 0.0);
    }
    for k in [1, 2] {
        let test = gray_test(&tables, k, 0.0).expect("two groups");
        let want = &want["gray_platelet"][format!("cause{k}")];
        matches("gray", &[test.chisq.expect("events")], &want["stat"], 1e-9, 0.0);
        matches("gray p", &[test.p.expect("events")], &want["p"], 1e-9, 0.0);
        matches("gray df", &[test.df as f64], &want["df"], 0.0, 0.0);
    }
    close("reference read", &[time.len() as f64], &[408.0], 0.0, 0.0);
}
