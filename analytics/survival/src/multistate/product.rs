//! The product integral with its variance, one time of moves after the other.

use std::collections::BTreeMap;

use super::{AalenJohansen, LengthOfStay, Transition, TransitionMatrix};
use crate::error::Error;
use crate::linear::Matrix;

/// A distribution over the states carried forward, with its covariance and those of the time spent in each state.
#[derive(Debug)]
struct Carried {
    p: Vec<f64>,
    covariance: Matrix,
    stay: Vec<f64>,
    stay_covariance: Matrix,
    // `cross.get(a, b)`: covariance of the stay in `a` with the probability of `b`.
    cross: Matrix,
}

impl Carried {
    fn new(p: Vec<f64>, sampled: Option<f64>) -> Self {
        let k = p.len();
        let mut covariance = Matrix::zeros(k);
        if let Some(n) = sampled {
            add_multinomial(&mut covariance, &p, 1.0 / n);
        }
        Self { covariance, stay: vec![0.0; k], stay_covariance: Matrix::zeros(k), cross: Matrix::zeros(k), p }
    }

    /// Lets `duration` pass without moves.
    fn wait(&mut self, duration: f64) {
        let k = self.p.len();
        for a in 0..k {
            self.stay[a] += duration * self.p[a];
            for b in 0..k {
                let both = self.cross.get(a, b) + self.cross.get(b, a);
                self.stay_covariance.add(
                    a,
                    b,
                    duration * both + duration * duration * self.covariance.get(a, b),
                );
            }
        }
        for a in 0..k {
            for b in 0..k {
                self.cross.add(a, b, duration * self.covariance.get(a, b));
            }
        }
    }

    /// Applies `I + dA`, given by the rows of the states that are left: probabilities of where to, and numbers at risk.
    fn step(&mut self, rows: &[(usize, Vec<f64>, f64)]) {
        let k = self.p.len();
        let mut noise = Matrix::zeros(k);
        for (h, q, n) in rows {
            add_multinomial(&mut noise, q, self.p[*h] * self.p[*h] / n);
        }
        let mut next = self.p.clone();
        for (h, q, _) in rows {
            next[*h] -= self.p[*h];
            for (v, q) in next.iter_mut().zip(q) {
                *v += self.p[*h] * q;
            }
        }
        self.p = next;
        right(&mut self.cross, rows);
        // B' V B: columns, then rows.
        right(&mut self.covariance, rows);
        let mut transposed = transpose(&self.covariance);
        right(&mut transposed, rows);
        for a in 0..k {
            for b in 0..k {
                let v = f64::midpoint(transposed.get(a, b), transposed.get(b, a));
                self.covariance.set(a, b, v + noise.get(a, b));
            }
        }
    }

    fn std_err(&self) -> Vec<f64> {
        self.covariance.diagonal().into_iter().map(|v| v.max(0.0).sqrt()).collect()
    }
}

/// Adds `factor (diag(q) - q q')`.
fn add_multinomial(target: &mut Matrix, q: &[f64], factor: f64) {
    for (a, qa) in q.iter().enumerate() {
        for (b, qb) in q.iter().enumerate() {
            let diagonal = if a == b { *qa } else { 0.0 };
            target.add(a, b, factor * (diagonal - qa * qb));
        }
    }
}

/// `matrix * (I + dA)`.
fn right(matrix: &mut Matrix, rows: &[(usize, Vec<f64>, f64)]) {
    let k = matrix.size();
    for a in 0..k {
        let before = matrix.row(a).to_vec();
        for (h, q, _) in rows {
            matrix.add(a, *h, -before[*h]);
            for (b, q) in q.iter().enumerate() {
                matrix.add(a, b, before[*h] * q);
            }
        }
    }
}

fn transpose(matrix: &Matrix) -> Matrix {
    let k = matrix.size();
    let mut out = Matrix::zeros(k);
    for a in 0..k {
        for b in 0..k {
            out.set(b, a, matrix.get(a, b));
        }
    }
    out
}

/// State of the estimation between two times of moves.
#[derive(Debug)]
pub(super) struct Walk {
    out: AalenJohansen,
    transitions: BTreeMap<(u32, u32), (Transition, f64, f64)>,
    occupation: Carried,
    // One per state of origin, only when matrices are wanted.
    origins: Vec<Carried>,
    // Requested times in ascending order, each with its place in the request.
    wanted: Vec<(f64, usize)>,
    matrices: Vec<Option<TransitionMatrix>>,
    next: usize,
    clock: f64,
    until: f64,
    left: Vec<bool>,
    empty: Vec<Option<f64>>,
}

