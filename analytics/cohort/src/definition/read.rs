//! Reads criteria: forms, fields, codes, windows and references, every fault with its place.

use super::criterion::{Criterion, RecordCriterion, Window};
use crate::condition::{Condition, Test, condition, conditions, field, form};
use crate::document::{Members, Placed};
use crate::fault::{Fault, Faults, pointer, shorten};
use clinical::field::Kind;
use clinical::form::FormDescriptor;
use serde_json::{Map, Value};

/// Most days a window may reach from its zero: 100 years.
const FARTHEST: i32 = 36_525;
/// Deepest nesting of criteria.
const DEEPEST: usize = 16;

/// Named criteria of a definition, and those being read, to find a name that leads back to itself.
pub(super) struct Names<'a> {
    definitions: Option<&'a Map<String, Value>>,
    open: Vec<&'a str>,
    depth: usize,
}

impl<'a> Names<'a> {
    pub(super) fn new(definitions: Option<&'a Map<String, Value>>) -> Self {
        Self { definitions, open: Vec::new(), depth: 0 }
    }

    /// As [`new`](Self::new), while the criterion of this name is being read.
    pub(super) fn opened(definitions: Option<&'a Map<String, Value>>, name: &'a str) -> Self {
        Self { open: vec![name], ..Self::new(definitions) }
    }
}

/// Reads one criterion: an object with exactly one of `all`, `any`, `none`, `has`, `has_not`, `field`, `ref`.
pub(super) fn criterion<'a>(
    written: &Placed<'a>,
    names: &mut Names<'a>,
    faults: &mut Faults,
) -> Option<Criterion> {
    if names.depth == DEEPEST {
        let fault = Fault::new(written.place.as_str(), "criteria are nested too deeply");
        faults.0.push(fault.expected(format!("at most {DEEPEST} levels")));
        return None;
    }
    names.depth += 1;
    let read = one(written, names, faults);
    names.depth -= 1;
    read
}

fn one<'a>(written: &Placed<'a>, names: &mut Names<'a>, faults: &mut Faults) -> Option<Criterion> {
    const KINDS: [&str; 7] = ["all", "any", "none", "has", "has_not", "field", "ref"];
    let mut members = Members::of(written.value, &written.place, faults)?;
    let present: Vec<&str> = KINDS.into_iter().filter(|kind| members.has(kind)).collect();
    let [kind] = present.as_slice() else {
        let what = if present.is_empty() {
            "the criterion says nothing"
        } else {
            "the criterion says several things"
        };
        faults.0.push(
            Fault::new(written.place.as_str(), what)
                .received(shorten(written.value))
                .expected(format!("exactly one of {}", KINDS.join(", "))),
        );
        return None;
    };
    match *kind {
        "all" => Some(Criterion::All(list(members.get("all"), members, names, faults)?)),
        "any" => Some(Criterion::Any(list(members.get("any"), members, names, faults)?)),
        "none" => Some(Criterion::None(list(members.get("none"), members, names, faults)?)),
        "has" => {
            let inner = members.get("has")?;
            members.finish(faults);
            records(&inner, true, faults)
        }
        "has_not" => {
            let inner = members.get("has_not")?;
            members.finish(faults);
            records(&inner, false, faults)
        }
        "field" => baseline(members, written, faults),
        _ => {
            let name = members.text("ref", faults);
            let place = members.place("ref");
            members.finish(faults);
            reference(name?, &place, names, faults)
        }
    }
}

fn list<'a>(
    member: Option<Placed<'a>>,
    members: Members<'a>,
    names: &mut Names<'a>,
    faults: &mut Faults,
) -> Option<Vec<Criterion>> {
    let member = member?;
    members.finish(faults);
    let Value::Array(items) = member.value else {
        member.wrong("a list of criteria, [{…}]", faults);
        return None;
    };
    if items.is_empty() {
        let fault = Fault::new(member.place, "an empty list of criteria means nothing").received("[]");
        faults.0.push(fault.expected("one criterion or more"));
        return None;
    }
    let read = items.iter().enumerate().map(|(i, value)| {
        criterion(&Placed { value, place: format!("{}/{i}", member.place) }, names, faults)
    });
    // Every item is read, so that every fault is found.
    read.collect::<Vec<_>>().into_iter().collect()
}

fn reference<'a>(
    name: &'a str,
    place: &str,
    names: &mut Names<'a>,
    faults: &mut Faults,
) -> Option<Criterion> {
    if let Some(start) = names.open.iter().position(|open| *open == name) {
        let path: Vec<&str> = names.open.iter().skip(start).copied().chain([name]).collect();
        let fault = Fault::new(place, format!("the definition leads back to itself: {}", path.join(" → ")));
        faults.0.push(fault.received(Value::from(name)).expected("names that end in criteria"));
        return None;
    }
    let Some(value) = names.definitions.and_then(|definitions| definitions.get(name)) else {
        let known: Vec<&str> =
            names.definitions.map(|d| d.keys().map(String::as_str).collect()).unwrap_or_default();
        let expected = if known.is_empty() {
            "a name of `definitions`".to_owned()
        } else {
            format!("one of {}", known.join(", "))
        };
        faults.0.push(
            Fault::new(place, format!("there is no definition `{name}`"))
                .received(Value::from(name))
                .expected(expected),
        );
        return None;
    };
    names.open.push(name);
    let read = criterion(&Placed { value, place: pointer(&["definitions", name]) }, names, faults);
    names.open.pop();
    read
}

