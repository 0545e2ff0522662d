//! What a case of CRS may say.

use super::super::case::{Case, Fault};
use super::super::trace::Trace;
use super::super::vasopressor::{Agent, Vasopressor};
use super::lenient::{code, flag, plain, within};
use super::timeline::Timed;
use super::{Crs, Parameters, grade};
use crate::codes::toxicity::OxygenDevice;
use chrono::NaiveDate;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::fmt;

/// How oxygen is given, as far as it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Device {
    /// A code of the value set.
    Known(OxygenDevice),
    /// A nasal cannula; the flow decides which.
    NasalCannula,
}

impl Device {
    /// Code of the value set, or `NC` for a cannula of unknown flow.
    pub fn code(self) -> &'static str {
        match self {
            Self::Known(device) => device.code(),
            Self::NasalCannula => "NC",
        }
    }
}

const DEVICES: &[(&str, &str)] = &[
    ("NONE", "ROOM"),
    ("RA", "ROOM"),
    ("AIR", "ROOM"),
    ("LOW_FLOW", "NC_LOW"),
    ("LFNC", "NC_LOW"),
    ("LOW_FLOW_CANNULA", "NC_LOW"),
    ("HIGH_FLOW", "NC_HIGH"),
    ("HFNC", "NC_HIGH"),
    ("HFNO", "NC_HIGH"),
    ("HIGH_FLOW_CANNULA", "NC_HIGH"),
    ("FACEMASK", "MASK"),
    ("SIMPLE_MASK", "MASK"),
    ("SIMPLE_FACE_MASK", "MASK"),
    ("OXYGEN_MASK", "MASK"),
    ("NON_REBREATHER", "NRB"),
    ("NONREBREATHER", "NRB"),
    ("NONREBREATHER_MASK", "NRB"),
    ("BLOWBY", "BLOW_BY"),
    ("POSITIVE_PRESSURE", "CPAP"),
    ("NIV", "BIPAP"),
    ("NIPPV", "BIPAP"),
    ("MECHANICAL_VENTILATION", "INTUB"),
    ("VENTILATION", "INTUB"),
    ("VENTILATOR", "INTUB"),
    ("INTUBATION", "INTUB"),
    ("INTUBATED", "INTUB"),
    ("IMV", "INTUB"),
];

impl Device {
    fn read(text: &str) -> Result<Self, String> {
        match plain(text).as_str() {
            "NASAL_CANNULA" | "CANNULA" | "NC" => Ok(Self::NasalCannula),
            _ => code(text, DEVICES).map(Self::Known),
        }
    }
}

impl<'de> Deserialize<'de> for Device {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::read(&text).map_err(D::Error::custom)
    }
}

/// Oxygen given: `{device, flow_l_min}`, or the device alone.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Oxygen {
    /// The device.
    pub device: Option<Device>,
    /// Flow.
    pub flow_l_min: Option<f64>,
}

