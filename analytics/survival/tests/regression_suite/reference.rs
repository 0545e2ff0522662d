//! Slow implementations that follow the definitions, on random data full of ties.

use survival::concordance::{ConcordanceData, concordance};
use survival::cox::{CoxData, CoxModel, FitOptions, Robust, Ties, Times};
use survival::fine_gray::{FineGrayData, FineGrayModel, FineGrayOptions};
use survival::linear::{Ldl, Matrix};
use survival::recurrent::{RecurrentData, mean_cumulative};

use crate::support::{Random, close};

struct Rows {
    entry: Vec<i32>,
    time: Vec<i32>,
    cause: Vec<u8>,
    event: Vec<bool>,
    x: Vec<Vec<f64>>,
    strata: Vec<u32>,
    weight: Vec<f64>,
}

fn random(seed: u64, n: usize, span: u64) -> Rows {
    let mut r = Random(seed);
    let mut rows = Rows {
        entry: Vec::new(),
        time: Vec::new(),
        cause: Vec::new(),
        event: Vec::new(),
        x: vec![Vec::new(); 2],
        strata: Vec::new(),
        weight: Vec::new(),
    };
    for _ in 0..n {
        let entry = r.below(span / 2) as i32;
        rows.entry.push(entry);
        rows.time.push(entry + 1 + r.below(span) as i32);
        rows.cause.push(r.below(3) as u8);
        rows.event.push(rows.cause[rows.cause.len() - 1] == 1);
        rows.x[0].push(r.normal());
        rows.x[1].push(r.below(3) as f64);
        rows.strata.push(r.below(2) as u32 + 4);
        rows.weight.push(0.5 + r.below(4) as f64);
    }
    rows
}

/// Log partial likelihood straight from its definition.
fn log_likelihood(d: &Rows, late: bool, stratified: bool, ties: Ties, b: &[f64]) -> f64 {
    let n = d.time.len();
    let eta: Vec<f64> = (0..n).map(|i| b[0] * d.x[0][i] + b[1] * d.x[1][i]).collect();
    let mut times: Vec<(u32, i32)> = (0..n)
        .filter(|i| d.event[*i])
        .map(|i| (if stratified { d.strata[i] } else { 0 }, d.time[i]))
        .collect();
    times.sort_unstable();
    times.dedup();
    let mut sum = 0.0;
    for (s, t) in times {
        let inside = |i: &usize| !stratified || d.strata[*i] == s;
        let at_risk: Vec<usize> =
            (0..n).filter(inside).filter(|i| d.time[*i] >= t && (!late || d.entry[*i] < t)).collect();
        let dead: Vec<usize> = at_risk.iter().copied().filter(|i| d.event[*i] && d.time[*i] == t).collect();
        let total = |rows: &[usize]| rows.iter().map(|i| d.weight[*i] * eta[*i].exp()).sum::<f64>();
        let mean = dead.iter().map(|i| d.weight[*i]).sum::<f64>() / dead.len() as f64;
        for (l, i) in dead.iter().enumerate() {
            let share = if ties == Ties::Efron { l as f64 / dead.len() as f64 } else { 0.0 };
            sum += d.weight[*i] * eta[*i] - mean * (total(&at_risk) - share * total(&dead)).ln();
        }
    }
    sum
}

#[test]
fn cox_likelihood_and_its_derivatives() {
    for seed in 0..12 {
        let d = random(seed, 60, 12);
        let columns: Vec<&[f64]> = d.x.iter().map(Vec::as_slice).collect();
        for (late, stratified) in [(false, false), (true, false), (true, true)] {
            for ties in [Ties::Efron, Ties::Breslow] {
                let data = CoxData {
                    entry: late.then_some(Times::Days(&d.entry)),
                    time: Times::Days(&d.time),
                    event: &d.event,
                    covariates: &columns,
                    strata: stratified.then_some(d.strata.as_slice()),
                    weight: Some(&d.weight),
                };
                let fit =
                    CoxModel::new(&data, ties).expect("valid").fit(&FitOptions::default()).expect("fit");
                let b: Vec<f64> = fit.coefficients.iter().map(|c| c.estimate.expect("finite")).collect();
                let f = |b: &[f64]| log_likelihood(&d, late, stratified, ties, b);
                close("log likelihood", &[fit.loglik, fit.loglik_null], &[f(&b), f(&[0.0, 0.0])], 1e-12, 1.0);
                // Central differences of the definition: a maximum with the information that is reported.
                let h = 1e-3;
                let moved = |i: usize, j: usize, a: f64, c: f64| {
                    let mut m = b.clone();
                    m[i] += a;
                    m[j] += c;
                    f(&m)
                };
                for i in 0..2 {
                    let slope = (moved(i, i, h / 2.0, 0.0) - moved(i, i, -h / 2.0, 0.0)) / h;
                    assert!(slope.abs() < 1e-4, "slope {slope}");
                    for j in 0..2 {
                        let second = (moved(i, j, h, h) - moved(i, j, h, -h) - moved(i, j, -h, h)
                            + moved(i, j, -h, -h))
                            / (4.0 * h * h);
                        close("information", &[fit.information.get(i, j)], &[-second], 1e-4, 10.0);
                    }
                }
            }
        }
    }
}

