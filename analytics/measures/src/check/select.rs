//! Clauses about the rows of a form, and their windows.

use super::reach::conjuncts;
use super::{Checker, Row, Unit, Value, spanned};
use crate::fields;
use crate::file::Absence;
use crate::ir::{
    BoolKind, CodeKind, DayKind, FieldId, Fold, FormId, Limit, NumberKind, Offset, Picked, RowRef, Select,
    Window, form,
};
use crate::syntax::{BinaryOp, Edge, Ident, Node, SelectNode, SelectOp, Span, Syntax, WindowNode};
use clinical::field::{Kind, nearest};
use clinical::lab::Analyte;

/// Most rows inside one another.
const DEEPEST: usize = 8;

impl Checker<'_> {
    pub(super) fn select(&mut self, node: &SelectNode, span: Span) -> Option<Value> {
        let of = self.form_of(&node.form)?;
        self.shape(node, span)?;
        if self.rows.len() >= DEEPEST {
            return self.fault(span, format!("more than {DEEPEST} clauses about rows inside one another"));
        }
        let analytes = if of.and_then(form).is_some_and(|f| f.name == "laboratory") {
            self.analytes(node.filter.as_deref())
        } else {
            Vec::new()
        };
        // Windows count from days outside the row; the filter and what follows are about the row.
        let windows = self.windows(&node.windows);
        let depth = self.rows.len() as u8;
        self.rows.push(Row { alias: node.alias.as_ref().map(|a| a.name.clone()), form: of, analytes });
        let inside = self.inside(node, of, depth, span);
        self.rows.pop();
        let (filter, by, ends, field, satisfies) = inside?;
        let windows = windows?;
        if of.is_none() && !bounded(&windows) {
            return self.fault(span, "the days of an open window have no end; expected `from DAY to DAY` or `within [a, b] of DAY`");
        }
        if node.op == SelectOp::LongestGap && !bounded(&windows) {
            return self.fault(
                span,
                "a longest gap needs both ends; expected `from DAY to DAY` or `within [a, b] of DAY`",
            );
        }
        if node.active && windows.is_empty() {
            return self.fault(span, "`active` says nothing without a window; expected `active on DAY`, `active from DAY to DAY` ...");
        }
        let absence = match (node.absent_is_no, of) {
            (Some(true), _) | (None, None) => Absence::No,
            (Some(false), _) => Absence::Unknown,
            (None, Some(of)) => (self.absence)(of),
        };
        let only = filter.as_ref().and_then(|filter| only(filter, depth));
        let select = Box::new(Select { form: of, depth, filter, only, by, ends, windows, absence, span });
        let pick = |which| match field {
            Some(Taken::Day(field)) => Value::Day(spanned(span, DayKind::Pick(select.clone(), which, field))),
            Some(Taken::Code(field, set)) => {
                Value::Code(spanned(span, CodeKind::Pick(select.clone(), which, field)), set)
            }
            Some(Taken::Number(field, ref unit)) => Value::Number(
                spanned(span, NumberKind::Pick(select.clone(), which, field, None)),
                unit.clone(),
            ),
            None => Value::Bool(spanned(span, BoolKind::Constant(false))),
        };
        let fold = |fold| match field {
            Some(Taken::Number(field, ref unit)) => Some(Value::Number(
                spanned(span, NumberKind::Fold(select.clone(), fold, field, None)),
                unit.clone(),
            )),
            _ => None,
        };
        let satisfies = satisfies.map(Box::new);
        let days = Unit::named("d");
        let value = match (node.op, satisfies) {
            (SelectOp::Exists, _) => Value::Bool(spanned(span, BoolKind::Exists(select))),
            (SelectOp::No, _) => {
                let exists = spanned(span, BoolKind::Exists(select));
                Value::Bool(spanned(span, BoolKind::Not(Box::new(exists))))
            }
            (SelectOp::Every, Some(body)) => Value::Bool(spanned(span, BoolKind::Every(select, body))),
            (SelectOp::Share, Some(body)) => {
                Value::Number(spanned(span, NumberKind::Share(select, body)), Unit::named("%"))
            }
            (SelectOp::Count, _) => Value::Number(spanned(span, NumberKind::Count(select)), Unit::Bare),
            (SelectOp::CountDays, _) => {
                Value::Number(spanned(span, NumberKind::CountDays(select)), Unit::Bare)
            }
            (SelectOp::LongestGap, _) => Value::Number(spanned(span, NumberKind::LongestGap(select)), days),
            (SelectOp::ShortestGap, _) => {
                Value::Number(spanned(span, NumberKind::ShortestGap(select)), Unit::named("h"))
            }
            (SelectOp::First, _) => pick(Picked::First),
            (SelectOp::Last, _) => pick(Picked::Last),
            (op, _) => {
                let how = match op {
                    SelectOp::Min => Fold::Min,
                    SelectOp::Max => Fold::Max,
                    _ => Fold::Sum,
                };
                match fold(how) {
                    Some(value) => value,
                    None => return self.fault(span, "min, max and sum need a number; expected FORM[...].FIELD with a numeric field (for days: first, last)"),
                }
            }
        };
        Some(value)
    }

    #[expect(
        clippy::option_option,
        reason = "the outer None is a fault already told, the inner one the days"
    )]
    fn form_of(&mut self, name: &Ident) -> Option<Option<FormId>> {
        if name.name == "day" {
            return Some(None);
        }
        if let Some((id, _)) = fields::form_by_name(&name.name) {
            return Some(Some(id));
        }
        let forms: Vec<&str> = clinical::forms::ALL.iter().map(|f| f.name).collect();
        let expected = nearest(&name.name, forms.iter().copied()).map_or_else(
            || format!("expected one of {}", forms.join(", ")),
            |near| format!("did you mean {near}?"),
        );
        self.fault(name.span, format!("there is no form `{}`; {expected}", name.name))
    }

    /// Which parts go with which verb.
    fn shape(&mut self, node: &SelectNode, span: Span) -> Option<()> {
        let takes_field = matches!(
            node.op,
            SelectOp::First | SelectOp::Last | SelectOp::Min | SelectOp::Max | SelectOp::Sum
        );
        match (takes_field, &node.field) {
            (true, None) => {
                return self
                    .fault(span, format!("which field of {0}? expected {0}[...].FIELD", node.form.name));
            }
            (false, Some(field)) => {
                return self.fault(field.span, "a field is taken by first, last, min, max or sum only; conditions on fields stand in the brackets");
            }
            _ => {}
        }
        let takes_body = matches!(node.op, SelectOp::Every | SelectOp::Share);
        match (takes_body, &node.satisfies) {
            (true, None) => self.fault(span, "expected `satisfies (...)` at the end"),
            (false, Some(body)) => self.fault(body.span, "`satisfies` goes with `every` and `share` only"),
            _ => Some(()),
        }
    }

    /// The analytes a filter asks for, by a first look at its text.
    fn analytes(&mut self, filter: Option<&Node>) -> Vec<Analyte> {
        let Some(filter) = filter else { return Vec::new() };
        for part in super::chain(filter, BinaryOp::And) {
            let (left, list): (&Node, Vec<&Node>) = match &part.kind {
                Syntax::Binary(BinaryOp::Equal, left, right) => (left, vec![right]),
                Syntax::In(left, list, false) => (left, list.iter().collect()),
                _ => continue,
            };
            if !matches!(&left.kind, Syntax::Path(name, None) if name.name == "analyte") {
                continue;
            }
            let mut names: Vec<String> = Vec::new();
            for item in list {
                match &item.kind {
                    Syntax::Path(name, None) => match self.book.codes.get(&name.name) {
                        Some(listed) => names.extend(listed.iter().cloned()),
                        None => names.push(name.name.clone()),
                    },
                    Syntax::Text(text) => names.push(text.clone()),
                    _ => {}
                }
            }
            return Analyte::ALL.iter().copied().filter(|a| names.iter().any(|n| n == a.code())).collect();
        }
        Vec::new()
    }

    #[expect(clippy::type_complexity, reason = "the parts of a clause about a row, used once")]
    fn inside(
        &mut self,
        node: &SelectNode,
        of: Option<FormId>,
        depth: u8,
        span: Span,
    ) -> Option<(
        Option<crate::ir::Bool>,
        Option<FieldId>,
        Option<FieldId>,
        Option<Taken>,
        Option<crate::ir::Bool>,
    )> {
        let filter = match &node.filter {
            Some(filter) => {
                let checked = self.condition(filter)?;
                if let Some(message) = Self::contradictory(&checked) {
                    return self.fault(filter.span, message);
                }
                Some(checked)
            }
            None => None,
        };
        let satisfies = match &node.satisfies {
            Some(body) => Some(self.condition(body)?),
            None => None,
        };
        let Some(of) = of else { return Some((filter, None, None, None, satisfies)) };
        let descriptor = form(of)?;
        let by = match &node.by {
            Some(name) => {
                let (id, kind, _) = self.field_id(of, name)?;
                let ordered = matches!(kind, Kind::Integer { .. })
                    && matches!(node.op, SelectOp::First | SelectOp::Last)
                    && node.windows.is_empty();
                if !matches!(kind, Kind::Date | Kind::PartialDate) && !ordered {
                    return self.fault(name.span, "`by` names a date of the form; a number orders `first` and `last` where there is no window");
                }
                Some(id)
            }
            None => fields::main_date(descriptor)
                .and_then(|name| fields::stored(descriptor, name))
                .map(|(id, _)| id),
        };
        let needs_date = !node.windows.is_empty()
            || matches!(
                node.op,
                SelectOp::First
                    | SelectOp::Last
                    | SelectOp::CountDays
                    | SelectOp::LongestGap
                    | SelectOp::ShortestGap
            );
        if needs_date && by.is_none() {
            return self.fault(
                span,
                format!(
                    "{} has no date of its own; expected no window, and `by FIELD` for first and last",
                    descriptor.name
                ),
            );
        }
        let ends = match (node.active, fields::end_date(descriptor)) {
            (false, _) => None,
            (true, Some(name)) => fields::stored(descriptor, name).map(|(id, _)| id),
            (true, None) => {
                return self.fault(
                    span,
                    format!(
                        "{} has no end, so it cannot be active; expected a window alone",
                        descriptor.name
                    ),
                );
            }
        };
        let field = match &node.field {
            Some(name) => Some(self.taken(of, depth, name)?),
            None => None,
        };
        Some((filter, by, ends, field, satisfies))
    }

    fn taken(&mut self, of: FormId, depth: u8, name: &Ident) -> Option<Taken> {
        let (field, kind, _) = self.field_id(of, name)?;
        Some(match kind {
            Kind::Integer { .. } | Kind::Decimal { .. } => {
                Taken::Number(field, self.unit_of(of, RowRef::Enclosing(depth), field, kind, name.span)?)
            }
            Kind::Date | Kind::PartialDate => Taken::Day(field),
            Kind::Coded(set) => Taken::Code(field, Some(set)),
            Kind::Text { .. } => Taken::Code(field, None),
            _ => {
                let message = format!(
                    "`{}` cannot be taken from a row; expected a number, a date or a code",
                    name.name
                );
                return self.fault(name.span, message);
            }
        })
    }

    fn windows(&mut self, nodes: &[WindowNode]) -> Option<Vec<Window>> {
        nodes.iter().map(|node| self.window(node)).collect()
    }

    fn window(&mut self, node: &WindowNode) -> Option<Window> {
        let plain = |day, open| Some(Limit { day, offset: Offset::default(), open, fallback: None });
        Some(match node {
            WindowNode::Within { low, high, fallback, anchor, span } => {
                let day = self.day(anchor)?;
                let (low_else, high_else) = match fallback {
                    Some((low, high)) => (Some(low), Some(high)),
                    None => (None, None),
                };
                let low = self.limit(&day, low, low_else)?;
                let high = self.limit(&day, high, high_else)?;
                if let (Some(low), Some(high)) = (&low, &high) {
                    let width = self.width(&low.offset, &high.offset);
                    if width < 0.0 || (width <= 0.0 && (low.open || high.open)) {
                        let message = "the window is impossible: it closes before it opens, at least for some values of its parameters";
                        return self.fault(*span, message);
                    }
                }
                if low.is_none() && high.is_none() {
                    return self.fault(*span, "the window has no edge; leave it out");
                }
                Window { low, high }
            }
            WindowNode::Range(from, to) => {
                let (from, to) = (self.day(from)?, self.day(to)?);
                Window { low: plain(from, false), high: plain(to, false) }
            }
            WindowNode::Before(day) => Window { low: None, high: plain(self.day(day)?, true) },
            WindowNode::Until(day) => Window { low: None, high: plain(self.day(day)?, false) },
            WindowNode::After(day) => Window { low: plain(self.day(day)?, true), high: None },
            WindowNode::Since(day) => Window { low: plain(self.day(day)?, false), high: None },
            WindowNode::On(day) => {
                let day = self.day(day)?;
                Window { low: plain(day.clone(), false), high: plain(day, false) }
            }
        })
    }

    #[expect(clippy::option_option, reason = "the outer None is a fault already told")]
    fn limit(&mut self, day: &crate::ir::Day, edge: &Edge, fallback: Option<&Edge>) -> Option<Option<Limit>> {
        let Some(node) = &edge.offset else { return Some(None) };
        let offset = self.offset(node)?;
        let fallback = match fallback {
            Some(Edge { offset: Some(node), open }) => {
                let offset = self.offset(node)?;
                let whole = offset.parts.iter().all(|(_, _, u)| {
                    matches!(u, crate::syntax::TimeUnit::Day | crate::syntax::TimeUnit::Month)
                });
                if !whole {
                    return self.fault(
                        node.span,
                        "the edges after `else` hold where no time of day is known; expected days",
                    );
                }
                Some((offset, *open))
            }
            Some(Edge { offset: None, .. }) => {
                return self
                    .fault(node.span, "the window has an edge here but none after `else`; expected both");
            }
            None => None,
        };
        Some(Some(Limit { day: day.clone(), offset, open: edge.open, fallback }))
    }

    fn offset(&mut self, node: &Node) -> Option<Offset> {
        match self.value(node)? {
            Value::Duration(offset, _) => Some(offset),
            Value::Number(number, _) if matches!(number.kind, NumberKind::Constant(0.0)) => Some(Offset {
                parts: vec![(1.0, crate::ir::Amount::Constant(0), crate::syntax::TimeUnit::Day)],
            }),
            other => self.fault(
                node.span,
                format!(
                    "an edge of a window is {}; expected a length of time such as -30d, 6mo, $lookback or ..",
                    other.what()
                ),
            ),
        }
    }
}

