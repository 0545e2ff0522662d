//! Reading a JSON document member by member, so that every fault is found at once and carries its place.

use crate::fault::{Fault, Faults, pointer, shorten};
use chrono::NaiveDate;
use clinical::field::{Kind, nearest};
use serde_json::{Map, Value};

/// The members of one object of a document.
pub(crate) struct Members<'a> {
    object: &'a Map<String, Value>,
    place: String,
    known: Vec<&'static str>,
}

/// A value of a document and its JSON Pointer.
pub(crate) struct Placed<'a> {
    pub(crate) value: &'a Value,
    pub(crate) place: String,
}

impl<'a> Members<'a> {
    /// The members of `value`; a fault when it is no object.
    pub(crate) fn of(value: &'a Value, place: &str, faults: &mut Faults) -> Option<Self> {
        if let Value::Object(object) = value {
            return Some(Self { object, place: place.to_owned(), known: Vec::new() });
        }
        let what =
            if place.is_empty() { "the document is not a JSON object" } else { "this is not an object" };
        faults.0.push(Fault::new(place, what).received(shorten(value)).expected("an object, {…}"));
        None
    }

    /// The place of a member.
    pub(crate) fn place(&self, name: &str) -> String {
        format!("{}{}", self.place, pointer(&[name]))
    }

    /// A member that is present and not null.
    pub(crate) fn get(&mut self, name: &'static str) -> Option<Placed<'a>> {
        self.known.push(name);
        let value = self.object.get(name).filter(|value| !value.is_null())?;
        Some(Placed { value, place: self.place(name) })
    }

    /// Whether a member is present and not null.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.object.get(name).is_some_and(|value| !value.is_null())
    }

    /// Every member, for objects whose names are data.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&'a String, &'a Value)> {
        self.object.iter()
    }

    /// A text.
    pub(crate) fn text(&mut self, name: &'static str, faults: &mut Faults) -> Option<&'a str> {
        let member = self.get(name)?;
        let text = member.value.as_str();
        if text.is_none() {
            member.wrong("a text", faults);
        }
        text
    }

    /// A whole number within inclusive bounds.
    pub(crate) fn whole(
        &mut self,
        name: &'static str,
        (min, max): (i32, i32),
        faults: &mut Faults,
    ) -> Option<i32> {
        let member = self.get(name)?;
        let expected = format!("a whole number from {min} to {max}");
        let Some(number) = member.value.as_i64() else {
            member.wrong(&expected, faults);
            return None;
        };
        let within = i32::try_from(number).ok().filter(|n| (min..=max).contains(n));
        if within.is_none() {
            let fault = Fault::new(member.place, "the number is out of range").received(number);
            faults.0.push(fault.expected(expected));
        }
        within
    }

    /// A date `YYYY-MM-DD`.
    pub(crate) fn date(&mut self, name: &'static str, faults: &mut Faults) -> Option<NaiveDate> {
        let member = self.get(name)?;
        let read = member.value.as_str().and_then(|text| Kind::Date.parse_text(text).ok());
        if let Some(clinical::Cell::Date(date)) = read {
            return Some(date);
        }
        let fault =
            Fault::new(member.place, "this is not a date that exists").received(shorten(member.value));
        faults.0.push(fault.expected(Kind::Date.expected()));
        None
    }

    /// A list of texts, or one text.
    pub(crate) fn texts(&mut self, name: &'static str, faults: &mut Faults) -> Option<Vec<Placed<'a>>> {
        let member = self.get(name)?;
        let Value::Array(items) = member.value else {
            member.wrong("a list of codes, [\"…\"]", faults);
            return None;
        };
        let placed = items.iter().enumerate();
        let items: Vec<Placed> =
            placed.map(|(i, value)| Placed { value, place: format!("{}/{i}", member.place) }).collect();
        if items.is_empty() {
            faults.0.push(
                Fault::new(member.place, "an empty list selects nobody")
                    .received("[]")
                    .expected("one code or more, or no such member"),
            );
            return None;
        }
        Some(items)
    }

    /// Reports the members nobody asked for.
    pub(crate) fn finish(self, faults: &mut Faults) {
        for (name, value) in self.object.iter().filter(|(name, _)| !self.known.contains(&name.as_str())) {
            let near =
                nearest(name, self.known.iter().copied()).map(|near| format!("; did you mean `{near}`?"));
            let mut known = self.known.clone();
            known.sort_unstable();
            known.dedup();
            let list: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
            faults.0.push(
                Fault::new(format!("{}{}", self.place, pointer(&[name])), format!("unknown field `{name}`"))
                    .received(shorten(value))
                    .expected(format!("one of {}{}", list.join(", "), near.unwrap_or_default())),
            );
        }
    }
}

impl Placed<'_> {
    /// A fault: the value is of another type.
    pub(crate) fn wrong(&self, expected: &str, faults: &mut Faults) {
        let fault =
            Fault::new(self.place.as_str(), "the value has the wrong type").received(shorten(self.value));
        faults.0.push(fault.expected(expected));
    }
}
