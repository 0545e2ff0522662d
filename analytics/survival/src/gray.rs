//! Gray's test of equal cumulative incidence of one cause in k groups.
//!
//! R. J. Gray, Ann Stat 16 (1988) 1141-1154. Per group g, with Y at risk, S all-cause survival and F the incidence:
//!
//! ```text
//! h_g = Y_g / S_g(t-),   R_g = h_g (1 - F_g(t-)),   G = 1 - F⁰ with dF⁰ = d / Σ h
//! z_g = Σ G(t-)^rho (d_g - d R_g / R)
//! ```
//!
//! The variance is that of section 3 of the paper, with hypergeometric corrections for ties. An event of group k loads on
//! the score of group i with
//!
//! ```text
//! a_ik + (1 - G/S_k) (c_ik(τ) - c_ik)    an event of the cause
//! (G/S_k) (c_ik(τ) - c_ik)               another event
//! a_ik = G(t-)^rho h_i (δ_ik - h_k/h),   c_ik = ∫ a_ik dF⁰ / G(t-)
//! ```
//!
//! Stratified: scores and variances are summed.
//!
//! This compares incidences, that is what happens to the patients; the log-rank test of the cause-specific hazards
//! ([`crate::log_rank`] on [`EventTable::cause_specific`]) is a different question with a different answer. The test is
//! defined for censored data without delayed entry.
//!
//! ```
//! use survival::event_table::{EventTable, Subjects};
//! use survival::gray::gray_test;
//!
//! let (days, cause, arm) = ([1, 2, 3, 4, 5, 6, 7, 8], [1, 2, 1, 0, 2, 1, 0, 1], [0, 0, 0, 0, 1, 1, 1, 1]);
//! let tables = EventTable::from_days(&Subjects::new(&days, &cause).with_group(&arm), 2, 2).unwrap();
//! let test = gray_test(&tables, 1, 0.0).unwrap();
//! assert_eq!(test.df, 1);
//! assert!(test.p.unwrap() > 0.05);
//! ```

use crate::error::Error;
use crate::event_table::EventTable;
use crate::pooled::{Pooled, quadratic_form};
use crate::special::chi_square_sf;

/// Outcome of Gray's test.
#[derive(Debug, Clone, PartialEq)]
pub struct GrayTest {
    /// The cause compared (1-based).
    pub cause: usize,
    /// Power of the weight (1 - F⁰)^rho.
    pub rho: f64,
    /// Score of each group.
    pub score: Vec<f64>,
    /// Covariance matrix of the scores, row by row.
    pub variance: Vec<Vec<f64>>,
    /// Degrees of freedom: groups with information minus 1.
    pub df: usize,
    /// The statistic; `None` if the cause does not occur or fewer than two groups can be compared.
    pub chisq: Option<f64>,
    /// Its p.
    pub p: Option<f64>,
}

/// Compares the incidence of `cause` (1-based) between the groups (one table each); `rho` = 0 is the usual test.
///
/// # Errors
/// Fewer than two groups, a cause the tables do not have, delayed entry, or a `rho` that is not finite.
pub fn gray_test(groups: &[EventTable], cause: usize, rho: f64) -> Result<GrayTest, Error> {
    run(&[groups], cause, rho)
}

/// As [`gray_test`], stratified: `strata[s][g]` is the table of group g in stratum s.
///
/// # Errors
/// As [`gray_test`]; also strata with different numbers of groups.
pub fn gray_test_stratified(strata: &[Vec<EventTable>], cause: usize, rho: f64) -> Result<GrayTest, Error> {
    let strata: Vec<&[EventTable]> = strata.iter().map(Vec::as_slice).collect();
    run(&strata, cause, rho)
}

