//! The readings of the printed timetables that a registry chooses between, with the value sets of visits.

use super::timetable::Code;
use crate::field::value_sets;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;

value_sets! {
    /// Whose timetable: a disease chapter, or CAR-T kinetics of every product.
    Scope "timetable_scope" {
        Nhl "NHL" "B-cell non-Hodgkin lymphoma" "B细胞非霍奇金淋巴瘤";
        Mm "MM" "Multiple myeloma" "多发性骨髓瘤";
        BAll "B_ALL" "B-cell acute lymphoblastic leukemia" "B细胞急性淋巴细胞白血病";
        Kinetics "KINETICS" "CAR-T kinetics" "CAR-T细胞动力学";
    }
    /// What a timetable schedules.
    Purpose "timetable_purpose" { FollowUp "follow_up" "Follow-up visits" "随访"; Response "response" "Response assessments" "疗效评估"; Kinetics "kinetics" "CAR-T cells in blood to day 28" "28天内外周血CAR-T细胞检测"; Persistence "persistence" "CAR-T cells in blood at long-term visits" "长期随访外周血CAR-T细胞检测"; }
    /// Recommendation level of the guideline.
    Level "recommendation_level" { One "I" "Level I" "Ⅰ级推荐"; Two "II" "Level II" "Ⅱ级推荐"; Three "III" "Level III" "Ⅲ级推荐"; }
    /// Why a patient's timetable ended.
    EndReason "end_reason" {
        Death "death" "Dead" "死亡"; Withdrawn "withdrawn" "Withdrawn" "退出"; Transferred "transferred" "Transferred" "转出";
        Progression "progression" "Progression" "疾病进展"; NewTherapy "new_therapy" "New anti-tumor therapy" "新的抗肿瘤治疗"; Lost "lost" "Lost to follow-up" "失访";
    }
    /// Where a scheduled visit stands at the data cutoff.
    VisitState "visit_state" {
        Met "met" "A visit took place inside the window" "已完成";
        Missed "missed" "The window closed without a visit" "漏访";
        Due "due" "The window is open, the target has not passed" "待访";
        Overdue "overdue" "The target has passed, the window is still open" "逾期";
        NotDue "not_due" "The window is not yet open" "未到期";
        Excluded "excluded" "The timetable ended before the window closed" "排除";
    }
    /// From when the three-monthly visits of 1.9 count.
    CountedFrom "counted_from" { Infusion "infusion" "From the infusion: M3, M6, ..." "自回输起算"; FirstVisit "first_visit" "From the visit of month 1: M4, M7, ..." "自首次随访起算"; }
    /// How long myeloma is assessed monthly (2.8 against 2.10).
    MonthlyUntil "monthly_until" {
        MonthSixOrBestResponse "month_6_or_best_response" "Month 6 or the best response, whichever first" "第6个月或最佳疗效（先到者）";
        BestResponse "best_response" "The best response" "最佳疗效";
    }
    /// Which windows kinetic samples fall into (E1.1).
    Partition "partition" { Lenient "lenient" "Windows that part the days" "宽松（划分）"; Strict "strict" "Nominal day with a tolerance" "严格"; }
    /// What becomes of the visits after loss to follow-up.
    LostVisits "lost_visits" { Missed "missed" "Missed: they are what a visit measure counts" "计为漏访"; Excluded "excluded" "Excluded from the day of loss" "自失访日起排除"; }
}

/// Interval of response assessments in lymphoma after the first (1.7 prints "every 2 to 3 months"); as JSON the number of months.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ResponseInterval {
    /// Two months.
    Two,
    /// Three months, the spacing of the visits of 1.9.
    Three,
}

impl Serialize for ResponseInterval {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(if *self == Self::Two { 2 } else { 3 })
    }
}

impl<'de> Deserialize<'de> for ResponseInterval {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u8::deserialize(deserializer)? {
            2 => Ok(Self::Two),
            3 => Ok(Self::Three),
            other => Err(serde::de::Error::custom(format_args!("{other} months; expected 2 or 3"))),
        }
    }
}

/// The readings used; results show them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Parameters {
    /// From when the three-monthly visits of lymphoma count; default the infusion.
    pub counted_from: CountedFrom,
    /// How long myeloma is assessed monthly; default to month 6 or the best response.
    pub monthly_until: MonthlyUntil,
    /// Interval of response assessments in lymphoma; default 3 months.
    pub response_interval_months: ResponseInterval,
    /// Windows of kinetic samples; default lenient.
    pub partition: Partition,
    /// What becomes of the visits after loss to follow-up; default missed.
    pub lost_to_follow_up: LostVisits,
    /// Days before and after the target of every scheduled point, instead of the windows of the file.
    pub tolerance_days: Option<u16>,
    /// The same for single points, before `tolerance_days`.
    pub tolerance_days_by_code: BTreeMap<Code, u16>,
}

impl Default for Parameters {
    fn default() -> Self {
        Self {
            counted_from: CountedFrom::Infusion,
            monthly_until: MonthlyUntil::MonthSixOrBestResponse,
            response_interval_months: ResponseInterval::Three,
            partition: Partition::Lenient,
            lost_to_follow_up: LostVisits::Missed,
            tolerance_days: None,
            tolerance_days_by_code: BTreeMap::new(),
        }
    }
}

/// Under which readings an entry of a timetable applies; what is absent does not matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct When {
    counted_from: Option<CountedFrom>,
    monthly_until: Option<MonthlyUntil>,
    response_interval_months: Option<ResponseInterval>,
    partition: Option<Partition>,
}

impl When {
    /// The entry applies under these readings.
    pub(super) fn holds(self, parameters: &Parameters) -> bool {
        self.counted_from.is_none_or(|x| x == parameters.counted_from)
            && self.monthly_until.is_none_or(|x| x == parameters.monthly_until)
            && self.response_interval_months.is_none_or(|x| x == parameters.response_interval_months)
            && self.partition.is_none_or(|x| x == parameters.partition)
    }
}

/// Every combination of readings that selects entries.
pub(super) fn readings() -> Vec<Parameters> {
    let mut all = Vec::new();
    for counted_from in CountedFrom::ALL {
        for monthly_until in MonthlyUntil::ALL {
            for response_interval_months in [ResponseInterval::Two, ResponseInterval::Three] {
                for partition in Partition::ALL {
                    all.push(Parameters {
                        counted_from: *counted_from,
                        monthly_until: *monthly_until,
                        response_interval_months,
                        partition: *partition,
                        ..Parameters::default()
                    });
                }
            }
        }
    }
    all
}
