//! Response of multiple myeloma: CSCO 2024 §2.8 as printed beside IMWG 2016 (Kumar S et al., Lancet Oncol 2016;17:e328-46).
//!
//! Every assessment is tried in the order PD, sCR, CR, VGPR, PR, MR, SD. A category is given only when each of its clauses is known to
//! hold; what is missing leads to the best category that can be shown, or to `not_evaluable`, and is named. "No new bone lesion" and
//! "no plasmacytoma" follow the published reading: none is known ([`Parameters::imaging_required`] asks for imaging instead).
//! A positive immunofixation that may be a therapeutic antibody is flagged; it neither makes a CR nor ends one by itself.
//! Where an M-protein compartment was recorded at baseline as not measurable, PR and MR do not ask for it again; CR and VGPR do.

mod complete;
mod course;
mod frame;
mod known;
mod nadir;
mod observation;
mod outcome;
mod parameters;
mod progression;
mod read;
mod relapse;
mod resolve;
mod response;
pub mod rules;

pub use observation::{Lesion, Observation};
pub use outcome::{Assessed, Outcome, PerAssessmentMrd, category_name};
pub use parameters::{
    ClonalityRule, FlcFall, HbReference, LargeRiseReference, LesionCut, MrUrine, NadirRule, Overrides,
    Parameters, Purpose, Version,
};
pub use rules::CRITERIA;

use super::case::{Case, Fault};
use super::trace::Trace;
use crate::codes::assessment::{LightChain, MeasurableType};
use chrono::NaiveDate;
use course::Course;
use serde::Deserialize;

/// Assessments one course may have.
const MOST_ASSESSMENTS: usize = 1000;

/// A course of myeloma: baseline and assessments in any order.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct ImwgCase {
    /// Edition of the criteria.
    #[serde(alias = "version")]
    pub criteria: Version,
    /// Before lymphodepletion.
    pub baseline: Observation,
    /// Lowest values reached between baseline and the first assessment, where the assessments that showed them are not listed. What a
    /// rise is measured from is the lowest of these, of baseline and of the assessments before.
    pub nadir: Option<Observation>,
    /// After infusion, each with its date.
    pub assessments: Vec<Observation>,
    /// What is measurable, if the center recorded it; else it follows from baseline.
    pub measurable_type: Option<MeasurableType>,
    /// Light chain of the clone, if recorded; else it follows from the ratio at baseline.
    #[serde(alias = "involved_light_chain")]
    pub light_chain: Option<LightChain>,
    /// A therapeutic antibody (anti-CD38 or another IgG-kappa) was given; an assessment may say otherwise for its day.
    #[serde(deserialize_with = "read::flag")]
    pub mab_interference: Option<bool>,
    /// Start of a new therapy: from that day on no response counts or confirms.
    pub new_therapy_date: Option<NaiveDate>,
    /// What the dates are for.
    pub purpose: Option<Purpose>,
    /// Whether positive immunofixation alone ends a CR.
    pub ife_alone_is_relapse: Option<bool>,
    /// Readings that differ from those of the version.
    pub parameters: Overrides,
}

impl ImwgCase {
    /// The readings in force: those of the version, unless the case sets them.
    pub fn readings(&self) -> Parameters {
        let mut overrides = self.parameters;
        overrides.purpose = self.purpose.or(overrides.purpose);
        overrides.ife_alone_is_relapse = self.ife_alone_is_relapse.or(overrides.ife_alone_is_relapse);
        overrides.over(self.criteria)
    }

