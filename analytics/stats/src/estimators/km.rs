//! `km`.

use super::subjects::{COLUMNS, Plan, Subjects};
use super::{Io, Outcome, name_of};
use crate::arguments::{KmArguments, SurvivalScale};
use crate::error::StatsError;
use crate::frame::Columns;
use crate::input::Kind;
use crate::output::{self, Body, Cell, Head, Layout, Sheet, brief, significant};
use crate::plot;
use serde::Serialize;
use serde_json::json;
use std::io;
use survival::event_table::EventTable;
use survival::interval::ConfType;
use survival::kaplan_meier::{KaplanMeier, KmOptions, kaplan_meier_groups, median_follow_up};
use survival::rmst::{Contrast, Rmst, rmst, rmst_difference, rmst_ratio};

#[derive(Debug, Serialize)]
struct Km {
    groups: Vec<Group>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rmst_difference: Option<Difference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rmst_ratio: Option<Difference>,
    #[serde(skip)]
    level: f64,
    #[serde(skip)]
    column: Option<String>,
}

#[derive(Debug, Serialize)]
struct Group {
    group: Option<String>,
    n: u64,
    events: f64,
    person_time: f64,
    curve: Curve,
    at: Vec<At>,
    quantiles: Vec<Quantile>,
    median_follow_up: Interval,
    #[serde(skip_serializing_if = "Option::is_none")]
    rmst: Option<Restricted>,
}

#[derive(Debug, Default, Serialize)]
struct Curve {
    time: Vec<f64>,
    n_risk: Vec<f64>,
    n_event: Vec<f64>,
    n_censor: Vec<f64>,
    surv: Vec<f64>,
    std_err: Vec<Option<f64>>,
    lower: Vec<Option<f64>>,
    upper: Vec<Option<f64>>,
    cumhaz: Vec<f64>,
    cumhaz_std_err: Vec<f64>,
}

#[derive(Debug, Serialize)]
struct At {
    time: f64,
    n_risk: f64,
    surv: Option<f64>,
    std_err: Option<f64>,
    lower: Option<f64>,
    upper: Option<f64>,
    /// After the last observed time the last value is carried forward.
    beyond_follow_up: bool,
}

#[derive(Debug, Serialize)]
struct Quantile {
    p: f64,
    #[serde(flatten)]
    interval: Interval,
}

#[derive(Debug, Clone, Copy, Serialize)]
struct Interval {
    value: Option<f64>,
    lower: Option<f64>,
    upper: Option<f64>,
}

#[derive(Debug, Serialize)]
struct Restricted {
    tau: f64,
    value: Option<f64>,
    std_err: Option<f64>,
    lower: Option<f64>,
    upper: Option<f64>,
}

#[derive(Debug, Serialize)]
struct Difference {
    value: Option<f64>,
    std_err: Option<f64>,
    lower: Option<f64>,
    upper: Option<f64>,
    p: Option<f64>,
}

impl Difference {
    fn new(contrast: Option<Contrast>) -> Self {
        let of = |f: fn(&Contrast) -> f64| contrast.as_ref().map(f);
        Self {
            value: of(|c| c.value),
            std_err: of(|c| c.std_err),
            lower: of(|c| c.lower),
            upper: of(|c| c.upper),
            p: contrast.and_then(|c| c.p),
        }
    }
}