fn run(strata: &[&[EventTable]], cause: usize, rho: f64) -> Result<GrayTest, Error> {
    if !rho.is_finite() {
        return Err(Error::InvalidParameter { name: "rho", value: rho, expected: "a finite power" });
    }
    let groups = strata.first().map_or(0, |tables| tables.len());
    if groups < 2 {
        return Err(Error::Undefined { reason: "Gray's test needs at least two groups" });
    }
    let mut score = vec![0.0; groups];
    let mut variance = vec![0.0; groups * groups];
    for tables in strata {
        if tables.len() != groups {
            let column = "groups of a stratum";
            return Err(Error::LengthMismatch { column, expected: groups, received: tables.len() });
        }
        let known = tables.iter().all(|table| (1..=table.n_causes()).contains(&cause));
        if !known {
            let expected = "a cause of the tables, numbered from 1";
            return Err(Error::InvalidParameter { name: "cause", value: cause as f64, expected });
        }
        if tables.iter().any(|table| !table.entered.is_empty()) {
            return Err(Error::Undefined { reason: "Gray's test is not defined for delayed entry" });
        }
        add_stratum(tables, cause - 1, rho, &mut score, &mut variance);
    }
    let rows: Vec<Vec<f64>> = variance.chunks(groups).map(<[f64]>::to_vec).collect();
    let mut test = GrayTest { cause, rho, score, variance: rows, df: 0, chisq: None, p: None };
    let diagonal = |i: usize| test.variance.get(i).and_then(|row| row.get(i)).copied().unwrap_or(0.0);
    let informative: Vec<usize> = (0..groups).filter(|&i| diagonal(i) > 0.0).collect();
    if let Some((_, free)) = informative.split_last().filter(|(_, free)| !free.is_empty()) {
        let z: Vec<f64> = free.iter().filter_map(|&i| test.score.get(i).copied()).collect();
        let matrix: Vec<Vec<f64>> = free
            .iter()
            .filter_map(|&i| test.variance.get(i))
            .map(|row| free.iter().filter_map(|&j| row.get(j).copied()).collect())
            .collect();
        let df = free.len();
        test.df = df;
        test.chisq = quadratic_form(&matrix, &z);
        test.p = test.chisq.map(|chisq| chi_square_sf(chisq, df as f64));
    }
    Ok(test)
}

/// One group at the current event time.
#[derive(Clone, Copy, Default)]
struct Group {
    at_risk: f64,
    own: f64,
    others: f64,
    /// S(t-) and S(t) of all causes.
    surv_before: f64,
    surv: f64,
    /// F(t-) and F(t) of the cause.
    cif_before: f64,
    cif: f64,
    /// Y / S(t-).
    h: f64,
}

/// The pooled quantities at the current event time.
#[derive(Clone, Copy, Default)]
struct Total {
    own: f64,
    others: f64,
    h: f64,
    r: f64,
    cif_before: f64,
    cif: f64,
    /// (1 - F⁰(t-))^rho.
    weight: f64,
}

/// Walks over the event times and hands each to `visit`.
fn walk(tables: &[EventTable], cause: usize, rho: f64, mut visit: impl FnMut(&[Group], &Total)) {
    let mut pooled = Pooled::new(tables);
    let fresh = Group { surv: 1.0, ..Group::default() };
    let mut groups = vec![fresh; tables.len()];
    let mut total = Total::default();
    while pooled.advance().is_some() {
        total.own = 0.0;
        total.others = 0.0;
        for ((group, row), table) in groups.iter_mut().zip(&pooled.row).zip(tables) {
            (group.own, group.others) = (0.0, 0.0);
            let Some(row) = *row else { continue };
            for (c, column) in table.events.iter().enumerate() {
                let d = column.get(row).copied().unwrap_or(0.0);
                if c == cause {
                    group.own = d;
                } else {
                    group.others += d;
                }
            }
            total.own += group.own;
            total.others += group.others;
        }
        if total.own + total.others <= 0.0 {
            continue;
        }
        (total.h, total.r) = (0.0, 0.0);
        for (group, &at_risk) in groups.iter_mut().zip(&pooled.at_risk) {
            group.at_risk = at_risk;
            group.surv_before = group.surv;
            group.cif_before = group.cif;
            group.h = 0.0;
            if at_risk > 0.0 && group.surv_before > 0.0 {
                group.surv = group.surv_before * ((at_risk - group.own - group.others) / at_risk).max(0.0);
                group.cif = group.cif_before + group.surv_before * group.own / at_risk;
                group.h = at_risk / group.surv_before;
                total.h += group.h;
                total.r += group.h * (1.0 - group.cif_before);
            }
        }
        total.cif_before = total.cif;
        if total.h > 0.0 {
            total.cif = total.cif_before + total.own / total.h;
        }
        let free = 1.0 - total.cif_before;
        total.weight = if rho.abs() < f64::EPSILON { 1.0 } else { libm::pow(free.max(0.0), rho) };
        visit(&groups, &total);
    }
}

