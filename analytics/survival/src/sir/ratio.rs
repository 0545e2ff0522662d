//! Observed against expected: ratio, limits, p-value and excess.

use crate::special::{normal_quantile, poisson_at_least, poisson_at_most, poisson_exact_limits, poisson_pmf};

/// Observed and expected events with everything derived from them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ratio {
    /// Events observed, O.
    pub observed: u64,
    /// Events expected, E.
    pub expected: f64,
    /// Person-years.
    pub person_years: f64,
    /// O / E; `None` when E = 0.
    pub sir: Option<f64>,
    /// Exact lower limit (0 when O = 0); `None` when E = 0.
    pub lower: Option<f64>,
    /// Exact upper limit; `None` when E = 0.
    pub upper: Option<f64>,
    /// Exact two-sided p of SIR = 1: twice the smaller Poisson tail including O, at most 1; `None` when E = 0.
    pub p: Option<f64>,
    /// (O - E) / person-years x 10,000; `None` without person-years.
    pub excess_per_10000: Option<f64>,
    /// Excess at the exact limits of O.
    pub excess_lower: Option<f64>,
    /// Excess at the exact limits of O.
    pub excess_upper: Option<f64>,
}

impl Ratio {
    /// Ratio of `observed` to `expected` events in `person_years`, with limits at `conf_level`.
    pub fn new(observed: u64, expected: f64, person_years: f64, conf_level: f64) -> Self {
        let (low, high) = poisson_exact_limits(observed, conf_level);
        let count = observed as f64;
        let of_expected = |count: f64| (expected > 0.0).then(|| count / expected);
        let excess = |count: f64| (person_years > 0.0).then(|| (count - expected) / person_years * 1e4);
        Self {
            observed,
            expected,
            person_years,
            sir: of_expected(count),
            lower: of_expected(low),
            upper: of_expected(high),
            p: (expected > 0.0).then(|| {
                let tail = if count >= expected {
                    poisson_at_least(observed, expected)
                } else {
                    poisson_at_most(observed, expected)
                };
                (2.0 * tail).min(1.0)
            }),
            excess_per_10000: excess(count),
            excess_lower: excess(low),
            excess_upper: excess(high),
        }
    }
}

/// Byar's approximation to the exact limits of a Poisson count (Breslow & Day 1987, eq. 2.13):
/// O (1 - 1/(9 O) - z / (3 √O))³ and (O + 1) (1 - 1/(9 (O + 1)) + z / (3 √(O + 1)))³; the lower limit of 0 is 0.
pub fn byar_limits(observed: u64, conf_level: f64) -> (f64, f64) {
    let z = normal_quantile(0.5 + conf_level / 2.0);
    let cube = |count: f64, z: f64| {
        let root = 1.0 - 1.0 / (9.0 * count) + z / (3.0 * count.sqrt());
        count * root * root * root
    };
    let count = observed as f64;
    (if observed == 0 { 0.0 } else { cube(count, -z).max(0.0) }, cube(count + 1.0, z))
}

/// Mid-P limits of a Poisson count: the means at which the tail beyond the count plus half the probability of the count
/// is (1 - level)/2 (Berry & Armitage, *Statistician* 1995;44:417). They lie within the exact ones.
pub fn mid_p_limits(observed: u64, conf_level: f64) -> (f64, f64) {
    let tail = (1.0 - conf_level) / 2.0;
    let (low, high) = poisson_exact_limits(observed, conf_level);
    if observed == 0 {
        // Half of e^(-m) is the tail.
        return (0.0, -(2.0 * tail).ln());
    }
    let count = observed as f64;
    let half = |m: f64| poisson_pmf(observed, m) / 2.0;
    let slope = |m: f64| f64::midpoint(poisson_pmf(observed, m), poisson_pmf(observed - 1, m));
    let lower = root(low, count, |m| (poisson_at_least(observed, m) - half(m) - tail, slope(m)));
    let upper = root(count, high, |m| (tail - (poisson_at_most(observed, m) - half(m)), slope(m)));
    (lower, upper)
}

/// Root of a rising function between `low` and `high`: Newton's steps, halving where a step leaves the bracket.
fn root(mut low: f64, mut high: f64, function: impl Fn(f64) -> (f64, f64)) -> f64 {
    let mut x = f64::midpoint(low, high);
    for _ in 0..200 {
        let (value, slope) = function(x);
        if value < 0.0 {
            low = x;
        } else {
            high = x;
        }
        let newton = x - value / slope;
        let next = if newton > low && newton < high { newton } else { f64::midpoint(low, high) };
        if (next - x).abs() <= 1e-15 * x {
            return next;
        }
        x = next;
    }
    x
}
