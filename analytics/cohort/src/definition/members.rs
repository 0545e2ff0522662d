//! Reads the members of a definition, each into criteria and into the normal form.

use super::criterion::Criterion;
use super::read::{Names, criterion};
use super::{AGE, CohortDefinition, EVERYBODY, EndAt, FARTHEST, FollowUp, Index, LINES, features, read};
use crate::condition::Test;
use crate::document::{Members, Placed};
use crate::fault::{Fault, Faults, shorten};
use chrono::NaiveDate;
use clinical::codes::{Disease, InfusionNumber};
use clinical::field::{FieldValue, Kind, ValueSet, nearest};
use clinical::form::{Form, FormDescriptor};
use clinical::forms::disease::{DiseaseBaseline, Stage, StageSystem};
use clinical::forms::patient::{Patient, Sex};
use serde::Serialize;
use serde_json::{Map, Value, json};

/// The criteria and the normal form, as they are read.
#[derive(Default)]
pub(super) struct Reading {
    name: String,
    index: Index,
    criteria: Vec<Criterion>,
    follow_up: FollowUp,
    data_cutoff: Option<NaiveDate>,
    canonical: Map<String, Value>,
}

impl Reading {
    pub(super) fn definition(self) -> CohortDefinition {
        CohortDefinition {
            name: self.name,
            index: self.index,
            criteria: self.criteria,
            follow_up: self.follow_up,
            data_cutoff: self.data_cutoff,
            canonical: Value::Object(self.canonical),
        }
    }

    fn put(&mut self, name: &str, value: impl Serialize) {
        self.canonical.insert(name.to_owned(), json!(value));
    }

    pub(super) fn of(value: &Value, faults: &mut Faults) -> Option<Self> {
        let mut members = Members::of(value, "", faults)?;
        let mut reading = Self::default();
        // Documentation for people; no part of the meaning.
        let _ = (members.text("description", faults), members.whole("version", (1, 1), faults));
        let _ = members.get("$schema");
        reading.name = name(&mut members, faults);
        let named = reading.name.clone();
        reading.put("name", named);
        let InfusionNumbers { min, max } = infusion_numbers();
        let number = members.whole("infusion_number", (min, max), faults).unwrap_or(1);
        reading.put("infusion_number", number);
        reading.criteria.push(Criterion::InfusionNumber(number));
        reading.coded(&mut members, faults);
        reading.calendar(&mut members, faults);
        reading.disease(&mut members, faults);
        reading.index(&mut members, faults);
        let definitions = members.get("definitions");
        let definitions = definitions.and_then(|written| {
            let object = written.value.as_object();
            if object.is_none() {
                written.wrong("an object of named criteria", faults);
            }
            object
        });
        reading.criteria_member(&mut members, definitions, faults);
        reading.end(&mut members, faults);
        members.finish(faults);
        if reading.data_cutoff.is_some() && !reading.criteria.contains(&Criterion::CalendarDates) {
            reading.criteria.insert(1, Criterion::CalendarDates);
        }
        Some(reading)
    }

    fn coded(&mut self, members: &mut Members<'_>, faults: &mut Faults) {
        for (what, column) in [("product", "product_code"), ("center", "center_id")] {
            if let Some(codes) = codes(what, None, members, faults) {
                self.put(what, &codes);
                self.criteria.push(Criterion::Coded { what, column, codes });
            }
        }
        for (what, form, set) in
            [("disease", DiseaseBaseline::DESCRIPTOR, Disease::SET), ("sex", Patient::DESCRIPTOR, Sex::SET)]
        {
            self.field(what, form, set, members, faults);
        }
    }

    fn field(
        &mut self,
        what: &'static str,
        form: &'static FormDescriptor,
        set: &'static ValueSet,
        members: &mut Members<'_>,
        faults: &mut Faults,
    ) {
        if let Some(codes) = codes(what, Some(set), members, faults) {
            self.put(what, &codes);
            self.criteria.extend(read::on(form, what, Test::In(codes)));
        }
    }

