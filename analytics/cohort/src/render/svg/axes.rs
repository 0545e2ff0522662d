//! Axes with round ticks, for the charts that are not step curves.

use super::{LEFT, RIGHT, WIDTH, escape, px};
use std::fmt::Write;

/// How values become positions along an axis.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    from: f64,
    to: f64,
    start: f64,
    end: f64,
    logarithmic: bool,
}

impl Scale {
    /// A scale of values `from` to `to` over positions `start` to `end`, widened where it would be empty.
    pub(super) fn new((from, to): (f64, f64), (start, end): (f64, f64), logarithmic: bool) -> Self {
        let (from, to) = if logarithmic {
            let (from, to) = (from.max(1e-12), to.max(1e-12));
            if to > from { (from, to) } else { (from / 2.0, from * 2.0) }
        } else if to > from {
            (from, to)
        } else {
            (from - 0.5, from + 0.5)
        };
        Self { from, to, start, end, logarithmic }
    }

    /// The position of a value, kept within the axis.
    pub(super) fn at(&self, value: f64) -> f64 {
        let share = if self.logarithmic {
            libm::log(value.max(1e-300) / self.from) / libm::log(self.to / self.from)
        } else {
            (value - self.from) / (self.to - self.from)
        };
        self.start + (self.end - self.start) * share.clamp(0.0, 1.0)
    }

    /// Round values along the axis.
    pub(super) fn ticks(&self) -> Vec<f64> {
        if self.logarithmic {
            let wide = self.to / self.from > 100.0;
            let mut ticks = Vec::new();
            let mut power = libm::pow(10.0, libm::floor(libm::log10(self.from)));
            while power <= self.to * 1.000_001 && ticks.len() < 40 {
                for step in if wide { &[1.0][..] } else { &[1.0, 2.0, 5.0][..] } {
                    let tick = power * step;
                    if tick >= self.from * 0.999_999 && tick <= self.to * 1.000_001 {
                        ticks.push(tick);
                    }
                }
                power *= 10.0;
            }
            return ticks;
        }
        let rough = (self.to - self.from) / 6.0;
        let power = libm::pow(10.0, libm::floor(libm::log10(rough)));
        let step =
            [1.0, 2.0, 5.0, 10.0].into_iter().map(|s| s * power).find(|s| *s >= rough).unwrap_or(rough);
        let first = libm::ceil(self.from / step);
        (0..20)
            .map(|i| (first + f64::from(i)) * step)
            .take_while(|tick| *tick <= self.to + step * 1e-9)
            .collect()
    }
}

/// A tick as text, without needless digits.
pub(super) fn tick_text(value: f64) -> String {
    let value = if value == 0.0 { 0.0 } else { value };
    let text = if value != 0.0 && (value.abs() < 1e-3 || value.abs() >= 1e5) {
        format!("{value:e}")
    } else {
        let text = format!("{value:.4}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    if text == "-0" { "0".to_owned() } else { text }
}

/// Draws a horizontal axis at `y` with its label.
pub(super) fn horizontal(svg: &mut String, scale: &Scale, y: f64, label: &str) {
    let _ = writeln!(
        svg,
        "<path d=\"M{LEFT} {} H{}\" fill=\"none\" stroke=\"#222222\"/>",
        px(y),
        px(WIDTH - RIGHT)
    );
    for tick in scale.ticks() {
        let x = px(scale.at(tick));
        let _ = writeln!(
            svg,
            "<line x1=\"{x}\" y1=\"{}\" x2=\"{x}\" y2=\"{}\" stroke=\"#222222\"/>\n\
             <text x=\"{x}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
            px(y),
            px(y + 5.0),
            px(y + 18.0),
            tick_text(tick)
        );
    }
    let middle = px(f64::midpoint(LEFT, WIDTH - RIGHT));
    let _ = writeln!(
        svg,
        "<text x=\"{middle}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
        px(y + 36.0),
        escape(label)
    );
}

/// Draws a vertical axis with its grid and label.
pub(super) fn vertical(svg: &mut String, scale: &Scale, (top, bottom): (f64, f64), label: &str) {
    for tick in scale.ticks() {
        let y = scale.at(tick);
        let _ = writeln!(
            svg,
            "<line x1=\"{LEFT}\" y1=\"{0}\" x2=\"{1}\" y2=\"{0}\" stroke=\"#e4e4e4\"/>\n\
             <text x=\"{2}\" y=\"{3}\" text-anchor=\"end\">{4}</text>",
            px(y),
            px(WIDTH - RIGHT),
            px(LEFT - 8.0),
            px(y + 4.0),
            tick_text(tick)
        );
    }
    let _ =
        writeln!(svg, "<path d=\"M{LEFT} {} V{}\" fill=\"none\" stroke=\"#222222\"/>", px(top), px(bottom));
    let _ = writeln!(
        svg,
        "<text transform=\"translate(18 {}) rotate(-90)\" text-anchor=\"middle\">{}</text>",
        px(f64::midpoint(top, bottom)),
        escape(label)
    );
}

/// Draws the heading of a chart.
pub(super) fn heading(svg: &mut String, title: &str, top: f64) {
    let _ = writeln!(
        svg,
        "<text x=\"{LEFT}\" y=\"{}\" font-size=\"14\">{}</text>",
        px(top + 18.0),
        escape(title)
    );
}

/// Draws a legend of colored squares, one a line; returns where it ends.
pub(super) fn legend(svg: &mut String, names: &[String], colors: &[&str], top: f64) -> f64 {
    let mut y = top;
    for (i, name) in names.iter().enumerate() {
        let color = colors.get(i % colors.len().max(1)).copied().unwrap_or("#000000");
        let _ = writeln!(
            svg,
            "<rect x=\"{LEFT}\" y=\"{}\" width=\"12\" height=\"12\" fill=\"{color}\"/>\n<text x=\"{}\" y=\"{}\">{}</text>",
            px(y - 8.0),
            px(LEFT + 20.0),
            px(y + 3.0),
            escape(name)
        );
        y += super::ROW;
    }
    y
}
