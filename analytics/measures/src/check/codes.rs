//! Codes in a clause: each must be in the value set of the field it is compared with.

use super::{Checker, Value, spanned};
use crate::ir::{Bool, BoolKind, Code};
use crate::syntax::{Node, Span, Syntax};
use clinical::field::{ValueSet, nearest};

impl Checker<'_> {
    /// The codes that nodes stand for: codes, quoted codes, or names of lists.
    pub(super) fn codes(&mut self, nodes: &[Node], set: Option<&'static ValueSet>) -> Option<Vec<String>> {
        let mut found: Vec<String> = Vec::new();
        let before = self.faults.len();
        for node in nodes {
            let written = match &node.kind {
                Syntax::Path(name, None) => {
                    let listed = self.book.codes.get(&name.name).cloned();
                    let is_code = set.is_some_and(|set| set.find(&name.name).is_some());
                    if let (Some(listed), false) = (listed, is_code) {
                        self.used.insert(name.name.clone());
                        for code in listed {
                            self.code(&code, set, node.span, Some(&name.name), &mut found);
                        }
                        continue;
                    }
                    name.name.clone()
                }
                Syntax::Text(text) => text.clone(),
                Syntax::Number(number, None) => number.to_string(),
                _ => {
                    self.fault::<()>(
                        node.span,
                        "expected a code, a quoted code, or the name of a list of codes",
                    );
                    continue;
                }
            };
            self.code(&written, set, node.span, None, &mut found);
        }
        (self.faults.len() == before).then_some(found)
    }

    fn code(
        &mut self,
        code: &str,
        set: Option<&'static ValueSet>,
        span: Span,
        list: Option<&str>,
        found: &mut Vec<String>,
    ) {
        if let Some(set) = set
            && set.find(code).is_none()
        {
            let of_list = list.map_or_else(String::new, |list| format!(" (in the list {list})"));
            let lists = self.book.codes.keys().map(String::as_str);
            let near = nearest(code, set.codes.iter().map(|c| c.code).chain(lists));
            let codes: Vec<&str> = set.codes.iter().map(|c| c.code).collect();
            let expected = near.map_or_else(
                || format!("expected one of {}", codes.join(", ")),
                |near| format!("did you mean {near}?"),
            );
            let shown: String = code.chars().take(60).collect();
            self.fault::<()>(
                span,
                format!("`{shown}`{of_list} is not in the value set {}; {expected}", set.name),
            );
            return;
        }
        if found.iter().any(|other| other == code) {
            self.fault::<()>(span, format!("`{code}` is listed twice"));
            return;
        }
        found.push(code.to_owned());
    }

    /// `code = X`, `code in [..]`.
    pub(super) fn code_in(
        &mut self,
        (code, set): (Code, Option<&'static ValueSet>),
        nodes: &[Node],
        negated: bool,
        span: Span,
    ) -> Option<Bool> {
        let codes = self.codes(nodes, set)?;
        if let Some(set) = set
            && set.codes.len() == codes.len()
        {
            return self.fault(
                span,
                format!("the list has every code of the value set {}; the clause says nothing", set.name),
            );
        }
        Some(spanned(span, BoolKind::CodeIn(code, codes, negated)))
    }

    pub(super) fn has(&mut self, left: &Node, nodes: &[Node], all: bool, span: Span) -> Option<Bool> {
        match self.value(left)? {
            Value::Codes(field, set) => {
                let codes = self.codes(nodes, Some(set))?;
                Some(spanned(span, BoolKind::CodesHave(field, codes, all)))
            }
            Value::Code(..) => self.fault(span, "the field holds one code; expected `=` or `in [...]`"),
            other => self.fault(span, format!("`has` needs a list of codes, this is {}", other.what())),
        }
    }
}
