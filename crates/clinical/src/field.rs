//! The kinds of value a field may hold, and the one place where text and JSON become values.

use crate::partial_date::{PartialDate, parse_day};
use crate::rule::{self, Rule};
use chrono::{NaiveDate, NaiveTime, Timelike};
use serde_json::Value;

/// A code of a value set with its labels.
#[derive(Debug, PartialEq, Eq)]
pub struct Code {
    /// As stored and exchanged.
    pub code: &'static str,
    /// English label.
    pub en: &'static str,
    /// Chinese label.
    pub zh: &'static str,
}

/// A closed list of codes.
#[derive(Debug, PartialEq, Eq)]
pub struct ValueSet {
    /// Name in the data dictionary.
    pub name: &'static str,
    /// The codes, in the order people expect.
    pub codes: &'static [Code],
}

impl ValueSet {
    /// The static code equal to `text`.
    pub fn find(&self, text: &str) -> Option<&'static str> {
        self.codes.iter().map(|c| c.code).find(|c| *c == text)
    }

    /// The static code that `text` writes in another case or with other separators, or whose English label it is.
    pub fn find_lenient(&self, text: &str) -> Option<&'static str> {
        let plain = |s: &str| s.to_ascii_uppercase().replace([' ', '-', ','], "_").replace("__", "_");
        let wanted = plain(text);
        self.codes.iter().find(|c| plain(c.code) == wanted || plain(c.en) == wanted).map(|c| c.code)
    }

    fn expected(&self, received: &str) -> String {
        let list: Vec<&str> = self.codes.iter().map(|c| c.code).collect();
        match nearest(received, list.iter().copied()) {
            Some(near) => format!("one of {}; did you mean {near}?", list.join(", ")),
            None => format!("one of {}", list.join(", ")),
        }
    }
}

impl ValueSet {
    /// Why a text is not one of the codes, for people.
    pub fn refusal(&self, received: &str) -> String {
        format!(
            "{:?} is not in the value set {}: {}",
            crate::finding::echo(received),
            self.name,
            self.expected(received)
        )
    }
}

/// The candidate that `received` was most likely meant to be, if any is close.
pub fn nearest<'a>(received: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    if received.chars().count() > 64 {
        return None;
    }
    let normal = |s: &str| s.to_ascii_lowercase().replace([' ', '-', '.'], "_");
    let wanted = normal(received);
    candidates
        .map(|c| (strsim::damerau_levenshtein(&wanted, &normal(c)), c))
        .filter(|(distance, c)| *distance <= c.len() / 3)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, c)| c)
}

/// Which text a field accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextForm {
    /// Letters, digits, `.`, `_`, `-`, single spaces inside: identifiers that centers make.
    Identifier,
    /// Any printable text.
    Free,
}

