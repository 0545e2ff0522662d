//! Reads an endpoint file whose parameters are filled in.

use super::definition::{Endpoint, Estimate, Failure, NewTherapy, written_out};
use super::library::{File, Library};
use super::source::{Source, Texts};
use crate::document::{Members, Placed};
use crate::fault::{Fault, Faults, pointer};
use crate::records::Basis;
use serde::Deserialize;
use serde_json::{Map, Value};

/// A file being read: its members, and the sources it may name.
pub(super) struct Reading<'a> {
    members: Members<'a>,
    sources: Vec<Source>,
}

impl<'a> Reading<'a> {
    /// Begins with the sources of the library and those of the file itself.
    pub(super) fn of(library: &Library, document: &'a Value, faults: &mut Faults) -> Option<Self> {
        let mut members = Members::of(document, "", faults)?;
        let mut sources: Vec<Source> = library.sources().cloned().collect();
        if let Some(own) = members.get("source")
            && let Some(object) = Members::of(own.value, &own.place, faults)
        {
            for (name, value) in object.all() {
                let place = format!("{}{}", own.place, pointer(&[name]));
                sources.extend(Source::read(name, &Placed { value, place }, faults));
            }
        }
        Some(Self { members, sources })
    }

    fn find(&self, name: &str, place: &str, faults: &mut Faults) -> Option<Source> {
        // The file's own sources come last and take the place of shared ones.
        let found = self.sources.iter().rev().find(|source| source.name == name).cloned();
        if found.is_none() {
            let fault = Fault::new(place, format!("there is no source `{name}`"));
            let known: Vec<&str> = self.sources.iter().map(|s| s.name.as_str()).collect();
            faults.0.push(fault.expected(format!("one of {}", known.join(", "))));
        }
        found
    }

    fn one(&mut self, name: &'static str, faults: &mut Faults) -> Option<Source> {
        let source = self.members.text(name, faults)?;
        self.find(source, &self.members.place(name), faults)
    }

    fn several(&mut self, name: &'static str, faults: &mut Faults) -> Vec<Source> {
        let items = self.members.texts(name, faults).unwrap_or_default();
        let texts = items.iter().filter_map(|item| Some((item.value.as_str()?, item.place.as_str())));
        texts.filter_map(|(name, place)| self.find(name, place, faults)).collect()
    }

    fn flag(&mut self, name: &'static str) -> bool {
        self.members.get(name).is_some_and(|member| member.value == &Value::Bool(true))
    }

    fn estimate(&mut self, faults: &mut Faults) -> Option<Estimate> {
        let written = self.members.get("estimate")?;
        let read = Estimate::deserialize(written.value).ok();
        if read.is_none() {
            written.wrong("survival, incidence or current", faults);
        }
        read
    }

    fn failure(&mut self, faults: &mut Faults) -> Option<Failure> {
        let written = self.members.get("failure")?;
        let mut object = Members::of(written.value, &written.place, faults)?;
        let without = object.text("without", faults).and_then(|name| self.find(name, &written.place, faults));
        let by = object.whole("by", (0, 36_525), faults);
        let at_origin = object.text("at", faults) == Some("origin");
        object.finish(faults);
        Some(Failure { without: without?, by: by?, at_origin })
    }

    /// New therapy, and the days after which a gap censors.
    fn convention(&mut self, faults: &mut Faults) -> Option<(Source, NewTherapy, Option<i32>)> {
        let written = self.members.get("convention")?;
        let mut object = Members::of(written.value, &written.place, faults)?;
        let therapy = object.text("therapy", faults).unwrap_or("new_therapy");
        let rule = match object.text("new_therapy", faults) {
            Some("censor") => NewTherapy::Censor,
            Some("event") => NewTherapy::Event,
            _ => NewTherapy::Ignore,
        };
        let therapy = self.find(therapy, &written.place, faults)?;
        let gaps_censor = object.text("missed_visits", faults) == Some("censor");
        let gap = object.whole("gap_days", (1, 36_525), faults).filter(|_| gaps_censor);
        object.finish(faults);
        Some((therapy, rule, gap))
    }

    /// Finishes the endpoint.
    pub(super) fn endpoint(
        mut self,
        file: &File,
        basis: Basis,
        parameters: Map<String, Value>,
        faults: &mut Faults,
    ) -> Option<Endpoint> {
        let before = faults.0.len();
        let title = self.members.get("title").and_then(|title| Texts::deserialize(title.value).ok());
        let label = self.members.text("label", faults).map(|text| written_out(text, &parameters));
        let rule = self.members.text("rule", faults).map(|text| written_out(text, &parameters));
        let estimate = self.estimate(faults);
        let (event, competing) = (self.several("event", faults), self.several("competing", faults));
        let last = self.one("last", faults);
        let [origin, at_risk, enter] = ["origin", "at_risk", "enter"].map(|name| self.one(name, faults));
        let competing_first = self.members.text("ties", faults) == Some("competing");
        let stop = self.members.texts("stop", faults).unwrap_or_default();
        let [window_days, competing_within] =
            ["window_days", "competing_within"].map(|name| self.members.whole(name, (0, 36_525), faults));
        let (last_required, recurrent) = (self.flag("last_required"), self.flag("recurrent"));
        let failure = self.failure(faults);
        let convention = self.convention(faults);
        // Read with the file; here it is only known.
        let _ = self.members.get("parameter");
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
                faults.0.push(Fault::new("", format!("the endpoint `{}` has no {what}", file.id)));
            }
        }
        let Self { members, sources } = self;
        members.finish(faults);
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
            stop_at_next_infusion: stop.iter().any(|item| item.value == "next_infusion"),
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
            others: sources,
        };
        (faults.0.len() == before).then_some(endpoint)
    }
}
