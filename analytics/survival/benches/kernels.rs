//! Times of the non-parametric kernels as ratios to floors measured in the same run.
//!
//! Floors: counting days into per-group counters and sweeping them into S and Greenwood's sum (integer days), the same with
//! an incidence per cause, and a radix sort of the packed times followed by a sweep (real-valued times). `cargo bench -p
//! survival --bench kernels [-- rows... [days|times]]`.
#![expect(clippy::print_stdout, reason = "a bench reports")]
#![expect(clippy::unwrap_used, reason = "a bench stops at the first fault")]

use std::hint::black_box;
use std::time::Instant;
use survival::aalen_johansen::{CifOptions, CifVariance, aalen_johansen_groups};
use survival::event_table::{EventTable, Subjects};
use survival::gray::gray_test;
use survival::kaplan_meier::{KmOptions, kaplan_meier_groups};
use survival::log_rank::{Weight, log_rank};

const GROUPS: usize = 20;
const CAUSES: usize = 3;

struct Data {
    day: Vec<i32>,
    entry: Vec<i32>,
    time: Vec<f64>,
    event: Vec<u8>,
    cause: Vec<u8>,
    center: Vec<u32>,
    arm: Vec<u32>,
}

fn uniform(state: &mut u64) -> f64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    ((*state >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
}

/// Exponential times to a cause, uniform follow-up of up to eleven years, some 3,900 distinct days.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small positive numbers")]
fn simulate(n: usize) -> Data {
    let mut s = 20_261_123;
    let mut d = Data {
        day: vec![],
        entry: vec![],
        time: vec![],
        event: vec![],
        cause: vec![],
        center: vec![],
        arm: vec![],
    };
    for _ in 0..n {
        let center = (uniform(&mut s) * GROUPS as f64) as u32;
        let failure = -uniform(&mut s).ln() * 1200.0 * (1.0 + f64::from(center) / 40.0);
        let follow_up = 30.0 + uniform(&mut s) * 3900.0;
        let time = failure.min(follow_up);
        let cause = if failure <= follow_up { 1 + (uniform(&mut s) * CAUSES as f64) as u8 } else { 0 };
        d.day.push(time as i32 + 1);
        d.entry.push((uniform(&mut s) * time * 0.5) as i32);
        d.time.push(time);
        d.event.push(u8::from(cause > 0));
        d.cause.push(cause);
        d.center.push(center);
        d.arm.push(center % 2);
    }
    d
}

/// Best of several runs, in milliseconds.
fn best<R>(runs: usize, mut f: impl FnMut() -> R) -> f64 {
    let mut least = f64::INFINITY;
    for _ in 0..runs {
        let start = Instant::now();
        black_box(f());
        least = least.min(start.elapsed().as_secs_f64() * 1e3);
    }
    least
}

/// Counts [day][group][cause] on `threads` threads, each with its own counters.
fn count(
    days: &[i32],
    causes: &[u8],
    groups: Option<&[u32]>,
    n_groups: usize,
    k: usize,
    threads: usize,
) -> Vec<u32> {
    let width = n_groups * k;
    let size = days.len().div_ceil(threads);
    let mut parts: Vec<Vec<u32>> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|t| {
                scope.spawn(move || {
                    let rows = (t * size).min(days.len())..((t + 1) * size).min(days.len());
                    let mut cells = vec![0_u32; 4000 * width];
                    let (d, c) = (&days[rows.clone()], &causes[rows.clone()]);
                    match groups {
                        Some(g) => {
                            for ((&d, &c), &g) in d.iter().zip(c).zip(&g[rows]) {
                                cells[usize::try_from(d).unwrap_or(0) * width
                                    + g as usize * k
                                    + usize::from(c)] += 1;
                            }
                        }
                        None => {
                            for (&d, &c) in d.iter().zip(c) {
                                cells[usize::try_from(d).unwrap_or(0) * width + usize::from(c)] += 1;
                            }
                        }
                    }
                    cells
                })
            })
            .collect();
        workers.into_iter().map(|w| w.join().unwrap()).collect()
    });
    let mut total = parts.swap_remove(0);
    for part in &parts {
        for (sum, &count) in total.iter_mut().zip(part) {
            *sum += count;
        }
    }
    total
}

