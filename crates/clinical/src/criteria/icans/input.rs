//! What a case of ICANS may say.

use super::super::case::{Case, Fault};
use super::super::compare::above;
use super::super::crs::lenient::{Aliased, aliased, code, flag, plain, within};
use super::super::crs::timeline::Timed;
use super::super::trace::Trace;
use super::{Icans, Parameters, grade};
use crate::codes::toxicity::{Consciousness, IntracranialPressure, MotorFinding, Seizure};
use crate::field::value_sets;
use chrono::NaiveDate;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::fmt;

/// A seizure is prolonged above this.
pub(super) const PROLONGED_MIN: f64 = 5.0;

value_sets! {
    /// The items of the grade.
    Domain "icans_domain" {
        Ice "ICE" "ICE score" "ICE评分";
        Consciousness "CONSCIOUSNESS" "Consciousness" "意识";
        Seizure "SEIZURE" "Seizure" "癫痫";
        Motor "MOTOR" "Motor finding" "运动障碍";
        IntracranialPressure "ICP" "Intracranial pressure" "颅内压";
    }
}

impl Aliased for Consciousness {
    const ALIASES: &'static [(&'static str, &'static str)] = &[
        ("ALERT", "AWAKE"),
        ("NORMAL", "AWAKE"),
        ("AWAKENS_SPONTANEOUSLY", "SPONTANEOUS"),
        ("AWAKENS_TO_VOICE", "VOICE"),
        ("TO_VOICE", "VOICE"),
        ("AWAKENS_TO_TACTILE_STIMULUS", "TACTILE"),
        ("TO_TOUCH", "TACTILE"),
        ("TOUCH", "TACTILE"),
        ("STUPOR", "UNAROUSABLE"),
        ("COMA", "UNAROUSABLE"),
    ];
}

impl Aliased for MotorFinding {
    const ALIASES: &'static [(&'static str, &'static str)] = &[
        ("NO", "NONE"),
        ("WEAKNESS", "FOCAL_WEAKNESS"),
        ("DEEP_FOCAL_WEAKNESS", "FOCAL_WEAKNESS"),
        ("HEMIPARESIS", "FOCAL_WEAKNESS"),
        ("PARAPARESIS", "FOCAL_WEAKNESS"),
    ];
    const FLAGS: (Option<&'static str>, Option<&'static str>) = (Some("FOCAL_WEAKNESS"), Some("NONE"));
}

const PRESSURES: &[(&str, &str)] = &[
    ("NO", "NONE"),
    ("INFARCT", "HEMORRHAGE"),
    ("INTRACRANIAL_HEMORRHAGE", "HEMORRHAGE"),
    ("LOCAL_EDEMA", "FOCAL_EDEMA"),
    ("FOCAL_OEDEMA", "FOCAL_EDEMA"),
    ("DIFFUSE_OEDEMA", "DIFFUSE_EDEMA"),
    ("PAPILLOEDEMA", "PAPILLEDEMA"),
    ("CN_VI_PALSY", "CN6_PALSY"),
    ("CUSHING_TRIAD", "CUSHING"),
];

const SEIZURES: &[(&str, &str)] = &[
    ("NO", "NONE"),
    ("EEG", "NONCONVULSIVE"),
    ("ELECTROGRAPHIC", "NONCONVULSIVE"),
    ("STATUS_EPILEPTICUS", "PROLONGED"),
];

/// A seizure, as far as it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SeizureSeen {
    /// A code of the value set.
    Known(Seizure),
    /// A clinical seizure; its duration decides.
    Clinical,
}

