//! The toxicity report as rows, tables and curves.

use super::{OnsetDays, ToxicityEstimate, ToxicityGroup, ToxicityResult};
use crate::render::figure::{Panel, Part, Series, Step};
use crate::render::{Block, EstimateRow, Figure, Table, day_heading, say};
use crate::reports::ReportKind;
use crate::reports::estimates::Interval;
use clinical::Language;

pub(super) fn rows(group: &ToxicityGroup) -> Vec<EstimateRow> {
    let mut rows = Vec::new();
    for estimate in &group.toxicities {
        toxicity_rows(&group.group.label, estimate, &mut rows);
    }
    for drug in &group.drugs {
        let row = |statistic: &'static str, unit: &'static str| {
            EstimateRow::new(drug.drug, &group.group.label, statistic, unit).counts(drug.recorded, drug.given)
        };
        rows.push(row("given", "share").interval(drug.share));
        rows.push(row("not_recorded", "subjects").value(drug.not_recorded as f64));
        rows.push(row("days_given", "person-days").value(drug.days_given as f64));
        rows.extend(
            drug.first_day
                .figures()
                .map(|(name, value)| row("first_day", "days").at(&name).optional(value, None, None, None)),
        );
    }
    rows
}

fn toxicity_rows(label: &str, estimate: &ToxicityEstimate, rows: &mut Vec<EstimateRow>) {
    let row = |statistic: &'static str, unit: &'static str| {
        EstimateRow::new(estimate.toxicity.name(), label, statistic, unit)
    };
    let n = estimate.evaluable;
    rows.push(row("evaluable", "subjects").value(n as f64));
    rows.push(row("not_evaluable", "subjects").value(estimate.not_evaluable as f64));
    rows.extend(
        estimate
            .max_grade
            .iter()
            .map(|g| row("max_grade", "share").at(&g.grade).interval(g.share).counts(n, g.n)),
    );
    rows.extend(
        estimate
            .at_least
            .iter()
            .map(|g| row("max_grade_at_least", "share").at(&g.grade).interval(g.share).counts(n, g.n)),
    );
    let days = &estimate.person_days;
    for (grade, count) in days.by_grade.iter().enumerate() {
        rows.push(row("person_days_of_grade", "person-days").at(&grade).value(*count as f64));
    }
    for (statistic, count) in [
        ("person_days_recorded_without_grade", days.recorded_without_grade),
        ("person_days_without_record", days.without_record),
        ("person_days_in_gaps", days.gaps),
    ] {
        rows.push(row(statistic, "person-days").value(count as f64));
    }
    for onset in [&estimate.onset_any, &estimate.onset_threshold] {
        let at = |what: &str| format!("grade >= {}: {what}", onset.from_grade);
        for (name, value) in onset.day.figures() {
            rows.push(
                row("onset", "days").at(&at(name)).optional(value, None, None, None).counts(n, onset.n),
            );
        }
        let before = onset.with_unassessed_days_before;
        rows.push(
            row("onset", "subjects")
                .at(&at("unassessed days before"))
                .value(before as f64)
                .counts(n, onset.n),
        );
        for count in &onset.histogram {
            rows.push(
                row("onset_histogram", "subjects")
                    .at(&at(&format!("day {}", count.day)))
                    .value(count.n as f64)
                    .counts(n, onset.n),
            );
        }
    }
    let incidence = &estimate.incidence;
    for (statistic, count) in [
        ("events", incidence.events),
        ("events_on_day_0", incidence.events_on_day_0),
        ("competing_deaths", incidence.competing_deaths),
        ("censored", incidence.censored),
        ("deaths_after_assessment", incidence.deaths_after_assessment),
    ] {
        rows.push(row(statistic, "subjects").value(count as f64).counts(n, incidence.events));
    }
    for at in &incidence.at {
        rows.push(
            row("cumulative_incidence", "probability")
                .at(&at.day)
                .optional(at.cif, at.std_err, at.lower, at.upper)
                .n(at.n_risk),
        );
    }
    for step in incidence.curve.steps() {
        rows.push(
            row("cumulative_incidence_curve", "probability")
                .at(&step.day)
                .optional(Some(step.cif), step.std_err, step.lower, step.upper)
                .counts(step.n_risk, step.n_event),
        );
    }
}

