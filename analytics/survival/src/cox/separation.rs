//! Proof that a likelihood is monotone along a direction.
//!
//! The partial likelihood has no maximum along `v` exactly when every event has the largest `x'v` of its risk set
//! (Bryson & Johnson 1981, Technometrics 23:381). Newton-Raphson meets this when the predictors spread without bound; one
//! pass with a heap over the risk sets then decides.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::kernel::Kernel;
use super::risk::EVENT;
use super::ties::TieSums;

/// A row at risk, ordered by its predictor.
#[derive(Debug, Clone, Copy)]
struct Candidate {
    predictor: f64,
    low: usize,
    weight: f64,
}

impl PartialEq for Candidate {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Candidate {}

impl PartialOrd for Candidate {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Candidate {
    fn cmp(&self, other: &Self) -> Ordering {
        self.predictor.total_cmp(&other.predictor)
    }
}

/// Limit of the log likelihood along `direction` if it is monotone there.
pub(crate) fn limit(kernel: &Kernel<'_>, direction: &[f64]) -> Option<f64> {
    let mut predictors = vec![0.0; kernel.rows];
    kernel.predictors(direction, 0, &mut predictors);
    let most = predictors.iter().fold(0.0, |m: f64, p| m.max(p.abs()));
    // Predictors that differ by rounding only are equal.
    let tolerance = 1e-12 * most;
    let mut by_edge: Vec<(usize, usize)> = (0..kernel.rows).map(|k| (kernel.edge(k), k)).collect();
    by_edge.sort_unstable();
    let mut loglik = 0.0;
    let mut rest = by_edge.as_slice();
    for edges in kernel.strata.iter().rev() {
        let from = rest.partition_point(|(edge, _)| *edge < edges.start);
        let (before, mut mine) = rest.split_at(from);
        rest = before;
        let mut at_risk = BinaryHeap::new();
        let push = |heap: &mut BinaryHeap<Candidate>, k: usize| {
            let weight = kernel.weight(k);
            if weight > 0.0 {
                heap.push(Candidate {
                    predictor: predictors[k],
                    low: kernel.entry_edge(k, edges.start),
                    weight,
                });
            }
        };
        // Those that fail of another cause never leave.
        for &(_, k) in mine.iter().filter(|(_, k)| kernel.kind(*k) > usize::from(EVENT)) {
            push(&mut at_risk, k);
        }
        for edge in edges.clone().skip(1).rev() {
            let cut = mine.partition_point(|(e, _)| *e < edge);
            let (earlier, here) = mine.split_at(cut);
            mine = earlier;
            for &(_, k) in here.iter().filter(|(_, k)| kernel.kind(*k) <= usize::from(EVENT)) {
                push(&mut at_risk, k);
            }
            if kernel.deaths[edge] == 0 {
                continue;
            }
            let dead: Vec<usize> = here.iter().map(|(_, k)| *k).filter(|k| kernel.is_event(*k)).collect();
            let least = dead.iter().map(|k| predictors[*k]).fold(f64::INFINITY, f64::min);
            let mut top = Vec::new();
            while let Some(best) = at_risk.peek() {
                if best.low >= edge {
                    at_risk.pop();
                } else if best.predictor > least + tolerance {
                    return None;
                } else if best.predictor >= least - tolerance {
                    top.extend(at_risk.pop());
                } else {
                    break;
                }
            }
            let all = top.iter().map(|c| c.weight).sum();
            at_risk.extend(top);
            let weight = kernel.death_weight[edge];
            loglik -= TieSums::new(kernel.ties, kernel.deaths[edge], weight, all, weight).log;
        }
    }
    Some(loglik)
}