/// What a field may hold: its type with the hard range or value set.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// A whole number within inclusive bounds.
    Integer {
        /// Smallest accepted.
        min: i32,
        /// Largest accepted.
        max: i32,
    },
    /// A real number within inclusive bounds, in the unit of the dictionary.
    Decimal {
        /// Smallest accepted.
        min: f64,
        /// Largest accepted.
        max: f64,
        /// UCUM-like unit.
        unit: &'static str,
    },
    /// Yes or no.
    Flag,
    /// A code of a value set.
    Coded(&'static ValueSet),
    /// One or more codes of a value set: an array in JSON, separated by `;` in CSV and SQL, in the order of the set.
    Codes(&'static ValueSet),
    /// A time of day at the center, to the minute.
    Time,
    /// A date known to the day.
    Date,
    /// A date that may be known to the month or year only.
    PartialDate,
    /// Text of at most so many characters.
    Text {
        /// Longest accepted, in characters.
        max: usize,
        /// Which characters.
        form: TextForm,
    },
}

/// A value of a field. Only [`Kind`] makes them, so a cell always fits its field.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// No value.
    Null,
    /// Of an integer field.
    Integer(i32),
    /// Of a decimal field.
    Decimal(f64),
    /// Of a yes/no field.
    Flag(bool),
    /// Of a coded field.
    Code(&'static str),
    /// Of a field with several codes: at least one, in the order of the value set, none twice.
    Codes(Vec<&'static str>),
    /// Of a time field.
    Time(NaiveTime),
    /// Of a date field.
    Date(NaiveDate),
    /// Of a partial date field.
    PartialDate(PartialDate),
    /// Of a text field.
    Text(String),
}

impl Cell {
    /// No value here.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The value as JSON; dates as ISO 8601 text.
    pub fn to_json(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Integer(i) => Value::from(*i),
            Self::Decimal(d) => Value::from(*d),
            Self::Flag(b) => Value::Bool(*b),
            Self::Code(c) => Value::from(*c),
            Self::Codes(list) => Value::from(list.clone()),
            Self::Time(_) => Value::from(self.to_text()),
            Self::Date(d) => Value::from(d.to_string()),
            Self::PartialDate(d) => Value::from(d.to_string()),
            Self::Text(t) => Value::from(t.as_str()),
        }
    }

    /// The value as CSV text.
    pub fn to_text(&self) -> String {
        match self {
            Self::Null => String::new(),
            Self::Integer(i) => i.to_string(),
            Self::Decimal(d) => d.to_string(),
            Self::Flag(b) => b.to_string(),
            Self::Code(c) => (*c).to_owned(),
            Self::Codes(list) => list.join(";"),
            Self::Time(t) => t.format("%H:%M").to_string(),
            Self::Date(d) => d.to_string(),
            Self::PartialDate(d) => d.to_string(),
            Self::Text(t) => t.clone(),
        }
    }
}

/// Why a value was refused: the rule and what would be accepted.
pub struct Refusal {
    /// The broken rule.
    pub rule: &'static Rule,
    /// What would be accepted.
    pub expected: String,
}

impl Kind {
    /// What the field accepts, in words.
    pub fn expected(&self) -> String {
        match self {
            Self::Integer { min, max } => format!("an integer from {min} to {max}"),
            Self::Decimal { min, max, unit } => {
                format!("a number from {min} to {max} {unit}").trim_end().to_owned()
            }
            Self::Flag => "true or false".to_owned(),
            Self::Coded(set) => set.expected(""),
            Self::Codes(set) => {
                format!("a list, without repetition, of {}", set.expected("").trim_start_matches("one of "))
            }
            Self::Time => "a time of day HH:MM from 00:00 to 23:59".to_owned(),
            Self::Date => "a date YYYY-MM-DD".to_owned(),
            Self::PartialDate => "a date YYYY-MM-DD, YYYY-MM or YYYY".to_owned(),
            Self::Text { max, form: TextForm::Free } => format!("text of 1 to {max} characters"),
            Self::Text { max, form: TextForm::Identifier } => {
                format!("1 to {max} letters, digits, '.', '_', '-' or inner spaces")
            }
        }
    }

    fn refuse(&self, rule: &'static Rule) -> Refusal {
        Refusal { rule, expected: self.expected() }
    }

    /// Reads a JSON value. `null` is the caller's business.
    pub fn parse_json(&self, value: &Value) -> Result<Cell, Refusal> {
        match (self, value) {
            (Self::Integer { .. }, Value::Number(n)) => {
                if let Some(i) = n.as_i64() {
                    return self.integer(i);
                }
                let whole = n.as_f64().is_some_and(|f| f.fract() == 0.0 && f.is_finite());
                Err(self.refuse(if whole { &rule::RANGE } else { &rule::TYPE }))
            }
            (Self::Decimal { .. }, Value::Number(n)) => self.decimal(n.as_f64().unwrap_or(f64::NAN)),
            (Self::Flag, Value::Bool(b)) => Ok(Cell::Flag(*b)),
            (Self::Codes(set), Value::Array(items)) => {
                let texts: Option<Vec<&str>> = items.iter().map(Value::as_str).collect();
                self.codes(set, &texts.ok_or_else(|| self.refuse(&rule::TYPE))?)
            }
            (
                Self::Coded(_) | Self::Time | Self::Date | Self::PartialDate | Self::Text { .. },
                Value::String(s),
            ) => self.parse_text(s),
            _ => Err(self.refuse(&rule::TYPE)),
        }
    }

    /// Reads CSV text, already trimmed and not empty. Yes/no accepts `true`, `false`, `1` and `0`.
    pub fn parse_text(&self, text: &str) -> Result<Cell, Refusal> {
        match self {
            Self::Integer { .. } => match text.parse::<i64>() {
                Ok(i) => self.integer(i),
                Err(_) => Err(self.refuse(&rule::TYPE)),
            },
            Self::Decimal { .. } => match text.parse::<f64>() {
                Ok(d) if text.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b)) => self.decimal(d),
                _ => Err(self.refuse(&rule::TYPE)),
            },
            Self::Flag => match text {
                "true" | "1" => Ok(Cell::Flag(true)),
                "false" | "0" => Ok(Cell::Flag(false)),
                _ => Err(self.refuse(&rule::TYPE)),
            },
            Self::Coded(set) => match set.find(text) {
                Some(code) => Ok(Cell::Code(code)),
                None => Err(Refusal { rule: &rule::CODE, expected: set.expected(text) }),
            },
            Self::Codes(set) => self.codes(set, &text.split(';').map(str::trim).collect::<Vec<_>>()),
            Self::Time => minute_of_day(text).map(Cell::Time).ok_or_else(|| self.refuse(&rule::TIME)),
            Self::Date => parse_day(text).map(Cell::Date).ok_or_else(|| self.refuse(&rule::DATE)),
            Self::PartialDate => text.parse().map(Cell::PartialDate).map_err(|_| self.refuse(&rule::DATE)),
            Self::Text { max, form } => {
                if text_fits(text, *max, *form) {
                    Ok(Cell::Text(text.to_owned()))
                } else {
                    Err(self.refuse(&rule::TEXT))
                }
            }
        }
    }

    fn codes(&self, set: &'static ValueSet, texts: &[&str]) -> Result<Cell, Refusal> {
        let mut given = Vec::with_capacity(texts.len());
        for text in texts {
            match set.find(text) {
                Some(code) if !given.contains(&code) => given.push(code),
                Some(_) => return Err(self.refuse(&rule::CODE)),
                None => return Err(Refusal { rule: &rule::CODE, expected: set.expected(text) }),
            }
        }
        if given.is_empty() {
            return Err(self.refuse(&rule::CODE));
        }
        // One order, so that the same set of codes is the same record.
        Ok(Cell::Codes(set.codes.iter().map(|c| c.code).filter(|c| given.contains(c)).collect()))
    }

    fn integer(&self, value: i64) -> Result<Cell, Refusal> {
        match (self, i32::try_from(value)) {
            (Self::Integer { min, max }, Ok(i)) if (*min..=*max).contains(&i) => Ok(Cell::Integer(i)),
            _ => Err(self.refuse(&rule::RANGE)),
        }
    }

    fn decimal(&self, value: f64) -> Result<Cell, Refusal> {
        match self {
            // `+ 0.0` turns -0 into 0, which would otherwise be a different payload with the same meaning.
            Self::Decimal { min, max, .. } if (*min..=*max).contains(&value) => {
                Ok(Cell::Decimal(value + 0.0))
            }
            _ => Err(self.refuse(&rule::RANGE)),
        }
    }
}

