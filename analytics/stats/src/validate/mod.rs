//! `validate`: the estimators on the reference cases that ship with the program.

pub(crate) mod pointer;

use crate::arguments::ValidateArguments;
use crate::error::StatsError;
use crate::input::Files;
use crate::output::{self, Body, Cell, Head, Layout, Sheet};
use crate::{Invocation, execute};
use clap::Parser;
use pointer::{Found, follow};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};

include!(concat!(env!("OUT_DIR"), "/cases.rs"));

/// A folder of `analytics/validation`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    files: &'static [(&'static str, &'static [u8])],
}

impl Case {
    fn json<T: for<'a> Deserialize<'a>>(&self, file: &str) -> Result<T, StatsError> {
        let bytes = self.read(file).map_err(|e| StatsError::internal(e).file(self.name))?;
        serde_json::from_slice(&bytes)
            .map_err(|e| StatsError::internal(format!("{file}: {e}")).file(self.name))
    }
}

impl Files for Case {
    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        let found = self.files.iter().find(|(file, _)| *file == name);
        found.map(|(_, bytes)| bytes.to_vec()).ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

#[derive(Debug, Deserialize)]
struct Description {
    title: String,
    estimator: String,
    data: String,
    licence: String,
    input: String,
    runs: Vec<Run>,
}

#[derive(Debug, Deserialize)]
struct Run {
    name: String,
    arguments: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Expected {
    sources: BTreeMap<String, String>,
    runs: BTreeMap<String, Vec<Figure>>,
}

#[derive(Debug, Deserialize)]
struct Figure {
    pointer: String,
    value: Value,
    relative: Option<f64>,
    absolute: Option<f64>,
    source: String,
}

#[derive(Debug, Serialize)]
struct Report {
    passed: usize,
    failed: usize,
    cases: Vec<CaseReport>,
    figures: Vec<Checked>,
}

#[derive(Debug, Serialize)]
struct CaseReport {
    case: &'static str,
    title: String,
    estimator: String,
    data: String,
    licence: String,
    sources: BTreeMap<String, String>,
    figures: usize,
    failed: usize,
    /// Of the figures compared relatively.
    largest_relative_difference: Option<f64>,
}

#[derive(Debug, Serialize)]
struct Checked {
    case: &'static str,
    run: String,
    pointer: String,
    value: Value,
    reference: Value,
    /// The absolute difference where the reference is 0.
    relative_difference: Option<f64>,
    tolerance: Tolerance,
    source: String,
    pass: bool,
    /// Why there is no value.
    #[serde(skip_serializing_if = "Option::is_none")]
    fault: Option<String>,
}

#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "lowercase")]
enum Tolerance {
    Relative(f64),
    Absolute(f64),
    Equal,
}

/// Runs the cases; `true` if every figure passes.
pub(crate) fn run(
    arguments: &ValidateArguments,
    stdout: &mut dyn Write,
) -> Result<(bool, Vec<String>), StatsError> {
    for name in &arguments.cases {
        if !CASES.iter().any(|case| case.name == name) {
            let known: Vec<&str> = CASES.iter().map(|case| case.name).collect();
            return Err(StatsError::input("a case that does not exist")
                .value(name)
                .rule(format!("one of {}", known.join(", "))));
        }
    }
    let mut report = Report { passed: 0, failed: 0, cases: Vec::new(), figures: Vec::new() };
    for case in CASES
        .iter()
        .filter(|case| arguments.cases.is_empty() || arguments.cases.iter().any(|name| name == case.name))
    {
        check_case(case, &mut report)?;
    }
    report.failed = report.figures.iter().filter(|figure| !figure.pass).count();
    report.passed = report.figures.len() - report.failed;
    let head = Head::new("validate", report.figures.len(), Vec::new(), json!({ "cases": arguments.cases }));
    let notes = output::write(&head, &report, arguments.format, stdout)?;
    Ok((report.failed == 0, notes))
}

fn check_case(case: &'static Case, report: &mut Report) -> Result<(), StatsError> {
    let description: Description = case.json("case.json")?;
    let expected: Expected = case.json("expected.json")?;
    let before = report.figures.len();
    for run in &description.runs {
        let output = compute(case, &description, run);
        let figures = expected.runs.get(&run.name).map(Vec::as_slice).unwrap_or_default();
        if figures.is_empty() {
            return Err(
                StatsError::internal(format!("run {} has no reference values", run.name)).file(case.name)
            );
        }
        report.figures.extend(figures.iter().map(|figure| check(case.name, run, figure, &output)));
    }
    let figures = report.figures.get(before..).unwrap_or_default();
    let relative = figures
        .iter()
        .filter(|f| matches!(f.tolerance, Tolerance::Relative(_)))
        .filter_map(|f| f.relative_difference);
    report.cases.push(CaseReport {
        case: case.name,
        title: description.title,
        estimator: description.estimator,
        data: description.data,
        licence: description.licence,
        sources: expected.sources,
        figures: figures.len(),
        failed: figures.iter().filter(|figure| !figure.pass).count(),
        largest_relative_difference: relative.reduce(f64::max),
    });
    Ok(())
}

/// The output of a run, as a user would get it.
fn compute(case: &Case, description: &Description, run: &Run) -> Result<Value, String> {
    let fixed = ["stats", description.estimator.as_str(), description.input.as_str()].into_iter();
    let words = fixed.chain(run.arguments.iter().map(String::as_str)).chain(["--format", "json"]);
    let invocation = Invocation::try_parse_from(words).map_err(|e| e.to_string())?;
    let mut bytes = Vec::new();
    execute(&invocation.command, case, &mut bytes, &mut io::empty()).map_err(|e| e.to_string())?;
    serde_json::from_slice(&bytes).map_err(|e| e.to_string())
}

fn check(case: &'static str, run: &Run, figure: &Figure, output: &Result<Value, String>) -> Checked {
    let tolerance = match (figure.relative, figure.absolute) {
        (Some(relative), _) => Tolerance::Relative(relative),
        (None, Some(absolute)) => Tolerance::Absolute(absolute),
        (None, None) => Tolerance::Equal,
    };
    let found = output.as_ref().map_or(Found::Nothing, |output| follow(output, &figure.pointer));
    let (value, fault) = match (found, output) {
        (Found::Value(value), _) => (value.clone(), None),
        (Found::MissingLast, _) if figure.value.is_null() => (Value::Null, None),
        (_, Err(fault)) => (Value::Null, Some(fault.clone())),
        _ => (Value::Null, Some("the output does not have this figure".to_owned())),
    };
    let pair = value.as_f64().zip(figure.value.as_f64());
    let difference = pair.map(|(value, reference)| (value - reference).abs());
    let relative_difference = pair.map(|(value, reference)| {
        let scale = if reference.abs() > 0.0 { reference.abs() } else { 1.0 };
        (value - reference).abs() / scale
    });
    let pass = fault.is_none()
        && match (pair, difference, tolerance) {
            (Some((_, reference)), Some(difference), Tolerance::Relative(r)) => {
                difference <= r * reference.abs()
            }
            (Some(_), Some(difference), Tolerance::Absolute(a)) => difference <= a,
            (Some(_), Some(difference), Tolerance::Equal) => difference <= 0.0,
            _ => figure.value.as_f64().is_none() && value == figure.value,
        };
    Checked {
        case,
        run: run.name.clone(),
        pointer: figure.pointer.clone(),
        value,
        reference: figure.value.clone(),
        relative_difference,
        tolerance,
        source: figure.source.clone(),
        pass,
        fault,
    }
}

impl Checked {
    fn cells(&self) -> [String; 9] {
        let (kind, tolerance) = match self.tolerance {
            Tolerance::Relative(r) => ("relative", output::shortest(r)),
            Tolerance::Absolute(a) => ("absolute", output::shortest(a)),
            Tolerance::Equal => ("equal", String::new()),
        };
        let text = |value: &Value| match value {
            Value::Null => String::new(),
            Value::Number(number) => number.as_f64().map(output::shortest).unwrap_or_default(),
            other => other.to_string(),
        };
        [
            self.case.to_owned(),
            self.run.clone(),
            self.pointer.clone(),
            text(&self.value),
            text(&self.reference),
            self.relative_difference.map(output::shortest).unwrap_or_default(),
            kind.to_owned(),
            tolerance,
            if self.pass { "pass" } else { "fail" }.to_owned(),
        ]
    }
}

impl Body for Report {
    fn csv(&self, sheet: &mut Sheet<'_>) -> io::Result<()> {
        sheet.header(&[
            "case",
            "run",
            "pointer",
            "value",
            "reference",
            "relative_difference",
            "comparison",
            "tolerance",
            "outcome",
        ])?;
        for figure in &self.figures {
            let cells = figure.cells();
            sheet.row(&cells.each_ref().map(|cell| Cell::Text(cell)))?;
        }
        Ok(())
    }

