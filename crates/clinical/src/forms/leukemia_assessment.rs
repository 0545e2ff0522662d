//! The components of a B-ALL response.

use crate::codes::assessment::{AntigenStatus, CnsStatus};
use crate::codes::follow_up::{
    CsfCells, ErythrocyteCount, LeukocyteCount, NeutrophilCount, PlateletCount, Timepoint,
};
use crate::codes::{InfusionNumber, PatientId, Percent, YesNoUnknown};
use crate::finding::Findings;
use crate::form::{Checks, Context, form};
use crate::rule::rules;
use chrono::NaiveDate;

form! {
    /// What a response of B-ALL and its CNS status are derived from, at baseline and after the infusion.
    LeukemiaAssessment {
        name: "leukemia_assessment", path: "leukemia-assessments", version: 1, label: ("Leukemia assessment", "白血病评估"),
        source: "catalogue G5 RSP components, C3", key: &["patient_id", "infusion_number", "assessment_date"],
        parent: Patient, rules: RULES,
    }
    /// Pseudonym of the patient.
    patient_id: PatientId, mandatory, ("Patient", "患者编号");
    /// Number of the infusion it precedes or follows.
    infusion_number: InfusionNumber, mandatory, ("Infusion number", "输注序号");
    /// Day of the assessment.
    assessment_date: NaiveDate, mandatory, ("Date of assessment", "评估日期");
    /// Baseline, the last before lymphodepletion, or after the infusion.
    timepoint: Timepoint, required, ("Timepoint", "评估时点");
    /// Blasts of the marrow.
    marrow_blast_percent: Percent, required, ("Marrow blasts", "骨髓原始细胞");
    /// Blasts of the blood.
    peripheral_blast_percent: Percent, required, ("Circulating blasts", "外周血原始细胞");
    /// Absolute neutrophil count.
    anc_10e9_l: NeutrophilCount, required, ("Neutrophils", "中性粒细胞绝对值"), soft 0.0..=50.0;
    /// Platelets.
    platelets_10e9_l: PlateletCount, required, ("Platelets", "血小板"), soft 0.0..=800.0;
    /// Normal hematopoiesis of all three lineages in the marrow.
    trilineage_hematopoiesis: YesNoUnknown, optional, ("Trilineage hematopoiesis", "三系造血");
    /// Extramedullary disease.
    extramedullary: YesNoUnknown, required, ("Extramedullary disease", "髓外病变");
    /// Extramedullary disease that was not there before.
    extramedullary_new: YesNoUnknown, optional, ("New extramedullary disease", "新发髓外病变");
    /// CNS status as reported.
    cns_status: CnsStatus, conditional, ("CNS status", "中枢神经系统状态"), when timepoint in ["BASELINE"];
    /// Blasts in the cerebrospinal fluid.
    csf_blasts: YesNoUnknown, optional, ("Blasts in the cerebrospinal fluid", "脑脊液原始细胞");
    /// Leukocytes of the cerebrospinal fluid.
    csf_wbc_ul: CsfCells, optional, ("Leukocytes of the cerebrospinal fluid", "脑脊液白细胞");
    /// Erythrocytes of the cerebrospinal fluid.
    csf_rbc_ul: CsfCells, optional, ("Erythrocytes of the cerebrospinal fluid", "脑脊液红细胞");
    /// Leukocytes of the blood on the day of the lumbar puncture.
    blood_wbc_10e9_l: LeukocyteCount, optional, ("Leukocytes of the blood", "外周血白细胞"), soft 0.0..=100.0;
    /// Erythrocytes of the blood on the day of the lumbar puncture.
    blood_rbc_10e12_l: ErythrocyteCount, optional, ("Erythrocytes of the blood", "外周血红细胞");
    /// Clinical signs of leukemia of the central nervous system.
    cns_signs: YesNoUnknown, optional, ("Clinical CNS signs", "中枢神经系统临床表现");
    /// CD19 on the blasts, at baseline and at relapse.
    cd19_status: AntigenStatus, optional, ("CD19 on the blasts", "原始细胞CD19表达");
}

