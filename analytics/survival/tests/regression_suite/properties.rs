//! What must hold whatever the data are.

use proptest::prelude::*;
use survival::cox::{CoxData, CoxFit, CoxModel, FitOptions, Robust, Ties, Times};
use survival::fine_gray::{FineGrayData, FineGrayModel, FineGrayOptions};

use crate::support::{Random, close};

type Row = (i32, i32, bool, i32, i32);
type Columns = (Vec<i32>, Vec<i32>, Vec<bool>, Vec<f64>, Vec<f64>);

fn rows() -> impl Strategy<Value = Vec<Row>> {
    proptest::collection::vec((0..6_i32, 1..25_i32, any::<bool>(), -20..20_i32, -20..20_i32), 25..80)
}

fn columns(rows: &[Row]) -> Columns {
    (
        rows.iter().map(|r| r.0).collect(),
        rows.iter().map(|r| r.0 + r.1).collect(),
        rows.iter().map(|r| r.2).collect(),
        rows.iter().map(|r| f64::from(r.3) / 10.0).collect(),
        rows.iter().map(|r| f64::from(r.4) / 10.0).collect(),
    )
}

/// A fit with all coefficients finite, or none: monotone likelihoods have properties of their own.
fn fit(data: &CoxData<'_>, ties: Ties) -> Option<CoxFit> {
    let model = CoxModel::new(data, ties).ok()?;
    let fit = model.fit(&FitOptions { robust: Robust::Rows, ..FitOptions::default() }).ok()?;
    fit.coefficients.iter().all(|c| c.estimate.is_some_and(|e| e.abs() < 8.0)).then_some(fit)
}

