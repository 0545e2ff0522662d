//! Doses: lymphodepletion, tocilizumab, immunoglobulin, G-CSF, the cells themselves (CSCO 2024 §1.5.2, §3.3, §3.6(4), §4.1.2, §4.5.2;
//! catalogue B0, B1.5, B3.3, D1.2, D5.3, D6).
//!
//! Within a trace the decision of each question is the last concluding step whose rule id starts with the question; the case as a
//! whole concludes last.

mod case;
pub mod lymphodepletion;
pub mod product;
pub mod supportive;
pub mod tocilizumab;

pub use case::{Dose, DoseCase};
pub use lymphodepletion::{
    DailyDose, DrugReference, DrugResult, Lymphodepletion, LymphodepletionDrug, LymphodepletionInput,
    LymphodepletionRow, RepeatInput, daily_range, lymphodepletion, repeat_candidate, total_range,
};
pub use product::{ProductDose, ProductInput, ProductRange, judge_product, product_range};
pub use supportive::{GCsf, GCsfClass, GCsfInput, Ivig, IvigInput, g_csf, g_csf_class, ivig, ivig_range_g};
pub use tocilizumab::{
    Indication, Tocilizumab, TocilizumabDose, TocilizumabInput, tocilizumab, tocilizumab_mg,
};

use super::compare::{Verdict, at_least, at_most};
use super::trace::{At, Criterion, Quantity, Trace, criteria};

criteria! {
    WITHIN = Proposed("dose.within", "every dose judged is within its range", "所有剂量均在范围内", "catalogue D1.2, B1.5");
    OUTSIDE = Proposed("dose.outside", "a dose is outside its range", "有剂量超出范围", "catalogue D1.2, B1.5");
    UNDECIDED = Proposed("dose.missing", "a missing value would decide", "缺失值可改变判断", "catalogue D1.2, B1.5");
}

/// Every criterion of doses.
pub fn criteria() -> impl Iterator<Item = &'static Criterion> {
    CRITERIA
        .iter()
        .chain(lymphodepletion::CRITERIA)
        .chain(product::CRITERIA)
        .chain(supportive::CRITERIA)
        .chain(tocilizumab::CRITERIA)
        .copied()
}

/// What the guideline leaves open.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Parameters {
    /// Accepts lymphodepletion doses this far outside the printed range, in percent of its bounds. 0 to 50.
    pub lymphodepletion_tolerance_percent: f64,
    /// Fewest hours between two doses of tocilizumab (rule R23).
    pub tocilizumab_interval_hours: f64,
    /// Most doses of tocilizumab in 24 hours (rule R23).
    pub tocilizumab_in_24_h: u8,
    /// Most doses of tocilizumab for CRS (rule R23).
    pub tocilizumab_total_crs: u8,
    /// Most doses of tocilizumab for ICANS; the guideline prints "2 to 3" (H42), so that many are a warning and more are not accepted.
    pub tocilizumab_total_icans: u8,
}

impl Default for Parameters {
    fn default() -> Self {
        Self {
            lymphodepletion_tolerance_percent: 0.0,
            tocilizumab_interval_hours: 8.0,
            tocilizumab_in_24_h: 3,
            tocilizumab_total_crs: 4,
            tocilizumab_total_icans: 3,
        }
    }
}

/// A dose range.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Range {
    /// Lowest; none where no lower bound is stated.
    pub min: Option<f64>,
    /// Highest; none where no upper bound is stated.
    pub max: Option<f64>,
}

impl Range {
    /// Both bounds.
    pub const fn new(min: f64, max: f64) -> Self {
        Self { min: Some(min), max: Some(max) }
    }

    /// Both bounds times a factor.
    #[must_use]
    pub fn times(self, factor: f64) -> Self {
        Self { min: self.min.map(|min| min * factor), max: self.max.map(|max| max * factor) }
    }

    /// Widened by a share of its bounds.
    #[must_use]
    pub fn widened(self, percent: f64) -> Self {
        Self {
            min: self.min.map(|min| min * (100.0 - percent) / 100.0),
            max: self.max.map(|max| max * (100.0 + percent) / 100.0),
        }
    }

    /// Whether a dose lies inside, the bounds included. Without any bound nothing can be said.
    pub fn holds(self, dose: f64) -> Verdict {
        if self.min.is_none() && self.max.is_none() {
            return Verdict::Undecided;
        }
        let above_min = self.min.is_none_or(|min| at_least(dose, min));
        (above_min && self.max.is_none_or(|max| at_most(dose, max))).into()
    }
}

/// Notes a dose and its range, and whether it lies inside.
fn judge_range(
    trace: &mut Trace,
    criterion: &'static Criterion,
    (name, dose): (&'static str, Option<f64>),
    range: Range,
) -> Verdict {
    let verdict = dose.map_or(Verdict::Undecided, |dose| range.holds(dose));
    let shown: [(&str, Quantity); 3] =
        [(name, dose.into()), ("min", range.min.into()), ("max", range.max.into())];
    trace.judge(At::Case, criterion, verdict, &shown)
}

/// Concludes a question from the conditions that must all hold.
fn conclude(trace: &mut Trace, good: Verdict, [within, outside, open]: [&'static Criterion; 3]) -> Verdict {
    trace.decide(At::Case, within, good, &[], "within_range");
    trace.decide(At::Case, outside, !good, &[], "outside_range");
    trace.decide(At::Case, open, good.undecided(), &[], "not_evaluable");
    good
}

/// Category of a verdict on doses.
fn category(good: Verdict) -> &'static str {
    match good {
        Verdict::Met => "within_range",
        Verdict::NotMet => "outside_range",
        Verdict::Undecided => "not_evaluable",
    }
}
