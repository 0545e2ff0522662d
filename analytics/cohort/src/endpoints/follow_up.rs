//! What is known of each subject's survival, and contradictions among the dates.

use super::Excluded;
use super::library::library;
use super::source::{Bounds, Gathered, Hit};
use crate::error::ReportError;
use crate::records::Basis;
use crate::selection::{Cohort, Member};
use crate::snapshot::Snapshot;

/// What the records say about the survival of one subject; days since 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// Earliest and latest date of death; they differ when records contradict each other.
    pub death: Option<(i32, i32)>,
    /// The record of the death.
    pub death_hit: Option<Hit>,
    /// Latest day on which the subject is known to have been alive, not before the infusion.
    pub alive: i32,
    /// The record that shows it; none when nothing is known after the index, or the data cutoff came first.
    pub alive_hit: Option<Hit>,
}

/// Why a subject cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Contradiction {
    /// Records give different dates of death.
    DeathDatesDiffer,
    /// The death is dated before the index.
    DeathBeforeIndex,
    /// A record is dated after the death.
    RecordAfterDeath,
    /// The next infusion is dated before this one.
    InfusionOrder,
}

impl Contradiction {
    /// All, in the order in which they are looked for.
    pub const ALL: [Self; 4] =
        [Self::DeathDatesDiffer, Self::DeathBeforeIndex, Self::RecordAfterDeath, Self::InfusionOrder];

    /// The reason in words.
    pub fn reason(self) -> &'static str {
        match self {
            Self::DeathDatesDiffer => "records give different dates of death",
            Self::DeathBeforeIndex => "the death is dated before the infusion",
            Self::RecordAfterDeath => "a record is dated after the death",
            Self::InfusionOrder => "the next infusion is dated before this one",
        }
    }
}

impl Seen {
    /// The first contradiction among the dates of a subject.
    pub fn contradiction(&self, member: &Member) -> Option<Contradiction> {
        if let Some((first, last)) = self.death {
            if first != last {
                return Some(Contradiction::DeathDatesDiffer);
            }
            if first < member.index {
                return Some(Contradiction::DeathBeforeIndex);
            }
            if self.alive > first {
                return Some(Contradiction::RecordAfterDeath);
            }
        }
        let infused = member.infused.unwrap_or(member.index);
        member.next.filter(|next| *next < infused).map(|_| Contradiction::InfusionOrder)
    }

    /// The day of death.
    pub fn death_day(&self) -> Option<i32> {
        self.death.map(|(day, _)| day)
    }
}

/// The survival of several subjects.
#[derive(Debug)]
pub struct FollowUps {
    /// In the order of the subjects.
    pub seen: Vec<Seen>,
    /// The records of deaths.
    pub deaths: Gathered,
    /// The records that show a subject alive.
    pub contacts: Gathered,
}

impl FollowUps {
    /// Reads what is known until `cutoff`, days since 1970-01-01.
    ///
    /// # Errors
    ///
    /// [`ReportError`] when a form cannot be read.
    pub fn of(snapshot: &Snapshot, members: &[Member], cutoff: Option<i32>) -> Result<Self, ReportError> {
        let library = library()?;
        let gather = |name: &str| {
            let source = library.source(name)?;
            Gathered::of(snapshot, source, Basis::Reported, &|name| library.source(name).ok())
        };
        let (deaths, contacts) = (gather("death")?, gather("alive")?);
        let seen = members.iter().map(|member| see(member, &deaths, &contacts, cutoff)).collect();
        Ok(Self { seen, deaths, contacts })
    }

    /// As [`of`](Self::of), of the subjects of a cohort.
    ///
    /// # Errors
    ///
    /// [`ReportError`] when a form cannot be read.
    pub fn of_cohort(snapshot: &Snapshot, cohort: &Cohort) -> Result<Self, ReportError> {
        Self::of(snapshot, &cohort.members, cohort.cutoff)
    }

    /// The contradiction of each subject, if it has one.
    pub fn contradictions<'a>(
        &'a self,
        cohort: &'a Cohort,
    ) -> impl Iterator<Item = Option<Contradiction>> + 'a {
        self.seen.iter().zip(&cohort.members).map(|(seen, member)| seen.contradiction(member))
    }

    /// The exclusions by reason, reasons without subjects left out.
    pub fn excluded(&self, cohort: &Cohort) -> Vec<Excluded> {
        let of: Vec<_> = self.contradictions(cohort).collect();
        Contradiction::ALL
            .into_iter()
            .map(|c| Excluded {
                reason: c.reason().to_owned(),
                n: of.iter().filter(|found| **found == Some(c)).count(),
            })
            .filter(|e| e.n > 0)
            .collect()
    }
}

fn see(member: &Member, deaths: &Gathered, contacts: &Gathered, cutoff: Option<i32>) -> Seen {
    let whole = Bounds { death: None, cutoff: None };
    let (mut first, mut last): (Option<Hit>, Option<Hit>) = (None, None);
    deaths.each(member, i32::MIN, whole, |hit| {
        if first.is_none_or(|before| hit.day < before.day) {
            first = Some(hit);
        }
        if last.is_none_or(|before| hit.day > before.day) {
            last = Some(hit);
        }
    });
    let latest = contacts.last(member, i32::MIN, i32::MAX, whole);
    // Alive when infused; before a landmark nothing later is taken for granted.
    let floor = member.infused.map_or(member.index, |infused| infused.min(member.index));
    let known_at = |hit: Option<Hit>| hit.map_or(floor, |hit| hit.day.max(floor));
    let Some(cutoff) = cutoff else {
        let alive_hit = latest.filter(|hit| hit.day >= floor);
        let death = first.zip(last).map(|(first, last)| (first.day, last.day));
        return Seen { death, death_hit: first, alive: known_at(latest), alive_hit };
    };
    // Whoever is seen after the cutoff was alive on it; deaths after it have not happened yet.
    let after = |hit: Option<Hit>| hit.is_some_and(|hit| hit.day > cutoff);
    let dead = first.zip(last).filter(|(first, _)| first.day <= cutoff);
    let alive_hit = latest.filter(|hit| (floor..=cutoff).contains(&hit.day));
    let alive =
        if dead.is_none() && (after(latest) || after(first)) { cutoff.max(floor) } else { known_at(latest) };
    Seen {
        death: dead.map(|(first, last)| (first.day, last.day)),
        death_hit: dead.map(|(first, _)| first),
        alive,
        alive_hit,
    }
}