/// Adds the increment of `c_ik = ∫ a_ik dF⁰ / (1 - F⁰(t-))`.
fn add_c(c: &mut [f64], groups: &[Group], total: &Total) {
    let scale = total.weight * total.own / (total.h * (1.0 - total.cif_before));
    for (row, i) in c.chunks_exact_mut(groups.len()).zip(0..) {
        let h_i = groups.get(i).map_or(0.0, |g| g.h);
        for (k, (cell, g)) in row.iter_mut().zip(groups).enumerate() {
            let same = if k == i { 1.0 } else { 0.0 };
            *cell += scale * h_i * (same - g.h / total.h);
        }
    }
}

fn add_stratum(tables: &[EventTable], cause: usize, rho: f64, score: &mut [f64], variance: &mut [f64]) {
    let n = tables.len();
    let mut c_total = vec![0.0; n * n];
    walk(tables, cause, rho, |groups, total| {
        if total.own > 0.0 && total.h > 0.0 {
            for (sum, g) in score.iter_mut().zip(groups) {
                if total.r > 0.0 {
                    *sum += total.weight * (g.own - total.own * g.h * (1.0 - g.cif_before) / total.r);
                }
            }
            add_c(&mut c_total, groups, total);
        }
    });
    let mut c = vec![0.0; n * n];
    let mut loadings = vec![0.0; n];
    walk(tables, cause, rho, |groups, total| {
        if total.h <= 0.0 {
            return;
        }
        if total.own > 0.0 {
            add_c(&mut c, groups, total);
        }
        let rest = |i: usize, k: usize| {
            let of = |column: &[f64]| column.get(i * n + k).copied().unwrap_or(0.0);
            of(&c_total) - of(&c)
        };
        for (k, g) in groups.iter().enumerate().filter(|(_, g)| g.at_risk > 0.0 && g.h > 0.0) {
            let ratio = (g.surv > 0.0).then(|| (1.0 - total.cif) / g.surv);
            if total.own > 0.0 {
                let tilt = 1.0 - ratio.unwrap_or(0.0);
                let ties = if total.own > 1.0 {
                    1.0 - (total.own - 1.0) / (total.h * g.surv_before - 1.0)
                } else {
                    1.0
                };
                let increment = ties * g.surv_before * total.own / (total.h * g.at_risk);
                for (i, (loading, other)) in loadings.iter_mut().zip(groups).enumerate() {
                    let same = if i == k { 1.0 } else { 0.0 };
                    let a = total.weight * other.h * (same - g.h / total.h);
                    *loading = a + tilt * rest(i, k);
                }
                add_square(variance, &loadings, increment);
            }
            if let Some(ratio) = ratio.filter(|_| g.others > 0.0) {
                let ties = if g.others > 1.0 { 1.0 - (g.others - 1.0) / (g.at_risk - 1.0) } else { 1.0 };
                let increment = ties * g.surv_before * g.surv_before * g.others / (g.at_risk * g.at_risk);
                for (i, loading) in loadings.iter_mut().enumerate() {
                    *loading = ratio * rest(i, k);
                }
                add_square(variance, &loadings, increment);
            }
        }
    });
}

/// V += increment · x x'.
fn add_square(variance: &mut [f64], x: &[f64], increment: f64) {
    for (row, &a) in variance.chunks_exact_mut(x.len()).zip(x) {
        if a != 0.0 {
            for (cell, &b) in row.iter_mut().zip(x) {
                *cell += increment * a * b;
            }
        }
    }
}
