//! The passes over the rows that make one evaluation of the partial likelihood.
//!
//! No pass needs the rows in time order. The first adds `r`, `r x` of every row (`r = w exp(x'b)`) to the edge at which it
//! leaves; suffix sums over the edges then give `S0`, `S1` of every risk set. The second adds `r H x x'`, where `H` is the
//! baseline hazard that the row lived through: exchanging the order of summation turns the sum over event times of the
//! second moment of the risk set into that single weighted cross product, and makes the score `sum w d x - sum r H x`.

mod accumulate;
mod exposure;
mod sweep;

use std::borrow::Cow;
use std::ops::Range;

use super::parallel;
use super::risk::{CENSORED, EVENT, RiskSets};
use super::ties::Ties;
use crate::linear::Matrix;
pub(crate) use exposure::Exposure;
use exposure::total;
pub(crate) use sweep::{RiskSum, add_squares};

const BLOCK: usize = 256;
// Tables larger than this share of a core's cache are filled in edge order instead of row order.
const TABLE_BYTES: usize = 1 << 20;
// A wider range of linear predictors cannot be represented in one table; Newton-Raphson halves its step instead.
const WIDEST: f64 = 600.0;

/// Rows, risk sets and everything that does not change between evaluations.
#[derive(Debug)]
pub(crate) struct Kernel<'a> {
    pub(crate) rows: usize,
    pub(crate) width: usize,
    columns: Vec<Cow<'a, [f64]>>,
    weight: Option<Cow<'a, [f64]>>,
    // Edge times the number of kinds plus kind.
    cell: Vec<u32>,
    low: Option<Vec<u32>>,
    order: Option<Vec<u32>>,
    ranges: Vec<Range<usize>>,
    kinds: usize,
    pub(crate) strata: Vec<Range<usize>>,
    pub(crate) rank: Vec<u32>,
    pub(crate) labels: Vec<u32>,
    pub(crate) center: Vec<f64>,
    /// Largest distance from the centre in each column.
    pub(crate) spread: Vec<f64>,
    pub(crate) deaths: Vec<u32>,
    pub(crate) death_weight: Vec<f64>,
    /// Sum of `w (x - centre)` over the events.
    death_sum: Vec<f64>,
    // With delayed entry: nobody at risk at the next edge is at risk at this one.
    emptied: Option<Vec<bool>>,
    /// For each kind above `EVENT`, the weight that rows of that kind keep at each edge, up to their own factor.
    tails: Vec<Vec<f64>>,
    pub(crate) ties: Ties,
}

/// Buffers of an evaluation, and what it leaves for the passes after it.
#[derive(Debug, Default)]
pub(crate) struct Workspace {
    /// `w exp(eta - shift)` of each row, in kernel order.
    pub(crate) rates: Vec<f64>,
    pub(crate) shift: f64,
    tables: Vec<Vec<f64>>,
    entry: Vec<f64>,
    kept: Vec<f64>,
    /// Baseline hazard jump of each edge, at the centre and times `exp(shift)`.
    pub(crate) hazard: Vec<f64>,
    /// Part of that jump that the events of the edge escape.
    pub(crate) escaped: Vec<f64>,
}

impl Workspace {
    /// Buffers for the jumps, all zero.
    fn take_jumps(&mut self, edges: usize) -> (Vec<f64>, Vec<f64>) {
        let zero = |v: &mut Vec<f64>| {
            let mut v = std::mem::take(v);
            v.clear();
            v.resize(edges, 0.0);
            v
        };
        (zero(&mut self.hazard), zero(&mut self.escaped))
    }
}

/// Log partial likelihood with its derivatives.
#[derive(Debug, Clone)]
pub(crate) struct Evaluation {
    pub(crate) loglik: f64,
    pub(crate) score: Vec<f64>,
    pub(crate) information: Matrix,
    /// Diagonal of the information before the squares of the means are taken off.
    pub(crate) scale: Vec<f64>,
}

