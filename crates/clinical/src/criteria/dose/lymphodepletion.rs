//! Lymphodepletion doses and the repeated course (1.5.1, 1.5.2, 3.3).

use super::{Parameters, Range, category, conclude, judge_range};
use crate::criteria::case::Fault;
use crate::criteria::compare::{Verdict, above};
use crate::criteria::measured::{BODY_SURFACE, Place, WBC, known};
use crate::criteria::trace::{At, Criterion, Trace, criteria};
use crate::field::value_sets;
use crate::forms::lymphodepletion::Regimen;
use chrono::NaiveDate;

criteria! {
    FLUDARABINE = Seed("dose_lymphodepletion.fludarabine", "fludarabine 25 to 30 mg/m2 a day", "氟达拉滨25~30 mg/(m2·d)", "1.5.2; 3.3");
    CYCLOPHOSPHAMIDE = Seed("dose_lymphodepletion.cyclophosphamide", "cyclophosphamide 250 to 500 mg/m2 a day", "环磷酰胺250~500 mg/(m2·d)", "1.5.2; 3.3");
    BENDAMUSTINE = Seed("dose_lymphodepletion.bendamustine", "bendamustine 70 to 90 mg/m2 a day", "苯达莫司汀70~90 mg/(m2·d)", "1.5.2");
    DAYS = Seed("dose_lymphodepletion.days", "days of the drug: 3 for fludarabine and cyclophosphamide, 2 for bendamustine", "用药天数：氟达拉滨及环磷酰胺3天，苯达莫司汀2天", "1.5.2; 3.3");
    WITHIN = Seed("dose_lymphodepletion.within", "every drug of the regimen as recommended", "方案各药均符合推荐剂量", "1.5.2; 3.3");
    OUTSIDE = Seed("dose_lymphodepletion.outside", "a drug of the regimen not as recommended", "方案中有药物不符合推荐剂量", "1.5.2; 3.3");
    UNDECIDED = Proposed("dose_lymphodepletion.missing", "a missing dose would decide", "缺失剂量可改变判断", "1.5.2; 3.3");
    OVER_3_WEEKS = Seed("dose_repeat.interval", "more than 3 weeks (21 days) from the last dose of lymphodepletion to the infusion", "清淋末次给药至回输>3周", "1.5.1");
    LEUKOCYTES_BACK = Seed("dose_repeat.leukocytes", "leukocytes above 1.0 x10^9/L", "白细胞>1.0×10^9/L", "1.5.1");
    REPEAT = Seed("dose_repeat.candidate", "a second lymphodepletion should be considered", "可考虑再次清淋", "1.5.1");
    NO_REPEAT = Seed("dose_repeat.not_candidate", "no second lymphodepletion needed by the rule", "按规则无需再次清淋", "1.5.1");
    REPEAT_UNDECIDED = Proposed("dose_repeat.missing", "a missing value would decide", "缺失值可改变判断", "1.5.1");
}

value_sets! {
    /// Drug of lymphodepletion (catalogue G3 LDD).
    LymphodepletionDrug "lymphodepletion_drug" {
        Fludarabine "FLU" "Fludarabine" "氟达拉滨";
        Cyclophosphamide "CYC" "Cyclophosphamide" "环磷酰胺";
        Bendamustine "BEN" "Bendamustine" "苯达莫司汀";
    }
}

impl LymphodepletionDrug {
    /// Days of it in a course.
    pub const fn days(self) -> u8 {
        match self {
            Self::Fludarabine | Self::Cyclophosphamide => 3,
            Self::Bendamustine => 2,
        }
    }

    /// Most mg/m² a day that is believed.
    const fn most(self) -> f64 {
        match self {
            Self::Fludarabine | Self::Bendamustine => 200.0,
            Self::Cyclophosphamide => 5000.0,
        }
    }

    fn criterion(self) -> &'static Criterion {
        match self {
            Self::Fludarabine => &FLUDARABINE,
            Self::Cyclophosphamide => &CYCLOPHOSPHAMIDE,
            Self::Bendamustine => &BENDAMUSTINE,
        }
    }
}

