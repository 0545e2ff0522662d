//! Second pass: what the rows lived through, and the weighted cross products of their covariates.

use super::{BLOCK, Kernel};
use crate::cox::parallel;
use crate::cox::risk::EVENT;
use crate::linear::Matrix;

/// What each row lived through, as functions of its cell and of its entry edge.
#[derive(Debug)]
pub(crate) struct Exposure {
    cell: Vec<f64>,
    low: Vec<f64>,
}

impl Kernel<'_> {
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
}

pub(super) fn total(a: &[f64]) -> f64 {
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
