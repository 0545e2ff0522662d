//! PRE, rows: an examination of the pre-treatment assessment.

use crate::codes::baseline::{ExaminationResult, ItemNumber, NotDoneReason, PretreatmentExamination};
use crate::codes::{InfusionNumber, PatientId, ShortText, YesNoUnknown};
use crate::finding::Findings;
use crate::form::{Checks, Context, form};
use crate::rule::rules;
use chrono::NaiveDate;

form! {
    /// An examination of the assessment before an infusion, done or not. Repeated examinations, as after bridging, are numbered.
    PretreatmentItem {
        name: "pretreatment_item", path: "pretreatment-items", version: 1, label: ("Pre-treatment examination", "治疗前检查"),
        source: "catalogue G2 PRE", key: &["patient_id", "infusion_number", "item", "item_number"],
        parent: Patient, rules: RULES,
    }
    /// Pseudonym of the patient.
    patient_id: PatientId, mandatory, ("Patient", "患者编号");
    /// Number of the infusion the assessment prepares.
    infusion_number: InfusionNumber, mandatory, ("Infusion number", "输注序号");
    /// Examination.
    item: PretreatmentExamination, mandatory, ("Examination", "检查项目");
    /// Number of the examination among those of its kind, 1 for the first.
    item_number: ItemNumber, mandatory, ("Number", "检查序号");
    /// Whether it was done.
    done: YesNoUnknown, required, ("Done", "是否完成");
    /// Day it was done.
    assessment_date: NaiveDate, conditional, ("Date", "检查日期"), when done in ["Y"];
    /// Result.
    result_code: ExaminationResult, optional, ("Result", "结果");
    /// Result in words.
    result_text: ShortText, optional, ("Result in words", "结果描述");
    /// Why it was not done.
    not_done_reason: NotDoneReason, optional, ("Reason not done", "未完成原因");
}

rules! {
    /// An examination that was not done has neither date nor result.
    NOT_DONE = hard("pretreatment_item.not_done", "a date or result is given for an examination that was not done", "未完成的检查填写了日期或结果");
    /// Nothing is to be explained.
    REASON_ALTHOUGH_DONE = hard("pretreatment_item.reason_although_done", "a reason for not doing it is given for an examination that was done", "已完成的检查填写了未完成原因");
}

impl Checks for PretreatmentItem {
    fn check(&self, _: Context, findings: &mut Findings) {
        if self.done == Some(YesNoUnknown::No) {
            let given = [
                ("assessment_date", self.assessment_date.map(|d| d.to_string())),
                ("result_code", self.result_code.map(|r| r.code().to_owned())),
                ("result_text", self.result_text.as_ref().map(|t| t.as_str().to_owned())),
            ];
            for (field, value) in given {
                if value.is_some() {
                    findings.at(&NOT_DONE, field, value, Some("no value, or done Y".to_owned()));
                }
            }
        }
        if self.done == Some(YesNoUnknown::Yes)
            && let Some(reason) = self.not_done_reason
        {
            let expected = Some("no reason, or done N".to_owned());
            findings.at(&REASON_ALTHOUGH_DONE, "not_done_reason", Some(reason.code().to_owned()), expected);
        }
    }
}
