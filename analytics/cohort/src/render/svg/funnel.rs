//! A funnel plot: centers against limits that narrow with size.

use super::axes::{Scale, heading, horizontal, vertical};
use super::{COLORS, DASHES, HEADING, LEFT, PLOT_HEIGHT, RIGHT, WIDTH, escape, px};
use crate::render::figure::FunnelPlot;
use std::fmt::Write;

/// Draws a funnel plot; returns where the next chart may begin.
pub(super) fn draw(svg: &mut String, funnel: &FunnelPlot, top: f64) -> f64 {
    heading(svg, &funnel.title, top);
    let (top, bottom) = (top + HEADING, top + HEADING + PLOT_HEIGHT);
    let widest = funnel.points.iter().map(|p| p.0).fold(1.0_f64, f64::max);
    let highest = funnel.points.iter().map(|p| p.1).fold(funnel.target * 2.0, f64::max);
    let x = Scale::new((0.0, widest * 1.05), (LEFT, WIDTH - RIGHT), false);
    let y = Scale::new((0.0, highest * 1.05), (bottom, top), false);
    vertical(svg, &y, (top, bottom), &funnel.y_label);
    horizontal(svg, &x, bottom, &funnel.x_label);
    let _ = writeln!(
        svg,
        "<line x1=\"{LEFT}\" y1=\"{0}\" x2=\"{1}\" y2=\"{0}\" stroke=\"#222222\"/>",
        px(y.at(funnel.target)),
        px(WIDTH - RIGHT)
    );
    for (i, (name, limits)) in funnel.limits.iter().enumerate() {
        for upper in [false, true] {
            let mut path = String::new();
            for (n, (size, low, high)) in limits.iter().enumerate() {
                let value = if upper { *high } else { *low };
                let _ = write!(
                    path,
                    "{}{} {}",
                    if n == 0 { "M" } else { " L" },
                    px(x.at(*size)),
                    px(y.at(value))
                );
            }
            let _ = writeln!(
                svg,
                "<path d=\"{path}\" fill=\"none\" stroke=\"#666666\" stroke-dasharray=\"{}\"><title>{}</title></path>",
                DASHES[(i + 1) % DASHES.len()],
                escape(name)
            );
        }
    }
    for (size, value, label, own) in &funnel.points {
        let (cx, cy) = (x.at(*size), y.at(*value));
        let color = if *own { COLORS[1] } else { COLORS[0] };
        let _ = writeln!(
            svg,
            "<circle cx=\"{}\" cy=\"{}\" r=\"{}\" fill=\"{color}\"/>\n<text x=\"{}\" y=\"{}\" font-size=\"10\">{}</text>",
            px(cx),
            px(cy),
            if *own { 6 } else { 4 },
            px(cx + 7.0),
            px(cy - 5.0),
            escape(label)
        );
    }
    bottom + 58.0
}
