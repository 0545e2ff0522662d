//! The components of a lymphoma response (Lugano); its lesions are rows of their own.

use crate::codes::assessment::{Deauville, MarrowState, NonTargetState, UptakeChange};
use crate::codes::follow_up::{SpleenMm, Timepoint};
use crate::codes::{InfusionNumber, PatientId, YesNoUnknown};
use crate::field::value_sets;
use crate::finding::Findings;
use crate::form::{Checks, Context, form};
use crate::rule::rules;
use chrono::NaiveDate;

value_sets! {
    /// Imaging a lymphoma was assessed with.
    LymphomaModality "lymphoma_modality" { PetCt "PET_CT" "PET-CT" "PET-CT检查"; Ct "CT" "CT of neck, chest, abdomen and pelvis" "颈胸腹盆CT"; }
}

form! {
    /// What a response of lymphoma is derived from, at baseline and after the infusion; measured lesions are rows of the lesion form.
    LymphomaAssessment {
        name: "lymphoma_assessment", path: "lymphoma-assessments", version: 1, label: ("Lymphoma assessment", "淋巴瘤评估"),
        source: "catalogue G5 RSP components, C2", key: &["patient_id", "infusion_number", "assessment_date"],
        parent: Patient, rules: RULES,
    }
    /// Pseudonym of the patient.
    patient_id: PatientId, mandatory, ("Patient", "患者编号");
    /// Number of the infusion it precedes or follows.
    infusion_number: InfusionNumber, mandatory, ("Infusion number", "输注序号");
    /// Day of the imaging.
    assessment_date: NaiveDate, mandatory, ("Date of assessment", "评估日期");
    /// Baseline, the last before lymphodepletion, or after the infusion.
    timepoint: Timepoint, required, ("Timepoint", "评估时点");
    /// Imaging.
    modality: LymphomaModality, required, ("Modality", "影像方式");
    /// Deauville score, the highest of all sites.
    deauville: Deauville, conditional, ("Deauville score", "Deauville评分"), when modality in ["PET_CT"];
    /// Uptake compared with baseline.
    uptake_change: UptakeChange, optional, ("Uptake compared with baseline", "摄取较基线变化");
    /// New lesion that is consistent with lymphoma.
    new_lesions: YesNoUnknown, conditional, ("New lesions", "新发病灶"), when timepoint in ["FOLLOW_UP"];
    /// Non-measured lesions.
    non_target: NonTargetState, optional, ("Non-measured lesions", "不可测量病灶");
    /// Vertical length of the spleen; above 130 mm it is enlarged.
    spleen_mm: SpleenMm, optional, ("Spleen length (mm)", "脾脏长径（mm）");
    /// Marrow.
    marrow: MarrowState, optional, ("Marrow", "骨髓");
}

rules! {
    /// The score is one of PET.
    DEAUVILLE_WITHOUT_PET = hard("lymphoma_assessment.deauville_without_pet", "a Deauville score or uptake is given without PET", "未行PET却填写了Deauville评分或摄取变化");
    /// C2.2: with a score of 4 or 5 the change divides partial response, no response and progression.
    UPTAKE_CHANGE_EXPECTED = soft("lymphoma_assessment.uptake_change_expected", "with a Deauville score of 4 or 5 the category depends on the change of uptake", "Deauville评分4或5分时需填写摄取变化");
    /// New and compared mean since baseline.
    CHANGE_AT_BASELINE = soft("lymphoma_assessment.change_at_baseline", "a baseline has nothing to be compared with", "基线评估不应填写新发病灶或较基线变化");
}

impl Checks for LymphomaAssessment {
    fn check(&self, _: Context, findings: &mut Findings) {
        let deauville = self.deauville.map(Deauville::code);
        let uptake = self.uptake_change.map(UptakeChange::code);
        if self.modality == Some(LymphomaModality::Ct) {
            for (field, code) in [("deauville", deauville), ("uptake_change", uptake)] {
                if let Some(code) = code {
                    let expected = Some("no value, or modality PET_CT".to_owned());
                    findings.at(&DEAUVILLE_WITHOUT_PET, field, Some(code.to_owned()), expected);
                }
            }
        }
        match self.timepoint {
            Some(Timepoint::Baseline) => {
                let new = self.new_lesions.filter(|n| *n == YesNoUnknown::Yes).map(YesNoUnknown::code);
                for (field, code) in [("uptake_change", uptake), ("new_lesions", new)] {
                    if let Some(code) = code {
                        findings.at(&CHANGE_AT_BASELINE, field, Some(code.to_owned()), None);
                    }
                }
            }
            Some(Timepoint::FollowUp) => {
                let high = matches!(self.deauville, Some(Deauville::Four | Deauville::Five));
                if high && uptake.is_none() && self.missing.get("uptake_change").is_none() {
                    let codes: Vec<&str> = UptakeChange::ALL.iter().map(|c| c.code()).collect();
                    findings.at(&UPTAKE_CHANGE_EXPECTED, "uptake_change", None, Some(codes.join(", ")));
                }
            }
            None => {}
        }
    }
}
