//! A waterfall plot: one bar per subject.

use super::axes::{Scale, heading, legend, vertical};
use super::{COLORS, HEADING, LEFT, PLOT_HEIGHT, RIGHT, WIDTH, px};
use crate::render::figure::Waterfall;
use std::fmt::Write;

/// Draws a waterfall plot; returns where the next chart may begin.
pub(super) fn draw(svg: &mut String, waterfall: &Waterfall, top: f64) -> f64 {
    heading(svg, &waterfall.title, top);
    let (top, bottom) = (top + HEADING, top + HEADING + PLOT_HEIGHT);
    let values = waterfall.bars.iter().map(|(value, _)| *value);
    let (least, most) = values.fold((-100.0_f64, 20.0_f64), |(a, b), v| (a.min(v), b.max(v.min(100.0))));
    let scale = Scale::new((least, most), (bottom, top), false);
    vertical(svg, &scale, (top, bottom), &waterfall.y_label);
    let slot = (WIDTH - LEFT - RIGHT) / (waterfall.bars.len().max(1) as f64);
    for (i, (value, group)) in waterfall.bars.iter().enumerate() {
        let (zero, end) = (scale.at(0.0), scale.at(*value));
        let _ = writeln!(
            svg,
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"{}\"/>",
            px(LEFT + slot * i as f64 + slot * 0.1),
            px(zero.min(end)),
            px((slot * 0.8).max(0.5)),
            px((zero - end).abs().max(0.5)),
            COLORS[group % COLORS.len()]
        );
    }
    for line in &waterfall.lines {
        let _ = writeln!(
            svg,
            "<line x1=\"{LEFT}\" y1=\"{0}\" x2=\"{1}\" y2=\"{0}\" stroke=\"#888888\" stroke-dasharray=\"4 3\"/>",
            px(scale.at(*line)),
            px(WIDTH - RIGHT)
        );
    }
    legend(svg, &waterfall.groups, &COLORS, bottom + 24.0) + 22.0
}
