//! Response of lymphoma by the Lugano classification (Cheson, J Clin Oncol 2014;32:3059-68; catalogue C2), with the indeterminate
//! responses of LYRIC (Cheson, Blood 2016;128:2489) as an option. Neither is in the CSCO guideline: everything here is external.
//!
//! Sizes are in mm. The nadir of a lesion is the smallest product and, each by itself, the smallest diameters seen before the assessment,
//! baseline included; whether it must grow by 5 or 10 mm follows from its longest diameter at nadir. A target that was not assessed
//! withholds every category except progression shown by the others.

mod conflict;
mod ct;
mod input;
mod lesions;
mod lyric;
mod pet;
pub(crate) mod read;
pub mod rules;
mod size;

pub use input::{
    Assessment, Baseline, LesionKind, Lugano, LuganoCategory, LuganoParameters, Modality, NewLesion,
    NewLesions, NewSplenomegaly, SpleenReference, Target,
};
pub use rules::CRITERIA;

use crate::criteria::case::{Case, Fault};
use crate::criteria::compare::above;
use crate::criteria::{At, Trace};
use chrono::NaiveDate;
use ct::Scene;
use serde::Serialize;
use size::{Past, Reading, Start};

/// One assessment, decided.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LuganoAssessed {
    /// Day of the imaging.
    pub date: NaiveDate,
    /// The category.
    pub category: LuganoCategory,
    /// The progression that an indeterminate response stands for, or may stand for when LYRIC could not be decided.
    pub replaces: Option<LuganoCategory>,
    /// Id of the rule that decided.
    pub deciding_rule: Option<&'static str>,
    /// Sum of the products of the targets, mm²; null when a target is missing.
    pub spd_mm2: Option<f64>,
    /// Smallest sum before this assessment, mm².
    pub spd_nadir_mm2: Option<f64>,
    /// Change of the sum from baseline, %.
    pub spd_change_percent: Option<f64>,
    /// Ids of the consistency rules that this assessment breaks (catalogue G5, G6 R14, R17).
    pub conflicts: Vec<&'static str>,
}

/// All assessments of one patient.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LuganoResult {
    /// How the response was imaged.
    pub modality: Modality,
    /// The choices used.
    pub parameters: LuganoParameters,
    /// Per assessment, in order of date.
    pub assessments: Vec<LuganoAssessed>,
    /// Best category up to the first progression, from the infusion on and before the next therapy; an assessment that was not
    /// evaluable does not count.
    pub best: Option<LuganoCategory>,
    /// Day of the first progression.
    pub progression_date: Option<NaiveDate>,
    /// Day of the first indeterminate response.
    pub first_indeterminate_date: Option<NaiveDate>,
    /// Ids of the consistency rules that the baseline breaks.
    pub baseline_conflicts: Vec<&'static str>,
}

impl LuganoCategory {
    /// Complete or partial, metabolic or not.
    pub fn is_response(self) -> bool {
        matches!(self, Self::Cmr | Self::Pmr | Self::Cr | Self::Pr)
    }

    /// Progression, metabolic or not.
    pub fn is_progression(self) -> bool {
        matches!(self, Self::Pd | Self::Pmd)
    }

    /// Indeterminate response of LYRIC.
    pub fn is_indeterminate(self) -> bool {
        matches!(self, Self::Ir1 | Self::Ir2 | Self::Ir3)
    }

    /// Higher is better; `None` of what is not evaluable.
    pub fn rank(self) -> Option<u8> {
        match self {
            Self::Cmr | Self::Cr => Some(4),
            Self::Pmr | Self::Pr => Some(3),
            Self::Nmr | Self::Sd => Some(2),
            Self::Ir1 | Self::Ir2 | Self::Ir3 => Some(1),
            Self::Pmd | Self::Pd => Some(0),
            Self::NotEvaluable => None,
        }
    }
}

/// Decides every assessment, the best of them and the day of progression.
///
/// # Errors
/// More than six targets, a perpendicular diameter above the longest, a target that baseline does not have, values out of the hard
/// ranges, two assessments of one day that differ.
pub fn assess(case: &Lugano, trace: &mut Trace) -> Result<LuganoResult, Fault> {
    let mut choices = case.parameters;
    choices.lyric = case.lyric.unwrap_or(choices.lyric);
    if !(40.0..=400.0).contains(&choices.spleen_normal_mm) {
        let problem = format!("{} is out of range", choices.spleen_normal_mm);
        return Err(Fault::new("/parameters/spleen_normal_mm", problem, "a number from 40 to 400 mm"));
    }
    let start = Start::check(&case.baseline)?;
    let baseline_conflicts = conflict::baseline(&start, trace);
    let mut past = Past::new(&start);
    let mut order: Vec<usize> = (0..case.assessments.len()).collect();
    order.sort_by_key(|i| case.assessments.get(*i).map(|a| a.date));

    let mut result = LuganoResult {
        modality: case.modality,
        parameters: choices,
        assessments: Vec::with_capacity(order.len()),
        best: None,
        progression_date: None,
        first_indeterminate_date: None,
        baseline_conflicts,
    };
    let mut earlier: Option<&Assessment> = None;
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
        let now = Reading::check(source, index, &start)?;
        let at = At::Date(source.date);
        let scene =
            Scene { at, now: &now, past: &past, start: &start, baseline: &case.baseline, choices: &choices };
        let assessed = decide(case, &scene, trace);
        note(case, &assessed, &mut result);
        result.assessments.push(assessed);
        past.take(&now, &start);
    }
    Ok(result)
}

fn decide(case: &Lugano, scene: &Scene<'_>, trace: &mut Trace) -> LuganoAssessed {
    let source = scene.now.source;
    let (mut category, causes) = match case.modality {
        Modality::Ct => ct::decide(scene, trace),
        Modality::PetCt => pet::decide(scene, trace),
    };
    let mut replaces = None;
    if scene.choices.lyric
        && category.is_progression()
        && let Some(instead) =
            lyric::replace(scene, case.modality, source.date, case.infusion_date, &causes, trace)
    {
        replaces = Some(category);
        category = instead;
    }
    let spd = scene.now.spd(scene.start);
    let change = scene.past.spd_baseline.filter(|base| above(*base, 0.0)).zip(spd);
    LuganoAssessed {
        date: source.date,
        category,
        replaces,
        deciding_rule: trace.deciding(scene.at).map(|step| step.criterion.id),
        spd_mm2: spd,
        spd_nadir_mm2: scene.past.spd,
        spd_change_percent: change.map(|(base, now)| (now - base) / base * 100.0),
        conflicts: conflict::assessment(case, scene, category, trace),
    }
}

/// Takes an assessment into account for the patient as a whole.
fn note(case: &Lugano, assessed: &LuganoAssessed, result: &mut LuganoResult) {
    let counted = case.infusion_date.is_none_or(|d| assessed.date >= d)
        && case.next_therapy_date.is_none_or(|d| assessed.date < d || assessed.category.is_progression())
        && result.progression_date.is_none();
    if !counted {
        return;
    }
    if assessed.category.rank() > result.best.and_then(LuganoCategory::rank) {
        result.best = Some(assessed.category);
    }
    if assessed.category.is_progression() {
        result.progression_date = Some(assessed.date);
    }
    if assessed.category.is_indeterminate() && result.first_indeterminate_date.is_none() {
        result.first_indeterminate_date = Some(assessed.date);
    }
}

impl Case for Lugano {
    type Result = LuganoResult;

    fn derive(&self, trace: &mut Trace) -> Result<LuganoResult, Fault> {
        assess(self, trace)
    }
}
