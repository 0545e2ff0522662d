//! Where every scheduled visit of one patient stands at the data cutoff.

use super::assign::assign;
use super::months::{add_days, add_months, days_between};
use super::parameters::{EndReason, Parameters, VisitState};
use super::timetable::{Chain, Code, CodeUnit, HORIZON_MONTHS, Slot, Timetable, Until};
use super::{
    BEST_RESPONSE, CONSECUTIVE_ZEROS, ENDED, MET, TARGET_PASSED, WINDOW_CLOSED, WINDOW_NOT_OPEN, WINDOW_OPEN,
};
use crate::criteria::{At, Quantity, Trace, Verdict};
use chrono::NaiveDate;
use serde::Serialize;

/// Why and when a patient's timetable ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended {
    /// Why. Which reasons end a timetable is written in its file.
    pub reason: EndReason,
    /// The day; visits of that day still count.
    pub date: NaiveDate,
}

/// A test for CAR-T cells in blood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CarTResult {
    /// Day of the sample.
    pub date: NaiveDate,
    /// Zero or below the limit of detection; absent when the result does not tell.
    pub zero: Option<bool>,
}

/// What is known about one patient after one infusion. Lists come in any order.
#[derive(Debug, Clone, Copy)]
pub struct Course<'a> {
    /// Day of infusion (d0).
    pub infusion_date: NaiveDate,
    /// The day up to which the data are complete; what comes later is not looked at.
    pub cutoff: NaiveDate,
    /// Days of visits, assessments or samples.
    pub visits: &'a [NaiveDate],
    /// What happened that may end the timetable; the earliest that does counts.
    pub ended: &'a [Ended],
    /// Day of the best response; absent: not known to have been reached.
    pub best_response: Option<NaiveDate>,
    /// Tests for CAR-T cells; absent: not known.
    pub car_t_results: Option<&'a [CarTResult]>,
}

/// Days on which a scheduled point may be met, both inclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Window {
    /// First day.
    pub from: NaiveDate,
    /// Last day.
    pub to: NaiveDate,
}

/// A scheduled point and what became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ScheduledVisit {
    /// Which.
    pub code: Code,
    /// Nominal day.
    pub target_date: NaiveDate,
    /// Nominal day, counted from the infusion.
    pub target_day: i32,
    /// When it may take place.
    pub window: Window,
    /// Where it stands at the cutoff.
    pub state: VisitState,
    /// The visit that met it.
    pub visit: Option<NaiveDate>,
    /// Why it is excluded: a code of [`EndReason`], `best_response` or `consecutive_zeros`.
    pub reason: Option<&'static str>,
}

/// Assesses a timetable with the default readings.
///
/// A point is `met` by the visit that [the rules of assignment](super) give it. One without a visit is `excluded` when the timetable
/// ended on or before the last day of its window; otherwise `not_due` before its window, `due` inside the window up to the
/// target day, `overdue` inside the window after the target day, and `missed` after the window. Points come in order of time; an
/// endless timetable ends with the first point whose window is not open at the cutoff. Each point leaves one concluding step in
/// the trace, at its target date.
pub fn assess(
    timetable: &Timetable,
    infusion_date: NaiveDate,
    cutoff: NaiveDate,
    visits: &[NaiveDate],
    ended: &[Ended],
    trace: &mut Trace,
) -> Vec<ScheduledVisit> {
    let course = Course { infusion_date, cutoff, visits, ended, best_response: None, car_t_results: None };
    assess_course(timetable, &course, &Parameters::default(), trace)
}

/// As [`assess`], with chosen readings and with what else may end a part of the timetable.
pub fn assess_course(
    timetable: &Timetable,
    course: &Course<'_>,
    parameters: &Parameters,
    trace: &mut Trace,
) -> Vec<ScheduledVisit> {
    let Course { infusion_date, cutoff, .. } = *course;
    let ends = course.ended.iter().filter(|e| timetable.ends_for(e.reason, parameters) && e.date <= cutoff);
    let end = ends.min_by_key(|e| (e.date, e.reason)).copied();
    let last = end.map_or(cutoff, |e| e.date.min(cutoff));
    let mut visits: Vec<NaiveDate> = course.visits.iter().filter(|v| **v <= last).copied().collect();
    visits.sort_unstable();
    visits.dedup();
    let mut results: Vec<CarTResult> = course.car_t_results.unwrap_or_default().to_vec();
    results.sort_unstable_by_key(|r| (r.date, r.zero));
    let judge = Judge { course, end, results };

    let slots = timetable.slots(infusion_date, cutoff, parameters);
    let mut scheduled: Vec<ScheduledVisit> = Vec::with_capacity(slots.len());
    for (slot, visit) in slots.iter().zip(assign(&slots, &visits)) {
        scheduled.push(judge.state(slot, visit, trace));
    }
    if let Some((chain, until)) = timetable.chain(parameters) {
        // A wide window may have taken a visit that lies within the first of the chain.
        let used = scheduled.iter().filter_map(|s| s.visit).max();
        visits.retain(|v| used.is_none_or(|used| *v > used));
        follow(&chain, until, &judge, &visits, &mut scheduled, trace);
    }
    scheduled
}

