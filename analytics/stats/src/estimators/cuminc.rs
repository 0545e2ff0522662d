//! `cuminc`.

use super::subjects::{COLUMNS, Plan, Subjects};
use super::{Io, Outcome, list, name_of};
use crate::arguments::{CumincArguments, IncidenceScale, IncidenceVariance};
use crate::frame::Columns;
use crate::input::Kind;
use crate::output::{self, Body, Cell, Head, Layout, Sheet, brief};
use crate::plot;
use serde::Serialize;
use serde_json::json;
use std::fmt::Write as _;
use std::io;
use survival::aalen_johansen::{AalenJohansen, CifOptions, CifVariance, aalen_johansen_groups};
use survival::event_table::EventTable;
use survival::gray::{GrayTest, gray_test_stratified};
use survival::interval::CifConfType;

#[derive(Debug, Serialize)]
struct Cuminc {
    groups: Vec<PerGroup>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gray: Option<Vec<Gray>>,
    #[serde(skip)]
    level: f64,
    #[serde(skip)]
    column: Option<String>,
}

#[derive(Debug, Serialize)]
struct PerGroup {
    group: Option<String>,
    n: u64,
    censored: f64,
    causes: Vec<PerCause>,
    event_free: EventFree,
}

#[derive(Debug, Serialize)]
struct EventFree {
    time: Vec<f64>,
    value: Vec<f64>,
}

#[derive(Debug, Serialize)]
struct PerCause {
    cause: usize,
    events: f64,
    curve: Curve,
    at: Vec<At>,
}

#[derive(Debug, Default, Serialize)]
struct Curve {
    time: Vec<f64>,
    n_risk: Vec<f64>,
    cif: Vec<f64>,
    std_err: Vec<f64>,
    lower: Vec<Option<f64>>,
    upper: Vec<Option<f64>>,
}

#[derive(Debug, Serialize)]
struct At {
    time: f64,
    n_risk: f64,
    cif: Option<f64>,
    std_err: Option<f64>,
    lower: Option<f64>,
    upper: Option<f64>,
    /// After the last observed time the last value is carried forward.
    beyond_follow_up: bool,
}

#[derive(Debug, Serialize)]
struct Gray {
    cause: usize,
    chisq: Option<f64>,
    df: usize,
    p: Option<f64>,
}

pub(crate) fn run(arguments: &CumincArguments, io: &mut Io<'_>) -> Outcome {
    let plan = Plan {
        input: &arguments.source.input,
        observation: &arguments.observation,
        outcome: ("cause", &arguments.cause, Kind::Cause),
        group: arguments.group.as_ref(),
        strata: &arguments.strata,
        first: Columns::default(),
        ordered: false,
    };
    let subjects = Subjects::load(plan, io)?;
    let level = arguments.source.conf_level;
    let options = CifOptions {
        conf_level: level,
        conf_type: match arguments.conf_type {
            IncidenceScale::Cloglog => CifConfType::Cloglog,
            IncidenceScale::LogLog => CifConfType::LogLog,
            IncidenceScale::Plain => CifConfType::Plain,
        },
        variance: match arguments.variance {
            IncidenceVariance::Aalen => CifVariance::Aalen,
            IncidenceVariance::Greenwood => CifVariance::Greenwood,
        },
    };
    let observation = &arguments.observation;
    let mut head = Head::new(
        "cuminc",
        subjects.len(),
        subjects.frame.excluded.clone(),
        json!({
            "time": observation.time, "cause": arguments.cause, "entry": observation.entry, "group": arguments.group,
            "strata": list(&arguments.strata), "weight": observation.weight, "id": observation.id, "conf_level": level,
            "conf_type": name_of(&arguments.conf_type), "variance": name_of(&arguments.variance),
            "rho": arguments.group.as_ref().map(|_| arguments.rho), "at": (!arguments.at.is_empty()).then_some(&arguments.at),
        }),
    );
    let causes = subjects.causes();
    let tables = subjects.tables(causes)?;
    let fault = |e: survival::error::Error| subjects.frame.fault(&e, &COLUMNS);
    let estimates = aalen_johansen_groups(&tables, &options).map_err(fault)?;
    let names = subjects.group_names();
    let groups = names
        .iter()
        .zip(&tables)
        .zip(&estimates)
        .map(|((name, table), aj)| group(arguments, causes, name.as_ref(), table, aj));
    let mut cuminc = Cuminc { groups: groups.collect(), gray: None, level, column: arguments.group.clone() };
    if arguments.group.is_some() {
        let strata = subjects.stratified(causes)?;
        let mut tests = Vec::new();
        for cause in 1..=causes {
            let test = match gray_test_stratified(&strata, cause, arguments.rho) {
                Ok(test) => Some(test),
                Err(survival::error::Error::Undefined { reason }) => {
                    if cause == 1 {
                        head.warn(format!("Gray's test is undefined: {reason}"));
                    }
                    None
                }
                // No row is left, and with it no stratum.
                Err(_) if strata.is_empty() => None,
                Err(error) => return Err(fault(error)),
            };
            tests.push(Gray::new(cause, test.as_ref()));
        }
        cuminc.gray = Some(tests);
    }
    if let Some(file) = &arguments.plot {
        plot::save(file, &cuminc.figure(&tables, &observation.time))?;
    }
    output::write(&head, &cuminc, arguments.source.format, io.stdout)
}

