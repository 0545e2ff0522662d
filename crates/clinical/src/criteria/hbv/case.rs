//! The case `hbv_reactivation` of `sequela derive`.

use super::{Baseline, Definition, Dna, Group, Parameters, Prophylaxis, Tests, group, judge, miss_group};
use crate::codes::assessment::PosNeg;
use crate::criteria::case::{Case, Fault};
use crate::criteria::compare::Verdict;
use crate::criteria::measured::{ALT, HBV_DNA, Place, flag, known, rows, series};
use crate::criteria::trace::{At, Trace};
use chrono::NaiveDate;

/// Tests before lymphodepletion, as given.
#[derive(Debug, Clone, Copy, Default, PartialEq, serde::Deserialize)]
#[serde(default)]
pub struct BaselineInput {
    /// Surface antigen.
    pub hbsag: Option<PosNeg>,
    /// Core antibody.
    #[serde(alias = "anti_hbc")]
    pub hbcab: Option<PosNeg>,
    /// Surface antibody.
    #[serde(alias = "anti_hbs")]
    pub hbsab: Option<PosNeg>,
    /// DNA, IU/ml; 0 is undetectable.
    #[serde(alias = "hbv_dna")]
    pub hbv_dna_iu_ml: Option<f64>,
    /// Whether DNA was detected.
    #[serde(deserialize_with = "flag")]
    pub hbv_dna_detectable: Option<bool>,
    /// ALT, U/L.
    #[serde(alias = "alt")]
    pub alt_u_l: Option<f64>,
}

rows! {
    /// Tests of one day.
    Observation {
        /// DNA, IU/ml; 0 is undetectable.
        #[serde(alias = "hbv_dna")]
        hbv_dna_iu_ml: f64,
        /// Whether DNA was detected.
        #[serde(deserialize_with = "flag")]
        hbv_dna_detectable: bool,
        /// Surface antigen.
        hbsag: PosNeg,
        /// ALT, U/L.
        #[serde(alias = "alt")]
        alt_u_l: f64,
    }
}

/// A case of hepatitis B.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub struct HbvCase {
    /// Before lymphodepletion.
    pub baseline: BaselineInput,
    /// Tests afterwards, in any order.
    #[serde(alias = "days", alias = "labs")]
    pub observations: Vec<Observation>,
    /// Day 0, when days and dates are mixed.
    pub infusion_date: Option<NaiveDate>,
    /// Adherence to HBV monitoring is poor.
    #[serde(deserialize_with = "flag")]
    pub poor_compliance: Option<bool>,
    /// Definition that decides.
    pub definition: Option<Definition>,
    /// As `definition`.
    pub parameters: Parameters,
}

/// One day of the series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct DayJudged {
    /// Day from the infusion.
    pub day: Option<i32>,
    /// Calendar day.
    pub date: Option<NaiveDate>,
    /// By the definition chosen.
    pub reactivated: Option<bool>,
    /// By AASLD 2018.
    pub aasld2018: Option<bool>,
    /// By the Chinese guideline of 2019.
    pub chb2019: Option<bool>,
    /// Id of the rule met.
    pub rule: Option<&'static str>,
    /// Markers appeared in a patient without a trace of earlier infection.
    pub new_infection: Option<bool>,
    /// Hepatitis flare.
    pub flare: Option<bool>,
}

/// Hepatitis B before and after the infusion.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Hbv {
    /// True when on any day; false when on none and every day is known; without any day, none.
    pub reactivated: Option<bool>,
    /// `reactivated`, `not_reactivated` or `not_evaluable`.
    pub category: &'static str,
    /// First day of reactivation.
    pub day: Option<i32>,
    /// First date of reactivation.
    pub date: Option<NaiveDate>,
    /// Id of the rule met then.
    pub rule: Option<&'static str>,
    /// By AASLD 2018.
    pub aasld2018: Option<bool>,
    /// By the Chinese guideline of 2019.
    pub chb2019: Option<bool>,
    /// Hepatitis flare on any day.
    pub flare: Option<bool>,
    /// First day of it.
    pub flare_day: Option<i32>,
    /// First date of it.
    pub flare_date: Option<NaiveDate>,
    /// Markers appeared in a patient without a trace of earlier infection.
    pub new_infection: Option<bool>,
    /// Group by the baseline.
    pub group: Group,
    /// Prophylaxis expected.
    pub prophylaxis: Prophylaxis,
    /// Every day.
    pub observations: Vec<DayJudged>,
    /// What was chosen.
    pub parameters: Parameters,
}