/// Recommended mg/m² a day.
pub const fn daily_range(drug: LymphodepletionDrug) -> Range {
    match drug {
        LymphodepletionDrug::Fludarabine => Range::new(25.0, 30.0),
        LymphodepletionDrug::Cyclophosphamide => Range::new(250.0, 500.0),
        LymphodepletionDrug::Bendamustine => Range::new(70.0, 90.0),
    }
}

/// Recommended mg/m² of the course.
pub fn total_range(drug: LymphodepletionDrug) -> Range {
    daily_range(drug).times(f64::from(drug.days()))
}

/// Drugs of a regimen.
fn drugs(regimen: Regimen) -> &'static [LymphodepletionDrug] {
    match regimen {
        Regimen::Fc => &[LymphodepletionDrug::Fludarabine, LymphodepletionDrug::Cyclophosphamide],
        Regimen::Bendamustine => &[LymphodepletionDrug::Bendamustine],
        Regimen::Other | Regimen::None => &[],
    }
}

/// A dose of one drug on so many days.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DailyDose {
    /// Drug.
    pub drug: LymphodepletionDrug,
    /// mg/m² a day.
    pub mg_m2: f64,
    /// Number of days.
    pub days: u8,
}

/// A drug of the regimen judged.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct DrugResult {
    /// Drug.
    pub drug: LymphodepletionDrug,
    /// Days it was given.
    pub days: u8,
    /// mg/m² of the course.
    pub total_mg_m2: f64,
    /// Every daily dose lies within the range; none when no dose is known.
    pub daily_in_range: Option<bool>,
    /// The number of days is the recommended one.
    pub days_as_recommended: Option<bool>,
    /// The total lies within the range of the course.
    pub total_in_range: Option<bool>,
}

/// What is recommended for a drug.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct DrugReference {
    /// Drug.
    pub drug: LymphodepletionDrug,
    /// Days.
    pub days: u8,
    /// mg/m² a day.
    pub daily_mg_m2: Range,
    /// mg/m² of the course.
    pub total_mg_m2: Range,
    /// mg a day at the patient's body surface.
    pub daily_mg: Option<Range>,
}

/// A course of lymphodepletion judged.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Lymphodepletion {
    /// `within_range`, `outside_range` or `not_evaluable`; none without any dose.
    pub category: Option<&'static str>,
    /// Each drug of the regimen.
    pub drugs: Vec<DrugResult>,
    /// What is recommended.
    pub reference: Vec<DrugReference>,
    /// The chapter of the disease prints no dose: the range is that of NHL (C36).
    pub provisional: bool,
    /// A second course should be considered; none when it cannot be told.
    pub repeat_candidate: Option<bool>,
}

/// Judges the doses of a course. A regimen without a recommended dose cannot be judged.
pub fn lymphodepletion(
    regimen: Option<Regimen>,
    doses: &[DailyDose],
    parameters: &Parameters,
    trace: &mut Trace,
) -> (Verdict, Vec<DrugResult>) {
    let wanted = regimen.map(drugs).unwrap_or_default();
    let mut results = Vec::with_capacity(wanted.len());
    let mut good = if wanted.is_empty() { Verdict::Undecided } else { Verdict::Met };
    if regimen.is_none() {
        trace.miss(At::Case, "lymphodepletion/regimen");
    }
    for drug in wanted.iter().copied() {
        let range = daily_range(drug).widened(parameters.lymphodepletion_tolerance_percent);
        let given = || doses.iter().filter(|dose| dose.drug == drug && dose.days > 0);
        let mut daily = if given().next().is_none() { Verdict::Undecided } else { Verdict::Met };
        for dose in given() {
            daily = daily & judge_range(trace, drug.criterion(), ("mg_m2", Some(dose.mg_m2)), range);
        }
        let days = given().fold(0u8, |days, dose| days.saturating_add(dose.days));
        let total = given().fold(0.0, |total, dose| total + dose.mg_m2 * f64::from(dose.days));
        let right_days: Verdict = (days > 0).then_some(days == drug.days()).into();
        let shown = [("drug", drug.code().into()), ("days", i32::from(days).into())];
        trace.judge(At::Case, &DAYS, right_days, &shown);
        if days == 0 {
            trace.miss(At::Case, "lymphodepletion/doses");
        }
        good = good & daily & right_days;
        let total_range = total_range(drug).widened(parameters.lymphodepletion_tolerance_percent);
        results.push(DrugResult {
            drug,
            days,
            total_mg_m2: total,
            daily_in_range: known(daily),
            days_as_recommended: known(right_days),
            total_in_range: if days == 0 { None } else { known(total_range.holds(total)) },
        });
    }
    (conclude(trace, good, [&WITHIN, &OUTSIDE, &UNDECIDED]), results)
}

