//! DXC: the common part of the disease baseline.

use crate::codes::baseline::ExtramedullarySite;
use crate::codes::{Disease, PatientId, PriorLines, ShortText, YesNoUnknown};
use crate::field::{CodeList, value_sets};
use crate::finding::Findings;
use crate::form::{Checks, Context, form};
use crate::partial_date::PartialDate;
use crate::rule::rules;
use chrono::Datelike;

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
        name: "disease", path: "diseases", version: 2, label: ("Disease baseline", "疾病基线"),
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
    /// What the center calls a high tumor burden.
    tumor_burden_definition: ShortText, optional, ("Definition of tumor burden", "肿瘤负荷定义");
    /// Sites of extramedullary or extranodal disease.
    extramedullary_sites: CodeList<ExtramedullarySite>, optional, ("Extramedullary sites", "髓外病变部位");
    /// Involvement of the central nervous system was suspected, which calls for a lumbar puncture.
    cns_suspected: YesNoUnknown, optional, ("CNS involvement suspected", "疑似中枢神经系统受累");
}

rules! {
    /// A stage means nothing without its system.
    STAGE_WITHOUT_SYSTEM = hard("disease.stage_without_system", "a stage is given without its staging system", "给出分期但未给出分期系统");
    /// ISS and Durie-Salmon have no stage IV.
    STAGE_OF_SYSTEM = hard("disease.stage_of_system", "the staging system has no such stage", "该分期系统没有此分期");
    /// ISS, R-ISS and DS stage myeloma; Ann Arbor stages lymphoma; ALL has no stage (G2).
    SYSTEM_OF_DISEASE = soft("disease.system_of_disease", "the staging system belongs to another disease", "分期系统不适用于该疾病");
    /// G2: the definition is asked for.
    BURDEN_UNDEFINED = soft("disease.burden_undefined", "the tumor burden is judged without saying by which definition", "判断了肿瘤负荷但未说明定义");
    /// Sites of a disease that is not there.
    SITES_WITHOUT_EXTRAMEDULLARY = hard("disease.sites_without_extramedullary", "sites are given although there is no extramedullary disease", "无髓外病变却填写了部位");
    /// G2: before 1980 is unusual.
    EARLY_DIAGNOSIS = soft("disease.early_diagnosis", "the diagnosis lies before 1980; confirm", "诊断日期早于1980年，请确认");
}

/// First year of diagnosis that opens no query (G2).
const FIRST_USUAL_YEAR: i32 = 1980;

impl Checks for DiseaseBaseline {
    fn check(&self, _: Context, findings: &mut Findings) {
        self.check_stage(findings);
        if let Some(date) = self.diagnosis_date.filter(|d| d.latest().year() < FIRST_USUAL_YEAR) {
            let expected = Some(format!("{FIRST_USUAL_YEAR} or later"));
            findings.at(&EARLY_DIAGNOSIS, "diagnosis_date", Some(date.to_string()), expected);
        }
        let judged = matches!(self.tumor_burden_high, Some(YesNoUnknown::Yes | YesNoUnknown::No));
        if judged && self.tumor_burden_definition.is_none() {
            let expected = Some("the definition in words".to_owned());
            findings.at(&BURDEN_UNDEFINED, "tumor_burden_definition", None, expected);
        }
        if self.extramedullary == Some(YesNoUnknown::No)
            && let Some(sites) = &self.extramedullary_sites
        {
            let received: Vec<&str> = sites.values().iter().map(|s| s.code()).collect();
            let expected = Some("no sites, or extramedullary Y".to_owned());
            findings.at(
                &SITES_WITHOUT_EXTRAMEDULLARY,
                "extramedullary_sites",
                Some(received.join(";")),
                expected,
            );
        }
    }
}

impl DiseaseBaseline {
    fn check_stage(&self, findings: &mut Findings) {
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
