//! DXC: the common part of the disease baseline.

use crate::codes::{Disease, PatientId, PriorLines, YesNoUnknown};
use crate::field::value_sets;
use crate::finding::Findings;
use crate::form::{Checks, Context, form};
use crate::partial_date::PartialDate;
use crate::rule::rules;

value_sets! {
    /// Staging system.
    StageSystem "stage_system" {
        AnnArbor "ANN_ARBOR" "Ann Arbor / Lugano" "Ann Arbor/Lugano分期";
        Iss "ISS" "International Staging System" "国际分期系统";
        RIss "R_ISS" "Revised ISS" "修订国际分期系统";
        DurieSalmon "DS" "Durie-Salmon" "Durie-Salmon分期";
    }
    /// Stage.
    Stage "stage" { I "I" "Stage I" "I期"; Ii "II" "Stage II" "II期"; Iii "III" "Stage III" "III期"; Iv "IV" "Stage IV" "IV期"; }
    /// Involvement of the central nervous system.
    CnsInvolvement "cns_involvement" {
        None "NONE" "None" "无";
        Parenchymal "PARENCHYMAL" "Parenchymal" "脑实质";
        Leptomeningeal "LEPTOMENINGEAL" "Leptomeningeal" "软脑膜";
        Both "BOTH" "Parenchymal and leptomeningeal" "脑实质和软脑膜";
    }
}

form! {
    /// The disease for which CAR-T cells are given, at baseline.
    DiseaseBaseline {
        name: "disease", path: "diseases", version: 1, label: ("Disease baseline", "疾病基线"),
        source: "catalogue G2 DXC", key: &["patient_id"], parent: Patient, rules: RULES,
    }
    /// Pseudonym of the patient.
    patient_id: PatientId, mandatory, ("Patient", "患者编号");
    /// Disease chapter of the guideline.
    disease: Disease, mandatory, ("Disease", "疾病");
    /// Date of diagnosis, as precisely as known.
    diagnosis_date: PartialDate, required, ("Date of diagnosis", "诊断日期");
    /// Staging system used.
    stage_system: StageSystem, optional, ("Staging system", "分期系统");
    /// Stage at baseline.
    stage: Stage, optional, ("Stage", "分期");
    /// High tumor burden by the center's definition.
    tumor_burden_high: YesNoUnknown, optional, ("High tumor burden", "高肿瘤负荷");
    /// Extramedullary or extranodal disease.
    extramedullary: YesNoUnknown, required, ("Extramedullary disease", "髓外病变");
    /// Involvement of the central nervous system.
    cns_involvement: CnsInvolvement, required, ("CNS involvement", "中枢神经系统受累");
    /// Lines of systemic therapy before apheresis.
    prior_lines: PriorLines, required, ("Prior lines", "既往治疗线数"), soft 0.0..=10.0;
}

rules! {
    /// A stage means nothing without its system.
    STAGE_WITHOUT_SYSTEM = hard("disease.stage_without_system", "a stage is given without its staging system", "给出分期但未给出分期系统");
    /// ISS and Durie-Salmon have no stage IV.
    STAGE_OF_SYSTEM = hard("disease.stage_of_system", "the staging system has no such stage", "该分期系统没有此分期");
    /// ISS, R-ISS and DS stage myeloma; Ann Arbor stages lymphoma; ALL has no stage (G2).
    SYSTEM_OF_DISEASE = soft("disease.system_of_disease", "the staging system belongs to another disease", "分期系统不适用于该疾病");
}

impl Checks for DiseaseBaseline {
    fn check(&self, _: Context, findings: &mut Findings) {
        let Some(stage) = self.stage else { return };
        let Some(system) = self.stage_system else {
            let expected = Some(StageSystem::ALL.iter().map(|s| s.code()).collect::<Vec<_>>().join(", "));
            findings.at(&STAGE_WITHOUT_SYSTEM, "stage_system", None, expected);
            return;
        };
        if system != StageSystem::AnnArbor && stage == Stage::Iv {
            let expected = Some("I, II or III".to_owned());
            findings.at(&STAGE_OF_SYSTEM, "stage", Some(stage.code().to_owned()), expected);
        }
        let fits = match self.disease {
            Disease::Nhl => system == StageSystem::AnnArbor,
            Disease::Mm => system != StageSystem::AnnArbor,
            Disease::BAll => false,
            Disease::Other => true,
        };
        if !fits {
            findings.at(&SYSTEM_OF_DISEASE, "stage_system", Some(system.code().to_owned()), None);
        }
    }
}