/// `HH:MM`, exactly five characters.
fn minute_of_day(text: &str) -> Option<NaiveTime> {
    (text.len() == 5)
        .then(|| NaiveTime::parse_from_str(text, "%H:%M").ok())
        .flatten()
        .filter(|t| t.second() == 0)
}

fn text_fits(text: &str, max: usize, form: TextForm) -> bool {
    let length = text.chars().count();
    let clean = match form {
        TextForm::Identifier => {
            text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._- ".contains(&b)) && !text.contains("  ")
        }
        TextForm::Free => text.chars().all(|c| !c.is_control()),
    };
    (1..=max).contains(&length) && clean && text.trim() == text
}

/// A Rust type that a field may have.
pub trait FieldValue: Sized {
    /// Its kind, from which schema, column, dictionary and parser follow.
    const KIND: Kind;
    /// From a cell of this kind; `None` when the cell is of another kind.
    fn from_cell(cell: &Cell) -> Option<Self>;
    /// To a cell of this kind.
    fn to_cell(&self) -> Cell;
}

impl FieldValue for bool {
    const KIND: Kind = Kind::Flag;
    fn from_cell(cell: &Cell) -> Option<Self> {
        if let Cell::Flag(b) = cell { Some(*b) } else { None }
    }
    fn to_cell(&self) -> Cell {
        Cell::Flag(*self)
    }
}

