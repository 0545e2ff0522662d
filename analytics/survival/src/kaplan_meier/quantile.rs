//! Quantiles of survival time.

use super::KaplanMeier;
use crate::error::Error;

/// √ε: probabilities closer than this are equal, so that products of (1 - d/n) meet 0.5.
const TOLERANCE: f64 = 1.490_116_119_384_765_6e-8;

/// A quantile of the time to the event.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quantile {
    /// The probability: the quantile is where S falls to 1 - p.
    pub p: f64,
    /// The quantile; `None` where the curve does not get there.
    pub value: Option<f64>,
    /// Lower confidence limit, where the lower limit of S falls to 1 - p.
    pub lower: Option<f64>,
    /// Upper confidence limit, where the upper limit of S falls to 1 - p.
    pub upper: Option<f64>,
}

impl KaplanMeier {
    /// Quantiles by R's rule: the smallest t with S(t) ≤ 1 - p; where S equals 1 - p on an interval, its midpoint, up to
    /// the next event or, if there is none, to the last observed time. Limits by inverting the limits of S (R. Brookmeyer,
    /// J. Crowley, Biometrics 38 (1982) 29-41).
    ///
    /// # Errors
    /// A probability outside \[0, 1\].
    pub fn quantiles(&self, probabilities: &[f64]) -> Result<Vec<Quantile>, Error> {
        if let Some(&value) = probabilities.iter().find(|&&p| !(0.0..=1.0).contains(&p)) {
            return Err(Error::InvalidParameter {
                name: "p",
                value,
                expected: "a probability between 0 and 1",
            });
        }
        // Only rows with an event move the curve.
        let rows: Vec<usize> =
            (0..self.time.len()).filter(|&row| self.n_event.get(row).is_some_and(|&d| d > 0.0)).collect();
        let step = |row: usize, value: Option<f64>| Some((*self.time.get(row)?, value?));
        let surv: Vec<_> = rows.iter().map(|&row| step(row, self.surv.get(row).copied())).collect();
        let limits: Vec<_> = rows.iter().map(|&row| (row, self.limits(row))).collect();
        let lower: Vec<_> = limits.iter().map(|&(row, l)| step(row, l.map(|l| l.0))).collect();
        let upper: Vec<_> = limits.iter().map(|&(row, l)| step(row, l.map(|l| l.1))).collect();
        let last = self.time.last().copied();
        let quantile = |&p: &f64| Quantile {
            p,
            value: self.crossing(&surv, p, last),
            lower: self.crossing(&lower, p, last),
            upper: self.crossing(&upper, p, last),
        };
        Ok(probabilities.iter().map(quantile).collect())
    }

    /// Where 1 - curve reaches p. A `None` step is undefined: it neither crosses nor ends a plateau.
    fn crossing(&self, curve: &[Option<(f64, f64)>], p: f64, last: Option<f64>) -> Option<f64> {
        if p == 0.0 {
            return Some(self.from);
        }
        let risk = |step: &(f64, f64)| 1.0 - step.1;
        let defined = || curve.iter().flatten();
        let reached = defined().find(|step| risk(step) + TOLERANCE >= p)?.0;
        match defined().find(|step| risk(step) - TOLERANCE >= p) {
            Some(passed) => Some(0.5 * (reached + passed.0)),
            None if curve.last().is_some_and(Option::is_none) => None,
            None => last.map(|last| 0.5 * (reached + last)),
        }
    }
}