/// What `FORM[...].FIELD` takes.
#[derive(Debug, Clone)]
enum Taken {
    Number(FieldId, Unit),
    Day(FieldId),
    Code(FieldId, Option<&'static clinical::field::ValueSet>),
}

fn bounded(windows: &[Window]) -> bool {
    windows.iter().any(|w| w.low.is_some()) && windows.iter().any(|w| w.high.is_some())
}

/// The codes a filter demands of a coded field of its row.
fn only(filter: &crate::ir::Bool, depth: u8) -> Option<(u16, Vec<&'static str>)> {
    conjuncts(filter).into_iter().find_map(|part| {
        let BoolKind::CodeIn(code, codes, false) = &part.kind else { return None };
        let CodeKind::Field(field) = code.kind else { return None };
        let (RowRef::Enclosing(at), FieldId::Stored(place)) = (field.row, field.field) else { return None };
        let descriptor = form(field.form)?.fields.get(usize::from(place))?;
        let Kind::Coded(set) = descriptor.kind else { return None };
        if at != depth {
            return None;
        }
        // A cell that holds UNK, or none at all, may be any code: such rows must be looked at too.
        let mandatory = descriptor.requirement == clinical::form::Requirement::Mandatory;
        let certain = mandatory && set.find("UNK").is_none();
        certain.then(|| (place, codes.iter().filter_map(|c| set.find(c)).collect()))
    })
}

/// A window with each of its days changed.
pub(super) fn map_window(window: &WindowNode, change: &impl Fn(&Node) -> Node) -> WindowNode {
    let boxed = |node: &Node| Box::new(change(node));
    let edge = |edge: &Edge| Edge { offset: edge.offset.as_ref().map(change), open: edge.open };
    match window {
        WindowNode::Within { low, high, fallback, anchor, span } => WindowNode::Within {
            low: edge(low),
            high: edge(high),
            fallback: fallback.as_ref().map(|(low, high)| (edge(low), edge(high))),
            anchor: boxed(anchor),
            span: *span,
        },
        WindowNode::Range(from, to) => WindowNode::Range(boxed(from), boxed(to)),
        WindowNode::Before(day) => WindowNode::Before(boxed(day)),
        WindowNode::Until(day) => WindowNode::Until(boxed(day)),
        WindowNode::After(day) => WindowNode::After(boxed(day)),
        WindowNode::Since(day) => WindowNode::Since(boxed(day)),
        WindowNode::On(day) => WindowNode::On(boxed(day)),
    }
}