/// Whether a second course should be considered (1.5.1), from the days between the last dose and the infusion and the leukocytes.
pub fn repeat_candidate(days: Option<i32>, wbc_10e9_l: Option<f64>, trace: &mut Trace) -> Verdict {
    let at = At::Case;
    let late = trace.judge(at, &OVER_3_WEEKS, days.map(|days| days > 21), &[("days", days.into())]);
    let leukocytes = wbc_10e9_l.map(|wbc| above(wbc, 1.0));
    let back = trace.judge(at, &LEUKOCYTES_BACK, leukocytes, &[("wbc_10e9_l", wbc_10e9_l.into())]);
    let candidate = late & back;
    trace.decide(at, &REPEAT, candidate, &[], "candidate");
    trace.decide(at, &NO_REPEAT, !candidate, &[], "not_candidate");
    trace.decide(at, &REPEAT_UNDECIDED, candidate.undecided(), &[], "not_evaluable");
    candidate
}

/// A dose as given, in mg/m² or in mg.
#[derive(Debug, Clone, Copy, PartialEq, serde::Deserialize)]
pub struct LymphodepletionRow {
    /// Drug.
    pub drug: LymphodepletionDrug,
    /// mg/m² a day.
    #[serde(default, alias = "mg_m2")]
    pub dose_mg_m2: Option<f64>,
    /// mg a day; needs the body surface.
    #[serde(default)]
    pub dose_mg: Option<f64>,
    /// Day of the course; two rows of a drug cannot have the same.
    #[serde(default)]
    pub day: Option<i32>,
    /// Number of days with this dose; 1 unless said otherwise.
    #[serde(default)]
    pub days: Option<u8>,
}

/// Repeated lymphodepletion, as given.
#[derive(Debug, Clone, Copy, Default, PartialEq, serde::Deserialize)]
#[serde(default)]
pub struct RepeatInput {
    /// Days from the last dose of lymphodepletion to the infusion.
    pub days_to_infusion: Option<i32>,
    /// Day of the last dose, counted from the infusion.
    #[serde(alias = "ld_end_day")]
    pub last_dose_day: Option<i32>,
    /// Date of the last dose.
    #[serde(alias = "ld_end_date")]
    pub last_dose_date: Option<NaiveDate>,
    /// Leukocytes, 10^9/L.
    #[serde(alias = "wbc")]
    pub wbc_10e9_l: Option<f64>,
    /// Leukocytes, /µl.
    pub wbc_ul: Option<f64>,
}

/// Lymphodepletion, as given.
#[derive(Debug, Clone, Default, PartialEq, serde::Deserialize)]
#[serde(default)]
pub struct LymphodepletionInput {
    /// Regimen.
    pub regimen: Option<Regimen>,
    /// Body surface, m².
    #[serde(alias = "bsa")]
    pub bsa_m2: Option<f64>,
    /// Doses.
    pub doses: Vec<LymphodepletionRow>,
    /// The interval to the infusion.
    pub repeat: Option<RepeatInput>,
}

fn interval(given: &RepeatInput, infusion: Option<NaiveDate>) -> Result<Option<i32>, Fault> {
    let by_date =
        given.last_dose_date.zip(infusion).and_then(|(end, d0)| i32::try_from((d0 - end).num_days()).ok());
    let by_day = given.last_dose_day.map(i32::saturating_neg);
    let mut days = None;
    for (member, value) in
        [("days_to_infusion", given.days_to_infusion), ("last_dose_day", by_day), ("last_dose_date", by_date)]
    {
        let Some(value) = value else { continue };
        let pointer = format!("/lymphodepletion/repeat/{member}");
        if value < 0 {
            let problem = format!("the last dose is {} days after the infusion", value.unsigned_abs());
            return Err(Fault::new(pointer, problem, "a last dose before the infusion"));
        }
        if let Some(earlier) = days.filter(|earlier| *earlier != value) {
            let problem = format!("{value} days contradict the {earlier} days given otherwise");
            return Err(Fault::new(pointer, problem, "one of the members, or the same interval"));
        }
        days = Some(value);
    }
    Ok(days)
}