pub(crate) fn run(arguments: &KmArguments, mut io: Io<'_>) -> Outcome {
    let plan = Plan {
        input: &arguments.source.input,
        observation: &arguments.observation,
        outcome: ("event", &arguments.event, Kind::Flag),
        group: arguments.group.as_ref(),
        strata: &[],
        first: Columns::default(),
        ordered: false,
    };
    let subjects = Subjects::load(plan, &mut io)?;
    let level = arguments.source.conf_level;
    let conf_type = match arguments.conf_type {
        SurvivalScale::LogLog => ConfType::LogLog,
        SurvivalScale::Log => ConfType::Log,
        SurvivalScale::Plain => ConfType::Plain,
        SurvivalScale::Logit => ConfType::Logit,
        SurvivalScale::Arcsin => ConfType::Arcsin,
    };
    let options = KmOptions { conf_level: level, conf_type };
    let observation = &arguments.observation;
    let mut head = Head::new(
        "km",
        subjects.len(),
        subjects.frame.excluded.clone(),
        json!({
            "time": observation.time, "event": arguments.event, "entry": observation.entry, "group": arguments.group,
            "weight": observation.weight, "id": observation.id, "conf_level": level, "conf_type": name_of(arguments.conf_type),
            "variance": "greenwood", "quantiles": arguments.quantiles, "at": (!arguments.at.is_empty()).then_some(&arguments.at),
            "rmst": arguments.rmst, "from": arguments.from,
        }),
    );
    let tables = subjects.tables(1)?;
    let curves = kaplan_meier_groups(&tables, &options).map_err(|e| subjects.frame.fault(&e, &COLUMNS))?;
    let names = subjects.group_names();
    let mut groups = Vec::with_capacity(names.len());
    let mut restricted = Vec::new();
    for ((name, table), whole) in names.iter().zip(&tables).zip(&curves) {
        let (group, mean) = one(arguments, &options, name.as_ref(), table, whole, &mut head)?;
        groups.push(group);
        restricted.push(mean);
    }
    let mut km = Km { groups, rmst_difference: None, rmst_ratio: None, level, column: arguments.group.clone() };
    if let (Some(_), [first, second]) = (arguments.rmst, restricted.as_slice()) {
        let both = first.as_ref().zip(second.as_ref());
        km.rmst_difference = Some(Difference::new(both.and_then(|(a, b)| rmst_difference(b, a).ok())));
        km.rmst_ratio = Some(Difference::new(both.and_then(|(a, b)| rmst_ratio(b, a).ok())));
    }
    if let Some(file) = &arguments.plot {
        plot::save(file, &km.figure(&tables, &arguments.observation.time))?;
    }
    output::write(&head, &km, arguments.source.format, io.stdout)
}

fn one(
    arguments: &KmArguments,
    options: &KmOptions,
    name: Option<&String>,
    table: &EventTable,
    whole: &KaplanMeier,
    head: &mut Head,
) -> Result<(Group, Option<Rmst>), StatsError> {
    let of_group = name.map_or_else(String::new, |name| format!(" of group {name}"));
    let internal = |e: survival::error::Error| StatsError::input(e);
    let conditional = match arguments.from {
        Some(from) if from < 0.0 => {
            return Err(StatsError::input("a time to condition on that is not accepted").option("from").value(from).rule("a time of 0 or later"));
        }
        Some(from) => whole.conditional(from).ok(),
        None => Some(whole.clone()),
    };
    if let (Some(from), None, false) = (arguments.from, &conditional, table.is_empty()) {
        head.warn(format!("nobody{of_group} is observed after time {}: the conditional curve is undefined", output::shortest(from)));
    }
    let km = conditional.as_ref();
    if let Some(time) = km.and_then(KaplanMeier::risk_set_emptied_at) {
        head.warn(format!(
            "the risk set{of_group} is empty at time {}: the curve stays at 0 although subjects are observed later; --from conditions on a later time",
            output::shortest(time)
        ));
    }
    let at = match km {
        Some(km) => km.at(&arguments.at).iter().map(|at| At {
            time: at.time,
            n_risk: at.n_risk,
            surv: (!table.is_empty()).then_some(at.surv),
            std_err: at.std_err.filter(|_| !table.is_empty()),
            lower: at.lower.filter(|_| !table.is_empty()),
            upper: at.upper.filter(|_| !table.is_empty()),
            beyond_follow_up: at.beyond_follow_up,
        }).collect(),
        None => arguments.at.iter().map(|&time| At {
            time, n_risk: table.at_risk_at(time), surv: None, std_err: None, lower: None, upper: None, beyond_follow_up: true,
        }).collect(),
    };
    let undefined = |p: f64| Quantile { p, interval: Interval { value: None, lower: None, upper: None } };
    let quantiles = match km {
        Some(km) if !table.is_empty() => km.quantiles(&arguments.quantiles).map_err(internal)?.iter().map(|q| Quantile {
            p: q.p, interval: Interval { value: q.value, lower: q.lower, upper: q.upper },
        }).collect(),
        _ => arguments.quantiles.iter().map(|&p| undefined(p)).collect(),
    };
    let follow_up = median_follow_up(table, options).map_err(internal)?;
    let mean = match (arguments.rmst, km) {
        (Some(tau), Some(km)) if !table.is_empty() => Some(rmst(km, tau).map_err(|error| {
            StatsError::input(format!("a horizon that the curve{of_group} does not reach"))
                .option("rmst")
                .value(tau)
                .rule(match error {
                    survival::error::Error::InvalidParameter { expected, .. } => expected.to_owned(),
                    other => other.to_string(),
                })
        })?),
        _ => None,
    };
    let curve = km.map_or_else(Curve::default, |km| {
        let c = km.curve();
        Curve {
            time: c.time, n_risk: c.n_risk, n_event: c.n_event, n_censor: c.n_censor, surv: c.surv, std_err: c.std_err,
            lower: c.lower, upper: c.upper, cumhaz: c.cumhaz, cumhaz_std_err: c.cumhaz_std_err,
        }
    });
    let group = Group {
        group: name.cloned(),
        n: table.n(),
        events: curve.n_event.iter().sum::<f64>() + 0.0,
        person_time: table.person_time() + 0.0,
        curve,
        at,
        quantiles,
        median_follow_up: Interval { value: follow_up.value, lower: follow_up.lower, upper: follow_up.upper },
        rmst: arguments.rmst.map(|tau| Restricted {
            tau,
            value: mean.map(|m| m.value),
            std_err: mean.map(|m| m.std_err),
            lower: mean.map(|m| m.lower),
            upper: mean.map(|m| m.upper),
        }),
    };
    Ok((group, mean))
}

