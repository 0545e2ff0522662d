//! The adherence report as rows and tables.

use super::{AdherenceResult, Score, Tally};
use clinical::Language;
use cohort::render::{Block, EstimateRow, Table, say};

fn tally_rows(endpoint: &str, group: &str, tally: &Tally, rows: &mut Vec<EstimateRow>) {
    let row = |statistic: &str, unit: &'static str| EstimateRow::new(endpoint, group, statistic, unit);
    rows.push(row("rate", "share").interval(tally.rate).counts(tally.met + tally.not_met, tally.met));
    let with_missing = tally.met + tally.not_met + tally.missing;
    rows.push(
        row("rate_if_missing_not_met", "share")
            .interval(tally.rate_if_missing_not_met)
            .counts(with_missing, tally.met),
    );
    for (state, n) in [
        ("met", tally.met),
        ("not_met", tally.not_met),
        ("not_due", tally.not_due),
        ("excluded", tally.excluded),
        ("missing", tally.missing),
    ] {
        rows.push(row(state, "infusions").value(n as f64).n(tally.n));
    }
}

pub(super) fn rows(result: &AdherenceResult) -> Vec<EstimateRow> {
    let mut rows = Vec::new();
    for score in [&result.headline, &result.secondary] {
        tally_rows(&format!("class {}", score.class.code()), "all subjects", &score.tally, &mut rows);
    }
    for measure in &result.measures {
        tally_rows(&measure.id, "all subjects", &measure.overall, &mut rows);
        for center in &measure.by_center {
            tally_rows(&measure.id, &center.center.label, &center.tally, &mut rows);
        }
        for reading in &measure.readings {
            let at = format!("{} = {}", reading.parameter, reading.value.text());
            let row = EstimateRow::new(&measure.id, "all subjects", "rate_of_other_reading", "share").at(&at);
            rows.push(
                row.interval(reading.tally.rate)
                    .counts(reading.tally.met + reading.tally.not_met, reading.tally.met),
            );
        }
        for reason in &measure.reasons {
            let row =
                EstimateRow::new(&measure.id, "all subjects", "reason", "infusions").at(&reason.text.en);
            rows.push(row.value(reason.n as f64).n(measure.overall.n));
        }
        for count in &measure.intervals {
            let row = EstimateRow::new(&measure.id, "all subjects", "interval", "infusions").at(&count.days);
            rows.push(row.value(count.n as f64).n(measure.overall.n));
        }
    }
    rows
}

fn cells(label: String, class: &str, tally: &Tally) -> Vec<String> {
    let mut cells = vec![label, class.to_owned(), tally.n.to_string()];
    cells.extend(
        [tally.met, tally.not_met, tally.not_due, tally.excluded, tally.missing].map(|n| n.to_string()),
    );
    cells.push(tally.rate.percent_text());
    cells.push(tally.rate_if_missing_not_met.percent_text());
    cells
}

pub(super) fn blocks(result: &AdherenceResult, language: Language) -> Vec<Block> {
    let columns = |first: &str| -> Vec<String> {
        let rest = match language {
            Language::En => [
                "class",
                "n",
                "met",
                "not met",
                "not due",
                "excluded",
                "missing",
                "rate, % (CI)",
                "missing as not met, %",
            ],
            Language::Zh => {
                ["类别", "n", "符合", "不符合", "未到期", "排除", "缺失", "符合率% (CI)", "缺失计为不符合%"]
            }
        };
        std::iter::once(first).chain(rest).map(str::to_owned).collect()
    };
    let mut table = Table::new(
        format!("{} ({})", result.guideline.title.get(language), result.guideline.rule_version),
        columns(say(language, "measure", "指标")),
    );
    let mut score =
        |label: &str, score: &Score| table.push(cells(label.to_owned(), score.class.code(), &score.tally));
    score(say(language, "headline score", "总分"), &result.headline);
    score(say(language, "secondary", "次要"), &result.secondary);
    for measure in &result.measures {
        let level = measure.level.map_or("–", |l| l.code());
        let label = format!("{} {} (§{}, {level})", measure.id, measure.title.get(language), measure.section);
        table.push(cells(label, measure.class.code(), &measure.overall));
    }
    let mut blocks = vec![Block::Table(table)];

    let mut readings = Table::new(
        "",
        [
            say(language, "other readings", "其他理解"),
            say(language, "met", "符合"),
            say(language, "not met", "不符合"),
            "%",
        ]
        .map(str::to_owned)
        .into(),
    );
    let mut any = false;
    for measure in &result.measures {
        for reading in &measure.readings {
            any = true;
            readings.push(vec![
                format!("{}: {} = {}", measure.id, reading.parameter, reading.value.text()),
                reading.tally.met.to_string(),
                reading.tally.not_met.to_string(),
                reading.tally.rate.percent_text(),
            ]);
        }
    }
    if any {
        blocks.push(Block::Table(readings));
    }

    let mut reasons = Table::new("", [say(language, "why", "原因"), "n"].map(str::to_owned).into());
    for measure in &result.measures {
        for reason in &measure.reasons {
            reasons
                .push(vec![format!("{}: {}", measure.id, reason.text.get(language)), reason.n.to_string()]);
        }
    }
    blocks.push(Block::Table(reasons));

    for measure in result.measures.iter().filter(|m| !m.by_center.is_empty()) {
        let mut table = Table::new(
            format!("{} {}", measure.id, say(language, "by center", "按中心")),
            columns(say(language, "center", "中心")),
        );
        for center in &measure.by_center {
            table.push(cells(center.center.label.clone(), measure.class.code(), &center.tally));
        }
        blocks.push(Block::Table(table));
    }
    blocks
}
