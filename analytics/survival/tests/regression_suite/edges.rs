//! Inputs at the edge of what can be estimated.

use survival::concordance::{ConcordanceData, concordance};
use survival::cox::{
    CoefficientState, Convergence, CoxData, CoxModel, FitOptions, Robust, Ties, TimeTransform, Times,
};
use survival::error::Error;
use survival::fine_gray::{FineGrayData, FineGrayModel, FineGrayOptions};
use survival::multistate::{Initial, MultistateData, MultistateOptions, aalen_johansen};
use survival::recurrent::{RecurrentData, episodes, mean_cumulative};

use crate::support::{Random, close};

fn sample<'a>(time: &'a [i32], event: &'a [bool], covariates: &'a [&'a [f64]]) -> CoxData<'a> {
    CoxData { time: Times::Days(time), event, covariates, ..CoxData::default() }
}

#[test]
fn an_arm_without_events_is_infinite() {
    // Events only where x = 0: the likelihood tends to that of those rows alone, 4 events of 4.
    let time = [1, 2, 3, 4, 5, 6, 7, 8];
    let event = [true, true, true, true, false, false, false, false];
    let x = [0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0];
    let z = [0.3, -0.2, 0.5, 0.1, 0.0, 0.2, -0.4, 0.3];
    let fit = CoxModel::new(&sample(&time, &event, &[&x]), Ties::Efron)
        .expect("valid")
        .fit(&FitOptions::default())
        .expect("fit");
    assert_eq!(fit.convergence, Convergence::Separated);
    assert_eq!(fit.coefficients[0].state, CoefficientState::MinusInfinity);
    assert_eq!(
        (fit.coefficients[0].estimate, fit.coefficients[0].std_err, fit.coefficients[0].p()),
        (None, None, None)
    );
    close("limit", &[fit.loglik], &[-(24.0_f64.ln())], 1e-9, 0.0);
    assert_eq!(fit.likelihood_ratio.df, 1);
    // The other coefficient is the one estimated without the arm.
    let covariates: [&[f64]; 2] = [&x, &z];
    let both = CoxModel::new(&sample(&time, &event, &covariates), Ties::Efron).expect("valid");
    let fit = both.fit(&FitOptions { robust: Robust::Rows, ..FitOptions::default() }).expect("fit");
    let alone = CoxModel::new(&sample(&time[..4], &event[..4], &[&z[..4]]), Ties::Efron)
        .expect("valid")
        .fit(&FitOptions::default())
        .expect("fit");
    assert_eq!(fit.coefficients[0].state, CoefficientState::MinusInfinity);
    assert_eq!(fit.coefficients[1].state, CoefficientState::Finite);
    close(
        "finite one",
        &[fit.coefficients[1].estimate.expect("finite")],
        &[alone.coefficients[0].estimate.expect("finite")],
        1e-7,
        0.0,
    );
    close(
        "its error",
        &[fit.coefficients[1].std_err.expect("finite")],
        &[alone.coefficients[0].std_err.expect("finite")],
        1e-7,
        0.0,
    );
    assert!(both.baseline(&fit).is_err());
    assert_eq!(fit.linear_predictor(&[0.0, 1.0]), None);
}

#[test]
fn perfect_separation_by_a_continuous_covariate_in_any_unit() {
    for unit in [1e-6, 1.0, 1e6] {
        let x: Vec<f64> = [5.0, 4.0, 3.5, 2.0, 1.0, 0.5].iter().map(|v| v * unit).collect();
        let time = [1, 2, 3, 4, 5, 6];
        let fit = CoxModel::new(&sample(&time, &[true; 6], &[&x]), Ties::Efron)
            .expect("valid")
            .fit(&FitOptions::default())
            .expect("fit");
        assert_eq!(fit.coefficients[0].state, CoefficientState::PlusInfinity, "unit {unit}");
        assert!(fit.loglik > -1e-6);
        let strata = [1, 1, 1, 2, 2, 2];
        let data = CoxData {
            strata: Some(&strata),
            time: Times::Days(&time),
            event: &[true; 6],
            covariates: &[&x],
            ..CoxData::default()
        };
        let fit =
            CoxModel::new(&data, Ties::Breslow).expect("valid").fit(&FitOptions::default()).expect("fit");
        assert_eq!(fit.convergence, Convergence::Separated);
    }
}

#[test]
fn separation_is_seen_however_close_the_covariate_values_are() {
    // The predictors would have to spread beyond any floating number before the gain vanishes.
    let n = 300;
    let time: Vec<i32> = (1..=n).collect();
    let x: Vec<f64> = (0..n).map(|k| f64::from(k) / 7.0).collect();
    let event: Vec<bool> = (0..n).map(|k| k % 3 != 0).collect();
    let noise: Vec<f64> = (0..n).map(|k| f64::from(k * 37 % 11)).collect();
    for entry in [None, Some(vec![-1; time.len()])] {
        for covariates in [&[x.as_slice()][..], &[noise.as_slice(), x.as_slice()]] {
            let entry = entry.as_deref().map(Times::Days);
            let data =
                CoxData { entry, time: Times::Days(&time), event: &event, covariates, ..CoxData::default() };
            let fit =
                CoxModel::new(&data, Ties::Efron).expect("valid").fit(&FitOptions::default()).expect("fit");
            assert_eq!(fit.convergence, Convergence::Separated);
            let last = fit.coefficients[covariates.len() - 1];
            assert_eq!((last.state, last.estimate), (CoefficientState::MinusInfinity, None));
            assert_eq!(fit.loglik, 0.0);
            assert!(covariates.len() == 1 || fit.coefficients[0].state == CoefficientState::Undetermined);
            assert!(fit.coefficients.iter().all(|c| c.estimate.is_none() && c.std_err.is_none()));
            assert_eq!((fit.wald.df, fit.wald.p), (0, None));
        }
    }
    // Whole years with ties: at the limit an event is compared with those of its own value alone.
    let time = [1, 2, 3, 4, 5, 6, 7, 8];
    let age = [90.0, 90.0, 60.0, 59.0, 59.0, 58.0, 2.0, 1.0];
    let event = [true, false, true, true, true, false, false, true];
    let fit = CoxModel::new(&sample(&time, &event, &[&age]), Ties::Efron)
        .expect("valid")
        .fit(&FitOptions::default())
        .expect("fit");
    assert_eq!(fit.coefficients[0].state, CoefficientState::PlusInfinity);
    close("limit", &[fit.loglik], &[-2.0 * 2.0_f64.ln()], 1e-9, 0.0);
    // The same with one row out of order, which makes the maximum finite.
    let mut mixed = age;
    mixed[7] = 61.0;
    let fit = CoxModel::new(&sample(&time, &[true; 8], &[&mixed]), Ties::Efron)
        .expect("valid")
        .fit(&FitOptions::default())
        .expect("fit");
    assert_eq!(
        (fit.convergence, fit.coefficients[0].state),
        (Convergence::Converged, CoefficientState::Finite)
    );
}

#[test]
fn strong_but_finite_effects_are_not_called_infinite() {
    // One row out of order keeps the maximum finite.
    let n = 60;
    let time: Vec<i32> = (1..=n).collect();
    let mut x: Vec<f64> = (0..n).map(|k| -f64::from(k) / 10.0).collect();
    x.swap(0, 1);
    let event = vec![true; n as usize];
    let fit = CoxModel::new(&sample(&time, &event, &[&x]), Ties::Efron)
        .expect("valid")
        .fit(&FitOptions::default())
        .expect("fit");
    assert_eq!(fit.convergence, Convergence::Converged);
    let b = fit.coefficients[0].estimate.expect("finite");
    assert!(b > 10.0 && fit.coefficients[0].std_err.is_some());
    // A rare covariate with one event more than expected.
    let mut rare = vec![0.0; n as usize];
    rare[0] = 1.0;
    rare[59] = 1.0;
    let fit = CoxModel::new(&sample(&time, &event, &[&rare]), Ties::Efron)
        .expect("valid")
        .fit(&FitOptions::default())
        .expect("fit");
    assert_eq!(fit.coefficients[0].state, CoefficientState::Finite);
}

#[test]
fn constant_and_collinear_columns_are_reported_and_left_out() {
    let mut r = Random(8);
    let n = 80;
    let time: Vec<i32> = (0..n).map(|_| 1 + r.below(30) as i32).collect();
    let event: Vec<bool> = (0..n).map(|_| r.below(3) > 0).collect();
    let a: Vec<f64> = (0..n).map(|_| 2000.0 + r.normal()).collect();
    let b: Vec<f64> = (0..n).map(|_| r.below(2) as f64).collect();
    let constant = vec![0.1; n];
    let sum: Vec<f64> = a.iter().zip(&b).map(|(a, b)| 3.0 * a - b).collect();
    let strata: Vec<u32> = b.iter().map(|b| *b as u32).collect();
    let data = sample(&time, &event, &[]);
    let fit = |covariates: &[&[f64]], strata: Option<&[u32]>| {
        let data = CoxData { covariates, strata, ..data };
        let model = CoxModel::new(&data, Ties::Efron).expect("valid");
        let fit = model.fit(&FitOptions { robust: Robust::Rows, ..FitOptions::default() }).expect("fit");
        let z = model.proportional_hazards(&fit, &[], TimeTransform::default()).expect("tests");
        assert_eq!(z.global.df, fit.wald.df);
        fit
    };
    let full = fit(&[&a, &constant, &b, &sum], None);
    let plain = fit(&[&a, &b], None);
    let states: Vec<_> = full.coefficients.iter().map(|c| c.state).collect();
    assert_eq!(
        states,
        [
            CoefficientState::Finite,
            CoefficientState::Aliased,
            CoefficientState::Finite,
            CoefficientState::Aliased
        ]
    );
    assert_eq!(full.convergence, Convergence::Converged);
    close("loglik", &[full.loglik], &[plain.loglik], 1e-12, 0.0);
    for (k, j) in [(0, 0), (2, 1)] {
        close(
            "estimate",
            &[full.coefficients[k].estimate.expect("finite")],
            &[plain.coefficients[j].estimate.expect("finite")],
            1e-8,
            0.0,
        );
        close(
            "robust",
            &[full.coefficients[k].robust_std_err.expect("finite")],
            &[plain.coefficients[j].robust_std_err.expect("finite")],
            1e-8,
            0.0,
        );
    }
    assert_eq!((full.likelihood_ratio.df, full.score.df, full.wald.df), (2, 2, 2));
    // A covariate that is constant within every stratum.
    let within = fit(&[&b, &a], Some(&strata));
    assert_eq!(within.coefficients[0].state, CoefficientState::Aliased);
    assert_eq!(within.coefficients[1].state, CoefficientState::Finite);
    let none = fit(&[&constant], None);
    assert_eq!((none.wald.df, none.wald.p, none.loglik), (0, None, none.loglik_null));
}

#[test]
fn extreme_values_neither_overflow_nor_mislead() {
    let mut r = Random(10);
    let n = 200;
    let time: Vec<i32> = (0..n).map(|_| 1 + r.below(60) as i32).collect();
    let event: Vec<bool> = (0..n).map(|_| r.below(3) > 0).collect();
    let x: Vec<f64> = (0..n).map(|_| r.normal()).collect();
    let base = CoxModel::new(&sample(&time, &event, &[&x]), Ties::Efron)
        .expect("valid")
        .fit(&FitOptions::default())
        .expect("fit");
    let want = base.coefficients[0].estimate.expect("finite");
    // Days since 1970 over a few years; a huge unit; an offset that dwarfs the spread.
    for (scale, offset) in [(300.0, 19_000.0), (1e12, 0.0), (1.0, 1e6), (1e-9, 0.0)] {
        let moved: Vec<f64> = x.iter().map(|v| v * scale + offset).collect();
        let fit = CoxModel::new(&sample(&time, &event, &[&moved]), Ties::Efron)
            .expect("valid")
            .fit(&FitOptions::default())
            .expect("fit");
        close("estimate", &[fit.coefficients[0].estimate.expect("finite") * scale], &[want], 1e-7, 1e-2);
        close("loglik", &[fit.loglik], &[base.loglik], 1e-10, 0.0);
    }
    // Huge weights scale the information and nothing else.
    let weight = vec![1e9; n];
    let data = CoxData {
        weight: Some(&weight),
        time: Times::Days(&time),
        event: &event,
        covariates: &[&x],
        ..CoxData::default()
    };
    let fit = CoxModel::new(&data, Ties::Efron).expect("valid").fit(&FitOptions::default()).expect("fit");
    close("estimate", &[fit.coefficients[0].estimate.expect("finite")], &[want], 1e-9, 0.0);
    close("variance", &[fit.variance.get(0, 0) * 1e9], &[base.variance.get(0, 0)], 1e-9, 0.0);
    // One wild value: a finite fit or a flagged one, never a number that is not.
    let mut wild = x.clone();
    wild[0] = 1e9;
    let fit = CoxModel::new(&sample(&time, &event, &[&wild]), Ties::Efron)
        .expect("valid")
        .fit(&FitOptions::default())
        .expect("fit");
    assert!(fit.loglik.is_finite() && fit.loglik >= fit.loglik_null);
    assert!(fit.coefficients[0].estimate.is_none_or(f64::is_finite));
}

#[test]
fn delayed_entry_that_empties_the_risk_set_is_exact_after_it() {
    // Between 10 and 20 nobody is at risk; the rows after it must not feel those before it.
    let entry = [0, 0, 0, 0, 20, 20, 20, 20];
    let time = [3, 5, 8, 10, 23, 25, 28, 30];
    let x = [1.0, 30.0, 2.0, 35.0, 0.3, -0.2, 0.4, 0.1];
    let data = CoxData {
        entry: Some(Times::Days(&entry)),
        time: Times::Days(&time),
        event: &[true, true, false, true, true, true, true, false],
        covariates: &[&x],
        ..CoxData::default()
    };
    let strata = [0, 0, 0, 0, 1, 1, 1, 1];
    let apart = CoxData { strata: Some(&strata), ..data };
    let fit = |d: &CoxData<'_>| {
        CoxModel::new(d, Ties::Efron).expect("valid").fit(&FitOptions::default()).expect("fit")
    };
    let (a, b) = (fit(&data), fit(&apart));
    close("loglik", &[a.loglik, a.loglik_null], &[b.loglik, b.loglik_null], 1e-14, 0.0);
    // A row that sees no event time, entering after the last event, changes nothing.
    let (entry, time) = ([0, 0, 0, 6], [3, 5, 6, 9]);
    let (x, event) = ([0.2, 0.1, 0.5, 9.0], [true, true, false, false]);
    let with = CoxData {
        entry: Some(Times::Days(&entry)),
        time: Times::Days(&time),
        event: &event,
        covariates: &[&x],
        ..CoxData::default()
    };
    let (loglik, want) = (fit(&with).loglik_null, -(3.0_f64.ln() + 2.0_f64.ln()));
    close("loglik", &[loglik], &[want], 1e-14, 0.0);
}

