//! Evaluates endpoints: one row per subject, with the record that decided it.

use super::Excluded;
use super::definition::{Endpoint, NewTherapy};
use super::follow_up::{FollowUps, Seen};
use super::outcome::{Cause, Decision, LeftOut, Outcome, Reason, Verdict};
use super::source::{Bounds, Gathered, Hit, Part, Source};
use crate::definition::{EndAt, Index};
use crate::error::ReportError;
use crate::selection::{Cohort, Member};
use crate::snapshot::Snapshot;
use std::collections::BTreeMap;

/// An endpoint evaluated over a cohort.
#[derive(Debug)]
pub struct Evaluation {
    /// The endpoint.
    pub endpoint: Endpoint,
    /// One verdict per subject, in the order of the cohort.
    pub verdicts: Vec<Verdict>,
    gathered: Vec<Gathered>,
    roles: Roles,
}

/// Positions of the sources among those gathered.
#[derive(Debug, Default)]
struct Roles {
    event: Vec<usize>,
    competing: Vec<usize>,
    last: usize,
    origin: Option<usize>,
    at_risk: Option<usize>,
    enter: Option<usize>,
    failure: Option<usize>,
    therapy: Option<usize>,
    end_therapy: Option<usize>,
}

impl Evaluation {
    /// Evaluates an endpoint over a cohort.
    ///
    /// # Errors
    ///
    /// [`ReportError`] when a form cannot be read.
    pub fn of(
        snapshot: &Snapshot,
        cohort: &Cohort,
        follow_ups: &FollowUps,
        endpoint: Endpoint,
    ) -> Result<Self, ReportError> {
        let mut gathered = Vec::new();
        let mut gather = |source: &Source| {
            let found = Gathered::of(snapshot, source, endpoint.basis, &|name| endpoint.find(name))?;
            gathered.push(found);
            Ok::<usize, ReportError>(gathered.len() - 1)
        };
        let ends_at_therapy = cohort.follow_up.end_at.contains(&EndAt::NextTherapy);
        let end_therapy = endpoint.find("new_therapy").filter(|_| ends_at_therapy);
        let roles = Roles {
            event: endpoint.event.iter().map(&mut gather).collect::<Result<_, _>>()?,
            competing: endpoint.competing.iter().map(&mut gather).collect::<Result<_, _>>()?,
            last: gather(&endpoint.last)?,
            origin: endpoint.origin.as_ref().map(&mut gather).transpose()?,
            at_risk: endpoint.at_risk.as_ref().map(&mut gather).transpose()?,
            enter: endpoint.enter.as_ref().map(&mut gather).transpose()?,
            failure: endpoint.failure.as_ref().map(|f| gather(&f.without)).transpose()?,
            therapy: endpoint.new_therapy.as_ref().map(|(therapy, _)| gather(therapy)).transpose()?,
            end_therapy: end_therapy.map(&mut gather).transpose()?,
        };
        let mut evaluation = Self { endpoint, verdicts: Vec::new(), gathered, roles };
        let rows = cohort.members.iter().zip(&follow_ups.seen);
        evaluation.verdicts = rows.map(|(member, seen)| evaluation.judge(cohort, member, seen)).collect();
        Ok(evaluation)
    }

    fn source(&self, place: usize) -> Option<&Gathered> {
        self.gathered.get(place)
    }

    /// The first record of several sources; of two on one day that of the earlier source.
    fn first(&self, places: &[usize], member: &Member, from: i32, bounds: Bounds) -> Option<(usize, Hit)> {
        let hits = places.iter().filter_map(|&place| {
            let hit = self.source(place)?.first(member, from, bounds)?;
            Some((place, hit))
        });
        // `min_by_key` keeps the first of equals.
        hits.min_by_key(|(_, hit)| hit.day)
    }

