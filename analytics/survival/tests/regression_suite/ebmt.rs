//! 2204 transplants of the EBMT: every figure of case c07.

use serde_json::Value;
use survival::cox::{CoxData, CoxFit, CoxModel, FitOptions, Robust, Ties, TimeTransform, Times};
use survival::interval::ConfType;

use crate::support::{Table, close, expected, matches, numbers, oracle};

/// Compares a fit with what the reference scripts print for every Cox model.
pub(crate) fn compare(model: &CoxModel<'_>, fit: &CoxFit, cluster: Option<&[u32]>, want: &Value) {
    let f = |g: &dyn Fn(&survival::cox::Coefficient) -> Option<f64>| -> Vec<f64> {
        fit.coefficients.iter().map(|c| g(c).expect("finite coefficients")).collect()
    };
    matches("n", &[fit.n as f64], &want["n"], 0.0, 0.0);
    matches("events", &[fit.n_events as f64], &want["nevent"], 0.0, 0.0);
    matches("coef", &f(&|c| c.estimate), &want["coef"], 1e-8, 0.0);
    matches("var", fit.variance.as_slice(), &want["var"], 1e-8, 1e-4);
    matches("hr", &f(&|c| c.estimate.map(f64::exp)), &want["hr"], 1e-8, 0.0);
    matches("hr lower", &f(&|c| c.hazard_ratio_interval(0.95).map(|i| i.0)), &want["hr_lower"], 1e-8, 0.0);
    matches("hr upper", &f(&|c| c.hazard_ratio_interval(0.95).map(|i| i.1)), &want["hr_upper"], 1e-8, 0.0);
    matches("p", &f(&|c| c.p()), &want["p_wald"], 1e-6, 0.0);
    matches("loglik null", &[fit.loglik_null], &want["loglik_null"], 1e-10, 0.0);
    matches("loglik", &[fit.loglik], &want["loglik"], 1e-10, 0.0);
    matches("lr", &[fit.likelihood_ratio.chisq], &want["lr_test"], 1e-8, 0.0);
    matches("score", &[fit.score.chisq], &want["score_test"], 1e-8, 0.0);
    matches("wald", &[fit.wald.chisq], &want["wald_test"], 1e-8, 0.0);
    matches("df", &[fit.likelihood_ratio.df as f64], &want["df"], 0.0, 0.0);
    if let Some(robust) = &fit.robust_variance {
        matches("robust var", robust.as_slice(), &want["var_robust"], 1e-8, 1e-4);
        let score = fit.robust_score.expect("asked for");
        matches("robust score", &[score.chisq], &want["robust_score_test"], 1e-8, 0.0);
    } else {
        assert!(want.get("var_robust").is_none());
    }
    let c = model.concordance(fit, cluster).expect("comparable");
    matches("concordance", &[c.value.expect("pairs")], &want["concordance"], 1e-9, 0.0);
    matches("concordance se", &[c.std_err.expect("pairs")], &want["concordance_se"], 1e-9, 0.0);
}

