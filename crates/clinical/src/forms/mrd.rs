//! MRD: a test for measurable residual disease.

use crate::codes::assessment::{MrdMethod, MrdResult, MrdSpecimen};
use crate::codes::follow_up::{MrdLevel, MrdLimit};
use crate::codes::{InfusionNumber, PatientId, YesNoUnknown};
use crate::finding::Findings;
use crate::form::{Checks, Context, form};
use crate::rule::rules;
use chrono::NaiveDate;

form! {
    /// A test for measurable residual disease, whatever the response.
    Mrd {
        name: "mrd", path: "mrd-tests", version: 1, label: ("MRD test", "微小残留病检测"),
        source: "catalogue G5 MRD, C1.1, C3", key: &["patient_id", "infusion_number", "assessment_date", "method", "specimen"],
        parent: Patient, rules: RULES,
    }
    /// Pseudonym of the patient.
    patient_id: PatientId, mandatory, ("Patient", "患者编号");
    /// Number of the infusion it precedes or follows.
    infusion_number: InfusionNumber, mandatory, ("Infusion number", "输注序号");
    /// Day the specimen was taken.
    assessment_date: NaiveDate, mandatory, ("Date", "采样日期");
    /// Method.
    method: MrdMethod, mandatory, ("Method", "检测方法");
    /// Specimen.
    specimen: MrdSpecimen, mandatory, ("Specimen", "标本");
    /// Sensitivity reached with this specimen, 1e-5 for one cell in 100,000.
    sensitivity: MrdLimit, required, ("Sensitivity", "灵敏度");
    /// Limit of detection of the method.
    lod: MrdLimit, required, ("Limit of detection", "检测限");
    /// Result.
    result: MrdResult, required, ("Result", "结果");
    /// Level found, as a share of nucleated cells.
    mrd_level: MrdLevel, conditional, ("Level", "残留水平"), when result in ["POS"];
    /// Imaging shows no disease either.
    imaging_negative: YesNoUnknown, optional, ("Imaging negative", "影像学阴性");
}

rules! {
    /// G6 R16: one in 10,000 is the least that any disease asks; myeloma asks for one in 100,000.
    SENSITIVITY = soft("mrd.sensitivity", "a negative result with a sensitivity above 1e-4 is insufficient", "灵敏度低于1e-4的阴性结果不充分");
    /// Nothing found, and an amount.
    LEVEL_OF_NEGATIVE = hard("mrd.level_of_negative", "a level is given for a negative result", "结果阴性却填写了残留水平");
    /// Below the limit nothing can be found.
    LEVEL_BELOW_LIMIT = soft("mrd.level_below_limit", "the level of a positive result lies below the limit of detection", "阳性结果的水平低于检测限");
}

/// Least sensitivity of a negative result in any disease.
const LEAST_SENSITIVITY: f64 = 1e-4;

impl Checks for Mrd {
    fn check(&self, _: Context, findings: &mut Findings) {
        let negative = self.result == Some(MrdResult::Negative);
        if let Some(sensitivity) =
            self.sensitivity.map(MrdLimit::get).filter(|s| *s > LEAST_SENSITIVITY && negative)
        {
            let expected = Some("at most 0.0001".to_owned());
            findings.at(&SENSITIVITY, "sensitivity", Some(sensitivity.to_string()), expected);
        }
        let Some(level) = self.mrd_level.map(MrdLevel::get) else { return };
        if negative && level > 0.0 {
            let expected = Some("no level, or result POS".to_owned());
            findings.at(&LEVEL_OF_NEGATIVE, "mrd_level", Some(level.to_string()), expected);
        }
        if let Some(limit) = self.lod.map(MrdLimit::get).filter(|limit| level < *limit)
            && self.result == Some(MrdResult::Positive)
        {
            findings.at(
                &LEVEL_BELOW_LIMIT,
                "mrd_level",
                Some(level.to_string()),
                Some(format!("at least {limit}")),
            );
        }
    }
}
