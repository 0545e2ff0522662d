//! How a decision was reached: every condition looked at, in order, with the values that met or failed it.

use super::compare::Verdict;
use chrono::NaiveDate;
use serde::ser::{Serialize, SerializeMap, Serializer};

/// How far a rule can be trusted (catalogue 0.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Provenance {
    /// Stated in the readable text of the guideline.
    Seed,
    /// Printed in the guideline but illegible; rebuilt from the reference it cites.
    Reconstructed,
    /// Not in the guideline; a published standard the registry needs.
    External,
    /// An operational choice of the registry.
    Proposed,
}

impl Provenance {
    /// Name in outputs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Seed => "seed",
            Self::Reconstructed => "reconstructed",
            Self::External => "external",
            Self::Proposed => "proposed",
        }
    }
}

/// One condition of the guideline, as data.
#[derive(Debug, PartialEq, Eq)]
pub struct Criterion {
    /// Stable id, `subject.what`.
    pub id: &'static str,
    /// The condition, in English.
    pub en: &'static str,
    /// The condition, in Chinese.
    pub zh: &'static str,
    /// Section of the guideline or the paper.
    pub source: &'static str,
    /// How far it can be trusted.
    pub provenance: Provenance,
}

/// Declares criteria as statics and lists them in `CRITERIA`, so that none escapes the dictionary.
///
/// ```text
/// criteria! {
///     /// Why it is needed, if the text does not say.
///     LOW_FLOW = Seed("crs.low_flow_oxygen", "oxygen at 6 L/min or less", "低流量吸氧（≤6 L/min）", "4.1.1; ASTCT 2019");
/// }
/// ```
macro_rules! criteria {
    ($($(#[$doc:meta])* $name:ident = $provenance:ident($id:literal, $en:literal, $zh:literal, $source:literal);)*) => {
        $($(#[$doc])* #[doc = concat!("Criterion `", $id, "`.")] pub static $name: $crate::criteria::Criterion = $crate::criteria::Criterion {
            id: $id, en: $en, zh: $zh, source: $source, provenance: $crate::criteria::Provenance::$provenance,
        };)*
        /// Every criterion declared in this module.
        pub static CRITERIA: &[&$crate::criteria::Criterion] = &[$(&$name),*];
    };
}
pub(crate) use criteria;

/// A value that a condition was judged by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Quantity {
    /// Not observed.
    Absent,
    /// A measurement, in the unit that the name says.
    Number(f64),
    /// A count or score.
    Integer(i64),
    /// Yes or no.
    Flag(bool),
    /// A code.
    Code(&'static str),
    /// A day.
    Date(NaiveDate),
}

impl From<f64> for Quantity {
    fn from(value: f64) -> Self {
        Self::Number(value)
    }
}
impl From<i32> for Quantity {
    fn from(value: i32) -> Self {
        Self::Integer(value.into())
    }
}
impl From<bool> for Quantity {
    fn from(value: bool) -> Self {
        Self::Flag(value)
    }
}
impl From<&'static str> for Quantity {
    fn from(value: &'static str) -> Self {
        Self::Code(value)
    }
}
impl From<NaiveDate> for Quantity {
    fn from(value: NaiveDate) -> Self {
        Self::Date(value)
    }
}
impl<T: Into<Self>> From<Option<T>> for Quantity {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Absent, Into::into)
    }
}

impl Serialize for Quantity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Absent => serializer.serialize_none(),
            Self::Number(x) => serializer.serialize_f64(*x),
            Self::Integer(i) => serializer.serialize_i64(*i),
            Self::Flag(b) => serializer.serialize_bool(*b),
            Self::Code(c) => serializer.serialize_str(c),
            Self::Date(d) => serializer.collect_str(d),
        }
    }
}

/// When the observations of a step were made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum At {
    /// The case as a whole.
    Case,
    /// A day counted from the infusion.
    Day(i32),
    /// A calendar day.
    Date(NaiveDate),
}