/// Fine-Gray from its definition: weights per subject and event time, the information, `eta`, and `psi` of the paper.
struct Slow {
    score: Vec<f64>,
    information: Matrix,
    robust: Matrix,
    crr: Matrix,
}

#[expect(clippy::too_many_lines, clippy::needless_range_loop, reason = "the definition, from top to bottom")]
fn slow_fine_gray(d: &Rows, late: bool, group: &[u32], b: &[f64]) -> Slow {
    let n = d.time.len();
    let at_risk = |i: usize, t: i32| d.time[i] >= t && (!late || d.entry[i] < t);
    let kept = |g: u32, t: i32| {
        let mut product = 1.0;
        for u in 0..t {
            let y = (0..n).filter(|i| group[*i] == g && at_risk(*i, u)).count() as f64;
            let c = (0..n).filter(|i| group[*i] == g && d.time[*i] == u && d.cause[*i] == 0).count() as f64;
            product *= if c > 0.0 && y > c { 1.0 - c / y } else { 1.0 };
        }
        if late {
            for u in t..100 {
                let y =
                    (0..n).filter(|i| group[*i] == g && d.entry[*i] <= u && d.time[*i] > u).count() as f64;
                let e = (0..n).filter(|i| group[*i] == g && d.entry[*i] == u).count() as f64;
                product *= if e > 0.0 && y > e { 1.0 - e / y } else { 1.0 };
            }
        }
        let last = (0..n).filter(|i| group[*i] == g).map(|i| d.time[i]).max().unwrap_or(0);
        if t > last { 0.0 } else { product }
    };
    let mut events: Vec<i32> = (0..n).filter(|i| d.event[*i]).map(|i| d.time[i]).collect();
    events.sort_unstable();
    events.dedup();
    let rate: Vec<f64> = (0..n).map(|i| (b[0] * d.x[0][i] + b[1] * d.x[1][i]).exp()).collect();
    let weight: Vec<Vec<f64>> = (0..n)
        .map(|i| {
            let own = kept(group[i], d.time[i]);
            events
                .iter()
                .map(|&t| {
                    if at_risk(i, t) {
                        1.0
                    } else if d.cause[i] == 2 && d.time[i] < t && own > 0.0 {
                        kept(group[i], t) / own
                    } else {
                        0.0
                    }
                })
                .collect()
        })
        .collect();
    let mut out = Slow {
        score: vec![0.0; 2],
        information: Matrix::zeros(2),
        robust: Matrix::zeros(2),
        crr: Matrix::zeros(2),
    };
    let mut means = Vec::new();
    let mut hazards = Vec::new();
    for (k, &t) in events.iter().enumerate() {
        let w = |i: usize| weight[i][k] * rate[i];
        let s0: f64 = (0..n).map(w).sum();
        let m: Vec<f64> = (0..2).map(|j| (0..n).map(|i| w(i) * d.x[j][i]).sum::<f64>() / s0).collect();
        let dead = (0..n).filter(|i| d.event[*i] && d.time[*i] == t).count() as f64;
        for a in 0..2 {
            for c in 0..2 {
                let s2: f64 = (0..n).map(|i| w(i) * (d.x[a][i] - m[a]) * (d.x[c][i] - m[c])).sum();
                out.information.add(a, c, dead * s2 / s0);
            }
        }
        means.push(m);
        hazards.push(dead / s0);
    }
    let part = |i: usize, k: usize, j: usize| (d.x[j][i] - means[k][j]) * weight[i][k] * rate[i] * hazards[k];
    let mut eta = vec![vec![0.0; 2]; n];
    for i in 0..n {
        for j in 0..2 {
            for (k, &t) in events.iter().enumerate() {
                let jump = if d.event[i] && d.time[i] == t { d.x[j][i] - means[k][j] } else { 0.0 };
                eta[i][j] += jump - part(i, k, j);
            }
            out.score[j] += eta[i][j];
        }
    }
    let mut full = eta.clone();
    for u in 0..100 {
        for g in [4, 5] {
            let y: Vec<usize> = (0..n).filter(|i| group[*i] == g && d.time[*i] >= u).collect();
            let censored: Vec<usize> =
                y.iter().copied().filter(|i| d.time[*i] == u && d.cause[*i] == 0).collect();
            if censored.is_empty() {
                continue;
            }
            for j in 0..2 {
                let mut q = 0.0;
                for i in (0..n).filter(|i| group[*i] == g && d.cause[*i] == 2 && d.time[*i] < u) {
                    q += (0..events.len()).filter(|k| events[*k] >= u).map(|k| part(i, k, j)).sum::<f64>();
                }
                let size = y.len() as f64;
                for &i in &y {
                    let own = f64::from(u8::from(censored.contains(&i)));
                    full[i][j] += q / size * (own - censored.len() as f64 / size);
                }
            }
        }
    }
    let inverse = Ldl::factor(&out.information, &out.information.diagonal(), &[]).inverse();
    for (target, rows) in [(&mut out.robust, &eta), (&mut out.crr, &full)] {
        let mut meat = Matrix::zeros(2);
        for r in rows {
            for a in 0..2 {
                for c in 0..2 {
                    meat.add(a, c, r[a] * r[c]);
                }
            }
        }
        *target = inverse.sandwich(&meat);
    }
    out
}

