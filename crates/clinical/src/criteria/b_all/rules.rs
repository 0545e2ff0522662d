//! The conditions of response, relapse, MRD and CNS status of B-ALL, as data.

use crate::criteria::trace::criteria;

criteria! {
    /// C3.
    CR_MARROW = External("b_all.marrow_below_5", "marrow blasts below 5 %", "骨髓原始细胞<5%", "NCCN ALL; catalogue C3");
    /// C3.
    NO_CIRCULATING = External("b_all.no_circulating_blasts", "no circulating blasts", "外周血无原始细胞", "NCCN ALL; catalogue C3");
    /// C3. CNS-3 is extramedullary disease.
    NO_EXTRAMEDULLARY = External("b_all.no_extramedullary_disease", "no extramedullary disease", "无髓外病变", "NCCN ALL; catalogue C3");
    /// C3.
    TRILINEAGE = External("b_all.trilineage", "trilineage hematopoiesis", "三系造血恢复", "NCCN ALL; catalogue C3");
    /// C3: at least 1.0, or above it as NCCN prints.
    ANC_RECOVERED = External("b_all.anc_recovered", "neutrophils at least 1.0 x10⁹/L (NCCN: above)", "ANC≥1.0×10⁹/L（NCCN：>）", "NCCN ALL; catalogue C3");
    /// C3: at least 100, or above it as NCCN prints.
    PLATELETS_RECOVERED = External("b_all.platelets_recovered", "platelets at least 100 x10⁹/L (NCCN: above)", "血小板≥100×10⁹/L（NCCN：>）", "NCCN ALL; catalogue C3");
    /// C3.
    PARTIAL_RECOVERY = External("b_all.partial_recovery", "neutrophils above 0.5 and platelets above 50 x10⁹/L", "ANC>0.5且血小板>50×10⁹/L", "catalogue C3");
    /// C3.
    CR = External("b_all.cr", "complete remission", "完全缓解", "NCCN ALL; catalogue C3");
    /// C3.
    CRH = External("b_all.crh", "complete remission with partial hematologic recovery", "部分血液学恢复的完全缓解", "catalogue C3");
    /// C3.
    CRI = External("b_all.cri", "complete remission but for neutrophils or platelets", "除ANC和/或血小板外符合完全缓解", "NCCN ALL; catalogue C3");
    /// C3.
    CONFIRMED = External("b_all.no_recurrence_4_weeks", "no recurrence for 4 weeks", "4周内无复发", "NCCN ALL; catalogue C3");
    /// C3.
    RELAPSE_MARROW = External("b_all.relapse_marrow", "blasts reappear in the marrow above the cut", "骨髓原始细胞再现并超过界值", "NCCN ALL; catalogue C3, Q20");
    /// C3.
    RELAPSE_BLOOD = External("b_all.relapse_blood", "blasts reappear in the blood", "外周血原始细胞再现", "NCCN ALL; catalogue C3, Q20");
    /// C3: an isolated CNS relapse counts.
    RELAPSE_EXTRAMEDULLARY = External("b_all.relapse_extramedullary", "disease at an extramedullary site, the CNS included", "髓外（含中枢神经系统）复发", "NCCN ALL; catalogue C3");
    /// C3.
    RELAPSE = External("b_all.relapse", "relapse after remission", "缓解后复发", "NCCN ALL; catalogue C3");
    /// C3: relative, not percentage points.
    PD_MARROW = External("b_all.pd_marrow", "marrow blasts, at least 5 %, up by at least 25 % of the earlier number", "骨髓原始细胞（≥5%）较前相对增加≥25%", "NCCN ALL; catalogue C3");
    /// C3: the absolute number.
    PD_BLOOD = External("b_all.pd_blood", "absolute number of circulating blasts up by at least 25 %", "外周血原始细胞绝对数增加≥25%", "NCCN ALL; catalogue C3");
    /// C3.
    PD_EXTRAMEDULLARY = External("b_all.pd_extramedullary", "new extramedullary disease", "新发髓外病变", "NCCN ALL; catalogue C3");
    /// C3.
    PD = External("b_all.pd", "progressive disease", "疾病进展", "NCCN ALL; catalogue C3");
    /// C3.
    PERSISTENT = External("b_all.persistent", "leukemia persists: marrow blasts at least 5 %, circulating blasts or extramedullary disease", "白血病持续存在：骨髓原始细胞≥5%、外周血原始细胞或髓外病变", "catalogue C3");
    /// C3. Only where the assessment is said to be that of the response to treatment.
    REFRACTORY = External("b_all.refractory", "leukemia persists at the response assessment after treatment", "治疗后疗效评估时白血病持续存在", "NCCN ALL; catalogue C3");
    /// G5: `NR`.
    NOT_IN_REMISSION = Proposed("b_all.no_remission", "neither remission, relapse nor progression", "未缓解，亦非复发或进展", "catalogue G5 RSP");
    /// Absence is never taken as normal.
    NOT_EVALUABLE = Proposed("b_all.not_evaluable", "inputs that would decide are absent", "缺少可作出判定的数据", "catalogue C3");

    /// C3.
    MRD_POSITIVE = External("b_all.mrd_positive", "residual disease at or above 0.01 %, or positive without a level", "MRD≥10⁻⁴，或阳性未定量", "NCCN ALL; catalogue C3");
    /// C3.
    MRD_NEGATIVE = External("b_all.mrd_negative", "residual disease below 0.01 % by an assay that sees 0.01 %", "MRD<10⁻⁴且检测灵敏度至少10⁻⁴", "NCCN ALL; catalogue C3");
    /// G6 R16.
    MRD_INSUFFICIENT = External("b_all.r16_mrd_insufficient", "negative by an assay that does not see 0.01 %", "阴性但检测灵敏度不足10⁻⁴", "catalogue G6 R16");

    /// C3.
    CNS_SIGNS = External("b_all.cns3c", "clinical signs of CNS leukemia", "中枢神经系统白血病临床表现", "COG; catalogue C3");
    /// C3.
    CNS1 = External("b_all.cns1", "no blasts in the CSF, whatever the leukocytes", "脑脊液无原始细胞", "COG; catalogue C3");
    /// C3.
    CNS2 = External("b_all.cns2", "blasts in the CSF with fewer than 5 leukocytes/µL, red cells not counted", "脑脊液见原始细胞，白细胞<5/µL，未计红细胞", "COG; catalogue C3");
    /// C3.
    CNS2A = External("b_all.cns2a", "blasts in the CSF, leukocytes below 5/µL, red cells below 10/µL", "脑脊液见原始细胞，白细胞<5/µL，红细胞<10/µL", "COG; catalogue C3");
    /// C3.
    CNS2B = External("b_all.cns2b", "blasts in the CSF, leukocytes below 5/µL, red cells at least 10/µL", "脑脊液见原始细胞，白细胞<5/µL，红细胞≥10/µL", "COG; catalogue C3");
    /// C3.
    CNS2C = External("b_all.cns2c", "blasts in a traumatic CSF with at least 5 leukocytes/µL, Steinherz-Bleyer negative", "创伤性腰穿，白细胞≥5/µL并见原始细胞，Steinherz-Bleyer阴性", "COG; catalogue C3");
    /// C3.
    CNS3 = External("b_all.cns3", "blasts in the CSF with at least 5 leukocytes/µL, red cells not counted", "脑脊液见原始细胞，白细胞≥5/µL，未计红细胞", "COG; catalogue C3");
    /// C3.
    CNS3A = External("b_all.cns3a", "blasts in the CSF, leukocytes at least 5/µL, red cells below 10/µL", "脑脊液见原始细胞，白细胞≥5/µL，红细胞<10/µL", "COG; catalogue C3");
    /// C3.
    CNS3B = External("b_all.cns3b", "blasts in a traumatic CSF with at least 5 leukocytes/µL, Steinherz-Bleyer positive", "创伤性腰穿，白细胞≥5/µL并见原始细胞，Steinherz-Bleyer阳性", "COG; catalogue C3");
    /// C3, Q19.
    STEINHERZ_BLEYER = External("b_all.steinherz_bleyer", "leukocytes per red cell in the CSF more than twice those in the blood of the same day (NCCN: at least twice)", "脑脊液白细胞/红细胞比值>同日外周血比值的2倍（NCCN：≥2倍）", "COG; NCCN; catalogue C3, Q19");

    /// G6 R14.
    BEFORE_INFUSION = Proposed("b_all.r14_before_infusion", "progression or relapse dated before the infusion", "进展或复发日期早于回输日期", "catalogue G6 R14");
    /// G6 R14.
    AFTER_NEXT_THERAPY = Proposed("b_all.r14_after_next_therapy", "remission dated on or after the next therapy; not counted", "缓解日期不早于后续治疗日期，不计入", "catalogue G6 R14");
    /// G5 RSP.
    REPORTED_DIFFERS = Proposed("b_all.reported_differs", "reported category differs from the derived one", "报告疗效与推导疗效不一致", "catalogue G5 RSP");
    /// G5 RSP.
    CNS_DIFFERS = Proposed("b_all.cns_differs", "reported CNS status differs from that of the CSF", "报告的CNS状态与脑脊液推导不一致", "catalogue G5 RSP");
}
