//! What is wrong with a document a person wrote: a cohort definition or the parameters of a report.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::fmt;

/// One fault, at one place of the document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// JSON Pointer of the member at fault; empty for the document as a whole.
    pub pointer: String,
    /// What is wrong.
    pub message: String,
    /// What was received, as JSON text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub received: Option<String>,
    /// What would be accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
}

impl Fault {
    /// A fault at `pointer`.
    pub fn new(pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), message: message.into(), received: None, expected: None }
    }

    /// Adds what was received.
    #[must_use]
    pub fn received(mut self, received: impl fmt::Display) -> Self {
        self.received = Some(received.to_string());
        self
    }

    /// Adds what would be accepted.
    #[must_use]
    pub fn expected(mut self, expected: impl Into<String>) -> Self {
        self.expected = Some(expected.into());
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.pointer.is_empty() {
            write!(f, "{}: ", self.pointer)?;
        }
        f.write_str(&self.message)?;
        if let Some(received) = &self.received {
            write!(f, "; received {received}")?;
        }
        if let Some(expected) = &self.expected {
            write!(f, "; expected {expected}")?;
        }
        Ok(())
    }
}

/// Every fault of a document at once; never empty when it is an error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Default)]
pub struct Faults(pub Vec<Fault>);

impl Faults {
    /// One fault.
    pub fn one(fault: Fault) -> Self {
        Self(vec![fault])
    }

    /// `value` when there is no fault, the faults otherwise.
    ///
    /// # Errors
    ///
    /// `self`, when it holds a fault.
    pub fn into_result<T>(self, value: T) -> Result<T, Self> {
        if self.0.is_empty() { Ok(value) } else { Err(self) }
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, fault) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{fault}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}

/// Reads a typed document whose members all have defaults from a JSON object; `null` stands for `{}`.
///
/// serde stops at the first fault and knows no place in a [`Value`], so a document that fails is read again member by
/// member: each fault is then reported with the pointer of its member.
///
/// # Errors
///
/// A fault per member that is unknown or has the wrong type.
pub fn read_document<T: DeserializeOwned>(value: &Value) -> Result<T, Faults> {
    let members = match value {
        Value::Object(members) => members.clone(),
        Value::Null => Map::new(),
        other => {
            return Err(Faults::one(
                Fault::new("", "the document is not a JSON object")
                    .received(shorten(other))
                    .expected("an object, {…}"),
            ));
        }
    };
    let whole = match T::deserialize(Value::Object(members.clone())) {
        Ok(document) => return Ok(document),
        Err(error) => error,
    };
    let mut faults = Faults::default();
    for (name, member) in &members {
        let alone = Map::from_iter([(name.clone(), member.clone())]);
        if let Err(error) = T::deserialize(Value::Object(alone)) {
            faults.0.push(Fault::new(pointer(&[name]), error.to_string()).received(shorten(member)));
        }
    }
    if faults.0.is_empty() {
        faults.0.push(Fault::new("", whole.to_string()));
    }
    Err(faults)
}

/// A JSON Pointer (RFC 6901) from member names and positions.
pub fn pointer(path: &[&str]) -> String {
    path.iter().flat_map(|token| ["/".to_owned(), token.replace('~', "~0").replace('/', "~1")]).collect()
}

/// The JSON text of a value, cut to a readable length.
pub fn shorten(value: &Value) -> String {
    const LONGEST: usize = 80;
    let text = value.to_string();
    if text.chars().count() <= LONGEST { text } else { text.chars().take(LONGEST).chain(['…']).collect() }
}

/// Refuses a document in which an object names a member twice: a [`Value`] silently keeps the last.
///
/// # Errors
///
/// A fault with line and column.
pub fn no_member_twice(text: &str) -> Result<(), Faults> {
    serde_json::from_str::<Once>(text).map(|_| ()).map_err(|e| Faults::one(Fault::new("", e.to_string())))
}

/// Any JSON value whose objects name each member once.
struct Once;

impl<'de> serde::Deserialize<'de> for Once {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OnceVisitor)
    }
}

struct OnceVisitor;

impl<'de> serde::de::Visitor<'de> for OnceVisitor {
    type Value = Once;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Once, E> {
        Ok(Once)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Once, E> {
        Ok(Once)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Once, E> {
        Ok(Once)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Once, E> {
        Ok(Once)
    }

    fn visit_str<E>(self, _: &str) -> Result<Once, E> {
        Ok(Once)
    }

    fn visit_unit<E>(self) -> Result<Once, E> {
        Ok(Once)
    }

    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut items: A) -> Result<Once, A::Error> {
        while items.next_element::<Once>()?.is_some() {}
        Ok(Once)
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut members: A) -> Result<Once, A::Error> {
        let mut seen = std::collections::BTreeSet::new();
        while let Some(name) = members.next_key::<String>()? {
            members.next_value::<Once>()?;
            if !seen.insert(name.clone()) {
                return Err(serde::de::Error::custom(format!("duplicate field `{name}`")));
            }
        }
        Ok(Once)
    }
}
