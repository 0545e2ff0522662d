//! The case `infection_risk` of `sequela derive`.

use super::{
    AntiviralStop, CovidPause, CovidSeverity, Facts, LiveVaccine, Parameters, Pause, Restart, Risk,
    antiviral, antiviral_stop, covid_pause, fungal, infection, live_vaccine, severe,
};
use crate::criteria::case::{Case, Fault};
use crate::criteria::measured::{ANC, CD4, Measure, Place, flag, known};
use crate::criteria::trace::Trace;
use chrono::NaiveDate;

static DOSE_PER_KG: Measure =
    Measure { name: "dose_per_kg", unit: "cells/kg", min: 0.0, max: 1e10, other: None };
static AFEBRILE: Measure =
    Measure { name: "afebrile_hours", unit: "h", min: 0.0, max: 10_000.0, other: None };

/// COVID-19 before CAR-T therapy, as given.
#[derive(Debug, Clone, Copy, Default, PartialEq, serde::Deserialize)]
#[serde(default)]
pub struct CovidInput {
    /// Severity.
    pub severity: Option<CovidSeverity>,
    /// Days from the first positive test to the restart.
    #[serde(alias = "days_before_infusion")]
    pub days_since_positive: Option<i32>,
    /// Date of the first positive test.
    #[serde(alias = "test_date")]
    pub first_positive_date: Option<NaiveDate>,
    /// Date of the restart; else the date of infusion.
    pub restart_date: Option<NaiveDate>,
    /// No symptoms to date.
    #[serde(alias = "asymptomatic", deserialize_with = "flag")]
    pub still_asymptomatic: Option<bool>,
    /// Symptoms improved.
    #[serde(deserialize_with = "flag")]
    pub improved: Option<bool>,
    /// Hours without fever and without antipyretics.
    pub afebrile_hours: Option<f64>,
    /// The physician judged that treatment could not wait.
    #[serde(alias = "urgent_exception", alias = "emergency", deserialize_with = "flag")]
    pub urgent: Option<bool>,
}

/// A live vaccine, as given.
#[derive(Debug, Clone, Copy, Default, PartialEq, serde::Deserialize)]
#[serde(default)]
pub struct VaccineInput {
    /// Days from the vaccine to the start of lymphodepletion; negative afterwards.
    #[serde(alias = "days_before_ld")]
    pub days_before_lymphodepletion: Option<i32>,
    /// Date of the vaccine.
    pub date: Option<NaiveDate>,
    /// Immunity had been reconstituted.
    #[serde(deserialize_with = "flag")]
    pub immune_reconstituted: Option<bool>,
}

