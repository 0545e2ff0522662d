//! How complete a center's data are: critical fields, points done on time, person-time observed over expected.

use super::Due;
use crate::criteria::visits::{Purpose, VisitState};
use crate::field::Cell;
use crate::form::{FieldDescriptor, Requirement};
use crate::forms::infusion::Infusion;
use crate::forms::survival_status::SurvivalStatus;
use crate::record::Record;
use crate::review::History;
use crate::review::chronology::event_date;
use chrono::NaiveDate;
use serde::Serialize;
use std::collections::BTreeMap;

/// So many of so many.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Share {
    /// How many are as they should be.
    pub part: u64,
    /// How many there are.
    pub of: u64,
}

impl Share {
    fn add(&mut self, other: Self) {
        self.part += other.part;
        self.of += other.of;
    }

    /// `None` when there are none.
    pub fn ratio(self) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "counts of fields and days are far below 2^53")]
        (self.of > 0).then(|| self.part as f64 / self.of as f64)
    }
}

/// Person-time in days from the first infusion.
///
/// `observed / expected` is the completeness C of Clark TG, Altman DG, De Stavola BL (Lancet 2002; 359: 1309-10): the follow-up that was
/// observed over the follow-up that would have been, had nobody been lost. Who died is expected until death; everybody else until the
/// date asked about, so that whoever was lost or withdrew counts as incomplete. From a transfer on the new center is expected to observe.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PersonTime {
    /// Days observed.
    pub observed: u64,
    /// Days expected.
    pub expected: u64,
}

/// Figures of one patient, or of the patients of a center: they add.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Completeness {
    /// Patients.
    pub patients: u64,
    /// Of these, infused by the date.
    pub infused: u64,
    /// Fields that a form requires (also those required only under a condition that holds), and how many hold a value. One declared
    /// missing is not filled.
    pub critical_fields: Share,
    /// Scheduled points whose window has closed or that were met, and how many were met inside it, by purpose.
    pub on_time: BTreeMap<&'static str, Share>,
    /// Person-time.
    pub person_time: PersonTime,
}

impl Completeness {
    /// Adds the figures of others.
    pub fn add(&mut self, other: &Self) {
        self.patients += other.patients;
        self.infused += other.infused;
        self.critical_fields.add(other.critical_fields);
        for (purpose, share) in &other.on_time {
            self.on_time.entry(purpose).or_default().add(*share);
        }
        self.person_time.observed += other.person_time.observed;
        self.person_time.expected += other.person_time.expected;
    }

    /// Points of every purpose together.
    pub fn all_points(&self) -> Share {
        let mut all = Share::default();
        for share in self.on_time.values() {
            all.add(*share);
        }
        all
    }
}

impl Serialize for Completeness {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let points = |share: &Share| serde_json::json!({ "met": share.part, "missed": share.of - share.part, "share": share.ratio() });
        let time = Share { part: self.person_time.observed, of: self.person_time.expected };
        let by_purpose: BTreeMap<_, _> = self.on_time.iter().map(|(p, s)| (*p, points(s))).collect();
        serde_json::json!({
            "patients": self.patients,
            "infused": self.infused,
            "critical_fields": {
                "expected": self.critical_fields.of, "filled": self.critical_fields.part, "share": self.critical_fields.ratio()
            },
            "on_time": { "all": points(&self.all_points()), "by_purpose": by_purpose },
            "person_time": {
                "observed_days": time.part, "expected_days": time.of, "clark_c": time.ratio(),
            },
        })
        .serialize(serializer)
    }
}

/// The figures of one patient at `as_of`, with what is [due](super::due) then.
pub fn completeness(
    history: &History,
    due: &[Due],
    as_of: NaiveDate,
    transferred: Option<NaiveDate>,
) -> Completeness {
    let mut figures = Completeness { patients: 1, ..Completeness::default() };
    for (_, record) in history.records() {
        if event_date(record).is_none_or(|(_, date)| date <= as_of) {
            figures.critical_fields.add(critical(record));
        }
    }
    for purpose in Purpose::ALL {
        let of_purpose = due.iter().filter(|d| d.purpose == *purpose);
        let mut share = Share::default();
        for point in of_purpose {
            match point.state {
                VisitState::Met => share.add(Share { part: 1, of: 1 }),
                VisitState::Missed => share.add(Share { part: 0, of: 1 }),
                _ => {}
            }
        }
        if share.of > 0 {
            figures.on_time.insert(purpose.code(), share);
        }
    }
    if let Some(time) = person_time(history, as_of, transferred) {
        figures.infused = 1;
        figures.person_time = time;
    }
    figures
}

/// Required fields of a record, and how many hold a value.
fn critical(record: &Record) -> Share {
    let required = |field: &&FieldDescriptor| match field.requirement {
        Requirement::Required => true,
        Requirement::Conditional(when) => when.values.contains(&record.cell(when.field).to_text().as_str()),
        Requirement::Mandatory | Requirement::Optional | Requirement::Computed => false,
    };
    let fields = record.form().fields.iter().filter(required);
    fields.fold(Share::default(), |mut share, field| {
        share.add(Share { part: u64::from(!matches!(record.cell(field.name), Cell::Null)), of: 1 });
        share
    })
}

/// `None` when the patient was not infused by `as_of`.
fn person_time(history: &History, as_of: NaiveDate, transferred: Option<NaiveDate>) -> Option<PersonTime> {
    let infusions = history.of::<Infusion>().into_iter().map(|(_, i)| i.infusion_date);
    let begin = infusions.filter(|d| *d <= as_of).min()?;
    let statuses: Vec<SurvivalStatus> = history.of().into_iter().map(|(_, s)| s).collect();
    let death = statuses.iter().filter_map(|s| s.death_date).filter(|d| *d <= as_of).min();
    let end = transferred.unwrap_or(as_of).min(as_of).min(death.unwrap_or(as_of));
    let events = history.records().filter_map(|(_, record)| event_date(record)).map(|(_, date)| date);
    let contacts = statuses.iter().map(|s| s.last_contact);
    let seen = events.chain(contacts).filter(|d| *d <= end).max().unwrap_or(begin);
    let seen = if death == Some(end) { end } else { seen };
    let days = |to: NaiveDate| u64::try_from((to - begin).num_days()).unwrap_or(0);
    Some(PersonTime { observed: days(seen.min(end)), expected: days(end) })
}