#[test]
fn late_entry_keeps_precision_when_large_terms_cancel() {
    // Subjects with hazards e^20 times the others leave before the rest are compared.
    let mut r = Random(12);
    let n = 300;
    let (mut entry, mut time, mut event, mut x, mut strata) = (vec![], vec![], vec![], vec![], vec![]);
    for k in 0..n {
        let early = k < n / 2;
        let from = if early { 0 } else { 100 };
        entry.push(from);
        time.push(from + 1 + r.below(90) as i32);
        event.push(r.below(2) == 0);
        x.push(if early { 20.0 } else { 0.0 } + r.normal());
        strata.push(u32::from(early));
    }
    let data = CoxData {
        entry: Some(Times::Days(&entry)),
        time: Times::Days(&time),
        event: &event,
        covariates: &[&x],
        ..CoxData::default()
    };
    let apart = CoxData { strata: Some(&strata), ..data };
    let fit = |d: &CoxData<'_>| {
        CoxModel::new(d, Ties::Efron).expect("valid").fit(&FitOptions::default()).expect("fit")
    };
    let (a, b) = (fit(&data), fit(&apart));
    close(
        "estimate",
        &[a.coefficients[0].estimate.expect("finite")],
        &[b.coefficients[0].estimate.expect("finite")],
        1e-9,
        1e-2,
    );
}