impl Gray {
    fn new(cause: usize, test: Option<&GrayTest>) -> Self {
        Self {
            cause,
            chisq: test.and_then(|t| t.chisq),
            df: test.map_or(0, |t| t.df),
            p: test.and_then(|t| t.p),
        }
    }
}

fn group(
    arguments: &CumincArguments,
    causes: usize,
    name: Option<&String>,
    table: &EventTable,
    aj: &AalenJohansen,
) -> PerGroup {
    let cause = |cause: usize| PerCause {
        cause,
        events: aj.events(cause) + 0.0,
        curve: aj.curve(cause).map_or_else(Curve::default, |c| Curve {
            time: c.time,
            n_risk: c.n_risk,
            cif: c.cif,
            std_err: c.std_err,
            lower: c.lower,
            upper: c.upper,
        }),
        at: aj
            .at(cause, &arguments.at)
            .iter()
            .map(|at| {
                let known = !table.is_empty();
                At {
                    time: at.time,
                    n_risk: at.n_risk,
                    cif: known.then_some(at.cif),
                    std_err: known.then_some(at.std_err),
                    lower: at.lower.filter(|_| known),
                    upper: at.upper.filter(|_| known),
                    beyond_follow_up: at.beyond_follow_up,
                }
            })
            .collect(),
    };
    PerGroup {
        group: name.cloned(),
        n: table.n(),
        censored: table.censored().iter().sum::<f64>() + 0.0,
        causes: (1..=causes).map(cause).collect(),
        event_free: EventFree { time: aj.time().to_vec(), value: aj.event_free().to_vec() },
    }
}

impl Cuminc {
    fn figure(&self, tables: &[EventTable], time: &str) -> plot::Figure {
        let mut series = Vec::new();
        for (group, table) in self.groups.iter().zip(tables) {
            for cause in &group.causes {
                let c = &cause.curve;
                let steps = (0..c.time.len()).filter_map(|i| {
                    Some(plot::Step {
                        time: *c.time.get(i)?,
                        value: *c.cif.get(i)?,
                        lower: c.lower.get(i).copied().flatten(),
                        upper: c.upper.get(i).copied().flatten(),
                        censored: table.at_risk_at(*c.time.get(i)?) > 0.0
                            && censored_at(table, *c.time.get(i)?),
                    })
                });
                let label = match &group.group {
                    Some(label) => format!("{label}, cause {}", cause.cause),
                    None => format!("cause {}", cause.cause),
                };
                series.push(plot::Series {
                    label,
                    start: 0.0,
                    steps: steps.collect(),
                    at_risk: table.clone(),
                });
            }
        }
        plot::Figure {
            title: match &self.column {
                Some(column) => format!("Cumulative incidence by {column}"),
                None => "Cumulative incidence".to_owned(),
            },
            y_label: "Cumulative incidence".to_owned(),
            x_label: time.to_owned(),
            level: self.level,
            series,
        }
    }
}

fn censored_at(table: &EventTable, time: f64) -> bool {
    let row = table.time().partition_point(|t| *t < time);
    table.time().get(row).is_some_and(|t| *t <= time) && table.censored().get(row).is_some_and(|n| *n > 0.0)
}

