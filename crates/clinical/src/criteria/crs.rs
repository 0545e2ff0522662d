//! Grade of cytokine release syndrome by day, episodes, maximum (CSCO 2024 §4.1.1, ASTCT; catalogue D1.1, errata H28-H30).
//!
//! The grade of a day is the worse of hypotension and hypoxia that have no other cause, 1 with fever only, 0 without any. It needs
//! fever in the episode, or an antipyretic or anti-cytokine drug, on the day or before. Several records of one day are one day:
//! each component counts at its worst. An absent flag for another cause means that none is known; drugs count as given when
//! recorded. A blood pressure held by a vasopressor is hypotension, an oxygenation held by oxygen is hypoxia.
//!
//! Choices of the registry: an episode ends on the last day with a sign when the next day is recorded and free of fever, hypotension
//! and hypoxia; a sign later starts another episode, which needs fever of its own unless a drug was given in any. Death attributed to
//! CRS is grade 5 whatever else is recorded. Days before the infusion are not graded.

pub(crate) mod course;
mod grade;
mod input;
pub(crate) mod lenient;
mod oxygen;
pub(crate) mod timeline;

pub use course::{Course, Episode, Gap, Span};
pub(crate) use grade::rule_of;
pub use grade::{Crs, DayGrade, grade};
pub use input::{CrsCase, Device, Observation, Oxygen};
pub use lenient::UnreportedSigns;
pub use timeline::Moment;

use super::trace::criteria;
use serde::{Deserialize, Serialize};

criteria! {
    BEFORE_INFUSION = Proposed("crs.before_infusion", "before the infusion, not graded", "输注前，不分级", "catalogue R06");
    FEVER = Seed("crs.fever", "temperature of 38 C or more, not attributable to another cause", "体温≥38℃，且不属于任何其他原因", "CSCO 2024 §4.1.1; ASTCT (Lee, BBMT 2019)");
    ELIGIBLE = Seed("crs.fever_in_episode", "fever in the episode, or an antipyretic or anti-cytokine drug before", "本次CRS有发热，或此前已用解热/抗细胞因子治疗", "CSCO 2024 §4.1.1 note; ASTCT");
    NO_CRS = Seed("crs.no_fever", "no fever in the episode: not CRS", "无发热，不诊断CRS", "CSCO 2024 §4.1.1; catalogue D1.1 step 0");
    NO_SIGN = Proposed("crs.no_sign", "no fever, hypotension or hypoxia on the day", "当日无发热、低血压或低氧血症", "catalogue D1.1");
    GRADE_1 = Seed("crs.fever_only", "fever", "发热", "CSCO 2024 §4.1.1; catalogue D1.1 step 5");
    HYPOTENSION = Seed("crs.hypotension", "hypotension, no vasopressor needed", "有低血压，不需要升压药", "CSCO 2024 §4.1.1; catalogue D1.1 step 4");
    VASOPRESSOR = Seed("crs.vasopressor", "one vasopressor, with or without vasopressin", "需要一种升压药物±血管升压素", "CSCO 2024 §4.1.1, erratum H28; catalogue D1.1 step 3");
    VASOPRESSIN_ALONE = Proposed("crs.vasopressin_alone", "vasopressin alone", "仅用血管升压素", "catalogue D1.1 step 3, Q14");
    VASOPRESSORS = Seed("crs.vasopressors", "several vasopressors at once, vasopressin not counted", "需要多种升压药物（除外血管升压素）", "CSCO 2024 §4.1.1; catalogue D1.1 step 2");
    LOW_FLOW = Seed("crs.low_flow_oxygen", "hypoxia, nasal cannula at 6 L/min or less", "低氧血症，低流量鼻导管吸氧（≤6 L/min）", "CSCO 2024 §4.1.1; catalogue D1.1 step 4");
    BLOW_BY = External("crs.blow_by_oxygen", "hypoxia, blow-by oxygen", "低氧血症，面罩旁吹氧", "ASTCT (Lee, BBMT 2019), erratum H30");
    NO_OXYGEN = Proposed("crs.hypoxia_without_oxygen", "hypoxia, oxygen not given or not told", "低氧血症，未吸氧或吸氧方式未记录", "catalogue D1.1");
    HIGH_FLOW = Seed("crs.high_flow_oxygen", "hypoxia, cannula above 6 L/min, face mask or Venturi mask", "低氧血症，高流量鼻导管（>6 L/min）、面罩或文丘里面罩吸氧", "CSCO 2024 §4.1.1; catalogue D1.1 step 3");
    NON_REBREATHER = External("crs.non_rebreather", "hypoxia, non-rebreather mask", "低氧血症，非重复呼吸面罩吸氧", "ASTCT (Lee, BBMT 2019), erratum H30");
    POSITIVE_PRESSURE = Seed("crs.positive_pressure", "positive pressure for hypoxia: CPAP, BiPAP, intubation, mechanical ventilation", "因低氧血症需要正压通气（CPAP、BiPAP、插管或机械通气）", "CSCO 2024 §4.1.1; catalogue D1.1 step 2");
    AIRWAY_PROTECTION = External("crs.airway_protection", "positive pressure to protect the airway, no hypoxia: not counted", "仅为保护气道的正压通气，无低氧血症，不计入", "ASTCT (Lee, BBMT 2019)");
    DEATH = External("crs.death", "death due to CRS", "因CRS死亡", "ASTCT (Lee, BBMT 2019), erratum H30");
    NOT_EVALUABLE = Proposed("crs.not_evaluable", "an absent observation would decide the grade", "缺少决定分级的观察值", "catalogue D1.1");
}

/// What vasopressin without any other vasopressor is; neither the guideline nor ASTCT prints the case (Q14).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VasopressinAlone {
    /// A vasopressor: grade 3.
    #[default]
    Vasopressor,
    /// Not counted, as it is not for grade 4: hypotension, grade 2.
    NotCounted,
}

/// Readings of what the guideline leaves open.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Parameters {
    /// How unrecorded hypotension, vasopressors and oxygen are read.
    pub unreported_signs: UnreportedSigns,
    /// Vasopressin alone.
    pub vasopressin_alone: VasopressinAlone,
    /// Lowest systolic pressure of the day under which it is hypotension where nobody said so; null never is.
    pub hypotension_below_sbp_mmhg: Option<f64>,
    /// Whether a day ends an episode only without antipyretic or anti-cytokine drug. By default "without treatment" means without
    /// vasopressors and oxygen.
    pub end_needs_no_drug: bool,
}

impl Default for Parameters {
    fn default() -> Self {
        Self {
            unreported_signs: UnreportedSigns::Unknown,
            vasopressin_alone: VasopressinAlone::Vasopressor,
            hypotension_below_sbp_mmhg: Some(90.0),
            end_needs_no_drug: false,
        }
    }
}