#[test]
fn smallest_samples() {
    let fit = |time: &[i32], event: &[bool], x: &[f64]| {
        CoxModel::new(&sample(time, event, &[x]), Ties::Efron).and_then(|m| m.fit(&FitOptions::default()))
    };
    // One subject: no information at all.
    let one = fit(&[5], &[true], &[3.0]).expect("one event");
    assert_eq!(one.coefficients[0].state, CoefficientState::Aliased);
    assert_eq!((one.n, one.n_events, one.loglik), (1, 1, 0.0));
    let censored = fit(&[5, 6], &[false, false], &[3.0, 4.0]);
    assert!(matches!(censored, Err(Error::Undefined { .. })));
    assert!(fit(&[], &[], &[]).is_err());
    // Events at time 0, all tied: the covariate is compared with its own mean, and the score is zero at zero.
    let tied = fit(&[0, 0, 0], &[true; 3], &[1.0, 2.0, 6.0]).expect("events");
    assert_eq!(tied.coefficients[0].state, CoefficientState::Finite);
    let b = tied.coefficients[0].estimate.expect("finite");
    let s = |b: f64| [1.0, 2.0, 6.0].iter().map(|x| (b * x).exp()).sum::<f64>();
    close("all tied", &[tied.loglik], &[9.0 * b - 3.0 * s(b).ln() - (2.0_f64 / 9.0).ln()], 1e-12, 0.0);
    // Without covariates: the Nelson-Aalen estimate with Efron's correction.
    let data = sample(&[1, 1, 2], &[true; 3], &[]);
    let model = CoxModel::new(&data, Ties::Efron).expect("valid");
    let null = model.fit(&FitOptions::default()).expect("fit");
    let base = model.baseline(&null).expect("nothing infinite");
    close("hazard", &base[0].cumhaz, &[1.0 / 3.0 + 0.5, 1.0 / 3.0 + 1.5], 1e-15, 0.0);
    // A stratum without events and one with a single row contribute nothing.
    let strata = [1, 1, 2, 3, 3, 3];
    let x = [0.1, 0.4, 0.9, 0.5, 0.2, 0.8];
    let data = CoxData {
        strata: Some(&strata),
        time: Times::Days(&[1, 2, 1, 3, 4, 5]),
        event: &[false, false, true, true, true, true],
        covariates: &[&x],
        ..CoxData::default()
    };
    let model = CoxModel::new(&data, Ties::Efron).expect("valid");
    let fit = model.fit(&FitOptions::default()).expect("fit");
    close("loglik null", &[fit.loglik_null], &[-(6.0_f64.ln())], 1e-14, 0.0);
    assert_eq!(
        model.baseline(&fit).map(|b| b.iter().map(|b| b.time.len()).collect::<Vec<_>>()),
        Ok(vec![0, 1, 3])
    );
}

