//! The profile after ordering by time and after the declared rule for values below quantification.

use super::{BelowQuantification, Lloq, Options, Origin, Samples};
use crate::error::Error;

/// One point of a profile.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Point {
    pub(super) time: f64,
    pub(super) concentration: f64,
}

/// Points in order of time, with the landmarks the figures are read from.
#[derive(Debug)]
pub(super) struct Profile {
    /// Points that count under the rules, ascending in time.
    pub(super) points: Vec<Point>,
    /// Quantifiable samples, ascending in time.
    pub(super) quantifiable: Vec<Point>,
    /// First sample with the largest quantifiable concentration.
    pub(super) peak: Option<Point>,
    /// Last quantifiable sample.
    pub(super) last: Option<Point>,
    /// Time of the sample before the first quantifiable one.
    pub(super) lag: Option<f64>,
    /// Concentration at time 0 added for a bolus.
    pub(super) initial: Option<f64>,
    /// Samples received.
    pub(super) samples: usize,
    /// Samples below quantification.
    pub(super) below: usize,
}

struct Sample {
    row: usize,
    time: f64,
    concentration: f64,
    lloq: Option<f64>,
    below: bool,
}

impl Profile {
    pub(super) fn new(samples: &Samples<'_>, options: &Options) -> Result<Self, Error> {
        let ordered = ordered(samples)?;
        let quantifiable: Vec<Point> = ordered
            .iter()
            .filter(|s| !s.below)
            .map(|s| Point { time: s.time, concentration: s.concentration })
            .collect();
        let first = ordered.iter().position(|s| !s.below);
        let last = ordered.iter().rposition(|s| !s.below);
        let mut points = Vec::with_capacity(ordered.len() + 1);
        for (i, sample) in ordered.iter().enumerate() {
            let started = first.is_some_and(|f| i >= f);
            let ended = last.is_some_and(|l| i > l);
            let concentration = match options.below_quantification {
                _ if !sample.below => sample.concentration,
                _ if !started => 0.0,
                BelowQuantification::Zero => 0.0,
                BelowQuantification::Drop if ended => 0.0,
                BelowQuantification::Drop => continue,
                BelowQuantification::Half => match sample.lloq {
                    Some(limit) => limit / 2.0,
                    None => {
                        return Err(Error::Undefined {
                            reason: "the rule `half` needs the limit of quantification of every sample below it; \
                                     none was given",
                        });
                    }
                },
            };
            points.push(Point { time: sample.time, concentration });
        }
        let initial = match options.origin {
            Origin::Bolus => bolus(&points),
            Origin::Unobserved => None,
        };
        if let Some(concentration) = initial {
            points.insert(0, Point { time: 0.0, concentration });
        }
        // `max_by` would return the last of equal peaks.
        let peak = quantifiable
            .iter()
            .copied()
            .reduce(|best, p| if p.concentration > best.concentration { p } else { best });
        Ok(Self {
            peak,
            last: quantifiable.last().copied(),
            lag: first.and_then(|f| ordered.get(f.saturating_sub(1))).map(|s| s.time),
            initial,
            samples: ordered.len(),
            below: ordered.len() - quantifiable.len(),
            points,
            quantifiable,
        })
    }

    /// Points from the first to the last quantifiable sample, inclusive.
    pub(super) fn to_last(&self) -> &[Point] {
        let Some(last) = self.last else { return &[] };
        let end = self.points.partition_point(|p| p.time <= last.time);
        self.points.get(..end).unwrap_or_default()
    }

    /// The last quantifiable sample and the point after it, or nothing when no sample follows.
    pub(super) fn descent(&self) -> &[Point] {
        let end = self.to_last().len();
        if end == 0 { &[] } else { self.points.get(end - 1..=end).unwrap_or_default() }
    }

    /// Peak, or concentration 0 when samples exist but none is quantifiable.
    pub(super) fn peak_or_zero(&self) -> Option<Point> {
        self.peak.or_else(|| self.points.first().copied())
    }

    /// Last quantifiable sample, or concentration 0 when samples exist but none is quantifiable.
    pub(super) fn last_or_zero(&self) -> Option<Point> {
        self.last.or_else(|| self.points.last().copied())
    }
}

fn ordered(samples: &Samples<'_>) -> Result<Vec<Sample>, Error> {
    let n = samples.time.len();
    if samples.concentration.len() != n {
        let received = samples.concentration.len();
        return Err(Error::LengthMismatch { column: "concentration", expected: n, received });
    }
    match samples.lloq {
        Lloq::PerSample(limits) if limits.len() != n => {
            return Err(Error::LengthMismatch { column: "lloq", expected: n, received: limits.len() });
        }
        Lloq::Constant(value) if !(value.is_finite() && value >= 0.0) => {
            return Err(Error::InvalidParameter {
                name: "lloq",
                value,
                expected: "a finite value of 0 or more",
            });
        }
        _ => {}
    }
    let mut rows = Vec::with_capacity(n);
    for (row, (&time, &concentration)) in samples.time.iter().zip(samples.concentration).enumerate() {
        if !time.is_finite() {
            return Err(Error::InvalidValue { column: "time", row, value: time, expected: "a finite time" });
        }
        if !(concentration.is_finite() && concentration >= 0.0) {
            return Err(Error::InvalidValue {
                column: "concentration",
                row,
                value: concentration,
                expected: "a finite concentration of 0 or more",
            });
        }
        let lloq = match samples.lloq {
            Lloq::Unknown => None,
            Lloq::Constant(limit) => Some(limit),
            Lloq::PerSample(limits) => limits.get(row).copied(),
        };
        if let Some(value) = lloq.filter(|limit| !(limit.is_finite() && *limit >= 0.0)) {
            return Err(Error::InvalidValue {
                column: "lloq",
                row,
                value,
                expected: "a finite value of 0 or more",
            });
        }
        let below = concentration <= 0.0 || lloq.is_some_and(|limit| concentration < limit);
        rows.push(Sample { row, time, concentration, lloq, below });
    }
    rows.sort_by(|a, b| a.time.total_cmp(&b.time).then(a.row.cmp(&b.row)));
    for pair in rows.windows(2) {
        if let [a, b] = pair
            && a.time.total_cmp(&b.time).is_eq()
        {
            return Err(Error::InvalidValue {
                column: "time",
                row: b.row,
                value: b.time,
                expected: "one sample per time of a subject",
            });
        }
    }
    Ok(rows)
}

/// Concentration at time 0 of a bolus; `None` when a sample at or before 0 exists.
fn bolus(points: &[Point]) -> Option<f64> {
    let first = points.first().filter(|p| p.time > 0.0)?;
    let decay = points
        .get(1)
        .filter(|second| second.concentration > 0.0 && second.concentration < first.concentration);
    let Some(second) = decay else { return Some(first.concentration) };
    let rate = (first.concentration / second.concentration).ln() / (second.time - first.time);
    Some(first.concentration * (rate * first.time).exp())
}
