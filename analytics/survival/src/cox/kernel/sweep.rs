//! Sums over the risk sets, from the last event time of a stratum to its first.

use std::ops::Range;

use super::{Kernel, Workspace};
use crate::cox::parallel;
use crate::cox::risk::EVENT;
use crate::cox::ties::TieSums;
use crate::linear::Matrix;

/// Sums over a risk set on the way from the last event time to the first.
#[derive(Debug, Clone)]
struct Running {
    sum: Vec<f64>,
    // Rounding errors of the sums: with delayed entry they are differences of large numbers.
    error: Vec<f64>,
    // Whether the sums were set to zero on the way, so that what came before does not matter.
    anew: bool,
}

impl Running {
    fn new(size: usize) -> Self {
        Self { sum: vec![0.0; size], error: vec![0.0; size], anew: false }
    }

    fn reset(&mut self) {
        self.sum.fill(0.0);
        self.error.fill(0.0);
        self.anew = true;
    }

    /// This state had it started from `carried` instead of zero.
    fn after(&self, carried: &Self) -> Self {
        let mut out = self.clone();
        if !out.anew {
            for (((s, c), v), e) in
                out.sum.iter_mut().zip(&mut out.error).zip(&carried.sum).zip(&carried.error)
            {
                compensated(s, c, *v);
                *c += e;
            }
        }
        out
    }
}

/// One event time during a sweep.
#[derive(Debug)]
pub(crate) struct RiskSum<'s> {
    pub(crate) edge: usize,
    /// `S0`, `S1` over the risk set.
    pub(crate) all: &'s [f64],
    /// The same over the events.
    pub(crate) dead: &'s [f64],
    pub(crate) ties: TieSums,
}