/// S, Greenwood's sum and one incidence per cause, written out per group and day.
fn sweep(cells: &[u32], n_groups: usize, kinds: usize) -> Vec<f64> {
    let width = n_groups * kinds;
    let mut out = Vec::with_capacity(cells.len() / kinds * (kinds + 1));
    for g in 0..n_groups {
        let rows = || cells.chunks_exact(width).map(|row| &row[g * kinds..(g + 1) * kinds]);
        let mut remaining: u32 = rows().flatten().sum();
        let (mut surv, mut greenwood) = (1.0, 0.0);
        let mut f = [0.0; CAUSES];
        for row in rows() {
            let exits: u32 = row.iter().sum();
            if exits > 0 {
                let d = exits - row[0];
                let (at_risk, events) = (f64::from(remaining), f64::from(d));
                for (f, &own) in f.iter_mut().zip(&row[1..]) {
                    *f += surv * f64::from(own) / at_risk;
                    out.push(*f);
                }
                surv *= (at_risk - events) / at_risk;
                greenwood += events / (at_risk * (at_risk - events));
                out.push(surv);
                out.push(greenwood);
                remaining -= exits;
            }
        }
    }
    out
}

/// Radix sort of 64-bit keys, six passes of 11 bits.
fn radix(keys: &mut Vec<u64>) {
    let mut other = vec![0_u64; keys.len()];
    let mut counts = vec![[0_usize; 2048]; 6];
    for &key in keys.iter() {
        for (pass, count) in counts.iter_mut().enumerate() {
            count[usize::try_from((key >> (11 * pass)) & 2047).unwrap_or(0)] += 1;
        }
    }
    for (pass, count) in counts.iter_mut().enumerate() {
        let mut start = 0;
        for place in count.iter_mut() {
            start += std::mem::replace(place, start);
        }
        for &key in keys.iter() {
            let place = &mut count[usize::try_from((key >> (11 * pass)) & 2047).unwrap_or(0)];
            other[*place] = key;
            *place += 1;
        }
        std::mem::swap(keys, &mut other);
    }
}

fn sort_and_sweep(time: &[f64], event: &[u8]) -> Vec<f64> {
    let mut keys: Vec<u64> =
        time.iter().zip(event).map(|(t, &e)| (t.to_bits() & !1) | u64::from(e)).collect();
    radix(&mut keys);
    let (mut surv, mut greenwood) = (1.0, 0.0);
    let mut out = Vec::with_capacity(keys.len() * 2);
    let mut i = 0;
    while i < keys.len() {
        let time = keys[i] >> 1;
        let (n, mut d) = ((keys.len() - i) as f64, 0.0);
        while i < keys.len() && keys[i] >> 1 == time {
            d += (keys[i] & 1) as f64;
            i += 1;
        }
        surv *= (n - d) / n;
        greenwood += d / (n * (n - d));
        out.push(surv);
        out.push(greenwood);
    }
    out
}

fn report(name: &str, milliseconds: f64, floor: f64) {
    println!("  {name:<58} {milliseconds:>9.3} ms   {:>6.2} x", milliseconds / floor);
}

fn main() {
    let sizes: Vec<usize> = std::env::args().skip(1).filter_map(|a| a.parse().ok()).collect();
    let sizes = if sizes.is_empty() { vec![20_000, 1_000_000, 10_000_000] } else { sizes };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    for n in sizes {
        let d = simulate(n);
        let runs = if n > 2_000_000 { 7 } else { 60 };
        let workers = if n < 200_000 { 1 } else { threads };
        println!(
            "{n} rows, {workers} threads (floor times are given, the others are ratios to the floor above them)"
        );
        let only = |part: &str| !std::env::args().any(|a| (a == "days" || a == "times") && a != part);
        if only("days") {
            bench_days(&d, runs, workers);
        }
        if only("times") {
            bench_times(&d, runs.min(15));
        }
    }
}

