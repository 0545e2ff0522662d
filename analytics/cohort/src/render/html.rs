//! A report as one HTML document: no script, no style sheet, font or image from elsewhere.

use super::svg::{self, escape};
use super::text::Block;
use super::{Table, say};
use crate::reports::Report;
use clinical::Language;
use std::fmt::Write;

const STYLE: &str = "body{font:15px/1.5 sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222}\
h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem}table{border-collapse:collapse;margin:.6rem 0 1.4rem}\
caption{text-align:left;font-weight:bold;padding:.3rem 0}th,td{padding:.2rem .7rem;text-align:right;border-bottom:1px solid #ddd}\
th:first-child,td:first-child{text-align:left}svg{max-width:100%;height:auto}dt{font-weight:bold}dd{margin:0 0 .4rem 1rem;overflow-wrap:anywhere}\
li{margin:.3rem 0}.scroll{overflow-x:auto}@media print{body{max-width:none}}";

fn table(out: &mut String, table: &Table) {
    out.push_str("<div class=\"scroll\"><table>\n");
    if !table.title.is_empty() {
        let _ = writeln!(out, "<caption>{}</caption>", escape(&table.title));
    }
    let heads: String =
        table.columns.iter().map(|c| format!("<th scope=\"col\">{}</th>", escape(c))).collect();
    let _ = writeln!(out, "<thead><tr>{heads}</tr></thead>\n<tbody>");
    for row in &table.rows {
        let cells: String = row.iter().map(|cell| format!("<td>{}</td>", escape(cell))).collect();
        let _ = writeln!(out, "<tr>{cells}</tr>");
    }
    out.push_str("</tbody></table></div>\n");
}

/// Writes the document.
pub(super) fn write(report: &Report, language: Language) -> String {
    let head = &report.head;
    let title = escape(head.report.title(language));
    let code = match language {
        Language::En => "en",
        Language::Zh => "zh",
    };
    let mut out = format!(
        "<!DOCTYPE html>\n<html lang=\"{code}\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n<dl>\n"
    );
    let cohort = &head.cohort;
    for (name, value) in [
        (say(language, "cohort", "队列"), format!("{}, n = {}", cohort.definition.name, cohort.n)),
        (say(language, "definition", "定义"), cohort.definition.canonical()),
        (say(language, "snapshot", "快照"), format!("{}, {}", head.snapshot.id, head.snapshot.taken_at)),
        (say(language, "scope", "范围"), head.scope.description.clone()),
        (say(language, "parameters", "参数"), head.parameters.to_string()),
        (say(language, "engine", "引擎"), format!("{} {}", head.engine.name, head.engine.version)),
        (say(language, "identity", "标识"), head.identity.clone()),
    ] {
        let _ = writeln!(out, "<dt>{name}</dt><dd>{}</dd>", escape(&value));
    }
    out.push_str("</dl>\n");
    if let Some(figure) = report.body.figure(language) {
        out.push_str(&svg::write(&figure, head));
    }
    let _ = writeln!(out, "<h2>{}</h2>", say(language, "Results", "结果"));
    for block in report.body.blocks(language) {
        match block {
            Block::Table(shown) => table(&mut out, &shown),
            Block::Line(line) => {
                let _ = writeln!(out, "<p>{}</p>", escape(&line));
            }
        }
    }
    let columns = [
        say(language, "criterion", "条件"),
        say(language, "before", "之前"),
        say(language, "unknown", "未知"),
        say(language, "after", "之后"),
    ];
    let mut attrition = Table::new(say(language, "Attrition", "入组流程"), columns.map(str::to_owned).into());
    for step in &cohort.attrition {
        let counts = [step.before, step.unknown, step.after].map(|n| n.to_string());
        attrition.push(std::iter::once(step.criterion.clone()).chain(counts).collect());
    }
    table(&mut out, &attrition);
    if !head.excluded.is_empty() {
        let columns = [say(language, "excluded because", "排除原因"), "n"];
        let mut excluded = Table::new("", columns.map(str::to_owned).into());
        for reason in &head.excluded {
            excluded.push(vec![reason.reason.clone(), reason.n.to_string()]);
        }
        table(&mut out, &excluded);
    }
    let _ = writeln!(out, "<h2>{}</h2>\n<ul>", say(language, "Notes", "说明"));
    for note in &head.notes {
        let _ = writeln!(out, "<li>{}</li>", escape(note));
    }
    out.push_str("</ul>\n</body>\n</html>\n");
    out
}