impl Kernel<'_> {
    /// Visits the event times of every stratum from the last to the first, after [`Kernel::accumulate`].
    pub(crate) fn sweep(&self, work: &mut Workspace, mut visit: impl FnMut(&RiskSum<'_>)) {
        let edges = self.edges();
        let (mut hazard, mut escaped) = work.take_jumps(edges);
        let mut state = Running::new(self.width + 1);
        self.sweep_stretch(work, 0..edges, &mut state, |risk| {
            hazard[risk.edge] = risk.ties.hazard;
            escaped[risk.edge] = risk.ties.escaped;
            visit(risk);
        });
        work.hazard = hazard;
        work.escaped = escaped;
    }

    /// [`Kernel::sweep`] on all cores, without a visitor: returns the part of the log likelihood that the denominators
    /// make, and the sum over the events of the outer product of the mean covariates.
    pub(super) fn sweep_likelihood(&self, work: &mut Workspace) -> (f64, Matrix) {
        let q = self.width + 1;
        let stretches = self.stretches();
        // What each stretch hands to the one before it, found first so that all can start at once.
        let handed = parallel::map(stretches[1..].to_vec(), |_, stretch| {
            let mut state = Running::new(q);
            self.run_stretch(work, stretch, &mut state, |_, _, _| {});
            state
        });
        let mut starts = vec![Running::new(q)];
        for state in handed.iter().rev() {
            let next = starts.last().map_or_else(|| state.clone(), |carried| state.after(carried));
            starts.push(next);
        }
        starts.reverse();
        let (mut hazard, mut escaped) = work.take_jumps(self.edges());
        let pieces = parallel::split(&mut hazard, &stretches)
            .into_iter()
            .zip(parallel::split(&mut escaped, &stretches));
        let items: Vec<_> = stretches.into_iter().zip(starts).zip(pieces).collect();
        let parts = parallel::map(items, |_, ((stretch, mut state), (hazard, escaped))| {
            let mut squares = Matrix::zeros(self.width);
            let first = stretch.start;
            let mut log = 0.0;
            self.sweep_stretch(work, stretch, &mut state, |risk| {
                hazard[risk.edge - first] = risk.ties.hazard;
                escaped[risk.edge - first] = risk.ties.escaped;
                log -= risk.ties.log;
                add_squares(&mut squares, risk, 1.0);
            });
            (log, squares)
        });
        work.hazard = hazard;
        work.escaped = escaped;
        let mut total = (0.0, Matrix::zeros(self.width));
        for (log, squares) in parts {
            total.0 += log;
            total.1.accumulate(&squares);
        }
        total
    }

    /// Consecutive stretches of edges, their number depending on the data alone.
    fn stretches(&self) -> Vec<Range<usize>> {
        let edges = self.edges();
        let events: usize = self.deaths.iter().map(|d| *d as usize).sum();
        let count = ((4 * edges + events) / 65_536).clamp(1, 8).min(edges.max(1));
        (0..count).map(|k| edges * k / count..edges * (k + 1) / count).collect()
    }

    /// Completes the risk sums of a stretch with tails and ties, for the edges that have events.
    fn sweep_stretch(
        &self,
        work: &Workspace,
        stretch: Range<usize>,
        state: &mut Running,
        mut visit: impl FnMut(&RiskSum<'_>),
    ) {
        let q = self.width + 1;
        let mut all = vec![0.0; q];
        self.run_stretch(work, stretch, state, |edge, state, cells| {
            if self.deaths[edge] == 0 {
                return;
            }
            let dead = &cells[usize::from(EVENT) * q..][..q];
            for ((a, s), c) in all.iter_mut().zip(&state.sum).zip(&state.error) {
                *a = s + c;
            }
            if !self.tails.is_empty() {
                for (a, k) in all.iter_mut().zip(&work.kept[edge * q..]) {
                    *a += k;
                }
            }
            // The events are themselves at risk.
            all[0] = all[0].max(dead[0]);
            let ties = TieSums::new(self.ties, self.deaths[edge], self.death_weight[edge], all[0], dead[0]);
            visit(&RiskSum { edge, all: &all, dead, ties });
        });
    }

    /// Takes the sums over the risk sets from the last edge of a stretch to its first.
    fn run_stretch(
        &self,
        work: &Workspace,
        stretch: Range<usize>,
        state: &mut Running,
        mut visit: impl FnMut(usize, &Running, &[f64]),
    ) {
        let q = self.width + 1;
        let Some(table) = work.tables.first() else { return };
        for edge in stretch.rev() {
            let cells = &table[edge * self.kinds * q..(edge + 1) * self.kinds * q];
            if self.rank[edge] == u32::MAX {
                // Before the first event of a stratum: the stratum before it starts anew.
                state.reset();
                continue;
            }
            if let Some(emptied) = &self.emptied {
                if emptied[edge] {
                    state.reset();
                } else {
                    let entered = &work.entry[edge * q..(edge + 1) * q];
                    for ((s, c), v) in state.sum.iter_mut().zip(&mut state.error).zip(entered) {
                        compensated(s, c, -v);
                    }
                }
                for row in cells.chunks_exact(q) {
                    for ((s, c), v) in state.sum.iter_mut().zip(&mut state.error).zip(row) {
                        compensated(s, c, *v);
                    }
                }
            } else {
                for row in cells.chunks_exact(q) {
                    for (s, v) in state.sum.iter_mut().zip(row) {
                        *s += v;
                    }
                }
            }
            visit(edge, state, cells);
        }
    }
}

/// Adds `factor` times the sum over the tied events of the outer product of the mean covariates (upper triangle).
pub(crate) fn add_squares(squares: &mut Matrix, risk: &RiskSum<'_>, factor: f64) {
    let (s, e, t) = (&risk.all[1..], &risk.dead[1..], &risk.ties);
    if t.square1 == 0.0 {
        let factor = factor * t.square;
        for (i, a) in s.iter().enumerate() {
            let left = factor * a;
            for (v, b) in squares.row_mut(i)[i..].iter_mut().zip(&s[i..]) {
                *v += left * b;
            }
        }
        return;
    }
    for (i, (a, d)) in s.iter().zip(e).enumerate() {
        let left = factor * (t.square * a - t.square1 * d);
        let right = factor * (t.square2 * d - t.square1 * a);
        for ((v, b), f) in squares.row_mut(i)[i..].iter_mut().zip(&s[i..]).zip(&e[i..]) {
            *v += left * b + right * f;
        }
    }
}

/// Knuth's exact sum of two numbers, its error kept apart.
fn compensated(sum: &mut f64, error: &mut f64, value: f64) {
    let total = *sum + value;
    let back = total - *sum;
    *error += (*sum - (total - back)) + (value - back);
    *sum = total;
}