fn dna(place: Place, level: Option<f64>, detectable: Option<bool>) -> Result<Option<Dna>, Fault> {
    let level = HBV_DNA.read(place, level, None)?;
    let contradiction = |level: f64, said: &str| {
        let problem = format!("{level} IU/ml is given and DNA is said to be {said}");
        Err(Fault::new(
            place.pointer("hbv_dna_detectable"),
            problem,
            "true with a level above 0, false with 0 or no level",
        ))
    };
    match (level, detectable) {
        (None, None) => Ok(None),
        (None, Some(true)) => Ok(Some(Dna::Detectable(None))),
        (Some(level), Some(false)) if level > 0.0 => contradiction(level, "undetectable"),
        (Some(level), Some(true)) if level <= 0.0 => contradiction(level, "detectable"),
        (Some(level), _) if level > 0.0 => Ok(Some(Dna::Detectable(Some(level)))),
        _ => Ok(Some(Dna::Undetectable)),
    }
}

impl HbvCase {
    fn baseline(&self) -> Result<Baseline, Fault> {
        let place = Place::Under("baseline");
        let given = &self.baseline;
        Ok(Baseline {
            hbsag: given.hbsag,
            hbcab: given.hbcab,
            hbsab: given.hbsab,
            dna: dna(place, given.hbv_dna_iu_ml, given.hbv_dna_detectable)?,
            alt_u_l: ALT.read(place, given.alt_u_l, None)?,
        })
    }
}

/// Met on any day; not met when not met on every day, of which there is one at least.
fn ever(days: &[DayJudged], of: impl Fn(&DayJudged) -> Option<bool>) -> Option<bool> {
    let any = days.iter().fold(Verdict::NotMet, |any, day| any | of(day).into());
    if days.is_empty() { None } else { known(any) }
}

impl Case for HbvCase {
    type Result = Hbv;

    fn derive(&self, trace: &mut Trace) -> Result<Hbv, Fault> {
        let parameters = Parameters { definition: self.definition.unwrap_or(self.parameters.definition) };
        let baseline = self.baseline()?;
        let (group, prophylaxis) = group(At::Case, &baseline, self.poor_compliance, trace);
        let rows = series("observations", &self.observations, self.infusion_date)?;
        let mut observations = Vec::with_capacity(rows.len());
        for row in &rows {
            let tests = Tests {
                dna: dna(row.place, row.row.hbv_dna_iu_ml, row.row.hbv_dna_detectable)?,
                hbsag: row.row.hbsag,
                alt_u_l: ALT.read(row.place, row.row.alt_u_l, None)?,
            };
            let judged = judge(row.moment.at(), &baseline, &tests, parameters, trace);
            observations.push(DayJudged {
                day: row.moment.day,
                date: row.moment.date,
                reactivated: known(judged.reactivated),
                aasld2018: known(judged.aasld2018),
                chb2019: known(judged.chb2019),
                rule: judged.rule.map(|rule| rule.id),
                new_infection: known(judged.new_infection),
                flare: known(judged.flare),
            });
        }
        // A case without a series asks for the group only.
        if observations.is_empty() {
            miss_group(At::Case, &baseline, self.poor_compliance, trace);
            trace.miss(At::Case, "observations");
        }
        let reactivated = ever(&observations, |day| day.reactivated);
        let first = observations.iter().find(|day| day.reactivated == Some(true));
        let flare = observations.iter().find(|day| day.flare == Some(true));
        let category = match reactivated {
            Some(true) => "reactivated",
            Some(false) => "not_reactivated",
            None => "not_evaluable",
        };
        Ok(Hbv {
            reactivated,
            category,
            day: first.and_then(|day| day.day),
            date: first.and_then(|day| day.date),
            rule: first.and_then(|day| day.rule),
            aasld2018: ever(&observations, |day| day.aasld2018),
            chb2019: ever(&observations, |day| day.chb2019),
            flare: ever(&observations, |day| day.flare),
            flare_day: flare.and_then(|day| day.day),
            flare_date: flare.and_then(|day| day.date),
            new_infection: ever(&observations, |day| day.new_infection),
            group,
            prophylaxis,
            observations,
            parameters,
        })
    }
}