#[test]
fn every_figure() {
    let (Some(want), Some(text)) =
        (expected("c07_cox_ebmt3_efron"), oracle("c07_cox_ebmt3_efron", "input.csv"))
    else {
        return;
    };
    let t = Table::parse(&text);
    let columns = [
        t.indicator("dissub", "ALL"),
        t.indicator("dissub", "CML"),
        t.indicator("age", "20-40"),
        t.indicator("age", ">40"),
        t.indicator("drmatch", "Gender mismatch"),
        t.indicator("tcd", "TCD"),
    ];
    let columns: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
    // Two patients failed on the day of transplant, written as 0.030425.
    let time = t.numbers("rfstime");
    let event = t.flags("rfsstat", "1");
    let id: Vec<u32> = t.numbers("id").iter().map(|v| *v as u32).collect();
    let weight: Vec<f64> = id.iter().map(|id| f64::from(1 + id % 3)).collect();
    let dissub: Vec<u32> = t
        .text("dissub")
        .iter()
        .map(|d| ["ALL", "AML", "CML"].iter().position(|n| n == d).expect("known") as u32)
        .collect();
    let data =
        CoxData { time: Times::Real(&time), event: &event, covariates: &columns, ..CoxData::default() };
    let plain = FitOptions::default();
    let robust = FitOptions { robust: Robust::Clustered(&id), ..plain };
    let weighted = CoxData { weight: Some(&weight), ..data };
    let stratified = CoxData { strata: Some(&dissub), covariates: &columns[2..], ..data };
    for (name, data, ties, options) in [
        ("efron", data, Ties::Efron, plain),
        ("breslow", data, Ties::Breslow, plain),
        ("weighted_efron", weighted, Ties::Efron, plain),
        ("weighted_efron_robust", weighted, Ties::Efron, robust),
        ("robust", data, Ties::Efron, robust),
        ("robust", data, Ties::Efron, FitOptions { robust: Robust::Rows, ..plain }),
        ("strata_dissub", stratified, Ties::Efron, plain),
    ] {
        let model = CoxModel::new(&data, ties).expect("valid data");
        let fit = model.fit(&options).expect("a fit");
        compare(&model, &fit, None, &want[name]);
    }

    let model = CoxModel::new(&data, Ties::Efron).expect("valid data");
    let fit = model.fit(&plain).expect("a fit");
    for (name, transform) in
        [("zph_km", TimeTransform::KaplanMeier), ("zph_identity", TimeTransform::Identity)]
    {
        let z = model.proportional_hazards(&fit, &[&[0, 1], &[2, 3], &[4], &[5]], transform).expect("tests");
        let all: Vec<_> = z.terms.iter().map(|t| t.test).chain([z.global]).collect();
        let get = |g: fn(&survival::cox::TestStatistic) -> f64| all.iter().map(g).collect::<Vec<_>>();
        matches(name, &get(|t| t.chisq), &want[name]["chisq"], 1e-8, 0.0);
        matches(name, &get(|t| t.df as f64), &want[name]["df"], 0.0, 0.0);
        matches(name, &get(|t| t.p.expect("df")), &want[name]["p"], 1e-6, 0.0);
    }

    let want_curve = &want["predicted_reference"];
    let curve = &model.predict(&fit, &[0.0; 6]).expect("finite")[0];
    let at: Vec<usize> =
        numbers(&want_curve["t"]).iter().map(|t| curve.position(*t).expect("after an event")).collect();
    let pick = |v: &[f64]| at.iter().map(|i| v[*i]).collect::<Vec<_>>();
    matches("surv", &pick(&curve.surv), &want_curve["surv"], 1e-8, 0.0);
    matches("se", &pick(&curve.std_err), &want_curve["se_S"], 1e-8, 0.0);
    matches("cumhaz", &pick(&curve.cumhaz), &want_curve["cumhaz"], 1e-8, 0.0);
    let limits: Vec<(f64, f64)> = at
        .iter()
        .map(|i| curve.limits(*i, ConfType::LogLog, 0.95).expect("survival between 0 and 1"))
        .collect();
    let (lower, upper): (Vec<f64>, Vec<f64>) = limits.into_iter().unzip();
    matches("lower", &lower, &want_curve["lower"], 1e-8, 0.0);
    matches("upper", &upper, &want_curve["upper"], 1e-8, 0.0);

    let r = &want["residuals"];
    let martingale = model.martingale_residuals(&fit);
    matches("martingale", &martingale[..10], &r["martingale_first10"], 1e-8, 0.0);
    close("martingale sum", &[martingale.iter().sum()], &numbers(&r["martingale_sum"]), 1e-9, 1.0);
    let deviance = model.deviance_residuals(&fit);
    matches("deviance", &deviance[..10], &r["deviance_first10"], 1e-8, 0.0);
    matches("deviance ss", &[deviance.iter().map(|d| d * d).sum()], &r["deviance_ss"], 1e-8, 0.0);
}
