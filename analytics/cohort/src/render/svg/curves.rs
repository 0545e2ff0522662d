//! Step curves of probabilities, with bands, marks of censoring and numbers at risk.

use super::{COLORS, DASHES, HEADING, LEFT, PLOT_HEIGHT, RIGHT, ROW, WIDTH, escape, px};
use crate::render::figure::{Panel, Series};
use std::fmt::Write;

struct Axes {
    top: f64,
    last_day: f64,
}

impl Axes {
    fn x(&self, day: i32) -> f64 {
        LEFT + (WIDTH - LEFT - RIGHT) * (f64::from(day) / self.last_day).min(1.0)
    }

    fn y(&self, value: f64) -> f64 {
        self.top + PLOT_HEIGHT * (1.0 - value.clamp(0.0, 1.0))
    }
}

/// Draws step curves; returns where the next chart may begin.
pub(super) fn draw(svg: &mut String, panel: &Panel, top: f64) -> f64 {
    let last_step = panel.series.iter().filter_map(|s| s.steps.last()).map(|s| s.day).max().unwrap_or(0);
    let last_day = panel.last_day.unwrap_or(last_step).max(1);
    let axes = Axes { top: top + HEADING, last_day: f64::from(last_day) };
    let bottom = axes.top + PLOT_HEIGHT;
    let _ = writeln!(
        svg,
        "<g>\n<text x=\"{LEFT}\" y=\"{}\" font-size=\"14\">{}</text>",
        px(top + 18.0),
        escape(&panel.title)
    );
    draw_axes(svg, panel, &axes, last_day);
    for (i, series) in panel.series.iter().enumerate() {
        draw_band(svg, series, &axes, COLORS[i % COLORS.len()]);
    }
    for (i, series) in panel.series.iter().enumerate() {
        draw_curve(
            svg,
            series,
            &axes,
            COLORS[i % COLORS.len()],
            DASHES[(i / COLORS.len() + i) % DASHES.len()],
        );
    }
    let below = draw_at_risk(svg, panel, &axes, last_day, bottom + 54.0);
    let end = draw_legend(svg, panel, below + 6.0);
    svg.push_str("</g>\n");
    end + 22.0
}

fn draw_axes(svg: &mut String, panel: &Panel, axes: &Axes, last_day: i32) {
    let bottom = axes.top + PLOT_HEIGHT;
    let right = WIDTH - RIGHT;
    for tenth in [0, 2, 4, 6, 8, 10] {
        let value = f64::from(tenth) / 10.0;
        let y = px(axes.y(value));
        let _ = writeln!(
            svg,
            "<line x1=\"{LEFT}\" y1=\"{y}\" x2=\"{}\" y2=\"{y}\" stroke=\"#e4e4e4\"/>\n\
             <text x=\"{}\" y=\"{}\" text-anchor=\"end\">{value:.1}</text>",
            px(right),
            px(LEFT - 8.0),
            px(axes.y(value) + 4.0)
        );
    }
    let _ = writeln!(
        svg,
        "<path d=\"M{LEFT} {} V{} H{}\" fill=\"none\" stroke=\"#222222\"/>",
        px(axes.top),
        px(bottom),
        px(right)
    );
    for day in ticks(panel, last_day) {
        let x = px(axes.x(day));
        let _ = writeln!(
            svg,
            "<line x1=\"{x}\" y1=\"{}\" x2=\"{x}\" y2=\"{}\" stroke=\"#222222\"/>\n\
             <text x=\"{x}\" y=\"{}\" text-anchor=\"middle\">{day}</text>",
            px(bottom),
            px(bottom + 5.0),
            px(bottom + 18.0)
        );
    }
    let _ = writeln!(
        svg,
        "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>\n\
         <text transform=\"translate(22 {}) rotate(-90)\" text-anchor=\"middle\">{}</text>",
        px(f64::midpoint(LEFT, right)),
        px(bottom + 36.0),
        escape(&panel.x_label),
        px(axes.top + PLOT_HEIGHT / 2.0),
        escape(&panel.y_label)
    );
}

/// Days with a tick: those of the numbers at risk that leave room for their labels.
fn ticks(panel: &Panel, last_day: i32) -> Vec<i32> {
    let wanted = panel
        .series
        .first()
        .map_or_else(|| vec![0, last_day], |s| s.at_risk.iter().map(|(day, _)| *day).collect());
    let room = f64::from(last_day) / (WIDTH - LEFT - RIGHT) * 34.0;
    let mut kept: Vec<i32> = Vec::new();
    for day in wanted.into_iter().filter(|day| (0..=last_day).contains(day)) {
        if kept.last().is_none_or(|before| f64::from(day - before) >= room) {
            kept.push(day);
        }
    }
    kept
}