impl<'de> Deserialize<'de> for SeizureSeen {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl Visitor<'_> for Reader {
            type Value = SeizureSeen;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a code of the value set seizure, true or false")
            }
            fn visit_bool<E: Error>(self, seen: bool) -> Result<SeizureSeen, E> {
                Ok(if seen { SeizureSeen::Clinical } else { SeizureSeen::Known(Seizure::None) })
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<SeizureSeen, E> {
                match plain(text).as_str() {
                    "CLINICAL" | "FOCAL" | "GENERALIZED" | "GENERALISED" | "YES" | "Y" => {
                        Ok(SeizureSeen::Clinical)
                    }
                    "N" => Ok(SeizureSeen::Known(Seizure::None)),
                    _ => code(text, SEIZURES).map(SeizureSeen::Known).map_err(E::custom),
                }
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

/// Points of the ICE score by task (D2.1).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Ice {
    /// Year, month, city, hospital: 0 to 4.
    #[serde(alias = "orient")]
    pub orientation: Option<u8>,
    /// Three objects: 0 to 3.
    pub naming: Option<u8>,
    /// A simple command: 0 or 1.
    #[serde(alias = "commands", alias = "following_commands")]
    pub command: Option<u8>,
    /// A standard sentence: 0 or 1.
    pub writing: Option<u8>,
    /// Counting down from 100 by 10: 0 or 1.
    pub attention: Option<u8>,
}

impl Ice {
    /// The tasks with their points and most points.
    fn tasks(&self) -> [(&'static str, Option<u8>, u8); 5] {
        [
            ("orientation", self.orientation, 4),
            ("naming", self.naming, 3),
            ("command", self.command, 1),
            ("writing", self.writing, 1),
            ("attention", self.attention, 1),
        ]
    }

    /// The lowest and highest total that the tasks told allow.
    pub fn bounds(&self) -> (u8, u8) {
        self.tasks().iter().fold((0, 0), |(low, high), (_, points, most)| {
            (low.saturating_add(points.unwrap_or(0)), high.saturating_add(points.unwrap_or(*most)))
        })
    }
}

/// The ICE score: by task, or a total.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IceScore {
    /// By task.
    Tasks(Ice),
    /// Total, 0 to 10.
    Total(u8),
}

impl<'de> Deserialize<'de> for IceScore {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = IceScore;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("{orientation, naming, command, writing, attention}, or the total")
            }
            fn visit_u64<E: Error>(self, total: u64) -> Result<IceScore, E> {
                let number = serde::de::Unexpected::Unsigned(total);
                u8::try_from(total).map(IceScore::Total).map_err(|_| E::invalid_value(number, &self))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<IceScore, A::Error> {
                Ice::deserialize(MapAccessDeserializer::new(map)).map(IceScore::Tasks)
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

/// Reads a list of signs, one sign, false for none, or null.
fn signs<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<IntracranialPressure>>, D::Error> {
    struct Sign(IntracranialPressure);
    impl<'de> Deserialize<'de> for Sign {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let text = String::deserialize(deserializer)?;
            code(&text, PRESSURES).map(Sign).map_err(D::Error::custom)
        }
    }
    struct Reader;
    impl<'de> Visitor<'de> for Reader {
        type Value = Option<Vec<IntracranialPressure>>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("codes of the value set intracranial_pressure, or false")
        }
        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(None)
        }
        fn visit_bool<E: Error>(self, seen: bool) -> Result<Self::Value, E> {
            if seen {
                return Err(E::invalid_value(serde::de::Unexpected::Bool(true), &self));
            }
            Ok(Some(Vec::new()))
        }
        fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
            code(text, PRESSURES).map(|sign| Some(vec![sign])).map_err(E::custom)
        }
        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
            let mut signs = Vec::new();
            while let Some(Sign(sign)) = list.next_element()? {
                signs.push(sign);
            }
            Ok(Some(signs))
        }
    }
    deserializer.deserialize_any(Reader)
}

