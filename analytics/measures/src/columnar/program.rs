//! Clauses compiled for one run: parameters filled in, codes as bits, fields as columns.

use crate::fields::{AmountUnit, Computed};
use crate::file::Absence;
use crate::ir::{Comparison, Fold, Operator, Picked};
use crate::known::{EdgeLength, Length};
use clinical::MissingCode;

/// A set of positions in a value set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Codes(pub(super) u128);

impl Codes {
    pub(super) fn has(self, code: u8) -> bool {
        self.0.checked_shr(u32::from(code)).is_some_and(|bits| bits & 1 == 1)
    }
}

/// The row of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum At {
    /// Of an enclosing clause.
    Enclosing(u8),
    /// The only one of the form.
    Only,
}

/// A field of a form.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Place {
    pub(super) at: At,
    pub(super) form: u16,
    pub(super) what: What,
}

/// Which field.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum What {
    /// A column, with the column of its time of day or unit.
    Stored(u16, Option<u16>),
    Derived(u16),
    Lab {
        value: u16,
        canonical: u16,
        comparator: u16,
    },
    Times {
        value: u16,
        limit: u16,
        comparator: u16,
    },
    Dose(Computed, DoseColumns),
}

/// The columns of a medication's dose.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct DoseColumns {
    pub(super) drug: u16,
    pub(super) value: u16,
    pub(super) unit: u16,
    pub(super) frequency: u16,
    pub(super) weight: u16,
    pub(super) infusion_form: u16,
    pub(super) infusion_weight: u16,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum B {
    Constant(bool),
    Not(Box<B>),
    All(Vec<B>),
    Any(Vec<B>),
    AtLeast(N, Vec<B>),
    Numbers(N, Comparison, N),
    Days(D, Comparison, D),
    CodeIn(Place, Wanted, bool),
    PickedCodeIn(Box<S>, Picked, What, Wanted, bool),
    CodesHave(Place, u64, bool),
    Flag(Place),
    Recorded(Place, bool),
    Declared(Place, u16, MissingCode, bool),
    Exists(Box<S>),
    Every(Box<S>, Box<B>),
    If(Box<B>, Box<B>, Box<B>),
    /// Looked at once for an infusion, by number.
    Once(usize),
}

/// Codes of a coded field, or texts of a text field.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Wanted {
    /// Positions, and the position of `UNK` where it is not asked for.
    Codes(Codes, Option<u8>),
    Texts(Vec<String>),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum N {
    Constant(f64),
    Field(Place, Option<AmountUnit>),
    Arithmetic(Box<N>, Operator, Box<N>),
    Negate(Box<N>),
    Count(Box<S>),
    CountDays(Box<S>),
    Share(Box<S>, Box<B>),
    CountOf(Vec<B>),
    Pick(Box<S>, Picked, What, Option<AmountUnit>),
    Fold(Box<S>, Fold, What, Option<AmountUnit>),
    LongestGap(Box<S>),
    ShortestGap(Box<S>),
    Between(Box<D>, Box<D>),
    HoursBetween(Box<D>, Box<D>),
    Year(Box<D>),
    Month(Box<D>),
    If(Box<B>, Box<N>, Box<N>),
    Once(usize),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum D {
    Field(Place),
    Pick(Box<S>, Picked, What),
    Offset(Box<D>, Length),
    Extreme(Picked, Vec<D>),
    Cutoff,
    FollowUpEnd,
    If(Box<B>, Box<D>, Box<D>),
    Enclosing(u8),
    Once(usize),
}

#[derive(Debug, Clone)]
pub(super) struct Edge {
    pub(super) day: D,
    pub(super) length: EdgeLength,
}

impl PartialEq for Edge {
    fn eq(&self, other: &Self) -> bool {
        self.day == other.day && format!("{:?}", self.length) == format!("{:?}", other.length)
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct S {
    /// `None`: the days of the window.
    pub(super) form: Option<u16>,
    pub(super) filter: Option<B>,
    /// Codes that a mandatory field must have.
    pub(super) only: Option<(u16, Codes)>,
    pub(super) by: Option<What>,
    pub(super) by_number: bool,
    pub(super) ends: Option<What>,
    pub(super) windows: Vec<(Option<Edge>, Option<Edge>)>,
    pub(super) absence: Absence,
}

/// A measure compiled.
#[derive(Debug, Clone)]
pub(super) struct Rule {
    /// Its number in the guideline.
    pub(super) measure: usize,
    /// Diseases it is about; `None`: every one.
    pub(super) diseases: Option<Codes>,
    pub(super) population: Option<B>,
    pub(super) exclusions: Vec<B>,
    pub(super) numerator: B,
    /// Which set of ends.
    pub(super) ends: usize,
    pub(super) shown: Vec<N>,
}

/// The clauses of a run.
#[derive(Debug, Clone, Default)]
pub struct Program {
    pub(super) rules: Vec<Rule>,
    /// Clauses looked at once for an infusion.
    pub(super) conditions: Vec<B>,
    pub(super) numbers: Vec<N>,
    pub(super) days: Vec<D>,
    /// The days of the guideline's ends.
    pub(super) ends: Vec<D>,
    /// Sets of ends that the measures name.
    pub(super) end_sets: Vec<Vec<usize>>,
    pub(super) disease: Option<Place>,
    pub(super) date_basis: Option<(Place, u8)>,
    pub(super) infusion_form: u16,
    /// Codes of drugs, dose units and frequencies by position, for amounts worked out.
    pub(super) drugs: Vec<&'static str>,
    pub(super) dose_units: Vec<&'static str>,
    pub(super) frequencies: Vec<&'static str>,
    /// Codes of the units of amounts, by form and field.
    pub(super) unit_codes: Vec<(u16, u16, Vec<&'static str>)>,
    /// Positions of `<` and `>` among the comparators of laboratory results.
    pub(super) below_above: (u8, u8),
}