#[test]
fn fine_gray_by_definition() {
    for seed in 20..28 {
        let d = random(seed, 50, 14);
        let columns: Vec<&[f64]> = d.x.iter().map(Vec::as_slice).collect();
        let one = vec![4; d.time.len()];
        for (late, group) in [(false, &one), (false, &d.strata), (true, &one), (true, &d.strata)] {
            let data = FineGrayData {
                entry: late.then_some(Times::Days(&d.entry)),
                time: Times::Days(&d.time),
                cause: &d.cause,
                covariates: &columns,
                censoring_group: Some(group),
                ..FineGrayData::default()
            };
            let model = FineGrayModel::new(&data, &FineGrayOptions::default()).expect("valid");
            let fit = model.fit(&FitOptions { robust: Robust::Rows, ..FitOptions::default() }).expect("fit");
            let b: Vec<f64> = fit.coefficients.iter().map(|c| c.estimate.expect("finite")).collect();
            let slow = slow_fine_gray(&d, late, group, &b);
            close("score", &slow.score, &[0.0, 0.0], 1e-9, 1.0);
            close("information", fit.information.as_slice(), slow.information.as_slice(), 1e-10, 1.0);
            close("robust", fit.reported_variance().as_slice(), slow.robust.as_slice(), 1e-9, 1e-2);
            if late {
                assert!(model.crr_variance(&fit).is_err());
            } else {
                let crr = model.crr_variance(&fit).expect("no delayed entry");
                close("crr", crr.as_slice(), slow.crr.as_slice(), 1e-9, 1e-2);
            }
        }
    }
}

#[test]
fn concordance_by_pairs() {
    for (seed, n) in [(1, 40), (2, 40), (3, 75), (4, 300)] {
        let d = random(seed, n, 15);
        let risk: Vec<f64> = d.x[0].iter().zip(&d.x[1]).map(|(a, b)| (a * 4.0).round() / 4.0 + b).collect();
        for late in [false, true] {
            for stratified in [false, true] {
                let got = concordance(&ConcordanceData {
                    entry: late.then_some(Times::Days(&d.entry)),
                    time: Times::Days(&d.time),
                    event: &d.event,
                    risk: &risk,
                    strata: stratified.then_some(d.strata.as_slice()),
                    weight: Some(&d.weight),
                    cluster: None,
                })
                .expect("valid");
                let (mut agree, mut disagree, mut tied) = (0.0, 0.0, 0.0);
                let mut signed = vec![0.0; n];
                let mut pairs = vec![0.0; n];
                for i in (0..n).filter(|i| d.event[*i]) {
                    for j in 0..n {
                        let beyond = d.time[j] > d.time[i] || (d.time[j] == d.time[i] && !d.event[j]);
                        let same = !stratified || d.strata[i] == d.strata[j];
                        if !(beyond && same && (!late || d.entry[j] < d.time[i])) {
                            continue;
                        }
                        let w = d.weight[i] * d.weight[j];
                        let s = (risk[i] - risk[j]).signum() * f64::from(u8::from(risk[i] != risk[j]));
                        if s > 0.0 {
                            agree += w;
                        } else if s < 0.0 {
                            disagree += w;
                        } else {
                            tied += w;
                        }
                        for k in [i, j] {
                            signed[k] += w * s;
                            pairs[k] += w;
                        }
                    }
                }
                let total = agree + disagree + tied;
                close(
                    "pairs",
                    &[got.concordant, got.discordant, got.tied],
                    &[agree, disagree, tied],
                    1e-12,
                    1.0,
                );
                let c = (agree + tied / 2.0) / total;
                let somers = (agree - disagree) / total;
                let se = signed
                    .iter()
                    .zip(&pairs)
                    .map(|(s, p)| ((s - somers * p) / (2.0 * total)).powi(2))
                    .sum::<f64>()
                    .sqrt();
                close("concordance", &[got.value.expect("pairs")], &[c], 1e-12, 0.0);
                close("std err", &[got.std_err.expect("pairs")], &[se], 1e-11, 0.0);
            }
        }
    }
}

