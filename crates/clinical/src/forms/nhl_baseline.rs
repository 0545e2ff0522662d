//! DXN: what is particular to B-cell non-Hodgkin lymphoma at baseline.

use crate::codes::baseline::{
    AntigenMethod, BulkCm, Cd19Result, ClassificationCode, FollicularGrade, Histology, Ipi, SuvMax,
};
use crate::codes::{PatientId, Percent, YesNoUnknown};
use crate::finding::Findings;
use crate::form::{Checks, Context, form};
use crate::partial_date::PartialDate;
use crate::rule::rules;

form! {
    /// Baseline of a B-cell non-Hodgkin lymphoma.
    NhlBaseline {
        name: "nhl_baseline", path: "nhl-baselines", version: 1, label: ("NHL baseline", "非霍奇金淋巴瘤基线"),
        source: "catalogue G2 DXN", key: &["patient_id"], parent: Patient, rules: RULES,
    }
    /// Pseudonym of the patient.
    patient_id: PatientId, mandatory, ("Patient", "患者编号");
    /// Histology at the latest biopsy before apheresis.
    histology: Histology, required, ("Histology", "病理类型");
    /// Code of the histology in the WHO classification or the ICD-O.
    who_code: ClassificationCode, optional, ("WHO or ICD-O code", "WHO或ICD-O编码");
    /// Grade of follicular lymphoma; for a transformed lymphoma, of its follicular part.
    fl_grade: FollicularGrade, conditional, ("Grade of follicular lymphoma", "滤泡性淋巴瘤分级"), when histology in ["FL_1_3A", "FL_3B"];
    /// Date of the pathological confirmation, as precisely as known.
    path_date: PartialDate, required, ("Date of pathology", "病理确诊日期");
    /// Rearrangement of MYC.
    myc: YesNoUnknown, optional, ("MYC rearrangement", "MYC重排");
    /// Rearrangement of BCL2.
    bcl2: YesNoUnknown, optional, ("BCL2 rearrangement", "BCL2重排");
    /// Rearrangement of BCL6.
    bcl6: YesNoUnknown, optional, ("BCL6 rearrangement", "BCL6重排");
    /// CD19 on the tumor; a negative result does not exclude from treatment.
    cd19_result: Cd19Result, required, ("CD19", "CD19结果");
    /// How CD19 was looked for.
    cd19_method: AntigenMethod, optional, ("Method for CD19", "CD19检测方法");
    /// Share of tumor cells with CD19.
    cd19_percent: Percent, optional, ("CD19-positive tumor cells", "CD19阳性肿瘤细胞比例");
    /// International Prognostic Index before apheresis.
    ipi: Ipi, optional, ("IPI", "IPI评分");
    /// Longest diameter of the largest mass.
    bulky_cm: BulkCm, optional, ("Largest mass", "最大肿块径");
    /// Highest standardized uptake value in PET/CT.
    suvmax: SuvMax, optional, ("SUVmax", "SUVmax值");
    /// Involvement of the gastrointestinal tract: a risk of bleeding and perforation.
    gi_involved: YesNoUnknown, required, ("GI involvement", "胃肠道受累");
}

rules! {
    /// Only follicular lymphoma has this grade.
    GRADE_WITHOUT_FOLLICULAR = hard("nhl_baseline.grade_without_follicular", "a grade of follicular lymphoma is given for another histology", "非滤泡性淋巴瘤填写了滤泡分级");
    /// The histology code already separates 3B from 1 to 3A.
    GRADE_OF_HISTOLOGY = hard("nhl_baseline.grade_of_histology", "the grade contradicts the histology", "分级与病理类型矛盾");
    /// B1.1: double- and triple-hit lymphoma is defined by its rearrangements.
    DOUBLE_HIT = soft("nhl_baseline.double_hit", "the histology means MYC and BCL2 and/or BCL6 are rearranged; the rearrangements given say otherwise", "该病理类型要求MYC和BCL2和/或BCL6重排，与所填重排结果不符");
}

impl Checks for NhlBaseline {
    fn check(&self, _: Context, findings: &mut Findings) {
        if let (Some(histology), Some(grade)) = (self.histology, self.fl_grade) {
            let fits = match histology {
                Histology::Follicular => Some(grade != FollicularGrade::ThreeB),
                Histology::Follicular3B => Some(grade == FollicularGrade::ThreeB),
                Histology::Transformed => Some(true),
                _ => None,
            };
            let received = Some(grade.code().to_owned());
            match fits {
                None => {
                    let expected = Some("no grade".to_owned());
                    findings.at(&GRADE_WITHOUT_FOLLICULAR, "fl_grade", received, expected);
                }
                Some(false) => {
                    let expected = if histology == Histology::Follicular { "1, 2 or 3A" } else { "3B" };
                    findings.at(&GRADE_OF_HISTOLOGY, "fl_grade", received, Some(expected.to_owned()));
                }
                Some(true) => {}
            }
        }
        let no = Some(YesNoUnknown::No);
        if self.histology == Some(Histology::DoubleHit)
            && (self.myc == no || (self.bcl2 == no && self.bcl6 == no))
        {
            let received = Some(Histology::DoubleHit.code().to_owned());
            findings.at(&DOUBLE_HIT, "histology", received, Some(Histology::HighGrade.code().to_owned()));
        }
    }
}
