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
        name: "response", path: "responses", version: 1, label: ("Response assessment", "疗效评估"),
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
}

rules! {
    /// The category must belong to the criteria.
    CATEGORY_OF_CRITERIA = hard("response.category_of_criteria", "the criteria do not have this category", "该评估标准没有此疗效类别");
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
    }
}