impl Km {
    fn title(&self, group: &Group) -> String {
        match (&self.column, &group.group) {
            (Some(column), Some(label)) => format!("{column}={label}"),
            _ => String::new(),
        }
    }

    fn figure(&self, tables: &[EventTable], time: &str) -> plot::Figure {
        let series = self.groups.iter().zip(tables).map(|(group, table)| {
            let c = &group.curve;
            let steps = (0..c.time.len()).filter_map(|i| {
                Some(plot::Step {
                    time: *c.time.get(i)?,
                    value: *c.surv.get(i)?,
                    lower: c.lower.get(i).copied().flatten(),
                    upper: c.upper.get(i).copied().flatten(),
                    censored: c.n_censor.get(i).is_some_and(|n| *n > 0.0),
                })
            });
            plot::Series { label: group.group.clone().unwrap_or_else(|| "all".to_owned()), start: 1.0, steps: steps.collect(), at_risk: table.clone() }
        });
        plot::Figure {
            title: match &self.column {
                Some(column) => format!("Survival by {column}"),
                None => "Survival".to_owned(),
            },
            y_label: "Survival probability".to_owned(),
            x_label: time.to_owned(),
            level: self.level,
            series: series.collect(),
        }
    }
}

impl Body for Km {
    fn csv(&self, sheet: &mut Sheet<'_>) -> io::Result<()> {
        let name = |group: &Group| group.group.clone().unwrap_or_default();
        if self.groups.iter().any(|group| !group.at.is_empty()) {
            sheet.header(&["group", "time", "n_risk", "surv", "std_err", "lower", "upper"])?;
            for group in &self.groups {
                for at in &group.at {
                    sheet.row(&[
                        Cell::Text(&name(group)), Cell::Number(at.time), Cell::Number(at.n_risk), Cell::Maybe(at.surv),
                        Cell::Maybe(at.std_err), Cell::Maybe(at.lower), Cell::Maybe(at.upper),
                    ])?;
                }
            }
            return Ok(());
        }
        sheet.header(&[
            "group", "time", "n_risk", "n_event", "n_censor", "surv", "std_err", "lower", "upper", "cumhaz", "cumhaz_std_err",
        ])?;
        for group in &self.groups {
            let c = &group.curve;
            let (name, number) = (name(group), |column: &[f64], i: usize| Cell::Maybe(column.get(i).copied()));
            let maybe = |column: &[Option<f64>], i: usize| Cell::Maybe(column.get(i).copied().flatten());
            for i in 0..c.time.len() {
                sheet.row(&[
                    Cell::Text(&name), number(&c.time, i), number(&c.n_risk, i), number(&c.n_event, i), number(&c.n_censor, i),
                    number(&c.surv, i), maybe(&c.std_err, i), maybe(&c.lower, i), maybe(&c.upper, i), number(&c.cumhaz, i),
                    number(&c.cumhaz_std_err, i),
                ])?;
            }
        }
        Ok(())
    }

