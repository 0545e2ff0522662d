//! The response report as rows, tables and charts.

use super::{ResponseGroup, ResponseResult, Share};
use crate::render::figure::{Alluvial, Part, Waterfall};
use crate::render::{Block, EstimateRow, Figure, Table, say};
use crate::reports::ReportKind;
use clinical::Language;

pub(super) fn rows(result: &ResponseResult) -> Vec<EstimateRow> {
    let mut rows = Vec::new();
    for group in &result.groups {
        let row = |statistic: &str, unit| EstimateRow::new("response", &group.group.label, statistic, unit);
        let shared = |row: EstimateRow, share: &Share| row.interval(share.share).counts(share.of, share.n);
        rows.push(row("subjects", "subjects").value(group.n as f64));
        rows.push(row("evaluable", "subjects").value(group.evaluable as f64).n(group.n));
        for (category, share) in &group.best {
            rows.push(shared(row("best_response", "share").at(category), share));
        }
        for (name, (of_evaluable, of_all)) in
            [("overall_response", group.overall_response), ("complete_response", group.complete_response)]
        {
            rows.push(shared(row(name, "share").at(&"of evaluable"), &of_evaluable));
            rows.push(shared(row(name, "share").at(&"of all"), &of_all));
        }
        for (name, summary) in
            [("time_to_response", &group.time_to_response), ("time_to_best", &group.time_to_best)]
        {
            for (figure, value) in summary.figures() {
                rows.push(row(name, "days").at(&figure).optional(value, None, None, None).n(summary.n));
            }
        }
        for point in &group.timepoints {
            rows.push(shared(row("response_at", "share").at(&point.name), &point.response));
            rows.push(shared(row("complete_response_at", "share").at(&point.name), &point.complete));
        }
    }
    for depth in &result.depth {
        let row = EstimateRow::new("response", "all subjects", "best_change", "percent");
        rows.push(row.at(&depth.measure).value(depth.percent));
    }
    for (place, from, to, n) in &result.states.moves {
        let name = |state: usize| result.states.states.get(state).copied().unwrap_or_default();
        let at = result.states.points.get(*place).cloned().unwrap_or_default();
        let row = EstimateRow::new(
            "response",
            "all subjects",
            &format!("move: {} to {}", name(*from), name(*to)),
            "subjects",
        );
        rows.push(row.at(&at).value(*n as f64));
    }
    rows
}

fn counted(share: &Share) -> String {
    format!("{}/{}, {}", share.n, share.of, share.share.percent_text())
}

pub(super) fn blocks(result: &ResponseResult, language: Language) -> Vec<Block> {
    let columns = |first: &str| {
        let mut columns = vec![first.to_owned()];
        columns.extend(result.groups.iter().map(|g| format!("{}, n = {}", g.group.label, g.n)));
        columns
    };
    let mut best = Table::new(
        say(language, "Best response: n/evaluable, % (CI)", "最佳疗效：例数/可评估，%（CI）"),
        columns(""),
    );
    let line = |label: &str, of: &dyn Fn(&ResponseGroup) -> String| {
        std::iter::once(label.to_owned()).chain(result.groups.iter().map(of)).collect::<Vec<_>>()
    };
    let mut categories: Vec<&String> =
        result.groups.iter().flat_map(|g| g.best.iter().map(|b| &b.0)).collect();
    categories.sort_by_key(|code| {
        crate::reports::assessments::RANKS.iter().position(|c| c.code() == code.as_str())
    });
    categories.dedup();
    for category in categories {
        let of = |g: &ResponseGroup| {
            g.best
                .iter()
                .find(|(code, _)| code == category)
                .map_or_else(|| "0".to_owned(), |(_, share)| counted(share))
        };
        best.push(line(category, &of));
    }
    best.push(line(say(language, "partial response or better", "部分缓解及以上"), &|g| {
        counted(&g.overall_response.0)
    }));
    best.push(line(say(language, "complete response", "完全缓解"), &|g| counted(&g.complete_response.0)));
    best.push(line(say(language, "complete response, of all", "完全缓解（全部病例）"), &|g| {
        counted(&g.complete_response.1)
    }));
    best.push(line(say(language, "days to response", "至缓解天数"), &|g| g.time_to_response.text()));
    let mut at =
        Table::new(say(language, "Complete response at points in time", "各时间点完全缓解"), columns(""));
    let points = result.groups.first().map(|g| g.timepoints.len()).unwrap_or_default();
    for place in 0..points {
        let name = result.groups.first().and_then(|g| g.timepoints.get(place)).map_or("", |p| &p.name);
        at.push(line(name, &|g| g.timepoints.get(place).map_or_else(String::new, |p| counted(&p.complete))));
    }
    vec![Block::Table(best), Block::Table(at)]
}

pub(super) fn figure(result: &ResponseResult, language: Language) -> Figure {
    let mut parts = Vec::new();
    for (measure, name) in [
        ("serum_m_protein", say(language, "Serum M-protein: best change", "血清M蛋白：最佳变化")),
        ("sum_of_products", say(language, "Target lesions: best change", "靶病灶：最佳变化")),
    ] {
        let own: Vec<_> = result.depth.iter().filter(|d| d.measure == measure).collect();
        if own.is_empty() {
            continue;
        }
        let mut groups: Vec<String> = own.iter().map(|d| d.best.unwrap_or("–").to_owned()).collect();
        groups.sort();
        groups.dedup();
        let place = |best: Option<&str>| groups.iter().position(|g| g == best.unwrap_or("–")).unwrap_or(0);
        parts.push(Part::Waterfall(Waterfall {
            title: format!("{name}, n = {}", own.len()),
            y_label: say(language, "change from baseline, %", "较基线变化（%）").to_owned(),
            bars: own.iter().map(|d| (d.percent, place(d.best))).collect(),
            lines: vec![-50.0],
            groups,
        }));
    }
    parts.push(Part::Alluvial(Alluvial {
        title: say(language, "States of response", "疗效状态变化").to_owned(),
        columns: result.states.points.clone(),
        states: result.states.states.map(str::to_owned).into(),
        counts: result.states.counts.clone(),
        moves: result.states.moves.clone(),
    }));
    Figure {
        title: ReportKind::Response.title(language).to_owned(),
        description: say(
            language,
            "Waterfall of the best change of measured disease, one bar per subject colored by best response; states of response at points in time and the moves between them.",
            "测量病灶最佳变化瀑布图（每例一柱，按最佳疗效着色）；各时间点疗效状态及其变化。",
        )
        .to_owned(),
        parts,
    }
}
