//! A figure of step curves, before it is drawn.

/// One or more panels of curves.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// For the heading and the `<title>`.
    pub title: String,
    /// For the `<desc>`: what is drawn and how.
    pub description: String,
    /// From top to bottom.
    pub panels: Vec<Panel>,
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