    /// The end of observation that the endpoint and the cohort set, whichever comes first.
    fn end(&self, cohort: &Cohort, member: &Member, origin: i32, bounds: Bounds) -> Option<(i32, Reason)> {
        let endpoint = &self.endpoint;
        let ends_at_infusion =
            endpoint.stop_at_next_infusion || cohort.follow_up.end_at.contains(&EndAt::NextInfusion);
        let therapy = self.roles.end_therapy.and_then(|place| self.source(place));
        [
            (member.next.filter(|_| ends_at_infusion), Reason::NextInfusion),
            (
                therapy.and_then(|t| t.first(member, member.index, bounds)).map(|hit| hit.day),
                Reason::NextTherapy,
            ),
            (cohort.follow_up.max_days.map(|days| member.index.saturating_add(days)), Reason::FollowUpLimit),
            (endpoint.window_days.map(|days| origin.saturating_add(days)), Reason::Window),
            (cohort.cutoff, Reason::DataCutoff),
        ]
        .into_iter()
        .filter_map(|(day, reason)| Some((day?, reason)))
        .min_by_key(|(day, _)| *day)
    }

    fn judge(&self, cohort: &Cohort, member: &Member, seen: &Seen) -> Verdict {
        if let Some(contradiction) = seen.contradiction(member) {
            return Verdict::LeftOut(LeftOut::Contradiction(contradiction));
        }
        let roles = &self.roles;
        let bounds = Bounds { death: seen.death_day(), cutoff: cohort.cutoff };
        if let (Index::Landmark(_), Some(infused)) = (cohort.index, member.infused) {
            let both: Vec<usize> = roles.event.iter().chain(&roles.competing).copied().collect();
            if self.first(&both, member, infused, bounds).is_some_and(|(_, hit)| hit.day <= member.index) {
                return Verdict::LeftOut(LeftOut::BeforeIndex);
            }
        }
        if let Some(at_risk) = roles.at_risk.and_then(|place| self.source(place)) {
            let dated = at_risk.source().parts.iter().any(Part::date_given);
            let found = if dated {
                at_risk.first(member, member.index, bounds).is_some()
            } else {
                at_risk.any(member)
            };
            if !found {
                return Verdict::LeftOut(LeftOut::NotAtRisk);
            }
        }
        let mut origin = member.index;
        if let Some(source) = roles.origin.and_then(|place| self.source(place)) {
            let reached = source.first(member, member.index, bounds);
            let before = self.first(&roles.event, member, member.index, bounds);
            match reached.filter(|hit| before.is_none_or(|(_, event)| hit.day <= event.day)) {
                Some(hit) => origin = hit.day,
                None => return Verdict::LeftOut(LeftOut::NoOrigin),
            }
        }
        self.observe(cohort, member, seen, origin, bounds)
    }

