//! Step curves as SVG: bands, censor ticks, numbers at risk under the axis. The same bytes for the same figure.
//!
//! Colors are those of Okabe and Ito (*Color Universal Design*, 2008), told apart also by dash pattern.

use crate::error::StatsError;
use crate::output::shortest;
use std::fmt::Write;
use std::path::Path;
use survival::event_table::EventTable;

const COLORS: [&str; 8] =
    ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#8C6D1F"];
const DASHES: [&str; 4] = ["", "7 3", "2 3", "9 3 2 3"];
const WIDTH: f64 = 860.0;
const LEFT: f64 = 76.0;
const RIGHT: f64 = 24.0;
const TOP: f64 = 44.0;
const HEIGHT: f64 = 320.0;
const ROW: f64 = 17.0;

/// What to draw.
#[derive(Debug, Clone)]
pub(crate) struct Figure {
    pub(crate) title: String,
    pub(crate) x_label: String,
    pub(crate) y_label: String,
    /// Two-sided level of the bands.
    pub(crate) level: f64,
    pub(crate) series: Vec<Series>,
}

/// A curve that starts at `start` at time 0.
#[derive(Debug, Clone)]
pub(crate) struct Series {
    pub(crate) label: String,
    pub(crate) start: f64,
    pub(crate) steps: Vec<Step>,
    pub(crate) at_risk: EventTable,
}

/// The curve from `time` on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    pub(crate) time: f64,
    pub(crate) value: f64,
    pub(crate) lower: Option<f64>,
    pub(crate) upper: Option<f64>,
    pub(crate) censored: bool,
}

/// Writes the figure to a file.
pub(crate) fn save(file: &Path, figure: &Figure) -> Result<(), StatsError> {
    std::fs::write(file, svg(figure)).map_err(|e| {
        StatsError::input(format!("the figure cannot be written ({e})"))
            .option("plot")
            .value(file.display())
            .rule("a file that can be written")
    })
}

struct Axis {
    last: f64,
    ticks: Vec<f64>,
}

impl Axis {
    fn new(figure: &Figure) -> Self {
        let last =
            figure.series.iter().filter_map(|s| s.steps.last()).map(|step| step.time).fold(0.0, f64::max);
        let last = if last > 0.0 { last } else { 1.0 };
        // The largest of 1, 2, 5 times a power of ten that leaves five ticks or more.
        let power = 10_f64.powf((last / 5.0).log10().floor());
        let step =
            [5.0, 2.0, 1.0].into_iter().map(|m| m * power).find(|step| last / step >= 5.0).unwrap_or(power);
        let mut ticks = Vec::new();
        let mut k = 0.0;
        while k * step <= last * (1.0 + 1e-12) && ticks.len() < 60 {
            ticks.push(k * step);
            k += 1.0;
        }
        Self { last, ticks }
    }

    fn x(&self, time: f64) -> f64 {
        LEFT + (WIDTH - LEFT - RIGHT) * (time / self.last).clamp(0.0, 1.0)
    }
}

fn y(value: f64) -> f64 {
    TOP + HEIGHT * (1.0 - value.clamp(0.0, 1.0))
}

fn svg(figure: &Figure) -> String {
    let axis = Axis::new(figure);
    let mut body = String::new();
    grid(&mut body, figure, &axis);
    for (i, series) in figure.series.iter().enumerate() {
        band(&mut body, series, &axis, color(i));
    }
    for (i, series) in figure.series.iter().enumerate() {
        curve(&mut body, series, &axis, i);
    }
    let below = TOP + HEIGHT + 56.0;
    let end = tables(&mut body, figure, &axis, below);
    let (title, percent) = (escape(&figure.title), shortest(figure.level * 100.0));
    let description = format!(
        "{} against {}, {} curve(s) with pointwise {percent} % confidence limits; ticks mark censored subjects.",
        escape(&figure.y_label),
        escape(&figure.x_label),
        figure.series.len()
    );
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {w} {h}\" width=\"{w}\" height=\"{h}\" role=\"img\" \
         aria-labelledby=\"title desc\" font-family=\"sans-serif\" font-size=\"12\">\n<title id=\"title\">{title}</title>\n\
         <desc id=\"desc\">{description}</desc>\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n\
         <text x=\"{LEFT}\" y=\"24\" font-size=\"16\" font-weight=\"bold\">{title}</text>\n{body}</svg>\n",
        w = px(WIDTH),
        h = px(end + 12.0),
    )
}

fn color(i: usize) -> &'static str {
    COLORS.get(i % COLORS.len()).copied().unwrap_or("#000000")
}

fn dash(i: usize) -> String {
    match DASHES.get((i / COLORS.len() + i) % DASHES.len()) {
        None | Some(&"") => String::new(),
        Some(pattern) => format!(" stroke-dasharray=\"{pattern}\""),
    }
}

