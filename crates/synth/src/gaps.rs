//! Required values that a center could not give.

use crate::random::Stream;
use clinical::MissingCode;
use clinical::record::Missing;

/// Declares some values missing, in the order in which they are asked for.
pub(crate) struct Gaps<'a> {
    stream: &'a mut Stream,
    probability: f64,
    declared: Vec<(&'static str, MissingCode)>,
}

impl<'a> Gaps<'a> {
    /// Each value is missing with `probability`.
    pub(crate) fn new(stream: &'a mut Stream, probability: f64) -> Self {
        Self { stream, probability, declared: Vec::new() }
    }

    /// The value, or a gap that is declared with `code`.
    pub(crate) fn value<T>(&mut self, field: &'static str, code: MissingCode, value: Option<T>) -> Option<T> {
        let lost = self.stream.chance(self.probability);
        match value {
            Some(value) if !lost => Some(value),
            _ => {
                self.declared.push((field, code));
                None
            }
        }
    }

    /// What was declared.
    pub(crate) fn missing(self) -> Missing {
        Missing::new(self.declared)
    }
}
