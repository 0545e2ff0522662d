//! Small dense symmetric systems: the algebra of regression models with up to some fifty coefficients.
//!
//! The factorization is `LDLᵀ` without pivoting, which keeps the order of the columns: when two columns are collinear the
//! later one is reported as aliased, as statisticians expect. Golub & Van Loan, *Matrix Computations*, 4th ed., section 4.1.

/// Square matrix in row-major order.
#[derive(Debug, Clone, PartialEq)]
pub struct Matrix {
    size: usize,
    values: Vec<f64>,
}

impl Matrix {
    /// A `size` x `size` matrix of zeros.
    pub fn zeros(size: usize) -> Self {
        Self { size, values: vec![0.0; size * size] }
    }

    /// Identity matrix.
    pub fn identity(size: usize) -> Self {
        let mut out = Self::zeros(size);
        for j in 0..size {
            out.values[j * size + j] = 1.0;
        }
        out
    }

    /// Number of rows (and of columns).
    pub fn size(&self) -> usize {
        self.size
    }

    /// Element (`row`, `column`).
    ///
    /// # Panics
    /// If `row` or `column` is not below [`Matrix::size`].
    pub fn get(&self, row: usize, column: usize) -> f64 {
        self.values[row * self.size + column]
    }

    /// Writes element (`row`, `column`).
    ///
    /// # Panics
    /// If `row` or `column` is not below [`Matrix::size`].
    pub fn set(&mut self, row: usize, column: usize, value: f64) {
        self.values[row * self.size + column] = value;
    }

    /// Adds to element (`row`, `column`).
    ///
    /// # Panics
    /// If `row` or `column` is not below [`Matrix::size`].
    pub fn add(&mut self, row: usize, column: usize, value: f64) {
        self.values[row * self.size + column] += value;
    }

    /// One row.
    ///
    /// # Panics
    /// If `row` is not below [`Matrix::size`].
    pub fn row(&self, row: usize) -> &[f64] {
        &self.values[row * self.size..(row + 1) * self.size]
    }

    /// One row, to write to.
    pub(crate) fn row_mut(&mut self, row: usize) -> &mut [f64] {
        &mut self.values[row * self.size..(row + 1) * self.size]
    }

    /// Adds another matrix of the same size.
    pub(crate) fn accumulate(&mut self, other: &Self) {
        for (a, b) in self.values.iter_mut().zip(&other.values) {
            *a += b;
        }
    }

    /// All elements, row after row.
    pub fn as_slice(&self) -> &[f64] {
        &self.values
    }

    /// Rows as vectors, for output.
    pub fn to_rows(&self) -> Vec<Vec<f64>> {
        (0..self.size).map(|r| self.row(r).to_vec()).collect()
    }

    /// Diagonal elements.
    pub fn diagonal(&self) -> Vec<f64> {
        (0..self.size).map(|j| self.get(j, j)).collect()
    }

    /// Copies the upper triangle onto the lower one.
    pub(crate) fn mirror(&mut self) {
        for r in 0..self.size {
            for c in 0..r {
                self.values[r * self.size + c] = self.values[c * self.size + r];
            }
        }
    }

    /// Matrix times vector.
    pub fn times(&self, vector: &[f64]) -> Vec<f64> {
        (0..self.size).map(|r| dot(self.row(r), vector)).collect()
    }

    /// Product `self * other`.
    #[must_use]
    pub fn product(&self, other: &Self) -> Self {
        let mut out = Self::zeros(self.size);
        for r in 0..self.size {
            for k in 0..self.size {
                let v = self.get(r, k);
                for c in 0..self.size {
                    out.values[r * self.size + c] += v * other.get(k, c);
                }
            }
        }
        out
    }

    /// Sandwich `self * meat * selfᵀ`, symmetric when `meat` is.
    #[must_use]
    pub fn sandwich(&self, meat: &Self) -> Self {
        let left = self.product(meat);
        let mut out = Self::zeros(self.size);
        for r in 0..self.size {
            for c in r..self.size {
                out.values[r * self.size + c] = dot(left.row(r), self.row(c));
            }
        }
        out.mirror();
        out
    }

    /// Quadratic form `vᵀ self v`.
    pub fn quadratic(&self, vector: &[f64]) -> f64 {
        dot(&self.times(vector), vector)
    }

    /// Rows and columns of `keep`, in that order.
    #[must_use]
    pub fn select(&self, keep: &[usize]) -> Self {
        let mut out = Self::zeros(keep.len());
        for (r, &i) in keep.iter().enumerate() {
            for (c, &j) in keep.iter().enumerate() {
                out.set(r, c, self.get(i, j));
            }
        }
        out
    }
}

/// Scalar product over the shorter length.
pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

/// `LDLᵀ` factorization of a positive semi-definite matrix; columns that depend on earlier ones are set aside as aliased.
#[derive(Debug, Clone)]
pub struct Ldl {
    size: usize,
    // Unit lower triangle, row-major.
    lower: Vec<f64>,
    // Zero marks an aliased column.
    pivots: Vec<f64>,
}

/// Relative size under which a pivot counts as zero. Sums over a million rows carry about 1e-13 of relative error.
pub const PIVOT_TOLERANCE: f64 = 1e-11;

