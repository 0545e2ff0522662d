//! A patient from consent to last contact, put together so that no part contradicts another.

use crate::assumptions::recording;
use crate::baseline::{Baseline, Facts};
use crate::detail::{self, Book, Course, Pharmacy};
use crate::follow_up::{End, contacts};
use crate::outcome::{self, Outcome};
use crate::random::{Section, Stream, whole};
use crate::toxicity::{self, LAST_DAY, Toxicity};
use crate::treatment::Depletion;
use crate::{PatientRecords, Registry, after, days_between, response, treatment};
use clinical::codes::InfusionNumber;
use clinical::forms::survival_status::{Cause, Status};

/// One infusion and what followed.
struct Treated {
    /// Day of the infusion, counted from the first.
    start: i32,
    toxicity: Toxicity,
    outcome: Outcome,
}

impl Treated {
    fn draw(b: &Baseline, course: u8, start: i32) -> Self {
        let toxicity = toxicity::draw(b, &mut b.section(Section::Toxicity, course));
        let mut s = b.section(Section::Outcome, course);
        let outcome = outcome::draw(b, toxicity.fatal, course > 0, &mut s);
        Self { start, toxicity, outcome }
    }
}

/// How much of a patient is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Every form.
    Full,
    /// Only the forms that decide outcomes, which cost little.
    Core,
}

/// The records of patient `index`.
pub(crate) fn assemble(registry: &Registry, index: u64, scope: Scope) -> Option<PatientRecords> {
    let mut b = Baseline::draw(registry, index)?;
    let to_cutoff = days_between(b.infused_on, registry.config.data_cutoff);
    let mut follow_up = b.section(Section::FollowUp, 0);
    let observed = last_observed(to_cutoff, &mut follow_up);

    let mut treated = Vec::new();
    let (death, cause) = if b.infused {
        treated.push(Treated::draw(&b, 0, 0));
        treated.extend(second_infusion(&b, treated.first()?, observed));
        let last = treated.last()?;
        (last.start + last.outcome.death, last.outcome.cause)
    } else {
        without_infusion(&mut follow_up)
    };
    let end = end(death, observed, &mut follow_up);
    treated.retain(|t| t.start < end.day || t.start == 0);

    let withdrawn = (end.status == Status::Withdrawn).then(|| after(b.infused_on, end.day));
    let relapsed = treated.iter().any(|t| t.outcome.progression.is_some_and(|p| t.start + p <= end.day));
    let patient = b.patient(withdrawn);
    let (disease, facts) = b.disease()?;
    let mut book = Book::default();
    book.extend(vec![patient, disease]);
    let mut pharmacy = Pharmacy::default();
    if !b.infused {
        // The course was given or not before the infusion fell through.
        let mut s = b.section(Section::Treatment, 0);
        let (given, depletion) = if s.chance(0.5) {
            treatment::lymphodepletion(&b, registry.numbers[0], b.infused_on, &mut s)?
        } else {
            (Vec::new(), Vec::new())
        };
        book.extend(given);
        if scope == Scope::Full {
            let course = fallen_through(&b, facts, registry.numbers[0], &depletion, end.day);
            detail::write(&course, &mut pharmacy, &mut book)?;
        }
    }
    for (index, (t, number)) in (0..).zip(treated.iter().zip(registry.numbers)) {
        let infused_on = after(b.infused_on, t.start);
        let mut s = b.section(Section::Treatment, index);
        let (given, depletion) = treatment::lymphodepletion(&b, number, infused_on, &mut s)?;
        book.extend(given);
        book.extend(vec![treatment::infusion(&b, number, infused_on, &mut s)?]);
        let last = end.day - t.start;
        // The draw of the course comes first in its stream; recording goes on from a stream of its own.
        let mut s = b.section(Section::Toxicity, index).jumped();
        let (daily, days) = t.toxicity.records(&b, number, infused_on, last, &mut s);
        book.extend(daily);
        // The dead are not assessed, and from the next infusion on assessments belong to that one.
        let next = treated.get(usize::from(index) + 1);
        let before_next = next.map(|n| n.start - t.start - 1);
        let alive = if end.status == Status::Dead { last - 1 } else { last };
        let mut s = b.section(Section::Response, index);
        let (responses, assessed) =
            response::assessments(&b, number, infused_on, &t.outcome, before_next.unwrap_or(alive), &mut s)?;
        book.extend(responses);
        if scope == Scope::Full {
            let previous = usize::from(index).checked_sub(1).and_then(|i| treated.get(i));
            let course = Course {
                b: &b,
                facts,
                number,
                index,
                day0: infused_on,
                infused: true,
                floor: previous.map_or(days_between(infused_on, b.consent), |p| preparation_from(p, t)),
                depletion: &depletion,
                toxicity: &t.toxicity,
                days: &days,
                outcome: Some(t.outcome),
                assessed: &assessed,
                end: before_next.unwrap_or(last),
                last: next.map_or(alive, |n| n.start - t.start + preparation_from(t, n) - 1),
                death: (end.status == Status::Dead && next.is_none()).then_some(cause),
                next: next.map(|n| n.start - t.start),
            };
            detail::write(&course, &mut pharmacy, &mut book)?;
        }
    }
    if scope == Scope::Full {
        pharmacy.write(&mut book)?;
    }
    book.extend(contacts(&b, end, cause, relapsed || !b.infused, &mut follow_up));
    Some(PatientRecords {
        center_id: b.site.form.center_id.clone(),
        patient_id: b.patient_id.clone(),
        records: book.in_order(),
    })
}

