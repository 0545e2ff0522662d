//! Readable tables for a terminal.

use super::say;
use crate::reports::Report;
use clinical::Language;
use std::fmt::Write;

/// A part of a readable report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// A table.
    Table(Table),
    /// A line of text.
    Line(String),
}

/// A table: the first column is text, the others are figures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    pub(super) title: String,
    pub(super) columns: Vec<String>,
    pub(super) rows: Vec<Vec<String>>,
}

impl Table {
    /// A table without rows; an empty title is not shown.
    pub fn new(title: impl Into<String>, columns: Vec<String>) -> Self {
        Self { title: title.into(), columns, rows: Vec::new() }
    }

    /// Adds a row with one cell per column.
    pub fn push(&mut self, row: Vec<String>) {
        self.rows.push(row);
    }

    fn write(&self, text: &mut String) {
        if !self.title.is_empty() {
            let _ = writeln!(text, "{}", self.title);
        }
        let lines = || std::iter::once(&self.columns).chain(&self.rows);
        let widths: Vec<usize> = (0..self.columns.len())
            .map(|i| lines().filter_map(|line| line.get(i)).map(|cell| width(cell)).max().unwrap_or(0))
            .collect();
        for (row, line) in lines().enumerate() {
            let mut out = String::from("  ");
            for (i, (cell, column)) in line.iter().zip(&widths).enumerate() {
                let padding = " ".repeat(column.saturating_sub(width(cell)));
                if i == 0 {
                    let _ = write!(out, "{cell}{padding}");
                } else {
                    let _ = write!(out, "  {padding}{cell}");
                }
            }
            let _ = writeln!(text, "{}", out.trim_end());
            if row == 0 {
                let total = widths.iter().sum::<usize>() + 2 * widths.len().saturating_sub(1);
                let _ = writeln!(text, "  {}", "─".repeat(total));
            }
        }
        if self.rows.is_empty() {
            let _ = writeln!(text, "  –");
        }
    }
}

/// Columns a terminal gives a text: two for East Asian wide characters.
fn width(text: &str) -> usize {
    text.chars().map(|c| if matches!(c, '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}' | '\u{fe30}'..='\u{fe6f}' | '\u{ff00}'..='\u{ff60}' | '\u{ffe0}'..='\u{ffe6}') { 2 } else { 1 }).sum()
}

/// The report as text.
pub(super) fn write(report: &Report, language: Language) -> String {
    let head = &report.head;
    let title = head.report.title(language);
    let mut text = format!("{title}\n{}\n", "═".repeat(width(title)));
    let mut line = |label: &str, value: &str| {
        let padding = " ".repeat(12_usize.saturating_sub(width(label)));
        let _ = writeln!(text, "{label}{padding}{value}");
    };
    let snapshot = &head.snapshot;
    line(
        say(language, "snapshot", "快照"),
        &format!("{}, {} ({})", snapshot.id, snapshot.taken_at, short(&snapshot.content_hash)),
    );
    let cohort = &head.cohort;
    line(
        say(language, "cohort", "队列"),
        &format!("{}, n = {} ({})", cohort.definition.name, cohort.n, short(&cohort.sha256)),
    );
    line(say(language, "scope", "范围"), &head.scope.description);
    line(say(language, "parameters", "参数"), &head.parameters.to_string());
    line(say(language, "engine", "引擎"), &format!("{} {}", head.engine.name, head.engine.version));
    line(say(language, "identity", "标识"), &head.identity);
    text.push('\n');

    let columns =
        [say(language, "criterion", "条件"), say(language, "before", "之前"), say(language, "after", "之后")];
    let mut attrition = Table::new(say(language, "Attrition", "入组流程"), columns.map(str::to_owned).into());
    for step in &cohort.attrition {
        attrition.push(vec![step.criterion.clone(), step.before.to_string(), step.after.to_string()]);
    }
    attrition.write(&mut text);
    text.push('\n');
    if !head.excluded.is_empty() {
        let columns = [say(language, "excluded because", "排除原因"), "n"];
        let mut excluded = Table::new("", columns.map(str::to_owned).into());
        for reason in &head.excluded {
            excluded.push(vec![reason.reason.clone(), reason.n.to_string()]);
        }
        excluded.write(&mut text);
        text.push('\n');
    }
    for block in report.body.blocks(language) {
        match block {
            Block::Table(table) => table.write(&mut text),
            Block::Line(line) => {
                let _ = writeln!(text, "{line}");
            }
        }
        text.push('\n');
    }
    let _ = writeln!(text, "{}", say(language, "Notes", "说明"));
    for note in &head.notes {
        wrap(note, 118, &mut text);
    }
    text
}

fn short(hash: &str) -> &str {
    hash.get(..12).unwrap_or(hash)
}

fn wrap(note: &str, columns: usize, text: &mut String) {
    let mut line = String::from("- ");
    let mut first = true;
    for word in note.split_whitespace() {
        if !first && width(&line) + 1 + width(word) > columns {
            let _ = writeln!(text, "{line}");
            line = format!("  {word}");
            continue;
        }
        if !first {
            line.push(' ');
        }
        line.push_str(word);
        first = false;
    }
    let _ = writeln!(text, "{line}");
}
