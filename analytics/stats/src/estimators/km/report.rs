//! The table, the text and the figure of `km`.

use super::{At, Interval, Km, PerGroup};
use crate::output::{self, Body, Cell, Head, Layout, Sheet, brief, significant};
use crate::plot;
use std::fmt::Write as _;
use std::io;
use survival::event_table::EventTable;

impl Km {
    fn title(&self, group: &PerGroup) -> String {
        match (&self.column, &group.group) {
            (Some(column), Some(label)) => format!("{column}={label}"),
            _ => String::new(),
        }
    }

    pub(super) fn figure(&self, tables: &[EventTable], time: &str) -> plot::Figure {
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
            plot::Series {
                label: group.group.clone().unwrap_or_else(|| "all".to_owned()),
                start: 1.0,
                steps: steps.collect(),
                at_risk: table.clone(),
            }
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
        let name = |group: &PerGroup| group.group.clone().unwrap_or_default();
        if self.groups.iter().any(|group| !group.at.is_empty()) {
            sheet.header(&["group", "time", "n_risk", "surv", "std_err", "lower", "upper"])?;
            for group in &self.groups {
                for at in &group.at {
                    sheet.row(&[
                        Cell::Text(&name(group)),
                        Cell::Number(at.time),
                        Cell::Number(at.n_risk),
                        Cell::Maybe(at.surv),
                        Cell::Maybe(at.std_err),
                        Cell::Maybe(at.lower),
                        Cell::Maybe(at.upper),
                    ])?;
                }
            }
            return Ok(());
        }
        sheet.header(&[
            "group",
            "time",
            "n_risk",
            "n_event",
            "n_censor",
            "surv",
            "std_err",
            "lower",
            "upper",
            "cumhaz",
            "cumhaz_std_err",
        ])?;
        for group in &self.groups {
            let c = &group.curve;
            let (name, number) =
                (name(group), |column: &[f64], i: usize| Cell::Maybe(column.get(i).copied()));
            let maybe = |column: &[Option<f64>], i: usize| Cell::Maybe(column.get(i).copied().flatten());
            for i in 0..c.time.len() {
                sheet.row(&[
                    Cell::Text(&name),
                    number(&c.time, i),
                    number(&c.n_risk, i),
                    number(&c.n_event, i),
                    number(&c.n_censor, i),
                    number(&c.surv, i),
                    maybe(&c.std_err, i),
                    maybe(&c.lower, i),
                    maybe(&c.upper, i),
                    number(&c.cumhaz, i),
                    number(&c.cumhaz_std_err, i),
                ])?;
            }
        }
        Ok(())
    }

    fn text(&self, head: &Head) -> String {
        let level = output::shortest(self.level);
        let percent = format!("{}%", output::shortest(self.level * 100.0));
        let wanted =
            |group: &PerGroup| group.quantiles.iter().find(|q| (q.p - 0.5).abs() < 1e-12).map(|q| q.interval);
        let median = |f: fn(&Interval) -> Option<f64>| {
            significant(&self.groups.iter().map(|g| wanted(g).as_ref().and_then(f)).collect::<Vec<_>>(), 3)
        };
        let scale = head.parameters.get("conf_type").and_then(|v| v.as_str()).unwrap_or_default();
        let variance = head.parameters.get("variance").and_then(|v| v.as_str()).unwrap_or_default();
        let mut out =
            format!("Kaplan-Meier, {percent} limits on the {scale} scale, variance: {variance}\n\n");
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
                let _ = writeln!(out, "                {}", self.title(group));
            }
            let c = &group.curve;
            let rows: Vec<usize> =
                (0..c.time.len()).filter(|&i| c.n_event.get(i).is_some_and(|d| *d > 0.0)).collect();
            let pick = |column: &[f64]| rows.iter().map(|&i| column.get(i).copied()).collect::<Vec<_>>();
            let maybe = |column: &[Option<f64>]| {
                rows.iter().map(|&i| column.get(i).copied().flatten()).collect::<Vec<_>>()
            };
            let table = if group.at.is_empty() {
                Layout::default()
                    .numbers("time", pick(&c.time), 7)
                    .numbers("n.risk", pick(&c.n_risk), 7)
                    .numbers("n.event", pick(&c.n_event), 7)
                    .numbers("survival", pick(&c.surv), 3)
                    .numbers("std.err", maybe(&c.std_err), 3)
                    .numbers(&format!("lower {percent} CI"), maybe(&c.lower), 3)
                    .numbers(&format!("upper {percent} CI"), maybe(&c.upper), 3)
            } else {
                let at = |f: fn(&At) -> Option<f64>| group.at.iter().map(f).collect::<Vec<_>>();
                Layout::default()
                    .numbers("time", at(|a| Some(a.time)), 7)
                    .numbers("n.risk", at(|a| Some(a.n_risk)), 7)
                    .numbers("survival", at(|a| a.surv), 3)
                    .numbers("std.err", at(|a| a.std_err), 3)
                    .numbers(&format!("lower {percent} CI"), at(|a| a.lower), 3)
                    .numbers(&format!("upper {percent} CI"), at(|a| a.upper), 3)
            };
            out.push_str(&table.render());
            let m = group.median_follow_up;
            let _ = writeln!(
                out,
                "Median follow-up (reverse Kaplan-Meier): {} [{}, {}]",
                brief(m.value, 4),
                brief(m.lower, 4),
                brief(m.upper, 4)
            );
            if let Some(r) = &group.rmst {
                let _ = writeln!(
                    out,
                    "Restricted mean to {}: {} (se {}) [{}, {}]",
                    output::shortest(r.tau),
                    brief(r.value, 5),
                    brief(r.std_err, 4),
                    brief(r.lower, 5),
                    brief(r.upper, 5)
                );
            }
        }
        for (name, d) in [
            ("difference (second - first)", &self.rmst_difference),
            ("ratio (second / first)", &self.rmst_ratio),
        ] {
            if let Some(d) = d {
                let _ = writeln!(
                    out,
                    "Restricted mean {name}: {} [{}, {}], {}",
                    brief(d.value, 4),
                    brief(d.lower, 4),
                    brief(d.upper, 4),
                    output::p_clause(d.p)
                );
            }
        }
        out
    }
}