    /// Age and period: written as `age_min` and so on, or as an object of bounds.
    fn calendar(&mut self, members: &mut Members<'_>, faults: &mut Faults) {
        let (mut min, mut max) =
            (members.whole("age_min", AGE, faults), members.whole("age_max", AGE, faults));
        let mut place = "/age_max".to_owned();
        if let Some(object) = members.get("age") {
            (min, max) = pair(&object, AGE, faults).unwrap_or((min, max));
            place = format!("{}/max", object.place);
        }
        ordered(min, max, &place, "the greatest age is below the least", faults);
        let (mut from, mut to) = (members.date("infused_from", faults), members.date("infused_to", faults));
        let mut place = "/infused_to".to_owned();
        if let Some(object) = members.get("period") {
            place = format!("{}/to", object.place);
            if let Some(mut period) = Members::of(object.value, &object.place, faults) {
                (from, to) = (period.date("from", faults), period.date("to", faults));
                period.finish(faults);
            }
        }
        ordered(from, to, &place, "the period ends before it starts", faults);
        if min.is_some() || max.is_some() || from.is_some() || to.is_some() {
            self.criteria.push(Criterion::CalendarDates);
        }
        if min.is_some() || max.is_some() {
            self.criteria.push(Criterion::BirthYearKnown);
        }
        if let Some(min) = min {
            self.put("age_min", min);
            self.criteria.push(Criterion::Age { min: Some(min), max: None });
        }
        if let Some(max) = max {
            self.put("age_max", max);
            self.criteria.push(Criterion::Age { min: None, max: Some(max) });
        }
        if let Some(from) = from {
            self.put("infused_from", from);
            self.criteria.push(Criterion::Period { from: Some(from), to: None });
        }
        if let Some(to) = to {
            self.put("infused_to", to);
            self.criteria.push(Criterion::Period { from: None, to: Some(to) });
        }
    }

    fn disease(&mut self, members: &mut Members<'_>, faults: &mut Faults) {
        let (mut min, mut max) = (
            members.whole("prior_lines_min", LINES, faults),
            members.whole("prior_lines_max", LINES, faults),
        );
        let mut place = "/prior_lines_max".to_owned();
        if let Some(object) = members.get("prior_lines") {
            (min, max) = pair(&object, LINES, faults).unwrap_or((min, max));
            place = format!("{}/max", object.place);
        }
        // The line in which the cells are given is the one after the prior lines.
        if let Some(object) = members.get("line") {
            let (line_min, line_max) = pair(&object, (1, LINES.1 + 1), faults).unwrap_or_default();
            (min, max) = (line_min.map(|n| n - 1).or(min), line_max.map(|n| n - 1).or(max));
            place = format!("{}/max", object.place);
        }
        ordered(min, max, &place, "the greatest number of lines is below the least", faults);
        if min.is_some() || max.is_some() {
            for (name, bound) in [("prior_lines_min", min), ("prior_lines_max", max)] {
                if let Some(bound) = bound {
                    self.put(name, bound);
                }
            }
            let test = Test::Range(min.map(f64::from), max.map(f64::from));
            self.criteria.extend(read::on(DiseaseBaseline::DESCRIPTOR, "prior_lines", test));
        }
        self.field("stage_system", DiseaseBaseline::DESCRIPTOR, StageSystem::SET, members, faults);
        self.field("stage", DiseaseBaseline::DESCRIPTOR, Stage::SET, members, faults);
        if let Some(written) = members.texts("high_risk", faults) {
            let features = features::high_risk(&written, faults);
            self.put("high_risk", features.iter().map(|f| f.0).collect::<Vec<_>>());
            self.criteria.push(Criterion::Any(features.into_iter().map(|f| f.1).collect()));
        }
        if let Some(written) = members.get("prior_therapy") {
            for (name, codes, criterion) in features::prior_therapy(&written, faults) {
                let object = self.canonical.entry("prior_therapy").or_insert_with(|| json!({}));
                if let Value::Object(object) = object {
                    object.insert(name.to_owned(), json!(codes));
                }
                self.criteria.push(criterion);
            }
        }
    }