impl Ldl {
    /// Factors `matrix`. A pivot not above [`PIVOT_TOLERANCE`] times its entry of `scale` marks the column as aliased.
    ///
    /// `scale` is the size that each diagonal entry had before any subtraction that produced it (for a covariance, the
    /// second moment); pass the diagonal itself when there was none. Columns set in `skip` are aliased from the start.
    pub fn factor(matrix: &Matrix, scale: &[f64], skip: &[bool]) -> Self {
        let p = matrix.size;
        let mut lower = vec![0.0; p * p];
        let mut pivots = vec![0.0; p];
        for j in 0..p {
            lower[j * p + j] = 1.0;
            if skip.get(j).copied().unwrap_or(false) {
                continue;
            }
            let mut d = matrix.get(j, j);
            for k in 0..j {
                d -= lower[j * p + k] * lower[j * p + k] * pivots[k];
            }
            let reference = scale.get(j).copied().unwrap_or(0.0).max(matrix.get(j, j));
            // A NaN pivot must count as aliased too.
            if d.is_nan() || d <= PIVOT_TOLERANCE * reference {
                continue;
            }
            pivots[j] = d;
            for i in j + 1..p {
                let mut v = matrix.get(i, j);
                for k in 0..j {
                    v -= lower[i * p + k] * lower[j * p + k] * pivots[k];
                }
                lower[i * p + j] = v / d;
            }
        }
        Self { size: p, lower, pivots }
    }

    /// Which columns are aliased.
    pub fn aliased(&self) -> Vec<bool> {
        self.pivots.iter().map(|&d| d == 0.0).collect()
    }

    /// Number of columns that are not aliased.
    pub fn rank(&self) -> usize {
        self.pivots.iter().filter(|&&d| d > 0.0).count()
    }

    /// Solves `matrix * x = right`, with zeros for aliased columns.
    pub fn solve(&self, right: &[f64]) -> Vec<f64> {
        let p = self.size;
        let mut x = right.to_vec();
        x.resize(p, 0.0);
        for i in 0..p {
            if self.pivots[i] == 0.0 {
                x[i] = 0.0;
                continue;
            }
            let mut v = x[i];
            for (k, &xk) in x.iter().enumerate().take(i) {
                v -= self.lower[i * p + k] * xk;
            }
            x[i] = v;
        }
        for (v, &d) in x.iter_mut().zip(&self.pivots) {
            if d > 0.0 {
                *v /= d;
            }
        }
        for i in (0..p).rev() {
            if self.pivots[i] == 0.0 {
                continue;
            }
            let mut v = x[i];
            for (k, xk) in x.iter().enumerate().skip(i + 1) {
                if self.pivots[k] > 0.0 {
                    v -= self.lower[k * p + i] * xk;
                }
            }
            x[i] = v;
        }
        x
    }

    /// Inverse over the columns that are not aliased; rows and columns of aliased ones are zero.
    pub fn inverse(&self) -> Matrix {
        let p = self.size;
        let mut out = Matrix::zeros(p);
        let mut unit = vec![0.0; p];
        for j in 0..p {
            unit[j] = 1.0;
            if self.pivots[j] > 0.0 {
                let x = self.solve(&unit);
                for (i, v) in x.into_iter().enumerate() {
                    out.set(i, j, v);
                }
            }
            unit[j] = 0.0;
        }
        // Rounding leaves the two triangles a few ulp apart; a covariance must be exactly symmetric.
        for r in 0..p {
            for c in r + 1..p {
                let v = f64::midpoint(out.get(r, c), out.get(c, r));
                out.set(r, c, v);
                out.set(c, r, v);
            }
        }
        out
    }

    /// Quadratic form `vᵀ matrix⁻¹ v`, the form of score and Wald statistics.
    pub fn inverse_quadratic(&self, vector: &[f64]) -> f64 {
        dot(&self.solve(vector), vector)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matrix(rows: &[&[f64]]) -> Matrix {
        let mut m = Matrix::zeros(rows.len());
        for (r, row) in rows.iter().enumerate() {
            for (c, v) in row.iter().enumerate() {
                m.set(r, c, *v);
            }
        }
        m
    }

    #[test]
    fn inverse_of_a_known_matrix() {
        let m = matrix(&[&[4.0, 2.0, 0.0], &[2.0, 5.0, 3.0], &[0.0, 3.0, 6.0]]);
        let f = Ldl::factor(&m, &m.diagonal(), &[]);
        assert_eq!(f.rank(), 3);
        // Determinant 60, first cofactor 21.
        let inverse = f.inverse();
        assert!((inverse.get(0, 0) - 21.0 / 60.0).abs() < 1e-15);
        let unit = m.product(&inverse);
        for r in 0..3 {
            for c in 0..3 {
                let expected = if r == c { 1.0 } else { 0.0 };
                assert!((unit.get(r, c) - expected).abs() < 1e-14);
            }
        }
        assert!((f.inverse_quadratic(&[1.0, 0.0, 0.0]) - 0.35).abs() < 1e-15);
    }

    #[test]
    fn collinear_later_column_is_aliased() {
        // Third column is the sum of the first two.
        let m = matrix(&[&[2.0, 1.0, 3.0], &[1.0, 3.0, 4.0], &[3.0, 4.0, 7.0]]);
        let f = Ldl::factor(&m, &m.diagonal(), &[]);
        assert_eq!(f.aliased(), vec![false, false, true]);
        let x = f.solve(&[1.0, 2.0, 3.0]);
        assert!((x[0] - 0.2).abs() < 1e-15 && (x[1] - 0.6).abs() < 1e-15 && x[2] == 0.0);
        assert_eq!(f.inverse().row(2), &[0.0, 0.0, 0.0]);
    }

    #[test]
    fn pivot_is_judged_against_its_scale() {
        let m = matrix(&[&[1e-9]]);
        assert_eq!(Ldl::factor(&m, &[1.0], &[]).rank(), 1);
        assert_eq!(Ldl::factor(&m, &[1e3], &[]).rank(), 0);
        assert_eq!(Ldl::factor(&m, &m.diagonal(), &[true]).rank(), 0);
    }
}