impl Body for Cuminc {
    fn csv(&self, sheet: &mut Sheet<'_>) -> io::Result<()> {
        sheet.header(&["group", "cause", "time", "n_risk", "cif", "std_err", "lower", "upper"])?;
        for group in &self.groups {
            let name = group.group.clone().unwrap_or_default();
            for cause in &group.causes {
                let head = [Cell::Text(&name), Cell::Count(cause.cause as u64)];
                if !cause.at.is_empty() {
                    for at in &cause.at {
                        sheet.row(&[
                            head[0],
                            head[1],
                            Cell::Number(at.time),
                            Cell::Number(at.n_risk),
                            Cell::Maybe(at.cif),
                            Cell::Maybe(at.std_err),
                            Cell::Maybe(at.lower),
                            Cell::Maybe(at.upper),
                        ])?;
                    }
                    continue;
                }
                let c = &cause.curve;
                let number = |column: &[f64], i: usize| Cell::Maybe(column.get(i).copied());
                let maybe = |column: &[Option<f64>], i: usize| Cell::Maybe(column.get(i).copied().flatten());
                for i in 0..c.time.len() {
                    sheet.row(&[
                        head[0],
                        head[1],
                        number(&c.time, i),
                        number(&c.n_risk, i),
                        number(&c.cif, i),
                        number(&c.std_err, i),
                        maybe(&c.lower, i),
                        maybe(&c.upper, i),
                    ])?;
                }
            }
        }
        Ok(())
    }

    fn text(&self, head: &Head) -> String {
        let of =
            |name: &str| head.parameters.get(name).and_then(|v| v.as_str()).unwrap_or_default().to_owned();
        let percent = format!("{}%", output::shortest(self.level * 100.0));
        let mut out = format!(
            "Cumulative incidence (Aalen-Johansen), {} variance, {percent} limits on the {} scale\n",
            of("variance"),
            of("conf_type")
        );
        if let Some(gray) = &self.gray {
            out.push_str("\nGray's test:\n");
            out.push_str(
                &Layout::default()
                    .left("cause", gray.iter().map(|g| g.cause.to_string()).collect())
                    .right("stat", gray.iter().map(|g| brief(g.chisq, 5)).collect())
                    .right("pv", gray.iter().map(|g| output::p_value(g.p, 3)).collect())
                    .right("df", gray.iter().map(|g| g.df.to_string()).collect())
                    .render(),
            );
        }
        for group in &self.groups {
            let label = match (&self.column, &group.group) {
                (Some(column), Some(label)) => format!("{column}={label}, "),
                _ => String::new(),
            };
            for cause in &group.causes {
                let _ = write!(
                    out,
                    "\n{label}cause {}: n = {}, events = {}\n",
                    cause.cause,
                    group.n,
                    output::shortest(cause.events)
                );
                let rows: Vec<[Option<f64>; 6]> = if cause.at.is_empty() {
                    let c = &cause.curve;
                    let steps = (0..c.time.len()).filter(|&i| {
                        let before = i.checked_sub(1).and_then(|i| c.cif.get(i)).copied().unwrap_or(0.0);
                        c.cif.get(i).is_some_and(|f| *f > before)
                    });
                    steps
                        .map(|i| {
                            let limit = |v: &[Option<f64>]| v.get(i).copied().flatten();
                            [
                                c.time.get(i).copied(),
                                c.n_risk.get(i).copied(),
                                c.cif.get(i).copied(),
                                c.std_err.get(i).copied(),
                                limit(&c.lower),
                                limit(&c.upper),
                            ]
                        })
                        .collect()
                } else {
                    cause
                        .at
                        .iter()
                        .map(|a| [Some(a.time), Some(a.n_risk), a.cif, a.std_err, a.lower, a.upper])
                        .collect()
                };
                let names = [
                    "time",
                    "n.risk",
                    "cif",
                    "std.err",
                    &format!("lower {percent} CI"),
                    &format!("upper {percent} CI"),
                ];
                let mut layout = Layout::default();
                for (k, name) in names.iter().enumerate() {
                    layout = layout.numbers(
                        name,
                        rows.iter().map(|row| row.get(k).copied().flatten()),
                        if k < 2 { 7 } else { 3 },
                    );
                }
                out.push_str(&layout.render());
            }
        }
        out
    }
}
