//! Estimates as reports carry them, computed by the `survival` kernels.

mod kernels;

pub use kernels::{Wanted, aalen_johansen, kaplan_meier, poisson_rate, proportion, table};
pub use survival::rmst::Rmst;

use serde::Serialize;

/// A figure with its limits; each null where it is undefined.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Interval {
    /// The estimate.
    pub value: Option<f64>,
    /// Lower limit.
    pub lower: Option<f64>,
    /// Upper limit.
    pub upper: Option<f64>,
}

impl Interval {
    /// `value (lower–upper)` with each figure written by `write`; an en dash for what is undefined.
    pub fn text(&self, write: impl Fn(f64) -> String) -> String {
        let figure = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), &write);
        match (self.value, self.lower, self.upper) {
            (None, None, None) => "–".to_owned(),
            (value, None, None) => figure(value),
            (value, lower, upper) => format!("{} ({}, {})", figure(value), figure(lower), figure(upper)),
        }
    }

    /// A share as a percentage with one decimal.
    pub fn percent_text(&self) -> String {
        self.text(|v| format!("{:.1}", 100.0 * v))
    }

    /// Days, with a decimal only where there is one.
    pub fn days_text(&self) -> String {
        self.text(|v| v.to_string())
    }
}

/// A Kaplan-Meier curve, one row per day on which somebody had the event or was censored.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct KaplanMeier {
    /// Day from infusion.
    pub day: Vec<i32>,
    /// Subjects at risk on it.
    pub n_risk: Vec<usize>,
    /// Events on it.
    pub n_event: Vec<usize>,
    /// Subjects censored on it.
    pub n_censor: Vec<usize>,
    /// Survival from then on.
    pub survival: Vec<f64>,
    /// Standard error of survival (Greenwood); null once survival is 0.
    pub std_err: Vec<Option<f64>>,
    /// Lower limit.
    pub lower: Vec<Option<f64>>,
    /// Upper limit.
    pub upper: Vec<Option<f64>>,
}

/// One row of [`KaplanMeier`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SurvivalStep {
    /// Day from infusion.
    pub day: i32,
    /// Subjects at risk.
    pub n_risk: usize,
    /// Events.
    pub n_event: usize,
    /// Subjects censored.
    pub n_censor: usize,
    /// Survival from then on.
    pub survival: f64,
    /// Standard error.
    pub std_err: Option<f64>,
    /// Lower limit.
    pub lower: Option<f64>,
    /// Upper limit.
    pub upper: Option<f64>,
}

impl KaplanMeier {
    /// The rows.
    pub fn steps(&self) -> impl Iterator<Item = SurvivalStep> {
        (0..self.day.len()).filter_map(|i| {
            Some(SurvivalStep {
                day: *self.day.get(i)?,
                n_risk: *self.n_risk.get(i)?,
                n_event: *self.n_event.get(i)?,
                n_censor: *self.n_censor.get(i)?,
                survival: *self.survival.get(i)?,
                std_err: *self.std_err.get(i)?,
                lower: *self.lower.get(i)?,
                upper: *self.upper.get(i)?,
            })
        })
    }

    /// Adds a row.
    pub(crate) fn push(&mut self, step: SurvivalStep) {
        self.day.push(step.day);
        self.n_risk.push(step.n_risk);
        self.n_event.push(step.n_event);
        self.n_censor.push(step.n_censor);
        self.survival.push(step.survival);
        self.std_err.push(step.std_err);
        self.lower.push(step.lower);
        self.upper.push(step.upper);
    }
}

/// Survival at a day.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct SurvivalAt {
    /// Day from infusion.
    pub day: i32,
    /// Subjects at risk on it.
    pub n_risk: usize,
    /// Survival; null when nobody was followed that long, unless it is 0 by then.
    pub survival: Option<f64>,
    /// Standard error.
    pub std_err: Option<f64>,
    /// Lower limit.
    pub lower: Option<f64>,
    /// Upper limit.
    pub upper: Option<f64>,
}

/// Subjects at risk on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct AtRisk {
    /// Day from infusion.
    pub day: i32,
    /// Subjects whose time is that day or later.
    pub n_risk: usize,
}

/// The day by which a share of the subjects had the event.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct SurvivalQuantile {
    /// The share.
    pub p: f64,
    /// The day; null where not reached.
    pub days: Interval,
}

/// Everything the survival report says of one group.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SurvivalEstimate {
    /// The curve.
    pub curve: KaplanMeier,
    /// At the days asked for.
    pub at: Vec<SurvivalAt>,
    /// Numbers at risk.
    pub at_risk: Vec<AtRisk>,
    /// Median.
    pub median: Interval,
    /// The quantiles asked for.
    pub quantiles: Vec<SurvivalQuantile>,
    /// The restricted mean, when asked for and defined.
    pub rmst: Option<Rmst>,
    /// Median follow-up.
    pub median_follow_up: Interval,
}