rules! {
    /// C3: CNS-1 is no blasts whatever the counts.
    CNS1_WITH_BLASTS = hard("leukemia_assessment.cns1_with_blasts", "CNS-1 means no blasts in the cerebrospinal fluid", "CNS-1指脑脊液无原始细胞");
    /// C3: CNS-2 needs blasts; CNS-3 needs blasts or clinical signs.
    CNS_WITHOUT_BLASTS = soft("leukemia_assessment.cns_without_blasts", "the CNS status needs blasts in the cerebrospinal fluid or, for CNS-3, clinical signs", "该中枢状态需脑脊液有原始细胞，或CNS-3有临床表现");
    /// C3: the subdivision follows the counts of the fluid, 5 leukocytes and 10 erythrocytes per uL.
    CNS_SUBDIVISION = soft("leukemia_assessment.cns_subdivision", "the CNS status does not fit the cells counted in the cerebrospinal fluid", "中枢状态与脑脊液细胞计数不符");
    /// G6 R31: neutrophils are leukocytes.
    ANC_ABOVE_WBC = soft("leukemia_assessment.anc_above_wbc", "more neutrophils than leukocytes are given", "中性粒细胞计数高于白细胞计数");
    /// New disease is disease.
    NEW_WITHOUT_DISEASE = hard("leukemia_assessment.new_without_disease", "new extramedullary disease is given, but no extramedullary disease", "填写了新发髓外病变但无髓外病变");
}

/// Leukocytes per uL of cerebrospinal fluid from which CNS-3 begins.
const CSF_LEUKOCYTES: f64 = 5.0;
/// Erythrocytes per uL of cerebrospinal fluid from which a tap is traumatic.
const CSF_ERYTHROCYTES: f64 = 10.0;

impl Checks for LeukemiaAssessment {
    fn check(&self, _: Context, findings: &mut Findings) {
        if let Some(status) = self.cns_status {
            self.check_cns(status, findings);
        }
        if let (Some(neutrophils), Some(leukocytes)) =
            (self.anc_10e9_l.map(NeutrophilCount::get), self.blood_wbc_10e9_l.map(LeukocyteCount::get))
            && neutrophils > leukocytes
        {
            let expected = Some(format!("at most {leukocytes}"));
            findings.at(&ANC_ABOVE_WBC, "anc_10e9_l", Some(neutrophils.to_string()), expected);
        }
        if self.extramedullary_new == Some(YesNoUnknown::Yes) && self.extramedullary == Some(YesNoUnknown::No)
        {
            let expected = Some("N, or extramedullary Y".to_owned());
            findings.at(&NEW_WITHOUT_DISEASE, "extramedullary_new", Some("Y".to_owned()), expected);
        }
    }
}

impl LeukemiaAssessment {
    fn check_cns(&self, status: CnsStatus, findings: &mut Findings) {
        use CnsStatus::{Cns1, Cns2, Cns2a, Cns2b, Cns2c, Cns3, Cns3a, Cns3b, Cns3c};
        let no_blasts = self.csf_blasts == Some(YesNoUnknown::No);
        let received = || Some(status.code().to_owned());
        let signs = self.cns_signs == Some(YesNoUnknown::Yes);
        match status {
            Cns1 if self.csf_blasts == Some(YesNoUnknown::Yes) => {
                findings.at(&CNS1_WITH_BLASTS, "cns_status", received(), Some("CNS2 or CNS3".to_owned()));
            }
            Cns2 | Cns2a | Cns2b | Cns2c if no_blasts => {
                findings.at(&CNS_WITHOUT_BLASTS, "cns_status", received(), Some("CNS1".to_owned()));
            }
            Cns3 | Cns3a | Cns3b | Cns3c if no_blasts && !signs => {
                findings.at(&CNS_WITHOUT_BLASTS, "cns_status", received(), Some("CNS1".to_owned()));
            }
            _ => {}
        }
        // For each status: whether the leukocytes, and whether the erythrocytes, reach their bound; `None` where either may be.
        let (leukocytes, erythrocytes) = match status {
            Cns2a => (Some(false), Some(false)),
            Cns2b => (Some(false), Some(true)),
            Cns2c | Cns3b => (Some(true), Some(true)),
            Cns3a => (Some(true), Some(false)),
            Cns1 | Cns2 | Cns3 | Cns3c => (None, None),
        };
        let contradicts = |count: Option<CsfCells>, bound: f64, wanted: Option<bool>| {
            count.zip(wanted).is_some_and(|(count, wanted)| (count.get() >= bound) != wanted)
        };
        if contradicts(self.csf_wbc_ul, CSF_LEUKOCYTES, leukocytes)
            || contradicts(self.csf_rbc_ul, CSF_ERYTHROCYTES, erythrocytes)
        {
            let side = |reaches: Option<bool>| if reaches == Some(true) { "at least" } else { "fewer than" };
            let expected = format!(
                "{} 5 leukocytes and {} 10 erythrocytes per uL",
                side(leukocytes),
                side(erythrocytes)
            );
            findings.at(&CNS_SUBDIVISION, "cns_status", received(), Some(expected));
        }
    }
}