/// A case of infection risk.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub struct InfectionRiskCase {
    /// ANC before the infusion, 10^9/L.
    #[serde(alias = "anc_10e9_l", alias = "anc")]
    pub anc_before_infusion_10e9_l: Option<f64>,
    /// ANC before the infusion, /µl.
    #[serde(alias = "anc_ul")]
    pub anc_before_infusion_ul: Option<f64>,
    /// CAR-T cells infused per kg.
    #[serde(alias = "car_t_dose_per_kg")]
    pub dose_per_kg: Option<f64>,
    /// Earlier lines of therapy.
    pub prior_lines: Option<i32>,
    /// Earlier invasive fungal disease.
    #[serde(alias = "prior_ifd", deserialize_with = "flag")]
    pub prior_fungal_disease: Option<bool>,
    /// High-dose steroid for CRS or ICANS.
    #[serde(deserialize_with = "flag")]
    pub high_dose_steroid: Option<bool>,
    /// Any steroid.
    #[serde(deserialize_with = "flag")]
    pub steroid: Option<bool>,
    /// Tocilizumab.
    #[serde(deserialize_with = "flag")]
    pub tocilizumab: Option<bool>,
    /// Recent allogeneic transplantation.
    #[serde(alias = "recent_allo_hsct", deserialize_with = "flag")]
    pub recent_allo_hct: Option<bool>,
    /// Any earlier transplantation.
    #[serde(alias = "prior_hsct", deserialize_with = "flag")]
    pub prior_hct: Option<bool>,
    /// Cytopenia before lymphodepletion.
    #[serde(deserialize_with = "flag")]
    pub baseline_cytopenia: Option<bool>,
    /// High tumor burden.
    #[serde(alias = "high_tumour_burden", deserialize_with = "flag")]
    pub high_tumor_burden: Option<bool>,
    /// Marrow infiltration.
    #[serde(deserialize_with = "flag")]
    pub marrow_infiltration: Option<bool>,
    /// Highest grade of CRS so far.
    #[serde(alias = "crs_max_grade")]
    pub crs_grade: Option<i32>,
    /// Highest grade of ICANS so far.
    #[serde(alias = "icans_max_grade")]
    pub icans_grade: Option<i32>,
    /// Steroids for long.
    #[serde(alias = "long_steroid", deserialize_with = "flag")]
    pub long_term_steroid: Option<bool>,
    /// CAR-HEMATOTOX is high; from the score when that is given.
    #[serde(deserialize_with = "flag")]
    pub hematotox_high: Option<bool>,
    /// CAR-HEMATOTOX score.
    #[serde(alias = "car_hematotox_score")]
    pub hematotox_score: Option<i32>,
    /// CTCAE grade of an infection.
    #[serde(alias = "infection_ctcae_grade")]
    pub ctcae_grade: Option<i32>,
    /// COVID-19 before CAR-T therapy.
    pub covid: Option<CovidInput>,
    /// A live vaccine.
    pub live_vaccine: Option<VaccineInput>,
    /// Day 0.
    pub infusion_date: Option<NaiveDate>,
    /// Start of lymphodepletion.
    #[serde(alias = "lymphodepletion_start_date", alias = "ld_start")]
    pub ld_start_date: Option<NaiveDate>,
    /// Last day of antiviral prophylaxis.
    pub antiviral_stop_date: Option<NaiveDate>,
    /// CD4 at that time, /µl.
    #[serde(alias = "cd4")]
    pub cd4_ul: Option<f64>,
    /// CD4 at that time, 10^9/L.
    pub cd4_10e9_l: Option<f64>,
    /// What the guideline leaves open.
    pub parameters: Parameters,
}

/// Duration of antiviral prophylaxis.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Antiviral {
    /// The set of 4.7.2.
    #[serde(flatten)]
    pub risk: Risk,
    /// Months asked for by 4.7.2.
    pub months_4_7_2: Option<u8>,
    /// Months asked for by 4.5.2, "and/or" CD4 above 0.2 x10^9/L.
    pub months_4_5_2: u8,
    /// The day of the stop judged, when it is given.
    pub stop: Option<AntiviralStop>,
}

/// Infection risk.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct InfectionRisk {
    /// By 4.5.2: `high`, `standard` or `not_evaluable`.
    pub category: &'static str,
    /// The set of 4.5.2.
    pub infection: Risk,
    /// The set of 4.6: two or more of five.
    pub fungal: Risk,
    /// The set of 4.7.2.
    pub antiviral: Antiviral,
    /// CTCAE grade 3 or more; none without a grade.
    pub severe_infection: Option<bool>,
    /// The pause after COVID-19, when it is given.
    pub covid: Option<CovidPause>,
    /// The live vaccine, when one is given.
    pub live_vaccine: Option<LiveVaccine>,
    /// What was chosen.
    pub parameters: Parameters,
}

fn within(member: &str, value: Option<i32>, min: i32, max: i32) -> Result<Option<i32>, Fault> {
    match value {
        Some(value) if !(min..=max).contains(&value) => {
            let problem = format!("{value} is not possible");
            Err(Fault::new(Place::Top.pointer(member), problem, format!("{min} to {max}")))
        }
        value => Ok(value),
    }
}

/// The number of days, given or between two dates; both given must agree.
fn days_between(
    place: Place,
    member: &str,
    days: Option<i32>,
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
) -> Result<Option<i32>, Fault> {
    let counted = from.zip(to).and_then(|(from, to)| i32::try_from((to - from).num_days()).ok());
    match (days, counted) {
        (Some(days), Some(counted)) if days != counted => {
            let problem = format!("{days} contradicts the dates, which are {counted} days apart");
            Err(Fault::new(place.pointer(member), problem, "the days between the dates, or one of the two"))
        }
        (days, counted) => Ok(days.or(counted)),
    }
}