impl<'a> Kernel<'a> {
    /// `kind` as in [`RiskSets::new`]; `tails[k]` belongs to kind `EVENT + 1 + k` and has one value per edge.
    pub(crate) fn new(
        columns: &[&'a [f64]],
        weight: Option<&'a [f64]>,
        sets: RiskSets,
        kind: impl Fn(usize) -> u8,
        tails: Vec<Vec<f64>>,
        ties: Ties,
    ) -> Self {
        let rows = sets.high.len();
        let width = columns.len();
        let kinds = usize::from(EVENT) + 1 + tails.len();
        let edges = sets.edges();
        let RiskSets { labels, strata, rank, high: mut cell, low } = sets;
        let mut deaths = vec![0_u32; edges];
        let mut death_weight = vec![0.0; edges];
        let emptied = low.as_ref().map(|low| emptied(&cell, low, edges));
        for (row, c) in cell.iter_mut().enumerate() {
            let edge = *c as usize;
            let k = kind(row);
            if k == EVENT {
                deaths[edge] += 1;
                death_weight[edge] += weight.map_or(1.0, |w| w[row]);
            }
            *c = *c * u32::try_from(kinds).unwrap_or(u32::MAX) + u32::from(k);
        }
        let (center, spread) = moments(columns);
        let mut kernel = Self {
            rows,
            width,
            columns: columns.iter().map(|c| Cow::Borrowed(*c)).collect(),
            weight: weight.map(Cow::Borrowed),
            cell,
            low,
            order: None,
            ranges: parallel::partition(rows),
            kinds,
            strata,
            rank,
            labels,
            center,
            spread,
            deaths,
            death_weight,
            death_sum: Vec::new(),
            emptied,
            tails,
            ties,
        };
        kernel.death_sum = kernel.sum_events();
        if edges * kinds * (width + 1) * size_of::<f64>() > TABLE_BYTES {
            kernel.sort_rows();
        }
        kernel
    }

    pub(crate) fn edges(&self) -> usize {
        self.rank.len()
    }

    /// Row of the input that kernel row `k` came from.
    pub(crate) fn input_row(&self, k: usize) -> usize {
        self.order.as_ref().map_or(k, |o| o[k] as usize)
    }

    pub(crate) fn edge(&self, k: usize) -> usize {
        self.cell[k] as usize / self.kinds
    }

    pub(crate) fn is_event(&self, k: usize) -> bool {
        self.cell[k] as usize % self.kinds == usize::from(EVENT)
    }

    /// Edge after which kernel row `k` is at risk, `first` being that before the first event of its stratum.
    pub(crate) fn entry_edge(&self, k: usize, first: usize) -> usize {
        self.low.as_ref().map_or(first, |low| low[k] as usize)
    }

    /// Kind of kernel row `k`.
    pub(crate) fn kind(&self, k: usize) -> usize {
        self.cell[k] as usize % self.kinds
    }

    pub(crate) fn weight(&self, k: usize) -> f64 {
        self.weight.as_ref().map_or(1.0, |w| w[k])
    }

    /// Covariate of kernel row `k`, less the centre.
    pub(crate) fn centered(&self, k: usize, column: usize) -> f64 {
        self.columns[column][k] - self.center[column]
    }

    pub(crate) fn tail(&self, kind: usize) -> Option<&[f64]> {
        self.tails.get(kind.checked_sub(usize::from(EVENT) + 1)?).map(Vec::as_slice)
    }

    fn sum_events(&self) -> Vec<f64> {
        let rows: Vec<u32> = (0..self.rows)
            .filter(|k| self.is_event(*k))
            .map(|k| u32::try_from(k).unwrap_or(u32::MAX))
            .collect();
        parallel::map(self.columns.iter().zip(&self.center).collect(), |_, (column, center)| {
            // Sums over blocks keep the rounding error far below that of one running sum.
            rows.chunks(1024)
                .map(|part| {
                    part.iter()
                        .map(|k| self.weight(*k as usize) * (column[*k as usize] - center))
                        .sum::<f64>()
                })
                .sum()
        })
    }

    /// Brings the rows into cell order.
    fn sort_rows(&mut self) {
        let cells = self.edges() * self.kinds;
        let mut next = vec![0_u32; cells + 1];
        for &c in &self.cell {
            next[c as usize + 1] += 1;
        }
        for c in 1..=cells {
            next[c] += next[c - 1];
        }
        let starts = next.clone();
        let mut order = vec![0_u32; self.rows];
        for (row, &c) in self.cell.iter().enumerate() {
            let slot = &mut next[c as usize];
            order[*slot as usize] = u32::try_from(row).unwrap_or(u32::MAX);
            *slot += 1;
        }
        drop(next);
        let columns = std::mem::take(&mut self.columns);
        self.columns = parallel::map(columns, |_, column| {
            Cow::Owned(order.iter().map(|row| column[*row as usize]).collect::<Vec<f64>>())
        });
        self.weight = self.weight.take().map(|w| order.iter().map(|row| w[*row as usize]).collect());
        self.low = self.low.take().map(|low| order.iter().map(|row| low[*row as usize]).collect());
        self.cell = order.iter().map(|row| self.cell[*row as usize]).collect();
        self.order = Some(order);
        // Pieces must not share an edge, so that each fills its own stretch of the table.
        let mut cuts = vec![0];
        for range in &self.ranges[1..] {
            let edge = self.cell.get(range.start).map_or(self.edges(), |c| *c as usize / self.kinds);
            let cut = starts[edge * self.kinds] as usize;
            if cuts.last().is_some_and(|last| *last < cut) {
                cuts.push(cut);
            }
        }
        cuts.push(self.rows);
        self.ranges = cuts.windows(2).map(|w| w[0]..w[1]).collect();
    }

    /// Log partial likelihood, score and information at `beta`; `None` when the predictors spread too far.
    pub(crate) fn evaluate(&self, beta: &[f64], work: &mut Workspace) -> Option<Evaluation> {
        if !self.accumulate(beta, work) {
            return None;
        }
        let (mut loglik, squares) = self.sweep_likelihood(work);
        // The denominators were divided by exp(shift).
        loglik -= work.shift * self.death_weight.iter().sum::<f64>();
        loglik += beta.iter().zip(&self.death_sum).map(|(b, s)| b * s).sum::<f64>();
        let exposure = self.exposure(&work.hazard, &work.escaped);
        let (sum, mut information) = self.gram(&work.rates, &exposure);
        let scale = information.diagonal();
        for i in 0..self.width {
            for j in i..self.width {
                information.add(i, j, -squares.get(i, j));
            }
        }
        information.mirror();
        let score = self.death_sum.iter().zip(&sum).map(|(d, s)| d - s).collect();
        Some(Evaluation { loglik, score, information, scale })
    }
}

/// Mean of each column and the largest distance from it.
fn moments(columns: &[&[f64]]) -> (Vec<f64>, Vec<f64>) {
    parallel::map(columns.to_vec(), |_, column| {
        let sum: f64 = column.chunks(1024).map(total).sum();
        let center = if column.is_empty() { 0.0 } else { sum / column.len() as f64 };
        let spread = column.iter().map(|v| (v - center).abs()).fold(0.0, f64::max);
        (center, spread)
    })
    .into_iter()
    .unzip()
}

fn emptied(high: &[u32], low: &[u32], edges: usize) -> Vec<bool> {
    // Rows at risk at both an edge and the next: a difference array over (low, high - 1].
    let mut change = vec![0_i64; edges + 1];
    for (&h, &l) in high.iter().zip(low) {
        if h > l {
            change[l as usize + 1] += 1;
            change[h as usize] -= 1;
        }
    }
    let mut through = 0;
    change[..edges]
        .iter()
        .map(|c| {
            through += c;
            through == 0
        })
        .collect()
}

const _: () = assert!(CENSORED == 0 && EVENT == 1);
