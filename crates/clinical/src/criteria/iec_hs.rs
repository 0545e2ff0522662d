//! Immune effector cell-associated HLH-like syndrome: criteria present and grade (CSCO 2024 §4.3; catalogue D3.1, D3.2, D3.4).
//!
//! The guideline's table of criteria is illegible and rebuilt from its reference (Hines, Transplant Cell Ther 2023); the grade is
//! printed. No number of common items is published that makes the diagnosis: the criteria present are told and nothing is
//! diagnosed, unless a parameter asks for a number.
//!
//! Choices of the registry: the criteria count together when they were found within 72 h, that is on days at most three apart; the
//! window told is the one with ferritin met and most items, the earliest of equals. An unstated "rapidly rising" is not a judgment that it
//! rises. A finding stated in words outranks the laboratory values for the same item.

mod input;
mod items;
mod judge;

pub use input::{Baseline, IecHsCase, Limits, Observation, Severity};
pub use judge::{DayFindings, Group, IecHs, Window, assess, fibrinogen_replacement};

pub use super::crs::UnreportedSigns;
use super::trace::criteria;
use serde::{Deserialize, Serialize};

criteria! {
    FERRITIN = Reconstructed("iec_hs.ferritin", "ferritin above 2 times the upper limit or the baseline, or rapidly rising", "铁蛋白>2倍正常上限或基线，和/或快速升高", "CSCO 2024 §4.3.1; Hines, Transplant Cell Ther 2023");
    RESOLVING_CRS = Reconstructed("iec_hs.resolving_crs", "onset with resolving or resolved CRS, or inflammation worsening after initial response", "CRS缓解期或缓解后发生，或初始治疗有效后炎症再加重", "Hines, Transplant Cell Ther 2023");
    TRANSAMINASES = Reconstructed("iec_hs.transaminases", "ALT or AST above 5 times the upper limit, or the baseline where that was abnormal", "转氨酶>5倍正常上限（基线异常者>5倍基线）", "Hines, Transplant Cell Ther 2023; CTCAE v5.0 grade 3");
    FIBRINOGEN = Reconstructed("iec_hs.fibrinogen", "fibrinogen below 150 mg/dL or the lower limit", "纤维蛋白原<150 mg/dL或低于正常下限", "Hines, Transplant Cell Ther 2023");
    HEMOPHAGOCYTOSIS = Reconstructed("iec_hs.hemophagocytosis", "hemophagocytosis in marrow or other tissue", "骨髓或其他组织噬血现象", "Hines, Transplant Cell Ther 2023");
    CYTOPENIA = Reconstructed("iec_hs.cytopenia", "new, worsening or refractory cytopenia, usually grade 4 in a lineage", "新发、加重或难治性血细胞减少（通常至少一系4级）", "Hines, Transplant Cell Ther 2023; CSCO 2024 §4.3.1 note");
    LDH = Reconstructed("iec_hs.ldh", "LDH above the upper limit", "LDH高于正常上限", "Hines, Transplant Cell Ther 2023");
    COAGULATION = Reconstructed("iec_hs.coagulation", "other abnormality of coagulation (PT, aPTT)", "其他凝血异常（PT、aPTT）", "Hines, Transplant Cell Ther 2023");
    DIRECT_BILIRUBIN = Reconstructed("iec_hs.direct_bilirubin", "direct hyperbilirubinemia", "直接胆红素升高", "Hines, Transplant Cell Ther 2023");
    SPLENOMEGALY = Reconstructed("iec_hs.splenomegaly", "new splenomegaly", "新发脾大", "Hines, Transplant Cell Ther 2023");
    FEVER = Reconstructed("iec_hs.fever", "fever, new or persistent, not of CRS", "新发或持续发热（非CRS）", "Hines, Transplant Cell Ther 2023; CSCO 2024 §4.3.1 note");
    NEUROTOXICITY = Reconstructed("iec_hs.neurotoxicity", "neurotoxicity", "神经毒性", "Hines, Transplant Cell Ther 2023");
    PULMONARY = Reconstructed("iec_hs.pulmonary", "pulmonary manifestations", "肺部表现", "Hines, Transplant Cell Ther 2023");
    RENAL = Reconstructed("iec_hs.renal", "new renal insufficiency", "新发肾功能不全", "Hines, Transplant Cell Ther 2023");
    TRIGLYCERIDES = Reconstructed("iec_hs.triglycerides", "fasting triglycerides above 265 mg/dL (2.99 mmol/L)", "空腹甘油三酯>265 mg/dL（2.99 mmol/L）", "Hines, Transplant Cell Ther 2023");
    OTHER_CAUSE = Seed("iec_hs.other_cause", "due to another cause: CRS, infection, progression", "由CRS、感染、疾病进展等其他原因引起", "CSCO 2024 §4.3.1 note");
    CRITERIA_PRESENT = Proposed("iec_hs.criteria_present", "ferritin and at least one common item within 72 h; no diagnosis", "72小时内铁蛋白及至少一项常见标准符合；不作诊断", "catalogue D3.1");
    FERRITIN_ONLY = Proposed("iec_hs.ferritin_only", "ferritin without any common item", "仅铁蛋白符合", "catalogue D3.1");
    FERRITIN_NOT_MET = Reconstructed("iec_hs.ferritin_not_met", "the required ferritin is not met", "必备铁蛋白标准不符合", "Hines, Transplant Cell Ther 2023");
    NOT_EVALUABLE = Proposed("iec_hs.not_evaluable", "an absent observation would decide", "缺少决定性的观察值", "catalogue D3.1");
    MINIMUM_COMMON = Proposed("iec_hs.minimum_common", "ferritin and as many common items as the parameter asks", "铁蛋白及参数规定数目的常见标准符合", "catalogue D3.1, Q22");
    GRADE_1 = Seed("iec_hs.grade_1", "none or mild: observation", "无或轻度，仅需观察", "CSCO 2024 §4.3.2");
    GRADE_2 = Seed("iec_hs.grade_2", "mild to moderate: immunosuppression, or transfusion for asymptomatic hypofibrinogenemia", "轻中度，需要干预（免疫抑制，或无症状低纤维蛋白原血症的输注）", "CSCO 2024 §4.3.2");
    GRADE_3 = Seed("iec_hs.grade_3", "severe: bleeding with transfusion, or hospital stay for kidney injury, hypotension or respiratory distress", "重度，未立即危及生命（出血需输血，或因急性肾损伤、低血压、呼吸窘迫住院）", "CSCO 2024 §4.3.2");
    GRADE_4 = Seed("iec_hs.grade_4", "life-threatening: bleeding, hypotension, intubation or dialysis", "危及生命（出血、低血压、插管、透析）", "CSCO 2024 §4.3.2");
    GRADE_5 = Seed("iec_hs.grade_5", "death", "死亡", "CSCO 2024 §4.3.2");
    REPLACEMENT = Seed("iec_hs.fibrinogen_replacement", "fibrinogen not above 100 mg/dL, with bleeding not above 150 mg/dL", "纤维蛋白原≤100 mg/dL，出血时≤150 mg/dL", "CSCO 2024 §4.3.4; catalogue D3.4");
}

/// Readings of what is left open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Parameters {
    /// Most days between the first and the last of concurrent findings; 3 is 72 h.
    pub concurrent_days: u16,
    /// Common items asked for besides ferritin; null, as published, asks none and diagnoses nothing.
    pub minimum_common: Option<u8>,
    /// How unrecorded marks of severity are read.
    pub unreported_signs: UnreportedSigns,
}

impl Default for Parameters {
    fn default() -> Self {
        Self { concurrent_days: 3, minimum_common: None, unreported_signs: UnreportedSigns::Unknown }
    }
}