    fn text(&self, head: &Head) -> String {
        let level = output::shortest(self.level);
        let percent = format!("{}%", output::shortest(self.level * 100.0));
        let wanted = |group: &Group| group.quantiles.iter().find(|q| q.p == 0.5).map(|q| q.interval);
        let median = |f: fn(&Interval) -> Option<f64>| {
            significant(&self.groups.iter().map(|g| wanted(g).as_ref().and_then(f)).collect::<Vec<_>>(), 3)
        };
        let scale = head.parameters.get("conf_type").and_then(|v| v.as_str()).unwrap_or_default();
        let mut out = format!("Kaplan-Meier, {percent} limits on the {scale} scale, Greenwood's variance\n\n");
        out.push_str(
            &Layout::default()
                .left("", self.groups.iter().map(|g| self.title(g)).collect())
                .right("n", self.groups.iter().map(|g| g.n.to_string()).collect())
                .right("events", self.groups.iter().map(|g| output::shortest(g.events)).collect())
                .right("median", median(|i| i.value))
                .right(&format!("{level}LCL"), median(|i| i.lower))
                .right(&format!("{level}UCL"), median(|i| i.upper))
                .render(),
        );
        for group in &self.groups {
            out.push('\n');
            if group.group.is_some() {
                out.push_str(&format!("                {}\n", self.title(group)));
            }
            let c = &group.curve;
            let rows: Vec<usize> = (0..c.time.len()).filter(|&i| c.n_event.get(i).is_some_and(|d| *d > 0.0)).collect();
            let pick = |column: &[f64]| rows.iter().map(|&i| column.get(i).copied()).collect::<Vec<_>>();
            let maybe = |column: &[Option<f64>]| rows.iter().map(|&i| column.get(i).copied().flatten()).collect::<Vec<_>>();
            let table = if group.at.is_empty() {
                Layout::default().numbers("time", pick(&c.time), 7).numbers("n.risk", pick(&c.n_risk), 7)
                    .numbers("n.event", pick(&c.n_event), 7).numbers("survival", pick(&c.surv), 3)
                    .numbers("std.err", maybe(&c.std_err), 3).numbers(&format!("lower {percent} CI"), maybe(&c.lower), 3)
                    .numbers(&format!("upper {percent} CI"), maybe(&c.upper), 3)
            } else {
                let at = |f: fn(&At) -> Option<f64>| group.at.iter().map(f).collect::<Vec<_>>();
                Layout::default().numbers("time", at(|a| Some(a.time)), 7).numbers("n.risk", at(|a| Some(a.n_risk)), 7)
                    .numbers("survival", at(|a| a.surv), 3).numbers("std.err", at(|a| a.std_err), 3)
                    .numbers(&format!("lower {percent} CI"), at(|a| a.lower), 3).numbers(&format!("upper {percent} CI"), at(|a| a.upper), 3)
            };
            out.push_str(&table.render());
            let m = group.median_follow_up;
            out.push_str(&format!(
                "Median follow-up (reverse Kaplan-Meier): {} [{}, {}]\n",
                brief(m.value, 4), brief(m.lower, 4), brief(m.upper, 4)
            ));
            if let Some(r) = &group.rmst {
                out.push_str(&format!(
                    "Restricted mean to {}: {} (se {}) [{}, {}]\n",
                    output::shortest(r.tau), brief(r.value, 5), brief(r.std_err, 4), brief(r.lower, 5), brief(r.upper, 5)
                ));
            }
        }
        for (name, d) in [("difference (second - first)", &self.rmst_difference), ("ratio (second / first)", &self.rmst_ratio)] {
            if let Some(d) = d {
                out.push_str(&format!(
                    "Restricted mean {name}: {} [{}, {}], {}\n",
                    brief(d.value, 4), brief(d.lower, 4), brief(d.upper, 4), output::p_clause(d.p)
                ));
            }
        }
        out
    }
}
