//! Endpoint definitions: event, competing and censoring sources, with parameters filled in.

use super::library::{File, Library};
use super::source::{Source, Texts};
use crate::document::{Members, Placed};
use crate::fault::{Fault, Faults, pointer, shorten};
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
    let basis = match asked.get("basis") {
        None => Basis::default(),
        Some(value) => match Basis::deserialize(value) {
            Ok(basis) => basis,
            Err(_) => {
                let fault = Fault::new(format!("{}/basis", written.place), "there is no such basis");
                faults.0.push(fault.received(shorten(value)).expected("reported or derived"));
                return None;
            }
        },
    };
    let parameters = file.parameters(asked, &written.place, faults)?;
    let filled = fill(&file.document, &parameters)?;
    read(library, file, &filled, basis, parameters, faults)
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
fn written_out(text: &str, parameters: &Map<String, Value>) -> String {
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

fn read(
    library: &Library,
    file: &File,
    document: &Value,
    basis: Basis,
    parameters: Map<String, Value>,
    faults: &mut Faults,
) -> Option<Endpoint> {
    let before = faults.0.len();
    let mut members = Members::of(document, "", faults)?;
    let mut others: Vec<Source> = library.sources().cloned().collect();
    if let Some(own) = members.get("source")
        && let Some(object) = Members::of(own.value, &own.place, faults)
    {
        for (name, value) in object.all() {
            let place = format!("{}{}", own.place, pointer(&[name]));
            others.extend(Source::read(name, &Placed { value, place }, faults));
        }
    }
    let find = |name: &str, place: &str, faults: &mut Faults| {
        let found = others.iter().rev().find(|source| source.name == name).cloned();
        if found.is_none() {
            let fault = Fault::new(place, format!("there is no source `{name}`"));
            let known: Vec<&str> = others.iter().map(|s| s.name.as_str()).collect();
            faults.0.push(fault.expected(format!("one of {}", known.join(", "))));
        }
        found
    };
    let one = |name: &'static str, members: &mut Members<'_>, faults: &mut Faults| {
        let source = members.text(name, faults)?;
        find(source, &members.place(name), faults)
    };
    let origin = one("origin", &mut members, faults);
    let last = one("last", &mut members, faults);
    let at_risk = one("at_risk", &mut members, faults);
    let enter = one("enter", &mut members, faults);
    let list = |name: &'static str, members: &mut Members<'_>, faults: &mut Faults| {
        let items = members.texts(name, faults).unwrap_or_default();
        let texts = items.iter().filter_map(|item| Some((item.value.as_str()?, item.place.as_str())));
        texts.filter_map(|(name, place)| find(name, place, faults)).collect::<Vec<Source>>()
    };
    let event = list("event", &mut members, faults);
    let competing = list("competing", &mut members, faults);
    let competing_first = members.text("ties", faults) == Some("competing");
    let stop = members.texts("stop", faults).unwrap_or_default();
    let stop_at_next_infusion = stop.iter().any(|item| item.value == "next_infusion");
    let window_days = members.whole("window_days", (0, 36_525), faults);
    let competing_within = members.whole("competing_within", (0, 36_525), faults);
    let mut flag =
        |name: &'static str| members.get(name).is_some_and(|member| member.value == &Value::Bool(true));
    let (last_required, recurrent) = (flag("last_required"), flag("recurrent"));
    let estimate = members.get("estimate").and_then(|value| {
        let read = Estimate::deserialize(value.value).ok();
        if read.is_none() {
            value.wrong("survival, incidence or current", faults);
        }
        read
    });
    let title = members.get("title").and_then(|title| Texts::deserialize(title.value).ok());
    let label = members.text("label", faults).map(|text| written_out(text, &parameters));
    let rule = members.text("rule", faults).map(|text| written_out(text, &parameters));
    let failure = members.get("failure").and_then(|written| {
        let mut object = Members::of(written.value, &written.place, faults)?;
        let without = object.text("without", faults).and_then(|name| find(name, &written.place, faults));
        let by = object.whole("by", (0, 36_525), faults);
        let at_origin = object.text("at", faults) == Some("origin");
        object.finish(faults);
        Some(Failure { without: without?, by: by?, at_origin })
    });
    let convention = members.get("convention").and_then(|written| {
        let mut object = Members::of(written.value, &written.place, faults)?;
        let therapy = object.text("therapy", faults).unwrap_or("new_therapy").to_owned();
        let rule = match object.text("new_therapy", faults) {
            Some("censor") => NewTherapy::Censor,
            Some("event") => NewTherapy::Event,
            _ => NewTherapy::Ignore,
        };
        let therapy = find(&therapy, &written.place, faults)?;
        let censor_gap = object.text("missed_visits", faults) == Some("censor");
        let gap = object.whole("gap_days", (1, 36_525), faults).filter(|_| censor_gap);
        object.finish(faults);
        Some((therapy, rule, gap))
    });
    let _ = members.get("parameter");
    members.finish(faults);
    let incomplete = |what: &str| Fault::new("", format!("the endpoint `{}` has no {what}", file.id));
    for (present, what) in [
        (title.is_some(), "title"),
        (label.is_some(), "label"),
        (rule.is_some(), "rule"),
        (estimate.is_some(), "estimate"),
        (last.is_some(), "last"),
        (!event.is_empty(), "event"),
        (estimate != Some(Estimate::Current) || enter.is_some(), "enter"),
    ] {
        if !present && faults.0.len() == before {
            faults.0.push(incomplete(what));
        }
    }
    let title = title?;
    let gap_days = convention.as_ref().and_then(|(_, _, gap)| *gap);
    let new_therapy =
        convention.map(|(therapy, rule, _)| (therapy, rule)).filter(|c| c.1 != NewTherapy::Ignore);
    let endpoint = Endpoint {
        id: file.id.clone(),
        title: Texts { en: written_out(&title.en, &parameters), zh: written_out(&title.zh, &parameters) },
        label: label?,
        rule: rule?,
        estimate: estimate?,
        origin,
        event,
        competing,
        competing_first,
        last: last?,
        last_required,
        stop_at_next_infusion,
        at_risk,
        enter,
        window_days,
        competing_within,
        failure,
        new_therapy,
        gap_days,
        recurrent,
        basis,
        parameters,
        others,
    };
    (faults.0.len() == before).then_some(endpoint)
}