#[test]
fn faults_of_the_input_are_named() {
    let x = [1.0, f64::NAN, 2.0];
    let good = [1.0, 2.0, 3.0];
    let (time, event) = ([1, 2, 3], [true, true, false]);
    let error = |d: &CoxData<'_>| CoxModel::new(d, Ties::Efron).expect_err("a fault");
    assert!(matches!(
        error(&sample(&time, &event, &[&x])),
        Error::InvalidValue { column: "covariates", row: 1, .. }
    ));
    assert!(matches!(
        error(&sample(&time, &event[..2], &[&good])),
        Error::LengthMismatch { column: "event", expected: 3, received: 2 }
    ));
    assert!(matches!(
        error(&sample(&time, &event, &[&good[..1]])),
        Error::LengthMismatch { column: "covariates", .. }
    ));
    let weight = [1.0, -1.0, 1.0];
    let d = CoxData {
        weight: Some(&weight),
        time: Times::Days(&time),
        event: &event,
        covariates: &[&good],
        ..CoxData::default()
    };
    assert!(matches!(error(&d), Error::InvalidValue { column: "weight", row: 1, .. }));
    let entry = [0, 2, 0];
    let d = CoxData {
        entry: Some(Times::Days(&entry)),
        time: Times::Days(&time),
        event: &event,
        covariates: &[&good],
        ..CoxData::default()
    };
    assert!(matches!(error(&d), Error::InvalidValue { column: "entry", row: 1, .. }));
    let huge = [f64::MAX, f64::MAX, -1.0];
    assert!(CoxModel::new(&sample(&time, &event, &[&huge]), Ties::Efron).is_ok());
    let covariates: [&[f64]; 1] = [&good];
    let model_data = sample(&time, &event, &covariates);
    let model = CoxModel::new(&model_data, Ties::Efron).expect("valid");
    assert!(model.fit(&FitOptions { robust: Robust::Clustered(&[1]), ..FitOptions::default() }).is_err());
    let fit = model.fit(&FitOptions::default()).expect("fit");
    assert!(model.predict(&fit, &[]).is_err());
    assert!(model.proportional_hazards(&fit, &[&[1]], TimeTransform::Identity).is_err());
}

