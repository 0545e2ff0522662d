//! More variation between centers than chance explains.

use super::{Center, Outcome, Transform, z_score};
use crate::error::Error;

/// How limits widen for overdispersion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Widening {
    /// Standard errors times √φ.
    Multiplicative,
    /// Variances plus τ².
    Additive,
}

/// Dispersion of winsorised z-scores.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dispersion {
    /// Mean of the squared winsorised z-scores; 1 is expected by chance alone.
    pub phi: f64,
    /// Between-center variance on the scale of the z-scores, 0 or more.
    pub tau_squared: f64,
    /// Lower and upper value at which z-scores were winsorised.
    pub winsorised_at: (f64, f64),
    /// Centers with a z-score.
    pub centers: usize,
}

impl Dispersion {
    /// Standard error widened; φ under 1 leaves it as it is.
    pub(crate) fn widen(&self, how: Widening, error: f64) -> f64 {
        match how {
            Widening::Multiplicative => error * self.phi.max(1.0).sqrt(),
            Widening::Additive => error.hypot(self.tau_squared.sqrt()),
        }
    }
}

/// Dispersion of centers around a target; `None` when no center has a z-score.
///
/// # Errors
///
/// [`Error::InvalidParameter`] when `trim` is not in [0, 0.5).
pub fn dispersion(
    outcome: Outcome,
    centers: &[Center],
    target: f64,
    transform: Transform,
    trim: f64,
) -> Result<Option<Dispersion>, Error> {
    if !(0.0..0.5).contains(&trim) {
        return Err(Error::InvalidParameter {
            name: "trim",
            value: trim,
            expected: "0 or more and under 0.5",
        });
    }
    let scored: Vec<(f64, f64)> = centers
        .iter()
        .filter_map(|&c| {
            Some((z_score(outcome, c, target, transform)?, transform.standard_error(outcome, c.size, target)))
        })
        .collect();
    let mut ordered: Vec<f64> = scored.iter().map(|(z, _)| *z).collect();
    ordered.sort_by(f64::total_cmp);
    let (Some(low), Some(high)) = (quantile(&ordered, trim), quantile(&ordered, 1.0 - trim)) else {
        return Ok(None);
    };
    let count = scored.len() as f64;
    let phi = scored.iter().map(|(z, _)| z.clamp(low, high).powi(2)).sum::<f64>() / count;
    let (mut weights, mut squares) = (0.0, 0.0);
    for (_, error) in &scored {
        let weight = 1.0 / (error * error);
        weights += weight;
        squares += weight * weight;
    }
    let spread = weights - squares / weights;
    // One center, or all weight in one, cannot vary between centers.
    let tau_squared = if spread > 0.0 { ((count * phi - (count - 1.0)) / spread).max(0.0) } else { 0.0 };
    Ok(Some(Dispersion { phi, tau_squared, winsorised_at: (low, high), centers: scored.len() }))
}

/// Quantile of ascending values, type 7 of Hyndman & Fan (*Am Stat* 1996;50:361): linear between the order statistics
/// at (n - 1) p; `None` without values or for p outside [0, 1].
pub fn quantile(ascending: &[f64], p: f64) -> Option<f64> {
    if !(0.0..=1.0).contains(&p) {
        return None;
    }
    let rank = ascending.len().checked_sub(1)? as f64 * p;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 ≤ rank < length")]
    let index = rank.floor() as usize;
    let low = *ascending.get(index)?;
    let high = ascending.get(index + 1).copied().unwrap_or(low);
    Some(low + (rank - rank.floor()) * (high - low))
}