#[test]
fn concordance_of_a_sample_large_enough_to_be_split() {
    // Above the size at which halves are counted apart, against a count by score level.
    let mut r = Random(9);
    let n = 30_000;
    let time: Vec<i32> = (0..n).map(|_| r.below(3000) as i32).collect();
    let event: Vec<bool> = (0..n).map(|_| r.below(2) == 0).collect();
    let risk: Vec<f64> = (0..n).map(|_| r.below(3) as f64).collect();
    let got = concordance(&ConcordanceData {
        time: Times::Days(&time),
        event: &event,
        risk: &risk,
        ..ConcordanceData::default()
    })
    .expect("valid");
    // going[t][score]: rows at risk beyond the events at t.
    let mut counts = [[0_i64; 3]; 3];
    let mut going = [0_i64; 3];
    let mut by_time: Vec<Vec<usize>> = vec![Vec::new(); 3000];
    for (i, t) in time.iter().enumerate() {
        by_time[*t as usize].push(i);
    }
    for rows in by_time.iter().rev() {
        for &i in rows.iter().filter(|i| !event[**i]) {
            going[risk[i] as usize] += 1;
        }
        for &i in rows.iter().filter(|i| event[**i]) {
            for (c, g) in counts[risk[i] as usize].iter_mut().zip(going) {
                *c += g;
            }
        }
        for &i in rows.iter().filter(|i| event[**i]) {
            going[risk[i] as usize] += 1;
        }
    }
    let sum = |f: fn(usize, usize) -> bool| {
        (0..3)
            .flat_map(|a| (0..3).map(move |b| (a, b)))
            .filter(|(a, b)| f(*a, *b))
            .map(|(a, b)| counts[a][b] as f64)
            .sum::<f64>()
    };
    let want = [sum(|a, b| a > b), sum(|a, b| a < b), sum(|a, b| a == b)];
    close("pairs", &[got.concordant, got.discordant, got.tied], &want, 0.0, 0.0);
}

#[test]
fn mean_cumulative_by_influence() {
    let mut r = Random(77);
    let (mut id, mut start, mut stop, mut event) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for subject in 0..40_u32 {
        let mut t = r.below(6) as i32;
        for _ in 0..=r.below(5) {
            let end = t + 1 + r.below(8) as i32;
            id.push(subject);
            start.push(t);
            stop.push(end);
            event.push(r.below(3) > 0);
            // Some rows leave a gap before the next.
            t = end + (r.below(4) / 3) as i32 * 2;
        }
    }
    let got = mean_cumulative(&RecurrentData {
        id: &id,
        start: Some(Times::Days(&start)),
        stop: Times::Days(&stop),
        event: &event,
        group: None,
    })
    .expect("valid rows");
    let got = &got[0];
    let n = id.len();
    for (k, &time) in got.time.iter().enumerate() {
        let (mut mcf, mut influence) = (0.0, vec![0.0; 40]);
        for &u in got.time.iter().filter(|u| **u <= time) {
            let at: Vec<usize> =
                (0..n).filter(|i| f64::from(start[*i]) < u && f64::from(stop[*i]) >= u).collect();
            let dead: Vec<usize> =
                at.iter().copied().filter(|i| event[*i] && f64::from(stop[*i]) == u).collect();
            let (y, d) = (at.len() as f64, dead.len() as f64);
            mcf += d / y;
            for i in at {
                influence[id[i] as usize] -= d / (y * y);
            }
            for i in dead {
                influence[id[i] as usize] += 1.0 / y;
            }
        }
        let se = influence.iter().map(|v| v * v).sum::<f64>().sqrt();
        close("mcf", &[got.mcf[k]], &[mcf], 1e-12, 0.0);
        close("std err", &[got.std_err[k]], &[se], 1e-10, 0.0);
    }
}
