//! The regularised incomplete gamma functions and their inverses.
#![expect(clippy::many_single_char_names, reason = "the symbols of the formulas")]

use super::{deviance, normal_quantile, stirling_error};

/// ln |Γ(x)|.
pub fn ln_gamma(x: f64) -> f64 {
    libm::lgamma(x)
}

/// x^a e^(-x) / Γ(a + 1), the Poisson probability of `a` at mean `x` for real `a`.
pub(super) fn poisson_kernel(a: f64, x: f64) -> f64 {
    if a == 0.0 {
        return libm::exp(-x);
    }
    if x == 0.0 {
        return 0.0;
    }
    if a < 1e-3 {
        return libm::exp(a * libm::log(x) - x - libm::lgamma(a + 1.0));
    }
    libm::exp(-stirling_error(a) - deviance(a, x)) / libm::sqrt(core::f64::consts::TAU * a)
}

/// Σ xⁿ / ((a+1)...(a+n)): the series of P divided by the kernel.
fn series(a: f64, x: f64) -> f64 {
    let mut term = 1.0;
    let mut sum = 1.0;
    let mut n = a + 1.0;
    loop {
        term *= x / n;
        sum += term;
        if term < sum * 1e-17 {
            return sum;
        }
        n += 1.0;
    }
}

/// Legendre's continued fraction of Γ(a, x) / (x^a e^(-x)) by Lentz' method.
fn fraction(a: f64, x: f64) -> f64 {
    let mut b = x + 1.0 - a;
    let mut c = f64::MAX;
    let mut d = 1.0 / b;
    let mut h = d;
    let mut i = 1.0;
    while i < 1e7 {
        let numerator = i * (a - i);
        b += 2.0;
        d = numerator * d + b;
        if d == 0.0 {
            d = f64::MIN_POSITIVE;
        }
        c = b + numerator / c;
        if c == 0.0 {
            c = f64::MIN_POSITIVE;
        }
        d = 1.0 / d;
        let step = d * c;
        h *= step;
        if (step - 1.0).abs() <= 1e-16 {
            break;
        }
        i += 1.0;
    }
    h
}

/// (P, Q), each computed on the side where it has no cancellation.
fn gamma_pq(a: f64, x: f64) -> (f64, f64) {
    if !a.is_finite() || x.is_nan() || a <= 0.0 || x < 0.0 {
        return (f64::NAN, f64::NAN);
    }
    if x == 0.0 {
        return (0.0, 1.0);
    }
    if x.is_infinite() {
        return (1.0, 0.0);
    }
    let kernel = poisson_kernel(a, x);
    if x > a && x > 1.0 {
        let q = kernel * a * fraction(a, x);
        (1.0 - q, q)
    } else {
        let p = kernel * series(a, x);
        (p, 1.0 - p)
    }
}

/// P(a, x) = γ(a, x) / Γ(a), for `a > 0`, `x ≥ 0`.
pub fn gamma_p(a: f64, x: f64) -> f64 {
    gamma_pq(a, x).0
}

/// Q(a, x) = 1 - P(a, x), without cancellation in the far tail.
pub fn gamma_q(a: f64, x: f64) -> f64 {
    gamma_pq(a, x).1
}

/// The x with P(a, x) = p.
pub fn gamma_p_inv(a: f64, p: f64) -> f64 {
    gamma_inverse(a, p, 1.0 - p)
}

/// The x with Q(a, x) = q.
pub fn gamma_q_inv(a: f64, q: f64) -> f64 {
    gamma_inverse(a, 1.0 - q, q)
}

/// Newton's method on the logarithm of the smaller tail against ln x, inside a bracket. One of `p`, `q` is exact.
fn gamma_inverse(a: f64, p: f64, q: f64) -> f64 {
    if !a.is_finite() || a <= 0.0 || !(0.0..=1.0).contains(&p) || !(0.0..=1.0).contains(&q) {
        return f64::NAN;
    }
    if p == 0.0 {
        return 0.0;
    }
    if q == 0.0 {
        return f64::INFINITY;
    }
    let lower_tail = p <= q;
    // Wilson and Hilferty's cube; where it is not positive, the first term of the series.
    let z = if lower_tail { normal_quantile(p) } else { -normal_quantile(q) };
    let cube = 1.0 - 1.0 / (9.0 * a) + z / (3.0 * libm::sqrt(a));
    let mut x = a * cube * cube * cube;
    if cube <= 0.1 || a < 0.5 {
        let first = libm::exp((libm::log(p) + libm::lgamma(a + 1.0)) / a);
        if first < a + 1.0 {
            x = first;
        }
    }
    if !(x > 0.0 && x.is_finite()) {
        x = a.max(1e-300);
    }
    let (mut low, mut high) = (0.0_f64, f64::INFINITY);
    let target = libm::log(if lower_tail { p } else { q });
    for _ in 0..200 {
        let (px, qx) = gamma_pq(a, x);
        let value = if lower_tail { px } else { qx };
        let too_low = if lower_tail { px < p } else { qx > q };
        if too_low {
            low = x;
        } else {
            high = x;
        }
        // d ln P / d ln x = x f(x) / P, and x f(x) = a · kernel.
        let slope = a * poisson_kernel(a, x) / value;
        let gap = libm::log(value) - target;
        let step = if lower_tail { -gap / slope } else { gap / slope };
        let mut next = x * libm::exp(step.clamp(-3.0, 3.0));
        if !next.is_finite() || next <= low || next >= high {
            next = if high.is_finite() { 0.5 * (low + high) } else { 2.0 * x };
        }
        let moved = (next - x).abs();
        x = next;
        if moved <= 4e-16 * x {
            break;
        }
    }
    x
}
