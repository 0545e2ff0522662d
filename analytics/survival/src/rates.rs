//! Event rates per person-time and proportions, with exact and approximate limits.
//!
//! Methods for a count x (B. Rosner, *Fundamentals of Biostatistics*; N. E. Breslow, N. E. Day, *Statistical Methods in
//! Cancer Research II* (1987), section 2.3):
//!
//! * exact: F. Garwood, Biometrika 28 (1936) 437; with x = 0 the two-sided 95 % upper limit is 3.689, not the one-sided 3.0;
//! * Byar: x (1 - 1/(9x) - z/(3√x))³ and (x+1) (1 - 1/(9(x+1)) + z/(3√(x+1)))³, lower limit 0 at x = 0;
//! * mid-P: the exact tails with half the probability of x itself; closer to the nominal level;
//! * score (Wilson's form): x + z²/2 ± z √(x + z²/4).
//!
//! ```
//! use survival::rates::{RateMethod, rate};
//!
//! let rate = rate(3, 30.0, RateMethod::Exact, 0.95).unwrap();
//! assert_eq!(rate.value, 0.1);
//! assert!((rate.upper - 0.292_242_435_658_077_45).abs() < 1e-15);
//! ```

use crate::error::Error;
use crate::interval::z_of;
use crate::special::{
    binomial_at_least, binomial_at_most, binomial_exact_limits, binomial_pmf, normal_two_sided,
    poisson_at_least, poisson_at_most, poisson_exact_limits, poisson_pmf,
};

/// How the limits of a Poisson count are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RateMethod {
    /// Garwood's exact limits.
    #[default]
    Exact,
    /// Byar's approximation to them.
    Byar,
    /// Exact tails with half the probability of the count itself.
    MidP,
    /// Score limits, the Poisson form of Wilson's.
    Score,
}

impl RateMethod {
    /// The name used in output.
    pub fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Byar => "byar",
            Self::MidP => "mid-p",
            Self::Score => "score",
        }
    }
}

/// Events per person-time, in the unit of the person-time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    /// Events.
    pub events: u64,
    /// Person-time.
    pub person_time: f64,
    /// Events over person-time.
    pub value: f64,
    /// Lower limit.
    pub lower: f64,
    /// Upper limit.
    pub upper: f64,
}

/// Limits of a Poisson mean given a count.
///
/// # Errors
/// A confidence level outside (0, 1).
pub fn count_limits(events: u64, method: RateMethod, conf_level: f64) -> Result<(f64, f64), Error> {
    let z = z_of(conf_level)?;
    let x = events as f64;
    Ok(match method {
        RateMethod::Exact => poisson_exact_limits(events, conf_level),
        RateMethod::Byar => {
            let cube = |x: f64, z: f64| {
                let root = 1.0 - 1.0 / (9.0 * x) + z / (3.0 * libm::sqrt(x));
                x * root * root * root
            };
            (if events == 0 { 0.0 } else { cube(x, -z).max(0.0) }, cube(x + 1.0, z))
        }
        RateMethod::MidP => mid_p_limits(events, conf_level),
        RateMethod::Score => {
            let half = z * libm::sqrt(x + 0.25 * z * z);
            ((x + 0.5 * z * z - half).max(0.0), x + 0.5 * z * z + half)
        }
    })
}

fn mid_p_limits(events: u64, conf_level: f64) -> (f64, f64) {
    let alpha = 0.5 * (1.0 - conf_level);
    // Inside the exact limits, because half of the middle term is left out; both tails are monotone in the mean.
    let (low, high) = poisson_exact_limits(events, conf_level);
    let x = events as f64;
    let upper_tail = |mean: f64| poisson_at_least(events, mean) - 0.5 * poisson_pmf(events, mean);
    let lower_tail = |mean: f64| poisson_at_most(events, mean) - 0.5 * poisson_pmf(events, mean);
    let lower = if events == 0 { 0.0 } else { bisect(low, x, |mean| upper_tail(mean) < alpha) };
    (lower, bisect(x, high, |mean| lower_tail(mean) > alpha))
}

