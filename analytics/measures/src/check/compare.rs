//! Comparisons: both sides of one kind and one unit.

use super::{Checker, Unit, Value, spanned};
use crate::fields::AmountUnit;
use crate::ir::{Bool, BoolKind, Comparison, FieldId, Number, NumberKind, Offset};
use crate::syntax::{BinaryOp, Node, Span, Syntax, TimeUnit};
use clinical::field::nearest;

impl Checker<'_> {
    pub(super) fn comparison(&mut self, op: BinaryOp, left: &Node, right: &Node, span: Span) -> Option<Bool> {
        let comparison = match op {
            BinaryOp::Equal => Comparison::Equal,
            BinaryOp::NotEqual => Comparison::NotEqual,
            BinaryOp::Less => Comparison::Less,
            BinaryOp::LessEqual => Comparison::LessEqual,
            BinaryOp::Greater => Comparison::Greater,
            _ => Comparison::GreaterEqual,
        };
        let equality = matches!(comparison, Comparison::Equal | Comparison::NotEqual);
        let negated = comparison == Comparison::NotEqual;
        // Codes and readings on the right are names of their own, so the left side decides how the right is read.
        match self.value(left)? {
            Value::Code(code, set) if equality => {
                self.code_in((code, set), std::slice::from_ref(right), negated, span)
            }
            Value::Reading(index) if equality => self.reading(index, right, negated, span),
            Value::Code(..) | Value::Reading(_) => {
                self.fault(span, "codes have no order; expected =, != or in [...]")
            }
            Value::Codes(..) => {
                self.fault(span, "the field holds a list of codes; expected `has any [...]` or `has all [...]`")
            }
            Value::Bool(_) => self.fault(
                span,
                "a condition is not compared; expected it alone, or `not` before it (a yes/no field is a condition; a field of codes Y, N is compared: = Y)",
            ),
            Value::Day(a) => match self.value(right)? {
                Value::Day(b) => {
                    Some(spanned(span, BoolKind::Days(Box::new(a), comparison, Box::new(b))))
                }
                other => self.fault(right.span, format!("a day is compared with {}; expected a day", other.what())),
            },
            Value::Number(a, unit) => match self.value(right)? {
                Value::Number(b, other) => self.numbers((a, unit), comparison, (b, other), span),
                Value::Duration(offset, at) => self.with_duration((a, unit), comparison, &offset, at, span),
                other => self.fault(right.span, format!("a number is compared with {}", other.what())),
            },
            Value::Duration(offset, at) => match self.value(right)? {
                Value::Number(b, unit) => self.with_duration((b, unit), mirrored(comparison), &offset, at, span),
                other => self.fault(right.span, format!("a length of time is compared with {}; expected the difference of two days", other.what())),
            },
            Value::Text => self.fault(left.span, "a quoted text begins the comparison; expected the field first"),
        }
    }

    fn reading(&mut self, index: usize, right: &Node, negated: bool, span: Span) -> Option<Bool> {
        let wanted = match &right.kind {
            Syntax::Path(name, None) => name.name.clone(),
            Syntax::Text(text) => text.clone(),
            _ => return self.fault(right.span, "expected one of the parameter's readings"),
        };
        let entry = self.book.parameters.values().find(|p| p.index == index)?;
        let readings: Vec<String> = entry.values.iter().map(crate::file::ParameterValue::text).collect();
        if !readings.contains(&wanted) {
            let near = nearest(&wanted, readings.iter().map(String::as_str))
                .map_or_else(String::new, |near| format!("; did you mean {near}?"));
            let message = format!(
                "`{wanted}` is not a reading of the parameter; expected one of {}{near}",
                readings.join(", ")
            );
            return self.fault(right.span, message);
        }
        Some(spanned(span, BoolKind::Reading(index, wanted, negated)))
    }

    pub(super) fn membership(
        &mut self,
        left: &Node,
        list: &[Node],
        negated: bool,
        span: Span,
    ) -> Option<Bool> {
        match self.value(left)? {
            Value::Code(code, set) => self.code_in((code, set), list, negated, span),
            Value::Number(number, unit) => {
                let mut any = Vec::new();
                for item in list {
                    let Value::Number(value, other) = self.value(item)? else {
                        return self.fault(item.span, "expected a number");
                    };
                    let one = self.numbers(
                        (number.clone(), unit.clone()),
                        Comparison::Equal,
                        (value, other),
                        span,
                    )?;
                    any.push(one);
                }
                let any = spanned(span, BoolKind::Any(any));
                Some(if negated { spanned(span, BoolKind::Not(Box::new(any))) } else { any })
            }
            Value::Codes(..) => self.fault(span, "the field holds a list of codes; expected `has any [...]`"),
            other => self.fault(span, format!("`in` needs a code or a number, this is {}", other.what())),
        }
    }

    fn with_duration(
        &mut self,
        (number, unit): (Number, Unit),
        comparison: Comparison,
        offset: &Offset,
        at: Span,
        span: Span,
    ) -> Option<Bool> {
        let in_hours = offset.parts.iter().any(|(_, _, u)| matches!(u, TimeUnit::Hour | TimeUnit::Minute));
        let (number, wanted) = match (&unit, number.kind) {
            (Unit::Named(u), NumberKind::Between(a, b)) if u == "d" && in_hours => {
                (spanned(number.span, NumberKind::HoursBetween(a, b)), TimeUnit::Hour)
            }
            (Unit::Named(u), kind) if u == "d" => (spanned(number.span, kind), TimeUnit::Day),
            (Unit::Named(u), kind) if u == "h" => (spanned(number.span, kind), TimeUnit::Hour),
            _ => {
                let message = format!(
                    "a length of time is compared with a number ({}); expected a number",
                    unit.text()
                );
                return self.fault(at, message);
            }
        };
        let limit = self.as_number(offset, wanted, at)?;
        Some(spanned(span, BoolKind::Numbers(Box::new(number), comparison, Box::new(limit))))
    }

    pub(super) fn numbers(
        &mut self,
        (a, ua): (Number, Unit),
        comparison: Comparison,
        (b, ub): (Number, Unit),
        span: Span,
    ) -> Option<Bool> {
        let (a, b) = match (&ua, &ub) {
            (Unit::Amount, _) => (self.in_amount_unit(a, &ub, span)?, b),
            (_, Unit::Amount) => (a, self.in_amount_unit(b, &ua, span)?),
            (Unit::Lab(analytes), Unit::Named(unit)) => (a, self.in_lab_unit(b, analytes, unit, span)?),
            (Unit::Named(unit), Unit::Lab(analytes)) => (self.in_lab_unit(a, analytes, unit, span)?, b),
            (Unit::Lab(one), Unit::Lab(other))
                if one.first().map(|a| a.canonical_unit()) == other.first().map(|a| a.canonical_unit()) =>
            {
                (a, b)
            }
            _ if ua == ub || either(&ua, &ub) || either(&ub, &ua) => (a, b),
            _ => {
                let message = format!("the units do not fit: {} is compared with {}", ua.text(), ub.text());
                return self.fault(span, message);
            }
        };
        if let Some(message) = self.never_or_always(&a, comparison, &b, &ua) {
            return self.fault(span, message);
        }
        Some(spanned(span, BoolKind::Numbers(Box::new(a), comparison, Box::new(b))))
    }

    /// An amount read in the unit it is compared in.
    fn in_amount_unit(&mut self, mut number: Number, other: &Unit, span: Span) -> Option<Number> {
        let unit = match other {
            Unit::Named(text) => AmountUnit::parse(text),
            _ => None,
        };
        let Some(unit) = unit else {
            let message = format!(
                "the unit of this amount stands in another field; expected a number with one of the units {}",
                AmountUnit::WRITTEN
            );
            return self.fault(span, message);
        };
        match &mut number.kind {
            NumberKind::Field(_, place)
            | NumberKind::Pick(_, _, _, place)
            | NumberKind::Fold(_, _, _, place) => {
                *place = Some(unit);
            }
            _ => {}
        }
        Some(number)
    }

    /// A number in a written unit, in the canonical unit of the analytes.
    fn in_lab_unit(
        &mut self,
        number: Number,
        analytes: &[clinical::lab::Analyte],
        unit: &str,
        span: Span,
    ) -> Option<Number> {
        let mut factors = Vec::new();
        for analyte in analytes {
            let conversion = clinical::lab::Unit::SET
                .codes
                .iter()
                .filter(|code| code.code == unit)
                .find_map(|_| clinical::lab::Unit::ALL.iter().find(|u| u.code() == unit))
                .and_then(|u| analyte.conversion(*u));
            let Some(conversion) = conversion else {
                let message =
                    format!("'{unit}' is not a unit of {}: {}", analyte.code(), analyte.accepted_units());
                return self.fault(span, message);
            };
            if conversion.offset != 0.0 {
                return self.fault(span, format!("a limit in '{unit}' is not accepted; expected 'Cel'"));
            }
            factors.push(conversion);
        }
        let first = factors.first()?;
        let kind = match number.kind {
            NumberKind::Constant(value) => NumberKind::Constant(first.to_canonical(value)),
            NumberKind::Parameter(index, factor) => NumberKind::Parameter(index, first.to_canonical(factor)),
            kind => {
                let factor = spanned(span, NumberKind::Constant(first.to_canonical(1.0)));
                let number = spanned(number.span, kind);
                NumberKind::Arithmetic(Box::new(number), crate::ir::Operator::Multiply, Box::new(factor))
            }
        };
        let same = factors.iter().all(|f| (f.multiply, f.divide) == (first.multiply, first.divide));
        if !same {
            return self.fault(
                span,
                format!("'{unit}' converts differently for these analytes; expected one clause for each"),
            );
        }
        Some(spanned(number.span, kind))
    }

    /// The hard range of a numeric field, with its name.
    pub(super) fn stored_range(number: &Number, unit: &Unit) -> Option<(f64, f64, String)> {
        let NumberKind::Field(field, None) = &number.kind else { return None };
        let form = crate::ir::form(field.form)?;
        match (field.field, unit) {
            (FieldId::Computed(_), Unit::Lab(analytes)) => {
                let hard = analytes.iter().map(|a| a.info().scale.hard);
                let (low, high) = hard.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), (l, h)| {
                    (low.min(l), high.max(h))
                });
                Some((low, high, "value".to_owned()))
            }
            (_, Unit::Amount) | (FieldId::Computed(_), _) => None,
            (FieldId::Stored(place) | FieldId::Derived(place), _) => {
                let descriptor = form.fields.get(usize::from(place))?;
                let (low, high) = crate::fields::range(descriptor.kind)?;
                Some((low, high, descriptor.name.to_owned()))
            }
        }
    }
}

/// Whether one unit is written "x or y", as where another field decides, and the other is x or y.
fn either(wide: &Unit, narrow: &Unit) -> bool {
    match (wide, narrow) {
        (Unit::Named(wide), Unit::Named(narrow)) => wide.split(" or ").any(|one| one == narrow),
        _ => false,
    }
}

fn mirrored(comparison: Comparison) -> Comparison {
    match comparison {
        Comparison::Less => Comparison::Greater,
        Comparison::LessEqual => Comparison::GreaterEqual,
        Comparison::Greater => Comparison::Less,
        Comparison::GreaterEqual => Comparison::LessEqual,
        same => same,
    }
}
