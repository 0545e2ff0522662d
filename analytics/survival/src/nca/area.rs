//! Areas under a profile: one segment at a time, so that both rules and the window share the same arithmetic.

use super::profile::Point;
use super::{AucMethod, WindowArea};

/// Area under the points, unit concentration x time.
pub(super) fn auc(points: &[Point], method: AucMethod) -> f64 {
    segments(points).map(|(a, b)| segment(a, b, method)).sum()
}

/// Area under time x concentration.
pub(super) fn aumc(points: &[Point], method: AucMethod) -> f64 {
    segments(points).map(|(a, b)| moment(a, b, method)).sum()
}

/// Area over `[start, end]`, each segment cut at the ends of the window under its own rule.
pub(super) fn window(points: &[Point], start: f64, end: f64, method: AucMethod) -> WindowArea {
    let first = points.first().map(|p| p.time);
    let covered = first.is_some_and(|t| t <= end) && points.last().is_some_and(|p| p.time >= end);
    let start_assumed_zero = covered && first.is_some_and(|t| t > start);
    let area = covered.then(|| {
        let before = start_assumed_zero.then_some(Point { time: start, concentration: 0.0 });
        let points: Vec<Point> = before.into_iter().chain(points.iter().copied()).collect();
        segments(&points).map(|(a, b)| clipped(a, b, start, end, method)).sum()
    });
    WindowArea { start, end, area, covered, start_assumed_zero }
}

fn segments(points: &[Point]) -> impl Iterator<Item = (Point, Point)> {
    points.iter().copied().zip(points.iter().copied().skip(1))
}

fn decays(a: Point, b: Point, method: AucMethod) -> bool {
    method == AucMethod::LinearUpLogDown && b.concentration < a.concentration && b.concentration > 0.0
}

/// ln(C1/C2) of a falling segment, without cancellation when the two are nearly equal.
fn log_ratio(a: Point, b: Point) -> f64 {
    ((a.concentration - b.concentration) / b.concentration).ln_1p()
}

fn segment(a: Point, b: Point, method: AucMethod) -> f64 {
    area(a, b, decays(a, b, method))
}

fn area(a: Point, b: Point, decays: bool) -> f64 {
    let width = b.time - a.time;
    // The decay through two equal values is the line; the ratio below would be 0/0.
    if decays && b.concentration < a.concentration {
        width * (a.concentration - b.concentration) / log_ratio(a, b)
    } else {
        width * (a.concentration + b.concentration) / 2.0
    }
}

/// Area of the part of a segment inside the window, under the rule of the whole segment: a piece of a line that falls to
/// 0 stays a line although both its ends are positive.
fn clipped(a: Point, b: Point, start: f64, end: f64, method: AucMethod) -> f64 {
    let (from, to) = (a.time.max(start), b.time.min(end));
    if to <= from {
        return 0.0;
    }
    let decays = decays(a, b, method);
    area(on(a, b, from, decays), on(a, b, to, decays), decays)
}

/// First moment of a segment: where the curve decays the integral of t C(t), as t1 times its area plus the moment about
/// t1; elsewhere the trapezoid of the products t C, the convention of the field (not the integral of t times a line).
fn moment(a: Point, b: Point, method: AucMethod) -> f64 {
    let width = b.time - a.time;
    if decays(a, b, method) {
        a.time * segment(a, b, method) + width * width * a.concentration * decay_moment(log_ratio(a, b))
    } else {
        width * (a.time * a.concentration + b.time * b.concentration) / 2.0
    }
}

/// ∫₀¹ s e^(-x s) ds = (1 - (1 + x) e^(-x)) / x², by its series where the closed form cancels.
fn decay_moment(x: f64) -> f64 {
    if x < 0.1 {
        // Σ (-x)^k / (k! (k + 2)); the tenth term is below 1e-17 for x < 0.1.
        let (mut power, mut sum) = (1.0, 0.0);
        for k in 0..11_u32 {
            sum += power / f64::from(k + 2);
            power *= -x / f64::from(k + 1);
        }
        sum
    } else {
        (1.0 - (1.0 + x) * (-x).exp()) / (x * x)
    }
}

/// Point of a segment at `time`, its ends returned as they are.
fn on(a: Point, b: Point, time: f64, decays: bool) -> Point {
    if time <= a.time {
        return a;
    }
    if time >= b.time {
        return b;
    }
    let fraction = (time - a.time) / (b.time - a.time);
    let concentration = if decays {
        a.concentration * (-fraction * log_ratio(a, b)).exp()
    } else {
        a.concentration + fraction * (b.concentration - a.concentration)
    };
    Point { time, concentration }
}