/// The point of \[low, high\] up to which `below` holds.
fn bisect(mut low: f64, mut high: f64, below: impl Fn(f64) -> bool) -> f64 {
    loop {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            return middle;
        }
        if below(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
}

fn check_person_time(person_time: f64) -> Result<(), Error> {
    if person_time > 0.0 && person_time.is_finite() {
        return Ok(());
    }
    Err(Error::InvalidParameter {
        name: "person_time",
        value: person_time,
        expected: "a finite person-time above 0",
    })
}

/// Crude rate. Exposure-adjusted incidence is the same with the first event per person and exposure ending at it.
///
/// # Errors
/// Person-time that is not positive and finite; a confidence level outside (0, 1).
pub fn rate(events: u64, person_time: f64, method: RateMethod, conf_level: f64) -> Result<Rate, Error> {
    check_person_time(person_time)?;
    let (lower, upper) = count_limits(events, method, conf_level)?;
    let value = events as f64 / person_time;
    Ok(Rate { events, person_time, value, lower: lower / person_time, upper: upper / person_time })
}

/// Ratio of two rates.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RateRatio {
    /// First rate over second; `None` if the second has no event.
    pub value: Option<f64>,
    /// Lower limit; 0 if the first has no event.
    pub lower: Option<f64>,
    /// Upper limit; `None` (unbounded) if the second has no event.
    pub upper: Option<f64>,
    /// Two-sided p by the probabilities of all outcomes no likelier than the one observed (as R's `poisson.test`).
    pub p: Option<f64>,
    /// Two-sided p by doubling the smaller tail, the one that agrees with the limits.
    pub p_doubled: Option<f64>,
    /// Two-sided mid-P: the doubled smaller tail with half the probability of the outcome observed.
    pub p_mid: Option<f64>,
}

/// Ratio of the rates of two groups (events, person-time), exact conditional on the total: given x₁ + x₂ = n, x₁ is binomial
/// with probability ρ t₁ / (ρ t₁ + t₂) at rate ratio ρ; limits from Clopper and Pearson's. Undefined (`None`) without any event.
///
/// # Errors
/// As [`rate`].
pub fn rate_ratio(first: (u64, f64), second: (u64, f64), conf_level: f64) -> Result<RateRatio, Error> {
    z_of(conf_level)?;
    check_person_time(first.1)?;
    check_person_time(second.1)?;
    let n = first.0 + second.0;
    if n == 0 {
        return Ok(RateRatio {
            value: None,
            lower: None,
            upper: None,
            p: None,
            p_doubled: None,
            p_mid: None,
        });
    }
    // The odds of the limits come from the incomplete beta's own tails: 1 - p would lose digits near 1.
    let (low, _) = binomial_exact_limits(first.0, n, conf_level);
    let (complement_low, _) = binomial_exact_limits(second.0, n, conf_level);
    let scale = second.1 / first.1;
    let lower = low / (1.0 - low) * scale;
    let upper = (second.0 > 0).then(|| (1.0 - complement_low) / complement_low * scale);
    let value = (second.0 > 0).then(|| first.0 as f64 / second.0 as f64 * scale);
    let null = first.1 / (first.1 + second.1);
    let smaller = binomial_at_most(first.0, n, null).min(binomial_at_least(first.0, n, null));
    let own = binomial_pmf(first.0, n, null);
    Ok(RateRatio {
        value,
        lower: Some(lower),
        upper,
        p: Some(binomial_two_sided(first.0, n, null)),
        p_doubled: Some((2.0 * smaller).min(1.0)),
        p_mid: Some((2.0 * (smaller - 0.5 * own)).min(1.0)),
    })
}