    fn observe(&self, cohort: &Cohort, member: &Member, seen: &Seen, origin: i32, bounds: Bounds) -> Verdict {
        let (endpoint, roles) = (&self.endpoint, &self.roles);
        let stop = self.end(cohort, member, origin, bounds);
        let mut end = stop.map_or(i32::MAX, |(day, _)| day);
        let mut limit = if endpoint.window_days.is_some() { end } else { i32::MAX };
        let therapy =
            roles.therapy.and_then(|place| Some((place, self.source(place)?.first(member, origin, bounds)?)));
        let censoring = matches!(endpoint.new_therapy, Some((_, NewTherapy::Censor)));
        if let Some((_, hit)) = therapy.filter(|_| censoring) {
            end = end.min(hit.day);
            limit = limit.min(hit.day);
        }
        let last = self.last(member, seen, origin, limit, bounds);
        if endpoint.last_required && last.1.is_none() {
            return Verdict::LeftOut(LeftOut::NeverAssessed);
        }
        let within = |found: &(usize, Hit)| found.1.day <= end;
        let therapy = therapy.filter(|_| !censoring);
        let event = self.first(&roles.event, member, origin, bounds).into_iter().chain(therapy);
        let event = event.min_by_key(|(_, hit)| hit.day).filter(within);
        let near = endpoint.competing_within;
        let competing = self
            .first(&roles.competing, member, origin, bounds)
            .filter(within)
            .filter(|(_, hit)| near.is_none_or(|days| hit.day <= last.0.saturating_add(days)));
        let censored = self.censored(last, end, stop, origin, cohort);
        let until = competing.map_or(censored.day, |(_, hit)| hit.day - origin);
        let outcome = |cause: Cause, decided: (usize, Hit)| Outcome {
            day: decided.1.day - origin,
            cause,
            origin,
            until: until.max(if cause == Cause::Event { decided.1.day - origin } else { 0 }),
            reason: Reason::Record,
            decided: Some(decided),
        };
        let first = match (event, competing) {
            (Some(event), Some(other)) => {
                let other_first =
                    other.1.day < event.1.day || (other.1.day == event.1.day && endpoint.competing_first);
                Some(if other_first { (Cause::Competing, other) } else { (Cause::Event, event) })
            }
            (Some(event), None) => Some((Cause::Event, event)),
            (None, Some(other)) => Some((Cause::Competing, other)),
            (None, None) => None,
        };
        if let Some(failed) =
            self.failure(member, origin, first.map(|(_, (_, hit))| hit.day), last.0.min(end), bounds)
        {
            return Verdict::Observed(Outcome {
                day: failed,
                cause: Cause::Event,
                origin,
                until: until.max(failed),
                reason: Reason::Failure,
                decided: None,
            });
        }
        let Some((cause, decided)) = first else { return Verdict::Observed(censored) };
        if let Some(gap) = endpoint.gap_days {
            let before = self.last(member, seen, origin, decided.1.day - 1, bounds);
            if decided.1.day - before.0 > gap {
                return Verdict::Observed(self.censored(before, end, stop, origin, cohort));
            }
        }
        Verdict::Observed(outcome(cause, decided))
    }

    /// The last day on which a subject without an event was seen until `limit`; the origin when it never was.
    fn last(
        &self,
        member: &Member,
        seen: &Seen,
        origin: i32,
        limit: i32,
        bounds: Bounds,
    ) -> (i32, Option<Hit>) {
        if self.endpoint.last.name == "alive" {
            // Whoever dies later was alive until then.
            let day = seen.death_day().map_or(seen.alive, |death| death.max(seen.alive)).max(origin);
            if day <= limit {
                return (day, seen.alive_hit.filter(|hit| hit.day == day));
            }
        }
        let hit = self.source(self.roles.last).and_then(|last| last.last(member, origin, limit, bounds));
        (hit.map_or(origin, |hit| hit.day), hit)
    }

    fn censored(
        &self,
        (last, hit): (i32, Option<Hit>),
        end: i32,
        stop: Option<(i32, Reason)>,
        origin: i32,
        cohort: &Cohort,
    ) -> Outcome {
        let day = last.min(end).max(origin);
        let (reason, decided) = match (stop, hit) {
            (Some((stopped, reason)), _) if stopped < last => (reason, None),
            (_, Some(hit)) => (Reason::Record, Some((self.roles.last, hit))),
            // Seen only after the cutoff: alive on it.
            (_, None) if last > origin && cohort.cutoff == Some(last) => (Reason::DataCutoff, None),
            (_, None) => (Reason::NothingKnown, None),
        };
        Outcome { day: day - origin, cause: Cause::Censored, origin, until: day - origin, reason, decided }
    }

    /// The day of failure to reach the state by the deadline, of a subject observed until then without another event.
    fn failure(
        &self,
        member: &Member,
        origin: i32,
        first_event: Option<i32>,
        seen_until: i32,
        bounds: Bounds,
    ) -> Option<i32> {
        let failure = self.endpoint.failure.as_ref()?;
        let state = self.roles.failure.and_then(|place| self.source(place))?;
        let deadline = origin.saturating_add(failure.by);
        let reached = state.first(member, origin, bounds).is_some_and(|hit| hit.day <= deadline);
        let before = first_event.is_some_and(|day| day <= deadline);
        let observed = seen_until >= deadline || first_event.is_some_and(|day| day > deadline);
        let failed = !reached && !before && observed;
        failed.then_some(if failure.at_origin { 0 } else { failure.by })
    }

