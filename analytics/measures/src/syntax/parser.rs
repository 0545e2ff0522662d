//! From tokens to the syntax tree, by recursive descent.

use super::lexer::{Token, tokens};
use super::{BinaryOp, Ident, IsWhat, MapKind, Node, SelectOp, Span, Syntax, SyntaxError};
use clinical::MissingCode;

/// Deepest nesting of a clause: beyond any that people write, and far below what the stack holds.
const DEEPEST: usize = 64;
/// Most tokens of a clause: a chain of operators is as deep as it is long.
const LONGEST: usize = 2000;

/// Reads a clause. `text` is the number by which spans name the source.
///
/// # Errors
///
/// The first place that cannot be read.
pub fn parse(source: &str, text: u32) -> Result<Node, SyntaxError> {
    let mut parser = Parser { tokens: tokens(source, text)?, at: 0, depth: 0 };
    if parser.tokens.len() > LONGEST {
        let message =
            format!("the clause has more than {LONGEST} words and signs; split it into definitions");
        return Err(parser.fault(message));
    }
    let node = parser.expression()?;
    match parser.peek() {
        Token::End => Ok(node),
        other => {
            let message = format!(
                "{} does not continue the clause; expected `and`, `or`, an operator or the end",
                other.text()
            );
            Err(parser.fault(message))
        }
    }
}

pub(super) type Parsed<T> = Result<T, SyntaxError>;

pub(super) struct Parser {
    tokens: Vec<(Token, Span)>,
    pub(super) at: usize,
    depth: usize,
}

impl Parser {
    pub(super) fn peek(&self) -> &Token {
        self.tokens.get(self.at).map_or(&Token::End, |(token, _)| token)
    }

    fn peek_after(&self, ahead: usize) -> &Token {
        self.tokens.get(self.at + ahead).map_or(&Token::End, |(token, _)| token)
    }

    pub(super) fn span(&self) -> Span {
        let last = self.tokens.last().map_or(Span { text: 0, start: 0, end: 0 }, |(_, span)| *span);
        self.tokens.get(self.at).map_or(last, |(_, span)| *span)
    }

    pub(super) fn before(&self) -> Span {
        self.at.checked_sub(1).and_then(|i| self.tokens.get(i)).map_or_else(|| self.span(), |(_, span)| *span)
    }

    fn fault(&self, message: impl Into<String>) -> SyntaxError {
        SyntaxError { span: self.span(), message: message.into() }
    }

    pub(super) fn is_word(&self, word: &str) -> bool {
        matches!(self.peek(), Token::Name(name) if name == word)
    }

    pub(super) fn take_word(&mut self, word: &str) -> bool {
        let found = self.is_word(word);
        self.at += usize::from(found);
        found
    }

    pub(super) fn take_sign(&mut self, sign: &str) -> bool {
        let found = matches!(self.peek(), Token::Sign(s) if *s == sign);
        self.at += usize::from(found);
        found
    }

    pub(super) fn word(&mut self, word: &str) -> Parsed<()> {
        if self.take_word(word) {
            return Ok(());
        }
        Err(self.fault(format!("expected `{word}`, found {}", self.peek().text())))
    }

    pub(super) fn sign(&mut self, sign: &str) -> Parsed<()> {
        if self.take_sign(sign) {
            return Ok(());
        }
        Err(self.fault(format!("expected `{sign}`, found {}", self.peek().text())))
    }

    pub(super) fn ident(&mut self, what: &str) -> Parsed<Ident> {
        let span = self.span();
        if let Token::Name(name) = self.peek() {
            let name = name.clone();
            self.at += 1;
            return Ok(Ident { name, span });
        }
        Err(self.fault(format!("expected {what}, found {}", self.peek().text())))
    }

