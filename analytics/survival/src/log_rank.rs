//! The log-rank test and its weighted relatives for k groups.
//!
//! ```text
//! Z_g  = Σ w (d_g - n_g d / n)
//! V_gh = Σ w² d (n - d) / (n - 1) · (n_g / n) (δ_gh - n_h / n)
//! χ²   = Z' V⁻ Z, degrees of freedom: groups with information minus 1
//! ```
//!
//! (Klein and Moeschberger 2003, section 7.3). Stratified: Z and V are summed over the strata. With delayed entry the risk
//! sets are `entry < t <= exit`. The weight decides which differences are seen and must be chosen beforehand: on one data
//! set the members of this family can run from p = 0.002 to p = 0.9.
//!
//! ```
//! use survival::event_table::{EventTable, Subjects};
//! use survival::log_rank::{Weight, log_rank};
//!
//! let (days, event, arm) = ([2, 4, 6, 8, 10, 3, 5, 7, 9, 11], [1, 1, 0, 1, 0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 1, 1, 1, 1, 1]);
//! let tables = EventTable::from_days(&Subjects::new(&days, &event).with_group(&arm), 1, 2).unwrap();
//! let test = log_rank(&tables, Weight::LogRank).unwrap();
//! assert_eq!((test.observed[0], test.expected[0]), (3.0, 1.5));
//! assert!((test.chisq.unwrap() - 3.0).abs() < 1e-12);
//! ```

use crate::error::Error;
use crate::event_table::EventTable;
use crate::pooled::{Pooled, quadratic_form};
use crate::special::chi_square_sf;

/// Weight of the family at an event time with n at risk and d events in the pooled sample.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Weight {
    /// 1 (Mantel 1966).
    LogRank,
    /// n (Gehan 1965, generalised Wilcoxon).
    Gehan,
    /// √n (Tarone and Ware 1977).
    TaroneWare,
    /// S̃(t) = Π (1 - d/(n+1)) up to and including t (Peto and Peto 1972).
    PetoPeto,
    /// S̃(t) n/(n+1) (Andersen et al. 1982).
    ModifiedPetoPeto,
    /// S(t-)^rho (1 - S(t-))^gamma with the pooled Kaplan-Meier curve (Fleming and Harrington 1991, section 7.2).
    FlemingHarrington {
        /// Power of S(t-): early differences.
        rho: f64,
        /// Power of 1 - S(t-): late differences.
        gamma: f64,
    },
}

impl Weight {
    /// The name of the test.
    pub fn name(self) -> &'static str {
        match self {
            Self::LogRank => "logrank",
            Self::Gehan => "gehan",
            Self::TaroneWare => "tarone-ware",
            Self::PetoPeto => "peto-peto",
            Self::ModifiedPetoPeto => "modified-peto-peto",
            Self::FlemingHarrington { .. } => "fh",
        }
    }
}

/// Outcome of a test of this family. Vectors are per group.
#[derive(Debug, Clone, PartialEq)]
pub struct LogRankTest {
    /// The weight used.
    pub weight: Weight,
    /// Subjects.
    pub n: Vec<u64>,
    /// Events observed (unweighted sum).
    pub observed: Vec<f64>,
    /// Events expected under equal hazards (unweighted sum).
    pub expected: Vec<f64>,
    /// Weighted observed minus expected.
    pub score: Vec<f64>,
    /// Covariance matrix of `score`, row by row.
    pub variance: Vec<Vec<f64>>,
    /// With two groups, the signed statistic of the first: score / √variance.
    pub z: Option<f64>,
    /// Degrees of freedom.
    pub df: usize,
    /// The statistic; `None` if fewer than two groups were ever compared at an event.
    pub chisq: Option<f64>,
    /// Its p.
    pub p: Option<f64>,
}

/// Compares the groups (one table each; an event is an event of any cause: see [`EventTable::cause_specific`]).
///
/// # Errors
/// Fewer than two groups, or a Fleming-Harrington power that is negative or not finite.
pub fn log_rank(groups: &[EventTable], weight: Weight) -> Result<LogRankTest, Error> {
    run(&[groups], weight)
}

/// As [`log_rank`], stratified: `strata[s][g]` is the table of group g in stratum s.
///
/// # Errors
/// As [`log_rank`]; also strata with different numbers of groups.
pub fn log_rank_stratified(strata: &[Vec<EventTable>], weight: Weight) -> Result<LogRankTest, Error> {
    let strata: Vec<&[EventTable]> = strata.iter().map(Vec::as_slice).collect();
    run(&strata, weight)
}

