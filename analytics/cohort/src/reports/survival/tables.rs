//! The survival report as rows, tables and curves.

use super::{CurrentGroup, EndpointResult, GroupResult, IncidenceGroup, Model, SurvivalGroup};
use crate::render::figure::{Forest, ForestRow, Panel, Part, Series, Step};
use crate::render::{Block, EstimateRow, Table, day_heading, say};
use crate::reports::estimates::{AtRisk, Interval};
use clinical::Language;

pub(super) fn rows(endpoints: &[EndpointResult]) -> Vec<EstimateRow> {
    let mut rows = Vec::new();
    for endpoint in endpoints {
        for group in &endpoint.groups {
            match group {
                GroupResult::Survival(group) => survival_rows(&endpoint.label, group, &mut rows),
                GroupResult::Incidence(group) => incidence_rows(&endpoint.label, group, &mut rows),
                GroupResult::Current(group) => current_rows(&endpoint.label, group, &mut rows),
            }
        }
        let of_all =
            |statistic: &str, unit| EstimateRow::new(&endpoint.label, "all subjects", statistic, unit);
        for excluded in &endpoint.excluded {
            rows.push(of_all("excluded", "subjects").at(&excluded.reason).value(excluded.n as f64));
        }
        if let Some(test) = &endpoint.test {
            let row = |what: &str| of_all(&format!("{}_{what}", test.test), "");
            rows.push(row("chisq").optional(test.chisq, None, None, None));
            rows.push(row("df").value(test.df as f64));
            rows.push(row("p").optional(test.p, None, None, None));
        }
        for model in &endpoint.models {
            for term in &model.terms {
                let row = of_all(&format!("{}_hazard_ratio", model.model), "ratio").at(&term.term);
                rows.push(row.interval(term.hazard_ratio).counts(model.n, model.events));
                let row = of_all(&format!("{}_coefficient", model.model), "log ratio").at(&term.term);
                rows.push(
                    row.optional(term.coefficient, term.std_err, None, None).counts(model.n, model.events),
                );
                rows.push(
                    of_all(&format!("{}_p", model.model), "")
                        .at(&term.term)
                        .optional(term.p, None, None, None),
                );
            }
        }
    }
    rows
}

fn survival_rows(label: &str, group: &SurvivalGroup, rows: &mut Vec<EstimateRow>) {
    let row = |statistic: &'static str, unit: &'static str| {
        EstimateRow::new(label, &group.group.label, statistic, unit)
    };
    let counted = |row: EstimateRow| row.counts(group.n, group.events);
    rows.push(counted(row("subjects", "subjects").value(group.n as f64)));
    rows.push(counted(row("events", "subjects").value(group.events as f64)));
    rows.push(counted(row("median", "days").interval(group.median)));
    rows.push(counted(row("median_follow_up", "days").interval(group.median_follow_up)));
    for quantile in &group.quantiles {
        rows.push(counted(row("quantile", "days").at(&quantile.p).interval(quantile.days)));
    }
    if let Some(mean) = group.rmst {
        let Interval { value, lower, upper } = mean.mean;
        rows.push(counted(row("restricted_mean", "days").at(&mean.tau).optional(
            value,
            mean.std_err,
            lower,
            upper,
        )));
    }
    for at in &group.at {
        let value = row("survival", "probability").at(&at.day);
        rows.push(value.optional(at.survival, at.std_err, at.lower, at.upper).n(at.n_risk));
    }
    rows.extend(
        group.at_risk.iter().map(|at| row("at_risk", "subjects").at(&at.day).value(at.n_risk as f64)),
    );
    for step in group.curve.steps() {
        rows.push(
            row("survival_curve", "probability")
                .at(&step.day)
                .optional(Some(step.survival), step.std_err, step.lower, step.upper)
                .counts(step.n_risk, step.n_event),
        );
    }
}

