//! Tail probabilities, quantiles and exact limits of the reference distributions.

use super::beta::{beta_inverse, beta_kernel, beta_pq};
use super::gamma::{gamma_p, gamma_p_inv, gamma_q, gamma_q_inv, poisson_kernel};
use super::normal::{normal_quantile, normal_sf, normal_two_sided};

/// `P(χ²_df ≤ x)`.
pub fn chi_square_cdf(x: f64, df: f64) -> f64 {
    if x <= 0.0 { 0.0 } else { gamma_p(0.5 * df, 0.5 * x) }
}

/// `P(χ²_df > x)`, the p of a chi-square test.
pub fn chi_square_sf(x: f64, df: f64) -> f64 {
    if x <= 0.0 {
        return 1.0;
    }
    if (df - 1.0).abs() < f64::EPSILON {
        return normal_two_sided(libm::sqrt(x));
    }
    gamma_q(0.5 * df, 0.5 * x)
}

/// The x with `P(χ²_df ≤ x) = p`.
pub fn chi_square_quantile(p: f64, df: f64) -> f64 {
    2.0 * gamma_p_inv(0.5 * df, p)
}

/// The x with `P(χ²_df > x) = q`.
pub fn chi_square_isf(q: f64, df: f64) -> f64 {
    2.0 * gamma_q_inv(0.5 * df, q)
}

/// P(T > t) of Student's distribution with `df` degrees of freedom (`df = ∞`: normal).
pub fn t_sf(t: f64, df: f64) -> f64 {
    if df.is_infinite() {
        return normal_sf(t);
    }
    let half = 0.5 * t_two_sided(t, df);
    if t >= 0.0 { half } else { 1.0 - half }
}

/// P(T ≤ t).
pub fn t_cdf(t: f64, df: f64) -> f64 {
    t_sf(-t, df)
}

/// P(|T| > |t|).
pub fn t_two_sided(t: f64, df: f64) -> f64 {
    if df.is_infinite() {
        return normal_two_sided(t);
    }
    let square = t * t;
    if square.is_infinite() {
        return 0.0;
    }
    beta_pq(0.5 * df, 0.5, df / (df + square), square / (df + square)).0
}

/// The t with P(T ≤ t) = p.
pub fn t_quantile(p: f64, df: f64) -> f64 {
    if df.is_infinite() {
        return normal_quantile(p);
    }
    if !(0.0..=1.0).contains(&p) || df.is_nan() || df <= 0.0 {
        return f64::NAN;
    }
    let tail = p.min(1.0 - p);
    if tail <= 0.0 {
        return if p < 0.5 { f64::NEG_INFINITY } else { f64::INFINITY };
    }
    // t² = df y / x; near the centre the small one is y = 1 - x, in the tail it is x: each is solved for directly.
    let central = 1.0 - 2.0 * tail;
    let t = if tail > 0.25 {
        let y = beta_inverse(0.5, 0.5 * df, central, 2.0 * tail);
        libm::sqrt(df * y / (1.0 - y))
    } else {
        let x = beta_inverse(0.5 * df, 0.5, 2.0 * tail, central);
        if x < 0.5 {
            libm::sqrt(df * (1.0 - x) / x)
        } else {
            let y = beta_inverse(0.5, 0.5 * df, central, 2.0 * tail);
            libm::sqrt(df * y / (1.0 - y))
        }
    };
    if p < 0.5 { -t } else { t }
}

/// P(F > f) with `df1`, `df2` degrees of freedom.
pub fn f_sf(f: f64, df1: f64, df2: f64) -> f64 {
    if f <= 0.0 {
        return 1.0;
    }
    let total = df2 + df1 * f;
    if total.is_infinite() {
        return 0.0;
    }
    beta_pq(0.5 * df2, 0.5 * df1, df2 / total, df1 * f / total).0
}

/// P(F ≤ f).
pub fn f_cdf(f: f64, df1: f64, df2: f64) -> f64 {
    if f <= 0.0 {
        return 0.0;
    }
    let total = df2 + df1 * f;
    if total.is_infinite() {
        return 1.0;
    }
    beta_pq(0.5 * df2, 0.5 * df1, df2 / total, df1 * f / total).1
}

/// P(X = count) for X ~ Poisson(mean).
pub fn poisson_pmf(count: u64, mean: f64) -> f64 {
    poisson_kernel(count as f64, mean)
}

/// P(X ≤ count) for X ~ Poisson(mean).
pub fn poisson_at_most(count: u64, mean: f64) -> f64 {
    gamma_q(count as f64 + 1.0, mean)
}

/// P(X ≥ count) for X ~ Poisson(mean).
pub fn poisson_at_least(count: u64, mean: f64) -> f64 {
    if count == 0 { 1.0 } else { gamma_p(count as f64, mean) }
}

/// P(X = successes) for X ~ Binomial(n, p).
pub fn binomial_pmf(successes: u64, n: u64, p: f64) -> f64 {
    if successes > n || !(0.0..=1.0).contains(&p) {
        return if successes > n { 0.0 } else { f64::NAN };
    }
    let (k, size) = (successes as f64, n as f64);
    if successes == 0 {
        return libm::exp(size * libm::log1p(-p));
    }
    if successes == n {
        return libm::exp(size * libm::log(p));
    }
    // C(n,k) p^k q^(n-k) = [p^a q^b / B(a, b)] (a + b) / (a b) with a = k, b = n - k.
    let rest = size - k;
    beta_kernel(k, rest, p, 1.0 - p) * (size / k) / rest
}

/// P(X ≤ successes) for X ~ Binomial(n, p).
pub fn binomial_at_most(successes: u64, n: u64, p: f64) -> f64 {
    if successes >= n {
        return 1.0;
    }
    beta_pq(successes as f64 + 1.0, (n - successes) as f64, p, 1.0 - p).1
}

/// P(X ≥ successes) for X ~ Binomial(n, p).
pub fn binomial_at_least(successes: u64, n: u64, p: f64) -> f64 {
    if successes == 0 {
        return 1.0;
    }
    if successes > n {
        return 0.0;
    }
    beta_pq(successes as f64, (n - successes) as f64 + 1.0, p, 1.0 - p).0
}

/// Exact two-sided limits of a Poisson mean given `count` (F. Garwood, Biometrika 28 (1936) 437-442): the means at which
/// `count` or more, and `count` or fewer, have probability (1 - conf)/2. With `count = 0` the lower limit is 0 and the
/// upper one -ln((1 - conf)/2), 3.689 at 95 %: two-sided, not the one-sided "rule of three".
pub fn poisson_exact_limits(count: u64, conf_level: f64) -> (f64, f64) {
    let alpha = 0.5 * (1.0 - conf_level);
    let lower = if count == 0 { 0.0 } else { gamma_p_inv(count as f64, alpha) };
    (lower, gamma_q_inv(count as f64 + 1.0, alpha))
}

/// Exact two-sided limits of a proportion (C. J. Clopper, E. S. Pearson, Biometrika 26 (1934) 404-413).
pub fn binomial_exact_limits(successes: u64, n: u64, conf_level: f64) -> (f64, f64) {
    if successes > n {
        return (f64::NAN, f64::NAN);
    }
    let alpha = 0.5 * (1.0 - conf_level);
    let (k, rest) = (successes as f64, (n - successes) as f64);
    let lower = if successes == 0 { 0.0 } else { beta_inverse(k, rest + 1.0, alpha, 1.0 - alpha) };
    let upper = if successes == n { 1.0 } else { beta_inverse(k + 1.0, rest, 1.0 - alpha, alpha) };
    (lower, upper)
}
