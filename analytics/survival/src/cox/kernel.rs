//! The passes over the rows that make one evaluation of the partial likelihood.
//!
//! No pass needs the rows in time order. The first adds `r`, `r x` of every row (`r = w exp(x'b)`) to the edge at which it
//! leaves; suffix sums over the edges then give `S0`, `S1` of every risk set. The second adds `r H x x'`, where `H` is the
//! baseline hazard that the row lived through: exchanging the order of summation turns the sum over event times of the
//! second moment of the risk set into that single weighted cross product, and makes the score `sum w d x - sum r H x`.

use std::borrow::Cow;
use std::ops::Range;

use super::parallel;
use super::risk::{CENSORED, EVENT, RiskSets};
use super::ties::{TieSums, Ties};
use crate::linear::Matrix;

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
            for (((s, c), v), e) in out.sum.iter_mut().zip(&mut out.error).zip(&carried.sum).zip(&carried.error) {
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

/// What each row lived through, as functions of its cell and of its entry edge.
#[derive(Debug)]
pub(crate) struct Exposure {
    cell: Vec<f64>,
    low: Vec<f64>,
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

    /// Range of the linear predictor when it may overflow an exponential, else `None`.
    fn extremes(&self, beta: &[f64]) -> Option<(f64, f64)> {
        let bound: f64 = beta.iter().zip(&self.spread).map(|(b, s)| b.abs() * s).sum();
        if bound <= WIDEST / 2.0 {
            return None;
        }
        let parts = parallel::map(self.ranges.clone(), |_, range| {
            let mut eta = [0.0; BLOCK];
            let (mut least, mut most) = (f64::INFINITY, f64::NEG_INFINITY);
            for start in range.clone().step_by(BLOCK) {
                let length = BLOCK.min(range.end - start);
                self.predictors(beta, start, &mut eta[..length]);
                for &e in &eta[..length] {
                    least = least.min(e);
                    most = most.max(e);
                }
            }
            (least, most)
        });
        let least = parts.iter().map(|p| p.0).fold(f64::INFINITY, f64::min);
        let most = parts.iter().map(|p| p.1).fold(f64::NEG_INFINITY, f64::max);
        Some((least, most))
    }

    /// Centred linear predictors of consecutive rows.
    pub(crate) fn predictors(&self, beta: &[f64], start: usize, eta: &mut [f64]) {
        eta.fill(0.0);
        for ((column, center), b) in self.columns.iter().zip(&self.center).zip(beta) {
            for (e, x) in eta.iter_mut().zip(&column[start..]) {
                *e += b * (x - center);
            }
        }
    }

    /// First pass: rates of the rows and their sums by cell. Returns false when the predictors spread too far.
    pub(crate) fn accumulate(&self, beta: &[f64], work: &mut Workspace) -> bool {
        work.shift = match self.extremes(beta) {
            None => 0.0,
            Some((least, most)) if most - least <= WIDEST => f64::midpoint(least, most),
            Some(_) => return false,
        };
        let q = self.width + 1;
        let cells = self.edges() * self.kinds;
        work.rates.resize(self.rows, 0.0);
        let shared = self.order.is_some();
        work.tables.resize_with(if shared { 1 } else { self.ranges.len() }, Vec::new);
        for table in &mut work.tables {
            table.resize(cells * q, 0.0);
        }
        let firsts: Vec<usize> = if shared {
            let start = |r: &Range<usize>| if r.start == 0 { 0 } else { self.edge(r.start) * self.kinds };
            self.ranges.iter().map(start).collect()
        } else {
            vec![0; self.ranges.len()]
        };
        let tables: Vec<&mut [f64]> = if shared {
            let ends = firsts[1..].iter().copied().chain([cells]);
            let stretches: Vec<_> = firsts.iter().zip(ends).map(|(a, b)| a * q..b * q).collect();
            work.tables.first_mut().map(|t| parallel::split(t, &stretches)).unwrap_or_default()
        } else {
            work.tables.iter_mut().map(Vec::as_mut_slice).collect()
        };
        let pieces = parallel::split(&mut work.rates, &self.ranges);
        let items: Vec<_> = self.ranges.iter().cloned().zip(firsts).zip(pieces).zip(tables).collect();
        let shift = work.shift;
        parallel::map(items, |_, (((range, first), rates), table)| {
            table.fill(0.0);
            match q {
                1 => self.scatter::<1>(beta, shift, range, first, rates, table),
                2 => self.scatter::<2>(beta, shift, range, first, rates, table),
                3 => self.scatter::<3>(beta, shift, range, first, rates, table),
                4 => self.scatter::<4>(beta, shift, range, first, rates, table),
                5 => self.scatter::<5>(beta, shift, range, first, rates, table),
                6 => self.scatter::<6>(beta, shift, range, first, rates, table),
                7 => self.scatter::<7>(beta, shift, range, first, rates, table),
                8 => self.scatter::<8>(beta, shift, range, first, rates, table),
                _ => self.scatter_wide(beta, shift, range, first, rates, table),
            }
        });
        if let Some((total, rest)) = work.tables.split_first_mut() {
            for table in rest {
                for (t, v) in total.iter_mut().zip(table) {
                    *t += *v;
                }
            }
        }
        if let Some(low) = &self.low {
            self.accumulate_entries(low, work);
        }
        if !self.tails.is_empty() {
            self.accumulate_tails(work);
        }
        true
    }

    fn scatter<const Q: usize>(
        &self,
        beta: &[f64],
        shift: f64,
        range: Range<usize>,
        first: usize,
        rates: &mut [f64],
        table: &mut [f64],
    ) {
        let (sums, _) = table.as_chunks_mut::<Q>();
        let mut rows = [[1.0; Q]; BLOCK];
        let mut eta = [0.0; BLOCK];
        for (start, rates) in range.clone().step_by(BLOCK).zip(rates.chunks_mut(BLOCK)) {
            let eta = &mut eta[..rates.len()];
            eta.fill(-shift);
            for (j, ((column, center), b)) in self.columns.iter().zip(&self.center).zip(beta).enumerate() {
                for ((e, row), x) in eta.iter_mut().zip(&mut rows).zip(&column[start..]) {
                    let d = x - center;
                    *e += b * d;
                    row[(j + 1) % Q] = d;
                }
            }
            self.exponentiate(start, eta, rates);
            for ((row, &r), &cell) in rows.iter().zip(rates.iter()).zip(&self.cell[start..]) {
                let sum = &mut sums[cell as usize - first];
                sum[0] += r;
                for j in 1..Q {
                    sum[j] += r * row[j];
                }
            }
        }
    }

    fn scatter_wide(
        &self,
        beta: &[f64],
        shift: f64,
        range: Range<usize>,
        first: usize,
        rates: &mut [f64],
        table: &mut [f64],
    ) {
        let q = self.width + 1;
        let mut eta = [0.0; BLOCK];
        for (start, rates) in range.clone().step_by(BLOCK).zip(rates.chunks_mut(BLOCK)) {
            let eta = &mut eta[..rates.len()];
            self.predictors(beta, start, eta);
            eta.iter_mut().for_each(|e| *e -= shift);
            self.exponentiate(start, eta, rates);
            for (k, &r) in rates.iter().enumerate() {
                let cell = self.cell[start + k] as usize - first;
                let sum = &mut table[cell * q..(cell + 1) * q];
                sum[0] += r;
                for ((s, column), center) in sum[1..].iter_mut().zip(&self.columns).zip(&self.center) {
                    *s += r * (column[start + k] - center);
                }
            }
        }
    }

    fn exponentiate(&self, start: usize, eta: &[f64], rates: &mut [f64]) {
        for (r, e) in rates.iter_mut().zip(eta) {
            *r = e.exp();
        }
        if let Some(weight) = &self.weight {
            for (r, w) in rates.iter_mut().zip(&weight[start..]) {
                *r *= w;
            }
        }
    }

    /// Sums of the rows by entry edge. Each of two workers looks at all rows and keeps the sums of half of the edges.
    fn accumulate_entries(&self, low: &[u32], work: &mut Workspace) {
        let q = self.width + 1;
        let edges = self.edges();
        work.entry.resize(edges * q, 0.0);
        let rates = &work.rates;
        let halves = [0..edges / 2, edges / 2..edges];
        let stretches = [0..edges / 2 * q, edges / 2 * q..edges * q];
        let items: Vec<_> = halves.into_iter().zip(parallel::split(&mut work.entry, &stretches)).collect();
        parallel::map(items, |_, (half, sums)| {
            sums.fill(0.0);
            for (k, (&l, r)) in low.iter().zip(rates).enumerate() {
                let edge = l as usize;
                if !half.contains(&edge) {
                    continue;
                }
                let sum = &mut sums[(edge - half.start) * q..][..q];
                sum[0] += r;
                for ((s, column), center) in sum[1..].iter_mut().zip(&self.columns).zip(&self.center) {
                    *s += r * (column[k] - center);
                }
            }
        });
    }

    /// What rows of the later kinds, gone before each edge, still weigh there.
    fn accumulate_tails(&self, work: &mut Workspace) {
        let q = self.width + 1;
        work.kept.clear();
        work.kept.resize(self.edges() * q, 0.0);
        let Some(table) = work.tables.first() else { return };
        let mut gone = vec![0.0; q * self.tails.len()];
        for edges in &self.strata {
            gone.fill(0.0);
            for edge in edges.clone() {
                let kept = &mut work.kept[edge * q..(edge + 1) * q];
                for (t, tail) in self.tails.iter().enumerate() {
                    let cell = edge * self.kinds + usize::from(EVENT) + 1 + t;
                    let here = &table[cell * q..(cell + 1) * q];
                    for ((k, g), v) in kept.iter_mut().zip(&mut gone[t * q..(t + 1) * q]).zip(here) {
                        *k += tail[edge] * *g;
                        if tail[edge] > 0.0 {
                            *g += v / tail[edge];
                        }
                    }
                }
            }
        }
    }

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
    fn sweep_likelihood(&self, work: &mut Workspace) -> (f64, Matrix) {
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
        let pieces = parallel::split(&mut hazard, &stretches).into_iter().zip(parallel::split(&mut escaped, &stretches));
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

    /// Cumulates jumps over the edges into what each kind of row lives through.
    pub(crate) fn exposure(&self, hazard: &[f64], escaped: &[f64]) -> Exposure {
        let mut cell = vec![0.0; self.edges() * self.kinds];
        let mut low = vec![0.0; self.edges()];
        let mut later = vec![0.0; self.edges()];
        for edges in &self.strata {
            let mut total = 0.0;
            for edge in edges.clone() {
                total += hazard[edge];
                low[edge] = total;
                let cells = &mut cell[edge * self.kinds..(edge + 1) * self.kinds];
                cells.fill(total);
                cells[usize::from(EVENT)] -= escaped[edge];
            }
            for (t, tail) in self.tails.iter().enumerate() {
                let mut after = 0.0;
                for edge in edges.clone().rev() {
                    later[edge] = after;
                    after += hazard[edge] * tail[edge];
                    if tail[edge] > 0.0 {
                        cell[edge * self.kinds + usize::from(EVENT) + 1 + t] += later[edge] / tail[edge];
                    }
                }
            }
        }
        Exposure { cell, low }
    }

    /// What every kernel row lived through.
    pub(crate) fn exposed_rows(&self, exposure: &Exposure) -> Vec<f64> {
        let until = self.cell.iter().map(|c| exposure.cell[*c as usize]);
        match &self.low {
            None => until.collect(),
            Some(low) => until.zip(low).map(|(u, l)| u - exposure.low[*l as usize]).collect(),
        }
    }

    /// Spreads values of the edges over the cells of their events, with zero elsewhere.
    pub(crate) fn event_cells(&self, value: impl Fn(usize) -> f64) -> Vec<f64> {
        let mut cells = vec![0.0; self.edges() * self.kinds];
        for (edge, cells) in cells.chunks_exact_mut(self.kinds).enumerate() {
            cells[usize::from(EVENT)] = value(edge);
        }
        cells
    }

    /// Cell of every kernel row.
    pub(crate) fn cells(&self) -> &[u32] {
        &self.cell
    }

    /// Column of the design in kernel row order, with its centre.
    pub(crate) fn column(&self, j: usize) -> (&[f64], f64) {
        (&self.columns[j], self.center[j])
    }

    /// What kernel row `k` lived through.
    pub(crate) fn exposed(&self, exposure: &Exposure, k: usize) -> f64 {
        let until = exposure.cell[self.cell[k] as usize];
        self.low.as_ref().map_or(until, |low| until - exposure.low[low[k] as usize])
    }

    /// Second pass: `sum r H x` and `sum r H x x'` over the rows.
    pub(crate) fn gram(&self, rates: &[f64], exposure: &Exposure) -> (Vec<f64>, Matrix) {
        let p = self.width;
        let parts = parallel::map(self.ranges.clone(), |_, range| {
            let mut sum = vec![0.0; p];
            let mut cross = vec![0.0; p * p];
            let mut x = vec![0.0; p * BLOCK];
            let mut h = [0.0; BLOCK];
            let mut hx = [0.0; BLOCK];
            for start in range.clone().step_by(BLOCK) {
                let length = BLOCK.min(range.end - start);
                let rows = start..start + length;
                for ((h, r), c) in h.iter_mut().zip(&rates[rows.clone()]).zip(&self.cell[rows.clone()]) {
                    *h = r * exposure.cell[*c as usize];
                }
                if let Some(low) = &self.low {
                    for ((h, r), l) in h.iter_mut().zip(&rates[rows.clone()]).zip(&low[rows.clone()]) {
                        *h -= r * exposure.low[*l as usize];
                    }
                }
                for ((x, column), center) in x.chunks_mut(BLOCK).zip(&self.columns).zip(&self.center) {
                    for (x, v) in x.iter_mut().zip(&column[rows.clone()]) {
                        *x = v - center;
                    }
                }
                for i in 0..p {
                    for ((hx, h), x) in hx[..length].iter_mut().zip(&h).zip(&x[i * BLOCK..]) {
                        *hx = h * x;
                    }
                    sum[i] += total(&hx[..length]);
                    for j in i..p {
                        cross[i * p + j] += product(&hx[..length], &x[j * BLOCK..j * BLOCK + length]);
                    }
                }
            }
            (sum, cross)
        });
        let mut sum = vec![0.0; p];
        let mut cross = Matrix::zeros(p);
        for (s, c) in parts {
            for (total, v) in sum.iter_mut().zip(s) {
                *total += v;
            }
            for i in 0..p {
                for j in i..p {
                    cross.add(i, j, c[i * p + j]);
                }
            }
        }
        (sum, cross)
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

fn total(a: &[f64]) -> f64 {
    let (parts, rest) = a.as_chunks::<4>();
    let mut s = [0.0; 4];
    for part in parts {
        for (s, v) in s.iter_mut().zip(part) {
            *s += v;
        }
    }
    (s[0] + s[1]) + (s[2] + s[3]) + rest.iter().sum::<f64>()
}

fn product(a: &[f64], b: &[f64]) -> f64 {
    let (a, a_rest) = a.as_chunks::<4>();
    let (b, b_rest) = b.as_chunks::<4>();
    let mut s = [0.0; 4];
    for (a, b) in a.iter().zip(b) {
        for k in 0..4 {
            s[k] += a[k] * b[k];
        }
    }
    (s[0] + s[1]) + (s[2] + s[3]) + a_rest.iter().zip(b_rest).map(|(x, y)| x * y).sum::<f64>()
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
