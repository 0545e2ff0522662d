//! `rate` and `proportion`.

use super::{Io, Outcome, name_of};
use crate::arguments::{ProportionArguments, ProportionLimits, RateArguments, RateLimits};
use crate::error::StatsError;
use crate::frame::{Coded, Columns, Frame};
use crate::input::{self, Kind};
use crate::output::{self, Body, Cell, Head, Layout, Sheet, brief};
use serde::Serialize;
use serde_json::json;
use std::fmt::Write as _;
use std::io;
use survival::rates::{ProportionMethod, RateMethod, proportion, rate, rate_difference, rate_ratio};

#[derive(Debug, Serialize)]
struct Rates {
    groups: Vec<RateGroup>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rate_ratio: Option<Ratio>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rate_difference: Option<Difference>,
    #[serde(skip)]
    level: f64,
    #[serde(skip)]
    per: f64,
}

#[derive(Debug, Serialize)]
struct RateGroup {
    group: Option<String>,
    n: usize,
    events: u64,
    person_time: f64,
    rate: Option<f64>,
    lower: Option<f64>,
    upper: Option<f64>,
}

#[derive(Debug, Default, Serialize)]
struct Ratio {
    value: Option<f64>,
    lower: Option<f64>,
    upper: Option<f64>,
    p: Option<f64>,
    /// By doubling the smaller tail, the p value that agrees with the limits.
    p_doubled: Option<f64>,
}

#[derive(Debug, Default, Serialize)]
struct Difference {
    value: Option<f64>,
    std_err: Option<f64>,
    lower: Option<f64>,
    upper: Option<f64>,
    p: Option<f64>,
}

/// Rows of each group; one group without a name when there is no column of groups.
fn groups(frame: &Frame) -> Vec<(Option<String>, Vec<usize>)> {
    let Some(Coded { codes, labels }) = frame.labels("group") else {
        return vec![(None, (0..frame.len()).collect())];
    };
    let mut all: Vec<(Option<String>, Vec<usize>)> =
        labels.into_iter().map(|label| (Some(label), Vec::new())).collect();
    for (row, code) in codes.iter().enumerate() {
        if let Some((_, rows)) = all.get_mut(*code as usize) {
            rows.push(row);
        }
    }
    all
}