/// Most values one step keeps.
const VALUES: usize = 4;

/// One condition looked at. Of fixed size, so that a reused trace allocates nothing.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    /// When.
    pub at: At,
    /// The condition.
    pub criterion: &'static Criterion,
    /// Whether it held.
    pub verdict: Verdict,
    /// What the decision is when this condition held and no later step of the same time concludes otherwise.
    pub concludes: Option<&'static str>,
    values: [(&'static str, Quantity); VALUES],
}

impl Step {
    /// The values judged, by name.
    pub fn values(&self) -> impl Iterator<Item = (&'static str, Quantity)> + '_ {
        self.values.iter().filter(|(name, _)| !name.is_empty()).copied()
    }
}

impl Serialize for Step {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        struct Values<'a>(&'a Step);
        impl Serialize for Values<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_map(self.0.values())
            }
        }
        let mut map = serializer.serialize_map(None)?;
        match self.at {
            At::Case => {}
            At::Day(day) => map.serialize_entry("day", &day)?,
            At::Date(date) => map.serialize_entry("date", &date.to_string())?,
        }
        map.serialize_entry("rule", self.criterion.id)?;
        map.serialize_entry("source", self.criterion.source)?;
        map.serialize_entry("provenance", self.criterion.provenance.name())?;
        map.serialize_entry("verdict", self.verdict.name())?;
        map.serialize_entry("values", &Values(self))?;
        if let Some(concludes) = self.concludes {
            map.serialize_entry("concludes", concludes)?;
        }
        map.end()
    }
}

/// The steps of one case. Reused from case to case, it allocates only until it has grown to the largest of them.
#[derive(Debug, Clone, Default)]
pub struct Trace {
    steps: Vec<Step>,
    missing: Vec<(At, &'static str)>,
}

impl Trace {
    /// No steps yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Forgets the steps, keeps the memory.
    pub fn clear(&mut self) {
        self.steps.clear();
        self.missing.clear();
    }

    /// Notes a condition and hands its verdict back. At most four values are kept.
    pub fn judge(
        &mut self,
        at: At,
        criterion: &'static Criterion,
        verdict: impl Into<Verdict>,
        values: &[(&'static str, Quantity)],
    ) -> Verdict {
        let verdict = verdict.into();
        debug_assert!(values.len() <= VALUES, "{} judges by more than {VALUES} values", criterion.id);
        let mut kept = [("", Quantity::Absent); VALUES];
        for (place, value) in kept.iter_mut().zip(values) {
            *place = *value;
        }
        self.steps.push(Step { at, criterion, verdict, concludes: None, values: kept });
        verdict
    }

    /// As [`judge`](Self::judge), for a condition that decides: when it is met the decision is `conclusion`.
    pub fn decide(
        &mut self,
        at: At,
        criterion: &'static Criterion,
        verdict: impl Into<Verdict>,
        values: &[(&'static str, Quantity)],
        conclusion: &'static str,
    ) -> Verdict {
        let verdict = self.judge(at, criterion, verdict, values);
        if verdict.met()
            && let Some(step) = self.steps.last_mut()
        {
            step.concludes = Some(conclusion);
        }
        verdict
    }

    /// Names an observation that is absent and would have decided; each name once per time.
    pub fn miss(&mut self, at: At, name: &'static str) {
        if !self.missing.contains(&(at, name)) {
            self.missing.push((at, name));
        }
    }

    /// The steps in the order applied.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The observations that were absent and would have decided.
    pub fn missing(&self) -> &[(At, &'static str)] {
        &self.missing
    }

    /// What the steps of one time decide: the conclusion of the last one that concludes anything.
    pub fn conclusion(&self, at: At) -> Option<&'static str> {
        self.deciding(at).and_then(|step| step.concludes)
    }

    /// The step that decided at one time.
    pub fn deciding(&self, at: At) -> Option<&Step> {
        self.steps.iter().rev().find(|s| s.at == at && s.concludes.is_some())
    }
}