#[test]
fn weight_zero_is_absence() {
    let time = [1, 2, 2, 3, 4, 5];
    let event = [true, true, true, false, true, true];
    let x = [0.1, 0.5, 0.2, 0.9, 0.4, 0.3];
    let weight = [1.0, 1.0, 0.0, 1.0, 0.0, 1.0];
    let data = CoxData {
        weight: Some(&weight),
        time: Times::Days(&time),
        event: &event,
        covariates: &[&x],
        ..CoxData::default()
    };
    let model = CoxModel::new(&data, Ties::Efron).expect("valid");
    let fit = model.fit(&FitOptions::default()).expect("fit");
    let keep = [0, 1, 3, 5];
    let (t, e, z) = (keep.map(|k| time[k]), keep.map(|k| event[k]), keep.map(|k| x[k]));
    let less = CoxModel::new(&sample(&t, &e, &[&z]), Ties::Efron)
        .expect("valid")
        .fit(&FitOptions::default())
        .expect("fit");
    close("loglik", &[fit.loglik, fit.loglik_null], &[less.loglik, less.loglik_null], 1e-13, 0.0);
    assert_eq!(fit.n_events, 3);
    assert_eq!(model.martingale_residuals(&fit)[2], 0.0);
}

#[test]
fn concordance_edges() {
    let c = |time: &[i32], event: &[bool], risk: &[f64]| {
        concordance(&ConcordanceData { time: Times::Days(time), event, risk, ..ConcordanceData::default() })
            .expect("valid")
    };
    let none = c(&[1, 1], &[true, true], &[1.0, 2.0]);
    assert_eq!((none.value, none.std_err), (None, None));
    // A row censored at the time of an event goes on beyond it.
    assert_eq!(c(&[1, 1], &[true, false], &[2.0, 1.0]).value, Some(1.0));
    assert_eq!(c(&[1, 2], &[true, false], &[1.0, 1.0]).value, Some(0.5));
    assert_eq!(c(&[1, 2], &[true, false], &[-0.0, 0.0]).value, Some(0.5));
    assert_eq!(c(&[2, 1], &[true, false], &[1.0, 2.0]).value, None);
}

