//! RSP: a response assessment with the category the center reports.

use crate::codes::assessment::{Category, Criteria};
use crate::codes::{InfusionNumber, PatientId, YesNoUnknown};
use crate::finding::Findings;
use crate::form::{Checks, Context, form};
use crate::rule::rules;
use chrono::NaiveDate;

form! {
    /// A response assessment after an infusion, with the category as the center reports it.
    ResponseAssessment {
        name: "response", path: "responses", version: 2, label: ("Response assessment", "疗效评估"),
        source: "catalogue G5 RSP", key: &["patient_id", "infusion_number", "assessment_date", "criteria"],
        parent: Infusion, rules: RULES,
    }
    /// Pseudonym of the patient.
    patient_id: PatientId, mandatory, ("Patient", "患者编号");
    /// Number of the infusion.
    infusion_number: InfusionNumber, mandatory, ("Infusion number", "输注序号");
    /// Day of the assessment.
    assessment_date: NaiveDate, mandatory, ("Date of assessment", "评估日期");
    /// Criteria applied.
    criteria: Criteria, mandatory, ("Criteria", "评估标准");
    /// Category as reported.
    reported_category: Category, required, ("Reported category", "报告的疗效");
    /// Confirmed by a second assessment.
    confirmed: YesNoUnknown, optional, ("Confirmed", "是否确认");
    /// Day of the assessment that confirmed this one.
    confirmed_by: NaiveDate, optional, ("Confirmed by the assessment of", "确认评估日期");
}

rules! {
    /// The category must belong to the criteria.
    CATEGORY_OF_CRITERIA = hard("response.category_of_criteria", "the criteria do not have this category", "该评估标准没有此疗效类别");
    /// C1.2: a confirmation is a later assessment.
    CONFIRMED_BY_EARLIER = hard("response.confirmed_by_earlier", "a response is confirmed by a later assessment", "疗效应由之后的评估确认");
    /// A confirmation that was not.
    CONFIRMED_BY_WITHOUT_CONFIRMATION = hard("response.confirmed_by_without_confirmation", "a confirming assessment is given, but the response is not confirmed", "疗效未确认却填写了确认评估日期");
}

impl Checks for ResponseAssessment {
    fn check(&self, _: Context, findings: &mut Findings) {
        let known = self.criteria.categories();
        if let Some(category) = self.reported_category.filter(|c| !known.contains(c)) {
            let list: Vec<&str> = known.iter().map(|c| c.code()).collect();
            let expected = format!("for {}: {}", self.criteria.code(), list.join(", "));
            findings.at(
                &CATEGORY_OF_CRITERIA,
                "reported_category",
                Some(category.code().to_owned()),
                Some(expected),
            );
        }
        let Some(by) = self.confirmed_by else { return };
        if by <= self.assessment_date {
            let expected = format!("after {}", self.assessment_date);
            findings.at(&CONFIRMED_BY_EARLIER, "confirmed_by", Some(by.to_string()), Some(expected));
        }
        if self.confirmed != Some(YesNoUnknown::Yes) {
            let expected = Some("no date, or confirmed Y".to_owned());
            findings.at(&CONFIRMED_BY_WITHOUT_CONFIRMATION, "confirmed_by", Some(by.to_string()), expected);
        }
    }
}