impl<'de> Deserialize<'de> for Oxygen {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Whole {
            #[serde(alias = "type", alias = "o2_device")]
            device: Option<Device>,
            #[serde(alias = "flow", alias = "o2_flow")]
            flow_l_min: Option<f64>,
        }
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Oxygen;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("{device, flow_l_min}, a device, or false for room air")
            }
            fn visit_bool<E: Error>(self, given: bool) -> Result<Oxygen, E> {
                if given {
                    return Err(E::invalid_value(serde::de::Unexpected::Bool(true), &self));
                }
                Ok(Oxygen { device: Some(Device::Known(OxygenDevice::RoomAir)), flow_l_min: None })
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Oxygen, E> {
                let device = Device::read(text).map_err(E::custom)?;
                Ok(Oxygen { device: Some(device), flow_l_min: None })
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Oxygen, A::Error> {
                let whole = Whole::deserialize(MapAccessDeserializer::new(map))?;
                Ok(Oxygen { device: whole.device, flow_l_min: whole.flow_l_min })
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

/// What was observed on a day, or at one time of it.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Observation {
    /// Day from the infusion; this or `date`.
    pub day: Option<i32>,
    /// Calendar day; this or `day`.
    pub date: Option<NaiveDate>,
    /// Highest temperature, 34 to 43 C.
    #[serde(alias = "tmax_c", alias = "temperature", alias = "temp_c", alias = "tmax")]
    pub temperature_c: Option<f64>,
    /// Fever, where no temperature is told.
    #[serde(deserialize_with = "flag")]
    pub fever: Option<bool>,
    /// False when the fever has another cause.
    #[serde(deserialize_with = "flag", alias = "attributable")]
    pub fever_attributed: Option<bool>,
    /// Hypotension, corrected or not.
    #[serde(deserialize_with = "flag")]
    pub hypotension: Option<bool>,
    /// Lowest systolic pressure, 30 to 250 mmHg; asked where `hypotension` is absent.
    #[serde(alias = "sbp_min", alias = "sbp_min_mmhg", alias = "sbp")]
    pub sbp_mmhg: Option<f64>,
    /// Every vasopressor in use at once; empty when none.
    pub vasopressors: Option<Vec<Agent>>,
    /// Vasopressin, where it is told apart from the list.
    #[serde(deserialize_with = "flag")]
    pub vasopressin: Option<bool>,
    /// The hypotension has another cause.
    #[serde(deserialize_with = "flag")]
    pub hypotension_other_cause: Option<bool>,
    /// Need of oxygen, where it is told apart from the oxygen.
    #[serde(deserialize_with = "flag")]
    pub hypoxia: Option<bool>,
    /// Oxygen given.
    pub oxygen: Option<Oxygen>,
    /// As `oxygen.device`.
    #[serde(alias = "o2_device")]
    pub oxygen_device: Option<Device>,
    /// As `oxygen.flow_l_min`, 0 to 80 L/min.
    #[serde(alias = "o2_flow", alias = "o2_flow_l_min", alias = "flow_l_min")]
    pub oxygen_flow_l_min: Option<f64>,
    /// The hypoxia has another cause.
    #[serde(deserialize_with = "flag")]
    pub hypoxia_other_cause: Option<bool>,
    /// Positive pressure is only to protect the airway.
    #[serde(deserialize_with = "flag")]
    pub airway_protection_only: Option<bool>,
    /// An antipyretic, tocilizumab, a steroid or another anti-cytokine drug was given.
    #[serde(deserialize_with = "flag")]
    pub antipyretic_or_anticytokine: Option<bool>,
    /// An antipyretic was given.
    #[serde(deserialize_with = "flag")]
    pub antipyretic: Option<bool>,
    /// An anti-cytokine drug was given.
    #[serde(deserialize_with = "flag", alias = "anticytokine")]
    pub anti_cytokine: Option<bool>,
    /// Tocilizumab was given.
    #[serde(deserialize_with = "flag")]
    pub tocilizumab: Option<bool>,
    /// A corticosteroid was given.
    #[serde(deserialize_with = "flag", alias = "steroid", alias = "corticosteroids")]
    pub steroids: Option<bool>,
    /// Statement that no hypotension, vasopressor or oxygen goes unrecorded.
    #[serde(deserialize_with = "flag")]
    pub no_other_findings: Option<bool>,
    /// Death attributed to CRS.
    #[serde(deserialize_with = "flag")]
    pub death_due_to_crs: Option<bool>,
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
    /// The drugs after which fever is no longer needed.
    pub(super) fn treated(&self) -> bool {
        [
            self.antipyretic_or_anticytokine,
            self.antipyretic,
            self.anti_cytokine,
            self.tocilizumab,
            self.steroids,
        ]
        .contains(&Some(true))
    }

    /// Oxygen from either way of telling it.
    pub(super) fn oxygen(&self) -> Oxygen {
        let nested = self.oxygen.unwrap_or_default();
        Oxygen {
            device: nested.device.or(self.oxygen_device),
            flow_l_min: nested.flow_l_min.or(self.oxygen_flow_l_min),
        }
    }

    /// Distinct vasopressors in use, vasopressin not counted; `None` when no list is given. Unnamed agents each count.
    pub(super) fn agents(&self) -> Option<i32> {
        let list = self.vasopressors.as_deref()?;
        let mut count = 0;
        for (i, agent) in list.iter().enumerate() {
            let named = agent.drug != Vasopressor::Other;
            let repeated = list.iter().take(i).any(|before| before.in_use() && before.drug == agent.drug);
            if agent.in_use() && agent.drug != Vasopressor::Vasopressin && !(named && repeated) {
                count += 1;
            }
        }
        Some(count)
    }

    /// Vasopressin from either way of telling it.
    pub(super) fn has_vasopressin(&self) -> bool {
        let mut listed = self.vasopressors.iter().flatten();
        self.vasopressin == Some(true)
            || listed.any(|agent| agent.in_use() && agent.drug == Vasopressor::Vasopressin)
    }

    /// Refuses what is impossible or contradicts itself. `i` is the place in the input.
    pub(super) fn check(&self, i: usize) -> Result<(), Fault> {
        let at = |name: &str| format!("/days/{i}/{name}");
        within(
            self.temperature_c,
            (34.0, 43.0, "C"),
            || at("temperature_c"),
            |x| (93.0..=110.0).contains(&x).then_some("it would fit Fahrenheit"),
        )?;
        within(
            self.sbp_mmhg,
            (30.0, 250.0, "mmHg"),
            || at("sbp_mmhg"),
            |x| (4.0..=30.0).contains(&x).then_some("it would fit kPa"),
        )?;
        for agent in self.vasopressors.iter().flatten() {
            within(agent.dose, (0.0, f64::MAX, ""), || at("vasopressors"), |_| None)?;
        }
        let nested = self.oxygen.unwrap_or_default();
        for flow in [nested.flow_l_min, self.oxygen_flow_l_min] {
            within(flow, (0.0, 80.0, "L/min"), || at("oxygen/flow_l_min"), |_| None)?;
        }
        let differ = |a: bool, name: &str, problem: &str, expected: &str| {
            if a { Err(Fault::new(at(name), problem, expected)) } else { Ok(()) }
        };
        let devices = nested.device.zip(self.oxygen_device);
        differ(
            devices.is_some_and(|(a, b)| a != b),
            "oxygen_device",
            "another device than oxygen.device",
            "one device",
        )?;
        let flows = nested.flow_l_min.zip(self.oxygen_flow_l_min);
        #[expect(clippy::float_cmp, reason = "two copies of one number")]
        let two_flows = flows.is_some_and(|(a, b)| a != b);
        differ(two_flows, "oxygen_flow_l_min", "another flow than oxygen.flow_l_min", "one flow")?;
        let oxygen = self.oxygen();
        let room_flow = oxygen.device == Some(Device::Known(OxygenDevice::RoomAir))
            && oxygen.flow_l_min.is_some_and(|flow| flow > 0.0);
        differ(room_flow, "oxygen", "a flow of oxygen in room air", "the device, or no flow")?;
        let listed = self.vasopressin == Some(false) && self.has_vasopressin();
        differ(listed, "vasopressin", "false, but vasopressin is in the list", "one statement")?;
        let both = self.temperature_c.zip(self.fever);
        differ(
            both.is_some_and(|(t, fever)| super::super::compare::at_least(t, 38.0) != fever),
            "fever",
            "contradicts the temperature",
            "fever of 38 C or more, or the temperature alone",
        )
    }
}

/// A patient's days after one infusion.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct CrsCase {
    /// The observations, in any order.
    #[serde(alias = "observations")]
    pub days: Vec<Observation>,
    /// Day 0, where days and dates are mixed.
    pub infusion_date: Option<NaiveDate>,
    /// Maximum grade as reported by the center, to be compared.
    #[serde(alias = "max_grade")]
    pub reported_max_grade: Option<u8>,
    /// Readings.
    pub parameters: Parameters,
}

impl Case for CrsCase {
    type Result = Crs;
    fn derive(&self, trace: &mut Trace) -> Result<Crs, Fault> {
        if let Some(grade) = self.reported_max_grade.filter(|grade| *grade > 5) {
            return Err(Fault::new("/reported_max_grade", format!("{grade} is no grade"), "0 to 5"));
        }
        let mut crs = grade(&self.days, self.infusion_date, self.parameters, trace)?;
        crs.reported_agrees =
            self.reported_max_grade.zip(crs.course.max_grade).map(|(reported, derived)| reported == derived);
        Ok(crs)
    }
}
