//! The terminal slope: log-linear regression of the last quantifiable samples.

use super::profile::{Point, Profile};

/// Loss of adjusted R² that a fit with more samples may have and still be preferred.
const ADJUSTED_R_SQUARED_TOLERANCE: f64 = 1e-4;
/// Fewest samples of a terminal fit.
const FEWEST_POINTS: usize = 3;

/// Least-squares line of ln C on time over the last `points` quantifiable samples.
///
/// Every number of samples from three to all those after the peak is tried. Among the fits whose slope falls, the best
/// adjusted R² wins, except that a fit within 10⁻⁴ of it with more samples is preferred. A profile that rises again
/// after the first decline makes the figure meaningless: judge it with `points`, `span_ratio` and `adj_r_squared`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Terminal {
    /// Minus the slope, per unit of time.
    pub lambda_z: f64,
    /// ln 2 / `lambda_z`.
    pub half_life: f64,
    /// ln C of the line at time 0.
    pub intercept: f64,
    /// Samples in the fit.
    pub points: usize,
    /// Time of the first sample in the fit.
    pub first_time: f64,
    /// Time of the last sample in the fit, which is `tlast`.
    pub last_time: f64,
    /// R² of the fit.
    pub r_squared: f64,
    /// 1 - (1 - R²)(n - 1)/(n - 2).
    pub adj_r_squared: f64,
    /// Length of the fitted interval in half-lives; under 2 the half-life is poorly determined.
    pub span_ratio: f64,
    /// Concentration of the line at `tlast`.
    pub clast_predicted: f64,
}

pub(super) fn fit(profile: &Profile, from_peak: bool) -> Option<Terminal> {
    let peak = profile.peak?;
    let begin =
        profile.quantifiable.partition_point(|p| p.time < peak.time || (!from_peak && p.time <= peak.time));
    let candidates = profile.quantifiable.get(begin..)?;
    let fits: Vec<Terminal> = (FEWEST_POINTS..=candidates.len())
        .filter_map(|points| line(candidates.get(candidates.len() - points..)?))
        .collect();
    let best = fits.iter().map(|f| f.adj_r_squared).fold(f64::NEG_INFINITY, f64::max);
    fits.into_iter().rfind(|f| f.adj_r_squared > best - ADJUSTED_R_SQUARED_TOLERANCE)
}

fn line(points: &[Point]) -> Option<Terminal> {
    let n = points.len() as f64;
    let (first, last) = (points.first()?, points.last()?);
    let time_mean = points.iter().map(|p| p.time).sum::<f64>() / n;
    let log_mean = points.iter().map(|p| p.concentration.ln()).sum::<f64>() / n;
    let (mut tt, mut tl, mut ll) = (0.0, 0.0, 0.0);
    for p in points {
        let (t, l) = (p.time - time_mean, p.concentration.ln() - log_mean);
        tt += t * t;
        tl += t * l;
        ll += l * l;
    }
    let lambda_z = -tl / tt;
    // A level or rising line has no half-life.
    if lambda_z.is_nan() || lambda_z <= 0.0 {
        return None;
    }
    let r_squared = (tl * tl / (tt * ll)).min(1.0);
    let half_life = core::f64::consts::LN_2 / lambda_z;
    let intercept = log_mean + lambda_z * time_mean;
    Some(Terminal {
        lambda_z,
        half_life,
        intercept,
        points: points.len(),
        first_time: first.time,
        last_time: last.time,
        r_squared,
        adj_r_squared: 1.0 - (1.0 - r_squared) * (n - 1.0) / (n - 2.0),
        span_ratio: (last.time - first.time) / half_life,
        clast_predicted: (log_mean - lambda_z * (last.time - time_mean)).exp(),
    })
}
