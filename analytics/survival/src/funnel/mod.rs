//! Funnel plots: is a center's result compatible with the target, given its size?
//!
//! Two kinds of result: a count against its expected number (standardised ratio, Poisson) and a proportion (binomial).
//! Limits are drawn around the target, not around the center, so a center of any size can be read off one picture.
//!
//! # Limits
//!
//! [`LimitMethod::Exact`]: for tail probability p the discrete quantile r = min{k : P(R ≤ k) > p}, interpolated to
//! r - (P(R ≤ r) - p) / P(R = r), which gives limits that fall smoothly with size (Spiegelhalter, *Stat Med*
//! 2005;24:1185, appendix A.1.1). A negative lower limit is 0: at that size not even zero events are outside.
//! [`LimitMethod::ChiSquare`] gives the limits of [`poisson_exact_limits`](crate::special::poisson_exact_limits) and
//! its binomial counterpart with the expected number in the place of a count, the convention of several plotting
//! packages; it is wider below about twenty expected events. [`LimitMethod::Normal`] uses the
//! variance-stabilising scale and is the only one that can widen for overdispersion.
//!
//! # Overdispersion
//!
//! z-scores on the chosen [`Transform`] are winsorised at the type 7 quantiles of `trim` and 1 - `trim`; φ is the mean
//! of their squares and I their number (Spiegelhalter 2005, section 5). Multiplicative widening takes z √φ. The additive
//! model takes the between-center variance τ² = (I φ - (I - 1)) / (Σw - Σw²/Σw), w = 1/s², at least 0 (Spiegelhalter et
//! al., *J R Stat Soc A* 2012;175:1, the moment estimator of random-effects meta-analysis). A φ below 1 never narrows the limits.
//!
//! # Centers where a scale breaks down
//!
//! On the square-root scale the lower limit stops at 0 when target - z s would be negative. On the log scale a center
//! without events has no z (`None`) and takes no part in φ. A center without expectation or without subjects has neither
//! ratio nor z.
//!
//! With censored follow-up a proportion at one year is not a binomial count: use the survival estimate and its standard
//! error instead.
//!
//! # Example
//!
//! ```
//! use survival::funnel::{self, Center, LimitMethod, Outcome};
//!
//! // 12 deaths where 5.2 were expected; target ratio 1, 95 % and 99.8 % limits.
//! let center = Center { events: 12, size: 5.2 };
//! let limits = funnel::limits(Outcome::Ratio, 5.2, 1.0, 0.95, LimitMethod::Exact, None)?;
//! assert!(limits.1 < 12.0 / 5.2);
//! let z = funnel::z_score(Outcome::Ratio, center, 1.0, funnel::Transform::SquareRoot);
//! assert!((z.unwrap_or(0.0) - 2.0 * (12.0_f64.sqrt() - 5.2_f64.sqrt())).abs() < 1e-12);
//! # Ok::<(), survival::error::Error>(())
//! ```

mod dispersion;
mod limits;

pub use dispersion::{Dispersion, Widening, dispersion, quantile};
pub use limits::{LimitMethod, limits};

use crate::error::Error;
use crate::special;

/// Kind of result of a center.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Events over expected events; the size of a center is its expected number.
    Ratio,
    /// Events over subjects; the size of a center is its number of subjects, a whole number.
    Proportion,
}

/// Scale on which z-scores are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Transform {
    /// Variance-stabilising: square root of a ratio, arc sine of the square root of a proportion.
    #[default]
    SquareRoot,
    /// Logarithm of a ratio, logit of a proportion; undefined without events (or with nothing but events).
    Log,
    /// The ratio or proportion itself, with its variance at the target.
    Identity,
}

/// Events and size of a center.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Center {
    /// Events observed.
    pub events: u64,
    /// Expected events ([`Outcome::Ratio`]) or subjects ([`Outcome::Proportion`]).
    pub size: f64,
}

/// Where a center lies relative to a pair of limits. On a limit is within.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Position {
    /// Below the lower limit.
    Below,
    /// Between the limits.
    Within,
    /// Above the upper limit.
    Above,
}