    fn text(&self, _: &Head) -> String {
        let mut out = String::new();
        for case in &self.cases {
            let outcome = if case.failed == 0 { "pass" } else { "FAIL" };
            let _ = writeln!(
                out,
                "{}: {} ({}), {} figures, {outcome}",
                case.case, case.title, case.estimator, case.figures
            );
            let figures: Vec<[String; 9]> =
                self.figures.iter().filter(|f| f.case == case.case).map(Checked::cells).collect();
            let column = |k: usize| {
                figures.iter().map(|cells| cells.get(k).cloned().unwrap_or_default()).collect::<Vec<_>>()
            };
            let table = Layout::default()
                .left("run", column(1))
                .left("figure", column(2))
                .right("value", column(3))
                .right("reference", column(4))
                .right(
                    "difference",
                    figures
                        .iter()
                        .map(|c| c[5].parse().ok().map_or_else(String::new, |v: f64| format!("{v:.1e}")))
                        .collect(),
                )
                .left("outcome", column(8));
            out.push_str(&table.render());
            out.push('\n');
        }
        for figure in self.figures.iter().filter(|figure| !figure.pass) {
            let fault = figure.fault.as_ref().map_or_else(String::new, |fault| format!(": {fault}"));
            let _ = writeln!(out, "FAIL {} {} {}{fault}", figure.case, figure.run, figure.pointer);
        }
        let _ = writeln!(out, "{} of {} figures pass", self.passed, self.passed + self.failed);
        out
    }
}
