//! Times of the regression kernels, as ratios to two floors measured in the same run: one read of the input columns and a
//! radix sort of the time keys. `cargo bench -p survival --bench regression`.
#![expect(clippy::print_stdout, reason = "a benchmark prints its results")]
#![expect(clippy::cast_possible_truncation, reason = "simulated times and counts are small")]
#![expect(clippy::many_single_char_names, reason = "the symbols of the simulation")]

use std::hint::black_box;
use std::time::Instant;

use survival::cox::{CoxData, CoxModel, FitOptions, Robust, Ties, TimeTransform, Times};
use survival::fine_gray::{FineGrayData, FineGrayModel, FineGrayOptions};
use survival::multistate::{Initial, MultistateData, MultistateOptions, aalen_johansen};
use survival::recurrent::{RecurrentData, mean_cumulative};

struct Data {
    entry_day: Vec<i32>,
    day: Vec<i32>,
    entry: Vec<f64>,
    time: Vec<f64>,
    event: Vec<bool>,
    cause: Vec<u8>,
    columns: Vec<Vec<f64>>,
}

fn uniform(state: &mut u64) -> f64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    (((z ^ (z >> 31)) >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
}

/// Exponential times over ten years with five covariates, about 45 % events of cause 1 and 15 % of cause 2.
fn simulate(n: usize) -> Data {
    let mut s = 7;
    let mut d = Data {
        entry_day: Vec::new(),
        day: Vec::new(),
        entry: Vec::new(),
        time: Vec::new(),
        event: Vec::new(),
        cause: Vec::new(),
        columns: vec![Vec::new(); 5],
    };
    let effects = [0.5, -0.3, 0.2, 0.0, 0.1];
    for _ in 0..n {
        let mut eta = 0.0;
        for (j, (column, b)) in d.columns.iter_mut().zip(effects).enumerate() {
            let u = uniform(&mut s);
            let x = if j < 2 { f64::from(u8::from(u < 0.4)) } else { u * 3.4 - 1.7 };
            eta += b * x;
            column.push(x);
        }
        let first = -uniform(&mut s).ln() / (0.0004 * f64::exp(eta));
        let second = -uniform(&mut s).ln() / 0.00015;
        let end = 200.0 + 3450.0 * uniform(&mut s);
        let time = first.min(second).min(end);
        let cause = if time >= end { 0 } else { 1 + u8::from(second < first) };
        let entry = uniform(&mut s) * 0.6 * time;
        d.day.push(time.ceil() as i32);
        d.entry_day.push((entry.floor() as i32).min(time.ceil() as i32 - 1));
        d.time.push(time);
        d.entry.push(entry);
        d.event.push(cause == 1);
        d.cause.push(cause);
    }
    d
}

/// Best of some runs, in milliseconds.
fn best(mut work: impl FnMut()) -> f64 {
    let mut least = f64::INFINITY;
    let begin = Instant::now();
    let mut runs = 0;
    while runs < 2 || (runs < 12 && begin.elapsed().as_secs_f64() < 1.0) {
        let start = Instant::now();
        work();
        least = least.min(start.elapsed().as_secs_f64() * 1e3);
        runs += 1;
    }
    least
}

fn read_floor(d: &Data) -> f64 {
    best(|| {
        let sum = |v: &[f64]| {
            v.chunks_exact(4).fold([0.0; 4], |a, c| [a[0] + c[0], a[1] + c[1], a[2] + c[2], a[3] + c[3]])
        };
        for c in &d.columns {
            black_box(sum(c));
        }
        black_box(d.day.iter().map(|v| i64::from(*v)).sum::<i64>());
        black_box(d.event.iter().filter(|v| **v).count());
    })
}

/// Least-significant-digit radix sort of the bits of the (positive) times, six passes of eleven bits.
fn sort_floor(d: &Data) -> f64 {
    best(|| {
        let mut from: Vec<u64> = d.time.iter().map(|t| t.to_bits()).collect();
        let mut to = vec![0; from.len()];
        for pass in 0..6 {
            let digit = |k: u64| (k >> (11 * pass)) as usize & 2047;
            let mut counts = [0_usize; 2048];
            for k in &from {
                counts[digit(*k)] += 1;
            }
            let mut next = 0;
            for c in &mut counts {
                next += std::mem::replace(c, next);
            }
            for &k in &from {
                to[counts[digit(k)]] = k;
                counts[digit(k)] += 1;
            }
            std::mem::swap(&mut from, &mut to);
        }
        black_box(from.first());
    })
}

fn main() {
    let sizes: Vec<usize> = std::env::args().filter_map(|a| a.parse().ok()).collect();
    let sizes = if sizes.is_empty() { vec![10_000, 100_000, 1_000_000] } else { sizes };
    for n in sizes {
        let d = simulate(n);
        let columns: Vec<&[f64]> = d.columns.iter().map(Vec::as_slice).collect();
        let (once, sort) = (read_floor(&d), sort_floor(&d));
        println!("n = {n}: one read of the input {once:.3} ms, radix sort of the times {sort:.3} ms");
        let line = |name: &str, ms: f64| {
            println!("  {name:<44} {ms:>10.2} ms  {:>8.1} x read  {:>7.1} x sort", ms / once, ms / sort);
        };
        let days = CoxData {
            time: Times::Days(&d.day),
            event: &d.event,
            covariates: &columns,
            ..CoxData::default()
        };
        let real = CoxData { time: Times::Real(&d.time), ..days };
        let days_late = CoxData { entry: Some(Times::Days(&d.entry_day)), ..days };
        let real_late = CoxData { entry: Some(Times::Real(&d.entry)), ..real };
        let fit = |data: &CoxData<'_>, options: &FitOptions<'_>| {
            let model = CoxModel::new(data, Ties::Efron).expect("valid data");
            black_box(model.fit(options).expect("a fit"))
        };
        let plain = FitOptions::default();
        let robust = FitOptions { robust: Robust::Rows, ..plain };
        for (name, data) in [
            ("Cox Efron, days", &days),
            ("Cox Efron, continuous", &real),
            ("Cox Efron, days, delayed entry", &days_late),
            ("Cox Efron, continuous, delayed entry", &real_late),
        ] {
            line(name, best(|| drop(fit(data, &plain))));
        }
        line("Cox Efron, days, set-up only", best(|| drop(CoxModel::new(&days, Ties::Efron))));
        line("Cox Efron, continuous, set-up only", best(|| drop(CoxModel::new(&real, Ties::Efron))));
        line("Cox Efron, days, robust", best(|| drop(fit(&days, &robust))));
        let model = CoxModel::new(&days, Ties::Efron).expect("valid data");
        let fitted = model.fit(&plain).expect("a fit");
        println!("  ({} iterations)", fitted.iterations);
        line("concordance, days", best(|| drop(black_box(model.concordance(&fitted, None)))));
        line("martingale residuals, days", best(|| drop(black_box(model.martingale_residuals(&fitted)))));
        line("score residuals, days", best(|| drop(black_box(model.score_residuals(&fitted)))));
        let test = || model.proportional_hazards(&fitted, &[], TimeTransform::KaplanMeier);
        line("proportional-hazards test, days", best(|| drop(black_box(test()))));
        fine_gray(&d, &columns, &line);
        others(&d, &line);
    }
}

fn fine_gray(d: &Data, columns: &[&[f64]], line: &impl Fn(&str, f64)) {
    let days = FineGrayData {
        time: Times::Days(&d.day),
        cause: &d.cause,
        covariates: columns,
        ..FineGrayData::default()
    };
    let real = FineGrayData { time: Times::Real(&d.time), ..days };
    let late = FineGrayData { entry: Some(Times::Days(&d.entry_day)), ..days };
    let options = FineGrayOptions::default();
    for (name, data) in [
        ("Fine-Gray, days", &days),
        ("Fine-Gray, continuous", &real),
        ("Fine-Gray, days, delayed entry", &late),
    ] {
        let run = || FineGrayModel::new(data, &options).and_then(|m| m.fit(&FitOptions::default()));
        line(name, best(|| drop(black_box(run()))));
    }
    let model = FineGrayModel::new(&days, &options).expect("valid data");
    let run = || model.fit(&FitOptions::default()).and_then(|fit| model.with_crr_variance(fit));
    line("Fine-Gray, days, fit with crr variance", best(|| drop(black_box(run()))));
}

fn others(d: &Data, line: &impl Fn(&str, f64)) {
    let n = d.day.len();
    // Rows of four consecutive subjects become the episodes of one, each starting where the last ended.
    let (mut id, mut start, mut stop) = (Vec::new(), Vec::new(), Vec::new());
    for (k, day) in d.day.iter().enumerate() {
        let from = if k % 4 == 0 { 0 } else { stop[k - 1] };
        id.push((k / 4) as u32);
        start.push(from);
        stop.push(from + day);
    }
    let recurrent = RecurrentData {
        id: &id,
        start: Some(Times::Days(&start)),
        stop: Times::Days(&stop),
        event: &d.event,
        group: None,
    };
    line("mean cumulative function, days", best(|| drop(black_box(mean_cumulative(&recurrent)))));
    let single: Vec<u32> = (0..n as u32).collect();
    let from = vec![0; n];
    let to: Vec<Option<u32>> = d.cause.iter().map(|c| (*c > 0).then_some(u32::from(*c))).collect();
    let states = MultistateData {
        states: 3,
        id: &single,
        from: &from,
        to: &to,
        start: Some(Times::Days(&d.entry_day)),
        stop: Times::Days(&d.day),
    };
    let options = MultistateOptions { initial: Initial::State(0), ..MultistateOptions::default() };
    line(
        "multistate, 3 states, days, delayed entry",
        best(|| drop(black_box(aalen_johansen(&states, &options)))),
    );
}