pub(super) fn blocks(result: &ToxicityResult, language: Language) -> Vec<Block> {
    let mut blocks = Vec::new();
    for group in &result.groups {
        blocks.push(Block::Line(format!("{}, n = {}", group.group.label, group.n)));
        blocks.push(Block::Table(grades(group, language)));
        blocks.push(Block::Table(onset(group, language)));
        blocks.push(Block::Table(incidence(group, language)));
        blocks.push(Block::Table(person_days(group, language)));
        blocks.push(Block::Table(drugs(group, language)));
    }
    blocks
}

fn words(text: &[&str]) -> Vec<String> {
    text.iter().map(|t| (*t).to_owned()).collect()
}

fn grades(group: &ToxicityGroup, language: Language) -> Table {
    let mut columns = vec![say(language, "highest grade", "最高级别").to_owned()];
    for estimate in &group.toxicities {
        columns.push(format!("{} n", estimate.toxicity.name()));
        columns.push("% (CI)".to_owned());
    }
    let mut table = Table::new(say(language, "Highest grade per subject", "每例最高级别"), columns);
    let line = |label: String, of: &dyn Fn(&ToxicityEstimate) -> (usize, Option<Interval>)| {
        let mut cells = vec![label];
        for estimate in &group.toxicities {
            let (n, share) = of(estimate);
            cells.push(n.to_string());
            cells.push(share.map_or_else(String::new, |s| s.percent_text()));
        }
        cells
    };
    for grade in 0..=5_usize {
        table.push(line(grade.to_string(), &|e| {
            e.max_grade.get(grade).map_or((0, None), |g| (g.n, Some(g.share)))
        }));
    }
    for grade in 1..=3_usize {
        let label = format!("{grade} {}", say(language, "or more", "级及以上"));
        table.push(line(label, &|e| e.at_least.get(grade - 1).map_or((0, None), |g| (g.n, Some(g.share)))));
    }
    table.push(line(say(language, "evaluable", "可评估").to_owned(), &|e| (e.evaluable, None)));
    table.push(line(say(language, "not evaluable", "不可评估").to_owned(), &|e| (e.not_evaluable, None)));
    table
}

fn onset(group: &ToxicityGroup, language: Language) -> Table {
    let columns = match language {
        Language::En => {
            ["first day with", "n", "median", "quartiles", "range", "n with unassessed days before"]
        }
        Language::Zh => ["首次出现", "n", "中位数", "四分位数", "范围", "此前有未评估日的例数"],
    };
    let mut table =
        Table::new(say(language, "Onset, day from infusion", "发生日（回输后）"), words(&columns));
    for estimate in &group.toxicities {
        let both: Vec<&OnsetDays> = if estimate.threshold == 1 {
            vec![&estimate.onset_any]
        } else {
            vec![&estimate.onset_any, &estimate.onset_threshold]
        };
        for onset in both {
            let mut cells =
                vec![format!("{} ≥ {}", estimate.toxicity.name(), onset.from_grade), onset.n.to_string()];
            cells.extend(onset.day.texts());
            cells.push(onset.with_unassessed_days_before.to_string());
            table.push(cells);
        }
    }
    table
}

fn incidence(group: &ToxicityGroup, language: Language) -> Table {
    let days: Vec<i32> =
        group.toxicities.first().map(|e| e.incidence.at.iter().map(|a| a.day).collect()).unwrap_or_default();
    let mut columns = words(&[
        say(language, "cumulative incidence, %", "累积发生率（%）"),
        say(language, "events", "事件"),
        say(language, "deaths", "死亡"),
    ]);
    columns.extend(days.iter().map(|d| day_heading(language, *d)));
    let mut table = Table::new(
        say(language, "Cumulative incidence, death competing", "累积发生率（死亡为竞争风险）"),
        columns,
    );
    for estimate in &group.toxicities {
        let incidence = &estimate.incidence;
        let mut cells = vec![
            format!("{} ≥ {}", estimate.toxicity.name(), estimate.threshold),
            incidence.events.to_string(),
            incidence.competing_deaths.to_string(),
        ];
        cells.extend(
            incidence
                .at
                .iter()
                .map(|a| Interval { value: a.cif, lower: a.lower, upper: a.upper }.percent_text()),
        );
        table.push(cells);
    }
    table
}

