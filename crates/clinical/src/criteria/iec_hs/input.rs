//! What a case of IEC-HS may say.

use super::super::case::{Case, Fault};
use super::super::crs::lenient::{either, flag, within};
use super::super::crs::timeline::Timed;
use super::super::trace::Trace;
use super::{IecHs, Parameters, assess};
use crate::codes::toxicity::IecHsItem;
use chrono::NaiveDate;
use serde::Deserialize;

/// Limits of the laboratory.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Limits {
    /// Upper limit, ug/L.
    #[serde(alias = "ferritin_uln", alias = "ferritin_ug_l")]
    pub ferritin_uln_ug_l: Option<f64>,
    /// Upper limit, U/L.
    #[serde(alias = "alt_uln", alias = "alt_u_l")]
    pub alt_uln_u_l: Option<f64>,
    /// Upper limit, U/L.
    #[serde(alias = "ast_uln", alias = "ast_u_l")]
    pub ast_uln_u_l: Option<f64>,
    /// Lower limit, g/L.
    #[serde(alias = "fibrinogen_lln", alias = "fibrinogen_g_l")]
    pub fibrinogen_lln_g_l: Option<f64>,
    /// Upper limit, U/L.
    #[serde(alias = "ldh_uln", alias = "ldh_u_l")]
    pub ldh_uln_u_l: Option<f64>,
    /// Upper limit, umol/L.
    #[serde(alias = "direct_bilirubin_uln", alias = "direct_bilirubin_umol_l")]
    pub direct_bilirubin_uln_umol_l: Option<f64>,
    /// Upper limit, s.
    #[serde(alias = "pt_uln", alias = "pt_s")]
    pub pt_uln_s: Option<f64>,
    /// Upper limit, s.
    #[serde(alias = "aptt_uln", alias = "aptt_s")]
    pub aptt_uln_s: Option<f64>,
}

/// Values at infusion.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Baseline {
    /// ug/L. Where absent, the last value up to day 0.
    #[serde(alias = "ferritin", alias = "ferritin_ng_ml")]
    pub ferritin_ug_l: Option<f64>,
    /// U/L.
    #[serde(alias = "alt")]
    pub alt_u_l: Option<f64>,
    /// U/L.
    #[serde(alias = "ast")]
    pub ast_u_l: Option<f64>,
}