impl FieldValue for NaiveDate {
    const KIND: Kind = Kind::Date;
    fn from_cell(cell: &Cell) -> Option<Self> {
        if let Cell::Date(d) = cell { Some(*d) } else { None }
    }
    fn to_cell(&self) -> Cell {
        Cell::Date(*self)
    }
}

impl FieldValue for NaiveTime {
    const KIND: Kind = Kind::Time;
    fn from_cell(cell: &Cell) -> Option<Self> {
        if let Cell::Time(t) = cell { Some(*t) } else { None }
    }
    fn to_cell(&self) -> Cell {
        Cell::Time(*self)
    }
}

/// A value set as a Rust enum.
pub trait Coded: Copy + Sized + 'static {
    /// The value set.
    const VALUES: &'static ValueSet;
    /// The value of a code.
    fn of_code(code: &str) -> Option<Self>;
    /// The code of the value.
    fn as_code(self) -> &'static str;
}

/// At least one value of a set, in the order of the set, none twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeList<T>(Vec<T>);

impl<T: Coded + PartialEq> CodeList<T> {
    /// From values in any order; `None` when there are none.
    pub fn new(values: &[T]) -> Option<Self> {
        let given: Vec<&str> = values.iter().map(|v| v.as_code()).collect();
        let ordered = T::VALUES.codes.iter().filter(|c| given.contains(&c.code));
        let list: Vec<T> = ordered.filter_map(|c| T::of_code(c.code)).collect();
        (!list.is_empty()).then_some(Self(list))
    }

    /// The values.
    pub fn values(&self) -> &[T] {
        &self.0
    }

    /// True when `value` is in the list.
    pub fn contains(&self, value: T) -> bool {
        self.0.contains(&value)
    }
}

impl<T: Coded> FieldValue for CodeList<T> {
    const KIND: Kind = Kind::Codes(T::VALUES);
    fn from_cell(cell: &Cell) -> Option<Self> {
        let Cell::Codes(codes) = cell else { return None };
        codes.iter().map(|c| T::of_code(c)).collect::<Option<Vec<T>>>().map(Self)
    }
    fn to_cell(&self) -> Cell {
        Cell::Codes(self.0.iter().map(|v| v.as_code()).collect())
    }
}

impl FieldValue for PartialDate {
    const KIND: Kind = Kind::PartialDate;
    fn from_cell(cell: &Cell) -> Option<Self> {
        if let Cell::PartialDate(d) = cell { Some(*d) } else { None }
    }
    fn to_cell(&self) -> Cell {
        Cell::PartialDate(*self)
    }
}