fn estimates(fit: &CoxFit) -> Vec<f64> {
    fit.coefficients.iter().filter_map(|c| c.estimate).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn permuting_rows_changes_nothing(rows in rows(), seed in any::<u64>()) {
        let (entry, time, event, a, b) = columns(&rows);
        let base = CoxData { entry: Some(Times::Days(&entry)), time: Times::Days(&time), event: &event, covariates: &[&a, &b], ..CoxData::default() };
        let Some(first) = fit(&base, Ties::Efron) else { return Ok(()) };
        let mut shuffled = rows.clone();
        let mut r = Random(seed);
        for k in (1..shuffled.len()).rev() {
            shuffled.swap(k, r.below(k as u64 + 1) as usize);
        }
        let (entry, time, event, a, b) = columns(&shuffled);
        let other = CoxData { entry: Some(Times::Days(&entry)), time: Times::Days(&time), event: &event, covariates: &[&a, &b], ..CoxData::default() };
        let second = fit(&other, Ties::Efron).expect("the same data");
        close("estimates", &estimates(&second), &estimates(&first), 1e-9, 1.0);
        close("robust", second.reported_variance().as_slice(), first.reported_variance().as_slice(), 1e-8, 1.0);
        close("loglik", &[second.loglik], &[first.loglik], 1e-12, 1.0);
    }

    #[test]
    fn units_of_covariates_and_time_do_not_matter(rows in rows(), scale in 1e-6..1e6_f64, shift in -1e3..1e3_f64) {
        let (entry, time, event, a, b) = columns(&rows);
        let base = CoxData { entry: Some(Times::Days(&entry)), time: Times::Days(&time), event: &event, covariates: &[&a, &b], ..CoxData::default() };
        let Some(first) = fit(&base, Ties::Efron) else { return Ok(()) };
        let moved: Vec<f64> = a.iter().map(|x| x * scale + shift * scale).collect();
        let (entry, time): (Vec<f64>, Vec<f64>) = (entry.iter().map(|t| f64::from(*t) / 365.25).collect(), time.iter().map(|t| f64::from(*t) / 365.25).collect());
        let other = CoxData { entry: Some(Times::Real(&entry)), time: Times::Real(&time), event: &event, covariates: &[&moved, &b], ..CoxData::default() };
        let second = fit(&other, Ties::Efron);
        let model = CoxModel::new(&other, Ties::Efron).expect("valid");
        let second = second.unwrap_or_else(|| model.fit(&FitOptions::default()).expect("fit"));
        let (x, y) = (estimates(&first), estimates(&second));
        close("estimates", &[y[0] * scale, y[1]], &x, 1e-6, 1.0);
        close("loglik", &[second.loglik], &[first.loglik], 1e-9, 1.0);
    }

    #[test]
    fn weights_are_replication_for_breslow(rows in rows(), seed in any::<u64>()) {
        let (_, time, event, a, b) = columns(&rows);
        let mut r = Random(seed);
        let counts: Vec<usize> = rows.iter().map(|_| r.below(4) as usize).collect();
        let weight: Vec<f64> = counts.iter().map(|c| *c as f64).collect();
        let weighted = CoxData { time: Times::Days(&time), event: &event, covariates: &[&a, &b], weight: Some(&weight), ..CoxData::default() };
        let Some(first) = fit(&weighted, Ties::Breslow) else { return Ok(()) };
        let copies: Vec<Row> = rows.iter().zip(&counts).flat_map(|(row, c)| std::iter::repeat_n(*row, *c)).collect();
        let (_, time, event, a, b) = columns(&copies);
        let repeated = CoxData { time: Times::Days(&time), event: &event, covariates: &[&a, &b], ..CoxData::default() };
        let second = fit(&repeated, Ties::Breslow).expect("the same data");
        close("estimates", &estimates(&second), &estimates(&first), 1e-9, 1.0);
        close("variance", second.variance.as_slice(), first.variance.as_slice(), 1e-8, 1.0);
        close("loglik", &[second.loglik, second.loglik_null], &[first.loglik, first.loglik_null], 1e-11, 1.0);
    }

    #[test]
    fn without_competing_events_fine_gray_is_cox(rows in rows()) {
        let (entry, time, event, a, b) = columns(&rows);
        let cause: Vec<u8> = event.iter().map(|e| u8::from(*e)).collect();
        for late in [false, true] {
            let entry = late.then_some(Times::Days(&entry));
            let cox = CoxData { entry, time: Times::Days(&time), event: &event, covariates: &[&a, &b], ..CoxData::default() };
            let Some(first) = fit(&cox, Ties::Breslow) else { continue };
            let data = FineGrayData { entry, time: Times::Days(&time), cause: &cause, covariates: &[&a, &b], ..FineGrayData::default() };
            let model = FineGrayModel::new(&data, &FineGrayOptions::default()).expect("valid");
            let second = model.fit(&FitOptions { robust: Robust::Rows, ..FitOptions::default() }).expect("fit");
            close("estimates", &estimates(&second), &estimates(&first), 1e-12, 1.0);
            close("robust", second.reported_variance().as_slice(), first.reported_variance().as_slice(), 1e-11, 1.0);
        }
    }

    #[test]
    fn strata_add_up(rows in rows()) {
        // Two strata with the same rows: twice the log likelihood and information, the same estimate.
        let (entry, time, event, a, b) = columns(&rows);
        let one = CoxData { entry: Some(Times::Days(&entry)), time: Times::Days(&time), event: &event, covariates: &[&a, &b], ..CoxData::default() };
        let Some(first) = fit(&one, Ties::Efron) else { return Ok(()) };
        let twice: Vec<Row> = rows.iter().chain(&rows).copied().collect();
        let (entry, time, event, a, b) = columns(&twice);
        let strata: Vec<u32> = (0..twice.len()).map(|k| if k < rows.len() { 7 } else { 3 }).collect();
        let two = CoxData { entry: Some(Times::Days(&entry)), time: Times::Days(&time), event: &event, covariates: &[&a, &b], strata: Some(&strata), weight: None };
        let second = fit(&two, Ties::Efron).expect("the same data");
        close("estimates", &estimates(&second), &estimates(&first), 1e-9, 1.0);
        close("loglik", &[second.loglik], &[2.0 * first.loglik], 1e-11, 1.0);
        let half: Vec<f64> = first.variance.as_slice().iter().map(|v| v / 2.0).collect();
        close("variance", second.variance.as_slice(), &half, 1e-8, 1.0);
        let model = CoxModel::new(&two, Ties::Efron).expect("valid");
        prop_assert!(model.martingale_residuals(&second).iter().sum::<f64>().abs() < 1e-9);
        let curves = model.predict(&second, &[0.0, 0.0]).expect("finite");
        prop_assert_eq!(curves.iter().map(|c| c.stratum).collect::<Vec<_>>(), vec![3, 7]);
        close("curves", &curves[0].cumhaz, &curves[1].cumhaz, 1e-10, 0.0);
    }
}

#[test]
fn score_test_of_a_binary_covariate_is_the_log_rank_test() {
    let mut r = Random(4);
    for _ in 0..20 {
        let n = 40;
        let mut time: Vec<i32> = (1..=n).collect();
        for k in (1..time.len()).rev() {
            time.swap(k, r.below(k as u64 + 1) as usize);
        }
        let event: Vec<bool> = (0..n).map(|_| r.below(4) > 0).collect();
        let arm: Vec<f64> = (0..n).map(|_| r.below(2) as f64).collect();
        let data =
            CoxData { time: Times::Days(&time), event: &event, covariates: &[&arm], ..CoxData::default() };
        let fit = CoxModel::new(&data, Ties::Efron).expect("valid").fit(&FitOptions::default()).expect("fit");
        let (mut z, mut v) = (0.0, 0.0);
        for i in 0..time.len() {
            if event[i] {
                let at: Vec<usize> = (0..time.len()).filter(|j| time[*j] >= time[i]).collect();
                let p = at.iter().map(|j| arm[*j]).sum::<f64>() / at.len() as f64;
                z += arm[i] - p;
                v += p * (1.0 - p);
            }
        }
        close("score test", &[fit.score.chisq], &[z * z / v], 1e-11, 0.0);
        close("score", &fit.score_at_zero, &[z], 1e-12, 1.0);
    }
}

