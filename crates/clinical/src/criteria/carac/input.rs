//! What a case of coagulopathy may say.

use super::super::case::{Case, Fault};
use super::super::crs::lenient::{Aliased, aliased, code, either, flag, within};
use super::super::crs::timeline::Timed;
use super::super::trace::Trace;
use super::{CDSS_MAX, Carac, Parameters, assess};
use crate::field::value_sets;
use chrono::NaiveDate;
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer};
use std::fmt;

value_sets! {
    /// Increase of D-dimer or another fibrin-related marker.
    DdimerIncrease "ddimer_increase" {
        None "NONE" "No increase" "不升高";
        Moderate "MODERATE" "Moderate increase" "中度升高";
        Strong "STRONG" "Strong increase" "显著升高";
    }
    /// WHO bleeding scale, 0 to 4.
    WhoBleeding "who_bleeding" {
        None "NONE" "None" "无出血";
        Petechiae "PETECHIAE" "Petechiae" "瘀点";
        Mild "MILD" "Mild blood loss" "轻度失血";
        Gross "GROSS" "Gross blood loss needing transfusion" "明显失血，需输血";
        Debilitating "DEBILITATING" "Debilitating or fatal blood loss" "致残或致命性失血";
    }
}

impl Aliased for DdimerIncrease {
    const ALIASES: &'static [(&'static str, &'static str)] = &[("NORMAL", "NONE"), ("NO", "NONE")];
    const FLAGS: (Option<&'static str>, Option<&'static str>) = (None, Some("NONE"));
}

impl WhoBleeding {
    /// 0 to 4.
    pub fn grade(self) -> u8 {
        match self {
            Self::None => 0,
            Self::Petechiae => 1,
            Self::Mild => 2,
            Self::Gross => 3,
            Self::Debilitating => 4,
        }
    }
}

/// Reads a grade of 0 to 4, a code, or null.
fn bleeding<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<WhoBleeding>, D::Error> {
    struct Reader;
    impl Visitor<'_> for Reader {
        type Value = Option<WhoBleeding>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a WHO bleeding grade of 0 to 4, or a code of the value set who_bleeding")
        }
        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(None)
        }
        fn visit_u64<E: Error>(self, grade: u64) -> Result<Self::Value, E> {
            let found = WhoBleeding::ALL.iter().find(|level| u64::from(level.grade()) == grade);
            found
                .map(|level| Some(*level))
                .ok_or_else(|| E::invalid_value(serde::de::Unexpected::Unsigned(grade), &self))
        }
        fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
            code(text, &[]).map(Some).map_err(E::custom)
        }
    }
    deserializer.deserialize_any(Reader)
}

/// One assessment of coagulation.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Assessment {
    /// Day from the infusion; this or `date`.
    pub day: Option<i32>,
    /// Calendar day; this or `day`.
    pub date: Option<NaiveDate>,
    /// ASTCT grade of CRS on the day.
    pub crs_grade: Option<u8>,
    /// Whether a value of coagulation is abnormal.
    #[serde(deserialize_with = "flag", alias = "abnormal")]
    pub coagulation_abnormal: Option<bool>,
    /// Whether coagulation has improved.
    #[serde(deserialize_with = "flag", alias = "coagulation_improved")]
    pub improved: Option<bool>,
    /// x10^9/L.
    #[serde(alias = "platelets", alias = "plt", alias = "plt_10e9_l")]
    pub platelets_10e9_l: Option<f64>,
    /// Increase of D-dimer.
    #[serde(deserialize_with = "aliased", alias = "d_dimer_increase", alias = "ddimer")]
    pub d_dimer: Option<DdimerIncrease>,
    /// mg/L FEU.
    #[serde(alias = "ddimer_mg_l")]
    pub d_dimer_mg_l: Option<f64>,
    /// Prolongation of PT over the upper limit, s.
    pub pt_prolongation_s: Option<f64>,
    /// s.
    #[serde(alias = "pt")]
    pub pt_s: Option<f64>,
    /// Upper limit of PT, s.
    #[serde(alias = "pt_uln", alias = "pt_control_s")]
    pub pt_uln_s: Option<f64>,
    /// g/L.
    #[serde(alias = "fibrinogen")]
    pub fibrinogen_g_l: Option<f64>,
    /// mg/dL.
    pub fibrinogen_mg_dl: Option<f64>,
    /// WHO bleeding grade.
    #[serde(deserialize_with = "bleeding")]
    pub who_bleeding: Option<WhoBleeding>,
    /// Score of the Chinese DIC scoring system, 0 to 12.
    #[serde(alias = "cdss_score")]
    pub cdss: Option<u8>,
    /// Whether the underlying disease is a hematologic malignancy.
    #[serde(deserialize_with = "flag")]
    pub hematologic_malignancy: Option<bool>,
}

