//! Sources: named selections of records that endpoints are made of.

use crate::condition::{Condition, conditions, field, form};
use crate::definition::date_field;
use crate::document::{Members, Placed};
use crate::error::ReportError;
use crate::fault::{Fault, Faults, shorten};
use crate::records::{Basis, Entry, RecordQuery, Records};
use crate::selection::Member;
use crate::snapshot::Snapshot;
use clinical::field::Kind;
use clinical::form::{FormDescriptor, Parent};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

/// A text in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Texts {
    /// English.
    pub en: String,
    /// Chinese.
    pub zh: String,
}

/// A selection of records.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    /// Its name in endpoint files.
    pub name: String,
    /// For people.
    pub title: Texts,
    /// Only what follows a record of this source counts.
    pub after: Option<String>,
    /// Nothing counts within so many days after a record of this source.
    pub unsupported: Option<(String, i32)>,
    /// The records, in order.
    pub parts: Vec<Part>,
}

/// One kind of record of a source.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    form: &'static FormDescriptor,
    date: Option<&'static str>,
    value: Option<&'static str>,
    conditions: Vec<Condition>,
    of_patient: bool,
    at_least: Option<f64>,
    below: Option<f64>,
    sustained: i32,
}

/// A record that counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hit {
    /// Its day, days since 1970-01-01.
    pub day: i32,
    /// Position of its part in the source.
    pub part: usize,
    /// Position of the record in the part's answer.
    pub position: usize,
    /// The day was imputed from a date known to the month or year.
    pub imputed: bool,
}

/// A source with its records.
#[derive(Debug)]
pub struct Gathered {
    source: Source,
    records: Vec<Arc<Records>>,
    after: Option<Box<Gathered>>,
    support: Option<(Box<Gathered>, i32)>,
}

/// Days between which an imputed date may lie, and the last day that is known.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Day of death.
    pub death: Option<i32>,
    /// Data cutoff.
    pub cutoff: Option<i32>,
}

impl Source {
    /// Reads a source from its document.
    pub(super) fn read(name: &str, written: &Placed<'_>, faults: &mut Faults) -> Option<Self> {
        let mut members = Members::of(written.value, &written.place, faults)?;
        let title = members.get("title").and_then(|title| {
            let read = Texts::deserialize(title.value).ok();
            if read.is_none() {
                title.wrong("{ en = \"…\", zh = \"…\" }", faults);
            }
            read
        });
        let after = members.text("after", faults).map(str::to_owned);
        let unsupported = members.get("unsupported").and_then(|written| {
            let mut object = Members::of(written.value, &written.place, faults)?;
            let source = object.text("source", faults).map(str::to_owned);
            let days = object.whole("days", (0, 36_525), faults);
            object.finish(faults);
            Some((source?, days?))
        });
        let records = members.get("records");
        members.finish(faults);
        let Some(Placed { value: Value::Array(items), place }) = records else {
            faults.0.push(
                Fault::new(written.place.as_str(), "the source lists no records")
                    .expected("records = [{ form = … }]"),
            );
            return None;
        };
        let parts: Vec<Option<Part>> = items
            .iter()
            .enumerate()
            .map(|(i, value)| Part::read(&Placed { value, place: format!("{place}/{i}") }, faults))
            .collect();
        let parts: Vec<Part> = parts.into_iter().collect::<Option<_>>()?;
        Some(Self { name: name.to_owned(), title: title?, after, unsupported, parts })
    }
}

