//! The syntax tree of a clause.

/// A range of bytes in one of the texts of a guideline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Span {
    /// Which text, by position in the guideline's list of texts.
    pub text: u32,
    /// First byte.
    pub start: u32,
    /// Byte after the last.
    pub end: u32,
}

impl Span {
    /// From the start of `self` to the end of `other`, in the same text.
    pub fn to(self, other: Self) -> Self {
        Self { end: other.end.max(self.end), ..self }
    }
}

/// A name with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ident {
    /// The name.
    pub name: String,
    /// Where it is written.
    pub span: Span,
}

/// A part of a clause with its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Where it is written.
    pub span: Span,
    /// What it is.
    pub kind: Syntax,
}

/// Unit of a length of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TimeUnit {
    /// Minutes.
    Minute,
    /// Hours.
    Hour,
    /// Calendar days.
    Day,
    /// Calendar months.
    Month,
}

/// An operator between two values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BinaryOp {
    /// `or`
    Or,
    /// `and`
    And,
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
}

/// What `is` asks of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IsWhat {
    /// It has a value.
    Recorded,
    /// It was declared missing with this code.
    Declared(clinical::MissingCode),
}

/// How the results of a definition for several arguments are put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MapKind {
    /// `all`
    All,
    /// `any`
    Any,
    /// `none`
    None,
    /// `count`
    Count,
}

/// What is done with the rows of a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SelectOp {
    /// `exists`
    Exists,
    /// `no`
    No,
    /// `every ... satisfies (...)`
    Every,
    /// `count`
    Count,
    /// `count days of`
    CountDays,
    /// `share ... satisfies (...)`, in percent
    Share,
    /// `first`
    First,
    /// `last`
    Last,
    /// `min`
    Min,
    /// `max`
    Max,
    /// `sum`
    Sum,
    /// `longest gap of`, in days
    LongestGap,
    /// `shortest gap of`, in hours
    ShortestGap,
}

/// One edge of a window: an offset and whether the edge itself lies outside. `None` is no bound.
#[derive(Debug, Clone, PartialEq)]
pub struct Edge {
    /// Offset from the anchor.
    pub offset: Option<Node>,
    /// Whether the edge is left out.
    pub open: bool,
}

/// When a row must lie.
#[derive(Debug, Clone, PartialEq)]
pub enum WindowNode {
    /// `within [a, b] of ANCHOR`, with other edges where a time of day is not known.
    Within {
        /// Lower edge.
        low: Edge,
        /// Upper edge.
        high: Edge,
        /// Edges in days, where a time of day is not known.
        fallback: Option<(Edge, Edge)>,
        /// From which day it counts.
        anchor: Box<Node>,
        /// Where it is written.
        span: Span,
    },
    /// `from A to B`, both inclusive.
    Range(Box<Node>, Box<Node>),
    /// `before A`: strictly.
    Before(Box<Node>),
    /// `until A`: that day included.
    Until(Box<Node>),
    /// `after A`: strictly.
    After(Box<Node>),
    /// `since A`: that day included.
    Since(Box<Node>),
    /// `on A`.
    On(Box<Node>),
}

/// Rows of a form and what is done with them.
#[derive(Debug, Clone, PartialEq)]
pub struct SelectNode {
    /// What is done.
    pub op: SelectOp,
    /// The form, or `day` for the days of a window.
    pub form: Ident,
    /// Name of the row in nested clauses.
    pub alias: Option<Ident>,
    /// Which rows.
    pub filter: Option<Box<Node>>,
    /// The field taken from the rows.
    pub field: Option<Ident>,
    /// The date that the windows are about, and the order of `first` and `last`.
    pub by: Option<Ident>,
    /// When.
    pub windows: Vec<WindowNode>,
    /// Whether the row must span the window's day rather than begin in it.
    pub active: bool,
    /// `absent means no` (true) or `absent means unknown` (false).
    pub absent_is_no: Option<bool>,
    /// What each row must satisfy.
    pub satisfies: Option<Box<Node>>,
}

/// The kinds of node.
#[derive(Debug, Clone, PartialEq)]
pub enum Syntax {
    /// A number, with its unit when one is written.
    Number(f64, Option<String>),
    /// A length of time.
    Duration(i32, TimeUnit),
    /// A quoted text or code.
    Text(String),
    /// `true` or `false`.
    Truth(bool),
    /// `$name`.
    Parameter(String),
    /// `name` or `name.field`.
    Path(Ident, Option<Ident>),
    /// `name(a, b)`.
    Call(Ident, Vec<Node>),
    /// `all name(a, b, c)`: the definition for each argument.
    Map(MapKind, Ident, Vec<Node>),
    /// Two values and an operator.
    Binary(BinaryOp, Box<Node>, Box<Node>),
    /// `not`.
    Not(Box<Node>),
    /// A sign.
    Negate(Box<Node>),
    /// `in [..]`, `not in [..]`.
    In(Box<Node>, Vec<Node>, bool),
    /// `has any [..]`, `has all [..]` (true).
    Has(Box<Node>, Vec<Node>, bool),
    /// `is recorded`, `is not ND`.
    Is(Box<Node>, IsWhat, bool),
    /// `if c then a else b`.
    If(Box<Node>, Box<Node>, Box<Node>),
    /// Rows of a form.
    Select(Box<SelectNode>),
}
