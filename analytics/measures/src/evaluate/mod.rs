//! Row by row: what a measure says of one infusion, with the proof. Plain on purpose: this is what the columnar evaluator must agree with.

mod days;
mod dossier;
mod fields;
mod interpret;
mod numbers;
mod proof;
mod rows;
mod settings;

pub use dossier::{Dossier, Row};
pub use proof::{Proof, RowNote};
pub use settings::Settings;

use crate::known::{Gap, Num, Truth};
use crate::library::{Guideline, Measure};
use interpret::Interpreter;
use serde::Serialize;

/// What a measure says of one infusion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// The numerator holds.
    Met,
    /// It does not.
    NotMet,
    /// The window has not closed yet.
    NotDue,
    /// Left out.
    Excluded,
    /// The records do not say. Never counted as not met.
    Missing,
}

impl State {
    /// As in results.
    pub fn code(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::NotMet => "not_met",
            Self::NotDue => "not_due",
            Self::Excluded => "excluded",
            Self::Missing => "missing",
        }
    }
}

/// A verdict and what it rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The numerator holds.
    Met,
    /// It fails.
    NotMet,
    /// A window is open at the cutoff.
    NotDue,
    /// An exclusion of the measure, by number.
    Excluded(usize),
    /// The follow-up ended: number of [`Guideline::ends`].
    Ended(usize),
    /// Whether the infusion belongs to the population cannot be told.
    PopulationMissing,
    /// Whether the numerator holds cannot be told.
    Missing,
}

impl Verdict {
    /// Its state.
    pub fn state(self) -> State {
        match self {
            Self::Met => State::Met,
            Self::NotMet => State::NotMet,
            Self::NotDue => State::NotDue,
            Self::Excluded(_) | Self::Ended(_) => State::Excluded,
            Self::PopulationMissing | Self::Missing => State::Missing,
        }
    }

    /// From the truth of a numerator.
    pub fn of_numerator(truth: Truth) -> Self {
        match truth {
            Truth::Yes => Self::Met,
            Truth::No => Self::NotMet,
            Truth::Open(Gap::Ended(end)) => Self::Ended(end),
            Truth::Open(Gap::Pending) => Self::NotDue,
            Truth::Open(Gap::Unknown) => Self::Missing,
        }
    }
}

/// What a measure says of one infusion, with the proof.
#[derive(Debug, Clone)]
pub struct Explained {
    /// The verdict; `None` when the measure is not about this infusion.
    pub verdict: Option<Verdict>,
    /// Values shown beside it, in the order of the measure; `None` where not known.
    pub shown: Vec<Option<f64>>,
    /// Each clause that was looked at.
    pub proof: Vec<Proof>,
}

/// Judges one infusion by one measure.
pub fn judge(guideline: &Guideline, measure: &Measure, settings: &Settings, dossier: &Dossier) -> Explained {
    let mut interpreter = Interpreter::new(guideline, settings, dossier);
    let verdict = interpreter.verdict(measure);
    let rule = measure.rule.as_ref().filter(|_| verdict.is_some());
    interpreter.silence();
    let shown = rule.map(|rule| rule.shown.iter().map(|s| interpreter.number(&s.value).value()).collect());
    Explained { verdict, shown: shown.unwrap_or_default(), proof: interpreter.into_proof() }
}

/// A number in words.
pub(crate) fn number_text(number: Num) -> String {
    match number {
        Num::NotDone => "not done".to_owned(),
        Num::Range { low, high, gap, above, below } => match number.value() {
            Some(value) => rounded(value),
            None if low == f64::NEG_INFINITY && high == f64::INFINITY => gap_text(gap).to_owned(),
            None if low == f64::NEG_INFINITY => {
                format!("{} {}", if below { "below" } else { "at most" }, rounded(high))
            }
            None if high == f64::INFINITY => {
                format!("{} {}", if above { "above" } else { "at least" }, rounded(low))
            }
            None => format!("{} to {}", rounded(low), rounded(high)),
        },
    }
}

fn rounded(value: f64) -> String {
    let text = format!("{value:.6}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

pub(crate) fn gap_text(gap: Gap) -> &'static str {
    match gap {
        Gap::Unknown => "not known",
        Gap::Pending => "open at the cutoff",
        Gap::Ended(_) => "open when the follow-up ended",
    }
}

/// What the criteria derive for a stored field of a row, as a cell of the field's kind.
pub(crate) fn derived_cell(row: &Row, place: u16) -> clinical::Cell {
    fields::cell_of(row, crate::ir::FieldId::Derived(place)).0
}