impl LymphodepletionInput {
    fn doses(&self, bsa: Option<f64>) -> Result<Vec<DailyDose>, Fault> {
        let mut doses: Vec<DailyDose> = Vec::with_capacity(self.doses.len());
        for (index, row) in self.doses.iter().enumerate() {
            let at = |member: &str| format!("/lymphodepletion/doses/{index}/{member}");
            let earlier = self.doses.iter().take(index);
            if row.day.is_some() && earlier.clone().any(|e| e.drug == row.drug && e.day == row.day) {
                return Err(Fault::new(
                    at("day"),
                    "a second dose of the drug on the same day",
                    "one row a day and drug",
                ));
            }
            let by_mg = row.dose_mg.zip(bsa).map(|(mg, bsa)| mg / bsa);
            let mg_m2 = match (row.dose_mg_m2, by_mg) {
                (Some(mg_m2), Some(by_mg)) if above((mg_m2 - by_mg).abs(), 0.05 * mg_m2) => {
                    let problem =
                        format!("{mg_m2} mg/m2 contradicts {by_mg} mg/m2 from dose and body surface");
                    return Err(Fault::new(at("dose_mg_m2"), problem, "doses that agree within 5 %"));
                }
                (Some(mg_m2), _) => mg_m2,
                (None, Some(by_mg)) => by_mg,
                (None, None) => {
                    let expected = "dose_mg_m2, or dose_mg with bsa_m2";
                    return Err(Fault::new(at("dose_mg_m2"), "no dose that can be judged", expected));
                }
            };
            if !(0.0..=row.drug.most()).contains(&mg_m2) {
                let problem = format!("{mg_m2} mg/m2 is not possible");
                return Err(Fault::new(at("dose_mg_m2"), problem, format!("0 to {} mg/m2", row.drug.most())));
            }
            let days = row.days.unwrap_or(1);
            if !(1..=14).contains(&days) {
                return Err(Fault::new(at("days"), format!("{days} is not possible"), "1 to 14 days"));
            }
            doses.push(DailyDose { drug: row.drug, mg_m2, days });
        }
        Ok(doses)
    }

    pub(super) fn judge(
        &self,
        bsa: Option<f64>,
        infusion: Option<NaiveDate>,
        provisional: bool,
        parameters: &Parameters,
        trace: &mut Trace,
    ) -> Result<(Option<Verdict>, Lymphodepletion), Fault> {
        let place = Place::Under("lymphodepletion");
        let bsa = BODY_SURFACE.read(place, self.bsa_m2, None)?.or(bsa);
        let doses = self.doses(bsa)?;
        let repeat = match &self.repeat {
            None => Verdict::Undecided,
            Some(given) => {
                let days = interval(given, infusion)?;
                let wbc = WBC.read(Place::Under("lymphodepletion/repeat"), given.wbc_10e9_l, given.wbc_ul)?;
                let candidate = repeat_candidate(days, wbc, trace);
                if candidate.undecided() {
                    for (absent, name) in [
                        (days.is_none(), "lymphodepletion/repeat/days_to_infusion"),
                        (wbc.is_none(), "lymphodepletion/repeat/wbc_10e9_l"),
                    ] {
                        if absent {
                            trace.miss(At::Case, name);
                        }
                    }
                }
                candidate
            }
        };
        let (good, drug_results) = if doses.is_empty() {
            (None, Vec::new())
        } else {
            let (good, drugs) = lymphodepletion(self.regimen, &doses, parameters, trace);
            (Some(good), drugs)
        };
        let reference = self.regimen.map(drugs).unwrap_or_default().iter().map(|drug| DrugReference {
            drug: *drug,
            days: drug.days(),
            daily_mg_m2: daily_range(*drug),
            total_mg_m2: total_range(*drug),
            daily_mg: bsa.map(|bsa| daily_range(*drug).times(bsa)),
        });
        let result = Lymphodepletion {
            category: good.map(category),
            drugs: drug_results,
            reference: reference.collect(),
            provisional,
            repeat_candidate: known(repeat),
        };
        Ok((good, result))
    }
}
