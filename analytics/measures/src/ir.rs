//! Clauses after checking: every name resolved, every comparison between values of one type and unit.

use crate::file::Absence;
use crate::syntax::{Span, TimeUnit};
use clinical::MissingCode;
use clinical::form::FormDescriptor;

/// A form with the fields a clause may name: those of the dictionary, then those worked out from a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FormId(pub u16);

/// A field of a form: of the dictionary, or worked out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FieldId {
    /// Position in the form's descriptor.
    Stored(u16),
    /// Worked out from the row.
    Computed(crate::fields::Computed),
    /// The value the criteria derive for a stored field.
    Derived(u16),
}

/// The row a field is taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RowRef {
    /// The row of an enclosing clause, counted from the outermost.
    Enclosing(u8),
    /// The one row the form has for the infusion, its patient, its product or its center.
    Only(FormId),
}

/// A field of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FieldRef {
    /// The row.
    pub row: RowRef,
    /// Its form.
    pub form: FormId,
    /// The field.
    pub field: FieldId,
}

/// A clause or value, with where it is written.
#[derive(Debug, Clone, PartialEq)]
pub struct Spanned<T> {
    /// Where.
    pub span: Span,
    /// What.
    pub kind: T,
}

/// A condition.
pub type Bool = Spanned<BoolKind>;
/// A number.
pub type Number = Spanned<NumberKind>;
/// A day, with the time of day where it is known.
pub type Day = Spanned<DayKind>;
/// A code or text.
pub type Code = Spanned<CodeKind>;

/// How two values compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Comparison {
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
}

/// Kinds of condition.
#[derive(Debug, Clone, PartialEq)]
pub enum BoolKind {
    /// Always or never.
    Constant(bool),
    /// `not`
    Not(Box<Bool>),
    /// `and`, `all`
    All(Vec<Bool>),
    /// `or`, `any`
    Any(Vec<Bool>),
    /// So many at least.
    AtLeast(Number, Vec<Bool>),
    /// Two numbers of one unit.
    Numbers(Box<Number>, Comparison, Box<Number>),
    /// Two days, by the calendar.
    Days(Box<Day>, Comparison, Box<Day>),
    /// The code is one of these (or, negated, none of them).
    CodeIn(Code, Vec<String>, bool),
    /// The list has any, or all, of these codes.
    CodesHave(FieldRef, Vec<String>, bool),
    /// A yes/no field.
    Flag(FieldRef),
    /// The field has a value (negated: none).
    Recorded(FieldRef, bool),
    /// The field was declared missing with the code.
    Declared(FieldRef, MissingCode, bool),
    /// The parameter has this reading.
    Reading(usize, String, bool),
    /// Some row fits.
    Exists(Box<Select>),
    /// Every row that fits satisfies the condition.
    Every(Box<Select>, Box<Bool>),
    /// One of two conditions.
    If(Box<Bool>, Box<Bool>, Box<Bool>),
    /// A shared definition, evaluated once for an infusion.
    Shared(usize),
}

/// Kinds of number.
#[derive(Debug, Clone, PartialEq)]
pub enum NumberKind {
    /// As written.
    Constant(f64),
    /// Value of a parameter, times a factor into the unit it is compared in.
    Parameter(usize, f64),
    /// A field; for an amount with its unit in another field, in this unit.
    Field(FieldRef, Option<crate::fields::AmountUnit>),
    /// `+ - * /`
    Arithmetic(Box<Number>, Operator, Box<Number>),
    /// A sign.
    Negate(Box<Number>),
    /// Rows that fit.
    Count(Box<Select>),
    /// Different days of the rows that fit.
    CountDays(Box<Select>),
    /// Percentage of the rows that satisfy the condition.
    Share(Box<Select>, Box<Bool>),
    /// Conditions that hold.
    CountOf(Vec<Bool>),
    /// Field of the first or last row that fits.
    Pick(Box<Select>, Picked, FieldId, Option<crate::fields::AmountUnit>),
    /// Least, greatest or total of a field.
    Fold(Box<Select>, Fold, FieldId, Option<crate::fields::AmountUnit>),
    /// Longest time without a row between the edges of the window, days.
    LongestGap(Box<Select>),
    /// Shortest time between two rows, hours.
    ShortestGap(Box<Select>),
    /// Days from the second day to the first.
    Between(Box<Day>, Box<Day>),
    /// Hours from the second to the first; whole days where a time of day is not known.
    HoursBetween(Box<Day>, Box<Day>),
    /// Calendar year of a day; unknown where the patient's dates are not calendar dates.
    Year(Box<Day>),
    /// Calendar month of a day, as `Year`.
    Month(Box<Day>),
    /// One of two numbers.
    If(Box<Bool>, Box<Number>, Box<Number>),
    /// A shared definition.
    Shared(usize),
}