impl Part {
    fn read(written: &Placed<'_>, faults: &mut Faults) -> Option<Self> {
        let mut members = Members::of(written.value, &written.place, faults)?;
        let name = members.text("form", faults)?;
        let form = form(name, &members.place("form"), faults)?;
        let mut named = |member: &'static str, dated: bool, faults: &mut Faults| {
            let name = members.text(member, faults)?;
            let place = members.place(member);
            let field = field(form, name, &place, faults)?;
            let fits = match field.kind {
                Kind::Date | Kind::PartialDate => dated,
                Kind::Integer { .. } | Kind::Decimal { .. } => !dated,
                _ => false,
            };
            if !fits {
                let expected = if dated { "a date of the form" } else { "a number of the form" };
                faults
                    .0
                    .push(Fault::new(place, "the field has another type").received(name).expected(expected));
            }
            fits.then_some(field.name)
        };
        let date = named("date", true, faults);
        let value = named("value", false, faults);
        let number = |member: &'static str, members: &mut Members<'_>, faults: &mut Faults| {
            let member = members.get(member)?;
            if member.value.as_f64().is_none() {
                member.wrong("a number", faults);
            }
            member.value.as_f64()
        };
        let at_least = number("at_least", &mut members, faults);
        let below = number("below", &mut members, faults);
        let sustained = members.whole("sustained", (1, 100), faults).unwrap_or(1);
        let of = members.get("of");
        let conditions =
            members.get("where").map(|asked| conditions(form, &asked, faults)).unwrap_or_default();
        members.finish(faults);
        let by_infusion = form.field("infusion_number").is_some();
        let of_patient = match &of {
            None => !by_infusion,
            Some(of) if of.value == "patient" => true,
            Some(of) if of.value == "infusion" && by_infusion => false,
            Some(of) => {
                let fault = Fault::new(of.place.as_str(), "records belong to a patient or an infusion");
                faults.0.push(fault.received(shorten(of.value)).expected("patient or infusion"));
                false
            }
        };
        Some(Self { form, date, value, conditions, of_patient, at_least, below, sustained })
    }

    /// The form.
    pub fn form(&self) -> &'static FormDescriptor {
        self.form
    }

    /// The field that dates a record; that of the form when the source names none.
    pub fn date(&self) -> Option<&'static str> {
        self.date.or_else(|| date_field(self.form))
    }

    /// Whether the source dates its records; one without a date tells whether, not when.
    pub(super) fn date_given(&self) -> bool {
        self.date.is_some()
    }

    fn query(&self, basis: Basis) -> RecordQuery {
        RecordQuery {
            form: self.form,
            date: self.date,
            value: self.value,
            conditions: self.conditions.clone(),
            all: false,
            basis,
        }
    }

    fn value_holds(&self, value: f64) -> bool {
        self.at_least.is_none_or(|least| value >= least) && self.below.is_none_or(|limit| value < limit)
    }

    /// The day of a record: a partial date by the declared rule, its middle, not before the infusion of a form that
    /// belongs to one and not after death.
    fn day(&self, entry: &Entry, member: &Member, bounds: Bounds) -> Option<i32> {
        let day = entry.day?;
        if !entry.is_partial() {
            return Some(day);
        }
        let infused = member.infused.filter(|_| self.form.parent == Parent::Infusion && !self.of_patient);
        let day = match (infused, entry.last) {
            (Some(infused), Some(last)) if last >= infused => day.max(infused),
            _ => day,
        };
        Some(match (bounds.death, entry.first) {
            (Some(death), Some(first)) if first <= death => day.min(death),
            _ => day,
        })
    }
}

