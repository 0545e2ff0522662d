//! Tidy CSV: one estimate a row.

use crate::reports::Report;
use crate::reports::estimates::Interval;

/// One estimate with its interval and counts.
#[derive(Debug, Clone, PartialEq)]
pub struct EstimateRow {
    pub(super) endpoint: String,
    pub(super) group: String,
    pub(super) statistic: String,
    pub(super) at: Option<String>,
    pub(super) value: Option<f64>,
    pub(super) std_err: Option<f64>,
    pub(super) lower: Option<f64>,
    pub(super) upper: Option<f64>,
    pub(super) n: Option<u64>,
    pub(super) events: Option<u64>,
    pub(super) unit: &'static str,
}

impl EstimateRow {
    /// A row without figures yet.
    pub fn new(endpoint: &str, group: &str, statistic: &str, unit: &'static str) -> Self {
        Self {
            endpoint: endpoint.to_owned(),
            group: group.to_owned(),
            statistic: statistic.to_owned(),
            at: None,
            value: None,
            std_err: None,
            lower: None,
            upper: None,
            n: None,
            events: None,
            unit,
        }
    }

    /// What it is an estimate at: a day, a grade, a category.
    #[must_use]
    pub fn at(mut self, at: &impl ToString) -> Self {
        self.at = Some(at.to_string());
        self
    }

    /// The figure.
    #[must_use]
    pub fn value(mut self, value: f64) -> Self {
        self.value = Some(value);
        self
    }

    /// The figure with its interval.
    #[must_use]
    pub fn interval(mut self, interval: Interval) -> Self {
        (self.value, self.lower, self.upper) = (interval.value, interval.lower, interval.upper);
        self
    }

    /// The figure with standard error and interval.
    #[must_use]
    pub fn optional(
        mut self,
        value: Option<f64>,
        std_err: Option<f64>,
        lower: Option<f64>,
        upper: Option<f64>,
    ) -> Self {
        (self.value, self.std_err, self.lower, self.upper) = (value, std_err, lower, upper);
        self
    }

    /// The denominator or the number at risk.
    #[must_use]
    pub fn n(mut self, n: usize) -> Self {
        self.n = Some(n as u64);
        self
    }

    /// Denominator and events.
    #[must_use]
    pub fn counts(mut self, n: usize, events: usize) -> Self {
        self.n = Some(n as u64);
        self.events = Some(events as u64);
        self
    }
}

const HEADER: &str =
    "report,identity,snapshot,endpoint,group,statistic,at,value,std_err,lower,upper,n,events,unit";

/// Attrition and exclusions first, then the estimates.
pub(super) fn rows(report: &Report) -> Vec<EstimateRow> {
    let head = &report.head;
    let mut rows = Vec::new();
    for step in &head.cohort.attrition {
        let row = EstimateRow::new("cohort", "all subjects", "attrition", "infusions").at(&step.criterion);
        rows.push(row.value(step.after as f64).n(step.before));
    }
    for excluded in &head.excluded {
        let row = EstimateRow::new("cohort", "all subjects", "excluded", "subjects").at(&excluded.reason);
        rows.push(row.value(excluded.n as f64).n(head.cohort.n));
    }
    rows.extend(report.body.estimates());
    rows
}

/// The report as CSV. Undefined figures are empty.
pub(super) fn write(report: &Report) -> String {
    let head = &report.head;
    let rows = rows(report);
    let mut text = String::from(HEADER);
    text.push_str("\r\n");
    for row in &rows {
        let number =
            |value: Option<f64>| value.filter(|v| v.is_finite()).map_or_else(String::new, |v| v.to_string());
        let count = |value: Option<u64>| value.map_or_else(String::new, |v| v.to_string());
        let cells = [
            head.report.name().to_owned(),
            head.identity.clone(),
            quoted(&head.snapshot.id),
            quoted(&row.endpoint),
            quoted(&row.group),
            quoted(&row.statistic),
            row.at.as_deref().map_or_else(String::new, quoted),
            number(row.value),
            number(row.std_err),
            number(row.lower),
            number(row.upper),
            count(row.n),
            count(row.events),
            row.unit.to_owned(),
        ];
        text.push_str(&cells.join(","));
        text.push_str("\r\n");
    }
    text
}

/// RFC 4180 quoting. A leading formula character is preceded by an apostrophe: centers open such files in a spreadsheet.
pub(crate) fn quoted(text: &str) -> String {
    let safe =
        if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() };
    if safe.contains([',', '"', '\n', '\r']) { format!("\"{}\"", safe.replace('"', "\"\"")) } else { safe }
}