fn incidence_rows(label: &str, group: &IncidenceGroup, rows: &mut Vec<EstimateRow>) {
    let row = |statistic: &'static str, unit: &'static str| {
        EstimateRow::new(label, &group.group.label, statistic, unit)
    };
    let counted = |row: EstimateRow| row.counts(group.n, group.events);
    rows.push(counted(row("subjects", "subjects").value(group.n as f64)));
    rows.push(counted(row("events", "subjects").value(group.events as f64)));
    rows.push(counted(row("competing_events", "subjects").value(group.competing as f64)));
    for at in &group.at {
        let value = row("cumulative_incidence", "probability").at(&at.day);
        rows.push(value.optional(at.cif, at.std_err, at.lower, at.upper).n(at.n_risk));
    }
    rows.extend(
        group.at_risk.iter().map(|at| row("at_risk", "subjects").at(&at.day).value(at.n_risk as f64)),
    );
    for step in group.curve.steps() {
        rows.push(
            row("cumulative_incidence_curve", "probability")
                .at(&step.day)
                .optional(Some(step.cif), step.std_err, step.lower, step.upper)
                .counts(step.n_risk, step.n_event),
        );
    }
}

fn current_rows(label: &str, group: &CurrentGroup, rows: &mut Vec<EstimateRow>) {
    let row =
        |statistic: &str, unit: &'static str| EstimateRow::new(label, &group.group.label, statistic, unit);
    rows.push(row("subjects", "subjects").value(group.n as f64).counts(group.n, group.entered));
    rows.push(row("entered", "subjects").value(group.entered as f64).counts(group.n, group.entered));
    for (day, interval) in &group.at {
        rows.push(row("current_state", "probability").at(day).interval(*interval).n(group.n));
    }
    for (state, probability) in group.states.iter().zip(&group.probability) {
        for (day, value) in group.day.iter().zip(probability) {
            rows.push(row(&format!("state_{state}"), "probability").at(day).value(*value));
        }
    }
}

pub(super) fn blocks(endpoints: &[EndpointResult], language: Language) -> Vec<Block> {
    let mut blocks = Vec::new();
    for endpoint in endpoints {
        blocks.push(Block::Table(main_table(endpoint, language)));
        if let Some(table) = at_risk_table(endpoint, language) {
            blocks.push(Block::Table(table));
        }
        if !endpoint.excluded.is_empty() {
            let columns = [say(language, "excluded because", "排除原因"), "n"];
            let mut table = Table::new("", columns.map(str::to_owned).into());
            for excluded in &endpoint.excluded {
                table.push(vec![excluded.reason.clone(), excluded.n.to_string()]);
            }
            blocks.push(Block::Table(table));
        }
        if let Some(test) = &endpoint.test {
            let p = test.p.map_or_else(|| "–".to_owned(), p_text);
            let chisq = test.chisq.map_or_else(|| "–".to_owned(), |c| format!("{c:.3}"));
            blocks.push(Block::Line(format!(
                "{} {}: χ² = {chisq}, df = {}, p = {p}",
                endpoint.label, test.test, test.df
            )));
        }
        blocks
            .extend(endpoint.models.iter().map(|model| Block::Table(model_table(endpoint, model, language))));
    }
    blocks
}

fn p_text(p: f64) -> String {
    if p < 0.001 { format!("{p:.1e}") } else { format!("{p:.3}") }
}

