//! What a case of vasopressors may say.

use super::super::case::{Case, Fault};
use super::super::compare::{Verdict, same};
use super::super::crs::lenient::{Aliased, aliased, code, flag, within};
use super::super::trace::{At, Trace};
use super::{Assessment, Dose, Parameters, Regimen, Vasopressor, assess};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::fmt;

impl Aliased for Vasopressor {
    const ALIASES: &'static [(&'static str, &'static str)] = &[
        ("NORADRENALINE", "NE"),
        ("NORAD", "NE"),
        ("LEVOPHED", "NE"),
        ("ADRENALINE", "EPI"),
        ("DA", "DOPA"),
        ("AVP", "VASO"),
        ("ARGIPRESSIN", "VASO"),
        ("TERLIPRESSIN", "VASO"),
        ("ANGIOTENSIN", "ANG_II"),
    ];
}

/// Unit of an infusion rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DoseUnit {
    /// ug/min.
    UgMin,
    /// ug/kg/min.
    UgKgMin,
    /// mg/h.
    MgH,
    /// U/min.
    UMin,
    /// U/h.
    UH,
}

impl<'de> Deserialize<'de> for DoseUnit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let plain =
            text.trim().to_lowercase().replace(['µ', 'μ'], "u").replace("mcg", "ug").replace("iu/", "u/");
        match plain.as_str() {
            "ug/min" => Ok(Self::UgMin),
            "ug/kg/min" | "ug/(kg.min)" | "ug/(kg·min)" => Ok(Self::UgKgMin),
            "mg/h" | "mg/hr" => Ok(Self::MgH),
            "u/min" => Ok(Self::UMin),
            "u/h" | "u/hr" => Ok(Self::UH),
            _ => Err(D::Error::custom(format!(
                "unit {:?}, expected one of ug/min, ug/kg/min, mg/h, U/min, U/h",
                crate::finding::echo(&text)
            ))),
        }
    }
}

/// One agent in use: a code, or an object with its dose.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Agent {
    /// Which.
    pub drug: Vasopressor,
    /// Rate in `unit`; 0 is not in use.
    pub dose: Option<f64>,
    /// Unit of `dose`.
    pub unit: Option<DoseUnit>,
    /// For how long.
    pub hours: Option<f64>,
}

impl Agent {
    /// In use, at a dose not told.
    pub fn of(drug: Vasopressor) -> Self {
        Self { drug, dose: None, unit: None, hours: None }
    }

    /// False when its dose is 0.
    pub fn in_use(&self) -> bool {
        self.dose != Some(0.0)
    }

    /// Rate in the unit of [`Regimen`]; `None` when no dose is given, or the weight needed is absent.
    fn rate(&self, weight_kg: Option<f64>, pointer: &str) -> Result<Option<f64>, Fault> {
        let Some(dose) = self.dose else { return Ok(None) };
        let (unit, accepted) = match self.drug {
            Vasopressor::Dopamine => (DoseUnit::UgKgMin, "ug/kg/min, or ug/min or mg/h with weight_kg"),
            Vasopressor::Vasopressin => (DoseUnit::UMin, "U/min or U/h"),
            _ => (DoseUnit::UgMin, "ug/min, mg/h, or ug/kg/min with weight_kg"),
        };
        let refuse = |problem: &str| Err(Fault::new(format!("{pointer}/unit"), problem.to_owned(), accepted));
        let Some(given) = self.unit else { return refuse("a dose without a unit") };
        let ug_min = match given {
            DoseUnit::MgH => Some(dose * 1000.0 / 60.0),
            DoseUnit::UgMin => Some(dose),
            DoseUnit::UgKgMin if unit == DoseUnit::UgKgMin => return Ok(Some(dose)),
            DoseUnit::UgKgMin => weight_kg.map(|weight| dose * weight),
            DoseUnit::UMin if unit == DoseUnit::UMin => return Ok(Some(dose)),
            DoseUnit::UH if unit == DoseUnit::UMin => return Ok(Some(dose / 60.0)),
            DoseUnit::UMin | DoseUnit::UH => return refuse("units of activity are for vasopressin"),
        };
        match unit {
            DoseUnit::UMin => refuse("vasopressin is given in units of activity"),
            DoseUnit::UgKgMin => Ok(ug_min.zip(weight_kg).map(|(rate, weight)| rate / weight)),
            _ => Ok(ug_min),
        }
    }
}