fn grid(svg: &mut String, figure: &Figure, axis: &Axis) {
    let (bottom, right) = (TOP + HEIGHT, WIDTH - RIGHT);
    for tenth in [0, 2, 4, 6, 8, 10] {
        let value = f64::from(tenth) / 10.0;
        let _ = writeln!(
            svg,
            "<line x1=\"{LEFT}\" y1=\"{at}\" x2=\"{}\" y2=\"{at}\" stroke=\"#e4e4e4\"/>\n<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{value:.1}</text>",
            px(right),
            px(LEFT - 8.0),
            px(y(value) + 4.0),
            at = px(y(value)),
        );
    }
    let _ = writeln!(
        svg,
        "<path d=\"M{LEFT} {} V{} H{}\" fill=\"none\" stroke=\"#222222\"/>",
        px(TOP),
        px(bottom),
        px(right)
    );
    for &time in &axis.ticks {
        let x = px(axis.x(time));
        let _ = writeln!(
            svg,
            "<line x1=\"{x}\" y1=\"{}\" x2=\"{x}\" y2=\"{}\" stroke=\"#222222\"/>\n<text x=\"{x}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
            px(bottom),
            px(bottom + 5.0),
            px(bottom + 18.0),
            tick(time)
        );
    }
    let _ = writeln!(
        svg,
        "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>\n<text transform=\"translate(22 {}) rotate(-90)\" text-anchor=\"middle\">{}</text>",
        px(f64::midpoint(LEFT, right)),
        px(bottom + 36.0),
        escape(&figure.x_label),
        px(TOP + HEIGHT / 2.0),
        escape(&figure.y_label)
    );
}

/// A multiple of a tick step without the residue of the multiplication.
fn tick(time: f64) -> String {
    let text = format!("{time:.9}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn band(svg: &mut String, series: &Series, axis: &Axis, color: &str) {
    // Limits are undefined once the estimate reaches its end: the band covers what is defined.
    let mut runs: Vec<Vec<(f64, f64, f64)>> = vec![Vec::new()];
    for (i, step) in series.steps.iter().enumerate() {
        let until = series.steps.get(i + 1).map_or(step.time, |next| next.time);
        match (step.lower, step.upper, runs.last_mut()) {
            (Some(lower), Some(upper), Some(run)) => {
                run.push((axis.x(step.time), y(lower), y(upper)));
                run.push((axis.x(until), y(lower), y(upper)));
            }
            _ => runs.push(Vec::new()),
        }
    }
    for run in runs.iter().filter(|run| !run.is_empty()) {
        let there = run.iter().map(|(x, _, upper)| (x, upper));
        let back = run.iter().rev().map(|(x, lower, _)| (x, lower));
        let points: Vec<String> = there.chain(back).map(|(x, y)| format!("{} {}", px(*x), px(*y))).collect();
        let _ = writeln!(
            svg,
            "<path d=\"M{} Z\" fill=\"{color}\" fill-opacity=\"0.13\" stroke=\"none\"/>",
            points.join(" L")
        );
    }
}

fn curve(svg: &mut String, series: &Series, axis: &Axis, i: usize) {
    let mut path = format!("M{} {}", px(axis.x(0.0)), px(y(series.start)));
    let mut marks = String::new();
    for step in &series.steps {
        let (x, y) = (axis.x(step.time), y(step.value));
        let _ = write!(path, " H{} V{}", px(x), px(y));
        if step.censored {
            let _ = write!(marks, "M{} {} v8", px(x), px(y - 4.0));
        }
    }
    let color = color(i);
    let _ =
        writeln!(svg, "<path d=\"{path}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"2\"{}/>", dash(i));
    if !marks.is_empty() {
        let _ = writeln!(svg, "<path d=\"{marks}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"1\"/>");
    }
}

/// Legend and numbers at risk.
fn tables(svg: &mut String, figure: &Figure, axis: &Axis, top: f64) -> f64 {
    let mut at = top;
    for (i, series) in figure.series.iter().enumerate() {
        let _ = writeln!(
            svg,
            "<line x1=\"{LEFT}\" y1=\"{line}\" x2=\"{}\" y2=\"{line}\" stroke=\"{}\" stroke-width=\"2\"{}/>\n<text x=\"{}\" y=\"{}\">{} {}</text>",
            px(LEFT + 34.0),
            color(i),
            dash(i),
            px(LEFT + 42.0),
            px(at + 4.0),
            i + 1,
            escape(&series.label),
            line = px(at),
        );
        at += ROW;
    }
    at += 8.0;
    let _ = writeln!(svg, "<text x=\"14\" y=\"{}\" font-weight=\"bold\">At risk</text>", px(at + 4.0));
    at += ROW;
    for (i, series) in figure.series.iter().enumerate() {
        let _ = writeln!(
            svg,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"end\" fill=\"{}\">{}</text>",
            px(LEFT - 24.0),
            px(at + 4.0),
            color(i),
            i + 1
        );
        for &time in &axis.ticks {
            let n = shortest((series.at_risk.at_risk_at(time) * 100.0).round() / 100.0);
            let _ = writeln!(
                svg,
                "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{n}</text>",
                px(axis.x(time)),
                px(at + 4.0)
            );
        }
        at += ROW;
    }
    at
}

/// A coordinate with at most two decimals, without needless zeros and never `-0`.
fn px(value: f64) -> String {
    let text = format!("{value:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