/// First day that belongs to the preparation of the infusion `t`, counted from it: after the progression that followed `previous`.
fn preparation_from(previous: &Treated, t: &Treated) -> i32 {
    let progression = previous.outcome.progression.unwrap_or(0);
    (previous.start + progression + 1 - t.start).max(-75)
}

/// The preparation of an infusion that fell through.
fn fallen_through<'a>(
    b: &'a Baseline,
    facts: Facts,
    number: InfusionNumber,
    depletion: &'a [Depletion],
    end: i32,
) -> Course<'a> {
    Course {
        b,
        facts,
        number,
        index: 0,
        day0: b.infused_on,
        infused: false,
        floor: days_between(b.infused_on, b.consent),
        depletion,
        toxicity: &NONE,
        days: &[],
        outcome: None,
        assessed: &[],
        end,
        last: end,
        death: None,
        next: None,
    }
}

/// The toxicity of an infusion that was not given.
static NONE: Toxicity = Toxicity::none();

/// The last day the center reported on: reports lag behind the cutoff, except soon after the infusion.
fn last_observed(to_cutoff: i32, s: &mut Stream) -> i32 {
    let lag = s.between(0, 75);
    (to_cutoff - lag).max(to_cutoff.min(LAST_DAY))
}

/// A second infusion for a few, some weeks after progression.
fn second_infusion(b: &Baseline, first: &Treated, observed: i32) -> Option<Treated> {
    let progression = first.outcome.progression?;
    // Drawn from the second course's stream, so that the first stays as it is.
    let mut s = b.section(Section::Treatment, 1).jumped();
    let start = progression + s.between(45, 120);
    let possible = s.chance(b.course.second_infusion) && start + 1 < first.outcome.death && start < observed;
    possible.then(|| Treated::draw(b, 1, start))
}

/// Death and its cause for a patient who never received the cells.
fn without_infusion(s: &mut Stream) -> (i32, Cause) {
    let soon = s.chance(0.7);
    let day = if soon { 5.0 + s.exponential(60.0) } else { 200.0 + s.exponential(1_000.0) };
    (whole(day), Cause::Relapse)
}

/// Whichever comes first: death, loss to follow-up, withdrawal, the last report.
fn end(death: i32, observed: i32, s: &mut Stream) -> End {
    let lost = 31 + whole(s.exponential(recording::DAYS_TO_LOSS).min(50_000.0));
    let leaves = s.chance(recording::WITHDRAWN);
    let withdrawn = s.between(60, 900);
    let mut end = End { day: observed, status: Status::Alive };
    if lost < end.day {
        end = End { day: lost, status: Status::Lost };
    }
    if leaves && withdrawn < end.day {
        end = End { day: withdrawn, status: Status::Withdrawn };
    }
    if death <= end.day {
        end = End { day: death, status: Status::Dead };
    }
    end
}