impl<'de> Deserialize<'de> for Agent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Whole {
            #[serde(alias = "agent", alias = "code", alias = "name", deserialize_with = "aliased")]
            drug: Option<Vasopressor>,
            #[serde(default, alias = "rate")]
            dose: Option<f64>,
            #[serde(default)]
            unit: Option<DoseUnit>,
            #[serde(default, alias = "duration_h")]
            hours: Option<f64>,
        }
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Agent;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the code of a vasopressor, or {drug, dose, unit, hours}")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Agent, E> {
                code(text, Vasopressor::ALIASES).map(Agent::of).map_err(E::custom)
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Agent, A::Error> {
                let whole = Whole::deserialize(MapAccessDeserializer::new(map))?;
                let drug = whole.drug.unwrap_or(Vasopressor::Other);
                Ok(Agent { drug, dose: whole.dose, unit: whole.unit, hours: whole.hours })
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

/// The hard range of G4 CRD, and what a value outside was probably meant to be.
fn ranged(drug: Vasopressor, rate: Option<f64>, pointer: &str) -> Result<Option<f64>, Fault> {
    let range = match drug {
        Vasopressor::Norepinephrine | Vasopressor::Epinephrine => (0.0, 500.0, "ug/min"),
        Vasopressor::Dopamine => (0.0, 50.0, "ug/kg/min"),
        Vasopressor::Phenylephrine => (0.0, 1000.0, "ug/min"),
        Vasopressor::Vasopressin => (0.0, 0.2, "U/min"),
        _ => (0.0, f64::MAX, ""),
    };
    let hint = |x: f64| match drug {
        Vasopressor::Dopamine if x > 0.0 => Some("a rate in ug/min is told with its unit and weight_kg"),
        Vasopressor::Vasopressin if (0.2..=12.0).contains(&x) => Some("it would fit U/h"),
        _ => None,
    };
    within(rate, range, || pointer.to_owned(), hint)
}

/// The regimen of a complete list of the agents in use at one time.
///
/// # Errors
/// When a dose has no or a wrong unit, is impossible, or an agent is listed twice.
pub fn regimen(agents: &[Agent], weight_kg: Option<f64>) -> Result<Regimen, Fault> {
    let mut regimen = Regimen::NONE;
    for (i, agent) in agents.iter().enumerate() {
        let pointer = format!("/vasopressors/{i}");
        let rate = ranged(agent.drug, agent.rate(weight_kg, &pointer)?, &format!("{pointer}/dose"))?;
        let hours = hours(agent.hours, || format!("{pointer}/hours"))?;
        let slot = match agent.drug {
            Vasopressor::Norepinephrine => &mut regimen.norepinephrine,
            Vasopressor::Dopamine => &mut regimen.dopamine,
            Vasopressor::Epinephrine => &mut regimen.epinephrine,
            Vasopressor::Phenylephrine => &mut regimen.phenylephrine,
            Vasopressor::Vasopressin => &mut regimen.vasopressin,
            Vasopressor::Metaraminol | Vasopressor::AngiotensinII | Vasopressor::Other => &mut regimen.other,
        };
        let dose = rate.map_or(Dose { given: Verdict::Met, rate: None, hours }, |rate| Dose::of(rate, hours));
        let comparable =
            !matches!(agent.drug, Vasopressor::Metaraminol | Vasopressor::AngiotensinII | Vasopressor::Other);
        if slot.given.not_met() {
            *slot = dose;
        } else if comparable {
            return Err(Fault::new(
                pointer,
                format!("{} is listed twice", agent.drug.code()),
                "each agent once",
            ));
        } else if dose.given.met() {
            slot.hours = slot.hours.zip(hours).map(|(a, b)| a.max(b));
        }
    }
    Ok(regimen)
}

fn hours(value: Option<f64>, pointer: impl FnOnce() -> String) -> Result<Option<f64>, Fault> {
    within(value, (0.0, 10_000.0, "h"), pointer, |_| None)
}

/// The vasopressors of one time: a complete list, or a rate per agent, where an absent rate is unknown.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct VasopressorCase {
    /// Every agent in use.
    #[serde(alias = "agents", alias = "infusions")]
    pub vasopressors: Option<Vec<Agent>>,
    /// Body weight, for rates per kg.
    #[serde(alias = "weight")]
    pub weight_kg: Option<f64>,
    /// ug/min.
    #[serde(alias = "noradrenaline_ug_min", alias = "ne_ug_min", alias = "ne", alias = "norepinephrine")]
    pub norepinephrine_ug_min: Option<f64>,
    /// ug/kg/min.
    #[serde(alias = "dopa_ug_kg_min", alias = "dopa", alias = "dopamine")]
    pub dopamine_ug_kg_min: Option<f64>,
    /// ug/min.
    #[serde(alias = "adrenaline_ug_min", alias = "epi_ug_min", alias = "epi", alias = "epinephrine")]
    pub epinephrine_ug_min: Option<f64>,
    /// ug/min.
    #[serde(alias = "phe_ug_min", alias = "phe", alias = "phenylephrine")]
    pub phenylephrine_ug_min: Option<f64>,
    /// U/min.
    #[serde(alias = "vaso_u_min", alias = "vaso")]
    pub vasopressin_u_min: Option<f64>,
    /// Whether vasopressin is given.
    #[serde(deserialize_with = "flag")]
    pub vasopressin: Option<bool>,
    /// For how long everything has been given, unless a listed agent says otherwise.
    #[serde(alias = "duration_h")]
    pub hours: Option<f64>,
    /// Thresholds.
    pub parameters: Parameters,
}