#[test]
fn fine_gray_edges() {
    let x = [0.5, 1.0, 0.2, 0.8];
    let data = FineGrayData {
        time: Times::Days(&[1, 2, 3, 4]),
        cause: &[2, 2, 2, 0],
        covariates: &[&x],
        ..FineGrayData::default()
    };
    let new = |d: &FineGrayData<'_>| FineGrayModel::new(d, &FineGrayOptions::default()).map(|_| ());
    assert!(matches!(new(&data), Err(Error::Undefined { .. })));
    assert!(new(&FineGrayData { of: 2, ..data }).is_ok());
    assert!(new(&FineGrayData { of: 0, ..data }).is_err());
    // Without censoring a competing failure stays with full weight: Cox with those rows followed to the end.
    let (time, cause) = ([1, 2, 3, 4, 5, 6], [1, 2, 1, 2, 1, 1]);
    let x = [0.5, 1.0, 0.2, 0.8, 0.9, 0.1];
    let model_data = FineGrayData {
        time: Times::Days(&time),
        cause: &cause,
        covariates: &[&x],
        ..FineGrayData::default()
    };
    let model = FineGrayModel::new(&model_data, &FineGrayOptions::default()).expect("valid");
    let fit = model.fit(&FitOptions::default()).expect("fit");
    let (long, event) = ([1, 99, 3, 99, 5, 6], [true, false, true, false, true, true]);
    let cox = CoxModel::new(&sample(&long, &event, &[&x]), Ties::Breslow)
        .expect("valid")
        .fit(&FitOptions::default())
        .expect("fit");
    close(
        "estimate",
        &[fit.coefficients[0].estimate.expect("finite")],
        &[cox.coefficients[0].estimate.expect("finite")],
        1e-12,
        0.0,
    );
    let curve = &model.predict(&fit, &[0.3]).expect("finite")[0];
    assert_eq!(curve.at(0.5), 0.0);
    assert!(curve.cif.iter().all(|f| (0.0..1.0).contains(f)) && curve.cif.is_sorted());
    // Separation is seen here too.
    let apart = [1.0, 0.0, 1.0, 0.0, 1.0, 1.0];
    let d = FineGrayData { covariates: &[&apart], ..model_data };
    let fit = FineGrayModel::new(&d, &FineGrayOptions::default())
        .expect("valid")
        .fit(&FitOptions::default())
        .expect("fit");
    assert_eq!(fit.coefficients[0].state, CoefficientState::PlusInfinity);
}

