//! The regularised incomplete beta function and its inverse.
#![expect(clippy::many_single_char_names, reason = "the symbols of the formulas")]

use super::{deviance, stirling_error};

/// ln B(a, b).
pub fn ln_beta(a: f64, b: f64) -> f64 {
    let n = a + b;
    if a.min(b) < 1e-3 {
        return libm::lgamma(a) + libm::lgamma(b) - libm::lgamma(n);
    }
    stirling_error(a) + stirling_error(b) - stirling_error(n)
        + 0.5 * libm::log(core::f64::consts::TAU / a / b * n)
        - a * libm::log1p(b / a)
        - b * libm::log1p(a / b)
}

/// x^a y^b / B(a, b) with y = 1 - x.
pub(super) fn beta_kernel(a: f64, b: f64, x: f64, y: f64) -> f64 {
    if x == 0.0 || y == 0.0 {
        return 0.0;
    }
    let n = a + b;
    if a.min(b) < 1e-3 {
        return libm::exp(a * libm::log(x) + b * libm::log(y) - ln_beta(a, b));
    }
    let exponent =
        stirling_error(n) - stirling_error(a) - stirling_error(b) - deviance(a, n * x) - deviance(b, n * y);
    libm::sqrt(a / n * b / core::f64::consts::TAU) * libm::exp(exponent)
}

/// The continued fraction of A. R. `DiDonato` and A. H. Morris (ACM TOMS 18, 1992, eq. 9): I = kernel / fraction.
fn fraction(a: f64, b: f64, x: f64, y: f64) -> f64 {
    let tilt = a * y - b * x + 1.0;
    let mut value = a * tilt / (a + 1.0);
    if value == 0.0 {
        value = f64::MIN_POSITIVE;
    }
    let mut c = value;
    let mut d = 0.0;
    let mut n = 1.0;
    while n < 1e6 {
        let odd = a + 2.0 * n - 1.0;
        let numerator = (a + n - 1.0) / odd * ((a + b + n - 1.0) / odd) * n * (b - n) * x * x;
        let denominator = n + n * (b - n) * x / odd + (a + n) * (tilt + n * (1.0 + y)) / (a + 2.0 * n + 1.0);
        d = denominator + numerator * d;
        if d == 0.0 {
            d = f64::MIN_POSITIVE;
        }
        c = denominator + numerator / c;
        if c == 0.0 {
            c = f64::MIN_POSITIVE;
        }
        d = 1.0 / d;
        let step = c * d;
        value *= step;
        if (step - 1.0).abs() <= 1e-16 {
            break;
        }
        n += 1.0;
    }
    value
}

/// `(I_x(a, b), 1 - I_x(a, b))`, each from the side without cancellation; `y = 1 - x` is given to keep its digits.
pub(super) fn beta_pq(a: f64, b: f64, x: f64, y: f64) -> (f64, f64) {
    let valid =
        a > 0.0 && b > 0.0 && (a + b).is_finite() && (0.0..=1.0).contains(&x) && (0.0..=1.0).contains(&y);
    if !valid {
        return (f64::NAN, f64::NAN);
    }
    if x == 0.0 {
        return (0.0, 1.0);
    }
    if y == 0.0 {
        return (1.0, 0.0);
    }
    let kernel = beta_kernel(a, b, x, y);
    if (a + b) * x <= a {
        let p = kernel / fraction(a, b, x, y);
        (p, 1.0 - p)
    } else {
        let q = kernel / fraction(b, a, y, x);
        (1.0 - q, q)
    }
}

/// `I_x(a, b)` for `a, b > 0` and `0 ≤ x ≤ 1`.
pub fn beta_inc(a: f64, b: f64, x: f64) -> f64 {
    beta_pq(a, b, x, 1.0 - x).0
}

/// The x with `I_x(a, b) = p`.
pub fn beta_inc_inv(a: f64, b: f64, p: f64) -> f64 {
    beta_inverse(a, b, p, 1.0 - p)
}

/// The x with `I_x(a, b) = p`, where the smaller of `p` and `q = 1 - p` is exact.
pub(super) fn beta_inverse(a: f64, b: f64, p: f64, q: f64) -> f64 {
    let valid =
        a > 0.0 && b > 0.0 && (a + b).is_finite() && (0.0..=1.0).contains(&p) && (0.0..=1.0).contains(&q);
    if !valid {
        return f64::NAN;
    }
    if p == 0.0 {
        return 0.0;
    }
    if q == 0.0 {
        return 1.0;
    }
    // The root is sought on the side where it is below one half, so that it keeps its relative accuracy.
    let (below, above) = beta_pq(a, b, 0.5, 0.5);
    if if p <= q { below >= p } else { above <= q } {
        root_below_half(a, b, p, q)
    } else {
        1.0 - root_below_half(b, a, q, p)
    }
}

/// Newton's method on the logarithm of the smaller tail against ln x, kept inside a bracket.
fn root_below_half(a: f64, b: f64, p: f64, q: f64) -> f64 {
    let lower_tail = p <= q;
    let target = libm::log(if lower_tail { p } else { q });
    let (mut low, mut high) = (0.0, 0.5);
    // First term of the series: I ≈ x^a / (a B(a, b)), never above the root's scale by much.
    let mut x = libm::exp((libm::log(p) + libm::log(a) + ln_beta(a, b)) / a).min(a / (a + b)).min(0.499);
    if x <= 0.0 || x.is_nan() {
        x = f64::MIN_POSITIVE;
    }
    for _ in 0..300 {
        let (px, qx) = beta_pq(a, b, x, 1.0 - x);
        let value = if lower_tail { px } else { qx };
        let too_low = if lower_tail { px < p } else { qx > q };
        if too_low {
            low = x;
        } else {
            high = x;
        }
        // d ln I / d ln x = x f(x) / I with x f(x) = kernel / (1 - x).
        let slope = beta_kernel(a, b, x, 1.0 - x) / (1.0 - x) / value;
        let gap = libm::log(value) - target;
        let step = if lower_tail { -gap / slope } else { gap / slope };
        let mut next = x * libm::exp(step.clamp(-5.0, 5.0));
        if !(next > low && next < high) {
            next = if low > 0.0 && high / low > 4.0 { libm::sqrt(low * high) } else { 0.5 * (low + high) };
        }
        let moved = (next - x).abs();
        x = next;
        if moved <= 4e-16 * x {
            break;
        }
    }
    x
}
