//! Abnormal expansion of CAR-T cells (CSCO 2024 §4.10; catalogue D12).

use super::case::{Case, Fault};
use super::compare::{above, at_least};
use super::measured::{CAR_T, LYMPHOCYTES, Moment, Place, WBC, known, rows_or_one};
use super::trace::{At, Trace, criteria};
use chrono::NaiveDate;

criteria! {
    LEUKOCYTES = Seed("expansion.leukocytes", "leukocytes of 10 x10^9/L or more", "外周血白细胞≥10×10^9/L", "4.10");
    LYMPHOCYTE_SHARE = Seed("expansion.lymphocytes", "lymphocytes 70 % of leukocytes or more", "淋巴细胞百分比≥70%", "4.10");
    CAR_T_CELLS = Seed("expansion.car_t", "more than 600 CAR-positive T cells per ul", "CAR+T细胞>600个/μl", "4.10");
    ABNORMAL = Proposed("expansion.abnormal", "the criteria together, as chosen: all or any", "诊断标准组合：全部或任一", "4.10; catalogue C34");
    NORMAL = Proposed("expansion.not_abnormal", "the criteria together are not met", "不符合诊断标准组合", "4.10; catalogue C34");
    UNDECIDED = Proposed("expansion.missing", "a missing value would decide", "缺失值可改变判断", "4.10; catalogue C34");
}

/// How the three criteria combine; the guideline does not print it (C34).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Combination {
    /// All three.
    #[default]
    #[serde(alias = "and")]
    All,
    /// Any one.
    #[serde(alias = "or")]
    Any,
}

/// What the guideline leaves open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Parameters {
    /// How the criteria combine.
    pub combination: Combination,
}

/// Counts of one day.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Counts {
    /// Leukocytes, 10^9/L.
    pub wbc_10e9_l: Option<f64>,
    /// Lymphocytes among leukocytes, %.
    pub lymphocyte_percent: Option<f64>,
    /// CAR-positive T cells, /µl.
    pub car_t_ul: Option<f64>,
}

/// Each criterion and their combinations; none where a value is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Judged {
    /// By the combination chosen.
    pub abnormal: Option<bool>,
    /// Leukocytes.
    pub leukocytes: Option<bool>,
    /// Lymphocytes among them.
    pub lymphocytes: Option<bool>,
    /// CAR-positive T cells.
    pub car_t: Option<bool>,
    /// All three.
    pub all: Option<bool>,
    /// At least one.
    pub any: Option<bool>,
}

/// Judges the counts of one day.
pub fn judge(at: At, counts: &Counts, parameters: &Parameters, trace: &mut Trace) -> Judged {
    let Counts { wbc_10e9_l, lymphocyte_percent, car_t_ul } = *counts;
    let wbc = ("wbc_10e9_l", wbc_10e9_l);
    let share = ("lymphocyte_percent", lymphocyte_percent);
    let car_t = ("car_t_ul", car_t_ul);
    let leukocytes = trace.judge(at, &LEUKOCYTES, wbc.1.map(|x| at_least(x, 10.0)), &[(wbc.0, wbc.1.into())]);
    let lymphocytes =
        trace.judge(at, &LYMPHOCYTE_SHARE, share.1.map(|x| at_least(x, 70.0)), &[(share.0, share.1.into())]);
    let cells = trace.judge(at, &CAR_T_CELLS, car_t.1.map(|x| above(x, 600.0)), &[(car_t.0, car_t.1.into())]);
    let (all, any) = (leukocytes & lymphocytes & cells, leukocytes | lymphocytes | cells);
    let (abnormal, name) = match parameters.combination {
        Combination::All => (all, "all"),
        Combination::Any => (any, "any"),
    };
    let values = [("combination", name.into())];
    trace.decide(at, &ABNORMAL, abnormal, &values, "abnormal");
    trace.decide(at, &NORMAL, !abnormal, &values, "not_abnormal");
    trace.decide(at, &UNDECIDED, abnormal.undecided(), &values, "not_evaluable");
    if abnormal.undecided() {
        for (name, value) in [wbc, share, car_t] {
            if value.is_none() {
                trace.miss(at, name);
            }
        }
    }
    Judged {
        abnormal: known(abnormal),
        leukocytes: known(leukocytes),
        lymphocytes: known(lymphocytes),
        car_t: known(cells),
        all: known(all),
        any: known(any),
    }
}

rows_or_one! {
    /// A case of CAR-T expansion: one day, or a series.
    case ExpansionCase {
        /// What the guideline leaves open.
        parameters: Parameters,
    }
    /// Counts of one day.
    row Observation {
        /// Leukocytes, 10^9/L.
        #[serde(alias = "wbc")]
        wbc_10e9_l: f64,
        /// Leukocytes, /µl.
        wbc_ul: f64,
        /// Lymphocytes among leukocytes, %.
        #[serde(alias = "lymph_percent", alias = "lymphocytes_percent")]
        lymphocyte_percent: f64,
        /// CAR-positive T cells, /µl.
        #[serde(alias = "car_t_cells_ul", alias = "car_t_abs_ul", alias = "car_positive_t_ul")]
        car_t_ul: f64,
        /// CAR-positive T cells, 10^9/L.
        car_t_10e9_l: f64,
    }
}

/// One day of the series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct DayJudged {
    /// Day from the infusion.
    pub day: Option<i32>,
    /// Calendar day.
    pub date: Option<NaiveDate>,
    /// What was judged.
    #[serde(flatten)]
    pub judged: Judged,
}

/// Abnormal expansion.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Expansion {
    /// `abnormal` when any day is, `not_evaluable` when none is and one cannot be judged, else `not_abnormal`.
    pub category: &'static str,
    /// First abnormal day.
    pub first_day: Option<i32>,
    /// First abnormal date.
    pub first_date: Option<NaiveDate>,
    /// Every day.
    pub observations: Vec<DayJudged>,
    /// What was chosen.
    pub parameters: Parameters,
}

impl Observation {
    fn counts(&self, place: Place) -> Result<Counts, Fault> {
        Ok(Counts {
            wbc_10e9_l: WBC.read(place, self.wbc_10e9_l, self.wbc_ul)?,
            lymphocyte_percent: LYMPHOCYTES.read(place, self.lymphocyte_percent, None)?,
            car_t_ul: CAR_T.read(place, self.car_t_ul, self.car_t_10e9_l)?,
        })
    }
}

impl Case for ExpansionCase {
    type Result = Expansion;

    fn derive(&self, trace: &mut Trace) -> Result<Expansion, Fault> {
        let rows = self.rows()?;
        let mut observations = Vec::with_capacity(rows.len());
        for row in rows {
            let counts = row.row.counts(row.place)?;
            let judged = judge(row.moment.at(), &counts, &self.parameters, trace);
            let Moment { day, date } = row.moment;
            observations.push(DayJudged { day, date, judged });
        }
        let first = observations.iter().find(|o| o.judged.abnormal == Some(true));
        let open = observations.iter().any(|o| o.judged.abnormal.is_none());
        let category = match (first, open) {
            (Some(_), _) => "abnormal",
            (None, true) => "not_evaluable",
            (None, false) => "not_abnormal",
        };
        let (first_day, first_date) = (first.and_then(|o| o.day), first.and_then(|o| o.date));
        Ok(Expansion { category, first_day, first_date, observations, parameters: self.parameters })
    }
}
