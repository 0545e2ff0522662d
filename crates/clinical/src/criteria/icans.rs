//! Grade of immune effector cell-associated neurotoxicity by day, onset, maximum (CSCO 2024 §4.2.1, ASTCT; catalogue D2.1, D2.2,
//! erratum H31).
//!
//! The grade of a day is the worst of ICE score, consciousness, seizure, motor finding and intracranial pressure, of those that
//! have no other cause. Several records of one day are one day: each item counts at its worst. Intracranial hemorrhage or infarct is not
//! counted, nor is edema on imaging beside it. Under sedation a low ICE score and depressed consciousness may be due to the
//! drug: they bound the grade from above only. Days before the infusion are the baseline and are not graded.
//!
//! Children under 12 years are assessed with the CAPD, which is not in the guideline: their days are not graded.

mod grade;
mod input;

pub use grade::{DayGrade, Icans, grade};
pub use input::{Domain, IcansCase, Ice, IceScore, Observation, SeizureSeen};

pub use super::crs::UnreportedSigns;
use super::trace::criteria;
use serde::{Deserialize, Serialize};

criteria! {
    BEFORE_INFUSION = Proposed("icans.before_infusion", "before the infusion: baseline, not graded", "输注前：基线，不分级", "catalogue R06; CSCO 2024 §4.2.1");
    UNDER_12 = External("icans.under_12_years", "under 12 years: CAPD instead of ICE, not graded here", "<12岁应使用CAPD评分，此处不分级", "ASTCT (Lee, BBMT 2019)");
    NONE = Seed("icans.none", "no item present", "各项均无异常", "CSCO 2024 §4.2.1; ASTCT");
    ICE_1 = Seed("icans.ice_7_9", "ICE score 7 to 9", "ICE评分7～9分", "CSCO 2024 §4.2.1");
    ICE_2 = Seed("icans.ice_3_6", "ICE score 3 to 6", "ICE评分3～6分", "CSCO 2024 §4.2.1");
    ICE_3 = Seed("icans.ice_0_2", "ICE score 0 to 2", "ICE评分0～2分", "CSCO 2024 §4.2.1");
    CONSCIOUSNESS_1 = Seed("icans.awakens_spontaneously", "awakens spontaneously", "自然唤醒", "CSCO 2024 §4.2.1");
    CONSCIOUSNESS_2 = Seed("icans.awakens_to_voice", "awakens to voice", "声音唤醒", "CSCO 2024 §4.2.1");
    CONSCIOUSNESS_3 = Seed("icans.awakens_to_touch", "awakens only to tactile stimulus", "仅可通过触觉刺激唤醒", "CSCO 2024 §4.2.1");
    CONSCIOUSNESS_4 = Seed("icans.unarousable", "unarousable, or vigorous or repetitive stimuli needed; coma", "不能唤醒或需强烈/反复触觉刺激唤醒；或昏迷", "CSCO 2024 §4.2.1");
    SEIZURE_3 = Seed("icans.seizure_resolving", "clinical seizure that resolves rapidly, or nonconvulsive seizure on EEG that resolves with intervention", "可快速缓解的临床发作，或干预后缓解的脑电图非惊厥性发作", "CSCO 2024 §4.2.1");
    SEIZURE_4 = Seed("icans.seizure_prolonged", "seizure of more than 5 min, or repetitive without return to baseline", "癫痫持续>5分钟，或反复发作其间未恢复基线", "CSCO 2024 §4.2.1");
    MOTOR_4 = Seed("icans.deep_focal_weakness", "deep focal motor weakness such as hemiparesis or paraparesis", "深部局灶性运动无力，如偏瘫或截瘫", "CSCO 2024 §4.2.1, erratum H31");
    EDEMA_3 = Seed("icans.focal_edema", "focal or local edema on imaging", "影像学局灶/局部水肿", "CSCO 2024 §4.2.1");
    PRESSURE_4 = Seed("icans.raised_pressure", "diffuse edema, posturing, palsy of cranial nerve VI, papilledema or Cushing's triad", "弥漫脑水肿、去脑或去皮质状态、脑神经Ⅵ麻痹、视神经盘水肿或库欣三联征", "CSCO 2024 §4.2.1");
    HEMORRHAGE = Seed("icans.hemorrhage_excluded", "intracranial hemorrhage or infarct, with or without edema: not counted", "颅内出血或脑梗死伴或不伴水肿，不计入", "CSCO 2024 §4.2.1 note");
    OTHER_CAUSE = Seed("icans.other_cause", "an item has another cause: not counted", "由其他原因引起的项目不计入", "CSCO 2024 §4.2.1 note");
    SEDATED = Seed("icans.sedated", "sedated: depressed consciousness may have another cause", "使用镇静药物，意识下降可能由其他原因引起", "CSCO 2024 §4.2.1 note");
    DEATH = External("icans.death", "death due to ICANS", "因ICANS死亡", "ASTCT (Lee, BBMT 2019)");
    NOT_EVALUABLE = Proposed("icans.not_evaluable", "an absent observation would decide the grade", "缺少决定分级的观察值", "catalogue D2.2");
}

/// Readings of what the guideline leaves open.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Parameters {
    /// How unrecorded seizure, motor finding and intracranial pressure are read. ICE and consciousness are assessments: without them
    /// the grade stays open.
    pub unreported_signs: UnreportedSigns,
}
