//! States of subjects over points in time, and the moves between them.

use super::axes::{heading, legend};
use super::{COLORS, HEADING, LEFT, PLOT_HEIGHT, RIGHT, WIDTH, escape, px};
use crate::render::figure::Alluvial;
use std::fmt::Write;

/// Width of a column of states.
const COLUMN: f64 = 16.0;

/// Draws moves between states; returns where the next chart may begin.
pub(super) fn draw(svg: &mut String, alluvial: &Alluvial, top: f64) -> f64 {
    heading(svg, &alluvial.title, top);
    let (top, bottom) = (top + HEADING, top + HEADING + PLOT_HEIGHT);
    let total = alluvial.counts.iter().map(|c| c.iter().sum::<usize>()).max().unwrap_or(0).max(1);
    let unit = PLOT_HEIGHT / total as f64;
    let gap = (WIDTH - LEFT - RIGHT - COLUMN) / (alluvial.columns.len().max(2) - 1) as f64;
    let x = |column: usize| LEFT + gap * column as f64;
    // Where each state of each column begins.
    let starts: Vec<Vec<f64>> = alluvial
        .counts
        .iter()
        .map(|counts| {
            let mut y = top;
            counts
                .iter()
                .map(|n| {
                    let start = y;
                    y += unit * *n as f64;
                    start
                })
                .collect()
        })
        .collect();
    let mut leaving = starts.clone();
    let mut arriving = starts.clone();
    for (column, from, to, n) in &alluvial.moves {
        let height = unit * *n as f64;
        let take = |places: &mut Vec<Vec<f64>>, column: usize, state: usize| {
            let place = places.get_mut(column)?.get_mut(state)?;
            let y = *place;
            *place += height;
            Some(y)
        };
        let (Some(a), Some(b)) = (take(&mut leaving, *column, *from), take(&mut arriving, column + 1, *to))
        else {
            continue;
        };
        let (left, right) = (x(*column) + COLUMN, x(column + 1));
        let middle = f64::midpoint(left, right);
        let _ = writeln!(
            svg,
            "<path d=\"M{l} {a0} C{m} {a0} {m} {b0} {r} {b0} L{r} {b1} C{m} {b1} {m} {a1} {l} {a1} Z\" fill=\"{}\" fill-opacity=\"0.35\"/>",
            COLORS[from % COLORS.len()],
            l = px(left),
            r = px(right),
            m = px(middle),
            a0 = px(a),
            a1 = px(a + height),
            b0 = px(b),
            b1 = px(b + height)
        );
    }
    for (column, counts) in alluvial.counts.iter().enumerate() {
        for (state, n) in counts.iter().enumerate().filter(|(_, n)| **n > 0) {
            let y = starts.get(column).and_then(|s| s.get(state)).copied().unwrap_or(top);
            let _ = writeln!(
                svg,
                "<rect x=\"{}\" y=\"{}\" width=\"{COLUMN}\" height=\"{}\" fill=\"{}\"/>\n<text x=\"{}\" y=\"{}\" font-size=\"10\">{n}</text>",
                px(x(column)),
                px(y),
                px(unit * *n as f64),
                COLORS[state % COLORS.len()],
                px(x(column) + COLUMN + 3.0),
                px(y + unit * *n as f64 / 2.0 + 3.0)
            );
        }
        let name = alluvial.columns.get(column).map_or("", String::as_str);
        let anchor = if column == 0 { "start" } else { "middle" };
        let _ = writeln!(
            svg,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"{anchor}\">{}</text>",
            px(x(column)),
            px(bottom + 18.0),
            escape(name)
        );
    }
    legend(svg, &alluvial.states, &COLORS, bottom + 44.0) + 22.0
}