    fn index(&mut self, members: &mut Members<'_>, faults: &mut Faults) {
        let Some(written) = members.get("index") else { return };
        self.index = match written.value {
            Value::String(text) if text == "infusion" => return,
            Value::String(text) if text == "apheresis" => Index::Apheresis,
            Value::Object(_) => {
                let Some(mut object) = Members::of(written.value, &written.place, faults) else { return };
                let day = object.whole("landmark", (1, FARTHEST), faults);
                if !object.has("landmark") {
                    let fault = Fault::new(written.place.as_str(), "the landmark is not given");
                    faults.0.push(fault.expected("{\"landmark\": days from infusion}"));
                }
                object.finish(faults);
                let Some(day) = day else { return };
                Index::Landmark(day)
            }
            other => {
                let fault =
                    Fault::new(written.place, "there is no such index event").received(shorten(other));
                faults.0.push(fault.expected("infusion, apheresis or {\"landmark\": days from infusion}"));
                return;
            }
        };
        match self.index {
            Index::Landmark(day) => self.put("index", json!({ "landmark": day })),
            _ => self.put("index", "apheresis"),
        }
    }

    fn criteria_member<'a>(
        &mut self,
        members: &mut Members<'a>,
        definitions: Option<&'a Map<String, Value>>,
        faults: &mut Faults,
    ) {
        // Each definition is read once by itself, so that one nobody refers to is checked as well.
        for (name, value) in definitions.into_iter().flatten() {
            let place = format!("/definitions{}", crate::fault::pointer(&[name]));
            let mut own = Faults::default();
            let _ = criterion(&Placed { value, place }, &mut Names::opened(definitions, name), &mut own);
            faults.0.extend(own.0);
        }
        let Some(written) = members.get("criteria") else { return };
        let items: Vec<Placed> = match written.value {
            Value::Array(items) if items.is_empty() => {
                let fault =
                    Fault::new(written.place, "an empty list of criteria means nothing").received("[]");
                faults.0.push(fault.expected("one criterion or more, or no such member"));
                return;
            }
            Value::Array(items) => {
                let placed = items.iter().enumerate();
                placed.map(|(i, value)| Placed { value, place: format!("{}/{i}", written.place) }).collect()
            }
            _ => vec![written],
        };
        let mut own = Faults::default();
        let read: Vec<Criterion> = items
            .iter()
            .filter_map(|item| criterion(item, &mut Names::new(definitions), &mut own))
            .flat_map(|c| if let Criterion::All(list) = c { list } else { vec![c] })
            .collect();
        // A fault inside a named criterion was reported above, at the same place.
        faults.0.extend(own.0.into_iter().filter(|fault| !faults.0.contains(fault)).collect::<Vec<_>>());
        if read.iter().any(Criterion::needs_calendar) && !self.criteria.contains(&Criterion::CalendarDates) {
            self.criteria.push(Criterion::CalendarDates);
        }
        self.put("criteria", read.iter().map(Criterion::json).collect::<Vec<_>>());
        self.criteria.extend(read);
    }

    fn end(&mut self, members: &mut Members<'_>, faults: &mut Faults) {
        if let Some(written) = members.get("follow_up")
            && let Some(mut object) = Members::of(written.value, &written.place, faults)
        {
            self.follow_up.max_days = object.whole("max_days", (1, FARTHEST), faults);
            for item in object.texts("end_at", faults).unwrap_or_default() {
                if let Some((end, _)) = EndAt::ALL.iter().find(|(_, name)| item.value == *name) {
                    self.follow_up.end_at.push(*end);
                } else {
                    let names = EndAt::ALL.map(|(_, name)| name).join(", ");
                    let fault =
                        Fault::new(item.place, "follow-up cannot end there").received(shorten(item.value));
                    faults.0.push(fault.expected(format!("one of {names}")));
                }
            }
            object.finish(faults);
            self.follow_up.end_at.sort_unstable();
            self.follow_up.end_at.dedup();
            let mut canonical = Map::new();
            if let Some(days) = self.follow_up.max_days {
                canonical.insert("max_days".to_owned(), json!(days));
            }
            let names = EndAt::ALL.iter().filter(|(end, _)| self.follow_up.end_at.contains(end));
            let names: Vec<&str> = names.map(|(_, name)| *name).collect();
            if !names.is_empty() {
                canonical.insert("end_at".to_owned(), json!(names));
            }
            self.put("follow_up", canonical);
        }
        self.data_cutoff = members.date("data_cutoff", faults);
        if let Some(cutoff) = self.data_cutoff {
            self.put("data_cutoff", cutoff);
        }
    }
}

