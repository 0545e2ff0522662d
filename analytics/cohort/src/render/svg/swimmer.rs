//! A swimmer plot: one lane per subject, states as stretches, events as marks.

use super::axes::{Scale, heading, horizontal, legend};
use super::{COLORS, HEADING, LEFT, RIGHT, WIDTH, escape, px};
use crate::render::figure::Swimmer;
use std::fmt::Write;

/// Height of a lane.
const LANE: f64 = 12.0;
/// Marks in the order of their names, told apart by shape.
const SHAPES: [&str; 6] = ["▲", "●", "◆", "■", "✕", "▶"];

/// Draws a swimmer plot; returns where the next chart may begin.
pub(super) fn draw(svg: &mut String, swimmer: &Swimmer, top: f64) -> f64 {
    heading(svg, &swimmer.title, top);
    let top = top + HEADING;
    let bottom = top + LANE * swimmer.lanes.len() as f64 + 4.0;
    let last = swimmer.lanes.iter().flat_map(|lane| lane.stretches.iter().map(|s| s.1)).max().unwrap_or(1);
    let scale = Scale::new((0.0, f64::from(last.max(1))), (LEFT, WIDTH - RIGHT), false);
    for (i, lane) in swimmer.lanes.iter().enumerate() {
        let y = top + LANE * i as f64;
        let _ = writeln!(
            svg,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"end\" font-size=\"9\">{}</text>",
            px(LEFT - 6.0),
            px(y + 9.0),
            escape(&lane.label)
        );
        for (from, to, state) in &lane.stretches {
            let (x, end) = (scale.at(f64::from(*from)), scale.at(f64::from(*to)));
            let _ = writeln!(
                svg,
                "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"8\" fill=\"{}\"/>",
                px(x),
                px(y + 2.0),
                px((end - x).max(0.5)),
                COLORS[state % COLORS.len()]
            );
        }
        for (day, mark) in &lane.marks {
            let _ = writeln!(
                svg,
                "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\" font-size=\"10\" stroke=\"#ffffff\" stroke-width=\"0.4\">{}</text>",
                px(scale.at(f64::from(*day))),
                px(y + 10.0),
                SHAPES[mark % SHAPES.len()]
            );
        }
    }
    horizontal(svg, &scale, bottom, &swimmer.x_label);
    let below = legend(svg, &swimmer.states, &COLORS, bottom + 58.0);
    let marks: Vec<String> = swimmer
        .marks
        .iter()
        .enumerate()
        .map(|(i, name)| format!("{} {name}", SHAPES[i % SHAPES.len()]))
        .collect();
    if marks.is_empty() {
        return below + 22.0;
    }
    let _ =
        writeln!(svg, "<text x=\"{LEFT}\" y=\"{}\">{}</text>", px(below + 3.0), escape(&marks.join("   ")));
    below + 40.0
}