#[test]
fn recurrent_edges() {
    let rows = |start: &[i32], stop: &[i32]| {
        let id = vec![1; stop.len()];
        let event = vec![true; stop.len()];
        let data = RecurrentData {
            id: &id,
            start: Some(Times::Days(start)),
            stop: Times::Days(stop),
            event: &event,
            group: None,
        };
        (mean_cumulative(&data), episodes(&data))
    };
    let (curve, numbered) = rows(&[0, 3, 8], &[3, 8, 9]);
    let curve = &curve.expect("valid")[0];
    assert_eq!(curve.mcf, vec![1.0, 2.0, 3.0]);
    // One subject carries no information on the variance.
    close("std err", &curve.std_err, &[0.0; 3], 1e-7, 1.0);
    let numbered = numbered.expect("valid");
    assert_eq!(
        (numbered.number, numbered.gap_start, numbered.gap_stop),
        (vec![1, 2, 3], vec![0.0; 3], vec![3.0, 5.0, 1.0])
    );
    for (start, stop) in [([0, 2, 8], [3, 8, 9]), ([0, 3, 7], [3, 8, 9]), ([0, 0, 8], [3, 3, 9])] {
        let (curve, numbered) = rows(&start, &stop);
        assert!(curve.is_err() && numbered.is_err(), "{start:?}");
    }
    // No event, and no start: everyone is at risk from the beginning.
    let data = RecurrentData {
        id: &[1, 2],
        start: None,
        stop: Times::Real(&[2.5, 3.5]),
        event: &[false, false],
        group: None,
    };
    let quiet = mean_cumulative(&data).expect("valid");
    assert_eq!((quiet[0].subjects, quiet[0].events, quiet[0].mcf.len()), (2, 0, 0));
    assert!(episodes(&data).is_err());
}