impl Timed for Assessment {
    fn day(&self) -> Option<i32> {
        self.day
    }
    fn date(&self) -> Option<NaiveDate> {
        self.date
    }
}

impl Assessment {
    /// g/L, from either unit.
    pub fn fibrinogen(&self) -> Option<f64> {
        self.fibrinogen_g_l.or(self.fibrinogen_mg_dl.map(|mg_dl| mg_dl / 100.0))
    }

    /// Prolongation of PT in s; below 0 when it is short.
    pub fn pt_prolongation(&self) -> Option<f64> {
        self.pt_prolongation_s.or(self.pt_s.zip(self.pt_uln_s).map(|(pt, uln)| pt - uln))
    }

    pub(super) fn check(&self, i: usize) -> Result<(), Fault> {
        let at = |name: &str| format!("/days/{i}/{name}");
        let whole = |value: Option<u8>, most: u8, name: &str| match value {
            Some(value) if value > most => {
                Err(Fault::new(at(name), format!("{value} is not possible"), format!("0 to {most}")))
            }
            _ => Ok(()),
        };
        whole(self.crs_grade, 5, "crs_grade")?;
        whole(self.cdss, CDSS_MAX, "cdss")?;
        let ranges = [
            ("platelets_10e9_l", self.platelets_10e9_l, (0.0, 3000.0, "x10^9/L")),
            ("d_dimer_mg_l", self.d_dimer_mg_l, (0.0, 200.0, "mg/L FEU")),
            ("pt_prolongation_s", self.pt_prolongation_s, (-20.0, 200.0, "s")),
            ("pt_s", self.pt_s, (5.0, 200.0, "s")),
            ("pt_uln_s", self.pt_uln_s, (5.0, 200.0, "s")),
            ("fibrinogen_g_l", self.fibrinogen_g_l, (0.0, 15.0, "g/L")),
            ("fibrinogen_mg_dl", self.fibrinogen_mg_dl, (0.0, 1500.0, "mg/dL")),
        ];
        for (name, value, range) in ranges {
            let hint = |x: f64| match name {
                "fibrinogen_g_l" if x > 0.0 && x <= 1500.0 => Some("it would fit mg/dL (fibrinogen_mg_dl)"),
                "platelets_10e9_l" if x > 0.0 && x <= 3_000_000.0 => Some("it would fit /ul; divide by 1000"),
                "d_dimer_mg_l" if x > 0.0 && x <= 200_000.0 => Some("it would fit ug/L; divide by 1000"),
                _ => None,
            };
            within(value, range, || at(name), hint)?;
        }
        let mg_dl = self.fibrinogen_mg_dl.map(|x| x / 100.0);
        either(self.fibrinogen_g_l, mg_dl, || at("fibrinogen_mg_dl"))?;
        let from_times = self.pt_s.zip(self.pt_uln_s).map(|(pt, uln)| pt - uln);
        if self.pt_prolongation_s.zip(from_times).is_some_and(|(a, b)| (a - b).abs() > 0.05) {
            let problem = "is not the difference of pt_s and pt_uln_s";
            return Err(Fault::new(at("pt_prolongation_s"), problem, "one of the two"));
        }
        if self.coagulation_abnormal == Some(false) && self.improved == Some(false) {
            let problem = "not improved, but coagulation is not abnormal";
            return Err(Fault::new(at("improved"), problem, "improvement of an abnormal coagulation"));
        }
        Ok(())
    }
}

/// A patient's assessments after one infusion.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct CaracCase {
    /// The assessments, in any order, one a day.
    #[serde(alias = "assessments")]
    pub days: Vec<Assessment>,
    /// Day 0, where days and dates are mixed.
    pub infusion_date: Option<NaiveDate>,
    /// Readings.
    pub parameters: Parameters,
}

impl Case for CaracCase {
    type Result = Carac;
    fn derive(&self, trace: &mut Trace) -> Result<Carac, Fault> {
        assess(&self.days, self.infusion_date, self.parameters, trace)
    }
}