/// A center in the funnel.
#[derive(Debug, Clone, PartialEq)]
pub struct Placed {
    /// Ratio or proportion; `None` for a center of size 0.
    pub value: Option<f64>,
    /// z-score on the declared scale, before widening; `None` where the scale is undefined.
    pub z: Option<f64>,
    /// Exact two-sided p against the target: twice the smaller tail including the count, at most 1. Not widened.
    pub p: Option<f64>,
    /// Lower and upper limit at each confidence level.
    pub limits: Vec<(f64, f64)>,
    /// Position relative to the limits at each confidence level; `Within` for a center of size 0.
    pub position: Vec<Position>,
}

/// Declared rules of a funnel.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options<'a> {
    /// Value every center is compared with; the pooled value of all centers when absent.
    pub target: Option<f64>,
    /// Confidence levels of the limits.
    pub conf_levels: &'a [f64],
    /// How limits are computed.
    pub method: LimitMethod,
    /// Scale of the z-scores.
    pub transform: Transform,
    /// Part of the z-scores winsorised at each end before φ is computed, under one half.
    pub trim: f64,
    /// Whether and how limits widen; only with [`LimitMethod::Normal`].
    pub widening: Option<Widening>,
}

impl Default for Options<'_> {
    fn default() -> Self {
        Self {
            target: None,
            conf_levels: &[0.95, 0.998],
            method: LimitMethod::Exact,
            transform: Transform::SquareRoot,
            trim: 0.1,
            widening: None,
        }
    }
}

/// A funnel over centers.
#[derive(Debug, Clone, PartialEq)]
pub struct Funnel {
    /// Target used.
    pub target: f64,
    /// Dispersion of the z-scores; `None` when no center has one.
    pub dispersion: Option<Dispersion>,
    /// Centers in the order given.
    pub centers: Vec<Placed>,
}

/// Places centers in a funnel.
///
/// # Errors
///
/// [`Error::InvalidValue`] for a size that is negative or not finite, or for a proportion not a whole number or below
/// the events; [`Error::InvalidParameter`] for a level or trim out of range, a target outside (0, ∞) or (0, 1), or
/// widening without [`LimitMethod::Normal`]; [`Error::Undefined`] when a target is to be pooled from centers without
/// size or without events.
pub fn funnel(outcome: Outcome, centers: &[Center], options: &Options<'_>) -> Result<Funnel, Error> {
    for (row, center) in centers.iter().enumerate() {
        check_center(outcome, row, *center)?;
    }
    let target = options.target.map_or_else(|| pooled(outcome, centers), Ok)?;
    let z: Vec<Option<f64>> =
        centers.iter().map(|&c| z_score(outcome, c, target, options.transform)).collect();
    let dispersion = dispersion(outcome, centers, target, options.transform, options.trim)?;
    let widening = options.widening.zip(dispersion.as_ref());
    let placed = centers
        .iter()
        .zip(z)
        .map(|(&center, z)| {
            let value = value(center);
            let limits = options
                .conf_levels
                .iter()
                .map(|&level| limits(outcome, center.size, target, level, options.method, widening))
                .collect::<Result<Vec<_>, Error>>()?;
            let position = limits.iter().map(|&(lower, upper)| position(value, lower, upper)).collect();
            Ok(Placed { value, z, p: p_value(outcome, center, target), limits, position })
        })
        .collect::<Result<Vec<_>, Error>>()?;
    Ok(Funnel { target, dispersion, centers: placed })
}

fn pooled(outcome: Outcome, centers: &[Center]) -> Result<f64, Error> {
    let events: f64 = centers.iter().map(|c| c.events as f64).sum();
    let size: f64 = centers.iter().map(|c| c.size).sum();
    if !(size > 0.0 && events > 0.0) || (outcome == Outcome::Proportion && events >= size) {
        return Err(Error::Undefined {
            reason: "the pooled value of the centers is not between the possible extremes; give a target",
        });
    }
    Ok(events / size)
}

/// Ratio or proportion of a center; `None` when its size is 0.
fn value(center: Center) -> Option<f64> {
    (center.size > 0.0).then(|| center.events as f64 / center.size)
}

fn position(value: Option<f64>, lower: f64, upper: f64) -> Position {
    match value {
        Some(v) if v < lower => Position::Below,
        Some(v) if v > upper => Position::Above,
        _ => Position::Within,
    }
}

