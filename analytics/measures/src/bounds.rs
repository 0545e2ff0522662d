//! Bounds that leave nothing between them: `x >= 8 and x <= 7`.

use crate::evaluate::Settings;
use crate::ir::{Bool, BoolKind, Comparison, Number, NumberKind};
use crate::library::Measure;
use crate::syntax::Span;

/// The first place where a numerator can never hold under these parameters, because two of its bounds on one number exclude each other.
pub fn impossible(measure: &Measure, settings: &Settings) -> Option<Span> {
    let rule = measure.rule.as_ref()?;
    let mut stack = vec![&rule.numerator];
    stack.extend(&rule.population);
    while let Some(condition) = stack.pop() {
        match &condition.kind {
            BoolKind::All(parts) => {
                if excluded(parts, settings) {
                    return Some(condition.span);
                }
                stack.extend(parts);
            }
            BoolKind::Any(parts) => stack.extend(parts),
            _ => {}
        }
    }
    None
}

fn excluded(parts: &[Bool], settings: &Settings) -> bool {
    let mut known: Vec<(String, f64, f64)> = Vec::new();
    for part in parts {
        let BoolKind::Numbers(left, op, right) = &part.kind else { continue };
        let Some(limit) = constant(right, settings) else { continue };
        let name = without_places(left);
        let (low, high) = match op {
            Comparison::GreaterEqual | Comparison::Greater => (limit, f64::INFINITY),
            Comparison::LessEqual | Comparison::Less => (f64::NEG_INFINITY, limit),
            Comparison::Equal => (limit, limit),
            Comparison::NotEqual => continue,
        };
        match known.iter_mut().find(|(other, _, _)| *other == name) {
            Some((_, least, most)) => {
                *least = least.max(low);
                *most = most.min(high);
                if *least > *most {
                    return true;
                }
            }
            None => known.push((name, low, high)),
        }
    }
    false
}

fn constant(number: &Number, settings: &Settings) -> Option<f64> {
    match &number.kind {
        NumberKind::Constant(value) => Some(*value),
        NumberKind::Parameter(index, factor) => {
            Some(settings.number(*index) * factor).filter(|value| !value.is_nan())
        }
        NumberKind::Negate(inner) => constant(inner, settings).map(|value| -value),
        _ => None,
    }
}

/// What a number says, wherever it is written.
fn without_places(number: &Number) -> String {
    let text = format!("{:?}", number.kind);
    let mut said = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once("Span {") {
        said.push_str(before);
        rest = after.split_once('}').map_or("", |(_, rest)| rest);
    }
    said.push_str(rest);
    said
}
