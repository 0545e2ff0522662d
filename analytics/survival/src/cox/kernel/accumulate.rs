//! First pass: rates of the rows and their sums by cell, by entry and by later weight.

use std::ops::Range;

use super::{BLOCK, Kernel, WIDEST, Workspace};
use crate::cox::parallel;
use crate::cox::risk::EVENT;

impl Kernel<'_> {
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

    /// Whether the linear predictors at `beta` are too far apart to be evaluated.
    pub(crate) fn too_wide(&self, beta: &[f64]) -> bool {
        self.extremes(beta).is_some_and(|(least, most)| most - least > WIDEST)
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
            for e in eta.iter_mut() {
                *e -= shift;
            }
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
            let mut mine = [(0_usize, 0_usize); BLOCK];
            for (start, block) in (0..low.len()).step_by(BLOCK).zip(low.chunks(BLOCK)) {
                // Listing the rows first keeps an unpredictable branch out of the loop that waits for memory.
                let mut count = 0;
                for (k, &l) in block.iter().enumerate() {
                    mine[count] = (start + k, l as usize);
                    count += usize::from(half.contains(&(l as usize)));
                }
                for &(k, edge) in &mine[..count] {
                    let r = rates[k];
                    let sum = &mut sums[(edge - half.start) * q..][..q];
                    sum[0] += r;
                    for ((s, column), center) in sum[1..].iter_mut().zip(&self.columns).zip(&self.center) {
                        *s += r * (column[k] - center);
                    }
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
}
