//! CAR-T-associated coagulopathy: management row by CRS grade, DIC scores, bleeding (CSCO 2024 §4.4; catalogue D4).
//!
//! The rows for CRS grade 3 and 4 are printed, the row for grades 1 and 2 is illegible and rebuilt from its reference (Mei 2022). The
//! guideline asks for a bleeding and a DIC score without naming the latter: the ISTH score for overt DIC (Taylor, Thromb Haemost
//! 2001) and the cut-offs of the Chinese DIC scoring system are external. Where the ISTH table leaves a boundary value open (Q21)
//! a parameter says which score it gets.

mod input;
mod isth;

pub use input::{Assessment, CaracCase, DdimerIncrease, WhoBleeding};
pub use isth::{Boundary, DdimerCuts, Isth, IsthParameters, isth};

use super::case::Fault;
use super::compare::Verdict;
use super::crs::timeline::timeline;
use super::trace::{At, Criterion, Quantity, Trace, criteria};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

criteria! {
    ISTH_PLATELETS = External("carac.isth_platelets", "ISTH points for platelets: above 100 0, 50 to 100 1, below 50 x10^9/L 2", "ISTH血小板计分", "Taylor, Thromb Haemost 2001");
    ISTH_DDIMER = External("carac.isth_ddimer", "ISTH points for D-dimer: no increase 0, moderate 2, strong 3", "ISTH D-二聚体计分", "Taylor, Thromb Haemost 2001");
    ISTH_PT = External("carac.isth_pt", "ISTH points for prolonged PT: below 3 s 0, 3 to 6 s 1, above 6 s 2", "ISTH PT延长计分", "Taylor, Thromb Haemost 2001");
    ISTH_FIBRINOGEN = External("carac.isth_fibrinogen", "ISTH points for fibrinogen: above 1 g/L 0, below 1", "ISTH纤维蛋白原计分", "Taylor, Thromb Haemost 2001");
    OVERT_DIC = External("carac.overt_dic", "ISTH score of 5 or more: overt DIC", "ISTH评分≥5分：显性DIC", "Taylor, Thromb Haemost 2001");
    CDSS = External("carac.cdss", "Chinese DIC score of 6 or more in hematologic malignancy, 7 or more otherwise", "CDSS：血液恶性肿瘤≥6分，其他≥7分", "Chinese DIC scoring system, 2017");
    WHO_BLEEDING = External("carac.who_bleeding", "WHO bleeding grade 1 or more", "WHO出血分级≥1级", "WHO bleeding scale (Miller, Cancer 1981)");
    NO_CRS = Proposed("carac.no_crs", "CRS grade 0: no row", "CRS 0级：无对应管理", "catalogue D4");
    CRS_1_2 = Reconstructed("carac.crs_1_2", "CRS grade 1 or 2", "CRS 1～2级", "CSCO 2024 §4.4 (illegible); Mei 2022");
    CRS_3 = Seed("carac.crs_3", "CRS grade 3", "CRS 3级", "CSCO 2024 §4.4");
    CRS_4 = Seed("carac.crs_4", "CRS grade 4", "CRS 4级", "CSCO 2024 §4.4");
    CRS_5 = Proposed("carac.crs_5", "CRS grade 5: no row", "CRS 5级：无对应管理", "catalogue D4");
    IMPROVED = Seed("carac.improved", "coagulation normal or improved: observe", "凝血指标正常或改善：观察", "CSCO 2024 §4.4");
    SCORES_RECORDED = Seed("carac.scores_recorded", "WHO bleeding and a DIC score recorded, as CRS grade 3 and 4 without improvement ask", "已记录WHO出血评分和DIC评分（CRS 3～4级且凝血未改善）", "CSCO 2024 §4.4; catalogue COA-01");
    NOT_EVALUABLE = Proposed("carac.not_evaluable", "CRS grade absent", "缺少CRS分级", "catalogue D4");
}

/// Highest score of the Chinese DIC scoring system that is taken for one (catalogue G4).
const CDSS_MAX: u8 = 12;

/// Readings of what is left open.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Parameters {
    /// The ISTH score.
    pub isth: IsthParameters,
}

