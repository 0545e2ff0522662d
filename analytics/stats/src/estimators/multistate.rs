//! `multistate`.

use super::recurrent::Intervals;
use super::{Io, Outcome};
use crate::arguments::MultistateArguments;
use crate::error::StatsError;
use crate::frame::{Columns, Frame};
use crate::input::{self, Kind, MISSING, ascending};
use crate::output::{self, Body, Cell, Head, Layout, Sheet, brief};
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::fmt::Write as _;
use std::io;
use survival::multistate::{AalenJohansen, Initial, MultistateData, MultistateOptions, aalen_johansen};

#[derive(Debug, Serialize)]
struct Multistate {
    states: Vec<String>,
    transitions: Vec<Transition>,
    occupation: Occupation,
    at: Vec<At>,
    length_of_stay: Option<LengthOfStay>,
}

#[derive(Debug, Serialize)]
struct Transition {
    from: String,
    to: String,
    n: u64,
    cumhaz: Cumhaz,
}

#[derive(Debug, Serialize)]
struct Cumhaz {
    time: Vec<f64>,
    value: Vec<f64>,
    std_err: Vec<f64>,
}

/// By name of the state; serialized in the order of the states.
#[derive(Debug, Serialize)]
struct Occupation {
    from_time: Option<f64>,
    initial: Map<String, Value>,
    time: Vec<f64>,
    states: Map<String, Value>,
    std_err: Map<String, Value>,
}

#[derive(Debug, Serialize)]
struct At {
    time: f64,
    probability: Map<String, Value>,
    std_err: Map<String, Value>,
    /// From the state named first to the state named second.
    transition_probability: Map<String, Value>,
}

#[derive(Debug, Serialize)]
struct LengthOfStay {
    until: f64,
    states: Map<String, Value>,
    std_err: Map<String, Value>,
}

fn by_state<T: Into<Value>>(states: &[String], values: impl IntoIterator<Item = T>) -> Map<String, Value> {
    states.iter().cloned().zip(values.into_iter().map(Into::into)).collect()
}

pub(crate) fn run(arguments: &MultistateArguments, io: &mut Io<'_>) -> Outcome {
    let mut columns = Columns::default();
    columns.add("id", &arguments.id, Kind::Label);
    columns.add("start", &arguments.start, Kind::Number);
    columns.add("stop", &arguments.stop, Kind::Number);
    columns.add("from", &arguments.from, Kind::Label);
    columns.add("to", &arguments.to, Kind::Label);
    let mut frame = Frame::new(input::read(&arguments.source.input, columns.0, io.files, io.stdin)?);
    let intervals = Intervals::load(&mut frame);
    let mut head = Head::new(
        "multistate",
        frame.len(),
        frame.excluded.clone(),
        json!({
            "id": arguments.id, "from": arguments.from, "to": arguments.to, "start": arguments.start, "stop": arguments.stop,
            "initial": arguments.initial.clone().unwrap_or_else(|| "observed".to_owned()), "from_time": arguments.from_time,
            "until": arguments.until, "variance": "greenwood", "at": (!arguments.at.is_empty()).then_some(&arguments.at),
        }),
    );
    let (states, from, to) = states(&frame);
    let number = |name: &String| states.iter().position(|state| state == name);
    let initial = match &arguments.initial {
        None => Initial::Observed,
        Some(name) => {
            let state = number(name).and_then(|i| u32::try_from(i).ok()).ok_or_else(|| {
                let rule = format!("one of {}", states.join(", "));
                StatsError::input("a state that does not occur").option("initial").value(name).rule(rule)
            })?;
            Initial::State(state)
        }
    };
    if frame.len() == 0 {
        let empty = Multistate {
            occupation: Occupation {
                from_time: arguments.from_time,
                initial: Map::new(),
                time: Vec::new(),
                states: Map::new(),
                std_err: Map::new(),
            },
            states,
            transitions: Vec::new(),
            at: Vec::new(),
            length_of_stay: None,
        };
        return output::write(&head, &empty, arguments.source.format, io.stdout);
    }
    let id = frame.labels("id").unwrap_or_default();
    let data = MultistateData {
        states: states.len(),
        id: &id.codes,
        from: &from,
        to: &to,
        start: Some(intervals.start()),
        stop: intervals.stop(),
    };
    let options = MultistateOptions {
        initial,
        from_time: arguments.from_time,
        at: &arguments.at,
        until: arguments.until,
    };
    let fit = aalen_johansen(&data, &options)
        .map_err(|e| frame.fault(&e, &[("from_time", "from-time"), ("states", "from")]))?;
    for (state, time) in &fit.emptied {
        let name = states.get(*state as usize).cloned().unwrap_or_default();
        head.warn(format!(
            "nobody is at risk in state {name} at time {} although it is occupied: later figures assume that nobody left it meanwhile",
            output::shortest(*time)
        ));
    }
    output::write(&head, &result(states, fit), arguments.source.format, io.stdout)
}

