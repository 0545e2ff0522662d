//! RSP: a response assessment with the category the center reports.

use crate::codes::{InfusionNumber, PatientId, YesNoUnknown};
use crate::field::value_sets;
use crate::finding::Findings;
use crate::form::{Checks, Context, form};
use crate::rule::rules;
use chrono::NaiveDate;

value_sets! {
    /// Response criteria.
    Criteria "response_criteria" {
        ImwgSeed "IMWG_SEED" "IMWG as printed in the guideline" "指南所载IMWG标准";
        Imwg2016 "IMWG_2016" "IMWG 2016" "IMWG 2016标准";
        LuganoPet "LUGANO_PET" "Lugano 2014, PET-CT" "Lugano 2014（PET-CT）";
        LuganoCt "LUGANO_CT" "Lugano 2014, CT" "Lugano 2014（CT）";
        AllNccn "ALL_NCCN" "ALL, NCCN" "ALL（NCCN）";
    }
    /// Response category.
    Category "response_category" {
        Scr "sCR" "Stringent complete response" "严格意义的完全缓解";
        Cr "CR" "Complete response" "完全缓解";
        Vgpr "VGPR" "Very good partial response" "非常好的部分缓解";
        Pr "PR" "Partial response" "部分缓解";
        Mr "MR" "Minimal response" "微小缓解";
        Sd "SD" "Stable disease" "疾病稳定";
        Pd "PD" "Progressive disease" "疾病进展";
        Cmr "CMR" "Complete metabolic response" "完全代谢缓解";
        Pmr "PMR" "Partial metabolic response" "部分代谢缓解";
        Nmr "NMR" "No metabolic response" "无代谢缓解";
        Pmd "PMD" "Progressive metabolic disease" "代谢进展";
        Crh "CRh" "CR with partial hematologic recovery" "部分血液学恢复的完全缓解";
        Cri "CRi" "CR with incomplete hematologic recovery" "血液学未完全恢复的完全缓解";
        Nr "NR" "No response" "无效";
        Relapse "RELAPSE" "Relapse" "复发";
        Ne "NE" "Not evaluable" "无法评估";
    }
}

impl Criteria {
    /// The categories these criteria know.
    pub fn categories(self) -> &'static [Category] {
        use Category::{Cmr, Cr, Crh, Cri, Mr, Ne, Nmr, Nr, Pd, Pmd, Pmr, Pr, Relapse, Scr, Sd, Vgpr};
        match self {
            Self::ImwgSeed | Self::Imwg2016 => &[Scr, Cr, Vgpr, Pr, Mr, Sd, Pd, Relapse, Ne],
            Self::LuganoPet => &[Cmr, Pmr, Nmr, Pmd, Ne],
            Self::LuganoCt => &[Cr, Pr, Sd, Pd, Ne],
            Self::AllNccn => &[Cr, Crh, Cri, Nr, Pd, Relapse, Ne],
        }
    }
}

impl Category {
    /// Progression or relapse: an event of progression-free survival.
    pub fn is_progression(self) -> bool {
        matches!(self, Self::Pd | Self::Pmd | Self::Relapse)
    }
}

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
