//! PRE, scalar fields: the patient's state before treatment.

use crate::codes::assessment::PosNeg;
use crate::codes::baseline::{
    BridgeIndication, CreatinineClearance, DrugContraindication, Ecog, EjectionFraction, IcePoints,
    Karnofsky, LifeExpectancyWeeks, OxygenSaturation, RiskFlag,
};
use crate::codes::{InfusionNumber, PatientId, YesNoUnknown};
use crate::field::CodeList;
use crate::finding::Findings;
use crate::form::{Checks, Context, form};
use crate::rule::rules;
use chrono::NaiveDate;

form! {
    /// The patient's state as assessed before an infusion: performance, organ function, risks and documented decisions.
    PretreatmentStatus {
        name: "pretreatment_status", path: "pretreatment-statuses", version: 1, label: ("Pre-treatment status", "治疗前状态"),
        source: "catalogue G2 PRE", key: &["patient_id", "infusion_number"], parent: Patient, rules: RULES,
    }
    /// Pseudonym of the patient.
    patient_id: PatientId, mandatory, ("Patient", "患者编号");
    /// Number of the infusion the assessment prepares.
    infusion_number: InfusionNumber, mandatory, ("Infusion number", "输注序号");
    /// Day of the assessment.
    assessment_date: NaiveDate, required, ("Date of assessment", "评估日期");
    /// ECOG performance status.
    ecog: Ecog, required, ("ECOG", "ECOG评分"), soft 0.0..=2.0;
    /// Karnofsky performance status, in steps of ten.
    kps: Karnofsky, optional, ("Karnofsky", "KPS评分");
    /// Life expectancy as judged by the physician. The guideline asks for more than 6 to 8 weeks in lymphoma, 12 in myeloma.
    life_expectancy_wk: LifeExpectancyWeeks, required, ("Life expectancy", "预期生存期（周）"), soft 6.0..=520.0;
    /// Left ventricular ejection fraction.
    lvef: EjectionFraction, optional, ("LVEF", "左室射血分数");
    /// Creatinine clearance.
    crcl: CreatinineClearance, optional, ("Creatinine clearance", "肌酐清除率"), soft 30.0..=250.0;
    /// Oxygen saturation breathing room air.
    spo2_room: OxygenSaturation, optional, ("SpO2, room air", "血氧饱和度（室内空气）"), soft 92.0..=100.0;
    /// Child-bearing potential: N for men and where sterility or menopause is documented.
    childbearing_potential: YesNoUnknown, optional, ("Child-bearing potential", "生育能力");
    /// Pregnancy test; one not done is declared missing with ND.
    pregnancy_test: PosNeg, conditional, ("Pregnancy test", "妊娠试验"), when childbearing_potential in ["Y"];
    /// Day of the pregnancy test.
    pregnancy_test_date: NaiveDate, optional, ("Date of the pregnancy test", "妊娠试验日期");
    /// B symptoms.
    b_symptoms: YesNoUnknown, optional, ("B symptoms", "B症状");
    /// Special risks that were evaluated and documented.
    risk_flags: CodeList<RiskFlag>, optional, ("Special risks evaluated", "已评估的特殊风险");
    /// ICE score before the infusion, when the patient was still unaffected.
    ice_baseline: IcePoints, required, ("Baseline ICE score", "基线ICE评分");
    /// Indications for bridging.
    bridge_indications: CodeList<BridgeIndication>, optional, ("Indications for bridging", "桥接指征");
    /// Involvement of the central nervous system at this assessment.
    cns_involved: YesNoUnknown, optional, ("CNS involvement", "中枢神经系统受累");
    /// Active graft-versus-host disease.
    gvhd_active: YesNoUnknown, optional, ("Active GVHD", "活动性GVHD");
    /// Autoimmune disease on long-term immunosuppression.
    autoimmune: YesNoUnknown, optional, ("Autoimmune disease on immunosuppression", "需长期免疫抑制的自身免疫病");
    /// Infection that is neither excluded nor controlled at the start of lymphodepletion.
    uncontrolled_infection: YesNoUnknown, optional, ("Uncontrolled infection", "未控制的感染");
    /// Drugs that cannot be given and allergic risks.
    drug_contraindications: CodeList<DrugContraindication>, optional, ("Contraindicated drugs", "用药禁忌");
    /// A hepatologist was consulted.
    hepatology_consult: YesNoUnknown, optional, ("Hepatology consultation", "肝病科会诊");
    /// Risk and benefit were weighed and documented before the infusion.
    risk_benefit_documented: YesNoUnknown, optional, ("Risk and benefit documented", "已记录风险获益评估");
    /// A plan for impaired renal function was documented.
    renal_plan_documented: YesNoUnknown, optional, ("Renal plan documented", "已记录肾功能不全处理计划");
}

rules! {
    /// G2: Karnofsky has eleven steps.
    KPS_STEPS = hard("pretreatment_status.kps_steps", "the Karnofsky status is a multiple of ten", "KPS评分应为10的倍数");
    /// 2.2: an ejection fraction above 40 % is recommended.
    LOW_LVEF = soft("pretreatment_status.low_lvef", "the ejection fraction is 40 % or less; confirm", "左室射血分数≤40%，请确认");
    /// 1.2, 2.2: negative before treatment.
    PREGNANT = soft("pretreatment_status.pregnant", "the pregnancy test is positive; confirm", "妊娠试验阳性，请确认");
    /// A test of a patient who cannot be pregnant.
    PREGNANT_WITHOUT_POTENTIAL = hard("pretreatment_status.pregnant_without_potential", "a positive pregnancy test contradicts the absence of child-bearing potential", "无生育能力与妊娠试验阳性矛盾");
    /// 1.5.1: must be excluded or controlled.
    UNCONTROLLED_INFECTION = soft("pretreatment_status.uncontrolled_infection", "an infection must be controlled before lymphodepletion; confirm", "清淋前须控制感染，请确认");
}

/// Ejection fraction up to which a query is opened, % (2.2).
const LOW_EJECTION_FRACTION: f64 = 40.0;

impl Checks for PretreatmentStatus {
    fn check(&self, _: Context, findings: &mut Findings) {
        if let Some(kps) = self.kps.filter(|kps| kps.get() % 10 != 0) {
            let expected = Some("0, 10, 20, ..., 100".to_owned());
            findings.at(&KPS_STEPS, "kps", Some(kps.get().to_string()), expected);
        }
        if let Some(lvef) = self.lvef.filter(|lvef| lvef.get() <= LOW_EJECTION_FRACTION) {
            let expected = Some(format!("above {LOW_EJECTION_FRACTION}"));
            findings.at(&LOW_LVEF, "lvef", Some(lvef.get().to_string()), expected);
        }
        if self.pregnancy_test == Some(PosNeg::Positive) {
            let rule = if self.childbearing_potential == Some(YesNoUnknown::No) {
                &PREGNANT_WITHOUT_POTENTIAL
            } else {
                &PREGNANT
            };
            findings.at(rule, "pregnancy_test", Some("POS".to_owned()), Some("NEG".to_owned()));
        }
        if self.uncontrolled_infection == Some(YesNoUnknown::Yes) {
            let (received, expected) = (Some("Y".to_owned()), Some("N".to_owned()));
            findings.at(&UNCONTROLLED_INFECTION, "uncontrolled_infection", received, expected);
        }
    }
}