/// Sum of the probabilities of all outcomes of a binomial that are no likelier than `successes` (within 1e-7 relative).
fn binomial_two_sided(successes: u64, n: u64, p: f64) -> f64 {
    let own = binomial_pmf(successes, n, p) * (1.0 + 1e-7);
    let mean = n as f64 * p;
    let x = successes as f64;
    if (x - mean).abs() < mean * 1e-15 {
        return 1.0;
    }
    // The density falls away from the mode, so the other tail is found by bisection.
    let mode = ((n + 1) as f64 * p).floor();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and n")]
    let mode = (mode.max(0.0) as u64).min(n);
    if x < mean {
        let (mut low, mut high) = (mode, n + 1);
        while low < high {
            let middle = low + (high - low) / 2;
            if binomial_pmf(middle, n, p) <= own {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        (binomial_at_most(successes, n, p) + binomial_at_least(low, n, p)).min(1.0)
    } else {
        // `low` counts the outcomes below the mode that are no likelier.
        let (mut low, mut high) = (0, mode + 1);
        while low < high {
            let middle = low + (high - low) / 2;
            if binomial_pmf(middle, n, p) <= own {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        let lower_tail = if low == 0 { 0.0 } else { binomial_at_most(low - 1, n, p) };
        (lower_tail + binomial_at_least(successes, n, p)).min(1.0)
    }
}

/// Difference of two rates with normal limits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RateDifference {
    /// First rate minus second.
    pub value: f64,
    /// Standard error √(x₁/t₁² + x₂/t₂²).
    pub std_err: f64,
    /// Lower limit.
    pub lower: f64,
    /// Upper limit.
    pub upper: f64,
    /// Two-sided p; `None` without any event.
    pub p: Option<f64>,
}

/// Difference of the rates of two groups (events, person-time), Wald limits.
///
/// # Errors
/// As [`rate`].
pub fn rate_difference(
    first: (u64, f64),
    second: (u64, f64),
    conf_level: f64,
) -> Result<RateDifference, Error> {
    let z = z_of(conf_level)?;
    check_person_time(first.1)?;
    check_person_time(second.1)?;
    let (a, b) = (first.0 as f64 / first.1, second.0 as f64 / second.1);
    let value = a - b;
    let std_err = libm::sqrt(a / first.1 + b / second.1);
    let p = (std_err > 0.0).then(|| normal_two_sided(value / std_err));
    Ok(RateDifference { value, std_err, lower: value - z * std_err, upper: value + z * std_err, p })
}

/// How the limits of a proportion are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ProportionMethod {
    /// Exact limits of Clopper and Pearson.
    #[default]
    ClopperPearson,
    /// Wilson's score limits (E. B. Wilson, JASA 22 (1927) 209-212).
    Wilson,
}

impl ProportionMethod {
    /// The name used in output.
    pub fn name(self) -> &'static str {
        match self {
            Self::ClopperPearson => "clopper-pearson",
            Self::Wilson => "wilson",
        }
    }
}

/// A proportion with its limits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Proportion {
    /// Subjects with the event.
    pub events: u64,
    /// Subjects.
    pub n: u64,
    /// events / n.
    pub value: f64,
    /// Lower limit.
    pub lower: f64,
    /// Upper limit.
    pub upper: f64,
}

/// Proportion of `n` subjects with the event.
///
/// # Errors
/// No subjects, more events than subjects, or a confidence level outside (0, 1).
pub fn proportion(
    events: u64,
    n: u64,
    method: ProportionMethod,
    conf_level: f64,
) -> Result<Proportion, Error> {
    let z = z_of(conf_level)?;
    if n == 0 {
        return Err(Error::Undefined { reason: "a proportion of no subjects" });
    }
    if events > n {
        let expected = "no more events than subjects";
        return Err(Error::InvalidParameter { name: "events", value: events as f64, expected });
    }
    let value = events as f64 / n as f64;
    let (lower, upper) = match method {
        ProportionMethod::ClopperPearson => binomial_exact_limits(events, n, conf_level),
        ProportionMethod::Wilson => {
            let (size, square) = (n as f64, z * z);
            let center = value + square / (2.0 * size);
            let half = z * libm::sqrt(value * (1.0 - value) / size + square / (4.0 * size * size));
            let scale = 1.0 + square / size;
            let lower = if events == 0 { 0.0 } else { (center - half) / scale };
            let upper = if events == n { 1.0 } else { (center + half) / scale };
            (lower, upper)
        }
    };
    Ok(Proportion { events, n, value, lower, upper })
}