pub(crate) fn run_rate(arguments: &RateArguments, io: &mut Io<'_>) -> Outcome {
    let mut columns = Columns::default();
    columns.maybe("event", arguments.event.as_ref(), Kind::Flag);
    columns.maybe("events", arguments.events.as_ref(), Kind::Count);
    columns.maybe("person-time", arguments.person_time.as_ref(), Kind::NotNegative);
    columns.maybe("time", arguments.time.as_ref(), Kind::NotNegative);
    columns.maybe("entry", arguments.entry.as_ref(), Kind::Number);
    columns.maybe("group", arguments.group.as_ref(), Kind::Label);
    let mut frame = Frame::new(input::read(&arguments.source.input, columns.0, io.files, io.stdin)?);
    if arguments.entry.is_some() {
        let out: Vec<bool> = frame
            .numbers("entry")
            .iter()
            .zip(frame.numbers("time"))
            .map(|(entry, time)| entry >= time)
            .collect();
        frame.exclude("entry >= time", &out);
    }
    let level = arguments.source.conf_level;
    let mut head = Head::new(
        "rate",
        frame.len(),
        frame.excluded.clone(),
        json!({
            "event": arguments.event, "events": arguments.events, "person_time": arguments.person_time, "time": arguments.time,
            "entry": arguments.entry, "group": arguments.group, "per": arguments.per, "method": name_of(&arguments.method), "conf_level": level,
        }),
    );
    let method = match arguments.method {
        RateLimits::Exact => RateMethod::Exact,
        RateLimits::Byar => RateMethod::Byar,
        RateLimits::Wilson => RateMethod::Score,
        RateLimits::MidP => RateMethod::MidP,
    };
    let counts = if arguments.events.is_some() { frame.numbers("events") } else { frame.numbers("event") };
    let exposure: Vec<f64> = match (&arguments.person_time, &arguments.entry) {
        (Some(_), _) => frame.numbers("person-time").to_vec(),
        (None, None) => frame.numbers("time").to_vec(),
        (None, Some(_)) => frame
            .numbers("time")
            .iter()
            .zip(frame.numbers("entry"))
            .map(|(time, entry)| time - entry.max(0.0))
            .collect(),
    };
    let mut all = Vec::new();
    for (group, rows) in groups(&frame) {
        let events = sum(counts, &rows);
        let person_time = sum(&exposure, &rows);
        if events > 9_007_199_254_740_992.0 || !person_time.is_finite() {
            return Err(StatsError::input("sums of events or person-time beyond what can be counted")
                .file(frame.file()));
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a sum of counts, checked above"
        )]
        let events = events as u64;
        let estimate = (person_time > 0.0)
            .then(|| rate(events, person_time, method, level))
            .transpose()
            .map_err(StatsError::input)?;
        if estimate.is_none() {
            let name = group.as_ref().map_or_else(String::new, |name| format!(" in group {name}"));
            head.warn(format!("no person-time{name}: the rate is undefined"));
        }
        let scaled = |f: fn(&survival::rates::Rate) -> f64| estimate.as_ref().map(|r| f(r) * arguments.per);
        all.push(RateGroup {
            group,
            n: rows.len(),
            events,
            person_time,
            rate: scaled(|r| r.value),
            lower: scaled(|r| r.lower),
            upper: scaled(|r| r.upper),
        });
    }
    let mut rates = Rates { groups: all, rate_ratio: None, rate_difference: None, level, per: arguments.per };
    if let [first, second] = rates.groups.as_slice() {
        let (first, second) = ((first.events, first.person_time), (second.events, second.person_time));
        let per = arguments.per;
        rates.rate_ratio = Some(rate_ratio(second, first, level).map_or_else(
            |_| Ratio::default(),
            |r| Ratio { value: r.value, lower: r.lower, upper: r.upper, p: r.p, p_doubled: r.p_doubled },
        ));
        rates.rate_difference = Some(rate_difference(second, first, level).map_or_else(
            |_| Difference::default(),
            |d| Difference {
                value: Some(d.value * per),
                std_err: Some(d.std_err * per),
                lower: Some(d.lower * per),
                upper: Some(d.upper * per),
                p: d.p,
            },
        ));
    }
    output::write(&head, &rates, arguments.source.format, io.stdout)
}

/// A sum that does not depend on the order of the rows.
fn sum(values: &[f64], rows: &[usize]) -> f64 {
    let mut chosen: Vec<f64> = rows.iter().filter_map(|&row| values.get(row).copied()).collect();
    chosen.sort_by(f64::total_cmp);
    chosen.iter().sum::<f64>() + 0.0
}

fn names(groups: impl Iterator<Item = Option<String>>) -> Vec<String> {
    groups.map(|group| group.unwrap_or_else(|| "all".to_owned())).collect()
}

impl Body for Rates {
    fn csv(&self, sheet: &mut Sheet<'_>) -> io::Result<()> {
        sheet.header(&["group", "n", "events", "person_time", "rate", "lower", "upper"])?;
        for g in &self.groups {
            sheet.row(&[
                Cell::Text(g.group.as_deref().unwrap_or_default()),
                Cell::Count(g.n as u64),
                Cell::Count(g.events),
                Cell::Number(g.person_time),
                Cell::Maybe(g.rate),
                Cell::Maybe(g.lower),
                Cell::Maybe(g.upper),
            ])?;
        }
        Ok(())
    }

    fn text(&self, head: &Head) -> String {
        let percent = format!("{}%", output::shortest(self.level * 100.0));
        let method = head.parameters.get("method").and_then(|v| v.as_str()).unwrap_or_default();
        let mut out = format!("Rates per {}, {percent} limits ({method})\n\n", output::shortest(self.per));
        let column = |f: fn(&RateGroup) -> Option<f64>| self.groups.iter().map(f).collect::<Vec<_>>();
        out.push_str(
            &Layout::default()
                .left("", names(self.groups.iter().map(|g| g.group.clone())))
                .right("events", self.groups.iter().map(|g| g.events.to_string()).collect())
                .numbers("person-time", column(|g| Some(g.person_time)), 7)
                .numbers("rate", column(|g| g.rate), 4)
                .numbers(&format!("lower {percent} CI"), column(|g| g.lower), 4)
                .numbers(&format!("upper {percent} CI"), column(|g| g.upper), 4)
                .render(),
        );
        if let Some(r) = &self.rate_ratio {
            let _ = write!(
                out,
                "\nRate ratio (second / first, exact): {} [{}, {}], {}\n",
                brief(r.value, 4),
                brief(r.lower, 4),
                brief(r.upper, 4),
                output::p_clause(r.p)
            );
        }
        if let Some(d) = &self.rate_difference {
            let _ = writeln!(
                out,
                "Rate difference (second - first): {} [{}, {}], {}",
                brief(d.value, 4),
                brief(d.lower, 4),
                brief(d.upper, 4),
                output::p_clause(d.p)
            );
        }
        out
    }
}