/// What was observed on a day, or at one time of it. A flag states the item of that name.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Observation {
    /// Day from the infusion; this or `date`.
    pub day: Option<i32>,
    /// Calendar day; this or `day`.
    pub date: Option<NaiveDate>,
    /// ug/L.
    #[serde(alias = "ferritin", alias = "ferritin_ng_ml")]
    pub ferritin_ug_l: Option<f64>,
    /// Rapidly rising, as judged by the clinician.
    #[serde(deserialize_with = "flag")]
    pub ferritin_rapid_rise: Option<bool>,
    /// U/L.
    #[serde(alias = "alt")]
    pub alt_u_l: Option<f64>,
    /// U/L.
    #[serde(alias = "ast")]
    pub ast_u_l: Option<f64>,
    /// g/L.
    #[serde(alias = "fibrinogen")]
    pub fibrinogen_g_l: Option<f64>,
    /// mg/dL.
    pub fibrinogen_mg_dl: Option<f64>,
    /// x10^9/L.
    #[serde(alias = "anc")]
    pub anc_10e9_l: Option<f64>,
    /// /ul.
    pub anc_ul: Option<f64>,
    /// x10^9/L.
    #[serde(alias = "plt", alias = "platelets", alias = "plt_10e9_l")]
    pub platelets_10e9_l: Option<f64>,
    /// U/L.
    #[serde(alias = "ldh")]
    pub ldh_u_l: Option<f64>,
    /// umol/L.
    pub direct_bilirubin_umol_l: Option<f64>,
    /// s.
    #[serde(alias = "pt")]
    pub pt_s: Option<f64>,
    /// s.
    #[serde(alias = "aptt")]
    pub aptt_s: Option<f64>,
    /// mmol/L.
    #[serde(alias = "triglycerides", alias = "tg_mmol_l")]
    pub triglycerides_mmol_l: Option<f64>,
    /// mg/dL.
    #[serde(alias = "tg_mg_dl")]
    pub triglycerides_mg_dl: Option<f64>,
    /// False when the triglycerides were not taken fasting.
    #[serde(deserialize_with = "flag", alias = "fasting")]
    pub triglycerides_fasting: Option<bool>,
    /// Onset with resolving or resolved CRS.
    #[serde(deserialize_with = "flag")]
    pub resolving_crs: Option<bool>,
    /// Hemophagocytosis.
    #[serde(deserialize_with = "flag", alias = "haemophagocytosis")]
    pub hemophagocytosis: Option<bool>,
    /// New, worsening or refractory cytopenia.
    #[serde(deserialize_with = "flag")]
    pub cytopenia: Option<bool>,
    /// Other abnormality of coagulation.
    #[serde(deserialize_with = "flag", alias = "coagulation_abnormal", alias = "coagulopathy")]
    pub coagulation: Option<bool>,
    /// Direct hyperbilirubinemia.
    #[serde(deserialize_with = "flag")]
    pub direct_hyperbilirubinemia: Option<bool>,
    /// New splenomegaly.
    #[serde(deserialize_with = "flag")]
    pub splenomegaly: Option<bool>,
    /// Fever, not of CRS.
    #[serde(deserialize_with = "flag")]
    pub fever: Option<bool>,
    /// Neurotoxicity.
    #[serde(deserialize_with = "flag")]
    pub neurotoxicity: Option<bool>,
    /// Pulmonary manifestations.
    #[serde(deserialize_with = "flag")]
    pub pulmonary: Option<bool>,
    /// New renal insufficiency.
    #[serde(deserialize_with = "flag", alias = "renal_insufficiency")]
    pub renal: Option<bool>,
    /// Items stated to be present; those not listed stay open.
    pub items: Option<Vec<IecHsItem>>,
    /// Bleeding.
    #[serde(deserialize_with = "flag")]
    pub bleeding: Option<bool>,
}

impl Timed for Observation {
    fn day(&self) -> Option<i32> {
        self.day
    }
    fn date(&self) -> Option<NaiveDate> {
        self.date
    }
}

impl Observation {
    /// g/L, from either unit.
    pub fn fibrinogen(&self) -> Option<f64> {
        self.fibrinogen_g_l.or(self.fibrinogen_mg_dl.map(|mg_dl| mg_dl / 100.0))
    }

    /// x10^9/L, from either unit.
    pub fn neutrophils(&self) -> Option<f64> {
        self.anc_10e9_l.or(self.anc_ul.map(|per_ul| per_ul / 1000.0))
    }

