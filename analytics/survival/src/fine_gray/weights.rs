//! Weight that a subject keeps after failing of a competing cause.

use super::{CensoringTies, FineGrayData};
use crate::cox::timeline::Timeline;

/// For each censoring group, `G(t-) H(t)` at every rank of the time axis.
///
/// Factors that are zero are left out: they come where everyone at risk is censored (or has just entered), and no later
/// (or earlier) time is compared across them except when delayed entry fills a risk set that had become empty.
pub(super) fn kept(
    data: &FineGrayData<'_>,
    line: &Timeline,
    group: Option<&[u32]>,
    groups: usize,
    ties: CensoringTies,
) -> Vec<Vec<f64>> {
    (0..groups)
        .map(|g| {
            let counts = Counts::new(data, line, |row| group.is_none_or(|codes| codes[row] as usize == g));
            let mut kept = counts.censoring(ties);
            // Nothing is known of a group's censoring after its last time: no weight is carried beyond it.
            let last = counts.failed.iter().zip(&counts.censored).rposition(|(f, c)| f + c > 0.0);
            kept.iter_mut().skip(last.map_or(0, |r| r + 1)).for_each(|k| *k = 0.0);
            if line.entry.is_some() {
                for (k, h) in kept.iter_mut().zip(counts.entering()) {
                    *k *= h;
                }
            }
            kept
        })
        .collect()
}

/// Numbers of subjects that enter, fail and are censored at each rank.
pub(super) struct Counts {
    entering: Option<Vec<f64>>,
    pub(super) failed: Vec<f64>,
    pub(super) censored: Vec<f64>,
    total: f64,
}

impl Counts {
    pub(super) fn new(data: &FineGrayData<'_>, line: &Timeline, keep: impl Fn(usize) -> bool) -> Self {
        let mut out = Self {
            entering: line.entry.as_ref().map(|_| vec![0.0; line.span]),
            failed: vec![0.0; line.span],
            censored: vec![0.0; line.span],
            total: 0.0,
        };
        for (row, &exit) in line.exit.iter().enumerate().filter(|(row, _)| keep(*row)) {
            // The censoring distribution is that of the subjects, whatever they weigh; those of weight zero take no part.
            if data.weight.is_some_and(|w| w[row] == 0.0) {
                continue;
            }
            let leaving = if data.cause[row] == 0 { &mut out.censored } else { &mut out.failed };
            leaving[exit as usize] += 1.0;
            out.total += 1.0;
            if let (Some(entering), Some(entry)) = (&mut out.entering, &line.entry) {
                entering[entry[row] as usize] += 1.0;
            }
        }
        out
    }

    /// Number at risk, `entry < t <= exit`, at every rank.
    pub(super) fn at_risk(&self) -> Vec<f64> {
        let mut now = if self.entering.is_some() { 0.0 } else { self.total };
        (0..self.failed.len())
            .map(|r| {
                let here = now;
                now -= self.failed[r] + self.censored[r];
                now += self.entering.as_ref().map_or(0.0, |e| e[r]);
                here
            })
            .collect()
    }

    /// `G(t-)` at every rank.
    fn censoring(&self, ties: CensoringTies) -> Vec<f64> {
        let mut product = 1.0;
        let at_risk = self.at_risk();
        (0..self.failed.len())
            .map(|r| {
                let before = product;
                let exposed = match ties {
                    CensoringTies::FailuresAtRisk => at_risk[r],
                    CensoringTies::FailuresFirst => at_risk[r] - self.failed[r],
                };
                let factor = 1.0 - self.censored[r] / exposed;
                if self.censored[r] > 0.0 && factor > 0.0 {
                    product *= factor;
                }
                before
            })
            .collect()
    }

    /// `H(t)`: product over the entries at or after `t` of one less the share of those at risk that has just entered.
    fn entering(&self) -> Vec<f64> {
        let Some(entering) = &self.entering else { return vec![1.0; self.failed.len()] };
        let at_risk = self.at_risk();
        let mut product = 1.0;
        let mut out = vec![1.0; entering.len()];
        for r in (0..entering.len()).rev() {
            // At risk just after the rank: those that entered at it are, those that left at it are not.
            let exposed = at_risk[r] - self.failed[r] - self.censored[r] + entering[r];
            let factor = 1.0 - entering[r] / exposed;
            if entering[r] > 0.0 && factor > 0.0 {
                product *= factor;
            }
            out[r] = product;
        }
        out
    }
}
