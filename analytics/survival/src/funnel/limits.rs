//! Limits of a funnel at a given size.

use super::{Dispersion, Outcome, Transform, Widening, whole};
use crate::error::Error;
use crate::special::{
    beta_inc_inv, binomial_at_most, binomial_pmf, gamma_p_inv, gamma_q_inv, normal_quantile, poisson_at_most,
    poisson_pmf,
};

/// How the limits of a funnel are computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LimitMethod {
    /// Quantiles of the Poisson or binomial distribution, interpolated between counts.
    #[default]
    Exact,
    /// Exact limits of a count, with the expected number as if it were one.
    ChiSquare,
    /// Normal on the given scale, back-transformed; may be widened.
    Normal(Transform),
}

/// Limits around `target` for a center of `size`, at confidence level `conf_level`, on the scale of the ratio or
/// proportion. The limits of a center of size 0 are those of no information: 0 and infinity, or 0 and 1.
///
/// # Errors
///
/// [`Error::InvalidParameter`] for a size, target or level out of range, for a proportion whose size is not a whole
/// number, and for widening with a method other than [`LimitMethod::Normal`].
pub fn limits(
    outcome: Outcome,
    size: f64,
    target: f64,
    conf_level: f64,
    method: LimitMethod,
    widening: Option<(Widening, &Dispersion)>,
) -> Result<(f64, f64), Error> {
    if !(conf_level > 0.0 && conf_level < 1.0) {
        return Err(Error::InvalidParameter {
            name: "conf_level",
            value: conf_level,
            expected: "between 0 and 1",
        });
    }
    let possible = match outcome {
        Outcome::Ratio => target > 0.0 && target.is_finite(),
        Outcome::Proportion => target > 0.0 && target < 1.0,
    };
    if !possible {
        let expected = "above 0 (and below 1 for a proportion)";
        return Err(Error::InvalidParameter { name: "target", value: target, expected });
    }
    if !(size >= 0.0 && size.is_finite()) || (outcome == Outcome::Proportion && whole(size).is_none()) {
        let expected = "0 or more, a whole number for a proportion";
        return Err(Error::InvalidParameter { name: "size", value: size, expected });
    }
    let top = match outcome {
        Outcome::Ratio => f64::INFINITY,
        Outcome::Proportion => 1.0,
    };
    if size <= 0.0 {
        return Ok((0.0, top));
    }
    let tail = (1.0 - conf_level) / 2.0;
    match method {
        LimitMethod::Normal(transform) => {
            let z = normal_quantile(1.0 - tail);
            let error = transform.standard_error(outcome, size, target);
            let half = z * widening.map_or(error, |(how, dispersion)| dispersion.widen(how, error));
            let center = transform.apply(outcome, target);
            Ok((transform.invert(outcome, center - half), transform.invert(outcome, center + half)))
        }
        _ if widening.is_some() => Err(Error::Undefined {
            reason: "only limits of the normal method can be widened for overdispersion",
        }),
        LimitMethod::Exact => {
            let lower = interpolated(outcome, size, target, tail)? / size;
            let upper = interpolated(outcome, size, target, 1.0 - tail)? / size;
            Ok((lower.clamp(0.0, top), upper.clamp(0.0, top)))
        }
        LimitMethod::ChiSquare => Ok(as_count(outcome, size, target, tail)),
    }
}

/// Spiegelhalter's interpolated quantile of the count, in events; may be negative.
fn interpolated(outcome: Outcome, size: f64, target: f64, tail: f64) -> Result<f64, Error> {
    let n = whole(size).unwrap_or(0);
    let at_most = |k: u64| match outcome {
        Outcome::Ratio => poisson_at_most(k, target * size),
        Outcome::Proportion => binomial_at_most(k, n, target),
    };
    let probability = |k: u64| match outcome {
        Outcome::Ratio => poisson_pmf(k, target * size),
        Outcome::Proportion => binomial_pmf(k, n, target),
    };
    // Smallest k with P(R ≤ k) > tail, by doubling and bisection: the distribution function only rises.
    let (mut below, mut reached) = (None, 0_u64);
    while at_most(reached) <= tail {
        below = Some(reached);
        if reached > 1 << 52 {
            return Err(Error::Undefined { reason: "the funnel limit is not reached by any count" });
        }
        reached = reached * 2 + 1;
    }
    while let Some(low) = below.filter(|&low| reached - low > 1) {
        let middle = low + (reached - low) / 2;
        if at_most(middle) > tail {
            reached = middle;
        } else {
            below = Some(middle);
        }
    }
    Ok(reached as f64 - (at_most(reached) - tail) / probability(reached))
}

/// Exact limits of a count, evaluated at the expected number θ x size.
fn as_count(outcome: Outcome, size: f64, target: f64, tail: f64) -> (f64, f64) {
    let count = target * size;
    match outcome {
        // Half the chi-square quantile of 2 E degrees of freedom is the gamma quantile of shape E.
        Outcome::Ratio => (gamma_p_inv(count, tail) / size, gamma_q_inv(count + 1.0, tail) / size),
        Outcome::Proportion => (
            beta_inc_inv(count, size - count + 1.0, tail),
            beta_inc_inv(count + 1.0, size - count, 1.0 - tail),
        ),
    }
}