/// Whole numbers that cannot leave their hard range.
macro_rules! bounded_integer {
    ($($(#[$doc:meta])* $name:ident($min:literal..=$max:literal);)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(i32);
        impl $name {
            /// The value when it lies within the hard range.
            pub fn new(value: i32) -> Option<Self> {
                ($min..=$max).contains(&value).then_some(Self(value))
            }
            /// The number.
            pub fn get(self) -> i32 {
                self.0
            }
        }
        impl $crate::field::FieldValue for $name {
            const KIND: $crate::field::Kind = $crate::field::Kind::Integer { min: $min, max: $max };
            fn from_cell(cell: &$crate::field::Cell) -> Option<Self> {
                if let $crate::field::Cell::Integer(i) = cell { Self::new(*i) } else { None }
            }
            fn to_cell(&self) -> $crate::field::Cell {
                $crate::field::Cell::Integer(self.0)
            }
        }
    )*};
}
pub(crate) use bounded_integer;

/// Quantities in a fixed unit that cannot leave their hard range.
macro_rules! bounded_decimal {
    ($($(#[$doc:meta])* $name:ident($min:literal..=$max:literal, $unit:literal);)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
        pub struct $name(f64);
        impl $name {
            /// The value when it lies within the hard range.
            pub fn new(value: f64) -> Option<Self> {
                ($min..=$max).contains(&value).then_some(Self(value + 0.0))
            }
            /// The number, in the unit of the type.
            pub fn get(self) -> f64 {
                self.0
            }
        }
        impl $crate::field::FieldValue for $name {
            const KIND: $crate::field::Kind = $crate::field::Kind::Decimal { min: $min, max: $max, unit: $unit };
            fn from_cell(cell: &$crate::field::Cell) -> Option<Self> {
                if let $crate::field::Cell::Decimal(d) = cell { Self::new(*d) } else { None }
            }
            fn to_cell(&self) -> $crate::field::Cell {
                $crate::field::Cell::Decimal(self.0)
            }
        }
    )*};
}
pub(crate) use bounded_decimal;

/// Text that fits its form.
macro_rules! bounded_text {
    ($($(#[$doc:meta])* $name:ident($form:ident, $max:literal);)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(String);
        impl $name {
            /// The text when it fits.
            pub fn new(text: &str) -> Option<Self> {
                use $crate::field::FieldValue;
                Self::KIND.parse_text(text).ok().and_then(|cell| Self::from_cell(&cell))
            }
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl $crate::field::FieldValue for $name {
            const KIND: $crate::field::Kind =
                $crate::field::Kind::Text { max: $max, form: $crate::field::TextForm::$form };
            fn from_cell(cell: &$crate::field::Cell) -> Option<Self> {
                if let $crate::field::Cell::Text(t) = cell { Some(Self(t.clone())) } else { None }
            }
            fn to_cell(&self) -> $crate::field::Cell {
                $crate::field::Cell::Text(self.0.clone())
            }
        }
    )*};
}
pub(crate) use bounded_text;

/// Value sets as enums: a code outside the set cannot be represented.
macro_rules! value_sets {
    ($($(#[$doc:meta])* $name:ident $set:literal { $($variant:ident $code:literal $en:literal $zh:literal;)+ })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name {
            $(#[doc = concat!("Code `", $code, "`.")] $variant,)+
        }
        impl $name {
            /// The value set as listed in the data dictionary.
            pub const SET: &'static $crate::field::ValueSet = &$crate::field::ValueSet {
                name: $set,
                codes: &[$($crate::field::Code { code: $code, en: $en, zh: $zh }),+],
            };
            /// All values in dictionary order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];
            /// As stored and exchanged.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code),+ }
            }
        }
        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.code())
            }
        }
        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <::std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                match Self::SET.find_lenient(&text) {
                    $(Some($code) => Ok(Self::$variant),)+
                    _ => Err(::serde::de::Error::custom(Self::SET.refusal(&text))),
                }
            }
        }
        impl $crate::field::Coded for $name {
            const VALUES: &'static $crate::field::ValueSet = Self::SET;
            fn of_code(code: &str) -> Option<Self> {
                match code { $($code => Some(Self::$variant),)+ _ => None }
            }
            fn as_code(self) -> &'static str {
                self.code()
            }
        }
        impl $crate::field::FieldValue for $name {
            const KIND: $crate::field::Kind = $crate::field::Kind::Coded(Self::SET);
            fn from_cell(cell: &$crate::field::Cell) -> Option<Self> {
                match cell {
                    $($crate::field::Cell::Code($code) => Some(Self::$variant),)+
                    _ => None,
                }
            }
            fn to_cell(&self) -> $crate::field::Cell {
                $crate::field::Cell::Code(self.code())
            }
        }
    )*};
}
pub(crate) use value_sets;