/// Adds the assessments of a chain, each counted from the visit that met the one before. After a missed one they count from its
/// target, and the next window begins where the missed one closed, so that a late assessment serves the next. The chain ends
/// with the first assessment that is neither met nor missed.
fn follow(
    chain: &Chain,
    until: Option<Until>,
    judge: &Judge<'_>,
    visits: &[NaiveDate],
    scheduled: &mut Vec<ScheduledVisit>,
    trace: &mut Trace,
) {
    let infusion = judge.course.infusion_date;
    let horizon = |months: u16| add_months(infusion, months.into()).unwrap_or(NaiveDate::MAX);
    let last_opening = horizon(chain.opens_until.unwrap_or(HORIZON_MONTHS));
    let mut number = chain.first;
    while let Some(before) = scheduled.last().copied() {
        let anchor = match before.state {
            VisitState::Met => before.visit.unwrap_or(before.target_date),
            VisitState::Missed => before.target_date,
            _ => break,
        };
        let Some(target) = add_months(anchor, chain.every.into()) else { break };
        let spaced = add_days(anchor, chain.min_gap.into()).unwrap_or(NaiveDate::MAX);
        let from = match before.state {
            VisitState::Missed => before.window.to.succ_opt().unwrap_or(NaiveDate::MAX).min(spaced),
            _ => spaced,
        };
        if from > last_opening {
            break;
        }
        let to = add_days(anchor, chain.max_gap.into()).unwrap_or(NaiveDate::MAX);
        let code = Code { unit: CodeUnit::Assessment, number };
        let slot = Slot { code, target, from, to, until };
        let visit = assign(&[slot], visits).into_iter().next().flatten();
        scheduled.push(judge.state(&slot, visit, trace));
        let Some(next) = number.checked_add(1) else { break };
        number = next;
    }
}

/// Decides the state of one point after another.
struct Judge<'a> {
    course: &'a Course<'a>,
    end: Option<Ended>,
    /// In order of date.
    results: Vec<CarTResult>,
}

impl Judge<'_> {
    fn state(&self, slot: &Slot, visit: Option<NaiveDate>, trace: &mut Trace) -> ScheduledVisit {
        let (state, reason) = self.decide(slot, visit, trace);
        ScheduledVisit {
            code: slot.code,
            target_date: slot.target,
            target_day: days_between(self.course.infusion_date, slot.target),
            window: Window { from: slot.from, to: slot.to },
            state,
            visit,
            reason,
        }
    }

    fn decide(
        &self,
        slot: &Slot,
        visit: Option<NaiveDate>,
        trace: &mut Trace,
    ) -> (VisitState, Option<&'static str>) {
        let at = At::Date(slot.target);
        let cutoff = self.course.cutoff;
        let window = [("window_from", Quantity::from(slot.from)), ("window_to", slot.to.into())];
        let [from, to] = window;
        if let Some(visit) = visit {
            let state = VisitState::Met;
            trace.decide(at, &MET, true, &[from, to, ("visit", visit.into())], state.code());
            return (state, None);
        }
        let excluded = VisitState::Excluded;
        if let Some(end) = self.end.filter(|end| end.date <= slot.to) {
            let reason = end.reason.code();
            trace.decide(
                at,
                &ENDED,
                true,
                &[to, ("ended", end.date.into()), ("reason", reason.into())],
                excluded.code(),
            );
            return (excluded, Some(reason));
        }
        if let Some(reason) = slot.until.and_then(|until| self.stopped(slot, until, trace)) {
            return (excluded, Some(reason));
        }
        let (state, criterion) = if cutoff < slot.from {
            (VisitState::NotDue, &WINDOW_NOT_OPEN)
        } else if cutoff <= slot.target {
            (VisitState::Due, &WINDOW_OPEN)
        } else if cutoff <= slot.to {
            (VisitState::Overdue, &TARGET_PASSED)
        } else {
            (VisitState::Missed, &WINDOW_CLOSED)
        };
        trace.decide(at, criterion, true, &[from, to, ("data_cutoff", cutoff.into())], state.code());
        (state, None)
    }

    /// The part of the timetable that `until` ends had ended before the window closed.
    fn stopped(&self, slot: &Slot, until: Until, trace: &mut Trace) -> Option<&'static str> {
        let cutoff = self.course.cutoff;
        let to = ("window_to", Quantity::from(slot.to));
        let (criterion, verdict, values, reason, absent) = match until {
            Until::BestResponse => {
                let best = self.course.best_response.filter(|best| *best <= cutoff);
                let verdict = match self.course.best_response {
                    Some(_) => Verdict::from(best.is_some_and(|best| best <= slot.to)),
                    None => Verdict::Undecided,
                };
                let values = [to, ("best_response_date", best.into())];
                (&BEST_RESPONSE, verdict, values, "best_response", "best_response_date")
            }
            Until::ConsecutiveZeros(count) => {
                let end = self.results.partition_point(|r| r.date <= slot.to.min(cutoff));
                let past = self.results.get(..end).unwrap_or_default();
                let tail = past.len().checked_sub(count.into()).and_then(|begin| past.get(begin..));
                let verdict = match tail {
                    Some(tail) => tail.iter().fold(Verdict::Met, |all, r| all & Verdict::from(r.zero)),
                    None if self.course.car_t_results.is_some() => Verdict::NotMet,
                    None => Verdict::Undecided,
                };
                let values = [to, ("last_result", past.last().map(|r| r.date).into())];
                (&CONSECUTIVE_ZEROS, verdict, values, "consecutive_zeros", "car_t_results")
            }
        };
        let at = At::Date(slot.target);
        if verdict.undecided() {
            // A point that is not due yet is not worth asking for what is absent.
            if cutoff < slot.from {
                return None;
            }
            trace.miss(at, absent);
        }
        trace.decide(at, criterion, verdict, &values, VisitState::Excluded.code()).met().then_some(reason)
    }
}
