//! Response, relapse, MRD and CNS status of B-ALL (NCCN ALL, COG; catalogue C3). None of it is in the CSCO guideline, which only says
//! "complete remission": everything here is external.
//!
//! Counts are in 10⁹/L, blasts in % of nucleated (marrow) or white (blood) cells, CSF cells per µL. An assessment is of one day. Progression
//! is counted from baseline, or from the relapse that began the present disease, and is relative: 40 % to 50 % of marrow blasts is a rise of
//! a quarter.

mod check;
mod cns;
mod confirm;
mod decide;
mod input;
mod residual;
pub mod rules;

pub use input::{
    BAll, BAllAssessment, BAllBaseline, BAllCategory, BAllParameters, Blood, BloodRelapse, Csf, LeukemiaSite,
    Mrd, MrdStatus,
};
pub use rules::CRITERIA;

use crate::codes::assessment::{AntigenStatus, Category, CnsStatus};
use crate::criteria::case::{Case, Fault};
use crate::criteria::{At, Criterion, Trace};
use check::{Counts, Reading};
use chrono::NaiveDate;
use decide::{Course, Scene};
use serde::Serialize;

/// One assessment, decided.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BAllAssessed {
    /// Day.
    pub date: NaiveDate,
    /// The category.
    pub category: BAllCategory,
    /// Id of the rule that decided.
    pub deciding_rule: Option<&'static str>,
    /// Of a remission: whether there was no recurrence for 4 weeks; null when not known.
    pub confirmed: Option<bool>,
    /// Residual disease; null without a test of marrow or blood.
    pub mrd_status: Option<MrdStatus>,
    /// CNS status; null when it cannot be told.
    pub cns_status: Option<CnsStatus>,
    /// Where the relapse is.
    pub relapse_sites: Vec<LeukemiaSite>,
    /// Antigen of the relapse, as entered.
    pub antigen_status_at_relapse: Option<AntigenStatus>,
    /// Ids of the consistency rules that this assessment breaks (catalogue G5, G6 R14, R16).
    pub conflicts: Vec<&'static str>,
}

/// All assessments of one patient.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BAllResult {
    /// The choices used.
    pub parameters: BAllParameters,
    /// Per assessment, in order of date.
    pub assessments: Vec<BAllAssessed>,
    /// Best category up to the first relapse or progression, from the infusion on and before the next therapy.
    pub best: Option<BAllCategory>,
    /// Best remission known to have lasted 4 weeks.
    pub best_confirmed: Option<BAllCategory>,
    /// Day of the first remission that counts.
    pub remission_date: Option<NaiveDate>,
    /// Day of the first relapse.
    pub relapse_date: Option<NaiveDate>,
    /// Day of the first progression without remission.
    pub progression_date: Option<NaiveDate>,
}

impl BAllCategory {
    /// CR, `CRh` or `CRi`.
    pub fn is_remission(self) -> bool {
        matches!(self, Self::Cr | Self::Crh | Self::Cri)
    }

    /// Higher is better; `None` of what is not evaluable.
    pub fn rank(self) -> Option<u8> {
        match self {
            Self::Cr => Some(6),
            Self::Crh => Some(5),
            Self::Cri => Some(4),
            Self::Nr => Some(3),
            Self::Refractory => Some(2),
            Self::Pd => Some(1),
            Self::Relapse => Some(0),
            Self::NotEvaluable => None,
        }
    }
}

/// Decides every assessment, the best of them and the days of relapse and progression.
///
/// # Errors
/// Values out of the hard ranges, quantities given twice that differ, statements that contradict each other, two assessments of one day
/// that differ.
pub fn assess(case: &BAll, trace: &mut Trace) -> Result<BAllResult, Fault> {
    let choices = case.parameters;
    if !(0.0..=100.0).contains(&choices.relapse_blast_percent) {
        let problem = format!("{} is out of range", choices.relapse_blast_percent);
        return Err(Fault::new("/parameters/relapse_blast_percent", problem, "a number from 0 to 100 %"));
    }
    let reference = check::baseline(&case.baseline)?;
    let mut course = Course {
        remission: case.baseline.in_remission == Some(true),
        reference,
        extramedullary: reference.extramedullary,
        sites: reference.sites,
    };
    let mut order: Vec<usize> = (0..case.assessments.len()).collect();
    order.sort_by_key(|i| case.assessments.get(*i).map(|a| a.date));
    let mut assessments: Vec<BAllAssessed> = Vec::with_capacity(order.len());
    let mut flags = Vec::with_capacity(order.len());
    let mut earlier: Option<&BAllAssessment> = None;
    for index in order {
        let Some(source) = case.assessments.get(index) else { continue };
        let repeated = earlier.filter(|e| e.date == source.date);
        if repeated == Some(source) {
            continue;
        }
        if repeated.is_some() || case.baseline.date.is_some_and(|d| source.date <= d) {
            return Err(Fault::new(
                format!("/assessments/{index}/date"),
                source.date.to_string(),
                "one assessment per day, after that of baseline",
            ));
        }
        earlier = Some(source);
        let now = Reading::check(source, index)?;
        let assessed = one(case, &now, &course, trace);
        advance(&mut course, &now, &assessed);
        assessments.push(assessed);
        flags.push(source.confirmed_4_weeks);
    }
    confirm::confirm(&mut assessments, &flags, trace);
    Ok(summarize(case, assessments))
}