/// `{"field": "disease.stage", "in": ["IV"]}`: a condition on a form of which a subject has one record.
fn baseline<'a>(mut members: Members<'a>, written: &Placed<'a>, faults: &mut Faults) -> Option<Criterion> {
    let path = members.text("field", faults)?;
    let place = members.place("field");
    let Some((of, name)) = path.split_once('.') else {
        faults.0.push(
            Fault::new(place, "a field is named with its form")
                .received(Value::from(path))
                .expected("FORM.FIELD, for example disease.stage"),
        );
        return None;
    };
    let form = form(of, &place, faults)?;
    let field = field(form, name, &place, faults)?;
    let mut rest = written.value.as_object()?.clone();
    rest.shift_remove("field");
    let rest = Value::Object(rest);
    let conditions = condition(field, &Placed { value: &rest, place: written.place.clone() }, faults);
    let of_patient = form.field("infusion_number").is_none();
    let records = RecordCriterion { present: true, form, conditions, window: None, at_least: 1, of_patient };
    if !records.one_per_subject() {
        faults.0.push(
            Fault::new(place, format!("a subject may have several records of form `{}`", form.name))
                .received(Value::from(path))
                .expected("has or has_not, with a window"),
        );
        return None;
    }
    Some(Criterion::Records(records))
}

fn records(written: &Placed<'_>, present: bool, faults: &mut Faults) -> Option<Criterion> {
    let mut members = Members::of(written.value, &written.place, faults)?;
    let name = members.text("form", faults);
    if name.is_none() && !members.has("form") {
        let fault =
            Fault::new(written.place.as_str(), "the form is not named").received(shorten(written.value));
        faults.0.push(fault.expected("form: the name of a form of the data dictionary"));
    }
    let named = name.and_then(|name| form(name, &members.place("form"), faults));
    let asked = members.get("where");
    let window = members.get("window");
    let at_least = members.whole("at_least", (1, 10_000), faults).unwrap_or(1);
    let of = members.text("of", faults);
    let place_of = members.place("of");
    members.finish(faults);
    let form = named?;
    let conditions = asked.map(|asked| conditions(form, &asked, faults)).unwrap_or_default();
    let of_patient = match of {
        None => form.field("infusion_number").is_none(),
        Some("patient") => true,
        Some("infusion") if form.field("infusion_number").is_some() => false,
        Some(other) => {
            let fault =
                Fault::new(place_of, "records belong to a patient or, where the form says, to an infusion");
            faults.0.push(fault.received(Value::from(other)).expected("patient or infusion"));
            return None;
        }
    };
    let window = match window {
        None => None,
        Some(window) => Some(self::window(form, &window, faults)?),
    };
    Some(Criterion::Records(RecordCriterion { present, form, conditions, window, at_least, of_patient }))
}

/// The field that dates a record of a form: its day of onset, start, collection or assessment.
pub(crate) fn date_field(form: &FormDescriptor) -> Option<&'static str> {
    let is_date = |kind: &Kind| matches!(kind, Kind::Date | Kind::PartialDate);
    let mut dates = form.fields.iter().filter(|f| is_date(&f.kind)).map(|f| f.name);
    let first = dates.clone().find(|name| form.key.contains(name));
    let start = |name: &&str| name.contains("onset") || name.contains("start") || name.contains("admission");
    first.or_else(|| dates.clone().find(start)).or_else(|| dates.next())
}

fn window(form: &'static FormDescriptor, written: &Placed<'_>, faults: &mut Faults) -> Option<Window> {
    let mut members = Members::of(written.value, &written.place, faults)?;
    let before = faults.0.len();
    let from = members.whole("from", (-FARTHEST, FARTHEST), faults);
    let to = members.whole("to", (-FARTHEST, FARTHEST), faults);
    let relative = members.text("relative_to", faults);
    let date = members.text("date", faults);
    let (place_date, place_relative, place_to) =
        (members.place("date"), members.place("relative_to"), members.place("to"));
    members.finish(faults);
    if let (Some(from), Some(to)) = (from, to)
        && to < from
    {
        let fault = Fault::new(place_to, "the window ends before it starts").received(to);
        faults.0.push(fault.expected(format!("{from} or later")));
    }
    if from.is_none() && to.is_none() && faults.0.len() == before {
        let fault =
            Fault::new(written.place.as_str(), "the window has no bound").received(shorten(written.value));
        faults.0.push(fault.expected("from, to or both, in days"));
    }
    let from_index = match relative {
        None | Some("infusion") => false,
        Some("index") => true,
        Some(other) => {
            let fault = Fault::new(place_relative, "there is no such zero").received(Value::from(other));
            faults.0.push(fault.expected("infusion or index"));
            false
        }
    };
    let date = if let Some(name) = date {
        let found = field(form, name, &place_date, faults)?;
        if !matches!(found.kind, Kind::Date | Kind::PartialDate) {
            faults.0.push(Fault::new(place_date, "the field is no date").received(Value::from(name)));
            return None;
        }
        found.name
    } else {
        let name = date_field(form);
        if name.is_none() {
            let fault = Fault::new(written.place.as_str(), format!("form `{}` has no date", form.name));
            faults.0.push(fault.expected("no window"));
        }
        name?
    };
    Some(Window { date, from, to, from_index }).filter(|_| faults.0.len() == before)
}

/// A criterion on a field of a form of which a subject has one record.
pub(super) fn on(form: &'static FormDescriptor, name: &str, test: Test) -> Option<Criterion> {
    let (_, field) = form.field(name)?;
    Some(Criterion::Records(RecordCriterion {
        present: true,
        form,
        conditions: vec![Condition::new(field, test)],
        window: None,
        at_least: 1,
        of_patient: form.field("infusion_number").is_none(),
    }))
}