fn bench_days(d: &Data, runs: usize, workers: usize) {
    let (options, cif) = (KmOptions::default(), CifOptions::default());
    let by_center = Subjects::new(&d.day, &d.event).with_group(&d.center);
    let plain = Subjects::new(&d.day, &d.event);
    let arms = Subjects::new(&d.day, &d.event).with_group(&d.arm);
    let causes = Subjects::new(&d.day, &d.cause);

    let floor = best(runs, || sweep(&count(&d.day, &d.event, None, 1, 2, workers), 1, 2));
    report("floor: count and sweep, 1 group", floor, floor);
    let tables = |s: &Subjects, causes, groups| EventTable::from_days(s, causes, groups).unwrap();
    report("event table", best(runs, || tables(&plain, 1, 1)), floor);
    report("Kaplan-Meier", best(runs, || kaplan_meier_groups(&tables(&plain, 1, 1), &options)), floor);

    let floor =
        best(runs, || sweep(&count(&d.day, &d.event, Some(&d.center), GROUPS, 2, workers), GROUPS, 2));
    report("floor: count and sweep, 20 groups", floor, floor);
    report("event tables", best(runs, || tables(&by_center, 1, GROUPS)), floor);
    let km = || kaplan_meier_groups(&tables(&by_center, 1, GROUPS), &options).unwrap();
    report("Kaplan-Meier", best(runs, km), floor);
    let full = || km().iter().map(survival::kaplan_meier::KaplanMeier::curve).collect::<Vec<_>>();
    report("Kaplan-Meier with every column and limit", best(runs, full), floor);
    report(
        "Kaplan-Meier with delayed entry",
        best(runs, || kaplan_meier_groups(&tables(&by_center.with_entry(&d.entry), 1, GROUPS), &options)),
        floor,
    );

    let floor = best(runs, || sweep(&count(&d.day, &d.event, Some(&d.arm), 2, 2, workers), 2, 2));
    report("floor: count and sweep, 2 groups", floor, floor);
    report("log-rank, 2 groups", best(runs, || log_rank(&tables(&arms, 1, 2), Weight::LogRank)), floor);

    let floor = best(runs, || sweep(&count(&d.day, &d.cause, None, 1, 4, workers), 1, 4));
    report("floor: count and sweep, 3 causes", floor, floor);
    let aalen = || aalen_johansen_groups(&tables(&causes, CAUSES, 1), &cif);
    report("Aalen-Johansen, 3 causes, Aalen variance", best(runs, aalen), floor);
    let greenwood = CifOptions { variance: CifVariance::Greenwood, ..cif };
    report(
        "Aalen-Johansen, 3 causes, Greenwood",
        best(runs, || aalen_johansen_groups(&tables(&causes, CAUSES, 1), &greenwood)),
        floor,
    );

    let both = causes.with_group(&d.arm);
    let floor = best(runs, || aalen_johansen_groups(&tables(&both, CAUSES, 2), &cif));
    report("Aalen-Johansen, 3 causes, 2 groups", floor, floor);
    let gray = || {
        let tables = tables(&both, CAUSES, 2);
        (1..=CAUSES).map(|cause| gray_test(&tables, cause, 0.0).unwrap()).collect::<Vec<_>>()
    };
    report("Gray's test, all 3 causes", best(runs, gray), floor);
}

fn bench_times(d: &Data, runs: usize) {
    let subjects = Subjects::new(&d.time, &d.event);
    let floor = best(runs, || sort_and_sweep(&d.time, &d.event));
    report("floor: radix sort and sweep, real-valued times", floor, floor);
    let tables = || EventTable::from_times(&subjects, 1, 1).unwrap();
    report("event table", best(runs, tables), floor);
    report("Kaplan-Meier", best(runs, || kaplan_meier_groups(&tables(), &KmOptions::default())), floor);
}