    /// The record that decided a subject's row; `None` for a subject left out.
    pub fn decision(&self, cohort: &Cohort, subject: usize) -> Option<Decision> {
        let Verdict::Observed(outcome) = self.verdicts.get(subject)? else { return None };
        let member = cohort.members.get(subject)?;
        let nothing = Decision {
            reason: outcome.reason,
            source: None,
            form: None,
            field: None,
            record_id: None,
            imputed: false,
        };
        let Some((place, hit)) = outcome.decided else { return Some(nothing) };
        let gathered = self.source(place)?;
        let (part, id) = gathered.record(&hit, member)?;
        Some(Decision {
            reason: outcome.reason,
            source: Some(gathered.source().name.clone()),
            form: Some(part.form().name),
            field: part.date(),
            record_id: Some(id.to_owned()),
            imputed: hit.imputed,
        })
    }

    /// The days from the origin of every event of a subject until its observation ends, in order.
    pub fn every_event(&self, cohort: &Cohort, seen: &Seen, subject: usize) -> Vec<i32> {
        let (Some(Verdict::Observed(outcome)), Some(member)) =
            (self.verdicts.get(subject), cohort.members.get(subject))
        else {
            return Vec::new();
        };
        let bounds = Bounds { death: seen.death_day(), cutoff: cohort.cutoff };
        let sources = self.roles.event.iter().filter_map(|&place| self.source(place));
        let mut days: Vec<i32> = sources
            .flat_map(|source| source.all(member, outcome.origin, bounds))
            .map(|hit| hit.day - outcome.origin)
            .filter(|day| *day <= outcome.until)
            .collect();
        days.sort_unstable();
        days
    }

    /// The days from the origin on which a subject entered the state of a current-state endpoint.
    pub fn entries(&self, cohort: &Cohort, seen: &Seen, subject: usize) -> Vec<i32> {
        let (Some(Verdict::Observed(outcome)), Some(member), Some(enter)) = (
            self.verdicts.get(subject),
            cohort.members.get(subject),
            self.roles.enter.and_then(|place| self.source(place)),
        ) else {
            return Vec::new();
        };
        let bounds = Bounds { death: seen.death_day(), cutoff: cohort.cutoff };
        enter.all(member, outcome.origin, bounds).into_iter().map(|hit| hit.day - outcome.origin).collect()
    }

    /// Subjects left out, by reason; contradictions among dates first.
    pub fn excluded(&self) -> Vec<Excluded> {
        let mut counts: BTreeMap<LeftOut, usize> = BTreeMap::new();
        for verdict in &self.verdicts {
            if let Verdict::LeftOut(why) = verdict {
                *counts.entry(*why).or_default() += 1;
            }
        }
        counts.into_iter().map(|(why, n)| Excluded { reason: self.why(why), n }).collect()
    }

    fn why(&self, why: LeftOut) -> String {
        let title = |source: Option<&Source>| source.map(|s| s.title.en.clone()).unwrap_or_default();
        match why {
            LeftOut::Contradiction(contradiction) => contradiction.reason().to_owned(),
            LeftOut::BeforeIndex => "the event came before the landmark".to_owned(),
            LeftOut::NoOrigin => format!("no {} before the event", title(self.endpoint.origin.as_ref())),
            LeftOut::NotAtRisk => format!("never at risk: no {}", title(self.endpoint.at_risk.as_ref())),
            LeftOut::NeverAssessed => match self.endpoint.window_days {
                Some(days) => format!("never assessed on days 0 to {days}"),
                None => "never assessed".to_owned(),
            },
        }
    }
}
