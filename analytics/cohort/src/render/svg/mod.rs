//! SVG: own writer, the same bytes for the same figure.
//!
//! Colors are those of Okabe and Ito (*Color Universal Design*, 2008), told apart also by dash pattern, so that curves can be told apart without
//! color.

mod alluvial;
mod axes;
mod curves;
mod forest;
mod funnel;
mod lines;
mod swimmer;
mod waterfall;

use super::figure::{Figure, Part};
use crate::reports::Head;
use std::fmt::Write;

const COLORS: [&str; 8] =
    ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#8C6D1F"];
const DASHES: [&str; 4] = ["", "7 3", "2 3", "9 3 2 3"];

const WIDTH: f64 = 860.0;
const LEFT: f64 = 76.0;
const RIGHT: f64 = 24.0;
const PLOT_HEIGHT: f64 = 290.0;
const ROW: f64 = 17.0;
const HEADING: f64 = 30.0;

/// Draws a figure; the head's identity, snapshot and cohort stand under it.
pub(super) fn write(figure: &Figure, head: &Head) -> String {
    let mut body = String::new();
    let mut top = 40.0;
    for part in &figure.parts {
        top = match part {
            Part::Curves(panel) => curves::draw(&mut body, panel, top),
            Part::Forest(forest) => forest::draw(&mut body, forest, top),
            Part::Waterfall(waterfall) => waterfall::draw(&mut body, waterfall, top),
            Part::Swimmer(swimmer) => swimmer::draw(&mut body, swimmer, top),
            Part::Funnel(funnel) => funnel::draw(&mut body, funnel, top),
            Part::Lines(lines) => lines::draw(&mut body, lines, top),
            Part::Alluvial(alluvial) => alluvial::draw(&mut body, alluvial, top),
        };
    }
    let height = top + 44.0;
    let cohort = &head.cohort;
    let foot = format!(
        "{}, n = {} · snapshot {} of {} · {} {}",
        cohort.definition.name,
        cohort.n,
        head.snapshot.id,
        head.snapshot.taken_at,
        head.engine.name,
        head.engine.version
    );
    let mut svg = String::new();
    let _ = write!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {w} {h}\" width=\"{w}\" height=\"{h}\" role=\"img\" \
         aria-labelledby=\"title desc\" font-family=\"sans-serif\" font-size=\"12\">\n<title id=\"title\">{title}</title>\n\
         <desc id=\"desc\">{desc} {foot}</desc>\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n\
         <text x=\"{LEFT}\" y=\"24\" font-size=\"16\" font-weight=\"bold\">{title}</text>\n{body}\
         <text x=\"{LEFT}\" y=\"{y1}\" font-size=\"10\" fill=\"#444444\">{foot}</text>\n\
         <text x=\"{LEFT}\" y=\"{y2}\" font-size=\"10\" fill=\"#444444\">{identity}</text>\n</svg>\n",
        w = px(WIDTH),
        h = px(height),
        title = escape(&figure.title),
        desc = escape(&figure.description),
        foot = escape(&foot),
        identity = escape(&head.identity),
        y1 = px(height - 22.0),
        y2 = px(height - 8.0),
    );
    svg
}

/// A coordinate with at most two decimals, without needless zeros and never `-0`.
fn px(value: f64) -> String {
    let text = format!("{:.2}", value + 0.0);
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