pub(super) struct InfusionNumbers {
    pub(super) min: i32,
    pub(super) max: i32,
}

pub(super) fn infusion_numbers() -> InfusionNumbers {
    match InfusionNumber::KIND {
        Kind::Integer { min, max } => InfusionNumbers { min, max },
        _ => InfusionNumbers { min: 1, max: 9 },
    }
}

fn ordered<T: PartialOrd + std::fmt::Display>(
    min: Option<T>,
    max: Option<T>,
    place: &str,
    what: &str,
    faults: &mut Faults,
) {
    if let (Some(min), Some(max)) = (min, max)
        && max < min
    {
        let or = if what.contains("period") { "later" } else { "more" };
        faults.0.push(Fault::new(place, what).received(max).expected(format!("{min} or {or}")));
    }
}

/// `{"min": …, "max": …}`, or one number for both.
fn pair(written: &Placed<'_>, range: (i32, i32), faults: &mut Faults) -> Option<(Option<i32>, Option<i32>)> {
    if let Some(number) = written.value.as_i64() {
        let number = i32::try_from(number).ok().filter(|n| (range.0..=range.1).contains(n));
        if number.is_none() {
            let fault = Fault::new(written.place.as_str(), "the number is out of range");
            faults.0.push(
                fault
                    .received(written.value)
                    .expected(format!("a whole number from {} to {}", range.0, range.1)),
            );
        }
        return Some((number, number));
    }
    let mut object = Members::of(written.value, &written.place, faults)?;
    let read = (object.whole("min", range, faults), object.whole("max", range, faults));
    object.finish(faults);
    Some(read)
}

fn name(members: &mut Members<'_>, faults: &mut Faults) -> String {
    const LONGEST: usize = 200;
    let Some(name) = members.text("name", faults) else { return EVERYBODY.to_owned() };
    let length = name.chars().count();
    if name.trim().is_empty() || length > LONGEST || name.chars().any(char::is_control) {
        let fault = Fault::new("/name", "the name is empty, too long or holds control characters")
            .received(shorten(&Value::from(name)))
            .expected(format!("text of 1 to {LONGEST} characters"));
        faults.0.push(fault);
    }
    name.trim().to_owned()
}

fn codes(
    name: &'static str,
    set: Option<&'static ValueSet>,
    members: &mut Members<'_>,
    faults: &mut Faults,
) -> Option<Vec<String>> {
    let items = members.texts(name, faults)?;
    let mut codes: Vec<String> = items.iter().filter_map(|item| code(item, set, faults)).collect();
    codes.sort();
    codes.dedup();
    Some(codes)
}

/// A code of a value set, or any code.
fn code(item: &Placed<'_>, set: Option<&'static ValueSet>, faults: &mut Faults) -> Option<String> {
    let Some(code) = item.value.as_str() else {
        item.wrong("a code", faults);
        return None;
    };
    let known = set.is_none_or(|set| set.find(code).is_some());
    if known && !code.trim().is_empty() {
        return Some(code.to_owned());
    }
    let all: Vec<&str> = set.map(|set| set.codes.iter().map(|c| c.code).collect()).unwrap_or_default();
    faults.0.push(no_such_code(item, code, &all));
    None
}

pub(super) fn no_such_code(item: &Placed<'_>, code: &str, all: &[&str]) -> Fault {
    let near = nearest(code, all.iter().copied()).map(|near| format!("; did you mean {near}?"));
    let expected = if all.is_empty() {
        "a code".to_owned()
    } else {
        format!("one of {}{}", all.join(", "), near.unwrap_or_default())
    };
    Fault::new(item.place.as_str(), "there is no such code").received(Value::from(code)).expected(expected)
}