    pub(super) fn expression(&mut self) -> Parsed<Node> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self
                .fault(format!("the clause is nested more than {DEEPEST} deep; split it into definitions")));
        }
        let mut left = self.conjunction()?;
        while self.take_word("or") {
            left = binary(BinaryOp::Or, left, self.conjunction()?);
        }
        self.depth -= 1;
        Ok(left)
    }

    fn conjunction(&mut self) -> Parsed<Node> {
        let mut left = self.negation()?;
        while self.take_word("and") {
            left = binary(BinaryOp::And, left, self.negation()?);
        }
        Ok(left)
    }

    fn negation(&mut self) -> Parsed<Node> {
        let start = self.span();
        // A loop, so that a thousand `not` need no stack.
        let mut nots = 0_usize;
        while self.take_word("not") {
            nots += 1;
        }
        let mut node = self.comparison()?;
        if nots % 2 == 1 {
            node = Node { span: start.to(node.span), kind: Syntax::Not(Box::new(node)) };
        }
        Ok(node)
    }

    fn comparison(&mut self) -> Parsed<Node> {
        let left = self.sum()?;
        let op = match self.peek() {
            Token::Sign("=") => BinaryOp::Equal,
            Token::Sign("!=") => BinaryOp::NotEqual,
            Token::Sign("<") => BinaryOp::Less,
            Token::Sign("<=") => BinaryOp::LessEqual,
            Token::Sign(">") => BinaryOp::Greater,
            Token::Sign(">=") => BinaryOp::GreaterEqual,
            Token::Name(name) => match name.as_str() {
                "in" | "not" | "has" | "is" | "between" => return self.predicate(left),
                _ => return Ok(left),
            },
            _ => return Ok(left),
        };
        self.at += 1;
        let right = self.sum()?;
        Ok(binary(op, left, right))
    }

    fn predicate(&mut self, left: Node) -> Parsed<Node> {
        let start = left.span;
        let left = Box::new(left);
        let kind = if self.take_word("in") {
            Syntax::In(left, self.list()?, false)
        } else if self.take_word("not") {
            self.word("in")?;
            Syntax::In(left, self.list()?, true)
        } else if self.take_word("has") {
            let all = self.take_word("all");
            if !all {
                self.take_word("any");
            }
            Syntax::Has(left, self.list()?, all)
        } else if self.take_word("between") {
            let low = self.sum()?;
            self.word("and")?;
            let high = self.sum()?;
            let least = binary(BinaryOp::GreaterEqual, (*left).clone(), low);
            return Ok(binary(BinaryOp::And, least, binary(BinaryOp::LessEqual, *left, high)));
        } else {
            self.word("is")?;
            let negated = self.take_word("not");
            let what = self.ident("`recorded`, ND, NK, NA or PEND")?;
            let what = match (what.name.as_str(), MissingCode::parse(&what.name)) {
                ("recorded", _) => IsWhat::Recorded,
                (_, Some(code)) => IsWhat::Declared(code),
                (other, None) => {
                    let message = format!(
                        "`is {other}` is not known; expected `is recorded`, or `is` with ND, NK, NA or PEND"
                    );
                    return Err(SyntaxError { span: what.span, message });
                }
            };
            Syntax::Is(left, what, negated)
        };
        Ok(Node { span: start.to(self.before()), kind })
    }

    /// `[a, b]`, or one name that stands for a list.
    fn list(&mut self) -> Parsed<Vec<Node>> {
        if !self.take_sign("[") {
            return Ok(vec![self.factor()?]);
        }
        let mut items = vec![self.sum()?];
        while self.take_sign(",") {
            items.push(self.sum()?);
        }
        self.sign("]")?;
        Ok(items)
    }

    pub(super) fn sum(&mut self) -> Parsed<Node> {
        let mut left = self.product()?;
        loop {
            let op = match self.peek() {
                Token::Sign("+") => BinaryOp::Add,
                Token::Sign("-") => BinaryOp::Subtract,
                _ => return Ok(left),
            };
            self.at += 1;
            left = binary(op, left, self.product()?);
        }
    }

    fn product(&mut self) -> Parsed<Node> {
        let mut left = self.factor()?;
        loop {
            let op = match self.peek() {
                Token::Sign("*") => BinaryOp::Multiply,
                Token::Sign("/") => BinaryOp::Divide,
                _ => return Ok(left),
            };
            self.at += 1;
            left = binary(op, left, self.factor()?);
        }
    }

    fn factor(&mut self) -> Parsed<Node> {
        let span = self.span();
        let token = self.peek().clone();
        self.at += 1;
        let kind = match token {
            Token::Number(value) => {
                if let Token::Quoted(unit) = self.peek() {
                    let unit = unit.clone();
                    self.at += 1;
                    Syntax::Number(value, Some(unit))
                } else if self.take_sign("%") {
                    Syntax::Number(value, Some("%".to_owned()))
                } else {
                    Syntax::Number(value, None)
                }
            }
            Token::Duration(n, unit) => Syntax::Duration(n, unit),
            Token::Quoted(text) => Syntax::Text(text),
            Token::Parameter(name) => Syntax::Parameter(name),
            Token::Sign("-") => {
                self.depth += 1;
                if self.depth > DEEPEST {
                    return Err(self.fault("too many signs in a row"));
                }
                let inner = self.factor()?;
                self.depth -= 1;
                Syntax::Negate(Box::new(inner))
            }
            Token::Sign("(") => {
                let inner = self.expression()?;
                self.sign(")")?;
                return Ok(Node { span: span.to(self.before()), kind: inner.kind });
            }
            Token::Name(name) => self.named(Ident { name, span })?,
            other => {
                self.at -= 1;
                return Err(self.fault(format!("expected a value or a clause, found {}", other.text())));
            }
        };
        Ok(Node { span: span.to(self.before()), kind })
    }

    fn named(&mut self, name: Ident) -> Parsed<Syntax> {
        let map = match name.name.as_str() {
            "all" => Some(MapKind::All),
            "any" => Some(MapKind::Any),
            "none" => Some(MapKind::None),
            "count" => Some(MapKind::Count),
            _ => None,
        };
        if let (Some(kind), Token::Name(_), Token::Sign("(")) = (map, self.peek(), self.peek_after(1)) {
            let of = self.ident("the name of a definition")?;
            return Ok(Syntax::Map(kind, of, self.arguments()?));
        }
        let op = match name.name.as_str() {
            "true" => return Ok(Syntax::Truth(true)),
            "false" => return Ok(Syntax::Truth(false)),
            "if" => {
                let condition = self.expression()?;
                self.word("then")?;
                let yes = self.expression()?;
                self.word("else")?;
                let no = self.expression()?;
                return Ok(Syntax::If(Box::new(condition), Box::new(yes), Box::new(no)));
            }
            "exists" => SelectOp::Exists,
            "no" => SelectOp::No,
            "every" => SelectOp::Every,
            "share" => SelectOp::Share,
            "count" => SelectOp::Count,
            "first" => SelectOp::First,
            "last" => SelectOp::Last,
            "min" => SelectOp::Min,
            "max" => SelectOp::Max,
            "sum" => SelectOp::Sum,
            "longest" => SelectOp::LongestGap,
            "shortest" => SelectOp::ShortestGap,
            _ => {
                if matches!(self.peek(), Token::Sign("(")) {
                    return Ok(Syntax::Call(name, self.arguments()?));
                }
                let field = if self.take_sign(".") { Some(self.ident("a field")?) } else { None };
                return Ok(Syntax::Path(name, field));
            }
        };
        self.select(op)
    }

    fn arguments(&mut self) -> Parsed<Vec<Node>> {
        self.sign("(")?;
        let mut arguments = vec![self.expression()?];
        while self.take_sign(",") {
            arguments.push(self.expression()?);
        }
        self.sign(")")?;
        Ok(arguments)
    }
}

fn binary(op: BinaryOp, left: Node, right: Node) -> Node {
    Node { span: left.span.to(right.span), kind: Syntax::Binary(op, Box::new(left), Box::new(right)) }
}
