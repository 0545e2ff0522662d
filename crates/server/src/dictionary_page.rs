//! The data dictionary as a page for people: one file, no script, nothing from another host.

use clinical::dictionary::{Entry, RuleEntry};
use std::fmt::Write;

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;margin:0 auto;max-width:90rem;padding:1rem;color:#1b1f23}\
table{border-collapse:collapse;width:100%;margin:.5rem 0 2rem}th,td{border:1px solid #d0d7de;padding:.3rem .5rem;text-align:left;vertical-align:top}\
th{background:#f6f8fa}code{font-family:ui-monospace,monospace;font-size:.92em}nav{columns:4 14rem}h2{margin-top:2rem}.muted{color:#57606a}";

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn page(title: &str, body: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{title}</title><style>{STYLE}</style></head><body><p><a href=\"/docs/\">API</a> · <a href=\"/docs/dictionary\">Data dictionary</a> · \
         <a href=\"/docs/rules\">Rules and criteria</a></p><h1>{title}</h1>{body}</body></html>"
    )
}

/// Forms with their fields.
pub(crate) fn forms(entries: &[Entry]) -> String {
    let mut navigation = String::new();
    let mut tables = String::new();
    let mut form = "";
    for entry in entries {
        if entry.form != form {
            if !form.is_empty() {
                tables.push_str("</table>");
            }
            form = entry.form;
            let label = format!("{} {}", escape(entry.form_label), escape(entry.form_label_zh));
            let _ = write!(navigation, "<a href=\"#{form}\">{label}</a><br>");
            let _ = write!(
                tables,
                "<h2 id=\"{form}\">{label} <code>{form}</code></h2><p class=\"muted\">Version {}, {}</p>\
                 <table><tr><th>Field</th><th>Label</th><th>Type</th><th>Accepted</th><th>Usual</th><th>Requirement</th><th>Meaning</th></tr>",
                entry.form_version,
                escape(entry.source)
            );
        }
        let codes: Vec<String> = entry.codes.split("; ").filter(|c| !c.is_empty()).map(escape).collect();
        let accepted = if codes.is_empty() { escape(&entry.accepts) } else { codes.join("<br>") };
        let requirement = if entry.required_when.is_empty() {
            entry.requirement.to_owned()
        } else {
            format!("required when {}", escape(&entry.required_when))
        };
        let _ = write!(
            tables,
            "<tr><td><code>{}</code>{}</td><td>{}<br>{}</td><td>{}{}</td><td>{accepted}</td><td>{}</td><td>{requirement}</td><td>{}</td></tr>",
            entry.field,
            if entry.key { " (key)" } else { "" },
            escape(entry.label),
            escape(entry.label_zh),
            entry.r#type,
            if entry.unit.is_empty() { String::new() } else { format!("<br>{}", escape(entry.unit)) },
            escape(&entry.usual),
            escape(&entry.description),
        );
    }
    let introduction = "<p>A required value that is not there is declared with a missing code: NK not known, NA not applicable, ND not done, PEND pending. \
                        Outside the accepted values a record is rejected; outside the usual ones a query is opened.</p>";
    page("Data dictionary 数据字典", &format!("{introduction}<nav>{navigation}</nav>{tables}</table>"))
}

/// Rules and criteria.
pub(crate) fn rules(entries: &[RuleEntry]) -> String {
    let mut tables = String::new();
    for (scope, title) in [
        ("record", "Rules of one record: hard ones reject, soft ones open a query"),
        (
            "review",
            "Rules across the records of a patient: they open queries, and close them when they hold again",
        ),
        ("criterion", "Criteria of the guideline, as they appear in traces"),
    ] {
        let _ = write!(
            tables,
            "<h2 id=\"{scope}\">{title}</h2><table><tr><th>Rule</th><th>English</th><th>中文</th><th>{}</th></tr>",
            if scope == "criterion" { "Source, provenance" } else { "Severity" }
        );
        for e in entries.iter().filter(|e| e.scope == scope) {
            let last = if scope == "criterion" {
                format!("{}<br>{}", escape(e.source), e.provenance)
            } else {
                e.severity.to_owned()
            };
            let _ = write!(
                tables,
                "<tr id=\"{0}\"><td><code>{0}</code></td><td>{1}</td><td>{2}</td><td>{last}</td></tr>",
                e.rule,
                escape(e.en),
                escape(e.zh)
            );
        }
        tables.push_str("</table>");
    }
    page("Rules and criteria 规则与标准", &tables)
}
