//! A figure before it is drawn.

use crate::reports::estimates::Interval;

/// One or more charts, from top to bottom.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// For the heading and the `<title>`.
    pub title: String,
    /// For the `<desc>`: what is drawn and how.
    pub description: String,
    /// The charts.
    pub parts: Vec<Part>,
}

/// One chart.
#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    /// Step curves of probabilities.
    Curves(Panel),
    /// Estimates with intervals on a logarithmic axis.
    Forest(Forest),
    /// One bar per subject.
    Waterfall(Waterfall),
    /// One lane per subject.
    Swimmer(Swimmer),
    /// Points with limits that depend on size.
    Funnel(FunnelPlot),
    /// Lines with bands over days.
    Lines(Lines),
    /// States of subjects over points in time, and the moves between them.
    Alluvial(Alluvial),
}

/// One pair of axes: probability from 0 to 1 against days from 0.
#[derive(Debug, Clone, PartialEq)]
pub struct Panel {
    /// Heading.
    pub title: String,
    /// Under the horizontal axis.
    pub x_label: String,
    /// Beside the vertical axis.
    pub y_label: String,
    /// Above the numbers at risk.
    pub at_risk_label: String,
    /// Where the horizontal axis ends; the last step when absent.
    pub last_day: Option<i32>,
    /// The curves.
    pub series: Vec<Series>,
}

/// One step curve.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// In the legend and beside the numbers at risk.
    pub label: String,
    /// Value before the first step.
    pub start: f64,
    /// The steps, by day.
    pub steps: Vec<Step>,
    /// Numbers at risk on given days.
    pub at_risk: Vec<(i32, usize)>,
}

/// The curve from this day on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// Day of the step.
    pub day: i32,
    /// Value from then on.
    pub value: f64,
    /// Lower limit, when defined.
    pub lower: Option<f64>,
    /// Upper limit, when defined.
    pub upper: Option<f64>,
    /// Whether somebody was censored on that day.
    pub censored: bool,
}

/// A forest plot.
#[derive(Debug, Clone, PartialEq)]
pub struct Forest {
    /// Heading.
    pub title: String,
    /// Under the axis.
    pub x_label: String,
    /// Where the line of no difference stands.
    pub reference: f64,
    /// From top to bottom.
    pub rows: Vec<ForestRow>,
}

/// One estimate of a forest plot.
#[derive(Debug, Clone, PartialEq)]
pub struct ForestRow {
    /// What it is.
    pub label: String,
    /// The estimate, positive.
    pub interval: Interval,
}

/// A waterfall plot: values in falling order.
#[derive(Debug, Clone, PartialEq)]
pub struct Waterfall {
    /// Heading.
    pub title: String,
    /// Beside the vertical axis.
    pub y_label: String,
    /// Names of the groups the bars are colored by.
    pub groups: Vec<String>,
    /// Value in percent and position of the group of each bar.
    pub bars: Vec<(f64, usize)>,
    /// Horizontal lines.
    pub lines: Vec<f64>,
}

/// A swimmer plot.
#[derive(Debug, Clone, PartialEq)]
pub struct Swimmer {
    /// Heading.
    pub title: String,
    /// Under the axis.
    pub x_label: String,
    /// Names of the states that color the lanes.
    pub states: Vec<String>,
    /// Names of the marks.
    pub marks: Vec<String>,
    /// From top to bottom.
    pub lanes: Vec<Lane>,
}

/// One subject of a swimmer plot.
#[derive(Debug, Clone, PartialEq)]
pub struct Lane {
    /// Beside the lane.
    pub label: String,
    /// First day, last day, and position of the state.
    pub stretches: Vec<(i32, i32, usize)>,
    /// Day and position of the mark.
    pub marks: Vec<(i32, usize)>,
}

/// A funnel plot.
#[derive(Debug, Clone, PartialEq)]
pub struct FunnelPlot {
    /// Heading.
    pub title: String,
    /// Under the horizontal axis.
    pub x_label: String,
    /// Beside the vertical axis.
    pub y_label: String,
    /// What every center is compared with.
    pub target: f64,
    /// Size, value, label, whether it is the reader's own.
    pub points: Vec<(f64, f64, String, bool)>,
    /// Limits: name, and size with lower and upper value.
    pub limits: Vec<(String, Vec<(f64, f64, f64)>)>,
}

/// Lines over days.
#[derive(Debug, Clone, PartialEq)]
pub struct Lines {
    /// Heading.
    pub title: String,
    /// Under the horizontal axis.
    pub x_label: String,
    /// Beside the vertical axis.
    pub y_label: String,
    /// The vertical axis is logarithmic; values that are not positive are left out.
    pub logarithmic: bool,
    /// The lines.
    pub series: Vec<LineSeries>,
}

/// One line: day, value, lower and upper edge of the band.
#[derive(Debug, Clone, PartialEq)]
pub struct LineSeries {
    /// In the legend.
    pub label: String,
    /// By day.
    pub points: Vec<(f64, f64, f64, f64)>,
}

/// Moves between states.
#[derive(Debug, Clone, PartialEq)]
pub struct Alluvial {
    /// Heading.
    pub title: String,
    /// Names of the points in time.
    pub columns: Vec<String>,
    /// Names of the states, from top to bottom.
    pub states: Vec<String>,
    /// Subjects in each state at each point, by point, then state.
    pub counts: Vec<Vec<usize>>,
    /// Subjects who move from a state at a point to a state at the next: point, from, to, subjects.
    pub moves: Vec<(usize, usize, usize, usize)>,
}
