//! Clauses about rows, and their windows.

use super::lexer::Token;
use super::parser::{Parsed, Parser};
use super::{Edge, SelectNode, SelectOp, Span, Syntax, SyntaxError, WindowNode};

impl Parser {
    pub(super) fn select(&mut self, mut op: SelectOp) -> Parsed<Syntax> {
        match op {
            SelectOp::LongestGap | SelectOp::ShortestGap => {
                self.word("gap")?;
                self.word("of")?;
            }
            SelectOp::Count if self.is_word("days") => {
                self.at += 1;
                self.word("of")?;
                op = SelectOp::CountDays;
            }
            _ => {}
        }
        let form = self.ident("the name of a form")?;
        let alias = if self.take_word("as") { Some(self.ident("a name")?) } else { None };
        let filter = if self.take_sign("[") {
            let filter = self.expression()?;
            self.sign("]")?;
            Some(Box::new(filter))
        } else {
            None
        };
        let field = if self.take_sign(".") { Some(self.ident("a field")?) } else { None };
        let mut select = SelectNode {
            op,
            form,
            alias,
            filter,
            field,
            by: None,
            windows: Vec::new(),
            active: false,
            absent_is_no: None,
            satisfies: None,
        };
        loop {
            let span = self.span();
            let Token::Name(word) = self.peek() else { break };
            let word = word.clone();
            match word.as_str() {
                "as" | "by" => {
                    self.at += 1;
                    let name = self.ident("a name")?;
                    let place = if word == "as" { &mut select.alias } else { &mut select.by };
                    if place.replace(name).is_some() {
                        return Err(SyntaxError { span, message: format!("`{word}` is written twice") });
                    }
                }
                "active" => {
                    self.at += 1;
                    select.active = true;
                }
                "within" | "from" | "before" | "until" | "after" | "since" | "on" => {
                    self.at += 1;
                    let window = self.window(&word, span)?;
                    select.windows.push(window);
                }
                "absent" => {
                    self.at += 1;
                    self.word("means")?;
                    let meaning = self.ident("`no` or `unknown`")?;
                    select.absent_is_no = match meaning.name.as_str() {
                        "no" => Some(true),
                        "unknown" => Some(false),
                        _ => {
                            let message = "expected `absent means no` or `absent means unknown`".to_owned();
                            return Err(SyntaxError { span: meaning.span, message });
                        }
                    };
                }
                "satisfies" => {
                    self.at += 1;
                    self.sign("(")?;
                    select.satisfies = Some(Box::new(self.expression()?));
                    self.sign(")")?;
                }
                _ => break,
            }
        }
        Ok(Syntax::Select(Box::new(select)))
    }

    fn window(&mut self, word: &str, span: Span) -> Parsed<WindowNode> {
        if word == "within" {
            let (low, high) = self.edges()?;
            let fallback = if self.take_word("else") { Some(self.edges()?) } else { None };
            self.word("of")?;
            let anchor = Box::new(self.sum()?);
            return Ok(WindowNode::Within { low, high, fallback, anchor, span: span.to(self.before()) });
        }
        let day = Box::new(self.sum()?);
        Ok(match word {
            "from" => {
                self.word("to")?;
                WindowNode::Range(day, Box::new(self.sum()?))
            }
            "before" => WindowNode::Before(day),
            "until" => WindowNode::Until(day),
            "after" => WindowNode::After(day),
            "since" => WindowNode::Since(day),
            _ => WindowNode::On(day),
        })
    }

    fn edges(&mut self) -> Parsed<(Edge, Edge)> {
        let open = self.take_sign("(");
        if !open {
            self.sign("[")?;
        }
        let low = if self.take_sign("..") { None } else { Some(self.sum()?) };
        self.sign(",")?;
        let high = if self.take_sign("..") { None } else { Some(self.sum()?) };
        let closes_open = self.take_sign(")");
        if !closes_open {
            self.sign("]")?;
        }
        Ok((Edge { offset: low, open }, Edge { offset: high, open: closes_open }))
    }
}
