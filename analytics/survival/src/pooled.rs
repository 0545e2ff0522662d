//! The groups of one stratum on a common time axis.

use crate::event_table::EventTable;

/// Visits the distinct times of all tables in ascending order. At each time the visitor sees, per group, the row of the
/// group's table if it has one there, and the number at risk.
pub(crate) struct Pooled<'a> {
    tables: &'a [EventTable],
    next: Vec<usize>,
    /// Row of each group at the current time.
    pub(crate) row: Vec<Option<usize>>,
    /// At risk in each group just before the current time.
    pub(crate) at_risk: Vec<f64>,
    head: Vec<f64>,
}

impl<'a> Pooled<'a> {
    pub(crate) fn new(tables: &'a [EventTable]) -> Self {
        let groups = tables.len();
        let first = |table: &EventTable| table.time.first().copied().unwrap_or(f64::INFINITY);
        let mut pooled = Self {
            tables,
            next: vec![0; groups],
            row: vec![None; groups],
            at_risk: vec![0.0; groups],
            head: tables.iter().map(first).collect(),
        };
        for (risk, table) in pooled.at_risk.iter_mut().zip(tables) {
            *risk = table.at_risk.first().copied().unwrap_or(0.0);
        }
        pooled
    }

    /// Moves to the next time; `None` at the end.
    pub(crate) fn advance(&mut self) -> Option<f64> {
        // A group's number at risk at a time it has no row for is that of its next row: nobody of it moves in between.
        for (((row, next), risk), table) in
            self.row.iter().zip(&mut self.next).zip(&mut self.at_risk).zip(self.tables)
        {
            if row.is_some() {
                *next += 1;
                *risk = table.at_risk.get(*next).copied().unwrap_or(0.0);
            }
        }
        for (((row, next), head), table) in
            self.row.iter_mut().zip(&self.next).zip(&mut self.head).zip(self.tables)
        {
            if row.take().is_some() {
                *head = table.time.get(*next).copied().unwrap_or(f64::INFINITY);
            }
        }
        let time = self.head.iter().copied().fold(f64::INFINITY, f64::min);
        if time.is_infinite() {
            return None;
        }
        for ((row, &next), &head) in self.row.iter_mut().zip(&self.next).zip(&self.head) {
            // Bit for bit the same time: tables of one analysis share their time axis.
            *row = (head <= time).then_some(next);
        }
        Some(time)
    }

    /// Writes the events of `cause` (0-based column) per group at the current time; returns their sum.
    pub(crate) fn events(&self, cause: usize, into: &mut [f64]) -> f64 {
        let mut sum = 0.0;
        for ((value, row), table) in into.iter_mut().zip(&self.row).zip(self.tables) {
            *value = row
                .and_then(|row| table.events.get(cause).and_then(|column| column.get(row)))
                .copied()
                .unwrap_or(0.0);
            sum += *value;
        }
        sum
    }
}

/// `z' V⁻¹ z` of a score z and its symmetric positive definite matrix V, by Cholesky's factor; `None` if V is singular to
/// rounding (a group without information).
pub(crate) fn quadratic_form(matrix: &[Vec<f64>], score: &[f64]) -> Option<f64> {
    let n = score.len();
    let mut lower: Vec<Vec<f64>> = Vec::with_capacity(n);
    let mut sum = 0.0;
    let mut solved: Vec<f64> = Vec::with_capacity(n);
    for i in 0..n {
        let row = matrix.get(i)?;
        let mut factor: Vec<f64> = Vec::with_capacity(i + 1);
        for j in 0..i {
            let other = lower.get(j)?;
            let dot: f64 = factor.iter().zip(other).map(|(a, b)| a * b).sum();
            factor.push((row.get(j)? - dot) / other.get(j)?);
        }
        let diagonal = *row.get(i)?;
        let rest = diagonal - factor.iter().map(|a| a * a).sum::<f64>();
        if rest.is_nan() || rest <= diagonal * 1e-10 || diagonal <= 0.0 {
            return None;
        }
        let dot: f64 = factor.iter().zip(&solved).map(|(a, b)| a * b).sum();
        let pivot = libm::sqrt(rest);
        let whitened = (score.get(i)? - dot) / pivot;
        factor.push(pivot);
        lower.push(factor);
        solved.push(whitened);
        sum += whitened * whitened;
    }
    Some(sum)
}
