//! What a course comes to.

use super::parameters::{Parameters, Version};
use super::response::NOT_EVALUABLE;
use crate::codes::assessment::{Category, LightChain, MeasurableType};
use crate::criteria::compare::Verdict;
use crate::criteria::mrd::{MrdCourse, MrdState};
use chrono::NaiveDate;
use serde::{Serialize, Serializer};

/// The name of a category in results: its code, or `not_evaluable`.
pub fn category_name(category: Category) -> &'static str {
    if category == Category::Ne { NOT_EVALUABLE } else { category.code() }
}

fn named<S: Serializer>(category: &(impl Into<Category> + Copy), serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(category_name((*category).into()))
}

/// MRD of one assessment; members are undefined when there was no test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct PerAssessmentMrd {
    /// What the tests show together.
    pub state: Option<MrdState>,
    /// Negative by next-generation flow.
    pub flow_negative: Option<bool>,
    /// Negative by next-generation sequencing.
    pub sequencing_negative: Option<bool>,
    /// Nothing detected, at a sensitivity that does not suffice.
    pub insufficient_sensitivity: Option<bool>,
    /// Imaging of the day.
    #[serde(skip)]
    pub(super) imaging: Verdict,
    /// MRD-negative with negative imaging.
    pub imaging_plus_negative: Option<bool>,
    /// MRD-negative in CR or sCR (`MRDneg_CR`); undefined when either cannot be told.
    #[serde(rename = "MRDneg_CR")]
    pub negative_cr: Option<bool>,
}

/// One assessment.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Assessed {
    /// Day.
    pub date: NaiveDate,
    /// Category; [`Category::Ne`] is shown as `not_evaluable`.
    #[serde(serialize_with = "named")]
    pub category: Category,
    /// Whether a second assessment confirms it, or it needs none; undefined when not evaluable.
    pub confirmed: Option<bool>,
    /// The assessment that confirms it; its own day when it needs none.
    pub confirmed_on: Option<NaiveDate>,
    /// Id of the criterion that decided.
    pub deciding_rule: &'static str,
    /// Ids of all criteria of progression that hold.
    pub progression_rules: Vec<&'static str>,
    /// Clinical relapse; undefined when an input that would decide it is absent.
    pub clinical_relapse: Option<bool>,
    /// Ids of the criteria of clinical relapse that hold.
    pub clinical_relapse_rules: Vec<&'static str>,
    /// Relapse from CR; undefined before a CR, or when it cannot be told.
    pub relapse_from_cr: Option<bool>,
    /// Positive serum immunofixation may be a therapeutic antibody.
    pub mab_interference: bool,
    /// Any imaging was recorded. Without it "no new lesion" means that none is known.
    pub imaging_recorded: bool,
    /// MRD.
    pub mrd: PerAssessmentMrd,
    #[serde(skip)]
    pub(super) stands_alone: bool,
    #[serde(skip)]
    pub(super) other_relapse: Verdict,
}

/// A category with the day it was first reached.
#[derive(Debug, Clone, Copy)]
pub(super) struct Best {
    pub(super) category: Category,
    pub(super) date: NaiveDate,
}

/// A judged course.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Outcome {
    /// Edition of the criteria.
    pub criteria: Version,
    /// The assessments in date order.
    pub assessments: Vec<Assessed>,
    /// Best confirmed category before progression and new therapy; PD when progression came first.
    pub best_confirmed: Option<Category>,
    /// When it was first reached.
    pub best_confirmed_date: Option<NaiveDate>,
    /// Best category before progression and new therapy, confirmed or not.
    pub best_unconfirmed: Option<Category>,
    /// When it was first reached.
    pub best_unconfirmed_date: Option<NaiveDate>,
    /// First assessment with PD, where asked for one that was confirmed.
    pub progression_date: Option<NaiveDate>,
    /// First assessment with PD, confirmed or not.
    pub progression_unconfirmed_date: Option<NaiveDate>,
    /// First clinical relapse.
    pub clinical_relapse_date: Option<NaiveDate>,
    /// First relapse from CR.
    pub relapse_from_cr_date: Option<NaiveDate>,
    /// First MRD negativity in CR or sCR.
    pub mrd_neg_cr_date: Option<NaiveDate>,
    /// What the MRD tests mean together.
    pub mrd: MrdCourse,
    /// What was measurable.
    pub measurable_type: MeasurableType,
    /// Light chain of the clone.
    pub involved_light_chain: Option<LightChain>,
    /// The readings in force.
    pub parameters: Parameters,
}