    /// Refuses what is impossible or contradicts itself. `i` is the place in the input.
    pub(super) fn check(&self, i: usize) -> Result<(), Fault> {
        let at = |name: &str| format!("/days/{i}/{name}");
        let ranges = [
            ("ferritin_ug_l", self.ferritin_ug_l, (0.0, 300_000.0, "ug/L")),
            ("alt_u_l", self.alt_u_l, (0.0, 20_000.0, "U/L")),
            ("ast_u_l", self.ast_u_l, (0.0, 20_000.0, "U/L")),
            ("fibrinogen_g_l", self.fibrinogen_g_l, (0.0, 15.0, "g/L")),
            ("fibrinogen_mg_dl", self.fibrinogen_mg_dl, (0.0, 1500.0, "mg/dL")),
            ("anc_10e9_l", self.anc_10e9_l, (0.0, 200.0, "x10^9/L")),
            ("anc_ul", self.anc_ul, (0.0, 200_000.0, "/ul")),
            ("platelets_10e9_l", self.platelets_10e9_l, (0.0, 3000.0, "x10^9/L")),
            ("ldh_u_l", self.ldh_u_l, (0.0, 20_000.0, "U/L")),
            ("direct_bilirubin_umol_l", self.direct_bilirubin_umol_l, (0.0, 1000.0, "umol/L")),
            ("pt_s", self.pt_s, (5.0, 200.0, "s")),
            ("aptt_s", self.aptt_s, (10.0, 300.0, "s")),
            ("triglycerides_mmol_l", self.triglycerides_mmol_l, (0.1, 50.0, "mmol/L")),
            ("triglycerides_mg_dl", self.triglycerides_mg_dl, (8.0, 4500.0, "mg/dL")),
        ];
        for (name, value, range) in ranges {
            let hint = |x: f64| match name {
                "fibrinogen_g_l" if x <= 1500.0 && x > 0.0 => Some("it would fit mg/dL (fibrinogen_mg_dl)"),
                "anc_10e9_l" if x <= 200_000.0 && x > 0.0 => Some("it would fit /ul (anc_ul)"),
                "triglycerides_mmol_l" if x <= 4500.0 && x > 0.0 => {
                    Some("it would fit mg/dL (triglycerides_mg_dl)")
                }
                _ => None,
            };
            within(value, range, || at(name), hint)?;
        }
        let mg_dl = self.fibrinogen_mg_dl.map(|x| x / 100.0);
        either(self.fibrinogen_g_l, mg_dl, || at("fibrinogen_mg_dl"))?;
        either(self.anc_10e9_l, self.anc_ul.map(|x| x / 1000.0), || at("anc_ul"))?;
        let mg_dl = self.triglycerides_mg_dl.map(|x| x / 88.57);
        either(self.triglycerides_mmol_l, mg_dl, || at("triglycerides_mg_dl"))?;
        Ok(())
    }
}

impl Limits {
    pub(super) fn check(&self) -> Result<(), Fault> {
        let ranges = [
            ("ferritin_uln_ug_l", self.ferritin_uln_ug_l, 300_000.0),
            ("alt_uln_u_l", self.alt_uln_u_l, 20_000.0),
            ("ast_uln_u_l", self.ast_uln_u_l, 20_000.0),
            ("fibrinogen_lln_g_l", self.fibrinogen_lln_g_l, 15.0),
            ("ldh_uln_u_l", self.ldh_uln_u_l, 20_000.0),
            ("direct_bilirubin_uln_umol_l", self.direct_bilirubin_uln_umol_l, 1000.0),
            ("pt_uln_s", self.pt_uln_s, 200.0),
            ("aptt_uln_s", self.aptt_uln_s, 300.0),
        ];
        for (name, value, high) in ranges {
            within(value, (f64::MIN_POSITIVE, high, ""), || format!("/limits/{name}"), |_| None)?;
        }
        Ok(())
    }
}

impl Baseline {
    pub(super) fn check(&self) -> Result<(), Fault> {
        let ranges = [
            ("ferritin_ug_l", self.ferritin_ug_l, 300_000.0),
            ("alt_u_l", self.alt_u_l, 20_000.0),
            ("ast_u_l", self.ast_u_l, 20_000.0),
        ];
        for (name, value, high) in ranges {
            within(value, (0.0, high, ""), || format!("/baseline/{name}"), |_| None)?;
        }
        Ok(())
    }
}