/// What the row for the CRS grade asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Management {
    /// `crs_1_2`, `crs_3` or `crs_4`.
    pub row: &'static str,
    /// Whether the row is printed or rebuilt.
    pub provenance: &'static str,
    /// Whether only observation is asked for; null when coagulation or its change is absent.
    pub observe: Option<bool>,
    /// What the row asks for without improvement.
    pub actions: &'static [&'static str],
    /// Support printed beside the row in any case; empty where it is illegible.
    pub support: &'static [&'static str],
}

const ACTIONS_1_2: &[&str] = &["monitor_coagulation_more_often", "treat_crs", "support"];
const ACTIONS_3: &[&str] = &[
    "monitor_coagulation_more_often",
    "who_bleeding_and_dic_score",
    "strengthen_crs_control_steroid_frequency_and_dose",
    "replacement",
    "plasma_exchange_when_appropriate",
];
const ACTIONS_4: &[&str] = &[
    "monitor_coagulation_more_often",
    "who_bleeding_and_dic_score",
    "strengthen_crs_control_several_methods",
    "replacement",
    "plasma_exchange",
];
const SUPPORT: &[&str] = &[
    "prevention_and_support",
    "infection_prophylaxis_or_treatment",
    "anti_inflammatory_and_hepatoprotective",
    "thrombopoietic",
];

/// One assessed day.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DayAssessment {
    /// Day from the infusion.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day: Option<i32>,
    /// Calendar day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date: Option<NaiveDate>,
    /// `observe`, `crs_1_2`, `crs_3` or `crs_4` (the row applies), `no_crs`, `crs_5` or `not_evaluable`.
    pub category: &'static str,
    /// The row.
    pub management: Option<Management>,
    /// ISTH score of overt DIC.
    pub isth: Isth,
    /// DIC by the Chinese scoring system; null when the score is absent, or is 6 and the underlying disease is absent.
    pub cdss_dic: Option<bool>,
    /// WHO bleeding grade, 0 to 4.
    pub who_bleeding: Option<u8>,
    /// Whether bleeding and DIC score are recorded where the row asks for them; null where it does not or it is not known.
    pub scores_recorded: Option<bool>,
}

/// The assessed days.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Carac {
    /// In order of time.
    pub days: Vec<DayAssessment>,
    /// Highest complete ISTH score.
    pub max_isth: Option<u8>,
    /// Overt DIC on any day; null when a day that cannot be scored could be one.
    pub overt_dic: Option<bool>,
    /// Highest WHO bleeding grade recorded.
    pub max_who_bleeding: Option<u8>,
    /// Used.
    pub parameters: Parameters,
}

/// Judges assessments, at most one a day, in any order. A single one needs no day.
///
/// # Errors
/// When an assessment is impossible or contradicts itself, or two are of one day.
pub fn assess(
    assessments: &[Assessment],
    infusion: Option<NaiveDate>,
    parameters: Parameters,
    trace: &mut Trace,
) -> Result<Carac, Fault> {
    for (i, assessment) in assessments.iter().enumerate() {
        assessment.check(i)?;
    }
    parameters.isth.check()?;
    if assessments.is_empty() {
        trace.miss(At::Case, "days");
    }
    let mut days = Vec::with_capacity(assessments.len());
    match assessments {
        [single] if single.day.is_none() && single.date.is_none() => {
            days.push(judge(single, At::Case, parameters, trace));
        }
        _ => {
            let line = timeline(assessments, infusion)?;
            let mut before = None;
            for (moment, i) in &line.order {
                if before.replace(*moment) == Some(*moment) {
                    return Err(Fault::new(
                        format!("/days/{i}"),
                        "a second assessment of the same day",
                        "one assessment a day",
                    ));
                }
                let Some(assessment) = assessments.get(*i) else { continue };
                let day = judge(assessment, moment.at(), parameters, trace);
                days.push(DayAssessment { day: moment.day(), date: moment.date(), ..day });
            }
        }
    }
    let overt = days.iter().fold(Verdict::NotMet, |any, day| any | Verdict::from(day.isth.overt_dic));
    Ok(Carac {
        max_isth: days.iter().filter_map(|day| day.isth.score).max(),
        overt_dic: (!overt.undecided() && !days.is_empty()).then(|| overt.met()),
        max_who_bleeding: days.iter().filter_map(|day| day.who_bleeding).max(),
        days,
        parameters,
    })
}