/// z-score of a center against the target.
///
/// | transform | ratio O/E, target θ | proportion r/n, target θ |
/// |---|---|---|
/// | square root | 2 (√O - √(θE)) | 2 √n (asin √(r/n) - asin √θ) |
/// | log | √(θE) ln(O / θE) | √(nθ(1-θ)) (logit(r/n) - logit θ) |
/// | identity | (O - θE) / √(θE) | (r - nθ) / √(nθ(1-θ)) |
///
/// `None` for a center of size 0, and on the log scale without events (or, for a proportion, with nothing but events).
pub fn z_score(outcome: Outcome, center: Center, target: f64, transform: Transform) -> Option<f64> {
    let value = value(center)?;
    let gap = transform.apply(outcome, value) - transform.apply(outcome, target);
    let z = gap / transform.standard_error(outcome, center.size, target);
    z.is_finite().then_some(z)
}

impl Transform {
    /// Value on this scale.
    pub(crate) fn apply(self, outcome: Outcome, value: f64) -> f64 {
        match (self, outcome) {
            (Self::SquareRoot, Outcome::Ratio) => value.sqrt(),
            (Self::SquareRoot, Outcome::Proportion) => value.sqrt().asin(),
            (Self::Log, Outcome::Ratio) => value.ln(),
            (Self::Log, Outcome::Proportion) => (value / (1.0 - value)).ln(),
            (Self::Identity, _) => value,
        }
    }

    /// Back from this scale, kept to possible values.
    pub(crate) fn invert(self, outcome: Outcome, value: f64) -> f64 {
        match (self, outcome) {
            (Self::SquareRoot, Outcome::Ratio) => value.max(0.0).powi(2),
            (Self::SquareRoot, Outcome::Proportion) => {
                value.clamp(0.0, core::f64::consts::FRAC_PI_2).sin().powi(2)
            }
            (Self::Log, Outcome::Ratio) => value.exp(),
            (Self::Log, Outcome::Proportion) => 1.0 / (1.0 + (-value).exp()),
            (Self::Identity, Outcome::Ratio) => value.max(0.0),
            (Self::Identity, Outcome::Proportion) => value.clamp(0.0, 1.0),
        }
    }

    /// Standard error on this scale of a center of `size` whose true value is the target.
    pub(crate) fn standard_error(self, outcome: Outcome, size: f64, target: f64) -> f64 {
        match (self, outcome) {
            (Self::SquareRoot, _) => 0.5 / size.sqrt(),
            (Self::Log, Outcome::Ratio) => 1.0 / (target * size).sqrt(),
            (Self::Log, Outcome::Proportion) => 1.0 / (size * target * (1.0 - target)).sqrt(),
            (Self::Identity, Outcome::Ratio) => (target / size).sqrt(),
            (Self::Identity, Outcome::Proportion) => (target * (1.0 - target) / size).sqrt(),
        }
    }
}

fn p_value(outcome: Outcome, center: Center, target: f64) -> Option<f64> {
    let Center { events, size } = center;
    let (low, high) = match outcome {
        Outcome::Ratio if size > 0.0 => {
            let mean = target * size;
            (special::poisson_at_most(events, mean), special::poisson_at_least(events, mean))
        }
        Outcome::Proportion => {
            let n = whole(size).filter(|&n| n > 0)?;
            (special::binomial_at_most(events, n, target), special::binomial_at_least(events, n, target))
        }
        Outcome::Ratio => return None,
    };
    Some((2.0 * low.min(high)).min(1.0))
}

/// A size that is a whole number of subjects.
pub(crate) fn whole(size: f64) -> Option<u64> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the guard bounds the value")]
    (size >= 0.0 && size.fract() == 0.0 && size < 9e15).then_some(size as u64)
}

fn check_center(outcome: Outcome, row: usize, center: Center) -> Result<(), Error> {
    let size = center.size;
    if !(size.is_finite() && size >= 0.0) {
        return Err(Error::InvalidValue {
            column: "size",
            row,
            value: size,
            expected: "a finite size of 0 or more",
        });
    }
    if outcome == Outcome::Proportion && whole(size).is_none_or(|n| n < center.events) {
        let expected = "a whole number of subjects, at least the events";
        return Err(Error::InvalidValue { column: "size", row, value: size, expected });
    }
    Ok(())
}
