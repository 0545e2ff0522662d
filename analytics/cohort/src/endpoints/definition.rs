//! Endpoint definitions: event, competing and censoring sources, with parameters filled in.

use super::library::Library;
use super::read::Reading;
use super::source::{Source, Texts};
use crate::document::Placed;
use crate::fault::{Fault, Faults, shorten};
use crate::records::Basis;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// How an endpoint is estimated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Estimate {
    /// Kaplan-Meier of being free of the event.
    Survival,
    /// Aalen-Johansen of the event.
    Incidence,
    /// Aalen-Johansen of being in a state that may be left and regained.
    Current,
}

/// What happens to follow-up when a new therapy begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NewTherapy {
    /// It goes on.
    #[default]
    Ignore,
    /// It ends at the last adequate assessment on or before the therapy.
    Censor,
    /// The therapy is the event.
    Event,
}

/// Failure to reach a state by a deadline.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    /// The state.
    pub without: Source,
    /// The deadline, days from the origin.
    pub by: i32,
    /// Dated at the origin instead of the deadline.
    pub at_origin: bool,
}

/// An endpoint with its parameters filled in.
#[derive(Debug, Clone, PartialEq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a declared choice of the file, independent of the others"
)]
pub struct Endpoint {
    /// Name of its file.
    pub id: String,
    /// For people.
    pub title: Texts,
    /// For tables.
    pub label: String,
    /// How it is read, in words.
    pub rule: String,
    /// How it is estimated.
    pub estimate: Estimate,
    /// Time counts from the first of this source instead of the index.
    pub origin: Option<Source>,
    /// What is the event, in order.
    pub event: Vec<Source>,
    /// What competes with it, in order.
    pub competing: Vec<Source>,
    /// On one day the competing event came first.
    pub competing_first: bool,
    /// Without either the subject is censored at the last of this source.
    pub last: Source,
    /// Subjects without any of `last` are not evaluable.
    pub last_required: bool,
    /// The patient's next infusion ends the observation.
    pub stop_at_next_infusion: bool,
    /// Only subjects with a record of this source are at risk.
    pub at_risk: Option<Source>,
    /// State that is entered, of [`Estimate::Current`].
    pub enter: Option<Source>,
    /// Last day counted, from the origin.
    pub window_days: Option<i32>,
    /// A competing event counts within so many days after the last of `last`.
    pub competing_within: Option<i32>,
    /// Failure by a deadline.
    pub failure: Option<Failure>,
    /// New therapy: the source, and what it does.
    pub new_therapy: Option<(Source, NewTherapy)>,
    /// An event so many days after the last of `last` is censored at that.
    pub gap_days: Option<i32>,
    /// Every event counts in rates of events, not the first only.
    pub recurrent: bool,
    /// Reported or derived values.
    pub basis: Basis,
    /// Parameters, defaults filled in.
    pub parameters: Map<String, Value>,
    /// Sources the others refer to.
    pub others: Vec<Source>,
}

impl Endpoint {
    /// A source that another refers to.
    pub fn find(&self, name: &str) -> Option<&Source> {
        self.others.iter().find(|source| source.name == name)
    }

    /// What identifies it in results: id, parameters, basis.
    pub fn json(&self) -> Value {
        json!({ "endpoint": self.id, "basis": self.basis, "parameters": self.parameters })
    }
}

/// An endpoint asked for: its id, or an object of `endpoint`, `basis` and its parameters.
pub(super) fn resolve(library: &Library, written: &Placed<'_>, faults: &mut Faults) -> Option<Endpoint> {
    let empty = Map::new();
    let (id, asked) = match written.value {
        Value::String(id) => (id.as_str(), &empty),
        Value::Object(members) => (members.get("endpoint").and_then(Value::as_str).unwrap_or(""), members),
        _ => {
            written.wrong("the id of an endpoint, or { \"endpoint\": …, parameters }", faults);
            return None;
        }
    };
    let Some(file) = library.file(id) else {
        let fault = Fault::new(
            written.place.as_str(),
            format!("there is no endpoint `{}`", id.chars().take(80).collect::<String>()),
        );
        faults.0.push(
            fault.received(shorten(written.value)).expected(format!("one of {}", library.ids().join(", "))),
        );
        return None;
    };
    let basis = match asked.get("basis").map(|value| (value, Basis::deserialize(value))) {
        None => Basis::default(),
        Some((_, Ok(basis))) => basis,
        Some((value, Err(_))) => {
            let fault = Fault::new(format!("{}/basis", written.place), "there is no such basis");
            faults.0.push(fault.received(shorten(value)).expected("reported or derived"));
            return None;
        }
    };
    let parameters = file.parameters(asked, &written.place, faults)?;
    let filled = fill(&file.document, &parameters)?;
    Reading::of(library, &filled, faults)?.endpoint(file, basis, parameters, faults)
}

/// Replaces `"$name"` by the value of the parameter; a member whose parameter has no value goes away.
fn fill(value: &Value, parameters: &Map<String, Value>) -> Option<Value> {
    match value {
        Value::String(text) => match text.strip_prefix('$') {
            Some(name) => parameters.get(name).filter(|value| !value.is_null()).cloned(),
            None => Some(value.clone()),
        },
        Value::Array(items) => Some(items.iter().filter_map(|item| fill(item, parameters)).collect()),
        Value::Object(members) => {
            let filled =
                members.iter().filter_map(|(name, value)| Some((name.clone(), fill(value, parameters)?)));
            Some(Value::Object(filled.collect()))
        }
        other => Some(other.clone()),
    }
}

/// `{name}` in a text by the value of the parameter.
pub(super) fn written_out(text: &str, parameters: &Map<String, Value>) -> String {
    parameters.iter().fold(text.to_owned(), |text, (name, value)| {
        let value = match value {
            Value::Null => "any".to_owned(),
            Value::String(text) => text.clone(),
            Value::Array(items) => items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or "),
            other => other.to_string(),
        };
        text.replace(&format!("{{{name}}}"), &value)
    })
}