impl VasopressorCase {
    fn regimen(&self, trace: &mut Trace) -> Result<Regimen, Fault> {
        let weight = within(
            self.weight_kg,
            (20.0, 250.0, "kg"),
            || "/weight_kg".to_owned(),
            |x| (x > 250.0 && x <= 550.0).then_some("it would fit pounds"),
        )?;
        let all_hours = hours(self.hours, || "/hours".to_owned())?;
        let named = [
            (Vasopressor::Norepinephrine, self.norepinephrine_ug_min, "/norepinephrine_ug_min"),
            (Vasopressor::Dopamine, self.dopamine_ug_kg_min, "/dopamine_ug_kg_min"),
            (Vasopressor::Epinephrine, self.epinephrine_ug_min, "/epinephrine_ug_min"),
            (Vasopressor::Phenylephrine, self.phenylephrine_ug_min, "/phenylephrine_ug_min"),
            (Vasopressor::Vasopressin, self.vasopressin_u_min, "/vasopressin_u_min"),
        ];
        let mut regimen = if let Some(list) = &self.vasopressors {
            if let Some((_, _, pointer)) = named.iter().find(|(_, rate, _)| rate.is_some()) {
                return Err(Fault::new(*pointer, "given besides the list of vasopressors", "one of the two"));
            }
            let needs_weight = |agent: &Agent| {
                weight.is_none()
                    && agent.dose.is_some()
                    && agent.rate(Some(1.0), "") != agent.rate(Some(2.0), "")
            };
            if list.iter().any(needs_weight) {
                trace.miss(At::Case, "weight_kg");
            }
            let agents: Vec<Agent> =
                list.iter().map(|agent| Agent { hours: agent.hours.or(all_hours), ..*agent }).collect();
            regimen(&agents, weight)?
        } else {
            let mut doses = [Dose { hours: all_hours, ..Dose::UNKNOWN }; 5];
            for (dose, (drug, rate, pointer)) in doses.iter_mut().zip(named) {
                if let Some(rate) = ranged(drug, rate, pointer)? {
                    *dose = Dose::of(rate, all_hours);
                }
            }
            let [norepinephrine, dopamine, epinephrine, phenylephrine, vasopressin] = doses;
            Regimen { norepinephrine, dopamine, epinephrine, phenylephrine, vasopressin, other: Dose::NONE }
        };
        if let Some(given) = self.vasopressin {
            let told = regimen.vasopressin;
            let listed = told.given.met() && !self.vasopressin_u_min.is_some_and(|rate| same(rate, 0.0));
            let named_zero = self.vasopressin_u_min.is_some_and(|rate| same(rate, 0.0));
            if (listed && !given) || (named_zero && given) {
                return Err(Fault::new(
                    "/vasopressin",
                    format!("{given} contradicts its dose"),
                    "one statement",
                ));
            }
            if !listed {
                regimen.vasopressin = if given {
                    Dose { given: Verdict::Met, rate: None, hours: all_hours }
                } else {
                    Dose::NONE
                };
            }
        }
        Ok(regimen)
    }
}

impl Case for VasopressorCase {
    type Result = Assessment;
    fn derive(&self, trace: &mut Trace) -> Result<Assessment, Fault> {
        let regimen = self.regimen(trace)?;
        let parameters = self.parameters;
        hours(Some(parameters.sustained_h), || "/parameters/sustained_h".to_owned())?;
        Ok(assess(&regimen, parameters, trace))
    }
}
