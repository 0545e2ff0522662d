//! Lines with bands over days.

use super::axes::{Scale, heading, horizontal, legend, vertical};
use super::{COLORS, HEADING, LEFT, PLOT_HEIGHT, RIGHT, WIDTH, px};
use crate::render::figure::Lines;
use std::fmt::Write;

/// Draws lines; returns where the next chart may begin.
pub(super) fn draw(svg: &mut String, lines: &Lines, top: f64) -> f64 {
    heading(svg, &lines.title, top);
    let (top, bottom) = (top + HEADING, top + HEADING + PLOT_HEIGHT);
    let shown = |value: f64| value.is_finite() && (!lines.logarithmic || value > 0.0);
    let points = || lines.series.iter().flat_map(|s| &s.points);
    let values = points().flat_map(|p| [p.1, p.2, p.3]).filter(|v| shown(*v));
    let (least, most) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(v), b.max(v)));
    let (least, most) = if least.is_finite() { (least, most) } else { (1.0, 10.0) };
    let least = if lines.logarithmic { least } else { least.min(0.0) };
    let end = points().map(|p| p.0).fold(1.0_f64, f64::max);
    let first = points().map(|p| p.0).fold(0.0_f64, f64::min);
    let x = Scale::new((first, end), (LEFT, WIDTH - RIGHT), false);
    let y = Scale::new((least, most), (bottom, top), lines.logarithmic);
    vertical(svg, &y, (top, bottom), &lines.y_label);
    horizontal(svg, &x, bottom, &lines.x_label);
    for (i, series) in lines.series.iter().enumerate() {
        let color = COLORS[i % COLORS.len()];
        let points: Vec<_> =
            series.points.iter().filter(|p| shown(p.1) && shown(p.2) && shown(p.3)).collect();
        if points.is_empty() {
            continue;
        }
        let mut band = String::new();
        let there = points.iter().map(|p| (p.0, p.3));
        let back = points.iter().rev().map(|p| (p.0, p.2));
        for (n, (day, value)) in there.chain(back).enumerate() {
            let _ = write!(band, "{}{} {}", if n == 0 { "M" } else { " L" }, px(x.at(day)), px(y.at(value)));
        }
        let _ =
            writeln!(svg, "<path d=\"{band} Z\" fill=\"{color}\" fill-opacity=\"0.13\" stroke=\"none\"/>");
        let mut line = String::new();
        for (n, point) in points.iter().enumerate() {
            let _ = write!(
                line,
                "{}{} {}",
                if n == 0 { "M" } else { " L" },
                px(x.at(point.0)),
                px(y.at(point.1))
            );
        }
        let _ = writeln!(svg, "<path d=\"{line}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"2\"/>");
    }
    let names: Vec<String> = lines.series.iter().map(|s| s.label.clone()).collect();
    legend(svg, &names, &COLORS, bottom + 58.0) + 22.0
}