/// Marks of severity over the whole syndrome (D3.2).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Severity {
    /// Immunosuppression was given for it.
    #[serde(deserialize_with = "flag")]
    pub immunosuppression: Option<bool>,
    /// Transfusion for hypofibrinogenemia without symptoms.
    #[serde(deserialize_with = "flag", alias = "transfusion_for_hypofibrinogenaemia")]
    pub transfusion_for_hypofibrinogenemia: Option<bool>,
    /// Coagulopathy with bleeding and transfusion.
    #[serde(deserialize_with = "flag")]
    pub bleeding_with_transfusion: Option<bool>,
    /// Hospital stay for new kidney injury.
    #[serde(deserialize_with = "flag", alias = "hospitalized_for_aki")]
    pub hospitalized_for_kidney_injury: Option<bool>,
    /// Hospital stay for hypotension.
    #[serde(deserialize_with = "flag")]
    pub hospitalized_for_hypotension: Option<bool>,
    /// Hospital stay for respiratory distress.
    #[serde(deserialize_with = "flag")]
    pub hospitalized_for_respiratory_distress: Option<bool>,
    /// Life-threatening bleeding.
    #[serde(deserialize_with = "flag")]
    pub life_threatening_bleeding: Option<bool>,
    /// Life-threatening hypotension.
    #[serde(deserialize_with = "flag")]
    pub life_threatening_hypotension: Option<bool>,
    /// Intubation.
    #[serde(deserialize_with = "flag")]
    pub intubation: Option<bool>,
    /// Dialysis.
    #[serde(deserialize_with = "flag")]
    pub dialysis: Option<bool>,
    /// Statement that no mark of severity goes unrecorded.
    #[serde(deserialize_with = "flag")]
    pub no_other_findings: Option<bool>,
    /// Death attributed to IEC-HS.
    #[serde(deserialize_with = "flag")]
    pub death_due_to_iec_hs: Option<bool>,
}

/// A patient's days after one infusion.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct IecHsCase {
    /// The observations, in any order.
    #[serde(alias = "observations", alias = "assessments")]
    pub days: Vec<Observation>,
    /// Day 0, where days and dates are mixed.
    pub infusion_date: Option<NaiveDate>,
    /// Limits of the laboratory.
    #[serde(alias = "reference")]
    pub limits: Limits,
    /// As `limits.ferritin_uln_ug_l`.
    pub ferritin_uln_ug_l: Option<f64>,
    /// Values at infusion.
    pub baseline: Baseline,
    /// As `baseline.ferritin_ug_l`.
    #[serde(alias = "ferritin_baseline_ug_l")]
    pub baseline_ferritin_ug_l: Option<f64>,
    /// The findings are due to another cause.
    #[serde(deserialize_with = "flag")]
    pub other_cause: Option<bool>,
    /// Marks of severity.
    pub severity: Option<Severity>,
    /// Day of the diagnosis, where it was made.
    pub diagnosis_day: Option<i32>,
    /// Date of the diagnosis, where it was made.
    pub diagnosis_date: Option<NaiveDate>,
    /// Readings.
    pub parameters: Parameters,
}

impl Case for IecHsCase {
    type Result = IecHs;
    fn derive(&self, trace: &mut Trace) -> Result<IecHs, Fault> {
        let mut limits = self.limits;
        limits.ferritin_uln_ug_l =
            either(limits.ferritin_uln_ug_l, self.ferritin_uln_ug_l, || "/ferritin_uln_ug_l".to_owned())?;
        let mut baseline = self.baseline;
        baseline.ferritin_ug_l = either(baseline.ferritin_ug_l, self.baseline_ferritin_ug_l, || {
            "/baseline_ferritin_ug_l".to_owned()
        })?;
        let mut result = assess(
            &self.days,
            self.infusion_date,
            &limits,
            &baseline,
            self.other_cause,
            self.severity.as_ref(),
            self.parameters,
            trace,
        )?;
        result.ferritin_near_diagnosis = self.ferritin_near_diagnosis();
        Ok(result)
    }
}

impl IecHsCase {
    /// Whether a ferritin was measured within 3 days of the diagnosis (catalogue R13); `None` without a diagnosis on the scale of the
    /// observations.
    fn ferritin_near_diagnosis(&self) -> Option<bool> {
        let days_away = |row: &Observation| {
            let by_day = row.day.zip(self.diagnosis_day).map(|(a, b)| (i64::from(a) - i64::from(b)).abs());
            let by_date =
                row.date.zip(self.diagnosis_date).map(|(a, b)| a.signed_duration_since(b).num_days().abs());
            by_day.or(by_date)
        };
        let mut comparable = self.days.iter().filter(|row| days_away(row).is_some()).peekable();
        comparable.peek()?;
        Some(
            comparable.any(|row| row.ferritin_ug_l.is_some() && days_away(row).is_some_and(|days| days <= 3)),
        )
    }
}