fn main_table(endpoint: &EndpointResult, language: Language) -> Table {
    let title = endpoint.title(language);
    let days: Vec<i32> = endpoint.groups.first().map(days).unwrap_or_default();
    let survival = matches!(endpoint.groups.first(), Some(GroupResult::Survival(_)));
    let incidence = matches!(endpoint.groups.first(), Some(GroupResult::Incidence(_)));
    let mut columns = vec![
        say(language, "group", "组").to_owned(),
        "n".to_owned(),
        say(language, "events", "事件").to_owned(),
    ];
    if survival {
        columns.push(say(language, "median, days", "中位数（天）").to_owned());
    }
    if incidence {
        columns.push(say(language, "competing", "竞争事件").to_owned());
    }
    columns.extend(days.iter().map(|d| day_heading(language, *d)));
    if survival {
        columns.push(say(language, "median follow-up", "中位随访").to_owned());
    }
    let title = match (language, survival) {
        (Language::En, true) => format!("{title}: median, and % on given days (CI)"),
        (Language::Zh, true) => format!("{title}：中位数与各日生存率%（CI）"),
        (Language::En, false) => format!("{title}: % on given days (CI)"),
        (Language::Zh, false) => format!("{title}：各日%（CI）"),
    };
    let mut table = Table::new(title, columns);
    for group in &endpoint.groups {
        let mut cells = Vec::new();
        let percents =
            |intervals: Vec<Interval>| intervals.iter().map(Interval::percent_text).collect::<Vec<_>>();
        match group {
            GroupResult::Survival(g) => {
                cells.extend([
                    g.group.label.clone(),
                    g.n.to_string(),
                    g.events.to_string(),
                    g.median.days_text(),
                ]);
                let at = g.at.iter().map(|a| Interval { value: a.survival, lower: a.lower, upper: a.upper });
                cells.extend(percents(at.collect()));
                cells.push(g.median_follow_up.days_text());
            }
            GroupResult::Incidence(g) => {
                cells.extend([
                    g.group.label.clone(),
                    g.n.to_string(),
                    g.events.to_string(),
                    g.competing.to_string(),
                ]);
                let at = g.at.iter().map(|a| Interval { value: a.cif, lower: a.lower, upper: a.upper });
                cells.extend(percents(at.collect()));
            }
            GroupResult::Current(g) => {
                cells.extend([g.group.label.clone(), g.n.to_string(), g.entered.to_string()]);
                cells.extend(percents(g.at.iter().map(|(_, interval)| *interval).collect()));
            }
        }
        table.push(cells);
    }
    table
}

fn days(group: &GroupResult) -> Vec<i32> {
    match group {
        GroupResult::Survival(g) => g.at.iter().map(|a| a.day).collect(),
        GroupResult::Incidence(g) => g.at.iter().map(|a| a.day).collect(),
        GroupResult::Current(g) => g.at.iter().map(|(day, _)| *day).collect(),
    }
}

fn at_risk(group: &GroupResult) -> Option<(&str, &[AtRisk])> {
    match group {
        GroupResult::Survival(g) => Some((&g.group.label, &g.at_risk)),
        GroupResult::Incidence(g) => Some((&g.group.label, &g.at_risk)),
        GroupResult::Current(_) => None,
    }
}

fn at_risk_table(endpoint: &EndpointResult, language: Language) -> Option<Table> {
    let groups: Vec<(&str, &[AtRisk])> = endpoint.groups.iter().filter_map(at_risk).collect();
    let all: Vec<i32> = groups.first()?.1.iter().map(|a| a.day).collect();
    // Days after everybody's last are in JSON and CSV; a terminal has no room for their zeros.
    let observed = |day: &i32| groups.iter().any(|(_, at)| at.iter().any(|a| a.day == *day && a.n_risk > 0));
    let days: Vec<i32> = all.into_iter().filter(observed).collect();
    let mut columns = vec![say(language, "at risk on day", "各日在险人数").to_owned()];
    columns.extend(days.iter().map(ToString::to_string));
    let mut table = Table::new("", columns);
    for (label, at) in groups {
        let mut cells = vec![label.to_owned()];
        cells.extend(at.iter().filter(|a| days.contains(&a.day)).map(|a| a.n_risk.to_string()));
        table.push(cells);
    }
    Some(table)
}

fn model_name(model: &Model, language: Language) -> &'static str {
    match model.model {
        "cox" => say(language, "Cox model", "Cox模型"),
        "cause_specific_cox" => say(language, "cause-specific Cox model", "原因别Cox模型"),
        _ => say(language, "Fine-Gray model", "Fine-Gray模型"),
    }
}