/// A cumulative incidence curve with one competing cause, one row per day on which something happened.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct CumulativeIncidence {
    /// Day from infusion.
    pub day: Vec<i32>,
    /// Subjects at risk on it.
    pub n_risk: Vec<usize>,
    /// Events of interest on it.
    pub n_event: Vec<usize>,
    /// Competing events on it.
    pub n_competing: Vec<usize>,
    /// Subjects censored on it.
    pub n_censor: Vec<usize>,
    /// Cumulative incidence from then on.
    pub cif: Vec<f64>,
    /// Cumulative incidence of the competing event.
    pub competing_cif: Vec<f64>,
    /// Standard error of `cif`.
    pub std_err: Vec<Option<f64>>,
    /// Lower limit.
    pub lower: Vec<Option<f64>>,
    /// Upper limit.
    pub upper: Vec<Option<f64>>,
}

/// One row of [`CumulativeIncidence`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct IncidenceStep {
    /// Day from infusion.
    pub day: i32,
    /// Subjects at risk.
    pub n_risk: usize,
    /// Events of interest.
    pub n_event: usize,
    /// Competing events.
    pub n_competing: usize,
    /// Subjects censored.
    pub n_censor: usize,
    /// Cumulative incidence from then on.
    pub cif: f64,
    /// Of the competing event.
    pub competing_cif: f64,
    /// Standard error.
    pub std_err: Option<f64>,
    /// Lower limit.
    pub lower: Option<f64>,
    /// Upper limit.
    pub upper: Option<f64>,
}

impl CumulativeIncidence {
    /// The rows.
    pub fn steps(&self) -> impl Iterator<Item = IncidenceStep> {
        (0..self.day.len()).filter_map(|i| {
            Some(IncidenceStep {
                day: *self.day.get(i)?,
                n_risk: *self.n_risk.get(i)?,
                n_event: *self.n_event.get(i)?,
                n_competing: *self.n_competing.get(i)?,
                n_censor: *self.n_censor.get(i)?,
                cif: *self.cif.get(i)?,
                competing_cif: *self.competing_cif.get(i)?,
                std_err: *self.std_err.get(i)?,
                lower: *self.lower.get(i)?,
                upper: *self.upper.get(i)?,
            })
        })
    }

    /// Adds a row.
    pub(crate) fn push(&mut self, step: IncidenceStep) {
        self.day.push(step.day);
        self.n_risk.push(step.n_risk);
        self.n_event.push(step.n_event);
        self.n_competing.push(step.n_competing);
        self.n_censor.push(step.n_censor);
        self.cif.push(step.cif);
        self.competing_cif.push(step.competing_cif);
        self.std_err.push(step.std_err);
        self.lower.push(step.lower);
        self.upper.push(step.upper);
    }
}

/// Cumulative incidence at a day.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct CumulativeIncidenceAt {
    /// Day from infusion.
    pub day: i32,
    /// Subjects at risk on it.
    pub n_risk: usize,
    /// Cumulative incidence; null when nobody was observed that long, unless everybody had an event by then.
    pub cif: Option<f64>,
    /// Standard error.
    pub std_err: Option<f64>,
    /// Lower limit.
    pub lower: Option<f64>,
    /// Upper limit.
    pub upper: Option<f64>,
}

/// Everything a report says of the incidence of one event in one group.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct IncidenceEstimate {
    /// The curve.
    pub curve: CumulativeIncidence,
    /// At the days asked for.
    pub at: Vec<CumulativeIncidenceAt>,
    /// Numbers at risk.
    pub at_risk: Vec<AtRisk>,
}

/// Median, quartiles and range of whole days; null without any.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Distribution {
    /// Smallest.
    pub min: Option<i32>,
    /// First quartile.
    pub q1: Option<f64>,
    /// Median.
    pub median: Option<f64>,
    /// Third quartile.
    pub q3: Option<f64>,
    /// Largest.
    pub max: Option<i32>,
}

impl Distribution {
    /// Of days in ascending order. Quartiles by linear interpolation between order statistics at (n - 1) p (Hyndman and Fan 1996,
    /// type 7).
    pub fn of_sorted(days: &[i32]) -> Self {
        let quartile = |quarters: usize| {
            let last = days.len().checked_sub(1)?;
            let (place, rest) = (last * quarters / 4, last * quarters % 4);
            let (below, above) = (f64::from(*days.get(place)?), f64::from(*days.get((place + 1).min(last))?));
            Some(below + (above - below) * rest as f64 / 4.0)
        };
        Self {
            min: days.first().copied(),
            q1: quartile(1),
            median: quartile(2),
            q3: quartile(3),
            max: days.last().copied(),
        }
    }

    /// The figures by name.
    pub fn figures(&self) -> [(&'static str, Option<f64>); 5] {
        [
            ("min", self.min.map(f64::from)),
            ("q1", self.q1),
            ("median", self.median),
            ("q3", self.q3),
            ("max", self.max.map(f64::from)),
        ]
    }

    /// Median, quartiles and range as texts for a table.
    pub fn texts(&self) -> [String; 3] {
        let none = || "–".to_owned();
        let pair = |a: Option<f64>, b: Option<f64>| match (a, b) {
            (Some(a), Some(b)) => format!("{a}–{b}"),
            _ => none(),
        };
        let [min, q1, median, q3, max] = self.figures().map(|(_, value)| value);
        [median.map_or_else(none, |m| m.to_string()), pair(q1, q3), pair(min, max)]
    }
}