    /// Judges the course.
    ///
    /// # Errors
    /// An assessment without a date or before baseline, values outside their hard range, records of one day that contradict each other,
    /// or more than a thousand assessments.
    pub fn evaluate(&self, trace: &mut Trace) -> Result<Outcome, Fault> {
        let parameters = self.readings();
        let percent = parameters.mr_plasmacytoma_fall_percent;
        if !(0.0..=100.0).contains(&percent) {
            return Err(Fault::new(
                "/parameters/mr_plasmacytoma_fall_percent",
                format!("{percent} is out of range"),
                "0 to 100 %",
            ));
        }
        let baseline = self.baseline.resolve("/baseline", &parameters.mrd)?;
        let nadir = self.nadir.as_ref().map(|o| o.resolve("/nadir", &parameters.mrd)).transpose()?;
        let assessments = self.in_order(&baseline, nadir.as_ref(), &parameters)?;
        let course = Course {
            baseline: &baseline,
            nadir: nadir.as_ref(),
            assessments: &assessments,
            measurable_type: self.measurable_type,
            light_chain: self.light_chain,
            mab_interference: self.mab_interference,
            new_therapy_date: self.new_therapy_date,
            parameters,
        };
        Ok(course.judge(trace))
    }

    /// One observation for each day, in date order and main units.
    fn in_order(
        &self,
        baseline: &Observation,
        nadir: Option<&Observation>,
        parameters: &Parameters,
    ) -> Result<Vec<(NaiveDate, Observation)>, Fault> {
        if self.assessments.len() > MOST_ASSESSMENTS {
            return Err(Fault::new(
                "/assessments",
                format!("{} assessments", self.assessments.len()),
                format!("at most {MOST_ASSESSMENTS}"),
            ));
        }
        let lowest = nadir.and_then(|o| o.date);
        if let (Some(lowest), Some(start)) = (lowest, baseline.date)
            && lowest < start
        {
            let problem = format!("{lowest} is before baseline");
            return Err(Fault::new(
                "/nadir/date",
                problem,
                "a day between baseline and the first assessment",
            ));
        }
        let mut days: Vec<(NaiveDate, usize, Observation)> = Vec::with_capacity(self.assessments.len());
        for (index, o) in self.assessments.iter().enumerate() {
            let pointer = format!("/assessments/{index}");
            let Some(date) = o.date else {
                return Err(Fault::new(format!("{pointer}/date"), "the date is missing", "YYYY-MM-DD"));
            };
            if baseline.date.is_some_and(|start| date < start) {
                return Err(Fault::new(
                    format!("{pointer}/date"),
                    format!("{date} is before baseline"),
                    "a day after baseline",
                ));
            }
            if lowest.is_some_and(|lowest| date < lowest) {
                return Err(Fault::new(
                    format!("{pointer}/date"),
                    format!("{date} is before the nadir"),
                    "assessments after the nadir; those before it make it unnecessary",
                ));
            }
            match days.iter_mut().find(|(day, ..)| *day == date) {
                Some((_, _, known)) => known.absorb(o).map_err(|name| {
                    Fault::new(
                        format!("{pointer}/{name}"),
                        format!("contradicts another assessment of {date}"),
                        "one value for each day",
                    )
                })?,
                None => days.push((date, index, o.clone())),
            }
        }
        days.sort_by_key(|(date, ..)| *date);
        let before = std::iter::once(baseline).chain(nadir);
        let mut seen: Vec<String> = before.flat_map(Observation::lesion_ids).map(str::to_owned).collect();
        let mut resolved = Vec::with_capacity(days.len());
        for (date, index, raw) in days {
            let mut o = raw.resolve(&format!("/assessments/{index}"), &parameters.mrd)?;
            if raw.plasmacytoma_spd_mm2.is_none() {
                o.leave_sum_open_without(&seen);
            }
            seen.extend(
                o.lesion_ids()
                    .filter(|id| !seen.iter().any(|s| s == id))
                    .map(str::to_owned)
                    .collect::<Vec<_>>(),
            );
            resolved.push((date, o));
        }
        Ok(resolved)
    }
}

impl Case for ImwgCase {
    type Result = Outcome;

    fn derive(&self, trace: &mut Trace) -> Result<Outcome, Fault> {
        self.evaluate(trace)
    }
}
