//! Which rows whoever asks may see.

use serde::Serialize;
use std::collections::BTreeSet;

/// The codes of one dimension that are in scope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Rows {
    /// Every code.
    All,
    /// These codes only; an empty set sees nothing.
    Only(BTreeSet<String>),
}

impl Rows {
    /// These codes only.
    pub fn only<S: Into<String>>(codes: impl IntoIterator<Item = S>) -> Self {
        Self::Only(codes.into_iter().map(Into::into).collect())
    }

    /// Whether `code` is in scope.
    pub fn contains(&self, code: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(codes) => codes.contains(code),
        }
    }
}

/// The rows a snapshot is opened for. There is no default: whoever opens one says what may be seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Scope {
    /// Centers whose records may be seen.
    pub centers: Rows,
    /// Products whose infusions, and whose patients' records, may be seen.
    pub products: Rows,
}

impl Scope {
    /// Every row: for whoever may see all centers and products.
    pub fn everything() -> Self {
        Self { centers: Rows::All, products: Rows::All }
    }

    /// The rows of these centers.
    pub fn centers<S: Into<String>>(codes: impl IntoIterator<Item = S>) -> Self {
        Self { centers: Rows::only(codes), products: Rows::All }
    }

    /// The scope in words, for the head of a report.
    pub fn describe(&self) -> String {
        let part = |rows: &Rows, many: &str| match rows {
            Rows::All => format!("all {many}"),
            Rows::Only(codes) if codes.is_empty() => format!("no {many}"),
            Rows::Only(codes) => {
                format!("{many} {}", codes.iter().map(String::as_str).collect::<Vec<_>>().join(", "))
            }
        };
        format!("{}; {}", part(&self.centers, "centers"), part(&self.products, "products"))
    }
}
