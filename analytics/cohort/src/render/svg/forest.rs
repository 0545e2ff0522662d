//! A forest plot: estimates and intervals on a logarithmic axis.

use super::axes::{Scale, heading, horizontal};
use super::{COLORS, HEADING, RIGHT, ROW, WIDTH, escape, px};
use crate::render::figure::Forest;
use std::fmt::Write;

/// Where the axis begins; labels stand to the left of it.
const AXIS: f64 = 300.0;
/// What is farther out is cut: an interval that reaches there ends in an arrow.
const REACH: (f64, f64) = (0.02, 50.0);

/// Draws a forest plot; returns where the next chart may begin.
pub(super) fn draw(svg: &mut String, forest: &Forest, top: f64) -> f64 {
    heading(svg, &forest.title, top);
    let ends =
        forest.rows.iter().flat_map(|row| [row.interval.value, row.interval.lower, row.interval.upper]);
    let ends: Vec<f64> = ends.flatten().filter(|v| v.is_finite() && *v > 0.0).collect();
    let least = ends.iter().copied().fold(forest.reference / 2.0, f64::min).max(REACH.0);
    let most = ends.iter().copied().fold(forest.reference * 2.0, f64::max).min(REACH.1);
    let scale = Scale::new((least, most), (AXIS, WIDTH - RIGHT), true);
    let first = top + HEADING + 8.0;
    let bottom = first + ROW * forest.rows.len() as f64 + 4.0;
    let x = px(scale.at(forest.reference));
    let _ = writeln!(
        svg,
        "<line x1=\"{x}\" y1=\"{}\" x2=\"{x}\" y2=\"{}\" stroke=\"#888888\" stroke-dasharray=\"4 3\"/>",
        px(first - 8.0),
        px(bottom)
    );
    for (i, row) in forest.rows.iter().enumerate() {
        let y = first + ROW * i as f64;
        let text = row.interval.text(|v| format!("{v:.2}"));
        let _ = writeln!(
            svg,
            "<text x=\"14\" y=\"{0}\">{1}</text>\n<text x=\"{2}\" y=\"{0}\" text-anchor=\"end\" font-size=\"11\">{3}</text>",
            px(y + 4.0),
            escape(&row.label),
            px(AXIS - 10.0),
            escape(&text)
        );
        if let (Some(lower), Some(upper)) = (row.interval.lower, row.interval.upper) {
            let _ = writeln!(
                svg,
                "<line x1=\"{}\" y1=\"{y2}\" x2=\"{}\" y2=\"{y2}\" stroke=\"{}\" stroke-width=\"2\"/>",
                px(scale.at(lower)),
                px(scale.at(upper)),
                COLORS[0],
                y2 = px(y)
            );
            for (end, arrow) in [(lower, lower < least), (upper, upper > most)] {
                if arrow {
                    let x = scale.at(end);
                    let tip = if end < 1.0 { -6.0 } else { 6.0 };
                    let _ = writeln!(
                        svg,
                        "<path d=\"M{} {} L{} {} L{} {} Z\" fill=\"{}\"/>",
                        px(x + tip),
                        px(y),
                        px(x),
                        px(y - 4.0),
                        px(x),
                        px(y + 4.0),
                        COLORS[0]
                    );
                }
            }
        }
        if let Some(value) = row.interval.value.filter(|v| v.is_finite() && *v > 0.0) {
            let x = scale.at(value);
            let _ = writeln!(
                svg,
                "<rect x=\"{}\" y=\"{}\" width=\"8\" height=\"8\" fill=\"{}\"/>",
                px(x - 4.0),
                px(y - 4.0),
                COLORS[1]
            );
        }
    }
    horizontal(svg, &scale, bottom, &forest.x_label);
    bottom + 58.0
}