/// Arithmetic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operator {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
}

/// First or last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Picked {
    /// The first.
    First,
    /// The last.
    Last,
}

/// How values of several rows become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fold {
    /// The least.
    Min,
    /// The greatest.
    Max,
    /// The total.
    Sum,
}

/// Kinds of day.
#[derive(Debug, Clone, PartialEq)]
pub enum DayKind {
    /// A date field, with its time of day where the form has one.
    Field(FieldRef),
    /// Date field of the first or last row that fits.
    Pick(Box<Select>, Picked, FieldId),
    /// A day and a length of time.
    Offset(Box<Day>, Offset),
    /// The earliest or latest of several.
    Extreme(Picked, Vec<Day>),
    /// The data cutoff.
    Cutoff,
    /// The last day of follow-up: the cutoff, or what ended it.
    FollowUpEnd,
    /// One of two days.
    If(Box<Bool>, Box<Day>, Box<Day>),
    /// A shared definition.
    Shared(usize),
    /// The day of an enclosing `day` clause.
    Enclosing(u8),
}

/// Kinds of code.
#[derive(Debug, Clone, PartialEq)]
pub enum CodeKind {
    /// A coded or text field.
    Field(FieldRef),
    /// Coded field of the first or last row that fits.
    Pick(Box<Select>, Picked, FieldId),
}

/// A signed length of time: a sum of constants and parameters in their units.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Offset {
    /// The parts: factor, amount and unit.
    pub parts: Vec<(f64, Amount, TimeUnit)>,
}

/// A constant or a parameter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Amount {
    /// As written.
    Constant(i32),
    /// Value of a parameter.
    Parameter(usize),
}

/// An edge of a window.
#[derive(Debug, Clone, PartialEq)]
pub struct Limit {
    /// From which day.
    pub day: Day,
    /// How far.
    pub offset: Offset,
    /// Whether the edge itself lies outside.
    pub open: bool,
    /// The offset in days where a time of day is not known; `None`: hours become whole days, cut off toward zero.
    pub fallback: Option<(Offset, bool)>,
}

/// When a row must lie.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Window {
    /// Not before.
    pub low: Option<Limit>,
    /// Not after.
    pub high: Option<Limit>,
}

/// Rows of a form.
#[derive(Debug, Clone, PartialEq)]
pub struct Select {
    /// The form; `None`: the days of the window.
    pub form: Option<FormId>,
    /// The row's number among the enclosing ones.
    pub depth: u8,
    /// Which rows.
    pub filter: Option<Bool>,
    /// Equality the filter demands of a coded field, so that other rows need not be looked at.
    pub only: Option<(u16, Vec<&'static str>)>,
    /// Date field the window is about.
    pub by: Option<FieldId>,
    /// For `active`: the field that ends the row.
    pub ends: Option<FieldId>,
    /// When: all of them.
    pub windows: Vec<Window>,
    /// What it means that no row fits.
    pub absence: Absence,
    /// Where it is written.
    pub span: Span,
}

/// A form by number.
pub fn form(id: FormId) -> Option<&'static FormDescriptor> {
    clinical::forms::ALL.get(usize::from(id.0)).copied()
}
