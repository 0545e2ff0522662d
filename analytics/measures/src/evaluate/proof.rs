//! Why a verdict is what it is.

use serde::Serialize;

/// A clause that was looked at, what it came to, and what that rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Proof {
    /// The clause as it is written.
    pub clause: String,
    /// What it came to.
    pub outcome: String,
    /// Rows that decided.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<RowNote>,
    /// Its parts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Proof>,
}

/// A row that decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RowNote {
    /// Form.
    pub form: &'static str,
    /// Id of the record; empty for reference data.
    pub record_id: String,
    /// The fields that the clause looks at.
    pub values: String,
    /// What the row came to.
    pub outcome: String,
}

impl Proof {
    /// The proof as indented lines.
    pub fn lines(&self, indent: usize, lines: &mut Vec<String>) {
        let space = "  ".repeat(indent);
        lines.push(format!("{space}{}  ->  {}", self.clause, self.outcome));
        for row in &self.rows {
            let id = if row.record_id.is_empty() { String::new() } else { format!(" [{}]", row.record_id) };
            lines.push(format!("{space}    {}{id}: {}  ->  {}", row.form, row.values, row.outcome));
        }
        for part in &self.parts {
            part.lines(indent + 1, lines);
        }
    }

    /// The ids of the records that decided, in order, each once.
    pub fn record_ids(&self) -> Vec<(&'static str, String)> {
        let mut found: Vec<(&'static str, String)> = Vec::new();
        let mut add = |form: &'static str, id: &str| {
            if !id.is_empty() && !found.iter().any(|(_, known)| known == id) {
                found.push((form, id.to_owned()));
            }
        };
        let mut stack = vec![self];
        while let Some(proof) = stack.pop() {
            proof.rows.iter().for_each(|row| add(row.form, &row.record_id));
            stack.extend(proof.parts.iter().rev());
        }
        found
    }
}
