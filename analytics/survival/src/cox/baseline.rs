//! Baseline hazards and curves predicted for given covariates.

use super::kernel::{Kernel, RiskSum, Workspace};
use super::newton::CoefficientState;
use super::{CoxFit, CoxModel, check_length};
use crate::error::Error;
use crate::interval::ConfType;
use crate::linear::{Matrix, dot};
use crate::special::normal_quantile;

/// Cumulative baseline hazard of one stratum, a step function that is constant between the listed event times.
#[derive(Debug, Clone, PartialEq)]
pub struct BaselineHazard {
    /// Label of the stratum.
    pub stratum: u32,
    /// Distinct event times, ascending.
    pub time: Vec<f64>,
    /// Cumulative hazard at covariates 0 just after each time.
    pub cumhaz: Vec<f64>,
}

/// Curve predicted for one set of covariates in one stratum, constant between the listed event times.
#[derive(Debug, Clone, PartialEq)]
pub struct PredictedCurve {
    /// Label of the stratum.
    pub stratum: u32,
    /// Distinct event times, ascending.
    pub time: Vec<f64>,
    /// Cumulative hazard just after each time.
    pub cumhaz: Vec<f64>,
    /// Standard error of the cumulative hazard, which is that of log survival.
    pub cumhaz_std_err: Vec<f64>,
    /// Survival `exp(-cumhaz)`.
    pub surv: Vec<f64>,
    /// Standard error of survival by the delta method.
    pub std_err: Vec<f64>,
}

impl PredictedCurve {
    /// Index of the last event time at or before `time`; `None` before the first, where survival is 1.
    pub fn position(&self, time: f64) -> Option<usize> {
        self.time.partition_point(|t| *t <= time).checked_sub(1)
    }

    /// Pointwise limits of survival at event time `index`; `None` when they are undefined or `index` is past the end.
    pub fn limits(&self, index: usize, conf_type: ConfType, conf_level: f64) -> Option<(f64, f64)> {
        if !(conf_level > 0.0 && conf_level < 1.0) {
            return None;
        }
        let std_err = self.cumhaz_std_err.get(index)?;
        let z = normal_quantile(f64::midpoint(1.0, conf_level));
        conf_type.limits(*self.surv.get(index)?, std_err * std_err, z)
    }
}

/// Jumps of the baseline at the centre with what their variance needs, per edge.
pub(crate) struct Jumps {
    pub(crate) hazard: Vec<f64>,
    pub(crate) square: Vec<f64>,
    // `[edge * width + column]`.
    pub(crate) drift: Vec<f64>,
}

pub(crate) fn jumps(kernel: &Kernel<'_>, work: &mut Workspace, beta: &[f64]) -> Option<Jumps> {
    if !kernel.accumulate(beta, work) {
        return None;
    }
    let p = kernel.width;
    let mut square = vec![0.0; kernel.edges()];
    let mut drift = vec![0.0; kernel.edges() * p];
    let unit = (-work.shift).exp();
    kernel.sweep(work, |risk: &RiskSum<'_>| {
        let t = &risk.ties;
        square[risk.edge] = t.square * unit * unit;
        let row = &mut drift[risk.edge * p..(risk.edge + 1) * p];
        for ((d, s), e) in row.iter_mut().zip(&risk.all[1..]).zip(&risk.dead[1..]) {
            *d = (t.square * s - t.square1 * e) * unit;
        }
    });
    let hazard = work.hazard.iter().map(|h| h * unit).collect();
    Some(Jumps { hazard, square, drift })
}

/// Refuses coefficients that have no value to predict with.
pub(crate) fn check_predictable(fit: &CoxFit) -> Result<(), Error> {
    let infinite = |s| matches!(s, CoefficientState::PlusInfinity | CoefficientState::MinusInfinity);
    if fit.coefficients.iter().any(|c| infinite(c.state)) {
        return Err(Error::Undefined {
            reason: "a coefficient is infinite: no baseline hazard can be given",
        });
    }
    Ok(())
}

/// Curves of every stratum at `covariates` (input scale).
///
/// `var L(t|x) = exp(2 x'b) sum 1/S0^2 + q' V q`, `q = sum (x - mean) dL` (Tsiatis 1981, Ann. Statist. 9:93;
/// Therneau & Grambsch 2000, section 10.2).
pub(crate) fn curves(
    kernel: &Kernel<'_>,
    times: &[f64],
    jumps: &Jumps,
    beta: &[f64],
    variance: &Matrix,
    covariates: &[f64],
) -> Vec<PredictedCurve> {
    let p = kernel.width;
    let x: Vec<f64> = covariates.iter().zip(&kernel.center).map(|(x, c)| x - c).collect();
    let risk = dot(&x, beta).exp();
    let mut out = Vec::with_capacity(kernel.strata.len());
    for (edges, &stratum) in kernel.strata.iter().zip(&kernel.labels) {
        let mut curve = PredictedCurve {
            stratum,
            time: Vec::new(),
            cumhaz: Vec::new(),
            cumhaz_std_err: Vec::new(),
            surv: Vec::new(),
            std_err: Vec::new(),
        };
        let (mut hazard, mut square) = (0.0, 0.0);
        let mut q = vec![0.0; p];
        for edge in edges.clone().skip(1) {
            if kernel.deaths[edge] == 0 {
                continue;
            }
            hazard += jumps.hazard[edge];
            square += jumps.square[edge];
            for ((q, x), drift) in q.iter_mut().zip(&x).zip(&jumps.drift[edge * p..(edge + 1) * p]) {
                *q += x * jumps.hazard[edge] - drift;
            }
            let std_err = risk * (square + variance.quadratic(&q)).max(0.0).sqrt();
            let surv = (-risk * hazard).exp();
            curve.time.push(times[edge]);
            curve.cumhaz.push(risk * hazard);
            curve.cumhaz_std_err.push(std_err);
            curve.surv.push(surv);
            curve.std_err.push(surv * std_err);
        }
        out.push(curve);
    }
    out
}

impl CoxModel<'_> {
    /// Cumulative baseline hazard of every stratum at covariates 0 (Breslow's estimate, or Efron's where ties are).
    ///
    /// # Errors
    /// A coefficient is infinite.
    pub fn baseline(&self, fit: &CoxFit) -> Result<Vec<BaselineHazard>, Error> {
        let curves = self.predict(fit, &vec![0.0; self.kernel.width])?;
        Ok(curves
            .into_iter()
            .map(|c| BaselineHazard { stratum: c.stratum, time: c.time, cumhaz: c.cumhaz })
            .collect())
    }

    /// Curve of every stratum for a subject with `covariates` (input scale, one value per column).
    ///
    /// The standard error counts the estimation of the coefficients, with the robust covariance when the fit has one.
    ///
    /// # Errors
    /// Another number of covariates than the model has; a coefficient is infinite.
    pub fn predict(&self, fit: &CoxFit, covariates: &[f64]) -> Result<Vec<PredictedCurve>, Error> {
        check_length("covariates", self.kernel.width, covariates.len())?;
        check_predictable(fit)?;
        let mut work = Workspace::default();
        let jumps = jumps(&self.kernel, &mut work, &fit.beta)
            .ok_or(Error::Undefined { reason: "the linear predictors are too far apart to predict from" })?;
        Ok(curves(&self.kernel, &self.edge_times, &jumps, &fit.beta, fit.reported_variance(), covariates))
    }
}