/// What was observed on a day, or at one time of it.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Observation {
    /// Day from the infusion; this or `date`.
    pub day: Option<i32>,
    /// Calendar day; this or `day`.
    pub date: Option<NaiveDate>,
    /// ICE score by task or as a total.
    pub ice: Option<IceScore>,
    /// ICE score, 0 to 10.
    #[serde(alias = "ice_score")]
    pub ice_total: Option<u8>,
    /// Depressed level of consciousness.
    #[serde(deserialize_with = "aliased", alias = "awakening")]
    pub consciousness: Option<Consciousness>,
    /// Seizure.
    pub seizure: Option<SeizureSeen>,
    /// Duration of the longest seizure.
    #[serde(alias = "seizure_min", alias = "seizure_duration_min")]
    pub seizure_minutes: Option<f64>,
    /// Motor finding.
    #[serde(deserialize_with = "aliased")]
    pub motor: Option<MotorFinding>,
    /// Signs of raised intracranial pressure; empty when none.
    #[serde(deserialize_with = "signs", alias = "intracranial_pressure")]
    pub icp: Option<Vec<IntracranialPressure>>,
    /// Global aphasia in a patient who is awake: an ICE score of 0 where none is told.
    #[serde(deserialize_with = "flag", alias = "aphasia")]
    pub global_aphasia: Option<bool>,
    /// Intracranial hemorrhage or infarct.
    #[serde(deserialize_with = "flag", alias = "intracranial_haemorrhage")]
    pub intracranial_hemorrhage: Option<bool>,
    /// Items that have another cause.
    pub other_cause: Option<Vec<Domain>>,
    /// Sedating drugs in use.
    #[serde(deserialize_with = "flag", alias = "sedation")]
    pub sedated: Option<bool>,
    /// Statement that no seizure, motor finding or sign of intracranial pressure goes unrecorded.
    #[serde(deserialize_with = "flag")]
    pub no_other_findings: Option<bool>,
    /// Death attributed to ICANS.
    #[serde(deserialize_with = "flag")]
    pub death_due_to_icans: Option<bool>,
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
    /// Lowest and highest ICE score; `None` when nothing is told of it.
    pub(super) fn ice_bounds(&self) -> Option<(u8, u8)> {
        let told = match (self.ice_total, self.ice) {
            (Some(total), _) | (None, Some(IceScore::Total(total))) => Some((total, total)),
            (None, Some(IceScore::Tasks(tasks))) => Some(tasks.bounds()),
            (None, None) => None,
        };
        told.or((self.global_aphasia == Some(true)).then_some((0, 0)))
    }

    /// Refuses what is impossible or contradicts itself. `i` is the place in the input.
    pub(super) fn check(&self, i: usize) -> Result<(), Fault> {
        let at = |name: &str| format!("/days/{i}/{name}");
        let mut total = self.ice_total;
        match self.ice {
            Some(IceScore::Tasks(tasks)) => {
                for (name, points, most) in tasks.tasks() {
                    if let Some(points) = points.filter(|points| *points > most) {
                        let expected = format!("0 to {most}");
                        return Err(Fault::new(
                            at(&format!("ice/{name}")),
                            format!("{points} points are not possible"),
                            expected,
                        ));
                    }
                }
                let (low, high) = tasks.bounds();
                if let Some(total) = total.filter(|total| !(low..=high).contains(total)) {
                    return Err(Fault::new(
                        at("ice_total"),
                        format!("{total} is not the sum of the tasks"),
                        if low == high { format!("{low}") } else { format!("{low} to {high}") },
                    ));
                }
            }
            Some(IceScore::Total(other)) => {
                if let Some(total) = total.filter(|total| *total != other) {
                    let problem = format!("{total}, but ice is {other}");
                    return Err(Fault::new(at("ice_total"), problem, "one score"));
                }
                total = Some(other);
            }
            None => {}
        }
        if let Some(total) = total.filter(|total| *total > 10) {
            return Err(Fault::new(at("ice_total"), format!("{total} is not possible"), "0 to 10"));
        }
        let points = self.ice_bounds().map_or(0, |(low, _)| low);
        if self.consciousness == Some(Consciousness::Unarousable) && points > 0 {
            return Err(Fault::new(
                at("ice_total"),
                format!("{points} points in an unarousable patient"),
                "0, or another level of consciousness (catalogue R10)",
            ));
        }
        within(self.seizure_minutes, (0.0, 1440.0, "min"), || at("seizure_minutes"), |_| None)?;
        let long = self.seizure_minutes.map(|minutes| above(minutes, PROLONGED_MIN));
        let impossible = match (self.seizure, long) {
            (Some(SeizureSeen::Known(Seizure::None)), Some(_)) => self.seizure_minutes != Some(0.0),
            (Some(SeizureSeen::Known(Seizure::Brief)), Some(long)) => long,
            (Some(SeizureSeen::Known(Seizure::Prolonged)), Some(long)) => !long,
            _ => false,
        };
        if impossible {
            return Err(Fault::new(
                at("seizure_minutes"),
                "contradicts the seizure",
                "more than 5 for PROLONGED, at most 5 for BRIEF",
            ));
        }
        Ok(())
    }
}

/// A patient's days after one infusion.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct IcansCase {
    /// The observations, in any order.
    #[serde(alias = "observations")]
    pub days: Vec<Observation>,
    /// Day 0, where days and dates are mixed.
    pub infusion_date: Option<NaiveDate>,
    /// Age at infusion.
    #[serde(alias = "age")]
    pub age_years: Option<f64>,
    /// Maximum grade as reported by the center, to be compared.
    #[serde(alias = "max_grade")]
    pub reported_max_grade: Option<u8>,
    /// Readings.
    pub parameters: Parameters,
}

impl Case for IcansCase {
    type Result = Icans;
    fn derive(&self, trace: &mut Trace) -> Result<Icans, Fault> {
        if let Some(grade) = self.reported_max_grade.filter(|grade| *grade > 5) {
            return Err(Fault::new("/reported_max_grade", format!("{grade} is no grade"), "0 to 5"));
        }
        let mut icans = grade(&self.days, self.infusion_date, self.age_years, self.parameters, trace)?;
        icans.reported_agrees = self
            .reported_max_grade
            .zip(icans.course.max_grade)
            .map(|(reported, derived)| reported == derived);
        Ok(icans)
    }
}
