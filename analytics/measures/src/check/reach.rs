//! Clauses that can never hold, or always do: most likely slips.

use super::{Checker, Unit};
use crate::file::ParameterValue;
use crate::ir::{Amount, Bool, BoolKind, CodeKind, Comparison, Number, NumberKind, Offset};
use crate::syntax::TimeUnit;

impl Checker<'_> {
    /// Every value a limit may take: as written, or the default and alternatives of a parameter.
    fn values_of(&self, number: &Number) -> Vec<f64> {
        match &number.kind {
            NumberKind::Constant(value) => vec![*value],
            NumberKind::Parameter(index, factor) => {
                let entry = self.book.parameters.values().find(|p| p.index == *index);
                let values = entry.map(|p| p.values.as_slice()).unwrap_or_default();
                let number = |value: &ParameterValue| match value {
                    ParameterValue::Number(n) => Some(n * factor),
                    ParameterValue::Choice(_) => None,
                };
                values.iter().filter_map(number).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Why a comparison of a field with a limit can never fail or never hold, by the field's hard range.
    pub(super) fn never_or_always(
        &self,
        a: &Number,
        comparison: Comparison,
        b: &Number,
        unit: &Unit,
    ) -> Option<String> {
        let (low, high, name) = Self::stored_range(a, unit)?;
        for limit in self.values_of(b) {
            let (never, always) = match comparison {
                Comparison::Equal => (limit < low || limit > high, low == high),
                Comparison::NotEqual => (false, limit < low || limit > high),
                Comparison::Less => (limit <= low, limit > high),
                Comparison::LessEqual => (limit < low, limit >= high),
                Comparison::Greater => (limit >= high, limit < low),
                Comparison::GreaterEqual => (limit > high, limit <= low),
            };
            if never || always {
                let what = if never { "can never hold" } else { "always holds" };
                return Some(format!(
                    "the comparison {what}: `{name}` lies between {low} and {high}, the limit is {limit}; expected a limit inside \
                     the range (for `has a value` write `is recorded`)"
                ));
            }
        }
        None
    }

    /// How long a window from `low` to `high` is, in days, for the least favorable values of the parameters; a month, which has 28 to 31
    /// days, counts in favor.
    pub(super) fn width(&self, low: &Offset, high: &Offset) -> f64 {
        // The same months or the same parameter at both edges cancel out.
        let mut parts: Vec<(f64, Amount, TimeUnit)> = Vec::new();
        let negated = low.parts.iter().map(|(factor, amount, unit)| (-factor, *amount, *unit));
        for (factor, amount, unit) in high.parts.iter().copied().chain(negated) {
            let (factor, amount) = match amount {
                Amount::Constant(n) => (factor * f64::from(n), Amount::Constant(1)),
                parameter @ Amount::Parameter(_) => (factor, parameter),
            };
            match parts.iter_mut().find(|(_, a, u)| *a == amount && *u == unit) {
                Some((sum, _, _)) => *sum += factor,
                None => parts.push((factor, amount, unit)),
            }
        }
        let mut width = 0.0;
        for (factor, amount, unit) in parts {
            let values = match amount {
                Amount::Constant(n) => vec![f64::from(n)],
                Amount::Parameter(index) => {
                    let span = crate::syntax::Span { text: 0, start: 0, end: 0 };
                    self.values_of(&Number { span, kind: NumberKind::Parameter(index, 1.0) })
                }
            };
            let (short, long) = match unit {
                TimeUnit::Minute => (1.0 / 1440.0, 1.0 / 1440.0),
                TimeUnit::Hour => (1.0 / 24.0, 1.0 / 24.0),
                TimeUnit::Day => (1.0, 1.0),
                TimeUnit::Month => (28.0, 31.0),
            };
            let longest = values.iter().map(|v| (v * factor * short).max(v * factor * long));
            width += longest.fold(f64::INFINITY, f64::min);
        }
        width
    }

    /// Whether the conjuncts ask one field for two different codes.
    pub(super) fn contradictory(filter: &Bool) -> Option<String> {
        let mut asked: Vec<(crate::ir::FieldRef, Vec<String>)> = Vec::new();
        for part in conjuncts(filter) {
            let BoolKind::CodeIn(code, codes, false) = &part.kind else { continue };
            let CodeKind::Field(field) = code.kind else { continue };
            match asked.iter_mut().find(|(other, _)| *other == field) {
                Some((_, left)) => {
                    left.retain(|code| codes.contains(code));
                    if left.is_empty() {
                        let form = crate::ir::form(field.form)?;
                        let name = crate::fields::field_name(form, field.field);
                        return Some(format!(
                            "no row can fit: `{name}` is asked to be two different codes at once"
                        ));
                    }
                }
                None => asked.push((field, codes.clone())),
            }
        }
        None
    }
}

/// The parts of a condition that must all hold.
pub(super) fn conjuncts(condition: &Bool) -> Vec<&Bool> {
    match &condition.kind {
        BoolKind::All(parts) => parts.iter().flat_map(conjuncts).collect(),
        _ => vec![condition],
    }
}