#[test]
fn two_states_are_kaplan_meier() {
    let (stop, to) = ([2, 3, 3, 5, 7], [Some(1), Some(1), None, Some(1), None]);
    let data = MultistateData {
        states: 2,
        id: &[1, 2, 3, 4, 5],
        from: &[0; 5],
        to: &to,
        start: None,
        stop: Times::Days(&stop),
    };
    let options = MultistateOptions { at: &[5.0], until: Some(6.0), ..MultistateOptions::default() };
    let fit = aalen_johansen(&data, &options).expect("valid");
    close("survival", &fit.occupation[0], &[0.8, 0.6, 0.3], 1e-15, 0.0);
    // Greenwood: S^2 sum d / (n (n - d)).
    let greenwood = 0.3 * (1.0_f64 / 20.0 + 1.0 / 12.0 + 1.0 / 2.0).sqrt();
    close("std err", &[fit.std_err[0][2], fit.std_err[1][2]], &[greenwood; 2], 1e-14, 0.0);
    assert_eq!(fit.n_risk[0], vec![5, 4, 2]);
    // Restricted mean to 6: 2 + 0.8 + 2 * 0.6 + 0.3; its variance sums squared areas beyond each event.
    let areas = [0.8 + 1.2 + 0.3, 1.2 + 0.3, 0.3_f64];
    let variance: f64 = areas.iter().zip([1.0 / 20.0, 1.0 / 12.0, 1.0 / 2.0]).map(|(a, v)| a * a * v).sum();
    close("stay", &fit.length_of_stay.expected, &[4.3, 1.7], 1e-14, 0.0);
    close("stay std err", &fit.length_of_stay.std_err, &[variance.sqrt(); 2], 1e-13, 0.0);
    close("sum", &[fit.at[0].probability.row(0).iter().sum()], &[1.0], 1e-15, 0.0);
    assert!(fit.emptied.is_empty());
}

#[test]
fn multistate_faults_and_empty_states() {
    let ok = MultistateData {
        states: 3,
        id: &[1, 1, 2],
        from: &[0, 1, 0],
        to: &[Some(1), Some(2), None],
        start: Some(Times::Days(&[0, 2, 0])),
        stop: Times::Days(&[2, 6, 9]),
    };
    let run = |d: &MultistateData<'_>| aalen_johansen(d, &MultistateOptions::default());
    let fit = run(&ok).expect("valid");
    assert_eq!(fit.initial, vec![1.0, 0.0, 0.0]);
    assert!(run(&MultistateData { states: 2, ..ok }).is_err());
    assert!(run(&MultistateData { to: &[Some(0), Some(2), None], ..ok }).is_err());
    assert!(run(&MultistateData { from: &[0, 2, 0], to: &[Some(1), Some(1), None], ..ok }).is_err());
    assert!(run(&MultistateData { start: Some(Times::Days(&[0, 1, 0])), ..ok }).is_err());
    let options =
        MultistateOptions { initial: Initial::Known(&[0.5, 0.6, 0.0]), ..MultistateOptions::default() };
    assert!(aalen_johansen(&ok, &options).is_err());
    let options = MultistateOptions { from_time: Some(50.0), ..MultistateOptions::default() };
    assert!(matches!(aalen_johansen(&ok, &options), Err(Error::Undefined { .. })));
    // Half start in state 1, where nobody is at risk until 5 although moves happen at 2: reported.
    let options =
        MultistateOptions { initial: Initial::Known(&[0.5, 0.5, 0.0]), ..MultistateOptions::default() };
    let fit = aalen_johansen(&ok, &options).expect("valid");
    assert_eq!(fit.emptied, vec![(1, 2.0)]);
    // Observed halves: multinomial variance p (1 - p) / n before the first move.
    let half = MultistateData {
        states: 2,
        id: &[1, 2],
        from: &[0, 1],
        to: &[Some(1), Some(0)],
        start: None,
        stop: Times::Days(&[5, 6]),
    };
    let options = MultistateOptions { at: &[1.0], ..MultistateOptions::default() };
    let fit = aalen_johansen(&half, &options).expect("valid");
    close("std err", &fit.at[0].occupation_std_err, &[(0.25_f64 / 2.0).sqrt(); 2], 1e-15, 0.0);
}
