//! The incidence report as rows and tables.

use super::{IncidenceGroup, IncidenceResult};
use crate::render::{Block, EstimateRow, Table, say};
use clinical::Language;

pub(super) fn rows(result: &IncidenceResult) -> Vec<EstimateRow> {
    let mut rows = Vec::new();
    for group in &result.groups {
        group_rows(result, group, None, &mut rows);
    }
    for stretch in result.periods.iter().chain(&result.years) {
        for group in &stretch.groups {
            group_rows(result, group, Some(&stretch.label), &mut rows);
        }
    }
    rows
}

fn group_rows(
    result: &IncidenceResult,
    group: &IncidenceGroup,
    at: Option<&str>,
    rows: &mut Vec<EstimateRow>,
) {
    let unit = match (result.unit, result.per) {
        ("person-years", 100.0) => "per 100 person-years",
        ("person-months", 100.0) => "per 100 person-months",
        ("patient-days", 100.0) => "per 100 patient-days",
        ("person-years", 1000.0) => "per 1000 person-years",
        _ => "per person-time as stated",
    };
    let row = |statistic: &'static str, unit: &'static str| {
        let row = EstimateRow::new(&result.title.en, &group.group.label, statistic, unit);
        let row = at.map_or(row.clone(), |at| row.at(&at));
        row.counts(group.n, group.events)
    };
    rows.push(row("rate", unit).interval(group.rate));
    rows.push(row("person_time", result.unit).value(group.person_time));
    rows.push(row("crude", "share").interval(group.crude));
}

pub(super) fn blocks(result: &IncidenceResult, language: Language) -> Vec<Block> {
    let title = say(language, &result.title.en, &result.title.zh);
    let mut blocks = vec![Block::Table(table(result, title, None, &result.groups, language))];
    for (heading, stretches) in [
        (say(language, "by period", "按时期"), &result.periods),
        (say(language, "by calendar year", "按日历年"), &result.years),
    ] {
        if stretches.is_empty() {
            continue;
        }
        let mut all = table(
            result,
            &format!("{title}, {heading}"),
            Some(say(language, "period", "时期")),
            &[],
            language,
        );
        for stretch in stretches {
            for group in &stretch.groups {
                all.push(cells(group, Some(&stretch.label)));
            }
        }
        blocks.push(Block::Table(all));
    }
    blocks
}

fn table(
    result: &IncidenceResult,
    title: &str,
    stretch: Option<&str>,
    groups: &[IncidenceGroup],
    language: Language,
) -> Table {
    let unit = match result.unit {
        "person-years" => say(language, "person-years", "人年"),
        "person-months" => say(language, "person-months", "人月"),
        _ => say(language, "patient-days", "人日"),
    };
    let mut columns = vec![say(language, "group", "组").to_owned()];
    columns.extend(stretch.map(str::to_owned));
    columns.extend([
        "n".to_owned(),
        say(language, "events", "事件").to_owned(),
        unit.to_owned(),
        match language {
            Language::En => format!("per {} {unit} (CI)", result.per),
            Language::Zh => format!("每{}{unit} (CI)", result.per),
        },
        say(language, "% with event (CI)", "发生比例% (CI)").to_owned(),
    ]);
    let mut table = Table::new(title, columns);
    for group in groups {
        table.push(cells(group, None));
    }
    table
}

fn cells(group: &IncidenceGroup, stretch: Option<&str>) -> Vec<String> {
    let mut cells = vec![group.group.label.clone()];
    cells.extend(stretch.map(str::to_owned));
    cells.extend([
        group.n.to_string(),
        group.events.to_string(),
        format!("{:.1}", group.person_time),
        group.rate.text(|v| format!("{v:.2}")),
        group.crude.percent_text(),
    ]);
    cells
}