#[test]
fn rows_split_in_time_are_the_same_subject() {
    let mut r = Random(5);
    let (mut time, mut event, mut x) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..120 {
        time.push(2 + r.below(40) as i32);
        event.push(r.below(2) == 0);
        x.push(r.normal());
    }
    let whole = CoxData { time: Times::Days(&time), event: &event, covariates: &[&x], ..CoxData::default() };
    let (mut entry, mut exit, mut ends, mut z, mut id) = (vec![], vec![], vec![], vec![], vec![]);
    for i in 0..time.len() {
        let cut = 1 + r.below(time[i] as u64 - 1) as i32;
        for (a, b, e) in [(-1, cut, false), (cut, time[i], event[i])] {
            entry.push(a);
            exit.push(b);
            ends.push(e);
            z.push(x[i]);
            id.push(i as u32);
        }
    }
    let split = CoxData {
        entry: Some(Times::Days(&entry)),
        time: Times::Days(&exit),
        event: &ends,
        covariates: &[&z],
        ..CoxData::default()
    };
    let first = CoxModel::new(&whole, Ties::Efron).expect("valid");
    let second = CoxModel::new(&split, Ties::Efron).expect("valid");
    let a = first.fit(&FitOptions { robust: Robust::Rows, ..FitOptions::default() }).expect("fit");
    let b = second.fit(&FitOptions { robust: Robust::Clustered(&id), ..FitOptions::default() }).expect("fit");
    close("estimate", &estimates(&b), &estimates(&a), 1e-12, 0.0);
    close("robust", b.reported_variance().as_slice(), a.reported_variance().as_slice(), 1e-11, 0.0);
    close("loglik", &[b.loglik], &[a.loglik], 1e-13, 0.0);
}

/// The layouts for few and for many event times, and any partition of the rows, give one answer.
#[test]
fn large_samples_agree_with_their_halves_in_strata() {
    let mut r = Random(6);
    let n = 120_000;
    let time: Vec<f64> = (0..n).map(|_| -r.uniform().ln()).collect();
    let days: Vec<i32> = time.iter().map(|t| (t * 300.0).ceil() as i32).collect();
    let rounded: Vec<f64> = days.iter().map(|d| f64::from(*d) * 0.125).collect();
    let event: Vec<bool> = (0..n).map(|_| r.below(3) > 0).collect();
    let x: Vec<Vec<f64>> = (0..9).map(|_| (0..n).map(|_| r.normal()).collect()).collect();
    let wide: Vec<&[f64]> = x.iter().map(Vec::as_slice).collect();
    let base = CoxData { time: Times::Days(&days), event: &event, covariates: &wide, ..CoxData::default() };
    let narrow = CoxData { covariates: &wide[..2], ..base };
    for data in [base, narrow] {
        let a = fit(&data, Ties::Efron).expect("finite");
        let b = fit(&CoxData { time: Times::Real(&rounded), ..data }, Ties::Efron).expect("finite");
        close("days and floating times", &estimates(&b), &estimates(&a), 1e-10, 1e-2);
        close("robust", b.reported_variance().as_slice(), a.reported_variance().as_slice(), 1e-9, 1e-6);
    }
    // Continuous times are brought into time order; so many strata that risk sets are found by sorting as well.
    let strata: Vec<u32> = (0..n).map(|k| (k % 50_000) as u32).collect();
    let continuous = CoxData { time: Times::Real(&time), ..narrow };
    let a = fit(&continuous, Ties::Efron).expect("finite");
    let b = fit(&CoxData { entry: Some(Times::Real(&vec![-1.0; n])), ..continuous }, Ties::Efron)
        .expect("finite");
    close("everyone enters before the first event", &estimates(&b), &estimates(&a), 1e-10, 1e-2);
    close("loglik", &[b.loglik], &[a.loglik], 1e-12, 0.0);
    let matched = CoxData { strata: Some(&strata), ..continuous };
    let fit = fit(&matched, Ties::Efron).expect("finite");
    let mut by_stratum: Vec<Vec<usize>> = vec![Vec::new(); 50_000];
    (0..n).for_each(|k| by_stratum[strata[k] as usize].push(k));
    let b = estimates(&fit);
    let eta = |k: &usize| b[0] * x[0][*k] + b[1] * x[1][*k];
    let mut loglik = 0.0;
    for rows in &by_stratum {
        for i in rows.iter().filter(|i| event[**i]) {
            let sum: f64 = rows.iter().filter(|j| time[**j] >= time[*i]).map(|j| eta(j).exp()).sum();
            loglik += eta(i) - sum.ln();
        }
    }
    close("matched sets", &[fit.loglik], &[loglik], 1e-11, 0.0);
}
