//! Tied events: the sums over the denominators of one event time that every later quantity is made of.

/// How tied events enter the partial likelihood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Ties {
    /// Efron (1977): tied events leave the risk set one after the other, each by its average share. The default of R.
    #[default]
    Efron,
    /// Breslow (1974): every tied event sees the whole risk set. The default of SAS and Stata, and of `cmprsk::crr`.
    Breslow,
}

/// With `d` tied events of total weight `W`, risk set sum `s` and sum `e` over the events, `s_l = s - (l/d) e` for
/// `l = 0..d` (Breslow: `s_l = s`), each taken with the mean weight `W/d` (Therneau & Grambsch 2000, section 3.3).
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct TieSums {
    /// Sum of `log s_l`.
    pub(crate) log: f64,
    /// Sum of `1 / s_l`: the jump of the baseline hazard.
    pub(crate) hazard: f64,
    /// Sum of `(l/d) / s_l`: what an event itself escapes of that jump.
    pub(crate) escaped: f64,
    /// Sum of `1 / s_l^2`.
    pub(crate) square: f64,
    /// Sum of `(l/d) / s_l^2`.
    pub(crate) square1: f64,
    /// Sum of `(l/d)^2 / s_l^2`.
    pub(crate) square2: f64,
}

impl TieSums {
    #[expect(clippy::many_single_char_names, reason = "the symbols of the formulas above")]
    pub(crate) fn new(ties: Ties, deaths: u32, weight: f64, s: f64, e: f64) -> Self {
        if deaths == 0 {
            return Self::default();
        }
        let inverse = 1.0 / s;
        if deaths == 1 || ties == Ties::Breslow {
            return Self {
                log: weight * s.ln(),
                hazard: weight * inverse,
                square: weight * inverse * inverse,
                ..Self::default()
            };
        }
        // Denominators relative to s: u_l = 1 - l * step, the smallest being at least 1/d.
        let d = f64::from(deaths);
        let step = (e * inverse).min(1.0) / d;
        let mean = weight / d;
        let [mut v0, mut v1, mut q0, mut q1, mut q2] = [[0.0_f64; 4]; 5];
        let mut log = 0.0;
        let mut l = 0_u32;
        while l < deaths {
            // One logarithm for sixteen events: the product of their u_l cannot underflow.
            let mut product = 1.0;
            for _ in 0..4 {
                let mut u = [1.0; 4];
                let mut f = [0.0; 4];
                let mut keep = [0.0; 4];
                for (k, index) in (l..l + 4).enumerate() {
                    if index < deaths {
                        f[k] = f64::from(index) / d;
                        u[k] = 1.0 - f64::from(index) * step;
                        keep[k] = 1.0;
                    }
                }
                for k in 0..4 {
                    let v = keep[k] / u[k];
                    let q = v * v;
                    v0[k] += v;
                    v1[k] += v * f[k];
                    q0[k] += q;
                    q1[k] += q * f[k];
                    q2[k] += q * f[k] * f[k];
                }
                product *= (u[0] * u[1]) * (u[2] * u[3]);
                l = l.saturating_add(4);
            }
            log += f64::ln(product);
        }
        let sum = |x: [f64; 4]| (x[0] + x[1]) + (x[2] + x[3]);
        Self {
            log: weight * s.ln() + mean * log,
            hazard: mean * inverse * sum(v0),
            escaped: mean * inverse * sum(v1),
            square: mean * inverse * inverse * sum(q0),
            square1: mean * inverse * inverse * sum(q1),
            square2: mean * inverse * inverse * sum(q2),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_equal_their_definition() {
        for deaths in [1_u32, 2, 3, 4, 5, 15, 16, 17, 400] {
            let (weight, s, e) = (1.7 * f64::from(deaths), 900.0, 333.0);
            let mut expected = TieSums::default();
            let mean = weight / f64::from(deaths);
            for l in 0..deaths {
                let f = f64::from(l) / f64::from(deaths);
                let denominator = s - f * e;
                expected.log += mean * denominator.ln();
                expected.hazard += mean / denominator;
                expected.escaped += mean * f / denominator;
                expected.square += mean / denominator.powi(2);
                expected.square1 += mean * f / denominator.powi(2);
                expected.square2 += mean * f * f / denominator.powi(2);
            }
            let got = TieSums::new(Ties::Efron, deaths, weight, s, e);
            for (a, b) in [
                (got.log, expected.log),
                (got.hazard, expected.hazard),
                (got.escaped, expected.escaped),
                (got.square, expected.square),
                (got.square1, expected.square1),
                (got.square2, expected.square2),
            ] {
                assert!((a - b).abs() <= 1e-12 * b.abs(), "{deaths} deaths: {a} and {b}");
            }
            let breslow = TieSums::new(Ties::Breslow, deaths, weight, s, e);
            assert!((breslow.hazard - weight / s).abs() < 1e-15 && breslow.escaped == 0.0);
        }
    }

    #[test]
    fn everyone_at_risk_may_die_at_once() {
        let sums = TieSums::new(Ties::Efron, 3, 3.0, 3.0, 3.0);
        assert!((sums.hazard - (1.0 / 3.0 + 0.5 + 1.0)).abs() < 1e-15);
        assert!((sums.log - 6.0_f64.ln()).abs() < 1e-15);
    }
}