fn draw_band(svg: &mut String, series: &Series, axes: &Axes, color: &str) {
    // Limits are undefined before the first event and once the estimate reaches its end: the band covers what is defined.
    let mut runs: Vec<Vec<(f64, f64, f64)>> = vec![Vec::new()];
    for (i, step) in series.steps.iter().enumerate() {
        let until = series.steps.get(i + 1).map_or(step.day, |next| next.day);
        match (step.lower, step.upper) {
            (Some(lower), Some(upper)) => {
                if let Some(run) = runs.last_mut() {
                    run.push((axes.x(step.day), axes.y(lower), axes.y(upper)));
                    run.push((axes.x(until), axes.y(lower), axes.y(upper)));
                }
            }
            _ => runs.push(Vec::new()),
        }
    }
    for run in runs.iter().filter(|run| !run.is_empty()) {
        let mut path = String::new();
        let there = run.iter().map(|(x, _, upper)| (x, upper));
        let back = run.iter().rev().map(|(x, lower, _)| (x, lower));
        for (i, (x, y)) in there.chain(back).enumerate() {
            let _ = write!(path, "{}{} {}", if i == 0 { "M" } else { " L" }, px(*x), px(*y));
        }
        let _ =
            writeln!(svg, "<path d=\"{path} Z\" fill=\"{color}\" fill-opacity=\"0.13\" stroke=\"none\"/>");
    }
}

fn draw_curve(svg: &mut String, series: &Series, axes: &Axes, color: &str, dash: &str) {
    let mut path = format!("M{} {}", px(axes.x(0)), px(axes.y(series.start)));
    let mut marks = String::new();
    for step in &series.steps {
        let (x, y) = (axes.x(step.day), axes.y(step.value));
        let _ = write!(path, " H{} V{}", px(x), px(y));
        if step.censored {
            let _ = write!(marks, "M{} {} v8", px(x), px(y - 4.0));
        }
    }
    let dashed = if dash.is_empty() { String::new() } else { format!(" stroke-dasharray=\"{dash}\"") };
    let _ = writeln!(svg, "<path d=\"{path}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"2\"{dashed}/>");
    if !marks.is_empty() {
        let _ = writeln!(svg, "<path d=\"{marks}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"1\"/>");
    }
}

fn draw_legend(svg: &mut String, panel: &Panel, top: f64) -> f64 {
    let mut y = top;
    for (i, series) in panel.series.iter().enumerate() {
        let dash = DASHES[(i / COLORS.len() + i) % DASHES.len()];
        let dashed = if dash.is_empty() { String::new() } else { format!(" stroke-dasharray=\"{dash}\"") };
        let _ = writeln!(
            svg,
            "<line x1=\"{LEFT}\" y1=\"{ly}\" x2=\"{}\" y2=\"{ly}\" stroke=\"{}\" stroke-width=\"2\"{dashed}/>\n\
             <text x=\"{}\" y=\"{}\">{} {}</text>",
            px(LEFT + 34.0),
            COLORS[i % COLORS.len()],
            px(LEFT + 42.0),
            px(y + 4.0),
            i + 1,
            escape(&series.label),
            ly = px(y),
        );
        y += ROW;
    }
    y
}

fn draw_at_risk(svg: &mut String, panel: &Panel, axes: &Axes, last_day: i32, top: f64) -> f64 {
    let days = ticks(panel, last_day);
    let _ = writeln!(
        svg,
        "<text x=\"14\" y=\"{}\" font-weight=\"bold\">{}</text>",
        px(top + 4.0),
        escape(&panel.at_risk_label)
    );
    let mut y = top + ROW;
    for (i, series) in panel.series.iter().enumerate() {
        let color = COLORS[i % COLORS.len()];
        let _ = writeln!(
            svg,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"end\" fill=\"{color}\">{}</text>",
            px(LEFT - 24.0),
            px(y + 4.0),
            i + 1
        );
        for (day, n) in series.at_risk.iter().filter(|(day, _)| days.contains(day)) {
            let _ = writeln!(
                svg,
                "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{n}</text>",
                px(axes.x(*day)),
                px(y + 4.0)
            );
        }
        y += ROW;
    }
    y
}
