//! PTL: a line of systemic therapy before CAR-T cells.

use crate::codes::assessment::Category;
use crate::codes::treatment::{DrugClass, LineNumber, LymphotoxicDrug};
use crate::codes::{PatientId, ShortText, YesNoUnknown};
use crate::field::CodeList;
use crate::finding::Findings;
use crate::form::{Checks, Context, form};
use crate::partial_date::PartialDate;
use crate::rule::rules;

form! {
    /// A line of systemic therapy before apheresis. Bridging is recorded by its own form and is not a line.
    PriorLine {
        name: "prior_line", path: "prior-lines", version: 1, label: ("Prior line of therapy", "既往治疗线"),
        source: "catalogue G2 PTL", key: &["patient_id", "line_number"], parent: Patient, rules: RULES,
    }
    /// Pseudonym of the patient.
    patient_id: PatientId, mandatory, ("Patient", "患者编号");
    /// Number of the line, consecutive from 1.
    line_number: LineNumber, mandatory, ("Line", "治疗线序号");
    /// First day, as precisely as known.
    start_date: PartialDate, required, ("Start", "开始日期");
    /// Day of the last dose, as precisely as known.
    end_date: PartialDate, required, ("End", "结束日期");
    /// Classes of the drugs given.
    drug_classes: CodeList<DrugClass>, required, ("Drug classes", "药物类别");
    /// Best response to the line, in the categories of the disease.
    best_response: Category, required, ("Best response", "最佳疗效");
    /// Relapse or progression during or after the line.
    relapsed: YesNoUnknown, optional, ("Relapsed or progressed", "复发或进展");
    /// Date of relapse or progression, as precisely as known.
    relapse_date: PartialDate, conditional, ("Date of relapse", "复发或进展日期"), when relapsed in ["Y"];
    /// Whether the treatment bridged to an infusion; such a row does not count as a line.
    is_bridging: bool, required, ("Bridging", "是否桥接");
    /// Drugs of the line that call for a washout before apheresis.
    lymphotoxic_drugs: CodeList<LymphotoxicDrug>, optional, ("Lymphotoxic drugs", "淋巴毒性药物");
    /// Name of the regimen.
    regimen: ShortText, optional, ("Regimen", "方案");
}

rules! {
    /// G2: start <= end.
    END_BEFORE_START = hard("prior_line.end_before_start", "the line ends before it starts", "治疗结束早于开始");
    /// G2: relapse not before the line started.
    RELAPSE_BEFORE_START = hard("prior_line.relapse_before_start", "the relapse lies before the start of the line", "复发日期早于治疗开始");
    /// Both fields tell of a relapse.
    RELAPSE_DENIED = hard("prior_line.relapse_denied", "a date of relapse is given although there was no relapse", "未复发却填写了复发日期");
    /// A relapse is an event, not a response.
    RELAPSE_IS_NO_RESPONSE = hard("prior_line.relapse_is_no_response", "a relapse is not a response: give the best response and the date of relapse", "复发不是疗效，请填写最佳疗效和复发日期");
}

impl Checks for PriorLine {
    fn check(&self, _: Context, findings: &mut Findings) {
        if let Some(start) = self.start_date {
            let dates = [
                (&END_BEFORE_START, "end_date", self.end_date),
                (&RELAPSE_BEFORE_START, "relapse_date", self.relapse_date),
            ];
            for (rule, field, date) in dates {
                if let Some(date) = date.filter(|d| d.latest() < start.earliest()) {
                    findings.at(rule, field, Some(date.to_string()), Some(format!("{start} or later")));
                }
            }
        }
        if self.relapsed == Some(YesNoUnknown::No)
            && let Some(date) = self.relapse_date
        {
            let expected = Some("no date, or relapsed Y".to_owned());
            findings.at(&RELAPSE_DENIED, "relapse_date", Some(date.to_string()), expected);
        }
        if self.best_response == Some(Category::Relapse) {
            let received = Some(Category::Relapse.code().to_owned());
            findings.at(&RELAPSE_IS_NO_RESPONSE, "best_response", received, None);
        }
    }
}
