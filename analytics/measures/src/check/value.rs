//! The type of each part of a clause.

use super::{Checker, Unit, Value, chain, spanned};
use crate::ir::{
    Amount, Bool, BoolKind, CodeKind, Day, DayKind, FieldRef, Number, NumberKind, Offset, Operator, Picked,
};
use crate::syntax::{BinaryOp, Ident, IsWhat, MapKind, Node, Span, Syntax, TimeUnit};

impl Checker<'_> {
    pub(super) fn value(&mut self, node: &Node) -> Option<Value> {
        let span = node.span;
        match &node.kind {
            Syntax::Number(value, unit) => {
                let number = spanned(span, NumberKind::Constant(*value));
                Some(Value::Number(number, unit.as_deref().map_or(Unit::Bare, Unit::named)))
            }
            Syntax::Duration(n, unit) => {
                Some(Value::Duration(Offset { parts: vec![(1.0, Amount::Constant(*n), *unit)] }, span))
            }
            Syntax::Text(_) => Some(Value::Text),
            Syntax::Truth(value) => Some(Value::Bool(spanned(span, BoolKind::Constant(*value)))),
            Syntax::Parameter(name) => self.parameter(name, span),
            Syntax::Path(name, field) => self.path(name, field.as_ref(), span),
            Syntax::Call(name, arguments) => self.call(name, arguments, span),
            Syntax::Map(kind, name, arguments) => self.map(*kind, name, arguments, span),
            Syntax::Binary(op, left, right) => match op {
                BinaryOp::And | BinaryOp::Or => {
                    let parts = self.conditions(&chain(node, *op))?;
                    Some(Value::Bool(spanned(
                        span,
                        if *op == BinaryOp::And { BoolKind::All(parts) } else { BoolKind::Any(parts) },
                    )))
                }
                BinaryOp::Add | BinaryOp::Subtract | BinaryOp::Multiply | BinaryOp::Divide => {
                    self.arithmetic(*op, left, right, span)
                }
                _ => self.comparison(*op, left, right, span).map(Value::Bool),
            },
            Syntax::Not(inner) => {
                let inner = self.condition(inner)?;
                Some(Value::Bool(spanned(span, BoolKind::Not(Box::new(inner)))))
            }
            Syntax::Negate(inner) => self.negate(inner, span),
            Syntax::In(left, list, negated) => self.membership(left, list, *negated, span).map(Value::Bool),
            Syntax::Has(left, list, all) => self.has(left, list, *all, span).map(Value::Bool),
            Syntax::Is(left, what, negated) => self.is(left, *what, *negated, span).map(Value::Bool),
            Syntax::If(condition, yes, no) => self.choose(condition, yes, no, span),
            Syntax::Select(select) => self.select(select, span),
        }
    }

    pub(super) fn conditions(&mut self, nodes: &[&Node]) -> Option<Vec<Bool>> {
        let mut found = Vec::with_capacity(nodes.len());
        let mut whole = true;
        for node in nodes {
            match self.condition(node) {
                Some(condition) => found.push(condition),
                None => whole = false,
            }
        }
        whole.then_some(found)
    }

    fn call(&mut self, name: &Ident, arguments: &[Node], span: Span) -> Option<Value> {
        let all: Vec<&Node> = arguments.iter().collect();
        let kind = match name.name.as_str() {
            "all" => BoolKind::All(self.conditions(&all)?),
            "any" => BoolKind::Any(self.conditions(&all)?),
            "none" => {
                let any = spanned(span, BoolKind::Any(self.conditions(&all)?));
                BoolKind::Not(Box::new(any))
            }
            "at_least" => {
                let Some((least, rest)) = all.split_first().filter(|(_, rest)| !rest.is_empty()) else {
                    return self.fault(span, "expected at_least(N, condition, condition, ...)");
                };
                let Value::Number(least, Unit::Bare) = self.value(least)? else {
                    return self.fault(least.span, "expected how many of the conditions must hold");
                };
                let conditions = self.conditions(rest)?;
                if let NumberKind::Constant(n) = least.kind
                    && !(1.0..=conditions.len() as f64).contains(&n)
                {
                    let message =
                        format!("{n} of {} conditions; expected 1 to {}", conditions.len(), conditions.len());
                    return self.fault(least.span, message);
                }
                BoolKind::AtLeast(least, conditions)
            }
            "count_of" => {
                let conditions = self.conditions(&all)?;
                return Some(Value::Number(spanned(span, NumberKind::CountOf(conditions)), Unit::Bare));
            }
            "earliest" | "latest" => {
                let days: Option<Vec<Day>> = arguments.iter().map(|a| self.day(a)).collect();
                let which = if name.name == "earliest" { Picked::First } else { Picked::Last };
                return Some(Value::Day(spanned(span, DayKind::Extreme(which, days?))));
            }
            "year" | "month" => {
                let [day] = arguments else {
                    return self.fault(span, format!("expected {}(DAY)", name.name));
                };
                let day = Box::new(self.day(day)?);
                let kind = if name.name == "year" { NumberKind::Year(day) } else { NumberKind::Month(day) };
                return Some(Value::Number(spanned(span, kind), Unit::Bare));
            }
            _ => return self.expand(name, arguments, span),
        };
        Some(Value::Bool(spanned(span, kind)))
    }

    /// `all name(a, b)`: a definition of one argument, for each of several.
    fn map(&mut self, kind: MapKind, name: &Ident, arguments: &[Node], span: Span) -> Option<Value> {
        let mut conditions = Vec::new();
        for argument in self.spread(arguments) {
            match self.expand(name, std::slice::from_ref(&argument), argument.span)? {
                // The proof shows each argument as it is written.
                Value::Bool(condition) => conditions.push(spanned(argument.span, condition.kind)),
                other => {
                    let message = format!("`{}` is {}; expected a condition", name.name, other.what());
                    return self.fault(name.span, message);
                }
            }
        }
        Some(match kind {
            MapKind::All => Value::Bool(spanned(span, BoolKind::All(conditions))),
            MapKind::Any => Value::Bool(spanned(span, BoolKind::Any(conditions))),
            MapKind::None => {
                let any = spanned(span, BoolKind::Any(conditions));
                Value::Bool(spanned(span, BoolKind::Not(Box::new(any))))
            }
            MapKind::Count => Value::Number(spanned(span, NumberKind::CountOf(conditions)), Unit::Bare),
        })
    }

    /// The name of a list of codes among the arguments stands for each of its codes.
    fn spread(&mut self, arguments: &[Node]) -> Vec<Node> {
        let mut spread = Vec::new();
        for argument in arguments {
            match &argument.kind {
                Syntax::Path(name, None) if self.book.codes.contains_key(&name.name) => {
                    self.used.insert(name.name.clone());
                    for code in self.book.codes.get(&name.name).into_iter().flatten() {
                        spread.push(Node { span: argument.span, kind: Syntax::Text(code.clone()) });
                    }
                }
                _ => spread.push(argument.clone()),
            }
        }
        spread
    }

    fn negate(&mut self, inner: &Node, span: Span) -> Option<Value> {
        match self.value(inner)? {
            Value::Number(number, unit) => Some(match number.kind {
                NumberKind::Constant(n) => Value::Number(spanned(span, NumberKind::Constant(-n)), unit),
                _ => Value::Number(spanned(span, NumberKind::Negate(Box::new(number))), unit),
            }),
            Value::Duration(offset, _) => Some(Value::Duration(negated(offset), span)),
            other => self.fault(
                span,
                format!("a sign before {}; expected a number or a length of time", other.what()),
            ),
        }
    }

    fn is(&mut self, left: &Node, what: IsWhat, negated: bool, span: Span) -> Option<Bool> {
        let (Value::Number(Number { kind: NumberKind::Field(field, _), .. }, _)
        | Value::Day(Day { kind: DayKind::Field(field), .. })
        | Value::Code(crate::ir::Code { kind: CodeKind::Field(field), .. }, _)
        | Value::Bool(Bool { kind: BoolKind::Flag(field), .. })
        | Value::Codes(field, _)) = self.value(left)?
        else {
            return self.fault(span, "`is` asks about a field; expected FIELD or FORM.FIELD before it");
        };
        Some(spanned(
            span,
            match what {
                IsWhat::Recorded => BoolKind::Recorded(field, negated),
                IsWhat::Declared(code) => {
                    let required = |f: FieldRef| {
                        let crate::ir::FieldId::Stored(place) = f.field else { return false };
                        let of = crate::ir::form(f.form).and_then(|form| form.fields.get(usize::from(place)));
                        of.is_some_and(|f| !matches!(f.requirement, clinical::form::Requirement::Mandatory))
                    };
                    if !required(field) {
                        return self
                            .fault(span, "the field always has a value, so it is never declared missing");
                    }
                    BoolKind::Declared(field, code, negated)
                }
            },
        ))
    }

    fn choose(&mut self, condition: &Node, yes: &Node, no: &Node, span: Span) -> Option<Value> {
        let condition = Box::new(self.condition(condition)?);
        match (self.value(yes)?, self.value(no)?) {
            (Value::Bool(yes), Value::Bool(no)) => {
                Some(Value::Bool(spanned(span, BoolKind::If(condition, Box::new(yes), Box::new(no)))))
            }
            (Value::Day(yes), Value::Day(no)) => {
                Some(Value::Day(spanned(span, DayKind::If(condition, Box::new(yes), Box::new(no)))))
            }
            (Value::Number(yes, a), Value::Number(no, b)) if a == b => {
                Some(Value::Number(spanned(span, NumberKind::If(condition, Box::new(yes), Box::new(no))), a))
            }
            (yes, no) => {
                let message = format!(
                    "`then` is {}, `else` is {}; expected two of one kind and unit",
                    yes.what(),
                    no.what()
                );
                self.fault(span, message)
            }
        }
    }

    fn arithmetic(&mut self, op: BinaryOp, left: &Node, right: &Node, span: Span) -> Option<Value> {
        let sign = if op == BinaryOp::Subtract { -1.0 } else { 1.0 };
        let operator = match op {
            BinaryOp::Add => Operator::Add,
            BinaryOp::Subtract => Operator::Subtract,
            BinaryOp::Multiply => Operator::Multiply,
            _ => Operator::Divide,
        };
        let additive = matches!(operator, Operator::Add | Operator::Subtract);
        let number =
            |a: Number, b: Number| spanned(span, NumberKind::Arithmetic(Box::new(a), operator, Box::new(b)));
        match (self.value(left)?, self.value(right)?) {
            (Value::Day(day), Value::Duration(offset, _)) if additive => {
                let offset = if sign < 0.0 { negated(offset) } else { offset };
                Some(Value::Day(spanned(span, DayKind::Offset(Box::new(day), offset))))
            }
            (Value::Day(a), Value::Day(b)) if operator == Operator::Subtract => {
                let between = NumberKind::Between(Box::new(a), Box::new(b));
                Some(Value::Number(spanned(span, between), Unit::named("d")))
            }
            (Value::Duration(mut a, _), Value::Duration(b, _)) if additive => {
                a.parts.extend(if sign < 0.0 { negated(b).parts } else { b.parts });
                Some(Value::Duration(a, span))
            }
            (Value::Number(a, unit), Value::Duration(b, at)) if additive && unit == Unit::named("d") => {
                let b = self.as_number(&b, TimeUnit::Day, at)?;
                Some(Value::Number(number(a, b), unit))
            }
            (Value::Number(a, ua), Value::Number(b, ub)) => match (operator, &ua, &ub) {
                (_, Unit::Amount, _) | (_, _, Unit::Amount) => self.fault(span, "an amount whose unit stands in another field can only be compared; expected dose_mg, daily_dose_mg ... for arithmetic"),
                (Operator::Add | Operator::Subtract, _, _) if ua == ub => Some(Value::Number(number(a, b), ua)),
                (Operator::Multiply | Operator::Divide, _, Unit::Bare) => Some(Value::Number(number(a, b), ua)),
                (Operator::Multiply, Unit::Bare, _) => Some(Value::Number(number(a, b), ub)),
                (Operator::Divide, _, _) if ua == ub => Some(Value::Number(number(a, b), Unit::Bare)),
                (Operator::Divide, Unit::Named(over), Unit::Named(under)) => {
                    let unit = Unit::Named(format!("{over}/{under}"));
                    Some(Value::Number(number(a, b), unit))
                }
                _ => self.fault(span, format!("the units do not fit: {} and {}", ua.text(), ub.text())),
            },
            (a, b) => self.fault(span, format!("no arithmetic between {} and {}", a.what(), b.what())),
        }
    }

    /// A length of time as a number of days or hours.
    pub(super) fn as_number(&mut self, offset: &Offset, unit: TimeUnit, span: Span) -> Option<Number> {
        let mut total: Option<Number> = None;
        for (factor, amount, written) in &offset.parts {
            let into = match (written, unit) {
                (TimeUnit::Day, TimeUnit::Day) | (TimeUnit::Hour, TimeUnit::Hour) => 1.0,
                (TimeUnit::Day, TimeUnit::Hour) => 24.0,
                (TimeUnit::Hour, TimeUnit::Day) => 1.0 / 24.0,
                (TimeUnit::Minute, TimeUnit::Hour) => 1.0 / 60.0,
                (TimeUnit::Month, _) => {
                    return self.fault(span, "a number of days cannot be compared with months, which differ in length; compare two days instead: DAY + 6mo");
                }
                _ => return self.fault(span, "minutes cannot be compared with days"),
            };
            let kind = match amount {
                Amount::Constant(n) => NumberKind::Constant(f64::from(*n) * factor * into),
                Amount::Parameter(index) => NumberKind::Parameter(*index, factor * into),
            };
            let part = spanned(span, kind);
            total = Some(match total {
                None => part,
                Some(sum) => {
                    spanned(span, NumberKind::Arithmetic(Box::new(sum), Operator::Add, Box::new(part)))
                }
            });
        }
        total
    }
}

pub(super) fn negated(mut offset: Offset) -> Offset {
    for (factor, _, _) in &mut offset.parts {
        *factor = -*factor;
    }
    offset
}
