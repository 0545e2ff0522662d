//! `recurrent`.

use super::subjects::{timefix, whole_days};
use super::{Io, Outcome};
use crate::arguments::RecurrentArguments;
use crate::frame::{Columns, Frame};
use crate::input::{self, Kind};
use crate::output::{self, Body, Cell, Head, Layout, Sheet};
use serde::Serialize;
use serde_json::json;
use std::fmt::Write as _;
use std::io;
use survival::cox::Times;
use survival::recurrent::{RecurrentData, mean_cumulative};

#[derive(Debug, Serialize)]
struct Recurrent {
    groups: Vec<PerGroup>,
    #[serde(skip)]
    column: Option<String>,
}

#[derive(Debug, Serialize)]
struct PerGroup {
    group: Option<String>,
    subjects: usize,
    events: usize,
    curve: Curve,
    at: Vec<At>,
}

#[derive(Debug, Default, Serialize)]
struct Curve {
    time: Vec<f64>,
    n_risk: Vec<u64>,
    n_event: Vec<u64>,
    mcf: Vec<f64>,
    std_err: Vec<f64>,
}

#[derive(Debug, Serialize)]
struct At {
    time: f64,
    mcf: Option<f64>,
    std_err: Option<f64>,
}

/// Rows `(start, stop]` in whole days, or in any unit with near-ties joined.
#[derive(Debug)]
pub(super) struct Intervals {
    days: Option<(Vec<i32>, Vec<i32>)>,
    start: Vec<f64>,
    stop: Vec<f64>,
}

impl Intervals {
    /// Leaves out the rows without time at risk.
    pub(super) fn load(frame: &mut Frame) -> Self {
        let (start, stop) = fixed(frame);
        let out: Vec<bool> = start.iter().zip(&stop).map(|(start, stop)| start >= stop).collect();
        frame.exclude("start >= stop", &out);
        frame.canonical();
        let (start, stop) = fixed(frame);
        let days = whole_days(&start).zip(whole_days(&stop));
        Self { days, start, stop }
    }

    pub(super) fn start(&self) -> Times<'_> {
        self.days.as_ref().map_or(Times::Real(&self.start), |(start, _)| Times::Days(start))
    }

    pub(super) fn stop(&self) -> Times<'_> {
        self.days.as_ref().map_or(Times::Real(&self.stop), |(_, stop)| Times::Days(stop))
    }
}

fn fixed(frame: &Frame) -> (Vec<f64>, Vec<f64>) {
    let (mut start, mut stop) = (frame.numbers("start").to_vec(), frame.numbers("stop").to_vec());
    if start.iter().chain(&stop).any(|t| t.fract() != 0.0) {
        timefix(&mut start, &mut stop);
    }
    (start, stop)
}

pub(crate) fn run(arguments: &RecurrentArguments, io: &mut Io<'_>) -> Outcome {
    let mut columns = Columns::default();
    columns.maybe("group", arguments.group.as_ref(), Kind::Label);
    columns.add("id", &arguments.id, Kind::Label);
    columns.add("start", &arguments.start, Kind::Number);
    columns.add("stop", &arguments.stop, Kind::Number);
    columns.add("event", &arguments.event, Kind::Flag);
    let mut frame = Frame::new(input::read(&arguments.source.input, columns.0, io.files, io.stdin)?);
    let intervals = Intervals::load(&mut frame);
    let head = Head::new(
        "recurrent",
        frame.len(),
        frame.excluded.clone(),
        json!({
            "id": arguments.id, "start": arguments.start, "stop": arguments.stop, "event": arguments.event, "group": arguments.group,
            "variance": "robust (Lawless and Nadeau)", "at": (!arguments.at.is_empty()).then_some(&arguments.at),
        }),
    );
    let event: Vec<bool> = frame.numbers("event").iter().map(|e| *e > 0.0).collect();
    let id = frame.labels("id").unwrap_or_default();
    let group = frame.labels("group");
    let data = RecurrentData {
        id: &id.codes,
        start: Some(intervals.start()),
        stop: intervals.stop(),
        event: &event,
        group: group.as_ref().map(|group| group.codes.as_slice()),
    };
    let curves = mean_cumulative(&data).map_err(|e| frame.fault(&e, &[]))?;
    let names: Vec<Option<String>> =
        group.map_or_else(|| vec![None], |group| group.labels.into_iter().map(Some).collect());
    let groups = names.into_iter().zip(0_u32..).map(|(name, code)| {
        let Some(c) = curves.iter().find(|curve| name.is_none() || curve.group == code) else {
            let at = arguments.at.iter().map(|&time| At { time, mcf: None, std_err: None }).collect();
            return PerGroup { group: name, subjects: 0, events: 0, curve: Curve::default(), at };
        };
        let at = arguments.at.iter().map(|&time| {
            let before = c.time.partition_point(|t| *t <= time).checked_sub(1);
            let of = |column: &[f64]| Some(before.and_then(|i| column.get(i)).copied().unwrap_or(0.0));
            At { time, mcf: of(&c.mcf), std_err: of(&c.std_err) }
        });
        PerGroup {
            group: name,
            subjects: c.subjects,
            events: c.events,
            at: at.collect(),
            curve: Curve {
                time: c.time.clone(),
                n_risk: c.n_risk.clone(),
                n_event: c.n_event.clone(),
                mcf: c.mcf.clone(),
                std_err: c.std_err.clone(),
            },
        }
    });
    let recurrent = Recurrent { groups: groups.collect(), column: arguments.group.clone() };
    output::write(&head, &recurrent, arguments.source.format, io.stdout)
}

impl PerGroup {
    /// Rows to print: the times asked for, or all of them.
    fn rows(&self) -> Vec<(f64, Option<f64>, Option<f64>)> {
        if self.at.is_empty() {
            let c = &self.curve;
            let steps = c.time.iter().zip(&c.mcf).zip(&c.std_err);
            return steps.map(|((&time, &mcf), &std_err)| (time, Some(mcf), Some(std_err))).collect();
        }
        self.at.iter().map(|at| (at.time, at.mcf, at.std_err)).collect()
    }
}

impl Body for Recurrent {
    fn csv(&self, sheet: &mut Sheet<'_>) -> io::Result<()> {
        sheet.header(&["group", "time", "mcf", "std_err"])?;
        for group in &self.groups {
            let name = group.group.clone().unwrap_or_default();
            for (time, mcf, std_err) in group.rows() {
                sheet.row(&[
                    Cell::Text(&name),
                    Cell::Number(time),
                    Cell::Maybe(mcf),
                    Cell::Maybe(std_err),
                ])?;
            }
        }
        Ok(())
    }

    fn text(&self, _: &Head) -> String {
        let mut out = "Mean cumulative function, robust standard errors\n".to_owned();
        for group in &self.groups {
            let label = match (&self.column, &group.group) {
                (Some(column), Some(label)) => format!("{column}={label}: "),
                _ => String::new(),
            };
            let _ = write!(out, "\n{label}subjects = {}, events = {}\n", group.subjects, group.events);
            let rows = group.rows();
            out.push_str(
                &Layout::default()
                    .numbers("time", rows.iter().map(|r| Some(r.0)), 7)
                    .numbers("mcf", rows.iter().map(|r| r.1), 4)
                    .numbers("std.err", rows.iter().map(|r| r.2), 4)
                    .render(),
            );
        }
        out
    }
}
