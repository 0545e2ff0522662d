//! FUP: a follow-up visit.

use crate::codes::{InfusionNumber, PatientId, YesNoUnknown};
use crate::field::{CodeList, value_sets};
use crate::finding::Findings;
use crate::form::{Checks, Context, form};
use crate::rule::rules;
use chrono::NaiveDate;

value_sets! {
    /// Visit of the timetables of lymphoma (B1.8) and myeloma (B2.10); a month counts from the infusion.
    PlannedVisit "planned_visit" {
        D014 "D014" "Day 14" "第14天"; D028 "D028" "Day 28" "第28天"; M01 "M01" "Month 1" "第1个月"; M02 "M02" "Month 2" "第2个月"; M03 "M03" "Month 3" "第3个月"; M04 "M04" "Month 4" "第4个月";
        M05 "M05" "Month 5" "第5个月"; M06 "M06" "Month 6" "第6个月"; M08 "M08" "Month 8" "第8个月"; M09 "M09" "Month 9" "第9个月"; M10 "M10" "Month 10" "第10个月"; M12 "M12" "Month 12" "第12个月";
        M15 "M15" "Month 15" "第15个月"; M18 "M18" "Month 18" "第18个月"; M21 "M21" "Month 21" "第21个月"; M24 "M24" "Month 24" "第24个月"; M30 "M30" "Month 30" "第30个月"; M36 "M36" "Month 36" "第36个月";
        M42 "M42" "Month 42" "第42个月"; M48 "M48" "Month 48" "第48个月"; M54 "M54" "Month 54" "第54个月"; M60 "M60" "Month 60" "第60个月"; Later "YRN" "Later scheduled visit" "60个月后定期随访";
        Unscheduled "UNSCHEDULED" "Unscheduled" "计划外随访";
    }
    /// How a visit took place.
    VisitMode "visit_mode" { InPerson "IN_PERSON" "In person" "到院"; Phone "PHONE" "By telephone" "电话"; Remote "REMOTE" "By video or message" "远程"; Record "RECORD" "From records" "病历查阅"; }
    /// What was done at a visit (B1.8, B2.10).
    VisitItem "visit_item" {
        History "HISTORY" "History" "病史"; Examination "EXAMINATION" "Physical examination" "体格检查"; BloodCount "CBC" "Blood count" "血常规"; Biochemistry "BIOCHEMISTRY" "Biochemistry" "生化";
        Coagulation "COAGULATION" "Coagulation" "凝血功能"; Ferritin "FERRITIN" "Ferritin" "铁蛋白"; Crp "CRP" "C-reactive protein" "C反应蛋白"; Immunoglobulins "IMMUNOGLOBULINS" "Immunoglobulins" "免疫球蛋白";
        Cytokines "CYTOKINES" "Cytokines" "细胞因子"; LymphocyteSubsets "LYMPHOCYTE_SUBSETS" "Lymphocyte subsets" "淋巴细胞亚群"; CarT "CAR_T" "CAR-T cells in blood" "外周血CAR-T"; PetCt "PET_CT" "PET-CT" "PET-CT检查"; Ct "CT" "CT" "CT检查";
        MyelomaResponse "MYELOMA_RESPONSE" "Myeloma response parameters" "骨髓瘤疗效指标"; Toxicity "TOXICITY" "Toxicity parameters" "毒性指标"; SecondMalignancy "SPM_QUESTION" "Asked about second malignancy" "询问第二肿瘤";
    }
}

form! {
    /// A follow-up visit after an infusion.
    Visit {
        name: "visit", path: "visits", version: 1, label: ("Follow-up visit", "随访"),
        source: "catalogue G5 FUP, B1.8, B2.10", key: &["patient_id", "infusion_number", "visit_date"], parent: Infusion, rules: RULES,
    }
    /// Pseudonym of the patient.
    patient_id: PatientId, mandatory, ("Patient", "患者编号");
    /// Number of the infusion.
    infusion_number: InfusionNumber, mandatory, ("Infusion number", "输注序号");
    /// Day of the visit.
    visit_date: NaiveDate, mandatory, ("Date of the visit", "随访日期");
    /// Which visit of the timetable it was meant to be.
    planned_code: PlannedVisit, required, ("Planned visit", "计划随访");
    /// How it took place.
    mode: VisitMode, required, ("Mode", "随访方式");
    /// What was done.
    items: CodeList<VisitItem>, conditional, ("Items", "随访项目"), when mode in ["IN_PERSON"];
    /// The patient lives near the treating hospital.
    near_hospital: YesNoUnknown, optional, ("Near the hospital", "居住于医院附近");
    /// A trained caregiver is with the patient.
    caregiver: YesNoUnknown, optional, ("Caregiver", "有陪护人员");
    /// The patient was told not to drive or do hazardous work for 8 weeks.
    driving_counselled: YesNoUnknown, optional, ("Counselled on driving", "已告知禁止驾驶");
}

rules! {
    /// Nobody is examined or imaged by telephone.
    ITEMS_OF_MODE = soft("visit.items_of_mode", "an examination cannot be done without the patient present; record the day on which it was", "患者未到院无法进行体格检查，请填写实际检查日期");
}

impl Checks for Visit {
    fn check(&self, _: Context, findings: &mut Findings) {
        let away = matches!(self.mode, Some(VisitMode::Phone | VisitMode::Remote));
        let examined = self.items.as_ref().is_some_and(|items| items.contains(VisitItem::Examination));
        if away && examined {
            findings.at(&ITEMS_OF_MODE, "items", Some("EXAMINATION".to_owned()), None);
        }
    }
}