fn run(strata: &[&[EventTable]], weight: Weight) -> Result<LogRankTest, Error> {
    if let Weight::FlemingHarrington { rho, gamma } = weight {
        for (name, value) in [("rho", rho), ("gamma", gamma)] {
            if !(value >= 0.0 && value.is_finite()) {
                return Err(Error::InvalidParameter { name, value, expected: "a finite power, 0 or more" });
            }
        }
    }
    let groups = strata.first().map_or(0, |tables| tables.len());
    if groups < 2 {
        return Err(Error::Undefined { reason: "a log-rank test needs at least two groups" });
    }
    let mut test = LogRankTest {
        weight,
        n: vec![0; groups],
        observed: vec![0.0; groups],
        expected: vec![0.0; groups],
        score: vec![0.0; groups],
        variance: vec![vec![0.0; groups]; groups],
        z: None,
        df: 0,
        chisq: None,
        p: None,
    };
    for tables in strata {
        if tables.len() != groups {
            let column = "groups of a stratum";
            return Err(Error::LengthMismatch { column, expected: groups, received: tables.len() });
        }
        for (sum, table) in test.n.iter_mut().zip(*tables) {
            *sum += table.n;
        }
        let any: Vec<EventTable> = tables.iter().map(EventTable::any_cause).collect();
        add_stratum(&any, weight, &mut test);
    }
    conclude(&mut test);
    Ok(test)
}

/// The pooled curves the weights are made of.
struct Curves {
    /// Kaplan-Meier just before the current time.
    kaplan_meier: f64,
    /// Peto and Peto's curve after the previous time.
    peto: f64,
}

impl Curves {
    fn weight(&mut self, weight: Weight, n: f64, d: f64) -> f64 {
        let value = match weight {
            Weight::LogRank => 1.0,
            Weight::Gehan => n,
            Weight::TaroneWare => libm::sqrt(n),
            Weight::PetoPeto => {
                self.peto *= 1.0 - d / (n + 1.0);
                self.peto
            }
            Weight::ModifiedPetoPeto => {
                self.peto *= 1.0 - d / (n + 1.0);
                self.peto * n / (n + 1.0)
            }
            Weight::FlemingHarrington { rho, gamma } => {
                power(self.kaplan_meier, rho) * power(1.0 - self.kaplan_meier, gamma)
            }
        };
        self.kaplan_meier *= ((n - d) / n).max(0.0);
        value
    }
}

/// base^exponent for exponents of 0 and more, with 0⁰ = 1, without calling `pow` for the powers in use.
fn power(base: f64, exponent: f64) -> f64 {
    if exponent <= 0.0 {
        1.0
    } else if (exponent - 1.0).abs() < f64::EPSILON {
        base
    } else {
        libm::pow(base, exponent)
    }
}

fn add_stratum(tables: &[EventTable], weight: Weight, test: &mut LogRankTest) {
    let mut pooled = Pooled::new(tables);
    let mut curves = Curves { kaplan_meier: 1.0, peto: 1.0 };
    let mut events = vec![0.0; tables.len()];
    while pooled.advance().is_some() {
        let d = pooled.events(0, &mut events);
        if d <= 0.0 {
            continue;
        }
        let n: f64 = pooled.at_risk.iter().sum();
        if n <= 0.0 {
            continue;
        }
        let w = curves.weight(weight, n, d);
        let risk = &pooled.at_risk;
        for (group, (&at_risk, &observed)) in risk.iter().zip(&events).enumerate() {
            let expected = at_risk * d / n;
            let add = |column: &mut [f64], value: f64| {
                if let Some(sum) = column.get_mut(group) {
                    *sum += value;
                }
            };
            add(&mut test.observed, observed);
            add(&mut test.expected, expected);
            add(&mut test.score, w * (observed - expected));
        }
        // One subject at risk, or all of them with the event, has no variance.
        if n > 1.0 && d < n {
            let c = w * w * d * (n - d) / ((n - 1.0) * n);
            for (i, (row, &a)) in test.variance.iter_mut().zip(risk).enumerate() {
                if a > 0.0 {
                    let share = c * a / n;
                    for (cell, &b) in row.iter_mut().zip(risk).take(i) {
                        *cell -= share * b;
                    }
                    if let Some(cell) = row.get_mut(i) {
                        *cell += share * (n - a);
                    }
                }
            }
        }
    }
}

/// Completes the matrix and computes the statistic over the groups that carry information.
fn conclude(test: &mut LogRankTest) {
    let groups = test.score.len();
    for i in 0..groups {
        for j in 0..i {
            let value = test.variance.get(i).and_then(|row| row.get(j)).copied().unwrap_or(0.0);
            if let Some(cell) = test.variance.get_mut(j).and_then(|row| row.get_mut(i)) {
                *cell = value;
            }
        }
    }
    let diagonal = |i: usize| test.variance.get(i).and_then(|row| row.get(i)).copied().unwrap_or(0.0);
    let informative: Vec<usize> = (0..groups).filter(|&i| diagonal(i) > 0.0).collect();
    let Some((_, free)) = informative.split_last().filter(|(_, free)| !free.is_empty()) else { return };
    let score: Vec<f64> = free.iter().filter_map(|&i| test.score.get(i).copied()).collect();
    let matrix: Vec<Vec<f64>> = free
        .iter()
        .filter_map(|&i| test.variance.get(i))
        .map(|row| free.iter().filter_map(|&j| row.get(j).copied()).collect())
        .collect();
    test.df = free.len();
    test.chisq = quadratic_form(&matrix, &score);
    test.p = test.chisq.map(|chisq| chi_square_sf(chisq, free.len() as f64));
    if groups == 2 {
        let first = test.score.first().copied().unwrap_or(0.0);
        let variance = diagonal(0);
        test.z = (variance > 0.0).then(|| first / libm::sqrt(variance));
    }
}