#[derive(Debug, Serialize)]
struct Proportions {
    groups: Vec<ProportionGroup>,
    #[serde(skip)]
    level: f64,
}

#[derive(Debug, Serialize)]
struct ProportionGroup {
    group: Option<String>,
    n: u64,
    events: u64,
    proportion: Option<f64>,
    lower: Option<f64>,
    upper: Option<f64>,
}

pub(crate) fn run_proportion(arguments: &ProportionArguments, io: &mut Io<'_>) -> Outcome {
    let mut columns = Columns::default();
    columns.add("event", &arguments.event, Kind::Flag);
    columns.maybe("group", arguments.group.as_ref(), Kind::Label);
    let frame = Frame::new(input::read(&arguments.source.input, columns.0, io.files, io.stdin)?);
    let level = arguments.source.conf_level;
    let head = Head::new(
        "proportion",
        frame.len(),
        frame.excluded.clone(),
        json!({ "event": arguments.event, "group": arguments.group, "method": name_of(&arguments.method), "conf_level": level }),
    );
    let method = match arguments.method {
        ProportionLimits::ClopperPearson => ProportionMethod::ClopperPearson,
        ProportionLimits::Wilson => ProportionMethod::Wilson,
    };
    let event = frame.numbers("event");
    let mut all = Vec::new();
    for (group, rows) in groups(&frame) {
        let events = rows.iter().filter(|&&row| event.get(row).is_some_and(|e| *e > 0.0)).count() as u64;
        let n = rows.len() as u64;
        let estimate =
            (n > 0).then(|| proportion(events, n, method, level)).transpose().map_err(StatsError::input)?;
        let of = |f: fn(&survival::rates::Proportion) -> f64| estimate.as_ref().map(f);
        all.push(ProportionGroup {
            group,
            n,
            events,
            proportion: of(|p| p.value),
            lower: of(|p| p.lower),
            upper: of(|p| p.upper),
        });
    }
    output::write(&head, &Proportions { groups: all, level }, arguments.source.format, io.stdout)
}

impl Body for Proportions {
    fn csv(&self, sheet: &mut Sheet<'_>) -> io::Result<()> {
        sheet.header(&["group", "n", "events", "proportion", "lower", "upper"])?;
        for g in &self.groups {
            sheet.row(&[
                Cell::Text(g.group.as_deref().unwrap_or_default()),
                Cell::Count(g.n),
                Cell::Count(g.events),
                Cell::Maybe(g.proportion),
                Cell::Maybe(g.lower),
                Cell::Maybe(g.upper),
            ])?;
        }
        Ok(())
    }

    fn text(&self, head: &Head) -> String {
        let percent = format!("{}%", output::shortest(self.level * 100.0));
        let method = head.parameters.get("method").and_then(|v| v.as_str()).unwrap_or_default();
        let column = |f: fn(&ProportionGroup) -> Option<f64>| self.groups.iter().map(f).collect::<Vec<_>>();
        let table = Layout::default()
            .left("", names(self.groups.iter().map(|g| g.group.clone())))
            .right("n", self.groups.iter().map(|g| g.n.to_string()).collect())
            .right("events", self.groups.iter().map(|g| g.events.to_string()).collect())
            .numbers("proportion", column(|g| g.proportion), 4)
            .numbers(&format!("lower {percent} CI"), column(|g| g.lower), 4)
            .numbers(&format!("upper {percent} CI"), column(|g| g.upper), 4);
        format!("Proportions, {percent} limits ({method})\n\n{}", table.render())
    }
}
