//! Tokens of a clause.

use super::{Span, SyntaxError, TimeUnit};

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    Name(String),
    Parameter(String),
    Number(f64),
    Duration(i32, TimeUnit),
    Quoted(String),
    /// Punctuation and operators.
    Sign(&'static str),
    End,
}

impl Token {
    pub(super) fn text(&self) -> String {
        match self {
            Self::Name(name) => format!("`{name}`"),
            Self::Parameter(name) => format!("`${name}`"),
            Self::Number(number) => format!("`{number}`"),
            Self::Duration(..) => "a length of time".to_owned(),
            Self::Quoted(text) => format!("'{text}'"),
            Self::Sign(sign) => format!("`{sign}`"),
            Self::End => "the end of the clause".to_owned(),
        }
    }
}

/// Longest first, so that `<=` is not read as `<`.
const SIGNS: &[&str] =
    &["..", "<=", ">=", "!=", "=", "<", ">", "(", ")", "[", "]", ",", ".", "+", "-", "*", "/", "%"];

pub(super) fn tokens(source: &str, text: u32) -> Result<Vec<(Token, Span)>, SyntaxError> {
    let mut found = Vec::new();
    let mut at = 0;
    let span = |start: usize, end: usize| Span { text, start: start as u32, end: end as u32 };
    while let Some(rest) = source.get(at..).filter(|rest| !rest.is_empty()) {
        let first = rest.chars().next().unwrap_or(' ');
        if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        }
        if first == '#' {
            at += rest.find('\n').unwrap_or(rest.len());
            continue;
        }
        let (token, length) = if first.is_ascii_digit() {
            number(rest).map_err(|message| SyntaxError { span: span(at, at + 1), message })?
        } else if is_name_start(first) {
            let length = name_length(rest);
            (Token::Name(rest.get(..length).unwrap_or_default().to_owned()), length)
        } else if first == '$' {
            let name = rest.get(1..).unwrap_or_default();
            let length = name_length(name);
            if length == 0 {
                let message = "`$` stands alone; expected the name of a parameter after it".to_owned();
                return Err(SyntaxError { span: span(at, at + 1), message });
            }
            (Token::Parameter(name.get(..length).unwrap_or_default().to_owned()), length + 1)
        } else if first == '\'' {
            let inside = rest.get(1..).unwrap_or_default();
            let Some(length) = inside.find('\'') else {
                let message = "the quotation has no end; expected a closing '".to_owned();
                return Err(SyntaxError { span: span(at, at + 1), message });
            };
            (Token::Quoted(inside.get(..length).unwrap_or_default().to_owned()), length + 2)
        } else if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            (Token::Sign(sign), sign.len())
        } else {
            let message = format!("the character {first:?} has no meaning here");
            return Err(SyntaxError { span: span(at, at + first.len_utf8()), message });
        };
        found.push((token, span(at, at + length)));
        at += length;
    }
    found.push((Token::End, span(source.len(), source.len())));
    Ok(found)
}

fn is_name_start(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_'
}

fn name_length(text: &str) -> usize {
    text.bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count()
}

fn number(rest: &str) -> Result<(Token, usize), String> {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let mut length = digits(rest);
    let tail = rest.get(length..).unwrap_or_default();
    // A decimal point needs a digit after it; `1..` is a range.
    let decimals = tail.strip_prefix('.').map_or(0, digits);
    if decimals > 0 {
        length += 1 + decimals;
    }
    let written = rest.get(..length).unwrap_or_default();
    let suffix_length = name_length(rest.get(length..).unwrap_or_default());
    let suffix = rest.get(length..length + suffix_length).unwrap_or_default();
    if suffix.is_empty() {
        let value = written.parse::<f64>().map_err(|_| format!("`{written}` is not a number"))?;
        return Ok((Token::Number(value), length));
    }
    let whole: i32 = written.parse().map_err(|_| {
        format!("`{written}{suffix}`: a length of time is a whole number of min, h, d, wk, mo or y")
    })?;
    let (factor, unit) = match suffix {
        "min" => (1, TimeUnit::Minute),
        "h" => (1, TimeUnit::Hour),
        "d" => (1, TimeUnit::Day),
        "wk" => (7, TimeUnit::Day),
        "mo" => (1, TimeUnit::Month),
        "y" => (12, TimeUnit::Month),
        _ => {
            return Err(format!(
                "`{written}{suffix}` is neither a number nor a length of time (min, h, d, wk, mo, y); a code that begins with a digit is \
                 written in quotes, and so is a unit after a number: 500 '/uL'"
            ));
        }
    };
    match whole.checked_mul(factor).filter(|n| *n <= 1_000_000) {
        Some(n) => Ok((Token::Duration(n, unit), length + suffix_length)),
        None => Err(format!("`{written}{suffix}` is too long")),
    }
}