fn one(case: &BAll, now: &Reading<'_>, course: &Course<'_>, trace: &mut Trace) -> BAllAssessed {
    let (source, choices) = (now.source, &case.parameters);
    let at = At::Date(source.date);
    let same_day = check::drawn(source) == check::tapped(source);
    let blood = if same_day { now.blood } else { Counts::default() };
    let derived = cns::status(at, source.csf.as_ref(), blood, source.cns_symptoms, choices, trace);
    let cns_status = derived.or(source.cns_status);
    let mrd_status = residual::status(at, &source.mrd, trace);
    let scene = Scene { at, now, course, cns: cns_status, choices };
    let (category, relapse_sites) = decide::decide(&scene, trace);
    let deciding_rule = trace.deciding(at).map(|step| step.criterion.id);

    let mut conflicts = Vec::new();
    let mut check = |rule: &'static Criterion, breaks: bool| {
        if breaks {
            trace.judge(at, rule, true, &[]);
            conflicts.push(rule.id);
        }
    };
    let adverse = matches!(category, BAllCategory::Pd | BAllCategory::Relapse);
    check(&rules::BEFORE_INFUSION, adverse && case.infusion_date.is_some_and(|d| source.date < d));
    let late = case.next_therapy_date.is_some_and(|d| source.date >= d);
    check(&rules::AFTER_NEXT_THERAPY, category.is_remission() && late);
    check(&rules::REPORTED_DIFFERS, source.reported_category.is_some_and(|r| differs(r, category)));
    let against = derived.zip(source.cns_status).is_some_and(|(a, b)| a != b);
    check(&rules::CNS_DIFFERS, against);
    check(&rules::MRD_INSUFFICIENT, mrd_status == Some(MrdStatus::InsufficientSensitivity));

    BAllAssessed {
        date: source.date,
        category,
        deciding_rule,
        confirmed: None,
        mrd_status,
        cns_status,
        relapse_sites,
        antigen_status_at_relapse: source.antigen_status.filter(|_| category == BAllCategory::Relapse),
        conflicts,
    }
}

/// A reported category that is not the derived one. What could not be derived cannot be disagreed with; `NR` covers refractory disease.
fn differs(reported: Category, derived: BAllCategory) -> bool {
    let agrees = match derived {
        BAllCategory::NotEvaluable => true,
        BAllCategory::Relapse => reported == Category::Relapse,
        BAllCategory::Refractory => reported == Category::Nr,
        other => reported.code() == other.code(),
    };
    !agrees
}

fn advance<'a>(course: &mut Course<'a>, now: &Reading<'a>, assessed: &BAllAssessed) {
    if assessed.category.is_remission() {
        course.remission = true;
    } else if assessed.category == BAllCategory::Relapse {
        course.remission = false;
        course.reference = now.burden;
    }
    let in_cns = assessed.cns_status.is_some_and(cns::is_disease);
    let known = if in_cns { Some(true) } else { now.burden.extramedullary };
    if known.is_some() {
        course.extramedullary = known;
        course.sites = match (now.burden.sites, in_cns) {
            ([], true) => &[LeukemiaSite::Cns],
            (listed, _) => listed,
        };
    }
}

fn summarize(case: &BAll, assessments: Vec<BAllAssessed>) -> BAllResult {
    let mut result = BAllResult {
        parameters: case.parameters,
        assessments: Vec::new(),
        best: None,
        best_confirmed: None,
        remission_date: None,
        relapse_date: None,
        progression_date: None,
    };
    let rank = |category: Option<BAllCategory>| category.and_then(BAllCategory::rank);
    for assessed in &assessments {
        let date = assessed.date;
        let after = case.infusion_date.is_none_or(|d| date >= d);
        let over = result.relapse_date.is_some() || result.progression_date.is_some();
        let late = case.next_therapy_date.is_some_and(|d| date >= d) && assessed.category.is_remission();
        if !after || over || late {
            continue;
        }
        let category = Some(assessed.category);
        match assessed.category {
            BAllCategory::Relapse => result.relapse_date = Some(date),
            BAllCategory::Pd => result.progression_date = Some(date),
            _ => {}
        }
        if rank(category) > rank(result.best) {
            result.best = category;
        }
        if assessed.category.is_remission() {
            result.remission_date = result.remission_date.or(Some(date));
            if assessed.confirmed == Some(true) && rank(category) > rank(result.best_confirmed) {
                result.best_confirmed = category;
            }
        }
    }
    result.assessments = assessments;
    result
}

impl Case for BAll {
    type Result = BAllResult;

    fn derive(&self, trace: &mut Trace) -> Result<BAllResult, Fault> {
        assess(self, trace)
    }
}
