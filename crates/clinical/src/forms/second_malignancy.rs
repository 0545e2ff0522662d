//! SPM: a second primary malignancy.

use crate::codes::events::{EpisodeNumber, ForeignCode, Term};
use crate::codes::{InfusionNumber, PatientId, YesNoUnknown};
use crate::field::value_sets;
use crate::finding::Findings;
use crate::form::{Checks, Context, form};
use crate::partial_date::PartialDate;
use crate::rule::rules;
use chrono::NaiveDate;

value_sets! {
    /// Kind of a second primary malignancy (D10).
    MalignancyCategory "malignancy_category" {
        Skin "NMSC" "Non-melanoma skin cancer" "非黑色素瘤皮肤癌"; Solid "SOLID" "Solid tumor" "实体瘤"; Myeloid "MDS_AML" "MDS or AML" "骨髓增生异常综合征/急性髓系白血病";
        TCell "T_CELL" "T-cell lymphoma or leukemia" "T细胞淋巴瘤/白血病"; BCell "B_CELL" "B-lineage malignancy" "B系肿瘤"; Other "OTHER" "Other" "其他";
    }
    /// CAR transgene in the tumor.
    TransgeneResult "transgene_result" { Positive "POS" "Present" "阳性"; Negative "NEG" "Absent" "阴性"; Low "LOW" "Present in few cells" "低水平"; NotDone "ND" "Not done" "未检测"; }
}

form! {
    /// A second primary malignancy after an infusion.
    SecondMalignancy {
        name: "second_malignancy", path: "second-malignancies", version: 1, label: ("Second malignancy", "第二肿瘤"),
        source: "catalogue G4 SPM, D10", key: &["patient_id", "infusion_number", "malignancy_number"], parent: Infusion, rules: RULES,
    }
    /// Pseudonym of the patient.
    patient_id: PatientId, mandatory, ("Patient", "患者编号");
    /// Number of the infusion.
    infusion_number: InfusionNumber, mandatory, ("Infusion number", "输注序号");
    /// Number of the malignancy after that infusion.
    malignancy_number: EpisodeNumber, mandatory, ("Malignancy number", "肿瘤序号");
    /// Kind.
    category: MalignancyCategory, required, ("Category", "类别");
    /// Day of diagnosis, as precisely as known.
    onset_date: PartialDate, required, ("Date of diagnosis", "诊断日期");
    /// Site.
    site: Term, optional, ("Site", "部位");
    /// Histology.
    histology: Term, optional, ("Histology", "组织学类型");
    /// Code of ICD-O-3, topography or morphology.
    icd_o: ForeignCode, optional, ("ICD-O-3 code", "ICD-O-3编码");
    /// The tumor was tested for the CAR transgene.
    transgene_tested: YesNoUnknown, conditional, ("Transgene tested", "是否检测CAR转基因"), when category in ["T_CELL"];
    /// CAR transgene in the tumor.
    transgene_result: TransgeneResult, conditional, ("Transgene", "CAR转基因结果"), when transgene_tested in ["Y"];
    /// Site of insertion.
    insertion_site: Term, optional, ("Insertion site", "插入位点");
    /// Day of the report to the manufacturer or the authority.
    report_date: NaiveDate, optional, ("Reported on", "上报日期");
}

rules! {
    /// G6 R34: a T-cell malignancy is tested for the transgene.
    TRANSGENE_UNKNOWN = soft("second_malignancy.transgene_unknown", "it is unknown whether a T-cell malignancy was tested for the transgene", "T细胞肿瘤是否检测CAR转基因未知");
    /// A result of a test that was not done, or none of one that was.
    TRANSGENE_RESULT = hard("second_malignancy.transgene_result", "the result of the transgene test and whether it was done contradict each other", "CAR转基因结果与是否检测不一致");
    /// Certainly out of order, whatever the unknown days are.
    REPORTED_BEFORE_ONSET = hard("second_malignancy.reported_before_onset", "the malignancy is reported before it is diagnosed", "上报早于诊断");
}

impl Checks for SecondMalignancy {
    fn check(&self, _: Context, findings: &mut Findings) {
        if self.category == Some(MalignancyCategory::TCell)
            && self.transgene_tested == Some(YesNoUnknown::Unknown)
        {
            findings.at(
                &TRANSGENE_UNKNOWN,
                "transgene_tested",
                Some("UNK".to_owned()),
                Some("Y or N".to_owned()),
            );
        }
        if let (Some(tested), Some(result)) = (self.transgene_tested, self.transgene_result)
            && (tested == YesNoUnknown::Yes) == (result == TransgeneResult::NotDone)
        {
            let expected =
                Some("POS, NEG or LOW with transgene_tested Y, otherwise ND or no result".to_owned());
            findings.at(&TRANSGENE_RESULT, "transgene_result", Some(result.code().to_owned()), expected);
        }
        if let (Some(onset), Some(report)) = (self.onset_date, self.report_date)
            && report < onset.earliest()
        {
            let expected = Some(format!("{onset} or later"));
            findings.at(&REPORTED_BEFORE_ONSET, "report_date", Some(report.to_string()), expected);
        }
    }
}