impl Walk {
    pub(super) fn new(
        states: usize,
        from_time: f64,
        until: f64,
        initial: Vec<f64>,
        sampled: Option<f64>,
        at: &[f64],
    ) -> Result<Self, Error> {
        if let Some(value) = at.iter().find(|t| !t.is_finite() || **t < from_time) {
            return Err(Error::InvalidParameter {
                name: "at",
                value: *value,
                expected: "times not before the starting time",
            });
        }
        let mut wanted: Vec<(f64, usize)> = at.iter().copied().zip(0..).collect();
        wanted.sort_by(|a, b| a.0.total_cmp(&b.0));
        let unit = |h: usize| (0..states).map(|j| f64::from(u8::from(j == h))).collect::<Vec<_>>();
        let origins = if at.is_empty() {
            Vec::new()
        } else {
            (0..states).map(|h| Carried::new(unit(h), None)).collect()
        };
        Ok(Self {
            out: AalenJohansen {
                transitions: Vec::new(),
                from_time,
                time: Vec::new(),
                initial: initial.clone(),
                occupation: vec![Vec::new(); states],
                std_err: vec![Vec::new(); states],
                n_risk: vec![Vec::new(); states],
                at: Vec::new(),
                length_of_stay: LengthOfStay { until, expected: Vec::new(), std_err: Vec::new() },
                emptied: Vec::new(),
            },
            transitions: BTreeMap::new(),
            occupation: Carried::new(initial, sampled),
            origins,
            matrices: vec![None; wanted.len()],
            wanted,
            next: 0,
            clock: from_time,
            until,
            left: vec![false; states],
            empty: vec![None; states],
        })
    }

    /// One time with its moves (sorted) and the numbers at risk just before it.
    pub(super) fn step(&mut self, time: f64, at_risk: &[u64], moves: &[(u32, u32)]) {
        let states = at_risk.len();
        let mut rows: Vec<(usize, Vec<f64>, f64)> = Vec::new();
        for group in moves.chunk_by(|a, b| a.0 == b.0) {
            let h = group[0].0 as usize;
            let n = at_risk[h] as f64;
            let mut q = vec![0.0; states];
            q[h] = (at_risk[h] - group.len() as u64) as f64 / n;
            for same in group.chunk_by(|a, b| a == b) {
                let (from, to) = same[0];
                let d = same.len() as f64;
                q[to as usize] = d / n;
                self.count(from, to, time, d, n);
            }
            self.left[h] = true;
            rows.push((h, q, n));
        }
        if time <= self.out.from_time {
            return;
        }
        self.deliver(time);
        let passed = time.min(self.until) - self.clock;
        if passed > 0.0 {
            self.occupation.wait(passed);
        }
        self.clock = time;
        for (h, empty) in self.empty.iter_mut().enumerate() {
            if at_risk[h] == 0 && self.occupation.p[h] > 0.0 && empty.is_none() {
                *empty = Some(time);
            }
        }
        self.occupation.step(&rows);
        for origin in &mut self.origins {
            origin.step(&rows);
        }
        self.out.time.push(time);
        let errors = self.occupation.std_err();
        for h in 0..states {
            self.out.occupation[h].push(self.occupation.p[h]);
            self.out.std_err[h].push(errors[h]);
            self.out.n_risk[h].push(at_risk[h]);
        }
    }

    fn count(&mut self, from: u32, to: u32, time: f64, d: f64, n: f64) {
        let (transition, aalen, greenwood) = self.transitions.entry((from, to)).or_insert_with(|| {
            let empty = Transition {
                from,
                to,
                n: 0,
                time: Vec::new(),
                cumhaz: Vec::new(),
                std_err: Vec::new(),
                greenwood_std_err: Vec::new(),
            };
            (empty, 0.0, 0.0)
        });
        let before = transition.cumhaz.last().copied().unwrap_or(0.0);
        *aalen += d / (n * n);
        *greenwood += (n - d) * d / (n * n * n);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of rows")]
        {
            transition.n += d as u64;
        }
        transition.time.push(time);
        transition.cumhaz.push(before + d / n);
        transition.std_err.push(aalen.sqrt());
        transition.greenwood_std_err.push(greenwood.sqrt());
    }

    /// Hands out the matrices that were wanted for times before `time`.
    fn deliver(&mut self, time: f64) {
        while let Some(&(t, place)) = self.wanted.get(self.next).filter(|w| w.0 < time) {
            let k = self.occupation.p.len();
            let (mut probability, mut std_err) = (Matrix::zeros(k), Matrix::zeros(k));
            for (h, origin) in self.origins.iter().enumerate() {
                for (j, (p, s)) in origin.p.iter().zip(origin.std_err()).enumerate() {
                    probability.set(h, j, *p);
                    std_err.set(h, j, s);
                }
            }
            self.matrices[place] = Some(TransitionMatrix {
                time: t,
                probability,
                std_err,
                occupation: self.occupation.p.clone(),
                occupation_std_err: self.occupation.std_err(),
            });
            self.next += 1;
        }
    }

    pub(super) fn finish(mut self) -> AalenJohansen {
        self.deliver(f64::INFINITY);
        let rest = self.until - self.clock;
        if rest > 0.0 {
            self.occupation.wait(rest);
        }
        let errors = self.occupation.stay_covariance.diagonal();
        self.out.length_of_stay.std_err = errors.into_iter().map(|v| v.max(0.0).sqrt()).collect();
        self.out.length_of_stay.expected = self.occupation.stay;
        self.out.transitions = self.transitions.into_values().map(|t| t.0).collect();
        self.out.at = self.matrices.into_iter().flatten().collect();
        let empty = self.empty.iter().zip(&self.left).zip(0_u32..);
        self.out.emptied =
            empty.filter_map(|((e, left), h)| e.filter(|_| *left).map(|time| (h, time))).collect();
        self.out
    }
}
