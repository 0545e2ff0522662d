//! Summaries of numbers: fixed order of summation, so that the bytes do not depend on threads.

use serde::Serialize;

/// Number of values, mean, standard deviation, quartiles and range; null without values.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Summary {
    /// Values.
    pub n: usize,
    /// Subjects without one.
    pub missing: usize,
    /// Mean.
    pub mean: Option<f64>,
    /// Standard deviation, n - 1 in the denominator; null of fewer than two.
    pub sd: Option<f64>,
    /// Smallest.
    pub min: Option<f64>,
    /// First quartile (type 7).
    pub q1: Option<f64>,
    /// Median.
    pub median: Option<f64>,
    /// Third quartile.
    pub q3: Option<f64>,
    /// Largest.
    pub max: Option<f64>,
}

impl Summary {
    /// Of values in any order; those absent are counted as missing.
    pub fn of(values: impl IntoIterator<Item = Option<f64>>) -> Self {
        let (mut present, mut missing) = (Vec::new(), 0);
        for value in values {
            match value.filter(|v| v.is_finite()) {
                Some(value) => present.push(value),
                None => missing += 1,
            }
        }
        present.sort_by(f64::total_cmp);
        let n = present.len();
        let quartile = |quarters: usize| {
            let last = n.checked_sub(1)?;
            let (place, rest) = (last * quarters / 4, last * quarters % 4);
            let (below, above) = (*present.get(place)?, *present.get((place + 1).min(last))?);
            Some(below + (above - below) * rest as f64 / 4.0)
        };
        // Two passes over the sorted values: the order of the subjects does not matter either.
        let mean = (n > 0).then(|| present.iter().sum::<f64>() / n as f64);
        let squares = mean.map(|mean| present.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>());
        let sd = squares.filter(|_| n > 1).map(|sum| (sum / (n - 1) as f64).sqrt());
        Self {
            n,
            missing,
            mean,
            sd,
            min: present.first().copied(),
            q1: quartile(1),
            median: quartile(2),
            q3: quartile(3),
            max: present.last().copied(),
        }
    }

    /// The figures by name.
    pub fn figures(&self) -> [(&'static str, Option<f64>); 7] {
        [
            ("mean", self.mean),
            ("sd", self.sd),
            ("min", self.min),
            ("q1", self.q1),
            ("median", self.median),
            ("q3", self.q3),
            ("max", self.max),
        ]
    }

    /// `median (q1–q3)`.
    pub fn text(&self) -> String {
        match (self.median, self.q1, self.q3) {
            (Some(median), Some(q1), Some(q3)) => format!("{} ({}–{})", short(median), short(q1), short(q3)),
            _ => "–".to_owned(),
        }
    }
}

/// A figure with three significant digits or as a whole number.
pub fn short(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let size = libm::floor(libm::log10(value.abs()));
    if size >= 6.0 || size < -4.0 {
        return format!("{value:.2e}");
    }
    if size >= 2.0 {
        return format!("{value:.0}");
    }
    let text = if size >= 1.0 { format!("{value:.1}") } else { format!("{value:.2}") };
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