impl InfectionRiskCase {
    fn facts(&self) -> Result<Facts, Fault> {
        let anc = ANC.read(Place::Top, self.anc_before_infusion_10e9_l, self.anc_before_infusion_ul)?;
        let score = within("hematotox_score", self.hematotox_score, 0, 7)?;
        let high = score.map(|score| score >= 2);
        if let (Some(said), Some(high)) = (self.hematotox_high, high)
            && said != high
        {
            let problem = format!("{said} contradicts the score {}", score.unwrap_or_default());
            return Err(Fault::new("/hematotox_high", problem, "true from 2 points on, or one of the two"));
        }
        Ok(Facts {
            anc_before_infusion_10e9_l: anc,
            dose_per_kg: DOSE_PER_KG.read(Place::Top, self.dose_per_kg, None)?,
            prior_lines: within("prior_lines", self.prior_lines, 0, 20)?,
            prior_fungal_disease: self.prior_fungal_disease,
            high_dose_steroid: self.high_dose_steroid,
            steroid: self.steroid,
            tocilizumab: self.tocilizumab,
            recent_allo_hct: self.recent_allo_hct,
            prior_hct: self.prior_hct,
            baseline_cytopenia: self.baseline_cytopenia,
            high_tumor_burden: self.high_tumor_burden,
            marrow_infiltration: self.marrow_infiltration,
            crs_grade: within("crs_grade", self.crs_grade, 0, 5)?,
            icans_grade: within("icans_grade", self.icans_grade, 0, 5)?,
            long_term_steroid: self.long_term_steroid,
            hematotox_high: self.hematotox_high.or(high),
        })
    }

    fn pause(&self, covid: &CovidInput) -> Result<Pause, Fault> {
        let place = Place::Under("covid");
        let restart = covid.restart_date.or(self.infusion_date);
        let days = days_between(
            place,
            "days_since_positive",
            covid.days_since_positive,
            covid.first_positive_date,
            restart,
        )?;
        if let Some(days) = days.filter(|days| *days < 0) {
            let problem =
                format!("the first positive test is {} days after the restart", days.unsigned_abs());
            return Err(Fault::new(
                place.pointer("first_positive_date"),
                problem,
                "a test before the restart",
            ));
        }
        Ok(Pause {
            severity: covid.severity,
            days,
            restart: Restart {
                still_asymptomatic: covid.still_asymptomatic,
                improved: covid.improved,
                afebrile_hours: AFEBRILE.read(place, covid.afebrile_hours, None)?,
            },
            urgent: covid.urgent,
        })
    }
}

impl Case for InfectionRiskCase {
    type Result = InfectionRisk;

    fn derive(&self, trace: &mut Trace) -> Result<InfectionRisk, Fault> {
        let facts = self.facts()?;
        let fungal = fungal(&facts, &self.parameters, trace);
        let viral = antiviral(&facts, trace);
        let cd4 = CD4.read(Place::Top, self.cd4_ul, self.cd4_10e9_l)?;
        let stop = self
            .infusion_date
            .zip(self.antiviral_stop_date)
            .map(|(infusion, stop)| antiviral_stop(infusion, stop, viral.high, cd4, trace));
        let months_4_7_2 = viral.high.map(|high| if high { 12 } else { 6 });
        let covid = match &self.covid {
            None => None,
            Some(covid) => Some(covid_pause(&self.pause(covid)?, trace)),
        };
        let live_vaccine = match &self.live_vaccine {
            None => None,
            Some(vaccine) => {
                let place = Place::Under("live_vaccine");
                let days = days_between(
                    place,
                    "days_before_lymphodepletion",
                    vaccine.days_before_lymphodepletion,
                    vaccine.date,
                    self.ld_start_date,
                )?;
                Some(live_vaccine(days, vaccine.immune_reconstituted, trace))
            }
        };
        let grade = within("ctcae_grade", self.ctcae_grade, 1, 5)?;
        let severe_infection = grade.and_then(|grade| known(severe(Some(grade), trace)));
        let infection = infection(&facts, trace);
        let category = match infection.high {
            Some(true) => "high",
            Some(false) => "standard",
            None => "not_evaluable",
        };
        Ok(InfectionRisk {
            category,
            infection,
            fungal,
            antiviral: Antiviral { risk: viral, months_4_7_2, months_4_5_2: 12, stop },
            severe_infection,
            covid,
            live_vaccine,
            parameters: self.parameters,
        })
    }
}