/// Whether the Chinese score makes DIC: from 6 on in hematologic malignancy, from 7 on otherwise.
pub fn cdss_dic(score: Option<u8>, hematologic_malignancy: Option<bool>) -> Verdict {
    let from = |cut: u8| Verdict::from(score.map(|score| score >= cut));
    from(7) | (from(6) & Verdict::from(hematologic_malignancy))
}

fn judge(row: &Assessment, at: At, parameters: Parameters, trace: &mut Trace) -> DayAssessment {
    let isth = isth(row, at, parameters.isth, trace);
    let cdss = cdss_dic(row.cdss, row.hematologic_malignancy);
    if row.cdss.is_some() {
        let values = [
            ("cdss", Quantity::from(row.cdss.map(i32::from))),
            ("hematologic_malignancy", row.hematologic_malignancy.into()),
        ];
        if trace.judge(at, &CDSS, cdss, &values).undecided() {
            trace.miss(at, "hematologic_malignancy");
        }
    }
    let bleeding = row.who_bleeding.map(WhoBleeding::grade);
    let bleeds = Verdict::from(bleeding.map(|grade| grade >= 1));
    trace.judge(at, &WHO_BLEEDING, bleeds, &[("who_bleeding", bleeding.map(i32::from).into())]);
    // Normal coagulation has nothing to improve.
    let improved = Verdict::from(row.improved) | !Verdict::from(row.coagulation_abnormal);
    let crs = row.crs_grade;
    let value = [("crs_grade", Quantity::from(crs.map(i32::from)))];
    let mut management = None;
    let mut category = "not_evaluable";
    let rows: [(&'static Criterion, std::ops::RangeInclusive<u8>, &'static str, &'static [&'static str]); 5] = [
        (&NO_CRS, 0..=0, "no_crs", &[]),
        (&CRS_1_2, 1..=2, "crs_1_2", ACTIONS_1_2),
        (&CRS_3, 3..=3, "crs_3", ACTIONS_3),
        (&CRS_4, 4..=4, "crs_4", ACTIONS_4),
        (&CRS_5, 5..=5, "crs_5", &[]),
    ];
    for (criterion, grades, name, actions) in rows {
        let applies = Verdict::from(crs.map(|grade| grades.contains(&grade)));
        if trace.decide(at, criterion, applies, &value, name).met() {
            category = name;
            let observe = (!improved.undecided()).then(|| improved.met());
            let printed = criterion.provenance == super::Provenance::Seed;
            management = (!actions.is_empty()).then_some(Management {
                row: name,
                provenance: criterion.provenance.name(),
                observe,
                actions,
                support: if printed { SUPPORT } else { &[] },
            });
        }
    }
    let mut scores_recorded = None;
    if management.is_some() {
        let values = [
            ("coagulation_abnormal", Quantity::from(row.coagulation_abnormal)),
            ("improved", row.improved.into()),
        ];
        match trace.decide(at, &IMPROVED, improved, &values, "observe") {
            Verdict::Met => category = "observe",
            Verdict::NotMet if matches!(crs, Some(3 | 4)) => {
                let dic = isth.score.is_some() || row.cdss.is_some();
                let recorded = [("dic_score", dic.into()), ("who_bleeding", bleeding.is_some().into())];
                let both = trace.judge(at, &SCORES_RECORDED, dic && bleeding.is_some(), &recorded);
                scores_recorded = Some(both.met());
            }
            Verdict::NotMet => {}
            Verdict::Undecided => {
                category = "not_evaluable";
                let name =
                    if row.coagulation_abnormal.is_none() { "coagulation_abnormal" } else { "improved" };
                trace.miss(at, name);
            }
        }
    } else if crs.is_none() {
        trace.miss(at, "crs_grade");
    }
    if category == "not_evaluable" {
        trace.decide(at, &NOT_EVALUABLE, true, &[], "not_evaluable");
    }
    DayAssessment {
        day: None,
        date: None,
        category,
        management,
        isth,
        cdss_dic: (!cdss.undecided()).then(|| cdss.met()),
        who_bleeding: bleeding,
        scores_recorded,
    }
}