fn model_table(endpoint: &EndpointResult, model: &Model, language: Language) -> Table {
    let title = format!(
        "{}, {}: n = {}, {} = {}",
        endpoint.label,
        model_name(model, language),
        model.n,
        say(language, "events", "事件"),
        model.events
    );
    let columns = [say(language, "term", "项"), say(language, "hazard ratio (CI)", "风险比 (CI)"), "p"];
    let mut table = Table::new(title, columns.map(str::to_owned).into());
    if let Some(why) = &model.undefined {
        table.push(vec![why.clone(), "–".to_owned(), "–".to_owned()]);
    }
    for term in &model.terms {
        let ratio = if term.state == "finite" {
            term.hazard_ratio.text(|v| format!("{v:.2}"))
        } else {
            term.state.to_owned()
        };
        table.push(vec![term.term.clone(), ratio, term.p.map_or_else(|| "–".to_owned(), p_text)]);
    }
    table
}

pub(super) fn parts(endpoints: &[EndpointResult], language: Language) -> Vec<Part> {
    let mut parts = Vec::new();
    for endpoint in endpoints {
        let survival = matches!(endpoint.groups.first(), Some(GroupResult::Survival(_)) | None);
        let y_label = if survival {
            say(language, "probability", "概率")
        } else {
            say(language, "cumulative incidence", "累积发生率")
        };
        parts.push(Part::Curves(Panel {
            title: endpoint.title(language).to_owned(),
            x_label: say(language, "days from infusion", "回输后天数").to_owned(),
            y_label: y_label.to_owned(),
            at_risk_label: say(language, "at risk", "在险人数").to_owned(),
            last_day: None,
            series: endpoint.groups.iter().map(series).collect(),
        }));
        for model in endpoint.models.iter().filter(|m| m.undefined.is_none()) {
            parts.push(Part::Forest(Forest {
                title: format!("{}: {}", endpoint.title(language), model_name(model, language)),
                x_label: say(language, "hazard ratio (log scale)", "风险比（对数刻度）").to_owned(),
                reference: 1.0,
                rows: model
                    .terms
                    .iter()
                    .map(|t| ForestRow { label: t.term.clone(), interval: t.hazard_ratio })
                    .collect(),
            }));
        }
    }
    parts
}

fn series(group: &GroupResult) -> Series {
    let marks = |at: &[AtRisk]| at.iter().map(|a| (a.day, a.n_risk)).collect();
    match group {
        GroupResult::Survival(group) => Series {
            label: format!("{}, n = {}", group.group.label, group.n),
            start: 1.0,
            steps: group
                .curve
                .steps()
                .map(|s| Step {
                    day: s.day,
                    value: s.survival,
                    lower: s.lower,
                    upper: s.upper,
                    censored: s.n_censor > 0,
                })
                .collect(),
            at_risk: marks(&group.at_risk),
        },
        GroupResult::Incidence(group) => Series {
            label: format!("{}, n = {}", group.group.label, group.n),
            start: 0.0,
            steps: group
                .curve
                .steps()
                .map(|s| Step {
                    day: s.day,
                    value: s.cif,
                    lower: s.lower,
                    upper: s.upper,
                    censored: s.n_censor > 0,
                })
                .collect(),
            at_risk: marks(&group.at_risk),
        },
        GroupResult::Current(group) => Series {
            label: format!("{}, n = {}", group.group.label, group.n),
            start: 0.0,
            steps: group
                .day
                .iter()
                .zip(group.probability.get(1).into_iter().flatten())
                .map(|(day, value)| Step {
                    day: *day,
                    value: *value,
                    lower: None,
                    upper: None,
                    censored: false,
                })
                .collect(),
            at_risk: Vec::new(),
        },
    }
}