/// All states in ascending order, and the columns in their numbers; a repeated state is no transition.
fn states(frame: &Frame) -> (Vec<String>, Vec<u32>, Vec<Option<u32>>) {
    let (from, to) = (frame.labels("from").unwrap_or_default(), frame.labels("to").unwrap_or_default());
    let mut states: Vec<String> = from.labels.iter().chain(&to.labels).cloned().collect();
    states.sort();
    states.dedup();
    let states: Vec<String> = ascending(&states).into_iter().filter_map(|i| states.get(i).cloned()).collect();
    let number = |label: &String| {
        states.iter().position(|state| state == label).and_then(|i| u32::try_from(i).ok()).unwrap_or(MISSING)
    };
    let recode = |coded: &crate::frame::Coded| -> Vec<u32> {
        let numbers: Vec<u32> = coded.labels.iter().map(number).collect();
        coded.codes.iter().map(|code| numbers.get(*code as usize).copied().unwrap_or(MISSING)).collect()
    };
    let (from, to) = (recode(&from), recode(&to));
    let to = to.iter().zip(&from).map(|(to, from)| (to != from).then_some(*to)).collect();
    (states, from, to)
}

fn result(states: Vec<String>, fit: AalenJohansen) -> Multistate {
    let name = |state: u32| states.get(state as usize).cloned().unwrap_or_default();
    let transitions = fit.transitions.into_iter().map(|t| Transition {
        from: name(t.from),
        to: name(t.to),
        n: t.n,
        cumhaz: Cumhaz { time: t.time, value: t.cumhaz, std_err: t.std_err },
    });
    let transitions = transitions.collect();
    let at = fit.at.into_iter().map(|m| {
        let pairs = states.iter().enumerate().flat_map(|(h, from)| {
            let row = m.probability.row(h);
            states.iter().zip(row).map(move |(to, p)| (format!("{from} -> {to}"), Value::from(*p)))
        });
        At {
            time: m.time,
            transition_probability: pairs.collect(),
            probability: by_state(&states, m.occupation),
            std_err: by_state(&states, m.occupation_std_err),
        }
    });
    let at = at.collect();
    Multistate {
        transitions,
        occupation: Occupation {
            from_time: Some(fit.from_time),
            initial: by_state(&states, fit.initial),
            time: fit.time,
            states: by_state(&states, fit.occupation),
            std_err: by_state(&states, fit.std_err),
        },
        at,
        length_of_stay: Some(LengthOfStay {
            until: fit.length_of_stay.until,
            states: by_state(&states, fit.length_of_stay.expected),
            std_err: by_state(&states, fit.length_of_stay.std_err),
        }),
        states,
    }
}

impl Multistate {
    /// (time, state, probability, standard error): at the times asked for, or at all times.
    fn rows(&self) -> Vec<(f64, &str, Option<f64>, Option<f64>)> {
        let mut rows = Vec::new();
        if self.at.is_empty() {
            let column = |of: &Map<String, Value>, state: &str, i: usize| {
                of.get(state).and_then(|v| v.get(i)).and_then(Value::as_f64)
            };
            for (i, &time) in self.occupation.time.iter().enumerate() {
                for state in &self.states {
                    let value = column(&self.occupation.states, state, i);
                    rows.push((time, state.as_str(), value, column(&self.occupation.std_err, state, i)));
                }
            }
            return rows;
        }
        for at in &self.at {
            for state in &self.states {
                let value = |of: &Map<String, Value>| of.get(state).and_then(Value::as_f64);
                rows.push((at.time, state.as_str(), value(&at.probability), value(&at.std_err)));
            }
        }
        rows
    }
}

impl Body for Multistate {
    fn csv(&self, sheet: &mut Sheet<'_>) -> io::Result<()> {
        sheet.header(&["time", "state", "probability", "std_err"])?;
        for (time, state, probability, std_err) in self.rows() {
            sheet.row(&[
                Cell::Number(time),
                Cell::Text(state),
                Cell::Maybe(probability),
                Cell::Maybe(std_err),
            ])?;
        }
        Ok(())
    }

    fn text(&self, _: &Head) -> String {
        let mut out = "Multistate model (Aalen-Johansen)\n\nTransitions:\n".to_owned();
        let transitions = Layout::default()
            .left("from", self.transitions.iter().map(|t| t.from.clone()).collect())
            .left("to", self.transitions.iter().map(|t| t.to.clone()).collect())
            .right("n", self.transitions.iter().map(|t| t.n.to_string()).collect())
            .numbers("cumhaz", self.transitions.iter().map(|t| t.cumhaz.value.last().copied()), 4)
            .numbers("std.err", self.transitions.iter().map(|t| t.cumhaz.std_err.last().copied()), 4);
        out.push_str(&transitions.render());
        let rows = self.rows();
        out.push_str("\nState occupation:\n");
        let table = Layout::default()
            .numbers("time", rows.iter().map(|r| Some(r.0)), 7)
            .left("state", rows.iter().map(|r| r.1.to_owned()).collect())
            .numbers("probability", rows.iter().map(|r| r.2), 4)
            .numbers("std.err", rows.iter().map(|r| r.3), 4);
        out.push_str(&table.render());
        if let Some(stay) = &self.length_of_stay {
            let _ = write!(out, "\nExpected length of stay to {}:\n", output::shortest(stay.until));
            let cells = |of: &Map<String, Value>| {
                self.states.iter().map(|s| brief(of.get(s).and_then(Value::as_f64), 5)).collect()
            };
            let table = Layout::default()
                .left("state", self.states.clone())
                .right("time", cells(&stay.states))
                .right("std.err", cells(&stay.std_err));
            out.push_str(&table.render());
        }
        out
    }
}
