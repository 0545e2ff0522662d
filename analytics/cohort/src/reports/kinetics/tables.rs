//! The kinetics report as rows, tables and curves.

use super::{AssayResult, KineticsResult};
use crate::render::figure::{LineSeries, Lines, Part};
use crate::render::{Block, EstimateRow, Figure, Table, say};
use crate::reports::ReportKind;
use crate::reports::summary::Summary;
use clinical::Language;

fn name(assay: &AssayResult) -> String {
    format!("{}, {}, {}", assay.assay.assay, assay.assay.specimen, assay.assay.unit)
}

pub(super) fn rows(result: &KineticsResult) -> Vec<EstimateRow> {
    let mut rows = Vec::new();
    for assay in &result.assays {
        let endpoint = name(assay);
        for group in &assay.groups {
            let row =
                |statistic: &str, unit| EstimateRow::new(&endpoint, &group.group.label, statistic, unit);
            rows.push(row("subjects", "subjects").value(group.n as f64));
            rows.push(row("samples", "samples").value(group.samples as f64));
            for (parameter, summary) in &group.parameters {
                let unit =
                    if matches!(*parameter, "tmax" | "tlast" | "half_life") { "days" } else { "level" };
                for (figure, value) in summary.figures() {
                    rows.push(
                        row(parameter, unit).at(&figure).optional(value, None, None, None).n(summary.n),
                    );
                }
            }
            for level in &group.curve {
                let value = row("level_median", "level").at(&level.name);
                rows.push(
                    value.optional(level.level.median, None, level.level.q1, level.level.q3).n(level.level.n),
                );
                let share = row("detectable", "share").at(&level.name);
                rows.push(
                    share.interval(level.detectable.share).counts(level.detectable.of, level.detectable.n),
                );
            }
            rows.push(row("persistence_median", "days").interval(group.persistence));
        }
        for exposure in &assay.exposure {
            let at = format!("{} {}", if exposure.with { "with" } else { "without" }, exposure.outcome);
            for (parameter, summary) in [("cmax", &exposure.cmax), ("auc_window", &exposure.auc_window)] {
                let row =
                    EstimateRow::new(&endpoint, "all subjects", &format!("{parameter}_median"), "level")
                        .at(&at);
                rows.push(row.optional(summary.median, None, summary.q1, summary.q3).n(summary.n));
            }
        }
    }
    rows
}

pub(super) fn blocks(result: &KineticsResult, language: Language) -> Vec<Block> {
    let mut blocks = Vec::new();
    for assay in &result.assays {
        let mut columns = vec![say(language, "median (quartiles)", "中位数（四分位数）").to_owned()];
        columns.extend(assay.groups.iter().map(|g| format!("{}, n = {}", g.group.label, g.n)));
        let mut table = Table::new(name(assay), columns);
        let parameters = assay.groups.first().map(|g| g.parameters.len()).unwrap_or_default();
        for place in 0..parameters {
            let of = |g: &super::KineticsGroup| g.parameters.get(place).map(|(name, s)| (*name, *s));
            let title = assay.groups.first().and_then(of).map_or("", |(name, _)| name);
            let title = if title == "auc_window" {
                format!("auc 0-{}", result.window_days)
            } else {
                title.to_owned()
            };
            let cells = assay.groups.iter().map(|g| of(g).map_or_else(String::new, |(_, s)| s.text()));
            table.push(std::iter::once(title).chain(cells).collect());
        }
        let persistence = assay.groups.iter().map(|g| g.persistence.days_text());
        let title = say(language, "persistence, days: median (CI)", "持续天数：中位数（CI）").to_owned();
        table.push(std::iter::once(title).chain(persistence).collect());
        blocks.push(Block::Table(table));
        let columns = ["", "n", "Cmax", "AUC"].map(str::to_owned);
        let mut table = Table::new(say(language, "Exposure by outcome", "不同结局的暴露量"), columns.into());
        for exposure in &assay.exposure {
            let label = format!("{} {}", if exposure.with { "with" } else { "without" }, exposure.outcome);
            table.push(vec![
                label,
                exposure.cmax.n.to_string(),
                exposure.cmax.text(),
                exposure.auc_window.text(),
            ]);
        }
        blocks.push(Block::Table(table));
    }
    if result.assays.is_empty() {
        blocks.push(Block::Line(say(language, "There is no sample.", "无样本。").to_owned()));
    }
    blocks
}

pub(super) fn figure(result: &KineticsResult, language: Language) -> Figure {
    let point = |day: i32, level: &Summary| Some((f64::from(day), level.median?, level.q1?, level.q3?));
    let parts = result.assays.iter().map(|assay| {
        Part::Lines(Lines {
            title: name(assay),
            x_label: say(language, "days from infusion", "回输后天数").to_owned(),
            y_label: say(language, "level, median and quartiles", "水平（中位数与四分位数）").to_owned(),
            logarithmic: true,
            series: assay
                .groups
                .iter()
                .map(|g| LineSeries {
                    label: format!("{}, n = {}", g.group.label, g.n),
                    points: g.curve.iter().filter_map(|l| point(l.day, &l.level)).collect(),
                })
                .collect(),
        })
    });
    Figure {
        title: ReportKind::Kinetics.title(language).to_owned(),
        description: say(
            language,
            "Median level of CAR-T cells with quartiles at the sampling points, logarithmic axis, one chart per assay, specimen and unit.",
            "各采样点CAR-T细胞水平的中位数与四分位数（对数轴），按检测方法、标本和单位分别作图。",
        )
        .to_owned(),
        parts: parts.collect(),
    }
}