impl Gathered {
    /// Reads the records of a source; `find` gives the sources it refers to.
    ///
    /// # Errors
    ///
    /// [`ReportError`] when a form cannot be read.
    pub fn of<'s>(
        snapshot: &Snapshot,
        source: &Source,
        basis: Basis,
        find: &dyn Fn(&str) -> Option<&'s Source>,
    ) -> Result<Self, ReportError> {
        let gathered = |name: &str| {
            find(name).map(|source| Self::of(snapshot, source, basis, find).map(Box::new)).transpose()
        };
        let after = source.after.as_deref().map(&gathered).transpose()?.flatten();
        let support = match &source.unsupported {
            Some((name, days)) => gathered(name)?.map(|support| (support, *days)),
            None => None,
        };
        let records = source.parts.iter().map(|part| snapshot.records(&part.query(basis)));
        Ok(Self { source: source.clone(), records: records.collect::<Result<_, _>>()?, after, support })
    }

    /// The source.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// The part a hit comes from, and the id of its record.
    pub fn record(&self, hit: &Hit, member: &Member) -> Option<(&Part, &str)> {
        let records = self.records.get(hit.part)?;
        let entry = records.of(member.patient).iter().find(|entry| entry.position == hit.position)?;
        Some((self.source.parts.get(hit.part)?, records.id(entry)?))
    }

    /// Whether the subject has any record of the source, dated or not.
    pub fn any(&self, member: &Member) -> bool {
        let parts = self.source.parts.iter().zip(&self.records);
        parts.into_iter().any(|(part, records)| {
            let own = records.of(member.patient).iter().filter(|e| member.owns(e, part.of_patient));
            own.into_iter().any(|e| e.holds == Some(true))
        })
    }

    /// The first record that counts on or after `from`; of two on one day that of the earlier part.
    pub fn first(&self, member: &Member, from: i32, bounds: Bounds) -> Option<Hit> {
        let mut first: Option<Hit> = None;
        self.each(member, from, bounds, |hit| {
            if first.is_none_or(|before| (hit.day, hit.part) < (before.day, before.part)) {
                first = Some(hit);
            }
        });
        first
    }

    /// The last record that counts from `from` to `to`, both inclusive.
    pub fn last(&self, member: &Member, from: i32, to: i32, bounds: Bounds) -> Option<Hit> {
        let mut last: Option<Hit> = None;
        self.each(member, from, bounds, |hit| {
            if hit.day <= to && last.is_none_or(|before| hit.day > before.day) {
                last = Some(hit);
            }
        });
        last
    }

    /// Every record that counts on or after `from`, by day, then part.
    pub fn all(&self, member: &Member, from: i32, bounds: Bounds) -> Vec<Hit> {
        let mut hits = Vec::new();
        self.each(member, from, bounds, |hit| hits.push(hit));
        hits.sort_by_key(|hit| (hit.day, hit.part, hit.position));
        hits
    }

    /// Calls `take` with each record that counts on or after `from`, in no particular order.
    pub fn each(&self, member: &Member, from: i32, bounds: Bounds, mut take: impl FnMut(Hit)) {
        let from = match &self.after {
            // What is recorded on the day itself does not follow it.
            Some(after) => match after.first(member, from, bounds) {
                Some(hit) => hit.day + 1,
                None => return,
            },
            None => from,
        };
        let support: Vec<i32> = self.support.as_ref().map_or_else(Vec::new, |(support, _)| {
            support.all(member, i32::MIN, bounds).into_iter().map(|hit| hit.day).collect()
        });
        let within = self.support.as_ref().map_or(0, |(_, days)| *days);
        for (place, (part, records)) in self.source.parts.iter().zip(&self.records).enumerate() {
            let own = records.of(member.patient).iter().filter(|e| member.owns(e, part.of_patient));
            let dated = own.filter(|e| e.holds == Some(true)).filter_map(|entry| {
                let day = part.day(entry, member, bounds)?;
                let known = day >= from && bounds.cutoff.is_none_or(|cutoff| day <= cutoff);
                known.then_some((day, entry))
            });
            let supported = |day: i32| support.iter().any(|given| day >= *given && day - given <= within);
            let hit = |day: i32, entry: &Entry| Hit {
                day,
                part: place,
                position: entry.position,
                imputed: entry.is_partial(),
            };
            if part.value.is_none() {
                for (day, entry) in dated.filter(|(day, _)| !supported(*day)) {
                    take(hit(day, entry));
                }
            } else {
                sustained(part, dated, supported, |day, entry| take(hit(day, entry)));
            }
        }
    }
}

/// The first days of runs of `sustained` measured days on which every value holds and none is supported.
fn sustained<'e>(
    part: &Part,
    dated: impl Iterator<Item = (i32, &'e Entry)>,
    supported: impl Fn(i32) -> bool,
    mut take: impl FnMut(i32, &'e Entry),
) {
    let mut measured: Vec<(i32, &Entry)> = dated.filter(|(_, entry)| !entry.value.is_nan()).collect();
    measured.sort_by_key(|(day, entry)| (*day, entry.position));
    let days: Vec<&[(i32, &Entry)]> = measured.chunk_by(|a, b| a.0 == b.0).collect();
    // Any value of a day may show a fall below a limit; a rise to one must be shown by all.
    let holds = |day: &&[(i32, &Entry)]| {
        let mut values = day.iter().map(|(_, entry)| part.value_holds(entry.value));
        if part.at_least.is_some() { values.all(|holds| holds) } else { values.any(|holds| holds) }
    };
    let good: Vec<bool> =
        days.iter().map(|day| holds(day) && !day.first().is_some_and(|(day, _)| supported(*day))).collect();
    let run = usize::try_from(part.sustained).unwrap_or(1);
    for (start, of_day) in days.iter().enumerate() {
        let whole = good.get(start..start + run).is_some_and(|run| run.iter().all(|good| *good));
        if let Some((day, entry)) = of_day.first().filter(|_| whole) {
            take(*day, entry);
        }
    }
}