fn person_days(group: &ToxicityGroup, language: Language) -> Table {
    let columns = match language {
        Language::En => {
            ["grade", "0", "1", "2", "3", "4", "5", "no grade", "no record", "in gaps", "subjects with gaps"]
        }
        Language::Zh => ["级别", "0", "1", "2", "3", "4", "5", "无分级", "无记录", "间断日", "有间断例数"],
    };
    let mut table = Table::new(say(language, "Person-days", "人日"), words(&columns));
    for estimate in &group.toxicities {
        let days = &estimate.person_days;
        let mut cells = vec![estimate.toxicity.name().to_owned()];
        cells.extend(days.by_grade.iter().map(ToString::to_string));
        let others = [days.recorded_without_grade, days.without_record, days.gaps, days.subjects_with_gaps];
        cells.extend(others.map(|n| n.to_string()));
        table.push(cells);
    }
    table
}

fn drugs(group: &ToxicityGroup, language: Language) -> Table {
    let columns = match language {
        Language::En => {
            ["drug", "given", "of", "% (CI)", "first day: median", "quartiles", "range", "days given"]
        }
        Language::Zh => {
            ["药物", "使用例数", "有记录例数", "% (CI)", "首日：中位数", "四分位数", "范围", "用药日数"]
        }
    };
    let mut table = Table::new(say(language, "Drugs given", "用药"), words(&columns));
    for drug in &group.drugs {
        let mut cells = vec![
            drug.drug.to_owned(),
            drug.given.to_string(),
            drug.recorded.to_string(),
            drug.share.percent_text(),
        ];
        cells.extend(drug.first_day.texts());
        cells.push(drug.days_given.to_string());
        table.push(cells);
    }
    table
}

pub(super) fn figure(result: &ToxicityResult, language: Language) -> Figure {
    let threshold =
        |place: usize| result.groups.first().and_then(|g| g.toxicities.get(place)).map_or(1, |t| t.threshold);
    let panels = crate::endpoints::toxicity::Toxicity::ALL.iter().enumerate().map(|(place, toxicity)| {
        let series = result.groups.iter().filter_map(|group| {
            let estimate = group.toxicities.get(place)?;
            let steps = estimate.incidence.curve.steps().map(|s| Step {
                day: s.day,
                value: s.cif,
                lower: s.lower,
                upper: s.upper,
                censored: s.n_censor > 0,
            });
            Some(Series {
                label: format!("{}, n = {}", group.group.label, estimate.evaluable),
                start: 0.0,
                steps: steps.collect(),
                at_risk: estimate.incidence.at.iter().map(|a| (a.day, a.n_risk)).collect(),
            })
        });
        Part::Curves(Panel {
            title: format!("{} ≥ {}", toxicity.name(), threshold(place)),
            x_label: say(language, "days from infusion", "回输后天数").to_owned(),
            y_label: say(language, "cumulative incidence", "累积发生率").to_owned(),
            at_risk_label: say(language, "at risk", "在险人数").to_owned(),
            last_day: Some(result.window_days),
            series: series.collect(),
        })
    });
    Figure {
        title: ReportKind::Toxicity.title(language).to_owned(),
        description: say(
            language,
            "Aalen-Johansen cumulative incidence with pointwise confidence bands, death competing; ticks mark censored subjects.",
            "Aalen-Johansen累积发生率及逐点置信带，死亡为竞争风险；短竖线表示删失。",
        )
        .to_owned(),
        parts: panels.collect(),
    }
}
